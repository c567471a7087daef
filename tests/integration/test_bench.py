"""The bench runs, so that it cannot rot; nothing here looks at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import report
from bench.comparison import Comparison, Contestant, Missing, Round, Size, measure

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str) -> dict[str, Any]:
    """Return what the bench says in JSON."""
    command = [sys.executable, "-m", "bench", "--smoke", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_smoke(tmp_path: Path) -> None:
    """Each contestant has figures or says why it is left out, and all three files are written."""
    found = run("reports", "--out", str(tmp_path))
    assert [table["scenario"] for table in found["tables"]] == ["reports"]
    for table in found["tables"]:
        for row in table["rows"]:
            assert bool(row["missing"]) != bool(row["rounds"]), row
        ours = [row for row in table["rows"] if table["plotted"] in row["median"]]
        assert ours, table["title"]
    assert json.loads((tmp_path / "results.json").read_text()) == found
    assert "| Touchline, plain |" in (tmp_path / "results.md").read_text()
    page = (tmp_path / "results.html").read_text()
    assert "<svg" in page
    assert "http" not in page.replace("uvicorn", "")


def test_a_smoke_of_lookups() -> None:
    """Each kind of request is answered, in plain text and encrypted."""
    (table,) = run("lookup")["tables"]
    assert [row["missing"] for row in table["rows"]] == [""] * 6
    assert all(row["rounds"] for row in table["rows"])


def contestant(name: str, said: list[str], figures: list[float]) -> Contestant:
    """Return one that writes down when it is opened, measured and closed."""

    @contextmanager
    def opened() -> Iterator[Round]:
        said.append(f"{name} opens")

        def round_() -> dict[str, float]:
            said.append(name)
            return {"us": figures[said.count(name) - 1]}

        yield round_
        said.append(f"{name} closes")

    return Contestant(name, "", opened)


@contextmanager
def not_there() -> Iterator[Round]:
    """Stand for a server that is not installed."""
    raise Missing("it is not installed")
    yield dict


def test_contestants_are_measured_by_turns() -> None:
    """All are open at once, and each round measures every one; medians, spread and ratio follow."""
    said: list[str] = []
    ours, theirs = contestant("a", said, [1, 9, 2]), contestant("b", said, [4, 4, 5])
    absent = Contestant("c", "", not_there)
    result = measure(Comparison("s", "t", [ours, theirs, absent], "us", "b"), Size(rounds=3))
    assert said == [*("a opens", "b opens"), *"ababab", "b closes", "a closes"]
    first, second, third = result.rows
    assert (first.median("us"), first.spread("us")) == (2, 400)
    assert (result.ratio(first), result.ratio(second), result.ratio(third)) == (0.5, 1.0, None)
    assert "| a | 2 ±200 % | 0.50 |" in report.text(result)
    assert "* c is left out: it is not installed" in report.text(result)
