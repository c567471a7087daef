"""How a host comes to hold an event at the broker, and keeps it: join, lease, renew, finish."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ...protocol import messages
from ...protocol.errors import EnvironmentFault, NotAllowed, Overloaded, PeerError, TouchlineError
from ...protocol.messages import Card, Endpoints
from .event.event import EventCore

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
"""Pause before the broker is asked again after it did not answer."""


@dataclass(slots=True)
class HeldLease:
    """One event, on its way to being served or served."""

    event: str
    core: EventCore | None = None
    joined: bool = False  # the broker has let this peer in as host
    started: bool = False
    leased: bool = False  # the broker granted the newest lease that was asked for
    finished: bool = False
    asked: str = ""  # what the broker has been asked and not yet answered
    ask_at: float = 0.0  # monotonic; when to ask next


class LeaseHolder:
    """All events that a host holds.

    Args:
        instance: random for each start of the host.
        endpoints: tells where its sockets listen.
        ask: sends a request to the broker; returns its number.
        stored: gives the card of an event that is in the journal.
        build: makes the core of an event, its journal restored.
        serve: begins to serve a core under an epoch.
        drop: stops serving a core whose event is held by another.
        revoke: puts peers out of a core, by their ids; may name those who are out already.
    """

    def __init__(
        self,
        instance: str,
        endpoints: Callable[[], Endpoints],
        ask: Callable[[messages.BrokerRequest], int],
        stored: Callable[[str], Card | None],
        build: Callable[[Card], EventCore],
        serve: Callable[[EventCore, int], None],
        drop: Callable[[EventCore], None],
        revoke: Callable[[EventCore, list[str]], None],
    ) -> None:
        self._instance = instance
        self._endpoints = endpoints
        self._ask = ask
        self._stored = stored
        self._build = build
        self._serve = serve
        self._drop = drop
        self._revoke = revoke
        self._holdings: dict[str, HeldLease] = {}
        self._asked: dict[int, HeldLease] = {}
        self.lost: dict[str, TouchlineError] = {}
        """Events that can't be held (any more), and why."""
        self.answers = 0
        """The broker's answers so far; nothing of a holding changes without one."""
        self.away = ""
        """Why the broker did not answer the newest request; empty while it does."""

    def take_on(self, event: str) -> None:
        """Begin to hold an event."""
        self._holdings[event] = HeldLease(event)

    @property
    def serving(self) -> bool:
        """Whether every event that can be is being served."""
        return all(holding.started for holding in self._holdings.values())

    @property
    def holds_any(self) -> bool:
        """Whether there is an event that is held, or may still be."""
        return bool(self._holdings)

    @property
    def finished(self) -> bool:
        """Whether every event is over and the broker knows."""
        return all(holding.finished for holding in self._holdings.values())

    def next_timer(self) -> float:
        """Return when `handle_timer` wants to be called next (monotonic seconds)."""
        waiting = [h.ask_at for h in self._holdings.values() if not h.asked]
        return min(waiting, default=float("inf"))

    def handle_timer(self, now: float) -> None:
        """Ask the broker what is due."""
        for holding in self._holdings.values():
            if holding.asked or holding.ask_at > now:
                continue
            core = holding.core
            if core is None or not holding.joined:
                self._send(holding, "join", messages.Join(id=0, event=holding.event, role="host"))
            elif core.finished and holding.leased and not holding.finished:
                self._send(holding, "finish", messages.Finish(id=0, event=holding.event))
            else:
                self._lease(holding, core)

    def finish(self, event: str) -> None:
        """Tell the broker soon that an event is over."""
        holding = self._holdings.get(event)
        if holding is not None and not holding.finished:
            holding.ask_at = 0.0

    def leave(self) -> None:
        """Give up every lease."""
        for holding in self._holdings.values():
            if holding.started:
                self._ask(messages.Leave(id=0, event=holding.event, instance=self._instance))

    def _lease(self, holding: HeldLease, core: EventCore) -> None:
        self._send(
            holding,
            "lease",
            messages.Lease(
                id=0,
                event=holding.event,
                instance=self._instance,
                endpoints=self._endpoints(),
                epoch=core.epoch if holding.started else core.epoch + 1,
                seq=core.feed.seq,
            ),
        )

    def _send(self, holding: HeldLease, word: str, request: messages.BrokerRequest) -> None:
        holding.asked = word
        self._asked[self._ask(request)] = holding

    def answered(
        self, number: int, reply: messages.BrokerReply | TouchlineError, now: float
    ) -> bool:
        """Take the broker's answer to a request; False where it was not about a holding."""
        holding = self._asked.pop(number, None)
        if holding is None:
            return False
        self.answers += 1
        asked, holding.asked = holding.asked, ""
        self.away = reply.sentence if isinstance(reply, EnvironmentFault) else ""
        match reply:
            case messages.Invitation():
                holding.joined = True
                holding.ask_at = now
                if holding.core is None:
                    self._begin(holding, reply.card)
            case messages.Leased():
                holding.ask_at = now + reply.seconds / 3
                self._hold(holding, reply, now)
            case messages.Done() if asked == "finish":
                holding.finished = True
                holding.ask_at = now
            case NotAllowed() if asked == "finish":
                holding.leased = False  # it has lapsed meanwhile: ask for it first
                holding.ask_at = now
            case NotAllowed() if asked == "lease" and holding.joined:
                holding.joined = False  # what let it in has expired meanwhile: join again
                holding.ask_at = now + RETRY_SECONDS
            case PeerError() if not isinstance(reply, Overloaded):
                self._lose(holding, reply)
            case _:
                self._go_on_alone(holding)
                holding.ask_at = now + RETRY_SECONDS
        return True

    def _begin(self, holding: HeldLease, card: Card) -> None:
        try:
            holding.core = self._build(card)
        except TouchlineError as error:
            self._lose(holding, error)

    def _hold(self, holding: HeldLease, lease: messages.Leased, now: float) -> None:
        core = holding.core
        if core is None:
            raise AssertionError("a lease was asked for before there was a core")
        holding.leased = True
        if core.finished and not holding.finished:
            holding.ask_at = now  # what is over can only be said by who holds the lease
        if not holding.started or lease.epoch > core.epoch:
            holding.started = True
            self._serve(core, lease.epoch)
        if lease.revoked:
            self._revoke(core, lease.revoked)

    def _go_on_alone(self, holding: HeldLease) -> None:
        """Serve what the journal holds while the broker is away: its peers have joined already."""
        holding.leased = False  # it may lapse before the broker is back
        if holding.core is None:
            card = self._stored(holding.event)
            if card is not None:
                self._begin(holding, card)
        if holding.core is not None and not holding.started:
            log.warning("event %s: the broker is away; serving from the journal", holding.event)
            holding.started = True
            self._serve(holding.core, holding.core.epoch + 1)

    def _lose(self, holding: HeldLease, error: TouchlineError) -> None:
        log.error("event %s: %s", holding.event, error.sentence)
        self._holdings.pop(holding.event, None)
        self.lost[holding.event] = error
        if holding.started and holding.core is not None:
            self._drop(holding.core)
