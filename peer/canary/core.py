"""Rounds of a canary: what each part is told, when it came through, and what is missed. Pure.

A round begins every few seconds and ends when the next begins. It goes through the parts in order;
the first that it has not come through by then is the part that is broken.
"""

from __future__ import annotations

from ..subscriber.core import Latency

PARTS = ("report", "entry", "feed", "page")
"""Three reports are stored at the host; they are an entry; a subscriber has it; a gateway's viewer
has it."""


class CanaryCore:
    """The rounds of one canary.

    Args:
        every: seconds between the beginnings of rounds.
        parts: those of `PARTS` that a round goes through.
        now: monotonic seconds.
    """

    def __init__(self, every: float, parts: tuple[str, ...], now: float) -> None:
        self.every = every
        self.parts = parts
        self.seconds = {part: Latency() for part in parts}
        """How long after its beginning a round had come through each part."""
        self.missed = dict.fromkeys(parts, 0)
        """Rounds that did not come through a part, and had come through those before it."""
        self.seen = 0
        """Rounds that came through all parts."""
        self.broken = ""
        """The part that the newest round did not come through; empty where it came through all."""
        self.seen_at = now
        """When a round last came through all parts, or the canary began; monotonic seconds."""
        self.mark = 0
        """What tells the round that is under way from others; 0: none is."""
        self._began = 0.0
        self._left: list[str] = []
        self._next = now

    def next_timer(self) -> float:
        """Return when `handle_timer` is to be called (monotonic seconds)."""
        return self._next

    def handle_timer(self, now: float, mark: int) -> bool:
        """End the round that is under way, where it is due, and begin the next.

        Args:
            now: monotonic seconds.
            mark: of the next round; higher than any before, also of runs before.

        Returns:
            whether a round began: the caller sends its reports.
        """
        if now < self._next:
            return False
        self._end()
        self.mark, self._began, self._left = mark, now, list(self.parts)
        self._next = now + self.every
        return True

    def reach(self, part: str, mark: int, now: float) -> None:
        """Note that a round came through a part; of a round that is over nothing is noted."""
        if mark != self.mark or part not in self._left:
            return
        self._left.remove(part)
        self.seconds[part].add(max(0.0, now - self._began))
        if not self._left:
            self.seen += 1
            self.seen_at = now
            self.broken = ""

    def is_whole(self) -> bool:
        """Return whether the round under way has come through all parts."""
        return bool(self.mark) and not self._left

    def _end(self) -> None:
        if self.mark and self._left:
            self.broken = self._left[0]
            self.missed[self.broken] += 1
