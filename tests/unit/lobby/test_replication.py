"""Several gateways on one broker show the same lobby, whatever becomes of any of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from .conftest import Client, Hall, House
from .test_version2 import BOARD, board, row, wait2


def lists(house: House) -> list[list[str]]:
    """What each gateway shows of the waiting list."""
    return [
        [place.label for place in hall.core.state.index.waiting(("L", "P"))]
        for hall in house.halls.values()
    ]


def rows(house: House) -> list[list[tuple[str, float]]]:
    return [
        [(one.user, one.score) for one in hall.core.state.index.ranked(("L", "P"))]
        for hall in house.halls.values()
    ]


def test_one_list(house: House) -> None:
    """Those who wait at one gateway are seen, started and told apart at the other."""
    ann, bob = house["a"].wait("bob"), house["b"].wait("ann")
    house.run()
    again = house["b"].wait("bob")
    house.run()
    assert ann.users == bob.users == again.users == ["bob", "ann", "also bob"]
    bob.send(type="start")
    house.run()
    assert [len(one.take("start")) for one in (ann, bob, again)] == [1, 1, 1]
    ann.drop()
    house.run()
    assert bob.users == ["ann", "also bob"]


def test_same_name_at_the_same_time(house: House) -> None:
    """Two bobs who come to two gateways at one time are told apart when these hear of it."""
    first = house["a"].wait("bob")
    house.clock.go(0.001)
    second = house["b"].wait("bob")
    house.run()
    assert first.users == second.users == ["bob", "also bob"]


def test_refresh_everywhere(house: House) -> None:
    """A refresh reaches viewers at the other gateway, once."""
    prompts = [house[name].client(type="lobby_prompts", lobby_id="L") for name in "ab"]
    boards = [house[name].client(type="leaderboard", **BOARD) for name in "ab"]
    prompts[0].send(type="lobby_prompts_update")
    house["b"].client(type="leaderboard_update", **BOARD)
    house.run()
    assert [one.texts for one in (*prompts, *boards)] == [["refresh"]] * 4


def test_rows_and_versions(house: House) -> None:
    """Leaderboards are the same at both gateways, versions included."""
    viewers = [board(house[name]) for name in "ab"]
    for turn, name in enumerate("abab"):
        house.clock.go(0.01)
        row(house[name].client(), f"runner {turn % 3}", turn)
        house.run()
    first, second = (viewer.take()[-1] for viewer in viewers)
    assert first == second
    assert [one["user"] for one in first["rows"]] == ["runner 0", "runner 2", "runner 1"]


def test_host_everywhere(house: House) -> None:
    """A host at one gateway is one at the other; with two that ask, one stays."""
    host = house["a"].client(type="host", version=2, lobby_id="L")
    key = host.take()[0]["key"]
    house.run()
    assert house["b"].client(type="host", version=2, lobby_id="L").take()[0]["code"] == "CONFLICT"
    ann = house["b"].wait("ann")
    ann.take()
    ann.send(type="start")
    assert ann.take()[0]["code"] == "NOT_ALLOWED"
    host.drop()
    again = house["b"].client(type="host", version=2, lobby_id="L", key=key)
    assert again.take()[0]["type"] == "hosting"
    house.run(130)
    again.send(type="start", prompt_id="P")
    house.run()
    assert ann.take("start") == [{"type": "start"}]


def test_resumed_elsewhere(house: House) -> None:
    """A place is taken up at the other gateway; the first lets go of it and of its connection."""
    bob, joined = wait2(house["a"], "bob")
    house.run()
    again, second = wait2(house["b"], "bob", resume=joined["resume"])
    house.run()
    assert (second["resumed"], second["id"], bob.closed) == (True, joined["id"], 4011)
    assert lists(house) == [["bob"], ["bob"]]
    again.drop(1000)
    house.run()
    assert lists(house) == [[], []]


def test_start_missed_at_another(house: House) -> None:
    """A start is told to one who comes back to another gateway than was left."""
    ann = house["a"].wait("ann")
    bob, joined = wait2(house["a"], "bob")
    house.run()
    bob.drop()
    house.run()
    ann.send(type="start")
    house.run()
    again = house["b"].wait("bob", version=2, resume=joined["resume"])
    assert len(again.take("start")) == 1


def test_a_gateway_vanishes(house: House) -> None:
    """Its people leave the list when its beats are missed; rows and starts stay, and go on."""
    ann = house["a"].wait("ann")
    _, joined = wait2(house["b"], "bob")
    row(house["b"].client(), "bob", 5)
    house.run()
    house.kill("b")
    house.run(10)
    assert lists(house) == [["ann", "bob"]]
    house.run(10)
    assert (lists(house), rows(house)) == ([["ann"]], [[("bob", 5.0)]])
    assert ann.users == ["ann"]
    house.halls["c"] = Hall(house.clock, "c")
    house.run(6)
    assert rows(house) == [[("bob", 5.0)]] * 2
    assert not wait2(house["c"], "bob", resume=joined["resume"])[1]["resumed"]


def test_its_host_may_return_elsewhere(house: House) -> None:
    """The host of a gateway that vanished has its time to come to another one."""
    key = house["b"].client(type="host", version=2, lobby_id="L").take()[0]["key"]
    house.run()
    house.kill("b")
    house.run(60)
    assert house["a"].client(type="host", version=2, lobby_id="L").take()[0]["code"] == "CONFLICT"
    back = house["a"].client(type="host", version=2, lobby_id="L", key=key)
    assert back.take()[0]["type"] == "hosting"
    back.drop()
    house.run(121)
    assert house["a"].client(type="host", version=2, lobby_id="L").take()[0]["type"] == "hosting"


@pytest.mark.parametrize("away", [0.0, 3.0, 60.0])
def test_broker_restarts(house: House, away: float) -> None:
    """Rosters, starts and leaderboards survive a restart of the broker; a short one nobody sees."""
    ann, bob = house["a"].wait("ann"), house["b"].wait("bob")
    viewer = board(house["a"])
    row(house["b"].client(), "bob", 5)
    house.run(6)
    for client in (ann, bob, viewer):
        client.take()
    house.stop()
    house.run(away)
    house.start()
    house.run(20)
    assert lists(house) == [["ann", "bob"]] * 2
    assert rows(house) == [[("bob", 5.0)]] * 2
    if away < 10:
        assert (ann.take(), bob.take()) == ([], []), "nobody saw it"
    assert viewer.take() == []
    ann.send(type="start")
    house.run()
    assert len(bob.take("start")) == 1


def test_alone(house: House) -> None:
    """Without the broker a gateway's own lobby goes on, says so, and is joined again later."""
    ann, _ = wait2(house["a"], "ann")
    bob = house["b"].wait("bob")
    house.run()
    assert ann.take("update")[-1]["shared"] is True
    house.stop()
    house.run(30)
    update = ann.take("update")[-1]
    assert ([one["label"] for one in update["users"]], update["shared"]) == (["ann"], False)
    cleo = house["a"].wait("cleo")
    cleo.take()
    ann.send(type="start")
    assert len(cleo.take("start")) == 1
    row(house["a"].client(), "ann", 1)
    row(house["b"].client(), "bob", 2)
    house.start()
    house.run(10)
    assert lists(house) == [["ann", "bob", "cleo"]] * 2
    assert rows(house) == [[("bob", 2.0), ("ann", 1.0)]] * 2
    assert len(bob.take("start")) == 1, "a start from the time alone is told when it is heard of"


