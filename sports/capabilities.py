"""What a sport may be able to do besides what every sport does.

A form that needs one of these asks for it: `isinstance(sport, PointFeed)`. So it never asks which
sport it is, and a sport that has the capability, wherever it comes from, has the form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from .names import EventNames
from .presentation import Presentation
from .simulate.simulation import Simulation
from .sport import Action, Detail, Score, State


@runtime_checkable
class Presented(Protocol):
    """Says how it is shown."""

    def presentation(self, rules: Mapping[str, object] | None = None) -> Presentation:
        """Return how it is shown under these rules; defaults stand in for rules it can't read."""


@runtime_checkable
class Aftermath(Protocol):
    """Has decisions after its end: a video review, a card after the whistle, a disqualification."""

    aftermath_seconds: float
    """For so long after the end, on the event's clock, what reporters say of it still counts."""


@runtime_checkable
class Stating(Protocol):
    """Has a state that people at the ground may know better than what they reported leads to."""

    statements: tuple[Detail, ...]
    """What they can state, besides the score and that play is interrupted: the minute, who serves.
    """

    def unstatable(self, state: State, statement: Action) -> str | None:
        """Return why a statement can't be true, in one sentence, or None where it can.

        Args:
            state: that in which it is stated.
            statement: of one subject, whose value is of the right type.
        """

    def stated(self, state: State, statement: Action) -> State:
        """Return the state that results from a statement, also one that play is interrupted."""


@runtime_checkable
class Dated(Protocol):
    """Has things that are taken back within a time: what a score says beyond what was reported has
    happened, as far as is known, when it was stated."""

    def adopt_at(self, state: State, confirmed: Score, time: int) -> State:
        """Return the state with a confirmed score in force, as `adopt` does.

        Args:
            state, confirmed: see `Sport.adopt`.
            time: at which it was stated, microseconds.

        Raises:
            SettingError: `confirmed` is not a score of this sport, or says too little.
        """


@runtime_checkable
class Unmoved(Protocol):
    """Has actions that its state does not know, such as a corner."""

    unmoved: frozenset[str]
    """Their titles: whatever the state, it is the same after them."""


@runtime_checkable
class Recent(Protocol):
    """Has actions that what happened long before neither permits nor forbids."""

    recent: Mapping[str, float]
    """By their title, seconds: whether such an action is legal depends on what happened at most so
    long before it, and on scores that were stated; on nothing else."""


@runtime_checkable
class Reviews(Protocol):
    """Has officials who review what happened before it counts for good."""

    reviewed: Mapping[str, int]
    """The titles of what may be under review, each with the edition of the rules since which that
    is known, see `Kind.since`."""

    restarts: Collection[str]
    """The titles with which play begins so that nothing before them is reviewed any more."""


@runtime_checkable
class Disqualifying(Protocol):
    """Takes who broke the rules out of the result, also long after the end."""

    disqualification: str
    """The title of the action that does so; without its entry the result is as it was before."""


@runtime_checkable
class Resting(Protocol):
    """Has moments at which everybody knows the score: the end of a period, a set, a game."""

    def rests(self, state: State) -> object:
        """Return what has ended so far; when that changes, reporters are asked for the score."""


@runtime_checkable
class Simulated(Protocol):
    """Can make up a match."""

    simulation: Simulation


@runtime_checkable
class Definable(Protocol):
    """Is defined by a text that its event brings along."""

    def read_definition(self, text: str) -> dict[str, object]:
        """Return the definition that a text holds, for an event's rules under `definition`.

        Raises:
            SettingError: names the line or key that is not valid and why.
        """


@runtime_checkable
class Checkable(Protocol):
    """Helps the author of such a text."""

    def check_definition(self, text: str) -> dict[str, object]:
        """Return the definition that a text holds.

        Raises:
            SettingError: the sentence begins with the line and column of what is not valid.
        """

    def play(
        self, definition: dict[str, object], text: str, origins: Sequence[str]
    ) -> Iterator[tuple[int, Action, State]]:
        """Play a list of actions; yield the line of each, the action, and the state after it.

        Args:
            definition: what is played by.
            text: a line an action, `TITLE [ORIGIN] [DETAIL=VALUE]…`.
            origins: of the event; none: those that the list names.

        Raises:
            SettingError: names the line that is not valid, or the action that is not legal there.
        """

    def definition_schema(self) -> dict[str, object]:
        """Return the format of a definition as JSON Schema."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Why a report cannot be meant as it is said, whatever the score.

    Args:
        sentence: what contradicts what, and what to say instead.
        question: what the reporter is to be asked.
        answers: in words, each with the action that is then to be reported.
    """

    sentence: str
    question: str
    answers: tuple[tuple[str, Action], ...]


