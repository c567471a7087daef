"""Reports in: which are one, what is wrong with one, and that each counts once."""

from __future__ import annotations

from itertools import permutations

import pytest
from msgspec.structs import replace

from tests.unit.conftest import BEGIN
from touchline.peer.host.event import intake, records
from touchline.peer.host.event.records import Began, pack, unpack
from touchline.peer.host.event.signatures import LATER_SECONDS
from touchline.protocol import codec, limits, messages
from touchline.protocol.times import EARLIEST, LATEST, SECOND

_GOAL = messages.Happening("goal", "A", 1_700_000_000 * SECOND)


def test_two_goals(ground):
    """Two goals of one side 40 s apart are two entries."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A", at=10)
        g.say(name, "goal", "A", at=50)
    assert [entry.title for entry in g.standing] == ["goal", "goal"]
    assert g.headline == "A 2–0 B"


@pytest.mark.parametrize("order", list(permutations((-8, -4, 0, 3, 8))))
def test_one_goal_of_five(ground, order):
    """One goal reported by five people within 8 s either way is one, in whatever order."""
    g = ground()
    names = ("ann", "bob", "cid", "dan", "eve")
    for name in names:
        g.attach(name)
    for name, off in zip(names, order, strict=True):
        g.say(name, "goal", "A", at=60 + off)
    assert g.headline == "A 1–0 B"
    assert len(g.feed) == 1
    assert len(g.core.claims.open) == 0
    assert {g.outcome(name, 1) for name in names} == {"accepted"}


def test_second_report_is_second_occurrence(ground):
    """A reporter who says the same twice means two: with two such reporters, two entries."""
    g = ground()
    g.say("ann", "goal", "A", at=10)
    g.say("ann", "goal", "A", at=12)
    assert len(g.core.claims.open) == 2
    assert g.standing == []
    g.say("bob", "goal", "A", at=11)
    assert g.headline == "A 1–0 B"
    g.say("bob", "goal", "A", at=13.1)
    assert g.headline == "A 2–0 B"


def test_double_tap_is_no_second_goal(ground):
    """One person's double tap among many who tapped once makes no second entry."""
    g = ground()
    for name in ("ann", "bob", "cid", "dan"):
        g.say(name, "goal", "A", at=10)
    n = g.say("ann", "goal", "A", at=12)
    assert g.headline == "A 1–0 B"
    g.wait(130)
    assert g.outcome("ann", n) == "expired"


def test_sides_are_apart(ground):
    """Reports of the same action by different sides never join."""
    g = ground()
    g.say("ann", "foul", "A", at=10)
    g.say("bob", "foul", "B", at=10)
    assert g.standing == []


def test_identity_keeps_apart(ground):
    """Two yellow cards at one moment for two players are two; one without a name joins either."""
    g = ground()
    g.say("ann", "yellow_card", "A", at=10, player="Ito")
    g.say("bob", "yellow_card", "A", at=10, player="Abe")
    assert g.standing == []
    g.say("cid", "yellow_card", "A", at=10, player="ito")
    assert [dict(entry.details) for entry in g.standing] == [{"player": "Ito"}]
    g.say("dan", "yellow_card", "A", at=10)
    g.say("eve", "yellow_card", "A", at=10, player="Abe")
    assert len(g.standing) == 2


def test_required_detail(ground):
    """A report that leaves out what its action needs is refused, also after one that did not."""
    g = ground()
    g.say("ann", "period_start", at=0, period="first_half")
    n = g.say("bob", "period_start", at=0)
    fate = g.fate("bob", n)
    assert fate.outcome == "refused"
    assert "needs period" in fate.reason


