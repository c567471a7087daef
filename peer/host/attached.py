"""Where peers present their tokens: seats, requests on the ROUTER, reports on the PULL. Pure.

A token is for one key. Whoever presents it over a connection of that key is given a badge, which
nobody else is told: it is all that a report has to carry.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...protocol import codec, keys, limits, messages
from ...protocol.errors import (
    BadToken,
    NotFound,
    Overloaded,
    PeerError,
    Revoked,
    SettingError,
    StorageFault,
    TouchlineError,
    UnknownPeer,
    WrongKey,
    WrongVersion,
)
from ...protocol.messages import Attach, Grant, HostReply, Report
from ...runtime.rate_limit import TokenBucket
from .admission import HostRequestLimiter
from .event.event import EventCore
from .event.member import Member

REFUSAL_SECONDS = 5.0
"""For how long the broker is not asked again about a token that it does not know."""

ATTACHED = 65_536
"""Connections that are remembered; of more, those least recently heard have to attach again."""

RECEIPTS_KEPT = 100
"""Receipts kept for a peer that can't be reached; the newest."""

BURST_SECONDS = 20.0
"""A reporter who was quiet may send at once what its rate allows in this time."""

SHARE = 64
"""Reports taken out of a reporter's bucket at one time, so that most are looked at no further."""

OUT = "an operator has put this peer out"

Seat = tuple[EventCore, Member]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection that waits for the broker's word on its token; `curve` is its CURVE key."""

    routing_id: bytes
    curve: bytes
    request: Attach


@dataclass(slots=True)
class Question:
    """A token that the broker is being asked about."""

    token: str
    waiting: list[Waiting] = field(default_factory=list)


