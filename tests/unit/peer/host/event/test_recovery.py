"""What one host took in of an event counts with the other, each report once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.conftest import BEGIN
from tests.unit.proof.forging import HOST, whole
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.event.recovery import READ, carried_in
from touchline.proof import build, check
from touchline.proof.graded import from_journal, from_proof
from touchline.protocol import messages
from touchline.protocol.errors import BadMessage, EventOver, NotAllowed, Overloaded
from touchline.protocol.messages import Carried, Happening, Said, Voted


def at(second: float) -> int:
    """Return the event time of a second of the ground."""
    return BEGIN + round(second * 1_000_000)


def offers(first: Any) -> list[Carried]:
    """What the first host offers, a report at a time."""
    return [
        replace(one, **({"reports": [said]} if isinstance(said, Said) else {"votes": [said]}))
        for one, said in carried_in(first.journal, first.core.action_of)
    ]


def take(second: Any, carried: Sequence[Carried], by: Participant | None = None) -> int:
    """Let the second host take an offer; the broker knows everybody."""
    by = by or second.member("other host", "host")
    second.begin()
    names = {second.peer(name): name for name in ("ann", "bob", "cid", "dan", "eve")}
    for one in second.core.offered(by, carried):
        second.core.introduce(by, second.grant(names[one.peer], token=one.token), one)
    try:
        return int(second.core.recover(by, carried, lambda: second.journal))
    finally:
        second.take()


def hand_over(first: Any, second: Any, *, named: bool = True) -> int:
    """Let the second host take all that the first offers, an offer a time; its owner has named the
    first."""
    by = second.member("other host", "host")
    second.core.permit([], [by.peer if named else "any"])
    return sum(take(second, [one], by) for one in offers(first))


@pytest.fixture
def first(ground: Any) -> Any:
    """A host that knows of two goals, one of which its reporters made by clocks that are off."""
    host = ground(signs=True)
    host.attach("ann", behind=3.0)
    host.both("goal", "A", at=10, names=("ann", "bob"))
    host.both("goal", "B", at=300, names=("bob", "cid"))
    return host


def test_reports_of_the_other_host_count(first: Any, ground: Any) -> None:
    """A host that was there all the while and knows nothing has both goals at once, the reporters
    among its own as well as one that never came; none of them is told a fate."""
    second = ground(signs=True)
    for name in ("ann", "bob"):
        second.attach(name)
    assert take(second, offers(first)) == 4
    assert [entry.origin for entry in second.standing] == ["A", "B"]
    assert {entry.status for entry in second.standing} == {"CONFIRMED"}
    assert second.headline == first.headline
    assert second.fates == {}
    assert not second.member("cid").present


def test_each_counts_once(first: Any, ground: Any) -> None:
    """Offered again, sent by its reporter before or afterwards, and after a restart, a report
    counts once."""
    second = ground(signs=True)
    second.both("goal", "A", at=10, names=("ann", "bob"))
    carried = offers(first)
    assert take(second, carried) == 2
    assert take(second, carried) == 0
    second.restart()
    assert take(second, carried) == 0
    second.attach("cid")
    n = second.say("cid", "goal", "B", at=300)
    second.wait(1)  # its signature is verified meanwhile
    assert second.fates["cid"][n].outcome == "accepted"
    assert [entry.evidence.for_ for entry in second.standing] == [2, 2]
    assert len(second.core.claims.open) == 0


def test_a_signature_decides(first: Any, ground: Any) -> None:
    """What its reporter has not signed does not count, whoever offers it."""
    second = ground(signs=True)
    forged = [
        replace(one, reports=[replace(one.reports[0], signature=bytes(64))])
        for one in offers(first)
    ]
    assert take(second, forged) == 0
    assert second.standing == []


@pytest.mark.parametrize(("named", "required", "new"), [(0, 0, 0), (1, 0, 4), (1, 1, 0)])
def test_the_word_of_a_host(first: Any, ground: Any, named: int, required: int, new: int) -> None:
    """An unsigned report counts where an owner has named the host that offers it, and signatures
    are not required."""
    second = ground(signs=True, require_signatures=bool(required))
    by = second.member("other host", "host")
    second.core.permit([], [by.peer if named else "any"])
    bare = [replace(one, reports=[replace(one.reports[0], signature=b"")]) for one in offers(first)]
    assert take(second, bare, by) == new


def test_who_may_offer(first: Any, ground: Any) -> None:
    """Hosts alone hand over, as many as a batch holds, and nothing after the end."""
    second = ground(signs=True)
    with pytest.raises(NotAllowed, match="cannot hand over"):
        take(second, offers(first), second.member("ann"))
    (one, *_) = offers(first)
    with pytest.raises(BadMessage, match="more than 500"):
        take(second, [replace(one, reports=one.reports * 501)])
    second.both("end", names=("ann", "bob"))
    second.wait(100_000)
    with pytest.raises(EventOver):
        take(second, offers(first))


def test_what_is_offered(ground: Any) -> None:
    """What its reporters took back is not offered, nor a vote on no entry; what it had from a third
    host is, and votes come last."""
    host = ground(signs=True)
    host.both("goal", "A", at=10, names=("ann", "bob"))
    host.say("ann", "delete", entry="1")
    host.say("bob", "delete", entry="7")
    n = host.say("bob", "goal", "B", at=30)
    host.say("bob", "undo", n=n)
    third = ground(signs=True)
    third.say("cid", "corner", "A", at=50)
    take(host, offers(third))
    found = [said for _, said in carried_in(host.journal, host.core.action_of)]
    titles = [one.event.title for one in found if isinstance(one, Said)]
    assert titles == ["goal", "goal", "corner"]
    (vote,) = found[3:]
    assert isinstance(vote, Voted)
    assert (vote.said.event.title, vote.about) == ("delete", Happening("goal", "A", at(10)))


def test_a_revoked_reporter_is_left_out(first: Any, ground: Any) -> None:
    """Nothing is taken from a peer that an operator has put out."""
    second = ground(signs=True)
    second.begin()
    second.core.revoke([second.peer("bob")])
    second.take()
    assert take(second, offers(first)) == 2


def test_said_before_it_was_published(first: Any, ground: Any) -> None:
    """Who said it to the first host before the second had published it had not seen it there."""
    second = ground(signs=True)
    for name in ("dan", "eve"):
        second.attach(name)
    second.wait(400)
    second.both("goal", "B", at=300, names=("dan", "eve"))
    second.wait(20)
    take(second, offers(first))
    (claim,) = [one for one in second.core.by_entry.values() if one.index.origin == "B"]
    assert claim.dependent == 0
    assert len(claim.votes) == 4


def test_the_proof_holds(first: Any, ground: Any) -> None:
    """The proof names the votes that were handed over under the numbers that their reporters
    signed, also where those are numbers of this host's reports."""
    second = ground(signs=True)
    second.both("goal", "A", at=200, names=("ann", "bob", "cid"))
    take(second, offers(first))
    assert len(second.standing) == 3
    proof = whole(build(second.card, second.journal, HOST))
    found = check(proof)
    assert found.flaw is None
    assert found.unsigned == 0
    votes = from_journal(second.card, second.journal).votes
    assert len(votes) == 7
    assert len([one for one in from_proof(proof).votes if one in votes]) == 5


