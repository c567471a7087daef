"""One happening under several titles is one entry, with the title of most votes."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event import records
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.records import Began, pack, unpack
from touchline.peer.host.event.titles import details_of, groups, ranked
from touchline.protocol import codec
from touchline.sports import Detail, Kind

SECOND = 1_000_000
BEGIN = 1_700_000_000 * SECOND
CROWD = ("ann", "ben", "cid", "dan", "eva", "flo")
CARDS = ("yellow_card", "second_yellow", "red_card")


def six(ground: Any, sport: str = "football", **more: Any) -> Any:
    """Return a ground with six reporters, whose votes are counted."""
    return ground(sport, verdict="quorum", **more).begun(*CROWD)


def test_one_sending_off_told_in_three_ways(ground: Any) -> None:
    """Case 7: told as second yellow by two, as red by two, as yellow by two, without a name."""
    g = six(ground)
    for number, name in enumerate(CROWD):
        g.say(name, CARDS[(number // 2 + 1) % 3], "A", at=20 + number)
    assert [(entry.title, entry.status) for entry in g.entries] == [
        ("second_yellow", "CONFIRMED"),
        ("red_card", "UPDATED"),
    ]
    (entry,) = g.standing
    assert entry.text == "Red card, sent off, A"
    assert g.core.claims.open == {}
    assert {g.outcome(name, 1) for name in CROWD} == {"accepted"}
    g.restart()
    assert [entry.title for entry in g.standing] == ["red_card"]


def test_the_same_by_the_evidence(ground: Any) -> None:
    """What is weighed is weighed once, whatever it is called, and confirmed as what most say."""
    g = ground(verdict="evidence").begun(*CROWD)
    for number, name in enumerate(CROWD):
        g.say(name, CARDS[min(number, 2)], "A", at=g.second)
        g.stay(0.3, *CROWD)
    g.stay(20, *CROWD)
    (entry,) = g.standing
    assert (entry.title, entry.status in ("CONFIRMED", "UPDATED")) == ("red_card", True)
    assert g.core.claims.open == {}


def test_later_votes_turn_the_title(ground: Any) -> None:
    """An entry is called as most of its votes call it, not as the first did, and its details are
    those that its action takes."""
    g = six(ground)
    g.both("penalty_saved", "A", at=20, names=CROWD[:2], keeper="Abe")
    assert dict(g.standing[0].details) == {"keeper": "Abe"}
    g.both("penalty_missed", "A", at=20, names=CROWD[2:4])
    (entry,) = g.standing
    assert (entry.title, entry.status, dict(entry.details)) == ("penalty_missed", "UPDATED", {})
    assert entry.evidence.for_ == 4
    n = g.say("ann", "penalty_missed", "A", at=22, number=0)
    g.say("ann", "undo", n=n)
    g.say("eva", "penalty_saved", "A", at=20, keeper="Abe")
    assert g.standing[0].title == "penalty_saved"
    assert dict(g.standing[0].details) == {"keeper": "Abe"}


def test_later_votes_turn_no_title_that_is_not_possible(ground: Any) -> None:
    """A second yellow card that most call a yellow one is none, since the player is booked."""
    g = six(ground)
    g.both("yellow_card", "A", at=1, names=CROWD[:3], player="Ito")
    g.stay(60, *CROWD)
    g.both("second_yellow", "A", at=60, names=CROWD[:2], player="Ito")
    g.both("yellow_card", "A", at=60, names=CROWD[2:], player="Ito")
    assert [entry.title for entry in g.standing] == ["yellow_card", "second_yellow"]
    assert len(g.entries) == 2


def test_the_title_of_most_votes(ground: Any) -> None:
    """The votes of all titles carry the entry together; of titles with as many votes the graver one
    is taken."""
    g = ground(verdict="fixed:5").begun(*CROWD)
    g.both("yellow_card", "A", at=20, names=CROWD[:2])
    g.both("red_card", "A", at=20, names=CROWD[2:4])
    g.say("eva", "second_yellow", "A", at=20)
    assert [entry.title for entry in g.standing] == ["red_card"]
    assert g.standing[0].evidence.for_ == 5


@pytest.mark.parametrize(
    ("sport", "titles"),
    [
        ("volleyball", ("yellow_card", "red_card")),
        ("football", ("penalty_missed", "penalty_saved")),
        ("tennis", ("retire", "default")),
    ],
)
def test_words_of_other_sports(ground: Any, sport: str, titles: tuple[str, str]) -> None:
    """Siblings: a penalty that is not scored, a warning, a match that is given up."""
    g = ground(sport, verdict="fixed:3").begun(*CROWD)
    g.say("ann", titles[0], "A", at=20)
    g.both(titles[1], "A", at=21, names=("ben", "cid"))
    assert [entry.title for entry in g.standing] == [titles[1]]


def test_words_of_a_sport_of_ones_own(ground: Any) -> None:
    """A definition says which of its actions are words for one."""
    actions = [
        {"title": "two", "points": 2, "same": "shot", "exclusive": "shot"},
        {"title": "three", "points": 3, "same": "shot", "exclusive": "shot"},
    ]
    g = ground("custom", verdict="fixed:3", rules={"definition": {"actions": actions}})
    g.begun(*CROWD)
    g.say("ann", "three", "A", at=20)
    g.both("two", "A", at=20, names=("ben", "cid"))
    assert g.headline == "A 2–0 B"


def test_two_cards_minutes_apart_are_two(ground: Any) -> None:
    """A yellow card and, later, the second one."""
    g = six(ground)
    g.both("yellow_card", "A", at=5, names=CROWD[:3], player="Ito")
    g.stay(300, *CROWD)
    g.both("second_yellow", "A", at=300, names=CROWD[:3], player="Ito")
    assert [entry.title for entry in g.standing] == ["yellow_card", "second_yellow"]


def test_of_the_titles_the_one_that_is_possible(ground: Any) -> None:
    """Most say that it was a yellow card, of a player who is booked: then it was the second."""
    g = six(ground)
    g.both("yellow_card", "A", at=1, names=CROWD[:3], player="Ito")
    g.stay(60, *CROWD)
    g.both("yellow_card", "A", at=60, names=CROWD[:2], player="Ito")
    assert len(g.standing) == 1
    g.say("cid", "second_yellow", "A", at=60, player="Ito")
    assert [entry.title for entry in g.standing] == ["yellow_card", "second_yellow"]


def test_people_of_two_names_were_sent_off(ground: Any) -> None:
    """What tells cards apart tells them apart under any title."""
    g = six(ground)
    g.both("red_card", "A", at=20, names=CROWD[:3], player="Ito")
    g.both("yellow_card", "A", at=24, names=CROWD[:3], player="Abe")
    assert [entry.title for entry in g.standing] == ["red_card", "yellow_card"]


def test_two_cards_in_one_brawl(ground: Any) -> None:
    """A report joins the card of its own colour where both are about as near."""
    g = ground(verdict="fixed:4").begun(*CROWD)
    for name in CROWD[:3]:
        g.say(name, "yellow_card", "A", at=10)
        g.say(name, "red_card", "A", at=20)
    g.say("eva", "red_card", "A", at=16)
    assert [entry.title for entry in g.standing] == ["red_card"]


def test_a_reporter_thinks_better_of_it(ground: Any) -> None:
    """Yellow and, a moment later, red by one reporter are one card shown after the other: the last
    word counts. Undone, the one before counts again."""
    g = ground(verdict="fixed:3").begun(*CROWD)
    g.say("ann", "yellow_card", "A", at=20)
    red = g.say("ann", "red_card", "A", at=24)
    (claim,) = g.core.claims.open.values()
    assert (claim.votes, claim.titles) == ([(0, red)], {0: "red_card"})
    assert claim.mean == claim.time == BEGIN + 24 * SECOND
    g.say("ann", "undo", n=red)
    assert (claim.votes, claim.titles) == ([(0, 1)], {0: "yellow_card"})
    assert claim.mean == claim.time == BEGIN + 20 * SECOND
    g.say("ann", "red_card", "A", at=24)
    g.both("red_card", "A", at=24, names=("ben", "cid"))
    assert [entry.title for entry in g.standing] == ["red_card"]
    assert {g.outcome("ann", n) for n in (1, 4)} == {"accepted"}


def test_titles_after_a_restart(ground: Any) -> None:
    """Which word each reporter used is known again from the journal."""
    g = ground(verdict="fixed:3").begun(*CROWD)
    g.say("ann", "yellow_card", "A", at=20)
    g.say("ben", "red_card", "A", at=20)
    g.restart()
    g.begun(*CROWD, seconds=5)
    g.say("cid", "red_card", "A", at=20)
    assert [entry.title for entry in g.standing] == ["red_card"]


def test_a_journal_of_before(ground: Any) -> None:
    """Claims of one title each, as release 0.1 had them, go on as claims of all titles."""
    g = ground(verdict="fixed:3").begun(*CROWD)
    old = [
        [codec.encode(began(record)) if isinstance(record, Began) else raw for record, raw in turn]
        for turn in map(unpack, g.journal)
    ]
    g.journal = [pack(turn) for turn in old]
    g.core = HostedEvent(g.card, g.options)
    g.core.restore(g.journal)
    assert g.core.edition == 0
    for name, title in (("ann", "yellow_card"), ("ben", "red_card")):
        g.say(name, title, "A", at=20)
    assert len(g.core.claims.open) == 2
    g.restart()
    g.begun(*CROWD, seconds=5)
    g.say("cid", "red_card", "A", at=20)
    g.say("dan", "red_card", "A", at=20)
    assert [entry.title for entry in g.standing] == ["red_card"]
    (claim,) = g.core.by_entry.values()
    assert claim.titles == {1: "red_card", 2: "red_card", 3: "red_card"}
    g.restart()
    assert [entry.title for entry in g.standing] == ["red_card"]


def played(ground: Any, verdict: str, halves: int, **more: Any) -> Any:
    """Return a ground on which so many halves were played, of which the last was not ended."""
    g = ground("football", verdict=verdict, **more).begun(*CROWD, seconds=30)
    for number, period in enumerate(("first_half", "second_half")[:halves]):
        if number:
            g.both("period_end", at=g.second, names=CROWD, period="first_half")
            g.stay(900, *CROWD)
        g.both("period_start", at=g.second, names=CROWD, period=period)
        g.stay(46 * 60, *CROWD)
    return g


@pytest.mark.parametrize("verdict", ["quorum", "majority", "fixed:3", "evidence"])
@pytest.mark.parametrize("parts", [(2, 2), (1, 3), (3, 3), (3, 2)])
def test_the_last_whistle_in_several_words(
    ground: Any, verdict: str, parts: tuple[int, int]
) -> None:
    """Case 7: full time for some, the end of the second half for others; the rest vote to end."""
    g = played(ground, verdict, 2)
    one, two = parts
    g.both("full_time", at=g.second, names=CROWD[:one])
    g.both("period_end", at=g.second, names=CROWD[one : one + two], period="second_half")
    g.both("end", at=g.second, names=CROWD[one + two :])
    g.stay(300, *CROWD)
    assert g.core.finished
    assert [one.title for one in g.standing][:-1] == ["period_start", "period_end", "period_start"]
    assert g.standing[-1].title == ("full_time" if one > two else "period_end")


@pytest.mark.parametrize("verdict", ["quorum", "majority", "fixed:3", "evidence"])
def test_half_time_told_as_full_time(ground: Any, verdict: str) -> None:
    """Case 5: three tell it as full time, then three as the end of the first half."""
    g = played(ground, verdict, 1)
    g.both("full_time", at=g.second, names=CROWD[:3])
    g.both("period_end", at=g.second, names=CROWD[3:], period="first_half")
    g.stay(600, *CROWD)
    assert not g.core.finished
    last = g.standing[-1]
    assert (last.title, dict(last.details)) == ("period_end", {"period": "first_half"})
    assert last.clock == "45+2'"


def test_few_do_not_make_full_time_of_half_time(ground: Any) -> None:
    """Two of six tell the end of the half, and then call it full time: to end takes more."""
    g = played(ground, "quorum", 1)
    g.both("period_end", at=g.second, names=CROWD[:2], period="first_half")
    g.both("full_time", at=g.second, names=CROWD[:2])
    assert g.standing[-1].title == "period_end"
    g.say("cid", "full_time", at=g.second)
    assert g.standing[-1].title == "full_time"


def test_full_time_after_the_kicks(ground: Any) -> None:
    """It is no other word for the end of the half five minutes before, by whom that was told."""
    g = played(ground, "fixed:3", 2, rules={"shootout": True})
    g.both("period_end", at=g.second, names=CROWD, period="second_half")
    g.stay(200, *CROWD)
    for number in range(6):
        kick = "shootout_missed" if number % 2 else "shootout_scored"
        g.both(kick, "AB"[number % 2], at=g.second, names=CROWD)
        g.stay(30, *CROWD)
    g.both("full_time", at=g.second, names=CROWD)
    told = [set(one.titles.values()) for one in g.core.by_entry.values()]
    assert told.count({"period_end"}) == 2
    assert {"full_time", "period_end"} not in told


def test_whistles_of_a_journal_of_before(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By edition 10 they were two claims, and are again when it is read; later reports of both are
    of one."""
    monkeypatch.setattr(records, "EDITION", 10)
    g = played(ground, "fixed:4", 2)
    g.both("full_time", at=g.second, names=CROWD[:2])
    g.both("period_end", at=g.second, names=CROWD[2:4], period="second_half")
    assert len(g.core.claims.open) == 2
    g.restart()
    assert len(g.core.claims.open) == 2
    monkeypatch.undo()
    g.restart()
    assert len(g.core.claims.open) == 2
    g.begun(*CROWD, seconds=5)
    g.both("full_time", at=g.second, names=CROWD[4:])
    assert g.standing[-1].title == "full_time"


def began(record: Began) -> Began:
    """Return the record of a start as release 0.1 wrote it."""
    return Began(
        epoch=record.epoch, verdict=record.verdict, alone=record.alone, signed=record.signed
    )


def test_ranked() -> None:
    """Most votes first; of equals the one that the sport lists last; only those that are named."""
    titles = ("a", "b", "c")
    assert ranked(["a", "b", "a"], titles) == ["a", "b"]
    assert ranked(["c", "a"], titles) == ["c", "a"]
    assert ranked([], titles) == []


def test_groups() -> None:
    """A title that shares its word with no other is in no group."""
    kinds = [Kind("a", "A", same="x"), Kind("b", "B", same="x"), Kind("c", "C", same="delete")]
    assert groups([*kinds, Kind("d", "D")], 1) == {"a": ("a", "b"), "b": ("a", "b")}
    later = [Kind(title, "", same="w", same_since=11) for title in ("e", "f")]
    assert groups(later, 10) == {}
    assert groups(later, 11) == {"e": ("e", "f"), "f": ("e", "f")}
    kind = Kind("a", "A", (Detail("player", "who"),))
    assert details_of(kind, {"player": "Ito", "keeper": "Abe"}) == {"player": "Ito"}
