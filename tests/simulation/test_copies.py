"""What a host with `--sync` has confirmed and published outlives its machine, and mistakes in that
are seen."""

from __future__ import annotations

import pytest

from .copies import run
from .rivals import caught
from .test_mutations import (
    acknowledged_before_stored,
    epoch_not_raised,
    never_fenced,
    published_before_the_copy,
    receipts_before_the_copy,
    votes_dropped,
)

SEEDS = 40
"""Within how many seeds a mistake must be caught."""


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_copy_has_it(seed):
    """Whatever happens to two hosts of which one waits for the other's copy: when its machine is
    gone, the copy goes on with all that was confirmed and published, and each report counts
    once."""
    run(seed)


def test_the_host_waits():
    """Such seeds see a host that takes nothing in, since no copy comes."""
    assert any(run(seed).stalled for seed in range(1, 9))


@pytest.mark.parametrize(
    ("mutate", "why"),
    [
        (receipts_before_the_copy, "of which no copy is"),
        (published_before_the_copy, "seq"),
        (acknowledged_before_stored, ""),
        (votes_dropped, "votes"),
        (epoch_not_raised, "epoch"),
        (never_fenced, ""),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_caught(mutate, why, monkeypatch):
    """A mistake violates what must hold within some seeds."""
    mutate(monkeypatch)
    found = caught(SEEDS, run)
    print(found)
    assert found
    assert why in found
