"""The relay's loop: follows events at their hosts by ZeroMQ, and puts their feeds into NATS.

The relay is one subscriber of each event, however many read from NATS. What NATS does not take
waits, and so do messages of hosts that are away: neither holds the other up.
"""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from ..peer import Link, Notice, Subscriber
from ..protocol import codec, relay
from ..protocol.errors import Conflict, TouchlineError
from ..protocol.messages import Heartbeat, HostContact, RelayBeat, Relayed, Setup
from ..protocol.text import plain
from ..runtime import clock
from ..runtime.logs import note
from ..runtime.nats_client import NatsClient
from ..runtime.poll_loop import PollLoop, Source
from ..runtime.timers import earliest
from ..runtime.waker import Waker
from .core import LookUp, RelayCore, Store, StoredMessage
from .options import Options
from .stream import RelayStream

T = TypeVar("T")

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
"""The longest wait of the loop."""

CARD_SECONDS = 2.0
"""The pause before a card is tried to be stored again."""

PROBE_SECONDS = 0.5
"""The longest wait of an event that NATS does not take: the connection may be back."""


@dataclass(slots=True)
class RelayedEvent:
    """One event of a relay, as metrics read it."""

    event: str
    feed: Subscriber
    core: RelayCore
    sockets: list[Source] = field(default_factory=list)
    due: float = 0.0
    beat: bytes = b""
    """The newest heartbeat of the host that may be passed on."""
    newest: tuple[int, bytes] = (-1, b"")  # seq and body of the host's newest heartbeat
    contact: HostContact = "silent"
    contact_text: str = ""
    beat_at: float = 0.0  # monotonic; when the relay says next that it is there
    card: Setup | None = None  # the setup that the stored card is of
    card_under_way: bool = False
    card_at: float = 0.0  # monotonic; not before
    trouble: str = ""
    """Why NATS does not take the event's messages; empty where it does."""
    host_away_since: float | None = None
    host_away_before: float = 0.0

    @property
    def host_away_seconds(self) -> float:
        """Seconds in which the host was not heard, since the start."""
        since = self.host_away_since
        return self.host_away_before + (0.0 if since is None else clock.now() - since)


