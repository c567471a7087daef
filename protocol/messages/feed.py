"""What a host publishes on its PUB socket."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from .. import limits
from ..fields import (
    Count,
    DelayStatus,
    Details,
    EntryStatus,
    Evidence,
    FeedState,
    Id,
    Message,
    Micros,
    Name,
    Pending,
    Seconds,
    Text,
)


class Entry(Message, frozen=True, kw_only=True):
    """An accepted action on the timeline, with everything a subscriber needs.

    `seq` is its place in the order of arrival, `place` that in match order, from 1, when it was
    published (0 where it is deleted).
    """

    event: Id
    epoch: Count
    seq: Count
    entry_id: Id
    status: EntryStatus
    title: Name
    origin: Name
    time: Micros
    first_reported: Micros
    accepted: Micros
    sent: Micros
    evidence: Evidence
    place: Count = 0
    delay_status: DelayStatus = ""
    reason: Text = ""
    text: Text = ""
    clock: Name = ""
    details: Details = field(default_factory=dict)
    relates_to: Id = ""
    score: dict[str, object] = field(default_factory=dict)
    headline: Text = ""


class Alarm(Message, frozen=True, kw_only=True):
    """Nothing has been heard from the venue since `last_received`: the event is suspended.

    `number` counts the alarms of one outage from 1.
    """

    event: Id
    epoch: Count
    seq: Count
    sent: Micros
    last_received: Micros
    number: Count = 1


class Restored(Message, frozen=True, kw_only=True):
    """What happened in an outage has been put together; the event goes on.

    `entries` were put on the timeline for the time from `since` to `until`, of which `inaccurate`
    are known not to be right, for the `reason`. `confirmed`: reporters stated this score.
    """

    event: Id
    epoch: Count
    seq: Count
    sent: Micros
    since: Micros
    until: Micros
    entries: Count = 0
    inaccurate: Count = 0
    confirmed: bool = False
    reason: Text = ""
    score: dict[str, object] = field(default_factory=dict)
    headline: Text = ""


class Finished(Message, frozen=True, kw_only=True):
    """The event is over; nothing follows but heartbeats."""

    event: Id
    epoch: Count
    seq: Count
    sent: Micros
    score: dict[str, object] = field(default_factory=dict)
    headline: Text = ""


class Heartbeat(Message, frozen=True, kw_only=True):
    """Nothing is newer than `seq`; takes no seq itself.

    `disputed` of the open `claims` have enough voters, but as many against them; `pending` are the
    newest of those that are no corrections. `trouble` says why the host can store nothing at the
    moment.
    """

    event: Id
    epoch: Count
    seq: Count
    digest: bytes
    sent: Micros
    present: Count = 0
    claims: Count = 0
    interval: Seconds = 10.0
    disputed: Count = 0
    state: FeedState = "live"
    trouble: Text = ""
    pending: Annotated[list[Pending], Meta(max_length=limits.PENDING)] = field(default_factory=list)


FeedMessage = Entry | Alarm | Restored | Finished
"""What takes a seq, and has its place in a replay, a journal and a recording."""

Published = FeedMessage | Heartbeat
