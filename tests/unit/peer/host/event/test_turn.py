"""What is collected in a turn, and when it is dated."""

from __future__ import annotations

from touchline.peer.host.event import records
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.event.turn import RECEIPT_FATES, Turn
from touchline.protocol import codec, limits
from touchline.protocol.messages import Fate

BEGAN = codec.encode(records.Began(epoch=3))


def reporter():
    record = records.MemberAttached(peer="p", name="P", token="t", role="reporter", expires=9)
    return Participant(0, record)


def test_dated_once():
    """A turn's records begin with its wall time, once; a turn without records commits nothing."""
    turn = Turn("e", [])
    turn.begin(77)
    assert turn.take(finished=False).commit == b""
    turn.begin(78)
    for _ in range(2):
        turn.record(BEGAN)
    blob = turn.take(finished=False).commit
    assert [record for record, _ in records.unpack(blob)] == [
        records.TurnBegan(received=78),
        records.Began(epoch=3),
        records.Began(epoch=3),
    ]
    turn.begin(79)
    turn.record(BEGAN)
    assert records.unpack(turn.take(finished=True).commit)[0][0] == records.TurnBegan(received=79)


def test_topic():
    """What is published begins with the event's topic."""
    turn = Turn("e", [])
    turn.publish(b"body")
    assert turn.take(finished=False).publish == [b"e\0body"]
    assert turn.take(finished=False).publish == []


def test_receipts_can_be_read():
    """Fates with the longest reasons are spread over receipts that keep the limit of a frame."""
    turn, member = Turn("e", []), reporter()
    member.n = 5
    reason = "\N{SOCCER BALL}" * limits.TEXT_CHARS
    for n in range(2 * RECEIPT_FATES + 1):
        turn.add_fate(member, Fate(n=n, outcome="refused", code="BAD_REPORT", reason=reason))
    receipts = [codec.decode_host_reply(f) for _, f in turn.take(finished=False).receipts]
    assert [len(receipt.fates) for receipt in receipts] == [RECEIPT_FATES, RECEIPT_FATES, 1]
    assert {receipt.n for receipt in receipts} == {5}


def test_discard():
    """What a restore collects is forgotten, fates included."""
    turn, member = Turn("e", []), reporter()
    turn.begin(1)
    turn.record(BEGAN)
    turn.publish(b"x")
    turn.add_fate(member, Fate(n=1, outcome="expired"))
    turn.discard()
    output = turn.take(finished=False)
    assert (output.commit, output.publish, output.receipts) == (b"", [], [])
    assert member.fates == []


def test_taps_and_entries_go_with_what_they_led_to():
    """When the reports of a turn were made, and how many entries it has, is told once, and not of
    what a restore collects."""
    turn = Turn("e", [])
    tap = turn.taps.append  # looked up once, for all turns
    tap(5)
    turn.accepted += 1
    turn.discard()
    tap(6)
    tap(7)
    turn.accepted += 2
    taken = turn.take(finished=False)
    assert (taken.taps, taken.accepted) == ([6, 7], 2)
    tap(8)
    assert (taken.taps, turn.take(finished=False).taps) == ([6, 7], [8])
    assert turn.take(finished=False).accepted == 0
