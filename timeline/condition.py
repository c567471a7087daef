"""Whether a feed is live, and if not, why and since when: a table of transitions. Pure."""

from __future__ import annotations

from ..runtime.languages import SOURCE, current, mark, tr
from .feed import Notice

STATES = {
    "connecting": mark("connecting"),
    "waiting": mark("waiting for the host"),
    "live": mark("live"),
    "disagree": mark("live, reporters disagree"),
    "venue_lost": mark("suspended since {}"),
    "reconstructing": mark("suspended, reconstructing since {}"),
    "host_trouble": mark("host in trouble since {}"),
    "stale": mark("stale since {}"),
    "silent": mark("stale since {}"),
    "host_lost": mark("host lost since {}"),
    "relay_lost": mark("relay lost since {}"),
    "link_lost": mark("link lost since {}"),
    "finished": mark("finished"),
}
"""Every state, and what people are told of it; {} is the time at which it began."""

SUSPENDED = mark(
    "Nobody at the venue is heard. What happens there now will be put together when they are back."
)
"""What people are told of an alarm; since when, its remark says."""

NOTICES = {
    "reconstructing": mark("What happened meanwhile is being put together; the score may change."),
    "disagree": mark("As many speak against an open claim as for it."),
    "host_trouble": mark("It can store nothing at present, so nothing is confirmed."),
    "host_lost": mark(
        "The computer that collects the reports can't be heard. The feed goes on when it, or"
        " another one, is back."
    ),
    "relay_lost": mark(
        "What brings the feed here can't be heard. The feed goes on when it, or another one, is"
        " back."
    ),
    "silent": mark("Nothing is heard of the host"),
    "waiting": mark("Nobody collects reports on this event at present."),
}
"""What people who do not read English are told of a silence, by its kind: the notice says more, in
English."""

UNHEARD = frozenset(
    {"connecting", "waiting", "stale", "silent", "host_lost", "relay_lost", "link_lost"}
)
"""States in which nothing is heard of the host."""

ANY = frozenset(STATES) - {"finished"}
"""The end is for ever, unless the host says that it was none."""

CAUSES = frozenset(
    {
        *("venue_lost", "reconstructing", "disagree", "host_trouble"),
        *("host_lost", "relay_lost", "link_lost", "silent"),
    }
)
"""Kinds of `silence.Cause`, which are states as well; the kind `quiet` is the state `live`."""

TRANSITIONS: dict[str, tuple[str, frozenset[str]]] = {
    # Entries and heartbeats end a wait for the host; that an outage is over, only `restored` says.
    "heard": ("live", frozenset({"connecting", "waiting", "stale", "live"})),
    "alarm": ("venue_lost", ANY),
    "restored": ("live", ANY),
    "finished": ("finished", ANY),
    "reopened": ("live", frozenset({"finished"})),
    "live": ("live", ANY),
    "quiet": ("live", ANY),
    "stale": ("stale", ANY),
    # In the other states more is known than that the host is waited for.
    "waiting": ("waiting", frozenset({"connecting", "waiting", "stale", "live"})),
    **{cause: (cause, ANY) for cause in sorted(CAUSES)},
}
"""What leads to which state, and from which states: a message of the feed (`heard` stands for any
entry or heartbeat), or a kind of notice. Anything else changes nothing."""


class Condition:
    """The state of one feed."""

    def __init__(self) -> None:
        self.state = "connecting"
        """One of `STATES`."""
        self.since = 0
        """Wall time at which the state began, microseconds since 1970 UTC."""
        self.banner = ""
        """What the newest notice says of it; empty when all is well."""

    def move(self, event: str, wall: int) -> None:
        """Follow the table.

        Args:
            event: a key of `TRANSITIONS`, or anything else, which changes nothing.
            wall: since when it holds, microseconds since 1970 UTC.
        """
        state, sources = TRANSITIONS.get(event, ("", frozenset()))
        if self.state not in sources:
            return
        if state == "live":
            self.banner = ""
        if state == self.state:
            return
        # A cause that is found for a silence does not make the silence any younger.
        if not (event in CAUSES and self.state in {"stale", "silent"}):
            self.since = wall
        self.state = state

    def note(self, notice: Notice, wall: int) -> None:
        """Take what a subscriber notices of its feed.

        Args:
            notice: of any kind.
            wall: microseconds since 1970 UTC.
        """
        kind = notice.kind
        if kind == "waiting" and self.state not in UNHEARD | {"live"}:
            return  # the broker is away, but the host has more to say
        self.move(kind, wall)
        if kind == "venue_lost":
            self.banner = tr(SUSPENDED)
        elif kind not in {"live", "quiet"}:
            known = NOTICES.get(kind) if current() != SOURCE else None
            self.banner = notice.text if known is None else tr(known)
