"""What reporters state: the score at any time, the minute, interruptions, the server, reviews."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from touchline.protocol.messages import Entry
from touchline.sports import custom

SIX = ("ann", "ben", "cid", "dan", "eva", "flo")
MINUTE = 60.0


def six(ground, sport="football", **options):
    """Six are present, each of whom has said something."""
    g = ground(sport, **options).begun(*SIX)
    title, origin = {"tennis": ("point", "A")}.get(sport, ("save", "A"))
    for place, name in enumerate(SIX):
        g.say(name, title, origin, at=place * 200 - 1_000)
    g.stay(121, *SIX)
    return g


def state(g, *names, at=None, **details):
    at = g.second if at is None else at
    return [g.say(name, "state", at=at, **details) for name in names]


def statements(g):
    return [entry for entry in g.entries if entry.title == "state"]


# ── the score ────────────────────────────────────────────────────────────────────────────────


def test_a_host_that_starts_at_half_time(ground):
    """Reporters state the score of a match that began without them: it is in force, its entry is
    told apart from goals that were counted, and goals that come count on."""
    g = six(ground)
    ns = state(g, *SIX[:3], score="2-1")
    assert g.headline == "A 0–0 B"
    ns += state(g, "dan", score="2-1")
    (entry,) = statements(g)
    assert (entry.status, entry.evidence.for_, entry.details) == ("CONFIRMED", 4, {"score": "2-1"})
    assert entry.stated["goals"] == {"A": 2, "B": 1}
    assert entry.text == "The score, as it is stated at the ground: A 2–1 B"
    assert g.headline == entry.headline == "A 2–1 B"
    assert [g.fate(*one).entry_id for one in zip(SIX, ns, strict=False)] == [entry.entry_id] * 4
    g.both("goal", "B", names=SIX[:3], at=g.second)
    assert g.headline == "A 2–2 B"
    g.restart()
    assert g.headline == "A 2–2 B"
    assert [entry.title for entry in g.standing if entry.title == "goal"] == ["goal"]


def test_confirm_says_the_same(ground):
    """The word with which the question for the score is answered states it as well."""
    g = six(ground)
    for name in SIX[:2]:
        g.say(name, "confirm", at=g.second, score="1-0")
    state(g, "cid", "dan", score="1 : 0")
    assert g.headline == "A 1–0 B"


@pytest.mark.parametrize(("present", "enough"), [(2, 2), (3, 3), (4, 3), (5, 3), (6, 4), (9, 5)])
def test_how_many_state_it(ground, present, enough):
    """More than half of those present, at least three or all where fewer are there."""
    g = ground()
    names = [f"p{i}" for i in range(present)]
    for at, name in enumerate(names):
        g.say(name, "save", "A", at=at * 100 - 2_000)
    g.stay(121, *names)
    state(g, *names[: enough - 1], score="1-0")
    assert g.headline == "A 0–0 B"
    state(g, names[enough - 1], score="1-0")
    assert g.headline == "A 1–0 B"


def test_other_scores_stand_against_it(ground):
    """As many who state another score, and none comes into force; nor do a few."""
    g = six(ground)
    state(g, *SIX[:3], score="1-0")
    state(g, *SIX[3:], score="0-1")
    g.stay(60, *SIX)
    assert statements(g) == []
    assert g.outcome("ann", g.counts["ann"]) == "expired"


def test_a_score_is_corrected_by_its_reporter(ground):
    """A reporter that states another score than before speaks for that one alone."""
    g = six(ground)
    state(g, *SIX[:3], score="1-0")
    state(g, *SIX[:3], score="2-0")
    state(g, "dan", score="1-0")
    assert g.headline == "A 0–0 B"
    state(g, "eva", score="2-0")
    assert g.headline == "A 2–0 B"


def test_a_score_that_holds_already(ground):
    """What the entries lead to already makes no entry; its reporters are told that it is so."""
    g = six(ground)
    g.both("goal", "A", names=SIX[:3], at=g.second - 60)
    seq = g.core.feed.seq
    ns = state(g, *SIX[:4], score="1-0")
    assert statements(g) == []
    assert g.core.feed.seq == seq
    assert {g.outcome(*one) for one in zip(SIX, ns, strict=False)} == {"accepted"}
    g.restart()
    assert g.core.claims.stated() == []


def test_it_waits_for_what_is_being_reported(ground):
    """A score that differs by a goal that is just being reported waits for that; it makes no entry
    once the goal is one."""
    g = six(ground)
    g.say("flo", "goal", "A", at=g.second)
    g.wait(2)
    state(g, *SIX[:4], score="1-0")
    assert statements(g) == []
    g.say("eva", "goal", "A", at=g.second - 2)
    g.wait(10)
    assert g.headline == "A 1–0 B"
    assert statements(g) == []
    assert g.core.claims.stated() == []


def test_it_does_not_wait_for_long(ground):
    """Where the goal finds no second voice, the score that enough state comes into force."""
    g = six(ground)
    g.say("flo", "goal", "A", at=g.second)
    g.wait(2)
    state(g, *SIX[:4], score="1-0")
    g.wait(9)
    assert g.headline == "A 1–0 B"
    assert len(statements(g)) == 1


def test_a_goal_of_before_does_not_count_twice(ground):
    """A goal that is accepted after the score was stated, and happened before, is in it."""
    g = six(ground)
    at = g.second
    g.wait(20)
    state(g, *SIX[:4], score="1-0")
    g.both("goal", "A", names=SIX[:3], at=at)
    assert g.headline == "A 1–0 B"
    g.both("goal", "A", names=SIX[:3], at=g.second + 1)
    assert g.headline == "A 2–0 B"


def test_late_voices(ground):
    """Who states the same a moment later speaks of the same statement, and begins no new one."""
    g = six(ground)
    state(g, *SIX[:4], score="2-1")
    (n,) = state(g, "eva", score="2-1")
    assert g.fate("eva", n).entry_id == statements(g)[0].entry_id
    g.stay(61, *SIX)
    (n,) = state(g, "flo", score="2-1")
    assert g.outcome("flo", n) == "stored"


def test_a_statement_is_deleted(ground):
    """A stated score is deleted by votes like any entry, and no longer in force then."""
    g = six(ground)
    state(g, *SIX[:4], score="2-1")
    g.both("delete", names=SIX, entry=statements(g)[0].entry_id)
    assert statements(g)[-1].status == "DELETED"
    assert g.headline == "A 0–0 B"
    state(g, *SIX[:4], score="2-1")
    assert g.headline == "A 2–1 B"
    g.restart()
    assert g.headline == "A 2–1 B"


def test_the_umpire_sets_the_score(ground):
    """Two games after a wrong point the umpire sets the score: what reporters state is in force,
    and points count on from it."""
    g = ground("tennis").begun(*SIX)
    for winner in "AAAA" + "BBBB" + "AB":
        g.both("point", winner, names=SIX[:3], at=g.second)
        g.stay(20, *SIX)
    assert g.headline == "A 1–1 (15–15) B"
    state(g, *SIX[:4], score="0-2 15-15")
    assert g.headline == "A 0–2 (15–15) B"
    assert statements(g)[0].stated["games"] == {"A": 0, "B": 2}
    g.both("point", "A", names=SIX[:3], at=g.second + 1)
    assert g.headline == "A 0–2 (30–15) B"


def test_a_score_after_the_end(ground):
    """A cup match that ended 1–0 because the equaliser had one voice: those who are asked say 1–1,
    and it goes on."""
    g = ground(rules={"extra_time": True}).begun(*SIX)
    g.both("goal", "A", names=SIX, at=20)
    g.say("flo", "goal", "B", at=25)
    g.both("full_time", names=SIX, at=60)
    g.stay(121, *SIX)
    assert g.core.finished
    state(g, *SIX[:4], score="1-1")
    assert g.kinds[-3:] == ["Finished", "Entry", "Finished"]
    assert not g.core.finished
    g.both("period_start", names=SIX[:3], at=g.second, period="extra_first")
    assert g.entries[-1].title == "period_start"


def test_the_score_keeps_it_from_ending(ground):
    """The same before the end is told: it is not told at all."""
    g = ground(rules={"extra_time": True}).begun(*SIX)
    g.both("goal", "A", names=SIX, at=20)
    g.both("full_time", names=SIX, at=60)
    g.stay(5, *SIX)
    assert {name for name, _ in g.asked} == set(SIX)
    for name in SIX[:4]:
        g.say(name, "confirm", at=g.second, score="1-1")
    g.stay(200, *SIX)
    assert "Finished" not in g.kinds


# ── play is interrupted ──────────────────────────────────────────────────────────────────────


def test_play_is_interrupted(ground):
    """In minute 62 play is interrupted for 105 minutes and resumed; then a card is shown: it is of
    minute 62. Interruption and resumption are on the timeline with their reason."""
    g = ground().begun(*SIX)
    kick_off = 100.0
    g.both("period_start", names=SIX[:3], at=kick_off, period="second_half")
    interrupted = kick_off + 16.5 * MINUTE
    g.stay(interrupted - g.second, *SIX)
    state(g, *SIX[:4], play="interrupted", reason="thunderstorm")
    assert g.entries[-1].text == "Play is interrupted: thunderstorm"
    assert g.entries[-1].clock == "62'"
    g.stay(105 * MINUTE, *SIX)
    assert g.core.sport.clock(g.core.timeline.state, g.wall) == "62'"
    state(g, *SIX[:4], play="resumed")
    assert g.entries[-1].text == "Play goes on"
    g.stay(10, *SIX)
    g.both("yellow_card", "A", names=SIX[:3], at=g.second)
    assert g.entries[-1].clock == "62'"
    g.restart()
    assert g.core.sport.clock(g.core.timeline.state, g.wall) == "62'"
    titles = [(entry.title, entry.details.get("reason")) for entry in g.standing]
    assert titles[1:] == [("state", "thunderstorm"), ("state", None), ("yellow_card", None)]


@pytest.mark.parametrize(
    ("sport", "title", "said"),
    [
        ("football", "goal", "GOAL for A. A 1–0 B"),
        ("football", "corner", "Corner kick for A"),
        ("tennis", "point", "Point A"),
    ],
)
def test_play_goes_on_and_nobody_says_so(ground, sport, title, said):
    """An action of play long after the interruption shows it: it says so, and no other one does;
    the clock goes on from there. Where it is taken back, the next one shows it."""
    g = ground(sport).begun(*SIX)
    if sport == "football":
        g.both("period_start", names=SIX[:3], at=100, period="second_half")
    g.stay(16.5 * MINUTE, *SIX)
    state(g, *SIX[:4], play="interrupted", reason="thunderstorm")
    g.stay(40 * MINUTE, *SIX)
    g.both(title, "A", names=SIX[:5], at=g.second)
    shows = g.entries[-1]
    assert shows.text == f"{said} (play has gone on)"
    assert sport != "football" or shows.clock == "61'"
    g.stay(5 * MINUTE, *SIX)
    g.both(title, "A", names=SIX[:5], at=g.second)
    assert "gone on" not in g.entries[-1].text
    assert sport != "football" or g.entries[-1].clock == "66'"
    g.restart()
    for name in SIX[:5]:
        g.say(name, "delete", entry=shows.entry_id)
    assert g.standing[-1].text.endswith(" (play has gone on)")


def test_too_few_interrupt_it(ground):
    """A third of those present, enough for an action, is not for a statement."""
    g = ground().begun(*SIX)
    g.both("period_start", names=SIX[:3], at=60, period="second_half")
    for name in SIX[3:]:
        g.say(name, "save", "A", at=0)
    state(g, *SIX[:3], play="interrupted")
    assert statements(g) == []


def test_resumed_against_interrupted(ground):
    """Of two that state the contrary neither stands with as many for each."""
    g = six(ground)
    state(g, *SIX[:3], play="interrupted")
    state(g, *SIX[3:], play="resumed")
    assert statements(g) == []


def test_the_minute(ground):
    """A host that joins in minute 30 learns it from the reporters."""
    g = six(ground)
    state(g, *SIX[:4], minute=30)
    assert g.entries[-1].text == "the minute that is played: 30"
    g.both("corner", "A", names=SIX[:3], at=g.second + 60)
    assert g.entries[-1].clock == "31'"


def test_the_server(ground):
    """In tennis it is stated who serves."""
    g = six(ground, "tennis")
    serving = g.core.sport.score(g.core.timeline.state)["server"]
    other = "B" if serving == "A" else "A"
    state(g, *SIX[:4], server=other)
    assert g.entries[-1].score["server"] == other


# ── a review ─────────────────────────────────────────────────────────────────────────────────


def test_a_goal_under_review(ground):
    """A goal that the officials review is published as such, and when it stands, as such again."""
    g = six(ground)
    g.both("goal", "A", names=SIX[:3], at=g.second)
    goal = g.entries[-1].entry_id
    g.stay(30, *SIX)
    ns = state(g, *SIX[:4], review="begun", reason="offside?")
    reviewed = g.entries[-1]
    assert (reviewed.entry_id, reviewed.status, reviewed.review) == (goal, "UPDATED", "offside?")
    assert {g.fate(*one).entry_id for one in zip(SIX, ns, strict=False)} == {goal}
    assert g.headline == "A 1–0 B"
    g.restart()
    assert g.core.timeline.versions[goal].review == "offside?"
    state(g, *SIX[:4], review="over", entry=goal)
    upheld = g.entries[-1]
    assert (upheld.entry_id, upheld.review, upheld.reviewed) == (goal, "", "upheld")
    assert g.headline == "A 1–0 B"
    g.restart()
    assert g.core.timeline.versions[goal].reviewed == "upheld"
    g.both("delete", names=SIX[:4], entry=goal)
    assert (g.entries[-1].status, g.entries[-1].reviewed) == ("DELETED", "")


def test_a_review_that_takes_the_goal_back(ground):
    """Where the goal is disallowed or deleted its review is over."""
    g = six(ground)
    g.both("goal", "A", names=SIX[:3], at=g.second)
    goal = g.entries[-1].entry_id
    state(g, *SIX[:4], review="begun", entry=goal)
    assert g.entries[-1].review == "under review"
    g.stay(30, *SIX)
    g.both("goal_disallowed", "A", names=SIX[:3], at=g.second)
    assert g.headline == "A 0–0 B"
    assert g.core.timeline.versions[goal].review == ""
    assert g.core.timeline.versions[goal].reviewed == "overturned"
    disallowed = g.core.timeline.standing[-1].entry_id
    g.both("delete", names=SIX[:4], entry=disallowed)
    assert g.headline == "A 1–0 B"
    assert g.core.timeline.versions[goal].reviewed == "upheld"
    g = six(ground)
    g.both("goal", "A", names=SIX[:3], at=g.second)
    goal = g.entries[-1].entry_id
    state(g, *SIX[:4], review="begun", entry=goal)
    g.both("delete", names=SIX[:4], entry=goal)
    assert (g.entries[-1].status, g.entries[-1].review) == ("DELETED", "")
    assert g.entries[-1].reviewed == "overturned"


def test_the_newest_is_meant(ground):
    """A review without an entry is of the newest thing that is reviewed, where there is one."""
    g = six(ground)
    g.both("goal", "A", names=SIX[:3], at=g.second)
    goal = g.entries[-1].entry_id
    g.both("corner", "A", names=SIX[:3], at=g.second + 30)
    g.stay(31, *SIX)
    state(g, *SIX[:4], review="begun")
    assert g.entries[-1].entry_id == goal
    assert g.entries[-1].review == "under review"


def test_a_penalty_is_reviewed(ground):
    """A penalty that is awarded can be under review, and is overturned where it is cancelled."""
    g = six(ground)
    g.both("penalty", "A", names=SIX[:3], at=g.second)
    penalty = g.entries[-1].entry_id
    state(g, *SIX[:4], review="begun")
    assert (g.entries[-1].entry_id, g.entries[-1].review) == (penalty, "under review")
    g.stay(30, *SIX)
    g.both("penalty_cancelled", "A", names=SIX[:3], at=g.second)
    assert g.core.timeline.versions[penalty].reviewed == "overturned"


def test_what_nobody_reported_is_reviewed(ground):
    """The officials look at a hand that nobody reported: it is on the timeline, under review, until
    enough say that it is over."""
    g = six(ground)
    g.both("goal", "B", names=SIX[:3], at=g.second)
    g.stay(200, *SIX)
    g.both("corner", "A", names=SIX[:3], at=g.second)
    ns = state(g, *SIX[:4], review="begun", reason="handball")
    review = g.entries[-1]
    assert (review.title, review.origin, review.review) == ("state", "", "handball")
    assert review.text == "The officials look at something again: handball"
    assert {g.fate(*one).entry_id for one in zip(SIX, ns, strict=False)} == {review.entry_id}
    (late,) = state(g, "eva", review="begun")
    assert g.fate("eva", late).entry_id == review.entry_id
    g.restart()
    g.stay(60, *SIX)
    state(g, *SIX[:4], review="over")
    over = g.entries[-1]
    assert (over.entry_id, over.review, over.reviewed) == (review.entry_id, "", "upheld")
    (n,) = state(g, "flo", review="over")
    assert g.fate("flo", n).code == "NOT_FOUND"
    assert g.headline == "A 0–1 B"
    g.restart()
    assert g.core.timeline.versions[review.entry_id].reviewed == "upheld"


def test_a_review_of_what_nobody_reported_comes_to_a_penalty(ground):
    """Where a penalty follows, the review is over and has changed something; a goal of the time
    before is not what was reviewed."""
    g = six(ground)
    state(g, *SIX[:4], review="begun")
    review = g.entries[-1].entry_id
    assert g.entries[-1].review == "under review"
    g.stay(90, *SIX)
    g.both("penalty", "A", names=SIX[:3], at=g.second)
    assert g.core.timeline.versions[review].review == ""
    assert g.core.timeline.versions[review].reviewed == "overturned"
    penalty = g.entries[-2].entry_id
    state(g, *SIX[:4], review="begun", entry="")
    assert g.core.timeline.versions[penalty].review == ""
    assert [one.title for one in g.standing if one.review] == ["state"]


def test_no_review_of_what_nobody_reported_in_journals_of_before(ground):
    """Until edition 9 it was refused, and stays refused."""
    g = six(ground)
    g.core._state.edition = 9
    (n,) = state(g, "ann", review="begun")
    assert g.fate("ann", n).code == "NOT_FOUND"


# ── what is refused ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sport", "details", "reason"),
    [
        ("football", {}, "state one thing of score, play, review, minute, not 0"),
        ("football", {"score": "1-0", "minute": 3}, "state one thing"),
        ("football", {"score": "1-0", "reason": "x"}, "a statement of score has no reason"),
        ("football", {"weather": "rain"}, "state has no detail 'weather'"),
        ("football", {"play": "stopped"}, "play is 'stopped', not one of interrupted, resumed"),
        ("football", {"minute": 0}, "minute is 0, not a whole number"),
        ("football", {"minute": 2.5}, "minute is 2.5, not a whole number"),
        ("football", {"minute": "ten"}, "minute is a number"),
        ("football", {"score": "two"}, "score: 'two' can't be read"),
        ("football", {"score": 2}, "score is a text"),
        ("football", {"server": "A"}, "no detail 'server'"),
        ("football", {"review": "begun", "entry": "77"}, "no entry '77' that could be reviewed"),
        ("tennis", {"server": "C"}, "no server 'C'"),
        ("tennis", {"review": "begun"}, "no detail 'review'"),
    ],
)
def test_refused(ground, sport, details, reason):
    """A statement that is not valid is refused with a sentence."""
    g = six(ground, sport)
    (n,) = state(g, "ann", **details)
    assert g.outcome("ann", n) == "refused"
    assert reason in g.fate("ann", n).reason


def test_in_the_first_release_there_were_none(ground):
    """In a journal of the first release a statement is what it was then: no action."""
    g = six(ground)
    g.core._state.edition = 0
    (n,) = state(g, "ann", score="1-0")
    assert g.fate("ann", n).code == "BAD_REPORT"
    n = g.say("ann", "confirm", at=g.second, score="1-0")
    assert g.fate("ann", n).code == "BAD_REPORT"
    assert g.core.claims.stated() == []


def test_taken_back(ground):
    """A statement is taken back like any report; one that is in force, by a vote to delete it."""
    g = six(ground)
    ns = state(g, *SIX[:3], score="1-0")
    g.say("ann", "undo", n=ns[0])
    state(g, "dan", score="1-0")
    assert statements(g) == []
    state(g, "eva", score="1-0")
    assert len(statements(g)) == 1
    for name, n in zip(SIX[1:], (ns[1], ns[2], g.counts["dan"], g.counts["eva"]), strict=False):
        g.say(name, "undo", n=n)
    assert statements(g)[-1].status == "DELETED"
    assert isinstance(g.feed[-1], Entry)


def under_review(ground):
    """Return a ground whose goal is under review, and the goal's id."""
    g = six(ground)
    g.both("goal", "A", names=SIX[:3], at=g.second)
    goal = g.entries[-1].entry_id
    state(g, *SIX[:4], review="begun", entry=goal)
    g.stay(30, *SIX)
    return g, goal


