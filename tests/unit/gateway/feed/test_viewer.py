"""One viewer: where it joins, what it gets, when it has to go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from touchline.gateway.feed.channel import Channel
from touchline.gateway.feed.viewer import Bounds, Start, Viewer
from touchline.protocol.messages import Card

from ..conftest import WALL, Source, entry

BOUNDS = Bounds(messages=10, size=1 << 20, stalled=30.0)


def viewer(channel: Channel, bounds: Bounds = BOUNDS, **start: Any) -> Viewer:
    return Viewer(channel, Start(**start), bounds, 0.0)


def said(frames: list[bytes]) -> list[dict[str, Any]]:
    """Return the messages in short frames of a server."""
    found = []
    data = b"".join(frames)
    while data:
        size, head = data[1], 2
        if size == 126:
            size, head = int.from_bytes(data[2:4], "big"), 4
        found.append(json.loads(data[head : head + size]))
        data = data[head + size :]
    return found


def kinds(frames: list[bytes]) -> list[str]:
    return [message["type"] for message in said(frames)]


def test_at_the_end(channel: Channel, source: Source) -> None:
    """Who joins at the end gets a snapshot, then only what comes."""
    source.goals(3)
    one = viewer(channel)
    setup, snapshot = said(one.opening(0.0, WALL))
    assert (setup["type"], setup["recovered"]) == ("setup", False)
    assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 3)
    assert one.more(0.0) == []
    source.goals(1)
    assert [message["seq"] for message in said(one.more(0.0))] == [4]


def test_at_the_start(channel: Channel, source: Source) -> None:
    """Who joins at the start gets every message and no snapshot, however many there are."""
    source.goals(50)
    one = viewer(channel, at="start")
    assert kinds(one.opening(0.0, WALL)) == ["setup"]
    seqs: list[int] = []
    while frames := one.more(0.0):
        seqs += [message["seq"] for message in said(frames)]
    assert seqs == list(range(1, 51))
    assert one.switches == 0


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_coming_back(channel: Channel, source: Source, position: int) -> None:
    """Who comes back is told what it missed, exactly, and that nothing is missing."""
    source.goals(3)
    one = viewer(channel, at=position, epoch=1, digest=channel.digest(position))
    (setup,) = said(one.opening(0.0, WALL))
    assert setup["recovered"] is True
    assert [m["seq"] for m in said(one.more(0.0))] == list(range(position + 1, 4))


@pytest.mark.parametrize(
    "start", [{"at": 9}, {"at": 2, "epoch": 7}, {"at": 2, "digest": b"x" * 16}]
)
def test_coming_back_from_elsewhere(
    channel: Channel, source: Source, start: dict[str, Any]
) -> None:
    """A position that is none of this feed's gets a snapshot, and is told so."""
    source.goals(3)
    setup, snapshot = said(viewer(channel, **start).opening(0.0, WALL))
    assert setup["recovered"] is False
    assert snapshot["seq"] == 3


def test_same_frames_for_all(channel: Channel, source: Source) -> None:
    """Two viewers who have everything are sent the same object."""
    source.goals(1)
    one, two = viewer(channel), viewer(channel)
    one.opening(0.0, WALL)
    two.opening(0.0, WALL)
    source.goals(1)
    assert one.more(0.0)[0] is two.more(0.0)[0]


def test_a_slow_viewer_is_switched(channel: Channel, source: Source) -> None:
    """Up to its bound a viewer that can take nothing gets every message later; one more, and it
    gets a snapshot instead."""
    one = viewer(channel)
    one.opening(0.0, WALL)
    assert not one.stalled(0.0)
    source.goals(10)
    assert len(said(one.more(0.0))) == 10
    assert one.more(0.0) == []
    assert not one.stalled(0.0)
    source.goals(11)
    (snapshot,) = said(one.more(1.5))
    assert snapshot["switched"] is True
    assert snapshot["seq"] == 21
    assert one.switches == 1
    source.goals(1)
    assert [m["seq"] for m in said(one.more(1.5))] == [22]


def test_bytes_are_bounded_too(channel: Channel, source: Source) -> None:
    """Few messages that are large switch a viewer as well."""
    one = viewer(channel, Bounds(messages=1_000, size=1_000, stalled=30.0))
    one.opening(0.0, WALL)
    assert not one.stalled(0.0)
    source.goals(5)
    assert said(one.more(0.0))[0]["switched"] is True


def test_history_is_no_queue(channel: Channel, source: Source) -> None:
    """What was there at joining is read at leisure; what came since counts."""
    source.goals(50)
    one = viewer(channel, at="start")
    one.opening(0.0, WALL)
    source.goals(5)
    assert said(one.more(0.0))[0]["seq"] == 1
    one = viewer(channel, at="start")
    one.opening(0.0, WALL)
    assert not one.stalled(0.0)
    source.goals(11)
    assert said(one.more(9.0))[0]["switched"] is True


