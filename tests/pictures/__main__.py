"""`make pictures`: the pictures of the README and of the guides, from a run of its own.

A broker, a host and a gateway run as processes; nine reporters report the World Cup final of 2022 a
hundred times as fast as it was. Each misses a fifth of what happens, and one report of eight is
wrong.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from playwright.sync_api import Browser, sync_playwright
from textual.pilot import Pilot

from tests.patience import PATIENCE
from touchline.cli import watch
from touchline.cli.main import touchline
from touchline.cli.ui.follow_app import FollowApp

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
COMMAND = [sys.executable, "-m", "touchline.cli"]
SPEED = 100


@contextmanager
def running(arguments: Sequence[str], ready: str, folder: Path) -> Iterator[Path]:
    """Run a command until the end of the block; yield the file of its output once it is ready."""
    output = folder / f"{arguments[0]}.txt"
    with output.open("w") as file:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=file, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + PATIENCE
        while ready not in output.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(output.read_text())
            time.sleep(0.1)
        yield output
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's browser; end it, since the terminal's screen needs the thread's loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def terminal(event: str, keys: Sequence[str], size: tuple[int, int], file: Path) -> None:
    """Draw the screen of `touchline watch` after some keys, as SVG."""
    run = FollowApp.run

    async def pilot(driven: Pilot[object]) -> None:
        await asyncio.sleep(4)
        until = time.monotonic() + PATIENCE
        while "Nothing" in driven.app.export_screenshot() and time.monotonic() < until:
            await asyncio.sleep(1)
        for key in keys:
            await driven.press(key)
            await driven.pause(0.2)
        file.write_text(driven.app.export_screenshot(), "utf-8")
        driven.app.exit()

    def drive(app: FollowApp) -> None:
        run(app, headless=True, size=size, auto_pilot=pilot)

    FollowApp.run = drive  # type: ignore[method-assign, assignment]  # without a terminal
    watch.on_screen = lambda: True
    try:
        touchline.main(["watch", event], standalone_mode=False)
    finally:
        FollowApp.run = run  # type: ignore[method-assign]


def photograph(browser: Browser, svg: Path, png: Path) -> None:
    """Turn a terminal's SVG into a picture."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    page.set_content(f"<body style='margin:0'>{svg.read_text('utf-8')}</body>")
    page.locator("svg").screenshot(path=png)
    page.close()


def main() -> None:
    """Make all pictures."""
    FOLDER.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["TOUCHLINE_HOME"] = str(folder / "home")
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = one.getsockname()[1]
        broker = ["broker", "--bind", "127.0.0.1:0"]
        stack.enter_context(running(broker, "listening on", folder))
        replay = ["replay", "world-cup-final-2022", "--speed", str(SPEED), "--reporters", "9"]
        replay += ["--coverage", "0.8", "--wrong", "0.12", "--seed", "7", "--lead", "6", "--json"]
        lines = stack.enter_context(running(replay, '"created"', folder))
        event = json.loads(lines.read_text().splitlines()[0])["event"]
        stack.enter_context(running(["host", event], "hosting", folder))
        gateway = ["gateway", "--port", str(port)]
        stack.enter_context(running(gateway, "gateway at", folder))
        seconds = 100 * 60 / SPEED  # past the two goals late in the second half
        click.echo(f"the match runs for {seconds:.0f} s …")
        time.sleep(seconds)
        with chromium() as browser:
            for name, width, height in (("page", 1280, 800), ("phone", 390, 780)):
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(f"http://127.0.0.1:{port}/events/{event}")
                page.wait_for_timeout(2_500)
                page.screenshot(path=FOLDER / f"{name}.png")
                page.close()
        terminal(event, [], (96, 24), folder / "watch.svg")
        keys = ["slash", *"goal", "enter", "down", "enter"]
        terminal(event, keys, (96, 38), folder / "votes.svg")
        with chromium() as browser:
            for name in ("watch", "votes"):
                photograph(browser, folder / f"{name}.svg", FOLDER / f"{name}.png")
    click.echo(f"made {', '.join(sorted(path.name for path in FOLDER.glob('*.png')))}")


if __name__ == "__main__":
    main()
