"""The results of a run: tables of text, JSON, and one HTML file without anything from outside."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version
from pathlib import Path

from .comparison import Result, Row

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Touchline: measured</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c2733; background: #fff }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin: 2.2rem 0 .4rem }}
.about, .settings {{ color: #5b6874 }} .settings {{ font-size: .8rem; display: block }}
.scroll {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th, td {{ padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #e3e8ed }}
th {{ font-weight: 600; font-size: .85rem; vertical-align: bottom }}
th:first-child, td:first-child {{ text-align: left }}
.spread {{ color: #5b6874; font-size: .8rem }}
svg {{ display: block; width: 100%; height: auto; margin: .6rem 0 0 }}
svg text {{ font: 12px system-ui, sans-serif; fill: #1c2733 }}
.ours {{ fill: #0b7a53 }} .theirs {{ fill: #9fb0bf }}
@media (prefers-color-scheme: dark) {{
  body {{ color: #e4eaf0; background: #12181e }} svg text {{ fill: #e4eaf0 }}
  th, td {{ border-color: #2b3641 }} .theirs {{ fill: #5b6b7a }} .ours {{ fill: #3cc492 }}
  .about, .settings, .spread {{ color: #9aa8b5 }}
}}
</style>
<h1>Touchline: measured</h1>
<p class="about">{about}</p>
{parts}
</html>
"""

BAR, GAP, LABEL, WIDTH = 18, 8, 250, 900

WIDE = 8
"""A single row with more columns is printed as a column."""


@dataclass
class Machine:
    """What the figures were measured on, and with."""

    cores: int = field(default_factory=lambda: os.cpu_count() or 0)
    processor: str = ""
    python: str = field(default_factory=platform.python_version)
    kernel: str = field(default_factory=platform.release)
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    """The load of the machine as the run began: above 0.5 it was not quiet."""
    versions: dict[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """Return all of it in one line."""
        programs = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"{self.cores} cores, {self.processor}, Linux {self.kernel}, Python {self.python},"
            f" {programs}; load {self.load:.2f} at the start"
        )


def machine() -> Machine:
    """Return what this machine is."""
    found = Machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    found.processor = next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown"
    )
    for name in ("pyzmq", "msgspec", "SQLAlchemy", "PyNaCl"):
        found.versions[name] = version(name)
    for command in ("redis-server", "nats-server"):
        if shutil.which(command):
            ask = [command, "--version"]
            said = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
            words = [word.removeprefix("v=").strip("v:") for word in said.split()]
            number = next((word for word in words if word[:1].isdigit()), "?")
            found.versions[command] = number
    return found


def text(result: Result) -> str:
    """Return the table of a comparison, in Markdown."""
    beside = result.comparison.beside
    lines = [f"### {result.comparison.title}", ""]
    measured = [row for row in result.rows if not row.missing]
    if len(result.rows) == 1 and len(result.columns) > WIDE:
        table = [["", row.name] for row in measured]
        table += [[column, _cell(row, column)] for row in measured for column in row.rounds]
    else:
        table = [["", *result.columns, *(["ratio"] if beside else [])]]
        for row in measured:
            cells = [_cell(row, column) for column in result.columns]
            table.append([row.name, *cells, *_ratio(result, row)])
    table.insert(1, ["---"] * len(table[0]))
    lines += ["| " + " | ".join(cells) + " |" for cells in table]
    lines.append("")
    lines += [f"* {row.name}: {row.settings}" for row in result.rows if row.settings]
    lines += [f"* {row.name} is left out: {row.missing}" for row in result.rows if row.missing]
    if beside:
        lines.append(f"* ratio: of {result.comparison.plotted}, to {beside}")
    return "\n".join([*lines, ""])


def _ratio(result: Result, row: Row) -> list[str]:
    if not result.comparison.beside:
        return []
    ratio = result.ratio(row)
    return ["" if ratio is None else f"{ratio:.2f}"]


def _cell(row: Row, column: str) -> str:
    middle = row.median(column)
    if middle is None:
        return ""
    return f"{number(middle)} ±{row.spread(column) / 2:.0f} %"


def number(figure: float) -> str:
    """Return a figure with three digits, or all of those before the point."""
    if figure == int(figure) or abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"


def to_json(results: Sequence[Result], about: Machine, command: str) -> str:
    """Return all figures of all rounds."""
    tables = [
        {
            "scenario": result.comparison.scenario,
            "title": result.comparison.title,
            "plotted": result.comparison.plotted,
            "beside": result.comparison.beside,
            "rows": [
                {
                    "name": row.name,
                    "settings": row.settings,
                    "missing": row.missing,
                    "median": {column: row.median(column) for column in row.rounds},
                    "rounds": row.rounds,
                }
                for row in result.rows
            ],
        }
        for result in results
    ]
    return json.dumps({"machine": vars(about), "command": command, "tables": tables}, indent=1)


def to_html(results: Sequence[Result], about: Machine, command: str) -> str:
    """Return a page of all tables, each with its plot."""
    sentence = escape(f"{about.sentence()}. {command}. Medians of the rounds, ± half their spread.")
    return PAGE.format(about=sentence, parts="\n".join(_part(result) for result in results))


def _part(result: Result) -> str:
    columns = result.columns
    ratio = ["ratio"] if result.comparison.beside else []
    head = "".join(f"<th>{escape(one)}</th>" for one in ["", *columns, *ratio])
    rows = []
    for row in result.rows:
        about = row.settings + (f"; left out: {row.missing}" if row.missing else "")
        cells = [f'{escape(row.name)}<span class="settings">{escape(about)}</span>']
        for column in columns:
            middle = row.median(column)
            cells.append(
                ""
                if middle is None
                else f'{number(middle)} <span class="spread">±{row.spread(column) / 2:.0f} %</span>'
            )
        rows.append("".join(f"<td>{cell}</td>" for cell in [*cells, *_ratio(result, row)]))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f"<h2>{escape(result.comparison.title)}</h2>{_plot(result)}"
        f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'
    )


def _plot(result: Result) -> str:
    column = result.comparison.plotted
    rows = [row for row in result.rows if row.rounds.get(column)]
    if len(rows) < 2:
        return ""
    most = max(max(row.rounds[column]) for row in rows) or 1.0
    scale = (WIDTH - LABEL - 90) / most
    parts = []
    for at, row in enumerate(rows):
        y = at * (BAR + GAP)
        middle = row.median(column) or 0.0
        kind = "ours" if "Touchline" in row.name or "sender" in row.name else "theirs"
        figures = row.rounds[column]
        low, high = LABEL + min(figures) * scale, LABEL + max(figures) * scale
        parts.append(
            f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(row.name)}</text>'
            f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{middle * scale:.1f}"'
            f' height="{BAR}"/>'
            f'<path d="M{low:.1f} {y + BAR / 2}H{high:.1f}" stroke="currentColor"/>'
            f'<text x="{high + 6:.1f}" y="{y + 14}">{number(middle)}</text>'
        )
    height = len(rows) * (BAR + GAP)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(column)}">'
        f'{"".join(parts)}</svg><p class="about">{escape(column)}; the line is the range of the'
        " rounds</p>"
    )
