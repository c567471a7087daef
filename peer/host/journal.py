"""The journal on disk: a row for each turn and event, with all events of a turn in one commit.

SQLite writes ahead (WAL) with synchronous FULL: when `commit` returns, the rows survive a
`kill -9` and a loss of power. Each turn carries a checksum over itself and the checksum of the turn
before it, so that a byte that has changed on the disk is found when the journal is read.
SQLAlchemy is loaded here, so that only hosts load it.

A file of SQLite's is one host's. In PostgreSQL many hosts keep their events, and one takes over
those of another that is gone. There `begin` names the one journal that stores an event from then
on, and each commit asks for that name in the transaction that stores its turns: a host that was
paused and wakes up stores nothing any more, and so confirms and publishes nothing.

A journal in SQLite may hold copies of events that another host has (see `peer/follower`): turns as
they were stored there, and a row that says whose they are until the event goes on from here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    event,
    func,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from ...protocol import limits
from ...protocol.errors import Conflict, StorageFault
from ...protocol.messages import Card
from ...runtime import database, schema
from ...runtime.logs import without_passwords

SOCKETS = ("router", "pull", "pub")
"""The names of the sockets whose ports are stored."""

NAMED = "journal"
"""The row that holds the name of a journal that hosts share."""

VERSION = "schema"
"""The row that holds the version of the tables."""

TAKEN_OVER = ""
"""Stands for the host of a copy that is one no longer."""

CHECKSUM_BYTES = 16

PAGE = 50
"""The turns that are read at a time while others are committed."""

REPEATED = 1_000
"""A turn that the database stored without confirming it is found again among so many before it."""

LOCKED_SECONDS = 1.0
"""How long a host waits for another host that has the journal open."""

CONNECTING = {
    "connect_timeout": 3,
    "tcp_user_timeout": 3_000,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
"""Settings of a connection to PostgreSQL, in seconds and (the second) milliseconds, where the URL
does not say otherwise: a database that is cut off is noticed within seconds."""

BOUNDS = {"idle_in_transaction_session_timeout": 2_000, "lock_timeout": 500}
"""Settings of PostgreSQL's, in milliseconds. A host that is stopped within a transaction loses it:
another that takes over its event waits for that, and asks again meanwhile."""

OPENING, OPENING_MS = 5671, 30_000
"""PostgreSQL's lock under which the tables are made or migrated, and how long it is waited for."""

