"""What people see of an event: reviews, interruptions, endings, and what is withheld."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import PHONE, Ground, People

pytestmark = pytest.mark.browser

Until = Callable[..., None]

STATE = "globalThis.touchline.feed.state"

WIDE = {"viewport": {"width": 1280, "height": 800}}

LOOKS = pytest.mark.parametrize(
    "look",
    [{**WIDE, "color_scheme": "light"}, {**PHONE, "color_scheme": "dark"}],
    ids=["desktop", "phone-dark"],
)

QUORUM = ("--verdict", "quorum")

HIDDEN = """() => {
    const entries = touchline.feed.state.entries.length;
    return [entries, globalThis.asked, document.querySelector(".figures").textContent];
}"""
"""How many entries there are, whether the page's person was asked, and the score."""

STOP_CLOCK = """() => {
    const now = Date.now();
    touchline.feed.wall = () => now;
    const question = document.getElementById("question");
    globalThis.asked = !question.hidden;
    const note = () => { globalThis.asked ||= !question.hidden; };
    new MutationObserver(note).observe(question, { attributes: true });
}"""
"""What is withheld for a while is withheld until the page's clock goes on."""

GO_ON = "() => { touchline.feed.wall = () => Date.now() + 7_000; }"


def note(page: Any, words: str) -> Any:
    return page.locator(".hero .unsure", has_text=words)


def test_a_score_is_hidden_until_one_may_see_it(
    ground: Ground, people: People, until: Until
) -> None:
    """The score that an unconfirmed goal makes is not on the reporters' page, nor in its title,
    before one has said the same, or time has passed; who was asked sees it."""
    event = ground.event("Derby", "football", "Reds", "Blues")
    crew = ground.crew(event)
    names = ("ann", "bob", "cy", "dan")
    pages = [people.reporter(event, name, **PHONE) for name in names]
    until(lambda: pages[0].evaluate(f"{STATE}.present") == 7, pages[0])
    for page in pages:
        page.evaluate(STOP_CLOCK)
    crew.say("goal", "Reds")
    for page in pages:
        until(lambda page=page: page.evaluate(HIDDEN)[0] > 0, page)
        _, asked, figures = page.evaluate(HIDDEN)
        assert asked or figures == "0–0"
    people.keep(pages[0], "hidden")
    first, second, *_ = pages
    assert "1–0" not in first.title() or first.evaluate(HIDDEN)[1]
    first.evaluate("() => document.querySelector('[data-action=goal][data-origin=Reds]').click()")
    first.locator(".figures", has_text="1–0").wait_for()
    second.evaluate(GO_ON)
    second.locator(".figures", has_text="1–0").wait_for()
    people.keep(first, "spoken")


@LOOKS
def test_a_review_and_an_interruption(
    ground: Ground, people: People, until: Until, look: Any
) -> None:
    """While the officials look at a goal it says so beside the score and in the feed, and then that
    it stands; an interruption says why, until play goes on; a goal that is taken back was
    overturned."""
    event = ground.event("Storm", "football", "Reds", "Blues", hosting=QUORUM)
    crew = ground.crew(event)
    fan = people.person(f"/events/{event}", **look)
    crew.say("period_start", period="first_half")
    crew.say("goal", "Reds", player="Ida Rank")
    fan.locator(".figures", has_text="1–0").wait_for()
    crew.say("state", review="begun", reason="offside")
    note(fan, "Under review").get_by_text("Goal · Reds: offside").wait_for()
    fan.locator("#lines .tag.review", has_text="under review: offside").wait_for()
    people.keep(fan, "review")
    crew.say("state", review="over")
    fan.locator("#lines .tag.upheld", has_text="stands after review").wait_for()
    assert note(fan, "Under review").count() == 0
    late = people.person(f"/events/{event}", **look)
    late.locator("#lines .tag.upheld", has_text="stands after review").wait_for()
    crew.say("state", play="interrupted", reason="thunderstorm")
    note(fan, "Play interrupted").get_by_text("Thunderstorm").wait_for()
    fan.locator(".pill", has_text="Interrupted").first.wait_for()
    assert fan.evaluate("document.documentElement.scrollWidth <= innerWidth")
    people.keep(fan, "interrupted")
    start = people.person("/", **look)
    start.locator(".result .course", has_text="Play is interrupted: thunderstorm.").wait_for()
    people.keep(start, "start")
    crew.say("state", play="resumed")
    fan.locator("#lines .line", has_text="Play goes on").wait_for()
    assert note(fan, "Play interrupted").count() == 0
    people.keep(fan, "goes-on", whole=True)


