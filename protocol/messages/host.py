"""What peers say to a host, and what it answers: ROUTER and PULL."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from .. import limits
from ..fields import (
    ActionSpec,
    Card,
    Count,
    Fate,
    Happening,
    Id,
    Message,
    Micros,
    Role,
    Seconds,
    Signature,
)
from .broker import VERSION, Done, Error

# ── peer → host, ROUTER ──────────────────────────────────────────────────────────────────────


class Attach(Message, frozen=True, kw_only=True):
    """Present a token; `time` is the sender's wall clock at that moment, `rtt` the round trip
    that it measured just before, in microseconds (0: not measured). `last` is the number of a
    reporter's newest report, sent or not; one that is `brief` leaves without a word."""

    id: Count
    token: Id
    time: Micros
    rtt: Count = 0
    last: Count = 0
    brief: bool = False
    version: int = VERSION


class Replay(Message, frozen=True, kw_only=True):
    """Ask for published messages `first` to `last`; `last` 0 means up to the newest."""

    id: Count
    event: Id
    first: Count
    last: Count = 0


class HostPing(Message, frozen=True, kw_only=True, tag="ping"):
    """Say that one is there; reporters add the number of their newest report, sent or not,
    subscribers their counters."""

    id: Count
    event: Id
    time: Micros
    last: Count = 0
    seq: Count = 0
    received: Count = 0
    lost: Count = 0


class Detach(Message, frozen=True, kw_only=True):
    """Leave an event."""

    id: Count
    event: Id


# ── host → peer, ROUTER ──────────────────────────────────────────────────────────────────────


class Setup(Message, frozen=True, kw_only=True):
    """All that a peer needs to take part; `n` is the host's count of this reporter's reports.

    `badge` is what its reports carry as their token: the host gives it only to the holder of the
    key that the broker gave the token to.
    """

    id: Count
    card: Card
    actions: list[ActionSpec]
    peer: Id
    role: Role
    epoch: Count
    seq: Count
    digest: bytes
    time: Micros
    heartbeat: Seconds
    badge: Id
    n: Count = 0


class Block(Message, frozen=True, kw_only=True):
    """Published messages from `first` on, as they were published; `more` blocks follow."""

    id: Count
    event: Id
    first: Count
    frames: list[bytes]
    more: bool = False


class Pong(Message, frozen=True, kw_only=True):
    """`time` repeats the ping's; `host_time` is the host's wall clock."""

    id: Count
    event: Id
    time: Micros
    host_time: Micros


class Confirm(Message, frozen=True, kw_only=True):
    """Ask a reporter for the score it sees: contact was lost from `since` to `until`."""

    event: Id
    since: Micros
    until: Micros


class Receipt(Message, frozen=True, kw_only=True):
    """Everything up to `n` is on the host's disk; `fates` tell what became of single reports."""

    event: Id
    n: Count
    fates: list[Fate] = field(default_factory=list)


# ── reporter → host, PULL ────────────────────────────────────────────────────────────────────


class Report(Message, frozen=True, kw_only=True):
    """One reporter's statement that an action happened.

    `n` counts the reporter's reports from 1 and never repeats; `time` is when it was said,
    `event.time` when it happened. `token` is the badge of `setup`. `signature` is the reporter's
    over the content, see `signing.content`.
    """

    token: Id
    n: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    time: Micros
    event: Happening
    signature: Signature = b""


class Said(Struct, frozen=True, gc=False, omit_defaults=True):
    """One report within a batch."""

    n: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    time: Micros
    event: Happening
    signature: Signature = b""


class ReportBatch(Message, frozen=True, kw_only=True, tag="reports"):
    """Reports of one reporter in one frame, in the order of `n`."""

    token: Id
    reports: Annotated[list[Said], Meta(max_length=limits.BATCH_REPORTS)]


HostRequest = Attach | Replay | HostPing | Detach
HostReply = Setup | Block | Pong | Confirm | Receipt | Done | Error
ReportFrame = Report | ReportBatch
