"""How a host gets the lease of an event and keeps it: it joins, asks, renews, finishes.

And when it may not rely on it, so that it fences itself (`LeaseHolder.fenced`):

| the event                                | its lease is over | the broker is away at the start  |
|------------------------------------------|-------------------|----------------------------------|
| another key may host it, or fence always | fenced            | it waits for the broker          |
| this key alone may host it               | it goes on        | it goes on, under a new epoch    |

All leases are renewed by one request (`hold`), and so are new events asked for, some at a time; a
broker of before does not know it, and is asked about each event.

A host that stands by (`--standby`) asks again for an event that another host has, and serves it
when that one's lease is over, from the journal that they share.

A lease is over some time before the broker gives it to another host: it is counted from the sending
of the request that was granted, for the most of its length, on a clock of this machine that nobody
sets and that goes on while the machine sleeps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from math import inf

from ...protocol import limits, messages
from ...protocol.errors import (
    Conflict,
    EnvironmentFault,
    NotAllowed,
    Overloaded,
    PeerError,
    Slow,
    StorageFault,
    TouchlineError,
    UnknownType,
    from_wire,
)
from ...protocol.messages import Card, Endpoints
from ...runtime.histogram import Histogram
from ..link.core import Reply, Then, ignore
from .counters import LEASE_SECONDS
from .event.event import HostedEvent

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
"""Pause before the broker is asked again where it did not answer."""

ABSTAIN_SECONDS = 10.0
"""How long a host that stands by leaves an event that it can't store to others."""

RELIED_ON = 0.9
"""The part of a lease that its host relies on. The rest is for clocks of different speed, and for
the time from the last look at the lease until what is sent has left the machine."""


OFFER_SECONDS = 2.0
"""How often a host says what it takes, and is told what to take and what to let go."""

HAND_OVER_SECONDS = 0.25
"""Pause before a host asks again for an event that another is about to hand over to it."""

ASSIGNED_SECONDS = 60.0
"""How long it asks for such an event."""

JOINS = 20
"""The most events that are asked for at one time: each is restored before the next are."""

TOGETHER = 1 / 15
"""The part of a lease by which a renewal may come early, to go with others in one request."""


def tell_nobody(_: HostedEvent) -> Callable[[], None]:
    """Tell nobody that an event is handed over."""
    return lambda: None


@dataclass(slots=True)
class HeldLease:
    """The lease of an event that is served, or is going to be."""

    event: str
    instance: str  # under which it is asked for; the broker refuses one that was replaced for good
    hosted: HostedEvent | None = None
    joined: bool = False  # the broker has let this peer in as host
    started: bool = False
    standing_by: str = ""  # what the broker said of the host that has the event; empty: none has
    leased: bool = False  # the broker granted the newest request for the lease
    finished: bool = False  # as the broker knows it
    telling: bool = False  # what it is being told of that
    asked: str = ""  # the request that the broker has not answered yet; empty: none
    ask_at: float = 0.0  # monotonic; when to ask next
    renewed: float = 0.0  # seconds of the newest lease; 0 before the first
    sent: float = 0.0  # elapsed seconds at which that request was sent
    due: float = inf  # monotonic; the next of its timers
    until: float = -inf  # elapsed seconds up to which the lease is relied on
    over_at: float = inf  # the same as monotonic seconds, until that has passed
    shared: bool = True  # another key may host the event
    named: bool = False  # somebody asked for it by its id
    assigned_until: float = -inf  # monotonic; the broker wants this host to have it, and waits


