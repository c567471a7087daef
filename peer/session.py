"""The session of a peer with the host of an event: join, greet, attach, ping. Pure.

    PAUSED ──due──▶ JOINING ──invitation──▶ GREETING ──any reply──▶ ATTACHING ──setup──▶ OPEN
      ▲ ▲              │                      │ ▲ ▲                     │                 │ │
      │ └── no host ───┘                      │ │ └───── no reply ──────┘                 │ │
      │     no broker                         │ └─────── reconnected, forgotten ──────────┘ │
      └── three times no reply; token, key or connection refused; nothing heard ────────────┘

`TABLE` is the whole of it: it maps a state and an input to the next state and the effects. The
session enters the last state, FAILED, where no further try can help. A pair that is not in the
table is refused and changes nothing.

A refusal by the host alone is not final: the host's knowledge of this peer may be out of date, and
its clock may be wrong. The session asks the broker again, and the broker decides.

The greeting measures the round trip on the open connection, so that the clock that `attach` states
is not off by the time it takes to connect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from ..protocol import codec, messages
from ..protocol.errors import (
    BadToken,
    EnvironmentFault,
    Overloaded,
    Revoked,
    TouchlineError,
    UnknownPeer,
    Unleased,
    Untrusted,
    WrongKey,
    WrongVersion,
    from_wire,
)
from ..protocol.messages import Endpoints, Invitation, Setup
from .liveness import Liveness, bounded

REPLY_SECONDS = 2.0
"""How long the session waits for an answer of the host, unless round trips take longer."""

MOST_REPLY_SECONDS = 16.0
"""How long it waits at most. Where a crowd shares one cell, a round trip takes seconds."""

TRIES = 3
"""Greetings without an answer after which the session asks the broker again where the host is."""

SETUP_SECONDS = 10.0
"""The interval at which a host is expected to answer before it has named its own."""

STEP = 2_000_000
"""Microseconds by which a clock must be off for it to be taken for set."""

REJOIN_SECONDS = 1.0
"""Pause before the session asks the broker again for an event that has no host yet."""


class SessionState(Enum):
    """Where a session stands."""

    PAUSED = auto()
    """The session asks the broker when its timer is due."""
    JOINING = auto()
    """The broker has been asked, and has not answered."""
    GREETING = auto()
    """A ping has been sent whose answer measures the round trip."""
    ATTACHING = auto()
    """The token has been presented to the host."""
    OPEN = auto()
    """The host has let this peer in."""
    FAILED = auto()
    """The session has ended; `failure` says why."""


class SessionInput(Enum):
    """What can happen to a session."""

    DUE = auto()
    """The timer of the state is due."""
    UNANSWERED = auto()
    """The timer is due, and the host has not answered `TRIES` greetings."""
    SILENT = auto()
    """The timer is due, and nothing has come from the host for two heartbeats."""
    REJOIN = auto()
    """The caller doubts that the host is still there."""

    INVITED = auto()
    """The broker names the host."""
    UNHOSTED = auto()
    """The broker knows the event; it has no host now."""
    BROKER_AWAY = auto()
    """The broker can't answer, but an earlier invitation is known."""
    STRANDED = auto()
    """The broker can't answer, and no invitation is known."""
    TURNED_AWAY = auto()
    """The broker refuses this peer or the event."""
    KEPT = auto()
    """The caller gives an invitation from an earlier run."""

    CONNECTED = auto()
    """The connection to the host is new."""
    SHUT_OUT = auto()
    """A connection to the host failed in its handshake."""

    PONG = auto()
    """The host answers the newest ping in time."""
    LATE_PONG = auto()
    """The host answers the newest ping too late for a measurement."""
    UNKNOWN = auto()
    """The host answers the newest ping in time, and does not know this peer."""
    LATE_UNKNOWN = auto()
    """The same, too late for a measurement."""
    FORGOTTEN = auto()
    """The host answers another request, and does not know this peer."""
    SETUP = auto()
    """The host lets this peer in."""
    REFUSED = auto()
    """The host refuses a request, for a reason that may be gone in a moment."""
    UNLEASED = auto()
    """The host says that another host may have the event: it has handed it over, say."""
    TOKEN_REFUSED = auto()
    """The host refuses the token or the key."""
    TOKENS_REFUSED = auto()
    """The same, for the last of `TRIES` tokens in a row."""
    WRONG_VERSION = auto()
    """The host speaks another version of the protocol."""
    REVOKED = auto()
    """An operator has revoked this peer."""
    OTHER = auto()
    """The host says anything else."""


