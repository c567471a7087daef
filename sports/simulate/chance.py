"""Chance as an argument, so that whatever is simulated can be had again from its seed."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Chance(Protocol):
    """What the simulators use of the standard library's `random.Random`.

    Pass `random.Random(seed)`.
    """

    def random(self) -> float:
        """Return a number from 0 up to, not including, 1."""

    def uniform(self, a: float, b: float, /) -> float:
        """Return a number between a and b."""

    def gauss(self, mu: float, sigma: float, /) -> float:
        """Return a normally distributed number with this mean and standard deviation."""

    def lognormvariate(self, mu: float, sigma: float, /) -> float:
        """Return a number whose logarithm is normally distributed."""

    def expovariate(self, lambd: float, /) -> float:
        """Return an exponentially distributed number with the mean 1 / lambd."""

    def randrange(self, start: int, stop: int, /) -> int:
        """Return a whole number from start up to, not including, stop."""

    def choice(self, seq: Sequence[T], /) -> T:
        """Return one of these."""

    def sample(self, population: Sequence[T], k: int, /) -> list[T]:
        """Return k different ones of these, in random order."""

    def shuffle(self, x: MutableSequence[Any], /) -> None:
        """Put these into random order, in place."""
