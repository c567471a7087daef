"""Files and folders that only their user may read, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from touchline.runtime import files


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=lambda mask: f"umask {mask:03o}")
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_every_folder_that_is_missing_is_made_private(tmp_path: Path) -> None:
    """Those above the one asked for too; one that was there keeps its mode."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(0o755)
    files.make_folder(tmp_path / "there/above/folder")
    files.make_folder(tmp_path / "there/above/folder")
    assert mode(tmp_path / "there") == 0o755
    assert mode(tmp_path / "there/above") == mode(tmp_path / "there/above/folder") == 0o700


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    """What stands in the way is not removed."""
    (tmp_path / "file").write_text("content")
    for name in ("file", "file/folder"):
        with pytest.raises(OSError, match="file"):
            files.make_folder(tmp_path / name)
    assert (tmp_path / "file").read_text() == "content"


@pytest.mark.usefixtures("umask")
def test_a_file_is_made_private(tmp_path: Path) -> None:
    """It is empty, and its user may read and write it."""
    files.create(tmp_path / "file")
    assert mode(tmp_path / "file") == 0o600
    assert (tmp_path / "file").read_bytes() == b""


def test_a_file_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    """Neither its content nor the mode that somebody gave it changes."""
    (tmp_path / "file").write_text("content")
    (tmp_path / "file").chmod(0o640)
    files.create(tmp_path / "file")
    assert mode(tmp_path / "file") == 0o640
    assert (tmp_path / "file").read_text() == "content"


def test_a_file_that_others_can_read_is_taken_from_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With what SQLite keeps beside it; the log says so of each, once."""
    names = ("journal.db", "journal.db-wal", "journal.db-shm")
    for name in names:
        (tmp_path / name).write_text("content")
        (tmp_path / name).chmod(0o644)
    files.tighten(tmp_path / "journal.db")
    files.tighten(tmp_path / "journal.db")
    assert {mode(tmp_path / name) for name in names} == {0o600}
    assert len(caplog.messages) == 3
    assert "0644" in caplog.text
    files.tighten(tmp_path / "missing")
    files.tighten(Path(os.devnull))
    assert mode(Path(os.devnull)) & 0o066


@pytest.mark.usefixtures("umask")
def test_a_log_is_opened_empty_and_private(tmp_path: Path) -> None:
    """One that was there as well."""
    (tmp_path / "log").write_text("before")
    for name in ("log", "new"):
        with files.open_new(tmp_path / name) as file:
            file.write(b"line\n")
            assert (tmp_path / name).read_bytes() == b"line\n"
        assert mode(tmp_path / name) == 0o600
