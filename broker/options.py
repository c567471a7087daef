"""Every setting of a broker."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Literal

from ..protocol import addresses, keys
from ..protocol.errors import SettingError
from ..protocol.messages import Role
from ..runtime import settings
from ..runtime.connections import network
from ..runtime.folders import data_folder
from ..runtime.settings import Setting
from . import roles

DATABASES = ("sqlite:///", "postgresql+psycopg://")
"""What a database URL may begin with."""


def _check_address(flag: str, text: str) -> None:
    addresses.parse(text, what=flag)


def _check_database(flag: str, url: str) -> None:
    if not url:
        return
    if not url.startswith(DATABASES):
        scheme = url.partition(":")[0]  # the rest may hold a password
        raise SettingError(
            f"{flag}: a URL that begins with {scheme!r} is not valid; write sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/DATABASE"
        )
    if url.startswith("sqlite:") and url.removeprefix("sqlite:///").startswith((":memory:", "?")):
        raise SettingError(
            f"{flag}: each worker would have a database of its own in memory; name a file"
        )
    if url == "sqlite:///":
        raise SettingError(f"{flag}: sqlite:/// names no file")


def _read_key(flag: str, text: str) -> bytes:
    return keys.from_text(text, what=flag)


def _read_network(flag: str, text: str) -> str:
    try:
        return network(str(ip_address(text)))
    except ValueError:
        raise SettingError(f"{flag}: {text!r} is not an IP address") from None


def _check_operators(flag: str, operators: tuple[bytes, ...]) -> None:
    for key in operators:
        try:
            keys.curve_key(key)
        except SettingError:
            raise SettingError(
                f"{flag}: {key.hex()[:64]!r} is not a public key; `touchline identity show` prints"
                " yours"
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one broker.

    Raises:
        SettingError: a value is not valid; the sentence names the flag.
    """

    bind: Annotated[
        str,
        Setting(
            "--bind",
            metavar="HOST:PORT",
            help="Where to listen; port 0 takes a free port, host * every interface.",
            further=_check_address,
        ),
    ] = f"127.0.0.1:{addresses.DEFAULT_PORT}"

    database: Annotated[
        str,
        Setting(
            "--database",
            alias="--registry",
            metavar="URL",
            help="Where the registry is: sqlite:///FILE or"
            " postgresql+psycopg://USER@HOST/DATABASE.",
            otherwise="a SQLite file in the user's data folder",
            further=_check_database,
        ),
    ] = ""

    insecure: Annotated[
        bool,
        Setting(
            "--insecure",
            help="Encrypt nothing and prove no key; only on this machine, for trying things out.",
        ),
    ] = False

    enrolment: Annotated[
        Literal["open", "invited"],
        Setting(
            "--enrolment",
            help="Enrol every key that says hello, or only keys that bring an invitation:"
            " touchline invite.",
        ),
    ] = "open"

    open_role: Annotated[
        Role,
        Setting(
            "--open-role",
            choices=roles.ORDER[:-1],
            help="The role of a key that enrols without an invitation.",
        ),
    ] = "host"

    operators: Annotated[
        tuple[bytes, ...],
        Setting(
            "--operator",
            metavar="KEY",
            help="A public key (touchline identity show) that may do everything; repeat the flag"
            " for more keys. Your own key always may.",
            read=_read_key,
            further=_check_operators,
        ),
    ] = ()

    gateways: Annotated[
        tuple[str, ...],
        Setting(
            "--gateway",
            metavar="ADDRESS",
            help="An address of a gateway, which says whether two of its people came from one"
            " address; repeat the flag for more. Gateways on this machine are known.",
            read=_read_network,
        ),
    ] = ()

    workers: Annotated[
        int, Setting("--workers", "threads", 1, 64, "How many threads answer requests.")
    ] = 2

    lease_seconds: Annotated[
        float,
        Setting(
            "--lease-seconds",
            "seconds",
            0.1,
            3_600,
            "How long a host holds an event without renewing its lease.",
        ),
    ] = 15.0

    token_seconds: Annotated[
        float,
        Setting(
            "--token-seconds", "seconds", 1, 366 * 86_400, "How long a token to an event is valid."
        ),
    ] = 86_400.0

    session_seconds: Annotated[
        float,
        Setting(
            "--session-seconds",
            "seconds",
            1,
            366 * 86_400,
            "How long the broker remembers a connection after its last hello.",
        ),
    ] = 7 * 86_400.0

    heartbeat: Annotated[
        float,
        Setting(
            "--heartbeat",
            "seconds",
            0.5,
            30,
            "How long a feed may be idle before the next heartbeat; the welcome names it to every"
            " peer.",
        ),
    ] = 10.0

    queue: Annotated[
        int,
        Setting(
            "--queue",
            "requests",
            1,
            1_000_000,
            "How many requests may wait for a worker; the broker refuses more with OVERLOADED.",
        ),
    ] = 1_000

    key_connections: Annotated[
        int,
        Setting(
            "--key-connections",
            "connections",
            4,
            1_000_000,
            "How many connections of one key may be open at one time, a quarter of the files that"
            " the system permits at most; those beyond try again.",
        ),
    ] = 1_024

    address_connections: Annotated[
        int,
        Setting(
            "--address-connections",
            "connections",
            4,
            1_000_000,
            "How many connections from one address may be open at one time, half of the files that"
            " the system permits at most; those beyond are ended.",
        ),
    ] = 4_096

    request_rate: Annotated[
        float,
        Setting(
            "--request-rate",
            "requests/s",
            0.1,
            1_000_000,
            "How many requests a second one key may keep up; the broker refuses more with"
            " OVERLOADED.",
        ),
    ] = 200.0

    request_burst: Annotated[
        int,
        Setting(
            "--request-burst",
            "requests",
            1,
            1_000_000,
            "How many requests a key may send at once after a quiet time.",
        ),
    ] = 2_000

    max_events: Annotated[
        int,
        Setting(
            "--max-events",
            "events",
            1,
            10_000_000,
            "How many events the registry holds; the broker refuses more with OVERLOADED.",
        ),
    ] = 100_000

    max_peers: Annotated[
        int,
        Setting(
            "--max-peers",
            "keys",
            1,
            10_000_000,
            "How many keys the registry holds; the broker refuses more with OVERLOADED.",
        ),
    ] = 100_000

    peer_events: Annotated[
        int,
        Setting("--peer-events", "events", 1, 10_000_000, "How many events one peer may create."),
    ] = 1_000

    peer_tokens: Annotated[
        int,
        Setting("--peer-tokens", "tokens", 1, 10_000_000, "How many tokens one peer may hold."),
    ] = 10_000

    drain_seconds: Annotated[
        float,
        Setting(
            "--drain-seconds",
            "seconds",
            0,
            60,
            "How long a broker that stops waits for the requests it has begun.",
        ),
    ] = 2.0

    def __post_init__(self) -> None:
        settings.check(self)
        host, _ = addresses.parse(self.bind)
        if self.insecure and not addresses.is_loopback(host):
            raise SettingError(
                f"--insecure: plain text is for this machine alone; --bind names {host}"
            )

    @property
    def endpoint(self) -> str:
        """The ZeroMQ endpoint to bind."""
        return addresses.endpoint(self.bind, what="--bind")

    @property
    def database_url(self) -> str:
        """The database URL, the default resolved when it is asked for."""
        return self.database or f"sqlite:///{data_folder() / 'broker.sqlite3'}"