class SessionEffect(Enum):
    """What a transition does besides changing the state."""

    PAUSE = auto()
    HURRY = auto()
    ASK = auto()
    FOLLOW = auto()
    GREET = auto()
    GREET_ANEW = auto()
    ATTACH = auto()
    OPEN = auto()
    PING = auto()
    MEASURE = auto()
    TIME_ROUND_TRIP = auto()
    COUNT_REFUSAL = auto()
    NOTE_INVITED = auto()
    NOTE_UNHOSTED = auto()
    NOTE_BROKER_AWAY = auto()
    DOUBT_BROKER = auto()
    NOTE_SHUT_OUT = auto()
    NOTE_CONNECTED = auto()
    FAIL = auto()


Transition = tuple[SessionState, tuple[SessionEffect, ...]]

_PAUSE: Transition = (SessionState.PAUSED, (SessionEffect.PAUSE,))
_LOOK_UP: Transition = (SessionState.PAUSED, (SessionEffect.DOUBT_BROKER, SessionEffect.HURRY))
_GO: Transition = (
    SessionState.GREETING,
    (SessionEffect.NOTE_INVITED, SessionEffect.FOLLOW, SessionEffect.GREET_ANEW),
)
_GO_BY_KEPT: Transition = (SessionState.GREETING, (SessionEffect.FOLLOW, SessionEffect.GREET_ANEW))
_WAIT_FOR_HOST: Transition = (
    SessionState.PAUSED,
    (SessionEffect.NOTE_UNHOSTED, SessionEffect.PAUSE),
)
_GO_WITHOUT_BROKER: Transition = (
    SessionState.GREETING,
    (SessionEffect.NOTE_BROKER_AWAY, SessionEffect.GREET_ANEW),
)
_WAIT_FOR_BROKER: Transition = (
    SessionState.PAUSED,
    (SessionEffect.NOTE_BROKER_AWAY, SessionEffect.PAUSE),
)
_GREET_ON_CONNECTION: Transition = (
    SessionState.GREETING,
    (SessionEffect.NOTE_CONNECTED, SessionEffect.GREET_ANEW),
)
_SHUT_OUT: Transition = (SessionState.PAUSED, (SessionEffect.NOTE_SHUT_OUT, SessionEffect.PAUSE))
_ATTACH: Transition = (SessionState.ATTACHING, (SessionEffect.MEASURE, SessionEffect.ATTACH))
_ATTACH_AS_NEW: Transition = (
    SessionState.ATTACHING,
    (SessionEffect.TIME_ROUND_TRIP, SessionEffect.ATTACH),
)
_GREET_AGAIN: Transition = (SessionState.GREETING, (SessionEffect.GREET,))
_GREET_ANEW: Transition = (SessionState.GREETING, (SessionEffect.GREET_ANEW,))
_FAIL: Transition = (SessionState.FAILED, (SessionEffect.FAIL,))

