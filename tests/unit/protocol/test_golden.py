"""The bytes of every message, as they stand in `golden.json`, in both directions.

Each line of `golden.json` has a message as plain values, written by hand, and its bytes, which the
`msgpack` package reads and writes without our codec. Who writes a peer in another language can use
the file as it is.
"""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

import msgpack
import msgspec
import pytest

from touchline.protocol import codec, keys, messages, signing

DECODERS: list[tuple[Any, codec.Decoder[Any]]] = [
    (messages.BrokerRequest, codec.decode_broker_request),
    (messages.GroupRequest, codec.decode_group_request),
    (messages.BrokerReply, codec.decode_broker_reply),
    (messages.HostRequest, codec.decode_host_request),
    (messages.HostReply, codec.decode_host_reply),
    (messages.ReportFrame, codec.decode_report),
    (messages.Published, codec.decode_published),
    (messages.RelayMessage, codec.decode_relay),
]

KINDS = {
    str(kind.__struct_config__.tag): (kind, [dec for uni, dec in DECODERS if kind in union(uni)])
    for union in [typing.get_args]
    for unions, _ in DECODERS
    for kind in union(unions)
}
"""Every message by its type, with the decoders that take it."""


def revived(value: Any) -> Any:
    """Return a JSON value with its bytes, which stand as {"bytes": hex}."""
    if isinstance(value, dict):
        if set(value) == {"bytes"}:
            return bytes.fromhex(value["bytes"])
        return {key: revived(part) for key, part in value.items()}
    return [revived(part) for part in value] if isinstance(value, list) else value


GOLDEN = [
    pytest.param(revived(row["message"]), bytes.fromhex(row["hex"]), id=row["name"])
    for row in json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))
]


@pytest.mark.parametrize(("plain", "frame"), GOLDEN)
def test_both_ways(plain: dict[str, Any], frame: bytes) -> None:
    """The bytes decode to the message, the message encodes to the bytes."""
    kind, decoders = KINDS[plain["type"]]
    for decode in decoders:
        message = decode(frame)
        assert type(message) is kind
        assert codec.encode(message) == frame


@pytest.mark.parametrize(("plain", "frame"), GOLDEN)
def test_any_messagepack_reads_them(plain: dict[str, Any], frame: bytes) -> None:
    """A client that has only `msgpack` reads a frame as plain maps, lists and values."""
    assert msgpack.unpackb(frame) == plain


@pytest.mark.parametrize(("plain", "frame"), GOLDEN)
def test_any_messagepack_writes_them(plain: dict[str, Any], frame: bytes) -> None:
    """A message made of a plain map is taken, whatever the order of keys, and what is unknown in
    it is ignored."""
    for decode in KINDS[plain["type"]][1]:
        turned = dict(reversed([*plain.items(), ("of a newer peer", {"x": [1, None]})]))
        assert decode(msgpack.packb(turned)) == decode(frame)


def test_every_message_is_there() -> None:
    """Every message is there with all its fields, and with the required ones alone."""
    fields: dict[str, list[set[str]]] = {}
    for param in GOLDEN:
        plain = dict(param.values[0])
        fields.setdefault(plain.pop("type"), []).append(set(plain))
    assert set(fields) == set(KINDS)
    for name, (kind, _) in KINDS.items():
        every = {field.encode_name for field in msgspec.structs.fields(kind)}
        needed = {field.encode_name for field in msgspec.structs.fields(kind) if field.required}
        assert every in fields[name], name
        assert needed in fields[name], name


@pytest.mark.parametrize(("plain", "frame"), GOLDEN)
def test_every_required_field_is_missed(plain: dict[str, Any], frame: bytes) -> None:
    """A message without one of its required fields is refused, without another one is not."""
    kind, decoders = KINDS[plain["type"]]
    needed = {field.encode_name for field in msgspec.structs.fields(kind) if field.required}
    for name in plain.keys() - {"type"}:
        rest = msgpack.packb({key: value for key, value in plain.items() if key != name})
        for decode in decoders:
            if name in needed:
                with pytest.raises(codec.BadMessage, match=f"`{name}`"):
                    decode(rest)
            else:
                decode(rest)


def test_signatures() -> None:
    """The signatures of the reports and rulings that are there are those of the key in `hello`."""
    plain = {param.id: dict(param.values[0]) for param in GOLDEN}
    key = plain["hello full"]["key"]
    frames = {param.id: param.values[1] for param in GOLDEN}
    report = codec.decode_report(frames["report full"])
    batch = codec.decode_report(frames["reports full"])
    assert isinstance(report, messages.Report)
    assert isinstance(batch, messages.ReportBatch)
    for said in (report, *batch.reports):
        assert signing.holds(key, "argentina-france-k3vq", said)
        assert not signing.holds(key, "argentina-france-k3vp", said)
    for name in ("ruling minimal", "ruling full", "ruling with a title"):
        ruling = codec.decode_host_request(frames[name])
        assert isinstance(ruling, messages.Ruling)
        assert ruling.key == key
        assert signing.is_by(keys.peer_id(key), ruling)
        assert not signing.is_by(keys.peer_id(bytes(32)), ruling)
        for change in ({"event": "e"}, {"act": "award"}, {"score": "4-3"}, {"title": "save"}):
            changed = msgspec.structs.replace(ruling, **change)
            assert not signing.is_by(keys.peer_id(key), changed)
