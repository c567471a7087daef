"""The `touchline` command: finding commands, settings from a file, errors as sentences."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from tests.patience import PATIENCE
from touchline.cli import main as frame
from touchline.protocol.errors import Conflict, NotFound, TouchlineError, Unreachable

FOLDER = Path(frame.__file__).parent


@click.command("fail")
@click.option("--json", "as_json", is_flag=True)
@click.option("--lease-seconds", default=1.0)
@click.option("--origin", "origins", multiple=True)
def failing(as_json: bool, lease_seconds: float, origins: tuple[str, ...]) -> int:
    """Fail as the test wants."""
    return Outcome.now(as_json, lease_seconds, origins)


@click.group("kit")
def kit() -> None:
    """Hold another command."""


@kit.command("show")
@click.option("--max-size", default=1)
def kit_show(max_size: int) -> int:
    """Return the size."""
    return max_size


class Outcome:
    """What the command `sports` of these tests does."""

    @staticmethod
    def now(*seen: Any) -> int:
        return 0


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> type[Outcome]:
    """Put a command of the test's own in the place of two real ones."""
    found = {"sports": failing, "events": kit}
    monkeypatch.setattr(frame.Commands, "get_command", lambda _self, _ctx, name: found.get(name))
    return Outcome


def exit_code(*arguments: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        frame.main(list(arguments))
    return ended.value.code


def test_every_command_has_a_file() -> None:
    """Each command listed is in a file of its name, and its help has an example or a group."""
    for name in frame.COMMANDS:
        command = import_module(f"touchline.cli.{name.replace('-', '_')}").command
        assert isinstance(command, click.Command), name
        assert command.help, name


def test_help_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    """--help names each command and says what the exit codes mean."""
    assert exit_code("--help") == 0
    out = capsys.readouterr().out
    for name in frame.COMMANDS:
        assert f"  {name} " in out
    assert "3 not found" in " ".join(out.split())


def _described(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    """Yield each command and flag, within commands as well, and what its help says."""
    yield path, command.help or ""
    for option in command.params:
        if isinstance(option, click.Option):
            yield f"{path} {option.opts[0]}", option.help or ""
    if isinstance(command, click.Group):
        for name, within in command.commands.items():
            yield from _described(within, f"{path} {name}")


@pytest.mark.parametrize("name", frame.COMMANDS)
def test_every_flag_is_described(name: str) -> None:
    """Each command and flag has a sentence of help that begins large and ends with a full stop."""
    command = import_module(f"touchline.cli.{name.replace('-', '_')}").command
    for path, text in _described(command, name):
        first = text.removeprefix("\b\n").split("\n\n")[0].strip()
        assert first.endswith("."), path
        assert first[0].isupper() or first.startswith(("jsonl:", "touchline ")), path


@pytest.mark.parametrize("name", frame.COMMANDS)
def test_help_fits_a_terminal(name: str) -> None:
    """No line of a command's help, its examples included, is wider than 80 columns."""
    command = import_module(f"touchline.cli.{name.replace('-', '_')}").command
    within = command.commands.values() if isinstance(command, click.Group) else ()
    for each in (command, *within):
        shown = each.get_help(
            click.Context(each, info_name=f"touchline {name}", max_content_width=80)
        )
        wide = [line for line in shown.splitlines() if len(line) > 80]
        assert not wide, each.name


def test_help_loads_no_command() -> None:
    """`touchline --help` loads neither ZeroMQ, a database nor keys, nor any command."""
    program = (
        "import sys\nfrom touchline.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = ('zmq', 'sqlalchemy', 'nacl', 'touchline.cli.watch')\n"
        "print([m for m in sys.modules if m in heavy])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "name",
    [
        "broker", "host", "events", "sports", "simulate",
        "identity", "invite", "login", "logout", "members", "revoke",
    ],
)  # fmt: skip
def test_help_of_a_command_loads_nothing_heavy(name: str) -> None:
    """A command's help needs no database, no metrics library, no tables and no keys."""
    program = (
        "import sys\nfrom touchline.cli.main import main\n"
        f"try:\n    main(['{name}', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = ('sqlalchemy', 'prometheus_client', 'rich', 'nacl')\n"
        "print([m for m in sys.modules if m in heavy])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    """A command that there is not ends with 2 and a sentence."""
    assert exit_code("wacht") == 2
    assert "wacht" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [(NotFound("no event 'x'"), 3), (Conflict("held"), 4), (Unreachable("no answer"), 5)],
)
def test_errors_are_sentences(
    outcome: type[Outcome],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: TouchlineError,
    code: int,
) -> None:
    """An error of ours is one sentence on standard error and its own exit code, no traceback."""

    def fail(*_: Any) -> int:
        raise error

    monkeypatch.setattr(outcome, "now", fail)
    assert exit_code("sports") == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"error: {error.sentence}\n")


def test_errors_as_json(
    outcome: type[Outcome],
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """With --json an error is an object on standard output."""

    def fail(*_: Any) -> int:
        raise NotFound("no event 'x'")

    monkeypatch.setattr(outcome, "now", fail)
    assert exit_code("sports", "--json") == 3
    told = json.loads(capsysbinary.readouterr().out)
    assert told == {"type": "error", "code": "NOT_FOUND", "reason": "no event 'x'"}


def test_a_commands_number_is_the_exit_code(
    outcome: type[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that returns a number ends the process with it."""
    monkeypatch.setattr(outcome, "now", lambda *_: 4)
    assert exit_code("sports") == 4


def test_interrupted(outcome: type[Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+C in a command that does not drain ends it with 130."""

    def interrupt(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(outcome, "now", interrupt)
    assert exit_code("sports") == 130


def config(tmp_path: Path, text: str) -> str:
    file = tmp_path / "touchline.toml"
    file.write_text(text)
    return str(file)


def test_config_gives_defaults(
    outcome: type[Outcome], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key of a table is a flag of a command, by the flag's name; the command line wins."""
    seen: list[Any] = []
    monkeypatch.setattr(outcome, "now", lambda *found: seen.append(found) or 0)
    file = config(tmp_path, '[sports]\njson = true\nlease-seconds = 3\norigin = ["A", "B"]\n')
    exit_code("--config", file, "sports")
    exit_code("--config", file, "sports", "--lease-seconds", "5", "--origin", "C")
    assert seen == [(True, 3.0, ("A", "B")), (True, 5.0, ("C",))]


def test_variables_bear_the_flags_names(
    outcome: type[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag's variable is named by the flag, also where its parameter is called otherwise."""
    monkeypatch.undo()
    monkeypatch.setenv("TOUCHLINE_SPORTS_LIST_JSON", "1")
    assert exit_code("sports", "list") == 0


def test_config_of_a_command_within(outcome: type[Outcome], tmp_path: Path) -> None:
    """A table within a table is a command within a command."""
    file = config(tmp_path, "[events.show]\nmax-size = 42\n")
    assert exit_code("--config", file, "events", "show") == 42


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sports]\nlease = 3\n", "sports.lease: there is no flag --lease"),
        ("[sprots]\njson = true\n", "sprots: there is no command 'sprots'"),
        ("[events.show]\nsize = 3\n", "events.show.size: there is no flag --size"),
        ("sports = 3\n", "sports: a command takes a table; write [sports]"),
        ("[sports]\njson = 3\n", "sports.json: 3 is not true or false"),
        ("[sports\n", "--config"),
    ],
)
def test_bad_config(
    outcome: type[Outcome],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    text: str,
    words: str,
) -> None:
    """What no command knows, or no TOML, stops the start and is named with its file."""
    file = config(tmp_path, text)
    assert exit_code("--config", file, "sports") == 2
    err = capsys.readouterr().err
    assert words in err
    assert file in err


def test_no_config_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is named."""
    assert exit_code("--config", "/no/such.toml", "sports", "list") == 2
    assert "/no/such.toml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("touchline s", {"simulate", "sports"}),
        ("touchline identity e", {"export"}),
        ("touchline events c", {"create"}),
        ("touchline simulate ", {"football", "tennis", "volleyball"}),
        ("touchline broker --lease", {"--lease-seconds"}),
    ],
)
def test_shell_completion(typed: str, offered: set[str]) -> None:
    """The shell is offered commands, commands within commands, and flags."""
    environment = os.environ | {
        "_TOUCHLINE_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from touchline.cli.main import main; main([])"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == offered


def test_commands_hold_no_sockets() -> None:
    """The serving commands leave sockets and databases to the packages behind them."""
    for name in ("broker", "host", "events", "sports", "simulate", "invite", "login", "members"):
        tree = ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))
        imported = {
            alias.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not imported & {"zmq", "sqlalchemy", "socket", "sqlite3"}, name


@pytest.mark.parametrize("name", [*frame.COMMANDS])
def test_no_help_is_cut(name: str) -> None:
    """The help of a group says what each of its commands does, to the end of the sentence."""
    command = frame.touchline.get_command(click.Context(frame.touchline), name)
    assert command is not None
    if isinstance(command, click.Group):
        shown = command.get_help(click.Context(command, terminal_width=80)).partition("Commands:")[
            2
        ]
        assert "..." not in shown
        assert all(f"\n  {each}" in shown for each in command.commands)
