"""How many must agree on what weighs more than an action: the end of an event, its score. Pure."""

from __future__ import annotations

from ....protocol.messages import Evidence
from ....sports import Action
from .claims import Claim
from .state import EventState

LEAST = 3
"""So many must agree at the least, or all where fewer are present."""

SPOKEN_SINCE = 11
"""The edition of the rules, see `records.EDITION`, since which who spoke and left counts among
those present, as in the evidence that is published; before, two were enough against one that had
left, and the proof said that two of three were not."""


def to_end(state: EventState, evidence: Evidence) -> int:
    """Return how many must agree that the event is over: half of those present that take part, and
    no fewer than an action needs."""
    present = _present(state, evidence)
    return max(state.policy.needed(present), -(-taking_part(state) // 2), min(LEAST, present))


def to_state(state: EventState, evidence: Evidence) -> int:
    """Return how many must agree on a statement, such as a score that nobody asked for: more than
    half of those present that take part."""
    present = _present(state, evidence)
    return max(state.policy.needed(present), taking_part(state) // 2 + 1, min(LEAST, present))


def carried(state: EventState, claim: Claim, evidence: Evidence) -> bool:
    """Return whether the votes on what is there already are enough.

    Args:
        state: the event.
        claim: of a correction, a score, or the end.
        evidence: its votes.
    """
    if not state.policy.accept(evidence.for_, evidence.against, evidence.present):
        return False
    title = claim.index.title
    if title == "end" and state.edition:  # or that it is not over
        return evidence.for_ >= to_end(state, evidence)
    if title in ("confirm", "state") and state.outage.state != "reconstructing":
        return evidence.for_ >= to_state(state, evidence)
    return True


def ends_early(state: EventState, action: Action, evidence: Evidence) -> bool:
    """Return whether an action would end the event on the word of fewer than that takes.

    Args:
        state: the event.
        action: what enough agree on, as for any action, and the rules permit.
        evidence: the votes.
    """
    sport = state.sport
    if not state.kinds[action.title].ends or evidence.for_ >= to_end(state, evidence):
        return False
    before = state.timeline.state_before(action.time, int(action.entry))
    return sport.over(sport.apply(before, action)) and not sport.over(before)


def _present(state: EventState, evidence: Evidence) -> int:
    return evidence.present if state.edition >= SPOKEN_SINCE else state.roster.present


def taking_part(state: EventState) -> int:
    """Return how many of those present take part: a reporter that is there and never speaks could
    otherwise keep the event from ending."""
    if state.policy.learns:
        return state.active_bits().bit_count()
    return sum(
        one.present and one.eligible and (one.n > 0 or bool(one.ahead))
        for one in state.roster.reporters
    )
