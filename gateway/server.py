"""The gateway's server: uvicorn, with access to the raw WebSocket and a stop from any thread.

Tested in `tests/integration/test_gateway.py` and `test_gateway_process.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from ..protocol.errors import AddressTaken, EnvironmentFault, SettingError
from ..runtime.connection_guard import IDLE_SECONDS, PROBE_SECONDS, PROBES
from ..runtime.connections import ConnectionBounds
from ..runtime.descriptors import raise_limit
from .listener import BoundedListener
from .options import Options

logger = logging.getLogger(__name__)

ANY_KIND = 4
"""The connections of any kind that an address may have, for each that may stay open."""

RAW_WEBSOCKET = "touchline.raw_websocket"
"""The key of a `RawWebSocket` in the `extensions` of a WebSocket's scope."""

HIGH_WATER = 65_536
"""The most bytes that the system has not taken yet while a connection counts as clear."""

SEND_BYTES = 262_144
"""The most bytes that the system holds for a connection (Linux doubles it for its own use)."""

CLOSE_SECONDS = 5.0
"""How long a closed connection may take to read the frames that were sent before."""


KEEP_ALIVE = {
    "TCP_KEEPIDLE": IDLE_SECONDS,
    "TCP_KEEPINTVL": PROBE_SECONDS,
    "TCP_KEEPCNT": PROBES,
}
"""Socket options that accepted connections inherit, by their names."""


class RawWebSocket:
    """The connection under a WebSocket, for frames that are ready to be sent.

    A frame for a thousand viewers is made once and written a thousand times; no task wakes and no
    message is built for each viewer.
    """

    def __init__(self, protocol: RawWebSocketProtocol) -> None:
        self._protocol = protocol

    @property
    def open(self) -> bool:
        """Whether frames may still be written."""
        protocol = self._protocol
        return not (protocol.close_sent or protocol.disconnected or protocol.transport.is_closing())

    @property
    def clear(self) -> bool:
        """Whether the system takes more bytes now."""
        return self._protocol.transport.get_write_buffer_size() < HIGH_WATER

    def write(self, frames: bytes) -> None:
        """Write whole frames; call it only while `open`, and usually while `clear`."""
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

    uvicorn takes a class, and gives the application no other access to the transport.
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
        leaving: called when it begins to stop, to end streams that do not end by themselves.

    Raises:
        AddressTaken: the address is taken or not allowed.
        SettingError: the certificate or its key can't be used.
    """

    def __init__(
        self, app: Starlette, options: Options, leaving: Callable[[], None] = lambda: None
    ) -> None:
        # uvicorn calls `callback_notify` from its main loop, for the first time when it listens.
        _check_tls(options)
        self._server = uvicorn.Server(_config(app, options, self._started))
        self._options = options
        self._leaving = leaving
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bound = _bound(options)
        self.listening = threading.Event()
        """Set while the server takes connections."""
        app.state.gateway.counters.over_limit = self._bound.refused
        self.url = _url(self._bound, "https" if options.tls_cert else "http")
        """The URL of the start page."""

    def run(self) -> None:
        """Serve until `stop`.

        Raises:
            EnvironmentFault: the server could not start; the log says why.
        """
        try:
            asyncio.run(self._serve())
        except SystemExit:
            raise EnvironmentFault("the gateway could not start; its log says why") from None
        finally:
            self._loop = None
            self.listening.clear()

    def stop(self) -> None:
        """Take no more connections, close the open ones, and end; any thread may call this.

        A connection that does not read is cut after the time to drain.
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


def _check_tls(options: Options) -> None:
    """Load the certificate once, so that a wrong file is told by the flag's name.

    Raises:
        SettingError: the certificate or its key can't be used.
    """
    if not options.tls_cert:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(options.tls_cert, options.tls_key or None)
    except (OSError, ValueError) as error:
        raise SettingError(
            f"--tls-cert, --tls-key: {options.tls_cert} can't be used: {error}"
        ) from None


def _url(bound: socket.socket, scheme: str) -> str:
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}"


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
        ssl_certfile=options.tls_cert or None,
        ssl_keyfile=options.tls_key or None,
        timeout_graceful_shutdown=max(1, round(options.drain_seconds) + 1),
    )


def _bound(options: Options) -> BoundedListener:
    """Return a socket that is bound to the address.

    Raises:
        AddressTaken: the address is taken or not allowed.
    """
    address = options.address
    bound = BoundedListener(
        socket.AF_INET6 if ":" in address else socket.AF_INET,
        ConnectionBounds.within(raise_limit(), key=1, address=ANY_KIND * options.per_address),
        options.forwarded_by,
    )
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it. Otherwise Linux lets the buffer grow to megabytes for
        # each viewer that reads slowly, and the gateway would not notice that the viewer is behind.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEP_ALIVE.items():
            if hasattr(socket, option):  # the system's own intervals elsewhere
                bound.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        bound.bind((address, options.port))
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise AddressTaken(
            f"can't listen on {options.host}:{options.port}: {reason}; choose another --port"
        ) from error
    return bound


def check_connections(options: Options, allowed: int) -> None:
    """Warn where the system allows too few open files for the options.

    Args:
        allowed: how many it does.
    """
    wanted = options.max_connections + 16 * (options.max_events + options.max_reporters) + 512
    if allowed < wanted:
        logger.warning(
            "the system allows %s open files, %s connections need %s; see ulimit -n",
            f"{allowed:,}",
            f"{options.max_connections:,}",
            f"{wanted:,}",
        )
