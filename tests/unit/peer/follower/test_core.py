"""The copy of one event, and the table of its states, walked pair by pair."""

from __future__ import annotations

import pytest

from touchline.peer.follower.core import (
    ANSWER_SECONDS,
    MOST_TURN_BYTES,
    PAUSE_SECONDS,
    REFUSED_SECONDS,
    TABLE,
    CopyInput,
    CopyState,
    EventCopy,
)
from touchline.peer.session import AskBroker, ConnectToHost, SendToHost
from touchline.protocol import codec
from touchline.protocol.errors import NotGranted, Unreachable, Untrusted
from touchline.protocol.keys import Identity
from touchline.protocol.messages import (
    Card,
    CopiedTurn,
    Endpoints,
    Error,
    Invitation,
    Join,
    Pong,
    Turns,
)

CARD = Card(event="e", title="E", sport="football", origins=["A", "B"])
HOST = Identity(b"h" * 32)
ENDS = Endpoints(router="tcp://h:1", pull="tcp://h:2", pub="tcp://h:3")
INVITATION = Invitation(
    id=1, card=CARD, token="t", expires=0, epoch=3, endpoints=ENDS, key=HOST.public
)
UNHOSTED = Invitation(id=1, card=CARD, token="t", expires=0)
STATES = list(CopyState)

# The next state by its first letter, in the order of STATES: from PAUSED, JOINING, ASKING, STORING,
# FAILED; "-" where the pair is refused.
EXPECTED = {
    "DUE": "J-P--",
    "INVITED": "-A---",
    "UNHOSTED": "-P---",
    "BROKER_AWAY": "-P---",
    "TURNED_AWAY": "-P---",
    "CONNECTED": "--A--",
    "SHUT_OUT": "--P--",
    "TURNS": "--S--",
    "PIECE": "--A--",
    "NOTHING": "--A--",
    "REFUSED": "--P--",
    "MOVED": "--P--",
    "OTHER_HISTORY": "--F--",
    "STORED": "---A-",
    "NOT_STORED": "---P-",
}


def turns(copy, *blobs, rest=0, first=0, newest=0, card=None):
    """The host's answer to the newest request."""
    found = [CopiedTurn(blob, bytes([n]) * 16) for n, blob in enumerate(blobs, 1)]
    at = first or copy.turn + 1
    return Turns(
        id=copy._last_id, event="e", first=at, newest=newest or at - 1 + len(blobs), epoch=3,
        turns=found, rest=rest, card=card,
    )  # fmt: skip


def asked(copy):
    """The request that the copy sends to the host."""
    (command,) = [one for one in copy.commands() if isinstance(one, SendToHost)]
    return codec.decode_host_request(command.frame)


def joining():
    copy = EventCopy("e")
    copy.handle_timer(0.0, 0)
    return copy


def asking():
    copy = joining()
    copy.invited(INVITATION, 1.0, 0)
    copy.commands()
    return copy


def storing():
    copy = asking()
    copy.received(turns(copy, b"one"), 2.0, 0)
    return copy


def failed():
    copy = asking()
    copy.received(Error(id=copy._last_id, code="CONFLICT", reason="another"), 2.0, 0)
    return copy


MADE = dict(zip(STATES, (lambda: EventCopy("e"), joining, asking, storing, failed), strict=True))


def put(copy, found):
    """Let an input happen as a connection or the disk would say it."""
    last = copy._last_id
    match found.name:
        case "DUE":
            copy.handle_timer(1e9, 0)
        case "INVITED":
            copy.invited(INVITATION, 5.0, 0)
        case "UNHOSTED":
            copy.invited(UNHOSTED, 5.0, 0)
        case "BROKER_AWAY":
            copy.invited(Unreachable("no"), 5.0, 0)
        case "TURNED_AWAY":
            copy.invited(NotGranted("no"), 5.0, 0)
        case "CONNECTED":
            copy.reconnected(5.0, 0)
        case "SHUT_OUT":
            copy.shut_out(Untrusted("no"), 5.0, refused=True)
        case "TURNS":
            copy.received(turns(copy, b"one"), 5.0, 0)
        case "PIECE":
            copy.received(turns(copy, b"one", rest=7), 5.0, 0)
        case "NOTHING":
            copy.received(turns(copy), 5.0, 0)
        case "REFUSED":
            copy.received(Error(id=last, code="OVERLOADED", reason="no"), 5.0, 0)
        case "MOVED":
            copy.received(Error(id=last, code="NOT_FOUND", reason="no"), 5.0, 0)
        case "OTHER_HISTORY":
            copy.received(Error(id=last, code="CONFLICT", reason="no"), 5.0, 0)
        case "STORED":
            copy.stored(5.0, done=True)
        case "NOT_STORED":
            copy.stored(5.0, done=False)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
@pytest.mark.parametrize("found", list(CopyInput), ids=lambda found: found.name)
def test_every_pair(state, found):
    """What happens in a state leads to the state of the table; what is not in it changes
    nothing."""
    copy = MADE[state]()
    assert copy.state is state
    copy.commands()
    before = copy.turn, copy.turns, copy.next_timer()
    put(copy, found)
    letter = EXPECTED[found.name][STATES.index(state)]
    if letter == "-":
        assert found not in TABLE[state]
        assert copy.state is state
        assert (copy.turn, copy.turns) == before[:2]
        assert copy.commands() == []
    else:
        assert copy.state.name[0] == letter


