"""`touchline events grant` and `revoke`: who else owns an event, and who may host it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..protocol import keys
from ..protocol.errors import SettingError
from ..protocol.messages import Card
from ..protocol.text import plain
from ..timeline import json as timeline_json
from . import shared
from .shared import broker_option, emit, json_option, name_option
from .ui.tables import table

T = TypeVar("T")


def _read(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> list[str]:
    return [peer_of(text) for text in texts]


def peer_of(text: str) -> str:
    """Return the id of a public key, and any other text as it is: an id, a name or `any`."""
    try:
        return keys.peer_id(keys.from_text(text))
    except SettingError:
        return text


def _read_pools(_context: click.Context, _option: click.Parameter, texts: Any) -> list[str]:
    return [f"pool:{text}" for text in texts]


hosts_option = click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="KEY|NAME|any",
    callback=_read,
    help="Who may host it besides its owners, by key (touchline identity show), id or name; any:"
    " every host at the broker. Repeat the flag for more.",
)

owners_option = click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="KEY|NAME",
    callback=_read,
    help="Who owns it too: hosts it, rules on it, and says who else does. Repeat the flag for"
    " more.",
)

_pools_option = click.option(
    "--pool",
    "pools",
    multiple=True,
    metavar="NAME",
    callback=_read_pools,
    help="A pool of hosts that may host it: an operator says which are in it (touchline pool add)."
    " Repeat the flag for more.",
)

_no_hosts_option = click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="KEY|NAME|any",
    callback=_read,
    help="Who may no longer host it; any: not every host any more. Repeat the flag for more.",
)

_no_pools_option = click.option(
    "--pool",
    "pools",
    multiple=True,
    metavar="NAME",
    callback=_read_pools,
    help="A pool whose hosts may no longer host it. Repeat the flag for more.",
)

_no_owners_option = click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="KEY|NAME",
    callback=_read,
    help="Who no longer owns it. Repeat the flag for more.",
)


def _command(*options: Callable[[Any], Any]) -> Callable[[Callable[..., T]], Any]:
    """Return a decorator that adds an event, these options, and those of every request."""

    def added(run: Callable[..., T]) -> Any:
        for option in (json_option, name_option, broker_option, *reversed(options)):
            run = option(run)
        return shared.event_argument(run)

    return added


@click.command(epilog="Example: touchline events grant argentina-v-france-k7m2 --host ben")
@_command(hosts_option, _pools_option, owners_option)
def grant(event: str, **flags: Any) -> None:
    """Let others host an event of yours, or own it too."""
    _change(event, allowed=True, **flags)


@click.command(epilog="Example: touchline events revoke argentina-v-france-k7m2 --host any")
@_command(_no_hosts_option, _no_pools_option, _no_owners_option)
def revoke(event: str, **flags: Any) -> None:
    """Take back what `touchline events grant` gave; a host that may not go on stops at once."""
    _change(event, allowed=False, **flags)


def _change(
    event: str,
    *,
    allowed: bool,
    owners: list[str],
    hosts: list[str],
    pools: list[str],
    broker: str,
    name: str,
    as_json: bool,
) -> None:
    hosts = [*hosts, *pools]
    if not owners and not hosts:
        raise click.UsageError("give a --host, a --pool or an --owner")
    from ..peer import owning

    with shared.link(broker, name) as link:
        card = owning.permit(link, event, "owner", owners, allowed=allowed)
        card = owning.permit(link, event, "host", hosts, allowed=allowed) or card
    if card is None:
        raise AssertionError("nothing was asked of the broker")
    if as_json:
        emit(timeline_json.to_json(card))
    else:
        table(("", ""), rows(card))


def rows(card: Card) -> list[tuple[str, str]]:
    """Return the lines that say who owns and hosts an event."""
    hosts = "everybody" if "any" in card.hosts else ", ".join(["its owners", *card.hosts])
    found = [("owner", plain(card.owner) or "not known")]
    if card.owners:
        found.append(("owners too", plain(", ".join(card.owners))))
    return [*found, ("may host", plain(hosts))]
