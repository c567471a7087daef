"""People who sign in at a gateway are peers: their names, their invitations, their end."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.patience import PATIENCE, until
from touchline.protocol import messages
from touchline.runtime import clock

from .talk import identity
from .test_gateway import Running

Json = dict[str, Any]

RIGHTFUL = ("operator", "creator", "host", "gateway")
"""Who is there without an invitation."""


class Browser:
    """A browser of somebody's, and its cookies."""

    def __init__(self, world: Any, gateway: Running, source: str = "127.0.0.1") -> None:
        self.event = world.event
        self.url = gateway.url
        made = httpx.HTTPTransport(local_address=source)
        client = httpx.Client(base_url=gateway.url, timeout=PATIENCE, transport=made)
        self.http = world.stack.enter_context(client)

    def sign_in(self, name: str, **more: str) -> Json:
        """Return the session, or the error, and its HTTP status as `status`."""
        asked = {"event": self.event, "name": name, **more}
        answer = self.http.post("/api/session", json=asked)
        return {**answer.json(), "status": answer.status_code}

    def report(self, number: str, moment: int) -> Json:
        happened = {"type": "event", "title": "goal", "origin": "A", "time": moment}
        report = {"type": "event", "id": number, "event": happened}
        answer = self.http.post(f"/api/events/{self.event}/reports", json=[report])
        return {**answer.json(), "status": answer.status_code}

    def outcomes(self) -> list[str]:
        answer = self.http.get(f"/api/events/{self.event}/reports")
        return [report["outcome"] for report in answer.json()["reports"]]

    def feed(self, origin: str = "") -> ClientConnection:
        address = self.url.replace("http", "ws") + f"/ws/events/{self.event}"
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        headers = {"Cookie": cookies} | ({"Origin": origin} if origin else {})
        return connect(address, additional_headers=headers, open_timeout=PATIENCE)


@pytest.fixture
def open_gateway(world: Any) -> Running:
    world.with_broker()
    world.host(verdict="fixed:1")
    return Running(world)


@pytest.fixture
def gateway(world: Any) -> Running:
    """A gateway at a broker that lets in who was invited."""
    keys = tuple(identity(name).public for name in RIGHTFUL)
    world.with_broker(enrolment="invited", operators=keys)
    world.host(verdict="fixed:1")
    return Running(world)


def invite(world: Any, role: messages.Role = "reporter", uses: int = 1) -> str:
    reply = world.link("operator").ask(messages.Invite(id=0, role=role, uses=uses))
    assert isinstance(reply, messages.Invited)
    return reply.code


def members(world: Any) -> dict[str, messages.EnrolledPeer]:
    reply = world.link("operator").ask(messages.Members(id=0))
    assert isinstance(reply, messages.Roll)
    return {person.name: person for person in reply.members}


def test_a_second_device_is_the_same_person(world: Any) -> None:
    """The code that one device shows makes another one the same reporter, once: what both report is
    one vote. Each signs out by itself."""
    world.with_broker()
    world.host(verdict="fixed:2")
    gateway = Running(world)
    phone, tablet, bob = (Browser(world, gateway) for _ in range(3))

    def pair(browser: Browser, code: str) -> Json:
        answer = browser.http.post("/api/session/pair", json={"event": world.event, "code": code})
        return {**answer.json(), "status": answer.status_code}

    about = {"event": world.event}
    assert phone.http.post("/api/session/pairing", json=about).status_code == 401
    ann = phone.sign_in("ann")
    bob.sign_in("bob")
    made = phone.http.post("/api/session/pairing", json=about).json()
    assert made["link"].endswith(f"/report/{world.event}#pair={made['code']}")
    drawn = phone.http.get("/api/session/pairing/qr", params=about)
    assert drawn.text.startswith("<?xml")
    assert pair(tablet, "guess-it") | {"reason": ""} == {
        "type": "error", "code": "BAD_INVITE", "reason": "", "status": 403
    }  # fmt: skip
    assert pair(tablet, made["code"]) == {**ann, "status": 201}
    assert pair(Browser(world, gateway), made["code"])["code"] == "BAD_INVITE"
    assert phone.http.get("/api/session/pairing/qr", params=about).status_code == 404
    for number, browser in enumerate((phone, tablet)):
        browser.report(f"r{number}", world.at(10))
    world.until(lambda: phone.outcomes() == tablet.outcomes() == ["stored", "stored"])
    bob.report("r", world.at(10))
    world.until(lambda: bob.outcomes() == ["accepted"])
    entry = bob.http.get(f"/api/events/{world.event}/timeline").json()["entries"][-1]
    assert (entry["evidence"]["for"], entry["evidence"]["present"]) == (2, 2)
    again = phone.http.post("/api/session/pairing", json=about).json()["code"]
    assert pair(bob, again)["code"] == "CONFLICT"
    phone.http.delete("/api/session", params=about)
    assert tablet.report("r2", world.at(50))["status"] == 200
    assert phone.report("r3", world.at(50))["status"] == 401
    assert phone.sign_in("ann")["name"] == tablet.sign_in("ann")["name"] == "ann"


