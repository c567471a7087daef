"""A host whose machine is gone for good, with its disk: another goes on from its copy."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

from tests.patience import PATIENCE
from touchline.peer import Link
from touchline.protocol import messages, times

from .conftest import Json, Yard, identity, planned

BEAT = 0.5
LEASE_SECONDS = 2
ACTIONS = 40
EVENTS = 60
"""Of one host with one follower."""

PEOPLE = ("ann", "bob", "cid", "dan")


def grant(yard: Yard, *names: str) -> None:
    """Let keys of these names host the event, besides anybody."""
    for name in names:
        process, _ = yard.touchline(
            "events", "grant", yard.event, "--host", key_of(yard, name),
            "--broker", yard.address, "--name", "organiser", "--json",
        )  # fmt: skip
        assert process.wait(PATIENCE) == 0


def key_of(yard: Yard, name: str) -> str:
    """Make the key of a host; return its id."""
    process, lines = yard.touchline("identity", "create", name, "--json")
    assert process.wait(PATIENCE) == 0
    yard.until(lambda: bool(lines.items))
    return str(lines.last["peer"])


def begun(yard: Yard) -> None:
    """Start the broker, with an event that two hosts may have."""
    yard.broker("--lease-seconds", str(LEASE_SECONDS))
    yard.create()
    grant(yard, "harbour", "hill")


def primary(yard: Yard, *flags: str) -> Any:
    """Start the host that is followed, with a disk of its own."""
    disk = yard.folder / "hill"
    disk.mkdir(exist_ok=True)
    yard.journal = f"sqlite:///{disk / 'journal.db'}"
    return yard.start_host("--name", "hill", *flags, beat=BEAT)


def follower(yard: Yard, *flags: str) -> Any:
    """Start the host that follows."""
    return yard.touchline(
        "host", *flags, "--broker", yard.address, "--name", "harbour",
        "--journal", copy_of(yard), "--heartbeat", str(BEAT), "--presence", "20",
        "--confirm-wait", "5", "--verdict", "quorum", "--json",
    )  # fmt: skip


def copy_of(yard: Yard) -> str:
    """Where the copy is."""
    return f"sqlite:///{yard.folder / 'harbour.db'}"


def lose(yard: Yard, process: subprocess.Popen[bytes]) -> None:
    """Kill the host for good, and take its disk away."""
    yard.kill(process)
    shutil.rmtree(yard.folder / "hill")


def test_a_machine_that_is_gone(yard: Yard) -> None:
    """With `--sync` a host is killed for good under load, and its disk is gone. Another goes on
    from its copy: each report that had a receipt is there, each action is one entry, seq has no
    hole, and all subscribers agree on the feed."""
    begun(yard)
    process, lines = primary(yard, "--sync")
    _, copying = follower(yard, "--follow", "hill", "--takeover")
    yard.until(lambda: bool(lines.of("hosting")), what="the first host")
    feeds = yard.watchers("uma", "vic")
    plan = planned("goal", ACTIONS)
    people = [yard.reporters(name, plan=plan, pause=-0.1)[1] for name in PEOPLE]
    yard.until(
        lambda: len({one["entry_id"] for one in feeds[0].of("entry")}) > ACTIONS // 4,
        what="some entries",
    )
    lose(yard, process)
    yard.until(lambda: bool(copying.of("hosting")), what="the host that goes on")
    yard.settled(plan, people, feeds)
    assert [one["epoch"] for one in copying.of("hosting")] == [2]
    _end(yard)
    yard.journal = copy_of(yard)
    core = yard.restored()
    assert [member.n for member in core.roster.reporters] == [ACTIONS] * len(PEOPLE)
    for claim in core.by_entry.values():
        assert sorted(index for index, _ in claim.votes) == list(range(len(PEOPLE)))


def test_many_events_of_one_host(yard: Yard) -> None:
    """One follower copies all events of a host, more than a key may have connections at once, and
    goes on with all of them when the host's machine is gone."""
    yard.broker("--lease-seconds", str(LEASE_SECONDS))
    hosts = [key_of(yard, name) for name in ("hill", "harbour")]
    with Link(yard.address, "organiser", identity("organiser")) as link:
        events = [
            link.ask(
                messages.Create(
                    id=0, title=f"A{n} v B{n}", sport="football", key=str(n), origins=["A", "B"],
                    hosts=hosts,
                )
            ).card.event
            for n in range(EVENTS)
        ]  # fmt: skip
    yard.event, *others = events
    process, lines = primary(yard, *others, "--sync")
    yard.until(lambda: len(lines.of("hosting")) == EVENTS, what="all events")
    _, copying = follower(yard, "--follow", "hill", "--takeover")
    yard.until(lambda: len(copying.of("copying")) == EVENTS, what="a copy of each")
    feeds = [
        yard.touchline("watch", event, "--broker", yard.address, "--json", "--stay")[1]
        for event in (events[0], events[-1])
    ]
    plan = planned("goal", 1)
    people = []
    for yard.event in (events[0], events[-1]):
        people.append(yard.reporters(*PEOPLE, plan=plan, pause=-0.1)[1])
    yard.until(lambda: all(len(feed.of("entry")) for feed in feeds), what="an entry of each")
    lose(yard, process)
    yard.until(lambda: len(copying.of("hosting")) == EVENTS, what="all events, from their copies")
    assert {one["event"] for one in copying.of("hosting")} == set(events)
    assert {one["epoch"] for one in copying.of("hosting")} == {2}
    for one in people:
        yard.until(lambda one=one: one.last.get("pending") == 0, what="the receipts")
    _end(yard)
    yard.journal = copy_of(yard)
    for yard.event in (events[0], events[-1]):
        assert len(yard.restored().by_entry) == 1