def test_late_votes(ground):
    """Who reports an entry again, late, is told that it stands, and it is not published anew."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    n = g.say("cid", "goal", "A", at=9)
    assert (g.fate("cid", n).outcome, g.fate("cid", n).seq) == ("accepted", 1)
    assert len(g.feed) == 1


@pytest.mark.parametrize("again", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize(
    ("views", "shown"),
    [
        ((), 6),
        ((True,), 6),
        ((True, True), 6),
        ((False,), 1),
        ((False, True), 1),
        ((True, False), 1),
    ],
    ids=["none", "withholds", "withholds twice", "follows", "withholds now", "follows now"],
)
def test_what_a_reporter_had_seen(ground, views, shown, again):
    """A vote for an entry counts as independent until its reporter can have seen the entry: for 6
    seconds, or for one second where the same key has followed the feed, unless its program has
    withheld all along what is unconfirmed, as the form does."""
    for seconds in (0.5, 1.1, 3, 5.9, 6.1):
        g = ground()
        for withholds in views:
            g.attach("cid", "viewer", withholds=withholds)
        for name in ("ann", "bob", "cid"):
            g.attach(name)
        if again:
            g.restart()
        for name in ("ann", "bob"):
            g.say(name, "goal", "A")
        g.wait(seconds)
        g.say("cid", "goal", "A")
        (claim,) = g.core.claims.index("goal", "A").near(BEGIN, 10_000_000)
        saw = bool(claim.dependent & g.member("cid").bit)
        assert saw == (seconds > shown), seconds


@pytest.mark.parametrize(
    ("edition", "restarts", "made", "saw"),
    [
        (records.EDITION, True, 2.0, False),
        (records.EDITION, True, 5.9, False),
        (records.EDITION, True, 6.5, True),
        (records.EDITION, True, None, True),  # it says of no time that it is of
        (records.EDITION, True, -60.0, True),
        (records.EDITION, False, 2.0, True),
        (7, True, 2.0, True),
    ],
)
def test_what_waited_while_the_host_was_away(ground, monkeypatch, edition, restarts, made, saw):
    """A report that could not be sent, since the host was away, counts by when it was made: half a
    crowd had not seen what was published a moment before the host died."""
    monkeypatch.setattr(records, "EDITION", edition)
    g = ground(verdict="evidence")
    for name in ("ann", "bob", "cid"):
        g.attach(name)
    g.both("goal", "A", names=("ann", "bob"))
    assert g.entries
    g.wait(7)
    if restarts:
        g.restart()
        g.attach("cid")
    g.say("cid", "goal", "A", made=made)
    (claim,) = g.core.claims.index("goal", "A").near(BEGIN, 10_000_000)
    assert bool(claim.dependent & g.member("cid").bit) == saw
    g.restart()
    (claim,) = g.core.claims.index("goal", "A").near(BEGIN, 10_000_000)
    assert bool(claim.dependent & g.member("cid").bit) == saw


@pytest.mark.parametrize(
    ("title", "origin", "details", "word"),
    [
        ("gaol", "A", {}, "no action 'gaol'"),
        ("goal", "C", {}, "no origin 'C'"),
        ("goal", "", {}, "no origin ''"),
        ("goal", "A", {"size": 3}, "no detail 'size'"),
        ("goal", "A", {"how": "magic"}, "not one of"),
    ],
)
def test_refused(ground, title, origin, details, word):
    """A report of what can't be is refused with the reason, and is stored all the same."""
    g = ground()
    n = g.say("ann", title, origin, **details)
    fate = g.fate("ann", n)
    assert (fate.outcome, fate.code) == ("refused", "BAD_REPORT")
    assert word in fate.reason
    assert g.receipts[-1][1].n == n
    assert g.core.counters.refused == {"BAD_REPORT": 1}


def test_too_early(ground):
    """A time more than five minutes ahead of the event's clock is refused; just under it is not."""
    g = ground()
    n = g.say("ann", "goal", "A", at=limits.EARLY_SECONDS + 2)
    assert "302 s ahead, at most 300 s" in g.fate("ann", n).reason
    n = g.say("ann", "goal", "A", at=limits.EARLY_SECONDS)
    assert g.outcome("ann", n) == "stored"


DAY = limits.BEFORE_SECONDS


