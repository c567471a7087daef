"""Guests of a club's network who go for more than its pages."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import httpx

from tests.patience import PATIENCE, until

from .conftest import Scene, Victim
from .test_organisers import MATCH

TRIES = 100


def listening(club: Victim) -> set[tuple[str, int]]:
    """Return where a process listens by TCP and IPv4: the address as the kernel writes it, and the
    port."""
    descriptors = Path(f"/proc/{club.process.pid}/fd")
    own = set()
    for descriptor in os.listdir(descriptors):
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptors / descriptor))
        except FileNotFoundError:
            continue
        own |= {found[1]} if found else set()
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    places = (line[1].split(":") for line in lines if line[3] == "0A" and line[9] in own)
    return {(address, int(port, 16)) for address, port in places}


def test_a_guest(scene: Scene) -> None:
    """Of a club, the network reaches the pages alone; a code for organisers is not found by trying;
    a name that is not the club's reaches nothing; and a second club of the same files leaves the
    first as it is."""
    club = scene.start("club", "--host", "*", "--port", "0", "--no-mdns", "--json")
    told = club.told("listening")
    port = int(told["url"].rpartition(":")[2])
    places = listening(club)
    assert ("00000000", port) in places
    assert {address for address, at in places if at != port} <= {"0100007F"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as http:
        evil = http.post(
            "/api/organiser",
            json={"name": "Olga", "code": told["code"]},
            headers={"host": "evil.example"},
        )
        assert evil.status_code == 403
        signed_in = http.post(
            "/api/organiser", json={"name": "Olga", "code": told["code"], "token": True}
        )
        assert signed_in.status_code == 201
        http.headers["authorization"] = f"Bearer {signed_in.json()['token']}"
        tries = [
            http.post("/api/organiser", json={"name": "Eve", "code": f"{number:013d}"}).status_code
            for number in range(TRIES)
        ]
        assert set(tries) == {403, 429}
        assert tries.count(403) < TRIES / 2
        second = scene.start("club", "--host", "127.0.0.1", "--port", "0", "--no-mdns", "--json")
        until(lambda: second.process.poll() is not None, what="the end of the second club")
        assert second.process.poll() not in (0, None)
        made = http.post("/api/organiser/events", json={**MATCH, "hosting": "own"})
        assert made.status_code == 201, made.text
        event = made.json()["event"]
        until(
            lambda: http.get(f"/api/events/{event}").json().get("hosted") or time.sleep(0.2),
            what="the club's own host",
        )
    assert club.stop() == 0
