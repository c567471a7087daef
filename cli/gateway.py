"""`touchline gateway`: pages, WebSocket and REST."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..gateway.options import Options
from ..protocol.messages import Role
from ..runtime.descriptors import raise_limit
from ..runtime.nats_client import NatsOptions
from .settings import settings
from .shared import (
    broker_option,
    emit,
    json_option,
    log_options,
    metrics_events_option,
    metrics_option,
    metrics_page,
    name_option,
    nats_options,
    place_of_page,
    serving,
)

if TYPE_CHECKING:
    import zmq

    from ..gateway.context import Gateway
    from ..gateway.feed.follower import Connect
    from ..gateway.server import GatewayServer
    from ..peer import Link

KEY_FILE = "identity"
"""The file of a person's identity, in that person's folder."""


@click.command("gateway", epilog="Example: touchline gateway --host 127.0.0.1 --port 8080 --json")
@broker_option
@name_option
@settings(Options)
@settings(NatsOptions)
@metrics_option
@metrics_events_option
@json_option
@log_options("gateway")
def command(
    broker: str,
    name: str,
    metrics: str,
    metrics_events: int,
    as_json: bool,
    **values: Any,
) -> None:
    """Serve events to browsers and programs: pages, WebSocket, server-sent events, REST.

    The gateway runs until Ctrl+C or SIGTERM. It then tells its viewers that it restarts; they come
    back by themselves.
    """
    who = nats_options(values)
    options = Options(**values)
    # Imported here so that --help stays quick.
    from ..gateway.app import create_app
    from ..gateway.server import GatewayServer, check_connections
    from ..lobby import service as lobby
    from ..monitoring.gateway import gateway_collector
    from ..monitoring.health import gateway_readiness
    from ..peer.stream_link import StreamLink

    check_connections(options, raise_limit())
    stream = StreamLink(options.source, who, "touchline gateway") if options.source else None
    app = create_app(options, connect(broker, name), [lobby.component], stream)
    gateway: Gateway = app.state.gateway
    server = GatewayServer(app, options, gateway.leave)
    with (
        metrics_page(
            metrics,
            lambda: (gateway_collector(gateway, metrics_events), gateway_readiness(gateway)),
        ) as page,
        ThreadPoolExecutor(1, "gateway") as pool,
        serving(server.stop),
    ):
        gateway.hub.follower.metrics = place_of_page(page)
        running = pool.submit(server.run)
        if listens(server, running):
            _greet(server, page, as_json=as_json)
        running.result()
    _sum_up(gateway, as_json=as_json)


def connect(broker: str, own_name: str) -> Connect:
    """Return a function that opens links to the broker: a person's link has an identity of its own,
    the gateway's link that of the user who runs it."""
    from ..peer import Link, identity

    def connect(
        name: str = "",
        roles: Sequence[Role] = (),
        folder: Path | None = None,
        context: zmq.Context[Any] | None = None,
        *,
        invite: str = "",
        behind: str = "",
    ) -> Link:
        # In the person's folder, not by name: the broker may know the person by another name.
        key = identity.load(own_name) if folder is None else identity.load_file(folder / KEY_FILE)
        return Link(broker, name or own_name, key, roles, context, invite=invite, behind=behind)

    return connect


def listens(server: GatewayServer, running: Future[None]) -> bool:
    """Wait until the gateway listens or has ended; return whether it listens."""
    while not server.listening.wait(0.05):
        if running.done():
            return False
    return True


def _greet(server: GatewayServer, page: str, *, as_json: bool) -> None:
    if as_json:
        emit({"type": "listening", "url": server.url, "metrics": page or None})
        return
    click.echo(f"gateway at {server.url}")
    click.echo(f"  {server.url}/      search, and follow an event")
    click.echo(f"  {server.url}/api   for programs: WebSocket, REST, server-sent events")
    click.echo("Ctrl+C stops it.")


def _sum_up(gateway: Gateway, *, as_json: bool) -> None:
    counters = gateway.counters
    requests, connections = counters.requests.total(), counters.connections.total()
    if as_json:
        emit({"type": "stopped", "requests": requests, "connections": connections})
    else:
        click.echo(f"gateway stopped: {requests:,} requests, {connections:,} feeds served")
