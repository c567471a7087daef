"""The sport's own state of an event that is followed, as far as the feed fits the sport. Pure."""

from __future__ import annotations

from .. import sports
from ..protocol.errors import BadMessage, SettingError, TouchlineError
from ..protocol.messages import Card, Entry, Restored
from ..sports import statements
from .rows import is_number
from .timeline import Adopted, Timeline, action_of


class Play:
    """What the entries of a feed mean in their sport.

    A feed may come from a host with another version of the sport: once an entry or a confirmed
    score does not fit, nothing more is said of the sport.

    Args:
        card: the event.
        strict: raise what can't be folded, and fold every entry that the sport's rules know.
    """

    def __init__(self, card: Card, *, strict: bool = False) -> None:
        self._card = card
        self._strict = strict
        self._origins = frozenset(card.origins)
        self.kinds: dict[str, sports.Kind] = {}
        """The sport's kinds by title."""
        self.timeline: Timeline | None = None
        """None where the sport is not installed here, or the feed does not fit it."""
        self.opening = ""
        """The headline before anything has happened; empty where the sport is not installed."""
        self.restart()

    def restart(self) -> None:
        """Begin as before the first entry.

        Raises:
            TouchlineError: where strict, the sport is not installed, or its set-up is not valid.
        """
        card = self._card
        try:
            self.sport = sports.get(card.sport)
            self.kinds = {kind.title: kind for kind in self.sport.kinds(card.rules)}
            start = self.sport.start(card.origins, card.rules, card.lineups)
        except TouchlineError:
            if self._strict:
                raise
            self.timeline = None
            return
        self.timeline = Timeline(self.sport, start, self.kinds)
        self.opening = self.sport.headline(start)

    @property
    def state(self) -> sports.State | None:
        """The state after everything that stands; None where it is not known here."""
        return self.timeline.state if self.timeline is not None else None

    def put(self, entry: Entry) -> None:
        """Take a new version of an entry.

        Raises:
            BadMessage: where strict, the id of the entry is not a number.
        """
        if self.timeline is None:
            return
        if self._fits(entry):
            self.timeline.put(entry)
        else:
            self.timeline = None

    def _fits(self, entry: Entry) -> bool:
        if self._strict:
            if not entry.entry_id.isdecimal():
                raise BadMessage(f"entry {entry.entry_id!r}: the id of an entry is a number")
            return True
        action = action_of(entry)
        if entry.title == statements.TITLE:
            misfit = statements.unfit(self.sport, self._origins, action)
        else:
            misfit = sports.misfit(self.kinds, self._origins, action)
        return misfit is None and is_number(entry.entry_id)

    def changes_score(self, entry: Entry) -> bool:
        """Return whether the score after a standing entry is another one than before it; False
        where it is not known here."""
        timeline = self.timeline
        if timeline is None:
            return False
        before = timeline.state_before(entry.time, int(entry.entry_id))
        after = timeline.state_after(entry)
        return self.sport.headline(before) != self.sport.headline(after)

    def adopt(self, restored: Restored) -> None:
        """Go on from the score with which an outage ended, if reporters confirmed one: it is in
        force after all that stands now, whatever is still put before it or taken away.

        Raises:
            SettingError: where strict, it is no score of the sport.
        """
        if self.timeline is None or not restored.confirmed:
            return
        try:
            score = self.sport.score(self.sport.adopt(self.timeline.state, restored.score))
        except SettingError:
            if self._strict:
                raise
            self.timeline = None
            return
        last = self.timeline.last
        time = restored.since if last is None else max(restored.since, last.time)
        self.timeline.adopt(Adopted(time, score))

    def clock(self, time: int) -> str:
        """Return the match clock at an event time; empty where it is not known here."""
        return self.sport.clock(self.timeline.state, time) if self.timeline is not None else ""
