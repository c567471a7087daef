"""The copy of one event: what is asked of the broker and of the event's host, and stored. Pure.

    PAUSED ──due──▶ JOINING ──invitation──▶ ASKING ──turns──▶ STORING
      ▲ ▲              │                     │ │ ▲               │ │
      │ └── no host ───┘                     │ │ └── on disk ────┘ │
      └─── no answer, refused ───────────────┘ │      disk full    │
      ▲                                        ▼                   │
      └────────────────────────────────── (another history) FAILED │
      └────────────────────────────────────────────────────────────┘

`TABLE` is the whole of it: it maps a state and an input to the next state and the effects. A pair
that is not in the table is refused and changes nothing.

Each request names the last turn that is on disk here, which acknowledges it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from ...protocol import codec, keys, messages
from ...protocol.errors import (
    Conflict,
    EnvironmentFault,
    NotFound,
    Overloaded,
    TouchlineError,
    Untrusted,
    from_wire,
)
from ...protocol.messages import Card, Endpoints, Invitation, Turns
from ..session import AskBroker, Command, ConnectToHost, SendToHost

ANSWER_SECONDS = 5.0
"""How long an answer of the host is waited for; it keeps a request for less."""

PAUSE_SECONDS = 1.0
"""Pause before the broker is asked again."""

REFUSED_SECONDS = 10.0
"""The same where the broker refuses this peer."""

MOST_TURN_BYTES = 268_435_456
"""The most bytes of one turn that comes in pieces."""


class CopyState(Enum):
    """Where a copy stands."""

    PAUSED = auto()
    """The broker is asked when the timer is due."""
    JOINING = auto()
    """The broker has been asked, and has not answered."""
    ASKING = auto()
    """The host has been asked for what is newer."""
    STORING = auto()
    """Turns have come, and are not on disk yet."""
    FAILED = auto()
    """The host has another history of the event; `failure` says so."""


class CopyInput(Enum):
    """What can happen to a copy."""

    DUE = auto()
    """The timer of the state is due."""
    INVITED = auto()
    """The broker names the host."""
    UNHOSTED = auto()
    """The broker knows the event; it has no host now."""
    BROKER_AWAY = auto()
    """The broker does not answer."""
    TURNED_AWAY = auto()
    """The broker refuses this peer or the event."""
    CONNECTED = auto()
    """The connection to the host is new."""
    SHUT_OUT = auto()
    """A connection to the host failed in its handshake."""
    TURNS = auto()
    """The host sends turns that follow what is here."""
    PIECE = auto()
    """The host sends a part of a turn."""
    NOTHING = auto()
    """The host has nothing newer."""
    REFUSED = auto()
    """The host refuses the request, for a reason that may be gone in a moment."""
    MOVED = auto()
    """The host has the event no more."""
    OTHER_HISTORY = auto()
    """The host's journal has other turns than this one."""
    STORED = auto()
    """The turns are on disk here."""
    NOT_STORED = auto()
    """They can't be stored."""


class CopyEffect(Enum):
    """What a transition does besides changing the state."""

    PAUSE = auto()
    PAUSE_LONG = auto()
    HURRY = auto()
    ASK_BROKER = auto()
    FOLLOW = auto()
    ASK_HOST = auto()
    KEEP_PIECE = auto()
    KEEP_TURNS = auto()
    TAKE_STORED = auto()
    DROP_TURNS = auto()
    NOTE_HOSTED = auto()
    NOTE_GONE = auto()
    NOTE_HEARD = auto()
    FAIL = auto()


Transition = tuple[CopyState, tuple[CopyEffect, ...]]

_LOOK_UP: Transition = (CopyState.PAUSED, (CopyEffect.HURRY,))
_WAIT: Transition = (CopyState.PAUSED, (CopyEffect.PAUSE,))
_ASK: Transition = (CopyState.ASKING, (CopyEffect.ASK_HOST,))
_HEARD: Transition = (CopyState.ASKING, (CopyEffect.NOTE_HEARD, CopyEffect.ASK_HOST))

