"""Grade the reporters of an event: how do their votes compare with an official record? Pure.

Never with what the crowd itself decided: a majority that is wrong together would grade itself as
right, and those who contradict it as wrong.

An action of the record is an opportunity for the reporters that were active then: a reporter is
active from its report on for ten minutes, as the verdict has it. A vote that matches no action of
the record is part of a false claim, with all votes that speak of the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .. import sports
from ..peer.grades.sheet import (
    MOST_SHARED,
    Accuracy,
    GradeCounts,
    GradeSheet,
    LeftOut,
    ReporterGrade,
    SharedError,
    SheetHeader,
)
from ..peer.host.event import records
from ..peer.host.event.details import names_of, origin_meant
from ..protocol.errors import SettingError
from ..protocol.messages import Card
from ..protocol.times import EARLIEST, LATEST, SECOND
from ..sports import Action, Kind
from ..sports.compare import compare
from ..sports.matchfile import Match
from .graded import GradedEvent, GradedVote

ACTIVE = 600 * SECOND
"""Microseconds for which a reporter is active after its report."""

DOUBLE = 600_000
"""Microseconds within which the same from one reporter is a thumb that came down twice."""


@dataclass(frozen=True, slots=True)
class OfficialRecord:
    """What really happened, as a grader has it from elsewhere.

    Args:
        match: the actions.
        digest: SHA-256 of the file, 32 bytes.
        covers: titles of actions that the record tells of although it holds none; what decides the
            score and what occurs in it counts as covered where nothing is given.
        offset: microseconds to be added to its times, so that they are event times.
        tolerance: microseconds by which its times may be off.
    """

    match: Match
    digest: bytes
    covers: Sequence[str] = ()
    offset: int = 0
    tolerance: int = 0


@dataclass(slots=True)
class _Reporter:
    """What is known of one reporter.

    Args:
        key, name: of the reporter.
        spoke: the times of its votes, ascending.
        hits: the actions that it reported, by their place in the record; False: after it had been
            shown them.
        false: votes that match nothing.
    """

    key: bytes
    name: str
    spoke: list[int] = field(default_factory=list)
    hits: dict[int, bool] = field(default_factory=dict)
    false: list[GradedVote] = field(default_factory=list)

    def active(self, time: int, reach: int) -> bool:
        """Return whether it spoke within ten minutes before a time, or `reach` after."""
        place = bisect_left(self.spoke, time - ACTIVE)
        return place < len(self.spoke) and self.spoke[place] <= time + reach


@dataclass(slots=True)
class _FalseClaim:
    """Votes of several reporters that speak of the same, which did not happen.

    Args:
        title, origin, time: of the first vote.
        said: its voters; False: after they had been shown it.
    """

    title: str
    origin: str
    time: int
    said: dict[bytes, bool] = field(default_factory=dict)


def grade(event: GradedEvent, record: OfficialRecord, grader: bytes) -> GradeSheet:
    """Return the grades of an event's reporters, unsigned.

    Args:
        event: the votes.
        record: what happened.
        grader: the public key that will sign.

    Raises:
        SettingError: the record is not of this event.
        NotFound: the sport is not installed.
    """
    card = event.card
    meant = _origins(card)
    kinds = _kinds(event, record, meant)
    covers = _covers(record, kinds)
    truth = [
        Action(action.title, meant(action.origin), action.time + record.offset)
        for action in record.match.actions
        if action.title in covers
    ]
    votes, repeated = _single(event.votes, meant)
    reporters = _reporters(votes, covers, kinds, truth)
    claims = _false_claims(reporters.values(), kinds)
    counts = _Counts(kinds, reporters)
    for number, action in enumerate(truth):
        counts.happened(number, action)
    shared = [one for one in map(counts.invented, claims) if one is not None]
    covered = [vote for vote in votes if vote.title in covers]
    shown = sum(vote.shown for vote in covered)
    decides, rest = _accuracy(event, kinds, covers, truth)
    header = SheetHeader(
        event=card.event,
        title=card.title,
        sport=card.sport,
        time=max([record.match.starts, *(one.time for one in truth), *(v.time for v in covered)]),
        grader=grader,
        source=event.source,
        feed=event.feed,
        record=record.digest,
        covers=tuple(sorted(covers)),
        offset=record.offset,
        tolerance=record.tolerance,
        votes=len(covered) - shown,
        left_out=LeftOut(
            unsigned=event.unsigned,
            shown=shown,
            uncovered=len(votes) - len(covered),
            repeated=repeated + event.taken_back,
        ),
        decides=decides,
        rest=rest,
        published=event.headline,
        official=_headline(event, record),
    )
    return GradeSheet(header, counts.grades, tuple(shared))


# ── what is compared with what ───────────────────────────────────────────────────────────────


Meant = Callable[[str], str]
"""Returns the origin that is meant by what somebody wrote."""


def _origins(card: Card) -> Meant:
    """Return how the origins of an event are read, whatever edition of the rules it had."""
    names = names_of(card, records.EDITION)
    known = dict.fromkeys(card.origins)
    return lambda origin: origin_meant(names, known, origin)


def _kinds(event: GradedEvent, record: OfficialRecord, meant: Meant) -> dict[str, Kind]:
    """Return the event's kinds of actions by title, with windows as wide as the record is vague."""
    card, match = event.card, record.match
    if match.sport != card.sport:
        raise SettingError(f"the record is of {match.sport}, the event of {card.sport}")
    wider = record.tolerance / SECOND
    kinds = {
        kind.title: replace(kind, window=kind.window + wider)
        for kind in sports.get(card.sport).kinds(card.rules)
    }
    for action in match.actions:
        if action.title not in kinds:
            raise SettingError(f"the record holds {action.title!r}, which the event has not")
        if action.origin and meant(action.origin) not in card.origins:
            raise SettingError(
                f"the record speaks of {action.origin!r}, the event of {', '.join(card.origins)}"
            )
        if not EARLIEST <= action.time + record.offset <= LATEST:
            raise SettingError(f"--offset: {record.offset / SECOND:,g} s leads out of all time")
    return kinds


