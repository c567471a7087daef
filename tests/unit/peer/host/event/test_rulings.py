"""The rulings of an event's owner."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from touchline.peer.host.event.recovery import READ, Gathering
from touchline.protocol import codec, limits, messages, signing
from touchline.protocol.errors import (
    BadMessage,
    BadSignature,
    Conflict,
    EventOver,
    IllegalAction,
    NotAllowed,
    NotFound,
    Overloaded,
)
from touchline.protocol.messages import Entry, Finished

from ....conftest import BEGIN, SECOND, Ground, identity

CREW = ("ann", "bob", "cid")
OWNER = identity("owner")
RUNNERS = ["Ada", "Bo", "Cy"]


def owned(ground: Any, sport: str = "football", **fields: Any) -> Ground:
    """Return a ground of an event that the owner created, with a crew."""
    g: Ground = ground(sport, owner=OWNER.peer, **fields).begun(*CREW)
    return g


def over(ground: Any, sport: str = "football", **fields: Any) -> Ground:
    """Return one that has ended, at a goal each in football."""
    g = owned(ground, sport, **fields)
    if sport == "football":
        g.both("goal", "A", at=20, names=CREW)
    if sport == "race":
        g.both("start", at=5, names=CREW)
        for at, runner in enumerate(RUNNERS):
            g.both("finish", runner, at=10 + 5 * at, names=CREW)
    g.wait(5)
    if not g.core.finished:
        for name in CREW:
            g.say(name, "end")
    assert g.core.finished
    return g


def ruling(act: Any, by: Any = OWNER, **fields: Any) -> messages.Ruling:
    """Return a ruling with its signature."""
    made = messages.Ruling(
        **{
            "id": 7,
            "event": "e",
            "ruling": f"{act} 1",
            "time": 5,
            "act": act,
            "reason": "as the committee says",
            "key": by.public,
            "signature": b"",
            **fields,
        }
    )
    return msgspec.structs.replace(made, signature=by.sign(signing.ruling_content(made)))


def rule(g: Ground, made: messages.Ruling) -> messages.Ruled:
    """Hand a ruling over as it comes from the socket, in a turn of its own."""
    frame = codec.encode(made)
    g.begin()
    try:
        decoded = codec.decode_host_request(frame)
        assert isinstance(decoded, messages.Ruling)
        return g.core.rule(decoded, frame)
    finally:
        g.take()


# ── what the acts lead to ────────────────────────────────────────────────────────────────────


def test_reopen(ground):
    """A reopened event goes on in a new epoch, and says who did it and why."""
    g = over(ground)
    answer = rule(g, ruling("reopen"))
    message = g.feed[-1]
    assert isinstance(message, Finished)
    assert not message.over
    assert (message.by, message.reason) == (OWNER.peer, "as the committee says")
    assert (answer.id, answer.epoch, answer.seq) == (7, 2, message.seq)
    assert message.epoch == g.core.epoch == 2
    assert not g.core.finished
    g.both("goal", "B", at=41, names=CREW)
    assert g.headline.startswith("A 1–1 B")


def test_reopened_when_the_rules_say_it_is_over(ground):
    """An event that the rules of its sport had ended stays open for ten minutes, and for ever
    where it is played on."""
    g = owned(ground, finish_after=1.0)
    g.both("full_time", at=30, names=CREW)
    g.stay(5, *CREW)
    assert g.core.finished
    rule(g, ruling("reopen"))
    g.stay(590, *CREW)
    assert not g.core.finished
    g.stay(600, *CREW)
    assert g.core.finished
    rule(g, ruling("reopen", ruling="again"))
    for name in CREW:
        g.say(name, "delete", entry="1")
    g.stay(1_800, *CREW)
    assert not g.core.finished


def test_end_what_was_reopened(ground):
    """The owner ends an event that goes on after an end; no other, and none twice."""
    g = owned(ground)
    with pytest.raises(Conflict, match="the event is not over"):
        rule(g, ruling("end", ruling="early"))
    g = over(ground)
    with pytest.raises(Conflict, match="over already"):
        rule(g, ruling("end", ruling="twice"))
    rule(g, ruling("reopen"))
    answer = rule(g, ruling("end", ruling="again"))
    message = g.feed[-1]
    assert isinstance(message, Finished)
    assert (message.over, message.how, message.winner) == (True, "", "")
    assert (message.by, message.reason) == (OWNER.peer, "as the committee says")
    assert answer.seq == message.seq
    assert g.core.finished
    g.restart()
    assert g.core.finished
    for name in CREW:
        g.say(name, "end", over=False)
    assert g.core.finished, "it is no matter of votes"
    rule(g, ruling("reopen", ruling="anew"))
    assert not g.core.finished


def test_amend_the_score(ground):
    """The result becomes the one that the owner states, after all that was reported."""
    g = over(ground)
    rule(g, ruling("amend", score="2-1"))
    entry = g.feed[-1]
    assert isinstance(entry, Entry)
    assert (entry.title, entry.status, entry.place) == ("state", "CONFIRMED", 2)
    assert (entry.by, entry.reason) == (OWNER.peer, "as the committee says")
    assert entry.text.startswith("The result, amended: A 2–1 B")
    assert entry.headline.startswith("A 2–1 B")
    assert g.core.finished
    assert (entry.evidence.for_, entry.evidence.against) == (0, 0)


def test_amend_an_entry(ground):
    """A detail of an entry becomes what the owner says, and reporters do not turn it again."""
    g = over(ground)
    rule(g, ruling("amend", entry="1", details={"player": "Zoe"}))
    entry = g.feed[-1]
    assert isinstance(entry, Entry)
    assert (entry.entry_id, entry.status, entry.details) == ("1", "UPDATED", {"player": "Zoe"})
    assert entry.by == OWNER.peer
    for name in ("dan", "eve", "flo", "gus"):
        g.say(name, "goal", "A", at=20, player="Yan")
    n = g.say("ann", "delete", entry="1")
    assert g.fate("ann", n).code == "NOT_ALLOWED"
    assert g.feed[-1] is entry


def test_disqualify_and_reinstate(ground):
    """A runner's disqualification moves the board, and so does that it is taken back."""
    g = over(ground, "race", origins=RUNNERS)
    assert g.headline.startswith("1. Ada")
    rule(g, ruling("disqualify", origin="Ada"))
    entry = g.feed[-1]
    assert isinstance(entry, Entry)
    assert entry.text == "Ada is disqualified (as the committee says)"
    assert (entry.by, entry.title) == (OWNER.peer, "disqualify")
    assert g.headline.startswith("1. Bo")
    with pytest.raises(IllegalAction, match="disqualified already"):
        rule(g, ruling("disqualify", ruling="again", origin="Ada"))
    rule(g, ruling("reinstate", origin="Ada", reason="the film shows another runner"))
    assert g.entries[-1].status == "DELETED"
    assert g.entries[-1].reason == "the film shows another runner"
    assert g.headline.startswith("1. Ada")
    with pytest.raises(NotFound, match="Ada is not disqualified"):
        rule(g, ruling("reinstate", ruling="again", origin="Ada"))
    assert g.core.epoch == 3


