"""What the shell offers for a word that is half typed, and what a mistyped event may have meant.

The broker is asked for a moment only; where it does not answer, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

import click

from ..protocol.errors import NotFound, TouchlineError
from ..protocol.messages import Card, EventList, Search

SECONDS = 1.5
"""How long the shell waits for the broker."""

OFFERED = 50
"""The most events that are offered."""


def starting(typed: str, names: Callable[[], Iterable[str]]) -> list[str]:
    """Return the names that begin with the typed text; none where they can't be read, since the
    shell would offer an error as a name."""
    try:
        return [name for name in names() if name.startswith(typed)]
    except TouchlineError:
        return []


def brokers(_context: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Return the names of known brokers."""
    from . import brokers as known

    return starting(typed, lambda: known.load().brokers)


def identities(_context: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Return the names of identities."""
    from ..peer import identity

    return starting(typed, identity.names)


def events(context: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Return the ids of events at the broker that the flags name."""
    words = typed.replace("-", " ")
    return starting(typed, lambda: [card.event for card in _search(context, words)])


def actions(context: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Return the actions of the event that is typed already."""

    def names() -> list[str]:
        from .. import sports

        card = _card(context)
        return [kind.title for kind in sports.get(card.sport).kinds(card.rules)]

    return starting(typed, names)


def origins(context: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Return the origins of the event that is typed already."""
    return starting(typed, lambda: _card(context).origins)


def all_sports(_context: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Return the names of sports, and of contests that are defined."""
    from .. import sports
    from ..sports import shipped

    return starting(typed, lambda: (*sports.list(), *shipped.names()))


def nearest(event: str, cards: Iterable[Card]) -> str:
    """Return the id among those of some events which is most like a mistyped one, or empty."""
    return next(iter(get_close_matches(event, [card.event for card in cards], 1)), "")


def _card(context: click.Context) -> Card:
    # Behind a flag whose value is to be completed, click has not sorted the arguments yet.
    event = context.params.get("event") or next(iter(context.args), "")
    for card in _search(context, event.replace("-", " ")):
        if card.event == event:
            return card
    raise NotFound(f"no event {event!r}")


def _search(context: click.Context, text: str) -> list[Card]:
    from ..peer import Link, identity
    from . import brokers as known

    flags = context.params
    found = known.find(flags.get("broker") or "", insecure=bool(flags.get("insecure")))
    ours = next(param for param in context.command.params if param.name == "name")
    name = flags.get("name") or found.who or str(ours.get_default(context))
    with Link(found.address, name, identity.load(name)) as link:
        reply = link.ask(Search(id=0, text=text, limit=OFFERED), SECONDS)
    return reply.events if isinstance(reply, EventList) else []
