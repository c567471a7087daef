"""`touchline sports`: the sports, their actions and rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from .. import sports
from ..protocol.errors import SettingError
from ..protocol.text import plain
from ..sports import shipped
from ..sports.capabilities import Checkable
from . import shared
from .shared import CommandGroup, emit, json_option
from .ui.listing import listing, listing_option
from .ui.tables import table

MOST_BYTES = 1 << 20
"""The largest file that `check` reads."""


@click.group("sports", cls=CommandGroup)
def command() -> None:
    """List the sports, show their actions and rules, and check a custom one."""


@command.command("list", epilog="Example: touchline sports list -o csv")
@listing_option
def list_command(form: str) -> None:
    """List the sports that are installed, and the contests that are defined."""
    found = [(name, sports.get(name).text) for name in sports.list()]
    found += [
        (name, sports.presentation_of(*shipped.resolved(name, {})).text) for name in shipped.names()
    ]
    objects = ({"name": name, "text": text} for name, text in found)
    listing(form, objects, ("sport", "what it is"), found)


@command.command(epilog="Example: touchline sports show football --rule shootout=true")
@click.argument("name")
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="NAME=VALUE",
    help="Show the actions under a rule; repeat the flag for more.",
)
@click.option(
    "--definition",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file that defines the custom sport.",
)
@json_option
def show(name: str, rules: tuple[str, ...], definition: Path | None, as_json: bool) -> None:
    """Show a sport's actions, their details, and its rules."""
    by, given = shipped.resolved(name, shared.rules(rules, definition))
    sport = sports.get(by)
    kinds = sport.kinds(given)
    text = sport.text if by == name else sports.presentation_of(by, given).text
    if as_json:
        emit(
            {
                "name": name,
                "text": text,
                "actions": [msgspec.to_builtins(kind) for kind in kinds],
                "rules": [msgspec.to_builtins(rule) for rule in sport.rules],
            }
        )
        return
    table(
        ("action", "button", "origin", "window (s)", "apart (s)", "same", "about"),
        [
            (
                kind.title,
                kind.text,
                "yes" if kind.needs_origin else "may be left out",
                f"{kind.window:g}",
                f"{kind.least_apart:g}",
                kind.same,
                kind.relates_to,
            )
            for kind in kinds
        ],
        f"{text}: actions",
    )
    table(
        ("action", "detail", "values", "meaning"),
        [
            (kind.title, detail.name, _values(detail), detail.text)
            for kind in kinds
            for detail in kind.details
        ],
        "details",
    )
    table(
        ("rule", "default", "choices", "meaning"),
        [
            (rule.name, _value(rule.default), ", ".join(map(_value, rule.choices)), rule.text)
            for rule in sport.rules
        ],
        "rules",
    )


@command.command(epilog="Example: touchline sports check examples/quiz.toml --play evening.txt")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--play",
    "actions",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="ACTIONS",
    help="Play a list of actions: a line each, TITLE [ORIGIN] [DETAIL=VALUE]….",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    show_default="those in ACTIONS",
    help="A side of the event; repeat the flag.",
)
@json_option
def check(path: Path, actions: Path | None, origins: tuple[str, ...], as_json: bool) -> None:
    """Check the definition of a custom sport, and play a list of actions by it."""
    custom = _checkable()
    text = _read_bounded(path)
    try:
        definition = custom.check_definition(text)
    except SettingError as error:
        raise SettingError(f"{plain(str(path))}: {plain(error.sentence)}") from None
    kinds = custom.kinds({"definition": definition})
    name = sports.presentation_of(custom.name, {"definition": definition}).text
    if not as_json:
        click.echo(f"{plain(str(path))}: {plain(name)}, {len(kinds)} actions, is good")
    else:
        emit({"type": "checked", "text": name, "actions": [kind.title for kind in kinds]})
    if actions is None:
        return
    try:
        for line, action, state in custom.play(definition, _read_bounded(actions), origins):
            headline, phrase = custom.headline(state), custom.phrase(state, action)
            if as_json:
                score = custom.score(state)
                emit({"type": "played", "line": line, "headline": headline, "score": score})
            else:
                click.echo(f"{line:>5}  {plain(phrase)}  {plain(headline)}")
    except SettingError as error:
        raise SettingError(f"{plain(str(actions))}: {plain(error.sentence)}") from None


def _checkable() -> Any:
    """Return the sport that is defined by a file."""
    each = (sports.get(name) for name in sports.list())
    return next(sport for sport in each if isinstance(sport, Checkable))


def _read_bounded(path: Path) -> str:
    """Return the text of a file that is no larger than any definition or list has to be.

    Raises:
        SettingError: the file can't be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise SettingError(f"{path}: more than the {MOST_BYTES:,} bytes allowed")
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        byte = content[error.start]
        raise SettingError(
            f"{path}: line {line}, column {column}: byte {byte:#x} is not UTF-8"
        ) from None
    except OSError as error:
        raise SettingError(f"{path}: {error}") from None


@command.command("schema", epilog="Example: touchline sports schema > custom.schema.json")
def schema_command() -> None:
    """Print the JSON Schema of the custom format, for editors."""
    schema = msgspec.json.encode(_checkable().definition_schema())
    click.echo(msgspec.json.format(schema, indent=2).decode())


def _values(detail: sports.Detail) -> str:
    values = ", ".join(detail.choices) or ("number" if detail.number else "text")
    return f"{values} (required)" if detail.required else values


def _value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
