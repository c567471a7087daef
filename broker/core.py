"""The broker's decisions: who is who, which events there are, who hosts them, who may come in.

Pure: records lie behind `repository.Registry`, time and randomness are given. One core may answer
for several threads: what it holds in memory is touched only under `guard`, everything else is on
record.

Who may do what: anybody who said `hello` may search and show, and join in a role that its own
covers. To create and to lease needs the role of a host; to invite, to see the members and to
revoke that of an operator. A peer may take the lease of an event if it created the event or joined
it as host. What then speaks for the event (verify, vouch, finish, leave) is the peer that holds
the lease.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import msgspec

from .. import sports
from ..protocol import codec, keys, limits, messages, times
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
from . import checks, hosting, roles
from .counters import BrokerCounters
from .enrolment import Enrolment
from .names import event_id
from .options import Options
from .repository import PeerRecord, Registry, Repository, TokenRecord
from .search import SearchIndex

ROUTING_ID_BYTES = 8
"""The fewest bytes of a routing id, behind what is bound to the key, that are taken for random."""

TRIM_SECONDS = 60.0
"""How often connections long unseen and tokens long expired are dropped from the records."""

PAGE_BYTES = limits.BLOCK_BYTES // 2
"""A page of events ends early at this size, so that the reply keeps its limit."""

ID_ATTEMPTS = 8
"""Event ids to draw before giving up; each is free with near certainty."""

_WRITES = (messages.Hello, messages.Create, messages.Join, messages.Lease, messages.Finish,
           messages.ReleaseLease, messages.Invite, messages.Revoke)  # fmt: skip


class _Numbered(msgspec.Struct):
    """The one field that is wanted of a request that can't be read otherwise."""

    id: messages.Count = 0


_number = msgspec.msgpack.Decoder(_Numbered).decode


