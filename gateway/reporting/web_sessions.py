"""Who is signed in: web sessions, on disk, each for one person in one event.

A session is a secret of 32 random bytes in the browser's cookie; here lies its hash, so that who
reads the file can speak in nobody's name. Each person is a peer of their own, with an identity and
an outbox in a folder of their own.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Sequence
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
"""The longest name of a person who signs in."""

CODE_CHARS = limits.ID_CHARS
"""The longest invitation code."""

ID_LETTERS = 4
"""Letters of a peer's id that tell apart who has the same name."""

ENROL_SECONDS = 5.0
"""How long the broker may take to let somebody in."""

PATIENCE = 7 * 86_400 * SECOND
"""Microseconds for which reports that no host takes are kept after their session's end."""

_COLUMNS = "person, event, name, asked, timing, expires"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS people (
    person TEXT PRIMARY KEY, secret BLOB UNIQUE, event TEXT NOT NULL, name TEXT NOT NULL,
    asked TEXT NOT NULL, timing BLOB, expires INTEGER NOT NULL
);
"""


class Person(NamedTuple):
    """Somebody who is, or was, signed in.

    Args:
        id: of this person in this event, never used again.
        event: the only one that they can report on here.
        name: as the broker knows them.
        asked: the name that they gave, which may have been another's.
        timing: the event's clock, where it has one of its own.
        expires: when the session ends, microseconds since 1970 UTC.
    """

    id: str
    event: str
    name: str
    asked: str
    timing: Timing | None
    expires: int


class WebSessions:
    """Everybody who reports through this gateway.

    Args:
        folder: for their sessions, identities and outboxes.
        most: people at one time.
        seconds: for which a session lasts.

    Raises:
        StorageFault: the folder can't be used.
    """

    def __init__(self, folder: Path, *, most: int = 10_000, seconds: float = 30 * 86_400) -> None:
        self._folder = folder
        self._most = most
        self._seconds = seconds
        self._lock = threading.Lock()
        self._people: dict[str, Person] = {}
        self._by_secret: dict[bytes, str] = {}
        self._here: dict[str, bytes] = {}  # the other way round
        path = folder / "people.db"
        self._base = sqlite.connect(path, _SCHEMA, what="sessions", any_thread=True)
        try:
            self._read()
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self._base.close()
            raise StorageFault(f"{path}: {error}") from error

    def _read(self) -> None:
        rows = self._base.execute(f"SELECT secret, {_COLUMNS} FROM people")
        for secret, id_, event, name, asked, timing, expires in rows:
            clock = None if timing is None else msgspec.msgpack.decode(timing, type=Timing)
            self._people[id_] = Person(id_, event, name, asked, clock, expires)
            if secret is not None:
                self._seat(secret, id_)

    def __len__(self) -> int:
        return len(self._people)

    def everybody(self) -> list[Person]:
        """Return all who have a folder here, those who have left and are not forgotten included."""
        return list(self._people.values())

    def get(self, id_: str) -> Person | None:
        """Return a person by id."""
        return self._people.get(id_)

    def new_id(self) -> str:
        """Return the id of a person to come.

        Raises:
            Overloaded: there are too many people.
        """
        if len(self._people) >= self._most:
            raise Overloaded(f"{len(self._people):,} people, at most {self._most:,} at one time")
        return uuid.uuid4().hex

    def sign_in(
        self, id_: str, card: Card, name: str, wall: int, *, asked: str = ""
    ) -> tuple[str, Person]:
        """Begin a session for somebody who is enrolled.

        Args:
            id_: from `new_id`.
            card: the event.
            name: the person's, as the broker took it.
            wall: microseconds since 1970 UTC.
            asked: the name that they gave; the same unless given.

        Returns:
            The secret for the cookie, and the person.

        Raises:
            StorageFault: the disk refused.
        """
        secret = secrets.token_urlsafe(32)
        timing = None if card.timing is None else msgspec.msgpack.encode(card.timing)
        expires = wall + round(self._seconds * SECOND)
        person = Person(id_, card.event, name, asked or name, card.timing, expires)
        row = (_hash(secret), id_, card.event, name, person.asked, timing, expires)
        self._write(f"INSERT INTO people (secret, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._people[id_] = person
        self._seat(_hash(secret), id_)
        return secret, person

    def find(self, secret: str, wall: int) -> Person | None:
        """Return whose secret this is; None where it is nobody's, or no longer."""
        # A lookup by hash takes a time that tells nothing of the secret.
        person = self._people.get(self._by_secret.get(_hash(secret), ""))
        return None if person is None or person.expires <= wall else person

    def sign_out(self, person: Person) -> None:
        """End a person's session; what they have reported is still delivered."""
        self._write("UPDATE people SET secret = NULL WHERE person = ?", (person.id,))
        self._unseat(person)

    def left(self, wall: int) -> list[Person]:
        """Return those whose session has ended: `forget` them once nothing of theirs is pending."""
        return [person for person in self.everybody() if self.has_left(person, wall)]

    def has_left(self, person: Person, wall: int) -> bool:
        """Tell whether a person's session has ended."""
        return person.id not in self._here or person.expires <= wall

    def forget(self, person: Person) -> None:
        """Remove all that is kept of somebody."""
        self._write("DELETE FROM people WHERE person = ?", (person.id,))
        self._unseat(person)
        self._people.pop(person.id, None)
        self.clear(person.id)

    def clear(self, id_: str) -> None:
        """Remove the folder of somebody who could not be enrolled, or is forgotten."""
        shutil.rmtree(self.folder(id_), ignore_errors=True)

    def folder(self, id_: str) -> Path:
        """Return the folder of a person's identity and outbox."""
        return self._folder / "people" / id_

    def outbox(self, person: Person) -> Path:
        """Return the file of a person's outbox."""
        return self.folder(person.id) / "outbox.db"

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _seat(self, secret: bytes, id_: str) -> None:
        self._by_secret[secret] = id_
        self._here[id_] = secret

    def _unseat(self, person: Person) -> None:
        secret = self._here.pop(person.id, None)
        if secret is not None:
            self._by_secret.pop(secret, None)

    def _write(self, statement: str, values: Sequence[object]) -> None:
        try:
            with self._lock:
                self._base.execute(statement, values)
        except sqlite3.Error as error:
            raise StorageFault(f"sessions: {error}") from error


