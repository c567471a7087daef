"""What a datagram shows: an action, the score, and both sides with goals and red cards. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import sports
from ..protocol.errors import SettingError, TouchlineError
from ..protocol.messages import Alarm, Card, Entry, Evidence, FeedMessage, Finished, Restored
from ..protocol.times import SECOND
from ..sports.football import minutes_played
from ..sports.football.state import Player as Footballer
from ..sports.football.state import State as Football
from ..sports.football.state import key
from ..sports.matchfile import Match
from ..timeline.timeline import Adopted, Timeline, action_of
from . import texts

KEEPER, STARTER, SUBSTITUTE = "goleiro", "titular", "reserva"
"""What `posicao` says."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of one side.

    Args:
        name: theirs.
        position: `KEEPER`, `STARTER` or `SUBSTITUTE`.
        on: plays now.
        played: plays now, or has played.
        goals: the minute of each.
        red: the minute of the red card, None without.
    """

    name: str
    position: str = STARTER
    on: bool = True
    played: bool = True
    goals: tuple[int, ...] = ()
    red: int | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One side: a team, or somebody who plays alone."""

    name: str = ""
    people: tuple[Person, ...] = ()
    keeper: str = ""


@dataclass(frozen=True, slots=True)
class MatchSnapshot:
    """One datagram before it is packed.

    Args:
        count: its place in the sequence, from 1.
        score: for people.
        content: the action in a sentence.
        type: the action's title.
        minutes: whole minutes passed.
        sides: the first named first.
    """

    count: int
    score: str
    content: str
    type: str
    minutes: int
    sides: tuple[Side, Side] = field(default=(Side(), Side()))


class MatchSnapshots:
    """Turns the messages of one feed into scenes, in the order of their arrival.

    `count` goes up with each, from the first message of the feed: who serves an event anew, or
    twice, counts alike.

    Args:
        card: of the event.
        language: of the sentences.
    """

    def __init__(self, card: Card, language: str = texts.ENGLISH) -> None:
        self.count = 0
        self.finished = False
        self._card = card
        self._language = language
        self._headline = ""
        self._minutes = 0
        self._began = card.starts
        try:
            sport = sports.get(card.sport)
            self._kinds = {kind.title: kind for kind in sport.kinds(card.rules)}
            state = sport.start(card.origins, card.rules, card.lineups)
            self._timeline: Timeline | None = Timeline(sport, state)
        except TouchlineError:
            self._timeline = None  # a sport that is not installed here: the entries say enough

    def take(self, message: FeedMessage) -> MatchSnapshot | None:
        """Return the next scene, or None where there is nothing to tell."""
        match message:
            case Entry():
                return self._entry(message)
            case Alarm() if message.number == 1:
                return self._scene("alarm", texts.phrase(self._language, "alarm", "", {}))
            case Restored():
                return self._restored(message)
            case Finished():
                self.finished = True
        return None

    def _entry(self, entry: Entry) -> MatchSnapshot:
        self._headline = entry.headline or self._headline
        self._began = self._began or entry.time
        self._fold(entry)
        action = action_of(entry)
        said = entry.text
        if self._language != texts.ENGLISH or not said:
            said = texts.phrase(self._language, entry.title, entry.origin, dict(entry.details))
        if not said:
            said = entry.text or f"{entry.title} {entry.origin}".strip()
        said = texts.marked(self._language, said, entry.status, entry.delay_status)
        state = self._timeline.state if self._timeline is not None else None
        if isinstance(state, Football):
            self._minutes = max(self._minutes, minutes_played(state, action.time))
        else:
            passed = max(0, action.time - self._began) // (60 * SECOND)
            self._minutes = max(self._minutes, passed)
        return self._scene(entry.title, said)

    def _fold(self, entry: Entry) -> None:
        """Keep the sport's state; a feed that does not fit it ends that."""
        if self._timeline is None:
            return
        fits = not sports.misfit(self._kinds, self._card.origins, action_of(entry))
        number = entry.entry_id
        if fits and number.isascii() and number.isdecimal() and len(number) < 19:
            self._timeline.put(entry)
        else:
            self._timeline = None

    def _restored(self, restored: Restored) -> MatchSnapshot:
        self._headline = restored.headline or self._headline
        if self._timeline is not None and restored.confirmed:
            standing = self._timeline.standing
            time = max([restored.since, *(entry.time for entry in standing[-1:])])
            try:
                self._timeline.adopt(Adopted(time, restored.score))
            except SettingError:
                self._timeline = None
        return self._scene("restored", texts.phrase(self._language, "restored", "", {}))

    def _scene(self, kind: str, content: str) -> MatchSnapshot:
        self.count += 1
        return MatchSnapshot(
            count=self.count,
            score=self._headline or self._card.title,
            content=content,
            type=kind,
            minutes=self._minutes,
            sides=self._sides(),
        )

    def _sides(self) -> tuple[Side, Side]:
        origins = [*self._card.origins[:2], "", ""]
        if self._timeline is None or not isinstance(self._timeline.state, Football):
            return self._plain_side(origins[0]), self._plain_side(origins[1])
        state = self._timeline.state
        standing = self._timeline.standing
        return (
            _football_side(state, 0, self._card, standing),
            _football_side(state, 1, self._card, standing),
        )

    def _plain_side(self, origin: str) -> Side:
        """Return a side of another sport: its line-up, or who plays alone."""
        names = self._card.lineups.get(origin) or ([origin] if origin else [])
        return Side(origin, tuple(Person(name) for name in names))


