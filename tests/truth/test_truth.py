"""A short run of the lab: it tells a sound verdict from a broken one."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest

from touchline.peer.grades.book import Book
from touchline.peer.host.event import thumbs
from touchline.proof import check, lines
from touchline.protocol.keys import Identity
from touchline.protocol.times import SECOND
from touchline.sports import matches

from .crowd import people, scene
from .rows import ROWS, Row, games, total
from .trial import Trial

MATCHES = 3

HOST = Identity(sha256(b"host").digest())


def row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


def test_an_honest_crowd_is_right() -> None:
    """What eight honest reporters confirm happened, and nearly all of it is confirmed."""
    found = total(row("8 honest"), MATCHES, seed=1)
    assert found.precision >= 0.98
    assert found.recall >= 0.95


def test_one_voice_is_not_enough() -> None:
    """A verdict that believes every single voice is seen at once."""
    crowd = row("6 + 2 sloppy")
    believed = total(crowd, MATCHES, seed=1, verdict="fixed:1")
    sound = total(crowd, MATCHES, seed=1)
    assert believed.precision < sound.precision - 0.02
    assert sound.precision >= 0.99
    assert sound.recall >= 0.98


def test_a_plot_is_seen() -> None:
    """Goals that four of eleven invent do not stand; a policy that counts heads lets them in."""
    found = total(row("4 of 11 collude"), MATCHES, seed=1)
    counted = total(row("4 of 11 collude"), MATCHES, seed=1, verdict="quorum")
    assert found.outcomes[0].phantoms == 3
    assert sum(outcome.phantoms_in for outcome in found.outcomes) <= 1
    assert sum(outcome.phantoms_in for outcome in counted.outcomes) >= 6


def test_clocks_that_are_set_are_followed() -> None:
    """Three of eight clocks that are set split no crowd, whichever way they were set."""
    for name in ("8, 3 clocks step", "8, 3 clocks set back"):
        found = total(row(name), MATCHES, seed=1, verdict="quorum")
        assert found.precision >= 0.98, name
        assert found.recall >= 0.98, name


@pytest.mark.parametrize("unheard", [3, 5])
def test_a_goal_that_nobody_hears(unheard: int) -> None:
    """A knock-out match of which nobody reports one goal, without which it would be over, goes on
    and ends with the right score: the people say it when they are asked."""
    match = matches.load("world-cup-final-2022")
    goal = [action for action in match.actions if action.title == "goal"][unheard]
    chance = Random(unheard)
    place = scene(match, chance)
    crowd_ = people(place, list(row("6 + 2 sloppy").manners), chance)
    for person in crowd_:
        person.taps[:] = [
            tap
            for tap in person.taps
            if tap.action.title != "goal" or abs(tap.action.time - goal.time) > 30 * SECOND
        ]
    assert Trial(place, crowd_, chance).run().score_right


def test_a_seed_gives_the_same_again() -> None:
    """The same seed gives the same outcomes, to the microsecond."""
    one, other = (total(row("8, each repeats 30 %"), 1, seed=5) for _ in range(2))
    assert one.outcomes == other.outcomes


def book(name: str, count: int) -> tuple[Book, dict[str, bytes]]:
    """What is known of a row's crowd after some matches, and their keys by name."""
    crowd_ = row(name)
    sheets = []
    for number, match in enumerate(games(crowd_.sport, count, seed=1)):
        chance = Random(number)
        place = scene(match, chance, plot=any(one.colludes for one in crowd_.manners))
        trial = Trial(place, people(place, list(crowd_.manners), chance), chance)
        trial.run()
        sheets.append(trial.sheet(number))
    found = Book(sheets)
    return found, {one.name: one.key for one in sheets[0].grades}


def test_grades_know_the_careless() -> None:
    """After three matches the record of each who is careless is worse than that of all others,
    and what it says of an honest one is near what is so."""
    found, known = book("6 + 2 sloppy", MATCHES)
    rest = {name: found.record(key, decides=False) for name, key in known.items()}
    honest, sloppy = ([rest[f"p{number}"] for number in span] for span in (range(6), (6, 7)))
    assert max(c for c, _ in sloppy) < min(c for c, _ in honest)
    assert min(f for _, f in sloppy) > max(f for _, f in honest)
    assert all(700 <= c <= 900 for c, _ in honest)


def test_grades_know_a_plot() -> None:
    """After three matches those who invent goals together are one voice, and nobody else; their
    word on goals is worth less than that of others."""
    found, known = book("4 of 11 collude", MATCHES)
    plot = {known[f"p{number}"] for number in range(7, 11)}
    assert [set(group) for group in found.together(known.values())] == [plot]
    goals = {key: found.record(key, decides=True)[1] for key in known.values()}
    assert min(goals[key] for key in plot) > max(goals[key] for key in set(known.values()) - plot)


@pytest.mark.parametrize(
    "name", ["3 of 11 oppose", "tennis, 5 of 11 collude", "6 + 2, each repeats 30 %"]
)
def test_every_verdict_is_computed_anew(name: str) -> None:
    """The proof of a match with questions and answers holds; with another standing of one entry, or
    another count, it does not."""
    crowd_ = row(name)
    match = next(iter(games(crowd_.sport, 1, seed=2)))
    chance = Random(name)
    place = scene(match, chance, plot=any(one.colludes for one in crowd_.manners))
    trial = Trial(place, people(place, list(crowd_.manners), chance), chance)
    trial.run()
    proof = trial.proof(HOST)
    result = check(proof, host=HOST.peer, allow_unsigned=True)
    assert result.flaw is None, str(result.flaw)
    assert result.entries > 12
    weighed = [
        (line, line.weighing)
        for line in map(lines.decode, proof.splitlines())
        if isinstance(line, lines.Published) and line.weighing is not None
    ]
    assert any(weighing.yes or weighing.no for _, weighing in weighed)
    assert any(weighing.age > 20 for _, weighing in weighed), "some are decided by the time"


def test_the_spread_told_holds() -> None:
    """When things happened is told within a spread that holds, also of thumbs that are slow; a
    spread that knows of quick ones alone is seen at once."""
    found = total(row("8, slow thumbs"), MATCHES, seed=1)
    assert found.covered >= 0.93
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thumbs, "SINCE_EDITION", 1 << 30)
        assert total(row("8, slow thumbs"), MATCHES, seed=1).covered < found.covered - 0.03
