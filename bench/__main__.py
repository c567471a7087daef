"""`make bench`, or `python -m bench [SCENARIO…] [--quick] [--rounds N] [--json] [--out FOLDER]`.

Prints the tables, and writes them as `results.md`, `results.json` and `results.html` to a folder.
Machines differ and are noisy: compare what was measured in one run, the ratio before the rate, and
the CPU that a message takes before both. Each figure is the median of the rounds.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from . import (
    events,
    fanout,
    flood,
    latency,
    lookup,
    metrics,
    recovery,
    report,
    reports,
    sports,
    viewers,
)
from .comparison import Comparison, Size, measure

SCENARIOS: dict[str, Callable[[Size], list[Comparison]]] = {
    "reports": reports.comparisons,
    "latency": latency.comparisons,
    "fan-out": fanout.comparisons,
    "lookup": lookup.comparisons,
    "recovery": recovery.comparisons,
    "events": events.comparisons,
    "viewers": viewers.comparisons,
    "sports": sports.comparisons,
    "flood": flood.comparisons,
    "metrics": metrics.comparisons,
}

USUAL = Size()
QUICK = Size(rounds=2, share=0.1)
SMOKE = Size(rounds=1, share=0.01)
"""The sizes of a whole run (about a quarter of an hour), of a look, and of a test that it runs."""


def main() -> None:
    """Measure the scenarios; print and write what was found."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("scenario", nargs="*", help=f"of {', '.join(SCENARIOS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of it, 2 rounds")
    parser.add_argument("--smoke", action="store_true", help="a hundredth of it, 1 round")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON in place of tables")
    parser.add_argument("--out", type=Path, help="write the files to this folder")
    options = parser.parse_args()
    unknown = [one for one in options.scenario if one not in SCENARIOS]
    if unknown:
        parser.error(f"no scenario {unknown[0]!r}; there are {', '.join(SCENARIOS)}")
    size = SMOKE if options.smoke else QUICK if options.quick else USUAL
    size = Size(options.rounds or size.rounds, size.share)
    about = report.machine()
    command = "python -m bench " + shlex.join(sys.argv[1:])
    if not options.json:
        print(about.sentence(), end="\n\n")
    results = []
    for name in options.scenario or SCENARIOS:
        for comparison in SCENARIOS[name](size):
            results.append(measure(comparison, size))
            if not options.json:
                print(report.text(results[-1]), flush=True)
    whole = report.to_json(results, about, command)
    if options.json:
        print(whole)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        tables = [f"{about.sentence()}.\n", *map(report.text, results)]
        (options.out / "results.md").write_text("\n".join(tables))
        (options.out / "results.json").write_text(whole)
        (options.out / "results.html").write_text(report.to_html(results, about, command))


if __name__ == "__main__":
    main()
