"""`touchline host`: its flags, what it says as things change, how it ends."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tests.unit.peer.grades.making import grade, sheet
from touchline.cli.host import command
from touchline.peer.grades.book import Book, encode
from touchline.peer.host.options import Options
from touchline.protocol import messages
from touchline.protocol.addresses import BrokerAddress
from touchline.protocol.errors import Conflict, NotFound, SettingError, TouchlineError
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Card, Endpoints

Step = Callable[["Stub"], None]


class Stub:
    """A host to whom one thing after the other happens, a turn each."""

    steps: tuple[Step, ...] = ()
    made: dict[str, Any]
    turns: int

    def __init__(
        self, options: Options, identity: Identity, journal: str, events: Any, book: Any
    ) -> None:
        type(self).made = {
            "book": book,
            "options": options,
            "identity": identity,
            "journal": journal,
            "events": events,
        }
        self.events: dict[str, Any] = {}
        self.lost: dict[str, TouchlineError] = {}
        self.leases = SimpleNamespace(
            answers=0, away="", finished=False, standing_by={}, handed_over={}
        )
        self.followed: Any = None
        self.endpoints = Endpoints(router="tcp://h:1", pull="tcp://h:2", pub="tcp://h:3")

    def stop(self) -> None:
        raise AssertionError("nobody asked it to stop")

    def run(self, go_on: Callable[[], bool]) -> None:
        type(self).turns = 0
        for step in self.steps:
            if not go_on():
                return
            step(self)
            type(self).turns += 1
        go_on()

    def hosts(self, event: str) -> None:
        """Begin to serve an event."""
        counters = SimpleNamespace(stored=5, entries={"CONFIRMED": 2, "DELETED": 1})
        card = Card(event=event, title="A\x1b[31m v B", sport="football", origins=["A", "B"])
        self.events[event] = SimpleNamespace(
            card=card, epoch=4, feed=SimpleNamespace(seq=7), finished=False, counters=counters
        )
        self.leases.answers += 1

    def copies(self, event: str) -> None:
        """Have all that the followed host has of an event."""
        copy = SimpleNamespace(host="p-hill", epoch=2, turn=1_234)
        self.followed = self.followed or SimpleNamespace(complete={})
        self.followed.complete[event] = copy

    def away(self, reason: str) -> None:
        """Have no answer of the broker, or, where there is no reason, one again."""
        self.leases.away = reason
        self.leases.answers += 1

    def loses(self, event: str, error: TouchlineError) -> None:
        """Be refused an event."""
        self.lost[event] = error
        self.leases.answers += 1

    def finishes(self, event: str) -> None:
        """See the end of the only event."""
        self.events[event].finished = self.leases.finished = True
        self.leases.answers += 1


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Stub]:
    kind = type("Stub", (Stub,), {})
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    monkeypatch.setattr("touchline.peer.Host", kind)
    # A journal is its URL here, and is closed by doing nothing.
    monkeypatch.setattr("touchline.peer.Journal", lambda url, _host: url)
    monkeypatch.setattr("touchline.cli.host.closing", nullcontext)
    return kind


def run(*arguments: str) -> Any:
    return CliRunner().invoke(
        command, arguments, catch_exceptions=False, standalone_mode=False, prog_name="host"
    )


def test_every_option_is_a_flag() -> None:
    """Each setting of a host is a flag of the same name; all but who and where with its default."""
    flags = command.make_context("host", ["e1"]).params
    settings = [field for field in dataclasses.fields(Options) if field.init]
    assert {field.name for field in settings} <= flags.keys()
    for field in settings:
        if field.name not in {"name", "broker"}:
            assert flags[field.name] == field.default, field.name


def test_flags_become_options(stub: type[Stub]) -> None:
    """What the flags say is what the host is made with; an event named twice is hosted once."""
    run("e1", "e2", "e1", "--name", "anna", "--verdict", "fixed:3", "--alone", "--pub", "7000")
    made = stub.made["options"]
    assert (made.name, made.verdict, made.alone, made.pub) == ("anna", "fixed:3", True, 7000)
    assert stub.made["events"] == ("e1", "e2")


def test_book_is_read(stub: type[Stub], tmp_path: Path) -> None:
    """The book of --book is read and checked before anything is hosted; one that was changed, or
    is not there, stops the start with the flag's name."""
    run("e1")
    assert stub.made["book"] is None
    path = tmp_path / "club.book"
    book = Book([sheet(grade("ann", (1, 0, 0, 0)))])
    path.write_bytes(encode(book))
    run("e1", "--book", str(path))
    assert stub.made["book"].digest == book.digest
    path.write_bytes(encode(book).replace(b'"hits":1', b'"hits":2', 1))
    for bad in (path, tmp_path / "none"):
        with pytest.raises(SettingError, match="--book: "):
            run("e2", "--book", str(bad))
    assert stub.made["events"] == ("e1",)


