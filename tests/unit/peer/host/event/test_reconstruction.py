"""What happened in an outage, put together, and the score that people confirm."""

from __future__ import annotations

import pytest

from touchline.protocol import messages
from touchline.protocol.errors import SettingError

SECOND = 1_000_000
BEGIN = 1_700_000_000 * SECOND
CREW = ("ann", "bob")

# ── what was put together ────────────────────────────────────────────────────────────────────


def test_literally(ground):
    """An outage at 15-0 in a game, two points played, contact back: alarms, then the points marked
    as reconstructed, under consecutive seqs, and what people see confirms them."""
    g = ground("tennis").begun()
    g.both("point", "A", at=g.second)
    g.wait(60)
    g.back(pending=2)
    g.both("point", "B", at=50)
    g.both("point", "B", at=80)
    g.stay(6, *CREW)
    g.confirm("15-30")
    assert g.kinds == ["Entry", "Alarm", "Alarm", "Entry", "Entry", "Restored"]
    assert [message.seq for message in g.feed] == [1, 2, 3, 4, 5, 6]
    assert g.marks == ["", "RECONSTRUCTED", "RECONSTRUCTED"]
    assert g.entries[-1].score["points"] == {"A": "15", "B": "30"}
    (restored,) = g.restored
    assert (restored.since, restored.until) == (BEGIN + 30 * SECOND, BEGIN + 90 * SECOND)
    assert (restored.entries, restored.inaccurate, restored.confirmed) == (2, 0, True)
    assert restored.reason == ""
    assert g.state == "live"
    assert {g.outcome(name, 4) for name in CREW} == {"accepted"}


def test_after_it(lost):
    """What happens after contact is back is live, and what is told of the outage after it is
    closed is still marked."""
    g = lost()
    g.back()
    g.both("goal", "A", at=g.second + 1)
    g.stay(6, *CREW)
    g.confirm("1-0")
    g.both("goal", "B", at=70)
    assert [entry.delay_status for entry in g.entries[:2]] == ["", "RECONSTRUCTED"]
    assert g.state == "live"


def test_delayed(ground):
    """An entry that is late without an outage is marked as such, at its bound."""
    g = ground().begun(seconds=60)
    g.both("goal", "A", at=30)
    g.both("goal", "B", at=29.9)
    assert [entry.delay_status for entry in g.entries[:2]] == ["", "DELAYED"]


def test_both_orders(lost):
    """What comes late stands where it happened: place says where, seq when it came."""
    g = lost()
    g.back(pending=3)
    for at in (90, 50, 70):
        g.both("foul", "A", at=at)
    assert [(entry.seq, entry.place) for entry in g.entries] == [(4, 1), (5, 1), (6, 2)]
    assert [entry.seq for entry in g.standing] == [5, 6, 4]


def test_nobody_confirms(lost):
    """When nobody says the score the event goes on after the wait, with what was reported."""
    g = lost()
    g.back(pending=1)
    g.both("goal", "A", at=50)
    g.stay(5, *CREW)
    assert len(g.asked) == 2
    g.stay(25, *CREW)
    assert g.restored == []
    g.stay(6, *CREW)
    (restored,) = g.restored
    assert (restored.entries, restored.inaccurate, restored.confirmed) == (1, 0, False)
    assert g.marks == ["RECONSTRUCTED"]


def test_wrong(lost):
    """Where what was reported does not lead to the confirmed score, the entries of the outage, and
    no others, are published again with the reason; the confirmed score is shown, and what comes
    later counts on from it."""
    g = lost()
    g.back(pending=1)
    g.both("goal", "A", at=50)
    g.both("foul", "A", at=g.second + 1)
    g.stay(6, *CREW)
    g.confirm("2-1")
    assert g.marks == ["RECONSTRUCTION_INACCURATE", ""]
    again = g.entries[-1]
    assert (again.status, again.entry_id) == ("UPDATED", g.entries[0].entry_id)
    assert "1–0" in again.reason
    assert again.score["goals"] == {"A": 2, "B": 1}
    (restored,) = g.restored
    assert (restored.entries, restored.inaccurate, restored.confirmed) == (1, 1, True)
    assert restored.reason == again.reason
    assert restored.headline == "A 2–1 B"
    g.both("goal", "B", at=g.second + 1)
    assert g.headline == "A 2–2 B"
    g.restart()
    assert g.headline == "A 2–2 B"


