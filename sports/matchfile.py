"""Matches in a file: the project's own JSON-lines format.

The first line is the match, each further line one action in the order in which it happened:

    {"type":"match","title":"A–B","sport":"football","starts":"2022-12-18T15:00:00.000Z",
     "origins":["A","B"],"lineups":{"A":["Ann"],"B":["Bea"]},"rules":{"shootout":true}}
    {"type":"action","time":"2022-12-18T15:22:40.000Z","title":"goal","origin":"A",
     "details":{"player":"Ann","how":"penalty"}}

(each on one line). `lineups`, `rules`, `note`, an action's `origin` and `details` may be left
out. Empty lines are skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from ..protocol import messages, times
from ..protocol.errors import SettingError
from .sport import Action


@dataclass(frozen=True, slots=True)
class Match:
    """Everything that happened in one event, as it really was.

    Args:
        title: what the event is called.
        sport: the name of its sport.
        origins: its sides or players, first named first.
        lineups: names by origin, those who start first.
        rules: the sport's rules by name; what is left out has its default.
        starts: microseconds since 1970 UTC.
        actions: in the order in which they happened.
        note: where it comes from, such as the seed of a simulation.
    """

    title: str
    sport: str
    origins: tuple[str, ...]
    lineups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, object] = field(default_factory=dict)
    starts: int = 0
    actions: tuple[Action, ...] = ()
    note: str = ""


class _MatchLine(
    msgspec.Struct, tag="match", omit_defaults=True, forbid_unknown_fields=True, kw_only=True
):
    title: messages.Name
    sport: messages.Name
    starts: str
    origins: messages.Names
    lineups: messages.LineUps = msgspec.field(default_factory=dict)
    rules: dict[str, object] = msgspec.field(default_factory=dict)
    note: messages.Text = ""


class _ActionLine(
    msgspec.Struct, tag="action", omit_defaults=True, forbid_unknown_fields=True, kw_only=True
):
    time: str
    title: messages.Name
    origin: messages.Name = ""
    details: messages.Details = msgspec.field(default_factory=dict)


_decode = msgspec.json.Decoder(_MatchLine | _ActionLine).decode


def read(text: str) -> Match:
    """Return the match that a text in this format holds.

    Whether the actions can be under the sport's rules is for the sport to say, not checked here.

    Raises:
        SettingError: names the line, counted from 1, that can't be read and why.
    """
    head: _MatchLine | None = None
    starts = 0
    actions = []
    # Not splitlines(): a name may hold a line separator of Unicode, which JSON leaves as it is.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            parsed = _decode(line)
            if isinstance(parsed, _MatchLine):
                if head is not None:
                    raise ValueError("a second match line; a file holds one match")
                head, starts = parsed, times.from_rfc3339(parsed.starts)
                _check_origins(head)
            elif head is None:
                raise ValueError("an action before the match line")
            else:
                actions.append(_action(parsed, head))
        except (ValueError, OverflowError, RecursionError) as error:
            raise SettingError(f"line {number}: {error}") from None
    if head is None:
        raise SettingError("line 1: no match line; the text is empty")
    return Match(
        title=head.title,
        sport=head.sport,
        origins=tuple(head.origins),
        lineups={origin: tuple(names) for origin, names in head.lineups.items()},
        rules=head.rules,
        starts=starts,
        actions=tuple(actions),
        note=head.note,
    )


def _check_origins(head: _MatchLine) -> None:
    if len(set(head.origins)) != len(head.origins) or "" in head.origins:
        raise ValueError(f"origins must be named and differ: {', '.join(head.origins)}")
    for origin in head.lineups:
        if origin not in head.origins:
            raise ValueError(
                f"a line-up for {origin!r}, but the origins are {', '.join(head.origins)}"
            )


def _action(line: _ActionLine, head: _MatchLine) -> Action:
    if line.origin and line.origin not in head.origins:
        raise ValueError(f"no origin {line.origin!r}; there are {', '.join(head.origins)}")
    return Action(line.title, line.origin, times.from_rfc3339(line.time), line.details)


def write(match: Match) -> str:
    """Return a match as text in this format; times are cut to milliseconds."""
    head = _MatchLine(
        title=match.title,
        sport=match.sport,
        starts=times.to_rfc3339(match.starts),
        origins=[*match.origins],
        lineups={origin: [*names] for origin, names in match.lineups.items()},
        rules=dict(match.rules),
        note=match.note,
    )
    lines: list[_MatchLine | _ActionLine] = [head]
    for action in match.actions:
        line = _ActionLine(
            time=times.to_rfc3339(action.time),
            title=action.title,
            origin=action.origin,
            details=dict(action.details),
        )
        lines.append(line)
    return "".join(msgspec.json.encode(line).decode() + "\n" for line in lines)
