"""Reporting over HTTP: three browsers make a goal an entry; nothing is lost with the gateway."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.forked import Process
from tests.patience import PATIENCE, until
from touchline.protocol.times import SECOND, to_rfc3339
from touchline.runtime import clock

Json = dict[str, Any]


class Gateway:
    """`touchline gateway` in a process of its own, that can be killed and started again."""

    def __init__(self, broker: str, folder: Path) -> None:
        self._broker = broker
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.port = 0

    def start(self, *flags: str) -> Gateway:
        self._process = Process(
            [
                *(sys.executable, "-m", "touchline.cli", "gateway", "--json"),
                *("--broker", self._broker, "--port", str(self.port)),
                *("--folder", str(self._folder / "gateway"), *flags),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TOUCHLINE_HOME": str(self._folder / "home")},
        )
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        assert told["type"] == "listening", told
        self.url = told["url"]
        self.port = int(self.url.rpartition(":")[2])
        return self

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(PATIENCE) == 0
        self.kill()


class Browser:
    """What a page does: signs in, reports, keeps its cookie."""

    def __init__(self, gateway: Gateway, event: str) -> None:
        self.event = event
        self.http = httpx.Client(base_url=gateway.url, timeout=PATIENCE)

    def sign_in(self, name: str) -> Browser:
        answer = self.http.post("/api/session", json={"event": self.event, "name": name})
        assert answer.status_code == 201, answer.text
        return self

    def report(self, *reports: Json) -> list[Json]:
        answer = self.http.post(f"/api/events/{self.event}/reports", json=list(reports))
        assert answer.status_code == 200, answer.text
        told: list[Json] = answer.json()["reports"]
        return told

    def kept(self) -> list[Json]:
        answer = self.http.get(f"/api/events/{self.event}/reports")
        assert answer.status_code == 200, answer.text
        told: list[Json] = answer.json()["reports"]
        return told

    def outcomes(self) -> list[str]:
        return [report["outcome"] for report in self.kept()]

    def feed(self, gateway: Gateway) -> ClientConnection:
        address = gateway.url.replace("http", "ws") + f"/ws/events/{self.event}"
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        headers = {"Cookie": cookies}
        return connect(address, additional_headers=headers, open_timeout=PATIENCE)


def goal(id_: str, moment: str | None = None, **details: Any) -> Json:
    event = {"type": "event", "title": "goal", "origin": "A", "time": moment, "details": details}
    return {"type": "event", "id": id_, "time": moment, "event": event}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def gateway(world, stack):
    world.with_broker()
    made = Gateway(world.address, world.folder)
    stack.callback(made.kill)
    return made.start()


def browser(gateway: Gateway, world: Any, stack: ExitStack) -> Browser:
    made = Browser(gateway, world.event)
    stack.callback(made.http.close)
    return made


def test_three_browsers_make_a_goal_an_entry(world, gateway, stack):
    """Each report is kept, stored and accepted; the same id again is the same report."""
    world.host(verdict="fixed:3")
    people = [browser(gateway, world, stack).sign_in(name) for name in ("ann", "ben", "eva")]
    for each in people:
        (told,) = each.report(goal("first"))
        assert (told["type"], told["id"], told["outcome"]) == ("fate", "first", "kept")
    until(lambda: all(each.outcomes() == ["accepted"] for each in people))
    (told,) = people[0].report(goal("first"))
    assert (told["n"], told["outcome"], told["seq"]) == (1, "accepted", 1)
    assert people[0].outcomes() == ["accepted"]


def test_fates_are_pushed(world, gateway, stack):
    """Over the feed's WebSocket of who is signed in come the fates of their reports, and of nobody
    else's."""
    world.host()
    ann, ben = (browser(gateway, world, stack).sign_in(name) for name in ("ann", "ben"))
    feed = stack.enter_context(ann.feed(gateway))
    ann.report(goal("a"))
    ben.report(goal("b"))
    fates: list[Json] = []
    while not any(fate["outcome"] == "accepted" for fate in fates):
        message = json.loads(feed.recv(15))
        if message["type"] == "fate":
            fates.append(message)
    assert {fate["id"] for fate in fates} == {"a"}
    assert fates[-1]["entry_id"] == "1"


