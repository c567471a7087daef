"""The header of an event on a phone: two names and the score stand side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import touchline.gateway

pytestmark = pytest.mark.browser

STYLES = Path(touchline.gateway.__file__).parent / "static" / "css"

HEADER = """<meta name="viewport" content="width=device-width"><style>{styles}</style>
<header class="hero"><div class="sides">
  <div class="side home"><span class="badge">LIN</span><span class="name">Lindau</span></div>
  <div class="result-figures">
    <p class="figures {size}">{home}<span class="dash">–</span>{away}</p>
    <p class="clock">89' <span class="part">1st half of extra time</span></p>
  </div>
  <div class="side away"><span class="badge">PA</span><span class="name">Porto Alto</span></div>
</div></header>"""

BEYOND = """() => {
  const edge = document.querySelector(".sides").getBoundingClientRect().right;
  return document.querySelector(".side.away").getBoundingClientRect().right - edge;
}"""


@pytest.mark.parametrize("width", [320, 360, 390])
@pytest.mark.parametrize(
    ("size", "home", "away"),
    [("", 2, 1), ("two", 80, 81), ("three", 142, 161), ("four", 1249, 1831)],
)
def test_no_side_leaves_the_screen(
    browser: Any, width: int, size: str, home: int, away: int
) -> None:
    """However many digits the score has, and however long the name of the part of play is."""
    styles = "".join((STYLES / name).read_text("utf-8") for name in ("base.css", "event.css"))
    page = browser.new_page(viewport={"width": width, "height": 400})
    try:
        page.set_content(HEADER.format(styles=styles, size=size, home=home, away=away))
        assert page.evaluate(BEYOND) < 1
    finally:
        page.close()
