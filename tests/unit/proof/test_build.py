"""What a proof holds: the feed to the byte, and behind each message the votes that led to it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.conftest import BEGIN
from touchline.peer.host.event.records import EDITION
from touchline.proof import build, check, lines
from touchline.proof.lines import ConfirmedScore, Header, Published, Seal
from touchline.protocol import codec, keys
from touchline.protocol.errors import StorageFault
from touchline.protocol.messages import Entry

from .forging import HOST, whole


def published(proof: list[bytes]) -> list[Published]:
    found = map(lines.decode, proof)
    return [line for line in found if isinstance(line, Published)]


def test_everything_published(busy: Any, proof: list[bytes]) -> None:
    """Each message is there in the order of seq, byte for byte, with the reason for it."""
    found = published(proof)
    assert [line.body for line in found] == busy.bodies
    assert [line.seq for line in found] == list(range(1, len(found) + 1))
    kinds = "reports second reports reports amend reports delete reports host host host reports"
    assert [line.by for line in found] == [*kinds.split(), "doubt", "host", "reports", "end"]


def test_votes_are_the_evidence(busy: Any, proof: list[bytes]) -> None:
    """As many votes are there, for and against, as the entry says."""
    for line, message in zip(published(proof), busy.feed, strict=True):
        if isinstance(message, Entry) and line.by != "doubt":
            counted = (message.evidence.for_, message.evidence.against)
            assert (len(line.for_), len(line.against)) == counted
    against = {line.by for line in published(proof) if line.against}
    assert against == {"reports", "amend", "delete"}


def test_shift(proof: list[bytes]) -> None:
    """A vote carries by how much its reporter's clock was off."""
    second = published(proof)[1]
    assert [vote.shift for vote in second.for_] == [0, 3_000_000]


def test_clocks_that_were_set(ground: Any) -> None:
    """A clock that was set, and a report that was made later than it came, are told with the votes;
    the proof holds."""
    g = ground(signs=True, verdict="fixed:2")
    g.attach("bob")
    for behind in (0.0, 0.0, -25.0):
        g.wait(5.0)
        g.ping("ann", behind=behind)
    now = g.second
    g.say("ann", "goal", "A", at=now + 24, made=now + 25)
    g.say("bob", "goal", "A", at=now + 39, made=now + 40)
    proof = build(g.card, g.journal, HOST)
    (line,) = published(proof)
    assert [vote.shift for vote in line.for_] == [-25_000_000, -40_000_000]
    (entry,) = g.entries
    assert entry.time == BEGIN + round((now - 1) * 1_000_000)
    assert check(whole(proof)).flaw is None


def test_undone_report(proof: list[bytes]) -> None:
    """With an undo that came too late the report is there that it takes back."""
    (deleted,) = [line for line in published(proof) if line.by == "delete"]
    assert [vote.undoes is None for vote in deleted.for_] == [False, False]


def test_head_and_score(busy: Any, proof: list[bytes]) -> None:
    """The header names the event, the host, the policy of each epoch and whoever voted; the score
    that was confirmed stands between the messages."""
    header = lines.decode(proof[0])
    assert isinstance(header, Header)
    assert header.card == busy.card
    assert [(one.epoch, one.verdict, one.alone, one.edition) for one in header.epochs] == [
        (1, "quorum", True, EDITION),
        (2, "quorum", True, EDITION),
    ]
    assert {one.name for one in header.signers} == {"ann", "bob", "cid", "dan", "eve"}
    assert all(keys.peer_id(one.key) == one.peer for one in header.signers)
    (score,) = [line for line in map(lines.decode, proof) if isinstance(line, ConfirmedScore)]
    assert (score.adopt, score.score["points"]) == (True, {"A": 9, "B": 9})
    assert (len(score.for_), len(score.against)) == (2, 1)


def test_seal(busy: Any, proof: list[bytes]) -> None:
    """The seal holds the SHA-256 of each line, and the digest that subscribers have."""
    seal = lines.decode(proof[-1])
    assert isinstance(seal, Seal)
    assert seal.hashes == [sha256(line).digest() for line in proof[:-1]]
    assert seal.digest == busy.core.feed.digest


def test_who_did_not_count(busy: Any, proof: list[bytes]) -> None:
    """A vote that was taken back or struck out, and whoever gave no other, is not there."""
    (point,) = [
        line
        for line, message in zip(published(proof), busy.feed, strict=True)
        if isinstance(message, Entry) and (message.title, message.origin) == ("point", "B")
    ]
    assert len(point.for_) == 2
    lonely = busy.core.roster.participants
    assert len(lonely) == 5


def test_no_secret(proof: list[bytes]) -> None:
    """Nothing that lets one in stands in a proof."""
    text = b"\n".join(proof)
    assert b"token" not in text
    assert b"badge" not in text


def test_nothing_is_checked(busy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """To put it together, no signature is checked: that is for whoever reads it."""
    monkeypatch.setattr(keys, "verify", None)
    build(busy.card, busy.journal, keys.Identity(bytes(32)))


def test_event_without_entries(ground: Any) -> None:
    """An event of which nothing was published yet has a proof, too."""
    g = ground(signs=True)
    g.say("ann", "goal", "A", at=1)
    proof = build(g.card, g.journal, keys.Identity(bytes(32)))
    assert [type(lines.decode(line)) for line in proof] == [Header, Seal]


def test_damaged_journal(busy: Any) -> None:
    """A journal that can't be read is a fault of the storage."""
    with pytest.raises(StorageFault):
        build(busy.card, [b"\xdd\0\0"], keys.Identity(bytes(32)))
    del busy.journal[1]
    with pytest.raises(StorageFault):
        build(busy.card, busy.journal, keys.Identity(bytes(32)))


def test_votes_left_out(ground: Any) -> None:
    """A vote whose signature it did not take is in no proof, and its reporter not among the silent:
    a forged one cannot spoil it."""
    g = ground(signs=True, verdict="evidence")
    names = [f"p{number}" for number in range(12)]
    said = [(name, g.said(name, "foul", "A", at=0)) for name in names]
    said[-1] = ("p11", replace(said[-1][1], signature=bytes(64)))
    g.begin()
    for name, one in said:
        message = g.report(name, one)
        g.core.report(g.member(name), message, codec.encode(message))
    g.take()
    proof = build(g.card, g.journal, HOST)
    (line,) = published(proof)
    assert line.weighing is not None
    assert (len(line.for_), line.weighing.silent, len(line.weighing.excused)) == (4, [], 8)
    assert check(whole(proof)).flaw is None
