"""watch, report, record, export, replay as processes, against a real broker and host."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as revised

from tests.forked import Process, run
from tests.patience import PATIENCE, until
from touchline.broker import Broker
from touchline.broker import Options as BrokerOptions
from touchline.cli.demo.crowd import Counts, run_member
from touchline.peer import Host, Journal, Link
from touchline.peer.host.options import Options as HostOptions
from touchline.protocol import messages
from touchline.protocol.addresses import BrokerAddress
from touchline.protocol.keys import Identity
from touchline.protocol.times import SECOND
from touchline.sports import Action, matches
from touchline.sports.simulate.crowd import Member, Saying, crowd

from .conftest import BEAT
from .test_metrics import scrape

COMMAND = [sys.executable, "-m", "touchline.cli"]
Json = dict[str, Any]


@dataclass
class Ground:
    """A broker, a host, and a folder for everybody's outboxes."""

    folder: Path
    broker: Broker
    link: Link
    hosts: list[tuple[Host, threading.Thread, Journal]]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "TOUCHLINE_HOME": str(self.folder),
            "TOUCHLINE_BROKER": self.broker.address,
        }

    def create(self, **more: Any) -> messages.Card:
        request = messages.Create(
            id=0,
            title="A v B",
            sport="football",
            key=os.urandom(8).hex(),
            origins=["A", "B"],
            hosts=["any"],
        )
        reply = self.link.ask(revised(request, **more))
        assert isinstance(reply, messages.Event)
        return reply.card

    def host(self, event: str) -> Host:
        journal = Journal(f"sqlite:///{self.folder}/{event}.db")
        name = f"host of {event}"
        options = HostOptions(name=name, broker=self.broker.address, heartbeat=BEAT)
        host = Host(options, key(name), journal, (event,))
        thread = threading.Thread(target=host.run)
        thread.start()
        self.hosts.append((host, thread, journal))
        assert host.ready.wait(PATIENCE)
        return host

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        with Process(
            [*COMMAND, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        done = run([*COMMAND, *arguments], env=self.environment, timeout=PATIENCE)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def json(self, *arguments: str) -> tuple[int, list[Json]]:
        code, out, err = self.run(*arguments, "--json")
        assert "Traceback" not in err
        return code, [json.loads(line) for line in out.splitlines()]

    def report(self, name: str, event: str, *arguments: str) -> tuple[int, Json]:
        code, (told,) = self.json("report", event, *arguments, "--name", name)
        return code, told


def key(name: str) -> Identity:
    """The identity of a name that has none in the folder."""
    return Identity(hashlib.sha256(name.encode()).digest())


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that nobody has been at: a name belongs to its first key."""
    options = BrokerOptions(bind="127.0.0.1:0", database=f"sqlite:///{tmp_path / 'broker.db'}")
    broker = Broker(options, key("broker"))
    thread = threading.Thread(target=broker.run)
    thread.start()
    assert broker.ready.wait(PATIENCE)
    yield broker
    broker.stop()
    thread.join()


@pytest.fixture
def ground(broker: Broker, tmp_path: Path) -> Iterator[Ground]:
    """The broker, a folder, and whatever hosts the test starts."""
    folder = tmp_path / "home"
    folder.mkdir()
    with Link(broker.address, "tester", key("tester")) as link:
        here = Ground(folder, broker, link, [])
        try:
            yield here
        finally:
            for host, running, journal in here.hosts:
                host.stop()
                running.join()
                journal.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is entered on it is left when the test ends."""
    with ExitStack() as stack:
        yield stack


def _lines(process: subprocess.Popen[bytes], done: Callable[[Json], bool]) -> list[Json]:
    """Read objects until one is what is waited for."""
    found = []
    assert process.stdout is not None
    for line in process.stdout:
        found.append(json.loads(line))
        if done(found[-1]):
            return found
    raise AssertionError(f"it ended before: {found}")


def test_a_feed_is_watched_whatever_it_is_written_to(ground: Ground) -> None:
    """Names that a code page lacks are written all the same; a full device is told with exit code
    7, and a reader that has gone, or none at all, with nothing."""
    event = ground.create(title="\N{SOCCER BALL} A v B", origins=["A \N{SOCCER BALL}", "B"]).event
    ground.host(event)
    for name in ("ann", "bob"):
        ground.report(name, event, "goal", "--origin", "A \N{SOCCER BALL}", "--wait", "0")
    for name in ("ann", "bob"):
        ground.report(name, event, "end", "--wait", "0")

    def watch(redirected: str) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {redirected}', "sh", *COMMAND, "watch", event],
            env={**ground.environment, "PYTHONIOENCODING": "cp1252"},
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    code, out, err = watch("")
    assert (code, err) == (0, b"")
    assert "A ? 1–0 B".encode("cp1252") in out
    full = b"error: standard output: No space left on device\n"
    assert watch(">/dev/full") == (7, b"", full)
    assert watch(">&-") == (0, b"", b"")
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [*COMMAND, "watch", event],
        env=ground.environment,
        stdout=writing,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(writing)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, b"")


def test_reports_are_watched_corrected_recorded_and_exported(
    ground: Ground, tmp_path: Path, stack: ExitStack
) -> None:
    """What two people report is one entry to a follower, a recording and an export; what they vote
    to delete is marked on the feed and gone from the timeline; in the end all of them agree."""
    event = ground.create().event
    ground.host(event)
    watching = stack.enter_context(ground.start("watch", event, "--json"))
    recording = stack.enter_context(
        ground.start("record", event, "-o", str(tmp_path / "r"), "--json")
    )

    code, told = ground.report("ann", event, "goal", "--origin", "A", "--wait", "0")
    assert (code, told["n"], told["outcome"]) == (0, 1, "stored")
    code, told = ground.report("bob", event, "goal", "--origin", "A", "--detail", "player=Zed")
    assert (code, told["outcome"], told["entry_id"]) == (0, "accepted", "1")
    entry = _lines(watching, lambda line: line["type"] == "entry")[-1]
    assert (entry["headline"], entry["evidence"]["for"]) == ("A 1–0 B", 2)

    code, told = ground.report("ann", event, "gaol", "--origin", "A")
    assert (code, told["outcome"], told["code"]) == (4, "refused", "BAD_REPORT")
    code, _, error = ground.run("report", event, "delete", "--detail", "entry=9", "--name", "ann")
    assert code == 4
    assert "was refused: delete: no entry '9'" in error

    ground.report("ann", event, "corner", "--origin", "B", "--wait", "0")
    ground.report("bob", event, "corner", "--origin", "B")
    for name in ("ann", "bob"):
        ground.report(name, event, "delete", "--detail", "entry=1", "--wait", "0")
    deleted = _lines(watching, lambda line: line.get("status") == "DELETED")[-1]
    assert (deleted["entry_id"], deleted["headline"]) == ("1", "A 0–0 B")

    for name in ("ann", "bob"):
        ground.report(name, event, "end", "--wait", "0")
    last = _lines(watching, lambda line: line["type"] == "summary")[-1]
    assert (watching.wait(PATIENCE), last["finished"], last["received"]) == (0, True, 4)
    out, _ = recording.communicate(timeout=PATIENCE)
    assert recording.returncode == 0
    assert json.loads(out)["seq"] == 4

    kept, live = ground.run("export", str(tmp_path / "r")), ground.run("export", event)
    assert kept == live
    (standing,) = map(json.loads, kept[1].splitlines())
    assert (standing["title"], standing["origin"]) == ("corner", "B")
    every = ground.run("export", event, "--all")[1].splitlines()
    assert [json.loads(line)["status"] for line in every] == ["CONFIRMED", "CONFIRMED", "DELETED"]
    # What is reported after the end still counts for a while.
    assert ground.report("new", event, "goal", "--origin", "A", "--wait", "0")[0] == 0


def test_an_undone_report_no_longer_counts(ground: Ground) -> None:
    """After an undo the same action needs two others."""
    event = ground.create().event
    host = ground.host(event)
    ground.report("ann", event, "goal", "--origin", "A", "--wait", "0")
    code, _ = ground.report("ann", event, "undo", "--detail", "n=1", "--wait", "0")
    assert code == 0
    code, told = ground.report("bob", event, "goal", "--origin", "A", "--wait", "0.3")
    assert (code, told["outcome"]) == (0, "stored")
    assert host.events[event].feed.seq == 0


def test_a_report_without_a_host_is_kept_and_sent_later(ground: Ground) -> None:
    """Reports that reach nobody are kept, exit code 5; --flush sends all of them, once."""
    event = ground.create().event
    for minute in (1, 2):
        code, _, error = ground.run(
            "report", event, "goal", "--origin", "A", "--name", "ann",
            "--ago", f"{3_600 - 60 * minute}", "--timeout", "0.5",
        )  # fmt: skip
        assert code == 5
        assert f"has no host now; start one: touchline host {event}" in error
        assert f"Your report {minute} is kept" in error
    host = ground.host(event)
    assert ground.json("report", event, "--flush", "--name", "ann") == (
        0,
        [{"type": "flushed", "event": event, "sent": 2, "refused": 0}],
    )
    assert host.events[event].counters.stored == 2
    assert ground.json("report", event, "--flush", "--name", "ann")[1][0]["sent"] == 0
    assert host.events[event].counters.stored == 2


def test_a_lost_outbox_begins_after_what_the_host_knows(ground: Ground) -> None:
    """Who has lost the outbox gets the next number, and is told the fate of that report."""
    event = ground.create().event
    ground.host(event)
    assert ground.report("ann", event, "goal", "--origin", "A", "--wait", "0")[1]["n"] == 1
    for file in (ground.folder / "outbox" / "ann").glob(f"{event}.db*"):
        file.unlink()
    assert ground.report("ann", event, "corner", "--origin", "A", "--wait", "0")[1]["n"] == 2
    assert ground.report("ann", event, "gaol")[1]["outcome"] == "refused"


def test_faults_have_their_codes(ground: Ground, tmp_path: Path) -> None:
    """No such event is 3, nobody there is 5, and neither leaves anything behind."""
    for arguments in (["watch"], ["export"], ["report"], ["record", "-o", str(tmp_path / "r")]):
        command, *rest = arguments
        code, (error,) = (
            ground.json(command, "no-such", *rest)
            if command != "export"
            else (ground.run("export", "no-such")[0], ({"code": "NOT_FOUND"},))
        )
        assert (code, error["code"]) == (3, "NOT_FOUND")
    assert ground.report("eve", "no-such", "goal")[0] == 3
    assert not list((ground.folder / "outbox").glob("eve/no-such*"))
    assert not (tmp_path / "r").exists()
    code, _, error = ground.run("export", ground.create().event, "--wait", "5")
    assert (code, "has no host now" in error) == (5, True)
    nowhere = str(BrokerAddress("127.0.0.1", 1, key("nobody").public))
    nobody = ["report", "x", "goal", "--broker", nowhere, "--timeout", "0.3", "--name", "fay"]
    code, _, error = ground.run(*nobody)
    assert (code, "touchline broker" in error, "is kept" in error) == (5, True, True)


def test_without_an_action_the_actions_are_listed(ground: Ground) -> None:
    """Where there is no terminal, `report EVENT` tells what can be reported."""
    event = ground.create().event
    host = ground.host(event)
    code, (told,) = ground.json("report", event)
    assert (code, told["origins"]) == (0, ["A", "B"])
    goal = {"title": "goal", "text": "Goal", "details": ["player", "how", "assist"]}
    assert goal in told["actions"]
    assert "yellow_card" in ground.run("report", event)[1]
    assert host.events[event].present == 0


def test_ctrl_c_while_watching_sums_up(ground: Ground, stack: ExitStack) -> None:
    """Ctrl+C ends a watch with what was received, exit code 0."""
    event = ground.create().event
    ground.host(event)
    watching = stack.enter_context(ground.start("watch", event, "--json", "--heartbeats"))
    _lines(watching, lambda line: line["type"] == "heartbeat")
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=PATIENCE)
    assert (watching.returncode, err) == (0, b"")
    assert json.loads(out.splitlines()[-1])["type"] == "summary"