def test_journal_and_identity_by_name(stub: type[Stub], tmp_path: Path) -> None:
    """Each name has a journal and an identity of its own, the same at each start."""
    run("e1", "--name", "anna")
    first = dict(stub.made)
    run("e1", "--name", "anna")
    assert stub.made["identity"].seed == first["identity"].seed
    assert stub.made["journal"] == f"sqlite:///{tmp_path}/journal/anna.db"
    run("e1", "--name", "who?")
    assert stub.made["identity"].peer != first["identity"].peer
    assert stub.made["journal"] == f"sqlite:///{tmp_path}/journal/who%3F.db"


def test_journal_of_ones_own(stub: type[Stub]) -> None:
    """--journal is taken as it is."""
    run("e1", "--journal", "postgresql+psycopg://me@db/t")
    assert stub.made["journal"] == "postgresql+psycopg://me@db/t"


def test_bad_name(stub: type[Stub]) -> None:
    """A name that would lead out of the folder is refused."""
    with pytest.raises(SettingError, match="name"):
        run("e1", "--name", "../anna")


def test_it_says_what_it_hosts(stub: type[Stub]) -> None:
    """It says whom it asks, then each event once, with nothing that a terminal would obey."""
    stub.steps = (lambda host: host.hosts("e1"), lambda host: host.away(""))
    out = run("e1", "--broker", str(BrokerAddress("b", 1, Identity(b"b" * 32).public))).stdout
    assert "asking the broker at b:1 for e1" in out
    assert out.count("hosting e1 (A�[31m v B), epoch 4, from seq 7, at tcp://h:1") == 1
    assert out.endswith("host stopped: 5 reports stored, 3 entries published\n")


def test_it_says_that_it_waits(stub: type[Stub]) -> None:
    """A broker that does not answer is told once, and once when it is back."""
    stub.steps = (
        lambda host: host.away("no answer"),
        lambda host: host.away("no answer"),
        lambda host: host.away(""),
    )
    out = run("e1").stdout
    assert out.count("no answer\nwaiting for the broker") == 1
    assert out.count("the broker answers") == 1


@pytest.mark.parametrize(
    ("error", "code"), [(NotFound("no event 'e1'"), 3), (Conflict("held by another"), 4)]
)
def test_exit_code_of_a_lost_event(stub: type[Stub], error: TouchlineError, code: int) -> None:
    """An event that can't be hosted is told by the exit code, also where others were hosted."""
    stub.steps = (lambda host: host.hosts("e2"), lambda host: host.loses("e1", error))
    assert run("e1", "e2").return_value == code


def test_until_finished(stub: type[Stub]) -> None:
    """With --until-finished it ends with the last event; without, it goes on serving."""
    stub.steps = (
        lambda host: host.hosts("e1"),
        lambda host: host.finishes("e1"),
        lambda host: host.away("never reached"),
    )
    result = run("e1", "--until-finished")
    assert (result.return_value, stub.turns) == (0, 2)
    assert "e1 is over" in result.stdout
    run("e1")
    assert stub.turns == 3


def test_json(stub: type[Stub]) -> None:
    """With --json every line is an object, and nothing else is printed."""
    stub.steps = (
        lambda host: host.away("no answer"),
        lambda host: host.away(""),
        lambda host: host.hosts("e1"),
        lambda host: host.loses("e2", NotFound("no event 'e2'")),
        lambda host: host.finishes("e1"),
    )
    lines = [json.loads(line) for line in run("e1", "e2", "--json").stdout.splitlines()]
    assert [line["type"] for line in lines] == [
        "waiting",
        "reached",
        "hosting",
        "error",
        "finished",
        "stopped",
    ]
    assert lines[0]["reason"] == "no answer"
    assert lines[2]["pub"] == "tcp://h:3"
    assert lines[3] == {
        "type": "error",
        "event": "e2",
        "code": "NOT_FOUND",
        "reason": "no event 'e2'",
    }


