"""An outage of the venue: what state an event is in, and what takes it to the next. Pure.

`TRANSITIONS` is the whole of it: what stands there happens, anything else is refused and changes
nothing. The parts of the event say what has happened (an input); they put on record and publish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ....protocol.messages import DelayStatus, FeedState
from .claims import Claim
from .participant import Participant

SUSPENDED: tuple[FeedState, ...] = ("suspended", "reconstructing")
"""The states between an alarm and the end of its reconstruction."""


@dataclass(frozen=True, slots=True)
class ContactLost:
    """An alarm: no reporter was heard for two intervals, or, later, still none.

    Args:
        last_received: event time (microseconds) at which a reporter was last heard.
    """

    last_received: int


@dataclass(frozen=True, slots=True)
class ContactBack:
    """A reporter is heard again.

    Args:
        time: event time, microseconds.
        now: monotonic seconds.
    """

    time: int
    now: float


@dataclass(frozen=True, slots=True)
class OutageClosed:
    """What happened in the outage is put together, or given up."""


@dataclass(frozen=True, slots=True)
class EventEnded:
    """The event is over."""


@dataclass(frozen=True, slots=True)
class EventReopened:
    """The event is not over after all."""


@dataclass(frozen=True, slots=True)
class HostRestarted:
    """The host serves the event anew: reporters say anew what they have, and are asked anew.

    Args:
        now: monotonic seconds.
    """

    now: float


Input = ContactLost | ContactBack | OutageClosed | EventEnded | EventReopened | HostRestarted


class ImpossibleTransition(Exception):
    """An input that the state of the outage does not take."""


@dataclass(slots=True)
class Outage:
    """Where an event stands with regard to outages.

    Times are event times in microseconds unless said otherwise.

    Args:
        late: microseconds after which an entry counts as late.
        confirm_wait: seconds for which a confirmation is waited for.
    """

    late: int
    confirm_wait: float
    state: FeedState = "live"
    since: int = 0
    """The last time at which a reporter was heard before contact was lost."""
    until: int = 0
    """When contact was back."""
    alarms: int = 0
    """Of this outage."""
    entries: dict[str, None] = field(default_factory=dict)
    """Ids of the entries put on the timeline for the outage, in the order of arrival."""
    disputed: int = 0
    """Claims of the outage that ended without an entry although several reporters made them."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """The outages that are over."""
    back_at: float = 0.0
    """Monotonic; when contact was back, or the host restarted after that."""
    asked_at: float | None = None
    """Monotonic; when everything was in and the reporters were asked for the score."""

    def take(self, happened: Input) -> None:
        """Go to the next state.

        Raises:
            ImpossibleTransition: the state does not take this input; nothing has changed.
        """
        found = TRANSITIONS.get((self.state, type(happened)))
        if found is None:
            raise ImpossibleTransition(
                f"an event that is {self.state} takes no {type(happened).__name__}"
            )
        state, effects = found
        for effect in effects:
            effect(self, happened)
        self.state = state

    def holds(self, time: int) -> bool:
        """Return whether a time lies in the outage that is being put together."""
        return self.state == "reconstructing" and self.since <= time <= self.until

    def status(self, time: int, event_now: int | None) -> DelayStatus:
        """Return the delay status of an entry that is accepted now.

        Args:
            time: when it happened.
            event_now: what time it is in the event; None where its clock does not run.
        """
        if self.holds(time) or any(since <= time <= until for since, until in self.spans):
            return "RECONSTRUCTED"
        if event_now is not None and event_now - time > self.late:
            return "DELAYED"
        return ""

    def all_delivered(self, reporters: Iterable[Participant], now: float, patience: float) -> bool:
        """Return whether every reporter that was there is back or had time to come back, and each
        one's outbox is empty.

        Args:
            reporters: those who stay.
            now: monotonic seconds.
            patience: seconds for which reporters that are not back yet are waited for.
        """
        for reporter in reporters:
            back = reporter.heard > self.back_at or (
                reporter.heard == self.back_at and reporter.has_announced
            )
            if back and reporter.has_announced and reporter.n >= reporter.announced:
                continue
            if not back and now >= self.back_at + patience:
                continue  # gone for good, or for longer
            return False
        return True

    def undecided(self, open_claims: Iterable[Claim]) -> list[Claim]:
        """Return the claims of actions of this outage that are still open.

        Args:
            open_claims: of the event.
        """
        return [
            claim
            for claim in open_claims
            if claim.index.kind is not None and self.since <= claim.mean <= self.until
        ]


# ── effects ──────────────────────────────────────────────────────────────────────────────────────


def _begin(outage: Outage, lost: ContactLost) -> None:
    outage.since = lost.last_received
    outage.alarms = 0
    outage.entries.clear()
    outage.disputed = 0


def _count_alarm(outage: Outage, _: ContactLost) -> None:
    outage.alarms += 1


def _note_return(outage: Outage, back: ContactBack) -> None:
    outage.until = back.time
    outage.back_at = back.now


def _wait_anew(outage: Outage, restarted: HostRestarted) -> None:
    outage.back_at = restarted.now


def _forget_question(outage: Outage, _: Input) -> None:
    outage.asked_at = None


def _keep_span(outage: Outage, _: OutageClosed) -> None:
    outage.spans.append((outage.since, outage.until))


Effect = Callable[[Outage, Any], None]

TRANSITIONS: Mapping[tuple[FeedState, type[Input]], tuple[FeedState, tuple[Effect, ...]]] = {
    ("live", ContactLost): ("suspended", (_begin, _count_alarm)),
    ("live", EventEnded): ("finished", ()),
    ("live", HostRestarted): ("live", (_wait_anew,)),
    ("suspended", ContactLost): ("suspended", (_count_alarm,)),
    ("suspended", ContactBack): ("reconstructing", (_note_return,)),
    # The rules of the sport may end an event while contact is lost: nothing more can happen.
    ("suspended", EventEnded): ("finished", ()),
    ("suspended", HostRestarted): ("suspended", (_wait_anew,)),
    # Contact that is lost again before all is put together makes one longer outage.
    ("reconstructing", ContactLost): ("suspended", (_count_alarm, _forget_question)),
    ("reconstructing", OutageClosed): ("live", (_keep_span, _forget_question)),
    ("reconstructing", HostRestarted): ("reconstructing", (_wait_anew, _forget_question)),
    ("finished", EventReopened): ("live", ()),
    ("finished", HostRestarted): ("finished", (_wait_anew,)),
}
"""(state, input) -> (next state, effects)."""
