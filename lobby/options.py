"""Every setting of the lobby: its default, its unit, its check."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..protocol import addresses
from ..protocol.errors import SettingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one gateway's lobby.

    Args:
        connections: that may be open at one time.
        waiting: people on one waiting list, those of other gateways included.
        rows: people on one leaderboard.
        records: places, rows and hosts that this gateway keeps altogether.
        frame_bytes: the largest message that is read.
        errors: refused messages of one connection of version 2 before it is closed.
        first_seconds: seconds within which a connection says what it is for.
        idle_seconds: seconds after which a connection is closed on which nothing was said, by
            either side.
        slow_seconds: seconds for which a message may wait for a client that does not read.
        resume_seconds: seconds for which the place of a dropped link of version 2 is kept.
        host_seconds: seconds for which a lobby whose host has gone stays theirs.
        start_seconds: seconds for which a start is told to those who missed it.
        keep_seconds: seconds for which a row of a leaderboard is kept.

    Raises:
        SettingError: a value that can't be; the sentence names it.
    """

    connections: int = 5_000
    waiting: int = 500
    rows: int = 500
    records: int = 50_000
    frame_bytes: int = 16_384
    errors: int = 10
    first_seconds: float = 10.0
    idle_seconds: float = 6 * 3_600.0
    slow_seconds: float = 30.0
    resume_seconds: float = 30.0
    host_seconds: float = 120.0
    start_seconds: float = 600.0
    keep_seconds: float = 86_400.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, most = getattr(self, field.name), _MOST[field.name]
            # A NaN fails both comparisons and is refused with them.
            if not _LEAST <= value <= most:
                raise SettingError(
                    f"lobby: {field.name} is {value:,}; between {_LEAST:,} and {most:,} allowed"
                )


_LEAST = 0.1

_MOST = {
    "connections": 1_000_000,
    "waiting": 10_000,
    "rows": 10_000,
    "records": 1_000_000,
    "frame_bytes": 1_048_576,
    "errors": 1_000,
    "first_seconds": 3_600,
    "idle_seconds": 7 * 86_400,
    "slow_seconds": 3_600,
    "resume_seconds": 86_400,
    "host_seconds": 86_400,
    "start_seconds": 86_400,
    "keep_seconds": 366 * 86_400,
}


def split_address(text: str) -> tuple[str, int, str]:
    """Return host, port and path of an address such as `0.0.0.0:8000/ws/live`.

    Raises:
        SettingError: it is none.
    """
    address, slash, path = text.partition("/")
    host, colon, _ = address.rpartition(":")
    if not colon or not host:
        raise SettingError(f"--lobby: {text!r} is no address; write HOST:PORT/PATH")
    host, port = addresses.parse(address, what="--lobby")
    return host, port, slash + path or "/ws/live"
