from __future__ import annotations

from typing import Any

import pytest

from touchline.broker import hosting
from touchline.protocol import codec, messages

from .conftest import identity
from .test_core import ENDPOINTS, create, join, lease, refusal


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


def hold(*events: str, joins: tuple[str, ...] = (), instance: str = "i") -> messages.HoldEvents:
    asked = [messages.LeaseAsked(event=e, instance=instance, epoch=1, seq=0) for e in events]
    return messages.HoldEvents(id=3, endpoints=ENDPOINTS, joins=list(joins), leases=asked)


def test_all_leases_in_one_request(bench: Any) -> None:
    """Leases are granted and renewed as by single requests, and the cards of others are given."""
    one, two, three = (bench.event(title) for title in ("One", "Two", "Three"))
    held = bench.ann(hold(one, two, joins=(three,)))
    assert [(lease.event, lease.epoch) for lease in held.leases] == [(one, 1), (two, 1)]
    assert [card.event for card in held.cards] == [three]
    assert (held.seconds, held.refused) == (15, [])
    statuses = {e: bench.ann(messages.Show(id=1, event=e)).card.status for e in (one, two, three)}
    assert statuses == {one: "live", two: "live", three: "scheduled"}
    bench.wait(10)
    assert len(bench.ann(hold(one, two)).leases) == 2
    bench.wait(10)
    assert bench.ann(messages.Show(id=1, event=one)).card.hosted
    assert bench.ann(hold(one, instance="later")).leases[0].epoch == 2
    assert [one.code for one in bench.ann(hold(one, two)).refused] == ["CONFLICT"]


def test_each_event_of_a_request_is_refused_by_itself(bench: Any) -> None:
    """What a peer may not host, what there is not, and what is not valid spoils nothing else."""
    mine, hers = bench.event("Mine", hosts=["bob"]), bench.event("Hers")
    high = messages.LeaseAsked(event=bench.event("Two", hosts=["bob"]), instance="", epoch=1, seq=0)
    asked = hold(mine, hers, joins=("none",))
    asked.leases.append(high)
    held = bench.bob(asked)
    assert [lease.event for lease in held.leases] == [mine]
    assert {one.event: one.code for one in held.refused} == {
        hers: "NOT_GRANTED",
        "none": "NOT_FOUND",
        high.event: "BAD_MESSAGE",
    }
    assert refusal(bench.bob(hold(mine, mine))) == "BAD_MESSAGE"
    assert refusal(bench.bob(hold("a\0b"))) == "BAD_MESSAGE"
    bench.set(open_role="reporter")
    bench.hello("kim")
    assert refusal(bench.ask("kim", hold(mine))) == "NOT_ALLOWED"


def test_revoked_peers_are_told_with_every_lease(bench: Any) -> None:
    """As with a lease that is renewed alone."""
    bench.set(operators=(identity("eve").public,))
    one, two = bench.event("One"), bench.event("Two")
    bench.bob(join(one))
    bench.eve(messages.Revoke(id=1, peer=identity("bob").peer))
    told = {lease.event: lease.revoked for lease in bench.ann(hold(one, two)).leases}
    assert told == {one: [identity("bob").peer], two: []}


def test_what_exceeds_a_frame_is_left_out(bench: Any, monkeypatch: Any) -> None:
    """The host asks again for the rest."""
    events = [bench.event(f"Event {n}") for n in range(4)]
    monkeypatch.setattr(hosting, "HELD_BYTES", 60)
    assert 1 <= len(bench.ann(hold(*events)).leases) < 4


def test_a_request_for_which_nobody_waits_is_dropped(bench: Any) -> None:
    """A peer says for how long it waits; one of before does not, and is always answered."""
    frame = codec.encode_request(messages.Show(id=1, event="e"), 2.0)
    assert not bench.core.expires(frame, 1.9)
    assert bench.core.expires(frame, 2.0)
    assert not bench.core.expires(codec.encode(messages.Show(id=1, event="e")), 100.0)
    assert not bench.core.expires(b"nonsense", 100.0)
    assert bench.core.counters.expired == 1
