"""One ordered feed, whatever the network does.

Networks are drawn from a seed; run one again with `-k seed17`.
"""

from __future__ import annotations

from random import Random

import pytest

from touchline.peer.host.event.feed import Feed
from touchline.peer.subscriber import tracker as module
from touchline.peer.subscriber.tracker import AGAIN_SECONDS, ASKED, JITTER_SECONDS, Tracker
from touchline.protocol import codec
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.messages import Block


def body(seq: int) -> bytes:
    return b"message %d" % seq


class Follower:
    """A tracker, and the host's feed beside it."""

    def __init__(self, published: int = 0, jitter: float = 0.5) -> None:
        self.feed = Feed("e")
        self.tracker = Tracker(lambda: jitter)
        self.got: list[bytes] = []
        self.now = 10.0
        self.publish(published)

    def publish(self, count: int = 1) -> None:
        for _ in range(count):
            self.feed.append(body(self.feed.seq + 1))

    def join(self, epoch: int = 1) -> None:
        self.tracker.joined(epoch, self.feed.seq, self.now)

    def hear(self, *seqs: int, epoch: int = 1) -> None:
        for seq in seqs:
            self.got += self.tracker.published(epoch, seq, body(seq), self.now)

    def beat(self, epoch: int = 1) -> bool:
        return self.tracker.heartbeat(epoch, self.feed.seq, self.feed.digest, self.now)

    def asked(self) -> tuple[int, int] | None:
        """Let time pass until a replay is asked for."""
        due = self.tracker.next_timer()
        if due is None:
            return None
        self.now = max(self.now, due)
        return self.tracker.wanted(self.now)

    def replay(self, first: int, last: int) -> None:
        for frame in self.feed.replay(1, first, last):
            block = codec.decode_host_reply(frame)
            assert isinstance(block, Block)
            self.got += self.tracker.replayed(block, self.now)

    def counts(self) -> dict[str, int]:
        counters = self.tracker.counters
        names = ("received", "history", "lost", "repaired", "out_of_order", "duplicate", "epochs")
        return {name: getattr(counters, name) for name in names if getattr(counters, name)}

    def check(self) -> None:
        """All is there, in order, once."""
        assert self.got == [body(seq) for seq in range(1, self.feed.seq + 1)]
        assert self.tracker.digest == self.feed.digest
        assert self.tracker.whole
        assert self.tracker.next_timer() is None


def test_in_order():
    """What comes in order is delivered at once and counted as received."""
    f = Follower()
    f.join()
    f.publish(3)
    f.hear(1, 2, 3)
    f.check()
    assert f.counts() == {"received": 3}


def test_history():
    """What was published before one came is asked for at once, and is not lost."""
    f = Follower(600)
    f.join()
    assert f.tracker.next_timer() == f.now
    assert f.asked() == (1, 600)
    f.replay(1, 600)
    f.check()
    assert f.counts() == {"received": 600, "history": 600}


def test_history_and_live_together():
    """What is published while the history is under way waits for it."""
    f = Follower(5)
    f.join()
    f.publish(2)
    f.hear(6, 7)
    assert f.got == []
    assert f.asked() == (1, 5)
    f.replay(1, 5)
    f.check()
    assert f.counts() == {"received": 7, "history": 5}


def test_gap():
    """A gap is asked for once, after the jitter, exactly; what comes was lost and is repaired."""
    f = Follower(jitter=0.5)
    f.join()
    f.publish(5)
    f.hear(1, 4, 5)
    assert f.got == [body(1)]
    assert f.tracker.next_timer() == f.now + 0.5 * JITTER_SECONDS
    assert f.tracker.wanted(f.now) is None
    assert f.asked() == (2, 3)
    assert f.tracker.wanted(f.now) is None, "asked once"
    f.replay(2, 3)
    f.check()
    assert f.counts() == {"received": 5, "lost": 2, "repaired": 2}


def test_last_message_lost():
    """The heartbeat tells of the loss of the very last message."""
    f = Follower()
    f.join()
    f.publish(2)
    f.hear(1)
    assert f.beat()
    assert f.asked() == (2, 2)
    f.replay(2, 2)
    f.check()


def test_out_of_order():
    """What comes late by itself before it was asked for is out of order, not lost."""
    f = Follower()
    f.join()
    f.publish(4)
    f.hear(2, 1, 4, 3)
    f.check()
    assert f.counts() == {"received": 4, "out_of_order": 2}


def test_late_after_asked():
    """What comes by itself after it was asked for was not lost; the replay is no news."""
    f = Follower()
    f.join()
    f.publish(3)
    f.hear(1, 3)
    assert f.asked() == (2, 2)
    f.hear(2)
    f.check()
    f.replay(2, 2)
    f.check()
    assert f.counts() == {"received": 3, "out_of_order": 1}


def test_duplicates():
    """What came already is dropped and counted, delivered or not."""
    f = Follower()
    f.join()
    f.publish(3)
    f.hear(1, 1, 3, 3)
    assert f.counts() == {"received": 1, "duplicate": 2}
    f.hear(2)
    f.check()


