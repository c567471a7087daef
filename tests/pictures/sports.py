"""`make sport-pictures`: every sport on the page, in `watch` and as an exported page, to look at.

A broker, a host and a gateway run as processes; three reporters report a match of each sport, those
of the examples made up, so fast that it takes a minute and a half. The pictures of the middle, when
half of it is on the timeline, and of the end come to `artifacts/sports`, on sheets of one sport
each.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

import click
import httpx
import msgspec
from playwright.sync_api import Browser

from tests.patience import PATIENCE
from tests.pictures.__main__ import chromium, photograph, running, terminal
from touchline import sports
from touchline.cli.main import touchline
from touchline.protocol.times import SECOND
from touchline.sports import Action, custom, matches
from touchline.sports.matchfile import Match, write

FOLDER = Path(__file__).parents[2] / "artifacts" / "sports"
EXAMPLES = Path(__file__).parents[2] / "examples"
LASTS = 90
"""Seconds for which a match is reported."""

FASTEST = 60
"""A match is at most so many times as fast as it was: the moment between a tap and the entry looks
like a long one otherwise."""

NEVER = 1 << 30
"""More entries than any match has."""

QUIET = 15
"""Seconds in which the timeline does not grow any more once all is reported."""

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}

BEGINS = 1_780_326_000 * SECOND
"""When the matches that are made up begin, microseconds since 1970."""

RUNNERS = ("Ada Lind", "Bo Kerr", "Cy Young", "Di Marsh", "Eli Stone", "Fay Holt")


NORMAL = {"cricket": 2, "handball": 2, "ice-hockey": 3, "rugby-union": 2}
"""The periods of a match that needs no extra time; 4 in others."""

NUMBERS = {"cricket": (0, 0, 1, 1, 2, 4, 6), "quiz": tuple(range(1, 21))}
"""What numbers an action of an example brings or names."""


def race(name: str, rules: dict[str, object]) -> Match:
    """Make up a run of ten kilometres, with a penalty, a drop-out and who was wrongly told to have
    dropped out."""
    actions = [Action("start", "", 0)]
    for place, runner in enumerate(RUNNERS):
        for point in (1, 2, 3):
            at = (point * 540 + point * place * 9) * SECOND
            if runner != "Eli Stone" or point < 2:
                actions.append(Action("split", runner, at, {"at": f"{point * 3} km"}))
        if runner != "Eli Stone":
            actions.append(Action("finish", runner, (1_800 + place * 41) * SECOND))
    actions.append(Action("drop_out", "Eli Stone", 800 * SECOND, {"reason": "cramp"}))
    actions.append(Action("drop_out", "Fay Holt", 700 * SECOND))
    actions.append(Action("time_penalty", "Bo Kerr", 1_900 * SECOND, {"seconds": 10}))
    actions.sort(key=lambda action: action.time)
    return Match(name, "race", RUNNERS, rules=rules, actions=tuple(actions))


def heats(name: str) -> Match:
    """Make up two heats, of which one is run again."""
    first, second = RUNNERS[:3], RUNNERS[3:]
    actions = [Action("start", "", 0, {"heat": "1"})]
    actions += [Action("finish", one, (50 + n) * SECOND) for n, one in enumerate(first)]
    actions += [Action("start", "", 300 * SECOND, {"heat": "2"})]
    actions += [Action("finish", one, (348 + n) * SECOND) for n, one in enumerate(second)]
    again = {"heat": "2", "reason": "obstruction"}
    actions += [Action("run_again", "", 500 * SECOND, again)]
    actions += [Action("start", "", 900 * SECOND, {"heat": "2"})]
    actions += [Action("finish", one, (951 + n) * SECOND) for n, one in enumerate(second[::-1])]
    rules: dict[str, object] = {"heats": {"1": list(first), "2": list(second)}}
    return Match(name, "race", RUNNERS, rules=rules, actions=tuple(actions))


def made(name: str, seed: int = 3) -> Match:
    """Make up a match of an example: what counts points most of the time, and its periods."""
    random = Random(seed)
    definition = custom.read((EXAMPLES / f"{name}.toml").read_text("utf-8"))
    rules: dict[str, object] = {"definition": definition}
    sport, sides = sports.get("custom"), ("Lindau", "Porto Alto")
    state = sport.start(sides, rules)
    effects = state.definition.effects
    kinds = [kind for kind in sport.kinds(rules) if not kind.ends]
    begins = [kind for kind in kinds if effects[kind.title].period == "begins"]
    ends = [kind for kind in kinds if effects[kind.title].period == "ends"]
    play = [kind for kind in kinds if kind not in begins and kind not in ends]
    points = [
        kind for kind in play if effects[kind.title].points or effects[kind.title].points_from
    ]
    periods = min(len(state.definition.periods), NORMAL.get(name, 4)) if begins else 0
    # Most of what happens in a match by periods brings nobody a point.
    scores = 0.25 if periods else 0.7
    actions: list[Action] = []
    now = 0

    def happen(kind: sports.Kind, origin: str) -> None:
        nonlocal state, now
        now += random.randint(20, 60)
        details: dict[str, str | int | float | bool] = {}
        for detail in kind.details:
            if detail.required or random.random() < 0.4:
                choice = random.choice(detail.choices) if detail.choices else "Bakker"
                numbers = NUMBERS.get(name, (3, 26, 60, 100))
                details[detail.name] = random.choice(numbers) if detail.number else choice
        action = Action(kind.title, origin, now * SECOND, details)
        if sport.illegal(state, action) is None:
            state = sport.apply(state, action)
            actions.append(action)

    for _ in range(periods or 1):
        if begins:
            happen(begins[0], "" if not begins[0].needs_origin else sides[0])
        for _ in range(40 if periods else 300):
            kind = random.choice(points if random.random() < scores else play)
            happen(kind, random.choice(sides) if kind.needs_origin else "")
            if sport.over(state):
                break
        if ends and not sport.over(state):
            happen(ends[0], "" if not ends[0].needs_origin else sides[0])
    last = [
        kind for kind in sport.kinds(rules) if effects[kind.title].ends and not kind.needs_origin
    ]
    if last and not sport.over(state):
        happen(last[0], "")
    title = f"{name} · {' v '.join(sides)}"
    return Match(title, "custom", sides, rules=rules, actions=tuple(actions))


def dated(match: Match) -> Match:
    """Return a match of which the times are counted from its beginning, on a day."""
    actions = (msgspec.structs.replace(one, time=BEGINS + one.time) for one in match.actions)
    return replace(match, starts=BEGINS, actions=tuple(actions))


def all_matches() -> dict[str, Match]:
    """Return a match of every sport, by name."""
    tennis = matches.load("five-set-tennis")
    padel = replace(tennis, title="padel", rules={**tennis.rules, "no_ad": True})
    examples = sorted(path.stem for path in EXAMPLES.glob("*.toml") if path.stem != "touchline")
    return {
        "football": matches.load("world-cup-final-2022"),
        "tennis": tennis,
        "padel": padel,
        "volleyball": matches.load("five-set-volleyball"),
        "race": dated(race("race", {})),
        "heats": dated(heats("heats")),
        **{name: dated(made(name)) for name in examples},
    }


def photograph_all(browser: Browser, address: str, event: str, stem: str) -> None:
    """Take the page of an event on a desktop and on a phone, and a sheet of each at once."""
    for size, (width, height) in SIZES.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"{address}/events/{event}")
        page.wait_for_timeout(2_000)
        page.screenshot(path=FOLDER / f"{stem}-{size}.png")
        page.close()


def exported(browser: Browser, event: str, stem: str) -> None:
    """Take the exported page of an event."""
    file = FOLDER / f"{stem}.html"
    command = ["export", event, "--format", "html", "-o", str(file)]
    touchline.main(command, standalone_mode=False)
    page = browser.new_page(viewport={"width": 1000, "height": 1100})
    page.goto(file.as_uri())
    page.screenshot(path=FOLDER / f"{stem}-exported.png")
    page.close()


def sheet(browser: Browser, name: str) -> None:
    """Put the pictures of a sport beside each other."""
    kinds = ("desktop", "phone", "watch", "exported")
    rows = "".join(
        "<tr>"
        + "".join(f"<td><img src='{name}-{when}-{kind}.png'></td>" for kind in kinds)
        + "</tr>"
        for when in ("middle", "end")
    )
    style = "img{height:620px;max-width:900px;object-fit:cover;object-position:top}td{padding:4px}"
    file = FOLDER / f"{name}.sheet.html"
    file.write_text(f"<style>{style}</style><table>{rows}</table>", "utf-8")
    page = browser.new_page(viewport={"width": 2600, "height": 1290})
    page.goto(file.as_uri())
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()
    file.unlink()


def entries(address: str, event: str) -> int:
    """Return how many entries an event's timeline has; 0 before the gateway follows it."""
    answer = httpx.get(f"{address}/api/v1/events/{event}/timeline?limit=1", timeout=PATIENCE)
    total: int = answer.json().get("total", 0)
    return total


