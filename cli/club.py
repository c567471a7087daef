"""`touchline club`: everything that a club needs, in one process."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import click

from ..protocol import tokens
from ..protocol.addresses import is_loopback
from ..protocol.errors import SettingError, StorageFault
from . import broker as broker_command
from . import gateway as gateway_command
from .invite import drawn
from .shared import emit, journal_of, json_option, log_options, name_option, serving

if TYPE_CHECKING:
    from ..gateway.server import GatewayServer

LOCAL_NAME = "touchline"
"""The name on the local network, before `.local`."""

HOST_NAME = "club host"
"""The name of the host at the broker."""

CODE_CHARS = 13
"""The characters of the code for organisers: 48 bits and a hyphen."""

ELSEWHERE = ("192.0.2.1", 9)
"""An address of no machine (RFC 5737). The route to it tells this machine's own address; nothing is
sent."""


@click.command("club", epilog="Example: touchline club")
@click.option(
    "--host",
    default="*",
    show_default=True,
    metavar="ADDRESS",
    help="The address on which the pages are served; * for every interface.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8080,
    show_default=True,
    help="The port of the pages; 0 takes a free port.",
)
@click.option(
    "--advertise",
    default="",
    show_default="this machine's address, and touchline.local",
    metavar="NAME",
    help="The name under which phones reach this machine.",
)
@click.option(
    "--code",
    default="",
    show_default="one of the club's own, always the same",
    help="The code with which people may organise events; at least 8 characters.",
)
@click.option("--no-mdns", is_flag=True, help="Take no name on the local network.")
@click.option(
    "--tls-cert",
    default="",
    metavar="FILE",
    help="The certificate chain (PEM) with which the pages are served by https.",
)
@click.option("--tls-key", default="", metavar="FILE", help="Its private key (PEM).")
@name_option
@json_option
@log_options("club")
def command(
    host: str,
    port: int,
    advertise: str,
    code: str,
    no_mdns: bool,
    tls_cert: str,
    tls_key: str,
    name: str,
    as_json: bool,
) -> None:
    """Run everything that a club needs: broker, host, gateway and pages.

    The QR code opens the page on which events are organised; from there each event has a QR code
    for its reporters. Reporters, organisers and fans come by the pages; broker and host listen on
    this machine alone. What the club keeps is in the user's data folder.

    It runs until Ctrl+C or SIGTERM.
    """
    # Imported here so that --help stays quick.
    from ..broker import Broker
    from ..broker.options import Options as BrokerOptions
    from ..gateway.app import create_app
    from ..gateway.options import Options as GatewayOptions
    from ..gateway.organising.hosting import OwnHost
    from ..gateway.server import GatewayServer
    from ..lobby import service as lobby
    from ..peer import identity
    from ..peer.host.journal import IN_USE
    from ..peer.host.options import Options as HostOptions
    from ..runtime.collector import spare_collector

    spare_collector()
    broker_options = BrokerOptions(bind="127.0.0.1:0")
    name, starter = broker_command.operator(broker_options, name)
    code = code or tokens.derive(tokens.secret_of(starter.seed), "organisers")[:CODE_CHARS]
    names = ",".join(filter(None, (advertise, "" if no_mdns else f"{LOCAL_NAME}.local")))
    gateway_options = GatewayOptions(
        host=host, port=port, advertise=names, organiser_code=code,
        tls_cert=tls_cert, tls_key=tls_key,
    )  # fmt: skip
    broker = Broker(
        replace(broker_options, operators=(*broker_options.operators, starter.public)),
        identity.load_file(broker_command.key_file(broker_options)),
    )
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(2, "club"))
        broker_runs = pool.submit(broker.run)
        stack.callback(broker.stop)
        if not broker_command.listens(broker, broker_runs):
            broker_runs.result()
        try:
            own_host = OwnHost(
                HostOptions(name=HOST_NAME, broker=broker.address),
                identity.load(HOST_NAME),
                journal_of(HOST_NAME),
            )
        except StorageFault as fault:
            if IN_USE not in fault.sentence:
                raise
            raise StorageFault("this user's club is open already on this machine") from fault
        own_host.start()
        stack.callback(own_host.stop)
        app = create_app(
            gateway_options, gateway_command.connect(broker.address, name), [lobby.component]
        )
        gateway = app.state.gateway
        gateway.own_host = own_host
        server = GatewayServer(app, gateway_options, gateway.leave)
        gateway.base_url = _base_url(server, host, advertise)
        with serving(server.stop):
            running = pool.submit(server.run)
            if gateway_command.listens(server, running):
                if not no_mdns and not is_loopback(
                    gateway.base_url.split("/")[2].rpartition(":")[0]
                ):
                    stack.enter_context(named(LOCAL_NAME, gateway.base_url, as_json=as_json))
                _greet(gateway.base_url, server, code, as_json=as_json)
            running.result()
    if not as_json:
        click.echo("the club has closed; what it keeps is there when it opens again")


def own_address() -> str:
    """Return the address by which others on the local network reach this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _base_url(server: GatewayServer, host: str, advertise: str) -> str:
    scheme, _, place = server.url.partition("://")
    if advertise:
        shown = advertise
    elif host in {"*", "0.0.0.0"}:
        shown = own_address()
    else:
        return server.url
    return f"{scheme}://{shown}:{place.rpartition(':')[2]}"


@contextmanager
def named(name: str, url: str, *, as_json: bool) -> Iterator[None]:
    """Give this machine a name on the local network (mDNS), where that can be done.

    Args:
        name: before `.local`.
        url: where the pages are.
        as_json: whether nothing is printed for people.
    """
    try:
        zeroconf = import_module("zeroconf")
    except ModuleNotFoundError:
        if not as_json:
            click.echo(f"no name on the local network: for {name}.local install touchline[club]")
        yield
        return
    host, _, port = url.partition("://")[2].rpartition(":")
    try:
        address = socket.inet_aton(socket.gethostbyname(host))
        here = zeroconf.Zeroconf()
    except OSError as error:
        click.echo(f"no name on the local network: {error}", err=True)
        yield
        return
    service = zeroconf.ServiceInfo(
        "_http._tcp.local.",
        f"{name}._http._tcp.local.",
        addresses=[address],
        port=int(port),
        server=f"{name}.local.",
    )
    try:
        try:
            here.register_service(service)
        except zeroconf.NonUniqueNameException:
            click.echo(f"another machine here has the name {name}.local", err=True)
        yield
    finally:
        here.unregister_all_services()
        here.close()


def _greet(base: str, server: GatewayServer, code: str, *, as_json: bool) -> None:
    organise = f"{base}/organise#code={code}"
    if as_json:
        about = {"type": "listening", "url": server.url, "base": base}
        emit({**about, "organise": organise, "code": code})
        return
    try:
        click.echo(drawn(organise))
    except SettingError:
        click.echo("for a QR code here install touchline[club]")
    click.echo(f"organise   {organise}")
    click.echo(f"follow     {base}/")
    if base.startswith("http://"):
        click.echo(
            "Plain http, for a local network that you trust: a phone keeps reports where it has no"
            " network, but can't open the page there. --tls-cert and --tls-key turn https on."
        )
    click.echo("Whoever has the first address or its code may organise events. Ctrl+C closes.")
