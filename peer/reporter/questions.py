"""The host's questions to one reporter whether something happened, while they are open. Pure."""

from __future__ import annotations

from ...protocol.messages import Ask
from ...protocol.times import SECOND


class OpenQuestions:
    """Keeps the questions that are neither answered nor too old."""

    def __init__(self) -> None:
        self.by_claim: dict[int, Ask] = {}
        """The open questions by the number of their claim, oldest first."""
        self._host_time = (0, 0.0)  # the host's wall clock, and when it was so (monotonic)

    def set_time(self, wall: int, now: float) -> None:
        """Note the host's clock: it says until when an answer is worth something.

        Args:
            wall: microseconds since 1970 UTC.
            now: monotonic seconds.
        """
        self._host_time = (wall, now)

    def take(self, ask: Ask, now: float) -> None:
        """Take a question that has come."""
        self.by_claim[ask.claim] = ask
        self.drop_old(now)

    def answered(self, claim: object) -> None:
        """Forget the question about a claim, if it is the number of one."""
        if isinstance(claim, int):
            self.by_claim.pop(claim, None)

    def drop_old(self, now: float) -> None:
        """Forget the questions to which an answer may come too late."""
        old = [claim for claim, ask in self.by_claim.items() if self._due(ask) <= now]
        for claim in old:
            del self.by_claim[claim]

    def next_timer(self) -> float | None:
        """Return when `drop_old` is due (monotonic seconds)."""
        return min(map(self._due, self.by_claim.values()), default=None)

    def _due(self, ask: Ask) -> float:
        wall, now = self._host_time
        return now + (ask.until - wall) / SECOND
