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
from touchline.sports import names
from touchline.sports.presentation import to_json

HERE = Path(__file__).parent

TESTS = sorted(HERE.glob("*.test.mjs"))

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
    here = root / "tests" / "unit" / "gateway" / "static" / "js"
    shutil.copytree(HERE, here, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (root / "package.json").write_text('{"type": "module"}', "utf-8")
    shown = {name: to_json(sports.presentation_of(name, {"players": 2})) for name in sports.list()}
    text = f"export const PRESENTATIONS = {json.dumps(shown)};\n"
    (here / "presentations.mjs").write_text(text, "utf-8")
    (here / "readings.mjs").write_text(
        f"export const READINGS = {json.dumps(readings())};\n", "utf-8"
    )
    return here


LISTED = (
    *("10 Lionel Messi", "23 Emiliano Martínez", "Lisandro Martínez (25)", "Ángel Di María"),
    *(
        "Alexis Mac Allister #20",
        "Bo Martínez",
        "Ødegaard",
        "Groß",
        "O’Neil",
        "A",
        "A B",
        "孙 兴慜",
        "राजू",
        "7 Tim Baumann",
        "8 Tim Bäumann",
    ),
)

SAID = (
    *LISTED,
    *("Messi", "L. Messi", "Messi, Lionel", "10", "#10", "010", "10 Messi", "11 Messi", "MESSI "),
    *("Martinez", "E Martinez", "25 martinez", "MacAllister", "di maria", "DiMaria", "odegaard"),
    *("GROSS", "ONeil", "O'Neil", "o´neil", "a.", "b a", "M", "", " ", "Leo Messi", "孙", "राज"),
    *("No. 10", "nr 10", "number 10", "n° 10", "№ 10", "No. 10 Messi", "Oedegaard", "Weiss"),
    *("Mueller", "Bäumann", "Baumann", "Baeumann", "Håland", "Haaland", "Đoković", "Djokovic"),
    *("Lionel Andrés Messi", "Me\u200dssi", "Müller", "Mu\u0308ller", "muller", "!", "7 11", "ß"),
)


def readings() -> dict[str, object]:
    """How the host reads names, which the page is to read likewise."""
    listed = names.NameList(LISTED)
    return {
        "listed": LISTED,
        "said": [
            {
                "name": name,
                "canonical": names.canonical(name),
                "words": names.read(name).words,
                "number": names.read(name).number,
                "spellings": names.read(name).spellings,
                "exact": names.read(name).exact,
                "found": listed.find(name),
                "only": listed.only(name),
                "has": listed.has(name),
                "same": [other for other in SAID if names.may_be_same(name, other)],
            }
            for name in SAID
        ],
    }


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