def test_asked_and_answered(world, gateway, stack):
    """What the host asks comes over the WebSocket and can be read; the answer is a report, counted
    once however often it is sent, and the question is open no longer."""
    host = world.host(verdict="evidence")
    ann = browser(gateway, world, stack).sign_in("ann")
    feed = stack.enter_context(ann.feed(gateway))
    bob = world.reporter("bob")
    core = host.events[world.event]
    world.until(lambda: len(list(core.roster.staying)) == 2, bob)
    world.goal(1, bob)
    questions: list[Json] = []
    while not questions:
        bob.pump()
        message = json.loads(feed.recv(15))
        questions = message.get("questions", [])
    (ask,) = questions
    assert (ask["title"], ask["origin"], ask["claim"]) == ("goal", "A", 1)
    read = ann.http.get(f"/api/events/{world.event}/questions").json()
    assert read == {"type": "questions", "event": world.event, "questions": [ask]}
    answer = {"event": {"title": "answer", "details": {"claim": 1, "yes": True}}}
    for _ in range(2):
        ann.report({"id": "yes", **answer})
    assert ann.http.get(f"/api/events/{world.event}/questions").json()["questions"] == []
    while message["type"] != "questions" or message["questions"]:
        message = json.loads(feed.recv(15))
    world.until(lambda: core.timeline.standing, bob)
    assert core.timeline.standing[0].evidence.for_ == 2
    assert [kept["title"] for kept in ann.kept()] == ["answer"]


def test_killed_and_started_again(world, gateway, stack):
    """A gateway that is killed has lost nothing that it said it kept, nor who is signed in; the
    same reports sent again are not counted twice."""
    ann, ben = (browser(gateway, world, stack).sign_in(name) for name in ("ann", "ben"))
    now = clock.wall()
    said = [goal(f"g{i}", to_rfc3339(now - (5 - i) * 60 * SECOND)) for i in range(5)]
    ann.report(*said[:3])  # there is no host yet: they wait here
    ben.report(*said[:3])
    gateway.kill()
    host = world.host()
    gateway.start()
    assert [told["outcome"] for told in ann.report(*said[1:])].count("refused") == 0
    ben.report(*said[1:])
    until(lambda: ann.outcomes() == ben.outcomes() == ["accepted"] * 5)
    core = host.events[world.event]
    assert [entry.evidence.for_ for entry in core.timeline.standing] == [2] * 5


def test_delivered_without_the_browser(world, gateway, stack):
    """What is kept goes to the host after a restart although no page comes back."""
    ann, ben = (browser(gateway, world, stack).sign_in(name) for name in ("ann", "ben"))
    ann.report(goal("x"))
    ben.report(goal("y"))
    gateway.stop()
    host = world.host()
    gateway.start()
    until(lambda: len(host.events[world.event].timeline.standing) == 1)


def test_a_page_that_is_lost_falls_silent(world, gateway, stack):
    """The host hears of nobody whose page was cut off, and raises the alarm; of one that was closed
    it was taken leave."""
    host = world.host()
    core = host.events[world.event]
    ann = browser(gateway, world, stack).sign_in("ann")
    with ann.feed(gateway) as feed:
        ann.report(goal("a"))
        until(lambda: ann.outcomes() == ["stored"])
        feed.socket.shutdown(socket.SHUT_RDWR)
        until(lambda: core.outage.state == "suspended")
    with ann.feed(gateway) as feed:
        ann.report(goal("b"))
        until(lambda: core.outage.state != "suspended")
        feed.close(1000)
        ann.http.delete("/api/session")
        until(lambda: not list(core.roster.staying))
    assert core.outage.state != "suspended"


def test_undo_by_id(world, gateway, stack):
    """A report is taken back by the browser's own id, also before its number is known there."""
    world.host(verdict="fixed:3")
    ann = browser(gateway, world, stack).sign_in("ann")
    undo = {"id": "u", "event": {"title": "undo", "details": {"report": "g"}}}
    told = ann.report(goal("g"), undo)
    assert [each["n"] for each in told] == [1, 2]
    until(lambda: ann.outcomes() == ["stored", "stored"])
    assert ann.kept()[0]["undone"]