def test_wrong_in_tennis(ground):
    """Points that are missing are put in force by the confirmed score, and the game goes on."""
    g = ground("tennis").begun()
    g.both("point", "A", at=g.second)
    g.wait(60)
    g.back(pending=1)
    g.both("point", "B", at=50)
    g.stay(6, *CREW)
    g.confirm("30-30")
    assert g.marks == ["", "RECONSTRUCTION_INACCURATE"]
    g.both("point", "A", at=g.second + 1)
    assert g.entries[-1].score["points"] == {"A": "40", "B": "30"}
    g.both("point", "A", at=45)
    assert g.entries[-1].delay_status == "RECONSTRUCTED"
    assert g.entries[-1].score["points"] == {"A": "40", "B": "30"}, "the score was confirmed later"


def test_disputed(ground):
    """Where the reports of the outage could not be made to agree, its entries are known not to be
    right, once for each action they disagree on."""
    crew = ("ann", "bob", "cid", "dan")
    g = ground("tennis", claim_ttl=40.0).begun(*crew)
    g.wait(70)
    g.back(*crew, pending=2)
    g.both("point", "A", at=50, names=crew)
    g.both("point", "A", at=80, names=crew[:2])
    g.both("point", "B", at=80, names=crew[2:])
    g.stay(5, *crew)
    assert (g.beats[-1].claims, g.beats[-1].disputed) == (1, 1)
    g.stay(80, *crew)
    (restored,) = g.restored
    assert restored.reason == "the reports disagree on 1 of the actions of the outage"
    assert (restored.entries, restored.inaccurate) == (2, 2)
    assert g.marks == ["RECONSTRUCTION_INACCURATE"] * 2


TRIO = ("ann", "bob", "cid")


def outvoted(ground, *, tapping=("ann",), **options):
    """An outage of which three tell one goal, and some of them a second that was none."""
    g = ground(**options).begun(*TRIO)
    g.wait(70)
    for name in TRIO:
        g.ping(name, last=2 if name in tapping else 1)
    g.both("goal", "A", at=50, names=TRIO)
    g.both("goal", "B", at=60, names=tapping)
    return g


@pytest.mark.parametrize("verdict", ["evidence", "quorum"])
def test_outvoted(ground, verdict):
    """Case 19: one wrong tap of three does not hold the event up: once all who were there have told
    what they have, and a moment has passed, it has come to nothing, and the score is asked for."""
    g = outvoted(ground, verdict=verdict)
    g.stay(20, *TRIO)
    assert g.outcome("ann", 2) == "expired"
    assert {name for name, _ in g.asked} == set(TRIO)
    g.confirm("1-0", *TRIO)
    (restored,) = g.restored
    assert (restored.entries, restored.inaccurate, restored.reason) == (1, 0, "")
    assert restored.sent < BEGIN + 130 * SECOND


def test_two_of_three_are_not_outvoted(ground):
    """The siblings: what two of three tell stands as ever."""
    g = outvoted(ground, tapping=("ann", "bob"))
    assert g.headline == "A 1–1 B"


def test_not_outvoted_by_who_was_not_heard_since(ground):
    """A reporter that fell silent before the tap may have said the same, in a report that is lost:
    it is waited for, and outvotes the tap by what it says next."""
    g = ground().begun(*TRIO)
    g.wait(70)
    for name in TRIO:
        g.ping(name, last=2 if name == "ann" else 1)
    g.both("goal", "A", at=50, names=TRIO)
    g.stay(1, "ann", "bob")
    g.say("ann", "goal", "B", at=60)
    g.stay(20, "ann", "bob")
    assert g.outcome("ann", 2) == "stored"
    g.stay(15, *TRIO)
    assert g.outcome("ann", 2) == "expired"


