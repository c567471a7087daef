"""The listening socket of a gateway, which bounds the connections of an address.

uvicorn counts no connection before it has a whole request. This counts each as it is accepted, so
that connections that say nothing leave files open for other addresses.
"""

from __future__ import annotations

import logging
import socket
from collections import Counter
from ipaddress import ip_address, ip_network
from typing import Any

from ..runtime import clock
from ..runtime.connections import ConnectionBounds, Connections
from ..runtime.rate_limit import TokenBucket

HTTP = "http"
"""The name of the socket in the count of connections."""

LOG_RATE, LOG_BURST = 1 / 60, 3
"""Lines in the log about refused connections, a second and at once."""

_log = logging.getLogger(__name__)


class _Accepted(socket.socket):
    """An accepted connection, which is counted until it is closed.

    Args:
        connections: where it is counted.
        descriptor: of the connection; it is this object's from now on.
    """

    def __init__(self, connections: Connections, descriptor: int) -> None:
        super().__init__(fileno=descriptor)
        self._connections = connections

    def close(self) -> None:
        """Close the connection; does nothing once closed."""
        if self.fileno() >= 0:
            self._connections.closed(HTTP, self.fileno())
        super().close()


class BoundedListener(socket.socket):
    """A listening socket that ends accepted connections beyond the bounds at once.

    `asyncio` closes each connection exactly once, by its `close`.

    Args:
        family: of the address to listen on.
        bounds: how many connections there may be; the bound of a key is not used.
        proxies: addresses and networks, with commas between them, whose connections are those of
            many clients: they count in the total alone.
    """

    def __init__(self, family: int, bounds: ConnectionBounds, proxies: str = "") -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._connections = Connections(bounds)
        self._proxies = [ip_network(part.strip()) for part in proxies.split(",") if part.strip()]
        self._bucket = TokenBucket(LOG_RATE, LOG_BURST)

    @property
    def refused(self) -> Counter[str]:
        """Connections refused, by the bound that they were over: `address`, `total`."""
        return self._connections.refused

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection that is within the bounds, and its address."""
        while True:
            found, address = super().accept()
            descriptor = found.detach()
            accepted = _Accepted(self._connections, descriptor)
            # The clients of a proxy are told apart once it has sent a request.
            who = f"proxied {descriptor}" if self._is_proxy(address[0]) else address[0]
            if self._connections.opened(HTTP, descriptor, who):
                return accepted, address
            accepted.close()
            if self._bucket.take(1, clock.now()):
                bounds = self._connections.limits
                _log.warning(
                    "connections refused: at most %s an address and %s in all may be open",
                    f"{bounds.address:,}",
                    f"{bounds.total:,}",
                )

    def _is_proxy(self, address: str) -> bool:
        return any(ip_address(address.partition("%")[0]) in network for network in self._proxies)