_tables = MetaData()
_turns = Table(
    "turns",
    _tables,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("event", String(limits.ID_CHARS), nullable=False, index=True),
    Column("records", LargeBinary, nullable=False),
    # Over the turn and the checksum of the event's turn before it; releases before stored none.
    Column("checksum", LargeBinary(CHECKSUM_BYTES)),
)
_cards = Table(
    "cards",
    _tables,
    Column("event", String(limits.ID_CHARS), primary_key=True),
    Column("card", LargeBinary, nullable=False),
)
_holders = Table(
    "holders",
    _tables,
    Column("event", String(limits.ID_CHARS), primary_key=True),
    Column("epoch", Integer, nullable=False),
    # The journal, as one host has it open, that alone stores turns of the event.
    Column("holder", String(limits.ID_CHARS), nullable=False),
)
_state = Table(
    "state",
    _tables,
    Column("name", String(limits.ID_CHARS), primary_key=True),
    Column("value", String(limits.NAME_CHARS), nullable=False),
)
_copies = Table(
    "copies",
    _tables,
    Column("event", String(limits.ID_CHARS), primary_key=True),
    # The peer that hosts the event, its epoch, and how many of its turns are here.
    Column("host", String(limits.ID_CHARS), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("turns", Integer, nullable=False),
    # When that host was last heard, microseconds since 1970 UTC.
    Column("seen", BigInteger, nullable=False),
)


SCHEMA = 2
"""The version of the tables above; the first release had version 1, which it did not write down."""

_STEPS = {
    # Checksums, hosts that share a journal, copies on other machines. A journal that was made
    # between the two releases has some of them.
    2: """
ALTER TABLE turns ADD COLUMN checksum BINARY;
CREATE TABLE IF NOT EXISTS holders (
    event VARCHAR(64) NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL, holder VARCHAR(64) NOT NULL
);
CREATE TABLE IF NOT EXISTS copies (
    event VARCHAR(64) NOT NULL PRIMARY KEY, host VARCHAR(64) NOT NULL, epoch INTEGER NOT NULL,
    turns INTEGER NOT NULL, seen BIGINT NOT NULL
)
""",
}
"""By version, what leads to it from the one before; see `runtime/schema.py`."""

IN_USE = "another host has it open"
"""What a fault of a journal says that another process has open."""


class CopiedEvent(NamedTuple):
    """An event of another host's whose turns are here as well.

    `host`: that peer. `epoch`: of its newest turn that is here, as far as is known. `turns`: how
    many are here. `seen`: when it was last heard, microseconds since 1970 UTC.
    """

    event: str
    host: str
    epoch: int
    turns: int
    seen: int


class StoredTurn(NamedTuple):
    """A turn as it was read.

    `number`: its row. `checksum`: empty where a release before stored it. `damage`: what is wrong
    with it; empty where nothing is.
    """

    number: int
    records: bytes
    checksum: bytes
    damage: str


class Journal:
    """The turns of all events that a host serves.

    Args:
        url: an SQLAlchemy URL such as `sqlite:////var/lib/touchline/journal.db`.
        host: whose ports are kept, where hosts share the journal; a peer id.

    Raises:
        StorageFault: the journal can't be opened, or another host has it open.
    """

    def __init__(self, url: str, host: str = "") -> None:
        self._engine = _open(url)
        self.file = database.file_of(self._engine.url)
        """Its file; None where it is none."""
        self.shared = not database.is_sqlite(self._engine.url)
        """Whether other hosts may have it open."""
        self.name = ""
        """Names it to those who come from another host that has it open; empty where none can."""
        try:
            self._create_tables(f"journal {without_passwords(url)}")
            self._connection = self._engine.connect()
        except StorageFault:
            self._engine.dispose()
            raise
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise StorageFault(f"journal {without_passwords(url)}: {_cause(error)}") from error
        self._host = host if self.shared else ""
        self._holder = uuid4().hex
        self._insert = insert(_turns)
        # For each turn, on the driver's own cursor: SQLAlchemy takes as long as SQLite over it.
        self._store = self._compiled(_insert_held() if self.shared else self._insert)
        self._driver_error = self._engine.dialect.loaded_dbapi.Error
        self._read_to: dict[str, int] = {}  # the last turn of each event that was read
        self._last: dict[str, bytes] = {}  # the checksum of each event's last turn, once known
        self._copied: set[str] = set()  # the events of which this is a copy
        if self.shared:
            self._give_name()
        self._copied.update(self.copies())

    def _create_tables(self, what: str) -> None:
        with self._engine.begin() as connection:
            if self.shared:
                # Without the lock, of two hosts that start at once the second would fail.
                connection.execute(text(f"SET LOCAL lock_timeout = {OPENING_MS}"))
                connection.execute(select(func.pg_advisory_xact_lock(OPENING)))
            found = _version(connection)
            if found == SCHEMA:
                return
            if not self.shared:
                # The driver would commit each change of a table by itself.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            if not found:
                _tables.create_all(connection)
            else:
                for step in schema.due(found, _STEPS, what):
                    _run(connection, step)
            connection.execute(_state.delete().where(_state.c.name == VERSION))
            connection.execute(insert(_state).values(name=VERSION, value=str(SCHEMA)))

    def _compiled(self, statement: Insert) -> str:
        """Return a statement that stores a turn as the driver takes it, with values by name."""
        dialect = self._engine.dialect if self.shared else sqlite.dialect(paramstyle="named")
        columns = None if self.shared else ["event", "records", "checksum"]
        return str(statement.compile(dialect=dialect, column_keys=columns))

    def _give_name(self) -> None:
        named = _state.c.name == NAMED
        given = postgresql.insert(_state).values(name=NAMED, value=uuid4().hex)
        with self._writing():
            self._connection.execute(given.on_conflict_do_nothing())
            found = self._connection.execute(select(_state.c.value).where(named))
            self.name = str(found.scalar_one())

    def begin(self, event_id: str, epoch: int) -> bool:
        """Make this the one journal that stores turns of an event; a copy is one no longer.

        Args:
            event_id: the event.
            epoch: the one that begins; higher than that of the journal that stored them before.

        Returns:
            Whether turns were stored since they were last read here: they have to be read again.

        Raises:
            Conflict: another journal has begun this epoch, or a higher one.
            StorageFault: the database does not answer; nothing has changed.
        """
        if not self.shared:
            return self._end_copy(event_id)
        of_event = _holders.c.event == event_id
        with self._writing():
            run = self._connection.execute
            # Waits for a commit that is under way.
            held = run(select(_holders).where(of_event).with_for_update()).one_or_none()
            if held is None:
                values = {"event": event_id, "epoch": epoch, "holder": self._holder}
                run(insert(_holders).values(values))
            elif held.holder != self._holder and held.epoch >= epoch:
                raise Conflict(f"another host has begun epoch {held.epoch} of {event_id}")
            else:
                values = {"epoch": epoch, "holder": self._holder}
                run(_holders.update().where(of_event).values(values))
            last = select(func.max(_turns.c.number)).where(_turns.c.event == event_id)
            newest = run(last).scalar_one() or 0
        self._last.pop(event_id, None)
        return bool(newest != self._read_to.get(event_id, 0))

    def _end_copy(self, event_id: str) -> bool:
        if event_id not in self._copied:
            return False
        last = select(func.max(_turns.c.number)).where(_turns.c.event == event_id)
        with self._writing():
            copy = _copies.c.event == event_id
            self._connection.execute(_copies.update().where(copy).values(host=TAKEN_OVER))
            newest = self._connection.execute(last).scalar_one() or 0
        self._copied.discard(event_id)
        return bool(newest != self._read_to.get(event_id, 0))

    def commit(self, turns: Sequence[tuple[str, bytes]]) -> frozenset[str]:
        """Store the records of a turn, by event; they are on disk when this returns.

        Returns:
            The events of which nothing was stored, since another journal has begun to store them;
            always none where the journal is not shared.

        Raises:
            StorageFault: none of them was stored; try again later, such as when there is room.
        """
        rows: list[dict[str, object]] = []
        last: dict[str, bytes] = {}
        for event_id, blob in turns:
            before = last.get(event_id)
            checksum = chained(self._last_of(event_id) if before is None else before, blob)
            last[event_id] = checksum
            rows.append({"event": event_id, "records": blob, "checksum": checksum})
            if self.shared:
                rows[-1]["holder"] = self._holder
        with self._writing():
            driver = self._connection.connection
            cursor = driver.cursor()
            if len(rows) == 1:
                cursor.execute(self._store, rows[0])
            else:
                cursor.executemany(self._store, rows)
            stored = cursor.rowcount
            cursor.close()
            taken = self._taken(last) if self.shared and stored != len(rows) else frozenset()
            driver.commit()
        for event_id in taken:
            del last[event_id]
            self._last.pop(event_id, None)
        self._last.update(last)
        return taken

    def _taken(self, events: Mapping[str, bytes]) -> frozenset[str]:
        """Return those of some events that another journal stores."""
        mine = select(_holders.c.event).where(_holders.c.holder == self._holder)
        held = self._connection.execute(mine.where(_holders.c.event.in_(events))).scalars()
        return frozenset(events).difference(held)

    def _last_of(self, event_id: str) -> bytes:
        """Return what the checksum of an event's next turn follows from."""
        last = self._last.get(event_id)
        if last is None:
            query = (
                select(_turns.c.checksum)
                .where(_turns.c.event == event_id)
                .order_by(_turns.c.number.desc())
                .limit(1)
            )
            with self._reading():
                stored = self._connection.execute(query).scalar_one_or_none()
            last = self._last[event_id] = bytes(stored) if stored else start_of(event_id)
        return last

    def keep_card(self, card: Card) -> None:
        """Store the card of an event, so that the event can be served while the broker is away."""
        # Hosts that share a journal store the same card at one time.
        upsert = postgresql.insert if self.shared else sqlite.insert
        stored = upsert(_cards).values(event=card.event, card=msgspec.msgpack.encode(card))
        with self._writing():
            self._connection.execute(
                stored.on_conflict_do_update(
                    index_elements=[_cards.c.event], set_={"card": stored.excluded.card}
                )
            )

    def card(self, event_id: str) -> Card | None:
        """Return the stored card of an event; None where there is none."""
        query = select(_cards.c.card).where(_cards.c.event == event_id)
        with self._reading():
            blob = self._connection.execute(query).scalar_one_or_none()
        try:
            return None if blob is None else msgspec.msgpack.decode(blob, type=Card)
        except msgspec.MsgspecError as error:
            raise StorageFault(f"journal: the card of {event_id} can't be read: {error}") from None

    def events(self) -> list[str]:
        """Return the ids of the events in the journal."""
        with self._reading():
            ids = self._connection.execute(select(_cards.c.event).order_by(_cards.c.event))
            return [str(event_id) for event_id in ids.scalars()]

    def all_events(self) -> list[str]:
        """Return the ids of the events in the journal, those without a card as well."""
        with self._reading():
            ids = self._connection.execute(select(_turns.c.event).distinct()).scalars()
            return sorted({*map(str, ids), *self.events()})

    # ── copies on other machines ─────────────────────────────────────────────────────────────

    def copies(self) -> dict[str, CopiedEvent]:
        """Return the events of which this is a copy."""
        with self._reading():
            rows = self._connection.execute(select(_copies).order_by(_copies.c.event)).all()
        return {row.event: CopiedEvent(*row) for row in rows if row.host != TAKEN_OVER}

    def taken_over(self) -> list[str]:
        """Return the events of which this was a copy, until they went on from here."""
        query = select(_copies.c.event).where(_copies.c.host == TAKEN_OVER)
        with self._reading():
            return [str(event) for event in self._connection.execute(query).scalars()]

    def is_copy(self, event_id: str) -> bool:
        """Return whether an event is here as a copy of another host's."""
        return event_id in self._copied

    def last_checksum(self, event_id: str) -> bytes:
        """Return the checksum of an event's newest turn as it is stored; empty before the first."""
        query = (
            select(_turns.c.checksum)
            .where(_turns.c.event == event_id)
            .order_by(_turns.c.number.desc())
            .limit(1)
        )
        with self._reading():
            return bytes(self._connection.execute(query).scalar_one_or_none() or b"")

    def count(self, event_id: str) -> int:
        """Return how many turns of an event are stored; it looks along all of them."""
        query = select(func.count()).select_from(_turns).where(_turns.c.event == event_id)
        with self._reading():
            return int(self._connection.execute(query).scalar_one())

    def at(self, event_id: str, turn: int) -> tuple[int, bytes] | None:
        """Return the row of a turn, counted from 1 in its event, and its checksum.

        Looking it up passes all turns before it.

        Returns:
            Row 0 for turn 0; None where there are fewer turns.
        """
        if not turn:
            return 0, b""
        query = (
            select(_turns.c.number)
            .where(_turns.c.event == event_id)
            .order_by(_turns.c.number)
            .offset(turn - 1)
            .limit(1)
        )
        with self._reading():
            number = self._connection.execute(query).scalar_one_or_none()
            if number is None:
                return None
            checksum = select(_turns.c.checksum).where(_turns.c.number == number)
            return number, bytes(self._connection.execute(checksum).scalar_one() or b"")

    def after(self, event_id: str, row: int, size: int) -> list[StoredTurn]:
        """Return an event's turns as they are stored, oldest first.

        Args:
            event_id: the event.
            row: that of the turn before them; 0: from the first.
            size: as soon as they have so many bytes, the rest is left out; at least one is given.
        """
        query = (
            select(_turns.c.number, _turns.c.records, _turns.c.checksum)
            .where(_turns.c.event == event_id, _turns.c.number > row)
            .order_by(_turns.c.number)
        )
        found: list[StoredTurn] = []
        with self._reading():
            for number, stored, checksum in self._connection.execute(query):
                found.append(StoredTurn(number, bytes(stored), bytes(checksum or b""), ""))
                size -= len(stored)
                if size <= 0:
                    break
        return found

    def store_copy(self, copy: CopiedEvent, turns: Sequence[tuple[bytes, bytes]]) -> None:
        """Store turns of an event as another host has stored them, each with its checksum.

        They are on disk when this returns.

        Args:
            copy: how the copy stands with them.
            turns: those that follow what is here.

        Raises:
            StorageFault: nothing was stored; or a turn does not follow from the one before it.
        """
        event_id = copy.event
        last, rows = self._last_of(event_id), []
        for blob, checksum in turns:
            # One that was stored twice is so there, too; `read` passes over it.
            if checksum and checksum not in (last, chained(last, blob)):
                raise StorageFault(f"a turn of {event_id} has changed on its way")
            last = checksum or start_of(event_id)
            rows.append({"event": event_id, "records": blob, "checksum": checksum or None})
        stored = sqlite.insert(_copies).values(copy._asdict())
        with self._writing():
            if rows:
                self._connection.execute(self._insert, rows)
            self._connection.execute(
                stored.on_conflict_do_update(
                    index_elements=[_copies.c.event],
                    set_={name: stored.excluded[name] for name in copy._fields[1:]},
                )
            )
        self._last[event_id] = last
        self._copied.add(event_id)

    def remove(self, event_id: str) -> None:
        """Remove all that is stored of an event, which is archived."""
        with self._writing():
            for table in (_turns, _cards, _copies, _holders):
                self._connection.execute(table.delete().where(table.c.event == event_id))
        self._copied.discard(event_id)
        self._last.pop(event_id, None)
        self._read_to.pop(event_id, None)

    def put_back(self, card: Card, turns: Sequence[tuple[bytes, bytes]]) -> None:
        """Store an event that was archived: its card, and its turns with their checksums.

        Raises:
            Conflict: there are turns of it.
            StorageFault: nothing was stored.
        """
        if self.count(card.event):
            raise Conflict(f"the journal holds {card.event} already")
        rows = [
            {"event": card.event, "records": blob, "checksum": checksum or None}
            for blob, checksum in turns
        ]
        with self._writing():
            if rows:
                self._connection.execute(self._insert, rows)
        self.keep_card(card)
        self._last.pop(card.event, None)

    def take_over(self, other: Journal, event_id: str, most: int) -> None:
        """Store what another journal holds of an event: its card, and its first turns as they are.

        Args:
            other: that journal, whose ports are taken over as well.
            event_id: the event.
            most: how many turns.
        """
        ports, card = other.ports(), other.card(event_id)
        if ports:
            self.keep_ports(ports)
        if card is not None:
            self.keep_card(card)
        for turn in islice(other.read(event_id), most):
            row = {"number": turn.number, "event": event_id, "records": turn.records}
            with self._writing():
                self._connection.execute(self._insert, [row | {"checksum": turn.checksum or None}])

    def ports(self) -> dict[str, int]:
        """Return the stored ports by socket; empty before the first run."""
        names = self._names_of_ports()
        with self._reading():
            rows = self._connection.execute(select(_state).where(_state.c.name.in_(names)))
            return {names[row.name]: int(row.value) for row in rows}

    def keep_ports(self, ports: Mapping[str, int]) -> None:
        """Store the ports by socket, so that the next run can take them again."""
        names = self._names_of_ports()
        rows = [{"name": name, "value": str(ports[socket])} for name, socket in names.items()]
        with self._writing():
            self._connection.execute(_state.delete().where(_state.c.name.in_(names)))
            self._connection.execute(insert(_state), rows)

    def _names_of_ports(self) -> dict[str, str]:
        return {f"{socket} {self._host}".rstrip(): socket for socket in SOCKETS}

    def turns(self, event_id: str) -> Iterator[bytes]:
        """Yield the records of an event's turns, oldest first.

        Raises:
            StorageFault: a turn is damaged; the sentence says which.
        """
        return self._sound(event_id, self.read(event_id))

    @staticmethod
    def _sound(event_id: str, turns: Iterable[StoredTurn]) -> Iterator[bytes]:
        for turn in turns:
            if turn.damage:
                raise StorageFault(
                    f"journal: turn {turn.number} of {event_id} is damaged: {turn.damage}; "
                    "touchline journal check tells what can be kept"
                )
            yield turn.records

    def pages(self, event_id: str) -> Iterator[bytes]:
        """Yield what `turns` does, up to the turn that is the newest as it begins; turns may be
        committed between two of them.

        Raises:
            StorageFault: a turn is damaged.
        """
        return self._sound(event_id, self._checked(event_id, self._paged(event_id)))

    def read(self, event_id: str) -> Iterator[StoredTurn]:
        """Yield an event's turns, oldest first, damaged ones as well."""
        self._read_to.pop(event_id, None)
        return self._checked(event_id, self._rows(event_id))

    def _query(self, event_id: str) -> Select[Any]:
        query = select(_turns.c.number, _turns.c.records, _turns.c.checksum)
        return query.where(_turns.c.event == event_id).order_by(_turns.c.number)

    def _rows(self, event_id: str) -> Iterator[Sequence[Any]]:
        number = 0
        with self._reading():
            for row in self._connection.execute(self._query(event_id)):
                number = row[0]
                yield row
            self._read_to[event_id] = number

    def _paged(self, event_id: str) -> Iterator[Sequence[Any]]:
        query, number = self._query(event_id), 0
        newest = select(func.max(_turns.c.number)).where(_turns.c.event == event_id)
        with self._reading():
            until = self._connection.execute(newest).scalar() or 0
        while number < until:
            # A query that is open would hold a commit up, or be ended by it.
            page = query.where(_turns.c.number > number, _turns.c.number <= until).limit(PAGE)
            with self._reading():
                rows = self._connection.execute(page).all()
            if not rows:
                return
            yield from rows
            number = rows[-1][0]

    @staticmethod
    def _checked(event_id: str, rows: Iterable[Sequence[Any]]) -> Iterator[StoredTurn]:
        records, last, number = b"", start_of(event_id), 0
        recent: deque[bytes] = deque(maxlen=REPEATED)
        known: set[bytes] = set()
        try:
            for row in rows:
                number, before = row[0], records
                records, stored = bytes(row[1]), bytes(row[2] or b"")
                # Turns that the database stored without confirming it were stored again.
                if stored in known:
                    continue
                damage = ""
                if stored and stored != chained(last, records):
                    damage = "it does not match its checksum, or the turn before it is missing"
                if stored:
                    if len(recent) == REPEATED:
                        known.discard(recent[0])
                    recent.append(stored)
                    known.add(stored)
                last = stored or start_of(event_id)
                if records != before or damage:
                    yield StoredTurn(number, records, stored, damage)
        except StorageFault as fault:
            raise StorageFault(f"{fault.sentence}, after turn {number} of {event_id}") from fault

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Commit all that is written in this context, or nothing."""
        try:
            yield
            self._connection.commit()
        except (SQLAlchemyError, self._driver_error) as error:
            self._roll_back()
            raise StorageFault(f"journal: {_cause(error)}") from error
        except Conflict:
            self._roll_back()
            raise

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """End the transaction that SQLAlchemy begins also for a query."""
        try:
            yield
        except SQLAlchemyError as error:
            raise StorageFault(f"journal: {_cause(error)}") from error
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        """End the transaction, also where the database has ended its session meanwhile."""
        if self._connection.closed:
            return  # a reader that was stopped midway outlived the journal
        try:
            if not self._connection.invalidated:
                self._connection.connection.rollback()  # a turn's, which SQLAlchemy has not begun
            self._connection.rollback()
        except (SQLAlchemyError, self._driver_error):
            self._connection.invalidate()
            self._connection.rollback()

    def close(self) -> None:
        """Close the journal."""
        self._connection.close()
        self._engine.dispose()


def _insert_held() -> Insert:
    """Return the statement that stores a turn where the journal with a name still may.

    It locks that name until the commit: who begins to store the event waits for it.
    """
    mine = (
        select(
            bindparam("event", type_=_turns.c.event.type),
            bindparam("records", type_=_turns.c.records.type),
            bindparam("checksum", type_=_turns.c.checksum.type),
        )
        .where(_holders.c.event == bindparam("event"), _holders.c.holder == bindparam("holder"))
        .with_for_update(read=True)
    )
    return insert(_turns).from_select(["event", "records", "checksum"], mine)


def _version(connection: Connection) -> int:
    """Return the version of a journal's tables; 0 where there are none."""
    found = inspect(connection)
    if not found.has_table(_turns.name):
        return 0
    if not found.has_table(_state.name):
        return 1
    query = select(_state.c.value).where(_state.c.name == VERSION)
    return int(connection.execute(query).scalar_one_or_none() or 1)


def _run(connection: Connection, step: str) -> None:
    on_server = connection.dialect.name == "postgresql"
    columns = {column["name"] for column in inspect(connection).get_columns("turns")}
    for statement in step.replace("BINARY", "BYTEA" if on_server else "BLOB").split(";"):
        # A journal that was made between two releases has it.
        if statement.strip() and not ("ADD COLUMN checksum" in statement and "checksum" in columns):
            connection.exec_driver_sql(statement)


def start_of(event_id: str) -> bytes:
    """Return what the checksum of an event's first turn follows from."""
    return chained(b"", event_id.encode())


def chained(before: bytes, records: bytes) -> bytes:
    """Return the checksum of a turn.

    Args:
        before: that of the event's turn before it, or `start_of` the event.
        records: of the turn.
    """
    made = sha256(before)
    made.update(records)
    return made.digest()[:CHECKSUM_BYTES]


def file_of(url: str) -> Path | None:
    """Return the file that a journal is in; None for PostgreSQL and in memory.

    Raises:
        StorageFault: the URL is not valid.
    """
    try:
        return database.file_of(make_url(url))
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise StorageFault(without_passwords(f"journal {url!r}: {error}")) from error


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if not database.is_sqlite(parsed):
            connecting = {
                name: CONNECTING[name] for name in CONNECTING.keys() - parsed.query.keys()
            }
            engine = database.open_engine(parsed, connect_args=connecting)
            event.listen(engine, "connect", _set_bounds)
            return engine
        # Two hosts with one journal would each store a different entry under the same seq. A host
        # that is just ending closes it within a moment; if not, this one is refused.
        return database.open_engine(
            parsed,
            pragmas=("locking_mode = EXCLUSIVE",),
            connect_args={"timeout": LOCKED_SECONDS},
        )
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        raise StorageFault(without_passwords(f"journal {url!r}: {error}")) from error


def _set_bounds(connection: Any, _: object) -> None:
    for name, milliseconds in BOUNDS.items():
        connection.execute(f"SET {name} = {milliseconds}")
    connection.commit()


def _cause(error: Exception) -> str:
    cause = database.cause(error)
    if cause == "database is locked":
        return f"{IN_USE}; let one host both events, or give this one a --name"
    return cause
