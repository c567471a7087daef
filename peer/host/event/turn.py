"""What one turn of the host's loop leads to, collected: records to commit, then the rest. Pure."""

from __future__ import annotations

from ....protocol import codec
from ....protocol.messages import Fate, Receipt
from . import records
from .member import Member, Output

RECEIPT_FATES = 200
"""Fates in one receipt, so that with the longest reasons it keeps the limit of a frame."""


class Turn:
    """Collects until it is taken.

    Args:
        event: its id.
    """

    def __init__(self, event: str) -> None:
        self._event = event
        self._topic = codec.topic(event)
        self._records: list[bytes] = []
        self._published: list[bytes] = []
        self._notes: list[tuple[str, bytes]] = []
        self._wall = 0
        self._dated = False  # the wall time of this turn is among the records
        self.owed: dict[str, Member] = {}
        """Who is to be sent a receipt, by token."""

    def begin(self, wall: int) -> None:
        """Date the records that follow: microseconds since 1970."""
        self._wall = wall
        self._dated = False

    def record(self, record: bytes) -> None:
        """Add an encoded record for the journal."""
        if not self._dated:
            self._dated = True
            self._records.append(codec.encode(records.Turn(received=self._wall)))
        self._records.append(record)

    def publish(self, body: bytes) -> None:
        """Add a message for the feed."""
        self._published.append(self._topic + body)

    def tell(self, member: Member, fate: Fate) -> None:
        """Add what became of a member's report to its next receipt."""
        member.fates.append(fate)
        self.owed[member.token] = member

    def note(self, member: Member, frame: bytes) -> None:
        """Add a frame for a member that is no receipt."""
        self._notes.append((member.token, frame))

    def discard(self) -> None:
        """Forget everything, as after a restore, which leads to nothing new."""
        self._records = []
        self._published = []
        self._notes = []
        for member in self.owed.values():
            member.told()
        self.owed.clear()

    def take(self, *, finished: bool) -> Output:
        """Return what was collected, and begin anew."""
        output = Output(publish=self._published, finished=finished)
        self._published = []
        if self._records:
            output.commit = records.pack(self._records)
            self._records = []
        for member in self.owed.values():
            fates = member.told()
            for start in range(0, max(1, len(fates)), RECEIPT_FATES):
                part = fates[start : start + RECEIPT_FATES]
                receipt = Receipt(event=self._event, n=member.n, fates=part)
                output.receipts.append((member.token, codec.encode(receipt)))
        self.owed.clear()
        output.receipts += self._notes
        self._notes = []
        return output
