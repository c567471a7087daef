"""Viewers that never read, at the end of a host whose queues for them are full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import zmq

from tests.attacks.test_late_goals import Bare, at_the_host
from tests.patience import PATIENCE_MS, patient, until
from touchline.peer import Link, Subscriber
from touchline.peer.link.service import lock
from touchline.protocol import messages
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Entry, Happening
from touchline.protocol.times import SECOND
from touchline.runtime import clock

VIEWERS = 5
NOTES = 300
APART_SECONDS = 60
FIELDS = [f"field_{number}" for number in range(23)]
TEXT = "long " * 190
"""So long that the buffers of the system, 4 MB a connection, hold a part of the entries alone."""

SPORT = f"""
text = "Notes"
[[actions]]
title = "note"
text = "Note"
window = 10
details = [{", ".join(f'{{ name = "{name}", text = "{name}" }}' for name in FIELDS)}]
"""


@contextmanager
def deaf_viewers(scene: Any) -> Iterator[list[zmq.Socket[bytes]]]:
    """Open sockets that subscribe to the event, and of which nothing is read."""
    context: zmq.Context[Any] = zmq.Context()
    viewers = []
    for number in range(VIEWERS):
        name = f"deaf {number}"
        key = Identity(sha256(name.encode()).digest())
        with patient(Link(scene.address, name, key, context=context)) as link:
            invited = link.ask(messages.Join(id=0, event=scene.event, role="viewer"))
        assert isinstance(invited, messages.Invitation)
        assert invited.endpoints is not None
        viewer: zmq.Socket[bytes] = context.socket(zmq.XSUB)
        viewer.rcvhwm = 1
        viewer.rcvbuf = 4_096
        lock(viewer, key, invited.key)
        viewer.connect(invited.endpoints.pub)
        viewer.send(b"\1" + scene.event.encode())
        viewers.append(viewer)
    try:
        yield viewers
    finally:
        context.destroy(linger=0)


def report_notes(reporter: Bare, first: int, last: int, latest: int) -> None:
    for n in range(first, last + 1):
        at = latest - (NOTES - n) * APART_SECONDS * SECOND
        reporter.report(n, Happening("note", "Hill", at, dict.fromkeys(FIELDS, f"{n} {TEXT}")))
    until(lambda: reporter.hear() or len(reporter.fates) == last, what=f"the fate of {last}")
    assert {fate.outcome for fate in reporter.fates.values()} == {"accepted"}


def test_a_host_ends_while_viewers_do_not_read(scene: Any) -> None:
    """It ends by itself, however much they have not read, and the next run serves all of it."""
    scene.broker()
    definition = scene.home / "notes.toml"
    definition.write_text(SPORT)
    host = scene.host("--verdict", "fixed:1", sport=("--definition", str(definition)))
    latest = clock.wall()
    with at_the_host(scene, "ann") as (ann,), deaf_viewers(scene) as viewers:
        report_notes(ann, 1, 1, latest)
        for viewer in viewers:
            assert viewer.poll(PATIENCE_MS), "not subscribed"
        report_notes(ann, 2, NOTES, latest)
        assert host.stop() == 0, "".join(host.log)
    scene.start("host", scene.event, "--broker", scene.address, "--json").told("hosting")
    seen: set[str] = set()
    with (
        patient(Link(scene.address, "fan", Identity(bytes(range(32))))) as link,
        Subscriber(scene.event, link) as feed,
    ):

        def all_seen() -> bool:
            while (message := feed.next(0.0)) is not None:
                if isinstance(message, Entry):
                    seen.add(message.entry_id)
            return len(seen) == NOTES

        until(all_seen, what="all entries")
