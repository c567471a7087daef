"""Signatures are checked when a vote is about to count, once, and never when restoring."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.host.event import records
from touchline.peer.host.event.signatures import AT_A_TIME, LATER_SECONDS
from touchline.protocol import codec, keys

CROWD = ("ann", "bob", "cid", "dan")

POINTS = {
    "definition": {
        "text": "Points",
        "actions": [{"title": "point", "points": 1, "window": 5.0, "exclusive": "point"}],
    }
}


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What came of each signature that was checked."""
    found: list[bool] = []
    verify = keys.verify

    def counted(public: bytes, content: bytes, signature: bytes) -> bool:
        found.append(verify(public, content, signature))
        return found[-1]

    monkeypatch.setattr(keys, "verify", counted)
    return found


def forge(g: Any, name: str, title: str, origin: str = "", at: float = 0.0, **details: Any) -> int:
    """Let somebody send a report under a signature that is not theirs."""
    said = g.said(name, title, origin, at, **details)
    evil = replace(said, signature=bytes([said.signature[0] ^ 1]) + said.signature[1:])
    g.push(g.report(name, evil))
    return int(said.n)


def struck(g: Any) -> list[records.Struck]:
    return [record for record, _ in g.recorded() if isinstance(record, records.Struck)]


def test_checked_when_accepted(ground: Any, checks: list[bool]) -> None:
    """Nothing is checked as reports come; with the one that makes the entry all that are in it."""
    g = ground(signs=True, verdict="fixed:3")
    g.say("ann", "goal", "A", at=10)
    g.say("bob", "goal", "A", at=11)
    assert checks == []
    g.say("cid", "goal", "A", at=12)
    assert checks == [True] * 3
    g.say("dan", "goal", "A", at=12)
    assert (checks, g.entries[0].evidence.for_) == ([True] * 3, 3)


def test_unsigned_counts(ground: Any, checks: list[bool]) -> None:
    """A report without a signature counts like any other, unless the host asks for signatures."""
    g = ground()
    g.both("goal", "A", at=10)
    assert (len(g.entries), checks) == (1, [])


def test_unsigned_is_refused(ground: Any) -> None:
    """Where the host asks for signatures, a report without one is refused, and counted."""
    g = ground(signs=True, require_signatures=True)
    g.signs = False
    g.attach("ann")
    n = g.say("ann", "goal", "A", at=10)
    assert (g.outcome("ann", n), g.fate("ann", n).code) == ("refused", "BAD_SIGNATURE")
    assert g.core.counters.refused == {"BAD_SIGNATURE": 1}
    assert g.core.claims.open == {}
    n = g.say("ann", "undo", n=n)
    assert g.fate("ann", n).code == "BAD_SIGNATURE"


def test_forged_is_taken_out(ground: Any) -> None:
    """A vote whose signature does not hold is taken out and refused; the claim waits for another,
    and the entry that is then made does not count it."""
    g = ground(signs=True, verdict="fixed:2")
    n = forge(g, "ann", "goal", "A", at=10)
    g.say("bob", "goal", "A", at=11)
    assert g.entries == []
    assert (g.outcome("ann", n), g.fate("ann", n).code) == ("refused", "BAD_SIGNATURE")
    assert g.core.counters.refused == {"BAD_SIGNATURE": 1}
    g.say("cid", "goal", "A", at=13)
    (entry,) = g.entries
    assert (entry.evidence.for_, entry.time) == (2, g.said("x", "goal", "A", 11).event.time)


def test_of_another_event_or_number(ground: Any) -> None:
    """A signature is good for one event and one number."""
    g = ground(signs=True, verdict="fixed:1")
    said = g.said("ann", "goal", "A", 10)
    g.push(g.report("ann", g.sign("ann", said, event="another")))
    again = g.said("ann", "goal", "A", 10)
    g.push(g.report("ann", replace(again, signature=said.signature)))
    g.push(g.report("bob", replace(g.said("bob", "goal", "A", 10), signature=again.signature)))
    assert (g.entries, g.core.counters.refused) == ([], {"BAD_SIGNATURE": 3})


