"""What keeps a process from being ready, by part; the metrics port answers `/ready` with it.

Ready is not live: a process whose broker is away is not ready and would not be helped by a restart.
A `Readiness` runs on the metrics server's thread, and only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..broker.service import Broker
    from ..datagrams.server import DatagramServer
    from ..gateway.context import Gateway
    from ..peer.host.service import Host
    from ..peer.subscriber.core import SubscriberCore

Readiness = Callable[[], Mapping[str, str]]
"""Returns for each part of a process why it is not ready; an empty text where it is."""

SHOWN = 10
"""The most events that an answer names."""


def broker_readiness(broker: Broker) -> Readiness:
    """Return what tells whether a broker listens and can read its database."""

    def parts() -> dict[str, str]:
        listens = broker.ready.is_set()
        readable = listens and broker.census() is not None
        return {
            "listening": "" if listens else "the broker does not listen yet",
            "database": "" if readable else "the database can't be read",
        }

    return parts


def host_readiness(host: Host) -> Readiness:
    """Return what tells whether a host serves all of its events, can store, and has a broker."""

    def parts() -> dict[str, str]:
        away = host.leases.away
        return {
            "broker": f"the broker does not answer: {away}" if away else "",
            "journal": host.trouble and f"the journal can't be written: {host.trouble}",
            "copies": "no other machine has a copy of what is stored" if host.stalled else "",
            "leases": _fenced(host),
            "events": _events(host),
        }

    return parts


def _fenced(host: Host) -> str:
    fenced = host.fenced
    if not fenced:
        return ""
    more = f" and {len(fenced) - SHOWN:,} more" if len(fenced) > SHOWN else ""
    return f"another host may have: {', '.join(fenced[:SHOWN])}{more}"


def _events(host: Host) -> str:
    lost = sorted(host.lost)
    if lost:
        more = f" and {len(lost) - SHOWN:,} more" if len(lost) > SHOWN else ""
        return f"not served, or no longer: {', '.join(lost[:SHOWN])}{more}"
    return "" if host.leases.serving else "not every event is served yet"


def gateway_readiness(gateway: Gateway) -> Readiness:
    """Return what tells whether a gateway follows feeds and its broker answers."""
    return gateway.unready


def subscriber_readiness(core: SubscriberCore) -> Readiness:
    """Return what tells whether an event's feed comes; that of one that is over has come."""

    def parts() -> dict[str, str]:
        if core.finished:
            return {"feed": ""}
        if core.heard is None:
            return {"feed": "nothing has come from the host yet"}
        return {"feed": "two heartbeats of the host are missing" if core.stale else ""}

    return parts


def datagrams_readiness(server: DatagramServer) -> Readiness:
    """Return what tells whether a server of datagrams has the feed that it sends."""

    def parts() -> Mapping[str, str]:
        if server.played:
            return {}
        if server.feed is None:
            return {"feed": "the feed is not followed yet"}
        return subscriber_readiness(server.feed)()

    return parts
