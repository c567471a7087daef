"""The charts of an exported page, as SVG without a script: the match, and how the crowd agreed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ...protocol.messages import Entry
from ...protocol.text import plain
from ...sports.presentation import Presentation
from ...timeline.texts import clock_of, evidence_of
from ...timeline.view import LiveView

WIDE, NARROW, MARGIN = 1_000, 460, 14
"""The widths of the two charts and their margin, in units of a pixel where there is room."""

ROW = 46
"""The height of a side's row."""

MOST_ROWS = 12
"""The most sides that have a row."""

PLOT = 120
"""The height of the plot of agreement."""

MANY = 80
"""The number of entries beyond which their marks are small."""


LETTER = 8
"""The width of a letter on an axis, with room beside the text."""


class Axis:
    """The time axis of a chart, from left to right.

    Args:
        entries: in match order, at least one.
        width: of the whole chart.
        labels: the most labels on the axis.
    """

    def __init__(self, entries: Sequence[Entry], width: int, labels: int) -> None:
        self._width, self._apart = width, (width - 2 * MARGIN) / labels
        self._first = entries[0].time
        self._length = max(1, entries[-1].time - self._first)
        self._entries = entries

    def x(self, time: int) -> float:
        """Return the place of a time, microseconds; a time outside of the axis is at its end."""
        share = min(max((time - self._first) / self._length, 0.0), 1.0)
        return MARGIN + share * (self._width - 2 * MARGIN)

    def labels(self, y: float) -> Iterator[str]:
        """Yield the labels of the clock, which do not overlap."""
        free = -1.0
        for entry in self._entries:
            x = self.x(entry.time)
            if x >= free:
                anchor = "start" if x < 60 else "end" if x > self._width - 60 else "middle"
                text = clock_of(entry)
                yield f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
                free = x + max(self._apart, LETTER * len(text))


def match(view: LiveView, shown: Presentation) -> str:
    """Return the chart of a match, as its sport is shown: how far one of two sides was ahead, or a
    row for each side.

    Args:
        view: the event.
        shown: how its sport is shown.
    """
    if len(view.card.origins) == 2 and shown.chart.kind == "lead":
        return lead(view, shown)
    return course(view, shown.score.changes)


def lead(view: LiveView, shown: Presentation) -> str:
    """Return the chart of how far the first of two sides was ahead, step by step, with the sets as
    they ended; empty where nothing was a step."""
    home, away = view.card.origins
    steps, cuts, ahead, sets = [0.0], list[tuple[int, str]](), 0.0, 0
    for entry in _standing(view):
        before = ahead
        counted = entry.score.get(shown.score.counts)
        if shown.chart.counts:
            is_step = entry.title == shown.chart.counts
            ahead += (1 if entry.origin == home else -1) if is_step else 0
        elif isinstance(counted, dict):
            ahead = _number(counted.get(home)) - _number(counted.get(away))
        if ahead != before:
            steps.append(ahead)
        over = entry.score.get(shown.score.sets)
        if isinstance(over, list) and len(over) > sets:
            sets = len(over)
            pair = over[-1] if isinstance(over[-1], list) else []
            cuts.append((len(steps) - 1, "–".join(str(one) for one in pair)))
    if len(steps) == 1:
        return ""
    across = (WIDE - 4 * MARGIN) / (len(steps) - 1)
    high = (PLOT - 16) / 2 / max(abs(step) for step in steps)
    middle = PLOT / 2 + 16
    path = f"M{MARGIN} {middle:g}" + "".join(
        f"H{MARGIN + place * across:.1f}V{middle - step * high:.1f}"
        for place, step in enumerate(steps)
    )
    parts = [
        f'<line class="middle" x1="{MARGIN}" x2="{WIDE}" y1="{middle:g}" y2="{middle:g}"/>',
        f'<path class="lead-area" d="{path}V{middle:g}Z"/><path class="lead-line" d="{path}"/>',
        f'<text class="side-name" x="{MARGIN}" y="12">↑ {escape(plain(home))}</text>',
    ]
    below, free = PLOT + 30, -1.0
    for place, text in cuts:
        x = MARGIN + place * across
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="16" y2="{PLOT + 16}"/>')
        if x - LETTER * len(text) > free:
            parts.append(
                f'<text x="{x:.1f}" y="{below}" text-anchor="end">{escape(plain(text))}</text>'
            )
            free = x
    foot = below + 18 if cuts else below
    parts.append(f'<text class="side-name" x="{MARGIN}" y="{foot}">↓ {escape(plain(away))}</text>')
    return _svg(parts, WIDE, foot + 6, f"How far {plain(home)} or {plain(away)} was ahead")


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0


