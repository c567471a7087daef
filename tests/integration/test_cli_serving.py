"""`touchline broker`, `host` and `events` as processes, as people start them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE
from touchline.peer import Link, Reporter, Subscriber
from touchline.protocol.addresses import BrokerAddress
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Entry, Finished
from touchline.runtime import clock

TOUCHLINE = [sys.executable, "-m", "touchline.cli"]

NOWHERE = str(BrokerAddress("127.0.0.1", 1, Identity(b"n" * 32).public))
"""A whole address at which nobody is."""

Start = Callable[..., "Process"]


class Process:
    """A `touchline` process whose lines are read as they come."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*TOUCHLINE, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"TOUCHLINE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,))
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()
        self.said: list[str] = []

    def _read(self, stream: Any) -> None:
        for line in stream:
            self._lines.put(line.decode().rstrip("\n"))

    def line(self, words: str) -> str:
        """Wait for a line that holds these words, on either stream, and return it."""
        while True:
            try:
                said = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                pytest.fail(f"no line with {words!r} within {PATIENCE} s; it said {self.said}")
            self.said.append(said)
            if words in said:
                return said

    def object(self, kind: str) -> dict[str, Any]:
        """Wait for a JSON line of this type and return it."""
        found: dict[str, Any] = json.loads(self.line(f'"type":"{kind}"'))
        return found

    def ends(self, number: signal.Signals | None = None) -> int:
        """Send a signal, if any, wait for the end, and return the exit code."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        while not self._lines.empty():
            self.said.append(self._lines.get())
        return code

    def close(self) -> None:
        """End it whatever it does, and close what it wrote to."""
        if self.process.poll() is None:
            self.process.kill()
        self.ends()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def started(*arguments: str) -> Process:
            process = Process(tmp_path, *arguments)
            stack.callback(process.close)
            return process

        yield started


@pytest.fixture
def broker(start: Start) -> tuple[Process, str]:
    """A broker and its whole address."""
    process = start("broker", "--bind", "127.0.0.1:0", "--json")
    return process, process.object("listening")["address"]


def once(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*TOUCHLINE, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ | {"TOUCHLINE_HOME": str(home)},
    )


def create(
    home: Path,
    address: str,
    title: str = "Hill v Harbour",
    flags: Sequence[str] = ("--host", "any"),
) -> str:
    """Create a football event and return its id, as a shell would take it."""
    done = once(
        home, "events", "create", title, "--sport", "football", "--broker", address,
        "--origin", "Hill", "--origin", "Harbour", *flags,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def key(name: str) -> Identity:
    """The identity of a name that has none in the folder."""
    return Identity(hashlib.sha256(name.encode()).digest())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def report(address: str, event: str, home: Path, name: str, title: str = "goal") -> Any:
    """Report an action of Hill's and return what became of it."""
    with (
        Link(address, name, key(name)) as link,
        Reporter(event, link, home / f"{name}.db") as reporter,
    ):
        reporter.wait_open(PATIENCE)
        n = reporter.say(title, "Hill" if title == "goal" else "")
        return reporter.wait_fate(n, PATIENCE, ("accepted", "refused", "expired"))


def entries(address: str, event: str, until: type) -> list[Any]:
    """Follow an event until something of a kind comes; return the entries and that."""
    found: list[Any] = []
    with Link(address, "reader", key("reader")) as link, Subscriber(event, link) as feed:
        while not found or not isinstance(found[-1], until):
            item = feed.next(PATIENCE)
            assert item is not None, f"nothing came; so far {found}"
            if isinstance(item, Entry | Finished):
                found.append(item)
    return found


def test_from_nothing_to_an_entry(
    start: Start, broker: tuple[Process, str], tmp_path: Path
) -> None:
    """Broker, event, host, a report: a subscriber has the entry; Ctrl+C ends both with 0."""
    serving, address = broker
    event = create(tmp_path, address)
    found = once(tmp_path, "events", "search", "hil", "--broker", address)
    assert found.stdout.split("\t")[0] == event
    host = start("host", event, "--broker", address, "--alone", "--json", "--name", "club")
    assert host.object("hosting")["event"] == event
    assert report(address, event, tmp_path, "anna").outcome == "accepted"
    (entry,) = entries(address, event, Entry)
    assert (entry.title, entry.origin) == ("goal", "Hill")
    assert host.ends(signal.SIGINT) == 0
    assert json.loads(host.said[-1]) == {"type": "stopped", "reports": 1, "entries": 1}
    shown = once(tmp_path, "events", "show", event, "--broker", address, "--json")
    assert json.loads(shown.stdout)["hosted"] is False  # it gave up its lease
    assert serving.ends(signal.SIGINT) == 0
    assert "Traceback" not in "\n".join(host.said + serving.said)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_broker_stops_cleanly(broker: tuple[Process, str], number: signal.Signals) -> None:
    """A signal ends a broker with 0 and a last line."""
    assert broker[0].ends(number) == 0
    assert '"stopped"' in broker[0].said[-1]


