"""Web sessions, on disk, each for one person in one event.

A session's secret is 32 random bytes in the browser's cookie, others on each device of the person.
The file holds their hashes, so that reading the file is not enough to report in a person's name.
Each session is a peer, with the key of its first device and an outbox of its own. Tested in
`tests/unit/gateway/reporting/test_web_sessions.py`.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import zmq

from ...peer import Link
from ...protocol import limits
from ...protocol.errors import BadMessage, NameTaken, NotAllowed, Overloaded, StorageFault
from ...protocol.messages import Card, Event, Show, Timing
from ...protocol.times import SECOND
from ...runtime import sqlite
from ..feed.follower import Connect

NAME_CHARS = 60
"""The most characters of a person's name."""

CODE_CHARS = limits.ID_CHARS
"""The most characters of an invitation code."""

ID_LETTERS = 4
"""The letters of a peer's id that distinguish people with the same name."""

ENROL_SECONDS = 5.0
"""How long the broker may take to enrol a person."""

DEVICES = 5
"""The most devices of one person in one event."""

PATIENCE = 7 * 86_400 * SECOND
"""Microseconds for which reports that no host has taken are kept after the session's end."""

_COLUMNS = "person, event, name, asked, timing, expires, key"

_STEPS: dict[int, sqlite.Step] = {
    1: """
CREATE TABLE IF NOT EXISTS people (
    person TEXT PRIMARY KEY, secret BLOB UNIQUE, event TEXT NOT NULL, name TEXT NOT NULL,
    asked TEXT NOT NULL, timing BLOB, expires INTEGER NOT NULL
);
""",
    # The keys of devices.
    2: partial(
        sqlite.add_column, table="people", column="key", declared="TEXT NOT NULL DEFAULT ''"
    ),
    # Several devices, each with a secret; `device` is empty for those of before.
    3: """
CREATE TABLE IF NOT EXISTS secrets (
    secret BLOB PRIMARY KEY, person TEXT NOT NULL, device BLOB NOT NULL
);
INSERT OR IGNORE INTO secrets SELECT secret, person, x'' FROM people WHERE secret IS NOT NULL;
UPDATE people SET secret = NULL;
""",
}


class WebSession(NamedTuple):
    """A session, of a person who is or was signed in.

    Args:
        id: of the session; no other session gets it.
        event: the event that the person reports on.
        name: the person's name at the broker.
        asked: the name that the person gave, which may belong to another person.
        timing: the event's clock, where it has one of its own.
        expires: when the session ends, microseconds since 1970 UTC.
        key: the id of the device's key; empty where the session has a key of its own, which those
            of before devices had keys have.
    """

    id: str
    event: str
    name: str
    asked: str
    timing: Timing | None
    expires: int
    key: str = ""


