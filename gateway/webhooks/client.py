"""The HTTP client of webhooks: it posts, and reads only the status of the answer.

It looks up the name, checks each address, and connects to a checked address: a name that later
resolves to another address gains nothing. It follows no redirect and reads no body. Tested in
`tests/integration/test_webhooks.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import h11

from ...protocol.errors import NotAllowed, Unreachable
from .delivery import Target, check_address

HEAD_BYTES = 16_384
"""The most bytes of the head of an answer."""

READ_BYTES = 4_096

ADDRESSES = 3
"""The most addresses of a name that it tries."""

LOOKUPS = 32
"""The most names that are looked up at one time. A resolver that does not answer keeps a thread for
half a minute."""

_looking = threading.Semaphore(LOOKUPS)


async def post(
    target: Target,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    *,
    seconds: float,
    private: bool,
) -> int:
    """Post a body and return the status of the answer.

    Args:
        target: the URL.
        headers: besides those that HTTP needs.
        body: JSON.
        seconds: the most for the lookup and the request together.
        private: whether addresses outside the public Internet are allowed.

    Raises:
        NotAllowed: the name resolves to an address outside the public Internet.
        Unreachable: there is no HTTP answer in time.
    """
    try:
        async with asyncio.timeout(seconds):
            addresses = await look_up(target, private=private)
            return await _post(target, addresses, headers, body)
    except TimeoutError:
        raise Unreachable(f"no answer within {seconds:g} s") from None
    except (OSError, ssl.SSLError, h11.ProtocolError, ValueError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from None


async def look_up(target: Target, *, private: bool) -> list[str]:
    """Return the addresses of a target.

    Raises:
        NotAllowed: one of them is outside the public Internet.
        Unreachable: there is no address.
    """
    try:
        found = await _resolved(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{target.host}: {error}") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not addresses:
        raise Unreachable(f"{target.host} has no address")
    for address in addresses:
        if not private:
            check_address(address)
    return addresses[:ADDRESSES]


async def _resolved(host: str, port: int) -> list[Any]:
    """Return what `getaddrinfo` does, from a thread of its own.

    The loop's own threads are few and serve pages as well, and its end waits for them.

    Raises:
        Unreachable: too many names are being looked up.
        OSError, UnicodeError: it is not found.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[Any]] = loop.create_future()

    def look() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:  # whatever it is, whoever waits is told
            tell(future.set_exception, error)
        else:
            tell(future.set_result, found)
        finally:
            _looking.release()

    def tell(settle: Callable[[Any], object], what: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be closed by then
            loop.call_soon_threadsafe(lambda: None if future.done() else settle(what))

    if not _looking.acquire(blocking=False):
        raise Unreachable(f"{host}: {LOOKUPS} names are being looked up, at most so many at once")
    threading.Thread(target=look, name="webhook name", daemon=True).start()
    return await future


async def _post(
    target: Target, addresses: Sequence[str], headers: Sequence[tuple[str, str]], body: bytes
) -> int:
    reader, writer = await _connect(target, addresses)
    try:
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        request = h11.Request(
            method="POST",
            target=target.path,
            headers=[
                ("Host", target.authority),
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("Connection", "close"),
                *headers,
            ],
        )
        frames = [http.send(each) for each in (request, h11.Data(data=body), h11.EndOfMessage())]
        writer.write(b"".join(frame for frame in frames if frame))
        await writer.drain()
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(READ_BYTES))
            elif isinstance(event, h11.Response):
                return event.status_code
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError("closed without an answer")
    finally:
        writer.transport.abort()


async def _connect(
    target: Target, addresses: Sequence[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    trouble: OSError | None = None
    for address in addresses:
        try:
            return await asyncio.open_connection(
                address,
                target.port,
                ssl=_context() if target.tls else None,
                server_hostname=target.host if target.tls else None,
                limit=HEAD_BYTES,
            )
        except OSError as error:
            trouble = error
    raise trouble or NotAllowed("no address to connect to")


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()
