"""Organising over HTTP: events are created, hosted, watched over and ruled on.

An organiser shows a token, in a cookie or as `Authorization: Bearer`; the gateway's code for
organisers gives one. The broker and the event's host decide what an owner may do; the gateway
decides who reports through it. Tested in `tests/integration/test_gateway_organising.py`.
"""

from __future__ import annotations

import asyncio
import hmac
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ... import sports
from ...peer import Link, identity, owning
from ...peer.requests import ask_host
from ...peer.session import Session
from ...protocol import keys, messages, tokens
from ...protocol.errors import (
    BadInvite,
    BadMessage,
    BadToken,
    NameTaken,
    NotAllowed,
    NotFound,
    SettingError,
    UnknownKey,
)
from ...protocol.fields import Id, Name, Text
from ...protocol.messages import Card, Detail, Search
from ...protocol.times import SECOND, from_rfc3339
from ...runtime import clock
from ...sports import shipped
from ...sports.capabilities import Checkable, Disqualifying
from ...sports.contradictions import names_of
from ...timeline import json as timeline_json
from ...timeline import wording
from ..context import Gateway
from ..json_input import decode
from ..language import asked_by
from ..openapi import Operation
from ..qr import drawn
from ..reporting.routes import (
    ADDRESSES,
    AddressLimiter,
    Reporting,
    body,
    check_own_page,
    is_secure,
)
from ..reporting.schema import ReportFate
from ..reporting.web_sessions import CODE_CHARS, ID_LETTERS, NAME_CHARS, WebSession, check_name
from ..rest import InLanguage, Nothing, event_of, query
from ..security import JsonResponse, address_of, is_foreign
from .organisers import TOKEN_DAYS, Organiser, Organisers

COOKIE = "touchline-organiser"
"""The name of the cookie with an organiser's token."""

KEY_FILE = "identity"
"""The file of an organiser's key, in the organiser's folder."""

ANSWER_SECONDS = 5.0
"""How long the broker or an event's host may take."""

EVENTS = 50
"""The most events of an organiser that are listed, the newest."""

PEOPLE = 200
"""The most reporters of an event that are listed."""

HOSTED_DAYS = 14
"""How long after its creation the gateway's own host takes an event on again at a start."""

SideName = Annotated[str, Meta(min_length=1, max_length=100)]

LineUp = Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=60)]

T = TypeVar("T")


class OrganiserSignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who wants to organise events."""

    name: Annotated[str, Meta(max_length=4 * NAME_CHARS)]
    code: Annotated[str, Meta(max_length=CODE_CHARS)]
    """The gateway's code for organisers."""
    invite: Annotated[str, Meta(max_length=CODE_CHARS)] = ""
    """An invitation of the broker, where it asks for one."""
    key: Annotated[str, Meta(max_length=200)] = ""
    """The exported key of an organiser, who then is the same here."""
    token: bool = False
    """Whether the answer has the token, for a program, instead of a cookie."""


class SportSchema(Struct, frozen=True):
    """A sport, or a contest that is defined, and its name for people; `many`: any number may take
    part, instead of two sides; `formations`: the rules by which each side's line-up is put on the
    ground, for a sport that has these."""

    name: str
    text: str
    many: bool = False
    formations: list[str] = msgspec.field(default_factory=list)


class OrganiserSchema(Struct, frozen=True, tag="organiser"):
    """An organiser. `peer` is the id of the key that owns the organiser's events; `hosting`: the
    gateway hosts events itself; `token` is given once, to a program that asks for it."""

    name: str
    peer: str
    hosting: bool
    sports: list[SportSchema]
    token: str = ""


class KeySchema(Struct, frozen=True, tag="key"):
    """An organiser's secret key, as `touchline identity create --from` reads it."""

    name: str
    key: str


