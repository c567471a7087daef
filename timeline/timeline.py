"""The ordered entries of an event and the score that they fold to.

Entries stand in match order: by time, then by the number of their claim. Those that can't change
the state of their sport are no steps of its fold; see `states` for the others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..protocol.errors import IllegalAction, SettingError
from ..protocol.messages import Entry
from ..sports import Action, Kind, Sport, State, statements
from ..sports.capabilities import Dated, Unmoved
from .states import END, FIRST, LAST, Key, States


@dataclass(frozen=True, slots=True)
class Adopted:
    """A score that is in force from a time on, whatever the entries before it add up to.

    Args:
        time: event time, microseconds.
        score: as the sport gave it from what people confirmed.
    """

    time: int
    score: dict[str, object]


class Timeline:
    """The standing entries of one event.

    Args:
        sport: what the entries mean.
        state: the sport's state before anything happened.
        kinds: its actions by title.
    """

    def __init__(self, sport: Sport, state: State, kinds: Mapping[str, Kind]) -> None:
        self._sport = sport
        self._kinds = kinds
        # Asked once: looking at what a class has takes long.
        self._dated = sport if isinstance(sport, Dated) else None
        self._unmoved = sport.unmoved if isinstance(sport, Unmoved) else frozenset()
        self._keys: list[Key] = []
        self._entries: list[Entry | Adopted] = []
        self._states: States[Entry | Adopted] = States(state, self._after)
        self._adopted: list[Key] = []  # the keys of the scores among the entries
        self._stated: list[Key] = []  # the keys of the entries that state a score
        self._alike: dict[tuple[str, str], list[Key]] = {}  # keys by title and origin
        self._stopped = False  # play was interrupted once: actions of play may move the state
        self.versions: dict[str, Entry] = {}
        """The newest version of every entry, deleted ones included, by entry id; a host that has
        put an entry replaces it here with the form that it publishes."""

    @property
    def state(self) -> State:
        """The state after everything."""
        return self._states.last

    @property
    def applied(self) -> int:
        """How many steps of the sport were folded so far, those folded again included."""
        return self._states.applied

    @property
    def moved(self) -> Key:
        """The key from which on every state is what it was before the last `put`, once the state
        after everything was asked for."""
        return self._states.moved

    def drain_changed(self) -> tuple[int, int]:
        """Return the times of the first and of the last step that came or went since this was last
        asked for; those of `states.END` and `states.FIRST` where none has."""
        states = self._states
        first, last = states.changed, states.changed_until
        states.changed, states.changed_until = END, FIRST
        return first[0], last[0]

    @property
    def stated_until(self) -> int:
        """The time of the last score that is in force whatever the entries before it add up to;
        that of `states.FIRST` where there is none."""
        return max(self._adopted[-1:] + self._stated[-1:], default=FIRST)[0]

    @property
    def standing(self) -> list[Entry]:
        """The entries that stand, in match order."""
        return list(self)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries that stand, in match order."""
        return (self.versions[one.entry_id] for one in self._entries if isinstance(one, Entry))

    def since(self, time: int, most: int = LAST, before: Key = END) -> list[Entry]:
        """Return the entries that stand at a time or later, in match order; of more than `most` the
        last ones. Of these, those before a key."""
        first = max(bisect_left(self._keys, (time, 0)), len(self._keys) - most)
        later = self._entries[first : bisect_left(self._keys, before)]
        return [self.versions[one.entry_id] for one in later if isinstance(one, Entry)]

    @property
    def last(self) -> Entry | None:
        """The last entry that stands, in match order."""
        last = next((one for one in reversed(self._entries) if isinstance(one, Entry)), None)
        return self.versions[last.entry_id] if last is not None else None

    def ends_with(self, entry_id: str, time: int) -> bool:
        """Return whether an entry is the last one, and the only one at a time or later."""
        keys = self._keys
        return keys[-1:] == [(time, int(entry_id))] and (len(keys) < 2 or keys[-2][0] < time)

    def state_before(self, time: int, number: int) -> State:
        """Return the state in which an entry of this time and claim number would happen."""
        return self._states.before((time, number))

    def state_after(self, entry: Entry) -> State:
        """Return the state right after a standing entry."""
        return self._states.until(_key(entry))

    def place(self, entry: Entry) -> int:
        """Return an entry's place in match order, from 1; 0 where it is deleted."""
        if entry.status == "DELETED":
            return 0
        key = _key(entry)
        return 1 + bisect_left(self._keys, key) - bisect_left(self._adopted, key)

    def adopt(self, adopted: Adopted) -> None:
        """Put a confirmed score in force from its time on."""
        key = (adopted.time, LAST)
        place = bisect_right(self._keys, key)  # of two of one time the later is in force
        insort(self._adopted, key)
        self._keys.insert(place, key)
        self._entries.insert(place, adopted)
        self._states.insert(key, adopted)

    def put(self, entry: Entry) -> None:
        """Put a new version of an entry on the timeline (or, deleted, off it)."""
        before = self.versions.get(entry.entry_id)
        self.versions[entry.entry_id] = entry
        self._states.moved = FIRST
        if before is not None and before.status != "DELETED":
            key = _key(before)
            place = bisect_left(self._keys, key)
            if self._moves(self._entries[place]):
                self._states.remove(key)
            del self._keys[place], self._entries[place]
            if before.stated:
                del self._stated[bisect_left(self._stated, key)]
            alike = self._alike[before.title, before.origin]
            del alike[bisect_left(alike, key)]
        if entry.status != "DELETED":
            key = _key(entry)
            place = bisect_left(self._keys, key)
            self._keys.insert(place, key)
            self._entries.insert(place, entry)
            if entry.stated:
                insort(self._stated, key)
            insort(self._alike.setdefault((entry.title, entry.origin), []), key)
            if not self._stopped and statements.is_interruption(action_of(entry)):
                self._note_stop()
            if self._moves(entry):
                self._states.insert(key, entry)

    @contextmanager
    def without(self, entries: Sequence[Entry]) -> Iterator[None]:
        """Leave some entries out for as long as a `with` lasts, to see what is possible then.

        Args:
            entries: versions that delete them.
        """
        before = [self.versions[entry.entry_id] for entry in entries]
        for entry in entries:
            self.put(entry)
        try:
            yield
        finally:
            for entry in before:
                self.put(entry)

    def alike(self, title: str, origin: str) -> list[Entry]:
        """Return the standing entries of an action and origin, in match order."""
        return [self._at(key) for key in self._alike.get((title, origin), ())]

    def is_taken_back(self, entry: Entry) -> bool:
        """Return whether another entry that stands takes this one back."""
        titles = (kind.title for kind in self._kinds.values() if kind.relates_to == entry.title)
        others = (one for title in titles for one in self.alike(title, entry.origin))
        return any(one.relates_to == entry.entry_id for one in others)

    def latest(self, title: str, origin: str, time: int) -> Entry | None:
        """Return the latest standing entry of an action and origin up to a time."""
        alike = self._alike.get((title, origin), [])
        place = bisect_right(alike, (time, LAST))
        return self._at(alike[place - 1]) if place else None

    def _at(self, key: tuple[int, int]) -> Entry:
        found = self._entries[bisect_left(self._keys, key)]
        assert isinstance(found, Entry)
        return self.versions[found.entry_id]

    def _resumption(self, stop: Entry) -> str:
        """Return the id of the first entry of play that shows that play went on after an
        interruption; an empty text where none does, or it was stated."""
        for one in self._entries[bisect_right(self._keys, _key(stop)) :]:
            if isinstance(one, Adopted):
                continue
            entry = self.versions[one.entry_id]
            if entry.title == statements.TITLE and statements.PLAY.name in entry.details:
                break
            if self._is_in_play(entry) and statements.resumes(stop.time, entry.time):
                return entry.entry_id
        return ""

    def shows_resumption(self, entry: Entry) -> bool:
        """Return whether an entry is the first that shows that play went on."""
        if not self._stopped or not self._is_in_play(entry):
            return False
        key = _key(entry)
        for own in reversed(self._alike.get((statements.TITLE, ""), ())):
            said = self._at(own)
            if own < key and statements.PLAY.name in said.details:
                stopped = statements.is_interruption(action_of(said))
                return stopped and self._resumption(said) == entry.entry_id
        return False

    def _is_in_play(self, entry: Entry) -> bool:
        kind = self._kinds.get(entry.title)
        return kind is not None and kind.in_play

    def _note_stop(self) -> None:
        """Take what happens only while play goes on for steps from now on."""
        for key, one in zip(self._keys, self._entries, strict=True):
            if isinstance(one, Entry) and not self._moves(one) and self._is_in_play(one):
                self._states.insert(key, one)
        self._stopped = True

    def _moves(self, one: Entry | Adopted) -> bool:
        """Return whether the state after one can be another one than before it."""
        if isinstance(one, Adopted) or one.stated or one.title not in self._unmoved:
            return True
        return self._stopped and self._is_in_play(one)

    def _after(self, state: State, one: Entry | Adopted) -> State:
        try:
            if isinstance(one, Adopted):
                return self._adopt(state, one.score, one.time)
            if one.stated:
                return self._adopt(state, one.stated, one.time)
            return statements.apply(self._sport, state, action_of(one))
        except (IllegalAction, SettingError):
            # A later correction can make an entry impossible, or leave no room for a score; the
            # score is the one without it.
            return state

    def _adopt(self, state: State, score: Mapping[str, object], time: int) -> State:
        if self._dated is not None:
            return self._dated.adopt_at(state, dict(score), time)
        return self._sport.adopt(state, dict(score))


def action_of(entry: Entry) -> Action:
    """Return the action that an entry puts on the timeline."""
    return Action(
        entry.title, entry.origin, entry.time, entry.details, entry.entry_id, entry.relates_to
    )


def _key(entry: Entry) -> Key:
    return entry.time, int(entry.entry_id)
