"""The default policy: it weighs every voice and every silence, asks, and goes on learning.

A claim becomes PROVISIONAL when a quorum of those who are active says so, and CONFIRMED when the
evidence is complete: at once where more than half say so and nothing speaks against it; otherwise
when those who are active have had the time to speak, or were asked and have answered. It is DELETED
when the evidence turns. The more is at stake, the more is demanded.

Numbers are thousandths of log-likelihood and tenths of a second; `docs/decisions/0011` tells where
they come from.
"""

from __future__ import annotations

from typing import NamedTuple

from . import likelihood
from .case import EVERYBODY, NEVER, Case, Judgement
from .quorum import Quorum


class Bar(NamedTuple):
    """What a weight demands.

    `complete`: the evidence that is enough. `strong`: that is enough without a question, where
    nothing speaks against it. `late`: that is enough in the end, where nothing speaks against it.
    `end`: the age at which the claim is settled. `speak`: the age at which everybody has had the
    time to speak. `first`: how many are asked at a time.
    """

    complete: int
    strong: int
    late: int
    end: int
    speak: int
    first: int


BARS = {
    "action": Bar(3000, 4500, 0, 120, 30, 3),
    "point": Bar(3000, 4500, 500, 150, 30, 1),
    "decisive": Bar(4000, 6000, 4000, 200, 40, 3),
}

HOPELESS = -6000
"""A claim with less is not shown, and taken back where it was."""

TURNED = -1000
"""A confirmed entry with less is taken back."""

OPPOSED = 1500
"""More is demanded of a goal that is opposed."""

ASKED_FROM = 30
"""The age from which on reporters are asked, and the time between two rounds."""

OUT_OF_REACH = 2 * likelihood.ANSWER
"""A claim that is further behind an entry that excludes it is not asked about: a yes for the one
and a no to the other would not turn it, and the questions about that one decide."""

WORTH_ASKING = -3500
WORTH_ASKING_IN_DISPUTE = -8000
"""Evidence under which no more questions are asked."""


class WeighedEvidence:
    """The policy `evidence`.

    Args:
        alone: one reporter is enough, provisionally, where only one is present.
    """

    name = "evidence"
    learns = True

    def __init__(self, *, alone: bool = False) -> None:
        self._quorum = Quorum(alone=alone)

    def needed(self, present: int) -> int:
        """Return a third of `present`, see `Quorum`."""
        return self._quorum.needed(present)

    def accept(self, for_: int, against: int, present: int) -> bool:
        """Return whether a quorum agrees on a correction and more are for than against."""
        return self._quorum.accept(for_, against, present)

    def judge(self, case: Case) -> Judgement:
        """Return how a claim stands by all that is known of it."""
        said = likelihood.of(case)
        for_, against = case.for_, case.against
        if case.standing == "CONFIRMED":
            outdone = case.rival is not None and case.rival >= said and against > for_
            if said > TURNED and not outdone:
                return Judgement("CONFIRMED", said)
            return Judgement("DELETED", said)
        needed = self.needed(case.active)
        # Where nobody tells the other alone, all tell both: it excludes nothing.
        led = case.rival is not None and case.rival >= said and against > 0
        if (
            for_ >= max(2, needed)
            and for_ > against
            and not led
            and self._complete(case, said, for_, against)
        ):
            return Judgement("CONFIRMED", said)
        bar = BARS[case.weight]
        ask, quiet = self._questions(case, said), _quiet_until(case)
        if case.standing == "PROVISIONAL":
            if said <= HOPELESS or (case.age >= bar.end and not self._undecided(case, said)):
                return Judgement("DELETED", said)
            return Judgement("PROVISIONAL", said, ask, _half(case, for_), quiet)
        if case.standing == "DELETED":
            return Judgement("DELETED", said, ask, for_ + 1)
        if for_ >= needed and said > HOPELESS and case.age < bar.end and not led:
            return Judgement("PROVISIONAL", said, ask, _half(case, for_), quiet)
        return Judgement("", said, ask, max(needed, for_ + 1), quiet)

    @staticmethod
    def _complete(case: Case, said: int, for_: int, against: int) -> bool:
        """Return whether the evidence for a claim is complete, and enough."""
        bar = BARS[case.weight]
        active = case.active
        if not against and for_ >= _at_once(case.weight, active):
            return True
        happened = _happened(case)
        complete = bar.complete
        if case.weight == "decisive" and against and not happened:
            complete += OPPOSED
        if unanswered := _unanswered(case):
            complete = max(complete, bar.strong)
        if said >= complete:
            if not case.silent and not case.waiting:
                return True
            # Few who agree may have agreed before: they wait for those who say nothing.
            if case.age >= bar.speak and 2 * for_ >= active - case.excused:
                if said >= bar.strong and not against:
                    return True
                if case.asked is not None and not case.waiting:
                    return True
        if case.age < bar.end:
            return False
        if happened or active <= 4:
            return said >= 0
        return said >= (complete if against or unanswered else bar.late)

    @staticmethod
    def _undecided(case: Case, said: int) -> bool:
        """Return whether a claim whose time is up stays as it is, since too few could be asked."""
        # Somebody who is alone has the word until a second one comes.
        return case.active <= 1 or (case.weight == "decisive" and said > 0 and not case.against)

    def _questions(self, case: Case, said: int) -> int:
        """Return how many reporters are to be asked now."""
        bar = BARS[case.weight]
        if not ASKED_FROM <= case.age < bar.end:
            return 0
        if case.asked is not None and case.age - case.asked < ASKED_FROM:
            return 0
        if case.rival is not None and case.rival - said > OUT_OF_REACH:
            return 0
        open_to_doubt = case.rival is not None or case.asked is not None or _happened(case)
        dispute = case.for_ >= 2 and case.against >= 1 and open_to_doubt
        divided = dispute or self._divided(case)
        if said <= (WORTH_ASKING_IN_DISPUTE if divided else WORTH_ASKING):
            return 0
        # Where the evidence is enough as it is, one answer more settles a dispute.
        return EVERYBODY if dispute and said < bar.complete else bar.first

    def _divided(self, case: Case) -> bool:
        """Return whether a quorum saw something, and most of it this, though too few say so."""
        rivals = sum(case.rival_votes.values())
        return (
            bool(rivals) and case.for_ > rivals and case.for_ + rivals >= self.needed(case.active)
        )


def _happened(case: Case) -> bool:
    """Return whether several say what excludes it: one thing or the other has happened."""
    return sum(case.rival_votes.values()) >= 2


def _quiet_until(case: Case) -> int:
    """Return the age before which time alone changes nothing: 0 where silence may still speak, or
    something speaks against it, which may change."""
    if case.silent or case.excused or case.waiting or case.against or case.rival is not None:
        return 0
    end = BARS[case.weight].end
    return end if case.age < end else NEVER


def _unanswered(case: Case) -> bool:
    """Return whether reporters were asked of what decides, and nobody has said anything."""
    return case.weight == "decisive" and case.asked is not None and not (case.yes or case.no)


def _at_once(weight: str, active: int) -> int:
    """Return how many unopposed voices are enough at once: more than half, of what decides two
    thirds, since half of a crowd may take the same thing for a goal."""
    if weight == "decisive" and active > 3:
        return -(-2 * active // 3)
    return max(2, active // 2 + 1)


def _half(case: Case, for_: int) -> int:
    """Return the number of votes at which a provisional claim is to be judged again."""
    return max(for_ + 1, _at_once(case.weight, case.active))
