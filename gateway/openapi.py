"""The OpenAPI 3.1 document of the HTTP interface, and a page that shows it.

It is built from the structs that the endpoints use, so that it can't differ from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, get_args

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from ..protocol.fields import Count, Id, Text
from ..protocol.messages import (
    Card,
    Entry,
    FeedMessage,
    FeedState,
    HowEnded,
    LineUps,
    Pending,
    Recount,
)
from ..timeline import json as timeline_json
from .competitions import CompetitionSchema
from .context import Gateway
from .feed.sse import Follow
from .rest import OPEN, Find, InLanguage, Nothing, Page, query
from .security import VERSIONED, JsonResponse

Json = dict[str, Any]

VERSION = "1"
"""The version of the interface; it grows when something is removed or changes its meaning."""

SHAPE: Any = {
    "ref_template": "#/components/schemas/{name}",
    "schema_hook": lambda kind: {"description": "any JSON value"},  # `object`
}

PUBLIC_NAMES = {
    "EventsSchema": "Events",
    "LineUpSchema": "LineUp",
    "NewWebhookSchema": "Registered",
    "PresentationSchema": "Presentation",
    "ReportFate": "Told",
    "ReportsSchema": "Reports",
    "SessionSchema": "Session",
    "TimelineSchema": "Timeline",
    "WebhookRequest": "Wish",
    "WebhookSchema": "Shown",
}
"""The published names of structs that have other names here."""


class Silence(Struct):
    """Why the feed shows nothing, or nothing certain; `quiet` where all is well."""

    kind: str
    text: Text


class EndingSchema(Struct):
    """How an event ended: `how` is empty where it was played to its end. Reports of it count
    `until` then."""

    how: HowEnded
    winner: str
    reason: str
    until: str | None


class InterruptionSchema(Struct):
    """Why play is interrupted; empty where it is not known."""

    reason: str


class Live(Struct):
    """The state of an event's feed. `ready`: the gateway has all that the host has."""

    event: Id
    epoch: Count
    seq: Count
    digest: str
    score: dict[str, Any]
    headline: str
    finished: bool
    ending: EndingSchema | None
    interrupted: InterruptionSchema | None
    ready: bool
    state: FeedState
    silence: Silence
    last_received: str | None
    present: Count
    claims: Count
    disputed: Count
    pending: list[Pending]
    recounts: list[Recount]


class PresentationSchema(Struct):
    """How the event's sport is shown: its name, and the layout of its score without empty fields.
    `docs/SPORTS.md` lists them."""

    text: Text
    score: dict[str, Any]


class Found(Card, kw_only=True, frozen=True):
    """An event as the broker knows it; `live` where its feed is followed."""

    live: Live | None
    presentation: PresentationSchema


class EventsSchema(Struct):
    """Events found, best match first; `cursor` asks for the next page, empty at the end."""

    events: list[Found]
    cursor: str


class TimelineSchema(Struct):
    """Standing entries in match order; `next` is the place of the next page."""

    event: Id
    epoch: Count
    seq: Count
    digest: str
    ready: bool
    total: Count
    next: int | None
    entries: list[Entry]


class EntryHistory(Struct):
    """What was published of an entry, the first version first."""

    event: Id
    entry: Id
    versions: list[Entry]


class Player(Struct):
    """A player, with the player's record by the timeline. Times are those of the actions."""

    name: str
    on: bool
    goals: list[str]
    yellow: bool
    red: str | None
    left: bool
    official: bool


class LineUpSchema(Struct):
    """The line-ups as the event was set up, and the record of each player by the timeline."""

    event: Id
    epoch: Count
    seq: Count
    digest: str
    lineups: LineUps
    players: dict[str, list[Player]]


class Health(Struct):
    """The health of the gateway; `broker`: whether it answered the newest request, null before."""

    status: str
    broker: bool | None
    events: Count
    connections: Count


class Refusal(Struct, tag="error"):
    """An error: a code for programs and a sentence for people."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the interface.

    Args:
        path: with its parameters in braces.
        method: in lower case.
        summary: one line.
        text: a longer description.
        query: the struct of the query.
        body: the struct of the JSON body; None without one.
        answers: the struct or type of the answer by status; None for an answer without a body.
        errors: the statuses of refusals.
        headers: the request headers that are read, with their meaning.
        secured: the name of the security scheme.
    """

    path: str
    method: str
    summary: str
    text: str = ""
    query: type[Struct] = Nothing
    body: Any = None
    answers: Mapping[int, Any]
    errors: Sequence[int] = (400,)
    headers: Mapping[str, str] = field(default_factory=dict)
    secured: str = ""


