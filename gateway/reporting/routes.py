"""Reporting from a browser over HTTP: signing in, reports, and their fates.

A cookie is of one event: its name holds the event's id, and its secret leads to one session in that
event and in no other. Tested in `tests/integration/test_gateway_reports.py` and
`test_gateway_people.py`.
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...protocol.errors import (
    BadMessage,
    BadToken,
    NotAllowed,
    NotFound,
    Overloaded,
    TouchlineError,
)
from ...protocol.messages import Id
from ...protocol.times import to_rfc3339
from ...runtime import clock
from ..context import Gateway, Left
from ..openapi import Operation
from ..rest import query
from ..security import JsonResponse, address_of
from .schema import Bundle, ReportFate, read
from .web_sessions import CODE_CHARS, NAME_CHARS, WebSession, WebSessions, check_name, enrol
from .worker import ReportingWorker

COOKIE = "touchline_"
"""The name of a session's cookie, with the event's id behind it."""

DAY = 86_400

SIGN_INS = 60
"""People who may sign in from one address at once: all of a stadium may have the same."""

SIGN_IN_EVERY = 2.0
"""Seconds until one more may sign in from that address."""

ADDRESSES = 10_000
"""Addresses that are told apart for that."""

KEPT_SHOWN = 1_000
"""Reports that are returned unless the query asks for more: the newest."""

T = TypeVar("T")

_EVENT = re.compile(r"[A-Za-z0-9-]{1,64}")


class SignIn(Struct, frozen=True, kw_only=True):
    """A person who wants to report on an event."""

    event: Id
    name: Annotated[str, Meta(max_length=4 * NAME_CHARS)]
    code: Annotated[str, Meta(max_length=CODE_CHARS)] = ""


class SignOutQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a sign-out: one event, or all."""

    event: Id = ""


class ReportsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a person's reports: how many of the newest."""

    limit: Annotated[int, Meta(ge=1, le=20_000)] = KEPT_SHOWN


class SessionSchema(Struct, frozen=True, tag="session"):
    """A session, and when it ends; `asked` is the name that the person gave, `name` the one that
    the broker took."""

    event: str
    name: str
    asked: str
    expires: str


class Sessions(Struct, frozen=True, tag="sessions"):
    """All sessions of this browser."""

    sessions: list[SessionSchema]


class SignedOut(Struct, frozen=True, tag="signed_out"):
    """The sessions have ended; their reports are still delivered."""


class ReportsSchema(Struct, frozen=True, tag="reports"):
    """The fates of reports."""

    event: str
    reports: list[ReportFate]


OPERATIONS = (
    Operation(
        path="/api/session",
        method="post",
        summary="Sign in to report on an event",
        text="The answer sets a cookie for this event. UNKNOWN_KEY: the broker asks for an"
        " invitation code; BAD_INVITE: the code is not known, used up or expired.",
        body=SignIn,
        answers={201: SessionSchema, 200: SessionSchema},
        errors=(400, 403, 404, 409, 413, 422, 429, 503),
    ),
    Operation(
        path="/api/session",
        method="get",
        summary="List the sessions of this browser",
        answers={200: Sessions},
    ),
    Operation(
        path="/api/session",
        method="delete",
        summary="Sign out",
        text="Ends the session of one event, or all. Reports are still delivered.",
        query=SignOutQuery,
        answers={200: SignedOut},
        errors=(400, 403),
    ),
    Operation(
        path="/api/events/{event}/reports",
        method="post",
        summary="Report what happened",
        text="Takes a list of at most 500 reports, one report, or `{sent, reports}` with the"
        " browser's clock. Each gets its own answer; a report whose id is known is not kept again.",
        body=Bundle,
        answers={200: ReportsSchema},
        errors=(400, 401, 403, 404, 413, 429, 503),
        secured="session",
    ),
    Operation(
        path="/api/events/{event}/reports",
        method="get",
        summary="List the fates of the person's reports",
        query=ReportsQuery,
        answers={200: ReportsSchema},
        errors=(400, 401, 403, 503),
        secured="session",
    ),
)


