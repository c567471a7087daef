"""`touchline sports`: the sports, their actions and rules."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from .. import sports
from . import shared
from .shared import emit, json_option
from .ui.tables import table


@click.group("sports")
def command() -> None:
    """List the sports, and show their actions and rules."""


@command.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the sports that are installed."""
    found = [(name, sports.get(name)) for name in sports.list()]
    if as_json:
        for name, sport in found:
            emit({"name": name, "text": sport.text})
        return
    table(("sport", "what it is"), [(name, sport.text) for name, sport in found])


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
    sport = sports.get(name)
    kinds = sport.kinds(shared.rules(rules, definition))
    if as_json:
        emit(
            {
                "name": name,
                "text": sport.text,
                "actions": [msgspec.to_builtins(kind) for kind in kinds],
                "rules": [msgspec.to_builtins(rule) for rule in sport.rules],
            }
        )
        return
    table(
        ("action", "button", "origin", "window (s)", "about"),
        [
            (
                kind.title,
                kind.text,
                "yes" if kind.needs_origin else "may be left out",
                f"{kind.window:g}",
                kind.relates_to,
            )
            for kind in kinds
        ],
        f"{sport.text}: actions",
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


def _values(detail: sports.Detail) -> str:
    values = ", ".join(detail.choices) or ("number" if detail.number else "text")
    return f"{values} (required)" if detail.required else values


def _value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
