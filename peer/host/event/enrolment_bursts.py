"""Whether several keys enrolled in one burst by one invitation, as one person with many keys does.

Pure. It proves nothing: a whole class may enrol within a minute. It is for the people who run the
event to see, in the log and the metrics.
"""

from __future__ import annotations

import logging
from bisect import insort

from ....protocol.times import SECOND
from . import records

log = logging.getLogger(__name__)

BURST_SECONDS = 60
"""The enrolments of a burst lie within this time of each other."""

BURST_KEYS = 3
"""The least keys that make a burst."""


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
