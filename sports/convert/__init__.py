"""Matches in the files of others, turned into `touchline.sports.matchfile.Match`.

A parser is a function from the text of a file and `Given` (what the user said beside it) to a
`Converted`. It is pure: it reads no file and no clock. What a file holds that no action of ours
says is counted by its name in `Converted.unknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ...protocol.errors import SettingError
from .. import fold, get, matchfile
from .converted import Checked, Converted, Given

__all__ = ["FORMATS", "Checked", "Converted", "Given", "check", "convert"]

FORMATS = {
    "openfootball": "Football.TXT of openfootball, one match of the file",
    "statsbomb": "the events of a football match, JSON of StatsBomb",
    "statsperform": "the events of a football match, JSON of Stats Perform (Opta)",
    "points": "a tennis match as a point string (S, R, A, D), alone or in a CSV file",
    "csv": "any CSV file, with a mapping",
}
"""Format to what it is."""


def convert(format_: str, text: str, given: Given) -> Converted:
    """Return the match that a text in a format holds.

    Args:
        format_: one of `FORMATS`.
        text: of the file.
        given: what the user said beside the file.

    Raises:
        SettingError: names the line, the path in the JSON or the character that is not valid, or
            what has to be said beside the file.
    """
    if format_ not in FORMATS:
        raise SettingError(f"no format {format_!r}; there are {', '.join(FORMATS)}")
    parser: Callable[[str, Given], Converted] = import_module(f".{format_}", __name__).convert
    found = parser(text.removeprefix("\ufeff"), given)
    try:
        matchfile.read(matchfile.write(found.match))
    except SettingError as error:
        raise SettingError(f"the match does not fit a match file: {error.sentence}") from None
    return found


def check(found: Converted) -> Checked:
    """Return what a match comes to under its sport's rules, and which actions they forbid.

    Raises:
        SettingError: the sides, line-ups or rules are not valid for the sport.
    """
    match = found.match
    sport = get(match.sport)
    folded = fold(sport, sport.start(match.origins, match.rules, match.lineups), match.actions)
    return Checked(sport.headline(folded.state), sport.score(folded.state), folded.left_out)
