"""The messages that a host publishes on its PUB socket."""

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
    HowEnded,
    Id,
    Message,
    Micros,
    Name,
    Pending,
    Recount,
    ReviewOutcome,
    Seconds,
    Text,
)


class Entry(Message, frozen=True, kw_only=True):
    """An accepted action on the timeline, with everything a subscriber needs.

    `seq` is its place in the order of publication. `place` is its place in match order, from 1, at
    the moment of publication; 0 for a deleted entry. In 19 of 20 cases the action happened within
    `spread` (microseconds) of `time`; 0 if the spread is not known. A statement puts the score
    `stated` in force. While the entry is under review, `review` says of what; afterwards
    `reviewed` says whether it was upheld or overturned, or that nobody told. Where the event's
    owner has ruled so, `by` is the owner's id, and `reason` says why.
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
    spread: Count = 0
    stated: dict[str, object] = field(default_factory=dict)
    review: Name = ""
    by: Id = ""
    reviewed: ReviewOutcome = ""


class Alarm(Message, frozen=True, kw_only=True):
    """The host has heard no reporter since `last_received`, and suspends the event.

    `number` counts the alarms of one outage from 1.
    """

    event: Id
    epoch: Count
    seq: Count
    sent: Micros
    last_received: Micros
    number: Count = 1


class Restored(Message, frozen=True, kw_only=True):
    """The host has reconstructed an outage, and the event goes on.

    It put `entries` on the timeline for the time from `since` to `until`; `inaccurate` of them are
    known to be wrong, for the `reason`. `confirmed`: reporters stated this score.
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
    """The event is over, or (not `over`) it is not, after all.

    `how` it ended, where it was not played to its end; `winner` is the side that won it then, and
    `reason` says why. Reports of it count `until` this wall time: corrections may follow. Where the
    owner of the event has ruled so, `by` is the owner's id.
    """

    event: Id
    epoch: Count
    seq: Count
    sent: Micros
    score: dict[str, object] = field(default_factory=dict)
    headline: Text = ""
    how: HowEnded = ""
    winner: Name = ""
    reason: Text = ""
    over: bool = True
    until: Micros = 0
    by: Id = ""


class Heartbeat(Message, frozen=True, kw_only=True):
    """The newest published message is `seq`; a heartbeat takes no seq itself.

    `disputed` counts the open `claims` that have enough voters but as many reporters against them.
    `pending` lists the newest open claims, without corrections. `recounts` brings the votes of
    entries up to date of which only the counts changed since they were published: of the newest
    ones, and of older ones by turns. `trouble` says why the host takes nothing in: it cannot write
    its journal, or is without its lease. It is empty if all is well. `moved`: the host has handed
    the event over; the broker knows to whom.
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
    recounts: Annotated[list[Recount], Meta(max_length=limits.RECOUNTS)] = field(
        default_factory=list
    )
    moved: bool = False


FeedMessage = Entry | Alarm | Restored | Finished
"""The messages that take a seq; a replay, a journal and a recording hold them."""

Published = FeedMessage | Heartbeat
