"""The hosting peer's sockets: one loop that drains, decides, commits, publishes.

    PULL reports ──┐
    ROUTER joins ──┼─▶ desk ─▶ cores ─▶ journal, one commit a turn ─▶ PUB entries
    the broker ────┘                                                └▶ ROUTER receipts

Plain `recv(NOBLOCK)` in a drain loop. A turn is committed as soon as it is drained: a fixed tick
would cost its own length in latency.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import Any
from uuid import uuid4

import zmq

from ...protocol import limits, messages
from ...protocol.addresses import parse as parse_address
from ...protocol.errors import AddressTaken, StorageFault, TouchlineError
from ...protocol.messages import Card, Endpoints
from ..link import Link
from ..steady import steady
from .core import EventCore
from .desk import Desk
from .journal import Journal
from .member import Output
from .options import Options
from .suspension import Stand
from .tenure import Tenure

log = logging.getLogger(__name__)

DRAIN = 10_000
"""Frames taken in before a turn is committed: as many as a disk that takes milliseconds to sync is
worth, and few enough that a flood holds up a verdict for some tens of milliseconds at most."""

RETRY_SECONDS = 0.5
"""Pause before a commit that the disk refused is tried again."""

CUT_BYTES = 16 * limits.FRAME_BYTES
"""A frame above this ends its connection; below it, one over the limit is refused and counted."""


class Host:
    """A process that hosts events.

    Args:
        options: its settings.
        identity: the peer's secret at the broker.
        journal: where turns are stored; the caller closes it.
        events: ids of the events to host.
        wall: the wall clock, microseconds since 1970 UTC; read once, see `steady`.

    Raises:
        AddressTaken: a socket could not be bound.
        StorageFault: the journal can't be written.
    """

    def __init__(
        self,
        options: Options,
        identity: str,
        journal: Journal,
        events: tuple[str, ...],
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self.cores: dict[str, EventCore] = {}
        self.ready = threading.Event()  # set when every event is being served
        self.trouble = ""  # why nothing can be stored; empty when all is well
        self._options = options
        self._journal = journal
        self._wall = steady(wall)
        self._context: zmq.Context[Any] = zmq.Context()
        try:
            kept = journal.ports()
            self._router = self._bind(zmq.ROUTER, options.router, kept, "router")
            self._pull = self._bind(zmq.PULL, options.pull, kept, "pull")
            self._pub = self._bind(zmq.PUB, options.pub, kept, "pub")
            journal.keep_ports(self._ports())
        except TouchlineError:
            self._context.destroy(linger=0)
            raise
        self._link = Link(
            options.broker, options.name, identity, roles=("host",), context=self._context
        )
        # Written to by `stop`, also from a signal, to end the wait in the poller.
        self._wake_out, self._wake_in = os.pipe()
        self._stopping = False
        self._now = time.monotonic()
        self._turn_wall = self._wall()
        self._touched: dict[str, EventCore] = {}
        self._uncommitted: list[tuple[EventCore, Output]] = []
        # Where each feed stood when it was last let out; the cores are ahead of the disk meanwhile.
        self._stands: dict[str, Stand] = {}
        # The broker's answers that came while nothing could be stored.
        self._answers: list[tuple[int, messages.BrokerReply | TouchlineError]] = []
        self._timers: list[tuple[float, str]] = []
        self._timer_at: dict[str, float] = {}
        # Answers to requests wait for the turn's commit: a setup counts what is not stored before.
        self._replies: list[tuple[bytes, bytes]] = []
        self.desk = Desk(self.cores, self._touch, self._ask, self._reply)
        self.tenure = Tenure(
            uuid4().hex,
            self.endpoints,
            self._ask,
            journal.card,
            self._build,
            self._serve,
            self._drop,
        )
        for event in events:
            self.tenure.take_on(event)

    @property
    def endpoints(self) -> Endpoints:
        """Where the three sockets can be reached."""
        return Endpoints(
            router=self._reach(self._router),
            pull=self._reach(self._pull),
            pub=self._reach(self._pub),
        )

    @property
    def lost(self) -> dict[str, TouchlineError]:
        """Events that can't be held (any more), and why."""
        return self.tenure.lost

    def stop(self) -> None:
        """End `run` soon; may be called from a signal or another thread."""
        self._stopping = True
        try:
            os.write(self._wake_in, b"\0")
        except OSError:
            return  # it has ended already

    def run(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Serve until `stop`, until no event is left to serve, or until `go_on` says no.

        Args:
            go_on: asked before the first turn and after each, on this thread.
        """
        poller = zmq.Poller()
        poller.register(self._wake_out, zmq.POLLIN)
        for socket in (self._link.socket, self._router, self._pull):
            poller.register(socket, zmq.POLLIN)
        try:
            while not self._stopping and self.tenure.holds_any and go_on():
                patience = self._patience()
                due = time.monotonic() + patience / 1_000
                poller.poll(patience)
                late = time.monotonic() - due
                if late > self._options.heartbeat / 2:  # this process was stopped
                    for core in self.cores.values():
                        core.slept(late)
                self._turn()
                if self._uncommitted:
                    self._wait_for_room()
            self._leave()
        finally:
            self._link.close()
            self._context.destroy(linger=500)
            os.close(self._wake_out)
            os.close(self._wake_in)

    # ── one turn ─────────────────────────────────────────────────────────────────────────────

    def _turn(self) -> None:
        self._now = now = time.monotonic()
        self._turn_wall = wall = self._wall()
        answers, self._answers = self._answers, []
        for number, reply in answers + self._link.poll(now):
            if not self.desk.granted(number, reply, now, wall):
                self.tenure.answered(number, reply, now)
        self.desk.recall()
        for routing_id, *frames in _drain(self._router.recv_multipart):
            # A request is one frame; what has more is not one of ours, and is told so.
            self.desk.answer(routing_id, b"".join(frames), now, wall)
        self.desk.take_reports(_drain(self._pull.recv), now, wall)
        self._handle_timers(now)
        self._finish_turn()
        if not self.ready.is_set() and self.tenure.holds_any and self.tenure.serving:
            self.ready.set()

    def _handle_timers(self, now: float) -> None:
        self.tenure.handle_timer(now)
        while self._timers and self._timers[0][0] <= now:
            at, event = heappop(self._timers)
            if self._timer_at.get(event) == at:
                core = self.cores[event]
                self._touch(core)
                core.handle_timer(now)

    def _touch(self, core: EventCore) -> None:
        if core.card.event not in self._touched:
            self._touched[core.card.event] = core
            core.begin_turn(self._now, self._turn_wall)

    def _finish_turn(self) -> None:
        for event, core in self._touched.items():
            self._uncommitted.append((core, core.take()))
            at = core.next_timer()
            if self._timer_at.get(event) != at:
                self._timer_at[event] = at
                heappush(self._timers, (at, event))
        self._touched.clear()
        self._commit()

    def _commit(self) -> None:
        """Store what the turn led to, then let it out; keep it where the disk refuses."""
        turns = [(core.card.event, out.commit) for core, out in self._uncommitted if out.commit]
        try:
            if turns:
                self._journal.commit(turns)
        except StorageFault as fault:
            if not self.trouble:
                log.error("%s; nothing is confirmed until it can be stored", fault.sentence)
            self.trouble = fault.sentence
            return
        was_in_trouble, self.trouble = bool(self.trouble), ""
        for reply_to, frame in self._replies:
            self._send(reply_to, frame)
        self._replies.clear()
        for core, out in self._uncommitted:
            for frame in out.publish:
                self._pub.send(frame)
            for token, receipt in out.receipts:
                routing_id = self.desk.routes.get(token)
                if routing_id is None or not self._send(routing_id, receipt):
                    self.desk.keep(token, receipt)
            if out.finished:
                self.tenure.finish(core.card.event)
            self._stands[core.card.event] = core.stand
        self._uncommitted.clear()
        if was_in_trouble:
            log.warning("the journal can be written again")
            self._tell_trouble()

    # ── the disk is full ─────────────────────────────────────────────────────────────────────

    def _wait_for_room(self) -> None:
        """Take nothing in while nothing can be stored: the senders keep it.

        The feed says so, and who is there already is answered: it is not the host that is lost.
        """
        poller = zmq.Poller()
        for socket in (self._wake_out, self._link.socket, self._router):
            poller.register(socket, zmq.POLLIN)
        retry_at = time.monotonic() + RETRY_SECONDS
        beat_at = 0.0
        while self._uncommitted and not self._stopping:
            now = time.monotonic()
            if now >= beat_at:
                beat_at = now + self._options.heartbeat
                self._tell_trouble()
            if now >= retry_at:
                retry_at = now + RETRY_SECONDS
                self._commit()
                continue
            self._answer_meanwhile(now)
            due = min(retry_at, beat_at, self.tenure.next_timer())
            poller.poll(max(0, round((due - time.monotonic()) * 1000 + 0.5)))

    def _tell_trouble(self) -> None:
        """Publish how it stands with the journal, and with each feed that was let out before."""
        wall = self._wall()
        for event, stand in self._stands.items():
            core = self.cores.get(event)
            if core is not None:
                self._pub.send(core.troubled(stand, self.trouble, wall))

    def _answer_meanwhile(self, now: float) -> None:
        """Answer what needs no disk; keep the leases, so that no other host begins from nothing."""
        for number, reply in self._link.poll(now):
            if isinstance(reply, messages.Leased):
                self.tenure.answered(number, reply, now)
            else:
                self._answers.append((number, reply))
        self.tenure.handle_timer(now)
        wall = self._wall()
        for routing_id, *frames in _drain(self._router.recv_multipart):
            frame = b"".join(frames)
            self._send(
                routing_id, self.desk.answer_meanwhile(routing_id, frame, wall, self.trouble)
            )

    def _patience(self) -> int:
        """Return how long the poller may wait, milliseconds."""
        due = min(
            self._link.next_timer() or float("inf"),
            self.tenure.next_timer(),
            self._timers[0][0] if self._timers else float("inf"),
        )
        return max(0, min(60_000, round((due - time.monotonic()) * 1000 + 0.5)))

    # ── events ───────────────────────────────────────────────────────────────────────────────

    def _build(self, card: Card) -> EventCore:
        core = EventCore(card, self._options)
        self._journal.keep_card(card)
        core.restore(self._journal.turns(card.event))
        return core

    def _serve(self, core: EventCore, epoch: int) -> None:
        self.cores[core.card.event] = core
        self._stands[core.card.event] = core.stand
        self.desk.open(core)
        self._touched[core.card.event] = core
        core.start(epoch, self._now, self._turn_wall)
        log.info("hosting %s, epoch %d, from seq %d", core.card.event, epoch, core.feed.seq)

    def _drop(self, core: EventCore) -> None:
        event = core.card.event
        del self.cores[event]
        self._stands.pop(event, None)
        self.desk.close(core)
        self._touched.pop(event, None)
        self._timer_at.pop(event, None)

    def _leave(self) -> None:
        self.tenure.leave()
        self._link.flush()

    def _ask(self, request: Any) -> int:
        return self._link.send(request, self._now)

    # ── sockets ──────────────────────────────────────────────────────────────────────────────

    def _bind(self, kind: int, port: int, kept: Mapping[str, int], name: str) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 500)
        socket.setsockopt(zmq.MAXMSGSIZE, CUT_BYTES)
        socket.setsockopt(zmq.SNDHWM, 10_000)
        socket.setsockopt(zmq.RCVHWM, 10_000)
        if kind == zmq.ROUTER:
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
            # A peer that was cut off comes back under its routing id while this side may still
            # believe in the connection that broke, and would not listen to the new one.
            socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        host, _ = parse_address(self._options.bind, what="--bind")
        socket.setsockopt(zmq.IPV6, int(":" in host))
        # Without a port of its own it takes that of its last run, where peers look for it first.
        ports = (port,) if port else (kept[name], 0) if name in kept else (0,)
        for number in ports:
            try:
                socket.bind(f"tcp://{host}:{number or '*'}")
            except zmq.ZMQError as error:
                reason = error
            else:
                return socket
        raise AddressTaken(f"--{name}: can't listen on {host}:{port}: {reason}")

    def _ports(self) -> dict[str, int]:
        """Return the ports that the sockets listen on, by name."""
        sockets = {"router": self._router, "pull": self._pull, "pub": self._pub}
        return {
            name: int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
            for name, socket in sockets.items()
        }

    def _reach(self, socket: zmq.Socket[bytes]) -> str:
        endpoint = socket.getsockopt_string(zmq.LAST_ENDPOINT)
        if not self._options.advertise:
            return endpoint
        return f"tcp://{self._options.advertise}:{endpoint.rpartition(':')[2]}"

    def _reply(self, routing_id: bytes, body: bytes) -> None:
        self._replies.append((routing_id, body))

    def _send(self, routing_id: bytes, body: bytes) -> bool:
        """Send to a peer; False where it is gone. One that does not read loses the frame and
        asks again: it never holds up the others."""
        try:
            self._router.send_multipart((routing_id, body), zmq.NOBLOCK)
        except zmq.Again:
            return True
        except zmq.ZMQError:
            return False
        return True


def spare_collector() -> None:
    """Let Python's cycle collector look at a host's memory less often; call it once a process.

    Claims live as long as their event and hold no cycles; looking through them again and again
    takes a tenth of the time of the report path.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


def _drain(receive: Callable[[int], Any]) -> list[Any]:
    frames = []
    try:
        for _ in range(DRAIN):
            frames.append(receive(zmq.NOBLOCK))  # noqa: PERF401  # ends by zmq.Again
    except zmq.Again:
        pass
    return frames
