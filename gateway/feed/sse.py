"""Server-sent events: a feed for clients without WebSocket, such as `curl`.

Each message is one event of the stream: `data` is its JSON, `id` the position after it, which a
client that reconnects sends as `Last-Event-ID`. Tested in `tests/integration/test_gateway.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from ...protocol.errors import BadMessage, TouchlineError
from ...protocol.fields import Count
from ...runtime import clock
from ...runtime.logs import note
from ..context import Gateway
from ..options import LEAST_HEARTBEAT, MOST_HEARTBEAT
from ..rest import OPEN, event_of, query
from ..security import address_of, refusal
from .channel import Channel

logger = logging.getLogger(__name__)

RETRY_MS = 2_000
"""How long a client that lost its connection waits before it reconnects."""

MOST_AT_ONCE = 100
"""The most messages that are written at a time."""


class Follow(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a stream."""

    from_: Literal["end", "start"] | Count = msgspec.field(default="end", name="from")
    epoch: Count | None = None
    heartbeat: Annotated[float, Meta(ge=LEAST_HEARTBEAT, le=MOST_HEARTBEAT)] | None = None


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return the route of the stream."""

    async def stream(request: Request) -> Response:
        """Follow an event."""
        wanted = query(request, Follow)
        last = request.headers.get("last-event-id")
        if last is not None:
            wanted = resumed(last, wanted)
        channel = await gateway.hub.channel(event_of(request))
        return Stream(gateway, channel, wanted, returns=last is not None)

    return [Route("/api/events/{event}/stream", stream, methods=["GET"])]


def resumed(last: str, wanted: Follow) -> Follow:
    """Return a query that continues after the position of a `Last-Event-ID`.

    Raises:
        BadMessage: the id is not valid.
    """
    epoch, dash, seq = last.partition("-")
    if not (dash and epoch.isdecimal() and seq.isdecimal() and len(last) <= 40):
        raise BadMessage(f"Last-Event-ID: {last[:60]!r} is not EPOCH-SEQ")
    return Follow(from_=int(seq), epoch=int(epoch), heartbeat=wanted.heartbeat)


class Stream(Response):
    """One stream of server-sent events.

    Args:
        gateway: the gateway of the stream.
        channel: the event.
        wanted: where it begins.
        returns: whether the client has followed it before.
    """

    def __init__(
        self, gateway: Gateway, channel: Channel, wanted: Follow, *, returns: bool
    ) -> None:
        super().__init__(
            media_type="text/event-stream", headers={**OPEN, "x-accel-buffering": "no"}
        )
        # A stream has no length.
        del self.headers["content-length"]
        self._gateway = gateway
        self._channel = channel
        self._wanted = wanted
        self._returns = returns
        self._interval = wanted.heartbeat or gateway.options.heartbeat
        self._woken = asyncio.Event()
        self._status: bytes | None = None
        self._failure: TouchlineError | None = None
        self._ended = False
        self._position = 0
        self._generation = channel.generation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until the client leaves, reads nothing for too long, or the gateway stops."""
        gateway, event = self._gateway, self._channel.card.event
        address = address_of(scope)
        gateway.limits.take(address)
        try:
            gateway.hub.listen(event, self)
            gateway.streams.add(self)
            gateway.counters.connections["sse"] += 1
            note(logger, logging.INFO, "a viewer has come", event=event, address=address)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _first(self._send(send), _left(receive))
        finally:
            gateway.hub.leave(event, self)
            gateway.streams.discard(self)
            gateway.limits.give_back(address)

    # ── calls of the hub ─────────────────────────────────────────────────────────────────────

    def notify(self) -> None:
        self._woken.set()

    def status(self, payload: bytes) -> None:
        self._status = payload
        self._woken.set()

    def tick(self, now: float) -> None:
        pass  # the stream sends its heartbeats by itself

    def failed(self, error: TouchlineError) -> None:
        self._failure = error
        self._woken.set()

    def end(self) -> None:
        """End the stream; the client reconnects by itself."""
        self._ended = True
        self._woken.set()

    # ── output ───────────────────────────────────────────────────────────────────────────────

    async def _send(self, send: Send) -> None:
        async for chunk in self._chunks():
            body = {"type": "http.response.body", "body": chunk, "more_body": True}
            await asyncio.wait_for(send(body), self._gateway.options.stalled)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield f"retry: {RETRY_MS}\n\n".encode() + self._opening()
        due = clock.now()
        while not self._ended:
            self._woken.clear()
            if self._failure is not None:
                yield _event(msgspec.json.encode(refusal(self._failure)))
                return
            if chunk := self._more():
                yield chunk
                continue
            now = clock.now()
            if now >= due:
                due = now + self._interval
                yield _event(self._channel.heartbeat(self._interval, clock.wall()))
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), due - now)

    def _opening(self) -> bytes:
        channel, wanted = self._channel, self._wanted
        at = {"start": 0, "end": -1}.get(str(wanted.from_), wanted.from_)
        if not isinstance(at, int):
            raise AssertionError(f"a stream begins at {at!r}, which is not a position")
        recovered = at >= 0 and channel.continues(at, wanted.epoch)
        if self._returns:
            # All that a gateway learns of what a stream lost: nothing comes back on it.
            self._gateway.counters.resumed["recovered" if recovered else "anew"] += 1
            self._gateway.counters.resent += channel.standing.seq - at if recovered else 0
        setup = channel.setup(heartbeat=self._interval, recovered=recovered, wall=clock.wall())
        if recovered:
            self._position = at
            return _event(setup)
        return _event(setup) + self._snapshot(switched=False)

    def _snapshot(self, *, switched: bool) -> bytes:
        snapshot = self._channel.snapshot(clock.now())
        self._position, self._generation = snapshot.seq, self._channel.generation
        return self._numbered(snapshot.payload(switched=switched), snapshot.seq)

    def _more(self) -> bytes:
        """Return the next messages; empty where the client has all."""
        channel = self._channel
        if self._generation != channel.generation or not channel.feed.has(self._position):
            return self._snapshot(switched=True)
        payloads = channel.feed.payloads(self._position, MOST_AT_ONCE)
        chunks = [
            self._numbered(payload, seq) for seq, payload in enumerate(payloads, self._position + 1)
        ]
        self._position += len(payloads)
        if self._status is not None:
            chunks.append(_event(self._status))
            self._status = None
        return b"".join(chunks)

    def _numbered(self, payload: bytes, seq: int) -> bytes:
        return f"id: {self._channel.standing.epoch}-{seq}\n".encode() + _event(payload)


def _event(payload: bytes) -> bytes:
    # Encoded JSON has no line break, which would end the `data` field.
    return b"data: " + payload + b"\n\n"


async def _first(*calls: Coroutine[Any, Any, None]) -> None:
    """Wait until the first of several coroutines ends, then end the others."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        # A coroutine that was cancelled here, or a client that read nothing in time.
        if isinstance(result, BaseException) and not isinstance(
            result, asyncio.CancelledError | TimeoutError
        ):
            raise result


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
