"""What an entry says that follows from those before it, text and clock, brought up to date. Pure.

A goal of the second half may be accepted before the whistle that began it: it is of the 45th minute
then, with so much added time, until the whistle is known.
"""

from __future__ import annotations

from msgspec.structs import replace

from ....protocol.messages import Entry
from ....timeline.states import Key
from .publications import words
from .state import EventState

MOST = 50
"""Entries, the newest, of which a change before them may bring the text up to date."""


def moves_others(before: Entry | None, entry: Entry) -> bool:
    """Return whether a version of an entry can change what entries after it say.

    Args:
        before: the version before it; None where it is new.
        entry: the version.
    """
    was = before is not None and before.status != "DELETED"
    stands = entry.status != "DELETED"
    if before is None or not (was and stands):
        return was != stands
    return (before.title, before.time, before.relates_to, before.details) != (
        entry.title,
        entry.time,
        entry.relates_to,
        entry.details,
    )


def outdated(state: EventState, since: int, until: Key) -> list[Entry]:
    """Return, with the status that they get, the entries whose text or clock has changed: only
    those after which the state is another one can say something else.

    Args:
        state: the event; the changes are on its timeline already.
        since: event time from which on states may have changed, microseconds.
        until: the place in match order from which on they have not.
    """
    found: list[Entry] = []
    for entry in state.timeline.since(since, MOST, until):
        if words(entry, state.sport, state.timeline) != (entry.text, entry.clock):
            # One that waits for more evidence goes on waiting.
            stays = entry.status == "PROVISIONAL"
            found.append(replace(entry, status=entry.status if stays else "UPDATED"))
    return found