def test_what_no_copy_had(yard: Yard) -> None:
    """Without `--sync` a host confirms what its copy has not yet. Nothing but `--takeover` goes on
    from the copy; when the old journal is found again, it hands over what the copy had not, which
    counts and is listed."""
    begun(yard)
    process, lines = primary(yard)
    yard.until(lambda: bool(lines.of("hosting")), what="the first host")
    people, told = yard.reporters(*PEOPLE)
    yard.until(lambda: told.last.get("open", False), what="the reporters")
    first, second = planned("goal", 2)
    yard.say(people, **said(first))
    yard.until(lambda: told.last["accepted"] == len(PEOPLE), what="the first receipts")
    kept, copying = follower(yard, "--follow", "hill")
    yard.until(lambda: bool(copying.of("copying")), what="the copy")
    yard.kill(kept)
    yard.say(people, **said(second))
    yard.until(lambda: told.last["accepted"] >= 2 * len(PEOPLE), what="the last receipt")
    yard.kill(process)
    refused, _ = follower(yard, yard.event)
    assert refused.wait(PATIENCE) == 4
    goes_on, hosting = follower(yard, yard.event, "--takeover")
    yard.until(lambda: bool(hosting.of("hosting")), what="the host that goes on")
    again, _ = primary(yard)
    assert again.wait(PATIENCE) == 4  # another host has it
    yard.kill(goes_on)
    listed, found = yard.touchline("journal", "recovered", copy_of(yard), "--json")
    assert listed.wait(PATIENCE) == 0
    yard.until(lambda: len(found.items) == len(PEOPLE), what="the list")
    assert {one["time"] for one in found.items} == {_time(second)}


def test_a_follower_is_told_to_go_on(yard: Yard) -> None:
    """Without `--takeover` a follower leaves an event alone whose host is gone, until the owner
    gives it the event by `hosts add --to`: then it goes on from its copy."""
    begun(yard)
    process, lines = primary(yard, "--sync")
    yard.until(lambda: bool(lines.of("hosting")), what="the first host")
    _, copying = follower(yard, "--follow", "hill")
    yard.until(lambda: bool(copying.of("copying")), what="the copy")
    (feed,) = yard.watchers("uma")
    people, told = yard.reporters(*PEOPLE)
    yard.until(lambda: told.last.get("open", False), what="the reporters")
    plan = planned("goal", 2)
    yard.say(people, **said(plan[0]))
    yard.until(lambda: told.last["accepted"] == len(PEOPLE), what="the first receipts")
    lose(yard, process)
    yard.until(lambda: "host_lost" in feed.kinds, what="that the host is lost")
    assert copying.of("hosting") == []
    added, answer = yard.touchline(
        "hosts", "add", yard.event, "--to", "harbour",
        "--broker", yard.address, "--name", "organiser", "--json",
    )  # fmt: skip
    assert added.wait(PATIENCE) == 0, answer.items
    yard.until(lambda: bool(copying.of("hosting")), what="the host that goes on")
    assert [one["epoch"] for one in copying.of("hosting")] == [2]
    yard.say(people, **said(plan[1]))
    # Where nobody was heard for too long they confirm the score as well.
    yard.until(lambda: told.last["said"] >= 2 and not told.last["pending"], what="the last receipt")
    yard.until(
        lambda: len({one["entry_id"] for one in feed.of("entry")}) == 2, what="the other entry"
    )
    assert [one["seq"] for one in feed.published] == list(range(1, len(feed.published) + 1))
    assert "diverged" not in feed.kinds


def test_a_follower_that_is_away(yard: Yard) -> None:
    """With `--sync` nothing is confirmed or published while the follower is away, and the feed says
    why; when it is back all is."""
    begun(yard)
    _, lines = primary(yard, "--sync")
    yard.until(lambda: bool(lines.of("hosting")), what="the host")
    _, feed = yard.watch("--heartbeats")
    kept, _ = follower(yard, "--follow", "hill")
    people, told = yard.reporters(*PEOPLE)
    yard.until(lambda: told.last.get("open", False), what="the reporters")
    first, second = planned("goal", 2)
    yard.say(people, **said(first))
    yard.until(lambda: told.last["accepted"] == len(PEOPLE), what="the first receipts")
    yard.kill(kept)
    before = len(feed.of("heartbeat"))  # it may have said so before there was a follower
    yard.say(people, **said(second))
    yard.until(lambda: told.last["pending"] == len(PEOPLE), what="what is said")
    yard.until(
        lambda: any(
            "no other machine" in str(one.get("trouble")) for one in feed.of("heartbeat")[before:]
        ),
        what="why nothing is confirmed",
    )
    assert told.last["pending"] == len(PEOPLE)
    assert len({one["entry_id"] for one in feed.of("entry")}) == 1
    follower(yard, "--follow", "hill")
    yard.until(lambda: told.last["accepted"] >= 2 * len(PEOPLE), what="the other receipts")
    yard.until(
        lambda: len({one["entry_id"] for one in feed.of("entry")}) == 2, what="the other entry"
    )


def said(goal: Json) -> Json:
    """A goal as `Yard.say` takes it."""
    return {"title": goal["title"], "origin": goal["origin"], "at": goal["time"]}


def _time(goal: Json) -> str:
    return str(times.to_rfc3339(goal["time"]))


def _end(yard: Yard) -> None:
    """End all processes, so that a journal can be read."""
    yard.stack.close()
