"""Decoders are fed whole, truncated, trailing and hostile frames, and raise what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.protocol import codec, limits, times
from touchline.protocol.errors import BadMessage, TooLarge, UnknownType

DECODERS: dict[str, codec.Decoder[Any]] = {
    name: decoder for name, decoder in vars(codec).items() if isinstance(decoder, codec.Decoder)
}

FRAMES = [
    bytes.fromhex(row["hex"])
    for row in json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))
]

DOCUMENTED = (BadMessage, TooLarge, UnknownType)

REPORT = {
    "type": "report",
    "token": "t",
    "n": 1,
    "time": 0,
    "event": {"title": "goal", "origin": "A", "time": 0},
}


def feed_all(frame: bytes) -> list[Any]:
    """Give a frame to every decoder; return what was taken for a message."""
    taken = []
    for decode in DECODERS.values():
        try:
            taken.append(decode(frame))
        except DOCUMENTED:
            continue
    return taken


def packed(**changes: Any) -> bytes:
    frame: bytes = msgpack.packb({**REPORT, **changes})
    return frame


def test_there_is_a_decoder_for_each_socket() -> None:
    """Eight decoders: three at the broker's ROUTER, two at the host's, PULL, PUB, NATS."""
    assert len(DECODERS) == 8


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
def test_truncated(frame: bytes) -> None:
    """A frame cut off anywhere is refused by every decoder."""
    assert feed_all(frame)
    for end in range(len(frame)):
        assert feed_all(frame[:end]) == []


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
@pytest.mark.parametrize("more", [b"\0", b"\xc1", b"\x80"])
def test_trailing(frame: bytes, more: bytes) -> None:
    """A frame with anything behind it is refused by every decoder."""
    assert feed_all(frame + more) == []


@given(st.binary(max_size=400))
def test_random_bytes(frame: bytes) -> None:
    """Whatever the bytes, nothing but the documented errors comes of them."""
    feed_all(frame)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=9)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from(FRAMES), st.data())
def test_hostile_values(frame: bytes, data: st.DataObject) -> None:
    """A valid message with any of its values replaced leads to nothing but documented errors."""
    plain = msgpack.unpackb(frame)
    name = data.draw(st.sampled_from(sorted(plain)))
    plain[name] = data.draw(VALUES)
    feed_all(msgpack.packb(plain))


@given(st.sampled_from(FRAMES), st.data())
def test_mutated_bytes(frame: bytes, data: st.DataObject) -> None:
    """A valid frame with bytes replaced, removed or put in leads to nothing but documented
    errors."""
    body = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not body:
            break
    feed_all(bytes(body))


SKIPPED = (b"\x81\x80\x01", b"\xa1\xff", b"\xc7\x0c\xff" + b"\xff" * 12)
"""Values that are whole as MessagePack; within a field that is ignored nobody looks at them."""


@pytest.mark.parametrize(
    "value",
    [
        b"\x81\x80\x01",  # a map as the key of a map
        b"\x91" * 60_000 + b"\x01",  # 60,000 arrays in each other
        b"\x81\xa1a" * 20_000 + b"\x01",
        b"\xdf\xff\xff\xff\xff",  # a map of 2^32 pairs, none of which follows
        b"\xdd\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xc7\x0c\xff" + b"\xff" * 12,  # a timestamp that no calendar has
        b"\xa1\xff",  # not UTF-8
        b"\xc1",  # never used in MessagePack
    ],
    ids=range(10),
)
@pytest.mark.parametrize("name", [b"\xa5score", b"\xa5other"])
def test_bombs(value: bytes, name: bytes) -> None:
    """What is deep, promises what does not follow, or is no value at all is refused, also within a
    field that would be ignored."""
    fields = msgpack.packb({"type": "finished", "event": "e", "epoch": 1, "seq": 1, "sent": 0})
    frame = bytes([fields[0] + 1]) + fields[1:] + name + value
    taken = feed_all(frame)
    assert not taken or (name == b"\xa5other" and value in SKIPPED)


@pytest.mark.parametrize(
    ("frame", "error", "sentence"),
    [
        (b"", BadMessage, "not a MessagePack message"),
        (msgpack.packb([1]), BadMessage, "Expected `object`"),
        (msgpack.packb("report"), BadMessage, "Expected `object`"),
        (packed(type="goal"), UnknownType, "goal"),
        (packed(type="entry"), UnknownType, "entry"),
        (packed(type=1), BadMessage, "type"),
        (packed(type=None), BadMessage, "type"),
        (packed(n=0), BadMessage, "n"),
        (packed(n=1.0), BadMessage, "n"),
        (packed(n="1"), BadMessage, "n"),
        (packed(n=2**63), BadMessage, "n"),
        (packed(token=b"t"), BadMessage, "token"),
        (packed(token=None), BadMessage, "token"),
        (packed(event=None), BadMessage, "event"),
        (packed(event={"title": "goal", "origin": "A"}), BadMessage, "time"),
    ],
    ids=range(15),
)
def test_refusals(frame: bytes, error: type[Exception], sentence: str) -> None:
    """A frame is refused by what is wrong with it, and the sentence says where."""
    with pytest.raises(error, match=sentence) as refused:
        codec.decode_report(frame)
    assert type(refused.value) is error


def test_unknown_type_within() -> None:
    """Only the message's own type can be unknown: a part has none."""
    frame = packed(event={"type": "event", "title": "goal", "origin": "A", "time": 0})
    assert codec.decode_report(frame) == codec.decode_report(packed())


