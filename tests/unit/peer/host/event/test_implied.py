"""What few reported, and what was seen after it needs, is an entry and says so."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event.publications import IMPLIED
from touchline.protocol.messages import Entry

CUP = {"extra_time": True, "shootout": True}
CROWD = ("ann", "ben", "cid", "dan", "eva", "flo")

KICKS = "A+ B+ A+ B+ A+ B+ A- B- A+ B+"
"""A shoot-out that is level after five kicks each."""


def shootout(ground: Any, unheard: dict[int, str], kicks: str = KICKS, **options: Any) -> Any:
    """Return a ground where each kick was told by three of six, but for some.

    Args:
        ground: makes it.
        unheard: by number of the kick, from 1: the names of those who told it.
        kicks: a word for each.
        options: of the host.
    """
    g = ground(rules=CUP, **{"verdict": "quorum", "finish_after": 600.0, **options})
    g.begun(*CROWD)
    for number, word in enumerate(kicks.split(), 1):
        names = unheard.get(number, ",".join(CROWD[:3]))
        title = "shootout_scored" if word[1] == "+" else "shootout_missed"
        for name in filter(None, names.split(",")):
            g.say(name, title, word[0], at=g.second)
        g.stay(40, *CROWD)
    return g


def implied(g: Any) -> list[Entry]:
    return [entry for entry in g.standing if entry.reason == IMPLIED]


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
def test_a_kick_with_one_voice(ground: Any, verdict: str) -> None:
    """Case 2: B's second kick was told by one, every other by three. It is on the timeline, marked,
    every kick that three saw stands, and the tally is that of the ten kicks."""
    crowd = ",".join(CROWD)
    others = {} if verdict == "quorum" else dict.fromkeys(range(1, 11), crowd)
    g = shootout(ground, others | {4: "flo"}, verdict=verdict)
    assert g.headline == "A 0–0 B (4–4 pens)"
    (kick,) = implied(g)
    assert (kick.title, kick.origin, kick.status) == ("shootout_scored", "B", "PROVISIONAL")
    assert kick.evidence.for_ == 1
    assert len(g.standing) == 10
    g.restart()
    g.begun(*CROWD, seconds=60)
    assert g.headline == "A 0–0 B (4–4 pens)"
    assert g.core.by_entry[kick.entry_id].implied


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
@pytest.mark.parametrize(("alone", "tally"), [((1,), "4–4"), ((1, 2), "4–4"), ((2,), "4–4")])
def test_the_first_kicks_with_one_voice(
    ground: Any, verdict: str, alone: tuple[int, ...], tally: str
) -> None:
    """Who kicks first is not known: where one told a kick of the other side before the first that
    was heard, it was the first; and so the one before that."""
    crowd = ",".join(CROWD)
    others = {} if verdict == "quorum" else dict.fromkeys(range(1, 11), crowd)
    g = shootout(ground, others | dict.fromkeys(alone, "flo"), verdict=verdict)
    assert g.headline == f"A 0–0 B ({tally} pens)"
    assert [one.origin for one in implied(g)] == ["AB"[number - 1] for number in alone]
    assert [one.origin for one in g.standing] == list("ABABABABAB")
    g.restart()
    assert g.headline == f"A 0–0 B ({tally} pens)"


def test_a_voice_of_long_before_is_no_first_kick(ground: Any) -> None:
    """What one told minutes before the first kick that was heard is implied by nothing."""
    g = shootout(ground, {1: "flo"}, "A+")
    g.stay(100, *CROWD)
    g.both("shootout_scored", "B", at=g.second, names=CROWD[:3])
    assert implied(g) == []


@pytest.mark.parametrize("off", [-3, 2])
@pytest.mark.parametrize("kicks", ["A+", "A+ B+ A+"])
def test_a_voice_that_mixes_the_sides_up_is_no_kick_before(
    ground: Any, kicks: str, off: int
) -> None:
    """One tells a kick of the other side at the time of the one that three saw: it is that one."""
    g = shootout(ground, {}, kicks)
    g.say("flo", "shootout_scored", "B", at=g.second + off)
    g.both("shootout_scored", "A", at=g.second, names=CROWD[:3])
    assert implied(g) == []


def test_a_voice_of_before_the_shoot_out_is_no_first_kick(ground: Any) -> None:
    """One tells a kick with a time at which the shoot-out had not begun: it is some later kick."""
    g = ground(rules=CUP, verdict="quorum", finish_after=600.0).begun(*CROWD)
    begins = g.second + 60
    g.say("flo", "shootout_scored", "B", at=begins - 20)
    g.stay(60, *CROWD)
    g.both("period_start", at=begins, names=CROWD[:3], period="shootout")
    g.stay(40, *CROWD)
    g.both("shootout_scored", "A", at=begins + 40, names=CROWD[:3])
    assert implied(g) == []
    assert g.headline == "A 0–0 B (1–0 pens)"


def test_a_kick_without_a_voice(ground: Any) -> None:
    """Nobody told it: it is counted as taken, and the score says that one went unreported."""
    g = shootout(ground, {4: ""})
    assert g.headline == "A 0–0 B (4–3 pens, 1 unreported)"
    assert len(g.standing) == 9
    assert "(the kick of B before it went unreported)" in g.standing[3].text


def test_a_kick_of_which_two_say_otherwise(ground: Any) -> None:
    """As many saw it in as out: that it was taken is all that is known."""
    g = ground(rules=CUP, verdict="quorum", finish_after=600.0).begun(*CROWD)
    for word in ("A", "B", "A"):
        if word == "B":
            g.say("eva", "shootout_scored", "B", at=g.second)
            g.say("flo", "shootout_saved", "B", at=g.second)
        else:
            g.both("shootout_scored", word, at=g.second, names=CROWD[:3])
        g.stay(40, *CROWD)
    assert implied(g) == []
    assert g.headline == "A 0–0 B (2–0 pens, 1 unreported)"


def test_more_voices_make_it_an_entry_like_any_other(ground: Any) -> None:
    """A second one confirms it, and it is said to be implied no more."""
    g = shootout(ground, {2: "flo"}, "A+ B+")
    at = g.second - 40
    g.both("shootout_scored", "A", at=g.second, names=CROWD[:3])
    (kick,) = implied(g)
    g.both("shootout_scored", "B", at=at, names=("eva", "dan"))
    (now,) = [entry for entry in g.standing if entry.entry_id == kick.entry_id]
    assert (now.status, now.reason) == ("CONFIRMED", "")


def test_what_is_not_confirmed_is_not_shown(ground: Any) -> None:
    """Where nothing but what is confirmed is published, the kick is counted as unreported."""
    g = shootout(ground, {2: "flo"}, "A+ B+ A+", publish="confirmed")
    assert implied(g) == []
    assert g.headline == "A 0–0 B (2–0 pens, 1 unreported)"


def test_a_start_that_one_saw(ground: Any) -> None:
    """A sibling: one told the start of a runner whom three saw come in."""
    g = ground("race", origins=("Ada", "Bo"), verdict="quorum").begun(*CROWD)
    g.say("flo", "start", "Ada", at=20)
    g.stay(70, *CROWD)
    g.both("finish", "Ada", at=80.5, names=CROWD[:3])
    (start,) = implied(g)
    assert (start.title, start.origin) == ("start", "Ada")
    assert g.standing[-1].text == "Ada finishes in 1:00.5, place 1 so far"
    g.both("finish", "Bo", at=85, names=CROWD[:3])
    assert len(implied(g)) == 1


def test_silence_does_not_take_it_back(ground: Any) -> None:
    """Eleven of twelve said nothing of the start of a sprint. That there was one is known all the
    same."""
    crowd = (*CROWD, *"ghijkl")
    g = ground("race", origins=("Ada", "Bo"), verdict="evidence", finish_after=600.0)
    g.begun(*crowd)
    g.both("start", "Bo", at=g.second, names=crowd)
    g.stay(30, *crowd)
    g.say("flo", "start", "Ada", at=g.second)
    g.stay(10, *crowd)
    g.both("finish", "Ada", at=g.second, names=crowd)
    (start,) = implied(g)
    g.stay(60, *crowd)
    assert [one.entry_id for one in implied(g)] == [start.entry_id]