class Reporting:
    """The component of a gateway through which people report.

    Args:
        gateway: what it is a component of.
    """

    web_sessions: WebSessions
    """There from `start` on."""

    worker: ReportingWorker

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        gateway.operations += OPERATIONS
        self._limiter = AddressLimiter(SIGN_INS, SIGN_IN_EVERY, ADDRESSES)
        self.routes: list[BaseRoute] = [
            Route("/api/session", self.sign_in, methods=["POST"]),
            Route("/api/session", self.sessions, methods=["GET"]),
            Route("/api/session", self.sign_out, methods=["DELETE"]),
            Route("/api/events/{event}/reports", self.report, methods=["POST"]),
            Route("/api/events/{event}/reports", self.reports, methods=["GET"]),
        ]

    async def start(self) -> None:
        """Begin; deliver what earlier runs have kept.

        Raises:
            StorageFault: the gateway's folder can't be used.
        """
        gateway, options = self._gateway, self._gateway.options
        self.web_sessions = WebSessions(
            options.home, most=options.max_people, seconds=options.session_days * DAY
        )
        self.worker = ReportingWorker(
            self.web_sessions, gateway.connect, gateway.tell, most=options.max_reporters
        )
        self.worker.start()
        gateway.person = self.key
        gateway.attend = self.attend

    async def stop(self) -> None:
        """Leave the hosts."""
        await self.worker.stop()
        self.web_sessions.close()

    # ── who is signed in ─────────────────────────────────────────────────────────────────────

    def key(self, connection: HTTPConnection, event: str) -> str:
        """Return the id of the session for an event; empty without one."""
        session = self._find(connection, event)
        return session.id if session else ""

    def attend(self, key: str) -> Left:
        """Note that a page of a session is connected; see `ReportingWorker.arrive`."""
        session = self.web_sessions.get(key)
        return (lambda left: None) if session is None else self.worker.arrive(session)

    def session(self, connection: HTTPConnection, event: str) -> WebSession:
        """Return the session for an event.

        Raises:
            NotAllowed: the session is of another event.
            BadToken: there is no session, or it has ended.
        """
        session = self._find(connection, event)
        if session is not None:
            return session
        others = [name for name in connection.cookies if name.startswith(COOKIE)]
        if any(self.web_sessions.find(connection.cookies[name], clock.wall()) for name in others):
            raise NotAllowed(f"you are signed in for another event, not for {event[:64]}")
        raise BadToken("you are not signed in for this event, or no longer: POST /api/session")

    def _find(self, connection: HTTPConnection, event: str) -> WebSession | None:
        secret = connection.cookies.get(COOKIE + event) if _EVENT.fullmatch(event) else None
        session = self.web_sessions.find(secret, clock.wall()) if secret else None
        return session if session is not None and session.event == event else None

    # ── sessions ─────────────────────────────────────────────────────────────────────────────

    async def sign_in(self, request: Request) -> Response:
        check_own_page(request)
        wanted = decode(await body(request), SignIn)
        name = check_name(wanted.name)
        if not _EVENT.fullmatch(wanted.event):
            raise NotFound(f"no event {wanted.event!r}")
        known = self._find(request, wanted.event)
        if known is not None and known.asked == name:
            return JsonResponse(_schema(known))
        self._limiter.take(address_of(request.scope), clock.now())
        await self._gateway.hub.card(wanted.event)  # spends no code on an event that does not exist
        id_ = self.web_sessions.new_id()
        folder = self.web_sessions.folder(id_)
        try:
            card, taken = await asyncio.to_thread(
                enrol, self._gateway.connect, folder, wanted.event, name, wanted.code.strip()
            )
            secret, session = await asyncio.to_thread(
                self.web_sessions.sign_in, id_, card, taken, clock.wall(), asked=name
            )
        except TouchlineError:
            self.web_sessions.clear(id_)
            raise
        if known is not None:  # another person on the same device
            await self._end(known)
        response = JsonResponse(_schema(session), 201)
        response.set_cookie(
            COOKIE + session.event,
            secret,
            max_age=max(1, (session.expires - clock.wall()) // 1_000_000),
            path="/",
            secure=_is_secure(request),
            httponly=True,
            samesite="strict",
        )
        return response

    async def sessions(self, request: Request) -> Response:
        found = [
            self._find(request, name.removeprefix(COOKIE))
            for name in request.cookies
            if name.startswith(COOKIE)
        ]
        return JsonResponse(Sessions([_schema(session) for session in found if session]))

    async def sign_out(self, request: Request) -> Response:
        check_own_page(request)
        which = query(request, SignOutQuery)
        response = JsonResponse(SignedOut())
        for name in request.cookies:
            event = name.removeprefix(COOKIE)
            if not name.startswith(COOKIE) or (which.event and which.event != event):
                continue
            session = self._find(request, event)
            if session is not None:
                await self._end(session)
            response.delete_cookie(name, path="/", httponly=True, samesite="strict")
        return response

    async def _end(self, session: WebSession) -> None:
        await asyncio.to_thread(self.web_sessions.sign_out, session)
        self.worker.sign_out(session)

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    async def report(self, request: Request) -> Response:
        check_own_page(request)
        session = self.session(request, request.path_params["event"])
        reports = read(await body(request), clock.wall(), session.timing)
        return _fates(session, await self.worker.keep(session, reports))

    async def reports(self, request: Request) -> Response:
        shown = query(request, ReportsQuery)
        session = self.session(request, request.path_params["event"])
        return _fates(session, (await self.worker.kept(session))[-shown.limit :])


def component(gateway: Gateway) -> Reporting:
    """Return reporting as a component of a gateway."""
    return Reporting(gateway)


class AddressLimiter:
    """Limits how often each address may sign in: so many times at once, then one at a time.

    Args:
        most: times at once.
        every: seconds until there is one more.
        addresses: that are told apart; beyond them all share one account.
    """

    def __init__(self, most: int, every: float, addresses: int) -> None:
        self._most = most
        self._every = every
        self._addresses = addresses
        self._full_at: dict[
            str, float
        ] = {}  # when the address has its full number again, monotonic seconds

    def take(self, address: str, now: float) -> None:
        """Count a sign-in.

        Raises:
            Overloaded: the address must wait.
        """
        if address not in self._full_at and len(self._full_at) >= self._addresses:
            self._full_at = {each: full for each, full in self._full_at.items() if full > now}
            if len(self._full_at) >= self._addresses:
                address = ""
        full = max(now, self._full_at.get(address, now)) + self._every
        wait = full - now - self._most * self._every
        if wait > 0:
            raise Overloaded(
                f"{self._most} have signed in from your address; wait {wait:.0f} s for the next"
            )
        self._full_at[address] = full


def check_own_page(request: Request) -> None:
    """Refuse a request that the page of another site makes a browser send.

    A browser that knows SameSite sends no cookie from there; this check is for the others.

    Raises:
        NotAllowed: the request comes from another site.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    if site not in {"same-origin", "none"}:
        raise NotAllowed("only the gateway's own page may send this")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise NotAllowed(f"only the gateway's own page may send this, not {origin[:200]}")


async def body(request: Request) -> bytes:
    """Return a request's JSON.

    Raises:
        BadMessage: the content type is not JSON. The form of another site can't set it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadMessage(f"content type {kind[:100]!r}, only application/json is accepted")
    return await request.body()


def decode(content: bytes, kind: type[T]) -> T:
    """Return a JSON body as a struct.

    Raises:
        BadMessage: the body is not valid.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadMessage(f"body: {error}") from None


def _is_secure(request: Request) -> bool:
    # A proxy that is not trusted may say so too: that only makes the cookie stricter.
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "")}


def _schema(session: WebSession) -> SessionSchema:
    return SessionSchema(session.event, session.name, session.asked, to_rfc3339(session.expires))


def _fates(session: WebSession, reports: list[ReportFate]) -> Response:
    return JsonResponse(ReportsSchema(session.event, reports))
