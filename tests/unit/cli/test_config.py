"""`touchline config`: what it shows, and what it says of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from touchline.cli import main as frame
from touchline.cli.ui import tables


def run(*arguments: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        frame.main(list(arguments))
    return ended.value.code


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "touchline.toml"
    path.write_text(text)
    return str(path)


def shown(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> dict[str, dict[str, Any]]:
    """Return what `config show` says in JSON, by key."""
    assert run(*arguments) == 0
    lines = map(json.loads, capsysbinary.readouterr().out.splitlines())
    return {line["key"]: line for line in lines}


def test_each_value_and_its_source(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A setting is shown with its value, its bounds and where the value comes from."""
    monkeypatch.setenv("TOUCHLINE_BROKER_QUEUE", "7")
    path = file(tmp_path, "[broker]\nheartbeat = 5\nworkers = 3\n")
    found = shown(
        capsysbinary,
        *("--config", path, "config", "show", "--json", "broker", "--workers", "4"),
    )
    assert found["broker.workers"] == {
        "type": "setting",
        "key": "broker.workers",
        "value": 4,
        "source": "flag",
        "flag": "--workers",
        "variable": "TOUCHLINE_BROKER_WORKERS",
        "unit": "threads",
        "least": 1,
        "most": 64,
    }
    sources = {key: (one["value"], one["source"]) for key, one in found.items()}
    assert sources["broker.queue"] == (7, "environment")
    assert sources["broker.heartbeat"] == (5.0, "file")
    assert sources["broker.token-seconds"] == (86_400.0, "default")
    assert {key.partition(".")[0] for key in found} == {"broker"}


def test_all_commands_are_shown(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Without a command every setting is shown, those of commands within commands, too."""
    found = shown(capsysbinary, "config", "show", "--json")
    assert {key.partition(".")[0] for key in found} == set(frame.COMMANDS)
    assert found["events.create.sport"]["flag"] == "--sport"
    assert found["datagrams.interval"]["unit"] == "seconds"
    assert found["record.output"]["value"] is None


def test_a_command_within_a_command(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The words name a command, or a group of which all commands are shown."""
    one = shown(capsysbinary, "config", "show", "--json", "events", "create", "--sport", "tennis")
    assert (one["events.create.sport"]["value"], "events.show.json" in one) == ("tennis", False)
    assert "events.show.json" in shown(capsysbinary, "config", "show", "--json", "events")


def test_a_value_is_shown_as_it_was_given(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """What a command makes of a value, such as 0 of the speed `max`, is not shown."""
    found = shown(capsysbinary, "config", "show", "--json", "replay", "--speed", "max")
    assert found["replay.speed"]["value"] == "max"


def test_secrets_are_not_shown(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a token nor the password in a URL is printed."""
    monkeypatch.setenv("TOUCHLINE_GATEWAY_WEBHOOK_TOKEN", "opensesame-opensesame")
    monkeypatch.setenv("TOUCHLINE_BROKER_DATABASE", "postgresql+psycopg://ann:sesame@db/x")
    found = shown(capsysbinary, "config", "show", "--json", "gateway")
    assert found["gateway.webhook-token"]["value"] == "***"
    found = shown(capsysbinary, "config", "show", "--json", "broker")
    assert found["broker.database"]["value"] == "postgresql+psycopg://ann:***@db/x"
    assert run("config", "show") == 0
    assert b"sesame" not in capsysbinary.readouterr().out


def test_the_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For people it is a table: an empty value says what it means, a source names its variable."""
    monkeypatch.setenv("TOUCHLINE_HOST_HEARTBEAT", "2")
    monkeypatch.setattr(tables, "on_terminal", lambda: False)
    assert run("config", "show", "host") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["host.advertise", "(as --bind)", "", "default"] in rows
    assert ["host.presence", "(two heartbeats)", "seconds", "default"] in rows
    assert ["host.alone", "false", "", "default"] in rows
    assert ["host.heartbeat", "2", "seconds", "environment: TOUCHLINE_HOST_HEARTBEAT"] in rows


@pytest.mark.parametrize("words", [["brokr"], ["broker", "--wokers", "3"], ["--workers"]])
def test_what_there_is_not(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """A command or flag that there is not ends with 2, and is named."""
    assert run("config", "show", *words) == 2
    assert next(word for word in words if word != "broker") in capsys.readouterr().err


def test_a_good_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file without problems is good, and its settings are counted."""
    path = file(tmp_path, "[broker]\nheartbeat = 5\n[watch]\njson = true\n")
    assert run("config", "check", path) == 0
    assert capsys.readouterr().out == f"{path} is good: 2 settings\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[broker]\nheartbeat = 31",
            "broker.heartbeat: 31.0 seconds; between 0.5 and 30 allowed",
        ),
        ("[broker]\nheartbeet = 3", "broker.heartbeet: there is no flag --heartbeet"),
        (
            "[broker]\ninsecure = true\nbind = '*:5670'",
            "broker: --insecure: plain text is for this machine alone; --bind names *",
        ),
        (
            "[host]\nverdict = 'oracle'",
            "host.verdict: 'oracle' is not evidence, quorum, majority or",
        ),
        ("[replay]\nspeed = 'fast'", "replay.speed: 'fast' is not max or a number from 0.01"),
        ("[broker\n", "(at line 1, column 8)"),
    ],
)
def test_a_bad_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, problem: str
) -> None:
    """What is wrong with a file is said with the key and the reason, and it ends with 2."""
    path = file(tmp_path, text)
    assert run("config", "check", path) == 2
    said = capsys.readouterr().err
    assert path in said
    assert problem in said


def test_problems_as_json(capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    """With --json all problems are one object; one of a key does not hide one of a value."""
    path = file(tmp_path, "[broker]\nheartbeat = 31\nworkers = 0\nqueue = [3]\nquue = 3\n")
    assert run("config", "check", path, "--json") == 2
    said = json.loads(capsysbinary.readouterr().out)
    assert (said["type"], said["file"], said["settings"]) == ("checked", path, 3)
    assert said["problems"] == [
        {"key": "broker.queue", "reason": "[3] is not a whole number"},
        {"key": "broker.quue", "reason": "there is no flag --quue"},
        {"key": "broker.workers", "reason": "0 threads; between 1 and 64 allowed"},
        {"key": "broker.heartbeat", "reason": "31.0 seconds; between 0.5 and 30 allowed"},
    ]


def test_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is named."""
    assert run("config", "check", "/no/such.toml") == 2
    assert "/no/such.toml" in capsys.readouterr().err
