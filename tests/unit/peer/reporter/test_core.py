"""When a reporter's reports go out."""

from __future__ import annotations

import pytest

from touchline.peer.reporter.core import RESEND_MOST, RESEND_SECONDS, ReporterCore, check_size
from touchline.protocol import codec, limits, signing
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Fate, Happening, Receipt, Report, ReportBatch, Said

ANN = Identity(bytes(range(32)))


def said(n: int, size: int = 0) -> Said:
    details = {f"d{i}": "x" * 1_000 for i in range(size)} or None
    return Said(n=n, time=5, event=Happening("goal", "A", 5, details))


def decode(frames):
    return [codec.decode_report(frame) for frame in frames]


@pytest.fixture
def core():
    made = ReporterCore()
    made.opened("token", 0, 10.0)
    return made


def test_one(core):
    """One report is one message that carries the token."""
    (report,) = decode(core.frames([said(1)], 10.0))
    assert report == Report(token="token", n=1, time=5, event=said(1).event)


@pytest.mark.parametrize("count", [1, 2])
def test_what_was_seen_before_goes_along(count):
    """The frame says what the reporter had been shown, and the signature holds over it."""
    core = ReporterCore("e", ANN)
    core.opened("token", 0, 10.0)
    seen = [Said(n=n, time=5, event=said(1).event, seen=7) for n in range(1, count + 1)]
    (message,) = decode(core.frames(seen, 10.0))
    for one in message.reports if count > 1 else [message]:
        assert one.seen == 7
        assert signing.holds(ANN.public, "e", one)


def test_many(core):
    """Many are batches, in the order of their numbers, none lost."""
    count = 2 * limits.BATCH_REPORTS + 1
    batches = decode(core.resend([said(n) for n in range(1, count + 1)], 10.0))
    assert [type(batch) for batch in batches] == [ReportBatch, ReportBatch, Report]
    assert [one.n for batch in batches[:2] for one in batch.reports] == list(range(1, count))
    assert batches[2].n == count


def test_long_ones(core):
    """A batch that would not fit into a frame is cut into halves until its parts do."""
    frames = core.resend([said(n, size=20) for n in range(1, 6)], 10.0)
    sent = decode(frames)
    assert [type(message) for message in sent] == [ReportBatch, ReportBatch]
    assert [one.n for batch in sent for one in batch.reports] == [1, 2, 3, 4, 5]
    (alone,) = decode(core.resend([said(1, size=22)], 10.0))
    assert isinstance(alone, Report)
    frames = core.resend([said(n, size=22) for n in range(1, 4)] + [said(4, size=23)], 10.0)
    assert [type(message) for message in decode(frames)] == [ReportBatch, ReportBatch]
    assert max(map(len, frames)) <= limits.FRAME_BYTES


def test_signed():
    """With a key each report is signed, alone and in a batch, for this event and number."""
    core = ReporterCore("final", ANN)
    core.opened("badge", 0, 10.0)
    (alone,) = decode(core.frames([said(1)], 10.0))
    (batch,) = decode(core.resend([said(1), said(2)], 10.0))
    for one in (alone, *batch.reports):
        assert signing.holds(ANN.public, "final", one)
        assert not signing.holds(ANN.public, "other", one)
    assert alone.signature == batch.reports[0].signature != batch.reports[1].signature


def test_signed_batch_fits():
    """A full batch of short reports, signed, is cut so that its frames keep their limit."""
    core = ReporterCore("final", ANN)
    core.opened("b" * 36, 0, 10.0)
    frames = core.resend([said(n) for n in range(2**40, 2**40 + limits.BATCH_REPORTS)], 10.0)
    assert max(map(len, frames)) <= limits.FRAME_BYTES
    assert sum(len(batch.reports) for batch in decode(frames)) == limits.BATCH_REPORTS


def test_renumbered_is_signed_anew():
    """A report that has been given another number is signed under that one."""
    core = ReporterCore("final", ANN)
    core.opened("badge", 0, 10.0)
    core.frames([said(3)], 10.0)
    (again,) = decode(core.resend([said(7)], 11.0))
    assert signing.holds(ANN.public, "final", again)


def test_opened(core):
    """When the host is there, what is pending is due at once."""
    assert core.next_timer() == 10.0


def test_resends_with_growing_pauses(core):
    """What is not confirmed is sent again after pauses that double up to a bound."""
    pauses, now = [], 10.0
    for _ in range(8):
        assert len(core.resend([said(1)], now)) == 1
        pauses.append(core.next_timer() - now)
        now = core.next_timer()
    assert pauses == [1, 2, 4, 8, 16, RESEND_MOST, RESEND_MOST, RESEND_MOST]


