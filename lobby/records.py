"""What gateways on one broker tell each other of their lobbies: records, and the union of them.

Each gateway keeps records of its own in rooms at the broker. Of several records under one key the
one with the highest `n` is in force, of equal ones the larger in bytes: all gateways that see the
same records see the same lobby, in whatever order they came.

A *place* on a waiting list goes with its gateway. The other records last: when the gateway that
kept one is gone, the others keep it on, and of several who do, all but the one whose member id
comes first let go again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from ..protocol.times import SECOND


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="w"):
    """Somebody on the waiting list of a prompt.

    Args:
        n: grows with each change.
        id: of the place.
        user: the name that was given.
        label: the name that is shown: two people of one name have two labels.
        joined: wall time, microseconds.
        ready: said to be.
        away: the link was dropped; the place is kept for a while.
        host: may start the lobby.
        proof: hash of the token with which the place can be taken up again; empty: it can't.
        seen: the start that was told last.
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


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="r"):
    """Somebody's score on the leaderboard of a prompt; `at` is when it was put there."""

    n: int
    lobby: str
    prompt: str
    user: str
    score: float
    at: int
    text: str = ""


class Begun(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="s"):
    """A prompt has been started."""

    n: int
    lobby: str
    prompt: str
    at: int


class Hosted(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="h"):
    """A lobby has a host; `proof` is the hash of its key, `left` when it went (0: it is there)."""

    n: int
    lobby: str
    proof: str
    left: int = 0


class Refresh(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="f"):
    """Posted, not kept: what is watched has changed. Without a `prompt`: the lobby's prompts."""

    lobby: str
    prompt: str | None = None


Kept = Place | Row | Begun | Hosted
LASTING = (Row, Begun, Hosted)

_encode = msgspec.msgpack.Encoder().encode
_kept = msgspec.msgpack.Decoder(Kept).decode
_posted = msgspec.msgpack.Decoder(Refresh).decode


def key_of(record: Kept) -> str:
    """Return the key under which a record is kept."""
    match record:
        case Place():
            return "w" + record.id
        case Row():
            return "r" + proof_of(record.lobby, record.prompt, record.user)
        case Begun():
            return "s" + proof_of(record.lobby, record.prompt)
        case Hosted():
            return "h" + proof_of(record.lobby)


def proof_of(*texts: str) -> str:
    """Return a hash of texts, 32 hex digits."""
    return hashlib.blake2b(msgspec.msgpack.encode(texts), digest_size=16).hexdigest()


def encode(record: Kept | Refresh) -> bytes:
    """Return a record as the body that it has in a room."""
    return _encode(record)


def read(body: bytes) -> Kept | None:
    """Return the record of a body, or None where another gateway's can't be understood."""
    try:
        record: Kept = _kept(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return record


def read_post(body: bytes) -> Refresh | None:
    """Return what was posted, or None where it can't be understood."""
    try:
        return _posted(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Change:
    """Another record is in force under a key, or none any more."""

    key: str
    before: Kept | None
    after: Kept | None


_One = tuple[int, bytes, Kept]


class Union:
    """The records of this gateway and of all others.

    Args:
        me: this gateway's member id.
    """

    def __init__(self, me: str) -> None:
        self.me = me
        self.own = 0
        """How many records this gateway keeps."""
        self.out: list[tuple[str, str, bytes | None]] = []
        """What is to be put into rooms: lobby, key, body (None: removed). The caller empties it."""
        self._held: dict[str, dict[str, _One]] = {}  # by key and member

    def __getitem__(self, key: str) -> Kept | None:
        """Return the record in force."""
        best = self._best(key)
        return best[2] if best else None

    def owns(self, key: str) -> bool:
        """Tell whether this gateway keeps the key, or one of its records under it."""
        return self.me in self._held.get(key, ())

    def put(self, record: Kept) -> Change:
        """Keep a record, from now on in force if its `n` is the highest."""
        key, body = key_of(record), encode(record)
        before = self[key]
        self.own += not self.owns(key)
        self._held.setdefault(key, {})[self.me] = (record.n, body, record)
        self.out.append((record.lobby, key, body))
        return Change(key, before, self[key])

    def drop(self, key: str) -> Change:
        """Keep a record no longer."""
        before = self[key]
        if self.owns(key):
            self._let_go(key)
        return Change(key, before, self[key])

    def heard(self, member: str, key: str, body: bytes | None) -> Change:
        """Take in what another gateway keeps, or (None) keeps no longer."""
        before = self[key]
        record = read(body) if body is not None else None
        if body is not None and record is not None and key_of(record) == key:
            self._held.setdefault(key, {})[member] = (record.n, body, record)
        else:
            self._forget(key, member)
        self._yield_to_better(key)
        return Change(key, before, self[key])

    def _yield_to_better(self, key: str) -> None:
        """Let go of a record that another gateway keeps as well, or a newer one of."""
        mine = self._held.get(key, {}).get(self.me)
        best = self._best(key)
        if mine is None or best is None:
            return
        keepers = [one for one, kept in self._held[key].items() if kept[:2] == best[:2]]
        if mine[:2] != best[:2] or min(keepers) != self.me:
            self._let_go(key)

    def _let_go(self, key: str) -> None:
        record = self._held[key][self.me][2]
        self.own -= 1
        self._forget(key, self.me)
        self.out.append((record.lobby, key, None))

    def _forget(self, key: str, member: str) -> None:
        held = self._held.get(key)
        if held is not None:
            held.pop(member, None)
            if not held:
                del self._held[key]

    def _best(self, key: str) -> _One | None:
        held = self._held.get(key)
        return max(held.values(), key=lambda one: one[:2]) if held else None


def next_n(before: Kept | None, wall: int) -> int:
    """Return the `n` of a change: after the one before, and after what is long forgotten.

    Args:
        before: the record that is in force.
        wall: microseconds since 1970.
    """
    return max(before.n + 1 if before else 0, wall // (SECOND // 1_000))
