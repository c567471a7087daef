"""Reporting from a browser over HTTP: signing in, reports, and their fates.

A session's cookie is for one event: its name holds the event's id, and its secret belongs to one
session in that event. A further cookie is the device's, see `devices`. Tested in
`tests/integration/test_gateway_reports.py` and `test_gateway_people.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections import Counter
from typing import Annotated, TypeVar
from weakref import WeakValueDictionary

import msgspec
from msgspec import Meta, Struct
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...protocol import tokens
from ...protocol.errors import (
    BadInvite,
    BadMessage,
    BadToken,
    NotAllowed,
    NotFound,
    Overloaded,
    StorageFault,
    TouchlineError,
)
from ...protocol.messages import Ask, Id
from ...protocol.times import SECOND, to_rfc3339
from ...runtime import clock
from ...sports.contradictions import check_of
from ..context import Gateway, Left, Taken
from ..grades import OwnGradeAnswer, own_grade
from ..json_input import decode
from ..openapi import Operation
from ..qr import drawn
from ..rest import Nothing, query
from ..security import JsonResponse, address_of, is_foreign
from .devices import KEPT_DAYS, DeviceKey, Devices
from .pairing import PairingCodes
from .schema import Bundle, ReportFate, consistent, read, token_of
from .web_sessions import CODE_CHARS, NAME_CHARS, WebSession, WebSessions, check_name, enrol
from .worker import ReportingWorker

COOKIE = "touchline_"
"""The beginning of the name of a session's cookie; the event's id follows."""

DEVICE = "touchline-device"
"""The name of a device's cookie."""

DAY = 86_400

ADDRESSES = 10_000
"""The most addresses that are limited separately."""

KEPT_SHOWN = 1_000
"""The most reports that are returned unless the query asks for more: the newest."""

T = TypeVar("T")

_EVENT = re.compile(r"[A-Za-z0-9-]{1,64}")


class SignIn(Struct, frozen=True, kw_only=True):
    """A person who wants to report on an event."""

    event: Id
    name: Annotated[str, Meta(max_length=4 * NAME_CHARS)]
    code: Annotated[str, Meta(max_length=CODE_CHARS)] = ""
    token: bool = False
    """Whether the answer has the session's token, for a program, instead of cookies."""


class PairingQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Of which event a code is wanted for a second device."""

    event: Id


class PairingSchema(Struct, frozen=True, tag="pairing"):
    """A code for a second device of the same person: good once, until `expires`. `link` opens the
    page there with the code filled in."""

    event: str
    code: str
    link: str
    expires: str


class Pair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second device of a person, with the code that the first one shows."""

    event: Id
    code: Annotated[str, Meta(max_length=CODE_CHARS)]


class SignOutQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a sign-out: an event; empty for all events."""

    event: Id = ""


class ReportsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a person's reports: how many of the newest."""

    limit: Annotated[int, Meta(ge=1, le=20_000)] = KEPT_SHOWN


class SessionSchema(Struct, frozen=True, tag="session"):
    """A session, and when it ends; `asked` is the name that the person gave, `name` the person's
    name at the broker. `token` is given once, to a program that asks for it."""

    event: str
    name: str
    asked: str
    expires: str
    token: str = ""


class Sessions(Struct, frozen=True, tag="sessions"):
    """All sessions of this browser."""

    sessions: list[SessionSchema]


class SignedOut(Struct, frozen=True, tag="signed_out"):
    """The sessions have ended; their reports are still delivered."""


class ReportsSchema(Struct, frozen=True, tag="reports"):
    """The fates of reports."""

    event: str
    reports: list[ReportFate]


class AskSchema(Struct, frozen=True, tag="ask"):
    """A question of the host whether something happened; `claim` is its number, `until` when an
    answer may come too late."""

    event: str
    claim: int
    title: str
    origin: str
    time: str
    until: str
    text: str
    details: dict[str, object]


class QuestionsSchema(Struct, frozen=True, tag="questions"):
    """The host's open questions to the person, oldest first."""

    event: str
    questions: list[AskSchema]


