"""The broker's sockets and threads: ROUTER to the peers, DEALER to the workers.

    peers ─▶ ROUTER ─▶ RequestLimiter ─┬─▶ DEALER ──inproc──▶ workers ─▶ Core ─▶ Registry
               │                       └─▶ SessionCache ─▶ Groups
               └─ ZapAuthenticator: is this key revoked?

The thread that runs the broker only passes frames on; each worker waits for the database. It
polls itself instead of calling `zmq.proxy`, because it refuses what is not one frame, bounds what
waits for the workers, and counts.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

import zmq
from zmq.utils.monitor import parse_monitor_message

from ..protocol import addresses, limits
from ..protocol.errors import (
    AddressTaken,
    EnvironmentFault,
    PeerError,
    SettingError,
    StorageFault,
    from_wire,
)
from ..protocol.keys import Identity
from ..runtime import clock
from ..runtime.poll_loop import PollLoop, received
from ..runtime.waker import Waker
from ..runtime.zap import ZapAuthenticator, guard
from .admission import RequestLimiter
from .core import Core
from .counters import BrokerCounters
from .groups import Groups, Sent, is_group_request
from .options import Options
from .repository import Census, Registry
from .session_cache import SessionCache

WORK = "inproc://work"

SOCKET_BYTES = 4 * limits.FRAME_BYTES
"""A frame over this cuts the connection; one between the limit and this gets an error reply."""

TURN = 100
"""Messages taken from a socket before the others have their turn."""

LINGER_MS = 1_000
"""Milliseconds for which replies already sent are kept for slow receivers at the end."""

_log = logging.getLogger("touchline.broker")


class Broker:
    """A broker: `run()` it in a thread or as the process, `stop()` it from anywhere.

    Args:
        options: its settings.
        identity: the key by which peers know it; None only where the options are `insecure`.

    Raises:
        SettingError: there is no identity, and the options are not insecure.
    """

    def __init__(self, options: Options, identity: Identity | None) -> None:
        if identity is None and not options.insecure:
            raise SettingError("a broker needs a key, unless it is insecure")
        self.options = options
        self.ready = threading.Event()
        """Set once it listens."""
        self.address = ""
        """The one string by which peers reach it, the port filled in; set before `ready`."""
        self._identity = None if options.insecure else identity
        self.counters = BrokerCounters()
        """What it has counted so far."""
        self._registry: Registry | None = None  # while it runs
        self._stopping = False
        self._waker = Waker()

    def stop(self) -> None:
        """Ask `run()` to end; may be called from any thread and from a signal handler."""
        self._stopping = True
        self._waker.wake()

    def census(self) -> Census | None:
        """Return how much there is on record; None while it does not run or the database refuses.

        May be called from any thread; waits for the database.
        """
        registry = self._registry
        if registry is None:
            return None
        try:
            with registry.begin(write=False) as repository:
                return repository.census(clock.wall())
        except StorageFault:
            return None

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
        from .database import SqlRegistry

        # The workers, the authenticator, and the thread that takes the census.
        registry = SqlRegistry(self.options.database_url, connections=self.options.workers + 2)
        core = Core(
            registry,
            self.options,
            os.urandom,
            guard=threading.Lock(),
            counters=self.counters,
        )
        context = zmq.Context()
        workers = [
            threading.Thread(target=_work, args=(context, core), name=f"broker-worker-{n}")
            for n in range(self.options.workers)
        ]
        zap = ZapAuthenticator(context, self._admits(core)) if self._identity else None
        started = []
        try:
            exchange = _Exchange(context, self.options, self._identity, core)
            try:
                for worker in workers:
                    worker.start()
                    started.append(worker)
                self.address = exchange.address
                self._registry = registry
                self.ready.set()
                _log.info("listening on %s", self.address)
                exchange.run(self._waker, lambda: not self._stopping)
            finally:
                exchange.close()
        finally:
            if zap is not None:
                zap.stop()
            context.term()  # wakes the workers, waits until they have closed their sockets
            for worker in started:
                worker.join()
            self._registry = None
            registry.close()

    def _admits(self, core: Core) -> Callable[[bytes], bool]:
        """Return how the authenticator decides. It alone counts in that thread."""

        def admits(key: bytes) -> bool:
            if core.admits(key):
                self.counters.admitted += 1
                return True
            self.counters.barred += 1
            return False

        return admits


class _Exchange:
    """The thread in the middle: passes requests to the workers and replies back."""

    def __init__(
        self,
        context: zmq.Context[Any],
        options: Options,
        identity: Identity | None,
        core: Core,
    ) -> None:
        self._options = options
        self._secure = identity is not None
        self._limiter = RequestLimiter(options)
        self._core = core
        self._counters = core.counters
        self._groups = Groups(clock.wall())
        self._session_cache = SessionCache()
        self._back = context.socket(zmq.DEALER)
        self._back.linger = 0
        # What waits for the workers is bounded by `queue`, with an answer to those beyond it.
        self._back.sndhwm = self._back.rcvhwm = 0
        self._back.bind(WORK)
        self._front = context.socket(zmq.ROUTER)
        self._front.linger = LINGER_MS
        # Otherwise libzmq drops a reply to a peer that has gone, and it would not be counted.
        self._front.router_mandatory = 1
        # With a handover a second connection could take a routing id, and the replies, of another.
        self._front.router_handover = 0
        self._front.maxmsgsize = SOCKET_BYTES
        # TCP alone does not notice that the other end has vanished without a word, and the dead
        # connection would hold its routing id for ever.
        self._front.heartbeat_ivl = round(options.heartbeat * 1_000)
        self._front.heartbeat_timeout = round(2 * options.heartbeat * 1_000)
        self._front.ipv6 = "[" in options.bind
        if identity is not None:
            guard(self._front, identity)
        self._monitor = self._front.get_monitor_socket(
            zmq.EVENT_ACCEPTED
            | zmq.EVENT_DISCONNECTED
            | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
            | zmq.EVENT_HANDSHAKE_FAILED_AUTH
        )
        try:
            self._front.bind(options.endpoint)
        except zmq.ZMQError as error:
            self.close()
            reason = "is in use" if error.errno == zmq.EADDRINUSE else f"can't be bound: {error}"
            raise AddressTaken(
                f"{options.endpoint} {reason}; is another broker running? choose with --bind"
            ) from error
        endpoint = self._front.last_endpoint.decode().rstrip("\0")
        host, port = addresses.parse(endpoint)
        key = identity.public if identity else b""
        self.address = str(addresses.BrokerAddress(host, port, key, plain=not key))

    def close(self) -> None:
        self._front.disable_monitor()
        self._monitor.close()
        self._front.close()
        self._back.close()

    def run(self, waker: Waker, go_on: Callable[[], bool]) -> None:
        """Pass on until `go_on` says no, then until all that was begun is answered.

        Args:
            waker: wakes this thread when the answer of `go_on` has changed.
            go_on: asked before each turn.
        """
        loop = PollLoop(self._front, self._back, self._monitor, waker=waker)
        while go_on():
            ready = loop.wait(self._groups.next_timer())
            self._send_all(self._groups.handle_timer(clock.now()))
            if self._back in ready:
                self._take_replies()
            if self._front in ready:
                self._take_requests()
            if self._monitor in ready:
                self._take_monitor_events()
        loop.watch([self._back])
        deadline = clock.now() + self._options.drain_seconds
        while self._counters.waiting and clock.now() < deadline:
            if self._back in loop.wait(deadline):
                self._take_replies()

    def _take_requests(self) -> None:
        now = clock.now()
        for _ in range(TURN):
            try:
                routing_id, curve, frames = self._receive()
            except zmq.Again:
                return
            waiting = self._counters.waiting
            refusal = self._limiter.refusal(routing_id, curve, len(frames), waiting, now)
            if refusal is None:
                self._route(routing_id, curve, frames[0], now)
                continue
            self._counters.rate_limited = self._limiter.rate_limited
            reply = self._core.refuse(frames[0] if len(frames) == 1 else b"", refusal)
            if self._limiter.may_reply(routing_id, curve, now):
                self._reply(routing_id, reply)

    def _receive(self) -> tuple[bytes, bytes, list[bytes]]:
        """Return the routing id, the key that the connection has proved, and the frames behind.

        Raises:
            zmq.Again: there is nothing.
        """
        if not self._secure:
            routing_id, *plain = self._front.recv_multipart(zmq.NOBLOCK)
            return routing_id, b"", plain
        head, *frames = self._front.recv_multipart(zmq.NOBLOCK, copy=False)
        # The authenticator has set it, so that every connection has one.
        curve = bytes.fromhex(str(head.get("User-Id")))
        return head.bytes, curve, [frame.bytes for frame in frames]

    def _route(self, routing_id: bytes, curve: bytes, body: bytes, now: float) -> None:
        if not is_group_request(body):
            self._to_workers(routing_id, curve, body)
        elif self._session_cache.holds(routing_id, now):
            self._hand_to_groups(routing_id, body, now)
        else:
            try:
                if self._session_cache.keep(routing_id, body):
                    self._to_workers(routing_id, curve)
            except PeerError as error:
                self._reply(routing_id, self._core.refuse(body, error))

    def _to_workers(self, *frames: bytes) -> None:
        self._back.send_multipart(frames, zmq.NOBLOCK)
        self._counters.waiting += 1

    def _hand_to_groups(self, routing_id: bytes, body: bytes, now: float) -> None:
        try:
            self._send_all(self._groups.receive(routing_id, body, now))
            self._counters.group_requests += 1
        except PeerError as error:
            self._reply(routing_id, self._core.refuse(body, error))

    def _resolve(self, routing_id: bytes, code: str, reason: str) -> None:
        """Serve or refuse what a connection asked of groups, now that a worker knows its peer."""
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
                routing_id, reply, *check = self._back.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._counters.waiting -= 1
            if check:
                self._resolve(routing_id, reply.decode(), check[0].decode())
            elif reply:  # empty after a fault of ours: the peer asks again or gives up
                self._reply(routing_id, reply)

    def _reply(self, routing_id: bytes, reply: bytes) -> None:
        try:
            self._front.send_multipart([routing_id, reply], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            self._counters.undeliverable += 1

    def _take_monitor_events(self) -> None:
        for message in received(self._monitor):
            note = parse_monitor_message(message)
            match note["event"]:
                case zmq.EVENT_ACCEPTED:
                    self._counters.accepted += 1
                case zmq.EVENT_DISCONNECTED:
                    self._counters.closed += 1
                case zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                    pass  # the authenticator has counted it
                case _ if note["value"] == zmq.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
                    self._counters.mistaken += 1
                case _:
                    self._counters.strangers += 1


def _work(context: zmq.Context[Any], core: Core) -> None:
    """Answer what the exchange hands out until the context ends."""
    work = context.socket(zmq.DEALER)
    work.linger = 0
    work.sndhwm = work.rcvhwm = 0
    work.connect(WORK)
    try:
        while True:
            routing_id, curve, *body = work.recv_multipart()
            now, wall = clock.now(), clock.wall()
            try:
                if body:
                    answer = [core.receive(routing_id, body[0], now, wall, curve)]
                else:  # may this connection speak to groups?
                    answer = _check(core, routing_id, curve)
            except Exception:
                # A fault of ours in one request must not end the worker of all the others.
                _log.exception("a request could not be answered")
                core.record_fault()
                answer = [b""] if body else [StorageFault.code.encode(), b"a fault of the broker's"]
            work.send_multipart([routing_id, *answer])
    except zmq.ContextTerminated:
        return
    finally:
        work.close()


def _check(core: Core, routing_id: bytes, curve: bytes) -> list[bytes]:
    """Return the code and reason of an error, both empty where the connection is a peer's."""
    try:
        core.check_peer(routing_id, curve)
    except (PeerError, EnvironmentFault) as error:
        return [error.code.encode(), error.sentence[: limits.TEXT_CHARS].encode()]
    return [b"", b""]