def test_two_gaps():
    """Of two gaps the second is asked for after the first is closed."""
    f = Follower()
    f.join()
    f.publish(7)
    f.hear(1, 3, 4, 7)
    assert f.asked() == (2, 2)
    f.replay(2, 2)
    assert f.tracker.next_timer() == f.now, "without a further wait"
    assert f.asked() == (5, 6)
    f.replay(5, 6)
    f.check()
    assert f.counts() == {"received": 7, "lost": 3, "repaired": 3}


def test_unanswered():
    """A replay that is not answered is asked for again, and counts no more losses."""
    f = Follower()
    f.join()
    f.publish(3)
    f.hear(3)
    assert f.asked() == (1, 2)
    before = f.now
    assert f.asked() == (1, 2)
    assert f.now == before + AGAIN_SECONDS
    f.replay(1, 2)
    f.check()
    assert f.counts() == {"received": 3, "lost": 2, "repaired": 2}


def test_block_lost_on_the_way():
    """When a block of a long replay goes missing, what it held is asked for again."""
    f = Follower(700)
    f.join()
    first, last = f.asked()
    blocks = [codec.decode_host_reply(frame) for frame in f.feed.replay(1, first, last)]
    for block in (blocks[0], blocks[2]):
        f.got += f.tracker.replayed(block, f.now)
    assert f.asked() == (257, 512)
    f.replay(257, 512)
    f.check()


def test_more_blocks_are_waited_for():
    """While blocks of a replay keep coming it is not asked for again."""
    f = Follower(700)
    f.join()
    first, last = f.asked()
    blocks = [codec.decode_host_reply(frame) for frame in f.feed.replay(1, first, last)]
    for block in blocks[:2]:
        f.now += AGAIN_SECONDS * 0.9
        assert f.tracker.wanted(f.now) is None
        f.got += f.tracker.replayed(block, f.now)


def test_digest_mismatch():
    """A heartbeat at our seq with another digest shows another feed; elsewhere it shows nothing."""
    f = Follower()
    f.join()
    f.publish(2)
    f.hear(1, 2)
    assert f.beat()
    assert not f.tracker.heartbeat(1, 2, EMPTY, f.now)
    assert f.tracker.heartbeat(1, 3, EMPTY, f.now)


def test_reset_to_a_shorter_feed():
    """After a reset a feed that is shorter than the old one is had whole, and nothing beyond it is
    asked for."""
    f = Follower()
    f.join()
    f.publish(9)
    f.hear(1, 2, 3, 9)
    f.tracker.reset()
    other = Follower(4)
    f.feed, f.got = other.feed, []
    f.join(epoch=2)
    assert f.asked() == (1, 4)
    f.replay(1, 4)
    f.check()
    assert f.tracker.newest == 4


def test_back_again():
    """Who attaches again waits a moment for what may be on its way before asking for it."""
    f = Follower()
    f.join()
    f.publish(2)
    f.join(epoch=2)
    assert f.tracker.wanted(f.now) is None
    f.hear(1, 2)
    f.check()
    assert f.counts() == {"received": 2, "epochs": 1}


def test_epochs():
    """Each new epoch counts once, and the feed goes on over it."""
    f = Follower()
    f.join(1)
    f.publish(2)
    f.hear(1, epoch=1)
    f.hear(2, epoch=3)
    f.hear(2, epoch=2)
    assert f.tracker.epoch == 3
    f.check()
    assert f.counts() == {"received": 2, "epochs": 1, "duplicate": 1}


def test_heartbeat_before_joined():
    """What a heartbeat tells of before one has joined is history, not lost."""
    f = Follower(3)
    assert f.beat()
    assert f.asked() == (1, 3)
    f.replay(1, 3)
    f.check()
    assert f.counts() == {"received": 3, "history": 3}


def test_ahead_is_bounded(monkeypatch):
    """What is held beyond a gap is bounded; the rest is had by replay."""
    monkeypatch.setattr(module, "AHEAD", 3)
    f = Follower()
    f.join()
    f.publish(8)
    f.hear(2, 3, 4, 5, 6, 7, 8)
    while (asked := f.asked()) is not None:
        f.replay(*asked)
    f.check()


