"""Every setting of a gateway is checked."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from touchline.gateway.options import Options
from touchline.protocol.errors import SettingError


def test_defaults_hold() -> None:
    """The defaults can be."""
    options = Options()
    assert (options.host, options.port) == ("127.0.0.1", 8080)
    assert options.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("setting", "value", "flag"),
    [
        ("host", " ", "--host"),
        ("port", 65_536, "--port"),
        ("port", -1, "--port"),
        ("heartbeat", 0.4, "--heartbeat"),
        ("heartbeat", float("nan"), "--heartbeat"),
        ("max_events", 0, "--max-events"),
        ("linger", -1.0, "--linger"),
        ("history_mb", 0, "--history-mb"),
        ("max_connections", 0, "--max-connections"),
        ("per_address", 0, "--per-address"),
        ("max_body", 10, "--max-body"),
        ("max_frame", 10, "--max-frame"),
        ("queue_messages", 0, "--queue-messages"),
        ("queue_bytes", 10, "--queue-bytes"),
        ("stalled", 0.0, "--stalled"),
        ("patience", 0.0, "--patience"),
        ("forwarded_by", "proxy.example", "--forwarded-by"),
        ("forwarded_by", "10.0.0.0/99", "--forwarded-by"),
        ("drain_seconds", 61.0, "--drain-seconds"),
    ],
)
def test_what_cannot_be(setting: str, value: Any, flag: str) -> None:
    """A value that can't be stops the start, and the sentence names the flag."""
    assert setting in {field.name for field in fields(Options)}
    with pytest.raises(SettingError, match=f"^{flag}: "):
        Options(**{setting: value})


def test_addresses() -> None:
    """A star is every interface, and an IPv6 address may stand in brackets."""
    assert Options(host="*").address == "0.0.0.0"
    assert Options(host="[::1]").address == "::1"
    assert Options(forwarded_by="10.0.0.1, 10.1.0.0/16").forwarded_by


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What outlives the gateway lies in the folder that is named, or below TOUCHLINE_HOME."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    assert Options().home == tmp_path / "gateway"
    assert Options(folder="/srv/g").home == Path("/srv/g")
