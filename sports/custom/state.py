"""The state of a custom contest: points by origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .definition import Definition, Number


@dataclass(frozen=True, slots=True)
class CustomState:
    """An event after some actions; treat `points` as read-only.

    Args:
        definition: of the sport.
        points: by origin, in the order of the event's origins.
        ended: nothing more can happen.
    """

    definition: Definition
    points: Mapping[str, Number]
    ended: bool = False


def won(definition: Definition, points: Mapping[str, Number]) -> bool:
    if definition.win_at is None:
        return False
    best, *others = sorted(points.values(), reverse=True)
    lead = best - others[0] if others else best
    # Two that reach the mark level have not decided it, whatever lead is asked for.
    return best >= definition.win_at and lead > 0 and lead >= definition.win_by


def winner(state: CustomState) -> str:
    if not state.ended:
        return ""
    best = max(state.points.values())
    leaders = [origin for origin, points in state.points.items() if points == best]
    return leaders[0] if len(leaders) == 1 else ""