TABLE: Mapping[CopyState, Mapping[CopyInput, Transition]] = {
    CopyState.PAUSED: {
        CopyInput.DUE: (CopyState.JOINING, (CopyEffect.ASK_BROKER,)),
    },
    CopyState.JOINING: {
        CopyInput.INVITED: (
            CopyState.ASKING,
            (CopyEffect.NOTE_HOSTED, CopyEffect.FOLLOW, CopyEffect.ASK_HOST),
        ),
        CopyInput.UNHOSTED: (CopyState.PAUSED, (CopyEffect.NOTE_GONE, CopyEffect.PAUSE)),
        CopyInput.BROKER_AWAY: _WAIT,
        CopyInput.TURNED_AWAY: (CopyState.PAUSED, (CopyEffect.PAUSE_LONG,)),
    },
    CopyState.ASKING: {
        CopyInput.DUE: _LOOK_UP,
        CopyInput.CONNECTED: _ASK,
        CopyInput.SHUT_OUT: _WAIT,
        CopyInput.TURNS: (CopyState.STORING, (CopyEffect.NOTE_HEARD, CopyEffect.KEEP_TURNS)),
        CopyInput.PIECE: (
            CopyState.ASKING,
            (CopyEffect.NOTE_HEARD, CopyEffect.KEEP_PIECE, CopyEffect.ASK_HOST),
        ),
        CopyInput.NOTHING: _HEARD,
        CopyInput.REFUSED: _WAIT,
        CopyInput.MOVED: _WAIT,
        CopyInput.OTHER_HISTORY: (CopyState.FAILED, (CopyEffect.FAIL,)),
    },
    CopyState.STORING: {
        CopyInput.STORED: (CopyState.ASKING, (CopyEffect.TAKE_STORED, CopyEffect.ASK_HOST)),
        CopyInput.NOT_STORED: (CopyState.PAUSED, (CopyEffect.DROP_TURNS, CopyEffect.PAUSE)),
    },
    CopyState.FAILED: {},
}


@dataclass(frozen=True, slots=True)
class _CopyOccasion:
    """When an input came, and what came with it."""

    now: float
    content: Any = None


