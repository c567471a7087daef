"""Signing in with a browser: names that are taken, and invitations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .conftest import PHONE, Ground, People


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
