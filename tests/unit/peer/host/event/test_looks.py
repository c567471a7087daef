"""Claims are looked at although nothing is said."""

from __future__ import annotations

from typing import Any

CROWD = ("ann", "bob", "cid", "dan", "eve")


def test_what_nobody_looked_at(ground: Any) -> None:
    """A claim that became old while the host was away is settled all the same, once the reporters
    have had time to come back."""
    g = ground(verdict="evidence").begun(*CROWD)
    g.both("save", "A", at=30, names=CROWD[:2])
    g.now += 60
    g.restart()
    g.stay(20, *CROWD)
    assert [one.status for one in g.entries] == ["PROVISIONAL"]
    g.stay(10, *CROWD)
    assert [one.status for one in g.entries] == ["PROVISIONAL", "CONFIRMED"]