def test_two_of_one_name(world: Any, open_gateway: Running) -> None:
    """Two who call themselves ann are two people: the second is told the name that she has got,
    which begins with her id; both report, and both are kept apart."""
    first, second = Browser(world, open_gateway), Browser(world, open_gateway)
    one, other = first.sign_in("ann"), second.sign_in("ann")
    assert (one["status"], one["name"], one["asked"]) == (201, "ann", "ann")
    found = members(world)
    (name,) = [name for name in found if name.startswith("ann (")]
    assert name == f"ann ({found[name].peer[:4]})"
    assert (other["status"], other["name"], other["asked"]) == (201, name, "ann")
    assert second.sign_in("ann") == {**other, "status": 200}
    for number, browser in enumerate((first, second)):
        browser.report("r", world.at(10 * number))
    world.until(lambda: first.outcomes() == second.outcomes() == ["accepted"])
    (host,) = world.threads
    reporters = host.events[world.event].roster.reporters
    assert {each.peer for each in reporters} == {found["ann"].peer, found[name].peer}


def test_by_invitation(world: Any, gateway: Running) -> None:
    """Without a code UNKNOWN_KEY, with a wrong one BAD_INVITE, and with the right one in, so that a
    report is accepted; one who may only follow is told so."""
    ann = Browser(world, gateway)
    refused = ann.sign_in("ann")
    assert (refused["status"], refused["type"], refused["code"]) == (403, "error", "UNKNOWN_KEY")
    refused = ann.sign_in("ann", code="none-such-code")
    assert (refused["status"], refused["type"], refused["code"]) == (403, "error", "BAD_INVITE")
    refused = ann.sign_in("zoe", code=invite(world, "viewer"))
    assert (refused["status"], refused["code"]) == (403, "NOT_ALLOWED")
    session = ann.sign_in("ann", code=f" {invite(world).upper()} ")
    assert (session["status"], session["name"]) == (201, "ann")
    assert ann.report("r", world.at(1))["status"] == 200
    world.until(lambda: ann.outcomes() == ["accepted"])


def test_a_code_is_spent_once(world: Any, gateway: Running) -> None:
    """A name that is taken, and an event that is not there, spend no use of a code."""
    code = invite(world, uses=2)
    lost = Browser(world, gateway)
    lost.event = "no-such-event"
    assert lost.sign_in("ann", code=code)["code"] == "NOT_FOUND"
    assert Browser(world, gateway).sign_in("ann", code=code)["name"] == "ann"
    assert Browser(world, gateway).sign_in("ann", code=code)["name"].startswith("ann (")
    refused = Browser(world, gateway).sign_in("ann", code=code)
    assert (refused["code"], refused["reason"]) == (
        "BAD_INVITE",
        "the invitation is used up; ask for another",
    )


def test_revoked(world: Any, gateway: Running) -> None:
    """Who is put out is told REVOKED, over the feed and for the next report; others are not."""
    code = invite(world, uses=2)
    ann, bob = Browser(world, gateway), Browser(world, gateway)
    for browser, name in ((ann, "ann"), (bob, "bob")):
        browser.sign_in(name, code=code)
        browser.report("first", world.at(1 if browser is ann else 20))
    world.until(lambda: ann.outcomes() == bob.outcomes() == ["accepted"])
    with ann.feed() as feed:
        revoke = messages.Revoke(id=0, peer=members(world)["ann"].peer)
        assert isinstance(world.link("operator").ask(revoke), messages.Done)
        while (told := json.loads(feed.recv(20)))["type"] != "error":
            pass
        assert told["code"] == "REVOKED"
        refused = ann.report("second", world.at(40))
        assert (refused["status"], refused["type"], refused["code"]) == (403, "error", "REVOKED")
    assert bob.report("second", world.at(60))["status"] == 200
    world.until(lambda: bob.outcomes() == ["accepted", "accepted"])


