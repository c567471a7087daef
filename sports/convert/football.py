"""What the football formats share: periods put on the clock, and a match made of what was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..football.kinds import KICKS, PERIODS
from ..matchfile import Match
from ..sport import Action, Score
from .converted import Converted, Given, in_order, renamed, seconds_later, tally

MINUTES = dict(zip(PERIODS, (45, 45, 15, 15, 0), strict=True))
"""How long each period is without added time (Law 7)."""

FIRST_MINUTE = dict(zip(PERIODS, (0, 45, 90, 105, 120), strict=True))
"""What the match clock shows at the beginning of each period."""

_BREAKS = dict(zip(PERIODS, (0, 15, 5, 1, 5), strict=True))
"""Minutes of rest before each period; where a file does not say it, about so long."""


def kick_offs(starts: int, lengths: Mapping[str, float]) -> dict[str, int]:
    """Return when each period begins, in microseconds since 1970.

    Args:
        starts: when the match does.
        lengths: seconds, of each period that was played.
    """
    found: dict[str, int] = {}
    at = starts
    for period in PERIODS:
        if period in lengths:
            at = seconds_later(at, _BREAKS[period] * 60 if found else 0)
            found[period] = at
            at = seconds_later(at, lengths[period])
    return found


def whistles(begins: Mapping[str, int], ends: Mapping[str, int]) -> list[Action]:
    """Return the whistles of the periods."""
    found = [
        Action("period_start", "", time, {"period": period}) for period, time in begins.items()
    ]
    found += [Action("period_end", "", time, {"period": period}) for period, time in ends.items()]
    return found


def assembled(
    given: Given,
    *,
    title: str,
    starts: int,
    origins: Sequence[str],
    lineups: Mapping[str, Sequence[str]],
    actions: Iterable[Action],
    unknown: Iterable[str],
    note: str,
    result: Score | None = None,
) -> Converted:
    """Return a football match; its rules provide for the periods in which something happened."""
    actions = in_order(actions)
    played = {action.details.get("period") for action in actions}
    rules: dict[str, object] = {}
    if played & {"extra_first", "extra_second"}:
        rules["extra_time"] = True
    if "shootout" in played or any(action.title in KICKS for action in actions):
        rules["shootout"] = True
    match = Match(
        title=given.title or title,
        sport="football",
        origins=tuple(origins),
        lineups={origin: tuple(names) for origin, names in lineups.items() if names},
        rules=rules | dict(given.rules),
        starts=starts,
        actions=actions,
        note=note,
    )
    result = dict(result or {})
    if given.origins and len(given.origins) == len(origins):
        names = dict(zip(origins, given.origins, strict=True))
        result = {
            key: {names[origin]: count for origin, count in value.items()}
            if isinstance(value, Mapping)
            else value
            for key, value in result.items()
        }
    return Converted(renamed(match, given.origins), tally(unknown), result)
