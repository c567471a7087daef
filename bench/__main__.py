"""`make bench`, or `python -m bench [SCENARIO…] [--count N] [--rounds N] [--json]`.

Scenarios: reports, fanout, flood, viewers, sports.

Machines differ and are noisy: compare the ratio to the bare loop of the same round, not the rate.
Each figure is the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable

from . import fanout, flood, reports, sports, viewers

SCENARIOS: dict[str, Callable[[int], dict[str, float]]] = {
    "reports": reports.round_,
    "fanout": fanout.round_,
    "flood": flood.round_,
    "viewers": viewers.round_,
    "sports": sports.round_,
}


def main() -> None:
    """Run the scenarios and print their tables."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[*SCENARIOS, []], help="default: all")
    parser.add_argument("--count", type=int, default=300_000, help="reports or entries a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not options.json:
        print(f"{platform.python_implementation()} {platform.python_version()}, ", end="")
        print(f"{os.cpu_count()} cores; median of {options.rounds} rounds")
    for name in options.scenario or SCENARIOS:
        rounds = []
        for number in range(options.rounds):
            if sys.stderr.isatty():
                print(
                    f"{name}: round {number + 1} of {options.rounds} …", end="\r", file=sys.stderr
                )
            rounds.append(SCENARIOS[name](options.count))
        medians = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        if options.json:
            print(json.dumps({"scenario": name, "rounds": len(rounds), **medians}))
        else:
            print(f"\n{name}")
            for key, value in medians.items():
                print(
                    f"  {key:<44} {value:>14,.2f}"
                    if value < 100
                    else f"  {key:<44} {value:>14,.0f}"
                )


main()