def test_what_is_refused(world, gateway, stack):
    """Each report is refused for itself, with a code, by the gateway or the host."""
    world.host()
    ann = browser(gateway, world, stack).sign_in("ann")
    told = ann.report(
        goal("ok"),
        {"id": "bad", "event": {"origin": "A"}},
        {"id": "when", "time": "noon", "event": {"title": "goal"}},
        {"id": "what", "event": {"title": "flying", "origin": "A"}},
        {"id": "none", "event": {"title": "undo", "details": {"report": "never"}}},
    )
    codes = [each["code"] for each in told]
    assert codes == ["", "BAD_MESSAGE", "BAD_MESSAGE", "", "NOT_FOUND"]
    until(lambda: [each["code"] for each in ann.kept()] == ["", "BAD_REPORT"])
    (again,) = ann.report(goal("ok") | {"time": "2026-05-01T15:00:00Z"})
    assert again["code"] == "CONFLICT"


def test_a_session_is_of_one_event(world, gateway, stack):
    """Who is signed in for one event can't report on another, nor can a stranger."""
    first = browser(gateway, world, stack).sign_in("ann")
    path = f"/api/events/{world.event}x/reports"
    refused = first.http.post(path, json=[])
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_ALLOWED")
    secret = first.http.cookies[f"touchline_{world.event}"]
    first.http.cookies.set(f"touchline_{world.event}x", secret)
    refused = first.http.post(path, json=[goal("x")])
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_ALLOWED")
    nobody = browser(gateway, world, stack)
    refused = nobody.http.get(f"/api/events/{world.event}/reports")
    assert (refused.status_code, refused.json()["code"]) == (401, "BAD_TOKEN")


def test_sessions(world, gateway, stack):
    """The cookie can't be read by scripts or sent by other sites; signing out ends it."""
    ann = browser(gateway, world, stack)
    answer = ann.http.post(
        "/api/session",
        json={"event": world.event, "name": " Ann  B "},
        headers={"X-Forwarded-Proto": "https"},
    )
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/", "Secure", "Max-Age="):
        assert part in cookie
    ann.http.cookies.set(f"touchline_{world.event}", cookie.partition("=")[2].partition(";")[0])
    again = ann.http.post("/api/session", json={"event": world.event, "name": "Ann B"})
    assert (again.status_code, again.json()["name"]) == (200, "Ann B")
    (session,) = ann.http.get("/api/session").json()["sessions"]
    assert (session["event"], session["name"]) == (world.event, "Ann B")
    assert ann.http.delete("/api/session").status_code == 200
    assert ann.http.get("/api/session").json()["sessions"] == []


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({"Origin": "https://evil.example"}, b"[]", 403, "NOT_ALLOWED"),
        ({"Origin": "null"}, b"[]", 403, "NOT_ALLOWED"),
        ({"Sec-Fetch-Site": "cross-site"}, b"[]", 403, "NOT_ALLOWED"),
        ({"Content-Type": "text/plain"}, b"[]", 400, "BAD_MESSAGE"),
        ({}, b"{", 400, "BAD_MESSAGE"),
        ({}, b"\xff", 400, "BAD_MESSAGE"),
        ({}, b'{"event":"nothing-of-the-kind","name":"x"}', 404, "NOT_FOUND"),
        ({}, b'{"event":"../..","name":"x"}', 404, "NOT_FOUND"),
        ({}, b'{"event":"e","name":"../x"}', 400, "BAD_MESSAGE"),
        ({}, b'{"event":"e","name":" "}', 400, "BAD_MESSAGE"),
    ],
)
def test_who_may_not_sign_in(world, gateway, stack, headers, content, status, code):
    """Other sites' pages, other types than JSON, and what can't be, are refused with a code."""
    http = stack.enter_context(httpx.Client(base_url=gateway.url))
    usual = {"Content-Type": "application/json"}
    answer = http.post("/api/session", content=content, headers=usual | headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
