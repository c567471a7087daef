"""Report an action, and say what became of it.

    python examples/report.py BROKER EVENT NAME TITLE ORIGIN

The report lies in the outbox, a file, until the host has stored it: if the host is away, run the
program again with the same name and it is sent then.
"""

from __future__ import annotations

import sys
from pathlib import Path

from touchline.peer import Link, Reporter, identity


def main(broker: str, event: str, name: str, title: str, origin: str = "") -> None:
    """Report one action, and wait for what becomes of it."""
    outbox = Path(f"{event}-{name}.outbox")
    with (
        Link(broker, name, identity.load(name), roles=("reporter",)) as link,
        Reporter(event, link, outbox, brief=True) as reporter,
    ):
        number = reporter.say(title, origin)
        reporter.wait_open(seconds=10)
        fate = reporter.wait_fate(number, seconds=10)
        print(f"report {number}: {fate.outcome if fate else 'on its way'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
