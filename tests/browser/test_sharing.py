"""People who share an event, and see it on a page of another site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from .conftest import DESKTOP, PHONE, Crew, Ground, People

pytestmark = pytest.mark.browser


@contextmanager
def club(html: str) -> Iterator[str]:
    """Serve a page of another origin, from this machine as browsers ask for; yield its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


@SIZES
def test_one_line_puts_an_event_into_another_site(
    ground: Ground, people: People, size: Any
) -> None:
    """The frame shows score and feed, follows the event, is as high as that, and has the colours
    that the page asks for."""
    event = ground.event("Guest", "football", "Ferns", "Foxes")
    crew = ground.crew(event)
    crew.say("goal", "Ferns", 60)
    line = f'<script async src="{ground.url}/embed.js" data-event="{event}"'
    html = f"<!doctype html><title>Club</title><link rel=icon href=data:,><h1>Club</h1>{line}"
    with club(f"{html} data-theme=dark data-accent=#ffb000></script>") as address:
        page = people.person(address, **size)
        _look_at_frame(page, crew)
        people.keep(page, "guest")


def _look_at_frame(page: Any, crew: Crew) -> None:
    frame = page.frame_locator("iframe")
    frame.locator(".figures", has_text="1–0").wait_for()
    crew.say("goal", "Foxes")
    frame.locator(".figures", has_text="1–1").wait_for()
    frame.locator("#lines .line", has_text="Goal · Foxes").wait_for()
    inner = page.frames[1]
    style = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
    assert inner.evaluate(style) == "#ffb000"
    page.wait_for_function("document.querySelector('iframe').offsetHeight > 260")


@SIZES
def test_the_address_of_an_event_is_shared(ground: Ground, people: People, size: Any) -> None:
    """Where the system has no list of where to, the address is copied, and the button says so."""
    event = ground.event("Shared", "football", "Ferns", "Foxes")
    page = people.person(f"/events/{event}", **size)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("Object.defineProperty(navigator, 'share', { value: undefined })")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Link copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"/events/{event}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    people.keep(page, "share")


@SIZES
def test_an_operation_is_tried_on_its_page(ground: Ground, people: People, size: Any) -> None:
    """The page for programs shows what is sent and answered, and asks this gateway itself."""
    event = ground.event("Tried", "football", "Ferns", "Foxes")
    page = people.person("/api", **size)
    section = page.locator(".operation", has_text="Show the score")
    section.locator("summary", has_text="200").click()
    section.locator("td", has_text="headline").first.wait_for()
    section.get_by_label("event").fill(event)
    section.get_by_role("button", name="Try it").click()
    section.locator("pre", has_text="Ferns 0–0 Foxes").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    section.scroll_into_view_if_needed()
    people.keep(page, "tried")
