"""What no seal can make true: a host that seals what does not follow from reports is found out."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.conftest import BEGIN
from touchline.proof import check, lines
from touchline.proof.lines import ConfirmedScore, Published, Seal, Vote
from touchline.protocol import codec, signing
from touchline.protocol.errors import NotFound
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Evidence, Happening, Said

from .forging import HOST, Proof, at, broken, line_of, resealed, vote, whole, with_body, with_line

sampled = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


def test_drops_a_vote(proof: Proof) -> None:
    """Each single vote that is dropped is missed, whatever it led to."""
    dropped = 0
    for index, line in enumerate(map(lines.decode, proof)):
        if not isinstance(line, Published | ConfirmedScore):
            continue
        for side in ("for_", "against"):
            votes = getattr(line, side)
            for place in range(len(votes)):
                less = with_line(proof, index, **{side: votes[:place] + votes[place + 1 :]})
                result = check(resealed(less))
                if isinstance(line, ConfirmedScore) and side == "against":
                    continue  # how many were against a score is nowhere published
                if isinstance(line, Published) and line.by == "end":
                    continue  # nor how many wanted the end: two of three are still enough
                broken(result, index)
                dropped += 1
    assert dropped > 20


def test_drops_the_votes_for_an_end(proof: Proof) -> None:
    """Without enough votes, an end or a confirmed score is nobody's but the host's."""
    index = at(proof, "end")
    line = line_of(proof, index)
    broken(check(resealed(with_line(proof, index, for_=line.for_[:1]))), index, "not enough")
    broken(check(resealed(with_line(proof, index, for_=[], by="rules"))), index, "do not end")
    index = [isinstance(lines.decode(line), ConfirmedScore) for line in proof].index(True)
    line = line_of(proof, index)
    broken(check(resealed(with_line(proof, index, for_=line.for_[:1]))), index, "not enough")


def test_drops_a_message(proof: Proof) -> None:
    """A message that is left out leaves a hole in seq."""
    broken(check(resealed([*proof[:4], *proof[5:]])), 4, "seq 5 where 4")


def test_swaps_entries(proof: Proof) -> None:
    """Swapped messages are out of order, also when they are numbered anew."""
    swapped = [*proof]
    swapped[3], swapped[4] = swapped[4], swapped[3]
    broken(check(resealed(swapped)), 3, "seq")
    one, other = line_of(proof, 3), line_of(proof, 4)
    swapped = with_line(proof, 3, body=other.body, for_=other.for_, against=other.against)
    swapped = with_line(swapped, 4, body=one.body, for_=one.for_, against=one.against)
    broken(check(resealed(swapped)), 3, "says seq 4")


def test_invents_a_vote(proof: Proof) -> None:
    """A vote that its reporter never signed has no signature that holds."""
    index = at(proof, "reports", 1)
    line = line_of(proof, index)
    message: Any = codec.decode_published(line.body)
    real = vote("eve", 99, message.title, message.origin, message.time)
    evidence = replace(message.evidence, for_=3)
    more = with_body(proof, index, evidence=evidence)
    signed_by_host = replace(real, signature=HOST.sign(real.report))
    forged = with_line(more, index, for_=[*line.for_, signed_by_host])
    broken(check(resealed(forged)), index, "signature of report 99 of 'eve'")
    unsigned = with_line(more, index, for_=[*line.for_, replace(real, signature=b"")])
    broken(check(resealed(unsigned)), index, "not signed", "--allow-unsigned")
    somebody = replace(real, peer=Identity(bytes(32)).peer)
    broken(check(resealed(with_line(more, index, for_=[*line.for_, somebody]))), index, "not among")
    # One that eve did sign holds; that nobody has ever seen this feed is told by its digest.
    changed = resealed(with_line(more, index, for_=[*line.for_, real]))
    assert check(changed).flaw is None
    seal = lines.decode(proof[-1])
    assert isinstance(seal, Seal)
    assert check(changed, expected=seal.digest).flaw is not None


def test_counts_one_twice(proof: Proof) -> None:
    """Nobody is counted twice: for it, for and against, or for two entries with one report."""
    index = at(proof, "reports", 1)
    line = line_of(proof, index)
    message: Any = codec.decode_published(line.body)
    doubled = with_body(proof, index, evidence=replace(message.evidence, for_=3))
    doubled = with_line(doubled, index, for_=[*line.for_, line.for_[0]])
    broken(check(resealed(doubled)), index, "counted twice")
    both = with_line(proof, index, against=[line.for_[0]])
    broken(check(resealed(both)), index, "counted twice")
    # The point of the end once more, with the reports of the first.
    last = at(proof, "reports", -1)
    again = with_line(proof, last, for_=line.for_)
    broken(check(resealed(again)), last, "counts for entry 13, and for entry 3 before")
    # The same as if another host had handed them over.
    handed = [replace(one, recovered=True) for one in line.for_]
    again = with_line(proof, last, for_=handed)
    broken(check(resealed(again)), last, "counts for entry 13, and for entry 3 before")


def test_one_number_two_reports(proof: Proof) -> None:
    """Two reports of one number are not both the reporter's."""
    last = at(proof, "reports", -1)
    line = line_of(proof, last)
    message: Any = codec.decode_published(line.body)
    twin = vote("ann", 1, message.title, message.origin, message.time)
    broken(check(resealed(with_line(proof, last, for_=[twin, line.for_[1]]))), last, "two forms")


