"""Touchline: live match reporting by the people who are there."""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # late: it costs more than the rest of this file

        return version("touchline")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
