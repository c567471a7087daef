"""The lobby on WebSockets: at `/ws/live` of the gateway, and also at an address of its own.

One task runs the core, the groups at the broker, and the connections that do not read. Tested in
`tests/integration/test_lobby.py`.
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
from ..gateway.security import JsonResponse, address_of, is_foreign, refusal
from ..gateway.server import RAW_WEBSOCKET
from ..protocol.addresses import reaches
from ..protocol.errors import NotAllowed, Overloaded, TouchlineError
from ..runtime import clock
from . import outgoing
from .connection import RESTART, SLOW, TOO_MANY, OutgoingClose, OutgoingText
from .core import LobbyCore
from .listener import LobbyServer
from .options import Options
from .queue import OutgoingQueue
from .replication import Replication, member_id, opened

PATH = "/ws/live"

TURN_SECONDS = 1.0
"""The longest time between two turns."""

BLOCKED_SECONDS = 0.05
"""The longest such time while a connection does not read."""

_log = logging.getLogger("touchline.lobby")


class Lobby:
    """The lobby of one gateway.

    Args:
        gateway: the gateway of which it is a component.
        options: the lobby's settings.

    Raises:
        SettingError: the lobby's own address is not valid.
        AddressTaken: the address is taken or not allowed.
    """

    def __init__(self, gateway: Gateway, options: Options | None = None) -> None:
        self.options = options or Options()
        instance = secrets.token_hex(16)
        self.core = LobbyCore(self.options, member_id(instance), os.urandom)
        gateway.counters.lobby = self.core.state.counters
        self.routes: Sequence[BaseRoute] = [WebSocketRoute(PATH, self.serve)]
        self.server: LobbyServer | None = None
        """The server of the lobby's own address; None where it has none."""
        if gateway.options.lobby:
            most = self.options.frame_bytes
            self.server = LobbyServer(gateway.options.lobby, self.serve, most)
        self._gateway = gateway
        self._instance = instance
        self._queues: dict[int, OutgoingQueue] = {}
        self._blocked: set[int] = set()  # numbers of the connections that do not read
        self._replication: Replication | None = None
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._trouble = ""  # why the lobby is not shared, as last logged

    async def start(self) -> None:
        """Open the link to the broker, and listen on the lobby's own address."""
        if self.server is not None:
            self._tasks.append(asyncio.create_task(self.server.run(), name="lobby server"))
            _log.info("the lobby listens on %s", self.server.address)
        connect = partial(self._gateway.connect, roles=["viewer"])
        replication = opened(connect, self._instance)
        if isinstance(replication, TouchlineError):
            _log.warning("the lobby is not shared with other gateways: %s", replication.sentence)
        else:
            self._replication = replication
            for each in replication.link.sockets:
                asyncio.get_running_loop().add_reader(each.fileno(), self._woken.set)
        self._tasks.append(asyncio.create_task(self._run(), name="lobby"))

    async def stop(self) -> None:
        """Close all connections with the code of a restart, and leave the groups."""
        for queue in list(self._queues.values()):
            queue.close(RESTART, "restarting")
        if self.server is not None:
            self.server.stop()
            await self._tasks.pop(0)
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._replication is not None:
            for each in self._replication.link.sockets:
                asyncio.get_running_loop().remove_reader(each.fileno())
            await asyncio.to_thread(self._replication.close)
            self._replication = None

    # ── connections ──────────────────────────────────────────────────────────────────────────

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one client until it leaves."""
        if not self._lets_in(websocket):
            error = NotAllowed("the lobby lets in no page of this site; see --lobby-origin")
            await websocket.send_denial_response(JsonResponse(refusal(error), 403))
            return
        address = address_of(websocket.scope)
        await websocket.accept()
        queue = OutgoingQueue(websocket.scope["extensions"][RAW_WEBSOCKET])
        try:
            self._gateway.limits.take(address)
        except Overloaded as error:
            queue.closing = OutgoingClose(0, TOO_MANY, outgoing.CLOSED[TOO_MANY])
            queue.put(OutgoingText(0, "error", outgoing.error(error)), clock.now())
            return
        number = self.core.opened(*_times())
        self._queues[number] = queue
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
                content = text if text is not None else message.get("bytes") or b""
                self.core.receive(number, content, *_times())
                self._carry_out()
        finally:
            self._queues.pop(number, None)
            self._blocked.discard(number)
            self.core.closed(number, code, *_times())
            self._carry_out()
            self._gateway.limits.give_back(address)

    def _lets_in(self, websocket: WebSocket) -> bool:
        """Return whether a client may come in: a program, or a page of a site that may.

        The lobby reads no cookie, so that a connection is nobody's wherever it comes from.
        """
        options, headers = self._gateway.options, websocket.headers
        if not reaches(headers.get("host", ""), options.names):
            return False
        allowed = options.lobby_origins
        return (
            not allowed
            or not is_foreign(websocket)
            or (headers.get("origin", "").lower() in allowed)
        )

    def _carry_out(self) -> None:
        """Send, close and share by the core's decisions."""
        now = clock.now()
        for message in self.core.drain():
            queue = self._queues.get(message.number)
            if queue is None:
                continue
            if isinstance(message, OutgoingClose):
                queue.closing = message
                self._gateway.counters.closed[str(message.code)] += 1
                done = queue.flush(now)
            else:
                queue.put(message, now)
                done = not queue.blocked
            if not done:
                self._blocked.add(message.number)
                self._woken.set()
        self._share()

    def _share(self) -> None:
        records, published = self.core.drain_records(), self.core.drain_published()
        if self._replication is None or not (records or published):
            return
        for lobby, key, body in records:
            self._replication.put(lobby, key, body)
        for lobby, publication in published:
            self._replication.publish(lobby, publication)
        self._woken.set()

    # ── the task ─────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                self._turn()
            except Exception:
                # A fault of ours in one turn must not end the lobby.
                _log.exception("a turn of the lobby failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._wait())

    def _turn(self) -> None:
        now, wall = _times()
        self.core.handle_timer(now, wall)
        if self._replication is not None:
            self.core.receive_news(list(self._replication.turn(now)), now, wall)
            self.core.set_shared(self._replication.shared)
            self._log_trouble(self._replication.trouble)
        self._carry_out()
        for number in list(self._blocked):
            self._retry(number, now)

    def _retry(self, number: int, now: float) -> None:
        """Send the messages that wait for a connection that did not read, or close it."""
        queue = self._queues.get(number)
        if queue is None or queue.flush(now):
            self._blocked.discard(number)
        elif queue.is_stuck(now, self.options.slow_seconds):
            self._blocked.discard(number)
            self._gateway.counters.closed[str(SLOW)] += 1
            queue.close(SLOW, outgoing.CLOSED[SLOW])

    def _log_trouble(self, trouble: str) -> None:
        """Log when the lobby is no longer shared with other gateways, and when it is again."""
        if trouble and not self._trouble:
            _log.warning("the lobby is not shared with other gateways: %s", trouble)
        elif self._trouble and not trouble:
            _log.warning("the lobby is shared with other gateways again")
        self._trouble = trouble

    def _wait(self) -> float:
        now = clock.now()
        due = [now + (BLOCKED_SECONDS if self._blocked else TURN_SECONDS)]
        timer = self.core.next_timer()
        due += [timer] if timer is not None else []
        due += [self._replication.next_timer(now)] if self._replication is not None else []
        return max(0.001, min(due) - now)


def _times() -> tuple[float, int]:
    return clock.now(), clock.wall()


def component(gateway: Gateway) -> Lobby:
    """Return the lobby as a component of a gateway.

    Raises:
        SettingError: the lobby's own address is not valid.
        AddressTaken: the address is taken or not allowed.
    """
    return Lobby(gateway)
