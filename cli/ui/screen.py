"""The live screen of `touchline watch`: the score above, the feed below it, newest first.

All of it is text without markup: the terminal obeys nothing that came from the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from rich.box import ROUNDED
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ...protocol.messages import Entry
from ...protocol.text import plain
from ...runtime.languages import mark, tr, trn
from ...timeline.rows import EntryRow, Remark
from ...timeline.texts import (
    clock_of,
    evidence_of,
    progress_of,
    sentence,
    short_clock,
    span,
    unconfirmed_text,
)
from ...timeline.view import LiveView
from .statistics import FeedStatistics, summary

FRESH_SECONDS = 3.0
"""How long an entry that has just come or changed is bold."""

CLOCK_WIDTH = 8


def fitting(clock: str) -> str:
    """Return a clock that fits its column: of words the first letters, `4th q` for `4th quarter`
    and `S2 L3` for `Set 2, Leg 3`."""
    if len(clock) <= CLOCK_WIDTH or ":" in clock:
        return clock[:CLOCK_WIDTH]
    words = clock.replace(",", " ").split()
    short = "".join(
        word if word[0].isdecimal() and number and len(word) < 3 else f" {word}"
        for number, word in enumerate(word if word[0].isdecimal() else word[0] for word in words)
    )
    return short.strip()[:CLOCK_WIDTH]


"""The width of the clock in cells: that of a time of day."""

EVIDENCE_WIDTH = 15

HEAD_LINES = 4
"""Lines of the score and its frame."""

CLAIM_LINES = 3
"""The most open claims that are shown; the newest."""

BANNER_LINES = 2
"""The most lines of the banner."""

NARROW = 60
"""Below this width the evidence is left out."""

STATES = {
    "connecting": ("○", "yellow"),
    "waiting": ("○", "yellow"),
    "live": ("●", "green"),
    "disagree": ("●", "yellow"),
    "venue_lost": ("▲", "red"),
    "reconstructing": ("▲", "yellow"),
    "host_trouble": ("▲", "red"),
    "stale": ("●", "red"),
    "silent": ("●", "red"),
    "host_lost": ("●", "red"),
    "relay_lost": ("●", "red"),
    "link_lost": ("●", "red"),
    "finished": ("■", "cyan"),
}
"""The sign and the colour of each state of a feed."""

INTERRUPTED = ("●", "yellow")
"""The same while play is interrupted."""

REMARKS = {"alarm": ("▲", "red"), "restored": ("✓", "green"), "finished": ("■", "cyan")}
"""The sign and the colour of a remark, by its kind."""

OTHER_REMARK = ("·", "cyan")

COUNTED = {
    "received": mark("received"),
    "history": mark("history"),
    "lost": mark("lost"),
    "repaired": mark("repaired"),
    "out_of_order": mark("out of order"),
    "duplicate": mark("duplicate"),
    "epochs": mark("epochs"),
    "latency_p50_ms": mark("latency p50 ms"),
    "latency_p99_ms": mark("latency p99 ms"),
    "seq": "seq",
    "digest": "digest",
}
"""What the counts are called in the table, by their names in `--json`."""


class Screen:
    """A live view at one moment, fitted to the space there is.

    Args:
        view: of the feed.
        counts: of the subscriber.
        now: monotonic seconds.
        wall: microseconds since 1970 UTC.
    """

    def __init__(self, view: LiveView, counts: FeedStatistics, now: float, wall: int) -> None:
        self._view = view
        self._counts = counts
        self._now = now
        self._wall = wall

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        height = options.height or console.size.height
        yield head(self._view, width, self._wall)
        rows = feed_rows(console, self._view, width, self._now, self._wall)
        yield Group(*fitted(rows, height - HEAD_LINES - 1))
        yield foot_text(self._view, self._counts)


def foot_text(view: LiveView, counts: FeedStatistics) -> Text:
    """Return who is there and what was received, on one line."""
    fold = view.fold
    present = trn("{n} reporter", "{n} reporters", fold.present)
    claims = trn("{n} claim open", "{n} claims open", fold.claims)
    received = tr("{n} received", n=counts.received)
    foot = Text(f" {present} · {claims} · {received}", "dim", no_wrap=True)
    lost = tr("{n} lost", n=counts.lost)
    foot.append(f" · {lost}", "red" if counts.lost > counts.repaired else "dim")
    foot.append(" · " + tr("{n} repaired", n=counts.repaired))
    if counts.p50 is not None:
        foot.append(f" · p50 {span(counts.p50)}")
    foot.overflow = "ellipsis"
    return foot


def head(view: LiveView, width: int, wall: int) -> RenderableType:
    """Return the score, the match clock and the state of the feed, on `HEAD_LINES` lines."""
    interrupted = view.state == "live" and view.fold.interrupted is not None
    symbol, colour = INTERRUPTED if interrupted else STATES[view.state]
    title = Text(plain(view.card.title), "dim", no_wrap=True, overflow="ellipsis")
    said = tr("play interrupted") if interrupted else view.state_text
    state = Text(f"{symbol} {said}", colour, no_wrap=True)
    if view.fold.epoch > 1:
        state.append(f"  epoch {view.fold.epoch}", "dim")
    score = Text(view.headline or plain(view.card.title), "bold", justify="center")
    unconfirmed = view.unconfirmed
    if unconfirmed is not None:
        score.append(f"  {unconfirmed_text(unconfirmed)}", "not bold yellow")
    score.truncate(max(1, width - 4), overflow="ellipsis")
    bar = Table.grid(expand=True, padding=(0, 1))
    bar.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    bar.add_column(justify="center", no_wrap=True)
    bar.add_column(ratio=1, justify="right", no_wrap=True)
    bar.add_row(title, Text(view.clock(wall), "bold yellow"), state)
    return Panel(Group(score, bar), box=ROUNDED, border_style=colour, padding=(0, 1))


def fitted(rows: Iterable[Text], room: int) -> list[Text]:
    """Return exactly `room` lines: the first ones, followed by empty ones where there are too
    few."""
    shown = list(islice(rows, room))
    return shown + [Text()] * (room - len(shown))


def feed_rows(
    console: Console, view: LiveView, width: int, now: float, wall: int
) -> Iterator[Text]:
    """Yield the feed line by line, the newest entry first, each on as many lines as its text needs.

    Args:
        console: measures the text.
        view: the feed.
        width: cells.
        now: monotonic seconds.
        wall: microseconds since 1970 UTC.
    """
    yield from above_rows(console, view, width, wall)
    for row in view.rows():
        if isinstance(row, EntryRow):
            yield from _entry_rows(console, row, width, now)
        else:
            yield from _remark_rows(console, row, width)


def above_rows(console: Console, view: LiveView, width: int, wall: int) -> Iterator[Text]:
    """Yield what stands above the entries: the banner, and the newest open claims.

    Args:
        console: measures the text.
        view: the feed.
        width: cells.
        wall: microseconds since 1970 UTC.
    """
    words = view.banner(wall)
    if words:
        banner = Text(words, STATES[view.state][1].replace("green", "yellow"))
        for part in banner.wrap(console, max(10, width - 3))[:BANNER_LINES]:
            part.rstrip()
            yield Text.assemble("  ", part)
    elif not view.fold.rows:
        yield Text("  " + tr("Nothing has happened yet."), "dim")
    yield from _claim_rows(view, width)


def row_line(row: EntryRow | Remark, width: int, now: float) -> Text:
    """Return an entry or a remark as one line, which ends with … where it is too long.

    Args:
        row: the entry or remark.
        width: cells.
        now: monotonic seconds.
    """
    if isinstance(row, Remark):
        sign, colour = REMARKS.get(row.kind, OTHER_REMARK)
        line = Text(no_wrap=True)
        line.append(f"{fitting(short_clock(row.clock)):>{CLOCK_WIDTH}}  ", "cyan")
        line.append(f"{sign} {row.text}", colour)
        return line
    beside = EVIDENCE_WIDTH if width >= NARROW else 0
    line = Text(no_wrap=True)
    line.append(f"{fitting(clock_of(row.entry)):>{CLOCK_WIDTH}}  ", "cyan")
    text = _entry_text(row, now)
    text.truncate(max(10, width - CLOCK_WIDTH - beside - 4), overflow="ellipsis", pad=True)
    line.append_text(text)
    if beside:
        line.append(f" {_evidence(row.entry):>{beside}}"[: beside + 1], "dim")
    return line


def _claim_rows(view: LiveView, width: int) -> Iterator[Text]:
    untold = view.untold
    if untold:
        claims = trn("{n} claim is being decided", "{n} claims are being decided", untold)
        yield Text(f"{'…':>{CLOCK_WIDTH}}  {claims}", "dim", no_wrap=True)
    for claim in view.undecided[:CLAIM_LINES]:
        far = tr("being decided, {progress}", progress=progress_of(claim))
        text = f"{'…':>{CLOCK_WIDTH}}  {view.claim_text(claim)}  {far}"
        row = Text(text, "dim", no_wrap=True)
        row.truncate(max(10, width - 1), overflow="ellipsis")
        yield row


def _remark_rows(console: Console, remark: Remark, width: int) -> Iterator[Text]:
    sign, colour = REMARKS.get(remark.kind, OTHER_REMARK)
    text = Text(f"{sign} {remark.text}", colour)
    for number, part in enumerate(text.wrap(console, max(10, width - CLOCK_WIDTH - 3))):
        row = Text(no_wrap=True)
        row.append(
            f"{fitting(short_clock(remark.clock)) if number == 0 else '':>{CLOCK_WIDTH}}  ", "cyan"
        )
        part.rstrip()
        row.append_text(part)
        yield row


def _entry_rows(console: Console, entry_row: EntryRow, width: int, now: float) -> Iterator[Text]:
    entry = entry_row.entry
    beside = EVIDENCE_WIDTH if width >= NARROW else 0
    space = max(10, width - CLOCK_WIDTH - beside - 4)
    text = _entry_text(entry_row, now)
    for number, part in enumerate(text.wrap(console, space)):
        row = Text(no_wrap=True)
        clock = fitting(clock_of(entry)) if number == 0 else ""
        row.append(f"{clock:>{CLOCK_WIDTH}}", "cyan")
        row.append("  ")
        part.rstrip()
        row.append_text(part)
        if number == 0 and beside:
            row.append(" " * max(0, space - part.cell_len + 1))
            row.append(f"{_evidence(entry):>{beside}}"[:beside], "dim")
        yield row


def _entry_text(row: EntryRow, now: float) -> Text:
    """Return the sentence of an entry with its mark; `now` is monotonic seconds."""
    entry = row.entry
    style = "bold" if now - row.changed < FRESH_SECONDS else ""
    if entry.status == "DELETED":
        style = "dim strike"
    text = Text(sentence(entry), style)
    if row.mark:
        text.append(f"  {row.mark}", "not strike yellow")
    if entry.status == "DELETED" and entry.reason:
        text.append(f": {plain(entry.reason)}", "not strike")
    return text


def _evidence(entry: Entry) -> str:
    """Return the evidence as a text that fits into its column."""
    evidence = entry.evidence
    voices = tr("{voices} of {needed}", voices=evidence.for_, needed=evidence.present)
    short = f"{voices}  {span(evidence.latency_ms / 1000):>6}"
    return short if len(short) <= EVIDENCE_WIDTH else evidence_of(entry)


def summary_table(counts: FeedStatistics) -> Table:
    """Return the counts of received and lost messages as a table."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in summary(counts).items():
        shown = "–" if value is None else str(value)
        table.add_row(Text(tr(COUNTED.get(name, name))), Text(shown, justify="right"))
    return table
