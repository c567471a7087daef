"""A made-up football match: plausible in its numbers, always within the Laws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...protocol.times import SECOND
from ..matchfile import Match
from ..simulate.chance import Chance
from ..simulate.simulation import Simulation, SimulationOption
from ..sport import Action, Sport
from .kinds import OWN_GOAL
from .state import FootballPlayer, FootballState, shootout_winner

_MINUTE = 60 * SECOND

# fmt: off
_SURNAMES = (
    "Abbott", "Adeyemi", "Alonso", "Baker", "Barros", "Becker", "Bianchi", "Carvalho", "Castro",
    "Dahl", "Diallo", "Dvorak", "Ekman", "Eriksen", "Farkas", "Fofanah", "Garnier", "Grant",
    "Haas", "Herrera", "Hughes", "Ivanov", "Jansen", "Kaya", "Keita", "Kowalski", "Larsen",
    "Lindqvist", "Lopes", "Marchetti", "Mensah", "Morris", "Novak", "Nyberg", "Okafor", "Olsen",
    "Pereira", "Petrov", "Quinn", "Ramos", "Reid", "Rossi", "Santos", "Schmidt", "Silva", "Sow",
    "Takeda", "Toure", "Urban", "Vargas", "Vidal", "Walsh", "Weber", "Yilmaz",
)
# fmt: on

_PER_MATCH: Mapping[str, float] = {
    "goal": 2.7,
    "card": 3.8,
    "red_card": 0.08,
    "penalty_saved": 0.04,
    "penalty_missed": 0.03,
    "substitution": 9.0,
    "foul": 20.0,
    "corner": 10.0,
    "save": 6.0,
    "offside": 3.5,
}
"""How often each happens in 90 minutes; goals as the argument says, substitutions from the second
half on. Goals, cards and fouls are near what is usual in professional football."""

_HOW: Mapping[str, float] = {
    "open play": 0.66,
    "header": 0.18,
    "penalty": 0.09,
    "free kick": 0.04,
    OWN_GOAL: 0.03,
}
"""Shares of goals."""

_APART = 25.0
"""Seconds between two actions at least, so that reports of two goals are not taken for one."""


def football(
    sport: Sport,
    chance: Chance,
    *,
    origins: tuple[str, str] = ("Harbour", "Hill"),
    starts: int = 1_772_290_800 * SECOND,
    extra_time: bool = False,
    shootout: bool = False,
    goals: float = 2.7,
    bench: int = 9,
) -> Match:
    """Return a simulated match with line-ups, ended and legal under the Laws.

    Args:
        sport: football.
        chance: decides everything; the same gives the same match.
        origins: the two sides; the first plays at home and is a little stronger.
        starts: kick-off, microseconds since 1970 UTC.
        extra_time: a level score goes to extra time.
        shootout: a score level at the end goes to kicks from the penalty mark.
        goals: expected in 90 minutes, both sides together.
        bench: substitutes that each side has, at most 16.
    """
    rules: dict[str, object] = {"extra_time": extra_time, "shootout": shootout}
    names = chance.sample(_SURNAMES, 2 * (11 + bench))
    named = [f"{chr(65 + chance.randrange(0, 26))}. {name}" for name in names]
    lineups = {origins[0]: tuple(named[: 11 + bench]), origins[1]: tuple(named[11 + bench :])}
    rates = {**_PER_MATCH, "goal": goals}
    game = _Game(sport, chance, origins, rates, starts, sport.start(origins, rules, lineups))
    game.play_match()
    return Match(
        title=f"{origins[0]}–{origins[1]}",
        sport=sport.name,
        origins=origins,
        lineups=lineups,
        rules=rules,
        starts=starts,
        actions=tuple(game.actions),
        note="simulated",
    )


@dataclass(slots=True)
class _Game:
    """A match under way; `time` is in microseconds since 1970."""

    sport: Sport
    chance: Chance
    origins: tuple[str, str]
    rates: Mapping[str, float]
    time: int
    state: FootballState
    actions: list[Action] = field(default_factory=list)

    def play_match(self) -> None:
        """Play until the final whistle."""
        rules = self.state.rules
        for period, minutes, pause in (
            ("first_half", rules.half_minutes, 0.0),
            ("second_half", rules.half_minutes, 15.5),
            ("extra_first", rules.extra_minutes, 5.0),
            ("extra_second", rules.extra_minutes, 1.5),
        ):
            if period == "extra_first" and not rules.extra_time:
                break
            self.time += round(pause * _MINUTE)
            self._play_period(period, minutes)
            if self.sport.over(self.state):
                return
        self.time += 5 * _MINUTE
        self._shootout()

    def _say(self, title: str, origin: str = "", **details: str) -> bool:
        """Let it happen now, if the Laws allow it."""
        action = Action(title, origin, self.time, details)
        if self.sport.illegal(self.state, action) is not None:
            return False
        self.state = self.sport.apply(self.state, action)
        self.actions.append(action)
        return True

    def _wait(self, mean: float) -> None:
        """Let seconds go by, `_APART` at least; in whole milliseconds, as match files keep."""
        seconds = _APART + self.chance.expovariate(1.0 / mean)
        self.time += round(seconds * 1000) * 1000

    def _play_period(self, period: str, minutes: int) -> None:
        late = period != "first_half"
        rates = {t: rate for t, rate in self.rates.items() if late or t != "substitution"}
        added = self.chance.uniform(1.0, 6.0) * minutes / 45
        end = self.time + round((minutes + added) * 60) * SECOND
        self._say("period_start", period=period)
        mean = max(1.0, 90 * 60 / sum(rates.values()) - _APART)
        self._wait(mean)
        while self.time < end - 15 * SECOND:
            self._happen(self._drawn(rates))
            self._wait(mean)
        self.time = max(self.time, end)  # a goal may have been looked at beyond the time
        self._say("period_end", period=period)

    def _drawn(self, weights: Mapping[str, float]) -> str:
        """Return one of these, each as often as its weight says."""
        left = self.chance.random() * sum(weights.values())
        *others, last = weights
        for name in others:
            left -= weights[name]
            if left < 0:
                return name
        return last

    def _happen(self, title: str) -> None:
        origin = self.origins[0 if self.chance.random() < 0.54 else 1]
        if title == "goal":
            self._goal(origin)
        elif title == "card":
            self._card(origin)
        elif title == "substitution":
            self._substitution(origin)
        elif title == "corner":
            self._say(title, origin)
        elif title == "save":
            self._say(title, origin, player=self._on_pitch(origin)[0].name)
        else:
            self._say(title, origin, player=self.chance.choice(self._on_pitch(origin)[1:]).name)

    def _people(self, origin: str) -> tuple[FootballPlayer, ...]:
        return self.state.sides[self.origins.index(origin)].people

    def _on_pitch(self, origin: str) -> list[FootballPlayer]:
        """Return who plays; the first is (or stands in for) the goalkeeper."""
        return [player for player in self._people(origin) if player.on]

    def _goal(self, origin: str) -> None:
        how = self._drawn(_HOW)
        scoring = self._other(origin) if how == OWN_GOAL else origin
        scorer, passer = self.chance.sample(self._on_pitch(scoring)[1:], 2)
        details = {"player": scorer.name, "how": how}
        if how in ("open play", "header") and self.chance.random() < 0.6:
            details["assist"] = passer.name
        self._say("goal", origin, **details)
        if self.chance.random() < 0.05:
            self._wait(40.0)
            self._say("goal_disallowed", origin)

    def _other(self, origin: str) -> str:
        return self.origins[1 - self.origins.index(origin)]

    def _card(self, origin: str) -> None:
        player = self.chance.choice(self._on_pitch(origin)[1:])
        if player.yellow and self.chance.random() < 0.6:
            return  # who is booked takes care
        self._say("second_yellow" if player.yellow else "yellow_card", origin, player=player.name)

    def _substitution(self, origin: str) -> None:
        waiting = [p for p in self._people(origin) if not (p.on or p.left or p.red)]
        if waiting:
            off = self.chance.choice(self._on_pitch(origin)[1:])
            self._say("substitution", origin, off=off.name, on=self.chance.choice(waiting).name)

    def _shootout(self) -> None:
        self._say("period_start", period="shootout")
        kickers = {origin: self._on_pitch(origin)[::-1] for origin in self.origins}
        kicking = self.chance.choice(self.origins)
        turn = 0
        while shootout_winner(self.state) is None:
            self._wait(20.0)
            kicker = kickers[kicking][turn // 2 % len(kickers[kicking])]
            luck = self.chance.random()
            result = "scored" if luck < 0.75 else "saved" if luck < 0.92 else "missed"
            self._say(f"shootout_{result}", kicking, player=kicker.name)
            kicking, turn = self._other(kicking), turn + 1
        self._wait(20.0)
        self._say("period_end", period="shootout")


SIMULATION = Simulation(
    football,
    origins=("Harbour", "Hill"),
    options=(
        SimulationOption("extra_time", False, "A level score goes to extra time."),
        SimulationOption("shootout", False, "A level score at the end goes to kicks."),
        SimulationOption("goals", 2.7, "Goals expected in 90 minutes.", least=0.0, most=20.0),
    ),
    importance={
        "goal": 0.95,
        "goal_disallowed": 0.9,
        "penalty_saved": 0.9,
        "penalty_missed": 0.9,
        "shootout_scored": 0.95,
        "shootout_saved": 0.95,
        "shootout_missed": 0.95,
        "red_card": 0.9,
        "second_yellow": 0.9,
        "yellow_card": 0.75,
        "substitution": 0.75,
        "period_start": 0.75,
        "period_end": 0.75,
        "full_time": 0.9,
    },
    confused={
        "yellow_card": ("red_card", "foul"),
        "second_yellow": ("red_card", "yellow_card"),
        "red_card": ("second_yellow", "yellow_card"),
        "penalty_saved": ("penalty_missed",),
        "penalty_missed": ("penalty_saved",),
        "shootout_scored": ("shootout_missed", "shootout_saved"),
        "shootout_saved": ("shootout_missed", "shootout_scored"),
        "shootout_missed": ("shootout_saved", "shootout_scored"),
        "save": ("corner", "goal"),
        "corner": ("foul",),
        "foul": ("yellow_card", "offside"),
        "offside": ("foul",),
    },
)
"""What the crowd makes of a match: a goal is seen by nearly everybody, a foul can be a card."""
