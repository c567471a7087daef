"""The files of the pages under names that hold their digest."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import touchline.gateway
from touchline.gateway.assets import PATH, Assets, bundle

STATIC = Path(touchline.gateway.__file__).parent / "static"

MODULES = {
    "first": (
        'import { twice as double, ONE } from "./second.js";\nconsole.log(double(ONE), "//");\n'
    ),
    "second": (
        '// Words for readers.\nimport { ONE as one } from "./third.js";\n'
        "/** Twice. */\nexport function twice(n) {\n  return one * n * 2; // twice\n}\n"
        "export const ONE = one;\n"
    ),
    "third": "export const ONE = 1;\nconst twice = 5;\n",
}


def test_modules_become_one_script() -> None:
    """Each stands after what it imports; names of one are no names of another."""
    made = bundle(MODULES.__getitem__, "first")
    assert made.index("$third") < made.index("$second") < made.index("$first")
    assert "readers" not in made
    assert "import" not in made
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here to run it")
    ran = subprocess.run([node, "-e", made], capture_output=True, text=True, check=True)
    assert ran.stdout == "2 //\n"


def test_a_circle_is_refused() -> None:
    """Modules that import each other have no order."""
    modules = {"a": 'import { b } from "./b.js";\n', "b": 'import { a } from "./a.js";\n'}
    with pytest.raises(AssertionError, match="a → b → a"):
        bundle(modules.__getitem__, "a")


def test_a_page_names_few_files() -> None:
    """One style, one module and the theme; nothing under a name that may change its meaning."""
    assets = Assets(STATIC)
    for html in assets.pages.values():
        named = set(re.findall(r'"(/(?:static|assets)/[^"]+)"', html))
        assert {name for name in named if name.endswith((".css", ".js"))} <= set(assets.paths)
        assert sum(name.endswith(".css") for name in named) == 1
        assert sum(name.endswith(".js") for name in named) <= 2


def test_what_has_changed_has_another_name(tmp_path: Path) -> None:
    """A browser keeps a file for ever, and asks for what is new under its new name."""
    shutil.copytree(STATIC, tmp_path / "static")
    before = Assets(tmp_path / "static").paths
    (tmp_path / "static" / "css" / "feed.css").write_text(".line { color: red; }")
    after = Assets(tmp_path / "static").paths
    changed = {path.rpartition("-")[0] for path in set(after) - set(before)}
    assert changed == {f"{PATH}{page}" for page in _pages_with("feed.css")}


def _pages_with(style: str) -> set[str]:
    return {page.stem for page in STATIC.glob("*.html") if style in page.read_text("utf-8")}
