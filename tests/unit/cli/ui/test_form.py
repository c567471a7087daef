"""The form's buttons on screens of any height."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from touchline.cli.ui.buttons import Buttons, Tap
from touchline.cli.ui.form import Form, OwnReport, button_lines
from touchline.cli.ui.keyboard import parse
from touchline.cli.ui.own_reports import fate_words, score_question, step_words
from touchline.protocol.messages import Card, Confirm, Entry, Evidence, Fate
from touchline.runtime.languages import speaking
from touchline.sports import get, statements
from touchline.timeline import wording
from touchline.timeline.withheld import OwnStatement

KINDS = get("football").kinds({})


@pytest.mark.parametrize("room", [2, 3, 4, 6, 9, 14, 30])
@pytest.mark.parametrize("origin", [0, 1])
def test_every_action_can_be_seen(room: int, origin: int) -> None:
    """However small the screen, the chosen side is shown, and the space key leads to each one."""
    buttons = Buttons(KINDS, ["Argentina", "France"])
    buttons.origin = origin
    seen = ""
    for _ in range(len(KINDS)):
        lines = [line.plain for line in button_lines(buttons, room)]
        assert len(lines) <= room
        assert f" {origin + 1} ▸ {buttons.origins[origin]} " in lines
        seen += "\n".join(lines) + "\n"
        buttons.press(" ")
    for letter, kind in buttons.letters.items():
        assert f" {letter} {kind.text[:10]}" in seen


def test_all_at_once_where_there_is_room() -> None:
    """A large screen has no pages."""
    buttons = Buttons(KINDS, ["Argentina", "France"])
    assert "more" not in "".join(line.plain for line in button_lines(buttons, 40))


def test_a_name_that_cannot_be_seen_is_none() -> None:
    """A detail typed in characters that show nothing is taken for left empty."""
    buttons = Buttons(KINDS, ["Argentina", "France"])
    buttons.press("+")
    buttons.press(next(letter for letter, kind in buttons.letters.items() if kind.title == "goal"))
    wish = None
    while buttons.open_tap is not None:
        buttons.press("\u3164")
        wish = buttons.press("\r")
    assert wish == Tap("goal", "Argentina", {})


def pressed(buttons: Buttons, keys: str) -> object:
    """Press keys, a letter each; return what came of the last."""
    return [buttons.press(key) for key in keys][-1]


def test_a_statement() -> None:
    """`!` asks what is stated, and then for what it needs; a reason may be left out."""
    offered = statements.buttons(get("football"), ("Argentina", "France"))
    buttons = Buttons(KINDS, ["Argentina", "France"], statements=offered)
    texts = [one.text for one in offered]
    stopped, minute = (str(texts.index(text) + 1) for text in ("Play interrupted", "The minute"))
    assert pressed(buttons, f"!{stopped}") is None
    assert pressed(buttons, "rain\r") == Tap("state", "", {"play": "interrupted", "reason": "rain"})
    assert pressed(buttons, f"!{stopped}\r") == Tap("state", "", {"play": "interrupted"})
    assert pressed(buttons, f"!{minute}\r") is None  # it says nothing without one
    assert pressed(buttons, "62\r") == Tap("state", "", {"minute": 62})
    review = str(texts.index("Under review") + 1)
    assert pressed(buttons, f"!{review}\r") == Tap("state", "", {"review": "begun"})
    assert pressed(buttons, "!\x1b") is None
    assert buttons.open_tap is None
    assert Buttons(KINDS, []).press("!") is None


def test_the_buttons_speak_the_language_of_the_terminal() -> None:
    """Actions, statements and questions are said in it; what is reported is the same."""
    card = Card(event="a-v-b", title="A v B", sport="football", origins=["A", "B"])
    with speaking("de"):
        kinds = wording.kinds("football", {})
        offered = wording.buttons("football", card.origins)
        buttons = Buttons(kinds, card.origins, statements=offered)
        lines = "\n".join(line.plain for line in button_lines(buttons, 40))
        assert "Gelbe Karte" in lines
        assert [kind.title for kind in buttons.letters.values()] == [kind.title for kind in KINDS]
        pressed(buttons, "!")
        assert buttons.open_tap is not None
        assert buttons.open_tap.kind.text == "Angeben"
        assert "Spiel unterbrochen" in buttons.open_tap.missing[0].choices
        pressed(buttons, "\x1b")
        goal = next(letter for letter, kind in buttons.letters.items() if kind.title == "goal")
        assert pressed(buttons, goal) == Tap("goal", "A", {})


def test_fates_and_questions_are_said_in_the_language() -> None:
    """What became of a report, why the score is asked for, and that the clock was set."""
    with speaking("pt"):
        assert fate_words(None) == "ainda não enviado"
        assert fate_words(Fate(n=1, outcome="stored")).startswith("à espera")
        assert score_question(Confirm(event="a-v-b", why="period", since=0, until=0)).endswith(
            "Qual é o placar?"
        )
        assert "adiantado em 3 s" in step_words(3_000_000)


def test_the_form_scrolls() -> None:
    """On a screen of 14 lines the keys for it lead to the oldest entry and own report, and back."""
    card = Card(event="a-v-b", title="A v B", sport="football", origins=["A", "B"])
    reporter: Any = SimpleNamespace(
        asked=None, asked_about={}, pending=0, setup=None, stepped=0, pump=lambda: None,
        fate=lambda n: Fate(n, "stored"), session=SimpleNamespace(open=True),
    )  # fmt: skip
    feed: Any = SimpleNamespace(next=lambda _: None)
    form = Form(card, reporter, feed)
    for number in range(1, 31):
        entry = Entry(
            event="a-v-b", epoch=1, seq=number, entry_id=str(number), status="CONFIRMED",
            title="corner", origin="A", time=number * 1_000_000, first_reported=0, accepted=0,
            sent=0, evidence=Evidence(for_=2), text=f"Corner number {number}.",
        )  # fmt: skip
        form.view.take(entry, 0.0, 0)
        form.own.append(OwnReport(number, f"report {number}", OwnStatement("corner", "A", number)))

    def shown(*keys: str) -> str:
        form.turn(list(keys))
        console = Console(width=80, height=14, file=io.StringIO(), force_terminal=True)
        console.print(form)
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    first = shown()
    assert "Corner number 30." in first
    assert "report 30" in first
    assert "↑↓ older" in first
    assert "Corner number 1." not in first
    assert "Corner number 29." in shown(*parse("\x1b[A"))
    for _ in range(30):
        oldest = shown(*parse("\x1b[5~"))
    assert "Corner number 1." in oldest
    assert "report 1 " in oldest
    assert shown(*parse("\x1b[6~" * 30)) == first
    assert form.buttons.open_tap is None
