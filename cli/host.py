"""`touchline host`: collect reports on events, decide and publish."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ..peer.host.options import Options
from ..protocol import messages
from ..protocol.errors import SettingError, TouchlineError
from ..protocol.text import plain
from . import creating, shared
from .files import read_bytes
from .settings import settings
from .shared import (
    broker_option,
    emit,
    journal_of,
    json_option,
    log_options,
    metrics_events_option,
    metrics_option,
    metrics_page,
    name_option,
    place_of,
    place_of_page,
    serving,
)

if TYPE_CHECKING:
    from ..peer import Host
    from ..peer.follower.service import FollowedHost
    from ..peer.grades.book import Book

EVERYWHERE = {"*", "0.0.0.0", "[::]"}
"""Hosts to listen on that are not addresses."""


@click.command("host", epilog="Example: touchline host argentina-v-france-k7m2 --until-finished")
@click.argument("events", nargs=-1, metavar="[EVENT]...")
@click.option(
    "--create",
    "title",
    default="",
    metavar="TITLE",
    help="Create this event, and host it. The same command line later goes on with it; --key makes"
    " another of the same description.",
)
@creating.flags
@broker_option
@name_option
@settings(Options)
@click.option("--until-finished", is_flag=True, help="Stop when all events are over.")
@metrics_option
@metrics_events_option
@json_option
@log_options("host")
def command(
    events: tuple[str, ...],
    title: str,
    until_finished: bool,
    metrics: str,
    metrics_events: int,
    as_json: bool,
    **values: Any,
) -> int:
    """Host events: collect reports, decide what happened, and publish it.

    Only an owner of an event and the hosts that its owners name may host it: `touchline events
    grant`; an owner names others here, too (--host). With --create the event is made first:

    \b
    touchline host --create "Argentina v France" --sport football \\
        --origin Argentina --origin France

    Without an EVENT it offers itself to the broker, which gives it events that nobody hosts and
    whose owners let it: `touchline events grant EVENT --pool NAME`, or --host any. `touchline
    hosts` says which host has which event.

    The host runs until Ctrl+C or SIGTERM, and then releases its events for another host. A host
    that starts again under the same --name goes on where it stopped. The exit code says why an
    event could not be hosted: 3 not found, 4 refused.
    """
    described = creating.described(values)
    options = Options(**values)
    # Imported here so that --help stays quick.
    from ..monitoring.health import host_readiness
    from ..monitoring.host import host_collector
    from ..peer import Host, Journal, identity, owning
    from ..runtime.collector import spare_collector

    spare_collector()
    secret = identity.load(options.name)
    book = _book(options.book)
    if described["hosts"] and events:
        with shared.link(options.broker, options.name) as link:
            for event in events:
                owning.permit(link, event, "host", described["hosts"])
    if title or described["match_name"]:
        events = (*events, _created(options, creating.wanted(title, **described)))
    elif creating.describes(described):
        raise click.UsageError("an event is described, and not created: give --create TITLE")
    elif described["hosts"] and not events:
        raise click.UsageError("--host names who may host an EVENT, or an event that is created")
    with closing(Journal(options.journal or journal_of(options.name), secret.peer)) as journal:
        host = Host(options, secret, journal, tuple(dict.fromkeys(events)), book=book)
        with (
            metrics_page(
                metrics, lambda: (host_collector(host, metrics_events), host_readiness(host))
            ) as page,
            serving(host.stop),
        ):
            if page:
                host.announce(place_of_page(page))
            _warn(options)
            printer = ProgressPrinter(
                host, options, events, until_finished=until_finished, as_json=as_json
            )
            host.run(printer)
            printer()  # what happened in the last turn
        _sum_up(host, as_json=as_json)
    return max((error.exit_code for error in host.lost.values()), default=0)


def _created(options: Options, request: messages.Create) -> str:
    """Create an event; return its id, the same for the same description."""
    from ..peer import owning

    if not request.key:
        described = msgspec.json.encode(
            msgspec.structs.replace(request, owners=[], hosts=[]), order="deterministic"
        )
        key = hashlib.sha256(described).hexdigest()
        request = msgspec.structs.replace(request, key=key)
    with shared.link(options.broker, options.name) as link:
        return owning.create(link, request).event


def _book(path: str) -> Book | None:
    """Return the book of records in a file, checked; None where there is no path."""
    if not path:
        return None
    from ..peer.grades import book

    try:
        return book.decode(read_bytes(path))
    except TouchlineError as error:
        raise SettingError(f"--book: {error.sentence}") from None


def _warn(options: Options) -> None:
    if options.bind in EVERYWHERE and not options.advertise:
        click.echo(
            f"--bind {options.bind} is not an address for others: give --advertise the name by"
            " which they reach this machine",
            err=True,
        )


class ProgressPrinter:
    """Prints what has changed since the last call; called after each turn of the host.

    Args:
        host: the host to watch.
        options: the host's settings.
        events: the events that the host asks for.
        until_finished: whether the host stops when all of them are over.
        as_json: whether it prints JSON.
    """

    def __init__(
        self,
        host: Host,
        options: Options,
        events: tuple[str, ...],
        *,
        until_finished: bool,
        as_json: bool,
    ) -> None:
        self._host = host
        self._until_finished = until_finished
        self._as_json = as_json
        self._seen = 0
        self._away = ""
        self._hosted: set[str] = set()
        self._standing_by: set[str] = set()
        self._finished: set[str] = set()
        self._lost: set[str] = set()
        self._handed_over: set[str] = set()
        self._complete: set[str] = set()
        if not as_json:
            wanted = ", ".join(events) or "events to host"
            click.echo(f"asking the broker at {place_of(options.broker)} for {wanted}")

    def __call__(self) -> bool:
        """Print the news; return whether the host goes on."""
        followed = self._host.followed
        if followed is not None and len(followed.complete) != len(self._complete):
            self._print_copies(followed)
        leases = self._host.leases
        if leases.answers == self._seen:
            return True  # most turns bring no news, and cost no more than this
        self._seen = leases.answers
        if leases.away != self._away:
            self._away = leases.away
            self._print_away()
        standing_by = leases.standing_by
        for event, reason in standing_by.items():
            if event not in self._standing_by:
                self._hosted.discard(event)
                self._print(
                    {"type": "standby", "event": event, "reason": reason},
                    f"{reason}; standing by",
                )
        self._standing_by = set(standing_by)
        for event, seq in leases.handed_over.items():
            if event not in self._handed_over:
                self._hosted.discard(event)
                value = {"type": "handed_over", "event": event, "seq": seq}
                self._print(value, f"{event} is handed over at seq {seq}")
        self._handed_over = set(leases.handed_over)
        for event, core in self._host.events.items():
            if event not in self._hosted:
                self._hosted.add(event)
                self._print_hosting(event)
            if core.finished and event not in self._finished:
                self._finished.add(event)
                self._print({"type": "finished", "event": event}, f"{event} is over")
        for event, error in self._host.lost.items():
            if event not in self._lost:
                self._lost.add(event)
                # Only as JSON: people see it in the log.
                self._print(
                    {
                        "type": "error",
                        "event": event,
                        "code": error.code,
                        "reason": error.sentence,
                    }
                )
        return not (self._until_finished and leases.finished)

    def _print_copies(self, followed: FollowedHost) -> None:
        for event, copy in followed.complete.items():
            if event not in self._complete:
                about = {"event": event, "host": copy.host, "epoch": copy.epoch, "turn": copy.turn}
                text = f"copying {event} from {copy.host}, up to turn {copy.turn:,}"
                self._print({"type": "copying", **about}, f"{text} of epoch {copy.epoch}")
        self._complete = set(followed.complete)

    def _print_away(self) -> None:
        if self._away:
            text = f"{self._away}\nwaiting for the broker"
            self._print({"type": "waiting", "reason": self._away}, text)
        else:
            self._print({"type": "reached"}, "the broker answers")

    def _print_hosting(self, event: str) -> None:
        core, ends = self._host.events[event], self._host.endpoints
        self._print(
            {
                "type": "hosting",
                "event": event,
                "title": core.card.title,
                "epoch": core.epoch,
                "seq": core.feed.seq,
                "router": ends.router,
                "pull": ends.pull,
                "pub": ends.pub,
            },
            f"hosting {event} ({plain(core.card.title)}), epoch {core.epoch}, "
            f"from seq {core.feed.seq}, at {ends.router}",
        )

    def _print(self, value: dict[str, object], text: str = "") -> None:
        if self._as_json:
            emit(value)
        elif text:
            click.echo(text)


def _sum_up(host: Host, *, as_json: bool) -> None:
    reports = sum(core.counters.stored for core in host.events.values())
    entries = sum(sum(core.counters.entries.values()) for core in host.events.values())
    if as_json:
        emit({"type": "stopped", "reports": reports, "entries": entries})
    else:
        click.echo(f"host stopped: {reports:,} reports stored, {entries:,} entries published")
