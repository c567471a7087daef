"""What must follow from the votes for each published message. Pure.

The same rules as the host's, the other way round: the host goes from reports to an entry, here it
is asked whether the entry is the one that these reports lead to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median_low

import msgspec
from msgspec.structs import replace

from ..peer.host.event.claims import merged
from ..peer.host.event.verdict import Verdict
from ..protocol.errors import SettingError
from ..protocol.messages import Card, Entry, Evidence, Finished, Restored
from ..protocol.times import SECOND
from ..sports import Kind, Score, Sport, State, misfit
from ..timeline.timeline import LAST, Adopted, Timeline, action_of
from .lines import By, ConfirmedScore
from .votes import Broken, Spoken


class ProvenTimeline:
    """The timeline of a proof as far as it was read.

    Args:
        card: the event.
        sport, kinds: what is played, and its actions by title.
        timeline: where entries are put as they are read.
    """

    def __init__(
        self, card: Card, sport: Sport, kinds: Mapping[str, Kind], timeline: Timeline
    ) -> None:
        self._sport = sport
        self._kinds = kinds
        self._timeline = timeline
        self._origins = dict.fromkeys(card.origins)
        # While contact is lost or things are put together: the states in which a score may have
        # been stated, since what people mean by it is read from the state.
        self._states: list[State] = []

    def entry(
        self,
        entry: Entry,
        by: By,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
        verdict: Verdict,
    ) -> None:
        """Check a version of an entry, and put it on the timeline.

        Raises:
            Broken: it does not follow from the votes.
        """
        before = self._timeline.versions.get(entry.entry_id)
        if by != "doubt":
            _count(entry.evidence, for_, against)
        if by == "reports":
            if before is not None:
                raise Broken("the entry is there already")
            self._first(entry, for_, against)
            _accept(verdict, for_, against, entry.evidence.present)
        elif before is None:
            raise Broken("there is no such entry yet")
        elif before.status == "DELETED":
            raise Broken("the entry is deleted already")
        elif by == "second":
            self._second(entry, before, for_, against)
        elif by in ("delete", "amend"):
            self._correction(entry, before, by, for_, against)
            _accept(verdict, for_, against, entry.evidence.present)
        elif by == "doubt":
            _doubt(entry, before)
        else:
            raise Broken(f"an entry is not published by {by}")
        self._timeline.put(entry)
        if entry.place != self._timeline.place(entry):
            raise Broken(f"its place is {self._timeline.place(entry)}, not {entry.place}")
        self._score(entry.score)
        if self._states:
            self._states.append(self._timeline.state)

    def suspended(self) -> None:
        """Note that contact with the venue was lost."""
        self._states = [self._timeline.state]

    def finished(
        self,
        message: Finished,
        by: By,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
        present: int,
        verdict: Verdict,
    ) -> None:
        """Check the end of the event.

        Raises:
            Broken: neither the rules nor the votes end it, or not with this score.
        """
        if by == "end":
            _titled(for_, "end")
            if against:
                raise Broken("there is no vote against the end")
            _accept(verdict, for_, (), present)
        elif by != "rules" or for_ or against:
            raise Broken(f"an event is not ended by {by}")
        elif not self._sport.over(self._timeline.state):
            raise Broken("the rules do not end the event at this score")
        self._score(message.score)

    def restored(self, message: Restored) -> None:
        """Check the end of an outage.

        Raises:
            Broken: the score is another.
        """
        self._score(message.score)
        self._states = []

    def confirmed(
        self,
        line: ConfirmedScore,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Check that enough reporters confirmed a score, and put it in force.

        Args:
            line: the score.
            for_, against: the votes.
            verdicts: the policies of this epoch and those after it: no message tells which.

        Raises:
            Broken: they did not.
        """
        _titled([*for_, *against], "confirm")
        ayes, noes = len(for_), len(against)
        if not any(one.accept(ayes, noes, max(line.present, ayes + noes)) for one in verdicts):
            raise Broken(f"{ayes} for the score and {noes} against it are not enough")
        for one in for_:
            text = str(one.details.get("score", ""))
            if not any(_equal(line.score, score) for score in self._readings(text, line)):
                raise Broken(f"{text!r} is not the score that is confirmed")
        if line.adopt:
            self._timeline.adopt(Adopted(line.time, line.score))

    def _readings(self, text: str, line: ConfirmedScore) -> Iterator[Score]:
        """Yield what a stated score can have led to."""
        after = self._timeline.state_before(line.time, LAST)
        for state in self._states:
            try:
                stated = self._sport.read_score(state, text)
                yield self._sport.score(self._sport.adopt(after, stated)) if line.adopt else stated
            except SettingError:  # it could not have been stated then
                continue

    # ── an entry ─────────────────────────────────────────────────────────────────────────────

    def _first(self, entry: Entry, for_: Sequence[Spoken], against: Sequence[Spoken]) -> None:
        action = action_of(entry)
        reason = misfit(self._kinds, self._origins, action)
        if reason is not None:
            raise Broken(reason)
        kind = self._kinds[entry.title]
        _same_action(entry, for_, kind)
        for one in against:
            other = self._kinds.get(one.title)
            if other is None or not kind.exclusive or other.exclusive != kind.exclusive:
                raise Broken(f"a {one.title} says nothing against a {entry.title}")
        time = median_low([one.time for one in for_]) if for_ else 0
        if entry.time != time:
            raise Broken(f"its time is {entry.time}, that of the reports {time}")
        if not _equal(entry.details, merged(one.details for one in for_)):
            raise Broken("its details are not those of the reports")
        if entry.status != ("CONFIRMED" if len(for_) > 1 else "PROVISIONAL"):
            raise Broken(f"it is {entry.status} with {len(for_)} for it")
        state = self._timeline.state_before(entry.time, int(entry.entry_id))
        illegal = self._sport.illegal(state, action)
        if illegal is not None:
            raise Broken(f"the rules forbid it there: {illegal}")

    def _second(
        self, entry: Entry, before: Entry, for_: Sequence[Spoken], against: Sequence[Spoken]
    ) -> None:
        _unchanged(entry, before)
        if (before.status, entry.status) != ("PROVISIONAL", "CONFIRMED"):
            raise Broken(f"a second voice makes no {entry.status} of what is {before.status}")
        _same_action(entry, for_, self._kinds[entry.title])
        if len(for_) < 2 or len(for_) <= len(against):
            raise Broken(f"{len(for_)} for it and {len(against)} against it are not enough")

    def _correction(
        self,
        entry: Entry,
        before: Entry,
        by: By,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
    ) -> None:
        if entry.status != ("DELETED" if by == "delete" else "UPDATED"):
            raise Broken(f"votes to {by} do not make it {entry.status}")
        if by == "delete":
            _unchanged(entry, before)
            for one in for_:
                _wants_gone(one, entry)
            for one in against:
                if (one.title, one.origin) != (entry.title, entry.origin):
                    raise Broken(f"a vote against deleting it speaks of a {one.title}")
            return
        _unchanged(entry, before, "details")
        _titled([*for_, *against], "amend")
        for one in (*for_, *against):
            if str(one.details.get("entry")) != entry.entry_id:
                raise Broken(f"a vote amends entry {one.details.get('entry')!r}")
        for one in for_:
            changes = {name: value for name, value in one.details.items() if name != "entry"}
            if not _equal(entry.details, {**before.details, **changes}):
                raise Broken("its details are not what the votes change")

    def _score(self, score: dict[str, object]) -> None:
        if not _equal(score, self._sport.score(self._timeline.state)):
            raise Broken("the score is not the one that the entries lead to")


