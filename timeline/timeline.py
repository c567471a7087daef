"""The ordered entries of an event and the score that they fold to.

Entries stand in match order: by time, then by the number of their claim. The state after each is
kept, so that a late entry or a correction folds again only from its place on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass

from ..protocol.errors import IllegalAction, SettingError
from ..protocol.messages import Entry
from ..sports import Action, Sport, State

LAST = 1 << 62
"""A number after that of every claim: what stands behind all entries of one time."""


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
    """

    def __init__(self, sport: Sport, state: State) -> None:
        self._sport = sport
        self._start = state
        self._keys: list[tuple[int, int]] = []
        self._entries: list[Entry | Adopted] = []
        self._states: list[State] = []
        self._adopted: list[tuple[int, int]] = []  # the keys of the scores among the entries
        self._alike: dict[tuple[str, str], list[tuple[int, int]]] = {}  # keys by title and origin
        self.versions: dict[str, Entry] = {}
        """The newest version of every entry, deleted ones included, by entry id; a host that has
        put an entry replaces it here with the form that it publishes."""

    @property
    def state(self) -> State:
        """The state after everything."""
        return self._states[-1] if self._states else self._start

    @property
    def standing(self) -> list[Entry]:
        """The entries that stand, in match order."""
        return list(self)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries that stand, in match order."""
        return (self.versions[one.entry_id] for one in self._entries if isinstance(one, Entry))

    @property
    def last(self) -> Entry | None:
        """The last entry that stands, in match order."""
        last = next((one for one in reversed(self._entries) if isinstance(one, Entry)), None)
        return self.versions[last.entry_id] if last is not None else None

    def state_before(self, time: int, number: int) -> State:
        """Return the state in which an entry of this time and claim number would happen."""
        place = bisect_left(self._keys, (time, number))
        return self._states[place - 1] if place else self._start

    def state_after(self, entry: Entry) -> State:
        """Return the state right after a standing entry."""
        return self._states[bisect_left(self._keys, _key(entry))]

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
        self._fold_from(place)

    def put(self, entry: Entry) -> None:
        """Put a new version of an entry on the timeline (or, deleted, off it)."""
        before = self.versions.get(entry.entry_id)
        self.versions[entry.entry_id] = entry
        changed = len(self._keys)
        if before is not None and before.status != "DELETED":
            key = _key(before)
            changed = bisect_left(self._keys, key)
            del self._keys[changed], self._entries[changed]
            alike = self._alike[before.title, before.origin]
            del alike[bisect_left(alike, key)]
        if entry.status != "DELETED":
            key = _key(entry)
            place = bisect_left(self._keys, key)
            self._keys.insert(place, key)
            self._entries.insert(place, entry)
            insort(self._alike.setdefault((entry.title, entry.origin), []), key)
            changed = min(changed, place)
        self._fold_from(changed)

    def alike(self, title: str, origin: str) -> list[Entry]:
        """Return the standing entries of an action and origin, in match order."""
        return [self._at(key) for key in self._alike.get((title, origin), ())]

    def latest(self, title: str, origin: str, time: int) -> Entry | None:
        """Return the latest standing entry of an action and origin up to a time."""
        alike = self._alike.get((title, origin), [])
        place = bisect_right(alike, (time, LAST))
        return self._at(alike[place - 1]) if place else None

    def _at(self, key: tuple[int, int]) -> Entry:
        found = self._entries[bisect_left(self._keys, key)]
        assert isinstance(found, Entry)
        return self.versions[found.entry_id]

    def _fold_from(self, place: int) -> None:
        del self._states[place:]
        state = self.state
        for one in self._entries[place:]:
            state = self._after(state, one)
            self._states.append(state)

    def _after(self, state: State, one: Entry | Adopted) -> State:
        try:
            if isinstance(one, Adopted):
                return self._sport.adopt(state, one.score)
            return self._sport.apply(state, action_of(one))
        except (IllegalAction, SettingError):
            # A later correction can make an entry impossible, or leave no room for a score; the
            # score is the one without it.
            return state


def action_of(entry: Entry) -> Action:
    """Return the action that an entry puts on the timeline."""
    return Action(entry.title, entry.origin, entry.time, entry.details)


def _key(entry: Entry) -> tuple[int, int]:
    return entry.time, int(entry.entry_id)