@runtime_checkable
class Consistent(Protocol):
    """Finds what contradicts itself within one report."""

    def contradiction(self, action: Action, names: EventNames) -> Contradiction | None:
        """Return what in an action contradicts the line-ups, or None."""


@dataclass(frozen=True, slots=True)
class PlayerRecord:
    """A player, or another person of one side, and what a match has brought them.

    Args:
        name: as it was first spelt.
        on: plays now.
        starts: started the match; true of everybody where it is not known.
        played: plays now, or has played.
        keeper: keeps goal now.
        goals: microseconds since 1970 of each.
        booked: has been cautioned.
        sent_off: microseconds since 1970 of the sending-off; None without.
        left: has gone off for a substitute.
        official: does not play: a coach, say.
    """

    name: str
    on: bool = True
    starts: bool = True
    played: bool = True
    keeper: bool = False
    goals: tuple[int, ...] = ()
    booked: bool = False
    sent_off: int | None = None
    left: bool = False
    official: bool = False


@runtime_checkable
class TeamSheet(Protocol):
    """Keeps what a match has brought each player."""

    def players(self, state: State) -> dict[str, tuple[PlayerRecord, ...]]:
        """Return each side's people by origin: starters, bench, then those named later."""


@runtime_checkable
class MinuteClock(Protocol):
    """Has a clock of whole minutes."""

    def minutes(self, state: State, time: int) -> int:
        """Return the minutes played up to a time (microseconds), added time included."""


@dataclass(frozen=True, slots=True)
class Implied:
    """What must have happened before an action that was seen, and was not reported.

    Args:
        titles: one of these actions.
        origins: of one of these.
        since, until: between these times; microseconds since 1970.
    """

    titles: tuple[str, ...]
    origins: tuple[str, ...]
    since: int
    until: int


@runtime_checkable
class Implying(Protocol):
    """Knows what an action implies."""

    implying: frozenset[str]
    """The titles of the actions that can imply another: of no other it is asked."""

    def implied(self, state: State, action: Action) -> Implied | None:
        """Return what must have happened between a state and an action that is legal in it; None
        where nothing must."""


Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PointScore:
    """The score after a point. Sides are 0 and 1, in the order of the event's origins.

    Args:
        points: of the current game, as they are called.
        games: of the current set.
        sets: won.
        tiebreak: whether the current game is a tie-break.
        previous: games of the sets that are over.
        served: the side that served the point.
        server: the side that serves the next one; None when the match is over.
    """

    points: tuple[object, object]
    games: Pair
    sets: Pair
    tiebreak: bool
    previous: tuple[Pair, ...]
    served: int
    server: int | None


@runtime_checkable
class PointFeed(Protocol):
    """Is won point by point, in games and sets, by the side that serves or the other."""

    point: str
    """The action that is a point; its detail `how` says how it was won."""

    def point_score(self, state: State) -> PointScore:
        """Return the score after a point; `state` is the one after it."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """Actions in a sentence, in English; catalogues have them in other languages.

    Args:
        actions: by title, with `{team}` for the origin.
        details: by detail and value, such as a period's name, said behind a colon.
        notes: values of other details that are worth a note.
        detailed: the actions that have one of these details.
        player: the detail that names the player.
        exchange: the action that names two, with the details of who comes and who goes.
        instead: joins the two.
        helper: the detail of a further player, noted.
        helped: says what that player did, with the detail's name in braces.
    """

    actions: Mapping[str, str]
    details: Mapping[str, Mapping[str, str]]
    notes: Mapping[str, str]
    detailed: tuple[str, ...] = ()
    player: str = "player"
    exchange: tuple[str, str, str] = ("", "", "")
    instead: str = ""
    helper: str = ""
    helped: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is said."""
        details = (text for values in self.details.values() for text in values.values())
        joined = (text for text in (self.instead, self.helped) if text)
        return (*self.actions.values(), *details, *self.notes.values(), *joined)


@runtime_checkable
class Translated(Protocol):
    """Can say its actions in several languages."""

    phrases: Phrases
