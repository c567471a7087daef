"""The runner of the demo: its processes, its temporary folder, and the comparison at the end."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from ... import sports
from ...protocol import messages
from ...protocol.errors import EnvironmentFault, Interrupted, Unreachable
from ...protocol.messages import Timing
from ...protocol.times import from_rfc3339
from ...runtime import clock, files
from ...sports.compare import compare
from ...sports.matchfile import Match
from ..shared import emit_page, stop_signals, tell_page
from .crowd import Counts
from .performers import Crowd, be_member, wrong_sayings

START_SECONDS = 60.0
"""Seconds that the processes may take to start; there are many, and the machine may be slow."""

LEAD_SECONDS = 2.5
"""Seconds from the creation of the event to its kick-off, in which all peers join."""

BEAT_SECONDS = 1.0
"""Seconds between the host's heartbeats: an outage of two of them raises an alarm."""

GRACE_SECONDS = 5.0
"""How long a process may take to end in good order before it is killed."""

PATIENCE = 900
"""Seconds of the match after which a claim expires and, after the match, the event ends: some
seconds of real time on this machine, which many processes share."""


@dataclass(slots=True)
class ComparisonRow:
    """One line of the comparison."""

    title: str
    true: int = 0
    found: int = 0
    missed: int = 0
    wrong: int = 0
    altered: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether no action was missed or invented."""
        return not self.missed and not self.wrong

    def cells(self) -> tuple[str, ...]:
        """Return the line as texts."""
        numbers = (self.true, self.found, self.missed, self.wrong, self.altered)
        median = f"{statistics.median(self.seconds):.1f}" if self.seconds else "–"
        return (self.title.replace("_", " "), *map(str, numbers), median)

    def to_json(self) -> dict[str, object]:
        """Return the line as JSON values."""
        median = round(statistics.median(self.seconds), 3) if self.seconds else None
        return {
            "action": self.title,
            "true": self.true,
            "found": self.found,
            "missed": self.missed,
            "wrong": self.wrong,
            "details_differ": self.altered,
            "seconds_to_accept": median,
        }


@dataclass(slots=True)
class Outcome:
    """The result of the demo."""

    headline: str
    true_headline: str
    rows: list[ComparisonRow]
    total: ComparisonRow
    crowd: Counts
    wrong_sayings: int
    summary: dict[str, object]  # of the second subscriber
    trouble: str = ""
    encrypted: bool = True
    alarms: int = 0
    delays: dict[str, int] = field(default_factory=dict)
    """Standing entries by their delay status."""
    restored: list[dict[str, Any]] = field(default_factory=list)
    """The `restored` messages at the ends of outages."""

    def to_json(self, seconds: float) -> dict[str, object]:
        """Return the result as JSON values."""
        return {
            "type": "demo",
            "headline": self.headline,
            "true_headline": self.true_headline,
            "right": self.headline == self.true_headline,
            "seconds": round(seconds, 1),
            "actions": [row.to_json() for row in self.rows],
            "total": self.total.to_json(),
            "said": self.crowd.said,
            "wrong_sayings": self.wrong_sayings,
            "repeats": self.crowd.repeats,
            "unsent": self.crowd.unsent,
            "subscriber": self.summary,
            "trouble": self.trouble,
            "encrypted": self.encrypted,
            "alarms": self.alarms,
            "outages": len(self.restored),
            "confirmed": sum(bool(one["confirmed"]) for one in self.restored),
            "delayed": self.delays.get("DELAYED", 0),
            "reconstructed": self.delays.get("RECONSTRUCTED", 0),
            "inaccurate": self.delays.get("RECONSTRUCTION_INACCURATE", 0),
        }


class DemoRunner:
    """Starts every process, plays the match, and leaves nothing behind.

    Args:
        match: the truth.
        crowd: the reporters.
        speed: seconds of the match in a second; 0: all at once.
        insecure: whether nothing is encrypted.
        as_json: whether the subscriber on the screen writes JSON lines.
        metrics: HOST:PORT at which the broker serves its metrics; empty: there are none.
    """

    def __init__(
        self,
        match: Match,
        crowd: Crowd,
        speed: float,
        *,
        insecure: bool,
        as_json: bool,
        metrics: str = "",
    ) -> None:
        self._match = match
        self._crowd = crowd
        self._speed = speed
        self._insecure = insecure
        self._as_json = as_json
        self._metrics = metrics
        self._folder = tempfile.TemporaryDirectory(prefix="touchline-demo-")
        self._home = Path(self._folder.name)
        self._environment = {**os.environ, "TOUCHLINE_HOME": self._folder.name}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._members: list[multiprocessing.process.BaseProcess] = []
        self._pipes: list[Connection[Any, Any]] = []
        self._counts = Counts()
        self._trouble = ""
        self._event = ""
        self._timing = Timing()
        self._stop = StopSignals()

    def __enter__(self) -> DemoRunner:
        self._stop.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.ignore()
        try:
            self._end()
        finally:
            self._folder.cleanup()
            self._stop.restore()

    def say(self, text: str) -> None:
        """Print a line for people, unless the output is JSON."""
        if not self._as_json:
            click.echo(text)

    def play(self) -> None:
        """Run the match from the first process to the end of the event."""
        try:
            broker = self._start_broker()
            self._start_members()
            self.say("waiting for the crowd …")
            self._await_ready()
            self._create(broker)
            host = self._touchline("host", self._event, "--broker", broker, *self._host_flags())
            quiet = self._touchline(
                "watch", self._event, "--broker", broker, "--name", "second", "--json",
                output=self._home / "second.jsonl",
            )  # fmt: skip
            for pipe in self._pipes:
                pipe.send((self._event, broker, self._timing))
            screen = self._screen(broker)
            self._await(screen, quiet, host)
        except KeyboardInterrupt:
            raise Interrupted("the demo was stopped") from None

    def outcome(self) -> Outcome:
        """Return the comparison of the second subscriber's timeline with the truth."""
        entries: dict[str, dict[str, Any]] = {}
        summary: dict[str, Any] = {}
        headline, alarms = "", 0
        restored: list[dict[str, Any]] = []
        for line in (self._home / "second.jsonl").read_text().splitlines():
            item = json.loads(line)
            match item["type"]:
                case "entry":
                    entries[item["entry_id"]] = item
                    headline = item["headline"]
                case "alarm":
                    alarms += 1
                case "restored":
                    restored.append(item)
                    headline = item["headline"]
                case "finished":
                    headline = item["headline"]
                case "summary":
                    summary = item
        standing = [e for e in entries.values() if e["status"] != "DELETED"]
        rows, total = self._rows(standing)
        delays = Counter(e["delay_status"] for e in standing)
        return Outcome(
            headline=headline,
            true_headline=_true_headline(self._match),
            rows=rows,
            total=total,
            crowd=self._counts,
            wrong_sayings=wrong_sayings(self._crowd),
            summary=summary,
            trouble=self._trouble,
            encrypted=not self._insecure,
            alarms=alarms,
            delays=dict(delays),
            restored=restored,
        )

    # ── the processes ────────────────────────────────────────────────────────────────────────

    def _touchline(self, *arguments: str, output: Path | None = None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "touchline.cli", *arguments]
        log = self._home / f"{arguments[0]}.log"
        files.create(log)
        with (
            log.open("ab") as errors,
            files.open_new(output or self._home / f"{arguments[0]}.out") as out,
            self._stop.held(),
        ):
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=self._environment,
                start_new_session=True,  # on Ctrl+C, this process ends it
            )
            self._processes.append(process)
        return process

    def _screen(self, broker: str) -> subprocess.Popen[bytes]:
        """Start the subscriber that has the terminal."""
        arguments = ["watch", self._event, "--broker", broker, "--name", "first"]
        if self._as_json:
            arguments.append("--json")
        with self._stop.held():
            process = subprocess.Popen(
                [sys.executable, "-m", "touchline.cli", *arguments], env=self._environment
            )
            self._processes.append(process)
        return process

    def _start_broker(self) -> str:
        output = self._home / "broker.out"
        flags = ["--bind", "127.0.0.1:0", "--json", *(["--insecure"] if self._insecure else [])]
        flags += ["--metrics", self._metrics] if self._metrics else []
        broker = self._touchline("broker", *flags, output=output)
        until = clock.now() + START_SECONDS
        while clock.now() < until:
            first, newline, _ = output.read_text().partition("\n")
            if newline:
                listening = json.loads(first)
                if listening["metrics"]:
                    tell_page(listening["metrics"])
                    emit_page(listening["metrics"], as_json=self._as_json)
                return str(listening["address"])
            self._check_alive(broker, "broker")
            time.sleep(0.02)
        raise Unreachable(f"the broker did not start within {START_SECONDS:.0f} s")

    def _start_members(self) -> None:
        # Each is a new interpreter that shares nothing with this one, like a phone.
        spawn = multiprocessing.get_context("spawn")
        for index in range(self._crowd.reporters):
            with self._stop.held():
                ours, theirs = spawn.Pipe()
                self._pipes.append(ours)
                arguments = (theirs, self._crowd, index, self._folder.name)
                member = spawn.Process(target=be_member, args=arguments, daemon=True)
                member.start()
                self._members.append(member)
                theirs.close()

    def _await_ready(self) -> None:
        until = clock.now() + START_SECONDS
        for pipe in self._pipes:
            if not pipe.poll(max(0.0, until - clock.now())):
                raise Unreachable(f"the crowd did not start within {START_SECONDS:.0f} s")
            pipe.recv()

    def _create(self, broker: str) -> None:
        from ...peer import Link, identity

        match = self._match
        began = clock.wall() + round(LEAD_SECONDS * 1e6)
        self._timing = Timing(starts=match.starts, began=began, speed=self._speed)
        secret = identity.load("organiser", self._home / "identities")
        with Link(broker, "organiser", secret) as link:
            reply = link.ask(
                messages.Create(
                    id=0,
                    title=match.title,
                    sport=match.sport,
                    origins=list(match.origins),
                    lineups={origin: list(names) for origin, names in match.lineups.items()},
                    rules=dict(match.rules),
                    starts=match.starts,
                    timing=self._timing,
                    key="demo",
                )
            )
        if not isinstance(reply, messages.Event):
            raise AssertionError("the broker answered create with something else")
        self._event = reply.card.event

    def _host_flags(self) -> list[str]:
        patience = str(PATIENCE if self._speed else 10)
        return [
            "--name", "organiser",
            "--heartbeat", str(BEAT_SECONDS),
            "--presence", "20",
            "--claim-ttl", patience if self._speed else "120",
            "--finish-after", patience,
            "--alarm-every", str(2 * BEAT_SECONDS),
            "--late-after", str(PATIENCE),
            "--confirm-wait", "5",
            *(["--metrics", "127.0.0.1:0"] if self._metrics else []),
        ]  # fmt: skip

    def _await(self, *processes: subprocess.Popen[bytes]) -> None:
        screen, quiet, host = processes
        while screen.poll() is None:
            self._check_alive(host, "host")
            time.sleep(0.1)
        for pipe in self._pipes:
            pipe.send("leave")
        for pipe, member in zip(self._pipes, self._members, strict=True):
            if pipe.poll(10.0):
                result = pipe.recv()
                if isinstance(result, Counts):
                    self._counts += result
                else:
                    self._trouble = result
            member.join(5.0)
        quiet.wait(10.0)

    def _check_alive(self, process: subprocess.Popen[bytes], name: str) -> None:
        if process.poll() is not None:
            log = (self._home / f"{name}.log").read_text().strip()
            raise EnvironmentFault(f"the {name} ended early: {log[-500:] or 'its log is empty'}")

    def _end(self) -> None:
        """End every process, by its id."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for member in self._members:
            member.terminate()
        for process in self._processes:
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for member in self._members:
            member.join(GRACE_SECONDS)
            member.kill()
            member.join()
            member.close()
        for pipe in self._pipes:
            pipe.close()

    # ── the comparison ───────────────────────────────────────────────────────────────────────

    def _rows(self, standing: list[dict[str, Any]]) -> tuple[list[ComparisonRow], ComparisonRow]:
        sport = sports.get(self._match.sport)
        kinds = {kind.title: kind for kind in sport.kinds(self._match.rules)}
        timeline = [
            sports.Action(e["title"], e["origin"], from_rfc3339(e["time"]), e["details"])
            for e in standing
        ]
        truth = self._match.actions
        result = compare(kinds, truth, timeline)
        rows = {action.title: ComparisonRow(action.title) for action in truth}
        total = ComparisonRow("all")
        for action in truth:
            _count(rows, total, action.title, "true")
        for i, j in result.found:
            title = truth[i].title
            _count(rows, total, title, "found")
            if self._speed:
                seconds = self._event_time(standing[j]["accepted"]) - truth[i].time
                rows[title].seconds.append(seconds / 1e6)
                total.seconds.append(seconds / 1e6)
        for i in result.missed:
            _count(rows, total, truth[i].title, "missed")
        for j in result.wrong:
            rows.setdefault(timeline[j].title, ComparisonRow(timeline[j].title))
            _count(rows, total, timeline[j].title, "wrong")
        for i, _ in result.altered:
            _count(rows, total, truth[i].title, "altered")
        return list(rows.values()), total

    def _event_time(self, wall: str) -> int:
        timing = self._timing
        return timing.starts + round((from_rfc3339(wall) - timing.began) * timing.speed)


def _count(rows: dict[str, ComparisonRow], total: ComparisonRow, title: str, column: str) -> None:
    for row in (rows[title], total):
        setattr(row, column, getattr(row, column) + 1)


def _true_headline(match: Match) -> str:
    sport = sports.get(match.sport)
    state = sport.start(match.origins, match.rules, match.lineups)
    return sport.headline(sports.fold(sport, state, match.actions).state)


class StopSignals:
    """Makes the first signal that asks to end a KeyboardInterrupt, and ignores further ones.

    While a process is being started, the interrupt waits: a process that the runner does not know
    yet would never end.
    """

    def __init__(self) -> None:
        self._came = False  # a signal came, or comes too late to be an interrupt
        self._held = False
        self._before: dict[int, Any] = {}

    def listen(self) -> None:
        """Begin to take the signals; call it in the main thread."""
        for number in stop_signals():
            self._before[number] = signal.signal(number, self._take)

    def ignore(self) -> None:
        """Ignore all further signals: the demo is ending."""
        self._came = True

    def restore(self) -> None:
        """Restore the earlier handlers of the signals."""
        for number, before in self._before.items():
            signal.signal(number, before)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Delay an interrupt to the end of the block.

        Raises:
            KeyboardInterrupt: a signal came within the block.
        """
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._came:
            raise KeyboardInterrupt

    def _take(self, _number: int, _frame: object) -> None:
        if self._came:
            return
        self._came = True
        if not self._held:
            raise KeyboardInterrupt
