"""The host's process: one loop that reads its sockets, decides, commits and publishes.

    PULL reports ──┐
    ROUTER joins ──┼─▶ peers ─▶ events ─▶ journal, one commit a turn ─▶ PUB entries
    the broker ────┘                                                └▶ ROUTER receipts

The loop reads with plain `recv(NOBLOCK)` until nothing is left, and then commits the turn at once:
a fixed tick would add its own length to the latency.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from math import inf
from pathlib import Path
from typing import Any
from uuid import uuid4

import zmq

from ...protocol import codec, messages, tokens
from ...protocol.errors import (
    Conflict,
    StorageFault,
    TouchlineError,
    UnknownPeer,
    Unleased,
)
from ...protocol.keys import Identity
from ...protocol.messages import Card, Endpoints
from ...runtime import clock
from ...runtime.connection_guard import ConnectionGuard
from ...runtime.logs import note
from ...runtime.poll_loop import PollLoop, Source
from ...runtime.timers import earliest
from ...runtime.waker import Waker
from ...runtime.zap import ZapAuthenticator
from ..follower.service import FollowedHost
from ..grades.book import Book
from ..link import Link
from ..link.core import Reply, Then
from ..link.service import trusted
from .admission import AdaptiveBatch, HostRequestLimiter, PendingPeers
from .attached import AttachedPeers, curve_of
from .copies import Copies
from .counters import HostCounters
from .event.event import HostedEvent
from .event.feed import FeedPosition
from .event.recovery import Gathering
from .event.turn import Output
from .journal import Journal
from .lease import ASSIGNED_SECONDS, LeaseHolder
from .log import HostLog
from .offer import Offer
from .options import Options
from .sockets import Sockets
from .subscriptions import Subscriptions
from .sync import SyncGate, SyncState

log = logging.getLogger(__name__)

REPORTS_A_TURN = 10_000, 250
"""The most frames of a turn, usually and in a flood of refused ones. Usually so many that a commit,
which takes a disk milliseconds, is worth it, and so few that a crowd delays a verdict by some tens
of milliseconds at most; in a flood so few that it delays nothing."""

REQUESTS_A_TURN = 2_000, 100
"""The same for requests, each of which is answered."""

RETRY_SECONDS = 0.5
"""Pause before a failed commit is tried again."""

LEAVE_SECONDS = 5.0
"""How long a host that others stand by for may be unable to store, before it gives its events
back."""

FREE_CAPACITY = 100
"""How many events a host takes that was started without any."""

UNCOPIED = "no other machine has a copy of what is stored, and this host waits for one (--sync)"
"""What a host says of its events while it waits for an acknowledgement."""

FENCED = "this host is without its lease, and another host may have the event"
"""What a host says of an event while it is fenced."""


@dataclass(slots=True)
class TurnOutput:
    """What one turn of the loop has led to, and is to be sent once that may be.

    `replies`: to requests, by routing id. `events`: each with where its feed stands after it.
    """

    replies: list[tuple[bytes, bytes]]
    events: list[tuple[HostedEvent, Output, FeedPosition]]


class Host:
    """A process that hosts events.

    Args:
        options: its settings.
        identity: the peer's key.
        journal: where turns are stored; the caller closes it.
        events: ids of the events to host.
        wall: returns the wall clock, microseconds since 1970 UTC; called once, see `clock.steady`.
        book: what is known of reporters from before; None: nothing.
        stays: whether it goes on where it has no event, until `take_on` gives it one.

    Raises:
        SettingError: the broker's address names no key.
        AddressTaken: a socket can't be bound.
        StorageFault: the journal can't be written.
    """

    def __init__(
        self,
        options: Options,
        identity: Identity,
        journal: Journal,
        events: tuple[str, ...],
        wall: Callable[[], int] = clock.wall,
        book: Book | None = None,
        *,
        stays: bool = False,
    ) -> None:
        self.events: dict[str, HostedEvent] = {}
        self.ready = threading.Event()  # set when every event is served
        self.trouble = ""  # why nothing can be stored; empty when all is well
        self.counters = HostCounters()
        self._options = options
        self._journal = journal
        self._book = book
        self._stays = stays
        self._asked: deque[str] = deque()  # events that other threads have asked for
        self._wall = clock.steady(wall)
        limiter, secure = HostRequestLimiter(), not trusted(options.broker).plain
        self.zap: ZapAuthenticator | None = None  # None where connections are not encrypted
        self._context: zmq.Context[Any] = zmq.Context()
        self._waker = Waker()
        self._end_by = 0.0  # when it has to have ended, monotonic; set as it leaves
        self.connections = ConnectionGuard(
            key=options.key_connections, address=options.address_connections
        )
        self.subscriptions = Subscriptions(
            connection=options.subscriptions,
            key=options.key_subscriptions,
            address=options.address_subscriptions,
        )
        self.pending = PendingPeers(
            self._ask_at_once,
            self._resolve,
            self._waker.wake,
            limiter.may_ask,
            lambda: self.leases.serving,
        )
        try:
            if secure:
                self.zap = ZapAuthenticator(self._context, self._admits, self.connections.proved)
            self._sockets = Sockets(
                self._context,
                options,
                identity if secure else None,
                journal.ports(),
                self.connections,
                self.subscriptions,
            )
            self._keep_ports()
            self._link = Link(
                options.broker, options.name, identity, roles=("host",), context=self._context
            )
        except TouchlineError:
            self._close()
            raise
        self._log = HostLog(log)
        self._stopping = False
        self._now = clock.now()
        self._turn_wall = self._wall()
        self._dirty: dict[str, HostedEvent] = {}
        self._uncommitted: list[tuple[HostedEvent, Output]] = []
        # The position of each feed at its last commit: the events are ahead of the disk.
        self._positions: dict[str, FeedPosition] = {}
        # The events that another host may have, each with what is on disk and was not sent.
        self._fenced: dict[str, list[Output]] = {}
        self._beat_at = inf  # when their feeds say so next
        self._offers: list[Offer] = []  # of events that another host has
        self._seen_answers = 0  # of the broker's answers about leases, those that were looked at
        # The broker's answers that came while nothing could be stored, with their callbacks.
        self._answers: list[tuple[Then, Reply]] = []
        self._timers: list[tuple[float, str]] = []
        self._timer_at: dict[str, float] = {}
        # Answers to requests wait for the turn's commit: a setup confirms reports of the turn.
        self._replies: list[tuple[bytes, bytes]] = []
        self._report_batch = AdaptiveBatch(*REPORTS_A_TURN)
        self._request_batch = AdaptiveBatch(*REQUESTS_A_TURN)
        self._revoked: list[tuple[HostedEvent, list[str]]] = []  # not yet excluded
        self.copies, self.gate = self._begin_copies(limiter)
        self.attached = AttachedPeers(
            self.events,
            self._mark_dirty,
            self._ask,
            lambda curve: self.pending.admit([curve]),
            self._reply,
            partial(tokens.derive, tokens.secret_of(identity.seed)),
            limiter,
            options.report_rate,
            journal.pages,
            self.copies,
        )
        self.leases = LeaseHolder(
            uuid4().hex,
            lambda: self.endpoints,
            self._ask,
            journal.card,
            self._build,
            journal.keep_card,
            self._begin_storing,
            self._serve,
            self._drop,
            lambda event, peers: self._revoked.append((event, peers)),
            self._hand_over,
            identity.peer,
            clock.elapsed,
            always=options.fence == "always",
            standby=options.standby,
            offer=_offer(options, journal, named=bool(events)),
            let_go=self._peers_to_tell,
        )
        # The copies of another host's events; None where no host is followed.
        self.followed = self._begin_to_follow(identity.peer)
        self._take_on_all(events)

    def _begin_copies(
        self, limiter: HostRequestLimiter
    ) -> tuple[Copies, SyncGate[TurnOutput] | None]:
        """Return what answers followers, and what waits for them; None where nothing does."""
        copies = Copies(
            self.events,
            self._journal,
            self._ask_at_once,
            lambda curve: self.pending.admit([curve]),
            self._sockets.send,
            limiter,
        )
        return copies, SyncGate(self._options.sync_wait) if self._options.sync else None

    def _begin_to_follow(self, peer: str) -> FollowedHost | None:
        if not self._options.follow:
            return None
        return FollowedHost(
            self._options.follow,
            self._link,
            self._journal,
            self._ask_at_once,
            lambda: self.leases.events,
            peer,
        )

    def _take_on_all(self, events: tuple[str, ...]) -> None:
        self._takes_events = not events
        if self._options.follow and self._options.takeover:
            for event_id in self._journal.taken_over():
                self.leases.take_on(event_id)
        for event_id in events:
            if self._options.takeover:
                self.leases.take_over(event_id, self._now + ASSIGNED_SECONDS, named=True)
            else:
                self.leases.take_on(event_id)

    @property
    def endpoints(self) -> Endpoints:
        """The endpoints at which peers reach the three sockets."""
        return self._sockets.endpoints

    @property
    def lost(self) -> dict[str, TouchlineError]:
        """The events that can't be served, or no longer, with the reason."""
        return self.leases.lost

    @property
    def fenced(self) -> list[str]:
        """The events that are not served now, since another host may have them."""
        return sorted(self._fenced)

    @property
    def journal_file(self) -> Path | None:
        """The file of the journal; None where it is none."""
        return self._journal.file

    @property
    def handing_over(self) -> int:
        """The events whose reports from here the host that has them has not all taken yet."""
        return len(self._offers)

    @property
    def busy(self) -> bool:
        """Whether there is an event to serve, or to hand over to the host that has it."""
        free = self._takes_events and not self.leases.draining
        return self.leases.busy or bool(self._offers) or free

    def announce(self, metrics: str) -> None:
        """Tell the broker where this host is scraped for metrics, HOST:PORT; before `run`."""
        self._link.announce("host", metrics)

    def take_on(self, event: str) -> None:
        """Host one more event, soon; any thread may call this. Nothing changes where it is hosted.

        Args:
            event: its id.
        """
        self._asked.append(event)
        self._waker.wake()

    def stop(self) -> None:
        """End `run` soon; a signal or another thread may call this."""
        self._stopping = True
        self._waker.wake()

    def run(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Serve until `stop`, until there is nothing left to do, or until `go_on` returns False.

        Args:
            go_on: called before the first turn and after each, on this thread.
        """
        sockets = self._sockets
        loop = PollLoop(waker=self._waker)
        try:
            while not self._stopping and (self._stays or self.busy) and go_on():
                # The socket of the feed may be another after a revocation.
                offers = [socket for offer in self._offers for socket in offer.sockets]
                if self.followed is not None:
                    offers += self.followed.sockets
                own = [*self._link.sockets, sockets.router, sockets.pull, sockets.pub]
                loop.watch(list(dict.fromkeys([*own, *offers])))
                ready = loop.wait(self.next_timer())
                # The process was stopped, and could receive nothing from its peers meanwhile.
                if loop.late > self._options.heartbeat / 2:
                    for event in self.events.values():
                        event.slept(loop.late)
                self._turn(ready)
                if self._uncommitted or self.stalled:
                    self._wait_for_room()
            self._leave()
        finally:
            self._link.close()
            self._close()

    # ── one turn ─────────────────────────────────────────────────────────────────────────────

    def _turn(self, ready: Container[Source] | None = None) -> None:
        """Do all that is due.

        Args:
            ready: the sockets that can be read; None: any may be.
        """
        link, sockets = self._link, self._sockets
        self._now = now = clock.now()
        self._turn_wall = wall = self._wall()
        while self._asked:
            self.leases.take_on(self._asked.popleft())
        # First of all: this process may have been stopped for longer than its leases.
        self._look_at_leases()
        answers, self._answers = self._answers, []
        for then, reply in answers:
            then(reply, now)
        due = link.next_timer()
        if _any(link.sockets, ready) or (due is not None and due <= now):
            link.poll(now)
            self._look_at_leases()
        self._pump_offers(now, wall)
        self._pump_copies(now, wall, ready)
        self.pending.handle(now)
        self._revoke()
        if _any([sockets.pub], ready):
            sockets.watch_viewers(now)
        self.attached.recall()
        if _any([sockets.router], ready):
            requests = sockets.requests(self._request_batch.frames)
            heard = sum([self.attached.answer(*request, now, wall) for request in requests])
            self._request_batch.adapt(len(requests), len(requests) - heard)
        if self.attached.waiting:
            self.attached.take_reports(self.attached.waiting, now, wall, self.attached.waiting_keys)
        elif _any([sockets.pull], ready):
            reports, curves = sockets.reports(self._report_batch.frames)
            refused = self.attached.take_reports(reports, now, wall, curves)
            self._report_batch.adapt(len(reports), refused)
        self._handle_timers(now)
        self._finish_turn()
        known = self.leases.holds_any or self.leases.offered
        if not self.ready.is_set() and known and self.leases.serving:
            self.ready.set()

    def _handle_timers(self, now: float) -> None:
        self.leases.handle_timer(now)
        if now >= self._beat_at:
            self._beat_at = now + self._options.heartbeat if self._fenced else inf
            for event_id in self._fenced:
                self._publish_troubled(event_id, FENCED)
        while self._timers and self._timers[0][0] <= now:
            at, event_id = heappop(self._timers)
            if self._timer_at.get(event_id) != at:
                continue
            if event_id in self._fenced:
                del self._timer_at[event_id]  # what is due is done when it goes on
            else:
                event = self.events[event_id]
                self._mark_dirty(event)
                event.handle_timer(now)

    def _mark_dirty(self, event: HostedEvent) -> None:
        """Make an event part of this turn.

        Raises:
            Unleased: it is fenced, and nothing may change in it.
        """
        event_id = event.card.event
        if event_id in self._fenced:
            raise Unleased(FENCED)
        if event_id not in self._dirty:
            self._dirty[event_id] = event
            event.begin_turn(self._now, self._turn_wall)

    def _finish_turn(self) -> None:
        for event_id, event in self._dirty.items():
            out = event.take()
            out.began = self._now
            self._uncommitted.append((event, out))
            at = event.next_timer()
            if self._timer_at.get(event_id) != at:
                self._timer_at[event_id] = at
                heappush(self._timers, (at, event_id))
        self._dirty.clear()
        self._commit()

    def _commit(self) -> None:
        """Store the results of the turn, then send them; keep them where they can't be stored."""
        turns = [(event.card.event, out.commit) for event, out in self._uncommitted if out.commit]
        began = clock.now()
        try:
            taken = self._journal.commit(turns) if turns else ()
        except StorageFault as fault:
            if not self.trouble:
                log.error("%s; nothing is confirmed until it can be stored", fault.sentence)
            self.trouble = fault.sentence
            return
        was_in_trouble, self.trouble = bool(self.trouble), ""
        if turns:
            self._count_commit(turns, clock.now() - began)
        for event_id in taken:
            self._let_go(event_id)
        stored = [event_id for event_id, _ in turns if event_id not in taken]
        self.copies.stored(stored, self._now)
        outs = [(event, out, event.position) for event, out in self._uncommitted]
        turn = TurnOutput(self._replies[:], outs)
        self._replies.clear()
        self._uncommitted.clear()
        if self.gate is None:
            self._send_turn(turn)
        else:
            # One that was lost meanwhile waits for no copy.
            newest = self.copies.newest
            needs = {event_id: newest[event_id] for event_id in stored if event_id in newest}
            for ready in self.gate.hold(needs, turn, self._now):
                self._send_turn(ready)
            self._look_at_copies(self._now)
        if was_in_trouble:
            log.warning("the journal can be written again")
            self._publish_trouble()

    def _count_commit(self, turns: list[tuple[str, bytes]], seconds: float) -> None:
        counters = self.counters
        counters.commit.add(seconds)
        counters.rows += len(turns)
        counters.stored_bytes += sum(len(blob) for _, blob in turns)
        wall = self._wall()
        for event, out in self._uncommitted:
            if out.taps and not event.card.hidden:
                counters.tap.add_since(out.taps, wall)

    def _send_turn(self, turn: TurnOutput) -> None:
        """Send what a turn has led to, where this host may still speak for its events."""
        # Once more: a commit takes its time, and this process may have been stopped in it.
        self._fence_where_over()
        for event, out, _ in turn.events:
            if event.card.event in self._fenced:
                self._fenced[event.card.event].append(out)
                # They may confirm what is not to be confirmed now. Their peers ask again.
                turn.replies.clear()
        for reply_to, frame in turn.replies:
            self._sockets.send(reply_to, frame)
        for event, out, position in turn.events:
            if event.card.event not in self._fenced:
                self._send_out(event, out, position)

    def _let_go(self, event_id: str) -> None:
        """Publish and confirm nothing more of an event that another host stores now."""
        kept = [(event, out) for event, out in self._uncommitted if event.card.event != event_id]
        self._uncommitted[:] = kept
        self._replies.clear()  # they may confirm what is not stored; their peers ask again
        self.leases.take_away(
            event_id,
            Conflict(f"another host has taken over {event_id}, and stores it now"),
            self._now,
        )

    def _send_out(self, event: HostedEvent, out: Output, position: FeedPosition) -> None:
        """Publish what a turn has led to, and send its receipts."""
        for frame in out.publish:
            self._sockets.publish(frame)
        if not event.card.hidden:
            if out.accepted:
                self.counters.publish.add(clock.now() - out.began, out.accepted)
            if out.versions or out.answers:
                self.counters.note_votes(out.versions, out.answers)
        self._log.sent(event, out)
        for token, receipt in out.receipts:
            beside = self.attached.beside.get(token)
            if beside is not None and not self._sockets.send(beside, receipt):
                del self.attached.beside[token]
            routing_id = self.attached.routes.get(token)
            if routing_id is None or not self._sockets.send(routing_id, receipt):
                self.attached.keep(token, receipt)
        self.leases.note_end(event.card.event)
        self._positions[event.card.event] = position

    # ── copies on other machines ─────────────────────────────────────────────────────────────

    @property
    def stalled(self) -> bool:
        """Whether nothing is taken in, since no copy acknowledges what is stored."""
        return self.gate is not None and self.gate.stalled

    def _look_at_copies(self, now: float) -> None:
        """Answer followers whose requests were kept, and send what waited for a copy."""
        self.copies.handle_timer(now)
        gate = self.gate
        if gate is None:
            return
        before = gate.state
        ready = gate.acknowledged(self.copies.acknowledged, now, level=self.copies.level)
        for turn in (*ready, *gate.handle_timer(now)):
            # An event that is another host's by now is not spoken for.
            turn.events = [one for one in turn.events if self._serves(one[0])]
            self._send_turn(turn)
        worth = (SyncState.STALLED, SyncState.ALONE)
        if gate.state is not before and (gate.state in worth or before in worth):
            self._tell_of_copies(gate, was_stalled=before is SyncState.STALLED)

    def _pump_copies(self, now: float, wall: int, ready: Container[Source] | None = None) -> None:
        """Copy on from the host that is followed; go on with its events where it is gone."""
        followed = self.followed
        if followed is None:
            return
        followed.pump(now, wall, ready)
        if self._options.takeover:
            for event_id in followed.gone(now):
                if event_id not in self.leases.events:
                    self.leases.take_over(event_id, now)

    def _serves(self, event: HostedEvent) -> bool:
        return self.events.get(event.card.event) is event

    def _tell_of_copies(self, gate: SyncGate[TurnOutput], *, was_stalled: bool) -> None:
        if gate.stalled:
            log.error("%s; nothing is confirmed or published until then", UNCOPIED)
        elif gate.alone:
            log.error(
                "no copy came in %g s (--sync-wait): going on without one until one has all",
                self._options.sync_wait,
            )
        else:
            log.warning("another machine has a copy of all that is stored")
        if gate.stalled or was_stalled:
            self._publish_trouble()

    # ── another host may have the event ──────────────────────────────────────────────────────

    def _look_at_leases(self) -> None:
        """Fence the events whose leases are over, and go on with those that have theirs again."""
        self._fence_where_over()
        if self._seen_answers == self.leases.answers:
            return  # no lease is renewed
        self._seen_answers = self.leases.answers
        for event_id in list(self._fenced):
            if not self.leases.fenced(event_id):
                self._unfence(self.events[event_id])

    def _fence_where_over(self) -> None:
        for event_id in self.leases.over():
            if event_id in self.events and event_id not in self._fenced:
                self._fence(self.events[event_id])

    def _fence(self, event: HostedEvent) -> None:
        """Take nothing in for an event, publish and confirm nothing: its reporters keep it all.

        Its peers have to attach again, so that they learn from the broker who has the event.
        """
        event_id = event.card.event
        text = f"{FENCED}; nothing is taken in until it is renewed"
        note(log, logging.WARNING, text, event=event_id)
        self._fenced[event_id] = []
        self.counters.fences += 1
        self.attached.turn_out(event)
        self.leases.hasten(event_id, self._now)
        self._beat_at = self._now

    def _unfence(self, event: HostedEvent) -> None:
        """Go on with an event that no other host had meanwhile."""
        note(log, logging.WARNING, "the lease is renewed; going on", event=event.card.event)
        for out in self._fenced.pop(event.card.event):
            self._send_out(event, out, event.position)
        self._mark_dirty(event)
        event.resume()

    def _hand_over(self, event: HostedEvent) -> None:
        """Offer what was reported here of an event to the host that has it."""
        if self._journal.shared or self._journal.is_copy(event.card.event):
            return  # that host has it
        event_id = event.card.event
        gathering = Gathering(self._journal.pages(event_id), event.action_of)
        self._offers.append(Offer(event_id, gathering, self._link, self._now))

    def _peers_to_tell(self, event: HostedEvent) -> Callable[[], None]:
        """Return what lets the peers of an event ask the broker who has it now."""
        reason = f"{event.card.event} is handed over to another host; ask the broker"
        # Peers of a release before attach anew only where they are not known any more.
        bodies = [
            codec.encode(messages.Error(id=0, code=error.code, reason=reason))
            for error in (Unleased, UnknownPeer)
        ]
        tokens_of = (one.token for one in event.roster.participants.values())
        found = [self.attached.routes.get(token) for token in tokens_of]
        routes = [route for route in found if route is not None]
        position = self._positions[event.card.event]

        def tell() -> None:
            self._sockets.publish(event.troubled(position, "", self._wall(), moved=True))
            for route in routes:
                for body in bodies:
                    self._sockets.send(route, body)

        return tell

    def _pump_offers(self, now: float, wall: int) -> None:
        for offer in self._offers:
            offer.pump(now, wall)
            if offer.done:
                offer.close()
        self._offers = [offer for offer in self._offers if not offer.done]

    # ── the disk is full ─────────────────────────────────────────────────────────────────────

    def _wait_for_room(self) -> None:
        """Take no reports while nothing can be stored here, or in a copy: reporters keep them.

        The feed says so, and attached peers get answers: they do not take the host for lost.
        """
        sockets = self._sockets
        loop = PollLoop(waker=self._waker)
        retry_at = clock.now() + RETRY_SECONDS
        beat_at = 0.0
        leave_at = clock.now() + LEAVE_SECONDS if self._options.standby else inf
        while (self._uncommitted or self.stalled) and not self._stopping:
            now = clock.now()
            if now >= leave_at:
                self._leave_to_others(now)
                break
            if now >= beat_at:
                beat_at = now + self._options.heartbeat
                self._publish_trouble()
            if self._uncommitted and now >= retry_at:
                retry_at = now + RETRY_SECONDS
                self._commit()
                continue
            sockets.watch_viewers(now)
            self._answer_meanwhile(now)
            watched = [*self._link.sockets, sockets.router, sockets.pub]
            copying = None
            if self.followed is not None and not self._uncommitted:
                # Two hosts may wait for each other's copies.
                self._pump_copies(now, self._wall())
                watched += self.followed.sockets
                copying = self.followed.next_timer()
            loop.watch(list(dict.fromkeys(watched)))
            loop.wait(
                copying,
                retry_at if self._uncommitted else None,
                beat_at,
                self.leases.next_timer(),
                self._next_of_copies(),
            )
        # The answers and pending peers of that time are due now, and have used up their wake-up.
        self._waker.wake()

    def _leave_to_others(self, now: float) -> None:
        """Give back all events: a host that stands by for them may reach the database."""
        log.warning("%s; the events are left to other hosts", self.trouble)
        self._uncommitted.clear()
        self._replies.clear()  # they may confirm what is not stored; their peers ask again
        for event_id in list(self.events):
            self.leases.give_back(event_id, self.trouble, now)
        self.trouble = ""

    def _publish_trouble(self) -> None:
        """Publish the trouble with the journal, or its end, on each feed at its last position."""
        for event_id in self._positions:
            self._publish_troubled(event_id, FENCED if event_id in self._fenced else self._why)

    @property
    def _why(self) -> str:
        """Why nothing is taken in; empty where all is well."""
        return self.trouble or (UNCOPIED if self.stalled else "")

    def _publish_troubled(self, event_id: str, trouble: str) -> None:
        event, position = self.events.get(event_id), self._positions.get(event_id)
        if event is not None and position is not None:
            self._sockets.publish(event.troubled(position, trouble, self._wall()))

    def _answer_meanwhile(self, now: float) -> None:
        """Answer requests that need no disk; keep the leases, so that no other host gets them."""
        self._now = now  # deadlines of requests to the broker count from it
        self._link.poll(now)
        self.pending.handle(now)
        self.leases.handle_timer(now)
        self._fence_where_over()
        wall = self._wall()
        known = {e: at for e, at in self._positions.items() if e not in self._fenced}
        for routing_id, curve, frame in self._sockets.requests(self._request_batch.frames):
            for body in self.attached.answer_meanwhile(
                routing_id, curve, frame, now, wall, self._why, known
            ):
                self._sockets.send(routing_id, body)
        self._look_at_copies(now)

    def next_timer(self) -> float | None:
        """Return when the next turn is due where nothing comes (monotonic seconds)."""
        if self.attached.waiting:
            return self._now
        event = self._timers[0][0] if self._timers else None
        offers = [offer.next_timer() for offer in self._offers]
        if self.followed is not None:
            offers.append(self.followed.next_timer())
        return earliest(
            self._link.next_timer(),
            self.leases.next_timer(),
            event,
            self._beat_at,
            self._next_of_copies(),
            *offers,
        )

    def _next_of_copies(self) -> float:
        return min(self.copies.next_timer(), self.gate.next_timer() if self.gate else inf)

    # ── events ───────────────────────────────────────────────────────────────────────────────

    def _build(self, card: Card) -> HostedEvent:
        if self._journal.is_copy(card.event) and not (
            self._options.takeover or self._options.follow
        ):
            copy = self._journal.copies()[card.event]
            raise Conflict(
                f"the journal has a copy of {card.event} of the host {copy.host}, up to turn"
                f" {copy.turns:,} of epoch {copy.epoch}: --takeover goes on from it"
            )
        event = HostedEvent(card, self._options, self._book)
        self._keep_card(card)
        event.journal = self._journal.name
        event.restore(self._journal.turns(card.event))
        event.check_book()
        return event

    def _begin_storing(self, event: HostedEvent, epoch: int) -> HostedEvent:
        """Let this host alone store an event, and return the event as it is stored by now."""
        event_id = event.card.event
        was_copy = self._journal.is_copy(event_id)
        if self._journal.begin(event_id, epoch):
            event = self._build(event.card)
        if was_copy:
            about = {"event": event_id, "epoch": epoch, "seq": event.feed.seq}
            note(log, logging.WARNING, "going on from a copy", **about)
        if self.followed is not None:
            self.followed.drop(event_id)
        if self.gate is not None:
            self.copies.open(event_id, self._now)
        return event

    def _keep_ports(self) -> None:
        """Store the ports, unless they are stored; on a full disk the next run may have others."""
        ports = self._sockets.ports
        if self._journal.ports() != ports:
            try:
                self._journal.keep_ports(ports)
            except StorageFault as fault:
                log.warning("the ports are not kept: %s", fault.sentence)

    def _keep_card(self, card: Card) -> None:
        """Store an event's card, unless it is stored.

        Raises:
            StorageFault: the journal has no card of the event, and can't store this one.
        """
        stored = self._journal.card(card.event)
        if stored == card:
            return
        try:
            self._journal.keep_card(card)
        except StorageFault as fault:
            if stored is None:
                raise
            log.warning("%s: the newer card is not kept: %s", card.event, fault.sentence)

    def _serve(self, event: HostedEvent, epoch: int) -> None:
        if event.card.event in self._fenced:
            self._look_at_leases()
        self.events[event.card.event] = event
        self._positions[event.card.event] = event.position
        self.attached.open(event)
        peers = [peer for peer in event.roster.participants.values() if peer.key]
        self.pending.admit(curve_of(peer) for peer in peers if not peer.revoked)
        self.pending.revoke((curve_of(peer) for peer in peers if peer.revoked), ())
        self._dirty[event.card.event] = event
        event.start(epoch, self._now, self._turn_wall)
        about = {"event": event.card.event, "epoch": epoch, "seq": event.feed.seq}
        note(log, logging.INFO, "hosting an event", **about)

    def _drop(self, event: HostedEvent) -> None:
        event_id = event.card.event
        del self.events[event_id]
        self._positions.pop(event_id, None)
        self._fenced.pop(event_id, None)
        self.attached.close(event)
        self._dirty.pop(event_id, None)
        self._timer_at.pop(event_id, None)
        self.copies.close(event_id)
        if self.gate is not None:
            self.gate.forget(event_id)

    def _leave(self) -> None:
        self._stopping = True
        self._end_by = clock.now() + self._options.drain_seconds
        for offer in self._offers:
            offer.close()
        if self.followed is not None:
            self.followed.close()
        self.leases.leave()
        # Half of the time: a broker that is away must not take that of the peers.
        self._link.flush(self._options.drain_seconds / 2)

    def _ask(self, request: Any, then: Then) -> None:
        self._link.request(request, partial(self._follow, then), self._now)

    def _ask_at_once(self, request: Any, then: Then) -> None:
        """Ask what changes no event; the answer counts also while nothing can be stored."""
        self._link.request(request, then, self._now)

    def _follow(self, then: Then, reply: Reply, now: float) -> None:
        """Call the callback of the broker's answer, or keep it while nothing can be stored."""
        if self._stopping:
            return  # the host is leaving: no answer matters any more
        renewed = isinstance(reply, messages.Leased) or (
            isinstance(reply, messages.EventsHeld)
            and not reply.cards
            and not reply.refused
            and not reply.released
        )
        if (self._uncommitted or self.stalled) and not renewed:
            self._answers.append((then, reply))
        else:
            then(reply, now)

    # ── which peers may connect ──────────────────────────────────────────────────────────────

    def _admits(self, key: bytes) -> bool | None:
        """Decide on the key of a connection; called in the authenticator's thread."""
        return False if self.subscriptions.refuses(key, clock.now()) else self.pending.decide(key)

    def _resolve(self, key: bytes, admitted: bool) -> None:
        if self.zap is not None:
            self.zap.resolve(key, admitted)

    def _revoke(self) -> None:
        """Exclude the peers that an operator has revoked."""
        revoked, self._revoked = self._revoked, []
        connected = False
        for event, peers in revoked:
            if self.events.get(event.card.event) is not event:
                continue
            if event.card.event in self._fenced:
                self._revoked.append((event, peers))
                continue
            self._mark_dirty(event)
            out = event.revoke(peers)
            connected |= self.pending.revoke((curve_of(one) for one in out if one.key), peers)
            for one in out:
                about = {"event": event.card.event, "peer": one.peer, "name": one.name}
                note(log, logging.WARNING, "a peer is revoked", **about)
        if connected and self.zap is not None:
            # A revoked peer may be subscribed, and PUB sends to every subscriber.
            port = self._sockets.ports["pub"]
            self._sockets.renew_pub()
            if self._sockets.ports["pub"] != port:
                log.error("port %d was taken while the feed was away from it", port)
            for event_id, event in self.events.items():
                if event_id not in self._fenced:
                    self._mark_dirty(event)
                    event.hasten_heartbeat()

    # ── sockets ──────────────────────────────────────────────────────────────────────────────

    def _close(self) -> None:
        if self.zap is not None:
            self.zap.stop()
        self.connections.stop()
        # Once and for all sockets: a viewer that does not read would hold up the end for ever.
        self._context.destroy(linger=round(1_000 * max(0.0, self._end_by - clock.now())))
        self._waker.close()

    def _reply(self, routing_id: bytes, body: bytes) -> None:
        self._replies.append((routing_id, body))


def _any(sockets: Sequence[zmq.Socket[bytes]], ready: Container[Source] | None) -> bool:
    """Return whether one of the sockets may be read. To try costs as much as to receive: each turn
    of a host at rest reads one socket."""
    return ready is None or any(socket in ready for socket in sockets)


def _offer(options: Options, journal: Journal, *, named: bool) -> messages.HostOffer:
    """Return what a host says of itself; `named`: it was started with events."""
    free = 0 if named or options.follow else FREE_CAPACITY
    return messages.HostOffer(
        instance=uuid4().hex,
        capacity=options.capacity or free,
        labels=list(options.labels),
        journal=journal.name,
    )
