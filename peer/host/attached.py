"""The peers that have attached: their requests on the ROUTER, their reports on the PULL. Pure.

A token is for one key. A peer that presents it over a connection of that key gets a report token,
which no other peer learns: it is all that a report has to carry. (On the wire and in the journal
its field is called `badge`.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

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
from ..link.core import Reply, Then
from .admission import HostRequestLimiter
from .event.event import HostedEvent
from .event.participant import Participant

REFUSAL_SECONDS = 5.0
"""For how long the broker is not asked again about a token that it does not know."""

ATTACHED = 65_536
"""Connections that are remembered; of more, those least recently heard have to attach again."""

RECEIPTS_KEPT = 100
"""Receipts kept for a peer that cannot be reached; the newest."""

BURST_SECONDS = 20.0
"""A reporter that was quiet may send at once what its rate allows in this time."""

CREDIT = 64
"""Reports taken out of a reporter's bucket at a time, so that most cost one comparison."""

REVOKED = "an operator has put this peer out"

AttachedPeer = tuple[HostedEvent, Participant]
"""An event and what the peer is in it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection that waits for the broker's word on its token; `curve` is its CURVE key."""

    routing_id: bytes
    curve: bytes
    request: Attach


@dataclass(slots=True)
class PendingToken:
    """A token that the broker is being asked about."""

    token: str
    waiting: list[Waiting] = field(default_factory=list)