def test_every_request_acknowledges_what_is_on_disk():
    """A request names the last turn that is stored here, and no turn that has merely come."""
    copy = EventCopy("e", 4, b"four")
    copy.handle_timer(0.0, 0)
    (command,) = copy.commands()
    assert command == AskBroker(Join(id=0, event="e", role="host"))
    copy.invited(INVITATION, 1.0, 0)
    connect, _ = copy._commands
    assert connect == ConnectToHost(ENDS, HOST.public)
    request = asked(copy)
    assert (request.turn, request.checksum, request.token) == (4, b"four", "t")
    copy.received(turns(copy, b"five", b"six", newest=9, card=CARD), 2.0, 0)
    assert copy.turn == 4
    assert copy.commands() == []
    assert copy.turns == [(b"five", b"\1" * 16), (b"six", b"\2" * 16)]
    copy.stored(3.0, done=True)
    request = asked(copy)
    assert (request.turn, request.checksum) == (6, b"\2" * 16)
    assert (copy.epoch, copy.newest, copy.host, copy.card) == (3, 9, HOST.peer, CARD)
    assert not copy.current
    copy.received(turns(copy), 4.0, 0)
    assert copy.current


def test_a_copy_that_was_not_answered_is_not_current():
    """Before the host has answered in this run, nobody knows whether there is more."""
    copy = EventCopy("e", 4, b"four")
    copy.handle_timer(0.0, 0)
    copy.invited(INVITATION, 1.0, 0)
    assert not copy.current
    copy.received(turns(copy), 2.0, 0)
    assert copy.current


def test_a_disk_that_is_full():
    """Turns that can't be stored are asked for again after a pause."""
    copy = storing()
    copy.stored(3.0, done=False)
    assert (copy.turn, copy.turns, copy.next_timer()) == (0, [], 3.0 + PAUSE_SECONDS)


def test_pieces():
    """The pieces of a turn are put together; a request says how much is there."""
    copy = asking()
    copy.received(turns(copy, b"on", rest=9), 2.0, 0)
    assert asked(copy).offset == 2
    copy.received(turns(copy, b"e", rest=3), 2.0, 0)
    assert asked(copy).offset == 3
    copy.received(turns(copy, b"end", b"two"), 2.0, 0)
    assert [blob for blob, _ in copy.turns] == [b"oneend", b"two"]
    copy.stored(3.0, done=True)
    assert (copy.turn, asked(copy).offset) == (2, 0)


def test_pieces_are_asked_for_anew():
    """After a break the pieces are asked for from the first."""
    copy = asking()
    copy.received(turns(copy, b"on", rest=9), 2.0, 0)
    copy.commands()
    copy.handle_timer(2.0 + ANSWER_SECONDS, 0)
    copy.handle_timer(2.0 + ANSWER_SECONDS, 0)
    copy.invited(INVITATION, 20.0, 0)
    assert asked(copy).offset == 0


def test_what_does_not_follow():
    """Turns that do not follow what is here, or a turn without end, are not taken."""
    for wrong in ({"first": 2}, {"first": 1, "rest": MOST_TURN_BYTES}):
        copy = asking()
        copy.received(turns(copy, b"one", **wrong), 2.0, 0)
        assert (copy.state, copy.turns) == (CopyState.PAUSED, [])


def test_an_answer_to_another_request():
    """What answers no request of its own changes nothing."""
    copy = asking()
    old = turns(copy, b"one")
    copy.received(turns(copy), 2.0, 0)
    copy.received(old, 2.0, 0)
    copy.received(Pong(id=copy._last_id, event="e", time=0, host_time=0), 2.0, 0)
    assert (copy.state, copy.turns) == (CopyState.ASKING, [])


def test_since_when_the_host_is_gone():
    """It is known since when the broker has nobody for the event; a host ends that."""
    copy = joining()
    copy.invited(UNHOSTED, 5.0, 0)
    copy.handle_timer(6.0, 0)
    copy.invited(UNHOSTED, 6.5, 0)
    assert copy.gone_since == 5.0
    copy.handle_timer(9.0, 0)
    copy.invited(INVITATION, 9.5, 0)
    assert copy.gone_since is None


def test_a_peer_that_may_not():
    """Where the broker refuses this peer, it asks again after a longer pause, and says why."""
    copy = joining()
    copy.invited(NotGranted("no"), 5.0, 0)
    assert copy.next_timer() == 5.0 + REFUSED_SECONDS
    assert copy.refusal is not None
    assert copy.refusal.code == "NOT_GRANTED"


def test_the_same_host_is_not_connected_to_anew():
    """A host at the same place with the same key keeps its connection; after a handshake that
    failed there is a new one."""
    copy = asking()
    copy.handle_timer(100.0, 0)
    copy.handle_timer(100.0, 0)
    copy.commands()
    copy.invited(INVITATION, 101.0, 0)
    assert not any(isinstance(one, ConnectToHost) for one in copy.commands())
    copy.shut_out(Untrusted("no"), 102.0, refused=False)
    copy.handle_timer(200.0, 0)
    copy.commands()
    copy.invited(INVITATION, 201.0, 0)
    assert any(isinstance(one, ConnectToHost) for one in copy.commands())
