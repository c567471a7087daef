"""What a subscriber makes of a feed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.host.event.feed import Feed
from touchline.peer.liveness import LEAST_SECONDS
from touchline.peer.subscriber.core import Latency, SubscriberCore
from touchline.peer.subscriber.silence import of_host
from touchline.peer.subscriber.tracker import JITTER_SECONDS
from touchline.protocol import codec, limits
from touchline.protocol.messages import (
    Alarm,
    Card,
    Entry,
    Evidence,
    FeedMessage,
    Finished,
    Heartbeat,
    Pending,
    Restored,
    Setup,
)
from touchline.timeline.feed import Notice

SECOND = 1_000_000


def entry(seq: int, epoch: int = 1, sent: int = 0) -> Entry:
    return Entry(
        event="e",
        epoch=epoch,
        seq=seq,
        entry_id=str(seq),
        status="CONFIRMED",
        title="goal",
        origin="A",
        time=0,
        first_reported=0,
        accepted=0,
        sent=sent,
        evidence=Evidence(for_=2),
    )


class Follower:
    """A core, and a host's feed that it follows."""

    def __init__(self) -> None:
        self.core = SubscriberCore(lambda: 0.0)
        self.feed = Feed("e")
        self.now = 10.0
        self.wall = 0

    def publish(self, *messages: FeedMessage) -> None:
        for message in messages:
            self.feed.append(codec.encode(message))

    def hear(self, message: FeedMessage | Heartbeat, wall: int = 0) -> None:
        self.core.published(codec.topic("e") + codec.encode(message), self.now, wall)

    def join(self, epoch: int = 1, seq: int | None = None, asked: int | None = None) -> None:
        setup = Setup(
            id=1,
            card=Card(event="e", title="E", sport="football", origins=["A", "B"]),
            actions=[],
            peer="p",
            role="viewer",
            epoch=epoch,
            seq=self.feed.seq if seq is None else seq,
            digest=self.feed.digest,
            time=0,
            heartbeat=5.0,
            badge="b",
        )
        self.core.joined(setup, self.now, asked=asked)

    def beat(self, epoch: int = 1, digest: bytes | None = None, **fields: Any) -> None:
        self.hear(
            Heartbeat(
                event="e",
                epoch=epoch,
                digest=self.feed.digest if digest is None else digest,
                sent=0,
                present=7,
                claims=2,
                interval=4.0,
                **{"seq": self.feed.seq, **fields},
            )
        )

    def replay(self) -> None:
        wanted = self.core.tracker.wanted(self.now)
        assert wanted is not None
        for frame in self.feed.replay(1, *wanted):
            self.core.replayed(codec.decode_host_reply(frame), self.now, self.wall)

    def items(self) -> list[object]:
        items = list(self.core.items())
        self.core.items().clear()
        return items

    def seqs(self) -> list[int]:
        return [item.seq for item in self.items() if isinstance(item, Entry | Finished)]

    def notices(self) -> list[str]:
        return [item.kind for item in self.items() if isinstance(item, Notice)]


@pytest.fixture
def follower():
    made = Follower()
    made.join()
    return made


def test_in_order(follower):
    """Entries come out in the order of their seq, however they came in, and each once."""
    messages = [entry(seq) for seq in range(1, 5)]
    follower.publish(*messages)
    for seq in (1, 3, 2, 2, 4):
        follower.hear(messages[seq - 1])
    assert follower.seqs() == [1, 2, 3, 4]


def test_replayed_and_live_are_the_same(follower):
    """What comes by replay is what would have come by itself."""
    messages = [entry(seq) for seq in range(1, 4)]
    follower.publish(*messages)
    follower.hear(messages[2])
    follower.replay()
    assert follower.items() == messages


def test_unreadable(follower):
    """What can't be read is counted, and a message of a type unknown yet leaves no hole."""
    for frame in (b"", b"no topic", b"e\0garbage", b"\xff\xff\0\x80"):
        follower.core.published(frame, follower.now, 0)
    assert follower.core.refused == 4
    follower.publish(entry(1))
    follower.feed.append(codec.encode({"type": "riddle", "event": "e", "epoch": 1, "seq": 2}))
    follower.publish(entry(3))
    follower.hear(entry(1))
    follower.hear(entry(3))
    follower.replay()
    assert follower.seqs() == [1, 3]
    assert follower.core.tracker.digest == follower.feed.digest


