"""`touchline events`: what is asked of the broker, and what is printed of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner

from touchline.cli.events import command
from touchline.protocol import keys, messages
from touchline.protocol.errors import NotFound, SettingError
from touchline.protocol.messages import Card
from touchline.sports import matches

STARTS = 1_700_000_000_000_000


def card(event: str, **fields: Any) -> Card:
    fields = {"title": f"Title of {event}", "sport": "football", "origins": ["A", "B"]} | fields
    return Card(event=event, created=STARTS, **fields)


class Broker:
    """Keeps what it is asked; answers with the cards that it has."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.cards: list[Card] = []

    def ask(self, request: Any, timeout: float = 5.0) -> Any:
        self.asked.append(request)
        match request:
            case messages.Create():
                known = ("title", "sport", "origins", "lineups", "rules", "starts")
                fields = {name: getattr(request, name) for name in known}
                return messages.Event(id=1, card=card("new-1", **fields))
            case messages.Search():
                first = int(request.cursor or 0)
                page = self.cards[first : first + request.limit]
                after = first + len(page)
                more = str(after) if after < len(self.cards) else ""
                return messages.EventList(id=1, events=page, cursor=more)
            case messages.Show():
                return messages.Event(id=1, card=self.cards[0])
            case messages.Permit():
                named = [request.peer] if request.allowed else []
                where = {"host": "hosts", "owner": "owners"}[request.role]
                fields = {"owner": "ann", where: named}
                return messages.Event(id=1, card=card(request.event, **fields))
        raise AssertionError(f"asked {request}")


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()

    @contextmanager
    def link(_address: str, _name: str) -> Iterator[Broker]:
        yield broker

    monkeypatch.setattr("touchline.cli.shared.link", link)
    return broker


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_create_prints_the_id_alone(broker: Broker) -> None:
    """Standard output holds the id and nothing else, so that a shell can take it."""
    result = run("create", "A v B", "--sport", "football", "--origin", "A", "--origin", "B")
    assert result.stdout == "new-1\n"
    assert "touchline host new-1" in result.stderr
    (asked,) = broker.asked
    assert (asked.title, asked.sport, asked.origins) == ("A v B", "football", ["A", "B"])


def test_each_create_has_a_key_of_its_own(broker: Broker) -> None:
    """Without --key two calls make two events; with one, the key is the caller's."""
    run("create", "A", "--sport", "race")
    run("create", "A", "--sport", "race")
    run("create", "A", "--sport", "race", "--key", "mine")
    keys = [asked.key for asked in broker.asked]
    assert keys[2] == "mine"
    assert len({*keys, ""}) == 4


def test_create_with_everything(broker: Broker, tmp_path: Path) -> None:
    """Time, line-up and rules reach the broker with their types."""
    names = tmp_path / "a.txt"
    names.write_text("Ann Low\n\n  Bea Ek \n", "utf-8")
    run(
        *("create", "A v B", "--sport", "football", "--origin", "A", "--origin", "B"),
        *("--starts", "2026-06-11T19:00:00Z", "--lineup", f"A={names}"),
        *("--rule", "shootout=true", "--rule", "players=7", "--rule", "final_set=advantage"),
    )
    (asked,) = broker.asked
    assert asked.starts == 1_781_204_400_000_000
    assert asked.lineups == {"A": ["Ann Low", "Bea Ek"]}
    assert asked.rules == {"shootout": True, "players": 7, "final_set": "advantage"}


KEY = "A" * 43


def test_grant_and_revoke(broker: Broker) -> None:
    """Hosts and owners are named by key, id or name, many at once, and taken back."""
    out = run("grant", "e", "--host", KEY, "--host", "any", "--owner", "ben").stdout
    run("revoke", "e", "--host", "any")
    mine = keys.peer_id(bytes(32))
    assert broker.asked == [
        messages.Permit(id=0, event="e", role="owner", peer="ben"),
        messages.Permit(id=0, event="e", role="host", peer=mine),
        messages.Permit(id=0, event="e", role="host", peer="any"),
        messages.Permit(id=0, event="e", role="host", peer="any", allowed=False),
    ]
    assert "may host" in out
    assert "everybody" in out
    told = json.loads(run("grant", "e", "--host", "ben", "--json").stdout)
    assert (told["owner"], told["hosts"]) == ("ann", ["ben"])


def test_grant_nothing(broker: Broker) -> None:
    """Without a host or an owner nothing is asked."""
    with pytest.raises(click.UsageError, match="--pool or an --owner"):
        CliRunner().invoke(command, ["grant", "e"], catch_exceptions=False, standalone_mode=False)
    assert broker.asked == []


def test_create_with_hosts(broker: Broker) -> None:
    """An event may be let to others from the start; it is not unless that is asked for."""
    run("create", "A", "--sport", "race", "--host", "any", "--owner", KEY)
    run("create", "A", "--sport", "race")
    assert [(asked.hosts, asked.owners) for asked in broker.asked] == [
        (["any"], [keys.peer_id(bytes(32))]),
        ([], []),
    ]


def test_create_custom(broker: Broker, tmp_path: Path) -> None:
    """A definition travels in the event's rules, and makes it a custom event."""
    file = tmp_path / "quiz.toml"
    file.write_text('text = "Quiz"\n[[actions]]\ntitle = "right"\ntext = "Right"\npoints = 1\n')
    run("create", "Quiz night", "--definition", str(file), "--origin", "Table 1")
    (asked,) = broker.asked
    assert asked.sport == "custom"
    assert asked.rules["definition"]["actions"][0]["title"] == "right"


