"""What people are told when it is silent, and how their pages come back."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import PHONE, Ground, People

pytestmark = pytest.mark.browser

Until = Callable[..., None]

STATE = "globalThis.touchline.feed.state"


def test_the_banner_says_that_the_venue_is_lost_and_that_it_is_back(
    ground: Ground, people: People, until: Until
) -> None:
    """Reporters who fall silent raise the alarm; the banner counts; those who return end it."""
    event = ground.event("Far away", "football", "Here", "There")
    crew = ground.crew(event)
    crew.say("goal", "Here", 60)
    page = people.person(f"/events/{event}")
    page.locator(".figures", has_text="1–0").wait_for()
    crew.lose()
    page.locator("#banner", has_text="Contact with the venue is lost").wait_for()
    page.locator("#lines .outage-line.open").wait_for()
    page.locator(".pill", has_text="No contact").wait_for()
    since = page.locator("#banner .since")
    before = since.inner_text()
    until(lambda: since.inner_text() != before, page)
    people.keep(page, "alarm")
    again = ground.crew(event)
    # It happened half a second after they were heard last.
    ago = page.evaluate(f"(Date.now() - Date.parse({STATE}.lastReceived)) / 1000 - 0.5")
    again.say("goal", "There", ago)
    again.say("confirm", score="1-1")
    page.locator(".figures", has_text="1–1").wait_for()
    page.locator("#banner").wait_for(state="hidden")
    page.locator("#lines .outage-line", has_text="the score confirmed by reporters").wait_for()
    page.locator("#lines .line .tag", has_text="reconstructed").wait_for()
    people.keep(page, "restored", whole=True)


def test_a_gateway_killed_and_restarted_leaves_no_hole(
    own_ground: Ground, own_people: People, until: Until
) -> None:
    """The page says what is wrong, comes back by itself, and has every message, each once."""
    own_people.allow_cuts()
    event = own_ground.event("Power cut", "football", "Left", "Right")
    crew = own_ground.crew(event)
    crew.say("goal", "Left", 600)
    page = own_people.person(f"/events/{event}")
    page.locator(".figures", has_text="1–0").wait_for()
    page.evaluate("""() => {
        const { feed } = globalThis.touchline;
        const hear = feed.on.message;
        globalThis.heard = [];
        feed.on.message = (message, result) => {
            if (result === "taken" && message.type === "entry") heard.push(message.seq);
            hear(message, result);
        };
    }""")
    own_ground.kill_gateway()
    page.locator("#banner", has_text="No contact with the gateway").wait_for()
    own_people.keep(page, "killed")
    crew.say("goal", "Right", 300)  # nobody on the web sees it
    crew.say("corner", "Right", 200)
    own_ground.restart_gateway()
    page.locator(".figures", has_text="1–1").wait_for()
    page.locator("#banner").wait_for(state="hidden")
    crew.say("goal", "Left", 100)
    page.locator(".figures", has_text="2–1").wait_for()
    counts = page.evaluate(f"{STATE}.counts")
    # Either all that was missed came one by one, or a snapshot held it.
    assert counts["lost"] == counts["repaired"] == 2, counts
    heard = page.evaluate("heard")
    assert heard == sorted(set(heard)), heard
    if counts["snapshots"] == 1:
        assert all(b - a == 1 for a, b in itertools.pairwise(heard)), heard
    until(lambda: page.evaluate(f"{STATE}.digestSeq === {STATE}.seq"), page)
    fresh = own_people.person(f"/events/{event}")
    fresh.locator(".figures", has_text="2–1").wait_for()
    same = f"[{STATE}.seq, {STATE}.digest, {STATE}.entries.map((line) => line.entry.seq)]"
    assert page.evaluate(same) == fresh.evaluate(same)
    own_people.keep(page, "back")


def test_a_viewer_whose_network_goes_and_comes_back(
    ground: Ground, people: People, until: Until
) -> None:
    """The page says that it is its own connection, and has what happened meanwhile afterwards."""
    people.allow_cuts()
    event = ground.event("Tunnel", "football", "East", "West")
    crew = ground.crew(event)
    crew.say("goal", "East", 600)
    page = people.person(f"/events/{event}", **PHONE)
    page.locator(".figures", has_text="1–0").wait_for()
    page.context.set_offline(True)
    page.locator("#banner", has_text="You are offline").wait_for()
    people.keep(page, "offline")
    crew.say("goal", "West", 60)
    assert page.evaluate(f"{STATE}.headline") == "East 1–0 West"
    page.context.set_offline(False)
    page.locator(".figures", has_text="1–1").wait_for()
    page.locator("#banner").wait_for(state="hidden")
    assert page.evaluate(f"{STATE}.counts.lost - {STATE}.counts.repaired") == 0


def test_reporters_on_the_web_are_cut_off_and_confirm_the_score(
    own_ground: Ground, own_people: People, until: Until
) -> None:
    """Reporters whose gateway dies are lost to the host; what they tapped meanwhile arrives as
    reconstructed, and they are asked for the score."""
    own_people.allow_cuts()
    event = own_ground.event("Storm", "football", "Sea", "Land")
    pages = [own_people.reporter(event, name, **PHONE) for name in ("ann", "bob")]
    fan = own_people.person(f"/events/{event}")
    until(lambda: fan.evaluate(f"{STATE}.present") == 2, fan)
    for page in pages:
        _goal(page, "Sea").click()
    fan.locator(".figures", has_text="1–0").wait_for()
    own_ground.kill_gateway()
    pages[0].locator("#banner", has_text="No contact with the gateway").wait_for()
    for page in pages:
        page.wait_for_timeout(700)
        page.locator('[data-action="corner"][data-origin="Land"]').click()
        page.locator("#unsent", has_text="1 kept on this device").wait_for()
    own_people.keep(pages[0], "kept")
    own_ground.restart_gateway()
    dialogs = [page.get_by_role("dialog", name="What is the score?") for page in pages]
    for page, dialog in zip(pages, dialogs, strict=True):
        dialog.wait_for()
        page.wait_for_timeout(500)  # a tap that comes sooner was meant for what lies below
        if page is pages[0]:
            own_people.keep(page, "score")
        _set(dialog, "Sea", 1)
        _set(dialog, "Land", 0)
        dialog.get_by_role("button", name="This is the score").click()
    fan.locator("#lines .outage-line", has_text="the score confirmed by reporters").wait_for()
    fan.locator("#lines .tag", has_text="reconstructed").wait_for()
    for page in pages:
        page.locator("#unsent", has_text="kept").wait_for(state="hidden")
    own_people.keep(fan, "reconstructed", whole=True)


def _goal(page: Any, side: str) -> Any:
    return page.locator(f'[data-action="goal"][data-origin="{side}"]')


def _set(dialog: Any, side: str, wanted: int) -> None:
    group = dialog.get_by_role("group", name=side)
    while (shown := int(group.locator("output").inner_text())) != wanted:
        word = "more" if shown < wanted else "less"
        group.get_by_role("button", name=f"{side}: one {word}").click()