class NewEvent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event to create.

    `lineups` has the names of each side's players, starters first; a shirt number may stand beside
    a name. `starts` is RFC 3339; `competition`, its `round` and the `venue` are for people.
    `sport` is one of those that `organiser` lists, or the name of an installed one.
    `reporters`: `anyone`, or those with the link that has a code. `hosting`: by the gateway's own
    host (`own`), by any host of the broker (`any`), or by none yet.
    """

    title: Name
    sport: Name = ""
    origins: Annotated[list[SideName], Meta(max_length=200)] = msgspec.field(default_factory=list)
    lineups: Annotated[dict[SideName, LineUp], Meta(max_length=8)] = msgspec.field(
        default_factory=dict
    )
    starts: Annotated[str, Meta(max_length=40)] = ""
    competition: Name = ""
    round: Name = ""
    venue: Name = ""
    rules: dict[Name, object] = msgspec.field(default_factory=dict)
    definition: Annotated[str, Meta(max_length=65_536)] = ""
    """A TOML text that defines the contest; `sport` may be empty then."""
    reporters: Literal["anyone", "code"] = "anyone"
    hosting: Literal["own", "any", "none"] = "own"
    key: Annotated[str, Meta(max_length=64)] = ""
    """Any text; a second request with the same key returns the same event."""


class DetailSchema(Struct, frozen=True, omit_defaults=True):
    """A detail of an action, its name for people, and the values that it may have, if not any,
    with their words."""

    name: str
    text: str
    choices: dict[str, str] = msgspec.field(default_factory=dict)
    number: bool = False


class ActionSchema(Struct, frozen=True):
    """An action of a sport, its name for people, whether it is of a side, and what may be said of
    it."""

    title: str
    text: str
    needs_origin: bool
    details: list[DetailSchema]


class OrganisedSchema(Struct, frozen=True, tag="organised"):
    """An event of an organiser: its card, and the link by which reporters come."""

    event: str
    card: dict[str, object]
    report: str
    page: str
    code: str
    actions: list[ActionSchema] = msgspec.field(default_factory=list)
    """What a ruling may uphold, where one event is shown."""
    disqualifies: bool = False
    """Whether one who takes part can be disqualified."""


class OrganisedList(Struct, frozen=True, tag="organised_list"):
    """The newest events of an organiser."""

    events: list[OrganisedSchema]


class PersonSchema(Struct, frozen=True):
    """A reporter of an event: `here` while a page of theirs is open; their reports by outcome."""

    id: str
    name: str
    here: bool
    reports: int
    accepted: int
    waiting: int
    failed: int


class PeopleSchema(Struct, frozen=True, tag="people"):
    """The people who report on an event through this gateway."""

    event: str
    people: list[PersonSchema]


class GrantBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who else owns or hosts an event, by key, id or name; for hosts also `any`."""

    role: Literal["owner", "host"]
    peer: Name
    allowed: bool = True


class RulingBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an owner decides, and why; see `touchline events` for what each act takes."""

    act: messages.Act
    reason: Text
    origin: Name = ""
    entry: Id = ""
    score: Text = ""
    details: dict[Name, Detail] = msgspec.field(default_factory=dict)
    title: Name = ""


class RuledSchema(Struct, frozen=True, tag="ruled"):
    """A ruling is on the host's disk, and published."""

    event: str
    ruling: str
    epoch: int
    seq: int


class DoneSchema(Struct, frozen=True, tag="done"):
    """It is done."""

    event: str = ""


_REFUSALS = (400, 401, 403, 404, 409, 413, 422, 429, 503)


def _operation(method: str, path: str, summary: str, answer: object, **more: object) -> Operation:
    return Operation(
        path=f"/api/organiser{path}",
        method=method,
        summary=summary,
        answers={int(str(more.pop("status", 200))): answer},
        errors=_REFUSALS if method == "post" else (400, 401, 403, 404, 429, 503),
        secured="organiser",
        **more,  # type: ignore[arg-type]  # of an operation
    )


OPERATIONS = (
    Operation(
        path="/api/organiser",
        method="post",
        summary="Sign in to organise events",
        text="Takes the gateway's code for organisers (`--organiser-code`). The answer sets a"
        " cookie; where `token` is true, it has a token instead, for `Authorization: Bearer`.",
        body=OrganiserSignIn,
        answers={201: OrganiserSchema},
        errors=(400, 403, 409, 413, 422, 429, 503),
    ),
    _operation("get", "", "Show who is signed in as organiser", OrganiserSchema, query=InLanguage),
    _operation("delete", "", "Sign out as organiser", DoneSchema),
    _operation(
        "post",
        "/key",
        "Export the organiser's key",
        KeySchema,
        text="Who has it owns the organiser's events: `touchline identity` takes it.",
    ),
    _operation("get", "/events", "List the organiser's events", OrganisedList),
    _operation("post", "/events", "Create an event", OrganisedSchema, body=NewEvent, status=201),
    _operation(
        "get",
        "/events/{event}",
        "Show an event of the organiser's",
        OrganisedSchema,
        query=InLanguage,
    ),
    _operation(
        "get",
        "/events/{event}/qr",
        "Draw the reporters' link as a QR code (SVG)",
        None,
    ),
    _operation("get", "/events/{event}/people", "List who reports", PeopleSchema),
    _operation(
        "delete",
        "/events/{event}/people/{person}",
        "Put a reporter out",
        DoneSchema,
        text="The person reports no more on this event through this gateway. Votes that are cast"
        " stand.",
    ),
    _operation(
        "post",
        "/events/{event}/host",
        "Have an event hosted by the gateway's own host",
        DoneSchema,
    ),
    _operation(
        "post",
        "/events/{event}/grants",
        "Let others own or host an event, or no longer",
        OrganisedSchema,
        body=GrantBody,
    ),
    _operation("post", "/events/{event}/rulings", "Rule on an event", RuledSchema, body=RulingBody),
    _operation("post", "/events/{event}/ask-score", "Ask every reporter for the score", DoneSchema),
)


