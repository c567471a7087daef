from __future__ import annotations

import pytest

from touchline import sports
from touchline.protocol.errors import SettingError
from touchline.sports import shipped


@pytest.mark.parametrize("name", shipped.names())
def test_a_contest_is_played_by_its_definition(name: str) -> None:
    """It begins, and is shown under a name of its own."""
    sport, rules = shipped.resolved(name, {})
    assert sport == "custom"
    sports.get(sport).start(["A", "B"], rules)
    assert sports.presentation_of(sport, rules).text not in ("", "Custom")


def test_what_comes_along() -> None:
    """A file of settings beside the definitions is no contest."""
    assert {"handball", "ice-hockey", "quiz"} <= set(shipped.names())
    assert "touchline" not in shipped.names()


def test_another_sport_stays_as_it_is() -> None:
    """The rules are those that were given; a contest with a definition takes no other one."""
    assert shipped.resolved("tennis", {"best_of": 5}) == ("tennis", {"best_of": 5})
    assert shipped.resolved("chess", {}) == ("chess", {})
    with pytest.raises(SettingError, match="definition of its own"):
        shipped.resolved("handball", {"definition": {}})


def test_who_may_take_part() -> None:
    """Two sides where there are periods or sets, any number else."""
    many = {
        name: sports.presentation_of(*shipped.resolved(name, {})).many
        for name in ("handball", "darts", "quiz", "race", "football")
    }
    assert many == {
        "handball": False, "darts": False, "quiz": True, "race": True, "football": False,
    }  # fmt: skip
