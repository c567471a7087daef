"""The link to the broker on a socket: a command waits for its answer, a process polls."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import zmq

from ...protocol import addresses, keys, limits, messages
from ...protocol.errors import SettingError, TouchlineError
from ...protocol.keys import Identity
from ...runtime import clock
from ...runtime.poll_loop import PollLoop, event_of, received, received_some
from .core import Answered, LinkCore, Push, Reply, Then

ENTROPY_BYTES = 16
"""Random bytes of a routing id, after those that are bound to the key."""

WITHDRAW_SECONDS = 0.5
"""The longest wait, at the end, for the broker to hear that there are no metrics any more."""

HANDSHAKES = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
"""The events of a monitor about how a connection begins."""

A_TURN = 200
"""The most replies of the broker that are taken in at one time; also for their bytes there is a
bound, `limits.BLOCK_BYTES`."""

LOSSES = zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED
"""The events of a monitor about a broker that is away: it closed the connection, or takes none."""


class Link:
    """A peer's connection to the broker. Not thread-safe.

    A command asks and waits: `link.ask(messages.Search(id=0, text="final"))`.

    A process with a loop of its own polls `sockets` for POLLIN, wakes at `next_timer()`, calls
    `request(message, then, now)` to ask and `poll(now)` in each turn, which calls `then` of every
    answered request.

    Args:
        address: the broker's, in full: `touchline://host:port?key=…`. Of several brokers the link
            takes one by this peer's key, and goes on at the next when that one is away.
        name: the peer's name, for people.
        identity: its key; see `identity.load`.
        roles: the roles that it asks for.
        context: the process's ZeroMQ context; without one, the link makes its own.
        invite: the code to enrol with, where the broker requires one.

    Raises:
        SettingError: the address is not valid, or names no key.
    """

    def __init__(
        self,
        address: str,
        name: str,
        identity: Identity,
        roles: Sequence[messages.Role] = (),
        context: zmq.Context[Any] | None = None,
        *,
        invite: str = "",
        behind: str = "",
    ) -> None:
        self.broker = trusted(address)
        """Where the broker is, and its key."""
        self.identity = identity
        """This peer's key."""
        self._core = LinkCore(
            name,
            identity.public,
            roles,
            invite=invite,
            behind=behind,
            address=",".join(self.broker.endpoints),
        )
        self._context = context or zmq.Context()
        self._owns_context = context is None
        # The same object over all connections, since pollers hold it.
        self.socket: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        self._endpoints = self.broker.endpoints
        # Peers spread over the brokers by their keys.
        self._at = int.from_bytes(identity.public[:4]) % len(self._endpoints)
        self._connected = False
        self._answers: deque[Answered] = deque()  # whose callbacks are not called yet
        self._more = False  # the broker has sent more than one `poll` takes in
        self._announced = ""  # the kind of this process, once it has announced its metrics
        self._loop = PollLoop()
        self.socket.linger = 0
        self.socket.maxmsgsize = limits.BLOCK_BYTES
        self.socket.ipv6 = any("[" in endpoint for endpoint in self._endpoints)
        if self.secure:
            lock(self.socket, identity, self.broker.key)
        # ZeroMQ connects again by itself, but always at the same broker.
        losses = LOSSES if len(self._endpoints) > 1 else 0
        self._monitor = self.socket.get_monitor_socket(HANDSHAKES | losses)
        self._connect()

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """The sockets that a poller has to watch."""
        return [self.socket, self._monitor]

    @property
    def endpoint(self) -> str:
        """The ZeroMQ endpoint of the broker that the link is at, or tries."""
        return self._endpoints[self._at]

    @property
    def role(self) -> messages.Role | None:
        """What the peer may do; None until the broker has answered for the first time."""
        return self._core.role

    @property
    def secure(self) -> bool:
        """Whether connections are encrypted, to the broker and to its hosts."""
        return not self.broker.plain

    @property
    def peer(self) -> str:
        """The peer's id; empty until the broker has answered for the first time."""
        return self._core.peer

    @property
    def context(self) -> zmq.Context[Any]:
        """The ZeroMQ context, for further sockets of the same peer; close those first."""
        return self._context

    @property
    def heartbeat(self) -> float:
        """Seconds between heartbeats of an idle feed; 0 until the broker has answered."""
        return self._core.heartbeat

    def broker_time(self, timeout: float = 5.0) -> int:
        """Return the broker's wall clock when it welcomed this peer, microseconds since 1970.

        Args:
            timeout: seconds to wait for the first welcome.

        Raises:
            TouchlineError: the broker's refusal, or Unreachable.
        """
        self.ask(messages.Search(id=0, limit=1), timeout)
        return self._core.time

    def announce(self, process: str, metrics: str) -> None:
        """Tell the broker, now and from time to time, where this process is scraped for metrics.

        `close` takes it back.

        Args:
            process: its kind, such as `host`.
            metrics: HOST:PORT; a host of all interfaces stands for where the connection comes from.
        """
        self._announced = process if metrics else ""
        now = clock.now()
        self._core.announce(process, metrics, now)
        self._renew(now)
        self._send_out()

    def ask(self, message: messages.BrokerRequest, timeout: float = 5.0) -> messages.BrokerReply:
        """Ask the broker, wait, and return the reply.

        Args:
            message: any request but hello; its `id` is replaced.
            timeout: seconds to wait.

        Raises:
            TouchlineError: the broker's refusal, or Unreachable.
        """
        replies: list[Reply] = []
        self.request(message, lambda reply, _: replies.append(reply), clock.now(), timeout)
        while not replies:
            self._wait()
        (reply,) = replies
        if isinstance(reply, TouchlineError):
            raise reply
        return reply

    def flush(self, timeout: float = 1.0) -> None:
        """Wait until the broker has answered every request; call it before `close`.

        Args:
            timeout: seconds to wait at most.
        """
        deadline = clock.now() + timeout
        while self._core.unanswered and clock.now() < deadline:
            self._wait(deadline)

    def _wait(self, deadline: float | None = None) -> None:
        """Poll now; where nothing was answered, poll again when something comes or is due."""
        if not self.poll(clock.now()):
            self._loop.watch(self.sockets)
            self._loop.wait(self.next_timer(), deadline)
            self.poll(clock.now())

    def request(
        self,
        message: messages.BrokerRequest | messages.GroupRequest,
        then: Then,
        now: float,
        timeout: float | None = None,
    ) -> None:
        """Ask the broker without waiting.

        Args:
            message: any request but hello; its `id` is replaced.
            then: the callback; a later `poll` calls it once, with the reply or error and the time.
            now: monotonic seconds.
            timeout: seconds to wait for the reply, 5 unless given.

        Raises:
            TooLarge: the broker would refuse to read the request.
            Overloaded: too many requests are unanswered.
        """
        self._core.request(message, then, now, timeout)
        self._renew(now)
        self._send_out()

    def poll(self, now: float) -> int:
        """Receive, send again what is due, and call the callback of each answered request.

        Never waits; call it when one of `sockets` can be read and at `next_timer()`.

        Args:
            now: monotonic seconds.

        Returns:
            how many requests were answered or failed.
        """
        self._answers += self._watch(now)
        taken, self._more = received_some(self.socket, A_TURN, limits.BLOCK_BYTES)
        for frames in taken:
            self._answers += self._core.receive(frames[0] if len(frames) == 1 else b"", now)
        self._answers += self._core.handle_timer(now)
        self._renew(now)
        self._send_out()
        answered = 0
        while self._answers:  # one at a time: a callback may raise, and the others stay
            then, reply = self._answers.popleft()
            then(reply, now)
            answered += 1
        return answered

    def pushed(self) -> list[Push]:
        """Return the messages of the groups that this peer is in, oldest first; `poll` before."""
        return self._core.pushed()

    def next_timer(self) -> float | None:
        """Return when `poll` is to be called at the latest (monotonic seconds), None for never."""
        return 0.0 if self._more else self._core.next_timer()

    def close(self) -> None:
        """Close the socket, and the context where it is the link's own; a process that has
        announced its metrics takes that back, and waits for it a little."""
        if self._announced:
            self.announce(self._announced, "")
            self.flush(WITHDRAW_SECONDS)
        self.socket.disable_monitor()
        self._monitor.close(linger=0)
        self.socket.close()
        if self._owns_context:
            self._context.term()

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _watch(self, now: float) -> list[Answered]:
        """Read the events of connections; return the answers of requests that fail by them."""
        answers: list[Answered] = []
        for message in received(self._monitor):
            event = event_of(message)
            if event & LOSSES:
                self._core.lost(now)
            elif event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._core.trusted()
            elif event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                answers += self._core.refused()
            else:
                final = event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
                answers += self._core.mismatched(final=final)
        return answers

    def _renew(self, now: float) -> None:
        if self._core.wants_new_connection:
            self._connect()
            self._core.reconnected(now)

    def _connect(self) -> None:
        """Connect under a new routing id of this peer; drop the earlier connection, if any, and
        take the next broker of the address."""
        if self._connected:
            # This drops what waits to be sent; what still matters is sent again.
            self.socket.disconnect(self.endpoint)
            self._at = (self._at + 1) % len(self._endpoints)
        self.socket.routing_id = own_routing_id(self.identity)
        self.socket.connect(self.endpoint)
        self._connected = True

    def _send_out(self) -> None:
        for frame in self._core.outgoing():
            try:
                self.socket.send(frame, zmq.NOBLOCK)
            except zmq.Again:
                return  # the queue is full; the frame is sent again when due


def trusted(address: str) -> addresses.BrokerAddress:
    """Return the broker that a complete address names.

    Raises:
        SettingError: the address is not valid, or names no key without being insecure.
    """
    broker = addresses.broker(address)
    if not broker.key and not broker.plain:
        raise SettingError(
            f"--broker: {address!r} names no key, by which a peer knows the broker; give the "
            f"whole address that `touchline broker` prints, {broker}?key=…"
        )
    return broker


def lock(socket: zmq.Socket[bytes], identity: Identity, server: bytes) -> None:
    """Encrypt the connections that a socket is going to make.

    Args:
        socket: not connected yet.
        identity: of this peer.
        server: the public key of the other end, 32 bytes.

    Raises:
        SettingError: `server` is not a public key.
    """
    socket.setsockopt(zmq.CURVE_SERVERKEY, keys.curve_key(server))
    socket.setsockopt(zmq.CURVE_PUBLICKEY, identity.curve_public)
    socket.setsockopt(zmq.CURVE_SECRETKEY, identity.curve_secret)


def own_routing_id(identity: Identity) -> bytes:
    """Return a new routing id that only this peer may use, and no other peer can guess."""
    return keys.routing_id(identity.curve_public, os.urandom(ENTROPY_BYTES))
