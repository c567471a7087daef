"""When reporters are asked for the score though contact with them was never lost. Pure.

At the end of a period, a set or a game everybody knows the score. It is asked for as well when the
event seems to end, where what enough see can't be since it is over already, and on demand.
"""

from __future__ import annotations

from ....protocol import codec, messages
from ....sports.capabilities import Resting
from .state import EventState
from .turn import Turn

SOON_SECONDS = 3.0
"""The question waits for so long: what led to it is still being reported."""

APART_SECONDS = 45.0
"""Questions are at least so long apart. On the event's clock, both."""


class Scoreboard:
    """Asks for the score.

    Args:
        state: its timeline is looked at.
        turn: what is sent to the reporters.
    """

    def __init__(self, state: EventState, turn: Turn) -> None:
        self._state = state
        self._turn = turn
        self._soon = state.clock.real(SOON_SECONDS)
        self._apart = state.clock.real(APART_SECONDS)
        sport = state.sport
        # Asked once: looking at what a class has takes long.
        self._sport = sport if isinstance(sport, Resting) else None
        self._rests: object = None
        self._why: messages.WhyScore = "period"
        self._asked_at = -self._apart  # monotonic; when it was asked last
        self._ask_at: float | None = None  # monotonic; when it is asked next

    def restart(self) -> None:
        """Begin to watch over the score anew, as after a restart of the host."""
        self._rests = self._rests_now()
        self._asked_at, self._ask_at = self._state.now - self._apart, None

    def watch(self) -> None:
        """Ask soon where the timeline has come to the end of a period, or back from it."""
        rests = self._rests_now()
        if rests != self._rests:
            self._rests = rests
            self.ask("period")

    def ask(self, why: messages.WhyScore) -> None:
        """Ask soon, unless it was asked just now.

        Args:
            why: what the reporters are told.
        """
        if self._ask_at is None:
            self._why = why
            self._ask_at = max(self._state.now + self._soon, self._asked_at + self._apart)

    def handle_timer(self, now: float) -> None:
        """Ask where it is due."""
        if self._ask_at is None or now < self._ask_at:
            return
        state = self._state
        self._ask_at = None
        # After an outage it is asked for in its own time.
        if state.closed or state.outage.state in ("suspended", "reconstructing"):
            return
        self._asked_at = now
        time = state.clock.event_time(state.wall) or 0
        frame = codec.encode(
            messages.Confirm(event=state.card.event, since=time, until=time, why=self._why)
        )
        for reporter in state.roster.reporters:
            if reporter.present:
                self._turn.send(reporter, frame)

    def next_timer(self) -> float | None:
        """Return when the next question is due (monotonic seconds)."""
        return self._ask_at

    def _rests_now(self) -> object:
        return None if self._sport is None else self._sport.rests(self._state.timeline.state)
