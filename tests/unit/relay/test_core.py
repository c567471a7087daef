"""What a relay puts into the stream, given the last message that is there."""

from __future__ import annotations

from itertools import product

import pytest

from touchline.peer.subscriber.tracker import Tracker
from touchline.protocol import codec, messages
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.messages import Finished, Relayed
from touchline.protocol.relay import FeedPlace
from touchline.relay.core import (
    TABLE,
    LookUp,
    RelayCore,
    RelayInput,
    RelayState,
    Store,
    StoredMessage,
    replaces,
)

NOW = 100.0


def body(seq: int, epoch: int = 1, reason: str = "") -> bytes:
    """A message of a feed."""
    return codec.encode(Finished(event="e", epoch=epoch, seq=seq, sent=0, reason=reason))


class Subject:
    """A subject of a stream, of which NATS takes what is expected."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, FeedPlace, bytes]] = []
        self.number = 0

    @property
    def last(self) -> StoredMessage | None:
        return StoredMessage(*self.messages[-1][:2]) if self.messages else None

    @property
    def seqs(self) -> list[int]:
        return [place.seq for _, place, _ in self.messages]

    def store(self, message: Store) -> int | None:
        last = self.messages[-1][0] if self.messages else 0
        if message.expected != last:
            return None
        self.number += 7  # the sequence is that of all subjects
        self.messages.append((self.number, message.place, message.body))
        return self.number


class Side:
    """A relay and the feed of its host."""

    def __init__(self, subject: Subject, epoch: int = 1) -> None:
        self.tracker = Tracker(lambda: 0.0, keeps_bodies=True)
        self.core = RelayCore(self.tracker)
        self.subject = subject
        self.now = NOW
        self.tracker.joined(epoch, 0, NOW)

    def hear(self, *bodies: bytes) -> None:
        """Receive messages of the host."""
        for each in bodies:
            message = codec.decode_published(each)
            assert isinstance(message, Finished)
            self.tracker.published(message.epoch, message.seq, each, self.now)

    def step(self) -> bool:
        """Do the next; return whether there was anything to do."""
        match self.core.next(self.now):
            case LookUp():
                self.core.found(self.subject.last)
            case Store() as message:
                number = self.subject.store(message)
                if number is None:
                    self.core.overtaken(self.now)
                else:
                    self.core.stored(number, message.place)
            case None:
                return False
        return True

    def go(self) -> None:
        """Do all that can be done, pauses included."""
        for _ in range(1_000):
            if not self.step():
                timer = self.core.next_timer()
                if timer is None or timer <= self.now:
                    return
                self.now = timer


FEED = [body(seq) for seq in range(1, 6)]


def digest(bodies: list[bytes]) -> bytes:
    found = EMPTY
    for each in bodies:
        found = chain(found, each)
    return found


def test_a_feed_goes_into_an_empty_subject() -> None:
    """Each message is stored once, in order, byte for byte, with its digest."""
    subject = Subject()
    side = Side(subject)
    side.hear(*FEED)
    side.go()
    assert [content for _, _, content in subject.messages] == FEED
    assert [place.digest for _, place, _ in subject.messages] == [
        digest(FEED[:seq]) for seq in range(1, 6)
    ]
    assert (side.core.behind, side.core.position, side.core.covers) == (0, 5, 5)


def test_a_relay_that_starts_goes_on_from_the_last() -> None:
    """Nothing is stored again; what is new is."""
    subject = Subject()
    before = Side(subject)
    before.hear(*FEED[:3])
    before.go()
    after = Side(subject)
    assert after.step()
    assert after.core.behind == 0
    after.hear(*FEED[:2])
    after.go()
    assert subject.seqs == [1, 2, 3]
    after.hear(*FEED[2:])
    after.go()
    assert subject.seqs == [1, 2, 3, 4, 5]


def test_two_relays_store_each_message_once() -> None:
    """However their steps fall, no message is there twice."""
    subject = Subject()
    sides = [Side(subject), Side(subject)]
    for each in FEED:
        for side in sides:
            side.hear(each)
        sides[0].step()
        sides[1].step()
        sides[1].step()
    for side in sides:
        side.go()
    assert subject.seqs == [1, 2, 3, 4, 5]
    assert sum(side.core.counters.overtaken for side in sides) > 0


def test_a_relay_that_was_stopped_looks_again() -> None:
    """What it wanted to store an hour ago is refused, and it goes on after the other."""
    subject = Subject()
    stopped, other = Side(subject), Side(subject)
    stopped.hear(*FEED[:1])
    assert stopped.step()
    message = stopped.core.next(NOW)
    assert isinstance(message, Store)
    other.hear(*FEED[:3])
    other.go()
    assert subject.store(message) is None
    stopped.core.overtaken(NOW + 3_600.0)
    stopped.now = NOW + 3_600.0
    stopped.hear(*FEED[1:])
    stopped.go()
    assert subject.seqs == [1, 2, 3, 4, 5]


def test_an_answer_that_is_lost_is_looked_for() -> None:
    """A message may be there although NATS did not say so; it is not stored again."""
    subject = Subject()
    side = Side(subject)
    side.hear(*FEED[:2])
    assert side.step()
    message = side.core.next(NOW)
    assert isinstance(message, Store)
    subject.store(message)
    side.core.failed(NOW)
    side.go()
    assert subject.seqs == [1, 2]


def test_another_feed_of_a_newer_host_begins_anew() -> None:
    """The feed of a host without the journal of the one before follows from its first message."""
    subject = Subject()
    old = Side(subject, 1)
    old.hear(*FEED)
    old.go()
    new = Side(subject, 2)
    new.hear(body(1, 2, "new"))
    new.go()
    assert subject.seqs == [1, 2, 3, 4, 5, 1]
    assert new.core.counters.begun_anew == 1
    old.hear(body(6))
    old.go()
    assert subject.seqs == [1, 2, 3, 4, 5, 1]
    assert "epoch 2" in old.core.trouble
    assert old.core.covers == -1


def test_the_feed_of_an_older_host_is_never_added() -> None:
    """Where the new host's messages begin as the old one's did, the old one still adds nothing."""
    subject = Subject()
    new = Side(subject, 2)
    new.hear(*FEED[:2])
    new.go()
    old = Side(subject, 1)
    old.hear(*FEED)
    old.go()
    assert subject.seqs == [1, 2]


def test_another_feed_of_one_epoch_is_left_alone() -> None:
    """Two feeds under one epoch can't both be right: the relay says so, and stores nothing."""
    subject = Subject()
    one, other = Side(subject), Side(subject)
    one.hear(*FEED[:2])
    one.go()
    other.hear(body(1, reason="x"), body(2, reason="x"), body(3, reason="x"))
    other.go()
    assert subject.seqs == [1, 2]
    assert "same epoch" in other.core.trouble


