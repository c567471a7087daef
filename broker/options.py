"""Every setting of a broker: its default, its unit, its check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from ..protocol import addresses, keys
from ..protocol.errors import SettingError
from ..protocol.messages import Role
from . import roles

DATABASES = ("sqlite:///", "postgresql+psycopg://")
"""What a database URL may begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one broker.

    Args:
        bind: HOST:PORT to listen on; port 0 takes a free one, host `*` takes every interface.
        database: SQLAlchemy URL; empty means a SQLite file in the user's data folder, or in the
            folder that the variable TOUCHLINE_HOME names.
        insecure: nothing is encrypted and no key is proved; on this machine alone.
        enrolment: "open" to take in whoever comes, "invited" to ask for an invitation.
        open_role: the role of those who come without an invitation.
        operators: the public keys, 32 bytes each, of those who are operators by right.
        workers: threads that answer requests.
        lease_seconds: seconds for which a host holds an event without renewing.
        token_seconds: seconds for which a token to an event is valid.
        session_seconds: seconds after its last `hello` for which a connection is remembered.
        heartbeat: seconds of idle feed between two heartbeats, told to every peer in `welcome`.
        queue: requests that may wait for a worker; more are refused with OVERLOADED.
        request_rate: requests a second that one key may go on with; more are refused with
            OVERLOADED.
        request_burst: requests that a key which was quiet may send at once.
        max_events: events that the registry takes; more are refused with OVERLOADED.
        max_peers: keys that the registry takes; more are refused with OVERLOADED.
        peer_events: events that one peer may create; more are refused with OVERLOADED.
        peer_tokens: tokens that one peer may hold; more are refused with OVERLOADED.
        drain_seconds: seconds that a broker asked to stop gives the requests it has begun.

    Raises:
        SettingError: a value that can't be; the sentence names the flag.
    """

    bind: str = f"127.0.0.1:{addresses.DEFAULT_PORT}"
    database: str = ""
    insecure: bool = False
    enrolment: Literal["open", "invited"] = "open"
    open_role: Role = "host"
    operators: tuple[bytes, ...] = ()
    workers: int = 2
    lease_seconds: float = 15.0
    token_seconds: float = 86_400.0
    session_seconds: float = 7 * 86_400.0
    heartbeat: float = 10.0
    queue: int = 1_000
    request_rate: float = 200.0
    request_burst: int = 2_000
    max_events: int = 100_000
    max_peers: int = 100_000
    peer_events: int = 1_000
    peer_tokens: int = 10_000
    drain_seconds: float = 2.0

    def __post_init__(self) -> None:
        host, _ = addresses.parse(self.bind, what="--bind")
        if self.insecure and not addresses.is_loopback(host):
            raise SettingError(
                f"--insecure: plain text is for this machine alone; --bind names {host}"
            )
        _check_database(self.database)
        _check_choice("--enrolment", self.enrolment, ("open", "invited"))
        _check_choice("--open-role", self.open_role, roles.ORDER[:-1])
        for operator in self.operators:
            _check_key("--operator", operator)
        _check("--workers", self.workers, 1, 64, "threads")
        _check("--lease-seconds", self.lease_seconds, 0.1, 3_600, "seconds")
        _check("--token-seconds", self.token_seconds, 1, 366 * 86_400, "seconds")
        _check("--session-seconds", self.session_seconds, 1, 366 * 86_400, "seconds")
        _check("--heartbeat", self.heartbeat, 0.5, 30, "seconds")
        _check("--queue", self.queue, 1, 1_000_000, "requests")
        _check("--request-rate", self.request_rate, 0.1, 1_000_000, "requests a second")
        _check("--request-burst", self.request_burst, 1, 1_000_000, "requests")
        _check("--max-events", self.max_events, 1, 10_000_000, "events")
        _check("--max-peers", self.max_peers, 1, 10_000_000, "peers")
        _check("--peer-events", self.peer_events, 1, 10_000_000, "events")
        _check("--peer-tokens", self.peer_tokens, 1, 10_000_000, "tokens")
        _check("--drain-seconds", self.drain_seconds, 0, 60, "seconds")

    @property
    def endpoint(self) -> str:
        """The ZeroMQ endpoint to bind."""
        return addresses.endpoint(self.bind, what="--bind")

    @property
    def database_url(self) -> str:
        """The database URL, the default resolved when it is asked for."""
        return self.database or f"sqlite:///{default_folder() / 'broker.sqlite3'}"


def default_folder() -> Path:
    """Return the folder of the default database."""
    home = os.environ.get("TOUCHLINE_HOME")
    return Path(home) if home else Path(platformdirs.user_data_dir("touchline"))


def _check(flag: str, value: float, least: float, most: float, unit: str) -> None:
    # A NaN fails both comparisons and is refused with them.
    if not least <= value <= most:
        raise SettingError(f"{flag}: {value:,} {unit}; between {least:,} and {most:,} allowed")


def _check_choice(flag: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingError(f"{flag}: {value!r}; write one of {', '.join(choices)}")


def _check_key(flag: str, key: bytes) -> None:
    try:
        keys.curve_key(key)
    except SettingError:
        raise SettingError(
            f"{flag}: {key.hex()[:64]!r} is no public key; `touchline identity show` prints yours"
        ) from None


def _check_database(url: str) -> None:
    if not url:
        return
    if not url.startswith(DATABASES):
        scheme = url.partition(":")[0]  # the rest may hold a password
        raise SettingError(
            f"--database: a URL that begins with {scheme!r}; write sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/DATABASE"
        )
    if url.startswith("sqlite:") and url.removeprefix("sqlite:///").startswith((":memory:", "?")):
        raise SettingError(
            "--database: a database in memory would be another one in each worker; name a file"
        )
    if url == "sqlite:///":
        raise SettingError("--database: sqlite:/// names no file")
