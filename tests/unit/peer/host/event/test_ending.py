"""The end of an event."""

from __future__ import annotations

import pytest

from touchline.protocol.messages import Entry, Finished


def test_finishes_by_itself(ground):
    """Some time after the action that ends the event it is finished, and takes nothing more."""
    g = ground(finish_after=60.0)
    for name in ("ann", "bob"):
        g.say(name, "full_time")
    g.wait(59)
    assert not g.core.finished
    g.wait(2)
    assert isinstance(g.feed[-1], Finished)
    n = g.say("ann", "end")
    assert "finished already" in g.fate("ann", n).reason
    g.stay(901, "ann")
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


def test_nothing_after_the_aftermath(ground):
    """What is open when reports no longer count makes no entry, not even when reporters leave."""
    g = ground()
    names = [f"p{i}" for i in range(9)]
    for name in names:
        g.attach(name)
    for name in names[:5]:
        g.say(name, "end")
    assert g.core.finished
    g.stay(890, *names)
    for name in names[:2]:
        g.say(name, "goal", "A")
    assert not g.core.closed
    g.stay(11, *names)
    assert g.core.closed
    for name in names:
        g.detach(name)
    g.wait(200)
    assert [type(message) for message in g.feed] == [Finished]
    assert g.outcome("p0", 2) == "expired"


def test_batch_across_the_end(ground):
    """In a batch, what follows the vote that ends the event counts as what comes after the end."""
    g = ground(verdict="fixed:2")
    g.say("ann", "end")
    g.batch("bob", g.said("bob", "end"), g.said("bob", "goal", "A"))
    g.wait(70)
    assert [type(message) for message in g.feed] == [Finished]
    g.say("ann", "goal", "A")
    assert [type(message) for message in g.feed] == [Finished, Entry]


# ── votes for the end, and against it ────────────────────────────────────────────────────────

SIX = ("ann", "ben", "cid", "dan", "eva", "flo")


def six(ground, sport="football", **options):
    """Six are present, each of whom has said something."""
    g = ground(sport, **options).begun(*SIX)
    for at, name in enumerate(SIX):
        g.say(name, "save" if sport != "tennis" else "serve", "A", at=at * 61)
    g.wait(16)
    return g


def ends(g, *names, **details):
    return [g.say(name, "end", **details) for name in names]


def test_two_of_six_do_not_end_it(ground):
    """The end takes half of those present, where an action takes a third."""
    g = six(ground)
    ends(g, "ann", "ben")
    g.stay(60, *SIX)
    assert not g.core.finished
    ends(g, "cid")
    assert g.core.finished


@pytest.mark.parametrize(("present", "enough"), [(2, 2), (3, 3), (4, 3), (7, 4), (12, 6)])
def test_how_many_end_it(ground, present, enough):
    """Half of those present, at least three or all where fewer are there."""
    g = ground()
    names = [f"p{i}" for i in range(present)]
    for at, name in enumerate(names):
        g.say(name, "save", "A", at=at * 100)
    g.wait(16)
    ends(g, *names[: enough - 1])
    assert not g.core.finished
    ends(g, names[enough - 1])
    assert g.core.finished


def test_the_silent_do_not_keep_it_from_ending(ground):
    """Those who are there and never say a word count no more than for an action."""
    g = ground()
    speak = [f"p{i}" for i in range(5)]
    for name in [*speak, *(f"silent{i}" for i in range(10))]:
        g.attach(name)
    ends(g, *speak)
    assert g.core.finished


def test_voted_against(ground):
    """As many against it as for it, and the event goes on; the voters learn it when it expires."""
    g = six(ground, claim_ttl=30.0)
    for_ = ends(g, "ann", "ben")
    against = ends(g, "dan", "eva", "flo", over=False)
    for_ += ends(g, "cid")
    g.stay(40, *SIX)
    assert not g.core.finished
    assert {g.outcome(*one) for one in zip(("ann", "ben", "cid"), for_, strict=True)} == {"expired"}
    assert {g.outcome(*one) for one in zip(("dan", "eva", "flo"), against, strict=True)} == {
        "expired"
    }


def test_outvoted(ground):
    """More for it than against it, and it ends; votes against it have come to nothing."""
    g = six(ground)
    (against,) = ends(g, "dan", over=False)
    for_ = ends(g, "ann", "ben", "cid")
    assert g.core.finished
    assert g.outcome("dan", against) == "expired"
    assert g.outcome("ann", for_[0]) == "accepted"


def test_a_change_of_mind(ground):
    """A reporter that first votes for the end and then against it counts against it, and the other
    way round."""
    g = six(ground)
    ends(g, "ann", "ben")
    ends(g, "ann", over=False)
    ends(g, "cid")
    assert not g.core.finished
    ends(g, "ann")
    assert g.core.finished