def test_a_burst_is_no_queue(channel: Channel, source: Source) -> None:
    """Who reads is sent a burst beyond its bound whole, and is not taken for slow."""
    one = viewer(channel)
    one.opening(0.0, WALL)
    source.goals(40)
    assert [m["seq"] for m in said(one.more(0.0))] == list(range(1, 41))


def test_who_reads_nothing_has_to_go(channel: Channel, source: Source) -> None:
    """A viewer beyond its bound that can take nothing has to go when its time is up, not before."""
    one = viewer(channel)
    one.opening(0.0, WALL)
    source.goals(10)
    assert not one.stalled(0.0)
    assert not one.stalled(100.0)
    source.goals(1)
    assert not one.stalled(100.0)
    assert not one.stalled(129.9)
    assert one.stalled(130.0)


def test_who_reads_again_stays(channel: Channel, source: Source) -> None:
    """The time of a viewer that reads in between begins anew."""
    one = viewer(channel)
    one.opening(0.0, WALL)
    source.goals(11)
    assert not one.stalled(0.0)
    one.more(29.0)
    source.goals(11)
    assert not one.stalled(31.0)
    assert one.stalled(61.0)


def test_another_feed_switches(channel: Channel, source: Source) -> None:
    """When the host has another feed every viewer gets a snapshot of it, those up to date too."""
    source.goals(3)
    one = viewer(channel)
    one.opening(0.0, WALL)
    source.restart([entry(1, epoch=2), entry(2, epoch=2), entry(3, epoch=2)])
    assert not one.current
    (snapshot,) = said(one.more(2.0))
    assert (snapshot["epoch"], snapshot["seq"], snapshot["switched"]) == (2, 3, True)
    assert one.more(2.0) == []


def test_heartbeats(channel: Channel) -> None:
    """The first heartbeat is due at once, the next after the interval that was asked for."""
    one = viewer(channel, heartbeat=0.5)
    assert one.beats(0.0)
    assert not one.beats(0.4)
    assert one.beats(0.5)


# ── packets ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tennis() -> Channel:
    card = Card(event="a-v-b", title="A v B", sport="tennis", origins=["A", "B"])
    return Channel(card, 1 << 20)


def points(source: Source, count: int) -> None:
    for _ in range(count):
        source.give(entry(source.seq + 1, at=source.seq, title="point", score={}, headline=""))


def numbers(frames: list[bytes]) -> list[int]:
    return [packet["seqNum"] for packet in said(frames)]


@pytest.mark.parametrize("position", [1, 3, 5])
def test_packets_from_a_position(tennis: Channel, position: int) -> None:
    """A feed of packets that is joined at a number replays from there, without any other word."""
    source = Source(tennis)
    points(source, 5)
    one = viewer(tennis, form="packets", packet=position)
    assert one.opening(0.0, WALL) == []
    assert numbers(one.more(0.0)) == list(range(position, 6))
    points(source, 1)
    assert numbers(one.more(0.0)) == [6]


def test_packets_from_the_first(tennis: Channel) -> None:
    """Without a number, packets begin with the first."""
    source = Source(tennis)
    points(source, 5)
    one = viewer(tennis, form="packets")
    assert one.opening(0.0, WALL) == []
    assert numbers(one.more(0.0)) == [1, 2, 3, 4, 5]


def test_heartbeats_of_packets(tennis: Channel) -> None:
    """A heartbeat comes each ten seconds, idle or not, and tells the last number."""
    source = Source(tennis)
    points(source, 5)
    one = viewer(tennis, form="packets")
    one.more(0.0)
    beaten = []
    for tenth in range(1, 351):
        if tenth % 30 == 0:
            points(source, 1)
            one.more(tenth / 10)
        if one.beats(tenth / 10):
            beaten.append((tenth / 10, json.loads(one.heartbeat(WALL))))
    assert [now for now, _ in beaten] == [10.0, 20.0, 30.0]
    assert [list(packet) for _, packet in beaten] == [
        ["timestamp", "eventElementType", "lastSeqNum"]
    ] * 3
    assert [packet["lastSeqNum"] for _, packet in beaten] == [8, 11, 15]


def test_packets_from_now(tennis: Channel) -> None:
    """With `live`, and with a number that is still to come, packets begin with the next."""
    source = Source(tennis)
    points(source, 5)
    for start in (0, 99):
        one = viewer(tennis, form="packets", packet=start)
        one.opening(0.0, WALL)
        assert one.more(0.0) == []
    points(source, 1)
    assert numbers(one.more(0.0)) == [6]


def test_packets_are_never_left_out(tennis: Channel) -> None:
    """There is no snapshot of packets: who is too far behind has come to the end."""
    source = Source(tennis)
    one = viewer(tennis, form="packets")
    one.opening(0.0, WALL)
    assert not one.stalled(0.0)
    points(source, 11)
    assert one.more(0.0) == []
    assert one.over
