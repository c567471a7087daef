"""The journal on disk: one row a turn and event, all events of a turn in one commit.

SQLite writes ahead (WAL) with synchronous FULL: when `commit` returns, the rows survive a
`kill -9` and a loss of power. SQLAlchemy is loaded here, by hosts alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from ...protocol import limits
from ...protocol.errors import StorageFault
from ...protocol.messages import Card
from ...runtime import database

SOCKETS = ("router", "pull", "pub")
"""The sockets of a host whose ports are kept."""

LOCKED_SECONDS = 1.0
"""How long a host waits for another one that has the journal open."""

_tables = MetaData()
_turns = Table(
    "turns",
    _tables,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("event", String(limits.ID_CHARS), nullable=False, index=True),
    Column("records", LargeBinary, nullable=False),
)
_cards = Table(
    "cards",
    _tables,
    Column("event", String(limits.ID_CHARS), primary_key=True),
    Column("card", LargeBinary, nullable=False),
)
_state = Table(
    "state",
    _tables,
    Column("name", String(limits.ID_CHARS), primary_key=True),
    Column("value", String(limits.NAME_CHARS), nullable=False),
)


class Journal:
    """The turns of all events that a host serves.

    Args:
        url: an SQLAlchemy URL such as `sqlite:////var/lib/touchline/journal.db`.

    Raises:
        StorageFault: it cannot be opened, or another host has it open.
    """

    def __init__(self, url: str) -> None:
        self._engine = _open(url)
        try:
            _tables.create_all(self._engine)
            self._connection = self._engine.connect()
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise StorageFault(f"journal {url}: {_cause(error)}") from error
        self._insert = insert(_turns)

    def commit(self, turns: Sequence[tuple[str, bytes]]) -> None:
        """Store the records of one turn, by event; on disk when this returns.

        Raises:
            StorageFault: nothing of it was stored; try again when there is room.
        """
        rows = [{"event": event_id, "records": blob} for event_id, blob in turns]
        with self._writing():
            self._connection.execute(self._insert, rows)

    def keep_card(self, card: Card) -> None:
        """Store what an event is, so that it can be served while the broker is away."""
        blob = msgspec.msgpack.encode(card)
        with self._writing():
            self._connection.execute(_cards.delete().where(_cards.c.event == card.event))
            self._connection.execute(insert(_cards).values(event=card.event, card=blob))

    def card(self, event_id: str) -> Card | None:
        """Return a stored event's card."""
        query = select(_cards.c.card).where(_cards.c.event == event_id)
        with self._reading():
            blob = self._connection.execute(query).scalar_one_or_none()
        try:
            return None if blob is None else msgspec.msgpack.decode(blob, type=Card)
        except msgspec.MsgspecError as error:
            raise StorageFault(f"journal: the card of {event_id} cannot be read: {error}") from None

    def events(self) -> list[str]:
        """Return the ids of the events in the journal."""
        with self._reading():
            ids = self._connection.execute(select(_cards.c.event).order_by(_cards.c.event))
            return [str(event_id) for event_id in ids.scalars()]

    def ports(self) -> dict[str, int]:
        """Return the ports that were kept, by socket; empty before the first run."""
        with self._reading():
            rows = self._connection.execute(select(_state).where(_state.c.name.in_(SOCKETS)))
            return {str(row.name): int(row.value) for row in rows}

    def keep_ports(self, ports: Mapping[str, int]) -> None:
        """Store the ports listened on, by socket, so that the next run can take them again."""
        rows = [{"name": socket, "value": str(ports[socket])} for socket in SOCKETS]
        with self._writing():
            self._connection.execute(_state.delete().where(_state.c.name.in_(SOCKETS)))
            self._connection.execute(insert(_state), rows)

    def turns(self, event_id: str) -> Iterator[bytes]:
        """Yield the records of an event's turns, oldest first."""
        query = select(_turns.c.records).where(_turns.c.event == event_id).order_by(_turns.c.number)
        before = b""
        with self._reading():
            for blob in self._connection.execute(query).scalars():
                # A database that stored a turn and then failed to confirm it was given it again.
                if blob != before:
                    yield bytes(blob)
                before = blob

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Commit what is written, or nothing of it."""
        try:
            yield
            self._connection.commit()
        except SQLAlchemyError as error:
            self._connection.rollback()
            raise StorageFault(f"journal: {_cause(error)}") from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """End the transaction that SQLAlchemy begins even for a query."""
        try:
            yield
        except SQLAlchemyError as error:
            raise StorageFault(f"journal: {_cause(error)}") from error
        finally:
            self._connection.rollback()

    def close(self) -> None:
        """Close the journal."""
        self._connection.close()
        self._engine.dispose()


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if not database.is_sqlite(parsed):
            return database.open_engine(parsed)
        # Two hosts on one journal would each put a different entry under the same seq: wait a
        # moment for one that is just ending, then refuse.
        return database.open_engine(
            parsed,
            pragmas=("locking_mode = EXCLUSIVE",),
            connect_args={"timeout": LOCKED_SECONDS},
        )
    except (SQLAlchemyError, OSError, ImportError) as error:
        raise StorageFault(f"journal {url!r}: {error}") from error


def _cause(error: SQLAlchemyError) -> str:
    cause = database.cause(error)
    if cause == "database is locked":
        return "another host has it open; let one host both events, or give this one a --name"
    return cause
