"""What the journal holds: every turn of the host's loop as one array of records.

A record is a message that came in, as it came, or one that was published, as it was published, or
one of the small structs below. Handing the records back to the core in order rebuilds its state:
reports are joined to claims again, and what was decided is taken from the record, not decided anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ....protocol import messages
from ....protocol.errors import StorageFault
from ....protocol.messages import Id, Message, Micros, Name, Role, Text


class Began(Message, frozen=True, kw_only=True):
    """The host started, or took over, under this epoch.

    `verdict`, `alone` and `signed` are the settings in force from here on: the policy, and whether
    every report has to be signed.
    """

    epoch: int
    verdict: Name = ""
    alone: bool = False
    signed: bool = False


class Turn(Message, frozen=True, kw_only=True):
    """The records after this one arrived at this wall time."""

    received: Micros


class Member(Message, frozen=True, kw_only=True):
    """A token was accepted, in the hands of whoever holds `key`. `badge`: what the member's reports
    carry (in journals of before there were badges: the token). `shift`: what is added to the
    member's times, microseconds. `stays`: the member says that it is there until it says that it
    leaves. `invite`: the invitation that it enrolled by at the broker, `enrolled` when. `counts`:
    the wall time from which on its votes do."""

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


class Revoked(Message, frozen=True, kw_only=True):
    """The broker said that an operator has put a peer out."""

    peer: Id


class Presence(Message, frozen=True, kw_only=True):
    """A reporter came, or fell silent, or left."""

    peer: Id
    present: bool
    left: bool = False


class Held(Message, frozen=True, kw_only=True):
    """Enough agree on a claim, but the sport's rules forbid it where it stands."""

    claim: int
    reason: Text


class Expired(Message, frozen=True, kw_only=True):
    """A claim did not make it."""

    claim: int
    code: Name = ""
    reason: Text = ""


class Corrected(Message, frozen=True, kw_only=True):
    """The entry that follows was corrected by this claim's votes."""

    claim: int


class Struck(Message, frozen=True, kw_only=True):
    """Votes of a claim were taken out, since their signatures do not hold. `voters`: indexes among
    the event's reporters."""

    claim: int
    voters: list[int]


class Contact(Message, frozen=True, kw_only=True):
    """A reporter was heard again after an alarm."""


class Confirmed(Message, frozen=True, kw_only=True):
    """Reporters confirmed a score after an outage by this claim; `adopt`: the entries lead to
    another, so that it is in force from this event time on."""

    claim: int
    time: Micros
    score: dict[str, object]
    adopt: bool = False


Record = (
    Began
    | Turn
    | Member
    | Revoked
    | Presence
    | Held
    | Expired
    | Corrected
    | Struck
    | Contact
    | Confirmed
    | messages.Report
    | messages.Reports
    | messages.Entry
    | messages.Alarm
    | messages.Restored
    | messages.Finished
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
    except msgspec.MsgspecError as error:
        raise StorageFault(f"the journal holds a turn that can't be read: {error}") from None
