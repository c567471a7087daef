"""Keys that one person may have made at once: from one address, within a minute."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.proof.forging import HOST, at, resealed, whole
from touchline.peer.host.event import decisions
from touchline.peer.host.event.enrolment_bursts import BURST_SECONDS, OTHERS
from touchline.peer.host.event.event import HostedEvent
from touchline.proof import build, check, lines
from touchline.proof.lines import Published

KEYS = ["key 1", "key 2", "key 3"]
OTHER = [f"other {number}" for number in range(OTHERS)]


def with_keys(ground: Any, others: int = OTHERS, **options: Any) -> Any:
    """Return an event with three keys of one burst and others from elsewhere."""
    g = ground(signs=True, **{"verdict": "evidence", **options})
    for number, name in enumerate(KEYS):
        g.attach(name, enrolled=float(number), network="here")
    for number, name in enumerate(OTHER[:others]):
        g.attach(name, enrolled=float(number), network=f"there {number}")
    return g


def said_by(g: Any, names: list[str]) -> list[str]:
    """Let reporters say that there was a goal; return how its entry stands."""
    for name in names:
        g.say(name, "goal", "A", at=10.0)
        g.wait(0.4)
    return [entry.status for entry in g.standing]


def test_what_they_alone_say(ground: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It is what one voice says while five others are there and say nothing of it; the operator is
    told once, by the log and a metric."""
    g = with_keys(ground)
    with caplog.at_level(logging.WARNING, decisions.__name__):
        assert said_by(g, KEYS) == []
        g.stay(20.0, *KEYS, *OTHER)
    assert g.standing == []
    assert g.core.counters.joined == 1
    (told,) = caplog.messages
    assert "2 reporters" in told  # as soon as there are two


def test_what_another_says_too(ground: Any) -> None:
    """With one voice from outside, all of them count as they are."""
    g = with_keys(ground)
    assert said_by(g, [*KEYS, OTHER[0]]) != []
    (entry,) = g.standing
    assert (entry.evidence.for_, entry.evidence.together) == (4, 0)


@pytest.mark.parametrize("others", [0, OTHERS - 1])
def test_with_fewer_others(ground: Any, others: int) -> None:
    """Where fewer than five others are there, who came together is not for the host to say."""
    g = with_keys(ground, others)
    said_by(g, KEYS)
    assert g.core.counters.joined == 0
    if not others:
        assert g.standing != []


def test_two_reporters_on_one_laptop(ground: Any) -> None:
    """Two who come from one address within seconds reach their quorum: README's first steps."""
    g = ground(verdict="evidence")
    g.attach("ann", enrolled=1.0, network="laptop")
    g.attach("ben", enrolled=2.0, network="laptop")
    assert said_by(g, ["ann", "ben"]) != []


@pytest.mark.parametrize("apart", [0.5, 20.0])
def test_a_school_class(ground: Any, apart: float) -> None:
    """Thirty behind one address, who enrol within a minute or over ten: what several of them see
    becomes an entry."""
    g = ground(verdict="evidence")
    names = [f"pupil {number}" for number in range(30)]
    for number, name in enumerate(names):
        g.attach(name, enrolled=apart * number, network="school")
    assert said_by(g, names[::2]) != []
    if apart * 30 <= BURST_SECONDS:
        assert g.core.counters.joined == 0


@pytest.mark.parametrize(
    "came",
    [
        [("here", 0.0), ("here", 1.0), ("elsewhere", 2.0)],
        [("here", 0.0), ("here", 1.0), ("here", BURST_SECONDS + 1.0)],
        [("", 0.0), ("", 1.0), ("", 2.0)],
    ],
)
def test_no_burst(ground: Any, came: list[tuple[str, float]]) -> None:
    """Address and time together make a burst; neither does alone, and of keys whose address the
    broker does not know nothing is said."""
    g = ground(verdict="evidence")
    for name, (network, enrolled) in zip(KEYS, came, strict=True):
        g.attach(name, enrolled=enrolled, network=network)
    for name in OTHER:
        g.attach(name, enrolled=500.0, network=name)
    assert said_by(g, KEYS) != []


def test_a_verdict_that_counts_heads(ground: Any) -> None:
    """It counts keys, as its name says."""
    g = with_keys(ground, verdict="fixed:3")
    assert said_by(g, KEYS) == ["CONFIRMED"]


def test_an_entry_of_one_burst_and_its_proof(ground: Any) -> None:
    """Where others come to be there and say nothing, an entry of keys of one burst is taken back.
    Its evidence says why, a restart knows it, and the proof holds; one without the burst, or with
    another, does not."""
    g = with_keys(ground, OTHERS - 1)
    assert said_by(g, KEYS) == ["PROVISIONAL"]
    g.attach("late", enrolled=9.0, network="there")
    g.stay(60.0, *KEYS, *OTHER[: OTHERS - 1], "late")
    entry = g.feed[-1]
    assert (entry.status, entry.evidence.for_, entry.evidence.together) == ("DELETED", 1, 3)
    again = HostedEvent(g.card, g.options)
    again.restore(iter(g.journal))
    assert again.feed.digest == g.core.feed.digest
    assert {one.name: one.network for one in again.roster.reporters}[KEYS[0]] == "here"

    made = build(g.card, g.journal, HOST)
    assert check(whole(made)).flaw is None
    index = at(made, "verdict", 1)
    line = lines.decode(made[index])
    assert isinstance(line, Published)
    assert line.weighing is not None
    assert len(line.weighing.together) == len(KEYS)
    for together in ([], line.weighing.together[1:], line.weighing.silent):
        weighing = replace(line.weighing, together=together)
        other = [*made]
        other[index] = lines.encode(replace(line, weighing=weighing))
        assert check(resealed(other)).flaw is not None
