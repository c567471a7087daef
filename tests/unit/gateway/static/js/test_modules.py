"""The modules of the pages, on Node's own test runner."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

import touchline.gateway
from tests.patience import PATIENCE
from touchline import sports
from touchline.protocol.errors import IllegalAction
from touchline.protocol.times import SECOND
from touchline.sports import Action, State, custom, names, statements
from touchline.sports.custom import CUSTOM
from touchline.sports.presentation import to_json

HERE = Path(__file__).parent

EXAMPLES = Path(__file__).parents[5] / "examples"

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
    (here / "clocks.mjs").write_text(f"export const CLOCKS = {json.dumps(clocks())};\n", "utf-8")
    return here


BEGAN = 1_780_326_000 * SECOND
"""Microseconds since 1970 of the events in feeds.mjs."""

PLAYED = {
    "basketball": "0 period_start, 10 basket A, 60 interrupted, 90 resumed, 300 interrupted,"
    " 500 basket B, 700 period_end, 900 period_start, 1000 resumed, 1005 interrupted,"
    " 1100 foul A, 1110 three A, 1900 period_end, 2000 period_end, 2100 final_buzzer",
    "ice-hockey": "5 goal A, 20 period_start, 60 minor A, 90 interrupted, 95 resumed,"
    " 1300 period_end, 1400 period_end, 2000 period_start",
    "handball": "0 period_start, 30 goal A, 1700 interrupted, 1790 resumed, 1900 period_end,"
    " 2500 period_start, 4400 goal B",
    "rugby-union": "0 period_start, 2500 try A, 2600 period_end, 3000 period_start,"
    " 3100 interrupted, 3600 try B",
    "a clock that is stopped": "3 stop, 10 begin, 40 stop, 50 stop, 70 go, 80 go, 100 interrupted,"
    " 110 go, 120 stop, 130 interrupted, 140 point A, 300 point A, 400 begin, 410 begin",
}

STOPPED = """
text = "Stopped"
periods = [
    { text = "1st", minutes = 10, clock = "down" },
    { text = "2nd", minutes = 5.5, clock = "up" },
]
actions = [
    { title = "begin", period = "begins", needs_origin = false },
    { title = "stop", clock = "stops", needs_origin = false },
    { title = "go", clock = "starts", needs_origin = false },
    { title = "point", points = 1 },
]
"""


def clocks() -> list[dict[str, object]]:
    """Contests of periods, with what the sport's own clock shows every 7 seconds and at each
    entry, but for who is short."""
    found: list[dict[str, object]] = []
    for name, said in PLAYED.items():
        path = EXAMPLES / f"{name}.toml"
        text = path.read_text("utf-8") if path.exists() else STOPPED
        rules: dict[str, object] = {"definition": custom.read(text)}
        state: State = CUSTOM.start(["A", "B"], rules)
        kinds = {kind.title: kind for kind in CUSTOM.kinds(rules)}
        played, shown = [], []
        actions = [words.split() for words in said.split(", ")]
        for number, (at, title, *origin) in enumerate(actions):
            time = BEGAN + int(at) * SECOND
            details: dict[str, str | int] = {"play": title} if title in PLAYS else {}
            for detail in kinds[title].details if title in kinds else ():
                if detail.required:
                    details[detail.name] = 2 if detail.number else "x"
            word = statements.TITLE if title in PLAYS else title
            action = Action(word, "".join(origin), time, details)
            with suppress(IllegalAction):
                state = statements.apply(CUSTOM, state, action)
            played.append([int(at), action.title, action.origin, details])
            until = int(actions[number + 1][0]) if number + 1 < len(actions) else int(at) + 200
            for second in range(int(at), until, 7):
                clock = CUSTOM.clock(state, BEGAN + second * SECOND).partition(" · ")[0]
                shown.append([number + 1, second, clock])
        found.append(
            {
                "name": name,
                "presentation": to_json(CUSTOM.presentation(rules)),
                "kinds": [{"title": one.title, "in_play": one.in_play} for one in kinds.values()],
                "played": played,
                "shown": shown,
            }
        )
    return found


PLAYS = ("interrupted", "resumed")

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
        "Kim Ng",
        "N. G. Lima",
        "Marc-André ter Stegen",
        "Mohammed Kudus",
        "Saint-Maximin",
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
    *("Mohamed Kudus", "Muhammad", "على", "علي", "محمـد", "محمد", "Neymar Jr", "Neymar Júnior"),
    *("St. Maximin", "Tim. Baumann", "Chr. Eriksen", "Christian Eriksen", "JP Boetius", "Ng", "NG"),
    *("Jean-Paul Boetius", "J. P. Boetius", "MA ter Stegen", "Son Heungmin", "Heung-Min Son"),
    *("Muller", "Oezil", "Ozil", "Ødegård", "N. G.", "JJ", "J.J.", "Emi Martinez", "Em. Martinez"),
    *("Mesi", "Mesis", "Messy", "L. Mesi", "Marcelo Mesi", "Tagliaficu", "Martines", "Lee", "Le"),
    *("DA SILVA", "Da Silva", "jp boetius", "Kuduss", "11 Mesi", "St. Müller", "Stefan Müller"),
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
                "capitals": sorted(names.read(name).capitals or ()),
                "found": listed.find(name),
                "only": listed.only(name),
                "fitting": listed.fitting(name),
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
