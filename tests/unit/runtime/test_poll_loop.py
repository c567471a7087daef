"""Waiting for sockets, timers and wake-ups, on a clock of the test's."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import parse_monitor_message

from tests.patience import PATIENCE
from touchline.runtime import clock, poll_loop
from touchline.runtime.poll_loop import PollLoop, event_of, received, received_some
from touchline.runtime.timers import LONGEST_SECONDS
from touchline.runtime.waker import Waker

Socket = zmq.Socket[bytes]


Pair = Callable[[], tuple[Socket, Socket]]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Gives two ends; what is sent on the first comes on the second."""
    context: zmq.Context[Any] = zmq.Context()
    made: list[Socket] = []

    def connected() -> tuple[Socket, Socket]:
        ours, theirs = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        ours.bind(f"inproc://{len(made)}")
        theirs.connect(f"inproc://{len(made)}")
        made.extend((ours, theirs))
        return ours, theirs

    yield connected
    for socket in made:
        socket.close(linger=0)
    context.term()


@pytest.fixture
def waker() -> Iterator[Waker]:
    made = Waker()
    yield made
    made.close()


class Poller:
    """Stands in for ZeroMQ's poller: notes how long it is to wait, and does so in no time."""

    now = 100.0
    asleep = 0.0
    """Seconds that each wait takes longer than it should."""
    timeouts: list[int]

    def register(self, _source: object, _flags: int) -> None:
        """Nothing ever comes."""

    def poll(self, timeout: int) -> list[tuple[Any, int]]:
        Poller.timeouts.append(timeout)
        Poller.now += timeout / 1_000 + Poller.asleep
        return []


@pytest.fixture
def poller(monkeypatch: pytest.MonkeyPatch) -> type[Poller]:
    monkeypatch.setattr(poll_loop.zmq, "Poller", Poller)
    monkeypatch.setattr(clock, "now", lambda: Poller.now)
    Poller.now, Poller.asleep, Poller.timeouts = 100.0, 0.0, []
    return Poller


def test_a_readable_source_ends_the_wait(pair: Pair) -> None:
    """Those that can be read are returned, and no others."""
    (one, here), (two, there) = pair(), pair()
    loop = PollLoop(here, there)
    assert loop.wait(longest=0.0) == set()
    two.send(b"")
    assert loop.wait() == {there}
    one.send(b"")
    assert loop.wait() == {here, there}


def test_other_sources_can_be_watched(pair: Pair) -> None:
    """A source that is watched no more may be closed, and does not end the wait."""
    (one, here), (two, there) = pair(), pair()
    loop = PollLoop(here)
    loop.watch([there])
    here.close()
    one.close()
    two.send(b"")
    assert loop.wait() == {there}


def test_the_same_sources_are_registered_once(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell names its sources before each wait; only a change costs anything."""
    _, here = pair()
    loop = PollLoop()
    loop.watch([here])
    made: list[None] = []
    monkeypatch.setattr(loop, "_register", lambda _: made.append(None))
    loop.watch([here])
    assert not made
    loop.watch([])
    assert made


def test_a_wake_up_ends_one_wait(pair: Pair, waker: Waker) -> None:
    """It is drained with it, and is no source; sources that are changed leave it in place."""
    loop = PollLoop(waker=waker)
    loop.watch([pair()[1]])
    thread = threading.Thread(target=waker.wake)
    thread.start()
    began = clock.now()
    assert loop.wait(longest=10 * PATIENCE) == set()
    assert clock.now() - began < 10 * PATIENCE
    thread.join()
    assert not zmq.select([waker.fileno()], [], [], 0)[0]


def test_a_descriptor_is_a_source(waker: Waker) -> None:
    """A socket of the system's is watched beside ZeroMQ's."""
    loop = PollLoop(waker.fileno())
    waker.wake()
    assert loop.wait() == {waker.fileno()}


def test_the_earliest_timer_ends_the_wait(poller: type[Poller]) -> None:
    """Timers that are not set, or later, do not; none at all is a bounded wait."""
    loop = PollLoop()
    loop.wait(None, 103.0, 100.25)
    loop.wait(None)
    loop.wait(None, longest=5.0)
    assert poller.timeouts == [250, round(LONGEST_SECONDS * 1_000), 5_000]


def test_a_timer_that_is_over_does_not_wait(poller: type[Poller]) -> None:
    """A negative timeout would be a wait without an end to ZeroMQ."""
    PollLoop().wait(90.0)
    assert poller.timeouts == [0]


@pytest.mark.parametrize("seconds", [0.0001, 0.0104, 0.0106, 1.9999])
def test_a_wait_ends_after_its_timer_and_not_before(poller: type[Poller], seconds: float) -> None:
    """Were it to end before, the loop would turn without anything to do until the timer is over."""
    due = 100.0 + seconds
    PollLoop().wait(due)
    assert len(poller.timeouts) == 1
    assert due <= poller.now <= due + 0.001


def test_a_process_that_was_stopped_learns_for_how_long(poller: type[Poller]) -> None:
    """Its wait took longer than it was given; the next one is as usual."""
    loop = PollLoop()
    poller.asleep = 7.0
    loop.wait(101.0)
    assert loop.late == pytest.approx(7.0)
    poller.asleep = 0.0
    loop.wait(poller.now + 1.0)
    assert loop.late == pytest.approx(0.0)


def test_everything_received_is_taken(pair: Pair) -> None:
    """An empty socket has nothing; one with several messages gives all, in order."""
    ours, theirs = pair()
    assert list(received(theirs)) == []
    for number in b"123":
        ours.send_multipart([b"%c" % number, b""])
    assert list(received(theirs)) == [[b"1", b""], [b"2", b""], [b"3", b""]]


@pytest.mark.parametrize(
    "event",
    [zmq.EVENT_CONNECTED, zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH, 0x8000],
)
def test_what_a_monitor_tells(event: int) -> None:
    """The event is read as pyzmq reads it, also the highest that 16 bits hold."""
    message = [struct.pack("=Hi", event, -1), b"tcp://127.0.0.1:1"]
    assert event_of(message) == event
    if event < 0x8000:
        assert parse_monitor_message(message)["event"] == event


def test_a_turn_takes_no_more_than_it_may(pair: Pair) -> None:
    """A socket whose other end goes on sending is left after so many messages or bytes, and what is
    left says so."""
    ours, theirs = pair()
    for _ in range(7):
        ours.send(b"12345")
    assert received_some(theirs, 3, 1_000) == ([[b"12345"]] * 3, True)
    assert received_some(theirs, 100, 6) == ([[b"12345"]] * 2, True)
    assert received_some(theirs, 100, 1_000) == ([[b"12345"]] * 2, False)
