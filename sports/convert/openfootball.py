"""openfootball: Football.TXT, the matches of a competition as people write them down.

    = World Cup 2022
    Sun Dec 18
      18:00  Argentina  4-2 pen. 3-3 a.e.t. (2-2, 2-0)  France   @ Lusail (UTC+3)
        (Lionel Messi 23' (pen.), 108' Ángel Di María 36';
         Kylian Mbappé 80' (pen.), 81', 118' (pen.))
    Yellow cards:  Enzo Fernández 45+7'; Adrien Rabiot 55'

One match of the file is read. Minutes are turned into times in the middle of the minute; when the
whistle went and how long the breaks were is not in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from ...protocol.errors import SettingError
from ..football.kinds import OWN_GOAL, PERIODS
from ..names import NameList, canonical
from ..sport import Action, Score
from .converted import LINE_CHARS, Converted, Given, micros, seconds_later, start_of
from .football import FIRST_MINUTE, MINUTES, assembled, kick_offs, whistles

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*"
_DATE = re.compile(
    r"(?:\[)?(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[\s,.]+)?"
    rf"(?:(?P<iso>\d{{4}}-\d\d-\d\d)|(?P<month>{_MONTH})[\s/.]+(?P<day>\d{{1,2}})"
    rf"|(?P<day2>\d{{1,2}})[\s/.]+(?P<month2>{_MONTH}))(?:[\s,]+(?P<year>\d{{4}}))?\]?(?=\s|$|@)",
    re.IGNORECASE | re.ASCII,
)
_TIME = re.compile(r"(\d{1,2})[:.](\d\d)(?=\s|$)", re.ASCII)
_ZONE = re.compile(r"\(?UTC\s*([+-]\d{1,2})(?::?(\d\d))?\)?", re.ASCII)
_YEAR = re.compile(r"\b((?:18|19|20)\d\d)\b")
_PENS = r"\d{1,2}-\d{1,2}\s*pen(?:\.|alties)?"
_RESULT = (
    rf"(?:(?P<pens1>{_PENS})[\s,]*)?(?P<goals>\d{{1,2}}-\d{{1,2}})(?!\d)(?P<aet>\s*a\.?e\.?t\.?)?"
    rf"(?:\s*\([\d\s,;-]*\))?(?:[\s,]*(?P<pens2>{_PENS}))?"
)
_TEAM = r"[^\W_][^,;:()\[\]]*"
_VERSUS = re.compile(
    rf"(?P<one>{_TEAM}?)\s+vs?\.?\s+(?P<two>{_TEAM}?)(?:\s+{_RESULT})?", re.IGNORECASE
)
_DASH = re.compile(rf"(?P<one>{_TEAM}?)\s+[-–]\s+(?P<two>{_TEAM}?)(?:\s+{_RESULT})?", re.IGNORECASE)
_BETWEEN = re.compile(rf"(?P<one>{_TEAM}?)\s+{_RESULT}\s+(?P<two>{_TEAM})", re.IGNORECASE)
_LABEL = re.compile(r"\s*(?P<label>[^\W\d_][^:;,()\[\]'’]{0,60}):(?P<rest>.*)")
_TOKEN = re.compile(
    r"\s*(?:(?P<minute>\d{1,3})(?:\+(?P<added>\d{1,2}))?\s*['’]"
    r"|(?P<shirt>\d{1,2})\.?(?=\s)"
    r"|\((?P<flag>[\w.]{1,12})\)"
    r"|(?P<mark>[;,()])"
    r"|(?P<name>[^\W\d_][^\d;,()\[\]]*)"
    r"|(?P<none>[-–]))"
)
_LINE_UP = re.compile(
    r"\s*(?:(?P<minute>\d{1,3})(?:\+(?P<added>\d{1,2}))?\s*['’]"
    r"|(?P<shirt>\d{1,2})\.?(?=\s)"
    r"|\((?:c|gk)\)|\[[^\]]{0,20}\]"
    r"|(?P<mark>[;,()]|[-–](?=\s))"
    r"|(?P<name>[^\W\d_](?:[^\d;,()\[\]\s]|\s(?![-–]\s))*))",
    re.IGNORECASE,
)
_KICK = re.compile(
    r"\s*(?:(?P<one>\d{1,2})-(?P<two>\d{1,2})\s+)?(?:\d{1,2}\.?\s+)?(?P<name>[^\W\d_][^,;()]*)"
    r"(?:\((?P<how>[^)]{0,20})\))?[.\s]*"
)
_CARDS = {"yellow cards": "yellow_card", "red cards": "red_card"}
_KICKS = {"penalties", "penalty shootout", "penalty shoot-out"}
_PENALTY = {"p", "pen", "pen."}
_OWN = {"og", "o.g.", "o.g"}


@dataclass(slots=True)
class _Fixture:
    """One match of a file.

    Args:
        line: where it begins, from 1.
        origins: the two sides.
        goals: the goals of the result; None: there is none.
        kicks: the result of the shoot-out.
        extra_time: it was played.
        starts: microseconds since 1970; None where the file does not say it.
        scorers: the lines of its goals, each with its number.
        labelled: label, text and line number.
    """

    line: int
    origins: tuple[str, str]
    goals: tuple[int, int] | None
    kicks: tuple[int, int] | None
    extra_time: bool
    starts: int | None
    scorers: list[tuple[int, str]] = field(default_factory=list)
    labelled: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The sides, first named first."""
        return "–".join(self.origins)


