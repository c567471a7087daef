"""A sport's simulation as its folder declares it: how a match is made up, and what decides it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..matchfile import Match


@dataclass(frozen=True, slots=True)
class SimulationOption:
    """Something that may be chosen of a simulated match.

    Args:
        name: of the argument of `Simulation.make`.
        default: its type says what values there are; `False` makes it a flag.
        text: what it is, for people.
        least, most: bounds of a number; None for none.
    """

    name: str
    default: bool | int | float | str
    text: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Simulation:
    """How matches of a sport are made up, and how a crowd looks at them.

    Args:
        make: takes chance, `origins` and the options by name; returns a match that is legal and
            over.
        origins: the sides where none are given.
        origin_text: what an origin is, for people.
        options: what else may be chosen.
        example: arguments for a help text.
        importance: by title, how much of the gap between the crowd's coverage and everybody an
            action closes: of one with 0.95, that share of those who would miss one with 0 notice.
        confused: by title, what it is taken for by somebody who sees it badly.
    """

    make: Callable[..., Match]
    origins: tuple[str, str]
    origin_text: str = "A side; give two, the home side first."
    options: tuple[SimulationOption, ...] = ()
    example: str = "--seed 7 -o match.jsonl"
    importance: Mapping[str, float] = field(default_factory=dict)
    confused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