@pytest.mark.parametrize("verdict", ["quorum", "evidence"])
def test_the_last_word(ground, verdict):
    """No verdict turns what the owner ruled: not one voice, not silence, not a restart."""
    g = over(ground, "race", origins=RUNNERS, verdict=verdict)
    rule(g, ruling("disqualify", origin="Ada"))
    entry = g.feed[-1]
    assert isinstance(entry, Entry)
    g.say("ann", "disqualify", "Ada", at=entry.time // SECOND - BEGIN // SECOND)
    g.stay(60, *CREW)
    g.restart()
    g.stay(60, *CREW)
    assert g.feed[-1] is entry
    assert g.core.by_entry[entry.entry_id].final  # no verdict is asked
    assert g.core.timeline.state.runs["Ada"].status == "disqualified"


def test_reinstated_after_reports(ground):
    """The owner reinstates whom reporters saw disqualified."""
    g = owned(ground, "race", origins=RUNNERS)
    g.both("start", at=5, names=CREW)
    g.both("disqualify", "Ada", at=9, names=CREW)
    for name in CREW:
        g.say(name, "end")
    rule(g, ruling("reinstate", origin="Ada"))
    assert g.core.timeline.state.runs["Ada"].status == "running"


@pytest.mark.parametrize("before", [True, False])
def test_award(ground, before):
    """An event is awarded to a side, over or not, and no vote takes that back."""
    g = owned(ground) if before else over(ground)
    rule(g, ruling("award", origin="B"))
    message = g.feed[-1]
    assert isinstance(message, Finished)
    assert (message.how, message.winner, message.over) == ("awarded", "B", True)
    assert (message.by, message.reason) == (OWNER.peer, "as the committee says")
    assert g.core.finished
    fates = [g.fate(name, g.say(name, "end", over=False)) for name in CREW]
    assert {fate.code for fate in fates} == {"NOT_ALLOWED"}
    rule(g, ruling("reopen"))
    assert not g.core.finished


def test_awarded_in_an_outage(ground):
    """An award ends an outage as well."""
    g = owned(ground)
    g.wait(70)
    assert g.state == "suspended"
    rule(g, ruling("award", origin="B"))
    assert g.state == "finished"
    again = owned(ground)
    again.wait(70)
    again.back("ann", pending=1)
    assert again.state == "reconstructing"
    rule(again, ruling("award", origin="B"))
    assert again.state == "finished"


# ── while the event goes on ──────────────────────────────────────────────────────────────────


def disputed(ground: Any, **fields: Any) -> Ground:
    """Return a tennis match of which two reporters tell one point, and two the other."""
    crew, settings = (*CREW, "dan"), {"verdict": "fixed:3", **fields}
    g: Ground = ground("tennis", owner=OWNER.peer, **settings).begun(*crew)
    for name, side in zip(crew, "ABAB", strict=True):
        g.say(name, "point", side, at=20)
    return g


def test_a_dispute_is_ruled(ground):
    """Of what reporters dispute the owner says which stands: an entry with the votes as they are,
    and those who told the other may say so no more."""
    g = disputed(ground)
    assert g.entries == []
    answer = rule(g, ruling("uphold", title="point", origin="B"))
    (entry,) = g.entries
    assert (entry.status, entry.origin, entry.by) == ("CONFIRMED", "B", OWNER.peer)
    assert (entry.reason, entry.epoch, entry.seq) == ("as the committee says", 2, answer.seq)
    assert (entry.evidence.for_, entry.evidence.against) == (2, 2)
    assert g.fates["bob"][1].outcome == g.fates["dan"][1].outcome == "accepted"
    g.member("eve")
    for name in ("eve", "fay"):
        g.say(name, "point", "A", at=20.5)
    g.wait(200)
    assert [one.origin for one in g.standing] == ["B"]
    n = g.say("ann", "delete", entry=entry.entry_id)
    assert g.fates["ann"][n].code == "NOT_ALLOWED"


def test_of_several_the_newest_is_upheld(ground):
    """A ruling upholds the newest report of what it names; the others stay open."""
    g = owned(ground, verdict="fixed:3")
    for at in (20, 80):
        g.say("ann", "goal", "A", at=at)
    rule(g, ruling("uphold", title="goal", origin="A"))
    assert [one.time for one in g.standing] == [BEGIN + 80 * SECOND]
    assert len(g.core.claims.open) == 1


def test_what_one_reporter_said_is_upheld_or_deleted(ground):
    """An entry that nobody has confirmed yet stands for good, or goes, as the owner says."""
    g = ground(owner=OWNER.peer, alone=True)
    for at, side in ((20, "A"), (60, "B")):
        g.say("ann", "goal", side, at=at)
    first, second = g.standing
    assert {first.status, second.status} == {"PROVISIONAL"}
    rule(g, ruling("uphold", entry=first.entry_id))
    rule(g, ruling("delete", entry=second.entry_id))
    assert [(one.origin, one.status, one.by) for one in g.standing] == [
        ("A", "CONFIRMED", OWNER.peer)
    ]
    assert g.entries[-1].status == "DELETED"
    assert g.headline == "A 1–0 B"
    with pytest.raises(Conflict, match="confirmed already"):
        rule(g, ruling("uphold", ruling="again", entry=first.entry_id))
    with pytest.raises(NotFound, match="no entry"):
        rule(g, ruling("delete", ruling="again", entry=second.entry_id))


def test_what_excludes_another_goes_first(ground):
    """What is upheld does not stand beside what it excludes: the owner deletes that first."""
    g = disputed(ground)
    g.say("eve", "point", "A", at=20)
    g.say("fay", "point", "A", at=20)
    g.wait(5)
    (standing,) = g.standing
    assert standing.origin == "A"
    made = ruling("uphold", title="point", origin="B")
    with pytest.raises(Conflict, match=f"entry {standing.entry_id} stands, which excludes it"):
        rule(g, made)
    rule(g, ruling("delete", entry=standing.entry_id))
    rule(g, made)
    assert [one.origin for one in g.standing] == ["B"]


def test_an_entry_is_amended_while_the_event_goes_on(ground):
    """Who scored is a dispute too; later votes say nothing else any more."""
    g = owned(ground)
    for name in CREW:
        g.say(name, "goal", "A", at=20, player="Ada")
    rule(g, ruling("amend", entry="1", details={"player": "Zoe"}))
    for name in ("dan", "eve", "fay", "gus"):
        g.say(name, "goal", "A", at=20, player="Bo")
    g.wait(5)
    assert g.standing[0].details["player"] == "Zoe"


def test_play_is_suspended_and_goes_on(ground):
    """The owner suspends play, with a reason: the clock stands until somebody says that it goes on,
    the owner or reporters."""
    g = owned(ground)
    g.both("kick_off", at=5, names=CREW)
    with pytest.raises(Conflict, match="play is resumed already"):
        rule(g, ruling("resume"))
    rule(g, ruling("suspend"))
    (said,) = [one for one in g.standing if one.title == "state"]
    assert said.details == {"play": "interrupted", "reason": "as the committee says"}
    assert (said.by, said.status, said.time) == (OWNER.peer, "CONFIRMED", BEGIN + g.second * SECOND)
    with pytest.raises(Conflict, match="play is interrupted already"):
        rule(g, ruling("suspend", ruling="again"))
    rule(g, ruling("resume"))
    rule(g, ruling("suspend", ruling="third"))
    for _ in range(15):  # what is stated at once is taken for what was stated before
        g.wait(5)
        g.back()
    for name in CREW:
        g.say(name, "state", at=g.second, play="resumed")
    words = [one.details["play"] for one in g.standing if one.title == "state"]
    assert words == ["interrupted", "resumed", "interrupted", "resumed"]


@pytest.mark.parametrize(
    ("made", "error", "sentence"),
    [
        (ruling("uphold"), BadMessage, "uphold takes entry or title or origin and title"),
        (ruling("uphold", title="goal", origin="A"), NotFound, "no report of goal A is open"),
        (ruling("uphold", title="goal", origin="C"), NotFound, "no report of goal C is open"),
        (ruling("uphold", entry="9"), NotFound, "no entry '9' stands"),
        (ruling("delete"), BadMessage, "delete takes entry"),
        (ruling("suspend", entry="1"), BadMessage, "suspend takes nothing"),
        (ruling("amend", score="2-1"), Conflict, "is not over"),
        (ruling("disqualify", origin="A"), Conflict, "is not over"),
    ],
)
def test_refused_while_it_goes_on(ground, made, error, sentence):
    """What nobody reported, and what belongs after the end, is not ruled while it goes on."""
    g = owned(ground)
    with pytest.raises(error, match=sentence):
        rule(g, made)
    assert g.core.epoch == 1


def test_what_the_rules_forbid_is_not_upheld(ground):
    """The owner rules between people, not over the sport: who was sent off gets no card."""
    g = owned(ground)
    g.both("red_card", "A", at=20, names=CREW, player="Ada")
    g.say("ann", "yellow_card", "A", at=90, player="Ada")
    with pytest.raises(IllegalAction, match="Ada"):
        rule(g, ruling("uphold", title="yellow_card", origin="A"))


def test_no_ruling_on_what_is_being_put_together(ground):
    """While contact is lost, and what happened then is put together, no entry is ruled on."""
    g = owned(ground)
    g.say("ann", "goal", "A", at=20)
    g.wait(70)
    for state in ("suspended", "reconstructing"):
        assert g.state == state
        with pytest.raises(Conflict, match="contact with the venue is lost"):
            rule(g, ruling("delete", entry="1"))
        g.back("ann", pending=1)


def test_play_is_suspended_while_nobody_is_heard(ground):
    """Who shelters from a thunderstorm reports nothing: the owner suspends play all the same."""
    g = owned(ground)
    g.wait(70)
    assert g.state == "suspended"
    rule(g, ruling("suspend"))
    g.back()
    g.wait(400)
    assert [one.details["play"] for one in g.standing] == ["interrupted"]


def test_play_is_not_suspended_after_the_end(ground):
    """After the end there is no play to suspend; what stands may still be disputed."""
    g = over(ground)
    with pytest.raises(Conflict, match="the event is over"):
        rule(g, ruling("suspend"))
    rule(g, ruling("delete", entry="1"))
    assert g.headline == "A 0–0 B"


def test_rulings_on_disputes_survive_restarts(ground):
    """A host that restarts knows what was ruled while the event went on."""
    g = disputed(ground)
    rule(g, ruling("uphold", title="point", origin="B"))
    rule(g, ruling("suspend"))
    before = (g.headline, g.core.feed.digest, [one.entry_id for one in g.standing])
    g.restart()
    assert (g.headline, g.core.feed.digest, [one.entry_id for one in g.standing]) == before
    with pytest.raises(Conflict, match="interrupted already"):
        rule(g, ruling("suspend", ruling="again"))
    assert rule(g, ruling("uphold", title="point", origin="B")).epoch == 2


# ── what is refused ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("made", "error", "sentence"),
    [
        (ruling("reopen", identity("eve")), NotAllowed, "only the owner of e"),
        (
            msgspec.structs.replace(ruling("reopen"), key=identity("eve").public),
            NotAllowed,
            "only the owner",
        ),
        (
            msgspec.structs.replace(ruling("reopen"), reason="another"),
            BadSignature,
            "does not bear the signature",
        ),
        (ruling("reopen", event="f"), NotAllowed, "only the owner"),
        (ruling("reopen", reason=" "), BadMessage, "an id and a reason"),
        (ruling("reopen", ruling=""), BadMessage, "an id and a reason"),
        (ruling("reopen", origin="A"), BadMessage, "reopen takes nothing, not origin"),
        (ruling("amend"), BadMessage, "amend takes score or details and entry, not nothing"),
        (ruling("amend", score="x"), BadMessage, "amend: score"),
        (ruling("amend", score="1-0"), Conflict, "changes nothing"),
        (ruling("amend", entry="9", details={"player": "Z"}), NotFound, "no entry '9'"),
        (ruling("amend", entry="1", details={"x": 1}), BadMessage, "no detail 'x'"),
        (ruling("disqualify", origin="A"), IllegalAction, "football knows no disqualification"),
        (ruling("reinstate", origin="A"), IllegalAction, "football knows no disqualification"),
        (ruling("award", origin="C"), NotFound, "no side 'C'"),
    ],
)
def test_refused(ground, made, error, sentence):
    """A ruling that is not the owner's, or that cannot be made, changes nothing."""
    g = over(ground)
    turns = len(g.journal)
    with pytest.raises(error, match=sentence):
        rule(g, made)
    assert len(g.journal) == turns
    assert g.core.epoch == 1


