"""Safe headers, bounds, and errors as JSON, around any application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from touchline.gateway.counters import GatewayCounters
from touchline.gateway.options import Options
from touchline.gateway.security import (
    HEADERS,
    ConnectionLimits,
    Guard,
    address_of,
    is_foreign,
    on_error,
    on_fault,
    on_http_error,
    status_of,
)
from touchline.protocol import errors
from touchline.protocol.addresses import reaches
from touchline.protocol.errors import NotFound, Overloaded, TouchlineError

OPTIONS = Options(max_body=1_024, max_connections=3, per_address=2)

Endpoint = Callable[[Request], Awaitable[Response]]


def answer(endpoint: Endpoint, method: str = "GET", path: str = "/", **kwargs: Any) -> Any:
    """Return what an application of one endpoint answers."""
    app = Starlette(
        routes=[Route("/", endpoint, methods=["GET", "POST"])],
        middleware=[Middleware(Guard, options=OPTIONS, counters=GatewayCounters())],
        exception_handlers={
            TouchlineError: on_error,
            HTTPException: on_http_error,
            Exception: on_fault,
        },
    )

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **kwargs)

    return asyncio.run(ask())


async def fine(request: Request) -> Response:
    return PlainTextResponse("fine")


async def echo(request: Request) -> Response:
    return Response(await request.body())


def raising(error: Exception) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        raise error

    return endpoint


def test_headers() -> None:
    """Every answer has the headers that keep a browser from being led astray."""
    for found in (answer(fine), answer(raising(NotFound("x"))), answer(fine, path="/nowhere")):
        for name, value in HEADERS.items():
            assert found.headers[name] == value
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.BadMessage("x"), 400),
        (errors.BadToken("x"), 401),
        (errors.NotAllowed("x"), 403),
        (errors.NotFound("x"), 404),
        (errors.Conflict("x"), 409),
        (errors.TooLarge("x"), 413),
        (errors.BadReport("x"), 422),
        (errors.Overloaded("x"), 429),
        (errors.StorageFault("x"), 503),
        (errors.Unreachable("x"), 503),
    ],
)
def test_errors(error: TouchlineError, status: int) -> None:
    """An error of ours is a status, a code and a sentence."""
    assert status_of(error) == status
    found = answer(raising(error))
    assert found.status_code == status
    assert found.json() == {"type": "error", "code": error.code, "reason": "x"}
    assert found.headers["content-type"] == "application/json"


def test_a_fault_tells_nothing() -> None:
    """What should not happen is an error without its cause."""
    found = answer(raising(ValueError("the password is swordfish")))
    assert found.status_code == 500
    assert found.json()["code"] == "ERROR"
    assert "swordfish" not in found.text


def test_no_route_no_method() -> None:
    """A path or method that is not there is an error in JSON; the latter says what is."""
    found = answer(fine, path="/nowhere")
    assert (found.status_code, found.json()["code"]) == (404, "NOT_FOUND")
    found = answer(fine, method="DELETE")
    assert (found.status_code, found.json()["code"]) == (405, "BAD_METHOD")
    assert "GET" in found.headers["allow"]


def test_bodies_are_bounded() -> None:
    """A body of the bound is taken, one byte more is not, whether or not its length was told."""
    assert answer(echo, "POST", content=b"x" * 1_024).status_code == 200

    async def parts() -> Any:
        for _ in range(3):
            yield b"x" * 500

    for content in (b"x" * 1_025, parts()):
        found = answer(echo, "POST", content=content)
        assert found.status_code == 413
        assert found.json()["code"] == "TOO_LARGE"
        assert "1,024" in found.json()["reason"]


def test_places() -> None:
    """Connections are bounded by address and in total, and a place that is given back is free."""
    places = ConnectionLimits(OPTIONS)
    places.take("a")
    places.take("a")
    with pytest.raises(Overloaded, match="2 connections from your address, at most 2 allowed"):
        places.take("a")
    places.take("b")
    with pytest.raises(Overloaded, match="3 connections, at most 3 allowed"):
        places.take("c")
    assert places.refused == {"address": 1, "total": 1}
    places.give_back("a")
    places.take("c")
    assert places.total == 3


@pytest.mark.parametrize(
    ("scope", "address"),
    [
        ({"client": ("1.2.3.4", 5)}, "1.2.3.4"),
        ({"client": ("::ffff:1.2.3.4", 5)}, "1.2.3.4"),
        ({"client": ("2001:db8:0:7:1:2:3:4", 5)}, "2001:db8:0:7::"),
        ({"client": ("2001:db8:0:7:ffff::9", 5)}, "2001:db8:0:7::"),
        ({"client": ("by the proxy", 5)}, "by the proxy"),
        ({}, ""),
        ({"client": None}, ""),
    ],
)
def test_address(scope: dict[str, object], address: str) -> None:
    """The other end's address is known, or nobody's; a machine has a whole network of IPv6."""
    assert address_of(scope) == address


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("", True),
        ("localhost:8080", True),
        ("club.localhost", True),
        ("127.0.0.1:8080", True),
        ("[::1]:8080", True),
        ("192.168.1.7", True),
        ("Club.Example.:8080", True),
        ("evil.example", False),
        ("club.example.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("evil.example@127.0.0.1", False),
        ("127.0.0.1/evil.example", False),
        ("127.0.0.1#.evil.example", False),
        ('127.0.0.1"><b>', False),
        ("[", False),
        ("[::1].evil.example", False),
        ("evil.example[::1]", False),
        ("[::1]:80:80", False),
    ],
)
def test_names_under_which_the_gateway_is_reached(host: str, allowed: bool) -> None:
    """A name that another site made to resolve to this machine is refused; addresses pass."""
    assert reaches(host, Options(advertise="club.example, m.example").names) is allowed


def test_a_name_that_was_rebound() -> None:
    """A request for a foreign name gets nothing but a refusal that says what to do."""
    told = answer(fine, headers={"host": "evil.example"})
    assert told.status_code == 403
    assert told.json()["code"] == "NOT_ALLOWED"
    assert "--advertise" in told.json()["reason"]
    assert told.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"origin": "http://localhost:1", "host": "localhost:1"}, False),
        ({"origin": "http://evil.example", "host": "localhost:1"}, True),
        ({"origin": "http://localhost:2", "host": "localhost:1"}, True),
        ({"origin": "null", "host": "localhost:1"}, True),
        ({"sec-fetch-site": "cross-site", "host": "localhost:1"}, True),
        ({"sec-fetch-site": "same-origin", "host": "localhost:1"}, False),
    ],
)
def test_pages_of_other_sites(headers: dict[str, str], foreign: bool) -> None:
    """A browser tells by its headers from where a page was loaded; a program sends none."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert is_foreign(HTTPConnection({"type": "websocket", "headers": raw})) is foreign
