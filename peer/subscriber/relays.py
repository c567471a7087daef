"""Which relays of an event are heard, and what they say of its host. Pure.

| nothing comes, and | the cause is |
|---|---|
| the connection to NATS is lost | link_lost |
| no relay is heard for two of its intervals | relay_lost |
| every relay that is heard has lost the host | host_lost |
| a relay asks its broker about the host, or has just come | silent |
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ...protocol.messages import RelayBeat
from .silence import OWN_LINK, Cause

MOST_RELAYS = 16
"""The most relays that are kept apart; of more, those heard longest ago are forgotten."""

MOST_SEEN = 64
"""The heartbeats that are remembered, so that the same one counts once."""


@dataclass(slots=True)
class _HeardRelay:
    beat: RelayBeat
    until: float  # monotonic; heard until then, without a further beat


class Relays:
    """The relays of one event, as a subscriber hears them."""

    def __init__(self) -> None:
        self._heard: dict[str, _HeardRelay] = {}
        self._seen: deque[bytes] = deque(maxlen=MOST_SEEN)

    def take(self, beat: RelayBeat, now: float) -> bytes | None:
        """Take what a relay says; return the host's heartbeat in it, None where it is not new.

        Args:
            beat: the message.
            now: monotonic seconds.
        """
        self._heard.pop(beat.relay, None)
        self._heard[beat.relay] = _HeardRelay(beat, now + 2 * beat.interval)
        while len(self._heard) > MOST_RELAYS:
            del self._heard[next(iter(self._heard))]
        if not beat.beat or beat.beat in self._seen:
            return None
        self._seen.append(beat.beat)
        return beat.beat

    def silence(self, now: float, *, away: str) -> Cause:
        """Return the cause of a silence.

        Args:
            now: monotonic seconds.
            away: why the connection to NATS does not stand; empty where it does.
        """
        if away:
            return Cause("link_lost", f"{away}{OWN_LINK}")
        heard = [one.beat for one in self._heard.values() if one.until > now]
        if not heard:
            return Cause("relay_lost", "no relay of the event can be heard, but NATS can")
        lost = [beat for beat in heard if beat.host in ("host_lost", "link_lost")]
        if len(lost) < len(heard):
            return Cause("silent", "the host can't be heard; its relay does not know why yet")
        return Cause("host_lost", f"the relay can be heard, the host can't: {lost[-1].text}")
