"""The broker's records in SQLite or PostgreSQL, by the same statements.

Implements `repository.Registry`. No other file of the broker but `tables`, `migrations`,
`statements` and `changes` imports SQLAlchemy.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import SQLAlchemyError

from ..protocol.errors import SettingError, StorageFault
from ..protocol.keys import Identity
from ..protocol.messages import Card, Endpoints, EventStatus, GrantRole, Role
from ..runtime.database import cause, file_of, is_sqlite, open_engine
from . import changes, migrations, statements
from .names import fold, looks
from .repository import (
    MOST_TARGETS,
    PEER_TARGETS,
    UNHOSTED,
    Census,
    EventRecord,
    InviteRecord,
    LeaseRecord,
    OfferRecord,
    PeerRecord,
    PlacementRecord,
    TargetRecord,
    TokenRecord,
)
from .statements import PreparedStatements
from .tables import (
    ALL,
    CLOCK,
    EVENTS,
    GRANTS,
    IDENTITY,
    INVITES,
    LEASES,
    LOOKS,
    NETWORKS,
    NUMBERS,
    OFFERS,
    PEERS,
    PLACEMENTS,
    POOLS,
    SCHEMA,
    SESSIONS,
    SHARED,
    TARGETS,
    TOKENS,
)

WAIT_SECONDS = 5
"""Seconds that a transaction waits for another, or a connection for the database."""

OPENING_SECONDS = 60
"""Seconds that a broker waits at its start for another that makes the tables or migrates them."""

_POSTGRESQL = {"connect_timeout": WAIT_SECONDS}

# Without an isolation level the driver begins no transactions, and `_begin_sqlite` does. The driver
# would begin one only at the first change, when an earlier read might be out of date.
_SQLITE = {"timeout": WAIT_SECONDS, "isolation_level": None}

_card = msgspec.msgpack.Decoder(Card).decode
_endpoints = msgspec.msgpack.Decoder(Endpoints).decode
_encode = msgspec.msgpack.encode
_log = logging.getLogger("touchline.broker")


class SqlRepository:
    """The records within one transaction of a database; see `repository.Repository`."""

    def __init__(self, connection: Connection, prepared: PreparedStatements) -> None:
        self._connection = connection
        self._shared = connection.dialect.name == "postgresql"
        self._run = partial(prepared.run, connection.connection.driver_connection)

    def _run_for(
        self, of: Callable[[int], Any], events: Sequence[str], **values: object
    ) -> list[Sequence[Any]]:
        """Return the rows that a statement for a list of events finds."""
        if not events:
            return []
        asked = statements.listed(events)
        found: list[Sequence[Any]] = self._run(of(len(asked)), **asked, **values).fetchall()
        return found

    def time(self, wall: int) -> int:
        if not self._shared:
            return wall
        (now,) = self._run(statements.TIME).fetchone()
        return int(now)

    def member(self, peer: str) -> PeerRecord | None:
        return _as_member(self._run(statements.MEMBER, peer=peer).fetchone())

    def member_on(self, routing_id: bytes) -> PeerRecord | None:
        row = self._run(statements.MEMBER_ON, routing_id=routing_id).fetchone()
        return _as_member(row)

    def member_by_curve(self, curve: bytes) -> PeerRecord | None:
        return _as_member(self._run(statements.MEMBER_BY_CURVE, curve=curve).fetchone())

    def owner_of(self, name: str) -> PeerRecord | None:
        alike = (
            sa.select(*statements.PEER)
            .select_from(PEERS.join(LOOKS))
            .where(LOOKS.c.look.in_(looks(name)))
        )
        # Names of a release that did not compare looks may look alike.
        first = alike.order_by(PEERS.c.enrolled, PEERS.c.peer).limit(1)
        return _as_member(self._connection.execute(first).one_or_none())

    def members(self, after: str, limit: int) -> list[PeerRecord]:
        query = sa.select(*statements.PEER).where(PEERS.c.peer > after).order_by(PEERS.c.peer)
        return [PeerRecord(*row) for row in self._connection.execute(query.limit(limit))]

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
        self._put_looks(member.peer, member.name)

    def network(self, peer: str) -> str:
        query = sa.select(NETWORKS.c.network).where(NETWORKS.c.peer == peer)
        return self._connection.execute(query).scalar_one_or_none() or ""

    def put_network(self, peer: str, network: str) -> None:
        self._put(NETWORKS, {"peer": peer}, {"network": network})

    def _put_looks(self, peer: str, name: str) -> None:
        query = sa.select(LOOKS.c.look).where(LOOKS.c.peer == peer)
        there = set(self._connection.execute(query).scalars())
        for look in looks(name):
            if look not in there:
                self._connection.execute(sa.insert(LOOKS).values(look=look, peer=peer))

    def bind(self, routing_id: bytes, peer: str, wall: int) -> None:
        values = {"of_routing_id": routing_id, "peer": peer, "seen": wall}
        if not self._run(statements.SEE_SESSION, **values).rowcount:
            self._run(statements.ADD_SESSION, **values)
        spare = self._run(statements.SPARE_SESSIONS, peer=peer, of_routing_id=routing_id).fetchall()
        if spare:
            where = SESSIONS.c.routing_id.in_([row[0] for row in spare])
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
        if self._shared:
            changes.record(self._connection, "", changes.REVOKED, [peer.encode()])

    def revoked(self, event: str, limit: int) -> list[str]:
        has_token = sa.exists().where(TOKENS.c.peer == PEERS.c.peer, TOKENS.c.event == event)
        query = (
            sa.select(PEERS.c.peer)
            .where(PEERS.c.revoked > 0, has_token)
            .order_by(PEERS.c.revoked.desc(), PEERS.c.peer)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def _count(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(*where)
        count: int = self._connection.execute(query).scalar_one()
        return count

    def event(self, event: str) -> EventRecord | None:
        row = self._run(statements.EVENT, event=event).fetchone()
        if row is None:
            return None
        card, status, creator = row
        named: dict[str, list[str]] = {"owner": [], "host": []}
        for role, peer in self._run(statements.GRANTS_OF, event=event):
            named[role].append(peer)
        return EventRecord(
            msgspec.structs.replace(
                _card(card),
                status=status,
                owner=creator,
                owners=named["owner"],
                hosts=named["host"],
            ),
            creator,
        )

    def created(self, peer: str, key: str) -> EventRecord | None:
        query = sa.select(EVENTS.c.event).where(EVENTS.c.creator == peer, EVENTS.c.key == key)
        event = self._connection.execute(query).scalar_one_or_none()
        return None if event is None else self.event(event)

    def _with_grants(self, cards: Sequence[Card]) -> dict[str, Card]:
        """Return cards by their events, with `owners` and `hosts` set."""
        events = [card.event for card in cards]
        named: dict[tuple[str, str], list[str]] = {}
        for event, role, peer in self._run_for(statements.grants_of_all, events):
            named.setdefault((event, role), []).append(peer)
        return {
            card.event: msgspec.structs.replace(
                card,
                owners=named.get((card.event, "owner"), []),
                hosts=named.get((card.event, "host"), []),
            )
            for card in cards
        }

    def permit(self, event: str, role: GrantRole, peer: str, *, allowed: bool) -> None:
        key: dict[str, object] = {"event": event, "role": role, "peer": peer}
        where = [GRANTS.c[column] == value for column, value in key.items()]
        self._connection.execute(sa.delete(GRANTS).where(*where))
        if allowed:
            self._connection.execute(sa.insert(GRANTS).values(key))

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
        if self._shared:
            changes.announce(self._connection)
        return revision

    def cards(self, events: Sequence[str], wall: int) -> dict[str, Card]:
        hosted = {event for (event,) in self._run_for(statements.hosted, events, wall=wall)}
        cards = [
            msgspec.structs.replace(_as_card(*row), hosted=event in hosted)
            for event, *row in self._run_for(statements.cards, events)
        ]
        return self._with_grants(cards)

    def changes(self, since: int) -> list[tuple[int, Card]]:
        if self._run(statements.REVISION).fetchone()[0] == since:
            return []
        query = (
            sa.select(EVENTS.c.revision, EVENTS.c.card, EVENTS.c.status, EVENTS.c.creator)
            .where(EVENTS.c.revision > since)
            .order_by(EVENTS.c.revision)
        )
        rows = self._connection.execute(query)
        return [(revision, _as_card(*row)) for revision, *row in rows]

    def lease(self, event: str, instance: str = "") -> LeaseRecord | None:
        if not instance:
            row = self._run(statements.NEWEST_LEASE, event=event).fetchone()
        else:
            query = sa.select(LEASES).where(LEASES.c.event == event, LEASES.c.instance == instance)
            row = self._connection.execute(query).one_or_none()
        return None if row is None else _as_lease(row)

    def events(self, events: Sequence[str]) -> dict[str, EventRecord]:
        found = {event: row for event, *row in self._run_for(statements.cards, events)}
        cards = self._with_grants([_as_card(*row) for row in found.values()])
        return {event: EventRecord(cards[event], row[-1]) for event, row in found.items()}

    def leases(
        self, events: Sequence[str], instances: Collection[str] = ()
    ) -> dict[str, list[LeaseRecord]]:
        newest = sa.select(LEASES.c.event, sa.func.max(LEASES.c.epoch).label("epoch"))
        of = newest.where(LEASES.c.event.in_(events)).group_by(LEASES.c.event).subquery()
        last = sa.and_(LEASES.c.event == of.c.event, LEASES.c.epoch == of.c.epoch)
        queries = [sa.select(LEASES).join(of, last)]
        if instances:
            asked = sa.select(LEASES).where(LEASES.c.event.in_(events))
            queries.append(asked.where(LEASES.c.instance.in_(instances)))
        found: dict[str, dict[str, LeaseRecord]] = {}
        for query in queries:
            for row in self._connection.execute(query):
                found.setdefault(row.event, {})[row.instance] = _as_lease(row)
        return {event: list(leases.values()) for event, leases in found.items()}

    def put_leases(self, changed: Sequence[LeaseRecord], new: Sequence[LeaseRecord]) -> None:
        if changed:
            update = sa.update(LEASES).where(
                LEASES.c.event == sa.bindparam("of_event"),
                LEASES.c.instance == sa.bindparam("of_instance"),
            )
            rows = [
                {**_lease_values(one), "of_event": one.event, "of_instance": one.instance}
                for one in changed
            ]
            self._connection.execute(update, rows)
        if new:
            keyed = [
                {**_lease_values(one), "event": one.event, "instance": one.instance} for one in new
            ]
            self._connection.execute(sa.insert(LEASES), keyed)

    def set_statuses(self, events: Sequence[str], status: EventStatus) -> None:
        if not events:
            return
        add = sa.update(CLOCK).values(revision=CLOCK.c.revision + len(events))
        self._connection.execute(add)
        last: int = self._connection.execute(sa.select(CLOCK.c.revision)).scalar_one()
        change = sa.update(EVENTS).where(EVENTS.c.event == sa.bindparam("of_event"))
        first = last - len(events) + 1
        rows = [
            {"of_event": event, "status": status, "revision": revision}
            for revision, event in enumerate(events, first)
        ]
        self._connection.execute(change, rows)

    def revoked_of(self, events: Sequence[str], limit: int) -> dict[str, list[str]]:
        query = (
            sa.select(TOKENS.c.event, PEERS.c.peer)
            .join(PEERS, TOKENS.c.peer == PEERS.c.peer)
            .where(PEERS.c.revoked > 0, TOKENS.c.event.in_(events))
            .distinct()
            .order_by(PEERS.c.revoked.desc(), PEERS.c.peer)
        )
        found: dict[str, list[str]] = {}
        for event, peer, _ in self._connection.execute(query.add_columns(PEERS.c.revoked)):
            listed = found.setdefault(event, [])
            if len(listed) < limit:
                listed.append(peer)
        return found

    def in_pools(self, peer: str) -> set[str]:
        query = sa.select(POOLS.c.pool).where(POOLS.c.peer == peer)
        return set(self._connection.execute(query).scalars())

    def pool(self, pool: str, limit: int) -> list[str]:
        query = sa.select(POOLS.c.peer).where(POOLS.c.pool == pool).order_by(POOLS.c.peer)
        return list(self._connection.execute(query.limit(limit)).scalars())

    def put_into_pool(self, pool: str, peer: str, *, member: bool) -> None:
        where = (POOLS.c.pool == pool, POOLS.c.peer == peer)
        self._connection.execute(sa.delete(POOLS).where(*where))
        if member:
            self._connection.execute(sa.insert(POOLS).values(pool=pool, peer=peer))

    def offer(self, peer: str) -> OfferRecord | None:
        query = sa.select(OFFERS).where(OFFERS.c.peer == peer)
        row = self._connection.execute(query).one_or_none()
        return _as_offer(row) if row else None

    def offers(self, since: int, limit: int) -> list[OfferRecord]:
        query = sa.select(OFFERS).where(OFFERS.c.seen > since).order_by(OFFERS.c.peer)
        return [_as_offer(row) for row in self._connection.execute(query.limit(limit))]

    def draining(self, since: int, limit: int) -> list[str]:
        query = sa.select(OFFERS.c.peer).where(OFFERS.c.seen > since, OFFERS.c.draining != 0)
        return list(self._connection.execute(query.order_by(OFFERS.c.peer).limit(limit)).scalars())

    def put_offer(self, offer: OfferRecord) -> None:
        self._put(
            OFFERS,
            {"peer": offer.peer},
            {
                "capacity": offer.capacity,
                "labels": _encode(offer.labels),
                "journal": offer.journal,
                "address": offer.address,
                "seen": offer.seen,
                "draining": int(offer.draining),
                "instance": offer.instance,
            },
        )

    def loads(self, wall: int) -> dict[str, int]:
        held = (
            sa.select(LEASES.c.peer, sa.func.count())
            .join(EVENTS, EVENTS.c.event == LEASES.c.event)
            .where(LEASES.c.peer.in_(sa.select(OFFERS.c.peer)), LEASES.c.expires > wall)
            .where(EVENTS.c.status != "finished")
            .group_by(LEASES.c.peer)
        )
        placed = sa.select(PLACEMENTS.c.peer, sa.func.count()).group_by(PLACEMENTS.c.peer)
        loads: dict[str, int] = {}
        for query in (held, placed):
            for peer, count in self._connection.execute(query):
                loads[peer] = loads.get(peer, 0) + count
        return loads

    def held_by(self, peer: str, wall: int, after: str = "", limit: int | None = None) -> list[str]:
        query = (
            sa.select(LEASES.c.event)
            .join(EVENTS, EVENTS.c.event == LEASES.c.event)
            .where(LEASES.c.peer == peer, LEASES.c.expires > wall, EVENTS.c.status != "finished")
            .where(LEASES.c.event > after)
            .order_by(LEASES.c.event)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def unfinished(
        self, status: EventStatus, after: str, limit: int, wall: int
    ) -> list[tuple[str, bool]]:
        held = sa.exists().where(LEASES.c.event == EVENTS.c.event, LEASES.c.expires > wall)
        named = sa.exists().where(GRANTS.c.event == EVENTS.c.event, GRANTS.c.role == "host")
        query = (
            sa.select(EVENTS.c.event, ~held & named)
            .where(EVENTS.c.status == status, EVENTS.c.event > after)
            .order_by(EVENTS.c.event)
            .limit(limit)
        )
        return [(event, bool(is_free)) for event, is_free in self._connection.execute(query)]

    def placements(self, events: Sequence[str]) -> dict[str, PlacementRecord]:
        query = sa.select(PLACEMENTS).where(PLACEMENTS.c.event.in_(events))
        return {row.event: _as_placement(row) for row in self._connection.execute(query)}

    def placed_at(self, peer: str, limit: int) -> list[PlacementRecord]:
        query = sa.select(PLACEMENTS).where(PLACEMENTS.c.peer == peer).order_by(PLACEMENTS.c.event)
        return [_as_placement(row) for row in self._connection.execute(query.limit(limit))]

    def placed_elsewhere(self, peer: str, wall: int, limit: int) -> list[str]:
        query = (
            sa.select(PLACEMENTS.c.event)
            .join(LEASES, LEASES.c.event == PLACEMENTS.c.event)
            .where(LEASES.c.peer == peer, LEASES.c.expires > wall)
            .where(PLACEMENTS.c.peer != peer, PLACEMENTS.c.asked == 1)
            .where(sa.or_(PLACEMENTS.c.ready == 1, PLACEMENTS.c.peer == ""))
            .order_by(PLACEMENTS.c.event)
        )
        return list(self._connection.execute(query.limit(limit)).scalars())

    def put_placement(self, placement: PlacementRecord) -> None:
        self._put(
            PLACEMENTS,
            {"event": placement.event},
            {
                "peer": placement.peer,
                "placed": placement.placed,
                "asked": int(placement.asked),
                "ready": int(placement.ready),
            },
        )

    def remove_placements(self, events: Sequence[str]) -> None:
        self._connection.execute(sa.delete(PLACEMENTS).where(PLACEMENTS.c.event.in_(events)))

    def put_lease(self, held_lease: LeaseRecord) -> None:
        self._put(
            LEASES,
            {"event": held_lease.event, "instance": held_lease.instance},
            _lease_values(held_lease),
        )

    def token(self, digest: str) -> TokenRecord | None:
        row = self._connection.execute(
            sa.select(TOKENS).where(TOKENS.c.token == digest)
        ).one_or_none()
        return _as_token(row) if row else None

    def tokens_of(self, peer: str, event: str, role: Role, wall: int) -> list[TokenRecord]:
        of = {"peer": peer, "event": event, "role": role, "wall": wall}
        return [TokenRecord(*row) for row in self._run(statements.TOKENS_OF, **of)]

    def add_token(self, token: TokenRecord) -> None:
        self._connection.execute(
            sa.insert(TOKENS).values(
                token=token.digest,
                peer=token.peer,
                event=token.event,
                role=token.role,
                expires=token.expires,
            )
        )

    def count_tokens(self, peer: str, wall: int) -> int:
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

    def put_target(self, target: TargetRecord, wall: int) -> None:
        key: dict[str, object] = {"peer": target.peer, "process": target.process}
        if target.address:
            self._put(TARGETS, key, {"address": target.address, "seen": wall})
            own = TARGETS.c.peer == target.peer
            newest = sa.select(TARGETS.c.process).where(own).order_by(TARGETS.c.seen.desc())
            gone = TARGETS.c.process.not_in(newest.limit(PEER_TARGETS).scalar_subquery())
            self._connection.execute(sa.delete(TARGETS).where(own, gone))
        else:
            where = [TARGETS.c[column] == value for column, value in key.items()]
            self._connection.execute(sa.delete(TARGETS).where(*where))

    def targets(self, since: int) -> list[TargetRecord]:
        query = sa.select(TARGETS, PEERS.c.name).join(PEERS)
        query = query.where(TARGETS.c.seen >= since, PEERS.c.revoked == 0)
        strangers = PEERS.c.invite == ""
        ordered = query.order_by(strangers, TARGETS.c.process, TARGETS.c.peer).limit(MOST_TARGETS)
        return [
            TargetRecord(peer=row.peer, process=row.process, address=row.address, name=row.name)
            for row in self._connection.execute(ordered)
        ]

    def census(self, wall: int) -> Census:
        count = sa.func.count()
        by_status = sa.select(EVENTS.c.status, count).group_by(EVENTS.c.status)
        held = sa.select(sa.func.count(sa.distinct(LEASES.c.event))).where(LEASES.c.expires > wall)
        by_role = sa.select(PEERS.c.role, count).where(PEERS.c.revoked == 0).group_by(PEERS.c.role)
        events, leases = EVENTS.c, LEASES.c
        held_now = sa.select(leases.event).where(leases.event == events.event)
        alone = (events.status == "live", ~held_now.where(leases.expires > wall).exists())
        unhosted = sa.select(events.event).where(*alone).order_by(events.event).limit(UNHOSTED)
        return Census(
            events={row.status: row[1] for row in self._connection.execute(by_status)},
            hosted=self._connection.execute(held).scalar_one(),
            members={row.role: row[1] for row in self._connection.execute(by_role)},
            revoked=self._count(PEERS, PEERS.c.revoked > 0),
            unhosted=tuple(self._connection.execute(unhosted).scalars()),
            unhosted_in_all=self._count(EVENTS, *alone),
        )

    def identity(self, held: bytes, seed: bytes) -> tuple[bytes, bytes]:
        """See `SqlRegistry.identity`."""
        row = self._connection.execute(sa.select(IDENTITY)).one_or_none()
        if row is None:
            public, kept = (held, b"") if held else (Identity(seed).public, seed)
            self._connection.execute(
                sa.insert(IDENTITY).values(one=1, public=public, seed=kept or None)
            )
            return public, kept
        if held and held != row.public:
            self._connection.execute(sa.update(IDENTITY).values(public=held, seed=None))
        return row.public, row.seed or b""

    def forget(self, *, sessions_before: int, expired_before: int) -> None:
        for table in (SESSIONS, TARGETS):
            self._connection.execute(sa.delete(table).where(table.c.seen < sessions_before))
        for table in (TOKENS, INVITES):
            old = table.c.expires < expired_before
            self._connection.execute(sa.delete(table).where(old))

    def _put(self, table: sa.Table, key: dict[str, object], values: dict[str, object]) -> None:
        """Update a row or insert it; writers take turns, so no other can insert it in between."""
        where = [table.c[column] == value for column, value in key.items()]
        changed = self._connection.execute(sa.update(table).where(*where).values(values))
        if changed.rowcount == 0:
            self._connection.execute(sa.insert(table).values({**key, **values}))


class SqlRegistry:
    """The broker's records in a database; safe for threads.

    Args:
        url: a SQLAlchemy URL, `sqlite:///FILE` or `postgresql+psycopg://…`.
        connections: the most connections that are open at one time.

    Raises:
        SettingError: the database's driver is not installed, or the URL is not valid.
        StorageFault: the database cannot be opened, or is of a newer program.
    """

    def __init__(self, url: str, *, connections: int = 4) -> None:
        self._engine = _engine(url, connections)
        self.shared = not is_sqlite(self._engine.url)
        """Whether several brokers may share these records: they are in PostgreSQL."""
        self.file = file_of(self._engine.url)
        """Their file; None where they are in PostgreSQL."""
        self._writing = self._engine.execution_options(touchline_write=True)
        self._brief = self._engine.execution_options(touchline_write=True, touchline_brief=True)
        self._refused = False
        self._statements = PreparedStatements(self._engine.dialect)
        self._driver_error = self._engine.dialect.loaded_dbapi.Error
        # SQLite makes a second writer sleep and try again; the writers of this process queue here.
        self._turn = threading.Lock()
        try:
            self._prepare(connections)
        except BaseException:
            self._engine.dispose()
            raise

    def _prepare(self, connections: int) -> None:
        try:
            with self._writing.begin() as connection:
                if connection.dialect.name == "postgresql":
                    # Without the lock, two brokers that start at once would both create the tables,
                    # or migrate them.
                    wait = f"SET LOCAL lock_timeout = '{OPENING_SECONDS}s'"
                    connection.exec_driver_sql(f"{wait}; SET LOCAL statement_timeout = 0")
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(5670)))
                migrations.migrate(connection)
                ALL.create_all(connection)
                if self.shared:
                    SHARED.create_all(connection)
                    if connection.execute(sa.select(NUMBERS.c.one)).one_or_none() is None:
                        connection.execute(sa.insert(NUMBERS).values(one=1, last=0))
                if connection.execute(sa.select(CLOCK.c.one)).one_or_none() is None:
                    connection.execute(sa.insert(CLOCK).values(one=1, schema=SCHEMA, revision=0))
            # All are opened now: later, connections of peers may have taken the last descriptor.
            with ExitStack() as stack:
                for _ in range(connections):
                    opened = stack.enter_context(self._engine.connect())
                    opened.execute(sa.select(CLOCK.c.one))
        except SQLAlchemyError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            raise StorageFault(f"cannot open the database {where}: {cause(error)}") from error

    @contextmanager
    def begin(self, *, write: bool, lasting: bool = True) -> Iterator[SqlRepository]:
        """Open a transaction; see `repository.Registry.begin`."""
        writing = self._writing if lasting else self._brief
        try:
            with (
                self._turn if write else nullcontext(),
                (writing if write else self._engine).begin() as connection,
            ):
                if write and self.shared:
                    if not lasting:
                        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                    connection.execute(sa.select(CLOCK.c.one).with_for_update())
                try:
                    yield SqlRepository(connection, self._statements)
                except self._driver_error as error:
                    # SQLAlchemy has not seen it, and would give a dead connection out again.
                    driver = connection.connection.driver_connection
                    if self._engine.dialect.is_disconnect(error, driver, None):
                        connection.invalidate(error)
                    raise
        except (SQLAlchemyError, self._driver_error) as error:
            self._note(error)
            raise StorageFault(
                "the broker's database refuses at the moment; nothing was changed"
            ) from error
        if self._refused:
            self._refused = False
            _log.info("the database answers again")

    def _note(self, error: Exception) -> None:
        # Log once until the database answers again: a full disk may hold the log as well.
        if not self._refused:
            self._refused = True
            _log.error("the database refuses: %s", cause(error))

    def identity(self, *, held: bytes = b"", seed: bytes = b"") -> tuple[bytes, bytes]:
        """Return the public key and the seed that the brokers on shared records hold.

        Args:
            held: the public key of a broker that has its key in a file; it is recorded.
            seed: of the first broker that has none, random; it is kept.

        Returns:
            The public key that was recorded before, or now, and the seed; an empty seed where the
            brokers have it in a file.
        """
        with self.begin(write=True) as repository:
            return repository.identity(held, seed)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _engine(url: str, connections: int) -> Engine:
    try:
        parsed = sa.make_url(url)
        sqlite = is_sqlite(parsed)
        engine = open_engine(
            parsed,
            # What is deleted is overwritten: tokens of a release that stored them as they are.
            pragmas=("foreign_keys = ON", "secure_delete = ON"),
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
        # The text of these errors may quote the password.
        raise SettingError("--database: the URL is not valid; SQLAlchemy cannot read it") from None
    except OSError as error:
        raise StorageFault(f"cannot create the file of the database: {error}") from error
    if sqlite:
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first may fail to write later, with SQLITE_BUSY_SNAPSHOT.
    options = connection.get_execution_options()
    if not options.get("touchline_write"):
        connection.exec_driver_sql("BEGIN")
        return
    # In WAL mode `NORMAL` leaves it to the next commit in full to bring this one to the disk.
    brief = options.get("touchline_brief")
    connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if brief else 'FULL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
        cursor.execute(f"SET statement_timeout = '{2 * WAIT_SECONDS}s'")
        # A broker whose machine is gone in the middle of a transaction holds its locks no longer.
        idle = f"SET idle_in_transaction_session_timeout = '{2 * WAIT_SECONDS}s'"
        cursor.execute(idle)
    connection.commit()


def _as_card(card: bytes, status: EventStatus, creator: str) -> Card:
    return msgspec.structs.replace(_card(card), status=status, owner=creator)


def _as_member(row: Sequence[Any] | None) -> PeerRecord | None:
    return PeerRecord(*row) if row else None


def _as_offer(row: Row[Any]) -> OfferRecord:
    return OfferRecord(
        peer=row.peer,
        capacity=row.capacity,
        labels=tuple(msgspec.msgpack.decode(row.labels)),
        journal=row.journal,
        address=row.address,
        seen=row.seen,
        draining=bool(row.draining),
        instance=row.instance,
    )


def _as_placement(row: Row[Any]) -> PlacementRecord:
    return PlacementRecord(
        event=row.event,
        peer=row.peer,
        placed=row.placed,
        asked=bool(row.asked),
        ready=bool(row.ready),
    )


def _as_lease(row: Sequence[Any]) -> LeaseRecord:
    event, instance, peer, epoch, seq, endpoints, expires = row
    return LeaseRecord(event, instance, peer, epoch, seq, _endpoints(endpoints), expires)


def _lease_values(lease: LeaseRecord) -> dict[str, object]:
    """Return the columns of a lease but for its key."""
    return {
        "peer": lease.peer,
        "epoch": lease.epoch,
        "seq": lease.seq,
        "endpoints": _encode(lease.endpoints),
        "expires": lease.expires,
    }


def _as_token(row: Row[Any]) -> TokenRecord:
    return TokenRecord(
        digest=row.token, peer=row.peer, event=row.event, role=row.role, expires=row.expires
    )
