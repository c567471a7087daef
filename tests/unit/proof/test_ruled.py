"""Rulings in a proof: those of the event's owner are followed, others are found out."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.peer.host.event.test_rulings import (
    OWNER,
    RUNNERS,
    disputed,
    over,
    rule,
    ruling,
)
from touchline.proof import build, check, lines
from touchline.protocol import codec
from touchline.protocol.messages import Card, Ruling

from ..conftest import identity
from .forging import HOST, Proof, at, broken, line_of, resealed, vote, whole, with_body, with_line


@pytest.fixture
def ruled(ground: Any) -> Any:
    """A football match on which its owner ruled in every way that there is."""
    g = over(ground, signs=True)
    rule(g, ruling("amend", score="2-1"))
    rule(g, ruling("amend", ruling="player", entry="1", details={"player": "Zoe"}))
    rule(g, ruling("award", origin="B"))
    rule(g, ruling("reopen"))
    g.both("goal", "B", at=g.second, names=("ann", "bob", "cid"))
    for name in ("ann", "bob", "cid"):
        g.say(name, "end")
    rule(g, ruling("reopen", ruling="again"))
    rule(g, ruling("end"))
    return g


@pytest.fixture
def raced(ground: Any) -> Any:
    """A race with a disqualification, taken back."""
    g = over(ground, "race", origins=RUNNERS, signs=True)
    rule(g, ruling("disqualify", origin="Ada"))
    rule(g, ruling("reinstate", origin="Ada"))
    rule(g, ruling("disqualify", ruling="second", origin="Bo"))
    return g


@pytest.fixture
def settled(ground: Any) -> Any:
    """A tennis match on whose disputes the owner ruled while it went on."""
    return settled_by(ground, "fixed:3")


def settled_by(ground: Any, verdict: str) -> Any:
    g = disputed(ground, signs=True, verdict=verdict)
    for one in g.standing:  # that weighed evidence lets stand meanwhile
        rule(g, ruling("delete", ruling="first", entry=one.entry_id))
    rule(g, ruling("uphold", title="point", origin="B"))
    rule(g, ruling("suspend"))
    rule(g, ruling("resume"))
    for name in ("ann", "bob", "cid", "dan"):
        g.say(name, "point", "A", at=g.second)
    g.wait(4)
    last = g.standing[-1]
    assert last.origin == "A"
    rule(g, ruling("delete", entry=last.entry_id))
    return g


def proof_of(g: Any) -> Proof:
    return build(g.card, g.journal, HOST)


def test_it_holds(ruled: Any, raced: Any) -> None:
    """What the owner ruled is borne out by the owner's signature, and counted."""
    for g, count in ((ruled, 6), (raced, 3)):
        result = check(whole(proof_of(g)))
        assert result.flaw is None
        assert (result.owner, result.rulings) == (OWNER.peer, count)
        assert result.digest == g.core.feed.digest


def test_an_owner_of_before(ground: Any) -> None:
    """What a co-owner ruled holds also when he owns the event no more; the proof names him, and
    without that it does not hold."""
    g = over(ground, signs=True)
    ben, card = identity("ben"), g.card
    g.core.permit([ben.peer])
    rule(g, ruling("amend", ben, score="2-1"))
    g.core.permit([])
    rule(g, ruling("amend", ruling="later", score="3-1"))
    proof = build(card, g.journal, HOST)
    result = check(whole(proof))
    assert result.flaw is None
    assert (result.owner, result.former, result.rulings) == (OWNER.peer, (ben.peer,), 2)
    proof[0] = lines.encode(replace(line_of(proof, 0), former=[]))
    broken(check(resealed(proof)), at(proof, "owner"), "only the owner")
    assert check(whole(proof_of(over(ground, signs=True)))).former == ()


def with_ruling(proof: Proof, index: int, made: Ruling) -> bytes:
    return resealed(with_line(proof, index, ruling=codec.encode(made)))


def of_line(proof: Proof, index: int) -> Ruling:
    made = codec.decode_host_request(line_of(proof, index).ruling)
    assert isinstance(made, Ruling)
    return made


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": "another reason"}, "does not bear the signature"),
        ({"signature": bytes(64)}, "does not bear the signature"),
        ({"key": identity("eve").public}, "only the owner"),
        ({"event": "f"}, "only the owner"),
    ],
)
def test_a_ruling_is_the_owners(ruled: Any, changes: Any, sentence: str) -> None:
    """A ruling that the owner has not signed so is found out."""
    proof = proof_of(ruled)
    index = at(proof, "owner")
    made = replace(of_line(proof, index), **changes)
    broken(check(with_ruling(proof, index, made)), index, sentence)


def test_a_host_does_not_rule(ruled: Any) -> None:
    """A host that signs a ruling by its own key, for its own card, is no owner."""
    proof = proof_of(ruled)
    index = at(proof, "owner")
    made = of_line(proof, index)
    own = ruling("amend", HOST, score="2-1", ruling=made.ruling)
    broken(check(with_ruling(proof, index, own)), index, "only the owner")
    broken(check(resealed(with_line(proof, index, ruling=b""))), index, "cannot be read")
    forged = resealed(with_line(proof, index, by="stated", ruling=b""))
    broken(check(forged), index, "without a ruling")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"by": ""}, "changes what"),
        ({"reason": "none"}, "changes what"),
        ({"details": {"score": "9-9"}}, "changes what"),
        ({"time": 5}, "after all others"),
        ({"status": "PROVISIONAL"}, "its status"),
    ],
)
def test_an_entry_follows_from_its_ruling(ruled: Any, changes: Any, sentence: str) -> None:
    """What the ruling does not say, the entry cannot."""
    proof = proof_of(ruled)
    index = at(proof, "owner")
    broken(check(resealed(with_body(proof, index, **changes))), index, sentence)


