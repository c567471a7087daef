"""The pages in every language, and from right to left, on a desktop and on small phones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from touchline.runtime.languages import LANGUAGES, PSEUDO

from .conftest import DESKTOP, PHONE, Ground, People
from .test_organising import club, visitors  # noqa: F401  # fixtures

pytestmark = pytest.mark.browser

Until = Callable[..., None]

WIDTHS = (1280, 390, 320)

READ = (*LANGUAGES, PSEUDO)

WIDE = """() => {
  const most = document.documentElement.clientWidth;
  const found = [];
  const whole = document.documentElement.scrollWidth;
  if (whole > most + 1) {
    const wide = [...document.querySelectorAll("body *")].filter((node) =>
      node.checkVisibility() && node.getBoundingClientRect().right > most + 1);
    const named = wide.slice(-3).map((node) => `${node.tagName}#${node.id}.${node.className}`);
    found.push(`the page is ${whole} wide: ${named}`);
  }
  const each = "button, .button, .chips span, .pill, .tag, .tile span, .bar a, summary, h1, h2";
  for (const node of document.querySelectorAll(each)) {
    if (!node.checkVisibility() || node.closest(".visually-hidden")) continue;
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    const name = `${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 40)}`;
    if (box.left < -1 || box.right > most + 1) found.push(`out: ${name}`);
    const clipped = style.display !== "inline" && node.scrollWidth > node.clientWidth + 1;
    if (clipped) found.push(`clipped: ${name}`);
  }
  return found;
}"""
"""What is wider than there is room, of what may not be."""


def size(width: int) -> dict[str, Any]:
    about = dict(PHONE if width < 700 else DESKTOP)
    height = 700 if width < 700 else 900
    return {**about, "viewport": {"width": width, "height": height}}


def axe(page: Any) -> list[str]:
    """Return what axe finds fault with; nothing where it is not installed."""
    module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here")
    found = module.Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:5]}"
        for one in found
        if one["id"] != "html-lang-valid"  # which does not know the pseudo-locale
    ]


@pytest.fixture(scope="module")
def matches(shared_ground: Ground) -> tuple[str, str]:
    """A football match with some of everything, and a tennis match."""
    lineup = shared_ground.lineup("Argentina", *(f"{n} Player {n}" for n in range(1, 14)))
    title = "Argentina v France"
    match = shared_ground.event(title, "football", "Argentina", "France", more=lineup)
    crew = shared_ground.crew(match)
    crew.say("period_start", ago=600, period="first_half")
    crew.say("goal", "Argentina", ago=400, player="10 Player 10", how="penalty")
    crew.say("goal", "France", ago=330, player="Mbappé", how="own goal")
    crew.say("shot", "France", ago=200, player="Mbappé", result="off target")
    crew.say("yellow_card", "France", ago=180, player="Rabiot", person="coach")
    crew.say("substitution", "Argentina", ago=120, on="12 Player 12", off="11 Player 11")
    crew.say("state", ago=60, play="interrupted", reason="injury")
    tennis = shared_ground.event("Ada v Bo", "tennis", "Ada", "Bo")
    crew = shared_ground.crew(tennis)
    for place, how in enumerate(("ace", "double fault", "unforced error", "penalty")):
        crew.say("point", "Ada", ago=200 - 30 * place, how=how)
    shared_ground.end_crews()
    return match, tennis


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", READ)
def test_every_page_has_room_for_every_language(
    people: People, matches: tuple[str, str], language: str, width: int
) -> None:
    """Nothing is cut off or wider than the page, what is read is all in one language, and axe finds
    nothing."""
    match, tennis = matches
    people.allowed = ("404 (Not Found)", "401 (Unauthorized)")
    about = size(width)
    found = {}
    for name, path in {
        "start": "/",
        "event": f"/events/{match}",
        "tennis": f"/events/{tennis}",
        "report": f"/report/{match}",
        "organise": "/organise",
        "missing": "/nothing",
        "embed": f"/embed/{match}",
    }.items():
        page = people.person(f"{path}?lang={language}", **about)
        page.wait_for_load_state("networkidle")
        if name in {"event", "tennis", "embed"}:
            page.locator("#lines li").first.wait_for()
        html = page.locator("html")
        assert html.get_attribute("lang") == language
        assert html.get_attribute("dir") == ("rtl" if language == PSEUDO else "ltr")
        people.keep(page, name, whole=True)
        found[name] = page.evaluate(WIDE) + axe(page)
        page.context.close()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("language", READ)
def test_the_buttons_of_reporters_have_room(
    people: People, matches: tuple[str, str], language: str, width: int
) -> None:
    """On small phones every action can be read, the rare ones too, and what is asked of it."""
    match, _ = matches
    page = people.person(f"/report/{match}?lang={language}", **size(width))
    page.locator("#name").fill(f"reader of {language} {width}")
    page.locator("#sign-in [type=submit]").click()
    page.locator("#pad .tile").first.wait_for()
    page.locator("#pad summary").first.click()
    page.locator("#pad details.more:not([open])").first.wait_for(state="detached")
    people.keep(page, "pad", whole=True)
    assert page.evaluate(WIDE) + axe(page) == []
    page.locator("#pad .switch input").click()
    page.locator("[data-action=goal]").first.click()
    page.locator("#sheet .choices").first.wait_for()
    people.keep(page, "goal")
    assert page.evaluate(WIDE) + axe(page) == []


@pytest.mark.parametrize("language", READ)
def test_an_organiser_reads_one_language(visitors: People, club: Any, language: str) -> None:  # noqa: F811  # the fixtures
    """From signing in to a hosted event nothing is cut off, on a phone and on a desktop."""
    start, _, code = club.organise.partition("#")
    page = visitors.person(f"{start}?lang={language}#{code}", **size(320))
    page.locator("#name").fill(f"Olga {language}")
    page.locator("#sign-in [type=submit]").click()
    page.locator("#home").wait_for()
    visitors.keep(page, "overview", whole=True)
    assert page.evaluate(WIDE) + axe(page) == []
    page.locator("#home").fill("Rovers")
    page.locator("#away").fill("United")
    page.locator("#new [type=submit]").click()
    page.locator("#acts button").first.wait_for()
    page.locator("#link").wait_for()
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        visitors.keep(page, f"looking-after-{width}", whole=True)
        assert page.evaluate(WIDE) + axe(page) == []


def test_the_language_follows_the_browser_and_the_switch(
    people: People, matches: tuple[str, str]
) -> None:
    """A browser's language is taken; a link at the end of the page chooses another, which stays on
    the next pages; scripts say the rest in it."""
    match, _ = matches
    page = people.person("/", locale="de-AT")
    page.get_by_role("heading", name="Was läuft").wait_for()
    page.get_by_role("link", name="Español").click()
    page.get_by_role("heading", name="Qué se juega").wait_for()
    page.goto(f"/events/{match}")
    page.get_by_text("Crónica").first.wait_for()
    page.locator("#lines").get_by_text("Gol en propia puerta").wait_for()
    page.locator("#page-pane summary").click()
    page.get_by_text("Mensajes recibidos").wait_for()
    assert page.locator("html").get_attribute("lang") == "es"
    english = people.person(f"/events/{match}", locale="fr-FR")
    english.locator("#lines").get_by_text("Own goal").wait_for()


def test_an_event_page_keeps_its_size(people: People, matches: tuple[str, str]) -> None:
    """One language travels: at most 60 kB come over the wire, in each of them."""
    match, _ = matches
    for language in READ:
        page = people.person("about:blank")
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        sizes: list[float] = []
        client.on("Network.loadingFinished", lambda one, sizes=sizes: sizes.append(
            one["encodedDataLength"]))  # fmt: skip
        page.goto(f"/events/{match}?lang={language}")
        page.wait_for_load_state("networkidle")
        print(f"{language}: {sum(sizes):,.0f} bytes")
        assert 10_000 < sum(sizes) <= 60_000, language
        page.context.close()
