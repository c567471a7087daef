"""When a loop has to wake for the timers of its cores."""

from __future__ import annotations

LONGEST_SECONDS = 60.0
"""The longest wait without a timer: whatever a loop failed to hear of, it looks after this."""


def earliest(*timers: float | None) -> float | None:
    """Return the earliest of several timers (monotonic seconds), None where none is set."""
    return min((timer for timer in timers if timer is not None), default=None)


def seconds_left(now: float, *timers: float | None, longest: float = LONGEST_SECONDS) -> float:
    """Return how long a loop may wait: 0 where a timer is over, `longest` at most.

    Args:
        now: monotonic seconds.
        timers: what `next_timer()` of the loop's cores returns.
        longest: seconds.
    """
    due = earliest(*timers)
    return longest if due is None else min(max(0.0, due - now), longest)
