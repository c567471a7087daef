"""What waits for a copy, and the table of its states, walked pair by pair."""

from __future__ import annotations

import pytest

from touchline.peer.host.sync import STALL_SECONDS, TABLE, SyncGate, SyncInput, SyncState

STATES = list(SyncState)

# The next state from each, in the order of STATES: from LEVEL, BEHIND, STALLED, ALONE;
# None where the pair is refused.
EXPECTED = {
    "STORED": ("BEHIND", "BEHIND", "STALLED", "ALONE"),
    "SOME": (None, "BEHIND", "BEHIND", None),
    "ALL": ("LEVEL", "LEVEL", "LEVEL", "LEVEL"),
    "DUE": (None, "STALLED", "ALONE", None),
}

BOUND = 30.0


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("found", list(SyncInput))
def test_every_pair(state, found):
    """Each state takes the inputs of the table to the states of the table, and no other."""
    expected = EXPECTED[found.name][STATES.index(state)]
    transition = TABLE[state].get(found)
    assert (transition and transition[0].name) == expected


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("found", list(SyncInput))
def test_a_refused_pair_changes_nothing(state, found):
    """What is not in the table leaves state and timer as they are."""
    gate = SyncGate(BOUND)
    gate.state = state
    if found in TABLE[state]:
        return
    before = gate.state, gate.next_timer()
    gate._step(found, 5.0)
    assert (gate.state, gate.next_timer()) == before


def test_what_is_sent_and_when():
    """What a turn has led to is sent when a copy has the turn, in the order of turns; what follows
    without a turn of its own waits behind it."""
    gate = SyncGate(0)
    assert gate.hold({}, "answer", 0.0) == ["answer"]
    assert gate.hold({"e": 1}, "one", 0.0) == []
    assert gate.hold({}, "after one", 0.1) == []
    assert gate.hold({"e": 2, "f": 7}, "two", 0.2) == []
    assert gate.waiting == 3
    assert gate.acknowledged({"e": 0}, 0.3, level=False) == []
    assert gate.acknowledged({"e": 1}, 0.4, level=False) == ["one", "after one"]
    assert gate.acknowledged({"e": 2}, 0.5, level=False) == []
    assert gate.acknowledged({"e": 2, "f": 7}, 0.6, level=True) == ["two"]
    assert gate.state is SyncState.LEVEL
    assert gate.hold({}, "answer", 0.7) == ["answer"]


def test_a_copy_that_does_not_come():
    """After a while nothing is taken in; without a bound that lasts until a copy has some of it."""
    gate = SyncGate(0)
    gate.hold({"e": 1}, "one", 10.0)
    gate.hold({"e": 2}, "two", 11.0)
    assert gate.next_timer() == 10.0 + STALL_SECONDS
    assert gate.handle_timer(10.0 + STALL_SECONDS) == []
    assert gate.stalled
    assert gate.handle_timer(1e9) == []
    assert gate.stalled
    assert gate.acknowledged({"e": 1}, 50.0, level=False) == ["one"]
    assert not gate.stalled
    assert gate.next_timer() == 50.0 + STALL_SECONDS
    assert gate.acknowledged({"e": 2}, 51.0, level=True) == ["two"]
    assert gate.handle_timer(1e9) == []
    assert gate.state is SyncState.LEVEL


@pytest.mark.parametrize("bound", [BOUND, 1.0])
def test_a_bound(bound):
    """With a bound all is sent after it, and what follows as well, until a copy has all again."""
    gate = SyncGate(bound)
    gate.hold({"e": 1}, "one", 10.0)
    assert gate.handle_timer(10.0 + max(bound, STALL_SECONDS)) == ["one"]
    assert gate.alone
    assert gate.hold({"e": 2}, "two", 60.0) == ["two"]
    assert gate.acknowledged({"e": 1}, 61.0, level=False) == []
    assert gate.alone
    assert gate.acknowledged({"e": 2}, 62.0, level=True) == []
    assert gate.hold({"e": 3}, "three", 63.0) == []


def test_an_event_that_goes():
    """No turn of an event is waited for that is no longer served here."""
    gate = SyncGate(0)
    gate.hold({"e": 1, "f": 1}, "one", 0.0)
    gate.forget("e")
    assert gate.acknowledged({"f": 1}, 1.0, level=True) == ["one"]
    assert gate.state is SyncState.LEVEL
