"""The lobby's decisions: who waits where, who may start, what is refused. Pure.

Connections are numbers. What is to be said to them gathers in `out`, what other gateways are to
know in `union.out` and `posts`; whoever runs the core empties these after each call. What other
gateways keep comes in by `news`, and takes effect as if it had happened here.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import msgspec

from ..protocol.errors import BadMessage, Conflict, NotAllowed, Overloaded, PeerError, WrongVersion
from ..protocol.times import SECOND
from . import incoming, outgoing
from .connection import BAD_MESSAGE, IDLE, RATE, SLOW, TOO_MANY, LobbyConnection, Spot
from .options import Options
from .records import Begun, Hosted, Place, Refresh, Row, encode, key_of, next_n, proof_of
from .state import Floor

PLACE_BYTES = 6
"""The random bytes of a place's id."""

TOKEN_BYTES = 16


class LobbyCore(Floor):
    """The lobbies of one gateway, shared with others.

    Args:
        options: its settings.
        me: this gateway's member id in rooms.
        entropy: entropy(n) gives n random bytes.
    """

    def __init__(self, options: Options, me: str, entropy: Callable[[int], bytes]) -> None:
        super().__init__(options, me)
        self._entropy = entropy
        self._number = 0
        self._last_joined = 0

    def opened(self, now: float, wall: int) -> int:
        """Take a new connection and return its number; it may be closed at once.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self._now, self._wall = now, wall
        self._number += 1
        conn = self._number
        self.seats[conn] = LobbyConnection(now, counted=now)
        most = self._options.connections
        if len(self.seats) > most:
            self._refuse(conn, Overloaded(f"{most:,} connections, at most {most:,} allowed"))
            self._close(conn, TOO_MANY)
        else:
            self._wake(now + self._options.first_seconds, "first", str(conn))
        self._flush()
        return conn

    def heard(self, conn: int, text: str | bytes, now: float, wall: int) -> None:
        """Take a message of a connection.

        Args:
            conn: its number.
            text: what was sent.
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self._now, self._wall = now, wall
        seat = self.seats.get(conn)
        if seat is None:
            return  # it was closed meanwhile
        seat.heard = now
        try:
            if not seat.may_speak(now):
                raise Overloaded(f"messages come too fast, at most {RATE:g} a second allowed")
            incoming.check_size(text, self._options.frame_bytes)
            seat.version = spoken = seat.version or incoming.version(text)
            said = incoming.read(text, spoken)
            (self._hear if spoken == 1 else self._hear2)(conn, seat, said)
        except PeerError as error:
            self._answer_wrong(conn, seat, error)
        self._flush()

    def closed(self, conn: int, code: int, now: float, wall: int) -> None:
        """Note that a connection has ended.

        Args:
            conn: its number.
            code: the close code; of version 2, 1000 gives the place up, others keep it a while.
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self._now, self._wall = now, wall
        self._end(conn, code)
        self._flush()

    def handle_timer(self, now: float, wall: int) -> None:
        """Do what is due.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970.
        """
        self._now, self._wall = now, wall
        while self._timers and self._timers[0][0] <= now:
            _, kind, what = heapq.heappop(self._timers)
            if kind == "record":
                self._check_record(what)
            elif kind == "away":
                self._check_away(what)
            elif int(what) in self.seats:
                self._check_seat(int(what), self.seats[int(what)])
        self._flush()

    def _check_seat(self, conn: int, seat: LobbyConnection) -> None:
        """Close a connection that has not said what it is for, or on which nothing is said."""
        seconds = self._options.first_seconds
        due = seat.heard + self._options.idle_seconds
        if not seat.purpose:
            self._refuse(conn, BadMessage(f"nothing was asked for within {seconds:g} s"))
            self._close(conn, SLOW)
        elif due <= self._now:
            self._close(conn, IDLE)
        else:
            self._wake(due, "idle", str(conn))

    def _check_away(self, place: str) -> None:
        due = self._away.get(place)
        if due is not None and due <= self._now:
            del self._away[place]
            if self.union.owns("w" + place):
                self._apply(self.union.drop("w" + place))

    def _end(self, conn: int, code: int) -> None:
        seat = self.seats.pop(conn, None)
        if seat is None:
            return
        self._unwatch(conn, seat)
        if seat.place and self._places.pop(seat.place, None) is not None:
            self._vacate(seat, keep=seat.version == 2 and code != 1000)
        if seat.host:
            self._host_gone(seat.spot[0], for_good=code == 1000)

    def _answer_wrong(self, conn: int, seat: LobbyConnection, error: PeerError) -> None:
        """Answer a message that can't be; version 1 closes, but for what is only not allowed."""
        self._refuse(conn, error)
        seat.errors += 1
        if isinstance(error, Overloaded) and (not seat.purpose or seat.credit < 0):
            self._close(conn, TOO_MANY)
            return
        old = seat.version != 2 and not isinstance(error, NotAllowed)
        if old or isinstance(error, WrongVersion) or seat.errors >= self._options.errors:
            self._close(conn, BAD_MESSAGE)

    # ── what each message does ───────────────────────────────────────────────────────────────

    def _hear(self, conn: int, seat: LobbyConnection, said: incoming.Said) -> None:
        """Take a message of version 1."""
        match said:
            case incoming.WaitStart() if not seat.purpose:
                self._join(conn, seat, said)
            case incoming.Start() if seat.purpose == "waiting":
                self._start(seat, seat.spot)
            case incoming.Leaderboard() if not seat.purpose:
                self._watch(conn, seat, "board", _spot(said))
            case incoming.LeaderboardUpdate() if seat.purpose in ("", "board"):
                self._tell_refresh(Refresh(lobby=str(said.lobby_id), prompt=str(said.prompt_id)))
                self._close(conn, 1000)
            case incoming.LobbyPrompts() if not seat.purpose:
                self._watch(conn, seat, "prompts", (str(said.lobby_id), ""))
            case incoming.LobbyPromptsUpdate() if seat.purpose == "prompts":
                self._tell_refresh(Refresh(lobby=seat.spot[0]))
            case _:
                raise _out_of_place(said, seat)

    def _hear2(self, conn: int, seat: LobbyConnection, said: incoming.Said) -> None:
        """Take a message of version 2."""
        fresh = seat.purpose in ("", "other")
        match said:
            case incoming.WaitStart2() if fresh:
                self._join2(conn, seat, said)
            case incoming.Start2() if seat.purpose in ("waiting", "host"):
                self._start2(seat, str(said.prompt_id) or seat.spot[1])
            case incoming.Ready() if seat.purpose == "waiting":
                self._set_ready(seat, said.ready)
            case incoming.Leave() if seat.purpose in ("waiting", "host"):
                self._close(conn, 1000)
            case incoming.Host() if fresh:
                self._become_host(conn, seat, str(said.lobby_id), said.key)
            case incoming.Leaderboard() if fresh:
                self._watch(conn, seat, "board", _spot(said))
                self._say(conn, "leaderboard", self._boards.text(_spot(said)))
            case incoming.LeaderboardUpdate2():
                self._put_row(conn, said)
                seat.purpose = seat.purpose or "other"
            case incoming.LobbyPrompts() if fresh:
                self._watch(conn, seat, "prompts", (str(said.lobby_id), ""))
            case incoming.LobbyPromptsUpdate() if seat.purpose == "prompts":
                self._tell_refresh(Refresh(lobby=seat.spot[0]))
            case incoming.Ping():
                self._say(conn, "pong", outgoing.pong(said.time, self._wall))
            case _:
                raise _out_of_place(said, seat)

    # ── waiting ──────────────────────────────────────────────────────────────────────────────

    def _join(self, conn: int, seat: LobbyConnection, said: incoming.WaitStart) -> None:
        place = self._new_place(_spot(said), str(said.user))
        self._sit(conn, seat, place, missed=False)

    def _join2(self, conn: int, seat: LobbyConnection, said: incoming.WaitStart2) -> None:
        spot = _spot(said)
        if said.host_key:
            self._check_key(spot[0], said.host_key)
        place = self._resumed(spot, said.resume) if said.resume else None
        resumed = place is not None
        token = said.resume if resumed else self._entropy(TOKEN_BYTES).hex()
        if place is None:
            place = self._new_place(spot, str(said.user), token)
        place = msgspec.structs.replace(
            place,
            n=next_n(place, self._wall),
            away=False,
            host=place.host or bool(said.host_key),
            ready=place.ready or said.ready,
        )
        grace = self._options.resume_seconds
        self._say(conn, "joined", outgoing.joined(place, token, resumed=resumed, grace=grace))
        self._sit(conn, seat, place, missed=resumed)
        if place.host:
            self._host_back(spot[0])

    def _sit(self, conn: int, seat: LobbyConnection, place: Place, *, missed: bool) -> None:
        """Give a connection a place.

        Args:
            conn: its number.
            seat: its seat.
            place: the place.
            missed: it may have missed a start, and is told of it.
        """
        spot = (place.lobby, place.prompt)
        begun = self.index.begun.get(spot)
        seat.seen = place.seen if missed or begun is None else begun.n
        before = self._places.get(place.id)
        if before is not None:
            seat.seen = self.seats[before].seen
            self._dismiss(before)
        self._away.pop(place.id, None)
        self._watch(conn, seat, "waiting", spot)
        seat.place, seat.host = place.id, place.host
        self._places[place.id] = conn
        self._apply(self.union.put(place))
        if begun is not None:
            self._tell_start(conn, seat, begun, place)

    def _new_place(self, spot: Spot, user: str, token: str = "") -> Place:
        waiting = len(self.index.places.get(spot, {}))
        most = self._options.waiting
        if waiting >= most:
            raise Overloaded(f"{waiting:,} people wait there, at most {most:,} allowed")
        self._check_space()
        self._last_joined = max(self._wall, self._last_joined + 1)
        return Place(
            n=next_n(None, self._wall),
            id=self._entropy(PLACE_BYTES).hex(),
            lobby=spot[0],
            prompt=spot[1],
            user=user,
            label=self.index.label(spot, user),
            joined=self._last_joined,
            proof=proof_of(token) if token else "",
        )

    def _resumed(self, spot: Spot, token: str) -> Place | None:
        """Return the place that a token gives back, whichever gateway it was at."""
        proof = proof_of(token)
        places = self.index.places.get(spot, {}).values()
        return next((place for place in places if place.proof == proof), None)

    def _vacate(self, seat: LobbyConnection, *, keep: bool) -> None:
        """Give up a place whose connection has gone, or keep it for a while."""
        key = "w" + seat.place
        place = self.union[key]
        if not isinstance(place, Place) or not self.union.owns(key):
            return
        if not keep:
            self._apply(self.union.drop(key))
            return
        due = self._away[seat.place] = self._now + self._options.resume_seconds
        self._wake(due, "away", seat.place)
        n = next_n(place, self._wall)
        away = msgspec.structs.replace(place, n=n, away=True, seen=seat.seen)
        self._apply(self.union.put(away))

    def _set_ready(self, seat: LobbyConnection, ready: bool) -> None:
        place = self.union["w" + seat.place]
        if not isinstance(place, Place):
            raise AssertionError(f"the place {seat.place!r} of a connection that waits is not kept")
        if place.ready != ready:
            n = next_n(place, self._wall)
            self._apply(self.union.put(msgspec.structs.replace(place, n=n, ready=ready)))

    # ── starting and hosting ─────────────────────────────────────────────────────────────────

    def _start(self, seat: LobbyConnection, spot: Spot) -> None:
        if not seat.host and self._host_of(spot[0]) is not None:
            raise NotAllowed(f"lobby {spot[0]} has a host; only the host may start it")
        self._check_space()
        n = next_n(self.index.begun.get(spot), self._wall)
        begun = Begun(n=n, lobby=spot[0], prompt=spot[1], at=self._wall)
        self._apply(self.union.put(begun))

    def _start2(self, seat: LobbyConnection, prompt: str) -> None:
        if not prompt:
            raise BadMessage("start: a host who does not wait names the prompt_id")
        if prompt != seat.spot[1] and not seat.host:
            raise NotAllowed("only a host starts a prompt that it does not wait for")
        self._start(seat, (seat.spot[0], prompt))

    def _host_of(self, lobby: str) -> Hosted | None:
        """Return who hosts a lobby now, there or expected back."""
        hosted = self.index.hosts.get(lobby)
        return None if hosted is None or self._over(hosted) else hosted

    def _check_key(self, lobby: str, key: str) -> None:
        hosted = self._host_of(lobby)
        if hosted is None or hosted.proof != proof_of(key):
            raise NotAllowed(f"that is not the key of the host of lobby {lobby}")

    def _become_host(self, conn: int, seat: LobbyConnection, lobby: str, key: str) -> None:
        hosted = self._host_of(lobby)
        if hosted is not None and hosted.proof != proof_of(key):
            raise Conflict(f"lobby {lobby} has a host already")
        self._watch(conn, seat, "host", (lobby, ""))
        seat.host = True
        if hosted is None:
            self._check_space()
            key = self._entropy(TOKEN_BYTES).hex()
            n = next_n(self.union[key_of(Hosted(n=0, lobby=lobby, proof=""))], self._wall)
            self._apply(self.union.put(Hosted(n=n, lobby=lobby, proof=proof_of(key))))
        else:
            self._host_back(lobby)
        self._say(conn, "hosting", outgoing.hosting(lobby, key, self._options.host_seconds))

    def _host_gone(self, lobby: str, *, for_good: bool) -> None:
        """Note that a connection of the host has ended; the last one's is what counts."""
        hosted = self.index.hosts.get(lobby)
        if hosted is None or self._hosts_here(lobby) or not self.union.owns(key_of(hosted)):
            return
        left = self._wall - (round(self._options.host_seconds * SECOND) if for_good else 0)
        n = next_n(hosted, self._wall)
        self._apply(self.union.put(msgspec.structs.replace(hosted, n=n, left=left)))

    # ── leaderboards and prompts ─────────────────────────────────────────────────────────────

    def _put_row(self, conn: int, said: incoming.LeaderboardUpdate2) -> None:
        spot = _spot(said)
        if said.user is None or said.score is None:
            if said.user is not said.score:
                raise BadMessage("leaderboard_update: user and score come together")
            self._tell_refresh(Refresh(lobby=spot[0], prompt=spot[1]))
            return
        rows = self.index.rows.get(spot, {})
        if str(said.user) not in rows:
            if len(rows) >= self._options.rows:
                most = self._options.rows
                raise Overloaded(f"{len(rows):,} people on the board, at most {most:,} allowed")
            self._check_space()
        newest = max(rows.values(), key=lambda row: row.n, default=None)
        row = Row(
            n=next_n(newest, self._wall),
            lobby=spot[0],
            prompt=spot[1],
            user=str(said.user),
            score=said.score,
            at=self._wall,
            text=said.text,
        )
        self._apply(self.union.put(row))
        # Those who watch are told what the sender is told: the version that it brings about.
        self._flush()
        self._say(conn, "updated", outgoing.updated(spot, self._boards.version(spot)))

    def _tell_refresh(self, refresh: Refresh) -> None:
        self._refresh(refresh)
        self.posts.append((refresh.lobby, encode(refresh)))


def _spot(said: incoming.WaitStart | incoming.Leaderboard | incoming.LeaderboardUpdate) -> Spot:
    return str(said.lobby_id), str(said.prompt_id)


def _out_of_place(said: incoming.Said, seat: LobbyConnection) -> BadMessage:
    kind = said.__struct_config__.tag
    if seat.purpose in ("", "other"):
        return BadMessage(f"{kind} comes before the connection has said what it is for")
    return BadMessage(f"{kind} is not for a connection that is for {seat.purpose}")
