"""A proof holds as it was written, and in no other way: what is wrong is found and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from touchline.proof import build, check, lines
from touchline.proof.lines import ConfirmedScore, Header, Published
from touchline.protocol import keys
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Entry

from .forging import HOST, Proof, at, broken, line_of, resealed, whole, with_body, with_line

sampled = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


# ── as it was written ────────────────────────────────────────────────────────────────────────


def test_it_holds(busy: Any, proof: Proof) -> None:
    """An untouched proof holds, and says what it holds."""
    result = check(whole(proof))
    assert result.flaw is None
    assert (result.event, result.title, result.host) == ("e", "A v B", HOST.peer)
    assert (result.seq, result.digest) == (busy.core.feed.seq, busy.core.feed.digest)
    assert result.entries == len(busy.standing)
    assert (result.reporters, result.unsigned, result.clock_offset) == (5, 0, 3_000_000)
    votes = {
        (one.peer, one.report)
        for line in map(lines.decode, proof)
        if isinstance(line, Published | ConfirmedScore)
        for one in (*line.for_, *line.against)
    }
    undone = sum(one.undoes is not None for one in line_of(proof, at(proof, "delete")).for_)
    assert result.signed == len(votes) + undone - 1  # one of those undone is there as a vote


def test_the_host_that_is_meant(proof: Proof) -> None:
    """Who must have sealed it can be named by key or id; anybody else's seal does not do."""
    assert check(whole(proof), host=HOST.peer).flaw is None
    assert check(whole(proof), host=keys.to_text(HOST.public)).flaw is None
    broken(check(whole(proof), host=Identity(bytes(32)).peer), 0, "sealed by", HOST.peer)


def test_the_digest_that_is_known(busy: Any, proof: Proof) -> None:
    """A digest that a subscriber has seen is found at its seq; one that never was is told."""
    digest, seen = EMPTY, []
    for body in busy.bodies:
        digest = chain(digest, body)
        seen.append(digest)
    for seq, known in enumerate(seen, 1):
        result = check(whole(proof), expected=known)
        assert (result.flaw, result.at) == (None, seq)
    assert check(whole(proof), expected=EMPTY).flaw is None
    broken(check(whole(proof), expected=bytes(15) + b"\1"), len(proof) - 1, "at no time")


# ── changed after it was sealed ──────────────────────────────────────────────────────────────


@sampled
@given(chance=st.data())
def test_one_byte(proof: Proof, chance: st.DataObject) -> None:
    """One byte that is another, in a line of any kind, its end or the seal: it fails, and the line
    is named."""
    index = chance.draw(st.integers(0, len(proof) - 1))
    place = chance.draw(st.integers(0, len(proof[index])))
    flip = chance.draw(st.integers(1, 255))
    text = bytearray(whole(proof))
    text[sum(len(line) + 1 for line in proof[:index]) + place] ^= flip
    broken(check(bytes(text)), index)


@pytest.mark.parametrize("which", ["header", "first", "confirmed", "last", "seal"])
def test_each_byte(proof: Proof, which: str) -> None:
    """In a line of each kind, whichever byte it is."""
    kinds = {
        "header": 0,
        "first": 1,
        "confirmed": [isinstance(lines.decode(line), ConfirmedScore) for line in proof].index(True),
        "last": len(proof) - 2,
        "seal": len(proof) - 1,
    }
    index = kinds[which]
    start = sum(len(line) + 1 for line in proof[:index])
    text = bytearray(whole(proof))
    for place in range(start, start + len(proof[index]) + 1):
        text[place] ^= 1
        broken(check(bytes(text)), index)
        text[place] ^= 1
    assert check(bytes(text)).flaw is None


def test_every_case_of_a_letter(proof: Proof) -> None:
    """What reads the same in another form is another byte all the same: the seal has one form."""
    text = whole(proof)
    for form in (text[:-1] + b" \n", text[:-1] + b"\r\n", text + b"\n", text.replace(b"{", b"{ ")):
        assert check(form).flaw is not None


def test_names_seq_and_entry(proof: Proof) -> None:
    """Of a changed line it is told which message and entry it speaks of, where that can be read."""
    index = at(proof, "amend")
    line = line_of(proof, index)
    result = check(whole(with_line(proof, index, for_=line.for_[1:])))
    broken(result, index, "not the one that was sealed")
    assert result.flaw is not None
    assert (result.flaw.seq, result.flaw.entry_id) == (5, "4")
    assert str(result.flaw).startswith(f"line {index + 1}, seq 5, entry 4: ")


