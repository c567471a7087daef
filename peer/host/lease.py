"""How a host gets the lease of an event and keeps it: join, lease, renew, finish."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ...protocol import messages
from ...protocol.errors import EnvironmentFault, NotAllowed, Overloaded, PeerError, TouchlineError
from ...protocol.messages import Card, Endpoints
from ..link.core import Reply, Then, ignore
from .event.event import HostedEvent

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
"""Pause before the broker is asked again after it did not answer."""


@dataclass(slots=True)
class HeldLease:
    """The lease of one event, which is served or on its way to being served."""

    event: str
    hosted: HostedEvent | None = None
    joined: bool = False  # the broker has let this peer in as host
    started: bool = False
    leased: bool = False  # the broker granted the newest lease that was asked for
    finished: bool = False
    asked: str = ""  # what the broker has been asked and not yet answered
    ask_at: float = 0.0  # monotonic; when to ask next


class LeaseHolder:
    """The leases of all events of a host.

    Args:
        instance: random for each start of the host.
        endpoints: tells where its sockets listen.
        ask: sends a request to the broker, with what follows upon the answer.
        stored: gives the card of an event that is in the journal.
        build: makes an event, its journal restored.
        serve: begins to serve an event under an epoch.
        drop: stops serving an event that another host holds.
        revoke: excludes peers from an event, by their ids; may name some that are excluded.
    """

    def __init__(
        self,
        instance: str,
        endpoints: Callable[[], Endpoints],
        ask: Callable[[messages.BrokerRequest, Then], None],
        stored: Callable[[str], Card | None],
        build: Callable[[Card], HostedEvent],
        serve: Callable[[HostedEvent, int], None],
        drop: Callable[[HostedEvent], None],
        revoke: Callable[[HostedEvent, list[str]], None],
    ) -> None:
        self._instance = instance
        self._endpoints = endpoints
        self._ask = ask
        self._stored = stored
        self._build = build
        self._serve = serve
        self._drop = drop
        self._revoke = revoke
        self._leases: dict[str, HeldLease] = {}
        self.lost: dict[str, TouchlineError] = {}
        """Events that cannot be held (any more), and why."""
        self.answers = 0
        """The broker's answers so far; no lease changes without one."""
        self.away = ""
        """Why the broker did not answer the newest request; empty while it does."""

    def take_on(self, event: str) -> None:
        """Begin to hold an event."""
        self._leases[event] = HeldLease(event)

    @property
    def serving(self) -> bool:
        """Whether every event that can be is being served."""
        return all(held.started for held in self._leases.values())

    @property
    def holds_any(self) -> bool:
        """Whether there is an event that is held, or may still be."""
        return bool(self._leases)

    @property
    def finished(self) -> bool:
        """Whether every event is over and the broker knows."""
        return all(held.finished for held in self._leases.values())

    def next_timer(self) -> float:
        """Return when `handle_timer` wants to be called next (monotonic seconds)."""
        waiting = [held.ask_at for held in self._leases.values() if not held.asked]
        return min(waiting, default=float("inf"))

    def handle_timer(self, now: float) -> None:
        """Ask the broker what is due."""
        for held in self._leases.values():
            if held.asked or held.ask_at > now:
                continue
            hosted = held.hosted
            if hosted is None or not held.joined:
                self._send(held, "join", messages.Join(id=0, event=held.event, role="host"))
            elif hosted.finished and held.leased and not held.finished:
                self._send(held, "finish", messages.Finish(id=0, event=held.event))
            else:
                self._lease(held, hosted)

    def finish(self, event: str) -> None:
        """Tell the broker soon that an event is over."""
        held = self._leases.get(event)
        if held is not None and not held.finished:
            held.ask_at = 0.0

    def leave(self) -> None:
        """Give up every lease."""
        for held in self._leases.values():
            if held.started:
                self._ask(
                    messages.ReleaseLease(id=0, event=held.event, instance=self._instance), ignore
                )

    def _lease(self, held: HeldLease, hosted: HostedEvent) -> None:
        self._send(
            held,
            "lease",
            messages.Lease(
                id=0,
                event=held.event,
                instance=self._instance,
                endpoints=self._endpoints(),
                epoch=hosted.epoch if held.started else hosted.epoch + 1,
                seq=hosted.feed.seq,
            ),
        )

    def _send(self, held: HeldLease, word: str, request: messages.BrokerRequest) -> None:
        held.asked = word
        self._ask(request, partial(self._answered, held))

    def _answered(self, held: HeldLease, reply: Reply, now: float) -> None:
        self.answers += 1
        asked, held.asked = held.asked, ""
        self.away = reply.sentence if isinstance(reply, EnvironmentFault) else ""
        match reply:
            case messages.Invitation():
                held.joined = True
                held.ask_at = now
                if held.hosted is None:
                    self._begin(held, reply.card)
            case messages.Leased():
                held.ask_at = now + reply.seconds / 3
                self._hold(held, reply, now)
            case messages.Done() if asked == "finish":
                held.finished = True
                held.ask_at = now
            case NotAllowed() if asked == "finish":
                held.leased = False  # it has lapsed meanwhile: ask for it first
                held.ask_at = now
            case NotAllowed() if asked == "lease" and held.joined:
                held.joined = False  # the invitation has expired meanwhile: join again
                held.ask_at = now + RETRY_SECONDS
            case PeerError() if not isinstance(reply, Overloaded):
                self._lose(held, reply)
            case _:
                self._go_on_alone(held)
                held.ask_at = now + RETRY_SECONDS

    def _begin(self, held: HeldLease, card: Card) -> None:
        try:
            held.hosted = self._build(card)
        except TouchlineError as error:
            self._lose(held, error)

    def _hold(self, held: HeldLease, lease: messages.Leased, now: float) -> None:
        hosted = held.hosted
        if hosted is None:
            raise AssertionError("a lease was asked for before there was an event")
        held.leased = True
        if hosted.finished and not held.finished:
            held.ask_at = now  # only the holder of the lease can say that the event is over
        if not held.started or lease.epoch > hosted.epoch:
            held.started = True
            self._serve(hosted, lease.epoch)
        if lease.revoked:
            self._revoke(hosted, lease.revoked)

    def _go_on_alone(self, held: HeldLease) -> None:
        """Serve what the journal holds while the broker is away: its peers have joined already."""
        held.leased = False  # it may lapse before the broker is back
        if held.hosted is None:
            card = self._stored(held.event)
            if card is not None:
                self._begin(held, card)
        if held.hosted is not None and not held.started:
            log.warning("event %s: the broker is away; serving from the journal", held.event)
            held.started = True
            self._serve(held.hosted, held.hosted.epoch + 1)

    def _lose(self, held: HeldLease, error: TouchlineError) -> None:
        log.error("event %s: %s", held.event, error.sentence)
        self._leases.pop(held.event, None)
        self.lost[held.event] = error
        if held.started and held.hosted is not None:
            self._drop(held.hosted)
