"""What metrics cost: reports at a host that is scraped each second, beside one that is not."""

from __future__ import annotations

from functools import partial

from .comparison import Comparison, Contestant, Size
from .reports import FULL_SYNC, REPORTS, SENDERS, touchline


def comparisons(size: Size) -> list[Comparison]:
    """Return what is measured."""
    senders = size.of(10 * SENDERS, 5) if size.share < 0.1 else SENDERS
    count = size.of(REPORTS, 2 * senders)
    without = Contestant("without", FULL_SYNC, partial(touchline, count, senders=senders))
    scraped = Contestant(
        "scraped each second",
        f"{FULL_SYNC}; --metrics",
        partial(touchline, count, senders=senders, scraped=True),
    )
    return [
        Comparison(
            "metrics",
            f"{count:,} reports by {senders} senders, metrics off and on",
            [without, scraped],
            "reports/s",
            beside=without.name,
        )
    ]
