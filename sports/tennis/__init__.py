"""Tennis, after the ITF Rules of Tennis; singles, or doubles with line-ups of two a side."""

from .sport import TENNIS, Tennis

__all__ = ["TENNIS", "Tennis"]
