"""Contact with the venue: signs of life, the alarm when there are none, the return. Pure."""

from __future__ import annotations

from ....protocol import codec, messages
from ....protocol.times import SECOND
from ...liveness import Liveness
from . import records
from .outage import ContactBack, ContactLost, HostRestarted
from .publisher import Publisher
from .state import EventState
from .turn import Turn


class VenueContact:
    """Watches over all reporters of an event, of whom one that is heard is enough.

    Args:
        state: its outage begins and turns, its times of contact move.
        turn: what is put on record.
        publisher: puts alarms on the feed.
    """

    def __init__(self, state: EventState, turn: Turn, publisher: Publisher) -> None:
        self._state = state
        self._turn = turn
        self._publisher = publisher
        self._liveness = Liveness(state.options.heartbeat, state.options.alarm_every)
        self._alarmed = 0  # wall time of the newest alarm

    def hear(self) -> None:
        """Note a sign of life of a reporter; within a turn."""
        state = self._state
        state.heard = True
        if state.outage.state == "suspended":
            self._turn.record(codec.encode(records.ContactRegained()))
            self._regain()
            state.heartbeat_at = state.now  # subscribers are told at once

    def note_life(self) -> None:
        """Let the watch know of the signs of life of this turn."""
        state = self._state
        if not state.heard:
            return
        state.heard = False
        state.received = state.wall
        if state.finished:
            self._liveness.stop()
        elif self._liveness.heard_at is not None or state.roster.staying:
            self._liveness.heard(state.now)

    def handle_timer(self, now: float) -> bool:
        """Return whether an alarm is due: `raise_alarm` is next."""
        self.note_life()
        return self._liveness.handle_timer(now)

    def raise_alarm(self) -> None:
        """Begin an outage, or say that it goes on."""
        state, outage = self._state, self._state.outage
        outage.take(ContactLost(state.clock.event_time(state.received) or 0))
        alarm = messages.Alarm(
            event=state.card.event,
            epoch=state.epoch,
            seq=state.feed.seq + 1,
            sent=state.wall,
            last_received=state.received,
            number=outage.alarms,
        )
        self._alarmed = state.wall
        state.counters.alarms += 1
        self._publisher.send(codec.encode(alarm))

    def restart(self) -> None:
        """Watch on after a restart of the host, which heard nothing meanwhile."""
        state = self._state
        state.heard = False
        self._liveness.stop()
        state.outage.take(HostRestarted(state.now))
        self._wait_for_announcements()
        if state.finished or not state.roster.staying:
            return
        if state.outage.state == "suspended":
            reported = max(0, state.wall - self._alarmed) / SECOND
            self._liveness.resume(state.now, reported=reported)
        else:
            self._liveness.heard(state.now)

    def stop(self) -> None:
        """End the watch: there is no reporter left to miss."""
        self._liveness.stop()

    def forgive(self, seconds: float) -> None:
        """Leave out a time in which this process itself was stopped and could hear no reporter."""
        self._liveness.forgive(seconds)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due (monotonic seconds)."""
        return self._liveness.next_timer()

    @property
    def silent(self) -> bool:
        """Whether contact with all reporters is lost."""
        return self._liveness.silent

    @property
    def heard_at(self) -> float | None:
        """When a reporter was last heard (monotonic); None while there is none to watch over."""
        return self._liveness.heard_at

    def restore_alarm(self, alarm: messages.Alarm, raw: bytes) -> None:
        """Begin an outage, or go on with it, as the journal says."""
        state = self._state
        state.feed.append(raw)
        state.outage.take(ContactLost(state.clock.event_time(alarm.last_received) or 0))
        state.outage.alarms = alarm.number
        state.received = alarm.last_received
        self._alarmed = alarm.sent

    def restore_regained(self, _record: records.ContactRegained, _raw: bytes) -> None:
        """Note that contact was back as the journal says."""
        self._regain()

    def _regain(self) -> None:
        """Begin to put together what happened meanwhile."""
        state = self._state
        state.finish_at = None  # not before that is done
        state.received = state.wall
        time = state.clock.event_time(state.wall) or 0
        state.outage.take(ContactBack(time, state.now))
        self._wait_for_announcements()

    def _wait_for_announcements(self) -> None:
        for reporter in self._state.roster.staying:
            reporter.has_announced = False
