"""The gateway on real sockets: WebSocket feed, REST, server-sent events."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.packets import packets
from tests.patience import PATIENCE, until
from touchline.gateway.app import create_app
from touchline.gateway.context import Gateway
from touchline.gateway.options import Options
from touchline.gateway.server import GatewayServer
from touchline.protocol import codec, messages
from touchline.protocol.messages import Alarm, Entry, Restored
from touchline.protocol.times import SECOND
from touchline.runtime import clock

from .talk import connecting

Json = dict[str, Any]


class Running:
    """A gateway on a thread."""

    def __init__(self, world: Any, **options: Any) -> None:
        usual = {"port": 0, "folder": str(world.folder / "gateway"), "heartbeat": 0.5}
        self.options = Options(**(usual | options))

        app = create_app(self.options, connecting(world.address))
        self.gateway: Gateway = app.state.gateway
        self._server = GatewayServer(app, self.options, self.gateway.leave)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        world.stack.callback(self.stop)
        assert self._server.listening.wait(PATIENCE)
        self.url = self._server.url
        self.port = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=PATIENCE, **kwargs)


class Viewer:
    """A WebSocket client that keeps what it got."""

    def __init__(self, running: Running, path: str, **query: object) -> None:
        text = "&".join(f"{name.rstrip('_')}={value}" for name, value in query.items())
        address = running.url.replace("http", "ws", 1) + path + (f"?{text}" if text else "")
        self._stack = ExitStack()
        self.socket: ClientConnection = self._stack.enter_context(
            connect(address, max_size=None, compression=None, open_timeout=PATIENCE)
        )
        self.got: list[Json] = []

    def next(self, *types: str, **fields: object) -> Json:
        """Return the next message of a type with these values; what comes before is kept too."""
        end = time.monotonic() + PATIENCE
        while True:
            message: Json = json.loads(self.socket.recv(max(0.0, end - time.monotonic())))
            self.got.append(message)
            if (not types or message["type"] in types) and all(
                message.get(name) == value for name, value in fields.items()
            ):
                return message

    def until_seq(self, seq: int) -> list[int]:
        """Read until a message of the feed has this seq; return the seqs of all that came."""
        while True:
            message = self.next()
            if message["type"] in {"entry", "alarm", "snapshot"} and message["seq"] >= seq:
                return [m["seq"] for m in self.got if m["type"] in {"entry", "alarm"}]

    def end(self) -> tuple[int, list[Json]]:
        """Read to the end; return the close code and what came."""
        with pytest.raises(ConnectionClosed) as closed:
            until(lambda: not self.next(), what="the end of the connection", pause=0.0)
        return closed.value.rcvd.code if closed.value.rcvd else 0, self.got

    def say(self, **message: object) -> None:
        self.socket.send(json.dumps(message))

    def close(self) -> None:
        self._stack.close()


class Ground:
    """A world with a gateway and two who report."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self._viewers: list[Viewer] = []

    def gateway(self, **options: Any) -> Running:
        return Running(self.world, **options)

    def view(self, running: Running, path: str = "", **query: object) -> Viewer:
        made = Viewer(running, path or f"/ws/events/{self.world.event}", **query)
        self.world.stack.callback(made.close)
        return made

    def other_event(self, sport: str = "football") -> str:
        create = messages.Create(
            id=0,
            title=f"C v D {sport}",
            sport=sport,
            key=sport,
            origins=["C", "D"],
            hosts=["any"],
        )
        reply = self.world.link(f"creator of {sport}").ask(create)
        assert isinstance(reply, messages.Event)
        return reply.card.event


@pytest.fixture
def ground(world: Any) -> Ground:
    return Ground(world.with_broker())


@pytest.fixture
def two(ground: Ground) -> Any:
    """A host, and two reporters who say goals by number."""
    ground.world.host()
    reporters = [ground.world.reporter(name) for name in ("ann", "bob")]

    def goals(*numbers: int) -> None:
        for number in numbers:
            ground.world.goal(number, *reporters)
        ground.world.until(lambda: not any(one.pending for one in reporters), *reporters)

    return goals


