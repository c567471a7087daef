"""Faults that are made on purpose, and the alert that each lets a real Prometheus fire; and a whole
match in which none fires. Time goes faster in the rules, see `tests/prometheus.py`."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.test_dashboards import as_asked
from tests.integration.test_metrics import scrape
from tests.monitored import expressions, rules
from tests.nats import NatsServer
from tests.patience import PATIENCE, until
from tests.prometheus import PROMETHEUS, Prometheus, free_port, prometheus
from touchline.peer import Link, Reporter
from touchline.protocol import addresses, messages

from .conftest import Yard, identity, planned, run, wall
from .test_follow import PEOPLE, follower, grant, key_of, primary, said

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PROMETHEUS is None, reason="prometheus is not installed (Debian: prometheus)"
    ),
]

QUIET_SECONDS = 30.0
"""Half an hour, where a minute is a second."""

OF_SPEED = {
    "TouchlineCommitsSlow", "TouchlineFeedLate", "TouchlineFeedStale", "TouchlineHostSilent",
    "TouchlineReceiptsLate", "TouchlineTargetDown", "TouchlineVerdictSlow",
}  # fmt: skip
"""Alerts that may be right where a test shares its machine: they are about its speed."""

ACTIONS = ("corner", "goal", "offside", "foul", "shot", "save")

SLOW_DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void wait_first(void) {
  int milliseconds = 0;
  FILE *file = fopen(getenv("TOUCHLINE_TEST_SLOW"), "r");
  if (file) { if (fscanf(file, "%d", &milliseconds) != 1) milliseconds = 0; fclose(file); }
  if (milliseconds) usleep(milliseconds * 1000);
}
int fsync(int fd) { wait_first(); return ((int (*)(int)) dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { wait_first(); return ((int (*)(int)) dlsym(RTLD_NEXT, "fdatasync"))(fd); }
"""
"""What makes a disk flush slowly: as many milliseconds as a file says."""


class Watched:
    """A yard whose processes a Prometheus scrapes."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self.page = f"127.0.0.1:{free_port()}"
        self.prometheus: Prometheus | None = None
        self.broker: Any = None

    def begin(self, *pages: tuple[str, str], lease: float = 3.0, queue: int = 1_000) -> None:
        """Start the broker, create an event, and let Prometheus scrape."""
        flags = ("--metrics", self.page, "--lease-seconds", str(lease), "--queue", str(queue))
        self.broker = self.yard.broker(*flags, "--request-rate", "10000")
        self.yard.create()
        folder = self.yard.folder / "prometheus"
        folder.mkdir()
        at = f"http://{self.page}/metrics"
        running = prometheus(folder, at, *pages, short=True)
        self.prometheus = self.yard.stack.enter_context(running)

    def fires(self, alert: str, *people: Reporter, meanwhile: Callable[[], object] = int) -> None:
        """Wait until an alert has fired."""
        assert self.prometheus is not None
        found = self.prometheus

        def fired() -> bool:
            meanwhile()
            return alert in found.fired()

        until(fired, *people, what=alert, pause=0.2)


@pytest.fixture
def watched(yard: Yard) -> Watched:
    return Watched(yard)


@pytest.fixture
def people(yard: Yard) -> Callable[..., list[Reporter]]:
    """Give what lets people come: they do something where they are pumped."""

    def come(*names: str) -> list[Reporter]:
        found = []
        for name in names:
            link = yard.stack.enter_context(Link(yard.address, name, identity(name)))
            outbox = yard.folder / f"outbox of {name}"
            found.append(yard.stack.enter_context(Reporter(yard.event, link, outbox)))
        until(lambda: all(one.session.open for one in found), *found)
        return found

    return come


@contextmanager
def slow_disk(yard: Yard) -> Iterator[Callable[[int], None]]:
    """Start hosts, within the block, on a disk that flushes slowly; give what says how slowly, in
    milliseconds."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("cc is not installed (Debian: gcc)")
    source, made, file = (yard.folder / name for name in ("slow.c", "slow.so", "slow"))
    source.write_text(SLOW_DISK)
    command = [compiler, "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"]
    subprocess.run(command, check=True, timeout=PATIENCE)
    before = yard.home
    yard.home = ("env", f"LD_PRELOAD={made}", f"TOUCHLINE_TEST_SLOW={file}")
    yield lambda milliseconds: void(file.write_text(str(milliseconds)))
    yard.home = before


