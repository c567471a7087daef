"""The modules of the pages, on Node's own test runner."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import touchline.gateway
from tests.patience import PATIENCE
from touchline import sports
from touchline.sports.presentation import to_json

HERE = Path(__file__).parent

TESTS = sorted((HERE / "js").glob("*.test.mjs"))

MODULES = Path(touchline.gateway.__file__).parent / "static" / "js"

NODE = 18
"""The first version with a test runner of its own."""


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node here")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.lstrip("v").split(".")[0]) < NODE:
        pytest.skip(f"node {said.strip()}, at least {NODE} needed")
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules and their tests as they lie in the repository. Older versions of Node have to be
    told that the modules are modules; browsers know it from the page."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(MODULES, root / "gateway" / "static" / "js")
    shutil.copytree(HERE / "js", root / "tests" / "unit" / "gateway" / "js")
    (root / "package.json").write_text('{"type": "module"}', "utf-8")
    shown = {name: to_json(sports.presentation_of(name, {"players": 2})) for name in sports.list()}
    text = f"export const PRESENTATIONS = {json.dumps(shown)};\n"
    (root / "tests" / "unit" / "gateway" / "js" / "presentations.mjs").write_text(text, "utf-8")
    return root / "tests" / "unit" / "gateway" / "js"


@pytest.mark.parametrize("name", [path.name for path in TESTS])
def test_the_modules_do_what_their_tests_claim(node: str, tree: Path, name: str) -> None:
    """All claims of a file of tests hold, and there are some."""
    ran = subprocess.run(
        [node, "--test", str(tree / name)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-8_000:] + ran.stderr[-2_000:]
    passed = re.search(r"^[#ℹ] pass (\d+)$", ran.stdout, re.MULTILINE)
    assert passed is not None, ran.stdout[-2_000:]
    assert int(passed[1]) > 0
