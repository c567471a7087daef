"""What must have happened unheard, since something that was seen needs it. Pure.

Kicks of a shoot-out alternate. Where two of one side are seen in a row, the other side's between
was taken: one voice is enough to say how it went, and the entry says why it is there.
"""

from __future__ import annotations

from ....protocol.messages import Entry
from ....sports.capabilities import Implying
from ....timeline.timeline import action_of
from .claims import Claim
from .state import EventState


def unheard(state: EventState, sport: Implying, entry: Entry) -> Claim | None:
    """Return the open claim of what a new entry implies; None where it implies nothing, or nobody
    or as many one thing as another have said what.

    Args:
        state: the event.
        sport: its sport.
        entry: it is not on the timeline yet.
    """
    before = state.timeline.state_before(entry.time, int(entry.entry_id))
    implied = sport.implied(before, action_of(entry))
    if implied is None:
        return None
    indexes = {
        id(index): index
        for title in implied.titles
        for origin in implied.origins
        if (index := state.claims.find_index((title, origin))) is not None
    }
    reach = implied.until - implied.since
    found = [
        (_voices(state, claim), claim)
        for index in indexes.values()
        for claim in index.near(implied.until, reach)
        if claim.number in state.claims.open and implied.since < claim.mean < implied.until
    ]
    found = [pair for pair in found if pair[0]]
    if not found:
        return None
    most = max(voices for voices, _ in found)
    best = [claim for voices, claim in found if voices == most]
    return best[0] if len(best) == 1 else None


def _voices(state: EventState, claim: Claim) -> int:
    return (claim.voters & ~state.roster.on_probation).bit_count()