def void(_: object) -> None:
    """Return nothing."""


def void_reply(_: object, _now: float) -> None:
    """Take an answer that nobody needs."""


def combinations() -> list[tuple[str, str]]:
    return [(title, origin) for title in ACTIONS for origin in "AB"]


def test_each_alert_is_made_to_fire() -> None:
    """A fault of this file lets each alert fire."""
    made = re.findall(r'fires\(\s*"(\w+)"', Path(__file__).read_text("utf-8"))
    assert {rule["alert"] for rule in rules() if "alert" in rule} == set(made)


def test_reporters_and_a_disk(
    watched: Watched, small_disk: Path, people: Callable[..., list[Reporter]]
) -> None:
    """A disk that is small, slow, and full; reporters that are alone, disagree, take back, send too
    much, do not sign, and fall silent: each has its alert."""
    yard = watched.yard
    run("mount", "-o", "remount,size=64m", str(small_disk))  # small, and not full yet
    watch = f"127.0.0.1:{free_port()}"
    watched.begin(("touchline-watch", f"http://{watch}/metrics"))
    with slow_disk(yard) as slow:
        yard.host(
            "--metrics", "127.0.0.1:0", "--claim-ttl", "8", "--require-signatures",
            "--report-rate", "20",
        )  # fmt: skip
    yard.watch("--metrics", watch)
    ann, bob, cid, dan = four = people("ann", "bob", "cid", "dan")
    watched.fires("TouchlineDiskFills", *four)

    # Nobody is pumped: all are silent. A goal of that time, and a score that contradicts it.
    watched.fires("TouchlineVenueSilent")
    for one in (ann, bob):
        one.say("goal", "A")

    def confirm() -> None:
        for one in four:
            if one.asked is not None:
                one.confirm("7-0")

    watched.fires("TouchlineReconstructionInaccurate", *four, meanwhile=confirm)

    # Each claim finds its second reporter three seconds late; others find none.
    late: list[tuple[float, str, str]] = []
    alone = itertools.cycle(combinations()[:8])
    said = itertools.cycle(combinations()[8:])

    def say_slowly() -> None:
        now = time.monotonic()
        if not late or now - late[-1][0] > 1:
            late.append((now, *next(said)))
            ann.say(*late[-1][1:])
            cid.say(*next(alone))
        for at, title, origin in [one for one in late if now - one[0] > 3]:
            bob.say(title, origin)
            late.remove((at, title, origin))

    watched.fires("TouchlineVerdictSlow", *four, meanwhile=say_slowly)
    watched.fires("TouchlineReportsNotConfirmed", *four, meanwhile=say_slowly)

    for one in (ann, bob):
        one.say("goal", "A")
    for one in (cid, dan):
        one.say("goal", "B")
    watched.fires("TouchlineDisputes", *four)

    # What was accepted is taken back by all.
    def deleted() -> None:
        accepted = {fate.entry_id for fate in ann.core.fates.values() if fate.entry_id}
        for entry in accepted - taken_back:
            taken_back.add(entry)
            for one in four:
                one.say("delete", details={"entry": int(entry)})

    taken_back: set[str] = set()
    for title, origin in combinations():
        for one in four:
            one.say(title, origin)
    watched.fires("TouchlineRetractions", *four, meanwhile=deleted)

    (eve,) = people("eve")
    eve.core._identity = None
    eve.say("goal", "A")
    watched.fires("TouchlineForgedReports", *four, eve)

    slow(600)
    watched.fires("TouchlineCommitsSlow", *four, meanwhile=say_slowly)
    slow(1_300)
    watched.fires("TouchlineReceiptsLate", *four, meanwhile=say_slowly)
    slow(15_000)
    watched.fires("TouchlineHostSilent", *four, meanwhile=say_slowly)
    watched.fires("TouchlineFeedStale", *four, meanwhile=say_slowly)
    slow(3_200)  # longer than a lease
    watched.fires("TouchlineLeaseFlapping", *four, meanwhile=say_slowly)
    slow(0)
    for _ in range(1_000):
        dan.say("corner", "A")
    watched.fires("TouchlineReportsOverloaded", *four)
    with suppress(OSError), (small_disk / "other").open("wb") as other:  # until it is full
        while other.write(bytes(4_096)):
            other.flush()
    watched.fires("TouchlineJournalTrouble", *four, meanwhile=say_slowly)


