"""What a broker counts: plain integers that a metrics collector reads when it is scraped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class BrokerCounters:
    """Counts since the broker started; each only grows, except `waiting`.

    Who reads them from another thread takes `dict(requests)` first: a new type may come any time.

    Args:
        requests: decoded requests by type, those to groups left out.
        group_requests: requests to groups, answered.
        refusals: error replies by code, those to frames that are no request included.
        undeliverable: replies whose receiver had gone or did not read.
        faults: requests left unanswered because of a fault of our own; the log tells which.
        accepted: connections accepted.
        closed: connections closed, those cut for a frame over the socket's limit included.
        strangers: connections that did not speak ZeroMQ, or not encrypted, or left meanwhile.
        mistaken: connections that took the broker for one with another key.
        admitted: connections let in by their key.
        barred: connections refused because their key is revoked.
        enrolled: keys that came in since the start.
        rate_limited: frames over the rate of a key, told or not; those told are among the refusals.
        waiting: requests that wait for a worker or are being answered now.
    """

    requests: Counter[str] = field(default_factory=Counter)
    group_requests: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    undeliverable: int = 0
    faults: int = 0
    accepted: int = 0
    closed: int = 0
    strangers: int = 0
    mistaken: int = 0
    admitted: int = 0
    barred: int = 0
    enrolled: int = 0
    rate_limited: int = 0
    waiting: int = 0
