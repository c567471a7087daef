"""Stats Perform: the events of a football match (feed MA3, the numbers of Opta's F24).

Each event has its time of day, which is taken as it is. An own goal is told of the side whose
player put the ball in, and is turned to the side that gains; a corner is told of both sides.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ...protocol import times
from ...protocol.errors import SettingError
from ..football.kinds import OWN_GOAL, PERIODS
from ..sport import Action
from .converted import Converted, Given, decode, start_of
from .football import assembled, whistles

_OFFSIDE_PASS, _FOUL, _CORNER, _SAVE, _MISS, _POST, _ATTEMPT, _GOAL = 2, 4, 6, 10, 13, 14, 15, 16
_CARD, _OFF, _ON, _END, _START = 17, 18, 19, 30, 32
_DELETED = 43
_SHOOTOUT = 5

# What they say, the whistles and substitutions say; 34 and 40 are line-ups and formations.
_SILENT = {_ON, _END, _START, 34, 40, _DELETED}

_HOW = {"9": "penalty", "28": OWN_GOAL, "15": "header", "26": "free kick"}
_REASONS = {"41": "injury", "42": "tactical"}
_CARDS = {"31": "yellow_card", "32": "second_yellow", "33": "red_card"}
_PENALTY, _BY_A_PLAYER, _BLOCKED, _RELATED = "9", "94", "82", "55"

_NAMES = {
    1: "pass",
    3: "take on",
    5: "out",
    7: "tackle",
    8: "interception",
    11: "claim",
    12: "clearance",
    41: "punch",
    44: "aerial",
    45: "challenge",
    49: "ball recovery",
    50: "dispossessed",
    51: "error",
    52: "keeper pick-up",
    55: "offside provoked",
    58: "penalty faced",
    61: "ball touch",
    74: "blocked pass",
}
"""Numbers of events that no action of ours says, with their names."""


class _Contestant(msgspec.Struct):
    id: str
    name: str
    position: str = ""


class _Heading(msgspec.Struct, rename="camel"):
    contestant: list[_Contestant]
    description: str = ""
    date: str = ""
    time: str = ""


class _Qualifier(msgspec.Struct, rename="camel"):
    qualifier_id: int
    value: str = ""


class _Logged(msgspec.Struct, rename="camel"):
    type_id: int
    period_id: int
    time_stamp: str
    contestant_id: str = ""
    event_id: int = 0
    player_name: str = ""
    outcome: int = 1
    qualifier: list[_Qualifier] = []

    @property
    def has(self) -> dict[str, str]:
        """Qualifiers by number."""
        return {str(one.qualifier_id): one.value for one in self.qualifier}


class _Live(msgspec.Struct):
    event: list[_Logged]


class _EventFeed(msgspec.Struct, rename="camel"):
    match_info: _Heading
    live_data: _Live


_DECODER = msgspec.json.Decoder(_EventFeed, strict=False)


def convert(text: str, given: Given) -> Converted:
    """Return the match of a file.

    Raises:
        SettingError: the file is not in this format, or the sides in it are not two.
    """
    feed = decode(_DECODER, text)
    order = {"home": 0, "away": 1}
    sides = sorted(feed.match_info.contestant, key=lambda one: order.get(one.position, 2))
    if len(sides) != 2:
        raise SettingError(f"$.matchInfo.contestant: {len(sides)} of them, 2 play")
    names = {one.id: one.name for one in sides}
    reading = _Reading(names, feed.live_data.event)
    for number, event in enumerate(feed.live_data.event):
        reading.take(event, f"$.liveData.event[{number}]")
    origins = tuple(one.name for one in sides)
    begun = min(reading.begins.values(), default=None)
    return assembled(
        given,
        title=feed.match_info.description or "–".join(origins),
        starts=start_of(given, _scheduled(feed.match_info) or begun),
        origins=origins,
        lineups={},
        actions=[*whistles(reading.begins, reading.ends), *reading.actions],
        unknown=reading.unknown,
        note="from Stats Perform events",
    )


def _scheduled(heading: _Heading) -> int | None:
    text = f"{heading.date.rstrip('Z')}T{heading.time.rstrip('Z')}Z"
    try:
        return times.from_rfc3339(text)
    except ValueError:
        return None


class _Reading:
    """What the events of a file have come to so far.

    Args:
        names: of the sides, by id.
        events: of the file.
    """

    def __init__(self, names: Mapping[str, str], events: list[_Logged]) -> None:
        self.actions: list[Action] = []
        self.unknown: list[str] = []
        self.begins: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self._names = names
        self._players = {(one.contestant_id, one.event_id): one.player_name for one in events}
        self._coming_on = [one for one in events if one.type_id == _ON]

    def take(self, event: _Logged, path: str) -> None:
        """Take an event.

        Raises:
            SettingError: its time or its side is not valid.
        """
        if not 1 <= event.period_id <= len(PERIODS):
            # Before and after the match, and the marks of its end.
            if event.type_id not in _SILENT:
                self.unknown.append(_kind(event))
            return
        try:
            # Times without a zone are of UTC.
            time = times.from_rfc3339(event.time_stamp.rstrip("Z") + "Z")
        except ValueError as error:
            raise SettingError(f"{path}.timeStamp: {error}") from None
        if event.contestant_id not in self._names:
            raise SettingError(f"{path}.contestantId: {event.contestant_id[:40]!r} does not play")
        period = PERIODS[event.period_id - 1]
        if event.type_id == _START:
            self.begins.setdefault(period, time)
        elif event.type_id == _END:
            self.ends[period] = time
        action = self._action(event, time)
        if action is not None:
            self.actions.append(action)
        elif event.type_id not in _SILENT and not _other_half(event):
            self.unknown.append(_kind(event))

    def _action(self, event: _Logged, time: int) -> Action | None:
        origin = self._names[event.contestant_id]
        who = {"player": event.player_name} if event.player_name else {}
        has = event.has
        if event.type_id in {_GOAL, _ATTEMPT, _MISS, _POST}:
            # A goal without success was not given.
            return self._shot(event, origin, time, who) if event.outcome else None
        if event.type_id == _CARD:
            person = {} if event.player_name else {"person": "official"}
            titles = (title for number, title in _CARDS.items() if number in has)
            return next((Action(title, origin, time, who | person) for title in titles), None)
        if event.type_id == _OFF:
            return Action("substitution", origin, time, self._change(event))
        if event.type_id == _CORNER and event.outcome == 1:
            return Action("corner", origin, time)
        if event.type_id == _FOUL and event.outcome == 0:
            return Action("foul", origin, time, who)
        if event.type_id == _FOUL and _PENALTY in has:
            return Action("penalty", origin, time, who)
        if event.type_id == _OFFSIDE_PASS:
            return Action("offside", origin, time)
        if event.type_id == _SAVE and _BY_A_PLAYER not in has and event.period_id != _SHOOTOUT:
            return Action("save", origin, time, who)
        return None

    def _shot(self, event: _Logged, origin: str, time: int, who: dict[str, str]) -> Action | None:
        has, kick = event.has, event.period_id == _SHOOTOUT
        if event.type_id == _GOAL:
            if kick:
                return Action("shootout_scored", origin, time, who)
            how = next((how for number, how in _HOW.items() if number in has), "open play")
            if how == OWN_GOAL:
                origin = next(name for name in self._names.values() if name != origin)
            passer = self._players.get((event.contestant_id, _number(has.get(_RELATED, ""))), "")
            assist = {"assist": passer} if passer and how != OWN_GOAL else {}
            return Action("goal", origin, time, who | {"how": how} | assist)
        saved = event.type_id == _ATTEMPT and _BLOCKED not in has
        if not kick and _PENALTY not in has:
            missed = {_MISS: "off target", _POST: "post"}.get(event.type_id, "blocked")
            return Action("shot", origin, time, who | {"result": "on target" if saved else missed})
        title = f"{'shootout' if kick else 'penalty'}_{'saved' if saved else 'missed'}"
        return Action(title, origin, time, who)

    def _change(self, off: _Logged) -> dict[str, str]:
        """Return who goes off, and who comes on in their place: the one whose event names it, or
        else the first of the side who is left."""
        own = [one for one in self._coming_on if one.contestant_id == off.contestant_id]
        named = [one for one in own if _number(one.has.get(_RELATED, "")) == off.event_id]
        found = {"off": off.player_name} if off.player_name else {}
        reasons = [reason for number, reason in _REASONS.items() if number in off.has]
        found |= {"reason": reasons[0]} if reasons else {}
        for one in (named or own)[:1]:
            self._coming_on.remove(one)
            if one.player_name:
                found["on"] = one.player_name
        return found


def _other_half(event: _Logged) -> bool:
    """Return whether an event tells once more, of the other side, what was told of one."""
    return event.type_id == _CORNER or (event.type_id == _FOUL and event.outcome == 1)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1


def _kind(event: _Logged) -> str:
    name = _NAMES.get(event.type_id)
    if event.type_id == _GOAL:
        name = "goal not given"
    return f"{event.type_id} ({name})" if name else str(event.type_id)
