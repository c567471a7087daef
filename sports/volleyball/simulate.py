"""A made-up volleyball match, rally by rally, with the pauses that real ones have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...protocol.errors import SettingError
from ...protocol.times import SECOND
from ..matchfile import Match
from ..simulate.chance import Chance
from ..simulate.simulation import Simulation, SimulationOption
from ..sport import Action, Sport
from .state import Team, VolleyballState

BETWEEN_SETS = 180.0
"""Seconds between two sets (rule 18.1)."""

TIMEOUT = 30.0
"""Seconds that a time-out takes (rule 15.4.1)."""

_BENCH = 6

_HOW = (("attack", 0.56), ("block", 0.11), ("opponent error", 0.33))
"""How a rally in play is won, with the share of each."""

_ACE, _SERVICE_ERROR = 0.05, 0.12
"""How often a service ends the rally at once."""

# fmt: off
_SURNAMES = (
    "Aalto", "Abreu", "Bakker", "Boateng", "Cernak", "Costa", "Demir", "Diaz", "Egger", "Fabbri",
    "Fujita", "Gomez", "Grbic", "Holm", "Hosseini", "Ito", "Jovic", "Kaminski", "Kim", "Kovac",
    "Lang", "Leclerc", "Maric", "Mbaye", "Nagy", "Nikolov", "Ozturk", "Pavlov", "Popescu", "Rahimi",
    "Rossi", "Saar", "Sato", "Simon", "Stoyan", "Tanaka", "Teixeira", "Vidovic", "Wagner", "Zorn",
)
# fmt: on


def volleyball(
    sport: Sport,
    chance: Chance,
    *,
    origins: Sequence[str] = ("Foxes", "Bears"),
    best_of: int = 5,
    edge: float = 0.01,
    starts: int = 1_780_250_400 * SECOND,
    title: str = "",
    note: str = "simulated",
) -> Match:
    """Return a match with line-ups that is legal under the rules, from the toss to its end.

    Args:
        sport: volleyball.
        chance: decides everything; the same gives the same match.
        origins: the two sides.
        best_of: sets at most.
        edge: how much likelier than the other side the first one wins a rally.
        starts: when play begins, microseconds since 1970 UTC.
        title: of the event; both sides' names where it is empty.
        note: where the match comes from, such as the seed.

    Raises:
        SettingError: sides or rules that volleyball can't be played with, or an edge of half or
            more.
    """
    if not -0.5 < edge < 0.5:
        raise SettingError(f"an edge of {edge} is not between -0.5 and 0.5")
    rules: dict[str, object] = {"best_of": best_of}
    names = chance.sample(_SURNAMES, 2 * (6 + _BENCH))
    lineups = {origins[0]: tuple(names[: 6 + _BENCH]), origins[-1]: tuple(names[6 + _BENCH :])}
    game = _Rallies(sport, chance, edge, starts, sport.start(origins, rules, lineups))
    game.play_match()
    return Match(
        title=title or f"{origins[0]} – {origins[-1]}",
        sport=sport.name,
        origins=tuple(origins),
        lineups=lineups,
        rules=rules,
        starts=starts,
        actions=tuple(game.actions),
        note=note,
    )


@dataclass(slots=True)
class _Rallies:
    """A match under way; `time` is in microseconds since 1970."""

    sport: Sport
    chance: Chance
    edge: float
    time: int
    state: VolleyballState
    actions: list[Action] = field(default_factory=list)
    run: int = 0
    """Rallies that one side has won in a row."""

    def play_match(self) -> None:
        """Play until a side has won."""
        self._toss()
        while not self.sport.over(self.state):
            before = self.state
            self._rally()
            if self.sport.over(self.state):
                return
            if self.state.sets != before.sets:
                self._wait(BETWEEN_SETS, BETWEEN_SETS + 20.0)
                self.run = 0
                if self.state.final_set:
                    self._toss()
            else:
                self._interruptions()

    def _toss(self) -> None:
        self._say("serve", self.chance.randrange(0, 2))
        self._wait(4.0, 8.0)

    def _rally(self) -> None:
        server = self.state.serving
        luck = self.chance.random()
        # The receiving side wins about three rallies of five: it attacks first.
        receives = 0.6 + (-self.edge if server == 0 else self.edge)
        if luck < _SERVICE_ERROR:
            self._wait(1.0, 2.5)
            self._point(1 - server, how="service error")
        elif luck < _SERVICE_ERROR + _ACE:
            self._wait(1.0, 3.0)
            self._point(server, how="ace", player=self.state.teams[server].server)
        else:
            winner = 1 - server if self.chance.random() < receives else server
            self._wait(3.0, 14.0)
            how = self._how()
            scored = how in ("attack", "block")
            player = self.chance.choice(self.state.teams[winner].court) if scored else ""
            self._point(winner, how=how, player=player)

    def _how(self) -> str:
        drawn = self.chance.random()
        for how, share in _HOW:
            if drawn < share:
                return how
            drawn -= share
        return "opponent error"

    def _point(self, side: int, how: str, player: str = "") -> None:
        gained = side != self.state.serving
        self.run = 1 if gained else self.run + 1
        details = {"how": how} | ({"player": player} if player else {})
        self._say("point", side, **details)

    def _interruptions(self) -> None:
        """Let the side that is losing points stop the game, a coach exchange, a referee warn."""
        self._wait(11.0, 19.0)
        losing = 1 - self.state.serving
        left = self.state.teams[losing].timeouts < self.state.rules.timeouts
        if self.run >= 3 and self.chance.random() < 0.35 and left:
            self._say("time_out", losing)
            self._wait(TIMEOUT, TIMEOUT + 8.0)
            self.run = 0
        if sum(self.state.points) > 16 and self.chance.random() < 0.05:
            self._exchange(self.chance.randrange(0, 2))
        if self.chance.random() < 0.002:
            side = self.chance.randrange(0, 2)
            self._say("yellow_card", side, player=self.chance.choice(self.state.teams[side].court))
            self._wait(10.0, 20.0)

    def _exchange(self, side: int) -> None:
        team = self.state.teams[side]
        off = self.chance.choice(team.court)
        back = [starter for starter, substitute in team.exchanged if substitute == off]
        bench = back or [name for name in team.players if name not in team.court]
        on = self.chance.choice(bench)
        if team.substitutions < self.state.rules.substitutions and _may_exchange(team, off, on):
            self._say("substitution", side, off=off, on=on)
            self._wait(6.0, 12.0)

    def _say(self, title: str, side: int, **details: str) -> None:
        action = Action(title, self.state.sides[side], self.time, details)
        self.state = self.sport.apply(self.state, action)
        self.actions.append(action)

    def _wait(self, least: float, most: float) -> None:
        # Whole milliseconds, which is what a match file keeps.
        self.time += round(self.chance.uniform(least, most) * 1_000) * 1_000


def _may_exchange(team: Team, off: str, on: str) -> bool:
    """Return whether rule 15.6 lets two be exchanged: once off and once back in a set, and for
    nobody else."""
    before = next((pair for pair in team.exchanged if off in pair or on in pair), None)
    return before is None or (set(before) == {off, on} and before[0] not in team.returned)


SIMULATION = Simulation(
    volleyball,
    origins=("Foxes", "Bears"),
    options=(
        SimulationOption("best_of", 5, "Sets, 1, 3 or 5."),
        SimulationOption(
            "edge",
            0.01,
            "How much likelier the first side wins a rally.",
            least=-0.4,
            most=0.4,
        ),
    ),
    example="--seed 7 --best-of 3 --crowd",
    importance={
        "point": 0.6,
        "time_out": 0.5,
        "substitution": 0.5,
        "red_card": 0.8,
        "forfeit": 0.9,
    },
    confused={"yellow_card": ("red_card",), "red_card": ("yellow_card",)},
)
