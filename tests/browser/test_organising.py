"""A club's event from nothing: organised, hosted and reported on in browsers alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Process

from .conftest import PHONE, People

pytestmark = pytest.mark.browser

Until = Callable[..., None]

DARK = {"color_scheme": "dark"}


BOULES = """text = "Boules"
[[actions]]
title = "point"
text = "Point"
points = 1
"""


class Club:
    """A running `touchline club`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        told: dict[str, Any] = json.loads(process.stdout.readline())
        self.url = str(told["url"])
        self.organise = str(told["organise"]).removeprefix(self.url)


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    home = tmp_path_factory.mktemp("club")
    command = ["club", "--host", "127.0.0.1", "--port", "0", "--no-mdns", "--json"]
    process = Process(
        [sys.executable, "-m", "touchline.cli", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TOUCHLINE_HOME": str(home)},
    )
    yield Club(process)
    process.terminate()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture
def visitors(browser: Any, club: Club, request: pytest.FixtureRequest) -> Iterator[People]:
    found = People(browser, club, Path(request.node.name).name)  # type: ignore[arg-type]  # its url
    found.allowed = ("401 (Unauthorized)",)  # a page asks who is signed in
    yield found
    found.close()


def sign_in(page: Any) -> None:
    page.get_by_label("Your name").fill("Olga")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="New event").wait_for()


def create(page: Any, home: str, away: str) -> str:
    page.get_by_label("Home", exact=True).first.fill(home)
    page.get_by_label("Away", exact=True).first.fill(away)
    page.get_by_role("button", name="Create the event").click()
    page.get_by_role("heading", name=f"{home} v {away}").wait_for()
    page.locator("#host-words", has_text="It is hosted").wait_for()
    return str(page.locator("#link").input_value())


def report(visitors: People, link: str, name: str) -> Any:
    page = visitors.person(link, **PHONE)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Start reporting").click()
    page.locator("#pad .tile").first.wait_for()
    return page


def test_from_nothing_to_a_hosted_match_with_two_phones(club: Club, visitors: People) -> None:
    """An organiser opens the club's link, creates a match and shows its link; two phones open that
    and report, and the goal stands. How long it took is written down, and judged by people."""
    began = time.monotonic()
    organiser = visitors.person(club.organise)
    visitors.keep(organiser, "sign-in")
    sign_in(organiser)
    visitors.keep(organiser, "new", whole=True)
    link = create(organiser, "Reds", "Blues")
    assert "#code=" in link
    phones = [report(visitors, link, name) for name in ("ann", "bob")]
    for phone in phones:
        phone.locator('[data-action="goal"][data-origin="Reds"]').click()
    phones[0].locator("#own .own-row", has_text="accepted").wait_for()
    organiser.locator("#score", has_text="1").wait_for()
    print(f"from nothing to a goal by two phones: {time.monotonic() - began:.1f} s")
    organiser.locator("#people li", has_text="ann").get_by_text("1 of 1 confirmed").wait_for()
    organiser.wait_for_function("document.getElementById('qr').naturalWidth > 0")
    visitors.keep(organiser, "event", whole=True)
    for name, about in (("phone", PHONE), ("dark", DARK)):
        other = visitors.person(club.organise, **about)
        sign_in(other)
        visitors.keep(other, f"new-{name}", whole=True)
    organiser.set_viewport_size({"width": 390, "height": 844})
    visitors.keep(organiser, "event-phone", whole=True)
    organiser.emulate_media(color_scheme="dark")
    visitors.keep(organiser, "event-dark", whole=True)


def test_a_contest_that_comes_along_and_one_of_ones_own(club: Club, visitors: People) -> None:
    """Handball is chosen like football, and has its own buttons; of a contest of one's own the
    definition is brought along, and what is wrong in it is said."""
    organiser = visitors.person(club.organise)
    sign_in(organiser)
    organiser.get_by_role("radio", name="Handball").check()
    visitors.keep(organiser, "handball", whole=True)
    phone = report(visitors, create(organiser, "Reds", "Blues"), "ann")
    phone.locator('[data-action="seven_metres"][data-origin="Reds"]').wait_for()
    organiser.goto(club.organise)
    organiser.get_by_role("radio", name="One of your own").check()
    organiser.get_by_label("A file with a definition").set_input_files(
        {"name": "boules.toml", "mimeType": "text/plain", "buffer": BOULES.encode()}
    )
    organiser.get_by_label("Who takes part").fill("Ada\nBea\nCleo")
    assert organiser.get_by_label("What counts in it").input_value() == BOULES
    organiser.get_by_label("What counts in it").fill(BOULES + "wins = 3\n")
    visitors.allowed = (*visitors.allowed, "400 (Bad Request)")
    organiser.get_by_role("button", name="Create the event").click()
    organiser.locator("#wrong", has_text="line 6, column 1").wait_for()
    visitors.keep(organiser, "own", whole=True)
    organiser.get_by_label("What counts in it").fill(BOULES)
    organiser.get_by_role("button", name="Create the event").click()
    organiser.locator("#host-words", has_text="It is hosted").wait_for()
    link = str(organiser.locator("#link").input_value())
    report(visitors, link, "bob").locator('[data-action="point"][data-origin="Cleo"]').wait_for()


