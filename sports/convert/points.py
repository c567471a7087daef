"""Tennis matches as strings of points.

`S`: the server wins the point, `R`: the receiver, `A`: an ace, `D`: a double fault; `;` ends a
game, `.` a set, and `/` parts the turns of service of a tie-break. The string stands alone, or in
the column `pbp` of a CSV file with the players in `server1` (who serves first) and `server2`.
There are no times in it: the points come at the pace of a match.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from ...protocol.errors import SettingError
from ..matchfile import Match
from ..names import canonical
from ..sport import Action
from ..tennis import TENNIS
from .converted import Converted, Given, micros, seconds_later, start_of

_HOW = {"S": "", "R": "", "A": "ace", "D": "double fault"}
_WON_BY_SERVER = {"S", "A"}
_SECONDS = {";": 60, ".": 90, "/": 10}
"""Seconds of rest after each mark, besides those after a point."""

_POINT_SECONDS = 35
_DATES = ("%d-%b-%y", "%d %b %y", "%d-%b-%Y", "%Y-%m-%d", "%Y%m%d")
_COLUMNS = ("pbp", "server1", "server2")


def convert(text: str, given: Given) -> Converted:
    """Return the match of a string, or of one row of a CSV file.

    Raises:
        SettingError: names the character, or the line of the file, that is not valid.
    """
    head = text.partition("\n")[0].lower()
    if "pbp" not in head.split(","):
        origins = given.origins or ("Server", "Receiver")
        return _match(text.strip(), "the string", origins, given, start_of(given, None))
    line, row = _row(text, given.which)
    origins = given.origins or (row["server1"].strip(), row["server2"].strip())
    starts = start_of(given, _day(row.get("date", "")))
    return _match(row["pbp"].strip(), f"line {line}", origins, given, starts)


def _row(text: str, which: str) -> tuple[int, dict[str, str]]:
    found = []
    rows = csv.reader(io.StringIO(text), strict=True)
    try:
        head = [name.strip().lower() for name in next(rows)]
        missing = [name for name in _COLUMNS if name not in head]
        if missing:
            raise SettingError(f"line 1: no column {', '.join(missing)}")
        for cells in rows:
            if not cells:
                continue
            if len(cells) != len(head):
                raise SettingError(
                    f"line {rows.line_num}: {len(cells)} columns, the first line has {len(head)}"
                )
            row = dict(zip(head, cells, strict=True))
            if canonical(which) in canonical(f"{row['server1']}–{row['server2']}"):
                found.append((rows.line_num, row))
    except csv.Error as error:
        raise SettingError(f"line {rows.line_num}: {error}") from None
    if len(found) != 1:
        named = [f"{row['server1']}–{row['server2']} (line {line})" for line, row in found[:5]]
        raise SettingError(
            f"{len(found)} matches{f' fit {which!r}' if which else ''}; name one"
            + (f" of {', '.join(named)}" if named else "")
        )
    return found[0]


def _day(text: str) -> int | None:
    for form in _DATES:
        try:
            return micros(datetime.strptime(text.strip(), form).replace(tzinfo=UTC))
        except ValueError:
            continue
    return None


def _match(
    points: str,
    where: str,
    origins: Iterable[str],
    given: Given,
    starts: int,
) -> Converted:
    """Return the match of a string.

    Raises:
        SettingError: names the character at which the string and the rules part.
    """
    origins = tuple(origins)
    actions = [Action("serve", origins[0], starts)]
    state = TENNIS.apply(TENNIS.start(origins, given.rules), actions[0])
    time, sets_before, games_before = starts, 0, 0
    for number, mark in enumerate(points, start=1):
        at = f"{where}, character {number}"
        if mark in _HOW:
            if TENNIS.over(state):
                raise SettingError(
                    f"{at}: a point after the match was over, {TENNIS.headline(state)}; are best_of"
                    " and final_set as they were?"
                )
            time = seconds_later(time, _POINT_SECONDS)
            server = state.server
            side = server if mark in _WON_BY_SERVER else 1 - server
            details = {"how": _HOW[mark]} if _HOW[mark] else {}
            actions.append(Action("point", origins[side], time, details))
            state = TENNIS.apply(state, actions[-1])
        elif mark in _SECONDS:
            time = seconds_later(time, _SECONDS[mark])
            sets, games = len(state.past), sum(state.games)
            ended = {";": (sets, games) != (sets_before, games_before), ".": sets != sets_before}
            if not ended.get(mark, True):
                what = "set" if mark == "." else "game"
                raise SettingError(
                    f"{at}: a {what} ends here, but the score is {TENNIS.headline(state)}; are"
                    " no_ad and final_set as they were?"
                )
            if mark != "/":
                # A set ends by its own mark alone, which stands in the place of the game's.
                games_before, sets_before = games, sets
        else:
            raise SettingError(f"{at}: {mark!r} is not one of S, R, A, D and ; . /")
    match = Match(
        title=given.title or "–".join(origins),
        sport="tennis",
        origins=origins,
        rules=given.rules,
        starts=starts,
        actions=tuple(actions),
        note="from a string of points; the times are made up",
    )
    return Converted(match)
