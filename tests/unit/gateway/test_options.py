"""What a gateway checks of its settings beside their bounds; tests/unit/runtime tries those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from touchline.gateway.options import Options
from touchline.protocol.errors import SettingError


def test_the_defaults_are_valid() -> None:
    """The defaults are valid."""
    options = Options()
    assert (options.host, options.port) == ("127.0.0.1", 8080)
    assert options.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("setting", "value", "flag"),
    [
        ("host", " ", "--host"),
        ("forwarded_by", "proxy.example", "--forwarded-by"),
        ("forwarded_by", "10.0.0.0/99", "--forwarded-by"),
        ("webhook_token", "short", "--webhook-token"),
    ],
)
def test_a_bad_value_names_its_flag(setting: str, value: Any, flag: str) -> None:
    """A value that is not valid stops the start, and the sentence names the flag."""
    with pytest.raises(SettingError, match=f"^{flag}: "):
        Options(**{setting: value})


def test_a_star_is_every_interface() -> None:
    """A star is every interface, and an IPv6 address may stand in brackets."""
    assert Options(host="*").address == "0.0.0.0"
    assert Options(host="[::1]").address == "::1"
    assert Options(forwarded_by="10.0.0.1, 10.1.0.0/16").forwarded_by


def test_the_folder_is_the_named_one_or_in_the_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What outlives the gateway lies in the folder that is named, or below TOUCHLINE_HOME."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    assert Options().home == tmp_path / "gateway"
    assert Options(folder="/srv/g").home == Path("/srv/g")
