"""`touchline hosts`: which hosts offer themselves, and what is given to them and taken from them.

`touchline host add|drop|drain` are the same commands: no id of an event is such a word.
"""

from __future__ import annotations

import click

from ..protocol import messages, times
from ..protocol.messages import OfferingHost
from ..protocol.text import plain
from . import grants, shared
from .shared import CommandGroup, broker_option, emit, json_option, name_option
from .ui.tables import table


@click.group("hosts", cls=CommandGroup)
def command() -> None:
    """See the hosts that take events, and say which host has which event."""


@command.command("list", epilog="Example: touchline hosts list")
@broker_option
@name_option
@json_option
def list_(broker: str, name: str, as_json: bool) -> None:
    """List the hosts that offer themselves to the broker."""
    print_hosts(ask(broker, name, messages.ChangePool(id=0)), as_json=as_json)


@command.command(epilog="Example: touchline hosts add argentina-v-france-k7m2 --to north")
@shared.event_argument
@click.option("--to", "peer", default="", metavar="HOST", help="By name, id or key; without it the"
              " least loaded host that may have the event.")  # fmt: skip
@broker_option
@name_option
@json_option
def add(event: str, peer: str, broker: str, name: str, as_json: bool) -> None:
    """Give an event to a running host. For an owner of the event, or an operator.

    An owner must have let the host have it: `touchline events grant`. Where another host has the
    event, that one hands it over once the next is ready.
    """
    _place(messages.PlaceEvent(id=0, event=event, peer=grants.peer_of(peer)), broker, name, as_json)


@command.command(epilog="Example: touchline hosts drop argentina-v-france-k7m2")
@shared.event_argument
@click.option("--from", "peer", default="", metavar="HOST", help="By name, id or key: refused where"
              " another host has the event.")  # fmt: skip
@broker_option
@name_option
@json_option
def drop(event: str, peer: str, broker: str, name: str, as_json: bool) -> None:
    """Take an event from its host. For an owner of the event, or an operator.

    It stays without a host until it is given to one, or a host is started with its id.
    """
    request = messages.PlaceEvent(id=0, event=event, peer=grants.peer_of(peer), drop=True)
    _place(request, broker, name, as_json)


@command.command(epilog="Example: touchline hosts drain north")
@click.argument("host", required=False, default="")
@broker_option
@name_option
@json_option
def drain(host: str, broker: str, name: str, as_json: bool) -> None:
    """Have a host hand its events over to others that share its journal, and take no more.

    HOST is a name, id or key, and needs an operator; without it, it is the host of your --name. A
    host that was started without events ends when it has handed over all. An event goes as soon as
    another host that may have it shares the journal. `touchline hosts add --to` moves others, too,
    but then only the reports are handed over, and are decided anew.
    """
    reply = ask(broker, name, messages.DrainHost(id=0, peer=grants.peer_of(host)))
    _print_placed(reply, as_json=as_json)


def ask(
    broker: str, name: str, request: messages.ChangePool | messages.PlaceEvent | messages.DrainHost
) -> messages.BrokerReply:
    """Return the broker's answer.

    Raises:
        TouchlineError: the broker refuses, or does not answer.
    """
    with shared.link(broker, name) as link:
        return link.ask(request)


def print_hosts(reply: messages.BrokerReply, *, as_json: bool) -> None:
    """Print the hosts that the broker has listed."""
    if not isinstance(reply, messages.Pooled):
        raise AssertionError(f"the broker answered pool with {type(reply).__name__}")
    if as_json:
        for host in reply.hosts:
            emit(_form(host))
    elif reply.hosts:
        headings = ("host", "id", "events", "capacity", "labels", "address", "state")
        table(headings, map(_row, reply.hosts))
    else:
        click.echo("no such host", err=True)


def _place(request: messages.PlaceEvent, broker: str, name: str, as_json: bool) -> None:
    _print_placed(ask(broker, name, request), as_json=as_json)


def _print_placed(reply: messages.BrokerReply, *, as_json: bool) -> None:
    if not isinstance(reply, messages.Placed):
        raise AssertionError(f"the broker answered place with {type(reply).__name__}")
    if as_json:
        emit({"type": "placed", "moving": reply.moving, "staying": reply.staying})
    else:
        click.echo(f"events on their way: {reply.moving}; that stay: {reply.staying}")


def _row(host: OfferingHost) -> tuple[str, ...]:
    labels = plain(", ".join(host.labels))
    load = (str(host.events), str(host.capacity)) if host.last_seen else ("", "")
    return plain(host.name), host.peer, *load, labels, plain(host.address), _state(host)


def _state(host: OfferingHost) -> str:
    if not host.last_seen:
        return "away"
    return "draining" if host.draining else "ready"


def _form(host: OfferingHost) -> dict[str, object]:
    return {
        "peer": host.peer,
        "name": host.name,
        "pool": host.pool,
        "state": _state(host),
        "events": host.events,
        "capacity": host.capacity,
        "labels": host.labels,
        "address": host.address,
        "seen": times.to_rfc3339(host.last_seen) if host.last_seen else None,
    }