def test_the_clock_of_a_stranger_is_no_word_of_any_host(first: Any, ground: Any) -> None:
    """What a host says of the clock of a reporter that is not here holds where an owner has named
    that host; any other could move what is signed."""
    for named in (False, True):
        second = ground(signs=True)
        by = second.member("other host", "host")
        if named:
            second.core.permit([], [by.peer])
        take(second, offers(first), by)
        offset = second.core.roster.find(second.peer("ann"), "reporter").clock_offset
        assert (abs(offset) > 2_000_000) == named


def test_what_holds_by_nobody_reads_no_journal(first: Any, ground: Any) -> None:
    """An offer that is empty, or in which no signature holds, does not have the journal read, and
    lets later reports cost nothing more."""
    second = ground(signs=True)
    by = second.member("other host", "host")
    forged = [
        replace(one, reports=[replace(said, signature=b"x" * 64)])
        for one, said in carried_in(first.journal)
    ]
    for one in forged:
        second.core.introduce(by, second.grant("ann", token=one.token), one)

    def turns() -> list[bytes]:
        raise AssertionError("the journal is read")

    for offer in ([], forged):
        second.begin()
        assert second.core.recover(by, offer, turns) == 0
        second.take()
    assert not second.core._recovery.begun


def test_reports_of_times_side_by_side(ground: Any) -> None:
    """A thousand reports a microsecond apart, some of which are refused, have a number each, and
    those that are refused are not told as new."""
    first, second = ground(signs=True), ground(signs=True)
    first.attach("ann")
    for k in range(400):
        origin = "A" if k % 4 else "nobody"
        first.say("ann", "foul", origin, at=100, made=100 + (k % 200) / 1_000_000, player=str(k))
    offered = offers(first)
    assert len(offered) == 400
    new = take(second, offered)
    reporter = second.member("ann")
    numbers = list(reporter.recovered.values())
    assert len(set(numbers)) == len(numbers) == 400
    assert 0 < new == second.core.counters.recovered < 400
    second.restart()
    assert list(second.member("ann").recovered.values()) == numbers


