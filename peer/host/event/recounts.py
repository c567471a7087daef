"""Votes that come for an entry after it was published, and change only its counts. Pure.

They are worth no version of the entry. Heartbeats bring the counts up to date, each until a new
version says them: those of the newest entries always, those of older ones by turns, so that who
comes late learns them too and no heartbeat is long.
"""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from ....protocol import limits
from ....protocol.messages import Recount
from . import cases, evidence
from .claims import Claim
from .state import EventState

NEWEST = limits.RECOUNTS - 5
"""So many entries are told by each heartbeat; the others take turns in the room that is left."""


class Recounts:
    """Counts entries anew where votes came since they were published.

    Args:
        state: what there is to count anew is taken out of it.
    """

    def __init__(self, state: EventState) -> None:
        self._state = state
        self._newest: dict[str, Recount] = {}
        # By entry id, the one that was not told for the longest time first.
        self._older: dict[str, Recount] = {}

    def due(self) -> list[Recount]:
        """Return the counts that the next heartbeat tells, of entries of which they are others than
        published, the newest first."""
        state = self._state
        if state.recount or state.voted:
            self._count()
        older = self._by_turns(limits.RECOUNTS - len(self._newest))
        return [*self._newest.values(), *sorted(older, key=lambda one: -int(one.entry_id))]

    def _count(self) -> None:
        """Count the newest entries, and those that got votes."""
        state = self._state
        voted, state.voted, state.recount = state.voted, {}, False
        before, self._newest = self._newest, {}
        for claim in islice(reversed(state.by_entry.values()), NEWEST):
            voted.pop(claim.number, None)
            before.pop(claim.entry_id, None)
            if (one := self._counted(claim)) is not None:
                self._newest[claim.entry_id] = one
        self._older |= before  # they are among the newest no more
        for claim in voted.values():
            self._older.pop(claim.entry_id, None)
            if (one := self._counted(claim)) is not None:
                self._older[claim.entry_id] = one

    def _by_turns(self, count: int) -> list[Recount]:
        """Return the counts of at most so many older entries; they come last from now on."""
        found = []
        for entry_id in list(islice(self._older, count)):
            one: Recount | None = self._older.pop(entry_id)
            if one is not None and one.seq != self._state.timeline.versions[entry_id].seq:
                one = self._counted(self._state.by_entry[entry_id])
            if one is not None:
                self._older[entry_id] = one
                found.append(one)
        return found

    def _counted(self, claim: Claim) -> Recount | None:
        state = self._state
        entry = state.timeline.versions[claim.entry_id]
        # The counts of an amended entry are those of what was amended, and a ruling needs none.
        if entry.status not in ("PROVISIONAL", "CONFIRMED") or entry.by or claim.index.kind is None:
            return None
        if claim.unverified or claim.unverified_answers:
            state.voted[claim.number] = claim  # counted when their signatures are verified
            return None
        case = cases.of(state, claim, state.active_bits(), claim.left_out)
        now, published = evidence.of_case(case, claim, state.wall), entry.evidence
        if (now.for_, now.against, now.seen) == (published.for_, published.against, published.seen):
            return None
        # Who came or left since then had no part in it.
        present = max(published.present, now.for_ + now.against)
        now = replace(now, present=present, latency_ms=published.latency_ms)
        return Recount(entry_id=entry.entry_id, seq=entry.seq, evidence=now)
