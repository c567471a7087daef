"""A crowd at the ground: what each of them reports of a match, and what they get wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from typing import Literal

from msgspec.structs import replace

from ...protocol.times import SECOND
from .. import get, presentation_of
from ..capabilities import Simulated
from ..matchfile import Match
from ..presentation import Named
from ..sport import Action, Kind
from .chance import Chance

_SHARES = {"person": 0.35, "side": 0.15, "kind": 0.2, "time": 0.25, "twice": 0.05}
"""How often each way of being wrong is taken. Where an action does not leave it open (a whistle has
no side), it is said right."""

SayingKind = Literal["right", "wrong", "repeat"]


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing that a member says.

    Args:
        at: when it is tapped or, if a repeat, sent again; microseconds since 1970 by a true clock.
        action: what is said; its time is by the member's own, wrong clock.
        truth_index: index in the match's actions of what it is about, right or wrong; None where
            nothing was there, such as the second of a double tap.
        kind: `wrong` says something that did not happen so; `repeat` is sent again, a resend of
            the same number and no second vote.
        n: number of the statement among the member's, from 1; a repeat has that of the first.
    """

    at: int
    action: Action
    truth_index: int | None
    kind: SayingKind
    n: int


@dataclass(frozen=True, slots=True)
class Member:
    """One of the crowd.

    Args:
        name: to be called by.
        clock_offset: seconds by which the member's clock is ahead of the true one.
        drops: (from, until) in microseconds since 1970, true: the link is down.
        sayings: in the order of `at`.
    """

    name: str
    clock_offset: float
    drops: tuple[tuple[int, int], ...]
    sayings: tuple[Saying, ...]


def crowd(
    match: Match,
    chance: Chance,
    *,
    reporters: int = 12,
    coverage: float = 0.9,
    wrong: float = 0.1,
    delay: float = 4.0,
    inaccuracy: float = 1.5,
    duplicates: float = 0.02,
    clock_offset: float = 2.0,
    drops: float = 0.5,
    drop_seconds: float = 40.0,
) -> tuple[Member, ...]:
    """Return what a crowd says of a match.

    Members see and err independently of each other. These are attentive people who came to
    report: they notice at least `coverage` of everything and nearly every goal and kick, and most
    of those who are wrong about a goal still say that there was one. An inattentive crowd is
    `coverage=0.7`.

    Args:
        match: what really happened.
        chance: decides everything; the same gives the same crowd.
        reporters: how many members.
        coverage: probability that a member reports an action of no importance; see
            `Simulation.importance`.
        wrong: probability that a member errs about an action that it reports: the other side,
            another player, another kind of action, minutes off, or said twice.
        delay: seconds from action to tap, the median; most take half to double of it.
        inaccuracy: seconds, standard deviation of the stated time; never over four of them, never
            ahead of the tap.
        duplicates: probability that a saying is sent again.
        clock_offset: seconds, standard deviation of how wrong a member's clock is.
        drops: how often an hour a member's link goes down, on average.
        drop_seconds: how long it then stays down, on average.
    """
    witness = _Witness(match, chance, coverage, wrong, delay, inaccuracy)
    members = []
    for number in range(1, reporters + 1):
        ahead = round(chance.gauss(0.0, clock_offset), 3)
        spoken = witness.statements(round(ahead * SECOND))
        sayings = _numbered(spoken, chance, duplicates)
        outages = _outages(match, chance, drops, drop_seconds)
        members.append(Member(f"Reporter {number}", ahead, outages, sayings))
    return tuple(members)


