"""What a request must hold beyond the types that its decoding checks."""

from __future__ import annotations

import math
from collections.abc import Callable

from .. import sports
from ..protocol import messages
from ..protocol.errors import BadMessage, NotFound, TouchlineError

RULE_DEPTH = 8
"""How deep lists and maps within an event's rules may nest."""

HIGHEST_EPOCH = 2**53
"""The highest epoch that a host may propose; there is room above for all that follow."""

_TRANSPORTS = ("tcp://", "ipc://", "inproc://")


def no_zero_character(request: messages.BrokerRequest) -> None:
    """Refuse a zero character in a field: it ends a topic, and databases do not store it."""
    for field in request.__struct_fields__:
        value = getattr(request, field)
        if isinstance(value, str) and "\0" in value:
            raise BadMessage(f"{field} holds a zero character")


def printable(what: str, text: str) -> None:
    """Refuse a text for people that is empty or would move their cursor."""
    if not text.strip():
        raise BadMessage(f"{what} is empty")
    if not text.isprintable():
        raise BadMessage(f"{what} holds characters that can't be printed")


def event(card: messages.Card) -> None:
    """Refuse a new event that no sport could be played with.

    Raises:
        BadMessage: the sentence names the field.
    """
    printable("title", card.title)
    for origin in card.origins:
        printable("an origin", origin)
    if len(set(card.origins)) < len(card.origins):
        raise BadMessage("two origins have the same name")
    for origin, names in card.lineups.items():
        if origin not in card.origins:
            raise BadMessage(f"a line-up of {origin!r}, which is no origin")
        for name in names:
            printable("a name in a line-up", name)
    if not _plain(card.rules, RULE_DEPTH):
        raise BadMessage(f"rules are JSON values, at most {RULE_DEPTH} deep")
    timing = card.timing
    if timing is not None and not (math.isfinite(timing.speed) and timing.speed >= 0):
        raise BadMessage(f"timing: speed is {timing.speed}, not a number from 0 up")


def playable(card: messages.Card, sport: Callable[[str], sports.Sport]) -> None:
    """Refuse an event that its sport can't be played with.

    Raises:
        NotFound: there is no such sport.
        BadMessage: in the sport's own words.
    """
    try:
        sport(card.sport).start(card.origins, card.rules, card.lineups)
    except NotFound:
        raise
    except TouchlineError as error:
        raise BadMessage(error.sentence) from None
    except Exception as error:
        # A sport may be anybody's; one that stumbles over what a peer sent refuses the event
        # and does not stop the broker.
        raise BadMessage(
            f"{card.sport} can't be played with these origins, rules and line-ups: {error}"
        ) from error


def lease(request: messages.Lease) -> None:
    """Refuse a lease that could not be passed on.

    Raises:
        BadMessage: the sentence names the field.
    """
    if not request.instance:
        raise BadMessage("instance is empty")
    if request.epoch > HIGHEST_EPOCH:
        raise BadMessage(f"epoch {request.epoch:,}, at most {HIGHEST_EPOCH:,} allowed")
    for endpoint in (request.endpoints.router, request.endpoints.pull, request.endpoints.pub):
        if not endpoint.startswith(_TRANSPORTS) or not endpoint.isprintable():
            raise BadMessage(f"{endpoint!r} is not an endpoint; write tcp://HOST:PORT")


def _plain(value: object, depth: int) -> bool:
    """Tell whether a value is one of JSON's, nested no deeper than this."""
    if isinstance(value, dict):
        return depth > 0 and all(
            isinstance(key, str) and _plain(part, depth - 1) for key, part in value.items()
        )
    if isinstance(value, list):
        return depth > 0 and all(_plain(part, depth - 1) for part in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)
