"""Peers: hosts, reporters, subscribers, and their link to the broker.

A public name is loaded when it is first used, so that a reporter does not load the host's database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..timeline.feed import Notice as Notice
    from .host.journal import Journal as Journal
    from .host.service import Host as Host
    from .link import Link as Link
    from .reporter.service import Reporter as Reporter
    from .subscriber.service import Subscriber as Subscriber

_PUBLIC = {
    "Host": ".host.service",
    "Journal": ".host.journal",
    "Link": ".link",
    "Notice": "..timeline.feed",
    "Reporter": ".reporter.service",
    "Subscriber": ".subscriber.service",
}


__all__ = ["Host", "Journal", "Link", "Notice", "Reporter", "Subscriber"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name], __name__), name)
