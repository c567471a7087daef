"""From signed reports on real sockets to a proof that anybody can check: host, export, verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.unit.peer.grades.making import grade, sheet
from touchline.cli import export, verify
from touchline.peer import Reporter, identity
from touchline.peer.grades.book import Book, encode
from touchline.protocol import keys
from touchline.protocol.errors import NotFound, SettingError, StorageFault

from .talk import identity as key_of


def _run(command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments), standalone_mode=False)


def _verified(proof: Path, *flags: str) -> tuple[int, dict[str, Any]]:
    result = _run(verify.command, str(proof), "--json", *flags)
    return result.return_value, json.loads(result.stdout)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TOUCHLINE_BROKER", raising=False)
    identity.create("host", seed=key_of("host").seed)
    return tmp_path


def test_another_book(world: Any, home: Path) -> None:
    """An event is hosted with its book and no other once a report is in; its proof names the
    book."""
    book = Book([sheet(grade("ann"))])
    world.with_broker()
    host = world.host(book=book)
    crew = [world.reporter(name) for name in ("ann", "bob")]
    world.goal(0, *crew)
    world.until(lambda: all(one.pending == 0 for one in crew), *crew)
    world.end(host)
    host = world.host()
    assert isinstance(host.lost[world.event], SettingError)
    assert book.digest.hex() in host.lost[world.event].sentence
    world.end(host)
    host = world.host(book=book)
    assert not host.lost
    world.end(host)
    path = home / "final.proof"
    where = ("--format", "proof", "--name", "host", "--journal", world.journal())
    assert _run(export.command, world.event, *where, "-o", str(path)).return_value == 0
    (home / "crowd.book").write_bytes(encode(book))
    assert _verified(path)[0] == 4, "the verdicts cannot be computed anew without the book"
    assert _verified(path, "--book", str(home / "crowd.book"))[1]["book"] == book.digest.hex()


def test_from_report_to_proof(world: Any, home: Path) -> None:
    """What reporters signed leads to entries, also over a restart of the host; the exported proof
    holds, is of the feed that a subscriber saw, and one byte, report or line that is another is
    found."""
    world.with_broker()
    host = world.host(require_signatures=True, verdict="quorum")
    crew = [world.reporter(name) for name in ("ann", "bob", "cid")]
    feed = world.feed()
    world.until(lambda: feed.open, feed)
    world.goal(0, *crew)
    world.until(lambda: len(feed.messages) == 1, feed, *crew)
    world.end(host)
    host = world.host(require_signatures=True, verdict="fixed:3")
    world.goal(1, *crew)
    world.until(lambda: len(feed.messages) == 2, feed, *crew)
    for one in crew:
        one.say("delete", details={"entry": feed.messages[0].entry_id})
    # The text of the second goal follows: it is the first one now.
    world.until(lambda: len(feed.messages) == 4, feed, *crew)
    seen, seq = feed.tracker.digest.hex(), feed.tracker.seq
    world.until(lambda: all(one.pending == 0 for one in crew), feed, *crew)
    where = ("--format", "proof", "--name", "host", "--journal", world.journal())
    refused = _run(export.command, world.event, *where)
    assert isinstance(refused.exception, StorageFault)
    assert "after its host has stopped" in str(refused.exception)
    world.end(host)

    path = home / "final.proof"
    assert _run(export.command, world.event, *where, "-o", str(path)).return_value == 0
    code, told = _verified(path, "--host", key_of("host").peer, "--digest", seen)
    assert (code, told["type"]) == (0, "verified")
    assert (told["event"], told["at"]) == (world.event, seq)
    # Two made the first goal, three the second; the third had told of the first by then.
    assert (told["entries"], told["reporters"], told["unsigned"]) == (1, 3, 0)
    assert told["signed"] in (8, 9)

    lines = path.read_bytes().splitlines(keepends=True)
    for index in range(len(lines)):
        evil = bytearray(lines[index])
        evil[len(evil) // 2] ^= 1
        path.write_bytes(b"".join([*lines[:index], bytes(evil), *lines[index + 1 :]]))
        code, told = _verified(path)
        assert (code, told["type"], told["line"]) == (4, "flaw", index + 1)
    one, other = (
        index for index, line in enumerate(lines) if json.loads(line).get("by") == "reports"
    )
    swapped = [*lines]
    swapped[one], swapped[other] = swapped[other], swapped[one]
    path.write_bytes(b"".join(swapped))
    assert _verified(path)[1]["line"] == one + 1
    published = json.loads(lines[other])
    del published["for"][0]
    lines[other] = json.dumps(published).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    told = _verified(path)[1]
    assert (told["line"], told["entry_id"]) == (other + 1, feed.messages[1].entry_id)


def test_forged_on_the_way(world: Any, home: Path) -> None:
    """A reporter whose signatures do not hold makes no entry, is told so, and stops nobody; what
    the others then agree on is proved without it."""
    world.with_broker()
    host = world.host(verdict="fixed:2")
    eve, ann, bob = (world.reporter(name) for name in ("eve", "ann", "bob"))
    eve.core._identity = key_of("somebody else")
    world.goal(0, eve)
    world.until(lambda: eve.pending == 0, eve)
    world.goal(0, ann)
    world.until(lambda: eve.fate(1).outcome == "refused", eve, ann)
    assert eve.fate(1).code == "BAD_SIGNATURE"
    assert host.events[world.event].counters.refused == {"BAD_SIGNATURE": 1}
    assert host.events[world.event].feed.seq == 0
    world.goal(0, bob)
    world.until(lambda: host.events[world.event].feed.seq == 1, ann, bob)
    world.end(host)
    path = home / "out"
    where = ("--format", "proof", "--name", "host", "--journal", world.journal())
    assert _run(export.command, world.event, *where, "-o", str(path)).return_value == 0
    code, told = _verified(path)
    assert (code, told["signed"], told["reporters"]) == (0, 2, 2)
    assert json.dumps("eve") not in path.read_text()


def test_signatures_are_asked_for(world: Any) -> None:
    """A reporter that signs nothing is refused where the host asks for signatures."""
    world.with_broker().host(require_signatures=True, verdict="fixed:1")
    ann: Reporter = world.reporter("ann")
    ann.core._identity = None
    world.goal(0, ann)
    fate = ann.wait_fate(1, 15, ("refused",))
    assert fate is not None
    assert fate.code == "BAD_SIGNATURE"
    assert ann.pending == 0


def test_not_there(world: Any, home: Path) -> None:
    """An event, a journal or a host that is not there is not found, by name."""
    world.with_broker()
    world.end(world.host())
    flags = ("--format", "proof", "--name", "host")
    for arguments, words in (
        (("no-such-event", *flags, "--journal", world.journal()), world.event),
        ((world.event, *flags), "host.db"),
        ((world.event, *flags, "--journal", f"sqlite:///{home}/none.db"), "none.db"),
        ((world.event, "--format", "proof", "--name", "nobody"), "nobody"),
    ):
        result = _run(export.command, *arguments)
        assert isinstance(result.exception, NotFound)
        assert words in str(result.exception)
    assert identity.names() == ["host"]
    assert keys.peer_id(key_of("host").public) == key_of("host").peer
