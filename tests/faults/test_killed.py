"""Processes killed and stopped at any moment."""

from __future__ import annotations

import random
import signal
import time
from typing import Any

import pytest

from tests.patience import PATIENCE

from .conftest import Json, Yard, wall

BEAT = 0.5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_at_random(yard: Yard, seed: int) -> None:
    """Host, broker and reporters are killed at random moments while a crowd reports: each action is
    one entry, each report counts once, seq has no hole, and all agree on the feed."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    actions = 24
    began = wall() - 3_600_000_000
    plan: list[Json] = [
        {"title": "goal", "origin": "AB"[n % 2], "time": began + n * 60_000_000}
        for n in range(actions)
    ]
    names = ("ann", "bob", "cid", "dan")
    running: dict[str, tuple[Any, Any]] = {"broker": (yard.broker(), None)}
    yard.create()
    running["host"] = (yard.host(beat=BEAT), None)
    _, feed = yard.watch("--heartbeats")
    yard.until(lambda: feed.of("heartbeat"), what="the first heartbeat")
    for name in names:
        running[name] = yard.reporters(name, plan=plan, pause=0.3)
    for _ in range(10):
        time.sleep(chance.uniform(0.05, 0.9))
        victim = chance.choice(["host", "host", "broker", *names])
        yard.kill(running[victim][0])
        time.sleep(chance.uniform(0.0, 0.4))
        if victim == "broker":
            running[victim] = (yard.broker(), None)
        elif victim == "host":
            running[victim] = yard.start_host(beat=BEAT)
        else:
            running[victim] = yard.reporters(victim, plan=plan, pause=0.3)
    yard.until(
        lambda: all(
            running[name][1].last.get("said") == actions and not running[name][1].last["pending"]
            for name in names
        ),
        what="the last receipt",
    )
    yard.until(lambda: len(feed.of("entry")) >= actions, what="the last entry")
    newest = {entry["entry_id"]: entry for entry in feed.of("entry")}
    assert sorted(entry["time"] for entry in newest.values()) == sorted(
        {entry["time"] for entry in newest.values()}
    )
    assert len(newest) == actions
    assert feed.of("entry")[-1]["headline"] == f"A {actions // 2}–{actions // 2} B"
    seqs = [item["seq"] for item in feed.of("entry", "alarm", "restored")]
    assert seqs == list(range(1, len(seqs) + 1))
    assert "diverged" not in feed.kinds
    yard.kill(running["host"][0])
    core = yard.restored()
    assert [member.n for member in core.roster.reporters] == [actions] * len(names)
    for claim in core.by_entry.values():
        assert sorted(index for index, _ in claim.votes) == list(range(len(names)))


def test_killed_reporters_and_a_score_that_does_not_fit(yard: Yard) -> None:
    """Reporters killed with what they could not send raise the alarm; started again they bring it.
    Where the score that others confirm by a command is another, the entries of the outage are
    published again as inaccurate, and play goes on from the confirmed score."""
    yard.broker()
    yard.create()
    yard.host("--confirm-wait", "20", beat=BEAT)
    _, feed = yard.watch()
    people, told = yard.reporters("ann", "bob", pause=-0.1)
    yard.until(lambda: told.last.get("open"))
    yard.kill(people)
    yard.until(lambda: "venue_lost" in feed.kinds)
    goal = [{"title": "goal", "origin": "A", "time": wall()}]
    people, told = yard.reporters("ann", "bob", plan=goal, pause=-0.1)
    yard.until(lambda: feed.of("entry") and "reconstructing" in feed.kinds)
    assert feed.of("entry")[0]["delay_status"] == "RECONSTRUCTED"
    assert feed.of("entry")[0]["headline"] == "A 1–0 B"
    for name in ("eve", "fay"):
        process, _ = yard.touchline(
            "report", yard.event, "--confirm-score", "2-0", "--name", name, "--broker",
            yard.address, "--wait", "0", "--json",
        )  # fmt: skip
        assert process.wait(PATIENCE) == 0
    yard.until(lambda: feed.of("restored"))
    (restored,) = feed.of("restored")
    assert (restored["entries"], restored["inaccurate"], restored["confirmed"]) == (1, 1, True)
    assert "1–0, the score is 2–0" in restored["reason"]
    assert restored["headline"] == "A 2–0 B"
    again = feed.of("entry")[1]
    assert again["entry_id"] == feed.of("entry")[0]["entry_id"]
    assert (again["delay_status"], again["reason"]) == (
        "RECONSTRUCTION_INACCURATE", restored["reason"]
    )  # fmt: skip
    people, told = yard.reporters("cid", "dan")
    yard.until(lambda: told.last.get("open"))
    # Far enough from the other goal not to be taken for it.
    yard.say(people, "goal", "B", wall() + 120_000_000)
    yard.until(lambda: len(feed.of("entry")) == 3)
    assert feed.of("entry")[2]["headline"] == "A 2–1 B"


def test_a_stopped_subscriber(yard: Yard) -> None:
    """A subscriber that is stopped for a while has everything once it goes on; others have not
    waited for it."""
    yard.broker()
    yard.create()
    yard.host(beat=BEAT)
    stopped, slow = yard.watch()
    _, other = yard.watch()
    people, told = yard.reporters("ann", "bob")
    yard.until(lambda: told.last.get("open"))
    began = wall() - 3_600_000_000
    yard.say(people, "goal", "A", began)
    yard.until(lambda: slow.of("entry") and other.of("entry"))
    stopped.send_signal(signal.SIGSTOP)
    for number in range(1, 101):
        yard.say(people, "goal", "A", began + number * 20_000_000)
    yard.until(lambda: len(other.of("entry")) == 101)
    time.sleep(3 * BEAT)
    assert len(slow.of("entry")) == 1
    stopped.send_signal(signal.SIGCONT)
    yard.until(lambda: len(slow.of("entry")) == 101)
    assert slow.of("entry") == other.of("entry")
    assert not {"stale", "host_lost"} & set(other.kinds)


def test_a_stopped_host(yard: Yard) -> None:
    """While the host is stopped the subscriber says that it is the host that is lost; once it goes
    on, what was said meanwhile is there, and no alarm blames the venue."""
    yard.broker()
    yard.create()
    host = yard.host(beat=BEAT)
    _, feed = yard.watch()
    people, told = yard.reporters("ann", "bob")
    yard.until(lambda: told.last.get("open"))
    yard.say(people, "goal", "A", wall())
    yard.until(lambda: feed.of("entry"))
    host.send_signal(signal.SIGSTOP)
    yard.until(lambda: {"stale", "host_lost"} <= set(feed.kinds))
    yard.say(people, "goal", "B", wall())
    time.sleep(2 * BEAT)
    host.send_signal(signal.SIGCONT)
    yard.until(lambda: len(feed.of("entry")) == 2 and feed.kinds[-1] == "quiet")
    assert feed.of("entry")[-1]["headline"] == "A 1–1 B"
    assert not feed.of("alarm")