# ── the feed ─────────────────────────────────────────────────────────────────────────────────


def test_a_snapshot_and_then_live(ground: Ground, two: Callable[..., None]) -> None:
    """A viewer gets setup, a snapshot, and each entry as it is published, with heartbeats of its
    own interval."""
    two(1)
    running = ground.gateway()
    viewer = ground.view(running, heartbeat=0.7)
    setup, snapshot = viewer.next(), viewer.next()
    assert (setup["type"], setup["recovered"], setup["ready"]) == ("setup", False, True)
    assert setup["heartbeat"] == 0.7
    assert setup["origins"] == ["A", "B"]
    assert (snapshot["type"], snapshot["headline"]) == ("snapshot", "A 1–0 B")
    assert [one["title"] for one in snapshot["entries"]] == ["goal"]
    assert viewer.next("heartbeat", seq=1)["interval"] == 0.7
    two(2)
    entry = viewer.next("entry")
    assert (entry["seq"], entry["headline"]) == (2, "A 2–0 B")
    assert entry["evidence"]["for"] == 2
    assert (
        viewer.next("heartbeat", seq=2)["digest"]
        == running.gateway.hub.peek(ground.world.event).digest(2).hex()
    )


def test_a_claim_from_one_voice_to_its_entry(ground: Ground) -> None:
    """Whoever views is told of each voice for an open claim as it comes, without waiting for a
    heartbeat, and that the claim is open no longer as soon as it is an entry."""
    world = ground.world
    world.host(verdict="fixed:3", show_open_claims=True)
    reporters = [world.reporter(name) for name in ("ann", "bob", "cid")]
    viewer = ground.view(ground.gateway(), heartbeat=30)
    assert viewer.next("snapshot")["pending"] == []
    for voices in (1, 2):
        world.goal(1, reporters[voices - 1])
        world.until(lambda: not any(one.pending for one in reporters), *reporters)
        status = viewer.next("status")
        while not status["pending"] or status["pending"][0]["for"] < voices:
            status = viewer.next("status")
        (claim,) = status["pending"]
        assert (claim["title"], claim["origin"], claim["needed"]) == ("goal", "A", 3)
        assert (claim["for"], claim["against"]) == (voices, 0)
    world.goal(1, reporters[2])
    world.until(lambda: not any(one.pending for one in reporters), *reporters)
    after = viewer.next("status", pending=[])
    assert after["claims"] == 0
    if not any(one["type"] == "entry" for one in viewer.got):
        assert viewer.next("entry")["title"] == "goal"


def test_that_something_is_being_decided(ground: Ground) -> None:
    """Unless the host shows its open claims, a viewer is told how many there are, not what."""
    world = ground.world
    world.host(verdict="fixed:3")
    ann = world.reporter("ann")
    viewer = ground.view(ground.gateway(), heartbeat=30)
    assert viewer.next("snapshot")["claims"] == 0
    world.goal(1, ann)
    world.until(lambda: not ann.pending, ann)
    assert viewer.next("status", claims=1)["pending"] == []


def test_coming_back_to_another_gateway(ground: Ground, two: Callable[..., None]) -> None:
    """A viewer whose gateway was replaced goes on exactly where it was: no snapshot, no hole."""
    first = ground.gateway()
    viewer = ground.view(first, from_="start")
    two(1, 2)
    assert viewer.until_seq(2) == [1, 2]
    beat = viewer.next("heartbeat", seq=2)
    first.stop()
    assert viewer.end()[0] == 1012
    two(3)
    second = ground.gateway(port=first.port)
    again = ground.view(second, from_=2, epoch=beat["epoch"], digest=beat["digest"])
    assert again.next()["recovered"] is True
    assert again.until_seq(3) == [3]
    two(4)
    assert again.until_seq(4) == [3, 4]
    assert "snapshot" not in {message["type"] for message in again.got}


