"""The server of the lobby's own address, for clients that were made for another server.

Tested in `tests/integration/test_lobby.py`.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from ..gateway.server import RawWebSocketProtocol
from ..protocol.errors import AddressTaken
from .options import split_address


class LobbyServer:
    """A server of one path.

    Args:
        address: HOST:PORT/PATH; port 0 takes a free one, host `*` every interface.
        serve: serves a connection.
        frame_bytes: the largest message that is read.

    Raises:
        SettingError: the address is not valid.
        AddressTaken: the address is taken or not allowed.
    """

    def __init__(
        self, address: str, serve: Callable[[WebSocket], Awaitable[None]], frame_bytes: int
    ) -> None:
        host, port, path = split_address(address)
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=[WebSocketRoute(path, serve)]),
                http="h11",
                ws=RawWebSocketProtocol,
                lifespan="off",
                ws_max_size=frame_bytes,
                ws_per_message_deflate=False,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._bound = _bound(host, port)
        self.address = "{}:{}".format(*self._bound.getsockname()[:2]) + path
        """The address on which it listens, with its port."""

    async def run(self) -> None:
        """Serve until `stop`; not in the main thread, where uvicorn takes the signals."""
        await self._server.serve([self._bound])

    def stop(self) -> None:
        """Take no more connections, close the open ones, and end."""
        self._server.should_exit = True


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
