"""The tables of the broker's database."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA = 3
"""The version of the tables below; `migrations.py` leads there from each one before."""

ALL = sa.MetaData()

CLOCK = sa.Table(
    "clock",
    ALL,
    # One row. `revision` counts the changes to events. A transaction that writes locks the row
    # until it commits, so that revisions become visible in order and writers take turns.
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("schema", sa.Integer, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
)
PEERS = sa.Table(
    "peers",
    ALL,
    sa.Column("peer", sa.Text, primary_key=True),
    sa.Column("key", sa.LargeBinary(32), nullable=False),
    # Two public keys have the same CURVE form; only one of them can be enrolled.
    sa.Column("curve", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    # The name without case and spare spaces; no two keys have the same name.
    sa.Column("folded", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("enrolled", sa.BigInteger, nullable=False),
    sa.Column("invite", sa.Text, nullable=False),
    sa.Column("revoked", sa.BigInteger, nullable=False, index=True),
)
LOOKS = sa.Table(
    "looks",
    ALL,
    # How the names of peers look. The release that compared no looks may have enrolled two names
    # of the same look; no third is enrolled.
    sa.Column("look", sa.Text, primary_key=True),
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), primary_key=True, index=True),
)
NETWORKS = sa.Table(
    "networks",
    ALL,
    # A digest of the address from which a peer got its role. Those that a release before enrolled
    # have none.
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), primary_key=True),
    sa.Column("network", sa.Text, nullable=False),
)
TARGETS = sa.Table(
    "targets",
    ALL,
    # Where the metrics of a peer's processes are scraped. `seen`: when the peer last said so.
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), primary_key=True),
    sa.Column("process", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False, index=True),
)
INVITES = sa.Table(
    "invites",
    ALL,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("invite", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    sa.Column("creator", sa.Text, sa.ForeignKey("peers.peer"), nullable=False, index=True),
)
SESSIONS = sa.Table(
    "sessions",
    ALL,
    sa.Column("routing_id", sa.LargeBinary(255), primary_key=True),
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False, index=True),
    sa.Index("sessions_of", "peer", "seen"),
)
EVENTS = sa.Table(
    "events",
    ALL,
    sa.Column("event", sa.Text, primary_key=True),
    sa.Column("creator", sa.Text, sa.ForeignKey("peers.peer"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, index=True),
    # The card in MessagePack as it was created; the column `status` holds its present status.
    sa.Column("card", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("creator", "key"),
    # Finds events that are not over.
    sa.Index("events_by_status", "status", "event"),
)
GRANTS = sa.Table(
    "grants",
    ALL,
    # Which peers own or host an event besides its creator; they may not be enrolled yet. The peer
    # `any` stands for every peer.
    sa.Column("event", sa.Text, sa.ForeignKey("events.event"), primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("peer", sa.Text, primary_key=True),
)
LEASES = sa.Table(
    "leases",
    ALL,
    sa.Column("event", sa.Text, sa.ForeignKey("events.event"), primary_key=True),
    sa.Column("instance", sa.Text, primary_key=True),
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("endpoints", sa.LargeBinary, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("event", "epoch"),
    sa.Index("leases_of", "peer", "expires"),
)
POOLS = sa.Table(
    "pools",
    ALL,
    # Which hosts are in a pool; they may not be enrolled yet.
    sa.Column("pool", sa.Text, primary_key=True),
    sa.Column("peer", sa.Text, primary_key=True),
)
OFFERS = sa.Table(
    "offers",
    ALL,
    # What each host has last said of itself.
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), primary_key=True),
    sa.Column("capacity", sa.BigInteger, nullable=False),
    sa.Column("labels", sa.LargeBinary, nullable=False),
    sa.Column("journal", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False, index=True),
    sa.Column("draining", sa.BigInteger, nullable=False),
    sa.Column("instance", sa.Text, nullable=False),
)
PLACEMENTS = sa.Table(
    "placements",
    ALL,
    # Which host is to have an event; a row is removed once it has. An empty `peer`: none is.
    sa.Column("event", sa.Text, sa.ForeignKey("events.event"), primary_key=True),
    sa.Column("peer", sa.Text, nullable=False, index=True),
    sa.Column("placed", sa.BigInteger, nullable=False),
    # Somebody asked for it, and the host that has the event is to let it go.
    sa.Column("asked", sa.BigInteger, nullable=False),
    # The host has restored the event, and only waits for its lease.
    sa.Column("ready", sa.BigInteger, nullable=False),
)
TOKENS = sa.Table(
    "tokens",
    ALL,
    sa.Column("token", sa.Text, primary_key=True),  # its digest
    sa.Column("peer", sa.Text, sa.ForeignKey("peers.peer"), nullable=False),
    sa.Column("event", sa.Text, sa.ForeignKey("events.event"), nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    sa.Index("tokens_of", "peer", "event", "role"),
)

SHARED = sa.MetaData()
"""The tables that a registry in PostgreSQL has besides, for the brokers that share it."""

NUMBERS = sa.Table(
    "change_numbers",
    SHARED,
    # One row: the last number of a change. Who takes one holds the row until it commits.
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
)
CHANGES = sa.Table(
    "changes",
    SHARED,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("broker", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column(
        "at",
        sa.DateTime(timezone=True),
        nullable=False,
        index=True,
        server_default=sa.text("clock_timestamp()"),
    ),
)
IDENTITY = sa.Table(
    "broker_identity",
    SHARED,
    # One row: the key that all brokers on this registry hold; no seed where they have it in a file.
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("public", sa.LargeBinary(32), nullable=False),
    sa.Column("seed", sa.LargeBinary(32), nullable=True),
)
