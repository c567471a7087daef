"""The peers that have attached: their requests on the ROUTER, their reports on the PULL. Pure.

A token is for one key. A peer that presents it over a connection of that key gets a report token,
which no other peer learns and which stands for the peer in each report. (On the wire and in the
journal, the field of the report token is called `badge`.)
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat

from msgspec.structs import replace

from ...protocol import codec, keys, limits, messages, tokens
from ...protocol.errors import (
    BadMessage,
    BadToken,
    NotFound,
    Overloaded,
    PeerError,
    Revoked,
    SettingError,
    StorageFault,
    TouchlineError,
    UnknownPeer,
    Unleased,
    WrongKey,
    WrongVersion,
)
from ...protocol.messages import (
    Attach,
    Carried,
    Grant,
    HostReply,
    Recover,
    Report,
    ReportBatch,
)
from ...runtime.logs import note
from ...runtime.rate_limit import TokenBucket
from ..link.core import Reply, Then
from .admission import HostRequestLimiter
from .copies import Copies
from .event.event import HostedEvent
from .event.feed import FeedPosition
from .event.participant import Participant
from .event.recovery import size_of

log = logging.getLogger(__name__)

REFUSAL_SECONDS = 5.0
"""How long the broker is not asked again about a token that it refused."""

ATTACHED = 65_536
"""The most connections that are remembered; the peers of the least recently used attach again."""

RECEIPTS_KEPT = 100
"""The most receipts that are kept for a peer that can't be reached; the oldest go first."""

BURST_SECONDS = 20.0
"""A reporter that was quiet may send as many reports at once as its rate allows in this time."""

CREDIT = 64
"""Reports taken from a reporter's bucket at once, so that most reports cost one comparison."""

LOADED_EVERY = 16
"""Reports after which it is seen whether their event has enough to do in this turn."""

REVOKED = "an operator has put this peer out"

AttachedPeer = tuple[HostedEvent, Participant]
"""An event, and the peer as its participant."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection that waits for the broker's answer about its token.

    Args:
        routing_id: of the connection.
        curve: its CURVE key.
        request: the attach that waits.
        arrived: when that came, microseconds since 1970 UTC.
    """

    routing_id: bytes
    curve: bytes
    request: Attach
    arrived: int


@dataclass(slots=True)
class Offered:
    """Reports that another host offers, while the broker is asked about some of their reporters."""

    routing_id: bytes
    request: Recover
    event: HostedEvent
    by: Participant
    asked: int = 0  # answers of the broker that are missing
    failed: bool = False  # the broker could not say
    refused: bool = False


@dataclass(slots=True)
class PendingToken:
    """A token that the broker is being asked about."""

    token: str
    waiting: list[Waiting] = field(default_factory=list)


