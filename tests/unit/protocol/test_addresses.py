"""Addresses as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.protocol import addresses
from touchline.protocol.addresses import BrokerAddress
from touchline.protocol.errors import SettingError
from touchline.protocol.keys import Identity, to_text


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:5670", "127.0.0.1", 5670),
        ("127.0.0.1", "127.0.0.1", addresses.DEFAULT_PORT),
        ("  club.example:80 ", "club.example", 80),
        ("tcp://club.example", "club.example", addresses.DEFAULT_PORT),
        ("touchline://club.example:1", "club.example", 1),
        ("[::1]", "[::1]", addresses.DEFAULT_PORT),
        ("tcp://[fe80::1%eth0]:65535", "[fe80::1%eth0]", 65_535),
        ("*:0", "*", 0),
    ],
)
def test_read(text: str, host: str, port: int) -> None:
    """A host alone, with a port, with a scheme, and in brackets is read."""
    assert addresses.parse(text) == (host, port)
    assert addresses.endpoint(text) == f"tcp://{host}:{port}"


@pytest.mark.parametrize(
    "text",
    ["", ":", ":5670", "host:", "host:x", "host:-1", "::1", "http://host", "host/path", "a b",
     "host:123456", "user@:1:2"],
)  # fmt: skip
def test_refused(text: str) -> None:
    """What is no address is refused, and the sentence names flag and text."""
    with pytest.raises(SettingError, match="--broker") as refused:
        addresses.parse(text, what="--broker")
    assert repr(text) in refused.value.sentence


def test_port_bound() -> None:
    """The highest port is taken, one more is refused with both numbers."""
    assert addresses.parse("host:65535")[1] == 65_535
    with pytest.raises(SettingError, match="65536 of 'host:65536' is over 65535"):
        addresses.parse("host:65536")


def test_own_default() -> None:
    """A default port may be given."""
    assert addresses.parse("host", port=9100) == ("host", 9100)


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    """Whatever the text, it is an address or a SettingError, and an endpoint is an address."""
    try:
        endpoint = addresses.endpoint(text)
    except SettingError:
        return
    assert addresses.endpoint(endpoint) == endpoint


KEY = Identity(bytes(range(32))).public
TEXT = to_text(KEY)


@pytest.mark.parametrize(
    ("text", "broker"),
    [
        (f"touchline://club.example:80?key={TEXT}", BrokerAddress("club.example", 80, KEY)),
        (f" club.example?key={TEXT} ", BrokerAddress("club.example", 5670, KEY)),
        (f"touchline://[::1]:1?key={TEXT}", BrokerAddress("[::1]", 1, KEY)),
        ("touchline://127.0.0.1:5670?insecure", BrokerAddress("127.0.0.1", 5670, plain=True)),
        ("localhost:1?insecure=", BrokerAddress("localhost", 1, plain=True)),
        ("[::1]?insecure", BrokerAddress("[::1]", 5670, plain=True)),
        ("club.example", BrokerAddress("club.example", 5670)),
        (
            f"touchline://one.example,two.example:1,[::1],one.example?key={TEXT}",
            BrokerAddress("one.example", 5670, KEY, others=(("two.example", 1), ("[::1]", 5670))),
        ),
    ],
)
def test_broker(text: str, broker: BrokerAddress) -> None:
    """The one string says where a broker is and by which key one knows it, both ways."""
    assert addresses.broker(text) == broker
    assert addresses.broker(str(broker)) == broker
    assert broker.endpoint == f"tcp://{broker.host}:{broker.port}" == broker.endpoints[0]
    assert len(broker.endpoints) == 1 + len(broker.others)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a b", "is not an address"),
        (":0", "names no host; write 127.0.0.1:0"),
        ("one.example,?insecure", "is not an address"),
        ("127.0.0.1,club.example?insecure", "for this machine alone, not for club.example"),
        (",".join(["a"] * 17), "17 brokers in one address, at most 16 allowed"),
        ("host?key=", "is not a key"),
        (f"host?key={TEXT[:-1]}", "is not a key"),
        (f"host?key={TEXT}x", "is not a key"),
        ("host?secret=1", "'secret' is not valid"),
        ("127.0.0.1?insecure=yes", "'insecure' is not valid"),
        (f"127.0.0.1?key={TEXT}&insecure", "a key or is insecure, not both"),
        ("club.example?insecure", "for this machine alone, not for club.example"),
        ("0.0.0.0?insecure", "for this machine alone"),
        ("*?insecure", "for this machine alone"),
        ("127.example?insecure", "for this machine alone"),
    ],
)
def test_no_broker(text: str, sentence: str) -> None:
    """A key that is none, an unknown part, plain text to elsewhere are refused with the flag."""
    with pytest.raises(SettingError, match=sentence) as refused:
        addresses.broker(text, what="--broker")
    assert refused.value.sentence.startswith("--broker")


@given(st.text(max_size=80))
def test_any_broker(text: str) -> None:
    """Whatever the text, it is a broker that can be written and read again, or a SettingError."""
    try:
        broker = addresses.broker(text)
    except SettingError:
        return
    assert addresses.broker(str(broker)) == broker


def test_nats() -> None:
    """Several addresses are read, and shown without the password."""
    text = "nats://me:secret@club.example, tls://[::1]:4223"
    assert addresses.nats_servers("--nats", text) == text.split(", ")
    assert addresses.nats_shown(text) == "nats://club.example,tls://[::1]:4223"


@pytest.mark.parametrize(
    "text", ["", ",", "club.example:4222", "http://x", "nats://", "nats://x:y"]
)
def test_nats_refused(text: str) -> None:
    """What is no address of NATS is refused, and the sentence names the flag."""
    with pytest.raises(SettingError, match="--source"):
        addresses.nats_servers("--source", text)
