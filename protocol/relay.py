"""The names under which a relay puts feeds into NATS, and what stands beside each message.

See section 18 of `docs/PROTOCOL.md`. A stored message has the headers `Nats-Msg-Id` (event, epoch
and seq of the message), `Touchline-Digest` (over the feed up to it) and `Touchline-Epoch` (of the
host when the relay put it there, which may be newer than the message's own).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .digest import DIGEST_BYTES
from .errors import BadMessage

STREAM = "TOUCHLINE"
"""The name of the stream, unless set otherwise."""

FEEDS = "touchline.feed"
CARDS = "touchline.card"
BEATS = "touchline.beat"
"""What the subjects begin with; a dot and the event's id follow."""

MESSAGE_ID = "Nats-Msg-Id"
EXPECTED = "Nats-Expected-Last-Subject-Sequence"
DIGEST = "Touchline-Digest"
EPOCH = "Touchline-Epoch"


MOST = 2**63 - 1
"""The largest number that a place has, as in any message."""


class FeedPlace(NamedTuple):
    """What the headers of a stored message say.

    Args:
        epoch, seq: of the message.
        digest: over the feed up to it, 16 bytes.
        host_epoch: the epoch of the host that the relay had it from.
    """

    epoch: int
    seq: int
    digest: bytes
    host_epoch: int


def subject(kind: str, event: str) -> str:
    """Return a subject.

    Args:
        kind: `FEEDS`, `CARDS` or `BEATS`.
        event: its id.

    Raises:
        BadMessage: the id has characters that no part of a subject may have.
    """
    if not event or not event.isascii() or not event.isprintable() or set(event) & set(" .*>"):
        raise BadMessage(f"{event!r} can't be part of a NATS subject")
    return f"{kind}.{event}"


def headers(event: str, place: FeedPlace, expected: int) -> dict[str, str]:
    """Return the headers of a message that is to be stored.

    Args:
        event: its id.
        place: of the message.
        expected: the stream sequence of the last message of its subject; 0: there is none.
    """
    return {
        MESSAGE_ID: f"{event}:{place.epoch}:{place.seq}",
        EXPECTED: str(expected),
        DIGEST: place.digest.hex(),
        EPOCH: str(place.host_epoch),
    }


def place(found: Mapping[str, str] | None) -> FeedPlace:
    """Return what the headers of a stored message say.

    Raises:
        BadMessage: they are not those of a relay.
    """
    try:
        values = found or {}
        _, epoch, seq = values[MESSAGE_ID].rsplit(":", 2)
        digest = bytes.fromhex(values[DIGEST])
        stored = FeedPlace(int(epoch), int(seq), digest, int(values[EPOCH]))
    except (KeyError, ValueError):
        raise BadMessage("a message without the headers of a relay") from None
    numbers = stored.epoch, stored.host_epoch, stored.seq - 1
    if len(digest) != DIGEST_BYTES or min(numbers) < 0 or max(numbers) >= MOST:
        raise BadMessage("a message whose headers are not those of a relay")
    return stored
