"""Organising over HTTP: tokens, events, who reports, and who may do what."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE
from touchline.peer import identity

from .test_gateway import Running

CODE = "a-code-for-organisers"

MATCH = {
    "title": "Reds v Blues",
    "sport": "football",
    "origins": ["Reds", "Blues"],
    "lineups": {"Reds": ["1 Ada", " ", "9 Bea "]},
    "starts": "2026-06-11T19:00:00Z",
    "competition": "Town Cup",
    "round": "Final",
    "venue": "Market Field",
    "hosting": "any",
    "reporters": "code",
}


class Program:
    """A program of an organiser's, with a token."""

    def __init__(self, world: Any, gateway: Running, name: str, **more: Any) -> None:
        client = httpx.Client(base_url=gateway.url, timeout=PATIENCE)
        self.http = world.stack.enter_context(client)
        body = {"name": name, "code": CODE, "token": True, **more}
        answer = self.http.post("/api/organiser", json=body)
        assert answer.status_code == 201, answer.text
        self.me = answer.json()
        self.http.headers["authorization"] = f"Bearer {self.me['token']}"

    def create(self, **more: Any) -> Any:
        answer = self.http.post("/api/organiser/events", json={**MATCH, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> tuple[int, str]:
        answer = self.http.post(f"/api/organiser/events/{path}", json=body)
        return answer.status_code, "" if answer.is_success else str(answer.json()["code"])


@pytest.fixture
def gateway(world: Any) -> Running:
    world.with_broker()
    return Running(world, organiser_code=CODE)


def test_the_start_page_leads_to_organising_where_it_is_offered(
    world: Any, gateway: Running
) -> None:
    """A gateway without a code for organisers names no page that would turn everybody away."""
    link = '<a href="/organise">Organise an event</a>'
    assert link in httpx.get(gateway.url).text
    assert link not in httpx.get(Running(world).url).text


def test_an_event_is_the_organisers(world: Any, gateway: Running, tmp_path: Any) -> None:
    """It is created as described and owned by the organiser's key, which is the organiser wherever
    it is brought; others may do nothing until it is handed over."""
    olga = Program(world, gateway, "Olga")
    formations = {sport["name"]: sport["formations"] for sport in olga.me["sports"]}
    assert formations["football"] == ["home_formation", "away_formation"]
    assert formations["tennis"] == []
    made = olga.create()
    card = made["card"]
    assert card["owner"] == olga.me["peer"]
    assert card["lineups"] == {"Reds": ["1 Ada", "9 Bea"]}
    assert card["hosts"] == ["any"]
    about = ("Town Cup", "Final", "Market Field")
    assert (card["competition"], card["round"], card["venue"]) == about
    assert made["report"].endswith(f"/report/{made['event']}#code={made['code']}")
    listed = olga.http.get("/api/organiser/events").json()["events"]
    assert [one["event"] for one in listed] == [made["event"]]
    assert olga.http.get(f"/api/organiser/events/{made['event']}/qr").text.startswith("<?xml")
    shown = olga.http.get(f"/api/organiser/events/{made['event']}", params={"lang": "de"}).json()
    (goal,) = (one for one in shown["actions"] if one["title"] == "goal")
    assert (goal["text"], goal["needs_origin"]) == ("Tor", True)
    player, how, _ = goal["details"]
    assert (player["name"], player["text"]) == ("player", "wer")
    assert how["choices"]["own goal"] == "Eigentor"
    key = olga.http.post("/api/organiser/key").json()["key"]
    assert identity.create("olga", tmp_path, seed=bytes.fromhex(key)).peer == olga.me["peer"]
    other = Program(world, gateway, "Otto")
    grant = {"role": "owner", "peer": other.me["peer"]}
    assert other.post(f"{made['event']}/grants", **grant) == (403, "NOT_ALLOWED")
    assert olga.post(f"{made['event']}/grants", **grant) == (200, "")
    again = Program(world, gateway, "Somebody", key=key)
    assert (again.me["name"], again.me["peer"]) == ("Olga", olga.me["peer"])


def test_a_contest_that_is_defined(world: Any, gateway: Running) -> None:
    """One that comes with the gateway is chosen by its name; one of an organiser's own is given as
    its text, and what is wrong in it is told with line and column."""
    olga = Program(world, gateway, "Olga")
    offered = {sport["name"]: sport for sport in olga.me["sports"]}
    assert offered["handball"]["text"] == "Handball"
    assert not offered["handball"]["many"]
    assert offered["quiz"]["many"]
    assert "custom" not in offered
    card = olga.create(sport="handball")["card"]
    assert card["sport"] == "custom"
    assert card["rules"]["definition"]["text"] == "Handball"
    own = 'text = "Boules"\n[[actions]]\ntitle = "point"\ntext = "Point"\npoints = 1\n'
    card = olga.create(sport="", definition=own)["card"]
    assert card["rules"]["definition"]["text"] == "Boules"
    for bad, words in (
        ({"sport": "", "definition": own + "wins = 3\n"}, "definition: line 6, column 1: "),
        ({"sport": "football", "definition": own}, "football is played without"),
        ({"sport": ""}, "sport: name one"),
        ({"sport": "", "definition": "x" * 65_537}, "definition"),
    ):
        answer = olga.http.post("/api/organiser/events", json={**MATCH, **bad})
        assert (answer.status_code, answer.json()["code"]) == (400, "BAD_MESSAGE")
        assert words in answer.json()["reason"]


def test_who_is_not_let_in(world: Any, gateway: Running) -> None:
    """A wrong code, no token, another site's page and bad bodies are refused with their codes."""
    wrong = {"name": "Eve", "code": "not-the-code"}
    assert gateway.get("/api/organiser").status_code == 401
    assert httpx.post(gateway.url + "/api/organiser", json=wrong).json()["code"] == "BAD_INVITE"
    olga = Program(world, gateway, "Olga")
    foreign = {"origin": "https://evil.example"}
    answer = olga.http.post("/api/organiser/events", json=MATCH, headers=foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
    for bad in ({"sport": "chess"}, {"starts": "soon"}, {"hosting": "own"}, {"nonsense": 1}):
        answer = olga.http.post("/api/organiser/events", json={**MATCH, **bad})
        assert 400 <= answer.status_code < 500, answer.text
    event = olga.create()["event"]
    status, code = olga.post(f"{event}/rulings", act="end", reason=" ")
    assert (status, code) == (400, "BAD_MESSAGE")
    assert olga.http.delete("/api/organiser").status_code == 200
    assert olga.http.get("/api/organiser").status_code == 401


def test_without_a_code_nobody_organises(world: Any) -> None:
    """A gateway that has no code for organisers has no organisers."""
    world.with_broker()
    closed = Running(world)
    answer = httpx.post(closed.url + "/api/organiser", json={"name": "Eve", "code": ""})
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")


def test_reporters_need_the_events_code(world: Any, gateway: Running) -> None:
    """Who has the code reports; who has none, or was put out, does not."""
    olga = Program(world, gateway, "Olga")
    made = olga.create()
    event, code = made["event"], made["code"]
    with httpx.Client(base_url=gateway.url, timeout=PATIENCE) as phone:

        def sign_in(**more: str) -> tuple[int, str]:
            answer = phone.post("/api/session", json={"event": event, "name": "ann", **more})
            return answer.status_code, answer.json().get("code", "")

        assert sign_in() == (403, "UNKNOWN_KEY")
        assert sign_in(code="guess") == (403, "BAD_INVITE")
        assert sign_in(code=code) == (201, "")
        (ann,) = olga.http.get(f"/api/organiser/events/{event}/people").json()["people"]
        assert (ann["name"], ann["reports"]) == ("ann", 0)
        out = olga.http.delete(f"/api/organiser/events/{event}/people/{ann['id']}")
        assert out.status_code == 200
        assert phone.get(f"/api/events/{event}/reports").status_code == 401
        assert sign_in(code=code) == (403, "NOT_ALLOWED")