# ── votes ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def other(first: Any, ground: Any) -> Any:
    """A host that has counted two goals by itself before: its entries have other ids."""
    host = ground(signs=True)
    host.both("corner", "A", at=5, names=("dan", "eve"))
    host.both("corner", "B", at=6, names=("dan", "eve"))
    return host


def test_a_vote_to_delete(first: Any, other: Any) -> None:
    """Votes to delete an entry of the first host are held against the entry of the same action
    here, under whatever id, once; also after a restart."""
    (goal,) = [one for one in first.standing if one.origin == "B"]
    first.both("delete", names=("bob", "cid"), entry=goal.entry_id)
    assert [one.origin for one in first.standing] == ["A"]
    assert hand_over(first, other) == 6
    assert [(one.title, one.origin) for one in other.standing] == [
        ("corner", "A"),
        ("corner", "B"),
        ("goal", "A"),
    ]
    assert hand_over(first, other) == 0
    before = [one.entry_id for one in other.standing]
    other.restart()
    assert [one.entry_id for one in other.standing] == before
    assert hand_over(first, other) == 0
    assert [one.entry_id for one in other.standing] == before


def test_a_vote_to_amend(first: Any, other: Any) -> None:
    """So are votes to amend it."""
    (goal,) = [one for one in first.standing if one.origin == "A"]
    first.both("amend", names=("ann", "bob"), entry=goal.entry_id, player="Ode")
    assert hand_over(first, other) == 6
    (goal,) = [one for one in other.standing if (one.title, one.origin) == ("goal", "A")]
    assert goal.details == {"player": "Ode"}
    assert goal.status == "UPDATED"


def test_which_entry_is_the_word_of_a_named_host(first: Any, other: Any) -> None:
    """A host that no owner has named could say of a vote that it is about any entry."""
    first.both("delete", names=("ann", "bob"), entry=first.standing[0].entry_id)
    assert hand_over(first, other, named=False) == 4
    assert len([one for one in other.standing if one.title == "goal"]) == 2


def test_a_vote_to_end(first: Any, other: Any, ground: Any) -> None:
    """Votes that the event is over count where nothing has happened after them; one whose reporter
    says by now that it is not does not."""
    first.both("end", at=400, names=("ann", "bob", "cid"))
    played_on = ground(signs=True)
    played_on.wait(500)
    played_on.both("goal", "A", at=500, names=("dan", "eve"))
    hand_over(first, played_on)
    played_on.wait(60)
    assert "Finished" not in played_on.kinds
    alone, said_so = ground(signs=True), ground(signs=True)
    for host, over in ((alone, True), (said_so, False)):
        host.both("corner", "A", at=5, names=("ann", "bob", "cid", "dan"))
        host.say("ann", "end", at=450, over=over)
    hand_over(alone, said_so)
    claims = {bool(one.index.key): len(one.votes) for one in said_so.core.claims.ends()}
    assert claims == {True: 1}
    hand_over(first, other)
    other.wait(60)
    assert "Finished" in other.kinds


def test_a_statement(ground: Any) -> None:
    """What reporters stated to the first host, no goal of which came in, holds here from the time
    that it was stated of; what has happened since comes on top."""
    first, second = ground(signs=True), ground(signs=True)
    first.wait(300)
    first.both("state", at=200, names=("ann", "bob", "cid"), score="2-1")
    second.wait(400)
    second.both("goal", "B", at=350, names=("dan", "eve"))
    assert hand_over(first, second) == 3
    second.wait(60)
    assert "2–2" in second.headline
    second.restart()
    assert "2–2" in second.headline