@pytest.mark.parametrize(
    ("sport", "made", "error"),
    [
        ("race", ruling("award", origin="Ada"), IllegalAction),
        ("race", ruling("disqualify", origin="Zoe"), NotFound),
        ("race", ruling("amend", score="3"), Conflict),
    ],
)
def test_refused_by_a_race(ground, sport, made, error):
    """A race is not awarded, and its counts are those of its runners."""
    g = over(ground, sport, origins=RUNNERS)
    with pytest.raises(error):
        rule(g, made)


def test_not_before_the_end(ground):
    """While the event goes on its reporters say what happens."""
    g = owned(ground)
    for act, fields in (("reopen", {}), ("amend", {"score": "2-1"})):
        with pytest.raises(Conflict, match="is not over"):
            rule(g, ruling(act, **fields))


def test_no_owner(ground):
    """Where the broker does not say who owns the event, nobody rules on it."""
    g = ground().begun(*CREW)
    for name in CREW:
        g.say(name, "end")
    with pytest.raises(NotAllowed, match="does not say who owns e"):
        rule(g, ruling("reopen"))


def test_most_rulings(ground, monkeypatch):
    """There are so many rulings of one event, and no more."""
    monkeypatch.setattr(limits, "RULINGS", 1)
    g = over(ground)
    rule(g, ruling("amend", score="2-1"))
    with pytest.raises(Overloaded, match="1 rulings"):
        rule(g, ruling("reopen"))


