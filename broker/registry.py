"""The broker's records in a database: SQLite, or PostgreSQL, by the same statements.

Follows `books.Registry`. Nothing else of the broker imports SQLAlchemy.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import SQLAlchemyError

from ..protocol.errors import SettingError, StorageFault
from ..protocol.messages import Card, Endpoints, EventStatus, Role
from .books import Census, Record, Tenure, Ticket

SCHEMA = 1
"""The version of the tables below."""

WAIT_SECONDS = 5
"""How long a transaction waits for another, or a connection for the database."""

_tables = sa.MetaData()

_clock = sa.Table(
    "clock",
    _tables,
    # One row. `revision` counts the changes to events; who writes holds the row until the
    # commit, so that revisions become visible in order and writers take turns.
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("schema", sa.Integer, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
)
_peers = sa.Table(
    "peers",
    _tables,
    sa.Column("peer", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)
_sessions = sa.Table(
    "sessions",
    _tables,
    sa.Column("routing_id", sa.LargeBinary(255), primary_key=True),
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False, index=True),
)
_events = sa.Table(
    "events",
    _tables,
    sa.Column("event", sa.Text, primary_key=True),
    sa.Column("creator", sa.Text, sa.ForeignKey("peers.peer"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, index=True),
    # The card in MessagePack as it was created; its status is the column's.
    sa.Column("card", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("creator", "key"),
)
_leases = sa.Table(
    "leases",
    _tables,
    sa.Column("event", sa.Text, sa.ForeignKey("events.event"), primary_key=True),
    sa.Column("instance", sa.Text, primary_key=True),
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("endpoints", sa.LargeBinary, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("event", "epoch"),
)
_tokens = sa.Table(
    "tokens",
    _tables,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), nullable=False),
    sa.Column("event", sa.Text, sa.ForeignKey("events.event"), nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    sa.Index("tokens_of", "peer", "event", "role"),
)

_card = msgspec.msgpack.Decoder(Card).decode
_endpoints = msgspec.msgpack.Decoder(Endpoints).decode
_encode = msgspec.msgpack.encode
_log = logging.getLogger("touchline.broker")


class SqlBooks:
    """The records within one transaction of a database; see `books.Books`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def peer_of(self, routing_id: bytes) -> str | None:
        query = sa.select(_sessions.c.peer).where(_sessions.c.routing_id == routing_id)
        found: str | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def bind(self, routing_id: bytes, peer: str, wall: int) -> None:
        self._put(_sessions, {"routing_id": routing_id}, {"peer": peer, "seen": wall})

    def put_peer(self, peer: str, name: str) -> None:
        self._put(_peers, {"peer": peer}, {"name": name})

    def peer_name(self, peer: str) -> str:
        query = sa.select(_peers.c.name).where(_peers.c.peer == peer)
        name: str = self._connection.execute(query).scalar_one()
        return name

    def event(self, event: str) -> Record | None:
        return self._record(_events.c.event == event)

    def created(self, peer: str, key: str) -> Record | None:
        return self._record(_events.c.creator == peer, _events.c.key == key)

    def _record(self, *where: sa.ColumnElement[bool]) -> Record | None:
        query = sa.select(_events.c.card, _events.c.status, _events.c.creator).where(*where)
        row = self._connection.execute(query).one_or_none()
        return Record(_with_status(row.card, row.status), row.creator) if row else None

    def add_event(self, card: Card, peer: str, key: str) -> None:
        self._connection.execute(
            sa.insert(_events).values(
                event=card.event,
                creator=peer,
                key=key,
                status=card.status,
                revision=self._next_revision(),
                card=_encode(card),
            )
        )

    def set_status(self, event: str, status: EventStatus) -> None:
        self._connection.execute(
            sa.update(_events)
            .where(_events.c.event == event)
            .values(status=status, revision=self._next_revision())
        )

    def _next_revision(self) -> int:
        self._connection.execute(sa.update(_clock).values(revision=_clock.c.revision + 1))
        revision: int = self._connection.execute(sa.select(_clock.c.revision)).scalar_one()
        return revision

    def cards(self, events: Sequence[str], wall: int) -> dict[str, Card]:
        hosts = sa.select(_leases.c.event).where(
            _leases.c.event.in_(events), _leases.c.expires > wall
        )
        hosted = set(self._connection.execute(hosts).scalars())
        query = sa.select(_events.c.event, _events.c.card, _events.c.status).where(
            _events.c.event.in_(events)
        )
        return {
            row.event: msgspec.structs.replace(
                _with_status(row.card, row.status), hosted=row.event in hosted
            )
            for row in self._connection.execute(query)
        }

    def changes(self, since: int) -> list[tuple[int, Card]]:
        query = (
            sa.select(_events.c.revision, _events.c.card, _events.c.status)
            .where(_events.c.revision > since)
            .order_by(_events.c.revision)
        )
        rows = self._connection.execute(query)
        return [(row.revision, _with_status(row.card, row.status)) for row in rows]

    def tenure(self, event: str, instance: str = "") -> Tenure | None:
        query = sa.select(_leases).where(_leases.c.event == event)
        if instance:
            query = query.where(_leases.c.instance == instance)
        query = query.order_by(_leases.c.epoch.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        return Tenure(
            event=row.event,
            instance=row.instance,
            peer=row.peer,
            epoch=row.epoch,
            seq=row.seq,
            endpoints=_endpoints(row.endpoints),
            expires=row.expires,
        )

    def put_tenure(self, tenure: Tenure) -> None:
        self._put(
            _leases,
            {"event": tenure.event, "instance": tenure.instance},
            {
                "peer": tenure.peer,
                "epoch": tenure.epoch,
                "seq": tenure.seq,
                "endpoints": _encode(tenure.endpoints),
                "expires": tenure.expires,
            },
        )

    def ticket(self, token: str) -> Ticket | None:
        row = self._connection.execute(
            sa.select(_tokens).where(_tokens.c.token == token)
        ).one_or_none()
        return _ticket(row) if row else None

    def ticket_of(self, peer: str, event: str, role: Role, wall: int) -> Ticket | None:
        query = (
            sa.select(_tokens)
            .where(
                _tokens.c.peer == peer,
                _tokens.c.event == event,
                _tokens.c.role == role,
                _tokens.c.expires > wall,
            )
            .order_by(_tokens.c.expires.desc())
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        return _ticket(row) if row else None

    def add_ticket(self, ticket: Ticket) -> None:
        self._connection.execute(
            sa.insert(_tokens).values(
                token=ticket.token,
                peer=ticket.peer,
                event=ticket.event,
                role=ticket.role,
                expires=ticket.expires,
            )
        )

    def census(self, wall: int) -> Census:
        count = sa.func.count()
        by_status = sa.select(_events.c.status, count).group_by(_events.c.status)
        held = sa.select(sa.func.count(sa.distinct(_leases.c.event))).where(
            _leases.c.expires > wall
        )
        return Census(
            events={row.status: row[1] for row in self._connection.execute(by_status)},
            hosted=self._connection.execute(held).scalar_one(),
        )

    def forget(self, *, sessions_before: int, tickets_before: int) -> None:
        self._connection.execute(sa.delete(_sessions).where(_sessions.c.seen < sessions_before))
        self._connection.execute(sa.delete(_tokens).where(_tokens.c.expires < tickets_before))

    def _put(self, table: sa.Table, key: dict[str, object], values: dict[str, object]) -> None:
        """Insert or update a row; writers take turns, so nobody comes in between."""
        where = [table.c[column] == value for column, value in key.items()]
        changed = self._connection.execute(sa.update(table).where(*where).values(values))
        if changed.rowcount == 0:
            self._connection.execute(sa.insert(table).values({**key, **values}))


class SqlRegistry:
    """The broker's records in a database; safe for threads.

    Args:
        url: a SQLAlchemy URL, `sqlite:///FILE` or `postgresql+psycopg://…`.
        connections: the most that are open at one time.

    Raises:
        SettingError: the database's driver is not installed, or the URL can't be read.
        StorageFault: the database can't be opened, or is of another version.
    """

    def __init__(self, url: str, *, connections: int = 4) -> None:
        self._engine = _engine(url, connections)
        self._writing = self._engine.execution_options(touchline_write=True)
        self._refused = False
        # SQLite lets writers that meet sleep and try again; those of one process queue here.
        self._turn = threading.Lock()
        try:
            self._prepare()
        except BaseException:
            self._engine.dispose()
            raise

    def _prepare(self) -> None:
        try:
            with self._writing.begin() as connection:
                if connection.dialect.name == "postgresql":
                    # Two brokers that start at once would both create the tables.
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(5670)))
                _tables.create_all(connection)
                row = connection.execute(sa.select(_clock)).one_or_none()
                if row is None:
                    connection.execute(sa.insert(_clock).values(one=1, schema=SCHEMA, revision=0))
        except SQLAlchemyError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            raise StorageFault(f"can't open the database {where}: {_cause(error)}") from error
        if row is not None and row.schema != SCHEMA:
            raise StorageFault(
                f"the database is of version {row.schema}, this broker reads version {SCHEMA}"
            )

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[SqlBooks]:
        """Open a transaction; see `books.Registry.begin`."""
        try:
            with (
                self._turn if write else nullcontext(),
                (self._writing if write else self._engine).begin() as connection,
            ):
                if write:
                    connection.execute(sa.select(_clock.c.one).with_for_update())
                yield SqlBooks(connection)
        except SQLAlchemyError as error:
            self._note(error)
            raise StorageFault(
                "the broker's database refuses at the moment; nothing was changed"
            ) from error
        if self._refused:
            self._refused = False
            _log.info("the database answers again")

    def _note(self, error: SQLAlchemyError) -> None:
        # Once until it answers again: a full disk would fill the log as well.
        if not self._refused:
            self._refused = True
            _log.error("the database refuses: %s", _cause(error))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _engine(url: str, connections: int) -> Engine:
    try:
        parsed = sa.make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        if sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = sa.create_engine(
            parsed,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            pool_pre_ping=not sqlite,
            connect_args={"timeout": WAIT_SECONDS} if sqlite else {"connect_timeout": WAIT_SECONDS},
        )
    except ModuleNotFoundError as error:
        raise SettingError(
            f"--database: {error.name} is not installed; install touchline[postgresql]"
        ) from None
    except (SQLAlchemyError, ValueError):
        # What they say may quote the password.
        raise SettingError("--database: not a URL that SQLAlchemy can read") from None
    except OSError as error:
        raise StorageFault(f"can't make the folder of the database: {error}") from error
    if sqlite:
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver would begin transactions itself, and only at the first change.
    connection.isolation_level = None
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    # One that reads first and writes later can't always be let in later: SQLITE_BUSY_SNAPSHOT.
    write = connection.get_execution_options().get("touchline_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _prepare_postgresql(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
        cursor.execute(f"SET statement_timeout = '{2 * WAIT_SECONDS}s'")
    connection.commit()


def _with_status(card: bytes, status: EventStatus) -> Card:
    return msgspec.structs.replace(_card(card), status=status)


def _ticket(row: Row[Any]) -> Ticket:
    return Ticket(
        token=row.token, peer=row.peer, event=row.event, role=row.role, expires=row.expires
    )


def _cause(error: SQLAlchemyError) -> str:
    """Return the first line of what the driver said; SQLAlchemy adds statement and parameters."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
