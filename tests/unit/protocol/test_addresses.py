"""Addresses as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.protocol import addresses
from touchline.protocol.errors import SettingError


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
