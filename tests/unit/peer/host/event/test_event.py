"""What a host makes of reports: which are one, when they are enough, who is told what."""

from __future__ import annotations

from itertools import permutations

import pytest

from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import BadMessage, NotAllowed, NotFound, SettingError
from touchline.protocol.messages import Card, Finished
from touchline.protocol.times import LATEST, SECOND

# ── which reports are one ────────────────────────────────────────────────────────────────────


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
    g.say("bob", "goal", "A", at=12)
    assert g.headline == "A 2–0 B"


def test_double_tap_is_no_second_goal(ground):
    """One person's double tap among many who tapped once makes no second entry."""
    g = ground()
    for name in ("ann", "bob", "cid", "dan"):
        g.say(name, "goal", "A", at=10)
    n = g.say("ann", "goal", "A", at=11)
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


# ── when they are enough ─────────────────────────────────────────────────────────────────────


def test_one_is_not_enough(ground):
    """One report makes no entry, a second one does, and both are told its seq."""
    g = ground()
    first = g.say("ann", "goal", "A")
    assert g.feed == []
    assert g.outcome("ann", first) == "stored"
    second = g.say("bob", "goal", "A")
    assert [entry.status for entry in g.feed] == ["CONFIRMED"]
    for name, n in (("ann", first), ("bob", second)):
        fate = g.fate(name, n)
        assert (fate.outcome, fate.seq, fate.entry_id) == ("accepted", 1, "1")


def test_alone(ground):
    """Where the event allows it, one who is alone is enough, provisionally; a second confirms."""
    g = ground(alone=True)
    g.say("ann", "goal", "A")
    assert [entry.status for entry in g.feed] == ["PROVISIONAL"]
    assert g.feed[0].evidence.for_ == 1
    n = g.say("bob", "goal", "A")
    assert [entry.status for entry in g.feed] == ["PROVISIONAL", "CONFIRMED"]
    assert g.feed[0].entry_id == g.feed[1].entry_id
    assert g.feed[1].evidence.for_ == 2
    assert g.headline == "A 1–0 B"
    assert g.fate("bob", n).outcome == "accepted"


def test_alone_no_more(ground):
    """One is not enough as soon as a second reporter is there, and is again when it has left."""
    g = ground(alone=True)
    g.attach("bob")
    g.say("ann", "goal", "A")
    assert g.feed == []
    g.detach("bob")
    assert [entry.status for entry in g.feed] == ["PROVISIONAL"]


@pytest.mark.parametrize(
    ("verdict", "present", "needed"),
    [
        ("quorum", 2, 2),
        ("quorum", 6, 2),
        ("quorum", 7, 3),
        ("quorum", 10, 4),
        ("majority", 5, 3),
        ("majority", 6, 4),
        ("fixed:3", 9, 3),
        ("fixed:1", 9, 1),
    ],
)
def test_policies(ground, verdict, present, needed):
    """The report that makes the policy's number, and none before it, makes the entry."""
    g = ground(verdict=verdict)
    names = [f"p{i}" for i in range(present)]
    for name in names:
        g.attach(name)
    for name in names[: needed - 1]:
        g.say(name, "goal", "A")
    assert g.feed == []
    g.say(names[needed - 1], "goal", "A")
    assert len(g.feed) == 1
    assert g.feed[0].evidence.present == present


