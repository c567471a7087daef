"""Whole events from seeds: what must hold does, whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from touchline.peer.host.event.feed import Feed
from touchline.protocol.messages import Alarm, Entry, Restored
from touchline.protocol.times import SECOND

from . import soak
from .actors import ReporterNode, peer_id
from .faults import crook_comes
from .network import START, Weather
from .world import Scenario, World

ROOT = Path(__file__).parents[2]
SEEDS = int(os.environ.get("TOUCHLINE_SEEDS") or "200")


def run_soak(seeds: int, first: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run what `make soak` runs."""
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation.soak"],
        cwd=ROOT,
        env={**os.environ, "SEEDS": str(seeds), "FROM": str(first), "TRACE": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_seed():
    """No seed violates anything; the number of them is set by TOUCHLINE_SEEDS."""
    done = run_soak(SEEDS, 1)
    assert done.returncode == 0, done.stdout + done.stderr


def test_replays_exactly():
    """The same seed gives the same trace, line by line, in another process with other hashes."""
    lines: list[str] = []
    seed = 0
    while not any("ALARM 2" in line for line in lines):
        seed += 1
        lines = []
        World(seed, lines.append).run()
    for hashing in ("1", "2"):
        told = run_soak(1, seed, PYTHONHASHSEED=hashing).stdout.splitlines()
        assert told[:-1] == lines


def test_failure_is_told(monkeypatch, capsys):
    """A seed that fails is printed with the command that replays it and with what happened."""
    replay = Feed.replay
    monkeypatch.setattr(
        Feed, "replay", lambda self, n, first, last: replay(self, n, first + 1, last)
    )
    for seed in range(1, 60):
        monkeypatch.setenv("FROM", str(seed))
        monkeypatch.setenv("SEEDS", "1")
        failed = soak.main()
        shown = capsys.readouterr().out
        if failed:
            break
    assert f"make soak SEEDS=1 FROM={seed}\n" in shown
    assert "serves epoch 1" in shown


def test_stolen_token_of_a_revoked_peer():
    """A viewer that presents a token whose holder is revoked, and was never at the host, hears that
    it is revoked; the event goes on, and so may the viewer under its own token."""
    lines: list[str] = []
    seed = next(seed for seed in range(1, 100) if Scenario.draw(Random(f"{seed} scenario")).honest)
    world = World(seed, lines.append)
    world.scenario = replace(world.scenario, faults=0, weather=Weather())
    network, victim = world.network, world.reporters[0]
    network.cut(victim, world.host)
    network.at(START + world.scenario.interval, put_out, world, victim)
    network.at(START + world.scenario.interval + 1.0, crook_comes, world, world.rng, 8.0)
    network.at(START + world.scenario.interval + 10.0, network.heal, victim, world.host)
    world.run()
    assert any("crook      is turned away" in line for line in lines)
    assert any(f"{victim.name}  is turned away" in line for line in lines)


@pytest.mark.parametrize("step", [25, -25], ids=["forward", "back"])
def test_a_clock_that_is_set(step: int) -> None:
    """Where the clock of one reporter is set in the middle of the event, all that happened is told
    as it was, and when it was."""
    seeds = (seed for seed in range(1, 400) if _is_calm(Scenario.draw(Random(f"{seed} scenario"))))
    for seed in islice(seeds, 5):
        lines: list[str] = []
        world = World(seed, lines.append)
        world.scenario = replace(world.scenario, faults=0, weather=Weather())
        world.network.at(START + 2 * world.scenario.interval, set_clock, world, step * SECOND)
        world.run()
        stepped = [one.reporter.stepped for one in world.reporters if one.reporter is not None]
        assert [round(one / SECOND) for one in stepped if one] == [step], f"seed {seed}"


def _is_calm(scenario: Scenario) -> bool:
    return scenario.honest and scenario.reporters >= 4 and scenario.token_seconds > 3_600


def set_clock(world: World, step: int) -> None:
    """Set the clock of a reporter, forward where `step` (microseconds) is positive."""
    reporter = world.reporters[0]
    reporter.offset += step
    world.ledger.set_clock(peer_id(reporter.name), reporter.offset)


def put_out(world: World, victim: ReporterNode) -> None:
    """Let an operator revoke a reporter."""
    victim.revoked = True
    world.broker.revoke(victim.name)


def test_seeds_are_about_something():
    """Among the first seeds is everything that the simulation is for."""
    words = ("dies before", "dies after", "dies amid", "dies between", "disk is full", "is slow",
             "leave", "broker dies", "no network", "is revoked", "is turned away",
             "crook comes")  # fmt: skip
    missing = {"Entry", "Alarm", "Restored", "Finished", "DELAYED", "RECONSTRUCTED",
               "RECONSTRUCTION_INACCURATE", "DELETED", "repeated alarm", "confirmed",
               "unconfirmed", "restart", *words}  # fmt: skip
    for seed in range(1, 401):
        lines: list[str] = []
        world = World(seed, lines.append)
        world.run()
        for message in world.ledger.feed:
            missing.discard(type(message).__name__)
            if isinstance(message, Entry):
                missing -= {message.delay_status, message.status}
            elif isinstance(message, Alarm) and message.number > 1:
                missing.discard("repeated alarm")
            elif isinstance(message, Restored):
                missing.discard("confirmed" if message.confirmed else "unconfirmed")
        if world.ledger.epoch > 1:
            missing.discard("restart")
        missing -= {word for word in words if any(word in line for line in lines)}
        if not missing:
            break
    assert missing == set()
