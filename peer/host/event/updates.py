"""What later votes change in an entry: a name is filled in, a wrong one replaced. Pure.

Votes of which something is said that the entry does not say are looked at once, at the end of the
turn, and a version is published only where what people see changes.
"""

from __future__ import annotations

from msgspec.structs import replace

from ....protocol.messages import Entry, EntryStatus
from ....timeline.timeline import action_of
from . import evidence
from .claims import Claim
from .details import turned as changed_details
from .publications import revised
from .signatures import Signatures
from .state import EventState
from .thresholds import ends_early
from .titles import details_of


class Updates:
    """Brings the details of entries up to date.

    Args:
        state: the claims in `to_update` are looked at, and taken out.
        signatures: verifies the votes before they count.
    """

    def __init__(self, state: EventState, signatures: Signatures) -> None:
        self._state = state
        self._signatures = signatures

    def due(self) -> list[Claim]:
        """Return the claims that are to be looked at, and forget them."""
        claims = list(self._state.to_update.values())
        self._state.to_update.clear()
        return claims

    def revise(self, claim: Claim) -> Entry | None:
        """Return the version of a claim's entry with title and details as its votes turned them.

        None where they turned none, the entry is gone, or the sport's rules forbid it so.
        """
        state = self._state
        entry = state.timeline.versions[claim.entry_id]
        if state.closed or entry.status == "DELETED" or entry.by:
            return None  # what the owner has ruled on is no matter of votes
        now = turned(state, claim, entry)
        while now is not entry and not self._signatures.verify(claim):
            now = turned(state, claim, entry)  # without the votes that do not hold
        if now is entry:
            return None
        # What nobody has confirmed yet stays so: its name is no second voice.
        status: EntryStatus = "PROVISIONAL" if entry.status == "PROVISIONAL" else "UPDATED"
        changes = [n for n, value in now.details.items() if entry.details.get(n) != value]
        return revised(now, status, evidence.of_details(state, claim, now.details, changes))


def turned(state: EventState, claim: Claim, entry: Entry) -> Entry:
    """Return a standing entry with the title and the details that its claim's votes turned, where
    neither the sport's rules nor the line-ups speak against them; the same object where they
    turned none. A title that ends the event takes as many as any end."""
    on_probation, reporters = state.roster.on_probation, state.roster.reporters
    voters = [voter for voter in claim.details if not on_probation >> voter & 1]
    voters.sort(key=lambda voter: reporters[voter].peer)
    said = [claim.details[voter] for voter in voters]
    changes = changed_details(claim.index.rules, entry.details, said, claim.amended)
    for title in claim.titled(on_probation):
        details = {**entry.details, **changes}
        if claim.titles:
            details = details_of(state.kinds[title], details)
        now = replace(entry, title=title, details=details)
        if now == entry:
            break
        before = state.timeline.state_before(entry.time, claim.number)
        action = action_of(now)
        if title != entry.title and ends_early(state, action, evidence.of(state, claim)):
            continue
        if state.contradiction(action) is None and state.sport.illegal(before, action) is None:
            return now
    return entry
