"""The documentation as a site: it builds without a warning and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]

LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^\"'>\s]+"
    r"|<link\b(?![^>]*rel=[\"']?canonical)[^>]*\bhref=[\"']?(?:https?:)?//[^\"'>\s]+"
    r"|url\([\"']?(?:https?:)?//[^)]+\)"
    r"|@import\s+[\"'](?:https?:)?//[^\"']+",
    re.IGNORECASE,
)
"""What a page or a style makes a browser fetch from another site."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    pytest.importorskip("material", reason="mkdocs-material is not installed: make site")
    into = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(into)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return into


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    """No page, style or picture of the site needs another site."""
    pages = [path for kind in ("html", "css", "svg") for path in site.rglob(f"*.{kind}")]
    found = {
        f"{path.relative_to(site)}: {each}"
        for path in pages
        for each in LOADED.findall(path.read_text("utf-8"))
    }
    assert len(pages) > 20
    assert found == set()
    # The theme would fetch a library to draw such a diagram.
    assert not any("class=mermaid" in path.read_text("utf-8").replace('"', "") for path in pages)


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://x/y.js">',
        "<img alt=a src=//x/y.png>",
        '<link rel="stylesheet" href="https://fonts/x">',
        "a{b:url('https://x')}",
        '@import "//x"',
    ],
)
def test_what_would_be_loaded_is_found(text: str) -> None:
    """Each way to load something from elsewhere is seen."""
    assert LOADED.search(text)


def test_the_reference_is_made_from_the_code(site: Path) -> None:
    """Commands and public classes are on pages that the code writes."""
    commands = (site / "reference" / "commands.html").read_text("utf-8")
    assert "touchline events create" in commands
    assert "touchline top" in commands
    interface = (site / "reference" / "python.html").read_text("utf-8")
    assert "touchline.peer.Subscriber" in interface


def test_a_page_for_each_guide(site: Path) -> None:
    """Every guide and every document is a page."""
    for source in [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "guides").glob("*.md")]:
        page = site / source.relative_to(ROOT / "docs").with_suffix(".html")
        assert page.exists(), page
