"""`touchline replay`: when a match is said again, and with which times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from touchline.cli import replay
from touchline.cli.demo.crowd import Counts, wall_of
from touchline.cli.replay import ReplayPlan, load
from touchline.protocol.errors import NotFound, SettingError
from touchline.protocol.messages import Card, Timing
from touchline.protocol.times import SECOND
from touchline.sports import Action
from touchline.sports.matchfile import Match, write
from touchline.sports.simulate.crowd import Member, Saying
from touchline.timeline.recording import Recorder

STARTS = 1_000_000 * SECOND
NOW = 9_000_000 * SECOND
MATCH = Match("A – B", "football", ("A", "B"), starts=STARTS)
CARD = Card(event="a-v-b", title="A – B", sport="football", origins=["B", "A"])


def _member(*seconds: int) -> Member:
    said = (STARTS + after * SECOND for after in seconds)
    sayings = tuple(Saying(at, Action("goal", "A", at), n, "right", n) for n, at in enumerate(said))
    return Member("Reporter 1", 0.0, (), sayings)


def _plan(timing: Timing | None, speed: float) -> ReplayPlan:
    card = replace(CARD, timing=timing)
    return ReplayPlan.of(card, MATCH, (_member(10, 100), _member(50, 200)), speed, NOW)


@pytest.mark.parametrize("speed", [1.0, 4.0, 0.5])
@pytest.mark.parametrize("after", [10, 100, 200])
def test_on_a_live_event_nothing_is_stated_ahead(speed: float, after: int) -> None:
    """On a live event a time is never stated before it has come, whatever the speed."""
    plan = _plan(None, speed)
    at = STARTS + after * SECOND
    said = wall_of(at, plan.pace)
    assert said == NOW + round(after * SECOND / speed)
    assert at + plan.shift <= said


def test_on_a_live_event_the_end_is_now() -> None:
    """Distances stay what they were; what comes last is stated as of when it is said."""
    plan = _plan(None, 4.0)
    last = STARTS + 200 * SECOND
    assert last + plan.shift == wall_of(last, plan.pace) == NOW + 50 * SECOND
    at_once = _plan(None, 0.0)
    assert (wall_of(last, at_once.pace), last + at_once.shift) == (0, NOW)


def test_an_event_with_its_own_clock_keeps_its_speed() -> None:
    """The event's clock says when each action comes due; the times stay the match's."""
    timing = Timing(starts=STARTS, began=NOW - 5 * SECOND, speed=10.0)
    plan = _plan(timing, 3.0)
    assert (plan.shift, plan.pace) == (0, timing)
    assert wall_of(STARTS + 200 * SECOND, plan.pace) == NOW + 15 * SECOND


def test_an_event_that_starts_at_another_time() -> None:
    """A match is moved to where the event's clock starts."""
    timing = Timing(starts=STARTS + 70 * SECOND, began=NOW, speed=10.0)
    plan = _plan(timing, 3.0)
    at = STARTS + 100 * SECOND
    assert at + plan.shift == timing.starts + 100 * SECOND
    assert wall_of(at, plan.pace) == NOW + 10 * SECOND


def test_an_event_without_relation_to_wall_time_is_paced_by_the_flag() -> None:
    """At the event's speed 0 the flag says how fast; the times stay the match's."""
    plan = _plan(Timing(starts=STARTS, began=NOW, speed=0.0), 2.0)
    assert plan.shift == 0
    assert wall_of(STARTS + 100 * SECOND, plan.pace) == NOW + 50 * SECOND


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf", "1e9", ""])
def test_speeds_that_can_not_be(text: str) -> None:
    """A speed that is none is a wrong flag, exit code 2."""
    result = CliRunner().invoke(replay.command, ["world-cup-final-2022", "--speed", text])
    assert result.exit_code == 2
    assert "from 0.01 to 100000" in result.output


@pytest.mark.parametrize(("text", "speed"), [("max", 0.0), ("10", 10.0), ("2.5x", 2.5)])
def test_speeds(text: str, speed: float) -> None:
    """A speed is a number, with or without an x, or max."""
    nothing: Any = None
    assert replay._speed(nothing, nothing, text) == speed


def test_what_can_be_replayed(tmp_path: Path) -> None:
    """A match is found by name, in a match file, or in a recording with something in it."""
    assert load("world-cup-final-2022").sport == "football"
    (tmp_path / "m.jsonl").write_text(write(MATCH))
    assert load(str(tmp_path / "m.jsonl")) == MATCH
    with Recorder(tmp_path / "r", CARD):
        pass
    with pytest.raises(SettingError, match="empty"):
        load(str(tmp_path / "r"))
    with pytest.raises(NotFound):
        load("no-such-match")


def test_an_event_of_something_else_is_refused() -> None:
    """A match is reported only to an event of its sport that has its origins."""
    replay._check_fits(CARD, MATCH)
    with pytest.raises(SettingError, match="is tennis, the match is football"):
        replay._check_fits(replace(CARD, sport="tennis"), MATCH)
    with pytest.raises(SettingError, match="has no B; it has A, C"):
        replay._check_fits(replace(CARD, origins=["A", "C"]), MATCH)


def test_counts_add_up() -> None:
    """The counts of several people are added field by field."""
    one, other = Counts(1, 2, 3, 4, 5, 6), Counts(10, 20, 30, 40, 50, 60)
    assert one + other == Counts(11, 22, 33, 44, 55, 66)
