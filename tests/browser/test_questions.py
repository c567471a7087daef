"""What the host asks people in their browsers, and what they see before they have spoken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import DESKTOP, PHONE, Ground, People

pytestmark = pytest.mark.browser

Until = Callable[..., None]

STATE = "globalThis.touchline.feed.state"

SLOW = 0.3
"""Seconds of the event in one second: an answer counts for 6 of them, on a busy machine too."""

LOOKS = pytest.mark.parametrize(
    "look",
    [
        {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
        {**PHONE, "color_scheme": "dark"},
    ],
    ids=["desktop", "phone-dark"],
)


def figures(page: Any) -> str:
    return str(page.locator(".figures").inner_text()).replace("\n", "")


@LOOKS
def test_a_goal_that_three_of_seven_tell(
    ground: Ground, people: People, until: Until, look: Any
) -> None:
    """Followers see at once that a score is unconfirmed; who reports and has not spoken does not,
    and is asked; with the answers it is confirmed."""
    event = ground.slow_event("Derby", "football", "Reds", "Blues", speed=SLOW)
    crew = ground.crew(event)
    pages = [people.reporter(event, name, **look) for name in ("ann", "bob", "cy", "dan")]
    fan = people.person(f"/events/{event}", **look)
    until(lambda: fan.evaluate(f"{STATE}.present") == 7, fan)
    crew.say("goal", "Reds")
    fan.locator(".unsure", has_text="Unconfirmed").get_by_text("Goal · Reds, 3 of 7").wait_for()
    people.keep(fan, "fan")
    asked = next(page for page in until_asked(pages, until))
    question = asked.locator("#question")
    question.locator(".asked", has_text="Goal Reds?").wait_for()
    people.keep(asked, "question")
    sizes = question.locator(".answers button").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect()).map((b) => [b.width, b.height])"
    )
    assert all(min(size) >= 80 for size in sizes), sizes
    assert question.get_by_role("button", name="I could not see it").is_visible()
    assert asked.evaluate("document.documentElement.scrollWidth <= innerWidth")
    asked.wait_for_timeout(500)  # a tap that comes sooner was meant for what lies below
    question.get_by_role("button", name="Yes").click()
    asked.locator("#own .own-row", has_text="Yes · ").get_by_text("stored, it counts").wait_for()
    question.wait_for(state="hidden")
    people.keep(asked, "answered")


def until_asked(pages: list[Any], until: Until) -> list[Any]:
    """Wait until one of several pages is asked; return those that are."""

    def found() -> list[Any]:
        return [page for page in pages if page.locator("#question").is_visible()]

    until(lambda: bool(found()), pages[0])
    return found()


def test_an_answer_by_key(ground: Ground, people: People, until: Until) -> None:
    """The question takes the focus where nothing is used, is read out, and N answers it."""
    event = ground.slow_event("Keys", "football", "Reds", "Blues", speed=SLOW)
    crew = ground.crew(event)
    pages = [people.reporter(event, name, **DESKTOP) for name in ("ann", "bob", "cy", "dan")]
    until(lambda: pages[0].evaluate(f"{STATE}.present") == 7, pages[0])
    for page in pages:
        page.evaluate("document.activeElement.blur()")
    crew.say("goal", "Reds")
    page = until_asked(pages, until)[0]
    until(lambda: page.evaluate("document.activeElement.id") == "question", page)
    assert page.locator("#aloud").inner_text().startswith("Question: ")
    page.keyboard.press("n")
    page.locator("#own .own-row", has_text="No · ").get_by_text("stored, it counts").wait_for()
    assert page.locator("#question").is_hidden()
    until(lambda: page.evaluate("document.activeElement.id") == "pad", page)


@LOOKS
def test_what_is_disputed_stands_above_the_buttons(
    ground: Ground, people: People, look: Any
) -> None:
    """How much is disputed is told on a line above the buttons, which do not move when it changes;
    what it is about is told of one's own reports alone."""
    event = ground.event("Disputed", "football", "Reds", "Blues")
    page = people.reporter(event, "dora", **look)
    line, tile = page.locator("#disputes"), page.locator('[data-action="goal"]').first
    assert line.inner_text() == "Nothing is disputed."
    before = tile.bounding_box()
    assert line.bounding_box()["y"] < before["y"]
    # A host tells of it in a heartbeat; this one's say that nothing is.
    told = "touchline.shown.state, 'disputed', { get: () => 2, set() {} }"
    page.evaluate(f"Object.defineProperty({told})")
    page.locator("#disputes", has_text="2 claims are disputed.").wait_for()
    assert tile.bounding_box() == before
    people.keep(page, "disputed")