@dataclass(slots=True)
class _Witness:
    """How one looks at a match; the fields are the arguments of `crowd`."""

    match: Match
    chance: Chance
    coverage: float
    wrong: float
    delay: float
    inaccuracy: float

    kinds: dict[str, Kind] = field(init=False)
    named: Mapping[str, Named] = field(init=False)
    importance: Mapping[str, float] = field(init=False)
    confused: Mapping[str, tuple[str, ...]] = field(init=False)
    names: dict[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        sport = get(self.match.sport)
        self.kinds = {kind.title: kind for kind in sport.kinds(self.match.rules)}
        self.named = presentation_of(self.match.sport, self.match.rules).lineup.named
        simulation = sport.simulation if isinstance(sport, Simulated) else None
        self.importance = simulation.importance if simulation is not None else {}
        self.confused = simulation.confused if simulation is not None else {}
        self.names = _rosters(self.match, self.named)

    def statements(self, ahead: int) -> list[Saying]:
        """Return what one member says, not yet in order; `ahead` is the clock's, microseconds."""
        said = []
        chance = self.chance
        for index, action in enumerate(self.match.actions):
            gap = 1.0 - self.coverage
            if chance.random() < gap * (1.0 - self.importance.get(action.title, 0.0)):
                continue
            reaction = _whole_ms(chance.lognormvariate(log(self.delay), 0.45))
            spread = max(-4.0, min(4.0, chance.gauss(0.0, 1.0)))
            stated = action.time + min(_whole_ms(self.inaccuracy * spread), reaction)
            seen = Action(action.title, action.origin, stated + ahead, self._vague(action))
            at = action.time + reaction
            if chance.random() < self.wrong:
                said += self._wrong(seen, index, at)
            else:
                said.append(Saying(at, seen, index, "right", 0))
        return said

    def _vague(self, action: Action) -> dict[str, str | int | float | bool]:
        """Return an action's details without what a fan may not know; what tells it from
        another such action is seldom left out."""
        kind = self.kinds.get(action.title)
        identity = kind.identity if kind else ()
        required = {detail.name for detail in kind.details if detail.required} if kind else set()
        return {
            name: value
            for name, value in action.details.items()
            if name in required or self.chance.random() >= (0.03 if name in identity else 0.15)
        }

    def _wrong(self, seen: Action, index: int, at: int) -> list[Saying]:
        way = self._drawn()
        if way == "time":
            return [self._mistimed(seen, index, at)]
        if way == "twice":
            again = _whole_ms(self.chance.uniform(0.3, 2.0))
            second = replace(seen, time=seen.time + again)
            return [
                Saying(at, seen, index, "right", 0),
                Saying(at + again, second, None, "wrong", 0),
            ]
        change = {"person": self._other_person, "side": self._other_side, "kind": self._other_kind}
        changed = change[way](seen)
        if changed is None:
            return [Saying(at, seen, index, "right", 0)]
        return [Saying(at, changed, index, "wrong", 0)]

    def _drawn(self) -> str:
        """Return a way of being wrong, each as often as its share says."""
        left = self.chance.random()
        *others, last = _SHARES
        for way in others:
            left -= _SHARES[way]
            if left < 0:
                return way
        return last

    def _mistimed(self, seen: Action, index: int, at: int) -> Saying:
        """Say it minutes late as if it had just been, or in time but as if it had been earlier."""
        minutes = _whole_ms(self.chance.uniform(60.0, 300.0))
        if self.chance.random() < 0.5:
            return Saying(at + minutes, replace(seen, time=seen.time + minutes), index, "wrong", 0)
        return Saying(at, replace(seen, time=seen.time - minutes), index, "wrong", 0)

    def _other_person(self, seen: Action) -> Action | None:
        """Name another of the same side; None where no name was given or no other is known."""
        named = [name for name in seen.details if name in self.named]
        others = [name for name in self.names[seen.origin] if name not in seen.details.values()]
        if not named or not others:
            return None
        mixed_up = self.chance.choice(named)
        return replace(seen, details={**seen.details, mixed_up: self.chance.choice(others)})

    def _other_side(self, seen: Action) -> Action | None:
        """Take it for the other side's; who did it is then guessed among that side's people."""
        others = [origin for origin in self.match.origins if origin != seen.origin]
        if not seen.origin or not others:
            return None
        other = self.chance.choice(others)
        named = [name for name in seen.details if name in self.named]
        guesses = self.chance.sample(self.names[other], min(len(named), len(self.names[other])))
        kept = {name: value for name, value in seen.details.items() if name not in self.named}
        guessed = dict(zip(named, guesses, strict=False))
        return replace(seen, origin=other, details=kept | guessed)

    def _other_kind(self, seen: Action) -> Action | None:
        """Take it for another kind, or for done otherwise; None where there is no other."""
        options: list[Action] = []
        for title in self._other_titles(seen):
            takes = {detail.name for detail in self.kinds[title].details}
            kept = {n: value for n, value in seen.details.items() if n in takes}
            options.append(replace(seen, title=title, details=kept))
        for name, choices in self._open_choices(seen).items():
            options += [replace(seen, details={**seen.details, name: c}) for c in choices]
        return self.chance.choice(options) if options else None

    def _other_titles(self, seen: Action) -> list[str]:
        return [title for title in self.confused.get(seen.title, ()) if title in self.kinds]

    def _open_choices(self, seen: Action) -> dict[str, list[str]]:
        """Return, for each detail that was said and has choices, the other choices.

        One that is required (which period begins) is on the button itself, and is never wrong.
        """
        kind = self.kinds.get(seen.title)
        details = kind.details if kind else ()
        return {
            detail.name: [
                choice for choice in detail.choices if choice != seen.details[detail.name]
            ]
            for detail in details
            if detail.name in seen.details and len(detail.choices) > 1 and not detail.required
        }


def _rosters(match: Match, named: Mapping[str, Named]) -> dict[str, tuple[str, ...]]:
    """Return all who are known of each origin: the line-up, and who is named later on."""
    names = {origin: dict.fromkeys(match.lineups.get(origin, ())) for origin in match.origins}
    names[""] = {}
    for action in match.actions:
        for detail, value in action.details.items():
            if detail in named and not _of_other(named[detail], action):
                names[action.origin][str(value)] = None
    return {origin: tuple(known) for origin, known in names.items()}


def _of_other(named: Named, action: Action) -> bool:
    """Return whether a detail of an action names somebody of the other side."""
    when = named.other_when
    return named.other or (when is not None and action.details.get(when.detail) == when.value)


def _numbered(spoken: list[Saying], chance: Chance, duplicates: float) -> tuple[Saying, ...]:
    spoken.sort(key=lambda one: one.at)
    sayings = []
    for n, one in enumerate(spoken, start=1):
        first = Saying(one.at, one.action, one.truth_index, one.kind, n)
        sayings.append(first)
        if chance.random() < duplicates:
            later = one.at + _whole_ms(chance.uniform(0.5, 20.0))
            sayings.append(dataclasses.replace(first, at=later, kind="repeat"))
    return tuple(sorted(sayings, key=lambda one: one.at))


def _outages(
    match: Match, chance: Chance, drops: float, seconds: float
) -> tuple[tuple[int, int], ...]:
    """Return when a link is down, as a Poisson process that pauses while it is down."""
    found: list[tuple[int, int]] = []
    if not match.actions or drops <= 0:
        return ()
    end = max(action.time for action in match.actions)
    moment = match.starts + _whole_ms(chance.expovariate(drops / 3600.0))
    while moment < end:
        back = moment + _whole_ms(chance.expovariate(1.0 / seconds))
        found.append((moment, back))
        moment = back + _whole_ms(chance.expovariate(drops / 3600.0))
    return tuple(found)


def _whole_ms(seconds: float) -> int:
    """Return microseconds in whole milliseconds, which is what a match file keeps."""
    return round(seconds * 1000.0) * 1000