def test_a_host_that_has_not_answered_changes_nothing() -> None:
    """Before the host's epoch is known, nothing is begun anew."""
    subject = Subject()
    before = Side(subject)
    before.hear(*FEED)
    before.go()
    fresh = RelayCore(Tracker(lambda: 0.0, keeps_bodies=True))
    assert isinstance(fresh.next(NOW), LookUp)
    fresh.found(subject.last)
    assert fresh.next(NOW) is None
    assert fresh.trouble == ""


def test_a_heartbeat_waits_for_what_was_before_it() -> None:
    """A heartbeat may be passed on when the stream has all that it speaks of."""
    side = Side(Subject())
    assert side.core.covers == -1
    assert side.step()
    assert side.core.covers == 0
    side.hear(*FEED[:2])
    assert side.step()
    assert side.core.covers == 1


def test_the_lag_is_that_of_the_oldest() -> None:
    """What waits is counted, with the time since when the oldest waits."""
    side = Side(Subject())
    side.hear(*FEED[:2])
    assert side.step()
    side.core.failed(NOW)
    assert (side.core.behind, side.core.oldest) == (2, NOW)
    side.now += 5.0
    side.hear(*FEED[2:])
    assert side.step()
    assert side.core.oldest == NOW
    assert side.step()
    side.step()
    assert (side.core.behind, side.core.oldest) == (2, NOW + 5.0)
    side.go()
    assert (side.core.behind, side.core.oldest) == (0, None)


def test_pauses_grow_up_to_a_bound() -> None:
    """NATS that fails is asked at once, and then less and less often."""
    core = Side(Subject()).core
    now, pauses = NOW, []
    for _ in range(12):
        assert isinstance(core.next(now), LookUp)
        core.failed(now)
        due = core.next_timer()
        assert due is not None
        pauses.append(round(due - now, 3))
        now = due
    assert pauses[:4] == [0.0, 0.1, 0.2, 0.4]
    assert pauses[-2:] == [5.0, 5.0]


@pytest.mark.parametrize(("state", "found"), list(product(RelayState, RelayInput)))
def test_every_pair(state: RelayState, found: RelayInput) -> None:
    """What is in the table leads to its state; what is not changes nothing."""
    core = RelayCore(Tracker(lambda: 0.0, keeps_bodies=True), state=state)
    assert core._move(found) == (found in TABLE[state])
    assert core.state is TABLE[state].get(found, state)


def test_a_card_replaces_another_of_no_newer_host() -> None:
    """A card that says the same is not stored again, nor is one of an older host."""
    card = messages.Card(event="e", title="A v B", sport="football", origins=["A", "B"])
    one = Relayed(event="e", sent=1, card=card, actions=[])
    same = Relayed(event="e", sent=2, card=card, actions=[])
    other = Relayed(event="e", sent=3, card=card, actions=[], heartbeat=2.0)
    assert replaces(one, 1, None, 0)
    assert not replaces(same, 2, one, 1)
    assert replaces(other, 2, one, 2)
    assert not replaces(other, 1, one, 2)
