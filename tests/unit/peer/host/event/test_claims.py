"""Which claim a report joins."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from touchline.peer.host.event.claims import ClaimIndex, Repeat
from touchline.peer.host.event.event_claims import Claims
from touchline.sports import Detail, Kind

SECOND = 1_000_000
CARD = Kind("card", "Card", (Detail("player", "who"),), window=30.0, identity=("player",))
GOAL = Kind("goal", "Goal", window=20.0, exclusive="goal")
PERIOD = Kind("period", "Period", (Detail("which", "which", required=True),))


@pytest.fixture
def claims():
    return Claims({"goal": GOAL, "card": CARD, "period": PERIOD})


class People:
    """Joins reports the way the core does."""

    def __init__(self, claims: Claims, title: str = "goal", origin: str = "A") -> None:
        self.claims = claims
        self.index = claims.index(title, origin)

    def report(self, index: int, at: float, player: str | None = None):
        time = round(at * SECOND)
        details = {"player": player} if player else None
        identity = self.index.identity(details)
        claim = self.index.find(time, 1 << index, identity)
        if claim is None:
            claim = self.claims.start(self.index, time, identity, 0, 0.0)
        elif identity:
            self.claims.adopt(claim, identity)
        claim.add_vote(index, 1 << index, 1, time, details)
        return claim


def test_window(claims):
    """A report joins up to the window's width from the claim, and not a microsecond beyond."""
    for off, same in ((20.0, True), (20.000001, False), (-20.0, True), (-20.000001, False)):
        people = People(Claims({"goal": GOAL}))
        assert (people.report(0, 0) is people.report(1, off)) is same


def test_nearest(claims):
    """Of several claims in reach the clearly nearer one is joined."""
    people = People(claims)
    first, second = people.report(0, 0), people.report(0, 15)
    assert people.report(1, 14) is second
    assert people.report(2, 1) is first


def test_as_near_the_bigger(claims):
    """Of claims that are about equally near, the one with more voters is joined."""
    people = People(claims)
    small = people.report(0, 0)
    big = people.report(0, 2)
    for index in (1, 2, 3):
        big.add_vote(index + 10, 1 << (index + 10), 1, 2 * SECOND, None)
    assert people.report(20, 0) is big
    assert small is not big


def test_shortcut_finds_what_the_search_finds():
    """A claim that is far from all others is taken where the whole search would take it."""
    random = Random(5)
    for _ in range(60):
        fast, slow = People(Claims({"goal": GOAL})), People(Claims({"goal": GOAL}))
        for step in range(60):
            index = random.randrange(6)
            at = random.choice([0, 30, 60, 200]) + random.uniform(-25, 25)
            for claim in slow.index.near(0, 1 << 62):
                claim.isolated = False  # it is searched for
            one, other = fast.report(index, at), slow.report(index, at)
            assert one.number == other.number, step


def test_claims_that_are_far_apart_are_found_without_a_search(claims, monkeypatch):
    """As where each reporter says all that it has seen in one batch."""
    people = People(claims)
    begun = [people.report(0, at) for at in (0, 600, 1_200)]
    monkeypatch.setattr(ClaimIndex, "near", None)
    assert [people.report(1, at) for at in (3, 597, 1_201)] == begun
    assert [people.report(2, at) for at in (1_199, 8, 600)] == [begun[2], begun[0], begun[1]]