def test_a_position_of_another_feed(ground: Ground, two: Callable[..., None]) -> None:
    """A digest that does not fit, or a position ahead of the feed, gets a snapshot instead."""
    two(1)
    running = ground.gateway()
    for query in ({"from_": 1, "digest": "0f" * 16}, {"from_": 9}, {"from_": 1, "epoch": 99}):
        viewer = ground.view(running, **query)
        assert viewer.next()["recovered"] is False
        assert viewer.next()["type"] == "snapshot"


def test_the_host_starts_anew(ground: Ground) -> None:
    """A restart of the host shows in the epoch and not in the feed."""
    world = ground.world
    process = world.host_process(verdict="fixed:1")
    reporter = world.reporter("ann")
    world.goal(1, reporter)
    world.until(lambda: not reporter.pending, reporter)
    viewer = ground.view(ground.gateway(), from_="start")
    assert viewer.until_seq(1) == [1]
    world.kill(process)
    world.host_process(verdict="fixed:1")
    world.goal(2, reporter)
    world.until(lambda: not reporter.pending, reporter)
    assert viewer.until_seq(2) == [1, 2]
    assert viewer.next("heartbeat", epoch=2)["digest"]


def test_before_there_is_a_host(ground: Ground) -> None:
    """Of an event without a host the set-up and the reason are told; when it comes, so does all."""
    viewer = ground.view(ground.gateway())
    setup, snapshot = viewer.next(), viewer.next()
    assert (setup["ready"], snapshot["seq"]) == (False, 0)
    assert setup["actions"] == [kind["title"] for kind in setup["kinds"]]
    assert {"title", "text", "details"} <= set(setup["kinds"][0])
    assert snapshot["silence"] == {"kind": "waiting", "text": "the event has no host yet"}
    ground.world.host(verdict="fixed:1")
    reporter = ground.world.reporter("ann")
    ground.world.goal(1, reporter)
    ground.world.until(lambda: not reporter.pending, reporter)
    assert viewer.next("entry")["seq"] == 1
    assert viewer.next("heartbeat")["silence"]["kind"] == "quiet"


def test_several_events(ground: Ground, two: Callable[..., None]) -> None:
    """One connection follows several events, leaves them, and is told which cannot be."""
    other = ground.other_event("race")
    two(1)
    running = ground.gateway()
    viewer = ground.view(running, "/ws")
    viewer.say(type="subscribe", event=ground.world.event, **{"from": "start"})
    viewer.say(type="subscribe", event=other)
    viewer.say(type="subscribe", event="nope")
    assert viewer.next("error") == {
        "type": "error",
        "code": "NOT_FOUND",
        "reason": "no event 'nope'",
        "event": "nope",
    }
    setups = {m["event"]["event"] for m in viewer.got if m["type"] == "setup"}
    assert setups == {ground.world.event, other}
    viewer.say(type="unsubscribe", event=other)
    viewer.say(type="ping", time=17, counts={"received": 5, "lost": 2, "repaired": 1})
    pong = viewer.next("pong")
    assert pong["time"] == 17
    viewed = running.gateway.counters.viewed
    assert viewed == {"received": 5, "lost": 2, "repaired": 1, "duplicate": 0}
    assert pong["server_time"].endswith("Z")
    before = len(viewer.got)
    two(2)
    assert viewer.next("entry", seq=2)["event"] == ground.world.event
    viewer.next("heartbeat", seq=2)
    assert {m["event"] for m in viewer.got[before:] if "event" in m} == {ground.world.event}


