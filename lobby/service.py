"""The lobby on WebSockets: `/ws/live` of the gateway, and an address of choice besides.

One task runs the core, the rooms at the broker, and the lines that do not read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import Sequence
from functools import partial

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from ..gateway.context import Gateway
from ..gateway.feed.message_log import framed
from ..gateway.security import address_of
from ..gateway.server import WIRE, RawWebSocket
from ..protocol.errors import Overloaded, TouchlineError
from ..runtime import clock
from . import outgoing
from .connection import RESTART, SLOW, TOO_MANY, Close, Say
from .core import LobbyCore
from .listener import Listener
from .options import Options
from .replication import Shared, member_id, opened

PATH = "/ws/live"

LOOK_SECONDS = 1.0
"""The longest time without looking after everything."""

SLOW_LOOK_SECONDS = 0.05
"""The same while somebody does not read."""

MOST_WAITING = 100
"""Messages that wait for a client of which none can stand for another."""

_log = logging.getLogger("touchline.lobby")

_SUPERSEDED = {"update", "refresh", "leaderboard", "start"}
"""Kinds of messages of which the newest is enough."""


class Line:
    """What is to be said on one connection, in order; of some kinds only the newest.

    Args:
        wire: the connection.
    """

    def __init__(self, wire: RawWebSocket) -> None:
        self.wire = wire
        self.closing: Close | None = None
        self.blocked = 0.0
        """Since when something waits, monotonic seconds; 0: nothing does."""
        self._waiting: dict[str, bytes] = {}
        self._count = 0

    def say(self, say: Say, now: float) -> None:
        """Say something, now or when there is room."""
        self._count += 1
        kind = say.kind if say.kind in _SUPERSEDED else f"{say.kind} {self._count}"
        self._waiting.pop(kind, None)
        self._waiting[kind] = say.text.encode()
        self.flush(now)

    def flush(self, now: float) -> bool:
        """Say what waits; True where all is said, and closed if it was to be."""
        while self._waiting and self.wire.open and self.wire.clear:
            kind = next(iter(self._waiting))
            for frame in framed(self._waiting.pop(kind)):
                self.wire.write(frame)
        if not self.wire.open:
            self._waiting.clear()
        if self._waiting:
            self.blocked = self.blocked or now
            return False
        self.blocked = 0.0
        if self.closing is not None:
            self.wire.close(self.closing.code, self.closing.reason)
        return True

    def is_stuck(self, now: float, seconds: float) -> bool:
        """Tell whether too much waits, or for too long."""
        return len(self._waiting) > MOST_WAITING or bool(
            self.blocked and now - self.blocked >= seconds
        )


class Lobby:
    """The lobby of one gateway.

    Args:
        gateway: what it is a part of.
        options: the lobby's settings.
    """

    def __init__(self, gateway: Gateway, options: Options | None = None) -> None:
        self.options = options or Options()
        instance = secrets.token_hex(16)
        self.core = LobbyCore(self.options, member_id(instance), os.urandom)
        self.routes: Sequence[BaseRoute] = [WebSocketRoute(PATH, self.serve)]
        self.listener: Listener | None = None
        """Serves the address of choice, where one was chosen."""
        if gateway.options.lobby:
            most = self.options.frame_bytes
            self.listener = Listener(gateway.options.lobby, self.serve, most)
        self._gateway = gateway
        self._instance = instance
        self._lines: dict[int, Line] = {}
        self._stuck: set[int] = set()  # lines on which something waits
        self._rooms: Shared | None = None
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._alone = ""

    async def start(self) -> None:
        """Open the link to the broker, and listen where it was chosen."""
        if self.listener is not None:
            self._tasks.append(asyncio.create_task(self.listener.run_here(), name="lobby server"))
            _log.info("the lobby listens on %s", self.listener.address)
        rooms = opened(partial(self._gateway.connect, roles=["viewer"]), self._instance)
        if isinstance(rooms, TouchlineError):
            _log.warning("the lobby is not shared with other gateways: %s", rooms.sentence)
        else:
            self._rooms = rooms
            for each in rooms.link.sockets:
                asyncio.get_running_loop().add_reader(each.fileno(), self._woken.set)
        self._tasks.append(asyncio.create_task(self._run(), name="lobby"))

    async def stop(self) -> None:
        """Tell all clients that the gateway restarts, and leave the rooms."""
        for line in list(self._lines.values()):
            line.wire.close(RESTART, "restarting")
        if self.listener is not None:
            self.listener.should_exit = True
            await self._tasks.pop(0)
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._rooms is not None:
            for each in self._rooms.link.sockets:
                asyncio.get_running_loop().remove_reader(each.fileno())
            await asyncio.to_thread(self._rooms.close)
            self._rooms = None

    # ── connections ──────────────────────────────────────────────────────────────────────────

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one client until it goes."""
        address = address_of(websocket.scope)
        await websocket.accept()
        line = Line(websocket.scope["extensions"][WIRE])
        try:
            self._gateway.places.take(address)
        except Overloaded as error:
            line.closing = Close(0, TOO_MANY, outgoing.CLOSED[TOO_MANY])
            line.say(Say(0, "error", outgoing.error(error)), clock.now())
            return
        conn = self.core.opened(*_times())
        self._lines[conn] = line
        self._gateway.counters.connections["lobby"] += 1
        code = 1006
        try:
            self._carry_out()
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    code = int(message.get("code") or code)
                    return
                text = message.get("text")
                said = text if text is not None else message.get("bytes") or b""
                self.core.heard(conn, said, *_times())
                self._carry_out()
        finally:
            self._lines.pop(conn, None)
            self._stuck.discard(conn)
            self.core.closed(conn, code, *_times())
            self._carry_out()
            self._gateway.places.give_back(address)

    def _carry_out(self) -> None:
        """Say, close and share what the core has decided."""
        now = clock.now()
        out, self.core.out = self.core.out, []
        for one in out:
            line = self._lines.get(one.conn)
            if line is None:
                continue
            if isinstance(one, Close):
                line.closing = one
                self._gateway.counters.closed[str(one.code)] += 1
                done = line.flush(now)
            else:
                line.say(one, now)
                done = not line.blocked
            if not done:
                self._stuck.add(one.conn)
                self._woken.set()
        self._share()

    def _share(self) -> None:
        records, self.core.union.out = self.core.union.out, []
        posts, self.core.posts = self.core.posts, []
        if self._rooms is None or not (records or posts):
            return
        for lobby, key, body in records:
            self._rooms.put(lobby, key, body)
        for lobby, body in posts:
            self._rooms.post(lobby, body)
        self._woken.set()

    # ── the task ─────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                self._turn()
            except Exception:
                # A fault of ours in one turn must not end the lobby for everybody.
                _log.exception("a turn of the lobby failed")
            wait = self._wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), wait)

    def _turn(self) -> None:
        now, wall = _times()
        self.core.handle_timer(now, wall)
        if self._rooms is not None:
            self.core.news(list(self._rooms.turn(now)), now, wall)
            self.core.share(self._rooms.shared)
            self._say_alone(self._rooms)
        self._carry_out()
        for conn in list(self._stuck):
            self._unstick(conn, now)

    def _unstick(self, conn: int, now: float) -> None:
        line = self._lines.get(conn)
        if line is None or line.flush(now):
            self._stuck.discard(conn)
        elif line.is_stuck(now, self.options.slow_seconds):
            self._stuck.discard(conn)
            self._gateway.counters.closed[str(SLOW)] += 1
            line.wire.close(SLOW, outgoing.CLOSED[SLOW])

    def _say_alone(self, rooms: Shared) -> None:
        """Log when other gateways are no longer seen, and when they are again."""
        trouble = rooms.trouble
        if trouble and not self._alone:
            _log.warning("the lobby goes on alone: %s", trouble)
        elif self._alone and not trouble:
            _log.warning("the lobby is shared with other gateways")
        self._alone = trouble

    def _wait(self) -> float:
        now = clock.now()
        due = [now + (SLOW_LOOK_SECONDS if self._stuck else LOOK_SECONDS)]
        timer = self.core.next_timer()
        due += [timer] if timer is not None else []
        due += [self._rooms.next_timer(now)] if self._rooms is not None else []
        return max(0.001, min(due) - now)


def _times() -> tuple[float, int]:
    return clock.now(), clock.wall()


def part(gateway: Gateway) -> Lobby:
    """Return the lobby as a part of a gateway.

    Raises:
        SettingError, AddressTaken: the address of choice is none, or can't be had.
    """
    return Lobby(gateway)
