"""A peer's way into an event and its standing there: join, greet, attach, ping. Pure.

    JOIN ──invitation──▶ GREET ──any reply──▶ ATTACH ──setup──▶ OPEN
      ▲                    ▲ │ ▲                │                │ │
      │                    │ └─┴── no reply ────┘   reconnected, │ │
      │                    └──────────────── the host forgot us ─┘ │
      └─ thrice no reply; token or key refused; nothing heard ─────┘

A refusal of the host's alone is no last word: what it knows of this peer may be out of date, and
its clock may be wrong. The broker is asked again, and decides.

The greeting measures the round trip on the open connection, so that the clock that `attach` states
is not off by the time it takes to connect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..protocol import codec, messages
from ..protocol.errors import (
    BadToken,
    EnvironmentFault,
    Overloaded,
    Revoked,
    TouchlineError,
    Untrusted,
    WrongKey,
    WrongVersion,
    from_wire,
)
from ..protocol.messages import Endpoints, Invitation, Setup
from .liveness import Liveness

REPLY_SECONDS = 2.0
"""How long an answer of the host is waited for."""

TRIES = 3
"""Unanswered greetings after which the broker is asked again where the host is."""

SETUP_SECONDS = 10.0
"""The interval at which a host is expected to answer before it has said its own."""

REJOIN_SECONDS = 1.0
"""Pause before the broker is asked again for an event that has no host yet."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a request to the broker."""

    request: messages.Join


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect the sockets to these endpoints of the holder of a public key, instead of any other;
    the key is empty where nothing is encrypted."""

    endpoints: Endpoints
    key: bytes


@dataclass(frozen=True, slots=True)
class Send:
    """Send a frame to the host's ROUTER."""

    frame: bytes


Want = Ask | Connect | Send