def test_heartbeats(follower):
    """A heartbeat is an item, and tells who is there and when to expect the next."""
    follower.beat()
    assert [type(item) for item in follower.items()] == [Heartbeat]
    core = follower.core
    assert (core.present, core.claims, core.interval) == (7, 2, 4.0)


def pending(time: int, origin: str = "A") -> Pending:
    return Pending(title="goal", origin=origin, time=time, for_=1, needed=2)


def test_open_claims(follower):
    """The newest heartbeat's open claims are kept until the next, or until they are entries: of
    those of one action and origin the nearest in time is."""
    core = follower.core
    late, other, soon = pending(90 * SECOND), pending(0, "B"), pending(5 * SECOND)
    follower.beat(pending=[late, other, soon])
    assert core.pending == (late, other, soon)
    follower.publish(entry(1))
    follower.hear(entry(1))
    assert core.pending == (late, other)
    assert core.claims == 1
    follower.publish(replace(entry(2), status="UPDATED"))
    follower.hear(replace(entry(2), status="UPDATED"))
    assert core.pending == (late, other), "a new version of an entry decides nothing"
    follower.beat(pending=[other])
    assert core.pending == (other,)
    follower.beat()
    assert core.pending == ()


def test_what_was_decided_before(follower):
    """An entry that the host had published before it told of a claim is of another one, however
    late it comes here."""
    follower.publish(entry(1), entry(2))
    follower.beat(pending=[pending(0)])
    follower.hear(entry(1))
    assert follower.core.pending == (pending(0),)
    follower.publish(entry(3))
    follower.hear(entry(2))
    follower.hear(entry(3))
    assert follower.core.pending == ()


def test_nothing_is_open_in_the_end(follower):
    """Nothing is decided any more once the event is over, or the feed is another one."""
    core = follower.core
    follower.beat(pending=[pending(0)])
    follower.beat(digest=b"x" * 16)
    assert follower.notices() == ["diverged"]
    assert core.pending == ()
    follower.beat(pending=[pending(0)])
    over = Finished(event="e", epoch=1, seq=1, sent=0)
    follower.publish(over)
    follower.hear(over)
    assert core.pending == ()
    follower.beat(pending=[pending(0)])
    assert core.pending == ()


def test_stale_and_live(follower):
    """After two intervals of silence the feed is stale, once, and asks to be looked up; anything
    heard makes it live again."""
    follower.beat()
    follower.items()
    assert follower.core.next_timer() == follower.now + 8.0
    follower.now += 7.9
    assert not follower.core.handle_timer(follower.now)
    follower.now += 0.1
    assert follower.core.handle_timer(follower.now)
    assert not follower.core.handle_timer(follower.now + 100)
    assert follower.core.stale
    assert follower.notices() == ["stale"]
    assert follower.core.next_timer() is None
    follower.now += 30
    follower.beat()
    assert follower.notices() == ["live"]
    assert not follower.core.stale


def test_epoch(follower):
    """A new epoch is told once, and the feed goes on."""
    follower.publish(entry(1), entry(2, epoch=2))
    follower.hear(entry(1))
    follower.hear(entry(2, epoch=2))
    follower.join(epoch=2)
    items = follower.items()
    assert [item.kind for item in items if isinstance(item, Notice)] == ["epoch"]
    assert [item.seq for item in items if isinstance(item, Entry)] == [1, 2]


@pytest.mark.parametrize("length", [0, 1, 2, 5])
def test_another_feed(follower, length):
    """A host that knows another feed, shorter, as long or longer, is noticed at the latest by its
    heartbeat; its feed is had whole, and told as such."""
    follower.publish(entry(1), entry(2))
    follower.hear(entry(1))
    follower.hear(entry(2))
    follower.items()
    follower.feed = Feed("e")
    follower.publish(*[entry(seq, epoch=2) for seq in range(1, length + 1)])
    follower.join(epoch=2)
    if follower.core.tracker.next_timer() is not None:
        follower.replay()
    follower.beat(epoch=2)
    if follower.core.tracker.next_timer() is not None:
        follower.replay()
    follower.beat(epoch=2)
    tracker = follower.core.tracker
    assert tracker.counters.diverged == 1
    assert (tracker.seq, tracker.digest) == (length, follower.feed.digest)
    assert tracker.next_timer() is None
    items = follower.items()
    diverged = [isinstance(item, Notice) and item.kind == "diverged" for item in items]
    after = items[diverged.index(True) :]
    assert [item.seq for item in after if isinstance(item, Entry)] == list(range(1, length + 1))