BODY: list[tuple[str, int, dict[str, Any], str]] = [
    ("reports", 1, {"title": "save"}, "speaks of 'point'"),
    ("reports", 1, {"title": "own goal"}, "no action"),
    ("reports", 1, {"origin": "B"}, "of 'A'"),
    ("reports", 1, {"time": 1_700_000_010_000_001}, "its time is"),
    ("reports", 2, {"details": {"by": "Pelé"}}, "details"),
    ("reports", 1, {"status": "PROVISIONAL"}, "with 2 for it"),
    ("reports", 1, {"entry_id": "1"}, "there already"),
    ("reports", 1, {"epoch": 7}, "no epoch 7"),
    ("reports", 1, {"event": "another"}, "of the event"),
    ("reports", 1, {"place": 1}, "place"),
    ("reports", 1, {"score": {"points": {"A": 2, "B": 0}, "winner": "", "over": False}}, "score"),
    ("second", 0, {"time": 1_700_000_002_000_000}, "do not speak of"),
    ("second", 0, {"status": "UPDATED"}, "second voice"),
    ("amend", 0, {"details": {"by": "Max"}}, "what the votes change"),
    ("amend", 0, {"title": "point"}, "do not speak of"),
    ("amend", 0, {"status": "DELETED"}, "do not make it"),
    ("delete", 0, {"status": "UPDATED"}, "do not make it"),
    ("doubt", 0, {"time": 1}, "do not speak of"),
    ("doubt", 0, {"delay_status": ""}, "without votes"),
    ("doubt", 0, {"evidence": Evidence(for_=2, against=0, present=9)}, "without votes"),
    ("reports", -1, {"epoch": 1}, "epoch 1 after 2"),
    ("host", -1, {"confirmed": False}, "confirmed"),
    ("host", -1, {"score": {}}, "score"),
    ("end", 0, {"score": {}}, "score"),
]


@pytest.mark.parametrize(("by", "which", "changes", "words"), BODY)
def test_publishes_something_else(
    proof: Proof, by: str, which: int, changes: dict[str, Any], words: str
) -> None:
    """What was published is what the votes say, in every part that follows from them."""
    index = at(proof, by, which)
    broken(check(resealed(with_body(proof, index, **changes))), index, words)


