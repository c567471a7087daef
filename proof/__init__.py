"""The proof of an event: all that was published, with the signed reports behind it, in one file
that anybody can check without a network."""

from .build import build
from .check import Flaw, Result, check

__all__ = ["Flaw", "Result", "build", "check"]
