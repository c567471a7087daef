"""The clock of an event, which may be a replayed one: what time is it there? Pure."""

from __future__ import annotations

from ..protocol import limits
from ..protocol.errors import BadMessage, BadReport
from ..protocol.messages import Timing
from ..protocol.times import EARLIEST, LATEST, SECOND, to_rfc3339

MOST_OFFSET = LATEST - EARLIEST
"""Microseconds; a clock that is further off than this states no time at all."""


class EventClock:
    """Reckons between the wall clock and the event's own.

    Args:
        timing: how the two are related; None for an event that happens now.
    """

    def __init__(self, timing: Timing | None) -> None:
        self._timing = timing or Timing()

    def event_time(self, wall: int) -> int | None:
        """Return what time it is in the event at a wall time, microseconds; None where its clock
        does not run."""
        timing = self._timing
        if not timing.speed:
            return None
        now = timing.starts + (wall - timing.began) * timing.speed
        return round(min(max(now, EARLIEST), LATEST))

    def latest(self, wall: int) -> int:
        """Return the latest event time (microseconds) that a report may state at a wall time."""
        now = self.event_time(wall)
        if now is None:
            return LATEST
        return min(now + round(limits.EARLY_SECONDS * SECOND), LATEST)

    def earliest(self, starts: int, hosted: int) -> int:
        """Return the earliest event time (microseconds) that a report may state.

        Args:
            starts: when the event starts, in event time; 0: not known.
            hosted: the wall time at which it was hosted first, or created.
        """
        begins = starts or self.event_time(hosted) or self._timing.starts
        if not begins:
            return EARLIEST
        return max(begins - round(limits.BEFORE_SECONDS * SECOND), EARLIEST)

    def refusal(self, time: int, wall: int, earliest: int = EARLIEST) -> BadReport:
        """Return the error for an event time that is not valid.

        Args:
            time: the event time.
            wall: when it was stated.
            earliest: see `earliest`.
        """
        if time < EARLIEST:
            return BadReport("the report's time is before the year 1")
        if time < earliest:
            return BadReport(
                f"the report's time is {to_rfc3339(time)}, nothing before {to_rfc3339(earliest)} is"
                " of this event; times are microseconds since 1970"
            )
        ahead = (time - self.latest(wall)) / SECOND + limits.EARLY_SECONDS
        most = limits.EARLY_SECONDS
        return BadReport(f"the report's time is {ahead:.0f} s ahead, at most {most:.0f} s allowed")

    def real(self, seconds: float) -> float:
        """Return how long event seconds really take; where the event's clock does not run, at
        speed 0, they are taken as they are."""
        return seconds / (self._timing.speed or 1)

    def span(self, seconds: float) -> int:
        """Return the event time (microseconds) that passes in real seconds."""
        return round(seconds * (self._timing.speed or 1) * SECOND)

    def elapsed(self, since: int, wall: int) -> int:
        """Return the event time (microseconds) that passes between two wall times."""
        return round((wall - since) * (self._timing.speed or 1))

    def offset(self, error: int) -> int:
        """Return what to add to the event times that a peer states, microseconds.

        Args:
            error: the host's wall clock minus the peer's, microseconds.

        Raises:
            BadMessage: the clock is off by more than times can span.
        """
        offset = error * (self._timing.speed or 1)
        if not abs(offset) <= MOST_OFFSET:
            raise BadMessage(f"the peer's clock is {error / SECOND:,.0f} s off; set it")
        return round(offset)

    def error(self, offset: int) -> int:
        """Return the error of a peer's wall clock (microseconds) that leads to an offset."""
        return round(offset / (self._timing.speed or 1))
