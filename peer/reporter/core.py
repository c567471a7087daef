"""The sending of a reporter: it sends reports, sends them again, and learns their fates. Pure.

The outbox holds the reports; this core only decides when the pending ones are sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ...protocol import codec, keys, limits, signing
from ...protocol.messages import Fate, Receipt, Report, ReportBatch, Said
from .counters import ReporterCounters

RESEND_SECONDS = 1.0
"""Pause without a receipt after which pending reports are sent again; doubles up to the most."""

RESEND_MOST = 30.0
"""The longest such pause, seconds."""


class ReporterCore:
    """The sending side of one reporter in one event.

    Args:
        event: its id.
        identity: the key that signs each report as it is sent; None: reports are not signed.
        counters: to count in; new ones by default.
    """

    def __init__(
        self,
        event: str = "",
        identity: keys.Identity | None = None,
        counters: ReporterCounters | None = None,
    ) -> None:
        self.fates: dict[int, Fate] = {}
        """The newest fate of each report, by number."""
        self.stored = 0
        """The host has stored all reports up to this number on its disk."""
        self.counters = counters or ReporterCounters()
        """What is counted for the metrics."""
        self._event = event
        self._identity = identity
        # The unconfirmed reports of this run, in order, and when they were made (monotonic).
        self._made: deque[tuple[int, float]] = deque()
        self._sent_to = 0  # the newest number that was sent
        self._waiting = 0  # this reporter's part of the counters
        self._outstanding = 0
        self._token = ""
        self._pause = RESEND_SECONDS
        self._due: float | None = None

    def opened(self, token: str, n: int, now: float, waiting: int | None = None) -> None:
        """Take note that the session is open: pending reports are sent at once.

        Args:
            token: the report token that the host gave.
            n: the number up to which the host has stored this reporter's reports.
            now: monotonic seconds.
            waiting: how many reports in the outbox are not confirmed now; None: as many as before.
        """
        self._token = token
        self._confirm(n, self._waiting if waiting is None else waiting, now)
        self._pause = RESEND_SECONDS
        self._due = now

    def renumbered(self, moved: Mapping[int, int]) -> None:
        """Forget the fates: pending reports have new numbers, the known fates are of old ones.

        Args:
            moved: the new number of each pending report whose number changed, by the old one.
        """
        self.fates.clear()
        self._made = deque((moved.get(n, n), at) for n, at in self._made)
        self._sent_to = max(moved.values())

    def said(self, said: Sequence[Said], now: float) -> None:
        """Count reports that were just made and stored in the outbox."""
        self.counters.said += len(said)
        self._made.extend((one.n, now) for one in said)
        self.waits(self._waiting + len(said))

    def waits(self, count: int) -> None:
        """Take note of how many reports in the outbox are not confirmed."""
        self.counters.waiting += count - self._waiting
        self._waiting = count
        outstanding = min(count, max(0, self._sent_to - self.stored))
        self.counters.outstanding += outstanding - self._outstanding
        self._outstanding = outstanding

    def frames(self, said: Sequence[Said], now: float) -> list[bytes]:
        """Return the frames that carry new reports; they are sent again until confirmed."""
        if self._due is None:
            self._due = now + self._pause
        return self._pack(said)

    def resend(self, pending: Sequence[Said], now: float) -> list[bytes]:
        """Return the frames that carry the pending reports, and lengthen the pause."""
        self.counters.resent += sum(one.n <= self._sent_to for one in pending)
        self.waits(len(pending))
        if not pending:
            self._due = None
            self._pause = RESEND_SECONDS
            return []
        self._due = now + self._pause
        self._pause = min(2 * self._pause, RESEND_MOST)
        return self._pack(pending)

    def receipt(self, receipt: Receipt, now: float) -> bool:
        """Take a receipt; return whether it confirms a further report."""
        for fate in receipt.fates:
            self.fates[fate.n] = fate
            self.counters.fates[fate.outcome] += 1
        new = receipt.n > self.stored
        if new:
            self._confirm(receipt.n, max(0, self._waiting - (receipt.n - self.stored)), now)
            self._pause = RESEND_SECONDS
            if self._due is not None:
                self._due = now + self._pause
        return new

    def _confirm(self, n: int, waiting: int, now: float) -> None:
        """Count the reports up to a number, which the host has stored, and those that wait on."""
        self.counters.stored += max(0, self._waiting - waiting)
        self.stored = n
        while self._made and self._made[0][0] <= n:
            self.counters.receipt.add(now - self._made.popleft()[1])
        self.waits(waiting)

    def closed(self) -> None:
        """Take note that the session is closed: nothing is sent until it opens again."""
        self._due = None

    def next_timer(self) -> float | None:
        """Return when pending reports are to be sent again (monotonic seconds)."""
        return self._due

    def _pack(self, said: Sequence[Said]) -> list[bytes]:
        if said:
            self._sent_to = max(self._sent_to, said[-1].n)
            self.waits(self._waiting)
        signed = [self._sign(one) for one in said]
        size = limits.BATCH_REPORTS
        frames = []
        for start in range(0, len(signed), size):
            frames += self._fit(signed[start : start + size])
        return frames

    def _sign(self, said: Said) -> Said:
        """Sign a report with the number that it has now: it may have had another before."""
        if self._identity is None:
            return said
        return replace(said, signature=self._identity.sign(signing.content(self._event, said)))

    def _fit(self, said: list[Said]) -> list[bytes]:
        if len(said) == 1:
            return [codec.encode(_report(self._token, said[0]))]
        frame = codec.encode(ReportBatch(token=self._token, reports=said))
        if len(frame) <= limits.FRAME_BYTES:
            return [frame]
        half = len(said) // 2
        return self._fit(said[:half]) + self._fit(said[half:])


def check_size(said: Said) -> int:
    """Return the size of a report on the wire in bytes, its token and signature included."""
    signed = replace(said, signature=bytes(keys.SIGNATURE_BYTES))
    return len(codec.encode(_report("0" * 36, signed)))


def _report(token: str, said: Said) -> Report:
    return Report(
        token=token,
        n=said.n,
        time=said.time,
        event=said.event,
        signature=said.signature,
        seen=said.seen,
    )