def test_states_other_evidence(proof: Proof) -> None:
    """As many are for and against, and at least as many present, as there are votes."""
    index = at(proof, "reports", 1)
    message: Any = codec.decode_published(line_of(proof, index).body)
    for changes in ({"for_": 3}, {"against": 0}, {"present": 2}):
        evidence = replace(message.evidence, **changes)
        broken(check(resealed(with_body(proof, index, evidence=evidence))), index, "it says")


def test_too_few_for_a_correction(proof: Proof) -> None:
    """As many must want an entry gone as the policy says."""
    index = at(proof, "delete")
    line = line_of(proof, index)
    message: Any = codec.decode_published(line.body)
    lonely = with_body(proof, index, evidence=replace(message.evidence, for_=1, against=0))
    lonely = with_line(lonely, index, for_=line.for_[:1], against=[])
    broken(check(resealed(lonely)), index, "1 for and 0 against of 5 are not enough")
    wrong = vote("ann", 60, "point", "B", 0)
    broken(check(resealed(with_line(proof, index, against=[wrong]))), index, "speaks of a point")


def test_changes_more_than_a_text(ground: Any, build_proof: Callable[[Any], Proof]) -> None:
    """What is published anew since something before it is known says nothing else anew."""
    g = ground("football", signs=True).begun()
    g.both("goal", "A", at=20)
    g.both("goal", "B", at=10)
    proof = build_proof(g)
    assert check(whole(proof)).flaw is None
    index = at(proof, "text")
    evidence = Evidence(for_=3, against=0, present=3)
    for changes, words in (
        ({"time": 5}, "do not speak of"),
        ({"status": "CONFIRMED"}, "makes no CONFIRMED of it"),
        ({"evidence": evidence}, "without votes"),
    ):
        broken(check(resealed(with_body(proof, index, **changes))), index, words)


@pytest.mark.parametrize("verdict", ["fixed:3", "evidence"])
def test_calls_it_otherwise(ground: Any, build_proof: Callable[[Any], Proof], verdict: str) -> None:
    """Of several titles that say the same an entry has that of most votes, and no other."""
    crew = ("ann", "bob", "cid", "dan", "eve")
    g = ground("football", signs=True, verdict=verdict).begun(*crew)
    for name, title in zip(
        crew, ("yellow_card", *["red_card"] * 2, *["second_yellow"] * 2), strict=True
    ):
        g.say(name, title, "A", at=g.second)
    g.stay(20, *crew)
    g.say("ann", "undo", n=1)
    assert {entry.title for entry in g.entries} & {"red_card", "second_yellow"}
    proof = build_proof(g)
    assert check(whole(proof)).flaw is None
    first = at(proof, "reports" if verdict != "evidence" else "verdict")
    broken(
        check(resealed(with_body(proof, first, title="yellow_card"))), first, "more votes call it"
    )
    broken(check(resealed(with_body(proof, first, title="foul"))), first, "speaks of")


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
def test_deletes_by_other_words(
    ground: Any, build_proof: Callable[[Any], Proof], verdict: str
) -> None:
    """Who says that a goal was disallowed wants it deleted, and that goal alone."""
    crew = ("ann", "bob", "cid", "dan", "eve", "fay", "gil", "hal", "ida")
    g = ground("football", signs=True, verdict=verdict).begun(*crew)
    g.both("goal", "A", at=g.second, names=crew)
    g.stay(60, *crew)
    g.both("goal_disallowed", "A", at=g.second, names=crew[:2])
    g.both("delete", names=crew[2:5], entry="1")
    assert g.headline == "A 0–0 B"
    proof = build_proof(g)
    assert check(whole(proof)).flaw is None
    index = at(proof, "delete")
    line = line_of(proof, index)
    assert len(line.for_) == 5
    for title, origin, seconds in (
        ("foul", "A", 60),
        ("goal_disallowed", "B", 60),
        ("goal_disallowed", "A", 600),
    ):
        other = vote("ann", 70, title, origin, BEGIN + (30 + seconds) * 1_000_000)
        forged = with_line(proof, index, for_=[other, *line.for_[1:]])
        broken(check(resealed(forged)), index)


