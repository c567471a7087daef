"""`touchline login` and `logout`: brokers are kept once they have answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner

from touchline.cli import brokers, login, logout, shared
from touchline.cli.brokers import KnownBroker
from touchline.protocol import messages
from touchline.protocol.addresses import BrokerAddress
from touchline.protocol.errors import BadInvite, NameTaken, NotFound, SettingError, Unreachable
from touchline.protocol.keys import Identity

CLUB = str(BrokerAddress("club.example", 5670, Identity(b"c" * 32).public))
OTHER = str(BrokerAddress("club.example", 5670, Identity(b"o" * 32).public))


class FakeLink:
    """A broker that lets everybody in, or refuses."""

    peer = "k3vq-7m2p-xw9d-4tna"
    role = "reporter"

    def __init__(self) -> None:
        self.visits: list[tuple[str, str, str]] = []
        self.error: Exception | None = None
        self.taken: set[str] = set()

    def ask(self, request: Any) -> Any:
        if self.error:
            raise self.error
        if self.visits[-1][1] in self.taken:
            raise NameTaken("the name belongs to another key")
        return messages.EventList(id=1, events=[], cursor="")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeLink:
    fake = FakeLink()

    @contextmanager
    def link(address: str, name: str, *, invite: str = "") -> Iterator[FakeLink]:
        fake.visits.append((address, name, invite))
        yield fake

    monkeypatch.setattr("touchline.cli.shared.link", link)
    return fake


def run(*arguments: str) -> Any:
    return CliRunner().invoke(login.command, arguments, catch_exceptions=False)


def test_a_broker_is_kept_and_meant(fake: FakeLink) -> None:
    """Once it has answered a broker is kept by its host's name, and is the default."""
    brokers.keep("local", KnownBroker(OTHER), default=True)
    result = run(CLUB)
    name = shared.login_name()
    assert result.stdout == (
        f"you are {name} ({fake.peer}), reporter, at club.example (club.example:5670)\n"
    )
    assert fake.visits == [(CLUB, name, "")]
    assert brokers.load().default == "club.example"
    assert brokers.find("club.example") == KnownBroker(CLUB)


def test_with_everything(fake: FakeLink) -> None:
    """The code goes to the broker, and who one is there is kept with it."""
    told = json.loads(
        run(CLUB, "--as", "club", "--invite", "a-b-c", "--name", "anna", "--json").stdout
    )
    assert told == {
        "type": "login",
        "broker": "club",
        "address": CLUB,
        "name": "anna",
        "peer": fake.peer,
        "role": "reporter",
    }
    assert fake.visits == [(CLUB, "anna", "a-b-c")]
    assert brokers.find("club") == KnownBroker(CLUB, "anna")


def test_again_by_name(fake: FakeLink) -> None:
    """A kept broker is greeted by its name, as whom one was there, and keeps its name."""
    run(CLUB, "--as", "club", "--name", "anna")
    run("club", "--invite", "a-b-c")
    run(CLUB)
    assert fake.visits[1:] == [(CLUB, "anna", "a-b-c"), (CLUB, shared.login_name(), "")]
    assert list(brokers.load().brokers) == ["club"]
    run("club", "--as", "home")
    assert list(brokers.load().brokers) == ["club", "home"]


@pytest.mark.parametrize("error", [BadInvite("used up"), Unreachable("no answer")])
def test_one_that_refuses_is_not_kept(fake: FakeLink, error: Exception) -> None:
    """Where the broker does not answer or refuses, nothing is kept."""
    fake.error = error
    with pytest.raises(type(error)):
        run(CLUB)
    assert brokers.load().brokers == {}


def test_another_key_under_a_known_name(fake: FakeLink) -> None:
    """A broker with another key does not quietly take the place of one that is known."""
    run(CLUB)
    with pytest.raises(SettingError, match=r"another broker as .*touchline logout club\.example"):
        run(OTHER)
    assert brokers.find("club.example").address == CLUB
    run(OTHER, "--as", "other")
    assert brokers.find("other").address == OTHER


def test_on_this_machine_it_is_local(fake: FakeLink) -> None:
    """A broker on this machine is called local, where no name is given."""
    here = str(BrokerAddress("[::1]", 5670, Identity(b"h" * 32).public))
    run(here)
    assert brokers.find("local").address == here


def test_a_bad_name_is_refused_before_hello(fake: FakeLink) -> None:
    """A name that could be an address is refused before anybody is asked."""
    with pytest.raises(SettingError, match="--as"):
        run(CLUB, "--as", "a:1")
    assert fake.visits == []


def test_an_address_without_a_key(fake: FakeLink) -> None:
    """HOST:PORT proves nothing: it says where to get the whole address."""
    with pytest.raises(SettingError, match=r"key of club\.example:5670 is not known"):
        run("club.example:5670")
    assert fake.visits == []


def test_a_plain_one_is_warned_of(fake: FakeLink) -> None:
    """A broker that encrypts nothing is said to be one."""
    assert "INSECURE" in run("touchline://127.0.0.1:5670?insecure").stderr


def test_list(fake: FakeLink) -> None:
    """Without an address the known brokers are listed, the default marked."""
    assert "touchline login ADDRESS" in run().stderr
    run(CLUB, "--as", "club", "--name", "anna")
    run(OTHER, "--as", "other")
    assert run().stdout == f"club\t\tanna\t{CLUB}\nother\tdefault\t\t{OTHER}\n"
    told = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert [(one["broker"], one["name"], one["default"]) for one in told] == [
        ("club", "anna", False),
        ("other", None, True),
    ]
    assert run("--as", "x").exit_code == 2


def test_logout(fake: FakeLink) -> None:
    """A forgotten broker is gone; it says where commands go now."""
    run(CLUB, "--as", "club")
    run(OTHER, "--as", "other")
    result = CliRunner().invoke(logout.command, ["other"])
    assert result.stdout == "other is forgotten; commands now go to club\n"
    told = CliRunner().invoke(logout.command, ["club", "--json"]).stdout
    assert json.loads(told) == {"type": "logout", "broker": "club", "default": None}
    with pytest.raises(NotFound, match="no broker is named 'club'"):
        CliRunner().invoke(logout.command, ["club"], catch_exceptions=False)


def test_a_login_name_that_is_taken(fake: FakeLink) -> None:
    """The login name with a number is taken instead, and kept; a name that was given is refused."""
    name = shared.login_name()
    fake.taken = {name, f"{name}-2", "anna"}
    result = run(CLUB)
    assert f"yours is {name}-3" in result.stderr
    assert brokers.find("club.example") == KnownBroker(CLUB, f"{name}-3")
    run("club.example")
    assert fake.visits[-1][1] == f"{name}-3"
    with pytest.raises(NameTaken, match=r"^--name: the name belongs"):
        run(CLUB, "--name", "anna")


def test_errors_name_the_flag(fake: FakeLink) -> None:
    """A wrong code is --invite's fault, and a wrong address is the argument's."""
    fake.error = BadInvite("used up")
    with pytest.raises(BadInvite, match=r"^--invite: used up"):
        run(CLUB, "--invite", "a-b-c")
    with pytest.raises(SettingError) as caught:
        run("not an address")
    assert "--broker" not in str(caught.value)