def test_not_outvoted_before_all_have_told(ground):
    """While a reporter that was there has not told all that it has, it may still agree."""
    g = ground().begun(*TRIO)
    g.wait(70)
    g.ping("ann", last=1)
    g.say("ann", "goal", "B", at=60)
    for name in ("bob", "cid"):
        g.ping(name, last=1)
    g.stay(60, *TRIO)
    assert g.outcome("ann", 1) == "stored"
    for name in ("bob", "cid"):
        g.counts[name] = 0
        g.say(name, "goal", "B", at=61)
    assert g.headline == "A 0–1 B"


def test_not_outvoted_while_a_reporter_is_away(ground):
    """A reporter that was waited for in vain comes back, and agrees."""
    g = ground().begun(*TRIO)
    g.wait(70)
    for name in ("ann", "bob"):
        g.ping(name, last=int(name == "ann"))
    g.say("ann", "goal", "B", at=60)
    g.stay(60, "ann", "bob")
    assert g.outcome("ann", 1) == "stored"
    g.ping("cid", last=1)
    g.say("cid", "goal", "B", at=61)
    assert g.headline == "A 0–1 B"


def test_not_outvoted_by_those_that_have_left(ground):
    """A reporter that is alone, since the others left in good order, is outvoted by none: when one
    of them comes back and agrees, both have seen it."""
    g = ground().begun(*TRIO)
    g.detach("bob")
    g.detach("cid")
    g.wait(70)
    g.ping("ann", last=1)
    g.say("ann", "goal", "B", at=60)
    g.stay(40, "ann")
    assert g.outcome("ann", 1) == "stored"
    g.attach("bob")
    g.say("bob", "goal", "B", at=61)
    assert g.headline == "A 0–1 B"


def test_not_outvoted_at_once(ground):
    """A vote of a moment ago is waited upon: others may be about to say the same."""
    g = outvoted(ground)
    g.stay(8, *TRIO)
    g.say("bob", "goal", "B", at=61)
    assert g.headline == "A 1–1 B"


def test_deleted_entries_are_not_counted(lost):
    """An entry of the outage that was taken off meanwhile is neither counted nor doubted."""
    g = lost()
    g.back(pending=1)
    g.both("goal", "A", at=50)
    g.both("delete", entry="1")
    g.stay(6, *CREW)
    g.confirm("3-0")
    (restored,) = g.restored
    assert (restored.entries, restored.inaccurate) == (0, 0)
    assert g.entries[-1].status == "DELETED"
    assert restored.headline == "A 3–0 B"


def test_moved_into_the_outage(ground):
    """Later votes may tell that something happened in the outage after all: it is marked then."""
    crew = ("ann", "bob", "cid", "dan", "eve")
    g = ground(verdict="evidence").begun(*crew)
    g.wait(70)
    g.back(*crew[:3], pending=1)
    g.back(*crew[3:])
    g.say("ann", "save", "A", at=29.5)
    g.say("bob", "save", "A", at=30.5)
    assert g.marks == ["DELAYED"]
    g.say("cid", "save", "A", at=34.0)
    assert [entry.status for entry in g.entries] == ["PROVISIONAL", "CONFIRMED"]
    assert g.marks == ["RECONSTRUCTED"]
    g.stay(6, *crew)
    g.confirm("0-0", *crew)
    assert [restored.entries for restored in g.restored] == [1]


