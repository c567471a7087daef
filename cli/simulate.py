"""`touchline simulate`: make up a match, and a crowd that reports it."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from .. import sports
from ..protocol import times
from ..protocol.errors import SettingError
from ..sports import Action, Sport, matchfile
from ..sports.capabilities import Simulated
from ..sports.matchfile import Match
from ..sports.simulate.simulation import Simulation, SimulationOption
from .shared import CommandGroup

F = TypeVar("F", bound=Callable[..., Any])

_PROBABILITY = click.FloatRange(0.0, 1.0)
_SECONDS = click.FloatRange(0.0, 3_600.0)

_OPTIONS = (
    click.option(
        "--seed",
        type=int,
        default=1,
        show_default=True,
        help="One seed always gives the same match and crowd.",
    ),
    click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write to this file instead of standard output.",
    ),
    click.option("--crowd", is_flag=True, help="Print a crowd's reports instead of the match."),
    click.option(
        "--reporters",
        type=click.IntRange(1, 10_000),
        default=12,
        show_default=True,
        help="Crowd: how many reporters there are.",
    ),
    click.option(
        "--coverage",
        type=_PROBABILITY,
        default=0.9,
        show_default=True,
        help="Crowd: the share of minor actions that each reporter notices.",
    ),
    click.option(
        "--wrong",
        type=_PROBABILITY,
        default=0.1,
        show_default=True,
        help="Crowd: the share of wrong reports.",
    ),
    click.option(
        "--delay",
        type=click.FloatRange(0.0, 3_600.0, min_open=True),
        default=4.0,
        show_default=True,
        help="Crowd: median seconds from an action to its report.",
    ),
    click.option(
        "--inaccuracy",
        type=_SECONDS,
        default=1.5,
        show_default=True,
        help="Crowd: how many seconds the reported times are off.",
    ),
    click.option(
        "--duplicates",
        type=_PROBABILITY,
        default=0.02,
        show_default=True,
        help="Crowd: the share of reports that are sent twice.",
    ),
    click.option(
        "--clock-offset",
        type=_SECONDS,
        default=2.0,
        show_default=True,
        help="Crowd: how many seconds the reporters' clocks are off.",
    ),
    click.option(
        "--drops",
        type=click.FloatRange(0.0, 3_600.0),
        default=0.5,
        show_default=True,
        help="Crowd: how often an hour a reporter loses its connection.",
    ),
    click.option(
        "--drop-seconds",
        type=click.FloatRange(0.0, 36_000.0, min_open=True),
        default=40.0,
        show_default=True,
        help="Crowd: how many seconds it then stays lost, on average.",
    ),
)


def _options(command: F) -> F:
    """Give a command the options that every sport's simulation has."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("simulate", cls=CommandGroup)
def command() -> None:
    """Make up a match, and a crowd that reports it.

    The output is JSON lines: the match, then its actions in their order. With --crowd it is the
    crowd's reports in their order; `kind` is right, wrong or repeat, and `truth` the index of the
    reported action.
    """


def _command(name: str, sport: Sport, simulation: Simulation) -> click.Command:
    """Return the command that makes up a match of one sport."""

    @click.command(
        name,
        help=f"Make up a {sport.text.lower()} match.",
        epilog=f"Example: touchline simulate {name} {simulation.example}",
    )
    @click.option("--origin", "origins", multiple=True, help=simulation.origin_text)
    @_chosen(simulation.options)
    @_options
    def simulate(
        origins: tuple[str, ...], seed: int, output: Path | None, crowd: bool, **settings: Any
    ) -> None:
        chance = random.Random(seed)
        chosen = {option.name: settings.pop(option.name) for option in simulation.options}
        match = simulation.make(
            sport, chance, origins=_two(origins or simulation.origins), **chosen
        )
        match = replace(match, note=f"simulated with seed {seed}")
        _write(match, chance, output, settings if crowd else None)

    return simulate


def _chosen(options: Sequence[SimulationOption]) -> Callable[[F], F]:
    """Return a decorator that gives a command the options of one sport's simulation."""

    def given(command: F) -> F:
        for option in reversed(options):
            flag = f"--{option.name.replace('_', '-')}"
            if option.default is False:
                command = click.option(flag, is_flag=True, help=option.text)(command)
                continue
            bounded = option.least is not None or option.most is not None
            command = click.option(
                flag,
                type=click.FloatRange(option.least, option.most) if bounded else None,
                default=option.default,
                show_default=True,
                help=option.text,
            )(command)
        return command

    return given


def _two(origins: tuple[str, ...]) -> tuple[str, str]:
    if len(set(origins)) != 2 or len(origins) != 2 or not all(origins):
        raise SettingError(f"--origin: {len(origins)} given, two different ones needed")
    return origins[0], origins[1]


def _write(
    match: Match, chance: random.Random, output: Path | None, people: dict[str, Any] | None
) -> None:
    """Write a match, or a crowd's reports, to a file or to standard output."""
    text = matchfile.write(match) if people is None else _sayings(match, chance, people)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise SettingError(f"--output: {output}: {error}") from None
    click.echo(f"wrote {text.count(chr(10)):,} lines to {output}", err=True)


def _sayings(match: Match, chance: random.Random, people: dict[str, Any]) -> str:
    from ..sports.simulate.crowd import crowd

    spoken = [
        (saying.at, member.name, saying)
        for member in crowd(match, chance, **people)
        for saying in member.sayings
    ]
    lines = [
        msgspec.json.encode(
            {
                "type": "saying",
                "at": times.to_rfc3339(at),
                "reporter": name,
                "n": saying.n,
                "kind": saying.kind,
                "truth": saying.truth_index,
                "action": _action(saying.action),
            }
        )
        for at, name, saying in sorted(spoken, key=lambda one: one[:2])
    ]
    return "".join(line.decode() + "\n" for line in lines)


def _action(action: Action) -> dict[str, object]:
    return {
        "title": action.title,
        "origin": action.origin,
        "time": times.to_rfc3339(action.time),
        "details": dict(action.details),
    }


for _name in sports.list():
    _sport = sports.get(_name)
    if isinstance(_sport, Simulated):
        command.add_command(_command(_name, _sport, _sport.simulation))