@LOOKS
def test_what_a_reporter_states(ground: Ground, people: People, until: Until, look: Any) -> None:
    """The page offers a review of what stands, and an interruption, and what ends each once it has
    begun; a usual reason can be chosen, any other typed, and it may be left out. The buttons are
    large enough for a thumb, and whole."""
    event = ground.event("Fog", "football", "Reds", "Blues", hosting=QUORUM)
    crew = ground.crew(event)
    ann = people.reporter(event, "ann", **look)
    until(lambda: ann.evaluate(f"{STATE}.present") == 4, ann)
    pad = ann.locator("#pad")
    assert pad.get_by_text("Review over").count() == 0
    crew.say("period_start", period="first_half")
    crew.say("goal", "Reds", player="Ida Rank")
    ann.locator("#lines .line", has_text="Ida Rank").wait_for()
    pad.get_by_role("button", name="Under review").click()
    ann.get_by_role("button", name="Something that is not here").wait_for()
    ann.get_by_role("button", name="Ida Rank").click()
    people.keep(ann, "reason")
    ann.locator(".choices label", has_text="offside").click()
    ann.get_by_role("button", name="Report", exact=True).click()
    crew.say("state", review="begun", reason="offside")
    note(ann, "Under review").get_by_text("Goal · Reds: offside").wait_for()
    ann.locator("#own .own-row", has_text="Under review").locator(
        ".became", has_text="accepted"
    ).wait_for()
    for button in pad.get_by_role("button").all():
        box = button.bounding_box()
        assert min(box["height"], box["width"]) >= 44
        assert button.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
    assert ann.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pad.get_by_role("button", name="The event is over").scroll_into_view_if_needed()
    people.keep(ann, "pad", whole=True)
    pad.get_by_role("button", name="Review over").click()
    ann.get_by_role("button", name="Without a reason").click()
    crew.say("state", review="over")
    ann.locator("#lines .tag.upheld", has_text="stands after review").wait_for()
    pad.get_by_role("button", name="Play interrupted").click()
    ann.get_by_label("Or type").fill("fog")
    ann.get_by_role("button", name="Report", exact=True).click()
    crew.say("state", play="interrupted", reason="fog")
    note(ann, "Play interrupted").get_by_text("Fog").wait_for()
    pad.get_by_role("button", name="Play goes on").wait_for()
    assert pad.get_by_role("button", name="Play interrupted").count() == 0
    people.keep(ann, "stopped")


@LOOKS
def test_after_the_end(ground: Ground, people: People, until: Until, look: Any) -> None:
    """The buttons stay as long as reports count, and say so; a card after the end is an entry. Then
    a sentence stands in their place."""
    event = ground.event("Lights", "football", "Reds", "Blues", hosting=QUORUM)
    crew = ground.crew(event)
    ann = people.reporter(event, "ann", **look)
    fan = people.person(f"/events/{event}", **look)
    until(lambda: ann.evaluate(f"{STATE}.present") == 4, ann)
    crew.say("goal", "Blues")
    fan.locator(".figures", has_text="0–1").wait_for()
    crew.say("end", how="abandoned", reason="floodlights out")
    ann.locator("#pad .after", has_text="still count until").wait_for()
    note(fan, "Abandoned").get_by_text("Floodlights out.").wait_for()
    fan.locator("#lines .end-line", has_text="Abandoned (floodlights out)").wait_for()
    assert fan.locator("#to-report").is_visible()
    people.keep(ann, "after")
    ann.locator('[data-action="red_card"][data-origin="Reds"]').click()
    crew.say("red_card", "Reds")
    fan.locator("#lines .line", has_text="Red card").wait_for()
    ann.locator("#own .own-row", has_text="accepted").wait_for()
    people.keep(fan, "ended")
    assert fan.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ann.evaluate("() => { touchline.feed.wall = () => Date.now() + 16 * 60_000; }")
    ann.locator("#pad", has_text="no longer count").wait_for()
    assert ann.locator("#pad .tile").count() == 0
    people.keep(ann, "closed")


@pytest.mark.parametrize("how", ["postponed", "awarded", "walkover", "retired"])
def test_each_kind_of_ending(ground: Ground, people: People, how: str) -> None:
    """The page and the list say how it ended, who won and why; that it goes on after all, too."""
    event = ground.event(f"Ends {how}", "tennis", "Ada Lund", "Bea Moss", hosting=QUORUM)
    crew = ground.crew(event)
    fan = people.person(f"/events/{event}", **PHONE)
    crew.say("end", how=how, winner="Ada Lund", reason="a strained calf")
    note(fan, how.capitalize()).get_by_text("Ada Lund wins. A strained calf.").wait_for()
    fan.locator(".hero .above .pill", has_text=how.capitalize()).wait_for()
    people.keep(fan, "ended")
    start = people.person("/", **PHONE)
    row = start.locator(".result", has_text="Ada Lund")
    row.get_by_text(f"{how.capitalize()}, Ada Lund wins (a strained calf).").wait_for()
    people.keep(start, "start")


@LOOKS
def test_a_race_marks_what_is_not_confirmed(
    ground: Ground, people: People, until: Until, look: Any
) -> None:
    """A place that rests on what is not confirmed says so, on the podium and in the table."""
    runners = ("Ada", "Bo", "Cy", "Di")
    event = ground.event("Hill run", "race", *runners, hosting=("--publish", "provisional"))
    crew = ground.crew(event)
    pages = [people.reporter(event, name) for name in ("ann", "bob", "cy", "dan")]
    fan = people.person(f"/events/{event}", **look)
    until(lambda: fan.evaluate(f"{STATE}.present") == 7, fan)
    crew.say("start", "", 600)
    for page in pages:
        page.locator('[data-action="start"]').first.click()
    crew.say("finish", "Bo")
    fan.locator(".podium .tag.provisional", has_text="unconfirmed").first.wait_for()
    assert fan.locator(".leaders .tag.provisional").count() >= 1
    people.keep(fan, "race")
