"""The broker's sockets and threads: ROUTER to the peers, DEALER to the workers.

    peers ─▶ ROUTER ─▶ RequestLimiter ─┬─▶ DEALER ──inproc──▶ workers ─▶ Core ─▶ Registry
               │                       └─▶ SessionCache ─▶ Groups
               └─ ZapAuthenticator: is this key revoked?

The thread that runs the broker only forwards frames; the workers wait for the database. The thread
polls its sockets itself instead of calling `zmq.proxy`, because it refuses messages of several
frames, bounds the requests that wait for the workers, and counts.
"""

from __future__ import annotations

import itertools
import logging
import os
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq

from ..protocol import addresses, limits, times
from ..protocol.errors import (
    AddressTaken,
    EnvironmentFault,
    PeerError,
    SettingError,
    StorageFault,
    TouchlineError,
    from_wire,
)
from ..protocol.keys import Identity
from ..protocol.tokens import secret_of
from ..runtime import clock
from ..runtime.connection_guard import ConnectionGuard, Event
from ..runtime.poll_loop import PollLoop
from ..runtime.waker import Waker
from ..runtime.zap import ZapAuthenticator, guard
from .admission import RequestLimiter
from .core import AnsweredRequest, Core
from .counters import BrokerCounters
from .groups import Groups, Sent, is_group_request
from .log import RequestLog
from .options import Options
from .repository import Census, Registry, TargetRecord
from .session_cache import SessionCache
from .targets import LISTED_SECONDS

if TYPE_CHECKING:
    from .changes import ChangeFeed

WORK = "inproc://work"

FRONT = "front"
"""The name of the socket for peers, which is its ZAP domain."""

SOCKET_BYTES = 4 * limits.FRAME_BYTES
"""ZeroMQ closes a connection that sends a larger frame. A frame between `limits.FRAME_BYTES` and
this gets an error reply."""

TICKET = struct.Struct("!Qd")
"""What goes with a request to a worker and back: its number, and when it came (monotonic)."""

LATE_SECONDS = 0.5
"""A request that has waited no longer is answered, without a look at how long its peer waits."""

TURN = 100
"""The most messages to take from one socket before the next socket has its turn."""

_log = logging.getLogger("touchline.broker")


class Broker:
    """A broker: call `run()` in a thread of its own, and `stop()` from any thread.

    Args:
        options: the broker's settings.
        identity: the broker's key; None is valid only if the options are `insecure`.

    Raises:
        SettingError: there is no identity, and the options are not insecure.
    """

    def __init__(self, options: Options, identity: Identity | None) -> None:
        if identity is None and not options.insecure:
            raise SettingError("a broker needs a key, unless it is insecure")
        self.options = options
        self.ready = threading.Event()
        """Set when the broker listens."""
        self.address = ""
        """The text that peers need to connect, with the port in use; set before `ready`."""
        self._identity = None if options.insecure else identity
        self.counters = BrokerCounters()
        """The broker's counters."""
        self.connections: ConnectionGuard | None = None
        """The open connections; None before the broker has run."""
        self.database_file: Path | None = None
        """The file of the database, once the broker runs; None where it is PostgreSQL."""
        self._registry: Registry | None = None  # None unless the broker runs
        self._stopping = False
        self._waker = Waker()

    def stop(self) -> None:
        """Ask `run()` to end; may be called from any thread and from a signal handler."""
        self._stopping = True
        self._waker.wake()

    def census(self) -> Census | None:
        """Return the numbers of events and keys on record, None if the broker does not run or its
        database refuses.

        May be called from any thread; waits for the database.
        """
        registry = self._registry
        if registry is None:
            return None
        try:
            with registry.begin(write=False) as repository:
                return repository.census(repository.time(clock.wall()))
        except StorageFault:
            return None

    def targets(self) -> list[TargetRecord]:
        """Return the processes that gave the address of their metrics.

        May be called from any thread; waits for the database.

        Raises:
            StorageFault: the broker does not run, or its database refuses.
        """
        registry = self._registry
        if registry is None:
            raise StorageFault("the broker does not run")
        since = clock.wall() - round(LISTED_SECONDS * times.SECOND)
        with registry.begin(write=False) as repository:
            return repository.targets(since)

    def run(self) -> None:
        """Answer requests until `stop()` is called.

        Raises:
            AddressTaken: the address cannot be bound.
            StorageFault, SettingError: the database cannot be opened.
        """
        try:
            self._run()
        finally:
            self._waker.close()

    def _run(self) -> None:
        # SQLAlchemy is slow to import; only a process that runs a broker needs it.
        from .changes import ChangeFeed
        from .database import SqlRegistry

        # A connection for each worker, for the authenticator, and for `census`.
        registry = SqlRegistry(self.options.database_url, connections=self.options.workers + 2)
        self.database_file = registry.file
        outcomes = _Outcomes(self.counters)
        core = Core(
            registry,
            self.options,
            os.urandom,
            guard=threading.Lock(),
            counters=self.counters,
            secret=secret_of(self._identity.seed) if self._identity else b"",
            on_answered=outcomes.take,
        )
        context = zmq.Context()
        workers = [
            threading.Thread(
                target=_work, args=(context, core, outcomes), name=f"broker-worker-{n}"
            )
            for n in range(self.options.workers)
        ]
        connections = ConnectionGuard(
            key=self.options.key_connections, address=self.options.address_connections
        )
        self.connections = connections
        zap = (
            ZapAuthenticator(context, self._admits(core), connections.proved)
            if self._identity
            else None
        )
        started = []
        try:
            exchange = _Exchange(context, self.options, self._identity, core, connections)
            changes = None
            try:
                if registry.shared:
                    changes = ChangeFeed(
                        self.options.database_url, self._waker.wake, partial(_follow, core)
                    )
                for worker in workers:
                    worker.start()
                    started.append(worker)
                self.address = exchange.address
                self._registry = registry
                self.ready.set()
                _log.info("listening on %s", self.address)
                exchange.run(self._waker, lambda: not self._stopping, changes)
            finally:
                if changes is not None:
                    changes.stop()
                exchange.close()
        finally:
            if zap is not None:
                zap.stop()
            connections.stop()
            context.term()  # wakes the workers, waits until they have closed their sockets
            for worker in started:
                worker.join()
            self._registry = None
            registry.close()

    def _admits(self, core: Core) -> Callable[[bytes], bool]:
        """Return the function by which the authenticator decides, which counts its answers.

        Only the authenticator's thread calls it, so these counters need no lock.
        """

        def admits(key: bytes) -> bool:
            if core.admits(key):
                self.counters.admitted += 1
                return True
            self.counters.barred += 1
            return False

        return admits


