"""Which keys may connect, which requests are heard, how many frames are taken in a turn.

The broker and the authenticator are played by the test.
"""

from __future__ import annotations

import pytest

from touchline.peer.host import admission
from touchline.peer.host.admission import (
    REFUSAL_SECONDS,
    AdaptiveBatch,
    HostRequestLimiter,
    PendingPeers,
)
from touchline.protocol.errors import (
    BadToken,
    NotAllowed,
    Overloaded,
    Revoked,
    UnknownKey,
    Unreachable,
    WrongKey,
)
from touchline.protocol.keys import routing_id
from touchline.protocol.messages import Done, Vouched

ANN, BOB, CID = (bytes([letter]) * 32 for letter in b"abc")
OWN = routing_id(ANN, b"1")


def test_routing_id():
    """A routing id is good for connections of its key alone; where nothing is encrypted, any is."""
    one = HostRequestLimiter()
    assert one.refusal(OWN, ANN, 0.0) is None
    assert one.refusal(b"anything", b"", 0.0) is None
    for strange in (b"anything", b"", routing_id(BOB, b"1"), OWN[:12]):
        assert isinstance(one.refusal(strange, ANN, 0.0), WrongKey)


def test_rate_is_of_the_key():
    """All connections of a key share its rate; those of another do not."""
    one = HostRequestLimiter()
    for number in range(admission.REQUEST_BURST):
        assert one.refusal(routing_id(ANN, bytes([number % 9])), ANN, 0.0) is None
    assert isinstance(one.refusal(OWN, ANN, 0.0), Overloaded)
    assert one.refusal(routing_id(BOB, b"1"), BOB, 0.0) is None
    assert one.refusal(OWN, ANN, 1 / admission.REQUEST_RATE) is None


def test_asking_is_bounded_for_all():
    """However many keys there are, the broker is asked so much and no more."""
    one = HostRequestLimiter()
    asked = 0
    for number in range(10_000):
        try:
            one.check_unknown_token(b"", number.to_bytes(32, "big"), 0.0)
            asked += 1
        except Overloaded:
            assert asked == admission.ASK_BURST
    assert asked == admission.ASK_BURST
    assert not one.may_ask(0.0)
    assert one.may_ask(1.0)


@pytest.mark.parametrize("refused", [0, 100])
def test_pace_stays(refused):
    """Where most frames are good, or few came at all, as many as ever are taken."""
    batch = AdaptiveBatch(1_000, 50)
    for _ in range(10):
        batch.adapt(1_000, refused)
        batch.adapt(10, 10)
    assert batch.frames == 1_000


def test_pace_in_a_flood():
    """While most of a full turn is refused fewer are taken, down to the least; when that is over it
    grows again."""
    batch = AdaptiveBatch(1_000, 50)
    seen = []
    for _ in range(5):
        batch.adapt(batch.frames, batch.frames)
        seen.append(batch.frames)
    assert seen == [250, 62, 50, 50, 50]
    for _ in range(5):
        batch.adapt(batch.frames, 0)
    assert batch.frames == 1_000


class Pending:
    """Pending peers, what is asked of the broker, and what the authenticator is told."""

    def __init__(self) -> None:
        self.now = 10.0
        self.asked: list[bytes] = []
        self.resolved: list[tuple[bytes, bool]] = []
        self.woken = 0
        self.may = True
        self.full = False
        self.serving = True
        self.peers = PendingPeers(
            self.ask,
            lambda key, admitted: self.resolved.append((key, admitted)),
            self.wake,
            self.may_ask,
            lambda: self.serving,
        )

    def ask(self, vouch, then):
        if self.full:
            raise Overloaded("full")
        self.asked.append(vouch.curve)
        self.then = then

    def may_ask(self, now):
        assert now == self.now
        return self.may

    def wake(self):
        self.woken += 1

    def connect(self, key):
        """Let a key connect, and the host take note of it."""
        verdict = self.peers.decide(key)
        self.peers.handle(self.now)
        return verdict

    def answer(self, reply):
        """Answer what was asked last."""
        self.then(reply, self.now)

    def vouch(self, key, peer="p"):
        self.answer(Vouched(id=1, curve=key, peer=peer))


@pytest.fixture
def pending():
    return Pending()


def test_member(pending):
    """Who takes part is let in without a question."""
    pending.peers.admit([ANN, BOB])
    assert pending.connect(ANN) is pending.connect(BOB) is True
    assert (pending.asked, pending.woken) == ([], 0)


def test_vouched(pending):
    """Whoever is not known is held, once for all connections, until the broker has vouched; after
    that nobody is asked again."""
    assert pending.connect(ANN) is None
    assert pending.connect(ANN) is None
    assert (pending.asked, pending.woken) == ([ANN], 2)
    pending.vouch(ANN)
    assert pending.resolved == [(ANN, True)]
    assert pending.connect(ANN) is True


