"""`touchline replay`: report a recorded match again, at any speed."""

from __future__ import annotations

import hashlib
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import click

from ..peer import Link, identity
from ..peer.reporter.counters import ReporterCounters
from ..protocol.errors import Interrupted, SettingError, TouchlineError, Unreachable
from ..protocol.keys import Identity
from ..protocol.limits import NAME_CHARS
from ..protocol.messages import Card, Create, Event, Timing
from ..protocol.times import SECOND
from ..runtime import clock
from ..sports.matchfile import Match
from ..sports.simulate.crowd import Member, Saying, crowd
from ..timeline import recording
from . import grants, shared
from .demo.crowd import Counts, run_member

TURN_SECONDS = 0.1


def _speed(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    """Return the speed that a flag's text gives; 0 for `max`."""
    if text == "max":
        return 0.0
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = -1.0
    if not 0.01 <= speed <= 100_000:
        raise click.BadParameter(f"{text!r} is not max or a number from 0.01 to 100000")
    return speed


@click.command(
    epilog="""
\b
Examples:
  touchline replay world-cup-final-2022 --speed 60
      create an event, and print how to host it
  touchline replay final.mpk --event EVENT --reporters 12 --wrong 0.1
"""
)
@click.argument("source", metavar="MATCH|FILE|RECORDING")
@click.option("--event", default="", show_default="a new event", help="The event to report on.")
@click.option(
    "--speed",
    callback=_speed,
    default="10",
    show_default=True,
    metavar="N|max",
    help="How many times as fast as the match was. An event that is a replay keeps its own speed.",
)
@click.option(
    "--reporters",
    type=click.IntRange(1, 500),
    default=3,
    show_default=True,
    help="How many reporters there are.",
)
@click.option(
    "--coverage",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="The share of the actions that each reporter notices.",
)
@click.option(
    "--wrong",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="The share of wrong reports.",
)
@click.option(
    "--drops",
    type=click.FloatRange(0, 60),
    default=0.0,
    show_default=True,
    help="How often an hour each reporter loses its connection.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="One seed always gives the same reporters.",
)
@click.option(
    "--lead",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How soon a new event begins; time to host it.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0.1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the host, and at the end for its last receipts.",
)
@grants.hosts_option
@shared.broker_option
@shared.name_option
@shared.json_option
@shared.metrics_option
@shared.log_options("replay")
def command(
    source: str,
    event: str,
    speed: float,
    reporters: int,
    coverage: float,
    wrong: float,
    drops: float,
    seed: int,
    lead: float,
    wait: float,
    hosts: list[str],
    broker: str,
    name: str,
    as_json: bool,
    metrics: str,
) -> int:
    """Report a match again, with simulated reporters in this process.

    The match is one that comes with Touchline (such as world-cup-final-2022), a match file, or a
    recording. A new event has the match's own clock, which runs at --speed. On a live event the
    reports give times as if the match ended when the replay ends.
    """
    match = load(source)
    with shared.link(broker, name) as link:
        if event:
            card = shared.card_of(link, event)
            _check_fits(card, match)
        else:
            card = _create(link, match, speed, lead, hosts)
            _announce(card, lead if speed else 0.0, as_json=as_json)
    members = crowd(
        match,
        random.Random(seed),
        reporters=reporters,
        coverage=coverage,
        wrong=wrong,
        drops=drops,
        duplicates=0.0,
    )
    plan = ReplayPlan.of(card, match, members, speed, clock.wall())
    simulated = SimulatedReporters(
        members, card.event, broker, name, identity.load(name), plan, wait
    )
    with (
        shared.metrics_page(
            metrics, lambda: shared.reporters_monitored(simulated.counters)
        ) as page,
        _progress(simulated, as_json=as_json),
        shared.stop_flag() as stopped,
    ):
        shared.emit_page(page, as_json=as_json)
        simulated.run(stopped)
        was_stopped = stopped.is_set()
    _print_counts(card, simulated.counts, as_json=as_json)
    for error in simulated.errors[:1]:
        raise error
    if was_stopped:
        raise Interrupted("stopped before the match was over")
    if simulated.counts.unsent:
        raise Unreachable(f"{simulated.counts.unsent} reports were not confirmed in {wait:g} s")
    return 0


def load(source: str) -> Match:
    """Return a match by its name, from a match file, or from a recording.

    Raises:
        NotFound: there is neither a match nor a file of this name.
        SettingError: the file is neither a match nor a recording.
    """
    path = Path(source)
    if path.is_file() and recording.is_recording(path):
        found = recording.read(path)
        if found is None or not found.messages:
            raise SettingError(f"{path}: the recording is empty")
        return recording.as_match(found)
    return shared.load_match(source)


def _create(link: Link, match: Match, speed: float, lead: float, hosts: list[str]) -> Card:
    """Create the event, with the match's own clock at a speed."""
    began = clock.wall() + round(lead * SECOND)
    reply = link.ask(
        Create(
            id=0,
            title=match.title,
            sport=match.sport,
            key=uuid4().hex,
            origins=list(match.origins),
            lineups={origin: list(names) for origin, names in match.lineups.items()},
            rules=dict(match.rules),
            starts=match.starts,
            timing=Timing(starts=match.starts, began=began, speed=speed),
            hosts=hosts,
        )
    )
    if not isinstance(reply, Event):
        raise AssertionError(f"the broker answered create with {type(reply).__name__}")
    return reply.card


def _announce(card: Card, lead: float, *, as_json: bool) -> None:
    if as_json:
        shared.emit({"type": "created", "event": card.event, "title": card.title})
        return
    begins = f" It begins in {lead:g} s." if lead else ""
    click.echo(f"Created {card.event}.{begins}\nHost it:    touchline host {card.event}")
    click.echo(f"Follow it:  touchline watch {card.event}")


def _check_fits(card: Card, match: Match) -> None:
    if card.sport != match.sport:
        raise SettingError(f"--event: {card.event} is {card.sport}, the match is {match.sport}")
    unknown = [origin for origin in match.origins if origin not in card.origins]
    if unknown:
        raise SettingError(
            f"--event: {card.event} has no {', '.join(unknown)}; it has {', '.join(card.origins)}"
        )


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """When to make each report.

    Args:
        timing: the event's own clock; None: the event is live.
        pace: the clock of the replay.
        shift: microseconds to add to the time of every report.
    """

    timing: Timing | None
    pace: Timing
    shift: int

    @classmethod
    def of(
        cls, card: Card, match: Match, members: tuple[Member, ...], speed: float, wall: int
    ) -> ReplayPlan:
        """Return the plan for an event.

        Args:
            card: the event.
            match: the match to replay.
            members: the reporters.
            speed: of the replay, where the event has none of its own; 0: all at once.
            wall: microseconds since 1970 UTC.
        """
        timing = card.timing
        if timing is not None:
            shift = timing.starts - match.starts if timing.starts else 0
            if timing.speed:
                # The match's time on the event's clock: `shift` before what the event shows.
                return cls(timing, _paced(match.starts, timing.began, timing.speed), shift)
            return cls(timing, _paced(match.starts, wall, speed), shift)
        pace = _paced(match.starts, wall, speed)
        last = max((saying.at for one in members for saying in one.sayings), default=match.starts)
        if speed and speed < 1:
            return cls(None, pace, wall - match.starts)
        # The times between actions stay the same, and no report comes before its action.
        length = round((last - match.starts) / speed) if speed else 0
        return cls(None, pace, wall + length - last)


def _paced(starts: int, began: int, speed: float) -> Timing:
    return Timing(starts=starts, began=began, speed=speed)


@dataclass(slots=True)
class SimulatedReporters:
    """Simulated reporters, each with a thread and a link of its own.

    Args:
        members: the reporters with their reports.
        event: the event's id.
        broker: the broker's address.
        author: the name of the user who replays.
        key: the user's key, from which the reporters' keys are made.
        plan: when to make each report.
        wait: seconds to wait for the host, and for the last receipts.
    """

    members: tuple[Member, ...]
    event: str
    broker: str
    author: str
    key: Identity
    plan: ReplayPlan
    wait: float
    counts: Counts = field(default_factory=Counts)
    errors: list[TouchlineError] = field(default_factory=list)
    said: int = 0
    counters: list[ReporterCounters] = field(default_factory=list)
    """Of each reporter, once it has started."""
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sayings(self) -> int:
        """The number of reports."""
        return sum(len(member.sayings) for member in self.members)

    def run(self, stopped: threading.Event) -> None:
        """Run all reporters until each is done or `stopped` is set."""
        # The first wait for the last, so that the share that must agree is a share of all.
        barrier = threading.Barrier(len(self.members))
        with tempfile.TemporaryDirectory(prefix="touchline-") as folder:
            threads = [
                threading.Thread(target=self._speak, args=(member, Path(folder), barrier, stopped))
                for member in self.members
            ]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                time.sleep(TURN_SECONDS)
                if stopped.is_set():
                    barrier.abort()
            for thread in threads:
                thread.join()

    def _speak(
        self, member: Member, folder: Path, barrier: threading.Barrier, stopped: threading.Event
    ) -> None:
        def opened() -> None:
            try:
                barrier.wait(self.wait)
            except threading.BrokenBarrierError:
                return  # some reporters did not come; the others go on

        try:
            # A user's reporters always have the same keys, since a broker keeps every key.
            name = f"{member.name} by {self.author}"[:NAME_CHARS]
            seed = hashlib.sha256(b"touchline crowd\0" + self.key.seed + name.encode()).digest()
            with Link(self.broker, name, Identity(seed), ["reporter"]) as link:
                counters = ReporterCounters()
                self.counters.append(counters)
                counts = run_member(
                    member,
                    self.event,
                    link,
                    folder / f"{uuid4().hex}.db",
                    self.plan.timing,
                    pace=self.plan.pace,
                    shift=self.plan.shift,
                    stop=stopped,
                    opened=opened,
                    on_saying=self._count,
                    patience=self.wait,
                    linger=1.0,
                    counters=counters,
                )
            with self._guard:
                self.counts += counts
        except TouchlineError as error:
            with self._guard:
                self.errors.append(error)
            barrier.abort()

    def _count(self, _saying: Saying) -> None:
        with self._guard:
            self.said += 1


@contextmanager
def _progress(simulated: SimulatedReporters, *, as_json: bool) -> Iterator[None]:
    """Show the progress of the replay on a terminal."""
    from rich.console import Console
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield
        return
    bar = Progress(
        TextColumn("reporting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("reports"),
        auto_refresh=False,
        console=console,
    )
    task = bar.add_task("", total=simulated.sayings)

    def drawn() -> Progress:
        bar.update(task, completed=simulated.said)
        return bar

    with Live(console=console, get_renderable=drawn, refresh_per_second=8):
        yield


def _print_counts(card: Card, counts: Counts, *, as_json: bool) -> None:
    stored = counts.said - counts.unsent
    if as_json:
        summary = {
            "type": "summary",
            "event": card.event,
            "said": counts.said,
            "stored": stored,
            "accepted": counts.accepted,
            "expired": counts.expired,
            "refused": counts.refused,
            "repeats": counts.repeats,
        }
        shared.emit(summary)
        return
    click.echo(
        f"{counts.said} reports sent, {stored} stored: {counts.accepted} accepted,"
        f" {counts.expired} expired, {counts.refused} refused,"
        f" {stored - counts.accepted - counts.expired - counts.refused} not decided yet"
    )