def test_times_before_the_event(ground):
    """A time more than a day before the event is refused with both times; just after that it is
    not. What counts milliseconds or seconds is far before it."""
    g = ground()
    n = g.say("ann", "goal", "A", at=-DAY - 1)
    assert g.fate("ann", n).code == "BAD_REPORT"
    words = "is 2023-11-13T22:13:19.000Z, nothing before 2023-11-13T22:13:20"
    assert words in g.fate("ann", n).reason
    assert g.outcome("ann", g.say("ann", "goal", "A", at=-DAY)) == "stored"
    for at in (1_700_000_000 / 1_000, 1_700_000_000 / 1_000_000):
        n = g.say("ann", "goal", "A", at=at - 1_700_000_000)
        assert "is 1970-01-" in g.fate("ann", n).reason


def test_times_before_the_event_after_a_restart(ground):
    """The bound is that of the first start, however much later the host starts again."""
    g = ground()
    g.wait(2 * DAY)
    g.restart()
    assert g.outcome("ann", g.say("ann", "goal", "A", at=-DAY)) == "stored"
    assert g.outcome("ann", g.say("ann", "corner", "A", at=-DAY - 1)) == "refused"


def test_times_before_an_event_with_a_date(ground):
    """Where the card says when the event starts, the bound is a day before that."""
    g = ground(starts=BEGIN + round(5 * DAY * SECOND))
    assert g.outcome("ann", g.say("ann", "goal", "A", at=0)) == "refused"
    g.wait(5 * DAY)
    assert g.outcome("ann", g.say("ann", "goal", "A", at=4 * DAY)) == "stored"


def test_journals_without_the_bound(ground):
    """What was accepted before there was a bound still is when it is restored."""
    g = ground(verdict="fixed:2")
    g.core._state.earliest = EARLIEST
    for name in ("ann", "bob"):
        g.say(name, "goal", "A", at=-10 * DAY)
    blobs = []
    for blob in g.journal:
        began = [
            codec.encode(replace(record, earliest=EARLIEST)) if isinstance(record, Began) else raw
            for record, raw in unpack(blob)
        ]
        blobs.append(pack(began))
    g.journal = blobs
    g.restart()
    assert [entry.time for entry in g.standing] == [BEGIN - round(10 * DAY * SECOND)]
    assert g.outcome("cid", g.say("cid", "goal", "A", at=-10 * DAY)) == "refused"


def test_impossible_time(ground):
    """Times that no calendar has are refused, whatever the clock's shift makes of them."""
    g = ground(timing=messages.Timing(speed=0.0))
    g.attach("ann", behind=3_600.0)
    at = (LATEST - 1_700_000_000 * SECOND) / SECOND - 60
    n = g.say("ann", "goal", "A", at=at)
    assert g.outcome("ann", n) == "refused"
    g.attach("bob", behind=-3_600.0)
    n = g.say("bob", "goal", "A", at=-(62_135_596_800 + 1_700_000_000) + 60)
    assert "before the year 1" in g.fate("bob", n).reason


def test_long_reasons_are_cut(ground):
    """A reason is cut to what a receipt may hold, so that the receipt can be read."""
    g = ground(origins=tuple(f"{i}" + "n" * 150 for i in range(2)))
    n = g.say("ann", "delete", entry="x" * limits.TEXT_CHARS)
    assert len(g.fate("ann", n).reason) == limits.TEXT_CHARS


def test_open_claims_are_bounded(ground, monkeypatch):
    """Beyond the bound no claim is opened, neither for an action nor for a correction."""
    monkeypatch.setattr(limits, "OPEN_CLAIMS", 3)
    g = ground(verdict="fixed:2")
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    for at in (100, 150, 200):
        g.say("ann", "goal", "A", at=at)
    for n in (g.say("ann", "goal", "A", at=250), g.say("ann", "delete", entry="1")):
        assert "no more are allowed" in g.fate("ann", n).reason
    n = g.say("bob", "goal", "A", at=100)
    assert g.outcome("bob", n) == "accepted"


