"""A simulated tennis match, point by point, with the pauses that real ones have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...protocol import times
from ...protocol.errors import SettingError
from ..matchfile import Match
from ..simulate.chance import Chance
from ..simulate.simulation import Simulation, SimulationOption
from ..sport import Action, Sport
from .state import TennisState

BETWEEN_POINTS = 17.0, 25.0
"""Seconds from the end of a point to the next service; 25 are allowed (rule 29)."""

CHANGE_OF_ENDS = 90.0
"""Seconds of rest at a change of ends (rule 29); none after a set's first game or in a
tie-break."""

END_OF_SET = 120.0
"""Seconds of rest after a set (rule 29)."""

_FAULT_SECONDS = 9.0

_WON_BY_SERVER = (("ace", 0.13), ("service winner", 0.2), ("winner", 0.27), ("forced error", 0.2))
_WON_BY_RECEIVER = (("double fault", 0.11), ("winner", 0.3), ("forced error", 0.2))
"""How points are won, with the share of each; unforced errors are the rest."""


def tennis(
    sport: Sport,
    chance: Chance,
    *,
    origins: Sequence[str] = ("Ana Reyes", "Mia Novak"),
    lineups: Mapping[str, Sequence[str]] | None = None,
    best_of: int = 3,
    final_set: str = "tiebreak_7",
    no_ad: bool = False,
    serve: tuple[float, float] = (0.64, 0.64),
    retires: float = 0.0,
    starts: int = 1_719_838_800 * times.SECOND,
    title: str = "",
    note: str = "",
) -> Match:
    """Return a match that is legal under the rules of tennis, from the toss to its end.

    Args:
        sport: tennis.
        chance: such as `random.Random(seed)`; the same seed gives the same match.
        origins: the two sides.
        lineups: two names a side for doubles.
        best_of, final_set, no_ad: rules of the sport, see `docs/SPORTS.md`.
        serve: each side's probability of winning a point that it serves.
        retires: the probability, after each game, that its loser retires.
        starts: when play begins, microseconds since 1970 UTC.
        title: of the event; both sides' names where it is empty.
        note: where the match comes from, such as the seed.

    Raises:
        SettingError: sides or rules that tennis can't be played with, or a probability that is
            none.
    """
    for probability in (*serve, retires):
        if not 0.0 <= probability < 1.0:
            raise SettingError(f"a probability of {probability} is not from 0 up to 1")
    rules: dict[str, object] = {"best_of": best_of, "final_set": final_set, "no_ad": no_ad}
    state = sport.start(origins, rules, lineups)
    first = chance.randrange(0, 2)
    # Play starts with the announcement of the server; the first service follows it.
    actions = [Action("serve", origins[first], starts)]
    state = sport.apply(state, actions[0])
    time = starts + _micros(chance.uniform(3.0, 6.0))
    while not sport.over(state):
        action = _point(chance, state, serve, time)
        before, state = state, sport.apply(state, action)
        actions.append(action)
        time = action.time + _micros(_pause(chance, before, state))
        lost_a_game = state.points == (0, 0) and not sport.over(state)
        if retires and lost_a_game and chance.random() < retires:
            loser = next(name for name in origins if name != action.origin)
            actions.append(Action("retire", loser, time, {"reason": "injury"}))
            state = sport.apply(state, actions[-1])
    return Match(
        title=title or " – ".join(origins),
        sport=sport.name,
        origins=tuple(origins),
        lineups={side: tuple(names) for side, names in (lineups or {}).items()},
        rules=rules,
        starts=starts,
        actions=tuple(actions),
        note=note,
    )


def _point(chance: Chance, state: TennisState, serve: tuple[float, float], time: int) -> Action:
    """Return the point that begins with a service at `time`; it is dated when it ends."""
    server = state.server
    if server is None:
        raise AssertionError("a match that is over has no next point")
    by_server = chance.random() < serve[server]
    how = _how(chance, _WON_BY_SERVER if by_server else _WON_BY_RECEIVER)
    seconds = _seconds(chance, how)
    side = server if by_server else 1 - server
    return Action("point", state.sides[side], time + _micros(seconds), {"how": how})


def _how(chance: Chance, shares: Sequence[tuple[str, float]]) -> str:
    drawn = chance.random()
    for how, share in shares:
        if drawn < share:
            return how
        drawn -= share
    return "unforced error"


def _seconds(chance: Chance, how: str) -> float:
    """Return how long a point lasts from its first service."""
    if how == "double fault":
        return _FAULT_SECONDS + chance.uniform(1.0, 2.0)
    second_service = _FAULT_SECONDS if chance.random() < 0.37 else 0.0
    if how in {"ace", "service winner"}:
        return second_service + chance.uniform(1.0, 3.0)
    return second_service + min(45.0, 3.0 + chance.expovariate(1 / 5.0))


def _pause(chance: Chance, before: TennisState, state: TennisState) -> float:
    """Return seconds from the end of a point to the next service."""
    shortest, longest = BETWEEN_POINTS
    pause = chance.uniform(shortest, longest)
    if state.sets != before.sets:
        return END_OF_SET + chance.uniform(0.0, 10.0)
    if state.change_of_ends and state.points == (0, 0) and sum(state.games) > 1:
        return CHANGE_OF_ENDS + chance.uniform(0.0, 10.0)
    # No rest, but the walk to the other end takes its time.
    return pause + 8.0 if state.change_of_ends else pause


def _micros(seconds: float) -> int:
    """Return microseconds, whole milliseconds only, as a match file keeps them."""
    return round(seconds * 1_000) * 1_000


SIMULATION = Simulation(
    tennis,
    origins=("Ana Reyes", "Mia Novak"),
    origin_text="A player; give two.",
    options=(
        SimulationOption("best_of", 3, "Sets, 1, 3 or 5."),
        SimulationOption(
            "final_set",
            "tiebreak_7",
            "How it is decided; touchline sports show tennis lists the ways.",
        ),
        SimulationOption("no_ad", False, "At deuce the next point decides."),
    ),
    example="--seed 7 --best-of 5 --crowd",
    importance={"point": 0.5, "retire": 0.9},
)
