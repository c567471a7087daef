"""A peer that takes part in an event, as the host knows it from its token."""

from __future__ import annotations

from ....protocol.messages import Fate
from ....runtime.rate_limit import TokenBucket
from . import records
from .claims import Claim
from .counters import UNSEEN, Received
from .plausibility import Begun


class Participant:
    """A peer that takes part.

    Args:
        voter: its number among the event's reporters; -1 for a peer that does not report.
        record: what the journal says of it, with digests.
    """

    __slots__ = (
        "ahead", "announced", "answers", "asked_at", "attached", "begun", "bit", "bucket",
        "claim_of", "clock_agreed", "clock_error", "clock_offset", "counts_from", "credit", "curve",
        "eligible", "enrolled", "exhausted_at", "expires", "fates", "followed", "has_announced",
        "heard", "in_frames", "invite", "key", "late", "n", "name", "network", "peer", "pinged",
        "present", "questions", "received", "recovered", "report_token", "revoked", "role",
        "sees_at_once", "shown_key", "stays", "stepped", "stored_as", "tells_round_trip", "token",
        "unanswered", "voter",
    )  # fmt: skip

    def __init__(self, voter: int, record: records.MemberAttached) -> None:
        self.voter = voter
        self.bit = 1 << voter if voter >= 0 else 0  # in a claim's `voters`
        self.peer = record.peer
        self.name = record.name
        self.role = record.role
        self.revoked = False  # an operator has revoked the peer
        self.eligible = True  # its votes count; False while its key is on probation
        self.report_token = ""  # empty: a restart forgot it, and the peer has not shown it since
        self.stored_as = ""  # the digest of it, which its reports carry in the journal
        # How its frames began of late, up to its report token, and how they do in the journal.
        self.in_frames = (b"", b"")
        self.key = b""  # the public key that its reports are signed with
        self.curve: bytes | None = None  # the CURVE form of it, from the first use on
        self.shown_key = ""  # the same in hex, once an unsigned report came with it
        self.bucket: TokenBucket | None = None  # the reports it may send, from the first one on
        self.credit = 0  # reports taken out of the bucket in advance
        self.exhausted_at = -1.0  # monotonic; the turn in which the bucket was found empty
        self.clock_error = 0  # microseconds; the host's wall clock minus its own
        self.clock_agreed = True  # no `attach` measured it on which no ping has followed
        self.pinged: tuple[bytes, int] | None = None  # the connection of the newest ping, its error
        self.tells_round_trip = False  # with its pings
        self.stepped = 0  # microseconds by which its clock was set, for its next receipt
        self.sees_at_once = False  # as a viewer, it has once followed the feed without withholding
        self.renew(record)
        self.n = 0  # every report up to it is stored
        self.ahead: set[int] = set()  # stored beyond a number that is missing
        self.heard = 0.0  # monotonic
        self.attached = 0  # wall time at which its newest `attach` came; 0 before one in this run
        self.announced = 0  # its newest report by its own word, whether that has come or not
        self.has_announced = False  # it has announced it since contact was last lost
        self.present = False
        self.fates: list[Fate] = []  # for its next receipt
        self.questions = 0  # that it was asked
        self.unanswered = 0  # of these
        self.followed = 0  # reports of what had been an entry for a moment
        self.asked_at = 0  # wall time of the newest; 0: none
        self.begun: Begun = {}
        self.claim_of: dict[int, int] = {}  # from its reports to the claims that they matched
        # Of each report that another host handed over: what it says, see `recovery`, and the number
        # under which it counts, which is negative.
        self.recovered: dict[bytes, int] = {}
        self.received: Received = UNSEEN  # by its newest ping as a viewer
        self.late: list[tuple[int, Claim]] = []  # likewise: reports that matched an entry

    def renew(self, record: records.MemberAttached) -> None:
        """Take over what a new token, or the same one presented anew, says of the peer."""
        if record.key != self.key:
            self.key, self.curve, self.shown_key = record.key, None, ""
        self.name = record.name
        self.token = record.token  # its digest
        if record.badge != self.stored_as:
            self.stored_as, self.report_token = record.badge, ""
        self.expires = 0 if self.revoked else record.expires
        self.clock_offset = record.shift  # microseconds, added to each time that it states
        self.stays = record.stays  # it is missed when it falls silent without leaving
        self.invite = record.invite
        self.enrolled = record.enrolled
        self.network = record.network  # a digest of the address from which its key was enrolled
        self.answers = record.answers  # it may be asked questions
        self.sees_at_once = self.sees_at_once or not record.withholds
        self.counts_from = record.counts  # wall time from which on its votes count

    def drain_fates(self) -> list[Fate]:
        """Return the fates for the next receipt, and begin anew."""
        fates = self.fates
        if self.late:
            fates += [Fate(n, "accepted", claim.seq, claim.entry_id) for n, claim in self.late]
            self.late = []
        self.fates = []
        if self.recovered:  # the host that took these in has given their receipts
            return [fate for fate in fates if fate.n > 0]
        return fates

    def count(self, n: int) -> bool:
        """Count report `n`; return whether it is new."""
        if n <= self.n or n in self.ahead:
            return False
        if n != self.n + 1:
            self.ahead.add(n)
            return True
        self.n = n
        while self.n + 1 in self.ahead:
            self.n += 1
            self.ahead.discard(self.n)
        return True
