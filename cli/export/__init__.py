"""`touchline export`: write an event's timeline as JSON lines, CSV or a page, or its proof."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click
import msgspec
from msgspec.structs import replace

from ...peer import Notice, Subscriber
from ...protocol.errors import NotFound, SettingError, StorageFault, Unreachable
from ...protocol.messages import Card, Entry, FeedMessage
from ...runtime import clock
from ...timeline import csv as timeline_csv
from ...timeline import json as timeline_json
from ...timeline import recording
from .. import shared
from ..journals import host_name, hosted_event


@click.command(epilog="Example: touchline export final.mpk --format csv -o final.csv")
@click.argument("source", metavar="EVENT|RECORDING")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "html", "proof"]),
    default="jsonl",
    show_default=True,
    help="jsonl: a JSON object for each entry; csv: a table; html: a page for people; proof: the"
    " proof of the whole event, from a host's journal.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="standard output",
    help="The file to write.",
)
@click.option("--all", "every", is_flag=True, help="Write every version of every entry.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the whole feed.",
)
@click.option(
    "--journal",
    default="",
    show_default="the one of the host --name",
    metavar="URL",
    help="For a proof: where the host's journal is.",
)
@shared.broker_flags
@shared.name_option
def command(
    source: str,
    form: str,
    output: Path | None,
    every: bool,
    wait: float,
    journal: str,
    broker: str,
    insecure: bool,
    name: str,
) -> int:
    """Write the present timeline of an event, or of a recording.

    The file has the newest version of each entry in match order, without deleted ones; with --all
    every version, in the order of publication. An html page always shows the whole event.

    --format proof is for the user who has hosted the event, after the host has stopped. The proof
    holds everything that was published and the signed reports behind it, sealed with the host's
    key; touchline verify checks it.
    """
    if form == "html" and every:
        raise click.UsageError("--format html shows the event as it stands; leave --all out")
    if form == "proof":
        lines = _proof(source, host_name(broker, name, insecure=insecure), journal)
        _write(output, (line + b"\n" for line in lines))
        return 0
    if Path(source).is_file():
        feed = _recorded(Path(source))
    else:
        address, who = shared.find_broker(broker, insecure=insecure)
        feed = _follow(source, address, who or name, wait)
    if form == "html":
        _write(output, [_page(source, feed)])
        return 0
    messages = feed.messages
    if every:
        entries = [message for message in messages if isinstance(message, Entry)]
    else:
        # The present place of an entry: since it was published, others may have come before it.
        entries = [
            replace(entry, place=place)
            for place, entry in enumerate(recording.standing(messages), 1)
        ]
    _write(output, timeline_csv.csv_lines(entries) if form == "csv" else _jsonl(entries))
    return 0


def _page(source: str, feed: _Feed) -> bytes:
    from .html import page

    if feed.card is None:
        raise SettingError(f"{source}: cut within its header, which names the event")
    wall = clock.wall()
    return page(feed.card, feed.messages, wall, digest=feed.digest).encode()


def _proof(event: str, name: str, url: str) -> list[bytes]:
    """Return the lines of an event's proof, from the journal of the host with a name."""
    from ...peer import identity
    from ...proof import build

    key = identity.file(name)
    if not key.exists():
        raise NotFound(f"{name!r} has never hosted here: there is no {key}; give the host's --name")
    with hosted_event(event, name, url) as (card, turns):
        return build(card, turns, identity.load(name))


class _Feed(NamedTuple):
    """A whole feed; a recording that ends within its header has no card, and no recording has a
    digest."""

    card: Card | None
    messages: list[FeedMessage]
    digest: str = ""


def _recorded(path: Path) -> _Feed:
    found = recording.read(path)
    return _Feed(found.card, found.messages) if found else _Feed(None, [])


def _follow(source: str, broker: str, name: str, wait: float) -> _Feed:
    with (
        shared.link(broker, name, ["viewer"]) as link,
        shared.stop_flag() as stopped,
    ):
        shared.card_of(link, source)
        with Subscriber(source, link) as feed:
            messages: list[FeedMessage] = []
            until = clock.now() + wait
            while feed.setup is None or not feed.core.tracker.whole or feed.core.items():
                if stopped.is_set():
                    raise click.Abort
                if clock.now() > until:
                    raise Unreachable(_missing(feed, wait))
                item = feed.next(0.2)
                if isinstance(item, FeedMessage):
                    messages.append(item)
                elif isinstance(item, Notice) and item.voids:
                    messages.clear()
            return _Feed(feed.setup.card, messages, feed.core.tracker.digest.hex())


def _missing(feed: Subscriber, wait: float) -> str:
    if feed.setup is None:
        return shared.missing_host(feed.session, wait)
    tracker = feed.core.tracker
    return f"had {tracker.seq} of {tracker.newest} messages within {wait:g} s; see --wait"


def _write(output: Path | None, lines: Iterable[bytes]) -> None:
    with _opened(output) as file:
        for line in lines:
            file.write(line)


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
        yield msgspec.json.encode(timeline_json.to_json(entry)) + b"\n"