@pytest.mark.parametrize("seed", range(150), ids=lambda seed: f"seed{seed}")
def test_any_network(seed):
    """Whatever is lost, doubled, reordered, late or cut off, replays and restarts included: in the
    end the digest is the host's, and the counters say what happened."""
    random = Random(seed)
    f = Follower(random.choice([0, 0, 3, 300]), jitter=random.random())
    lossy, slow = random.choice([0, 0.1, 0.5]), random.choice([0, 0.3])
    doubled, breaks = random.choice([0, 0.2]), random.choice([0, 0.3])
    end = f.now + 40
    flying: list[tuple[float, int, object]] = []  # (arrival, order, what)
    order = 0
    epoch, joined_at = 1, f.feed.seq
    f.join()

    def fly(what, least=0.01):
        nonlocal order
        order += 1
        delay = random.uniform(0.5, 4.0) if random.random() < slow and f.now < end else least
        flying.append((f.now + delay, order, what))

    def arrive(what):
        kind, *rest = what
        if kind == "message":
            f.got += f.tracker.published(rest[0], rest[1], body(rest[1]), f.now)
        elif kind == "beat":
            assert f.tracker.heartbeat(*rest, f.now)
        else:
            f.got += f.tracker.replayed(rest[0], f.now)

    while f.now < end or flying or f.tracker.seq < f.feed.seq:
        quiet = f.now >= end
        if not quiet and random.random() < 0.6:
            for _ in range(random.choice([1, 1, 5, 20])):
                f.publish()
                for _ in range(2 if random.random() < doubled else 1):
                    if random.random() >= lossy:
                        fly(("message", epoch, f.feed.seq))
        if not quiet and random.random() < 0.05:
            epoch += 1
            f.tracker.joined(epoch, f.feed.seq, f.now)
        if random.random() < 0.2 or (quiet and f.tracker.seq < f.feed.seq):
            fly(("beat", epoch, f.feed.seq, f.feed.digest), least=0.02)
        wanted = f.tracker.wanted(f.now)
        if wanted is not None and (quiet or random.random() >= breaks):
            for frame in f.feed.replay(1, *wanted):
                if quiet or random.random() >= breaks:
                    fly(("block", codec.decode_host_reply(frame)))
        f.now += 0.25 if f.now < end else 0.05
        due = sorted(item for item in flying if item[0] <= f.now)
        flying = [item for item in flying if item[0] > f.now]
        for _, _, what in due:
            arrive(what)
        assert f.now < end + 300, "it never comes to an end"
    f.check()
    counters = f.tracker.counters
    assert counters.received == f.feed.seq
    assert counters.lost == counters.repaired
    assert counters.history == joined_at
    assert counters.epochs == epoch - 1
    direct = counters.received - counters.history - counters.repaired
    assert 0 <= counters.out_of_order <= direct
    if not lossy and not slow:
        assert counters.lost == counters.out_of_order == 0


def test_the_trail() -> None:
    """The digest after each message is kept, whatever way it came, until the feed is another."""
    f = Follower(3)
    f.join()
    asked = f.asked()
    assert asked is not None
    f.replay(*asked)
    f.publish(2)
    f.hear(5, 4)
    digest, trail = EMPTY, b""
    for seq in range(1, 6):
        digest = chain(digest, body(seq))
        trail += digest
    assert f.tracker.trail == trail
    f.tracker.reset()
    assert not f.tracker.trail


def test_a_new_host_may_have_less():
    """What only the host before is known to have had is not waited for under the next epoch."""
    f = Follower(3)
    f.join()
    f.replay(1, 3)
    f.tracker.heartbeat(f.tracker.epoch, 5, bytes(16), f.now)
    assert not f.tracker.whole
    f.tracker.heartbeat(f.tracker.epoch + 1, 3, f.feed.digest, f.now)
    f.check()


@pytest.mark.parametrize("word", ["joined", "heartbeat", "message"])
def test_a_feed_that_is_said_to_be_endless(word):
    """How much is missing is the host's word: whatever it says, so much is asked for at one time,
    and nothing that is kept grows with it."""
    f = Follower(3)
    f.join()
    f.replay(1, 3)
    end = 2**62
    if word == "joined":
        f.tracker.joined(1, end, f.now)
    elif word == "heartbeat":
        f.tracker.heartbeat(1, end, bytes(16), f.now)
    else:
        assert f.tracker.published(1, end, b"x", f.now) == []
    for _ in range(3):
        assert f.asked() == (4, 3 + ASKED)
    assert f.tracker.counters.lost <= ASKED
    assert len(f.tracker._lost) <= ASKED


def test_a_long_feed_is_asked_for_in_parts(monkeypatch):
    """One part follows the other at once."""
    monkeypatch.setattr(module, "ASKED", 4)
    f = Follower(10)
    f.join()
    parts = []
    while (asked := f.asked()) is not None:
        assert f.now == 10.0
        parts.append(asked)
        f.replay(*asked)
    assert parts == [(1, 4), (5, 8), (9, 10)]
    f.check()


def test_what_is_ahead_is_bounded_in_bytes(monkeypatch):
    """Neither live messages nor blocks that nobody asked for are held beyond so many bytes; the
    next one in order always is, and what was dropped is had by replay."""
    monkeypatch.setattr(module, "AHEAD_BYTES", 40)
    f = Follower()
    f.join()
    f.publish(8)
    f.hear(5, 6, 7, 8)
    assert f.tracker.ahead == 4
    f.tracker.replayed(Block(id=1, event="e", first=100, frames=[bytes(30)] * 50), f.now)
    assert f.tracker.ahead <= 4
    f.hear(3, 4, 2)
    assert f.tracker.ahead == 4
    while (asked := f.asked()) is not None:
        f.replay(*asked)
    f.check()
    assert f.tracker._ahead_bytes == 0
