"""The WebSocket feed: `/ws/events/{event}` for one event, `/ws` for several on one connection.

Tested in `tests/integration/test_gateway.py`, its pure parts in
`tests/unit/gateway/feed/test_websocket.py`.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from ...protocol.digest import DIGEST_BYTES
from ...protocol.errors import (
    BadMessage,
    NotFound,
    Overloaded,
    TouchlineError,
    UnknownType,
    Unreachable,
)
from ...protocol.fields import Count, Id
from ...protocol.times import to_rfc3339
from ...runtime import clock
from ...runtime.languages import SOURCE, known
from ...runtime.logs import note
from ..context import Gateway, Left
from ..json_input import NOT_VALID
from ..options import LEAST_HEARTBEAT, MOST_HEARTBEAT
from ..security import address_of, refusal
from ..server import RAW_WEBSOCKET, RawWebSocket
from .channel import SNAPSHOT_ENTRIES
from .hub import Hub
from .message_log import framed
from .packets import point_feed
from .viewer import Bounds, Start, Viewer

logger = logging.getLogger(__name__)

BAD_MESSAGE = 4000
NO_EVENT = 4004
TOO_SLOW = 4008
TOO_MANY = 4009
AWAY = 1013
"""Close codes; `docs/GATEWAY.md` lists them."""

LEFT = (1000, 1001)
"""The close codes of a page that is closed on purpose; a page that is lost sends none."""

MOST_EVENTS = 50
"""The most events that one connection follows."""

MOST_PEOPLE = 50
"""The most people whose pages one connection counts as: their further fates come over it."""

MOST_TOKEN = 200
"""The most characters of a token."""

MOST_WAITING = 1_000
"""The most messages besides the feed that wait on one connection."""

PACKET_HEARTBEAT = 10.0
"""Seconds between the heartbeats of packets, which clients of these expect."""

Heartbeat = Annotated[float, Meta(ge=LEAST_HEARTBEAT, le=MOST_HEARTBEAT)]
Entries = Annotated[int, Meta(ge=1, le=SNAPSHOT_ENTRIES)]
Viewed = Annotated[int, Meta(ge=0, le=100_000)]
Digest = Annotated[str, Meta(pattern=f"^[0-9a-f]{{{2 * DIGEST_BYTES}}}$")]


class Query(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a viewer joins, from the query or from `subscribe`."""

    from_: Literal["end", "start"] | Count | None = msgspec.field(default=None, name="from")
    epoch: Count | None = None
    digest: Digest | None = None
    heartbeat: Heartbeat | None = None
    form: Literal["json", "packets"] = "json"
    start_position: Literal["live"] | Annotated[int, Meta(ge=1, le=2**63 - 1)] = msgspec.field(
        default=1, name="startPosition"
    )
    entries: Entries = SNAPSHOT_ENTRIES
    setup: Literal["full", "brief"] = "full"
    lang: Annotated[str, Meta(max_length=35)] = ""

    def start(self, heartbeat: float) -> Start:
        """Return where the viewer joins; `heartbeat` is the interval where the query names none."""
        return Start(
            at="end" if self.from_ is None else self.from_,
            epoch=self.epoch,
            digest=bytes.fromhex(self.digest) if self.digest else None,
            heartbeat=self.heartbeat or (PACKET_HEARTBEAT if self.form == "packets" else heartbeat),
            form=self.form,
            packet=0 if isinstance(self.start_position, str) else self.start_position,
            entries=self.entries,
            brief=self.setup == "brief",
            language=known(self.lang) or SOURCE,
        )


class Subscribe(Struct, frozen=True, tag="subscribe", forbid_unknown_fields=True):
    """Follow a further event on this connection, or join a followed one anew."""

    event: Id
    from_: Literal["end", "start"] | Count | None = msgspec.field(default=None, name="from")
    epoch: Count | None = None
    digest: Digest | None = None
    heartbeat: Heartbeat | None = None

    def start(self, heartbeat: float) -> Start:
        """Return where the viewer joins."""
        return Query(self.from_, self.epoch, self.digest, self.heartbeat).start(heartbeat)