def test_missed_pushes(house: House) -> None:
    """A gateway that missed what was pushed is told all again at its next beat."""
    house.lost = {"b"}
    ann = house["a"].wait("ann")
    house.run()
    assert lists(house) == [["ann"], []]
    house.lost = set()
    house.run(6)
    assert lists(house) == [["ann"], ["ann"]]
    house.lost = {"b"}
    ann.drop()
    house.run()
    house.lost = set()
    house["a"].wait("cleo")  # the gap is seen in the next push
    house.run(0.5)
    assert lists(house) == [["cleo"], ["cleo"]]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens(seed: int) -> None:
    """However clients come and go, pushes are lost, gateways vanish and the broker restarts: when
    it is calm again, all gateways show the same, and what each of its clients was told last."""
    chance = random.Random(seed)
    house = House("a", "b", "c")
    clients: list[Client] = []
    for _ in range(150):
        name = chance.choice(sorted(house.halls))
        deed = chance.choice(
            ["wait", "wait", "wait2", "drop", "row", "start", "lose", "find", "restart", "pass"]
            + ["vanish", "away"] * (chance.random() < 0.1)
        )
        _do(deed, house, name, clients, chance)
        members = {hall.core.state.union.member for hall in house.halls.values()}
        assert len(members) == len(house.halls)
    house.lost = set()
    if house.groups is None:
        house.start()
    house.run(60)
    assert len({tuple(one) for one in lists(house)}) == 1, seed
    assert len({tuple(one) for one in rows(house)}) == 1, seed
    labels = lists(house)[0]
    assert len(set(labels)) == len(labels), seed
    for hall in house.halls.values():
        for client in [each for each in clients if each.hall is hall]:
            connection = hall.core.state.connections.get(client.number)
            if connection is not None and connection.purpose == "waiting":
                told = connection.sent_list
                assert all(f'"{label}"' in told for label in labels), seed
        assert hall.core.drain_records() == []
    total = sum(hall.core.state.union.own for hall in house.halls.values())
    kept = {key for hall in house.halls.values() for key in hall.group._own}
    assert total == len(kept), "each record is kept by one gateway alone"


