"""Follow an event from its start, and print what it says.

    python examples/follow.py BROKER EVENT

The feed repairs what was lost on the way and goes on over restarts of the host by itself; notices
say when it is stale or late.
"""

from __future__ import annotations

import sys

from touchline.peer import Link, Notice, Subscriber, identity
from touchline.protocol.messages import Entry, Finished


def main(broker: str, event: str) -> None:
    """Print entries and notices until the event is finished."""
    name = "example-fan"
    with (
        Link(broker, name, identity.load(name)) as link,
        Subscriber(event, link) as feed,
    ):
        for item in feed:
            match item:
                case Entry():
                    print(f"{item.seq:4} {item.status:11} {item.text}", flush=True)
                case Notice():
                    print(f"     -- {item.text}", flush=True)
                case Finished():
                    print(f"     finished, {item.headline}", flush=True)
                    return


if __name__ == "__main__":
    main(*sys.argv[1:])
