"""Heartbeats: where the feed stands, how many are present, how the open claims stand. Pure."""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from ....protocol import codec, limits, messages
from . import evidence as evidences
from .feed import FeedPosition
from .outage import SUSPENDED
from .publications import heartbeat
from .recounts import Recounts
from .state import EventState
from .turn import Turn

CLAIM_SECONDS = 1.0
"""A change of the open claims is told by a heartbeat, at most one in this time."""

SOON_SECONDS = 0.1
"""It waits for so long: most claims get all their reports within a moment."""

ATTACHED_SECONDS = 0.2
"""After so long a new peer hears where the feed stands."""


class Heartbeats:
    """Says at an interval, and soon after a change, where the feed stands.

    Args:
        state: its next heartbeat is set.
        turn: where a heartbeat is published; it takes no seq and is not on record.
    """

    def __init__(self, state: EventState, turn: Turn) -> None:
        self._state = state
        self._turn = turn
        self._owed = turn.owed
        self._recounts = Recounts(state)
        self._claims_shown = False  # the newest heartbeat told of open claims

    @property
    def position(self) -> FeedPosition:
        """Where the feed stands now."""
        state = self._state
        return FeedPosition(state.epoch, state.feed.seq, state.feed.digest, state.outage.state)

    def handle_timer(self, now: float) -> None:
        """Publish a heartbeat where one is due."""
        state = self._state
        if now < state.heartbeat_at:
            return
        state.heartbeat_at = state.now + state.options.heartbeat
        state.sent_at = state.now
        state.counters.heartbeats += 1
        self._turn.publish(codec.encode(self._heartbeat()))

    def hasten(self) -> None:
        """Let the next heartbeat follow in a moment, so that a new peer learns where the feed
        stands: it may have connected too late for the last entry."""
        state = self._state
        state.heartbeat_at = min(state.heartbeat_at, state.now + ATTACHED_SECONDS)

    def show_claims(self) -> None:
        """Let a heartbeat tell soon how claims stand, where reports came in this turn."""
        state = self._state
        if self._owed and (state.claims.open or self._claims_shown or state.voted):
            soon = max(state.now + SOON_SECONDS, (state.sent_at or 0.0) + CLAIM_SECONDS)
            state.heartbeat_at = min(state.heartbeat_at, soon)

    def troubled(
        self, position: FeedPosition, trouble: str, wall: int, *, moved: bool = False
    ) -> bytes:
        """Return the frame of a heartbeat that says why nothing can be stored; empty: it can.

        It changes nothing, and is sent outside of any turn.

        Args:
            position: where the feed stood when it was last let out; what waits for the disk since
                then must not show.
            trouble: the sentence.
            wall: microseconds since 1970 UTC.
            moved: the event is handed over to another host.
        """
        beat = replace(
            self._heartbeat(),
            epoch=position.epoch,
            seq=position.seq,
            digest=position.digest,
            state=position.state,
            sent=wall,
            trouble=trouble[: limits.TEXT_CHARS],
            recounts=[],
            moved=moved,
        )
        return codec.topic(self._state.card.event) + codec.encode(beat)

    def _heartbeat(self) -> messages.Heartbeat:
        state = self._state
        disputed = sum(
            len(claim.votes) >= state.needed and not claim.held
            for claim in state.claims.open.values()
            if claim.index.kind is not None
        )
        suspended = state.outage.state in SUSPENDED
        state.counters.set_state(state.now, disputed=disputed, suspended=suspended)
        return heartbeat(
            state.card.event,
            state.epoch,
            state.feed,
            state.wall,
            present=state.roster.present,
            claims=len(state.claims.open),
            disputed=disputed,
            interval=state.options.heartbeat,
            state=state.outage.state,
            pending=self._pending(),
            recounts=self._recounts.due(),
        )

    def _pending(self) -> list[messages.Pending]:
        """Return how the newest open claims stand, where that may be shown."""
        state = self._state
        if not state.options.show_open_claims:
            self._claims_shown = bool(state.claims.open)
            return []
        actions = (
            claim for claim in reversed(state.claims.open.values()) if claim.index.kind is not None
        )
        pending = []
        for claim in islice(actions, limits.PENDING):
            evidence = evidences.of(state, claim)
            pending.append(
                messages.Pending(
                    title=claim.title,
                    origin=claim.index.origin,
                    time=claim.mean,
                    for_=evidence.for_,
                    against=evidence.against,
                    needed=state.needed,
                    claim=claim.number,
                )
            )
        self._claims_shown = bool(pending)
        return pending
