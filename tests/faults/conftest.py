"""Real processes that can be killed, stopped, cut off and starved of disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Process
from tests.patience import PATIENCE, until
from touchline.peer import Journal
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options as HostOptions
from touchline.protocol import times
from touchline.protocol.keys import Identity

Json = dict[str, Any]

APART = 20_000_000
"""Microseconds between two actions of a plan."""

REPORTERS = """
import json, os, select, sys, time
from hashlib import sha256
from pathlib import Path
from touchline.peer import Link, Reporter
from touchline.protocol.keys import Identity

# Several people in one process. Each line of standard input is said by all of them; each of
# standard output tells how they stand. A plan on the command line is said by itself, a line each
# `pause` seconds, from where the outbox ends. With a pause below 0 nobody says what the score is.
broker, event, folder, names = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4].split(",")
plan, pause = json.loads(sys.argv[5]), float(sys.argv[6])
people = []
for name in names:
    link = Link(broker, name, Identity(sha256(name.encode()).digest()))
    people.append(Reporter(event, link, folder / f"outbox of {name}, {event}"))
goals = {"A": 0, "B": 0}
due, told, buffer = 0.0, None, b""

def say(one, person):
    person.say(one["title"], one["origin"], one["time"])

while True:
    for person in people:
        person.pump(0.0)
        if person.asked is not None and pause >= 0:
            person.confirm(f"{goals['A']}-{goals['B']}")
    time.sleep(0.01)
    now = time.monotonic()
    if now >= due:
        due = now + abs(pause)
        for person in people:
            said = person._outbox.last
            if said < len(plan):
                say(plan[said], person)
    if select.select([0], [], [], 0)[0]:
        more = os.read(0, 65536)
        if not more and not plan:
            break
        *lines, buffer = (buffer + more).split(b"\\n")
        for one in map(json.loads, lines):
            goals[one["origin"]] += one["title"] == "goal"
            for person in people:
                say(one, person)
    fates = [fate.outcome for person in people for fate in person.core.fates.values()]
    state = {
        "open": all(person.session.open for person in people),
        "pending": sum(person.pending for person in people),
        "said": min(person._outbox.last for person in people),
        "accepted": fates.count("accepted"),
        "refused": fates.count("refused"),
    }
    if state != told:
        told = state
        print(json.dumps(state), flush=True)