def test_late_votes(ground):
    """Who reports an entry again, late, is told that it stands, and it is not published anew."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    n = g.say("cid", "goal", "A", at=9)
    assert (g.fate("cid", n).outcome, g.fate("cid", n).seq) == ("accepted", 1)
    assert len(g.feed) == 1


def test_exclusive(ground):
    """A claim and one that excludes it weigh against each other: more must be for than against."""
    g = ground("tennis")
    for name in ("ann", "bob", "cid", "dan", "eve"):
        g.attach(name)
    g.say("ann", "point", "A")
    g.say("bob", "point", "B")
    g.say("cid", "point", "B")
    assert [entry.origin for entry in g.feed] == ["B"]
    assert (g.feed[0].evidence.for_, g.feed[0].evidence.against) == (2, 1)
    g.say("dan", "point", "A")
    assert len(g.feed) == 1, "2 for, 2 against"
    g.say("eve", "point", "A")
    assert len(g.feed) == 2


def test_undo_frees_the_rival(ground):
    """Two against two stands still; when one of a side takes its vote back, the other side's claim
    is accepted without a further report."""
    g = ground("tennis", verdict="quorum")
    names = [f"p{i}" for i in range(9)]
    for name in names:
        g.attach(name)
    for name, origin in zip(names[:4], "AABB", strict=True):
        g.say(name, "point", origin)
    for name in names[6:]:
        g.detach(name)
    assert g.feed == [], "2 of 6 present for either"
    g.say("p0", "undo", n=1)
    assert [entry.origin for entry in g.feed] == ["B"]
    assert (g.feed[0].evidence.for_, g.feed[0].evidence.against) == (2, 1)


def test_entry_time_is_median(ground):
    """The entry's time is the median of the times reported when it was accepted."""
    g = ground(verdict="fixed:3")
    for name, at in (("ann", 10), ("bob", 14), ("cid", 11)):
        g.say(name, "goal", "A", at=at)
    assert g.feed[0].time == g.card.starts + 1_700_000_011 * SECOND


def test_details_by_majority(ground):
    """Each detail has its most reported value; of equally many, the first that was said."""
    g = ground(verdict="fixed:3")
    g.say("ann", "goal", "A", player="Ito", how="header")
    g.say("bob", "goal", "A", player="Abe", how="penalty")
    g.say("cid", "goal", "A", player="Abe")
    assert g.feed[0].details == {"how": "header", "player": "Abe"}


def test_relates_to(ground):
    """A disallowed goal names the latest goal of its side."""
    g = ground()
    for at in (10, 100):
        for name in ("ann", "bob"):
            g.say(name, "goal", "A", at=at)
    for name in ("ann", "bob"):
        g.say(name, "goal_disallowed", "A", at=130)
    assert g.feed[-1].relates_to == g.feed[1].entry_id
    assert g.headline == "A 1–0 B"


def test_late_entry_refolds(ground):
    """An entry that comes late stands where it happened, and the score follows."""
    g = ground()
    for at, origin in ((100, "A"), (50, "B")):
        for name in ("ann", "bob"):
            g.say(name, "goal", origin, at=at)
    assert [entry.origin for entry in g.standing] == ["B", "A"]
    assert [entry.seq for entry in g.standing] == [2, 1]
    assert g.feed[1].headline == "A 1–1 B"


# ── who is there ─────────────────────────────────────────────────────────────────────────────


def test_presence_falls(ground):
    """When reporters leave, a claim that now has enough is accepted."""
    g = ground(heartbeat=5.0)
    names = [f"p{i}" for i in range(9)]
    for name in names:
        g.attach(name)
    g.say("p0", "goal", "A")
    g.say("p1", "goal", "A")
    assert g.feed == []
    g.detach("p7")
    g.detach("p8")
    assert g.feed == []
    g.detach("p6")
    assert len(g.feed) == 1
    assert g.feed[0].evidence.present == 6


def test_silence_is_absence(ground):
    """Who says nothing for two heartbeats, while others do, is no longer present."""
    g = ground(heartbeat=5.0)
    for name in ("ann", "bob"):
        g.attach(name)
    g.stay(10, "ann")
    assert g.core.present == 2
    g.stay(5, "ann")
    assert g.core.present == 1
    g.ping("bob")
    assert g.core.present == 2


def test_silence_of_all_is_nobodys_absence(ground):
    """Where nobody is heard it is contact that was lost: all still count as present, also until
    those who come back later had time to."""
    g = ground(heartbeat=5.0)
    for name in ("ann", "bob"):
        g.attach(name)
    g.wait(300)
    assert g.core.present == 2
    g.stay(9, "ann")
    assert g.core.present == 2
    g.stay(9, "ann")
    assert g.core.present == 1


