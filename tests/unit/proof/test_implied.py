"""An entry of what few reported stands for another one that needs it, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from touchline import sports
from touchline.peer.host.event.publications import IMPLIED
from touchline.proof.check import check
from touchline.proof.implied import ImpliedEntries
from touchline.proof.votes import Broken
from touchline.protocol.messages import Entry, Evidence
from touchline.timeline.timeline import Timeline

from .forging import Proof, at, broken, resealed, whole, with_body

CUP = {"extra_time": True, "shootout": True}
CROWD = ("ann", "bob", "cid", "dan", "eve", "fay")
MINUTE = 60_000_000


def kick(number: int, origin: str, reason: str = "") -> Entry:
    return Entry(
        event="e", epoch=1, seq=number, entry_id=str(number), status="CONFIRMED", reason=reason,
        title="shootout_scored", origin=origin, time=number * MINUTE, first_reported=0,
        accepted=0, sent=0, evidence=Evidence(for_=3, against=0, present=6),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sides", "unheard", "needed"),
    [("ABA", 2, True), ("AB", 2, False), ("ABB", 2, False), ("ABABA", 3, True)],
)
def test_one_that_is_needed(sides: str, unheard: int, needed: bool) -> None:
    """The kick between two of one side is needed by the second, and by no other."""
    football = sports.get("football")
    timeline = Timeline(football, football.start(["A", "B"], CUP), {})
    implied = ImpliedEntries(football, timeline)
    for number, side in enumerate(sides, 1):
        entry = kick(number, side, IMPLIED if number == unheard else "")
        implied.take(entry)
        timeline.put(entry)
    if needed:
        implied.end()
    else:
        with pytest.raises(Broken, match=f"nothing needs entry {unheard}"):
            implied.end()


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
def test_a_host_that_publishes_one(
    ground: Any, build_proof: Callable[[Any], Proof], verdict: str
) -> None:
    """What a host published holds; what says that it is implied and is confirmed does not, nor does
    one without a vote that speaks of it."""
    g = ground("football", rules=CUP, signs=True, verdict=verdict, finish_after=600.0)
    g.begun(*CROWD)
    for side, names in (("A", CROWD), ("B", CROWD[:1]), ("A", CROWD)):
        g.both("shootout_scored", side, at=g.second, names=names)
        g.stay(30, *CROWD)
    assert [one.reason for one in g.standing] == ["", IMPLIED, ""]
    proof = build_proof(g)
    assert check(whole(proof)).flaw is None
    index = at(proof, "implied")
    for changes, words in (
        ({"status": "CONFIRMED"}, "it is CONFIRMED with 1"),
        ({"reason": ""}, "it is PROVISIONAL with 1"),
        ({"title": "foul"}, "speaks of"),
        ({"time": 5}, "its time"),
    ):
        broken(check(resealed(with_body(proof, index, **changes))), index, words)