# ── once, and for good ───────────────────────────────────────────────────────────────────────


def test_once(ground):
    """The same ruling again is answered as before and changes nothing; its id is no other's."""
    g = over(ground)
    made = ruling("amend", score="2-1")
    first = rule(g, made)
    turns = len(g.journal)
    again = rule(g, msgspec.structs.replace(made, id=8))
    assert again == msgspec.structs.replace(first, id=8)
    assert len(g.journal) == turns
    g.restart()
    assert rule(g, made) == first
    with pytest.raises(Conflict, match="belongs to another ruling"):
        rule(g, ruling("amend", score="3-1"))


def test_rulings_survive_restarts(ground):
    """A host that is started again knows every ruling, and goes on from the same state."""
    g = over(ground, "race", origins=RUNNERS)
    rule(g, ruling("disqualify", origin="Ada"))
    rule(g, ruling("reinstate", origin="Ada"))
    rule(g, ruling("disqualify", ruling="second", origin="Bo"))
    rule(g, ruling("amend", entry="2", details={"time": "9.5"}))
    before = g.core.sport.score(g.core.timeline.state)
    digest = g.core.feed.digest
    g.restart()
    assert g.core.sport.score(g.core.timeline.state) == before
    assert g.core.feed.digest == digest
    assert g.core.epoch == 6
    rule(g, ruling("reopen"))
    g.restart()
    assert not g.core.finished
    for name in CREW:
        n = g.say(name, "delete", entry="2")
        assert g.fate(name, n).code == "NOT_ALLOWED"