class Unsubscribe(Struct, frozen=True, tag="unsubscribe", forbid_unknown_fields=True):
    """Stop following an event."""

    event: Id


class ViewerCounts(Struct, frozen=True):
    """What became of messages at a viewer since its ping before, by its own word."""

    received: Viewed = 0
    lost: Viewed = 0
    repaired: Viewed = 0
    duplicate: Viewed = 0


class ViewerPing(Struct, frozen=True, tag="ping"):
    """Ask for the gateway's clock; the answer repeats `time`."""

    time: str | int | float | None = None
    counts: ViewerCounts | None = None


class ClientToken(Struct, frozen=True):
    """The first message of a client of packets at other feeds, which ask for it; it has no type."""

    token: object = msgspec.field(name="authToken")
    type: UnsetType = UNSET


class PeerReport(Struct, frozen=True):
    """A report in the JSON of peers; its token alone says whose it is. It is read where reports
    of browsers are read."""

    event: dict[str, object]
    token: Annotated[str, Meta(max_length=MOST_TOKEN)] = ""
    type: Literal["event"] | UnsetType = UNSET


ViewerMessage = Subscribe | Unsubscribe | ViewerPing | ClientToken | PeerReport

_decoder: msgspec.json.Decoder[ViewerMessage] = msgspec.json.Decoder(
    Subscribe | Unsubscribe | ViewerPing
)
_untyped = (msgspec.json.Decoder(ClientToken).decode, msgspec.json.Decoder(PeerReport).decode)


def read_query(query: Mapping[str, str]) -> Query:
    """Return where a viewer joins.

    Raises:
        BadMessage: the query is not valid.
    """
    try:
        return msgspec.convert(dict(query), Query, strict=False)
    except msgspec.ValidationError as error:
        raise BadMessage(f"query: {error}") from None


def read_message(text: str | bytes) -> ViewerMessage:
    """Return a viewer's message.

    Raises:
        UnknownType: the type is not known.
        BadMessage: the message is not valid in any other way.
    """
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError as error:
        for decode in _untyped:
            with contextlib.suppress(msgspec.ValidationError):
                return decode(text)
        if "Invalid value" in str(error) and "$.type" in str(error):
            raise UnknownType(
                f"{error}; the types are subscribe, unsubscribe, ping and event"
            ) from None
        raise BadMessage(str(error)) from None
    except NOT_VALID as error:
        raise BadMessage(f"not JSON: {error}") from None


def close_code(error: TouchlineError) -> int:
    """Return the close code of an error."""
    if isinstance(error, NotFound):
        return NO_EVENT
    if isinstance(error, Overloaded):
        return TOO_MANY
    return AWAY if isinstance(error, Unreachable) else BAD_MESSAGE


