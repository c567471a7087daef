"""A database in use copied into one file, and put back where nothing is.

SQLite copies page by page within one read transaction (https://sqlite.org/backup.html); pg_dump
reads one snapshot. Both copies hold what was committed at one moment.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..protocol.errors import NotFound, SettingError, StorageFault
from . import files
from .logs import without_passwords

if TYPE_CHECKING:
    from sqlalchemy import URL

SQLITE = b"SQLite format 3\0"
"""The first bytes of a file of SQLite's."""

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database: found beside another one, it would be put into that."""

ARCHIVE = b"PGDMP"
"""The first bytes of what pg_dump writes in its own format."""


def save(source: str, target: Path) -> int:
    """Copy a database into a file that is made, for this user alone; return its bytes.

    Args:
        source: a file of SQLite's, or a SQLAlchemy URL of SQLite or PostgreSQL.
        target: a file that does not exist; it is there only when it is whole.

    Raises:
        NotFound: there is no such file.
        SettingError: the source is not valid, or the target exists.
        StorageFault: the database can't be read (its process keeps it to
            itself), the file not written, or pg_dump is missing.
    """
    url, path = _read(source)
    if path is not None and not path.is_file():
        raise NotFound(f"no database {path}")
    with _whole(target) as part:
        if path is not None:
            _copy(path, part)
        else:
            _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", part=part)
        return part.stat().st_size


def put_back(copy: Path, target: str) -> None:
    """Restore a database from a file that `save` has made.

    Args:
        copy: the file.
        target: a file that does not exist, or the URL of a database without tables.

    Raises:
        SettingError: the copy is of the other kind of database, or the target is not empty.
        StorageFault: the copy is damaged, or the database refuses; nothing was changed.
    """
    url, path = _read(target)
    if not copy.is_file():  # of a pipe, the opening alone would wait
        raise SettingError(f"{copy} is no file")
    with _storage(), copy.open("rb") as file:
        head = file.read(len(SQLITE))
    if path is not None:
        if head != SQLITE:
            raise SettingError(f"{copy} is no copy of a SQLite database")
        with _storage():
            files.make_folder(path.parent)
        with _whole(path) as part:
            _copy(copy, part)
            with _storage(), closing(sqlite3.connect(part)) as connection:
                ((found,),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if found != "ok":
                raise StorageFault(f"{copy} is damaged: {found}")
        return
    if not head.startswith(ARCHIVE):
        raise SettingError(f"{copy} is no copy of a PostgreSQL database")
    _refuse_tables(url)
    _run("pg_restore", url, "--single-transaction", "--exit-on-error", "--no-owner", part=copy)


def _read(text: str) -> tuple[URL, Path | None]:
    """Return a database's URL and its file; no file in PostgreSQL."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from . import database

    try:
        url = make_url(text if "://" in text else f"sqlite:///{text.replace('?', '%3F')}")
        path = Path(text) if "://" not in text else database.file_of(url)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise SettingError(without_passwords(f"{text!r} is not valid: {error}")) from None
    if path is None and url.get_backend_name() != "postgresql":
        raise SettingError("name a file of SQLite's, or a database in PostgreSQL")
    return url, path


def _copy(source: Path, target: Path) -> None:
    with (
        _storage(),
        # Read only would need the files beside it to exist already.
        closing(sqlite3.connect(source)) as connection,
        closing(sqlite3.connect(target)) as other,
    ):
        connection.execute("PRAGMA query_only = ON")
        # The copying itself would wait without end for a process that keeps the database to itself.
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        # At one go: copied in parts, it would begin anew at each commit of another process.
        connection.backup(other)
        # A copy is one file, without others beside it.
        other.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Give a file to write, which gets its name once it is whole and on the disk."""
    if os.path.lexists(target):
        raise SettingError(f"{target} exists; name a file that does not")
    for beside in BESIDE:
        if os.path.lexists(f"{target}{beside}"):
            raise SettingError(f"{target}{beside} exists: of a database that was there; move it")
    with _storage():
        # A folder of its own: nobody else, and no other copying to the same name, puts anything
        # where the copy or what SQLite keeps beside it is written.
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    part = folder / target.name
    try:
        with _storage():
            files.create(part, exist_ok=False)
        yield part
        with _storage():
            descriptor = os.open(part, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.link(part, target)  # unlike a renaming, it refuses a file that is there by now
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _storage() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if "locked" in str(error):
            raise StorageFault("its process keeps it to itself; stop that first") from error
        raise StorageFault(f"the copy failed: {error}") from error


def _refuse_tables(url: URL) -> None:
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError

    from .database import cause

    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            found = sa.inspect(connection).get_table_names()
    except SQLAlchemyError as error:
        raise StorageFault(f"the database does not answer: {cause(error)}") from error
    finally:
        engine.dispose()
    if found:
        raise SettingError(f"the database has tables already ({found[0]}); name an empty one")


def _run(program: str, url: URL, *flags: str, part: Path) -> None:
    """Run a program of PostgreSQL's on a file; the password is in its environment alone."""
    if shutil.which(program) is None:
        raise StorageFault(f"{program} is not installed (Debian: postgresql-client)")
    # A password may stand among the parameters, too; everybody can read a program's arguments.
    # `url.set(password=None)` would leave the one before the host as it is.
    password = url.password or url.query.get("password")
    plain = url.set(drivername="postgresql").difference_update_query(["password"])
    plain = plain._replace(password=None)
    environment = dict(os.environ)
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    # The schema that the URL names is where the tables are.
    place = plain.render_as_string(hide_password=False)
    saving = program == "pg_dump"
    file = [f"--file={part}"] if saving else [str(part)]
    schema = _schema(url)
    only = [f"--schema={schema}"] if saving and schema else []
    ran = subprocess.run(
        [program, f"--dbname={place}", *flags, *only, *file],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        said = ran.stderr.strip().splitlines()
        reason = without_passwords(said[0]) if said else f"exit code {ran.returncode}"
        raise StorageFault(f"{program}: {reason}")


def _schema(url: URL) -> str:
    """Return the schema that a URL's options name; empty where they name none."""
    options = url.query.get("options", "")
    text = options if isinstance(options, str) else " ".join(options)
    _, found, rest = text.partition("search_path=")
    return rest.split()[0].split(",")[0] if found else ""
