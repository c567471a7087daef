"""People who follow an event: from the search to its page, in either mode, on either size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.peer.grades.making import grade, sheet
from touchline.peer.grades.sheet import Accuracy, encode

from .conftest import DESKTOP, PHONE, Ground, People

Until = Callable[..., None]

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])

QUIZ = "examples/quiz.toml"

STATIC = Path("gateway/static")


@SIZES
def test_search_leads_to_the_event(ground: Ground, people: People, size: Any) -> None:
    """What is typed finds the event, misspelt too, and the keyboard alone leads to its page."""
    title = f"Wanderers v Albion, {size['viewport']['width']}"
    event = ground.event(title, "football", "Wanderers", "Albion")
    ground.event("Something else", "tennis", "Somebody", "Somebody Else")
    page = people.person("/", **size)
    page.locator(".result").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type(f"wandrers albion {size['viewport']['width']}")
    page.locator("#said", has_text="found for").wait_for()
    people.keep(page, "search")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/events/{event}")
    page.get_by_role("heading", name=title).wait_for()
    page.get_by_text("Nothing has happened yet.").wait_for()
    people.keep(page, "event")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@SIZES
def test_a_football_page_shows_score_scorers_lineups_and_evidence(
    ground: Ground, people: People, size: Any
) -> None:
    """A goal is in the score, with its scorer, as `*` in the line-up, and with its evidence."""
    more = (
        *ground.lineup("Rovers", "Sam Ferris", "Joe Adair", "Ravi Nair", *_names(9)),
        *ground.lineup("Athletic", "Jin Park", "Abe Stone", *_names(9, "Other")),
    )
    event = ground.event("Sunday league", "football", "Rovers", "Athletic", more=more)
    crew = ground.crew(event)
    page = people.person(f"/events/{event}", **size)
    page.get_by_text("Nothing has happened yet.").wait_for()
    crew.say("period_start", ago=1_500, period="first_half")
    crew.say("goal", "Rovers", 900, player="Ravi Nair", how="header")
    crew.say("red_card", "Athletic", 300, player="Abe Stone")
    crew.say("substitution", "Rovers", 120, off="Joe Adair", on="Name 8")
    page.locator(".figures", has_text="1–0").wait_for()
    assert page.locator(".clock").inner_text().startswith(("25'", "26'"))
    page.locator(".scorers", has_text="Ravi Nair 11'").wait_for()
    goal = page.locator("#lines .line", has_text="Goal · Rovers")
    # The third voice may come in the same moment as the second.
    assert " of 3" in goal.inner_text()
    assert page.title().startswith("Rovers 1–0 Athletic")
    people.keep(page, "feed", whole=True)
    if size is PHONE:
        page.get_by_role("radio", name="Line-ups").check()
    players = page.locator("#sport-pane")
    players.get_by_text("*").wait_for()
    assert "*" in players.locator("li", has_text="Ravi Nair").inner_text()
    assert "red card" in players.locator("li", has_text="Abe Stone").inner_text()
    assert "24'" in players.locator("li", has_text="Name 8").inner_text()
    people.keep(page, "lineups", whole=True)
    if size is PHONE:
        page.get_by_role("radio", name="Charts").check()
    page.get_by_role("img", name="Timeline of Rovers above").wait_for()
    page.get_by_text("Technical details").click()
    page.get_by_role("img", name="Agreement on 4 entries").wait_for()
    people.keep(page, "charts", whole=True)


@SIZES
def test_starters_stand_on_a_pitch(ground: Ground, people: People, size: Any) -> None:
    """Where a formation is given the starters stand on a pitch with their numbers, and in a list as
    well; without JavaScript in the list alone."""
    home = [f"{n} Emil Van {chr(64 + n)}chternaam" for n in range(1, 14)]
    away = [f"{30 + n} Otto {chr(64 + n)}ay" for n in range(12)]
    more = (
        *ground.lineup("Rovers", *home),
        *ground.lineup("Athletic", *away),
        *("--rule", "home_formation=4-2-3-1", "--rule", "away_formation=3-5-2"),
    )
    event = ground.event("On the pitch", "football", "Rovers", "Athletic", more=more)
    crew = ground.crew(event)
    crew.say("goal", "Rovers", 900, player="11")
    crew.say("substitution", "Rovers", 120, off=home[1], on=home[12])
    crew.say("yellow_card", "Athletic", 100, player="31")
    page = people.person(f"/events/{event}", **size)
    page.locator(".figures", has_text="1–0").wait_for()
    if size is PHONE:
        page.get_by_role("radio", name="Line-ups").check()
    pitch = page.get_by_role("img", name="Rovers 4-2-3-1 · Athletic 3-5-2")
    pitch.wait_for()
    rows = "[...document.querySelectorAll('.half')].map((half) =>"
    rows += " [...half.children].map((row) => row.children.length))"
    assert page.evaluate(rows) == [[1, 4, 2, 3, 1], [1, 3, 5, 2]]
    listed = page.locator("#sport-pane li", has_text="Emil Van Kchternaam")
    assert listed.locator(".number").inner_text() == "11"
    apart = """[...document.querySelectorAll(".man")].every((one) => {
        const { left, right } = one.getBoundingClientRect();
        const frame = one.closest(".pitch").getBoundingClientRect();
        return left >= frame.left && right <= frame.right;
    })"""
    assert page.evaluate(apart)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    people.keep(page, "pitch", whole=True)
    plain = people.person(f"/events/{event}", java_script_enabled=False, **size)
    plain.locator(".players li", has_text="Emil Van Kchternaam").wait_for()
    people.keep(plain, "plain", whole=True)


@SIZES
def test_a_page_shows_how_right_its_timeline_was(ground: Ground, people: People, size: Any) -> None:
    """Once the event is graded its page tells it, and each reporter's page the own grade."""
    event = ground.event("Graded", "football", "Reds", "Blues")
    ground.crew(event).say("goal", "Reds", 60)
    bare = people.person(f"/events/{event}", **size)
    bare.locator("#lines .line", has_text="Goal · Reds").wait_for()
    assert not bare.locator("#accuracy-pane").is_visible()
    own = people.reporter(event, "ann", **size)
    assert not own.locator("#grade").is_visible()
    told = own.evaluate("fetch('/api/session').then((answer) => answer.json())")
    made = sheet(
        grade(told["sessions"][0]["name"], (3, 1, 2, 0), (9, 8, 7, 6)),
        event=event,
        decides=Accuracy(3, 1, 0),
        rest=Accuracy(40, 0, 2),
        published="Reds 3–1 Blues",
        official="Reds 3–0 Blues",
    )
    (ground.sheets / f"{event}.sheet").write_bytes(encode(made))
    page = people.person(f"/events/{event}", **size)
    if size is PHONE:
        page.get_by_role("radio", name="Charts").check()
    pane = page.locator("#accuracy-pane", has_text="By the official record")
    pane.wait_for()
    assert "3 right, 1 wrong, 0 missed" in pane.inner_text()
    assert "Reds 3–0 Blues, not Reds 3–1 Blues" in pane.inner_text()
    people.keep(page, "accuracy", whole=True)
    own.reload()
    own.locator("#grade", has_text="3 of 4 reported, 2 that did not happen").wait_for()
    people.keep(own, "own", whole=True)


