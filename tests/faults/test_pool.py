"""Hosts that share a journal in PostgreSQL and stand by for each other.

`make soak-hosts` runs this with 200 faults.
"""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Any

import sqlalchemy as sa

from tests.attacks.relay import Relay
from touchline.protocol import addresses

from .conftest import Yard, planned

FAULTS = int(os.environ.get("FAULTS") or "10")
SEED = int(os.environ.get("SEED") or "1")
BEAT = 0.5
LEASE_SECONDS = 2
ACTIONS = 8 * FAULTS
FEWER = ["kill", "stop", "cut"]
"""The faults where the database listens on no port."""

HOSTS = ("hill", "harbour", "heath")
PEOPLE = ("ann", "bob", "cid", "dan")


class Pool:
    """Hosts of one event, each with a way to the broker that can be cut."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        address = yard.address
        self.databases = _relays(yard)
        port = addresses.broker(address).port
        self.relays: dict[str, Relay] = {}
        self._ways: dict[str, str] = {}
        self.running: dict[str, Any] = {}
        self.lines: dict[str, list[Any]] = {name: [] for name in HOSTS}
        for name in HOSTS:
            relay = self.relays[name] = Relay(port)
            yard.stack.callback(relay.close)
            self._ways[name] = address.replace(f":{port}?", f":{relay.port}?")
            self.start(name)

    def start(self, name: str) -> None:
        flags = ["--standby", "--name", name, "--broker", self._ways[name]]
        if self.databases:
            url = sa.make_url(self._yard.journal).set(port=self.databases[name].port)
            flags += ["--journal", url.render_as_string(hide_password=False)]
        self.running[name], lines = self._yard.start_host(*flags, beat=BEAT)
        self.lines[name].append(lines)

    @property
    def epochs(self) -> list[int]:
        """The epochs that were begun, by any host; all hosts have to run, but those killed here."""
        for name, process in self.running.items():
            ended = process.poll() not in (None, -signal.SIGKILL)
            assert not ended, f"{name} has ended: {self.lines[name][-1].last}"
        runs = [lines for runs in self.lines.values() for lines in runs]
        return sorted(line["epoch"] for lines in runs for line in lines.of("hosting"))

    @property
    def serving(self) -> str:
        """The host that was the last to begin an epoch."""
        newest: dict[str, int] = {}
        for name, runs in self.lines.items():
            newest[name] = max(
                (line["epoch"] for lines in runs for line in lines.of("hosting")), default=0
            )
        return max(newest, key=lambda name: newest[name])

    def kill(self, name: str) -> None:
        self._yard.kill(self.running[name])

    def go_on(self, name: str) -> None:
        self.running[name].send_signal(signal.SIGCONT)


def _relays(yard: Yard) -> dict[str, Relay]:
    """Return a way to the database for each host; none where it listens on a file."""
    url = sa.make_url(yard.journal)
    if not url.host:
        return {}
    found = {name: Relay(url.port or 5432) for name in HOSTS}
    for relay in found.values():
        yard.stack.callback(relay.close)
    return found


def test_hosts_that_die(yard: Yard, postgresql: str) -> None:
    """Hosts are killed, stopped for longer than their lease and woken, and cut off from the broker
    or the database while a crowd reports: another goes on each time. Each action is one entry, each
    report counts once, seq has no hole, no two entries have one seq, and all subscribers agree on
    the feed."""
    print(f"SEED={SEED} FAULTS={FAULTS}")
    chance = random.Random(SEED)
    yard.journal = postgresql
    yard.broker("--lease-seconds", str(LEASE_SECONDS))
    yard.create()
    pool = Pool(yard)
    yard.until(lambda: pool.epochs, what="the first host")
    feeds = yard.watchers("uma", "vic")
    plan = planned("foul", ACTIONS)  # of fouls a match may have as many as there are
    people = [yard.reporters(name, plan=plan, pause=-0.3)[1] for name in PEOPLE]
    away: dict[str, list[float]] = {}
    for _ in range(FAULTS):
        time.sleep(chance.uniform(0.1, 1.5))
        begun = len(pool.epochs)
        victim = pool.serving
        fault = chance.choice(["kill", "stop", "cut", "store"] if pool.databases else FEWER)
        if fault == "kill":
            pool.kill(victim)
        elif fault == "stop":
            pool.running[victim].send_signal(signal.SIGSTOP)
        else:
            (pool.relays if fault == "cut" else pool.databases)[victim].cut()
        since = time.monotonic()
        yard.until(lambda begun=begun: len(pool.epochs) > begun, what=f"a host after {fault}")
        away.setdefault(fault, []).append(time.monotonic() - since)
        if fault == "kill":
            pool.start(victim)
        elif fault == "stop":
            pool.go_on(victim)
        else:
            (pool.relays if fault == "cut" else pool.databases)[victim].heal()
    for fault, seconds in sorted(away.items()):
        middle, longest = sorted(seconds)[len(seconds) // 2], max(seconds)
        print(f"{fault}: {len(seconds)} times, served again after {middle:.1f} s, {longest:.1f} s")
    yard.settled(plan, people, feeds)
    assert len(set(pool.epochs)) == len(pool.epochs), "an epoch was begun twice"
    for process in pool.running.values():
        yard.kill(process)
    core = yard.restored()
    assert [member.n for member in core.roster.reporters] == [ACTIONS] * len(PEOPLE)
    for claim in core.by_entry.values():
        assert sorted(index for index, _ in claim.votes) == list(range(len(PEOPLE)))
