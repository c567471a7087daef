"""Follow several events in one asyncio program.

python examples/follow_asyncio.py BROKER EVENT...
"""

from __future__ import annotations

import asyncio
import sys

from touchline.peer import Link, Subscriber, identity
from touchline.protocol.messages import Entry, Finished


async def follow(broker: str, event: str) -> None:
    """Print the entries of one event until it is finished.

    Each event has a link of its own: a link belongs to one task.
    """
    name = "example-fan"
    with (
        Link(broker, name, identity.load(name)) as link,
        Subscriber(event, link) as feed,
    ):
        async for item in feed:
            if isinstance(item, Entry):
                print(f"{event} {item.seq} {item.text}", flush=True)
            elif isinstance(item, Finished):
                print(f"{event} finished, {item.headline}", flush=True)
                return


async def main(broker: str, *events: str) -> None:
    """Follow all events at once."""
    await asyncio.gather(*(follow(broker, event) for event in events))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
