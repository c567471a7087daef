"""Identities on disk: made once, whole, and nobody else's to read."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from touchline.peer import identity
from touchline.protocol.errors import SettingError, StorageFault
from touchline.protocol.keys import Identity


def test_made_once(tmp_path: Path) -> None:
    """A name has one identity, its own, in a file that only its owner can read."""
    folder = tmp_path / "deep" / "identities"
    ann = identity.load("Ann B.", folder)
    assert identity.load("Ann B.", folder).seed == ann.seed
    assert identity.load("Åsa", folder).peer != ann.peer
    assert (folder / "Ann B.").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(os.listdir(folder)) == ["Ann B.", "Åsa"]
    assert identity.names(folder) == ["Ann B.", "Åsa"]


def test_first_use_at_once(tmp_path: Path) -> None:
    """Of several that use a name for the first time at once, all get the same."""
    found: list[bytes] = []
    start = threading.Barrier(8)

    def load() -> None:
        start.wait()
        found.append(identity.load("ann", tmp_path).seed)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_quicker_process(tmp_path: Path) -> None:
    """An identity written by another process in between is kept, and no draft is left."""
    assert identity._write(tmp_path / "ann", b"x" * 32)
    assert not identity._write(tmp_path / "ann", b"y" * 32)
    assert identity.load("ann", tmp_path).seed == b"x" * 32
    assert os.listdir(tmp_path) == ["ann"]


def test_create(tmp_path: Path) -> None:
    """An identity can be made ahead, or of a secret from elsewhere, and never replaces another."""
    ann = identity.create("ann", tmp_path)
    assert identity.load("ann", tmp_path).seed == ann.seed
    assert identity.create("ben", tmp_path, seed=b"b" * 32).peer == Identity(b"b" * 32).peer
    with pytest.raises(SettingError, match="ann has an identity"):
        identity.create("ann", tmp_path)
    with pytest.raises(SettingError, match="5 bytes, 32 needed"):
        identity.create("cat", tmp_path, seed=b"short")
    assert identity.load("ann", tmp_path).seed == ann.seed
    assert sorted(os.listdir(tmp_path)) == ["ann", "ben"]
    with pytest.raises(StorageFault):
        identity.create("dan", tmp_path / "ann")


def test_names(tmp_path: Path) -> None:
    """Drafts and hidden files are no names; where there is no folder there is no name."""
    (tmp_path / ".new-123").touch()
    assert identity.names(tmp_path) == []
    assert identity.names(tmp_path / "none") == []
    (tmp_path / "file").touch()
    with pytest.raises(StorageFault):
        identity.names(tmp_path / "file")


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", ".hidden", "a/b", "a\\b", "a\0b", "a\nb", "é" * 101, "\udcff"]
)
def test_bad_name(tmp_path: Path, name: str) -> None:
    """A name that can't be a file's in this folder is refused, and nothing is made."""
    with pytest.raises(SettingError):
        identity.load(name, tmp_path)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o601])
def test_read_by_others(tmp_path: Path, mode: int) -> None:
    """A secret that others could read, write or use is refused, with what to do."""
    identity.load("ann", tmp_path)
    (tmp_path / "ann").chmod(mode)
    with pytest.raises(StorageFault, match=rf"mode {mode:04o}.*chmod 600"):
        identity.load("ann", tmp_path)


def test_damaged(tmp_path: Path) -> None:
    """A file that holds no identity is named, not replaced."""
    file = tmp_path / "ann"
    for content in (b"", b"short", b"\xff" * 32, b"ab" * 31, b"ab" * 33, b"zz" * 32):
        file.write_bytes(content)
        file.chmod(0o600)
        with pytest.raises(StorageFault, match="ann holds no secret of 32 bytes"):
            identity.load("ann", tmp_path)
        assert file.read_bytes() == content
    with pytest.raises(StorageFault):
        identity.load("ben", file)


def test_a_file_of_its_own(tmp_path: Path) -> None:
    """An identity can be kept in any file, as a broker's is."""
    path = tmp_path / "deep" / "broker.key"
    made = identity.load_file(path)
    assert identity.load_file(path).seed == made.seed
    assert path.stat().st_mode & 0o777 == 0o600


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TOUCHLINE_HOME says where identities are kept; else it is the configuration folder."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    identity.load("ann")
    assert (tmp_path / "identities" / "ann").exists()
    monkeypatch.delenv("TOUCHLINE_HOME")
    assert identity.default_folder().parts[-2:] == ("touchline", "identities")
