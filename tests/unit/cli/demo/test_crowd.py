"""The simulated crowd after an outage: what it answers, and how the demo plans it."""

from __future__ import annotations

from typing import Any

import pytest

from touchline import sports
from touchline.cli.demo import _outage, _outage_words
from touchline.cli.demo.crowd import GLANCE, Answer, Counts, score_text
from touchline.cli.demo.performers import Crowd, plan, seen_score
from touchline.cli.demo.runner import ComparisonRow, Outcome
from touchline.protocol.errors import SettingError
from touchline.protocol.messages import Timing
from touchline.protocol.times import SECOND
from touchline.sports import fold, matches

MINUTE = 60 * SECOND
FINAL = matches.load("world-cup-final-2022")
SECOND_HALF = next(a.time for a in FINAL.actions if a.details.get("period") == "second_half")


def _text(name: str, *, until: int) -> str:
    match = matches.load(name)
    sport = sports.get(match.sport)
    start = sport.start(match.origins, match.rules, match.lineups)
    seen = match.actions[:until]
    return score_text(sport, fold(sport, start, seen).state, match.origins)


@pytest.mark.parametrize("name", ["world-cup-final-2022", "five-set-tennis"])
def test_a_score_is_typed_so_that_the_sport_reads_it(name: str) -> None:
    """Whatever the score, what a person types of it is read as that score."""
    match = matches.load(name)
    sport = sports.get(match.sport)
    state = sport.start(match.origins, match.rules, match.lineups)
    typed = 0
    for action in match.actions:
        state = sport.apply(state, action)
        text = score_text(sport, state, match.origins)
        if text:
            typed += 1
            assert sport.gap(state, state, sport.read_score(state, text)) is None, text
    assert typed > len(match.actions) * 0.8


def test_a_score_without_names() -> None:
    """Of two sides the names are left out, shoot-out included."""
    assert _text("world-cup-final-2022", until=3) == "2–0"
    assert _text("world-cup-final-2022", until=46).startswith("3–3 (4–2")


class Asked:
    """A reporter who was asked for the score."""

    def __init__(self) -> None:
        self.asked: object = "a question"
        self.said: list[tuple[str, int]] = []

    def confirm(self, score: str, time: int) -> None:
        self.said.append((score, time))


def test_an_answer_is_of_a_moment_ago_by_the_own_clock() -> None:
    """The score is that of a minute ago on the event's clock, stated by the person's own."""
    timing = Timing(starts=100 * MINUTE, began=7 * MINUTE, speed=60.0)
    reporter: Any = Asked()
    answer = Answer(lambda at: f"{at // MINUTE}-0", timing, 5.0)
    answer.give(reporter, 8 * MINUTE, 0)
    at = 160 * MINUTE - GLANCE
    assert reporter.said == [(f"{at // MINUTE}-0", at + 5 * SECOND)]
    assert reporter.asked is None


def test_who_can_not_tell_says_nothing() -> None:
    """Without a score to type nothing is confirmed, and the question is done with."""
    reporter: Any = Asked()
    Answer(lambda _: "", Timing(), 0.0).give(reporter, 8 * MINUTE, 0)
    assert (reporter.said, reporter.asked) == ([], None)


def test_the_crowd_answers_wrongly_as_often_as_it_errs() -> None:
    """Nobody who never errs states another score than the true one; who always errs mostly does."""
    at = FINAL.starts + 120 * MINUTE
    true = seen_score(Crowd("world-cup-final-2022", 12, 0.9, 0.0, 1), 0)
    assert {true(at) for _ in range(20)} == {"2–2"}
    wrong = seen_score(Crowd("world-cup-final-2022", 12, 0.9, 1.0, 1), 0)
    assert len({wrong(at) for _ in range(20)}) > 1


def test_everybody_is_cut_off_together() -> None:
    """With an outage every member's link is down from its beginning to its end, and no drop of
    their own brings one back before."""
    outage = (FINAL.starts + 60 * MINUTE, FINAL.starts + 75 * MINUTE)
    members = plan(Crowd("world-cup-final-2022", 30, 0.9, 0.1, 1, outage))
    for member in members:
        assert outage in member.drops
        assert list(member.drops) == sorted(member.drops)
        others = [drop for drop in member.drops if drop != outage]
        assert all(end < outage[0] or begin > outage[1] for begin, end in others)
    assert sum(len(member.drops) > 1 for member in members) > 5


def test_the_flag() -> None:
    """Minutes are those of the match's clock, which stands still at half-time; where a sport shows
    none, they are counted from the beginning."""
    assert _outage("", FINAL, 0.0) is None
    assert _outage("60-75", FINAL, 100.0) == (
        SECOND_HALF + 15 * MINUTE,
        SECOND_HALF + 30 * MINUTE,
    )
    tennis = matches.load("five-set-tennis")
    assert _outage("60-75", tennis, 100.0) == (
        tennis.starts + 60 * MINUTE,
        tennis.starts + 75 * MINUTE,
    )


@pytest.mark.parametrize(
    ("text", "speed", "sentence"),
    [
        ("60-75", 0.0, "max"),
        ("60", 100.0, "FROM-TO"),
        ("75-60", 100.0, "FROM-TO"),
        ("a-b", 100.0, "FROM-TO"),
        ("60-61", 200.0, "too quickly"),
        ("60-200", 100.0, "never reaches minute 200"),
    ],
)
def test_outages_that_can_not_be(text: str, speed: float, sentence: str) -> None:
    """An outage that nobody could see is refused, in a sentence that names the flag."""
    with pytest.raises(SettingError, match=f"--outage.*{sentence}"):
        _outage(text, FINAL, speed)


def test_the_closing_sentence() -> None:
    """The statistics count what stands as inaccurate among what was reconstructed."""
    outcome = Outcome(
        "A 1–0 B", "A 1–0 B", [], ComparisonRow("all"), Counts(), 0, {}, alarms=2,
        delays={"RECONSTRUCTED": 3, "RECONSTRUCTION_INACCURATE": 1, "": 40},
        restored=[{"confirmed": True}],
    )  # fmt: skip
    assert _outage_words(outcome) == (
        "Contact was lost: 2 alarms, then 4 entries reconstructed, 1 of them inaccurate;"
        " the crowd confirmed the score."
    )
    told = outcome.to_json(1.0)
    assert (told["reconstructed"], told["inaccurate"], told["delayed"]) == (3, 1, 0)
