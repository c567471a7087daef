"""What viewers may say, and what a connection makes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from touchline.gateway.feed import websocket
from touchline.gateway.feed.websocket import (
    ClientToken,
    Subscribe,
    Unsubscribe,
    ViewerCounts,
    ViewerPing,
    read_message,
    read_query,
)
from touchline.protocol.errors import (
    BadMessage,
    NotFound,
    Overloaded,
    SettingError,
    UnknownType,
    Unreachable,
)


@pytest.mark.parametrize(
    ("query", "at"),
    [({}, "end"), ({"from": "end"}, "end"), ({"from": "start"}, "start"), ({"from": "17"}, 17)],
)
def test_where_to_join(query: dict[str, str], at: object) -> None:
    """A viewer joins at the end unless it says otherwise."""
    assert read_query(query).start(10.0).at == at


def test_all_of_a_query() -> None:
    """Everything that can be asked for is understood."""
    start = read_query({"from": "3", "epoch": "2", "digest": "0f" * 16, "heartbeat": "0.5"}).start(
        10.0
    )
    assert (start.at, start.epoch, start.digest, start.heartbeat) == (3, 2, b"\x0f" * 16, 0.5)
    start = read_query({"form": "packets", "startPosition": "5"}).start(10.0)
    assert (start.form, start.packet, start.heartbeat) == ("packets", 5, 10.0)
    assert read_query({"form": "packets"}).start(5.0).packet == 1
    assert read_query({"form": "packets"}).start(5.0).heartbeat == 10.0
    assert read_query({"form": "packets", "startPosition": "live"}).start(5.0).packet == 0


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"from": "-1"},
        {"from": "1.5"},
        {"from": str(2**64)},
        {"epoch": "x"},
        {"digest": "xyz"},
        {"digest": "0F" * 16},
        {"heartbeat": "0.4"},
        {"heartbeat": "31"},
        {"heartbeat": "nan"},
        {"form": "xml"},
        {"startPosition": "0"},
        {"nonsense": "1"},
    ],
)
def test_bad_queries(query: dict[str, str]) -> None:
    """A message that is not valid is refused by its fault."""
    with pytest.raises(BadMessage, match=r"^query: "):
        read_query(query)


def test_what_viewers_say() -> None:
    """The three messages of a viewer are understood."""
    assert read_message('{"type":"ping","time":"t"}') == ViewerPing(time="t")
    counted = read_message('{"type":"ping","time":1,"counts":{"lost":37,"repaired":37}}')
    assert counted == ViewerPing(time=1, counts=ViewerCounts(lost=37, repaired=37))
    for wrong in (-1, 100_001, "many"):
        with pytest.raises(BadMessage):
            read_message(json.dumps({"type": "ping", "counts": {"lost": wrong}}))
    assert read_message(b'{"type":"unsubscribe","event":"e"}') == Unsubscribe(event="e")
    assert read_message('{"authToken":"x"}') == ClientToken(token="x")
    wanted = read_message('{"type":"subscribe","event":"e","from":7,"epoch":1,"heartbeat":1}')
    assert isinstance(wanted, Subscribe)
    start = wanted.start(10.0)
    assert (start.at, start.epoch, start.heartbeat) == (7, 1, 1.0)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", BadMessage),
        ("{", BadMessage),
        ("[]", BadMessage),
        ("null", BadMessage),
        ('{"event":"e"}', BadMessage),
        ('{"type":"subscribe"}', BadMessage),
        ('{"type":"subscribe","event":7}', BadMessage),
        ('{"type":"subscribe","event":"e","from":-1}', BadMessage),
        ('{"type":"subscribe","event":"%s"}' % ("x" * 65), BadMessage),
        ('{"type":"shout"}', UnknownType),
        (b"\xff\xfe", BadMessage),
        ("[" * 100_000, BadMessage),
        ('{"type":"ping","x":' + "[" * 20_000, BadMessage),
    ],
)
def test_garbage(text: str | bytes, kind: type[Exception]) -> None:
    """Anything else is refused with its code, and nothing worse comes of it."""
    with pytest.raises(kind):
        read_message(text)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadMessage("x"), websocket.BAD_MESSAGE),
        (SettingError("x"), websocket.BAD_MESSAGE),
        (NotFound("x"), websocket.NO_EVENT),
        (Overloaded("x"), websocket.TOO_MANY),
        (Unreachable("x"), websocket.AWAY),
    ],
)
def test_close_codes(error: Any, code: int) -> None:
    """Each kind of error closes with its own documented code."""
    assert websocket.close_code(error) == code
