"""Messages as JSON."""

from __future__ import annotations

import json
import typing

import msgspec
import pytest

from touchline.protocol import messages
from touchline.timeline.json import TIMES, to_json

ENTRY = messages.Entry(
    event="e",
    epoch=1,
    seq=2,
    entry_id="1",
    status="CONFIRMED",
    title="goal",
    origin="A",
    time=1_671_378_600_123_456,
    first_reported=0,
    accepted=1_000,
    sent=-1,
    evidence=messages.Evidence(for_=2),
    details={"time": 3, "player": "Messi"},
)


def test_entry() -> None:
    """Times are RFC 3339, an unknown one is null, defaults are there, parts are maps, and what a
    reporter calls `time` among the details is left alone."""
    assert to_json(ENTRY) == {
        "type": "entry",
        "event": "e",
        "epoch": 1,
        "seq": 2,
        "entry_id": "1",
        "status": "CONFIRMED",
        "title": "goal",
        "origin": "A",
        "time": "2022-12-18T15:50:00.123Z",
        "first_reported": None,
        "accepted": "1970-01-01T00:00:00.001Z",
        "sent": "1969-12-31T23:59:59.999Z",
        "evidence": {
            "for": 2,
            "against": 0,
            "present": 0,
            "latency_ms": 0.0,
            "seen": 0,
            "together": 0,
        },
        "place": 0,
        "delay_status": "",
        "reason": "",
        "text": "",
        "clock": "",
        "details": {"time": 3, "player": "Messi"},
        "relates_to": "",
        "score": {},
        "headline": "",
        "spread": 0,
        "stated": {},
        "review": "",
        "by": "",
        "reviewed": "",
    }
    assert next(iter(to_json(ENTRY))) == "type"


def test_lists_and_bytes() -> None:
    """Parts in a list are maps, bytes are hex, None is null; a part has no type."""
    setup = messages.Setup(
        id=1,
        card=messages.Card(event="e", title="t", sport="s", origins=["A"]),
        actions=[messages.ActionSpec(title="goal", text="Goal")],
        peer="p",
        role="viewer",
        epoch=1,
        seq=0,
        digest=b"\0\xff",
        time=0,
        heartbeat=10.0,
        badge="b",
    )
    shown = to_json(setup)
    assert shown["digest"] == "00ff"
    assert shown["actions"] == [{"title": "goal", "text": "Goal", "details": []}]
    assert shown["card"] == to_json(setup.card)
    assert "type" not in to_json(setup.card)
    assert to_json(setup.card)["timing"] is None
    assert json.loads(json.dumps(shown)) == shown


def kinds() -> list[type[msgspec.Struct]]:
    return [
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__struct_fields__
    ]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_time_is_one(kind: type[msgspec.Struct]) -> None:
    """A field is written as a time if, and only if, its type on the wire is one."""
    hints = typing.get_type_hints(kind, include_extras=True)
    for name in kind.__struct_fields__:
        assert (hints[name] == messages.Micros) == (name in TIMES), name
