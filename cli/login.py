"""`touchline login`: keep a broker's address, and enrol there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import click
from click.core import ParameterSource

from ..protocol import addresses, messages
from ..protocol.errors import BadInvite, NameTaken, SettingError
from ..protocol.text import plain
from . import brokers, completion, shared
from .brokers import Brokers, KnownBroker
from .shared import emit
from .ui.listing import listing, listing_option


@click.command(
    "login",
    epilog="""
\b
Examples:
  touchline login 'touchline://club.example:5670?key=…' --as club
  touchline login 'touchline://club.example:5670?key=…' --invite k3vq-7m2p
  touchline login club            make club the default
  touchline login                 list the brokers that you know
""",
)
@click.argument("address", default="", shell_complete=completion.brokers)
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
@listing_option
@click.pass_context
def command(
    context: click.Context, address: str, alias: str, invite: str, name: str, form: str
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
        _list(known, form)
        return
    said = context.get_parameter_source("name") is not ParameterSource.DEFAULT
    before = known.brokers.get(address)
    try:
        found = brokers.find(address)
    except SettingError as error:
        raise SettingError(error.sentence.replace("--broker", "ADDRESS")) from None
    who = name if said else found.who
    alias = alias or (address if before else _alias(found, known))
    brokers.check_name(alias)
    if found.address.endswith("?insecure"):
        shared.warn_insecure()
    wanted = who or name
    name, peer, role = _enrol(found.address, [who] if who else shared.names_to_try(name), invite)
    if name != wanted:
        click.echo(f"the name {wanted} belongs to another key there; yours is {name}", err=True)
        who = name
    brokers.keep(alias, KnownBroker(found.address, who), default=True)
    if form != "table":
        about = {"broker": alias, "address": found.address, "name": name}
        emit({"type": "login", **about, "peer": peer, "role": role})
        return
    click.echo(f"you are {plain(name)} ({peer}), {role}, at {_place(alias, found)}")


def _enrol(
    address: str, names: Iterable[str], invite: str
) -> tuple[str, str, messages.Role | None]:
    """Say hello under the first of some names that is free; return name, peer and role.

    Raises:
        NameTaken, BadInvite: the sentence names the flag.
        TouchlineError: the broker refuses, or does not answer.
    """
    for name in names:
        try:
            with shared.link(address, name, invite=invite) as link:
                # Any request will do: the link says hello first.
                link.ask(messages.Search(id=0, limit=1))
                return name, link.peer, link.role
        except NameTaken as error:
            taken = error
        except BadInvite as error:
            raise BadInvite(f"--invite: {error.sentence}") from None
    raise NameTaken(f"--name: {taken.sentence}")


def _alias(found: KnownBroker, known: Brokers) -> str:
    """Return the default name of a broker: the name under which it is kept, or its host.

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
            f"you know another broker as {name}, {known.brokers[name].address}; forget it"
            f" (touchline logout {name}), or give this broker another name (--as)"
        )
    return name


def _place(alias: str, kept: KnownBroker) -> str:
    return f"{alias} ({shared.place_of(kept.address)})"


def _list(known: Brokers, form: str) -> None:
    if form == "table" and not known.brokers:
        click.echo(
            "you know no broker yet: start one (touchline broker), or touchline login ADDRESS",
            err=True,
        )
        return
    rows: list[Sequence[str]] = [
        (name, "default" if name == known.default else "", kept.who, kept.address)
        for name, kept in known.brokers.items()
    ]
    listing(form, _forms(known), ("broker", "", "as", "address"), rows)


def _forms(known: Brokers) -> Iterator[dict[str, object]]:
    for name, kept in known.brokers.items():
        about = {"broker": name, "address": kept.address, "name": kept.who or None}
        yield {"type": "broker", **about, "default": name == known.default}
