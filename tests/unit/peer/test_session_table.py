"""The table of a session, walked pair by pair."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.peer.staging import Stage, invitation
from touchline.peer.session import (
    REPLY_SECONDS,
    TABLE,
    TRIES,
    AskBroker,
    SessionInput,
    SessionState,
    _Occasion,
)
from touchline.protocol.errors import BadToken, NotFound, Revoked, Unreachable, Untrusted
from touchline.protocol.messages import Error, Pong, Receipt

STATES = list(SessionState)

# The next state by its first letter, in the order of STATES: from PAUSED, JOINING, GREETING,
# ATTACHING, OPEN, FAILED; "-" where the pair is refused.
EXPECTED = {
    "DUE": "J-GGO-",
    "UNANSWERED": "--PP--",
    "SILENT": "----P-",
    "REJOIN": "PJPAP-",
    "INVITED": "GGGGG-",
    "UNHOSTED": "PPPPO-",
    "BROKER_AWAY": "GGGGO-",
    "STRANDED": "PP----",
    "TURNED_AWAY": "FFFFF-",
    "KEPT": "GGGGG-",
    "CONNECTED": "GGGGG-",
    "SHUT_OUT": "PJPPP-",
    "PONG": "AAAAO-",
    "LATE_PONG": "GGGGOF",
    "UNKNOWN": "AAAAA-",
    "LATE_UNKNOWN": "GGGGG-",
    "FORGOTTEN": "--GAG-",
    "SETUP": "---O--",
    "REFUSED": "PJPPOF",
    "UNLEASED": "PJPPPF",
    "TOKEN_REFUSED": "--PP--",
    "TOKENS_REFUSED": "--PF--",
    "WRONG_VERSION": "FFFF--",
    "REVOKED": "FFFFF-",
    "OTHER": "PJGAOF",
}

PAIRS = [(state, found) for state in STATES for found in SessionInput]


def brought_to(state: SessionState) -> Stage:
    """Return a session that has come to a state by what its connection told it."""
    stage = Stage()
    stage.opened()
    stage.session.asked_seq = None
    match state:
        case SessionState.PAUSED:
            stage.session.rejoin(stage.now)
        case SessionState.JOINING:
            stage.session.rejoin(stage.now)
            stage.tick()
        case SessionState.GREETING:
            stage.session.reconnected(stage.now, stage.wall)
        case SessionState.ATTACHING:
            (ping,) = stage.tick()
            stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
        case SessionState.FAILED:
            stage.hear(Error(id=0, code="REVOKED", reason="put out"))
    stage.commands()
    assert stage.session.state is state
    return stage


def content(found: SessionInput) -> Any:
    """Return what comes with an input."""
    match found:
        case SessionInput.INVITED | SessionInput.KEPT:
            return invitation()
        case SessionInput.UNHOSTED:
            return invitation(None)
        case SessionInput.BROKER_AWAY | SessionInput.STRANDED:
            return Unreachable("away")
        case SessionInput.SHUT_OUT:
            return Untrusted("not let in"), True
        case SessionInput.SETUP:
            return Stage().setup()
        case SessionInput.PONG | SessionInput.LATE_PONG:
            return Pong(id=1, event="e", time=5, host_time=5)
        case SessionInput.TOKEN_REFUSED | SessionInput.TOKENS_REFUSED:
            return BadToken("expired")
        case _:
            return Revoked("put out")


def standing(stage: Stage) -> dict[str, Any]:
    """Return all that a session holds, so that a change of any of it is seen."""
    fields = {name: value for name, value in vars(stage.session).items() if name != "_liveness"}
    return fields | {"_commands": list(stage.session._commands)}


@pytest.mark.parametrize(("state", "found"), PAIRS, ids=lambda value: value.name)
def test_every_pair_leads_where_it_should(state: SessionState, found: SessionInput) -> None:
    """A pair of the table leads to its state; any other is refused, and changes nothing."""
    stage = brought_to(state)
    before = standing(stage)
    letter = EXPECTED[found.name][STATES.index(state)]
    accepted = stage.session._step(found, _Occasion(stage.now, stage.wall, content(found)))
    assert accepted is (letter != "-")
    if accepted:
        assert stage.session.state.name[0] == letter
    else:
        assert standing(stage) == before


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_state_answers(state: SessionState) -> None:
    """Each state knows an answer that comes too late, one that is wrong, and anything else."""
    assert {SessionInput.LATE_PONG, SessionInput.REFUSED, SessionInput.OTHER} <= TABLE[state].keys()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_state_but_the_two_that_wait_has_a_timer(state: SessionState) -> None:
    """A session that waits for nothing but its timer has one: it can't come to rest."""
    due = brought_to(state).session.next_timer()
    assert (due is None) is (state in (SessionState.JOINING, SessionState.FAILED))


@pytest.mark.parametrize(("state", "found"), PAIRS, ids=lambda value: value.name)
def test_what_may_come_next_is_due(state: SessionState, found: SessionInput) -> None:
    """Whatever happens, a state that is left by its timer has the timer set."""
    stage = brought_to(state)
    if EXPECTED[found.name][STATES.index(state)] == "-":
        return
    if found in (SessionInput.DUE, SessionInput.UNANSWERED, SessionInput.SILENT):
        stage.session._due = None  # as a timer is when it has rung
    stage.session._step(found, _Occasion(stage.now, stage.wall, content(found)))
    waits = stage.session.state in (SessionState.JOINING, SessionState.FAILED)
    assert (stage.session.next_timer() is None) is waits


