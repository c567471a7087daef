from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from touchline.peer import identity
from touchline.protocol.errors import SettingError, StorageFault


def test_made_once(tmp_path: Path) -> None:
    """A name has one identity, its own, in a file that only its owner can read."""
    folder = tmp_path / "deep" / "identities"
    ann = identity.load("Ann B.", folder)
    assert len(ann) == 32
    assert identity.load("Ann B.", folder) == ann
    assert identity.load("Åsa", folder) != ann
    assert (folder / "Ann B.").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(os.listdir(folder)) == ["Ann B.", "Åsa"]


def test_first_use_at_once(tmp_path: Path) -> None:
    """Of several that use a name for the first time at once, all get the same."""
    found: list[str] = []
    start = threading.Barrier(8)

    def load() -> None:
        start.wait()
        found.append(identity.load("ann", tmp_path))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_quicker_process(tmp_path: Path) -> None:
    """An identity written by another process in between is kept, and no draft is left."""
    path = tmp_path / "ann"
    path.write_text("x" * 32)
    identity._make(path)
    assert identity.load("ann", tmp_path) == "x" * 32
    assert os.listdir(tmp_path) == ["ann"]


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", ".hidden", "a/b", "a\\b", "a\0b", "a\nb", "é" * 101, "\udcff"]
)
def test_bad_name(tmp_path: Path, name: str) -> None:
    """A name that can't be a file's in this folder is refused, and nothing is made."""
    with pytest.raises(SettingError):
        identity.load(name, tmp_path)
    assert not os.listdir(tmp_path)


def test_damaged(tmp_path: Path) -> None:
    """A file that holds no identity is named, not replaced."""
    (tmp_path / "ann").write_text("short")
    with pytest.raises(StorageFault, match="5 characters, at least 16"):
        identity.load("ann", tmp_path)
    (tmp_path / "ann").write_bytes(b"\xff" * 32)
    with pytest.raises(StorageFault):
        identity.load("ann", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StorageFault):
        identity.load("ann", tmp_path / "file")


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TOUCHLINE_HOME says where identities are kept; else it is the configuration folder."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    identity.load("ann")
    assert (tmp_path / "identities" / "ann").exists()
    monkeypatch.delenv("TOUCHLINE_HOME")
    assert identity.default_folder().parts[-2:] == ("touchline", "identities")