def test_viewers_do_not_count(ground):
    """Subscribers are not present as reporters, and can't report."""
    g = ground()
    viewer = g.attach("fan", role="viewer")
    assert g.core.present == 0
    frame = codec.encode(
        messages.Report(token=viewer.token, n=1, time=0, event=messages.Happening("goal", "A", 0))
    )
    with pytest.raises(NotAllowed):
        g.core.report(viewer, codec.decode_report(frame), frame)
    g.core.detach(viewer)
    assert g.core.present == 0


def test_presence_survives_a_restart(ground):
    """After a restart those who were there count as present until they had time to come back, so
    that the first two can't make an entry by themselves."""
    g = ground(heartbeat=5.0)
    for i in range(9):
        g.attach(f"p{i}")
    g.restart()
    assert g.core.present == 9
    g.say("p0", "goal", "A")
    g.say("p1", "goal", "A")
    assert g.feed == []
    g.stay(15, "p0", "p1")
    assert g.core.present == 2
    assert len(g.feed) == 1


# ── what does not make it ────────────────────────────────────────────────────────────────────


def test_expiry(ground):
    """A claim expires when its time to live has passed since its last report; its reporters are
    told, each once."""
    g = ground(claim_ttl=30.0, verdict="fixed:3")
    g.say("ann", "goal", "A")
    g.wait(20)
    g.say("bob", "goal", "A")
    g.wait(29)
    assert g.outcome("ann", 1) == "stored"
    g.wait(2)
    assert g.outcome("ann", 1) == g.outcome("bob", 1) == "expired"
    assert g.core.counters.expired == 1
    assert sum(fate.outcome == "expired" for _, r in g.receipts for fate in r.fates) == 2


def test_expired_is_not_joined(ground):
    """A report that comes after its claim has expired begins a new one."""
    g = ground(claim_ttl=30.0)
    g.say("ann", "goal", "A")
    g.stay(31, "ann")
    g.say("bob", "goal", "A")
    assert g.feed == []


def test_claim_ttl_is_event_time(ground):
    """In a replay at ten times the speed a claim lives a tenth as long."""
    g = ground(
        claim_ttl=30.0,
        timing=messages.Timing(starts=0, began=1_700_000_000 * SECOND - 10**15, speed=10.0),
    )
    g.say("ann", "goal", "A", at=-1_700_000_000)
    g.wait(2.9)
    assert g.outcome("ann", 1) == "stored"
    g.wait(0.2)
    assert g.outcome("ann", 1) == "expired"


def test_held_until_possible(ground):
    """What the rules forbid although enough agree is held, and accepted when what was missing
    comes."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal_disallowed", "A", at=20)
    assert g.feed == []
    assert g.outcome("ann", 1) == "stored"
    for name in ("ann", "bob"):
        g.say(name, "goal", "A", at=10)
    assert [entry.title for entry in g.feed] == ["goal", "goal_disallowed"]
    assert g.outcome("ann", 1) == "accepted"
    assert g.headline == "A 0–0 B"


def test_held_over_a_restart(ground):
    """A held claim is still held after a restart."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal_disallowed", "A", at=20)
    g.restart()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A", at=10)
    assert [entry.title for entry in g.feed] == ["goal", "goal_disallowed"]