def test_play_goes_on(ground):
    """What others report of the time after the first vote speaks against the end: it was half-time
    for those alone who voted."""
    g = six(ground)
    ends(g, "ann", "ben")
    for name in ("dan", "eva", "flo"):
        g.say(name, "foul", "B", at=g.second + 1)
    g.wait(16)
    ends(g, "cid")
    g.stay(20, *SIX)
    assert not g.core.finished
    ends(g, "dan")
    assert g.core.finished


def test_what_happened_before_is_not_against_it(ground):
    """What is told late of the time before the first vote does not."""
    g = six(ground)
    ends(g, "ann", "ben")
    for name in ("dan", "eva", "flo"):
        g.say(name, "foul", "B", at=g.second - 30)
    ends(g, "cid")
    assert g.core.finished


def test_the_goal_is_decided_first(ground):
    """The end waits for what was said in the last seconds: a goal with one voice gets its second
    one, and counts."""
    g = six(ground)
    g.say("ann", "goal", "A", at=g.second - 2)
    ends(g, "ben", "cid", "dan")
    assert not g.core.finished
    g.wait(3)
    g.say("eva", "goal", "A", at=g.second - 5)
    assert g.headline == "A 1–0 B"
    g.wait(16)
    assert isinstance(g.feed[-1], Finished)
    assert g.feed[-1].headline == "A 1–0 B"


def test_it_does_not_wait_for_ever(ground):
    """Where nobody says more of it, the end waits for some seconds; where something new is said
    again and again, for a minute."""
    g = six(ground)
    g.say("ann", "goal", "A", at=g.second - 2)
    ends(g, "ben", "cid", "dan")
    g.wait(14.9)
    assert not g.core.finished
    g.wait(0.2)
    assert g.core.finished
    g = six(ground)
    g.say("ann", "goal", "A", at=g.second - 2)
    ends(g, "ben", "cid", "dan")
    for _ in range(9):
        g.wait(6)
        assert not g.core.finished
        g.say("ann", "goal", "A", at=g.second - 200)
    g.wait(7)
    assert g.core.finished


def test_votes_to_end_wait_with_the_end(ground):
    """Votes to end that are enough do not expire while the end waits for what is under way."""
    g = six(ground, claim_ttl=12)
    g.say("ann", "goal", "A", at=g.second - 2)
    ends(g, "ben", "cid", "dan")
    for _ in range(2):
        g.wait(8)
        g.say("ann", "goal", "A", at=g.second - 200)
    assert not g.core.finished
    g.wait(13)
    assert g.core.finished


def test_the_rules_wait_as_well(ground):
    """An event that is over by its rules ends later where something is being said."""
    g = ground(finish_after=20.0).begun(*SIX)
    g.both("full_time", names=SIX, at=30)
    g.wait(15)
    g.say("ann", "goal", "A", at=29)
    g.wait(10)
    assert not g.core.finished
    g.say("ben", "goal", "A", at=29)
    g.wait(1)
    assert g.feed[-1].headline == "A 1–0 B"


def test_full_time_takes_more(ground):
    """What ends an event by its rules takes as many as a vote to end it; what ends a half does
    not."""
    g = six(ground)
    g.both("period_end", names=("ann", "ben"), at=20, period="first_half")
    g.both("full_time", names=("ann", "ben"), at=90)
    assert [entry.title for entry in g.entries] == ["period_end"]
    g.say("cid", "full_time", at=91)
    assert [entry.title for entry in g.entries] == ["period_end", "full_time"]


def test_so_does_giving_up(ground):
    """A retirement ends a match of tennis at once, so that it takes more than a point."""
    g = six(ground, "tennis")
    g.both("point", "A", names=("ann", "ben"), at=g.second)
    g.both("retire", "B", names=("ann", "ben"), at=g.second)
    assert [entry.title for entry in g.entries] == ["point"]
    g.say("cid", "retire", "B", at=g.second)
    assert g.entries[-1].title == "retire"


# ── how it ended ─────────────────────────────────────────────────────────────────────────────


def test_abandoned(ground):
    """Voters say how it ended and why; most of them decide, those who say nothing of it too."""
    g = six(ground)
    ends(g, "ann", how="abandoned", reason="floodlights")
    ends(g, "ben", how="abandoned", reason="no light")
    ends(g, "cid", how="abandoned", reason="no light")
    assert (g.feed[-1].how, g.feed[-1].reason, g.feed[-1].winner) == ("abandoned", "no light", "")
    g = six(ground)
    ends(g, "ann", how="abandoned", reason="floodlights")
    ends(g, "ben", "cid")
    assert (g.feed[-1].how, g.feed[-1].reason) == ("", "")