def test_doubted_before_it_is_confirmed(ground):
    """That the score is another confirms nothing."""
    g = ground(alone=True).begun("ann")
    g.wait(70)
    g.back("ann", pending=1)
    g.say("ann", "goal", "A", at=50)
    g.stay(6, "ann")
    g.say("ann", "confirm", at=g.second, score="3-0")
    assert [(entry.status, entry.delay_status) for entry in g.entries] == [
        ("PROVISIONAL", "RECONSTRUCTED"),
        ("PROVISIONAL", "RECONSTRUCTION_INACCURATE"),
    ]


def test_lost_again(lost):
    """Contact that is lost again before all is told makes one longer outage: its alarms count on
    and there is one `restored`."""
    g = lost()
    g.ping("ann", last=1)
    g.wait(50)
    numbers = [alarm.number for _, alarm in g.alarms]
    assert numbers == list(range(1, len(numbers) + 1))
    g.back(pending=1)
    until = g.wall
    g.both("goal", "A", at=g.second - 10)
    g.stay(6, *CREW)
    g.confirm("1-0")
    (restored,) = g.restored
    assert (restored.since, restored.until) == (BEGIN + 30 * SECOND, until)
    assert g.marks == ["RECONSTRUCTED"]


def test_two_outages(lost):
    """A later outage is one of its own."""
    g = lost()
    g.back()
    g.stay(6, *CREW)
    g.confirm("0-0")
    g.stay(30, *CREW)
    g.wait(30)
    assert g.alarms[-1][1].number == 1
    g.back()
    g.stay(6, *CREW)
    g.confirm("0-0")
    first, second = g.restored
    assert first.until < second.since < second.until


def test_no_relation(ground):
    """At speed 0 there are alarms, and a score is confirmed, but nothing is marked as late."""
    g = ground(timing=messages.Timing(speed=0.0)).begun()
    g.wait(60)
    assert len(g.alarms) == 2
    g.back(pending=1)
    g.both("goal", "A", at=50)
    g.both("goal", "A", at=-10_000)
    g.stay(6, *CREW)
    g.confirm("2-0")
    assert g.marks == ["", ""]
    assert g.restored[0].confirmed
    assert g.restored[0].reason == ""


def test_end_during_the_reconstruction(lost):
    """A vote for the end closes the reconstruction first; nothing follows the end."""
    g = lost()
    g.back()
    g.both("end")
    g.stay(200, *CREW)
    assert g.kinds[-2:] == ["Restored", "Finished"]


def test_over_during_the_reconstruction(ground):
    """A match that an entry of the outage ends finishes when the reconstruction is closed, not in
    the middle of it."""
    g = ground(finish_after=5.0, late_after=30.0).begun()
    g.wait(60)
    g.back(pending=1)
    g.both("full_time", at=60)
    g.stay(20, *CREW)
    assert not g.core.finished
    g.confirm("0-0")
    g.stay(6, *CREW)
    assert g.kinds[-2:] == ["Restored", "Finished"]


# ── the score ────────────────────────────────────────────────────────────────────────────────


def test_confirmed_before_it_is_asked(lost):
    """A score that is stated early is held against what was put together when all of it is in."""
    g = lost()
    g.back(pending=2)
    g.confirm("1-0")
    assert g.restored == []
    g.both("goal", "A", at=50)
    g.stay(6, *CREW)
    (restored,) = g.restored
    assert (restored.confirmed, restored.inaccurate) == (True, 0)


@pytest.mark.parametrize("at", [-5_000, 250])
def test_when_it_was_seen(lost, at):
    """A score states what is seen on return, whatever time the report has."""
    g = lost()
    g.back(pending=1)
    g.both("goal", "A", at=50)
    g.stay(6, *CREW)
    for name in CREW:
        g.say(name, "confirm", at=at, score="2-0")
    assert g.restored[0].headline == "A 2–0 B"
    g.both("goal", "A", at=g.second + 1)
    assert g.headline == "A 3–0 B"


