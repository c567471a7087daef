"""Signing in with a browser: names that are taken, and invitations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .conftest import DESKTOP, PHONE, Ground, People

HELD = """(() => {
    const Real = globalThis.WebSocket;
    globalThis.WebSocket = class extends Real {
        set onmessage(take) { this.take = take; }
        constructor(...about) {
            super(...about);
            const waiting = [];
            this.addEventListener("message", (event) => {
                if (globalThis.free) this.take?.(event);
                else waiting.push(event);
            });
            addEventListener("free", () => waiting.forEach((event) => this.take?.(event)));
        }
    };
})()"""
"""What the gateway says is kept back until the page's own `free` is heard."""

WHO = "fetch('/api/session').then((one) => one.json()).then((all) => all.sessions[0].name)"
"""The name at the broker of whoever reports in a browser."""

FREE = "globalThis.free = true, dispatchEvent(new Event('free'))"


@pytest.fixture
def club(browser: Any, tmp_path: Path) -> Iterator[Ground]:
    """A ground to which one has to be invited."""
    with ExitStack() as stack:
        yield Ground(tmp_path, stack, "--enrolment", "invited")


def test_a_name_that_is_taken(ground: Ground, people: People) -> None:
    """The second Zoe is told who she is now, also when she loads the page again; the first is not
    bothered."""
    event = ground.event("Two of a name", "football", "Cats", "Dogs")
    first, second = (people.reporter(event, "Zoe", **PHONE) for _ in range(2))
    assert first.locator("#as").is_hidden()
    words = re.compile(r"^as Zoe \([a-z2-9]{4}\), since Zoe is somebody else$")
    told = second.locator("#as").text_content()
    assert words.match(told)
    people.keep(second, "second")
    second.reload()
    second.locator("#pad .tile").first.wait_for()
    assert second.locator("#as").text_content() == told


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_press_counts_while_the_page_fills(ground: Ground, people: People, size: Any) -> None:
    """The event's name, and a banner that comes and goes, leave the button where a finger is."""
    event = ground.event("On the move", "football", "Cats", "Dogs")
    people.scripts = (HELD,)
    page = people.person(f"/report/{event}", **size)
    page.get_by_label("Your name").fill("Zoe")
    begin, banner = page.get_by_role("button", name="Start reporting"), page.locator("#banner")
    place = begin.bounding_box()
    middle = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2

    def still_there() -> bool:
        x, y = (begin.bounding_box()[edge] for edge in ("x", "y"))
        return abs(x - place["x"]) < 1 and abs(y - place["y"]) < 1

    banner.get_by_text("No contact with the gateway").wait_for()
    people.keep(page, "banner")
    assert still_there()
    page.mouse.move(*middle)
    page.mouse.down()
    page.evaluate(FREE)
    page.locator("#hero h1").wait_for()
    banner.wait_for(state="hidden")
    people.keep(page, "name")
    assert still_there()
    page.mouse.up()
    page.locator("#pad .tile").first.wait_for()


@pytest.mark.parametrize(
    ("first", "second"), [(PHONE, DESKTOP), (DESKTOP, PHONE)], ids=["phone-first", "desktop-first"]
)
def test_a_second_device(ground: Ground, people: People, first: Any, second: Any) -> None:
    """The code that one device shows, typed or scanned on another, makes that one the same
    reporter, once."""
    event = ground.event("Two devices", "football", "Cats", "Dogs")
    one = people.reporter(event, "Ann", **first)
    name = one.evaluate(WHO)
    one.get_by_role("button", name="A second device").click()
    code = one.locator(".code-shown").inner_text()
    one.wait_for_function("document.querySelector('.code-image').naturalWidth > 0")
    people.keep(one, "code")
    one.get_by_role("button", name="Close").click()
    other = people.person(f"/report/{event}#pair={code}", **second)
    assert other.locator("#pair-code").input_value() == code
    people.keep(other, "taken")
    other.get_by_role("button", name="Go on here").click()
    other.locator("#pad .tile").first.wait_for()
    assert one.evaluate(WHO) == other.evaluate(WHO) == name
    people.allowed = (*people.allowed, "403 (Forbidden)")
    third = people.person(f"/report/{event}", **second)
    third.get_by_text("Reporting on another device already?").click()
    third.locator("#pair-code").fill(code)
    third.locator("#pair-code").press("Enter")
    third.locator("#sign-in-wrong", has_text="no longer").wait_for()
    assert third.locator("#code").is_hidden()  # it is no invitation that is wanted
    people.keep(third, "used")


def test_by_invitation(browser: Any, club: Ground) -> None:
    """The field for a code is shown once the broker asks for one; a wrong code is said to be wrong,
    with the right one the buttons are there."""
    made = club.touchline(
        "events", "create", "Club night", "--sport", "football", "--origin", "A", "--origin", "B"
    )
    event = str(club.told(made)["event"])
    host = club.touchline("host", event)
    while club.told(host)["type"] != "hosting":
        pass
    code = str(club.told(club.touchline("invite", "--role", "reporter"))["code"])
    people = People(browser, club, "by-invitation")
    people.allow_cuts()  # browsers complain of an answer that is an error
    page = people.person(f"/report/{event}", **PHONE)
    field, wrong = page.locator("#code"), page.locator("#sign-in-wrong")
    page.get_by_label("Your name").fill("Zoe")
    assert field.is_hidden()
    begin = page.get_by_role("button", name="Start reporting")
    begin.click()
    wrong.get_by_text("Here it takes an invitation code.").wait_for()
    people.keep(page, "asked")
    field.fill("nono-nono-nono")
    begin.click()
    wrong.get_by_text("there is no such invitation").wait_for()
    field.fill(code)
    begin.click()
    page.locator("#pad .tile").first.wait_for()
    people.keep(page, "in")
    people.close()
