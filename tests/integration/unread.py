"""A peer that reads nothing for a while, in a process of its own: libzmq ended it for that.

`python -m tests.integration.unread feed|replies` prints `fine` at the end.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import zmq

from touchline.peer import connection
from touchline.peer.follower.core import EventCopy
from touchline.peer.link import Link
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Endpoints

SILENCE = 1.5
"""Seconds in which nothing is read: some times what a heartbeat may take."""


def feed(made: connection.HostConnection, server: zmq.Socket[bytes], endpoint: str) -> None:
    """Read a feed now and then, of which more came than is held."""
    subscribed = made.open(zmq.SUB, endpoint)
    subscribed.subscribe(b"")
    subscribed.connect(endpoint)
    for _ in range(3):
        until = time.monotonic() + 1.0
        for _ in range(400):
            server.send(b"x" * 100_000)
        threading.Event().wait(SILENCE)
        while time.monotonic() < until + SILENCE:
            while subscribed.poll(10):
                subscribed.recv()
            server.send(b"x")


def replies(made: connection.HostConnection, server: zmq.Socket[bytes], endpoint: str) -> None:
    """Read a host's replies now and then."""
    made._connect(Endpoints(router=endpoint, pull=endpoint, pub=endpoint), time.monotonic())
    for _ in range(3):
        route = b""
        while not route:
            made.send(b"here")
            made.pump(time.monotonic(), 1)
            while server.poll(10):
                route, _ = server.recv_multipart()
        for _ in range(400):
            server.send_multipart([route, b"x" * 200])
        threading.Event().wait(SILENCE)
        made.pump(time.monotonic(), 1)


def main() -> None:
    """Do as the command line says."""
    connection.HEARTBEAT_MS = 100
    what = {"feed": feed, "replies": replies}[sys.argv[1]]
    server = zmq.Context().socket(zmq.PUB if what is feed else zmq.ROUTER)
    server.sndhwm = 0
    endpoint = f"tcp://127.0.0.1:{server.bind_to_random_port('tcp://127.0.0.1')}"
    link = Link("touchline://127.0.0.1:1?insecure", "ann", Identity(b"a" * 32))
    what(connection.HostConnection(EventCopy("e"), link), server, endpoint)
    print("fine", flush=True)
    os._exit(0)  # without waiting for what is still to be sent


if __name__ == "__main__":
    main()
