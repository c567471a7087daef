"""Events of a competition: where and when they are, found, chosen and counted together."""

from __future__ import annotations

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
