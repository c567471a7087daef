"""What goes into a parser and what comes out of it, and what all of them share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from ...protocol import times
from ...protocol.errors import SettingError
from ..matchfile import Match
from ..sport import Action, Score

LINE_CHARS = 2_000
"""The longest line of a text format that is read."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Given:
    """What the user says beside a file.

    Args:
        title: of the match; empty: as the file says.
        starts: microseconds since 1970; None: as the file says.
        origins: the sides; empty: as the file says.
        which: a part of the title of the match that is meant; needed where a file holds several.
        rules: of the sport, by name.
        mapping: the TOML text that explains a CSV file.
    """

    title: str = ""
    starts: int | None = None
    origins: tuple[str, ...] = ()
    which: str = ""
    rules: Mapping[str, object] = field(default_factory=dict)
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Converted:
    """A match from the file of others.

    Args:
        match: as it is in our form.
        unknown: kinds that no action of ours says, with how many of each the file holds.
        result: what the file says the match came to, by keys of the sport's score; empty: nothing.
    """

    match: Match
    unknown: Mapping[str, int] = field(default_factory=dict)
    result: Score = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a match comes to under the rules of its sport.

    Args:
        headline: the score for people.
        score: the same as data.
        forbidden: for each action that the rules forbid where it stands, its index and why.
    """

    headline: str
    score: Score
    forbidden: Mapping[int, str]

    def differs(self, found: Converted) -> bool:
        """Return whether the file states another result than its actions lead to."""
        return any(self.score.get(key) != value for key, value in found.result.items())


def decode(decoder: msgspec.json.Decoder[T], text: str) -> T:
    """Return a JSON text as a type.

    Raises:
        SettingError: names the line and column, or the path, that is not valid.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise SettingError(f"not in this format: {error}") from None
    except msgspec.DecodeError as error:
        sentence, _, place = str(error).partition(" (byte ")
        if not place:
            raise SettingError(f"not JSON: {sentence}") from None
        before = text.encode()[: int(place.rstrip(")"))].decode(errors="ignore")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise SettingError(f"line {line}, column {column}: {sentence}") from None
    except RecursionError:
        raise SettingError("not in this format: nested too deep") from None


def tally(kinds: Iterable[str]) -> dict[str, int]:
    """Return how often each kind occurs, the most frequent first."""
    return dict(Counter(kinds).most_common())


def start_of(given: Given, found: int | None) -> int:
    """Return when the match starts, in microseconds since 1970.

    Raises:
        SettingError: neither the user nor the file says it.
    """
    starts = found if given.starts is None else given.starts
    if starts is None:
        raise SettingError(
            "the file does not say when the match starts; give it, such as 2022-12-18T15:00:00Z"
        )
    return starts


def micros(moment: datetime) -> int:
    """Return a time without a zone, taken as UTC, in microseconds since 1970."""
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def renamed(match: Match, origins: Sequence[str]) -> Match:
    """Return the match with its sides under other names, in the same order.

    Raises:
        SettingError: not as many names as sides.
    """
    if not origins:
        return match
    if len(origins) != len(match.origins):
        raise SettingError(
            f"{len(origins)} origins given, the file has {len(match.origins)}:"
            f" {', '.join(match.origins)}"
        )
    names = dict(zip(match.origins, origins, strict=True)) | {"": ""}
    return replace(
        match,
        origins=tuple(origins),
        lineups={names[origin]: people for origin, people in match.lineups.items()},
        actions=tuple(
            Action(action.title, names[action.origin], action.time, action.details)
            for action in match.actions
        ),
    )


def seconds_later(time: int, seconds: float) -> int:
    """Return a time so many seconds later, in microseconds."""
    return time + round(seconds * times.SECOND)


def in_order(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return actions by time; those of one moment as they came."""
    return tuple(sorted(actions, key=lambda action: action.time))
