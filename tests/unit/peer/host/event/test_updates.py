"""Details go on being voted on: later votes fill names in and replace wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event.claims import Claim
from touchline.peer.host.event.updates import Updates

SIX = ("ann", "ben", "cid", "dan", "eva", "flo")
LINE_UP = {"A": ["7 Ada Able", "9 Bo Baker", "10 Cy Coe"]}


def told(g: Any) -> list[tuple[Any, ...]]:
    """What was published of entries: status, details, and how many are for and against."""
    return [
        (one.status, dict(one.details), one.evidence.for_, one.evidence.against)
        for one in g.entries
    ]


@pytest.fixture
def six(ground: Any) -> Any:
    """A ground with six people, where two are enough."""

    def make(**options: Any) -> Any:
        return ground(**{"verdict": "fixed:2", **options}).begun(*SIX)

    return make


def test_a_wrong_name_is_replaced(six: Any) -> None:
    """Two name A9, then three name A7: A7, with three against two."""
    g = six()
    g.both("goal", "A", at=10, names=SIX[:2], player="A9")
    g.both("goal", "A", at=11, names=SIX[2:4], player="A7")
    assert told(g) == [("CONFIRMED", {"player": "A9"}, 2, 0)]
    g.say("eva", "goal", "A", at=12, player="A7")
    assert told(g)[1:] == [("UPDATED", {"player": "A7"}, 3, 2)]
    first, second = g.entries
    assert (second.entry_id, second.time, second.place) == (first.entry_id, first.time, 1)
    assert second.evidence.present == 6
    assert second.text != first.text
    assert g.standing == [second]


def test_a_name_is_filled_in(six: Any) -> None:
    """What the first two left out a later one says; votes that leave it open are for it."""
    g = six()
    g.both("goal", "A", at=10, names=SIX[:2])
    g.say("cid", "goal", "A", at=10, player="A7", how="header")
    g.say("dan", "goal", "A", at=10)
    assert told(g) == [
        ("CONFIRMED", {}, 2, 0),
        ("UPDATED", {"how": "header", "player": "A7"}, 3, 0),
    ]


def test_no_storm(six: Any) -> None:
    """Only a change that people see is published, and once for all that come in one turn."""
    g = six(lineups=LINE_UP)
    g.both("goal", "A", at=10, names=SIX[:2], player="7 Ada Able")
    before = len(g.bodies)
    for name, player in (("cid", "Able"), ("dan", "#7"), ("eva", "Bo Baker")):
        g.say(name, "goal", "A", at=10, player=player)
    assert len(g.bodies) == before
    g = six()
    g.both("goal", "A", at=10, names=SIX[:2])
    g.begin()
    for name, player in (("cid", "A1"), ("dan", "A2"), ("eva", "A2")):
        report = g.report(name, g.said(name, "goal", "A", at=10, player=player))
        g.core.report(g.member(name), report, b"")
    g.take()
    assert told(g)[1:] == [("UPDATED", {"player": "A2"}, 4, 1)]


def test_what_is_known_is_not_looked_at(six: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later vote that says what the entry says, in whatever form, costs no count of the votes;
    nor does a restart."""
    g = six(lineups=LINE_UP)
    g.both("goal", "A", at=10, names=SIX[:2], player="7 Ada Able")
    g.say("cid", "goal", "A", at=10, player="9")
    monkeypatch.setattr(Updates, "revise", refuse)
    for name, player in (("dan", "7 Ada Able"), ("eva", "Able"), ("flo", "")):
        g.say(name, "goal", "A", at=10, **({"player": player} if player else {}))
    g.restart()
    with pytest.raises(AssertionError, match="looked at"):
        g.say("gus", "goal", "A", at=10, player="9")


def refuse(_self: Updates, claim: Claim) -> None:
    raise AssertionError(f"claim {claim.number} was looked at")


def test_as_many_change_nothing(six: Any) -> None:
    """A name stands until more say another; how it is spelt too."""
    for title in ("goal", "yellow_card"):
        for old, new in (("A9", "A7"), ("Muller", "Müller")):
            if (title, new) == ("yellow_card", "A7"):
                continue  # two players booked
            g = six()
            g.both(title, "A", at=10, names=SIX[2:4], player=old)
            g.both(title, "A", at=10, names=SIX[:2], player=new)
            assert len(g.entries) == 1
            g.say("eva", title, "A", at=10, player=new)
            assert [(one.status, one.details) for one in g.entries[1:]] == [
                ("UPDATED", {"player": new})
            ]


