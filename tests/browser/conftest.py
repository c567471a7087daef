"""A ground: a broker, hosts and a gateway as processes, and people with real browsers.

Screenshots of every test lie in `artifacts/browser` afterwards, to be looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests import patience
from tests.forked import Process
from touchline.peer import Link
from touchline.protocol import messages
from touchline.protocol.keys import Identity

ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "browser"

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

DESKTOP = {"viewport": {"width": 1280, "height": 900}}

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}

CUT = ("ERR_CONNECTION_REFUSED", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_RESET",
       "WebSocket connection to", "Failed to load resource")  # fmt: skip
"""What a browser itself says of a network that is gone, whatever a page does about it."""

PRESENT = """
import select, sys, time
from hashlib import sha256
from pathlib import Path
from touchline.peer import Link, Reporter
from touchline.protocol.keys import Identity
broker, event, folder = sys.argv[1:4]
reporters = []
for name in ("steward", "usher", "warden"):  # not of the web: a name belongs to one key
    link = Link(broker, name, Identity(sha256(name.encode()).digest()))
    reporters.append(Reporter(event, link, Path(folder) / f"{event}-{name}.db"))
for reporter in reporters:
    reporter.wait_open(3_600)
print("open", flush=True)
while True:
    for reporter in reporters:
        reporter.pump(0.02)
    if not select.select([sys.stdin], [], [], 0)[0]:
        continue
    title, origin, ago, *details = sys.stdin.readline().rstrip("\\n").split("|")
    known = dict(detail.split("=") for detail in details)
    for reporter in reporters:
        reporter.say(title, origin, time.time_ns() // 1_000 - round(float(ago) * 1e6), known)
    while any(reporter.pending for reporter in reporters):
        for reporter in reporters:
            reporter.pump(0.01)
    print("said", flush=True)
"""
"""Three reporters who stay: each line on standard input is said by all of them."""


class Ground:
    """A broker and a gateway, and whatever a test adds to them.

    Args:
        folder: for everything that they keep.
        stack: ends them.
        flags: of the broker.
    """

    def __init__(self, folder: Path, stack: ExitStack, *flags: str) -> None:
        self._folder = folder
        self._stack = stack
        self.sheets = folder / "sheets"  # of the gateway: a file for each event that was graded
        self.sheets.mkdir()
        self._environment = {**os.environ, "TOUCHLINE_HOME": str(folder)}
        self._crews: list[subprocess.Popen[str]] = []
        self.broker = str(self.told(self._start_broker(*flags))["address"])
        self.gateway, self.url = self._start_gateway("0")

    def touchline(self, *words: str) -> subprocess.Popen[str]:
        """Start a command that tells JSON lines."""
        command = [sys.executable, "-m", "touchline.cli", *words, "--json"]
        return self._process(command)

    def _process(self, command: list[str]) -> subprocess.Popen[str]:
        process = Process(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        self._stack.callback(_end, process)
        return process

    def _start_broker(self, *flags: str) -> subprocess.Popen[str]:
        return self.touchline("broker", "--bind", "127.0.0.1:0", *flags)

    def _start_gateway(self, port: str) -> tuple[subprocess.Popen[str], str]:
        where = ("--broker", self.broker, "--sheets", str(self.sheets))
        process = self.touchline("gateway", "--port", port, *where)
        return process, str(self.told(process)["url"])

    def kill_gateway(self) -> None:
        """End the gateway as a power cut would."""
        self.gateway.send_signal(signal.SIGKILL)
        self.gateway.wait()

    def restart_gateway(self) -> None:
        """Start the gateway again where it was."""
        self.gateway, url = self._start_gateway(self.url.rpartition(":")[2])
        assert url == self.url

    def event(
        self,
        title: str,
        sport: str,
        *origins: str,
        more: tuple[str, ...] = (),
        hosting: tuple[str, ...] = (),
    ) -> str:
        """Create an event and host it; return its id once it is hosted.

        Args:
            title, sport, origins: of the event.
            more: flags with which it is created.
            hosting: flags of its host.
        """
        named = [word for origin in origins for word in ("--origin", origin)]
        create = ["events", "create", title, "--sport", sport, *named, "--host", "any", *more]
        once = ("--key", str(time.time_ns()))  # a second request makes no second event
        words = (*create, *once, "--broker", self.broker, "--name", "organiser")
        told = self.told(self.touchline(*words))
        while told.get("code") in {"UNREACHABLE", "SLOW"}:  # as on a busy machine
            told = self.told(self.touchline(*words))
        assert "event" in told, told
        event = str(told["event"])
        self.host(event, *hosting)
        return event

    def slow_event(self, title: str, sport: str, *origins: str, speed: float) -> str:
        """Create an event whose clock is slow, and host it: what people have so many seconds for
        takes a busy machine longer.

        Args:
            title, sport, origins: of the event.
            speed: seconds of the event in one second.
        """
        now = time.time_ns() // 1_000
        with Link(self.broker, "timer", Identity(sha256(b"timer").digest())) as link:
            reply = link.ask(
                messages.Create(
                    id=0,
                    title=title,
                    sport=sport,
                    origins=list(origins),
                    timing=messages.Timing(starts=now, began=now, speed=speed),
                    key=str(now),
                    hosts=["any"],
                )
            )
        assert isinstance(reply, messages.Event)
        self.host(reply.card.event, "--publish", "provisional")
        return reply.card.event

    def host(self, event: str, *flags: str) -> subprocess.Popen[str]:
        """Host an event with a heartbeat of half a second."""
        process = self.touchline(
            "host", event, "--broker", self.broker, "--name", f"host of {event}",
            "--heartbeat", "0.5", "--confirm-wait", "30", *flags,
        )  # fmt: skip
        while self.told(process)["type"] != "hosting":
            pass
        return process

    def crew(self, event: str) -> Crew:
        """Three reporters at the ground who have nothing to do with the web."""
        command = [sys.executable, "-c", PRESENT, self.broker, event, str(self._folder)]
        process = self._process(command)
        self._crews.append(process)
        return Crew(process)

    def end_crews(self) -> None:
        """End the crews of all events, which work all the time; who hosts and serves them stays."""
        while self._crews:
            _end(self._crews.pop())

    def lineup(self, origin: str, *names: str) -> tuple[str, str]:
        """Write a line-up; return the words that give it to `events create`."""
        path = self._folder / f"{origin}.txt"
        path.write_text("\n".join(names), "utf-8")
        return "--lineup", f"{origin}={path}"

    @staticmethod
    def told(process: subprocess.Popen[str]) -> dict[str, Any]:
        """The next line of a process."""
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "it ended without a word"
        told: dict[str, Any] = json.loads(line)
        return told


class Crew:
    """Three reporters in a process of their own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._await("open")

    def say(self, title: str, origin: str = "", ago: float = 0.0, **details: str) -> None:
        """All three say that something happened; they have been heard when this returns."""
        assert self._process.stdin is not None
        words = [title, origin, str(ago), *(f"{name}={value}" for name, value in details.items())]
        self._process.stdin.write("|".join(words) + "\n")
        self._process.stdin.flush()
        self._await("said")

    def lose(self) -> None:
        """Cut them off without a word."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _await(self, word: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == word


def _serve(file: Path, route: Any) -> None:
    route.fulfill(path=file)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


class People:
    """Browsers that are looked over: whatever they complain of is found out in the end.

    Args:
        browser: makes contexts.
        ground: where they go.
        name: of the test, for the names of screenshots.
    """

    def __init__(self, browser: Any, ground: Ground, name: str) -> None:
        self.complaints: list[str] = []
        self.allowed: tuple[str, ...] = ()
        self.scripts: list[str] = []
        """They run in each page before its own."""
        self.served: dict[str, Path] = {}
        """Files that are served in place of what the gateway has, by path."""
        self._browser = browser
        self._ground = ground
        self._name = name
        self._contexts: list[Any] = []

    def person(self, path: str, **about: Any) -> Any:
        """Open a page in a browser context of its own."""
        context = self._browser.new_context(base_url=self._ground.url, **(DESKTOP | about))
        context.set_default_timeout(patience.PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        for script in self.scripts:
            page.add_init_script(script)
        for place, file in self.served.items():
            page.route(f"**{place}", partial(_serve, file))
        page.goto(path)
        return page

    def reporter(self, event: str, name: str, **about: Any) -> Any:
        """Open the page of an event's reporters, and sign in."""
        page = self.person(f"/report/{event}", **about)
        page.get_by_label("Your name").fill(name)
        tile, wrong = page.locator("#pad .tile").first, page.locator("#sign-in-wrong")
        while not tile.is_visible():
            page.get_by_role("button", name="Start reporting").click()
            page.locator("#pad .tile:visible, #sign-in-wrong:visible").first.wait_for()
            if wrong.is_visible():  # the broker took too long, as on a busy machine
                assert "does not answer" in wrong.inner_text(), wrong.inner_text()
                self.allowed = (*self.allowed, "503 (Service Unavailable)")
        return page

    def keep(self, page: Any, name: str, *, whole: bool = False) -> None:
        """Keep a screenshot."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{self._name}-{name}.png", full_page=whole)

    def allow_cuts(self) -> None:
        """The network is cut in this test: browsers say so on their own account."""
        self.allowed = CUT

    def close(self) -> None:
        """Close them, and fail if any has complained."""
        for context in self._contexts:
            context.close()
        bad = [one for one in self.complaints if not any(word in one for word in self.allowed)]
        assert bad == []

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")


# For a file each: Playwright has an event loop running in this thread until it is stopped.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("no playwright here: pip install playwright")
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip("no chromium here")
    with sync_playwright() as playwright:
        # As root there is no sandbox to be had; nothing but our own pages is opened.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        # A page that a test serves in place of the gateway's may still talk to the gateway.
        arguments.append("--disable-features=LocalNetworkAccessChecks")
        chromium = playwright.chromium.launch(
            executable_path=found, args=arguments, timeout=patience.PATIENCE_MS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def shared_ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ExitStack() as stack:
        yield Ground(tmp_path_factory.mktemp("ground"), stack)


@pytest.fixture
def ground(browser: Any, shared_ground: Ground) -> Iterator[Ground]:
    """The broker and the gateway of a file's tests; each test has an event of its own."""
    yield shared_ground
    shared_ground.end_crews()


@pytest.fixture
def own_ground(browser: Any, tmp_path: Path) -> Iterator[Ground]:
    """A ground whose gateway may be killed."""
    with ExitStack() as stack:
        yield Ground(tmp_path, stack)


@pytest.fixture
def people(browser: Any, ground: Ground, request: pytest.FixtureRequest) -> Iterator[People]:
    found = People(browser, ground, _name(request))
    yield found
    found.close()


@pytest.fixture
def own_people(
    browser: Any, own_ground: Ground, request: pytest.FixtureRequest
) -> Iterator[People]:
    found = People(browser, own_ground, _name(request))
    yield found
    found.close()


def _name(request: pytest.FixtureRequest) -> str:
    return "".join(c if c.isalnum() else "-" for c in request.node.name).strip("-")


class Awake:
    """A page that does its work while something else is waited for."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def pump(self) -> None:
        """Let Playwright hand over what the browser has told."""
        self._page.wait_for_timeout(50)


@pytest.fixture
def until() -> Callable[[Callable[[], bool], Any], None]:
    """Wait until something is so, by what a page says."""
    return lambda true, page: patience.until(true, Awake(page))