OPERATIONS = (
    Operation(
        path="/api/session",
        method="post",
        summary="Sign in to report on an event",
        text="The answer sets a cookie for this event; where `token` is true, it has a token"
        " instead, for the body of each report. UNKNOWN_KEY: the broker requires an"
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
        path="/api/session/pairing",
        method="post",
        summary="Have a code for a second device",
        text="The code is good once, for two minutes; until then the same one is given again.",
        body=PairingQuery,
        answers={200: PairingSchema},
        errors=(400, 401, 403, 413, 422),
        secured="session",
    ),
    Operation(
        path="/api/session/pairing/qr",
        method="get",
        summary="Draw the link of that code as a QR code (SVG)",
        query=PairingQuery,
        answers={200: None},
        errors=(400, 401, 403, 404),
        secured="session",
    ),
    Operation(
        path="/api/session/pair",
        method="post",
        summary="Go on as the same person on a second device",
        text="Takes the code that the first device shows, and sets the cookies of this one: both"
        " are one reporter, with one vote.",
        body=Pair,
        answers={201: SessionSchema},
        errors=(400, 403, 409, 413, 422, 429, 503),
    ),
    Operation(
        path="/api/events/{event}/reports",
        method="post",
        summary="Report what happened",
        text="Takes a list of at most 500 reports, one report, or `{sent, reports}` with the"
        " browser's clock. A `token` in each report, or in the bundle, identifies the sender,"
        " without a cookie. Each gets its own answer; one whose id is known is not kept again.",
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
    Operation(
        path="/api/events/{event}/questions",
        method="get",
        summary="List what the host asks the person",
        text="Answer each with a report titled `answer`, of no origin, with the details `claim`"
        " (its number) and `yes` (true or false).",
        answers={200: QuestionsSchema},
        errors=(400, 401, 403, 503),
        secured="session",
    ),
    Operation(
        path="/api/events/{event}/grade",
        method="get",
        summary="Show how the person's reports were, by an official record",
        answers={200: OwnGradeAnswer},
        errors=(400, 401, 403),
        secured="session",
    ),
)


class Reporting:
    """The component of a gateway through which people report.

    Args:
        gateway: the gateway of which it is a component.
    """

    web_sessions: WebSessions
    """Set by `start`."""

    devices: Devices
    worker: ReportingWorker

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        gateway.operations += OPERATIONS
        # One sign-in at a time of each device, so that a name gets one key.
        self._signing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        new = gateway.options.new_people
        self._limiter = AddressLimiter(new, 60 / new, ADDRESSES)
        self._invited: dict[tuple[str, str], str] = {}  # session ids by code and event
        self._codes = PairingCodes()
        self._salt = os.urandom(32)  # the broker learns which addresses are one, and no address
        self._new: Counter[str] = Counter()  # people whom the gateway did not know, by address
        self.routes: list[BaseRoute] = [
            Route("/api/session", self.sign_in, methods=["POST"]),
            Route("/api/session", self.sessions, methods=["GET"]),
            Route("/api/session", self.sign_out, methods=["DELETE"]),
            Route("/api/session/pairing", self.offer_pairing, methods=["POST"]),
            Route("/api/session/pairing/qr", self.pairing_qr, methods=["GET"]),
            Route("/api/session/pair", self.pair, methods=["POST"]),
            Route("/api/events/{event}/reports", self.report, methods=["POST"]),
            Route("/api/events/{event}/reports", self.reports, methods=["GET"]),
            Route("/api/events/{event}/questions", self.questions, methods=["GET"]),
            Route("/api/events/{event}/grade", self.grade, methods=["GET"]),
        ]

    async def start(self) -> None:
        """Begin; deliver the kept reports of earlier runs.

        Raises:
            StorageFault: the gateway's folder can't be used.
        """
        gateway, options = self._gateway, self._gateway.options
        self.web_sessions = WebSessions(
            options.home, most=options.max_people, seconds=options.session_days * DAY
        )
        try:
            self.devices = Devices(options.home)
        except StorageFault:
            self.web_sessions.close()
            raise
        self.worker = ReportingWorker(
            self.web_sessions,
            self.devices,
            gateway.connect,
            gateway.tell,
            most=options.max_reporters,
            counters=gateway.counters.reporters,
        )
        self.worker.start()
        gateway.person = self.key
        gateway.attend = self.attend
        gateway.take_report = self.take_report
        gateway.reporting = self

    async def stop(self) -> None:
        """Leave the hosts."""
        await self.worker.stop()
        self.devices.close()
        self.web_sessions.close()

    # ── the session of a request ─────────────────────────────────────────────────────────────

    def key(self, connection: HTTPConnection, event: str) -> str:
        """Return the id of the session for an event; empty without one, and to a foreign page."""
        if is_foreign(connection):
            return ""
        session = self._find(connection, event)
        return session.id if session else ""

    def attend(self, key: str) -> Left:
        """Take note that a page of a session is connected; see `ReportingWorker.arrive`."""
        session = self.web_sessions.get(key)
        return (lambda left: None) if session is None else self.worker.arrive(session)

    def session(self, connection: HTTPConnection, event: str) -> WebSession:
        """Return the session for an event.

        Raises:
            NotAllowed: the session is for another event.
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
        address = address_of(request.scope)
        if wanted.token:
            device = self.devices.new_secret()
            secret, session = await self._enter(device, wanted, name, address)
            return JsonResponse(msgspec.structs.replace(_schema(session), token=secret), 201)
        known = self._find(request, wanted.event)
        if known is not None and known.asked == name:
            return JsonResponse(_schema(known))
        device = request.cookies.get(DEVICE) or self.devices.new_secret()
        secret, session = await self._enter(device, wanted, name, address)
        if known is not None and known.id != session.id:  # of before its device had a key
            await self._end(known, request.cookies[COOKIE + wanted.event])
        return _signed_in(request, session, secret, device)

    async def offer_pairing(self, request: Request) -> Response:
        check_own_page(request)
        session = self.session(request, decode(await body(request), PairingQuery).event)
        return JsonResponse(self._pairing(request, session))

    async def pairing_qr(self, request: Request) -> Response:
        session = self.session(request, query(request, PairingQuery).event)
        if self._codes.find(session.id, clock.now()) is None:
            raise NotFound("no code for a second device is open")
        link = self._pairing(request, session).link
        return Response(
            await asyncio.to_thread(drawn, link),
            media_type="image/svg+xml",
            headers={"cache-control": "no-store"},
        )

    def _pairing(self, request: Request, session: WebSession) -> PairingSchema:
        now = clock.now()
        code = self._codes.offer(session.id, session.event, now)
        base = (self._gateway.base_url or str(request.base_url)).rstrip("/")
        return PairingSchema(
            session.event,
            code.code,
            f"{base}/report/{session.event}#pair={code.code}",
            to_rfc3339(clock.wall() + round((code.until - now) * SECOND)),
        )

    async def pair(self, request: Request) -> Response:
        check_own_page(request)
        wanted = decode(await body(request), Pair)
        self._limiter.take(address_of(request.scope), clock.now())
        id_ = self._codes.take(wanted.code, wanted.event, clock.now())
        session, wall = self.web_sessions.get(id_), clock.wall()
        if session is None or self.web_sessions.has_left(session, wall):
            raise BadInvite("the other device is signed out: sign in there again")
        device = request.cookies.get(DEVICE) or self.devices.new_secret()
        secret = await asyncio.to_thread(self._pair, session, device, wall)
        return _signed_in(request, session, secret, device)

    def _pair(self, session: WebSession, device: str, wall: int) -> str:
        """Let a device be of a session; in a thread of its own. Return its secret."""
        key = DeviceKey(session.key, session.name)
        self.devices.pair(device, session.event, session.asked, key, wall, session.expires)
        return self.web_sessions.pair(session, device)

    async def _enter(
        self, device: str, wanted: SignIn, name: str, address: str
    ) -> tuple[str, WebSession]:
        """Begin a person's session; return its secret, and the session.

        Raises:
            TouchlineError: too many come from the address, or the broker refuses the person.
        """
        most = self._gateway.options.people_per_address
        if self._new[address] >= most:
            raise Overloaded(f"{most:,} people have come from your address, at most {most:,} may")
        self._limiter.take(address, clock.now())
        await self._gateway.hub.card(wanted.event)  # no code is used up where there is no event
        async with self._signing.setdefault(device, asyncio.Lock()):
            secret, session, new = await asyncio.to_thread(
                self._begin, device, wanted, name, address
            )
        self._new[address] += new
        return secret, session

    def _begin(
        self, device: str, wanted: SignIn, name: str, address: str
    ) -> tuple[str, WebSession, bool]:
        """Begin a person's session, and enrol the person; in a thread of its own.

        Returns:
            The session's secret, the session, and whether the person is new.
        """
        sessions, event, wall = self.web_sessions, wanted.event, clock.wall()
        key = self.devices.find(device, event, name, wall)
        code = self._gateway.admit(event, wanted.code.strip(), key.id)
        id_ = sessions.new_id()
        folder = self.devices.folder(key.id)
        try:
            card, taken = enrol(
                self._gateway.connect,
                folder,
                event,
                name,
                code,
                known=key.name,
                behind=tokens.derive(self._salt, address),
            )
            begun = sessions.resume(key.id, event, wall, device=device)
            if begun is None:
                about = {"asked": name, "key": key.id, "device": device}
                begun = sessions.sign_in(id_, card, taken, wall, **about)
            enrolled = key._replace(name=taken)
            self.devices.keep(device, event, name, enrolled, wall, begun[1].expires)
        except TouchlineError:
            if not key.name:
                self.devices.clear(key.id)
            raise
        return *begun, not key.name

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
                await self._end(session, request.cookies[name])
            response.delete_cookie(name, path="/", httponly=True, samesite="strict")
        return response

    async def _end(self, session: WebSession, secret: str = "") -> None:
        """End a session, or one device's part in it."""
        await asyncio.to_thread(self.web_sessions.sign_out, session, secret)
        if self.web_sessions.has_left(session, clock.wall()):
            self.worker.sign_out(session)

    # ── reports ──────────────────────────────────────────────────────────────────────────────

    async def report(self, request: Request) -> Response:
        content, event = await body(request), request.path_params["event"]
        token = token_of(content)
        if token:  # no other site knows it, so that any page may send it
            session = await self._owner(token, event, address_of(request.scope))
        else:
            check_own_page(request)
            session = self.session(request, event)
        return _fates(session, await self._keep(session, content))

    async def take_report(self, content: bytes, token: str, event: str, address: str) -> Taken:
        """Take a report of a peer; return the key of the person, and the fate of the report.

        Args:
            content: JSON, as the body of `report`.
            token: that of the report.
            event: of the connection; empty where it is for no event.
            address: of the connection.

        Raises:
            TouchlineError: the token is not valid, or the report can't be kept.
        """
        session = await self._owner(token, event, address)
        fates = await self._keep(session, content)
        return session.id, [msgspec.to_builtins(fate) for fate in fates]

    async def _keep(self, session: WebSession, content: bytes) -> list[ReportFate]:
        reports = read(content, clock.wall(), session.timing)
        followed = self._gateway.hub.peek(session.event)
        if followed is not None:  # else the host finds it, later
            reports = consistent(reports, check_of(followed.card))
        return await self.worker.keep(session, reports)

    async def _owner(self, token: str, event: str, address: str) -> WebSession:
        """Return the session of a token, which may be an invitation code: the person that it
        invites then has no other name.

        Raises:
            BadToken: the token is not known.
            NotAllowed: the token is for another event.
        """
        session = self.web_sessions.find(token, clock.wall()) if token else None
        if session is None:
            session = self.web_sessions.get(self._invited.get((token, event), ""))
            if session is not None and self.web_sessions.has_left(session, clock.wall()):
                session = None
        if session is None:
            if not (token and len(token) <= CODE_CHARS and _EVENT.fullmatch(event)):
                raise BadToken("there is no such token: POST /api/session gives one")
            name = f"guest {hashlib.sha256(token.encode()).hexdigest()[:6]}"
            wanted = SignIn(event=event, name=name, code=token)
            try:
                _, session = await self._enter(token, wanted, name, address)
            except BadInvite as error:
                raise BadToken(f"no token, and no invitation: {error.sentence}") from None
            self._invited[token, event] = session.id
        if event and session.event != event:
            raise NotAllowed(f"the token is for another event, not for {event[:64]}")
        return session

    async def reports(self, request: Request) -> Response:
        shown = query(request, ReportsQuery)
        session = self.session(request, request.path_params["event"])
        return _fates(session, (await self.worker.kept(session))[-shown.limit :])

    async def questions(self, request: Request) -> Response:
        query(request, Nothing)
        session = self.session(request, request.path_params["event"])
        asks = await self.worker.questions(session)
        return JsonResponse(QuestionsSchema(session.event, [_ask(ask) for ask in asks]))

    async def people(
        self, event: str, most: int
    ) -> list[tuple[WebSession, bool, list[ReportFate]]]:
        """Return the sessions of an event, whether each has a page open, and what became of its
        reports.

        Args:
            event: its id.
            most: the most sessions, the newest.
        """
        sessions = [each for each in self.web_sessions.all() if each.event == event]
        return [
            (session, await self.worker.is_here(session), await self.worker.kept(session))
            for session in sessions[-most:]
        ]

    async def put_out(self, session: WebSession) -> None:
        """End the session of a reporter, whose pages are told."""
        await self._end(session)
        error = NotAllowed("the organiser of this event has put you out")
        self._gateway.tell(
            session.id, {"type": "error", "code": error.code, "reason": error.sentence}
        )

    async def grade(self, request: Request) -> Response:
        query(request, Nothing)
        session = self.session(request, request.path_params["event"])
        sheet = await asyncio.to_thread(self._gateway.sheets.get, session.event)
        return JsonResponse(OwnGradeAnswer(session.event, own_grade(sheet, session.name)))


def component(gateway: Gateway) -> Reporting:
    """Return reporting as a component of a gateway."""
    return Reporting(gateway)


class AddressLimiter:
    """Limits how often people may sign in from each address.

    Args:
        most: the most sign-ins at once.
        every: seconds until a further sign-in is allowed.
        addresses: the most addresses that are limited separately; the others share a limit.
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
    """Check that a request comes from the gateway's own page.

    Raises:
        NotAllowed: the request comes from another site.
    """
    if is_foreign(request):
        origin = request.headers.get("origin", "another site")
        raise NotAllowed(f"only the gateway's own page may send this, not {origin[:200]}")


async def body(request: Request) -> bytes:
    """Return a request's JSON.

    Raises:
        BadMessage: the content type is not JSON, which the form of another site can't set.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadMessage(f"content type {kind[:100]!r}, only application/json is accepted")
    return await request.body()


def is_secure(request: Request) -> bool:
    """Return whether a cookie may be set for https alone."""
    # A proxy that is not trusted may set the header too: that only makes the cookie stricter.
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "")}


def _signed_in(request: Request, session: WebSession, secret: str, device: str) -> Response:
    """Return the answer that signs a device in, with its cookies."""
    response = JsonResponse(_schema(session), 201)
    left = max(1, (session.expires - clock.wall()) // 1_000_000)
    for cookie, value, seconds in (
        (COOKIE + session.event, secret, left),
        (DEVICE, device, KEPT_DAYS * DAY),
    ):
        response.set_cookie(
            cookie,
            value,
            max_age=seconds,
            path="/",
            secure=is_secure(request),
            httponly=True,
            samesite="strict",
        )
    return response


def _schema(session: WebSession) -> SessionSchema:
    return SessionSchema(session.event, session.name, session.asked, to_rfc3339(session.expires))


def _ask(ask: Ask) -> AskSchema:
    return AskSchema(
        event=ask.event,
        claim=ask.claim,
        title=ask.title,
        origin=ask.origin,
        time=to_rfc3339(ask.time),
        until=to_rfc3339(ask.until),
        text=ask.text,
        details=dict(ask.details),
    )


def _fates(session: WebSession, reports: list[ReportFate]) -> Response:
    return JsonResponse(ReportsSchema(session.event, reports))
