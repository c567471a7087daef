"""A broker's counters: plain integers that a metrics collector reads when it is scraped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class BrokerCounters:
    """Counts since the broker started; each only grows, except `waiting`.

    To read `requests` or `refusals` in another thread, copy it first (`dict(requests)`): the
    broker may add a key at any time.

    Args:
        requests: decoded requests by type, without requests to groups.
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
