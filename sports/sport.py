"""What a sport is: its actions, its rules, and the fold from actions to a score.

A sport is pure and deterministic: no clock, no randomness, no storage. Its state is immutable,
so that a host can keep any number of them and fold again when an entry comes late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from ..protocol.errors import IllegalAction, SettingError

State = Any
"""A sport's own immutable state; only the sport looks inside."""

Score = dict[str, object]
"""A score as plain JSON values; `docs/SPORTS.md` lists each sport's keys."""

WORDS = frozenset({"delete", "amend", "undo", "end", "confirm", "state", "answer"})
"""The titles of reports that are no actions of any sport: votes on what is there already, and
answers."""

Weight = Literal["decisive", "point", "action"]
"""What is at stake; see `Kind`."""


class Action(msgspec.Struct, frozen=True):
    """Something that happened.

    Args:
        title: one of the sport's actions, such as `goal`.
        origin: what made it, one of the event's origins; empty where the action needs none.
        time: when, in microseconds since 1970 UTC.
        details: by name; what an action takes is listed in its `Kind`.
        entry: the id of its entry; empty where it is on no timeline.
        relates_to: of a correction, the id of the entry that it takes back, or of the claim that
            became none. Empty: of no entry.
    """

    title: str
    origin: str = ""
    time: int = 0
    details: Mapping[str, str | int | float | bool] = msgspec.field(default_factory=dict)
    entry: str = ""
    relates_to: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """A detail that an action takes.

    Args:
        name: its key.
        text: what it is, for people.
        choices: the values it may have; empty where anything goes.
        suggested: values that are offered where anything goes.
        since: the edition of the rules since which it is known; see `Kind`.
        choices_since: likewise of choices that came later.
        number: its value is a number, otherwise a text.
        required: the action means nothing without it.
        origin: its value is one of the event's origins.
    """

    name: str
    text: str
    choices: tuple[str, ...] = ()
    number: bool = False
    required: bool = False
    origin: bool = False
    suggested: tuple[str, ...] = ()
    since: int = 0
    choices_since: Mapping[str, int] = field(default_factory=dict, hash=False)

    def choices_in(self, edition: int) -> tuple[str, ...]:
        """Return the choices that an edition of the rules knows."""
        return tuple(one for one in self.choices if self.choices_since.get(one, 0) <= edition)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of action, as reporters are offered it and as votes on it are joined.

    Args:
        title: the word on the wire.
        text: the words on a button.
        details: what may be said about it.
        needs_origin: an origin must be named.
        window: seconds; reports further apart than this from a claim are of another one.
        identity: details that tell two actions of one title and origin apart (the player booked).
            A report that leaves one out fits any, also where only others with the same word in
            `same` take it.
        exclusive: kinds of the same non-empty group can't both have happened within a window:
            their reporters count against each other.
        weight: what is at stake: `decisive` for what decides a result by itself (a goal, a
            sending-off, a kick of a shoot-out), `point` for one of very many (a point of tennis),
            `action` for everything else. The more is at stake, the more evidence is asked for.
        relates_to: title of the kind of which this one takes an entry of the same origin back (a
            disallowed goal names the goal).
        relates_within: seconds; the entry that is taken back is at most so much older.
        same: titles with the same word here say the same thing of one happening (three colours of
            a card): their reports are votes of one claim, and the title is voted on as a detail
            is; of titles with as many votes the one that is listed last is taken. Such kinds have
            the same `window`, `identity`, `exclusive` and `needs_origin`. The word `delete` says
            the same as votes to delete the entry that is taken back.
        same_since: the edition of the rules since which that is so, see `since`.
        least_apart: seconds; the shortest time in which the thing can happen twice to one origin.
            Two that are closer, told by different people, are suspected to be one. 0: not known.
        most: so many of it no event has ever had; a reporter who reports more is refused. 0: not
            known.
        most_a_minute: likewise of one origin within a minute of the event's clock.
        ends: it may say that the event is over (a final whistle, a retirement). Where it does, more
            reporters must agree on it than on an action.
        in_play: it happens only while play goes on, so that it tells of a resumption that nobody
            stated, see `statements.resumes`.
        since: the edition of the rules since which it is known: a host that did not know it has
            refused it, and what is in its journal stays refused.
    """

    title: str
    text: str
    details: tuple[Detail, ...] = ()
    needs_origin: bool = True
    window: float = 15.0
    identity: tuple[str, ...] = ()
    exclusive: str = ""
    relates_to: str = ""
    weight: Weight = "action"
    relates_within: float = 0.0
    same: str = ""
    same_since: int = 0
    least_apart: float = 0.0
    most: int = 0
    most_a_minute: int = 0
    ends: bool = False
    in_play: bool = False
    since: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A setting of a sport, such as best of 3 or 5.

    Args:
        name: its key in `rules`.
        text: what it is, for people.
        default: what holds where it is left out.
        choices: the values it may have; empty where anything of the default's type goes.
    """

    name: str
    text: str
    default: object
    choices: tuple[object, ...] = ()


