"""Hosts, reporters and subscribers on real sockets, killed and started again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.patience import PATIENCE
from touchline.monitoring.host import host_collector
from touchline.peer import Journal
from touchline.protocol.errors import Conflict, NotFound
from touchline.protocol.times import SECOND
from touchline.runtime import clock

# ── all is well ──────────────────────────────────────────────────────────────────────────────


def test_two_reporters_and_a_subscriber(world: Any) -> None:
    """What two reporters agree on reaches the subscriber; both are told; one who comes later sees
    all of it."""
    world.with_broker().host()
    ann, bob = world.reporter("ann"), world.reporter("bob")
    feed = world.feed()
    world.until(lambda: feed.open, feed)
    world.goal(0, ann)
    world.goal(1, ann, bob)
    world.until(lambda: feed.seqs == [1], ann, bob, feed)
    assert (feed.messages[0].evidence.for_, feed.messages[0].headline) == (2, "A 1–0 B")
    world.until(lambda: ann.fate(2) == ann.core.fates.get(2) is not None, ann)
    assert ann.fate(2).outcome == bob.wait_fate(1, 5, ("accepted",)).outcome == "accepted"
    assert ann.fate(1).outcome == "stored"
    world.goal(2, ann, bob)
    late = world.feed("late")
    world.until(lambda: late.seqs == feed.seqs == [1, 2], ann, bob, feed, late)
    assert late.messages == feed.messages
    assert late.tracker.digest == feed.tracker.digest


def test_a_clock_that_is_set(world: Any) -> None:
    """A reporter whose clock is set in the middle of the event is told so, and what it reports
    from then on has the right time."""
    core = world.with_broker().host(verdict="fixed:1").events[world.event]
    ann = world.reporter("ann")
    ann.wait_open(PATIENCE)
    (reporter,) = core.roster.reporters
    world.until(lambda: reporter.clock_agreed, ann)
    ann._wall = lambda: clock.wall() + 25 * SECOND
    world.until(lambda: ann.stepped, ann)
    assert ann.stepped == pytest.approx(25 * SECOND, abs=2 * SECOND)
    before = clock.wall()
    n = ann.say("goal", "A")
    ann.wait_fate(n, PATIENCE, ("accepted",))
    (entry,) = core.timeline.standing
    assert before - 2 * SECOND < entry.time < clock.wall() + 2 * SECOND
    assert core.counters.clocks_set == 1


def test_refused(world: Any) -> None:
    """A report of what can't be is refused with the reason, on the whole way."""
    world.with_broker().host()
    ann = world.reporter("ann")
    n = ann.say("gaol", "A")
    ann.wait_open(PATIENCE)
    fate = ann.wait_fate(n, 15, ("refused",))
    assert fate is not None
    assert "no action 'gaol'" in fate.reason
    assert ann.pending == 0


def test_many_subscribers_on_one_link(world: Any) -> None:
    """Two subscribers and a reporter that share one link to the broker do not take each other's
    answers."""
    world.with_broker().host(verdict="fixed:1")
    link = world.link("fan")
    feeds = [world.feed(link=link) for _ in range(2)]
    ann = world.reporter("ann", link=link)
    world.goal(0, ann)
    world.until(lambda: all(feed.seqs == [1] for feed in feeds), ann, *feeds)


def test_lost_and_repaired_at_the_operator(world: Any) -> None:
    """37 messages that a subscriber drops are 37 lost and 37 repaired on the host's page, and the
    subscriber's latency has each of them, as late as it came."""
    world.with_broker()
    host = world.host(verdict="fixed:1")
    reporter, fan = world.reporter("ann"), world.subscriber()

    def followed(true: Callable[[], bool]) -> Callable[[], bool]:
        return lambda: (fan.next(0.0), true())[1]

    world.until(followed(lambda: fan.setup is not None), reporter)
    dropped: list[bytes] = []
    take = fan.core.published

    def lossy(frame: bytes, now: float, wall: int) -> None:
        if b"entry_id" in frame and len(dropped) < 37:
            dropped.append(frame)
        else:
            take(frame, now, wall)

    fan.core.published = lossy
    said = [reporter.say("goal", "A", time=world.began + n * 60_000_000) for n in range(40)]
    counts = fan.core.tracker.counters
    world.until(followed(lambda: counts.received == len(said)), reporter)
    assert (counts.lost, counts.repaired, len(dropped)) == (37, 37, 37)
    assert sum(fan.core.latency.buckets) == len(said)
    take(dropped[0], clock.now(), clock.wall())
    (core,) = host.events.values()
    world.until(followed(lambda: core.counters.viewers_duplicate == 1), reporter)
    assert core.counters.viewers_repaired == 37
    assert (core.counters.viewers_lost, core.counters.viewers_received) == (37, len(said))
    page = {
        f"{sample.name}": sample.value
        for family in host_collector(host).collect()
        for sample in family.samples
    }
    assert page["touchline_host_viewers_lost_total"] == 37
    assert page["touchline_host_viewers_repaired_total"] == 37
    assert page["touchline_host_viewers_duplicate_total"] == 1
    assert sum(sum(taken.buckets) for taken in host.counters.versions.values()) == len(said)


