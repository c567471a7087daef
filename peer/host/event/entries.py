"""Versions of entries, as they are published and as the journal brings them back. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ....protocol import codec
from ....protocol.messages import Entry, Fate
from ....protocol.times import SECOND
from ....timeline.states import FIRST, LAST
from . import allies, derived, records
from .claims import Claim
from .held import HeldClaims
from .publications import IMPLIED, with_score
from .publisher import Publisher
from .state import EventState
from .turn import Turn
from .verdict.case import Standing


class Entries:
    """Puts versions of entries on the timeline and closes the claims that led to them.

    Args:
        state: its timeline and claims change.
        turn: what is put on record, and the fates of votes.
        publisher: puts a version on the feed.
        held: is told of versions that may let a held claim in.
    """

    def __init__(
        self, state: EventState, turn: Turn, publisher: Publisher, held: HeldClaims
    ) -> None:
        self._state = state
        self._turn = turn
        self._publisher = publisher
        self._held = held
        # The states in between may be others than when texts were last brought up to date.
        self._moved_from, self._moved_to = LAST, FIRST
        self.correcting: Claim | None = None
        """While restoring: the claim that corrects the entry of the next record."""

    def publish(self, entry: Entry, by: Claim | None = None) -> None:
        """Put a version of an entry on the timeline and on the feed. Those after it of which it
        changes the text follow with `update_texts`.

        Args:
            entry: without what follows from the timeline: seq, score, text.
            by: the claim that corrects the entry; None where it is the entry's own.
        """
        state = self._state
        before = state.timeline.versions.get(entry.entry_id)
        self._note_time_to(entry, before, by)
        also = self._said_otherwise(entry, by)
        state.timeline.put(entry)
        if by is not None:
            self._turn.record(codec.encode(records.Corrected(claim=by.number)))
        self._send(entry, by, also)
        self._held.published(entry)
        state.re_evaluate += state.by_entry[entry.entry_id].let_go()
        if derived.moves_others(before, entry):
            since = entry.time if before is None else min(before.time, entry.time)
            if not state.timeline.ends_with(entry.entry_id, since):  # as nearly every new one does
                self._moved_from = min(self._moved_from, since)
                self._moved_to = max(self._moved_to, state.timeline.moved)

    def _note_time_to(self, entry: Entry, before: Entry | None, by: Claim | None) -> None:
        """Note how long an entry took to come to its status. What the owner rules takes no vote,
        and a review changes nothing of what is said."""
        if entry.by or (before is not None and before.status == entry.status):
            return
        if before is not None and (before.review, before.reviewed) != (
            entry.review,
            entry.reviewed,
        ):
            return
        state = self._state
        claim = by or state.claims.open.get(int(entry.entry_id)) or state.by_entry[entry.entry_id]
        took = max(0, state.wall - claim.received) / SECOND
        self._turn.versions.append((entry.status, took))

    def update_texts(self) -> None:
        """Publish the entries anew of which the text is another one by what was published since
        this was last done: once a turn, however many come late in it."""
        if self._moved_from < LAST:
            since, until = self._moved_from, self._moved_to
            self._moved_from, self._moved_to = LAST, FIRST
            for entry in derived.outdated(self._state, since, until):
                self._send(entry)

    def _said_otherwise(self, entry: Entry, by: Claim | None) -> list[Claim]:
        """Return the open claims that say in another word what a version of an entry says, before
        it is put on the timeline."""
        if by is not None and entry.status == "DELETED":
            return allies.of(self._state, by)
        own = self._state.claims.open.get(int(entry.entry_id)) or self._state.by_entry.get(
            entry.entry_id
        )
        if own is None or not entry.relates_to or entry.status != "CONFIRMED":
            return []
        return allies.deletions(self._state, own, entry.relates_to)

    def _send(self, entry: Entry, by: Claim | None = None, also: Sequence[Claim] = ()) -> None:
        """Put a version that is on the timeline on the feed."""
        state = self._state
        if entry.status == "DELETED" and (entry.review or entry.reviewed):
            # While it was under review that was the decision.
            entry = replace(entry, review="", reviewed="overturned" if entry.review else "")
        entry = with_score(
            entry,
            state.sport,
            state.timeline,
            epoch=state.epoch,
            seq=state.feed.seq + 1,
            sent=state.wall,
        )
        self._publisher.send(codec.encode(entry))
        self._turn.accepted += 1
        state.timeline.versions[entry.entry_id] = entry
        self._apply(entry, by, also)

    def restore_corrected(self, record: records.Corrected, _raw: bytes) -> None:
        """Note which claim corrects the entry of the next record."""
        self.correcting = self._state.claims.open[record.claim]

    def restore(self, entry: Entry, raw: bytes) -> None:
        """Put a version of an entry on the timeline as the journal says."""
        self._state.feed.append(raw)
        also = self._said_otherwise(entry, self.correcting)
        self._state.timeline.put(entry)
        self._apply(entry, self.correcting, also)
        self.correcting = None

    def _extend_aftermath(self, entry: Entry) -> None:
        """Let reports count on where enough reporters saw something happen after the end."""
        state = self._state
        if not state.finished or entry.by:
            return
        ended_at = state.clock.event_time(state.finished_at)
        if ended_at is None or entry.time >= ended_at:
            state.reports_until = max(state.reports_until, entry.sent + state.aftermath)

    def _apply(self, entry: Entry, by: Claim | None, also: Sequence[Claim]) -> None:
        """Close the claims that led to a version of an entry.

        Args:
            entry: the version.
            by: see `publish`.
            also: the claims that say the same in another word.
        """
        state, turn = self._state, self._turn
        state.recount = True
        state.counters.add_entry(entry.status, entry.delay_status)
        fate = Fate(n=0, outcome="accepted", seq=entry.seq, entry_id=entry.entry_id)
        own = state.claims.open.get(int(entry.entry_id))
        if own is not None:
            self._extend_aftermath(entry)
            own.entry_id, own.seq = entry.entry_id, entry.seq
            state.by_entry[entry.entry_id] = own
            state.held.pop(own.number, None)
            state.claims.close(own, forget=False)
            turn.add_fates(own, fate)
        claim = state.by_entry[entry.entry_id]
        if by is not None:
            if by.index.title == "amend":
                claim.amended |= by.merged()
            state.claims.close(by, forget=True)
            turn.add_fates(by, fate)
        for one in also:
            state.held.pop(one.number, None)
            state.claims.close(one, forget=True)
            turn.add_fates(one, fate)
        before, claim.standing = claim.standing, _standing(entry)
        claim.implied = claim.standing == "PROVISIONAL" and entry.reason == IMPLIED
        if not claim.published:
            claim.published = state.wall
        is_action = claim.index.kind is not None
        # What the owner has ruled is the last word.
        claim.final = claim.final or bool(entry.by)
        if is_action and claim.standing == "CONFIRMED" != before and state.policy.learns:
            bits = claim.independent & ~(state.roster.on_probation | claim.left_out)
            if not bits & claim.exact:
                state.thumbs.learn(claim.in_order(bits))
        if entry.status == "DELETED":
            # Votes to delete it are the last word: a reporter that states it again speaks of a new
            # claim. The verdict may still turn.
            if by is not None or not is_action or entry.by:
                claim.final = True
                state.claims.close(claim, forget=True)
        elif entry.status == "UPDATED":
            # Reports of it as it is known now speak of this entry.
            claim.identity = claim.index.identity(entry.details)
        if entry.delay_status == "RECONSTRUCTED" and state.outage.holds(entry.time):
            state.outage.entries[entry.entry_id] = None


def _standing(entry: Entry) -> Standing:
    """Return how the claim of an entry stands: what was amended, or is doubted, counts as said."""
    return "CONFIRMED" if entry.status == "UPDATED" else entry.status