def test_of_equals_by_the_id(six: Any) -> None:
    """Of several names that as many fill in at once, the reporter with the first id decides."""
    for order in (("cid", "dan"), ("dan", "cid")):
        g = six()
        g.both("goal", "A", at=10, names=SIX[:2])
        g.begin()
        for name in order:
            report = g.report(name, g.said(name, "goal", "A", at=10, player=f"of {name}"))
            g.core.report(g.member(name), report, b"")
        g.take()
        assert told(g)[1:] == [("UPDATED", {"player": "of cid"}, 3, 1)]


def test_field_by_field(six: Any) -> None:
    """One detail turns, the others stay."""
    g = six()
    g.both("goal", "A", at=10, names=SIX[:2], player="A9", how="penalty")
    g.say("cid", "goal", "A", at=10, player="A7")
    g.say("dan", "goal", "A", at=10, player="A7")
    g.say("eva", "goal", "A", at=10, player="A7", how="header")
    assert told(g)[1:] == [("UPDATED", {"how": "penalty", "player": "A7"}, 3, 2)]


def test_what_was_amended_stays(six: Any) -> None:
    """A detail that was voted on by itself is not turned by reports, before or after a restart."""
    g = six()
    g.both("goal", "A", at=10, names=SIX[:2], player="A9")
    g.both("amend", names=SIX[:2], entry="1", player="A1")
    g.both("goal", "A", at=10, names=SIX[2:4], player="A7")
    g.restart()
    g.say("eva", "goal", "A", at=10, player="A7", how="header")
    assert told(g)[-1][:2] == ("UPDATED", {"player": "A1", "how": "header"})


def test_what_the_rules_forbid_is_not_taken_over(six: Any) -> None:
    """A name that makes the entry impossible there is left out."""
    g = six()
    g.both("yellow_card", "A", at=10, names=SIX[:2], player="A9")
    g.both("yellow_card", "A", at=300, names=SIX[:2])
    g.say("cid", "yellow_card", "A", at=300, player="A9")
    assert [one.details for one in g.standing] == [{"player": "A9"}, {}]
    g.both("yellow_card", "A", at=150, names=SIX[:2])
    g.say("cid", "yellow_card", "A", at=150, player="A7")
    assert [one.details for one in g.standing] == [{"player": "A9"}, {"player": "A7"}, {}]


def test_an_own_goal_is_named_by_the_other_side(six: Any) -> None:
    """Whose line-up spells a name follows from all that is said."""
    lineups = {"A": ["7 Al Able", "9 Bo Baker"], "B": ["7 Di Dean", "9 Ed Egan"]}
    g = six(lineups=lineups)
    g.both("goal", "A", at=10, names=SIX[:2], how="own goal", player="7")
    g.say("cid", "goal", "A", at=10, how="own goal", player="Egan")
    g.both("goal", "A", at=10, names=SIX[3:5], player="9")
    assert told(g) == [
        ("CONFIRMED", {"how": "own goal", "player": "7 Di Dean"}, 2, 0),
        ("UPDATED", {"how": "own goal", "player": "9 Ed Egan"}, 3, 2),
    ]


def test_a_second_voice_brings_its_details(ground: Any) -> None:
    """What confirms an entry that one alone had made also says what it says of it."""
    g = ground(alone=True)
    g.say("ann", "goal", "A", at=10)
    g.say("bob", "goal", "A", at=10, player="A7")
    assert told(g) == [("PROVISIONAL", {}, 1, 0), ("CONFIRMED", {"player": "A7"}, 2, 0)]


def test_what_is_provisional_stays_so(six: Any) -> None:
    """A name does not make an entry more certain; it goes with it when it is confirmed."""
    g = six(verdict="evidence")
    g.both("goal", "A", at=30, names=SIX[:2])
    g.say("cid", "goal", "A", at=30, player="A7")
    g.restart()
    g.stay(8, *SIX)
    g.both("goal", "A", at=30, names=SIX[3:5], player="A8")
    assert told(g) == [
        ("PROVISIONAL", {}, 2, 0),
        ("PROVISIONAL", {"player": "A7"}, 3, 0),
        ("PROVISIONAL", {"player": "A8"}, 4, 1),
    ]
    g.stay(30, *SIX)
    assert [(one.status, one.details) for one in g.standing] == [("CONFIRMED", {"player": "A8"})]