def test_restored_flags(ground):
    """After a restart an award is still no matter of votes, and a reopened event stays open."""
    g = over(ground)
    rule(g, ruling("award", origin="B"))
    g.restart()
    n = g.say("ann", "end", over=False)
    assert g.fate("ann", n).code == "NOT_ALLOWED"
    late = owned(ground, finish_after=1.0)
    late.both("full_time", at=30, names=CREW)
    late.stay(5, *CREW)
    rule(late, ruling("reopen"))
    late.restart()
    late.stay(300, *CREW)
    assert not late.core.finished


def test_an_amended_result_is_no_new_goal(ground):
    """Reports that count after the end leave the amended result alone, and are no ruling."""
    g = over(ground)
    rule(g, ruling("amend", score="4-1"))
    for name in CREW:
        g.say(name, "goal", "B", at=21)
    assert g.headline.startswith("A 4–1 B")
    assert [entry.by for entry in g.entries if entry.title == "goal"] == ["", ""]


# ── the score on demand ──────────────────────────────────────────────────────────────────────


def ask(g: Ground, name: str, role: messages.Role = "reporter") -> None:
    g.begin()
    try:
        g.core.ask_score(g.member(name, role))
    finally:
        g.take()


def test_score_on_demand(ground):
    """A present reporter has everybody asked for the score, and so does the owner."""
    g = owned(ground)
    ask(g, "ann")
    g.wait(4)
    assert [name for name, _ in g.asked] == list(CREW)
    assert {confirm.why for _, confirm in g.asked} == {"request"}
    mine: Ground = ground(owner="olga").begun(*CREW)
    ask(mine, "olga", "viewer")
    mine.wait(4)
    assert len(mine.asked) == 3