TABLE: Mapping[SessionState, Mapping[SessionInput, Transition]] = {
    SessionState.PAUSED: {
        SessionInput.DUE: (SessionState.JOINING, (SessionEffect.ASK,)),
        SessionInput.REJOIN: _LOOK_UP,
        # The answer to a request that a connection or a kept invitation has overtaken.
        SessionInput.INVITED: _GO,
        SessionInput.UNHOSTED: _WAIT_FOR_HOST,
        SessionInput.BROKER_AWAY: _GO_WITHOUT_BROKER,
        SessionInput.STRANDED: _WAIT_FOR_BROKER,
        SessionInput.TURNED_AWAY: _FAIL,
        SessionInput.KEPT: _GO_BY_KEPT,
        SessionInput.CONNECTED: _GREET_ON_CONNECTION,
        # The pause goes on: a handshake that fails again does not lengthen it.
        SessionInput.SHUT_OUT: (SessionState.PAUSED, (SessionEffect.NOTE_SHUT_OUT,)),
        SessionInput.PONG: _ATTACH,
        SessionInput.LATE_PONG: _GREET_ANEW,
        SessionInput.UNKNOWN: _ATTACH_AS_NEW,
        SessionInput.LATE_UNKNOWN: _GREET_ANEW,
        SessionInput.WRONG_VERSION: _FAIL,
        SessionInput.REVOKED: _FAIL,
        # The broker is about to be asked anyhow.
        SessionInput.REFUSED: (SessionState.PAUSED, ()),
        SessionInput.UNLEASED: (SessionState.PAUSED, ()),
        SessionInput.OTHER: (SessionState.PAUSED, ()),
    },
    SessionState.JOINING: {
        SessionInput.REJOIN: (SessionState.JOINING, (SessionEffect.DOUBT_BROKER,)),
        SessionInput.INVITED: _GO,
        SessionInput.UNHOSTED: _WAIT_FOR_HOST,
        SessionInput.BROKER_AWAY: _GO_WITHOUT_BROKER,
        SessionInput.STRANDED: _WAIT_FOR_BROKER,
        SessionInput.TURNED_AWAY: _FAIL,
        SessionInput.KEPT: _GO_BY_KEPT,
        SessionInput.CONNECTED: _GREET_ON_CONNECTION,
        SessionInput.SHUT_OUT: (SessionState.JOINING, (SessionEffect.NOTE_SHUT_OUT,)),
        SessionInput.PONG: _ATTACH,
        SessionInput.LATE_PONG: _GREET_ANEW,
        SessionInput.UNKNOWN: _ATTACH_AS_NEW,
        SessionInput.LATE_UNKNOWN: _GREET_ANEW,
        SessionInput.WRONG_VERSION: _FAIL,
        SessionInput.REVOKED: _FAIL,
        SessionInput.REFUSED: (SessionState.JOINING, ()),
        SessionInput.UNLEASED: (SessionState.JOINING, ()),
        SessionInput.OTHER: (SessionState.JOINING, ()),
    },
    SessionState.GREETING: {
        SessionInput.DUE: _GREET_AGAIN,
        SessionInput.UNANSWERED: (SessionState.PAUSED, (SessionEffect.HURRY,)),
        SessionInput.REJOIN: _LOOK_UP,
        SessionInput.INVITED: _GO,
        SessionInput.UNHOSTED: _WAIT_FOR_HOST,
        SessionInput.BROKER_AWAY: _GO_WITHOUT_BROKER,
        SessionInput.TURNED_AWAY: _FAIL,
        SessionInput.KEPT: _GO_BY_KEPT,
        SessionInput.CONNECTED: _GREET_ON_CONNECTION,
        SessionInput.SHUT_OUT: _SHUT_OUT,
        SessionInput.PONG: _ATTACH,
        SessionInput.LATE_PONG: _GREET_ANEW,
        SessionInput.UNKNOWN: _ATTACH_AS_NEW,
        SessionInput.LATE_UNKNOWN: _GREET_ANEW,
        # The greeting's answer will say the same.
        SessionInput.FORGOTTEN: (SessionState.GREETING, ()),
        # A setup comes too late here: the clock that was stated with `attach` is of the past.
        SessionInput.REFUSED: _PAUSE,
        SessionInput.UNLEASED: _PAUSE,
        SessionInput.TOKEN_REFUSED: _PAUSE,
        SessionInput.TOKENS_REFUSED: _PAUSE,
        SessionInput.WRONG_VERSION: _FAIL,
        SessionInput.REVOKED: _FAIL,
        SessionInput.OTHER: (SessionState.GREETING, ()),
    },
    SessionState.ATTACHING: {
        SessionInput.DUE: _GREET_AGAIN,
        SessionInput.UNANSWERED: (SessionState.PAUSED, (SessionEffect.HURRY,)),
        # The host is there and about to answer; the broker is asked all the same.
        SessionInput.REJOIN: (
            SessionState.ATTACHING,
            (SessionEffect.DOUBT_BROKER, SessionEffect.ASK),
        ),
        SessionInput.INVITED: _GO,
        SessionInput.UNHOSTED: _WAIT_FOR_HOST,
        SessionInput.BROKER_AWAY: _GO_WITHOUT_BROKER,
        SessionInput.TURNED_AWAY: _FAIL,
        SessionInput.KEPT: _GO_BY_KEPT,
        SessionInput.CONNECTED: _GREET_ON_CONNECTION,
        SessionInput.SHUT_OUT: _SHUT_OUT,
        SessionInput.PONG: _ATTACH,
        SessionInput.LATE_PONG: _GREET_ANEW,
        SessionInput.UNKNOWN: _ATTACH_AS_NEW,
        SessionInput.LATE_UNKNOWN: _GREET_ANEW,
        SessionInput.FORGOTTEN: (SessionState.ATTACHING, ()),
        SessionInput.SETUP: (SessionState.OPEN, (SessionEffect.OPEN,)),
        SessionInput.REFUSED: _PAUSE,
        SessionInput.UNLEASED: _PAUSE,
        SessionInput.TOKEN_REFUSED: (
            SessionState.PAUSED,
            (SessionEffect.COUNT_REFUSAL, SessionEffect.PAUSE),
        ),
        SessionInput.TOKENS_REFUSED: _FAIL,
        SessionInput.WRONG_VERSION: _FAIL,
        SessionInput.REVOKED: _FAIL,
        SessionInput.OTHER: (SessionState.ATTACHING, ()),
    },
    SessionState.OPEN: {
        SessionInput.DUE: (SessionState.OPEN, (SessionEffect.PING,)),
        SessionInput.SILENT: _LOOK_UP,
        SessionInput.REJOIN: _LOOK_UP,
        SessionInput.INVITED: _GO,
        # The host serves the event, although its lease has run out, or the broker is away: a kept
        # invitation has led there.
        SessionInput.UNHOSTED: (SessionState.OPEN, (SessionEffect.NOTE_UNHOSTED,)),
        SessionInput.BROKER_AWAY: (SessionState.OPEN, (SessionEffect.NOTE_BROKER_AWAY,)),
        SessionInput.TURNED_AWAY: _FAIL,
        SessionInput.KEPT: _GO_BY_KEPT,
        SessionInput.CONNECTED: _GREET_ON_CONNECTION,
        SessionInput.SHUT_OUT: _SHUT_OUT,
        SessionInput.PONG: (SessionState.OPEN, (SessionEffect.MEASURE,)),
        SessionInput.LATE_PONG: (SessionState.OPEN, (SessionEffect.MEASURE,)),
        # The host is another one, or has started again: it knows no peer yet.
        SessionInput.UNKNOWN: _ATTACH_AS_NEW,
        SessionInput.LATE_UNKNOWN: _GREET_ANEW,
        SessionInput.FORGOTTEN: _GREET_ANEW,
        SessionInput.REVOKED: _FAIL,
        # The answer to a request of the caller's own.
        SessionInput.REFUSED: (SessionState.OPEN, ()),
        SessionInput.UNLEASED: _LOOK_UP,
        SessionInput.OTHER: (SessionState.OPEN, ()),
    },
    SessionState.FAILED: {
        SessionInput.LATE_PONG: (SessionState.FAILED, ()),
        SessionInput.REFUSED: (SessionState.FAILED, ()),
        SessionInput.UNLEASED: (SessionState.FAILED, ()),
        SessionInput.OTHER: (SessionState.FAILED, ()),
    },
}