@pytest.mark.parametrize(("asked", "diverged"), [(1, 0), (2, 1), (None, 1)])
def test_overtaken_setup(follower, asked, diverged):
    """What SUB brings while the host is asked may overtake its answer: only a feed that ends before
    what was here when it was asked is another one."""
    follower.publish(entry(1), entry(2))
    follower.hear(entry(1))
    follower.hear(entry(2))
    follower.join(seq=1, asked=asked)
    assert follower.core.tracker.counters.diverged == diverged


def test_finished(follower):
    """The end is an item like the others, and is remembered."""
    over = Finished(event="e", epoch=1, seq=1, sent=0)
    follower.publish(over)
    follower.hear(over)
    assert follower.items() == [over]
    assert follower.core.finished


ALARM = Alarm(event="e", epoch=1, seq=1, sent=0, last_received=5 * SECOND)
RESTORED = Restored(event="e", epoch=1, seq=2, sent=0, since=1, until=2)


def test_suspended(follower):
    """An alarm suspends the event, contact is told by a heartbeat, `restored` ends it; all but the
    heartbeat are items with a seq of their own."""
    core = follower.core
    states = []
    follower.publish(ALARM, RESTORED)
    follower.beat(state="live", seq=0)
    for step in (
        lambda: follower.hear(ALARM),
        lambda: follower.beat(state="reconstructing", seq=1, digest=core.tracker.digest),
        lambda: follower.hear(RESTORED),
    ):
        step()
        core.look_why(of_host(broker=True))
        states.append((core.state, core.cause.kind))
    assert states == [
        ("suspended", "venue_lost"),
        ("reconstructing", "reconstructing"),
        ("live", "quiet"),
    ]
    assert core.last_received == 5 * SECOND
    items = [item for item in follower.items() if isinstance(item, Alarm | Restored)]
    assert items == [ALARM, RESTORED]


def test_a_replay_is_older_than_the_heartbeat(follower):
    """An alarm that a replay brings does not undo what a newer heartbeat said."""
    follower.publish(ALARM)
    follower.beat(state="reconstructing")
    follower.replay()
    assert [item for item in follower.items() if isinstance(item, Alarm)] == [ALARM]
    assert follower.core.state == "reconstructing"
    follower.publish(RESTORED)
    follower.hear(RESTORED)
    assert follower.core.state == "live"


def test_another_feed_is_read_anew(follower):
    """What a heartbeat of a feed that is void said does not hide the alarms of the next."""
    follower.publish(ALARM, RESTORED)
    follower.hear(ALARM)
    follower.hear(RESTORED)
    follower.beat()
    follower.feed = Feed("e")
    follower.publish(ALARM)
    follower.join(epoch=2)
    follower.replay()
    assert follower.core.state == "suspended"


def test_causes_are_told_once(follower):
    """A change of the cause is a notice, also back to quiet; the same cause is not told again."""
    core = follower.core
    follower.beat(trouble="the disk is full")
    for broker in (True, True, False):
        core.look_why(of_host(broker=broker))
    follower.beat(disputed=1)
    core.look_why(of_host(broker=True))
    follower.now += 8.0
    core.handle_timer(follower.now)
    for broker in (None, True, False):
        core.look_why(of_host(broker=broker))
    follower.beat()
    core.look_why(of_host(broker=False))
    assert follower.notices() == [
        "host_trouble",
        "disagree",
        "stale",
        "silent",
        "host_lost",
        "link_lost",
        "live",
        "quiet",
    ]


def test_loss_of_the_last(ground):
    """When the very last message before a silence is lost, here an entry, there an alarm, it is
    missed within one heartbeat."""
    for last in ("Entry", "Alarm"):
        g = ground()
        g.begun()
        g.both("goal", "A", at=g.second)
        if last == "Alarm":
            g.wait(20)
        assert g.kinds[-1] == last
        core = SubscriberCore(lambda: 0.0)
        topic = codec.topic("e")
        for body in g.bodies[:-1]:
            core.published(topic + body, g.now, 0)
        published, beats = g.now, len(g.beats)
        while len(g.beats) == beats:
            g.wait(0.1)
        assert g.now - published <= g.options.heartbeat + 0.1
        core.published(topic + codec.encode(g.beats[-1]), g.now, 0)
        assert core.tracker.wanted(g.now) == (len(g.bodies), len(g.bodies))


def test_latency(follower):
    """A message is timed from the host's sending, by the host's clock."""
    follower.hear(entry(1, sent=1_000 * SECOND), wall=1_000 * SECOND + 30_000)
    follower.hear(entry(2, sent=1_000 * SECOND), wall=999 * SECOND)
    assert list(follower.core.latency.newest) == [0.03, 0.0]


