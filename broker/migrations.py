"""The steps from one version of the registry's tables to the next; see `runtime/schema.py`.

New registries are made by `tables.py`, which says what the tables are today. A test holds both
against each other, in SQLite and in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..protocol import times, tokens
from ..protocol.errors import StorageFault
from ..runtime import clock, schema
from .names import looks
from .tables import CLOCK, SCHEMA

UPDATE_SECONDS = 86_400
"""A host whose lease ended so long ago at most, while the broker was updated, may host on."""

OLDEST = 2
"""The version of the first release. Before it peers had no keys."""


def migrate(connection: Connection) -> None:
    """Bring a registry to the tables of today, within a transaction; an empty database stays so.

    Raises:
        StorageFault: it is of a newer program, or older than the first release.
    """
    if not sa.inspect(connection).has_table(CLOCK.name):
        return
    found = connection.execute(sa.select(CLOCK.c.schema)).scalar_one_or_none()
    if found is None:
        return
    if found < OLDEST:
        raise StorageFault(
            f"the database has version {found}, and this program reads from version {OLDEST} on;"
            " version 1 holds no keys, so its peers cannot prove their identity: move the file away"
            " or name another with --database, and create your events again"
        )
    steps = schema.due(found, _STEPS, "the database")
    if not steps:
        return
    for step in steps:
        step(connection)
    connection.execute(sa.update(CLOCK).values(schema=SCHEMA))


def _run(connection: Connection, script: str) -> None:
    binary = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    for statement in script.replace("BINARY", binary).split(";"):
        if statement.strip():
            connection.exec_driver_sql(statement)


# ── 3: names that look alike, grants, digests of tokens, pools of hosts, several brokers ─────────

# A registry that was made between the two releases has some of them.
_TABLES_OF_3 = """
CREATE TABLE IF NOT EXISTS looks (
    look TEXT NOT NULL, peer TEXT NOT NULL REFERENCES peers (peer), PRIMARY KEY (look, peer)
);
CREATE INDEX IF NOT EXISTS ix_looks_peer ON looks (peer);
CREATE TABLE IF NOT EXISTS networks (
    peer TEXT NOT NULL PRIMARY KEY REFERENCES peers (peer), network TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS targets (
    peer TEXT NOT NULL REFERENCES peers (peer), process TEXT NOT NULL, address TEXT NOT NULL,
    seen BIGINT NOT NULL, PRIMARY KEY (peer, process)
);
CREATE INDEX IF NOT EXISTS ix_targets_seen ON targets (seen);
CREATE INDEX IF NOT EXISTS events_by_status ON events (status, event);
CREATE TABLE IF NOT EXISTS grants (
    event TEXT NOT NULL REFERENCES events (event), role TEXT NOT NULL, peer TEXT NOT NULL,
    PRIMARY KEY (event, role, peer)
);
CREATE TABLE IF NOT EXISTS pools (
    pool TEXT NOT NULL, peer TEXT NOT NULL, PRIMARY KEY (pool, peer)
);
CREATE TABLE IF NOT EXISTS offers (
    peer TEXT NOT NULL PRIMARY KEY REFERENCES peers (peer), capacity BIGINT NOT NULL,
    labels BINARY NOT NULL, journal TEXT NOT NULL, address TEXT NOT NULL, seen BIGINT NOT NULL,
    draining BIGINT NOT NULL, instance TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_offers_seen ON offers (seen);
CREATE TABLE IF NOT EXISTS placements (
    event TEXT NOT NULL PRIMARY KEY REFERENCES events (event), peer TEXT NOT NULL,
    placed BIGINT NOT NULL, asked BIGINT NOT NULL, ready BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_placements_peer ON placements (peer);
"""

_SHARED_OF_3 = """
CREATE TABLE IF NOT EXISTS change_numbers (one SERIAL PRIMARY KEY, last BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
    number BIGINT NOT NULL PRIMARY KEY, broker TEXT NOT NULL, kind TEXT NOT NULL,
    body BINARY NOT NULL, at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_changes_at ON changes (at);
CREATE TABLE IF NOT EXISTS broker_identity (
    one SERIAL PRIMARY KEY, public BINARY NOT NULL, seed BINARY
);
"""

_GRANT_PRESENT_HOSTS = sa.text("""
INSERT INTO grants (event, role, peer)
SELECT leases.event, 'host', leases.peer FROM leases
JOIN (SELECT event, max(epoch) AS epoch FROM leases GROUP BY event) AS newest
    ON leases.event = newest.event AND leases.epoch = newest.epoch
JOIN events ON leases.event = events.event
WHERE leases.expires > :since AND leases.peer <> events.creator
""")


def _to_3(connection: Connection) -> None:
    had_grants = sa.inspect(connection).has_table("grants")
    _run(connection, _TABLES_OF_3)
    if connection.dialect.name == "postgresql":
        _run(connection, _SHARED_OF_3)
        first = "INSERT INTO change_numbers (one, last) VALUES (1, 0) ON CONFLICT DO NOTHING"
        connection.exec_driver_sql(first)
    _record_looks(connection)
    _hash_tokens(connection)
    if not had_grants:
        # A host renews its lease again once the broker has been started.
        since = clock.wall() - UPDATE_SECONDS * times.SECOND
        connection.execute(_GRANT_PRESENT_HOSTS, {"since": since})


def _record_looks(connection: Connection) -> None:
    """Record how the names look that were enrolled by a release that did not compare looks."""
    names = "SELECT peer, name FROM peers WHERE peer NOT IN (SELECT peer FROM looks)"
    for peer, name in connection.exec_driver_sql(names).all():
        for look in looks(name):
            row = sa.text("INSERT INTO looks (look, peer) VALUES (:look, :peer)")
            connection.execute(row, {"look": look, "peer": peer})


def _hash_tokens(connection: Connection) -> None:
    """Put digests in the place of the tokens that the release stored as they are."""
    clear = sa.text("SELECT token FROM tokens WHERE token LIKE '%-%'")
    change = sa.text("UPDATE tokens SET token = :digest WHERE token = :token")
    for token in connection.execute(clear).scalars().all():
        connection.execute(change, {"digest": tokens.digest(token), "token": token})


_STEPS: Mapping[int, Callable[[Connection], None]] = {3: _to_3}