def test_a_clean_match(watched: Watched) -> None:
    """In a whole match, and half an hour after it, no alert fires: a broker, a host, a relay and a
    gateway serve it, and a subscriber watches."""
    yard = watched.yard
    yard.broker("--metrics", watched.page)
    replay, told = yard.touchline(
        "replay", "uruguay-russia-2018", "--broker", yard.address, "--speed", "300", "--lead", "5",
        "--reporters", "5", "--host", "any", "--json",
    )  # fmt: skip
    until(lambda: told.of("created"), what="the event")
    yard.event = str(told.of("created")[0]["event"])
    # At this speed a moment of the machine's is minutes of the match: its claims wait longer.
    yard.host("--metrics", "127.0.0.1:0", "--claim-ttl", "7200", beat=1.0)
    nats = NatsServer(yard.folder / "nats")
    nats.start()
    yard.stack.callback(nats.stop)
    who = ("--broker", yard.address, "--metrics", "127.0.0.1:0", "--json")
    yard.touchline("relay", yard.event, "--nats", nats.url, *who)
    yard.touchline("gateway", "--port", "0", *who)
    watch = f"127.0.0.1:{free_port()}"
    _, feed = yard.watch("--metrics", watch)
    (yard.folder / "prometheus").mkdir()
    with prometheus(
        yard.folder / "prometheus",
        f"http://{watched.page}/metrics",
        ("touchline-watch", f"http://{watch}/metrics"),
        short=True,
    ) as asked:
        assert replay.wait(PATIENCE) == 0
        until(lambda: any(one.get("headline") == "Uruguay 3–0 Russia" for one in feed.of("entry")))
        jobs = {one["metric"]["job"] for one in asked.ask("up == 1")}
        kinds = ("broker", "host", "gateway", "relay", "watch")
        assert jobs == {f"touchline-{kind}" for kind in kinds}
        time.sleep(QUIET_SECONDS)
        busy = os.getloadavg()[0] > (os.cpu_count() or 1)
        assert asked.fired() - (OF_SPEED if busy else set()) == set()


class Forwarder:
    """Forwards connections to a broker, until it is told to take no more."""

    def __init__(self, yard: Yard) -> None:
        parts = addresses.broker(yard.address)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._place = (parts.host, parts.port)
        self._pipes: list[socket.socket] = []
        port = self._server.getsockname()[1]
        self.address = yard.address.replace(f":{parts.port}", f":{port}")
        threading.Thread(target=self._accept, daemon=True).start()
        yard.stack.callback(self.cut)

    def cut(self) -> None:
        """End all connections, and take no more."""
        for one in (self._server, *self._pipes):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(self._place)
                self._pipes += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)


