"""The broker's sockets and threads: ROUTER to the peers, DEALER to the workers.

    peers ──▶ ROUTER ─▶ DEALER ──inproc──▶ workers ─▶ Core ─▶ Registry

The thread that runs the broker only passes frames on; each worker waits for the database. It
polls itself instead of calling `zmq.proxy`, because it refuses what is not one frame, bounds what
waits for the workers, and counts.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from typing import Any

import zmq
from zmq.utils.monitor import parse_monitor_message

from ..protocol import limits
from ..protocol.errors import AddressTaken, BadMessage, Overloaded, StorageFault
from .books import Census, Registry
from .core import Core
from .counters import Counters
from .options import Options

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
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.ready = threading.Event()
        """Set once it listens."""
        self.address = ""
        """The endpoint it listens on, the port filled in; set before `ready`."""
        self.counters = Counters()
        """What it has counted so far."""
        self._registry: Registry | None = None  # while it runs
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)

    def stop(self) -> None:
        """Ask `run()` to end; may be called from any thread and from a signal handler."""
        try:
            self._ringer.send(b"!")
        except OSError:
            return  # it has ended already

    def census(self) -> Census | None:
        """Return how much there is on record; None while it does not run or the database refuses.

        May be called from any thread; waits for the database.
        """
        registry = self._registry
        if registry is None:
            return None
        try:
            with registry.begin(write=False) as books:
                return books.census(time.time_ns() // 1_000)
        except StorageFault:
            return None

    def run(self) -> None:
        """Answer requests until `stop()` is called.

        Raises:
            AddressTaken: the address can't be bound.
            StorageFault, SettingError: the database can't be opened.
        """
        try:
            self._run()
        finally:
            self._bell.close()
            self._ringer.close()

    def _run(self) -> None:
        # SQLAlchemy is slow to import; only a process that runs a broker needs it.
        from .registry import SqlRegistry

        registry = SqlRegistry(self.options.database_url, connections=self.options.workers + 1)
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
        started = []
        try:
            exchange = _Exchange(context, self.options, core, self._bell)
            try:
                for worker in workers:
                    worker.start()
                    started.append(worker)
                self.address = exchange.address
                self._registry = registry
                self.ready.set()
                _log.info("listening on %s", self.address)
                exchange.run()
            finally:
                exchange.close()
        finally:
            context.term()  # wakes the workers, waits until they have closed their sockets
            for worker in started:
                worker.join()
            self._registry = None
            registry.close()


class _Exchange:
    """The thread in the middle: passes requests to the workers and replies back."""

    def __init__(
        self, context: zmq.Context[Any], options: Options, core: Core, bell: socket.socket
    ) -> None:
        self._options = options
        self._core = core
        self._counters = core.counters
        self._bell = bell
        self._back = context.socket(zmq.DEALER)
        self._back.linger = 0
        # What waits for the workers is bounded by `queue`, with an answer to those beyond it.
        self._back.sndhwm = self._back.rcvhwm = 0
        self._back.bind(WORK)
        self._front = context.socket(zmq.ROUTER)
        self._front.linger = LINGER_MS
        self._front.router_mandatory = 1
        self._front.router_handover = 0
        self._front.maxmsgsize = SOCKET_BYTES
        # Without these a connection whose other end vanished would hold its routing id for ever.
        self._front.heartbeat_ivl = round(options.heartbeat * 1_000)
        self._front.heartbeat_timeout = round(2 * options.heartbeat * 1_000)
        self._front.ipv6 = "[" in options.bind
        self._monitor = self._front.get_monitor_socket(
            zmq.EVENT_ACCEPTED
            | zmq.EVENT_DISCONNECTED
            | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
        )
        try:
            self._front.bind(options.endpoint)
        except zmq.ZMQError as error:
            self.close()
            reason = "is in use" if error.errno == zmq.EADDRINUSE else f"can't be bound: {error}"
            raise AddressTaken(
                f"{options.endpoint} {reason}; is another broker running? choose with --bind"
            ) from error
        self.address = self._front.last_endpoint.decode().rstrip("\0")

    def close(self) -> None:
        self._front.disable_monitor()
        self._monitor.close()
        self._front.close()
        self._back.close()

    def run(self) -> None:
        """Pass on until the bell rings, then until all that was begun is answered."""
        poller = zmq.Poller()
        for source in (self._front, self._back, self._monitor):
            poller.register(source, zmq.POLLIN)
        poller.register(self._bell.fileno(), zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if self._back in ready:
                self._take_replies()
            if self._front in ready:
                self._take_requests()
            if self._monitor in ready:
                self._take_notes()
            if self._bell.fileno() in ready:
                break
        deadline = time.monotonic() + self._options.drain_seconds
        while self._counters.waiting and (left := deadline - time.monotonic()) > 0:
            if self._back.poll(round(left * 1_000) + 1):
                self._take_replies()

    def _take_requests(self) -> None:
        for _ in range(TURN):
            try:
                frames = self._front.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            routing_id, body = frames[0], frames[1] if len(frames) > 1 else b""
            if len(frames) != 2:
                error = BadMessage(
                    f"a message of {len(frames) - 1} frames, 1 allowed; connect with DEALER"
                )
                self._reply(routing_id, self._core.refuse(b"", error))
            elif self._counters.waiting >= self._options.queue:
                full = Overloaded(
                    f"{self._counters.waiting:,} requests wait, at most "
                    f"{self._options.queue:,} allowed; try again later"
                )
                self._reply(routing_id, self._core.refuse(body, full))
            else:
                self._back.send_multipart(frames, zmq.NOBLOCK)
                self._counters.waiting += 1

    def _take_replies(self) -> None:
        for _ in range(TURN):
            try:
                routing_id, reply = self._back.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._counters.waiting -= 1
            if reply:  # empty after a fault of ours: the peer asks again or gives up
                self._reply(routing_id, reply)

    def _reply(self, routing_id: bytes, reply: bytes) -> None:
        try:
            self._front.send_multipart([routing_id, reply], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            self._counters.undeliverable += 1

    def _take_notes(self) -> None:
        while self._monitor.poll(0):
            note = parse_monitor_message(self._monitor.recv_multipart())["event"]
            if note == zmq.EVENT_ACCEPTED:
                self._counters.accepted += 1
            elif note == zmq.EVENT_DISCONNECTED:
                self._counters.closed += 1
            else:
                self._counters.strangers += 1


def _work(context: zmq.Context[Any], core: Core) -> None:
    """Answer what the exchange hands out until the context ends."""
    work = context.socket(zmq.DEALER)
    work.linger = 0
    work.sndhwm = work.rcvhwm = 0
    work.connect(WORK)
    try:
        while True:
            routing_id, body = work.recv_multipart()
            try:
                reply = core.receive(routing_id, body, time.monotonic(), time.time_ns() // 1_000)
            except Exception:
                # A fault of ours in one request must not take the broker from everybody else.
                _log.exception("a request could not be answered")
                core.note_fault()
                reply = b""
            work.send_multipart([routing_id, reply])
    except zmq.ContextTerminated:
        return
    finally:
        work.close()
