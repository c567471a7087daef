"""A disk that is full, a clock that jumps, a subscriber that does not read."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import zmq

from tests.patience import PATIENCE
from touchline.peer import Host, Journal, Link, Reporter, Subscriber
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.link.service import lock, own_routing_id
from touchline.protocol import codec, messages
from touchline.protocol.messages import Alarm, Entry
from touchline.protocol.times import SECOND

from .conftest import Yard, identity, wall

BEAT = 0.5


def test_a_full_disk(yard: Yard, small_disk: Path) -> None:
    """While the journal's disk is full nothing is receipted, the feed says why, nobody takes the
    host or the venue for lost; when there is room everything goes on and the feed says so."""
    yard.broker()
    yard.create()
    yard.host(beat=BEAT)
    _, feed = yard.watch("--heartbeats")
    people, told = yard.reporters("ann", "bob")
    yard.until(lambda: told.last.get("open"))
    yard.say(people, "goal", "A", wall())
    yard.until(lambda: told.last["accepted"] == 2 and feed.of("entry"))

    _fill(small_disk / "ballast")
    yard.say(people, "corner", "A", wall())
    yard.until(lambda: "host_trouble" in feed.kinds)
    calm = len(feed.of("heartbeat"))
    yard.until(lambda: len(feed.of("heartbeat")) >= calm + 6)
    assert told.last == {"open": True, "pending": 2, "said": 2, "accepted": 2, "refused": 0}
    beats = feed.of("heartbeat")[calm:]
    assert all("full" in beat["trouble"] and beat["seq"] == 1 for beat in beats)
    assert len(feed.of("entry")) == 1
    assert not {"stale", "host_lost", "link_lost", "venue_lost"} & set(feed.kinds)

    (small_disk / "ballast").unlink()
    yard.until(lambda: len(feed.of("entry")) == 2 and not told.last["pending"])
    yard.until(lambda: feed.kinds[-1] == "quiet", what="the end of the trouble")
    assert feed.of("heartbeat")[-1]["trouble"] == ""
    yard.say(people, "goal", "B", wall())
    yard.until(lambda: len(feed.of("entry")) == 3 and told.last["accepted"] >= 6)
    assert feed.of("entry")[-1]["headline"] == "A 1–1 B"
    assert not feed.of("alarm")
    assert not {"stale", "host_lost", "diverged"} & set(feed.kinds)


def _fill(ballast: Path) -> None:
    """Take all the room that there is."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4_096))
        except OSError:
            return


@pytest.mark.parametrize("jump", [3_600, -3_600])
def test_a_clock_that_jumps(yard: Yard, jump: int) -> None:
    """The host's clock jumps by an hour: what is reported then is accepted, live, and no alarm is
    raised because of it."""
    yard.broker()
    yard.create()
    off = 0
    journal = Journal(yard.journal)
    yard.stack.callback(journal.close)
    options = HostOptions(broker=yard.address, heartbeat=BEAT, presence=20.0)
    host = Host(options, identity("host"), journal, (yard.event,), lambda: wall() + off)
    thread = threading.Thread(target=host.run)
    thread.start()
    yard.stack.callback(lambda: (host.stop(), thread.join(PATIENCE)))
    assert host.ready.wait(PATIENCE)
    _, feed = yard.watch()
    people, told = yard.reporters("ann", "bob")
    yard.until(lambda: told.last.get("open"))
    yard.say(people, "goal", "A", wall())
    yard.until(lambda: len(feed.of("entry")) == 1)
    off = jump * SECOND
    time.sleep(3 * BEAT)
    yard.say(people, "goal", "A", wall())
    late, later = yard.reporters("cid", "dan")  # they come when the clock is off already
    yard.until(lambda: later.last.get("open"))
    yard.say(late, "corner", "A", wall())
    yard.until(lambda: len(feed.of("entry")) == 3)
    assert told.last["refused"] == later.last["refused"] == 0
    assert [entry["place"] for entry in feed.of("entry")] == [1, 2, 3]
    assert {entry["delay_status"] for entry in feed.of("entry")} == {""}
    assert not feed.of("alarm")


def test_a_subscriber_that_never_reads(yard: Yard) -> None:
    """One that follows the feed and never reads, and one that asks for replays and never reads,
    slow nobody: thousands of entries reach the others whole, and the receipts their reporter."""
    yard.broker()
    yard.create()
    yard.host("--verdict", "fixed:1", "--report-rate", "10000", beat=BEAT)
    count = 4_000
    with (
        Link(yard.address, "ann", identity("ann")) as ann_link,
        Link(yard.address, "fan", identity("fan")) as fan_link,
        Reporter(yard.event, ann_link, yard.folder / "outbox") as ann,
        Subscriber(yard.event, fan_link) as fan,
    ):
        ann.wait_open(PATIENCE)
        yard.until(lambda: fan.next(0.05) is not None)
        invitation = fan.session.invitation
        assert invitation is not None
        assert invitation.endpoints is not None
        context = yard.stack.enter_context(zmq.Context())
        deaf = yard.stack.enter_context(context.socket(zmq.SUB))
        deaf.rcvhwm = 1
        deaf.rcvbuf = 4_096
        lock(deaf, identity("fan"), invitation.key)
        deaf.subscribe(codec.topic(yard.event))
        deaf.connect(invitation.endpoints.pub)
        greedy = yard.stack.enter_context(context.socket(zmq.DEALER))
        greedy.linger = 0
        greedy.rcvhwm = 1
        greedy.rcvbuf = 4_096
        greedy.routing_id = own_routing_id(identity("ann"))
        lock(greedy, identity("ann"), invitation.key)
        greedy.connect(invitation.endpoints.router)
        join = messages.Join(id=0, event=yard.event, role="viewer")
        other = ann_link.ask(join)
        assert isinstance(other, messages.Invitation)
        greedy.send(codec.encode(messages.Attach(id=1, token=other.token, time=wall())))
        began = wall() - 3_600 * SECOND
        entries: list[Entry] = []
        for number in range(count):
            ann.say("corner", "AB"[number % 2], began + number * SECOND // 2)
            if number % 100 == 0:
                ann.pump()
                replay = messages.Replay(id=2 + number, event=yard.event, first=1)
                greedy.send(codec.encode(replay), zmq.NOBLOCK)
                _take(fan, entries)

        def take_part() -> bool:
            ann.pump(0.01)
            _take(fan, entries)
            return len(entries) >= count and not ann.pending

        yard.until(take_part)
        assert [entry.seq for entry in entries] == list(range(1, count + 1))
        assert ann.pending == 0
        assert not fan.core.stale


def _take(fan: Subscriber, entries: list[Entry]) -> None:
    while (item := fan.next(0.0)) is not None:
        assert not isinstance(item, Alarm)
        if isinstance(item, Entry):
            entries.append(item)
