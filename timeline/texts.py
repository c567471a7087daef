"""Entries, remarks, claims and lengths of time in words. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from ..protocol.messages import Alarm, Entry, Finished, Pending, Restored
from ..protocol.text import plain
from ..protocol.times import SECOND
from ..runtime.languages import mark, tr, trn
from .rows import EntryRow, Remark


def aside_text(aside: str) -> str:
    """Return what is neither an entry nor a remark as one plain line, below the others' texts."""
    return f"{'':>8}  {plain(aside)}"


def remark_text(remark: Remark) -> str:
    """Return a remark as one plain line."""
    return f"{remark.clock:>8}  == {remark.text}"


def entry_text(row: EntryRow) -> str:
    """Return an entry as one plain line."""
    entry = row.entry
    reason = f": {plain(entry.reason)}" if entry.reason else ""
    marks = f" ({row.mark}{reason})" if row.mark else ""
    return f"{clock_of(entry):>8}  {sentence(entry)}{marks}  [{evidence_of(entry)}]"


def sentence(entry: Entry) -> str:
    """Return the sentence of an entry for people; where the host sent none, its action and side."""
    return plain(entry.text) or plain(f"{entry.title} {entry.origin}")


def clock_of(entry: Entry) -> str:
    """Return the match clock of an entry, short; where the sport has none, the time of day."""
    return short_clock(plain(entry.clock)) or time_of_day(entry.time)


_FIGURES = re.compile(r"\s(\d+(?:\+\d+)?'|\d+:\d\d)$", re.ASCII)


def short_clock(clock: str) -> str:
    """Return what stands in a column of clocks: `32'` for `2nd half 32' · Reds one short`, and the
    words alone where they have no figures."""
    head = clock.partition(" · ")[0]
    figures = _FIGURES.search(head)
    return figures[1] if figures is not None else head


def time_of_day(wall: int) -> str:
    """Return a wall-clock time in the local time zone; empty if no calendar has it.

    Args:
        wall: microseconds since 1970 UTC.
    """
    try:
        return datetime.fromtimestamp(wall / SECOND).astimezone().strftime("%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return ""


def evidence_of(entry: Entry) -> str:
    """Return the evidence in a few words, `5 of 12, 0.8 s`; of what nobody but the event's owner
    says, the owner's id."""
    evidence = entry.evidence
    if entry.by and not evidence.for_:
        return plain(entry.by)
    voices, present, against = evidence.for_, evidence.present, evidence.against
    took = span(evidence.latency_ms / 1000)
    if not against:
        return tr("{voices} of {present}, {took}", voices=voices, present=present, took=took)
    said = mark("{voices} of {present}, {against} against, {took}")
    return tr(said, voices=voices, present=present, against=against, took=took)


def unconfirmed_text(entry: Entry) -> str:
    """Return what is said beside a score that an entry makes: `unconfirmed, 3 of 8`."""
    found = entry.evidence
    said = mark("unconfirmed, {voices} of {present}")
    return tr(said, voices=found.for_, present=found.present)


def progress_of(claim: Pending) -> str:
    """Return how far a claim has come: `2 of 3`, `2 of 3, 1 against`."""
    voices, needed, against = claim.for_, claim.needed, claim.against
    if not against:
        return tr("{voices} of {needed}", voices=voices, needed=needed)
    said = mark("{voices} of {needed}, {against} against")
    return tr(said, voices=voices, needed=needed, against=against)


def span(seconds: float) -> str:
    """Return a length of time in at most six characters: `12 ms`, `0.8 s`, `42 s`, `3 min`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def alarm_text(alarm: Alarm) -> str:
    """Return what an alarm says, in a sentence without its stop."""
    since = time_of_day(alarm.last_received)
    said = tr("Contact with the venue lost: nothing heard since {since}", since=since)
    if alarm.number == 1:
        return said
    return tr("{said}, {number} alarms", said=said, number=alarm.number)


ENDED = {
    "": mark("Finished"),
    "abandoned": mark("Abandoned"),
    "postponed": mark("Postponed"),
    "awarded": mark("Awarded"),
    "walkover": mark("Walkover"),
    "retired": mark("Retired"),
}
"""How people are told that an event ended."""


def finished_text(finished: Finished) -> str:
    """Return how an event ended, and the score: `Abandoned (floodlights). A 1–0 B`."""
    return f"{ending_text(finished)}. {plain(finished.headline)}"


def ending_text(finished: Finished) -> str:
    """Return how an event ended: `Abandoned (floodlights)`, `Retired, Ada wins`."""
    by = tr("; by the owner, {owner}", owner=plain(finished.by)) if finished.by else ""
    if not finished.over:
        return tr("Not over") + (f": {plain(finished.reason)}{by}" if finished.reason else "")
    ended = tr(ENDED[finished.how])
    if finished.winner:
        ended = tr("{how}, {winner} wins", how=ended, winner=plain(finished.winner))
    return ended + (f" ({plain(finished.reason)}{by})" if finished.reason else "")


def after_text(finished: Finished, wall: int) -> str:
    """Return what holds after the end of an event: how it ended, where it was not played to its
    end, and until when reports of it count.

    Args:
        finished: as it ended.
        wall: microseconds since 1970 UTC.
    """
    sentences = [ending_text(finished)] if finished.how or finished.reason else []
    if finished.until > wall:
        until = time_of_day(finished.until)
        sentences.append(tr("Reports still count until {until}", until=until))
    return " ".join(f"{sentence}." for sentence in sentences)


def interrupted_text(entry: Entry) -> str:
    """Return what is said while play is interrupted, in a sentence without its stop.

    Args:
        entry: that says so.
    """
    reason = plain(str(entry.details.get("reason", "")))
    return tr("Play is interrupted") + (f": {reason}" if reason else "")


def restored_text(restored: Restored) -> str:
    """Return what an outage came to, in a sentence or two."""
    text = trn(
        "Contact is back: {n} entry reconstructed",
        "Contact is back: {n} entries reconstructed",
        restored.entries,
    )
    if restored.inaccurate:
        text += tr(", {inaccurate} inaccurate", inaccurate=restored.inaccurate)
    text += tr(", the score confirmed") if restored.confirmed else tr(", the score not confirmed")
    return text + (f": {plain(restored.reason)}" if restored.reason else "")
