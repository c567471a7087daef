"""Of what excludes each other at most one entry stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from touchline.protocol import codec
from touchline.protocol.tokens import digest
from touchline.sports import custom

EXAMPLES = Path(__file__).parents[5] / "examples"

CREW = ("ann", "bob", "cid", "dan", "eve", "flo", "gus", "hal")


def crowd(ground: Any, sport: str = "football", **options: Any) -> Any:
    return ground(sport, **options).begun(*CREW, seconds=5.0)


def at_once(g: Any, title: str, origin: str, at: float, names: tuple[str, ...]) -> None:
    """Let several people report the same in one turn."""
    told = [g.report(name, g.said(name, title, origin, at)) for name in names]
    g.begin()
    for report in told:
        member = g.core.roster.by_report_token[digest(report.token)]
        g.core.report(member, report, codec.encode(report))
    g.take()


def standing(g: Any) -> list[list[str]]:
    """Return which entries stood at each seq."""
    stood: dict[str, None] = {}
    found = []
    for entry in g.entries:
        if entry.status == "DELETED":
            del stood[entry.entry_id]
        else:
            stood[entry.entry_id] = None
        found.append(list(stood))
    return found


@pytest.mark.parametrize("verdict", ["evidence", "quorum", "majority", "fixed:3"])
def test_the_better_one_takes_the_place(ground: Any, verdict: str) -> None:
    """Three of eight say B scored, then five say A: B's goal is taken back before A's comes, so
    that no score counts both, and both say why."""
    g = crowd(ground, verdict=verdict)
    g.both("goal", "B", at=20, names=CREW[:3])
    g.both("goal", "A", at=21, names=CREW[3:])
    g.stay(30, *CREW)
    assert all(len(stood) <= 1 for stood in standing(g))
    assert g.headline == "A 1–0 B"
    gone = [entry for entry in g.entries if entry.status == "DELETED"]
    came = [entry for entry in g.entries if entry.origin == "A"]
    assert "0–0" in gone[0].headline if gone else verdict == "majority"
    if gone:
        assert gone[0].reason.startswith(f"entry {came[0].entry_id} stands instead")
        assert came[0].reason.startswith(f"it stands instead of entry {gone[0].entry_id}")


def test_what_is_provisional_waits_for_what_is_confirmed(ground: Any) -> None:
    """What is confirmed gives way only to what is confirmed."""
    g = crowd(ground, "tennis", verdict="evidence")
    g.both("point", "B", at=5, names=CREW[:5])
    assert g.entries[-1].status == "CONFIRMED"
    g.both("point", "A", at=5.5, names=CREW[5:])
    assert {entry.origin for entry in g.entries} == {"B"}


def test_of_two_that_are_as_good_the_first_stands(ground: Any) -> None:
    """As many say the one as the other: what stands goes on standing."""
    g = crowd(ground, verdict="evidence")
    g.both("goal", "B", at=20, names=CREW[:4])
    g.both("goal", "A", at=21, names=CREW[4:])
    assert [entry.origin for entry in g.standing] == ["B"]
    assert len(g.entries) == 1


def test_both_happened(ground: Any) -> None:
    """Those who tell both some time apart outweigh one who has seen the second alone: both
    stand."""
    g = crowd(ground, verdict="evidence")
    g.both("goal", "B", at=10, names=CREW[:7])
    g.both("goal", "A", at=22, names=CREW)
    g.stay(30, *CREW)
    assert g.headline == "A 1–1 B"
    assert "DELETED" not in [entry.status for entry in g.entries]


@pytest.mark.parametrize("verdict", ["quorum", "fixed:2"])
@pytest.mark.parametrize(
    ("first", "second", "stands_beside"),
    [
        (slice(3), slice(1, 5), False),  # two tell both, two A alone: found by the simulation
        (slice(3), slice(2, 5), False),  # one tells both
        (slice(7), slice(1, 8), True),
        (slice(8), slice(1, None), True),
    ],
)
def test_two_that_more_tell_than_oppose(
    ground: Any, verdict: str, first: slice, second: slice, stands_beside: bool
) -> None:
    """Each has more for it than against it: both stand where those who tell both outweigh those who
    tell one alone; else the second waits, and what stands is not taken back for it."""
    g = ground(verdict=verdict).begun(*CREW[: max(first.stop, second.stop or 8)], seconds=30.0)
    g.both("goal", "B", at=18, names=CREW[first])
    at_once(g, "goal", "A", at=29, names=CREW[second])
    assert [one.origin for one in g.standing] == (["B", "A"] if stands_beside else ["B"])
    assert "DELETED" not in [entry.status for entry in g.entries]


@pytest.mark.parametrize("verdict", ["quorum", "majority", "fixed:2"])
def test_what_waits_is_let_in_by_votes_for_the_other(ground: Any, verdict: str) -> None:
    """A claim that waits is judged again when anything is said of what it waits for: those who tell
    the second alone tell the first as well, and so both happened."""
    five = CREW[:5]
    g = ground(verdict=verdict).begun(*five, seconds=30.0)
    g.both("goal", "B", at=18, names=five[:3])
    g.both("goal", "A", at=29, names=five[2:])
    assert [one.origin for one in g.standing] == ["B"]
    g.both("goal", "B", at=18, names=five[3:])
    assert [one.origin for one in g.standing] == ["B", "A"]


@pytest.mark.parametrize("verdict", ["quorum", "fixed:2"])
def test_what_waits_is_let_in_when_the_other_is_taken_back(ground: Any, verdict: str) -> None:
    """A claim that waits is judged again when votes delete what it waits for."""
    five = CREW[:5]
    g = ground(verdict=verdict).begun(*five, seconds=30.0)
    g.both("goal", "B", at=18, names=five[:3])
    g.both("goal", "A", at=29, names=five[2:])
    assert [one.origin for one in g.standing] == ["B"]
    g.both("delete", names=five[1:], entry="1")
    assert [one.origin for one in g.standing] == ["A"]


def test_four_in_a_row_after_an_outage(ground: Any) -> None:
    """Of goals by turns, a moment apart, two reporters tell all and a third those at the ends: who
    tells one of these has not told one in the middle alone, and all four stand."""
    g = ground(verdict="quorum").begun("ann", "bob", "cid")
    for at, side, names in (
        (16, "A", ("ann", "bob", "cid")),
        (19, "B", ("bob", "cid")),
        (22, "A", ("bob", "cid")),
        (25, "B", ("ann", "bob", "cid")),
    ):
        g.both("goal", side, at=at, names=names)
    assert [one.origin for one in g.standing] == ["A", "B", "A", "B"]


@pytest.mark.parametrize(
    ("sport", "title", "later"), [("football", "goal", 12), ("tennis", "point", 6)]
)
def test_both_happened_to_everybody(ground: Any, sport: str, title: str, later: float) -> None:
    """Where all tell both, as many tell the one as the other, and nobody one alone."""
    six = CREW[:6]
    g = ground(sport, verdict="evidence").begun(*six, seconds=5.0)
    g.both(title, "A", at=10, names=six)
    g.wait(10 + later - g.second)
    g.both(title, "B", at=10 + later, names=six)
    g.stay(30, *six)
    assert [(one.origin, one.status) for one in g.standing] == [
        ("A", "CONFIRMED"),
        ("B", "CONFIRMED"),
    ]


def test_what_is_not_possible_beside_the_other(ground: Any) -> None:
    """What the rules forbid only while the other stands takes its place too: a point that ends the
    match, and that most saw go to the other side."""
    kind = {"title": "point", "points": 1, "window": 5.0, "exclusive": "point"}
    rules = {"definition": {"text": "Points", "actions": [kind], "win_at": 2}}
    g = crowd(ground, "custom", verdict="evidence", rules=rules)
    g.both("point", "A", at=5, names=CREW)
    g.both("point", "A", at=15, names=CREW[:3])
    assert g.core.sport.over(g.core.timeline.state)
    g.both("point", "B", at=15.5, names=CREW[3:])
    assert g.headline == "A 1–1 B"
    assert all(len(stood) <= 2 for stood in standing(g))


def test_a_goal_told_again_late_excludes_none(ground: Any) -> None:
    """What may repeat an entry of the same side is no reason to take that back."""
    g = crowd(ground, verdict="evidence")
    g.both("goal", "A", at=20, names=CREW[:4])
    g.stay(40, *CREW)
    g.both("goal", "A", at=60, names=CREW[4:])
    g.stay(30, *CREW)
    first = [entry for entry in g.entries if entry.entry_id == "1"]
    assert not any("instead" in entry.reason for entry in first)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    ("sport", "title", "later"), [("football", "goal", 5), ("tennis", "point", 2)]
)
def test_a_reporter_that_thinks_better_of_it(
    ground: Any, sport: str, title: str, later: float, *, restart: bool
) -> None:
    """Who names the other side a moment later means that one: neither does the first word stand,
    nor are both forgotten."""
    five = CREW[:5]
    g = ground(sport, verdict="evidence")
    for name in five:
        g.attach(name)
    g.both(title, "B", at=0, names=five[:3])
    g.wait(later)
    g.both(title, "A", at=later, names=five[:3])
    if restart:
        g.restart()
        for name in five:
            g.attach(name)
    g.stay(60, *five)
    assert [one.origin for one in g.standing] == ["A"]
    gone = g.core.timeline.versions["1"]
    assert (gone.status, gone.evidence.for_ < 2) == ("DELETED", True)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    ("example", "title"),
    [("handball", "goal"), ("ice-hockey", "goal"), ("badminton", "point"), ("squash", "point")],
)
def test_which_side_scored_in_a_sport_of_its_own(
    ground: Any, example: str, title: str, *, restart: bool
) -> None:
    """Two of six take it for a goal of the one side, four for one of the other: there is one."""
    definition = custom.read((EXAMPLES / f"{example}.toml").read_text("utf-8"))
    six = CREW[:6]
    g = ground("custom", verdict="quorum", rules={"definition": definition}).begun(*six)
    g.both(title, "A", at=30, names=six[:2])
    if restart:
        g.restart()
        g.begun(*six, seconds=2)
    g.both(title, "B", at=31, names=six[2:])
    g.stay(30, *six)
    assert [one.origin for one in g.standing] == ["B"]