@pytest.mark.parametrize(
    ("decode", "limit"),
    [
        (codec.decode_broker_request, limits.FRAME_BYTES),
        (codec.decode_host_request, limits.FRAME_BYTES),
        (codec.decode_report, limits.FRAME_BYTES),
        (codec.decode_published, limits.FRAME_BYTES),
        (codec.decode_broker_reply, limits.BLOCK_BYTES),
        (codec.decode_host_reply, limits.BLOCK_BYTES),
    ],
    ids=["broker request", "host request", "report", "published", "broker reply", "host reply"],
)
def test_frame_limit(decode: codec.Decoder[Any], limit: int) -> None:
    """A frame of the limit is read, one byte more is refused with both numbers."""
    with pytest.raises((BadMessage, UnknownType)):
        decode(b"\xc1" * limit)
    with pytest.raises(TooLarge, match=f"{limit + 1:,} bytes, at most {limit:,}"):
        decode(b"\xc1" * (limit + 1))


def test_a_report_of_the_limit_is_taken() -> None:
    """A whole report that fills the frame to the last byte is taken."""
    padding = limits.FRAME_BYTES - len(packed(padding=b"")) - 1  # bin 16 has a longer head
    frame = packed(padding=b"x" * padding)
    assert len(frame) == limits.FRAME_BYTES
    assert codec.decode_report(frame) == codec.decode_report(packed())


ID, NAME, TEXT = "x" * limits.ID_CHARS, "ü" * limits.NAME_CHARS, "漢" * limits.TEXT_CHARS


def happening(**changes: Any) -> dict[str, Any]:
    return {"event": {"title": "goal", "origin": "A", "time": 0, **changes}}


def create(**fields: Any) -> bytes:
    frame: bytes = msgpack.packb(
        {"type": "create", "id": 1, "title": "t", "sport": "s", "key": "k", **fields}
    )
    return frame


def search(**fields: Any) -> bytes:
    frame: bytes = msgpack.packb({"type": "search", "id": 1, **fields})
    return frame


def hello(**fields: Any) -> bytes:
    usual = {"type": "hello", "id": 1, "name": "", "key": b"k" * 32}
    frame: bytes = msgpack.packb({**usual, **fields})
    return frame


def invite(**fields: Any) -> bytes:
    frame: bytes = msgpack.packb({"type": "invite", "id": 1, "role": "viewer", **fields})
    return frame


def leased(**fields: Any) -> bytes:
    usual = {"type": "leased", "id": 1, "event": "e", "epoch": 1, "seconds": 1}
    frame: bytes = msgpack.packb({**usual, **fields})
    return frame


def invitation(**fields: Any) -> bytes:
    card = {"event": "e", "title": "t", "sport": "s", "origins": []}
    usual = {"type": "invitation", "id": 1, "card": card, "token": "t", "expires": 0}
    frame: bytes = msgpack.packb({**usual, **fields})
    return frame


