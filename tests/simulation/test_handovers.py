"""An event that is handed over as planned goes on elsewhere unnoticed, and mistakes in that are
seen."""

from __future__ import annotations

import pytest

from .handovers import run
from .rivals import caught
from .test_mutations import epoch_not_raised, handed_over_unsaid, taken_over_as_it_was

SEEDS = 20
"""Within how many seeds a mistake must be caught."""


@pytest.mark.parametrize("seed", range(1, 9))
def test_it_goes_on(seed):
    """Drained, added elsewhere or dropped and added: the event goes on at the next epoch without a
    hole, with every report that was receipted, and no viewer takes its host for lost."""
    assert run(seed).moves > 2


@pytest.mark.parametrize(
    ("mutate", "why"),
    [(handed_over_unsaid, "misses the host"), (taken_over_as_it_was, ""), (epoch_not_raised, "")],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_caught(mutate, why, monkeypatch):
    """A mistake violates what must hold within some seeds."""
    mutate(monkeypatch)
    found = caught(SEEDS, run)
    print(found)
    assert found
    assert why in found
