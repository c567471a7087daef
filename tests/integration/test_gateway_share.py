"""An event on other sites: frames, the line of script, and RSS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from touchline.protocol import messages

from . import test_gateway
from .test_gateway import Ground

ground, two = test_gateway.ground, test_gateway.two  # fixtures


def test_a_frame_may_stand_where_the_operator_allows(
    ground: Ground, two: Callable[..., None]
) -> None:
    """The page for frames names the sites that may show it; no other page may be framed."""
    two(1)
    event = ground.world.event
    open_, bound = ground.gateway(), ground.gateway(embed_origin="https://club.example")
    for running, origins in ((open_, "*"), (bound, "https://club.example")):
        answer = running.get(f"/embed/{event}")
        policy = answer.headers["content-security-policy"]
        assert f"frame-ancestors {origins};" in policy
        assert "default-src 'self'" in policy
        assert "x-frame-options" not in answer.headers
        for path in (f"/events/{event}", "/", "/embed.js"):
            assert running.get(path).headers["x-frame-options"] == "DENY"
    assert open_.get("/embed/no-such-event").status_code == 404


def test_a_frame_shows_what_its_address_asks_for(ground: Ground, two: Callable[..., None]) -> None:
    """Score, feed or both, light or dark, before any script; anything else is left out."""
    two(1, 2)
    running, event = ground.gateway(), ground.world.event
    running.get(f"/api/events/{event}/score")
    text = running.get(f"/embed/{event}?show=score&theme=dark").text
    assert 'data-theme="dark"' in text
    assert 'data-show="score"' in text
    assert "2<span" in text
    odd = running.get(f"/embed/{event}", params={"show": '"><b>', "theme": '"x'}).text
    assert "<b>" not in odd
    assert "data-theme" not in odd


def test_an_event_is_read_by_rss(ground: Ground, two: Callable[..., None]) -> None:
    """Its entries, the newest first; the events of each side; nothing of a team that is unknown."""
    two(1, 2)
    running, event = ground.gateway(), ground.world.event
    answer = running.get(f"/rss/events/{event}")
    assert answer.headers["content-type"].startswith("application/rss+xml")
    channel = ElementTree.fromstring(answer.text).find("channel")
    assert channel is not None
    assert channel.findtext("title") == "A 2–0 B"
    items = channel.findall("item")
    assert [item.findtext("description") for item in items] == ["A 2–0 B", "A 1–0 B"]
    assert all((item.findtext("link") or "").endswith(f"/events/{event}") for item in items)
    assert len({item.findtext("guid") for item in items}) == 2
    german = ElementTree.fromstring(running.get(f"/rss/events/{event}?lang=de").text)
    assert german.findtext("channel/language") == "de"
    assert "Tor" in str(german.findtext("channel/item/title"))
    assert ElementTree.fromstring(answer.text).findtext("channel/language") == "en"
    team = ElementTree.fromstring(running.get("/rss/teams/a").text)
    assert [item.findtext("title") for item in team.iter("item")] == ["A v B"]
    assert running.get("/rss/teams/Nobody").status_code == 404


def test_a_competition_is_read_by_rss_and_found_alone(ground: Ground, world: Any) -> None:
    """The events of a competition are a feed, a list by REST and the start page, whatever the case
    of its name; a competition that no event belongs to has none."""
    link = world.link("creator")
    for title, competition in (("One", "Town Cup"), ("Two", "Town Cup"), ("Three", "League")):
        link.ask(
            messages.Create(
                id=0,
                title=title,
                sport="football",
                key=title,
                origins=["C", "D"],
                competition=competition,
                venue="Market Field",
            )
        )
    running = ground.gateway()
    feed = ElementTree.fromstring(running.get("/rss/competitions/town%20cup").text)
    assert [item.findtext("title") for item in feed.iter("item")] == ["Two", "One"]
    assert feed.findtext("channel/title") == "Town Cup"
    assert running.get("/rss/competitions/Nobody").status_code == 404
    found = running.get("/api/events?competition=TOWN+CUP").json()["events"]
    assert [card["title"] for card in found] == ["Two", "One"]
    text = running.get("/?competition=Town+Cup").text
    assert "<title>Town Cup · Touchline</title>" in text
    assert "Market Field" in text
    assert ">Three<" not in text
    assert "League" not in text
