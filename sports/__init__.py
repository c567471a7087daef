"""What it means: the sports, their rules, their scores.

>>> from touchline import sports
>>> tennis = sports.get("tennis")
>>> state = tennis.start(origins=["A", "B"], rules={"best_of": 5, "final_set": "advantage"})
>>> state = tennis.apply(state, sports.Action(title="point", origin="A"))
>>> tennis.headline(state)
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from ..protocol.errors import NotFound
from .sport import Action, Detail, Folded, Kind, Rule, Score, Sport, State, fold, misfit

__all__ = [
    "Action",
    "Detail",
    "Folded",
    "Kind",
    "Rule",
    "Score",
    "Sport",
    "State",
    "fold",
    "get",
    "list",
    "misfit",
]


@cache
def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="touchline.sports")}


@cache
def get(name: str) -> Sport:
    """Return a sport by its name.

    Raises:
        NotFound: no installed package offers it.
    """
    point = _installed().get(name)
    if point is None:
        raise NotFound(f"no sport {name!r}; there are {', '.join(list())}")
    sport: Sport = point.load()
    return sport


def list() -> tuple[str, ...]:  # noqa: A001  # sports.list() reads as it should
    """Return the names of all sports that are installed, in alphabetical order."""
    return tuple(sorted(_installed()))
