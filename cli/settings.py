"""Declared settings as flags, as `TOUCHLINE_*` variables and as keys of a configuration file."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import click
from click.core import ParameterSource

from ..protocol.errors import SettingError
from ..runtime.settings import DeclaredField, declared

T = TypeVar("T", bound=Callable[..., Any])

DEFAULT = "default"

SOURCES: dict[ParameterSource | None, str] = {
    ParameterSource.COMMANDLINE: "flag",
    ParameterSource.ENVIRONMENT: "environment",
    ParameterSource.DEFAULT_MAP: "file",
}
"""The name of each source of a value; any other is the default."""


# ── flags ────────────────────────────────────────────────────────────────────────────────────


class SettingOption(click.Option):
    """A flag that a class of options declares.

    Args:
        declared_by: the class of options.
        declaration: its field.
    """

    def __init__(
        self, *arguments: Any, declared_by: type, declaration: DeclaredField, **others: Any
    ) -> None:
        super().__init__(*arguments, **others)
        self.declared_by = declared_by
        self.declaration = declaration


class _Whole(click.IntRange):
    """A whole number whose bounds `--help` shows and the class of options checks."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return click.INT.convert(value, param, ctx)


class _Number(click.FloatRange):
    """A number whose bounds `--help` shows and the class of options checks."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return click.FLOAT.convert(value, param, ctx)


def settings(options: type) -> Callable[[T], T]:
    """Give a command a flag for each setting that a class of options declares.

    The command is called with the fields of the class, so that `options(**settings)` takes them.
    """

    def decorate(command: T) -> T:
        for one in reversed(declared(options)):
            if one.setting.flag.startswith("--"):
                command = _option(options, one)(command)
        return command

    return decorate


def _option(options: type, one: DeclaredField) -> Callable[[T], T]:
    name, kind, default, setting = one
    read = setting.read

    def values(_ctx: click.Context, _param: click.Parameter, texts: Sequence[str]) -> Any:
        return tuple(read(setting.flag, text) for text in texts) if read else texts

    shown = "/" in setting.flag if kind is bool else default not in ("", ())
    return click.option(
        setting.flag,
        *([setting.alias] if setting.alias else []),
        name,
        cls=SettingOption,
        declared_by=options,
        declaration=one,
        type=_type(one),
        is_flag=True if kind is bool else None,
        multiple=kind is tuple,
        default=default,
        show_default=setting.otherwise or shown,
        metavar=setting.metavar or setting.unit.upper() or None,
        callback=values,
        help=setting.help,
    )


def _type(one: DeclaredField) -> click.ParamType[Any] | None:
    setting = one.setting
    if setting.choices:
        return click.Choice(setting.choices)
    if one.kind is int:
        return _Whole(cast(int, setting.least), cast(int, setting.most))
    if one.kind is float:
        return _Number(setting.least, setting.most)
    return None if one.kind is bool else click.STRING


# ── variables ────────────────────────────────────────────────────────────────────────────────


def name_variables(command: click.Command, prefix: str) -> None:
    """Give each flag a variable of its name, such as `TOUCHLINE_WATCH_JSON`.

    Click names a variable after the parameter, whose name is not always the flag's.

    Args:
        command: the command; its subcommands get theirs, too.
        prefix: the beginning of the names, such as `TOUCHLINE_WATCH`.
    """
    for option in _options(command):
        own = f"{prefix}_{key_of(option)}".upper().replace("-", "_")
        known = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
        if own not in known:
            option.envvar = [*known, own]
    if isinstance(command, click.Group):
        for name, within in command.commands.items():
            name_variables(within, f"{prefix}_{name}")


def variable_of(option: click.Option) -> str:
    """Return the shortest variable of a flag that `name_variables` has named."""
    return min(option.envvar or (), key=len)


def key_of(option: click.Option) -> str:
    """Return the key of a flag in a configuration file: its longest name, without dashes."""
    return max(option.opts, key=len).lstrip("-")


def _options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option)]


# ── the configuration file ───────────────────────────────────────────────────────────────────


class Problem(NamedTuple):
    """A problem of a configuration file.

    Args:
        key: its place, such as `broker.heartbeat`; empty: the file as a whole.
        reason: a sentence.
    """

    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}" if self.key else self.reason


@dataclass(slots=True)
class Configuration:
    """The content of a configuration file: a table for each command, a key for each flag.

    Args:
        values: by command and parameter, as a `click.Context` takes them for defaults.
        count: the number of values.
        problems: keys that are not known, and values of the wrong kind.
    """

    values: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    problems: list[Problem] = field(default_factory=list)


def read(ctx: click.Context, path: Path) -> Configuration:
    """Read a configuration file.

    Args:
        ctx: of the command line as a whole.
        path: the file.

    Raises:
        SettingError: the file cannot be read or is not TOML.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path}: {error}") from None
    found = Configuration()
    found.values = _values(ctx, ctx.command, tables, "", found)
    return found


