"""A host hands an event over to another while a crowd reports."""

from __future__ import annotations

from typing import Any

from tests.patience import PATIENCE

from .conftest import Json, Yard, wall

GOALS = 60
APART = 20_000_000
"""Microseconds between two goals."""

PEOPLE = ("ann", "bob", "cid", "dan")
HANDED_OVER = (20, 40)
"""The goals at which the host that has the event is drained."""


def test_an_event_is_handed_over_under_load(yard: Yard, postgresql: str) -> None:
    """A drained host lets another go on: each goal is one entry, each report is receipted and
    counts once, seq has no hole, watchers go on by themselves and agree on the feed, and none of
    them takes it for lost."""
    yard.journal = postgresql
    yard.broker("--lease-seconds", "6")
    yard.create()
    hosts: dict[str, Any] = {}

    def start(name: str) -> None:
        hosts[name] = yard.touchline(
            "host", "--broker", yard.address, "--journal", yard.journal, "--name", name,
            "--confirm-wait", "5", "--verdict", "quorum", "--json",
        )  # fmt: skip

    def serving() -> list[str]:
        return [name for name, (_, lines) in hosts.items() if lines.of("hosting")]

    start("hill")
    yard.until(serving, what="the first host")
    feeds = [yard.watch("--heartbeats")[1] for _ in range(2)]
    for feed in feeds:
        yard.until(lambda feed=feed: feed.items, what="the watcher")
    began = wall() - GOALS * APART - 60_000_000
    plan: list[Json] = [
        {"title": "goal", "origin": "AB"[n % 2], "time": began + n * APART} for n in range(GOALS)
    ]
    people = [yard.reporters(name, plan=plan, pause=-0.2)[1] for name in PEOPLE]
    for name, successor, goals in zip(
        ("hill", "harbour"), ("harbour", "heath"), HANDED_OVER, strict=True
    ):
        start(successor)
        yard.until(lambda goals=goals: len(feeds[0].of("entry")) >= goals, what=f"{goals} goals")
        drained, said = yard.touchline(
            "hosts", "drain", "--broker", yard.address, "--name", name, "--json"
        )
        assert drained.wait(PATIENCE) == 0, said.items
        process, _ = hosts[name]
        assert process.wait(PATIENCE) == 0  # it has nothing more to do
        yard.until(lambda s=successor: s in serving(), what=f"{successor}")
    for lines in people:
        yard.until(
            lambda lines=lines: lines.last.get("said") == GOALS and not lines.last["pending"],
            what="the last receipt",
        )
    for feed in feeds:
        yard.until(
            lambda feed=feed: len({one["entry_id"] for one in feed.of("entry")}) == GOALS,
            what="the last entry",
        )
    yard.until(
        lambda: feeds[0].of("entry", "alarm") == feeds[1].of("entry", "alarm"), what="one feed"
    )
    for feed in feeds:
        seqs = [one["seq"] for one in feed.of("entry", "alarm", "restored")]
        assert seqs == list(range(1, len(seqs) + 1))
        assert not {"diverged", "stale", "host_lost"} & set(feed.kinds)
    epochs = [line["epoch"] for _, lines in hosts.values() for line in lines.of("hosting")]
    assert epochs == sorted(set(epochs))