def test_packets(ground: Ground) -> None:
    """The packets of a feed with an outage equal the pure function's, joined at any number."""
    world = ground.world
    world.event = ground.other_event("tennis")
    host = world.host(verdict="fixed:1", heartbeat=0.5, confirm_wait=1.0)
    running = ground.gateway()
    live = ground.view(running, form="packets")
    live.say(authToken="whatever other feeds ask for")
    reporter = world.reporter("ann")
    reporter.say("point", "C", time=world.at(1))
    world.until(lambda: not reporter.pending, reporter)
    # Ann falls silent, which is an outage; then she is back with what happened meanwhile.
    feed = host.events[world.event].feed
    world.until(lambda: feed.seq >= 2)
    for number in (2, 3):
        reporter.say("point", "D", time=world.at(number))
    kinds: list[type] = []

    def restored() -> bool:
        kinds[:] = [type(one) for one in _published(feed)]
        return Restored in kinds and kinds.count(Entry) >= 3

    world.until(restored, reporter)
    assert Alarm in kinds
    reporter.say("point", "C", time=world.at(4))
    world.until(lambda: not reporter.pending, reporter)
    world.until(lambda: [type(one) for one in _published(feed)].count(Entry) >= 4)
    card = host.events[world.event].card
    expected = json.loads(msgspec.json.encode(packets(card, _published(feed))))
    assert [_packet(live) for _ in expected] == expected
    kinds_of = [packet["eventElementType"] for packet in expected]
    assert kinds_of.index("Alarm") < kinds_of.index("ConnectionRestored")
    for position in range(1, len(expected) + 1):
        late = ground.view(running, form="packets", startPosition=position)
        rest = [_packet(late) for _ in expected[position - 1 :]]
        assert rest == expected[position - 1 :]


def _packet(viewer: Viewer) -> Json:
    """Return the next packet that has a number."""
    while True:
        packet: Json = json.loads(viewer.socket.recv(PATIENCE))
        if packet["eventElementType"] != "Heartbeat":
            return packet


def _published(feed: Any) -> list[Any]:
    return [codec.decode_published(body) for body in list(feed._bodies)]


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "query", "code", "close"),
    [
        ("/ws/events/nope", {}, "NOT_FOUND", 4004),
        ("", {"from_": "x"}, "BAD_MESSAGE", 4000),
        ("", {"form": "packets"}, "BAD_SETTING", 4000),
    ],
)
def test_refused_at_once(
    ground: Ground, path: str, query: dict[str, object], code: str, close: int
) -> None:
    """A query that is not valid is answered with the reason, in JSON, and the close code for it."""
    viewer = ground.view(ground.gateway(), path, **query)
    closed, got = viewer.end()
    assert closed == close
    assert [(m["type"], m["code"]) for m in got] == [("error", code)]


def test_no_websocket_there(ground: Ground) -> None:
    """A WebSocket that is opened where there is none is refused in JSON."""
    running = ground.gateway()
    with pytest.raises(InvalidStatus) as refused:
        Viewer(running, "/ws/nothing")
    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body)["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("said", "close"),
    [
        ("garbage", 4000),
        ("[]", 4000),
        ('{"type":"shout"}', 4000),
        (b"\x00\xff", 4000),
        ("x" * 2_000, 1009),
    ],
)
def test_garbage_harms_nobody(
    ground: Ground, two: Callable[..., None], said: str | bytes, close: int
) -> None:
    """A viewer that talks nonsense is closed; another one goes on."""
    running = ground.gateway(max_frame=1_024)
    good, bad = ground.view(running, from_="start"), ground.view(running)
    bad.next("setup")
    bad.socket.send(said)
    assert bad.end()[0] == close
    two(1)
    assert good.until_seq(1) == [1]


def test_too_many_connections(ground: Ground) -> None:
    """Beyond the bound a connection is refused with its code; when one goes there is room."""
    running = ground.gateway(per_address=2)
    first, _second = ground.view(running), ground.view(running)
    first.next("setup")
    _second.next("setup")
    closed, got = ground.view(running).end()
    assert closed == 4009
    assert got[0]["code"] == "OVERLOADED"
    first.close()
    ground.world.until(lambda: running.gateway.limits.total < 2)
    assert ground.view(running).next()["type"] == "setup"


