"""A session whose key is not let in, or whose host or broker is not who it should be."""

from __future__ import annotations

import pytest

from tests.unit.peer.staging import HERE, KEY, THERE, Stage, invitation
from touchline.peer.session import REJOIN_SECONDS, TRIES, AskBroker, ConnectToHost
from touchline.protocol.errors import Revoked, Unreachable, Untrusted
from touchline.protocol.messages import Error, HostPing


@pytest.fixture
def stage():
    return Stage()


def test_another_key(stage):
    """An invitation to the same place under another key connects anew."""
    stage.opened()
    stage.session.rejoin(stage.now)
    stage.tick()
    other = bytes(32)
    assert stage.invited(invitation(key=other))[0] == ConnectToHost(HERE, other)


def test_untrusted_broker(stage):
    """A broker that is not the one it should be, or lets nobody in, ends a session that has no way
    in; whoever has one goes on without it."""
    stage.tick()
    error = Untrusted("another key")
    stage.invited(error)
    assert stage.session.failure is error
    stage = Stage()
    stage.opened()
    stage.session.rejoin(stage.now)
    stage.tick()
    (ping,) = stage.invited(error)
    assert isinstance(ping, HostPing)
    assert (stage.session.failure, stage.session.away) == (None, error)


def test_shut_out(stage):
    """Where the host does not let the key in the broker is asked again; as long as it invites, the
    session goes on: what the host knows is out of date."""
    stage.opened()
    error = Untrusted("not let in")
    for _ in range(3 * TRIES):
        stage.session.shut_out(error, stage.now, refused=True)
        assert not stage.session.open
        assert stage.session.shut is error
        assert isinstance(stage.tick()[0], AskBroker)
        stage.invited(invitation())
    assert stage.session.failure is None


def test_shut_out_by_both(stage):
    """Where neither the host, three times since the broker last invited, nor the broker lets the
    key in, the session gives up."""
    stage.opened()
    error = Untrusted("the broker does not let this key in")
    for _ in range(TRIES - 1):
        stage.session.shut_out(Untrusted("not let in"), stage.now, refused=True)
    assert isinstance(stage.tick()[0], AskBroker)
    stage.invited(invitation())
    for _ in range(TRIES):
        assert stage.session.failure is None
        stage.session.shut_out(Untrusted("not let in"), stage.now, refused=True)
        assert isinstance(stage.tick()[0], AskBroker)
        stage.invited(error)
    assert stage.session.failure is error
    stage.session.handle_timer(stage.now + 100, 0)
    assert stage.commands() == []


def test_shut_out_while_the_broker_is_away(stage):
    """A host that does not let the key in while the broker can't be asked is no reason to give
    up."""
    stage.opened()
    for _ in range(3 * TRIES):
        stage.session.shut_out(Untrusted("not let in"), stage.now, refused=True)
        assert isinstance(stage.tick()[0], AskBroker)
        stage.invited(Unreachable("away"))
    assert stage.session.failure is None


def test_let_in_at_last(stage):
    """What the host had refused before it lets the key in is forgotten."""
    for _ in range(TRIES):
        stage.session.shut_out(Untrusted("not yet"), stage.now, refused=True)
        stage.tick()
        stage.invited(invitation())
        stage.session.reconnected(stage.now, stage.wall)
        assert stage.session.shut is None
        ping = stage.commands()[-1]
        stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
        stage.hear(stage.setup())
        assert stage.session.open
    assert stage.session.failure is None


def test_not_the_host(stage):
    """Somebody else at the host's address is no reason to give up, however often: the host may
    have moved, and the broker will say so."""
    stage.opened()
    for _ in range(3 * TRIES):
        stage.session.shut_out(Untrusted("another key"), stage.now, refused=False)
        assert isinstance(stage.tick()[0], AskBroker)
        stage.invited(invitation())
    assert stage.session.failure is None
    assert stage.invited(invitation(THERE))[0] == ConnectToHost(THERE, KEY)


def test_not_put_off(stage):
    """However often the host turns out not to be it, the broker is asked when it was to be asked,
    and once."""
    stage.opened()
    error = Untrusted("another key")
    stage.session.shut_out(error, stage.now, refused=False)
    due = stage.session.next_timer()
    stage.session.shut_out(error, stage.now + REJOIN_SECONDS / 2, refused=False)
    assert stage.session.next_timer() == due
    assert isinstance(stage.tick()[0], AskBroker)
    stage.session.shut_out(error, stage.now, refused=False)
    assert stage.session.next_timer() is None


def test_revoked(stage):
    """Whoever is told to be revoked gives up, whatever was asked, and when."""
    stage.attached()
    stage.hear(Error(id=3, code="REVOKED", reason="put out"))
    assert isinstance(stage.session.failure, Revoked)
    stage = Stage()
    stage.opened()
    stage.hear(Error(id=77, code="REVOKED", reason="put out"))
    assert isinstance(stage.session.failure, Revoked)
    assert not stage.session.open


def test_wrong_key(stage):
    """A token that is said to be another key's is replaced, as one that is refused is."""
    stage.attached()
    for _ in range(TRIES - 1):
        stage.hear(Error(id=3, code="WRONG_KEY", reason="not yours"))
        assert isinstance(stage.tick()[0], AskBroker)
        (ping,) = stage.invited(invitation())
        stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
    stage.hear(Error(id=3, code="WRONG_KEY", reason="not yours"))
    assert stage.session.failure.code == "WRONG_KEY"