def test_unknown_event(world: Any) -> None:
    """To follow an event that does not exist fails with what the broker says."""
    world.with_broker()
    world.event = "nothing-here"
    feed = world.subscriber()
    with pytest.raises(NotFound):
        feed.next(PATIENCE)


# ── killed ───────────────────────────────────────────────────────────────────────────────────


def test_host_killed_in_a_crowd(world: Any) -> None:
    """A host is killed while 50 people report, and started again: every report is stored once,
    each action is one entry, seq has no hole, and the subscriber goes on by itself.

    Who comes back too late on a busy machine is taken for lost, so that fewer are needed for what
    is said meanwhile: it may come first, and its text has a newer version then.
    """
    world.with_broker()
    process = world.host_process()
    people = [world.reporter(f"p{i}") for i in range(50)]
    feed = world.feed()
    world.until(lambda: feed.open and all(one.session.open for one in people), feed, *people)
    goals = 6
    shuffled = random.Random(7)
    for number in range(goals):
        for one in shuffled.sample(people, len(people)):
            one.say("goal", "A", time=world.at(number) + shuffled.randint(-3, 3) * SECOND)
        if number == 2:
            world.until(lambda: len(feed.messages) >= 1, feed, *people[:10])
            world.kill(process)
            stored = {member.peer: member.n for member in world.restored().roster.reporters}
            for one in people:
                assert one.setup is not None
                assert stored[one.setup.peer] >= one.core.stored, "receipted, and lost"
        if number == 3:
            process = world.host_process()
    world.until(lambda: all(one.pending == 0 for one in people), feed, *people)
    world.until(lambda: len(feed.newest) == goals, feed, *people)
    beats = feed.beats
    world.until(lambda: feed.beats > beats and feed.tracker.whole, feed, *people)
    assert feed.seqs == list(range(1, len(feed.seqs) + 1))
    newest = sorted(feed.newest.values(), key=lambda entry: entry.time)
    assert [entry.text for entry in newest] == [
        f"GOAL for A. A {number}–0 B" for number in range(1, goals + 1)
    ]
    assert "diverged" not in feed.notices
    world.kill(process)
    core = world.restored()
    assert {member.n for member in core.roster.reporters} == {goals}
    assert len(core.timeline.standing) == goals
    assert core.feed.digest == feed.tracker.digest
    for claim in core.by_entry.values():
        voters = [index for index, _ in claim.votes]
        assert sorted(voters) == list(range(50)), "everybody once"


def test_host_killed_and_nobody_reports(world: Any) -> None:
    """After a restart of the host a subscriber is told of the new epoch, and is where it was."""
    world.with_broker()
    process = world.host_process(verdict="fixed:1")
    ann, feed = world.reporter("ann"), world.feed()
    world.goal(0, ann)
    world.until(lambda: feed.seqs == [1], ann, feed)
    world.kill(process)
    world.host_process(verdict="fixed:1")
    world.until(lambda: feed.tracker.epoch == 2 and feed.open, ann, feed)
    world.goal(1, ann)
    world.until(lambda: feed.seqs == [1, 2], ann, feed)
    assert "epoch" in feed.notices
    assert feed.tracker.counters.diverged == 0


