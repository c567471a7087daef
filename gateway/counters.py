"""The counts of a gateway, read when metrics are scraped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..peer.reporter.counters import ReporterCounters


@dataclass(slots=True)
class GatewayCounters:
    """The counts of one gateway.

    Args:
        requests: HTTP requests by status class, such as `2xx`.
        refusals: errors sent to WebSocket clients, by code.
        connections: accepted connections that stay open, by kind (`websocket`, `sse`, `lobby`).
        messages: feed messages received.
        sent: bytes handed to the system for WebSocket viewers.
        switched: snapshots that viewers got instead of messages that they had missed.
        closed: WebSocket connections that the gateway closed, by code.
        lobby: messages of the lobby that were refused, by the error's code, and those `ignored`.
        over_limit: connections refused by the listener because too many were open, by limit:
            `address`, `total`; those that stay open have limits of their own.
        webhooks: attempts to deliver to webhooks, by outcome: `delivered`, `failed`, and `given_up`
            where one more failure ended the webhook.
        viewed: messages by what became of them, as the pages of viewers say: `received`, `lost`,
            `repaired`, `duplicate`.
        resumed: streams of server-sent events that went on after a `Last-Event-ID`, by outcome:
            `recovered`, `anew` where the gateway no longer had the messages between.
        resent: the messages between, of those that were recovered.
        reporters: what the people count who report through this gateway.
        slow: seconds of the longest fan-out so far.
    """

    requests: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    connections: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    sent: int = 0
    switched: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    lobby: Counter[str] = field(default_factory=Counter)
    over_limit: Counter[str] = field(default_factory=Counter)
    webhooks: Counter[str] = field(default_factory=Counter)
    viewed: Counter[str] = field(default_factory=Counter)
    resumed: Counter[str] = field(default_factory=Counter)
    resent: int = 0
    reporters: ReporterCounters = field(default_factory=ReporterCounters)
    slow: float = 0.0