def test_a_broker_and_two_hosts(
    watched: Watched, people: Callable[..., list[Reporter]], tmp_path: Path
) -> None:
    """A broker that is slow, stopped, or has a damaged row; a host that is cut off from it beside
    another one with the same key, that is refused an event, and that is killed: each has its
    alert."""
    yard = watched.yard
    one, two = (f"127.0.0.1:{free_port()}" for _ in range(2))
    # A broker lists one host of a key: who may have two scrapes them by their addresses.
    twins = (("touchline-twins", f"http://{place}/metrics") for place in (one, two))
    watched.begin(*twins, queue=110)
    host = yard.host("--metrics", "127.0.0.1:0")
    _, told = yard.touchline(
        "gateway", "--port", "0", "--broker", yard.address, "--metrics", "127.0.0.1:0", "--json"
    )
    until(lambda: told.of("listening"), what="the gateway")
    web = str(told.of("listening")[0]["url"])

    def create(owner: str) -> str:
        process, made = yard.touchline(
            "events", "create", "C v D", "--sport", "football", "--origin", "C", "--origin", "D",
            "--broker", yard.address, "--name", owner, "--json",
        )  # fmt: skip
        assert process.wait(PATIENCE) == 0
        until(lambda: made.items)
        return str(made.last["event"])

    own = create("twin")
    way = Forwarder(yard)

    def twin(broker: str, journal: str, page: str) -> None:
        _, said = yard.touchline(
            "host", own, "--broker", broker, "--journal", f"sqlite:///{tmp_path / journal}",
            "--name", "twin", "--bind", "127.0.0.1", "--metrics", page, "--json",
        )  # fmt: skip
        until(lambda: said.of("hosting"), what="a twin")

    twin(way.address, "1.db", one)
    way.cut()
    twin(yard.address, "2.db", two)
    watched.fires("TouchlineSplitJournal")
    yard.touchline(
        "host", own, create("other"), "--name", "other", "--broker", yard.address, "--bind",
        "127.0.0.1", "--metrics", "127.0.0.1:0", "--json",
    )  # fmt: skip
    watched.fires("TouchlineEventsLost")

    links = [
        yard.stack.enter_context(Link(yard.address, name, identity(name)))
        for name in map("peer {}".format, range(130))
    ]
    with closing(sqlite3.connect(yard.folder / "broker.db")) as database:
        database.execute("BEGIN IMMEDIATE")
        for link in links:
            link.request(messages.Search(id=0, text=""), void_reply, time.monotonic())

        def ask() -> None:
            for link in links:
                link.poll(time.monotonic())

        watched.fires("TouchlineBrokerQueue", meanwhile=ask)
        watched.fires("TouchlineBrokerOverloaded", meanwhile=ask)
        database.execute("ROLLBACK")
        watched.fires("TouchlineBrokerSlow", meanwhile=ask)
        database.execute("UPDATE events SET card = x'00' WHERE event = ?", (own,))
        database.commit()
    yard.touchline("events", "show", own, "--broker", yard.address, "--name", "ann")
    watched.fires("TouchlineBrokerFaults")

    yard.kill(host)
    watched.fires("TouchlineEventWithoutHost")
    watched.fires("TouchlineTargetDown")

    broker = watched.broker
    broker.send_signal(signal.SIGSTOP)
    watched.fires("TouchlineHostBrokerAway")

    def ask_once() -> None:
        with suppress(OSError):
            urllib.request.urlopen(f"{web}/api/events/nothing-here/score", timeout=PATIENCE)

    def look() -> None:
        asking = [threading.Thread(target=ask_once) for _ in range(12)]
        for one in asking:
            one.start()
        for one in asking:
            one.join(PATIENCE)

    watched.fires("TouchlineGatewayBrokerAway", meanwhile=look)
    watched.fires("TouchlineGatewayFaults", meanwhile=look)
    broker.send_signal(signal.SIGCONT)
    for path in yard.folder.glob("broker.db*"):
        with path.open("r+b") as file:  # cut short, it would end the broker, which has it in memory
            file.write(b"no database" * 10_000)
    watched.fires("TouchlineBrokerDatabase")


@contextmanager
def firewall(*rules: tuple[str, ...]) -> Iterator[None]:
    """Let the system's firewall treat what comes in by some rules."""
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed (Debian: nftables)")
    if os.geteuid() != 0:
        pytest.skip("a firewall needs root")
    table = f"touchline{os.getpid()}x{next(TABLES)}"
    run("nft", "add", "table", "inet", table)
    try:
        hook = "{ type filter hook input priority 0 ; policy accept ; }"
        run("nft", "add", "chain", "inet", table, "input", hook)
        for rule in rules:
            run("nft", "add", "rule", "inet", table, "input", *rule)
        yield
    finally:
        run("nft", "delete", "table", "inet", table)


def refused(endpoint: str) -> AbstractContextManager[None]:
    """Reset all connections to a port of this machine, and every packet from it."""
    port = endpoint.rpartition(":")[2]
    reset = ("reject", "with", "tcp", "reset")
    return firewall(*(("tcp", side, port, *reset) for side in ("dport", "sport")))


def nothing_long(endpoint: str) -> AbstractContextManager[None]:
    """Drop the long packets from a port, as a way does that has a smaller MTU than it says."""
    return firewall(
        ("tcp", "sport", endpoint.rpartition(":")[2], "ip", "length", ">", "4000", "drop")
    )


