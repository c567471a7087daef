"""Every bound of the wire. `docs/PROTOCOL.md` says what happens at each bound."""

FRAME_BYTES = 65_536
"""The most bytes of a frame that a socket accepts, except a block of a replay."""

BLOCK_BYTES = 1_048_576
"""The most bytes of a frame that a peer accepts from a broker or a host's ROUTER."""

COPY_BYTES = 524_288
"""As soon as turns have so many bytes, a `turns` message is sent."""

BLOCK_FRAMES = 256
"""The most published messages in one block of a replay."""

FEED_BYTES = 134_217_728
"""The most bytes of a feed, each message counted as its body and `FEED_MESSAGE_BYTES`."""

FEED_MESSAGE_BYTES = 1_024
"""The bytes that a message counts for besides its body: what it takes in memory, however short."""

BATCH_REPORTS = 500
"""The most reports in one `reports` message."""

CARRIED = 100
"""The most reporters in one `recover` message."""

ID_CHARS = 64
"""The most characters of an id: of an event, peer, entry, token, invitation or instance."""

NAME_CHARS = 200
"""The most characters of a name: of an event, action, origin, person, detail or room."""

TEXT_CHARS = 1_000
"""The most characters of a text: a value of an action's details, a search, a reason."""

HOLD_EVENTS = 200
"""The most events in one list of a `hold` message."""

POOL_HOSTS = 1_000
"""The most hosts in one pool, and the most that one `pooled` lists."""

DETAILS = 24
"""The most details of one action."""

ORIGINS = 1_000
"""The most origins of one event (a race has many runners)."""

LINEUP = 60
"""The most names in one side's line-up, substitutes included."""

EARLY_SECONDS = 300.0
"""The most seconds that a report's time may lie ahead of the event's clock."""

BEFORE_SECONDS = 86_400.0
"""The most seconds that a report's time may lie before the event's start."""

REPORTS_AHEAD = 4_096
"""The most reports of one reporter that a host holds beyond a missing number."""

OPEN_CLAIMS = 10_000
"""The most open claims in one event."""

PENDING = 20
"""The most open claims that a heartbeat lists: the newest."""

RECOUNTS = 20
"""The most entries of which a heartbeat brings the votes up to date: the newest."""

MEMBER_CLAIMS = 2_500
"""The most open claims in one event that one reporter has begun."""

ALIKE_CLAIMS = 20
"""The most open claims of one action and origin, near each other, that one reporter has begun."""

GRANTS = 100
"""The most co-owners of one event, and the most hosts that its owners name."""

RULINGS = 1_000
"""The most rulings of its owners in one event."""

UNKNOWN_TOKENS = 1_000
"""The most tokens that a host asks the broker about at one time."""

WAITING_ATTACHES = 10
"""The most connections that wait for the broker's answer about one token."""

INVITE_USES = 10_000
"""The most uses of one invitation: each use enrols a key or raises its role."""

INVITE_SECONDS = 366 * 86_400.0
"""The most seconds for which an invitation is valid."""

REVOKED = 1_000
"""The most revoked peers that `leased` lists: the peers revoked last."""

ROOMS = 1_000
"""The most rooms at one broker."""

ROOM_MEMBERS = 64
"""The most members of one room."""

ROOM_BYTES = 786_432
"""The most bytes of all records of a room, each counted as its key, its body and
`ROOM_RECORD_BYTES`, so that all records fit into one frame."""

ROOM_RECORD_BYTES = 64
"""The bytes that a record of a room counts for besides its key and body."""

ROOM_BODY_BYTES = 4_096
"""The most bytes of the body of a record or of a `post`."""

ROOM_BATCH = 200
"""The most records in one `put`."""