def _names(count: int, name: str = "Name") -> list[str]:
    return [f"{name} {number}" for number in range(count)]


@SIZES
def test_a_tennis_page_shows_sets_games_points_and_who_serves(
    ground: Ground, people: People, size: Any
) -> None:
    """Points make a game; the scoreboard says who serves."""
    event = ground.event("Centre court", "tennis", "Ana Reyes", "Mia Novak")
    crew = ground.crew(event)
    page = people.person(f"/events/{event}", **size)
    for number in range(6):
        crew.say("point", "Ana Reyes", 300 - 30 * number, how="ace" if number % 2 else "winner")
    row = page.locator(".scoreboard tbody tr", has_text="Ana Reyes")
    row.locator("td.points", has_text="30").wait_for()
    assert row.locator("td.now").first.inner_text() == "1"
    assert "serves:" in page.locator(".scoreboard tr", has_text="Mia Novak").inner_text()
    page.locator("#lines .line", has_text="Game · Ana Reyes").wait_for()
    people.keep(page, "scoreboard", whole=True)


def test_a_race_page_shows_the_leaderboard(ground: Ground, people: People) -> None:
    """Who finishes is on the leaderboard, with the time and the gap to the first."""
    event = ground.event("City mile", "race", "Ada", "Bo", "Chen", "Dara", "Elif")
    crew = ground.crew(event)
    page = people.person(f"/events/{event}")
    crew.say("start", ago=600)
    crew.say("finish", "Chen", 300, time="4:59.2")
    crew.say("finish", "Ada", 290, time="5:07.4")
    page.locator(".leaders tr", has_text="Ada").get_by_text("+8.2").wait_for()
    assert page.locator(".podium li").first.inner_text().split() == ["1", "Chen", "4:59.2"]
    people.keep(page, "leaderboard", whole=True)


