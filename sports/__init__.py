"""What it means: the sports, their rules, their scores.

>>> from touchline import sports
>>> tennis = sports.get("tennis")
>>> state = tennis.start(origins=["A", "B"], rules={"best_of": 5, "final_set": "advantage"})
>>> state = tennis.apply(state, sports.Action(title="point", origin="A"))
>>> tennis.headline(state)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from ..protocol.errors import NotFound
from .capabilities import Presented
from .presentation import NAMED, LineUp, Presentation
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
    "presentation_of",
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


def presentation_of(name: str, rules: Mapping[str, object] | None = None) -> Presentation:
    """Return how a sport is shown under some rules; plainly where it does not say, or is not
    installed."""
    text = name[:1].upper() + name[1:]
    if name in _installed():
        sport = get(name)
        if isinstance(sport, Presented):
            return sport.presentation(rules)
        text = sport.text
    return Presentation(text, lineup=LineUp(named=NAMED))