class Connection:
    """One WebSocket and the events that it follows.

    All frames go through one queue. A viewer is asked for more frames when the queue is empty and
    the raw WebSocket is clear, so that a viewer that does not read costs only its position.
    """

    def __init__(self, hub: Hub, raw: RawWebSocket) -> None:
        self.people: dict[str, Left] = {}
        """The keys of those who are signed in or have reported, and what says that they leave."""
        self._hub = hub
        self._raw = raw
        self._out: deque[bytes] = deque()
        self._listeners: dict[str, _ViewerListener] = {}

    # ── output ───────────────────────────────────────────────────────────────────────────────

    def send(self, payload: bytes) -> None:
        """Send a message besides the feed.

        Args:
            payload: JSON.
        """
        if len(self._out) >= MOST_WAITING:
            self.close(TOO_SLOW, "you read nothing")
            return
        self._out.extend(framed(payload))
        self.flush()

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        if self._raw.open:
            self._hub.counters.closed[str(code)] += 1
            self._raw.close(code, reason[:100])

    def flush(self) -> None:
        """Write waiting frames and the viewers' next messages while the raw WebSocket is clear."""
        raw, out = self._raw, self._out
        if not raw.open:
            return
        for listener in self._listeners.values():
            while raw.clear:
                if not out and not listener.refill():
                    break
                self._write(out.popleft())
        while out and raw.clear:
            self._write(out.popleft())

    def put(self, frames: list[bytes]) -> None:
        """Queue frames."""
        self._out.extend(frames)

    @property
    def clear(self) -> bool:
        """Whether the system has all frames and takes more."""
        return not self._out and self._raw.clear

    def _write(self, frame: bytes) -> None:
        self._hub.counters.sent += len(frame)
        self._raw.write(frame)

    # ── events ───────────────────────────────────────────────────────────────────────────────

    async def subscribe(self, event: str, start: Start) -> None:
        """Follow an event; an event that is followed already is joined anew.

        Raises:
            TouchlineError: the event can't be followed.
        """
        if event not in self._listeners and len(self._listeners) >= MOST_EVENTS:
            raise Overloaded(
                f"{len(self._listeners)} events on one connection, at most {MOST_EVENTS} allowed"
            )
        channel = await self._hub.channel(event)
        if start.form == "packets":
            point_feed(channel.card)
        self.unsubscribe(event)
        options = self._hub.options
        bounds = Bounds(options.queue_messages, options.queue_bytes, options.stalled)
        viewer = Viewer(channel, start, bounds, clock.now())
        listener = _ViewerListener(self, viewer)
        self._hub.listen(event, listener)
        self._listeners[event] = listener
        self._out.extend(viewer.opening(clock.now(), clock.wall()))
        listener.tick(clock.now())

    def unsubscribe(self, event: str) -> bool:
        """Stop following an event; return whether it was followed."""
        listener = self._listeners.pop(event, None)
        if listener is not None:
            self._hub.leave(event, listener)
        return listener is not None

    def leave(self) -> None:
        """Stop following all events."""
        for event in list(self._listeners):
            self.unsubscribe(event)

    def failed(self, event: str, error: TouchlineError) -> None:
        """Send why an event can't be followed any longer."""
        self._listeners.pop(event, None)
        self._hub.counters.refusals[error.code] += 1
        self.send(msgspec.json.encode(refusal(error) | {"event": event}))
        if not self._listeners:
            self.close(close_code(error), error.sentence)


class _ViewerListener:
    """One viewer on a connection."""

    def __init__(self, connection: Connection, viewer: Viewer) -> None:
        self._connection = connection
        self._viewer = viewer

    def refill(self) -> bool:
        """Queue the viewer's next messages; return whether there are any."""
        viewer = self._viewer
        switches = viewer.switches
        frames = viewer.more(clock.now())
        self._connection.put(frames)
        self._connection._hub.counters.switched += viewer.switches - switches
        if viewer.over:
            self._connection.close(TOO_SLOW, "the packets that follow are no longer kept")
        return bool(frames)

    def notify(self) -> None:
        self._connection.flush()

    def status(self, payload: bytes) -> None:
        if self._viewer.start.form == "json" and self._connection.clear:
            self._connection.send(payload)

    def tick(self, now: float) -> None:
        connection, viewer = self._connection, self._viewer
        connection.flush()
        if not connection.clear:
            if viewer.stalled(now):
                connection.close(TOO_SLOW, "you read too slowly")
        elif viewer.current and viewer.beats(now):
            connection.send(viewer.heartbeat(clock.wall()))

    def failed(self, error: TouchlineError) -> None:
        self._connection.failed(self._viewer.channel.card.event, error)