class Sport(Protocol):
    """The interface of a sport. Further sports come in as `touchline.sports` entry points."""

    name: str
    text: str
    rules: tuple[Rule, ...]

    def kinds(self, rules: Mapping[str, object] | None = None) -> tuple[Kind, ...]:
        """Return the actions under these rules, in the order in which buttons are shown."""

    def start(
        self,
        origins: Sequence[str],
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
    ) -> State:
        """Return the state before anything happened.

        Args:
            origins: the sides, players or runners, first named first.
            rules: by name; what is left out has its default.
            lineups: names by origin, those who start first.

        Raises:
            SettingError: origins, rules or line-ups that are not valid for the sport.
        """

    def illegal(self, state: State, action: Action) -> str | None:
        """Return why the action is not legal now, in one sentence, or None where it is."""

    def apply(self, state: State, action: Action) -> State:
        """Return the state after a legal action.

        Raises:
            IllegalAction: the action is not legal now; the sentence is `illegal`'s.
        """

    def score(self, state: State) -> Score:
        """Return the score as plain JSON values."""

    def headline(self, state: State) -> str:
        """Return the score in one short line for people, such as `Argentina 3–3 France`."""

    def phrase(self, state: State, action: Action) -> str:
        """Return the action in one sentence for people; `state` is the one after it."""

    def clock(self, state: State, time: int) -> str:
        """Return the match clock at a time (microseconds), such as `45+2'`; empty if none runs."""

    def over(self, state: State) -> bool:
        """Return whether nothing more can happen."""

    def read_score(self, state: State, text: str) -> Score:
        """Return the score that a person typed as the one they see; `docs/SPORTS.md` says how.

        Args:
            state: the event as far as it is known, for what the text leaves open.
            text: the sides in the event's order, such as `2-1` or `6-4 3-2 40-15`.

        Returns:
            Those keys of `score` that the text states, no others.

        Raises:
            SettingError: the text is not valid; the sentence says what is.
        """

    def gap(self, before: State, after: State, confirmed: Score) -> str | None:
        """Return why the reports of an outage are wrong, in one sentence, or None.

        Args:
            before: the event when contact was lost.
            after: what the reports of the outage lead to.
            confirmed: what the reporters who returned say the score is; keys of `score`, of which
                any may be missing and only those that are there are compared.

        Raises:
            SettingError: `confirmed` is not a score of this sport.
        """

    def adopt(self, state: State, confirmed: Score) -> State:
        """Return the state with a confirmed score in force, from which play goes on.

        What the score does not say stays as it is where it still fits. A score that holds already
        changes nothing, and one that `read_score` returned is never refused.

        Raises:
            SettingError: `confirmed` is not a score of this sport, or says too little.
        """


