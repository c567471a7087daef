"""When do enough independent reporters agree? One policy a file, behind one small interface."""

from __future__ import annotations

from typing import Protocol

from .....protocol.errors import SettingError
from .fixed import Fixed
from .majority import Majority
from .quorum import Quorum

__all__ = ["Fixed", "Majority", "Quorum", "Verdict", "parse"]


class Verdict(Protocol):
    """A policy. Pure: the same counts always give the same answer."""

    name: str

    def needed(self, present: int) -> int:
        """Return how many reporters must agree where `present` are there. Never falls as
        `present` grows."""

    def accept(self, for_: int, against: int, present: int) -> bool:
        """Return whether a claim is accepted.

        Args:
            for_: reporters that state it.
            against: reporters that state what excludes it, or hold to what it corrects.
            present: reporters that are there, at least `for_` + `against`.
        """


def parse(text: str, *, alone: bool = False) -> Verdict:
    """Return the policy that `quorum`, `majority` or `fixed:3` names.

    Args:
        text: the setting.
        alone: one reporter is enough where only one is present.

    Raises:
        SettingError: there is no such policy.
    """
    name, _, argument = text.partition(":")
    if name == "quorum" and not argument:
        return Quorum(alone=alone)
    if name == "majority" and not argument:
        return Majority(alone=alone)
    if name == "fixed" and argument.isascii() and argument.isdigit() and int(argument) > 0:
        return Fixed(int(argument))
    raise SettingError(f"--verdict: {text!r} is not quorum, majority or fixed:K (K at least 1)")
