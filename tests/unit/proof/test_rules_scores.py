"""The score of each entry follows from the entries, as much of it as a release told."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event import records
from touchline.proof import build, check
from touchline.sports.race import sport as race

from .forging import HOST, whole

CREW = ("ann", "bob", "cid")


@pytest.mark.parametrize(
    ("edition", "told", "flaw"),
    [
        (records.EDITION - 1, {}, ""),
        (records.EDITION - 1, {"at": "lap 2"}, "score"),
        (records.EDITION, {}, "score"),
    ],
)
def test_a_score_of_before_said_less(
    ground: Any, edition: int, told: dict[str, str], flaw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proof of a race of before, whose scores did not say who is where on the way, holds. One of
    before that says something else is broken, and so is one of now that leaves it out."""
    with monkeypatch.context() as before:
        before.setattr(records, "EDITION", edition)
        before.setattr(race, "_on_the_way", lambda row: told if row.at else {})
        g = ground("race", origins=("Ada", "Bea"), rules={"laps": 3}, signs=True)
        for name in CREW:
            g.attach(name)
        g.both("start", at=0, names=CREW)
        g.wait(30)
        g.both("lap", "Ada", at=30, names=CREW)
        proof = build(g.card, g.journal, HOST)
        assert len(g.entries) == 2
    found = check(whole(proof)).flaw
    assert flaw in found.reason if found else not flaw
