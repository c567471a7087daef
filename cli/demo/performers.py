"""The demo's crowd: the sayings of each reporter, and each reporter in a process of its own."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ... import sports
from ...protocol.errors import TouchlineError
from ...sports.simulate.crowd import Member
from ...sports.simulate.crowd import crowd as simulate
from ..shared import load_match
from .crowd import ScoreAt, run_member, score_text


@dataclass(frozen=True, slots=True)
class Crowd:
    """The reporters of a demo; see `sports.simulate.crowd`.

    Args:
        outage: (from, until) in microseconds of event time, when no reporter has a link.
    """

    match: str
    reporters: int
    coverage: float
    wrong: float
    seed: int
    outage: tuple[int, int] | None = None

    def __str__(self) -> str:
        return (
            f"{self.reporters} reporters who notice {self.coverage:.0%} and more, err in "
            f"{self.wrong:.0%}, seed {self.seed}"
        )


def plan(crowd: Crowd) -> Sequence[Member]:
    """Return the members of the crowd, the same in every process by the seed."""
    members = simulate(
        load_match(crowd.match),
        random.Random(crowd.seed),
        reporters=crowd.reporters,
        coverage=crowd.coverage,
        wrong=crowd.wrong,
    )
    if crowd.outage is None:
        return members
    begin, end = crowd.outage
    return [
        replace(
            member,
            # All links come back at once: drops that reach into the outage are left out.
            drops=tuple(sorted([crowd.outage, *_apart(member.drops, begin, end)])),
        )
        for member in members
    ]


def _apart(drops: tuple[tuple[int, int], ...], begin: int, end: int) -> Iterator[tuple[int, int]]:
    return (drop for drop in drops if drop[1] < begin or drop[0] > end)


def seen_score(crowd: Crowd, index: int) -> ScoreAt:
    """Return the answer of a member of the crowd to the question for the score, which is wrong as
    often as its reports."""
    match = load_match(crowd.match)
    sport = sports.get(match.sport)
    chance = random.Random(f"{crowd.seed} {index}")

    def score(time: int) -> str:
        seen = [action for action in match.actions if action.time <= time]
        if chance.random() < crowd.wrong:
            seen = seen[: chance.randrange(len(seen) + 1)]  # an earlier score
        start = sport.start(match.origins, match.rules, match.lineups)
        return score_text(sport, sports.fold(sport, start, seen).state, match.origins)

    return score


def wrong_sayings(crowd: Crowd) -> int:
    """Return the number of the crowd's sayings that are wrong."""
    return sum(saying.kind == "wrong" for member in plan(crowd) for saying in member.sayings)


def be_member(parent: Connection[Any, Any], crowd: Crowd, index: int, home: str) -> None:
    """Be a member of the crowd, in a process of its own."""
    for number in (signal.SIGINT, signal.SIGHUP):  # the demo's runner ends this process
        signal.signal(number, signal.SIG_IGN)
    from ...peer import Link, identity

    member = plan(crowd)[index]
    try:
        parent.send("ready")
        event, broker, timing = parent.recv()
        secret = identity.load(member.name, Path(home) / "identities")
        with Link(broker, member.name, secret, ("reporter",)) as link:
            outbox = Path(home) / "outbox" / f"{index}.db"
            counts = run_member(
                member,
                event,
                link,
                outbox,
                timing,
                linger=2.0,
                score=seen_score(crowd, index),
                # Until the event is over: if members left, fewer would have to agree.
                stay=lambda: not parent.poll(),
            )
            parent.send(counts)
    except EOFError:
        return
    except TouchlineError as error:
        parent.send(f"{member.name}: {error.sentence}")
