"""The messages between peers and a host, on ROUTER and PULL."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from .. import limits
from ..fields import (
    Act,
    ActionSpec,
    Card,
    Count,
    Details,
    Fate,
    Happening,
    Id,
    Key,
    Message,
    Micros,
    Name,
    Role,
    Seconds,
    Signature,
    Text,
    WhyScore,
)
from .broker import VERSION, Done, Error

Checksum = Annotated[bytes, Meta(max_length=16)]
"""That of a turn of a journal, which covers all turns before it; or empty."""


# ── peer → host, ROUTER ──────────────────────────────────────────────────────────────────────


class Attach(Message, frozen=True, kw_only=True):
    """Present a token.

    `time` is the peer's wall clock when it sends this, `rtt` the round trip that it has just
    measured, in microseconds (0: not measured). `last` is the number of a reporter's newest report,
    sent or not. A `brief` reporter leaves without `detach`. A reporter that `answers` takes
    questions, see `Ask`. A viewer that `withholds` shows no entry to a reporter before it may see
    it: see *What a reporter had seen* in the protocol.
    """

    id: Count
    token: Id
    time: Micros
    rtt: Count = 0
    last: Count = 0
    brief: bool = False
    answers: bool = False
    version: int = VERSION
    withholds: bool = False


class Replay(Message, frozen=True, kw_only=True):
    """Ask for published messages `first` to `last`; `last` 0 means up to the newest."""

    id: Count
    event: Id
    first: Count
    last: Count = 0


class HostPing(Message, frozen=True, kw_only=True, tag="ping"):
    """Show that the peer is there.

    A reporter adds the number of its newest report, sent or not (`last`), a subscriber its counters
    (`seq`, `received`, `lost`, `repaired`, `duplicate`). `rtt` is the round trip of the ping before
    it, in microseconds (0: not measured).
    """

    id: Count
    event: Id
    time: Micros
    last: Count = 0
    seq: Count = 0
    received: Count = 0
    lost: Count = 0
    rtt: Count = 0
    repaired: Count = 0
    duplicate: Count = 0


class Detach(Message, frozen=True, kw_only=True):
    """Leave an event."""

    id: Count
    event: Id


class AskScore(Message, frozen=True, kw_only=True, tag="inquire"):
    """The owner of an event, or a present reporter, wants every reporter asked for the score."""

    id: Count
    event: Id


class Ruling(Message, frozen=True, kw_only=True):
    """The owner of an event decides something about it, with a reason.

    `ruling` is random: the same ruling that is sent again changes nothing. `key` is the owner's
    public key, and `signature` the owner's over the content, see `signing.ruling_content`. Which of
    `title`, `entry`, `origin`, `score` and `details` an act takes is listed in `docs/PROTOCOL.md`.
    """

    id: Count
    event: Id
    ruling: Id
    time: Micros
    act: Act
    reason: Text
    key: Key
    signature: Signature
    entry: Id = ""
    origin: Name = ""
    score: Text = ""
    details: Details = field(default_factory=dict)
    title: Name = ""


class Said(Struct, frozen=True, gc=False, omit_defaults=True):
    """One report within a batch."""

    n: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    time: Micros
    event: Happening
    signature: Signature = b""
    seen: Count = 0


class Voted(Struct, frozen=True, gc=False, omit_defaults=True):
    """A report of one reporter that is no action, as another host took it in.

    `about` is the action that the entry or claim which it names is of, as that host has it; nil
    where it names none.
    """

    said: Said
    about: Happening | None = None


class Carried(Struct, frozen=True, gc=False, omit_defaults=True):
    """Reports of one reporter, as another host took them in.

    `token` is the digest of the reporter's token, by which the broker knows it, and `shift` what
    that host added to the reporter's times, in microseconds. The reports have the numbers under
    which the reporter signed them. `votes`: those that are no actions; they follow the others.
    """

    peer: Id
    token: Id
    reports: Annotated[list[Said], Meta(max_length=limits.BATCH_REPORTS)]
    shift: int = 0
    votes: Annotated[list[Voted], Meta(max_length=limits.BATCH_REPORTS)] = field(
        default_factory=list
    )


class Recover(Message, frozen=True, kw_only=True):
    """A host that has lost the event offers reports from its journal to the one that has it."""

    id: Count
    event: Id
    carried: Annotated[list[Carried], Meta(max_length=limits.CARRIED)]


class FollowJournal(Message, frozen=True, kw_only=True, tag="follow"):
    """A host that keeps a copy of the event's journal asks for the turns after the last it has.

    `token` is that of its invitation as host. It has the turns up to `turn` on its disk, counted
    from 1 in the event, and `checksum` is that of the last of them, empty before the first. With
    `offset` it has so many bytes of the next turn besides, which it has not stored.
    """

    id: Count
    event: Id
    token: Id
    turn: Count = 0
    checksum: Checksum = b""
    offset: Count = 0


# ── host → peer, ROUTER ──────────────────────────────────────────────────────────────────────


class Setup(Message, frozen=True, kw_only=True):
    """What a peer needs to take part in an event.

    `badge` is the token that the peer's reports carry; the host gives it only to the key that the
    broker gave the peer's token to. `n` is the number up to which the host has this reporter's
    reports. `journal` names the history that the host's journal continues: another host that names
    it counts as this one does. It is empty where the journal continues that of no other host.
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
    journal: Id = ""


