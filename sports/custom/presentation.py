"""How a custom contest is shown: plainly, as its definition names no more than its actions."""

from __future__ import annotations

from collections.abc import Mapping

from ..presentation import NAMED, LineUp, Presentation


def shown(rules: Mapping[str, object] | None) -> Presentation:
    """Return how a contest is shown, under the name that its definition has."""
    definition = (rules or {}).get("definition")
    named = definition.get("text") if isinstance(definition, Mapping) else None
    return Presentation(
        named if isinstance(named, str) and named else "Custom", lineup=LineUp(named=NAMED)
    )
