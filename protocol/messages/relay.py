"""The messages that a relay puts into NATS beside the feed's own.

The feed itself is stored as it was published, body for body; see section 18 of `docs/PROTOCOL.md`.
"""

from __future__ import annotations

from ..fields import ActionSpec, Card, Count, HostContact, Id, Message, Micros, Seconds, Text


class Relayed(Message, frozen=True, kw_only=True):
    """The event whose feed is in the stream: what a subscriber needs besides the feed.

    Stored, a new one whenever it has changed. `heartbeat` is the host's interval in seconds.
    """

    event: Id
    sent: Micros
    card: Card
    actions: list[ActionSpec]
    heartbeat: Seconds = 10.0


class RelayBeat(Message, frozen=True, kw_only=True, tag="relay"):
    """A relay is there, and says whether it hears the host. Not stored.

    `relay` is random, another one after each start. `interval` is the time in seconds until its
    next. `host` says how the host is heard, `text` the same for people. `seq` is the newest message
    that the relay knows to be in the stream. `beat` is the host's newest heartbeat as it was
    published, empty before the first; no message before it is missing in the stream.
    """

    event: Id
    relay: Id
    sent: Micros
    interval: Seconds
    host: HostContact = "heard"
    text: Text = ""
    seq: Count = 0
    beat: bytes = b""


RelayMessage = Relayed | RelayBeat