class Block(Message, frozen=True, kw_only=True):
    """Published messages from `first` on, byte for byte; `more`: another block follows."""

    id: Count
    event: Id
    first: Count
    frames: list[bytes]
    more: bool = False


class Pong(Message, frozen=True, kw_only=True):
    """Answer a ping: `time` repeats the ping's, `host_time` is the host's wall clock."""

    id: Count
    event: Id
    time: Micros
    host_time: Micros


class Confirm(Message, frozen=True, kw_only=True):
    """Ask a reporter for the score that it sees: after an outage from `since` to `until`, or for
    another reason, `why`, at the time of both."""

    event: Id
    since: Micros
    until: Micros
    why: WhyScore = ""


class Ask(Message, frozen=True, kw_only=True):
    """Ask a reporter whether an action happened, if reporters disagree or too few have reported it.

    The answer is a report titled `answer` with the details `claim`, which repeats the number, and
    `yes`, true or false. It counts as a vote for or against. `text` is the question in words;
    after `until` (wall time) an answer may come too late.
    """

    event: Id
    claim: Count
    title: Name
    origin: Name
    time: Micros
    until: Micros
    text: Text = ""
    details: Details = field(default_factory=dict)


class Receipt(Message, frozen=True, kw_only=True):
    """All reports up to `n` are on the host's disk; `fates` are the outcomes of single reports.

    `stepped`: the host has seen that the reporter's clock was set, forward where it is positive,
    by so many microseconds, and corrects the times of the reports that follow; 0: it was not.
    """

    event: Id
    n: Count
    fates: list[Fate] = field(default_factory=list)
    stepped: int = 0


class Recovered(Message, frozen=True, kw_only=True):
    """The offered reports are on the host's disk, but for those that it does not take; `new` of
    them it did not have."""

    id: Count
    event: Id
    new: Count


class CopiedTurn(Struct, frozen=True, gc=False, omit_defaults=True):
    """A turn of a journal as it is stored, with its checksum; releases before stored none."""

    records: bytes
    checksum: Checksum = b""


class Turns(Message, frozen=True, kw_only=True):
    """The turns of the event's journal from `first` on; none: there is nothing newer.

    `rest`: so many bytes of the last of them are missing, which follow when they are asked for;
    `offset` in the request then says that the bytes before are there. `newest` is the number of the
    newest turn. `card` comes with the first answer to a connection.
    """

    id: Count
    event: Id
    first: Count
    newest: Count
    epoch: Count
    turns: list[CopiedTurn] = field(default_factory=list)
    rest: Count = 0
    card: Card | None = None


class Ruled(Message, frozen=True, kw_only=True):
    """A ruling is on the host's disk, and was published as `seq` of a new `epoch`."""

    id: Count
    event: Id
    ruling: Id
    epoch: Count
    seq: Count


# ── reporter → host, PULL ────────────────────────────────────────────────────────────────────


class Report(Message, frozen=True, kw_only=True):
    """One reporter's statement that an action happened.

    `n` counts the reporter's reports from 1 and never repeats. `time` is when the reporter made the
    report, `event.time` when the action happened. `token` is the badge of `setup`. `signature` is
    the reporter's over the content, see `signing.content`. `seen` is the number of the newest claim
    that the host had shown the reporter before (see `Pending`), 0 if it had shown none.
    """

    token: Id
    n: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    time: Micros
    event: Happening
    signature: Signature = b""
    seen: Count = 0


class ReportBatch(Message, frozen=True, kw_only=True, tag="reports"):
    """Reports of one reporter in one frame, in the order of `n`."""

    token: Id
    reports: Annotated[list[Said], Meta(max_length=limits.BATCH_REPORTS)]


HostRequest = Attach | Replay | HostPing | Detach | AskScore | Ruling | Recover | FollowJournal
HostReply = (
    Setup | Block | Pong | Confirm | Ask | Receipt | Ruled | Recovered | Turns | Done | Error
)
ReportFrame = Report | ReportBatch