OPERATIONS = (
    Operation(
        path="/api/events",
        method="get",
        summary="Find events",
        text="Best match first; misspelt words are found too. Without a text all events, newest"
        " first.",
        query=Find,
        answers={200: EventsSchema},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/events/{event}",
        method="get",
        summary="Show an event",
        answers={200: Found},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/events/{event}/timeline",
        method="get",
        summary="List what happened, in match order",
        text="`from` is a place in match order, from 1.",
        query=Page,
        answers={200: TimelineSchema},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/events/{event}/timeline.csv",
        method="get",
        summary="List what happened, as a table",
        text="`from` is a place in match order, from 1. The first line names the columns.",
        query=Page,
        answers={200: "text/csv"},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/events/{event}/entries/{entry}",
        method="get",
        summary="Show what became of an entry",
        text="Each version that was published: provisional, confirmed, changed, taken back.",
        answers={200: EntryHistory},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/events/{event}/score",
        method="get",
        summary="Show the score, and whether it can be relied on",
        answers={200: Live},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/events/{event}/lineups",
        method="get",
        summary="Show the line-ups",
        answers={200: LineUpSchema},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/competitions/{competition}",
        method="get",
        summary="Show the tables of a competition",
        text="From the results of its finished events, a table for each sport.",
        query=InLanguage,
        answers={200: CompetitionSchema},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/events/{event}/stream",
        method="get",
        summary="Follow an event by server-sent events",
        text="Each `data` is one JSON message as on the WebSocket feed, its `id` the position after"
        " it. The stream goes on until the client leaves.",
        query=Follow,
        headers={
            "Last-Event-ID": "The `id` of the last event received: the stream goes on after it."
        },
        answers={200: "text/event-stream"},
        errors=(400, 404, 429, 503),
    ),
    Operation(
        path="/api/health",
        method="get",
        summary="Show the health of the gateway",
        answers={200: Health},
    ),
)

