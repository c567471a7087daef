"""Votes that change only the counts of an entry come with a heartbeat, and with no version."""

from __future__ import annotations

from typing import Any

from touchline.protocol.messages import Recount

CREW = ("ann", "bob", "cid", "dan", "eve", "flo", "gus", "hal")


def counts(g: Any) -> dict[str, tuple[int, int]]:
    """Return what the newest heartbeat says: votes for and against, by entry."""
    said: list[Recount] = g.beats[-1].recounts
    for one in said:
        assert one.seq == g.core.timeline.versions[one.entry_id].seq
    return {one.entry_id: (one.evidence.for_, one.evidence.against) for one in said}


def test_late_votes_come_with_the_next_heartbeat(ground: Any) -> None:
    """Five of eight confirm a goal, three say so some seconds later: no version follows, the
    heartbeat after it counts all eight, and those after that go on saying so."""
    g = ground(verdict="evidence").begun(*CREW, seconds=5.0)
    g.both("goal", "A", at=10, names=CREW[:5])
    g.stay(4, *CREW)
    *_, entry = g.entries
    assert (entry.evidence.for_, entry.status) == (5, "CONFIRMED")
    versions, beats = len(g.entries), len(g.beats)
    g.both("goal", "A", at=10, names=CREW[5:])
    g.wait(1.2)
    assert len(g.beats) == beats + 1
    assert counts(g) == {"1": (8, 0)}
    g.stay(30, *CREW)
    assert counts(g) == {"1": (8, 0)}
    assert len(g.entries) == versions
    assert g.beats[-1].recounts[0].evidence.latency_ms == entry.evidence.latency_ms


def test_a_new_version_has_the_counts_itself(ground: Any) -> None:
    """What was deleted is counted no more, and what nobody said more of never is."""
    g = ground(verdict="quorum").begun(*CREW, seconds=5.0)
    g.both("save", "A", at=10, names=CREW[:3])
    g.both("goal", "A", at=20, names=CREW[:3])
    g.both("goal", "A", at=20, names=CREW[3:6])
    g.stay(10, *CREW)
    assert counts(g) == {"2": (6, 0)}
    for name in CREW[:6]:
        g.say(name, "delete", at=22, entry="2")
    g.stay(10, *CREW)
    assert g.entries[-1].status == "DELETED"
    assert counts(g) == {}


def test_a_restarted_host_counts_the_same(ground: Any) -> None:
    """The journal has the votes, so a host that starts again says the same."""
    g = ground(verdict="quorum").begun(*CREW, seconds=5.0)
    g.both("goal", "A", at=10, names=CREW[:3])
    g.both("goal", "A", at=10, names=CREW[3:7])
    g.restart()
    g.stay(10, *CREW)
    assert counts(g) == {"1": (7, 0)}


def test_a_forged_vote_is_never_counted(ground: Any) -> None:
    """Signed votes count in a heartbeat when they are verified."""
    g = ground(signs=True, verdict="quorum").begun(*CREW, seconds=5.0)
    g.both("goal", "A", at=10, names=CREW[:3])
    said = g.said(CREW[3], "goal", "A", 10)
    g.push(g.report(CREW[3], g.sign(CREW[3], said, event="another")))
    g.say(CREW[4], "goal", "A", at=10)
    g.stay(20, *CREW)
    assert all(one.evidence.for_ <= 4 for beat in g.beats for one in beat.recounts)
    assert counts(g) == {"1": (4, 0)}


def corners(ground: Any, *, later: int) -> Any:
    """Return an event of thirty corners, which three tell, and so many more a moment later."""
    g = ground(verdict="quorum").begun(*CREW, seconds=5.0)
    for second in range(10, 310, 10):
        g.stay(10, *CREW)
        g.both("corner", "A", at=second, names=CREW[:3])
        g.both("corner", "A", at=second, names=CREW[3 : 3 + later])
    g.stay(10, *CREW)
    return g


def test_the_newest_entries_are_counted(ground: Any) -> None:
    """A heartbeat is no longer for an event of many entries: it tells the newest, and some of the
    older ones."""
    g = corners(ground, later=3)
    g.stay(30, *CREW)
    for beat in g.beats[-3:]:
        ids = [int(one.entry_id) for one in beat.recounts]
        assert len(ids) == 20
        assert ids == sorted(ids, reverse=True)
        assert ids[:15] == list(range(30, 15, -1))


def test_older_entries_take_turns(ground: Any) -> None:
    """Who comes late learns the counts of all entries, after some heartbeats; also where the host
    has started again."""
    g = corners(ground, later=3)
    for _ in "12":
        beats = len(g.beats)
        g.stay(45, *CREW)
        assert len(g.beats) - beats <= 8
        told = {
            one.entry_id: one.evidence.for_ for beat in g.beats[beats:] for one in beat.recounts
        }
        assert told == {str(number): 6 for number in range(1, 31)}
        g.restart()


def test_a_vote_for_an_old_entry(ground: Any) -> None:
    """It is told although many entries are newer, and no more when a version has said it."""
    g = corners(ground, later=0)
    assert counts(g) == {}
    g.say(CREW[3], "corner", "A", at=10)
    g.stay(10, *CREW)
    assert counts(g) == {"1": (3, 0)}
    assert g.beats[-1].recounts[0].evidence.seen == 1
    for name in CREW[:6]:
        g.say(name, "delete", entry="1")
    g.stay(10, *CREW)
    assert counts(g) == {}
