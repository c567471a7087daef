"""What the timeline costs: whole matches of each sport, late entries, undo, claims that wait,
reporters who leave.

All in one process, without sockets and disks; the figures are of CPU time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from touchline import sports
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.options import Options
from touchline.protocol import codec, messages
from touchline.protocol.messages import Card, Entry, Evidence, Happening, ReportBatch, Said
from touchline.protocol.times import SECOND
from touchline.sports import matches
from touchline.timeline.timeline import Timeline

from .comparison import Comparison, Size, single

REPEATED = 5
"""How often a late entry and an undo are measured."""

WALL = 1_700_000_000 * SECOND


def comparisons(_size: Size) -> list[Comparison]:
    """Return what is measured."""
    return [single("sports", "What the timeline costs", round_, "held claims")]


def round_() -> dict[str, float]:
    """Return one round's figures."""
    return {**_whole(), **_late(), **_undo(), **_held(), **_leaves(), **_outbox()}


def _whole() -> dict[str, float]:
    found = {}
    for name in matches.names():
        match = matches.load(name)
        sport = sports.get(match.sport)
        timeline = Timeline(sport, sport.start(match.origins, match.rules, match.lineups), {})
        entries = [
            _entry(number, action.title, action.origin, action.time, **action.details)
            for number, action in enumerate(match.actions, 1)
        ]
        key = f"{name}, {len(entries)} entries, ms"
        found[key] = _milliseconds(lambda put=timeline, all_=entries: _put(put, all_))
    return found


def _put(timeline: Timeline, entries: Iterable[Entry]) -> None:
    for entry in entries:
        timeline.put(entry)
        _ = timeline.state


def _late() -> dict[str, float]:
    found = {}
    football = sports.get("football")
    for name, every in (("mostly fouls", 100), ("goals alone", 1)):
        for size in (1_000, 10_000):
            timeline = Timeline(football, football.start(["A", "B"]), {})
            for number in range(1, size + 1):
                title = "goal" if number % every == 0 else "foul"
                player = f"Player {number % 22}"
                timeline.put(_entry(number, title, "AB"[number % 2], number * 10, player=player))
            _ = timeline.state
            for title in ("goal", "foul"):
                late = [
                    _entry(size + n, title, "A", 5 + n, player="Player 1")
                    for n in range(1, REPEATED + 1)
                ]
                taken = _milliseconds(lambda put=timeline, all_=late: _put(put, all_)) / REPEATED
                found[f"late {title} into {size:,}, {name}, ms"] = taken
                _put(timeline, [replace(entry, status="DELETED") for entry in late])
    return found


class _Venue:
    """A hosted event with reporters, each of which counts its reports."""

    def __init__(self, reporters: int, verdict: str = "fixed:1") -> None:
        card = Card(event="bench", title="Bench", sport="football", origins=["A", "B"], starts=WALL)
        self.now = 100.0
        self.core = HostedEvent(card, Options(verdict=verdict))
        self.core.start(1, self.now, self.wall)
        self.core.take()
        self.reporters = [self._attach(number) for number in range(reporters)]
        self.counts = [0] * reporters
        self.turn(lambda: None)

    @property
    def wall(self) -> int:
        return WALL + round(self.now * SECOND) + 5 * 86_400 * SECOND

    def _attach(self, number: int) -> Participant:
        name = f"r{number}"
        grant = messages.Grant(
            id=0,
            token=name,
            peer=name,
            name=name,
            role="reporter",
            event="bench",
            expires=1 << 57,
            key=b"k" * 32,
        )
        attach = messages.Attach(id=1, token=name, time=self.wall)
        self.core.begin_turn(self.now, self.wall)
        return self.core.attach(grant, attach, name)

    def said(self, reporter: int, title: str, origin: str, at: int, **details: str | int) -> Said:
        """Return the next report of a reporter, at a second of the event."""
        self.counts[reporter] += 1
        happening = Happening(title, origin, WALL + at * SECOND, details or None)
        return Said(n=self.counts[reporter], time=happening.time, event=happening)

    def fouls(self, reporter: int, count: int, start: int = 0) -> list[Said]:
        """Return reports of so many fouls, half a minute apart."""
        return [
            self.said(reporter, "foul", "AB"[number % 2], start + number * 30)
            for number in range(count)
        ]

    def say(self, reporter: int, said: list[Said]) -> None:
        """Take reports in, within a turn."""
        token = self.reporters[reporter].report_token
        for first in range(0, len(said), 500):
            batch = ReportBatch(token=token, reports=said[first : first + 500])
            self.core.report(self.reporters[reporter], batch, codec.encode(batch))

    def turn(self, act: Callable[[], object]) -> None:
        """Do something in a turn of its own."""
        self.now += 0.01
        self.core.begin_turn(self.now, self.wall)
        act()
        self.core.take()


