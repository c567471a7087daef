"""One declared setting: name, unit, bounds, default, help, variable and flag from one place. Pure.

Each process has a frozen dataclass `Options` whose fields carry a `Setting`:

    heartbeat: Annotated[float, Setting("--heartbeat", "seconds", 0.1, 30, "Time between …")] = 10.0

The dataclass checks itself with `check`. `cli/settings.py` makes the flags, the `TOUCHLINE_*`
variables, the keys of the configuration file and `docs/SETTINGS.md` from the same declaration.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from ..protocol.errors import SettingError


@dataclass(frozen=True, slots=True)
class Setting:
    """What a field of `Options` is to its operator.

    Args:
        flag: the flag, such as `--heartbeat` or `--alone/--not-alone`. A name without dashes
            declares a setting that only a program can change.
        alias: another flag for the same; it has no variable and no key of its own.
        unit: what a number counts, such as `seconds`; empty: it counts nothing, such as a port.
        least, most: the bounds of a number, both of them allowed; a number has both.
        help: a sentence for `--help`.
        metavar: the shape of a text in `--help`, such as `HOST:PORT`.
        otherwise: what an empty default means, such as `as --bind`.
        choices: the texts that are allowed; those of a `Literal` need not be repeated.
        read: returns the value that a text stands for; raises SettingError.
        further: checks what bounds and choices cannot; raises SettingError. It is called, like
            `read`, with the flag and the value, and its sentence begins with the flag.
        secret: the value is not shown.
    """

    flag: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    help: str = ""
    metavar: str = ""
    otherwise: str = ""
    choices: tuple[str, ...] = ()
    read: Callable[[str, str], Any] | None = None
    further: Callable[[str, Any], object] | None = None
    secret: bool = False
    alias: str = ""

    def check(self, value: Any) -> None:
        """Refuse a value that is out of bounds, not a choice, or else not valid.

        Raises:
            SettingError: the sentence names the flag, the value and what is allowed.
        """
        least, most = self.least, self.most
        # A NaN fails both comparisons and is refused with them.
        if least is not None and most is not None and not least <= value <= most:
            shown = f"{value:,} {self.unit}".rstrip()
            raise SettingError(f"{self.flag}: {shown}; between {least:,} and {most:,} allowed")
        if self.choices and value not in self.choices:
            raise SettingError(f"{self.flag}: {value!r}; write one of {', '.join(self.choices)}")
        if self.further is not None:
            self.further(self.flag, value)


class DeclaredField(NamedTuple):
    """A field of `Options` and its setting.

    Args:
        name: the field's name.
        kind: `bool`, `int`, `float` or `str`; `tuple` where the flag may be repeated.
        default: the field's default.
        setting: its declaration.
    """

    name: str
    kind: type
    default: Any
    setting: Setting


@functools.cache
def declared(options: type[Any]) -> tuple[DeclaredField, ...]:
    """Return the fields of a class of options that declare a setting, in their order."""
    hints = get_type_hints(options, include_extras=True)
    return tuple(
        _declared(field, get_args(hints[field.name])[0], setting)
        for field in dataclasses.fields(options)
        for setting in getattr(hints[field.name], "__metadata__", ())
    )


def _declared(field: dataclasses.Field[Any], hint: Any, setting: Setting) -> DeclaredField:
    origin = get_origin(hint)
    if origin is Literal:
        setting = dataclasses.replace(setting, choices=setting.choices or get_args(hint))
        return DeclaredField(field.name, str, field.default, setting)
    kind = origin or hint
    if kind in (int, float) and (setting.least is None or setting.most is None):
        raise AssertionError(f"{setting.flag} is a number without bounds")
    return DeclaredField(field.name, kind, field.default, setting)


def check(options: object) -> None:
    """Check each declared setting of an instance of `Options`; call it in `__post_init__`.

    Raises:
        SettingError: a value is not valid; the sentence names its flag.
    """
    kind: type = type(options)
    for field in declared(kind):
        field.setting.check(getattr(options, field.name))
