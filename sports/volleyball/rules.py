"""The settings of a volleyball match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ...protocol.errors import SettingError
from ..sport import Rule, settle

RULES: tuple[Rule, ...] = (
    Rule("best_of", "sets at most", 5, choices=(1, 3, 5)),
    Rule("points", "points that win a set, with a lead of two", 25),
    Rule("final_points", "points that win the last possible set, with a lead of two", 15),
    Rule("cap", "points that win a set with any lead; 0: a lead of two is always needed", 0),
    Rule("final_cap", "points that win the last possible set with any lead; 0: none do", 0),
    Rule("players", "how many of a side are on the court", 6),
    Rule("substitutions", "how many a side may make in a set", 6),
    Rule("timeouts", "how many a side may take in a set", 2),
    Rule("first_server", "the side that serves first; empty: the one named first", ""),
)
"""Rules 6.2 and 6.3 (sets), 7.3.1 (six players), 15.1 and 15.5 (time-outs, substitutions). Beach
volleyball is `best_of` 3, `points` 21, `players` 2, `substitutions` 0, `timeouts` 1. The FIVB has
no cap; leagues of youth and schools do."""

_BOUNDS = {
    "points": (1, 99),
    "final_points": (1, 99),
    "cap": (0, 99),
    "final_cap": (0, 99),
    "players": (1, 12),
    "substitutions": (0, 30),
    "timeouts": (0, 10),
}


class SetTarget(NamedTuple):
    """What wins a set: `points` with a lead of two, `cap` with any lead; 0: there is no cap."""

    points: int
    cap: int = 0


@dataclass(frozen=True, slots=True)
class VolleyballRules:
    """The rules of one match; each field is described in `RULES`."""

    best_of: int = 5
    points: int = 25
    final_points: int = 15
    cap: int = 0
    final_cap: int = 0
    players: int = 6
    substitutions: int = 6
    timeouts: int = 2
    first_server: str = ""

    @property
    def sets_to_win(self) -> int:
        """Sets that win the match (rule 6.3.1)."""
        return self.best_of // 2 + 1

    def target(self, number: int) -> SetTarget:
        """Return what wins a set, by its number from 0 (rules 6.2 and 6.3.2)."""
        if number == self.best_of - 1:
            return SetTarget(self.final_points, self.final_cap)
        return SetTarget(self.points, self.cap)


def parse(rules: Mapping[str, object] | None) -> VolleyballRules:
    """Return the rules of a match; what is left out has its default.

    Raises:
        SettingError: a rule that volleyball does not have, or a value that is not valid, such as a
            cap below the points that win with a lead of two.
    """
    settled = settle(RULES, rules)
    for name, (least, most) in _BOUNDS.items():
        if not least <= settled[name] <= most:
            raise SettingError(f"rules: {name} is {settled[name]}, not {least} to {most}")
    for points, cap in (("points", "cap"), ("final_points", "final_cap")):
        if 0 < settled[cap] < settled[points]:
            raise SettingError(
                f"rules: {cap} is {settled[cap]}, less than {points}, {settled[points]}"
            )
    return VolleyballRules(**settled)
