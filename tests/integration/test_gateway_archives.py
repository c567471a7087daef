"""A gateway serves finished events from their archives: nobody hosts them any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.unit.conftest import Ground as Pitch
from tests.unit.proof.conftest import everything
from touchline.protocol.messages import Card
from touchline.timeline import archive
from touchline.timeline import json as timeline_json

from .test_gateway import Running, Viewer

CARD = Card(event="final-ab12", title="A v B", sport="football", origins=["A", "B"])


@pytest.fixture
def folder(world: Any) -> Path:
    found: Path = world.folder / "archives"
    found.mkdir()
    return found


@pytest.fixture
def played(folder: Path) -> Any:
    """An event that is over; its archive is in the folder."""

    def ground(sport: str, *, rules: dict[str, Any], **options: Any) -> Pitch:
        return Pitch(replace(CARD, sport=sport, rules=rules), **options)

    g = everything(ground)
    archive.write(folder / f"{CARD.event}.touchline", g.card, g.feed, [], [])
    return g


@pytest.fixture
def gateway(world: Any, folder: Path) -> Running:
    world.with_broker()
    return Running(world, archives=str(folder))


def test_an_archived_event_is_served(world: Any, gateway: Running, played: Any) -> None:
    """Neither the broker nor a host knows it: card, timeline, score and feed come from the file,
    with the digest that the host had."""
    digest = played.core.feed.digest.hex()
    answer = gateway.get(f"/api/events/{CARD.event}").json()
    assert (answer["event"], answer["status"]) == (CARD.event, "finished")
    found = gateway.get(f"/api/events/{CARD.event}/timeline?limit=1000").json()
    assert (found["ready"], found["digest"]) == (True, digest)
    assert [one["entry_id"] for one in found["entries"]] == [
        one.entry_id for one in played.standing
    ]
    assert gateway.get(f"/api/events/{CARD.event}/score").json()["finished"]
    viewer = Viewer(gateway, f"/ws/events/{CARD.event}", from_="start")
    setup = viewer.next("setup")
    assert (setup["recovered"], setup["ready"], setup["digest"]) == (True, True, digest)
    told = [viewer.next() for _ in played.feed]
    viewer.close()
    assert told == [json.loads(json.dumps(timeline_json.to_json(one))) for one in played.feed]
    page = httpx.get(f"{gateway.url}/events/{CARD.event}", follow_redirects=True)
    assert page.status_code == 200
    assert "A v B" in page.text


def test_no_archive_and_a_damaged_one(
    world: Any, gateway: Running, folder: Path, played: Any
) -> None:
    """An event without one is not found; the answer for a damaged one names no path."""
    assert gateway.get("/api/events/other-ab12").status_code == 404
    file = folder / f"{CARD.event}.touchline"
    file.write_bytes(file.read_bytes()[:-5])
    answer = gateway.get(f"/api/events/{CARD.event}/timeline")
    assert answer.status_code == 503
    assert "can't be read" in answer.json()["reason"]
    assert str(folder) not in answer.text
    other = folder / "other-ab12.touchline"
    archive.write(other, played.card, played.feed, [], [])
    assert gateway.get("/api/events/other-ab12").status_code == 503
