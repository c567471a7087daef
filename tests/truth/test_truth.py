"""A short run of the lab: it tells a sound verdict from a broken one."""

from __future__ import annotations

from .rows import ROWS, Row, total

MATCHES = 3


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
    assert believed.precision < sound.precision
    assert believed.recall < sound.recall - 0.1


def test_a_plot_is_seen() -> None:
    """Goals that four of eleven invent are told from those that were scored."""
    found = total(row("4 of 11 collude"), MATCHES, seed=1)
    assert found.outcomes[0].phantoms == 3
    assert found.goals_recall > found.goals_precision


def test_a_seed_gives_the_same_again() -> None:
    """The same seed gives the same outcomes, to the microsecond."""
    one, other = (total(row("8, each repeats 30 %"), 1, seed=5) for _ in range(2))
    assert one.outcomes == other.outcomes
