"""A host hands an event over to another while a crowd reports."""

from __future__ import annotations

from typing import Any

from tests.patience import PATIENCE

from .conftest import Yard, planned

GOALS = 60
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
    feeds = yard.watchers("uma", "vic")
    plan = planned("goal", GOALS)
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
    yard.settled(plan, people, feeds)
    for feed in feeds:
        assert not {"stale", "host_lost"} & set(feed.kinds)
    epochs = [line["epoch"] for _, lines in hosts.values() for line in lines.of("hosting")]
    assert epochs == sorted(set(epochs))