def test_walkover(ground):
    """A winner is one of the sides."""
    g = six(ground)
    ends(g, "ann", "ben", "cid", how="walkover", winner="B", reason="A did not come")
    assert (g.feed[-1].how, g.feed[-1].winner) == ("walkover", "B")
    g.restart()
    assert g.core.finished


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"entry": "1"}, "no detail 'entry'; it takes over, how, winner, reason"),
        ({"over": 1}, "over is true or false, not 1"),
        ({"how": "drawn"}, "how is 'drawn', not one of abandoned"),
        ({"how": "awarded", "winner": "C"}, "no winner 'C'; there are A, B"),
        ({"reason": 5}, "reason is a text, not 5"),
    ],
)
def test_an_end_that_is_refused(ground, details, reason):
    """A vote to end takes what it knows, and refuses anything else with a sentence."""
    g = six(ground)
    (n,) = ends(g, "ann", **details)
    assert g.fate("ann", n).code == "BAD_REPORT"
    assert reason in g.fate("ann", n).reason


def test_waiting_survives_a_restart(ground):
    """Votes for the end that wait for something else are there after a restart, and end it."""
    g = six(ground)
    g.say("ann", "goal", "A", at=g.second - 2)
    ends(g, "ben", "cid", "dan")
    g.restart()
    g.back(*SIX)
    g.say("eva", "goal", "A", at=g.second - 2)
    assert not g.core.finished
    g.stay(31, *SIX)
    assert g.core.finished
    assert g.headline == "A 1–0 B"


def test_votes_of_the_first_release(ground):
    """In a journal of the first release a vote to end is what it was then, whatever it says
    besides."""
    g = ground()
    g.core._state.edition = 0
    g.say("ann", "end", over=False, nonsense=1)
    (claim,) = g.core.claims.ends()
    assert claim.index.key == ""
    g.say("bob", "end")
    assert g.core.finished


# ── after the end ────────────────────────────────────────────────────────────────────────────


def over(g, *, at=60.0, names=SIX):
    """The final whistle is told by all, and some time later the event is finished."""
    g.both("full_time", names=names, at=at)
    g.stay(121, *names)
    assert g.core.finished
    return g


def ends_of(g):
    return [message for message in g.feed if isinstance(message, Finished)]


def test_a_penalty_after_the_whistle(ground):
    """A penalty by video review four minutes after the whistle counts, and so does a card: they are
    entries after the end, and the match stays over."""
    g = over(ground().begun(*SIX))
    g.stay(120, *SIX)
    g.both("goal", "A", names=SIX[:3], at=g.second, how="penalty")
    g.both("yellow_card", "B", names=SIX[:2], at=g.second, player="Ito")
    assert g.kinds[-3:] == ["Finished", "Entry", "Entry"]
    assert g.headline == g.feed[-1].headline == "A 1–0 B"
    assert g.core.finished
    assert ends_of(g)[0].until == ends_of(g)[0].sent + 900 * 1_000_000
    g.restart()
    assert g.core.finished
    assert not g.core.closed
    assert g.headline == "A 1–0 B"


@pytest.mark.parametrize("verdict", ["evidence", "quorum"])
def test_a_card_after_the_whistle(ground, verdict):
    """So it is with a card that four of six see, by either verdict, while reports count; a later
    one is refused with a sentence."""
    g = over(ground(verdict=verdict).begun(*SIX))
    g.stay(60, *SIX)
    g.both("yellow_card", "B", names=SIX[:4], at=g.second, player="Ito")
    g.stay(20, *SIX)
    assert (g.entries[-1].title, g.entries[-1].status) == ("yellow_card", "CONFIRMED")
    assert g.core.finished
    g.stay(1_000, *SIX)
    n = g.say("ann", "yellow_card", "A", at=g.second, player="Kim")
    assert g.fate("ann", n).code == "EVENT_OVER"


def test_a_goal_is_taken_back_after_the_end(ground):
    """Votes to delete what never counted are heard after the end as before it."""
    g = ground().begun(*SIX)
    g.both("goal", "A", names=SIX[:3], at=20)
    over(g)
    g.both("delete", names=SIX[:4], entry="1")
    assert g.headline == "A 0–0 B"
    assert g.core.finished


