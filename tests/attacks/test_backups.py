"""Copies that are none, and places where none may be put: `touchline backup` and `restore`."""

from __future__ import annotations

import os
import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from touchline.broker.database import SqlRegistry
from touchline.broker.repository import PeerRecord
from touchline.protocol.errors import NotFound, SettingError, StorageFault
from touchline.runtime import backup

from .conftest import Scene

PEERS = 300


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of a registry of many peers."""
    registry = SqlRegistry(f"sqlite:///{tmp_path / 'broker.db'}")
    with registry.begin(write=True) as repository:
        for number in range(PEERS):
            key = str(number).encode().ljust(32)
            repository.put_member(PeerRecord(f"p{number}", key, key[::-1], f"n{number}", "host", 1))
    registry.close()
    made = tmp_path / "copy"
    backup.save(str(tmp_path / "broker.db"), made)
    return made


def peers(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM peers").fetchall()
    return int(count)


def test_damaged_copies(copy: Path, tmp_path: Path) -> None:
    """A copy that is cut anywhere, or in which bytes are others, is restored as a database that is
    whole, or refused: then nothing is there."""
    whole, rng = copy.read_bytes(), random.Random(7)
    damaged = [whole[: rng.randrange(len(whole))] for _ in range(40)]
    for _ in range(60):
        changed = bytearray(whole)
        at = rng.choice([rng.randrange(100), rng.randrange(len(whole))])
        changed[at : at + 8] = rng.randbytes(8)
        damaged.append(bytes(changed))
    refused = 0
    for number, content in enumerate(damaged):
        copy.write_bytes(content)
        target = tmp_path / "restored" / f"{number}.db"
        try:
            backup.put_back(copy, str(target))
        except (SettingError, StorageFault):
            refused += 1
            assert not target.exists()
        else:
            assert target.stat().st_mode & 0o777 == 0o600
            with closing(sqlite3.connect(target)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert refused > 40
    assert {path.suffix for path in (tmp_path / "restored").iterdir()} <= {".db"}


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe is not waited for, and a folder or a device is no copy."""
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(SettingError, match="is no file"):
            backup.put_back(name, str(tmp_path / "new.db"))
        with pytest.raises(NotFound):
            backup.save(str(name), tmp_path / "copy")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("beside", ["-wal", "-shm", "-journal"])
def test_what_is_left_of_another_database(copy: Path, tmp_path: Path, beside: str) -> None:
    """What SQLite has kept beside a database that was there would be put into the restored one."""
    left = tmp_path / f"new.db{beside}"
    left.write_bytes(b"x")
    with pytest.raises(SettingError, match="of a database that was there"):
        backup.put_back(copy, str(tmp_path / "new.db"))
    with pytest.raises(SettingError, match="of a database that was there"):
        backup.save(str(copy), tmp_path / "new.db")


def test_links(copy: Path, tmp_path: Path) -> None:
    """Nothing is written through a link, wherever it leads; nor into what lies where a copy was
    written before."""
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"")
    for number, leads in enumerate((theirs, tmp_path / "nowhere")):
        target = tmp_path / f"link{number}"
        target.symlink_to(leads)
        for attempt in (
            lambda to=target: backup.put_back(copy, str(to)),
            lambda to=target: backup.save(str(copy), to),
        ):
            with pytest.raises(SettingError, match="exists"):
                attempt()
    (tmp_path / "new.db.part").symlink_to(theirs)
    backup.put_back(copy, str(tmp_path / "new.db"))
    assert peers(tmp_path / "new.db") == PEERS
    assert theirs.read_bytes() == b""
    assert not (tmp_path / "nowhere").exists()


def test_many_at_once(copy: Path, tmp_path: Path) -> None:
    """Of many that restore to one place at once, one does, and all of it is there."""
    target = tmp_path / "new.db"

    def restore(_: int) -> bool:
        try:
            backup.put_back(copy, str(target))
        except (SettingError, StorageFault):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(restore, range(24)))
    assert sum(done) == 1
    assert peers(target) == PEERS


def test_a_registry_in_use(scene: Scene) -> None:
    """A broker that runs keeps its registry, whatever is to be restored there; and a copy of it,
    made meanwhile, is restored elsewhere."""
    scene.broker()
    scene.host()
    (file,) = scene.home.glob("**/broker.sqlite3")
    scene.once("backup", str(file), str(scene.home / "copy"))
    with pytest.raises(SettingError, match="exists"):
        backup.put_back(scene.home / "copy", str(file))
    scene.once("restore", str(scene.home / "copy"), str(scene.home / "new.db"))
    assert peers(scene.home / "new.db") == peers(file)
    assert "Hill v Harbour" in scene.once("events", "search", "--broker", scene.address)
