"""`touchline pool`: which hosts are in a pool, to which owners can grant their events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from ..protocol import messages
from . import grants
from .hosts import ask, print_hosts
from .shared import CommandGroup, broker_option, json_option, name_option

T = TypeVar("T")


@click.group("pool", cls=CommandGroup)
def command() -> None:
    """Say which hosts are in a pool; owners grant it: touchline events grant EVENT --pool NAME."""


def _flags(run: Callable[..., T]) -> Callable[..., T]:
    return broker_option(name_option(json_option(run)))


@command.command(epilog="Example: touchline pool add premier north")
@click.argument("pool")
@click.argument("host")
@_flags
def add(pool: str, host: str, broker: str, name: str, as_json: bool) -> None:
    """Put a HOST (name, id or key) into a POOL, which is made with its first. For operators."""
    peer = grants.peer_of(host)
    request = messages.ChangePool(id=0, pool=pool, peer=peer, change="add")
    print_hosts(ask(broker, name, request), as_json=as_json)


@command.command(epilog="Example: touchline pool remove premier north")
@click.argument("pool")
@click.argument("host")
@_flags
def remove(pool: str, host: str, broker: str, name: str, as_json: bool) -> None:
    """Take a HOST out of a POOL; what it hosts by the pool is taken from it at once."""
    peer = grants.peer_of(host)
    request = messages.ChangePool(id=0, pool=pool, peer=peer, change="remove")
    print_hosts(ask(broker, name, request), as_json=as_json)


@command.command(epilog="Example: touchline pool show premier")
@click.argument("pool")
@_flags
def show(pool: str, broker: str, name: str, as_json: bool) -> None:
    """List the hosts of a POOL, and what they have and take."""
    print_hosts(ask(broker, name, messages.ChangePool(id=0, pool=pool)), as_json=as_json)