def test_one_reporter_does_not_take_all_the_room(ground, monkeypatch):
    """One reporter can have so many claims open and no more; others can begin theirs, and when
    one of the first is decided there is room for another, also after a restart."""
    monkeypatch.setattr(limits, "MEMBER_CLAIMS", 3)
    g = ground(verdict="fixed:2")
    g.attach("bob")
    said = [g.say("ann", "goal", "A", at=50 * n) for n in range(4)]
    assert [g.outcome("ann", n) for n in said] == ["stored"] * 3 + ["refused"]
    assert g.fate("ann", said[3]).code == "OVERLOADED"
    g.say("bob", "goal", "B", at=200)
    assert len(g.core.claims.open) == 4
    g.restart()
    assert g.outcome("ann", g.say("ann", "goal", "A", at=250)) == "refused"
    g.say("bob", "goal", "A", at=50)
    assert g.outcome("ann", g.say("ann", "goal", "A", at=250)) == "stored"


def test_the_same_again_and_again(ground):
    """One reporter who says the same again and again soon begins no more claims by it; elsewhere,
    and for others, there is room."""
    g = ground(verdict="fixed:2")
    g.attach("bob")
    said = [g.say("ann", "foul", "A", at=1 + 0.7 * i) for i in range(limits.ALIKE_CLAIMS + 5)]
    refused = [n for n in said if g.outcome("ann", n) == "refused"]
    assert refused == said[limits.ALIKE_CLAIMS :]
    assert g.fate("ann", refused[0]).code == "OVERLOADED"
    assert g.outcome("ann", g.say("ann", "foul", "B", at=1)) == "stored"
    assert g.outcome("ann", g.say("ann", "foul", "A", at=120)) == "stored"
    assert g.outcome("bob", g.say("bob", "foul", "A", at=1)) == "accepted"
    assert g.outcome("ann", g.say("ann", "foul", "A", at=0.3)) == "stored", "one was decided"


def test_duplicates(ground):
    """The same number again is dropped and counted, whatever it says, and is receipted again."""
    g = ground()
    g.say("ann", "goal", "A")
    g.say("ann", "goal", "B", number=1)
    assert len(g.core.claims.open) == 1
    assert g.core.counters.duplicate == 1
    assert [receipt.n for name, receipt in g.receipts if name == "ann"] == [1, 1]


def test_gaps(ground):
    """Reports beyond a gap count, and the receipt's number stays before it until it is filled."""
    g = ground()
    g.say("ann", "goal", "A", number=1)
    g.say("ann", "goal", "B", number=3)
    g.say("ann", "foul", "B", number=4)
    assert g.receipts[-1][1].n == 1
    assert len(g.core.claims.open) == 3
    g.say("ann", "goal", "B", number=3)
    assert g.core.counters.duplicate == 1
    g.say("ann", "foul", "A", number=2)
    assert g.receipts[-1][1].n == 4


def test_too_far_ahead(ground, monkeypatch):
    """Beyond the bound nothing is stored past a gap, but the missing number always is."""
    monkeypatch.setattr(limits, "REPORTS_AHEAD", 2)
    g = ground()
    for n in (2, 3, 4):
        g.say("ann", "foul", "A", number=n, at=100 * n)
    assert g.core.counters.refused == {"OVERLOADED": 1}
    assert len(g.core.claims.open) == 2
    g.say("ann", "foul", "A", number=1)
    assert g.receipts[-1][1].n == 3
    g.say("ann", "foul", "A", number=4, at=400)
    assert g.receipts[-1][1].n == 4


def test_batch(ground):
    """A batch counts as its reports would one by one, and is one record in the journal."""
    g = ground()
    g.say("bob", "goal", "A")
    g.batch(
        "ann",
        g.said("ann", "goal", "A"),
        g.said("ann", "gaol", "A"),
        g.said("ann", "foul", "B"),
    )
    assert [g.outcome("ann", n) for n in (1, 2, 3)] == ["accepted", "refused", "stored"]
    assert sum(isinstance(record, messages.ReportBatch) for record, _ in g.recorded()) == 1
    g.batch("ann", *(messages.Said(n=n, time=0, event=_GOAL) for n in (1, 2, 3)))
    assert sum(isinstance(record, messages.ReportBatch) for record, _ in g.recorded()) == 1
    assert g.core.counters.duplicate == 3


