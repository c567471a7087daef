"""Many seeds one after the other, on all cores: what `make soak` runs."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence

from .enrolment_bursts import EnrolmentBursts
from .handovers import HandOvers
from .network import Restless
from .rivals import Rivals
from .world import World

RIVALS_EVERY = 8
"""Each seed of so many is also one of two hosts."""

HAND_OVERS_EVERY = 16
"""Of so many, one of an event that is handed over as planned."""

BURSTS_EVERY = 16
"""And of so many, one of keys that one person has made at once."""


def failure(seed: int, *, trace: bool = False) -> str:
    """Run one seed; return why it fails, empty where it does not.

    Args:
        seed: of the simulation.
        trace: print each thing that happens, and where in the code it failed.
    """
    try:
        World(seed, print if trace else None).run()
        if not seed % RIVALS_EVERY:
            Rivals(seed // RIVALS_EVERY, print if trace else None).run()
        if not seed % HAND_OVERS_EVERY:
            HandOvers(seed // HAND_OVERS_EVERY, print if trace else None).run()
        if not seed % BURSTS_EVERY:
            EnrolmentBursts(seed // BURSTS_EVERY, print if trace else None).run()
    except Exception as error:  # whatever is wrong in the cores is a failure of this seed
        if trace:
            traceback.print_exc()
        kind = "" if isinstance(error, AssertionError | Restless) else f"{type(error).__name__}: "
        return f"{kind}{error}" or type(error).__name__
    return ""


def _judged(seed: int) -> tuple[int, str]:
    return seed, failure(seed)


def failures(seeds: Sequence[int], processes: int | None = None) -> Iterator[tuple[int, str]]:
    """Run many seeds; yield each that fails, and why, as soon as it does.

    Args:
        seeds: of the simulation.
        processes: how many at one time; as many as there are cores, unless given.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes or os.cpu_count()) as pool:
        judged = pool.imap_unordered(_judged, seeds, chunksize=10)
        for done, (seed, why) in enumerate(judged, 1):
            if why:
                yield seed, why
            if sys.stderr.isatty():
                print(f"\r{done:,} of {len(seeds):,}", end="", file=sys.stderr)


def sentence(seed: int, why: str) -> str:
    """Return what is to be said of a seed that fails, with the command that replays it."""
    return f"seed {seed}: {why[:600]}\n    make soak SEEDS=1 FROM={seed}"


def main() -> int:
    """Run SEEDS seeds from FROM on; a single one, or each where TRACE is set, with a trace."""
    count, first = int(os.environ.get("SEEDS") or "3000"), int(os.environ.get("FROM") or "1")
    began = time.monotonic()
    seeds = range(first, first + count)
    found: Iterable[tuple[int, str]] = failures(seeds)
    if os.environ.get("TRACE") or count == 1:
        found = ((seed, why) for seed in seeds if (why := failure(seed, trace=True)))
    failed = 0
    for seed, why in found:
        failed += 1
        print(sentence(seed, why), flush=True)
    print(f"{count:,} seeds from {first}: {failed} failed, {time.monotonic() - began:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
