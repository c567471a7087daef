"""People at the ground: what each of them taps, by what they see, know and want.

Everything is drawn from a seed. Times are true seconds since kick-off; what a person states is by
the person's own clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf, log
from random import Random

from msgspec import structs

from touchline import sports
from touchline.protocol.times import SECOND
from touchline.sports import Action
from touchline.sports.matchfile import Match

THUMB = (log(2.0), 0.6)
"""Seconds from what happens to the tap, log-normal: 2 s in the median, 95 % within 5.4 s."""

ANSWER = (log(2.0), 0.668)
"""Seconds from a question to its answer, log-normal: 2 s in the median, 95 % within 6 s."""

STEP_SECONDS = 25.0
"""By how much a clock is set."""

PHANTOMS = 3
"""Goals that a liar, or those who collude, invent in one match."""

BALLS = 2
"""Balls a match that are in the net and do not count."""


APART = {"goal": 60.0, "point": 9.0}
"""Seconds between what is invented and what really happens, at least."""

ENDS = 0.6
"""Share of the people that say in the end that it is over, beside what else they tap."""

LEAVES = (log(10.0), 0.6)
"""Seconds after the last action at which they do, log-normal."""

SUMMARY = {"period_start", "period_end", "full_time", "serve_first"}
"""Whistles: nobody at the ground takes them for something else."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody reports.

    Args:
        covers: share of the actions that the person taps.
        errs: share of these taps that say something else.
        answers: share of the questions to the person that are answered.
        right: share of these answers that are true.
        repeats: share of what the person is shown that the person taps too.
        follows: the person has the public feed before it, which shows everything at once.
        opposes: the person names the other side each time.
        colludes: the person taps what the others of the plot invent, and answers for it.
        steps: the seconds by which the person's clock is set forward in the middle of the match.
        slow: how many times slower the thumbs are.
    """

    covers: float = 0.8
    errs: float = 0.055
    answers: float = 0.85
    right: float = 0.97
    repeats: float = 0.0
    follows: bool = False
    opposes: bool = False
    colludes: bool = False
    steps: float = 0.0
    slow: float = 1.0


HONEST = Manner()
SLOPPY = Manner(covers=0.6, errs=0.35, answers=0.6, right=0.8)
COPYCAT = Manner(covers=0.0, answers=0.6, right=0.8, repeats=1.0, follows=True)
LIAR = Manner(covers=0.0, answers=0.0, colludes=True)
COLLUDING = Manner(colludes=True)
OPPOSING = Manner(errs=0.0, opposes=True)
SILENT = Manner(covers=0.0, answers=0.0)


@dataclass(frozen=True, slots=True, order=True)
class Tap:
    """One tap.

    Args:
        at: true seconds since kick-off.
        stated: the time that it states, by the person's clock.
        action: what it says.
    """

    at: float
    stated: float
    action: Action = field(compare=False)


@dataclass(slots=True)
class Person:
    """Somebody at the ground.

    Args:
        name: told from others by it.
        manner: how the person reports.
        taps: what the person taps by itself, in order of time.
        stepped_at: when the person's clock is set, in true seconds since kick-off.
        ends_at: when the person says that it is over, likewise; None: not at all.
    """

    name: str
    manner: Manner
    taps: list[Tap] = field(default_factory=list)
    stepped_at: float = inf
    ends_at: float | None = None

    def ahead(self, at: float) -> float:
        """Return the seconds by which the person's clock is ahead at a true time."""
        return self.manner.steps if at > self.stepped_at else 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A match and what else is to be seen or plotted there.

    Args:
        match: what really happened.
        balls: seconds and side of balls in the net that do not count.
        phantoms: seconds and side of goals that are invented.
    """

    match: Match
    balls: tuple[tuple[float, str], ...] = ()
    phantoms: tuple[tuple[float, str], ...] = ()

    def seconds(self, action: Action) -> float:
        """Return when an action happened, in seconds since kick-off."""
        return (action.time - self.match.starts) / SECOND


def scene(match: Match, chance: Random, *, balls: int = 0, plot: bool = False) -> Scene:
    """Return a match with balls that do not count and, where there is a plot, invented goals.

    None of them lies within the window of a true goal or point, or of each other.
    """
    score = score_title(match)
    apart = APART[score]
    taken = [
        (action.time - match.starts) / SECOND for action in match.actions if action.title == score
    ]
    end = max((action.time - match.starts) / SECOND for action in match.actions)

    def draw(count: int) -> tuple[tuple[float, str], ...]:
        found: list[tuple[float, str]] = []
        while len(found) < count:
            at = chance.uniform(60.0, end - 120.0)
            if all(abs(at - other) > apart for other in taken):
                taken.append(at)
                found.append((at, chance.choice(match.origins)))
        return tuple(found)

    return Scene(match, draw(balls), draw(PHANTOMS if plot else 0))


def score_title(match: Match) -> str:
    return "point" if match.sport == "tennis" else "goal"


def people(place: Scene, manners: list[Manner], chance: Random) -> list[Person]:
    """Return a crowd, one person for each manner, with all that they tap by themselves."""
    end = max(place.seconds(action) for action in place.match.actions)
    found = []
    for number, manner in enumerate(manners):
        person = Person(f"p{number}", manner)
        if manner.steps:
            person.stepped_at = chance.uniform(0.3, 0.6) * end
        for at, action in _seen(place, manner, chance):
            tapped = at + chance.lognormvariate(*THUMB) * manner.slow
            person.taps.append(Tap(tapped, tapped + person.ahead(tapped), action))
        person.taps.sort()
        if manner.covers and chance.random() < ENDS:
            person.ends_at = end + chance.lognormvariate(*LEAVES)
        found.append(person)
    return found


def _seen(place: Scene, manner: Manner, chance: Random) -> Iterator[tuple[float, Action]]:
    """Yield what a person takes part of a match for, with the seconds at which it happened."""
    for action in place.match.actions:
        said = _bare(action)
        if action.title in SUMMARY:
            if manner.covers and chance.random() < 0.95:
                yield place.seconds(action), said
        elif chance.random() < manner.covers:
            if manner.opposes:
                said = other_side(said, place.match)
            elif chance.random() < manner.errs:
                said = _mistaken(said, place.match, chance)
            yield place.seconds(action), said
    for at, origin in place.balls:
        if manner.covers and chance.random() < 0.3:
            yield at, Action("goal", origin)
    if manner.colludes:
        for at, origin in place.phantoms:
            yield at, Action(score_title(place.match), origin)


def _bare(action: Action) -> Action:
    """Return an action as a quick thumb says it: with what is on the button itself."""
    kept = {name: value for name, value in action.details.items() if name == "period"}
    return structs.replace(action, details=kept)


def other_side(action: Action, match: Match) -> Action:
    """Return an action as the other side's."""
    others = [origin for origin in match.origins if origin != action.origin]
    return structs.replace(action, origin=others[0]) if action.origin and others else action


def _mistaken(action: Action, match: Match, chance: Random) -> Action:
    """Return what a person who errs takes an action for: another kind, or the other side's."""
    simulation = sports.get(match.sport).simulation
    titles = simulation.confused.get(action.title, ()) if simulation is not None else ()
    if titles and chance.random() < 0.5:
        return structs.replace(action, title=chance.choice(titles))
    return other_side(action, match)