def test_create_from_a_match(broker: Broker) -> None:
    """A match gives title, sport, origins, line-ups, rules and time."""
    run("create", "--match", "world-cup-final-2022")
    match = matches.load("world-cup-final-2022")
    (asked,) = broker.asked
    assert (asked.title, asked.sport, asked.starts) == (match.title, match.sport, match.starts)
    assert asked.origins == list(match.origins)
    assert asked.lineups["France"] == list(match.lineups["France"])
    assert asked.rules == match.rules
    msgspec.msgpack.encode(asked)


def test_flags_come_before_the_match(broker: Broker, tmp_path: Path) -> None:
    """What the flags say stands; of a match with other sides no line-up is taken."""
    file = tmp_path / "m.jsonl"
    file.write_text(
        '{"type":"match","title":"T","sport":"football","starts":"2022-12-18T15:00:00.000Z",'
        '"origins":["A","B"],"lineups":{"A":["Ann"]},"rules":{"shootout":true,"players":7}}\n'
    )
    run("create", "Mine", "--match", str(file), "--rule", "players=5")
    run("create", "--match", str(file), "--origin", "X", "--origin", "Y")
    first, second = broker.asked
    assert (first.title, first.lineups) == ("Mine", {"A": ["Ann"]})
    assert first.rules == {"shootout": True, "players": 5}
    assert (second.title, second.origins, second.lineups) == ("T", ["X", "Y"], {})


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["T", "--sport", "race", "--starts", "tomorrow"], SettingError, "--starts"),
        (["T", "--sport", "race", "--starts", "2026-06-11T19:00:00"], SettingError, "time zone"),
        (["T", "--sport", "race", "--rule", "laps"], SettingError, "--rule.*NAME=VALUE"),
        (["T", "--sport", "race", "--lineup", "A"], SettingError, "--lineup.*ORIGIN=FILE"),
        (["T", "--sport", "race", "--lineup", "A=/no/such"], SettingError, "--lineup"),
        (["T", "--definition", "/no/such"], SettingError, "--definition"),
        (["--match", "no-such-match"], NotFound, "world-cup-final-2022"),
    ],
)
def test_create_refuses(
    broker: Broker, arguments: list[str], error: type[Exception], words: str
) -> None:
    """What can't be is refused by its flag, and the broker is not asked."""
    with pytest.raises(error, match=words):
        run("create", *arguments)
    assert not broker.asked


@pytest.mark.parametrize("arguments", [["--sport", "race"], ["A title"]])
def test_create_needs_title_and_sport(broker: Broker, arguments: list[str]) -> None:
    """An event has a title and a sport, by flags or by a match."""
    result = run("create", *arguments)
    assert result.exit_code == 2
    assert "--match" in result.stderr


def test_search_asks(broker: Broker) -> None:
    """Words, sport, status and limit reach the broker."""
    run("search", "arg", "france", "--sport", "football", "--status", "live", "--limit", "7")
    (asked,) = broker.asked
    assert (asked.text, asked.sport, asked.status, asked.limit) == (
        "arg france", "football", "live", 7,
    )  # fmt: skip


def test_search_reads_on(broker: Broker) -> None:
    """More than a page holds is had page by page; that there is more still is said."""
    broker.cards = [card(f"e{number}") for number in range(300)]
    result = run("search", "--limit", "250")
    assert result.stdout.count("\n") == 250
    assert [asked.limit for asked in broker.asked] == [100, 100, 50]
    assert "the first 250" in result.stderr
    assert "the first" not in run("search", "--limit", "300").stderr


def test_search_plain(broker: Broker) -> None:
    """Without a terminal an event is a line of columns; nothing in it can steer a terminal."""
    broker.cards = [card("e1", title="A\x1b]0;boo\x07", hosted=True, status="live", starts=STARTS)]
    assert run("search").stdout == (
        "e1\tA�]0;boo�\tfootball\tlive\tyes\t2023-11-14T22:13:20.000Z\tA, B\n"
    )


def test_search_finds_nothing(broker: Broker) -> None:
    """Nothing found is no error, and standard output is empty."""
    result = run("search", "zebra")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no such event" in result.stderr


def test_search_json(broker: Broker) -> None:
    """With --json each event is an object on a line, times as RFC 3339."""
    broker.cards = [card("e1"), card("e2", hosted=True)]
    first, second = (json.loads(line) for line in run("search", "--json").stdout.splitlines())
    assert (first["event"], first["hosted"], second["hosted"]) == ("e1", False, True)
    assert first["created"] == "2023-11-14T22:13:20.000Z"
    assert first["starts"] is None


def test_show(broker: Broker) -> None:
    """All that is known is shown, cleaned: line-ups, rules, status."""
    broker.cards = [
        card("e1", lineups={"A": ["Ann", "B\x1b[2Jea"]}, rules={"shootout": True, "final": "x"})
    ]
    out = run("show", "e1").stdout
    assert "line-up of A\tAnn, B�[2Jea\n" in out
    assert "rule shootout\ttrue\n" in out
    assert "rule final\tx\n" in out
    assert "host\tnone yet\n" in out
    assert broker.asked == [messages.Show(id=0, event="e1")]


def test_show_json(broker: Broker) -> None:
    """With --json the event is one object."""
    broker.cards = [card("e1", lineups={"A": ["Ann"]})]
    shown = json.loads(run("show", "e1", "--json").stdout)
    assert shown["lineups"] == {"A": ["Ann"]}


def test_drawn_on_a_terminal(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal it is a table with headings, and brackets in a title are shown as they are."""
    broker.cards = [card("e1", title="[bold]A[/bold] v B")]
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("touchline.cli.ui.tables.on_terminal", lambda: True)
    out = run("search").stdout
    assert "event" in out
    assert "[bold]A[/bold] v B" in out
