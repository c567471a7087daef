"""The proof of an event: all that was published, with the signed reports behind it, in one file
that anybody can check without a network; and what an official record says of these reports."""

from .build import build
from .check import Flaw, Result, check
from .graded import GradedEvent, GradedVote, from_journal, from_proof
from .grading import OfficialRecord, grade

__all__ = [
    "Flaw",
    "GradedEvent",
    "GradedVote",
    "OfficialRecord",
    "Result",
    "build",
    "check",
    "from_journal",
    "from_proof",
    "grade",
]