def test_wakes_the_dead(proof: Proof) -> None:
    """A deleted entry does not come back."""
    deleted: Any = codec.decode_published(line_of(proof, at(proof, "delete")).body)
    index = at(proof, "doubt")
    back = {"seq": 13, "epoch": 2, "status": "UPDATED"}
    body = codec.encode(replace(deleted, **back))
    broken(check(resealed(with_line(proof, index, body=body))), index, "deleted already")


def test_against_the_rules(ground: Any, build_proof: Callable[[Any], Proof]) -> None:
    """What the sport forbids where it stands is no entry, whoever signed it."""
    actions = [{"title": "point", "points": 1}, {"title": "stop", "ends": True}]
    rules = {"definition": {"text": "T", "actions": actions}}
    g = ground("custom", rules=rules, signs=True, verdict="fixed:1")
    g.say("ann", "point", "A", at=10)
    g.say("ann", "stop", "A", at=50)
    assert check(whole(build_proof(g))).flaw is None
    g.core._state.sport = Lawless(g.core.sport)
    g.say("ann", "point", "A", at=90)
    assert [entry.title for entry in g.entries] == ["point", "stop", "point"]
    broken(check(whole(build_proof(g))), 3, "the rules forbid it there: the event is over")


class Lawless:
    """A sport that forbids nothing: what an evil host plays."""

    def __init__(self, sport: Any) -> None:
        self._sport = sport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sport, name)

    def illegal(self, _state: object, _action: object) -> None:
        return None


def test_seal_over_another_digest(proof: Proof) -> None:
    """The digest in the seal is that of the messages, also where the host signed another."""
    hashes = lines.digests(proof[:-1])
    signature = HOST.sign(lines.sealed(hashes, bytes(16)))
    evil = [*proof[:-1], lines.encode(Seal(hashes, bytes(16), signature))]
    broken(check(whole(evil)), len(proof) - 1, "another digest")


def test_other_policy(proof: Proof) -> None:
    """The votes are enough by the policy of the epoch, which the header names."""
    header = line_of(proof, 0)
    first, second = header.epochs
    strict = with_line(proof, 0, epochs=[replace(first, verdict="fixed:3"), second])
    broken(check(resealed(strict)), 1, "1 for and 0 against of 1 are not enough by fixed:3")
    alone = with_line(proof, 0, epochs=[replace(first, alone=False), second])
    broken(check(resealed(alone)), 1, "not enough by quorum")
    unknown = with_line(proof, 0, epochs=[replace(first, verdict=""), second])
    broken(check(resealed(unknown)), 0, "no policy")


def test_votes_that_say_nothing_about_it(proof: Proof) -> None:
    """A vote against is one that can't be true together with the entry, a vote to delete names it,
    a vote to amend as well."""
    index = at(proof, "reports", 1)
    wrong = vote("dan", 50, "save", "A", 0)
    broken(check(resealed(with_line(proof, index, against=[wrong]))), index, "says nothing against")
    index = at(proof, "delete")
    line = line_of(proof, index)
    for title, details, words in (
        ("delete", {"entry": "1"}, "deletes entry '1'"),
        ("undo", {"n": 3}, "not there"),
        ("save", {}, "not 'undo'"),
    ):
        wrong = vote("dan", 50, title, "", 0, **details)
        changed = with_line(proof, index, for_=[line.for_[0], wrong])
        broken(check(resealed(changed)), index, words)
    undone = replace(line.for_[0], undoes=replace(vote("bob", 4, "save", "A", 0)))
    assert check(resealed(with_line(proof, index, for_=[undone, line.for_[1]]))).flaw is not None
    index = at(proof, "amend")
    line = line_of(proof, index)
    wrong = vote("ann", 50, "amend", "", 0, entry="1", by="Moe")
    changed = with_line(proof, index, for_=[wrong, line.for_[1]])
    broken(check(resealed(changed)), index, "amends entry '1'")


