"""The counts of a subscriber, for the screen, the summary and `--json`."""

from __future__ import annotations

from dataclasses import dataclass

from ...peer.subscriber.service import Subscriber


@dataclass(frozen=True, slots=True)
class FeedStatistics:
    """The counts of a subscriber.

    Args:
        received, lost, repaired, out_of_order, duplicate, history, epochs: see the tracker.
        p50, p99: seconds from the host to the subscriber; None before the first message.
        seq, digest: the seq up to which the feed was followed, and its digest there in hex.
    """

    received: int = 0
    lost: int = 0
    repaired: int = 0
    out_of_order: int = 0
    duplicate: int = 0
    history: int = 0
    epochs: int = 0
    p50: float | None = None
    p99: float | None = None
    seq: int = 0
    digest: str = ""


def counted(feed: Subscriber) -> FeedStatistics:
    """Return the present counts of a subscriber."""
    counters, latency = feed.core.tracker.counters, feed.core.latency
    return FeedStatistics(
        received=counters.received,
        lost=counters.lost,
        repaired=counters.repaired,
        out_of_order=counters.out_of_order,
        duplicate=counters.duplicate,
        history=counters.history,
        epochs=counters.epochs,
        p50=latency.percentile(50),
        p99=latency.percentile(99),
        seq=feed.core.tracker.seq,
        digest=feed.core.tracker.digest.hex(),
    )


def summary(counts: FeedStatistics) -> dict[str, object]:
    """Return the counts by the names of `--json` and the table."""
    return {
        "received": counts.received,
        "history": counts.history,
        "lost": counts.lost,
        "repaired": counts.repaired,
        "out_of_order": counts.out_of_order,
        "duplicate": counts.duplicate,
        "epochs": counts.epochs,
        "latency_p50_ms": _milliseconds(counts.p50),
        "latency_p99_ms": _milliseconds(counts.p99),
        "seq": counts.seq,
        "digest": counts.digest,
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)
