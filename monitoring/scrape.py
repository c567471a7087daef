"""Reads metrics pages, as Prometheus does, for `touchline top`."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Timer
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ..protocol.errors import SettingError, Unreachable
from ..runtime import clock
from .overview import Overview
from .server import DEFAULT_PORT

TIMEOUT_SECONDS = 3.0
"""How long a process may take to answer."""

MOST_BYTES = 8 << 20
"""The largest page that is read."""

MOST_PROCESSES = 200
"""The most processes that are asked."""

AT_ONCE = 16
"""The most processes that are asked at one time."""


class ListedTargets(msgspec.Struct, frozen=True):
    """A line of `/targets`.

    Args:
        targets: addresses, HOST:PORT.
        labels: among them `job`, and the process and its name.
    """

    targets: list[str]
    labels: dict[str, str] = {}


class Scraper:
    """Asks the processes of a system for their metrics.

    Args:
        discovery: HOST:PORT or URL of a broker's metrics, which lists the others; empty: none.
        pages: HOST:PORT or URL of the metrics of further processes.

    Raises:
        SettingError: an address is not valid.
    """

    def __init__(self, discovery: str, pages: Sequence[str]) -> None:
        self.overview = Overview()
        """What their pages come to."""
        self.reason = ""
        """Why the broker lists no others; empty where it does."""
        self._discovery = _place(discovery) if discovery else ""
        self._pages = [_place(page) for page in pages]

    def turn(self) -> None:
        """Ask each process once, and wait for the answers."""
        listed = dict.fromkeys(self._pages, ("", ""))
        if self._discovery:
            listed = {self._discovery: ("broker", ""), **listed, **self._targets()}
        self.overview.expect(listed)
        with ThreadPoolExecutor(AT_ONCE, "scrape") as pool:
            for address, page in zip(listed, pool.map(_page, listed), strict=True):
                if isinstance(page, Unreachable):
                    self.overview.fail(address, page.sentence)
                else:
                    self.overview.take(address, page, clock.now())

    def _targets(self) -> dict[str, tuple[str, str]]:
        try:
            found = msgspec.json.decode(_get(self._discovery, "/targets"), type=list[ListedTargets])
        except Unreachable as error:
            self.reason = error.sentence
            return {}
        except msgspec.DecodeError as error:
            self.reason = f"{self._discovery}/targets: {error}"
            return {}
        self.reason = ""
        listed = {
            address: (
                target.labels.get("job", "").removeprefix("touchline-"),
                target.labels.get("__meta_touchline_name", ""),
            )
            for target in found
            for address in target.targets
        }
        if len(listed) > MOST_PROCESSES:
            self.reason = f"{len(listed):,} processes, of which {MOST_PROCESSES} are asked"
        return dict(list(listed.items())[:MOST_PROCESSES])


def _place(address: str) -> str:
    """Return HOST:PORT of a metrics page.

    Raises:
        SettingError: the address is not valid.
    """
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise SettingError(f"--metrics: {address!r}: {error}") from None
    if parts.scheme != "http" or not parts.hostname:
        raise SettingError(f"--metrics: {address!r} is not HOST:PORT or http://HOST:PORT/metrics")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{port}"


def _page(address: str) -> str | Unreachable:
    try:
        return _get(address, "/metrics").decode("utf-8", "replace")
    except Unreachable as error:
        return error


def _get(address: str, path: str) -> bytes:
    """Return what a process answers.

    Raises:
        Unreachable: it does not, or not with 200.
    """
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_SECONDS)
    ended = Event()
    watch = Timer(TIMEOUT_SECONDS, lambda: None)
    try:
        connection.connect()
        # The timeout is that of each read: who sends a byte at a time would keep us for ever, and
        # strangers may be among those whom a broker lists.
        watch = Timer(TIMEOUT_SECONDS, _end, (connection.sock, ended))
        watch.start()
        connection.request("GET", path, headers=_HEADERS)
        # What is not read to its end keeps the socket until it is closed itself.
        with connection.getresponse() as answer:
            body = answer.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{address}{path}: {error or type(error).__name__}") from None
    finally:
        watch.cancel()
        connection.close()
    if ended.is_set():
        raise Unreachable(f"{address}{path}: no whole answer within {TIMEOUT_SECONDS:g} s")
    if answer.status != http.client.OK:
        raise Unreachable(f"{address}{path}: answered {answer.status}")
    if len(body) > MOST_BYTES:
        raise Unreachable(f"{address}{path}: more than the {MOST_BYTES:,} bytes allowed")
    return body


def _end(connected: socket.socket, ended: Event) -> None:
    """End a connection, and note it."""
    ended.set()
    with contextlib.suppress(OSError):  # it has ended by itself
        connected.shutdown(socket.SHUT_RDWR)


_HEADERS: dict[str, Any] = {"Accept": "text/plain, application/json"}
