"""The layer that every request passes: safe headers, bounds, and errors as JSON."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..protocol.addresses import reaches
from ..protocol.errors import (
    BadInvite,
    BadMessage,
    BadToken,
    Conflict,
    EventOver,
    NameTaken,
    NotAllowed,
    NotFound,
    Overloaded,
    Revoked,
    SettingError,
    StorageFault,
    TooLarge,
    TouchlineError,
    UnknownKey,
    Unreachable,
    Untrusted,
)
from ..runtime.connections import network
from ..runtime.logs import note
from .counters import GatewayCounters
from .options import Options

logger = logging.getLogger(__name__)

POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'; img-src 'self' data:; connect-src 'self' ws: wss:"
)
"""Pages run no inline script or style, and load nothing from elsewhere."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}

INTERFACE = ("/api/", "/openapi.json")
"""Where the paths of the interface for programs begin."""

VERSIONED = "/api/v1/"
"""What a path that names the interface's version begins with; without it, it is the newest one."""

PREFLIGHT = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "Accept, If-None-Match, Last-Event-ID",
    "access-control-max-age": "86400",
}
"""What scripts of other sites may ask for: to read what needs no session."""

STATUS: dict[type[TouchlineError], int] = {
    BadMessage: 400,
    SettingError: 400,
    BadToken: 401,
    NotAllowed: 403,
    UnknownKey: 403,
    BadInvite: 403,
    Revoked: 403,
    NotFound: 404,
    Conflict: 409,
    EventOver: 409,
    NameTaken: 409,
    TooLarge: 413,
    Overloaded: 429,
    Unreachable: 503,
    Untrusted: 503,
    StorageFault: 503,
}
"""HTTP status by error; other faults of the client are 422, of ours or the environment 500."""

CODES = {400: "BAD_MESSAGE", 404: "NOT_FOUND", 405: "BAD_METHOD", 406: "NOT_ACCEPTABLE"}


class JsonResponse(Response):
    """JSON as `msgspec` writes it."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        return content if isinstance(content, bytes) else msgspec.json.encode(content)


def refusal(error: TouchlineError) -> dict[str, str]:
    """Return the JSON values of an error."""
    return {"type": "error", "code": error.code, "reason": error.sentence}


def status_of(error: TouchlineError) -> int:
    """Return an error's HTTP status."""
    for kind, status in STATUS.items():
        if isinstance(error, kind):
            return status
    return 422 if error.exit_code == 4 else 500


async def on_error(request: Request, error: Exception) -> Response:
    """Answer with a `TouchlineError`."""
    if not isinstance(error, TouchlineError):
        raise AssertionError(f"not a TouchlineError: {error!r}")
    headers = {"retry-after": "5"} if isinstance(error, Overloaded | Unreachable) else {}
    return JsonResponse(refusal(error), status_of(error), headers)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer a request that no route or method matches."""
    if not isinstance(error, HTTPException):
        raise AssertionError(f"not an HTTPException: {error!r}")
    reason = {
        404: f"no page or resource at {request.url.path[:200]}",
        405: f"{request.method} is not allowed here",
    }.get(error.status_code, error.detail)
    code = CODES.get(error.status_code, "REFUSED")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["allow"] = ", ".join(sorted(_methods(request)))
    body = {"type": "error", "code": code, "reason": reason}
    return JsonResponse(body, error.status_code, headers)


def _methods(request: Request) -> set[str]:
    """Return the methods of a path, which may have several routes."""
    return {
        method
        for route in request.app.routes
        if isinstance(route, Route) and route.path_regex.match(request.url.path)
        for method in route.methods or ()
    }


async def on_fault(request: Request, error: Exception) -> Response:
    """Answer after a fault of the gateway; the cause stays in the log."""
    return JsonResponse({"type": "error", "code": "ERROR", "reason": "a fault of the gateway"}, 500)


def is_foreign(connection: HTTPConnection) -> bool:
    """Return whether a page of another site sends a request or opens a WebSocket.

    A browser that knows SameSite sends no cookie from another site; the check is for others.
    """
    headers = connection.headers
    origin = headers.get("origin")
    return headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"} or (
        origin is not None and _place_of(origin) != headers.get("host", "")
    )


def _place_of(origin: str) -> str | None:
    """Return HOST:PORT of an origin; None where it is none, such as `null`."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


