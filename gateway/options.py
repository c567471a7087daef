"""The settings of a gateway."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

from ..protocol import addresses
from ..protocol.errors import SettingError
from ..runtime import settings
from ..runtime.folders import data_folder
from ..runtime.settings import Setting

MEGABYTE = 1_048_576

LEAST_TOKEN = 16
"""The shortest operator's token, characters."""

LEAST_CODE = 8
"""The shortest code for organisers, characters: sign-ins of an address are limited."""

LEAST_HEARTBEAT, MOST_HEARTBEAT = 0.5, 30.0
"""The least and most seconds between heartbeats that a viewer may ask for."""


def _check_host(flag: str, host: str) -> None:
    if not host.strip():
        raise SettingError(f"{flag}: empty; write an address, or * for every interface")


def _check_names(flag: str, text: str) -> None:
    for part in text.split(",") if text else ():
        if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", part.strip()):
            raise SettingError(f"{flag}: {part!r} is not a name, such as club.example; no port")


def _check_source(flag: str, text: str) -> None:
    if text:
        addresses.nats_servers(flag, text)


def _check_origins(flag: str, text: str) -> None:
    for part in text.split(",") if text else ():
        if not re.fullmatch(r"https?://[^/\s]+", part.strip()):
            raise SettingError(f"{flag}: {part!r} is not an origin, such as https://club.example")


def _check_token(flag: str, token: str) -> None:
    if token and len(token) < LEAST_TOKEN:
        raise SettingError(f"{flag}: {len(token)} characters, at least {LEAST_TOKEN} needed")


def _check_code(flag: str, code: str) -> None:
    if code and len(code) < LEAST_CODE:
        raise SettingError(f"{flag}: {len(code)} characters, at least {LEAST_CODE} needed")


def _check_proxies(flag: str, text: str) -> None:
    for part in text.split(",") if text else ():
        try:
            ip_network(part.strip()) if "/" in part else ip_address(part.strip())
        except ValueError:
            raise SettingError(
                f"{flag}: {part!r} is not an address or network, such as 10.0.0.0/8"
            ) from None


