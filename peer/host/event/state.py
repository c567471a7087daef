"""What a hosted event is: the one state that its parts share.

The parts hold it, and each changes what its own docstring names. It has no behaviour of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .... import sports
from ....protocol.errors import SettingError
from ....protocol.messages import Card
from ....protocol.times import EARLIEST, SECOND
from ....sports import Kind, Sport
from ....sports.capabilities import Aftermath
from ....sports.contradictions import Check, unchecked
from ....sports.names import EventNames
from ....sports.sport import WORDS
from ....timeline.event_clock import EventClock
from ....timeline.timeline import Timeline
from ...grades.book import Book
from ..options import Options
from .activity import Activity
from .claims import Claim
from .counters import EventCounters
from .departures import Departures
from .event_claims import Claims
from .feed import Feed
from .looks import Looks
from .outage import Outage
from .reputations import Reputations
from .roster import Roster
from .thumbs import Thumbs
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
        roster, reputations, activity, departures: who is there, what is known of them, who takes
            part, who took part and has left.
        looks: when claims are judged although nothing is said.
        thumbs: how late reporters tap.
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
    roster: Roster
    reputations: Reputations
    activity: Activity
    departures: Departures
    looks: Looks
    thumbs: Thumbs = field(default_factory=Thumbs)
    book: Book = field(default_factory=Book)
    """What is known of the reporters from before; without a sheet where the host has no book."""
    counters: EventCounters = field(default_factory=EventCounters)
    by_entry: dict[str, Claim] = field(default_factory=dict)
    """The claim of each entry, by entry id."""
    held: dict[int, Claim] = field(default_factory=dict)
    """By number: claims on which enough agree, but which the sport's rules forbid so far."""
    corrections: dict[str, list[str]] = field(init=False)
    """By the title of an action: the titles of what takes it back."""
    epoch: int = 0
    edition: int = 0
    """The edition of the rules by which reports are matched; see `records.EDITION`."""
    names: EventNames | None = None
    """The names of the event; None while reports are compared as they are typed."""
    contradiction: Check = unchecked
    """contradiction(action): what in it contradicts itself, or None."""
    signatures_required: bool = False
    finished: bool = False
    ended_by_rules: bool = False
    """It is finished, and by the rules of its sport nothing more can happen."""
    ended_by: str = ""
    """It is finished by a ruling of this peer, its owner."""
    reopened_by: str = ""
    """The owner, whose ruling let it go on after an end; the rules wait before they end it anew."""
    aftermath: int = 0
    """For how long reports of an event that is finished still count (real microseconds)."""
    finished_at: int = 0
    """Wall time at which it finished; this and the next in microseconds since 1970 UTC."""
    reports_until: int = 0
    """Wall time until when they do."""
    needed: int = 0
    """How many votes a claim needs at the least, with as many present as there are now."""

    now: float = 0.0
    """Monotonic seconds; the time of this turn, as the two that follow."""
    claims_until: float = 0.0
    """Monotonic; when claims expire that get a vote in this turn, and none after it."""
    wall: int = 0
    """Microseconds since 1970 UTC."""
    latest: int = 0
    """The latest event time (microseconds) that a report of this turn may state."""

    began: int = 0
    """Wall time at which this epoch began."""
    hosted: int = 0
    """Wall time at which the event was first hosted here; 0 before that."""
    earliest: int = EARLIEST
    """The earliest event time (microseconds) that a report may state."""

    said_by: int = 0
    """Until when (wall time) a report of this turn can have been said; see `clock_steps`."""

    heard: bool = False
    """A reporter was heard in this turn."""
    received: int = 0
    """Wall time at which a reporter was last heard."""
    to_judge: dict[int, Claim] = field(default_factory=dict)
    """By number: claims of actions that are to be judged at the end of this turn."""
    re_evaluate: list[Claim] = field(default_factory=list)
    """Claims of which a vote, for or against, was taken out: to be decided again."""
    to_update: dict[int, Claim] = field(default_factory=dict)
    """By number: claims of which votes say more, or other things, than their entries do."""
    voted: dict[int, Claim] = field(default_factory=dict)
    """By number: claims of entries for which votes came since a heartbeat told their counts."""
    recount: bool = True
    """The counts of an entry may be others than those that heartbeats tell."""
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

    def __post_init__(self) -> None:
        self.corrections = {}
        for kind in self.kinds.values():
            if kind.relates_to:
                self.corrections.setdefault(kind.relates_to, []).append(kind.title)

    def active_bits(self) -> int:
        """Return the bits of the reporters that take part now, as far as the policy minds: one that
        only counts heads counts all who are present."""
        if self.policy.learns:
            return self.activity.active(self.wall)
        return self.roster.present_bits & ~self.roster.on_probation

    @property
    def closed(self) -> bool:
        """Whether the event is finished and no report counts any more."""
        return self.finished and self.wall > self.reports_until


def begin(card: Card, options: Options, book: Book) -> EventState:
    """Return the state of an event of which nothing is known but its card.

    Raises:
        NotFound, SettingError: the sport is not installed, or cannot be played with this card.
    """
    sport = sports.get(card.sport)
    kinds: dict[str, Kind] = {kind.title: kind for kind in sport.kinds(card.rules)}
    reserved = WORDS & kinds.keys()
    if reserved:
        raise SettingError(f"sport {card.sport}: {sorted(reserved)} cannot be actions of a sport")
    clock = EventClock(card.timing)
    roster = Roster()
    aftermath = sport.aftermath_seconds if isinstance(sport, Aftermath) else 0.0
    return EventState(
        card=card,
        options=options,
        sport=sport,
        kinds=kinds,
        origins=dict.fromkeys(card.origins),
        clock=clock,
        policy=options.policy,
        claims=Claims(kinds),
        timeline=Timeline(sport, sport.start(card.origins, card.rules, card.lineups), kinds),
        feed=Feed(card.event),
        outage=Outage(round(options.late_after * SECOND), options.confirm_wait),
        roster=roster,
        reputations=Reputations(book),
        activity=Activity(clock, roster),
        departures=Departures(),
        looks=Looks(clock),
        needed=options.policy.needed(0),
        aftermath=round(clock.real(aftermath) * SECOND),
        book=book,
    )