def test_a_review_that_nobody_ends(ground):
    """It is over when the next period begins, and what came of it is not told; who takes the goal
    back later says it after all."""
    g, goal = under_review(ground)
    within = g.second
    g.both("period_end", "", names=SIX[:4], at=g.second, period="first_half")
    assert g.core.timeline.versions[goal].review == "under review"
    g.stay(900, *SIX)
    g.both("period_start", "", names=SIX[:4], at=g.second, period="second_half")
    told = g.core.timeline.versions[goal]
    assert (told.review, told.reviewed, told.status) == ("", "untold", "UPDATED")
    assert g.headline == "A 1–0 B"
    (n,) = state(g, "ann", review="over")
    assert g.fate("ann", n).code == "NOT_FOUND"
    g.restart()
    assert g.core.timeline.versions[goal].reviewed == "untold"
    g.both("goal_disallowed", "A", names=SIX[:4], at=within)
    assert g.core.timeline.versions[goal].reviewed == "overturned"


def test_a_review_is_over_with_the_event(ground):
    """Also that of something that nobody reported; none stays open for ever."""
    g, goal = under_review(ground)
    state(g, *SIX[:4], review="begun", entry="")
    (unreported,) = (one.entry_id for one in g.standing if one.title == "state")
    g.both("full_time", "", names=SIX[:4], at=g.second)
    g.stay(400, *SIX)
    assert g.core.finished
    versions = g.core.timeline.versions
    assert versions[goal].reviewed == versions[unreported].reviewed == "untold"
    assert not any(one.review for one in g.standing)


@pytest.mark.parametrize("example", ["handball", "rugby-union"])
def test_play_is_interrupted_in_a_sport_of_its_own(ground: Any, example: str) -> None:
    """Case 10: ten minutes in which nothing was played count in no half."""
    examples = Path(__file__).parents[5] / "examples"
    definition = custom.read((examples / f"{example}.toml").read_text("utf-8"))
    g = ground("custom", rules={"definition": definition}).begun("ann", "bob", "cid")
    crew = ("ann", "bob", "cid")
    g.both("period_start", at=30, names=crew)
    g.stay(600, *crew)
    g.both("state", at=g.second, names=crew, play="interrupted", reason="rain")
    g.stay(600, *crew)
    g.both("state", at=g.second, names=crew, play="resumed")
    g.stay(60, *crew)
    g.both("yellow_card", "A", at=g.second, names=crew)
    assert g.standing[-1].clock.startswith("1st half 12'")