class AttachedPeers:
    """Seats peers by their tokens and hands what they say to the right core.

    Args:
        cores: the events that are served, by id; the shell's own, looked at again each time.
        touch: tells the shell that a core is part of this turn, with its time set.
        ask: sends `verify` to the broker; returns the request's number.
        send: sends a frame to a routing id.
        badge: gives a new badge that nobody can guess.
        gate: says whose requests are heard.
        report_rate: reports a second that one reporter may go on with.
    """

    def __init__(
        self,
        cores: dict[str, EventCore],
        touch: Callable[[EventCore], None],
        ask: Callable[[messages.Verify], int],
        send: Callable[[bytes, bytes], object],
        badge: Callable[[], str],
        gate: HostRequestLimiter,
        report_rate: float,
    ) -> None:
        self._cores = cores
        self._touch = touch
        self._ask = ask
        self._send = send
        self._badge = badge
        self._gate = gate
        self._rate = report_rate
        self._burst = max(BURST_SECONDS * report_rate, limits.BATCH_REPORTS)
        self._seats: dict[str, Seat] = {}  # by token
        self._badges: dict[str, Seat] = {}
        self._questions: dict[str, Question] = {}  # by token
        self._asked: dict[int, Question] = {}
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
        """Know whom an event's journal brought back."""
        for member in core.roster.members.values():
            self._place(core, member)

    def close(self, core: EventCore) -> None:
        """Forget everybody who takes part in an event that is no longer served here."""
        for member in core.roster.members.values():
            self._displace(member)
        gone = [key for key, seat in self._attached.items() if seat[0] is core]
        for key in gone:
            del self._attached[key]

    def _place(self, core: EventCore, member: Member) -> None:
        if member.key:  # in journals of before there were keys there is none
            self._seats[member.token] = self._badges[member.badge] = (core, member)

    def _displace(self, member: Member) -> None:
        self._badges.pop(member.badge, None)
        token = member.token
        self._seats.pop(token, None)
        self.routes.pop(token, None)
        self._kept.pop(token, None)
        self._met.pop(token, None)

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    def take_reports(self, frames: Iterable[bytes], now: float, wall: int) -> int:
        """Hand over the frames of the PULL socket in the order in which they came.

        Returns:
            how many of them were refused.
        """
        badges = self._badges
        decode = codec.decode_report
        touched = None
        refused = 0
        for frame in frames:
            try:
                message = decode(frame)
                seat = badges.get(message.token)
                if seat is None:
                    raise BadToken("no badge of this host's; attach first")
                core, member = seat
                if member.expires < wall:
                    raise _lapsed(member)
                size = 1 if type(message) is Report else len(message.reports)  # type: ignore[union-attr]  # the other one
                if member.room >= size:
                    member.room -= size
                elif member.dry == now or not self._refill(member, size, now):
                    refused += 1
                    self.refusals["OVERLOADED"] = self.refusals.get("OVERLOADED", 0) + 1
                    continue
                if core is not touched:
                    self._touch(core)
                    touched = core
                core.report(member, message, frame)
            except PeerError as error:
                refused += 1
                self._count(error)
        return refused

    def _refill(self, member: Member, size: int, now: float) -> bool:
        """Take reports out of a member's bucket; tell whether it is enough for `size` of them."""
        if member.bucket is None:
            member.bucket = TokenBucket(self._rate, self._burst)
        member.room += member.bucket.take_most(max(size, SHARE), now)
        if member.room < size:
            member.dry = now  # what comes after it in this turn need not be looked at
            return False
        member.room -= size
        return True

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    def answer(self, routing_id: bytes, curve: bytes, frame: bytes, now: float, wall: int) -> bool:
        """Answer one frame of the ROUTER socket.

        Args:
            routing_id: the connection that it came from.
            curve: the CURVE key of that connection; empty where nothing is encrypted, and any
                token is believed.
            frame: its bytes.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.

        Returns:
            whether it was one that is not refused.
        """
        number = 0
        shut = self._gate.judge(routing_id, curve, now)
        if shut is not None:
            if self._gate.tells(routing_id, curve, now):
                self._refuse(routing_id, 0, shut)
            else:
                self._count(shut)
            return False
        try:
            request = codec.decode_host_request(frame)
            number = request.id
            match request:
                case Attach():
                    self._attach(Waiting(routing_id, curve, request), now, wall)
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
                    self._gate.check_replay(routing_id, curve, now)
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
            return False
        return True

    # ── while nothing can be stored ──────────────────────────────────────────────────────────

    def answer_meanwhile(
        self, routing_id: bytes, curve: bytes, frame: bytes, now: float, wall: int, trouble: str
    ) -> bytes:
        """Return the answer to a frame while nothing can be stored; nothing of a core changes.

        Who is there, or leaves, is remembered for `recall`. What needs the disk is refused, and
        asked for again by peers. Empty where it is over its rate, and refused without a word.
        """
        number = 0
        shut = self._gate.judge(routing_id, curve, now)
        if shut is not None:
            told = self._gate.tells(routing_id, curve, now)
            reply = self._error(0, shut)
            return reply if told else b""
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
            if member.revoked:
                continue  # put out since: it has left
            self._touch(core)
            if last is None:
                core.detach(member)
            else:
                core.ping(member, last)

    # ── seats ────────────────────────────────────────────────────────────────────────────────

    def _attach(self, asker: Waiting, now: float, wall: int) -> None:
        request = asker.request
        if request.version != messages.VERSION:
            raise WrongVersion(
                f"protocol version {request.version}, this host speaks {messages.VERSION}"
            )
        seat = self._seats.get(request.token)
        if seat is None:
            self._wait(asker, now)
            return
        core, member = seat
        if asker.curve and asker.curve != curve_of(member):
            raise WrongKey("the token was given to another key")
        if member.expires < wall:
            raise _lapsed(member)
        grant = Grant(
            id=0,
            token=member.token,
            peer=member.peer,
            name=member.name,
            role=member.role,
            event=core.card.event,
            expires=member.expires,
            key=member.key,
            invite=member.invite,
            enrolled=member.enrolled,
        )
        self._admit(asker, core, grant)

    def _admit(self, asker: Waiting, core: EventCore, grant: Grant) -> None:
        routing_id, request = asker.routing_id, asker.request
        self._touch(core)
        if grant.peer in core.roster.revoked:
            raise Revoked(OUT)
        known = core.roster.find(grant.peer, grant.role)
        if known is not None and known.token != grant.token:
            self._displace(known)
        member = core.seat(grant, request, self._badge())
        self._place(core, member)
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
        if seat[1].revoked:
            raise _lapsed(seat[1])
        return seat

    # ── the broker's word ────────────────────────────────────────────────────────────────────

    def _wait(self, asker: Waiting, now: float) -> None:
        """Let a connection wait until the broker has said whose token it is."""
        token = asker.request.token
        until, error = self._refused.get(token, (0.0, None))
        if error is not None:
            if now < until:
                raise error
            del self._refused[token]
        question = self._questions.get(token)
        if question is None:
            self._gate.check_strange(asker.routing_id, asker.curve, now)
            if len(self._questions) >= limits.UNKNOWN_TOKENS:
                raise Overloaded(f"{limits.UNKNOWN_TOKENS:,} tokens are being asked about")
            number = self._ask(messages.Verify(id=0, token=token))
            question = self._asked[number] = self._questions[token] = Question(token)
        if len(question.waiting) >= limits.WAITING_ATTACHES:
            raise Overloaded("too many wait for the broker's word on this token")
        question.waiting.append(asker)

    def granted(
        self, number: int, reply: messages.BrokerReply | TouchlineError, now: float
    ) -> bytes | None:
        """Take the broker's answer to a request.

        Returns:
            None where it was not this desk's; the CURVE key of whoever takes part from now on,
            empty where nobody does.
        """
        question = self._asked.pop(number, None)
        if question is None:
            return None
        del self._questions[question.token]
        try:
            core, grant, curve = self._read(reply)
        except TouchlineError as error:
            self._remember(question.token, error, now)
            for asker in question.waiting:
                self._refuse(asker.routing_id, asker.request.id, error)
            return b""
        admitted = b""
        for asker in question.waiting:
            try:
                if asker.curve and asker.curve != curve:
                    raise WrongKey("the token was given to another key")
                self._admit(asker, core, grant)
                admitted = curve
            except PeerError as error:
                self._refuse(asker.routing_id, asker.request.id, error)
        return admitted

    def _read(self, reply: messages.BrokerReply | TouchlineError) -> tuple[EventCore, Grant, bytes]:
        """Return the event, the grant, and the CURVE key of its holder."""
        if isinstance(reply, TouchlineError):
            raise reply
        if not isinstance(reply, Grant):
            raise BadToken("the broker gave no grant")
        core = self._cores.get(reply.event)
        if core is None:
            raise NotFound(f"event {reply.event!r} is not hosted here")
        try:
            return core, reply, keys.curve_key(reply.key)
        except SettingError:
            raise BadToken("the broker named no key of the token's holder") from None

    def _remember(self, token: str, error: TouchlineError, now: float) -> None:
        if isinstance(error, BadToken | Revoked):  # anything else may be different in a moment
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


def curve_of(member: Member) -> bytes:
    """Return the CURVE form of a member's key, reckoned once."""
    if member.curve is None:
        member.curve = keys.curve_key(member.key)
    return member.curve


def _lapsed(member: Member) -> PeerError:
    """Return why nothing is taken from a member any more."""
    if member.revoked:
        return Revoked(OUT)
    return BadToken("the token has expired; join again")
