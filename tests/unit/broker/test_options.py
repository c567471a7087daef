"""What a broker checks of its settings beside their bounds; tests/unit/runtime tries those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from touchline.broker.options import Options
from touchline.protocol.errors import SettingError


@pytest.mark.parametrize(
    ("field", "value", "flag"),
    [
        ("bind", "no address at all", "--bind"),
        ("bind", "127.0.0.1:70000", "--bind"),
        ("database", "mysql://root@localhost/x", "--database"),
        ("database", "postgresql://root@localhost/x", "--database"),
        ("database", "sqlite:///:memory:", "--database"),
        ("database", "sqlite:///", "--database"),
        ("enrolment", "shut", "--enrolment"),
        ("open_role", "operator", "--open-role"),
        ("open_role", "guest", "--open-role"),
        ("operators", (b"x" * 31,), "--operator"),
        ("operators", (bytes(32),), "--operator"),
    ],
)
def test_a_bad_value_names_its_flag(field: str, value: Any, flag: str) -> None:
    """A value that is not valid is refused in a sentence that names the flag."""
    with pytest.raises(SettingError, match=f"^{flag}: "):
        Options(**{field: value})


@pytest.mark.parametrize("bind", ["*:5670", "0.0.0.0", "192.168.1.1:1", "[::]:1", "club.example"])
def test_plain_text_stays_on_this_machine(bind: str) -> None:
    """Plain text is spoken on this machine alone."""
    with pytest.raises(SettingError, match=r"^--insecure: plain text is for this machine alone"):
        Options(bind=bind, insecure=True)
    assert Options(bind="[::1]:1", insecure=True).insecure
    assert not Options(bind=bind).insecure


def test_a_password_is_not_repeated() -> None:
    """A database URL that is refused is not repeated: it may hold a password."""
    with pytest.raises(SettingError) as caught:
        Options(database="mysql://root:opensesame@localhost/x")
    assert "opensesame" not in caught.value.sentence


def test_the_address_becomes_an_endpoint() -> None:
    """The address is bound as a ZeroMQ endpoint, on the default port where none is named."""
    assert Options().endpoint == "tcp://127.0.0.1:5670"
    assert Options(bind="*").endpoint == "tcp://*:5670"


def test_the_default_database_is_in_the_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The default database lies in the folder that TOUCHLINE_HOME names when it is asked for."""
    options = Options()
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    assert options.database_url == f"sqlite:///{tmp_path}/broker.sqlite3"
    monkeypatch.delenv("TOUCHLINE_HOME")
    assert "touchline" in options.database_url
    assert Options(database="sqlite:///x").database_url == "sqlite:///x"
