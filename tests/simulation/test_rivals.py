"""Two hosts of one event never serve it at one time, and mistakes in that are seen."""

from __future__ import annotations

import pytest

from .rivals import caught, run
from .test_mutations import (
    fence_unseen_after_the_commit,
    fenced_from_the_answer,
    never_begun,
    never_fenced,
    recovered_again,
    recovered_votes_dropped,
    recovery_forgotten,
    taken_over_as_it_was,
)

SEEDS = 60
"""Within how many seeds a mistake must be caught."""


@pytest.mark.parametrize("seed", range(1, 9))
def test_one_at_a_time(seed):
    """Whatever happens to two hosts, one publishes and confirms at a time, and in the end one has
    the event and all reports."""
    run(seed)


def test_the_event_goes_over():
    """Such seeds see the event go from one host to the other."""
    assert run(1).taken_over > 0


def test_reports_go_over():
    """Such seeds see reports that one host has from the other."""
    assert any(run(seed).recovered for seed in range(1, 9))


def test_votes_go_over():
    """And votes to delete, to amend and to end, which count where they come to."""
    missing = {"delete", "amend", "end"}
    for seed in range(2, 40, 4):
        missing -= run(seed).words_recovered
        if not missing:
            return
    raise AssertionError(f"no vote to {' or '.join(sorted(missing))} has gone over")


@pytest.mark.parametrize(
    "mutate",
    [never_fenced, fenced_from_the_answer, fence_unseen_after_the_commit],
    ids=lambda mutate: mutate.__name__,
)
def test_caught(mutate, monkeypatch):
    """A mistake in the fence violates what must hold within some seeds."""
    mutate(monkeypatch)
    found = caught(SEEDS)
    print(found)
    assert "without a lease" in found or "two hosts publish" in found or "again" in found


@pytest.mark.parametrize(
    ("mutate", "why"),
    [
        (recovery_forgotten, "of the reports"),
        (recovered_again, "that it had"),
        (recovered_votes_dropped, "a vote to"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_recovery_caught(mutate, why, monkeypatch):
    """So does a mistake in what goes from one host to the other."""
    mutate(monkeypatch)
    found = caught(SEEDS)
    print(found)
    assert why in found


@pytest.mark.parametrize("mutate", [taken_over_as_it_was, never_begun])
def test_a_journal_that_is_shared_caught(mutate, monkeypatch):
    """So does one in how a host takes over what another has stored."""
    mutate(monkeypatch)
    found = caught(SEEDS)
    print(found)
    assert found
