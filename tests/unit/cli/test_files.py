"""Files that commands read and write whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from touchline.cli import files
from touchline.protocol.errors import SettingError, StorageFault


def test_written_whole(tmp_path: Path) -> None:
    """What is written is read again, and nothing else lies beside it."""
    path = tmp_path / "x"
    files.write_bytes(path, b"one")
    files.write_bytes(path, b"two")
    assert files.read_bytes(str(path)) == b"two"
    assert os.listdir(tmp_path) == ["x"]


def test_modes(tmp_path: Path) -> None:
    """A new file has the mode that the umask leaves, one that is replaced keeps its own."""
    path = tmp_path / "x"
    before = os.umask(0o027)
    try:
        files.write_bytes(path, b"one")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o600)
    files.write_bytes(path, b"two")
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file cannot be written the one that was there stays, and no draft is left."""
    with pytest.raises(StorageFault, match="none"):
        files.write_bytes(tmp_path / "none" / "x", b"one")
    path = tmp_path / "x"
    files.write_bytes(path, b"one")

    def refuse(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StorageFault, match="No space left"):
        files.write_bytes(path, b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["x"]


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there, or too large, is told."""
    with pytest.raises(StorageFault):
        files.read_bytes(str(tmp_path / "none"))
    path = tmp_path / "x"
    path.write_bytes(bytes(11))
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    with pytest.raises(SettingError, match="more than the 10 bytes"):
        files.read_bytes(str(path))