@dataclass(frozen=True, slots=True)
class _Said:
    """A name with a minute, from a list of goals or cards.

    Args:
        side: 0 or 1; None where the list does not say it.
        name: of the player.
        minute: on the match clock.
        added: minutes of added time.
        flag: in brackets behind it.
    """

    side: int | None
    name: str
    minute: int
    added: int
    flag: str


def convert(text: str, given: Given) -> Converted:
    """Return one match of a file.

    Raises:
        SettingError: names the line that is not valid; or the matches of which one must be named.
    """
    fixture = _chosen(_fixtures(text), given.which)
    reading = _Fold(fixture)
    for label, rest, line in fixture.labelled:
        reading.labelled(label, rest, line)
    reading.goals()
    starts = start_of(given, fixture.starts)
    lengths = reading.lengths()
    begins = kick_offs(starts, lengths)
    ends = {period: seconds_later(begins[period], lengths[period]) for period in begins}
    result: Score = {}
    if fixture.goals is not None:
        result["goals"] = dict(zip(fixture.origins, fixture.goals, strict=True))
    if fixture.kicks is not None:
        result["shootout"] = dict(zip(fixture.origins, fixture.kicks, strict=True))
    return assembled(
        given,
        title=fixture.title,
        starts=starts,
        origins=fixture.origins,
        lineups=reading.lineups,
        actions=[*whistles(begins, ends), *reading.actions(begins)],
        unknown=reading.unknown,
        note="from openfootball; the seconds, the whistles and the breaks are approximate",
        result=result,
    )


def _chosen(fixtures: Sequence[_Fixture], which: str) -> _Fixture:
    found = [one for one in fixtures if canonical(which) in canonical(one.title)]
    if len(found) == 1:
        return found[0]
    if not fixtures:
        raise SettingError("line 1: no match in the file")
    listed = ", ".join(f"{one.title} (line {one.line})" for one in (found or fixtures)[:5])
    more = len(found or fixtures) - 5
    raise SettingError(
        f"{len(found)} matches{f' fit {which!r}' if which else ''}; name one of {listed}"
        + (f" and {more} more" if more > 0 else "")
    )


