"""The folder of sheets: read when asked for, believed only where they hold."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from tests.unit.peer.grades.making import grade, sheet
from touchline.gateway import sheets
from touchline.gateway.sheets import SheetFolder
from touchline.peer.grades.sheet import GradeSheet, encode

FIRST = sheet(grade("ann", (3, 1, 0, 2)), event="first")
SECOND = sheet(grade("bob"), event="second")


def put(folder: Path, one: GradeSheet, name: str = "") -> Path:
    path = folder / f"{name or one.header.event}.sheet"
    path.write_bytes(encode(one))
    return path


def test_by_event(tmp_path: Path) -> None:
    """Each event's sheet is in the file of its name."""
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)
    folder = SheetFolder(str(tmp_path))
    assert folder.get("first") == FIRST
    assert folder.get("third") is None
    assert folder.all() == {"first": FIRST, "second": SECOND}


def test_without_a_folder(tmp_path: Path) -> None:
    """Where there is no folder, or none with anything in it, there are no sheets."""
    for path in ("", str(tmp_path / "none"), str(tmp_path)):
        folder = SheetFolder(path)
        assert folder.get("first") is None
        assert folder.all() == {}


def test_a_file_that_changes(tmp_path: Path) -> None:
    """A file that comes, is replaced or goes is noticed; one that stays is read once."""
    folder = SheetFolder(str(tmp_path))
    assert folder.get("first") is None
    path = put(tmp_path, FIRST)
    found = folder.get("first")
    assert found == FIRST
    assert folder.get("first") is found
    again = sheet(grade("ann", (4, 0, 0, 22)), event="first")
    put(tmp_path, again)
    os.utime(path, ns=(1, 1))
    assert folder.get("first") == again
    path.unlink()
    assert folder.get("first") is None
    assert folder.all() == {}


def test_what_does_not_hold(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sheet that was changed, is another event's or too large is left out; the log says it
    once."""
    path = put(tmp_path, FIRST)
    path.write_bytes(path.read_bytes().replace(b'"hits":3', b'"hits":4'))
    put(tmp_path, SECOND, "other")
    folder = SheetFolder(str(tmp_path))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert folder.all() == {}
    assert len(caplog.messages) == 2
    assert "the signature is not that of" in caplog.text
    assert "the sheet is of the event second" in caplog.text
    monkeypatch.setattr(sheets, "MOST_BYTES", 10)
    put(tmp_path, SECOND)
    assert folder.get("second") is None


@pytest.mark.parametrize("event", ["../first", "..", ".", "", "a/../first", "first\0"])
def test_nothing_outside_the_folder(tmp_path: Path, event: str) -> None:
    """No name of an event leads out of the folder."""
    within = tmp_path / "in"
    (within / "a").mkdir(parents=True)
    put(tmp_path, FIRST)
    put(within, FIRST)
    assert SheetFolder(str(within)).get(event) is None
