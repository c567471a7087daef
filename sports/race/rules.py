"""The settings of a race."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...protocol import limits
from ...protocol.errors import SettingError
from ..sport import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "precision",
        "seconds to which times taken from reports are rounded up",
        0.1,
        choices=(1.0, 0.1, 0.01, 0.001),
    ),
    Rule("laps", "laps of the race; 0: they are not counted", 0),
    Rule("heats", "the runners of each heat by its name; none: all run together", {}),
)

MOST_HEATS = 100


def heats_of(raw: Mapping[str, object], runners: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the runners of each heat by its name.

    Args:
        raw: the rule `heats`.
        runners: of the race.

    Raises:
        SettingError: a heat is no list of runners, or a runner is in none or in two of them.
    """
    if len(raw) > MOST_HEATS:
        raise SettingError(f"rules: {len(raw)} heats, at most {MOST_HEATS} allowed")
    heats: dict[str, tuple[str, ...]] = {}
    known, seen = frozenset(runners), set[str]()
    for name, listed in raw.items():
        if not 0 < len(name) <= limits.NAME_CHARS:
            raise SettingError(f"rules: heats: {name[:40]!r} is not 1 to {limits.NAME_CHARS} long")
        if not isinstance(listed, list | tuple) or not listed:
            raise SettingError(f"rules: heats: {name[:40]} is no list of runners")
        for runner in listed:
            if not isinstance(runner, str) or runner not in known:
                raise SettingError(f"rules: heats: {name[:40]} has {str(runner)[:40]}, no runner")
            if runner in seen:
                raise SettingError(f"rules: heats: {runner[:40]} stands twice")
            seen.add(runner)
        heats[name] = tuple(listed)
    missing = [runner for runner in runners if runner not in seen] if heats else []
    if missing:
        raise SettingError(f"rules: heats: {missing[0][:40]} is in none")
    return heats
