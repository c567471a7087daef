"""A timeline beside the truth."""

from __future__ import annotations

from touchline import sports
from touchline.protocol.times import SECOND
from touchline.sports import Action
from touchline.sports.compare import compare

KINDS = {kind.title: kind for kind in sports.get("football").kinds()}


def goal(origin: str, seconds: float, **details: str) -> Action:
    return Action("goal", origin, round(seconds * SECOND), details)


def card(player: str, seconds: float) -> Action:
    return Action("yellow_card", "A", round(seconds * SECOND), {"player": player})


def test_all_found() -> None:
    """Actions within the window of their time are found, in whatever order they stand."""
    truth = [goal("A", 100), goal("B", 300)]
    result = compare(KINDS, truth, [goal("B", 308), goal("A", 95)])
    assert result.found == ((0, 1), (1, 0))
    assert not result.missed
    assert not result.wrong


def test_missed_and_wrong() -> None:
    """What is too far off is both missed and wrong."""
    result = compare(KINDS, [goal("A", 100)], [goal("A", 160), goal("B", 100)])
    assert result.missed == (0,)
    assert result.wrong == (0, 1)


def test_nearest_pair() -> None:
    """Of two that could be it, the nearer one is; the other is wrong."""
    result = compare(KINDS, [goal("A", 100)], [goal("A", 110), goal("A", 101)])
    assert result.found == ((0, 1),)
    assert result.wrong == (0,)


def test_identity() -> None:
    """A card for somebody else is another card, however near in time."""
    result = compare(KINDS, [card("Messi", 100)], [card("Acuña", 100)])
    assert result.missed == (0,)
    assert result.wrong == (0,)


def test_forms_of_a_name() -> None:
    """Who is named in another form is nobody else."""
    for said in ("Müller", "MULLER ", "Mueller", "T. Müller"):
        result = compare(KINDS, [card("Thomas Müller", 100)], [card(said, 100)])
        assert (result.found, result.altered) == (((0, 0),), ()), said


def test_altered() -> None:
    """A goal with another scorer is found, and told apart as altered."""
    truth = [goal("A", 100, player="Messi", how="penalty")]
    assert compare(KINDS, truth, [goal("A", 100, player="Messi")]).altered == ()
    assert compare(KINDS, truth, [goal("A", 100, player="Álvarez")]).altered == ((0, 0),)
