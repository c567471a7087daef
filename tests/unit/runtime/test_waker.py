"""The wake-up of a thread that waits in a poller."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator

import pytest
import zmq

from touchline.runtime.waker import DRAIN_BYTES, Waker


@pytest.fixture
def waker() -> Iterator[Waker]:
    made = Waker()
    yield made
    made.close()


def readable(waker: Waker) -> bool:
    return bool(select.select([waker], [], [], 0)[0])


def test_a_wake_up_stays_until_it_is_drained(waker: Waker) -> None:
    """What wakes before the wait begins ends it, and once drained no later one."""
    assert not readable(waker)
    waker.wake()
    waker.wake()
    assert readable(waker)
    assert readable(waker)
    waker.drain()
    assert not readable(waker)
    waker.wake()
    assert readable(waker)


def test_a_drain_without_a_wake_up_does_not_wait(waker: Waker) -> None:
    """A thread may drain in each turn, whatever ended its wait."""
    waker.drain()
    assert not readable(waker)


def test_more_wake_ups_than_its_buffer_holds_do_not_wait(waker: Waker) -> None:
    """A thread that does not wake for long holds up none of those that wake it."""
    for _ in range(20_000):
        waker.wake()
    waker.drain()
    assert not readable(waker)


def test_a_drain_takes_every_wake_up(waker: Waker) -> None:
    """A drain that left one would turn the thread's wait into a busy loop."""
    for count in (DRAIN_BYTES - 1, DRAIN_BYTES, DRAIN_BYTES + 1):
        for _ in range(count):
            waker.wake()
        waker.drain()
        assert not readable(waker)


def test_another_thread_ends_a_wait_in_a_zeromq_poller(waker: Waker) -> None:
    """ZeroMQ's poller takes the descriptor beside its own sockets."""
    poller = zmq.Poller()
    poller.register(waker.fileno(), zmq.POLLIN)
    thread = threading.Thread(target=waker.wake)
    thread.start()
    assert poller.poll(30_000) == [(waker.fileno(), zmq.POLLIN)]
    thread.join()


def test_a_signal_handler_may_wake_while_the_same_thread_does(waker: Waker) -> None:
    """The lock is held by the thread that the handler interrupts."""
    before = signal.signal(signal.SIGUSR1, lambda *_: waker.wake())
    try:
        with waker._lock:
            os.kill(os.getpid(), signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert readable(waker)


def test_what_is_closed_may_be_woken_and_closed_again() -> None:
    """A word that comes too late is no error, and reaches no file opened meanwhile."""
    waker = Waker()
    number = waker._write.fileno()
    waker.close()
    read, write = os.pipe()
    try:
        assert number in (read, write), "the test needs the number to be given again"
        os.set_blocking(read, False)
        waker.wake()
        waker.close()
        assert waker.fileno() == -1
        with pytest.raises(BlockingIOError):
            os.read(read, 1)
    finally:
        os.close(read)
        os.close(write)


def test_a_closed_one_leaves_no_descriptor_open() -> None:
    """A thousand of them, one after another, leave as many files open as there were."""
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    for _ in range(1_000):
        waker = Waker()
        waker.wake()
        waker.close()
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before
