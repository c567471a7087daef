"""The hosts that keep copies of the events served here: what they have, and what they get. Pure.

A follower asks for the turns after the last that it has on its disk, which acknowledges that one.
Where there is nothing newer its request is kept, and answered after the next commit. A follower has
one request of an event under way: what was committed meanwhile is in the next answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import NamedTuple, Protocol

from ...protocol import codec, keys, limits, messages
from ...protocol.errors import (
    BadToken,
    Conflict,
    NotAllowed,
    NotFound,
    Overloaded,
    SettingError,
    StorageFault,
    TouchlineError,
)
from ...protocol.messages import CopiedTurn, FollowJournal, Grant, Turns
from ..link.core import Reply, Then
from .admission import HostRequestLimiter
from .event.event import HostedEvent

FOLLOWERS = 8
"""The most followers of one event."""

KEEP_SECONDS = 2.0
"""How long a request is kept where there is nothing newer."""

AWAY_SECONDS = 10.0
"""A follower that was not heard for so long makes room for another."""


class TurnRow(Protocol):
    """A turn as the journal has it; see `StoredTurn`."""

    @property
    def number(self) -> int:
        """Its row."""

    @property
    def records(self) -> bytes:
        """Its bytes."""

    @property
    def checksum(self) -> bytes:
        """Over it and the turn before; empty where a release before stored it."""


class TurnSource(Protocol):
    """The journal, as a follower's answers need it; see `Journal`."""

    shared: bool

    def count(self, event_id: str) -> int:
        """Return how many turns of an event are stored."""

    def at(self, event_id: str, turn: int) -> tuple[int, bytes] | None:
        """Return the row of a turn, and its checksum."""

    def after(self, event_id: str, row: int, size: int) -> Sequence[TurnRow]:
        """Return the turns after a row, about so many bytes of them."""


@dataclass(slots=True)
class CopyingHost:
    """A host that keeps a copy of one event, on one connection.

    Args:
        peer: its id.
        token: that it has shown.
        expires: when that expires, microseconds since 1970 UTC.
    """

    event: str
    routing_id: bytes
    curve: bytes
    peer: str
    token: str
    expires: int
    row: int = 0  # of the last turn that was sent to it
    turn: int = -1  # the number of that turn; -1: it is not known yet where it stands
    checksum: bytes = b""
    asked: int = 0  # the request that is kept; 0: there is none
    has_card: bool = False  # it has the event's card
    heard_at: float = 0.0  # monotonic


class CopyStanding(NamedTuple):
    """How the copies of an event stand.

    `acknowledged`: the newest turn that one has. `lag`: turns that none has. `behind_since`: since
    when none has all (monotonic), or None where one has. `finished`: the event is over.
    """

    acknowledged: int
    lag: int
    behind_since: float | None
    finished: bool