def settle(known: Sequence[Rule], given: Mapping[str, object] | None) -> dict[str, Any]:
    """Return every rule's value: as given, or its default.

    Args:
        known: the sport's rules.
        given: by name, as they came with the event.

    Raises:
        SettingError: a rule that the sport does not have, or a value that is not valid.
    """
    values: dict[str, Any] = {rule.name: rule.default for rule in known}
    by_name = {rule.name: rule for rule in known}
    for name, value in (given or {}).items():
        rule = by_name.get(name)
        if rule is None:
            raise SettingError(f"rules: no rule {name!r}; there are {', '.join(values) or 'none'}")
        # True equals 1 in Python, but it is no number of sets.
        fits = isinstance(value, bool) == isinstance(rule.default, bool)
        if rule.choices and (not fits or value not in rule.choices):
            listed = ", ".join(str(choice) for choice in rule.choices)
            raise SettingError(f"rules: {name} is {value!r}, not one of {listed}")
        whole = isinstance(value, int) and isinstance(rule.default, float)
        if not fits or not (whole or isinstance(value, type(rule.default))):
            wanted = type(rule.default).__name__
            raise SettingError(f"rules: {name} is {value!r}, which is no {wanted}")
        values[name] = value
    return values


def counts(
    score: Mapping[str, object], key: str, origins: Sequence[str], most: int
) -> tuple[int, ...] | None:
    """Return a score's counts under a key in the order of the origins, None where it has no such.

    Args:
        score: as it was stated, wherever it came from.
        key: under which a count for each origin is expected.
        origins: the event's origins.
        most: the largest count that is believed.

    Raises:
        SettingError: a count is missing, is no whole number, or is out of bounds.
    """
    if key not in score:
        return None
    given = score[key]
    if not isinstance(given, Mapping) or set(given) != set(origins):
        raise SettingError(f"score: {key} has one count for each of {', '.join(origins)}")
    for origin in origins:
        count = given[origin]
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= most:
            raise SettingError(
                f"score: {key} of {origin} is no whole number from 0 to {most}: {str(count)[:40]}"
            )
    return tuple(given[origin] for origin in origins)


NEWEST = 1_000
"""An edition of the rules that knows everything."""


def misfit(
    kinds: Mapping[str, Kind], origins: Iterable[str], action: Action, edition: int = NEWEST
) -> str | None:
    """Return why an action is not valid in this event, whatever the score, or None.

    Args:
        kinds: the sport's kinds by title.
        origins: the event's origins (a set or dict: looked up, not searched).
        action: what was said.
        edition: of the rules by which it was judged when it came.
    """
    kind = kinds.get(action.title)
    if kind is None or kind.since > edition:
        return f"no action {action.title!r}; there are {', '.join(kinds)}"
    if action.origin not in origins and (action.origin or kind.needs_origin):
        return f"no origin {action.origin!r}; there are {', '.join(origins)}"
    return _detail_misfit(kind, action, edition) if action.details or kind.details else None


def _detail_misfit(kind: Kind, action: Action, edition: int) -> str | None:
    known = {detail.name: detail for detail in kind.details if detail.since <= edition}
    for name, value in action.details.items():
        detail = known.get(name)
        if detail is None:
            takes = ", ".join(known) or "none"
            return f"{kind.title} has no detail {name!r}; it takes {takes}"
        if detail.number and (isinstance(value, bool) or not isinstance(value, int | float)):
            return f"{kind.title}: {name} is a number, not {value!r}"
        if not detail.number and not isinstance(value, str):
            return f"{kind.title}: {name} is a text, not {value!r}"
        choices = detail.choices if edition >= NEWEST else detail.choices_in(edition)
        if choices and value not in choices:
            return f"{kind.title}: {name} is {value!r}, not one of {', '.join(choices)}"
    for detail in kind.details:
        if detail.required and detail.name not in action.details:
            return f"{kind.title} needs {detail.name}: {detail.text}"
    return None


@dataclass(frozen=True, slots=True)
class Folded:
    """The result of a fold: the last state, and for each action that was left out its index and
    why."""

    state: State
    left_out: Mapping[int, str]


def fold(sport: Sport, state: State, actions: Iterable[Action]) -> Folded:
    """Apply actions in the order given, leaving out those that the rules forbid where they stand.

    A timeline can hold an action that a later correction made impossible; its score is then the
    score without it.
    """
    left_out = {}
    for index, action in enumerate(actions):
        try:
            state = sport.apply(state, action)
        except IllegalAction as error:
            left_out[index] = error.sentence
    return Folded(state, left_out)