class Organising:
    """The component of a gateway through which people organise events.

    Args:
        gateway: the gateway of which it is a component.
    """

    organisers: Organisers
    """Set by `start`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        gateway.operations += OPERATIONS
        new = gateway.options.new_people
        self._limiter = AddressLimiter(new, 60 / new, ADDRESSES)
        at = "/api/organiser"
        event = f"{at}/events/{{event}}"
        self.routes: list[BaseRoute] = [
            Route(at, self.sign_in, methods=["POST"]),
            Route(at, self.me, methods=["GET"]),
            Route(at, self.sign_out, methods=["DELETE"]),
            Route(f"{at}/key", self.export, methods=["POST"]),
            Route(f"{at}/events", self.events, methods=["GET"]),
            Route(f"{at}/events", self.create, methods=["POST"]),
            Route(event, self.event, methods=["GET"]),
            Route(f"{event}/qr", self.qr, methods=["GET"]),
            Route(f"{event}/people", self.people, methods=["GET"]),
            Route(f"{event}/people/{{person}}", self.put_out, methods=["DELETE"]),
            Route(f"{event}/host", self.host, methods=["POST"]),
            Route(f"{event}/grants", self.grant, methods=["POST"]),
            Route(f"{event}/rulings", self.rule, methods=["POST"]),
            Route(f"{event}/ask-score", self.ask_score, methods=["POST"]),
        ]

    async def start(self) -> None:
        """Begin; have the newest events hosted again.

        Raises:
            StorageFault: the gateway's folder can't be used.
        """
        self.organisers = Organisers(self._gateway.options.home)
        self._gateway.admit = self.admit
        if self._gateway.own_host is not None:
            since = clock.wall() - HOSTED_DAYS * 86_400 * SECOND
            for event in self.organisers.hosted(since):
                self._gateway.own_host.take_on(event)

    async def stop(self) -> None:
        """End."""
        self.organisers.close()

    def admit(self, event: str, code: str, key: str) -> str:
        """Return the code that a new reporter shows the broker; called before the sign-in.

        Args:
            event: what is reported on.
            code: the code that the person gave.
            key: the id of the device's key.

        Raises:
            NotAllowed: the organiser has put the person out.
            UnknownKey, BadInvite: the event takes a code of its organiser's.
        """
        if self.organisers.is_barred(event, key):
            raise NotAllowed("the organiser of this event has put you out")
        if not self.organisers.takes_code(event):
            return code
        if not code:
            raise UnknownKey("this event takes a code: its organiser has it")
        if not self.organisers.opens(event, code):
            raise BadInvite("that is not the code of this event")
        return ""

    # ── organisers ───────────────────────────────────────────────────────────────────────────

    async def sign_in(self, request: Request) -> Response:
        check_own_page(request)
        wanted = decode(await body(request), OrganiserSignIn)
        name = check_name(wanted.name)
        self._limiter.take(address_of(request.scope), clock.now())
        right = self._gateway.options.organiser_code
        if not right:
            raise NotAllowed("this gateway lets nobody organise events; see --organiser-code")
        if not hmac.compare_digest(right.encode(), wanted.code.strip().encode()):
            raise BadInvite("that is not this gateway's code for organisers")
        organiser = await asyncio.to_thread(self._enrol, name, wanted)
        token, _ = self.organisers.grant(organiser, clock.wall())
        shown = self._shown(organiser)
        if wanted.token:
            return JsonResponse(msgspec.structs.replace(shown, token=token), 201)
        response = JsonResponse(shown, 201)
        response.set_cookie(
            COOKIE,
            token,
            max_age=TOKEN_DAYS * 86_400,
            path="/",
            secure=is_secure(request),
            httponly=True,
            samesite="strict",
        )
        return response

    def _enrol(self, name: str, wanted: OrganiserSignIn) -> Organiser:
        """Enrol an organiser's key at the broker; in a thread of its own."""
        id_ = self.organisers.new_id()
        folder = self.organisers.folder(id_)
        kept: Organiser | None = None
        try:
            kept = self._enrol_in(folder, id_, name, wanted)
        finally:
            # The key may be kept already, or by another sign-in meanwhile: its secret is in one
            # place.
            if kept is None or kept.id != id_:
                shutil.rmtree(folder, ignore_errors=True)
        return kept

    def _enrol_in(self, folder: Path, id_: str, name: str, wanted: OrganiserSignIn) -> Organiser:
        if wanted.key:
            try:
                seed = identity.from_text(wanted.key.strip().encode())
            except (SettingError, UnicodeEncodeError):
                raise BadMessage("key: not the key of an organiser") from None
            identity.create(KEY_FILE, folder, seed=seed)
        own = identity.load_file(folder / KEY_FILE)
        known = self.organisers.by_peer(own.peer)
        if known is not None:
            return known
        for tried in (name, f"{name} ({own.peer[:ID_LETTERS]})"):
            try:
                with self._link(id_, tried, wanted.invite.strip()) as link:
                    link.ask(Search(id=0, limit=1), ANSWER_SECONDS)
                    if link.role not in {"host", "operator"}:
                        raise NotAllowed(
                            f"the broker lets you in as {link.role}: to organise you need an"
                            " invitation as host (touchline invite --role host)"
                        )
            except NameTaken:
                continue
            return self.organisers.keep(Organiser(id_, own.peer, tried))
        raise NameTaken(f"the name {name} belongs to another key; choose another one")

    async def me(self, request: Request) -> Response:
        asked_by(query(request, InLanguage).lang)
        return JsonResponse(self._shown(self._organiser(request)))

    async def sign_out(self, request: Request) -> Response:
        check_own_page(request)
        query(request, Nothing)
        self._organiser(request)
        self.organisers.end(_token(request))
        response = JsonResponse(DoneSchema())
        response.delete_cookie(COOKIE, path="/")
        return response

    async def export(self, request: Request) -> Response:
        check_own_page(request)
        organiser = self._organiser(request)
        own = identity.read(self._key_file(organiser))
        return JsonResponse(KeySchema(organiser.name, own.seed.hex()))

    # ── events ───────────────────────────────────────────────────────────────────────────────

    async def events(self, request: Request) -> Response:
        query(request, Nothing)
        organiser = self._organiser(request)
        found = []
        for event in self.organisers.events(organiser, EVENTS):
            try:
                card = await self._gateway.hub.card(event)
            except NotFound:
                continue
            found.append(self._organised(request, organiser, card))
        return JsonResponse(OrganisedList(found))

    async def create(self, request: Request) -> Response:
        check_own_page(request)
        organiser = self._organiser(request)
        wanted = decode(await body(request), NewEvent)
        own = self._gateway.own_host
        if wanted.hosting == "own" and own is None:
            raise NotAllowed("this gateway hosts no events: choose another hosting")
        sport, rules = _played(wanted)
        hosts = {"own": [own.peer] if own else [], "any": ["any"], "none": []}[wanted.hosting]
        asked = messages.Create(
            id=0,
            title=wanted.title,
            sport=sport,
            key=wanted.key or uuid.uuid4().hex,
            origins=wanted.origins,
            lineups={side: _names(names) for side, names in wanted.lineups.items() if names},
            rules=rules,
            starts=_starts(wanted.starts),
            competition=wanted.competition,
            round=wanted.round,
            venue=wanted.venue,
            hosts=hosts,
        )
        card = await self._ask(organiser, lambda link: owning.create(link, asked))
        code = self._code(organiser, card.event) if wanted.reporters == "code" else ""
        hosted = wanted.hosting == "own"
        self.organisers.add(card.event, organiser, code, clock.wall(), hosted=hosted)
        if hosted and own is not None:
            own.take_on(card.event)
        return JsonResponse(self._organised(request, organiser, card), 201)

    async def event(self, request: Request) -> Response:
        asked_by(query(request, InLanguage).lang)
        organiser, card = await self._own(request)
        shown = self._organised(request, organiser, card)
        words = wording.presentation(card.sport, card.rules).words
        actions = [
            ActionSchema(
                kind.title,
                kind.text,
                kind.needs_origin,
                [_detail(detail, words.get(detail.name, {})) for detail in kind.details],
            )
            for kind in wording.kinds(card.sport, card.rules)
        ]
        return JsonResponse(msgspec.structs.replace(shown, actions=actions))

    async def qr(self, request: Request) -> Response:
        query(request, Nothing)
        organiser, card = await self._own(request)
        link = self._organised(request, organiser, card).report
        return Response(
            await asyncio.to_thread(drawn, link),
            media_type="image/svg+xml",
            headers={"cache-control": "no-store"},
        )

    async def host(self, request: Request) -> Response:
        check_own_page(request)
        organiser, card = await self._own(request)
        own = self._gateway.own_host
        if own is None:
            raise NotAllowed("this gateway hosts no events")
        await self._ask(organiser, lambda link: owning.permit(link, card.event, "host", [own.peer]))
        self.organisers.host(card.event)
        own.take_on(card.event)
        return JsonResponse(DoneSchema(card.event))

    async def grant(self, request: Request) -> Response:
        check_own_page(request)
        organiser, card = await self._own(request)
        wanted = decode(await body(request), GrantBody)
        try:
            peer = keys.peer_id(keys.from_text(wanted.peer))
        except SettingError:
            peer = wanted.peer
        changed = await self._ask(
            organiser,
            lambda link: owning.permit(
                link, card.event, wanted.role, [peer], allowed=wanted.allowed
            ),
        )
        return JsonResponse(self._organised(request, organiser, changed or card))

    async def rule(self, request: Request) -> Response:
        check_own_page(request)
        organiser, card = await self._own(request)
        wanted = decode(await body(request), RulingBody)
        if not wanted.reason.strip():
            raise BadMessage("reason: say why, for everybody to read")
        signed = owning.ruling(
            identity.read(self._key_file(organiser)),
            card.event,
            wanted.act,
            wanted.reason,
            origin=names_of(card).origin(wanted.origin) or wanted.origin,
            entry=wanted.entry,
            score=wanted.score,
            details=wanted.details,
            title=wanted.title,
        )
        ruled = await self._ask(
            organiser, lambda link: owning.rule(link, signed, ANSWER_SECONDS, _no_host)
        )
        return JsonResponse(RuledSchema(card.event, ruled.ruling, ruled.epoch, ruled.seq))

    async def ask_score(self, request: Request) -> Response:
        check_own_page(request)
        organiser, card = await self._own(request)
        asked = messages.AskScore(id=0, event=card.event)
        await self._ask(
            organiser, lambda link: ask_host(link, card.event, asked, ANSWER_SECONDS, _no_host)
        )
        return JsonResponse(DoneSchema(card.event))

    # ── people ───────────────────────────────────────────────────────────────────────────────

    async def people(self, request: Request) -> Response:
        query(request, Nothing)
        _, card = await self._own(request)
        found = await self._reporting.people(card.event, PEOPLE)
        return JsonResponse(PeopleSchema(card.event, [_person(*each) for each in found]))

    async def put_out(self, request: Request) -> Response:
        check_own_page(request)
        query(request, Nothing)
        _, card = await self._own(request)
        session = self._reporting.web_sessions.get(str(request.path_params["person"]))
        if session is None or session.event != card.event:
            raise NotFound("no such reporter of this event")
        self.organisers.bar(card.event, session.key)
        await self._reporting.put_out(session)
        return JsonResponse(DoneSchema(card.event))

    # ── the organiser of a request ───────────────────────────────────────────────────────────

    @property
    def _reporting(self) -> Reporting:
        if self._gateway.reporting is None:
            raise AssertionError("reporting is started first")
        return self._gateway.reporting

    def _organiser(self, request: Request) -> Organiser:
        """Return the organiser of a request.

        Raises:
            BadToken: there is no token, or it has ended.
        """
        token = "" if is_foreign(request) else _token(request)
        found = self.organisers.find(token, clock.wall()) if token else None
        if found is None:
            raise BadToken("you are not signed in as organiser: POST /api/organiser")
        return found

    async def _own(self, request: Request) -> tuple[Organiser, Card]:
        """Return the organiser of a request and the event of its path, which the organiser owns.

        Raises:
            BadToken: there is no organiser.
            NotAllowed: the event is another's.
            TouchlineError: there is no such event, or the broker does not answer.
        """
        organiser = self._organiser(request)
        card = await self._gateway.hub.card(event_of(request))
        if organiser.peer != card.owner and organiser.peer not in card.owners:
            raise NotAllowed(f"{card.event} is not yours")
        return organiser, card

    def _key_file(self, organiser: Organiser) -> Path:
        return self.organisers.folder(organiser.id) / KEY_FILE

    def _link(self, id_: str, name: str, invite: str = "") -> Link:
        folder = self.organisers.folder(id_)
        return self._gateway.connect(name, ("host",), folder, invite=invite)

    async def _ask(self, organiser: Organiser, ask: Callable[[Link], T]) -> T:
        """Ask the broker or a host with the organiser's key, in a thread of its own."""

        def run() -> T:
            with self._link(organiser.id, organiser.name) as link:
                return ask(link)

        return await asyncio.to_thread(run)

    def _code(self, organiser: Organiser, event: str) -> str:
        """Return the code of an event, which follows from its organiser's key."""
        own = identity.read(self._key_file(organiser))
        return tokens.derive(tokens.secret_of(own.seed), "reporters", event)[:8]

    def _shown(self, organiser: Organiser) -> OrganiserSchema:
        known = [
            SportSchema(name, shown.text, shown.many, list(shown.lineup.formed_by))
            for name in (*sports.list(), *shipped.names())
            if name != shipped.definable()[0]  # it is nothing without a definition
            for shown in [wording.presentation(*shipped.resolved(name, {}))]
        ]
        known.sort(key=lambda one: (one.name in shipped.names(), one.text))
        hosting = self._gateway.own_host is not None
        return OrganiserSchema(organiser.name, organiser.peer, hosting, known)

    def _organised(self, request: Request, organiser: Organiser, card: Card) -> OrganisedSchema:
        base = self._gateway.base_url or str(request.base_url)
        code = ""
        if self.organisers.takes_code(card.event):
            derived = self._code(organiser, card.event)
            code = derived if self.organisers.opens(card.event, derived) else ""
        base = base.rstrip("/")
        return OrganisedSchema(
            event=card.event,
            card=dict(timeline_json.to_json(card)),
            report=f"{base}/report/{card.event}" + (f"#code={code}" if code else ""),
            page=f"{base}/events/{card.event}",
            code=code,
            disqualifies=_disqualifies(card.sport),
        )


