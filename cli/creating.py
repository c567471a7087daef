"""The flags that describe a new event, and the request that they make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from ..protocol import messages, times
from ..protocol.errors import SettingError
from . import completion, grants, shared

T = TypeVar("T")

_FLAGS = (
    click.option(
        "--sport",
        default="",
        shell_complete=completion.all_sports,
        help="The sport; touchline sports list names them all.",
    ),
    click.option(
        "--origin",
        "origins",
        multiple=True,
        help="A team, player or runner; repeat the flag for each.",
    ),
    click.option(
        "--starts",
        default="",
        metavar="TIME",
        help="When it starts, such as 2026-06-11T19:00:00Z.",
    ),
    click.option(
        "--competition",
        default="",
        help="What it belongs to, such as a league or a cup, for people.",
    ),
    click.option("--round", "round_", default="", help="Of the competition, such as Final."),
    click.option("--venue", default="", help="Where it is."),
    click.option(
        "--lineup",
        "lineups",
        multiple=True,
        metavar="ORIGIN=FILE",
        help="A text file of an origin's players, a name a line, starters first; a number may"
        " stand beside it, such as 10 Lionel Messi.",
    ),
    click.option(
        "--rule",
        "rules",
        multiple=True,
        metavar="NAME=VALUE",
        help="A rule of the sport; touchline sports show SPORT lists them.",
    ),
    click.option(
        "--definition",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A TOML file that defines the custom sport.",
    ),
    click.option(
        "--match",
        "match_name",
        default="",
        metavar="NAME|FILE",
        help="Take what the other flags leave out from a match that comes with Touchline, or from"
        " a match file.",
    ),
    click.option(
        "--key",
        default="",
        help="Any text; a second create with the same key returns the same event.",
    ),
    grants.owners_option,
    grants.hosts_option,
)

_NAMES = ("sport", "origins", "starts", "competition", "round_", "venue", "lineups", "rules",
          "definition", "match_name", "key", "owners", "hosts")  # fmt: skip


def flags(run: Callable[..., T]) -> Callable[..., T]:
    """Give a command the flags that describe a new event; `wanted` takes their values."""
    for flag in reversed(_FLAGS):
        run = flag(run)
    return run


def described(values: dict[str, Any]) -> dict[str, Any]:
    """Take the values of these flags out of those of a command; return them as `wanted` does."""
    return {name: values.pop(name) for name in _NAMES}


def describes(described: dict[str, Any]) -> bool:
    """Return whether a flag describes a new event; who hosts it may be said of any event."""
    return any(value for name, value in described.items() if name != "hosts")


def wanted(
    title: str,
    *,
    sport: str,
    origins: tuple[str, ...],
    starts: str,
    competition: str,
    round_: str,
    venue: str,
    lineups: tuple[str, ...],
    rules: tuple[str, ...],
    definition: Path | None,
    match_name: str,
    key: str,
    owners: list[str],
    hosts: list[str],
) -> messages.Create:
    """Return the request for the event that the flags describe; its key is empty without `--key`.

    Raises:
        SettingError: the value of a flag is not valid.
        click.UsageError: there is no title or no sport.
    """
    from ..sports import shipped

    sport = sport or (shared.definable()[0] if definition else "")
    sport, by = shipped.resolved(sport, shared.rules(rules, definition))
    request = messages.Create(
        id=0,
        title=title,
        sport=sport,
        key=key,
        origins=list(origins),
        lineups=dict(_lineup(flag) for flag in lineups),
        rules=by,
        starts=_starts(starts),
        competition=competition,
        round=round_,
        venue=venue,
        owners=owners,
        hosts=hosts,
    )
    if match_name:
        request = _with_match(request, match_name)
    if not request.title:
        raise click.UsageError("give the event a TITLE, or a --match to take it from")
    if not request.sport:
        raise click.UsageError("give the event's --sport, or a --match to take it from")
    return request


def wanted_canary(hosts: list[str]) -> messages.Create:
    """Return the request for the event of a canary, the same each time.

    Args:
        hosts: who may host it besides its owner.
    """
    from ..peer.canary.service import DEFINITION, ORIGIN

    sport, able = shared.definable()
    return messages.Create(
        id=0,
        title="Canary",
        sport=sport,
        key="canary",
        origins=[ORIGIN],
        rules={"definition": able.read_definition(DEFINITION)},
        hosts=hosts,
        hidden=True,
    )


def _starts(text: str) -> int:
    if not text:
        return 0
    try:
        return times.from_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise SettingError(f"--starts: {error}") from None


def _lineup(flag: str) -> tuple[str, list[str]]:
    origin, equals, file = flag.partition("=")
    if not equals or not origin or not file:
        raise SettingError(f"--lineup: {flag!r} is not ORIGIN=FILE")
    lines = shared.read_text(Path(file), "--lineup").splitlines()
    return origin, [line.strip() for line in lines if line.strip()]


def _with_match(request: messages.Create, name: str) -> messages.Create:
    """Take from a match what the flags leave out."""
    match = shared.load_match(name)
    lineups = {origin: list(names) for origin, names in match.lineups.items()}
    return msgspec.structs.replace(
        request,
        title=request.title or match.title,
        sport=request.sport or match.sport,
        origins=request.origins or list(match.origins),
        lineups={**({} if request.origins else lineups), **request.lineups},
        rules={**match.rules, **request.rules},
        starts=request.starts or match.starts,
    )
