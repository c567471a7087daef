"""How a database is opened through SQLAlchemy, SQLite by the rules of `runtime/sqlite.py`.

SQLAlchemy is slow to import: only a process that holds a database imports this, and late.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from . import sqlite


def is_sqlite(url: URL) -> bool:
    """Return whether a URL names a database of SQLite."""
    return url.get_backend_name() == "sqlite"


def open_engine(url: URL, *, pragmas: Sequence[str] = (), **options: Any) -> Engine:
    """Return an engine for a database; a file of SQLite's is made with its folders.

    Args:
        url: of SQLite or PostgreSQL.
        pragmas: settings of SQLite to make before those that all of them share.
        options: those of `create_engine`.

    Raises:
        OSError: the file cannot be made.
        SQLAlchemyError: the URL or an option is not valid.
        ImportError: the driver is not installed.
    """
    if not is_sqlite(url):
        return create_engine(url, **options)
    engine = create_engine(url, **options)
    name, uri = _name(url)
    sqlite.create(name, uri=uri)

    def prepare(connection: Any, _: object) -> None:
        for pragma in (*pragmas, *sqlite.PRAGMAS):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine


def file_of(url: URL) -> Path | None:
    """Return the file of a database of SQLite; None where it has none, and for PostgreSQL.

    Raises:
        SQLAlchemyError: the URL is not valid.
    """
    if not is_sqlite(url):
        return None
    name, uri = _name(url)
    return sqlite.file_of(name, uri=uri)


def _name(url: URL) -> tuple[str, bool]:
    """Return the name that a URL gives to SQLite, and whether that is a URI."""
    (name,), options = url.get_dialect()().create_connect_args(url)
    return name or "", bool(options.get("uri"))


def cause(error: Exception) -> str:
    """Return the first line of what the driver said; SQLAlchemy adds statement and parameters.

    Args:
        error: SQLAlchemy's, or the driver's own.
    """
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