def test_a_gateway_that_is_not_let_in(world: Any) -> None:
    """Where the gateway itself is not enrolled, it says so, and does not ask people for a code."""
    keys = tuple(identity(name).public for name in RIGHTFUL if name != "gateway")
    world.with_broker(enrolment="invited", operators=keys)
    running = Running(world)
    refused = Browser(world, running).sign_in("ann", code=invite(world))
    assert (refused["status"], refused["code"]) == (503, "UNREACHABLE")
    assert "the broker refuses the gateway" in refused["reason"]
    world.until(lambda: running.gateway.hub.follower.broker is not None)
    assert "the broker refuses the gateway" in running.gateway.unready()["broker"]


def test_reports_are_signed(world: Any) -> None:
    """What people report is signed: a host that takes nothing else takes it."""
    world.with_broker()
    world.host(verdict="fixed:1", require_signatures=True)
    ann = Browser(world, Running(world))
    ann.sign_in("ann")
    ann.report("r", world.at(1))
    world.until(lambda: ann.outcomes() == ["accepted"])


def test_the_same_reporter_on_a_device(world: Any, open_gateway: Running) -> None:
    """Who signs out and in again is the same reporter, with one vote: the key stays on the device,
    for the next event too. Another name on the device can't report on the same event."""
    ann = Browser(world, open_gateway)
    session = ann.sign_in("ann")
    ann.report("first", world.at(1))
    world.until(lambda: ann.outcomes() == ["accepted"])
    assert ann.http.delete("/api/session", params={"event": world.event}).status_code == 200
    refused = ann.sign_in("bob")
    assert (refused["status"], refused["code"]) == (409, "CONFLICT")
    assert "sign in as ann" in refused["reason"]
    again = ann.sign_in("Ann")
    assert (again["status"], again["name"]) == (201, session["name"])
    ann.report("second", world.at(60))
    world.until(lambda: ann.outcomes()[-1:] == ["accepted"])
    (host,) = world.threads
    assert len(host.events[world.event].roster.reporters) == 1
    assert [name for name in members(world) if name.startswith(("ann", "Ann"))] == ["ann"]


def test_people_of_one_address(world: Any) -> None:
    """One address brings so many new people and no more; whom the gateway knows may come back."""
    world.with_broker()
    gateway = Running(world, people_per_address=2)
    first, second, third = (Browser(world, gateway) for _ in range(3))
    assert [first.sign_in("ann")["status"], second.sign_in("bob")["status"]] == [201, 201]
    refused = third.sign_in("cid")
    assert (refused["status"], refused["code"]) == (429, "OVERLOADED")
    assert first.sign_in("ann")["status"] == 200


def test_people_of_one_minute(world: Any) -> None:
    """One address signs in so many at once, and then as many a minute."""
    world.with_broker()
    gateway = Running(world, new_people=2)
    told = [Browser(world, gateway).sign_in(name)["status"] for name in ("ann", "bob", "cid")]
    assert told == [201, 201, 429]


def test_where_people_come_from(world: Any) -> None:
    """The host learns which people of a gateway came from one address, although all of them come
    to the broker from the gateway's."""
    world.with_broker()
    host = world.host(verdict="fixed:1")
    gateway = Running(world)
    sources = {"ann": "127.0.0.1", "ben": "127.0.0.1", "cid": "127.0.0.2"}
    for name, source in sources.items():
        browser = Browser(world, gateway, source)
        assert browser.sign_in(name)["status"] == 201
        browser.report("1", clock.wall() // 1_000_000)
    roster = host.events[world.event].roster
    until(lambda: len(roster.reporters) == 3, what="all at the host")
    found = {one.name: one.network for one in roster.reporters}
    assert found["ann"] == found["ben"] != found["cid"] != ""


def test_a_page_of_another_site(world: Any, open_gateway: Running) -> None:
    """A feed that a page of another site opens with a person's cookie is nobody's."""
    ann = Browser(world, open_gateway)
    ann.sign_in("ann")
    own, foreign = ann.feed(open_gateway.url), ann.feed("http://evil.example")
    with own, foreign:
        own.recv(PATIENCE)
        foreign.recv(PATIENCE)
        whose = sorted(bool(each.people) for each in open_gateway.gateway.connections)
    assert whose == [False, True]
