"""Grades: hits, misses and false claims, who was wrong together, and what is not counted."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from touchline.peer.grades.sheet import (
    Accuracy,
    GradeCounts,
    GradeSheet,
    LeftOut,
    decode,
    encode,
    signed,
)
from touchline.proof import build
from touchline.proof.graded import GradedEvent, GradedVote, from_journal, from_proof
from touchline.proof.grading import OfficialRecord, grade
from touchline.protocol.errors import SettingError
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Card
from touchline.sports import Action
from touchline.sports.matchfile import Match

from .forging import HOST, whole

BEGIN = 1_700_000_000_000_000
SECOND = 1_000_000
UMPIRE = Identity(bytes(32))
CARD = Card(event="e", title="A v B", sport="football", origins=["A", "B"])


def micros(at: float) -> int:
    return BEGIN + round(at * SECOND)


def record(
    *actions: tuple[str, str, float], sport: str = "football", **more: Any
) -> OfficialRecord:
    made = tuple(Action(title, origin, micros(at)) for title, origin, at in actions)
    match = Match("A v B", sport, ("A", "B"), starts=BEGIN, actions=made)
    return OfficialRecord(match, sha256(b"record").digest(), **more)


def event(*votes: tuple[str, str, str, float], shown: tuple[str, ...] = ()) -> GradedEvent:
    """An event of which only votes are known: who, what, of which side, when."""
    made = [
        GradedVote(name.encode() * 8, name, title, origin, micros(at), name in shown)
        for name, title, origin, at in votes
    ]
    return GradedEvent(CARD, "journal", votes=made, feed=bytes(16))


def sheet(found: GradedEvent, official: OfficialRecord) -> GradeSheet:
    return grade(found, official, UMPIRE.public)


def counts(made: GradeSheet, decides: bool = True) -> dict[str, GradeCounts]:
    return {one.name: one.decides if decides else one.rest for one in made.grades}


def test_hits_misses_and_false_claims() -> None:
    """What happened is hit or missed by those who are active, and what did not happen is claimed
    or declined by them; goals count apart from the rest."""
    found = event(
        ("anna", "goal", "A", 10),
        ("anna", "corner", "A", 100),
        ("bert", "goal", "A", 12),
        ("bert", "goal", "B", 101),
        ("cleo", "goal", "B", 12),
    )
    made = sheet(found, record(("goal", "A", 9), ("corner", "A", 99), ("corner", "B", 300)))
    assert counts(made) == {
        "anna": GradeCounts(hits=1, declined=2),
        "bert": GradeCounts(hits=1, false_claims=1, declined=1),
        "cleo": GradeCounts(misses=1, false_claims=1, declined=1),
    }
    assert counts(made, decides=False) == {
        "anna": GradeCounts(hits=1, misses=1),
        "bert": GradeCounts(misses=2),
        "cleo": GradeCounts(misses=2),
    }
    assert made.shared == ()
    assert made.header.votes == 5


def test_active() -> None:
    """A reporter that has not spoken for ten minutes, or not yet, misses nothing."""
    found = event(("anna", "goal", "A", 1000), ("bert", "corner", "A", 1))
    times = (500, 1000, 1599, 1601)
    made = sheet(found, record(*(("goal", "A", at) for at in times), covers=("goal",)))
    assert counts(made) == {
        "anna": GradeCounts(hits=1, misses=1),
        "bert": GradeCounts(misses=1),
    }


def test_wrong_together() -> None:
    """Those who speak of the same thing that did not happen are told together, with those who were
    there; at another time it is another claim."""
    found = event(
        ("anna", "goal", "A", 10),
        ("bert", "goal", "A", 15),
        ("cleo", "goal", "B", 12),
        ("dora", "corner", "A", 5),
        ("anna", "goal", "A", 200),
        ("dora", "corner", "A", 202),
    )
    made = sheet(found, record(covers=("goal",)))
    names = [one.name for one in made.grades]
    (shared,) = made.shared
    assert (shared.title, shared.origin, shared.time) == ("goal", "A", micros(10))
    assert [names[place] for place in shared.said] == ["anna", "bert"]
    assert [names[place] for place in shared.there] == ["anna", "bert", "cleo", "dora"]
    assert counts(made)["anna"] == GradeCounts(false_claims=2, declined=1)
    assert counts(made)["dora"] == GradeCounts(declined=3)


def test_what_very_many_fall_for() -> None:
    """What more than 500 fall for is counted to each of them, and shared by nobody."""
    names = [f"{number:04}" for number in range(501)]
    made = sheet(event(*((name, "goal", "A", 10) for name in names)), record(covers=("goal",)))
    assert made.shared == ()
    assert {one.false_claims for one in counts(made).values()} == {1}
    fewer = [(name, "goal", "A", 10.0) for name in names[1:]]
    made = sheet(event(*fewer), record(covers=("goal",)))
    assert decode(encode(signed(made, UMPIRE))).shared == made.shared != ()


def test_two_of_the_same() -> None:
    """Who claims the same twice makes two false claims; of two who do, each shares both."""
    votes = [(name, "goal", "A", at) for name in ("anna", "bert") for at in (10, 14)]
    made = sheet(event(*votes), record(covers=("goal",)))
    assert [len(one.said) for one in made.shared] == [2, 2]
    assert counts(made)["anna"] == GradeCounts(false_claims=2)


def test_thumbs_that_come_down_twice() -> None:
    """The same within 0.6 s from one reporter is one vote."""
    found = event(
        ("anna", "goal", "A", 10), ("anna", "goal", "A", 10.5), ("anna", "goal", "A", 11.2)
    )
    made = sheet(found, record(("goal", "A", 9)))
    assert counts(made)["anna"] == GradeCounts(hits=1, false_claims=1)
    assert made.header.left_out.repeated == 1


def test_shown_before() -> None:
    """A vote after its reporter was shown the claim is neither a hit nor a miss, neither a false
    claim nor declined; but its reporter is active."""
    found = event(
        ("anna", "goal", "A", 10),
        ("anna", "goal", "B", 100),
        ("copy", "goal", "A", 11),
        ("copy", "goal", "B", 101),
        shown=("copy",),
    )
    made = sheet(found, record(("goal", "A", 9), ("goal", "A", 200)))
    assert counts(made)["copy"] == GradeCounts(misses=1)
    assert counts(made)["anna"] == GradeCounts(hits=1, misses=1, false_claims=1)
    assert made.shared == ()
    assert made.header.left_out.shown == 2
    assert made.header.votes == 2


def test_nobody_came_to_it_alone() -> None:
    """What only those claim who were shown it is no false claim to anybody."""
    found = event(("copy", "goal", "B", 11), ("anna", "corner", "A", 5), shown=("copy",))
    made = sheet(found, record(covers=("goal",)))
    assert counts(made) == {"anna": GradeCounts(), "copy": GradeCounts()}


def test_what_the_record_covers() -> None:
    """Goals and the like are covered by every record, other actions where it holds one or is said
    to cover them; what it does not cover is not graded."""
    found = event(("anna", "goal", "A", 10), ("anna", "corner", "A", 20), ("anna", "foul", "A", 30))
    made = sheet(found, record(("foul", "B", 300)))
    assert counts(made)["anna"] == GradeCounts(false_claims=1)
    assert counts(made, decides=False)["anna"] == GradeCounts(misses=1, false_claims=1)
    assert made.header.left_out == LeftOut(uncovered=1)
    assert set(made.header.covers) >= {"foul", "goal", "red_card"}
    made = sheet(found, record(covers=("goal", "corner")))
    assert made.header.covers == ("corner", "goal")
    assert counts(made, decides=False)["anna"] == GradeCounts(false_claims=1)


def test_origins_as_people_write_them() -> None:
    """The side is that which is meant, in votes and in the record."""
    card = Card(event="e", title="T", sport="football", origins=["Curaçao", "B"])
    found = event(("anna", "goal", "curacao ", 10), ("bert", "goal", "CURAÇAO", 12))
    found.card = card
    official = record(("goal", "Curacao", 9))
    assert {name: one.hits for name, one in counts(sheet(found, official)).items()} == {
        "anna": 1,
        "bert": 1,
    }


def test_titles_that_say_the_same() -> None:
    """A card is seen where another colour of the same card is said; of what does not happen, two
    colours are one false claim. The timeline is held to the title."""
    found = event(
        ("anna", "yellow_card", "A", 10),
        ("bert", "second_yellow", "A", 12),
        ("anna", "yellow_card", "B", 300),
        ("bert", "red_card", "B", 301),
    )
    made = sheet(found, record(("red_card", "A", 9), covers=("red_card",)))
    assert counts(made)["anna"] == GradeCounts(hits=1)
    assert counts(made)["bert"] == GradeCounts(hits=1)
    assert counts(made, decides=False)["anna"] == GradeCounts(false_claims=1)
    assert [one.said for one in made.shared] == [(0, 1)]
    assert made.header.covers == ("red_card", "second_yellow", "yellow_card")


def test_offset_and_tolerance() -> None:
    """A record by another clock is shifted, and one that knows minutes alone is taken for that."""
    found = event(("anna", "goal", "A", 3_670))
    assert counts(sheet(found, record(("goal", "A", 10))))["anna"].hits == 0
    late = record(("goal", "A", 10), offset=3_650 * SECOND)
    assert counts(sheet(found, late))["anna"].hits == 1
    vague = record(("goal", "A", 3_600), tolerance=60 * SECOND)
    made = sheet(found, vague)
    assert counts(made)["anna"].hits == 1
    assert (made.header.offset, made.header.tolerance) == (0, 60 * SECOND)


@pytest.mark.parametrize(
    ("official", "words"),
    [
        (record(sport="tennis"), "tennis"),
        (record(("goal", "C", 10)), "'C'"),
        (record(("touchdown", "A", 10)), "'touchdown'"),
        (record(covers=("touchdown",)), "--covers"),
        (record(("goal", "A", 10), offset=2**62), "--offset"),
    ],
)
def test_not_of_this_event(official: OfficialRecord, words: str) -> None:
    """A record of another sport, side or action is refused, and so is a flag that can't be."""
    with pytest.raises(SettingError, match=words):
        sheet(event(("anna", "goal", "A", 10)), official)


