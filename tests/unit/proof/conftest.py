"""An event in which everything happens that can be published, and its proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from touchline.proof import build
from touchline.protocol.messages import Finished

from .forging import HOST, Proof

POINTS = {
    "definition": {
        "text": "Points",
        "actions": [
            {"title": "point", "points": 1, "window": 5.0, "exclusive": "point"},
            {"title": "save", "window": 5.0, "details": [{"name": "by"}]},
        ],
    }
}


def everything(ground: Any) -> Any:
    """Return a ground on which all of it happened: rivals, late and second voices, corrections,
    undos in time and too late, a forged vote, an outage with a score that did not fit, the end."""
    g = ground("custom", rules=POINTS, signs=True, alone=True)
    g.say("ann", "save", "A", at=1)
    g.attach("bob", behind=3.0)
    g.say("bob", "save", "A", at=-2, by="Li")  # a second voice, and a clock that is off
    for name in ("cid", "dan", "eve"):
        g.attach(name)
    g.say("dan", "point", "B", at=11)
    g.both("point", "A", at=10, names=("ann", "cid"))
    both = ("ann", "eve")
    g.both("save", "B", at=20, names=both, by="Mo")
    g.say("dan", "amend", entry=g.entries[-1].entry_id, by="Max")
    g.both("amend", names=("ann", "cid"), entry=g.entries[-1].entry_id, by="Moe")
    g.both("save", "B", at=40, names=both)
    late = g.say("bob", "save", "B", at=39)
    g.say("bob", "undo", n=late)
    g.say("eve", "undo", n=g.counts["eve"])
    g.say("dan", "delete", entry=g.entries[-1].entry_id)
    taken_back = g.say("cid", "point", "B", at=60)
    g.say("cid", "undo", n=taken_back)
    g.push(g.report("dan", replace(g.said("dan", "point", "B", at=62), signature=bytes(64))))
    g.both("point", "B", at=61, names=("ann", "bob"))
    g.restart()
    g.detach("dan")
    g.detach("eve")
    crew = ("ann", "bob", "cid")
    g.begun(*crew)
    g.wait(70)
    g.back(*crew, pending=1)
    g.both("point", "A", at=g.second - 30, names=crew)
    g.stay(6, *crew)
    g.confirm("7-7", "bob")
    g.confirm("9-9", "ann", "cid")
    g.both("point", "A", at=g.second, names=("ann", "cid"))
    g.both("end", names=crew)
    return g


def reopened(ground: Any) -> Any:
    """Return a ground where the votes ended the event against some, took that back, and where the
    rules ended it and what led to it was taken back."""
    rules = {"definition": {**POINTS["definition"], "win_at": 2}}
    g = ground("custom", rules=rules, signs=True, finish_after=5.0)
    crew = ("ann", "bob", "cid", "dan", "eve")
    g.begun(*crew)
    g.both("point", "A", at=20, names=crew)
    g.say("dan", "end", over=False)
    g.both("end", names=crew[:3], how="abandoned", reason="rain")
    g.stay(16, *crew)
    g.say("eve", "end", over=False)
    g.both("end", names=crew[:3], over=False)
    g.both("point", "A", at=g.second, names=crew)
    g.stay(20, *crew)
    g.both("delete", names=crew, entry=g.entries[-1].entry_id)
    g.both("point", "A", at=g.second, names=crew)
    g.stay(20, *crew)
    return g


def stated(ground: Any) -> Any:
    """Return a ground where a score was stated against another one, taken off and stated anew, play
    was interrupted, and goals were under review: one stood, one was disallowed."""
    g = ground(signs=True, rules={"extra_time": True})
    crew = ("ann", "bob", "cid", "dan", "eve")
    g.begun(*crew)
    g.both("save", "A", at=0, names=crew)
    g.say("eve", "state", at=g.second, score="3-3")
    g.both("confirm", at=g.second, names=crew[:2], score="2-1")
    g.both("state", at=g.second, names=crew[2:4], score="2:1")
    g.both("delete", names=crew, entry=g.entries[-1].entry_id)
    g.both("state", at=g.second, names=crew[:3], score="2-2")
    g.both("state", at=g.second, names=crew[:3], minute=60)
    g.both("state", at=g.second, names=crew[:4], play="interrupted", reason="rain")
    g.both("goal", "A", at=g.second, names=crew)
    goal = g.entries[-1].entry_id
    g.both("state", at=g.second, names=crew[:3], review="begun", reason="offside")
    g.both("state", at=g.second, names=crew[:3], review="over", entry=goal)
    g.both("goal", "B", at=g.second + 40, names=crew)
    g.stay(60, *crew)
    g.both("state", at=g.second, names=crew[:3], review="begun")
    g.both("goal_disallowed", "B", at=g.second, names=crew)
    g.both("goal", "A", at=g.second, names=crew)
    g.both("state", at=g.second, names=crew[:3], review="begun")
    g.both("delete", names=crew, entry=g.entries[-1].entry_id)
    g.both("state", at=g.second, names=crew[:3], score="3-2")
    return g


@pytest.fixture
def stated_proof(ground: Any) -> Proof:
    g = stated(ground)
    assert g.headline == "A 3–2 B"
    return build(g.card, g.journal, HOST)


@pytest.fixture
def ended(ground: Any) -> Any:
    g = reopened(ground)
    over = [message.over for message in g.feed if isinstance(message, Finished)]
    assert over == [True, False, True, False, True]
    return g


@pytest.fixture
def ended_proof(ended: Any) -> Proof:
    return build(ended.card, ended.journal, HOST)


@pytest.fixture
def busy(ground: Any) -> Any:
    g = everything(ground)
    assert g.core.finished
    return g


@pytest.fixture
def proof(busy: Any) -> Proof:
    return build(busy.card, busy.journal, HOST)


@pytest.fixture
def build_proof() -> Callable[[Any], Proof]:
    """Make the proof of what happened at a ground."""
    return lambda g: build(g.card, g.journal, HOST)