class LeaseHolder:
    """The leases of all events of a host.

    Args:
        instance: a text that is random for each start of the host.
        endpoints: returns where the host's sockets listen.
        ask: sends a request to the broker, with the callback for the answer.
        stored: returns the card of an event from the journal.
        build: makes an event, restored from the journal.
        keep: puts the card of an event into the journal anew.
        begin: lets this host alone store an event from an epoch on; returns it as it is stored.
        serve: begins to serve an event under an epoch.
        drop: stops serving an event that another host holds.
        revoke: excludes peers from an event, by their ids; some may be excluded already.
        hand_over: offers what was reported here of an event to the host that has it.
        peer: the id of this host's key.
        always: an event is fenced whoever may host it.
        standby: an event that another host has is waited for.
        elapsed: returns seconds since some beginning, on a clock that never stops.
        offer: what the host says of itself; None: nothing, and it is given no events.
        let_go: returns what tells the peers of an event that it is handed over to another host.
    """

    def __init__(
        self,
        instance: str,
        endpoints: Callable[[], Endpoints],
        ask: Callable[[messages.BrokerRequest, Then], None],
        stored: Callable[[str], Card | None],
        build: Callable[[Card], HostedEvent],
        keep: Callable[[Card], None],
        begin: Callable[[HostedEvent, int], HostedEvent],
        serve: Callable[[HostedEvent, int], None],
        drop: Callable[[HostedEvent], None],
        revoke: Callable[[HostedEvent, list[str]], None],
        hand_over: Callable[[HostedEvent], None],
        peer: str,
        elapsed: Callable[[], float],
        *,
        always: bool = False,
        standby: bool = False,
        offer: messages.HostOffer | None = None,
        let_go: Callable[[HostedEvent], Callable[[], None]] = tell_nobody,
    ) -> None:
        self._instance = instance
        self._offer = offer
        self._let_go = let_go
        self._offer_at = -inf if offer is not None else inf  # monotonic; when to say so next
        self.offered = False
        """Whether the broker has taken what the host says of itself."""
        self.draining = False
        """Whether the host hands its events over, and gets no more."""
        self.handed_over: dict[str, int] = {}
        """The events that were handed over to other hosts, each with the seq at which it ended."""
        self._endpoints = endpoints
        self._ask = ask
        self._stored = stored
        self._build = build
        self._keep = keep
        self._begin_storing = begin
        self._serve = serve
        self._drop = drop
        self._revoke = revoke
        self._hand_over = hand_over
        self._peer = peer
        self._always = always
        self._standby = standby
        self._elapsed = elapsed
        self._leases: dict[str, HeldLease] = {}
        self._together = True  # the broker takes `hold`
        self._joining: set[str] = set()  # events that are asked for, before their cards have come
        self._next: list[HeldLease] = []  # that are to be asked for after those
        self._releasing = 0  # events handed over of which the broker has not said that it knows
        self._replaced = 0  # how many instances it has asked as, after the first
        # Heaps, so that a turn in which nothing is due looks at one event. What was put off since
        # is passed over: by the time that was noted, with the event.
        self._timers: list[tuple[float, str]] = []
        self._ends: list[tuple[float, str]] = []  # of leases, in elapsed seconds
        self.seconds = Histogram(LEASE_SECONDS)
        """How long the broker took to grant leases."""
        self.lost: dict[str, TouchlineError] = {}
        """The events that can't be served, or no longer, with the reason."""
        self.answers = 0
        """The number of the broker's answers; no lease changes without an answer."""
        self.away = ""
        """Why the broker did not answer the newest request; empty where it did."""

    @property
    def age(self) -> float | None:
        """Seconds since the oldest of the newest leases was asked for; None without one. From any
        thread."""
        asked = [
            held.until - RELIED_ON * held.renewed
            for held in list(self._leases.values())
            if held.started and held.renewed
        ]
        return self._elapsed() - min(asked) if asked else None

    def _offer_itself(self, now: float) -> None:
        if self._offer is None or not self._together:
            self._offer_at = inf  # a broker of before gives no events away
            return
        self._offer_at = inf  # until it is answered
        request = messages.HoldEvents(id=0, endpoints=self._endpoints(), offer=self._offer)
        self._ask(request, self._take_orders)

    def _take_orders(self, reply: Reply, now: float) -> None:
        """Take on and let go what the broker says."""
        self._offer_at = now + OFFER_SECONDS
        self._note_absence(reply)
        if isinstance(reply, UnknownType):
            self._together = False
            self._offer_at = inf
            log.warning("the broker is of a release before: it gives no events to hosts")
            return
        if not isinstance(reply, messages.EventsHeld):
            return
        if not self.offered or self.draining != reply.draining:
            self.answers += 1
        self.offered, self.draining = True, reply.draining
        for event in reply.assigned:
            if event not in self._leases:
                self.lost.pop(event, None)
                self.handed_over.pop(event, None)
                self.take_on(event)
                self._leases[event].assigned_until = now + ASSIGNED_SECONDS
        for event in reply.released:
            held = self._leases.get(event)
            if held is not None and held.started and held.hosted is not None:
                self._hand_to_another(held, held.hosted)

    def _hand_to_another(self, held: HeldLease, hosted: HostedEvent) -> None:
        """Close an event here: all that was taken in is stored, and another host goes on."""
        self.answers += 1
        self.handed_over[held.event] = hosted.feed.seq
        log.warning("event %s: handed over at seq %d", held.event, hosted.feed.seq)
        self._releasing += 1
        release = messages.ReleaseLease(id=0, event=held.event, instance=held.instance)
        self._ask(release, partial(self._released, self._let_go(hosted)))
        self._drop(hosted)
        self._leases.pop(held.event, None)
        self._hand_over(hosted)

    def _released(self, tell: Callable[[], None], _: Reply, __: float) -> None:
        # Not before: until then the broker would lead its peers back here.
        self._releasing -= 1
        self.answers += 1
        tell()

    def take_on(self, event: str) -> None:
        """Begin to hold an event, also one that was lost; one that is held stays as it is."""
        if event in self._leases:
            return
        self.lost.pop(event, None)
        held = self._leases[event] = HeldLease(event, self._instance)
        self._set_timer(held)

    def take_over(self, event: str, until: float, *, named: bool = False) -> None:
        """Take on an event whose host is gone, or going.

        Args:
            event: its id.
            until: up to then (monotonic seconds) the lease of that host is waited for.
            named: it is lost where that host goes on; otherwise it is let be.
        """
        self.take_on(event)
        self._leases[event].assigned_until = until
        self._leases[event].named = named

    @property
    def events(self) -> Collection[str]:
        """The events that are held, or asked for."""
        return self._leases.keys()

    @property
    def serving(self) -> bool:
        """Whether every event is served but for the lost ones and those that another host has."""
        return all(held.started or held.standing_by for held in self._leases.values())

    @property
    def standing_by(self) -> dict[str, str]:
        """The events that another host has and this one waits for, with what the broker said."""
        return {e: held.standing_by for e, held in self._leases.items() if held.standing_by}

    def take_away(self, event: str, error: Conflict, now: float) -> None:
        """Stop serving an event that another host stores now.

        Args:
            event: its id.
            error: says so.
            now: monotonic seconds.
        """
        held = self._leases.get(event)
        if held is None:
            return
        self._lose(held, error)
        anew = self._leases.get(event)
        if anew is not None:  # it stands by: for a host that may have come and gone
            anew.ask_at = now + RETRY_SECONDS
            self._set_timer(anew)

    def give_back(self, event: str, why: str, now: float) -> None:
        """Leave an event that can't be stored here to another host, and stand by for it.

        Args:
            event: its id.
            why: it can't be stored.
            now: monotonic seconds.
        """
        held = self._leases.get(event)
        if held is not None:
            self._release(held)
            self._stand_by(held, why, now + ABSTAIN_SECONDS)

    @property
    def busy(self) -> bool:
        """Whether there is an event to hold, or the broker is being told that one is let go."""
        return bool(self._leases or self._releasing)

    @property
    def holds_any(self) -> bool:
        """Whether there is an event whose lease is held, or may still be granted."""
        return bool(self._leases)

    @property
    def finished(self) -> bool:
        """Whether every event is over, the broker knows it, and no report of it counts any more."""
        return all(
            held.finished and held.hosted is not None and held.hosted.closed
            for held in self._leases.values()
        )

    def fenced(self, event: str) -> bool:
        """Return whether another host may hold an event that is served here.

        The clock is read anew each time: this process may have been stopped just now.
        """
        held = self._leases.get(event)
        return held is not None and held.shared and self._elapsed() >= held.until

    def over(self) -> list[str]:
        """Return the events, each once, that another host may hold since their leases are over."""
        elapsed, over = self._elapsed(), []
        while self._ends and self._ends[0][0] <= elapsed:
            _, event = heappop(self._ends)
            if event not in over and self.fenced(event):
                over.append(event)
        return over

    def hasten(self, event: str, now: float) -> None:
        """Ask for the lease of an event at once."""
        held = self._leases.get(event)
        if held is not None:
            held.ask_at = now
            self._set_timer(held)

    def next_timer(self) -> float:
        """Return when `handle_timer` wants to be called next (monotonic seconds)."""
        while self._timers:
            due, event = self._timers[0]
            if event in self._leases and self._leases[event].due == due:
                return min(due, self._offer_at)
            heappop(self._timers)
        return self._offer_at

    def handle_timer(self, now: float) -> None:
        """Send the requests to the broker that are due."""
        due = []
        if self._offer_at <= now:
            self._offer_itself(now)
        while self.next_timer() <= now:
            held = self._leases[heappop(self._timers)[1]]
            held.due = inf
            due.append(held)
        if self._together:
            self._handle_together(due, now)
            return
        for held in due:
            self._handle(held, now)
            self._set_timer(held)

    def _handle_together(self, due: list[HeldLease], now: float) -> None:
        """Send what is due in few requests, and with it what is to be renewed soon."""
        joins: list[HeldLease] = []
        leases: list[HeldLease] = []
        for held in due:
            word = self._due(held, now)
            if word == "finish":
                self._finish(held)
            elif word == "lease":
                leases.append(held)
            elif word and len(self._joining) < JOINS:
                self._joining.add(held.event)
                joins.append(held)
            elif word:
                held.ask_at = inf
                self._next.append(held)
        if any(held.renewed for held in leases):
            taken = {held.event for held in leases}
            leases += [
                held
                for held in self._leases.values()
                if held.renewed
                and held.event not in taken
                and self._due(held, now + TOGETHER * held.renewed) == "lease"
            ]
        if joins:
            self._hold(joins, [])
        while leases:
            self._hold([], leases[: limits.HOLD_EVENTS])
            leases = leases[limits.HOLD_EVENTS :]
        for held in due:
            self._set_timer(held)

    def _hold(self, joins: list[HeldLease], leases: list[HeldLease]) -> None:
        sent = self._elapsed()
        request = messages.HoldEvents(id=0, endpoints=self._endpoints())
        for held in joins:
            held.asked, held.sent = "join", sent
            request.joins.append(held.event)
        for held in leases:
            held.asked, held.sent = "lease", sent
            self._set_timer(held)
            hosted = held.hosted
            if hosted is None:
                raise AssertionError("a lease is asked for before there is an event")
            request.leases.append(
                messages.LeaseAsked(
                    event=held.event,
                    instance=held.instance,
                    epoch=hosted.epoch if held.started else hosted.epoch + 1,
                    seq=hosted.feed.seq,
                )
            )
        self._ask(request, partial(self._take_held, (*joins, *leases)))

    def _take_held(self, asked: tuple[HeldLease, ...], reply: Reply, now: float) -> None:
        events = {held.event for held in asked}
        self._joining -= events
        if isinstance(reply, UnknownType):
            self._together = False
            self._next.clear()
            for held in self._leases.values():
                if held.event in events or held.ask_at == inf:
                    held.asked, held.ask_at = "", now
                self._set_timer(held)
            return
        waiting = self._next
        if isinstance(reply, EnvironmentFault):
            # They are served from the journal, where that may be: not some and later others.
            asked, waiting = (*asked, *waiting), []
        self._next = waiting[JOINS - len(self._joining) :]
        for held in waiting[: JOINS - len(self._joining)]:
            held.ask_at = now
            self._set_timer(held)
        answers: dict[str, Reply] = {}
        if isinstance(reply, messages.EventsHeld):
            for one in reply.leases:
                answers[one.event] = messages.Leased(
                    id=0,
                    event=one.event,
                    epoch=one.epoch,
                    seconds=reply.seconds,
                    revoked=one.revoked,
                    owners=one.owners,
                    hosts=one.hosts,
                )
            for card in reply.cards:
                answers[card.event] = messages.Invitation(id=0, card=card, token="", expires=0)
            for refusal in reply.refused:
                answers[refusal.event] = from_wire(refusal.code, refusal.reason)
        for held in asked:
            if isinstance(reply, messages.EventsHeld) and held.event not in answers:
                held.asked, held.ask_at = "", now  # it did not fit into the reply
                self._set_timer(held)
            else:
                self._answered(held, answers.get(held.event, reply), now)

    def _set_timer(self, held: HeldLease) -> None:
        due = min(inf if held.asked else held.ask_at, held.over_at if held.shared else inf)
        if held.due != due:
            held.due = due
            if due < inf:
                heappush(self._timers, (due, held.event))

    def _due(self, held: HeldLease, now: float) -> str:
        """Return what is to be asked of the broker at a time: join, lease or finish; or nothing."""
        if held.over_at <= now and self._elapsed() >= held.until:
            held.over_at = inf
        if held.asked or held.ask_at > now:
            return ""
        if held.hosted is None or not held.joined:
            return "join"
        return "finish" if held.hosted.finished != held.finished and held.leased else "lease"

    def _handle(self, held: HeldLease, now: float) -> None:
        match self._due(held, now):
            case "join":
                self._send(held, "join", messages.Join(id=0, event=held.event, role="host"))
            case "finish":
                self._finish(held)
            case "lease":
                self._lease(held)

    def _finish(self, held: HeldLease) -> None:
        if held.hosted is None:
            raise AssertionError("an event is over before there is one")
        held.telling = held.hosted.finished
        over = messages.Finish(id=0, event=held.event, over=held.hosted.finished)
        self._send(held, "finish", over)

    def note_end(self, event: str) -> None:
        """Tell the broker soon that an event is over, or goes on, where it does not know it yet."""
        held = self._leases.get(event)
        if held is None or held.hosted is None or held.asked:
            return
        if held.leased and held.hosted.finished != held.finished:
            held.ask_at = 0.0
            self._set_timer(held)

    def leave(self) -> None:
        """Give up every lease."""
        for held in self._leases.values():
            if held.started:
                self._release(held)

    def _release(self, held: HeldLease) -> None:
        self._ask(messages.ReleaseLease(id=0, event=held.event, instance=held.instance), ignore)

    def _lease(self, held: HeldLease) -> None:
        hosted = held.hosted
        if hosted is None:
            raise AssertionError("a lease is asked for before there is an event")
        self._send(
            held,
            "lease",
            messages.Lease(
                id=0,
                event=held.event,
                instance=held.instance,
                endpoints=self._endpoints(),
                epoch=hosted.epoch if held.started else hosted.epoch + 1,
                seq=hosted.feed.seq,
            ),
        )

    def _send(self, held: HeldLease, word: str, request: messages.BrokerRequest) -> None:
        held.asked, held.sent = word, self._elapsed()
        self._ask(request, partial(self._answered, held))

    def _answered(self, held: HeldLease, reply: Reply, now: float) -> None:
        self.answers += 1
        if self._leases.get(held.event) is held:  # it was not taken away meanwhile
            self._take_answer(held, reply, now)
            self._set_timer(held)

    def _take_answer(self, held: HeldLease, reply: Reply, now: float) -> None:
        asked, held.asked = held.asked, ""
        self._note_absence(reply)
        match reply:
            case messages.Invitation():
                held.joined = True
                held.finished = reply.card.status == "finished"
                held.ask_at = now
                if held.hosted is None:
                    self._begin(held, reply.card, now)
            case messages.Leased():
                held.ask_at, held.renewed = now + reply.seconds / 3, reply.seconds
                self.seconds.add(self._elapsed() - held.sent)
                self._keep_lease(held, reply, now)
            case messages.Done() if asked == "finish":
                held.finished = held.telling
                held.ask_at = now
            case NotAllowed() if asked == "finish":
                held.leased = False  # the lease has lapsed meanwhile: ask for it first
                held.ask_at = now
            case NotAllowed() if asked == "lease" and held.joined:
                held.joined = False  # the invitation has expired meanwhile: join again
                held.ask_at = now + RETRY_SECONDS
            case Conflict() if asked == "lease" and now < held.assigned_until and not held.started:
                self._wait_for_another(held, reply, now + HAND_OVER_SECONDS)
            case Conflict() if asked == "lease" and self._standby and not held.started:
                self._wait_for_another(held, reply, now + RETRY_SECONDS)
            case Conflict() if held.assigned_until > -inf and not (held.started or held.named):
                del self._leases[held.event]  # another host has it after all
            case PeerError() if not isinstance(reply, Overloaded):
                self._lose(held, reply)
            case Slow():
                held.leased = False  # it may have lapsed meanwhile
                held.ask_at = now
            case _:
                self._go_on_alone(held, now)
                held.ask_at = now + RETRY_SECONDS

    def _note_absence(self, reply: Reply) -> None:
        away = isinstance(reply, EnvironmentFault) and not isinstance(reply, Slow)
        self.away = reply.sentence if isinstance(reply, EnvironmentFault) and away else ""

    def _begin(self, held: HeldLease, card: Card, now: float) -> None:
        try:
            held.hosted = self._build(card)
        except TouchlineError as error:
            if self._standby and isinstance(error, StorageFault):
                log.warning("event %s: %s", held.event, error.sentence)
                held.ask_at = now + RETRY_SECONDS  # the database may be back by then
            else:
                self._lose(held, error)

    def _keep_lease(self, held: HeldLease, lease: messages.Leased, now: float) -> None:
        hosted = held.hosted
        if hosted is None:
            raise AssertionError("a lease was asked for before there was an event")
        held.leased = True
        held.until = held.sent + RELIED_ON * lease.seconds
        held.over_at = now + held.until - self._elapsed()
        permitted = hosted.permit(lease.owners, lease.hosts)
        held.shared = self._is_shared(hosted.card)
        if held.shared:
            heappush(self._ends, (held.until, held.event))
        if permitted:
            try:
                self._keep(hosted.card)
            except StorageFault as fault:
                log.warning("event %s: %s", held.event, fault.sentence)
        if hosted.finished != held.finished:
            held.ask_at = now  # only the holder of the lease can say that the event is over
        if not held.started:
            hosted = self._start(held, hosted, lease.epoch, now)
        elif lease.epoch > hosted.epoch:
            self._serve(hosted, lease.epoch)
        if lease.revoked and held.started:
            self._revoke(hosted, lease.revoked)

    def _start(self, held: HeldLease, hosted: HostedEvent, epoch: int, now: float) -> HostedEvent:
        """Serve an event, as it is stored by now; return it."""
        try:
            hosted = held.hosted = self._begin_storing(hosted, epoch)
        except StorageFault as fault:
            if self._standby:
                self.give_back(held.event, fault.sentence, now)
            else:
                log.warning("event %s: %s", held.event, fault.sentence)
                held.ask_at = now + RETRY_SECONDS
        except TouchlineError as error:
            self._lose(held, error)
        else:
            if hosted.epoch < epoch:
                held.started, held.standing_by = True, ""
                self._serve(hosted, epoch)
            else:  # the host before began one more than the broker knew of
                held.ask_at = now
        return hosted

    def _go_on_alone(self, held: HeldLease, now: float) -> None:
        """Serve an event from the journal without the broker: its peers have joined before."""
        held.leased = False  # it may lapse before the broker is back
        if held.hosted is None:
            card = self._stored(held.event)
            if card is not None:
                self._begin(held, card, now)
        if held.hosted is None or held.started or self._is_shared(held.hosted.card):
            return
        held.shared = False
        log.warning("event %s: the broker is away; serving from the journal", held.event)
        self._start(held, held.hosted, held.hosted.epoch + 1, now)

    def _is_shared(self, card: Card) -> bool:
        """Return whether another key may host an event, or it is to be treated so."""
        named = {card.owner, *card.owners, *card.hosts}
        return self._always or named != {self._peer}

    def _wait_for_another(self, held: HeldLease, refusal: Conflict, ask_at: float) -> None:
        """Ask later for an event that another host has.

        An answer may have been lost that granted it the lease; where that one was replaced since,
        the broker refuses the instance for good. So it asks as another.
        """
        held.instance = self._new_instance()
        held.standing_by, held.ask_at = refusal.sentence, ask_at

    def _new_instance(self) -> str:
        """Return an instance of which the broker has not heard."""
        self._replaced += 1
        return f"{self._instance}-{self._replaced}"

    def _stand_by(self, held: HeldLease, why: str, ask_at: float) -> None:
        """Wait for an event anew, as an instance that the broker has not seen replaced."""
        log.warning("event %s: %s; standing by", held.event, why)
        if held.started and held.hosted is not None:
            self._drop(held.hosted)
        anew = HeldLease(held.event, self._new_instance(), standing_by=why, ask_at=ask_at)
        self._leases[held.event] = anew
        self._set_timer(anew)

    def _lose(self, held: HeldLease, error: TouchlineError) -> None:
        if self._standby and isinstance(error, Conflict):
            self._stand_by(held, error.sentence, 0.0)
            return
        if held.started and held.hosted is not None:
            self._drop(held.hosted)
        log.error("event %s: %s", held.event, error.sentence)
        self._leases.pop(held.event, None)
        self.lost[held.event] = error
        if held.hosted is not None and isinstance(error, Conflict):
            self._hand_over(held.hosted)
