"""`touchline broker`: enrol peers, find events, hand out addresses and tokens."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..broker.options import Options
from ..protocol import addresses, keys
from ..protocol.errors import NameTaken, SettingError
from ..runtime import clock
from ..runtime.folders import data_folder
from . import brokers
from .brokers import KnownBroker
from .settings import settings
from .shared import (
    emit,
    json_option,
    log_options,
    metrics_option,
    metrics_page,
    name_option,
    names_to_try,
    serving,
    warn_insecure,
)

if TYPE_CHECKING:
    from ..broker import Broker
    from ..protocol.keys import Identity

EVERYWHERE = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}
"""From each host to listen on that is not an address to an address of this machine."""


@click.command(
    "broker",
    epilog="Example:\n\n\b\n"
    "touchline broker --bind '*:5670' --advertise club.example \\\n    --enrolment invited",
)
@settings(Options)
@click.option(
    "--advertise",
    default="",
    show_default="as --bind",
    metavar="HOST",
    help="The name or address under which others reach this machine; of several brokers on one"
    " registry all, HOST:PORT,HOST:PORT.",
)
@click.option(
    "--identity",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="beside the database; in PostgreSQL, in the registry",
    metavar="FILE",
    help="The file of the broker's own key; a missing file is made. Brokers on one registry hold"
    " the same key.",
)
@name_option
@metrics_option
@json_option
@log_options("broker")
def command(
    advertise: str,
    file: Path | None,
    name: str,
    metrics: str,
    as_json: bool,
    **values: Any,
) -> None:
    """Run a broker: enrol peers, find events, hand out addresses and tokens.

    The broker prints the one string that others need to reach it: its address with its key. Your
    own commands on this machine know it as `local`. You (--name) are an operator there, and may
    invite, list and revoke people.

    It runs until Ctrl+C or SIGTERM, and then answers the requests that it has begun.
    """
    options = Options(**values)
    # Imported here so that --help stays quick.
    from ..broker import Broker
    from ..monitoring.broker import broker_collector
    from ..monitoring.discovery import broker_targets
    from ..monitoring.health import broker_readiness
    from ..runtime.collector import spare_collector

    spare_collector()
    wanted = name
    name, starter = operator(options, wanted)
    if name != wanted:
        click.echo(f"the name {wanted} belongs to another key here; yours is {name}", err=True)
    options = replace(options, operators=(*options.operators, starter.public))
    own = None if options.insecure else _own(options, file)
    if options.insecure:
        warn_insecure()
    broker = Broker(options, own)
    with (
        metrics_page(
            metrics,
            lambda: (broker_collector(broker), broker_readiness(broker), broker_targets(broker)),
        ) as page,
        ThreadPoolExecutor(1, "broker") as pool,
        serving(broker.stop),
    ):
        running = pool.submit(broker.run)
        if listens(broker, running):
            place = addresses.broker(broker.address)
            keep(place, name if name != wanted else "")
            shown = _advertised(place, advertise)
            if as_json:
                emit({"type": "listening", "address": str(shown), "metrics": page or None})
            else:
                _greet(shown, name, starter)
                _say_who_may(options)
                click.echo("Ctrl+C stops it.")
        running.result()
    _sum_up(broker, as_json=as_json)


def _own(options: Options, file: Path | None) -> Identity:
    """Return the broker's identity: from a file, or the one that brokers on one registry share.

    Raises:
        SettingError: the brokers on this registry have their key in a file.
    """
    from ..broker.database import SqlRegistry
    from ..peer import identity
    from ..protocol.keys import Identity

    path = file or key_file(options)
    if options.database_url.startswith("sqlite:"):
        return identity.load_file(path)
    registry = SqlRegistry(options.database_url)
    try:
        if file is not None or path.exists():
            own = identity.load_file(path)
            before, _ = registry.identity(held=own.public)
            if before != own.public:
                click.echo(
                    "brokers on this registry held another key until now: start all of them with"
                    f" {path}, and give people the new address",
                    err=True,
                )
            return own
        _, seed = registry.identity(seed=os.urandom(keys.KEY_BYTES))
        if not seed:
            raise SettingError(
                "--identity: the brokers on this registry have their key in a file; give this one"
                " the same file"
            )
        return Identity(seed)
    finally:
        registry.close()


def key_file(options: Options) -> Path:
    """Return the file of the broker's key: beside its database, or in the data folder."""
    scheme, _, path = options.database_url.partition(":///")
    if scheme != "sqlite":
        return data_folder() / "broker.key"
    return Path(f"{path.partition('?')[0]}.key")


