"""Of two claims that are too close the later one probably repeats the first."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.event.claims import Claim
from touchline.peer.host.event.event_claims import Claims
from touchline.peer.host.event.suspicion import suspect
from touchline.sports import Detail, Kind, shipped

SECOND = 1_000_000
GOAL = Kind("goal", "Goal", window=20.0, exclusive="goal", least_apart=50.0)
CARD = Kind("card", "Card", (Detail("player", "who"),), identity=("player",), least_apart=8.0)
FOUL = Kind("foul", "Foul")


class Ground:
    """Claims, made as a host makes them."""

    def __init__(self) -> None:
        self.claims = Claims({kind.title: kind for kind in (GOAL, CARD, FOUL)})

    def claim(
        self, voters: str, at: float, title: str = "goal", origin: str = "A", player: str = ""
    ) -> Claim:
        """Return a claim of reporters, a letter each, that is open."""
        index = self.claims.index(title, origin)
        said = {"player": player} if player else None
        made = self.claims.start(index, round(at * SECOND), index.identity(said), 0, 0.0)
        for letter in voters:
            voter = ord(letter) - ord("a")
            made.add_vote(voter, 1 << voter, 1, round(at * SECOND), said)
        return made

    def entry(self, voters: str, at: float, **more: str) -> Claim:
        """Return the claim of an entry."""
        made = self.claim(voters, at, **more)
        made.entry_id, made.standing = str(made.number), "CONFIRMED"
        self.claims.close(made, forget=False)
        return made


@pytest.fixture
def claims() -> Ground:
    return Ground()


def test_a_goal_that_is_told_late(claims: Ground) -> None:
    """Case 8: two tell a goal of 30:00 at 30:40, as if it had just happened."""
    first = claims.entry("abc", 30 * 60)
    late = claims.claim("de", 30 * 60 + 40)
    assert suspect(late) is first
    assert suspect(first) is None


def test_who_told_both_means_two(claims: Ground) -> None:
    """One reporter that has told the first, or was asked about it, and tells the second."""
    claims.entry("abc", 0)
    assert suspect(claims.claim("cde", 40)) is None
    asked = claims.entry("fg", 200)
    asked.yes |= 1 << 3
    assert suspect(claims.claim("de", 240)) is None


@pytest.mark.parametrize(("at", "suspected"), [(49.9, True), (50.0, False), (-49.9, True)])
def test_how_close(claims: Ground, at: float, suspected: bool) -> None:
    """Closer than it can happen twice, before or after."""
    first = claims.entry("abc", 100)
    assert (suspect(claims.claim("de", 100 + at)) is first) is suspected


def test_what_is_another_thing(claims: Ground) -> None:
    """Of another side, another action, another player, of a kind of which nothing is known, or of
    what was taken back."""
    claims.entry("abc", 0)
    assert suspect(claims.claim("de", 40, origin="B")) is None
    assert suspect(claims.claim("de", 4, title="card")) is None
    claims.entry("abc", 100, title="card", player="Ito")
    assert suspect(claims.claim("de", 104, title="card", player="Abe")) is None
    assert suspect(claims.claim("de", 104, title="card", player="Ito")) is not None
    assert suspect(claims.claim("de", 104, title="card")) is not None
    claims.entry("abc", 0, title="foul")
    assert suspect(claims.claim("de", 1, title="foul")) is None
    gone = claims.entry("abc", 300)
    gone.standing = "DELETED"
    assert suspect(claims.claim("de", 330)) is None


def test_of_two_that_are_open(claims: Ground) -> None:
    """The one with more voters is the first, of equals the older one."""
    small, big = claims.claim("ab", 0), claims.claim("cde", 40)
    assert suspect(small) is big
    assert suspect(big) is None
    one, other = claims.claim("ab", 500, origin="B"), claims.claim("cd", 540, origin="B")
    assert suspect(other) is one
    assert suspect(one) is None


def test_the_nearest(claims: Ground) -> None:
    """Of several that it may repeat it is the nearest one."""
    claims.entry("abc", 0)
    near = claims.entry("abd", 60)
    assert suspect(claims.claim("ef", 45)) is near


# ── at a host ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", range(4, 13))
@pytest.mark.parametrize("apart", [25, 30, 40, 48])
def test_two_disjoint_groups_and_nobody_answers(ground: Any, size: int, apart: int) -> None:
    """Case 8: a quorum tells a goal, and some time later another one does. Of two that are one
    happening one stands, however many say nothing and answer nothing."""
    crowd = tuple("abcdefghijkl"[:size])
    quorum = max(2, -(-size // 3))
    if 2 * quorum > size:
        quorum = 2
    g = ground(verdict="evidence").begun(*crowd)
    for name in crowd:
        g.say(name, "corner", "B", at=g.second)
    g.stay(40, *crowd)
    g.both("goal", "A", at=g.second, names=crowd[:quorum])
    g.stay(apart, *crowd)
    g.both("goal", "A", at=g.second, names=crowd[quorum : 2 * quorum])
    g.stay(5, *crowd)
    asked = [g.core.by_entry.get(one.entry_id) for one in g.entries if one.title == "goal"]
    assert any(claim.asked for claim in asked) or len(asked) > 1
    g.stay(70, *crowd)
    assert [one.title for one in g.standing] == ["corner", "goal"]
    assert g.headline == "A 1–0 B"
    g.restart()
    g.stay(60, *crowd)
    assert g.headline == "A 1–0 B"


LATE = {
    "tennis": ("point", 10),
    "volleyball": ("point", 7),
    "rugby-union": ("try", 32),
    "ice-hockey": ("goal", 20),
    "handball": ("goal", 6),
}


@pytest.mark.parametrize("verdict", ["evidence", "quorum"])
@pytest.mark.parametrize("case", LATE)
def test_points_that_are_told_late(ground: Any, case: str, verdict: str) -> None:
    """Kind 8 in other sports: two of six tell a point, and two others some seconds later, as if it
    had just been won. One counts, and after a restart as well."""
    title, apart = LATE[case]
    sport, rules = shipped.resolved(case, {})
    crowd = tuple("abcdef")
    g = ground(sport, rules=rules, verdict=verdict).begun(*crowd)
    g.both(title, "A", at=g.second, names=crowd[:2])
    g.stay(apart, *crowd)
    g.both(title, "A", at=g.second, names=crowd[2:4])
    g.stay(60, *crowd)
    assert [one.title for one in g.standing] == [title]
    g.restart()
    g.stay(60, *crowd)
    assert [one.title for one in g.standing] == [title]
