"""The connection to NATS before there is one; with a server: `tests/integration/test_relay.py`."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from pathlib import Path

import pytest

from tests.patience import PATIENCE, until
from touchline.protocol.errors import SettingError, Unreachable
from touchline.runtime.nats_client import NatsClient, NatsOptions


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """A missing file stops the start, and the sentence names the flag."""
    for name in ("credentials", "ca", "cert", "key"):
        with pytest.raises(SettingError, match=f"--nats-{name}: there is no file"):
            NatsOptions(**{f"nats_{name}": str(tmp_path / "none")})


def test_a_file_that_is_no_certificate(tmp_path: Path) -> None:
    """What can't be read as PEM stops the start, too."""
    path = tmp_path / "ca.pem"
    path.write_text("x")
    pytest.importorskip("nats", reason="no package nats-py")
    with pytest.raises(SettingError, match="--nats-ca"):
        NatsClient("tls://127.0.0.1", NatsOptions(nats_ca=str(path))).start()


def test_nobody_is_there() -> None:
    """Requests fail at once with a reason, time away is counted, and closing ends all."""
    pytest.importorskip("nats", reason="no package nats-py")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = NatsClient(f"nats://me:secret@127.0.0.1:{port}")
    client.start()
    try:
        until(lambda: client.trouble, what="a reason")
        assert "secret" not in client.trouble
        assert str(port) in client.absence
        answers: queue.SimpleQueue[object] = queue.SimpleQueue()

        async def ask(_client: object) -> None:
            raise AssertionError("asked without a connection")

        client.call(ask, answers.put)
        assert isinstance(answers.get(timeout=PATIENCE), Unreachable)
        assert client.away_seconds > 0
        assert not client.connected
    finally:
        client.close()
    client.call(ask, answers.put)
    assert isinstance(answers.get(timeout=PATIENCE), Unreachable)


def test_what_waits_for_an_answer_is_told_of_the_end() -> None:
    """A request that NATS has not answered when the connection is closed is answered by that."""
    pytest.importorskip("nats", reason="no package nats-py")
    answers: queue.SimpleQueue[object] = queue.SimpleQueue()
    asked = threading.Event()

    async def ask(_client: object) -> None:
        asked.set()
        await asyncio.sleep(PATIENCE)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_let_in, args=(server,), daemon=True).start()
        client = NatsClient(f"nats://127.0.0.1:{server.getsockname()[1]}")
        client.start()
        try:
            until(lambda: client.connected, what="the connection")
            client.call(ask, answers.put, PATIENCE)
            assert asked.wait(PATIENCE)
        finally:
            client.close()
    assert isinstance(answers.get(timeout=PATIENCE), Unreachable)


def _let_in(server: socket.socket) -> None:
    """Be NATS for one client, which is let in and told nothing."""
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b'INFO {"server_id":"x","max_payload":1048576}\r\n')
        for line in lines:
            if line.startswith(b"PING"):
                connection.sendall(b"PONG\r\n")