def test_a_stopped_host_goes_on_where_it_was(
    start: Start, broker: tuple[Process, str], tmp_path: Path
) -> None:
    """After SIGTERM and a new start: same ports, a new epoch, and the timeline as it was."""
    _, address = broker
    event = create(tmp_path, address)
    arguments = ("host", event, "--broker", address, "--alone", "--json", "--name", "club")
    first = start(*arguments)
    before = first.object("hosting")
    assert report(address, event, tmp_path, "anna").outcome == "accepted"
    assert first.ends(signal.SIGTERM) == 0
    second = start(*arguments)
    after = second.object("hosting")
    assert {name: after[name] for name in ("router", "pull", "pub")} == {
        name: before[name] for name in ("router", "pull", "pub")
    }
    assert after["epoch"] > before["epoch"]
    assert after["seq"] == 1
    assert [entry.seq for entry in entries(address, event, Entry)] == [1]


def test_a_taken_port_is_replaced(
    start: Start, broker: tuple[Process, str], tmp_path: Path
) -> None:
    """A host whose last port somebody else has taken meanwhile starts on a free one."""
    _, address = broker
    event = create(tmp_path, address)
    arguments = ("host", event, "--broker", address, "--json", "--name", "club")
    first = start(*arguments)
    port = int(first.object("hosting")["router"].rpartition(":")[2])
    assert first.ends(signal.SIGTERM) == 0
    with socket.create_server(("127.0.0.1", port)):
        second = start(*arguments)
        hosting = second.object("hosting")
        assert hosting["router"].startswith("tcp://127.0.0.1:")
        assert int(hosting["router"].rpartition(":")[2]) != port


def test_nothing_receipted_is_lost_by_sigterm(
    start: Start, broker: tuple[Process, str], tmp_path: Path
) -> None:
    """A host stopped while reports pour in has every report that it receipted, and the outbox
    has the others: after a new start none is missing and none counts twice."""
    _, address = broker
    event = create(tmp_path, address)
    arguments = ("host", event, "--broker", address, "--alone", "--json", "--name", "club")
    first = start(*arguments)
    first.object("hosting")
    total = 600
    began = clock.wall() - total * 60_000_000
    with (
        Link(address, "anna", key("anna")) as link,
        Reporter(event, link, tmp_path / "anna.db") as reporter,
    ):
        reporter.wait_open(PATIENCE)
        for number in range(total):
            reporter.say("corner", "Hill", time=began + number * 60_000_000)
            if number == total // 2:
                reporter.pump(0.0)
                first.process.send_signal(signal.SIGTERM)
        reporter.pump(0.05)
        assert first.ends() == 0
        second = start(*arguments)
        second.object("hosting")
        for n in range(1, total + 1):  # the last may be known before one that was lost on the way
            fate = reporter.wait_fate(n, PATIENCE, ("accepted",))
            assert fate is not None
            assert fate.outcome == "accepted"
        assert reporter.pending == 0
    times = []
    with Link(address, "reader", key("reader")) as link, Subscriber(event, link) as feed:
        while len(times) < total:
            item = feed.next(PATIENCE)
            assert item is not None, f"{len(times)} of {total} entries came"
            if isinstance(item, Entry):
                times.append(item.time)
    assert len(set(times)) == total


def test_until_finished(start: Start, broker: tuple[Process, str], tmp_path: Path) -> None:
    """With --until-finished a host ends by itself, with 0, when its event is over; the broker
    knows, and whoever hosts it again serves the whole of it."""
    _, address = broker
    event = create(tmp_path, address)
    arguments = ("host", event, "--broker", address, "--alone", "--json", "--name", "club")
    host = start(*arguments, "--until-finished", "--finish-after", "0")
    host.object("hosting")
    assert report(address, event, tmp_path, "anna", "full_time").outcome == "accepted"
    assert host.ends() == 0
    assert any('"finished"' in line for line in host.said)
    shown = once(tmp_path, "events", "show", event, "--broker", address, "--json")
    assert json.loads(shown.stdout)["status"] == "finished"
    again = start(*arguments)
    assert again.object("hosting")["seq"] == 2
    assert isinstance(entries(address, event, Finished)[-1], Finished)