def test_the_mean_is_that_of_the_votes_that_move_it():
    """However often it is asked for, and whatever is taken out or replaced in between."""
    random = Random(3)
    for _ in range(300):
        people = People(Claims({"goal": GOAL}))
        claim = people.report(0, 0)
        moving, late, mean = {0: claim.anchor}, [], claim.anchor
        for voter in range(1, 30):
            time = round(random.uniform(-40, 40) * SECOND)
            what = random.choice(["vote"] * 6 + ["withdraw", "replace", "late"])
            if what == "late" or late:
                claim.add_late_vote(voter, 1 << voter, 1, time, None)
                late.append(voter)
            elif what == "vote":
                claim.add_vote(voter, 1 << voter, 1, time, None)
                moving[voter] = time
            elif what == "replace" and moving:
                whose = random.choice(list(moving))
                claim.replace_vote(whose, Repeat(2, time, "goal", None, None))
                moving[whose] = time
            if what == "withdraw" and (moving or late):
                whose = random.choice([*moving, *late])
                claim.withdraw(whose, 1 << whose)
                late = [one for one in late if one != whose]
                moving.pop(whose, None)
            if moving:
                mean = max(claim.low, min(sum(moving.values()) // len(moving), claim.high))
            if random.random() < 0.5:
                assert claim.mean == mean
                assert claim.in_order(claim.voters) == sorted(claim.times)
        assert claim.mean == mean


def test_far_votes_do_not_stretch_the_window():
    """A report near the first one, but a window away from the mean, begins another claim."""
    people = People(Claims({"goal": GOAL}))
    first = people.report(0, 0)
    for index in range(1, 9):
        assert people.report(index, 18) is first
    assert people.report(9, -9) is not first


def test_no_chain_drags_a_claim():
    """Reports that each lie a little further on never carry a claim more than a window away."""
    people = People(Claims({"goal": GOAL}))
    first = people.report(0, 0)
    for index in range(1, 200):
        people.report(index, (first.mean / SECOND) + 19.9)
    assert first.mean <= 20 * SECOND
    assert people.index.near(first.mean, people.index.window)[0] is first


def test_identity(claims):
    """A report without the detail fits any claim, and the claim learns it from the next."""
    people = People(claims, "card")
    unknown = people.report(0, 0)
    assert people.report(1, 0, "Ito") is unknown
    assert people.report(2, 0, "Abe") is not unknown
    assert people.report(3, 0, "ITO") is unknown


def test_bare(claims):
    """Only a kind that requires no detail can be reported by action and origin alone."""
    assert claims.index("goal", "A").needs_no_details
    assert claims.index("card", "A").needs_no_details
    assert not claims.index("period", "A").needs_no_details
    assert not claims.correction_index("delete", "1").needs_no_details


@pytest.mark.parametrize("order", list(permutations((1, 2, 4, 9))))
def test_median(order):
    """The time is the middle one, the lower of two, whatever the order."""
    people = People(Claims({"goal": GOAL}))
    for index, at in enumerate(order):
        claim = people.report(index, at)
    assert claim.time == 2 * SECOND


def test_withdraw(claims):
    """A vote that is taken back leaves nothing of what it said, and its voter may join again."""
    people = People(claims, "card")
    claim = people.report(0, 10, "Ito")
    people.report(1, 0)
    claim.withdraw(0, 1)
    assert (claim.votes, claim.voters, claim.time, claim.mean) == ([(1, 1)], 2, 0, 0)
    assert claim.merged() == {}
    assert people.report(0, 2) is claim
    claim.withdraw(0, 1)
    claim.withdraw(1, 2)
    assert claim.votes == []
    assert people.report(3, 0) is claim
    assert (claim.mean, claim.time) == (0, 0)


def test_merged(claims):
    """Details come by name; the most reported value wins, of equals the first."""
    claim = People(claims).report(0, 0)
    for index, details in enumerate(({"b": 1, "a": "x"}, {"b": 2}, {"b": 2, "a": "y"}), 1):
        claim.add_vote(index, 1 << index, 1, 0, details)
    assert list(claim.merged().items()) == [("a", "x"), ("b", 2)]


def test_late_votes_are_merged_as_well(claims):
    """What is said of a claim that is an entry already counts for its details, not for its time."""
    claim = People(claims).report(0, 0)
    claim.add_vote(1, 2, 1, 0, {"a": "x"})
    claim.add_late_vote(2, 4, 1, 0, {"a": "y", "b": 1})
    claim.add_late_vote(3, 8, 1, 0, {"a": "y"})
    claim.add_late_vote(4, 16, 1, 0, None)
    assert claim.merged() == {"a": "y", "b": 1}
    assert (claim.time, len(claim.votes)) == (0, 5)
    claim.withdraw(3, 8)
    claim.withdraw(2, 4)
    assert claim.merged() == {"a": "x"}


def test_rivals(claims):
    """Claims of the same exclusive group near in time are rivals; far or own ones are not."""
    a, b = People(claims, origin="A"), People(claims, origin="B")
    one, near, far = a.report(0, 0), b.report(1, 15), b.report(1, 90)
    assert claims.rivals(one) == [near]
    assert claims.rivals(far) == []
    own = a.report(0, 5)
    assert own not in claims.rivals(one)
    assert claims.rivals(People(claims, "card").report(0, 0)) == []


def test_close(claims):
    """A closed claim can be joined late until it is forgotten."""
    people = People(claims)
    claim = people.report(0, 0)
    claims.close(claim, forget=False)
    assert people.report(1, 0) is claim
    claims.close(claim, forget=True)
    assert people.report(2, 0) is not claim


def test_expired(claims):
    """A claim is over when its own time is, which votes push out, and not before."""
    people = People(claims)
    claim = claims.start(people.index, 0, (), 0, until=10.0)
    other = claims.start(people.index, 99 * SECOND, (), 0, until=12.0)
    claim.until = 20.0
    assert claims.next_due() == 10.0
    assert claims.expired(11.0) == []
    assert claims.expired(12.0) == [other]
    claims.close(other, forget=True)
    assert claims.next_due() == 20.0
    assert claims.expired(20.0) == [claim]
    claims.close(claim, forget=True)
    assert claims.next_due() is None


def test_postpone(claims):
    """After a restart every open claim has its whole time again, also one that had longer."""
    index = claims.index("goal", "A")
    made = [claims.start(index, i * 99 * SECOND, (), 0, until=float(90 - i)) for i in range(3)]
    claims.postpone(40.0)
    assert claims.expired(39.9) == []
    assert claims.expired(40.0) == made


def test_the_index_of_corrections_is_apart(claims):
    """No report's action and origin can name the index of a correction."""
    index = claims.correction_index("delete", "1")
    assert claims.find_index(("delete", "1")) is None
    assert claims.correction_index("delete", "1") is index
    assert isinstance(index, ClaimIndex)