def _values(
    ctx: click.Context,
    command: click.Command,
    table: Mapping[str, Any],
    where: str,
    found: Configuration,
) -> dict[str, Any]:
    """Return the valid values of a table by parameter; record the problems of the others."""
    options = {name.lstrip("-"): option for option in _options(command) for name in option.opts}
    values: dict[str, Any] = {}
    for key, value in table.items():
        flag = key.replace("_", "-")
        within = command.get_command(ctx, key) if isinstance(command, click.Group) else None
        if within is not None and isinstance(value, dict):
            values[key] = _values(ctx, within, value, f"{where}{key}.", found)
        elif within is not None:
            reason = f"a command takes a table; write [{where}{key}]"
            found.problems.append(Problem(where + key, reason))
        elif option := options.get(flag):
            found.count += 1
            if reason := _unfit(option, value):
                found.problems.append(Problem(where + key, reason))
            else:
                values[str(option.name)] = value
        else:
            group = isinstance(command, click.Group)
            reason = f"there is no command {key!r}" if group else f"there is no flag --{flag}"
            found.problems.append(Problem(where + key, reason))
    return values


def _unfit(option: click.Option, value: Any) -> str:
    """Return why a value does not have a flag's kind; empty where it has."""
    if option.multiple:
        if not isinstance(value, list):
            return f"{value!r} is not a list; write [{value!r}]"
        return next(filter(None, (_unfit_scalar(option, one) for one in value)), "")
    return _unfit_scalar(option, value)


def _unfit_scalar(option: click.Option, value: Any) -> str:
    if isinstance(value, str):
        return ""  # as on the command line
    if option.is_flag:
        wanted, fits = "true or false", isinstance(value, bool)
    elif isinstance(option.type, type(click.INT)):
        wanted, fits = "a whole number", type(value) is int
    elif isinstance(option.type, type(click.FLOAT)):
        wanted, fits = "a number", type(value) in (int, float)
    else:
        # A number stands for its text: `speed = 60` where the flag also takes `max`.
        wanted, fits = "a text", type(value) in (int, float)
    return "" if fits else f"{value!r} is not {wanted}"


def problems(ctx: click.Context, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the problems of a configuration file's values, each alone and all together.

    Args:
        ctx: of the command line as a whole.
        values: from `read`.
    """
    yield from _problems(ctx, ctx.command, values, "")


def _problems(
    ctx: click.Context, command: click.Command, values: Mapping[str, Any], where: str
) -> Iterator[Problem]:
    good: dict[type, dict[str, Any]] = {}
    bad = False
    for option in _options(command):
        if option.name not in values:
            continue
        try:
            value = option.type_cast_value(ctx, values[option.name])
            if option.callback is not None:
                value = option.callback(ctx, option, value)
            if isinstance(option, SettingOption):
                option.declaration.setting.check(value)
                good.setdefault(option.declared_by, {})[option.declaration.name] = value
        except (click.BadParameter, SettingError) as error:
            bad = True
            yield Problem(where + key_of(option), _reason(option, error))
    if not bad:
        yield from _together(good, where)
    if isinstance(command, click.Group):
        for name, table in values.items():
            if within := command.get_command(ctx, name):
                yield from _problems(ctx, within, table, f"{where}{name}.")


def _together(good: Mapping[type, Mapping[str, Any]], where: str) -> Iterator[Problem]:
    """Yield why values are not valid together, each of which is valid alone."""
    for options, values in good.items():
        try:
            options(**values)
        except SettingError as error:
            yield Problem(where.rstrip("."), error.sentence)


def _reason(option: click.Option, error: click.BadParameter | SettingError) -> str:
    sentence = error.message if isinstance(error, click.BadParameter) else error.sentence
    return sentence.removeprefix(f"{max(option.opts, key=len)}: ")


# ── where a value comes from ─────────────────────────────────────────────────────────────────


class EffectiveSetting(NamedTuple):
    """A setting and its present value.

    Args:
        command: the command, such as `events create`.
        option: the flag.
        value: its value.
        source: `default`, `file`, `environment` or `flag`.
    """

    command: str
    option: click.Option
    value: Any
    source: str


def effective(
    ctx: click.Context, name: str, command: click.Command, arguments: Sequence[str] = ()
) -> Iterator[EffectiveSetting]:
    """Yield the settings of a command and its subcommands with their present values.

    Args:
        ctx: of the group of the command, with the configuration file's values.
        name: the command's name in the group.
        command: the command.
        arguments: the flags as on the command line.

    Raises:
        click.UsageError: a flag or value that the command does not take.
    """
    own = _context(ctx, name, command, arguments)
    path = own.command_path.partition(" ")[2]
    for option in _options(command):
        source = SOURCES.get(own.get_parameter_source(str(option.name)), DEFAULT)
        yield EffectiveSetting(path, option, own.params[str(option.name)], source)
    if isinstance(command, click.Group):
        for within in command.list_commands(own):
            if found := command.get_command(own, within):
                yield from effective(own, within, found)


def _context(
    ctx: click.Context, name: str, command: click.Command, arguments: Sequence[str]
) -> click.Context:
    """Return a context with the flags of a command alone, none of them required."""
    params: list[click.Parameter] = []
    for option in map(copy.copy, _options(command)):
        option.required, option.callback = False, None
        params.append(option)
    flags = click.Command(
        name,
        params=params,
        context_settings={"allow_extra_args": True, "help_option_names": []},
    )
    return flags.make_context(name, list(arguments), parent=ctx)
