"""What a hosted event is, and how what is on record changes it. Pure.

The core decides and puts its decision on record; the change itself is made here, by the same code
when it is decided and when it is read from the journal again.
"""

from __future__ import annotations

from .... import sports
from ....protocol import limits, messages
from ....protocol.errors import IllegalAction, PeerError, SettingError
from ....protocol.messages import Card, Entry, Evidence, Fate
from ....sports import Kind
from ....timeline.event_clock import EventClock
from ....timeline.timeline import Timeline
from ..options import Options
from . import corrections
from .claims import Claim, Claims
from .feed import Feed
from .member import Counters, Member
from .publications import setup
from .roster import Roster
from .turn import Turn


class EventState:
    """The state of one hosted event.

    Args:
        card: what the broker knows of it.
        options: the host's settings.

    Raises:
        NotFound, SettingError: the sport is not installed, or can't be played with this card.
    """

    def __init__(self, card: Card, options: Options) -> None:
        self.card = card
        self.sport = sports.get(card.sport)
        self.kinds: dict[str, Kind] = {kind.title: kind for kind in self.sport.kinds(card.rules)}
        reserved = corrections.WORDS & self.kinds.keys()
        if reserved:
            raise SettingError(
                f"sport {card.sport}: {sorted(reserved)} can't be actions of a sport"
            )
        self.origins = dict.fromkeys(card.origins)
        self.claims = Claims(self.kinds)
        self.timeline = Timeline(
            self.sport, self.sport.start(card.origins, card.rules, card.lineups)
        )
        self.feed = Feed(card.event)
        self.roster = Roster()
        self.counters = Counters()
        self.epoch = 0
        self.finished = False
        self._by_entry: dict[str, Claim] = {}
        self._held: dict[int, Claim] = {}  # enough agree, but the sport's rules forbid them
        self._clock = EventClock(card.timing)
        self._interval = options.heartbeat
        self._verdict = options.policy
        self._needed = self._verdict.needed(0)
        self._wall = 0
        self._latest = 0
        self._finish_at: float | None = None
        self._turn = Turn(card.event)
        self._record = self._turn.record

    @property
    def present(self) -> int:
        """Reporters who are there."""
        return self.roster.present

    def setup(self, request: int, member: Member) -> messages.Setup:
        """Return what a member needs to take part."""
        return setup(
            request,
            member,
            card=self.card,
            kinds=self.kinds.values(),
            epoch=self.epoch,
            feed=self.feed,
            wall=self._wall,
            interval=self._interval,
        )

    def _set_wall(self, wall: int) -> None:
        self._wall = wall
        self._latest = self._clock.latest(wall)

    def _mark(self, member: Member, present: bool) -> None:
        """Count a reporter among those present, or no longer."""
        self.roster.mark(member, present)
        self._needed = self._verdict.needed(self.roster.present)

    def _rivals(self, claim: Claim) -> list[Claim]:
        """Return the claims whose voters speak against a claim."""
        if claim.lane.kind is None:
            return corrections.rivals(claim, self._by_entry, self.claims)
        return self.claims.rivals(claim)

    def _evidence(self, claim: Claim) -> Evidence:
        voters = 0
        for rival in self._rivals(claim):
            voters |= rival.voters
        unripe = self.roster.unripe
        against = (voters & ~claim.voters & ~unripe).bit_count()
        for_ = len(claim.votes)
        if unripe:
            for_ -= (claim.voters & unripe).bit_count()
        return Evidence(
            for_=for_,
            against=against,
            present=max(self.roster.present, for_ + against),
            latency_ms=(self._wall - claim.received) / 1000,
        )

    def _hold(self, claim: Claim, reason: str) -> None:
        """Keep a claim that the rules forbid: what makes it possible may be on its way."""
        claim.held = reason
        self._held[claim.number] = claim

    def _apply(self, entry: Entry, by: Claim | None = None) -> None:
        """Close the claims that led to a version of an entry.

        Args:
            entry: as it was published.
            by: the claim that corrects the entry; None where it is the entry's own.
        """
        counters, delay = self.counters, entry.delay_status or "live"
        counters.entries[entry.status] = counters.entries.get(entry.status, 0) + 1
        counters.delays[delay] = counters.delays.get(delay, 0) + 1
        accepted = Fate(n=0, outcome="accepted", seq=entry.seq, entry_id=entry.entry_id)
        own = self.claims.open.get(int(entry.entry_id))
        if own is not None:
            own.entry_id, own.seq = entry.entry_id, entry.seq
            self._by_entry[entry.entry_id] = own
            self._held.pop(own.number, None)
            self.claims.close(own, forget=False)
            self._tell(own, accepted)
        if by is not None:
            self.claims.close(by, forget=True)
            self._tell(by, accepted)
        claim = self._by_entry[entry.entry_id]
        claim.provisional = entry.status == "PROVISIONAL"
        if entry.status == "DELETED":
            # Whoever reports it again speaks of a new claim.
            self.claims.close(claim, forget=True)
        elif entry.status == "UPDATED":
            # Reports of it as it is known now speak of this entry.
            claim.identity = claim.lane.identity(entry.details)

    def _expire(self, claim: Claim) -> None:
        self.counters.expired += 1
        self._held.pop(claim.number, None)
        self.claims.close(claim, forget=True)
        if claim.held:
            code, reason = IllegalAction.code, claim.held
            self._tell(claim, Fate(n=0, outcome="refused", code=code, reason=reason))
        else:
            self._tell(claim, Fate(n=0, outcome="expired"))

    def _close_event(self, seq: int) -> None:
        """Take nothing more in, and tell those who voted for the end."""
        self.finished = True
        self._finish_at = None
        for claim in [claim for claim in self.claims.open.values() if claim.lane.title == "end"]:
            self.claims.close(claim, forget=True)
            self._tell(claim, Fate(n=0, outcome="accepted", seq=seq))

    def _refuse(self, member: Member, n: int, error: PeerError) -> None:
        self.counters.refuse(error.code)
        reason = error.sentence[: limits.TEXT_CHARS]
        member.fates.append(Fate(n=n, outcome="refused", code=error.code, reason=reason))

    def _tell(self, claim: Claim, fate: Fate) -> None:
        outcome, seq, entry_id = fate.outcome, fate.seq, fate.entry_id
        for index, n in claim.votes:
            told = Fate(n, outcome, seq, entry_id, fate.code, fate.reason)
            self._turn.tell(self.roster.reporters[index], told)
