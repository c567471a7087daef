"""The settings of the lobby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..protocol import addresses
from ..protocol.errors import SettingError
from ..runtime import settings
from ..runtime.settings import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one gateway's lobby; only a program can change them.

    Raises:
        SettingError: a value is not valid; the sentence names the setting.
    """

    connections: Annotated[
        int,
        Setting(
            "lobby connections", "connections", 1, 1_000_000, "How many connections may be open."
        ),
    ] = 5_000

    waiting: Annotated[
        int,
        Setting(
            "lobby waiting",
            "people",
            1,
            10_000,
            "How many people one waiting list holds, including those of other gateways.",
        ),
    ] = 500

    rows: Annotated[
        int, Setting("lobby rows", "people", 1, 10_000, "How many people one leaderboard holds.")
    ] = 500

    records: Annotated[
        int,
        Setting(
            "lobby records",
            "records",
            1,
            1_000_000,
            "How many places, rows and hosts this gateway keeps altogether.",
        ),
    ] = 50_000

    frame_bytes: Annotated[
        int,
        Setting("lobby frame_bytes", "bytes", 1, 1_048_576, "The largest message from a client."),
    ] = 16_384

    errors: Annotated[
        int,
        Setting(
            "lobby errors",
            "messages",
            1,
            1_000,
            "How many refused messages close a connection of version 2.",
        ),
    ] = 10

    first_seconds: Annotated[
        float,
        Setting(
            "lobby first_seconds",
            "seconds",
            0.1,
            3_600,
            "How long a new connection may take to send its first request.",
        ),
    ] = 10.0

    idle_seconds: Annotated[
        float,
        Setting(
            "lobby idle_seconds",
            "seconds",
            0.1,
            7 * 86_400,
            "How long a connection stays open on which neither side sends a message.",
        ),
    ] = 6 * 3_600.0

    slow_seconds: Annotated[
        float,
        Setting(
            "lobby slow_seconds",
            "seconds",
            0.1,
            3_600,
            "How long a message may wait for a client that does not read.",
        ),
    ] = 30.0

    resume_seconds: Annotated[
        float,
        Setting(
            "lobby resume_seconds",
            "seconds",
            0.1,
            86_400,
            "How long the lobby keeps the place of a lost connection of version 2.",
        ),
    ] = 30.0

    host_seconds: Annotated[
        float,
        Setting(
            "lobby host_seconds",
            "seconds",
            0.1,
            86_400,
            "How long a lobby stays its host's after the host has gone.",
        ),
    ] = 120.0

    start_seconds: Annotated[
        float,
        Setting(
            "lobby start_seconds",
            "seconds",
            0.1,
            86_400,
            "How long the lobby sends a start to clients that missed it.",
        ),
    ] = 600.0

    keep_seconds: Annotated[
        float,
        Setting(
            "lobby keep_seconds",
            "seconds",
            0.1,
            366 * 86_400,
            "How long a leaderboard keeps a row.",
        ),
    ] = 86_400.0

    def __post_init__(self) -> None:
        settings.check(self)


def split_address(text: str) -> tuple[str, int, str]:
    """Return host, port and path of an address such as `0.0.0.0:8000/ws/live`.

    Raises:
        SettingError: the text is not such an address.
    """
    address, slash, path = text.partition("/")
    host, colon, _ = address.rpartition(":")
    if not colon or not host:
        raise SettingError(f"--lobby: {text!r} is not an address; write HOST:PORT/PATH")
    host, port = addresses.parse(address, what="--lobby")
    return host, port, slash + path or "/ws/live"