def test_votes_far_apart(proof: Proof) -> None:
    """Reports of different times are not of one action."""
    index = at(proof, "reports", 1)
    line = line_of(proof, index)
    message: Any = codec.decode_published(line.body)
    far = vote("cid", 50, message.title, message.origin, message.time + 21_000_000)
    broken(check(resealed(with_line(proof, index, for_=[line.for_[0], far]))), index, "s apart")


def test_confirms_another_score(proof: Proof) -> None:
    """The score in force after an outage is the one that was stated."""
    index = [isinstance(lines.decode(line), ConfirmedScore) for line in proof].index(True)
    line = line_of(proof, index)
    score = {**line.score, "points": {"A": 19, "B": 9}}
    broken(check(resealed(with_line(proof, index, score=score))), index, "'9-9' is not the score")


def test_forgets_a_confirmed_score(proof: Proof) -> None:
    """What is said to be confirmed was."""
    index = [isinstance(lines.decode(line), ConfirmedScore) for line in proof].index(True)
    less = [*proof[:index], *proof[index + 1 :]]
    assert check(resealed(less)).flaw is not None


def test_header_of_an_evil_host(proof: Proof) -> None:
    """Ids are those of their keys, nobody is listed twice, the sport can be played."""
    header = line_of(proof, 0)
    one, *rest = header.signers
    cases: list[tuple[dict[str, Any], str]] = [
        ({"version": 2}, "version 2"),
        ({"host": replace(header.host, peer="x")}, "not the id"),
        ({"signers": [replace(one, peer="x"), *rest]}, "not the id"),
        ({"signers": [one, one, *rest]}, "twice"),
        ({"card": replace(header.card, rules={"definition": 5})}, "definition"),
    ]
    for changes, words in cases:
        broken(check(resealed(with_line(proof, 0, **changes))), 0, words)
    with pytest.raises(NotFound):
        check(resealed(with_line(proof, 0, card=replace(header.card, sport="chess boxing"))))


def test_what_is_no_report(proof: Proof) -> None:
    """Signed bytes that are no report, or of another event, or written in another way, count for
    nothing."""
    index = at(proof, "reports", 1)
    line = line_of(proof, index)
    ann = Identity(sha256(b"ann").digest())
    said = Said(n=50, time=0, event=Happening("point", "A", 0))
    long_form = signing.content("e", said).replace(b"\x32", b"\xcc\x32", 1)
    for content, words in (
        (b"", "no report"),
        (b"\xc1", "no report"),
        (signing.content("f", said), "event 'f'"),
        (long_form, "not written as"),
    ):
        signed = Vote(report=content, signature=ann.sign(content), peer=ann.peer)
        changed = with_line(proof, index, for_=[signed, line.for_[1]])
        broken(check(resealed(changed)), index, words)


@sampled
@given(chance=st.data())
def test_nothing_crashes_it(proof: Proof, chance: st.DataObject) -> None:
    """Whatever an evil host puts into a line, the answer is a flaw, or that it holds."""
    index = chance.draw(st.integers(1, len(proof) - 2))
    line = line_of(proof, index)
    body = line.body if isinstance(line, Published) else b""
    message: Any = codec.decode_published(body) if body else line
    names = message.__struct_fields__
    name = chance.draw(st.sampled_from(names))
    values = st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(max_size=9)
    )
    value = chance.draw(st.one_of(values, st.dictionaries(st.text(max_size=9), values, max_size=3)))
    changed = lines.encode(replace(line, **{name: value})) if not body else b""
    if body:
        try:
            evil = codec.encode(replace(message, **{name: value}))
        except (ValueError, TypeError):
            return
        changed = lines.encode(replace(line, body=evil))
    check(resealed([*proof[:index], changed, *proof[index + 1 :]]))


