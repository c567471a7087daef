"""Seats and presence."""

from __future__ import annotations

import pytest

from touchline.peer.host.event import records
from touchline.peer.host.event.roster import Roster


def record(peer, token, role="reporter", **fields):
    usual = {"name": peer, "expires": 9}
    return records.Member(peer=peer, token=token, role=role, **{**usual, **fields})


@pytest.fixture
def roster():
    return Roster()


def test_one_seat_a_person(roster):
    """A peer under a new token has its old seat; the old badge still names it."""
    one = roster.seat(record("ann", "t1", badge="b1"))
    new = record("ann", "t2", badge="b2", shift=7, expires=11, name="Ann")
    assert roster.seat(new) is one
    assert (one.token, one.badge, one.shift, one.expires, one.name) == ("t2", "b2", 7, 11, "Ann")
    assert roster.by_badge == {"b1": one, "b2": one}


def test_journals_without_badges(roster):
    """In a journal of before there were badges reports carry the token."""
    one = roster.seat(record("ann", "t1"))
    assert roster.by_badge == {"t1": one}


def test_revoked(roster):
    """Whoever is revoked is so in every role, for good, also under a new token."""
    seats = [roster.seat(record("ann", "t1")), roster.seat(record("ann", "t2", "viewer"))]
    bob = roster.seat(record("bob", "t3"))
    assert roster.revoke("ann") == seats
    roster.seat(record("ann", "t4", expires=99))
    assert [(one.revoked, one.expires) for one in (*seats, bob)] == [
        (True, 0),
        (True, 0),
        (False, 9),
    ]
    assert roster.revoke("nobody") == []
    assert roster.revoked == {"ann", "nobody"}
    later = roster.seat(record("nobody", "t5"))
    assert (later.revoked, later.expires) == (True, 0)


def test_roles_apart(roster):
    """Who reports and follows has two seats, and only reporters get bits, without holes."""
    fan = roster.seat(record("ann", "t1", "viewer"))
    ann, bob = roster.seat(record("ann", "t2")), roster.seat(record("bob", "t3"))
    assert (fan.bit, ann.bit, bob.bit) == (0, 1, 2)
    assert roster.reporters == [ann, bob]
    assert roster.find("ann", "viewer") is fan
    assert roster.find("cid", "viewer") is None


def test_presence(roster):
    """Whoever is marked twice counts once."""
    ann, bob = roster.seat(record("ann", "t1")), roster.seat(record("bob", "t2"))
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
    ann = roster.seat(record("ann", "t1", stays=True))
    roster.seat(record("bob", "t2"))
    assert roster.staying == [ann]
    roster.seat(record("ann", "t3", stays=False))
    assert roster.staying == []


def test_silent(roster):
    """Those are silent who are present and were not heard lately."""
    ann, bob, cid = (roster.seat(record(n, n)) for n in ("ann", "bob", "cid"))
    for member, heard in ((ann, 1.0), (bob, 5.0)):
        roster.mark(member, True)
        member.heard = heard
    assert roster.silent(5.0) == [ann]
    roster.heard_all(9.0)
    assert roster.silent(5.0) == []
    assert not cid.present
