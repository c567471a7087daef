"""A reporter's own reports in the commands: their event, their time, their fate."""

from __future__ import annotations

from pathlib import Path

from ...peer.reporter.outbox import Outbox
from ...protocol.messages import Card, Confirm, Fate, Timing
from ...protocol.text import plain
from ...protocol.times import SECOND
from ...runtime.languages import mark, tr


def event_time(timing: Timing | None, wall: int) -> int:
    """Return the time of an event's clock, microseconds; the wall time where it has none.

    Args:
        timing: the event's clock.
        wall: microseconds since 1970 UTC.
    """
    if timing is None or not timing.speed:
        return wall
    return timing.starts + round((wall - timing.began) * timing.speed)


def kept_card(outbox: Path) -> Card | None:
    """Return the card of the newest invitation in an outbox; None where there is none."""
    if not outbox.exists():
        return None
    box = Outbox(outbox)
    try:
        return box.invitation.card if box.invitation else None
    finally:
        box.close()


def step_words(stepped: int) -> str:
    """Return what a reporter is told of a clock that was set.

    Args:
        stepped: microseconds by which it was set, forward where it is positive.
    """
    seconds = round(abs(stepped) / SECOND)
    said = (
        mark("Your clock was set forward by {n} s; the times of your reports are corrected")
        if stepped > 0
        else mark("Your clock was set back by {n} s; the times of your reports are corrected")
    )
    return tr(said, n=seconds)


WHY_SCORE = {
    "": mark("Contact was lost and is back."),
    "period": mark("A part of the match has ended."),
    "end": mark("Reporters say that it is over."),
    "over": mark("It is not over after all."),
    "request": mark("The event's owner asks."),
}
"""Why the host asks for the score, by the `why` of its question."""


def score_question(asked: Confirm) -> str:
    """Return the host's question for the score, and why it asks."""
    return f"{tr(WHY_SCORE[asked.why])} {tr('What is the score?')}"


def fate_words(fate: Fate | None) -> str:
    """Return the fate of a report as text."""
    match fate.outcome if fate is not None else "":
        case "accepted" if fate is not None:
            entry = fate.entry_id
            return tr("accepted, entry {entry}", entry=entry) if entry else tr("accepted")
        case "expired":
            return tr("expired, too few others said so")
        case "refused" if fate is not None:
            return tr("refused: {reason}", reason=plain(fate.reason))
        case "stored":
            return tr("waiting for others to say so")
        case _:
            return tr("not sent yet")
