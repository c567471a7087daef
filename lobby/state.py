"""The floor of a lobby: the connections, what is in force, and who is told when it changes. Pure.

Whether a record is put here or at another gateway, it takes effect in one way, `_apply`.
"""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from ..protocol.errors import Overloaded, PeerError
from ..protocol.times import SECOND
from . import outgoing
from .connection import TAKEN, Close, LobbyConnection, Out, Purpose, Say, Spot
from .group import News, Told
from .index import Index
from .leaderboards import Leaderboards
from .options import Options
from .records import (
    LASTING,
    Begun,
    Change,
    Hosted,
    Kept,
    Place,
    Refresh,
    Row,
    Union,
    key_of,
    next_n,
    read_post,
)

CLOCK_SECONDS = 5.0
"""By how much two gateways' clocks may be apart without a start being told or kept wrongly."""

OVER_SECONDS = 60.0
"""How long a record that is over is kept, so that others see that it is."""

Timer = tuple[float, str, str]
"""When (monotonic seconds), what for (`first`, `idle`, `away`, `record`), and of what."""


class Floor(ABC):
    """What a lobby's core stands on.

    Args:
        options: the lobby's settings.
        me: this gateway's member id in rooms.
    """

    def __init__(self, options: Options, me: str) -> None:
        self.out: list[Out] = []
        """What is to be said and closed, in order. The caller empties it."""
        self.posts: list[tuple[str, bytes]] = []
        """What is to be posted: lobby, body. The caller empties it."""
        self.union = Union(me)
        self.index = Index(options)
        self.seats: dict[int, LobbyConnection] = {}
        """The open connections by number."""
        self.shared = False
        """Whether other gateways are seen."""
        self.refused = 0
        """Messages that were answered with an error."""
        self._now = 0.0
        self._wall = 0
        self._options = options
        self._boards = Leaderboards(self.index)
        self._watching: defaultdict[tuple[Purpose, Spot], set[int]] = defaultdict(set)
        self._places: dict[str, int] = {}  # a place that is held here, to its connection
        self._away: dict[str, float] = {}  # a place whose link was dropped: until when it is kept
        self._ending: set[str] = set()  # keys whose record has a timer
        self._changed: set[Spot] = set()  # waiting lists to be told of
        self._ended: list[tuple[int, int]] = []  # connections closed in this call, their codes
        self._timers: list[Timer] = []

    def news(self, news: Iterable[News], now: float, wall: int) -> None:
        """Take in what other gateways keep and say.

        Args:
            news: from a room.
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self._now, self._wall = now, wall
        for one in news:
            if isinstance(one, Told):
                posted = read_post(one.body)
                if posted is not None:
                    self._refresh(posted)
            else:
                self._apply(self.union.heard(one.member, one.key, one.body))
        self._flush()

    def share(self, shared: bool) -> None:
        """Say whether other gateways are seen."""
        if shared != self.shared:
            self.shared = shared
            self._changed.update(self.index.places)
            self._flush()

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called (monotonic seconds), None for never."""
        return self._timers[0][0] if self._timers else None

    def _wake(self, due: float, kind: str, what: str) -> None:
        heapq.heappush(self._timers, (due, kind, what))
        # A connection that was closed leaves a timer behind that may be due in hours.
        if len(self._timers) > 3 * (len(self.seats) + len(self._ending) + len(self._away)) + 1_000:
            self._timers = [timer for timer in self._timers if self._is_for_something(timer)]
            heapq.heapify(self._timers)

    def _is_for_something(self, timer: Timer) -> bool:
        _, kind, what = timer
        if kind == "record":
            return what in self._ending
        return what in self._away if kind == "away" else int(what) in self.seats

    # ── what is in force ─────────────────────────────────────────────────────────────────────

    def _apply(self, change: Change) -> None:
        """Let what is in force under a key take effect."""
        before, after = change.before, change.after
        if after is None and isinstance(before, LASTING) and not self._over(before):
            self.index.put(before, None)
            self._adopt(before)
            return
        if after is not None:
            self._set_end(change.key, after)
        if after is not None and self._over(after):
            after = None
        self.index.put(before, after)
        for record in (before, after):
            self._note_change(record)
        match after:
            case Place():
                self._settle(after)
            case Begun():
                self._begin(after)
            case Hosted() if after.left and self._hosts_here(after.lobby):
                self._host_back(after.lobby)
        conn = self._places.get(change.key[1:]) if change.key[:1] == "w" else None
        if conn is not None and not self.union.owns(change.key):
            self._dismiss(conn)

    def _note_change(self, record: Kept | None) -> None:
        match record:
            case Place():
                self._changed.add((record.lobby, record.prompt))
            case Row():
                self._boards.changed.add((record.lobby, record.prompt))
            case Hosted():
                self._changed.update(s for s in self.index.places if s[0] == record.lobby)

    def _over(self, record: Kept) -> bool:
        ends = self.index.ends(record)
        return ends is not None and ends <= self._wall

    def _set_end(self, key: str, record: Kept) -> None:
        ends = self.index.ends(record)
        if ends is not None and key not in self._ending:
            self._ending.add(key)
            left = (ends - self._wall) / SECOND
            self._wake(self._now + (left if left > 0 else OVER_SECONDS), "record", key)

    def _check_record(self, key: str) -> None:
        """Drop a record that is over; called when it might be."""
        self._ending.discard(key)
        record = self.union[key]
        if record is None:
            return
        if not self._over(record):
            self._set_end(key, record)
        elif self.union.owns(key):
            self._apply(self.union.drop(key))
        else:
            self._apply(Change(key, record, None))

    def _adopt(self, record: Kept) -> None:
        """Keep on what a gateway kept that is gone."""
        if isinstance(record, Hosted) and not record.left:
            left = 0 if self._hosts_here(record.lobby) else self._wall
            record = msgspec.structs.replace(record, n=next_n(record, self._wall), left=left)
        self._apply(self.union.put(record))

    def _settle(self, place: Place) -> None:
        """Give a new label to one of ours who has one that somebody before them has."""
        for other in self.index.clashing(place):
            if self.union.owns(key_of(other)):
                label = self.index.label((other.lobby, other.prompt), other.user, but=other.id)
                n = next_n(other, self._wall)
                self._apply(self.union.put(msgspec.structs.replace(other, n=n, label=label)))
                return

    def _begin(self, begun: Begun) -> None:
        for conn in self._watching.get(("waiting", (begun.lobby, begun.prompt)), ()):
            seat = self.seats[conn]
            place = self.union["w" + seat.place]
            if isinstance(place, Place):
                self._tell_start(conn, seat, begun, place)

    def _tell_start(self, conn: int, seat: LobbyConnection, begun: Begun, place: Place) -> None:
        """Tell a start to somebody who has not been told, and who waited when it came."""
        fresh = begun.at + CLOCK_SECONDS * SECOND >= place.joined
        if begun.n > seat.seen and fresh:
            seat.seen = begun.n
            self._say(conn, "start", outgoing.start(begun, seat.version))

    def _host_back(self, lobby: str) -> None:
        """Note that the host is there, at this gateway."""
        hosted = self.index.hosts.get(lobby)
        if hosted is not None and (hosted.left or not self.union.owns(key_of(hosted))):
            n = next_n(hosted, self._wall)
            self._apply(self.union.put(msgspec.structs.replace(hosted, n=n, left=0)))

    def _hosts_here(self, lobby: str) -> bool:
        """Tell whether a host of the lobby is connected to this gateway."""
        conns = set(self._watching.get(("host", (lobby, "")), ()))
        for spot in self.index.places:
            if spot[0] == lobby:
                conns |= self._watching.get(("waiting", spot), set())
        return any(self.seats[conn].host for conn in conns)

    # ── who is told ──────────────────────────────────────────────────────────────────────────

    def _watch(self, conn: int, seat: LobbyConnection, purpose: Purpose, spot: Spot) -> None:
        seat.purpose, seat.spot = purpose, spot
        self._watching[purpose, spot].add(conn)

    def _unwatch(self, conn: int, seat: LobbyConnection) -> None:
        watching = self._watching.get((seat.purpose, seat.spot))
        if watching is not None:
            watching.discard(conn)
            if not watching:
                del self._watching[seat.purpose, seat.spot]
                if seat.purpose == "board":
                    self._boards.forget(seat.spot)

    def _dismiss(self, conn: int) -> None:
        """Close a connection whose place another one has taken up."""
        seat = self.seats[conn]
        self._unwatch(conn, seat)
        self._places.pop(seat.place, None)
        seat.place = ""
        self._close(conn, TAKEN)

    def _refresh(self, refresh: Refresh) -> None:
        purpose: Purpose = "prompts" if refresh.prompt is None else "board"
        for conn in self._watching.get((purpose, (refresh.lobby, refresh.prompt or "")), ()):
            self._say(conn, "refresh", outgoing.refresh(refresh, self.seats[conn].version))

    def _flush(self) -> None:
        """End the connections that were closed, tell those who wait and watch what has changed."""
        while self._ended:
            conn, code = self._ended.pop()
            self._end(conn, code)
        for spot in sorted(self._changed):
            self._tell_waiting(spot)
        self._changed.clear()
        for spot in self._boards.renewed():
            for conn in self._watching.get(("board", spot), ()):
                if self.seats[conn].version == 2:
                    self._say(conn, "leaderboard", self._boards.text(spot))
                else:
                    self._say(conn, "refresh", outgoing.REFRESH)

    def _tell_waiting(self, spot: Spot) -> None:
        conns = self._watching.get(("waiting", spot))
        if not conns:
            return
        waiting = self.index.waiting(spot)
        hosted = spot[0] in self.index.hosts
        texts: dict[int, str] = {}
        for conn in conns:
            seat = self.seats[conn]
            text = texts.get(seat.version)
            if text is None and seat.version == 2:
                text = outgoing.update2(spot, waiting, hosted=hosted, shared=self.shared)
            elif text is None:
                text = outgoing.update(waiting)
            texts[seat.version] = text
            if seat.told != text:
                seat.told = text
                self._say(conn, "update", text)

    @abstractmethod
    def _end(self, conn: int, code: int) -> None:
        """Let a connection's end take effect; only the core knows all that ends with it."""

    def _say(self, conn: int, kind: str, text: str) -> None:
        self.seats[conn].heard = self._now
        self.out.append(Say(conn, kind, text))

    def _refuse(self, conn: int, error: PeerError) -> None:
        self.refused += 1
        self._say(conn, "error", outgoing.error(error))

    def _close(self, conn: int, code: int) -> None:
        self.out.append(Close(conn, code, outgoing.CLOSED[code]))
        self._ended.append((conn, code))

    def _check_space(self) -> None:
        if self.union.own >= self._options.records:
            raise Overloaded(
                f"{self.union.own:,} places, rows and hosts, "
                f"at most {self._options.records:,} allowed"
            )