def test_an_answer(ground: Any) -> None:
    """An answer to a question of the first host counts for the claim of the same action here, and
    not where its reporter has spoken of that here."""
    first = ground(signs=True, verdict="evidence")
    for name in ("ann", "bob", "cid", "dan", "eve"):
        first.attach(name, answers=True)
    first.stay(30, "ann", "bob", "cid", "dan", "eve")
    first.say("ann", "goal", "A", at=30)
    first.stay(12, "ann", "bob", "cid", "dan", "eve")
    asked = {name.removeprefix("token of "): one for name, one in first.questions}
    assert asked
    for name, question in asked.items():
        first.say(name, "answer", claim=question.claim, yes=True)
    for spoken in (False, True):
        second = ground(signs=True, verdict="evidence")
        second.both("corner", "B", at=3, names=("dan", "eve"))
        if spoken:
            second.both("goal", "A", at=30, names=tuple(asked))
        hand_over(first, second)
        claims = (*second.core.claims.open.values(), *second.core.by_entry.values())
        (claim,) = [one for one in claims if one.index.title == "goal"]
        assert claim.yes.bit_count() == (0 if spoken else len(asked))
        second.restart()
        assert second.core.action_of(claim.number) == second.core.action_of(claim.number)


def test_the_proof_of_a_vote_on_another_hosts_entry(first: Any, other: Any) -> None:
    """That such a vote is about this entry is the host's word: `verify` says so, and takes it where
    it may."""
    (goal,) = [one for one in first.standing if one.origin == "B"]
    first.both("delete", names=("bob", "cid"), entry=goal.entry_id)
    hand_over(first, other)
    proof = whole(build(other.card, other.journal, HOST))
    refused = check(proof).flaw
    assert refused is not None
    assert "speaks of what another host published" in str(refused)
    found = check(proof, allow_unsigned=True)
    assert found.flaw is None
    assert found.unsigned == 2


# ── how much at one time ─────────────────────────────────────────────────────────────────────


def test_a_long_journal_is_read_over_turns(first: Any, ground: Any) -> None:
    """What is here already is read some at a time, the first true offer is put off meanwhile, and
    what its reporter sends in between is known."""
    second = ground(signs=True)
    for name in ("ann", "bob", "cid"):
        second.attach(name)
    read: list[int] = []
    beats = list(second.journal)

    def turns() -> Iterator[bytes]:
        for number in range(READ * 3):
            read.append(number)
            yield beats[number % len(beats)]

    by = second.member("other host", "host")
    (one, *_) = offers(first)
    second.begin()
    with pytest.raises(Overloaded, match="reading"):
        second.core.recover(by, [one], turns)
    second.take()
    assert 0 < len(read) <= READ
    (same,) = one.reports
    second.push(messages.Report(token="badge of ann", n=1, time=same.time, event=same.event))
    turns_taken = 0
    while second.core.next_timer() <= second.now:
        before = len(read)
        second.begin()
        second.core.handle_timer(second.now)
        second.take()
        turns_taken += 1
        assert len(read) - before <= READ
    assert turns_taken > 2
    second.begin()
    assert second.core.recover(by, [one], turns) == 0
    second.take()
    assert len(read) == READ * 3


def test_a_host_with_enough_to_do(first: Any, ground: Any) -> None:
    """Offers are put off once a turn has enough to do: with the signatures of so many."""
    second = ground(signs=True)
    by = second.member("other host", "host")
    carried = offers(first)
    for one in second.core.offered(by, carried):
        second.core.introduce(by, second.grant("ann", token=one.token), one)
    many = [replace(carried[0], reports=carried[0].reports * 500)]
    second.begin()
    taken = 0
    while not second.core.laden:
        second.core.recover(by, many, lambda: second.journal)
        taken += 1
    with pytest.raises(Overloaded, match="enough to do"):
        second.core.recover(by, many, lambda: second.journal)
    second.take()
    assert 1 < taken < 10
    second.begin()
    second.core.recover(by, many, lambda: second.journal)
    second.take()


def test_a_stranger_is_asked_about_once(first: Any, ground: Any) -> None:
    """A reporter that the broker does not know by a token is not asked about again with the same
    one, in however many offers it is; with another one it is."""
    second = ground(signs=True)
    by = second.member("other host", "host")
    carried = offers(first)
    asked = second.core.offered(by, carried)
    assert len(asked) == 3
    second.core.unknown_to_broker(asked[0])
    assert asked[0] not in second.core.offered(by, carried)
    assert len(second.core.offered(by, carried)) == 2
    assert len(second.core.offered(by, [replace(asked[0], token="another")])) == 1
