"""uvicorn, with what the gateway adds: the raw WebSocket within reach, and a stop from any thread.

Tested in `tests/integration/test_gateway.py` and `test_gateway_process.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from ..protocol.errors import AddressTaken, EnvironmentFault
from .options import Options

logger = logging.getLogger(__name__)

RAW_WEBSOCKET = "touchline.raw_websocket"
"""The key of a `RawWebSocket` in the `extensions` of a WebSocket's scope."""

HIGH_WATER = 65_536
"""Bytes that may lie in the process, not taken by the system, before a connection is not clear."""

SEND_BYTES = 262_144
"""Bytes for a connection that the system may hold (Linux doubles it for its own use)."""

CLOSE_SECONDS = 5.0
"""How long a closed connection may take to read what was sent before."""


class RawWebSocket:
    """The connection under a WebSocket, for frames that are ready to be sent.

    A frame that goes to a thousand viewers is made once and written a thousand times; no task wakes
    and no message is built for each of them.
    """

    def __init__(self, protocol: RawWebSocketProtocol) -> None:
        self._protocol = protocol

    @property
    def open(self) -> bool:
        """Whether anything may still be written."""
        protocol = self._protocol
        return not (protocol.close_sent or protocol.disconnected or protocol.transport.is_closing())

    @property
    def clear(self) -> bool:
        """Whether the system takes more now."""
        return self._protocol.transport.get_write_buffer_size() < HIGH_WATER

    def write(self, frames: bytes) -> None:
        """Hand over whole frames; only while `open`, and usually while `clear`."""
        self._protocol.transport.write(frames)

    def close(self, code: int, reason: str) -> None:
        """Close the connection, whether or not the other side reads."""
        protocol = self._protocol
        if not self.open:
            return
        protocol.conn.send_close(code, reason)
        protocol.transport.write(b"".join(protocol.conn.data_to_send()))
        protocol.close_sent = True
        protocol.stop_keepalive()
        protocol.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        protocol.close_timer = protocol.loop.call_later(CLOSE_SECONDS, protocol.transport.abort)


class RawWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, whose application finds a `RawWebSocket` in the scope.

    uvicorn takes a class and gives the application no other way to the transport.
    """

    def handle_connect(self, event: Request) -> None:
        """Begin as uvicorn does; the application's task has not run yet when this returns."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            raw = RawWebSocket(self)
            self.scope["extensions"][RAW_WEBSOCKET] = raw  # type: ignore[assignment]  # uvicorn's own are dicts


class GatewayServer:
    """The server of a gateway. It runs in a thread, so that uvicorn leaves signals alone.

    Args:
        app: the ASGI application.
        options: the gateway's.
        leaving: is called when it begins to stop, to end what would go on for ever.

    Raises:
        AddressTaken: the address can't be had.
    """

    def __init__(
        self, app: Starlette, options: Options, leaving: Callable[[], None] = lambda: None
    ) -> None:
        # uvicorn calls `callback_notify` from its main loop, for the first time when it listens.
        self._server = uvicorn.Server(_config(app, options, self._started))
        self._options = options
        self._leaving = leaving
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bound = _bound(options)
        self.listening = threading.Event()
        """Set while connections are taken."""
        self.url = _url(self._bound)
        """Where the page is."""

    def run(self) -> None:
        """Serve until `stop`.

        Raises:
            EnvironmentFault: it could not begin; the log says why.
        """
        try:
            asyncio.run(self._serve())
        except SystemExit:
            raise EnvironmentFault("the gateway could not start; its log says why") from None
        finally:
            self._loop = None
            self.listening.clear()

    def stop(self) -> None:
        """Take no more connections, close what is open, and end; from any thread or a signal.

        A connection that does not read is cut off when the time to drain is up.
        """
        loop = self._loop
        if loop is None:
            self._server.should_exit = True
            return
        # The loop may end by itself in this moment.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._leave)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve([self._bound])

    async def _started(self) -> None:
        self.listening.set()

    def _leave(self) -> None:
        self._server.should_exit = True
        self._leaving()
        loop = asyncio.get_running_loop()
        loop.call_later(self._options.drain_seconds, self._cut)

    def _cut(self) -> None:
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _config(app: Any, options: Options, started: Callable[[], Awaitable[None]]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws=RawWebSocketProtocol,
        loop="asyncio",
        lifespan="on",
        ws_max_size=options.max_frame,
        ws_per_message_deflate=False,  # the same frame goes to all, and each is small
        log_config=None,
        access_log=False,
        callback_notify=started,
        server_header=False,
        proxy_headers=bool(options.forwarded_by),
        forwarded_allow_ips=options.forwarded_by or None,
        timeout_graceful_shutdown=max(1, round(options.drain_seconds) + 1),
    )


def _bound(options: Options) -> socket.socket:
    """Return a socket that has the address.

    Raises:
        AddressTaken: it can't be had.
    """
    address = options.address
    bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it. Otherwise Linux lets the buffer grow to megabytes for
        # each viewer that reads slowly, and the gateway would not see that the viewer is behind.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        bound.bind((address, options.port))
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise AddressTaken(
            f"can't listen on {options.host}:{options.port}: {reason}; choose another --port"
        ) from error
    return bound


def allow_connections(options: Options) -> None:
    """Let the process open as many descriptors as the options need, where the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = options.max_connections + 16 * (options.max_events + options.max_reporters) + 512
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
        if hard < wanted:
            logger.warning(
                "the system allows %s open files, %s connections need %s; see ulimit -n",
                f"{hard:,}",
                f"{options.max_connections:,}",
                f"{wanted:,}",
            )
