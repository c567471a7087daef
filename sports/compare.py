"""A timeline beside the truth: what was found, what was missed, what was invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..protocol.times import SECOND
from .names import may_be_same
from .sport import Action, Kind


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found.

    Args:
        found: pairs of indices (in the truth, on the timeline).
        missed: indices of true actions that are not on the timeline.
        wrong: indices of actions on the timeline that did not happen.
        altered: those of `found` in which a detail that both name differs.
    """

    found: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    wrong: tuple[int, ...]
    altered: tuple[tuple[int, int], ...]


def compare(
    kinds: Mapping[str, Kind], truth: Sequence[Action], timeline: Sequence[Action]
) -> Comparison:
    """Match each true action with the nearest one on the timeline that can be the same.

    The same are title and origin, the details that tell two such actions apart where both name
    them, in whatever form, and the time within the kind's window.

    Args:
        kinds: the sport's kinds by title.
        truth: what happened.
        timeline: what is said to have happened.
    """
    near = sorted(
        (abs(real.time - said.time), i, j)
        for i, real in enumerate(truth)
        for j, said in enumerate(timeline)
        if _can_be_same(kinds[real.title], real, said)
    )
    by_truth: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in near:
        if i not in by_truth and j not in taken:
            by_truth[i] = j
            taken.add(j)
    found = tuple(sorted(by_truth.items()))
    return Comparison(
        found=found,
        missed=tuple(i for i in range(len(truth)) if i not in by_truth),
        wrong=tuple(j for j in range(len(timeline)) if j not in taken),
        altered=tuple((i, j) for i, j in found if _differs(truth[i], timeline[j])),
    )


def _can_be_same(kind: Kind, real: Action, said: Action) -> bool:
    return (
        real.title == said.title
        and real.origin == said.origin
        and abs(real.time - said.time) <= kind.window * SECOND
        and not _differs(real, said, kind.identity)
    )


def _differs(real: Action, said: Action, names: Sequence[str] | None = None) -> bool:
    shared = real.details.keys() & said.details.keys()
    return any(
        not _agree(real.details[name], said.details[name])
        for name in shared
        if names is None or name in names
    )


def _agree(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return may_be_same(one, other)
    return one == other
