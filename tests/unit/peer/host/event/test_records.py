"""What the journal holds can be read again."""

from __future__ import annotations

import typing

import pytest

from touchline.peer.host.event import records
from touchline.protocol import codec, messages
from touchline.protocol.errors import StorageFault

EXAMPLES = [
    records.Began(epoch=1),
    records.TurnBegan(received=5),
    records.MemberAttached(peer="p", name="n", token="t", role="viewer", expires=3, shift=-4),
    records.MemberAttached(peer="p", name="n", token="t", role="reporter", expires=3, stays=True),
    records.MemberAttached(
        peer="p",
        name="n",
        token="t",
        role="reporter",
        expires=3,
        key=b"k",
        badge="b",
        invite="i",
        enrolled=2,
    ),
    records.ClockSet(peer="p", shift=-3),
    records.PeerRevoked(peer="p"),
    records.PresenceChanged(peer="p", present=False, left=True),
    records.Held(claim=4, reason="no"),
    records.Expired(claim=4, code="X", reason="no"),
    records.Corrected(claim=4),
    records.Struck(claim=4, voters=[0, 2]),
    records.Uncounted(claim=4, voters=[0, 2]),
    records.QuestionsAsked(claim=4, voters=[0, 2]),
    records.ContactRegained(),
    records.ScoreConfirmed(claim=4, time=6, score={"goals": {"A": 1, "B": 0}}, adopt=True),
    records.ReportRecovered(
        peer="p", said=messages.Said(1, 0, messages.Happening("goal", "A", 0)), by="h"
    ),
    messages.Alarm(event="e", epoch=1, seq=2, sent=3, last_received=1, number=2),
    messages.Restored(event="e", epoch=1, seq=3, sent=4, since=1, until=2, inaccurate=1),
    messages.Report(token="t", n=1, time=0, event=messages.Happening("goal", "A", 0, {"x": 1})),
    messages.ReportBatch(
        token="t", reports=[messages.Said(1, 0, messages.Happening("goal", "A", 0))]
    ),
    messages.Finished(event="e", epoch=1, seq=2, sent=3),
    messages.Ruling(
        id=1,
        event="e",
        ruling="r",
        time=2,
        act="amend",
        reason="why",
        key=bytes(32),
        signature=b"s",
        score="1-0",
    ),
    messages.Entry(
        event="e",
        epoch=1,
        seq=1,
        entry_id="1",
        status="CONFIRMED",
        title="goal",
        origin="A",
        time=0,
        first_reported=0,
        accepted=0,
        sent=0,
        evidence=messages.Evidence(for_=2),
    ),
]


def test_every_record_has_an_example():
    """The test below misses no kind of record."""
    assert {type(example) for example in EXAMPLES} == set(typing.get_args(records.Record))


def test_both_ways():
    """A blob gives back every record and the very bytes that went in."""
    encoded = [codec.encode(example) for example in EXAMPLES]
    assert records.unpack(records.pack(encoded)) == list(zip(EXAMPLES, encoded, strict=True))


def test_torn():
    """A blob cut anywhere is refused as a fault of the storage."""
    blob = records.pack([codec.encode(example) for example in EXAMPLES])
    for end in range(len(blob)):
        with pytest.raises(StorageFault):
            records.unpack(blob[:end])
    with pytest.raises(StorageFault):
        records.unpack(blob + b"\0")
