"""Events at several hosts and brokers on one PostgreSQL: how long until all are held, and how the
brokers answer searches and joins meanwhile and once one of them is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from touchline.peer import Link
from touchline.peer.link.core import Reply
from touchline.protocol import addresses, messages
from touchline.protocol.errors import EnvironmentFault
from touchline.runtime import clock

from .comparison import Comparison, Missing, Size, single
from .processes import PATIENCE, cpu
from .venue import key

EVENTS, HOSTS, BROKERS = 2_000, 4, 2
PAUSE = 0.02
"""Seconds from one question to the next."""

WINDOW = 32
"""The most events that are being created at one time."""

AFTER = 4.0
"""Seconds for which questions go on once all events are held, and again after the kill."""

DATABASE = os.environ.get(
    "TOUCHLINE_BENCH_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)


def comparisons(size: Size) -> list[Comparison]:
    """Return what is measured."""
    events = size.of(EVENTS, HOSTS)
    title = f"{events:,} events on {HOSTS} hosts at {BROKERS} brokers, one PostgreSQL, CURVE"
    return [single("events", title, partial(_round, events), "s until all are held")]


def _round(events: int) -> dict[str, float]:
    with ExitStack() as stack:
        url = stack.enter_context(_schema())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="touchline-bench-")))
        start = partial(_start, stack, folder)
        brokers = [
            start(
                *("broker", "--database", url, "--bind", "127.0.0.1:0"),
                *("--metrics", "127.0.0.1:0", "--peer-events", "100000"),
            )
            for _ in range(BROKERS)
        ]
        first, *others = (addresses.broker(one.of("listening")["address"]) for one in brokers)
        both = replace(first, others=tuple((one.host, one.port) for one in others))
        link = stack.enter_context(Link(str(both), "bench", key("bench")))
        created = _create(link, events)
        began = time.monotonic()
        each = -(-events // HOSTS)
        hosts = [
            start(
                *("host", *created[number * each : (number + 1) * each], "--name", f"h{number}"),
                *("--broker", str(both), "--journal", url),
            )
            for number in range(HOSTS)
        ]
        questions = Questions(link, created)
        questions.go_on(lambda: sum(one.count("hosting") for one in hosts) < events)
        held = time.monotonic() - began
        meanwhile = questions.taken()
        questions.go_on(_for(AFTER))
        at_rest = questions.taken()
        spent, hosting = (cpu(*(one.pid for one in some)) for some in (brokers, hosts))
        refused = sum(one.refused("OVERLOADED") for one in brokers)
        brokers[0].kill()
        questions.go_on(_for(AFTER))
        after = questions.taken()
        return {
            "s until all are held": held,
            "OVERLOADED": refused,
            "p50 ms meanwhile": _part(meanwhile, 0.5),
            "p99 ms meanwhile": _part(meanwhile, 0.99),
            "p99 ms at rest": _part(at_rest, 0.99),
            "longest ms after a kill": max(after) * 1e3,
            "unanswered": questions.unanswered,
            "brokers' CPU s": spent,
            "hosts' CPU s": hosting,
        }


def _part(seconds: list[float], part: float) -> float:
    """Return a quantile, in milliseconds."""
    return sorted(seconds)[min(len(seconds) - 1, int(part * len(seconds)))] * 1e3


def _for(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def _create(link: Link, events: int) -> list[str]:
    """Create events that any host may hold; return their ids."""
    created: list[str] = []

    def take(reply: Reply, _: float) -> None:
        assert isinstance(reply, messages.Event), reply
        created.append(reply.card.event)

    for number in range(events):
        request = messages.Create(
            id=0,
            title=f"Town {number} v Village {number}",
            sport="football",
            origins=[f"Town {number}", f"Village {number}"],
            key=f"{number}",
            hosts=["any"],
        )
        link.request(request, take, clock.now(), PATIENCE)
        while number - len(created) > WINDOW:
            _pump(link)
    while len(created) < events:
        _pump(link)
    return created


def _pump(link: Link) -> None:
    time.sleep(0.001)
    link.poll(clock.now())


class Questions:
    """Asks by turns for a search of two words and for a join, one each `PAUSE`."""

    def __init__(self, link: Link, created: list[str]) -> None:
        self._link = link
        self._created = created
        self._asked = self._answered = 0
        self._taken: list[float] = []
        self.unanswered = 0

    def go_on(self, while_: Callable[[], bool]) -> None:
        """Ask for as long as something is so."""
        end, due = time.monotonic() + PATIENCE, 0.0
        while while_():
            if time.monotonic() > end:
                raise RuntimeError("the events are not held")
            _pump(self._link)
            if time.monotonic() >= due:
                due = time.monotonic() + PAUSE
                self._ask()
        while self._answered < self._asked:
            _pump(self._link)

    def taken(self) -> list[float]:
        """Return the seconds that answers took since this was called last."""
        taken, self._taken = self._taken, []
        return taken

    def _ask(self) -> None:
        number = self._asked = self._asked + 1
        request: messages.BrokerRequest = (
            messages.Search(id=0, text=f"Town {number % len(self._created)}")
            if number % 2
            else messages.Join(
                id=0, event=self._created[number % len(self._created)], role="viewer"
            )
        )
        began = time.monotonic()

        def take(reply: Reply, _: float) -> None:
            self._answered += 1
            if isinstance(reply, EnvironmentFault):
                self.unanswered += 1
            self._taken.append(time.monotonic() - began)

        self._link.request(request, take, clock.now())


class _Process:
    """A command of Touchline's that runs."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "touchline.cli", *command, "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TOUCHLINE_HOME": str(folder)},
        )
        self._lines: list[dict[str, Any]] = []
        self._counts: dict[str, int] = {}
        self.pid = self._process.pid
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            self._lines.append(said)
            kind = str(said.get("type"))
            self._counts[kind] = self._counts.get(kind, 0) + 1

    def count(self, kind: str) -> int:
        """Return how many lines of a kind there are."""
        return self._counts.get(kind, 0)

    def of(self, kind: str) -> dict[str, Any]:
        """Return the first line of a kind, once there is one."""
        end = time.monotonic() + PATIENCE
        while not self.count(kind):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"no {kind}")
            time.sleep(0.01)
        return next(line for line in self._lines if line.get("type") == kind)

    def refused(self, code: str) -> float:
        """Return how many requests a broker has refused with a code."""
        with urllib.request.urlopen(self.of("listening")["metrics"]) as answer:
            page = answer.read().decode()
        wanted = f'touchline_broker_refusals_total{{code="{code}"}} '
        return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if wanted in line)

    def kill(self) -> None:
        """Kill it, if it runs."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)


def _start(stack: ExitStack, folder: Path, *command: str) -> _Process:
    made = _Process(list(command), folder)
    stack.callback(made.kill)
    return made


@contextmanager
def _schema() -> Iterator[str]:
    """Give the URL of an empty schema in PostgreSQL.

    Raises:
        Missing: no server answers.
    """
    import sqlalchemy as sa

    engine = sa.create_engine(DATABASE, connect_args={"connect_timeout": 3})
    name = f"touchline_bench_{uuid.uuid4().hex[:12]}"
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        within = sa.make_url(DATABASE).update_query_dict({"options": f"-csearch_path={name}"})
        yield within.render_as_string(hide_password=False)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    except sa.exc.OperationalError as error:
        raise Missing(f"no PostgreSQL at {engine.url}") from error
    finally:
        engine.dispose()
