"""A host with a free key of its own: what it publishes harms nobody that follows its event."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import zmq

from tests.integration.talk import identity
from tests.patience import PATIENCE, patient, until
from touchline.peer import Link
from touchline.protocol import codec, messages
from touchline.protocol.messages import Entry, Evidence, Heartbeat

from .conftest import Scene

ENDLESS = 5_000_000
"""The messages that it says there are: kept one by one, they would take half a gigabyte."""

GROWTH_MB = 150
"""What a gateway may need for an event, and what is loaded late with its first one."""


class EvilHost:
    """A bare host: three sockets, and whatever it likes to say on them.

    Args:
        scene: a broker.
        spoken_of: the id of an event that is not its own.
    """

    def __init__(self, scene: Scene, spoken_of: str) -> None:
        self.asked = 0  # replays
        self._spoken_of = spoken_of
        self._key = identity("mallory")
        self._context: zmq.Context[Any] = zmq.Context()
        self._router, self._pull, self._pub = (
            self._bound(kind) for kind in (zmq.ROUTER, zmq.PULL, zmq.PUB)
        )
        create = messages.Create(
            id=0, title="Evil v Good", sport="football", key="k", origins=["Evil", "Good"]
        )
        with patient(Link(scene.address, "mallory", self._key)) as link:
            self.card = link.ask(create).card
            ends = [
                each.get_string(zmq.LAST_ENDPOINT) for each in (self._router, self._pull, self._pub)
            ]
            lease = messages.Lease(
                id=0,
                event=self.card.event,
                instance="m",
                endpoints=messages.Endpoints(router=ends[0], pull=ends[1], pub=ends[2]),
                epoch=1,
                seq=0,
            )
            assert isinstance(link.ask(lease), messages.Leased)

    def _bound(self, kind: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.linger = 0
        socket.curve_server = True
        socket.curve_secretkey = self._key.curve_secret
        socket.curve_publickey = self._key.curve_public
        socket.bind("tcp://127.0.0.1:*")
        return socket

    def serve(self, until_set: threading.Event) -> None:
        """Answer, and publish, until it is told to end."""
        while not until_set.is_set():
            self._publish()
            while self._router.poll(50):
                route, frame = self._router.recv_multipart()
                reply = self._reply(codec.decode_host_request(frame))
                if reply is not None:
                    self._router.send_multipart([route, codec.encode(reply)])

    def _publish(self) -> None:
        beat = Heartbeat(event=self.card.event, epoch=1, seq=ENDLESS, digest=bytes(16), sent=0)
        for message in (beat, self._entry(ENDLESS), self._entry(1)):
            self._pub.send(codec.topic(self.card.event) + codec.encode(message))

    def _entry(self, seq: int) -> Entry:
        """Return a goal in the event of another."""
        return Entry(
            event=self._spoken_of, epoch=1, seq=seq, entry_id=str(seq), status="CONFIRMED",
            title="goal", origin="Evil", time=0, first_reported=0, accepted=0, sent=0,
            evidence=Evidence(for_=9),
        )  # fmt: skip

    def _reply(self, request: Any) -> Any:
        match request:
            case messages.HostPing():
                return messages.Pong(
                    id=request.id, event=request.event, time=request.time, host_time=request.time
                )
            case messages.Attach():
                return messages.Setup(
                    id=request.id, card=self.card, actions=[], peer="p", role="viewer", epoch=1,
                    seq=ENDLESS, digest=bytes(16), time=0, heartbeat=0.5, badge="b",
                )  # fmt: skip
            case messages.Replay():
                self.asked += 1
                frames = [codec.encode(self._entry(ENDLESS - 1)), codec.encode(self._entry(2))]
                return messages.Block(
                    id=request.id, event=request.event, first=request.first, frames=frames
                )
        return None

    def close(self) -> None:
        self._context.destroy(linger=0)


@contextmanager
def hosting(scene: Scene, spoken_of: str) -> Iterator[EvilHost]:
    host, ended = EvilHost(scene, spoken_of), threading.Event()
    thread = threading.Thread(target=host.serve, args=(ended,))
    thread.start()
    try:
        yield host
    finally:
        ended.set()
        thread.join()
        host.close()


def test_a_feed_that_is_said_to_be_endless(scene: Scene) -> None:
    """A gateway that follows the event keeps its memory, shows nothing of what the host says in the
    name of another event, and serves that one."""
    scene.broker()
    scene.host()
    gateway = scene.gateway()
    url = gateway.told("listening")["url"]
    with hosting(scene, scene.event) as evil, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        assert http.get(f"/events/{scene.event}").status_code == 200
        before = gateway.memory
        assert http.get(f"/events/{evil.card.event}").status_code == 200
        until(lambda: evil.asked > 1, what="replays")
        assert gateway.memory - before < GROWTH_MB
        for event in (evil.card.event, scene.event):
            shown = http.get(f"/api/v1/events/{event}/timeline").json()
            assert shown["entries"] == []
        assert "Hill v Harbour" in http.get(f"/events/{scene.event}").text
