"""A PostgreSQL server for tests: the one that is told, the one that is there, or one of our own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.patience import PATIENCE, until

TOLD = os.environ.get("TOUCHLINE_TEST_POSTGRESQL", "")
"""The URL of a database to use, and no other."""

USUAL = "postgresql+psycopg://postgres@127.0.0.1:5432/test"
"""Where one may answer already."""

DEBIAN = Path("/usr/lib/postgresql")
"""Below it Debian keeps the programs of each version."""


@contextmanager
def server() -> Iterator[str]:
    """Give the URL of a database; skip the test where there is none and no server to start."""
    silent = _silence(TOLD or USUAL)
    if not silent:
        yield TOLD or USUAL
        return
    programs = _programs()
    if TOLD or programs is None:
        pytest.skip(f"no PostgreSQL at {silent}, and none to start (Debian: postgresql)")
    with _own(programs) as url:
        yield url


@contextmanager
def schema(url: str) -> Iterator[str]:
    """Give the URL of an empty schema in a database, and drop it afterwards."""
    engine = sa.create_engine(url)
    name = f"touchline_test_{uuid.uuid4().hex[:12]}"
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        within = sa.make_url(url).update_query_dict({"options": f"-csearch_path={name}"})
        yield within.render_as_string(hide_password=False)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    finally:
        engine.dispose()


def _silence(url: str) -> str:
    """Return why a database does not answer; empty where it does."""
    engine = sa.create_engine(url, connect_args={"connect_timeout": 10})
    try:
        engine.connect().close()
    except sa.exc.OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        return f"{where}: {str(error.orig).splitlines()[0]}"
    finally:
        engine.dispose()
    return ""


def _programs() -> Path | None:
    """Return the folder of the newest server that is installed."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return None if elsewhere is None else Path(elsewhere).resolve().parent


@contextmanager
def _own(programs: Path) -> Iterator[str]:
    """Start a server that listens on a socket in its own folder, and nowhere else."""
    folder = Path(tempfile.mkdtemp(prefix="touchline-postgresql-"))
    user = _user()
    if user is not None:
        shutil.chown(folder, user)
    try:
        base = folder / "base"
        made = subprocess.run(
            [programs / "initdb", "-D", base, "-U", "postgres", "--auth=trust", "--no-sync"],
            user=user,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        settings = (f"unix_socket_directories={folder}", "listen_addresses=", "fsync=off")
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [programs / "postgres", "-D", base, *(f"--{one}" for one in settings)],
                user=user,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
        try:
            until(lambda: not _silence(url) or running.poll() is not None, what="PostgreSQL")
            assert running.poll() is None, (folder / "log").read_text("utf-8")
            yield url
        finally:
            running.send_signal(signal.SIGINT)  # it asks nobody to leave first
            running.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


def _user() -> str | None:
    """Return who is to run the server, which refuses to be root's; None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
