"""Pools of hosts, and which host gets which event."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.broker.pools import Assigner
from touchline.protocol import limits, messages

from .conftest import identity
from .test_core import ENDPOINTS, lease, refusal


def peer(name: str) -> str:
    return str(identity(name).peer)


def hold(*events: str, capacity: int = 10, journal: str = "", instance: str = "i") -> Any:
    asked = [messages.LeaseAsked(event=e, instance=instance, epoch=1, seq=0) for e in events]
    offer = messages.HostOffer(instance=instance, capacity=capacity, journal=journal)
    return messages.HoldEvents(id=3, endpoints=ENDPOINTS, leases=asked, offer=offer)


def pool(change: Any = "", name: str = "", of: str = "p") -> messages.ChangePool:
    return messages.ChangePool(id=2, pool=of, peer=name, change=change)


def place(event: str, name: str = "", *, drop: bool = False) -> messages.PlaceEvent:
    return messages.PlaceEvent(id=2, event=event, peer=name, drop=drop)


def permit(event: str, name: str) -> messages.Permit:
    return messages.Permit(id=2, event=event, role="host", peer=name)


@pytest.fixture
def pooled(bench: Any) -> Any:
    """Kim is an operator; bob is in the pool p."""
    bench.hello("kim")
    bench.set(operators=(identity("kim").public,))
    bench.ask("kim", pool("add", "bob"))
    return bench


def kim(bench: Any, request: object) -> Any:
    return bench.ask("kim", request)


def turn(bench: Any, who: str, *events: str, **offer: Any) -> Any:
    """Have a host renew and offer, a moment later."""
    bench.wait(2)
    return bench.ask(who, hold(*events, **offer))


def test_a_pool_may_host(pooled: Any) -> None:
    """The hosts that an operator has put into a pool may host what an owner lets the pool host;
    who is taken out loses the lease at once."""
    event = pooled.event()
    assert refusal(pooled.bob(lease(event))) == "NOT_GRANTED"
    assert refusal(pooled.ann(permit(event, "pool:other"))) == "NOT_FOUND"
    owner = messages.Permit(id=1, event=event, role="owner", peer="pool:p")
    assert refusal(pooled.ann(owner)) == "BAD_MESSAGE"
    assert pooled.ann(permit(event, "pool:p")).card.hosts == ["pool:p"]
    assert pooled.bob(lease(event)).epoch == 1
    assert refusal(pooled.eve(lease(event))) == "NOT_GRANTED"
    kim(pooled, pool("remove", "bob"))
    assert not pooled.ann(messages.Show(id=1, event=event)).card.hosted
    assert refusal(pooled.bob(lease(event))) == "NOT_GRANTED"


def test_only_operators_change_a_pool(pooled: Any) -> None:
    """Hosts see who is in it."""
    assert refusal(pooled.ann(pool("add", "eve"))) == "NOT_ALLOWED"
    assert [host.name for host in pooled.ann(pool()).hosts] == ["bob"]
    assert refusal(kim(pooled, pool("add", "nobody at all"))) == "NOT_FOUND"
    assert refusal(kim(pooled, pool("add", "bob", of=""))) == "BAD_MESSAGE"
    pooled.bob(hold(capacity=7))
    (host,) = pooled.ann(pool(of="")).hosts
    assert (host.name, host.capacity, host.address) == ("bob", 7, ENDPOINTS.router)
    pooled.wait(10)
    assert pooled.ann(pool(of="")).hosts == []


def test_events_go_to_the_least_loaded_host(pooled: Any) -> None:
    """Of those that the owner lets: by any, a pool or the key; owning alone gives nothing away."""
    for name in ("bob", "eve", "ann"):
        turn(pooled, name, capacity=2)
    events = [pooled.event(f"Event {n}", hosts=["any"]) for n in range(3)]
    only = pooled.event("Pooled", hosts=["pool:p"])
    pooled.event("Mine")
    given = {name: turn(pooled, name, capacity=2).assigned for name in ("bob", "eve", "ann")}
    assert sorted(e for assigned in given.values() for e in assigned) == sorted([*events, only])
    assert max(map(len, given.values())) == 2
    assert only in given["bob"]


def test_an_event_that_had_a_host_goes_where_its_journal_is(pooled: Any) -> None:
    """Nobody begins it anew by itself while its host is away."""
    event = pooled.event(hosts=["any"])
    turn(pooled, "bob", event, journal="j")
    turn(pooled, "eve", journal="other")
    pooled.wait(20)
    assert turn(pooled, "eve", journal="other").assigned == []
    assert turn(pooled, "ann", journal="j").assigned == [event]


def test_an_event_is_handed_over_when_the_next_host_is_ready(pooled: Any) -> None:
    """The host that has it is told to let go when the next has asked for the lease, and nobody else
    gets between them."""
    event = pooled.event(hosts=["any"])
    turn(pooled, "bob", event)
    turn(pooled, "eve")
    assert refusal(pooled.eve(place(event, "eve"))) == "NOT_GRANTED"
    assert pooled.ann(place(event, "eve")).moving == 1
    assert turn(pooled, "bob", event).released == []
    assert turn(pooled, "eve").assigned == [event]
    assert [one.code for one in turn(pooled, "eve", event, instance="e").refused] == ["CONFLICT"]
    assert turn(pooled, "bob", event).released == [event]
    pooled.bob(messages.ReleaseLease(id=1, event=event, instance="i"))
    third = turn(pooled, "ann", event, instance="a")
    assert [one.code for one in third.refused] == ["CONFLICT"]
    (granted,) = turn(pooled, "eve", event, instance="e").leases
    assert granted.epoch == 2
    after = turn(pooled, "eve", event, instance="e")
    assert (after.assigned, after.released) == ([], [])


def test_what_may_not_be_placed(pooled: Any) -> None:
    """Each has its code, and is counted."""
    event = pooled.event()
    assert refusal(pooled.ann(place(event, "eve"))) == "NOT_FOUND"
    turn(pooled, "eve")
    assert refusal(pooled.ann(place(event, "eve"))) == "NOT_GRANTED"
    assert refusal(kim(pooled, place(event, "eve"))) == "NOT_GRANTED"
    assert refusal(pooled.ann(place(event))) == "NOT_FOUND"
    assert refusal(pooled.ann(place(event, "eve", drop=True))) == "CONFLICT"
    assert refusal(pooled.ann(place("none"))) == "NOT_FOUND"
    assert pooled.core.counters.refusals["NOT_GRANTED"] == 2


def test_an_event_that_is_dropped_goes_to_nobody(pooled: Any) -> None:
    """Until it is given to a host, or one is started for it."""
    event = pooled.event(hosts=["any"])
    turn(pooled, "bob", event)
    turn(pooled, "eve")
    assert pooled.ann(place(event, drop=True)).moving == 1
    assert turn(pooled, "bob", event).released == [event]
    pooled.bob(messages.ReleaseLease(id=1, event=event, instance="i"))
    assert turn(pooled, "bob").assigned == []
    assert turn(pooled, "eve").assigned == []
    assert pooled.bob(lease(event, instance="by hand")).epoch == 2
    assert turn(pooled, "bob", event, instance="by hand").released == []


def test_a_drained_host_gets_no_more(pooled: Any) -> None:
    """Its events go to hosts that share its journal; the others stay. Started again it takes
    events again."""
    one, two = pooled.event("One", hosts=["any"]), pooled.event("Two", hosts=["bob"])
    turn(pooled, "bob", one, two, journal="j")
    turn(pooled, "eve", journal="j")
    turn(pooled, "ann", journal="k")
    drained = messages.DrainHost(id=1, peer="bob")
    assert refusal(pooled.eve(drained)) == "NOT_ALLOWED"
    reply = kim(pooled, drained)
    assert (reply.moving, reply.staying) == (1, 1)
    assert turn(pooled, "eve", journal="j").assigned == [one]
    assert turn(pooled, "bob", one, two, journal="j").draining
    new = pooled.event("New", hosts=["any"])
    assert turn(pooled, "bob", one, two, journal="j").assigned == []
    assert new in turn(pooled, "eve", journal="j").assigned + turn(pooled, "ann").assigned
    assert not turn(pooled, "bob", journal="j", instance="again").draining
    assert isinstance(pooled.bob(messages.DrainHost(id=1)), messages.Placed)


def test_what_a_drained_host_has_goes_as_soon_as_another_may_have_it(pooled: Any) -> None:
    """Also where the other came later than the order to drain, and where the one that was to have
    it never came for it."""
    event = pooled.event(hosts=["any"])
    turn(pooled, "bob", event, journal="j")
    reply = kim(pooled, messages.DrainHost(id=1, peer="bob"))
    assert (reply.moving, reply.staying) == (0, 1)
    turn(pooled, "ann", journal="k")
    assert turn(pooled, "eve", journal="j").assigned == [event]
    for _ in range(20):  # eve is not heard of any more
        turn(pooled, "bob", event, journal="j")
        assert turn(pooled, "ann", journal="k").assigned == []
    assert turn(pooled, "kim", journal="j").assigned == [event]


def test_many_who_offer_themselves_cost_no_look_each(pooled: Any) -> None:
    """Which pools a host is in is looked up once for all events that nobody hosts: anybody may
    offer a host, and the broker looks each second."""
    for number in range(5):
        pooled.event(f"Event {number}", hosts=["pool:p"])
    names = [f"s{number}" for number in range(5)]
    for name in names:
        pooled.hello(name)
        pooled.wall += 1
        pooled.ask(name, hold())
    asked: list[str] = []
    with pooled.registry.begin(write=True) as repository:
        look_up = repository.in_pools
        repository.in_pools = lambda peer: (asked.append(peer), look_up(peer))[1]
        Assigner().assign(repository, pooled.wall)
    assert sorted(asked) == sorted(peer(name) for name in names)


def test_a_look_costs_nothing_for_events_that_are_held(pooled: Any) -> None:
    """Each second the broker looks for events that nobody hosts: while there are none that a host
    may be given, neither cards, leases nor loads are read, however many events are held."""
    pooled.ann(hold(*(pooled.event(f"Event {n}", hosts=["any"]) for n in range(5))))
    pooled.event("Mine")  # no host is named
    with pooled.registry.begin(write=True) as repository:
        for name in ("events", "leases", "loads", "offers", "placements"):
            setattr(repository, name, lambda *_, name=name: pytest.fail(f"{name} were read"))
        Assigner().assign(repository, pooled.wall)


def test_who_may_copy_what_a_host_has(pooled: Any) -> None:
    """The events of a host are told to those alone who may copy them: their owners, and hosts that
    are named by key or by a pool; not where merely any peer may host them."""
    pooled.ask("kim", pool("add", "eve"))
    opened = pooled.event("Open", hosts=["any"])
    named = pooled.event("Named", hosts=["any", peer("eve")])
    pools = pooled.event("Pooled", hosts=["pool:p"])
    other = pooled.event("Other", hosts=["any"])
    pooled.bob(hold(opened, named, pools))
    pooled.ann(hold(other, instance="a"))
    asked = messages.ShowHeld(id=1, peer=peer("bob"))
    assert pooled.eve(asked).events == sorted([named, pools])
    assert pooled.ann(asked).events == sorted([opened, named, pools]), "she owns them"
    assert pooled.eve(messages.ShowHeld(id=1, peer="bob")).peer == peer("bob")
    assert refusal(pooled.eve(messages.ShowHeld(id=1, peer="nobody at all"))) == "NOT_FOUND"
    pooled.wait(60)
    assert pooled.eve(asked).events == []


def test_what_a_host_has_comes_in_pages(pooled: Any, monkeypatch: Any) -> None:
    """A page ends with a cursor while there are more."""
    monkeypatch.setattr(limits, "HOLD_EVENTS", 2)
    events = sorted(pooled.event(f"Event {n}") for n in range(3))
    pooled.ann(hold(*events))
    first = pooled.ann(messages.ShowHeld(id=1, peer=peer("ann")))
    assert (first.events, first.cursor) == (events[:2], events[1])
    rest = pooled.ann(messages.ShowHeld(id=1, peer=peer("ann"), cursor=first.cursor))
    assert (rest.events, rest.cursor) == (events[2:], "")