REASONS = {
    400: "The query or the body is not valid.",
    401: "You are not signed in, or the session has ended.",
    403: "This is not allowed.",
    404: "There is no such event or webhook.",
    409: "The request conflicts with the present state: the event is over, or the name is taken.",
    413: "The body is too long.",
    415: "The body is not JSON.",
    422: "The request is valid, but can't be carried out.",
    429: "There are too many requests or connections; try again later.",
    503: "The broker or the host does not answer now.",
}


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return the routes of the document and its page, which are built on the first request."""
    made: list[tuple[Json, str]] = []

    def ready() -> tuple[Json, str]:
        if not made:
            found = document([*OPERATIONS, *gateway.operations])
            made.append((found, page(found)))
        return made[0]

    async def openapi(request: Request) -> Response:
        query(request, Nothing)
        return JsonResponse(ready()[0], headers=OPEN)

    async def shown(_request: Request) -> Response:
        return HTMLResponse(ready()[1])

    return [
        Route("/openapi.json", openapi, methods=["GET"]),
        Route("/api", shown, methods=["GET"]),
    ]


def document(operations: Iterable[Operation]) -> Json:
    """Return the OpenAPI document of some operations."""
    operations = list(operations)
    paths: dict[str, Json] = {}
    for operation in operations:
        path = operation.path.replace("/api/", VERSIONED, 1)
        paths.setdefault(path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Touchline gateway",
            "version": VERSION,
            "summary": "Live match reporting by the people who are there",
            "description": "The WebSocket feed, packets, the lobby and datagrams are described in"
            " docs/GATEWAY.md. Every error is a JSON object with a code and a reason.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _components(operations),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "touchline_EVENT"},
                "operator": {"type": "http", "scheme": "bearer"},
                "organiser": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(operation: Operation) -> Json:
    found: Json = {
        "operationId": _name(operation),
        "summary": operation.summary,
        "parameters": [*_path(operation), *_query(operation.query), *_headers(operation)],
        "responses": {str(status): _answer(operation, status) for status in operation.answers},
    }
    for status in operation.errors:
        found["responses"][str(status)] = {
            "description": REASONS[status],
            "content": {"application/json": {"schema": _schema(Refusal)}},
        }
    if operation.text:
        found["description"] = operation.text
    if operation.body is not None:
        content = {"application/json": {"schema": _schema(operation.body)}}
        found["requestBody"] = {"required": True, "content": content}
    if operation.secured:
        found["security"] = [{operation.secured: []}]
    return found


def _name(operation: Operation) -> str:
    words = operation.path.replace("/api", "").replace("{event}", "one").replace("{", "")
    words = words.replace(".", "/")
    return "_".join([operation.method, *filter(None, words.replace("}", "").split("/"))])


def _path(operation: Operation) -> list[Json]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 64},
        }
        for name in names
    ]


def _query(kind: type[Struct]) -> list[Json]:
    (schema,), components = msgspec.json.schema_components([kind], **SHAPE)
    shape = components[schema["$ref"].rpartition("/")[2]]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in shape.get("required", ()),
            "schema": {key: value for key, value in each.items() if value is not None},
        }
        for name, each in shape["properties"].items()
    ]


def _headers(operation: Operation) -> list[Json]:
    return [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": text}
        for name, text in operation.headers.items()
    ]


def _answer(operation: Operation, status: int) -> Json:
    kind = operation.answers[status]
    if kind is None:
        return {"description": operation.summary}
    if isinstance(kind, str):
        return {"description": operation.summary, "content": {kind: {"schema": {"type": "string"}}}}
    content: Json = {"application/json": {"schema": _schema(kind)}}
    return {"description": operation.summary, "content": content}


# ── schemas ──────────────────────────────────────────────────────────────────────────────────


def _schema(kind: Any) -> Json:
    (schema,), _ = msgspec.json.schema_components([kind], **SHAPE)
    return dict(_published(schema))


def _components(operations: Iterable[Operation]) -> Json:
    kinds = [Refusal, *get_args(FeedMessage)]
    for operation in operations:
        kinds += [kind for kind in operation.answers.values() if not isinstance(kind, str | None)]
        kinds += [] if operation.body is None else [operation.body]
    _, components = msgspec.json.schema_components(kinds, **SHAPE)
    answers = {kind.__name__ for kind in kinds if isinstance(kind, type)}
    bodies = {str(op.body.__name__) for op in operations if isinstance(op.body, type)}
    public: Json = {}
    for name, schema in components.items():
        known = PUBLIC_NAMES.get(name, name)
        form = schema if name in bodies - answers else _as_form(schema)
        public[known] = _published(form) | {"title": known}
    return public


def _published(schema: Any) -> Any:
    """Return a schema whose references have the published names."""
    if isinstance(schema, list):
        return [_published(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    published = {key: _published(each) for key, each in schema.items()}
    if "$ref" in schema:
        folder, slash, name = schema["$ref"].rpartition("/")
        published["$ref"] = folder + slash + PUBLIC_NAMES.get(name, name)
    return published


def _as_form(schema: Json) -> Json:
    """Return the schema of a message in the form of `timeline.json`: times as texts, all fields."""
    if not schema.get("properties"):
        return schema
    properties = {key: _as_value(key, each) for key, each in schema["properties"].items()}
    return schema | {"properties": properties, "required": list(properties)}


def _as_value(key: str, schema: Json) -> Json:
    if key in timeline_json.TIMES and schema.get("type") == "integer":
        return {"type": ["string", "null"], "format": "date-time"}
    return {rule: value for rule, value in schema.items() if rule != "default"}


# ── the page ─────────────────────────────────────────────────────────────────────────────────


def page(document: Json) -> str:
    """Return a page that shows the document to people; it needs no script."""
    parts = [
        _section(path, method, operation, document["components"]["schemas"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return _PAGE.format(
        sections="\n".join(parts), version=escape(document["info"]["version"]), feeds=_FEEDS
    )


def _section(path: str, method: str, operation: Json, schemas: Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}</td>"
        f"<td>{escape(_words(each))}</td></tr>"
        for each in operation["parameters"]
    )
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    body = operation.get("requestBody")
    sent = _described("Body", body["content"], schemas) if body else ""
    answers = "".join(
        _described(status, each.get("content", {}), schemas, each["description"])
        for status, each in operation["responses"].items()
    )
    text = f"<p>{_marked(operation['description'])}</p>" if "description" in operation else ""
    return (
        f"<section class='card operation'><h3><span class='method'>{escape(method.upper())}</span>"
        f" <code>{escape(path)}</code></h3><p>{escape(operation['summary'])}</p>{text}{table}"
        f"{sent}{answers}{_form(path, method, operation)}</section>"
    )


def _described(name: str, content: Json, schemas: Json, text: str = "") -> str:
    """Return a body or an answer as what can be opened: its content type and its fields."""
    rows = []
    for kind, media in content.items():
        schema = media["schema"]
        known = schema.get("$ref", "").rpartition("/")[2]
        properties = schemas.get(known, schema).get("properties", {})
        rows.append(f"<p><code>{escape(kind)}</code> {escape(known)}</p>")
        fields = "".join(
            f"<tr><td><code>{escape(each)}</code></td><td>{escape(_type(shape))}</td></tr>"
            for each, shape in properties.items()
        )
        rows.append(f"<table><tbody>{fields}</tbody></table>" if fields else "")
    return (
        f"<details><summary><b>{escape(name)}</b> <span class='quiet'>{escape(text)}</span>"
        f"</summary>{''.join(rows)}</details>"
    )


def _type(schema: Json) -> str:
    """Return what a field holds, in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(str(each) or "empty" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("type", "any JSON value")
    return " or ".join(kind) if isinstance(kind, list) else str(schema.get("format", kind))


def _form(path: str, method: str, operation: Json) -> str:
    """Return a form that tries an operation; empty where it changes something or never ends."""
    kinds = operation["responses"].get("200", {}).get("content", {})
    if method != "get" or "security" in operation or "text/event-stream" in kinds:
        return ""
    fields = "".join(
        f"<label>{escape(each['name'])} <input type='text' name='{escape(each['name'])}'"
        f"{' required' if each['in'] == 'path' else ''}></label>"
        for each in operation["parameters"]
        if each["in"] in {"path", "query"}
    )
    return (
        f"<form class='try' data-path='{escape(path)}'>{fields}"
        "<button class='button' type='submit'>Try it</button><output></output></form>"
    )


def _words(parameter: Json) -> str:
    """Return the values of a parameter in words."""
    if "description" in parameter:
        return str(parameter["description"]).replace("`", "")
    schema = parameter["schema"]
    words = [_kind(each) for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    default = schema.get("default")
    return " or ".join(words) + (f"; {default} unless given" if default else "")


def _kind(schema: Json) -> str:
    if "enum" in schema:
        return ", ".join(str(each) for each in schema["enum"] if each)
    bounds = [schema.get("minimum"), schema.get("maximum")]
    if bounds[0] is not None and bounds[1] is not None and bounds[1] < 2**31:
        return f"{schema['type']} from {bounds[0]:g} to {bounds[1]:g}"
    return str(schema.get("type", "anything"))


def _marked(text: str) -> str:
    """Return text as HTML, parts between back quotes as code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if n % 2 else piece for n, piece in enumerate(pieces))


_FEEDS = """<section class='card operation'><h3><span class='method'>WS</span>
<code>/ws/events/{event}</code></h3><p>The feed by WebSocket: a snapshot, then each message as it
comes.</p><table><tbody>
<tr><td><code>from</code></td><td><code>end</code>, <code>start</code>, or the seq after which to go
on</td></tr>
<tr><td><code>epoch</code>, <code>digest</code></td><td>of the feed at that position; where they
do not match, a snapshot comes</td></tr>
<tr><td><code>heartbeat</code></td><td>seconds between heartbeats, 0.5 to 30</td></tr>
<tr><td><code>form</code></td><td><code>json</code>, or <code>packets</code> for tennis</td></tr>
<tr><td><code>startPosition</code></td><td>the number of the first packet (1), or
<code>live</code></td></tr></tbody></table>
</section><section class='card operation'><h3><span class='method'>WS</span> <code>/ws</code></h3>
<p>Several events on one connection: <code>{"type":"subscribe","event":…}</code> and
<code>{"type":"unsubscribe","event":…}</code>.</p></section>"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>For programs · Touchline</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<script src="/static/js/theme.js"></script>
<link rel="stylesheet" href="/static/css/base.css">
<link rel="stylesheet" href="/static/css/api.css">
<script type="module" src="/static/js/api.js"></script>
</head>
<body>
<header class="bar"><a class="brand" href="/"><img src="/static/icon.svg" alt="" width="28"
height="28"> Touchline</a></header>
<main id="main" class="wrap api">
<h1>For programs</h1>
<p>Version {version}. The same as a document: <a href="/openapi.json">openapi.json</a>. Every error
is a JSON object <code>{{"type": "error", "code": …, "reason": …}}</code>.</p>
<h2>HTTP</h2>
{sections}
<h2>WebSocket</h2>
{feeds}
</main>
</body>
</html>
"""
