"""`touchline gateway`: the web page, WebSocket, REST."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..gateway.options import Options
from ..protocol.messages import Role
from .shared import (
    broker_option,
    emit,
    json_option,
    log_to_stderr,
    metrics_option,
    metrics_page,
    name_option,
    stopping,
    verbose_option,
)

if TYPE_CHECKING:
    import zmq

    from ..gateway.context import Gateway
    from ..gateway.feed.follower import Connect
    from ..gateway.server import Server
    from ..peer import Link

_DEFAULT = Options()

KEY_FILE = "identity"
"""The file of a person's identity, in the folder that is theirs."""


@click.command("gateway", epilog="Example: touchline gateway --host 127.0.0.1 --port 8080 --json")
@broker_option
@name_option
@click.option(
    "--host",
    default=_DEFAULT.host,
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen on; * for every interface.",
)
@click.option(
    "--port", default=_DEFAULT.port, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--folder",
    default=_DEFAULT.folder,
    show_default="gateway in the user's data folder",
    metavar="FOLDER",
    help="Where sessions, reports under way and web hooks are kept.",
)
@click.option(
    "--heartbeat",
    default=_DEFAULT.heartbeat,
    show_default=True,
    help="Seconds between heartbeats to viewers that ask for nothing else.",
)
@click.option(
    "--max-events",
    default=_DEFAULT.max_events,
    show_default=True,
    help="Events followed at one time; more are refused.",
)
@click.option(
    "--linger",
    default=_DEFAULT.linger,
    show_default=True,
    help="Seconds for which an event is followed on after its last viewer has gone.",
)
@click.option(
    "--history-mb",
    default=_DEFAULT.history_mb,
    show_default=True,
    help="Megabytes of an event's newest messages that are kept ready.",
)
@click.option(
    "--max-connections",
    default=_DEFAULT.max_connections,
    show_default=True,
    help="Connections that stay open, in total; more are refused.",
)
@click.option(
    "--per-address",
    default=_DEFAULT.per_address,
    show_default=True,
    help="Of those, from one address.",
)
@click.option(
    "--max-body",
    default=_DEFAULT.max_body,
    show_default=True,
    help="Bytes of a request's body; longer ones are refused.",
)
@click.option(
    "--max-frame",
    default=_DEFAULT.max_frame,
    show_default=True,
    help="Bytes of a WebSocket message from a viewer; who sends longer ones is closed.",
)
@click.option(
    "--queue-messages",
    default=_DEFAULT.queue_messages,
    show_default=True,
    help="Messages that may wait for a viewer before it is switched to a snapshot.",
)
@click.option(
    "--queue-bytes", default=_DEFAULT.queue_bytes, show_default=True, help="Bytes that may."
)
@click.option(
    "--stalled",
    default=_DEFAULT.stalled,
    show_default=True,
    help="Seconds for which a viewer beyond these may read nothing before it is closed.",
)
@click.option(
    "--patience",
    default=_DEFAULT.patience,
    show_default=True,
    help="Seconds that a request waits for the broker, or for an event's feed.",
)
@click.option(
    "--forwarded-by",
    default=_DEFAULT.forwarded_by,
    show_default="nobody",
    metavar="ADDRESS",
    help="The proxy, or proxies with commas between, whose X-Forwarded-For is believed.",
)
@click.option(
    "--lobby",
    default=_DEFAULT.lobby,
    show_default="/ws/live of the gateway alone",
    metavar="HOST:PORT/PATH",
    help="Where the lobby is served besides, for clients that look for it there.",
)
@click.option(
    "--drain-seconds",
    default=_DEFAULT.drain_seconds,
    show_default=True,
    help="How long what was begun is given at the end.",
)
@click.option(
    "--max-people",
    default=_DEFAULT.max_people,
    show_default=True,
    help="People who are signed in at one time; further ones are refused.",
)
@click.option(
    "--max-reporters",
    default=_DEFAULT.max_reporters,
    show_default=True,
    help="Of those, who report at one time.",
)
@click.option(
    "--session-days",
    default=_DEFAULT.session_days,
    show_default=True,
    help="Days after which who has signed in is asked to do so again.",
)
@click.option(
    "--webhook-token",
    default=_DEFAULT.webhook_token,
    show_default="nobody can",
    metavar="TOKEN",
    help="What an operator shows to register webhooks; better given as a variable.",
)
@click.option(
    "--webhook-http", is_flag=True, help="Let webhooks go to http addresses, unencrypted."
)
@click.option(
    "--webhook-private",
    is_flag=True,
    help="Let webhooks go to addresses that are not of the open Internet.",
)
@metrics_option
@json_option
@verbose_option
def command(
    broker: str, name: str, metrics: str, as_json: bool, verbose: bool, **settings: Any
) -> None:
    """Serve events to browsers and programs: pages, WebSocket, REST.

    Runs until Ctrl+C or SIGTERM; viewers are then told that it restarts, and come back to it by
    themselves.
    """
    log_to_stderr(verbose=verbose)
    options = Options(**settings)
    # Loaded when there is a gateway to run, not for --help.
    from ..gateway.app import create_app
    from ..gateway.server import Server, allow_connections
    from ..lobby import service as lobby
    from ..monitoring.gateway import GatewayPage

    allow_connections(options)
    app = create_app(options, _connect(broker, name), [lobby.part])
    gateway: Gateway = app.state.gateway
    server = Server(app, options, gateway.leave)
    with (
        metrics_page(metrics, lambda: GatewayPage(gateway)) as page,
        ThreadPoolExecutor(1, "gateway") as pool,
        stopping(server.stop),
    ):
        running = pool.submit(server.go)
        if _listens(server, running):
            _greet(server, page, as_json=as_json)
        running.result()
    _sum_up(gateway, as_json=as_json)


def _connect(broker: str, own_name: str) -> Connect:
    """Return what gives links to the broker: to people under identities of their own, to the
    gateway itself under that of whoever runs it."""
    from ..peer import Link, identity

    def connect(
        name: str = "",
        roles: Sequence[Role] = (),
        folder: Path | None = None,
        context: zmq.Context[Any] | None = None,
        *,
        invite: str = "",
    ) -> Link:
        # Kept under no name, since the broker may have taken another than was asked for.
        key = identity.load(own_name) if folder is None else identity.load_file(folder / KEY_FILE)
        return Link(broker, name or own_name, key, roles, context, invite=invite)

    return connect


def _listens(server: Server, running: Future[None]) -> bool:
    """Wait until the gateway listens; False where it has ended instead."""
    while not server.listening.wait(0.05):
        if running.done():
            return False
    return True


def _greet(server: Server, page: str, *, as_json: bool) -> None:
    if as_json:
        emit({"type": "listening", "url": server.url, "metrics": page or None})
        return
    click.echo(f"gateway at {server.url}")
    if page:
        click.echo(f"metrics at {page}")
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
