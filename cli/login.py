"""`touchline login`: keep a broker's address, and enrol there."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click
from click.core import ParameterSource

from ..protocol import addresses, messages
from ..protocol.errors import SettingError
from ..protocol.text import plain
from . import brokers, shared
from .brokers import Brokers, KnownBroker
from .shared import emit, json_option
from .ui.tables import table


@click.command(
    "login",
    epilog="""
\b
Examples:
  touchline login 'touchline://club.example:5670?key=…' --as club
  touchline login 'touchline://club.example:5670?key=…' --invite k3vq-7m2p-xw9d --name anna
  touchline login club            make club the default
  touchline login                 list the brokers that you know
""",
)
@click.argument("address", default="", shell_complete=shared.complete_broker)
@click.option(
    "--as",
    "alias",
    default="",
    metavar="NAME",
    show_default="its host's name",
    help="Your name for this broker.",
)
@click.option(
    "--invite",
    default="",
    metavar="CODE",
    help="The code that an operator gave you; it enrols you, or gives you a higher role.",
)
@shared.name_option
@json_option
@click.pass_context
def command(
    context: click.Context, address: str, alias: str, invite: str, name: str, as_json: bool
) -> None:
    """Keep the ADDRESS of a broker, and enrol there.

    touchline broker prints the address; the key in it proves that your commands reach the right
    broker. This broker becomes the default, and --name your name there. Without ADDRESS, list the
    brokers that you know.
    """
    known = brokers.load()
    if not address:
        if alias or invite:
            raise click.UsageError("--as and --invite need the ADDRESS of a broker")
        _list(known, as_json=as_json)
        return
    said = context.get_parameter_source("name") is not ParameterSource.DEFAULT
    before = known.brokers.get(address)
    found = brokers.find(address)
    who = name if said else found.who
    alias = alias or (address if before else _alias(found, known))
    brokers.check_name(alias)
    if found.address.endswith("?insecure"):
        shared.warn_insecure()
    name = who or name
    with shared.link(found.address, name, invite=invite) as link:
        # Any request will do: the link says hello first.
        link.ask(messages.Search(id=0, limit=1))
        peer, role = link.peer, link.role
    brokers.keep(alias, KnownBroker(found.address, who), default=True)
    if as_json:
        about = {"broker": alias, "address": found.address, "name": name}
        emit({"type": "login", **about, "peer": peer, "role": role})
        return
    click.echo(f"you are {plain(name)} ({peer}), {role}, at {_place(alias, found)}")


def _alias(found: KnownBroker, known: Brokers) -> str:
    """Return a broker's default name: the one that it has, or its host's.

    Raises:
        SettingError: another broker has this name.
    """
    for name, kept in known.brokers.items():
        if kept.address == found.address:
            return name
    host = addresses.broker(found.address).host
    name = brokers.LOCAL if addresses.is_loopback(host) else re.sub(r"[\[\]:%]+", "-", host)
    name = name.strip("-")
    if name in known.brokers and name != brokers.LOCAL:
        raise SettingError(
            f"you know another broker as {name}, {known.brokers[name].address}; forget that one"
            f" (touchline logout {name}), or give this one a name of its own (--as)"
        )
    return name


def _place(alias: str, kept: KnownBroker) -> str:
    return f"{alias} ({shared.place_of(kept.address)})"


def _list(known: Brokers, *, as_json: bool) -> None:
    if as_json:
        for name, kept in known.brokers.items():
            about = {"broker": name, "address": kept.address, "name": kept.who or None}
            emit({"type": "broker", **about, "default": name == known.default})
        return
    if not known.brokers:
        click.echo(
            "you know no broker yet: start one (touchline broker), or touchline login ADDRESS",
            err=True,
        )
        return
    rows: list[Sequence[str]] = [
        (name, "default" if name == known.default else "", kept.who, kept.address)
        for name, kept in known.brokers.items()
    ]
    table(("broker", "", "as", "address"), rows)