def test_slow_viewers(ground: Ground) -> None:
    """One who pauses is given a snapshot for what it missed; one who never reads again is closed
    with 4008; neither delays who reads."""
    world = ground.world
    world.host(verdict="fixed:1")
    running = ground.gateway(queue_messages=200, stalled=10.0)
    quick = ground.view(running, from_="start")
    slow, mute = (_narrow(running, world.event) for _ in range(2))
    for one in (slow, mute):
        world.stack.callback(one.close)
    world.until(lambda: running.gateway.limits.total == 3)
    reporter = world.reporter("ann")
    count = 1_800
    began = clock.wall() - count * 20 * SECOND
    reading = world.stack.enter_context(ThreadPoolExecutor(1)).submit(quick.until_seq, count)

    def fouls(first: int, last: int) -> None:
        for number in range(first, last):
            reporter.say("foul", "AB"[number % 2], time=began + number * 20 * SECOND)
        world.until(lambda: not reporter.pending, reporter)

    # More than the system keeps for a connection that nobody reads; then what has to wait.
    fouls(0, 1_400)
    connections = running.gateway.connections
    world.until(lambda: [one.clear for one in connections].count(False) == 2)
    fouls(1_400, count)
    assert reading.result(PATIENCE) == list(range(1, count + 1))
    _read_until(slow, b'"switched":true')
    world.until(lambda: running.gateway.counters.closed["4008"] == 1)
    assert running.gateway.counters.switched == 1
    assert b"\x88" in _read_until(mute, b"you read too slowly")


