"""The settings of a server of datagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..protocol.errors import SettingError
from ..runtime import settings
from ..runtime.settings import Setting
from .texts import ENGLISH, LANGUAGES

PORT = 12_345
"""The default port of servers and clients."""


def _check_host(flag: str, host: str) -> None:
    if not host.strip():
        raise SettingError(f"{flag}: empty; write an address, or * for every interface")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one server of datagrams.

    Raises:
        SettingError: a value is not valid; the sentence names the flag.
    """

    host: Annotated[
        str,
        Setting(
            "--host",
            metavar="ADDRESS",
            help="The address to listen on; * for every interface.",
            further=_check_host,
        ),
    ] = "127.0.0.1"

    port: Annotated[int, Setting("--port", "", 0, 65_535, "The UDP port; 0 takes a free port.")] = (
        PORT
    )

    interval: Annotated[
        float,
        Setting("--interval", "seconds", 0.001, 3_600, "Time between two datagrams."),
    ] = 2.0

    language: Annotated[
        str,
        Setting("--language", choices=LANGUAGES, help="The language of the sentences."),
    ] = ENGLISH

    clients: Annotated[
        int, Setting("--clients", "clients", 1, 100_000, "How many clients may be registered.")
    ] = 1_000

    per_address: Annotated[
        int,
        Setting("--per-address", "clients", 1, 100_000, "How many of them may be at one address."),
    ] = 100

    # Clients of this format send a single word at the beginning: this is longer than any match.
    silent: Annotated[
        float,
        Setting(
            "--silent",
            "seconds",
            1,
            30 * 86_400,
            "How long a client may say nothing before it counts as gone; longer than a match,"
            " since most clients speak only once.",
        ),
    ] = 4 * 3_600.0

    def __post_init__(self) -> None:
        settings.check(self)

    @property
    def address(self) -> str:
        """The address to bind, as the system takes it."""
        return "0.0.0.0" if self.host == "*" else self.host.strip("[]")