def _fixtures(text: str) -> list[_Fixture]:
    found: list[_Fixture] = []
    years: tuple[int, ...] = ()
    date: datetime | None = None
    label: tuple[str, str, int] | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        if len(raw) > LINE_CHARS:
            raise SettingError(
                f"line {number}: {len(raw):,} characters, at most {LINE_CHARS:,} allowed"
            )
        line = re.sub(r"(?:^|\s)#.*", "", raw).strip()
        if line == "__END__":
            break
        if not line:
            label = None
            continue
        if line.startswith(("=", "▪", "»")):
            found_years = tuple(int(year) for year in _YEAR.findall(line))
            if line.startswith("=") and found_years:
                years = (*found_years, found_years[0] + 1) if "/" in line else found_years
            label = None
            continue
        dated, rest = _date(line, years, number)
        date = dated or date
        fixture = _fixture(rest, date, number)
        if fixture is not None:
            found.append(fixture)
            label = None
            continue
        if dated is not None or not found:
            label = None
            continue
        labelled = _LABEL.fullmatch(line)
        if labelled is not None:
            label = (labelled["label"].strip(), labelled["rest"], number)
            found[-1].labelled.append(label)
        elif label is not None:
            label = (label[0], f"{label[1]} {line}", label[2])
            found[-1].labelled[-1] = label
        elif line[0] in "([" or "'" in line or "’" in line:
            found[-1].scorers.append((number, line))
    return found


def _date(line: str, years: Sequence[int], number: int) -> tuple[datetime | None, str]:
    """Return the date that a line begins with, and the rest of the line."""
    match = _DATE.match(line)
    if match is None:
        return None, line
    rest = line[match.end() :].strip()
    try:
        if match["iso"]:
            return datetime.fromisoformat(match["iso"]).replace(tzinfo=UTC), rest
        name = (match["month"] or match["month2"])[:3].lower()
        month, day = _MONTHS.index(name) + 1, int(match["day"] or match["day2"])
        # A season runs from summer to summer.
        year = int(match["year"] or (years[-1 if month < 7 else 0] if years else 0))
        return (datetime(year, month, day, tzinfo=UTC) if year else None), rest
    except ValueError as error:
        raise SettingError(f"line {number}: {match[0].strip()!r}: {error}") from None


def _fixture(line: str, date: datetime | None, number: int) -> _Fixture | None:
    zone = _ZONE.search(line)
    rest = _ZONE.sub(" ", line).partition("@")[0].strip()
    rest = re.sub(r"\s*\[[^\]]*\]\s*$", "", rest)
    rest, numbered = re.subn(r"^\(\d{1,3}\)\s*", "", rest)
    timed = _TIME.match(rest)
    if timed is not None:
        rest = rest[timed.end() :].strip()
    if rest.startswith(("(", "[")) or _LABEL.fullmatch(rest):
        return None
    match = _VERSUS.fullmatch(rest) or _BETWEEN.fullmatch(rest)
    if match is None:
        match = _DASH.fullmatch(rest)
        if match is None or not (match["goals"] or timed or numbered):
            return None  # a dash in a line of text
    if "'" in rest and re.search(r"\d['’]", rest):
        return None  # goals, not a match
    pens = match["pens1"] or match["pens2"]
    starts = None
    if date is not None and timed is not None:
        hours, minutes = int(timed[1]), int(timed[2])
        if hours > 23 or minutes > 59:
            raise SettingError(f"line {number}: {timed[0]!r} is not a time of day")
        offset = timedelta()
        if zone is not None:
            offset = timedelta(hours=int(zone[1]), minutes=int(zone[2] or 0))
            if abs(offset) >= timedelta(hours=24):
                raise SettingError(f"line {number}: {zone[0]!r} is not a time zone")
        starts = micros(date.replace(hour=hours, minute=minutes, tzinfo=timezone(offset)))
    elif date is not None:
        starts = micros(date)
    return _Fixture(
        number,
        (match["one"].strip(), match["two"].strip()),
        _pair(match["goals"]),
        _pair(pens),
        bool(match["aet"] or pens),
        starts,
    )


