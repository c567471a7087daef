"""Coverage-guided fuzzing with atheris: `make fuzz`, `make fuzz TARGET=host INPUTS=100000`.

A target runs in a process of its own. It fails where an input does, whose bytes libFuzzer then
keeps in a file; and where, once warm, what is allocated still grows.
"""

from __future__ import annotations

import functools
import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

INPUTS = 1_000_000

NAMES = ("decoders", "web", "broker", "host", "files", "journals")
"""The targets, see `targets.TARGETS`, which takes a while to import."""

WARM = 0.3
"""The part of the inputs after which nothing may grow any more."""

GROWTH = 1.10
"""Most blocks allocated at the end, to those once warm; a leak of one block an input is ten times
this."""


def main() -> int:
    """Run all targets one after the other, or the one that TARGET names."""
    inputs = int(os.environ.get("INPUTS") or INPUTS)
    chosen = os.environ.get("TARGET") or ""
    failed = []
    for name in [chosen] if chosen else list(NAMES):
        print(f"{name}: {inputs:,} inputs", flush=True)
        done = subprocess.run([sys.executable, "-m", "tests.fuzz", name, str(inputs)], check=False)
        if done.returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "nothing found")
    return 1 if failed else 0


def _fuzz(name: str, inputs: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["touchline"]):
        from tests.fuzz.targets import LIFE, TARGETS
    target = TARGETS[name]()
    taken = 0
    warm = 0

    def blocks() -> int:
        for one in gc.get_objects():
            # A cache with a bound is no leak, and takes longer to fill than some targets run.
            if isinstance(one, functools._lru_cache_wrapper) and one.cache_parameters()["maxsize"]:
                one.cache_clear()
        gc.collect()
        return sys.getallocatedblocks()

    def take(data: bytes) -> None:
        nonlocal taken, warm
        taken += 1
        target.take(data)
        if taken % LIFE:
            return
        if not warm and taken >= WARM * inputs:
            warm = blocks()
        elif warm and taken >= inputs - LIFE and blocks() > GROWTH * warm:
            raise MemoryError(f"{blocks():,} blocks are allocated, {warm:,} were when warm")

    with tempfile.TemporaryDirectory(prefix="touchline-fuzz-") as folder:
        for number, seed in enumerate(target.seeds()):
            (Path(folder) / str(number)).write_bytes(seed)
        flags = [f"-runs={inputs}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048"]
        Path("artifacts").mkdir(exist_ok=True)
        atheris.Setup(
            [name, folder, *flags, "-artifact_prefix=artifacts/", "-print_final_stats=1",
             "-verbosity=0"],
            take,
        )  # fmt: skip
        atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _fuzz(sys.argv[1], int(sys.argv[2]))
    else:
        sys.exit(main())
