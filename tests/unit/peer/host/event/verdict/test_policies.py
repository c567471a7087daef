"""The policies at all small counts."""

from __future__ import annotations

from math import ceil

import pytest

from touchline.peer.host.event.verdict import parse
from touchline.protocol.errors import SettingError

COUNTS = range(13)
NAMES = ["quorum", "majority", "fixed:1", "fixed:2", "fixed:5"]


def wanted(name, present, alone):
    if name.startswith("fixed:"):
        return int(name[6:])
    if alone and present <= 1:
        return 1
    return max(2, ceil(present / 3) if name == "quorum" else present // 2 + 1)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_needed(name, alone):
    """Each policy needs what it says, and never fewer as more are present."""
    policy = parse(name, alone=alone)
    needed = [policy.needed(present) for present in COUNTS]
    assert needed == [wanted(name, present, alone) for present in COUNTS]
    assert needed == sorted(needed)
    assert policy.name == name


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_accept(name, alone):
    """Accepted is exactly what enough are for, and more are for than against."""
    policy = parse(name, alone=alone)
    for present in COUNTS:
        for for_ in range(present + 1):
            for against in range(present - for_ + 1):
                enough = for_ >= wanted(name, present, alone) and for_ > against
                assert policy.accept(for_, against, present) == enough, (for_, against, present)


def test_one_alone_never_decides_against_another():
    """Where one is enough when alone, two who disagree decide nothing."""
    for name in ("quorum", "majority"):
        assert parse(name, alone=True).accept(1, 0, 1)
        assert not parse(name, alone=True).accept(1, 1, 2)
        assert not parse(name).accept(1, 0, 1)


@pytest.mark.parametrize(
    "text", ["", "fixed", "fixed:0", "fixed:-1", "fixed:²", "fixed:2:3", "quorum:2", "Majority"]
)
def test_unknown(text):
    """A name that is no policy is refused by its flag."""
    with pytest.raises(
        SettingError, match=r"^--verdict: .* is not evidence, quorum, majority or fixed:K"
    ):
        parse(text)