def test_swapped(proof: Proof) -> None:
    """Two lines that have changed places: the first of them is named."""
    swapped = [*proof]
    swapped[2], swapped[6] = swapped[6], swapped[2]
    broken(check(whole(swapped)), 2)


@pytest.mark.parametrize("index", [0, 1, 5, -2, -1])
def test_a_line_less(proof: Proof, index: int) -> None:
    """A line that is gone is missed where it was."""
    index %= len(proof)
    less = [*proof[:index], *proof[index + 1 :]]
    result = check(whole(less))
    assert result.flaw is not None
    assert result.flaw.line in (index + 1, len(less))


def test_a_line_more(proof: Proof) -> None:
    """A line too many is found."""
    broken(check(whole([*proof[:3], proof[2], *proof[3:]])), 3)
    assert check(whole([*proof, proof[-1]])).flaw is not None


def test_cut(proof: Proof) -> None:
    """A file that was cut anywhere does not hold."""
    text = whole(proof)
    for size in [*range(0, len(text), 97), len(text) - 1]:
        assert check(text[:size]).flaw is not None


def test_another_seal(proof: Proof) -> None:
    """A seal of somebody else than the host in the header is none."""
    broken(check(resealed(proof, by=Identity(bytes(32)))), len(proof) - 1, "seal")


@sampled
@given(st.binary(max_size=400))
def test_anything(text: bytes) -> None:
    """Whatever the bytes, the answer is a flaw."""
    assert check(text).flaw is not None


# ── probation ────────────────────────────────────────────────────────────────────────────────


def test_votes_on_probation(ground: Any, build_proof: Callable[[Any], Proof]) -> None:
    """Votes of keys on probation are not in the proof: nothing of the entry follows from them."""
    detail = {"name": "metres", "number": True}
    rules = {"definition": {"text": "T", "actions": [{"title": "jump", "details": [detail]}]}}
    g = ground("custom", rules=rules, signs=True, probation=60.0)
    for name, enrolled in (("ann", -1_000), ("bob", -1_000), ("new", 0), ("newer", 0)):
        g.attach(name, enrolled=enrolled)
    for name, at_, metres in (("new", 9, 9), ("newer", 9, 9), ("ann", 6, 6), ("bob", 7, 6)):
        g.say(name, "jump", "A", at=at_, metres=metres)
    (entry,) = g.entries
    assert (entry.evidence.for_, entry.details) == (2, {"metres": 6})
    assert entry.time == g.said("ann", "jump", "A", 6).event.time
    proof = build_proof(g)
    assert check(whole(proof)).flaw is None
    assert len(line_of(proof, 1).for_) == 2


# ── unsigned votes ───────────────────────────────────────────────────────────────────────────


def test_unsigned_votes(ground: Any, build_proof: Callable[[Any], Proof]) -> None:
    """Votes that nobody signed are named; who takes the host's word for them is told how many."""
    g = ground(signs=True)
    g.both("goal", "A", at=10)
    unsigned = replace(g.said("ann", "corner", "A", 20), signature=b"")
    g.push(g.report("ann", unsigned))
    g.say("bob", "corner", "A", at=20)
    proof = build_proof(g)
    broken(check(whole(proof)), 2, "report 2 of 'ann'", "not signed")
    result = check(whole(proof), allow_unsigned=True)
    assert (result.flaw, result.signed, result.unsigned) == (None, 3, 1)


def test_strange_details(ground: Any, build_proof: Callable[[Any], Proof]) -> None:
    """A detail that equals nothing, not even itself, does not keep an honest host's proof from
    holding."""
    rules = {
        "definition": {
            "text": "T",
            "actions": [{"title": "jump", "details": [{"name": "metres", "number": True}]}],
        }
    }
    g = ground("custom", rules=rules, signs=True)
    g.both("jump", "A", at=10, metres=float("nan"))
    g.both("jump", "A", at=90, metres=-0.0)
    g.say("ann", "delete", entry="1", why=float("inf"))
    g.say("bob", "delete", entry="1")
    entries = [message for message in g.feed if isinstance(message, Entry)]
    assert len(entries) >= 2
    assert check(whole(build_proof(g))).flaw is None


def test_header_kind(proof: Proof) -> None:
    """The first line is a header, and no other is."""
    assert isinstance(lines.decode(proof[0]), Header)
    broken(check(resealed([*proof[:2], proof[0], *proof[2:]])), 2, "neither")


# ── names as people write them ───────────────────────────────────────────────────────────────


