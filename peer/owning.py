"""What the owner of an event asks for: to create it, to let others host or own it, to rule on it.

The command line and the gateway's pages for organisers both ask by these calls. The broker and the
host decide what an owner may; nothing of that is decided here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

import msgspec

from ..protocol import messages, signing
from ..protocol.keys import Identity
from ..protocol.messages import Card, Detail
from ..runtime import clock
from .link import Link
from .requests import ask_host
from .session import Session


def create(link: Link, request: messages.Create) -> Card:
    """Have the broker create an event; return its card.

    Raises:
        TouchlineError: the broker refuses, or does not answer.
    """
    reply = link.ask(request)
    if not isinstance(reply, messages.Event):
        raise AssertionError(f"the broker answered create with {type(reply).__name__}")
    return reply.card


def permit(
    link: Link,
    event: str,
    role: messages.GrantRole,
    peers: Iterable[str],
    *,
    allowed: bool = True,
) -> Card | None:
    """Ask the broker to let peers own or host an event; return the card, None for no peers.

    Raises:
        TouchlineError: the broker refuses one of them, or does not answer.
    """
    card = None
    for peer in peers:
        request = messages.Permit(id=0, event=event, role=role, peer=peer, allowed=allowed)
        reply = link.ask(request)
        if not isinstance(reply, messages.Event):
            raise AssertionError(f"the broker answered permit with {type(reply).__name__}")
        card = reply.card
    return card


def ruling(
    owner: Identity,
    event: str,
    act: messages.Act,
    reason: str,
    *,
    origin: str = "",
    entry: str = "",
    score: str = "",
    details: Mapping[str, Detail] | None = None,
    title: str = "",
) -> messages.Ruling:
    """Return a ruling that the owner has signed; `rule` sends it.

    Args:
        owner: the key of an owner of the event.
        event: its id.
        act: what is decided.
        reason: why, for everybody to read.
        origin, entry, score, details, title: what the act is about, see `docs/PROTOCOL.md`.
    """
    unsigned = messages.Ruling(
        id=0,
        event=event,
        ruling=os.urandom(16).hex(),
        time=clock.wall(),
        act=act,
        reason=reason,
        origin=origin,
        entry=entry,
        score=score,
        details=dict(details or {}),
        title=title,
        key=owner.public,
        signature=b"",
    )
    signature = owner.sign(signing.ruling_content(unsigned))
    return msgspec.structs.replace(unsigned, signature=signature)


def rule(
    link: Link,
    signed: messages.Ruling,
    seconds: float,
    why: Callable[[Session, float], str],
) -> messages.Ruled:
    """Send a ruling to the event's host; return its answer: it is on disk, and published.

    Args:
        link: to the broker.
        signed: from `ruling`.
        seconds, why: as those of `ask_host`.

    Raises:
        Unreachable: no answer came in time; the host may have the ruling all the same.
        TouchlineError: the broker or the host refuses it.
    """
    answer = ask_host(link, signed.event, signed, seconds, why)
    if not isinstance(answer, messages.Ruled):
        raise AssertionError(f"the host answered a ruling with {type(answer).__name__}")
    return answer
