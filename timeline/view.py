"""What a follower of an event sees: the fold of its feed, its open claims, its clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from msgspec import structs

from .. import sports
from ..protocol.errors import TouchlineError
from ..protocol.messages import Card, Entry, Pending
from ..protocol.text import plain
from ..runtime.languages import SOURCE, current, tr
from . import texts, wording
from .condition import STATES, UNHEARD
from .feed import Item
from .fold import Change, FeedFold
from .looks import shown
from .play import Play
from .rows import EntryRow, Remark


class Sayer:
    """Says entries in the language of now: their hosts say them in English.

    Args:
        card: of their event.
    """

    def __init__(self, card: Card) -> None:
        self._origins = card.origins
        self._presentation = wording.presentation(card.sport, card.rules)
        self.kinds: dict[str, str] = {}
        """The words on the actions' buttons, by title."""
        with suppress(TouchlineError):  # of a sport that is not installed here
            self.kinds = {kind.title: kind.text for kind in wording.kinds(card.sport, card.rules)}

    def said(self, entry: Entry) -> Entry:
        """Return an entry whose sentence is in the language."""
        found = shown(entry, self._presentation, self.kinds, self._origins)
        what = ", ".join(filter(None, (found.title, found.side)))
        text = ": ".join(filter(None, (what, found.who)))
        return structs.replace(entry, text=f"{text}. {found.then}" if found.then else text)


class LiveView:
    """What a feed says, put together for people.

    Args:
        card: what the broker knows of the event.
    """

    def __init__(self, card: Card) -> None:
        self.card = card
        self.pending: tuple[Pending, ...] = ()
        """The newest open claims, newest first, as the subscriber of the feed has them."""
        self._play = Play(card)
        self.fold = FeedFold(card, self._play)
        self._sayer = Sayer(card) if current() != SOURCE else None

    def take(self, item: Item, now: float, wall: int) -> Change:
        """Take what the feed gives.

        Args:
            item: what a subscriber gets.
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        if self._sayer is not None and isinstance(item, Entry):
            item = self._sayer.said(item)
        return self.fold.take(item, now, wall)

    @property
    def headline(self) -> str:
        """The score in a line; empty where neither the feed nor the sport says one."""
        return plain(self.fold.headline or self._play.opening)

    @property
    def state(self) -> str:
        """The state of the feed, one of `STATES`."""
        return self.fold.condition.state

    @property
    def state_text(self) -> str:
        """The state of the feed in a few words."""
        condition, ending = self.fold.condition, self.fold.ending
        if ending is not None and condition.state == "finished":
            return tr(texts.ENDED[ending.how]).lower()
        return tr(STATES[condition.state]).format(texts.time_of_day(condition.since))

    def banner(self, wall: int) -> str:
        """Return what is said of a feed, of an end or of play that is not as it should be; empty
        when all is well.

        Args:
            wall: microseconds since 1970 UTC.
        """
        fold = self.fold
        if fold.condition.banner:
            return plain(fold.condition.banner)
        if fold.ending is not None:
            return texts.after_text(fold.ending, wall)
        return f"{texts.interrupted_text(fold.interrupted)}." if fold.interrupted else ""

    @property
    def play(self) -> sports.State | None:
        """The sport's own state after everything that stands; None where it is not known here."""
        return self._play.state

    def rows(self) -> Iterator[EntryRow | Remark]:
        """Yield the entries and the remarks between them, the latest in match order first."""
        between = sorted(self.fold.remarks, key=lambda remark: remark.time)
        for row in reversed(self.fold.rows):
            while between and between[-1].time >= row.entry.time:
                yield between.pop()
            yield row
        yield from reversed(between)

    @property
    def unconfirmed(self) -> Entry | None:
        """The latest provisional entry, in match order, that makes the score what it is; None
        where it rests on none."""
        for row in reversed(self.fold.standing):
            if row.entry.status == "PROVISIONAL" and self._play.changes_score(row.entry):
                return row.entry
        return None

    @property
    def undecided(self) -> tuple[Pending, ...]:
        """The newest open claims that a reporter speaks for; none where their host is not heard."""
        if self.state in UNHEARD or self.state == "finished":
            return ()
        return tuple(claim for claim in self.pending if claim.for_)

    @property
    def untold(self) -> int:
        """The number of open claims where their host tells no more of them."""
        if self.pending or self.state in UNHEARD or self.state == "finished":
            return 0
        return self.fold.claims

    def claim_text(self, claim: Pending) -> str:
        """Return what a claim is about."""
        kind = self._play.kinds.get(claim.title)
        text = kind.text if kind else claim.title.replace("_", " ")
        if self._sayer is not None:
            text = self._sayer.kinds.get(claim.title, text)
        return plain(f"{text}, {claim.origin}" if claim.origin else text)

    def clock(self, wall: int) -> str:
        """Return the match clock now; the newest entry's where the sport is not known here."""
        rows = self.fold.rows
        if self.state == "finished" or not rows:
            return ""
        last = rows[-1].entry
        timing = self.card.timing
        if self._play.timeline is None or (timing is not None and not timing.speed):
            return plain(last.clock)
        # The event's own clock may lag behind what hasty people reported.
        return plain(self._play.clock(max(self.fold.event_time(wall), last.time)))
