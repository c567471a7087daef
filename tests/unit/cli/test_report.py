"""`touchline report`: flags, buttons and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from touchline import sports
from touchline.cli import shared
from touchline.cli.report import _moment, command
from touchline.cli.ui import keyboard
from touchline.cli.ui.buttons import AnswerTap, Buttons, CloseForm, Tap, Undo, assign, kinds_of
from touchline.cli.ui.own_reports import event_time, fate_words, step_words
from touchline.protocol import times
from touchline.protocol.errors import NotFound, SettingError
from touchline.protocol.messages import ActionSpec, Ask, Fate, Timing
from touchline.protocol.times import SECOND
from touchline.sports import Detail, Kind

KINDS = (
    Kind("goal", "Goal", (Detail("player", "who"), Detail("minute", "when", number=True))),
    Kind(
        "period_start",
        "Play begins",
        (Detail("period", "which", choices=("first", "second"), required=True),),
        needs_origin=False,
    ),
)


def _press(buttons: Buttons, typed: str) -> list[object]:
    return [wish for key in typed if (wish := buttons.press(key)) is not None]


def test_a_letter_says_it_at_once() -> None:
    """One key reports an action of the chosen origin; digits and Tab choose it."""
    buttons = Buttons(KINDS, ["A", "B"])
    assert _press(buttons, "g2g\tg9g") == [
        Tap("goal", "A", {}),
        Tap("goal", "B", {}),
        Tap("goal", "A", {}),
        Tap("goal", "A", {}),
    ]


def test_what_is_required_is_asked_first() -> None:
    """An action that means nothing without a detail asks for it; one without origin has none."""
    buttons = Buttons(KINDS, ["A", "B"])
    assert _press(buttons, "p") == []
    assert _press(buttons, "9x\r") == []
    assert _press(buttons, "2") == [Tap("period_start", "", {"period": "second"})]
    assert buttons.open_tap is None


def test_details_on_request() -> None:
    """After + the next action, and only that, asks for all its details; Enter leaves one out."""
    buttons = Buttons(KINDS, ["A"])
    assert _press(buttons, "+gMessu\x7fi q\r\r") == [Tap("goal", "A", {"player": "Messi q"})]
    assert _press(buttons, "+gx\r12\r") == [Tap("goal", "A", {"player": "x", "minute": 12})]
    assert _press(buttons, "+g\rsoon\r4.5\r") == [Tap("goal", "A", {"minute": 4.5})]
    assert _press(buttons, "g") == [Tap("goal", "A", {})]


def test_the_score_is_typed_when_it_is_asked_for() -> None:
    """= asks for the score once the host wants it, and does nothing before; Esc takes it back."""
    buttons = Buttons(KINDS, ["A", "B"])
    assert _press(buttons, "=2-1\r") == []
    buttons.wanted = True
    assert _press(buttons, "=\r2-1\x1b") == []
    assert _press(buttons, "=\r2-1\r") == [Tap("confirm", "", {"score": "2-1"})]
    assert _press(buttons, "g") == [Tap("goal", buttons.origins[buttons.origin], {})]


def test_a_question_is_answered_by_one_key() -> None:
    """y and n answer while the host asks, and mean nothing else at any time."""
    buttons = Buttons(KINDS, ["A", "B"])
    assert _press(buttons, "yn") == []
    buttons.asked = Ask(event="e", claim=7, title="goal", origin="A", time=5, until=9)
    assert _press(buttons, "yn") == [AnswerTap(7, True), AnswerTap(7, False)]
    assert _press(buttons, "+gny\r\r") == [Tap("goal", "A", {"player": "ny"})]


@pytest.mark.parametrize(
    "words",
    [
        "answer --claim 7",
        "answer --yes",
        "goal --claim 7 --no",
        "answer --claim 7 --no --detail a=b",
    ],
)
def test_an_answer_is_whole_or_none(words: str) -> None:
    """A claim and a yes or no go together, with no other action."""
    result = CliRunner().invoke(command, ["EVENT", *words.split()])
    assert result.exit_code == 2
    assert "go together" in result.output


def test_escape_leaves_the_question_then_the_form() -> None:
    """Esc takes back what was begun, without a report; a second one leaves."""
    buttons = Buttons(KINDS, ["A"])
    assert _press(buttons, "+gab\x1b") == []
    assert _press(buttons, "u") == [Undo()]
    assert _press(buttons, "\x1b") == [CloseForm()]
    assert _press(buttons, "q") == [CloseForm()]


def test_keys_that_mean_nothing_do_nothing() -> None:
    """A key without a button reports nothing."""
    assert _press(Buttons(KINDS, []), "z!0²é\r\x7f") == []


@pytest.mark.parametrize("sport", ["football", "tennis", "race"])
def test_every_action_has_a_key_of_its_own(sport: str) -> None:
    """No two actions share a key, none is hidden, and the form's own keys stay free."""
    kinds = sports.get(sport).kinds()
    letters = assign(kinds)
    assert list(letters.values()) == list(kinds)
    assert not set(letters) & set("uqyn0123456789+=")