def test_the_order_of_votes_does_not_matter() -> None:
    """The same votes in another order give the same sheet, to the byte."""
    votes = [
        (name, title, side, at)
        for name in ("anna", "bert", "cleo")
        for title, side, at in (("goal", "A", 10), ("goal", "B", 12), ("corner", "A", 12))
    ]
    official = record(("goal", "A", 9), ("corner", "A", 11))
    one, other = event(*votes), event(*votes[::-1])
    assert encode(sheet(one, official)) == encode(sheet(other, official))


def test_an_event_to_its_sheet(ground: Any) -> None:
    """From a journal comes a sheet that can be signed and read, with how right the timeline is."""
    g = ground(signs=True)
    g.both("goal", "A", at=10)
    g.both("goal", "B", at=50)
    g.both("corner", "A", at=80)
    g.say("cid", "goal", "A", at=12)
    official = record(("goal", "A", 9), ("corner", "A", 79), ("corner", "B", 99))
    made = sheet(from_journal(g.card, g.journal), official)
    assert decode(encode(signed(made, UMPIRE))).header == made.header
    assert counts(made) == {
        "ann": GradeCounts(hits=1, false_claims=1),
        "bob": GradeCounts(hits=1, false_claims=1),
        "cid": GradeCounts(hits=1, declined=1),
    }
    assert made.header.decides == Accuracy(right=1, wrong=1, missed=0)
    assert made.header.rest == Accuracy(right=1, wrong=0, missed=1)
    assert (made.header.published, made.header.official) == ("A 1–1 B", "A 1–0 B")
    assert made.header.source == "journal"
    assert made.header.feed == g.core.feed.digest


def test_a_proof_to_its_sheet(ground: Any) -> None:
    """A proof gives the same grades as the journal, of the votes that it holds."""
    g = ground(signs=True)
    g.both("goal", "A", at=10)
    g.both("goal", "B", at=50)
    official = record(("goal", "A", 9))
    made = sheet(from_proof(whole(build(g.card, g.journal, HOST))), official)
    assert made.header.source == "proof"
    assert made.grades == sheet(from_journal(g.card, g.journal), official).grades
    assert len(made.shared) == 1


def test_what_was_deleted_is_not_published(ground: Any) -> None:
    """An entry that was taken back, or that one voice alone said, is neither right nor wrong."""
    g = ground(signs=True, alone=True)
    g.say("ann", "corner", "A", at=5)
    g.both("goal", "B", at=50)
    g.both("delete", entry=g.entries[-1].entry_id)
    made = sheet(from_journal(g.card, g.journal), record(("corner", "A", 5)))
    assert made.header.decides == Accuracy()
    assert made.header.rest == Accuracy(missed=1)
