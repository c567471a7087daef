"""A host with a free key of its own: what it publishes harms nobody that follows its event."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
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

LONG = {f"d{number}": "x" * 900 for number in range(24)}
"""Details of an entry of 22 kB."""

FEEDS_MB = 24
"""How long the feeds of a gateway may be in that test."""

GROWTH_MB = 150
"""What a gateway may need for an event, and what is loaded late with its first one."""


class EvilHost:
    """A bare host: three sockets, and whatever it likes to say on them.

    Args:
        scene: a broker.
        spoken_of: the id of an event that is not its own; empty: it speaks of its own, without
            end.
        flood: what it says in each turn instead.
    """

    def __init__(
        self, scene: Scene, spoken_of: str, flood: Callable[[EvilHost], None] | None = None
    ) -> None:
        self.asked = 0  # replays
        self.attached: set[bytes] = set()  # the routing ids of peers
        self._flood = flood
        self.published = 0  # entries of a feed without end
        self._followed = False
        self._without_end = not spoken_of
        self._key = identity("mallory")
        self._context: zmq.Context[Any] = zmq.Context()
        self._router, self._pull, self._pub = (
            self._bound(kind) for kind in (zmq.ROUTER, zmq.PULL, zmq.XPUB)
        )
        create = messages.Create(
            id=0, title="Evil v Good", sport="football", key="k", origins=["Evil", "Good"]
        )
        with patient(Link(scene.address, "mallory", self._key)) as link:
            self.card = link.ask(create).card
            self._spoken_of = spoken_of or self.card.event
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
        if kind == zmq.XPUB:
            socket.setsockopt(zmq.XPUB_NODROP, int(self._without_end))
            socket.sndtimeo = 100
        socket.bind("tcp://127.0.0.1:*")
        return socket

    def serve(self, until_set: threading.Event) -> None:
        """Answer, and publish, until it is told to end."""
        while not until_set.is_set():
            (self._flood or EvilHost._publish)(self)
            while self._router.poll(0 if self._without_end else 50):
                route, frame = self._router.recv_multipart()
                request = codec.decode_host_request(frame)
                if isinstance(request, messages.Attach):
                    self.attached.add(route)
                reply = self._reply(request)
                if reply is not None:
                    self._router.send_multipart([route, codec.encode(reply)])

    def _publish(self) -> None:
        if self._without_end:
            self._go_on()
            return
        beat = Heartbeat(event=self.card.event, epoch=1, seq=ENDLESS, digest=bytes(16), sent=0)
        for message in (beat, self.entry(ENDLESS), self.entry(1)):
            self._pub.send(codec.topic(self.card.event) + codec.encode(message))

    def tell_all(self, frame: bytes) -> None:
        """Publish a frame, once somebody is there, when somebody takes it."""
        self._followed = self._followed or self._pub.poll(0) > 0
        if self._followed:
            with contextlib.suppress(zmq.Again):
                self._pub.send(codec.topic(self.card.event) + frame)
                self.published += 1

    def tell_each(self, frame: bytes) -> None:
        """Send a frame to each peer that has attached."""
        for route in self.attached:
            with contextlib.suppress(zmq.Again):
                self._router.send_multipart([route, frame], zmq.NOBLOCK)
                self.published += 1

    def _go_on(self) -> None:
        """Publish further entries, as fast as somebody takes them, once somebody is there."""
        self._followed = self._followed or self._pub.poll(0) > 0
        for _ in range(100 if self._followed else 0):
            entry = self.entry(self.published + 1, LONG)
            try:
                self._pub.send(codec.topic(self.card.event) + codec.encode(entry))
            except zmq.Again:
                return
            self.published += 1

    def entry(self, seq: int, details: dict[str, str] | None = None) -> Entry:
        """Return a goal in the event that it speaks of."""
        return Entry(
            event=self._spoken_of, epoch=1, seq=seq, entry_id=str(seq), status="CONFIRMED",
            title="goal", origin="Evil", time=seq, first_reported=0, accepted=0, sent=0,
            evidence=Evidence(for_=9), details=details or {},
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
                    seq=0 if self._without_end else ENDLESS, digest=bytes(16), time=0, badge="b",
                    heartbeat=30 if self._without_end else 0.5,
                )  # fmt: skip
            case messages.Replay():
                self.asked += 1
                frames = [codec.encode(self.entry(ENDLESS - 1)), codec.encode(self.entry(2))]
                if self._without_end:
                    seqs = range(request.first, min(request.first + 20, request.last + 1))
                    frames = [codec.encode(self.entry(seq, LONG)) for seq in seqs]
                return messages.Block(
                    id=request.id, event=request.event, first=request.first, frames=frames
                )
        return None

    def close(self) -> None:
        self._context.destroy(linger=0)


@contextmanager
def hosting(
    scene: Scene, spoken_of: str = "", flood: Callable[[EvilHost], None] | None = None
) -> Iterator[EvilHost]:
    """Let it host an event, in a thread."""
    host, ended = EvilHost(scene, spoken_of, flood), threading.Event()
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


def test_a_feed_without_end(scene: Scene) -> None:
    """A gateway leaves a host that really publishes without end: its memory stays bounded, and it
    goes on with the other event."""
    scene.broker()
    scene.host()
    gateway = scene.gateway("--feeds-mb", str(FEEDS_MB))
    url = gateway.told("listening")["url"]
    with hosting(scene, "") as evil, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        assert http.get(f"/events/{scene.event}").status_code == 200
        before = gateway.memory
        assert http.get(f"/events/{evil.card.event}").status_code == 200

        def left() -> bool:
            assert gateway.memory - before < GROWTH_MB
            return any("the longest is dropped" in line for line in gateway.log)

        until(left, what="the gateway to leave the event")
        assert http.get(f"/api/v1/events/{scene.event}/timeline").json()["entries"] == []
