"""What is known of an entry: its votes, its times and its history, as text without markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from ...protocol.messages import Entry
from ...protocol.text import plain
from ...protocol.times import SECOND
from ...timeline.history import Version
from ...timeline.rows import REVIEWED, EntryRow
from ...timeline.texts import sentence, span, time_of_day

BAR_CELLS = 24
"""The width of the bar that shows the votes."""

LABEL_CELLS = 10
"""The width of the column with the names of the lines."""


def entry_details(row: EntryRow, versions: Sequence[Version]) -> Text:
    """Return everything that the feed says of an entry.

    Args:
        row: the entry as it stands.
        versions: its versions, oldest first.
    """
    entry = row.entry
    text = Text()
    text.append(sentence(entry), "bold")
    if row.mark:
        text.append(f"  {row.mark}", "yellow")
    if entry.headline:
        text.append(f"\n{plain(entry.headline)}", "dim")
    text.append("\n")
    for label, line in _lines(entry):
        text.append(f"\n{label:<{LABEL_CELLS}}", "cyan")
        text.append_text(line)
    text.append("\n\nHistory", "cyan")
    said = sentence(entry)
    for version in versions:
        text.append("\n")
        text.append_text(_version_line(version, said))
    return text


def _lines(entry: Entry) -> Iterator[tuple[str, Text]]:
    yield "Votes", Text(_votes(entry))
    yield "", _bar(entry)
    clock = f"{plain(entry.clock)}, at " if entry.clock else ""
    yield "Clock", Text(f"{clock}{time_of_day(entry.time)}{_spread(entry)}")
    accepted = span(max(0.0, entry.evidence.latency_ms / 1000))
    yield "Told", Text(f"first at {time_of_day(entry.first_reported)}, accepted {accepted} later")
    if entry.details:
        details = (f"{name} {value}" for name, value in entry.details.items())
        yield "Details", Text(plain(", ".join(details)))
    if entry.relates_to:
        yield "About", Text(plain(f"entry {entry.relates_to}"))
    if entry.review:
        yield "Review", Text(plain(entry.review))
    elif entry.reviewed:
        yield "Review", Text(REVIEWED[entry.reviewed])
    if entry.reason:
        yield "Reason", Text(plain(entry.reason))
    if entry.by:
        yield "Ruled by", Text(plain(entry.by))
    yield "Entry", Text(plain(f"{entry.entry_id}, seq {entry.seq} of epoch {entry.epoch}"))


def _votes(entry: Entry) -> str:
    evidence = entry.evidence
    if entry.by and not evidence.for_:
        return "none: the owner says so"
    against = f", {evidence.against} against" if evidence.against else ""
    return f"{evidence.for_} of {evidence.present} saw it{against}"


def _bar(entry: Entry) -> Text:
    """Return the votes as a bar: for, against, and the rest of those present."""
    evidence = entry.evidence
    whole = max(evidence.present, evidence.for_ + evidence.against, 1)
    for_ = round(BAR_CELLS * evidence.for_ / whole)
    against = min(BAR_CELLS - for_, round(BAR_CELLS * evidence.against / whole))
    bar = Text()
    bar.append("█" * for_, "green")
    bar.append("▓" * against, "red")
    bar.append("░" * (BAR_CELLS - for_ - against), "dim")
    return bar


def _spread(entry: Entry) -> str:
    return f", give or take {span(entry.spread / SECOND)}" if entry.spread else ""


def _version_line(version: Version, said: str) -> Text:
    """Return a version as a line, with its sentence where the entry now `said` another."""
    line = Text(f"{time_of_day(version.sent):>8}  ")
    against = f", {version.against} against" if version.against else ""
    line.append(f"{version.for_} of {version.present}{against}")
    line.append(f"  {version.mark or 'confirmed'}", "yellow" if version.mark else "green")
    if version.text != said:
        line.append(f"  {version.text}", "dim")
    if version.reason:
        line.append(f": {version.reason}", "dim")
    return line
