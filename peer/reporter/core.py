"""What a reporter does with its reports: send, send again, learn their fates. Pure.

The outbox is the truth; this core only decides when what is pending goes out.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ...protocol import codec, keys, limits, signing
from ...protocol.messages import Fate, Receipt, Report, ReportBatch, Said

RESEND_SECONDS = 1.0
"""Silence of the host after which what is not confirmed is sent again; doubles up to 30 s."""

RESEND_MOST = 30.0


class ReporterCore:
    """The sending side of one reporter in one event.

    Args:
        event: its id.
        identity: the key that signs each report as it is sent; None: they are not signed.
    """

    def __init__(self, event: str = "", identity: keys.Identity | None = None) -> None:
        self.fates: dict[int, Fate] = {}
        """The newest fate of each report, by number."""
        self.stored = 0
        """Everything up to this number is on the host's disk."""
        self._event = event
        self._identity = identity
        self._token = ""
        self._pause = RESEND_SECONDS
        self._due: float | None = None

    def opened(self, token: str, n: int, now: float) -> None:
        """Note that the host is there: what is pending goes out at once."""
        self._token = token
        self.stored = n
        self._pause = RESEND_SECONDS
        self._due = now

    def renumbered(self) -> None:
        """Note that what is pending has other numbers now: fates known so far are of old ones."""
        self.fates.clear()

    def frames(self, said: Sequence[Said], now: float) -> list[bytes]:
        """Return the frames that carry new reports; they are sent again until confirmed."""
        if self._due is None:
            self._due = now + self._pause
        return self._pack(said)

    def resend(self, pending: Sequence[Said], now: float) -> list[bytes]:
        """Return the frames that carry what is pending, and wait longer for the next time."""
        if not pending:
            self._due = None
            self._pause = RESEND_SECONDS
            return []
        self._due = now + self._pause
        self._pause = min(2 * self._pause, RESEND_MOST)
        return self._pack(pending)

    def receipt(self, receipt: Receipt, now: float) -> bool:
        """Take a receipt; tell whether it confirms anything new."""
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
        """Note that the host is gone: nothing is sent until it is back."""
        self._due = None

    def next_timer(self) -> float | None:
        """Return when what is pending is to be sent again (monotonic seconds)."""
        return self._due

    def _pack(self, said: Sequence[Said]) -> list[bytes]:
        signed = [self._sign(one) for one in said]
        size = limits.BATCH_REPORTS
        frames = []
        for start in range(0, len(signed), size):
            frames += self._fit(signed[start : start + size])
        return frames

    def _sign(self, said: Said) -> Said:
        """Sign a report under the number that it has now: it may have had another."""
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
    """Return the bytes that a report takes on the wire, its token and signature included."""
    signed = replace(said, signature=bytes(keys.SIGNATURE_BYTES))
    return len(codec.encode(_report("0" * 36, signed)))


def _report(token: str, said: Said) -> Report:
    return Report(token=token, n=said.n, time=said.time, event=said.event, signature=said.signature)
