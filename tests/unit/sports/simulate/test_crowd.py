"""Crowds: what they say, and that a vote on it finds the match."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from random import Random
from statistics import median_low

import pytest

from touchline.protocol.errors import IllegalAction
from touchline.sports import Action, get, matches, misfit
from touchline.sports.simulate.crowd import crowd

FINAL = matches.load("world-cup-final-2022")
SPORT = get(FINAL.sport)
KINDS = {kind.title: kind for kind in SPORT.kinds(FINAL.rules)}
SECOND = 1_000_000


def everything(**settings):
    """Return all that a large crowd says, with the member who says it."""
    members = crowd(FINAL, Random(1), reporters=100, **settings)
    return [(member, saying) for member in members for saying in member.sayings]


def test_a_seed_gives_the_same_crowd_again():
    """The same chance, the same crowd; another chance, another."""
    assert crowd(FINAL, Random(1)) == crowd(FINAL, Random(1))
    assert crowd(FINAL, Random(1)) != crowd(FINAL, Random(2))


def test_a_perfect_crowd_says_what_happened():
    """Without error each member says every action once, at its true time."""
    exact = {"clock_offset": 0.0, "inaccuracy": 0.0, "duplicates": 0.0, "drops": 0.0}
    for member in crowd(FINAL, Random(1), coverage=1.0, wrong=0.0, **exact):
        said = [saying.truth_index for saying in member.sayings]
        assert sorted(said) == list(range(len(FINAL.actions)))
        assert [saying.n for saying in member.sayings] == list(range(1, len(said) + 1))
        for saying in member.sayings:
            truth = FINAL.actions[saying.truth_index]
            assert saying.kind == "right"
            assert (saying.action.title, saying.action.origin) == (truth.title, truth.origin)
            assert saying.action.time == truth.time < saying.at
            assert saying.action.details.items() <= truth.details.items()
        assert (member.clock_offset, member.drops) == (0.0, ())


def test_everything_said_fits_the_sport():
    """Even what is wrong is an action that a client would let one say."""
    said = everything(wrong=0.5)
    assert not [s for _, s in said if misfit(KINDS, FINAL.origins, s.action)]


def test_what_is_said_is_in_order_and_numbered():
    """Sayings come in the order of `at`; n counts up, and only a repeat has one again."""
    for member in crowd(FINAL, Random(3), reporters=30, wrong=0.3, duplicates=0.2):
        assert list(member.sayings) == sorted(member.sayings, key=lambda saying: saying.at)
        first = {s.n: s for s in member.sayings if s.kind != "repeat"}
        assert list(first) == list(range(1, len(first) + 1))
        repeats = [s for s in member.sayings if s.kind == "repeat"]
        assert repeats
        assert all(first[s.n].action == s.action and s.at > first[s.n].at for s in repeats)


def test_what_matters_is_noticed_by_more():
    """Goals and kicks are missed by hardly anybody, cards by some, a save by as many as asked."""
    said = Counter(
        FINAL.actions[s.truth_index].title
        for _, s in everything(wrong=0.0, coverage=0.6, duplicates=0.0)
    )
    there = Counter(action.title for action in FINAL.actions)
    share = {title: said[title] / there[title] / 100 for title in there}
    assert share["goal"] > 0.96
    assert share["shootout_scored"] > 0.96
    assert 0.84 < share["yellow_card"] < 0.95
    assert 0.45 < share["save"] < 0.75


def test_as_much_is_wrong_as_asked():
    """The share of wrong sayings is near `wrong`, a little less where an error has no way open."""
    said = everything(wrong=0.2, duplicates=0.0)
    wrong = sum(saying.kind == "wrong" for _, saying in said) / len(said)
    assert 0.13 < wrong < 0.2


def test_wrong_sayings_are_real_and_varied():
    """Each wrong one differs from the truth: side, kind, people, manner, minutes, or twice."""
    ways = Counter()
    for member, saying in everything(wrong=0.5):
        if saying.kind != "wrong":
            continue
        if saying.truth_index is None:
            ways["twice"] += 1
            continue
        truth, said = FINAL.actions[saying.truth_index], saying.action
        off = abs(said.time - truth.time) / SECOND - abs(member.clock_offset)
        differs = [
            ("side", said.origin != truth.origin),
            ("title", said.title != truth.title),
            ("details", not said.details.items() <= truth.details.items()),
            ("minutes", off > 45),
        ]
        found = [way for way, is_so in differs if is_so]
        assert found, (saying, truth)
        ways.update(found)
    assert set(ways) == {"side", "title", "details", "minutes", "twice"}
    assert min(ways.values()) > 40


def test_a_wrong_clock_shows_in_the_stated_time_only():
    """Stated minus true time centres on the member's clock offset; `at` is true."""
    members = crowd(FINAL, Random(1), wrong=0.0, clock_offset=100.0, duplicates=0.0)
    for member in members:
        away = [
            (s.action.time - FINAL.actions[s.truth_index].time) / SECOND for s in member.sayings
        ]
        assert abs(sum(away) / len(away) - member.clock_offset) < 1.5
        delays = [(s.at - FINAL.actions[s.truth_index].time) / SECOND for s in member.sayings]
        assert min(delays) > 0
        assert 3 < sorted(delays)[len(delays) // 2] < 6


def test_links_go_down_as_often_and_long_as_asked():
    """Outages lie in order, do not overlap, and come to about the hourly number and length."""
    members = crowd(FINAL, Random(1), reporters=300, drops=1.0, drop_seconds=30.0)
    hours = (FINAL.actions[-1].time - FINAL.starts) / SECOND / 3600
    drops = [drop for member in members for drop in member.drops]
    assert 0.85 < len(drops) / 300 / hours < 1.15
    assert 26 < sum(until - since for since, until in drops) / len(drops) / SECOND < 34
    for member in members:
        moments = [moment for drop in member.drops for moment in drop]
        assert moments == sorted(moments)


# ── the decision ─────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Claim:
    """The reports that speak of one action."""

    title: str
    origin: str
    number: int
    times: list[int] = field(default_factory=list)
    voters: set[int] = field(default_factory=set)
    identity: dict[str, object] = field(default_factory=dict)
    details: Counter = field(default_factory=Counter)
    heard: int = 0
    accepted: Action | None = None

    @property
    def time(self) -> float:
        return sum(self.times) / len(self.times)

    def action(self) -> Action:
        most = {name: value for (name, value), _ in reversed(self.details.most_common())}
        return Action(self.title, self.origin, median_low(self.times), most)


class Vote:
    """The decision in its shortest form: title, origin, identity and time join a claim, of several
    the one with most voters; a third of the reporters, two at least, and more for than against
    accept it, if the Laws allow it where it stands; a claim that two minutes add nothing to ends.
    """

    def __init__(self, reporters: int) -> None:
        self.quorum = max(2, ceil(reporters / 3))
        self.claims: dict[tuple[str, str], list[Claim]] = {}
        self.count = 0
        self.entries: list[tuple[int, int, Action]] = []
        self.states = [SPORT.start(FINAL.origins, FINAL.rules, FINAL.lineups)]
        self.held: list[Claim] = []

    def hear(self, who: int, at: int, action: Action) -> None:
        kind = KINDS[action.title]
        lane = self.claims.setdefault((action.title, action.origin), [])
        said = {name: action.details[name] for name in kind.identity if name in action.details}
        fits = [
            claim
            for claim in lane
            if who not in claim.voters
            and abs(claim.time - action.time) <= kind.window * SECOND
            and (claim.accepted or at - claim.heard <= 120 * SECOND)
            and all(claim.identity.get(name, value) == value for name, value in said.items())
        ]
        if fits:
            claim = max(fits, key=lambda c: (len(c.voters), -abs(c.time - action.time)))
        else:
            self.count += 1
            claim = Claim(action.title, action.origin, self.count)
            lane.append(claim)
        claim.voters.add(who)
        claim.times.append(action.time)
        claim.identity = said | claim.identity
        claim.details.update(action.details.items())
        claim.heard = at
        if claim.accepted is None and self.decide(claim):
            while any(at - c.heard <= 120 * SECOND and self.decide(c) for c in self.held):
                pass

    def decide(self, claim: Claim) -> bool:
        group = KINDS[claim.title].exclusive
        against: set[int] = set()
        for (title, origin), rivals in self.claims.items():
            if (
                group
                and KINDS[title].exclusive == group
                and (title, origin)
                != (
                    claim.title,
                    claim.origin,
                )
            ):
                reach = KINDS[title].window * SECOND
                for rival in rivals:
                    if abs(rival.time - claim.time) <= reach:
                        against |= rival.voters
        if len(claim.voters) < self.quorum or len(claim.voters) <= len(against - claim.voters):
            return False
        action = claim.action()
        row = (action.time, claim.number, action)
        place = sum(entry[:2] < row[:2] for entry in self.entries)
        if SPORT.illegal(self.states[place], action):
            if claim not in self.held:
                self.held.append(claim)
            return False
        claim.accepted = action
        if claim in self.held:
            self.held.remove(claim)
        insort(self.entries, row, key=lambda entry: entry[:2])
        del self.states[place + 1 :]
        for _, _, entry in self.entries[place:]:
            try:
                self.states.append(SPORT.apply(self.states[-1], entry))
            except IllegalAction:
                self.states.append(self.states[-1])
        return True


def accepted(members) -> list[Action]:
    """Return what a vote finds; while a link is down, what is said waits."""
    arrivals = []
    for who, member in enumerate(members):
        ahead = round(member.clock_offset * SECOND)
        for saying in member.sayings:
            at = next((b for a, b in member.drops if a <= saying.at < b), saying.at)
            said = saying.action
            action = Action(said.title, said.origin, said.time - ahead, said.details)
            arrivals.append((at, who, saying.n, action))
    vote, heard = Vote(len(members)), set()
    for at, who, n, action in sorted(arrivals, key=lambda row: row[:3]):
        if (who, n) not in heard:
            heard.add((who, n))
            vote.hear(who, at, action)
    return [action for _, _, action in vote.entries]


def errors(found: list[Action]) -> tuple[list[Action], list[Action]]:
    """Return (missed, invented) of the final."""
    left, missed = list(found), []
    for truth in FINAL.actions:
        kind = KINDS[truth.title]
        fits = [
            action
            for action in left
            if (action.title, action.origin) == (truth.title, truth.origin)
            and abs(action.time - truth.time) <= kind.window * SECOND
            and all(
                action.details.get(name, truth.details[name]) == truth.details[name]
                for name in kind.identity
            )
        ]
        if fits:
            left.remove(min(fits, key=lambda action: abs(action.time - truth.time)))
        else:
            missed.append(truth)
    return missed, left


@pytest.mark.parametrize("first", range(1, 201, 20))
def test_twelve_reporters_find_the_whole_final(first):
    """With 15 % of what is said wrong, a vote among twelve misses nothing and invents nothing."""
    for seed in range(first, first + 20):
        found = accepted(crowd(FINAL, Random(seed), wrong=0.15))
        assert errors(found) == ([], []), f"seed {seed}"


def test_the_decision_is_really_tried():
    """Four reporters of whom every second errs do miss and invent: the vote above could fail."""
    missed, invented = errors(accepted(crowd(FINAL, Random(1), reporters=4, wrong=0.5)))
    assert missed
    assert invented
