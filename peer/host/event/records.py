"""What the journal holds: every turn of the host's loop as one array of records.

A record is a message as it came in, a message as it was published, or one of the small structs
below. Handing the records back to the event in order rebuilds its state: reports are matched to
claims again, and each decision is taken from its record instead of being made anew.

A struct's tag is its name in the journal: it stays what it is, whatever the class is called.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import field

from ....protocol import messages
from ....protocol.errors import StorageFault
from ....protocol.messages import Id, Message, Micros, Name, Role, Text
from ....protocol.times import EARLIEST

EDITION = 11
"""The edition of the rules by which a host matches reports to claims; 0 is that of release 0.1. A
journal's reports are matched by the rules under which they came in, so that its later records speak
of the same claims. Since edition 2 what gives way to an entry is taken back before that comes;
since edition 3 a reporter begins no more claims than an event can have, see `plausibility`; since
edition 4 the last word of a reporter counts that thought better of it, see `cases`; since edition 5
what is learned of how late people tap is held against a first guess, see `thumbs`; since edition 6
names are told in more forms, see `details`, and who told the same some time apart is not silent
about it, see `cases`; since edition 7 more can be under review; since edition 8 a report that
waited while the host was away had seen no more than when it was made, see `intake`; since edition
9 a feed that is full takes no further report in; since edition 10 what nobody reported can be under
review, see `statements`; since edition 11 the whistle that ends the last period is one claim,
whichever of its words is said, see `Kind.same_since`, who tells a thing again with its details
tells the same again, see `claims`, what is under review can be taken back however long that takes,
see `related`, names are told in more spellings, see `details`, points are suspected of being told
twice, see `suspicion`, and who reports the final whistle speaks for the end, see `allies`. A
sport's actions and details say since which edition they are known: what a host refused because it
knew no such thing stays refused."""


class Began(Message, frozen=True, kw_only=True):
    """The host started, or took over, under this epoch.

    `verdict`, `alone` and `signed` are the settings in force from here on: the policy, and whether
    every report must be signed. `book` is the digest of the book of records, empty without one.
    `edition` is that of the rules by which reports are matched, see `EDITION`; `earliest` the
    earliest event time that a report may state (any, in journals of the time before that bound).
    """

    epoch: int
    verdict: Name = ""
    alone: bool = False
    signed: bool = False
    book: bytes = b""
    edition: int = 0
    earliest: Micros = EARLIEST


class TurnBegan(Message, frozen=True, kw_only=True, tag="turn"):
    """The records after this one belong to a turn at this wall time."""

    received: Micros


class MemberAttached(Message, frozen=True, kw_only=True, tag="member"):
    """A token was accepted over a connection of `key`.

    `hashed`: `token` and `badge` are digests; without it, in journals of the time before, they are
    what they stand for. `badge`: the report token, which the peer's reports carry (empty in
    journals of the time before there were any: the token itself). `shift`: the offset of its
    clock, microseconds, which is added to its times. `stays`: the peer counts as there until it
    says that it leaves. `invite`: the invitation by which it enrolled at the broker, `enrolled`
    when, and `network` a digest of the address from which. `counts`: the wall time from which on
    its votes count. `answers`: it may be asked questions. `withholds`: what it follows is shown to
    its reporter no sooner than the host takes for granted.
    """

    peer: Id
    name: Name
    token: Id
    role: Role
    expires: Micros
    key: bytes = b""
    badge: Id = ""
    shift: int = 0
    stays: bool = False
    invite: Id = ""
    enrolled: Micros = 0
    counts: Micros = 0
    answers: bool = False
    withholds: bool = False
    hashed: bool = False
    network: Id = ""


class ClockSet(Message, frozen=True, kw_only=True, tag="clock"):
    """A reporter's clock was set since its offset was last measured; from here on it is `shift`
    microseconds."""

    peer: Id
    shift: int


class PeerRevoked(Message, frozen=True, kw_only=True, tag="revoked"):
    """The broker said that an operator has revoked a peer."""

    peer: Id


class PresenceChanged(Message, frozen=True, kw_only=True, tag="presence"):
    """A reporter came, or fell silent, or left."""

    peer: Id
    present: bool
    left: bool = False


class Held(Message, frozen=True, kw_only=True):
    """Enough agree on a claim, but the sport's rules forbid it where it stands."""

    claim: int
    reason: Text


class Expired(Message, frozen=True, kw_only=True):
    """A claim did not find enough reporters in time, or was given up."""

    claim: int
    code: Name = ""
    reason: Text = ""


class Corrected(Message, frozen=True, kw_only=True):
    """The entry that follows was corrected by this claim's votes."""

    claim: int


class Struck(Message, frozen=True, kw_only=True):
    """Votes and answers were taken out of a claim, since their signatures do not hold.

    `voters`, `answers`: numbers among the event's reporters.
    """

    claim: int
    voters: list[int]
    answers: list[int] = field(default_factory=list)


class Uncounted(Message, frozen=True, kw_only=True):
    """Votes for a claim do not count in its next entry: it takes fewer, and their signatures were
    not verified.

    `voters`: numbers among the event's reporters; they replace those of the record before.
    """

    claim: int
    voters: list[int]


class QuestionsAsked(Message, frozen=True, kw_only=True, tag="asked"):
    """Reporters were asked whether what a claim says happened.

    `voters`: numbers among the event's reporters.
    """

    claim: int
    voters: list[int]


class ContactRegained(Message, frozen=True, kw_only=True, tag="contact"):
    """A reporter was heard again after an alarm."""


class ScoreConfirmed(Message, frozen=True, kw_only=True, tag="confirmed"):
    """Reporters confirmed a score after an outage by this claim.

    `adopt`: the entries lead to another score, and this one is in force from event time `time` on.
    """

    claim: int
    time: Micros
    score: dict[str, object]
    adopt: bool = False


class ReportRecovered(Message, frozen=True, kw_only=True, tag="recovered"):
    """A report of the reporter `peer` came from the journal of another host of the event, `by`.

    It has the number under which its reporter signed it, which is no number of this host's. `on`:
    the claim here that it is about, which is another entry or claim of the other host's; 0: none.
    """

    peer: Id
    said: messages.Said
    by: Id
    on: int = 0


Record = (
    Began
    | TurnBegan
    | MemberAttached
    | ClockSet
    | PeerRevoked
    | PresenceChanged
    | Held
    | Expired
    | Corrected
    | Struck
    | Uncounted
    | QuestionsAsked
    | ContactRegained
    | ScoreConfirmed
    | ReportRecovered
    | messages.Report
    | messages.ReportBatch
    | messages.Ruling
    | messages.FeedMessage
)

_decode = msgspec.msgpack.Decoder(list[Record]).decode
_decode_raw = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


def pack(records: Sequence[bytes]) -> bytes:
    """Return one blob, a MessagePack array, of records that are encoded already."""
    return b"\xdd" + len(records).to_bytes(4, "big") + b"".join(records)


def unpack(blob: bytes) -> list[tuple[Record, bytes]]:
    """Return each record of a blob together with its bytes.

    Raises:
        StorageFault: the blob is not one that `pack` made.
    """
    try:
        return list(zip(_decode(blob), map(bytes, _decode_raw(blob)), strict=True))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StorageFault(f"the journal holds a turn that cannot be read: {error}") from None
