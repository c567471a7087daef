"""`touchline convert`: turn a match in the format of others into a match file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..protocol import times
from ..protocol.errors import SettingError
from ..protocol.text import plain
from . import shared
from .files import read_bytes, write_bytes

if TYPE_CHECKING:
    from ..sports.convert import Checked, Converted

FORMATS = ("openfootball", "statsbomb", "statsperform", "points", "csv")
SHOWN = 10
"""How many kinds and actions the summary for people names; `--json` has all."""


def _starts(_ctx: click.Context, _param: click.Parameter, text: str) -> int | None:
    try:
        return times.from_rfc3339(text) if text else None
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(str(error)) from None


@click.command(
    epilog="""
\b
Examples:
  touchline convert wc.txt --from openfootball --match Argentina
  touchline convert 3869685.json --from statsbomb -o final.jsonl
  touchline convert pbp.csv --from points --match Nadal --rule best_of=5
  touchline replay final.jsonl
"""
)
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--from", "format_", required=True, type=click.Choice(FORMATS), help="The format of FILE."
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="standard output",
    help="Where to write the match file.",
)
@click.option("--match", "which", default="", metavar="TEXT", help="Which match of the file.")
@click.option("--title", default="", show_default="as in the file", help="The match's title.")
@click.option(
    "--starts",
    callback=_starts,
    default="",
    show_default="as in the file",
    metavar="TIME",
    help="When it starts, RFC 3339; some formats do not say it.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="A side under another name; repeat the flag, in the file's order.",
)
@click.option("--rule", "rules", multiple=True, metavar="NAME=VALUE", help="A rule of the match.")
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The TOML file that explains a CSV file.",
)
@shared.json_option
def command(
    path: str,
    format_: str,
    output: Path | None,
    which: str,
    title: str,
    starts: int | None,
    origins: tuple[str, ...],
    rules: tuple[str, ...],
    mapping: Path | None,
    as_json: bool,
) -> None:
    """Turn a match in the format of others into a match file.

    A summary goes to standard error: which kinds in FILE have no action here, which actions the
    rules forbid where they stand, and whether the result is the one that FILE states. With --json
    it is one object, on standard output where --output is given.
    """
    from ..sports import convert, matchfile

    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise SettingError(f"{path}: byte {error.start}: not UTF-8") from None
    given = convert.Given(
        title=title,
        starts=starts,
        origins=origins,
        which=which,
        rules=shared.rules(rules),
        mapping=shared.read_text(mapping, "--mapping") if mapping is not None else "",
    )
    try:
        found = convert.convert(format_, text, given)
        checked = convert.check(found)
    except SettingError as error:
        raise SettingError(f"{plain(path)}: {plain(error.sentence)}") from None
    write_bytes(output, matchfile.write(found.match).encode())
    if as_json:
        line = msgspec.json.encode(_form(found, checked)).decode()
        click.echo(line, err=output is None)
    else:
        _print_summary(found, checked)


def _form(found: Converted, checked: Checked) -> dict[str, object]:
    actions = found.match.actions
    return {
        "type": "converted",
        "title": found.match.title,
        "sport": found.match.sport,
        "actions": len(actions),
        "headline": checked.headline,
        "score": checked.score,
        "result": found.result or None,
        "agrees": not checked.differs(found),
        "unknown": dict(found.unknown),
        "forbidden": [
            {
                "time": times.to_rfc3339(actions[index].time),
                "title": actions[index].title,
                "origin": actions[index].origin,
                "reason": reason,
            }
            for index, reason in checked.forbidden.items()
        ],
    }


def _print_summary(found: Converted, checked: Checked) -> None:
    match = found.match
    click.echo(f"{plain(match.title)}: {len(match.actions):,} actions", err=True)
    click.echo(f"  result       {plain(checked.headline)}", err=True)
    if checked.differs(found):
        stated = msgspec.json.encode(found.result).decode()
        click.secho(f"  but the file says {plain(stated)}", fg="yellow", err=True)
    if found.unknown:
        total = sum(found.unknown.values())
        things = "1 thing" if total == 1 else f"{total:,} things"
        click.secho(f"  no action for {things} in the file:", fg="yellow", err=True)
        lines = [f"{count:,} × {name}" for name, count in found.unknown.items()]
        _print_some(lines)
    if checked.forbidden:
        count = len(checked.forbidden)
        click.secho(f"  the rules forbid {count:,} actions:", fg="yellow", err=True)
        _print_some(
            [
                f"{times.to_rfc3339(match.actions[index].time)} {match.actions[index].title}:"
                f" {reason}"
                for index, reason in checked.forbidden.items()
            ]
        )


def _print_some(lines: list[str]) -> None:
    for line in lines[:SHOWN]:
        click.echo(f"    {plain(line)}", err=True)
    if len(lines) > SHOWN:
        click.echo(f"    and {len(lines) - SHOWN:,} more; --json names all", err=True)
