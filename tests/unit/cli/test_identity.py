"""`touchline identity`: made, shown, taken to another machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from touchline.cli.identity import command
from touchline.cli.shared import login_name
from touchline.peer import identity
from touchline.protocol import keys
from touchline.protocol.errors import NotFound, SettingError, StorageFault


def run(*arguments: str, given: bytes | None = None) -> Any:
    return CliRunner().invoke(command, arguments, input=given, catch_exceptions=False)


def test_create_and_show() -> None:
    """A new identity is shown by its id and public key, and is the one that is used."""
    run("create", "anna")
    anna = identity.load("anna")
    lines = dict(line.split("\t") for line in run("show", "anna").stdout.splitlines())
    assert lines["id"] == anna.peer
    assert keys.from_text(lines["public key"]) == anna.public
    assert lines["kept in"].endswith("identities/anna")
    assert anna.seed.hex() not in run("show", "anna").output


def test_the_login_name_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without NAME it is the user's own, or that of TOUCHLINE_NAME."""
    run("create")
    assert identity.names() == [login_name()]
    monkeypatch.setenv("TOUCHLINE_NAME", "ben")
    run("create")
    assert json.loads(run("export", "--json").stdout)["name"] == "ben"


def test_nothing_is_replaced() -> None:
    """A name that has an identity keeps it."""
    run("create", "anna")
    before = identity.load("anna").seed
    with pytest.raises(SettingError, match="anna has an identity"):
        run("create", "anna")
    assert identity.load("anna").seed == before


def test_show_all() -> None:
    """Without NAME all are shown; where there is none, what to do."""
    assert "touchline identity create" in run("show").stderr
    run("create", "ben")
    run("create", "anna")
    assert [line.split("\t")[0] for line in run("show").stdout.splitlines()] == ["anna", "ben"]
    told = [json.loads(line) for line in run("show", "--json").stdout.splitlines()]
    assert told == [
        {"name": name, "peer": key.peer, "key": keys.to_text(key.public)}
        for name, key in (("anna", identity.load("anna")), ("ben", identity.load("ben")))
    ]


def test_show_makes_nothing() -> None:
    """Looking at a name that has no identity does not make one."""
    for verb in ("show", "export"):
        with pytest.raises(NotFound, match="touchline identity create anna"):
            run(verb, "anna")
    assert identity.names() == []


def test_export_is_public() -> None:
    """Without --secret nothing secret is said."""
    run("create", "anna")
    anna = identity.load("anna")
    assert run("export", "anna").stdout == f"{keys.to_text(anna.public)}\n"
    assert "secret" not in json.loads(run("export", "anna", "--json").stdout)


def test_to_another_machine(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret goes into a file for its owner alone, and makes the same identity elsewhere."""
    file = tmp_path / "anna.secret"
    run("create", "anna")
    run("export", "anna", "--secret", "--output", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    anna = identity.load("anna")
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path / "elsewhere"))
    run("create", "anna", "--from", str(file))
    assert identity.load("anna").seed == anna.seed
    run("create", "again", "--from", "-", given=file.read_bytes())
    assert identity.load("again").seed == anna.seed


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    """What is there already is left alone, and so is nothing written through a link."""
    file = tmp_path / "taken"
    file.write_text("mine")
    run("create", "anna")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("taken", "link"):
        with pytest.raises(SettingError, match="--output"):
            run("export", "anna", "--secret", "-o", str(tmp_path / name))
    assert file.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


def test_a_secret_on_standard_output_is_warned_of() -> None:
    """A secret that is printed comes with a warning in red beside it."""
    run("create", "anna")
    seed = identity.load("anna").seed.hex()
    result = CliRunner().invoke(command, ["export", "anna", "--secret"], color=True)
    assert result.stdout == f"{seed}\n"
    assert result.stderr.startswith("\x1b[31mThis is the secret of anna")
    told = run("export", "anna", "--secret", "--json")
    assert json.loads(told.stdout)["secret"] == seed
    assert "secret of anna" in told.stderr


@pytest.mark.parametrize("text", [b"", b"short", b"\xff" * 64])
def test_a_bad_secret(tmp_path: Path, text: bytes) -> None:
    """What holds no secret is named, and nothing is made of it."""
    file = tmp_path / "bad"
    file.write_bytes(text)
    with pytest.raises(SettingError, match=r"--from: .*bad: no secret of 32 bytes"):
        run("create", "anna", "--from", str(file))
    with pytest.raises(SettingError, match="--from"):
        run("create", "anna", "--from", str(tmp_path / "none"))
    assert identity.names() == []


def test_one_that_others_can_read() -> None:
    """A secret that is none is not shown as if it were one."""
    run("create", "anna")
    identity.file("anna").chmod(0o644)
    with pytest.raises(StorageFault, match="chmod 600"):
        run("show", "anna")


def test_completion() -> None:
    """The shell is offered the names that have an identity."""
    run("create", "anna")
    run("create", "ben")
    assert isinstance(command, click.Group)
    show = command.commands["show"]
    offered = show.params[0].shell_complete(click.Context(show), "a")
    assert [item.value for item in offered] == ["anna"]
