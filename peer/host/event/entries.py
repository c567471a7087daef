"""Versions of entries, as they are published and as the journal brings them back. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from ....protocol import codec
from ....protocol.messages import Entry, Fate
from . import records
from .claims import Claim
from .publications import with_score
from .publisher import Publisher
from .state import EventState
from .turn import Turn


class Entries:
    """Puts versions of entries on the timeline and closes the claims that led to them.

    Args:
        state: its timeline and claims change.
        turn: what is put on record, and the fates of votes.
        publisher: puts a version on the feed.
    """

    def __init__(self, state: EventState, turn: Turn, publisher: Publisher) -> None:
        self._state = state
        self._turn = turn
        self._publisher = publisher
        self.correcting: Claim | None = None
        """While restoring: the claim that corrects the entry of the next record."""

    def publish(self, entry: Entry, by: Claim | None = None) -> None:
        """Put a version of an entry on the timeline and on the feed.

        Args:
            entry: without what follows from the timeline: seq, score, text.
            by: the claim that corrects the entry; None where it is the entry's own.
        """
        state = self._state
        state.timeline.put(entry)
        entry = with_score(
            replace(entry, epoch=state.epoch, seq=state.feed.seq + 1, sent=state.wall),
            state.sport,
            state.timeline,
        )
        if by is not None:
            self._turn.record(codec.encode(records.Corrected(claim=by.number)))
        self._publisher.send(codec.encode(entry))
        state.timeline.versions[entry.entry_id] = entry
        self._apply(entry, by)

    def restore_corrected(self, record: records.Corrected, _raw: bytes) -> None:
        """Note which claim corrects the entry of the next record."""
        self.correcting = self._state.claims.open[record.claim]

    def restore(self, entry: Entry, raw: bytes) -> None:
        """Put a version of an entry on the timeline as the journal says."""
        self._state.feed.append(raw)
        self._state.timeline.put(entry)
        self._apply(entry, self.correcting)
        self.correcting = None

    def _apply(self, entry: Entry, by: Claim | None) -> None:
        """Close the claims that led to a version of an entry."""
        state, turn = self._state, self._turn
        state.counters.add_entry(entry.status, entry.delay_status)
        fate = Fate(n=0, outcome="accepted", seq=entry.seq, entry_id=entry.entry_id)
        own = state.claims.open.get(int(entry.entry_id))
        if own is not None:
            own.entry_id, own.seq = entry.entry_id, entry.seq
            state.by_entry[entry.entry_id] = own
            state.held.pop(own.number, None)
            state.claims.close(own, forget=False)
            turn.add_fates(own, fate)
        if by is not None:
            state.claims.close(by, forget=True)
            turn.add_fates(by, fate)
        claim = state.by_entry[entry.entry_id]
        claim.provisional = entry.status == "PROVISIONAL"
        if entry.status == "DELETED":
            # A reporter that states it again speaks of a new claim.
            state.claims.close(claim, forget=True)
        elif entry.status == "UPDATED":
            # Reports of it as it is known now speak of this entry.
            claim.identity = claim.index.identity(entry.details)
        if entry.delay_status == "RECONSTRUCTED" and state.outage.holds(entry.time):
            state.outage.entries[entry.entry_id] = None