def test_may_speak_again(ground: Any) -> None:
    """Whoever's vote was taken out can vote for the same again."""
    g = ground(signs=True, verdict="fixed:2")
    forge(g, "ann", "goal", "A", at=10)
    g.say("bob", "goal", "A", at=10)
    g.say("ann", "goal", "A", at=10)
    assert [entry.evidence.for_ for entry in g.entries] == [2]


def test_forged_against(ground: Any) -> None:
    """A vote against that does not hold is not held against the claim."""
    g = ground("custom", rules=POINTS, signs=True, verdict="fixed:2")
    n = forge(g, "ann", "point", "B", at=10)
    g.both("point", "A", at=10, names=("bob", "cid"))
    (entry,) = g.entries
    assert (entry.evidence.for_, entry.evidence.against) == (2, 0)
    assert g.fate("ann", n).code == "BAD_SIGNATURE"


def crowd(ground: Any, *, first: str) -> Any:
    """Thirteen are there, so that five must agree; four say A, of whom two forged, and some B."""
    g = ground("custom", rules=POINTS, signs=True, verdict="quorum")
    for number in range(13):
        g.attach(f"p{number}")
    for origin in (first, "AB".replace(first, "")):
        for number in range(4) if origin == "A" else range(5, 8):
            speak = partial(forge, g) if number < 2 else g.say
            speak(f"p{number}", "point", origin, at=10)
    return g


def test_rivals_are_weighed_again(ground: Any) -> None:
    """A claim that forged votes kept down makes it as soon as they are found out."""
    g = crowd(ground, first="A")
    g.say("p8", "point", "B", at=10)
    g.detach("p12")
    assert (g.entries, g.core.claims.open.keys()) == ([], {1, 2})  # four must agree; four do twice
    g.say("p4", "point", "A", at=10)
    assert [(entry.origin, entry.evidence.for_) for entry in g.entries] == [("B", 4)]
    assert g.entries[0].evidence.against == 3


def test_weighed_again_at_the_end_of_a_turn(ground: Any) -> None:
    """Likewise where they are found out because others have left."""
    g = crowd(ground, first="B")
    g.begin()
    for number in range(9, 13):
        g.core.detach(g.member(f"p{number}"))
    g.take()
    assert [(entry.origin, entry.evidence.for_) for entry in g.entries] == [("B", 3)]


def test_late_votes(ground: Any, checks: list[bool]) -> None:
    """Votes that joined an entry are checked when they count: against its deletion. A forged one
    is taken out then."""
    g = ground(signs=True, verdict="fixed:2")
    g.both("goal", "A", at=10)
    late = forge(g, "cid", "goal", "A", at=10)
    assert checks == [True] * 2
    for name in ("ann", "bob", "dan"):
        g.say(name, "delete", entry="1")
    assert [entry.status for entry in g.entries] == ["CONFIRMED", "DELETED"]
    assert g.entries[-1].evidence.against == 0
    assert g.fate("cid", late).code == "BAD_SIGNATURE"


def test_second_voice(ground: Any, checks: list[bool]) -> None:
    """A forged second voice confirms nothing, and is told so; a true one does. The first is not
    checked again."""
    g = ground(signs=True, alone=True)
    g.say("ann", "goal", "A", at=10)
    n = forge(g, "bob", "goal", "A", at=10)
    assert [entry.status for entry in g.entries] == ["PROVISIONAL"]
    assert g.outcome("bob", n) == "refused"
    g.say("bob", "goal", "A", at=10)
    assert [entry.status for entry in g.entries] == ["PROVISIONAL", "CONFIRMED"]
    assert checks == [True, False, True]


def test_within_a_batch(ground: Any) -> None:
    """In a batch, too, each report stands for itself."""
    g = ground(signs=True, verdict="fixed:1")
    good, bad = g.said("ann", "goal", "A", 10), g.said("ann", "corner", "A", 20)
    g.batch("ann", good, replace(bad, signature=good.signature))
    assert [entry.title for entry in g.entries] == ["goal"]
    assert g.fate("ann", bad.n).code == "BAD_SIGNATURE"


