"""Where a process keeps what outlives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.runtime.folders import configuration_folder, data_folder


def test_one_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TOUCHLINE_HOME names the folder of everything when it is asked for."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    assert data_folder() == configuration_folder() == tmp_path


def test_the_folders_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TOUCHLINE_HOME, or with an empty one, the folders are the system's."""
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("TOUCHLINE_HOME", raising=False)
        else:
            monkeypatch.setenv("TOUCHLINE_HOME", value)
        monkeypatch.setenv("XDG_DATA_HOME", "/data")
        monkeypatch.setenv("XDG_CONFIG_HOME", "/configuration")
        assert data_folder() == Path("/data/touchline")
        assert configuration_folder() == Path("/configuration/touchline")