@pytest.mark.parametrize("closed", [False, True])
def test_seen_before_contact_was_lost_again(lost, closed):
    """A score that was stated on one return and held up until the next is refused: something may
    have happened since."""
    g = lost()
    g.back()
    g.stay(60 if closed else 6, *CREW)
    assert g.state == ("live" if closed else "reconstructing")
    seen = g.second
    g.wait(60)
    g.back()
    n = g.say("ann", "confirm", at=seen, score="0-0")
    assert "before contact was back" in g.fate("ann", n).reason
    g.both("confirm", at=g.second, score="0-0")
    g.stay(6, *CREW)
    assert g.restored[-1].confirmed


@pytest.mark.parametrize("score", ["", "two nil", "2", "999-0"])
def test_unreadable_score(lost, score):
    """A score that can't be read is refused with a sentence."""
    g = lost()
    g.back()
    (n,) = g.confirm(score, "ann")
    assert (g.outcome("ann", n), g.fate("ann", n).code) == ("refused", "BAD_REPORT")
    assert g.fate("ann", n).reason.startswith("score: ")


def test_score_that_says_too_little(lost, monkeypatch):
    """So is one that can be read but not gone on from."""
    g = lost()
    g.back()

    def too_little(*_):
        raise SettingError("score: says nothing of the sets")

    monkeypatch.setattr(type(g.core.sport), "adopt", too_little)
    (n,) = g.confirm("1-0", "ann")
    assert g.fate("ann", n).reason == "score: says nothing of the sets"


def test_no_room_for_the_score_any_more(lost, monkeypatch):
    """Where what came in since it was stated leaves no room for a score, the entries are known not
    to be right, the score stays, and the event goes on."""
    g = lost()
    g.back(pending=1)
    g.both("goal", "A", at=50)
    g.confirm("2-1", "ann")

    def no_room(*_):
        raise SettingError("score: there is no room")

    g.stay(6, *CREW)
    with monkeypatch.context() as patch:
        claim = next(iter(g.core.claims.open.values()))
        patch.setattr(type(g.core.sport), "adopt", no_room)
        g.begin()
        g.core._close_outage(claim)
        g.take()
    assert g.restored[0].inaccurate == 1
    assert g.headline == "A 1–0 B"


def test_they_see_different_scores(ground):
    """Two scores of equally many stand against each other: neither is confirmed."""
    crew = ("ann", "bob", "cid", "dan")
    g = ground().begun(*crew)
    g.wait(70)
    g.back(*crew)
    g.stay(6, *crew)
    g.confirm("1-0", "ann", "bob", "cid")
    assert g.restored[0].headline == "A 1–0 B"
    g.wait(60)
    g.back(*crew, pending=1)
    for name, score in zip(crew, ("1-1", "2-0", "1-1", "2-0"), strict=True):
        g.confirm(score, name)
    g.stay(40, *crew)
    assert [restored.confirmed for restored in g.restored] == [True, False]
    assert g.headline == "A 1–0 B"


def test_a_lone_confirmation_ends_with_the_outage(ground):
    """A score that too few confirmed is void once the event goes on; it closes nothing later."""
    g = ground(alone=True).begun()
    g.wait(70)
    g.back()
    g.stay(6, *CREW)
    (n,) = g.confirm("4-0", "ann")
    g.stay(40, *CREW)
    assert g.outcome("ann", n) == "expired"
    g.detach("bob")
    g.stay(40, "ann")
    assert len(g.restored) == 1
    assert g.headline == "A 0–0 B"


def test_confirmed_anew_after_a_second_loss(lost):
    """What was confirmed before contact was lost again does not count, and may be said again."""
    g = lost()
    g.back(pending=1)
    (n,) = g.confirm("1-0", "ann")
    g.wait(60)
    assert g.outcome("ann", n) == "expired"
    g.back()
    g.confirm("1-0", "bob")
    g.stay(6, *CREW)
    assert g.restored == []
    g.confirm("1-0", "ann")
    g.stay(6, *CREW)
    assert g.restored[0].confirmed
