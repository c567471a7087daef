"""Bare clients as a process of their own: whatever they do to libzmq, they do to their own.

    attackers.py BROKER EVENT NAME COUNT BYTES SUBSCRIPTIONS

COUNT viewers with keys of their own each send subscriptions of so many bytes, as fast as they can,
and stay. A line on standard output tells that all is sent.
"""

from __future__ import annotations

import os
import sys
import time
from hashlib import sha256
from typing import Any

import zmq

from tests.patience import PATIENCE
from touchline.peer import Link
from touchline.peer.link.service import lock
from touchline.protocol import messages
from touchline.protocol.keys import Identity


def main(
    broker: str, event: str, name: str, count: int, bytes_each: int, subscriptions: int
) -> None:
    context: zmq.Context[Any] = zmq.Context()
    viewers = []
    for number in range(count):
        identity = Identity(sha256(f"{name} {number}".encode()).digest())
        with Link(broker, f"{name} {number}", identity, context=context) as link:
            join = messages.Join(id=0, event=event, role="viewer")
            invitation = link.ask(join, timeout=PATIENCE)
        assert isinstance(invitation, messages.Invitation)
        assert invitation.endpoints is not None
        viewer = context.socket(zmq.XSUB)
        viewer.sndhwm = 0
        lock(viewer, identity, invitation.key)
        viewer.connect(invitation.endpoints.pub)
        viewers.append(viewer)
    for _ in range(subscriptions):
        for viewer in viewers:
            viewer.send(b"\1" + os.urandom(bytes_each))
    print("sent", flush=True)
    time.sleep(3_600)


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:]))
