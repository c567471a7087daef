"""The broker's records in a database: SQLite, or PostgreSQL, by the same statements.

Follows `repository.Registry`. Nothing else of the broker imports SQLAlchemy.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import SQLAlchemyError

from ..protocol.errors import SettingError, StorageFault
from ..protocol.messages import Card, Endpoints, EventStatus, Role
from ..runtime.database import cause, is_sqlite, open_engine
from .names import fold
from .repository import (
    MOST_SESSIONS,
    Census,
    EventRecord,
    InviteRecord,
    LeaseRecord,
    PeerRecord,
    TokenRecord,
)
from .tables import ALL, CLOCK, EVENTS, INVITES, LEASES, PEERS, SCHEMA, SESSIONS, TOKENS

WAIT_SECONDS = 5
"""How long a transaction waits for another, or a connection for the database."""

_POSTGRESQL = {"connect_timeout": WAIT_SECONDS}

# Without an isolation level the driver leaves it to us to begin transactions; it would do so only
# at the first change, and what was read before that might not hold any more.
_SQLITE = {"timeout": WAIT_SECONDS, "isolation_level": None}

_card = msgspec.msgpack.Decoder(Card).decode
_endpoints = msgspec.msgpack.Decoder(Endpoints).decode
_encode = msgspec.msgpack.encode
_log = logging.getLogger("touchline.broker")


class SqlRepository:
    """The records within one transaction of a database; see `repository.Books`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def member(self, peer: str) -> PeerRecord | None:
        return self._member(sa.select(PEERS).where(PEERS.c.peer == peer))

    def member_on(self, routing_id: bytes) -> PeerRecord | None:
        there = SESSIONS.c.routing_id == routing_id
        return self._member(sa.select(PEERS).join(SESSIONS).where(there))

    def member_by_curve(self, curve: bytes) -> PeerRecord | None:
        return self._member(sa.select(PEERS).where(PEERS.c.curve == curve))

    def _member(self, query: sa.Select[Any]) -> PeerRecord | None:
        row = self._connection.execute(query).one_or_none()
        return _as_member(row) if row else None

    def owner_of(self, name: str) -> str | None:
        query = sa.select(PEERS.c.peer).where(PEERS.c.folded == fold(name))
        found: str | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def members(self, after: str, limit: int) -> list[PeerRecord]:
        query = sa.select(PEERS).where(PEERS.c.peer > after).order_by(PEERS.c.peer)
        return [_as_member(row) for row in self._connection.execute(query.limit(limit))]

    def count_members(self) -> int:
        return self._count(PEERS)

    def put_member(self, member: PeerRecord) -> None:
        self._put(
            PEERS,
            {"peer": member.peer},
            {
                "key": member.key,
                "curve": member.curve,
                "name": member.name,
                "folded": fold(member.name),
                "role": member.role,
                "enrolled": member.enrolled,
                "invite": member.invite,
                "revoked": member.revoked,
            },
        )

    def bind(self, routing_id: bytes, peer: str, wall: int) -> None:
        self._put(SESSIONS, {"routing_id": routing_id}, {"peer": peer, "seen": wall})
        others = sa.select(SESSIONS.c.routing_id).where(
            SESSIONS.c.peer == peer, SESSIONS.c.routing_id != routing_id
        )
        newest = others.order_by(SESSIONS.c.seen.desc()).offset(MOST_SESSIONS - 1)
        spare = self._connection.execute(newest).scalars().all()
        if spare:
            where = SESSIONS.c.routing_id.in_(spare)
            self._connection.execute(sa.delete(SESSIONS).where(where))

    def invite(self, digest: bytes) -> InviteRecord | None:
        query = sa.select(INVITES).where(INVITES.c.digest == digest)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        return InviteRecord(
            invite=row.invite,
            digest=row.digest,
            role=row.role,
            uses=row.uses,
            expires=row.expires,
            creator=row.creator,
        )

    def put_invite(self, invite: InviteRecord) -> None:
        self._put(
            INVITES,
            {"digest": invite.digest},
            {
                "invite": invite.invite,
                "role": invite.role,
                "uses": invite.uses,
                "expires": invite.expires,
                "creator": invite.creator,
            },
        )

    def count_invites(self, wall: int) -> int:
        return self._count(INVITES, INVITES.c.uses > 0, INVITES.c.expires > wall)

    def void(self, peer: str) -> None:
        for table, theirs in (
            (LEASES, LEASES.c.peer),
            (INVITES, INVITES.c.creator),
        ):
            self._connection.execute(sa.update(table).where(theirs == peer).values(expires=0))

    def revoked(self, event: str, limit: int) -> list[str]:
        ticket = sa.exists().where(TOKENS.c.peer == PEERS.c.peer, TOKENS.c.event == event)
        query = (
            sa.select(PEERS.c.peer)
            .where(PEERS.c.revoked > 0, ticket)
            .order_by(PEERS.c.revoked.desc(), PEERS.c.peer)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def _count(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(*where)
        count: int = self._connection.execute(query).scalar_one()
        return count

    def event(self, event: str) -> EventRecord | None:
        return self._record(EVENTS.c.event == event)

    def created(self, peer: str, key: str) -> EventRecord | None:
        return self._record(EVENTS.c.creator == peer, EVENTS.c.key == key)

    def _record(self, *where: sa.ColumnElement[bool]) -> EventRecord | None:
        query = sa.select(EVENTS.c.card, EVENTS.c.status, EVENTS.c.creator).where(*where)
        row = self._connection.execute(query).one_or_none()
        return EventRecord(_with_status(row.card, row.status), row.creator) if row else None

    def add_event(self, card: Card, peer: str, key: str) -> None:
        self._connection.execute(
            sa.insert(EVENTS).values(
                event=card.event,
                creator=peer,
                key=key,
                status=card.status,
                revision=self._next_revision(),
                card=_encode(card),
            )
        )

    def count_events(self, creator: str) -> int:
        return self._count(EVENTS, EVENTS.c.creator == creator)

    def set_status(self, event: str, status: EventStatus) -> None:
        self._connection.execute(
            sa.update(EVENTS)
            .where(EVENTS.c.event == event)
            .values(status=status, revision=self._next_revision())
        )

    def _next_revision(self) -> int:
        self._connection.execute(sa.update(CLOCK).values(revision=CLOCK.c.revision + 1))
        revision: int = self._connection.execute(sa.select(CLOCK.c.revision)).scalar_one()
        return revision

    def cards(self, events: Sequence[str], wall: int) -> dict[str, Card]:
        hosts = sa.select(LEASES.c.event).where(LEASES.c.event.in_(events), LEASES.c.expires > wall)
        hosted = set(self._connection.execute(hosts).scalars())
        query = sa.select(EVENTS.c.event, EVENTS.c.card, EVENTS.c.status).where(
            EVENTS.c.event.in_(events)
        )
        return {
            row.event: msgspec.structs.replace(
                _with_status(row.card, row.status), hosted=row.event in hosted
            )
            for row in self._connection.execute(query)
        }

    def changes(self, since: int) -> list[tuple[int, Card]]:
        query = (
            sa.select(EVENTS.c.revision, EVENTS.c.card, EVENTS.c.status)
            .where(EVENTS.c.revision > since)
            .order_by(EVENTS.c.revision)
        )
        rows = self._connection.execute(query)
        return [(row.revision, _with_status(row.card, row.status)) for row in rows]

    def lease(self, event: str, instance: str = "") -> LeaseRecord | None:
        query = sa.select(LEASES).where(LEASES.c.event == event)
        if instance:
            query = query.where(LEASES.c.instance == instance)
        query = query.order_by(LEASES.c.epoch.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        return LeaseRecord(
            event=row.event,
            instance=row.instance,
            peer=row.peer,
            epoch=row.epoch,
            seq=row.seq,
            endpoints=_endpoints(row.endpoints),
            expires=row.expires,
        )

    def put_lease(self, held_lease: LeaseRecord) -> None:
        self._put(
            LEASES,
            {"event": held_lease.event, "instance": held_lease.instance},
            {
                "peer": held_lease.peer,
                "epoch": held_lease.epoch,
                "seq": held_lease.seq,
                "endpoints": _encode(held_lease.endpoints),
                "expires": held_lease.expires,
            },
        )

    def ticket(self, token: str) -> TokenRecord | None:
        row = self._connection.execute(
            sa.select(TOKENS).where(TOKENS.c.token == token)
        ).one_or_none()
        return _ticket(row) if row else None

    def ticket_of(self, peer: str, event: str, role: Role, wall: int) -> TokenRecord | None:
        query = (
            sa.select(TOKENS)
            .where(
                TOKENS.c.peer == peer,
                TOKENS.c.event == event,
                TOKENS.c.role == role,
                TOKENS.c.expires > wall,
            )
            .order_by(TOKENS.c.expires.desc())
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        return _ticket(row) if row else None

    def add_ticket(self, ticket: TokenRecord) -> None:
        self._connection.execute(
            sa.insert(TOKENS).values(
                token=ticket.token,
                peer=ticket.peer,
                event=ticket.event,
                role=ticket.role,
                expires=ticket.expires,
            )
        )

    def count_tickets(self, peer: str, wall: int) -> int:
        return self._count(TOKENS, TOKENS.c.peer == peer, TOKENS.c.expires > wall)

    def expected(self, host: str, peer: str, wall: int) -> bool:
        query = sa.select(
            sa.exists().where(
                TOKENS.c.event == LEASES.c.event,
                TOKENS.c.peer == peer,
                TOKENS.c.expires > wall,
                LEASES.c.peer == host,
                LEASES.c.expires > wall,
            )
        )
        return bool(self._connection.execute(query).scalar_one())

    def hosts(self, peer: str, wall: int) -> bool:
        held = sa.exists().where(LEASES.c.peer == peer, LEASES.c.expires > wall)
        return bool(self._connection.execute(sa.select(held)).scalar_one())

    def census(self, wall: int) -> Census:
        count = sa.func.count()
        by_status = sa.select(EVENTS.c.status, count).group_by(EVENTS.c.status)
        held = sa.select(sa.func.count(sa.distinct(LEASES.c.event))).where(LEASES.c.expires > wall)
        by_role = sa.select(PEERS.c.role, count).where(PEERS.c.revoked == 0).group_by(PEERS.c.role)
        return Census(
            events={row.status: row[1] for row in self._connection.execute(by_status)},
            hosted=self._connection.execute(held).scalar_one(),
            members={row.role: row[1] for row in self._connection.execute(by_role)},
            revoked=self._count(PEERS, PEERS.c.revoked > 0),
        )

    def forget(self, *, sessions_before: int, expired_before: int) -> None:
        self._connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.seen < sessions_before))
        for table in (TOKENS, INVITES):
            old = table.c.expires < expired_before
            self._connection.execute(sa.delete(table).where(old))

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
                _check_schema(connection)
                ALL.create_all(connection)
                if connection.execute(sa.select(CLOCK.c.one)).one_or_none() is None:
                    connection.execute(sa.insert(CLOCK).values(one=1, schema=SCHEMA, revision=0))
        except SQLAlchemyError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            raise StorageFault(f"can't open the database {where}: {cause(error)}") from error

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[SqlRepository]:
        """Open a transaction; see `repository.Registry.begin`."""
        try:
            with (
                self._turn if write else nullcontext(),
                (self._writing if write else self._engine).begin() as connection,
            ):
                if write:
                    connection.execute(sa.select(CLOCK.c.one).with_for_update())
                yield SqlRepository(connection)
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
            _log.error("the database refuses: %s", cause(error))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _check_schema(connection: Connection) -> None:
    """Refuse a database of another version before anything in it is changed."""
    if not sa.inspect(connection).has_table(CLOCK.name):
        return
    found = connection.execute(sa.select(CLOCK.c.schema)).scalar_one_or_none()
    if found is None or found == SCHEMA:
        return
    what = ""
    if found == 1:
        what = (
            "; version 1 knows no keys, so that nobody in it could prove to be who it was: move "
            "the file away or name another with --database, and create your events anew"
        )
    raise StorageFault(
        f"the database is of version {found}, this broker reads version {SCHEMA}{what}"
    )


def _engine(url: str, connections: int) -> Engine:
    try:
        parsed = sa.make_url(url)
        sqlite = is_sqlite(parsed)
        engine = open_engine(
            parsed,
            pragmas=("foreign_keys = ON",),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            pool_pre_ping=not sqlite,
            connect_args=_SQLITE if sqlite else _POSTGRESQL,
        )
    except ModuleNotFoundError as error:
        raise SettingError(
            f"--database: {error.name} is not installed; install touchline[postgresql]"
        ) from None
    except (SQLAlchemyError, ValueError):
        # What they say may quote the password.
        raise SettingError("--database: not a URL that SQLAlchemy can read") from None
    except OSError as error:
        raise StorageFault(f"can't make the file of the database: {error}") from error
    if sqlite:
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "connect", _prepare_postgresql)
    return engine


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


def _as_member(row: Row[Any]) -> PeerRecord:
    return PeerRecord(
        peer=row.peer,
        key=row.key,
        curve=row.curve,
        name=row.name,
        role=row.role,
        enrolled=row.enrolled,
        invite=row.invite,
        revoked=row.revoked,
    )


def _ticket(row: Row[Any]) -> TokenRecord:
    return TokenRecord(
        token=row.token, peer=row.peer, event=row.event, role=row.role, expires=row.expires
    )
