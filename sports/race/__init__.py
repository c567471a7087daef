"""A race: runners start together or one by one, pass points on the way, finish or drop out."""

from .sport import RACE, Race

__all__ = ["RACE", "Race"]