def test_held_to_the_end(ground):
    """A held claim whose time is over is refused with the rule that forbids it."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal_disallowed", "A", at=20)
    g.wait(130)
    fate = g.fate("ann", 1)
    assert (fate.outcome, fate.code) == ("refused", "ILLEGAL_ACTION")
    assert fate.reason == "A has no goal to take away"
    assert not g.core.held


def test_many_held(ground):
    """Any number of held claims is accepted when what forbade them all is taken away."""
    count = 400
    runners = tuple(f"r{i:03d}" for i in range(count))
    g = ground("race", origins=runners, verdict="fixed:1", claim_ttl=600.0)
    for number, runner in enumerate(runners):
        g.say("ann", "finish", runner, at=20 + number / 2)
    assert g.feed == []
    g.say("bob", "start", at=10)
    assert len(g.feed) == count + 1
    assert not g.core.held


# ── what is wrong with a report ──────────────────────────────────────────────────────────────


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


def test_long_rule_is_cut(ground):
    """So is the rule that forbids a claim, in the journal and in the receipt."""
    g = ground()
    g.core._state.sport = type(
        "Strict", (), {"illegal": lambda *_: "no" * 3_000, "over": lambda *_: False}
    )()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    g.wait(130)
    assert len(g.fate("ann", 1).reason) == limits.TEXT_CHARS
    assert len(g.recorded()) > 4


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
    said = [g.say("ann", "foul", "A", at=1) for _ in range(limits.ALIKE_CLAIMS + 5)]
    refused = [n for n in said if g.outcome("ann", n) == "refused"]
    assert refused == said[limits.ALIKE_CLAIMS :]
    assert g.fate("ann", refused[0]).code == "OVERLOADED"
    assert g.outcome("ann", g.say("ann", "foul", "B", at=1)) == "stored"
    assert g.outcome("ann", g.say("ann", "foul", "A", at=120)) == "stored"
    assert g.outcome("bob", g.say("bob", "foul", "A", at=1)) == "accepted"
    assert g.outcome("ann", g.say("ann", "foul", "A", at=1)) == "stored", "one was decided"


# ── the count ────────────────────────────────────────────────────────────────────────────────


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
    assert sum(isinstance(record, messages.Reports) for record, _ in g.recorded()) == 1
    g.batch("ann", *(messages.Said(n=n, time=0, event=_GOAL) for n in (1, 2, 3)))
    assert sum(isinstance(record, messages.Reports) for record, _ in g.recorded()) == 1
    assert g.core.counters.duplicate == 3


_GOAL = messages.Happening("goal", "A", 1_700_000_000 * SECOND)


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


# ── clocks ───────────────────────────────────────────────────────────────────────────────────


def test_clock_shift(ground):
    """A reporter whose clock is a minute slow means the same moment as one whose is right."""
    g = ground()
    g.attach("ann", behind=60.0)
    g.attach("bob")
    g.say("ann", "goal", "A", at=-60)
    g.say("bob", "goal", "A", at=0)
    assert len(g.feed) == 1
    assert g.feed[0].time == 1_700_000_000 * SECOND


def test_round_trip_is_halved(ground):
    """Half the round trip that attach states is not taken for a wrong clock."""
    g = ground()
    g.begin()
    grant = g.grant("ann", "t")
    attach = messages.Attach(id=0, token="t", time=g.wall - 200_000, rtt=400_000)
    assert g.core.attach(grant, attach, "b").clock_offset == 0


def test_shift_at_speed(ground):
    """In a replay a clock's offset counts as many times over as the event's clock is faster."""
    g = ground(timing=messages.Timing(speed=10.0))
    assert g.attach("ann", behind=2.0).clock_offset == 20 * SECOND


def test_absurd_clock(ground):
    """A clock that is off by more than any time can be is refused, and nothing changes."""
    g = ground(timing=messages.Timing(speed=1e6))
    g.begin()
    grant = g.grant("ann", "t")
    with pytest.raises(BadMessage, match="clock"):
        g.core.attach(grant, messages.Attach(id=0, token="t", time=-(10**15)), "b")
    assert g.core.take().commit == b""


# ── the end, heartbeats, the rest ────────────────────────────────────────────────────────────


def test_finishes_by_itself(ground):
    """Some time after the action that ends the event it is finished, and takes nothing more."""
    g = ground(finish_after=60.0)
    for name in ("ann", "bob"):
        g.say(name, "full_time")
    g.wait(59)
    assert not g.core.finished
    g.wait(2)
    assert isinstance(g.feed[-1], Finished)
    assert g.outputs[-1].finished
    n = g.say("ann", "goal", "A")
    assert g.fate("ann", n).code == "EVENT_OVER"


def test_end_taken_back(ground):
    """When the action that ended it is deleted in time, the event goes on."""
    g = ground(finish_after=60.0)
    for name in ("ann", "bob"):
        g.say(name, "full_time")
    for name in ("ann", "bob"):
        g.say(name, "delete", entry="1")
    g.wait(200)
    assert not g.core.finished


def test_finishing_survives_a_restart(ground):
    """A host restarted between the end and `finished` finishes; restarted after it, it is over."""
    g = ground(finish_after=60.0)
    for name in ("ann", "bob"):
        g.say(name, "full_time")
    g.restart()
    g.wait(61)
    assert isinstance(g.feed[-1], Finished)
    g.restart()
    assert g.core.finished
    g.wait(300)
    assert sum(isinstance(message, Finished) for message in g.feed) == 1


def test_nothing_after_finished(ground):
    """What is open as the event finishes makes no entry any more, not even when reporters leave."""
    g = ground()
    names = [f"p{i}" for i in range(9)]
    for name in names:
        g.attach(name)
    for name in names[:2]:
        g.say(name, "goal", "A")
    for name in names[:3]:
        g.say(name, "end")
    assert g.core.finished
    for name in names:
        g.detach(name)
    g.wait(200)
    assert [type(message) for message in g.feed] == [Finished]
    assert g.outcome("p0", 1) == "expired"


def test_batch_across_the_end(ground):
    """In a batch, what follows the vote that ends the event makes no entry."""
    g = ground(verdict="fixed:2")
    g.say("ann", "end")
    g.say("ann", "goal", "A")
    g.batch("bob", g.said("bob", "end"), g.said("bob", "goal", "A"))
    assert [type(message) for message in g.feed] == [Finished]


def test_heartbeats(ground):
    """Heartbeats come when the feed is idle, at once after a start, and soon after a join; each
    says the newest seq and digest."""
    g = ground(heartbeat=5.0)
    g.wait(1)
    assert len(g.beats) == 1
    g.wait(3)
    g.attach("ann")
    g.wait(0.5)
    assert len(g.beats) == 2
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    before = len(g.beats)
    g.wait(4.6)
    assert len(g.beats) == before
    g.wait(0.5)
    assert len(g.beats) == before + 1
    assert (g.beats[-1].seq, g.beats[-1].digest) == (1, g.core.feed.digest)
    assert g.beats[-1].interval == 5.0


def test_next_timer_is_kept(ground):
    """After what is due is done, the next wake-up lies ahead."""
    g = ground(heartbeat=5.0, claim_ttl=7.0, finish_after=3.0)
    g.say("ann", "goal", "A")
    for _ in range(100):
        g.now = g.core.next_timer()
        g.begin()
        g.core.handle_timer(g.now)
        g.take()
        assert g.core.next_timer() > g.now


def test_setup(ground):
    """A setup says where the feed stands, what can be reported, and what is stored of the peer."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    setup = g.core.setup(7, g.member("ann"))
    assert (setup.id, setup.epoch, setup.seq, setup.n) == (7, 1, 1, 1)
    assert setup.digest == g.core.feed.digest
    assert "goal" in [action.title for action in setup.actions]
    assert codec.decode_host_reply(codec.encode(setup)) == setup


def test_epoch_in_entries(ground):
    """Entries carry the epoch under which they were published; seq goes on over a restart."""
    g = ground()
    for at in (0, 100):
        for name in ("ann", "bob"):
            g.say(name, "goal", "A", at=at)
        g.restart()
    assert [(entry.epoch, entry.seq) for entry in g.feed] == [(1, 1), (2, 2)]


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


def test_unknown_sport():
    """An event of a sport that is not installed can't be hosted."""
    with pytest.raises(NotFound):
        HostedEvent(Card(event="e", title="E", sport="chess", origins=["A"]), Options())


def test_reserved_words():
    """A sport whose actions are named like corrections can't be hosted."""
    definition = {"actions": [{"title": "undo"}]}
    card = Card(
        event="e", title="E", sport="custom", origins=["A"], rules={"definition": definition}
    )
    with pytest.raises(SettingError, match="undo"):
        HostedEvent(card, Options())