def test_an_end_follows_from_its_ruling(ruled: Any) -> None:
    """An award names whom the owner named."""
    proof = proof_of(ruled)
    index = at(proof, "owner") + 2
    for change in ({"winner": "A"}, {"how": "walkover"}, {"over": False}, {"by": ""}):
        forged = resealed(with_body(proof, index, **change))
        broken(check(forged), index, "does not say what the owner ruled")


def test_the_owner_ends_what_was_over_alone(ruled: Any) -> None:
    """An end by the owner says no more than that, and is of an event that goes on after an end."""
    proof = proof_of(ruled)
    last = len(proof) - 2
    for change in ({"how": "abandoned"}, {"winner": "A"}, {"over": False}):
        forged = resealed(with_body(proof, last, **change))
        broken(check(forged), last, "does not say what the owner ruled")
    award = at(proof, "owner") + 2
    early = ruling("end", ruling="early")
    broken(check(with_ruling(proof, award, early)), award, "over already")


def test_a_ruling_counts_once(ruled: Any) -> None:
    """A host that carries one ruling out twice is found out."""
    proof = proof_of(ruled)
    last = len(proof) - 3
    first = of_line(proof, at(proof, "owner") + 3)
    assert first.act == of_line(proof, last).act == "reopen"
    broken(check(with_ruling(proof, last, first)), last, "carried out before")


def test_only_a_ruling_is_by_the_owner(ruled: Any) -> None:
    """What votes led to is not said to be the owner's."""
    proof = proof_of(ruled)
    forged = resealed(with_body(proof, 1, by=OWNER.peer))
    broken(check(forged), 1, "without a ruling")


def test_another_owner_in_the_card(ruled: Any) -> None:
    """A host that names another owner in the card has none of the owner's rulings, or says that
    they are of one who owned it before."""
    card: Card = replace(ruled.card, owner=identity("eve").peer)
    proof = build(card, ruled.journal, HOST)
    assert check(whole(proof)).former == (OWNER.peer,)
    proof[0] = lines.encode(replace(line_of(proof, 0), former=[]))
    broken(check(resealed(proof)), at(proof, "owner"), "only the owner")


def upheld(proof: Proof) -> int:
    """Return the index of the line of what the owner upheld."""
    found = (index for index, line in enumerate(map(lines.decode, proof)) if is_ruled(line))
    return next(index for index in found if of_line(proof, index).title)


def is_ruled(line: Any) -> bool:
    return isinstance(line, lines.Published) and line.by == "owner"


@pytest.mark.parametrize("verdict", ["fixed:3", "evidence"])
def test_disputes_that_were_ruled_hold(ground: Any, verdict: str) -> None:
    """What the owner upheld is recomputed from the ruling and the reports of it, of both sides;
    those of what was deleted before count no more."""
    settled = settled_by(ground, verdict)
    proof = proof_of(settled)
    result = check(whole(proof))
    assert result.flaw is None, str(result.flaw)
    rulings = [line for line in map(lines.decode, proof) if is_ruled(line)]
    assert (result.rulings, result.digest) == (len(rulings), settled.core.feed.digest)
    line = line_of(proof, upheld(proof))
    assert (len(line.for_), len(line.against)) == (2, 2 if verdict == "fixed:3" else 0)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"origin": "A"}, "does not say what the owner ruled"),
        ({"status": "PROVISIONAL"}, "does not say what the owner ruled"),
        ({"by": ""}, "does not say what the owner ruled"),
        ({"reason": ""}, "does not say what the owner ruled"),
        ({"time": 5}, "its time is 5"),
    ],
)
def test_what_is_upheld_was_reported(settled: Any, changes: Any, sentence: str) -> None:
    """An entry that the owner upheld says what its reporters say, and no more."""
    proof = proof_of(settled)
    index = upheld(proof)
    broken(check(resealed(with_body(proof, index, **changes))), index, sentence)


def test_nothing_is_upheld_that_nobody_reported(settled: Any) -> None:
    """A host that carries out a ruling of what nobody reported, or only saw, is found out, as is
    one that gives votes to a ruling that takes none."""
    proof = proof_of(settled)
    index = upheld(proof)
    line = line_of(proof, index)
    broken(check(resealed(with_line(proof, index, for_=[], against=[]))), index, "nobody reported")
    seen = [one.peer for one in line.for_]
    broken(check(resealed(with_line(proof, index, seen=seen))), index, "nobody reported")
    broken(check(resealed(with_line(proof, index, against=[]))), index, "there are votes of")
    more = [vote("ann", 99, "point", "B", 5)]
    forged = resealed(with_line(proof, index + 1, for_=more))
    broken(check(forged), index + 1, "there are votes on it")


def test_nothing_is_upheld_beside_what_excludes_it(settled: Any) -> None:
    """A host that lets stand what the owner upholds beside what excludes it is found out."""
    proof = proof_of(settled)
    index = upheld(proof)
    line = line_of(proof, index)
    body: Any = codec.decode_published(line.body)
    score = settled.core.sport.score(settled.core.timeline.state)
    other = replace(
        body, entry_id="9", seq=body.seq + 1, epoch=body.epoch + 1, origin="A", place=1, score=score
    )
    also = ruling("uphold", ruling="other", title="point", origin="A")
    forged = lines.encode(
        replace(
            line,
            seq=body.seq + 1,
            body=codec.encode(other),
            for_=line.against,
            against=line.for_,
            ruling=codec.encode(also),
        )
    )
    found = check(resealed([*proof[: index + 1], forged, *proof[index + 2 :]]))
    broken(found, index + 1, "stands, which it excludes")
