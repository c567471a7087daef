"""The sending of a reporter: it sends reports, sends them again, and learns their fates. Pure.

The outbox holds the reports; this core only decides when the pending ones are sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ...protocol import codec, keys, limits, signing
from ...protocol.messages import Fate, Receipt, Report, ReportBatch, Said

RESEND_SECONDS = 1.0
"""Pause without a receipt after which pending reports are sent again; doubles up to the most."""

RESEND_MOST = 30.0
"""The longest such pause, seconds."""


class ReporterCore:
    """The sending side of one reporter in one event.

    Args:
        event: its id.
        identity: the key that signs each report as it is sent; None: reports are not signed.
    """

    def __init__(self, event: str = "", identity: keys.Identity | None = None) -> None:
        self.fates: dict[int, Fate] = {}
        """The newest fate of each report, by number."""
        self.stored = 0
        """The host has stored all reports up to this number on its disk."""
        self._event = event
        self._identity = identity
        self._token = ""
        self._pause = RESEND_SECONDS
        self._due: float | None = None

    def opened(self, token: str, n: int, now: float) -> None:
        """Take note that the session is open: pending reports are sent at once.

        Args:
            token: the report token that the host gave.
            n: the number up to which the host has stored this reporter's reports.
            now: monotonic seconds.
        """
        self._token = token
        self.stored = n
        self._pause = RESEND_SECONDS
        self._due = now

    def renumbered(self) -> None:
        """Forget the fates: pending reports have new numbers, the known fates are of old ones."""
        self.fates.clear()

    def frames(self, said: Sequence[Said], now: float) -> list[bytes]:
        """Return the frames that carry new reports; they are sent again until confirmed."""
        if self._due is None:
            self._due = now + self._pause
        return self._pack(said)

    def resend(self, pending: Sequence[Said], now: float) -> list[bytes]:
        """Return the frames that carry the pending reports, and lengthen the pause."""
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
        new = receipt.n > self.stored
        if new:
            self.stored = receipt.n
            self._pause = RESEND_SECONDS
            if self._due is not None:
                self._due = now + self._pause
        return new

    def closed(self) -> None:
        """Take note that the session is closed: nothing is sent until it opens again."""
        self._due = None

    def next_timer(self) -> float | None:
        """Return when pending reports are to be sent again (monotonic seconds)."""
        return self._due

    def _pack(self, said: Sequence[Said]) -> list[bytes]:
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