def test_others_may_host(stub: type[Stub], monkeypatch: pytest.MonkeyPatch) -> None:
    """With --host the owner's host first lets others host each of its events, too."""
    asked: list[Any] = []
    card = Card(event="e", title="A v B", sport="football", origins=["A", "B"])

    class Link:
        def ask(self, request: Any) -> Any:
            asked.append((request.event, request.role, request.peer))
            return messages.Event(id=0, card=card)

    monkeypatch.setattr("touchline.cli.shared.link", lambda *_: nullcontext(Link()))
    run("e1", "e2", "--host", "any")
    assert asked == [("e1", "host", "any"), ("e2", "host", "any")]
    run("e1")
    assert len(asked) == 2


def test_an_address_for_nobody(stub: type[Stub]) -> None:
    """Listening everywhere needs a name that others can reach; that is said."""
    assert "--advertise" in run("e1", "--bind", "*").stderr
    assert "--advertise" not in run("e1", "--bind", "*", "--advertise", "club.example").stderr


def test_a_port_in_bind(stub: type[Stub]) -> None:
    """Three sockets can't share the one port that --bind would name."""
    with pytest.raises(SettingError, match=r"--bind.*--router"):
        run("e1", "--bind", "127.0.0.1:7000")


def test_turns_without_news_cost_nothing(stub: type[Stub]) -> None:
    """Between two answers of the broker no event is looked at, however many there are."""

    class Untouchable(dict[str, Any]):
        def items(self) -> Any:
            raise AssertionError("looked at")

    def hide(host: Stub) -> None:
        host.events = Untouchable()

    stub.steps = (hide, lambda host: None)
    run("e1")


def test_a_copy_is_told_once(stub: type[Stub]) -> None:
    """A host that follows says of each event when it has all for the first time."""
    stub.steps = (
        lambda host: host.copies("e1"),
        lambda host: None,
        lambda host: host.copies("e2"),
    )
    told = [json.loads(line) for line in run("--follow", "hill", "--json").stdout.splitlines()]
    copies = [one for one in told if one["type"] == "copying"]
    assert [one["event"] for one in copies] == ["e1", "e2"]
    assert copies[0] == {
        "type": "copying", "event": "e1", "host": "p-hill", "epoch": 2, "turn": 1_234,
    }  # fmt: skip
    assert "copying e1 from p-hill, up to turn 1,234 of epoch 2" in run("--follow", "hill").stdout


class Creating:
    """A broker that creates what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def ask(self, request: Any) -> Any:
        self.asked.append(request)
        card = Card(event="made-1", title=request.title, sport=request.sport, origins=[])
        return messages.Event(id=0, card=card)


@pytest.fixture
def creating(monkeypatch: pytest.MonkeyPatch) -> Creating:
    broker = Creating()
    monkeypatch.setattr("touchline.cli.shared.link", lambda *_: nullcontext(broker))
    return broker


MATCH = ("--create", "A v B", "--sport", "football", "--origin", "A", "--origin", "B")


def test_an_event_is_created_and_hosted(stub: type[Stub], creating: Creating) -> None:
    """One command makes the event and hosts it, beside others."""
    run("e1", *MATCH, "--owner", "ann")
    assert stub.made["events"] == ("e1", "made-1")
    (request,) = creating.asked
    assert (request.title, request.sport, request.origins) == ("A v B", "football", ["A", "B"])
    assert request.owners == ["ann"]


def test_the_same_command_line_is_the_same_event(stub: type[Stub], creating: Creating) -> None:
    """A service that starts anew goes on with its event; another description, or --key, is another
    event."""
    run(*MATCH)
    run(*MATCH, "--host", "any")
    run(*MATCH, "--starts", "2026-06-11T19:00:00Z")
    run(*MATCH, "--key", "second leg")
    keys = [request.key for request in creating.asked]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert keys[3] == "second leg"


@pytest.mark.parametrize(
    "arguments", [("--host", "any"), ("e1", "--sport", "football"), ("--create", "A v B")]
)
def test_what_is_not_to_be_hosted(
    stub: type[Stub], creating: Creating, arguments: tuple[str, ...]
) -> None:
    """Without an event, with half a description, or without a sport there is nothing to host."""
    with pytest.raises(click.UsageError):
        run(*arguments)
    assert creating.asked == []
