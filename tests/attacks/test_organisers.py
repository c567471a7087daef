"""Attacks on a gateway's routes for organisers, by bare HTTP: malformed, foreign, of others, at
once."""

from __future__ import annotations

import contextlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.patience import PATIENCE

from .conftest import Scene, Victim

CODE = "a-code-for-organisers"

MATCH = {"title": "Reds v Blues", "sport": "football", "origins": ["Reds", "Blues"],
         "hosting": "any"}  # fmt: skip


class Bare:
    """A client that sends what it is given, byte by byte.

    Args:
        gateway: the process.
        home: where its files are.
    """

    def __init__(self, gateway: Victim, home: Path) -> None:
        self._gateway = gateway
        self.home = home
        where = urlsplit(gateway.told("listening")["url"])
        self.host = where.netloc
        self._address = (where.hostname or "", where.port or 0)
        self.token = ""

    def send(
        self, method: str, path: str, body: bytes = b"", *headers: str, host: str = ""
    ) -> tuple[int, Any]:
        """Return the status and the JSON of the answer; (0, None) where there is none."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {host or self.host}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *headers,
        ]
        if body and not any(line.lower().startswith("content-type") for line in headers):
            lines.append("Content-Type: application/json")
        if self.token:
            lines.append(f"Cookie: touchline-organiser={self.token}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        with socket.create_connection(self._address, PATIENCE) as connection:
            answer = b""
            with contextlib.suppress(ConnectionError):
                connection.sendall(head + body)
            with contextlib.suppress(ConnectionError):
                while part := connection.recv(65_536):
                    answer += part
        if not answer:
            return 0, None
        head, _, content = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if b"transfer-encoding: chunked" in head.lower():
            content = content.partition(b"\r\n")[2].partition(b"\r\n")[0]
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content

    def head(self, path: str) -> bytes:
        """Return the head of the answer to a GET."""
        request = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(self._address, PATIENCE) as connection:
            connection.sendall(request.encode())
            with connection.makefile("rb") as answer:
                return answer.read().partition(b"\r\n\r\n")[0]

    def chunked(self, path: str, chunks: bytes) -> int:
        """Post what does not say how long it is; return the status, 0 where there is none."""
        request = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
            f"Cookie: touchline-organiser={self.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        with socket.create_connection(self._address, PATIENCE) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(request.encode() + chunks)
            try:
                answer = connection.recv(4_096)
            except ConnectionError:
                return 0
            return int(answer.split(b" ", 2)[1]) if answer else 0

    def another(self, name: str) -> Bare:
        """Return a client that another organiser has signed in with."""
        other = Bare(self._gateway, self.home)
        other.sign_in(name)
        return other

    def post(self, path: str, body: Any, *headers: str, host: str = "") -> tuple[int, Any]:
        """Post JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, content, *headers, host=host)

    def sign_in(self, name: str) -> None:
        """Sign in; all that follows has the cookie."""
        status, answer = self.post("/api/organiser", {"name": name, "code": CODE, "token": True})
        assert status == 201, answer
        self.token = answer["token"]


@pytest.fixture
def olga(scene: Scene) -> Bare:
    scene.broker()
    client = Bare(scene.gateway("--organiser-code", CODE), scene.home)
    client.sign_in("Olga")
    return client


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"title": "\xff\xfe"}',
    "half a surrogate": b'{"title": "\\ud800", "sport": "football", "origins": ["A", "B"]}',
    "a NUL": b'{"title": "a\\u0000b", "sport": "football", "origins": ["A", "B"]}',
    "deep": b'{"title": "a", "sport": "football", "rules": {"a": ' + b"[" * 9_000,
    "deep and whole": b'{"title": "a", "sport": "football", "rules": {"a": '
    + b"[" * 900
    + b"]" * 900
    + b"}}",
    "a huge number": b'{"title": "a", "sport": "custom", "rules": {"definition": 1'
    + b"0" * 400
    + b"}}",
    "a number beyond 64 bits": b'{"title": "a", "sport": "custom", "rules": {"n": 1'
    + b"0" * 25
    + b"}}",
    "infinity": b'{"title": "a", "sport": "custom", "rules": {"n": 1e999}}',
    "a key that is none": b'{"title": "a", "sport": "football", "key": "\\u0000"}',
    "lines in a title": b'{"title": "a\\r\\nSet-Cookie: x=y", "sport": "football",'
    b' "origins": ["A", "B"], "hosting": "any"}',
    "an early start": b'{"title": "a", "sport": "football", "origins": ["A", "B"],'
    b' "starts": "0001-01-01T00:00:00+23:59", "hosting": "any"}',
    "a late start": b'{"title": "a", "sport": "football", "origins": ["A", "B"],'
    b' "starts": "9999-12-31T23:59:59-23:59", "hosting": "any"}',
    "a sport that is a path": b'{"title": "a", "sport": "../football", "origins": ["A", "B"]}',
}


def test_bodies(olga: Bare) -> None:
    """Whatever a body holds: it is refused, or taken, and never a fault of the gateway."""
    _, made = olga.post("/api/organiser/events", MATCH)
    event = f"/events/{made['event']}"
    for path in ("", "/events", f"{event}/grants", f"{event}/rulings"):
        for what, body in BODIES.items():
            status, answer = olga.post(f"/api/organiser{path}", body)
            assert 200 <= status < 500, (path, what, answer)
    for what, body in BODIES.items():
        for path in ("/api/session", f"/api/events/{made['event']}/reports", "/api/reports"):
            status, answer = olga.post(path, body)
            assert 200 <= status < 500, (path, what, answer)