def _undo() -> dict[str, float]:
    venue = _Venue(2)
    venue.turn(lambda: venue.say(0, venue.fouls(0, 10_000)))
    undone = [venue.said(0, "undo", "", 0, n=n) for n in range(9_990, 9_990 + REPEATED)]
    taken = _milliseconds(lambda: venue.turn(lambda: venue.say(0, undone)))
    return {"undo among 10,000 entries, ms": taken / REPEATED}


def _held() -> dict[str, float]:
    # A reporter begins no more of them than a match can have.
    venue = _Venue(21)
    for reporter in range(20):
        said = [
            venue.said(reporter, "goal_disallowed", "AB"[reporter % 2], 10_000 + number * 130)
            for number in range(reporter // 2 * 200, reporter // 2 * 200 + 200)
        ]
        venue.turn(lambda reporter=reporter, said=said: venue.say(reporter, said))
    found = {"held claims": float(len(venue.core.held))}
    for title, at in (("foul", 1_000), ("goal", 300_000), ("goal", 1_000)):
        said = [venue.said(20, title, "A", at)]
        taken = _milliseconds(lambda said=said: venue.turn(lambda: venue.say(20, said)))
        where = "before" if at == 1_000 else "behind"
        found[f"{title} {where} them, ms"] = taken
    return found


def _leaves() -> dict[str, float]:
    # Half of them say that the one side scored, half that the other did.
    venue = _Venue(21, "evidence")
    for reporter in range(20):
        start = 10_000 + reporter // 2 * 200 * 130 + reporter % 2 * 3
        said = [
            venue.said(reporter, "goal", "AB"[reporter % 2], start + number * 130)
            for number in range(200)
        ]
        venue.turn(lambda reporter=reporter, said=said: venue.say(reporter, said))
    leaves = venue.reporters[20]
    taken = _milliseconds(lambda: venue.turn(lambda: venue.core.detach(leaves)))
    return {
        "disputed claims": float(len(venue.core.claims.open)),
        "a reporter leaves, ms": taken,
    }


def _outbox() -> dict[str, float]:
    venue = _Venue(2)
    venue.turn(lambda: venue.say(0, venue.fouls(0, 2_000, 40_000)))
    before = venue.core.timeline.applied
    late = venue.fouls(1, 1_600)
    taken = _milliseconds(lambda: venue.turn(lambda: venue.say(1, late)))
    return {
        "1,600 late entries onto 2,000 in one turn, ms": taken,
        "steps folded by them": float(venue.core.timeline.applied - before),
    }


def _entry(number: int, title: str, origin: str, at: int, **details: str | int | float) -> Entry:
    return Entry(
        event="bench",
        epoch=1,
        seq=number,
        entry_id=str(number),
        status="CONFIRMED",
        title=title,
        origin=origin,
        details=details,
        time=at,
        first_reported=0,
        accepted=0,
        sent=0,
        evidence=Evidence(for_=2),
    )


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1_000