def test_owners_that_are_named(ground):
    """Who owns it too asks and rules under their own name, until they own it no more."""
    other = identity("olga")
    g = over(ground)
    g.stay(1_000, *CREW)
    made = ruling("amend", by=other, score="3-1")
    with pytest.raises(NotAllowed):
        rule(g, made)
    assert g.core.permit([other.peer])
    assert not g.core.permit([other.peer])
    rule(g, made)
    assert g.entries[-1].by == other.peer
    rule(g, ruling("amend", score="3-2", ruling="amend 2"))
    assert g.entries[-1].by == OWNER.peer
    g.core.permit([])
    with pytest.raises(NotAllowed):
        rule(g, ruling("award", by=other, origin="A"))


def test_not_on_everybodys_demand(ground):
    """A viewer, or a reporter that is gone, has nobody asked."""
    g = owned(ground)
    g.detach("bob")
    for name, role in (("vic", "viewer"), ("bob", "reporter")):
        with pytest.raises(NotAllowed, match="owner and its present reporters"):
            ask(g, name, role)
    g.wait(10)
    assert g.asked == []


def test_no_score_when_all_is_closed(ground):
    """When no report counts any more, nobody is asked."""
    g = over(ground)
    g.stay(1_000, *CREW)
    with pytest.raises(EventOver):
        ask(g, "ann")


def test_what_is_taken_back_keeps_its_clock(ground):
    """A disqualification that is taken back is told with the time at which it was told first."""
    g = over(ground, "race", origins=RUNNERS)
    g.wait(60)
    rule(g, ruling("disqualify", origin="Ada"))
    told = g.entries[-1].clock
    rule(g, ruling("reinstate", origin="Ada"))
    assert (g.entries[-1].status, g.entries[-1].clock) == ("DELETED", told)


def test_rulings_are_counted_and_not_offered(ground: Any) -> None:
    """A ruling is of what its owner saw at one host; that host says how many are in its journal."""
    g = over(ground)
    assert rule(g, ruling("award", origin="A")).id == 7
    gathering = Gathering(iter(g.journal), g.core.action_of)
    while not gathering.done:
        gathering.read(READ)
    assert gathering.rulings == 1
    assert gathering.items()
