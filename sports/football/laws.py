"""What the Laws of the Game forbid at a point of a match.

A crowd does not report everything: what depends on something that may have gone unreported (a
kick-off, a first yellow card, a kick of the other side, a substitution) is not refused, and a goal
never for its scorer's name. Nor is anything refused because the match is over: cards are shown and
goals given or taken back after the whistle, and where extra time begins the whistle was not the
last one.
"""

from __future__ import annotations

from ...protocol.times import SECOND
from ..names import canonical as key
from ..sport import Action
from .kinds import CONCUSSION, KICKS, KICKS_APART, OFFICIALS, OWN_GOAL, PERIODS, VAR_SECONDS
from .rules import FootballRules
from .state import FootballPlayer, FootballSide, FootballState, shootout_winner

_CARDS = {"yellow_card", "second_yellow", "red_card"}
MOST_ADDED = 60
"""Minutes that are announced as added at most."""

RECENT = {"goal_disallowed": VAR_SECONDS}
"""It takes a goal back that is not too old, whatever else has happened."""

_WHISTLES = {"period_start", "period_end", "full_time"}


def forbids(state: FootballState, action: Action) -> str | None:
    """Return why an action is not legal now, in one sentence, or None where it is."""
    if action.title in _WHISTLES:
        return _whistle(state, action)
    if action.title == "added_time":
        minutes = action.details.get("minutes")
        most = MOST_ADDED
        return None if _within(minutes, most) else f"minutes is {minutes!r}, not 0 to {most}"
    if action.origin not in state.origins:
        return f"no origin {action.origin!r}; there are {', '.join(state.origins)}"
    index = state.origins.index(action.origin)
    if action.title in KICKS:
        return _kick(state, action, index)
    if action.title in _CARDS:
        return _card(state, action, index)
    if action.title == "substitution":
        return _substitution(state, action, index)
    if action.title == "goal_disallowed" and not action.relates_to:
        return _no_goal(state, action)
    if state.period == "shootout" and action.title != "goal_disallowed":
        return f"no {action.title.replace('_', ' ')} in a shoot-out"
    return None


def _within(minutes: object, most: int) -> bool:
    return isinstance(minutes, int | float) and 0 <= minutes <= most


def disallowed(state: FootballState, action: Action) -> int:
    """Return the place, among the goals that stand, of the one that is taken back; -1: none.

    Args:
        state: the match.
        action: says which entry it is; where it says none, it is the latest goal that has no entry
            and is not too old.
    """
    index = state.origins.index(action.origin)
    since = action.time - VAR_SECONDS * SECOND
    for place in reversed(range(len(state.goals))):
        goal = state.goals[place]
        if goal.side == index and goal.entry == action.relates_to:
            return place if goal.entry or goal.time >= since else -1
    return -1


def _no_goal(state: FootballState, action: Action) -> str | None:
    if disallowed(state, action) >= 0:
        return None
    return f"{action.origin} has no goal of the last {VAR_SECONDS / 60:g} minutes to take away"


def nominal_minutes(rules: FootballRules, period: str) -> int:
    """Return how long a period is without added time (Law 7), in minutes; 0 for a shoot-out."""
    if period in PERIODS[:2]:
        return rules.half_minutes
    return rules.extra_minutes if period in PERIODS[2:4] else 0


def played_out(state: FootballState, last: str, time: int) -> bool:
    """Return whether the periods up to `last` may be over, as far as it was reported.

    Where the reported period is an earlier one, those after it may have gone unreported: then it
    takes as much time as they last at least.

    Args:
        state: the match.
        last: one of `PERIODS`.
        time: the moment, in microseconds since 1970.
    """
    if not state.periods:
        return True
    now = state.periods[-1]
    first, final = PERIODS.index(now.name), PERIODS.index(last)
    if first > final or (first == final and now.ended is not None):
        return True
    minutes = sum(nominal_minutes(state.rules, name) for name in PERIODS[first : final + 1])
    return now.played(time) >= minutes * 60 * SECOND


def _whistle(state: FootballState, action: Action) -> str | None:
    if action.title == "full_time":
        return "the event is over" if state.finished else None
    name = str(action.details.get("period", ""))
    if name not in PERIODS:
        return f"no period {name!r}; there are {', '.join(PERIODS)}"
    if name in PERIODS[2:4] and not state.rules.extra_time:
        return "there is no extra time under this event's rules"
    if name == "shootout" and not state.rules.shootout:
        return "there is no shoot-out under this event's rules"
    if not state.periods:
        return None
    now = state.periods[-1]
    order, current = PERIODS.index(name), PERIODS.index(now.name)
    words = name.replace("_", " ")
    if order < current:
        return f"the {words} is past: the {now.name.replace('_', ' ')} has begun"
    if order == current and action.title == "period_start":
        # Of the final whistle alone it only seemed to follow.
        return None if now.implied else f"the {words} has already begun"
    if order == current and now.ended is not None:
        return f"the {words} has already ended"
    return None