class AttachedPeers:
    """Attaches peers by their tokens, and hands their messages to the right event.

    Args:
        events: the served events by id; the shell's own mapping, which changes.
        mark_dirty: makes an event part of this turn, and sets its time; raises `Unleased` where it
            is fenced.
        ask: sends `verify` to the broker, with the callback for the answer.
        admit: takes the CURVE key of each peer to which the broker has granted its token.
        send: sends a frame to a routing id.
        new_token: new_token(token) returns the report token of a peer, which nobody can guess who
            does not know the token and the host's secret.
        limiter: decides which requests are answered.
        report_rate: reports a second that one reporter may keep up.
        turns: returns the turns of an event from the journal.
        copies: answers the hosts that keep copies; None: nobody may.
    """

    def __init__(
        self,
        events: dict[str, HostedEvent],
        mark_dirty: Callable[[HostedEvent], None],
        ask: Callable[[messages.Verify, Then], None],
        admit: Callable[[bytes], object],
        send: Callable[[bytes, bytes], object],
        new_token: Callable[[str], str],
        limiter: HostRequestLimiter,
        report_rate: float,
        turns: Callable[[str], Iterable[bytes]],
        copies: Copies | None = None,
    ) -> None:
        self._copies = copies
        self._events = events
        self._mark_dirty = mark_dirty
        self._ask = ask
        self._admit_key = admit
        self._send = send
        self._new_token = new_token
        self._limiter = limiter
        self._rate = report_rate
        self._turns = turns
        self._burst = max(BURST_SECONDS * report_rate, limits.BATCH_REPORTS)
        self._by_token: dict[str, AttachedPeer] = {}  # by the token's digest, as all that follow
        self._by_report_token: dict[str, AttachedPeer] = {}  # by the report token itself
        # By the digest of the report token: those that have not shown it in this run.
        self._by_digest: dict[str, AttachedPeer] = {}
        self._pending: dict[str, PendingToken] = {}  # by the token itself
        self._refused: dict[str, tuple[float, TouchlineError]] = {}  # likewise: until when, why
        self._kept: dict[str, deque[bytes]] = {}
        self._by_route: dict[tuple[bytes, str], AttachedPeer] = {}  # by routing id and event
        # By token: the last report number of peers that pinged, or None of peers that left, while
        # nothing could be stored.
        self._met: dict[str, tuple[HostedEvent, Participant, int | None]] = {}
        self.routes: dict[str, bytes] = {}
        """From the digest of each token to the routing id at which its peer can be reached."""
        self.beside: dict[str, bytes] = {}
        """From the digest of a token to a brief connection of its peer, which gets what the other
        one gets."""
        self.waiting: list[bytes] = []
        """Frames of reports that the last turn has left for the next."""
        self.waiting_keys: list[str] = []
        """The keys of their connections, as `take_reports` got them."""
        self.refusals: dict[str, int] = {}
        """Frames refused before they reached an event, by code."""

    def open(self, event: HostedEvent) -> None:
        """Add the peers of an event that its journal has restored."""
        for participant in event.roster.participants.values():
            self._add(event, participant)

    def close(self, event: HostedEvent) -> None:
        """Remove all peers of an event that is no longer served here."""
        for participant in event.roster.participants.values():
            self._remove(participant)
        self.turn_out(event)

    def turn_out(self, event: HostedEvent) -> None:
        """Let all peers of an event attach again before anything else is answered."""
        for participant in event.roster.participants.values():
            self._met.pop(participant.token, None)
        gone = [key for key, peer in self._by_route.items() if peer[0] is event]
        for key in gone:
            del self._by_route[key]

    def _add(self, event: HostedEvent, participant: Participant) -> None:
        if participant.key:  # journals from before there were keys have none
            peer = (event, participant)
            self._by_token[participant.token] = peer
            if participant.report_token:
                self._by_report_token[participant.report_token] = peer
            else:
                self._by_digest[participant.stored_as] = peer

    def _remove(self, participant: Participant) -> None:
        self._remove_report_token(participant)
        token = participant.token
        self._by_token.pop(token, None)
        self.routes.pop(token, None)
        self.beside.pop(token, None)
        self._kept.pop(token, None)
        self._met.pop(token, None)

    def _remove_report_token(self, participant: Participant) -> None:
        self._by_report_token.pop(participant.report_token, None)
        self._by_digest.pop(participant.stored_as, None)

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    def take_reports(
        self, frames: Iterable[bytes], now: float, wall: int, keys_of: Iterable[str] = ()
    ) -> int:
        """Hand the frames of the PULL socket to their events, in the order in which they came.

        As soon as an event has enough to do, the rest is left `waiting` for the next turn.

        Args:
            frames: in that order.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
            keys_of: the CURVE key in hex of the connection of each frame; empty where none is to
                be checked, since nothing is encrypted or all reports are signed.

        Returns:
            how many frames were refused.
        """
        # One pass over thousands of frames: names are looked up once, and the one event of most of
        # a crowd's reports is marked once.
        by_report_token = self._by_report_token
        decode = codec.decode_report.__call__  # a method: Python calls it faster than an object
        marked = None
        refused = 0
        unseen = LOADED_EVERY
        rest = zip(frames, keys_of or repeat(""), strict=False)
        for frame, curve in rest:
            try:
                message = decode(frame)
                peer = by_report_token.get(message.token) or self._recognise(message.token)
                event, reporter = peer
                if reporter.expires < wall:
                    raise _lapsed(reporter)
                if curve and curve != reporter.shown_key and not is_signed(message):
                    _check_shown(reporter, curve)
                # A batch costs as much as its reports do.
                single = type(message) is Report
                if single and reporter.credit:
                    reporter.credit -= 1
                elif not self._pays(reporter, message, now):
                    refused += 1
                    self.refusals["OVERLOADED"] = self.refusals.get("OVERLOADED", 0) + 1
                    continue
                if event is not marked:
                    self._mark_dirty(event)
                    marked = event
                event.report(reporter, message, frame)
                unseen -= 1
                if not unseen or not single:
                    unseen = LOADED_EVERY
                    if event.laden:
                        break
            except (PeerError, Unleased) as error:
                refused += 1
                self._count(error)
        left = list(rest)
        self.waiting = [frame for frame, _ in left]
        self.waiting_keys = [curve for _, curve in left]
        return refused

    def _recognise(self, report_token: str) -> AttachedPeer:
        """Return the peer that shows its report token for the first time in this run.

        Raises:
            BadToken: it is not one of this host.
        """
        peer = self._by_digest.pop(tokens.digest(report_token), None)
        if peer is None:
            raise BadToken("the report token is not one of this host; attach first")
        peer[1].report_token = report_token
        self._by_report_token[report_token] = peer
        return peer

    def _pays(self, reporter: Participant, message: Report | ReportBatch, now: float) -> bool:
        """Take the reports of a frame from a reporter's bucket; return whether it gave as many."""
        size = len(message.reports) if isinstance(message, ReportBatch) else 1
        if reporter.credit >= size:
            reporter.credit -= size
            return True
        if reporter.exhausted_at == now:
            return False
        if reporter.bucket is None:
            reporter.bucket = TokenBucket(self._rate, self._burst)
        reporter.credit += reporter.bucket.take_most(max(size, CREDIT), now)
        if reporter.credit < size:
            # Its further reports of this turn are refused by one comparison.
            reporter.exhausted_at = now
            return False
        reporter.credit -= size
        return True

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    def answer(self, routing_id: bytes, curve: bytes, frame: bytes, now: float, wall: int) -> bool:
        """Answer a frame of the ROUTER socket.

        Args:
            routing_id: of the connection that the frame came over.
            curve: the CURVE key of that connection; empty where nothing is encrypted, so that any
                peer may present any token.
            frame: its bytes.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.

        Returns:
            whether the request was accepted.
        """
        number = 0
        refused = self._refusal(routing_id, curve, now)
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
                    self._attach(Waiting(routing_id, curve, request, wall), now, wall)
                case messages.HostPing():
                    event, participant = self._attached_peer(routing_id, request.event)
                    if participant.expires < wall:
                        # Reports on the PULL have no answer: without this refusal the peer would
                        # not learn why they are refused.
                        del self._by_route[routing_id, request.event]
                        raise UnknownPeer("the token has expired; attach with a new one")
                    self._mark_dirty(event)
                    event.ping(participant, request.last)
                    event.measure_clock(participant, request, routing_id)
                    seen = (
                        request.received,
                        request.lost,
                        request.repaired,
                        request.duplicate,
                    )
                    participant.received = event.counters.add_viewer(participant.received, seen)
                    # Where the connection that got the receipts is gone, this one gets them.
                    if participant.token not in self.routes:
                        self._route(participant.token, routing_id)
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
                    self._detach(routing_id, request)
                case messages.AskScore():
                    event, participant = self._attached_peer(routing_id, request.event)
                    self._mark_dirty(event)
                    event.ask_score(participant)
                    self._reply(routing_id, messages.Done(id=number))
                case messages.Ruling():
                    event, _ = self._attached_peer(routing_id, request.event)
                    self._mark_dirty(event)
                    self._reply(routing_id, event.rule(request, frame))
                case messages.Recover():
                    self._recover(routing_id, curve, request, now)
                case messages.FollowJournal():
                    self._follow(routing_id, curve, request, now, wall)
        except (PeerError, Unleased, StorageFault) as error:
            note(log, logging.DEBUG, "a request was refused", request=number, code=error.code)
            self._refuse(routing_id, number, error)
            return False
        return True

    def _refusal(self, routing_id: bytes, curve: bytes, now: float) -> PeerError | None:
        if self._copies is not None and self._copies.exempts(routing_id, curve):
            return None
        return self._limiter.refusal(routing_id, curve, now)

    def _follow(
        self,
        routing_id: bytes,
        curve: bytes,
        request: messages.FollowJournal,
        now: float,
        wall: int,
    ) -> None:
        if self._copies is None:
            raise NotFound(f"{request.event} can't be followed here")
        self._copies.follow(routing_id, curve, request, now, wall)

    def _detach(self, routing_id: bytes, request: messages.Detach) -> None:
        event, participant = self._attached_peer(routing_id, request.event)
        self._mark_dirty(event)
        event.detach(participant)
        about = {"request": request.id, "event": request.event, "peer": participant.peer}
        note(log, logging.INFO, "a peer has left", **about)
        del self._by_route[routing_id, request.event]
        self._reply(routing_id, messages.Done(id=request.id))

    # ── reports from another host ────────────────────────────────────────────────────────────

    def _recover(self, routing_id: bytes, curve: bytes, request: Recover, now: float) -> None:
        """Take an offer in, or ask the broker first about the reporters that are not here.

        Raises:
            PeerError: it cannot be taken, or too much is being asked.
        """
        event, by = self._attached_peer(routing_id, request.event)
        offer = Offered(routing_id, request, event, by)
        unknown = event.offered(by, request.carried)
        reports = sum(size_of(one) for one in request.carried)
        self._limiter.check_offer(routing_id, curve, reports, len(unknown), now)
        if not unknown:
            self._take_offer(offer)
            return
        offer.asked = len(unknown)
        for one in unknown:
            verify = messages.Verify(id=0, token=one.token, hashed=True)
            self._ask(verify, partial(self._introduced, offer, one))

    def _introduced(self, offer: Offered, carried: Carried, reply: Reply, now: float) -> None:
        """Take the broker's answer about a reporter of an offer."""
        event = offer.event
        offer.asked -= 1
        if offer.refused:
            return
        try:
            if self._events.get(event.card.event) is not event:
                raise NotFound(f"event {event.card.event!r} is not hosted here any more")
            if isinstance(reply, Grant) and _is_of(reply, carried, event.card.event):
                self._mark_dirty(event)
                with suppress(BadMessage):  # of a clock that no time fits, nothing counts
                    event.introduce(offer.by, reply, carried)
            elif isinstance(reply, BadToken | Revoked):
                event.unknown_to_broker(carried)
            elif not isinstance(reply, Grant):
                offer.failed = True  # the broker may answer in a moment
            if not offer.asked and offer.failed:
                raise Overloaded("the broker did not answer about all reporters; try again later")
            if not offer.asked:
                self._take_offer(offer)
        except (PeerError, Unleased, StorageFault) as error:
            offer.refused = True
            self._refuse(offer.routing_id, offer.request.id, error)

    def _take_offer(self, offer: Offered) -> None:
        event, request = offer.event, offer.request
        self._mark_dirty(event)  # before: with a new turn it has time again
        turns = partial(self._turns, event.card.event)
        new = event.recover(offer.by, request.carried, turns)
        self._reply(
            offer.routing_id,
            messages.Recovered(id=request.id, event=event.card.event, new=new),
        )

    # ── while nothing can be stored ──────────────────────────────────────────────────────────

    def answer_meanwhile(
        self,
        routing_id: bytes,
        curve: bytes,
        frame: bytes,
        now: float,
        wall: int,
        trouble: str,
        positions: Mapping[str, FeedPosition],
    ) -> list[bytes]:
        """Return the answers to a frame while nothing can be stored; no event changes.

        Peers that ping or leave are remembered for `recall`. Viewers that the journal knows attach
        and get what was published. A request that needs the disk is refused, and its peer sends it
        again. A flood gets no reply.

        Args:
            routing_id, curve, frame, now, wall: as for `answer`.
            trouble: why nothing can be stored.
            positions: of the feeds, by event: what is on the disk. The feeds may be ahead of it.
                An event that is fenced has none.
        """
        number = 0
        refused = self._refusal(routing_id, curve, now)
        if refused is not None:
            reply = self._error(0, refused)
            return [reply] if self._limiter.may_reply(routing_id, curve, now) else []
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
                    return [codec.encode(pong)]
                case Attach():
                    viewer = self._viewer(request, curve, wall)
                    if viewer is None:
                        raise StorageFault(trouble)  # its attach goes on record
                    at = positions.get(viewer[0].card.event)
                    if at is None:
                        raise Unleased("this host is without its lease")
                    event, _ = self._by_route[routing_id, viewer[0].card.event] = viewer
                    return [codec.encode(event.setup(number, viewer[1], at, wall))]
                case messages.Replay():
                    event, _ = self._attached_peer(routing_id, request.event)
                    self._limiter.check_replay(routing_id, curve, now)
                    if request.event not in positions:
                        raise Unleased("this host is without its lease")
                    newest = positions[request.event].seq
                    return list(event.feed.replay(number, request.first, request.last, newest))
                case messages.Detach():
                    event, participant = self._attached_peer(routing_id, request.event)
                    self._met[participant.token] = (event, participant, None)
                    del self._by_route[routing_id, request.event]
                    return [codec.encode(messages.Done(id=number))]
                case messages.FollowJournal():
                    self._follow(routing_id, curve, request, now, wall)
                    return []
                case _:
                    raise StorageFault(trouble)
        except (PeerError, Unleased, StorageFault) as error:
            return [self._error(number, error)]

    def _viewer(self, request: Attach, curve: bytes, wall: int) -> AttachedPeer | None:
        """Return the viewer that presents a token; None where it is no viewer, or not known here.

        Raises:
            PeerError: it may not attach.
        """
        peer = self._known(request, curve, wall)
        return peer if peer is not None and peer[1].role == "viewer" else None

    def recall(self) -> None:
        """Hand the pings and detaches of that time to their events; call it within a turn."""
        met, self._met = self._met, {}
        for event, participant, last in met.values():
            if participant.revoked:
                continue  # revoked since then, so that it has left
            self._mark_dirty(event)
            if last is None:
                event.detach(participant)
            else:
                event.ping(participant, last)
                participant.pinged = None  # the round trip of the next one is not that of an older

    # ── attaching ────────────────────────────────────────────────────────────────────────────

    def _attach(self, asker: Waiting, now: float, wall: int) -> None:
        peer = self._known(asker.request, asker.curve, wall)
        if peer is None:
            self._wait(asker, now)
            return
        event, participant = peer
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
            network=participant.network,
        )
        self._admit(asker, event, grant)

    def _known(self, request: Attach, curve: bytes, wall: int) -> AttachedPeer | None:
        """Return the peer that presents a token; None where the token is not known here.

        Raises:
            PeerError: its version, key or token is not valid.
        """
        if request.version != messages.VERSION:
            raise WrongVersion(
                f"protocol version {request.version}, this host speaks {messages.VERSION}"
            )
        peer = self._by_token.get(tokens.digest(request.token))
        if peer is None:
            return None
        participant = peer[1]
        if curve and curve != curve_of(participant):
            raise WrongKey("the token was given to another key")
        if participant.expires < wall:
            raise _lapsed(participant)
        return peer

    def _admit(self, asker: Waiting, event: HostedEvent, grant: Grant) -> None:
        routing_id, request = asker.routing_id, asker.request
        self._mark_dirty(event)
        if grant.peer in event.roster.revoked:
            raise Revoked(REVOKED)
        known = event.roster.find(grant.peer, grant.role)
        if known is not None and asker.arrived < known.attached:
            # It waited for the broker, and what a newer one said of clock and reports holds.
            self._reply(routing_id, event.setup(request.id, known))
            return
        if known is not None and known.token != grant.token:
            self._remove(known)
        elif known is not None:
            self._remove_report_token(known)
        report_token = self._new_token(request.token)
        participant = event.attach(grant, request, report_token, asker.arrived)
        self._add(event, participant)
        self._by_route[routing_id, event.card.event] = (event, participant)
        while len(self._by_route) > ATTACHED:
            del self._by_route[next(iter(self._by_route))]
        if request.brief and participant.stays and grant.token in self.routes:
            self.beside[grant.token] = routing_id
            self._reply(routing_id, event.setup(request.id, participant))
            return
        self.beside.pop(grant.token, None)
        note(
            log,
            logging.INFO,
            "a peer has attached",
            request=request.id,
            event=event.card.event,
            peer=participant.peer,
            name=participant.name,
            role=participant.role,
        )
        self._reply(routing_id, event.setup(request.id, participant))
        self._route(grant.token, routing_id)

    def _route(self, token: str, routing_id: bytes) -> None:
        """Send what is for a peer to this connection from now on, and what was kept for it."""
        self.routes[token] = routing_id
        for receipt in self._kept.pop(token, ()):
            self._send(routing_id, receipt)

    def keep(self, token: str, receipt: bytes) -> None:
        """Keep a receipt for a peer that can't be reached until it attaches again.

        After a restart of the host, the reports that a PUSH socket held arrive before their
        reporter has attached; without this, it would never get their receipts.
        """
        self.routes.pop(token, None)
        self._kept.setdefault(token, deque(maxlen=RECEIPTS_KEPT)).append(receipt)

    def _attached_peer(self, routing_id: bytes, event: str) -> AttachedPeer:
        peer = self._by_route.pop((routing_id, event), None)
        if peer is None:
            raise UnknownPeer("attach with a token first")
        self._by_route[routing_id, event] = peer  # the last, as the most recently used
        if peer[1].revoked:
            raise _lapsed(peer[1])
        return peer

    # ── the broker's answer ──────────────────────────────────────────────────────────────────

    def _wait(self, asker: Waiting, now: float) -> None:
        """Let a connection wait for the broker's answer about its token.

        Raises:
            PeerError: the broker has just refused the token, or is asked about too many tokens.
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
            raise Overloaded("too many connections wait for the broker's answer about this token")
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
            except (PeerError, Unleased) as error:
                self._refuse(asker.routing_id, asker.request.id, error)
        if admitted:
            self._admit_key(curve)

    def _read(self, reply: Reply) -> tuple[HostedEvent, Grant, bytes]:
        """Return the event, the grant with the digest of its token, and the CURVE key of the peer
        that the grant is for."""
        if isinstance(reply, TouchlineError):
            raise reply
        if not isinstance(reply, Grant):
            raise BadToken("the broker gave no grant")
        event = self._events.get(reply.event)
        if event is None:
            raise NotFound(f"event {reply.event!r} is not hosted here")
        try:
            grant = replace(reply, token=tokens.digest(reply.token))
            return event, grant, keys.curve_key(reply.key)
        except SettingError:
            raise BadToken("the broker named no key for the token") from None

    def _remember(self, token: str, error: TouchlineError, now: float) -> None:
        if isinstance(error, BadToken | Revoked):  # any other refusal may be gone in a moment
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
    """Return the CURVE form of a peer's key; it is computed once."""
    if participant.curve is None:
        participant.curve = keys.curve_key(participant.key)
    return participant.curve


def _is_of(grant: Grant, carried: Carried, event: str) -> bool:
    """Return whether a token is that of the reporter of an offer, and for this event."""
    granted = (grant.peer, grant.role, grant.event, grant.token)
    return granted == (carried.peer, "reporter", event, carried.token)


def _check_shown(reporter: Participant, curve: str) -> None:
    """Remember the CURVE key (hex) of the connection over which a reporter's unsigned reports come:
    most of them are then checked by one comparison.

    Raises:
        WrongKey: it is another peer's.
    """
    if curve != curve_of(reporter).hex():
        raise WrongKey("a report that is not signed, of another key")
    reporter.shown_key = curve


def is_signed(message: Report | ReportBatch) -> bool:
    """Return whether each report of a frame is signed."""
    if isinstance(message, Report):
        return bool(message.signature)
    return all(said.signature for said in message.reports)


def _lapsed(participant: Participant) -> PeerError:
    """Return why messages of a peer are refused: it is revoked, or its token has expired."""
    if participant.revoked:
        return Revoked(REVOKED)
    return BadToken("the token has expired; join again")
