"""Which side gains? A goal whose scorer is of the other side than it should be. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from ..capabilities import Contradiction
from ..contradictions import misplaced, offer
from ..names import EventNames
from ..sport import Action
from .kinds import OWN_GOAL


def contradiction(action: Action, names: EventNames) -> Contradiction | None:
    """Return what in an action contradicts the line-ups, or None.

    A goal counts for its origin, an own goal too: so its player is one of the other side.
    """
    found = names.misplaced(action)
    if found is None or action.title != "goal" or found.detail != "player":
        return misplaced(action, names)
    (other,) = names.others(action.origin)
    own = action.details.get("how") == OWN_GOAL
    if own:
        sentence = (
            f"{found.name} is in the line-up of {found.side}, whose own goals count for {other}:"
            f" report it with the origin {other} if {other} gains, or without how={OWN_GOAL} if"
            f" {action.origin} does"
        )
    else:
        sentence = (
            f"{found.name} is in the line-up of {found.side}: report it with the origin {other} if"
            f" {other} gains, or with how={OWN_GOAL} if {action.origin} does"
        )
    plain = {name: value for name, value in action.details.items() if name != "how"}
    for_other = replace(action, origin=other)
    for_own = replace(action, details=plain if own else {**plain, "how": OWN_GOAL})
    own_goal = f" ({OWN_GOAL})"
    return offer(
        names,
        sentence,
        "Which side gains?",
        (f"{action.origin}{'' if own else own_goal}", for_own),
        (f"{other}{own_goal if own else ''}", for_other),
    )