class Relay:
    """The relay of some events.

    Args:
        options: its settings.
        link: to the broker.
        nats: the connection to NATS, started.
        events: their ids.

    Raises:
        BadMessage: an id can't be part of a subject.
    """

    def __init__(
        self, options: Options, link: Link, nats: NatsClient, events: Sequence[str]
    ) -> None:
        self.id = secrets.token_hex(8)
        """Another one after each start."""
        self.lost: dict[str, TouchlineError] = {}
        """The events that can't be followed any longer, and why."""
        self.nats = nats
        self.events: dict[str, RelayedEvent] = {}
        """The others; it may change while it is read."""
        self._options = options
        self._link = link
        self._stream = RelayStream(options)
        self._waker = Waker()
        self._loop = PollLoop(waker=self._waker)
        self._answers: deque[Callable[[], None]] = deque()
        self._stopping = False
        for event in events:
            relay.subject(relay.FEEDS, event)
            feed = Subscriber(event, link, keeps_bodies=True)
            core = RelayCore(feed.core.tracker)
            self.events[event] = RelayedEvent(event, feed, core, host_away_since=clock.now())

    def announce(self, metrics: str) -> None:
        """Tell the broker where this relay is scraped for metrics, HOST:PORT; before `run`."""
        self._link.announce("relay", metrics)

    def run(self, on_turn: Callable[[], object] = lambda: None) -> None:
        """Relay until `stop`, or until no event can be followed.

        Args:
            on_turn: called after each turn.
        """
        try:
            while not self._stopping and self.events:
                self._turn()
                on_turn()
        finally:
            for followed in self.events.values():
                followed.feed.close()
            self._waker.close()

    def stop(self) -> None:
        """End `run`; any thread and a signal may call this."""
        self._stopping = True
        self._waker.wake()

    @property
    def done(self) -> bool:
        """Whether all events are over, and their feeds in the stream as far as they came."""
        return all(
            one.feed.core.finished and not one.core.behind and one.feed.core.tracker.whole
            for one in self.events.values()
        )

    def _turn(self) -> None:
        readable = self._wait()
        now = clock.now()
        while self._answers:
            self._answers.popleft()()
        self._link.poll(now)
        all_of_them = not readable.isdisjoint(self._link.sockets)
        for followed in list(self.events.values()):
            if all_of_them or followed.due <= now or not readable.isdisjoint(followed.sockets):
                self._serve(followed)

    def _wait(self) -> set[Source]:
        events = self.events.values()
        own = [socket for followed in events for socket in followed.sockets]
        self._loop.watch([*self._link.sockets, *own])
        due = min((followed.due for followed in events), default=None)
        return self._loop.wait(due, self._link.next_timer(), longest=IDLE_SECONDS)

    def _serve(self, followed: RelayedEvent) -> None:
        try:
            while (item := followed.feed.next(0.0)) is not None:
                if isinstance(item, Heartbeat):
                    # Where another waits among the items, its own turn comes in this loop.
                    followed.newest = item.seq, followed.feed.core.beat
                elif isinstance(item, Notice):
                    note(logger, logging.INFO, plain(item.text), event=followed.event)
                    if item.voids:
                        followed.newest, followed.beat = (-1, b""), b""
        except TouchlineError as error:
            self._give_up(followed, error)
            return
        now = clock.now()
        self._put_card(followed, now)
        if followed.card is not None:
            self._store(followed, now)
        self._note_contact(followed, now)
        self._beat(followed, now)
        followed.sockets = followed.feed.sockets()
        timers = earliest(followed.feed.next_timer(), followed.core.next_timer())
        followed.due = min(followed.beat_at, now + IDLE_SECONDS, timers or now + IDLE_SECONDS)
        if not self.nats.connected:
            followed.due = max(followed.due, now + PROBE_SECONDS / 10)

    def _give_up(self, followed: RelayedEvent, error: TouchlineError) -> None:
        self.lost[followed.event] = error
        events = dict(self.events)
        del events[followed.event]
        self.events = events
        followed.feed.close()

    # ── the feed ─────────────────────────────────────────────────────────────────────────────

    def _store(self, followed: RelayedEvent, now: float) -> None:
        followed.core.note_arrivals(now)
        if not self.nats.connected:
            if followed.core.behind:
                self._note_trouble(followed, self.nats.absence)
            return
        match followed.core.next(now):
            case LookUp():
                self._call(followed, self._stream.look_up(followed.event), self._found)
            case Store() as message:
                self._call(
                    followed,
                    self._stream.store(followed.event, message),
                    partial(self._stored, message=message),
                )

    def _call(
        self,
        followed: RelayedEvent,
        make: Callable[[Any], Coroutine[Any, Any, T]],
        take: Callable[[RelayedEvent, T | TouchlineError], None],
    ) -> None:
        """Ask NATS; have the answer taken by this thread's next turn."""

        def answered(answer: T | TouchlineError) -> None:
            def again() -> None:
                followed.due = 0.0
                take(followed, answer)

            self._answers.append(again)
            self._waker.wake()

        self.nats.call(make, answered)

    def _found(self, followed: RelayedEvent, answer: StoredMessage | TouchlineError | None) -> None:
        if isinstance(answer, TouchlineError):
            followed.core.failed(clock.now())
            self._note_trouble(followed, answer.sentence)
            return
        followed.core.found(answer)
        self._note_trouble(followed, followed.core.trouble)

    def _stored(
        self, followed: RelayedEvent, answer: int | TouchlineError, *, message: Store
    ) -> None:
        if isinstance(answer, Conflict):
            followed.core.overtaken(clock.now())
        elif isinstance(answer, TouchlineError):
            followed.core.failed(clock.now())
            self._note_trouble(followed, answer.sentence)
        else:
            followed.core.stored(answer, message.place)
            self._note_trouble(followed, "")

    def _note_trouble(self, followed: RelayedEvent, trouble: str) -> None:
        if trouble and trouble != followed.trouble:
            note(logger, logging.WARNING, trouble, event=followed.event)
        followed.trouble = trouble

    # ── the card ─────────────────────────────────────────────────────────────────────────────

    def _put_card(self, followed: RelayedEvent, now: float) -> None:
        setup = followed.feed.setup
        if setup is None or setup is followed.card or followed.card_under_way:
            return
        if now < followed.card_at or not self.nats.connected:
            return
        card = Relayed(
            event=followed.event,
            sent=clock.wall(),
            card=setup.card,
            actions=setup.actions,
            heartbeat=setup.heartbeat,
        )
        followed.card_under_way = True
        self._call(
            followed,
            self._stream.put_card(card, setup.epoch),
            partial(self._card_stored, setup=setup),
        )

    def _card_stored(
        self, followed: RelayedEvent, answer: bool | TouchlineError, *, setup: Setup
    ) -> None:
        followed.card_under_way = False
        if isinstance(answer, TouchlineError):
            followed.card_at = clock.now() + CARD_SECONDS
            self._note_trouble(followed, answer.sentence)
        else:
            followed.card = setup

    # ── its own word ─────────────────────────────────────────────────────────────────────────

    def _note_contact(self, followed: RelayedEvent, now: float) -> None:
        core = followed.feed.core
        if core.heard is None:
            contact, text = "silent", followed.feed.source.waiting or "the host has not been heard"
        elif not core.stale:
            contact, text = "heard", ""
        else:
            kind = core.cause.kind
            contact = kind if kind in ("host_lost", "link_lost") else "silent"
            text = core.cause.text
        if contact != followed.contact:
            followed.beat_at = now
        followed.contact, followed.contact_text = contact, plain(text)  # type: ignore[assignment]  # a Literal
        if contact == "heard" and followed.host_away_since is not None:
            followed.host_away_before += now - followed.host_away_since
            followed.host_away_since = None
        elif contact != "heard" and followed.host_away_since is None:
            followed.host_away_since = now

    def _beat(self, followed: RelayedEvent, now: float) -> None:
        seq, body = followed.newest
        if body and body != followed.beat and 0 <= seq <= followed.core.covers:
            followed.beat, followed.beat_at = body, now
        if now < followed.beat_at:
            return
        followed.beat_at = now + self._options.beat
        word = RelayBeat(
            event=followed.event,
            relay=self.id,
            sent=clock.wall(),
            interval=self._options.beat,
            host=followed.contact,
            text=followed.contact_text,
            seq=followed.core.position,
            beat=followed.beat,
        )
        self.nats.publish(relay.subject(relay.BEATS, followed.event), codec.encode(word))
