"""The pages as they are sent: what is read without a script, and what a browser keeps."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from tests.patience import until

from . import test_gateway
from .test_gateway import Ground, Running

ground, two = test_gateway.ground, test_gateway.two  # fixtures

HTML = {"accept": "text/html"}


def test_an_event_is_read_without_a_script(
    ground: Ground,
    two: Callable[..., None],
) -> None:
    """Score, entries, title and what a chat shows of a link are in the page; its script goes on
    from the position in it, and nothing in it can be taken for markup."""
    two(1, 2, 3)
    running, event = ground.gateway(), ground.world.event
    running.get(f"/api/events/{event}/score")
    answer = running.get(f"/events/{event}")
    assert answer.status_code == 200
    text = answer.text
    assert "<title>A 3–0 B · Touchline</title>" in text
    assert '<meta property="og:title" content="A 3–0 B">' in text
    assert '<p class="figures" aria-hidden="true">3<span class="dash">–</span>0</p>' in text
    assert text.count('<li class="line') == 3
    assert "2 of 2 saw it" in text
    (data,) = re.findall(r'<script type="application/json" id="first">(.*?)</script>', text)
    setup, snapshot = msgspec.json.decode(data)
    assert (setup["type"], snapshot["type"], snapshot["seq"]) == ("setup", "snapshot", 3)
    assert "data-waiting" not in text
    brief = ground.view(running, from_=3, epoch=snapshot["epoch"], setup="brief").next("setup")
    assert brief["recovered"]
    assert "presentation" not in brief


def test_a_page_that_has_not_changed_is_not_sent_again(
    ground: Ground,
    two: Callable[..., None],
) -> None:
    """A browser that has the page is told so until something happens."""
    two(1)
    running, event = ground.gateway(), ground.world.event
    running.get(f"/api/events/{event}/score")
    for path in ("/", f"/events/{event}", f"/report/{event}", "/sw.js", "/manifest.webmanifest"):
        until(lambda path=path: _is_known(running, path, running.get(path).headers["etag"]))
    tag = running.get(f"/events/{event}").headers["etag"]
    two(2)
    assert not _is_known(running, f"/events/{event}", tag)


def _is_known(running: Running, path: str, tag: str) -> bool:
    """Return whether a browser with this tag has the page already."""
    answer = running.get(path, headers={"if-none-match": tag})
    assert (answer.status_code, bool(answer.content)) in {(200, True), (304, False)}
    return answer.status_code == 304


def test_files_are_kept_for_ever(ground: Ground) -> None:
    """Each file that a page names is there, compressed, and never changes."""
    running = ground.gateway()
    page = running.get("/").text
    named = set(re.findall(r'"(/assets/[^"]+)"', page))
    assert len(named) >= 4
    for path in named:
        found = running.get(path, headers={"accept-encoding": "gzip"})
        assert found.status_code == 200, path
        assert "immutable" in found.headers["cache-control"]
    worker = running.get("/sw.js").text
    assert all(path in worker for path in named)
    assert "touchline-0" not in worker
    assert running.get("/assets/index-0000000000000000.js").status_code == 404


@pytest.mark.parametrize("path", ["/events/no-such-event", "/nowhere", "/static/none.js"])
def test_what_is_not_there_is_a_page_for_people(ground: Ground, path: str) -> None:
    """With status 404; programs get an error in JSON."""
    running = ground.gateway()
    answer = running.get(path, headers=HTML)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no such" in answer.text
    answer = running.get("/api/events/no-such-event", headers=HTML)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_scripts_of_other_sites_read_errors_too(
    ground: Ground,
    two: Callable[..., None],
) -> None:
    """They may ask before, are told what they may do, and read why it did not work; what needs a
    session is closed to them."""
    two(1)
    running, event = ground.gateway(), ground.world.event
    other = {"origin": "https://club.example"}
    asked = {**other, "access-control-request-method": "GET"}
    answer = httpx.options(f"{running.url}/api/v1/events/{event}", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" not in answer.headers["access-control-allow-methods"]
    for path in ("/api/v1/events/none", f"/api/v1/events/{event}/score?x=1", "/api/v1/nowhere"):
        failed = running.get(path, headers=other)
        assert failed.status_code in {400, 404}
        assert failed.headers["access-control-allow-origin"] == "*", path
    session = running.get("/api/v1/session", headers=other)
    assert "access-control-allow-origin" not in session.headers


def test_paths_with_and_without_a_version(
    ground: Ground,
    two: Callable[..., None],
) -> None:
    """The paths of before go on; those of the version say the same, compressed."""
    two(1, 2)
    running, event = ground.gateway(), ground.world.event
    for path in (f"/events/{event}/timeline", f"/events/{event}/score", "/events"):
        old, new = running.get(f"/api{path}"), running.get(f"/api/v1{path}")
        assert (old.status_code, new.status_code) == (200, 200)
        assert old.json().keys() == new.json().keys()
    table = running.get(f"/api/v1/events/{event}/timeline.csv")
    assert (table.headers["content-type"], len(table.text.splitlines())) == (
        "text/csv; charset=utf-8",
        3,
    )
    with httpx.stream(
        "GET", f"{running.url}/api/v1/events/{event}/timeline", headers={"accept-encoding": "gzip"}
    ) as raw:
        assert raw.headers["content-encoding"] == "gzip"
        body: Any = msgspec.json.decode(gzip.decompress(b"".join(raw.iter_raw())))
    assert body["total"] == 2
    entry = body["entries"][0]["entry_id"]
    history = running.get(f"/api/v1/events/{event}/entries/{entry}").json()["versions"]
    assert [one["entry_id"] for one in history] == [entry] * len(history)
    assert running.get(f"/api/v1/events/{event}/entries/none").status_code == 404
