"""The charts of an exported page."""

from __future__ import annotations

import re
from pathlib import Path

from touchline import sports
from touchline.cli.export import svg
from touchline.protocol.messages import Card, Entry, Evidence
from touchline.sports import custom
from touchline.timeline.view import LiveView

EXAMPLES = Path(__file__).parents[4] / "examples"


def view_of(sport: str, scores: list[dict[str, object]], **rules: object) -> LiveView:
    """Return the view of an event of `point`s, with the score after each."""
    card = Card(event="e", title="A – B", sport=sport, origins=["A", "B"], rules=rules)
    view = LiveView(card)
    for seq, score in enumerate(scores, 1):
        origin = str(score.pop("by"))
        entry = Entry(
            event="e", epoch=1, seq=seq, entry_id=str(seq), status="CONFIRMED", title="point",
            origin=origin, time=seq, first_reported=0, accepted=0, sent=0, score=score,
            evidence=Evidence(for_=2, present=2),
        )  # fmt: skip
        view.take(entry, 0.0, 0)
    return view


def badminton() -> dict[str, object]:
    return custom.read((EXAMPLES / "badminton.toml").read_text("utf-8"))


def test_how_far_a_side_was_ahead() -> None:
    """Each point is a step up or down, and the sets stand below where they ended."""
    scores: list[dict[str, object]] = [
        {"by": "A", "previous": []},
        {"by": "A", "previous": [[2, 0]]},
        {"by": "B", "previous": [[2, 0]]},
        {"by": "B", "previous": [[2, 0], [0, 2]]},
        {"by": "B", "previous": [[2, 0], [0, 2]]},
    ]
    view = view_of("custom", scores, definition=badminton())
    drawn = svg.match(view, sports.presentation_of("custom", view.card.rules))
    (path,) = re.findall(r'class="lead-line" d="M14 (76[^"]*)"', drawn)
    assert re.findall(r"V([\d.]+)", path) == ["76.0", "50.0", "24.0", "50.0", "76.0", "102.0"]
    assert "2–0</text>" in drawn
    assert "0–2</text>" in drawn
    assert "↑ A<" in drawn
    assert "↓ B<" in drawn


def test_two_sides_of_football_have_a_row_each() -> None:
    """What is no race for points is shown by its moments, and a match without a step by nothing."""
    view = view_of("football", [{"by": "A", "goals": {"A": 1, "B": 0}}])
    assert svg.match(view, sports.presentation_of("football")).count('class="side-name"') == 2
    none = view_of("custom", [], definition=badminton())
    assert svg.match(none, sports.presentation_of("custom", none.card.rules)) == ""


def test_a_host_may_say_anything() -> None:
    """A score that makes no sense harms no drawing."""
    scores: list[dict[str, object]] = [
        {"by": "A", "previous": "<b>", "points": 3},
        {"by": "<b>", "previous": [["<i>"], 7], "points": {"A": "x"}},
    ]
    view = view_of("custom", scores, definition=badminton())
    drawn = svg.match(view, sports.presentation_of("custom", view.card.rules))
    assert "<b>" not in drawn
    assert "<i>" not in drawn
