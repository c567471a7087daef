"""What a host keeps of each peer that takes part, what it counts, and what a turn leads to."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from ....protocol.messages import Fate
from ....runtime.rate_limit import TokenBucket
from . import records
from .claims import Claim

LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)
"""Upper bounds of the report-to-entry histogram, seconds."""


class Member:
    """A peer that takes part, as the host knows it from its token."""

    __slots__ = (
        "ahead", "badge", "bit", "bucket", "counts", "curve", "dry", "enrolled", "expires", "fates",
        "heard", "index", "invite", "key", "last", "late", "n", "name", "peer", "present",
        "revoked", "ripe", "role", "room", "shift", "stays", "token", "told_last",
    )  # fmt: skip

    def __init__(self, index: int, record: records.Member) -> None:
        self.index = index  # among the reporters; -1 for whoever is none
        self.bit = 1 << index if index >= 0 else 0
        self.peer = record.peer
        self.name = record.name
        self.role = record.role
        self.revoked = False  # an operator has put it out
        self.ripe = True  # its votes count; False while its key is on probation
        self.key = b""  # the public key that its reports are signed with
        self.curve: bytes | None = None  # the CURVE form of it, once it was asked for
        self.bucket: TokenBucket | None = None  # how many reports it may send; from the first on
        self.room = 0  # reports taken out of the bucket and not yet sent
        self.dry = -1.0  # monotonic; the turn in which the bucket was found to be empty
        self.renew(record)
        self.n = 0  # every report up to it is stored
        self.ahead: set[int] = set()  # stored beyond a number that is missing
        self.heard = 0.0
        self.last = 0  # the newest number that it has told of, whether the report came or not
        self.told_last = False  # it has told of it since contact was last lost
        self.present = False
        self.fates: list[Fate] = []  # to be told with the next receipt
        self.late: list[tuple[int, Claim]] = []  # reports that joined an entry, likewise

    def renew(self, record: records.Member) -> None:
        """Take over what a new token, or the same one presented anew, says of it."""
        if record.key != self.key:
            self.key, self.curve = record.key, None
        self.name = record.name
        self.token = record.token
        self.badge = record.badge or record.token
        self.expires = 0 if self.revoked else record.expires
        self.shift = record.shift
        self.stays = record.stays  # says that it is there until it says that it leaves
        self.invite = record.invite
        self.enrolled = record.enrolled
        self.counts = record.counts  # wall time from which on its votes do

    def told(self) -> list[Fate]:
        """Return the fates that the next receipt tells, and begin anew."""
        fates = self.fates
        if self.late:
            fates += [Fate(n, "accepted", claim.seq, claim.entry_id) for n, claim in self.late]
            self.late = []
        self.fates = []
        return fates

    def count(self, n: int) -> bool:
        """Count report `n`; tell whether it is new."""
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


@dataclass(slots=True)
class Counters:
    """Plain integers, read when metrics are scraped."""

    stored: int = 0
    duplicate: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    delays: dict[str, int] = field(default_factory=dict)
    alarms: int = 0
    expired: int = 0
    heartbeats: int = 0
    replayed: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS) + 1))
    latency_sum: float = 0.0

    def took(self, seconds: float) -> None:
        """Count how long it took from the first report of an action to its entry."""
        self.latency[bisect_left(LATENCY_BUCKETS, seconds)] += 1
        self.latency_sum += seconds

    def refuse(self, code: str) -> None:
        """Count a refusal."""
        self.refused[code] = self.refused.get(code, 0) + 1


@dataclass(slots=True)
class Output:
    """What a turn leads to: `commit` first, then the rest."""

    commit: bytes = b""
    publish: list[bytes] = field(default_factory=list)
    receipts: list[tuple[str, bytes]] = field(default_factory=list)
    finished: bool = False
