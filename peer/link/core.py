"""The link to the broker as a pure core: says hello, asks, asks again, gives up.

A request is sent again after a pause that grows with the time that the broker takes to answer: to
send it again sooner would only give a slow broker more to do. Each says for how long its answer is
waited for (`within`), so that the broker need not answer what nobody waits for.

A request is *held* until the broker has welcomed the connection and fewer than `WINDOW` others are
unanswered, then *sent*, and sent again with growing pauses until its reply or its deadline comes.
All requests may be repeated: the broker gives the same answer.

| what comes                  | what follows                                                  |
|-----------------------------|---------------------------------------------------------------|
| first request               | hello; the request is held                                    |
| Welcome                     | what is held is sent, a window at a time                      |
| hello is refused            | everything fails with that refusal                            |
| UNKNOWN_PEER to a request   | the request is held, hello again                              |
| OVERLOADED to a hello       | it is sent again later                                        |
| OVERLOADED to a request     | likewise; at the deadline, the refusal is the answer          |
| any other reply             | it is the answer                                              |
| nothing for a while         | a new connection, everything is held, hello again             |
| the broker is away, and the | likewise, at the next                                         |
| address names others        |                                                               |
| `announce`, and from time to | hello, which names the metrics                                |
| time after it               |                                                               |
| nothing until the deadline  | Unreachable; Slow where it has answered others meanwhile      |
| the broker refuses the key  | everything fails with Untrusted; a new connection with the    |
|                             | next request                                                  |
| handshakes fail in a row    | everything fails with Untrusted                               |
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import msgspec

from ...protocol import codec, limits, messages
from ...protocol.errors import (
    Overloaded,
    PeerError,
    Slow,
    TooLarge,
    TouchlineError,
    UnknownPeer,
    Unreachable,
    Untrusted,
    from_wire,
)

FIRST_PAUSE = 0.25
"""Seconds until an unanswered request is sent again; doubles each time."""

LONGEST_PAUSE = 5.0
"""Seconds to which a pause grows."""

SLACK = 2.0
"""A request is sent again after so many times the seconds that answers take."""

SMOOTHING = 0.25
"""The weight of the newest answer in the time that answers take."""

SILENCE = 3.0
"""Seconds without an answer after which the connection is taken for dead and made anew; more where
answers take longer than a quarter of that."""

ANNOUNCE_SECONDS = 600.0
"""Seconds after which a process says again where its metrics are."""

LOSS_PAUSE = 0.1
"""Seconds that a connection is old before its loss leads to the next broker: ZeroMQ's own pause."""

WINDOW = 64
"""The most requests that are sent and unanswered at one time. Of a thousand sent at once, the last
would be sent again and again while the broker still works through the first."""

MOST_PENDING = 10_000
"""The most requests that are unanswered at one time, held ones included."""

MISMATCHES = 3
"""Handshakes in a row that fail without a reason before the broker is taken to hold another key. A
single one may come from a broker that is just stopping."""

MOST_PUSHED = 1_000
"""The most messages of groups that are kept until `pushed` takes them; the oldest go first."""

Push = messages.GroupChanged | messages.GroupMessage
"""What the broker sends to the members of a group without being asked."""

Reply = messages.BrokerReply | TouchlineError
"""The result of a request: the broker's reply, or the error."""

Then = Callable[[Reply, float], object]
"""The callback of a request: takes the result and the time (monotonic seconds)."""


class Answered(NamedTuple):
    """A result and the callback of its request, which the shell calls with it."""

    then: Then
    reply: Reply


def ignore(_: Reply, __: float) -> None:
    """Do nothing: the callback of a request whose result makes no difference."""


@dataclass(slots=True)
class _Asked:
    """A request, or a hello, that has no answer yet."""

    frame: bytes
    then: Then
    deadline: float
    wait: float  # seconds from asking to the deadline
    pause: float = 0.0  # seconds until it is sent again; 0 until it is sent
    sent: float = 0.0  # when it was sent for the first time on this connection
    held: bool = True
    due: float = 0.0  # when its timer is due; set whenever it is sent
    refusal: TouchlineError | None = None


