"""Every setting of a server of datagrams: its default, its unit, its check."""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol.errors import SettingError
from .texts import ENGLISH, LANGUAGES

PORT = 12_345
"""Where clients look for a server unless they are told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one server of datagrams.

    Args:
        host: the address to listen on; `*` for every interface.
        port: the UDP port; 0 takes a free one.
        interval: seconds between two datagrams.
        language: of the sentences, `en` or `pt`.
        clients: that may be registered at one time.
        per_address: of those, at one address.
        silent: seconds without a word from a client after which it is thought gone. Clients of
            this format say one word at the beginning, so that this is longer than any match.

    Raises:
        SettingError: a value that can't be; the sentence names the flag.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    interval: float = 2.0
    language: str = ENGLISH
    clients: int = 1_000
    per_address: int = 100
    silent: float = 4 * 3_600.0

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise SettingError("--host: empty; write an address, or * for every interface")
        _check("--port", self.port, 0, 65_535)
        _check("--interval", self.interval, 0.001, 3_600)
        _check("--clients", self.clients, 1, 100_000)
        _check("--per-address", self.per_address, 1, 100_000)
        _check("--silent", self.silent, 1, 30 * 86_400)
        if self.language not in LANGUAGES:
            raise SettingError(f"--language: {self.language!r}, not one of {', '.join(LANGUAGES)}")

    @property
    def address(self) -> str:
        """The address to bind, as the system takes it."""
        return "0.0.0.0" if self.host == "*" else self.host.strip("[]")


def _check(flag: str, value: float, least: float, most: float) -> None:
    # A NaN fails both comparisons and is refused with them.
    if not least <= value <= most:
        raise SettingError(f"{flag}: {value:,}; between {least:,} and {most:,} allowed")