def _word(kinds: Mapping[str, Kind], title: str) -> str:
    """Return the first of the titles that say the same as one, for all of them."""
    same = kinds[title].same
    return next(kind.title for kind in kinds.values() if kind.same == same) if same else title


def _covers(record: OfficialRecord, kinds: Mapping[str, Kind]) -> set[str]:
    """Return the titles of the actions that the record tells of, with those that say the same."""
    for title in record.covers:
        if title not in kinds:
            raise SettingError(f"--covers: no action {title!r}; there are {', '.join(kinds)}")
    found = {action.title for action in record.match.actions} | set(record.covers)
    if not record.covers:
        found |= {title for title, kind in kinds.items() if kind.weight != "action"}
    words = {_word(kinds, title) for title in found}
    return {title for title in kinds if _word(kinds, title) in words}


def _single(votes: Iterable[GradedVote], meant: Meant) -> tuple[list[GradedVote], int]:
    """Return the votes in order of time without those that a thumb gave twice, and how many these
    are."""
    found: list[GradedVote] = []
    newest: dict[tuple[bytes, str, str], int] = {}
    read = [replace(vote, origin=meant(vote.origin)) for vote in votes]
    ordered = sorted(read, key=lambda one: (one.time, one.key, one.title, one.origin, one.shown))
    for vote in ordered:
        what = (vote.key, vote.title, vote.origin)
        if vote.time - newest.get(what, vote.time - DOUBLE - 1) > DOUBLE:
            found.append(vote)
        newest[what] = vote.time
    return found, len(ordered) - len(found)


def _reporters(
    votes: Sequence[GradedVote],
    covers: set[str],
    kinds: Mapping[str, Kind],
    truth: Sequence[Action],
) -> dict[bytes, _Reporter]:
    """Return the reporters in the order of their keys, each with what it said right and wrong."""
    found: dict[bytes, _Reporter] = {}
    said: dict[tuple[bytes, str, str], list[GradedVote]] = {}
    for vote in sorted(votes, key=lambda one: one.key):
        reporter = found.setdefault(vote.key, _Reporter(vote.key, vote.name))
        reporter.spoke.append(vote.time)
        if vote.title in covers:
            said.setdefault((vote.key, _word(kinds, vote.title), vote.origin), []).append(vote)
    happened: dict[tuple[str, str], list[int]] = {}
    for number, action in enumerate(truth):
        happened.setdefault((_word(kinds, action.title), action.origin), []).append(number)
    for (key, word, origin), alike in said.items():
        reporter = found[key]
        numbers = happened.get((word, origin), [])
        actions = [Action(word, origin, vote.time) for vote in alike]
        real = [Action(word, origin, truth[number].time) for number in numbers]
        result = compare(kinds, real, actions)
        for i, j in result.found:
            reporter.hits[numbers[i]] = not alike[j].shown
        reporter.false += [alike[j] for j in result.wrong]
    return found


