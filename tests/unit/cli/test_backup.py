"""`touchline backup`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from touchline.cli.main import touchline


def test_there_and_back(tmp_path: Path) -> None:
    """A copy is made and put back; each command says what it did, and what it refuses."""
    file, copy, new = tmp_path / "a.db", tmp_path / "copy.db", tmp_path / "b.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (x)")
    run = CliRunner().invoke
    saved = run(touchline, ["backup", str(file), str(copy), "--json"])
    assert json.loads(saved.stdout) == {
        "type": "backup",
        "file": str(copy),
        "bytes": copy.stat().st_size,
    }
    assert "exists" in str(run(touchline, ["backup", str(file), str(copy)]).exception)
    assert "restored from" in run(touchline, ["restore", str(copy), str(new)]).stdout
    with closing(sqlite3.connect(new)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]
