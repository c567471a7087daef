"""Devices: a key for each name, one reporter in an event, and what nobody uses is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from touchline.gateway.reporting.devices import KEPT_DAYS, DeviceKey, Devices
from touchline.protocol.errors import Conflict, StorageFault
from touchline.protocol.times import SECOND

DAY = 86_400 * SECOND


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[Devices]:
    made = Devices(tmp_path)
    yield made
    made.close()


def enrol(
    devices: Devices, secret: str, event: str = "e", asked: str = "ann", wall: int = 0
) -> DeviceKey:
    """Return the key of a name, kept; the event lasts for ten days."""
    key = devices.find(secret, event, asked, wall)
    key = key if key.name else key._replace(name=f"{asked} (k3vq)")
    devices.folder(key.id).mkdir(parents=True, exist_ok=True)
    devices.keep(secret, event, asked, key, wall, wall + 10 * DAY)
    return key


def test_a_name_keeps_its_key(devices: Devices, tmp_path: Path) -> None:
    """In the next event, and after a restart, a name on a device has the same key and the name
    that the broker gave it, however it is written; on another device it has another one."""
    key = enrol(devices, "phone")
    assert devices.find("phone", "next", "Ann", 1) == key == (key.id, "ann (k3vq)")
    assert devices.find("tablet", "e", "ann", 1).id != key.id
    again = Devices(tmp_path)
    assert again.find("phone", "e", "ann", 1) == key
    again.close()


def test_one_reporter_in_an_event(devices: Devices) -> None:
    """Another name reports on other events, with a key of its own, and on this one once the first
    one's session would be over."""
    ann = enrol(devices, "phone")
    with pytest.raises(Conflict, match="on this device ann reports on this event"):
        devices.find("phone", "e", "bob", 10 * DAY - 1)
    bob = enrol(devices, "phone", "next", "bob")
    assert bob.id != ann.id
    with pytest.raises(Conflict, match="sign in as bob"):
        devices.find("phone", "next", "ann", 1)
    assert devices.find("phone", "e", "bob", 10 * DAY) == bob


def test_a_second_device_has_the_key_of_the_first(devices: Devices, tmp_path: Path) -> None:
    """A device that was paired has the other one's key in that event, also once it has signed in
    anew, and a key of its own in others; who reports there already keeps the device."""
    key = enrol(devices, "phone")
    devices.pair("tablet", "e", "ann", key, 0, 10 * DAY)
    assert devices.find("tablet", "e", "Ann", 1) == key
    assert enrol(devices, "tablet", "e", "ann", 1) == key
    assert devices.find("phone", "e", "ann", 2) == key
    assert devices.find("tablet", "next", "ann", 1).id != key.id
    with pytest.raises(Conflict, match="ann reports on this event"):
        devices.find("tablet", "e", "bob", 1)
    bob = enrol(devices, "laptop", "e", "bob")
    with pytest.raises(Conflict, match="bob reports on this event"):
        devices.pair("laptop", "e", "ann", key, 1, 10 * DAY)
    assert devices.find("laptop", "e", "bob", 1) == bob
    assert devices.find("tablet", "e", "ann", 20 * DAY).id != key.id


def test_not_kept(devices: Devices) -> None:
    """A key that was not enrolled leaves nothing."""
    key = devices.find("phone", "e", "ann", 0)
    devices.folder(key.id).mkdir(parents=True)
    devices.clear(key.id)
    assert not devices.folder(key.id).exists()
    assert devices.find("phone", "e", "ann", 0).id != key.id


def test_what_nobody_uses(devices: Devices) -> None:
    """A key goes with its folder once nobody has used it for as long as a cookie lives."""
    old, used = enrol(devices, "phone"), enrol(devices, "tablet")
    enrol(devices, "tablet", "next", wall=DAY)
    enrol(devices, "laptop", wall=KEPT_DAYS * DAY)
    assert not devices.folder(old.id).exists()
    assert devices.find("phone", "new", "ann", KEPT_DAYS * DAY).id != old.id
    assert devices.find("tablet", "new", "ann", KEPT_DAYS * DAY) == used


def test_the_secret_is_not_on_disk(devices: Devices, tmp_path: Path) -> None:
    """Who reads the files can't sign in from another's device."""
    enrol(devices, "a-secret-of-32-bytes")
    devices.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert all(b"a-secret-of-32-bytes" not in path.read_bytes() for path in files)


def test_a_broken_file(tmp_path: Path) -> None:
    """A file that is no database is told."""
    (tmp_path / "devices.db").write_bytes(b"no database" * 1_000)
    with pytest.raises(StorageFault, match="devices"):
        Devices(tmp_path)
