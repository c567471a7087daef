"""The count of a reporter's reports, and what is to be told."""

from __future__ import annotations

from random import Random

from touchline.peer.host.event import records
from touchline.peer.host.event.event_claims import Claims
from touchline.peer.host.event.participant import Participant
from touchline.protocol.messages import Fate


def member(index=0):
    record = records.MemberAttached(peer="p", name="P", token="t", role="reporter", expires=9)
    return Participant(index, record)


def test_any_order():
    """Whatever the order and however often, each number is new once, and in the end all count."""
    for seed in range(50):
        random = Random(seed)
        numbers = [n for n in range(1, 30) for _ in range(random.choice([1, 1, 2]))]
        random.shuffle(numbers)
        one, seen = member(), set()
        for n in numbers:
            assert one.count(n) == (n not in seen), (seed, n)
            seen.add(n)
            gap = next(i for i in range(1, 31) if i not in seen)
            assert one.n == gap - 1
            assert one.ahead == {i for i in seen if i > one.n}
        assert (one.n, one.ahead) == (29, set())


def test_bits():
    """Each reporter has a bit of its own; who does not report has none."""
    assert [member(i).bit for i in (0, 1, 70)] == [1, 2, 1 << 70]
    assert member(-1).bit == 0


def test_told():
    """Fates are told once, those of reports that joined an entry among them."""
    one = member()
    claim = Claims({}).start(Claims({}).correction_index("end"), 0, (), 0, 0.0)
    claim.entry_id, claim.seq = "7", 9
    one.fates.append(Fate(n=1, outcome="expired"))
    one.late.append((2, claim))
    assert one.drain_fates() == [Fate(1, "expired"), Fate(2, "accepted", 9, "7")]
    assert one.drain_fates() == []