def test_fewer_present(ground: Any) -> None:
    """A claim that makes it because somebody leaves is checked as well."""
    g = ground(signs=True, verdict="majority", heartbeat=10.0)
    for name in CROWD:
        g.attach(name)
    forge(g, "ann", "goal", "A", at=1)
    g.say("bob", "goal", "A", at=1)
    g.detach("dan")
    assert (g.entries, len(struck(g))) == ([], 1)


def test_restored(ground: Any, checks: list[bool]) -> None:
    """A restored host has struck the same votes without checking one again, and goes on to check
    those that were not."""
    g = ground(signs=True, verdict="fixed:3")
    forge(g, "ann", "goal", "A", at=10)
    g.both("goal", "A", at=10, names=("bob", "cid"))
    g.both("corner", "B", at=50, names=("ann", "bob"))
    forge(g, "dan", "corner", "B", at=50)
    (first, second), done = struck(g), len(checks)
    assert (first.claim, second.claim) == (1, 2)
    before = {number: claim.votes for number, claim in g.core.claims.open.items()}
    g.restart()
    assert len(checks) == done
    assert {number: claim.votes for number, claim in g.core.claims.open.items()} == before
    g.say("dan", "goal", "A", at=10)
    assert [entry.evidence.for_ for entry in g.entries] == [3]


def test_the_rule_of_the_time(ground: Any) -> None:
    """Whether unsigned reports were refused when they came is on record: a host that is started
    with the other setting restores the same."""
    g = ground(signs=True, verdict="fixed:2")
    g.signs = False
    g.both("goal", "A", at=10)
    g.options = replace_options(g, require_signatures=True)
    g.restart()
    assert [entry.title for entry in g.standing] == ["goal"]
    g.say("ann", "corner", "A", at=20)
    g.say("bob", "corner", "A", at=20)
    g.options = replace_options(g, require_signatures=False)
    g.restart()
    assert [entry.title for entry in g.standing] == ["goal"]
    assert g.core.claims.open == {}
    g.both("corner", "A", at=20)
    assert [entry.title for entry in g.standing] == ["goal", "corner"]


def replace_options(g: Any, **changes: Any) -> Any:
    kind = type(g.options)
    return kind(**{"verdict": g.options.verdict, **changes})


def test_began(ground: Any) -> None:
    """The journal says under which settings each epoch decided."""
    g = ground(verdict="quorum", alone=True, require_signatures=True)
    began = [record for record, _ in g.recorded() if isinstance(record, records.Began)]
    (as_set,) = began
    assert (as_set.epoch, as_set.verdict, as_set.alone, as_set.signed) == (1, "quorum", True, True)


def test_no_key_no_signature(ground: Any) -> None:
    """A signature of somebody whose key the host does not know proves nothing."""
    g = ground(signs=True, verdict="fixed:1")
    g.member("ann").key = b""
    g.say("ann", "goal", "A", at=10)
    assert (g.entries, g.core.counters.refused) == ([], {"BAD_SIGNATURE": 1})


def test_signature_of_any_length(ground: Any) -> None:
    """What is no signature at all is a bad one, and nothing worse."""
    for size in (1, 63, 64):
        g = ground(signs=True, verdict="fixed:1")
        said = replace(g.said("ann", "goal", "A", 10), signature=bytes(size))
        g.push(g.report("ann", said))
        assert g.fate("ann", said.n).code == "BAD_SIGNATURE"


CROWD_OF_SIX = ("ann", "bob", "cid", "dan", "eve", "flo")


def ask(ground: Any, *tellers: str) -> Any:
    """Return a ground where some of six have reported a goal, and others are asked about it."""
    g = ground(signs=True, verdict="evidence")
    for name in CROWD_OF_SIX:
        g.attach(name, answers=True)
    g.both("goal", "A", at=0, names=tellers)
    g.wait(3.5)
    return g


