"""Databases as a release left them: see `tests/fixtures/release-0.1`."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

FOLDER = Path(__file__).parent / "fixtures" / "release-0.1"


def load(name: str, path: Path) -> str:
    """Make the SQLite database of a dump; return its URL."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FOLDER / f"{name}.sql").read_text("utf-8"))
    return f"sqlite:///{path}"


def load_postgresql(name: str, url: str) -> None:
    """Make in PostgreSQL what the release would have made there, with the rows of a dump."""
    dump = (FOLDER / f"{name}.sql").read_text("utf-8")
    lines = dump.removeprefix("BEGIN TRANSACTION;\n").removesuffix("COMMIT;\n")
    statements = [one.strip() for one in lines.split(";\n") if one.strip()]
    tables = [one for one in statements if one.startswith("CREATE TABLE")]
    tables.sort(key=lambda one: one.count("FOREIGN KEY"))  # what others refer to comes first
    rank = {re.split(r"[ (]", one)[2]: at for at, one in enumerate(tables)}
    rows = [one for one in statements if one.startswith("INSERT")]
    rows.sort(key=lambda one: rank[one.split('"')[1]])
    indexes = [one for one in statements if one.startswith("CREATE INDEX")]
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in (*tables, *rows, *indexes):
            there = re.sub(r"\bX'([0-9A-F]*)'", r"decode('\1', 'hex')", statement)
            there = re.sub(r"\bBLOB\b", "BYTEA", there)
            there = re.sub(r"\b(one|number) INTEGER NOT NULL", r"\1 SERIAL NOT NULL", there)
            connection.exec_driver_sql(there)
        if "turns" in rank:
            last = (
                "SELECT setval(pg_get_serial_sequence('turns', 'number'), max(number)) FROM turns"
            )
            connection.exec_driver_sql(last)
    engine.dispose()