def test_member_while_held(pending):
    """One who is held while their event begins to be served is let in with it."""
    pending.connect(ANN)
    pending.peers.admit([ANN])
    assert pending.resolved == [(ANN, True)]
    pending.answer(Unreachable("away"))
    assert pending.connect(ANN) is True


@pytest.mark.parametrize("refusal", [UnknownKey("who?"), BadToken("none"), Revoked("out")])
def test_refused(pending, refusal):
    """Whom the broker refuses is not let in; it is not asked again at once."""
    pending.connect(ANN)
    pending.answer(refusal)
    assert pending.resolved == [(ANN, False)]
    assert pending.connect(ANN) is None
    assert pending.resolved == [(ANN, False)] * 2
    pending.now += REFUSAL_SECONDS
    pending.connect(ANN)
    assert pending.asked == [ANN, ANN]
    pending.vouch(ANN)
    assert pending.connect(ANN) is True


def test_not_serving_yet(pending):
    """Before every event is served a refusal is none: the broker can't know yet."""
    pending.connect(ANN)
    pending.serving = False
    pending.answer(BadToken("none for what you host"))
    assert pending.resolved == []
    pending.connect(ANN)
    assert pending.asked == [ANN, ANN]


@pytest.mark.parametrize(
    "reply", [Unreachable("away"), Overloaded("busy"), NotAllowed("you hold no lease")]
)
def test_no_answer(pending, reply):
    """Without an answer about the key nobody is refused, as when our lease has lapsed while we or
    the broker were away; the next knock asks again."""
    pending.connect(ANN)
    pending.answer(reply)
    assert pending.resolved == []
    pending.connect(ANN)
    assert pending.asked == [ANN, ANN]


def test_strange_answer(pending):
    """An answer about somebody else, or none, lets nobody in."""
    pending.connect(ANN)
    pending.answer(Vouched(id=1, curve=BOB, peer="bob"))
    pending.connect(CID)
    pending.answer(Done(id=1))
    assert pending.resolved == [(ANN, False), (CID, False)]
    assert pending.connect(BOB) is None


def test_too_many(pending):
    """Who can't be asked about now is held, and asked about when it knocks again."""
    pending.may = False
    pending.connect(ANN)
    pending.may, pending.full = True, True
    pending.connect(ANN)
    assert (pending.asked, pending.resolved) == ([], [])
    pending.full = False
    pending.connect(ANN)
    assert pending.asked == [ANN]


def test_revoked(pending):
    """Whoever is revoked is let in no more, by key or by who was vouched for, even if the broker
    were to vouch again; it is told whether they may be in."""
    pending.peers.admit([ANN])
    pending.connect(BOB)
    pending.vouch(BOB, "bob")
    assert pending.peers.revoke([ANN], [])
    assert pending.peers.revoke([], ["bob", "nobody"])
    assert not pending.peers.revoke([ANN], ["bob"]), "they are out already"
    assert not pending.peers.revoke([CID], ["cid"]), "was never here"
    pending.peers.admit([ANN])
    assert [pending.connect(key) for key in (ANN, BOB, CID)] == [False] * 3


def test_revoked_while_asked(pending):
    """Who is revoked while the broker is being asked is not let in by an answer of before."""
    pending.connect(ANN)
    pending.peers.revoke([ANN], [])
    pending.vouch(ANN)
    assert (ANN, True) not in pending.resolved


def test_bounds(pending, monkeypatch):
    """What is remembered of others than members is bounded."""
    monkeypatch.setattr(admission, "MOST_VOUCHED", 2)
    monkeypatch.setattr(admission, "MOST_REFUSED", 2)
    keys = [bytes([number]) * 32 for number in range(6)]
    pending.peers.admit([ANN])
    for key in keys[:3]:
        pending.connect(key)
        pending.vouch(key)
    assert [pending.connect(key) for key in (ANN, *keys[1:3])] == [True] * 3
    assert pending.connect(keys[0]) is None
    pending.vouch(keys[0])
    for key in keys[3:]:
        pending.connect(key)
        pending.answer(UnknownKey("who?"))
    before = len(pending.asked)
    pending.connect(keys[3])
    assert len(pending.asked) == before + 1


def test_member_is_not_forgotten(pending, monkeypatch):
    """Who takes part is known for good, also where the broker had vouched for them first."""
    monkeypatch.setattr(admission, "MOST_VOUCHED", 1)
    pending.connect(ANN)
    pending.vouch(ANN)
    pending.peers.admit([ANN])
    for key in (BOB, CID):
        pending.connect(key)
        pending.vouch(key)
    assert pending.connect(ANN) is True
