"""StatsBomb: the events of a football match, as in the files `events/MATCH.json` of its open data.

The file has no date, so `Given.starts` is needed. Times are counted from the beginning of each
period; the breaks between are not in the file.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ...protocol.errors import SettingError
from ..football.kinds import OWN_GOAL, PERIODS
from ..sport import Action
from .converted import Converted, Given, decode, seconds_later, start_of
from .football import assembled, kick_offs, whistles

_SHOOTOUT = PERIODS[-1]
_CARDS = {"Yellow Card": "yellow_card", "Second Yellow": "second_yellow", "Red Card": "red_card"}
_MISSED = {"Off T", "Wayward", "Post"}
_SAVED = {"Saved", "Saved Off Target", "Saved to Post"}
_SHOTS = {
    "Saved": "on target",
    "Saved to Post": "on target",
    "Saved Off Target": "off target",
    "Off T": "off target",
    "Wayward": "off target",
    "Blocked": "blocked",
    "Post": "post",
}
"""The detail `result` of a shot, by its outcome."""

_REASONS = {"Injury": "injury", "Tactical": "tactical"}
"""The detail `reason` of a substitution, by its outcome."""

_SAVES = {"Shot Saved", "Shot Saved Off Target", "Shot Saved to Post", "Save"}

# They say of the same moment what another event says, or nothing that happened.
_SILENT = {"Half Start", "Half End", "Starting XI", "Own Goal Against"}


class _Name(msgspec.Struct):
    name: str


class _Starter(msgspec.Struct):
    player: _Name


class _Tactics(msgspec.Struct):
    lineup: list[_Starter] = []


class _Shot(msgspec.Struct):
    outcome: _Name
    type: _Name
    body_part: _Name | None = None
    key_pass_id: str = ""


class _Carded(msgspec.Struct):
    card: _Name | None = None


class _Won(msgspec.Struct):
    penalty: bool = False


class _Change(msgspec.Struct):
    replacement: _Name
    outcome: _Name | None = None


class _Pass(msgspec.Struct):
    type: _Name | None = None
    outcome: _Name | None = None


class _Keeper(msgspec.Struct):
    type: _Name


class _Happening(msgspec.Struct):
    type: _Name
    period: int
    timestamp: str
    team: _Name
    id: str = ""
    related_events: list[str] = []
    player: _Name | None = None
    tactics: _Tactics | None = None
    shot: _Shot | None = None
    foul_committed: _Carded | None = None
    foul_won: _Won | None = None
    bad_behaviour: _Carded | None = None
    substitution: _Change | None = None
    pass_: _Pass | None = msgspec.field(default=None, name="pass")
    goalkeeper: _Keeper | None = None


_DECODER = msgspec.json.Decoder(list[_Happening])


def convert(text: str, given: Given) -> Converted:
    """Return the match of a file.

    Raises:
        SettingError: the file is not in this format, or a start has to be given.
    """
    found = decode(_DECODER, text)
    origins = tuple(dict.fromkeys(one.team.name for one in found))
    if len(origins) != 2:
        raise SettingError(f"events of {len(origins)} teams, 2 play: {', '.join(origins)}")
    lengths: dict[str, float] = {}
    moments = []
    for number, one in enumerate(found):
        if not 1 <= one.period <= len(PERIODS):
            raise SettingError(f"$[{number}].period: {one.period} is not from 1 to {len(PERIODS)}")
        period = PERIODS[one.period - 1]
        seconds = _seconds(one.timestamp, f"$[{number}].timestamp")
        lengths[period] = max(lengths.get(period, 0.0), seconds)
        moments.append((period, seconds))
    starts = start_of(given, None)
    begins = kick_offs(starts, lengths)
    players = {one.id: one.player.name for one in found if one.player is not None}
    actions = []
    unknown = []
    for one, (period, seconds) in zip(found, moments, strict=True):
        time = seconds_later(begins[period], seconds)
        said = [*_actions(one, period, time, players)]
        actions += said
        if not said and one.type.name not in _SILENT:
            unknown.append(_kind(one))
    ended = {PERIODS[one.period - 1] for one in found if one.type.name == "Half End"}
    ends = {
        period: seconds_later(begin, lengths[period])
        for period, begin in begins.items()
        if period in ended
    }
    lineups = {
        one.team.name: [starter.player.name for starter in one.tactics.lineup]
        for one in found
        if one.type.name == "Starting XI" and one.tactics is not None
    }
    # Those on the bench are not in the file: any name may come on.
    return assembled(
        given,
        title="–".join(origins),
        starts=starts,
        origins=origins,
        lineups=lineups,
        actions=[*whistles(begins, ends), *actions],
        unknown=unknown,
        note="from StatsBomb events; the breaks are approximate",
    )


def _seconds(text: str, path: str) -> float:
    try:
        hours, minutes, seconds = text.split(":")
        found = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        found = -1.0
    if not 0 <= found < 3 * 3600:
        raise SettingError(f"{path}: {text[:40]!r} is not a time within a period, HH:MM:SS.sss")
    return found


def _kind(one: _Happening) -> str:
    """Return the name of a kind that no action says; the outcome belongs to that of a shot."""
    return f"{one.type.name}: {one.shot.outcome.name}" if one.shot is not None else one.type.name


def _actions(one: _Happening, period: str, time: int, players: dict[str, str]) -> Iterator[Action]:
    team = one.team.name
    who = {"player": one.player.name} if one.player is not None else {}
    if one.shot is not None:
        title, details = _shot(one.shot, period, who, players)
        if title:
            yield Action(title, team, time, details)
    elif one.type.name == "Own Goal For":
        # The player stands in the event of the other side.
        names = [players[other] for other in one.related_events if other in players]
        scorer = {"player": names[0]} if names else {}
        yield Action("goal", team, time, scorer | {"how": OWN_GOAL})
    elif one.substitution is not None:
        off_on = {"off": who.get("player", ""), "on": one.substitution.replacement.name}
        outcome = one.substitution.outcome
        reason = _REASONS.get(outcome.name, "") if outcome is not None else ""
        details = {key: name for key, name in (*off_on.items(), ("reason", reason)) if name}
        yield Action("substitution", team, time, details)
    elif one.foul_won is not None and one.foul_won.penalty:
        yield Action("penalty", team, time, who)
    elif one.pass_ is not None and _is(one.pass_.type, "Corner"):
        yield Action("corner", team, time)
    elif one.type.name == "Offside" or (
        one.pass_ is not None and _is(one.pass_.outcome, "Pass Offside")
    ):
        yield Action("offside", team, time, who if one.pass_ is None else {})
    elif _saves(one) and period != _SHOOTOUT:
        yield Action("save", team, time, who)
    if one.type.name == "Foul Committed":
        yield Action("foul", team, time, who)
    for carded in (one.foul_committed, one.bad_behaviour):
        if carded is not None and carded.card is not None and carded.card.name in _CARDS:
            yield Action(_CARDS[carded.card.name], team, seconds_later(time, 1), who)


def _saves(one: _Happening) -> bool:
    return one.goalkeeper is not None and one.goalkeeper.type.name in _SAVES


def _is(named: _Name | None, name: str) -> bool:
    return named is not None and named.name == name


def _shot(
    shot: _Shot, period: str, who: dict[str, str], players: dict[str, str]
) -> tuple[str, dict[str, str]]:
    """Return the title and details of a shot; an empty title where no action says it."""
    outcome = shot.outcome.name
    kick, penalty = period == _SHOOTOUT, shot.type.name == "Penalty"
    if kick or penalty:
        for outcomes, title in ((_SAVED, "saved"), (_MISSED, "missed")):
            if outcome in outcomes:
                return f"{'shootout' if kick else 'penalty'}_{title}", who
    if outcome != "Goal":
        result = _SHOTS.get(outcome)
        return ("shot", who | {"result": result}) if result and not kick else ("", {})
    if kick:
        return "shootout_scored", who
    how = {"Penalty": "penalty", "Free Kick": "free kick"}.get(shot.type.name)
    if how is None:
        how = "header" if _is(shot.body_part, "Head") else "open play"
    passer = players.get(shot.key_pass_id)
    return "goal", who | {"how": how} | ({"assist": passer} if passer else {})