class _Exchange:
    """The thread that forwards requests to the workers, and their replies to the peers."""

    def __init__(
        self,
        context: zmq.Context[Any],
        options: Options,
        identity: Identity | None,
        core: Core,
        connections: ConnectionGuard,
    ) -> None:
        self._options = options
        self._secure = identity is not None
        self._limiter = RequestLimiter(options)
        self._core = core
        self._counters = core.counters
        shared = not options.database_url.startswith("sqlite:")
        self._groups = Groups(clock.wall(), shared=shared)
        self._session_cache = SessionCache()
        self._tickets = itertools.count(1)
        # The requests that the workers have, by their tickets and as they were sent: a request that
        # is sent again meanwhile gets the answer of the first.
        self._asked: dict[bytes, tuple[bytes, bytes]] = {}
        self._waiting: set[tuple[bytes, bytes]] = set()
        self._back = context.socket(zmq.DEALER)
        self._back.linger = 0
        # `queue` bounds the requests that wait for the workers; a request beyond it gets a reply.
        self._back.sndhwm = self._back.rcvhwm = 0
        self._back.bind(WORK)
        self._front = context.socket(zmq.ROUTER)
        self._front.linger = 0  # until the end, see `run`
        # Without this, libzmq silently drops a reply to a peer that has gone, and the broker could
        # not count it.
        self._front.router_mandatory = 1
        # With a handover, a second connection could take over the routing id, and with it the
        # replies, of another.
        self._front.router_handover = 0
        self._front.maxmsgsize = SOCKET_BYTES
        # TCP alone does not notice that the other end has vanished without closing the connection,
        # and the dead connection would keep its routing id for ever.
        self._front.heartbeat_ivl = round(options.heartbeat * 1_000)
        self._front.heartbeat_timeout = round(2 * options.heartbeat * 1_000)
        self._front.ipv6 = "[" in options.bind
        if identity is not None:
            guard(self._front, identity, FRONT)
        self._connections = connections
        connections.watch(
            FRONT,
            self._front,
            zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
            | zmq.EVENT_HANDSHAKE_FAILED_AUTH,
            self._count_event,
        )
        try:
            self._front.bind(options.endpoint)
        except zmq.ZMQError as error:
            self.close()
            in_use = error.errno == zmq.EADDRINUSE
            reason = "is in use" if in_use else f"cannot be bound: {error}"
            raise AddressTaken(
                f"{options.endpoint} {reason}; is another broker running? choose with --bind"
            ) from error
        endpoint = self._front.last_endpoint.decode().rstrip("\0")
        host, port = addresses.parse(endpoint)
        key = identity.public if identity else b""
        self.address = str(addresses.BrokerAddress(host, port, key, plain=not key))

    def close(self) -> None:
        self._connections.release(FRONT)
        self._front.close()
        self._back.close()

    def run(
        self, waker: Waker, go_on: Callable[[], bool], changes: ChangeFeed | None = None
    ) -> None:
        """Forward frames until `go_on` is false, then send the replies that the workers still owe.

        Args:
            waker: wakes this thread when the result of `go_on` has changed.
            go_on: called before each turn.
            changes: what other brokers on the registry tell, where there may be others.
        """
        loop = PollLoop(self._front, self._back, waker=waker)
        while go_on():
            ready = loop.wait(self._groups.next_timer())
            self._send_all(self._groups.handle_timer(clock.now()))
            if self._back in ready:
                self._take_replies()
            if self._front in ready:
                self._take_requests()
            if changes is not None:
                self._share(changes)
        loop.watch([self._back])
        deadline = clock.now() + self._options.drain_seconds
        while self._counters.waiting and clock.now() < deadline:
            if self._back in loop.wait(deadline):
                self._take_replies()
        # ZeroMQ goes on sending to peers that read; one that does not holds up nothing for longer.
        self._front.linger = round(1_000 * max(0.0, deadline - clock.now()))

    def _share(self, changes: ChangeFeed) -> None:
        """Take in what other brokers tell, and tell them what happened here."""
        now = clock.now()
        for change in changes.take():
            if change.kind == "group":
                self._send_all(self._groups.take(change.broker, change.body, now))
            else:  # a peer was revoked
                self._session_cache.clear()
        outgoing = self._groups.outgoing()
        if outgoing and not changes.tell(outgoing):
            self._groups.tell_all()

    def _take_requests(self) -> None:
        now = clock.now()
        for _ in range(TURN):
            try:
                routing_id, curve, address, frames = self._receive()
            except zmq.Again:
                return
            waiting = self._counters.waiting
            refusal = self._limiter.refusal(routing_id, curve, len(frames), waiting, now)
            if refusal is None:
                self._route(routing_id, curve, address, frames[0], now)
                continue
            self._counters.rate_limited = self._limiter.rate_limited
            reply = self._core.refuse(frames[0] if len(frames) == 1 else b"", refusal)
            if self._limiter.may_reply(routing_id, curve, now):
                self._reply(routing_id, reply)

    def _receive(self) -> tuple[bytes, bytes, bytes, list[bytes]]:
        """Return the routing id of the next message, its connection's CURVE key and address, and
        its frames; no key and address in plain text.

        Raises:
            zmq.Again: there is no message.
        """
        if not self._secure:
            routing_id, *plain = self._front.recv_multipart(zmq.NOBLOCK)
            return routing_id, b"", b"", plain
        head, *frames = self._front.recv_multipart(zmq.NOBLOCK, copy=False)
        # The authenticator sets the user id of every connection that it accepts.
        curve = bytes.fromhex(str(head.get("User-Id")))
        address = str(head.get("Peer-Address")).encode()
        return head.bytes, curve, address, [frame.bytes for frame in frames]

    def _route(
        self, routing_id: bytes, curve: bytes, address: bytes, body: bytes, now: float
    ) -> None:
        if not is_group_request(body):
            self._to_workers(routing_id, curve, address, body)
        elif self._session_cache.holds(routing_id, now):
            self._hand_to_groups(routing_id, body, now)
        else:
            try:
                if self._session_cache.keep(routing_id, body):
                    self._to_workers(routing_id, curve)
            except PeerError as error:
                self._reply(routing_id, self._core.refuse(body, error))

    def _to_workers(
        self, routing_id: bytes, curve: bytes, address: bytes = b"", body: bytes = b""
    ) -> None:
        request = routing_id, body
        if body and request in self._waiting:
            self._counters.repeated += 1
            return
        ticket = TICKET.pack(next(self._tickets), clock.now())
        if body:
            self._asked[ticket] = request
            self._waiting.add(request)
        frames = (address, body) if body else ()
        self._back.send_multipart((ticket, routing_id, curve, *frames), zmq.NOBLOCK)
        self._counters.waiting += 1

    def _hand_to_groups(self, routing_id: bytes, body: bytes, now: float) -> None:
        try:
            self._send_all(self._groups.receive(routing_id, body, now))
            self._counters.group_requests += 1
        except PeerError as error:
            self._reply(routing_id, self._core.refuse(body, error))

    def _resolve(self, routing_id: bytes, code: str, reason: str) -> None:
        """Answer or refuse the kept requests of a connection, after a worker has checked it."""
        now = clock.now()
        for body in self._session_cache.resolve(routing_id, now, good=not code):
            if code:
                self._reply(routing_id, self._core.refuse(body, from_wire(code, reason)))
            else:
                self._hand_to_groups(routing_id, body, now)

    def _send_all(self, frames: list[Sent]) -> None:
        for routing_id, frame in frames:
            self._reply(routing_id, frame)

    def _take_replies(self) -> None:
        for _ in range(TURN):
            try:
                ticket, routing_id, reply, *check = self._back.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._waiting.discard(self._asked.pop(ticket, (b"", b"")))
            self._counters.waiting -= 1
            if check:
                self._resolve(routing_id, reply.decode(), check[0].decode())
            elif reply:  # empty where nobody waits, or after a fault: the peer asks again
                self._reply(routing_id, reply)

    def _reply(self, routing_id: bytes, reply: bytes) -> None:
        try:
            self._front.send_multipart([routing_id, reply], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            self._counters.undeliverable += 1

    def _count_event(self, event: Event) -> None:
        """Count what happened to a connection; called in other threads, one at a time."""
        match event["event"]:
            case zmq.EVENT_ACCEPTED:
                self._counters.accepted += 1
            case zmq.EVENT_DISCONNECTED:
                self._counters.closed += 1
            case zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                pass  # the authenticator has counted it
            case _ if event["value"] == zmq.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
                self._counters.mistaken += 1
            case _:
                self._counters.strangers += 1


class _Outcomes:
    """Counts and logs what became of each request; the workers share it.

    Args:
        counters: of the broker.
    """

    def __init__(self, counters: BrokerCounters) -> None:
        self.asked = threading.local()
        """`at`: when the request came that this thread is answering (monotonic)."""
        self._counters = counters
        self._guard = threading.Lock()
        self._log = RequestLog(_log)

    def take(self, answered: AnsweredRequest) -> None:
        request, _, result = answered
        if request is not None:
            seconds = clock.now() - self.asked.at
            refused = isinstance(result, TouchlineError)
            with self._guard:
                kind = str(request.__struct_config__.tag)
                self._counters.add_outcome(kind, seconds, refused=refused)
        self._log(answered)


def _work(context: zmq.Context[Any], core: Core, outcomes: _Outcomes) -> None:
    """Answer requests from the exchange until the context ends."""
    work = context.socket(zmq.DEALER)
    work.linger = 0
    work.sndhwm = work.rcvhwm = 0
    work.connect(WORK)
    try:
        while True:
            ticket, routing_id, curve, *request = work.recv_multipart()
            now, wall = clock.now(), clock.wall()
            came = TICKET.unpack(ticket)[1]
            waited = now - came
            outcomes.asked.at = came
            try:
                if request and waited > LATE_SECONDS and core.expires(request[1], waited):
                    answer = [b""]
                elif request:
                    address, body = request
                    answer = [core.receive(routing_id, body, now, wall, curve, address.decode())]
                else:  # the session cache asks about the connection
                    answer = _check(core, routing_id, curve)
            except Exception:
                # A fault of the broker in one request must not end the worker.
                _log.exception("a request could not be answered")
                core.record_fault()
                answer = (
                    [b""] if request else [StorageFault.code.encode(), b"the broker has a fault"]
                )
            work.send_multipart([ticket, routing_id, *answer])
    except zmq.ContextTerminated:
        return
    finally:
        work.close()


def _follow(core: Core) -> None:
    """Take in events that other brokers have changed; a search tries again if this fails."""
    with suppress(StorageFault):
        core.follow()


def _check(core: Core, routing_id: bytes, curve: bytes) -> list[bytes]:
    """Return an error's code and reason, both empty if the connection is an enrolled peer's."""
    try:
        core.check_peer(routing_id, curve)
    except (PeerError, EnvironmentFault) as error:
        return [error.code.encode(), error.sentence[: limits.TEXT_CHARS].encode()]
    return [b"", b""]
