"""`touchline events reopen`, `amend` and the like: what the owner decides, and asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..protocol import messages
from ..protocol.text import plain
from . import shared
from .shared import broker_option, emit, json_option, name_option

T = TypeVar("T")

_timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to try to reach the host.",
)


def _owner_options(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command what each ruling takes."""
    for option in (json_option, _timeout, name_option):
        command = option(command)
    command = broker_option(command)
    return click.option("--reason", required=True, help="Why, for everybody to read.")(command)


@click.command(epilog='Example: touchline events reopen EVENT --reason "the wrong whistle"')
@shared.event_argument
@_owner_options
def reopen(event: str, reason: str, broker: str, name: str, timeout: float, as_json: bool) -> None:
    """Let an event of yours that is over go on."""
    _rule(event, "reopen", reason, broker, name, timeout, as_json)


@click.command(epilog='Example: touchline events end EVENT --reason "the replay is over"')
@shared.event_argument
@_owner_options
def end(event: str, reason: str, broker: str, name: str, timeout: float, as_json: bool) -> None:
    """End an event of yours that was over and goes on."""
    _rule(event, "end", reason, broker, name, timeout, as_json)


@click.command(
    epilog="""
\b
Examples:
  touchline events amend EVENT --score 2-1 --reason "both goals count"
  touchline events amend EVENT --entry 7 --detail player=Messi --reason sheet
"""
)
@shared.event_argument
@click.option("--score", default="", help="The result, as reporters state a score.")
@click.option("--entry", default="", help="The entry that is amended, by its id.")
@click.option(
    "--detail",
    "details",
    multiple=True,
    metavar="NAME=VALUE",
    help="What changes in the entry; repeat the flag for more.",
)
@_owner_options
def amend(
    event: str,
    score: str,
    entry: str,
    details: tuple[str, ...],
    reason: str,
    broker: str,
    name: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Amend an entry of an event of yours, or the score once it is over."""
    if bool(score) == bool(entry) or bool(entry) != bool(details):
        raise click.UsageError("give the --score, or an --entry with its --detail")
    shared.details(details)  # what is not valid is refused before anybody is asked
    _rule(
        event,
        "amend",
        reason,
        broker,
        name,
        timeout,
        as_json,
        score=score,
        entry=entry,
        flags=details,
    )


@click.command(epilog='Example: touchline events disqualify EVENT Ada --reason "a false start"')
@shared.event_argument
@click.argument("origin")
@_owner_options
def disqualify(
    event: str, origin: str, reason: str, broker: str, name: str, timeout: float, as_json: bool
) -> None:
    """Disqualify a runner of an event of yours that is over."""
    _rule(event, "disqualify", reason, broker, name, timeout, as_json, origin=origin)


@click.command(epilog='Example: touchline events reinstate EVENT Ada --reason "the film"')
@shared.event_argument
@click.argument("origin")
@_owner_options
def reinstate(
    event: str, origin: str, reason: str, broker: str, name: str, timeout: float, as_json: bool
) -> None:
    """Take a disqualification back, in an event of yours that is over."""
    _rule(event, "reinstate", reason, broker, name, timeout, as_json, origin=origin)


@click.command(epilog='Example: touchline events award EVENT France --reason "no opponent came"')
@shared.event_argument
@click.argument("origin")
@_owner_options
def award(
    event: str, origin: str, reason: str, broker: str, name: str, timeout: float, as_json: bool
) -> None:
    """Award an event of yours to one of its two sides, over or not."""
    _rule(event, "award", reason, broker, name, timeout, as_json, origin=origin)


@click.command(
    epilog="""
\b
Examples:
  touchline events uphold EVENT goal France --reason "the referee gave it"
  touchline events uphold EVENT --entry 7 --reason "I saw it"
"""
)
@shared.event_argument
@click.argument("action", required=False, default="")
@click.argument("origin", required=False, default="")
@click.option("--entry", default="", help="An entry that nobody has confirmed yet, by its id.")
@_owner_options
def uphold(
    event: str,
    action: str,
    origin: str,
    entry: str,
    reason: str,
    broker: str,
    name: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Say of a dispute what stands: the newest open report of an action, or an unconfirmed entry.

    The votes stay as they are; what was upheld is no matter of votes any more.
    """
    if bool(action) == bool(entry):
        raise click.UsageError("give the ACTION with its ORIGIN, or an --entry")
    _rule(
        event,
        "uphold",
        reason,
        broker,
        name,
        timeout,
        as_json,
        origin=origin,
        entry=entry,
        title=action,
    )


@click.command(epilog='Example: touchline events delete EVENT 7 --reason "it hit the post"')
@shared.event_argument
@click.argument("entry")
@_owner_options
def delete(
    event: str, entry: str, reason: str, broker: str, name: str, timeout: float, as_json: bool
) -> None:
    """Take an entry of an event of yours back, by its id."""
    _rule(event, "delete", reason, broker, name, timeout, as_json, entry=entry)


@click.command(epilog='Example: touchline events suspend EVENT --reason "thunderstorm"')
@shared.event_argument
@_owner_options
def suspend(event: str, reason: str, broker: str, name: str, timeout: float, as_json: bool) -> None:
    """Say that play in an event of yours is interrupted."""
    _rule(event, "suspend", reason, broker, name, timeout, as_json)


@click.command(epilog='Example: touchline events resume EVENT --reason "the storm is over"')
@shared.event_argument
@_owner_options
def resume(event: str, reason: str, broker: str, name: str, timeout: float, as_json: bool) -> None:
    """Say that play in an event of yours goes on."""
    _rule(event, "resume", reason, broker, name, timeout, as_json)


@click.command("ask-score", epilog="Example: touchline events ask-score EVENT")
@shared.event_argument
@broker_option
@name_option
@_timeout
@json_option
def ask_score(event: str, broker: str, name: str, timeout: float, as_json: bool) -> None:
    """Have every reporter asked for the score: of your event, or where you report."""
    from ..peer.requests import ask_host

    with shared.link(broker, name) as link:
        ask_host(link, event, messages.AskScore(id=0, event=event), timeout, shared.missing_host)
    if as_json:
        emit({"type": "done", "event": event})
    else:
        click.echo(f"the reporters of {plain(event)} are asked for the score")


def _rule(
    event: str,
    act: messages.Act,
    reason: str,
    broker: str,
    name: str,
    timeout: float,
    as_json: bool,  # as click gives it
    *,
    origin: str = "",
    flags: tuple[str, ...] = (),
    **fields: Any,
) -> None:
    from ..peer import identity, owning
    from ..sports.contradictions import names_of

    owner = identity.load(name)
    if not reason.strip():
        raise click.UsageError("--reason: say why, for everybody to read")
    if origin or flags:
        with shared.link(broker, name) as link:
            card = shared.card_of(link, event, timeout)
        origin = names_of(card).origin(origin) or origin
        fields["details"] = shared.details_of(card, flags)
    signed = owning.ruling(owner, event, act, reason, origin=origin, **fields)
    with shared.link(broker, name) as link:
        answer = owning.rule(link, signed, timeout, shared.missing_host)
    if as_json:
        emit(
            {
                "type": "ruled",
                "event": event,
                "act": act,
                "ruling": answer.ruling,
                "epoch": answer.epoch,
                "seq": answer.seq,
            }
        )
    else:
        click.echo(f"ruled: {act} {plain(event)}, message {answer.seq:,} of epoch {answer.epoch}")