def test_more_actions_than_letters() -> None:
    """What is beyond the letters has no button, and nothing breaks."""
    assert len(assign(Kind(f"a{n}", "x") for n in range(80))) == 48


def test_actions_of_a_sport_that_is_not_installed() -> None:
    """What the host offers makes buttons, too."""
    (kind,) = kinds_of([ActionSpec(title="steal", text="Steal", details=["player"])])
    assert (kind.title, kind.text, kind.details[0].name) == ("steal", "Steal", "player")


@pytest.mark.parametrize(
    ("sent", "pressed"),
    [
        ("ab", ["a", "b"]),
        ("\x1b", ["\x1b"]),
        ("\x1b[C\x1bOPx\x1b[1;5C", ["x"]),
        ("\x1b[A\x1bOBx\x1b[6~", ["\x1b[A", "\x1b[B", "x", "\x1b[6~"]),
        ("\x1b[", []),
        ("\x1bq", ["\x1b", "q"]),
        ("\n\b", ["\r", "\x7f"]),
        ("Å", ["Å"]),
    ],
)
def test_keys(sent: str, pressed: list[str]) -> None:
    """Arrows and function keys are not taken for letters, those that scroll are known, and line
    ends are Enter."""
    assert keyboard.parse(sent) == pressed


def test_event_time() -> None:
    """Now is wall time on a live event, and runs on the event's own clock where it has one."""
    wall = 1_000 * SECOND
    assert event_time(None, wall) == wall
    assert event_time(Timing(starts=50 * SECOND, began=900 * SECOND, speed=3.0), wall) == (
        350 * SECOND
    )
    assert event_time(Timing(starts=50, began=900, speed=0.0), wall) == wall


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        (None, "not sent yet"),
        (Fate(n=1, outcome="stored"), "waiting for others to say so"),
        (Fate(n=1, outcome="accepted", entry_id="17"), "accepted, entry 17"),
        (Fate(n=1, outcome="accepted"), "accepted"),
        (Fate(n=1, outcome="expired"), "expired, too few others said so"),
        (Fate(n=1, outcome="refused", reason="no\x1b[2J"), "refused: no�[2J"),
    ],
)
def test_fates_in_words(fate: Fate | None, words: str) -> None:
    """Each fate has its words, and a host's reason can't command the terminal."""
    assert fate_words(fate) == words


@pytest.mark.parametrize(
    "flags",
    [
        ["goal", "--flush"],
        ["goal", "--time", "2024-01-01T00:00:00Z", "--ago", "3"],
        ["goal", "--confirm-score", "2-1"],
        ["--origin", "A", "--confirm-score", "2-1"],
        ["--flush", "--confirm-score", "2-1"],
    ],
)
def test_flags_that_exclude_each_other(flags: list[str]) -> None:
    """Flags that contradict each other are told, exit code 2, and nothing is kept."""
    assert CliRunner().invoke(command, ["a-v-b", *flags]).exit_code == 2


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--time", "yesterday"], "--time: 'yesterday' is not a time; write one as 2026-"),
        (["--time", "2024-01-01T00:00:00"], "no time zone"),
        (["--time", "9" * 30], "--time: 999"),
        (["--detail", "player"], "not NAME=VALUE"),
    ],
)
def test_values_that_can_not_be(flags: list[str], sentence: str) -> None:
    """A value that can't be is named, and nothing is kept."""
    error = CliRunner().invoke(command, ["a-v-b", "goal", *flags]).exception
    assert isinstance(error, SettingError)
    assert sentence in error.sentence


def test_a_clock_that_was_set_in_words() -> None:
    """A reporter is told by how much the clock was set, and which way."""
    assert step_words(25_400_000).startswith("Your clock was set forward by 25 s;")
    assert step_words(-3_600_000_000).startswith("Your clock was set back by 3600 s;")


@pytest.mark.parametrize("digits", [10, 13, 16])
def test_a_moment_is_a_date_or_a_number(digits: int) -> None:
    """A number of seconds, milliseconds or microseconds since 1970 is that time."""
    moment = times.from_rfc3339("2026-05-01T12:00:00Z")
    assert _moment(str(moment)[:digits]) == moment == _moment("2026-05-01T14:00:00+02:00")


@pytest.mark.parametrize("event", ["../../x", "a/b", "..", "", "a\0b", "a\\b"])
def test_an_event_is_no_path(event: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event id that would lead out of the outbox's folder is no event."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    with pytest.raises(NotFound):
        shared.outbox_path(event, "ann")


def test_the_help_shows_the_corrections() -> None:
    """Undo, delete, amend and end are in the help, each with an example."""
    text = CliRunner().invoke(command, ["--help"]).output
    for words in ("undo --detail n=3", "delete --detail entry=17", "amend --detail", "EVENT end"):
        assert words in text
