"""`touchline broker`: identify peers, find events, hand out addresses and tokens."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click

from ..broker.options import Options
from ..protocol import addresses
from .shared import (  # fmt: skip
    emit,
    json_option,
    log_to_stderr,
    metrics_option,
    metrics_page,
    stopping,
    verbose_option,
)

if TYPE_CHECKING:
    from ..broker import Broker

_DEFAULT = Options()


@click.command(
    "broker", epilog="Example: touchline broker --bind '*:5670' --metrics 127.0.0.1:9670"
)
@click.option(
    "--bind",
    default=_DEFAULT.bind,
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen; port 0 takes a free one, host * every interface.",
)
@click.option(
    "--database",
    default=_DEFAULT.database,
    show_default="a SQLite file in the user's data folder",
    metavar="URL",
    help="sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE.",
)
@click.option(
    "--workers", default=_DEFAULT.workers, show_default=True, help="Threads that answer requests."
)
@click.option(
    "--lease-seconds",
    default=_DEFAULT.lease_seconds,
    show_default=True,
    help="How long a host holds an event without renewing.",
)
@click.option(
    "--token-seconds",
    default=_DEFAULT.token_seconds,
    show_default=True,
    help="How long a token to an event is valid.",
)
@click.option(
    "--session-seconds",
    default=_DEFAULT.session_seconds,
    show_default=True,
    help="How long a connection is remembered after its last hello.",
)
@click.option(
    "--heartbeat",
    default=_DEFAULT.heartbeat,
    show_default=True,
    help="Seconds between heartbeats, told to every peer.",
)
@click.option(
    "--queue",
    default=_DEFAULT.queue,
    show_default=True,
    help="Requests that may wait; more are refused.",
)
@click.option(
    "--max-events",
    default=_DEFAULT.max_events,
    show_default=True,
    help="Events on record; more are refused.",
)
@click.option(
    "--drain-seconds",
    default=_DEFAULT.drain_seconds,
    show_default=True,
    help="How long requests already begun are given at the end.",
)
@metrics_option
@json_option
@verbose_option
def command(metrics: str, as_json: bool, verbose: bool, **settings: Any) -> None:
    """Identify peers, find events, hand out addresses and tokens.

    Runs until Ctrl+C or SIGTERM; what it has begun it then still answers.
    """
    log_to_stderr(verbose=verbose)
    options = Options(**settings)
    # Loaded when there is a broker to run, not for --help.
    from ..broker import Broker
    from ..monitoring.collector import BrokerCollector

    broker = Broker(options)
    with (
        metrics_page(metrics, lambda: BrokerCollector(broker)) as page,
        ThreadPoolExecutor(1, "broker") as pool,
        stopping(broker.stop),
    ):
        running = pool.submit(broker.run)
        if _listens(broker, running):
            _greet(broker, page, as_json=as_json)
        running.result()
    _sum_up(broker, as_json=as_json)


def _listens(broker: Broker, running: Future[None]) -> bool:
    """Wait until the broker listens; False where it has ended instead."""
    while not broker.ready.wait(0.05):
        if running.done():
            return False
    return True


def _greet(broker: Broker, page: str, *, as_json: bool) -> None:
    if as_json:
        emit({"type": "listening", "address": broker.address, "metrics": page or None})
        return
    address = broker.address.removeprefix("tcp://")
    usual = address == f"127.0.0.1:{addresses.DEFAULT_PORT}"
    where = "" if usual else f" --broker {address.replace('0.0.0.0', 'THIS-MACHINE')}"
    click.echo(f"broker listening on {address}")
    if page:
        click.echo(f"metrics at {page}")
    click.echo("next, each in a terminal of its own:")
    click.echo(
        f"  touchline events create{where} TITLE --sport football --origin HOME --origin AWAY"
    )
    click.echo(f"  touchline host{where} EVENT")
    click.echo("Ctrl+C stops it.")


def _sum_up(broker: Broker, *, as_json: bool) -> None:
    counters = broker.counters
    answered, refused = counters.requests.total(), counters.refusals.total()
    if as_json:
        emit({"type": "stopped", "requests": answered, "refusals": refused})
    else:
        click.echo(f"broker stopped: {answered:,} requests, {refused:,} refusals")