class EventCopy:
    """The copy of one event.

    Args:
        event: its id.
        turn: how many turns are on disk here.
        checksum: of the last of them, as it is stored.
    """

    def __init__(self, event: str, turn: int = 0, checksum: bytes = b"") -> None:
        self.event = event
        self.state = CopyState.PAUSED
        self.turn = turn
        self.checksum = checksum
        self.epoch = 0  # of the host, as it said last
        self.newest = 0  # the newest turn of the host, as it said last
        self.host = ""  # the peer that hosts the event, as the broker said last
        self.card: Card | None = None  # the newest that has come
        self.turns: list[tuple[bytes, bytes]] = []  # to be stored, each with its checksum
        self.heard_at: float | None = None  # monotonic; when the host last answered
        self.gone_since: float | None = None  # monotonic; since when the event has no host
        self.failure: TouchlineError | None = None  # why there can be no copy
        self.refusal: TouchlineError | None = None  # why the newest request was refused
        self._commands: list[Command] = []
        self._due: float | None = 0.0
        self._last_id = 0
        self._invitation: Invitation | None = None
        self._piece = b""  # of the next turn

    @property
    def current(self) -> bool:
        """Whether the copy had all when the host answered last."""
        answered = self.heard_at is not None and self.state is CopyState.ASKING
        return answered and self.turn >= self.newest

    def commands(self) -> list[Command]:
        """Return what the connection has to do, in order; each command is returned once."""
        commands, self._commands = self._commands, []
        return commands

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer` next (monotonic seconds)."""
        return self._due

    def handle_timer(self, now: float, _wall: int) -> None:
        """Do what is due (`now`: monotonic seconds)."""
        if self._due is not None and now >= self._due:
            self._due = None
            self._step(CopyInput.DUE, _CopyOccasion(now))

    def invited(self, reply: messages.BrokerReply | TouchlineError, now: float, _wall: int) -> None:
        """Take the broker's answer to `AskBroker`."""
        match reply:
            case Invitation():
                found = CopyInput.UNHOSTED if reply.endpoints is None else CopyInput.INVITED
            case EnvironmentFault() | Overloaded():
                found = CopyInput.BROKER_AWAY
            case _:
                found = CopyInput.TURNED_AWAY
        if isinstance(reply, TouchlineError):
            self.refusal = reply
        self._step(found, _CopyOccasion(now, reply))

    def reconnected(self, now: float, _wall: int) -> None:
        """Take note of a new connection to the host: what was asked over the old one is lost."""
        self._step(CopyInput.CONNECTED, _CopyOccasion(now))

    def shut_out(self, error: Untrusted, now: float, *, refused: bool) -> None:
        """Take note that the handshake of a connection to the host's address failed."""
        self.refusal = error
        self._invitation = None  # connect anew, whatever the broker says
        self._step(CopyInput.SHUT_OUT, _CopyOccasion(now, refused))

    def received(self, reply: messages.HostReply, now: float, _wall: int) -> None:
        """Take a reply of the host."""
        match reply:
            case Turns() if reply.id == self._last_id:
                self._step(self._meaning(reply), _CopyOccasion(now, reply))
            case messages.Error() if reply.id == self._last_id:
                self.refusal = error = from_wire(reply.code, reply.reason)
                match error:
                    case Conflict():
                        found = CopyInput.OTHER_HISTORY
                    case NotFound():
                        found = CopyInput.MOVED
                    case _:
                        found = CopyInput.REFUSED
                self._step(found, _CopyOccasion(now, error))
            case _:
                pass

    def stored(self, now: float, *, done: bool) -> None:
        """Go on after `turns` are on disk.

        Args:
            now: monotonic seconds.
            done: whether they are; otherwise they are asked for again.
        """
        self._step(CopyInput.STORED if done else CopyInput.NOT_STORED, _CopyOccasion(now))

    def _meaning(self, reply: Turns) -> CopyInput:
        if not reply.turns:
            return CopyInput.NOTHING
        size = len(self._piece) + len(reply.turns[0].records)
        if reply.first != self.turn + 1 or size + reply.rest > MOST_TURN_BYTES:
            return CopyInput.REFUSED
        whole = len(reply.turns) - bool(reply.rest)
        return CopyInput.TURNS if whole else CopyInput.PIECE

    # ── transitions ──────────────────────────────────────────────────────────────────────────

    def _step(self, found: CopyInput, occasion: _CopyOccasion) -> None:
        """Make the transition in the table; nothing where it has none."""
        transition = TABLE[self.state].get(found)
        if transition is None:
            return
        self.state, effects = transition
        for effect in effects:
            _EFFECTS[effect](self, occasion)

    def _pause(self, at: _CopyOccasion) -> None:
        self._due = at.now + PAUSE_SECONDS
        self._piece = b""

    def _pause_long(self, at: _CopyOccasion) -> None:
        self._due = at.now + REFUSED_SECONDS

    def _hurry(self, at: _CopyOccasion) -> None:
        self._due = at.now
        self._piece = b""

    def _ask_broker(self, _: _CopyOccasion) -> None:
        self._due = None
        self._commands.append(AskBroker(messages.Join(id=0, event=self.event, role="host")))

    def _follow(self, at: _CopyOccasion) -> None:
        to: Invitation = at.content
        known, self._invitation = self._invitation, to
        endpoints: Endpoints | None = to.endpoints
        if endpoints is None:
            raise AssertionError("followed an invitation that leads nowhere")
        if known is None or (endpoints, to.key) != (known.endpoints, known.key):
            self._commands.append(ConnectToHost(endpoints, to.key))

    def _ask_host(self, at: _CopyOccasion) -> None:
        if self._invitation is None:
            raise AssertionError("asked a host before there was an invitation")
        self._last_id += 1
        request = messages.FollowJournal(
            id=self._last_id,
            event=self.event,
            token=self._invitation.token,
            turn=self.turn,
            checksum=self.checksum,
            offset=len(self._piece),
        )
        self._commands.append(SendToHost(codec.encode(request)))
        self._due = at.now + ANSWER_SECONDS

    def _keep_piece(self, at: _CopyOccasion) -> None:
        reply: Turns = at.content
        self._piece += reply.turns[0].records

    def _keep_turns(self, at: _CopyOccasion) -> None:
        reply: Turns = at.content
        whole = reply.turns[:-1] if reply.rest else reply.turns
        self.turns = [(turn.records, turn.checksum) for turn in whole]
        records, checksum = self.turns[0]
        self.turns[0] = self._piece + records, checksum
        self._piece = reply.turns[-1].records if reply.rest else b""
        self._due = None

    def _take_stored(self, _: _CopyOccasion) -> None:
        self.turn += len(self.turns)
        self.checksum = self.turns[-1][1]
        self.turns = []

    def _drop_turns(self, _: _CopyOccasion) -> None:
        self.turns = []

    def _note_hosted(self, at: _CopyOccasion) -> None:
        invitation: Invitation = at.content
        self.gone_since = None
        self.host = keys.peer_id(invitation.key) if invitation.key else ""

    def _note_gone(self, at: _CopyOccasion) -> None:
        if self.gone_since is None:
            self.gone_since = at.now

    def _note_heard(self, at: _CopyOccasion) -> None:
        reply: Turns = at.content
        self.heard_at = at.now
        self.refusal = None
        self.epoch, self.newest = reply.epoch, reply.newest
        self.card = reply.card or self.card

    def _fail(self, at: _CopyOccasion) -> None:
        self.failure = at.content
        self._due = None


_EFFECTS: Mapping[CopyEffect, Callable[[EventCopy, _CopyOccasion], None]] = {
    effect: getattr(EventCopy, f"_{effect.name.lower()}") for effect in CopyEffect
}