def test_a_reporter_is_put_out(club: Club, visitors: People) -> None:
    """A reporter whom the organiser has put out can't report any more on that event; another page
    of the link needs its code."""
    organiser = visitors.person(club.organise)
    sign_in(organiser)
    link = create(organiser, "Cats", "Dogs")
    troll = report(visitors, link, "troll")
    visitors.allowed = (*visitors.allowed, "403 (Forbidden)")
    organiser.get_by_role("button", name="Put out: troll").click()
    organiser.get_by_role("dialog").get_by_role("button", name="Put out").click()
    organiser.locator("#done", has_text="troll is out").wait_for()
    troll.locator('[data-action="goal"][data-origin="Cats"]').click()
    troll.get_by_role("button", name="Start reporting").click()
    troll.locator("#sign-in-wrong", has_text="put you out").wait_for()
    stranger = visitors.person(link.partition("#")[0], **PHONE)
    stranger.get_by_label("Your name").fill("stranger")
    wrong = stranger.locator("#sign-in-wrong")
    visitors.allowed = (*visitors.allowed, "503 (Service Unavailable)")
    while not wrong.is_visible() or "does not answer" in wrong.inner_text():  # a busy machine
        stranger.get_by_role("button", name="Start reporting").click()
        wrong.wait_for()
    assert "code" in wrong.inner_text()


def decide(page: Any, act: str, why: str, **fields: str) -> None:
    """Decide something on the organiser's page, and wait until it is published."""
    page.get_by_role("button", name=f"{act} …").click()
    dialog = page.get_by_role("dialog")
    for name, value in fields.items():
        dialog.locator(f"#f-{name}").select_option(label=value)
    dialog.get_by_label("Why, for everybody to read").fill(why)
    dialog.get_by_role("button", name=act).click()
    page.locator("#done", has_text="Decided, and published").wait_for()
    page.evaluate("document.getElementById('done').hidden = true")


def test_a_dispute_is_ruled_and_play_suspended(club: Club, visitors: People) -> None:
    """What one of two reporters saw stands by the organiser's word, play is suspended and goes on,
    and an entry is taken back; who watches reads that the owner decided so, and why."""
    organiser = visitors.person(club.organise)
    sign_in(organiser)
    link = create(organiser, "Owls", "Rooks")
    ann, _ = (report(visitors, link, name) for name in ("ann", "bob"))
    watching = visitors.person(organiser.locator("#page-link").get_attribute("href"), **PHONE)
    ann.locator('[data-action="goal"][data-origin="Owls"]').click()
    ann.locator("#own .own-row").first.wait_for()
    organiser.get_by_role("button", name="Decide what happened …").click()
    visitors.keep(organiser, "decide")
    organiser.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    said = {"title": "Goal", "origin": "Owls"}
    decide(organiser, "Decide what happened", "the referee gave it", **said)
    organiser.locator("#score", has_text="1").wait_for()
    ann.locator("#own .own-row", has_text="accepted").wait_for()
    watching.get_by_text("ruled by the owner").first.wait_for()
    decide(organiser, "Suspend play", "thunderstorm")
    watching.get_by_text("thunderstorm").first.wait_for()
    visitors.keep(watching, "suspended", whole=True)
    decide(organiser, "Let play go on", "the storm is over")
    organiser.get_by_role("button", name="Suspend play …").wait_for()
    organiser.set_viewport_size({"width": 390, "height": 844})
    visitors.keep(organiser, "event-phone", whole=True)
    organiser.get_by_role("button", name="Correct an entry …").click()
    dialog = organiser.get_by_role("dialog")
    dialog.locator("#f-detail").select_option(
        label="How it was scored; an own goal counts for the side that gains"
    )
    dialog.locator("#f-value").select_option(label="header")
    dialog.locator("#f-detail").select_option(label="Who")
    dialog.get_by_label("What it should say").fill("Oona")
    visitors.keep(organiser, "correct")
    dialog.get_by_label("Why, for everybody to read").fill("seen again")
    dialog.get_by_role("button", name="Correct an entry").click()
    watching.get_by_text("Oona").first.wait_for()
    organiser.get_by_role("button", name="Take an entry back …").click()
    dialog = organiser.get_by_role("dialog")
    dialog.locator("#f-entry").select_option(index=2)
    dialog.get_by_label("Why, for everybody to read").fill("it hit the post")
    visitors.keep(organiser, "take-back")
    dialog.get_by_role("button", name="Take an entry back").click()
    organiser.locator("#score", has_text="0–0").wait_for()
