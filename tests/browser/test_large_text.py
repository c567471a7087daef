"""Pages for people who need large letters: the browser's own size of text is doubled."""

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

DOUBLE = "document.documentElement.style.fontSize = '200%'"

FAULTS = r"""(width) => {
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > width) found.push(`the page is ${wide} wide, the window ${width}`);
  const shown = (node) => {
    if (!node.checkVisibility({ contentVisibilityAuto: true })) return false;
    for (let at = node; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.display === "none" || style.visibility === "hidden") return false;
      if (style.position === "fixed" || style.position === "sticky") return false;
      if (at.matches(".visually-hidden, .skip, option, [aria-hidden=true]")) return false;
    }
    return true;
  };
  const ASIDE = "script, svg, details:not([open]) > :not(summary)";
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    const parent = node.parentElement;
    if (!node.data.trim() || !parent) continue;
    if (parent.closest(ASIDE) || !shown(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width < 2 || box.height < 2) continue;
      texts.push({ node, words: node.data.trim().slice(0, 40), box });
      for (let at = parent; at && at !== document.body; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (!/hidden|clip/.test(style.overflowX)) continue;
        const frame = at.getBoundingClientRect();
        if (box.right > frame.right + 2 || box.left < frame.left - 2)
          found.push(`cut: ${node.data.trim().slice(0, 40)} in ${at.className || at.id}`);
      }
    }
  }
  for (const [place, one] of texts.entries()) {
    for (const other of texts.slice(place + 1)) {
      if (one.node === other.node) continue;
      const [a, b] = [one.box, other.box];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // Lines of text touch: what is above and below the letters is no part of them.
      if (across > 3 && down > 0.45 * Math.min(a.height, b.height))
        found.push(`overlap: ${one.words} / ${other.words}`);
    }
  }
  return [...new Set(found)];
}"""
"""Text that is cut, or lies over other text, and a page that is wider than its window."""


def look(people: People, page: Any, name: str, width: int) -> list[str]:
    """Double the letters of a page, and return what is wrong with it then."""
    page.evaluate(DOUBLE)
    page.wait_for_timeout(300)  # charts are drawn anew
    people.keep(page, name, whole=True)
    return [f"{name}: {fault}" for fault in page.evaluate(FAULTS, width)]


@SIZES
def test_letters_twice_as_large(ground: Ground, people: People, size: Any) -> None:
    """Nothing is cut, nothing lies over anything else, and no page is wider than its window: the
    list of events, an event with entries, the buttons of reporters, and the organiser's form."""
    about = ("--competition", "Town League", "--round", "Semi-final", "--venue", "Market Field")
    when = ("--starts", "2026-11-28T12:00:00Z")
    ferns = ground.lineup("Ferns", "10 Ada Lovelace", *(f"{n} Fern {n}" for n in range(11, 24)))
    event = ground.event(
        "Ferns v Foxes", "football", "Ferns", "Foxes", more=(*when, *about, *ferns)
    )
    crew = ground.crew(event)
    crew.say("goal", "Ferns", 60, player="10")
    crew.say("yellow", "Foxes", 30)
    people.allowed = ("401 (Unauthorized)",)  # a page asks who is signed in
    width = size["viewport"]["width"]
    faults = []
    start = people.person("/", **size)
    start.locator(".result", has_text="Ferns v Foxes").first.wait_for()
    faults += look(people, start, "start", width)
    page = people.person(f"/events/{event}", **size)
    page.locator("#lines .line").first.wait_for()
    faults += look(people, page, "event", width)
    reporter = people.reporter(event, f"ann {width}", **size)
    faults += look(people, reporter, "report", width)
    faults += look(people, people.person("/organise", **size), "organise", width)
    assert faults == [], "\n".join(faults)
