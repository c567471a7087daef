"""A host's settings are checked before it starts."""

from __future__ import annotations

import pytest

from touchline.peer.host.options import Options
from touchline.protocol.errors import SettingError


def test_defaults():
    """The defaults are good, and a reporter's silence is two heartbeats."""
    options = Options()
    assert options.patience == 20.0
    assert options.policy.name == "quorum"
    assert Options(presence=3.0).patience == 3.0


@pytest.mark.parametrize(
    ("flag", "fields"),
    [
        ("--broker", {"broker": "no address at all"}),
        ("--bind", {"bind": "127.0.0.1:80:90"}),
        ("--bind", {"bind": "127.0.0.1:80"}),
        ("--heartbeat", {"heartbeat": 0.01}),
        ("--heartbeat", {"heartbeat": 31.0}),
        ("--heartbeat", {"heartbeat": float("nan")}),
        ("--claim-ttl", {"claim_ttl": -1.0}),
        ("--presence", {"presence": 90_000.0}),
        ("--finish-after", {"finish_after": float("inf")}),
        ("--alarm-every", {"alarm_every": 0.05}),
        ("--alarm-every", {"alarm_every": float("nan")}),
        ("--late-after", {"late_after": -1.0}),
        ("--confirm-wait", {"confirm_wait": float("inf")}),
        ("--router", {"router": 70_000}),
        ("--pull", {"pull": -1}),
        ("--pub", {"pub": 65_536}),
        ("--verdict", {"verdict": "oracle"}),
    ],
)
def test_bad(flag, fields):
    """A value that can't be stops the start and names its flag."""
    with pytest.raises(SettingError, match=f"^{flag}: "):
        Options(**fields)