SAID = {"n": 1, "time": 0, "event": {"title": "", "origin": "", "time": 0}}
EARLIEST, LATEST = times.EARLIEST, times.LATEST


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        (packed(token=ID), packed(token=ID + "x")),
        (packed(n=2**63 - 1), packed(n=2**63)),
        (packed(n=1), packed(n=0)),
        (packed(time=LATEST), packed(time=LATEST + 1)),
        (packed(time=EARLIEST), packed(time=EARLIEST - 1)),
        (packed(**happening(title=NAME)), packed(**happening(title=NAME + "x"))),
        (packed(**happening(origin=NAME)), packed(**happening(origin=NAME + "x"))),
        (packed(**happening(details={"a": TEXT})), packed(**happening(details={"a": TEXT + "x"}))),
        (packed(**happening(details={NAME: 1})), packed(**happening(details={NAME + "x": 1}))),
        (
            packed(**happening(details={str(n): 1 for n in range(limits.DETAILS)})),
            packed(**happening(details={str(n): 1 for n in range(limits.DETAILS + 1)})),
        ),
        (packed(**happening(details={"a": True})), packed(**happening(details={"a": None}))),
        (packed(**happening(details={"a": 1.5})), packed(**happening(details={"a": [1]}))),
        (
            msgpack.packb(
                {"type": "reports", "token": "t", "reports": [SAID] * limits.BATCH_REPORTS}
            ),
            msgpack.packb(
                {"type": "reports", "token": "t", "reports": [SAID] * (limits.BATCH_REPORTS + 1)}
            ),
        ),
        (create(origins=["o"] * limits.ORIGINS), create(origins=["o"] * (limits.ORIGINS + 1))),
        (
            create(lineups={"o": ["p"] * limits.LINEUP}),
            create(lineups={"o": ["p"] * (limits.LINEUP + 1)}),
        ),
        (create(rules={NAME: 1}), create(rules={NAME + "x": 1})),
        (search(text=TEXT), search(text=TEXT + "x")),
        (search(limit=100), search(limit=101)),
        (search(limit=1), search(limit=0)),
        (search(status=""), search(status="over")),
        (search(id=0), search(id=-1)),
        (
            msgpack.packb({"type": "join", "id": 1, "event": "e", "role": "host"}),
            msgpack.packb({"type": "join", "id": 1, "event": "e", "role": "owner"}),
        ),
        (hello(roles=["host"] * 4), hello(roles=["host"] * 5)),
        (hello(invite=ID), hello(invite=ID + "x")),
        (hello(key=b"k" * 32), hello(key=b"k" * 33)),
        (hello(key=b"k" * 32), hello(key=b"k" * 31)),
        (hello(key=b"k" * 32), hello(key="k" * 32)),
        (packed(signature=b"s" * 64), packed(signature=b"s" * 65)),
        (packed(signature=b""), packed(signature="")),
        (invite(uses=limits.INVITE_USES), invite(uses=limits.INVITE_USES + 1)),
        (invite(uses=1), invite(uses=0)),
        (invite(seconds=limits.INVITE_SECONDS), invite(seconds=limits.INVITE_SECONDS * 1.001)),
        (invite(seconds=1), invite(seconds=0)),
        (invite(role="operator"), invite(role="")),
        (
            leased(revoked=["p"] * limits.REVOKED),
            leased(revoked=["p"] * (limits.REVOKED + 1)),
        ),
        (invitation(key=b"k" * 32), invitation(key=b"k" * 33)),
    ],
    ids=range(36),
)
def test_bounds(within: bytes, beyond: bytes) -> None:
    """Each bound is taken, one over it is refused; characters are counted, not bytes."""
    assert len(feed_all(within)) == 1
    assert feed_all(beyond) == []


def test_topic() -> None:
    """A published frame is the event id, a zero byte, the body; no id is another's prefix."""
    frame = codec.topic("final") + b"body\0with a zero"
    assert codec.split_topic(frame) == ("final", b"body\0with a zero")
    assert not codec.topic("finals").startswith(codec.topic("final"))


def test_topic_bounds() -> None:
    """An event id of the most bytes that its characters can have is split off; longer is not."""
    longest = "\U0001f3df" * limits.ID_CHARS
    assert codec.split_topic(codec.topic(longest)) == (longest, b"")
    for frame in (b"", b"no zero byte", longest.encode() + b"x\0", b"\xff\0body"):
        with pytest.raises(BadMessage):
            codec.split_topic(frame)


@given(st.binary(max_size=400))
def test_any_published_frame(frame: bytes) -> None:
    """Whatever comes on SUB, splitting it raises nothing but `BadMessage`."""
    try:
        event, body = codec.split_topic(frame)
    except BadMessage:
        return
    assert codec.topic(event) + body == frame
