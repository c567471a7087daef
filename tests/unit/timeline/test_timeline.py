"""Entries in match order, and the score that they fold to."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest
from msgspec.structs import replace

from touchline import sports
from touchline.protocol.messages import Entry, Evidence
from touchline.timeline.states import LAST
from touchline.timeline.timeline import Adopted, Timeline, action_of

SECOND = 1_000_000


def entry(number, title="goal", origin="A", at=0, status="CONFIRMED", **details):
    return Entry(
        event="e",
        epoch=1,
        seq=1,
        entry_id=str(number),
        status=status,
        title=title,
        origin=origin,
        time=at * SECOND,
        first_reported=0,
        accepted=0,
        sent=0,
        evidence=Evidence(for_=2),
        details=details,
    )


@pytest.fixture
def timeline():
    football = sports.get("football")
    return Timeline(football, football.start(["A", "B"]), {})


def goals(timeline):
    return [goal.side for goal in timeline.state.goals]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_match_order(order):
    """Whatever the order in which entries come, they stand by time, then by claim number."""
    football = sports.get("football")
    timeline = Timeline(football, football.start(["A", "B"]), {})
    entries = [entry(3, at=1), entry(1, at=2, origin="B"), entry(2, at=2), entry(10, at=2)]
    for place in order:
        timeline.put(entries[place])
    assert [e.entry_id for e in timeline.standing] == ["3", "1", "2", "10"]
    assert goals(timeline) == [0, 1, 0, 0]


def test_versions(timeline):
    """A new version replaces the old where it stands; a deleted one is off, but remembered."""
    timeline.put(entry(1, at=5))
    timeline.put(entry(2, at=6))
    timeline.put(entry(1, at=5, status="UPDATED", player="Ito"))
    assert [e.details for e in timeline.standing] == [{"player": "Ito"}, {}]
    timeline.put(entry(1, at=5, status="DELETED"))
    assert [e.entry_id for e in timeline.standing] == ["2"]
    assert timeline.versions["1"].status == "DELETED"
    assert goals(timeline) == [0]


def test_since(timeline):
    """Of the entries of a time and later come all, or so many of the last ones."""
    for number in range(1, 6):
        timeline.put(entry(number, at=number))
    ids = [[one.entry_id for one in timeline.since(3 * SECOND, most)] for most in (LAST, 3, 2, 0)]
    assert ids == [["3", "4", "5"], ["3", "4", "5"], ["4", "5"], []]


def test_states(timeline):
    """The state before and after an entry is that of its place, not of its coming."""
    timeline.put(entry(2, at=100))
    timeline.put(entry(1, at=50, origin="B"))
    first, second = timeline.standing
    assert len(timeline.state_before(first.time, 1).goals) == 0
    assert len(timeline.state_after(first).goals) == 1
    assert len(timeline.state_before(second.time, 2).goals) == 1
    assert timeline.state_after(second) is timeline.state


def test_impossible_is_left_out(timeline):
    """An entry that a correction made impossible stays, and the score is the one without it."""
    for number in (1, 2):
        timeline.put(
            entry(number, "second_yellow", at=number, player="Ito" if number > 1 else "Abe")
        )
    timeline.put(entry(1, "second_yellow", at=1, status="UPDATED", player="Ito"))
    assert [e.entry_id for e in timeline.standing] == ["1", "2"]
    assert [person.red_time for person in timeline.state.sides[0].people] == [SECOND]
    timeline.put(entry(1, "second_yellow", at=1, status="DELETED"))
    assert [person.red_time for person in timeline.state.sides[0].people] == [2 * SECOND]


def test_a_correction_takes_back_the_entry_that_it_names(timeline):
    """Whatever comes or goes around it; where that entry is deleted, it takes back nothing."""
    timeline.put(entry(1, at=1))
    timeline.put(entry(2, at=2))
    timeline.put(replace(entry(3, "goal_disallowed", at=3), relates_to="1"))
    assert [goal.entry for goal in timeline.state.goals] == ["2"]
    timeline.put(entry(1, at=1, status="DELETED"))
    assert [goal.entry for goal in timeline.state.goals] == ["2"]
    timeline.put(entry(4, at=1))
    assert [goal.entry for goal in timeline.state.goals] == ["4", "2"]
    timeline.put(replace(entry(3, "goal_disallowed", at=3, status="DELETED"), relates_to="1"))
    assert [goal.entry for goal in timeline.state.goals] == ["4", "2"]


def test_latest(timeline):
    """The latest entry of an action and origin up to a time is found, deleted ones are not."""
    for number, at in ((1, 10), (2, 20), (3, 30)):
        timeline.put(entry(number, at=at))
    timeline.put(entry(2, at=20, status="DELETED"))
    assert timeline.latest("goal", "A", 29 * SECOND).entry_id == "1"
    assert timeline.latest("goal", "A", 30 * SECOND).entry_id == "3"
    assert timeline.latest("goal", "B", 30 * SECOND) is None


def score(one, two):
    return {"goals": {"A": one, "B": two}}


def shown(timeline):
    return sports.get("football").score(timeline.state)["goals"]


def test_adopted(timeline):
    """A confirmed score is in force from its time on: what is put before it changes nothing, what
    comes after it counts on from it."""
    timeline.put(entry(1, at=10))
    timeline.adopt(Adopted(20 * SECOND, score(2, 1)))
    assert shown(timeline) == {"A": 2, "B": 1}
    timeline.put(entry(2, at=30, origin="B"))
    assert shown(timeline) == {"A": 2, "B": 2}
    timeline.put(entry(3, at=5))
    timeline.put(entry(4, at=20))
    assert shown(timeline) == {"A": 2, "B": 2}
    assert [e.entry_id for e in timeline.standing] == ["3", "1", "4", "2"]
    before = timeline.state_before(20 * SECOND, LAST)
    assert sports.get("football").score(before)["goals"] == {"A": 3, "B": 0}


def test_adopted_twice(timeline):
    """Of two scores confirmed for one time the later is in force."""
    for one, two in ((2, 1), (1, 1), (0, 3)):
        timeline.adopt(Adopted(20 * SECOND, score(one, two)))
        assert shown(timeline) == {"A": one, "B": two}


def test_adopted_without_room():
    """A score that a correction before it left no room for is passed over, and no crash."""
    tennis = sports.get("tennis")
    timeline = Timeline(tennis, tennis.start(["A", "B"]), {})
    timeline.put(entry(1, "point", at=1))
    timeline.adopt(Adopted(5 * SECOND, {"points": {"A": 5, "B": 3}}))
    assert tennis.score(timeline.state)["points"] == {"A": "15", "B": "0"}


def test_places(timeline):
    """A place is counted among entries alone, from 1; a deleted entry has none."""
    for number, at in ((1, 30), (2, 10), (3, 20)):
        timeline.put(entry(number, at=at))
    timeline.adopt(Adopted(15 * SECOND, score(1, 0)))
    timeline.adopt(Adopted(25 * SECOND, score(1, 1)))
    assert [timeline.place(timeline.versions[i]) for i in "123"] == [3, 1, 2]
    timeline.put(entry(2, at=10, status="DELETED"))
    assert [timeline.place(timeline.versions[i]) for i in "123"] == [2, 0, 1]


def test_folds_like_the_sport():
    """After any puts the state is that of folding what stands from the start."""
    football = sports.get("football")
    for seed in range(20):
        random = Random(seed)
        timeline = Timeline(football, football.start(["A", "B"]), {})
        for number in range(1, 40):
            title = random.choice(["goal", "goal", "goal_disallowed", "foul"])
            new = entry(number, title, random.choice("AB"), random.randrange(30))
            if title == "goal_disallowed":
                new = replace(new, relates_to=str(random.randint(1, number)))
            timeline.put(new)
            if random.random() < 0.4:
                old = random.choice(list(timeline.versions.values()))
                if old.status != "DELETED":
                    status = random.choice(["DELETED", "UPDATED"])
                    timeline.put(replace(old, status=status))
            whole = sports.fold(
                football, football.start(["A", "B"]), map(action_of, timeline.standing)
            )
            assert timeline.state == whole.state, (seed, number)


def test_ends_with(timeline):
    """An entry ends the timeline where nothing else stands at its time or later."""
    timeline.put(entry(1, at=30))
    assert timeline.ends_with("1", 30 * SECOND)
    timeline.put(entry(2, at=30))
    assert not timeline.ends_with("2", 30 * SECOND), "another one stands at its time"
    timeline.put(entry(3, at=40))
    assert not timeline.ends_with("2", 30 * SECOND)
    assert timeline.ends_with("3", 40 * SECOND)
    assert not timeline.ends_with("3", 20 * SECOND), "others stand since then"
    timeline.put(entry(3, at=40, status="DELETED"))
    assert not timeline.ends_with("3", 40 * SECOND)


def test_alike(timeline):
    """Entries of one action and origin are found in match order, whatever became of the others."""
    for each in (entry(1, at=30), entry(2, at=10), entry(3, at=20, origin="B")):
        timeline.put(each)
    assert [e.entry_id for e in timeline.alike("goal", "A")] == ["2", "1"]
    timeline.put(entry(1, at=5))
    assert [e.entry_id for e in timeline.alike("goal", "A")] == ["1", "2"]
    timeline.put(entry(2, at=10, title="corner"))
    timeline.put(entry(3, at=20, origin="B", status="DELETED"))
    assert [e.entry_id for e in timeline.alike("goal", "A")] == ["1"]
    assert [e.entry_id for e in timeline.alike("corner", "A")] == ["2"]
    assert timeline.alike("goal", "B") == []
    assert timeline.last.entry_id == "2"
