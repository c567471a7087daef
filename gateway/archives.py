"""Finished events that the operator gives to a gateway: a folder of archives, a file for each.

`touchline events archive` makes them. An event in the folder is served from its file; it needs no
host. Tested in `tests/integration/test_gateway_archives.py`.
"""

from __future__ import annotations

import logging
from pathlib import Path

from msgspec.structs import replace

from ..protocol import codec
from ..protocol.digest import EMPTY, chain
from ..protocol.errors import SettingError, StorageFault
from ..protocol.messages import Card, Setup
from ..timeline import archive, recording
from .feed.channel import FeedTurn, Standing

logger = logging.getLogger(__name__)

SUFFIX = ".touchline"
"""The end of an archive's file name; the event's id stands before it."""

MOST_MESSAGES = 500
"""The most messages of a turn, so that the loop can serve other events between turns."""


class ArchiveFolder:
    """The archives in a folder, each read when it is asked for. From any thread.

    Args:
        folder: empty: there are none.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None

    def _path(self, event: str) -> Path | None:
        if self._folder is None or not event.strip(".") or set(event) & set("/\\\0"):
            return None
        path = self._folder / (event + SUFFIX)
        return path if path.is_file() else None

    def card(self, event: str) -> Card | None:
        """Return the card of an event; None where there is no archive of it.

        Raises:
            StorageFault: it is damaged.
        """
        path = self._path(event)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                return _finished(recording.read_header(file), event, path)
        except (OSError, SettingError) as error:
            raise _damaged(event, path, error) from None

    def turns(self, event: str) -> list[FeedTurn]:
        """Return an event's feed as its subscriber would hand it over; empty where there is no
        archive of it.

        Raises:
            StorageFault: it is damaged, or of another event.
        """
        path = self._path(event)
        if path is None:
            return []
        try:
            packed = archive.read(path)
            card = _finished(packed.card, event, path)
        except (SettingError, StorageFault) as error:
            raise _damaged(event, path, error) from None
        return _turns(card, packed)


def _finished(card: Card | None, event: str, path: Path) -> Card:
    if card is None or card.event != event:
        raise SettingError(f"{path}: the archive is of {card.event if card else 'no event'}")
    return replace(card, status="finished")


def _damaged(event: str, path: Path, error: Exception) -> StorageFault:
    # A path of this machine is the operator's affair.
    logger.warning("%s: %s", path, error)
    return StorageFault(f"the archive of {event} can't be read; the gateway's log says why")


def _turns(card: Card, packed: archive.Archive) -> list[FeedTurn]:
    messages = packed.messages
    digest, setup = EMPTY, _setup(card)
    turns: list[FeedTurn] = []
    for first in range(0, max(1, len(messages)), MOST_MESSAGES):
        some = messages[first : first + MOST_MESSAGES]
        trail = bytearray()
        for message in some:
            digest = chain(digest, codec.encode(message))
            trail += digest
        whole = first + len(some) == len(messages)
        standing = Standing(seq=first + len(some), digest=digest, whole=whole)
        turns.append(FeedTurn(standing, some, bytes(trail), setup=None if first else setup))
    return turns


def _setup(card: Card) -> Setup:
    """Return what a host would have told of the event."""
    return Setup(
        id=0, card=card, actions=[], peer="", role="viewer", epoch=0, seq=0, digest=EMPTY,
        time=0, heartbeat=1.0, badge="",
    )  # fmt: skip
