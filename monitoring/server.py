"""The page that Prometheus reads: HTTP on a thread of its own."""

from __future__ import annotations

import socket
from contextlib import AbstractContextManager
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import Collector

from ..protocol import addresses
from ..protocol.errors import AddressTaken

DEFAULT_PORT = 9670
"""The port where the address names none."""


class MetricsServer(AbstractContextManager["MetricsServer"]):
    """A metrics page that is being served; `serve` makes it."""

    def __init__(self, http: WSGIServer, thread: Thread) -> None:
        self._http = http
        self._thread = thread

    @property
    def url(self) -> str:
        """Where the page is."""
        host, port = self._http.server_address[:2]
        name = f"[{host!s}]" if self._http.address_family == socket.AF_INET6 else host
        return f"http://{name!s}:{port}/metrics"

    def close(self) -> None:
        """End the thread and free the address."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(address: str, collector: Collector) -> MetricsServer:
    """Serve a collector's metrics, and those of the process itself, until `close`.

    Args:
        address: HOST:PORT; port 0 takes a free one, host `*` every interface.
        collector: is read at each scrape, on the server's thread.

    Raises:
        SettingError: the address is none.
        AddressTaken: it cannot be listened on.
    """
    host, port = addresses.parse(address, what="--metrics", port=DEFAULT_PORT)
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    try:
        http, thread = start_http_server(
            port, "0.0.0.0" if host == "*" else host.strip("[]"), registry
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise AddressTaken(
            f"--metrics: can't listen on {address}: {reason}; choose another HOST:PORT"
        ) from error
    return MetricsServer(http, thread)