def _football_side(state: Football, index: int, card: Card, standing: Iterable[Entry]) -> Side:
    name, side = state.origins[index], state.sides[index]
    listed = len(card.lineups.get(name, ()))
    starters = {person.name for person in side.people[: min(listed, state.rules.players)]}
    keeper = side.people[0].name if starters else ""
    for entry in standing:
        changed = entry.title == "substitution" and entry.origin == name
        if changed and keeper and _same(entry.details.get("off"), keeper):
            keeper = str(entry.details.get("on", ""))

    def shown(person: Footballer) -> Person:
        starts = person.name in starters or not starters
        position = KEEPER if _same(person.name, keeper) else STARTER if starts else SUBSTITUTE
        return Person(
            name=person.name,
            position=position,
            on=person.on,
            played=person.on or person.left or person.red or person.name in starters,
            goals=tuple(minutes_played(state, time) for time in person.goal_times),
            red=minutes_played(state, person.red_time) if person.red else None,
        )

    return Side(name, tuple(shown(one) for one in side.people if not one.official), keeper)


def _same(one: object, other: str) -> bool:
    """Tell whether two spellings are of one name."""
    return bool(other) and key(str(one)) == key(other)


def card_of(match: Match) -> Card:
    """Return the card of a match that is played here alone."""
    return Card(
        event="simulated",
        title=match.title,
        sport=match.sport,
        origins=list(match.origins),
        starts=match.starts,
        lineups={origin: list(names) for origin, names in match.lineups.items()},
        rules=dict(match.rules),
    )


def entries_of(match: Match) -> Iterable[FeedMessage]:
    """Yield the feed that a match would have if everything were reported at once, and its end."""
    card = card_of(match)
    sport = sports.get(card.sport)
    state = sport.start(card.origins, card.rules, card.lineups)
    number = 0
    for number, action in enumerate(match.actions, 1):
        state = sport.apply(state, action)
        yield Entry(
            event=card.event,
            epoch=1,
            seq=number,
            entry_id=str(number),
            status="CONFIRMED",
            title=action.title,
            origin=action.origin,
            time=action.time,
            first_reported=action.time,
            accepted=action.time,
            sent=action.time,
            evidence=Evidence(for_=1, present=1),
            details=dict(action.details),
            text=sport.phrase(state, action),
            clock=sport.clock(state, action.time),
            headline=sport.headline(state),
        )
    yield Finished(event=card.event, epoch=1, seq=number + 1, sent=match.starts)