def _pair(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    one, two = re.findall(r"\d+", text)
    return int(one), int(two)


class _Fold:
    """What the lines of a match have come to.

    Args:
        fixture: the match.
    """

    def __init__(self, fixture: _Fixture) -> None:
        self.lineups: dict[str, list[str]] = {}
        self.unknown: list[str] = []
        self._fixture = fixture
        self._said: list[tuple[str, _Said]] = []
        self._changes: list[tuple[int, str, str, int, int]] = []
        self._kicks: list[tuple[int, str, str]] = []

    def goals(self) -> None:
        """Take the lines of goals.

        Raises:
            SettingError: names the line that is not valid.
        """
        number = self._fixture.scorers[0][0] if self._fixture.scorers else self._fixture.line
        text = " ".join(line for _, line in self._fixture.scorers)
        text = text.strip().removeprefix("(").removeprefix("[")
        text = text.removesuffix(")" if text.count(")") > text.count("(") else "").rstrip("]")
        said = [*_listed(text, number)]
        result = self._fixture.goals
        if any(one.side is None for one in said):
            if result is None or min(result) > 0:
                raise SettingError(f"line {number}: a semicolon parts the goals of the two sides")
            said = [_Said(int(result[0] == 0), *_rest(one)) for one in said]
        self._said += [("goal", one) for one in said]

    def labelled(self, label: str, text: str, line: int) -> None:
        """Take a line with a label.

        Raises:
            SettingError: names the line that is not valid.
        """
        key = label.casefold()
        sides = [side.casefold() for side in self._fixture.origins]
        if key in sides:
            self._line_up(sides.index(key), text, line)
        elif key in _CARDS:
            for one in _listed(text, line):
                side = self._side_of(one.name) if one.side is None else one.side
                if side is None:
                    self.unknown.append(f"{label} without a side")
                else:
                    self._said.append((_CARDS[key], _Said(side, *_rest(one))))
        elif key in _KICKS:
            self._shootout(text, line)
        else:
            self.unknown.append(label)

    def _side_of(self, name: str) -> int | None:
        for side, origin in enumerate(self._fixture.origins):
            if NameList(self.lineups.get(origin, ())).has(name):
                return side
        return None

    def _line_up(self, side: int, text: str, line: int) -> None:
        """Take a line-up: who comes on stands in brackets behind who goes off. The bench is not
        in it, so that those who start alone are the line-up and any name may come on."""
        text = re.sub(r";?\s*\b(?:Coach|Trainer)(?:es)?:.*", "", text)
        starters: list[str] = []
        on_pitch: list[str] = []
        at = 0
        text = text.rstrip(" .;,")
        while at < len(text):
            match = _LINE_UP.match(text, at)
            if match is None:
                if not text[at:].strip():
                    break
                raise SettingError(f"line {line}: a line-up: {text[at : at + 40]!r} is not valid")
            at = match.end()
            if match["name"]:
                name = match["name"].strip()
                if len(on_pitch) > 1:
                    on_pitch[-1] = name
                else:
                    starters.append(name)
                    on_pitch = [name]
            elif match["mark"] == "(":
                on_pitch.append("")
            elif match["mark"] == ")":
                if len(on_pitch) < 2:
                    raise SettingError(
                        f"line {line}: a line-up: a bracket closes that never opened"
                    )
                on_pitch.pop()
            elif match["minute"] and len(on_pitch) > 1:
                off, on = on_pitch[-2:]
                minute, added = int(match["minute"]), int(match["added"] or 0)
                self._changes.append((side, off, on, minute, added))
        self.lineups[self._fixture.origins[side]] = starters

    def _shootout(self, text: str, line: int) -> None:
        """Take the kicks: of two that follow each other, each is of another side."""
        tally = (0, 0)
        kicks: list[tuple[int | None, str, str]] = []
        for part in re.split(r"[,;]", text):
            if not part.strip(" ."):
                continue
            match = _KICK.fullmatch(part)
            if match is None:
                raise SettingError(f"line {line}: a kick: {part.strip()[:40]!r} is not valid")
            now = (int(match["one"]), int(match["two"])) if match["one"] else tally
            side = None if now == tally else int(now[1] > tally[1])
            how = (match["how"] or "").strip().casefold()
            scored = (
                "scored" if side is not None else "saved" if how.startswith("sav") else "missed"
            )
            kicks.append((side, match["name"].strip(), f"shootout_{scored}"))
            tally = now
        known = [(index, side) for index, (side, *_) in enumerate(kicks) if side is not None]
        first = (known[0][1] + known[0][0]) % 2 if known else 0
        self._kicks = [
            ((first + index) % 2 if side is None else side, name, title)
            for index, (side, name, title) in enumerate(kicks)
        ]

    def lengths(self) -> dict[str, float]:
        """Return the seconds of each period that was played."""
        minutes = [(one.minute, one.added) for _, one in self._said]
        minutes += [(minute, added) for *_, minute, added in self._changes]
        found = {period: MINUTES[period] * 60.0 for period in PERIODS[:2]}
        if self._fixture.extra_time or any(minute > 90 for minute, _ in minutes):
            found |= {period: MINUTES[period] * 60.0 for period in PERIODS[2:4]}
        for minute, added in minutes:
            period = _period(minute)
            found[period] = max(found[period], _seconds(period, minute, added) + 30.0)
        if self._kicks:
            found["shootout"] = 60.0 * (len(self._kicks) + 1)
        return found

    def actions(self, begins: Mapping[str, int]) -> Iterator[Action]:
        """Return what happened, with times.

        Args:
            begins: of each period, in microseconds since 1970.
        """
        origins = self._fixture.origins
        taken: dict[tuple[str, int, int], int] = {}
        booked: set[tuple[int | None, str]] = set()

        def moment(period: str, minute: int, added: int) -> int:
            # Several in one minute stay apart.
            order = taken[period, minute, added] = taken.get((period, minute, added), -1) + 1
            return seconds_later(begins[period], _seconds(period, minute, added) + min(order, 25))

        changes = sorted(self._changes, key=lambda change: change[3:])
        for side, off, on, minute, added in changes:
            details = {"off": off, "on": on}
            time = moment(_period(minute), minute, added)
            yield Action("substitution", origins[side], time, details)
        for title, one in sorted(self._said, key=lambda said: (said[1].minute, said[1].added)):
            details = {"player": one.name}
            if title == "goal":
                flag = one.flag.casefold()
                how = "penalty" if flag in _PENALTY else OWN_GOAL if flag in _OWN else ""
                details |= {"how": how} if how else {}
            elif title == "yellow_card":
                if (one.side, canonical(one.name)) in booked:
                    title = "second_yellow"  # noqa: PLW2901  # the same list has both
                booked.add((one.side, canonical(one.name)))
            time = moment(_period(one.minute), one.minute, one.added)
            yield Action(title, origins[one.side or 0], time, details)
        for order, (side, name, title) in enumerate(self._kicks):
            time = seconds_later(begins["shootout"], 60 * order + 30)
            yield Action(title, origins[side], time, {"player": name})


def _rest(one: _Said) -> tuple[str, int, int, str]:
    return one.name, one.minute, one.added, one.flag


def _listed(text: str, line: int) -> Iterator[_Said]:
    """Return names with their minutes; without a semicolon, and no dash, they are of no side.

    Raises:
        SettingError: the text is not such a list.
    """
    side, name, at = 0, "", 0
    found: list[list[object]] = []
    text = text.strip().rstrip(".")
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match["mark"] in {"(", ")"}:
            if not text[at:].strip():
                break
            raise SettingError(f"line {line}: {text[at : at + 40].strip()!r} is not valid")
        at = match.end()
        if match["mark"] == ";":
            side += 1
        elif match["name"]:
            name = match["name"].strip()
        elif match["minute"]:
            minute = int(match["minute"])
            if not name or not 1 <= minute <= 120:
                why = "has no name" if not name else "is not from 1 to 120"
                raise SettingError(f"line {line}: minute {minute} {why}")
            found.append([side, name, minute, int(match["added"] or 0), ""])
        elif match["flag"] and found:
            found[-1][4] = match["flag"]
    if side > 1:
        raise SettingError(f"line {line}: {side} semicolons, one parts the two sides")
    for one in found:
        yield _Said(one[0] if side else None, *one[1:])  # type: ignore[arg-type]  # as put in


def _period(minute: int) -> str:
    return next(str(period) for period in reversed(PERIODS[:4]) if minute > FIRST_MINUTE[period])


def _seconds(period: str, minute: int, added: int) -> float:
    """Return the middle of a minute, in seconds since the period began."""
    return (minute - 1 - FIRST_MINUTE[period] + added) * 60.0 + 30.0
