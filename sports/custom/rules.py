"""The settings of a custom contest: its definition is the only one."""

from __future__ import annotations

from ..sport import Rule

RULES: tuple[Rule, ...] = (
    Rule("definition", "the actions and what they count, as `read` returns it", {}),
)
