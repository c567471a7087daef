"""Who owns and hosts an event; see also `tests/attacks/test_strangers.py`."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.protocol import limits, messages

from .conftest import identity
from .test_core import create, join, lease, refusal


def permit(event: str, role: Any, peer: str, *, allowed: bool = True) -> messages.Permit:
    return messages.Permit(id=6, event=event, role=role, peer=peer, allowed=allowed)


def may_host(bench: Any, event: str, who: str) -> bool:
    """Return whether somebody is let in as host, and is refused everywhere else too if not."""
    refused = [
        isinstance(reply := bench.ask(who, request), messages.Error)
        and refusal(reply) == "NOT_GRANTED"
        for request in (join(event, "host"), lease(event, who))
    ]
    assert len(set(refused)) == 1
    if not refused[0]:
        bench.ask(who, messages.ReleaseLease(id=1, event=event, instance=who))
    return not refused[0]


def test_only_the_creator_at_first(bench: Any) -> None:
    """An event is its creator's; all that a stranger tries is refused, with a code, and counted."""
    event = bench.event()
    assert not may_host(bench, event, "bob")
    assert refusal(bench.bob(messages.Finish(id=1, event=event))) == "NOT_GRANTED"
    assert refusal(bench.bob(permit(event, "host", "bob"))) == "NOT_GRANTED"
    assert bench.core.counters.refusals == {"NOT_GRANTED": 4}
    assert may_host(bench, event, "ann")


@pytest.mark.parametrize("named", ["bob", "BOB", identity("bob").peer])
def test_a_host_that_is_named(bench: Any, named: str) -> None:
    """A peer that is named by its name or id may host, and says nothing about others."""
    event = bench.event()
    card = bench.ann(permit(event, "host", named)).card
    assert (card.owners, card.hosts) == ([], [identity("bob").peer])
    assert bench.eve(messages.Show(id=1, event=event)).card == card
    assert bench.eve(messages.Search(id=1)).events == [card]
    assert may_host(bench, event, "bob")
    assert not may_host(bench, event, "eve")
    assert refusal(bench.bob(permit(event, "host", "eve"))) == "NOT_GRANTED"
    again = bench.ann(permit(event, "host", named))
    assert again.card == bench.ann(messages.Show(id=1, event=event)).card


def test_an_owner_that_is_named(bench: Any) -> None:
    """A co-owner hosts, and names others; the creator remains an owner."""
    event = bench.event()
    bench.ann(permit(event, "owner", "bob"))
    assert may_host(bench, event, "bob")
    assert bench.bob(permit(event, "host", "eve")).card.hosts == [identity("eve").peer]
    assert bench.ann(lease(event)).owners == [identity("bob").peer]
    assert refusal(bench.bob(permit(event, "owner", "ann", allowed=False))) == "BAD_MESSAGE"
    assert isinstance(bench.bob(permit(event, "owner", "ann")), messages.Event)
    assert bench.ann(permit(event, "owner", "bob", allowed=False)).card.owners == []
    assert not may_host(bench, event, "bob")
    assert may_host(bench, event, "ann")


def test_any_host(bench: Any) -> None:
    """An event that any peer may host has to be made so; then all may, and none else owns it."""
    event = bench.event(hosts=["any"])
    assert may_host(bench, event, "eve")
    assert refusal(bench.eve(permit(event, "host", "bob"))) == "NOT_GRANTED"
    assert refusal(bench.ann(permit(event, "owner", "any"))) == "BAD_MESSAGE"
    assert bench.ann(permit(event, "host", "any", allowed=False)).card.hosts == []
    assert not may_host(bench, event, "eve")


def test_a_host_that_is_named_no_more(bench: Any) -> None:
    """It loses its lease at once, and another has it; its token as host lets it in no more."""
    event = bench.event(hosts=["bob", "eve"])
    bench.bob(join(event, "host"))
    bench.bob(lease(event, "b"))
    assert refusal(bench.eve(lease(event, "e"))) == "CONFLICT"
    assert not bench.ann(permit(event, "host", "bob", allowed=False)).card.hosted
    assert refusal(bench.bob(lease(event, "b"))) == "NOT_GRANTED"
    assert refusal(bench.bob(messages.Finish(id=1, event=event))) == "NOT_GRANTED"
    assert bench.eve(lease(event, "e")).epoch == 2
    bench.ann(permit(event, "host", "bob"))
    bench.ann(permit(event, "host", "bob", allowed=False))
    assert bench.ann(messages.Show(id=1, event=event)).card.hosted


def test_named_at_creation(bench: Any) -> None:
    """Owners and hosts are named with the event, or it is not created."""
    reply = bench.ann(create(owners=["bob"], hosts=["nobody"]))
    assert refusal(reply) == "NOT_FOUND"
    assert bench.ann(messages.Search(id=1)).events == []
    card = bench.ann(create(owners=["bob"], hosts=["eve", "any"])).card
    assert card.owners == [identity("bob").peer]
    assert card.hosts == sorted([identity("eve").peer, "any"])
    assert bench.ann(create()).card == card


def test_a_key_that_is_not_enrolled_yet(bench: Any) -> None:
    """A host may be named by the id of its key before it says hello; a name that has the form of
    an id is not looked up."""
    event = bench.event()
    bench.ann(permit(event, "host", identity("zoe").peer))
    bench.hello("kim", name=identity("zoe").peer)
    assert not may_host(bench, event, "kim")
    bench.hello("zoe")
    assert may_host(bench, event, "zoe")


def test_names_that_look_alike(bench: Any) -> None:
    """A name is taken to the letter, not by its looks."""
    event = bench.event()
    assert refusal(bench.ann(permit(event, "host", "b\u043eb"))) == "NOT_FOUND"


def test_most_that_are_named(bench: Any) -> None:
    """So many are named and no more; the refusal names both numbers."""
    event = bench.event()
    for number in range(limits.GRANTS):
        bench.ann(permit(event, "host", identity(str(number)).peer))
    reply = bench.ann(permit(event, "host", "bob"))
    assert (refusal(reply), reply.reason) == ("OVERLOADED", "100 hosts, at most 100 allowed")
    assert len(bench.ann(messages.Show(id=1, event=event)).card.hosts) == limits.GRANTS
