"""The records of lobbies that gateways of one broker share, and the union of them. Pure.

Each gateway keeps records of its own in groups at the broker. Of several records under one key, the
one with the highest `n` is in force; where these are equal, the one whose bytes are larger. All
gateways that know the same records thus see the same lobby, whatever the order of arrival.

A *place* on a waiting list ends with its gateway. The other records last: when a gateway is gone,
the others keep its records, and of several that keep the same, only the one whose member id comes
first goes on keeping it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from ..protocol.times import SECOND


class WaitingPlace(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="w"):
    """A place on the waiting list of a prompt.

    Args:
        n: grows with each change.
        id: of the place.
        lobby, prompt: the waiting list.
        user: the name that the client gave.
        label: the name that is shown: two people with one name have two labels.
        joined: wall time, microseconds.
        ready: whether the person is ready.
        away: whether the connection is lost; the place is kept for a while.
        host: whether it may start the lobby.
        proof: hash of the token that resumes the place; empty: it can't be resumed.
        seen: the number of the newest start that was sent to the place.
    """

    n: int
    id: str
    lobby: str
    prompt: str
    user: str
    label: str
    joined: int
    ready: bool = False
    away: bool = False
    host: bool = False
    proof: str = ""
    seen: int = 0


class BoardRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="r"):
    """A person's score on the leaderboard of a prompt, which was put there at wall time `at`."""

    n: int
    lobby: str
    prompt: str
    user: str
    score: float
    at: int
    text: str = ""


class Begun(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="s"):
    """The start of a prompt, at wall time `at`."""

    n: int
    lobby: str
    prompt: str
    at: int


class Hosted(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="h"):
    """The host of a lobby: `proof` is the hash of its key, `left` when it left (0: connected)."""

    n: int
    lobby: str
    proof: str
    left: int = 0


class Refresh(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="f"):
    """A publication: a leaderboard has changed; without a `prompt`, the lobby's prompts have."""

    lobby: str
    prompt: str | None = None


LobbyRecord = WaitingPlace | BoardRow | Begun | Hosted

LASTING = (BoardRow, Begun, Hosted)
"""The records that other gateways keep when their gateway is gone."""

_encode = msgspec.msgpack.Encoder().encode
_record = msgspec.msgpack.Decoder(LobbyRecord).decode
_refresh = msgspec.msgpack.Decoder(Refresh).decode


def key_of(record: LobbyRecord) -> str:
    """Return the key under which a record is kept."""
    match record:
        case WaitingPlace():
            return "w" + record.id
        case BoardRow():
            return "r" + proof_of(record.lobby, record.prompt, record.user)
        case Begun():
            return "s" + proof_of(record.lobby, record.prompt)
        case Hosted():
            return "h" + proof_of(record.lobby)


def proof_of(*texts: str) -> str:
    """Return a hash of texts, 32 hex digits."""
    return hashlib.blake2b(msgspec.msgpack.encode(texts), digest_size=16).hexdigest()


def encode(record: LobbyRecord | Refresh) -> bytes:
    """Return the body of a record in a group."""
    return _encode(record)


def read(body: bytes) -> LobbyRecord | None:
    """Return the record in a body; None where the body is not valid."""
    try:
        record: LobbyRecord = _record(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return record


def read_published(body: bytes) -> Refresh | None:
    """Return the publication in a body; None where the body is not valid."""
    try:
        return _refresh(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A change of the record in force under a key; None: there is none."""

    key: str
    before: LobbyRecord | None
    after: LobbyRecord | None


_Held = tuple[int, bytes, LobbyRecord]


class RecordUnion:
    """The records of this gateway and of all others.

    Args:
        member: this gateway's member id.
    """

    def __init__(self, member: str) -> None:
        self.member = member
        self.own = 0
        """The number of records that this gateway keeps."""
        self._held: dict[str, dict[str, _Held]] = {}  # by key and member
        self._out: list[tuple[str, str, bytes | None]] = []

    def drain(self) -> list[tuple[str, str, bytes | None]]:
        """Return the records to put into groups (lobby, key, body; None: removed), each once."""
        out, self._out = self._out, []
        return out

    def __getitem__(self, key: str) -> LobbyRecord | None:
        """Return the record in force under a key, or None."""
        best = self._best(key)
        return best[2] if best else None

    def owns(self, key: str) -> bool:
        """Return whether this gateway keeps a record under a key."""
        return self.member in self._held.get(key, ())

    def put(self, record: LobbyRecord) -> RecordChange:
        """Keep a record, which is in force if its `n` is the highest."""
        key, body = key_of(record), encode(record)
        before = self[key]
        self.own += not self.owns(key)
        self._held.setdefault(key, {})[self.member] = (record.n, body, record)
        self._out.append((record.lobby, key, body))
        return RecordChange(key, before, self[key])

    def drop(self, key: str) -> RecordChange:
        """Stop keeping a record."""
        before = self[key]
        if self.owns(key):
            self._let_go(key)
        return RecordChange(key, before, self[key])

    def receive(self, member: str, key: str, body: bytes | None) -> RecordChange:
        """Take the record that another gateway keeps under a key; None: it keeps none any more."""
        before = self[key]
        record = read(body) if body is not None else None
        if body is not None and record is not None and key_of(record) == key:
            self._held.setdefault(key, {})[member] = (record.n, body, record)
        else:
            self._forget(key, member)
        self._yield_to_better(key)
        return RecordChange(key, before, self[key])

    def _yield_to_better(self, key: str) -> None:
        """Stop keeping a record where another gateway keeps it too, or keeps a newer one."""
        mine = self._held.get(key, {}).get(self.member)
        best = self._best(key)
        if mine is None or best is None:
            return
        keepers = [member for member, held in self._held[key].items() if held[:2] == best[:2]]
        if mine[:2] != best[:2] or min(keepers) != self.member:
            self._let_go(key)

    def _let_go(self, key: str) -> None:
        record = self._held[key][self.member][2]
        self.own -= 1
        self._forget(key, self.member)
        self._out.append((record.lobby, key, None))

    def _forget(self, key: str, member: str) -> None:
        held = self._held.get(key)
        if held is not None:
            held.pop(member, None)
            if not held:
                del self._held[key]

    def _best(self, key: str) -> _Held | None:
        held = self._held.get(key)
        return max(held.values(), key=lambda each: each[:2]) if held else None


def next_n(before: LobbyRecord | None, wall: int) -> int:
    """Return the `n` of a new record: above that of the record before, and of forgotten ones.

    Args:
        before: the record in force, if any.
        wall: microseconds since 1970.
    """
    return max(before.n + 1 if before else 0, wall // (SECOND // 1_000))
