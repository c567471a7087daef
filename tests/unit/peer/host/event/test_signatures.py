"""Signatures are checked when a vote is about to count, once, and never when restoring."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.host.event import records
from touchline.protocol import keys

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
    assert began == [records.Began(epoch=1, verdict="quorum", alone=True, signed=True)]


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
