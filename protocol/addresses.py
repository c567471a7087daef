"""Addresses: where a broker or host listens, as people write them and as ZeroMQ wants them."""

from __future__ import annotations

import re

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
