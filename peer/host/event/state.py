"""What a hosted event is: the one state that its parts share.

The parts hold it, and each changes what its own docstring names. It has no behaviour of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .... import sports
from ....protocol.errors import SettingError
from ....protocol.messages import Card
from ....protocol.times import SECOND
from ....sports import Kind, Sport
from ....timeline.event_clock import EventClock
from ....timeline.timeline import Timeline
from ..options import Options
from .claims import WORDS, Claim, Claims
from .counters import EventCounters
from .feed import Feed
from .outage import Outage
from .roster import Roster
from .verdict import Verdict


@dataclass(slots=True)
class EventState:
    """The state of one hosted event.

    Args:
        card: what the broker knows of it.
        options: the host's settings.
        sport, kinds, origins: what is played, its actions by title, and what makes them.
        clock: reckons between wall time and event time.
        policy: says when enough reporters agree.
        claims, timeline, feed, outage: what was reported, accepted, published, missed.
    """

    card: Card
    options: Options
    sport: Sport
    kinds: dict[str, Kind]
    origins: dict[str, None]
    clock: EventClock
    policy: Verdict
    claims: Claims
    timeline: Timeline
    feed: Feed
    outage: Outage
    roster: Roster = field(default_factory=Roster)
    counters: EventCounters = field(default_factory=EventCounters)
    by_entry: dict[str, Claim] = field(default_factory=dict)
    """The claim of each entry, by entry id."""
    held: dict[int, Claim] = field(default_factory=dict)
    """By number: claims on which enough agree, but which the sport's rules forbid so far."""
    epoch: int = 0
    signatures_required: bool = False
    finished: bool = False
    needed: int = 0
    """How many votes a claim needs at the least, with as many present as there are now."""

    now: float = 0.0
    """Monotonic seconds; the time of this turn, as the two that follow."""
    wall: int = 0
    """Microseconds since 1970 UTC."""
    latest: int = 0
    """The latest event time (microseconds) that a report of this turn may state."""

    heard: bool = False
    """A reporter was heard in this turn."""
    received: int = 0
    """Wall time at which a reporter was last heard."""
    re_evaluate: list[Claim] = field(default_factory=list)
    """Claims of which a vote, for or against, was taken out: to be decided again."""
    re_evaluate_all: bool = False
    """Fewer are present, or more votes count: every open claim is to be decided again."""

    heartbeat_at: float = 0.0
    """Monotonic; when the next heartbeat is due."""
    finish_at: float | None = None
    """Monotonic; when the event ends by the rules of the sport, once nothing more can happen."""
    published_at: float | None = None
    """Monotonic; when the feed last grew in this run of the host."""
    sent_at: float | None = None
    """Monotonic; when anything was last published, heartbeats included."""


def begin(card: Card, options: Options) -> EventState:
    """Return the state of an event of which nothing is known but its card.

    Raises:
        NotFound, SettingError: the sport is not installed, or cannot be played with this card.
    """
    sport = sports.get(card.sport)
    kinds: dict[str, Kind] = {kind.title: kind for kind in sport.kinds(card.rules)}
    reserved = WORDS & kinds.keys()
    if reserved:
        raise SettingError(f"sport {card.sport}: {sorted(reserved)} cannot be actions of a sport")
    return EventState(
        card=card,
        options=options,
        sport=sport,
        kinds=kinds,
        origins=dict.fromkeys(card.origins),
        clock=EventClock(card.timing),
        policy=options.policy,
        claims=Claims(kinds),
        timeline=Timeline(sport, sport.start(card.origins, card.rules, card.lineups)),
        feed=Feed(card.event),
        outage=Outage(round(options.late_after * SECOND), options.confirm_wait),
        needed=options.policy.needed(0),
    )
