"""Addresses: where a broker or host listens, as people write them and as ZeroMQ wants them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from . import keys
from .errors import SettingError

DEFAULT_PORT = 5670
"""The broker's port where an address names none."""

_ADDRESS = re.compile(
    r"^(?:(?:tcp|touchline)://)?(?P<host>\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[^:/?#\s]+|\*)(?::(?P<port>\d{1,5}))?$"
)


def parse(text: str, *, what: str = "address", port: int = DEFAULT_PORT) -> tuple[str, int]:
    """Return (host, port) of an address such as `127.0.0.1:5670` or `tcp://[::1]:5670`.

    Args:
        text: host, host:port, or either after `tcp://` or `touchline://`.
        what: the flag or field it came from, for the error.
        port: the port where the text names none.

    Raises:
        SettingError: the text is not such an address.
    """
    match = _ADDRESS.match(text.strip())
    if match is None:
        raise SettingError(f"{what}: {text!r} is not an address; write HOST:PORT")
    number = int(match["port"]) if match["port"] is not None else port
    if number > 65_535:
        raise SettingError(f"{what}: port {number} of {text!r} is over 65535")
    return match["host"], number


def endpoint(text: str, *, what: str = "address", port: int = DEFAULT_PORT) -> str:
    """Return the ZeroMQ endpoint (`tcp://host:port`) of an address; see `parse`."""
    host, number = parse(text, what=what, port=port)
    return f"tcp://{host}:{number}"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker is, and how one knows that it is the right one.

    Args:
        host, port: where it listens.
        key: its public key, 32 bytes; empty where it is not known.
        plain: nothing is encrypted.
    """

    host: str
    port: int
    key: bytes = b""
    plain: bool = False

    def __str__(self) -> str:
        """The one string that a peer needs, `touchline://host:port?key=…`."""
        place = f"touchline://{self.host}:{self.port}"
        if self.plain:
            return f"{place}?insecure"
        return f"{place}?key={keys.to_text(self.key)}" if self.key else place

    @property
    def endpoint(self) -> str:
        """The ZeroMQ endpoint."""
        return f"tcp://{self.host}:{self.port}"


def broker(text: str, *, what: str = "--broker") -> BrokerAddress:
    """Return the broker that a string names.

    Args:
        text: `touchline://host:port?key=…`, `touchline://127.0.0.1:5670?insecure`, or any that
            `parse` takes, which then names no key.
        what: the flag that it came from, for the error.

    Raises:
        SettingError: the string is no address, its key no key, or it asks for plain text elsewhere
            than on this machine.
    """
    place, _, query = text.strip().partition("?")
    host, port = parse(place, what=what)
    key, plain = b"", False
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "key":
            key = keys.from_text(value, what=f"{what}: key")
        elif name == "insecure" and not value:
            plain = True
        else:
            raise SettingError(f"{what}: {name!r} means nothing in an address")
    if plain and key:
        raise SettingError(f"{what}: an address has a key or is insecure, not both")
    if plain and not is_loopback(host):
        raise SettingError(f"{what}: plain text is for this machine alone, not for {host}")
    return BrokerAddress(host, port, key, plain)


def is_loopback(host: str) -> bool:
    """Tell whether a host, as `parse` returns it, is this machine and nothing else."""
    return host in {"localhost", "[::1]"} or re.fullmatch(r"127(?:\.\d{1,3}){3}", host) is not None