def test_forged_answers(ground: Any, checks: list[bool]) -> None:
    """A yes under a signature that does not hold confirms nothing, is told, and stays out after a
    restart; one that holds counts."""
    g = ask(ground, "ann", "bob")
    first, second, third = (name for name, _ in g.questions)
    claim = g.questions[0][1].claim
    assert [one.status for one in g.entries] == ["PROVISIONAL"]
    n = forge(g, first, "answer", at=4, claim=claim, yes=True)
    forge(g, second, "answer", at=4, claim=claim, yes=True)
    g.say(third, "answer", at=4, claim=claim, yes=True)
    g.stay(2.5, *CROWD_OF_SIX)
    assert g.outcome(first, n) == "refused"
    voters = [g.member(name).voter for name in (first, second)]
    assert [voter for one in struck(g) for voter in one.answers] == voters
    assert [one.evidence.for_ for one in g.entries if one.status == "CONFIRMED"] in ([], [3])
    g.restart()
    assert g.core.by_entry["1"].yes == g.member(third).bit
    g.both("goal", "B", at=0, names=CROWD_OF_SIX[2:])  # all are verified anew, and none twice
    assert len([voter for one in struck(g) for voter in one.answers]) == 2


def test_forged_answers_delete_nothing(ground: Any) -> None:
    """What speaks against an entry is verified before it is taken back for that."""
    g = ground(signs=True, verdict="evidence")
    five = CROWD_OF_SIX[:5]
    for name in five:
        g.attach(name, answers=True)
    g.both("save", "A", at=0, names=five)
    g.stay(10, *five)
    g.both("goal", "A", at=10, names=five[:2])
    g.stay(3.5, *five)
    name, question = g.questions[0]
    forge(g, name, "answer", at=14, claim=question.claim, yes=False)
    g.stay(20, *five)
    assert [one.status for one in g.entries if one.title == "goal"] == ["PROVISIONAL"]
    assert [one.answers for one in struck(g)] == [[g.member(name).voter]]


def together(g: Any, *said: Any) -> None:
    """Let reports of different people, who are named before each, come in one turn."""
    g.begin()
    for name, one in said:
        message = g.report(name, one)
        g.core.report(g.member(name), message, codec.encode(message))
    g.take()


def twelve(ground: Any, *, forged: tuple[int, ...] = (), named: tuple[int, ...] = ()) -> Any:
    """Twelve are there, and all report the same foul in one turn: four make an entry. Some forge,
    and some say who it was."""
    g = ground(signs=True, verdict="evidence")
    names = [f"p{number}" for number in range(12)]
    for name in names:
        g.attach(name)
    said = []
    for number, name in enumerate(names):
        details = {"player": "Kim"} if number in named else {}
        one = g.said(name, "foul", "A", at=0, **details)
        if number in forged:
            one = replace(one, signature=bytes(64))
        said.append((name, one))
    together(g, *said)
    return g


def test_as_many_as_it_takes(ground: Any, checks: list[bool]) -> None:
    """Where everybody says the same, as many are verified as make an entry; no other counts, and
    nobody is taken for silent."""
    g = twelve(ground)
    (entry,) = g.entries
    assert checks == [True] * 4
    assert (entry.status, entry.evidence.for_, entry.evidence.present) == ("CONFIRMED", 4, 12)
    told = [g.outcome(f"p{number}", 1) for number in range(12)]
    assert (told.count("accepted"), told.count("stored")) == (4, 8)
    g.wait(LATER_SECONDS)
    assert checks == [True] * 12
    assert {g.outcome(f"p{number}", 1) for number in range(12)} == {"accepted"}
    known = g.core.weighed(g.core.by_entry["1"])
    assert (known.own.bit_count(), known.silent, known.excused.bit_count()) == (4, 0, 8)
    g.restart()
    assert g.core.weighed(g.core.by_entry["1"])[:7] == known[:7]


