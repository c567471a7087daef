from __future__ import annotations

from typing import Any

import pytest

from touchline.protocol import messages

from .conftest import identity
from .test_core import create, join, lease, refusal


def vouch(name: str) -> messages.Vouch:
    return messages.Vouch(id=8, curve=identity(name).curve_public)


def test_vouch(bench: Any) -> None:
    """A host learns the peer of a key if the peer has a token for one of its events."""
    event = bench.event()
    bench.ann(lease(event))
    bench.bob(join(event))
    assert bench.ann(vouch("bob")) == messages.Vouched(
        id=8, curve=identity("bob").curve_public, peer=identity("bob").peer
    )


def test_vouch_refused(bench: Any) -> None:
    """Who is not enrolled, revoked or not expected is not vouched for; each has its code."""
    bench.set(operators=(identity("eve").public,))
    event, other = bench.event(), bench.event("Other", hosts=["bob"])
    bench.bob(lease(other))
    bench.bob(join(event))
    assert refusal(bench.ann(vouch("bob"))) == "NOT_ALLOWED"  # ann holds nothing yet
    bench.ann(lease(event))
    assert refusal(bench.ann(vouch("nobody"))) == "UNKNOWN_KEY"
    assert refusal(bench.ann(vouch("eve"))) == "BAD_TOKEN"
    bench.eve(join(other))
    assert refusal(bench.ann(vouch("eve"))) == "BAD_TOKEN"  # a token for bob's event
    assert isinstance(bench.bob(vouch("eve")), messages.Vouched)
    bench.eve(messages.Revoke(id=1, peer=identity("bob").peer))
    assert refusal(bench.ann(vouch("bob"))) == "REVOKED"


def test_vouch_in_time(bench: Any) -> None:
    """Neither an expired token nor an expired lease vouches for anybody."""
    event = bench.event()
    bench.bob(join(event))
    bench.ann(lease(event))
    assert isinstance(bench.ann(vouch("bob")), messages.Vouched)
    bench.wait(15)
    assert refusal(bench.ann(vouch("bob"))) == "NOT_ALLOWED"
    bench.wait(3_600)
    bench.ann(lease(event))
    assert refusal(bench.ann(vouch("bob"))) == "BAD_TOKEN"


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("viewer", {"viewer"}),
        ("reporter", {"viewer", "reporter"}),
        ("host", {"viewer", "reporter", "host", "create", "lease"}),
    ],
)
def test_roles(bench: Any, role: Any, allowed: set[str]) -> None:
    """What a role does not cover is refused, naming the role that is needed."""
    event = bench.event(hosts=["any"])
    bench.set(open_role=role)
    bench.hello("zoe")
    found = set()
    for name, request, needed in (
        ("viewer", join(event, "viewer"), "viewer"),
        ("reporter", join(event, "reporter"), "reporter"),
        ("host", join(event, "host"), "host"),
        ("create", create(), "host"),
        ("lease", lease(event), "host"),
    ):
        reply = bench.ask("zoe", request)
        if isinstance(reply, messages.Error):
            assert refusal(reply) == "NOT_ALLOWED"
            assert f"needs the role {needed}, this peer is enrolled as {role}" in reply.reason
        else:
            found.add(name)
    assert found == allowed


def test_nobody_joins_as_operator(bench: Any) -> None:
    """An event has no operators."""
    bench.set(operators=(identity("ann").public,))
    assert refusal(bench.ann(join(bench.event(), "operator"))) == "BAD_MESSAGE"


def test_plain_invitation(bench: Any) -> None:
    """Where nothing is encrypted an invitation holds no key."""
    bench.set(insecure=True)
    event = bench.event()
    bench.ann(lease(event))
    reply = bench.bob(join(event))
    assert (reply.key, reply.epoch) == (b"", 1)


def test_quotas(bench: Any) -> None:
    """One peer creates so many events and holds so many tokens; another is free to."""
    bench.set(peer_events=2, peer_tokens=2)
    one, two = bench.event("One"), bench.event("Two")
    reply = bench.ann(create())
    assert (refusal(reply), reply.reason) == (
        "OVERLOADED",
        "this peer has 2 events, at most 2 allowed",
    )
    assert bench.event("One") == one
    three = bench.bob(create()).card.event
    token = bench.eve(join(one)).token
    bench.eve(join(two))
    reply = bench.eve(join(three))
    assert (refusal(reply), reply.reason) == (
        "OVERLOADED",
        "this peer holds 2 tokens, at most 2 allowed",
    )
    assert bench.eve(join(one)).token == token
    assert bench.bob(join(three)).token
    bench.wait(3_600)
    assert bench.eve(join(three)).token
