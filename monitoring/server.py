"""The page that Prometheus reads, served by HTTP on a thread of its own."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer

import msgspec
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import Collector

from ..protocol import addresses
from ..protocol.addresses import reaches
from ..protocol.errors import AddressTaken, EnvironmentFault
from ..protocol.text import plain
from .health import Readiness
from .process import process_collector

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATHS = ("/metrics", "/live", "/ready")
"""The paths of every process; a broker has `/targets` besides."""

Targets = Callable[[], Sequence[Mapping[str, object]]]
"""Returns what Prometheus finds by HTTP: objects of `targets` and `labels`."""

DEFAULT_PORT = 9670
"""The port where an address names none."""


class MetricsServer(AbstractContextManager["MetricsServer"]):
    """A server of a metrics page; `serve` makes it."""

    def __init__(self, http: WSGIServer, thread: Thread) -> None:
        self._http = http
        self._thread = thread

    @property
    def url(self) -> str:
        """The URL of the page."""
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


def serve(
    address: str,
    collector: Collector,
    readiness: Readiness = dict,
    targets: Targets | None = None,
) -> MetricsServer:
    """Serve a collector's metrics, those of the process itself, and its health, until `close`.

    Args:
        address: HOST:PORT; port 0 takes a free one, host `*` every interface.
        collector: read at each scrape, on the server's thread.
        readiness: what `/ready` answers with; called on the server's thread.
        targets: what `/targets` answers with, likewise; None: there is no such path.

    Raises:
        SettingError: the address is not valid.
        AddressTaken: the server can't listen there.
    """
    host, port = addresses.parse(address, what="--metrics", port=DEFAULT_PORT)
    names = {host.lower(), socket.gethostname().lower()}
    registry = CollectorRegistry()
    registry.register(process_collector())
    registry.register(collector)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    try:
        http, thread = start_http_server(
            port, "0.0.0.0" if host == "*" else host.strip("[]"), registry
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise AddressTaken(
            f"--metrics: can't listen on {address}: {reason}; choose another HOST:PORT"
        ) from error
    app = http.get_app()
    if app is None:
        raise AssertionError("the server of the metrics page has no application")
    http.set_app(_guarded(_routed(app, readiness, targets), names))
    return MetricsServer(http, thread)


def _routed(
    metrics: WSGIApplication, readiness: Readiness, targets: Targets | None
) -> WSGIApplication:
    """Return an application with `/metrics`, `/live`, `/ready` and, where there are targets,
    `/targets`, and nothing else."""
    known = PATHS if targets is None else (*PATHS, "/targets")

    def routed(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path, method = str(environ.get("PATH_INFO", "")), environ.get("REQUEST_METHOD")
        if path not in known:
            paths = ", ".join(known)
            return _answer(start, "404 Not Found", {"reason": f"there are {paths} here"})
        if method != "GET":
            return _answer(start, "405 Method Not Allowed", {"reason": "only GET is allowed"})
        if path == "/metrics":
            return metrics(environ, start)
        if path == "/live":
            return _answer(start, "200 OK", {"live": True})
        if path == "/targets" and targets is not None:
            try:
                return _answer(start, "200 OK", targets())
            except EnvironmentFault as error:
                # Prometheus then goes on with the targets that it has.
                return _answer(start, "503 Service Unavailable", {"reason": error.sentence})
        parts = readiness()
        ready = not any(parts.values())
        why = {part: {"ready": not reason, "reason": reason} for part, reason in parts.items()}
        status = "200 OK" if ready else "503 Service Unavailable"
        return _answer(start, status, {"ready": ready, "parts": why})

    return routed


def _answer(start: StartResponse, status: str, value: object) -> Iterable[bytes]:
    kind = ("Content-Type", "application/json")
    start(status, [kind, ("Cache-Control", "no-store")])
    return [msgspec.json.encode(value) + b"\n"]


def _guarded(app: WSGIApplication, names: Collection[str]) -> WSGIApplication:
    """Return an application that answers only under this machine's addresses and names.

    A name without a dot passes besides: no site on the Internet can have one.
    """

    def guarded(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        host = str(environ.get("HTTP_HOST", ""))
        if reaches(host, names) or re.fullmatch(r"[\w-]+(:\d+)?", host):
            return app(environ, start)
        start("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        said = f"this page is not at {plain(host)[:200]}; name the host in --metrics HOST:PORT\n"
        return [said.encode()]

    return guarded
