"""The settings of a volleyball match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...protocol.errors import SettingError
from ..sport import Rule, settle

RULES: tuple[Rule, ...] = (
    Rule("best_of", "sets at most", 5, choices=(1, 3, 5)),
    Rule("points", "points that win a set, with a lead of two", 25),
    Rule("final_points", "points that win the last possible set, with a lead of two", 15),
    Rule("players", "how many of a side are on the court", 6),
    Rule("substitutions", "how many a side may make in a set", 6),
    Rule("timeouts", "how many a side may take in a set", 2),
    Rule("first_server", "the side that serves first; empty: the one named first", ""),
)
"""Rules 6.2 and 6.3 (sets), 7.3.1 (six players), 15.1 and 15.5 (time-outs, substitutions). Beach
volleyball is `best_of` 3, `points` 21, `players` 2, `substitutions` 0, `timeouts` 1."""

_BOUNDS = {
    "points": (1, 99),
    "final_points": (1, 99),
    "players": (1, 12),
    "substitutions": (0, 30),
    "timeouts": (0, 10),
}


@dataclass(frozen=True, slots=True)
class VolleyballRules:
    """The rules of one match; each field is described in `RULES`."""

    best_of: int = 5
    points: int = 25
    final_points: int = 15
    players: int = 6
    substitutions: int = 6
    timeouts: int = 2
    first_server: str = ""

    @property
    def sets_to_win(self) -> int:
        """Sets that win the match (rule 6.3.1)."""
        return self.best_of // 2 + 1

    def target(self, number: int) -> int:
        """Return the points that win a set, by its number from 0 (rules 6.2 and 6.3.2)."""
        return self.final_points if number == self.best_of - 1 else self.points


def parse(rules: Mapping[str, object] | None) -> VolleyballRules:
    """Return the rules of a match; what is left out has its default.

    Raises:
        SettingError: a rule that volleyball does not have, or a value that is not valid.
    """
    settled = settle(RULES, rules)
    for name, (least, most) in _BOUNDS.items():
        if not least <= settled[name] <= most:
            raise SettingError(f"rules: {name} is {settled[name]}, not {least} to {most}")
    return VolleyballRules(**settled)
