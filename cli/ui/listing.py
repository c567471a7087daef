"""Lists of a command in the form that its user asks for: a table, JSON, JSON lines or CSV."""

from __future__ import annotations

import csv
import functools
import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click
import msgspec

from ...protocol.text import json_line
from ...timeline.csv import csv_cell
from ..shared import emit, json_option
from .tables import table

T = TypeVar("T")

FORMS = ("table", "json", "jsonl", "csv")
"""The forms of a list."""


def listing_option(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command `--output` and `--json`; it is called with one of `FORMS`, `form`."""

    @functools.wraps(command)
    def formed(*arguments: Any, form: str, as_json: bool, **others: Any) -> T:
        return command(*arguments, form="jsonl" if as_json and form == "table" else form, **others)

    flag = click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(FORMS),
        default="table",
        show_default=True,
        help="Print a table, one JSON array, JSON lines (as --json does), or CSV.",
    )
    return flag(json_option(formed))


def listing(
    form: str,
    objects: Iterable[Mapping[str, object]],
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> None:
    """Print a list.

    Args:
        form: one of `FORMS`.
        objects: its lines for programs; CSV has a column for each of their keys.
        headings, rows: its table for people.
    """
    if form == "table":
        table(headings, rows)
    elif form == "csv":
        _csv(list(objects))
    elif form == "json":
        text = json_line(msgspec.json.encode(list(objects)))
        sys.stdout.buffer.write(msgspec.json.format(text, indent=2) + b"\n")
        sys.stdout.buffer.flush()
    else:
        for each in objects:
            emit(each)


def _csv(objects: Sequence[Mapping[str, object]]) -> None:
    """Print objects as CSV (RFC 4180) with their keys as headings; a value that is neither a text
    nor a number is JSON."""
    keys = dict.fromkeys(key for each in objects for key in each)
    text = io.StringIO()
    writer = csv.writer(text)
    if keys:
        writer.writerow(keys)
    for each in objects:
        writer.writerow([_cell(each.get(key)) for key in keys])
    sys.stdout.buffer.write(text.getvalue().encode())
    sys.stdout.buffer.flush()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return csv_cell(value)
    return json_line(msgspec.json.encode(value)).decode()
