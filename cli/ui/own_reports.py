"""A reporter's own reports, as the commands show them: their event, their time, their fate."""

from __future__ import annotations

from pathlib import Path

from ...peer.reporter.outbox import Outbox
from ...protocol.messages import Card, Fate, Timing
from ...protocol.text import plain


def event_time(timing: Timing | None, wall: int) -> int:
    """Return what an event's clock shows, microseconds; the wall time where it has none.

    Args:
        timing: the event's clock.
        wall: microseconds since 1970 UTC.
    """
    if timing is None or not timing.speed:
        return wall
    return timing.starts + round((wall - timing.began) * timing.speed)


def kept_card(outbox: Path) -> Card | None:
    """Return the event as it was when this person last met its host; None if never."""
    if not outbox.exists():
        return None
    box = Outbox(outbox)
    try:
        return box.invitation.card if box.invitation else None
    finally:
        box.close()


def fate_words(fate: Fate | None) -> str:
    """Return what became of a report, for people."""
    match fate.outcome if fate is not None else "":
        case "accepted" if fate is not None:
            return f"accepted, entry {fate.entry_id}" if fate.entry_id else "accepted"
        case "expired":
            return "expired, too few others said so"
        case "refused" if fate is not None:
            return f"refused: {plain(fate.reason)}"
        case "stored":
            return "waiting for others to say so"
        case _:
            return "not sent yet"
