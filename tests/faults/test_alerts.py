"""Faults that are made on purpose, and the alert that each lets a real Prometheus fire; and a whole
match in which none fires. Time goes faster in the rules, see `tests/prometheus.py`."""

from __future__ import annotations

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
from contextlib import closing, contextmanager, suppress
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

from .conftest import Yard, identity, run, wall

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

NOT_MADE = {
    "TouchlineGatewaySlow": "needs more slow viewers than a test should have",
    "TouchlineLossNotRepaired": "a subscriber that loses the way for repairs takes the feed anew",
}
"""The alerts that only the unit tests of the rules see fire, with the reason."""

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

    def begin(self, *pages: tuple[str, str], lease: float = 3.0) -> None:
        """Start the broker, create an event, and let Prometheus scrape."""
        flags = ("--metrics", self.page, "--lease-seconds", str(lease))
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
    """A fault of this file lets each alert fire, but for those that `NOT_MADE` names."""
    made = re.findall(r'fires\(\s*"(\w+)"', Path(__file__).read_text("utf-8"))
    assert {rule["alert"] for rule in rules() if "alert" in rule} == {*made, *NOT_MADE}


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
    alone = iter(combinations()[:8] * 50)
    said = iter(combinations()[8:] * 50)

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

    slow(1_300)
    watched.fires("TouchlineCommitsSlow", *four, meanwhile=say_slowly)
    watched.fires("TouchlineReceiptsLate", *four, meanwhile=say_slowly)
    slow(15_000)
    watched.fires("TouchlineHostSilent", *four, meanwhile=say_slowly)
    watched.fires("TouchlineFeedStale", *four, meanwhile=say_slowly)
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
    watched.begin(*(("touchline-twins", f"http://{place}/metrics") for place in (one, two)))
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
        database.execute("ROLLBACK")
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

    def look() -> None:
        with suppress(OSError):
            urllib.request.urlopen(f"{web}/api/events/nothing-here/score", timeout=PATIENCE)

    watched.fires("TouchlineGatewayBrokerAway", meanwhile=look)
    watched.fires("TouchlineGatewayFaults", meanwhile=look)
    broker.send_signal(signal.SIGCONT)
    for path in yard.folder.glob("broker.db*"):
        path.write_bytes(b"no database" * 10_000)
    watched.fires("TouchlineBrokerDatabase")


@contextmanager
def refused(*endpoints: str) -> Iterator[None]:
    """Reset all connections to some ports of this machine, and every packet from them."""
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed (Debian: nftables)")
    if os.geteuid() != 0:
        pytest.skip("a firewall needs root")
    table = f"touchline{os.getpid()}{'x'.join(one.rpartition(':')[2] for one in endpoints)}"
    run("nft", "add", "table", "inet", table)
    try:
        rule = "{ type filter hook input priority 0 ; policy accept ; }"
        run("nft", "add", "chain", "inet", table, "input", rule)
        for endpoint in endpoints:
            port = endpoint.rpartition(":")[2]
            for side in ("dport", "sport"):
                match = ("tcp", side, port, "reject", "with", "tcp", "reset")
                run("nft", "add", "rule", "inet", table, "input", *match)
        yield
    finally:
        run("nft", "delete", "table", "inet", table)


LOST = 37

UNSEEN = {"event: Right, wrong and missed"}
"""What no panel shows in that run: there is no grade sheet."""


def test_what_is_lost_and_what_stays_behind(
    watched: Watched, people: Callable[..., list[Reporter]]
) -> None:
    """37 messages that a firewall drops show as 37 lost and 37 repaired, at the host and at the
    subscriber, and are in the histogram as late as they were. A feed
    that differs from before, a relay without NATS, a canary without its host, a process without
    files, and viewers that come again and again each have their alert. Every panel shows something
    of that run, in which messages were lost, the venue was silent and the host was killed."""
    yard = watched.yard
    watch, tight = (f"127.0.0.1:{free_port()}" for _ in range(2))
    pages = (("touchline-watch", f"http://{place}/metrics") for place in (watch, tight))
    watched.begin(*pages)
    assert watched.prometheus is not None
    asked = watched.prometheus
    flags = ("--metrics", f"127.0.0.1:{free_port()}")
    host, said = yard.start_host(*flags)
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
                one.say(title, origin, wall() + n * 60_000_000)
            until(lambda: told(page, "host_feed_seq") > before, *two, what="an entry")
        assert told(page, "host_feed_seq") == end

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
        subscriber.send_signal(signal.SIGSTOP)
        with refused(at["pub"]):
            publish(count)
            pause = time.monotonic() + 2.5
            until(lambda: time.monotonic() > pause, *two)
        subscriber.send_signal(signal.SIGCONT)

    lose(LOST)
    until(lambda: told(watch, "subscriber_received_total") == 3 + LOST, *two)
    assert told(watch, "subscriber_repaired_total") == LOST
    assert told(watch, "subscriber_lost_messages") == LOST
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

    _, canary = yard.touchline("canary", "--host", "any", "--every", "1", *who)
    until(lambda: canary.of("canary"), *two, what="the canary")
    watched.fires("TouchlineCanaryMissed", *two)  # it has no host

    _, web = yard.touchline("gateway", "--port", "0", "--per-address", "1000", *who)
    until(lambda: web.of("listening"), *two, what="the gateway")
    place = urlsplit(str(web.of("listening")[0]["url"]))
    until(lambda: asked.ask('up{job="touchline-gateway"} == 1'), *two, what="a scrape", pause=0.2)

    def come_and_go() -> None:
        with suppress(OSError):
            urllib.request.urlopen(f"{place.geturl()}/api/events/{yard.event}/score").close()
        for _ in range(20):
            with socket.create_connection((place.hostname, place.port), PATIENCE) as viewer:
                ask = (
                    f"GET /ws/events/{yard.event} HTTP/1.1\r\nHost: {place.netloc}\r\n"
                    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                )
                viewer.sendall(ask.encode())
                viewer.recv(1_000)

    watched.fires("TouchlineReconnectStorm", *two, meanwhile=come_and_go)

    files = round(scrape(f"http://{watch}/metrics")["process_open_fds"])
    limited = f'ulimit -n {files + 4}; exec "$@"'
    yard.start(
        "sh", "-c", limited, "sh", sys.executable, "-m", "touchline.cli", "watch", yard.event,
        "--broker", yard.address, "--name", "tight", "--stay", "--json", "--metrics", tight,
    )  # fmt: skip
    watched.fires("TouchlineFilesRunOut", *two)

    watched.fires("TouchlineVenueSilent")  # nobody is pumped
    # The journal as it was before; the ports are in it.
    yard.kill(host)
    copies = {path: path.read_bytes() for path in yard.folder.glob("journal.db*")}
    host = yard.host(*flags)
    publish(2)
    newest = told(flags[1], "host_feed_seq")
    until(lambda: told(watch, "subscriber_feed_seq") >= newest, *two, what="what is lost later")
    yard.kill(host)
    for path in yard.folder.glob("journal.db*"):
        path.unlink()
    for path, content in copies.items():
        path.write_bytes(content)
    yard.host(*flags)
    watched.fires("TouchlineFeedDiverged", *two)

    silent = {
        place for place, text in expressions()
        if not place.startswith("rule ") and not asked.ever(as_asked(text, yard.event))
    }  # fmt: skip
    assert silent == UNSEEN
