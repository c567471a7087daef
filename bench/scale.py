"""What a layout of machines needs, computed from measured figures: the tables of docs/SCALE.md.

`python -m bench.scale` prints them. Whoever measures anew changes `FIGURES`; a test says where the
document has to follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

FULL = 0.5
"""The part of a core that is used at most, on the average of a match's busiest ten seconds."""


@dataclass(frozen=True)
class Figure:
    """A measured figure.

    Args:
        value: what was measured.
        unit: of the value.
        what: it is.
        how: it was measured.
    """

    value: float
    unit: str
    what: str
    how: str


FIGURES = {
    "report": Figure(0.95, "ms", "host, a report that comes alone, with its commit", "latency"),
    "send": Figure(0.0104, "ms", "host, an entry to one of 100 subscribers", "fan-out"),
    "beat": Figure(
        0.25, "ms", "host, a heartbeat; taken for a quarter of a report", "not measured"
    ),
    "hold": Figure(1.0, "ms", "broker, the first grant of a lease, taken for a renewal", "events"),
    "join": Figure(0.79, "ms", "broker, a join", "lookup"),
    "search": Figure(2.3, "ms", "broker, a search of two words in 10,000 events", "lookup"),
    "turn": Figure(0.33, "ms", "PostgreSQL's client, a commit", "commit"),
    "viewer": Figure(0.0059, "ms", "gateway, a message to one of 1,000 viewers", "viewers"),
    "viewer memory": Figure(
        2.6, "kB", "gateway, a viewer, without the system's buffers", "viewers"
    ),
    "entry bytes": Figure(320.0, "bytes", "an entry on the feed", "recovery"),
    "message bytes": Figure(
        450.0, "bytes", "a message to a viewer, uncompressed, with its frame", "viewers"
    ),
}
"""By name; `how` is the scenario of `python -m bench` that measures it, or a row of RESULTS.md."""


@dataclass(frozen=True)
class Layout:
    """What is to be carried.

    Args:
        name: of the layout.
        matches: that are live at one time.
        reporters: of each.
        viewers: of all of them together.
    """

    name: str
    matches: int
    reporters: int
    viewers: int


LAYOUTS = (
    Layout("ten matches of a club", 10, 12, 2_000),
    Layout("ten thousand matches", 10_000, 12, 500_000),
    Layout("one final", 1, 200, 10_000_000),
)

REPORTS = 0.1
"""Reports a second of one reporter in the busiest ten seconds: one tap."""

MESSAGES = 0.3
"""Messages a second of one event to a viewer, then: an entry, its next version, a status."""

BEAT, LEASE = 1 / 10, 3 / 15
"""Heartbeats, and renewals of a lease, a second."""

CONNECTIONS = 10_000
"""The viewers of one gateway, as it is set (`--max-connections`)."""

ARRIVALS = 1 / 300
"""Viewers and reporters come within five minutes of the start; a tenth of them search."""


@dataclass(frozen=True)
class Need:
    """What one part needs.

    Args:
        part: its name.
        cores: of one machine, or of many.
        processes: at least; each uses one core.
        memory: MB in all.
        megabits: a second, out of it.
    """

    part: str
    cores: float
    processes: int
    memory: float = 0.0
    megabits: float = 0.0


def needs(layout: Layout) -> list[Need]:
    """Return what a layout needs, part by part."""
    ms = {name: figure.value / 1e3 for name, figure in FIGURES.items()}
    matches, people = layout.matches, layout.reporters * layout.matches
    watching = layout.viewers * MESSAGES * ms["viewer"]
    gateways = max(_processes(watching), ceil(layout.viewers / CONNECTIONS))
    # An event's viewers share gateways where they can; each gateway reads an event once.
    readers = max(1, gateways / matches)
    sent = matches * MESSAGES * readers
    hosting = people * REPORTS * ms["report"] + matches * BEAT * ms["beat"] + sent * ms["send"]
    finding = (
        matches * LEASE * ms["hold"]
        + people * ARRIVALS * ms["join"]
        + layout.viewers * ARRIVALS / 10 * ms["search"]
    )
    commits = matches * MESSAGES + people * REPORTS
    entry, message = FIGURES["entry bytes"].value, FIGURES["message bytes"].value
    return [
        Need("broker", finding, max(2, _processes(finding))),
        Need("host", hosting, max(2, _processes(hosting)), 0.0, _megabits(sent * entry)),
        Need("PostgreSQL", commits * ms["turn"], 1),
        Need(
            "gateway",
            watching,
            gateways,
            layout.viewers * FIGURES["viewer memory"].value / 1e3,
            _megabits(layout.viewers * MESSAGES * message),
        ),
    ]


def _megabits(size: float) -> float:
    return size * 8 / 1e6


def _processes(cores: float) -> int:
    return max(1, ceil(cores / FULL))


def bottleneck(layout: Layout) -> Need:
    """Return the part that needs most, and so is the first to be too small."""
    return max(needs(layout), key=lambda need: need.cores)


def tables() -> str:
    """Return the tables of docs/SCALE.md."""
    lines = ["| figure | measured | by |", "|---|---|---|"]
    lines += [f"| {one.what} | {one.value:g} {one.unit} | {one.how} |" for one in FIGURES.values()]
    for layout in LAYOUTS:
        title = (
            f"**{layout.name[0].upper()}{layout.name[1:]}**: {layout.matches:,} live, "
            f"{layout.reporters} reporters each, {layout.viewers:,} viewers in all. "
            f"Most is needed by the {bottleneck(layout).part}."
        )
        lines += [
            *("", title, ""),
            "| part | cores | processes | memory, MB | out, Mbit/s |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {need.part} | {need.cores:,.3g} | {need.processes:,} | "
            f"{need.memory:,.0f} | {need.megabits:,.3g} |"
            for need in needs(layout)
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(tables())
