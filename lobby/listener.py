"""The address of choice: the lobby alone, where clients made for another server look for it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Awaitable, Callable, Generator

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from ..gateway.server import Wired
from ..protocol.errors import AddressTaken
from .options import split_address


class Listener(uvicorn.Server):
    """A server of one path.

    Args:
        address: HOST:PORT/PATH; port 0 takes a free one, host `*` every interface.
        serve: serves a connection.
        frame_bytes: the largest message that is read.

    Raises:
        SettingError, AddressTaken: the address is none, or can't be had.
    """

    def __init__(
        self, address: str, serve: Callable[[WebSocket], Awaitable[None]], frame_bytes: int
    ) -> None:
        host, port, path = split_address(address)
        app = Starlette(routes=[WebSocketRoute(path, serve)])
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws=Wired,
                lifespan="off",
                ws_max_size=frame_bytes,
                ws_per_message_deflate=False,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self.bound = _bound(host, port)
        self.address = "{}:{}".format(*self.bound.getsockname()[:2]) + path
        """Where it listens, the port filled in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone."""
        yield

    async def run_here(self) -> None:
        """Serve on the running loop until `should_exit`."""
        await self.serve([self.bound])


def _bound(host: str, port: int) -> socket.socket:
    host = {"*": "0.0.0.0"}.get(host, host.strip("[]"))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AddressTaken(f"can't listen on {host}:{port}: {reason}; see --lobby") from error
    bound.setblocking(False)
    return bound