class LinkCore:
    """The link of one peer.

    Args:
        name: the peer's name, for people.
        key: its public key, 32 bytes.
        roles: the roles that it asks for.
        invite: the code to enrol with, where the broker requires one.
        timeout: seconds that a request waits for its reply unless it names others.
        address: the broker's, for the sentences of errors.
    """

    def __init__(
        self,
        name: str,
        key: bytes,
        roles: Sequence[messages.Role] = (),
        *,
        invite: str = "",
        behind: str = "",
        timeout: float = 5.0,
        address: str = "",
    ) -> None:
        self.peer = ""
        """The peer's id, once the broker has told it."""
        self.role: messages.Role | None = None
        """What the peer may do, once the broker has told it."""
        self.time = 0
        """The broker's wall clock when it last welcomed this peer, microseconds since 1970."""
        self.heartbeat = 0.0
        """Seconds between heartbeats of an idle feed, once the broker has told it."""
        self.strange = 0
        """Received frames that answered no request."""
        self._hello = messages.Hello(
            id=0, name=name, key=key, invite=invite, roles=list(roles), behind=behind
        )
        self._timeout = timeout
        self._where = f" at {address}" if address else ""
        self._number = 0
        self._pending: dict[int, _Asked] = {}
        self._timers: list[tuple[float, int]] = []  # heap; an entry that was put off is skipped
        self._held: deque[int] = deque()  # in the order in which they are to be sent
        self._flying = 0  # requests sent and unanswered
        self._greeting = 0  # number of the hello under way, 0 when none is
        self._announce_at: float | None = None  # when it says where its metrics are; None: never
        self._welcome = False
        self._heard = 0.0  # when the broker last answered, or a silence began
        self._answered_at = -inf  # when it last answered
        self._takes = 0.0  # seconds from a request to its answer; 0 where none was measured
        self._anew = False
        self._made = 0.0  # when the connection was made; 0 for the first
        self._mismatches = 0  # handshakes that failed in a row, without a reason
        self._dead = False  # ZeroMQ has given the connection up, and makes no other
        self._out: list[bytes] = []
        self._pushed: deque[Push] = deque(maxlen=MOST_PUSHED)

    @property
    def unanswered(self) -> int:
        """How many requests wait for their answer, a hello under way included."""
        return len(self._pending)

    def request(
        self,
        message: messages.BrokerRequest | messages.GroupRequest,
        then: Then,
        now: float,
        timeout: float | None = None,
    ) -> None:
        """Ask the broker.

        Args:
            message: any request but hello; its `id` is replaced.
            then: the callback; returned with the answer, not called here.
            now: monotonic seconds.
            timeout: seconds to wait for the reply.

        Raises:
            TooLarge: the broker would refuse to read the request.
            Overloaded: too many requests are unanswered.
        """
        if len(self._pending) >= MOST_PENDING:
            raise Overloaded(
                f"{len(self._pending):,} requests to the broker are unanswered, at most "
                f"{MOST_PENDING:,} allowed"
            )
        number = self._number + 1
        wait = self._timeout if timeout is None else timeout
        frame = codec.encode_request(msgspec.structs.replace(message, id=number), wait)
        if len(frame) > limits.FRAME_BYTES:
            raise TooLarge(
                f"a request of {len(frame):,} bytes, at most {limits.FRAME_BYTES:,} allowed"
            )
        if not self._pending:
            self._heard = now
        self._anew = self._anew or self._dead
        self._number = number
        asked = self._pending[number] = _Asked(frame, then, now + wait, wait)
        self._hold(number, asked)
        if self._welcome:
            self._send_held(now)
        else:
            self._greet(now)

    def announce(self, process: str, metrics: str, now: float) -> None:
        """Say now, and again from time to time, where the process is scraped for metrics.

        Args:
            process: its kind, such as `host`.
            metrics: HOST:PORT; empty: no longer.
            now: monotonic seconds.
        """
        self._hello = msgspec.structs.replace(self._hello, process=process, metrics=metrics)
        self._pending.pop(self._greeting, None)  # it says what was so before
        self._greeting = 0
        self._announce_at = now
        self._announce(now)

    def receive(self, frame: bytes, now: float) -> list[Answered]:
        """Take a frame from the broker; return the answers that are now known."""
        try:
            reply: messages.BrokerReply = codec.decode_broker_reply(frame)
        except PeerError:
            self.strange += 1
            return []
        if isinstance(reply, messages.GroupChanged | messages.GroupMessage):
            self._heard = now
            self._pushed.append(reply)
            return []
        if reply.id not in self._pending:
            self.strange += 1  # its request has been answered or given up
            return []
        self._heard = self._answered_at = now
        if not (isinstance(reply, messages.Error) and reply.code == Overloaded.code):
            self._measure(self._pending[reply.id], now)
        if reply.id == self._greeting:
            return self._take_greeting(reply, now)
        if isinstance(reply, messages.Error):
            return self._take_refusal(reply, now)
        then = self._drop(reply.id)
        self._send_held(now)
        return [Answered(then, reply)]

    def _take_greeting(self, reply: messages.BrokerReply, now: float) -> list[Answered]:
        if isinstance(reply, messages.Error) and reply.code == Overloaded.code:
            return []  # its timer sends it again
        del self._pending[self._greeting]
        self._greeting = 0
        if isinstance(reply, messages.Welcome):
            self.peer, self.role, self.heartbeat = reply.peer, reply.role, reply.heartbeat
            self._welcome, self.time = True, reply.time
            if self._announce_at is not None:
                self._announce_at = now + ANNOUNCE_SECONDS if self._hello.metrics else None
            self._send_held(now)
            return []
        if isinstance(reply, messages.Error):
            return self._fail(from_wire(reply.code, reply.reason))
        self.strange += 1
        return []

    def _fail(self, error: TouchlineError) -> list[Answered]:
        """Answer every request with this error."""
        self._welcome = False
        self._pending.pop(self._greeting, None)
        self._greeting = 0
        return [Answered(self._drop(number), error) for number in list(self._pending)]

    def _take_refusal(self, reply: messages.Error, now: float) -> list[Answered]:
        error = from_wire(reply.code, reply.reason)
        asked = self._pending[reply.id]
        if isinstance(error, UnknownPeer):
            self._welcome = False
            if not asked.held:
                self._flying -= 1
                self._hold(reply.id, asked)
            self._greet(now)
            return []
        if isinstance(error, Overloaded):
            asked.refusal = error  # its timer sends it again
            return []
        then = self._drop(reply.id)
        self._send_held(now)
        return [Answered(then, error)]

    def pushed(self) -> list[Push]:
        """Return the messages of groups, oldest first, each once."""
        pushed = list(self._pushed)
        self._pushed.clear()
        return pushed

    def handle_timer(self, now: float) -> list[Answered]:
        """Send again what is due, and return the failures of what is past its deadline."""
        failed: list[Answered] = []
        while self._timers and self._timers[0][0] <= now:
            due, number = heapq.heappop(self._timers)
            asked = self._pending.get(number)
            if asked is None or asked.due != due:
                continue
            if number == self._greeting:
                self._greet_again(number, asked, now)
            elif now >= asked.deadline:
                self._drop(number)
                failed.append(Answered(asked.then, asked.refusal or self._late(asked, now)))
            else:
                self._send(number, asked, now)
        self._announce(now)
        self._send_held(now)
        if self._pending and now - self._heard >= max(SILENCE, 4 * self._takes):
            self._anew = True
        return failed

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called (monotonic seconds), None for never."""
        while self._timers:
            due, number = self._timers[0]
            asked = self._pending.get(number)
            if asked is not None and asked.due == due:
                break
            heapq.heappop(self._timers)
        timers = [self._timers[0][0]] if self._timers else []
        if self._announce_at is not None and not self._greeting:
            timers.append(self._announce_at)
        return min(timers, default=None)

    def outgoing(self) -> list[bytes]:
        """Return the frames to send now, each once."""
        frames, self._out = self._out, []
        return frames

    @property
    def wants_new_connection(self) -> bool:
        """Whether the connection is taken for dead; make a new one and call `reconnected`."""
        return self._anew

    def reconnected(self, now: float) -> None:
        """Take note of a new connection, which needs a new routing id.

        The broker may still hold the old id for the dead connection, and a ROUTER ignores a second
        connection with the same id.
        """
        self._anew = self._dead = False
        self._welcome = False
        self._heard = self._made = now
        self._out.clear()
        self._pending.pop(self._greeting, None)
        self._greeting = 0
        self._flying = 0
        self._held.clear()
        for number, asked in self._pending.items():
            asked.pause = 0.0
            self._hold(number, asked)
        if self._pending:
            self._greet(now)

    def lost(self, now: float) -> None:
        """Take note that the broker is away, where another may answer in its place.

        Of a connection that was made just now this says nothing: ZeroMQ tries it again first, and
        where all brokers are away, none of them is asked more often than that.
        """
        if not self._dead and now - self._made >= LOSS_PAUSE:
            self._anew = True

    def trusted(self) -> None:
        """Take note that a handshake succeeded: the other end holds the right key."""
        self._mismatches = 0

    def refused(self) -> list[Answered]:
        """Take note that the broker holds the right key and refuses this peer's.

        Returns:
            the answers of the requests that fail at once, before their deadlines.
        """
        self._dead = True
        return self._fail(
            Untrusted(f"the broker{self._where} does not let this key in: it has been revoked")
        )

    def mismatched(self, *, final: bool) -> list[Answered]:
        """Take note that a handshake at the broker's address failed.

        Args:
            final: whether the other end speaks another protocol; otherwise it gave no reason, as a
                broker with another key does.

        Returns:
            the answers of the requests that fail at once, before their deadlines.
        """
        self._dead = self._dead or final
        self._mismatches += 1
        if self._mismatches < MISMATCHES and not final:
            return []
        return self._fail(
            Untrusted(
                f"the broker{self._where} does not hold the key that its address names; where it "
                "was set up anew, take the new address, which `touchline broker` prints"
            )
        )

    def _announce(self, now: float) -> None:
        if self._announce_at is not None and now >= self._announce_at and not self._greeting:
            if not self._pending:
                self._heard = now
            self._greet(now)

    def _greet(self, now: float) -> None:
        if self._greeting:
            return
        self._number += 1
        self._greeting = self._number
        frame = codec.encode(msgspec.structs.replace(self._hello, id=self._greeting))
        asked = self._pending[self._greeting] = _Asked(frame, ignore, inf, inf)
        self._send(self._greeting, asked, now)

    def _greet_again(self, number: int, asked: _Asked, now: float) -> None:
        if len(self._pending) > 1:
            self._send(number, asked, now)
        else:  # no request waits for it any more
            del self._pending[number]
            self._greeting = 0
            if self._announce_at is not None:
                self._announce_at = now + LONGEST_PAUSE

    def _hold(self, number: int, asked: _Asked) -> None:
        asked.held = True
        self._held.append(number)
        self._set_timer(number, asked, asked.deadline)

    def _send_held(self, now: float) -> None:
        while self._welcome and self._held and self._flying < WINDOW:
            number = self._held.popleft()
            asked = self._pending.get(number)
            if asked is not None:  # its deadline may have passed
                asked.held = False
                self._flying += 1
                self._send(number, asked, now)

    def _drop(self, number: int) -> Then:
        """Forget a request and return its callback."""
        asked = self._pending.pop(number)
        if not asked.held:
            self._flying -= 1
        return asked.then

    def _send(self, number: int, asked: _Asked, now: float) -> None:
        self._out.append(asked.frame)
        if asked.pause:
            asked.pause = min(2 * asked.pause, LONGEST_PAUSE)
            asked.sent = inf  # the answer may be to any of them
        else:
            asked.pause = min(max(FIRST_PAUSE, SLACK * self._takes), LONGEST_PAUSE)
            asked.sent = now
        self._set_timer(number, asked, min(now + asked.pause, asked.deadline))

    def _set_timer(self, number: int, asked: _Asked, due: float) -> None:
        asked.due = due
        heapq.heappush(self._timers, (due, number))

    def _measure(self, asked: _Asked, now: float) -> None:
        """Learn from the answer to a request how long answers take."""
        if asked.held:
            return
        # Of one that was sent again only the least is known that its answer has taken.
        took = now - asked.sent if asked.sent < inf else max(self._takes, asked.pause / SLACK)
        weight = SMOOTHING if self._takes else 1.0
        self._takes += weight * (took - self._takes)

    def _late(self, asked: _Asked, now: float) -> Unreachable:
        """Return the error of a request that was not answered until its deadline."""
        if self._answered_at > now - asked.wait:
            return Slow(
                f"the broker{self._where} is slow: it answers, but not this request within "
                f"{asked.wait:g} s"
            )
        return Unreachable(
            f"no answer from the broker{self._where} within {asked.wait:g} s; is it running? "
            "touchline broker"
        )
