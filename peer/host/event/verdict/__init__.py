"""How does a claim stand? One policy a file, behind one small interface.

`evidence` weighs voices and silences, and asks; `quorum`, `majority` and `fixed` count heads.
"""

from __future__ import annotations

from typing import Protocol

from .....protocol.errors import SettingError
from .case import Case, Judgement, Standing
from .evidence import WeighedEvidence
from .fixed import Fixed
from .majority import Majority
from .quorum import Quorum

__all__ = [
    "Case",
    "Fixed",
    "Judgement",
    "Majority",
    "Quorum",
    "Standing",
    "Verdict",
    "WeighedEvidence",
    "parse",
]


class Verdict(Protocol):
    """A policy. Pure: the same case always gives the same answer."""

    name: str
    learns: bool
    """It asks, takes its time, and lets the times that reporters state tell how late they tap."""

    def needed(self, present: int) -> int:
        """Return how many reporters must agree where `present` are there. Never falls as
        `present` grows."""

    def accept(self, for_: int, against: int, present: int) -> bool:
        """Return whether a vote on what is there already is carried: a correction, an end.

        Args:
            for_: reporters that state it.
            against: reporters that state what excludes it, or hold to what it corrects.
            present: reporters that are there, at least `for_` + `against`.
        """

    def judge(self, case: Case) -> Judgement:
        """Return how a claim of an action stands by all that is known of it."""


def parse(text: str, *, alone: bool = False) -> Verdict:
    """Return the policy that `evidence`, `quorum`, `majority` or `fixed:3` names.

    Args:
        text: the setting.
        alone: one reporter is enough where only one is present.

    Raises:
        SettingError: there is no such policy.
    """
    name, _, argument = text.partition(":")
    if name == "evidence" and not argument:
        return WeighedEvidence(alone=alone)
    if name == "quorum" and not argument:
        return Quorum(alone=alone)
    if name == "majority" and not argument:
        return Majority(alone=alone)
    if name == "fixed" and argument.isascii() and argument.isdigit() and int(argument) > 0:
        return Fixed(int(argument))
    raise SettingError(
        f"--verdict: {text!r} is not evidence, quorum, majority or fixed:K (K at least 1)"
    )