def test_a_custom_contest_has_a_page_without_any_code_for_it(
    ground: Ground, people: People
) -> None:
    """Four tables at a quiz: their points, ranked."""
    event = ground.event(
        "Pub quiz", "custom", "Owls", "Cats", "Dogs", "Crows", more=("--definition", QUIZ)
    )
    crew = ground.crew(event)
    page = people.person(f"/events/{event}")
    crew.say("right", "Cats", 60)
    page.locator(".podium li").first.get_by_text("Cats").wait_for()
    page.locator("#lines .line", has_text="Right answer · Cats").wait_for()
    people.keep(page, "quiz", whole=True)


def test_dark_mode_follows_the_system_and_the_reader(ground: Ground, people: People) -> None:
    """The system's choice holds until the reader makes one, which outlives the page."""
    ground.event("Dark match", "football", "Night", "Day")
    page = people.person("/", color_scheme="dark")
    page.locator(".result").first.wait_for()
    assert _lightness(page) < 40
    people.keep(page, "system")
    page.get_by_role("button", name="Colours: as the system").click()
    page.get_by_role("button", name="Colours: dark").click()
    assert _lightness(page) > 220
    page.reload()
    page.locator(".result").first.wait_for()
    assert _lightness(page) > 220


def _lightness(page: Any) -> float:
    """Return how light the ground of a page is, 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    parts = [int(part) for part in colour.strip("rgba()").split(",")[:3]]
    return sum(parts) / len(parts)


def test_the_feed_is_read_out_and_everything_is_reached_by_keyboard(
    ground: Ground, people: People
) -> None:
    """New entries stand in a polite live region, old ones are not read out; focus shows."""
    event = ground.event("Quiet please", "football", "North", "South")
    crew = ground.crew(event)
    crew.say("corner", "North", 60)
    page = people.person(f"/events/{event}")
    page.locator("#lines .line").wait_for()
    log = page.get_by_role("log", name="Feed")
    assert log.get_attribute("aria-live") == "polite"
    page.locator('#feed[aria-busy="false"]').wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the feed"
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.value"))
        style = page.evaluate("""() => {
            const it = document.activeElement;
            const shown = getComputedStyle(it.matches('.chips input') ? it.nextElementSibling : it);
            return shown.outlineStyle;
        }""")
        assert style == "solid", seen
        if seen[-1] == "all":
            break
    assert {"theme", "to-report", "all"} <= set(seen)


@SIZES
def test_the_score_is_read_without_javascript(ground: Ground, people: People, size: Any) -> None:
    """Score, scorer and the last 20 entries are there; nothing runs out of the page."""
    event = ground.event("No script", "football", "Ferns", "Foxes")
    crew = ground.crew(event)
    crew.say("goal", "Ferns", 900, player="Ida Rank")
    for number in range(21):
        crew.say("corner", "Foxes", 800 - 30 * number)
    reader = people.person(f"/events/{event}", **size)
    reader.locator(".line", has_text="Corner").nth(20).wait_for()
    page = people.person(f"/events/{event}", java_script_enabled=False, **size)
    assert page.locator(".figures").inner_text() == "1–0"
    assert page.locator(".scorers", has_text="Ida Rank").is_visible()
    assert page.locator("#lines .line").count() == 20
    assert page.title().startswith("Ferns 1–0 Foxes")
    people.keep(page, "plain")


@SIZES
def test_what_became_of_an_entry(ground: Ground, people: People, size: Any) -> None:
    """Who saw it opens into its history: published, then changed, each with its reason."""
    event = ground.event("History", "football", "Ferns", "Foxes")
    crew = ground.crew(event)
    page = people.person(f"/events/{event}", **size)
    crew.say("goal", "Ferns", 60)
    line = page.locator("#lines .line", has_text="Goal · Ferns")
    line.locator("summary", has_text="saw it").click()
    line.locator(".history li", has_text="Confirmed").first.wait_for()
    assert "present said so" in line.locator(".history").inner_text()
    people.keep(page, "history")


def test_a_long_event_opens_with_its_end(ground: Ground, people: People, until: Until) -> None:
    """What comes with the page is bounded; earlier entries come when they are wanted."""
    event = ground.event("Long", "custom", "Owls", "Cats", more=("--definition", QUIZ))
    crew = ground.crew(event)
    for number in range(160):
        crew.say("right", "Cats" if number % 2 else "Owls", 4_000 - 20 * number)
    watched = people.person(f"/events/{event}")
    loaded = "window.touchline?.feed?.state.entries.length"
    until(lambda: watched.evaluate(loaded) == 160, watched)
    page = people.person(f"/events/{event}")
    until(lambda: page.evaluate(loaded) == 160, page)
    assert page.evaluate("touchline.feed.state.earlier") == 0
    assert (
        page.evaluate("JSON.parse(document.getElementById('first').textContent)[1].earlier") == 10
    )


@SIZES
def test_filters_are_kept_in_the_address(ground: Ground, people: People, size: Any) -> None:
    """A sport that was chosen is in the address, and holds when it is opened again."""
    football, tennis = (f"{name}, {size['viewport']['width']}" for name in ("Ball", "Court"))
    ground.event(football, "football", "Ferns", "Foxes")
    ground.event(tennis, "tennis", "Ana Reyes", "Mia Novak")
    page = people.person("/", **size)
    page.locator("#sports label", has_text="Tennis").click()
    page.locator(".result", has_text=football).wait_for(state="detached")
    page.wait_for_url("**/?sport=tennis")
    people.keep(page, "filters")
    page.reload()
    page.locator(".result", has_text=tennis).wait_for()
    page.locator(".result", has_text=football).wait_for(state="detached")
    assert page.locator("#sports input[value=tennis]").is_checked()
    page.locator("#sports label", has_text="All sports").click()
    page.locator(".result", has_text=football).wait_for()
    assert page.evaluate("location.search") == ""


def test_an_event_that_is_not_there_is_said_to_be_missing(people: People) -> None:
    """The page of an unknown event says so, and leads to those that there are."""
    people.allow_cuts()
    page = people.person("/events/no-such-event-abcd")
    page.get_by_role("heading", name="There is no such event").wait_for()
    people.keep(page, "missing")
    page.get_by_role("link", name="What is on").click()
    page.wait_for_url("**/")


SHIFTS = """() => new Promise((resolve) => new PerformanceObserver((list) =>
  resolve(list.getEntries().map(({ value, startTime, sources }) => [value, startTime,
    sources.map((one) => [one.node?.id || one.node?.className || one.node?.nodeName,
      one.previousRect.y, one.currentRect.y])])))
  .observe({ type: "layout-shift", buffered: true }) || setTimeout(() => resolve([]), 200))"""
"""By how much what was seen has moved so far, as browsers measure it, when, and what it was."""


@SIZES
def test_nothing_moves_when_an_event_is_first_opened(
    ground: Ground, people: People, size: Any
) -> None:
    """The gateway does not follow it yet: what comes later does not move what is there."""
    event = ground.event("First", "football", "Ferns", "Foxes")
    crew = ground.crew(event)
    for number in range(3):
        crew.say("goal", "Ferns", 300 - 60 * number, player=f"Name {number}")
    page = people.person(f"/events/{event}", **size)
    page.locator(".figures", has_text="3–0").wait_for()
    page.locator("#lines .line").first.wait_for()
    people.keep(page, "first")
    _check_shifts(page)


def _check_shifts(page: Any) -> None:
    shifts = page.evaluate(SHIFTS)
    assert sum(value for value, *_ in shifts) < 0.05, shifts


SLOW_SOCKET = """{
  const Real = WebSocket;
  window.WebSocket = class {
    constructor(url) {
      if (performance.now() > 4_000) return new Real(url);
      this.readyState = 0;
    }
    close() {}
  };
}"""
"""Makes connections that are begun in the first seconds wait for ever."""


@SIZES
def test_nothing_moves_when_the_first_connection_takes_long(
    ground: Ground, people: People, size: Any
) -> None:
    """The page says that there is no contact yet; nothing else is seen before the feed is here."""
    event = ground.event("Slow", "football", "Ferns", "Foxes")
    ground.crew(event).say("goal", "Ferns", 60, player="Name")
    people.scripts = [SLOW_SOCKET]
    # The page that comes where the broker does not answer soon.
    people.served = {f"/events/{event}": STATIC / "event.html"}
    page = people.person(f"/events/{event}", **size)
    page.locator("#banner", has_text="No contact").wait_for()
    assert not page.locator("#feed-title").is_visible()
    page.locator("#lines .line").first.wait_for()
    page.locator("#banner").wait_for(state="hidden")
    _check_shifts(page)
