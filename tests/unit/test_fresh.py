"""A fresh Touchline: it installs what it runs on and no more, and makes no database unasked."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from touchline.cli.main import main
from touchline.peer import identity

ROOT = Path(__file__).parents[2]


def needs(text: str) -> set[str]:
    """Return the names of packages in a list of `setup.cfg`."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return {re.split(r"[\[ <>=]", line)[0] for line in lines if line}


def test_make_demo_installs_no_test_tools() -> None:
    """`make demo` installs Touchline without an extra, and that needs nothing which tests, checks,
    fuzzing or the documentation need besides."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = config["options.extras_require"]
    installed = needs(config["options"]["install_requires"])
    assert len(installed) > 10
    for extra in ("test", "check", "fuzz", "docs"):
        assert not installed & needs(extras[extra]), extra
    rules = re.findall(
        r"^([^\s:=]+): *(.*)\n((?:\t.*\n)*)", (ROOT / "Makefile").read_text("utf-8"), re.M
    )
    made = {name: (needed.split("##")[0].split(), recipe) for name, needed, recipe in rules}
    needed, recipe = made["demo"]
    assert needed == ["$(BIN)/touchline"]
    assert "install" not in recipe
    needed, recipe = made["$(BIN)/touchline"]
    assert not [one for one in needed if one.startswith("$(")]
    assert re.findall(r"-e (\S+)", recipe) == ["."]


@pytest.mark.parametrize(
    "command",
    [
        "journal check {file}",
        "journal check sqlite:///{file}",
        "journal repair {file}",
        "journal recovered {file}",
        "export e --format proof --name hal --broker 127.0.0.1:1 --journal sqlite:///{file}",
        "events archive e --name hal --journal sqlite:///{file}",
        "backup {file} {file}.copy",
        "backup sqlite:///{file} {file}.copy",
        "restore {file} {file}.restored",
        "book show {file}",
        "verify {file}",
    ],
)
def test_a_database_that_does_not_exist_is_not_made(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that reads one fails, and leaves nothing behind."""
    home = tmp_path / "home"
    monkeypatch.setenv("TOUCHLINE_HOME", str(home))
    monkeypatch.delenv("TOUCHLINE_BROKER", raising=False)
    monkeypatch.chdir(tmp_path)
    identity.create("hal")  # as one who has hosted
    made = {path for path in tmp_path.rglob("*") if path.is_file()}
    arguments = command.format(file=tmp_path / "missing.db").split()
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == made
