"""Reporters' clocks after `attach`: each ping measures them, and one that was set is seen. Pure.

A ping says what its sender's clock shows. It arrives some time later, so that the host's clock
minus the ping's is the clock's error or more: a ping that was queued looks like a clock that was
set back. The round trip of that ping bounds the error from below; its sender knows it when the pong
is there, and tells it with the next ping. So a clock that was set forward is seen at once, and one
that was set back at the second ping. A clock is taken for set where the error in force lies more
than `STEP` outside these bounds.

Peers of release 0.1 tell no round trip. Of theirs, two pings in a row must say the same: pings that
were queued together arrive together, and differ by the time between them.

A report that was made later than it arrived was made by a clock that has been set forward. It is
taken as made when it arrived. One that was made long before it arrived may have been in an outbox,
and is left as it is.
"""

from __future__ import annotations

from ....protocol import codec
from ....protocol.errors import BadMessage
from ....protocol.messages import HostPing, Report, Said
from ....protocol.times import LATEST, SECOND
from . import records
from .participant import Participant
from .state import EventState
from .turn import Turn

STEP = 2 * SECOND
"""Microseconds by which a clock must be off for it to be taken for set."""

ALIKE = SECOND
"""Microseconds by which two pings without a round trip may differ that say the same."""

NEVER = 2 * LATEST
"""Later than any report was made."""


class ClockSteps:
    """Keeps the offsets of reporters' clocks up to date.

    Where the first ping contradicts what `attach` measured, that was late: the reporter is told of
    no step.

    Args:
        state: its participants' clocks.
        turn: what is put on record, and which reporters are owed a receipt.
    """

    def __init__(self, state: EventState, turn: Turn) -> None:
        self._state = state
        self._turn = turn

    def measure(self, reporter: Participant, ping: HostPing, connection: bytes) -> None:
        """Measure a reporter's clock by its ping; within a turn.

        Args:
            reporter: the sender; nothing is done for other peers.
            ping: it; one without a time says nothing of the clock.
            connection: that it came from: the round trip is of the ping before on the same one.
        """
        if reporter.role != "reporter" or not ping.time:
            return
        most = self._state.wall - ping.time
        before, reporter.pinged = reporter.pinged, (connection, most)
        reporter.tells_round_trip = reporter.tells_round_trip or ping.rtt > 0
        least = None if before is None or before[0] != connection else before[1]
        error = _step(reporter, most, least, ping.rtt)
        if error is None:
            reporter.clock_agreed = True
            return
        try:
            offset = self._state.clock.offset(error)
        except BadMessage:
            return  # by more than times can span: it states no time at all
        stepped = reporter.clock_error - error
        record = records.ClockSet(peer=reporter.peer, shift=offset)
        self._turn.record(codec.encode(record))
        self.restore(record, b"")
        self._state.counters.clocks_set += 1
        if reporter.clock_agreed:
            reporter.stepped += stepped
            self._turn.owed[reporter.token] = reporter
        reporter.clock_agreed = True

    def restore(self, record: records.ClockSet, _raw: bytes) -> None:
        """Put an offset in force, as the journal says."""
        reporter = self._state.roster.participants[record.peer, "reporter"]
        reporter.clock_offset = record.shift
        reporter.clock_error = self._state.clock.error(record.shift)


def _step(reporter: Participant, most: int, before: int | None, rtt: int) -> int | None:
    """Return the error (microseconds) of a clock that was set, or None.

    Args:
        reporter: whose clock it is.
        most: the error by this ping, which may be less.
        before: the same by the ping before, on the same connection.
        rtt: the round trip of the ping before; 0: not measured.
    """
    known = reporter.clock_error
    if most < known - STEP:
        return most
    if before is None:
        return None
    if rtt:
        held = before - rtt > known + STEP
    else:
        # A peer that tells round trips otherwise has had no pong: it knows nothing of that ping.
        held = not reporter.tells_round_trip and abs(before - most) <= ALIKE
    error = min(before - rtt // 2, most)
    return error if held and error > known + STEP else None


def offset_of(state: EventState, reporter: Participant, said: Report | Said) -> int:
    """Return what is added to the event time of a report, microseconds of event time.

    Args:
        state: of the turn in which it is counted.
        reporter: whose report it is.
        said: the report.
    """
    if said.time + reporter.clock_error <= state.said_by:
        return reporter.clock_offset
    ahead = said.time + reporter.clock_error - state.wall
    return reporter.clock_offset - state.clock.span(ahead / SECOND)


def said_by(wall: int, edition: int) -> int:
    """Return until when (microseconds) a report that arrives at a wall time can have been made, by
    the reporter's clock as it was measured. By the rules of release 0.1 it may be any time."""
    return wall + STEP if edition else NEVER