def listens(broker: Broker, running: Future[None]) -> bool:
    """Wait until the broker listens or has ended; return whether it listens."""
    while not broker.ready.wait(0.05):
        if running.done():
            return False
    return True


def operator(options: Options, name: str) -> tuple[str, Identity]:
    """Enrol the user's key as it is, so that no other key takes its name; return name and key.

    Raises:
        NameTaken: the name that the user gave belongs to another key. For the login name, the next
            free one is taken, `pi-2` for `pi`.
    """
    from ..broker.database import SqlRegistry
    from ..broker.enrolment import reserve
    from ..peer import identity

    registry = SqlRegistry(options.database_url)
    try:
        for tried in names_to_try(name):
            starter = identity.load(tried)
            try:
                with registry.begin(write=True) as repository:
                    reserve(repository, starter.public, tried, options.open_role, clock.wall())
            except NameTaken as error:
                taken = error
            else:
                return tried, starter
    finally:
        registry.close()
    raise NameTaken(f"--name: {taken.sentence}")


def keep(place: addresses.BrokerAddress, who: str) -> None:
    """Keep the broker for the user's own commands, unless it is insecure.

    Args:
        who: the user's name there, where it is not the login name or the one that is given.
    """
    if not place.plain:
        here = KnownBroker(str(replace(place, host=EVERYWHERE.get(place.host, place.host))), who)
        before = brokers.load().brokers.get(brokers.LOCAL)
        if before is None or before.address != here.address or (who and before.who != who):
            brokers.keep(brokers.LOCAL, here, default=False)


def _advertised(place: addresses.BrokerAddress, names: str) -> addresses.BrokerAddress:
    """Return the address to show: with the names by which others reach this and further brokers.

    Raises:
        SettingError: a name is not valid.
    """
    if not names:
        return place
    (host, port), *others = (
        addresses.parse(name, what="--advertise", port=place.port) for name in names.split(",")
    )
    return replace(place, host=host, port=port, others=tuple(others))


def _greet(shown: addresses.BrokerAddress, name: str, starter: Identity) -> None:
    place = f"{shown.host}:{shown.port}"
    click.echo(f"broker listening on {place}")
    if shown.host in EVERYWHERE:
        shown = replace(shown, host="THIS-MACHINE")
        click.echo("give --advertise the name by which others reach this machine")
    click.echo(f"address for others: {shown}")
    click.echo(f"operator: {name} ({starter.peer})")
    click.echo("next, each in a terminal of its own:")
    where = _flags(shown)
    click.echo(
        f"  touchline events create{where} TITLE --sport football --origin HOME --origin AWAY"
    )
    click.echo(f"  touchline host{where} EVENT")


MAY = {
    "viewer": "follow events",
    "reporter": "follow events and report on them",
    "host": "follow and report on every event, and create and host their own",
}
"""What keys may do that come in without an invitation, by their role."""


def _say_who_may(options: Options) -> None:
    """Print who may come in at the broker and do what."""
    click.echo(f"{options.enrolment}: {_who_may(options)}")
    click.echo(
        "an event is hosted, finished and ruled on by the key that created it and whom it names"
        " alone (touchline events grant); operators alone invite, list and revoke"
    )


def _who_may(options: Options) -> str:
    if options.insecure:
        return "no peer proves its key: every program on this machine may be anybody"
    if options.enrolment == "invited":
        return (
            "only who brings an invitation (touchline invite) may come in, in the role that it"
            " gives; keys that are enrolled stay"
        )
    return (
        f"everybody who reaches this address may come in, and {MAY[options.open_role]}; one person"
        " may bring many keys. Let --enrolment invited ask for invitations where that matters"
    )


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
