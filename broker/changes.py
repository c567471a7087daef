"""What brokers on one registry in PostgreSQL tell each other: a numbered table, and LISTEN/NOTIFY.

Each change takes the next number in the transaction that makes it, under a lock, so that numbers
become visible in order. A notification is a hint that there is a newer one: it may be lost, so a
broker reads on from its last number after every reconnect and each `LONGEST_SECONDS`. A row is kept
for `KEPT_SECONDS`.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from ..runtime.database import cause
from ..runtime.waker import Waker
from .tables import CHANGES, NUMBERS

CHANNEL = "touchline_changes"
"""The channel of PostgreSQL on which a change is announced."""

LONGEST_SECONDS = 10.0
"""Seconds after which a broker looks for changes though nothing was announced."""

KEPT_SECONDS = 60
"""Seconds that a change is kept for brokers that have not read it: a broker that read nothing for
`groups.SECONDS` is told everything anew."""

PAUSE_SECONDS = 1.0
"""Seconds until a connection that failed is tried again."""

MOST_AT_ONCE = 1_000
"""The most changes that are read at one time."""

MOST_WAITING = 10_000
"""The most messages that wait for a database that is away."""

GROUP, REVOKED = "group", "revoked"
"""The kinds of changes: a message between the groups of brokers; a peer was revoked."""

_POSTGRESQL = {
    "connect_timeout": 5,
    # A database whose machine is gone closes no connection.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}

_log = logging.getLogger("touchline.broker")


class BrokerChange(NamedTuple):
    """A change that a broker made; `broker` is empty for one that concerns its maker too."""

    broker: str
    kind: str
    body: bytes


def record(connection: sa.Connection, broker: str, kind: str, bodies: Iterable[bytes]) -> None:
    """Record and announce changes within a transaction."""
    rows = [{"broker": broker, "kind": kind, "body": body} for body in bodies]
    step = sa.update(NUMBERS).values(last=NUMBERS.c.last + len(rows)).returning(NUMBERS.c.last)
    last = connection.execute(step).scalar_one()
    first = last - len(rows) + 1
    numbered = [{**row, "number": first + at} for at, row in enumerate(rows)]
    connection.execute(sa.insert(CHANGES), numbered)
    announce(connection)


def announce(connection: sa.Connection) -> None:
    """Wake the brokers that listen once the transaction is committed."""
    connection.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


class ChangeFeed:
    """A thread that tells the other brokers of a registry what this one says, and takes in what
    they say.

    Args:
        url: of the registry, in PostgreSQL.
        wake: called from the thread when `take` has something.
        follow: called from the thread after each announcement.
    """

    def __init__(
        self, url: str, wake: Callable[[], object], follow: Callable[[], object] = lambda: None
    ) -> None:
        self.broker = _new_id()
        """How this broker is called among the others; random for each run."""
        self.lost = 0
        """How often so much waited for a database that was away that it was dropped."""
        self._engine = sa.create_engine(
            url, poolclass=NullPool, connect_args=_POSTGRESQL, isolation_level="READ COMMITTED"
        )
        self._wake = wake
        self._follow = follow
        self._own = {self.broker}  # what it was called in this run
        self._lock = threading.Lock()  # around `broker`, `_own` and `_out`
        self._in: deque[BrokerChange] = deque()
        self._out: deque[bytes] = deque()
        self._number: int | None = None
        self._stopping = False
        self._refused = False
        self._waker = Waker()
        self._thread = threading.Thread(target=self._run, name="broker-changes")
        self._thread.start()

    def tell(self, bodies: Iterable[bytes]) -> bool:
        """Tell the other brokers, in this order; never waits.

        Returns:
            False where too much waits: it is dropped, and this broker has another id from now on,
            under which it has to tell everything anew.
        """
        with self._lock:
            self._out.extend(bodies)
            whole = len(self._out) <= MOST_WAITING
            if not whole:
                self._out.clear()
                self.broker = _new_id()
                self._own.add(self.broker)
                self.lost += 1
        self._waker.wake()
        return whole

    def take(self) -> list[BrokerChange]:
        """Return the changes that other brokers made, in their order, each once."""
        taken: list[BrokerChange] = []
        while self._in:
            taken.append(self._in.popleft())
        return taken

    def stop(self) -> None:
        """End the thread and close the connections."""
        self._stopping = True
        self._waker.wake()
        self._thread.join()
        self._waker.close()
        self._engine.dispose()

    def _run(self) -> None:
        while not self._stopping:
            try:
                with self._engine.connect() as connection, self._listening() as listening:
                    self._exchange(connection, listening)
            except SQLAlchemyError as error:
                if not self._refused:
                    self._refused = True
                    _log.error("the database tells of no changes: %s", cause(error))
            if not self._stopping:
                select.select([self._waker], [], [], PAUSE_SECONDS)
                self._waker.drain()

    @contextmanager
    def _listening(self) -> Iterator[Any]:
        with self._engine.connect() as listening:
            listening.execution_options(isolation_level="AUTOCOMMIT")
            listening.exec_driver_sql(f"LISTEN {CHANNEL}")
            # SQLAlchemy has no notifications of its own; this is the driver's connection.
            yield listening.connection.driver_connection

    def _exchange(self, connection: sa.Connection, listening: Any) -> None:
        if self._number is None:
            with connection.begin():
                self._number = connection.execute(sa.select(NUMBERS.c.last)).scalar_one()
        while not self._stopping:
            self._publish(connection)
            self._read(connection)
            self._follow()
            if self._refused:
                self._refused = False
                _log.info("the database tells of changes again")
            ready, _, _ = select.select([listening, self._waker], [], [], LONGEST_SECONDS)
            self._waker.drain()
            if listening in ready:
                try:
                    for _ in listening.notifies(timeout=0):
                        pass
                except self._engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]  # loaded: it has connected
                    raise SQLAlchemyError(str(error)) from error

    def _publish(self, connection: sa.Connection) -> None:
        while True:
            with self._lock:
                broker, bodies = self.broker, list(self._out)[:MOST_AT_ONCE]
            if not bodies:
                return
            with connection.begin():
                record(connection, broker, GROUP, bodies)
                old = sa.text(f"clock_timestamp() - interval '{KEPT_SECONDS} seconds'")
                connection.execute(sa.delete(CHANGES).where(CHANGES.c.at < old))
            with self._lock:
                # What was dropped meanwhile is told anew under another id.
                if broker == self.broker:
                    for _ in bodies:
                        self._out.popleft()

    def _read(self, connection: sa.Connection) -> None:
        while True:
            with connection.begin():
                query = sa.select(CHANGES).where(CHANGES.c.number > self._number)
                rows = connection.execute(query.order_by(CHANGES.c.number).limit(MOST_AT_ONCE))
                found = rows.all()
            if not found:
                return
            self._number = found[-1].number
            self._in.extend(
                BrokerChange(row.broker, row.kind, row.body)
                for row in found
                if row.broker not in self._own
            )
            self._wake()


def _new_id() -> str:
    return os.urandom(8).hex()
