"""Brokers on one registry in PostgreSQL, each of which dies once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from touchline.lobby.group import Group
from touchline.peer import Link
from touchline.protocol import addresses
from touchline.runtime import clock

from .conftest import Yard, identity, planned

GOALS = 24
PEOPLE = ("ann", "bob", "cid")
LEASE_SECONDS = 3


class Member:
    """A member of a group, as a lobby is one."""

    def __init__(self, address: str, name: str, stack: ExitStack) -> None:
        self.link = stack.enter_context(Link(address, name, identity(name), ("viewer",)))
        self.name = name
        self.group = Group("lobby", f"the secret of {name}")
        self.seen: dict[str, bytes | None] = {}

    def turn(self) -> None:
        now = clock.now()
        for request in self.group.requests(now):
            self.link.request(request, lambda reply, at, request=request: self._take(
                self.group.answered(request, reply, at)), now)  # fmt: skip
        self.link.poll(now)
        for pushed in self.link.pushed():
            self._take(self.group.pushed(pushed, now))
        self._take(self.group.handle_timer(now))

    def _take(self, news: list[Any]) -> None:
        for one in news:
            if hasattr(one, "key"):
                self.seen[one.key] = one.body


def test_brokers_that_die(postgresql: str, yard: Yard) -> None:
    """Each of two brokers is killed and started again in the middle of a match: host, reporters,
    watchers and members of a group go on at the other. Each goal is one entry, the host begins no
    other epoch, watchers agree on the feed, and members learn what the others put."""
    yard.database = postgresql
    running: dict[str, Any] = {}
    for _ in range(2):
        yard.address = ""
        process = yard.broker("--lease-seconds", str(LEASE_SECONDS))
        running[yard.address] = process
    first, second = (addresses.broker(address) for address in running)
    assert first.key == second.key  # it is in the registry
    yard.address = both = str(replace(first, others=((second.host, second.port),)))
    yard.create()
    hosting = yard.start_host()[1]
    yard.until(lambda: hosting.of("hosting"), what="the host")
    feeds = yard.watchers("uma", "vic")
    plan = planned("goal", GOALS)
    people = [yard.reporters(name, plan=plan, pause=-0.5)[1] for name in PEOPLE]
    with ExitStack() as stack:
        members = [Member(both, name, stack) for name in ("xen", "yan", "zoe", "abe")]
        assert len({member.link.endpoint for member in members}) == 2  # some at each

        def wait(check: Callable[[], object], what: str) -> None:
            def settled() -> bool:
                for member in members:
                    member.turn()
                return bool(check())

            yard.until(settled, what=what)

        def all_know(text: bytes) -> None:
            for member in members:
                member.group.put(member.name, text)
            for member in members:
                others = {one.name: text for one in members if one is not member}
                wait(lambda m=member, o=others: m.seen == o, what=f"{text!r} at {member.name}")

        all_know(b"before")
        for address in list(running):
            dead = addresses.broker(address)
            yard.kill(running[address])
            wait(
                lambda dead=dead: all(one.link.endpoint != dead.endpoint for one in members),
                what="all at the other broker",
            )
            all_know(f"without {dead.port}".encode())
            yard.address = address
            running[address] = yard.broker("--lease-seconds", str(LEASE_SECONDS))
            time.sleep(LEASE_SECONDS)  # who stays without a broker loses its lease
    yard.settled(plan, people, feeds)
    assert len(hosting.of("hosting")) == 1
    assert hosting.kinds == []
