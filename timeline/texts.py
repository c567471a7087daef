"""Entries, remarks, claims and lengths of time in words. Pure."""

from __future__ import annotations

from datetime import datetime

from ..protocol.messages import Alarm, Entry, Pending, Restored
from ..protocol.text import plain
from ..protocol.times import SECOND
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
    mark = f" ({row.mark}{reason})" if row.mark else ""
    text = plain(entry.text) or plain(f"{entry.title} {entry.origin}")
    return f"{clock_of(entry):>8}  {text}{mark}  [{evidence_of(entry)}]"


def clock_of(entry: Entry) -> str:
    """Return the match clock of an entry; where the sport has none, the time of day."""
    return plain(entry.clock) or time_of_day(entry.time)


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
    """Return the evidence in a few words: `5 of 12, 0.8 s`."""
    evidence = entry.evidence
    against = f", {evidence.against} against" if evidence.against else ""
    return f"{evidence.for_} of {evidence.present}{against}, {span(evidence.latency_ms / 1000)}"


def progress_of(claim: Pending) -> str:
    """Return how far a claim has come: `2 of 3`, `2 of 3, 1 against`."""
    against = f", {claim.against} against" if claim.against else ""
    return f"{claim.for_} of {claim.needed}{against}"


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
    alarms = "" if alarm.number == 1 else f", {alarm.number} alarms"
    return f"Contact with the venue lost: nothing heard since {since}{alarms}"


def restored_text(restored: Restored) -> str:
    """Return what an outage came to, in a sentence or two."""
    plural = "entry" if restored.entries == 1 else "entries"
    text = f"Contact is back: {restored.entries} {plural} reconstructed"
    if restored.inaccurate:
        text += f", {restored.inaccurate} inaccurate"
    text += ", the score confirmed" if restored.confirmed else ", the score not confirmed"
    return text + (f": {plain(restored.reason)}" if restored.reason else "")
