"""The broker's decisions: who is who, which events there are, who hosts them, who may come in.

Pure: records lie behind `books.Registry`, time and randomness are given. One core may answer for
several threads: what it holds in memory is touched only under `guard`, everything else is on
record.

Who may do what: anybody who said `hello` may search, show, create, join. A peer may take the
lease of an event if it created the event or joined it as host. What then speaks for the event
(verify, finish, leave) is the peer that holds the lease.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial

import msgspec

from .. import sports
from ..protocol import codec, limits, messages, times
from ..protocol.errors import (
    BadMessage,
    BadToken,
    Conflict,
    EnvironmentFault,
    EventOver,
    NotAllowed,
    NotFound,
    Overloaded,
    PeerError,
    TouchlineError,
    UnknownPeer,
    WrongVersion,
)
from . import checks, leases
from .books import Books, Record, Registry, Tenure, Ticket
from .counters import Counters
from .names import event_id
from .options import Options
from .search import Index

IDENTITY_CHARS = 16
"""The shortest identity that is taken for a secret."""

ROUTING_ID_BYTES = 8
"""The shortest routing id that is taken for a random one."""

TRIM_SECONDS = 60.0
"""How often connections long unseen and tokens long expired are dropped from the records."""

PAGE_BYTES = limits.BLOCK_BYTES // 2
"""A page of events ends early at this size, so that the reply keeps its limit."""

ID_ATTEMPTS = 8
"""Event ids to draw before giving up; each is free with near certainty."""

_WRITES = (messages.Hello, messages.Create, messages.Join, messages.Lease, messages.Finish,
           messages.Leave)  # fmt: skip


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
        counters: Counters | None = None,
    ) -> None:
        self.counters = counters or Counters()
        self._registry = registry
        self._options = options
        self._entropy = entropy
        self._sport = sport
        self._guard = guard or nullcontext()
        self._index = Index()
        self._trim_at = 0.0

    def receive(self, routing_id: bytes, frame: bytes, now: float, wall: int) -> bytes:
        """Answer one frame; what was asked for is on disk when this returns.

        Args:
            routing_id: the connection it came from.
            frame: the body, whatever it holds.
            now: monotonic seconds.
            wall: microseconds since 1970.

        Returns:
            the reply for that connection: an `Error` where the request was refused.
        """
        try:
            request: messages.BrokerRequest = codec.decode_broker_request(frame)
            with self._guard:
                self.counters.requests[type(request).__name__.lower()] += 1
            checks.no_zero_character(request)
            with self._registry.begin(write=isinstance(request, _WRITES)) as books:
                reply = self._answer(books, routing_id, request, now, wall)
            return codec.encode(reply)
        except (PeerError, EnvironmentFault) as error:
            return self.refuse(frame, error)

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

    def note_fault(self) -> None:
        """Count a request that was left unanswered because of a fault of our own."""
        with self._guard:
            self.counters.faults += 1

    def _answer(
        self,
        books: Books,
        routing_id: bytes,
        request: messages.BrokerRequest,
        now: float,
        wall: int,
    ) -> messages.BrokerReply:
        if isinstance(request, messages.Hello):
            return self._hello(books, routing_id, request, now, wall)
        peer = books.peer_of(routing_id)
        if peer is None:
            raise UnknownPeer("this connection has not said hello")
        match request:
            case messages.Search():
                return self._search(books, request, wall)
            case messages.Show():
                record = _known(books, request.event)
                return messages.Event(id=request.id, card=_with_host(books, record.card, wall))
            case messages.Create():
                return self._create(books, peer, request, wall)
            case messages.Join():
                return self._join(books, peer, request, wall)
            case messages.Lease():
                return self._lease(books, peer, request, wall)
            case messages.Verify():
                return _verify(books, peer, request, wall)
            case messages.Finish():
                return _finish(books, peer, request, wall)
            case messages.Leave():
                return _leave(books, peer, request)

    # ── who is there ─────────────────────────────────────────────────────────────────────────

    def _hello(
        self, books: Books, routing_id: bytes, request: messages.Hello, now: float, wall: int
    ) -> messages.Welcome:
        if request.version != messages.VERSION:
            raise WrongVersion(
                f"version {request.version} is not spoken here, only {messages.VERSION}"
            )
        if len(request.identity) < IDENTITY_CHARS:
            raise BadMessage(
                f"identity of {len(request.identity)} characters, at least {IDENTITY_CHARS} needed"
            )
        # ZeroMQ numbers connections that name no id of their own, from a zero byte, and gives
        # the same numbers out again after a restart: such a session would pass to a stranger.
        if len(routing_id) < ROUTING_ID_BYTES or routing_id[0] == 0:
            raise BadMessage(
                f"set a random ZMQ_ROUTING_ID of at least {ROUTING_ID_BYTES} bytes before "
                "connecting"
            )
        checks.printable("name", request.name)
        peer = hashlib.sha256(request.identity.encode()).hexdigest()[:16]
        if books.peer_of(routing_id) not in (None, peer):
            raise Conflict("this connection belongs to another peer; connect anew")
        books.put_peer(peer, request.name)
        books.bind(routing_id, peer, wall)
        with self._guard:
            due, self._trim_at = now >= self._trim_at, max(self._trim_at, now + TRIM_SECONDS)
        if due:
            keep = round(self._options.session_seconds * times.SECOND)
            books.forget(sessions_before=wall - keep, tickets_before=wall)
        return messages.Welcome(
            id=request.id, peer=peer, time=wall, heartbeat=self._options.heartbeat
        )

    # ── which events there are ───────────────────────────────────────────────────────────────

    def _search(self, books: Books, request: messages.Search, wall: int) -> messages.Events:
        with self._guard:
            self._index.follow(books.changes(self._index.revision))
            events = self._index.search(
                request.text,
                sport=request.sport,
                status=request.status,
                limit=request.limit + 1,
                cursor=request.cursor,
            )
        cards = books.cards(events[: request.limit], wall)
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
        return messages.Events(id=request.id, events=page, cursor=page[-1].event if more else "")

    def _create(
        self, books: Books, peer: str, request: messages.Create, wall: int
    ) -> messages.Event:
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
        before = books.created(peer, request.key)
        if before is not None:
            plain = msgspec.structs.replace(before.card, event="", created=0, status="scheduled")
            if plain != card:
                raise Conflict(
                    f"the key {request.key!r} made {before.card.event}, which is another event"
                )
            return messages.Event(id=request.id, card=_with_host(books, before.card, wall))
        checks.event(card)
        checks.playable(card, self._sport)
        self._check_room(books)
        card = msgspec.structs.replace(card, event=self._free_id(books, card.title), created=wall)
        books.add_event(card, peer, request.key)
        return messages.Event(id=request.id, card=card)

    def _check_room(self, books: Books) -> None:
        with self._guard:
            self._index.follow(books.changes(self._index.revision))
            count = len(self._index)
        if count >= self._options.max_events:
            raise Overloaded(f"{count:,} events, at most {self._options.max_events:,} allowed")

    def _free_id(self, books: Books, title: str) -> str:
        for _ in range(ID_ATTEMPTS):
            event = event_id(title, self._entropy)
            if books.event(event) is None:
                return event
        raise Overloaded(f"no free event id for {title!r}; try again or take another title")

    # ── who may come in, who hosts ───────────────────────────────────────────────────────────

    def _join(
        self, books: Books, peer: str, request: messages.Join, wall: int
    ) -> messages.Invitation:
        record = _known(books, request.event)
        held = _held(books, request.event, wall)
        if record.card.status == "finished" and request.role != "host":
            if request.role == "reporter":
                raise EventOver(f"{request.event} is over; it takes no reports")
            if held is None:
                raise EventOver(f"{request.event} is over and nobody serves its feed")
        ticket = books.ticket_of(peer, request.event, request.role, wall)
        if ticket is None:
            ticket = Ticket(
                token=str(uuid.UUID(bytes=self._entropy(16), version=4)),
                peer=peer,
                event=request.event,
                role=request.role,
                expires=wall + round(self._options.token_seconds * times.SECOND),
            )
            books.add_ticket(ticket)
        card = msgspec.structs.replace(record.card, hosted=held is not None)
        invite = partial(
            messages.Invitation,
            id=request.id,
            card=card,
            token=ticket.token,
            expires=ticket.expires,
        )
        return invite(epoch=held.epoch, endpoints=held.endpoints) if held else invite()

    def _lease(
        self, books: Books, peer: str, request: messages.Lease, wall: int
    ) -> messages.Leased:
        record = _known(books, request.event)
        checks.lease(request)
        mine = books.tenure(request.event, request.instance)
        last = books.tenure(request.event)
        entitled = (
            record.creator == peer or books.ticket_of(peer, request.event, "host", wall) is not None
        )
        epoch = leases.grant(request, peer, mine=mine, last=last, entitled=entitled, wall=wall)
        if last is not None and last.instance != request.instance:
            books.put_tenure(replace(last, expires=0))
        seconds = self._options.lease_seconds
        books.put_tenure(
            Tenure(
                event=request.event,
                instance=request.instance,
                peer=peer,
                epoch=epoch,
                seq=request.seq,
                endpoints=request.endpoints,
                expires=wall + round(seconds * times.SECOND),
            )
        )
        if record.card.status == "scheduled":
            books.set_status(request.event, "live")
        return messages.Leased(id=request.id, event=request.event, epoch=epoch, seconds=seconds)


def _known(books: Books, event: str) -> Record:
    record = books.event(event)
    if record is None:
        raise NotFound(f"no event {event!r}")
    return record


def _held(books: Books, event: str, wall: int) -> Tenure | None:
    """Return the tenure that holds the event now."""
    tenure = books.tenure(event)
    return tenure if tenure is not None and tenure.expires > wall else None


def _with_host(books: Books, card: messages.Card, wall: int) -> messages.Card:
    hosted = _held(books, card.event, wall) is not None
    return msgspec.structs.replace(card, hosted=hosted)


def _verify(books: Books, peer: str, request: messages.Verify, wall: int) -> messages.Grant:
    ticket = books.ticket(request.token)
    if ticket is None:
        raise BadToken("the token is unknown")
    held = _held(books, ticket.event, wall)
    if held is None or held.peer != peer:
        raise NotAllowed("only the host that holds the lease of the token's event may ask")
    if ticket.expires <= wall:
        raise BadToken(f"the token expired at {times.to_rfc3339(ticket.expires)}")
    return messages.Grant(
        id=request.id,
        token=ticket.token,
        peer=ticket.peer,
        name=books.peer_name(ticket.peer),
        role=ticket.role,
        event=ticket.event,
        expires=ticket.expires,
    )


def _finish(books: Books, peer: str, request: messages.Finish, wall: int) -> messages.Done:
    record = _known(books, request.event)
    held = _held(books, request.event, wall)
    if held is None or held.peer != peer:
        raise NotAllowed(f"only the host that holds the lease of {request.event} may finish it")
    if record.card.status != "finished":
        books.set_status(request.event, "finished")
    return messages.Done(id=request.id)


def _leave(books: Books, peer: str, request: messages.Leave) -> messages.Done:
    _known(books, request.event)
    mine = books.tenure(request.event, request.instance)
    if mine is None or mine.peer != peer:
        raise NotAllowed(f"only the host that holds the lease of {request.event} may leave it")
    # Of an instance that was taken over there is nothing left to end: done already.
    if mine.expires:
        books.put_tenure(replace(mine, expires=0))
    return messages.Done(id=request.id)
