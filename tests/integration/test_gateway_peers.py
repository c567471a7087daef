"""Bare clients of peer JSON: a token in each message, over WebSocket and POST, and no cookie.

`BarePeer` knows the documented format alone, and is what existing clients of it do.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.patience import PATIENCE, until
from touchline.protocol import messages
from touchline.protocol.times import SECOND, from_rfc3339
from touchline.runtime import clock

from .test_gateway import Running

Json = dict[str, Any]


class BarePeer:
    """A client on `/ws/events/EVENT`."""

    def __init__(self, stack: ExitStack, running: Running, event: str, token: str) -> None:
        address = running.url.replace("http", "ws", 1) + f"/ws/events/{event}"
        self.socket = stack.enter_context(connect(address, open_timeout=PATIENCE))
        self.token = token
        self.got: list[Json] = []
        self.setup: Json = json.loads(self.socket.recv(PATIENCE))

    def report(self, title: str, origin: str, when: object, **more: object) -> BarePeer:
        happened = {"type": "event", "title": title, "origin": origin, "time": when}
        said = {"time": when, "token": self.token, "event": happened} | more
        self.socket.send(json.dumps(said))
        return self

    def next(self, kind: str, **fields: object) -> Json:
        """Return the next message of a type with these values; others stay to be asked for."""
        end = time.monotonic() + PATIENCE
        while True:
            for told in self.got:
                if told["type"] == kind and fields.items() <= told.items():
                    self.got.remove(told)
                    return told
            self.got.append(json.loads(self.socket.recv(max(0.0, end - time.monotonic()))))


@pytest.fixture
def running(world: Any) -> Running:
    world.with_broker()
    return Running(world)


def token_of(running: Running, event: str, name: str) -> str:
    """Sign in for a token, as a program does."""
    asked = {"event": event, "name": name, "token": True}
    answer = httpx.post(f"{running.url}/api/session", json=asked, timeout=PATIENCE)
    assert answer.status_code == 201, answer.text
    assert "set-cookie" not in answer.headers
    return str(answer.json()["token"])


def post(running: Running, event: str, body: object) -> httpx.Response:
    url = f"{running.url}/api/events/{event}/reports"
    with closing(httpx.Client(timeout=PATIENCE)) as client:
        return client.post(url, json=body)


@pytest.mark.parametrize(
    "now",
    [
        lambda: round(time.time()),
        time.time,
        lambda: round(time.time() * 1_000),
        lambda: round(time.time() * 1_000_000),
        lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    ],
    ids=["seconds", "fractions", "milliseconds", "microseconds", "rfc3339"],
)
def test_peers_make_a_goal_an_entry(world: Any, running: Running, now: Any) -> None:
    """`setup` comes first, with plain texts; two peers who report by token make an entry, whatever
    the form of their times; the type of a report may be left out."""
    world.host(verdict="fixed:2")
    names = ("ann", "ben")
    peers = [
        BarePeer(world.stack, running, world.event, token_of(running, world.event, name))
        for name in names
    ]
    for peer in peers:
        assert peer.setup["type"] == "setup"
        assert peer.setup["origins"] == ["A", "B"]
        assert {"goal", "yellow_card"} <= set(peer.setup["actions"])
    peers[0].report("goal", "A", now(), type="event")
    assert peers[0].next("fate")["outcome"] == "kept"
    peers[1].report("goal", "A", now())
    entry = peers[0].next("entry", title="goal")
    assert entry["origin"] == "A"
    assert abs(clock.wall() - from_rfc3339(entry["time"])) < 3_600 * SECOND
    assert peers[0].next("fate", outcome="accepted")["entry_id"] == entry["entry_id"]


def test_one_connection_of_several_people(world: Any, running: Running) -> None:
    """It is the token that identifies the sender: one connection may carry several."""
    world.host(verdict="fixed:2")
    tokens = [token_of(running, world.event, name) for name in ("ann", "ben")]
    peer = BarePeer(world.stack, running, world.event, tokens[0])
    peer.report("goal", "A", clock.wall())
    peer.token = tokens[1]
    peer.report("goal", "A", clock.wall())
    assert peer.next("entry", title="goal")["evidence"]["for"] == 2


def test_post_with_a_token(world: Any, running: Running) -> None:
    """The token in the body is enough, of one report, of a list and of a bundle."""
    world.host(verdict="fixed:2")
    host = world.event
    ann, ben = (token_of(running, world.event, name) for name in ("ann", "ben"))
    goal = {"type": "event", "title": "goal", "origin": "A", "time": clock.wall() // 1_000}
    said = {"time": clock.wall() // 1_000, "event": goal}
    for body in (said | {"token": ann}, [said | {"token": ben}]):
        answer = post(running, host, body)
        assert answer.status_code == 200, answer.text
        assert [fate["outcome"] for fate in answer.json()["reports"]] == ["kept"]
    bundle = {"sent": clock.wall() // 1_000, "token": ann, "reports": [said | {"id": "x"}]}
    assert post(running, host, bundle).status_code == 200
    peer = BarePeer(world.stack, running, world.event, ann)
    until(lambda: running.get(f"/api/events/{host}/score").json()["score"]["goals"]["A"] >= 1)
    peer.socket.close()


def test_tokens_that_are_not_valid(world: Any, running: Running) -> None:
    """A token that is unknown, of another event, or missing gets a code and a sentence; neither
    the connection nor another's report suffers."""
    world.host(verdict="fixed:1")
    first = world.event
    token = token_of(running, first, "ann")
    peer = BarePeer(world.stack, running, first, token)
    for wrong in ("", "nonsense"):
        peer.token = wrong
        peer.report("goal", "A", clock.wall())
        assert peer.next("error")["code"] == "BAD_TOKEN"
        answer = post(running, first, {"token": wrong, "event": {"title": "goal", "origin": "A"}})
        assert (answer.status_code, answer.json()["code"]) == (401, "BAD_TOKEN")
    other = post(running, "another-event", {"token": token, "event": {"title": "goal"}})
    assert (other.status_code, other.json()["code"]) == (403, "NOT_ALLOWED")
    two = [{"token": token, "event": {"title": "goal"}}, {"event": {"title": "goal"}}]
    assert post(running, first, two).json()["code"] == "BAD_MESSAGE"
    peer.token = token
    peer.report("goal", "A", 12)
    refused = peer.next("fate")
    assert (refused["outcome"], peer.next("fate", outcome="refused")["code"]) == (
        "kept",
        "BAD_REPORT",
    )
    peer.report("goal", "A", clock.wall())
    assert peer.next("entry")["title"] == "goal"
    assert running.gateway.counters.refusals["BAD_TOKEN"] == 2


def test_an_invitation_is_a_token(world: Any, running: Running) -> None:
    """The code of `touchline invite` is the token of one person, however often it comes."""
    world.host(verdict="fixed:1")
    invited = world.link("operator").ask(
        messages.Invite(id=0, role="reporter", uses=1, seconds=600.0)
    )
    assert isinstance(invited, messages.Invited)
    peer = BarePeer(world.stack, running, world.event, invited.code)
    for origin in ("A", "B"):
        peer.report("goal", origin, clock.wall())
        assert peer.next("entry", origin=origin)["evidence"]["for"] == 1
    assert len(running.gateway.counters.refusals) == 0
