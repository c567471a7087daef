"""Relays of one event never interleave, and mistakes in that are seen."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.protocol.relay import FeedPlace
from touchline.relay.core import RelayCore, Store

from .relays import Relays, Stream, caught

SEEDS = 200
"""Within how many seeds a mistake must be caught."""


def two_relays(patch: pytest.MonkeyPatch) -> None:
    """Messages are stored whatever is the last, as if a relay were always alone."""
    store = Stream.store

    def whatever(self: Stream, message: Store, now: float) -> int | None:
        last = self.last.number if self.last else 0
        return store(self, Store(message.body, message.place, last), now)

    patch.setattr(Stream, "store", whatever)


def not_looked_again(patch: pytest.MonkeyPatch) -> None:
    """A relay that was overtaken counts its message as stored."""

    def passed_over(self: RelayCore, _now: float) -> None:
        if self.last is not None:
            place = self.last.place
            seq = min(place.seq + 1, self.tracker.seq)
            self.stored(self.last.number, FeedPlace(place.epoch, seq, self._digest(seq), 9))

    patch.setattr(RelayCore, "overtaken", passed_over)


def digest_ignored(patch: pytest.MonkeyPatch) -> None:
    """A relay goes on after whatever has the seq, be it another feed's."""
    patch.setattr(RelayCore, "_is_ours", lambda self, place: place.seq <= self.tracker.seq)


def epoch_ignored(patch: pytest.MonkeyPatch) -> None:
    """A relay of a host that was replaced begins its feed anew."""

    def anyhow(self: RelayCore) -> int:
        if self.last is None:
            return 1
        there = self.last.place
        return there.seq + 1 if self._is_ours(there) else 1

    patch.setattr(RelayCore, "_next_seq", anyhow)


@pytest.mark.parametrize("seed", range(1, 41))
def test_each_message_once(seed: int) -> None:
    """Whatever happens, the stream has each feed in order, and in the end the present host's."""
    Relays(seed).run()


@pytest.mark.parametrize("mistake", [two_relays, not_looked_again, digest_ignored, epoch_ignored])
def test_a_mistake_is_caught(mistake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mistake, made on purpose, is seen within some seeds."""
    mistake(monkeypatch)
    assert caught(SEEDS)