class Core:
    """Answers requests.

    Args:
        registry: where the records are.
        options: the broker's settings.
        entropy: entropy(n) gives n random bytes.
        sport: finds a sport by its name.
        guard: entered around every touch of memory that threads share.
        counters: where to count; its own unless given.
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
    ) -> None:
        self.counters = counters or BrokerCounters()
        self._registry = registry
        self._options = options
        self._entropy = entropy
        self._sport = sport
        self._guard = guard or nullcontext()
        self._enrolment = Enrolment(options, entropy, self._guard, self.counters)
        self._index = SearchIndex()
        self._trim_at = 0.0

    def receive(
        self, routing_id: bytes, frame: bytes, now: float, wall: int, curve: bytes = b""
    ) -> bytes:
        """Answer one frame; what was asked for is on disk when this returns.

        Args:
            routing_id: the connection it came from.
            frame: the body, whatever it holds.
            now: monotonic seconds.
            wall: microseconds since 1970.
            curve: the CURVE key that the connection has proved to hold, and that its routing id
                is bound to; empty where nothing is encrypted.

        Returns:
            the reply for that connection: an `Error` where the request was refused.
        """
        try:
            request: messages.BrokerRequest = codec.decode_broker_request(frame)
            with self._guard:
                self.counters.requests[str(request.__struct_config__.tag)] += 1
            checks.no_zero_character(request)
            with self._registry.begin(write=isinstance(request, _WRITES)) as repository:
                reply = self._answer(repository, routing_id, curve, request, now, wall)
            return codec.encode(reply)
        except (PeerError, EnvironmentFault) as error:
            return self.refuse(frame, error)

    def admits(self, curve: bytes) -> bool:
        """Tell whether connections of a CURVE key are let in: all but those of revoked peers.

        One that is not enrolled is, because it may have come to enrol.
        """
        try:
            with self._registry.begin(write=False) as repository:
                member = repository.member_by_curve(curve)
        except EnvironmentFault:
            return True  # each request is looked at again
        return member is None or not member.revoked

    def check_peer(self, routing_id: bytes, curve: bytes = b"") -> None:
        """Refuse a connection that is not an enrolled peer's; arguments as for `receive`.

        Raises:
            UnknownPeer: it has not said hello.
            WrongKey, Revoked: it may not.
            StorageFault: the records can't be read.
        """
        with self._registry.begin(write=False) as repository:
            _member_on(repository, routing_id, curve)

    def refuse(self, frame: bytes, error: TouchlineError) -> bytes:
        """Return the error reply to a frame, with its request's id where it has one, and count."""
        with self._guard:
            self.counters.refusals[error.code] += 1
        number = 0
        if len(frame) <= limits.FRAME_BYTES:
            try:
                number = _number(frame).id
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                number = 0  # not a request; 0 says so
        reason = error.sentence[: limits.TEXT_CHARS]
        return codec.encode(messages.Error(id=number, code=error.code, reason=reason))

    def record_fault(self) -> None:
        """Count a request that was left unanswered because of a fault of our own."""
        with self._guard:
            self.counters.faults += 1

    def _answer(
        self,
        repository: Repository,
        routing_id: bytes,
        curve: bytes,
        request: messages.BrokerRequest,
        now: float,
        wall: int,
    ) -> messages.BrokerReply:
        if isinstance(request, messages.Hello):
            return self._hello(repository, routing_id, curve, request, now, wall)
        member = _member_on(repository, routing_id, curve)
        match request:
            case messages.Search():
                return self._search(repository, request, wall)
            case messages.Show():
                card = hosting.known(repository, request.event).card
                return messages.Event(id=request.id, card=hosting.with_host(repository, card, wall))
            case messages.Create():
                return self._create(repository, member, request, wall)
            case messages.Join():
                return self._join(repository, member, request, wall)
            case messages.Lease():
                role, seconds = self._enrolment.role_of(member), self._options.lease_seconds
                return hosting.lease(repository, member, role, request, seconds, wall)
            case messages.Verify():
                return hosting.verify(repository, member, request, wall)
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

    # ── who is there ─────────────────────────────────────────────────────────────────────────

    def _hello(
        self,
        repository: Repository,
        routing_id: bytes,
        curve: bytes,
        request: messages.Hello,
        now: float,
        wall: int,
    ) -> messages.Welcome:
        if request.version != messages.VERSION:
            raise WrongVersion(
                f"version {request.version} is not spoken here, only {messages.VERSION}"
            )
        # ZeroMQ numbers connections that name no id of their own, from a zero byte, and gives
        # the same numbers out again after a restart: such a session would pass to a stranger.
        least = ROUTING_ID_BYTES + (len(keys.routing_prefix(curve)) if curve else 0)
        if len(routing_id) < least or routing_id[0] == 0:
            raise BadMessage(
                f"set a ZMQ_ROUTING_ID of at least {least} bytes before connecting, the last "
                f"{ROUTING_ID_BYTES} of them random"
            )
        checks.printable("name", request.name)
        member = self._enrolment.receive(repository, request, curve, curve or routing_id, now, wall)
        before = repository.member_on(routing_id)
        if before is not None and before.peer != member.peer:
            raise Conflict("this connection belongs to another peer; connect anew")
        repository.bind(routing_id, member.peer, wall)
        self._trim(repository, now, wall)
        return messages.Welcome(
            id=request.id,
            peer=member.peer,
            role=self._enrolment.role_of(member),
            time=wall,
            heartbeat=self._options.heartbeat,
        )

    def _trim(self, repository: Repository, now: float, wall: int) -> None:
        with self._guard:
            due, self._trim_at = now >= self._trim_at, max(self._trim_at, now + TRIM_SECONDS)
        if due:
            # Tickets are kept beyond their time as well: hosts are told by them who of those
            # that were revoked may still hold a connection.
            oldest = wall - round(self._options.session_seconds * times.SECOND)
            repository.forget(sessions_before=oldest, expired_before=oldest)

    # ── which events there are ───────────────────────────────────────────────────────────────

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
            )
        cards = repository.cards(events[: request.limit], wall)
        page: list[messages.Card] = []
        size = 0
        for event in events[: request.limit]:
            # The index may be ahead of this transaction's view: another worker led it on.
            if event not in cards:
                continue
            size += len(codec.encode(cards[event]))
            if page and size > PAGE_BYTES:
                break
            page.append(cards[event])
        more = bool(page) and page[-1].event != events[-1]
        return messages.EventList(id=request.id, events=page, cursor=page[-1].event if more else "")

    def _create(
        self, repository: Repository, member: PeerRecord, request: messages.Create, wall: int
    ) -> messages.Event:
        roles.require(self._enrolment.role_of(member), "host", "to create an event")
        card = messages.Card(
            event="",
            title=request.title,
            sport=request.sport,
            origins=request.origins,
            starts=request.starts,
            lineups=request.lineups,
            rules=request.rules,
            timing=request.timing,
        )
        if not request.key:
            raise BadMessage("an event needs a key, so that asking twice makes one event")
        before = repository.created(member.peer, request.key)
        if before is not None:
            plain = msgspec.structs.replace(before.card, event="", created=0, status="scheduled")
            if plain != card:
                raise Conflict(
                    f"the key {request.key!r} made {before.card.event}, which is another event"
                )
            return messages.Event(
                id=request.id, card=hosting.with_host(repository, before.card, wall)
            )
        checks.event(card)
        checks.playable(card, self._sport)
        self._check_room(repository, member)
        card = msgspec.structs.replace(
            card, event=self._free_id(repository, card.title), created=wall
        )
        repository.add_event(card, member.peer, request.key)
        return messages.Event(id=request.id, card=card)

    def _check_room(self, repository: Repository, member: PeerRecord) -> None:
        with self._guard:
            self._index.follow(repository.changes(self._index.revision))
            count = len(self._index)
        if count >= self._options.max_events:
            raise Overloaded(f"{count:,} events, at most {self._options.max_events:,} allowed")
        own, most = repository.count_events(member.peer), self._options.peer_events
        if own >= most:
            raise Overloaded(f"{own:,} events of this peer's, at most {most:,} allowed")

    def _free_id(self, repository: Repository, title: str) -> str:
        for _ in range(ID_ATTEMPTS):
            event = event_id(title, self._entropy)
            if repository.event(event) is None:
                return event
        raise Overloaded(f"no free event id for {title!r}; try again or take another title")

    # ── who may come in, who hosts ───────────────────────────────────────────────────────────

    def _join(
        self, repository: Repository, member: PeerRecord, request: messages.Join, wall: int
    ) -> messages.Invitation:
        if request.role == "operator":
            raise BadMessage("nobody joins an event as operator; viewer, reporter and host do")
        record = hosting.known(repository, request.event)
        roles.require(self._enrolment.role_of(member), request.role, f"to join as {request.role}")
        held = hosting.held(repository, request.event, wall)
        if record.card.status == "finished" and request.role != "host":
            if request.role == "reporter":
                raise EventOver(f"{request.event} is over; it takes no reports")
            if held is None:
                raise EventOver(f"{request.event} is over and nobody serves its feed")
        ticket = repository.ticket_of(member.peer, request.event, request.role, wall)
        if ticket is None:
            ticket = self._new_ticket(repository, member, request, wall)
        invite = partial(
            messages.Invitation,
            id=request.id,
            card=msgspec.structs.replace(record.card, hosted=held is not None),
            token=ticket.token,
            expires=ticket.expires,
        )
        if held is None:
            return invite()
        host = repository.member(held.peer)
        if host is None:
            raise AssertionError(f"a lease of {held.peer}, who is not enrolled")
        key = b"" if self._options.insecure else host.key
        return invite(epoch=held.epoch, endpoints=held.endpoints, key=key)

    def _new_ticket(
        self, repository: Repository, member: PeerRecord, request: messages.Join, wall: int
    ) -> TokenRecord:
        count, most = repository.count_tickets(member.peer, wall), self._options.peer_tokens
        if count >= most:
            raise Overloaded(f"{count:,} tokens of this peer's, at most {most:,} allowed")
        ticket = TokenRecord(
            token=str(uuid.UUID(bytes=self._entropy(16), version=4)),
            peer=member.peer,
            event=request.event,
            role=request.role,
            expires=wall + round(self._options.token_seconds * times.SECOND),
        )
        repository.add_ticket(ticket)
        return ticket


def _member_on(repository: Repository, routing_id: bytes, curve: bytes) -> PeerRecord:
    """Return whose connection it is; refuse one that is nobody's, or of a revoked peer."""
    member = repository.member_on(routing_id)
    if member is None:
        raise UnknownPeer("this connection has not said hello")
    if curve and member.curve != curve:
        raise WrongKey("this connection's routing id is another key's")
    if member.revoked:
        raise Revoked(f"{member.peer} was revoked at {times.to_rfc3339(member.revoked)}")
    return member