def enrol(connect: Connect, folder: Path, event: str, name: str, code: str) -> tuple[Card, str]:
    """Make a person known to the broker; blocks until it has answered.

    A name belongs to the first key that came with it. Who gives another's is enrolled under that
    name with the beginning of their own id behind it: `ann (k3vq)`. A code is not spent by a name
    that is refused.

    Args:
        connect: makes their link.
        folder: where their identity is kept.
        event: the one that they want to report on.
        name: as they gave it.
        code: their invitation, where the broker asks for one.

    Returns:
        The event, and the name that the broker took.

    Raises:
        TouchlineError: the broker refuses them, has no such event, or does not answer.
    """
    context: zmq.Context[Any] = zmq.Context()
    try:
        with connect(name, ("reporter",), folder, context, invite=code) as link:
            try:
                return _let_in(link, event), name
            except NameTaken:
                name = f"{name} ({link.identity.peer[:ID_LETTERS]})"
        with connect(name, ("reporter",), folder, context, invite=code) as link:
            return _let_in(link, event), name
    finally:
        context.destroy(linger=0)


def _let_in(link: Link, event: str) -> Card:
    reply = link.ask(Show(id=0, event=event), ENROL_SECONDS)
    if not isinstance(reply, Event):
        raise AssertionError(f"the broker answered show with {type(reply).__name__}")
    if link.role == "viewer":
        raise NotAllowed("the broker lets you follow events; to report takes an invitation code")
    return reply.card


def check_name(name: str) -> str:
    """Return a person's name as it will be used.

    Raises:
        BadMessage: nobody can be called so.
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