async def _deny(scope: Scope, receive: Receive, send: Send, error: TouchlineError) -> None:
    answer = JsonResponse(refusal(error), status_of(error), HEADERS)
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(answer)
    else:
        await answer(scope, receive, send)


class Guard:
    """The outermost layer: counts, bounds, headers.

    Args:
        app: the application.
        options: the bounds.
        counters: where it counts.
    """

    def __init__(self, app: ASGIApp, options: Options, counters: GatewayCounters) -> None:
        self._app = app
        self._options = options
        self._counters = counters
        start = f"{uuid4().hex[:8]}-"
        self._numbers = (f"{start}{n}" for n in count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if not reaches(host, self._options.names):
            elsewhere = NotAllowed(f"this gateway is not {host[:200]}; see --advertise")
            await _deny(scope, receive, send, elsewhere)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        method, headers = scope["method"], Headers(scope=scope)
        of_interface = scope["path"].startswith(INTERFACE)
        if of_interface and method == "OPTIONS" and "access-control-request-method" in headers:
            self._counters.requests["2xx"] += 1
            await Response(status_code=204, headers=HEADERS | PREFLIGHT)(scope, receive, send)
            return
        if scope["path"].startswith(VERSIONED):
            path = "/api/" + scope["path"].removeprefix(VERSIONED)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        bounded = _Body(receive, self._options.max_body)
        request_id = next(self._numbers)

        async def safe_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # What may stand in a frame says so by a policy of its own.
                framed = "content-security-policy" in headers
                for name, value in HEADERS.items():
                    if not (framed and name == "x-frame-options"):
                        headers.setdefault(name, value)
                if scope["path"].startswith("/api") or headers.get("content-type", "").startswith(
                    "application/json"
                ):
                    headers.setdefault("cache-control", "no-store")
                headers["x-request-id"] = request_id
                if of_interface and method in {"GET", "HEAD"} and message["status"] >= 400:
                    # An error says nothing that a script of another site may not read.
                    headers.setdefault("access-control-allow-origin", "*")
                self._counters.requests[f"{message['status'] // 100}xx"] += 1
                # Without the query, in which a client may send what is its own.
                about = {"request": request_id, "method": scope["method"], "path": scope["path"]}
                note(
                    logger,
                    logging.DEBUG,
                    "a request was answered",
                    **about,
                    status=message["status"],
                )
            await send(message)

        length = Headers(scope=scope).get("content-length", "0")
        if length.isdecimal() and int(length) > self._options.max_body:
            error = TooLarge(
                f"body of {int(length):,} bytes, at most {self._options.max_body:,} allowed"
            )
            await JsonResponse(refusal(error), 413, {"connection": "close"})(
                scope, receive, safe_send
            )
            return
        await self._app(scope, bounded, safe_send)


class _Body:
    """A request's body, which raises an error beyond its bound."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            if self._size > self._most:
                raise TooLarge(f"body of more than the {self._most:,} bytes allowed")
        return message


class ConnectionLimits:
    """The number of connections that stay open, in total and by address.

    Args:
        options: the limits.
    """

    def __init__(self, options: Options) -> None:
        self.refused: Counter[str] = Counter()
        """Connections refused, by the limit that they were over: `address`, `total`."""
        self._options = options
        self._taken: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """The number of connections."""
        return self._taken.total()

    def take(self, address: str) -> None:
        """Count a new connection; call `give_back` when it ends.

        Raises:
            Overloaded: there are too many connections.
        """
        for limit, have, most, whose in (
            ("total", self.total, self._options.max_connections, ""),
            ("address", self._taken[address], self._options.per_address, " from your address"),
        ):
            if have >= most:
                self.refused[limit] += 1
                raise Overloaded(f"{have:,} connections{whose}, at most {most:,} allowed")
        self._taken[address] += 1

    def give_back(self, address: str) -> None:
        """Count the end of a connection."""
        self._taken[address] -= 1
        if not self._taken[address]:
            del self._taken[address]


def address_of(scope: Mapping[str, object]) -> str:
    """Return what counts as the client's address, see `network`; behind a trusted proxy, of the
    address that the proxy names."""
    client = scope.get("client")
    return network(str(client[0])) if isinstance(client, tuple | list) and client else ""
