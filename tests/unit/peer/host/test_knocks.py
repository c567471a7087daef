"""Who may connect to a host; the broker and the door are played by the test."""

from __future__ import annotations

import pytest

from touchline.peer.host import knocks as module
from touchline.peer.host.knocks import REFUSAL_SECONDS, PendingPeers
from touchline.protocol.errors import (
    BadToken,
    NotAllowed,
    Overloaded,
    Revoked,
    UnknownKey,
    Unreachable,
)
from touchline.protocol.messages import Done, Vouched

ANN, BOB, CID = (bytes([letter]) * 32 for letter in b"abc")


class Porch:
    """Knocks, what is asked of the broker, and what the door is told."""

    def __init__(self) -> None:
        self.now = 10.0
        self.asked: list[bytes] = []
        self.told: list[tuple[bytes, bool]] = []
        self.woken = 0
        self.may = True
        self.full = False
        self.knocks = PendingPeers(
            self.ask,
            lambda key, admitted: self.told.append((key, admitted)),
            self.wake,
            self.may_ask,
        )

    def ask(self, vouch):
        if self.full:
            raise Overloaded("full")
        self.asked.append(vouch.curve)
        return len(self.asked)

    def may_ask(self, now):
        assert now == self.now
        return self.may

    def wake(self):
        self.woken += 1

    def knock(self, key):
        """Let a key knock, and the host take note of it."""
        verdict = self.knocks.judge(key)
        self.knocks.handle(self.now)
        return verdict

    def answer(self, reply, *, serving=True):
        """Answer what was asked last."""
        return self.knocks.answered(len(self.asked), reply, self.now, serving=serving)

    def vouch(self, key, peer="p"):
        assert self.answer(Vouched(id=1, curve=key, peer=peer))


@pytest.fixture
def porch():
    return Porch()


def test_member(porch):
    """Who takes part is let in without a question."""
    porch.knocks.admit([ANN, BOB])
    assert porch.knock(ANN) is porch.knock(BOB) is True
    assert (porch.asked, porch.woken) == ([], 0)


def test_vouched(porch):
    """Whoever is not known is held, once for all connections, until the broker has vouched; after
    that nobody is asked again."""
    assert porch.knock(ANN) is None
    assert porch.knock(ANN) is None
    assert (porch.asked, porch.woken) == ([ANN], 2)
    porch.vouch(ANN)
    assert porch.told == [(ANN, True)]
    assert porch.knock(ANN) is True


def test_member_while_held(porch):
    """One who is held while their event begins to be served is let in with it."""
    porch.knock(ANN)
    porch.knocks.admit([ANN])
    assert porch.told == [(ANN, True)]
    porch.answer(Unreachable("away"))
    assert porch.knock(ANN) is True


@pytest.mark.parametrize("refusal", [UnknownKey("who?"), BadToken("none"), Revoked("out")])
def test_refused(porch, refusal):
    """Whom the broker refuses is not let in; it is not asked again at once."""
    porch.knock(ANN)
    porch.answer(refusal)
    assert porch.told == [(ANN, False)]
    assert porch.knock(ANN) is None
    assert porch.told == [(ANN, False)] * 2
    porch.now += REFUSAL_SECONDS
    porch.knock(ANN)
    assert porch.asked == [ANN, ANN]
    porch.vouch(ANN)
    assert porch.knock(ANN) is True


def test_not_serving_yet(porch):
    """Before every event is served a refusal is none: the broker can't know yet."""
    porch.knock(ANN)
    porch.answer(BadToken("none for what you host"), serving=False)
    assert porch.told == []
    porch.knock(ANN)
    assert porch.asked == [ANN, ANN]


@pytest.mark.parametrize(
    "reply", [Unreachable("away"), Overloaded("busy"), NotAllowed("you hold no lease")]
)
def test_no_answer(porch, reply):
    """Without an answer about the key nobody is refused, as when our lease has lapsed while we or
    the broker were away; the next knock asks again."""
    porch.knock(ANN)
    porch.answer(reply)
    assert porch.told == []
    porch.knock(ANN)
    assert porch.asked == [ANN, ANN]


def test_strange_answer(porch):
    """An answer about somebody else, or none, lets nobody in."""
    porch.knock(ANN)
    porch.answer(Vouched(id=1, curve=BOB, peer="bob"))
    porch.knock(CID)
    porch.answer(Done(id=1))
    assert porch.told == [(ANN, False), (CID, False)]
    assert not porch.knocks.answered(77, Done(id=77), porch.now, serving=True)
    assert porch.knock(BOB) is None


def test_too_many(porch):
    """Who can't be asked about now is held, and asked about when it knocks again."""
    porch.may = False
    porch.knock(ANN)
    porch.may, porch.full = True, True
    porch.knock(ANN)
    assert (porch.asked, porch.told) == ([], [])
    porch.full = False
    porch.knock(ANN)
    assert porch.asked == [ANN]


def test_revoked(porch):
    """Whoever is revoked is let in no more, by key or by who was vouched for, even if the broker
    were to vouch again; it is told whether they may be in."""
    porch.knocks.admit([ANN])
    porch.knock(BOB)
    porch.vouch(BOB, "bob")
    assert porch.knocks.revoke([ANN], [])
    assert porch.knocks.revoke([], ["bob", "nobody"])
    assert not porch.knocks.revoke([ANN], ["bob"]), "they are out already"
    assert not porch.knocks.revoke([CID], ["cid"]), "was never here"
    porch.knocks.admit([ANN])
    assert [porch.knock(key) for key in (ANN, BOB, CID)] == [False] * 3


def test_revoked_while_asked(porch):
    """Who is revoked while the broker is being asked is not let in by an answer of before."""
    porch.knock(ANN)
    porch.knocks.revoke([ANN], [])
    porch.vouch(ANN)
    assert (ANN, True) not in porch.told


def test_bounds(porch, monkeypatch):
    """What is remembered of others than members is bounded."""
    monkeypatch.setattr(module, "MOST_VOUCHED", 2)
    monkeypatch.setattr(module, "MOST_REFUSED", 2)
    keys = [bytes([number]) * 32 for number in range(6)]
    porch.knocks.admit([ANN])
    for key in keys[:3]:
        porch.knock(key)
        porch.vouch(key)
    assert [porch.knock(key) for key in (ANN, *keys[1:3])] == [True] * 3
    assert porch.knock(keys[0]) is None
    porch.vouch(keys[0])
    for key in keys[3:]:
        porch.knock(key)
        porch.answer(UnknownKey("who?"))
    before = len(porch.asked)
    porch.knock(keys[3])
    assert len(porch.asked) == before + 1


def test_member_is_not_forgotten(porch, monkeypatch):
    """Who takes part is known for good, also where the broker had vouched for them first."""
    monkeypatch.setattr(module, "MOST_VOUCHED", 1)
    porch.knock(ANN)
    porch.vouch(ANN)
    porch.knocks.admit([ANN])
    for key in (BOB, CID):
        porch.knock(key)
        porch.vouch(key)
    assert porch.knock(ANN) is True
