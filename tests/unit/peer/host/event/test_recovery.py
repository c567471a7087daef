"""What one host took in of an event counts with the other, each report once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.proof.forging import HOST, whole
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.event.recovery import carried_in
from touchline.proof import build, check
from touchline.proof.graded import from_journal, from_proof
from touchline.protocol.errors import BadMessage, EventOver, NotAllowed
from touchline.protocol.messages import Carried


def offers(first: Any) -> list[Carried]:
    """What the first host offers, a report at a time."""
    return [replace(one, reports=[said]) for one, said in carried_in(first.journal)]


def take(second: Any, carried: Sequence[Carried], by: Participant | None = None) -> int:
    """Let the second host take an offer; the broker knows everybody."""
    by = by or second.member("other host", "host")
    second.begin()
    names = {second.peer(name): name for name in ("ann", "bob", "cid", "dan", "eve")}
    for one in second.core.offered(by, carried):
        second.core.introduce(by, second.grant(names[one.peer], token=one.token), one)
    new = second.core.recover(by, carried, lambda: second.journal)
    second.take()
    return int(new)


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
    """Votes on what the first host published are not offered, nor what its reporters took back;
    what it had from a third host is."""
    host = ground(signs=True)
    host.both("goal", "A", at=10, names=("ann", "bob"))
    host.say("ann", "delete", entry="1")
    n = host.say("bob", "goal", "B", at=30)
    host.say("bob", "undo", n=n)
    third = ground(signs=True)
    third.say("cid", "corner", "A", at=50)
    take(host, offers(third))
    titles = [said.event.title for _, said in carried_in(host.journal)]
    assert titles == ["goal", "goal", "corner"]


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
