"""Reporting from a browser: signing in, reports, and what becomes of them, over HTTP.

A session's cookie is of one event: its name holds the event's id, and what it leads to is one
person in that event and no other.
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
from .schema import Bundle, Told, read
from .web_sessions import CODE_CHARS, NAME_CHARS, Person, WebSessions, check_name, enrol
from .worker import ReportingWorker

COOKIE = "touchline_"
"""The name of a session's cookie, with the event's id behind it."""

DAY = 86_400

SIGN_INS = 60
"""People who may sign in from one address at once: a stadium may have one address."""

SIGN_IN_EVERY = 2.0
"""Seconds until that address may send one more."""

ADDRESSES = 10_000
"""Addresses that are remembered for it."""

KEPT_SHOWN = 1_000
"""Reports that are shown unless more are asked for: the newest."""

T = TypeVar("T")

_EVENT = re.compile(r"[A-Za-z0-9-]{1,64}")


class SignIn(Struct, frozen=True, kw_only=True):
    """Who wants to report on which event."""

    event: Id
    name: Annotated[str, Meta(max_length=4 * NAME_CHARS)]
    code: Annotated[str, Meta(max_length=CODE_CHARS)] = ""


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a sign-out: of one event, or of all."""

    event: Id = ""


class Shown(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of one's reports: how many, the newest."""

    limit: Annotated[int, Meta(ge=1, le=20_000)] = KEPT_SHOWN


class Session(Struct, frozen=True, tag="session"):
    """Who is signed in for which event, and until when; `asked` is the name that was given, `name`
    the one that the person has got."""

    event: str
    name: str
    asked: str
    expires: str


class Sessions(Struct, frozen=True, tag="sessions"):
    """All sessions of this browser."""

    sessions: list[Session]


class SignedOut(Struct, frozen=True, tag="signed_out"):
    """The sessions have ended; what was said is still delivered."""


class Reports(Struct, frozen=True, tag="reports"):
    """What has become of reports."""

    event: str
    reports: list[Told]


OPERATIONS = (
    Operation(
        path="/api/session",
        method="post",
        summary="Sign in to report on an event",
        text="The answer sets a cookie, which is of this event alone. UNKNOWN_KEY: the broker asks"
        " for an invitation code; BAD_INVITE: it is none, used up or expired.",
        body=SignIn,
        answers={201: Session, 200: Session},
        errors=(400, 403, 404, 409, 413, 422, 429, 503),
    ),
    Operation(
        path="/api/session",
        method="get",
        summary="Where this browser is signed in",
        answers={200: Sessions},
    ),
    Operation(
        path="/api/session",
        method="delete",
        summary="Sign out",
        text="Of one event, or of all. What was reported is still delivered.",
        query=Which,
        answers={200: SignedOut},
        errors=(400, 403),
    ),
    Operation(
        path="/api/events/{event}/reports",
        method="post",
        summary="Report what happened",
        text="A list of at most 500, a single one, or `{sent, reports}` with the browser's clock."
        " Each is answered for itself; what has an id that is known is not kept again.",
        body=Bundle,
        answers={200: Reports},
        errors=(400, 401, 403, 404, 413, 429, 503),
        secured="session",
    ),
    Operation(
        path="/api/events/{event}/reports",
        method="get",
        summary="What has become of one's reports",
        query=Shown,
        answers={200: Reports},
        errors=(400, 401, 403, 503),
        secured="session",
    ),
)


class Reporting:
    """The part of a gateway through which people report.

    Args:
        gateway: what it is a part of.
    """

    people: WebSessions
    """Who is signed in; from `start` on, as everything on disk."""

    reporters: ReportingWorker

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        gateway.operations += OPERATIONS
        self._brake = AddressLimiter(SIGN_INS, SIGN_IN_EVERY, ADDRESSES)
        self.routes: list[BaseRoute] = [
            Route("/api/session", self.sign_in, methods=["POST"]),
            Route("/api/session", self.sessions, methods=["GET"]),
            Route("/api/session", self.sign_out, methods=["DELETE"]),
            Route("/api/events/{event}/reports", self.report, methods=["POST"]),
            Route("/api/events/{event}/reports", self.reports, methods=["GET"]),
        ]

    async def start(self) -> None:
        """Begin; what is kept from before is delivered.

        Raises:
            StorageFault: the gateway's folder can't be used.
        """
        gateway, options = self._gateway, self._gateway.options
        self.people = WebSessions(
            options.home, most=options.max_people, seconds=options.session_days * DAY
        )
        self.reporters = ReportingWorker(
            self.people, gateway.connect, gateway.tell, most=options.max_reporters
        )
        self.reporters.start()
        gateway.person = self.key
        gateway.attend = self.attend

    async def stop(self) -> None:
        """Take leave of the hosts."""
        await self.reporters.stop()
        self.people.close()

    # ── who ──────────────────────────────────────────────────────────────────────────────────

    def key(self, connection: HTTPConnection, event: str) -> str:
        """Return the id of who is signed in for an event; empty for nobody."""
        person = self._find(connection, event)
        return person.id if person else ""

    def attend(self, key: str) -> Left:
        """Note that a page of somebody's is connected; see `ReportingWorker.arrive`."""
        person = self.people.get(key)
        return (lambda left: None) if person is None else self.reporters.arrive(person)

    def person(self, connection: HTTPConnection, event: str) -> Person:
        """Return who is signed in for an event.

        Raises:
            NotAllowed: the session is of another event.
            BadToken: there is no session, or it has ended.
        """
        person = self._find(connection, event)
        if person is not None:
            return person
        others = [name for name in connection.cookies if name.startswith(COOKIE)]
        if any(self.people.find(connection.cookies[name], clock.wall()) for name in others):
            raise NotAllowed(f"you are signed in for another event, not for {event[:64]}")
        raise BadToken("you are not signed in for this event, or no longer: POST /api/session")

    def _find(self, connection: HTTPConnection, event: str) -> Person | None:
        secret = connection.cookies.get(COOKIE + event) if _EVENT.fullmatch(event) else None
        person = self.people.find(secret, clock.wall()) if secret else None
        return person if person is not None and person.event == event else None

    # ── sessions ─────────────────────────────────────────────────────────────────────────────

    async def sign_in(self, request: Request) -> Response:
        check_own_page(request)
        wish = decode(await body(request), SignIn)
        name = check_name(wish.name)
        if not _EVENT.fullmatch(wish.event):
            raise NotFound(f"no event {wish.event!r}")
        known = self._find(request, wish.event)
        if known is not None and known.asked == name:
            return JsonResponse(_session(known))
        self._brake.take(address_of(request.scope), clock.now())
        await self._gateway.hub.card(wish.event)  # no code is spent on an event that is not there
        id_ = self.people.new_id()
        folder = self.people.folder(id_)
        try:
            card, taken = await asyncio.to_thread(
                enrol, self._gateway.connect, folder, wish.event, name, wish.code.strip()
            )
            secret, person = await asyncio.to_thread(
                self.people.sign_in, id_, card, taken, clock.wall(), asked=name
            )
        except TouchlineError:
            self.people.clear(id_)
            raise
        if known is not None:  # somebody else on the same device
            await self._end(known)
        response = JsonResponse(_session(person), 201)
        response.set_cookie(
            COOKIE + person.event,
            secret,
            max_age=max(1, (person.expires - clock.wall()) // 1_000_000),
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
        return JsonResponse(Sessions([_session(person) for person in found if person]))

    async def sign_out(self, request: Request) -> Response:
        check_own_page(request)
        which = query(request, Which)
        response = JsonResponse(SignedOut())
        for name in request.cookies:
            event = name.removeprefix(COOKIE)
            if not name.startswith(COOKIE) or (which.event and which.event != event):
                continue
            person = self._find(request, event)
            if person is not None:
                await self._end(person)
            response.delete_cookie(name, path="/", httponly=True, samesite="strict")
        return response

    async def _end(self, person: Person) -> None:
        await asyncio.to_thread(self.people.sign_out, person)
        self.reporters.sign_out(person)

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    async def report(self, request: Request) -> Response:
        check_own_page(request)
        person = self.person(request, request.path_params["event"])
        reports = read(await body(request), clock.wall(), person.timing)
        return _told(person, await self.reporters.keep(person, reports))

    async def reports(self, request: Request) -> Response:
        shown = query(request, Shown)
        person = self.person(request, request.path_params["event"])
        return _told(person, (await self.reporters.kept(person))[-shown.limit :])


def component(gateway: Gateway) -> Reporting:
    """Return reporting as a component of a gateway."""
    return Reporting(gateway)


class AddressLimiter:
    """Lets each address do something so many times at once, and again as time passes.

    Args:
        most: times at once.
        every: seconds until there is one more.
        addresses: that are remembered; beyond them all are held to one account.
    """

    def __init__(self, most: int, every: float, addresses: int) -> None:
        self._most = most
        self._every = every
        self._addresses = addresses
        self._full_at: dict[str, float] = {}  # when all would be there again, monotonic seconds

    def take(self, address: str, now: float) -> None:
        """Count one.

        Raises:
            Overloaded: there is none left.
        """
        if address not in self._full_at and len(self._full_at) >= self._addresses:
            self._full_at = {who: full for who, full in self._full_at.items() if full > now}
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
    """Refuse what another site's page makes a browser send.

    The cookie is not sent from there in the first place (SameSite); this holds where a browser does
    not know that.

    Raises:
        NotAllowed: it comes from elsewhere.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    if site not in {"same-origin", "none"}:
        raise NotAllowed("this can only be done from the gateway's own page")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise NotAllowed(f"this can only be done from the gateway's own page, not {origin[:200]}")


async def body(request: Request) -> bytes:
    """Return a request's JSON.

    Raises:
        BadMessage: it is not said to be JSON. A form of another site's can't say so.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadMessage(f"content type {kind[:100]!r}, only application/json is taken")
    return await request.body()


def decode(content: bytes, kind: type[T]) -> T:
    """Return a body of JSON as what it should be.

    Raises:
        BadMessage: it is something else.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadMessage(f"body: {error}") from None


def _is_secure(request: Request) -> bool:
    # A proxy that is not believed may still say so: it makes the cookie only stricter.
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "")}


def _session(person: Person) -> Session:
    return Session(person.event, person.name, person.asked, to_rfc3339(person.expires))


def _told(person: Person, reports: list[Told]) -> Response:
    return JsonResponse(Reports(person.event, reports))
