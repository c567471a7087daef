"""Every setting of a gateway: its default, its unit, its check."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path

import platformdirs

from ..protocol.errors import SettingError

MEGABYTE = 1_048_576

LEAST_TOKEN = 16
"""The shortest operator's token, characters."""

LEAST_HEARTBEAT, MOST_HEARTBEAT = 0.5, 30.0
"""What a viewer may ask for, seconds between heartbeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one gateway.

    Args:
        host: the address to listen on; `*` for every interface.
        port: the port to listen on; 0 takes a free one.
        folder: where the gateway keeps what outlives it; empty: `gateway` in the user's data
            folder, or in the folder that the variable TOUCHLINE_HOME names.
        heartbeat: seconds between two heartbeats to a viewer that asks for nothing else.
        max_events: events followed at one time; more are refused with OVERLOADED.
        linger: seconds for which an event is followed on after the last viewer has gone.
        history_mb: megabytes of an event's newest messages that are kept ready for those who
            join at the start or come back; who needs older ones gets a snapshot.
        max_connections: connections that stay open (WebSocket, SSE), in total.
        per_address: of those, from one address.
        max_body: bytes of a request's body.
        max_frame: bytes of a WebSocket message from a viewer.
        queue_messages: messages that may wait for a viewer before it is switched to a snapshot.
        queue_bytes: bytes that may.
        stalled: seconds for which a viewer beyond these may read nothing before it is closed.
        patience: seconds that a request waits for an event's feed to be had.
        forwarded_by: address or network of the proxy whose X-Forwarded-For is believed.
        lobby: HOST:PORT/PATH on which the lobby is served besides `/ws/live`; empty: nowhere.
        drain_seconds: seconds that a gateway asked to stop gives what it has begun.
        max_people: people who are signed in at one time.
        max_reporters: of those, who report at one time; each is a peer with connections of its own.
        session_days: days after which who has signed in is asked to do so again.
        webhook_token: what operators show to register webhooks; empty: nobody can.
        webhook_http: whether webhooks may go to `http` addresses, unencrypted.
        webhook_private: whether webhooks may go to addresses that are not of the open Internet.

    Raises:
        SettingError: a value that can't be; the sentence names the flag.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    folder: str = ""
    heartbeat: float = 10.0
    max_events: int = 200
    linger: float = 300.0
    history_mb: int = 64
    max_connections: int = 10_000
    per_address: int = 1_000
    max_body: int = 65_536
    max_frame: int = 65_536
    queue_messages: int = 1_000
    queue_bytes: int = MEGABYTE
    stalled: float = 30.0
    patience: float = 5.0
    forwarded_by: str = ""
    lobby: str = ""
    drain_seconds: float = 3.0
    max_people: int = 10_000
    max_reporters: int = 200
    session_days: float = 30.0
    webhook_token: str = field(default="", repr=False)
    webhook_http: bool = False
    webhook_private: bool = False

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise SettingError("--host: empty; write an address, or * for every interface")
        _check("--port", self.port, 0, 65_535, "")
        _check("--heartbeat", self.heartbeat, LEAST_HEARTBEAT, MOST_HEARTBEAT, "seconds")
        _check("--max-events", self.max_events, 1, 10_000, "events")
        _check("--linger", self.linger, 0, 86_400, "seconds")
        _check("--history-mb", self.history_mb, 1, 4_096, "megabytes")
        _check("--max-connections", self.max_connections, 1, 1_000_000, "connections")
        _check("--per-address", self.per_address, 1, 1_000_000, "connections")
        _check("--max-body", self.max_body, 1_024, 16 * MEGABYTE, "bytes")
        _check("--max-frame", self.max_frame, 1_024, 16 * MEGABYTE, "bytes")
        _check("--queue-messages", self.queue_messages, 1, 1_000_000, "messages")
        _check("--queue-bytes", self.queue_bytes, 65_536, 1_024 * MEGABYTE, "bytes")
        _check("--stalled", self.stalled, 0.1, 3_600, "seconds")
        _check("--patience", self.patience, 0.1, 60, "seconds")
        _check("--drain-seconds", self.drain_seconds, 0, 60, "seconds")
        _check("--max-people", self.max_people, 1, 1_000_000, "people")
        _check("--max-reporters", self.max_reporters, 1, 8_000, "reporters")
        _check("--session-days", self.session_days, 0.001, 366, "days")
        _check_token(self.webhook_token)
        _check_proxies(self.forwarded_by)

    @property
    def address(self) -> str:
        """The address to bind, as the system takes it."""
        return "0.0.0.0" if self.host == "*" else self.host.strip("[]")

    @property
    def home(self) -> Path:
        """The folder of what outlives the gateway, the default resolved when it is asked for."""
        if self.folder:
            return Path(self.folder)
        chosen = os.environ.get("TOUCHLINE_HOME")
        return Path(chosen or platformdirs.user_data_dir("touchline")) / "gateway"


def _check(flag: str, value: float, least: float, most: float, unit: str) -> None:
    # A NaN fails both comparisons and is refused with them.
    if not least <= value <= most:
        of = f"{value:,} {unit}".strip()
        raise SettingError(f"{flag}: {of}; between {least:,} and {most:,} allowed")


def _check_token(token: str) -> None:
    if token and len(token) < LEAST_TOKEN:
        raise SettingError(
            f"--webhook-token: {len(token)} characters, at least {LEAST_TOKEN} needed"
        )


def _check_proxies(text: str) -> None:
    for part in text.split(",") if text else ():
        try:
            ip_network(part.strip()) if "/" in part else ip_address(part.strip())
        except ValueError:
            raise SettingError(
                f"--forwarded-by: {part!r} is no address and no network, such as 10.0.0.0/8"
            ) from None
