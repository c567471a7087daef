"""The states that steps lead to, kept at checkpoints: always those of a fold from the start."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.timeline.states import END, FIRST, LAST, RECENT, SPACING, States


def after(state: int, step: int) -> int:
    """A step of 0 changes nothing, one above 90 makes all before it forgotten, others add up."""
    return step if step > 90 else state + step


@st.composite
def changes(draw):
    """Steps put in, taken out, and looked up, anywhere."""
    where = st.integers(0, 300)
    step = st.one_of(st.just(0), st.integers(1, 99))
    one = st.one_of(
        st.tuples(st.just("put"), where, step),
        st.tuples(st.sampled_from(["remove", "before", "until", "last"]), where, st.just(0)),
    )
    many = [("put", place, step) for place, step in draw(st.lists(st.tuples(where, step)))]
    return many + draw(st.lists(one, max_size=40))


@given(changes(), st.integers(0, 200))
def test_same_as_from_the_start(operations, more):
    """Whatever comes and goes in which order, and whatever is asked for in between."""
    states, keys, steps = States(0, after), [], []
    operations = [*(("put", 3 * n, 1 + n % 5) for n in range(more)), *operations]
    for number, (what, where, step) in enumerate(operations):
        if what == "put":
            key = (where, number)
            place = bisect_right(keys, key)
            keys.insert(place, key)
            steps.insert(place, step)
            states.insert(key, step)
        elif what == "remove" and keys:
            place = where % len(keys)
            states.remove(keys[place])
            del keys[place], steps[place]
        whole = list(accumulate(steps, after, initial=0))
        if what == "before":
            key = (where, 7)
            assert states.before(key) == whole[sum(one < key for one in keys)]
        elif what == "until" and keys:
            place = where % len(keys)
            assert states.until(keys[place]) == whole[place + 1]
        elif what == "last":
            assert states.last == whole[-1]
    assert states.last == whole[-1] if operations else states.last == 0
    for place, key in enumerate(keys):
        assert (states.before(key), states.until(key)) == (whole[place], whole[place + 1])


def test_a_late_step_costs_what_it_changes():
    """It is folded from the checkpoint before it to where the state is the same again."""
    states = States(0, after)
    for number in range(10_000):
        states.insert((number, 0), 95 if number % 10 == 0 else 1)
        assert states.last >= 0
    assert states.applied == 10_000
    states.insert((5_001, 1), 3)
    assert states.last == 95 + 9
    assert states.applied <= 10_000 + 3 * SPACING
    assert (5_001, 1) < states.moved <= (5_001 + 10 + SPACING, 0)
    states.remove((5_001, 1))
    states.insert((5_001, 1), 3)
    assert states.last == 95 + 9
    assert states.applied <= 10_000 + 6 * SPACING


def test_many_late_steps_are_folded_at_once():
    """Nothing is folded before a state is asked for."""
    states = States(0, after)
    for number in range(2_000):
        states.insert((number, 0), 1)
    assert states.last == 2_000
    for number in reversed(range(1_600)):
        states.insert((number, 1), 1)
    assert states.applied == 2_000
    assert states.last == 3_600
    assert states.applied <= 2_000 + 3_600


def test_few_states_are_kept():
    """All of the last ones, and of those before them one in so many."""
    states = States(0, after)
    for number in range(3_000):
        states.insert((number, 0), 1)
        assert states.last == number + 1
    kept = sum(state is not None for state in states._states)
    assert kept <= RECENT + 3_000 / SPACING + 2


@pytest.mark.parametrize(("step", "moved"), [(0, (5, 0)), (1, END)])
def test_moved(step, moved):
    """It is said from which key on every state is what it was; at first, from the very first."""
    states = States(0, after)
    assert states.moved == FIRST
    for number in range(5, 10):
        states.insert((number, 0), 1)
    assert states.last == 5
    states.insert((3, 0), step)
    assert states.last == 5 + step
    assert states.moved == moved
    assert states.changed == (3, 0)
    assert LAST > 10