def test_names_in_other_forms(ground: Any, build_proof: Callable[[Any], Proof]) -> None:
    """Votes that mean the same action in other words are checked as the host matched them."""
    g = ground(
        origins=("Argentina", "France"), lineups={"Argentina": ["10 Lionel Messi"]}, signs=True
    )
    g.say("ann", "yellow_card", "argentina", at=1, player="Messi")
    taken_back = g.say("bob", "yellow_card", "Argentína", at=2, player="10")
    g.say("ann", "amend", entry="1", person="coach")
    g.say("bob", "amend", entry="1", person="coach")
    g.both("goal", "France", at=9, player="Mbappe")
    g.say("ann", "amend", entry=g.entries[-1].entry_id, player="K. Mbappé ")
    g.say("bob", "amend", entry=g.entries[-1].entry_id, player="k. mbappe")
    g.say("cid", "yellow_card", "argentina", at=3, player="#10")
    g.say("bob", "undo", n=taken_back)
    g.say("ann", "delete", entry="1")
    assert g.entries[-1].evidence.against == 1
    assert [one.status for one in g.entries] == [
        *("CONFIRMED", "UPDATED", "CONFIRMED", "UPDATED", "DELETED"),
    ]
    proof = build_proof(g)
    assert check(whole(proof)).flaw is None
    header = lines.decode(proof[0])
    assert isinstance(header, Header)
    as_typed = [replace(one, edition=0) for one in header.epochs]
    broken(check(resealed(with_line(proof, 0, epochs=as_typed))), 1, "argentina")


def test_ends_and_reopenings(ended_proof: Proof) -> None:
    """Ends that votes or rules took back follow from them: how the votes ended it, which votes were
    against it, and why it went on."""
    assert check(whole(ended_proof)).flaw is None
    ended, goes_on = (line_of(ended_proof, at(ended_proof, "end", which)) for which in (0, 1))
    assert (len(ended.for_), len(ended.against), len(goes_on.for_)) == (3, 1, 3)


def test_moved_into_an_outage(ground: Any) -> None:
    """A time that later votes move may change the mark of the entry, to nothing but what the votes
    can know of it."""
    crew = ("ann", "bob", "cid", "dan", "eve")
    g = ground(verdict="evidence", signs=True).begun(*crew)
    g.wait(70)
    g.back(*crew[:3], pending=1)
    for name, second in zip(crew[:3], (29.5, 30.5, 34.0), strict=True):
        g.say(name, "save", "A", at=second)
    assert [one.delay_status for one in g.entries] == ["DELAYED", "RECONSTRUCTED"]
    moved = build(g.card, g.journal, HOST)
    assert check(whole(moved)).flaw is None
    index = at(moved, "verdict", 1)
    doubted = with_body(moved, index, delay_status="RECONSTRUCTION_INACCURATE")
    broken(check(resealed(doubted)), index, "do not speak of")


def test_doubt_of_what_is_provisional(ground: Any) -> None:
    """Doubt makes no entry more certain than it was."""
    g = ground(verdict="fixed:1", signs=True).begun("ann")
    g.wait(70)
    g.back("ann", pending=1)
    g.say("ann", "goal", "A", at=50)
    g.stay(6, "ann")
    g.say("ann", "confirm", at=g.second, score="3-0")
    doubted = build(g.card, g.journal, HOST)
    assert check(whole(doubted)).flaw is None
    index = at(doubted, "doubt")
    broken(check(resealed(with_body(doubted, index, status="UPDATED"))), index, "without votes")


def test_statements(stated_proof: Proof) -> None:
    """Statements, and reviews of entries, follow from their votes; a score that holds already is
    no line of a proof."""
    assert check(whole(stated_proof)).flaw is None
    by = [line.by for line in map(lines.decode, stated_proof) if isinstance(line, Published)]
    assert (by.count("stated"), by.count("review")) == (4, 4)
    assert not any(isinstance(lines.decode(line), ConfirmedScore) for line in stated_proof)


def test_a_review_that_nobody_ended(ground: Any) -> None:
    """That nobody told its outcome is believed of what was under review, and of nothing else."""
    g = ground(signs=True)
    crew = ("ann", "bob", "cid", "dan", "eve")
    g.begun(*crew)
    for origin in "AB":
        g.both("goal", origin, at=g.second, names=crew)
        g.stay(60, *crew)
    g.both("state", at=g.second, names=crew[:4], review="begun")
    g.both("period_start", "", at=g.second, names=crew, period="second_half")
    assert [one.reviewed for one in g.standing] == ["", "untold", ""]
    proof = build(g.card, g.journal, HOST)
    assert check(whole(proof)).flaw is None
    index = at(proof, "text")
    broken(check(resealed(with_body(proof, index, entry_id=g.standing[0].entry_id))), index, "")