def test_broker_killed(world: Any) -> None:
    """While the broker is gone those who have joined go on; when it is back, others can join."""
    broker = world.broker_process()
    world.with_event(alone=True)
    world.host()
    ann, bob, feed = world.reporter("ann"), world.reporter("bob"), world.feed()
    world.until(lambda: feed.open and ann.session.open and bob.session.open, ann, bob, feed)
    world.kill(broker)
    world.goal(0, ann, bob)
    world.until(lambda: feed.seqs == [1] and not ann.pending, ann, bob, feed)
    world.broker_process()
    cid, late = world.reporter("cid"), world.feed("late")
    world.goal(1, ann, cid)
    # Where the broker takes long to start, ann and bob are silent meanwhile and the feed says so.
    world.until(lambda: feed.seqs == late.seqs and len(late.seqs) == 2, ann, bob, cid, feed, late)


def test_host_starts_without_a_broker(world: Any) -> None:
    """A host killed and started again while the broker is away serves what its journal holds, and
    is found by those who know it, at the latest when the broker is back."""
    broker = world.broker_process()
    world.with_event(alone=True)
    process = world.host_process()
    ann, bob, feed = world.reporter("ann"), world.reporter("bob"), world.feed()
    world.goal(0, ann, bob)
    world.until(lambda: feed.seqs == [1], ann, bob, feed)
    world.kill(broker)
    world.kill(process)
    world.goal(1, ann, bob)
    assert world.told(world.start_host()) == "ready"
    world.broker_process()
    world.until(lambda: feed.seqs == [1, 2] and not ann.pending, ann, bob, feed)


def test_reporter_killed(world: Any) -> None:
    """What a reporter said while no host was there is delivered when both are started again, once
    each."""
    world.with_broker()
    process = world.host_process(verdict="fixed:1")
    world.kill(process)
    outbox = world.folder / "outbox"
    ann = world.reporter_process(outbox, 5)
    assert [world.line(ann) for _ in range(5)] == ["1", "2", "3", "4", "5"]
    world.kill(ann)
    world.host_process(verdict="fixed:1")
    feed = world.feed()
    for _ in range(2):
        again = world.reporter_process(outbox, 0)
        assert world.line(again) == "delivered"
    world.until(lambda: feed.seqs == [1, 2, 3, 4, 5], feed)


# ── two hosts ────────────────────────────────────────────────────────────────────────────────


def test_second_host(world: Any) -> None:
    """A second host on an event is refused; when the first is dead and its lease over, it takes
    over under a higher epoch, with a journal of its own, and everybody follows."""
    world.with_broker(lease_seconds=1.0)
    first = world.host_process("first")
    ann, bob, feed = world.reporter("ann"), world.reporter("bob"), world.feed()
    for number in range(3):
        world.goal(number, ann, bob)
    world.until(lambda: feed.seqs == [1, 2, 3] and not ann.pending, ann, bob, feed)
    refused = world.host("second")
    assert isinstance(refused.lost[world.event], Conflict)
    world.kill(first)
    answers = []
    while "ready" not in answers:
        process = world.start_host("third")
        answers.append(world.told(process))
        assert answers[-1] in ("ready", ["CONFLICT"])
        assert len(answers) < 20
    n = ann.say("goal", "B", time=world.at(9))
    bob.say("goal", "B", time=world.at(9))
    world.until(lambda: not ann.pending and not bob.pending, ann, bob, feed)
    world.until(lambda: feed.messages[-1].headline == "A 0–1 B", ann, bob, feed)
    world.until(lambda: ann.fate(n) is not None and ann.fate(n).outcome == "accepted", ann, bob)
    assert feed.messages[-1].epoch > 1
    assert "diverged" in feed.notices


def test_torn_journal(world: Any) -> None:
    """An event whose journal can't be read is not served; nothing pretends to be well."""
    world.with_broker()
    world.kill(world.host_process())
    journal = Journal(world.journal())
    journal.commit([(world.event, b"torn")])
    journal.close()
    assert world.told(world.start_host()) == ["STORAGE"]


def test_a_byte_that_has_changed_in_a_report(world: Any) -> None:
    """The host does not serve the event and says which turn it is, although it could be read."""
    host = world.with_broker().host(verdict="fixed:1")
    ann = world.reporter("ann")
    for number in range(3):
        world.goal(number, ann)
        world.until(lambda: not ann.pending, ann)
    world.end(host)
    path = world.folder / "host.db"
    content = path.read_bytes()
    at = content.rindex(b"\xa4goal")
    path.write_bytes(content[: at + 1] + b"gaol" + content[at + 5 :])
    again = world.host()
    sentence = again.lost[world.event].sentence
    assert re.search(rf"turn \d+ of {world.event} is damaged", sentence), sentence
