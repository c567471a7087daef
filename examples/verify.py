"""Check the proof of an event without a network.

    touchline export EVENT --format proof --output event.proof
    python examples/verify.py event.proof

The program ends with exit code 1 and names the line where the proof does not hold.
"""

from __future__ import annotations

import sys
from pathlib import Path

from touchline.proof import check


def main(path: str) -> None:
    """Check a proof, and print what it proves."""
    result = check(Path(path).read_bytes())
    if result.flaw is not None:
        raise SystemExit(f"{path}: the proof does not hold: {result.flaw}")
    print(f"{result.event}: {result.entries} entries follow from signed reports")


if __name__ == "__main__":
    main(*sys.argv[1:])
