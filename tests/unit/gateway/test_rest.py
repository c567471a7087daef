"""What the endpoints make of queries and headers, and the document that promises it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request

from touchline.gateway import openapi
from touchline.gateway.feed import sse
from touchline.gateway.feed.channel import Channel
from touchline.gateway.rest import Find, Nothing, Page, _wants_csv, event_of, players, query
from touchline.protocol.errors import BadMessage, NotFound
from touchline.protocol.messages import Card
from touchline.timeline import json as timeline_json

from .conftest import Source, entry


def request(query_string: str = "", event: str = "e") -> Request:
    return Request(
        {
            "type": "http",
            "headers": [],
            "query_string": query_string.encode(),
            "path_params": {"event": event},
        }
    )


def test_queries() -> None:
    """A query is read into its struct, with what it leaves out."""
    assert query(request("text=cup&limit=5"), Find) == Find(text="cup", limit=5)
    assert query(request("from=11"), Page) == Page(from_=11, limit=100)
    assert query(request(), Nothing) == Nothing()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("limit=0", Find),
        ("limit=101", Find),
        ("limit=many", Find),
        ("status=over", Find),
        ("limit=1&limit=2", Find),
        ("from=0", Page),
        ("x=1", Nothing),
    ],
)
def test_bad_queries(text: str, kind: Any) -> None:
    """A parameter that is not valid, given twice or not known is refused."""
    with pytest.raises(BadMessage, match=r"^query: "):
        query(request(text), kind)


def test_events_that_cannot_be() -> None:
    """No event has an id of more than 64 characters."""
    assert event_of(request(event="x" * 64)) == "x" * 64
    with pytest.raises(NotFound, match="65 characters, at most 64"):
        event_of(request(event="x" * 65))


@pytest.mark.parametrize(
    ("accept", "csv"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/csv", True),
        ("text/csv;q=0.5, application/json", False),
        ("application/json;q=0.1, text/csv;q=0.9", True),
        ("text/csv;q=x", False),
        ("TEXT/CSV", True),
    ],
)
def test_accept(accept: str, csv: bool) -> None:
    """CSV is for those who prefer it to JSON."""
    assert _wants_csv(accept) is csv


def test_resuming_a_stream() -> None:
    """`Last-Event-ID` says where to go on, whatever the query says."""
    wish = sse.resumed("3-17", sse.Follow(from_="start", heartbeat=2.0))
    assert (wish.epoch, wish.from_, wish.heartbeat) == (3, 17, 2.0)


@pytest.mark.parametrize("last", ["", "17", "a-b", "1-2-3", "-1-2", "1-" + "9" * 40])
def test_a_strange_last_event_id(last: str) -> None:
    """An id that is none of ours is refused."""
    with pytest.raises(BadMessage, match=r"^Last-Event-ID"):
        sse.resumed(last, sse.Follow())


def test_players(channel: Channel, source: Source) -> None:
    """Who scored and who was sent off stands with their names."""
    source.give(
        entry(1, at=60, details={"player": "Ada"}),
        entry(2, at=90, title="red_card", origin="B", details={"player": "Bob"}),
        entry(3, at=95, title="red_card", origin="B", details={"player": "Bob"}),
    )
    found = players(channel)
    (ada,) = found["A"]
    assert (ada["name"], len(ada["goals"]), ada["red"]) == ("Ada", 1, None)
    (bob,) = found["B"]
    assert bob["red"] == "2023-11-14T22:14:50.000Z"


def test_players_of_other_sports() -> None:
    """Of other sports the line-ups are all there is."""
    card = Card(event="t", title="A v B", sport="tennis", origins=["A", "B"])
    assert players(Channel(card, 1 << 20)) == {}


# ── the document ─────────────────────────────────────────────────────────────────────────────


def test_the_document_names_every_path() -> None:
    """Every operation is in the document, its query parameters with their bounds."""
    found = openapi.document(openapi.OPERATIONS)
    assert found["openapi"] == "3.1.0"
    paths = {operation.path.replace("/api/", "/api/v1/") for operation in openapi.OPERATIONS}
    assert set(found["paths"]) == paths
    parameters = found["paths"]["/api/v1/events"]["get"]["parameters"]
    (limit,) = (each for each in parameters if each["name"] == "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}


def test_an_answer_has_one_content_type() -> None:
    """A client that is generated from the document knows what it gets."""
    found = openapi.document(openapi.OPERATIONS)
    for methods in found["paths"].values():
        for operation in methods.values():
            (fine,) = (
                answer for status, answer in operation["responses"].items() if status < "300"
            )
            assert len(fine.get("content", {})) <= 1


def test_references_lead_somewhere() -> None:
    """Every reference of the document is to a schema that it holds."""
    found = openapi.document(openapi.OPERATIONS)
    text = json.dumps(found)
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(found["components"]["schemas"])
    assert {"Entry", "Found", "Refusal"} <= names


def test_schemas_are_of_the_forms() -> None:
    """The schema of an entry is that of its JSON: times are texts, and nothing is left out."""
    schema = openapi.document(openapi.OPERATIONS)["components"]["schemas"]["Entry"]
    form = timeline_json.to_json(entry(1))
    assert set(schema["required"]) == set(form)
    assert schema["properties"]["time"] == {"type": ["string", "null"], "format": "date-time"}


def test_the_page_shows_all() -> None:
    """The page has a section for every operation, and no script or style within."""
    found = openapi.page(openapi.document(openapi.OPERATIONS))
    for operation in openapi.OPERATIONS:
        assert operation.path.replace("/api/", "/api/v1/") in found
    assert "<style" not in found
    assert "onclick" not in found
    assert 'src="/static/js/theme.js"' in found