def test_an_unknown_event(broker: tuple[Process, str], tmp_path: Path) -> None:
    """A host for an event that there is not ends with 3 and says which."""
    done = once(tmp_path, "host", "no-such-event", "--broker", broker[1])
    assert done.returncode == 3
    assert "no-such-event" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_event_held_by_another(
    start: Start, broker: tuple[Process, str], tmp_path: Path
) -> None:
    """An event that another host holds is not taken from it: exit code 4, and the first goes on."""
    _, address = broker
    event = create(tmp_path, address)
    first = start("host", event, "--broker", address, "--alone", "--json", "--name", "club")
    first.object("hosting")
    done = once(tmp_path, "host", event, "--broker", address, "--name", "rival")
    assert done.returncode == 4
    assert event in done.stderr
    assert report(address, event, tmp_path, "anna").outcome == "accepted"


def test_one_of_two_hosts_of_a_name(
    start: Start, broker: tuple[Process, str], tmp_path: Path
) -> None:
    """A journal that is open already is not opened twice: exit code 7 and a sentence."""
    _, address = broker
    event = create(tmp_path, address)
    first = start("host", event, "--broker", address, "--json", "--name", "club")
    first.object("hosting")
    done = once(tmp_path, "host", event, "--broker", address, "--name", "club")
    assert done.returncode == 7
    assert "journal" in done.stderr


def test_a_club_that_is_open_already(start: Start) -> None:
    """A second club of the same user says so, and leaves the first one alone."""
    command = ("club", "--host", "127.0.0.1", "--port", "0", "--no-mdns")
    first = start(*command)
    first.line("Whoever has the first address")
    second = start(*command)
    assert second.ends() == 7
    assert second.said == ["error: this user's club is open already on this machine"]
    assert first.ends(signal.SIGTERM) == 0


def test_an_address_in_use(tmp_path: Path) -> None:
    """Broker, host and metrics page end with 6 and a sentence that names the flag."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, flag in (
            (["broker", "--bind", f"127.0.0.1:{port}"], "--bind"),
            (["broker", "--bind", "127.0.0.1:0", "--metrics", f"127.0.0.1:{port}"], "--metrics"),
            (["host", "e", "--broker", NOWHERE, "--pub", str(port)], "--pub"),
            (["host", "e", "--broker", NOWHERE, "--metrics", f"127.0.0.1:{port}"], "--metrics"),
        ):
            done = once(tmp_path, *arguments)
            assert (done.returncode, flag in done.stderr) == (6, True), (arguments, done.stderr)
            assert str(port) in done.stderr
            assert "Traceback" not in done.stderr


def test_a_host_waits_for_its_broker(start: Start, tmp_path: Path) -> None:
    """With no broker there and nothing in its journal a host says so, waits, and hosts as soon
    as there is one; stopped meanwhile it ends with 0."""
    place = f"127.0.0.1:{free_port()}"
    bound = ("broker", "--bind", place, "--json")
    earlier = start(*bound)
    address = earlier.object("listening")["address"]
    event = create(tmp_path, address)
    assert earlier.ends(signal.SIGTERM) == 0
    impatient = start("host", event, "--broker", address, "--name", "other")
    host = start("host", event, "--broker", address, "--json", "--name", "club")
    assert place in host.object("waiting")["reason"]
    impatient.line("waiting for the broker")
    assert impatient.ends(signal.SIGINT) == 0
    assert start(*bound).object("listening")["address"] == address
    host.object("reached")
    assert host.object("hosting")["event"] == event


def test_a_journal_is_served_without_a_broker(
    start: Start, broker: tuple[Process, str], tmp_path: Path
) -> None:
    """A host that has been at the broker before serves from its journal while that is away, where
    nobody else may host the event."""
    serving, address = broker
    event = create(tmp_path, address, flags=("--name", "club"))
    arguments = ("host", event, "--broker", address, "--json", "--name", "club")
    first = start(*arguments)
    epoch = first.object("hosting")["epoch"]
    assert first.ends(signal.SIGTERM) == 0
    assert serving.ends(signal.SIGTERM) == 0
    assert start(*arguments).object("hosting")["epoch"] > epoch


def test_events_without_a_broker(tmp_path: Path) -> None:
    """A command that gets no answer says where it asked and ends with 5."""
    done = once(tmp_path, "events", "search", "--broker", NOWHERE)
    assert (done.returncode, "127.0.0.1:1 " in done.stderr) == (5, True)


def test_creating_twice_with_a_key(broker: tuple[Process, str], tmp_path: Path) -> None:
    """The same key gives the same event; with another title it is refused, with 4."""
    arguments = ("events", "create", "--sport", "race", "--origin", "Ann", "--origin", "Bea")
    more = ("--key", "heat 1", "--broker", broker[1])
    first = once(tmp_path, *arguments, "Heat 1", *more)
    assert first.returncode == 0, first.stderr
    assert once(tmp_path, *arguments, "Heat 1", *more).stdout == first.stdout
    other = once(tmp_path, *arguments, "Heat 2", *more)
    assert (other.returncode, other.stdout) == (4, "")
