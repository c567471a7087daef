"""`touchline demo`: a match reported by a noisy crowd, every peer a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...protocol.errors import SettingError
from ...runtime import clock
from ..shared import emit, json_option, metrics_option

if TYPE_CHECKING:
    from ...sports.matchfile import Match
    from .runner import Outcome

MINUTE = 60.0
"""Seconds that the demo takes by default."""


@click.command(
    epilog="\b\nExamples:\n  touchline demo\n  touchline demo --wrong 0.15 --seed 7\n"
    "  touchline demo --outage 60-75\n"
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
@click.option(
    "--reporters",
    default=12,
    show_default=True,
    type=click.IntRange(2, 200),
    help="How many reporters there are.",
)
@click.option(
    "--coverage",
    default=0.9,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="The share of minor actions that each reporter notices.",
)
@click.option(
    "--wrong",
    default=0.1,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="The share of wrong reports.",
)
@click.option("--seed", default=1, show_default=True, help="One seed always gives the same crowd.")
@click.option(
    "--speed",
    default="",
    metavar="N|max",
    show_default="about a minute in all",
    help="Seconds of the match in one second; max plays all at once.",
)
@click.option(
    "--outage",
    default="",
    metavar="FROM-TO",
    help="Minutes of the match in which no reporter has a connection.",
)
@click.option(
    "--insecure", is_flag=True, help="Encrypt nothing, so that you can read the network traffic."
)
@metrics_option
@json_option
def command(
    match_name: str,
    reporters: int,
    coverage: float,
    wrong: float,
    seed: int,
    speed: str,
    outage: str,
    insecure: bool,
    metrics: str,
    as_json: bool,
) -> int:
    """Watch a match being reported by a crowd that disagrees, lags and repeats itself.

    A broker, a host, two subscribers and the reporters run as processes of their own on this
    machine; one subscriber is on your screen. At the end the demo compares the timeline with the
    truth, and leaves nothing behind. With --metrics, the broker serves them there, and lists the
    host's at /targets.

    The exit code is 1 if the final score is not the true one.
    """
    from ..shared import load_match, warn_insecure
    from .performers import Crowd
    from .runner import DemoRunner

    match = load_match(match_name)
    factor = _speed(speed, match)
    crowd = Crowd(match_name, reporters, coverage, wrong, seed, _outage(outage, match, factor))
    started = clock.now()
    if insecure:
        warn_insecure()
    with DemoRunner(
        match, crowd, factor, insecure=insecure, as_json=as_json, metrics=metrics
    ) as runner:
        runner.say(_opening(match, crowd, factor))
        if not insecure:
            runner.say("Every connection is encrypted; each of them has a key of its own.")
        runner.play()
        outcome = runner.outcome()
    _show(outcome, match, clock.now() - started, as_json=as_json)
    return 0 if outcome.headline == outcome.true_headline else 1


def _speed(text: str, match: Match) -> float:
    """Return how many seconds of the match pass in a second; 0: all at once."""
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


def _outage(text: str, match: Match, speed: float) -> tuple[int, int] | None:
    """Return the time without links as (from, until), microseconds of event time; None: none."""
    from .runner import BEAT_SECONDS

    if not text:
        return None
    if not speed:
        raise SettingError("--outage: --speed max leaves no time for an outage")
    first, _, last = text.partition("-")
    try:
        begin, end = float(first), float(last)
    except ValueError:
        begin = end = 0.0
    if not 0 < begin < end <= 1_440:
        raise SettingError(f"--outage: {text!r} is not FROM-TO in minutes, such as 60-75")
    least = 4 * BEAT_SECONDS * speed / 60
    if end - begin < least:
        raise SettingError(
            f"--outage: {end - begin:g} minutes pass too quickly at this speed to be noticed, at"
            f" least {least:.0f} are needed; make it longer, or the speed lower"
        )
    return _minute(match, begin), _minute(match, end)


def _minute(match: Match, minute: float) -> int:
    """Return when the match's clock reaches a minute, microseconds of event time.

    A football clock stands still at half-time; for a sport without minutes, they are those since
    the start.
    """
    from ... import sports

    sport = sports.get(match.sport)
    state = sport.start(match.origins, match.rules, match.lineups)
    since = match.starts
    clocked = False
    for action in match.actions:
        for at in range(since, action.time, 1_000_000):
            shown, mark, _ = sport.clock(state, at).partition("'")
            clocked = clocked or bool(mark)
            if mark and int(shown.partition("+")[0]) > minute:  # in its 61st when 60 are over
                return at
        since = action.time
        state = sports.fold(sport, state, [action]).state
    if clocked:
        raise SettingError(f"--outage: the match's clock never reaches minute {minute:g}")
    return match.starts + round(minute * 6e7)


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
        f"The crowd made {crowd.said} reports, {outcome.wrong_sayings} of them wrong, and sent "
        f"{crowd.repeats} twice; {crowd.unsent} were never confirmed as stored."
    )
    console.print(
        "differ: found, with another scorer or the like. accepted: median seconds of the match from"
        " the action to its entry."
    )
    if outcome.alarms:
        console.print(_outage_words(outcome))
    other = outcome.summary
    console.print(
        f"The other subscriber received {other.get('received')}, lost {other.get('lost')}; its"
        f" digest is {other.get('digest')}."
    )
    right = outcome.headline == outcome.true_headline
    verdict = "as it was" if right else f"but it was {outcome.true_headline}"
    console.print(
        f"{outcome.headline}: {verdict}. {seconds:.0f} s.", style="bold" if right else "red"
    )
    if outcome.trouble:
        console.print(outcome.trouble, style="red")


def _outage_words(outcome: Outcome) -> str:
    """Return a sentence about an outage."""
    delays = outcome.delays
    inaccurate = delays.get("RECONSTRUCTION_INACCURATE", 0)
    restored = delays.get("RECONSTRUCTED", 0) + inaccurate
    confirmed = any(one["confirmed"] for one in outcome.restored)
    alarms = f"{outcome.alarms} alarm{'' if outcome.alarms == 1 else 's'}"
    return (
        f"Contact was lost: {alarms}, then {restored} entr{'y' if restored == 1 else 'ies'}"
        f" reconstructed, {inaccurate} of them inaccurate;"
        f" the crowd {'confirmed the score' if confirmed else 'did not confirm a score'}."
    )