def test_many_fates_fit_receipts(ground):
    """However many fates a turn leads to, each receipt can be read, and all are told."""
    g = ground(origins=("A" * 199, "日" * 199))
    said = [g.said("ann", "goal", "x") for _ in range(limits.BATCH_REPORTS)]
    g.batch("ann", *said)
    assert all(g.outcome("ann", n.n) == "refused" for n in said)
    assert max(len(receipt.fates) for _, receipt in g.receipts) <= 200


def test_new_token_in_the_same_turn(ground):
    """A receipt goes to the newest token of a reporter, also of one that changed it meanwhile."""
    g = ground()
    member = g.attach("ann")
    g.begin()
    frame = codec.encode(messages.Report(token=member.report_token, n=1, time=0, event=_GOAL))
    g.core.report(member, codec.decode_report(frame), frame)
    grant = g.grant("ann", "new")
    g.core.attach(grant, messages.Attach(id=0, token="new", time=g.wall), "b")
    assert [token for token, _ in g.core.take().receipts] == ["new"]


def test_duplicates_over_a_restart(ground):
    """What was stored before a restart is a duplicate after it."""
    g = ground()
    g.say("ann", "goal", "A")
    g.restart()
    g.say("ann", "goal", "A", number=1)
    assert g.core.counters.duplicate == 1
    assert len(g.core.claims.open) == 1
    g.say("bob", "goal", "A")
    assert len(g.feed) == 1


def test_a_fate_is_told_once(ground):
    """In one batch a report lets in the held claim that another of its reports has just joined."""
    g = ground()
    g.say("ann", "goal", "A", at=10)
    for name in ("ann", "cid"):
        g.say(name, "goal_disallowed", "A", at=120)
    assert g.feed == []
    goal = g.said("bob", "goal", "A", at=10)
    gone = g.said("bob", "goal_disallowed", "A", at=120)
    g.batch("bob", goal, gone)
    assert [entry.title for entry in g.entries] == ["goal", "goal_disallowed"]
    (receipt,) = [one for name, one in g.receipts if name == "bob"]
    assert sorted(fate.n for fate in receipt.fates) == [goal.n, gone.n]


CROWD = ("ann", "ben", "cid", "dan")


@pytest.mark.parametrize(
    ("sport", "title"),
    [
        ("football", "goal"),
        ("football", "yellow_card"),
        ("tennis", "point"),
        ("volleyball", "point"),
        ("race", "finish"),
        ("custom", "right"),
    ],
)
def test_a_double_tap_is_one_vote(ground, sport, title):
    """Case 8: two of four tap 0.4 seconds apart. There is one entry, and each tap is told of it."""
    rules = {"definition": {"actions": [{"title": "right", "points": 1}]}}
    g = ground(sport, verdict="quorum", rules=rules if sport == "custom" else None).begun(*CROWD)
    taps = [(name, g.say(name, title, "A", at=20 + tap)) for tap in (0, 0.4) for name in CROWD[:2]]
    late = [("cid", g.say("cid", title, "A", at=20 + tap)) for tap in (0.2, 0.6)]
    assert len(g.standing) == 1
    assert {g.fate(name, n).entry_id for name, n in taps + late} == {g.standing[0].entry_id}
    assert g.core.claims.open == {}
    assert g.core.by_entry[g.standing[0].entry_id].voters.bit_count() == 3


def test_twice_is_not_at_once(ground):
    """Beyond a moment a second report of one reporter is of a second occurrence."""
    g = ground(verdict="fixed:3").begun(*CROWD)
    for at in (20, 20.7):
        g.say("ann", "corner", "A", at=at)
    assert len(g.core.claims.open) == 2
    for at in (40, 40.6):
        g.say("ann", "yellow_card", "A", at=at, player="Ito")
    assert len(g.core.claims.open) == 3
    g.say("ann", "yellow_card", "A", at=40.3, player="Abe")
    assert len(g.core.claims.open) == 4