def test_replay_makes_an_event_of_its_own(ground: Ground, stack: ExitStack) -> None:
    """A replay at full speed creates its event, waits for the host, and comes out as it was."""
    flags = ("--speed", "max", "--wrong", "0.1", "--reporters", "6", "--drops", "1", "--json")
    flags = (*flags, "--host", "any")
    replaying = stack.enter_context(ground.start("replay", "world-cup-final-2022", *flags))
    event = _lines(replaying, lambda line: line["type"] == "created")[0]["event"]
    host = ground.host(event)
    out, err = replaying.communicate(timeout=PATIENCE)
    assert replaying.returncode == 0, err.decode()
    assert err == b""
    summary = json.loads(out)
    assert summary["said"] == summary["stored"] == host.events[event].counters.stored
    # A kick that two of the six heard wrongly can stand for seconds, and forbids the last ones.
    hosted = host.events[event]
    true = "Argentina 3–3 France (4–2 pens)"
    until(lambda: hosted.sport.headline(hosted.timeline.state) == true, what="the true result")


def test_a_recording_is_replayed_on_a_live_event(ground: Ground, tmp_path: Path) -> None:
    """What was recorded of one event can be reported to another; nothing is stated ahead."""
    first, second = ground.create(), ground.create()
    ground.host(first.event)
    host = ground.host(second.event)
    for name in ("ann", "bob"):
        ground.report(name, first.event, "goal", "--origin", "B", "--wait", "0")
        ground.report(name, first.event, "end", "--wait", "0")
    file = str(tmp_path / "r")
    assert ground.json("record", first.event, "-o", file)[0] == 0
    code, (summary,) = ground.json("replay", file, "--event", second.event, "--speed", "max")
    assert (code, summary["said"], summary["accepted"]) == (0, 3, 3)
    (entry,) = host.events[second.event].timeline.standing
    assert entry.title == "goal"
    assert entry.time <= time.time_ns() // 1_000
    # The broker knows the voices by now: they have the keys that they had.
    third = ground.create()
    ground.host(third.event)
    code, (summary,) = ground.json("replay", file, "--event", third.event, "--speed", "max")
    assert (code, summary["accepted"]) == (0, 3)


