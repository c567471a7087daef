"""Votes that come for an entry after it was published, and change only its counts. Pure.

They are worth no version of the entry. Heartbeats bring the counts of the newest entries up to
date, each until a new version says them.
"""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from ....protocol import limits
from ....protocol.messages import Recount
from . import cases, evidence
from .claims import Claim
from .state import EventState


class Recounts:
    """Counts the newest entries anew where votes came since they were published.

    Args:
        state: whether there is anything new to count is taken out of it.
    """

    def __init__(self, state: EventState) -> None:
        self._state = state
        self._found: list[Recount] = []

    def newest(self) -> list[Recount]:
        """Return the counts of the newest entries that are others than published, newest first."""
        state = self._state
        if state.recount or state.voted:
            state.recount = state.voted = False
            newest = islice(reversed(state.by_entry.values()), limits.RECOUNTS)
            counted = (self._counted(claim) for claim in newest)
            self._found = [one for one in counted if one is not None]
        return self._found

    def _counted(self, claim: Claim) -> Recount | None:
        state = self._state
        entry = state.timeline.versions[claim.entry_id]
        # The counts of an amended entry are those of what was amended, and a ruling needs none.
        if entry.status not in ("PROVISIONAL", "CONFIRMED") or entry.by or claim.index.kind is None:
            return None
        if claim.unverified or claim.unverified_answers:
            state.voted = True  # counted when their signatures are verified
            return None
        case = cases.of(state, claim, state.active_bits(), claim.left_out)
        now, published = evidence.of_case(case, claim, state.wall), entry.evidence
        if (now.for_, now.against, now.seen) == (published.for_, published.against, published.seen):
            return None
        # Who came or left since then had no part in it.
        present = max(published.present, now.for_ + now.against)
        now = replace(now, present=present, latency_ms=published.latency_ms)
        return Recount(entry_id=entry.entry_id, seq=entry.seq, evidence=now)
