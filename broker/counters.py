"""A broker's counters: plain integers that a metrics collector reads when it is scraped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..runtime.histogram import Histogram

REQUEST_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5)
"""Upper bounds of the buckets of how long requests take, seconds."""


@dataclass(slots=True)
class RequestCounts:
    """What became of the requests of one type.

    Args:
        answered: they got their reply.
        refused: they got an error.
        seconds: from when a request came until its answer was decided and stored.
    """

    answered: int = 0
    refused: int = 0
    seconds: Histogram = field(default_factory=lambda: Histogram(REQUEST_SECONDS))


@dataclass(slots=True)
class BrokerCounters:
    """Counts since the broker started; each only grows, except `waiting`.

    To read `requests` or `refusals` in another thread, copy it first (`dict(requests)`): the
    broker may add a key at any time.

    Args:
        requests: decoded requests by type, without requests to groups.
        outcomes: what became of them, by type.
        group_requests: answered requests to groups.
        refusals: refused messages by error code, also messages that are not valid requests.
        undeliverable: replies whose receiver had gone or did not read.
        faults: requests left unanswered because of the broker's own fault; the log names it.
        accepted: accepted TCP connections.
        closed: closed connections, also those closed for a frame over the socket's limit.
        strangers: connections that did not speak ZeroMQ or CURVE, or closed during the handshake.
        mistaken: connections that expected another key of the broker.
        admitted: connections that the authenticator accepted.
        barred: connections that the authenticator refused, because their key is revoked.
        enrolled: keys enrolled.
        rate_limited: messages over the rate of a key, with or without an error reply.
        repeated: requests that were sent again while the first was waiting; it is answered once.
        expired: requests that were dropped, since their peers no longer waited for the answer.
        waiting: requests that wait for a worker or that a worker is answering.
    """

    requests: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, RequestCounts] = field(default_factory=dict)
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
    repeated: int = 0
    expired: int = 0
    waiting: int = 0

    def add_outcome(self, kind: str, seconds: float, *, refused: bool) -> None:
        """Count what became of a request; from one thread at a time.

        Args:
            kind: its type.
            seconds: since it came.
            refused: whether it got an error.
        """
        counts = self.outcomes.get(kind)
        if counts is None:
            counts = self.outcomes[kind] = RequestCounts()
        if refused:
            counts.refused += 1
        else:
            counts.answered += 1
        counts.seconds.add(seconds)