def test_too_long(olga: Bare) -> None:
    """A body that is too long is refused by its length before it comes, and where it does not say
    how long it is, once it is too long."""
    long = b" " * 2_000_000
    assert olga.post("/api/organiser/events", long)[0] in (0, 413)
    chunks = (b"%x\r\n" % len(long)) + long + b"\r\n0\r\n\r\n"
    assert olga.chunked("/api/organiser/events", chunks) in (0, 413)
    assert olga.send("GET", "/api/organiser")[0] == 200


ORIGINS = ("http://[", "http://[::1", "null", "//", "", "http://evil.example", "\xff")


def test_pages_of_others(olga: Bare) -> None:
    """A page of another site, whatever it says it is, neither reads nor does anything with the
    cookie of an organiser who is signed in."""
    for method, path in (("POST", "/events"), ("POST", "/key"), ("DELETE", ""), ("GET", "/events")):
        for header in (*(f"Origin: {one}" for one in ORIGINS), "Sec-Fetch-Site: same-site"):
            status, answer = olga.send(method, f"/api/organiser{path}", b"{}", header)
            assert status in (401, 403), (method, path, header, answer)
    assert olga.send("GET", "/api/organiser")[0] == 200


def test_other_hosts(olga: Bare) -> None:
    """A name that leads here and is not the gateway's (DNS rebinding) reaches nothing."""
    for host in ("evil.example", "localhost@evil.example", "[::1", "a b", "\xff"):
        assert olga.post("/api/organiser/events", MATCH, host=host)[0] in (400, 403), host
        assert olga.send("GET", "/api/organiser", host=host)[0] in (400, 403), host


def test_lines_in_headers(olga: Bare) -> None:
    """Line ends in what a client sends are in no header of an answer."""
    _, made = olga.post(
        "/api/organiser/events", {**MATCH, "title": "a\r\nX-Evil: 1", "key": "b\r\nX-Evil: 1"}
    )
    for path in (
        "/api/organiser?lang=de%0d%0aX-Evil:%201",
        f"/api/organiser/events/{made.get('event', 'none')}%0d%0aX-Evil:%201",
        "/report/a%0d%0aX-Evil:%201",
        "/api/events/a%0d%0aX-Evil:%201/timeline",
        "//evil.example/%0d%0aX-Evil:%201",
    ):
        head = olga.head(path)
        assert b"x-evil" not in head.lower(), head
        assert b"location: //" not in head.lower(), head


def test_the_events_of_others(olga: Bare, scene: Scene) -> None:
    """Another organiser of the same gateway shows, changes, rules on and hosts nothing of hers, and
    puts nobody out of it."""
    _, made = olga.post("/api/organiser/events", MATCH)
    event = f"/api/organiser/events/{made['event']}"
    otto = olga.another("Otto")
    _, own = otto.post("/api/organiser/events", MATCH)
    mine = otto.send("GET", "/api/organiser")[1]["peer"]
    for method, path, body in (
        ("GET", event, {}),
        ("GET", f"{event}/qr", {}),
        ("GET", f"{event}/people", {}),
        ("DELETE", f"{event}/people/x", {}),
        ("POST", f"{event}/host", {}),
        ("POST", f"{event}/grants", {"role": "owner", "peer": mine}),
        ("POST", f"{event}/rulings", {"act": "end", "reason": "mine"}),
        ("POST", f"{event}/ask-score", {}),
        ("POST", f"/api/organiser/events/{own['event']}/../{made['event']}/ask-score", {}),
    ):
        content = json.dumps(body).encode() if method == "POST" else b""
        status, answer = otto.send(method, path, content)
        assert status in (403, 404), (method, path, answer)
    assert olga.send("GET", event)[1]["card"]["owner"] != mine
    listed = otto.send("GET", "/api/organiser/events")[1]["events"]
    assert [one["event"] for one in listed] == [own["event"]]


def test_at_once(olga: Bare) -> None:
    """The same action many times at once is done once: one event for one key, one organiser for one
    key, whose secret is in one place; who signs out meanwhile is out."""
    with ThreadPoolExecutor(12) as pool:
        made = list(
            pool.map(
                lambda _: olga.post("/api/organiser/events", {**MATCH, "key": "once"}), range(12)
            )
        )
        assert {status for status, _ in made} <= {201, 429, 503}
        assert len({answer["event"] for status, answer in made if status == 201}) == 1
        key = "5" * 64
        again = list(
            pool.map(
                lambda _: olga.post(
                    "/api/organiser", {"name": "Oda", "code": CODE, "key": key, "token": True}
                ),
                range(8),
            )
        )
        assert {status for status, _ in again} <= {201, 409, 429}, again
        assert len({answer["peer"] for status, answer in again if status == 201}) == 1
        gone = list(pool.map(lambda _: olga.send("DELETE", "/api/organiser"), range(8)))
    assert {status for status, _ in gone} <= {200, 401}
    assert olga.send("GET", "/api/organiser")[0] == 401
    folders = [path.parent for path in olga.home.glob("**/organisers/*/identity")]
    assert len(folders) == 2, folders
