"""The values that labels can have, so that each has a sample from the start."""

from __future__ import annotations

from typing import get_args

from ..protocol import errors
from ..protocol.fields import DelayStatus, EntryStatus, EventStatus, Outcome, Role
from ..protocol.messages import BrokerRequest


def _codes(kind: type[errors.TouchlineError]) -> list[str]:
    below = [code for each in kind.__subclasses__() for code in _codes(each)]
    return [kind.code, *below] if kind.__module__ == errors.__name__ else below


CODES = tuple(sorted(dict.fromkeys(_codes(errors.PeerError))))
"""The codes with which a peer is refused."""

WEB_CODES = tuple(sorted({*CODES, *_codes(errors.EnvironmentFault)}))
"""The codes of a gateway's errors: it tells viewers of the environment's faults, too."""

REPORT_CODES = (
    "BAD_REPORT",
    "BAD_SIGNATURE",
    "CONTRADICTION",
    "EVENT_OVER",
    "ILLEGAL_ACTION",
    "NOT_ALLOWED",
    "OVERLOADED",
)
"""The codes with which a report is refused."""

REQUESTS = tuple(str(request.__struct_config__.tag) for request in get_args(BrokerRequest))
"""The types of requests to a broker."""

ROLES: tuple[str, ...] = get_args(Role)
EVENT_STATUSES: tuple[str, ...] = get_args(EventStatus)
ENTRY_STATUSES: tuple[str, ...] = get_args(EntryStatus)
DELAY_STATUSES: tuple[str, ...] = tuple(status or "live" for status in get_args(DelayStatus))

FATES: tuple[str, ...] = get_args(Outcome)

ANSWERS = ("2xx", "3xx", "4xx", "5xx")
"""The classes of HTTP statuses."""

DELIVERIES = ("delivered", "failed", "given_up")
"""What becomes of an attempt to deliver to a webhook."""

CONNECTIONS = ("lobby", "sse", "websocket")
"""The kinds of connections that stay open."""

CLOSES = ("1000", "1012", "1013", "4000", "4004", "4008", "4009", "4010", "4011")
"""The codes with which a gateway and its lobby close WebSockets."""

VIEWED = ("received", "lost", "repaired", "duplicate")
"""What becomes of messages at a viewer's page."""

RESUMED = ("recovered", "anew")
"""How a stream goes on whose client comes back."""

CONNECTION_LIMITS = ("key", "address", "total")
"""The limits of connections."""

VIEWER_LIMITS = ("length", "connection", "key", "address", "frame")
"""Why the connection of a viewer is ended."""
