"""What `make truth` runs: MATCHES a row, from SEED, for the rows whose name holds ROWS."""

from __future__ import annotations

import multiprocessing
import os

from .rows import HEAD, ROWS, line


def main() -> None:
    """Print a line for each row."""
    matches = int(os.environ.get("MATCHES") or "24")
    seed = int(os.environ.get("SEED") or "1")
    wanted = os.environ.get("ROWS") or ""
    verdict = os.environ.get("VERDICT") or ""
    rows = [row for row in ROWS if wanted in row.name]
    print(f"{matches} matches a row, seed {seed}, verdict {verdict or 'as the default'}")
    print(HEAD)
    with multiprocessing.get_context("spawn").Pool() as pool:
        asked = [(row, matches, seed, verdict) for row in rows]
        for text in pool.imap(line, asked):
            print(text, flush=True)


if __name__ == "__main__":
    main()