def test_forged_among_those_it_takes(ground: Any, checks: list[bool]) -> None:
    """A forged one among those is taken out: as its reporter is silent then, it takes more than
    half. One that is left out does not count, is verified later, and refused."""
    g = twelve(ground, forged=(1, 11))
    (entry,) = g.entries
    assert (sorted(checks), entry.evidence.for_) == ([False] + [True] * 7, 7)
    assert [one.voters for one in struck(g)] == [[g.member("p1").voter]]
    assert (g.outcome("p1", 1), g.outcome("p11", 1)) == ("refused", "stored")
    g.wait(LATER_SECONDS)
    assert [g.fate(f"p{number}", 1).code for number in (1, 11)] == ["BAD_SIGNATURE"] * 2
    assert g.core.counters.refused == {"BAD_SIGNATURE": 2}
    others = {g.outcome(f"p{number}", 1) for number in range(12) if number not in (1, 11)}
    assert (others, len(g.entries)) == ({"accepted"}, 1)
    votes = g.core.by_entry["1"].votes
    assert len(votes) == 10
    g.restart()
    assert g.core.by_entry["1"].votes == votes


def test_forged_after_the_entry(ground: Any, checks: list[bool]) -> None:
    """A vote for what is an entry already is told that it was accepted once it was verified; a
    forged one is refused, taken out, and its reporter may speak again. What came and was taken
    back before is told nothing else."""
    g = ground(signs=True, verdict="fixed:2")
    g.both("goal", "A", at=10)
    n = forge(g, "cid", "goal", "A", at=10)
    good = g.say("dan", "goal", "A", at=10)
    assert (g.outcome("cid", n), g.outcome("dan", good), len(checks)) == ("stored", "stored", 2)
    g.wait(LATER_SECONDS)
    assert (g.fate("cid", n).code, g.outcome("dan", good)) == ("BAD_SIGNATURE", "accepted")
    assert (checks[2:], len(g.core.by_entry["1"].votes)) == ([False, True], 3)
    n = g.say("cid", "goal", "A", at=10)
    g.wait(LATER_SECONDS)
    assert (g.outcome("cid", n), [one.status for one in g.entries]) == ("accepted", ["CONFIRMED"])


def test_a_few_at_a_time(ground: Any, checks: list[bool]) -> None:
    """However many wait, a turn verifies a few, and all are told in the end."""
    g = ground(signs=True, verdict="fixed:2")
    names = [f"p{number}" for number in range(AT_A_TIME + 3)]
    g.both("goal", "A", at=10, names=names)
    g.wait(LATER_SECONDS)
    assert len(checks) == 2 + AT_A_TIME
    g.wait(LATER_SECONDS)
    assert {g.outcome(name, 1) for name in names} == {"accepted"}
    assert len(checks) == len(names)


def test_who_says_more_is_verified(ground: Any, checks: list[bool]) -> None:
    """Who says more than the others is not left out: it is in the entry."""
    g = twelve(ground, named=(9, 10))
    (entry,) = g.entries
    assert (entry.details, entry.evidence.for_, len(checks)) == ({"player": "Kim"}, 4, 4)


def test_as_many_as_the_silent_ask_for(ground: Any, checks: list[bool]) -> None:
    """Where some are silent it takes more than half: so many are verified, and no more."""
    g = ground(signs=True, verdict="evidence")
    names = [f"p{number}" for number in range(12)]
    for name in names:
        g.attach(name)
    together(g, *((name, g.said(name, "foul", "A", at=0)) for name in names[:9]))
    (entry,) = g.entries
    assert (entry.status, entry.evidence.for_, len(checks)) == ("CONFIRMED", 7, 7)


def test_all_where_it_is_opposed(ground: Any, checks: list[bool]) -> None:
    """Where somebody speaks against it, all are verified."""
    g = ground("custom", rules=POINTS, signs=True, verdict="evidence")
    names = [f"p{number}" for number in range(12)]
    for name in names:
        g.attach(name)
    together(g, *((n, g.said(n, "point", "AB"[n == "p3"], at=0)) for n in names))
    assert [(one.evidence.for_, one.evidence.against) for one in g.entries] == [(11, 1)]
    assert len(checks) == 12
