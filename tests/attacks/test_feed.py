"""Attacks on a host by viewers that subscribe to more than there is."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.patience import until
from touchline.peer import Link, Reporter, Subscriber
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Entry

GROWTH_MB = 120
"""The most memory that attackers may cost a host at any time, beyond what it has after its start.
What is lost in the tree of subscriptions alone is 45 bytes for each byte sent."""

KEPT_MB = 20
"""The most memory that one attacker may have cost a host when it is put out, and a hundred who
come a second time may cost it further: what is kept of the first (some 50 MB) is used again."""

ROOT = Path(__file__).parents[2]


@contextmanager
def attackers(scene: Any, *, count: int, size: int, subscriptions: int) -> Iterator[Any]:
    arguments = (scene.address, scene.event, "evil", count, size, subscriptions)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.attacks.attackers", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "sent\n"
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def person(scene: Any, name: str) -> Link:
    return Link(scene.address, name, Identity(sha256(name.encode()).digest()))


def seen_at_once(ann: Reporter, feed: Subscriber) -> Callable[[], bool]:
    """Let a goal be reported; return whether its entry has come."""
    ann.say("goal", "Hill", time=time.time_ns() // 1_000)

    def seen() -> bool:
        ann.pump(0.0)
        return isinstance(feed.next(0.0), Entry)

    return seen


@pytest.mark.parametrize(
    ("count", "size", "subscriptions"),
    [(1, 900_000, 60), (1, 40_000, 60), (1, 200, 20_000), (100, 200, 300)],
)
def test_subscriptions_without_end(scene: Any, count: int, size: int, subscriptions: int) -> None:
    """However long and many the subscriptions of one viewer or of a hundred: the host's memory
    stays within bounds, also when they have gone, a reporter and a viewer beside them notice
    nothing, and the host ends by itself."""
    scene.broker()
    host = scene.host("--verdict", "fixed:1")
    before = most = host.memory
    with (
        person(scene, "ann") as link,
        person(scene, "fan") as fan,
        Reporter(scene.event, link, scene.home / "outbox of ann") as ann,
        Subscriber(scene.event, fan) as feed,
    ):
        until(lambda: feed.next(0.0) is None and feed.session.open, what="the feed")
        with attackers(scene, count=count, size=size, subscriptions=subscriptions):
            for number in range(5):
                ann.say("goal", "Hill", time=time.time_ns() // 1_000 - (10 - number) * 60_000_000)
                found = False

                def seen() -> bool:
                    nonlocal found, most
                    ann.pump(0.0)
                    most = max(most, host.memory)
                    found = found or isinstance(feed.next(0.0), Entry)
                    return found

                until(seen, what=f"goal {number + 1}")
        most = max(most, host.memory)
        kept = host.memory - before if count == 1 else 0
        if count > 1:
            once = host.memory
            with attackers(scene, count=count, size=size, subscriptions=subscriptions):
                until(seen_at_once(ann, feed), what="a goal while they are there again")
            kept = host.memory - once
    assert kept < KEPT_MB
    print(f"{count} viewers, {size} bytes: {before} MB before, {most} MB at most")
    assert most - before < GROWTH_MB
    assert host.stop() == 0
