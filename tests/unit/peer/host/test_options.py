"""What a host checks of its settings beside their bounds; tests/unit/runtime tries those."""

from __future__ import annotations

import pytest

from touchline.peer.host.options import Options
from touchline.protocol.errors import SettingError


def test_the_defaults_are_valid():
    """The defaults are good, and a reporter's silence is two heartbeats."""
    options = Options()
    assert options.patience == 20.0
    assert options.policy.name == "evidence"
    assert Options(presence=3.0).patience == 3.0


@pytest.mark.parametrize(
    ("flag", "fields"),
    [
        ("--broker", {"broker": "no address at all"}),
        ("--bind", {"bind": "127.0.0.1:80:90"}),
        ("--bind", {"bind": "127.0.0.1:80"}),
        ("--verdict", {"verdict": "oracle"}),
    ],
)
def test_a_bad_value_names_its_flag(flag, fields):
    """A value that is not valid stops the start and names its flag."""
    with pytest.raises(SettingError, match=f"^{flag}: "):
        Options(**fields)
