"""What the keys of one burst alone say is never on the timeline, and mistakes in that are seen."""

from __future__ import annotations

import pytest

from .enrolment_bursts import EnrolmentBursts, caught
from .test_mutations import bursts_are_many_voices, everybody_is_one_voice


@pytest.mark.parametrize("seed", range(1, 7))
def test_one_voice(seed):
    """Whatever one person says by keys made at once, what the others saw is told, and nothing
    else."""
    world = EnrolmentBursts(seed)
    world.run()
    assert world.lies > 3


@pytest.mark.parametrize(
    ("mutate", "why"),
    [(bursts_are_many_voices, "made up"), (everybody_is_one_voice, "have seen")],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_caught(mutate, why, monkeypatch):
    """A mistake in who counts as one voice violates what must hold within some seeds."""
    mutate(monkeypatch)
    found = caught(20)
    print(found)
    assert why in found