def test_copies(watched: Watched) -> None:
    """A host whose follower is stopped, one that hands over what no copy had to another that it
    can't reach, reports whose host is gone, and a process that starts again and again each
    have their alert."""
    yard = watched.yard
    reports, again = (f"127.0.0.1:{free_port()}" for _ in range(2))
    pages = (("touchline-replay", reports), ("touchline-watch", again))
    watched.begin(*((job, f"http://{place}/metrics") for job, place in pages))
    assert watched.prometheus is not None
    grant(yard, "harbour", "hill")
    _, replayed = yard.touchline(
        "replay", "world-cup-final-2022", "--broker", yard.address, "--speed", "60", "--lead", "0",
        "--host", "any", "--metrics", reports, "--json",
    )  # fmt: skip
    yard.until(lambda: bool(replayed.of("created")), what="the event of the replay")
    final = str(replayed.of("created")[0]["event"])
    gone, served = yard.touchline(
        "host", final, "--broker", yard.address, "--name", "dale", "--bind", "127.0.0.1", "--json",
    )  # fmt: skip
    yard.until(lambda: bool(served.of("hosting")), what="the host of the replay")
    page = ("--metrics", "127.0.0.1:0")
    host, first = primary(yard, "--sync", *page)
    yard.until(lambda: bool(first.of("hosting")), what="the first host")
    kept, copying = follower(yard, "--follow", "hill", *page)
    yard.until(lambda: bool(copying.of("copying")), what="the copy")
    people, told = yard.reporters(*PEOPLE)
    yard.until(lambda: told.last.get("open", False), what="the reporters")
    one, two = planned("goal", 2)
    kept.send_signal(signal.SIGSTOP)
    yard.say(people, **said(one))
    watched.fires("TouchlineCopiesStalled")
    watched.fires("TouchlineCopyBehind")
    kept.send_signal(signal.SIGCONT)
    yard.until(lambda: told.last["accepted"] == len(PEOPLE), what="the first receipts")

    yard.kill(kept)
    yard.kill(host)
    host, first = primary(yard)
    yard.until(lambda: bool(first.of("hosting")), what="the first host without --sync")
    yard.say(people, **said(two))
    yard.until(lambda: told.last["accepted"] >= 2 * len(PEOPLE), what="the last receipts")
    yard.kill(host)
    _, other = follower(yard, yard.event, "--takeover", *page)
    yard.until(lambda: bool(other.of("hosting")), what="the host that goes on")
    with refused(str(other.of("hosting")[0]["router"])):
        primary(yard, *page)
        watched.fires("TouchlineHandOverOpen")

    stored = "touchline_reporter_stored_total > 0"
    yard.until(lambda: watched.prometheus.ask(stored), what="reports of the replay", pause=0.2)
    yard.kill(gone)
    watched.fires("TouchlineReportsWait")

    begun = [yard.watch("--metrics", again)[0]]

    def start_again() -> None:
        if watched.prometheus.ask('up{job="touchline-watch"} == 1'):
            yard.kill(begun.pop())
            begun.append(yard.watch("--metrics", again)[0])

    watched.fires("TouchlineRestarts", meanwhile=start_again)


TABLES = itertools.count()
"""Numbers of tables of the firewall."""

LOST = 37

OFFICIAL = """\
{"type":"match","title":"A v B","sport":"football","starts":"2024-07-01T13:00:00Z",\
"origins":["A","B"]}
{"type":"action","time":"2024-07-01T13:20:00Z","title":"goal","origin":"A"}
"""
"""An official record of that run, with a goal that nobody has reported."""

LONG = 700
"""The messages of a feed that fill what the system holds for a connection of a viewer."""


