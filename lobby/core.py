"""The lobby's decisions: which connection waits where, which may start, what is refused. Pure.

`LobbyCore` takes each message and hands it to the part that it concerns; the parts share one
`LobbyState`. After each call the caller drains what is to be sent to connections, put into groups
and published there. `receive_news` takes the records of other gateways, which have the same effect
as records that are put here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..protocol.errors import (
    BadMessage,
    NotAllowed,
    Overloaded,
    PeerError,
    UnknownType,
    WrongVersion,
)
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
    """The lobbies of one gateway, which it shares with other gateways.

    Args:
        options: its settings.
        member: this gateway's member id in groups.
        entropy: returns n random bytes for n.
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

    # ── output ───────────────────────────────────────────────────────────────────────────────

    def drain(self) -> list[Outgoing]:
        """Return the texts to send and the connections to close, in order, each once."""
        return self._audience.drain()

    def drain_records(self) -> list[tuple[str, str, bytes | None]]:
        """Return the records to put into groups (lobby, key, body; None: removed), each once."""
        return self.state.union.drain()

    def drain_published(self) -> list[tuple[str, bytes]]:
        """Return the publications for groups (lobby, body), each once."""
        return self._audience.drain_published()

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called (monotonic seconds), None for never."""
        return self.state.timers.next()

    # ── input ────────────────────────────────────────────────────────────────────────────────

    def opened(self, now: float, wall: int) -> int:
        """Take a new connection, which may be closed at once; return its number.

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
            number: of the connection; a message of a closed connection is ignored.
            text: the message.
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
        """Take note that a connection has ended.

        Args:
            number: of the connection.
            code: the close code; in version 2, 1000 gives up the place, any other keeps it a while.
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self.state.now, self.state.wall = now, wall
        self._end(number, code)
        self._finish()

    def receive_news(self, news: Iterable[News], now: float, wall: int) -> None:
        """Take records and publications of other gateways.

        Args:
            news: of a group.
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
        """Take note whether the lobbies of other gateways are known."""
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
        """Close a connection that has sent no request, or that has long been idle."""
        state = self.state
        seconds = state.options.first_seconds
        due = connection.active + state.options.idle_seconds
        if not connection.purpose:
            error = BadMessage(f"no request within {seconds:g} s")
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
        """End the closed connections, and send lists and leaderboards that have changed."""
        while self._audience.closing:
            self._end(*self._audience.closing.pop())
        self._audience.send_changes()

    def _refuse(self, connection: LobbyConnection, error: PeerError) -> None:
        """Answer a message with an error; close the connection where it must not go on.

        A client of version 1 expects to be closed, except by NOT_ALLOWED.
        """
        self.state.counters[error.code] += 1
        self._audience.refuse(connection, error)
        connection.errors += 1
        old = connection.version != 2 and not isinstance(error, NotAllowed)
        most = self.state.options.errors
        if isinstance(error, Overloaded) and not connection.purpose:
            self._audience.close(connection, TOO_MANY)
        elif old or isinstance(error, WrongVersion) or connection.errors >= most:
            self._audience.close(connection, BAD_MESSAGE)

    # ── messages ─────────────────────────────────────────────────────────────────────────────

    def _read(self, connection: LobbyConnection, text: str | bytes) -> None:
        incoming.check_size(text, self.state.options.frame_bytes)
        connection.version = version = connection.version or incoming.version(text)
        if version == 2:
            self._take2(connection, incoming.read(text, version))
            return
        try:
            self._take1(connection, incoming.read(text, version))
        except UnknownType:
            # Existing clients send messages of their own on these connections, and are not closed.
            if not connection.purpose:
                raise
            self.state.counters["ignored"] += 1

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
            case _ if purpose:
                self.state.counters["ignored"] += 1
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
        return BadMessage(f"{kind} comes before the connection has a purpose")
    return BadMessage(f"{kind} is not for a connection with purpose {connection.purpose}")