def test_votes_that_do_not_count(ground: Any) -> None:
    """Details of a key on probation turn nothing, nor do those of a signature that is forged."""
    g = ground(verdict="fixed:2", probation=60.0)
    g.begun(seconds=90.0)
    g.both("goal", "A", at=80)
    g.attach("cid", enrolled=70.0)
    g.say("cid", "goal", "A", at=80, player="A7")
    assert len(g.entries) == 1
    g = ground(verdict="fixed:2", signs=True)
    g.both("goal", "A", at=10)
    forged = g.said("cid", "goal", "A", at=10, player="A7")
    g.push(g.report("cid", g.sign("dan", forged)))
    assert len(g.entries) == 1
    assert g.outcome("cid", 1) == "refused"
    g.say("dan", "goal", "A", at=10, player="A8")
    assert told(g)[1:] == [("UPDATED", {"player": "A8"}, 3, 0)]


def test_what_is_gone_or_over(six: Any) -> None:
    """Nothing is published of an entry that was deleted, or after the end."""
    g = six()
    g.both("goal", "A", at=10, names=SIX[:2])
    g.begin()
    report = g.report("cid", g.said("cid", "goal", "A", at=10, player="A7"))
    g.core.report(g.member("cid"), report, b"")
    for name in SIX[:3]:
        vote = g.report(name, g.said(name, "delete", entry="1"))
        g.core.report(g.member(name), vote, b"")
    g.take()
    assert [one.status for one in g.entries] == ["CONFIRMED", "DELETED"]


def test_a_restart_gives_the_same(six: Any) -> None:
    """The journal restores the details, their votes and to whom later reports belong."""
    g = six(signs=True)
    g.both("yellow_card", "A", at=10, names=SIX[:2], player="A9")
    g.both("goal", "A", at=60, names=SIX[:2], player="A9")
    g.both("goal", "A", at=60, names=SIX[2:5], player="A7")
    digest, standing = g.core.feed.digest, g.standing
    g.restart()
    assert (g.core.feed.digest, g.standing) == (digest, standing)
    g.say("flo", "goal", "A", at=60, player="A7")
    assert g.core.feed.digest == digest
    before = {number: (c.details, c.votes, c.amended) for number, c in claims(g).items()}
    g.restart()
    assert {number: (c.details, c.votes, c.amended) for number, c in claims(g).items()} == before


def claims(g: Any) -> dict[str, Any]:
    return dict(g.core.by_entry)


# ── told again ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("verdict", ["quorum", "evidence", "majority"])
def test_told_again_with_the_name(ground: Any, verdict: str, *, restart: bool) -> None:
    """Goal, and some seconds later the same with the scorer: one goal, with its scorer."""
    g = ground(verdict=verdict).begun(*SIX)
    g.both("goal", "A", at=30, names=SIX)
    if restart:
        g.restart()
        g.begun(*SIX, seconds=5)
    g.both("goal", "A", at=40, names=SIX[:4], player="A7")
    g.stay(60, *SIX)
    assert g.headline == "A 1–0 B"
    assert [dict(one.details) for one in g.standing] == [{"player": "A7"}]
    g.restart()
    assert [dict(one.details) for one in g.standing] == [{"player": "A7"}]


def test_who_names_another_means_another(six: Any) -> None:
    """With another scorer it is no further detail: that may be a second goal, and waits for others
    who say so."""
    g = six()
    g.both("goal", "A", at=10, names=SIX[:2], player="A9")
    again = g.say("ann", "goal", "A", at=12, player="A7")
    assert g.outcome("ann", again) == "stored"
    assert [one.details for one in g.standing] == [{"player": "A9"}]


@pytest.mark.parametrize(("details", "same"), [({"how": "header"}, 16), ({}, 0.6)])
def test_how_soon_it_is_the_same(six: Any, details: dict[str, str], same: float) -> None:
    """With a further detail in a third of the time in which no second goal can be, else in a moment
    as long as a thumb rests; after that it is a second one."""
    for apart, found in ((same, 1), (same + 1, 2)):
        g = six()
        g.both("goal", "A", at=10, names=SIX[:2])
        g.both("goal", "A", at=10 + apart, names=SIX[:2], **details)
        assert len(g.standing) == found


def test_two_substitutions_in_one_break(six: Any) -> None:
    """What details tell apart can happen twice at once, though the reporter leaves them out."""
    g = six()
    g.both("substitution", "A", at=10, names=SIX[:2])
    g.both("substitution", "A", at=12, names=SIX[:2])
    assert len(g.standing) == 2
