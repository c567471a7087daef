"""What a datagram shows: an action, the score, and both sides with goals and red cards. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import sports
from ..protocol.messages import Card, Entry, Evidence, FeedMessage, Finished
from ..protocol.times import SECOND
from ..sports.capabilities import MinuteClock, PlayerRecord, TeamSheet
from ..sports.matchfile import Match
from ..timeline.fold import FeedFold
from ..timeline.play import Play
from . import texts

KEEPER, STARTER, SUBSTITUTE = "goleiro", "titular", "reserva"
"""The values of `posicao`."""


@dataclass(frozen=True, slots=True)
class SnapshotPlayer:
    """A player, or another person of one side.

    Args:
        name: as in the line-up, or as reported.
        position: `KEEPER`, `STARTER` or `SUBSTITUTE`.
        on: whether the player plays now.
        played: whether the player plays now or has played.
        goals: the minute of each goal.
        red: the minute of the red card; None without one.
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
        score: as a text for people.
        content: the action in a sentence.
        type: the action's title.
        minutes: minutes begun: 1 in the first.
        sides: in the order of the card.
    """

    count: int
    score: str
    content: str
    type: str
    minutes: int
    sides: tuple[SnapshotSide, SnapshotSide] = field(default=(SnapshotSide(), SnapshotSide()))


class MatchSnapshots:
    """Turns the messages of one feed into snapshots, in the order of their arrival.

    `count` goes up by one with each snapshot from the first message of the feed on: all servers of
    an event count alike. Only what is confirmed makes one, and only that counts in the score.

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
        self._phrases = texts.phrases_of(card.sport)
        self._play = Play(card)
        self._fold = FeedFold(card, self._play)

    @property
    def finished(self) -> bool:
        """Whether the feed has ended."""
        return self._fold.finished

    def take(self, message: FeedMessage) -> MatchSnapshot | None:
        """Return the next snapshot, or None where the message makes none."""
        if isinstance(message, Entry) and not self._is_confirmed(message):
            return None
        change = self._fold.take(message)
        if change.entry is not None:
            return self._of_entry(change.entry.entry)
        if change.remark is not None and change.added:
            kind = change.remark.kind
            content = texts.remark(self._language, kind)
            return self._snapshot(kind, content) if content else None
        return None

    def _is_confirmed(self, entry: Entry) -> bool:
        """Return whether an entry is more than provisional, or was."""
        if entry.status != "DELETED":
            return entry.status != "PROVISIONAL"
        timeline = self._play.timeline
        return timeline is None or entry.entry_id in timeline.versions

    def _of_entry(self, entry: Entry) -> MatchSnapshot:
        self._began = self._began or entry.time
        content = entry.text
        if self._language != texts.ENGLISH or not content:
            content = texts.sentence(
                self._phrases, self._language, entry.title, entry.origin, entry.details
            )
        if not content:
            content = entry.text or f"{entry.title} {entry.origin}".strip()
        content = texts.marked(self._language, content, entry.status, entry.delay_status)
        self._minutes = max(self._minutes, self._minute(entry.time))
        return self._snapshot(entry.title, content)

    def _snapshot(self, kind: str, content: str) -> MatchSnapshot:
        self.count += 1
        return MatchSnapshot(
            count=self.count,
            score=self._headline() or self._card.title,
            content=content,
            type=kind,
            minutes=self._minutes + 1,
            sides=self._sides(),
        )

    def _headline(self) -> str:
        """Return the score in a line; the feed's own also counts what is provisional."""
        timeline = self._play.timeline
        if timeline is None:
            return self._fold.headline
        return self._play.sport.headline(timeline.state)

    def _sides(self) -> tuple[SnapshotSide, SnapshotSide]:
        first, second, *_ = [*self._card.origins[:2], "", ""]
        timeline = self._play.timeline
        if timeline is None or not isinstance(sport := self._play.sport, TeamSheet):
            return self._plain_side(first), self._plain_side(second)
        people = sport.players(timeline.state)
        return self._side(first, people), self._side(second, people)

    def _side(self, origin: str, people: dict[str, tuple[PlayerRecord, ...]]) -> SnapshotSide:
        """Return a side as the sport gives it, without coaches and other officials."""
        playing = [record for record in people.get(origin, ()) if not record.official]
        keeper = next((record.name for record in playing if record.keeper), "")
        return SnapshotSide(origin, tuple(self._player(record) for record in playing), keeper)

    def _player(self, record: PlayerRecord) -> SnapshotPlayer:
        position = KEEPER if record.keeper else STARTER if record.starts else SUBSTITUTE
        return SnapshotPlayer(
            name=record.name,
            position=position,
            on=record.on,
            played=record.played,
            goals=tuple(self._minute(time) for time in record.goals),
            red=None if record.sent_off is None else self._minute(record.sent_off),
        )

    def _minute(self, time: int) -> int:
        """Return the minutes passed at a time (microseconds), by the match clock where the sport
        has one."""
        timeline = self._play.timeline
        if timeline is None or not isinstance(sport := self._play.sport, MinuteClock):
            return max(0, time - self._began) // (60 * SECOND)
        return sport.minutes(timeline.state, time)

    def _plain_side(self, origin: str) -> SnapshotSide:
        """Return a side of a sport without team sheets: its line-up, or the origin alone."""
        names = self._card.lineups.get(origin) or ([origin] if origin else [])
        return SnapshotSide(origin, tuple(SnapshotPlayer(name) for name in names))


def card_of(match: Match) -> Card:
    """Return the card of a match that no host serves."""
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
    """Yield the feed of a match as if each action were reported at once, and its end."""
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
