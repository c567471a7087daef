"""Events of a competition: where and when they are, found, chosen and counted together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import DESKTOP, PHONE, Ground, People

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize(
    "size",
    [DESKTOP | {"viewport": {"width": 1280, "height": 800}}, PHONE],
    ids=["desktop", "phone"],
)

LUSAIL = {"locale": "en-GB", "timezone_id": "Asia/Qatar"}


def about(competition: str, stage: str, venue: str) -> tuple[str, ...]:
    return ("--competition", competition, "--round", stage, "--venue", venue)


@SIZES
def test_an_event_says_where_and_when_it_is(ground: Ground, people: People, size: Any) -> None:
    """Its page has the day in words and the time where the reader is, venue, competition and round,
    and how long it is until then; the competition leads to its events."""
    cup = f"World Cup {size['viewport']['width']}"
    when = ("--starts", "2030-11-30T12:00:00Z")
    event = ground.event(
        "Qatar v Ecuador",
        "football",
        "Qatar",
        "Ecuador",
        more=(*when, *about(cup, "Final", "Lusail Stadium")),
    )
    page = people.person(f"/events/{event}", **size, **LUSAIL)
    words = page.locator(".when-where")
    words.get_by_text("Saturday, 30 November 2030, 15:00").or_(
        words.get_by_text("Saturday 30 November 2030, 15:00")
    ).wait_for()
    text = words.inner_text()
    assert f" · Lusail Stadium · {cup}, Final · in " in text, text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    people.keep(page, "event")
    words.get_by_role("link", name=cup).click()
    page.wait_for_url(f"**/?competition={cup.replace(' ', '+')}")
    page.locator(".result", has_text="To come").wait_for()
    assert page.get_by_role("radio", name=cup).is_checked()


@SIZES
def test_a_competition_is_chosen_and_shared(ground: Ground, people: People, size: Any) -> None:
    """What is chosen stands in the address, which leads to the same list; competition, venue and
    players of line-ups are found by words."""
    town = f"Town Cup {size['viewport']['width']}"
    ferns = ground.lineup("Ferns", "10 Ada Lovelace", *(f"{n} Fern {n}" for n in range(11, 21)))
    ground.event(
        "Ferns v Foxes", "football", "Ferns", "Foxes",
        more=(*about(town, "Semi-final", "Market Field"), *ferns),
    )  # fmt: skip
    ground.event(
        "Cats v Dogs", "tennis", "Cats", "Dogs", more=about("Club Open", "Final", "Centre Court")
    )
    page = people.person("/", **size)
    page.locator(".result", has_text="Cats v Dogs").first.wait_for()
    people.keep(page, "all", whole=True)
    page.locator("#competitions label", has_text=town).click()
    page.locator(".result", has_text="Cats v Dogs").first.wait_for(state="detached")
    page.locator(".result .more", has_text=f"{town} · Semi-final").first.wait_for()
    people.keep(page, "chosen")
    again = people.person(page.url.removeprefix(ground.url), **size)
    again.locator(".result", has_text="Ferns v Foxes").wait_for()
    assert again.get_by_role("radio", name=town).is_checked()
    assert again.locator(".result").count() == 1
    assert again.evaluate("document.documentElement.scrollWidth <= innerWidth")
    again.locator("#competitions label", has_text="All competitions").click()
    for words in ("lovelace", "market field", town.lower()):
        again.get_by_role("searchbox").fill(words)
        again.locator("#said", has_text=f"found for “{words}”").wait_for()
        again.locator(".result", has_text="Ferns v Foxes").first.wait_for()


def finished(ground: Ground, title: str, sport: str, more: tuple[str, ...], *said: Any) -> str:
    """Play an event of a competition to its end."""
    sides = title.split(" v ")
    hosting = ("--verdict", "quorum")
    event = ground.event(title, sport, *sides, more=more, hosting=hosting)
    crew = ground.crew(event)
    for words, details in said:
        crew.say(*words, **details)
    ground.end_crews()
    return event


@SIZES
def test_a_competition_has_a_table(
    ground: Ground, people: People, size: Any, until: Callable[..., None]
) -> None:
    """A win is worth three points in football and a draw one; where a sport has no points, wins are
    counted. What goes on is not counted, and without a script the table is there too."""
    league = f"Town League {size['viewport']['width']}"
    more = ("--competition", league)
    goal, over = (("goal", "Ferns"), {}), (("end",), {})
    finished(ground, "Ferns v Foxes", "football", more, goal, over)
    finished(ground, "Foxes v Cats", "football", more, over)
    walkover = (("end",), {"how": "walkover", "winner": "Ada Lund", "reason": "ill"})
    finished(ground, "Bo Ek v Ada Lund", "tennis", more, walkover)
    ground.event("Cats v Ferns", "football", "Cats", "Ferns", more=more)
    page = people.person(f"/?competition={league.replace(' ', '+')}", **size)
    table = page.locator("#standings")
    until(lambda: table.locator("tbody tr").count() == 5, page)
    rows = [
        row.replace("\t", " ").split("\n") for row in table.locator("tbody tr").all_inner_texts()
    ]
    assert [" ".join(row) for row in rows] == [
        "1 Ferns 1 1 0 0 +1 3",
        "2 Cats 1 0 1 0 0 1",
        "3 Foxes 2 0 1 1 −1 1",
        "1 Ada Lund 1 1 0 0",
        "2 Bo Ek 1 0 1 0",
    ]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    people.keep(page, "table", whole=True)
    plain = people.person(
        f"/?competition={league.replace(' ', '+')}", **size, java_script_enabled=False
    )
    without = plain.locator("#standings tbody tr")
    while not without.count():  # the gateway waits for the table no longer than a page may take
        plain.reload()
    assert without.all_inner_texts() == table.locator("tbody tr").all_inner_texts()