def _split(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one gateway.

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

    port: Annotated[
        int, Setting("--port", "", 0, 65_535, "The port to listen on; 0 takes a free port.")
    ] = 8080

    folder: Annotated[
        str,
        Setting(
            "--folder",
            metavar="FOLDER",
            help="Where the gateway keeps sessions, unsent reports and webhooks.",
            otherwise="gateway in the user's data folder",
        ),
    ] = ""

    sheets: Annotated[
        str,
        Setting(
            "--sheets",
            metavar="FOLDER",
            help="Grade sheets of touchline grade, each in a file EVENT.sheet: how right a timeline"
            " was is then shown on its page and in the metrics.",
            otherwise="no sheets",
        ),
    ] = ""

    archives: Annotated[
        str,
        Setting(
            "--archives",
            metavar="FOLDER",
            help="Archives of touchline events archive, each in a file EVENT.touchline: these"
            " events are served from their files, and need no host.",
            otherwise="no archives",
        ),
    ] = ""

    source: Annotated[
        str,
        Setting(
            "--source",
            metavar="ADDRESS",
            help="Read feeds from NATS, where touchline relay puts them: nats://HOST:PORT or"
            " tls://HOST:PORT, several with commas between.",
            otherwise="each event's host",
            further=_check_source,
            secret=True,  # a password may stand in it
        ),
    ] = field(default="", repr=False)

    heartbeat: Annotated[
        float,
        Setting(
            "--heartbeat",
            "seconds",
            LEAST_HEARTBEAT,
            MOST_HEARTBEAT,
            "Time between two heartbeats to a viewer that asks for no other.",
        ),
    ] = 10.0

    max_events: Annotated[
        int,
        Setting(
            "--max-events",
            "events",
            1,
            10_000,
            "How many events the gateway follows at one time; it refuses more with OVERLOADED.",
        ),
    ] = 200

    linger: Annotated[
        float,
        Setting(
            "--linger",
            "seconds",
            0,
            86_400,
            "How long the gateway follows an event after its last viewer has left.",
        ),
    ] = 300.0

    history_mb: Annotated[
        int,
        Setting(
            "--history-mb",
            "megabytes",
            1,
            4_096,
            "How much of an event's newest messages stays ready for viewers that join or return;"
            " a viewer that needs older messages gets a snapshot.",
        ),
    ] = 64

    feeds_mb: Annotated[
        int,
        Setting(
            "--feeds-mb",
            "megabytes",
            1,
            1_048_576,
            "How long the feeds of all followed events may be together, each message counted as its"
            " bytes and 1,024; over it the longest is dropped. In memory it takes two to three"
            " times as much.",
        ),
    ] = 512

    max_connections: Annotated[
        int,
        Setting(
            "--max-connections",
            "connections",
            1,
            1_000_000,
            "How many connections (WebSocket, SSE) may be open; the gateway refuses more.",
        ),
    ] = 10_000

    per_address: Annotated[
        int,
        Setting(
            "--per-address",
            "connections",
            1,
            1_000_000,
            "How many of them may come from one address, and a quarter of all its connections.",
        ),
    ] = 1_000

    max_body: Annotated[
        int,
        Setting(
            "--max-body",
            "bytes",
            1_024,
            16 * MEGABYTE,
            "The largest body of a request; the gateway refuses larger ones.",
        ),
    ] = 98_304

    max_frame: Annotated[
        int,
        Setting(
            "--max-frame",
            "bytes",
            1_024,
            16 * MEGABYTE,
            "The largest WebSocket message from a viewer; a larger one closes its connection.",
        ),
    ] = 65_536

    queue_messages: Annotated[
        int,
        Setting(
            "--queue-messages",
            "messages",
            1,
            1_000_000,
            "How many messages may wait for a viewer before it is switched to a snapshot.",
        ),
    ] = 1_000

    queue_bytes: Annotated[
        int,
        Setting(
            "--queue-bytes",
            "bytes",
            65_536,
            1_024 * MEGABYTE,
            "How many bytes may wait for a viewer before it is switched to a snapshot.",
        ),
    ] = MEGABYTE

    stalled: Annotated[
        float,
        Setting(
            "--stalled",
            "seconds",
            0.1,
            3_600,
            "How long a viewer over these limits may read nothing before it is closed.",
        ),
    ] = 30.0

    patience: Annotated[
        float,
        Setting(
            "--patience",
            "seconds",
            0.1,
            60,
            "How long a request waits for the broker, or for an event's feed.",
        ),
    ] = 5.0

    forwarded_by: Annotated[
        str,
        Setting(
            "--forwarded-by",
            metavar="ADDRESS",
            help="The address or network of the proxy whose X-Forwarded-For is believed; several"
            " with commas between them.",
            otherwise="no proxy",
            further=_check_proxies,
        ),
    ] = ""

    advertise: Annotated[
        str,
        Setting(
            "--advertise",
            metavar="NAME",
            help="The name under which browsers reach the gateway, where it is not localhost or an"
            " address; several with commas between them. Requests for other names are refused.",
            otherwise="localhost and addresses",
            further=_check_names,
        ),
    ] = ""

    new_people: Annotated[
        int,
        Setting(
            "--new-people",
            "people/min",
            1,
            100_000,
            "How many people may sign in from one address in a minute; the gateway refuses more.",
        ),
    ] = 30

    people_per_address: Annotated[
        int,
        Setting(
            "--people-per-address",
            "people",
            1,
            1_000_000,
            "How many new people may come from one address while the gateway runs.",
        ),
    ] = 1_000

    lobby_origin: Annotated[
        str,
        Setting(
            "--lobby-origin",
            metavar="ORIGIN",
            help="The site whose pages the lobby lets in, such as https://club.example; several"
            " with commas between them.",
            otherwise="pages of every site",
            further=_check_origins,
        ),
    ] = ""

    embed_origin: Annotated[
        str,
        Setting(
            "--embed-origin",
            metavar="ORIGIN",
            help="The site whose pages may show an event in a frame (/embed/EVENT), such as"
            " https://club.example; several with commas between them.",
            otherwise="pages of every site",
            further=_check_origins,
        ),
    ] = ""

    lobby: Annotated[
        str,
        Setting(
            "--lobby",
            metavar="HOST:PORT/PATH",
            help="A second address of the lobby, for clients that look for it there.",
            otherwise="only /ws/live of the gateway",
        ),
    ] = ""

    drain_seconds: Annotated[
        float,
        Setting(
            "--drain-seconds",
            "seconds",
            0,
            60,
            "How long a gateway that stops waits for the work it has begun.",
        ),
    ] = 3.0

    max_people: Annotated[
        int,
        Setting(
            "--max-people",
            "people",
            1,
            1_000_000,
            "How many people may be signed in at one time; the gateway refuses more.",
        ),
    ] = 10_000

    # Each reporter is a peer with connections of its own.
    max_reporters: Annotated[
        int,
        Setting(
            "--max-reporters", "reporters", 1, 8_000, "How many of them may report at one time."
        ),
    ] = 200

    session_days: Annotated[
        float, Setting("--session-days", "days", 0.001, 366, "How long a sign-in is valid.")
    ] = 30.0

    organiser_code: Annotated[
        str,
        Setting(
            "--organiser-code",
            metavar="CODE",
            help="The code with which people may organise events in the browser; better given as a"
            " variable.",
            otherwise="nobody may",
            further=_check_code,
            secret=True,
        ),
    ] = field(default="", repr=False)

    tls_cert: Annotated[
        str,
        Setting(
            "--tls-cert",
            metavar="FILE",
            help="The certificate chain (PEM) with which the gateway serves https by itself.",
            otherwise="plain http, for a proxy or a local network",
        ),
    ] = ""

    tls_key: Annotated[
        str,
        Setting(
            "--tls-key",
            metavar="FILE",
            help="The private key of --tls-cert (PEM).",
            otherwise="in the file of the certificate",
        ),
    ] = ""

    webhook_token: Annotated[
        str,
        Setting(
            "--webhook-token",
            metavar="TOKEN",
            help="The secret with which operators register webhooks; better given as a variable.",
            otherwise="no webhooks",
            further=_check_token,
            secret=True,
        ),
    ] = field(default="", repr=False)

    webhook_http: Annotated[
        bool,
        Setting("--webhook-http", help="Allow webhooks to http addresses, unencrypted."),
    ] = False

    webhook_private: Annotated[
        bool,
        Setting(
            "--webhook-private",
            help="Allow webhooks to addresses that are not on the open Internet.",
        ),
    ] = False

    def __post_init__(self) -> None:
        settings.check(self)
        if self.tls_key and not self.tls_cert:
            raise SettingError("--tls-key: of no use without --tls-cert")

    @property
    def address(self) -> str:
        """The address to bind, as the system takes it."""
        return "0.0.0.0" if self.host == "*" else self.host.strip("[]")

    @property
    def names(self) -> frozenset[str]:
        """The names under which the gateway is reached, in lower case."""
        return _split(self.advertise.lower())

    @property
    def lobby_origins(self) -> frozenset[str]:
        """The origins whose pages the lobby lets in, in lower case; empty where it lets in all."""
        return _split(self.lobby_origin.lower())

    @property
    def embed_origins(self) -> frozenset[str]:
        """The origins whose pages may show an event in a frame; empty where all may."""
        return _split(self.embed_origin.lower())

    @property
    def home(self) -> Path:
        """The folder of the gateway's files; the default is resolved when it is asked for."""
        return Path(self.folder) if self.folder else data_folder() / "gateway"
