"""`touchline export`: write an event's timeline as JSON lines or CSV."""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import msgspec
from msgspec.structs import replace

from ..peer import Notice, Subscriber
from ..protocol import forms
from ..protocol.errors import StorageFault, Unreachable
from ..protocol.messages import Alarm, Entry, FeedMessage, Finished, Restored
from ..protocol.times import to_rfc3339
from . import recording, shared

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
)
"""Columns of the CSV; `docs/CLI.md` says what they hold."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be calculated by a spreadsheet: it is given an apostrophe."""


@click.command(epilog="Example: touchline export final.mpk --format csv -o final.csv")
@click.argument("source", metavar="EVENT|RECORDING")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="One JSON object an entry, or a table.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; standard output unless given.",
)
@click.option("--all", "every", is_flag=True, help="Every version of every entry, as published.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the feed may take to be had whole.",
)
@shared.broker_option
@shared.name_option
def command(
    source: str, form: str, output: Path | None, every: bool, wait: float, broker: str, name: str
) -> int:
    """Write the timeline of an event, or of a recording, as it stands now.

    The newest version of each entry in match order, without those that were deleted; with --all
    every version in the order in which they were published.
    """
    messages = _messages(source, broker, name, wait)
    if every:
        entries = [message for message in messages if isinstance(message, Entry)]
    else:
        # The place that an entry has now: others may have come before it since it was published.
        entries = [
            replace(entry, place=place)
            for place, entry in enumerate(recording.standing(messages), 1)
        ]
    lines = _csv(entries) if form == "csv" else _jsonl(entries)
    with _opened(output) as file:
        for line in lines:
            file.write(line)
    return 0


def _messages(source: str, broker: str, name: str, wait: float) -> list[FeedMessage]:
    path = Path(source)
    if path.is_file():
        found = recording.read(path)
        return found.messages if found else []
    with (
        shared.link(broker, name, ["viewer"]) as link,
        shared.stop_flag() as stopped,
    ):
        shared.card_of(link, source)
        with Subscriber(source, link) as feed:
            messages: list[FeedMessage] = []
            until = time.monotonic() + wait
            while feed.setup is None or not feed.core.tracker.whole or feed.core.items():
                if stopped.is_set():
                    raise click.Abort
                if time.monotonic() > until:
                    raise Unreachable(_missing(feed, wait))
                match feed.next(0.2):
                    case Entry() | Alarm() | Restored() | Finished() as message:
                        messages.append(message)
                    case Notice(kind="diverged"):
                        messages.clear()
            return messages


def _missing(feed: Subscriber, wait: float) -> str:
    if feed.setup is None:
        return shared.missing_host(feed.session, wait)
    tracker = feed.core.tracker
    return f"had {tracker.seq} of {tracker.newest} messages within {wait:g} s; see --wait"


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with path.open("wb") as file:
            yield file
    except OSError as error:
        raise StorageFault(f"--output: {path}: {error.strerror}") from error


def _jsonl(entries: Iterable[Entry]) -> Iterator[bytes]:
    for entry in entries:
        yield msgspec.json.encode(forms.to_json(entry)) + b"\n"


def _csv(entries: Iterable[Entry]) -> Iterator[bytes]:
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
            )
        )


def _row(cells: Iterable[object]) -> bytes:
    """Return one line of CSV (RFC 4180), in UTF-8."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow([_cell(cell) for cell in cells])
    return line.getvalue().encode()


def _cell(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return "'" + cell
    return cell
