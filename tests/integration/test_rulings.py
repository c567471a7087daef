"""The owner of an event rules on it, over real sockets, through a host that is killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.patience import PATIENCE
from touchline.cli import events, export, shared, verify
from touchline.peer import identity
from touchline.peer.requests import ask_host
from touchline.protocol import messages, signing
from touchline.protocol.errors import Conflict, NotAllowed, Unreachable

from .talk import identity as key_of

CREW = ("ann", "bob", "cid")
OWNER = key_of("creator")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TOUCHLINE_BROKER", raising=False)
    for name in ("creator", "host"):
        identity.create(name, seed=key_of(name).seed)
    return tmp_path


def run(world: Any, command: str, *arguments: str, name: str = "creator") -> Any:
    """Run one of the owner's commands; return what it printed."""
    where = ("--name", name, "--broker", world.address, "--timeout", str(PATIENCE), "--json")
    full = [command, world.event, *arguments, *where]
    result = CliRunner().invoke(events.command, full, catch_exceptions=False, standalone_mode=False)
    return json.loads(result.stdout)


def ended(world: Any) -> tuple[Any, Any, list[Any]]:
    """Start all, and let the crew see a goal and the end; return host, feed and crew."""
    world.with_broker()
    host = world.host_process()
    crew = [world.reporter(name) for name in CREW]
    feed = world.feed()
    world.until(lambda: feed.open, feed, *crew)
    world.goal(0, *crew)
    world.until(lambda: len(feed.messages) == 1, feed, *crew)
    for one in crew:
        one.say("end")
    world.until(lambda: len(feed.messages) == 2, feed, *crew)
    return host, feed, crew


def ruling(world: Any, act: messages.Act, **fields: Any) -> messages.Ruling:
    made = messages.Ruling(
        id=0,
        event=world.event,
        ruling="r1",
        time=5,
        act=act,
        reason="the film",
        key=OWNER.public,
        **{"signature": b"", **fields},
    )
    signature = OWNER.sign(signing.ruling_content(made))
    return messages.Ruling(
        **{name: getattr(made, name) for name in made.__struct_fields__ if name != "signature"},
        signature=signature,
    )


def test_the_owner_rules(world: Any, home: Path) -> None:
    """The result is amended, the host killed and started, the event reopened; strangers are
    refused; the feed says who did it, and the proof that it was the owner."""
    host, feed, crew = ended(world)
    said = ("--score", "2-1", "--reason", "both goals count")
    answer = run(world, "amend", *said)
    assert (answer["type"], answer["act"], answer["seq"]) == ("ruled", "amend", 3)
    world.until(lambda: len(feed.messages) == 3, feed, *crew)
    assert feed.messages[-1].by == OWNER.peer
    assert feed.messages[-1].epoch == answer["epoch"] == feed.messages[0].epoch + 1
    assert feed.messages[-1].headline.startswith("A 2–1 B")
    with pytest.raises(NotAllowed, match=OWNER.peer):
        run(world, "reopen", "--reason", "I want to", name="eve")
    world.kill(host)
    host = world.host_process()
    with pytest.raises(Conflict, match="changes nothing"):
        run(world, "amend", *said)
    again = run(world, "reopen", "--reason", "extra time")
    world.until(lambda: len(feed.messages) == 4, feed, *crew)
    last = feed.messages[-1]
    assert isinstance(last, messages.Finished)
    assert (last.over, last.by, last.reason) == (False, OWNER.peer, "extra time")
    assert last.epoch == again["epoch"] == answer["epoch"] + 2
    world.until(lambda: shared.card_of(world.link("fan2"), world.event).status == "live")
    assert run(world, "ask-score")["type"] == "done"
    with pytest.raises(NotAllowed, match="owner and its present reporters"):
        run(world, "ask-score", name="eve")
    world.kill(host)
    path = home / "final.proof"
    where = ("--format", "proof", "--name", "host", "--journal", world.journal())
    exported = CliRunner().invoke(
        export.command, [world.event, *where, "-o", str(path)], standalone_mode=False
    )
    assert exported.return_value == 0
    checked = CliRunner().invoke(verify.command, [str(path), "--json"], standalone_mode=False)
    told = json.loads(checked.stdout)
    assert (told["type"], told["owner"], told["rulings"]) == ("verified", OWNER.peer, 2)


def test_the_owner_rules_a_dispute(world: Any, home: Path) -> None:
    """What one of three reported stands by the owner's word, and play is suspended, while the event
    goes on; the proof bears it out."""
    world.with_broker()
    host = world.host_process()
    crew = [world.reporter(name) for name in CREW]
    feed = world.feed()
    world.until(lambda: feed.open, feed, *crew)
    world.goal(0, crew[0])
    world.until(lambda: not crew[0].pending, feed, *crew)
    answer = run(world, "uphold", "goal", "A", "--reason", "the referee gave it")
    assert (answer["act"], answer["seq"]) == ("uphold", 1)
    run(world, "suspend", "--reason", "thunderstorm")
    world.until(lambda: len(feed.messages) == 2, feed, *crew)
    goal, stop = feed.messages
    assert (goal.by, goal.reason, goal.evidence.for_) == (OWNER.peer, "the referee gave it", 1)
    assert stop.details == {"play": "interrupted", "reason": "thunderstorm"}
    assert stop.headline.startswith("A 1–0 B")
    world.kill(host)
    path = home / "event.proof"
    where = ("--format", "proof", "--name", "host", "--journal", world.journal())
    CliRunner().invoke(export.command, [world.event, *where, "-o", str(path)])
    checked = CliRunner().invoke(verify.command, [str(path), "--json"], standalone_mode=False)
    told = json.loads(checked.stdout)
    assert (told["type"], told["owner"], told["rulings"]) == ("verified", OWNER.peer, 2)


def test_a_ruling_is_carried_out_once(world: Any, home: Path) -> None:
    """Sent again after the host was killed, a ruling has the answer of before, and changes
    nothing; any peer may carry it there."""
    host, feed, crew = ended(world)
    made = ruling(world, "award", origin="B")
    first = ask_host(world.link("creator"), world.event, made, PATIENCE, shared.missing_host)
    world.kill(host)
    world.host_process()
    again = ask_host(world.link("eve"), world.event, made, PATIENCE, shared.missing_host)
    assert isinstance(first, messages.Ruled)
    assert isinstance(again, messages.Ruled)
    assert (again.epoch, again.seq) == (first.epoch, first.seq)
    world.until(lambda: len(feed.messages) == 3, feed, *crew)
    assert (feed.messages[-1].how, feed.messages[-1].winner) == ("awarded", "B")


def test_without_a_host(world: Any, home: Path) -> None:
    """Where nobody hosts the event, the sentence says how to."""
    world.with_broker()
    with pytest.raises(Unreachable, match="touchline host"):
        ask_host(
            world.link("creator"), world.event, ruling(world, "reopen"), 1.0, shared.missing_host
        )
