"""Python's cycle collector in processes that keep much, and all of it for long."""

from __future__ import annotations

import gc


def spare_collector() -> None:
    """Make the collector run less often; call it once in a process, before it begins to serve.

    Claims live as long as their event, and what a search looks through as long as the broker; they
    hold no cycles. Looking through them takes a tenth of the time of a host's report path.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
