"""Webhooks against a real receiver: signed, in order, repeated until taken, replayed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE, until
from touchline.gateway.app import create_app
from touchline.gateway.options import Options
from touchline.gateway.server import GatewayServer
from touchline.gateway.webhooks.routes import WebhookRegistry

from .talk import connecting

Json = dict[str, Any]

TOKEN = "the operator's token"

SECRET = "a secret of the receiver"


class Delivery:
    """What came to the receiver."""

    def __init__(self, headers: dict[str, str], body: bytes) -> None:
        self.headers = headers
        self.body = body
        self.id = headers["touchline-delivery"]
        self.seq = int(headers["touchline-seq"])
        self.message: Json = json.loads(body)

    def genuine(self, secret: str) -> bool:
        """Check the signature as the documentation says."""
        parts = dict(part.split("=") for part in self.headers["touchline-signature"].split(","))
        signed = f"{parts['t']}.".encode() + self.body
        mac = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(mac, parts["v1"]) and abs(time.time() - int(parts["t"])) < 300


class Receiver:
    """An HTTP server that takes deliveries, or answers as it is told."""

    def __init__(self) -> None:
        self.got: list[Delivery] = []
        self.answers: list[int] = []
        """Statuses of the next answers; 204 when there is none left."""
        self.location = ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append(Delivery(headers, body))
                status = receiver.answers.pop(0) if receiver.answers else 204
                self.send_response(status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?x=1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def seqs(self) -> list[int]:
        return [delivery.seq for delivery in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()


class Gateway:
    """A gateway on a thread, and an operator at it."""

    def __init__(self, world: Any, **options: Any) -> None:
        self._world = world
        self._options: Json = {
            "port": 0,
            "folder": str(world.folder / "gateway"),
            "webhook_token": TOKEN,
            "webhook_http": True,
            "webhook_private": True,
            **options,
        }
        self._server: GatewayServer | None = None

    def start(self) -> Gateway:
        options = Options(**self._options)
        app = create_app(options, connecting(self._world.address))
        self._server = GatewayServer(app, options)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        assert self._server.listening.wait(PATIENCE)
        self.http = httpx.Client(
            base_url=f"{self._server.url}/api/events/{self._world.event}",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=PATIENCE,
        )
        return self

    def stop(self) -> None:
        if self._server is not None:
            self.http.close()
            self._server.stop()
            self._thread.join(PATIENCE)
            self._server = None

    def register(self, receiver: Receiver, **wish: Any) -> Json:
        wish = {"url": receiver.url, "secret": SECRET, "from": "start"} | wish
        answer = self.http.post("/webhooks", json=wish)
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    def show(self, hook: Json) -> Json:
        found: Json = self.http.get(f"/webhooks/{hook['id']}").json()
        return found


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def receiver(stack):
    made = Receiver()
    stack.callback(made.close)
    return made


@pytest.fixture
def gateway(world, stack):
    world.with_broker()
    made = Gateway(world)
    stack.callback(made.stop)
    return made.start()


def goals(world: Any, numbers: range, reporters: Any) -> None:
    """Let goals be published."""
    for number in numbers:
        world.goal(number, *reporters)
    world.until(lambda: not any(each.pending for each in reporters), *reporters)


def test_in_order_and_signed(world, gateway, receiver):
    """Everything published is delivered once, in order, with a signature that holds; no other body,
    time or secret fits it."""
    world.host()
    crowd = [world.reporter(name) for name in ("ann", "ben")]
    hook = gateway.register(receiver)
    assert hook["secret"] == SECRET
    goals(world, range(5), crowd)
    until(lambda: len(receiver.got) == 5, *crowd)
    assert receiver.seqs == [1, 2, 3, 4, 5]
    assert len({delivery.id for delivery in receiver.got}) == 5
    first = receiver.got[0]
    assert (first.message["type"], first.message["title"]) == ("entry", "goal")
    assert first.genuine(SECRET)
    assert not first.genuine(SECRET + "x")
    first.body += b" "
    assert not first.genuine(SECRET)
    shown = gateway.show(hook)
    assert (shown["delivered"], shown["position"], shown["status"]) == (5, 5, "active")
    assert "secret" not in shown


def test_repeated_until_taken(world, gateway, receiver):
    """A receiver that fails three times gets the same delivery again, under the same id, and only
    then the next one."""
    world.host()
    crowd = [world.reporter(name) for name in ("ann", "ben")]
    receiver.answers = [500, 302, 404]
    receiver.location = receiver.url
    gateway.register(receiver)
    goals(world, range(2), crowd)
    until(lambda: len(receiver.got) == 5, *crowd)
    assert receiver.seqs == [1, 1, 1, 1, 2]
    assert len({delivery.id for delivery in receiver.got[:4]}) == 1
    attempts = [delivery.headers["touchline-attempt"] for delivery in receiver.got]
    assert attempts == ["1", "2", "3", "4", "1"]
    assert all(delivery.genuine(SECRET) for delivery in receiver.got)


def test_goes_on_after_a_restart(world, gateway, receiver):
    """A gateway that is started again goes on where it stood: nothing is left out, nothing that was
    taken comes again."""
    world.host()
    crowd = [world.reporter(name) for name in ("ann", "ben")]
    gateway.register(receiver)
    goals(world, range(3), crowd)
    until(lambda: len(receiver.got) == 3, *crowd)
    registry = WebhookRegistry(world.folder / "gateway" / "webhooks.db")
    until(lambda: registry.all()[0].seq == 3)  # on disk at once, not when it is stopped
    registry.close()
    gateway.stop()
    goals(world, range(3, 6), crowd)
    gateway.start()
    until(lambda: len(receiver.got) == 6, *crowd)
    assert receiver.seqs == [1, 2, 3, 4, 5, 6]


def test_replay(world, gateway, receiver):
    """What follows a position is delivered again on demand, under the same ids; a registration
    from the end delivers what comes later only."""
    world.host()
    crowd = [world.reporter(name) for name in ("ann", "ben")]
    goals(world, range(3), crowd)
    hook = gateway.register(receiver, **{"from": "end"})
    until(lambda: gateway.show(hook)["position"] == 3, *crowd)
    goals(world, range(3, 4), crowd)
    until(lambda: receiver.seqs == [4], *crowd)
    answer = gateway.http.post(f"/webhooks/{hook['id']}/replay?from=2")
    assert answer.status_code == 200
    until(lambda: receiver.seqs == [4, 3, 4], *crowd)
    assert receiver.got[0].id == receiver.got[2].id
    assert gateway.http.delete(f"/webhooks/{hook['id']}").status_code == 200
    assert gateway.http.get("/webhooks").json()["webhooks"] == []
    assert gateway.http.get(f"/webhooks/{hook['id']}").status_code == 404


def test_given_up(world, gateway, receiver):
    """A receiver that says it has gone is told nothing more, until a replay."""
    world.host()
    crowd = [world.reporter(name) for name in ("ann", "ben")]
    receiver.answers = [410]
    hook = gateway.register(receiver, types=["entry"])
    goals(world, range(2), crowd)
    until(lambda: gateway.show(hook)["status"] == "given_up", *crowd)
    assert "410" in gateway.show(hook)["trouble"]
    assert receiver.seqs == [1]
    gateway.http.post(f"/webhooks/{hook['id']}/replay")
    until(lambda: receiver.seqs == [1, 1, 2], *crowd)


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"url": "ftp://example.org/"}, 400, "BAD_MESSAGE"),
        ({"url": "http://user:word@127.0.0.1/"}, 400, "BAD_MESSAGE"),
        ({"url": "http://127.0.0.1/", "secret": "short"}, 400, "BAD_MESSAGE"),
        ({"url": "http://127.0.0.1/", "types": ["goal"]}, 400, "BAD_MESSAGE"),
        ({"url": "http://127.0.0.1/", "types": []}, 400, "BAD_MESSAGE"),
        ({}, 400, "BAD_MESSAGE"),
    ],
)
def test_what_cannot_be_registered(world, gateway, wish, status, code):
    """A registration that can't be is refused with a code."""
    answer = gateway.http.post("/webhooks", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_only_operators(world, stack, receiver):
    """Without the token nobody registers or sees anything; on a gateway without one, nobody can."""
    world.with_broker()
    gateway = Gateway(world).start()
    stack.callback(gateway.stop)
    for header in ("", "Bearer", "Bearer wrong", f"Basic {TOKEN}"):
        answer = gateway.http.get("/webhooks", headers={"Authorization": header})
        assert (answer.status_code, answer.json()["code"]) == (401, "BAD_TOKEN")
    without = Gateway(world, webhook_token="", folder=str(world.folder / "other")).start()
    stack.callback(without.stop)
    answer = without.http.post("/webhooks", json={"url": receiver.url})
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")


def test_private_addresses_are_refused(world, stack):
    """Unless the operator says otherwise nothing goes to this machine or network, or in plain."""
    world.with_broker()
    gateway = Gateway(world, webhook_private=False).start()
    stack.callback(gateway.stop)
    for host in ("127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "0.0.0.0"):
        answer = gateway.http.post("/webhooks", json={"url": f"https://{host}/"})
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED"), host
    strict = Gateway(world, webhook_http=False, folder=str(world.folder / "other")).start()
    stack.callback(strict.stop)
    answer = strict.http.post("/webhooks", json={"url": "http://127.0.0.1/"})
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