ENDS: list[tuple[str, int, dict[str, Any], str]] = [
    ("end", 0, {"how": "postponed"}, "as its votes say"),
    ("end", 0, {"reason": "snow"}, "as its votes say"),
    ("end", 0, {"over": False, "how": "", "reason": ""}, "says that it is over"),
    ("end", 1, {"over": True}, "says that it is not over"),
    ("end", 1, {"reason": "we like it"}, "another reason"),
    ("rules", 0, {"how": "awarded", "winner": "B"}, "otherwise than by its score"),
    ("rules", 0, {"over": False}, "still end the event"),
    ("rules", 1, {"over": True, "reason": ""}, "do not end"),
    ("rules", 1, {"reason": ""}, "another reason"),
]


@pytest.mark.parametrize(("by", "which", "changes", "words"), ENDS)
def test_ends_it_otherwise(
    ended_proof: Proof, by: str, which: int, changes: dict[str, Any], words: str
) -> None:
    """How an event ended, and that it goes on, is what the votes or the score say."""
    index = at(ended_proof, by, which)
    broken(check(resealed(with_body(ended_proof, index, **changes))), index, words)


def test_ends_it_with_too_few(ended_proof: Proof) -> None:
    """An end, and its taking back, needs its votes, more for than against."""
    for which in (0, 1):
        index = at(ended_proof, "end", which)
        less = with_line(ended_proof, index, for_=line_of(ended_proof, index).for_[:2])
        broken(check(resealed(less)), index, "not enough")


STATED: list[tuple[str, int, dict[str, Any], str]] = [
    ("stated", 0, {"stated": {"goals": {"A": 9, "B": 1}}}, "not the score that is put in force"),
    ("stated", 0, {"details": {"score": "9-1"}}, "not those of the votes"),
    ("stated", 0, {"details": {}}, "state one thing"),
    ("stated", 0, {"title": "goal"}, "not the entry of a statement"),
    ("stated", 0, {"time": 2**57}, "its time is"),
    ("stated", 2, {"stated": {"goals": {"A": 9, "B": 1}}}, "does not state"),
    ("stated", 2, {"details": {"play": "interrupted"}}, "not those of the votes"),
    ("review", 0, {"review": ""}, "does not state that a review is over"),
    ("review", 0, {"time": 2**57}, "do not speak of"),
    ("review", 1, {"review": "still"}, "does not state that a review is begun"),
    ("review", 0, {"evidence": Evidence(for_=9, against=0, present=9)}, "without votes"),
    ("review", 0, {"reviewed": "upheld"}, "has not come to 'upheld'"),
    ("review", 1, {"reviewed": "overturned"}, "has not come to 'overturned'"),
]


@pytest.mark.parametrize(("by", "which", "changes", "words"), STATED)
def test_states_something_else(
    stated_proof: Proof, by: str, which: int, changes: dict[str, Any], words: str
) -> None:
    """A statement is in force, and an entry under review, as the votes say."""
    index = at(stated_proof, by, which)
    broken(check(resealed(with_body(stated_proof, index, **changes))), index, words)


def test_states_it_with_too_few(stated_proof: Proof) -> None:
    """A statement, and a review, need their votes."""
    index = at(stated_proof, "review")
    line = line_of(stated_proof, index)
    less = with_line(stated_proof, index, for_=line.for_[:2])
    broken(check(resealed(less)), index, "not enough for a statement")
    index = at(stated_proof, "stated")
    line = line_of(stated_proof, index)
    message: Any = codec.decode_published(line.body)
    evidence = replace(message.evidence, for_=2)
    less = with_body(stated_proof, index, evidence=evidence)
    less = with_line(less, index, for_=line.for_[:2])
    broken(check(resealed(less)), index, "not enough for a statement")
