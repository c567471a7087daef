"""Receivers of webhooks, and their names, that are against the gateway."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.patience import PATIENCE
from touchline.gateway.webhooks.client import LOOKUPS, post
from touchline.gateway.webhooks.delivery import Target
from touchline.protocol.errors import NotAllowed, Unreachable

PUBLIC = "93.184.215.14"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Resolver:
    """A name whose addresses change with each question.

    Args:
        answers: the addresses of each, the last for ever.
    """

    def __init__(self, *answers: list[str]) -> None:
        self.asked = 0
        self._answers = list(answers)

    def __call__(self, _host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked += 1
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            (
                socket.AF_INET6 if ":" in one else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (one, port),
            )
            for one in found
        ]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The addresses to which connections are tried; none is made."""
    tried: list[str] = []

    async def connect(host: str, *_: Any, **__: Any) -> Any:
        tried.append(host)
        raise ConnectionRefusedError(host)

    monkeypatch.setattr(asyncio, "open_connection", connect)
    return tried


def deliver(target: Target, *, seconds: float = PATIENCE, private: bool = False) -> int:
    return asyncio.run(post(target, [], b"{}", seconds=seconds, private=private))


EVIL = Target(True, "evil.example", 443, "/", "evil.example")


def test_a_name_that_is_bound_again(monkeypatch: Any, connected: list[str]) -> None:
    """A name is looked up once for each delivery, and what was looked at is what is connected to: a
    resolver that says something else the next time, or two things at once, leads nowhere."""
    for inside in ("127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%lo",
                   "64:ff9b::7f00:1", "0.0.0.0"):  # fmt: skip
        resolver = Resolver([PUBLIC], [inside])
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        with pytest.raises(Unreachable):
            deliver(EVIL)
        assert (resolver.asked, connected.pop()) == (1, PUBLIC)
        for both in ([inside], [PUBLIC, inside]):
            monkeypatch.setattr(socket, "getaddrinfo", Resolver(both))
            with pytest.raises(NotAllowed, match="public Internet"):
                deliver(EVIL)
        assert connected == []


def against(serve: Serve, seconds: float = 1.0) -> int | str:
    """Deliver to a receiver; return the status of its answer, or why there is none."""

    async def run() -> int | str:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        target = Target(False, "127.0.0.1", port, "/", f"127.0.0.1:{port}")
        async with server:
            try:
                return await post(target, [], b"{}" * 200_000, seconds=seconds, private=True)
            except Unreachable as error:
                return error.sentence

    return asyncio.run(run())


def test_receivers() -> None:
    """One that sends elsewhere, sends without end, a little at a time, nothing, or what is no HTTP:
    the delivery is over in time, with a status that is no success or with a reason."""

    def says(content: bytes, *, again: bytes = b"", pause: float = 0.0) -> Serve:
        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(content)
                while again:
                    await writer.drain()
                    writer.write(again)
                    await asyncio.sleep(pause)
            except ConnectionError:
                pass
            finally:
                writer.close()

        return serve

    there = b"Location: http://127.0.0.1:22/\r\nContent-Length: 0\r\n\r\n"
    assert against(says(b"HTTP/1.1 307 Temporary Redirect\r\n" + there), PATIENCE) == 307
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
    assert against(says(huge, again=b"x" * 100_000), PATIENCE) == 200
    for content, again, pause in (
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.0),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", 0.0),
        (b"", b"H", 0.1),
        (b"SSH-2.0-OpenSSH_9.2\r\n", b"", 0.0),
        (b"HTTP/1.1 99999999999999999999 OK\r\n\r\n", b"", 0.0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"", 0.0),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            b"",
            0.0,
        ),
    ):
        assert isinstance(against(says(content, again=again, pause=pause)), str), content


def test_names_that_are_never_found(monkeypatch: Any) -> None:
    """A resolver that does not answer holds up deliveries alone, not what else the gateway has
    threads for, nor its end."""
    go_on = threading.Event()
    asked = threading.Semaphore(0)

    def resolve(*_: Any, **__: Any) -> list[Any]:
        asked.release()
        go_on.wait(PATIENCE)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    async def run() -> str:
        posts = [
            asyncio.create_task(post(EVIL, [], b"", seconds=PATIENCE, private=False))
            for _ in range(100)
        ]
        for _ in range(LOOKUPS):
            while not asked.acquire(blocking=False):
                await asyncio.sleep(0.01)
        found = await asyncio.wait_for(asyncio.to_thread(lambda: "a page"), PATIENCE)
        assert any(each.done() for each in posts)  # those that are too many
        for each in posts:
            each.cancel()
        await asyncio.gather(*posts, return_exceptions=True)
        return found

    try:
        assert asyncio.run(run()) == "a page"
        assert not go_on.is_set()
    finally:
        go_on.set()
