"""The lobby's decisions: who waits where, who may start, what is refused. Pure.

`LobbyCore` takes what comes and gives it to the part that it concerns; the parts hold one
`LobbyState`. After each call the caller drains what is to be sent to connections, kept in groups
and published there. What other gateways keep comes in by `receive_news`, and takes effect as if it
had happened here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..protocol.errors import BadMessage, NotAllowed, Overloaded, PeerError, WrongVersion
from . import incoming, outgoing
from .audience import Audience
from .connection import (
    BAD_MESSAGE,
    IDLE,
    RATE,
    SLOW,
    TOO_MANY,
    LobbyConnection,
    Outgoing,
)
from .effects import Effects
from .group import GroupPublication, News
from .hosting import LobbyHosting
from .index import RecordIndex
from .options import Options
from .records import RecordUnion, Refresh, read_published
from .scores import Scores
from .state import LobbyState
from .waiting import WaitingLists


class LobbyCore:
    """The lobbies of one gateway, shared with others.

    Args:
        options: its settings.
        member: this gateway's member id in groups.
        entropy: entropy(n) gives n random bytes.
    """

    def __init__(self, options: Options, member: str, entropy: Callable[[int], bytes]) -> None:
        self.state = LobbyState(
            options=options, union=RecordUnion(member), index=RecordIndex(options)
        )
        self._number = 0
        self._audience = Audience(self.state)
        self._effects = Effects(self.state, self._audience)
        self._hosting = LobbyHosting(self.state, self._audience, self._effects, entropy)
        self._waiting = WaitingLists(
            self.state, self._audience, self._effects, self._hosting, entropy
        )
        self._scores = Scores(self.state, self._audience, self._effects)

    # ── what goes out ────────────────────────────────────────────────────────────────────────

    def drain(self) -> list[Outgoing]:
        """Return what is to be sent and closed, in order, and forget it."""
        return self._audience.drain()

    def drain_records(self) -> list[tuple[str, str, bytes | None]]:
        """Return what is to be put into groups (lobby, key, body; None: removed), and forget it."""
        return self.state.union.drain()

    def drain_published(self) -> list[tuple[str, bytes]]:
        """Return what is to be published in groups (lobby, body), and forget it."""
        return self._audience.drain_published()

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called (monotonic seconds), None for never."""
        return self.state.timers.next()

    # ── what comes in ────────────────────────────────────────────────────────────────────────

    def opened(self, now: float, wall: int) -> int:
        """Take a new connection and return its number; it may be closed at once.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        state = self.state
        state.now, state.wall = now, wall
        self._number += 1
        connection = LobbyConnection(self._number, now)
        state.connections[connection.number] = connection
        most = state.options.connections
        if len(state.connections) > most:
            error = Overloaded(f"{most:,} connections, at most {most:,} allowed")
            self._audience.refuse(connection, error)
            self._audience.close(connection, TOO_MANY)
        else:
            due = now + state.options.first_seconds
            state.timers.set(("connection", connection.number), due)
        self._finish()
        return connection.number

    def receive(self, number: int, text: str | bytes, now: float, wall: int) -> None:
        """Take a message of a connection.

        Args:
            number: the connection's; a message of a closed one is ignored.
            text: what was sent.
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self.state.now, self.state.wall = now, wall
        connection = self.state.connections.get(number)
        if connection is None:
            return
        connection.active = now
        if connection.limit.take(1.0, now):
            try:
                self._read(connection, text)
            except PeerError as error:
                self._refuse(connection, error)
        else:
            sentence = f"messages come too fast, at most {RATE:g} a second allowed"
            self._audience.refuse(connection, Overloaded(sentence))
            self._audience.close(connection, TOO_MANY)
        self._finish()

    def closed(self, number: int, code: int, now: float, wall: int) -> None:
        """Note that a connection has ended.

        Args:
            number: the connection's.
            code: the close code; of version 2, 1000 gives the place up, others keep it a while.
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self.state.now, self.state.wall = now, wall
        self._end(number, code)
        self._finish()

    def receive_news(self, news: Iterable[News], now: float, wall: int) -> None:
        """Take what other gateways keep and publish.

        Args:
            news: from a group.
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self.state.now, self.state.wall = now, wall
        for item in news:
            if isinstance(item, GroupPublication):
                refresh = read_published(item.body)
                if refresh is not None:
                    self._audience.refresh(refresh)
            else:
                self._effects.apply(self.state.union.receive(item.member, item.key, item.body))
        self._finish()

    def set_shared(self, shared: bool) -> None:
        """Note whether the lobbies of other gateways are seen."""
        if shared != self.state.shared:
            self.state.shared = shared
            self.state.changed_lists.update(self.state.index.places)
            self._finish()

    def handle_timer(self, now: float, wall: int) -> None:
        """Do what is due.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self.state.now, self.state.wall = now, wall
        while (timer := self.state.timers.take(now)) is not None:
            match timer:
                case ("record", str(key)):
                    self._effects.check_record(key)
                case ("away", str(place)):
                    self._waiting.give_up(place)
                case ("connection", int(number)):
                    self._check_connection(self.state.connections[number])
        self._finish()

    # ── connections ──────────────────────────────────────────────────────────────────────────

    def _check_connection(self, connection: LobbyConnection) -> None:
        """Close a connection that has not said what it is for, or that has long been silent."""
        state = self.state
        seconds = state.options.first_seconds
        due = connection.active + state.options.idle_seconds
        if not connection.purpose:
            error = BadMessage(f"nothing was asked for within {seconds:g} s")
            self._audience.refuse(connection, error)
            self._audience.close(connection, SLOW)
        elif due <= state.now:
            self._audience.close(connection, IDLE)
        else:
            state.timers.set(("connection", connection.number), due)

    def _end(self, number: int, code: int) -> None:
        connection = self.state.connections.pop(number, None)
        if connection is None:
            return
        self.state.timers.cancel(("connection", number))
        self._audience.unwatch(connection)
        self._waiting.vacate(connection, keep=connection.version == 2 and code != 1000)
        if connection.host:
            self._hosting.host_left(connection.spot[0], for_good=code == 1000)

    def _finish(self) -> None:
        """End the connections that were closed, and tell what has changed."""
        while self._audience.closing:
            self._end(*self._audience.closing.pop())
        self._audience.tell_changes()

    def _refuse(self, connection: LobbyConnection, error: PeerError) -> None:
        """Answer a message with an error, and close where it must not go on.

        A client of version 1 expects to be closed, except for what is only not allowed to it.
        """
        self._audience.refuse(connection, error)
        connection.errors += 1
        old = connection.version != 2 and not isinstance(error, NotAllowed)
        most = self.state.options.errors
        if isinstance(error, Overloaded) and not connection.purpose:
            self._audience.close(connection, TOO_MANY)
        elif old or isinstance(error, WrongVersion) or connection.errors >= most:
            self._audience.close(connection, BAD_MESSAGE)

    # ── what each message does ───────────────────────────────────────────────────────────────

    def _read(self, connection: LobbyConnection, text: str | bytes) -> None:
        incoming.check_size(text, self.state.options.frame_bytes)
        connection.version = version = connection.version or incoming.version(text)
        message = incoming.read(text, version)
        (self._take1 if version == 1 else self._take2)(connection, message)

    def _take1(self, connection: LobbyConnection, message: incoming.LobbyMessage) -> None:
        """Take a message of version 1."""
        purpose = connection.purpose
        match message:
            case incoming.WaitStart() if not purpose:
                self._waiting.join(connection, message)
            case incoming.StartPrompt() if purpose == "waiting":
                self._hosting.start(connection, connection.spot)
            case incoming.Leaderboard() if not purpose:
                self._audience.watch(connection, "board", incoming.spot_of(message))
            case incoming.LeaderboardUpdate() if purpose in ("", "board"):
                lobby, prompt = incoming.spot_of(message)
                self._audience.publish(Refresh(lobby=lobby, prompt=prompt))
                self._audience.close(connection, 1000)
            case incoming.LobbyPrompts() if not purpose:
                self._audience.watch(connection, "prompts", (str(message.lobby_id), ""))
            case incoming.LobbyPromptsUpdate() if purpose == "prompts":
                self._audience.publish(Refresh(lobby=connection.spot[0]))
            case _:
                raise _out_of_place(message, connection)

    def _take2(self, connection: LobbyConnection, message: incoming.LobbyMessage) -> None:
        """Take a message of version 2."""
        purpose = connection.purpose
        fresh = purpose in ("", "other")
        match message:
            case incoming.WaitStart2() if fresh:
                self._waiting.join2(connection, message)
            case incoming.StartPrompt2() if purpose in ("waiting", "host"):
                prompt = str(message.prompt_id) or connection.spot[1]
                self._hosting.start_named(connection, prompt)
            case incoming.Ready() if purpose == "waiting":
                self._waiting.set_ready(connection, message.ready)
            case incoming.LeavePlace() if purpose in ("waiting", "host"):
                self._audience.close(connection, 1000)
            case incoming.BecomeHost() if fresh:
                self._hosting.become_host(connection, str(message.lobby_id), message.key)
            case incoming.Leaderboard() if fresh:
                spot = incoming.spot_of(message)
                self._audience.watch(connection, "board", spot)
                text = self._audience.leaderboards.text(spot)
                self._audience.send(connection, "leaderboard", text)
            case incoming.LeaderboardUpdate2():
                self._scores.put(connection, message)
                connection.purpose = connection.purpose or "other"
            case incoming.LobbyPrompts() if fresh:
                self._audience.watch(connection, "prompts", (str(message.lobby_id), ""))
            case incoming.LobbyPromptsUpdate() if purpose == "prompts":
                self._audience.publish(Refresh(lobby=connection.spot[0]))
            case incoming.LobbyPing():
                text = outgoing.pong(message.time, self.state.wall)
                self._audience.send(connection, "pong", text)
            case _:
                raise _out_of_place(message, connection)


def _out_of_place(message: incoming.LobbyMessage, connection: LobbyConnection) -> BadMessage:
    kind = message.__struct_config__.tag
    if connection.purpose in ("", "other"):
        return BadMessage(f"{kind} comes before the connection has said what it is for")
    return BadMessage(f"{kind} is not for a connection that is for {connection.purpose}")
