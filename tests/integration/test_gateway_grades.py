"""How right a timeline was, over HTTP: public; a reporter's grade, for that reporter alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE
from tests.unit.peer.grades.making import grade, identity, sheet
from touchline.peer.grades.sheet import Accuracy, encode

from .test_gateway import Running
from .test_gateway_people import Browser


@pytest.fixture
def folder(world: Any) -> Path:
    """Where the sheets are."""
    found: Path = world.folder / "sheets"
    found.mkdir()
    return found


@pytest.fixture
def gateway(world: Any, folder: Path) -> Running:
    world.with_broker()
    world.host(verdict="fixed:1")
    return Running(world, sheets=str(folder))


def test_accuracy(world: Any, gateway: Running, folder: Path) -> None:
    """It is null until there is a sheet, which needs no restart."""
    path = f"/api/events/{world.event}/accuracy"
    answer = gateway.get(path)
    assert (answer.status_code, answer.json()) == (200, {"event": world.event, "accuracy": None})
    made = sheet(
        grade("ann"),
        grade("bob"),
        event=world.event,
        decides=Accuracy(3, 1, 0),
        rest=Accuracy(40, 0, 2),
        published="A 3–1 B",
        official="A 3–0 B",
        votes=312,
    )
    (folder / f"{world.event}.sheet").write_bytes(encode(made))
    answer = gateway.get(path)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["accuracy"] == {
        "grader": identity("umpire").peer,
        "digest": made.digest.hex(),
        "time": "2023-11-14T22:13:20.000Z",
        "decides": {"right": 3, "wrong": 1, "missed": 0},
        "rest": {"right": 40, "wrong": 0, "missed": 2},
        "published": "A 3–1 B",
        "official": "A 3–0 B",
        "votes": 312,
        "reporters": 2,
    }
    assert gateway.get(path, params={"x": "1"}).status_code == 400
    assert gateway.get(f"/api/events/{'x' * 65}/accuracy").status_code == 404


def test_own_grade(world: Any, gateway: Running, folder: Path) -> None:
    """A person who is signed in sees the own grade and no other; who is not, sees none."""
    ann, bob = Browser(world, gateway), Browser(world, gateway)
    name = ann.sign_in("ann")["name"]
    bob.sign_in("bob")
    path = f"/api/events/{world.event}/grade"
    assert ann.http.get(path).json() == {"event": world.event, "grade": None}
    made = sheet(grade(name, (3, 1, 0, 2), (9, 8, 7, 6)), grade("cid"), event=world.event)
    (folder / f"{world.event}.sheet").write_bytes(encode(made))
    assert ann.http.get(path).json()["grade"] == {
        "name": name,
        "decides": {"hits": 3, "misses": 1, "false_claims": 0, "declined": 2},
        "rest": {"hits": 9, "misses": 8, "false_claims": 7, "declined": 6},
    }
    assert bob.http.get(path).json()["grade"] is None
    assert httpx.get(gateway.url + path, timeout=PATIENCE).status_code == 401
