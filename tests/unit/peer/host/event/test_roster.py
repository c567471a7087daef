"""Seats and presence."""

from __future__ import annotations

import pytest

from touchline.peer.host.event import records
from touchline.peer.host.event.roster import Roster
from touchline.protocol.tokens import digest


def record(peer, token, role="reporter", **fields):
    usual = {"name": peer, "expires": 9}
    return records.MemberAttached(peer=peer, token=token, role=role, **{**usual, **fields})


@pytest.fixture
def roster():
    return Roster()


def test_one_place_a_peer(roster):
    """A peer under a new token keeps its place; the old report token still names it."""
    one = roster.add(record("ann", "t1", badge="b1"))
    new = record("ann", "t2", badge="b2", shift=7, expires=11, name="Ann")
    assert roster.add(new) is one
    assert (one.token, one.stored_as, one.clock_offset, one.expires, one.name) == (
        digest("t2"),
        digest("b2"),
        7,
        11,
        "Ann",
    )
    assert roster.by_report_token.keys() == {"b1", digest("b1"), "b2", digest("b2")}


def test_journals_without_badges(roster):
    """In a journal of before there were badges reports carry the token."""
    one = roster.add(record("ann", "t1"))
    assert roster.by_report_token == {"t1": one, digest("t1"): one}


def test_revoked(roster):
    """Whoever is revoked is so in every role, for good, also under a new token."""
    seats = [roster.add(record("ann", "t1")), roster.add(record("ann", "t2", "viewer"))]
    bob = roster.add(record("bob", "t3"))
    assert roster.revoke("ann") == seats
    roster.add(record("ann", "t4", expires=99))
    assert [(one.revoked, one.expires) for one in (*seats, bob)] == [
        (True, 0),
        (True, 0),
        (False, 9),
    ]
    assert roster.revoke("nobody") == []
    assert roster.revoked == {"ann", "nobody"}
    later = roster.add(record("nobody", "t5"))
    assert (later.revoked, later.expires) == (True, 0)


def test_roles_apart(roster):
    """Who reports and follows has two seats, and only reporters get bits, without holes."""
    fan = roster.add(record("ann", "t1", "viewer"))
    ann, bob = roster.add(record("ann", "t2")), roster.add(record("bob", "t3"))
    assert (fan.bit, ann.bit, bob.bit) == (0, 1, 2)
    assert roster.reporters == [ann, bob]
    assert roster.find("ann", "viewer") is fan
    assert roster.find("cid", "viewer") is None


def test_presence(roster):
    """Whoever is marked twice counts once."""
    ann, bob = roster.add(record("ann", "t1")), roster.add(record("bob", "t2"))
    for member, present, count in (
        (ann, True, 1),
        (ann, True, 1),
        (bob, True, 2),
        (ann, False, 1),
        (ann, False, 1),
    ):
        roster.mark(member, present)
        assert roster.present == count


def test_staying(roster):
    """Those stay who say so, and only reporters; a new token may say otherwise."""
    ann = roster.add(record("ann", "t1", stays=True))
    roster.add(record("bob", "t2"))
    assert roster.staying == [ann]
    roster.add(record("ann", "t3", stays=False))
    assert roster.staying == []


def test_silent(roster):
    """Those are silent who are present and were not heard lately."""
    ann, bob, cid = (roster.add(record(n, n)) for n in ("ann", "bob", "cid"))
    for member, heard in ((ann, 1.0), (bob, 5.0)):
        roster.mark(member, True)
        member.heard = heard
    assert roster.silent(5.0) == [ann]
    roster.restart_waiting(9.0)
    assert roster.silent(5.0) == []
    assert not cid.present


def test_who_follows_what_is_published(roster):
    """One that tells eight times of what was an entry already, and of nothing else, follows; with
    enough of its own it does not. Answers count for neither."""
    one = roster.add(record("ann", "t1"))
    for n in range(1, 12):
        assert one.count(n)
        one.questions += n > 8  # the last three are answers
    assert not any(roster.note_followed(one) for _ in range(7))
    assert roster.note_followed(one)
    assert roster.following == one.bit
    for n in range(12, 17):
        assert one.count(n)
    assert not roster.note_followed(one)
    assert roster.following == 0
