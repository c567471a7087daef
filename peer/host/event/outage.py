"""An outage of the venue: when contact was lost, what came afterwards, when it is put together.

    LIVE ──nobody heard for two intervals: alarm──▶ SUSPENDED ──alarm, every 25 s──┐
      ▲                                                 │ ▲                          │
      │                                      a reporter │ └──────────────────────────┘
      │                                        is heard ▼
      └── all told, and the score confirmed ── RECONSTRUCTING ──nobody heard──▶ SUSPENDED
          or nobody confirms it

All told: every reporter who was there is back or had time to come back, each one's outbox is
empty, and no claim of the outage is open. What has been said then leads to a score; reporters are
asked for the one that they see. Pure; the core puts on record and publishes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ....protocol.messages import DelayStatus, FeedState
from .claims import Claim
from .member import Member


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
    """The last time anything was received before contact was lost."""
    until: int = 0
    """When contact was back."""
    alarms: int = 0
    """Of this outage."""
    entries: dict[str, None] = field(default_factory=dict)
    """Ids of the entries put on the timeline for the outage, in the order of arrival."""
    disputed: int = 0
    """Claims of the outage that ended without an entry although several spoke of them."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """The outages that are over."""
    asked: bool = False
    back_at: float = 0.0  # monotonic; when contact was back
    quiet_at: float | None = None  # monotonic; since when all has been told

    def lose(self, last_received: int) -> None:
        """Note an alarm."""
        if self.state == "live":
            self.since = last_received
            self.alarms = 0
            self.entries.clear()
            self.disputed = 0
        self.alarms += 1
        self.state = "suspended"
        self.asked = False
        self.quiet_at = None

    def regain(self, time: int, now: float) -> None:
        """Note that a reporter was heard again."""
        self.state = "reconstructing"
        self.until = time
        self.back_at = now

    def resume(self, now: float) -> None:
        """Wait for everybody anew, after a restart of the host."""
        self.back_at = now
        self.asked = False
        self.quiet_at = None

    def close(self) -> None:
        """Note that the event goes on."""
        self.spans.append((self.since, self.until))
        self.state = "live"
        self.asked = False
        self.quiet_at = None

    def holds(self, time: int) -> bool:
        """Tell whether a time lies in the outage that is being put together."""
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

    def all_told(
        self, members: Iterable[Member], open_claims: Iterable[Claim], now: float, patience: float
    ) -> bool:
        """Tell whether nothing more of the outage is to be expected.

        Args:
            members: the reporters who stay.
            open_claims: of the event.
            now: monotonic seconds.
            patience: seconds for which those who are not back yet are waited for.
        """
        for member in members:
            back = member.heard > self.back_at or (
                member.heard == self.back_at and member.told_last
            )
            if back and member.told_last and member.n >= member.last:
                continue
            if not back and now >= self.back_at + patience:
                continue  # gone for good, or for longer
            return False
        return not any(
            claim.lane.kind is not None and self.since <= claim.mean <= self.until
            for claim in open_claims
        )
