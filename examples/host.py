"""Create an event and host it inside another program.

    python examples/host.py BROKER TITLE ORIGIN ORIGIN

BROKER is the address that `touchline broker` prints. The program prints the event's id, and each
entry as it is decided; Ctrl+C gives the event free and ends it.
"""

from __future__ import annotations

import signal
import sys
import threading
import uuid
from contextlib import closing
from pathlib import Path

from touchline.peer import Host, Journal, Link, Subscriber, identity
from touchline.peer.host.options import Options
from touchline.protocol import messages


def create(link: Link, title: str, origins: list[str]) -> str:
    """Create an event at the broker, and return its id.

    The key makes the request safe to repeat: with the same key it gives the same event.
    """
    request = messages.Create(
        id=0, title=title, sport="football", origins=origins, key=uuid.uuid4().hex
    )
    reply = link.ask(request)
    assert isinstance(reply, messages.Event)
    return reply.card.event


def main(broker: str, title: str, *origins: str) -> None:
    """Host an event until Ctrl+C."""
    key = identity.load("example-host")
    with Link(broker, "example-host", key, roles=("host",)) as link:
        event = create(link, title, list(origins))
    journal_file = Path(f"{event}.db")
    with closing(Journal(f"sqlite:///{journal_file}")) as journal:
        host = Host(Options(name="example-host", broker=broker), key, journal, (event,))
        # The host runs in a thread of its own; the rest of the program goes on beside it.
        thread = threading.Thread(target=host.run)
        thread.start()
        signal.signal(signal.SIGINT, lambda *_: host.stop())
        signal.signal(signal.SIGTERM, lambda *_: host.stop())
        try:
            while not host.ready.wait(0.1):
                if not thread.is_alive():
                    raise SystemExit(str(host.lost.get(event, "the host has ended")))
            print(event, flush=True)
            follow(broker, event, thread)
        finally:
            host.stop()
            thread.join()


def follow(broker: str, event: str, host: threading.Thread) -> None:
    """Print what is decided, as any other subscriber would see it, while the host runs."""
    name = "example-desk"
    with (
        Link(broker, name, identity.load(name)) as link,
        Subscriber(event, link) as feed,
    ):
        while host.is_alive():
            item = feed.next(0.2)
            if isinstance(item, messages.Entry):
                print(f"{item.clock:>6}  {item.text}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