# ── endpoints ────────────────────────────────────────────────────────────────────────────────


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return the routes of the WebSocket feed."""

    async def one(websocket: WebSocket) -> None:
        await _serve(gateway, websocket, websocket.path_params["event"])

    async def several(websocket: WebSocket) -> None:
        await _serve(gateway, websocket, "")

    return [WebSocketRoute("/ws/events/{event}", one), WebSocketRoute("/ws", several)]


async def _serve(gateway: Gateway, websocket: WebSocket, event: str) -> None:
    """Serve one connection until it ends."""
    address = address_of(websocket.scope)
    await websocket.accept()
    raw = websocket.scope["extensions"][RAW_WEBSOCKET]
    connection = Connection(gateway.hub, raw)
    try:
        gateway.limits.take(address)
    except Overloaded as error:
        _refuse(gateway, connection, error)
        return
    gateway.counters.connections["websocket"] += 1
    note(logger, logging.INFO, "a viewer has come", event=event, address=address)
    gateway.connections.add(connection)
    if person := gateway.person(websocket, event):
        connection.people[person] = gateway.attend(person)
    left = False
    try:
        query = read_query(websocket.query_params)
        if event:
            await connection.subscribe(event, query.start(gateway.options.heartbeat))
        left = await _listen(gateway, websocket, connection, event, address) in LEFT
    except TouchlineError as error:
        _refuse(gateway, connection, error)
    finally:
        note(logger, logging.INFO, "a viewer has left", event=event, address=address)
        gateway.connections.discard(connection)
        connection.leave()
        for gone in connection.people.values():
            gone(left)
        gateway.limits.give_back(address)


def _refuse(gateway: Gateway, connection: Connection, error: TouchlineError) -> None:
    gateway.counters.refusals[error.code] += 1
    connection.send(msgspec.json.encode(refusal(error)))
    connection.close(close_code(error), error.sentence)


async def _listen(
    gateway: Gateway, websocket: WebSocket, connection: Connection, event: str, address: str
) -> int:
    """Take the viewer's messages until it leaves; return its close code.

    Args:
        gateway: which serves it.
        websocket, connection: of the viewer.
        event: of the path; empty where that names none.
        address: of the viewer.

    Raises:
        TouchlineError: a message that ends the connection.
    """
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return int(message.get("code") or 0)
        content = message.get("text") or message.get("bytes") or ""
        match read_message(content):
            case PeerReport(token=token):
                await _report(gateway, connection, content, token, event, address)
            case ViewerPing(time=time_, counts=counts):
                if counts is not None:
                    gateway.counters.viewed.update(msgspec.structs.asdict(counts))
                pong = {"type": "pong", "time": time_, "server_time": to_rfc3339(clock.wall())}
                connection.send(msgspec.json.encode(pong))
            case ClientToken():
                pass  # a feed can be read by all
            case Unsubscribe() as unwanted:
                connection.unsubscribe(unwanted.event)
            case Subscribe() as wanted:
                await _subscribe(gateway, connection, wanted)


async def _report(
    gateway: Gateway,
    connection: Connection,
    content: str | bytes,
    token: str,
    event: str,
    address: str,
) -> None:
    """Take a report, and answer with its fate; a refusal does not end the connection."""
    body = content.encode() if isinstance(content, str) else content
    try:
        person, fates = await gateway.take_report(body, token, event, address)
    except TouchlineError as error:
        gateway.counters.refusals[error.code] += 1
        connection.send(msgspec.json.encode(refusal(error)))
        return
    for fate in fates:
        connection.send(msgspec.json.encode(fate))
    if person not in connection.people and len(connection.people) < MOST_PEOPLE:
        connection.people[person] = gateway.attend(person)


async def _subscribe(gateway: Gateway, connection: Connection, wanted: Subscribe) -> None:
    """Follow a further event; a refusal does not end the others."""
    try:
        await connection.subscribe(wanted.event, wanted.start(gateway.options.heartbeat))
    except TouchlineError as error:
        gateway.counters.refusals[error.code] += 1
        connection.send(msgspec.json.encode(refusal(error) | {"event": wanted.event}))
