"""The brokers that a user knows: kept, found, refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from touchline.cli import brokers, shared
from touchline.cli.brokers import Brokers, KnownBroker
from touchline.protocol.addresses import BrokerAddress
from touchline.protocol.errors import NotFound, SettingError, StorageFault
from touchline.protocol.keys import Identity


def whole(host: str, port: int = 5670, seed: bytes = b"a") -> str:
    """The whole address of a broker."""
    return str(BrokerAddress(host, port, Identity(seed * 32).public))


CLUB = KnownBroker(whole("club.example"), "anna")
HERE = KnownBroker(whole("127.0.0.1"))


def test_kept_in_a_file_of_ones_own(home: Path) -> None:
    """The file is for its owner alone, is written whole, and people can read it."""
    brokers.keep("club", CLUB, default=False)
    assert brokers.file() == home / "brokers.json"
    assert brokers.file().stat().st_mode & 0o777 == 0o600
    assert [name for name in os.listdir(home) if "brokers" in name] == ["brokers.json"]
    assert json.loads(brokers.file().read_text()) == {
        "default": "club",
        "brokers": {"club": {"address": CLUB.address, "who": "anna"}},
    }
    assert brokers.load() == Brokers("club", {"club": CLUB})


def test_default() -> None:
    """The first one is meant where none is said, later ones when that is wanted; when the default
    is forgotten, the only one left is it, of several none."""
    brokers.keep("a", HERE, default=False)
    brokers.keep("b", HERE, default=False)
    assert brokers.load().default == "a"
    brokers.keep("c", CLUB, default=True)
    assert brokers.find("") == CLUB
    brokers.forget("c")
    assert brokers.load().default == ""
    with pytest.raises(SettingError, match=r"name one; you know a, b"):
        brokers.find("")
    brokers.keep("a", HERE, default=True)
    brokers.forget("a")
    assert brokers.load().default == "b"
    brokers.forget("b")
    with pytest.raises(NotFound, match="you know none"):
        brokers.forget("b")


def test_found_by_name_place_or_whole_address() -> None:
    """A broker is found by what it is called, by where it is, and by its whole address."""
    brokers.keep("local", HERE, default=True)
    brokers.keep("club", CLUB, default=False)
    for text in ("club", "club.example", "club.example:5670", "touchline://CLUB.example"):
        assert brokers.find(text) == CLUB, text
    for text in ("", "local", "localhost", "127.0.0.1:5670"):
        assert brokers.find(text) == HERE, text
    stranger = whole("other.example", 7000)
    assert brokers.find(stranger) == KnownBroker(stranger)


@pytest.mark.parametrize(
    "text", ["club.example:7000", "touchline://other.example", "other.example?", "clbu"]
)
def test_a_key_that_is_not_known(text: str) -> None:
    """What is not kept and has no key is refused, with where to get one and what to do."""
    brokers.keep("club", CLUB, default=True)
    with pytest.raises(SettingError, match=r"key=….*touchline login ADDRESS.*you know club"):
        brokers.find(text)


def test_nothing_is_known() -> None:
    """Who knows no broker is told what to do."""
    with pytest.raises(SettingError, match=r"touchline broker.*touchline login ADDRESS"):
        brokers.find("")


def test_two_keys_at_one_place() -> None:
    """Where two are kept for one place, the place alone does not say which."""
    brokers.keep("old", HERE, default=True)
    brokers.keep("new", KnownBroker(whole("localhost", seed=b"n")), default=True)
    with pytest.raises(SettingError, match="new or old"):
        brokers.find("127.0.0.1:5670")
    assert brokers.find("old") == HERE


def test_insecure() -> None:
    """Plain text is for this machine alone, by default at the usual port, and not for a broker
    whose key is known."""
    assert brokers.find("", insecure=True).address == "touchline://127.0.0.1:5670?insecure"
    assert brokers.find("[::1]:7", insecure=True).address == "touchline://[::1]:7?insecure"
    plain = "touchline://localhost:5670?insecure"
    assert brokers.find(plain).address == brokers.find(plain, insecure=True).address == plain
    with pytest.raises(SettingError, match=r"--insecure.*club\.example"):
        brokers.find("club.example", insecure=True)
    with pytest.raises(SettingError, match="has a key"):
        brokers.find(HERE.address, insecure=True)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_written_by_others(mode: int) -> None:
    """A file into which others could have put a key of theirs is not believed."""
    brokers.keep("club", CLUB, default=True)
    brokers.file().chmod(mode)
    with pytest.raises(StorageFault, match=f"mode {mode:04o}"):
        brokers.find("club")


def test_damaged() -> None:
    """A file that can't be read is named, and not replaced."""
    for text in ("", "{", "[]", '{"brokers": {"a": "b"}}'):
        brokers.file().write_text(text)
        brokers.file().chmod(0o600)
        with pytest.raises(StorageFault, match=r"brokers\.json"):
            brokers.keep("club", CLUB, default=True)
        assert brokers.file().read_text() == text


@pytest.mark.parametrize("name", ["", "a:5670", "a/b", "a?insecure", "-x", "a b", "a\n", "x" * 61])
def test_names(name: str) -> None:
    """A name that could be taken for an address or a flag is refused."""
    with pytest.raises(SettingError, match="--as"):
        brokers.keep(name, HERE, default=True)
    assert brokers.load() == Brokers()


@click.command()
@shared.broker_option
@shared.name_option
def where(broker: str, name: str) -> None:
    """Say where one would go, as whom."""
    click.echo(f"{broker} {name}")


def run(*arguments: str, **environment: str) -> Any:
    return CliRunner().invoke(where, arguments, env=environment, catch_exceptions=False)


def test_the_option_gives_whole_addresses(address: str) -> None:
    """A command is called with the whole address, whatever names the broker."""
    brokers.keep("club", CLUB, default=True)
    assert run().stdout.split()[0] == address  # of the variable
    assert run(TOUCHLINE_BROKER="").stdout.split()[0] == CLUB.address
    assert run("--broker", "club").stdout.split()[0] == CLUB.address
    assert run(TOUCHLINE_BROKER="club.example:5670").stdout.split()[0] == CLUB.address


def test_the_name_kept_with_a_broker() -> None:
    """One is who one logged in as, unless one says otherwise."""
    brokers.keep("club", CLUB, default=True)
    assert run("--broker", "club").stdout.split()[1] == "anna"
    assert run("--broker", "club", "--name", "ben").stdout.split()[1] == "ben"
    assert run("--broker", "club", TOUCHLINE_NAME="cat").stdout.split()[1] == "cat"
    assert run("--broker", HERE.address).stdout.split()[1] == shared.login_name()


def test_insecure_is_told_in_red() -> None:
    """Each command says on standard error, in red, that nothing is encrypted; others do not."""
    for arguments in (["--insecure"], ["--broker", "touchline://127.0.0.1?insecure"]):
        result = CliRunner().invoke(where, arguments, env={"TOUCHLINE_BROKER": ""}, color=True)
        assert result.stderr.startswith("\x1b[31mINSECURE: nothing is encrypted")
        assert result.stdout.startswith("touchline://127.0.0.1:5670?insecure")
    assert run().stderr == ""


def test_completion(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell is offered the kept names, and none where they can't be read."""
    brokers.keep("club", CLUB, default=True)
    brokers.keep("local", HERE, default=True)
    option = where.params[0]
    context = click.Context(where)
    assert [item.value for item in option.shell_complete(context, "c")] == ["club"]
    brokers.file().write_text("{")
    assert option.shell_complete(context, "c") == []
