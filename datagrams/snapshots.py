"""What a datagram shows: an action, the score, and both sides with goals and red cards. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import sports
from ..protocol.messages import Card, Entry, Evidence, FeedMessage, Finished
from ..protocol.times import SECOND
from ..sports.football import minutes_played
from ..sports.football.state import Player as Footballer
from ..sports.football.state import State as Football
from ..sports.football.state import key
from ..sports.matchfile import Match
from ..timeline.fold import FeedFold
from ..timeline.play import Play
from ..timeline.timeline import Timeline
from . import texts

KEEPER, STARTER, SUBSTITUTE = "goleiro", "titular", "reserva"
"""What `posicao` says."""


@dataclass(frozen=True, slots=True)
class SnapshotPlayer:
    """A player, or another person of one side.

    Args:
        name: as in the line-up, or as reported.
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
class SnapshotSide:
    """One side: a team, or a player who plays alone."""

    name: str = ""
    people: tuple[SnapshotPlayer, ...] = ()
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
    sides: tuple[SnapshotSide, SnapshotSide] = field(default=(SnapshotSide(), SnapshotSide()))


class MatchSnapshots:
    """Turns the messages of one feed into snapshots, in the order of their arrival.

    `count` goes up by one with each, from the first message of the feed: all servers of an event
    count alike.

    Args:
        card: of the event.
        language: of the sentences.
    """

    def __init__(self, card: Card, language: str = texts.ENGLISH) -> None:
        self.count = 0
        self._card = card
        self._language = language
        self._minutes = 0
        self._began = card.starts
        self._play = Play(card)
        self._fold = FeedFold(card, self._play)

    @property
    def finished(self) -> bool:
        """Whether the feed is at its end."""
        return self._fold.finished

    def take(self, message: FeedMessage) -> MatchSnapshot | None:
        """Return the next snapshot, or None where there is nothing to tell."""
        change = self._fold.take(message)
        if change.entry is not None:
            return self._of_entry(change.entry.entry)
        if change.remark is not None and change.added:
            kind = change.remark.kind
            content = texts.sentence(self._language, kind, "", {})
            return self._snapshot(kind, content) if content else None
        return None

    def _of_entry(self, entry: Entry) -> MatchSnapshot:
        self._began = self._began or entry.time
        content = entry.text
        if self._language != texts.ENGLISH or not content:
            content = texts.sentence(self._language, entry.title, entry.origin, entry.details)
        if not content:
            content = entry.text or f"{entry.title} {entry.origin}".strip()
        content = texts.marked(self._language, content, entry.status, entry.delay_status)
        state = self._play.state
        if isinstance(state, Football):
            self._minutes = max(self._minutes, minutes_played(state, entry.time))
        else:
            passed = max(0, entry.time - self._began) // (60 * SECOND)
            self._minutes = max(self._minutes, passed)
        return self._snapshot(entry.title, content)

    def _snapshot(self, kind: str, content: str) -> MatchSnapshot:
        self.count += 1
        return MatchSnapshot(
            count=self.count,
            score=self._fold.headline or self._card.title,
            content=content,
            type=kind,
            minutes=self._minutes,
            sides=self._sides(),
        )

    def _sides(self) -> tuple[SnapshotSide, SnapshotSide]:
        timeline = self._play.timeline
        if timeline is None or not isinstance(timeline.state, Football):
            first, second, *_ = [*self._card.origins[:2], "", ""]
            return self._plain_side(first), self._plain_side(second)
        return (
            _football_side(timeline, timeline.state, 0, self._card),
            _football_side(timeline, timeline.state, 1, self._card),
        )

    def _plain_side(self, origin: str) -> SnapshotSide:
        """Return a side of another sport: its line-up, or the origin where it has none."""
        names = self._card.lineups.get(origin) or ([origin] if origin else [])
        return SnapshotSide(origin, tuple(SnapshotPlayer(name) for name in names))


def _football_side(timeline: Timeline, state: Football, index: int, card: Card) -> SnapshotSide:
    name, side = state.origins[index], state.sides[index]
    listed = len(card.lineups.get(name, ()))
    starters = {player.name for player in side.people[: min(listed, state.rules.players)]}
    keeper = side.people[0].name if starters else ""
    for entry in timeline.alike("substitution", name):
        if keeper and _same(entry.details.get("off"), keeper):
            keeper = str(entry.details.get("on", ""))

    def shown(player: Footballer) -> SnapshotPlayer:
        starts = player.name in starters or not starters
        position = KEEPER if _same(player.name, keeper) else STARTER if starts else SUBSTITUTE
        return SnapshotPlayer(
            name=player.name,
            position=position,
            on=player.on,
            played=player.on or player.left or player.red or player.name in starters,
            goals=tuple(minutes_played(state, time) for time in player.goal_times),
            red=minutes_played(state, player.red_time) if player.red else None,
        )

    return SnapshotSide(name, tuple(shown(one) for one in side.people if not one.official), keeper)


def _same(one: object, other: str) -> bool:
    """Return whether two spellings are of one name."""
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
