"""Two hosts for one event: the first is cut off from the broker, or stopped, for longer than its
lease.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import zmq

from tests.integration.talk import identity
from tests.patience import PATIENCE, patient, until
from touchline.peer import Link
from touchline.peer.link.service import lock
from touchline.protocol import addresses, codec, messages
from touchline.protocol.messages import Entry, Happening, Heartbeat
from touchline.runtime import clock

from .conftest import Scene, Victim
from .relay import Relay
from .test_late_goals import Bare, at_the_host

FLAGS = ("--heartbeat", "0.5", "--verdict", "quorum", "--json")


class Feed:
    """All that a host publishes for an event."""

    def __init__(self, context: zmq.Context[Any], peer: Bare) -> None:
        self._socket: zmq.Socket[bytes] = context.socket(zmq.SUB)
        self._socket.linger = 0
        lock(self._socket, peer.key, peer.host_key)
        self._socket.subscribe(codec.topic(peer.event))
        self._socket.connect(peer.endpoints.pub)
        self._came: list[Any] = []

    @property
    def came(self) -> list[Any]:
        while self._socket.poll(0):
            _, body = codec.split_topic(self._socket.recv())
            self._came.append(codec.decode_published(body))
        return self._came

    @property
    def entries(self) -> list[Entry]:
        return [one for one in self.came if isinstance(one, Entry)]

    @property
    def standing(self) -> list[Entry]:
        """The newest version of each entry that stands."""
        newest = {entry.entry_id: entry for entry in self.entries}
        return [entry for entry in newest.values() if entry.status != "DELETED"]

    @property
    def troubled(self) -> bool:
        """Whether the host says that it takes nothing in."""
        beats = [one for one in self.came if isinstance(one, Heartbeat)]
        return bool(beats) and "without its lease" in beats[-1].trouble

    @property
    def served(self) -> list[int]:
        """When the host sent what it did not send as a host without a lease."""
        return [one.sent for one in self.came if not (isinstance(one, Heartbeat) and one.trouble)]

    def close(self) -> None:
        self._socket.close()


class Pitch:
    """A broker, an event that every key may host, and a host of it that can be cut off."""

    def __init__(self, scene: Scene, stack: ExitStack) -> None:
        self.scene = scene
        self.broker = scene.broker("--lease-seconds", "2")
        self._stack = stack
        self.context: zmq.Context[Any] = zmq.Context()
        stack.callback(self.context.destroy, linger=0)
        self.relay = Relay(addresses.broker(scene.address).port)
        stack.callback(self.relay.close)
        scene.event = self.event("--host", "any")
        place = f"127.0.0.1:{addresses.broker(scene.address).port}"
        self.by_relay = scene.address.replace(place, f"127.0.0.1:{self.relay.port}")

    def event(self, *flags: str) -> str:
        return self.scene.once(
            "events", "create", "Hill v Harbour", "--sport", "football", "--origin", "Hill",
            "--origin", "Harbour", "--broker", self.scene.address, "--name", "a", *flags,
        ).strip()  # fmt: skip

    def first_host(self, *events: str) -> Victim:
        events = (self.scene.event, *events)
        victim = self.scene.start("host", *events, "--broker", self.by_relay, "--name", "a", *FLAGS)
        until(
            lambda: len([line for line in victim.lines if line["type"] == "hosting"]) == len(events)
        )
        return victim

    def second_host(self) -> Victim:
        """Start another host of the event as soon as the broker lets it."""
        with patient(Link(self.scene.address, "fan", identity("fan"))) as link:
            show = messages.Show(id=0, event=self.scene.event)
            until(lambda: not link.ask(show).card.hosted, what="the end of the lease")
        while True:
            victim = self.scene.start(
                "host", self.scene.event, "--broker", self.scene.address, "--name", "b", *FLAGS
            )
            if self._hosts(victim):
                return victim

    @staticmethod
    def _hosts(victim: Victim) -> bool:
        """Return whether the broker lets a host have the event; it ends if not."""

        def hosting() -> bool:
            return any(line["type"] == "hosting" for line in victim.lines)

        until(lambda: hosting() or victim.process.poll() is not None)
        return hosting()

    def people(self, *names: str) -> list[Bare]:
        return self._stack.enter_context(at_the_host(self.scene, *(names or ("ann", "ben"))))

    def feed(self, peer: Bare) -> Feed:
        feed = Feed(self.context, peer)
        self._stack.callback(feed.close)
        until(lambda: feed.came, what="the first heartbeat")
        return feed


@pytest.fixture
def pitch(scene: Scene) -> Iterator[Pitch]:
    with ExitStack() as stack:
        yield Pitch(scene, stack)


def goal(people: list[Bare], n: int, minute: int) -> None:
    happening = Happening("goal", "Hill", clock.wall() - (90 - minute) * 60_000_000)
    for one in people:
        one.report(n, happening)


def stored(people: list[Bare], n: int) -> bool:
    for one in people:
        one.hear()
    return all(one.stored == n for one in people)


def wait_stored(people: list[Bare], n: int) -> None:
    until(lambda: stored(people, n), what=f"the receipt of report {n}")


def test_cut_off_from_the_broker(pitch: Pitch) -> None:
    """Another host has the event while the first is cut off: the first has published its last
    before, confirms nothing, and gives the event up afterwards; what it did not confirm, the
    other takes."""
    host = pitch.first_host()
    people = pitch.people()
    feed = pitch.feed(people[0])
    goal(people, 1, 10)
    wait_stored(people, 1)
    until(lambda: feed.entries)
    pitch.relay.cut()
    pitch.second_host()
    goal(people, 2, 20)
    until(lambda: feed.troubled, what="word of the lease")
    for one in people:
        one.attach()
    until(lambda: [one.hear() for one in people] and all(one.refused for one in people))
    assert {code for one in people for code in one.refused} == {"NO_LEASE"}
    assert stored(people, 1)
    pitch.relay.heal()
    assert host.process.wait(PATIENCE) == 4
    assert "another host has taken over" in "".join(host.log)
    assert stored(people, 1)
    there = pitch.people()
    other = pitch.feed(there[0])
    assert feed.served[-1] < other.served[0]
    assert len(feed.entries) == 1
    goal(there, there[0].stored + 1, 20)
    until(lambda: len({entry.entry_id for entry in other.entries}) == 1)
    assert max(entry.epoch for entry in feed.entries) < other.entries[0].epoch


def test_what_the_first_host_confirmed_is_recovered(pitch: Pitch) -> None:
    """A goal that the first host confirmed while it was cut off, within its lease, is on the
    timeline of the other as soon as the first is back, once, and so is one whose reporters never
    came to the other; one that they voted to delete is taken back there, too; the receipts stay
    true."""
    host = pitch.first_host()
    gone = pitch.people("cat", "dan")
    feed = pitch.feed(gone[0])
    goal(gone, 1, 10)
    goal(gone, 2, 70)
    wait_stored(gone, 2)
    until(lambda: len({entry.entry_id for entry in feed.entries}) == 2)
    wrong = max(feed.entries, key=lambda entry: entry.time).entry_id
    for one in gone:
        one.report(3, Happening("delete", "", clock.wall(), {"entry": wrong}))
    wait_stored(gone, 3)
    for one in gone:
        one.leave()
    people = pitch.people()
    pitch.relay.cut()
    goal(people, 1, 30)
    wait_stored(people, 1)
    until(lambda: len(feed.standing) == 2)
    pitch.second_host()
    there = pitch.people()
    other = pitch.feed(there[0])
    assert [one.stored for one in there] == [0, 0]
    pitch.relay.heal()
    until(lambda: len(other.standing) == 2 and len(other.entries) > 3, what="what was confirmed")
    assert host.process.wait(PATIENCE) == 4
    assert "it had not had 8 of them" in "".join(host.log)
    goal(there, 1, 20)
    wait_stored(there, 1)
    until(lambda: len(other.standing) == 3)
    told = sorted({fate.n for one in there for fate in one.fates.values()})
    assert told == [1]


def test_stopped_and_woken(pitch: Pitch) -> None:
    """A host that is stopped for longer than its lease looks at the clock before it does anything:
    what had waited for it is not taken in, and nothing more is published."""
    host = pitch.first_host()
    people = pitch.people()
    feed = pitch.feed(people[0])
    goal(people, 1, 10)
    wait_stored(people, 1)
    os.kill(host.process.pid, signal.SIGSTOP)
    goal(people, 2, 20)
    for one in people:
        one.attach()
    pitch.second_host()
    other = pitch.feed(pitch.people()[0])
    os.kill(host.process.pid, signal.SIGCONT)
    assert host.process.wait(PATIENCE) == 4
    assert stored(people, 1)
    assert feed.served[-1] < other.served[0]


def test_the_broker_is_away(pitch: Pitch) -> None:
    """An event that others may host is paused when its lease is over, and goes on under the same
    epoch when the broker is back, each report counted once; one that its key alone may host goes
    on all the while."""
    alone = pitch.event()
    host = pitch.first_host(alone)
    people = pitch.people()
    pitch.scene.event, shared = alone, pitch.scene.event
    others = pitch.people()
    pitch.scene.event = shared
    feed = pitch.feed(people[0])
    goal(people, 1, 10)
    wait_stored(people, 1)
    os.kill(pitch.broker.process.pid, signal.SIGSTOP)
    try:
        until(lambda: feed.troubled, what="word of the lease")
        goal(people, 2, 20)
        goal(others, 1, 10)
        wait_stored(others, 1)
        assert stored(people, 1)
    finally:
        os.kill(pitch.broker.process.pid, signal.SIGCONT)
    until(lambda: not feed.troubled, what="the lease")
    for one in people:
        one.attach()
    goal(people, 2, 20)
    wait_stored(people, 2)
    until(lambda: len({entry.entry_id for entry in feed.entries}) == 2)
    assert {entry.epoch for entry in feed.entries} == {1}
    assert host.stop() == 0
