"""`touchline verify`: what it says of a proof, and how it ends."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.unit.peer.grades.making import grade, sheet
from touchline.cli import files, verify
from touchline.peer.grades.book import Book
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.proof import build
from touchline.protocol import codec, keys, signing
from touchline.protocol.errors import SettingError
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Attach, Card, Grant, Happening, Report, Said

NOW = 1_700_000_000_000_000
HOST = Identity(sha256(b"host").digest())
CARD = Card(event="a-v-b", title="A \x1b[31m– B", sport="football", origins=["A", "B"])


def proof(*, signed: bool = True, book: Book | None = None) -> list[bytes]:
    """The lines of a proof of one goal, which two people reported."""
    journal = []
    core = HostedEvent(CARD, Options(verdict="quorum"), book)
    core.start(1, 0.0, NOW)
    journal.append(core.take().commit)
    for name in ("ann", "bob"):
        key = Identity(sha256(name.encode()).digest())
        core.begin_turn(1.0, NOW)
        grant = Grant(
            id=0,
            token=f"token of {name}",
            peer=key.peer,
            name=name,
            role="reporter",
            event=CARD.event,
            expires=2**57,
            key=key.public,
        )
        member = core.attach(grant, Attach(id=0, token=grant.token, time=NOW - 2_000_000), name)
        said = Said(n=1, time=NOW, event=Happening("goal", "A", NOW))
        report = Report(
            token=name,
            n=1,
            time=NOW,
            event=said.event,
            signature=key.sign(signing.content(CARD.event, said)) if signed else b"",
        )
        core.report(member, report, codec.encode(report))
        journal.append(core.take().commit)
    return build(CARD, journal, HOST)


@pytest.fixture
def run(tmp_path: Path):
    def run(lines: list[bytes], *flags: str) -> Result:
        path = tmp_path / "final.proof"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return CliRunner().invoke(verify.command, [str(path), *flags], standalone_mode=False)

    return run


def test_it_holds(run) -> None:
    """Of a proof that holds it says who sealed it and what is behind it, and whose word is left;
    nothing that a terminal would obey."""
    result = run(proof())
    assert result.return_value == 0
    assert "\x1b" not in result.stdout
    assert "(a-v-b): the proof holds" in result.stdout
    assert f"{HOST.peer}; is that who hosted it?" in result.stdout
    assert "1 messages" in result.stdout
    assert "2 signed reports of 2 reporters" in result.stdout
    assert "corrected by up to 2.0 s: the host's word" in result.stdout
    assert "not signed" not in result.stdout


def test_as_json(run) -> None:
    """With --json one object tells it."""
    lines = proof()
    result = run(lines, "--json")
    told = json.loads(result.stdout)
    assert result.return_value == 0
    assert told == {
        "type": "verified",
        "event": "a-v-b",
        "title": CARD.title,
        "host": HOST.peer,
        "key": keys.to_text(HOST.public),
        "seq": 1,
        "digest": told["digest"],
        "at": 0,
        "entries": 1,
        "reporters": 2,
        "signed": 2,
        "unsigned": 0,
        "shift": 2.0,
        "book": "",
        "owner": "",
        "rulings": 0,
    }
    seen = run(lines, "--digest", told["digest"], "--host", HOST.peer)
    assert "the same, up to message 1" in seen.stdout
    assert "is that who" not in seen.stdout


def test_book(run) -> None:
    """The book by which reporters were weighed is named."""
    book = Book([sheet(grade("ann"))])
    lines = proof(book=book)
    assert f"weighed by   the book {book.digest.hex()}" in run(lines).stdout
    assert json.loads(run(lines, "--json").stdout)["book"] == book.digest.hex()
    assert "weighed by" not in run(proof()).stdout


def test_it_does_not_hold(run) -> None:
    """The place and the reason are told, and the exit code is 4."""
    lines = proof()
    lines[1] = lines[1].replace(b'"seq":1', b'"seq":2')
    result = run(lines)
    assert result.return_value == 4
    assert "final.proof: the proof does not hold: line 2, seq 2, entry 1: " in result.stdout
    result = run(lines, "--json")
    assert result.return_value == 4
    told = json.loads(result.stdout)
    assert (told["type"], told["line"], told["seq"], told["entry_id"]) == ("flaw", 2, 2, "1")
    assert told["reason"]


def test_of_another_host_or_feed(run) -> None:
    """A proof of another host, or of a feed that one did not see, does not do."""
    assert run(proof(), "--host", Identity(bytes(32)).peer).return_value == 4
    assert run(proof(), "--host", keys.to_text(Identity(bytes(32)).public)).return_value == 4
    assert run(proof(), "--digest", "00" * 15 + "01").return_value == 4


def test_unsigned(run) -> None:
    """Reports that nobody signed are refused unless one takes the host's word; it is said then."""
    lines = proof(signed=False)
    assert run(lines).return_value == 4
    result = run(lines, "--allow-unsigned")
    assert result.return_value == 0
    assert "2 reports: the host's word" in result.stdout


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--digest", "xyz"), "--digest"),
        (("--digest", "00"), "--digest"),
        (("--host", "ann"), "--host"),
    ],
)
def test_bad_flags(run, flags: tuple[str, ...], words: str) -> None:
    """A flag that can't be is named."""
    result = run(proof(), *flags)
    assert isinstance(result.exception, SettingError)
    assert words in str(result.exception)


def test_from_a_pipe() -> None:
    """A dash is standard input, and what comes there has a bound."""
    text = b"".join(line + b"\n" for line in proof())
    result = CliRunner().invoke(verify.command, ["-"], input=text, standalone_mode=False)
    assert result.return_value == 0


def test_too_large(run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over the bound is not read to its end."""
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    assert "more than the 100 bytes" in str(run(proof()).exception)


def test_no_file() -> None:
    """A file that is not there is told."""
    result = CliRunner().invoke(verify.command, ["/no/such/file"], standalone_mode=False)
    assert result.exception is not None
    assert not isinstance(result.exception, OSError | click.exceptions.Exit)
