"""The packets of a whole feed at once."""

from __future__ import annotations

from collections.abc import Iterable

from touchline.gateway.feed.packets import Packet, Packets
from touchline.protocol.messages import Card, FeedMessage


def packets(card: Card, messages: Iterable[FeedMessage]) -> list[Packet]:
    """Return all packets of a feed, the one with `seqNum` n at index n - 1."""
    stream = Packets(card)
    return [packet for message in messages for packet in stream.take(message)]
