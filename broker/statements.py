"""The statements of the broker's most frequent requests, compiled once for the driver's own cursor.

SQLAlchemy takes three times as long over such a statement as SQLite does. The statements are still
written once for both databases; what is rare goes through SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from ..protocol import times
from .repository import MOST_SESSIONS, MOST_TOKENS
from .tables import CLOCK, EVENTS, GRANTS, LEASES, PEERS, SESSIONS, TOKENS

_at = sa.bindparam
_microseconds = sa.func.extract("epoch", sa.func.clock_timestamp()) * times.SECOND

PEER = [
    PEERS.c[name]
    for name in ("peer", "key", "curve", "name", "role", "enrolled", "invite", "revoked")
]
"""The columns of a `PeerRecord`, in its order."""

MEMBER = sa.select(*PEER).where(PEERS.c.peer == _at("peer"))
MEMBER_ON = (
    sa.select(*PEER)
    .select_from(PEERS.join(SESSIONS))
    .where(SESSIONS.c.routing_id == _at("routing_id"))
)
MEMBER_BY_CURVE = sa.select(*PEER).where(PEERS.c.curve == _at("curve"))
EVENT = sa.select(EVENTS.c.card, EVENTS.c.status, EVENTS.c.creator).where(
    EVENTS.c.event == _at("event")
)
GRANTS_OF = (
    sa.select(GRANTS.c.role, GRANTS.c.peer)
    .where(GRANTS.c.event == _at("event"))
    .order_by(GRANTS.c.peer)
)
NEWEST_LEASE = (
    sa.select(LEASES).where(LEASES.c.event == _at("event")).order_by(LEASES.c.epoch.desc()).limit(1)
)
TOKENS_OF = (
    sa.select(TOKENS)
    .where(
        TOKENS.c.peer == _at("peer"),
        TOKENS.c.event == _at("event"),
        TOKENS.c.role == _at("role"),
        TOKENS.c.expires > _at("wall"),
    )
    .order_by(TOKENS.c.expires.desc())
    .limit(MOST_TOKENS)
)
SEE_SESSION = (
    sa.update(SESSIONS)
    .where(SESSIONS.c.routing_id == _at("of_routing_id"))
    .values(peer=_at("peer"), seen=_at("seen"))
)
ADD_SESSION = sa.insert(SESSIONS).values(
    routing_id=_at("of_routing_id"), peer=_at("peer"), seen=_at("seen")
)
SPARE_SESSIONS = (
    sa.select(SESSIONS.c.routing_id)
    .where(SESSIONS.c.peer == _at("peer"), SESSIONS.c.routing_id != _at("of_routing_id"))
    .order_by(SESSIONS.c.seen.desc())
    .limit(MOST_SESSIONS)
    .offset(MOST_SESSIONS - 1)
)
REVISION = sa.select(CLOCK.c.revision)
TIME = sa.select(sa.cast(_microseconds, sa.BigInteger))
"""In PostgreSQL alone."""


def _among(events: sa.Column[str], size: int) -> sa.ColumnElement[bool]:
    return events.in_([_at(f"event_{place}") for place in range(size)])


@cache
def cards(size: int) -> sa.Select[Any]:
    """Return the statement for the cards of so many events, `event_0`, `event_1` and so on."""
    columns = (EVENTS.c.event, EVENTS.c.card, EVENTS.c.status, EVENTS.c.creator)
    return sa.select(*columns).where(_among(EVENTS.c.event, size))


@cache
def grants_of_all(size: int) -> sa.Select[Any]:
    """Return the statement for the grants of so many events."""
    return sa.select(GRANTS).where(_among(GRANTS.c.event, size)).order_by(GRANTS.c.peer)


@cache
def hosted(size: int) -> sa.Select[Any]:
    """Return the statement for those of so many events that a host holds at the time `wall`."""
    held = LEASES.c.expires > _at("wall")
    return sa.select(LEASES.c.event).where(_among(LEASES.c.event, size), held)


def listed(events: Sequence[str]) -> dict[str, str]:
    """Return the parameters for a list of events, at least one, as many as the next power of two: a
    list of any length needs one of few statements."""
    size = 1 << (len(events) - 1).bit_length()
    return {f"event_{place}": events[min(place, len(events) - 1)] for place in range(size)}


class PreparedStatements:
    """The statements above as a driver takes them.

    Args:
        dialect: of the database.
    """

    def __init__(self, dialect: sa.Dialect) -> None:
        # SQLite's driver takes values by name or place; by name both databases are alike.
        self._dialect = sqlite.dialect(paramstyle="named") if dialect.name == "sqlite" else dialect
        self._compiled: dict[Any, tuple[str, dict[str, object]]] = {}

    def run(self, driver: Any, statement: Any, **values: object) -> Any:
        """Execute a statement, and return the driver's cursor.

        Args:
            driver: a connection of the driver, within a transaction.
            statement: one of those above, the object itself.
            values: by the names of its parameters.
        """
        found = self._compiled.get(statement)
        if found is None:
            compiled = statement.compile(dialect=self._dialect)
            # What is no parameter of ours, such as a limit, has its value already.
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            found = self._compiled[statement] = str(compiled), fixed
        text, fixed = found
        return driver.execute(text, {**fixed, **values})
