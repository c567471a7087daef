from __future__ import annotations

from typing import Any

import msgspec
import pytest

from touchline.broker import checks
from touchline.protocol import messages
from touchline.protocol.errors import BadMessage

GOOD = messages.Card(
    event="",
    title="Final",
    sport="duel",
    origins=["A", "B"],
    lineups={"A": ["Ann"]},
    rules={"to": 3, "deep": {"list": [1, 2.5, None, True, "x"]}},
    timing=messages.Timing(speed=0.0),
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Fi\u3164nal\u2800 \ufeff", "Final"),
        ("Final\u00a0\u3000 2", "Final 2"),
        ("علی\u200cرضا v. Ann\u200c", "علی\u200cرضا v. Ann"),
        ("Final ❤\ufe0f, A\ufe0f", "Final ❤\ufe0f, A"),
        ("Спартак v. Arsenal v. 日本", "Спартак v. Arsenal v. 日本"),
    ],
)
def test_texts_are_cleaned(typed: str, kept: str) -> None:
    """Titles, origins and players may mix scripts; what is invisible in them is removed."""
    card = msgspec.structs.replace(GOOD, title=typed, origins=[typed], lineups={typed: [typed]})
    found = checks.cleaned(card)
    assert (found.title, found.origins, found.lineups) == (kept, [kept], {kept: [kept]})
    checks.event(found)


def test_good_event() -> None:
    """An event of plain values passes."""
    checks.event(GOOD)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "title is empty"),
        ("title", "\x1b[2J", "title holds"),
        ("origins", ["A", ""], "an origin is empty"),
        ("origins", ["A", "A"], "same name"),
        ("origins", ["A", "A\u3164"], "same name"),
        ("title", "\u3164\u2800", "title is empty: nothing"),
        ("lineups", {"A": ["\u034f"]}, "line-up is empty"),
        ("lineups", {"C": ["x"]}, "not an origin"),
        ("lineups", {"A": ["x\n"]}, "a name in a line-up"),
        ("rules", {"to": float("nan")}, "JSON"),
        ("rules", {"to": b"bytes"}, "JSON"),
        ("rules", {"to": msgspec.msgpack.Ext(1, b"")}, "JSON"),
        ("rules", {"to": [[[[[[[[[]]]]]]]]]}, "at most 8 deep"),
        ("timing", messages.Timing(speed=float("inf")), "speed"),
        ("timing", messages.Timing(speed=-1.0), "speed"),
    ],
)
def test_bad_event(field: str, value: Any, sentence: str) -> None:
    """What would harm a reader of the card is refused, and the sentence says what."""
    with pytest.raises(BadMessage, match=sentence):
        checks.event(checks.cleaned(msgspec.structs.replace(GOOD, **{field: value})))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("instance", "", "instance is empty"),
        ("epoch", 2**53 + 1, "at most"),
        ("endpoints", messages.Endpoints(router="x", pull="tcp://a", pub="tcp://a"), "endpoint"),
        ("endpoints", messages.Endpoints(router="tcp://a", pull="tcp://a", pub=""), "endpoint"),
    ],
)
def test_bad_lease(field: str, value: Any, sentence: str) -> None:
    """A lease whose epoch leaves no room above, or whose endpoints are none, is refused."""
    ends = messages.Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="ipc://x")
    good = messages.Lease(id=1, event="e", instance="i", endpoints=ends, epoch=2**53, seq=0)
    checks.lease(good)
    with pytest.raises(BadMessage, match=sentence):
        checks.lease(msgspec.structs.replace(good, **{field: value}))


def test_zero_character() -> None:
    """A zero character in any text field is refused by the field's name."""
    with pytest.raises(BadMessage, match=r"^event holds"):
        checks.no_zero_character(messages.Show(id=1, event="a\0b"))
