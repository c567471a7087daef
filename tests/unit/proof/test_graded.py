"""The votes that are graded: whose they are, and which are left out."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from touchline.proof import build
from touchline.proof.graded import GradedEvent, GradedVote, from_journal, from_proof
from touchline.protocol import keys
from touchline.protocol.errors import PeerError
from touchline.protocol.messages import Said

from .forging import HOST, Proof, at, line_of, resealed, whole, with_line

BEGIN = 1_700_000_000_000_000
SECOND = 1_000_000


def said(event: GradedEvent) -> list[tuple[str, str, str, float]]:
    """Who said what, and when, in order of time and name."""
    votes = sorted(event.votes, key=lambda one: (one.time, one.name))
    return [(one.name, one.title, one.origin, (one.time - BEGIN) / SECOND) for one in votes]


def of_journal(g: Any, **flags: bool) -> GradedEvent:
    return from_journal(g.card, g.journal, **flags)


def of_proof(g: Any) -> GradedEvent:
    return from_proof(whole(build(g.card, g.journal, HOST)))


def test_what_a_journal_holds(ground: Any) -> None:
    """A journal has all votes: those of an entry, later ones, and those that came to nothing."""
    g = ground(signs=True)
    g.both("goal", "A", at=10)
    g.say("cid", "goal", "A", at=12)
    g.say("dan", "corner", "B", at=20)
    assert said(of_journal(g)) == [
        ("ann", "goal", "A", 10),
        ("bob", "goal", "A", 10),
        ("cid", "goal", "A", 12),
        ("dan", "corner", "B", 20),
    ]


def test_what_expired(ground: Any) -> None:
    """A vote that nobody joined is there after its claim has expired."""
    g = ground(signs=True)
    g.say("dan", "corner", "B", at=20)
    g.wait(g.options.claim_ttl + 1)
    assert not g.core.claims.open
    assert said(of_journal(g)) == [("dan", "corner", "B", 20)]


def test_what_a_proof_holds(ground: Any) -> None:
    """A proof has the votes for what was published, and those against it."""
    g = ground(signs=True)
    for name in ("ann", "bob", "cid", "dan"):
        g.attach(name)
    g.say("dan", "goal", "B", at=11)
    g.both("goal", "A", at=10)
    g.say("cid", "corner", "B", at=20)
    assert said(of_proof(g)) == [
        ("ann", "goal", "A", 10),
        ("bob", "goal", "A", 10),
        ("dan", "goal", "B", 11),
    ]


def test_keys_names_and_digest(ground: Any) -> None:
    """A vote has its reporter's key and name, and the event the digest of the feed."""
    g = ground(signs=True)
    g.both("goal", "A", at=10)
    for event in (of_journal(g), of_proof(g)):
        assert {keys.peer_id(one.key) for one in event.votes} == {g.peer("ann"), g.peer("bob")}
        assert {one.name for one in event.votes} == {"ann", "bob"}
        assert event.feed == g.core.feed.digest
        assert event.headline == g.headline
        assert [entry.title for entry in event.entries.values()] == ["goal"]


def test_clocks(ground: Any) -> None:
    """The time of a vote is by the host's clock."""
    g = ground(signs=True)
    g.attach("bob", behind=3.0)
    g.both("goal", "A", at=10)
    for event in (of_journal(g), of_proof(g)):
        assert said(event) == [("ann", "goal", "A", 10), ("bob", "goal", "A", 13)]


def test_all_that_can_happen(busy: Any) -> None:
    """Of an event with everything in it, the votes in the proof are among those in the journal;
    votes to correct, undo, confirm and end are not graded."""
    journal, proof = of_journal(busy), of_proof(busy)
    assert set(proof.votes) <= set(journal.votes)
    assert {one.title for one in journal.votes} == {"save", "point"}
    assert proof.entries == journal.entries
    assert proof.headline == journal.headline


def test_forged_votes(ground: Any) -> None:
    """A vote whose signature does not hold is left out, and counted."""
    g = ground(signs=True)
    g.say("ann", "goal", "A", at=10)
    g.push(g.report("bob", replace(g.said("bob", "corner", "A", at=20), signature=bytes(64))))
    event = of_journal(g)
    assert said(event) == [("ann", "goal", "A", 10)]
    assert event.unsigned == 1


def test_unsigned_votes(ground: Any) -> None:
    """Votes that nobody signed are left out, unless they are asked for."""
    g = ground(signs=True)
    for name in ("ann", "bob"):
        g.push(g.report(name, replace(g.said(name, "goal", "A", at=10), signature=b"")))
    event = of_journal(g)
    assert (event.votes, event.unsigned) == ([], 2)
    assert len(of_journal(g, unsigned=True).votes) == 2
    event = of_proof(g)
    assert (event.votes, event.unsigned) == ([], 2)


