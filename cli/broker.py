"""`touchline broker`: enrol peers, find events, hand out addresses and tokens."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..broker.options import Options
from ..protocol import addresses
from ..runtime.folders import data_folder
from . import brokers
from .brokers import KnownBroker
from .settings import settings
from .shared import (
    emit,
    json_option,
    log_to_stderr,
    metrics_option,
    metrics_page,
    name_option,
    stopping,
    verbose_option,
    warn_insecure,
)

if TYPE_CHECKING:
    from ..broker import Broker
    from ..protocol.keys import Identity

EVERYWHERE = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}
"""Hosts to listen on that are not addresses, and how this machine reaches them."""


@click.command(
    "broker",
    epilog="Example: touchline broker --bind '*:5670' --advertise club.example --enrolment invited",
)
@settings(Options)
@click.option(
    "--advertise",
    default="",
    show_default="as --bind",
    metavar="HOST",
    help="The name or address under which others reach this machine.",
)
@click.option(
    "--identity",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="beside the database",
    metavar="FILE",
    help="The file of the broker's own key; a missing file is made.",
)
@name_option
@metrics_option
@json_option
@verbose_option
def command(
    advertise: str,
    key_file: Path | None,
    name: str,
    metrics: str,
    as_json: bool,
    verbose: bool,
    **values: Any,
) -> None:
    """Run a broker: enrol peers, find events, hand out addresses and tokens.

    The broker prints the one string that others need to reach it: its address with its key. Your
    own commands on this machine know it as `local`. You (--name) are an operator there, and may
    invite, list and revoke people.

    It runs until Ctrl+C or SIGTERM, and then answers the requests that it has begun.
    """
    log_to_stderr(verbose=verbose)
    options = Options(**values)
    # Imported here so that --help stays quick.
    from ..broker import Broker
    from ..monitoring.broker import broker_collector
    from ..peer import identity

    starter = identity.load(name)
    options = replace(options, operators=(*options.operators, starter.public))
    own = None if options.insecure else identity.load_file(key_file or _key_file(options))
    if options.insecure:
        warn_insecure()
    broker = Broker(options, own)
    with (
        metrics_page(metrics, lambda: broker_collector(broker)) as page,
        ThreadPoolExecutor(1, "broker") as pool,
        stopping(broker.stop),
    ):
        running = pool.submit(broker.run)
        if _listens(broker, running):
            place = addresses.broker(broker.address)
            _keep(place)
            shown = replace(place, host=advertise or place.host)
            if as_json:
                emit({"type": "listening", "address": str(shown), "metrics": page or None})
            else:
                _greet(shown, name, starter, page)
        running.result()
    _sum_up(broker, as_json=as_json)


def _key_file(options: Options) -> Path:
    """Return the file of the broker's key: beside its database, or in the data folder."""
    scheme, _, path = options.database_url.partition(":///")
    if scheme != "sqlite":
        return data_folder() / "broker.key"
    return Path(f"{path.partition('?')[0]}.key")


def _listens(broker: Broker, running: Future[None]) -> bool:
    """Wait for the broker; return whether it listens, False where it has ended instead."""
    while not broker.ready.wait(0.05):
        if running.done():
            return False
    return True


def _keep(place: addresses.BrokerAddress) -> None:
    """Keep the broker for the user's own commands; they have to ask for a plain one."""
    if not place.plain:
        here = KnownBroker(str(replace(place, host=EVERYWHERE.get(place.host, place.host))))
        before = brokers.load().brokers.get(brokers.LOCAL)
        if before is None or before.address != here.address:
            brokers.keep(brokers.LOCAL, here, default=False)


def _greet(shown: addresses.BrokerAddress, name: str, starter: Identity, page: str) -> None:
    place = f"{shown.host}:{shown.port}"
    click.echo(f"broker listening on {place}")
    if shown.host in EVERYWHERE:
        shown = replace(shown, host="THIS-MACHINE")
        click.echo("give --advertise the name by which others reach this machine")
    click.echo(f"address for others: {shown}")
    click.echo(f"operator: {name} ({starter.peer})")
    if page:
        click.echo(f"metrics at {page}")
    click.echo("next, each in a terminal of its own:")
    where = _flags(shown)
    click.echo(
        f"  touchline events create{where} TITLE --sport football --origin HOME --origin AWAY"
    )
    click.echo(f"  touchline host{where} EVENT")
    click.echo("Ctrl+C stops it.")


def _flags(place: addresses.BrokerAddress) -> str:
    """Return the flags with which the user's own commands reach this broker."""
    if not place.plain:
        return "" if brokers.load().default == brokers.LOCAL else f" --broker {brokers.LOCAL}"
    usual = (place.host, place.port) == ("127.0.0.1", addresses.DEFAULT_PORT)
    return " --insecure" if usual else f" --insecure --broker {place.host}:{place.port}"


def _sum_up(broker: Broker, *, as_json: bool) -> None:
    counters = broker.counters
    answered, refused = counters.requests.total(), counters.refusals.total()
    if as_json:
        emit({"type": "stopped", "requests": answered, "refusals": refused})
    else:
        click.echo(f"broker stopped: {answered:,} requests, {refused:,} refusals")
