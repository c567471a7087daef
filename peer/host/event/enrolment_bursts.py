"""Whether several keys enrolled in one burst, as one person with many keys does. Pure.

A burst by one invitation is for the people who run the event to see, in the log and the metrics. It
proves nothing: a whole class may enrol within a minute. No more does a burst from one address; but
what its keys alone say, and nobody of several others who are there, one voice says.
"""

from __future__ import annotations

import logging
from bisect import insort
from collections.abc import Sequence

from ....protocol.times import SECOND
from . import records
from .participant import Participant

log = logging.getLogger(__name__)

BURST_SECONDS = 60
"""The enrolments of a burst lie within this time of each other."""

BURST_KEYS = 3
"""The least keys that make a burst."""


OTHERS = 5
"""The least active reporters beside a burst whose silence makes it one voice: with fewer, most of
those who are there may have come together."""


def together(reporters: Sequence[Participant], speakers: int, active: int) -> int:
    """Return the bits of the reporters that enrolled in one burst from one address with all who
    said something; 0 where these are not of one burst, or one alone.

    Args:
        reporters: of the event, by number.
        speakers: the bits of those who said it.
        active: the bits of those who take part.
    """
    if not speakers & (speakers - 1):
        return 0
    rest = speakers
    network, first, last = "", 0, 0
    while rest:
        lowest = rest & -rest
        one = reporters[lowest.bit_length() - 1]
        rest ^= lowest
        if lowest == speakers & -speakers:
            network, first, last = one.network, one.enrolled, one.enrolled
        first, last = min(first, one.enrolled), max(last, one.enrolled)
        if not network or one.network != network or last - first > BURST_SECONDS * SECOND:
            return 0
    reach = BURST_SECONDS * SECOND
    return speakers | sum(
        one.bit
        for one in reporters
        if one.bit & active & ~speakers
        and one.network == network
        and first - reach <= one.enrolled <= last + reach
    )


class EnrolmentBursts:
    """The reporters of one event, by the invitations by which they enrolled."""

    def __init__(self) -> None:
        self.members: set[str] = set()
        """Ids of the peers that came in a burst."""
        self._came: dict[str, list[tuple[int, str]]] = {}  # by invitation: when, which peer
        self._logged: set[str] = set()  # invitations whose burst is in the log

    def record(self, record: records.MemberAttached) -> None:
        """Note a reporter that takes part; one that is known already changes nothing."""
        if not record.invite:
            return
        came = self._came.setdefault(record.invite, [])
        one = (record.enrolled, record.peer)
        if one in came:
            return
        insort(came, one)
        place = came.index(one)
        for first in range(max(0, place - BURST_KEYS + 1), place + 1):
            some = came[first : first + BURST_KEYS]
            if len(some) == BURST_KEYS and some[-1][0] - some[0][0] <= BURST_SECONDS * SECOND:
                self.members.update(peer for _, peer in some)
        if record.peer in self.members and record.invite not in self._logged:
            self._logged.add(record.invite)
            log.warning(
                "%d or more reporters enrolled within %d s of each other by invitation %s; look "
                "at `touchline members`",
                BURST_KEYS,
                BURST_SECONDS,
                record.invite,
            )
