"""What can be stated of any sport, and what comes of it."""

from __future__ import annotations

import pytest

from touchline import sports
from touchline.sports import Action, statements
from touchline.sports.statements import TITLE, apply, kind, phrase, subject, unfit

FOOTBALL, RACE, TENNIS = (sports.get(name) for name in ("football", "race", "tennis"))
SIDES = ("A", "B")


def state(**details: str | int | float | bool) -> Action:
    return Action(TITLE, "", 0, details)


@pytest.mark.parametrize("name", sports.list())
def test_every_sport_takes_a_score_and_an_interruption(name: str) -> None:
    """A sport that says nothing of statements has these two; they are told in words."""
    sport = sports.get(name)
    assert unfit(sport, SIDES, state(score="1-0")) is None
    assert unfit(sport, SIDES, state(play="interrupted", reason="rain")) is None
    assert kind(sport).title not in {one.title for one in sport.kinds(None)}


@pytest.mark.parametrize("name", sports.list())
def test_every_statement_has_a_button(name: str) -> None:
    """Each subject that a sport takes is offered, and what a button leads to is valid."""
    sport = sports.get(name)
    offered = statements.buttons(sport, SIDES)
    known = {one.name for one in statements.subjects(sport)}
    said = {name for one in offered for name in (*one.says, *(d.name for d in one.details))}
    assert known <= said
    assert len({one.text for one in offered}) == len(offered) <= 9  # the digits of the form
    for one in offered:
        given = {d.name: 3 if d.number else [*d.choices, "1-0"][0] for d in one.details}
        assert unfit(sport, SIDES, state(**one.says, **given)) is None, one.text


def test_what_a_button_asks() -> None:
    """A side is one of the event's; a review is of an entry, and its reason may be left out."""
    server = next(one for one in statements.buttons(TENNIS, SIDES) if one.text == "The server")
    assert server.details[0].choices == SIDES
    texts = [one.text for one in statements.buttons(FOOTBALL, SIDES)]
    assert texts[1:5] == ["Play interrupted", "Play goes on", "Under review", "Review over"]
    review = statements.buttons(FOOTBALL, SIDES)[3]
    assert (review.says, "goal" in review.of) == ({"review": "begun"}, True)
    assert not any(detail.required for detail in review.details)


def test_reasons_are_offered() -> None:
    """Why play is interrupted can be chosen, and anything else typed; why it goes on is not asked
    for by a list."""
    offered = {one.text: one.details[0] for one in statements.buttons(RACE, SIDES) if one.details}
    stopped = offered["Play interrupted"]
    assert {"injury", "water", "weather", "crowd", "technical", "medical"} == {*stopped.suggested}
    assert not stopped.choices
    assert not offered["Play goes on"].suggested
    for reason in (*stopped.suggested, "a dog on the pitch"):
        assert unfit(RACE, SIDES, state(play="interrupted", reason=reason)) is None


def test_words() -> None:
    """A statement in a sentence; anything else is the sport's."""
    begun = FOOTBALL.start(SIDES)
    assert phrase(FOOTBALL, begun, state(score="0-0")).endswith("at the ground: A 0–0 B")
    assert phrase(FOOTBALL, begun, state(play="interrupted")) == "Play is interrupted"
    assert phrase(FOOTBALL, begun, state(play="resumed", reason="dry")) == "Play goes on: dry"
    goal = Action("goal", "A")
    assert phrase(FOOTBALL, begun, goal) == FOOTBALL.phrase(begun, goal)


def test_what_results() -> None:
    """A sport that knows no more than the score stays as it is; actions are the sport's."""
    ready = RACE.start(SIDES)
    assert apply(RACE, ready, state(play="interrupted")) == ready
    assert apply(RACE, ready, Action("start")) == RACE.apply(ready, Action("start"))


def test_subjects() -> None:
    """A statement has one subject, and beside it what belongs to that."""
    assert subject(FOOTBALL, {"reason": "rain", "play": "interrupted"}) == "play"
    assert [one.name for one in statements.subjects(TENNIS)] == ["score", "play", "server"]
    reason = unfit(FOOTBALL, SIDES, state(minute=3, play="resumed"))
    assert reason == "state one thing of score, play, review, minute, not 2"
    assert (
        unfit(FOOTBALL, SIDES, state(minute=3, reason="x")) == "a statement of minute has no reason"
    )
    assert unfit(FOOTBALL, SIDES, Action(TITLE, "C", 0, {"score": "1-0"})) == (
        "no origin 'C'; there are A, B"
    )
