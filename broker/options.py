"""Every setting of a broker: its default, its unit, its check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ..protocol import addresses
from ..protocol.errors import SettingError

DATABASES = ("sqlite:///", "postgresql+psycopg://")
"""What a database URL may begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one broker.

    Args:
        bind: HOST:PORT to listen on; port 0 takes a free one, host `*` takes every interface.
        database: SQLAlchemy URL; empty means a SQLite file in the user's data folder, or in the
            folder that the variable TOUCHLINE_HOME names.
        workers: threads that answer requests.
        lease_seconds: seconds for which a host holds an event without renewing.
        token_seconds: seconds for which a token to an event is valid.
        session_seconds: seconds after its last `hello` for which a connection is remembered.
        heartbeat: seconds of idle feed between two heartbeats, told to every peer in `welcome`.
        queue: requests that may wait for a worker; more are refused with OVERLOADED.
        max_events: events that the registry takes; more are refused with OVERLOADED.
        drain_seconds: seconds that a broker asked to stop gives the requests it has begun.

    Raises:
        SettingError: a value that can't be; the sentence names the flag.
    """

    bind: str = f"127.0.0.1:{addresses.DEFAULT_PORT}"
    database: str = ""
    workers: int = 2
    lease_seconds: float = 15.0
    token_seconds: float = 86_400.0
    session_seconds: float = 7 * 86_400.0
    heartbeat: float = 10.0
    queue: int = 1_000
    max_events: int = 100_000
    drain_seconds: float = 2.0

    def __post_init__(self) -> None:
        addresses.parse(self.bind, what="--bind")
        _check_database(self.database)
        _check("--workers", self.workers, 1, 64, "threads")
        _check("--lease-seconds", self.lease_seconds, 0.1, 3_600, "seconds")
        _check("--token-seconds", self.token_seconds, 1, 366 * 86_400, "seconds")
        _check("--session-seconds", self.session_seconds, 1, 366 * 86_400, "seconds")
        _check("--heartbeat", self.heartbeat, 0.5, 30, "seconds")
        _check("--queue", self.queue, 1, 1_000_000, "requests")
        _check("--max-events", self.max_events, 1, 10_000_000, "events")
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
