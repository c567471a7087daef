"""The settings of a football match."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ...protocol.errors import SettingError
from ..sport import Rule

RULES = (
    Rule("extra_time", "a level score after the second half goes to extra time", False),
    Rule("shootout", "a level score at the end goes to kicks from the penalty mark", False),
    Rule("players", "how many of a side are on the pitch", 11),
    Rule("substitutions", "how many a side may make; one more in extra time", 5),
    Rule(
        "concussion_substitutions", "how many a side may make for a concussion, apart from these", 1
    ),
    Rule("return_substitutions", "who went off may come on again", False),
    Rule("half_minutes", "minutes in a half", 45),
    Rule("extra_minutes", "minutes in a half of extra time", 15),
    Rule("first_leg", "goals of the leg before, in this event's order, such as 1-2", ""),
    Rule("away_goals", "of sides that are level over two legs, who scored more away wins", False),
    Rule(
        "home_formation",
        "how many starters the side named first has in each row before the goalkeeper, such as"
        " 4-3-3, in the order of its line-up",
        "",
    ),
    Rule("away_formation", "those of the other side", ""),
)
"""Laws 3 (players), 7 (duration) and 10 (outcome). The Laws leave to the competition how many
substitutions it allows, at most five; one more where a match goes to extra time; concussion
substitutions are apart; return substitutions are for grassroots football."""


FORMATIONS = ("home_formation", "away_formation")
"""The rules that say how each side lines up."""


@dataclass(frozen=True, slots=True)
class FootballRules:
    """The rules of one match; each field is described in `RULES`."""

    extra_time: bool = False
    shootout: bool = False
    players: int = 11
    substitutions: int = 5
    concussion_substitutions: int = 1
    return_substitutions: bool = False
    half_minutes: int = 45
    extra_minutes: int = 15
    first_leg: str = ""
    away_goals: bool = False
    home_formation: str = ""
    away_formation: str = ""

    @property
    def rows(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """How many starters each side has in each row, the goalkeeper's first; none: not known."""
        return _rows(self.home_formation), _rows(self.away_formation)

    @property
    def before(self) -> tuple[int, int]:
        """The goals of the first leg, in the order of this event's sides."""
        match = _LEG.fullmatch(self.first_leg)
        return (int(match[1]), int(match[2])) if match is not None else (0, 0)


_FORMATION = re.compile(r"[1-9](-[1-9]){1,4}", re.ASCII)
_LEG = re.compile(r"(\d{1,2})[-–:](\d{1,2})", re.ASCII)
_TYPES = {bool: "true or false", int: "a whole number", str: "a text"}
_LARGEST = {
    "players": 11,
    "substitutions": 60,
    "concussion_substitutions": 60,
    "half_minutes": 60,
    "extra_minutes": 30,
}
_SMALLEST = {"players": 1, "half_minutes": 1, "extra_minutes": 1}


def _rows(formation: str) -> tuple[int, ...]:
    return (1, *map(int, formation.split("-"))) if formation else ()


def _check_formation(name: str, formation: str, players: int) -> None:
    if _FORMATION.fullmatch(formation) is None:
        raise SettingError(f"{name} is {formation[:40]!r}, not rows of players such as 4-3-3")
    if sum(_rows(formation)) != players:
        raise SettingError(
            f"{name} is {formation}: with the goalkeeper {sum(_rows(formation))}, not {players}"
        )


def parse(rules: Mapping[str, object] | None) -> FootballRules:
    """Return the rules of a match; what is left out has its default.

    Raises:
        SettingError: a rule that football does not have, or a value that is not valid.
    """
    parsed = FootballRules()
    if not rules:
        return parsed
    default = {field.name: getattr(parsed, field.name) for field in fields(FootballRules)}
    for name, value in rules.items():
        if name not in default:
            raise SettingError(f"football has no rule {name!r}; it has {', '.join(default)}")
        if type(value) is not type(default[name]):
            kind = _TYPES[type(default[name])]
            raise SettingError(f"{name} is {value!r}, not {kind}")
        if name in _LARGEST:
            smallest, largest = _SMALLEST.get(name, 0), _LARGEST[name]
            if not smallest <= value <= largest:  # type: ignore[operator]  # an int, as just seen
                raise SettingError(f"{name} is {value}, not {smallest} to {largest}")
    parsed = FootballRules(**(default | dict(rules)))
    if parsed.first_leg and _LEG.fullmatch(parsed.first_leg) is None:
        raise SettingError(f"first_leg is {parsed.first_leg[:40]!r}, not goals such as 1-2")
    for name in FORMATIONS:
        if formation := getattr(parsed, name):
            _check_formation(name, formation, parsed.players)
    if parsed.away_goals and not parsed.first_leg:
        raise SettingError("away_goals needs first_leg, the goals of the leg before")
    return parsed