class Copies:
    """Answers followers, and knows what of each event a copy has.

    Args:
        events: the served events by id; the shell's own mapping, which changes.
        journal: what their turns are read from.
        ask: sends a request to the broker, with the callback for the answer.
        admit: takes the CURVE key of each follower to which the broker has granted its token.
        send: sends a frame to a routing id; returns False where nobody is there.
        limiter: decides which requests are answered.
    """

    def __init__(
        self,
        events: Mapping[str, HostedEvent],
        journal: TurnSource,
        ask: Callable[[messages.Verify, Then], None],
        admit: Callable[[bytes], object],
        send: Callable[[bytes, bytes], bool],
        limiter: HostRequestLimiter,
    ) -> None:
        self._events = events
        self._journal = journal
        self._ask = ask
        self._admit = admit
        self._send = send
        self._limiter = limiter
        self._followers: dict[tuple[bytes, str], CopyingHost] = {}
        self._by_event: dict[str, dict[bytes, CopyingHost]] = {}
        self._by_route: dict[bytes, CopyingHost] = {}  # one of those of each connection
        self._asking: set[tuple[bytes, str]] = set()  # of whose token the broker is being asked
        self._kept: deque[tuple[float, CopyingHost, int]] = (
            deque()
        )  # requests, by when they are due
        self.newest: dict[str, int] = {}
        """The number of the newest turn of each event that is or was followed."""
        self.acknowledged: dict[str, int] = {}
        """The newest turn of each of these events that a copy has on its disk."""
        self._behind: dict[str, float] = {}  # events that no copy has all of, since when

    # ── what others read ─────────────────────────────────────────────────────────────────────

    @property
    def followers(self) -> int:
        """How many followers there are, each counted once for each event."""
        return len(self._followers)

    @property
    def level(self) -> bool:
        """Whether a copy has all of every event that is open here."""
        return not self._behind

    def standings(self) -> dict[str, CopyStanding]:
        """Return how the copies stand, by event; any thread may call this."""
        return {
            event: CopyStanding(
                self.acknowledged.get(event, 0),
                self.lag(event),
                self._behind.get(event),
                core.finished,
            )
            for event in list(self.newest)
            if (core := self._events.get(event)) is not None
        }

    def lag(self, event: str) -> int:
        """Return how many turns of an event no copy has."""
        return self.newest.get(event, 0) - self.acknowledged.get(event, 0)

    # ── events ───────────────────────────────────────────────────────────────────────────────

    def open(self, event: str, now: float) -> None:
        """Count the turns of an event from now on.

        Raises:
            StorageFault: the journal can't be read.
        """
        if event not in self.newest:
            self.newest[event] = self._journal.count(event)
            if self.lag(event) > 0:
                self._behind.setdefault(event, now)

    def close(self, event: str) -> None:
        """Forget an event that is no longer served here; its followers learn so at once."""
        self.newest.pop(event, None)
        self.acknowledged.pop(event, None)
        self._behind.pop(event, None)
        for follower in list(self._by_event.get(event, {}).values()):
            if follower.asked:
                self._refuse(follower.routing_id, follower.asked, _not_here(event))
            self._remove(follower)

    def stored(self, events: Iterable[str], now: float) -> None:
        """Take note that a turn of each of these events is on disk, and pass it on.

        Args:
            events: their ids; as often as there are turns.
            now: monotonic seconds.
        """
        changed: dict[str, None] = {}
        for event in events:
            if event in self.newest:
                self.newest[event] += 1
                self._behind.setdefault(event, now)
                changed[event] = None
        for event in changed:
            for follower in list(self._by_event.get(event, {}).values()):
                if follower.asked:
                    self._give(follower, 0, now)

    # ── followers ────────────────────────────────────────────────────────────────────────────

    def exempts(self, routing_id: bytes, curve: bytes) -> bool:
        """Return whether a connection is a follower's: it asks as often as there are commits."""
        known = self._by_route.get(routing_id)
        return known is not None and known.curve == curve

    def follow(
        self, routing_id: bytes, curve: bytes, request: FollowJournal, now: float, wall: int
    ) -> None:
        """Answer a follower, now or when there is something newer.

        Args:
            routing_id: of its connection.
            curve: the CURVE key of that connection; empty where nothing is encrypted.
            request: what it asks.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.

        Raises:
            PeerError: it may not follow the event, or has another history of it.
            StorageFault: the journal can't be read.
        """
        key = routing_id, request.event
        if self._journal.shared:
            raise NotAllowed("hosts that share a journal need no copies of it")
        if request.event not in self._events:
            raise _not_here(request.event)
        known = self._followers.get(key)
        if known is not None and (known.token, known.curve) != (request.token, curve):
            self._remove(known)
            known = None
        if known is None:
            self._verify(routing_id, curve, request, now, wall)
            return
        if known.expires < wall:
            self._remove(known)
            raise BadToken("the token has expired; join again")
        self._serve(known, request, now)

    def _verify(
        self, routing_id: bytes, curve: bytes, request: FollowJournal, now: float, wall: int
    ) -> None:
        """Ask the broker whose token it is."""
        key = routing_id, request.event
        if key in self._asking:
            return  # the first request is answered
        self._limiter.check_unknown_token(routing_id, curve, now)
        if len(self._asking) >= limits.UNKNOWN_TOKENS:
            raise Overloaded(f"{limits.UNKNOWN_TOKENS:,} tokens are being asked about")
        self._asking.add(key)
        verify = messages.Verify(id=0, token=request.token)
        self._ask(verify, partial(self._granted, routing_id, curve, request, wall))

    def _granted(
        self,
        routing_id: bytes,
        curve: bytes,
        request: FollowJournal,
        wall: int,
        reply: Reply,
        now: float,
    ) -> None:
        """Take the broker's answer about a token."""
        self._asking.discard((routing_id, request.event))
        try:
            follower = self._begin(routing_id, curve, request, reply, now)
            self._serve(follower, request, now)
        except TouchlineError as error:
            self._refuse(routing_id, request.id, error)

    def _begin(
        self, routing_id: bytes, curve: bytes, request: FollowJournal, reply: Reply, now: float
    ) -> CopyingHost:
        if isinstance(reply, TouchlineError):
            raise reply
        if not isinstance(reply, Grant) or reply.event != request.event:
            raise BadToken("the token is not one for this event")
        event = self._events.get(request.event)
        if event is None:
            raise _not_here(request.event)
        try:
            own = keys.curve_key(reply.key)
        except SettingError:
            raise BadToken("the broker named no key for the token") from None
        if curve and curve != own:
            raise BadToken("the token was given to another key")
        _check(event, reply)
        self._make_room(request.event, now)
        self.open(request.event, now)
        follower = CopyingHost(
            request.event, routing_id, curve, reply.peer, request.token, reply.expires
        )
        self._followers[routing_id, request.event] = follower
        self._by_event.setdefault(request.event, {})[routing_id] = follower
        self._by_route[routing_id] = follower
        self._admit(own)
        return follower

    def _make_room(self, event: str, now: float) -> None:
        there = self._by_event.get(event, {})
        for follower in list(there.values()):
            if len(there) >= FOLLOWERS and now - follower.heard_at > AWAY_SECONDS:
                self._remove(follower)
        if len(there) >= FOLLOWERS:
            raise Overloaded(f"{event} has {len(there)} followers, as many as are allowed")

    def _remove(self, follower: CopyingHost) -> None:
        self._followers.pop((follower.routing_id, follower.event), None)
        there = self._by_event.get(follower.event, {})
        there.pop(follower.routing_id, None)
        if not there:
            self._by_event.pop(follower.event, None)
        if self._by_route.get(follower.routing_id) is follower:
            del self._by_route[follower.routing_id]
        follower.asked = 0

    def _serve(self, follower: CopyingHost, request: FollowJournal, now: float) -> None:
        follower.heard_at = now
        if (request.turn, request.checksum) != (follower.turn, follower.checksum):
            self._seek(follower, request, now)
        self._acknowledge(follower.event, request.turn)
        follower.asked = request.id
        self._give(follower, request.offset, now)

    def _seek(self, follower: CopyingHost, request: FollowJournal, now: float) -> None:
        """Find out where a follower stands."""
        self._limiter.check_replay(follower.routing_id, follower.curve, now)
        found = self._journal.at(follower.event, request.turn)
        if found is None or found[1] != request.checksum:
            raise Conflict(
                f"turn {request.turn:,} of {follower.event} is not the one that this host has: the"
                " copy is of another history"
            )
        follower.row, follower.turn, follower.checksum = found[0], request.turn, request.checksum

    def _acknowledge(self, event: str, turn: int) -> None:
        if turn > self.acknowledged.get(event, 0):
            self.acknowledged[event] = turn
        if self.lag(event) <= 0:
            self._behind.pop(event, None)

    def _give(self, follower: CopyingHost, offset: int, now: float) -> None:
        """Answer a follower's request where there is something newer; keep it otherwise."""
        try:
            stored = self._journal.after(follower.event, follower.row, limits.COPY_BYTES)
        except StorageFault as fault:
            self._refuse(follower.routing_id, follower.asked, fault)
            follower.asked = 0
            return
        if not stored:
            self._kept.append((now + KEEP_SECONDS, follower, follower.asked))
            return
        first, turns, rest, size = follower.turn + 1, list[CopiedTurn](), 0, 0
        for turn in stored:
            piece = turn.records[offset : offset + limits.COPY_BYTES]
            if turns and size + len(piece) > limits.COPY_BYTES:
                break
            turns.append(CopiedTurn(piece, turn.checksum))
            rest, offset, size = len(turn.records) - offset - len(piece), 0, size + len(piece)
            if rest:
                break
            follower.row, follower.checksum = turn.number, turn.checksum
            follower.turn += 1
        self._answer(follower, first, turns, rest)

    def _answer(
        self, follower: CopyingHost, first: int, turns: list[CopiedTurn], rest: int = 0
    ) -> None:
        event = self._events[follower.event]
        reply = Turns(
            id=follower.asked,
            event=follower.event,
            first=first,
            newest=self.newest[follower.event],
            epoch=event.epoch,
            turns=turns,
            rest=rest,
            card=None if follower.has_card else event.card,
        )
        follower.asked, follower.has_card = 0, True
        if not self._send(follower.routing_id, codec.encode(reply)):
            self._remove(follower)

    def _refuse(self, routing_id: bytes, number: int, error: TouchlineError) -> None:
        reason = error.sentence[: limits.TEXT_CHARS]
        refusal = messages.Error(id=number, code=error.code, reason=reason)
        self._send(routing_id, codec.encode(refusal))

    # ── timers ───────────────────────────────────────────────────────────────────────────────

    def next_timer(self) -> float:
        """Return when `handle_timer` is due (monotonic seconds)."""
        while self._kept and self._kept[0][1].asked != self._kept[0][2]:
            self._kept.popleft()
        return self._kept[0][0] if self._kept else inf

    def handle_timer(self, now: float) -> None:
        """Answer the requests that were kept for long enough: there is nothing newer."""
        while self.next_timer() <= now:
            _, follower, _ = self._kept.popleft()
            self._answer(follower, follower.turn + 1, [])


def _check(event: HostedEvent, grant: Grant) -> None:
    """Refuse a follower that may not have the journal."""
    card = event.card
    named = {card.owner, *card.owners, *card.hosts}
    if grant.role != "host":
        raise NotAllowed(f"a {grant.role} cannot have the journal of {card.event}")
    if "any" in card.hosts and grant.peer not in named:
        raise NotAllowed(
            f"any peer may host {card.event}, but only one that an owner names has its journal:"
            f" touchline events grant {card.event} --host {grant.peer}"
        )


def _not_here(event: str) -> NotFound:
    return NotFound(f"event {event!r} is not hosted here")
