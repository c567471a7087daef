"""What one reporter can have seen of one event: so many goals a minute are no football. Pure.

The bounds are the sport's, and far above what any match has had: a full outbox of an honest
reporter, with all its mistakes, stays below them.
"""

from __future__ import annotations

from ....protocol.errors import Implausible
from ....protocol.times import SECOND
from ....sports import Kind

SINCE_EDITION = 3
"""Reports of journals of before are taken as they were."""

Begun = dict[tuple[str, str, int], int]
"""How many claims a reporter has begun: of an action and origin, by minute; of an action in all."""


def count(begun: Begun, kind: Kind, origin: str, time: int) -> None:
    """Count a claim that a reporter is about to begin.

    Args:
        begun: those of before; it grows.
        kind: of the action.
        origin, time: of the action; event time, microseconds.

    Raises:
        Implausible: no event has so many.
    """
    if not kind.most:
        return
    minute, whole = (kind.title, origin, time // (60 * SECOND)), (kind.title, "", -1)
    if begun.get(minute, 0) >= kind.most_a_minute:
        raise Implausible(
            f"{kind.title}: you have reported {kind.most_a_minute} of {origin} in this minute,"
            " more than there can be"
        )
    if begun.get(whole, 0) >= kind.most:
        raise Implausible(f"{kind.title}: you have reported {kind.most}, more than an event has")
    for key in (minute, whole):
        begun[key] = begun.get(key, 0) + 1