def test_what_is_lost_and_what_stays_behind(
    watched: Watched, people: Callable[..., list[Reporter]]
) -> None:
    """37 messages that a firewall drops show as 37 lost and 37 repaired, at the host and at the
    subscriber, and are in the histogram as late as they were. A feed
    that differs from before, a relay without NATS, a canary without its host, a process without
    files, viewers that come again and again, that read slowly and that are too many, and messages
    that can't be asked for each have their alert. Every panel shows something of that run, in which
    messages were lost, the venue was silent, the host was killed and its event was graded."""
    yard = watched.yard
    watch, tight = (f"127.0.0.1:{free_port()}" for _ in range(2))
    pages = (("touchline-watch", f"http://{place}/metrics") for place in (watch, tight))
    watched.begin(*pages, lease=10.0)
    assert watched.prometheus is not None
    asked = watched.prometheus
    flags = ("--metrics", f"127.0.0.1:{free_port()}")
    # Two of these without a word of the reporters are an alarm, which is a message as well.
    host, said = yard.start_host(*flags, beat=3.0)
    until(lambda: said.of("hosting"), what="the host")
    at = said.of("hosting")[0]
    subscriber, _ = yard.watch("--metrics", watch)
    two = people("ann", "bob")
    titles = iter([(one, n) for n in range(20) for one in combinations() if one[0] != "goal"])
    of = f'{{event="{yard.event}"}}'

    def told(page: str, name: str, labels: str = of) -> float:
        with suppress(OSError):  # it has not started yet
            return scrape(f"http://{page}/metrics").get(f"touchline_{name}{labels}", -1.0)
        return -1.0

    def publish(count: int) -> None:
        """Let the feed grow by some messages."""
        page = flags[1]
        end = told(page, "host_feed_seq") + count
        while (before := told(page, "host_feed_seq")) < end:
            (title, origin), n = next(titles)
            for one in two:
                one.say(title, origin, wall() + (n - 360) * 60_000_000)
            until(lambda: told(page, "host_feed_seq") > before, *two, what="an entry")

    publish(3)
    until(lambda: told(watch, "subscriber_received_total") == 3, *two)
    late = 'latency_seconds_bucket{{event="{}",le="{}"}}'
    in_time, all_of_them = (
        lambda le=le: told(watch, "subscriber_" + late.format(yard.event, le), "")
        for le in ("2.0", "+Inf")
    )
    soon, before = in_time(), all_of_them()

    def lose(count: int) -> None:
        """Lose messages, which the subscriber asks for when it goes on."""
        miss(count)
        subscriber.send_signal(signal.SIGCONT)

    def miss(count: int) -> None:
        """Publish messages that the subscriber, which is stopped, does not get."""
        subscriber.send_signal(signal.SIGSTOP)
        with refused(at["pub"]):
            publish(count)
            pause = time.monotonic() + 2.5
            until(lambda: time.monotonic() > pause, *two)

    lose(LOST)
    assert told(flags[1], "host_feed_seq") == 3 + LOST
    until(lambda: told(watch, "subscriber_received_total") == 3 + LOST, *two)
    # What was received may have been scraped before all of it.
    until(lambda: told(watch, "subscriber_repaired_total") == LOST, *two)
    until(lambda: told(watch, "subscriber_lost_messages") == LOST, *two)
    for name in ("lost", "repaired"):
        whole = f"touchline_host_viewers_{name}_total == {LOST}"
        until(lambda whole=whole: asked.ask(whole), *two, what=whole, pause=0.2)
    assert (in_time(), all_of_them()) == (soon, before + LOST)
    watched.fires("TouchlineFeedLate", *two, meanwhile=lambda: lose(2))

    nats = NatsServer(yard.folder / "nats")
    nats.start()
    yard.stack.callback(nats.stop)
    who = ("--broker", yard.address, "--json", "--metrics", "127.0.0.1:0")
    yard.touchline("relay", yard.event, "--nats", nats.url, *who)
    until(lambda: asked.ask("touchline_relay_stored_total > 0"), *two, what="the relay", pause=0.2)
    nats.stop()
    publish(1)
    watched.fires("TouchlineRelayBehind", *two)
    watched.fires("TouchlineNatsAway", *two)

    _, canary = yard.touchline("canary", "--host", "any", "--every", "1", *who)
    until(lambda: canary.of("canary"), *two, what="the canary")
    watched.fires("TouchlineCanaryMissed", *two)  # it has no host

    sheets = yard.folder / "sheets"
    sheets.mkdir()
    limits = (
        "--per-address", "1000", "--max-connections", "50", "--queue-messages", "1", "--sheets",
        str(sheets),
    )  # fmt: skip
    _, web = yard.touchline("gateway", "--port", "0", *limits, *who)
    until(lambda: web.of("listening"), *two, what="the gateway")
    place = urlsplit(str(web.of("listening")[0]["url"]))
    until(lambda: asked.ask('up{job="touchline-gateway"} == 1'), *two, what="a scrape", pause=0.2)

    def viewer(query: str = "") -> socket.socket:
        """Open a WebSocket of a viewer, which has read nothing of the feed yet."""
        one = socket.create_connection((place.hostname, place.port), PATIENCE)
        yard.stack.callback(one.close)
        ask = (
            f"GET /ws/events/{yard.event}{query} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        one.sendall(ask.encode())
        one.recv(100)
        return one

    def come_and_go() -> None:
        with suppress(OSError):
            urllib.request.urlopen(f"{place.geturl()}/api/events/{yard.event}/score").close()
        for _ in range(20):
            viewer().close()

    watched.fires("TouchlineReconnectStorm", *two, meanwhile=come_and_go)

    # A feed that is longer than what the system holds for a connection.
    newest = told(flags[1], "host_feed_seq") + LONG
    for n in range(LONG):
        for one in two:
            one.say("foul", "AB"[n % 2], wall() - n * 20_000_000, {"player": "x" * 900})
    until(lambda: told(flags[1], "host_feed_seq") >= newest, *two, what="a long feed")

    def read_slowly() -> None:
        """Let viewers read nothing while the feed goes on, and then all that there is."""
        slow = [viewer("?from=start") for _ in range(40)]
        publish(2)
        pause = time.monotonic() + 2
        until(lambda: time.monotonic() > pause, *two)
        for one in slow:
            one.settimeout(0.2)
            with suppress(TimeoutError):
                while one.recv(1 << 20):
                    pass
            one.close()

    watched.fires("TouchlineGatewaySlow", *two, meanwhile=read_slowly)

    def crowd() -> None:
        """Let more viewers come than the gateway takes, and leave."""
        for one in [viewer() for _ in range(60)]:
            one.close()

    watched.fires("TouchlineConnectionsFull", *two, meanwhile=crowd)

    files = round(scrape(f"http://{watch}/metrics")["process_open_fds"])
    limited = f'ulimit -n {files + 4}; exec "$@"'
    yard.start(
        "sh", "-c", limited, "sh", sys.executable, "-m", "touchline.cli", "watch", yard.event,
        "--broker", yard.address, "--name", "tight", "--stay", "--json", "--metrics", tight,
    )  # fmt: skip
    watched.fires("TouchlineFilesRunOut", *two)

    # What is lost is asked for, and the answer does not come through.
    miss(LOST)
    with nothing_long(at["router"]):
        subscriber.send_signal(signal.SIGCONT)
        watched.fires("TouchlineLossNotRepaired", *two)

    watched.fires("TouchlineVenueSilent")  # nobody is pumped
    # The journal as it was before; the ports are in it.
    yard.kill(host)
    copies = {path: path.read_bytes() for path in yard.folder.glob("journal.db*")}
    host = yard.host(*flags)
    publish(2)
    newest = told(flags[1], "host_feed_seq")
    until(lambda: told(watch, "subscriber_feed_seq") >= newest, *two, what="what is lost later")
    yard.kill(host)
    key_of(yard, "umpire")
    official = yard.folder / "official.jsonl"
    official.write_text(OFFICIAL)
    grading, _ = yard.touchline(
        "grade", yard.event, str(official), "--journal", yard.journal, "--broker", yard.address,
        "--name", "umpire", "--output", str(sheets / f"{yard.event}.sheet"), "--json",
    )  # fmt: skip
    assert grading.wait(PATIENCE) == 0
    for path in yard.folder.glob("journal.db*"):
        path.unlink()
    for path, content in copies.items():
        path.write_bytes(content)
    yard.host(*flags)
    watched.fires("TouchlineFeedDiverged", *two)

    graded = "touchline_accuracy_deciding"
    until(lambda: asked.ask(graded), *two, what="the grade", pause=0.2)
    panels = [
        as_asked(text, yard.event) for place, text in expressions() if not place.startswith("rule ")
    ]
    for text in panels:  # the newest were scraped just now
        until(lambda text=text: asked.ever(text), *two, what=text, pause=0.5)
