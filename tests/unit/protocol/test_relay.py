"""The names under which feeds are put into NATS."""

from __future__ import annotations

import pytest

from touchline.protocol import relay
from touchline.protocol.errors import BadMessage
from touchline.protocol.relay import FeedPlace

AT = FeedPlace(2, 17, bytes(range(16)), 3)


def test_headers_both_ways() -> None:
    """What is written is read; the id is that of the message."""
    written = relay.headers("a:b", AT, 40)
    assert written["Nats-Msg-Id"] == "a:b:2:17"
    assert written["Nats-Expected-Last-Subject-Sequence"] == "40"
    assert relay.place(written) == AT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (relay.MESSAGE_ID, None),
        (relay.MESSAGE_ID, "17"),
        (relay.MESSAGE_ID, "e:2:x"),
        (relay.MESSAGE_ID, "e:2:0"),
        (relay.DIGEST, "zz"),
        (relay.DIGEST, "00"),
        (relay.EPOCH, "-1"),
        (relay.EPOCH, None),
    ],
)
def test_other_headers(name: str, value: str | None) -> None:
    """A message that no relay has stored is refused."""
    found = {**relay.headers("e", AT, 0), name: value}
    with pytest.raises(BadMessage):
        relay.place({key: text for key, text in found.items() if text is not None})


@pytest.mark.parametrize("event", ["", "a b", "a.b", "*", ">", "a\n", "ö"])
def test_an_id_that_is_no_part_of_a_subject(event: str) -> None:
    """An id cannot lead to the subjects of another event."""
    with pytest.raises(BadMessage):
        relay.subject(relay.FEEDS, event)


def test_a_subject() -> None:
    """An event has its own."""
    assert relay.subject(relay.FEEDS, "a-v-b-k7m2") == "touchline.feed.a-v-b-k7m2"
