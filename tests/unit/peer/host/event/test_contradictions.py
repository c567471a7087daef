"""A host refuses a report that contradicts itself, and says what to send instead."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.host.event import records
from touchline.peer.host.event.event import HostedEvent
from touchline.proof import build, check
from touchline.protocol import codec
from touchline.protocol.tokens import digest
from touchline.sports.contradictions import unchecked

from ....conftest import identity

HOST = identity("host")
LINE_UPS = {"A": ["7 Al Able", "9 Bo Baker"], "B": ["7 Di Dean", "9 Ed Egan"]}


@pytest.fixture
def known(ground: Any) -> Any:
    """A ground where both line-ups are known."""
    return ground(lineups=LINE_UPS).begun()


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"player": "Baker", "how": "own goal"}, ("9 Bo Baker", "origin B if B gains")),
        ({"player": "Egan"}, ("9 Ed Egan", "how=own goal if A does")),
    ],
)
def test_a_goal_by_the_wrong_side(known: Any, details: Any, words: tuple[str, ...]) -> None:
    """The receipt says which side gains, and the report counts for nothing."""
    n = known.say("ann", "goal", "A", at=20, **details)
    fate = known.fate("ann", n)
    assert (fate.outcome, fate.code) == ("refused", "CONTRADICTION")
    assert all(word in fate.reason for word in words)
    assert known.core.claims.open == {}
    again = known.say("ann", "goal", "A", at=20)
    known.say("bob", "goal", "A", at=20)
    assert known.outcome("ann", again) == "accepted"


@pytest.mark.parametrize(
    ("title", "details", "words"),
    [
        ("goal", {"player": "Baker", "assist": "9"}, "9 Bo Baker is named twice, as player and as"),
        ("substitution", {"off": "B. Baker", "on": "Bo"}, "9 Bo Baker is named twice, as off and"),
    ],
)
def test_one_person_in_two_parts(known: Any, title: str, details: Any, words: str) -> None:
    """Who scored did not pass, and nobody comes on for himself, however the two are spelt."""
    n = known.say("ann", title, "A", at=20, **details)
    fate = known.fate("ann", n)
    assert (fate.outcome, fate.code) == ("refused", "CONTRADICTION")
    assert words in fate.reason


def test_votes_that_name_one_person_twice(known: Any) -> None:
    """Some say that Baker scored, others that Baker passed: the entry says the one or the other."""
    known.say("ann", "goal", "A", at=20, player="Baker")
    known.say("bob", "goal", "A", at=20, assist="Baker")
    known.stay(30)
    (goal,) = known.standing
    assert list(dict(goal.details).values()) == ["9 Bo Baker"]


def test_what_is_meant_counts(known: Any) -> None:
    """An own goal of the other side, and a name of neither line-up, are what they are."""
    known.both("goal", "A", at=1, player="Egan", how="own goal")
    known.both("goal", "A", at=29, player="Cole")
    assert [one.details["player"] for one in known.standing] == ["9 Ed Egan", "Cole"]


def test_an_amendment(known: Any) -> None:
    """Votes that would make an entry contradict itself are refused, others are not."""
    known.both("goal", "A", at=1, player="Able", how="header")
    refused = known.say("ann", "amend", entry="1", player="Egan")
    assert known.fate("ann", refused).code == "CONTRADICTION"
    assert known.fate("ann", refused).reason.startswith("amend: 9 Ed Egan is in the line-up of B")
    known.both("amend", entry="1", player="Egan", how="own goal")
    assert known.standing[0].details == {"player": "9 Ed Egan", "how": "own goal"}


def test_an_amendment_of_an_entry_that_contradicts_itself(known: Any) -> None:
    """What was let in before there was a check can be put right in part."""
    shared = known.core._state
    in_force, shared.contradiction = shared.contradiction, unchecked
    known.both("goal", "A", at=1, player="Egan")
    shared.contradiction = in_force
    known.both("amend", entry="1", assist="Able")
    assert known.standing[0].details == {"player": "Egan", "assist": "7 Al Able"}


def test_details_that_do_not_go_together(ground: Any) -> None:
    """Of votes that are right each, and not together, the name goes that does not fit."""
    g = ground(lineups=LINE_UPS, verdict="fixed:3", signs=True).begun("ann", "bob", "cid")
    g.say("ann", "goal", "A", at=20, player="Egan", how="own goal")
    g.both("goal", "A", at=20, names=("bob", "cid"), how="header")
    assert [dict(one.details) for one in g.entries] == [{"how": "header"}]
    assert check(b"".join(line + b"\n" for line in build(g.card, g.journal, HOST))).flaw is None


def test_details_do_not_turn_into_a_contradiction(ground: Any) -> None:
    """Votes that are right each, and not together, leave the entry as it is."""
    six = ("ann", "ben", "cid", "dan", "eva", "flo")
    g = ground(lineups=LINE_UPS, verdict="fixed:2").begun(*six)
    g.both("goal", "A", at=20, names=six[:2], player="Egan", how="own goal")
    g.both("goal", "A", at=20, names=six[2:5], how="header")
    assert [dict(one.details) for one in g.entries] == [{"player": "9 Ed Egan", "how": "own goal"}]


def test_a_journal_of_release_0_1(known: Any) -> None:
    """What was taken in before there was a check is taken in again."""
    said = known.said("ann", "goal", "A", at=20, player="Egan")
    report = known.report("ann", said)
    frame = codec.encode(replace(report, token=digest(report.token)))
    old = [
        replace(one, edition=0) if isinstance(one, records.Began) else one
        for one, _ in known.recorded()
    ]
    core = HostedEvent(known.card, known.options)
    core.restore([records.pack([*map(codec.encode, old), frame])])
    assert len(core.claims.open) == 1
    core = HostedEvent(known.card, known.options)
    core.restore([*known.journal, records.pack([frame])])
    assert len(core.claims.open) == 0
