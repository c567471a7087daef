"""`docs/SETTINGS.md` is what the declared settings say; `make docs` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from touchline.cli import settings
from touchline.cli.main import COMMANDS, touchline
from touchline.cli.settings import SettingOption
from touchline.lobby.options import Options as LobbyOptions
from touchline.runtime.settings import DeclaredField, Setting, declared

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "SETTINGS.md"
EXAMPLE = ROOT / "examples" / "touchline.toml"

HEAD = """\
# Settings

<!-- Written by `make docs` from the declarations in each options.py. -->

Every setting of a process that serves. A setting can be given in three ways, of which the first
that is given wins:

1. as a flag: `touchline broker --workers 4`;
2. as a variable, `TOUCHLINE_` and the command and the flag: `TOUCHLINE_BROKER_WORKERS=4`;
3. in the TOML file that `touchline --config FILE` (or `TOUCHLINE_CONFIG`) names, one for all
   processes: a table a command, a key a flag. [touchline.toml](../examples/touchline.toml) is an
   example.

`touchline config check FILE` says what is wrong with such a file. `touchline config show` prints
each setting with its value and where that comes from. A value that is not valid stops the start
with exit code 2; the sentence names the flag, the value and what is allowed. The other commands
take their flags in the same three ways; `touchline COMMAND --help` lists them.
"""

LOBBY = """
## The lobby

Only a program that runs a gateway itself can change these.

| setting | default | allowed | meaning |
| --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page as the declarations have it."""
    ctx = click.Context(touchline, info_name="touchline")
    parts = [HEAD]
    for name in COMMANDS:
        rows = list(_rows(ctx, name))
        if rows:
            parts.append(
                f"\n## touchline {name}\n\n| flag | variable | default | allowed | meaning |\n"
                "| --- | --- | --- | --- | --- |\n"
            )
            parts += rows
    parts.append(LOBBY)
    for one in declared(LobbyOptions):
        setting = one.setting
        parts.append(f"| `{one.name}` | {_default(one)} | {_allowed(one)} | {setting.help} |\n")
    return "".join(parts)


def _flags(setting: Setting) -> list[str]:
    return [*setting.flag.split("/"), *([setting.alias] if setting.alias else [])]


def _rows(ctx: click.Context, name: str) -> Iterator[str]:
    command = touchline.get_command(ctx, name)
    for option in command.params if command is not None else ():
        if isinstance(option, SettingOption):
            one = option.declaration
            flags = " ".join(f"`{flag}`" for flag in _flags(one.setting))
            yield (
                f"| {flags} | `{settings.variable_of(option)}` | {_default(one)}"
                f" | {_allowed(one)} | {one.setting.help.replace('|', chr(92) + '|')} |\n"
            )


def _default(one: DeclaredField) -> str:
    if one.setting.otherwise:
        return one.setting.otherwise
    if one.kind is bool:
        return "on" if one.default else "off"
    if one.kind is tuple or one.default == "":
        return "none"
    return f"`{one.default:g}`" if one.kind is float else f"`{one.default}`"


def _allowed(one: DeclaredField) -> str:
    setting = one.setting
    if setting.choices:
        return ", ".join(f"`{choice}`" for choice in setting.choices)
    if setting.least is None:
        return f"`{setting.metavar}`" if setting.metavar else ""
    return f"{setting.least:,} to {setting.most:,} {setting.unit}".rstrip()


def test_the_page_says_what_the_code_says() -> None:
    """Flags, variables, defaults, bounds and meanings stand in the page as they are declared."""
    assert PAGE.read_text("utf-8") == page(), "run `make docs`"


def test_the_example_is_good() -> None:
    """The example configuration has no problem, and speaks of each process that it is for."""
    ctx = click.Context(touchline, info_name="touchline")
    found = settings.read(ctx, EXAMPLE)
    assert found.problems == []
    assert list(settings.problems(ctx, found.values)) == []
    assert {"broker", "host", "gateway"} <= set(found.values)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