def test_latency_of_what_was_lost(follower):
    """What had to be asked for again is as late as its replay, and so is what waited behind it; a
    duplicate and what was published before the subscriber came are not counted."""
    sent = 1_000 * SECOND
    first, lost, behind = (entry(seq, sent=sent) for seq in (1, 2, 3))
    follower.publish(first, lost, behind)
    follower.hear(first, wall=sent + 10_000)
    follower.hear(behind, wall=sent + 20_000)
    follower.hear(behind, wall=sent + 30_000)
    assert list(follower.core.latency.newest) == [0.01]
    follower.now += JITTER_SECONDS
    follower.wall = sent + 3 * SECOND
    follower.replay()
    assert list(follower.core.latency.newest) == [0.01, 3.0, 3.0]
    counters = follower.core.tracker.counters
    assert (counters.received, counters.lost, counters.repaired) == (3, 1, 1)


def test_latency_of_history(follower):
    """What was published before the subscriber came is not late."""
    late = Follower()
    late.publish(entry(1), entry(2))
    late.join()
    late.wall = SECOND
    late.replay()
    late.publish(entry(3))
    late.hear(entry(3), wall=40_000)
    assert late.seqs() == [1, 2, 3]
    assert list(late.core.latency.newest) == [0.04]


def test_percentiles():
    """Percentiles are those of the newest; the buckets count them all."""
    latency = Latency()
    assert latency.percentile(50) is None
    for milliseconds in range(1, 101):
        latency.add(milliseconds / 1_000)
    assert latency.percentile(50) == 0.051
    assert latency.percentile(100) == latency.percentile(99) == 0.1
    assert latency.percentile(0) == 0.001
    assert sum(latency.buckets) == 100
    assert latency.buckets[0] == 1


def test_timer_while_nothing_can_be_asked(follower):
    """While replays can't be asked for, a gap does not keep the shell awake."""
    follower.publish(entry(1), entry(2))
    follower.hear(entry(2))
    assert follower.core.next_timer() == follower.now
    assert follower.core.next_timer(asking=False) == follower.now + 10.0


def test_a_host_speaks_of_its_event_alone():
    """What it publishes or replays under the name of another event, or of another place than the
    one that it was asked for, is refused; the rest is delivered."""
    f = Follower()
    f.core = SubscriberCore(lambda: 0.0, event="e")
    f.publish(entry(1), replace(entry(2), event="final"), entry(2**60), entry(4))
    f.join()
    block = codec.decode_host_reply(next(iter(f.feed.replay(1, 1, 4))))
    f.core.replayed(block, f.now, f.wall)
    assert [item.seq for item in f.core.items() if isinstance(item, Entry)] == [1, 4]
    assert (f.core.refused, f.core.tracker.seq) == (2, 4)
    f.hear(replace(entry(5), event="final"))
    f.hear(Heartbeat(event="final", epoch=9, seq=5, digest=bytes(16), sent=0))
    assert (f.core.refused, f.core.tracker.seq, f.core.tracker.epoch) == (4, 4, 1)


def test_a_host_that_beats_all_the_time():
    """Neither its setup nor its heartbeats have it called silent without a pause."""
    f = Follower()
    f.join()
    f.hear(Heartbeat(event="e", epoch=1, seq=0, digest=f.feed.digest, sent=0, interval=1e-9))
    assert f.core.interval == LEAST_SECONDS


@pytest.mark.parametrize("replayed", [False, True], ids=["live", "replayed"])
def test_a_feed_without_end(follower, monkeypatch, replayed):
    """A feed that is longer than a feed may be is taken so far and no further, also where it begins
    anew again and again."""
    follower.publish(*(entry(seq) for seq in range(1, 9)))
    whole = follower.feed.size
    monkeypatch.setattr(limits, "FEED_BYTES", whole * 3 // 2)
    taken = []
    for _ in range(3):
        if replayed:
            (frame,) = follower.feed.replay(1, 1, 8)
            follower.core.replayed(codec.decode_host_reply(frame), follower.now, 0)
        else:
            for seq in range(1, 9):
                follower.hear(entry(seq))
        taken.append(len(follower.seqs()))
        follower.core.restarted("another feed")
    assert taken == ([8, 8, 0] if replayed else [8, 5, 0])
    assert follower.core.failure.code == "TOO_LARGE"