"""


def identity(name: str) -> Identity:
    """The key of somebody, the same each time."""
    return Identity(sha256(name.encode()).digest())


class Lines:
    """What a process prints, JSON read."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.items: list[Json] = []
        self._process = process
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.items.append(json.loads(line))

    @property
    def last(self) -> Json:
        return self.items[-1] if self.items else {}

    def of(self, *types: str) -> list[Json]:
        return [item for item in list(self.items) if item.get("type") in types]

    @property
    def published(self) -> list[Json]:
        """The messages of a feed that were published."""
        return self.of("entry", "alarm", "restored")

    @property
    def kinds(self) -> list[str]:
        """The kinds of the notices."""
        return [item["kind"] for item in self.of("notice")]

    def close(self) -> None:
        self._thread.join(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()


class Yard:
    """A broker, a host, reporters and subscribers, each a process of its own, ended by its id."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.address = ""
        self.event = ""
        self.bind = "127.0.0.1"
        self.journal = f"sqlite:///{folder / 'journal.db'}"
        self.database = f"sqlite:///{folder / 'broker.db'}"
        self.home: tuple[str, ...] = ()
        self.venue: tuple[str, ...] = ()
        """Before the command of reporters, and of all others: how to enter a network namespace."""

    def start(self, *command: str, stdin: int = subprocess.DEVNULL) -> Any:
        """Start a process; give it, and what it prints."""
        kind = Process if command[0] == sys.executable else subprocess.Popen
        process = kind(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            env={**os.environ, "TOUCHLINE_HOME": str(self.folder), "PYTHONUNBUFFERED": "1"},
        )
        lines = Lines(process)
        self.stack.callback(self._end, process, lines)
        return process, lines

    @staticmethod
    def _end(process: subprocess.Popen[bytes], lines: Lines) -> None:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait(PATIENCE)
        if process.stdin is not None:
            process.stdin.close()
        lines.close()

    def touchline(self, *arguments: str) -> Any:
        return self.start(*self.home, sys.executable, "-m", "touchline.cli", *arguments)

    def broker(self, *more: str) -> Any:
        """Start the broker, where it was before if it was."""
        bind = self.address.removeprefix("touchline://").partition("?")[0] or f"{self.bind}:0"
        flags = ("--bind", bind, "--database", self.database, "--json", *more)
        process, lines = self.touchline("broker", *flags)
        self.until(lambda: bool(lines.of("listening")))
        self.address = str(lines.last["address"])
        return process

    def create(self) -> None:
        process, lines = self.touchline(
            "events", "create", "A v B", "--sport", "football", "--origin", "A", "--origin", "B",
            "--broker", self.address, "--name", "organiser", "--host", "any", "--json",
        )  # fmt: skip
        assert process.wait(PATIENCE) == 0
        self.until(lambda: bool(lines.items))
        self.event = str(lines.last["event"])

    def host(self, *flags: str, beat: float = 0.5) -> Any:
        """Start the host; it serves when this returns."""
        process, lines = self.start_host(*flags, beat=beat)
        self.until(lambda: bool(lines.of("hosting")))
        return process

    def start_host(self, *flags: str, beat: float = 0.5) -> Any:
        # Things follow each other within moments here: a verdict that weighs takes its time, and
        # takes a goal for either side at once for one.
        return self.touchline(
            "host", self.event, "--broker", self.address, "--bind", self.bind,
            "--journal", self.journal, "--heartbeat", str(beat), "--presence", "20",
            "--confirm-wait", "5", "--verdict", "quorum", "--json", *flags,
        )  # fmt: skip

    def watch(self, *flags: str) -> Any:
        """Start a subscriber."""
        return self.touchline(
            "watch", self.event, "--broker", self.address, "--json", "--stay", *flags
        )

    def reporters(self, *names: str, plan: list[Json] | None = None, pause: float = 0.0) -> Any:
        """Start a process of several people."""
        return self.start(
            *self.venue, sys.executable, "-c", REPORTERS, self.address, self.event,
            str(self.folder), ",".join(names), json.dumps(plan or []), str(pause),
            stdin=subprocess.PIPE,
        )  # fmt: skip

    def watchers(self, *names: str) -> list[Lines]:
        """Start subscribers; each has heard the host when this returns."""
        feeds = [self.watch("--heartbeats", "--name", name)[1] for name in names]
        for feed in feeds:
            self.until(lambda feed=feed: feed.of("heartbeat"), what="the first heartbeat")
        return feeds

    def settled(self, plan: list[Json], people: Iterable[Lines], feeds: list[Lines]) -> None:
        """Wait until all of a plan has been said and published; check what has to hold then.

        Each action is one entry at its time, each report has its receipt, seq has no hole, and the
        subscribers agree on the feed.
        """
        for lines in people:
            self.until(
                lambda lines=lines: (
                    lines.last.get("said") == len(plan) and not lines.last["pending"]
                ),
                what="the last receipt",
            )
        for feed in feeds:
            self.until(
                lambda feed=feed: len({one["entry_id"] for one in feed.of("entry")}) == len(plan),
                what="the last entry",
            )
        self.until(
            lambda: all(feed.published == feeds[0].published for feed in feeds),
            what="the same feed at all subscribers",
        )
        for feed in feeds:
            seqs = [one["seq"] for one in feed.published]
            assert seqs == list(range(1, len(seqs) + 1))
            assert "diverged" not in feed.kinds
        newest = {one["entry_id"]: one for one in feeds[0].of("entry")}
        told = sorted(times.from_rfc3339(one["time"]) for one in newest.values())
        assert all(abs(at - one["time"]) < APART / 4 for at, one in zip(told, plan, strict=True))

    def restored(self) -> HostedEvent:
        """What the journal of a host that is gone holds."""
        journal = Journal(self.journal)
        try:
            card = journal.card(self.event)
            assert card is not None
            core = HostedEvent(card, HostOptions())
            core.restore(journal.turns(self.event))
        finally:
            journal.close()
        return core

    @staticmethod
    def say(process: subprocess.Popen[bytes], title: str, origin: str, at: int) -> None:
        """Let the people of a process say something."""
        assert process.stdin is not None
        said = {"title": title, "origin": origin, "time": at}
        process.stdin.write(json.dumps(said).encode() + b"\n")
        process.stdin.flush()

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)

    until = staticmethod(until)


def wall() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


def planned(title: str, actions: int) -> list[Json]:
    """Actions of which all are in the past, `APART` from each other."""
    began = wall() - actions * APART - 60_000_000
    return [
        {"title": title, "origin": "AB"[n % 2], "time": began + n * APART} for n in range(actions)
    ]


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with ExitStack() as stack:
        yield Yard(tmp_path, stack)


def run(*command: str) -> None:
    """Run a command of the system; what it says when it fails is in the error."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def _may(*command: str) -> bool:
    return (
        subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False).returncode == 0
    )


@pytest.fixture
def apart(yard: Yard) -> Iterator[Callable[[bool], None]]:
    """Put reporters into one network namespace and everything else into another; give what cuts
    them off from each other and joins them again.

    The namespace of the tests themselves is left alone: a browser that runs beside them takes
    each interface that comes or goes for a new network, and breaks off what it loads.
    """
    for tool in ("ip", "nft"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: iproute2, nftables)")
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    home, venue = f"tl{os.getpid()}home", f"tl{os.getpid()}venue"
    if not _may("ip", "netns", "add", home):
        pytest.skip("network namespaces are not permitted here")
    try:
        run("ip", "netns", "add", venue)
        far = ("peer", "name", "veth", "netns", venue)
        run("ip", "-n", home, "link", "add", "veth", "type", "veth", *far)
        yard.bind = "10.213.0.1"
        for name, address in ((home, yard.bind), (venue, "10.213.0.2")):
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "veth")
            run("ip", "-n", name, "link", "set", "veth", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
        yard.home = ("ip", "netns", "exec", home)
        yard.venue = ("ip", "netns", "exec", venue)

        def cut(off: bool) -> None:
            if not off:
                run(*yard.venue, "nft", "delete", "table", "inet", "cut")
                return
            run(*yard.venue, "nft", "add", "table", "inet", "cut")
            for hook in ("input", "output"):
                rule = f"{{ type filter hook {hook} priority 0 ; policy drop ; }}"
                run(*yard.venue, "nft", "add", "chain", "inet", "cut", hook, rule)

        yield cut
    finally:
        yard.stack.close()  # whoever is inside leaves before it goes
        for name in (home, venue):
            _may("ip", "netns", "del", name)


@pytest.fixture
def small_disk(yard: Yard) -> Iterator[Path]:
    """Put the journal on a disk of 1 MB; give its folder."""
    if os.geteuid() != 0:
        pytest.skip("to mount a small disk needs root")
    folder = yard.folder / "disk"
    folder.mkdir()
    if not _may("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)):
        pytest.skip("mounting is not permitted here")
    try:
        yard.journal = f"sqlite:///{folder / 'journal.db'}"
        yield folder
    finally:
        yard.stack.close()
        _may("umount", "-l", str(folder))