class Session:
    """One peer's standing in one event.

    Args:
        event: its id.
        role: what the peer wants to be there.
        counters: gives (seq, received, lost) for pings.
        last: gives the number of a reporter's newest report, sent or not.
        brief: the peer comes for a moment, and its silence afterwards means nothing.
    """

    def __init__(
        self,
        event: str,
        role: messages.Role,
        counters: Callable[[], tuple[int, int, int]] = lambda: (0, 0, 0),
        last: Callable[[], int] = lambda: 0,
        *,
        brief: bool = False,
    ) -> None:
        self.event = event
        self.role = role
        self.invitation: Invitation | None = None
        self.setup: Setup | None = None  # the newest; None before the first
        self.open = False
        self.failure: TouchlineError | None = None  # why it can't go on
        self.away: TouchlineError | None = None  # why the broker could not be asked
        self.shut: Untrusted | None = None  # why the host could not be connected to
        self.broker: bool | None = None  # whether it answered when last asked; None: not yet
        self.hosted: bool | None = None  # whether the event has a host; None before it is known
        self.asked_seq: int | None = None  # what had been received when the host was asked in
        self.offset = 0  # host's wall clock minus ours, microseconds
        self.rtt: float | None = None  # the least seen, seconds
        self._counters = counters
        self._last = last
        self._brief = brief
        self._liveness = Liveness(SETUP_SECONDS)
        self._wants: list[Want] = []
        self._step: Callable[[float, int], None] = self._join
        self._due: float | None = 0.0
        self._last_id = 0
        self._tries = 0
        self._attaching = False  # a token has been presented, and nothing else asked since
        self._greeting = (0, 0.0)  # id and time of the newest ping
        self._refused = 0  # tokens refused in a row
        self._bad_token = ""  # the newest of them
        self._shut_out = 0  # connections that the host refused since the broker last invited

    def wants(self) -> list[Want]:
        """Return what is to be done, in order."""
        wants, self._wants = self._wants, []
        return wants

    def next_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called next (monotonic seconds)."""
        return self._due

    def handle_timer(self, now: float, wall: int) -> None:
        """Do what is due."""
        if self._due is not None and now >= self._due and self.failure is None:
            self._due = None
            self._step(now, wall)

    def request_id(self) -> int:
        """Return an id for a request of the caller's own."""
        self._last_id += 1
        return self._last_id

    # ── the broker ───────────────────────────────────────────────────────────────────────────

    def rejoin(self, now: float) -> None:
        """Ask the broker again where the host is, and whether it is there itself."""
        self.open = False
        self.broker = None
        self._at(now, self._join)

    def _join(self, _now: float, _wall: int) -> None:
        self._wants.append(Ask(messages.Join(id=0, event=self.event, role=self.role)))

    def invited(self, reply: messages.BrokerReply | TouchlineError, now: float, wall: int) -> None:
        """Take the broker's answer."""
        match reply:
            case Invitation():
                self.away = None
                self.broker = True
                self._shut_out = 0
                self.hosted = reply.endpoints is not None
                if reply.endpoints is None and self.open:
                    return  # the host lets us in, although its lease has run out
                if reply.endpoints is None:
                    self._at(now + REJOIN_SECONDS, self._join)
                    return
                self.invite(reply, now, wall)
            case Untrusted() if self.invitation is None or self._shut_out >= TRIES:
                self.failure = reply
            case EnvironmentFault() | Overloaded() if self.open:
                # A kept invitation has led to the host meanwhile.
                self.away, self.broker = reply, False
            case EnvironmentFault() | Overloaded() if self.invitation is not None:
                self.away, self.broker = reply, False
                self._tries = 0
                self._refused = 0  # it can't get a new token: the old one is no last word
                self._greet(now, wall)
            case EnvironmentFault() | Overloaded():
                self.away, self.broker = reply, False
                self._at(now + REJOIN_SECONDS, self._join)
            case TouchlineError():
                self.failure = reply
            case _:
                raise AssertionError(f"the broker answered join with {type(reply).__name__}")

    def invite(self, invitation: Invitation, now: float, wall: int) -> None:
        """Go where an invitation (of the broker, or kept from an earlier run) leads."""
        if invitation.endpoints is None:
            raise AssertionError("an invitation without endpoints leads nowhere")
        known = self.invitation
        if known is None or (invitation.endpoints, invitation.key) != (known.endpoints, known.key):
            self._wants.append(Connect(invitation.endpoints, invitation.key))
        self.invitation = invitation
        self._tries = 0
        self._greet(now, wall)

    # ── the host ─────────────────────────────────────────────────────────────────────────────

    def reconnected(self, now: float, wall: int) -> None:
        """Note that the connection to the host is new: it may be a new host."""
        self.shut = None
        if self.invitation is not None:
            self._tries = 0
            self._greet(now, wall)

    def shut_out(self, error: Untrusted, now: float, *, refused: bool) -> None:
        """Note that there is somebody where the host should be, and no connection came of it.

        Args:
            error: what is wrong.
            now: monotonic seconds.
            refused: it does not let this peer's key in, and is right about it if the broker then
                says the same; otherwise it is not the host, which may have moved.
        """
        self.open = False
        self.shut = error
        self._shut_out += refused
        if self._step != self._join:  # else the broker is being asked already, or in a moment
            self._at(now + REJOIN_SECONDS, self._join)

    def received(self, reply: messages.HostReply, now: float, wall: int) -> None:
        """Take a reply of the host, also those that are the caller's own affair."""
        self._liveness.heard(now)
        match reply:
            case Setup() if not self._attaching:
                pass  # it was so long on its way that the clock we stated was of the past
            case Setup():
                self._attaching = False
                self.setup = reply
                self._liveness.interval = reply.heartbeat
                self.open = True
                self.shut = None
                self._refused = self._shut_out = 0
                self._tries = 0
                self._at(now + reply.heartbeat / 2, self._ping)
            case messages.Pong() if reply.id == self._greeting[0]:
                self._measure(reply, now, wall)
                if not self.open:
                    self._greeted(now, wall)
            case messages.Error() if reply.id == self._greeting[0] and reply.code == "UNKNOWN_PEER":
                self.rtt = now - self._greeting[1]
                self._greeted(now, wall)
            case messages.Error() if reply.code == "UNKNOWN_PEER" and self.open:
                self._greet(now, wall)  # the host is a new one: it knows nobody yet
            case messages.Error() if not self.open or reply.code == Revoked.code:
                self._refuse(from_wire(reply.code, reply.reason), now)

    def _greet(self, now: float, wall: int) -> None:
        """Ping; the answer, whatever it is, gives the round trip."""
        self.open = self._attaching = False
        if self._tries >= TRIES:
            self._tries = 0
            self._at(now, self._join)
            return
        self._tries += 1
        self._send_ping(now, wall)
        self._at(now + REPLY_SECONDS, self._greet)

    def _greeted(self, now: float, wall: int) -> None:
        """Go on after an answer to the newest greeting."""
        if now - self._greeting[1] > REPLY_SECONDS:
            # It waited for a connection: no round trip, and no measure of anybody's clock.
            self._tries = 0
            self._greet(now, wall)
        else:
            self._attach(now, wall)

    def _attach(self, now: float, wall: int) -> None:
        if self.invitation is None:
            raise AssertionError("attached before there was an invitation")
        if self.asked_seq is None:
            self.asked_seq = self._counters()[0]
        self._send(
            messages.Attach(
                id=self.request_id(),
                token=self.invitation.token,
                time=wall,
                rtt=round((self.rtt or 0.0) * 1e6),
                last=self._last(),
                brief=self._brief,
            )
        )
        self._attaching = True
        self._at(now + REPLY_SECONDS, self._greet)

    def _ping(self, now: float, wall: int) -> None:
        setup = self.setup
        if setup is None:
            raise AssertionError("pinged before the event was set up")
        if self._liveness.handle_timer(now):
            self.rejoin(now)
            return
        self._send_ping(now, wall)
        self._at(now + setup.heartbeat / 2, self._ping)

    def _send_ping(self, now: float, wall: int) -> None:
        seq, received, lost = self._counters()
        ping = messages.Ping(
            id=self.request_id(),
            event=self.event,
            time=wall,
            last=self._last(),
            seq=seq,
            received=received,
            lost=lost,
        )
        self._greeting = (ping.id, now)
        self._send(ping)

    def _measure(self, pong: messages.Pong, now: float, wall: int) -> None:
        rtt = now - self._greeting[1]
        if self.rtt is None or rtt <= self.rtt or not self.offset:
            self.rtt = rtt
            self.offset = pong.host_time - (pong.time + wall) // 2

    def _refuse(self, error: TouchlineError, now: float) -> None:
        # What else a host refuses may be different in a moment: it may be about to serve the
        # event, or no longer hold it while the broker knows who does.
        # A token presented thrice while the host could not ask about it is refused thrice at once.
        self._refused += self._attaching and self._is_new(error)
        self._attaching = False
        if isinstance(error, WrongVersion | Revoked) or self._refused >= TRIES:
            self._fail(error)
            return
        self._at(now + REJOIN_SECONDS, self._join)

    def _is_new(self, error: TouchlineError) -> bool:
        """Tell whether one more token is refused, rather than the same one again."""
        if not isinstance(error, BadToken):
            return isinstance(error, WrongKey)
        # Where the host's clock is ahead, a token is over there that the broker still gives.
        before = self._bad_token
        self._bad_token = "" if self.invitation is None else self.invitation.token
        return self._bad_token != before

    def _fail(self, error: TouchlineError) -> None:
        self.open = False
        self.failure = error
        self._due = None

    def _send(self, request: messages.HostRequest) -> None:
        self._wants.append(Send(codec.encode(request)))

    def _at(self, due: float, step: Callable[[float, int], None]) -> None:
        self._due, self._step = due, step
