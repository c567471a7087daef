"""What the commands have in common."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from touchline.cli import shared
from touchline.cli.ui.tables import table
from touchline.protocol.errors import NotFound, SettingError
from touchline.protocol.messages import Card
from touchline.protocol.text import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller – 1–0", "Müller – 1–0"),
        ("a\x1b[31mb", "a�[31mb"),
        ("a\rb\nc\td", "a�b�c�d"),
        ("\x9b2J", "�2J"),
        ("abc\u202edef", "abc�def"),
        ("a\u2028b", "a�b"),
        ("\ud800", "�"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    """Letters stay, and whatever moves a cursor, colours or reverses text does not."""
    assert plain(text) == shown


def test_details() -> None:
    """Numbers become numbers, true and false themselves; only the first = divides."""
    given = ["minute=45", "share=0.5", "player=A=B", "how=", "over=false"]
    assert shared.details(given) == {
        "minute": 45,
        "share": 0.5,
        "player": "A=B",
        "how": "",
        "over": False,
    }


def test_details_as_the_sport_takes_them() -> None:
    """What looks like a number is a text where the sport has a text there: a time, a shirt."""
    race = Card(event="e", title="t", sport="race", origins=["A"])
    assert shared.details_of(race, ["time=9.50", "at=10"]) == {"time": "9.50", "at": "10"}
    football = Card(event="e", title="t", sport="football", origins=["A", "B"])
    assert shared.details_of(football, ["player=10", "n=3"], "goal") == {"player": "10", "n": 3}
    assert shared.details_of(football, ["minutes=4"], "added_time") == {"minutes": 4}
    assert shared.details_of(football, ["over=false"], "end") == {"over": False}
    unknown = Card(event="e", title="t", sport="curling", origins=["A"])
    assert shared.details_of(unknown, ["player=10"]) == {"player": 10}


@pytest.mark.parametrize("pair", ["player", "=x", ""])
def test_details_without_a_name(pair: str) -> None:
    """What is no NAME=VALUE is refused by its flag."""
    with pytest.raises(SettingError, match="--detail"):
        shared.details([pair])


def test_rules() -> None:
    """A rule's value is JSON where it can be, and a text otherwise."""
    pairs = ["shootout=true", "players=7", "final_set=tiebreak_10", 'name="7"', "x="]
    assert shared.rules(pairs) == {
        "shootout": True,
        "players": 7,
        "final_set": "tiebreak_10",
        "name": "7",
        "x": "",
    }


@pytest.mark.parametrize("event", ["..", ".", "a/b", "a\\b", "a\0b", ""])
def test_outboxes_stay_in_their_folder(event: str) -> None:
    """No event id leads to a file outside the outboxes."""
    with pytest.raises(NotFound):
        shared.outbox_path(event, "anna")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping(number: signal.Signals) -> None:
    """The first signal asks to stop; the one after it would end the process; then all is as
    before."""
    before = signal.getsignal(number)
    asked = []
    with shared.stopping(lambda: asked.append(1)):
        os.kill(os.getpid(), number)
        assert asked == [1]
        assert signal.getsignal(number) == signal.SIG_DFL
    assert signal.getsignal(number) == before


def test_a_hangup_that_the_caller_ignores() -> None:
    """Under `nohup` the end of the terminal asks nobody to stop."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert shared.stop_signals() == [signal.SIGINT, signal.SIGTERM]
    finally:
        signal.signal(signal.SIGHUP, before)
    assert shared.stop_signals() == [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def test_no_metrics_unless_asked() -> None:
    """Without --metrics nothing is served and nothing is read."""

    def unread() -> object:
        raise AssertionError("a collector was made")

    with shared.metrics_page("", unread) as url:  # type: ignore[arg-type]  # never made
        assert url == ""


def test_table_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal a row is a line, its cells divided by tabs; no cell can add one."""
    table(("a", "b"), [("1", "2\t3\n4")], "Things")
    assert capsys.readouterr().out == "# Things\n1\t2�3�4\n"


def test_emit_is_a_line(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """An object is one line of UTF-8, whatever line breaks its texts hold."""
    shared.emit({"text": "a\nb – c"})
    assert capsysbinary.readouterr().out == '{"text":"a\\nb – c"}\n'.encode()


def test_emit_obeys_nobody(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A terminal that shows an object gets no control character of a text."""
    shared.emit({"text": "\x9b31m\u202e\x7f"})
    assert capsysbinary.readouterr().out == b'{"text":"\\u009b31m\\u202e\\u007f"}\n'


def test_load_match(tmp_path: Path) -> None:
    """A match is one that comes with Touchline, or a file; what is neither is not found."""
    assert shared.load_match("world-cup-final-2022").sport == "football"
    with pytest.raises(NotFound, match="world-cup-final-2022"):
        shared.load_match("no-such-match")
    file = tmp_path / "m.jsonl"
    file.write_text("{}\n")
    with pytest.raises(SettingError, match="line 1"):
        shared.load_match(str(file))


def test_name_option() -> None:
    """--name falls back to the login name, and the variable TOUCHLINE_NAME comes before that."""
    import click

    @click.command()
    @shared.name_option
    def whoami(name: str) -> None:
        click.echo(name)

    assert CliRunner().invoke(whoami, [], env={"TOUCHLINE_NAME": "anna"}).output == "anna\n"
    assert CliRunner().invoke(whoami, []).output.strip()