class WebSessions:
    """The web sessions of one gateway.

    Args:
        folder: of the sessions, identities and outboxes.
        most: the most sessions at one time.
        seconds: how long a session lasts.

    Raises:
        StorageFault: the folder can't be used.
    """

    def __init__(self, folder: Path, *, most: int = 10_000, seconds: float = 30 * 86_400) -> None:
        self._folder = folder
        self._most = most
        self._seconds = seconds
        self._lock = threading.RLock()
        self._sessions: dict[str, WebSession] = {}
        self._by_key: dict[tuple[str, str], str] = {}  # session ids by key and event
        self._by_secret: dict[bytes, str] = {}
        self._secrets: dict[str, dict[bytes, bytes]] = {}  # by session id: devices by secret
        path = folder / "people.db"
        self._base = sqlite.connect(path, _STEPS, what="sessions", any_thread=True)
        try:
            self._read()
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self._base.close()
            raise StorageFault(f"{path}: {error}") from error

    def _read(self) -> None:
        rows = self._base.execute(f"SELECT {_COLUMNS} FROM people")
        for id_, event, name, asked, timing, expires, key in rows:
            clock = None if timing is None else msgspec.msgpack.decode(timing, type=Timing)
            self._add(WebSession(id_, event, name, asked, clock, expires, key))
        for secret, id_, device in self._base.execute("SELECT secret, person, device FROM secrets"):
            self._grant(secret, id_, device)

    def __len__(self) -> int:
        return len(self._sessions)

    def all(self) -> list[WebSession]:
        """Return all sessions, including ended ones that are not forgotten yet."""
        return list(self._sessions.values())

    def get(self, id_: str) -> WebSession | None:
        """Return a session by id; None where there is none."""
        return self._sessions.get(id_)

    def new_id(self) -> str:
        """Return the id of a new session.

        Raises:
            Overloaded: there are too many sessions.
        """
        if len(self._sessions) >= self._most:
            raise Overloaded(f"{len(self._sessions):,} people, at most {self._most:,} at one time")
        return uuid.uuid4().hex

    def sign_in(
        self,
        id_: str,
        card: Card,
        name: str,
        wall: int,
        *,
        asked: str = "",
        key: str = "",
        device: str = "",
    ) -> tuple[str, WebSession]:
        """Begin a session for a person who is enrolled.

        Args:
            id_: from `new_id`.
            card: of the event.
            name: the person's name at the broker.
            wall: microseconds since 1970 UTC.
            asked: the name that the person gave; `name` unless given.
            key: the id of the device's key.
            device: the device's secret.

        Returns:
            The secret for the cookie, and the session.

        Raises:
            StorageFault: the session can't be stored.
        """
        timing = None if card.timing is None else msgspec.msgpack.encode(card.timing)
        expires = wall + round(self._seconds * SECOND)
        session = WebSession(id_, card.event, name, asked or name, card.timing, expires, key)
        row = (id_, card.event, name, session.asked, timing, expires, key)
        with self._lock:
            self._write(f"INSERT INTO people ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._add(session)
            return self._new_secret(session, device), session

    def resume(
        self, key: str, event: str, wall: int, *, device: str = ""
    ) -> tuple[str, WebSession] | None:
        """Begin the session of a device's key in an event anew, ended or not, with what it has
        kept; return None where there is none. See `sign_in`."""
        with self._lock:
            session = self._sessions.get(self._by_key.get((key, event), ""))
            if session is None:
                return None
            expires = wall + round(self._seconds * SECOND)
            self._write("UPDATE people SET expires = ? WHERE person = ?", (expires, session.id))
            resumed = session._replace(expires=expires)
            self._add(resumed)
            return self._new_secret(resumed, device), resumed

    def pair(self, session: WebSession, device: str) -> str:
        """Let a further device be of a session; return its secret for the cookie.

        Raises:
            Overloaded: the session has as many devices as it may have.
            StorageFault: it can't be stored.
        """
        with self._lock:
            known = set(self._secrets.get(session.id, {}).values()) - {_hash(device)}
            if len(known) >= DEVICES:
                raise Overloaded(f"you report on {len(known)} devices, at most {DEVICES} allowed")
            return self._new_secret(session, device)

    def _new_secret(self, session: WebSession, device: str) -> str:
        """Give a device a secret instead of the one that it had."""
        secret, known = secrets.token_urlsafe(32), _hash(device) if device else b""
        for hashed, other in list(self._secrets.get(session.id, {}).items()):
            if other in (known, b""):  # of before devices were told apart there was one
                self._revoke(session, hashed)
        row = (_hash(secret), session.id, known)
        self._write("INSERT INTO secrets (secret, person, device) VALUES (?, ?, ?)", row)
        self._grant(*row)
        return secret

    def find(self, secret: str, wall: int) -> WebSession | None:
        """Return the session of a secret; None where there is none, or it has ended."""
        # The time of a lookup by hash reveals nothing about the secret.
        session = self._sessions.get(self._by_secret.get(_hash(secret), ""))
        return None if session is None or session.expires <= wall else session

    def sign_out(self, session: WebSession, secret: str = "") -> None:
        """End a session, or the part that one device has in it, by its secret; its reports are
        still delivered."""
        with self._lock:
            self._revoke(session, _hash(secret) if secret else None)

    def left(self, wall: int) -> list[WebSession]:
        """Return the sessions that have ended: `forget` each once it has no pending report."""
        return [session for session in self.all() if self.has_left(session, wall)]

    def has_left(self, session: WebSession, wall: int) -> bool:
        """Return whether a session has ended."""
        return session.id not in self._secrets or session.expires <= wall

    def forget(self, session: WebSession) -> None:
        """Remove a session and its folder, unless it has begun anew meanwhile."""
        with self._lock:
            if self._sessions.get(session.id) is not session:
                return
            self._revoke(session)
            self._write("DELETE FROM people WHERE person = ?", (session.id,))
            del self._sessions[session.id]
            if session.key:
                del self._by_key[session.key, session.event]
        self.clear(session.id)

    def clear(self, id_: str) -> None:
        """Remove the folder of a session, whether or not the session has begun."""
        shutil.rmtree(self.folder(id_), ignore_errors=True)

    def folder(self, id_: str) -> Path:
        """Return the folder of a session's outbox, and of its key where that is its own."""
        return self._folder / "people" / id_

    def outbox(self, session: WebSession) -> Path:
        """Return the file of a session's outbox."""
        return self.folder(session.id) / "outbox.db"

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _add(self, session: WebSession) -> None:
        self._sessions[session.id] = session
        if session.key:
            self._by_key[session.key, session.event] = session.id

    def _grant(self, secret: bytes, id_: str, device: bytes) -> None:
        self._by_secret[secret] = id_
        self._secrets.setdefault(id_, {})[secret] = device

    def _revoke(self, session: WebSession, secret: bytes | None = None) -> None:
        """Take one secret of a session back, or all."""
        held = self._secrets.get(session.id, {})
        for one in [each for each in held if secret in (each, None)]:
            self._write("DELETE FROM secrets WHERE secret = ?", (one,))
            self._by_secret.pop(one, None)
            del held[one]
        if not held:
            self._secrets.pop(session.id, None)

    def _write(self, statement: str, values: Sequence[object]) -> None:
        try:
            with self._lock:
                self._base.execute(statement, values)
        except sqlite3.Error as error:
            raise StorageFault(f"sessions: {error}") from error


def enrol(
    connect: Connect,
    folder: Path,
    event: str,
    name: str,
    code: str,
    *,
    known: str = "",
    behind: str = "",
) -> tuple[Card, str]:
    """Enrol a person at the broker; wait until the broker has answered.

    A name belongs to the first key that enrolled with it. A person who gives the name of another
    person is enrolled under that name followed by the beginning of the peer's id: `ann (k3vq)`. A
    refused name does not use up the code.

    Args:
        connect: makes the peer's link.
        folder: of the peer's identity.
        event: the event to report on.
        name: the name that the person gave.
        code: the person's invitation, where the broker requires one.
        known: the name at the broker of a key that is enrolled.
        behind: a digest of the person's address, by which the broker tells people apart.

    Returns:
        The event's card, and the person's name at the broker.

    Raises:
        TouchlineError: the broker refuses the peer, has no such event, or does not answer.
    """
    context: zmq.Context[Any] = zmq.Context()
    name = known or name
    enrolling = partial(
        connect, roles=("reporter",), folder=folder, context=context, invite=code, behind=behind
    )
    try:
        with enrolling(name) as link:
            try:
                return _let_in(link, event), name
            except NameTaken:
                name = f"{name} ({link.identity.peer[:ID_LETTERS]})"
        with enrolling(name) as link:
            return _let_in(link, event), name
    finally:
        context.destroy(linger=0)


def _let_in(link: Link, event: str) -> Card:
    reply = link.ask(Show(id=0, event=event), ENROL_SECONDS)
    if not isinstance(reply, Event):
        raise AssertionError(f"the broker answered show with {type(reply).__name__}")
    if link.role == "viewer":
        raise NotAllowed("the broker lets you follow events; to report you need an invitation code")
    return reply.card


def check_name(name: str) -> str:
    """Return a person's name with its spaces tidied.

    Raises:
        BadMessage: the name is not valid.
    """
    name = " ".join(name.split())
    if not name or len(name) > NAME_CHARS:
        raise BadMessage(f"a name of {len(name)} characters, 1 to {NAME_CHARS} allowed")
    if not name.isprintable() or name.startswith(".") or set(name) & set("/\\"):
        raise BadMessage(
            "a name does not begin with a dot, and has no slash, backslash or control character"
        )
    return name


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
