"""What is known of an entry: its votes, its times and its history, as text without markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from ...protocol.messages import Entry
from ...protocol.text import plain
from ...protocol.times import SECOND
from ...runtime.languages import tr
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
    text.append("\n\n" + tr("History"), "cyan")
    said = sentence(entry)
    for version in versions:
        text.append("\n")
        text.append_text(_version_line(version, said))
    return text


def _lines(entry: Entry) -> Iterator[tuple[str, Text]]:
    yield tr("Votes"), Text(_votes(entry))
    yield "", _bar(entry)
    time = time_of_day(entry.time)
    clock = tr("{clock}, at {time}", clock=plain(entry.clock), time=time) if entry.clock else time
    yield tr("Clock"), Text(f"{clock}{_spread(entry)}")
    accepted = span(max(0.0, entry.evidence.latency_ms / 1000))
    first = time_of_day(entry.first_reported)
    said = tr("first at {first}, accepted {accepted} later", first=first, accepted=accepted)
    yield tr("Told"), Text(said)
    if entry.details:
        details = (f"{name} {value}" for name, value in entry.details.items())
        yield tr("Details"), Text(plain(", ".join(details)))
    if entry.relates_to:
        yield tr("About"), Text(tr("entry {entry}", entry=plain(entry.relates_to)))
    if entry.review:
        yield tr("Review"), Text(plain(entry.review))
    elif entry.reviewed:
        yield tr("Review"), Text(tr(REVIEWED[entry.reviewed]))
    if entry.reason:
        yield tr("Reason"), Text(plain(entry.reason))
    if entry.by:
        yield tr("Ruled by"), Text(plain(entry.by))
    where = tr(
        "{entry}, seq {seq} of epoch {epoch}",
        entry=entry.entry_id,
        seq=entry.seq,
        epoch=entry.epoch,
    )
    yield tr("Entry"), Text(plain(where))


def _votes(entry: Entry) -> str:
    evidence = entry.evidence
    if entry.by and not evidence.for_:
        return tr("none: the owner says so")
    voices, present, against = evidence.for_, evidence.present, evidence.against
    said = tr("{voices} of {present} saw it", voices=voices, present=present)
    return tr("{said}, {against} against", said=said, against=against) if against else said


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
    return tr(", give or take {time}", time=span(entry.spread / SECOND)) if entry.spread else ""


def _version_line(version: Version, said: str) -> Text:
    """Return a version as a line, with its sentence where the entry now `said` another."""
    line = Text(f"{time_of_day(version.sent):>8}  ")
    votes = tr("{voices} of {needed}", voices=version.for_, needed=version.present)
    against = version.against
    line.append(tr("{said}, {against} against", said=votes, against=against) if against else votes)
    line.append(f"  {version.mark or tr('confirmed')}", "yellow" if version.mark else "green")
    if version.text != said:
        line.append(f"  {version.text}", "dim")
    if version.reason:
        line.append(f": {version.reason}", "dim")
    return line
