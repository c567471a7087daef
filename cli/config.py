"""`touchline config`: show the settings, and check a file of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ..protocol.errors import SettingError
from . import settings
from .settings import EffectiveSetting, SettingOption
from .shared import CommandGroup, emit, json_option
from .ui.listing import listing, listing_option

PASSWORD = re.compile(r"(?<=://)([^/:@]*):[^/@]*@")
"""The user's name and the password in a URL."""

HIDDEN = "***"


@click.group("config", cls=CommandGroup)
def command() -> None:
    """Show the settings, and check a file of them.

    A flag can be given on the command line, as a variable (TOUCHLINE_BROKER_WORKERS=4), or in the
    file that touchline --config names: a table a command, a key a flag. The command line wins over
    the variable, and the variable over the file.
    """


@command.command(
    epilog="Example: touchline --config touchline.toml config show broker --workers 4",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@listing_option
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND [FLAG]...]")
@click.pass_context
def show(ctx: click.Context, words: tuple[str, ...], form: str) -> None:
    """Show the value of each setting of COMMAND, or of all commands, and where it comes from.

    The FLAGs are those of COMMAND, which does not start. Secrets are not shown.
    """
    found = list(_effective(ctx.find_root(), words))
    listing(form, map(_form, found), ("setting", "value", "unit", "from"), map(_row, found))


@command.command(epilog="Example: touchline config check touchline.toml && touchline broker")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path, as_json: bool) -> int:
    """Check a configuration file: its keys, and its values alone and together.

    The command prints each key that is not valid with the reason, and then exits with 2.
    """
    root = ctx.find_root()
    found = settings.read(root, file)
    problems = [*found.problems, *settings.problems(root, found.values)]
    if as_json:
        about = [{"key": problem.key, "reason": problem.reason} for problem in problems]
        emit({"type": "checked", "file": str(file), "settings": found.count, "problems": about})
    elif problems:
        for problem in problems:
            click.secho(f"error: {file}: {problem}", fg="red", err=True)
    else:
        plural = "" if found.count == 1 else "s"
        click.echo(f"{file} is good: {found.count} setting{plural}")
    return SettingError.exit_code if problems else 0


def _effective(root: click.Context, words: Sequence[str]) -> Iterator[EffectiveSetting]:
    """Yield the settings of the command that some words name, with the flags that follow."""
    ctx, group, rest = root, root.command, list(words)
    while isinstance(group, click.Group) and rest:
        if rest[0].startswith("-"):
            raise click.UsageError(f"{rest[0]}: name a COMMAND before its flags")
        name, found, rest = group.resolve_command(ctx, rest)
        if found is None or name is None:
            raise AssertionError("click names the command or fails")
        if not isinstance(found, click.Group) or not rest:
            yield from settings.effective(ctx, name, found, rest)
            return
        ctx, group = click.Context(found, parent=ctx, info_name=name), found
    if isinstance(group, click.Group):
        for name in group.list_commands(ctx):
            if found := group.get_command(ctx, name):
                yield from settings.effective(ctx, name, found)


def _key(one: EffectiveSetting) -> str:
    return f"{one.command.replace(' ', '.')}.{settings.key_of(one.option)}"


def _row(one: EffectiveSetting) -> Sequence[str]:
    declared = one.option.declaration.setting if isinstance(one.option, SettingOption) else None
    source = one.source
    if source == "environment":
        source = f"environment: {settings.variable_of(one.option)}"
    return _key(one), _text(one), declared.unit if declared else "", source


def _text(one: EffectiveSetting) -> str:
    """Return a value as text; for an empty one, its meaning."""
    value, option = _shown(one), one.option
    if isinstance(option.show_default, str) and value in ("", 0, None):
        return f"({option.show_default})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _form(one: EffectiveSetting) -> dict[str, object]:
    declared = one.option.declaration.setting if isinstance(one.option, SettingOption) else None
    return {
        "type": "setting",
        "key": _key(one),
        "value": _shown(one),
        "source": one.source,
        "flag": max(one.option.opts, key=len),
        "variable": settings.variable_of(one.option),
        "unit": declared.unit or None if declared else None,
        "least": declared.least if declared else None,
        "most": declared.most if declared else None,
    }


def _shown(one: EffectiveSetting) -> Any:
    """Return a value without its secrets, as JSON shows it."""
    value, option = one.value, one.option
    if isinstance(option, SettingOption) and option.declaration.setting.secret and value:
        return HIDDEN
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        return PASSWORD.sub(rf"\1:{HIDDEN}@", value)
    return list(value) if isinstance(value, tuple) else value
