"""What follows from entries before is brought up to date when these change."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.host.event import derived
from touchline.peer.host.event.derived import moves_others
from touchline.protocol.messages import Entry
from touchline.sports import Action

MINUTE = 60.0


def versions(g: Any, entry_id: str) -> list[Entry]:
    """Return all that was published of an entry."""
    return [entry for entry in g.entries if entry.entry_id == entry_id]


def test_a_goal_accepted_before_the_whistle_that_began_its_half(ground: Any) -> None:
    """Case 9: it is said to be of the 45th minute, with added time, until the whistle is known."""
    g = ground().begun()
    g.both("period_start", at=0, period="first_half")
    g.stay(64 * MINUTE)
    g.both("corner", "A", at=44 * MINUTE)
    g.both("goal", "A", at=61.5 * MINUTE)
    goal = g.entries[-1]
    assert goal.clock == "45+17'"
    corner = g.entries[-2]
    g.both("period_start", at=60 * MINUTE, period="second_half")
    assert g.entries[-1].entry_id == goal.entry_id
    assert (g.entries[-1].status, g.entries[-1].clock) == ("UPDATED", "47'")
    assert g.entries[-1].evidence == goal.evidence
    assert versions(g, corner.entry_id) == [corner]
    digest = g.core.feed.digest
    g.restart()
    assert g.core.feed.digest == digest
    assert [entry.clock for entry in g.standing] == ["1'", "45'", "46'", "47'"]


def test_what_is_taken_away_changes_what_follows(ground: Any) -> None:
    """The score that a later goal tells goes with the earlier one; what tells none stays."""
    g = ground().begun()
    g.both("goal", "B", at=10)
    g.both("goal", "A", at=80)
    g.both("corner", "A", at=90)
    assert versions(g, "2")[-1].text == "GOAL for A. A 1–1 B"
    g.both("delete", names=("ann", "bob", "cid"), entry="1")
    assert [entry.text for entry in versions(g, "2")] == [
        "GOAL for A. A 1–1 B",
        "GOAL for A. A 1–0 B",
    ]
    assert len(versions(g, "3")) == 1
    assert g.entries[-1].headline == "A 1–0 B"


def test_who_is_in_before(ground: Any) -> None:
    """A runner who came in before another one is told of later: the other's place is another."""
    g = ground("race", origins=("Ada", "Bo")).begun()
    g.both("start", at=0)
    g.stay(MINUTE)
    g.both("finish", "Bo", at=70)
    assert g.entries[-1].text == "Bo finishes in 1:10, place 1 so far"
    g.both("finish", "Ada", at=65)
    assert g.entries[-1].text == "Bo finishes in 1:10, place 2 so far"


def test_a_false_start_that_is_told_late(ground: Any) -> None:
    """Case 12: a second start, known after the first runner is in, changes the time."""
    g = ground("race", origins=("Ada", "Bo")).begun()
    g.both("start", at=0)
    g.stay(4 * MINUTE)
    g.both("finish", "Ada", at=238.2)
    assert g.entries[-1].text == "Ada finishes in 3:58.2, place 1 so far"
    g.both("start", at=180)
    assert (g.entries[-1].status, g.entries[-1].clock) == ("UPDATED", "0:00:58")
    assert g.entries[-1].text == "Ada finishes in 58.2, place 1 so far"
    assert g.entries[-1].score["leaderboard"][0]["time"] == 58.2


def test_a_point_that_ends_another_game(ground: Any) -> None:
    """Of two points in a row the one that ends the game is the other one, once one before is
    known."""
    g = ground("tennis").begun()
    for at in (0, 30, 60):
        g.both("point", "A", at=at)
    g.stay(2 * MINUTE)
    g.both("point", "A", at=110)
    assert g.entries[-1].text == "Game A"
    g.both("point", "A", at=85)
    assert {entry.entry_id: entry.text for entry in g.entries}["4"] == "Point A"
    assert {entry.entry_id: entry.text for entry in g.entries}["5"] == "Game A"


def test_one_voice_goes_on_waiting(ground: Any) -> None:
    """What is published on one voice alone is not confirmed by a new text."""
    g = ground(alone=True, verdict="quorum").begun("ann")
    g.say("ann", "goal", "A", at=28)
    g.say("ann", "goal", "B", at=5)
    assert [(one.status, one.text) for one in versions(g, "1")] == [
        ("PROVISIONAL", "GOAL for A. A 1–0 B"),
        ("PROVISIONAL", "GOAL for A. A 1–1 B"),
    ]
    g.say("bob", "goal", "A", at=28)
    assert versions(g, "1")[2].status == "CONFIRMED"


def test_as_many_as_people_look_at(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many that change the newest are brought up to date."""
    monkeypatch.setattr(derived, "MOST", 3)
    g = ground().begun()
    g.stay(10 * MINUTE)
    for number in range(5):
        g.both("goal", "A", at=120 + 60 * number)
    g.both("goal", "B", at=30)
    assert [len(versions(g, str(number))) for number in range(1, 7)] == [1, 1, 2, 2, 2, 1]


def test_what_changes_nothing_is_followed_by_no_look(
    ground: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a late entry that leaves the state as it was, no text is made anew."""
    g = ground().begun()
    g.stay(10 * MINUTE)
    for number in range(5):
        g.both("goal", "A", at=120 + 60 * number)
    looked_at: list[str] = []
    words = derived.words
    monkeypatch.setattr(
        derived,
        "words",
        lambda entry, *more: looked_at.append(entry.entry_id) or words(entry, *more),
    )
    g.both("foul", "B", at=30)
    assert looked_at == []
    g.both("yellow_card", "B", at=40, player="Ito")
    assert sorted(looked_at) == ["1", "2", "3", "4", "5", "7"]


def test_once_a_turn(ground: Any) -> None:
    """However many entries of a turn change the text of one, it is published anew once."""
    g = ground(verdict="fixed:1").begun("ann")
    g.stay(10 * MINUTE)
    g.say("ann", "goal", "A", at=590)
    g.batch("ann", *(g.said("ann", "goal", "B", at=500 - 30 * number) for number in range(10)))
    assert [one.text for one in versions(g, "1")] == [
        "GOAL for A. A 1–0 B",
        "GOAL for A. A 1–10 B",
    ]
    # Each is published with the score of its moment; those behind the last follow with their text.
    assert [one.headline for one in g.entries[1:11]] == [f"A 1–{n} B" for n in range(1, 11)]
    assert [len(versions(g, str(number))) for number in range(2, 12)] == [2] * 9 + [1]
    assert versions(g, "2")[-1].text == "GOAL for B. A 0–10 B"


def test_what_moves_others() -> None:
    """New or gone, another time, action or detail: not how well it is witnessed."""
    g = Action("goal", "A")
    entry = Entry(
        event="e", epoch=1, seq=1, entry_id="1", status="PROVISIONAL", title=g.title,
        origin=g.origin, time=5, first_reported=0, accepted=0, sent=0,
        evidence=None,  # type: ignore[arg-type]
    )  # fmt: skip
    gone = replace(entry, status="DELETED")
    assert moves_others(None, entry)
    assert moves_others(entry, gone)
    assert moves_others(gone, entry)
    assert not moves_others(gone, gone)
    assert not moves_others(entry, replace(entry, status="CONFIRMED", reason="why"))
    for change in ({"time": 6}, {"title": "corner"}, {"details": {"how": "header"}}):
        assert moves_others(entry, replace(entry, **change))
    assert moves_others(entry, replace(entry, relates_to="7"))
