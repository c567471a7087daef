from __future__ import annotations

import itertools
from typing import get_args

import pytest

from touchline.broker import roles
from touchline.protocol.errors import NotAllowed
from touchline.protocol.messages import Role


def test_the_order_has_every_role() -> None:
    """Each role of the protocol has its place."""
    assert set(roles.ORDER) == set(get_args(Role))


@pytest.mark.parametrize(("low", "high"), [*itertools.combinations(roles.ORDER, 2)])
def test_each_covers_those_before(low: Role, high: Role) -> None:
    """A role may do what those before it may, and its own, and nothing beyond."""
    assert roles.covers(high, low)
    assert roles.covers(low, low)
    assert not roles.covers(low, high)
    assert roles.higher(low, high) == roles.higher(high, low) == high
    roles.require(high, low, "to do so")
    with pytest.raises(NotAllowed, match=f"to do so needs the role {high}, .* as {low}"):
        roles.require(low, high, "to do so")
