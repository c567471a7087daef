"""Web sessions, on disk, each for one person in one event.

A session's secret is 32 random bytes in the browser's cookie. The file holds its hash, so that
reading the file is not enough to report in a person's name. Each session is a peer, with the key of
its device and an outbox of its own. Tested in `tests/unit/gateway/reporting/test_web_sessions.py`.
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
        self._secrets: dict[str, bytes] = {}  # by session id
        path = folder / "people.db"
        self._base = sqlite.connect(path, _STEPS, what="sessions", any_thread=True)
        try:
            self._read()
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self._base.close()
            raise StorageFault(f"{path}: {error}") from error

    def _read(self) -> None:
        rows = self._base.execute(f"SELECT secret, {_COLUMNS} FROM people")
        for secret, id_, event, name, asked, timing, expires, key in rows:
            clock = None if timing is None else msgspec.msgpack.decode(timing, type=Timing)
            self._add(WebSession(id_, event, name, asked, clock, expires, key))
            if secret is not None:
                self._grant(secret, id_)

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
        self, id_: str, card: Card, name: str, wall: int, *, asked: str = "", key: str = ""
    ) -> tuple[str, WebSession]:
        """Begin a session for a person who is enrolled.

        Args:
            id_: from `new_id`.
            card: of the event.
            name: the person's name at the broker.
            wall: microseconds since 1970 UTC.
            asked: the name that the person gave; `name` unless given.
            key: the id of the device's key.

        Returns:
            The secret for the cookie, and the session.

        Raises:
            StorageFault: the session can't be stored.
        """
        secret = secrets.token_urlsafe(32)
        timing = None if card.timing is None else msgspec.msgpack.encode(card.timing)
        expires = wall + round(self._seconds * SECOND)
        session = WebSession(id_, card.event, name, asked or name, card.timing, expires, key)
        row = (_hash(secret), id_, card.event, name, session.asked, timing, expires, key)
        self._write(f"INSERT INTO people (secret, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._add(session)
        self._grant(_hash(secret), id_)
        return secret, session

    def resume(self, key: str, event: str, wall: int) -> tuple[str, WebSession] | None:
        """Begin the session of a device's key in an event anew, ended or not, with what it has
        kept; return None where there is none. See `sign_in`."""
        with self._lock:
            session = self._sessions.get(self._by_key.get((key, event), ""))
            if session is None:
                return None
            secret = secrets.token_urlsafe(32)
            expires = wall + round(self._seconds * SECOND)
            self._write(
                "UPDATE people SET secret = ?, expires = ? WHERE person = ?",
                (_hash(secret), expires, session.id),
            )
            self._revoke(session)
            resumed = session._replace(expires=expires)
            self._add(resumed)
            self._grant(_hash(secret), session.id)
        return secret, resumed

    def find(self, secret: str, wall: int) -> WebSession | None:
        """Return the session of a secret; None where there is none, or it has ended."""
        # The time of a lookup by hash reveals nothing about the secret.
        session = self._sessions.get(self._by_secret.get(_hash(secret), ""))
        return None if session is None or session.expires <= wall else session

    def sign_out(self, session: WebSession) -> None:
        """End a session; its reports are still delivered."""
        self._write("UPDATE people SET secret = NULL WHERE person = ?", (session.id,))
        self._revoke(session)

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
            self._write("DELETE FROM people WHERE person = ?", (session.id,))
            self._revoke(session)
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

    def _grant(self, secret: bytes, id_: str) -> None:
        self._by_secret[secret] = id_
        self._secrets[id_] = secret

    def _revoke(self, session: WebSession) -> None:
        secret = self._secrets.pop(session.id, None)
        if secret is not None:
            self._by_secret.pop(secret, None)

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