def _do(deed: str, house: House, name: str, clients: list[Client], chance: random.Random) -> None:
    hall = house[name]
    if deed in ("wait", "wait2"):
        more: dict[str, Any] = {"version": 2} if deed == "wait2" else {}
        clients.append(hall.wait(chance.choice(["ann", "bob"]), **more))
    elif deed == "drop" and clients:
        client = clients.pop(chance.randrange(len(clients)))
        client.drop(chance.choice([1000, 1006]))
    elif deed == "row":
        row(hall.client(), chance.choice(["ann", "bob", "cleo"]), chance.randrange(9))
    elif deed == "start" and clients:
        client = chance.choice(clients)
        if client.closed is None:
            client.send(type="start")
    elif deed == "lose":
        house.lost.add(name)
    elif deed == "find":
        house.lost.discard(name)
    elif deed == "restart":
        house.start()
    elif deed == "away":
        house.stop()
    elif deed == "vanish" and len(house.halls) > 1:
        house.kill(name)
        clients[:] = [one for one in clients if one.hall is not hall]
    house.run(chance.choice([0.0, 0.25, 2.0, 8.0]))


def test_a_host_on_two_connections(house: House) -> None:
    """A host who is at two gateways, and leaves one, hosts on."""
    first = house["a"].client(type="host", version=2, lobby_id="L")
    key = first.take()[0]["key"]
    house.run()
    second = house["b"].client(type="host", version=2, lobby_id="L", key=key)
    house.run()
    second.drop()
    house.run(130)
    assert house["b"].client(type="host", version=2, lobby_id="L").take()[0]["code"] == "CONFLICT"
    first.drop()
    house.run(130)
    assert house["b"].client(type="host", version=2, lobby_id="L").take()[0]["type"] == "hosting"


def test_an_old_start_is_not_told(house: House) -> None:
    """Who came after a start is not told of it by a gateway that hears of it late."""
    house["a"].wait("ann").send(type="start")
    house.clock.go(60)
    bob = house["b"].wait("bob")
    house.run()
    said = bob.take()
    assert said[-1] == {"type": "update", "users": ["ann", "bob"]}
    assert {"type": "start"} not in said
