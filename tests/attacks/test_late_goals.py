"""Attacks by reports that come late: each is folded into all that stands behind it.

Two keys of no standing send 1,200 goals each, the latest first, with names of 900 characters. An
honest peer pings meanwhile.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import zmq

from tests.patience import PATIENCE_MS, patient, until
from touchline.peer import Link
from touchline.peer.link.service import lock
from touchline.protocol import codec, keys, messages
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Attach, Happening, HostPing, Pong, Receipt, Report, Setup
from touchline.protocol.times import SECOND
from touchline.runtime import clock

GOALS = 1_200
APART_SECONDS = 45
"""Between two goals; so far apart each is one of its own."""


class Bare:
    """A key at the sockets of a host, with nothing between.

    Args:
        scene: a broker and a host.
        context: of its sockets.
        name: of the key.
    """

    def __init__(self, scene: Any, context: zmq.Context[Any], name: str) -> None:
        key = Identity(sha256(name.encode()).digest())
        with patient(Link(scene.address, name, key, context=context)) as link:
            invited = link.ask(messages.Join(id=0, event=scene.event, role="reporter"))
        assert isinstance(invited, messages.Invitation)
        assert invited.endpoints is not None
        self.event = scene.event
        self.key = key
        self.host_key = invited.key
        self.endpoints = invited.endpoints
        self._token = invited.token
        self.dealer: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        self.push: zmq.Socket[bytes] = context.socket(zmq.PUSH)
        self.dealer.routing_id = keys.routing_id(key.curve_public, os.urandom(16))
        for socket, endpoint in (
            (self.dealer, invited.endpoints.router),
            (self.push, invited.endpoints.pull),
        ):
            socket.linger = 0
            lock(socket, key, invited.key)
            socket.connect(endpoint)
        self.fates: dict[int, messages.Fate] = {}
        self.stored = 0
        self.pongs = 0
        self.refused: list[str] = []
        self.badge = ""
        self.attach()
        until(lambda: self.hear() or self.badge, what="setup")

    def attach(self) -> None:
        self._send(Attach(id=1, token=self._token, time=clock.wall()))

    def _send(self, request: Any) -> None:
        self.dealer.send(codec.encode(request))

    def hear(self) -> None:
        """Take in what has come."""
        while self.dealer.poll(0):
            match codec.decode_host_reply(self.dealer.recv()):
                case Setup() as setup:
                    self.badge, self.stored = setup.badge, setup.n
                case messages.Error() as error:
                    self.refused.append(error.code)
                case Receipt() as receipt:
                    self.stored = receipt.n
                    self.fates |= {fate.n: fate for fate in receipt.fates}
                case Pong():
                    self.pongs += 1

    def ping(self) -> None:
        """Ping, and wait for the answer."""
        before = self.pongs
        self._send(HostPing(id=2, event=self.event, time=clock.wall()))
        until(lambda: self.hear() or self.pongs > before, what="the answer to a ping")

    def leave(self) -> None:
        """Leave in good order."""
        self._send(messages.Detach(id=3, event=self.event))

    def report(self, n: int, happening: Happening) -> None:
        assert self.push.poll(PATIENCE_MS, zmq.POLLOUT)
        report = Report(token=self.badge, n=n, time=happening.time, event=happening)
        self.push.send(codec.encode(report))

    def close(self) -> None:
        self.dealer.close()
        self.push.close()


@contextlib.contextmanager
def at_the_host(scene: Any, *names: str) -> Iterator[list[Bare]]:
    context: zmq.Context[Any] = zmq.Context()
    peers: list[Bare] = []
    try:
        peers += [Bare(scene, context, name) for name in names]
        yield peers
    finally:
        for peer in peers:
            peer.close()
        context.destroy(linger=0)


def test_goals_with_falling_times_hold_up_nobody(scene: Any) -> None:
    """Each ping is answered between, all that is valid is receipted, and SIGTERM ends the host."""
    scene.broker()
    host = scene.host()
    with at_the_host(scene, "mallory", "mortimer", "ann") as (mallory, mortimer, ann):
        now = clock.wall()
        for n in range(1, GOALS + 1):
            player = f"{n} {'long ' * 178}"
            at = now - n * APART_SECONDS * SECOND
            for one in (mallory, mortimer):
                one.report(n, Happening("goal", "Hill", at, {"player": player}))

        def stored() -> bool:
            for one in (mallory, mortimer):
                one.hear()
            return mallory.stored == mortimer.stored == GOALS

        pings = 0
        while not stored():
            ann.ping()
            pings += 1
        ann.ping()
        assert pings > 0
        outcomes = {fate.outcome for one in (mallory, mortimer) for fate in one.fates.values()}
        assert "accepted" in outcomes
    assert host.stop() == 0, "".join(host.log)