def component(gateway: Gateway) -> Organising:
    """Return organising as a component of a gateway."""
    return Organising(gateway)


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.cookies.get(COOKIE, "")


def _disqualifies(sport: str) -> bool:
    return sport in sports.list() and isinstance(sports.get(sport), Disqualifying)


def _played(wanted: NewEvent) -> tuple[str, dict[str, object]]:
    """Return the sport of a new event, and its rules.

    Raises:
        BadMessage: there is no sport, or the definition is not valid.
    """
    rules = dict(wanted.rules)
    sport, able = shipped.definable()
    if wanted.definition:
        if wanted.sport not in ("", sport):
            raise BadMessage(f"definition: {wanted.sport} is played without one of yours")
        read = able.check_definition if isinstance(able, Checkable) else able.read_definition
        try:
            rules["definition"] = read(wanted.definition)
        except SettingError as error:
            raise BadMessage(f"definition: {error.sentence}") from None
    elif wanted.sport:
        sport = wanted.sport
    else:
        raise BadMessage("sport: name one, or give a definition")
    try:
        return shipped.resolved(sport, rules)
    except SettingError as error:
        raise BadMessage(f"rules: {error.sentence}") from None


def _names(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _starts(text: str) -> int:
    if not text:
        return 0
    try:
        return from_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise BadMessage(f"starts: {error}") from None


def _no_host(session: Session, seconds: float) -> str:
    if session.hosted is False:
        return f"event {session.event} has no host now"
    return f"the host of {session.event} did not answer within {seconds:g} s"


def _person(session: WebSession, here: bool, fates: list[ReportFate]) -> PersonSchema:
    outcomes = Counter(fate.outcome for fate in fates)
    return PersonSchema(
        id=session.id,
        name=session.name,
        here=here,
        reports=len(fates),
        accepted=outcomes["accepted"],
        waiting=outcomes["kept"] + outcomes["stored"],
        failed=outcomes["expired"] + outcomes["refused"],
    )


def _detail(detail: sports.Detail, words: Mapping[str, str]) -> DetailSchema:
    choices = {value: words.get(value, value.replace("_", " ")) for value in detail.choices}
    return DetailSchema(detail.name, detail.text, choices, detail.number)