class AttachedPeers:
    """Attaches peers by their tokens and hands what they say to the right event.

    Args:
        events: those that are served, by id; the shell's own, looked at again each time.
        mark_dirty: tells the shell that an event is part of this turn, and sets its time.
        ask: sends `verify` to the broker, with what follows upon the answer.
        admit: is given the CURVE key of each peer that the broker's answer lets take part.
        send: sends a frame to a routing id.
        new_token: makes a report token that cannot be guessed.
        limiter: says which requests are heard.
        report_rate: reports a second that one reporter may go on with.
    """

    def __init__(
        self,
        events: dict[str, HostedEvent],
        mark_dirty: Callable[[HostedEvent], None],
        ask: Callable[[messages.Verify, Then], None],
        admit: Callable[[bytes], object],
        send: Callable[[bytes, bytes], object],
        new_token: Callable[[], str],
        limiter: HostRequestLimiter,
        report_rate: float,
    ) -> None:
        self._events = events
        self._mark_dirty = mark_dirty
        self._ask = ask
        self._admit_key = admit
        self._send = send
        self._new_token = new_token
        self._limiter = limiter
        self._rate = report_rate
        self._burst = max(BURST_SECONDS * report_rate, limits.BATCH_REPORTS)
        self._by_token: dict[str, AttachedPeer] = {}
        self._by_report_token: dict[str, AttachedPeer] = {}
        self._pending: dict[str, PendingToken] = {}  # by token
        self._refused: dict[str, tuple[float, TouchlineError]] = {}  # by token: until when, why
        self._kept: dict[str, deque[bytes]] = {}
        self._by_route: dict[tuple[bytes, str], AttachedPeer] = {}  # by routing id and event
        # By token: the peers that pinged, or (None) left, while nothing could be stored.
        self._met: dict[str, tuple[HostedEvent, Participant, int | None]] = {}
        self.routes: dict[str, bytes] = {}
        """Where the peer of a token can be reached: token to routing id."""
        self.refusals: dict[str, int] = {}
        """Frames refused before they reached an event, by code."""

    def open(self, event: HostedEvent) -> None:
        """Add the peers that an event's journal brought back."""
        for participant in event.roster.participants.values():
            self._add(event, participant)

    def close(self, event: HostedEvent) -> None:
        """Remove all peers of an event that is no longer served here."""
        for participant in event.roster.participants.values():
            self._remove(participant)
        gone = [key for key, peer in self._by_route.items() if peer[0] is event]
        for key in gone:
            del self._by_route[key]

    def _add(self, event: HostedEvent, participant: Participant) -> None:
        if participant.key:  # there is none in journals of the time before keys
            peer = (event, participant)
            self._by_token[participant.token] = peer
            self._by_report_token[participant.report_token] = peer

    def _remove(self, participant: Participant) -> None:
        self._by_report_token.pop(participant.report_token, None)
        token = participant.token
        self._by_token.pop(token, None)
        self.routes.pop(token, None)
        self._kept.pop(token, None)
        self._met.pop(token, None)

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    def take_reports(self, frames: Iterable[bytes], now: float, wall: int) -> int:
        """Hand over the frames of the PULL socket in the order in which they came.

        Args:
            frames: as they came.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.

        Returns:
            how many of them were refused.
        """
        # One pass over thousands of frames: what can be looked up once is, and most of a crowd's
        # reports are for one event, which is marked once.
        by_report_token = self._by_report_token
        decode = codec.decode_report
        marked = None
        refused = 0
        for frame in frames:
            try:
                message = decode(frame)
                peer = by_report_token.get(message.token)
                if peer is None:
                    raise BadToken("the report token is not one of this host; attach first")
                event, reporter = peer
                if reporter.expires < wall:
                    raise _lapsed(reporter)
                size = 1 if type(message) is Report else len(message.reports)  # type: ignore[union-attr]  # the other one
                if reporter.credit >= size:
                    reporter.credit -= size
                elif reporter.exhausted_at == now or not self._refill(reporter, size, now):
                    refused += 1
                    self.refusals["OVERLOADED"] = self.refusals.get("OVERLOADED", 0) + 1
                    continue
                if event is not marked:
                    self._mark_dirty(event)
                    marked = event
                event.report(reporter, message, frame)
            except PeerError as error:
                refused += 1
                self._count(error)
        return refused

    def _refill(self, reporter: Participant, size: int, now: float) -> bool:
        """Take reports out of a reporter's bucket; return whether there are `size` of them."""
        if reporter.bucket is None:
            reporter.bucket = TokenBucket(self._rate, self._burst)
        reporter.credit += reporter.bucket.take_most(max(size, CREDIT), now)
        if reporter.credit < size:
            # What comes after it in this turn is refused by one comparison.
            reporter.exhausted_at = now
            return False
        reporter.credit -= size
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
            whether it was taken, and not refused.
        """
        number = 0
        refused = self._limiter.refusal(routing_id, curve, now)
        if refused is not None:
            if self._limiter.may_reply(routing_id, curve, now):
                self._refuse(routing_id, 0, refused)
            else:
                self._count(refused)
            return False
        try:
            request = codec.decode_host_request(frame)
            number = request.id
            match request:
                case Attach():
                    self._attach(Waiting(routing_id, curve, request), now, wall)
                case messages.HostPing():
                    event, participant = self._attached_peer(routing_id, request.event)
                    if participant.expires < wall:
                        # Reports on the PULL have no answer: nothing else tells the peer why they
                        # are refused.
                        del self._by_route[routing_id, request.event]
                        raise UnknownPeer("the token has expired; attach with a new one")
                    self._mark_dirty(event)
                    event.ping(participant, request.last)
                    # The connection that got the receipts may be gone: then this one gets them.
                    self.routes.setdefault(participant.token, routing_id)
                    self._reply(
                        routing_id,
                        messages.Pong(
                            id=number, event=request.event, time=request.time, host_time=wall
                        ),
                    )
                case messages.Replay():
                    event, _ = self._attached_peer(routing_id, request.event)
                    self._limiter.check_replay(routing_id, curve, now)
                    event.counters.replayed += 1
                    for block in event.feed.replay(number, request.first, request.last):
                        self._send(routing_id, block)
                case messages.Detach():
                    event, participant = self._attached_peer(routing_id, request.event)
                    self._mark_dirty(event)
                    event.detach(participant)
                    del self._by_route[routing_id, request.event]
                    self._reply(routing_id, messages.Done(id=number))
        except PeerError as error:
            self._refuse(routing_id, number, error)
            return False
        return True

    # ── while nothing can be stored ──────────────────────────────────────────────────────────

    def answer_meanwhile(
        self, routing_id: bytes, curve: bytes, frame: bytes, now: float, wall: int, trouble: str
    ) -> bytes:
        """Return the answer to a frame while nothing can be stored; no event changes.

        Peers that ping or leave are remembered for `recall`. What needs the disk is refused, and
        peers ask for it again. The answer is empty where a flood is refused without a reply.
        """
        number = 0
        refused = self._limiter.refusal(routing_id, curve, now)
        if refused is not None:
            reply = self._error(0, refused)
            return reply if self._limiter.may_reply(routing_id, curve, now) else b""
        try:
            request = codec.decode_host_request(frame)
            number = request.id
            match request:
                case messages.HostPing():
                    event, participant = self._attached_peer(routing_id, request.event)
                    self._met[participant.token] = (event, participant, request.last)
                    pong = messages.Pong(
                        id=number, event=request.event, time=request.time, host_time=wall
                    )
                    return codec.encode(pong)
                case messages.Detach():
                    event, participant = self._attached_peer(routing_id, request.event)
                    self._met[participant.token] = (event, participant, None)
                    del self._by_route[routing_id, request.event]
                    return codec.encode(messages.Done(id=number))
                case _:
                    raise StorageFault(trouble)
        except (PeerError, StorageFault) as error:
            return self._error(number, error)

    def recall(self) -> None:
        """Let the events know which peers were there meanwhile; within a turn."""
        met, self._met = self._met, {}
        for event, participant, last in met.values():
            if participant.revoked:
                continue  # since then; it has left
            self._mark_dirty(event)
            if last is None:
                event.detach(participant)
            else:
                event.ping(participant, last)

    # ── attaching ────────────────────────────────────────────────────────────────────────────

    def _attach(self, asker: Waiting, now: float, wall: int) -> None:
        request = asker.request
        if request.version != messages.VERSION:
            raise WrongVersion(
                f"protocol version {request.version}, this host speaks {messages.VERSION}"
            )
        peer = self._by_token.get(request.token)
        if peer is None:
            self._wait(asker, now)
            return
        event, participant = peer
        if asker.curve and asker.curve != curve_of(participant):
            raise WrongKey("the token was given to another key")
        if participant.expires < wall:
            raise _lapsed(participant)
        grant = Grant(
            id=0,
            token=participant.token,
            peer=participant.peer,
            name=participant.name,
            role=participant.role,
            event=event.card.event,
            expires=participant.expires,
            key=participant.key,
            invite=participant.invite,
            enrolled=participant.enrolled,
        )
        self._admit(asker, event, grant)

    def _admit(self, asker: Waiting, event: HostedEvent, grant: Grant) -> None:
        routing_id, request = asker.routing_id, asker.request
        self._mark_dirty(event)
        if grant.peer in event.roster.revoked:
            raise Revoked(REVOKED)
        known = event.roster.find(grant.peer, grant.role)
        if known is not None and known.token != grant.token:
            self._remove(known)
        participant = event.attach(grant, request, self._new_token())
        self._add(event, participant)
        self._by_route[routing_id, event.card.event] = (event, participant)
        while len(self._by_route) > ATTACHED:
            del self._by_route[next(iter(self._by_route))]
        self.routes[grant.token] = routing_id
        self._reply(routing_id, event.setup(request.id, participant))
        for receipt in self._kept.pop(grant.token, ()):
            self._send(routing_id, receipt)

    def keep(self, token: str, receipt: bytes) -> None:
        """Keep a receipt for a peer that cannot be reached until it attaches again.

        After a restart of the host the reports that a PUSH socket held arrive before their sender
        has attached; it would otherwise never hear what became of them.
        """
        self.routes.pop(token, None)
        self._kept.setdefault(token, deque(maxlen=RECEIPTS_KEPT)).append(receipt)

    def _attached_peer(self, routing_id: bytes, event: str) -> AttachedPeer:
        peer = self._by_route.pop((routing_id, event), None)
        if peer is None:
            raise UnknownPeer("attach with a token first")
        self._by_route[routing_id, event] = peer  # last again: it was heard just now
        if peer[1].revoked:
            raise _lapsed(peer[1])
        return peer

    # ── the broker's word ────────────────────────────────────────────────────────────────────

    def _wait(self, asker: Waiting, now: float) -> None:
        """Let a connection wait for the broker's word on its token.

        Raises:
            PeerError: the broker has just refused the token, or is asked about too many.
        """
        token = asker.request.token
        until, error = self._refused.get(token, (0.0, None))
        if error is not None:
            if now < until:
                raise error
            del self._refused[token]
        pending = self._pending.get(token)
        if pending is None:
            self._limiter.check_unknown_token(asker.routing_id, asker.curve, now)
            if len(self._pending) >= limits.UNKNOWN_TOKENS:
                raise Overloaded(f"{limits.UNKNOWN_TOKENS:,} tokens are being asked about")
            pending = PendingToken(token)
            self._ask(messages.Verify(id=0, token=token), partial(self._granted, pending))
            self._pending[token] = pending
        if len(pending.waiting) >= limits.WAITING_ATTACHES:
            raise Overloaded("too many wait for the broker's word on this token")
        pending.waiting.append(asker)

    def _granted(self, pending: PendingToken, reply: Reply, now: float) -> None:
        """Take the broker's answer about a token."""
        del self._pending[pending.token]
        try:
            event, grant, curve = self._read(reply)
        except TouchlineError as error:
            self._remember(pending.token, error, now)
            for asker in pending.waiting:
                self._refuse(asker.routing_id, asker.request.id, error)
            return
        admitted = False
        for asker in pending.waiting:
            try:
                if asker.curve and asker.curve != curve:
                    raise WrongKey("the token was given to another key")
                self._admit(asker, event, grant)
                admitted = True
            except PeerError as error:
                self._refuse(asker.routing_id, asker.request.id, error)
        if admitted:
            self._admit_key(curve)

    def _read(self, reply: Reply) -> tuple[HostedEvent, Grant, bytes]:
        """Return the event, the grant, and the CURVE key of the peer that it is for."""
        if isinstance(reply, TouchlineError):
            raise reply
        if not isinstance(reply, Grant):
            raise BadToken("the broker gave no grant")
        event = self._events.get(reply.event)
        if event is None:
            raise NotFound(f"event {reply.event!r} is not hosted here")
        try:
            return event, reply, keys.curve_key(reply.key)
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


def curve_of(participant: Participant) -> bytes:
    """Return the CURVE form of a peer's key, which is computed once."""
    if participant.curve is None:
        participant.curve = keys.curve_key(participant.key)
    return participant.curve


def _lapsed(participant: Participant) -> PeerError:
    """Return why nothing is taken from a peer any more."""
    if participant.revoked:
        return Revoked(REVOKED)
    return BadToken("the token has expired; join again")
