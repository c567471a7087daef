"""How SQLite is opened: durable, private, and patient with another process.

The standard library's driver, for what a command opens and should start at once.
`runtime/database.py` opens it through SQLAlchemy by the same rules.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from ..protocol.errors import StorageFault
from . import files, schema

MEMORY = ":memory:"
"""The name of a database without a file."""

PRAGMAS = ("journal_mode = WAL", "synchronous = FULL")
"""With both, what is committed survives a `kill -9` and a loss of power. SQLite's own default would
be less in WAL mode on some builds, so it is asked for."""

BUSY_SECONDS = 5.0
"""How long a transaction waits for that of another process."""

Step = str | Callable[[sqlite3.Connection], None]
"""Changes the tables of one version to those of the next: statements, or a function."""


def file_of(name: str, *, uri: bool = False) -> Path | None:
    """Return the file of a database; None where it has none.

    Args:
        name: the path of the file, or `MEMORY`.
        uri: whether a name that begins with `file:` is a URI, see https://sqlite.org/uri.html.
    """
    path, options = _read(name, uri=uri)
    in_memory = path == MEMORY or options.get("mode") == "memory" or options.get("vfs") == "memdb"
    return Path(path) if path and not in_memory else None


def create(name: str, *, uri: bool = False) -> None:
    """Create the file of a database and its folders, for this user alone.

    SQLite gives the files it makes beside a database (`-wal`, `-shm`) that one's mode.

    Args:
        name, uri: as those of `file_of`; what SQLite would not create is not created.

    Raises:
        OSError: it cannot be made.
    """
    file = file_of(name, uri=uri)
    if file is not None and _read(name, uri=uri)[1].get("mode", "rwc") == "rwc":
        files.make_folder(file.parent)
        files.create(file)
        files.tighten(file)


def _read(name: str, *, uri: bool) -> tuple[str, dict[str, str]]:
    """Return the path that a name says, and its options; the path is empty where SQLite refuses
    the name."""
    if not (uri and name.startswith("file:")):
        return name, {}
    parts = urlsplit(name)
    path = parts.path if parts.netloc in {"", "localhost"} else ""
    return os.fsdecode(unquote_to_bytes(path)), dict(parse_qsl(parts.query))


def connect(
    path: Path, steps: Mapping[int, Step], *, what: str, any_thread: bool = False
) -> sqlite3.Connection:
    """Open a database, made with its folders where it is missing, with tables of today.

    Each statement is a transaction of its own unless the caller begins one.

    Args:
        path: its file.
        steps: by the version that each leads to; the first makes what is missing of the tables of
            the first release, whose files have version 0 as new ones do.
        what: its name in errors, such as `outbox`.
        any_thread: whether threads other than this one use it; they take turns by themselves.

    Raises:
        StorageFault: it cannot be opened or written, is no database, or a newer program's.
    """
    try:
        create(str(path))
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=not any_thread
        )
        try:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            _migrate(connection, steps, f"{what} {path}")
        except BaseException:  # Ctrl+C as well: no connection is left open
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise StorageFault(f"{what} {path}: {error}") from error
    return connection


def _migrate(connection: sqlite3.Connection, steps: Mapping[int, Step], what: str) -> None:
    if not schema.due(_version(connection), steps, what):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        for step in schema.due(_version(connection), steps, what):
            if callable(step):
                step(connection)
                continue
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {max(steps)}")
        connection.execute("COMMIT")
    except BaseException:  # Ctrl+C as well: no step is half done
        if connection.in_transaction:  # SQLite may have ended it, such as on a full disk
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def add_column(connection: sqlite3.Connection, table: str, column: str, declared: str) -> None:
    """Add a column to a table that may have it already, as one made between two releases has."""
    known = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    if column not in known:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {declared}")
