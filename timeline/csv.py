"""Entries as a table for spreadsheets: CSV (RFC 4180), in UTF-8."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from ..protocol.messages import Entry
from ..protocol.text import plain
from ..protocol.times import to_rfc3339

COLUMNS = (
    "entry_id",
    "seq",
    "status",
    "time",
    "clock",
    "title",
    "origin",
    "text",
    "for",
    "against",
    "present",
    "latency_ms",
    "first_reported",
    "accepted",
    "relates_to",
    "headline",
    "details",
    "score",
    "place",
    "delay_status",
    "reason",
    "by",
)
"""Columns of the CSV; `docs/CLI.md` says what they hold."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be calculated by a spreadsheet: it is given an apostrophe."""


def csv_lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield a table of entries, the headings first, a line at a time."""
    yield _row(COLUMNS)
    for entry in entries:
        yield _row(
            (
                entry.entry_id,
                entry.seq,
                entry.status,
                to_rfc3339(entry.time),
                entry.clock,
                entry.title,
                entry.origin,
                entry.text,
                entry.evidence.for_,
                entry.evidence.against,
                entry.evidence.present,
                entry.evidence.latency_ms,
                to_rfc3339(entry.first_reported),
                to_rfc3339(entry.accepted),
                entry.relates_to,
                entry.headline,
                msgspec.json.encode(entry.details).decode(),
                msgspec.json.encode(entry.score).decode(),
                entry.place,
                entry.delay_status,
                entry.reason,
                entry.by,
            )
        )


def _row(cells: Iterable[object]) -> bytes:
    """Return one line of CSV (RFC 4180), in UTF-8."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow([csv_cell(cell) for cell in cells])
    return line.getvalue().encode()


def csv_cell(cell: object) -> object:
    """Return what stands in a cell for a value: a text that neither a spreadsheet calculates nor a
    terminal obeys."""
    if not isinstance(cell, str):
        return cell
    shown = plain(cell)  # a terminal that shows the table would obey control characters
    return "'" + shown if cell.startswith(FORMULA) else shown
