"""Every bound of the wire, in one place. `docs/PROTOCOL.md` says what happens at each."""

FRAME_BYTES = 65_536
"""The largest frame that any socket of ours accepts, except a block of a replay."""

BLOCK_BYTES = 1_048_576
"""The largest frame that a subscriber accepts: a block of a replay."""

BLOCK_FRAMES = 256
"""Published messages in one block of a replay."""

BATCH_REPORTS = 500
"""Reports in one message."""

ID_CHARS = 64
"""An event id, token, peer id, entry id, routing id in text form."""

NAME_CHARS = 200
"""A title, origin, name of a person, reason."""

TEXT_CHARS = 1_000
"""A value among an action's details, a search text, a sentence of an error."""

DETAILS = 24
"""Details of one action."""

ORIGINS = 1_000
"""Origins of one event (a race has many runners)."""

LINEUP = 60
"""Names in one side's line-up, substitutes included."""

EARLY_SECONDS = 300.0
"""How far ahead of the event's own clock a report's time may lie."""

REPORTS_AHEAD = 4_096
"""Reports of one reporter that may be held beyond a missing number before more are refused."""

OPEN_CLAIMS = 10_000
"""Claims that may be open in one event."""

PENDING = 20
"""Open claims told with a heartbeat; the newest."""

MEMBER_CLAIMS = 2_500
"""Claims of one event that one reporter may have begun and that are open."""

ALIKE_CLAIMS = 20
"""Open claims of one action and origin, near each other, that one reporter may have begun."""

UNKNOWN_TOKENS = 1_000
"""Tokens that a host asks the broker about at one time."""

WAITING_ATTACHES = 10
"""Connections that wait for the broker's word on one token."""

INVITE_USES = 10_000
"""Keys that one invitation may let in."""

INVITE_SECONDS = 366 * 86_400.0
"""For how long an invitation may hold."""

REVOKED = 1_000
"""Revoked peers told with one lease; those put out last."""

ROOMS = 1_000
"""Rooms at one broker."""

ROOM_MEMBERS = 64
"""Peers gathered in one room."""

ROOM_BYTES = 786_432
"""All records of a room, each as its key, its body and `ROOM_RECORD_BYTES`: so that they fit into
one frame."""

ROOM_RECORD_BYTES = 64
"""What a record of a room counts for besides its key and body."""

ROOM_BODY_BYTES = 4_096
"""The body of a record, or of what is posted in a room."""

ROOM_BATCH = 200
"""Records in one `put`."""
