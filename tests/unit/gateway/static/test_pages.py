"""The files of the pages: whole, self-contained, readable."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

import touchline.gateway
from touchline.protocol.messages import FeedMessage, Published

STATIC = Path(touchline.gateway.__file__).parent / "static"

PAGES = ("index.html", "event.html", "report.html", "organise.html")

SCRIPTS = {
    "index.html": "search.js",
    "event.html": "event.js",
    "report.html": "report.js",
    "organise.html": "organise.js",
}
"""The module that each page runs."""

CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: the least for text of the usual size."""

PAIRS = (
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "raised"),
    ("quiet", "ground"),
    ("quiet", "surface"),
    ("quiet", "raised"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("warn", "warn-soft"),
    ("warn", "surface"),
    ("bad", "bad-soft"),
    ("bad", "surface"),
    ("ink", "warn-soft"),
    ("ink", "bad-soft"),
    ("ink", "sunken"),
    ("on-hero", "hero"),
    ("on-hero-quiet", "hero"),
    ("hero-accent", "hero"),
    ("on-hero", "hero-2"),
)
"""Colours of text and what they stand on."""


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.urls: list[str] = []
        self.inline: list[str] = []
        self.labels: set[str] = set()
        self.fields: set[str] = set()
        self._tag = ""
        self.feed((STATIC / name).read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        about = {name: value or "" for name, value in attrs}
        if "id" in about:
            self.ids.append(about["id"])
        self.urls += [about[name] for name in ("src", "href") if name in about]
        self.inline += [name for name in about if name == "style" or name.startswith("on")]
        if tag == "label":
            self.labels.add(about.get("for", ""))
        if tag == "input" and about.get("type") in {"text", "search"}:
            self.fields.add(about["id"])

    def handle_data(self, data: str) -> None:
        if self._tag in {"script", "style"} and data.strip():
            self.inline.append(f"<{self._tag}>")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_no_script_or_style_of_its_own(name: str) -> None:
    """The content security policy allows none."""
    assert Page(name).inline == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nobody_else_for_anything(name: str) -> None:
    """Each file that it names is one of the package's, or a page of the gateway."""
    for url in Page(name).urls:
        assert re.match(r"/(?!/)|#", url), url
        if url.startswith("/static/"):
            assert (STATIC / url.removeprefix("/static/")).is_file(), url


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_what_its_script_looks_for(name: str) -> None:
    """Every id that the page's module asks for is there, once; every field has a label."""
    page = Page(name)
    wanted = set(re.findall(r'byId\("([\w-]+)"\)', (STATIC / "js" / SCRIPTS[name]).read_text()))
    assert wanted - set(page.ids) == set()
    assert len(page.ids) == len(set(page.ids))
    assert page.fields <= page.labels


def test_modules_import_only_what_is_there() -> None:
    """Imports are relative files, and the names in them are exported there."""
    for path in (STATIC / "js").glob("*.js"):
        for names, target in re.findall(r'import \{([^}]*)\} from "([^"]+)"', path.read_text()):
            assert target.startswith("./"), f"{path.name}: {target}"
            source = (path.parent / target).read_text("utf-8")
            for name in filter(None, (part.strip() for part in names.split(","))):
                exported = rf"export (async )?(function|const|class) {name}\b"
                assert re.search(exported, source), f"{path.name}: {target} has no {name}"


def test_the_page_knows_every_message_of_a_feed() -> None:
    """Each message that a host publishes has its row in the page's table, with a place on the feed
    where it has a seq of its own: otherwise the page would ask for it again and again."""
    table = (STATIC / "js" / "kinds.js").read_text("utf-8")
    for kind in get_args(Published):
        row = re.search(rf"^  {kind.__struct_config__.tag}: \{{(.*)\}},", table, re.MULTILINE)
        assert row is not None, kind
        assert ("seq: true" in row[1]) == (kind in get_args(FeedMessage)), kind


def test_nothing_is_put_into_a_page_as_markup() -> None:
    """What came from the network goes in as text: no module has a way to write HTML."""
    for path in (STATIC / "js").glob("*.js"):
        found = re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(",
                          path.read_text("utf-8"))  # fmt: skip
        assert found is None, f"{path.name}: {found}"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_stands_out(mode: str) -> None:
    """Every pair of text and ground has the contrast that WCAG AA asks for, in both modes."""
    colours = _colours(mode)
    for text, ground in PAIRS:
        found = _contrast(colours[text], colours[ground])
        assert found >= CONTRAST, f"--{text} on --{ground}: {found:.2f}, {CONTRAST} needed"


def test_dark_is_the_same_whoever_chose_it() -> None:
    """The system's dark and the reader's dark are the same colours."""
    css = (STATIC / "css" / "base.css").read_text("utf-8")
    chosen, system = (
        dict(_tokens(block)) for block in re.findall(r"color-scheme: dark;([^}]*)\}", css)
    )
    assert chosen == system


def _tokens(block: str) -> list[tuple[str, str]]:
    return re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)


def _colours(mode: str) -> dict[str, str]:
    css = (STATIC / "css" / "base.css").read_text("utf-8")
    blocks = re.findall(r"color-scheme: (?:light|dark);([^}]*)\}", css)
    colours = dict(_tokens(blocks[0]))
    return colours | dict(_tokens(blocks[1])) if mode == "dark" else colours


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i:j], 16) / 255 for i, j in pairwise((1, 3, 5, 7))]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
