"""A finished event as one file: packed, read by all that read recordings and proofs, put back."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from tests.unit.proof.conftest import everything
from touchline.cli import events, verify, watch
from touchline.peer import Journal, identity
from touchline.protocol.errors import Conflict, NotFound, SettingError, StorageFault
from touchline.timeline import recording
from touchline.timeline.archive import is_archive, read, write


@pytest.fixture
def packed(ground: Any, tmp_path: Path, monkeypatch: Any) -> Any:
    """A ground on which an event is over, with the journal of its host beside that of another."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    identity.load("ground")
    g = everything(ground)
    g.url = f"sqlite:///{tmp_path / 'journal.db'}"
    with closing(Journal(g.url)) as journal:
        journal.keep_card(g.card)
        for turn in g.journal:
            journal.commit([(g.card.event, turn), ("other", turn)])
    g.file = Path(f"{g.card.event}.touchline")
    return g


def run(*arguments: object) -> Result:
    root = click.Group(
        commands={
            "events": events.command,
            "watch": watch.command,
            "verify": verify.command,
        }
    )
    return CliRunner().invoke(root, list(map(str, arguments)))


def pack(g: Any, *flags: str) -> Result:
    return run(
        "events", "archive", g.card.event, "--name", "ground", "--journal", g.url, "--json", *flags
    )


def held(g: Any) -> tuple[list[str], list[bytes]]:
    """What the journal holds: the ids of events, and the turns of this one."""
    with closing(Journal(g.url)) as journal:
        return journal.all_events(), list(journal.turns(g.card.event))


def test_an_event_is_packed_and_put_back(packed: Any) -> None:
    """It is out of the journal, and nothing else is; put back it has the same turns."""
    result = pack(packed)
    assert result.exception is None, result.exception
    told = json.loads(result.stdout)
    assert (told["type"], told["file"], told["kept"]) == ("archived", str(packed.file), False)
    assert held(packed) == (["other"], [])
    back = run("events", "unarchive", packed.file, "--name", "ground", "--journal", packed.url)
    assert back.exception is None, back.exception
    assert held(packed) == ([packed.card.event, "other"], packed.journal)
    with closing(Journal(packed.url)) as journal:
        assert journal.card(packed.card.event) == packed.card
        assert not any(turn.damage for turn in journal.read(packed.card.event))
    again = run("events", "unarchive", packed.file, "--name", "ground", "--journal", packed.url)
    assert isinstance(again.exception, Conflict)


def test_it_is_a_recording(packed: Any) -> None:
    """What reads recordings reads it, and finds the whole feed."""
    pack(packed, "--keep")
    assert held(packed)[1] == packed.journal
    assert recording.is_recording(packed.file)
    found = recording.read(packed.file)
    assert found is not None
    assert (found.card, found.messages) == (packed.card, packed.feed)
    lines = run("watch", packed.file, "--json").stdout.splitlines()
    assert [json.loads(line)["seq"] for line in lines[:-1]] == [one.seq for one in packed.feed]
    summary = json.loads(lines[-1])
    assert (summary["type"], summary["finished"]) == ("summary", True)


def test_its_proof_is_checked(packed: Any) -> None:
    """The proof in it is checked as one in a file of its own."""
    pack(packed)
    result = run("verify", packed.file, "--json")
    assert result.exception is None, result.output
    assert json.loads(result.stdout)["event"] == packed.card.event


def test_what_is_not_archived(packed: Any, ground: Any) -> None:
    """An event that goes on, one that is not there and a file that exists: nothing changes."""
    g = ground()
    g.say("ann", "goal", "A")
    with closing(Journal(packed.url)) as journal:
        journal.remove(g.card.event)
        journal.keep_card(g.card)
        for turn in g.journal:
            journal.commit([(g.card.event, turn)])
    before = held(packed)
    assert isinstance(pack(packed).exception, Conflict)
    missing = ("events", "archive", "nope", "--name", "ground", "--journal", packed.url)
    assert isinstance(run(*missing).exception, NotFound)
    packed.file.write_bytes(b"mine")
    assert held(packed) == before
    assert packed.file.read_bytes() == b"mine"


def test_a_file_that_exists(packed: Any) -> None:
    """It is not written over."""
    packed.file.write_bytes(b"mine")
    assert isinstance(pack(packed).exception, SettingError)
    assert packed.file.read_bytes() == b"mine"
    assert held(packed)[1] == packed.journal


def test_a_torn_or_changed_archive(packed: Any) -> None:
    """It is not put back."""
    pack(packed, "--keep")
    whole = packed.file.read_bytes()
    for content, why in (
        (whole[:-1], "cut off"),
        (whole[: len(whole) // 2], "cut off"),
        (whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:], "changed"),
    ):
        packed.file.write_bytes(content)
        with pytest.raises(SettingError, match=why):
            read(packed.file)


@pytest.mark.parametrize("forged", ["checksum", "turn missing", "seq", "unfinished"])
def test_the_archive_of_a_stranger(packed: Any, forged: str) -> None:
    """One whose turns no host can go on with is not put back: the host would not start with it. One
    whose messages are not those of a feed is not read."""
    pack(packed)
    card, messages, proof, turns = read(packed.file)
    match forged:
        case "checksum":
            turns[3] = turns[3][0], bytes(len(turns[3][1]))
        case "turn missing":
            del turns[1]
        case "seq":
            messages[1] = replace(messages[1], seq=2**60)
        case _:
            del turns[-5:]
    packed.file.unlink()
    write(packed.file, card, messages, proof.splitlines(), turns)
    back = run("events", "unarchive", packed.file, "--name", "ground", "--journal", packed.url)
    assert isinstance(back.exception, SettingError | StorageFault | Conflict), back.exception
    assert held(packed) == (["other"], [])


def test_long_turns_come_in_pieces(packed: Any, monkeypatch: Any) -> None:
    """A turn or line that is longer than a map may be is whole again when it is read."""
    monkeypatch.setattr("touchline.timeline.archive.PIECE_BYTES", 7)
    pack(packed, "--keep")
    assert [turn for turn, _ in read(packed.file).turns] == packed.journal
    assert not is_archive(Path("journal.db"))
