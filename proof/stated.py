"""What must follow from the votes on statements: a score, an interruption, a review. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median_low

import msgspec
from msgspec.structs import replace

from ..peer.host.event import thresholds
from ..peer.host.event.details import AsTyped
from ..protocol.errors import SettingError
from ..protocol.messages import Detail, Entry, ReviewOutcome
from ..sports import Score, Sport, State, statements
from ..sports.capabilities import Reviews
from ..timeline.states import LAST
from ..timeline.timeline import Timeline, action_of
from .votes import Broken, Spoken

RECENT = 200
"""States in which a score may have been read: before so many of the newest versions of entries."""


class ProvenStatements:
    """Checks the statements of a proof.

    Args:
        sport, origins: of the event.
        timeline: as far as the proof was read.
    """

    def __init__(self, sport: Sport, origins: Iterable[str], timeline: Timeline) -> None:
        self._sport = sport
        self._origins = list(origins)
        self._timeline = timeline
        self._states: list[State] = [timeline.state]

    def note(self) -> None:
        """Note the state after a version of an entry: from now on scores may be read in it."""
        self._states = [*self._states[1 - RECENT :], self._timeline.state]

    def first(self, entry: Entry, for_: Sequence[Spoken], against: Sequence[Spoken]) -> None:
        """Check the entry of a statement.

        Raises:
            Broken: it does not follow from the votes.
        """
        if entry.title != statements.TITLE or entry.origin or entry.status != "CONFIRMED":
            raise Broken("it is not the entry of a statement")
        reason = statements.unfit(self._sport, self._origins, action_of(entry))
        if reason is not None:
            raise Broken(reason)
        self._enough(for_, entry.evidence.present)
        time = median_low([one.time for one in for_])
        # Nobody states what is to come: the host takes such a time for its own.
        if not entry.time <= time:
            raise Broken(f"its time is {entry.time}, that of the votes {time}")
        subject = statements.subject(self._sport, entry.details)
        if not _equal(entry.details, AsTyped(None).merged(map(_said, for_))):
            raise Broken("its details are not those of the votes")
        _about(subject, [*for_, *against])
        if subject == statements.SCORE.name:
            self._score(entry, for_)
        elif entry.stated:
            raise Broken("it puts a score in force that it does not state")
        elif any(one.details[subject] != entry.details[subject] for one in for_):
            raise Broken(f"a vote states another {subject}")

    def review(self, entry: Entry, before: Entry, for_: Sequence[Spoken], present: int) -> None:
        """Check that an entry is under review, or no longer.

        Raises:
            Broken: that does not follow from the votes.
        """
        self._enough(for_, present)
        said = "begun" if entry.review else "over"
        for one in for_:
            details = one.details
            if one.title != statements.TITLE or details.get(statements.REVIEW.name) != said:
                raise Broken(f"a vote does not state that a review is {said}")
            if "entry" in details and not one.is_about(entry.entry_id):
                raise Broken(f"a vote states a review of entry {details.get('entry')!r}")
        if not _equal(replace(entry, evidence=before.evidence), entry):
            raise Broken("its evidence changed without votes on it")
        if entry.reviewed and (entry.review or entry.reviewed != self._outcome(entry)):
            raise Broken(f"its review has not come to {entry.reviewed!r}")

    def decided(self, entry: Entry, before: Entry) -> bool:
        """Return whether the outcome of a review follows from an entry that takes this one back, or
        that did so and is gone; or, of the review of what nobody reported, from what came of it;
        or nobody told it.

        Args:
            entry: the version with the outcome; of hosts of before, without it.
            before: the version before it.
        """
        if entry.reviewed == "untold":
            return bool(before.review) and not entry.review  # it says that the host heard nothing
        if before.review and (entry.review, entry.reviewed) == ("", "overturned"):
            return self._outcome(entry) == "overturned" or self._came_to(entry)
        outcome = self._outcome(entry)
        if entry.review or entry.reviewed not in ("", outcome):
            return False
        return outcome == "overturned" or before.reviewed == "overturned"

    def _came_to(self, entry: Entry) -> bool:
        """Return whether something stands that the review of what nobody reported can have been of:
        a penalty, a sending-off, of its time or later."""
        if entry.title != statements.TITLE or not isinstance(self._sport, Reviews):
            return False
        found = (
            self._timeline.alike(title, origin)
            for title in self._sport.reviewed
            for origin in ("", *self._origins)
        )
        return any(alike[-1].time >= entry.time for alike in found if alike)

    def _outcome(self, entry: Entry) -> ReviewOutcome:
        return "overturned" if self._timeline.is_taken_back(entry) else "upheld"

    def _score(self, entry: Entry, for_: Sequence[Spoken]) -> None:
        before = self._timeline.state_before(entry.time, LAST)
        for one in for_:
            text = str(one.details.get("score", ""))
            if not any(_equal(score, entry.stated) for score in self._readings(text, before)):
                raise Broken(f"{text!r} is not the score that is put in force")

    def _readings(self, text: str, before: State) -> Iterator[Score]:
        """Yield what a stated score can have led to, the latest reading first."""
        for state in reversed(self._states):
            try:
                stated = self._sport.read_score(state, text)
                yield self._sport.score(self._sport.adopt(before, stated))
            except SettingError:  # it could not have been stated then
                continue

    @staticmethod
    def _enough(for_: Sequence[Spoken], present: int) -> None:
        if len(for_) < min(thresholds.LEAST, present) or not for_:
            raise Broken(f"{len(for_)} of {present} are not enough for a statement")


def _said(vote: Spoken) -> dict[str, Detail]:
    """Return what a vote states; an empty `entry` means that it is of none that there is."""
    return {name: value for name, value in vote.details.items() if (name, value) != ("entry", "")}


def _about(subject: str, votes: Sequence[Spoken]) -> None:
    """Check that votes are statements of one subject; a confirmation is one of the score."""
    for one in votes:
        is_score = subject == statements.SCORE.name and one.title == "confirm"
        if not is_score and (one.title != statements.TITLE or subject not in one.details):
            raise Broken(f"a {one.title} states nothing of the {subject}")


def _equal(one: object, other: object) -> bool:
    return msgspec.msgpack.encode(one, order="sorted") == msgspec.msgpack.encode(
        other, order="sorted"
    )