def test_a_receipt_ends_the_waiting(core):
    """A receipt that confirms something begins the pauses anew; nothing pending, none is due."""
    for now in (10.0, 11.0, 13.0):
        core.resend([said(1), said(2)], now)
    assert core.receipt(Receipt(event="e", n=1), 14.0)
    assert core.next_timer() == 14.0 + RESEND_SECONDS
    assert not core.receipt(Receipt(event="e", n=1), 14.0)
    assert core.resend([], 15.0) == []
    assert core.next_timer() is None
    core.frames([said(3)], 20.0)
    assert core.next_timer() == 20.0 + RESEND_SECONDS


def test_fates(core):
    """The newest fate of each report is known, also from a receipt that confirms nothing new."""
    core.receipt(Receipt(event="e", n=2, fates=[Fate(1, "accepted", 7, "3")]), 10.0)
    core.receipt(Receipt(event="e", n=2, fates=[Fate(2, "expired")]), 11.0)
    assert core.fates == {1: Fate(1, "accepted", 7, "3"), 2: Fate(2, "expired")}
    assert core.stored == 2


def test_closed(core):
    """While the host is gone nothing is due; when it is back, all is at once."""
    core.frames([said(1)], 10.0)
    core.closed()
    assert core.next_timer() is None
    core.opened("new", 0, 30.0)
    assert core.next_timer() == 30.0
    (report,) = decode(core.resend([said(1)], 30.0))
    assert report.token == "new"


def test_renumbered(core):
    """Fates of old numbers are not told of new ones."""
    core.receipt(Receipt(event="e", n=2, fates=[Fate(1, "expired")]), 10.0)
    core.renumbered({1: 3})
    assert core.fates == {}


def test_check_size():
    """The size that is checked is at least that of the frame, with any token and number."""
    one = said(2**62, size=3)
    core = ReporterCore("e", ANN)
    core.opened("t" * 36, 0, 0.0)
    assert check_size(one) == len(core.frames([one], 0.0)[0])


def test_counts_what_waits_and_what_was_sent(core):
    """A report waits from when it is made until its receipt; its receipt is owed from when it was
    sent; what is sent again is counted."""
    counters = core.counters
    core.said([said(1), said(2)], 10.0)
    assert (counters.said, counters.waiting, counters.outstanding) == (2, 2, 0)
    core.frames([said(1), said(2)], 10.0)
    assert (counters.waiting, counters.outstanding, counters.resent) == (2, 2, 0)
    core.resend([said(1), said(2)], 11.0)
    assert counters.resent == 2
    core.receipt(Receipt(event="e", n=1, fates=[Fate(1, "accepted")]), 11.5)
    assert (counters.stored, counters.waiting, counters.outstanding) == (1, 1, 1)
    assert counters.fates == {"accepted": 1}
    core.receipt(Receipt(event="e", n=2), 13.0)
    assert (counters.stored, counters.waiting, counters.outstanding) == (2, 0, 0)
    assert counters.receipt.total == 1.5 + 3.0
    assert sum(counters.receipt.buckets) == 2


def test_counts_of_an_outbox_from_before():
    """Reports of an earlier run wait from the start, and have no time from tap to receipt."""
    core = ReporterCore()
    core.waits(3)
    assert (core.counters.waiting, core.counters.outstanding) == (3, 0)
    core.opened("token", 51, 10.0, 2)
    assert (core.counters.stored, core.counters.waiting) == (1, 2)
    core.resend([said(52), said(53)], 10.0)
    assert (core.counters.resent, core.counters.outstanding) == (0, 2)
    core.receipt(Receipt(event="e", n=53), 11.0)
    assert (core.counters.stored, core.counters.waiting) == (3, 0)
    assert sum(core.counters.receipt.buckets) == 0


def test_counts_over_new_numbers(core):
    """A report that got another number keeps the time when it was made."""
    core.said([said(1)], 10.0)
    core.frames([said(1)], 10.0)
    core.renumbered({1: 7})
    core.opened("token", 6, 12.0)
    core.resend([said(7)], 12.0)
    core.receipt(Receipt(event="e", n=7), 13.0)
    assert core.counters.receipt.total == 3.0
    assert (core.counters.stored, core.counters.waiting) == (1, 0)


def test_reporters_of_one_thread_share_their_counters():
    """Each adds its own part, and takes it back when it leaves."""
    ann = ReporterCore()
    ben = ReporterCore(counters=ann.counters)
    ann.waits(3)
    ben.waits(2)
    assert ann.counters.waiting == 5
    ben.waits(0)
    assert ann.counters.waiting == 3