def heard(state: SessionState, act: Any) -> SessionInput:
    """Return the input that a call of the session's public face amounts to in a state."""
    stage = brought_to(state)
    found: list[SessionInput] = []
    stage.session._step = lambda one, _: bool(found.append(one))  # type: ignore[method-assign]  # to listen
    act(stage)
    (one,) = found
    return one


def pong(stage: Stage, after: float = 0.0) -> None:
    stage.hear(Pong(id=stage.session._greeting[0], event="e", time=0, host_time=0), after=after)


def error(stage: Stage, code: str, number: int = 0, after: float = 0.0) -> None:
    stage.hear(Error(id=number, code=code, reason=""), after=after)


def refused_before(stage: Stage) -> None:
    stage.session._refused = TRIES - 1
    error(stage, "BAD_TOKEN")


def unanswered(stage: Stage) -> None:
    stage.session._tries = TRIES
    stage.tick()


def stranded(stage: Stage) -> None:
    stage.session.invitation = None
    stage.invited(Unreachable("away"))


LATE = REPLY_SECONDS + 0.1
ACTS: list[tuple[str, str, Any]] = [
    ("OPEN", "DUE", lambda stage: stage.tick()),
    ("GREETING", "DUE", lambda stage: stage.tick()),
    ("GREETING", "UNANSWERED", unanswered),
    ("OPEN", "SILENT", lambda stage: stage.session.handle_timer(stage.now + 99, 0)),
    ("OPEN", "REJOIN", lambda stage: stage.session.rejoin(stage.now)),
    ("JOINING", "INVITED", lambda stage: stage.invited(invitation())),
    ("JOINING", "UNHOSTED", lambda stage: stage.invited(invitation(None))),
    ("JOINING", "BROKER_AWAY", lambda stage: stage.invited(Unreachable("away"))),
    ("JOINING", "STRANDED", stranded),
    ("JOINING", "TURNED_AWAY", lambda stage: stage.invited(NotFound("no event"))),
    ("JOINING", "KEPT", lambda stage: stage.session.invite(invitation(), 0.0, 0)),
    ("OPEN", "CONNECTED", lambda stage: stage.session.reconnected(stage.now, stage.wall)),
    ("OPEN", "SHUT_OUT", lambda stage: stage.session.shut_out(Untrusted(""), 0.0, refused=True)),
    ("GREETING", "PONG", pong),
    ("GREETING", "LATE_PONG", lambda stage: pong(stage, LATE)),
    ("GREETING", "UNKNOWN", lambda s: error(s, "UNKNOWN_PEER", s.session._greeting[0])),
    ("GREETING", "LATE_UNKNOWN", lambda s: error(s, "UNKNOWN_PEER", s.session._greeting[0], LATE)),
    ("OPEN", "FORGOTTEN", lambda stage: error(stage, "UNKNOWN_PEER", 2**40)),
    ("ATTACHING", "SETUP", lambda stage: stage.hear(stage.setup())),
    ("OPEN", "REFUSED", lambda stage: error(stage, "OVERLOADED")),
    ("OPEN", "UNLEASED", lambda stage: error(stage, "NO_LEASE")),
    ("ATTACHING", "TOKEN_REFUSED", lambda stage: error(stage, "WRONG_KEY")),
    ("ATTACHING", "TOKENS_REFUSED", refused_before),
    ("ATTACHING", "WRONG_VERSION", lambda stage: error(stage, "WRONG_VERSION")),
    ("OPEN", "REVOKED", lambda stage: error(stage, "REVOKED")),
    ("OPEN", "OTHER", lambda stage: stage.hear(Receipt(event="e", n=1))),
    ("GREETING", "OTHER", lambda stage: stage.hear(Pong(id=0, event="e", time=0, host_time=0))),
]


@pytest.mark.parametrize(("state", "found", "act"), ACTS)
def test_what_comes_is_taken_for_what_it_is(state: str, found: str, act: Any) -> None:
    """Each call of the public face amounts to the input that the table speaks of."""
    assert heard(SessionState[state], act) is SessionInput[found]


def test_every_input_can_come() -> None:
    """No input stands in the table that nothing leads to."""
    assert {found for _, found, _ in ACTS} == set(SessionInput.__members__)


def test_asked_while_the_host_is_about_to_answer() -> None:
    """A doubt while the token is presented asks the broker, and the host's answer still opens."""
    stage = brought_to(SessionState.ATTACHING)
    stage.session.rejoin(stage.now)
    assert stage.session.broker is None
    (command,) = stage.session.commands()
    assert isinstance(command, AskBroker)
    stage.hear(stage.setup())
    assert stage.session.open


def test_nothing_is_said_after_the_end() -> None:
    """A failed session sends nothing, whatever is heard."""
    stage = brought_to(SessionState.FAILED)
    failure = stage.session.failure
    for reply in (stage.setup(), Receipt(event="e", n=1), Error(id=0, code="REVOKED", reason="")):
        assert stage.hear(reply) == []
    assert stage.invited(invitation()) == []
    assert stage.session.failure is failure


def test_reports_to_a_host_that_forgot_this_peer_wait() -> None:
    """A host that does not know this peer any more is not open until it has let the peer in."""
    stage = brought_to(SessionState.OPEN)
    stage.hear(Error(id=2**40, code="UNKNOWN_PEER", reason=""))
    assert not stage.session.open
