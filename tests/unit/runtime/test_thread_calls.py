"""Calls to a thread: carried out or refused, whenever they come."""

from __future__ import annotations

import threading

import pytest

from touchline.runtime.thread_calls import ThreadCalls


def test_in_order() -> None:
    """Calls are carried out in their order, each with a wake-up, and those of a call as well."""
    woken, done = [], []
    calls = ThreadCalls(lambda: woken.append(len(woken)))
    calls.put(lambda: (done.append(1), calls.put(lambda: done.append(3))))
    calls.put(lambda: done.append(2))
    calls.run()
    assert done == [1, 2, 3]
    assert len(woken) == 3


def test_what_is_left_is_refused() -> None:
    """What waits at the end is refused, and what comes afterwards; nothing of it is called."""
    told = []
    calls = ThreadCalls(lambda: None)
    calls.put(lambda: told.append("called"), lambda: told.append("waiting"))
    calls.put(lambda: told.append("called"))
    calls.end()
    calls.put(lambda: told.append("called"), lambda: told.append("late"))
    calls.run()
    assert told == ["waiting", "late"]


def test_a_call_that_raises() -> None:
    """The calls after one that raises are refused by the end."""
    told = []

    def fails() -> None:
        raise ZeroDivisionError

    calls = ThreadCalls(lambda: None)
    calls.put(fails)
    calls.put(lambda: told.append("called"), lambda: told.append("refused"))
    with pytest.raises(ZeroDivisionError):
        calls.run()
    calls.end()
    assert told == ["refused"]


def test_each_is_called_or_refused_once() -> None:
    """Calls that come from many threads while the end is made are called or refused, once each."""
    told: list[int] = []
    calls = ThreadCalls(lambda: None)
    begin = threading.Barrier(5)

    def put(start: int) -> None:
        begin.wait()
        for number in range(start, start + 500):
            calls.put(lambda n=number: told.append(n), lambda n=number: told.append(n))

    threads = [threading.Thread(target=put, args=(1_000 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    begin.wait()
    calls.run()
    calls.end()
    for thread in threads:
        thread.join()
    assert sorted(told) == [1_000 * k + n for k in range(4) for n in range(500)]
