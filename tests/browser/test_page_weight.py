"""What opening a page costs: bytes, shifts of its layout, and as a figure for people the times.

An event of 10,000 entries is put into a gateway as its host would have told it. Times are printed
(`pytest -s`) and never judged: a machine is busy or not. They are those of a browser at 150 ms,
1.6 Mbit/s and a quarter of the CPU.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest

from tests import patience
from tests.integration.test_gateway import Running
from tests.unit.gateway.conftest import SETUP, Source, entry
from touchline.gateway.feed.channel import Channel
from touchline.gateway.feed.hub import _FollowedChannel as FollowedChannel
from touchline.runtime import clock

from .conftest import DESKTOP, PHONE, Ground

pytestmark = pytest.mark.browser

PAGE_BYTES = 60_000
"""The most bytes of the page of an event, with all that it loads."""

OPENING_BYTES = 150_000
"""The most bytes of it with its feed, however many entries the event has."""

RATE = 200_000
"""Bytes a second, 1.6 Mbit/s."""

ROUNDS = 3

ACTIONS = ("shot", "foul", "corner", "offside")

PLAYERS = {side: [f"{n} Player {side}{n}" for n in range(1, 24)] for side in ("A", "B")}

WATCH = """
globalThis.seen = { shift: 0, tasks: [], largest: 0, first: 0 };
const watch = (type, note) =>
  new PerformanceObserver((list) => list.getEntries().forEach(note))
    .observe({ type, buffered: true });
watch("layout-shift", (one) => { if (!one.hadRecentInput) seen.shift += one.value; });
watch("longtask", (one) => seen.tasks.push(Math.round(one.duration)));
watch("largest-contentful-paint", (one) => { seen.largest = Math.round(one.startTime); });
watch("paint", (one) => {
  if (one.name === "first-contentful-paint") seen.first = Math.round(one.startTime);
});
"""


def filled(entries: int) -> Channel:
    """Return the channel of a football match with so many entries."""
    card = SETUP.card
    channel = Channel(card, 1 << 28)
    source = Source(channel)
    told = []
    for number in range(1, entries + 1):
        side = "AB"[number % 2]
        title = "goal" if number % 400 == 0 else ACTIONS[number % len(ACTIONS)]
        goals = {"A": number // 800, "B": (number + 400) // 800}
        told.append(
            entry(
                number,
                at=number,
                title=title,
                origin=side,
                clock=f"{number // 112}'",
                details={"player": PLAYERS[side][number % 11]},
                score={"goals": goals},
                headline=f"A {goals['A']}–{goals['B']} B",
            )
        )
    for at in range(0, entries, 500):
        source.give(*told[at : at + 500])
    return channel


@pytest.fixture(scope="module")
def gateway(shared_ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway in this process, which follows an event of 100 entries and one of 10,000."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("gateway")
        world = SimpleNamespace(folder=folder, address=shared_ground.broker, stack=stack)
        running = Running(world, linger=3_600.0)
        for entries in (100, 10_000):
            followed = FollowedChannel(filled(entries), clock.now())
            running.gateway.hub._followed[f"of-{entries}"] = followed
        yield running


class Opening:
    """A page as it is opened on a slow phone.

    Args:
        browser: makes contexts.
        url: of the page.
        look: of the context.
    """

    def __init__(self, browser: Any, url: str, look: Any) -> None:
        context = browser.new_context(**look)
        context.set_default_timeout(patience.PATIENCE_MS)
        page = context.new_page()
        page.add_init_script(WATCH)
        cdp = context.new_cdp_session(page)
        self.page_bytes = self.feed_bytes = 0
        cdp.on("Network.loadingFinished", self._loaded)
        cdp.on("Network.webSocketFrameReceived", self._told)
        cdp.send("Network.enable")
        slow = {
            "offline": False,
            "latency": 150,
            "uploadThroughput": RATE,
            "downloadThroughput": RATE,
        }
        cdp.send("Network.emulateNetworkConditions", slow)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(url)
        page.locator("#lines .line").nth(20).wait_for()
        page.wait_for_function("touchline.feed.state.joined && touchline.feed.state.ready")
        page.wait_for_timeout(3_000)  # what comes late counts as well
        self.seen = page.evaluate("seen")
        self.shown = page.evaluate("touchline.feed.state.entries.length")
        context.close()

    def _loaded(self, event: Any) -> None:
        self.page_bytes += int(event["encodedDataLength"])

    def _told(self, event: Any) -> None:
        self.feed_bytes += len(event["response"]["payloadData"].encode())


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    ("entries", "most"), [(100, PAGE_BYTES), (10_000, OPENING_BYTES)], ids=["100", "10000"]
)
def test_what_opening_an_event_costs(
    browser: Any, gateway: Running, entries: int, most: int, look: Any
) -> None:
    """The page of an event is at most 60 kB, and with its feed at most 150 kB of an event of 10,000
    entries; nothing on it moves while it comes."""
    rounds = [Opening(browser, f"{gateway.url}/events/of-{entries}", look) for _ in range(ROUNDS)]
    told = {
        "entries": entries,
        "page_bytes": median(one.page_bytes for one in rounds),
        "feed_bytes": median(one.feed_bytes for one in rounds),
        "first_ms": median(one.seen["first"] for one in rounds),
        "largest_ms": median(one.seen["largest"] for one in rounds),
        "longest_task_ms": median(max(one.seen["tasks"], default=0) for one in rounds),
        "shift": max(one.seen["shift"] for one in rounds),
        "load": os.getloadavg()[0],
    }
    print(json.dumps(told))
    assert told["page_bytes"] <= most
    assert told["page_bytes"] + told["feed_bytes"] <= OPENING_BYTES
    assert told["shift"] <= 0.05