def test_a_match_point_is_given_back(ground):
    """The umpire gives the match point back: its entry is deleted, and the match is on again, is
    told to be, and ends a second time."""
    g = ground("tennis", finish_after=30.0).begun(*SIX)
    at = 30.0
    for _ in range(48):
        g.both("point", "A", names=SIX[:3], at=at)
        at += 20
        g.stay(20, *SIX)
    g.stay(31, *SIX)
    assert g.core.finished
    last = g.entries[-1].entry_id
    g.both("delete", names=SIX[:4], entry=last)
    assert g.kinds[-2:] == ["Entry", "Finished"]
    assert not ends_of(g)[-1].over
    assert ends_of(g)[-1].reason == "what led to the end turned out otherwise"
    assert not g.core.finished
    assert g.state == "live"
    g.restart()
    assert not g.core.finished
    g.back(*SIX)
    for winner in "BBAA":
        g.both("point", winner, names=SIX[:3], at=g.second)
        g.stay(20, *SIX)
    g.stay(31, *SIX)
    assert g.core.finished
    assert [end.over for end in ends_of(g)] == [True, False, True]


def test_a_runner_is_disqualified_an_hour_later(ground):
    """A race takes reports for longer than a match: a runner is disqualified an hour after it."""
    g = ground("race", origins=("Ada", "Bo")).begun(*SIX)
    g.both("start", names=SIX, at=30)
    g.both("finish", "Ada", names=SIX[:3], at=100)
    g.both("finish", "Bo", names=SIX[:3], at=110)
    g.stay(121, *SIX)
    assert g.core.finished
    g.stay(3_600, *SIX)
    g.both("disqualify", "Ada", names=SIX[:3], at=g.second, reason="short cut")
    assert g.headline.startswith("1. Bo")
    assert g.core.finished


def test_extra_time_begins(ground):
    """A cup match that ended 1–0 because the equaliser had one voice: extra time begins, which was
    seen by enough, so that the end was none, and all of it is played."""
    g = ground(rules={"extra_time": True}).begun(*SIX)
    g.both("goal", "A", names=SIX, at=20)
    g.say("flo", "goal", "B", at=25)
    over(g, at=60)
    assert ends_of(g)[0].headline == "A 1–0 B"
    g.stay(180, *SIX)
    g.both("period_start", names=SIX[:4], at=g.second, period="extra_first")
    assert g.kinds[-2:] == ["Entry", "Finished"]
    assert not ends_of(g)[-1].over
    g.stay(900, *SIX)
    g.both("goal", "B", names=SIX[:3], at=g.second)
    assert g.headline == "A 1–1 B"
    assert g.core.by_entry[g.entries[-1].entry_id].held == ""


def test_extra_time_begins_before_the_end_is_told(ground):
    """The same while the host still waits with the end: it does not come."""
    g = ground(rules={"extra_time": True}).begun(*SIX)
    g.both("goal", "A", names=SIX, at=20)
    g.both("full_time", names=SIX, at=60)
    g.stay(60, *SIX)
    g.both("period_start", names=SIX[:4], at=g.second, period="extra_first")
    g.stay(200, *SIX)
    assert not g.core.finished
    assert ends_of(g) == []


def test_one_voice_begins_nothing(ground):
    """The sibling: what too few say leaves the match over."""
    g = ground(rules={"extra_time": True}).begun(*SIX)
    g.both("goal", "A", names=SIX, at=20)
    over(g)
    g.say("flo", "period_start", at=g.second, period="extra_first")
    g.stay(130, *SIX)
    assert g.core.finished


def test_play_that_goes_on_is_heard_on(ground):
    """Where votes ended a match that goes on, what enough see of it counts for as long as they see
    something; and votes that it is not over bring it back."""
    g = six(ground)
    ends(g, "ann", "ben", "cid")
    assert g.core.finished
    for _ in range(4):
        g.stay(600, *SIX)
        g.both("goal", "A", names=SIX[:3], at=g.second)
    assert g.headline == "A 4–0 B"
    assert g.core.finished
    ends(g, "ann", "ben", "dan", over=False)
    assert not g.core.finished
    assert ends_of(g)[-1].reason == "reporters say that it goes on"
    g.restart()
    assert not g.core.finished


def test_too_few_against_the_end_afterwards(ground):
    """Two of six do not bring it back."""
    g = six(ground)
    ends(g, "ann", "ben", "cid")
    ends(g, "dan", "eva", over=False)
    assert g.core.finished


def test_a_sport_without_an_aftermath(ground, monkeypatch):
    """Where a sport gives no time for it, nothing counts after the end."""
    from touchline.sports.football import Football

    monkeypatch.delattr(Football, "aftermath_seconds")
    monkeypatch.delitem(Football.__annotations__, "aftermath_seconds", raising=False)
    g = six(ground)
    ends(g, "ann", "ben", "cid")
    n = g.say("ann", "goal", "A", at=g.second)
    assert g.fate("ann", n).code == "EVENT_OVER"
