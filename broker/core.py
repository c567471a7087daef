"""The broker's decisions: which peer a connection belongs to, which events exist, and which peer
hosts or joins them.

Pure: the records are behind `repository.Registry`; callers pass time and randomness. Several
threads may share one core: it uses its memory only under `guard`, and all other state is in the
records.

A peer that has said `hello` may search, show, and join in a role that its own role covers. A peer
needs the role of a host to create an event or lease one, and the role of an operator to invite,
list members and revoke. The peer that creates an event owns it, and names its other owners and its
hosts, see `grants`. Only the peer that holds the lease may send verify, vouch, finish and leave.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import NamedTuple

import msgspec

from .. import sports
from ..protocol import addresses, codec, keys, limits, messages, times, tokens
from ..protocol.errors import (
    BadMessage,
    Conflict,
    EnvironmentFault,
    EventOver,
    Overloaded,
    PeerError,
    Revoked,
    TouchlineError,
    UnknownPeer,
    WrongKey,
    WrongVersion,
)
from ..runtime.connections import network
from . import checks, grants, hosting, pools, roles, targets
from .counters import BrokerCounters
from .enrolment import Enrolment
from .event_ids import event_id
from .options import Options
from .repository import PeerRecord, Registry, Repository, TokenRecord
from .search import SearchIndex

ROUTING_ID_BYTES = 8
"""The fewest random bytes of a routing id, after the bytes that are a hash of the key."""

TRIM_SECONDS = 60.0
"""Seconds between two removals of old connections and expired tokens from the records."""

PAGE_BYTES = limits.BLOCK_BYTES // 2
"""The most bytes of the cards of one page, so that the reply stays under its limit."""

ID_ATTEMPTS = 8
"""The most random event ids to try; the first is almost always free."""

MOST_ENROLLED = 100_000
"""The most peers of which the broker knows without its records that they are enrolled."""

NETWORK = "network"
"""What the digests of addresses are derived for."""

_WRITES = (messages.Hello, messages.Create, messages.Permit, messages.Join, messages.Lease,
           messages.HoldEvents, messages.Finish, messages.ReleaseLease, messages.Invite,
           messages.Revoke, messages.ChangePool, messages.PlaceEvent,
           messages.DrainHost)  # fmt: skip


class AnsweredRequest(NamedTuple):
    """What a request came to.

    `request` is None where the frame was not one, and `peer`, whose it was, empty where that is not
    known. `result` is the reply or the refusal.
    """

    request: messages.BrokerRequest | None
    peer: str
    result: messages.BrokerReply | TouchlineError


class _Numbered(msgspec.Struct):
    """The `id` of a request whose other fields are not valid, and how long its peer waits."""

    id: messages.Count = 0
    within: float = 0.0


_number = msgspec.msgpack.Decoder(_Numbered).decode


class Core:
    """Answers requests.

    Args:
        registry: the broker's records.
        options: the broker's settings.
        entropy: entropy(n) returns n random bytes.
        sport: returns the sport of a name, or raises NotFound.
        guard: a lock around each use of memory that threads share.
        counters: the counters to increment; new ones by default.
        secret: what tokens follow from; a new one, for this run alone, by default.
        on_answered: called with what every request came to, for the log.
    """

    def __init__(
        self,
        registry: Registry,
        options: Options,
        entropy: Callable[[int], bytes],
        *,
        sport: Callable[[str], sports.Sport] = sports.get,
        guard: AbstractContextManager[object] | None = None,
        counters: BrokerCounters | None = None,
        secret: bytes = b"",
        on_answered: Callable[[AnsweredRequest], None] = lambda answered: None,
    ) -> None:
        self.counters = counters or BrokerCounters()
        self._registry = registry
        self._options = options
        self._entropy = entropy
        self._secret = secret or entropy(32)
        self._sport = sport
        self._on_answered = on_answered
        self._guard = guard or nullcontext()
        self._enrolment = Enrolment(options, entropy, self._guard, self.counters)
        self._assigner = pools.Assigner()
        self._index = SearchIndex()
        self._trim_at = 0.0
        self._enrolled: set[tuple[str, str]] = set()  # peers that said hello, by their names

    def receive(
        self,
        routing_id: bytes,
        frame: bytes,
        now: float,
        wall: int,
        curve: bytes = b"",
        address: str = "",
    ) -> bytes:
        """Answer one frame; all changes are on disk when this returns, but for what a peer says or
        asks for again by itself where it is lost: that a known peer has a connection, and tokens.

        Args:
            routing_id: the connection that sent the frame.
            frame: any bytes.
            now: monotonic seconds.
            wall: microseconds since 1970.
            curve: the CURVE key that the connection has proved to hold, and that its routing id
                is bound to; empty in plain text.
            address: of the other end of the connection; empty where it is not known.

        Returns:
            the reply to that connection, an `Error` if the request is refused.
        """
        request: messages.BrokerRequest | None = None
        peer = ""
        try:
            request = codec.decode_broker_request(frame)
            with self._guard:
                self.counters.requests[str(request.__struct_config__.tag)] += 1
            checks.no_zero_character(request)
            write, lasting = isinstance(request, _WRITES), self._lasts(request)
            with self._registry.begin(write=write, lasting=lasting) as repository:
                wall = repository.time(wall)
                if isinstance(request, messages.Hello):
                    peer = keys.peer_id(request.key)
                    reply: messages.BrokerReply = self._hello(
                        repository, routing_id, curve, address, request, now, wall
                    )
                else:
                    member = _member_on(repository, routing_id, curve)
                    peer = member.peer
                    reply = self._answer(repository, member, request, now, wall)
            if isinstance(request, messages.Hello):
                self._know(peer, request.name)
            self._on_answered(AnsweredRequest(request, peer, reply))
            return codec.encode(reply)
        except (PeerError, EnvironmentFault) as error:
            self._on_answered(AnsweredRequest(request, peer, error))
            return self.refuse(frame, error)

    def _lasts(self, request: messages.BrokerRequest) -> bool:
        """Return whether what a request changes has to outlast a loss of power."""
        if isinstance(request, messages.Hello):
            known = (keys.peer_id(request.key), request.name) in self._enrolled
            return bool(request.invite) or not known
        return not isinstance(request, messages.Join)

    def _know(self, peer: str, name: str) -> None:
        if len(self._enrolled) >= MOST_ENROLLED:
            self._enrolled.clear()
        self._enrolled.add((peer, name))

    def expires(self, frame: bytes, waited: float) -> bool:
        """Return whether the peer of a request no longer waits for its answer; count it then.

        Args:
            frame: any bytes.
            waited: seconds since the frame came.
        """
        try:
            within = _number(frame).within
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False  # the refusal is quickly made
        if not 0 < within <= waited:
            return False
        with self._guard:
            self.counters.expired += 1
        return True

    def follow(self) -> None:
        """Take in the events that other brokers have changed, so that no search has to wait for it.

        Raises:
            StorageFault: the database refuses to read the records.
        """
        with self._registry.begin(write=False) as repository, self._guard:
            self._index.follow(repository.changes(self._index.revision))

    def admits(self, curve: bytes) -> bool:
        """Return whether to accept connections of a CURVE key: all but those of revoked peers.

        A key that is not enrolled is accepted, because its peer may want to enrol.
        """
        try:
            with self._registry.begin(write=False) as repository:
                member = repository.member_by_curve(curve)
        except EnvironmentFault:
            return True  # the core checks each request of the connection again
        return member is None or not member.revoked

    def check_peer(self, routing_id: bytes, curve: bytes = b"") -> None:
        """Refuse a connection that belongs to no enrolled peer; arguments as for `receive`.

        Raises:
            UnknownPeer: the connection has not said hello.
            WrongKey: its routing id belongs to another key.
            Revoked: its peer is revoked.
            StorageFault: the database refuses to read the records.
        """
        with self._registry.begin(write=False) as repository:
            _member_on(repository, routing_id, curve)

    def refuse(self, frame: bytes, error: TouchlineError) -> bytes:
        """Count a refusal and return the error reply, with the request's id or 0 without one."""
        with self._guard:
            self.counters.refusals[error.code] += 1
        number = 0
        if len(frame) <= limits.FRAME_BYTES:
            try:
                number = _number(frame).id
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                number = 0  # the frame holds no id
        reason = error.sentence[: limits.TEXT_CHARS]
        return codec.encode(messages.Error(id=number, code=error.code, reason=reason))

    def record_fault(self) -> None:
        """Count a request that the broker left unanswered because of its own fault."""
        with self._guard:
            self.counters.faults += 1

    def _answer(
        self,
        repository: Repository,
        member: PeerRecord,
        request: messages.BrokerRequest,
        now: float,
        wall: int,
    ) -> messages.BrokerReply:
        match request:
            case messages.Hello():
                raise AssertionError("a hello is answered before it is known whose it is")
            case messages.Search():
                return self._search(repository, request, wall)
            case messages.Show():
                return self._shown(repository, request.id, request.event, wall)
            case messages.Create():
                return self._create(repository, member, request, wall)
            case messages.Permit():
                record = hosting.known(repository, request.event)
                grants.permit(repository, member, record, request)
                return self._shown(repository, request.id, request.event, wall)
            case messages.Join():
                return self._join(repository, member, request, wall)
            case messages.Lease():
                role, seconds = self._enrolment.role_of(member), self._options.lease_seconds
                return hosting.lease(repository, member, role, request, seconds, wall)
            case messages.HoldEvents():
                role, seconds = self._enrolment.role_of(member), self._options.lease_seconds
                held = hosting.hold(repository, member, role, request, seconds, wall)
                if request.offer is None:
                    return held
                with self._guard:
                    assigner = self._assigner if self._assigner.due(now) else None
                return pools.offered(
                    repository, member, request.offer, request, held, wall, assigner
                )
            case messages.ChangePool():
                role = self._enrolment.role_of(member)
                return pools.change(repository, member, role, request, wall)
            case messages.PlaceEvent():
                record = hosting.known(repository, request.event)
                role = self._enrolment.role_of(member)
                return pools.place(repository, member, role, record, request, wall)
            case messages.DrainHost():
                role = self._enrolment.role_of(member)
                return pools.drain(repository, member, role, request, wall)
            case messages.ShowHeld():
                role = self._enrolment.role_of(member)
                return pools.holdings(repository, member, role, request, wall)
            case messages.Verify():
                grant = hosting.verify(repository, member, request, wall)
                return self._with_network(repository, grant)
            case messages.Vouch():
                return hosting.vouch(repository, member, request, wall)
            case messages.Finish():
                return hosting.finish(repository, member, request, wall)
            case messages.ReleaseLease():
                return hosting.leave(repository, member, request)
            case messages.Invite():
                return self._enrolment.invite(repository, member, request, wall)
            case messages.Members():
                return self._enrolment.members(repository, member, request)
            case messages.Revoke():
                return self._enrolment.revoke(repository, member, request, wall)

    # ── peers ────────────────────────────────────────────────────────────────────────────────

    def _hello(
        self,
        repository: Repository,
        routing_id: bytes,
        curve: bytes,
        address: str,
        request: messages.Hello,
        now: float,
        wall: int,
    ) -> messages.Welcome:
        if request.version != messages.VERSION:
            raise WrongVersion(
                f"protocol version {request.version} is not supported, only {messages.VERSION}"
            )
        # ZeroMQ numbers the connections that set no routing id: such an id begins with a zero
        # byte, and after a restart another peer gets it and would take over the session.
        least = ROUTING_ID_BYTES + (len(keys.routing_prefix(curve)) if curve else 0)
        if len(routing_id) < least or routing_id[0] == 0:
            raise BadMessage(
                f"set a ZMQ_ROUTING_ID of at least {least} bytes before connecting, the last "
                f"{ROUTING_ID_BYTES} of them random"
            )
        known = repository.member(keys.peer_id(request.key))
        member = self._enrolment.receive(repository, request, curve, curve or routing_id, now, wall)
        if address and known != member:  # enrolled or raised
            came_from = self._came_from(request, address)
            digest = tokens.digest(tokens.derive(self._secret, NETWORK, *came_from))
            repository.put_network(member.peer, digest)
        before = repository.member_on(routing_id)
        if before is not None and before.peer != member.peer:
            raise Conflict("this connection belongs to another peer; open a new connection")
        repository.bind(routing_id, member.peer, wall)
        role = self._enrolment.role_of(member)
        if request.process and roles.covers(role, "host"):
            repository.put_target(targets.said(request, member, role, address), wall)
        self._trim(repository, now, wall)
        return messages.Welcome(
            id=request.id,
            peer=member.peer,
            role=role,
            time=wall,
            heartbeat=self._options.heartbeat,
        )

    def _came_from(self, request: messages.Hello, address: str) -> tuple[str, ...]:
        """Return where a hello came from: a gateway tells its people apart, if the broker knows it;
        others might call each of their keys another person."""
        place = network(address)
        here = address == "::1" or addresses.is_loopback(place)
        if here or place in self._options.gateways:
            return place, request.behind
        return (place,)

    def _with_network(self, repository: Repository, grant: messages.Grant) -> messages.Grant:
        """Return a grant that says where its peer came from, by a digest of its event alone: hosts
        learn no address, and cannot tell that somebody of two events is the same."""
        stored = repository.network(grant.peer)
        if not stored:
            return grant
        digest = tokens.digest(tokens.derive(self._secret, NETWORK, grant.event, stored))
        return msgspec.structs.replace(grant, network=digest)

    def _trim(self, repository: Repository, now: float, wall: int) -> None:
        with self._guard:
            due, self._trim_at = now >= self._trim_at, max(self._trim_at, now + TRIM_SECONDS)
        if due:
            # Expired tokens stay on record for a while: from them the broker knows which revoked
            # peers may still hold a connection to a host, and tells the host.
            oldest = wall - round(self._options.session_seconds * times.SECOND)
            repository.forget(sessions_before=oldest, expired_before=oldest)

    # ── events ───────────────────────────────────────────────────────────────────────────────

    def _search(
        self, repository: Repository, request: messages.Search, wall: int
    ) -> messages.EventList:
        with self._guard:
            self._index.follow(repository.changes(self._index.revision))
            events = self._index.search(
                request.text,
                sport=request.sport,
                status=request.status,
                limit=request.limit + 1,
                cursor=request.cursor,
                competition=request.competition,
            )
        cards = repository.cards(events[: request.limit], wall)
        page: list[messages.Card] = []
        size = 0
        for event in events[: request.limit]:
            # Another worker may have added events to the index since this transaction began.
            if event not in cards:
                continue
            size += len(codec.encode(cards[event]))
            if page and size > PAGE_BYTES:
                break
            page.append(cards[event])
        more = bool(page) and page[-1].event != events[-1]
        return messages.EventList(id=request.id, events=page, cursor=page[-1].event if more else "")

    def _shown(self, repository: Repository, number: int, event: str, wall: int) -> messages.Event:
        card = hosting.known(repository, event).card
        return messages.Event(id=number, card=hosting.with_host(repository, card, wall))

    def _create(
        self, repository: Repository, member: PeerRecord, request: messages.Create, wall: int
    ) -> messages.Event:
        roles.require(self._enrolment.role_of(member), "host", "to create an event")
        card = checks.cleaned(
            messages.Card(
                event="",
                title=request.title,
                sport=request.sport,
                origins=request.origins,
                starts=request.starts,
                lineups=request.lineups,
                rules=request.rules,
                timing=request.timing,
                hidden=request.hidden,
                competition=request.competition,
                round=request.round,
                venue=request.venue,
            )
        )
        if not request.key:
            raise BadMessage("key is empty; it ensures that a repeated request creates one event")
        before = repository.created(member.peer, request.key)
        if before is not None:
            plain = msgspec.structs.replace(
                before.card,
                event="",
                created=0,
                status="scheduled",
                owner="",
                owners=[],
                hosts=[],
            )
            if plain != card:
                raise Conflict(
                    f"key {request.key!r} has created {before.card.event}, with other values"
                )
            return messages.Event(
                id=request.id, card=hosting.with_host(repository, before.card, wall)
            )
        checks.event(card)
        checks.playable(card, self._sport)
        self._check_room(repository, member)
        named = grants.asked(repository, request)
        card = msgspec.structs.replace(
            card,
            event=self._free_id(repository, card.title),
            created=wall,
            owner=member.peer,
        )
        repository.add_event(card, member.peer, request.key)
        grants.permit_all(repository, member, card.event, named)
        return self._shown(repository, request.id, card.event, wall)

    def _check_room(self, repository: Repository, member: PeerRecord) -> None:
        with self._guard:
            self._index.follow(repository.changes(self._index.revision))
            count = len(self._index)
        if count >= self._options.max_events:
            raise Overloaded(f"{count:,} events, at most {self._options.max_events:,} allowed")
        own, most = repository.count_events(member.peer), self._options.peer_events
        if own >= most:
            raise Overloaded(f"this peer has {own:,} events, at most {most:,} allowed")

    def _free_id(self, repository: Repository, title: str) -> str:
        for _ in range(ID_ATTEMPTS):
            event = event_id(title, self._entropy)
            if repository.event(event) is None:
                return event
        raise Overloaded(f"no free event id for {title!r}; try again or take another title")

    # ── invitations to events ────────────────────────────────────────────────────────────────

    def _join(
        self, repository: Repository, member: PeerRecord, request: messages.Join, wall: int
    ) -> messages.Invitation:
        if request.role == "operator":
            raise BadMessage(
                "role operator is not valid in an event; viewer, reporter and host are"
            )
        record = hosting.known(repository, request.event)
        roles.require(self._enrolment.role_of(member), request.role, f"to join as {request.role}")
        if request.role == "host":
            grants.require_host(repository, record, member.peer, "join it as host")
        held = hosting.held(repository, request.event, wall)
        # While a host serves it, it may still take reports: that is for the host to say.
        if record.card.status == "finished" and request.role != "host" and held is None:
            raise EventOver(f"{request.event} is over and no host serves its feed")
        token, expires = self._token(repository, member, request, wall)
        invite = partial(
            messages.Invitation,
            id=request.id,
            card=msgspec.structs.replace(record.card, hosted=held is not None),
            token=token,
            expires=expires,
        )
        if held is None:
            return invite()
        host = repository.member(held.peer)
        if host is None:
            raise AssertionError(f"a lease of {held.peer}, which is not enrolled")
        key = b"" if self._options.insecure else host.key
        return invite(epoch=held.epoch, endpoints=held.endpoints, key=key)

    def _token(
        self, repository: Repository, member: PeerRecord, request: messages.Join, wall: int
    ) -> tuple[str, int]:
        """Return a peer's token and when it expires: the one that it has, or a new one."""
        for known in repository.tokens_of(member.peer, request.event, request.role, wall):
            token = self._derived(member, request, known.expires)
            # That of another broker, or of a release that kept tokens, can't be given again.
            if tokens.digest(token) == known.digest:
                return token, known.expires
        return self._new_token(repository, member, request, wall)

    def _derived(self, member: PeerRecord, request: messages.Join, expires: int) -> str:
        return tokens.derive(self._secret, member.peer, request.event, request.role, expires)

    def _new_token(
        self, repository: Repository, member: PeerRecord, request: messages.Join, wall: int
    ) -> tuple[str, int]:
        count, most = repository.count_tokens(member.peer, wall), self._options.peer_tokens
        if count >= most:
            raise Overloaded(f"this peer holds {count:,} tokens, at most {most:,} allowed")
        expires = wall + round(self._options.token_seconds * times.SECOND)
        token = self._derived(member, request, expires)
        repository.add_token(
            TokenRecord(
                digest=tokens.digest(token),
                peer=member.peer,
                event=request.event,
                role=request.role,
                expires=expires,
            )
        )
        return token, expires


def _member_on(repository: Repository, routing_id: bytes, curve: bytes) -> PeerRecord:
    """Return the peer that a connection belongs to.

    Raises:
        UnknownPeer, WrongKey, Revoked: as for `Core.check_peer`.
    """
    member = repository.member_on(routing_id)
    if member is None:
        raise UnknownPeer("this connection has not said hello")
    if curve and member.curve != curve:
        raise WrongKey("this connection's routing id belongs to another key")
    if member.revoked:
        raise Revoked(f"{member.peer} was revoked at {times.to_rfc3339(member.revoked)}")
    return member