@dataclass(frozen=True, slots=True)
class AskBroker:
    """Send a request to the broker, and hand its answer to `Session.invited`."""

    request: messages.Join


@dataclass(frozen=True, slots=True)
class ConnectToHost:
    """Connect the sockets to these endpoints instead of any other.

    Args:
        endpoints: of the host.
        key: its public key; empty where connections are not encrypted.
    """

    endpoints: Endpoints
    key: bytes


@dataclass(frozen=True, slots=True)
class SendToHost:
    """Send a frame to the host's ROUTER."""

    frame: bytes


Command = AskBroker | ConnectToHost | SendToHost


@dataclass(frozen=True, slots=True)
class _Occasion:
    """When an input came, and what came with it."""

    now: float
    wall: int
    content: Any = None
    """The broker's or the host's reply, or the error, as the input requires."""


class Session:
    """The session of one peer in one event.

    Args:
        event: its id.
        role: the role that the peer asks for.
        counters: gives (seq, received, lost, repaired, duplicate) for pings.
        last: gives the number of a reporter's newest report, sent or not.
        brief: the peer stays for a moment only; its silence afterwards means nothing.
        answers: the peer takes the host's questions.
        withholds: a viewer shows no entry to a reporter before it may see it.
    """

    def __init__(
        self,
        event: str,
        role: messages.Role,
        counters: Callable[[], tuple[int, int, int, int, int]] = lambda: (0, 0, 0, 0, 0),
        last: Callable[[], int] = lambda: 0,
        *,
        brief: bool = False,
        answers: bool = False,
        withholds: bool = False,
    ) -> None:
        self.event = event
        self.role = role
        self.state = SessionState.PAUSED
        self.invitation: Invitation | None = None  # the newest; None before the first
        self.setup: Setup | None = None  # the newest; None before the first
        self.failure: TouchlineError | None = None  # why the session has ended
        self.away: TouchlineError | None = None  # why the broker did not answer when last asked
        self.shut: Untrusted | None = None  # why the newest connection to the host failed
        self.broker: bool | None = None  # whether it answered when last asked; None: not yet
        self.hosted: bool | None = None  # whether the event has a host; None before it is known
        self.asked_seq: int | None = None  # the feed received when the token was presented
        self.offset = 0  # the host's wall clock minus ours, microseconds
        self.rtt: float | None = None  # the least seen, seconds
        self._counters = counters
        self._last = last
        self._brief = brief
        self._answers = answers
        self._withholds = withholds
        self._liveness = Liveness(SETUP_SECONDS)
        self._commands: list[Command] = []
        self._due: float | None = 0.0
        self._last_id = 0
        self._tries = 0  # greetings without an answer
        self._round_trip = 0  # microseconds, of the newest ping; 0: it is not answered
        self._greeting = (0, 0.0)  # id and time of the newest ping
        self._greetings: dict[int, float] = {}  # the same of the newest since one was answered
        self._patience = REPLY_SECONDS  # how long an answer of the host is waited for
        self._late = 0  # late answers in a row
        self._refused = 0  # tokens refused in a row
        self._bad_token = ""  # the newest of them
        self._shut_out = 0  # connections that the host refused since the broker last invited

    @property
    def open(self) -> bool:
        """Whether the host has let this peer in and, as far as is known, is there."""
        return self.state is SessionState.OPEN

    def commands(self) -> list[Command]:
        """Return what the connection has to do, in order; each command is returned once."""
        commands, self._commands = self._commands, []
        return commands

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer` next (monotonic seconds)."""
        return self._due

    def handle_timer(self, now: float, wall: int) -> None:
        """Do what is due.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        if self._due is None or now < self._due:
            return
        self._due = None
        if self.open and self._liveness.handle_timer(now):
            self._step(SessionInput.SILENT, _Occasion(now, wall))
        else:
            due = SessionInput.DUE if self._tries < TRIES else SessionInput.UNANSWERED
            self._step(due, _Occasion(now, wall))

    def request_id(self) -> int:
        """Return an id for a request of the caller's own."""
        self._last_id += 1
        return self._last_id

    def rejoin(self, now: float) -> None:
        """Ask the broker again where the host is, and find out whether the broker is there."""
        self._step(SessionInput.REJOIN, _Occasion(now, 0))

    def invited(self, reply: messages.BrokerReply | TouchlineError, now: float, wall: int) -> None:
        """Take the broker's answer to `AskBroker`."""
        match reply:
            case Invitation():
                found = SessionInput.UNHOSTED if reply.endpoints is None else SessionInput.INVITED
            case Untrusted() if self.invitation is None or self._shut_out >= TRIES:
                found = SessionInput.TURNED_AWAY
            case EnvironmentFault() | Overloaded():
                found = (
                    SessionInput.STRANDED if self.invitation is None else SessionInput.BROKER_AWAY
                )
            case TouchlineError():
                found = SessionInput.TURNED_AWAY
            case _:
                raise AssertionError(f"the broker answered join with {type(reply).__name__}")
        self._step(found, _Occasion(now, wall, reply))

    def invite(self, invitation: Invitation, now: float, wall: int) -> None:
        """Follow an invitation that was kept from an earlier run."""
        if invitation.endpoints is None:
            raise AssertionError("an invitation without endpoints leads nowhere")
        self._step(SessionInput.KEPT, _Occasion(now, wall, invitation))

    def reconnected(self, now: float, wall: int) -> None:
        """Take note of a new connection to the host: it may be another host."""
        found = SessionInput.OTHER if self.invitation is None else SessionInput.CONNECTED
        self._step(found, _Occasion(now, wall))

    def shut_out(self, error: Untrusted, now: float, *, refused: bool) -> None:
        """Take note that the handshake of a connection to the host's address failed.

        Args:
            error: what is wrong.
            now: monotonic seconds.
            refused: whether the host refuses this peer's key, which is final if the broker then
                refuses it too; otherwise the other end is not the host, which may have moved.
        """
        self._step(SessionInput.SHUT_OUT, _Occasion(now, 0, (error, refused)))

    def received(self, reply: messages.HostReply, now: float, wall: int) -> None:
        """Take a reply of the host, also to a request of the caller's own."""
        self._liveness.heard(now)
        late = False
        if isinstance(reply, messages.Pong | messages.Error) and reply.id in self._greetings:
            late = self._is_late(reply.id, now)
        match reply:
            case Setup() if reply.card.event == self.event:
                self._step(SessionInput.SETUP, _Occasion(now, wall, reply))
            case messages.Pong() if reply.id == self._greeting[0]:
                found = SessionInput.LATE_PONG if late else SessionInput.PONG
                self._step(found, _Occasion(now, wall, reply))
            case messages.Error():
                error = from_wire(reply.code, reply.reason)
                found = self._meaning(error, late, answers_ping=reply.id == self._greeting[0])
                self._step(found, _Occasion(now, wall, error))
            case _:
                self._step(SessionInput.OTHER, _Occasion(now, wall, reply))

    # ── the meaning of an answer ─────────────────────────────────────────────────────────────

    def _meaning(self, error: TouchlineError, late: bool, *, answers_ping: bool) -> SessionInput:
        match error:
            case UnknownPeer() if answers_ping:
                return SessionInput.LATE_UNKNOWN if late else SessionInput.UNKNOWN
            case UnknownPeer():
                return SessionInput.FORGOTTEN
            case BadToken() | WrongKey():
                last = self._refusals(error) >= TRIES
                return SessionInput.TOKENS_REFUSED if last else SessionInput.TOKEN_REFUSED
            case WrongVersion():
                return SessionInput.WRONG_VERSION
            case Revoked():
                return SessionInput.REVOKED
            case Unleased():
                return SessionInput.UNLEASED
            case _:
                return SessionInput.REFUSED

    def _is_late(self, answered: int, now: float) -> bool:
        """Return whether the answer to a ping is too late to measure the round trip: the ping has
        waited for a connection. Where each answer is as late, round trips do take so long.

        Answers are waited for twice as long as this one took: it may be to an older ping than the
        newest, which would be given up as early.
        """
        took = now - self._greetings[answered]
        self._patience = min(max(REPLY_SECONDS, 2 * took), MOST_REPLY_SECONDS)
        if answered != self._greeting[0]:
            if self.state is SessionState.GREETING:
                self._due = self._greeting[1] + self._patience
            return True
        self._greetings.clear()
        self._late = self._late + 1 if took > REPLY_SECONDS else 0
        return 0 < self._late < TRIES

    def _refusals(self, error: TouchlineError) -> int:
        """Return how many tokens have been refused in a row, this refusal included."""
        # Where the host's clock is ahead, a token that the broker still gives has expired there:
        # a refusal of the same token does not count again.
        repeated = isinstance(error, BadToken) and self._bad_token == self._token
        return self._refused + (not repeated)

    @property
    def _token(self) -> str:
        return "" if self.invitation is None else self.invitation.token

    # ── transitions ──────────────────────────────────────────────────────────────────────────

    def _step(self, found: SessionInput, occasion: _Occasion) -> bool:
        """Make the transition in the table; return False where it has none."""
        transition = TABLE[self.state].get(found)
        if transition is None:
            return False
        self.state, effects = transition
        for effect in effects:
            _EFFECTS[effect](self, occasion)
        return True

    def _pause(self, at: _Occasion) -> None:
        self._due = at.now + REJOIN_SECONDS
        self._tries = 0

    def _hurry(self, at: _Occasion) -> None:
        self._due = at.now
        self._tries = 0

    def _ask(self, _: _Occasion) -> None:
        self._commands.append(AskBroker(messages.Join(id=0, event=self.event, role=self.role)))

    def _follow(self, at: _Occasion) -> None:
        to: Invitation = at.content
        known = self.invitation
        if to.endpoints is None:
            raise AssertionError("followed an invitation that leads nowhere")
        if known is None or (to.endpoints, to.key) != (known.endpoints, known.key):
            self._commands.append(ConnectToHost(to.endpoints, to.key))
            self._round_trip = 0  # the host measures none that was another's
        self.invitation = to

    def _greet(self, at: _Occasion) -> None:
        self._tries += 1
        self._ping_host(at)
        self._due = at.now + self._patience

    def _greet_anew(self, at: _Occasion) -> None:
        self._tries = 0
        self._greet(at)

    def _attach(self, at: _Occasion) -> None:
        if self.invitation is None:
            raise AssertionError("attached before there was an invitation")
        if self.asked_seq is None:
            self.asked_seq = self._counters()[0]
        self._send(
            messages.Attach(
                id=self.request_id(),
                token=self.invitation.token,
                time=at.wall,
                rtt=round((self.rtt or 0.0) * 1e6),
                last=self._last(),
                brief=self._brief,
                answers=self._answers,
                withholds=self._withholds,
            )
        )
        self._due = at.now + self._patience

    def _open(self, at: _Occasion) -> None:
        setup: Setup = at.content
        self.setup = setup
        self.shut = None
        self._liveness.interval = bounded(setup.heartbeat)
        self._refused = self._shut_out = self._tries = 0
        self._due = at.now + bounded(setup.heartbeat) / 2

    def _ping(self, at: _Occasion) -> None:
        if self.setup is None:
            raise AssertionError("pinged before the event was set up")
        self._ping_host(at)
        self._due = at.now + bounded(self.setup.heartbeat) / 2

    def _measure(self, at: _Occasion) -> None:
        pong: messages.Pong = at.content
        rtt = at.now - self._greeting[1]
        self._round_trip = max(1, round(rtt * 1e6))
        offset = pong.host_time - (pong.time + at.wall) // 2
        # What the two round trips do not explain, a clock that was set does.
        off = abs(offset - self.offset) - round((rtt + (self.rtt or 0.0)) / 2 * 1e6)
        if self.rtt is None or rtt <= self.rtt or not self.offset or off > STEP:
            self.rtt = rtt
            self.offset = offset

    def _time_round_trip(self, at: _Occasion) -> None:
        self.rtt = at.now - self._greeting[1]
        self._round_trip = max(1, round(self.rtt * 1e6))

    def _count_refusal(self, at: _Occasion) -> None:
        # A token that was presented several times before the host could verify it is refused as
        # often. The first refusal changes the state, so that the others do not count.
        self._refused = self._refusals(at.content)
        if isinstance(at.content, BadToken):
            self._bad_token = self._token

    def _note_invited(self, _: _Occasion) -> None:
        self.away = None
        self.broker = self.hosted = True
        self._shut_out = 0

    def _note_unhosted(self, _: _Occasion) -> None:
        self.away = None
        self.broker, self.hosted = True, False
        self._shut_out = 0

    def _note_broker_away(self, at: _Occasion) -> None:
        self.away, self.broker = at.content, False
        if not self.open:
            self._refused = 0  # without a new token, a refusal of the old one is not final

    def _doubt_broker(self, _: _Occasion) -> None:
        self.broker = None

    def _note_shut_out(self, at: _Occasion) -> None:
        self.shut, refused = at.content
        self._shut_out += refused

    def _note_connected(self, _: _Occasion) -> None:
        self.shut = None

    def _fail(self, at: _Occasion) -> None:
        self.failure = at.content
        self._due = None

    def _ping_host(self, at: _Occasion) -> None:
        seq, received, lost, repaired, duplicate = self._counters()
        ping = messages.HostPing(
            id=self.request_id(),
            event=self.event,
            time=at.wall,
            last=self._last(),
            seq=seq,
            received=received,
            lost=lost,
            rtt=self._round_trip,
            repaired=repaired,
            duplicate=duplicate,
        )
        self._round_trip = 0
        self._greeting = (ping.id, at.now)
        self._greetings[ping.id] = at.now
        if len(self._greetings) > 2 * TRIES:
            del self._greetings[next(iter(self._greetings))]
        self._send(ping)

    def _send(self, request: messages.HostRequest) -> None:
        self._commands.append(SendToHost(codec.encode(request)))


_EFFECTS: Mapping[SessionEffect, Callable[[Session, _Occasion], None]] = {
    effect: getattr(Session, f"_{effect.name.lower()}") for effect in SessionEffect
}