def test_a_member_of_the_crowd(ground: Ground) -> None:
    """A member's clock is corrected, what it says without a link arrives afterwards, and a repeat
    is the same report once more."""
    timing = messages.Timing(starts=SECOND, began=time.time_ns() // 1_000, speed=50.0)
    event = ground.create(timing=timing).event
    host = ground.host(event)

    def said(n: int, second: float, title: str, kind: Any = "right") -> Saying:
        at = SECOND + round(second * SECOND)
        ahead = 40 * SECOND  # the member's clock is wrong by 40 s of the event
        return Saying(at, Action(title, "A", at + ahead), n, kind, n)

    sayings = (
        said(1, 5, "goal"),
        said(1, 10, "goal", "repeat"),
        said(2, 30, "corner"),
        said(2, 35, "corner", "repeat"),
        said(3, 60, "gaol"),
    )
    member = Member("Ann", 40.0, ((SECOND + 20 * SECOND, SECOND + 50 * SECOND),), sayings)
    during: list[int] = []
    told: list[Saying] = []

    def note(saying: Saying) -> None:
        told.append(saying)
        during.append(host.events[event].counters.stored)

    with Link(ground.broker.address, "Ann", key("Ann")) as link:
        outbox = ground.folder / "ann.db"
        counts = run_member(member, event, link, outbox, timing, on_saying=note, linger=0.3)
    assert counts == Counts(said=3, repeats=2, unsent=0, refused=1)
    assert told == list(sayings)
    assert during[2:4] == [1, 1]  # the corner is not there while the link is down
    core = host.events[event]
    assert (core.counters.stored, core.counters.duplicate) == (3, 2)
    (goal, corner) = sorted(claim.time for claim in core.claims.open.values())
    # Uncorrected they would be 40 s off. A clock is known to half a round trip, which a busy
    # machine stretches, and the event's seconds are 20 ms long.
    assert goal == pytest.approx(6 * SECOND, abs=30 * SECOND)
    assert corner == pytest.approx(31 * SECOND, abs=30 * SECOND)


def test_a_member_leaves_when_told(ground: Ground) -> None:
    """A member that waits for its next word leaves at once when it is stopped."""
    event = ground.create().event
    ground.host(event)
    (member, *_) = crowd(matches.load("world-cup-final-2022"), random.Random(1), reporters=1)
    far = replace(member, drops=())
    timing = messages.Timing(starts=0, began=0, speed=1.0)  # decades until it is due
    stop = threading.Event()
    pace = messages.Timing(starts=0, began=time.time_ns() // 1_000, speed=1.0)
    with Link(ground.broker.address, "Ann", key("Ann")) as link:
        outbox = ground.folder / "left.db"
        counts = run_member(far, event, link, outbox, timing, pace=pace, stop=stop, opened=stop.set)
    assert counts == Counts()


def _screen(
    ground: Ground,
    keys: list[tuple[bytes, bytes | Callable[[], bytes]]],
    *arguments: str,
    term: str = "xterm",
    without: str = "",
) -> tuple[int, bytes]:
    """Run a command on a terminal of 80x24, as if a module were not installed; for each (seen,
    typed) wait for the one, type the other, or what it returns."""
    command = COMMAND
    if without:
        program = f"import sys; sys.modules[{without!r}] = None; import touchline.cli.__main__"
        command = [sys.executable, "-c", program]
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**ground.environment, "TERM": term, "COLUMNS": "80", "LINES": "24"}
        os.execve(sys.executable, [*command, *arguments], environment)
    shown = b""
    waiting = list(keys)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if waiting and waiting[0][0] in shown:
            typed = waiting.pop(0)[1]
            os.write(terminal, typed() if callable(typed) else typed)
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            shown += os.read(terminal, 65_536)
        except OSError:  # the other end is closed (Linux)
            break
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def test_the_form(ground: Ground) -> None:
    """On a terminal one key reports, the feed answers beside it, u takes back, q leaves."""
    event = ground.create().event
    host = ground.host(event)
    ground.report("bob", event, "goal", "--origin", "B", "--wait", "0")
    code, shown = _screen(
        ground,
        [("● live".encode(), b"2g"), (b"accepted, entry 1", b"k"), (b"Corner kick B", b"u"),
         (b"taken back", b"q")],
        "report", event, "--name", "ann",
    )  # fmt: skip
    assert code == 0, shown
    assert b"GOAL for B" in shown
    core = host.events[event]
    assert core.counters.stored == 4
    assert [len(claim.votes) for claim in core.claims.open.values()] == [0]


def test_the_form_tells_its_metrics(ground: Ground) -> None:
    """While the buttons are shown, what the reporter and its feed count is told; a command that
    ends at once has no page."""
    event = ground.create().event
    ground.host(event)
    ground.report("bob", event, "goal", "--origin", "B", "--wait", "0")
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    told: list[dict[str, float]] = []

    def look() -> bytes:
        told.append(scrape(f"http://{place}/metrics"))
        return b"q"

    keys = [("● live".encode(), b"2g"), (b"accepted, entry 1", look)]
    report = ("report", event, "--name", "ann", "--metrics", place)
    code, shown = _screen(ground, keys, *report)
    assert code == 0, shown
    (found,) = told
    assert found["touchline_reporter_said_total"] == found["touchline_reporter_stored_total"] == 1
    assert found["touchline_reporter_waiting_reports"] == 0
    assert found['touchline_reporter_fates_total{outcome="accepted"}'] == 1
    assert found[f'touchline_subscriber_feed_seq{{event="{event}"}}'] == 1
    code, _, errors = ground.run(*report, "goal")
    assert (code, "--metrics" in errors) == (2, True)


def test_a_single_report_beside_the_form(ground: Ground) -> None:
    """A command sends a report under the name of a form that is open. The numbers go on, the form
    learns what becomes of its own reports, and its person may still be asked."""
    event = ground.create().event
    host = ground.host(event)
    core = host.events[event]

    def beside() -> bytes:
        assert ground.report("ann", event, "corner", "--origin", "A")[0] == 0
        (ann,) = core.roster.reporters
        assert (ann.stays, ann.answers, ann.n) == (True, True, 2)
        assert ground.report("bob", event, "goal", "--origin", "B")[0] == 0
        return b"f"

    code, shown = _screen(
        ground,
        [("● live".encode(), b"2g"), (b"waiting for others", beside),
         (b"accepted, entry 1", b""), (b"Foul B", b"q")],
        "report", event, "--name", "ann",
    )  # fmt: skip
    assert code == 0, shown
    ann = core.roster.reporters[0]
    until(lambda: ann.n == 3)
    viewer = core.roster.find(ann.peer, "viewer")
    assert viewer is not None
    assert not viewer.sees_at_once, "the form says that it withholds"


def test_a_terminal_that_cannot_draw(ground: Ground) -> None:
    """With TERM=dumb, `watch` prints lines and `report EVENT` lists what can be reported."""
    event = ground.create().event
    ground.host(event)
    for name in ("ann", "bob"):
        ground.report(name, event, "goal", "--origin", "B", "--wait", "0")
    watched = _screen(ground, [(b"GOAL for B", b"\x03")], "watch", event, term="dumb")
    listed = _screen(ground, [], "report", event, term="dumb")
    assert b"yellow_card" in listed[1]
    for code, shown in (watched, listed):
        assert code == 0, shown
        assert b"\x1b" not in shown


def test_which_side_gains(ground: Ground) -> None:
    """A goal that contradicts the line-ups is not sent by the command, and asked about by the
    form."""
    event = ground.create(lineups={"A": ["7 Al Able"], "B": ["9 Ed Egan"]}).event
    host = ground.host(event)
    wrong = ("goal", "--origin", "A", "--detail", "player=Egan", "--name", "ann")
    code, out, error = ground.run("report", event, *wrong)
    assert (code, out) == (4, "")
    assert "Which side gains? 9 Ed Egan is in the line-up of B" in error
    assert host.events[event].counters.stored == 0
    code, shown = _screen(
        ground,
        [("● live".encode(), b"+gEgan\r\r\r"), (b"Which side gains?", b"1"),
         (b"waiting for others", b"q")],
        "report", event, "--name", "ann",
    )  # fmt: skip
    assert code == 0, shown
    claim = next(iter(host.events[event].claims.open.values()))
    assert (claim.index.origin, claim.merged()["how"]) == ("A", "own goal")


def test_the_live_screen(ground: Ground) -> None:
    """On a terminal a watch draws a screen that shows an entry's votes, and leaves it for the
    summary on Ctrl+C. Without Textual the screen is plainer, and one line says how to get more."""
    event = ground.create().event
    ground.host(event)
    for name in ("ann", "bob"):
        ground.report(name, event, "goal", "--origin", "A", "--wait", "0")
    scrolling = [(b"2 of 2", b"\r"), (b"saw it", b"\x03")]
    code, shown = _screen(ground, scrolling, "watch", event)
    assert code == 0, shown
    assert shown.rindex(b"\x1b[?1049l") < shown.rindex(b"out of order")
    code, shown = _screen(ground, [(b"2 of 2", b"\x03")], "watch", event, without="textual")
    assert code == 0, shown
    assert shown.rindex(b"\x1b[?1049l") < shown.rindex(b"touchline[terminal]")