def _narrow(running: Running, event: str) -> socket.socket:
    """Return a WebSocket that takes little until somebody reads."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.connect(("127.0.0.1", running.port))
    made.sendall(
        f"GET /ws/events/{event} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return made


def _read_until(made: socket.socket, mark: bytes) -> bytes:
    made.settimeout(PATIENCE)
    text = b""
    while mark not in text[-200_000:]:
        piece = made.recv(65_536)
        assert piece, f"it ended before {mark!r}"
        text += piece
    return text


def test_the_broker_goes_away(world: Any) -> None:
    """Without the broker what is followed goes on; what needs it says so."""
    broker = world.broker_process()
    world.with_event(alone=True)
    world.host(verdict="fixed:1")
    ground = Ground(world)
    running = ground.gateway(patience=1.0)
    viewer = ground.view(running, from_="start")
    viewer.next("heartbeat")
    reporter = world.reporter("ann")
    reporter.wait_open(PATIENCE)
    world.kill(broker)
    world.goal(1, reporter)
    world.until(lambda: not reporter.pending, reporter)
    assert viewer.until_seq(1) == [1]
    answer = running.get("/api/events")
    assert (answer.status_code, answer.json()["code"]) == (503, "UNREACHABLE")
    assert answer.headers["retry-after"]
    assert running.get(f"/api/events/{world.event}/score").json()["headline"] == "A 1–0 B"
    health = running.get("/api/health").json()
    assert (health["status"], health["broker"]) == ("degraded", False)
    ready = running.get("/ready")
    assert (ready.status_code, ready.json()) == (503, {"ready": False})
    assert (running.get("/live").status_code, running.get("/live").json()) == (200, {"live": True})


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────


def test_reading(ground: Ground, two: Callable[..., None]) -> None:
    """Search, event, timeline in pages and as a table, score, line-ups, health."""
    two(1, 2, 3)
    running = ground.gateway()
    event = ground.world.event
    score = running.get(f"/api/events/{event}/score").json()
    assert (score["headline"], score["seq"], score["ready"]) == ("A 3–0 B", 3, True)
    (found,) = running.get("/api/events", params={"text": "a v b"}).json()["events"]
    assert (found["event"], found["live"]["headline"]) == (event, "A 3–0 B")
    assert running.get(f"/api/events/{event}").json()["live"]["seq"] == 3
    page = running.get(f"/api/events/{event}/timeline", params={"limit": 2}).json()
    assert ([one["place"] for one in page["entries"]], page["next"]) == ([1, 2], 3)
    rest = running.get(f"/api/events/{event}/timeline", params={"from": 3}).json()
    assert ([one["place"] for one in rest["entries"]], rest["next"]) == ([3], None)
    table = running.get(f"/api/events/{event}/timeline", headers={"accept": "text/csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert len(table.text.splitlines()) == 4
    assert running.get(f"/api/events/{event}/lineups").json()["players"] == {"A": [], "B": []}
    assert running.get("/api/health").json()["status"] == "ok"
    ready = running.get("/ready")
    assert (ready.status_code, ready.json()) == (200, {"ready": True})
    assert running.get("/ready", headers={"host": "evil.example"}).status_code == 403
    assert running.get("/metrics").status_code == 404
    assert running.get("/openapi.json").json()["openapi"] == "3.1.0"
    assert "/api/v1/events/{event}/stream" in running.get("/api").text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/events/nope", 404, "NOT_FOUND"),
        ("/api/events/nope/timeline", 404, "NOT_FOUND"),
        ("/api/events?limit=0", 400, "BAD_MESSAGE"),
        ("/api/events?nonsense=1", 400, "BAD_MESSAGE"),
        ("/api/events/%00/score", 400, "BAD_MESSAGE"),
        ("/api/nothing", 404, "NOT_FOUND"),
        ("/static/../options.py", 404, "NOT_FOUND"),
        ("/static/%2e%2e/options.py", 404, "NOT_FOUND"),
    ],
)
def test_refused_over_http(ground: Ground, path: str, status: int, code: str) -> None:
    """A request that is not valid gets a status and an error in JSON, with the usual headers."""
    answer = ground.gateway().get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Json]]:
    """Yield the id and data of each server-sent event."""
    number = ""
    for line in lines:
        if line.startswith("id: "):
            number = line[4:]
        elif line.startswith("data: "):
            yield number, json.loads(line[6:])


def test_server_sent_events(ground: Ground, two: Callable[..., None]) -> None:
    """A stream is joined like the feed, goes on where `Last-Event-ID` says, and ends with the
    gateway."""
    two(1, 2)
    running = ground.gateway()
    url = f"{running.url}/api/events/{ground.world.event}/stream"
    with httpx.stream("GET", url, params={"from": "start"}, timeout=PATIENCE) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = _events(answer.iter_lines())
        assert next(found)[1]["type"] == "setup"
        number, entry = next(found)
        assert (number, entry["seq"]) == ("1-1", 1)
    with httpx.stream("GET", url, headers={"last-event-id": number}, timeout=PATIENCE) as answer:
        found = _events(answer.iter_lines())
        assert next(found)[1]["recovered"] is True
        assert next(found)[1]["seq"] == 2
        counters = running.gateway.counters
        assert (counters.resumed, counters.resent) == ({"recovered": 1}, 1)
        two(3)
        assert next(data for _, data in found if data["type"] == "entry")["seq"] == 3
        running.stop()
        assert all(data["type"] in {"heartbeat", "status"} for _, data in found)
    ground.world.until(lambda: running.gateway.limits.total == 0)


def test_who_leaves_is_forgotten(ground: Ground) -> None:
    """Viewers that have gone leave nothing behind, and their event is dropped in the end."""
    running = ground.gateway(linger=0.2)
    with ExitStack() as stack:
        viewer = Viewer(running, f"/ws/events/{ground.world.event}")
        stack.callback(viewer.close)
        viewer.next("setup")
        assert running.gateway.hub.events == {ground.world.event: 1}
    ground.world.until(lambda: running.gateway.hub.events == {})
    ground.world.until(lambda: running.gateway.hub.follower.cores == {})
    assert running.gateway.limits.total == 0


def test_events_are_bounded(ground: Ground) -> None:
    """Beyond its bound a gateway drops who is of no interest, and refuses where all are of some."""
    other, third = ground.other_event("race"), ground.other_event("tennis")
    running = ground.gateway(max_events=2)
    first = ground.view(running)
    first.next("setup")
    assert running.get(f"/api/events/{other}/score").status_code == 200
    assert running.get(f"/api/events/{third}/score").status_code == 200
    assert set(running.gateway.hub.events) == {ground.world.event, third}
    second = ground.view(running, f"/ws/events/{third}")
    second.next("setup")
    answer = running.get(f"/api/events/{other}/score")
    assert (answer.status_code, answer.json()["code"]) == (429, "OVERLOADED")
