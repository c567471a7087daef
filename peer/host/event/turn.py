"""What one turn of the host's loop leads to: records to commit first, then the rest. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ....protocol import codec
from ....protocol.messages import EntryStatus, Fate, Receipt, Report, Said
from . import records
from .claims import Claim
from .participant import Participant

RECEIPT_FATES = 200
"""Fates in one receipt, so that with the longest reasons it keeps the limit of a frame."""


class Unverified(NamedTuple):
    """A report that is accepted if its signature holds: nothing that is published took it.

    `seq`, `entry_id`: of the message and the entry that it is told of then.
    """

    reporter: Participant
    claim: Claim
    said: Report | Said
    seq: int
    entry_id: str


@dataclass(slots=True)
class Output:
    """What a turn leads to: `commit` first, then the rest."""

    commit: bytes = b""
    publish: list[bytes] = field(default_factory=list)
    receipts: list[tuple[str, bytes]] = field(default_factory=list)
    finished: bool = False
    taps: list[int] = field(default_factory=list)
    """When the reports were made that are stored by it, by the host's clock; microseconds."""
    accepted: int = 0
    """How many versions of entries there are among what is published."""
    versions: list[tuple[EntryStatus, float]] = field(default_factory=list)
    """The status of each entry that has come to another one, with the seconds since the first vote
    that led to it."""
    answers: list[float] = field(default_factory=list)
    """The seconds that each answer to a question took."""
    began: float = 0.0
    """When the turn began; the shell sets it, monotonic seconds."""


class Turn:
    """Collects what the parts of an event lead to until it is taken.

    Args:
        event: its id.
        reporters: of the event, by the number of their vote.
    """

    def __init__(self, event: str, reporters: list[Participant]) -> None:
        self._event = event
        self._topic = codec.topic(event)
        self._reporters = reporters
        self._records: list[bytes] = []
        self._published: list[bytes] = []
        self._frames: list[tuple[str, bytes]] = []
        self._wall = 0
        # The list lives as long as the turn, so that its `append` is looked up once and not for
        # each report.
        self.record: Callable[[bytes], None] = self._records.append
        """record(encoded): add an encoded record for the journal."""
        self.owed: dict[str, Participant] = {}
        """The peers that get a receipt at the end of the turn, by token."""
        self.taps: list[int] = []
        """See `Output`; the list lives as long as the turn."""
        self.accepted = 0
        """See `Output`."""
        self.versions: list[tuple[EntryStatus, float]] = []
        """See `Output`."""
        self.answers: list[float] = []
        """See `Output`."""
        self.unverified: list[Unverified] = []
        """The reports that are told their fate when their signatures were verified."""

    def begin(self, wall: int) -> None:
        """Date the records that follow: microseconds since 1970 UTC."""
        if self._records:
            self.record(codec.encode(records.TurnBegan(received=wall)))
        else:
            self._wall = wall

    def publish(self, body: bytes) -> None:
        """Add a message for the feed."""
        self._published.append(self._topic + body)

    def send(self, participant: Participant, frame: bytes) -> None:
        """Add a frame for a peer that is no receipt."""
        self._frames.append((participant.token, frame))

    def add_fate(self, participant: Participant, fate: Fate) -> None:
        """Add what became of a peer's report to its next receipt."""
        participant.fates.append(fate)
        self.owed[participant.token] = participant

    def add_fates(self, claim: Claim, fate: Fate) -> None:
        """Add what became of a claim to the next receipt of each of its voters. A report that is
        accepted and whose signature was not verified is told so later, see `Signatures`.

        Args:
            claim: it has ended.
            fate: with any `n`; each receipt gets its own.
        """
        outcome, seq, entry_id = fate.outcome, fate.seq, fate.entry_id
        code, reason = fate.code, fate.reason
        votes = claim.votes
        reporters, owed = self._reporters, self.owed
        if claim.repeats:
            again = claim.repeats.items()
            votes = [*votes, *((voter, one.n) for voter, of_voter in again for one in of_voter)]
        if outcome == "accepted" and (claim.unverified or claim.repeats):
            later = {(voter, said.n): said for voter, said in _signed(claim)}
            for (voter, _), said in later.items():
                self.unverified.append(Unverified(reporters[voter], claim, said, seq, entry_id))
            votes = [vote for vote in votes if vote not in later]
        for voter, n in votes:
            reporter = reporters[voter]
            reporter.fates.append(Fate(n, outcome, seq, entry_id, code, reason))
            owed[reporter.token] = reporter

    def discard(self) -> None:
        """Forget everything, as after each turn of a restore, which leads to nothing new."""
        self._records.clear()
        self._published = []
        self._frames = []
        for participant in self.owed.values():
            participant.fates, participant.late = [], []
        self.owed.clear()
        self.taps.clear()
        self.accepted = 0
        self.versions, self.answers = [], []
        self.unverified.clear()

    def take(self, *, finished: bool) -> Output:
        """Return what was collected, and begin anew."""
        output = Output(
            publish=self._published,
            finished=finished,
            taps=self.taps.copy(),
            accepted=self.accepted,
            versions=self.versions,
            answers=self.answers,
        )
        self.taps.clear()
        self.accepted = 0
        self.versions, self.answers = [], []
        self._published = []
        if self._records:
            date = codec.encode(records.TurnBegan(received=self._wall))
            output.commit = records.pack([date, *self._records])
            self._records.clear()
        for participant in self.owed.values():
            fates = participant.drain_fates()
            for start in range(0, max(1, len(fates)), RECEIPT_FATES):
                part = fates[start : start + RECEIPT_FATES]
                stepped, participant.stepped = participant.stepped, 0
                receipt = Receipt(event=self._event, n=participant.n, fates=part, stepped=stepped)
                output.receipts.append((participant.token, codec.encode(receipt)))
        self.owed.clear()
        output.receipts += self._frames
        self._frames = []
        return output


def _signed(claim: Claim) -> list[tuple[int, Report | Said]]:
    """Return the reports of a claim whose signatures were not verified, by voter."""
    again = [(voter, one.said) for voter, said in claim.repeats.items() for one in said]
    return [
        *claim.unverified.items(),
        *((voter, said) for voter, said in again if said is not None and said.signature),
    ]