def wait_for(address: str, event: str, wanted: int) -> None:
    """Wait until a timeline has so many entries, or all that it gets."""
    known, grown = -1, time.monotonic()
    while known < wanted and time.monotonic() - grown < (QUIET if known > 0 else PATIENCE):
        time.sleep(0.5)
        now = entries(address, event)
        if now > known:
            known, grown = now, time.monotonic()


def follow(name: str, match: Match, folder: Path, address: str) -> None:
    """Report a match and take its pictures."""
    with ExitStack() as stack:
        file = folder / f"{name}.jsonl"
        file.write_text(write(match), "utf-8")
        seconds = (match.actions[-1].time - match.actions[0].time) / SECOND
        speed = min(FASTEST, max(1, round(seconds / LASTS)))
        replay = ["replay", str(file), "--speed", str(speed)]
        replay += ["--lead", "8", "--reporters", "5", "--json"]
        lines = stack.enter_context(running(replay, '"created"', folder))
        event = json.loads(lines.read_text().splitlines()[0])["event"]
        stack.enter_context(running(["host", event], "hosting", folder))
        for when, wanted in (("middle", len(match.actions) // 2), ("end", NEVER)):
            wait_for(address, event, wanted)
            with chromium() as browser:
                photograph_all(browser, address, event, f"{name}-{when}")
                exported(browser, event, f"{name}-{when}")
            svg = folder / f"{name}-{when}.svg"
            terminal(event, [], (96, 34), svg)
            with chromium() as browser:
                photograph(browser, svg, FOLDER / f"{name}-{when}-watch.png")
        with chromium() as browser:
            sheet(browser, name)


def main(wanted: list[str]) -> None:
    """Take the pictures of the sports that are named, or of all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    all_ = all_matches()
    names = wanted or list(all_)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["TOUCHLINE_HOME"] = str(folder / "home")
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = one.getsockname()[1]
        broker = ["broker", "--bind", "127.0.0.1:0"]
        stack.enter_context(running(broker, "listening on", folder))
        stack.enter_context(running(["gateway", "--port", str(port)], "gateway at", folder))
        for name in names:
            click.echo(f"{name} …")
            follow(name, all_[name], folder, f"http://127.0.0.1:{port}")
    click.echo(f"in {FOLDER}: {', '.join(sorted(path.name for path in FOLDER.glob('*.png')))}")


if __name__ == "__main__":
    main(sys.argv[1:])
