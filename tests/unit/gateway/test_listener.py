"""The listening socket of a gateway: how many connections an address may have."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.patience import PATIENCE
from touchline.gateway.listener import BoundedListener
from touchline.runtime.connections import ConnectionBounds


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listener(stack: ExitStack, proxies: str = "") -> BoundedListener:
    bounds = ConnectionBounds(key=1, address=2, total=4)
    made = stack.enter_context(BoundedListener(socket.AF_INET, bounds, proxies))
    made.bind(("127.0.0.1", 0))
    made.listen()
    made.settimeout(PATIENCE)
    return made


def connect(stack: ExitStack, to: BoundedListener, source: str = "127.0.0.1") -> socket.socket:
    made = socket.create_connection(to.getsockname(), PATIENCE, (source, 0))
    return stack.enter_context(made)


def test_an_address_has_so_many_at_one_time(stack: ExitStack) -> None:
    """A third one is closed at once; others come in, and the address does again later."""
    bounded = listener(stack)
    for _ in range(2):
        connect(stack, bounded)
    first, _ = bounded.accept()
    second, _ = bounded.accept()
    third = connect(stack, bounded)
    connect(stack, bounded, "127.0.0.2")
    other, address = bounded.accept()
    assert address[0] == "127.0.0.2"
    assert third.recv(1) == b""
    assert bounded.refused == {"address": 1}
    first.close()
    first.close()
    connect(stack, bounded)
    again, address = bounded.accept()
    assert address[0] == "127.0.0.1"
    for accepted in (second, other, again):
        accepted.close()


def test_a_proxy_stands_for_many(stack: ExitStack) -> None:
    """Its connections count in the total alone."""
    bounded = listener(stack, "10.0.0.0/8, 127.0.0.1")
    for _ in range(5):
        connect(stack, bounded)
    bounded.settimeout(0.5)
    for _ in range(4):
        stack.enter_context(bounded.accept()[0])
    with pytest.raises(TimeoutError):
        bounded.accept()
    assert bounded.refused == {"total": 1}