def _kick(state: FootballState, action: Action, index: int) -> str | None:
    rules = state.rules
    if not rules.shootout:
        return "there is no shoot-out under this event's rules"
    last = "extra_second" if rules.extra_time else "second_half"
    if state.period != "shootout" and not played_out(state, last, action.time):
        return f"no shoot-out in the {state.period.replace('_', ' ')}"
    winner = shootout_winner(state)
    if winner is not None:
        tally = state.tally()
        ahead, behind = tally[winner], tally[1 - winner]
        return f"{state.origins[winner]} has won the shoot-out {ahead}–{behind}"
    last_kick = state.kicks[-1] if state.kicks else None
    # The other side's kick between may have gone unreported, but it took its time.
    if last_kick is not None and last_kick.side == index:
        seconds = (action.time - last_kick.time) / SECOND
        if seconds < KICKS_APART:
            return (
                f"the kicks alternate (Law 10): {action.origin} kicked {seconds:.0f} s before, so"
                f" it is {state.origins[1 - index]}'s turn"
            )
    return None


def _named(side: FootballSide, name: str) -> FootballPlayer | None:
    place = side.find(name)
    return side.people[place] if place >= 0 else None


def _card(state: FootballState, action: Action, index: int) -> str | None:
    side = state.sides[index]
    name = str(action.details.get("player", ""))
    if not name:
        return None
    person = _named(side, name)
    if person is None:
        official = action.details.get("person") in OFFICIALS
        if side.bench_known and not official:
            return f"{name} is not one of {action.origin}'s players"
        return None
    if person.red:
        return f"{person.name} has already been sent off"
    # Law 10, section 3: cautions of the match are not carried forward into the kicks.
    booked = person.yellow_in_shootout if state.period == "shootout" else person.yellow
    if action.title == "yellow_card" and booked:
        return f"{person.name} is already booked; report second_yellow"
    return None


def _substitution(state: FootballState, action: Action, index: int) -> str | None:
    side, rules = state.sides[index], state.rules
    if not rules.return_substitutions:
        spent = _spent(state, side, action)
        if spent:
            return f"{action.origin} has made {spent}"
    off, on = str(action.details.get("off", "")), str(action.details.get("on", ""))
    if off and key(off) == key(on):
        return f"{off} can't come on for {off}"
    return (_goes_off(state, side, off) if off else None) or (
        _comes_on(state, side, on) if on else None
    )


def _spent(state: FootballState, side: FootballSide, action: Action) -> str:
    """Return how many substitutions a side has made where it may make no more such; else an empty
    text.

    Those for a concussion are apart from all others; one of which nobody says why may be either.
    """
    ordinary, concussion = state.rules.substitutions, state.rules.concussion_substitutions
    if state.rules.extra_time and played_out(state, "second_half", action.time):
        ordinary += 1
    if side.substitutions >= ordinary + concussion:
        return f"{side.substitutions} substitutions, at most {ordinary + concussion}"
    reason = action.details.get("reason")
    if reason == CONCUSSION and side.concussions >= concussion:
        return f"{side.concussions} substitutions for a concussion, at most {concussion}"
    if reason and reason != CONCUSSION and side.ordinary >= ordinary:
        return f"{side.ordinary} substitutions that are for no concussion, at most {ordinary}"
    return ""


def _goes_off(state: FootballState, side: FootballSide, name: str) -> str | None:
    player = _named(side, name)
    if player is None:
        return f"{name} is not one of the side's players" if side.bench_known else None
    if player.red:
        return f"{player.name} has been sent off and can't be substituted (Law 3)"
    if player.left and not player.on and not state.rules.return_substitutions:
        return f"{player.name} has already gone off"
    # Who sat on the bench, as far as it was reported, has come on unheard.
    return None


def _comes_on(state: FootballState, side: FootballSide, name: str) -> str | None:
    player = _named(side, name)
    if player is None:
        return f"{name} is not one of the side's players" if side.bench_known else None
    if player.red:
        return f"{player.name} has been sent off and can't come on"
    if player.on and not state.rules.return_substitutions:
        return f"{player.name} is already on the pitch"
    if player.left and not state.rules.return_substitutions:
        return f"{player.name} has gone off and can't come on again (Law 3)"
    return None


def scoring_side(action: Action, index: int) -> int:
    """Return the index of the side whose player put the ball in, given that of the one gaining."""
    return 1 - index if action.details.get("how") == OWN_GOAL else index