def undo_after(g: Any, seconds: float) -> GradedEvent:
    """What is graded where somebody takes a report back after so many seconds by its clock."""
    g.say("ann", "save", "A", at=10)
    undo = Said(n=2, time=round(seconds * SECOND), event=g.said("ann", "undo", n=1).event)
    g.push(g.report("ann", g.sign("ann", undo)))
    return of_journal(g)


def test_a_slip(ground: Any) -> None:
    """What a reporter takes back at once is as if it had not been said."""
    event = undo_after(ground(signs=True), 8)
    assert (said(event), event.taken_back) == ([], 1)


@pytest.mark.parametrize("seconds", [12, -1])
def test_what_is_taken_back_later(ground: Any, seconds: float) -> None:
    """What a reporter takes back later stands: it had time to see that nobody joins."""
    event = undo_after(ground(signs=True), seconds)
    assert (said(event), event.taken_back) == ([("ann", "save", "A", 10)], 0)


def test_refused_reports(ground: Any) -> None:
    """What the host refused, such as an action that the sport has not, is no vote."""
    g = ground(signs=True)
    g.say("ann", "touchdown", "A", at=10)
    g.say("ann", "goal", "C", at=10)
    assert said(of_journal(g)) == []


def seen(g: Any, name: str, title: str, at: float, number: int) -> None:
    """Let somebody report who was shown a claim before."""
    one = replace(g.said(name, title, "A", at=at), seen=number, signature=b"")
    g.push(replace(g.report(name, g.sign(name, one)), seen=number))


def test_what_was_shown_before(ground: Any) -> None:
    """A vote in a claim that its reporter was shown is marked; one in a later claim is not."""
    g = ground(signs=True)
    g.say("ann", "corner", "A", at=10)
    seen(g, "bob", "corner", 10, 1)
    seen(g, "bob", "save", 30, 1)
    event = of_journal(g)
    assert {(one.name, one.title, one.shown) for one in event.votes} == {
        ("ann", "corner", False),
        ("bob", "corner", True),
        ("bob", "save", False),
    }


def test_what_was_published_before(ground: Any) -> None:
    """A vote in an entry that its reporter may have seen is marked, too: that is for the host to
    know."""
    g = ground(signs=True)
    for name in ("ann", "bob", "cid", "dan"):
        g.attach(name)
    g.both("goal", "A", at=10, names=("ann", "bob", "cid"))
    g.wait(60)
    g.say("dan", "goal", "A", at=12)
    event = of_journal(g)
    assert {one.name: one.shown for one in event.votes} == {
        "ann": False,
        "bob": False,
        "cid": False,
        "dan": True,
    }


def test_damaged_proof(proof: Proof) -> None:
    """A proof that does not hold is not graded, whatever was changed in it."""
    text = whole(proof)
    for place in range(0, len(text), 211):
        changed = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
        with pytest.raises(PeerError, match="the proof does not hold"):
            from_proof(changed)


def test_proof_of_an_evil_host(proof: Proof) -> None:
    """Nor is one whose host put a vote in that nobody gave."""
    first = at(proof, "reports", 1)
    votes = line_of(proof, first).for_
    forged = replace(votes[0], signature=HOST.sign(votes[0].report))
    changed = with_line(proof, first, for_=[forged, *votes[1:]])
    with pytest.raises(PeerError, match="signature"):
        from_proof(resealed(changed))


def test_proof_of_another_host(proof: Proof) -> None:
    """A proof that another host sealed is refused where the host is named."""
    assert from_proof(whole(proof), host=HOST.peer).votes
    with pytest.raises(PeerError, match="sealed by"):
        from_proof(whole(proof), host=keys.Identity(bytes(32)).peer)


def test_a_slip_that_came_too_late(ground: Any) -> None:
    """What a reporter takes back at once, and is an entry already, is none either; the proof says
    so as the journal does."""
    g = ground(signs=True)
    g.both("save", "A", at=10)
    for name in ("ann", "bob"):
        g.say(name, "undo", n=1)
    assert not g.standing
    for event in (of_journal(g), of_proof(g)):
        assert (event.votes, event.taken_back) == ([], 2)


def test_a_vote_is_there_once(busy: Any) -> None:
    """A report that led to several versions of an entry is one vote."""
    votes = of_proof(busy).votes
    assert len(votes) == len(set(votes))
    assert GradedVote(votes[0].key, votes[0].name, "save", "A", BEGIN + SECOND) in votes