def _count(evidence: Evidence, for_: Sequence[Spoken], against: Sequence[Spoken]) -> None:
    counted = (len(for_), len(against))
    if (evidence.for_, evidence.against) != counted:
        raise Broken(
            f"it says {evidence.for_} for and {evidence.against} against; "
            f"there are votes of {counted[0]} and {counted[1]}"
        )
    if evidence.present < sum(counted):
        raise Broken(f"it says {evidence.present} present; {sum(counted)} voted")


def _accept(
    verdict: Verdict, for_: Sequence[Spoken], against: Sequence[Spoken], present: int
) -> None:
    ayes, noes = len(for_), len(against)
    if not verdict.accept(ayes, noes, max(present, ayes + noes)):
        raise Broken(f"{ayes} for and {noes} against of {present} are not enough by {verdict.name}")


def _titled(votes: Sequence[Spoken], title: str) -> None:
    for one in votes:
        if one.title != title:
            raise Broken(f"a vote says {one.title!r}, not {title!r}")


def _same_action(entry: Entry, for_: Sequence[Spoken], kind: Kind) -> None:
    for one in for_:
        if (one.title, one.origin) != (entry.title, entry.origin):
            raise Broken(f"a vote for it speaks of {one.title!r} of {one.origin!r}")
    times = [one.time for one in for_] or [0]
    # Each joined within a window of the mean, which strays at most one from the first: so two are
    # at most four apart, whatever was taken back in between.
    if max(times) - min(times) > 4 * kind.window * SECOND:
        seconds = (max(times) - min(times)) / SECOND
        raise Broken(f"votes for it are {seconds:,.0f} s apart, at most {4 * kind.window:g} can be")


def _wants_gone(one: Spoken, entry: Entry) -> None:
    """Check a vote to delete, or an undo that came too late to be anything else."""
    if one.title == "delete":
        if str(one.details.get("entry")) != entry.entry_id:
            raise Broken(f"a vote deletes entry {one.details.get('entry')!r}")
        return
    _titled([one], "undo")
    undone = one.undoes
    if undone is None or undone.n != one.details.get("n"):
        raise Broken("an undo names a report that is not there")
    if (undone.event.title, undone.event.origin) != (entry.title, entry.origin):
        raise Broken(f"an undo takes back a {undone.event.title}")


def _unchanged(entry: Entry, before: Entry, *but: str) -> None:
    """Check that a version says what the one before it said, but for some fields and all that
    tells of the version itself."""
    told = ("epoch", "seq", "status", "sent", "evidence", "text", "clock", "score", "headline")
    free = {name: getattr(entry, name) for name in (*told, "place", *but)}
    if not _equal(replace(before, **free), entry):
        raise Broken("it changes what its votes do not speak of")


def _doubt(entry: Entry, before: Entry) -> None:
    _unchanged(entry, before, "delay_status", "reason")
    if entry.delay_status != "RECONSTRUCTION_INACCURATE" or entry.status != "UPDATED":
        raise Broken("it is published again without votes")
    if not _equal(entry.evidence, before.evidence):
        raise Broken("its evidence changed without votes")


def _equal(one: object, other: object) -> bool:
    """Return whether two values are the same bytes on the wire; nothing equals 1 but 1, and NaN
    equals itself."""
    return msgspec.msgpack.encode(one, order="sorted") == msgspec.msgpack.encode(
        other, order="sorted"
    )
