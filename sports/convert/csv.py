"""CSV files of any shape, by a mapping in TOML:

    sport = "handball"          # a sport of ours
    origins = ["Lindau", "Ulm"]
    starts = "2024-05-01T18:00:00Z"
    time = "Zeit"               # the column with the time
    unit = "minutes"            # what it holds: time (RFC 3339), seconds or minutes since the start
    action = "Ereignis"         # the column with what happened
    origin = "Team"             # the column with whose it is; may be left out

    [details]                   # detail of ours = column
    player = "Name"

    [actions]                   # what stands in the column = action of ours
    Tor = "goal"

    [sides]                     # what stands in the column = origin
    H = "Lindau"

A word in the action column that the mapping does not name is counted as unknown.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping

import msgspec

from ...protocol import times
from ...protocol.errors import SettingError
from ..matchfile import Match
from ..sport import Action, Detail, Kind
from .converted import Converted, Given, in_order, renamed, seconds_later, start_of, tally


class _Mapping(msgspec.Struct, forbid_unknown_fields=True):
    sport: str
    time: str
    action: str
    actions: dict[str, str]
    origins: list[str] = []
    starts: str = ""
    title: str = ""
    unit: str = "time"
    origin: str = ""
    delimiter: str = ","
    details: dict[str, str] = {}
    sides: dict[str, str] = {}
    rules: dict[str, object] = {}


def convert(text: str, given: Given) -> Converted:
    """Return the match of a CSV file.

    Raises:
        SettingError: names the key of the mapping or the line of the file that is not valid.
    """
    from .. import get

    mapping = _mapping(given.mapping)
    origins = tuple(mapping.origins) or given.origins
    if not origins:
        raise SettingError("mapping: no origins; name the sides in the order of the event")
    starts = start_of(given, _time(mapping.starts, "mapping: starts") if mapping.starts else None)
    rules = mapping.rules | dict(given.rules)
    kinds = {kind.title: kind for kind in get(mapping.sport).kinds(rules)}
    for word, title in mapping.actions.items():
        if title not in kinds:
            raise SettingError(
                f"mapping: actions.{word}: no action {title!r} in {mapping.sport}; there are"
                f" {', '.join(kinds)}"
            )
    actions, unknown = [], []
    rows = csv.reader(io.StringIO(text), delimiter=mapping.delimiter, strict=True)
    try:
        head = [name.strip() for name in next(rows, [])]
        columns = (mapping.time, mapping.action, mapping.origin, *mapping.details.values())
        for column in columns:
            if column and column not in head:
                raise SettingError(f"line 1: no column {column!r}; there are {', '.join(head)}")
        for cells in rows:
            if not any(cells):
                continue
            at = f"line {rows.line_num}"
            if len(cells) != len(head):
                raise SettingError(f"{at}: {len(cells)} columns, the first line has {len(head)}")
            row = {name: cell.strip() for name, cell in zip(head, cells, strict=True)}
            word = row[mapping.action]
            if word in mapping.actions:
                kind = kinds[mapping.actions[word]]
                actions.append(_action(row, kind, mapping, origins, starts, at))
            else:
                unknown.append(word)
    except csv.Error as error:
        raise SettingError(f"line {rows.line_num}: {error}") from None
    match = Match(
        title=given.title or mapping.title or "–".join(origins),
        sport=mapping.sport,
        origins=origins,
        rules=rules,
        starts=starts,
        actions=in_order(actions),
        note="from a CSV file",
    )
    return Converted(renamed(match, given.origins), tally(unknown))


def _mapping(text: str) -> _Mapping:
    if not text:
        raise SettingError("a CSV file needs a mapping; docs/CLI.md has one")
    try:
        mapping = msgspec.convert(tomllib.loads(text), _Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise SettingError(f"mapping: {error}") from None
    if mapping.unit not in {"time", "seconds", "minutes"}:
        raise SettingError(f"mapping: unit {mapping.unit!r} is not one of time, seconds, minutes")
    if len(mapping.delimiter) != 1 or mapping.delimiter in '\r\n"':
        raise SettingError(f"mapping: delimiter {mapping.delimiter!r} is not one character")
    return mapping


def _action(
    row: Mapping[str, str],
    kind: Kind,
    mapping: _Mapping,
    origins: tuple[str, ...],
    starts: int,
    at: str,
) -> Action:
    side = row[mapping.origin] if mapping.origin else ""
    origin = mapping.sides.get(side, side)
    if origin and origin not in origins:
        raise SettingError(f"{at}: no side {origin!r}; there are {', '.join(origins)}")
    details = {}
    for detail in kind.details:
        cell = row[mapping.details[detail.name]] if detail.name in mapping.details else ""
        if cell:
            details[detail.name] = _detail(detail, cell, at)
    return Action(kind.title, origin, _moment(row[mapping.time], mapping, starts, at), details)


def _detail(detail: Detail, cell: str, at: str) -> str | float:
    if not detail.number:
        return cell
    try:
        return float(cell) if "." in cell else int(cell)
    except ValueError:
        raise SettingError(f"{at}: {detail.name} is {cell[:40]!r}, not a number") from None


def _moment(cell: str, mapping: _Mapping, starts: int, at: str) -> int:
    if mapping.unit == "time":
        return _time(cell, at)
    try:
        # Added time counts on: 45+2.
        found = sum(float(part) for part in cell.rstrip("'’").split("+"))
        if not 0 <= found <= 1_000_000:
            raise ValueError
    except ValueError:
        raise SettingError(f"{at}: {cell[:40]!r} is not a number of {mapping.unit}") from None
    return seconds_later(starts, found * (60 if mapping.unit == "minutes" else 1))


def _time(text: str, at: str) -> int:
    try:
        return times.from_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise SettingError(f"{at}: {error}") from None
