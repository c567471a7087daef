"""The statements of the broker's most frequent requests, compiled once for the driver's own cursor.

SQLAlchemy takes three times as long over such a statement as SQLite does. The statements are still
written once for both databases; what is rare goes through SQLAlchemy.
"""

from __future__ import annotations

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
_EVENTS: sa.BindParameter[list[str]] = sa.bindparam("events", expanding=True)

CARDS = sa.select(EVENTS.c.event, EVENTS.c.card, EVENTS.c.status, EVENTS.c.creator).where(
    EVENTS.c.event.in_(_EVENTS)
)
GRANTS_OF_ALL = sa.select(GRANTS).where(GRANTS.c.event.in_(_EVENTS)).order_by(GRANTS.c.peer)
HOSTED = sa.select(LEASES.c.event).where(
    LEASES.c.event.in_(_EVENTS), LEASES.c.expires > _at("wall")
)
"""These take a list of events, which SQLAlchemy alone writes out; made once, they are cheap."""

REVISION = sa.select(CLOCK.c.revision)
TIME = sa.select(sa.cast(_microseconds, sa.BigInteger))
"""In PostgreSQL alone."""


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
