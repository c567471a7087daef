"""uvicorn, with what the gateway adds: the wire of a WebSocket within reach, and a quiet stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import threading
from collections.abc import Callable, Generator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from ..protocol.errors import AddressTaken, EnvironmentFault
from .options import Options

logger = logging.getLogger(__name__)

WIRE = "touchline.wire"
"""Under this name a WebSocket's wire is found among the `extensions` of its scope."""

HIGH_WATER = 65_536
"""Bytes that may lie in the process, not taken by the system, before a wire is not clear."""

SEND_BYTES = 262_144
"""Bytes for a connection that the system may hold (Linux doubles it for its own use)."""

CLOSE_SECONDS = 5.0
"""How long who is closed may take to read what it was sent."""


class RawWebSocket:
    """The connection under a WebSocket, for frames that are ready to be sent.

    A frame that goes to a thousand viewers is made once and written a thousand times, without a
    task being woken or a message being built for each.
    """

    def __init__(self, protocol: Wired) -> None:
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
        """Hand over whole frames; only to who is `open`, and usually `clear`."""
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


class Wired(WebSocketsSansIOProtocol):
    """A WebSocket whose application finds its wire in the scope."""

    def handle_connect(self, event: Request) -> None:
        """Begin as uvicorn does; the application's task has not run yet when this returns."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][WIRE] = RawWebSocket(self)  # type: ignore[assignment]  # uvicorn's own are dicts


class Server(uvicorn.Server):
    """A server that leaves signals to who runs it, and says when it listens.

    Args:
        app: the ASGI application.
        options: the gateway's.
        leaving: is called when it begins to stop, to end what would go on for ever.
    """

    def __init__(
        self, app: Starlette, options: Options, leaving: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(_config(app, options))
        self._options = options
        self._leaving = leaving
        self.listening = threading.Event()
        """Set when connections are taken."""
        self.url = ""
        """Where the page is, once it listens."""
        self._sockets = [_bound(options)]

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone."""
        yield

    def go(self) -> None:
        """Serve until `stop`.

        Raises:
            EnvironmentFault: it could not begin; the log says why.
        """
        try:
            asyncio.run(self.serve(self._sockets))
        except SystemExit:
            raise EnvironmentFault("the gateway could not start; its log says why") from None
        finally:
            self.listening.clear()

    def stop(self) -> None:
        """Take no more, close what is open, and end; from any thread or a signal."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        host, port = self._sockets[0].getsockname()[:2]
        shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
        self.url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all connections; those that do not read are cut off when the time is up."""
        self._leaving()
        loop = asyncio.get_running_loop()
        loop.call_later(self._options.drain_seconds, self._cut)
        await super().shutdown(sockets)

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def _config(app: Any, options: Options) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws=Wired,
        loop="asyncio",
        lifespan="on",
        ws_max_size=options.max_frame,
        ws_per_message_deflate=False,  # the same frame goes to all, and each is small
        log_config=None,
        access_log=False,
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
        # Accepted connections inherit it. Left alone the system lets it grow to megabytes for
        # each viewer that reads slowly, which nobody here would know of.
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
    """Let the process open as many descriptors as the options need, where the system lets it."""
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