def course(view: LiveView, changes: Sequence[str]) -> str:
    """Return the chart of a match: a row for each side, a mark for each entry, a large mark where
    the score changed, and hatching where contact with the venue was lost.

    Args:
        view: the event.
        changes: the keys of the score whose changes are large marks.
    """
    entries = _standing(view)
    if not entries:
        return ""
    axis = Axis(entries, WIDE, 8)
    sides = view.card.origins[:MOST_ROWS]
    height = ROW * len(sides)
    parts = [*_outages(view, axis, height)]
    for row, side in enumerate(sides):
        y = ROW * row + ROW / 2
        parts.append(f'<line class="axis" x1="0" x2="{WIDE}" y1="{y:.0f}" y2="{y:.0f}"/>')
        name = escape(plain(side))
        parts.append(f'<text class="side-name" x="{MARGIN}" y="{y - 13:.0f}">{name}</text>')
    usual = 2.5 if len(entries) > MANY else 4.0
    before = _weight(entries[0].score, changes)
    for entry in entries:
        after = _weight(entry.score, changes)
        if entry.origin in sides:
            y = ROW * sides.index(entry.origin) + ROW / 2
            parts.append(_mark(entry, axis.x(entry.time), y, usual if after == before else 8.0))
        before = after
    parts += axis.labels(height + 14)
    return _svg(parts, WIDE, height + 20, "The match from left to right, a row for each side")


def _weight(score: Mapping[str, object], changes: Sequence[str]) -> list[object]:
    """Return the part of a score whose change makes a large mark."""
    return [score.get(key) for key in changes]


def agreement(view: LiveView) -> str:
    """Return the chart of agreement: for each entry, the share of the present reporters that are
    for it, where the full height is all of them; a line down shows the reporters against it."""
    entries = [entry for entry in _standing(view) if entry.evidence.present]
    if not entries:
        return ""
    axis = Axis(entries, NARROW, 4)
    size = 2 if len(entries) > MANY else 4
    parts = [
        f'<line class="axis" x1="0" x2="{NARROW}" y1="{y}" y2="{y}"/>' for y in (8, PLOT / 2, PLOT)
    ]
    for entry in entries:
        evidence = entry.evidence
        share = min(1.0, evidence.for_ / evidence.present)
        x, y = f"{axis.x(entry.time):.1f}", PLOT - share * (PLOT - 8)
        title = f"<title>{escape(_words(entry))}</title>"
        against = evidence.against / evidence.present * (PLOT - 8)
        if against:
            end = min(PLOT, y + against)
            parts.append(
                f'<line class="against-line" x1="{x}" x2="{x}" y1="{y:.1f}" y2="{end:.1f}"/>'
            )
        kind = "dot against" if against else "dot"
        parts.append(f'<circle class="{kind}" cx="{x}" cy="{y:.1f}" r="{size}">{title}</circle>')
    parts.append(f'<text x="{NARROW}" y="22" text-anchor="end">all of them</text>')
    parts += axis.labels(PLOT + 16)
    return _svg(
        parts, NARROW, PLOT + 22, "How many of the reporters present said so, entry by entry"
    )


def _standing(view: LiveView) -> list[Entry]:
    return [row.entry for row in view.fold.standing]


def _outages(view: LiveView, axis: Axis, height: float) -> Iterator[str]:
    since: int | None = None
    for remark in sorted(view.fold.remarks, key=lambda remark: remark.time):
        if remark.kind == "alarm":
            since = remark.time if since is None else since
        elif remark.kind == "restored" and since is not None:
            left, right = axis.x(since), axis.x(remark.time)
            yield (
                f'<rect class="outage" x="{left:.1f}" y="0" width="{max(2.0, right - left):.1f}"'
                f' height="{height}"><title>{escape(plain(remark.text))}</title></rect>'
            )
            since = None


def _mark(entry: Entry, x: float, y: float, size: float) -> str:
    # Hollow where the entry is not certain.
    kind = "dot some" if entry.delay_status or entry.status == "PROVISIONAL" else "dot"
    title = f"<title>{escape(_words(entry))}</title>"
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{size}">{title}</circle>'


def _words(entry: Entry) -> str:
    return plain(f"{clock_of(entry)} {entry.text or entry.title} [{evidence_of(entry)}]")


_HATCH = (
    '<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><line class="hatch-line" x1="0" y1="0" x2="0" y2="8"/>'
    "</pattern></defs>"
)


def _svg(parts: Sequence[str], width: int, height: float, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{escape(label)}">'
        f"{_HATCH}{''.join(parts)}</svg>"
    )
