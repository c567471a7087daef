"""The settings of a race."""

from __future__ import annotations

from ..sport import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "precision",
        "seconds to which times taken from reports are rounded up",
        0.1,
        choices=(1.0, 0.1, 0.01, 0.001),
    ),
    Rule("laps", "laps of the race; 0: they are not counted", 0),
)
