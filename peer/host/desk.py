"""Where peers present their tokens: seats, requests on the ROUTER, reports on the PULL."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...protocol import codec, limits, messages
from ...protocol.errors import (
    BadToken,
    NotFound,
    Overloaded,
    PeerError,
    StorageFault,
    TouchlineError,
    UnknownPeer,
    WrongVersion,
)
from ...protocol.messages import Attach, Grant, HostReply, Report, Reports
from .core import EventCore
from .member import Member

REFUSAL_SECONDS = 5.0
"""For how long the broker is not asked again about a token that it does not know."""

ATTACHED = 65_536
"""Connections that are remembered; of more, those least recently heard have to attach again."""

RECEIPTS_KEPT = 100
"""Receipts kept for a peer that can't be reached; the newest."""

Seat = tuple[EventCore, Member]


@dataclass(slots=True)
class Waiting:
    """What waits for the broker's word on a token."""

    attaches: list[tuple[bytes, Attach]] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)


class Desk:
    """Seats peers by their tokens and hands what they say to the right core.

    Args:
        cores: the events that are served, by id; the shell's own, looked at again each time.
        touch: tells the shell that a core is part of this turn, with its time set.
        ask: sends `verify` to the broker; returns the request's number.
        send: sends a frame to a routing id.
    """

    def __init__(
        self,
        cores: dict[str, EventCore],
        touch: Callable[[EventCore], None],
        ask: Callable[[messages.Verify], int],
        send: Callable[[bytes, bytes], object],
    ) -> None:
        self._cores = cores
        self._touch = touch
        self._ask = ask
        self._send = send
        self._seats: dict[str, Seat] = {}
        self._waiting: dict[str, Waiting] = {}
        self._asked: dict[int, str] = {}
        self._refused: dict[str, tuple[float, TouchlineError]] = {}
        self._kept: dict[str, deque[bytes]] = {}
        self._attached: dict[tuple[bytes, str], Seat] = {}
        # By token: who was there, or (None) left, while nothing could be stored.
        self._met: dict[str, tuple[EventCore, Member, int | None]] = {}
        self.routes: dict[str, bytes] = {}
        """Where a token's holder can be reached: token to routing id."""
        self.refusals: dict[str, int] = {}
        """Frames refused before they reached a core, by code."""

    def open(self, core: EventCore) -> None:
        """Know the tokens that an event's journal brought back."""
        for token, member in core.roster.by_token.items():
            self._seats[token] = (core, member)

    def close(self, core: EventCore) -> None:
        """Forget everybody who takes part in an event that is no longer served here."""
        for token in core.roster.by_token:
            self._seats.pop(token, None)
            self.routes.pop(token, None)
            self._kept.pop(token, None)
            self._met.pop(token, None)
        gone = [key for key, seat in self._attached.items() if seat[0] is core]
        for key in gone:
            del self._attached[key]

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    def take_reports(self, frames: Iterable[bytes], now: float, wall: int) -> None:
        """Hand over the frames of the PULL socket in the order in which they came."""
        seats = self._seats
        decode = codec.decode_report
        touched = None
        for frame in frames:
            try:
                message = decode(frame)
                seat = seats.get(message.token)
                if seat is None:
                    self._hold(message, frame, now)
                    continue
                core, member = seat
                if member.expires < wall:
                    raise BadToken("the token has expired; join again")
                if core is not touched:
                    self._touch(core)
                    touched = core
                core.report(member, message, frame)
            except PeerError as error:
                self._count(error)

    def _hold(self, message: Report | Reports, frame: bytes, now: float) -> None:
        waiting = self._wait_for(message.token, now)
        if len(waiting.frames) >= limits.WAITING_REPORTS:
            raise Overloaded(f"{limits.WAITING_REPORTS} reports wait for this token already")
        waiting.frames.append(frame)

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    def answer(self, routing_id: bytes, frame: bytes, now: float, wall: int) -> None:
        """Answer one frame of the ROUTER socket."""
        number = 0
        try:
            request = codec.decode_host_request(frame)
            number = request.id
            match request:
                case Attach():
                    self._attach(routing_id, request, now, wall)
                case messages.Ping():
                    core, member = self._seat(routing_id, request.event)
                    if member.expires < wall:
                        # Its reports are refused, and nothing else would tell it why.
                        del self._attached[routing_id, request.event]
                        raise UnknownPeer("the token has expired; attach with a new one")
                    self._touch(core)
                    core.ping(member, request.last)
                    # Where the connection that had the receipts is gone, this one has them now.
                    self.routes.setdefault(member.token, routing_id)
                    self._reply(
                        routing_id,
                        messages.Pong(
                            id=number, event=request.event, time=request.time, host_time=wall
                        ),
                    )
                case messages.Replay():
                    core, _ = self._seat(routing_id, request.event)
                    core.counters.replayed += 1
                    for block in core.feed.replay(number, request.first, request.last):
                        self._send(routing_id, block)
                case messages.Detach():
                    core, member = self._seat(routing_id, request.event)
                    self._touch(core)
                    core.detach(member)
                    del self._attached[routing_id, request.event]
                    self._reply(routing_id, messages.Done(id=number))
        except PeerError as error:
            self._refuse(routing_id, number, error)

    # ── while nothing can be stored ──────────────────────────────────────────────────────────

    def answer_meanwhile(self, routing_id: bytes, frame: bytes, wall: int, trouble: str) -> bytes:
        """Return the answer to a frame while nothing can be stored; nothing of a core changes.

        Who is there, or leaves, is remembered for `recall`. What needs the disk is refused, and
        asked for again by peers.
        """
        number = 0
        try:
            request = codec.decode_host_request(frame)
            number = request.id
            match request:
                case messages.Ping():
                    core, member = self._seat(routing_id, request.event)
                    self._met[member.token] = (core, member, request.last)
                    pong = messages.Pong(
                        id=number, event=request.event, time=request.time, host_time=wall
                    )
                    return codec.encode(pong)
                case messages.Detach():
                    core, member = self._seat(routing_id, request.event)
                    self._met[member.token] = (core, member, None)
                    del self._attached[routing_id, request.event]
                    return codec.encode(messages.Done(id=number))
                case _:
                    raise StorageFault(trouble)
        except (PeerError, StorageFault) as error:
            return self._error(number, error)

    def recall(self) -> None:
        """Let the cores know who was there meanwhile; within a turn."""
        met, self._met = self._met, {}
        for core, member, last in met.values():
            self._touch(core)
            if last is None:
                core.detach(member)
            else:
                core.ping(member, last)

    def _attach(self, routing_id: bytes, request: Attach, now: float, wall: int) -> None:
        if request.version != messages.VERSION:
            raise WrongVersion(
                f"protocol version {request.version}, this host speaks {messages.VERSION}"
            )
        seat = self._seats.get(request.token)
        if seat is None:
            waiting = self._wait_for(request.token, now)
            if len(waiting.attaches) >= limits.WAITING_REPORTS:
                raise Overloaded("too many wait for the broker's word on this token")
            waiting.attaches.append((routing_id, request))
            return
        core, member = seat
        if member.expires < wall:
            raise BadToken("the token has expired; join again")
        grant = Grant(
            id=0,
            token=member.token,
            peer=member.peer,
            name=member.name,
            role=member.role,
            event=core.card.event,
            expires=member.expires,
        )
        self._admit(routing_id, request, core, grant)

    def _admit(self, routing_id: bytes, request: Attach, core: EventCore, grant: Grant) -> None:
        self._touch(core)
        member = core.seat(grant, request)
        self._seats[grant.token] = (core, member)
        self._attached[routing_id, core.card.event] = (core, member)
        while len(self._attached) > ATTACHED:
            del self._attached[next(iter(self._attached))]
        self.routes[grant.token] = routing_id
        self._reply(routing_id, core.setup(request.id, member))
        for receipt in self._kept.pop(grant.token, ()):
            self._send(routing_id, receipt)

    def keep(self, token: str, receipt: bytes) -> None:
        """Keep a receipt for a peer that can't be reached until it attaches again.

        After a restart of the host the reports that a PUSH socket held arrive before their sender
        has attached; it would otherwise never hear what became of them.
        """
        self.routes.pop(token, None)
        self._kept.setdefault(token, deque(maxlen=RECEIPTS_KEPT)).append(receipt)

    def _seat(self, routing_id: bytes, event: str) -> Seat:
        seat = self._attached.pop((routing_id, event), None)
        if seat is None:
            raise UnknownPeer("attach with a token first")
        self._attached[routing_id, event] = seat  # last again: it was heard just now
        return seat

    # ── the broker's word ────────────────────────────────────────────────────────────────────

    def _wait_for(self, token: str, now: float) -> Waiting:
        until, error = self._refused.get(token, (0.0, None))
        if error is not None:
            if now < until:
                raise error
            del self._refused[token]
        waiting = self._waiting.get(token)
        if waiting is None:
            if len(self._waiting) >= limits.UNKNOWN_TOKENS:
                raise Overloaded(f"{limits.UNKNOWN_TOKENS:,} tokens are being asked about")
            self._asked[self._ask(messages.Verify(id=0, token=token))] = token
            waiting = self._waiting[token] = Waiting()
        return waiting

    def granted(
        self, number: int, reply: messages.BrokerReply | TouchlineError, now: float, wall: int
    ) -> bool:
        """Take the broker's answer to a request; False where it was not this desk's."""
        token = self._asked.pop(number, None)
        if token is None:
            return False
        waiting = self._waiting.pop(token)
        try:
            if isinstance(reply, TouchlineError):
                raise reply
            if not isinstance(reply, Grant):
                raise BadToken("the broker gave no grant")
            core = self._cores.get(reply.event)
            if core is None:
                raise NotFound(f"event {reply.event!r} is not hosted here")
        except TouchlineError as error:
            self._remember(token, error, now)
            for routing_id, request in waiting.attaches:
                self._refuse(routing_id, request.id, error)
            for _ in waiting.frames:
                self._count(error)
            return True
        if waiting.frames:
            self._touch(core)
            member = core.seat(reply, Attach(id=0, token=token, time=0))
            self._seats[token] = (core, member)
        for routing_id, request in waiting.attaches:
            try:
                self._admit(routing_id, request, core, reply)
            except PeerError as error:
                self._refuse(routing_id, request.id, error)
        self.take_reports(waiting.frames, now, wall)
        return True

    def _remember(self, token: str, error: TouchlineError, now: float) -> None:
        if isinstance(error, BadToken):  # anything else may be different in a moment
            while len(self._refused) >= limits.UNKNOWN_TOKENS:
                del self._refused[next(iter(self._refused))]
            self._refused[token] = (now + REFUSAL_SECONDS, error)

    # ── replies ──────────────────────────────────────────────────────────────────────────────

    def _reply(self, routing_id: bytes, reply: HostReply) -> None:
        self._send(routing_id, codec.encode(reply))

    def _refuse(self, routing_id: bytes, number: int, error: TouchlineError) -> None:
        self._send(routing_id, self._error(number, error))

    def _error(self, number: int, error: TouchlineError) -> bytes:
        self._count(error)
        reason = error.sentence[: limits.TEXT_CHARS]
        return codec.encode(messages.Error(id=number, code=error.code, reason=reason))

    def _count(self, error: TouchlineError) -> None:
        self.refusals[error.code] = self.refusals.get(error.code, 0) + 1