def test_a_double_tap_that_came_to_nothing(ground):
    """It expires with the first, whichever of the two comes first, over a restart as well."""
    g = ground(verdict="fixed:3", claim_ttl=30.0).begun(*CROWD)
    taps = [g.say("ann", "goal", "A", at=at) for at in (20.4, 20)]
    g.restart()
    g.stay(40, *CROWD)
    assert [g.outcome("ann", n) for n in taps] == ["expired"] * 2


@pytest.mark.parametrize("which", [0, 1])
def test_one_of_two_taps_is_taken_back(ground, which):
    """The other one stays, before and after the entry; taken back as well, there is none."""
    g = ground(verdict="fixed:2").begun(*CROWD)
    taps = [g.say("ann", "goal", "A", at=at) for at in (20, 20.4)]
    g.say("ann", "undo", n=taps[which])
    (claim,) = g.core.claims.open.values()
    assert (claim.votes, claim.times) == (
        [(0, taps[1 - which])],
        [claim.anchor + (1 - which) * 400_000],
    )
    g.say("ann", "undo", n=taps[1 - which])
    assert claim.votes == []
    g.both("goal", "B", at=90, names=CROWD[:2])
    more = [g.say("cid", "goal", "B", at=at) for at in (90, 90.4)]
    g.say("cid", "undo", n=more[which])
    assert g.core.claims.open.keys() == {claim.number}
    g.say("cid", "undo", n=more[1 - which])
    assert len(g.core.claims.open) == 2, "it is a vote to delete now"


def test_too_many_taps(ground):
    """There is an end to it."""
    g = ground(verdict="fixed:3").begun(*CROWD)
    taps = [g.say("ann", "goal", "A", at=20) for _ in range(limits.ALIKE_CLAIMS + 2)]
    assert [g.outcome("ann", n) for n in taps] == ["stored"] * (limits.ALIKE_CLAIMS + 1) + [
        "refused"
    ]
    assert g.fate("ann", taps[-1]).code == "OVERLOADED"


def test_a_forged_double_tap_changes_nothing(ground):
    """It is no vote, so that what it bears is looked at later; then it is refused."""
    g = ground(verdict="fixed:2", signs=True).begun(*CROWD)
    g.say("ann", "goal", "A", at=20)
    evil = replace(g.said("ann", "goal", "A", at=20.1), signature=bytes(64))
    g.push(g.report("ann", evil))
    g.say("ben", "goal", "A", at=20)
    assert len(g.standing) == 1
    assert (g.outcome("ann", 1), g.outcome("ann", 2)) == ("accepted", "stored")
    g.wait(LATER_SECONDS)
    assert (g.outcome("ann", 1), g.fate("ann", 2).code) == ("accepted", "BAD_SIGNATURE")
    assert (g.core.counters.refused, len(g.standing)) == ({"BAD_SIGNATURE": 1}, 1)


def test_a_full_feed(ground, monkeypatch):
    """Where the feed has no room, reports are refused, except those by which the event ends; a
    restart, and a journal of the rules of before, come to the same."""
    g = ground()
    g.both("goal", "A", at=10)
    monkeypatch.setattr(intake, "FULL", g.core.feed.size - 1)
    n = g.say("ann", "goal", "A", at=90)
    assert (g.fate("ann", n).outcome, g.fate("ann", n).code) == ("refused", "TOO_LARGE")
    assert "the feed is full" in g.fate("ann", n).reason
    n = g.say("ann", "end")
    assert g.outcome("ann", n) == "stored"
    assert [claim.title for claim in g.core.claims.open.values()] == ["end"]
    g.restart()
    assert [claim.title for claim in g.core.claims.open.values()] == ["end"]
    monkeypatch.setattr(records, "EDITION", intake.FULL_SINCE - 1)
    g.restart()
    n = g.say("ann", "goal", "A", at=90)
    assert g.outcome("ann", n) == "stored"