def _false_claims(reporters: Iterable[_Reporter], kinds: Mapping[str, Kind]) -> list[_FalseClaim]:
    """Return the votes that match nothing, those of the same together, in order of time."""
    votes = [vote for reporter in reporters for vote in reporter.false]
    votes.sort(key=lambda one: one.time)
    found: list[_FalseClaim] = []
    recent: dict[tuple[str, str], list[_FalseClaim]] = {}
    for vote in votes:
        window = kinds[vote.title].window * SECOND
        near = recent.setdefault((_word(kinds, vote.title), vote.origin), [])
        near[:] = [claim for claim in near if vote.time - claim.time <= window]
        claim = next((claim for claim in near if vote.key not in claim.said), None)
        if claim is None:
            claim = _FalseClaim(vote.title, vote.origin, vote.time)
            near.append(claim)
            found.append(claim)
        claim.said[vote.key] = not vote.shown
    return found


# ── counting ─────────────────────────────────────────────────────────────────────────────────


class _Counts:
    """Counts hits and misses.

    Args:
        kinds: by title.
        reporters: by key, in the order of the keys.
    """

    def __init__(self, kinds: Mapping[str, Kind], reporters: Mapping[bytes, _Reporter]) -> None:
        self._kinds = kinds
        self._reporters = reporters
        self._places = {key: place for place, key in enumerate(reporters)}
        # By key: hits, misses, false claims, declined; of what decides the score, of the rest.
        self._counts = {key: ([0, 0, 0, 0], [0, 0, 0, 0]) for key in reporters}

    @property
    def grades(self) -> tuple[ReporterGrade, ...]:
        """The counts as lines of a sheet."""
        return tuple(
            ReporterGrade(key, reporter.name, *(GradeCounts(*each) for each in self._counts[key]))
            for key, reporter in self._reporters.items()
        )

    def happened(self, number: int, action: Action) -> None:
        """Count who reported an action of the record, and who did not although it was active."""
        reach = self._reach(action.title)
        for key, reporter in self._reporters.items():
            blind = reporter.hits.get(number)
            if blind:
                self._of(key, action.title)[0] += 1
            elif blind is None and reporter.active(action.time, reach):
                self._of(key, action.title)[1] += 1

    def invented(self, claim: _FalseClaim) -> SharedError | None:
        """Count who made a false claim, and who did not although it was active; return its line
        where several made it."""
        reach = self._reach(claim.title)
        said = [key for key, blind in claim.said.items() if blind]
        if not said:
            return None  # nobody came to it alone
        there = set(said)
        for key, reporter in self._reporters.items():
            if key in there:
                self._of(key, claim.title)[2] += 1
            elif key not in claim.said and reporter.active(claim.time, reach):
                self._of(key, claim.title)[3] += 1
                there.add(key)
        if not 2 <= len(said) <= MOST_SHARED:
            return None
        return SharedError(
            claim.title, claim.origin, claim.time, self._sorted(said), self._sorted(there)
        )

    def _of(self, key: bytes, title: str) -> list[int]:
        decides, rest = self._counts[key]
        return rest if self._kinds[title].weight == "action" else decides

    def _reach(self, title: str) -> int:
        return round(self._kinds[title].window * SECOND)

    def _sorted(self, keys: Iterable[bytes]) -> tuple[int, ...]:
        return tuple(sorted(self._places[key] for key in keys))


# ── the timeline ─────────────────────────────────────────────────────────────────────────────


def _accuracy(
    event: GradedEvent, kinds: Mapping[str, Kind], covers: set[str], truth: Sequence[Action]
) -> tuple[Accuracy, Accuracy]:
    """Return how right the confirmed entries are, of what decides the score and of the rest."""
    said = [
        Action(entry.title, entry.origin, entry.time)
        for entry in event.entries.values()
        if entry.status not in ("DELETED", "PROVISIONAL") and entry.title in covers
    ]
    result = compare(kinds, truth, said)
    right = [truth[i].title for i, _ in result.found]
    wrong = [said[j].title for j in result.wrong]
    missed = [truth[i].title for i in result.missed]

    def of(decides: bool) -> Accuracy:
        return Accuracy(
            *(
                sum((kinds[title].weight != "action") == decides for title in titles)
                for titles in (right, wrong, missed)
            )
        )

    return of(True), of(False)


def _headline(event: GradedEvent, record: OfficialRecord) -> str:
    card = event.card
    sport = sports.get(card.sport)
    start = sport.start(card.origins, card.rules, card.lineups)
    return sport.headline(sports.fold(sport, start, record.match.actions).state)
