"""`touchline demo`: a match reported by a noisy crowd, every peer a process of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from ..protocol.errors import SettingError
from .shared import emit, json_option

if TYPE_CHECKING:
    from ..sports.matchfile import Match
    from .stage import Outcome

MINUTE = 60.0
"""Seconds that the demo takes unless told otherwise."""


@click.command(
    epilog="\b\nExamples:\n  touchline demo\n  touchline demo --wrong 0.15 --seed 7\n"
    "  touchline demo --match five-set-tennis --speed max --json"
)
@click.option(
    "--match",
    "match_name",
    default="world-cup-final-2022",
    show_default=True,
    metavar="NAME|FILE",
    help="A match that ships with Touchline, or a match file.",
)
@click.option("--reporters", default=12, show_default=True, type=click.IntRange(2, 200))
@click.option(
    "--coverage",
    default=0.9,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="How much of what is of no importance a reporter notices.",
)
@click.option(
    "--wrong",
    default=0.1,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="How often a reporter errs about what it saw.",
)
@click.option("--seed", default=1, show_default=True, help="Decides what the crowd says.")
@click.option(
    "--speed",
    default="",
    metavar="N|max",
    help="Seconds of the match in a second; max: all at once.  [default: about a minute in all]",
)
@json_option
def command(
    match_name: str,
    reporters: int,
    coverage: float,
    wrong: float,
    seed: int,
    speed: str,
    as_json: bool,
) -> int:
    """Watch a match being reported by a crowd that disagrees, lags and repeats itself.

    A broker, a host, two subscribers and the reporters run as processes of their own on this
    machine; one subscriber is on your screen. At the end the timeline is compared with the truth.
    Nothing is left behind.

    Exits with 1 if the final score is not the true one.
    """
    from .shared import load_match
    from .stage import Crowd, Stage

    match = load_match(match_name)
    factor = _speed(speed, match)
    crowd = Crowd(match_name, reporters, coverage, wrong, seed)
    started = time.monotonic()
    with Stage(match, crowd, factor, as_json=as_json) as stage:
        stage.say(_opening(match, crowd, factor))
        stage.play()
        outcome = stage.outcome()
    _show(outcome, match, time.monotonic() - started, as_json=as_json)
    return 0 if outcome.headline == outcome.true_headline else 1


def _speed(text: str, match: Match) -> float:
    """Return how many seconds of the match pass in a second; 0 for all at once."""
    if text == "max":
        return 0.0
    last = max((action.time for action in match.actions), default=match.starts)
    if not text:
        return max(1.0, (last - match.starts) / 1e6 / (MINUTE - 10))
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= 2_000:
        raise SettingError(f"--speed: {text!r} is not max or a number from 0.1 to 2000")
    return speed


def _opening(match: Match, crowd: object, speed: float) -> str:
    pace = f"{speed:.0f} times as fast as it was" if speed else "all at once"
    return f"{match.title}, {pace}; {crowd}"


def _show(outcome: Outcome, match: Match, seconds: float, *, as_json: bool) -> None:
    if as_json:
        emit(outcome.to_json(seconds))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(title="The timeline beside the truth", title_justify="left")
    table.add_column("action", no_wrap=True)
    for heading in ("true", "found", "missed", "wrong", "differ", "accepted"):
        table.add_column(heading, justify="right")
    for row in outcome.rows:
        table.add_row(*row.cells(), style=None if row.right else "yellow")
    table.add_section()
    table.add_row(*outcome.total.cells(), style="bold")
    console.print(table)
    crowd = outcome.crowd
    console.print(
        f"The crowd said {crowd.said} things, {outcome.wrong_sayings} of them wrong, and sent "
        f"{crowd.repeats} twice; {crowd.unsent} were never confirmed as stored."
    )
    console.print(
        "differ: found, with another scorer or the like. accepted: seconds of the match from the"
        " action to its entry, in the median."
    )
    right = outcome.headline == outcome.true_headline
    verdict = "as it was" if right else f"but it was {outcome.true_headline}"
    console.print(
        f"{outcome.headline}: {verdict}. {seconds:.0f} s.", style="bold" if right else "red"
    )
    if outcome.trouble:
        console.print(outcome.trouble, style="red")
