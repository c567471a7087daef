"""A proof shows that of what excludes each other one entry stood at most, at every seq."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.host.event import records
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.exclusion import Exclusion
from touchline.proof import build, check
from touchline.protocol.messages import Entry

from .forging import HOST, at, broken, line_of, resealed, whole

CREW = ("ann", "bob", "cid", "dan", "eve", "flo", "gus", "hal")

WEIGHS_OR_COUNTS = pytest.mark.parametrize("verdict", ["evidence", "quorum"])


def disputed(ground: Any, verdict: str) -> list[bytes]:
    """Return the proof of an event in which three saw a goal for B, and five one for A."""
    g = ground(verdict=verdict, signs=True).begun(*CREW, seconds=5.0)
    g.both("goal", "B", at=20, names=CREW[:3])
    g.both("goal", "A", at=21, names=CREW[3:])
    g.stay(30, *CREW)
    return build(g.card, g.journal, HOST)


@WEIGHS_OR_COUNTS
def test_what_gives_way_goes_first(ground: Any, verdict: str) -> None:
    """The proof holds; the entry that gives way is taken back right before the other one."""
    proof = disputed(ground, verdict)
    assert check(whole(proof)).flaw is None
    gone = at(proof, "exclusive")
    assert line_of(proof, gone + 1).by == ("verdict" if verdict == "evidence" else "reports")


@WEIGHS_OR_COUNTS
def test_both_stand(ground: Any, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that lets both stand is found out."""
    monkeypatch.setattr(Exclusion, "displaced", lambda *_: [])
    proof = disputed(ground, verdict)
    flaw = check(whole(proof)).flaw
    assert flaw is not None
    assert flaw.reason == "entry 1 stands, which it excludes"


@WEIGHS_OR_COUNTS
def test_taken_back_for_nothing(ground: Any, verdict: str) -> None:
    """So is one that takes an entry back for another that does not come."""
    proof = disputed(ground, verdict)
    gone = at(proof, "exclusive")
    less = [*proof[: gone + 1], proof[-1]]
    broken(check(resealed(less)), gone + 1, "entry 1 was taken back", "came next")


@WEIGHS_OR_COUNTS
def test_of_before(ground: Any, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In proofs of before, what gave way went right after the other came."""
    publish, displaced = HostedEvent._publish, Exclusion.displaced
    later: list[Entry] = []

    def after(self: Exclusion, *rest: Any) -> list[Entry] | None:
        later[:] = displaced(self, *rest) or []
        return []

    def both(self: HostedEvent, entry: Entry, *rest: Any) -> None:
        publish(self, entry, *rest)
        gone = [] if entry.status == "PROVISIONAL" else later.copy()
        later.clear()
        for one in gone:
            self._entries.publish(one)

    monkeypatch.setattr(records, "EDITION", 1)
    monkeypatch.setattr(Exclusion, "displaced", after)
    monkeypatch.setattr(HostedEvent, "_publish", both)
    proof = disputed(ground, verdict)
    # A count of heads finds by itself that it is outdone by what stands already.
    came, went = ("verdict", "exclusive") if verdict == "evidence" else ("reports", "verdict")
    assert line_of(proof, at(proof, went)).seq > line_of(proof, at(proof, came)).seq
    assert check(whole(proof)).flaw is None


def test_copies_do_not_count(ground: Any) -> None:
    """Where heads are counted, a vote of a reporter that repeats what it was shown is in the proof,
    and marked."""
    g = ground(verdict="quorum", signs=True).begun(*CREW[:5], seconds=5.0)
    g.say("ann", "goal", "A", at=20)
    said = g.said("bob", "goal", "A", at=20)
    shown = g.sign("bob", replace(said, seen=1, signature=b""))
    g.push(replace(g.report("bob", shown), seen=1))
    assert g.entries == []
    g.say("cid", "goal", "A", at=20)
    (entry,) = g.entries
    assert (entry.evidence.for_, entry.evidence.seen) == (2, 1)
    proof = build(g.card, g.journal, HOST)
    line = line_of(proof, at(proof, "reports"))
    assert (len(line.for_), line.seen) == (3, [g.peer("bob")])
    assert check(whole(proof)).flaw is None


@pytest.mark.parametrize("edition", [3, records.EDITION])
def test_who_thinks_better_of_it(
    ground: Any, edition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word counts of who says a moment later what excludes the first; in proofs of before
    neither did."""
    monkeypatch.setattr(records, "EDITION", edition)
    g = ground(verdict="evidence", signs=True)
    five = CREW[:5]
    for name in five:
        g.attach(name)
    g.both("goal", "B", at=0, names=five[:3])
    g.wait(5)
    g.both("goal", "A", at=5, names=five[:3])
    g.stay(60, *five)
    assert [one.origin for one in g.standing] == (["A"] if edition > 3 else [])
    assert check(whole(build(g.card, g.journal, HOST))).flaw is None
