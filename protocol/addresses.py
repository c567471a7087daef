"""Addresses of brokers and hosts, as people write them and as ZeroMQ takes them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from . import keys
from .errors import SettingError

DEFAULT_PORT = 5670
"""The broker's port, for an address without a port."""

MOST_BROKERS = 16
"""The most brokers that one address names."""

_ADDRESS = re.compile(
    r"^(?:(?:tcp|touchline)://)?(?P<host>\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[^:/?#,\s]+|\*)(?::(?P<port>\d{1,5}))?$"
)

_HTTP_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?::\d*)?")
"""A name or address, and its port (RFC 9110, 7.2)."""


def parse(text: str, *, what: str = "address", port: int = DEFAULT_PORT) -> tuple[str, int]:
    """Return (host, port) of an address such as `127.0.0.1:5670` or `tcp://[::1]:5670`.

    Args:
        text: host, host:port, or either after `tcp://` or `touchline://`.
        what: the flag or field that holds the text; the error names it.
        port: the port of a text without a port.

    Raises:
        SettingError: the text is not an address, or its port is over 65535.
    """
    match = _ADDRESS.match(text.strip())
    if match is None and text.strip().startswith(":"):
        raise SettingError(f"{what}: {text!r} names no host; write 127.0.0.1{text.strip()}")
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
    """The address of a broker, and the key by which a peer recognises it.

    Args:
        host, port: where the broker listens.
        key: the broker's public key, 32 bytes; empty if it is not known.
        plain: whether the broker runs in plain text, without encryption.
        others: host and port of further brokers on the same registry, which hold the same key.
    """

    host: str
    port: int
    key: bytes = b""
    plain: bool = False
    others: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        """Return the text that a peer needs to connect, `touchline://host:port,host:port?key=…`."""
        places = ((self.host, self.port), *self.others)
        url = "touchline://" + ",".join(f"{host}:{port}" for host, port in places)
        if self.plain:
            return f"{url}?insecure"
        return f"{url}?key={keys.to_text(self.key)}" if self.key else url

    @property
    def endpoint(self) -> str:
        """The ZeroMQ endpoint of the first broker."""
        return f"tcp://{self.host}:{self.port}"

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The ZeroMQ endpoints of all brokers, in the order of the address."""
        return (self.endpoint, *(f"tcp://{host}:{port}" for host, port in self.others))


def broker(text: str, *, what: str = "--broker") -> BrokerAddress:
    """Return the address and key of a broker, read from a text.

    Args:
        text: `touchline://host:port?key=…`, `touchline://127.0.0.1:5670?insecure`, or an address
            without a key, as `parse` takes it. Commas stand between several brokers on one
            registry, `touchline://one.example,two.example:5671?key=…`.
        what: the flag that holds the text; the error names it.

    Raises:
        SettingError: an address, the key or a parameter is not valid, the text names too many
            brokers, or it asks for plain text with a host that is not this machine.
    """
    address, _, query = text.strip().partition("?")
    named = address.split(",")
    if len(named) > MOST_BROKERS:
        raise SettingError(
            f"{what}: {len(named)} brokers in one address, at most {MOST_BROKERS} allowed"
        )
    (host, port), *others = dict.fromkeys(parse(one, what=what) for one in named)
    key, plain = b"", False
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "key":
            key = keys.from_text(value, what=f"{what}: key")
        elif name == "insecure" and not value:
            plain = True
        else:
            raise SettingError(
                f"{what}: {name!r} is not valid in an address; write key=… or insecure"
            )
    if plain and key:
        raise SettingError(f"{what}: an address has a key or is insecure, not both")
    for away, _ in ((host, port), *others):
        if plain and not is_loopback(away):
            raise SettingError(f"{what}: plain text is for this machine alone, not for {away}")
    return BrokerAddress(host, port, key, plain, tuple(others))


def is_loopback(host: str) -> bool:
    """Return whether a host, as `parse` returns it, is this machine."""
    return host in {"localhost", "[::1]"} or re.fullmatch(r"127(?:\.\d{1,3}){3}", host) is not None


def reaches(host: str, names: Collection[str]) -> bool:
    """Return whether the `Host` of an HTTP request may be this process's.

    A page of another site whose name is made to resolve to this machine (DNS rebinding) could
    otherwise read and send as if it were our own. Such an attack needs a name, so
    addresses pass.

    Args:
        host: as the request has it, with or without a port.
        names: those under which the process is reached, besides localhost.
    """
    if not _HTTP_HOST.fullmatch(host):
        return False  # links to `USER@HOST`, or `HOST/PATH`, would lead elsewhere
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if not name or name == "localhost" or name.endswith(".localhost") or name in names:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def nats_servers(what: str, text: str) -> list[str]:
    """Return the addresses of NATS in a text, with commas between them.

    Args:
        what: the flag that holds the text; the error names it.
        text: `nats://HOST:PORT` or `tls://HOST:PORT`; USER:PASSWORD@ may stand before the host.

    Raises:
        SettingError: one is not an address.
    """
    found = [part.strip() for part in text.split(",") if part.strip()]
    for address in found or [text]:
        try:
            url = urlsplit(address)
            good = url.scheme in ("nats", "tls") and bool(url.hostname) and url.port != 0
        except ValueError:
            good = False
        if not good:
            raise SettingError(f"{what}: {nats_shown(address)!r} is not nats://HOST:PORT")
    return found


def nats_shown(text: str) -> str:
    """Return addresses of NATS for people, without user and password."""
    parts = (part.strip().partition("://") for part in text.split(","))
    return ",".join(f"{scheme}{mark}{rest.rpartition('@')[2]}" for scheme, mark, rest in parts)
