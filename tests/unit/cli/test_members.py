"""`touchline invite`, `members`, `revoke`: what operators ask, and what they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import pytest
from click.testing import CliRunner

from touchline.cli import invite, members, revoke
from touchline.protocol import messages
from touchline.protocol.addresses import BrokerAddress as Address
from touchline.protocol.errors import NotFound, SettingError
from touchline.protocol.keys import Identity
from touchline.protocol.messages import EnrolledPeer

EXPIRES = 1_700_000_000_000_000


class BrokerAddress:
    """Has so many people on its roll, and keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.people: list[EnrolledPeer] = []

    def has(self, count: int) -> None:
        self.people = [
            EnrolledPeer(peer=f"id-{n:04}", name=f"Person {n}", role="reporter", enrolled=EXPIRES)
            for n in range(count)
        ]

    def ask(self, request: Any) -> Any:
        self.asked.append(request)
        match request:
            case messages.Invite():
                code = "k3vq-7m2p-xw9d"
                return messages.Invited(id=1, code=code, invite="i7", expires=EXPIRES)
            case messages.Members():
                rest = [person for person in self.people if person.peer > request.cursor]
                page = rest[: request.limit]
                cursor = page[-1].peer if len(rest) > len(page) else ""
                return messages.Roll(id=1, members=page, cursor=cursor)
            case messages.Revoke():
                return messages.Done(id=1)
        raise AssertionError(f"asked {request}")


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> BrokerAddress:
    broker = BrokerAddress()

    @contextmanager
    def link(_address: str, _name: str) -> Iterator[BrokerAddress]:
        yield broker

    monkeypatch.setattr("touchline.cli.shared.link", link)
    return broker


def run(command: click.Command, *arguments: str, given: str | None = None) -> Any:
    return CliRunner().invoke(command, arguments, input=given, catch_exceptions=False)


# ── invite ───────────────────────────────────────────────────────────────────────────────────


def test_invite(broker: BrokerAddress, address: str) -> None:
    """The code stands alone on standard output; beside it what those who get it have to say."""
    result = run(invite.command, "--role", "host", "--uses", "20", "--expires", "2d")
    assert result.stdout == "k3vq-7m2p-xw9d\n"
    assert "enrols 20 people as host until 2023-11-14T22:13:20.000Z" in result.stderr
    assert f"touchline login '{address}' --invite k3vq-7m2p-xw9d" in result.stderr
    assert "only on this machine" in result.stderr
    (asked,) = broker.asked
    assert (asked.role, asked.uses, asked.seconds) == ("host", 20, 2 * 86_400)


def test_invite_json(broker: BrokerAddress) -> None:
    """A program gets the code, the address and the ready line; another machine's address is not
    warned of."""
    there = str(Address("club.example", 5670, Identity(b"c" * 32).public))
    result = run(invite.command, "--broker", there, "--json")
    assert json.loads(result.stdout) == {
        "type": "invite",
        "code": "k3vq-7m2p-xw9d",
        "invite": "i7",
        "role": "reporter",
        "uses": 1,
        "expires": "2023-11-14T22:13:20.000Z",
        "address": there,
        "login": f"touchline login '{there}' --invite k3vq-7m2p-xw9d",
    }
    assert run(invite.command, "--broker", there).stderr.count("\n") == 2


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5_400), ("12h", 43_200), ("1.5h", 5_400), ("1w", 604_800), ("30s", 30)],
)
def test_durations(text: str, seconds: float) -> None:
    """A duration is a number and a unit."""
    assert invite.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "2", "d", "-1d", "0d", "2 days", "1e3d", "nand", "infd", "400d", "٣d"]
)
def test_bad_durations(broker: BrokerAddress, text: str) -> None:
    """What is none, nothing, or too long is refused by its flag, and nothing is asked."""
    with pytest.raises(SettingError, match="--expires"):
        run(invite.command, "--expires", text)
    assert broker.asked == []


# ── members ──────────────────────────────────────────────────────────────────────────────────


def test_members(broker: BrokerAddress) -> None:
    """Each member is a line: id, name, role, when it came, by which invitation, whether it is
    out; what a terminal would obey is taken out of names."""
    broker.people = [
        EnrolledPeer(peer="a", name="An\x1b[31mna", role="host", enrolled=EXPIRES, invite="i7"),
        EnrolledPeer(peer="b", name="Ben", role="viewer", revoked=True),
    ]
    assert run(members.command).stdout == (
        "a\tAn�[31mna\thost\t2023-11-14T22:13:20.000Z\ti7\t\nb\tBen\tviewer\t\t\trevoked\n"
    )
    told = [json.loads(line) for line in run(members.command, "--json").stdout.splitlines()]
    assert told[1] == {
        "peer": "b",
        "name": "Ben",
        "role": "viewer",
        "enrolled": None,
        "invite": "",
        "revoked": True,
    }


@pytest.mark.parametrize(("count", "more"), [(0, False), (99, False), (100, False), (101, True)])
def test_the_first_page(broker: BrokerAddress, count: int, more: bool) -> None:
    """Without --all it is a page, and it is said whether there is more."""
    broker.has(count)
    result = run(members.command)
    assert len(result.stdout.splitlines()) == min(count, 100)
    assert ("--all" in result.stderr) == more


def test_all_pages(broker: BrokerAddress) -> None:
    """With --all it is everybody, each once."""
    broker.has(250)
    lines = run(members.command, "--all").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [person.peer for person in broker.people]
    assert [asked.cursor for asked in broker.asked] == ["", "id-0099", "id-0199"]


# ── revoke ───────────────────────────────────────────────────────────────────────────────────


def test_revoke_asks_first(broker: BrokerAddress) -> None:
    """Whoever is meant is shown and asked about; no means no."""
    broker.has(3)
    result = run(revoke.command, "person 2", given="n\n")
    assert "Put Person 2 (id-0002, reporter) out for good?" in result.stderr
    assert result.exit_code == 1
    assert not any(isinstance(asked, messages.Revoke) for asked in broker.asked)
    assert run(revoke.command, "person 2", given="y\n").exit_code == 0
    assert broker.asked[-1] == messages.Revoke(id=0, peer="id-0002")


def test_revoke_by_id_or_name(broker: BrokerAddress) -> None:
    """An id comes before a name that sounds like one, wherever on the roll they are."""
    broker.has(150)
    broker.people[0] = EnrolledPeer(peer="id-0000", name="id-0140", role="viewer")
    run(revoke.command, "id-0140", "--yes")
    assert broker.asked[-1].peer == "id-0140"
    told = run(revoke.command, "PERSON 141", "--yes", "--json").stdout
    assert json.loads(told) == {"type": "revoked", "peer": "id-0141", "name": "Person 141"}


def test_revoke_nobody(broker: BrokerAddress) -> None:
    """Who is not on the roll can't be put out."""
    broker.has(3)
    with pytest.raises(NotFound, match="'eve'"):
        run(revoke.command, "eve", "--yes")
    assert run(revoke.command, "eve", "--json").exit_code == 2
