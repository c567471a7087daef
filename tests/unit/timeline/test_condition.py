"""Whether a feed is live, by a table."""

from __future__ import annotations

from itertools import product

import pytest

from touchline.timeline.condition import CAUSES, STATES, SUSPENDED, TRANSITIONS, Condition
from touchline.timeline.feed import Notice

EVENTS = [*TRANSITIONS, "epoch", "diverged"]


def condition_in(state: str) -> Condition:
    """Return a condition that has been in a state for one microsecond."""
    condition = Condition()
    condition.state, condition.since, condition.banner = state, 1, "before"
    return condition


@pytest.mark.parametrize(("state", "event"), list(product(STATES, EVENTS)))
def test_each_event_in_each_state_does_what_the_table_says(state: str, event: str) -> None:
    """An event leads to the table's state from the table's states, and elsewhere changes nothing;
    the time at which the state began changes with the state, but for a silence that is explained;
    a live feed has no banner."""
    condition = condition_in(state)
    condition.move(event, 9)
    target, sources = TRANSITIONS.get(event, ("", frozenset()))
    taken = state in sources
    assert condition.state == (target if taken else state)
    explained = event in CAUSES and state in {"stale", "silent"}
    assert condition.since == (9 if taken and target != state and not explained else 1)
    assert condition.banner == ("" if taken and target == "live" else "before")


def test_the_table_names_states_alone() -> None:
    """Every target and source of a transition is a state, and nothing leads away from the end but
    that the host takes it back."""
    for event, (target, sources) in TRANSITIONS.items():
        assert {target, *sources} <= STATES.keys()
        assert ("finished" in sources) == (event == "reopened")


@pytest.mark.parametrize("event", [one for one in EVENTS if one != "reopened"])
def test_the_end_is_for_ever(event: str) -> None:
    """No event changes the state of a finished feed."""
    condition = condition_in("finished")
    condition.move(event, 9)
    assert (condition.state, condition.since) == ("finished", 1)


@pytest.mark.parametrize("state", STATES)
def test_a_notice_is_the_banner(state: str) -> None:
    """A notice's sentence is shown, but for a broker that is away while the host says more."""
    condition = condition_in(state)
    condition.note(Notice("waiting", "no broker"), 9)
    heard = {"disagree", "venue_lost", "reconstructing", "host_trouble", "finished"}
    assert condition.banner == ("before" if state in heard else "no broker")


def test_an_alarm_has_words_of_its_own() -> None:
    """What people are told of a lost venue is what will become of it."""
    condition = condition_in("live")
    condition.note(Notice("venue_lost", "nothing heard"), 9)
    assert condition.banner == SUSPENDED
