"""Checks of a request beyond the types that decoding checks."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from .. import sports
from ..protocol import messages
from ..protocol.errors import BadMessage, NotFound, TouchlineError
from ..protocol.text import clean, visible

RULE_DEPTH = 8
"""The most levels of lists and maps within an event's rules."""

HIGHEST_EPOCH = 2**53
"""The highest epoch that a host may propose, so that later epochs still fit into a `Count`."""

_TRANSPORTS = ("tcp://", "ipc://", "inproc://")


def no_zero_character(request: messages.BrokerRequest) -> None:
    """Refuse a zero character in a field: it would end a topic, and PostgreSQL does not store it.

    Raises:
        BadMessage: the sentence names the field.
    """
    for field in request.__struct_fields__:
        if _holds_zero(getattr(request, field)):
            raise BadMessage(f"{field} holds a zero character")


def cleaned(card: messages.Card) -> messages.Card:
    """Return a new event without what is invisible in the texts for people.

    Raises:
        BadMessage: nothing in one of them can be seen, or it holds control characters.
    """
    return msgspec.structs.replace(
        card,
        title=clean("title", card.title),
        origins=[clean("an origin", origin) for origin in card.origins],
        lineups={
            visible(origin): [clean("a name in a line-up", name) for name in names]
            for origin, names in card.lineups.items()
        },
        **{
            name: clean(name, text)
            for name in ("competition", "round", "venue")
            if (text := getattr(card, name))
        },
    )


def event(card: messages.Card) -> None:
    """Refuse a new event, as `cleaned` returns it, that is not valid in any sport.

    Raises:
        BadMessage: the sentence names the field.
    """
    if len(set(card.origins)) < len(card.origins):
        raise BadMessage("two origins have the same name")
    for origin in card.lineups:
        if origin not in card.origins:
            raise BadMessage(f"a line-up names {origin!r}, which is not an origin of the event")
    if not _plain(card.rules, RULE_DEPTH):
        raise BadMessage(f"rules are not JSON values nested at most {RULE_DEPTH} deep")
    timing = card.timing
    if timing is not None and not (math.isfinite(timing.speed) and timing.speed >= 0):
        raise BadMessage(f"timing: speed is {timing.speed}, not a number from 0 up")


def playable(card: messages.Card, sport: Callable[[str], sports.Sport]) -> None:
    """Refuse an event whose origins, rules or line-ups its sport does not accept.

    Raises:
        NotFound: there is no such sport.
        BadMessage: the sentence is the sport's own.
    """
    try:
        sport(card.sport).start(card.origins, card.rules, card.lineups)
    except NotFound:
        raise
    except TouchlineError as error:
        raise BadMessage(error.sentence) from None
    except Exception as error:
        # A sport may be an installed plug-in. Its fault on a peer's input refuses the event and
        # does not stop the broker.
        raise BadMessage(
            f"these origins, rules and line-ups are not valid in {card.sport}: {error}"
        ) from error


def lease(request: messages.Lease) -> None:
    """Refuse a lease whose instance, epoch or endpoints are not valid.

    Raises:
        BadMessage: the sentence names the field.
    """
    if not request.instance:
        raise BadMessage("instance is empty")
    if request.epoch > HIGHEST_EPOCH:
        raise BadMessage(f"epoch {request.epoch:,}, at most {HIGHEST_EPOCH:,} allowed")
    endpoints(request.endpoints)


def endpoints(given: messages.Endpoints) -> None:
    """Refuse endpoints that are not valid.

    Raises:
        BadMessage: the sentence names one.
    """
    for endpoint in (given.router, given.pull, given.pub):
        if not endpoint.startswith(_TRANSPORTS) or not endpoint.isprintable():
            raise BadMessage(f"{endpoint!r} is not an endpoint; write tcp://HOST:PORT")


def _holds_zero(value: object) -> bool:
    """Return whether a text, or one in a list or within its parts, holds a zero character."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, list):
        return any(map(_holds_zero, value))
    if isinstance(value, messages.HostOffer):
        return "\0" in value.journal + value.instance or any(map(_holds_zero, value.labels))
    if isinstance(value, messages.LeaseAsked):
        return "\0" in value.event or "\0" in value.instance
    return False


def _plain(value: object, depth: int) -> bool:
    """Return whether a value is a JSON value with at most `depth` levels of lists and maps."""
    if isinstance(value, dict):
        return depth > 0 and all(
            isinstance(key, str) and _plain(part, depth - 1) for key, part in value.items()
        )
    if isinstance(value, list):
        return depth > 0 and all(_plain(part, depth - 1) for part in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)
