"""Is an entry the one that the verdict `evidence` gives, on what the host says it went by? Pure.

The votes and answers are signed; which reporters took part and were silent, whose keys came in one
burst, when votes came and when reporters were asked is the host's word. The rest is recomputed: the
case, the verdict, the counts, the time and its spread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median_low

from ..peer.grades.book import Book
from ..peer.host.event import thumbs
from ..peer.host.event.cases import LAST_WORD_SINCE, Weighed, case_of
from ..peer.host.event.evidence import counted
from ..peer.host.event.reputations import Reputations
from ..peer.host.event.verdict import Standing, Verdict
from ..protocol.messages import Entry
from ..protocol.times import EARLIEST, SECOND
from ..sports import Kind
from .lines import By, Signer, Weighing
from .votes import Broken, Spoken


@dataclass(frozen=True, slots=True)
class Voices:
    """What reporters said of an entry.

    Args:
        for_: named it, in the order of the votes.
        against: named what excludes it, or said yes to that.
        yes, no: answered a question about it.
    """

    for_: Sequence[Spoken]
    against: Sequence[Spoken]
    yes: Sequence[Spoken]
    no: Sequence[Spoken]


class WeighedVerdicts:
    """Recomputes the verdicts of a proof, in their order.

    Args:
        signers: the reporters that the proof names.
        book: by which they were weighed.
    """

    def __init__(self, signers: Iterable[Signer], book: Book) -> None:
        self._reputations = Reputations(book)
        self._numbers: dict[str, int] = {}
        for number, signer in enumerate(signers):
            self._numbers[signer.peer] = number
            self._reputations.look_up(number, signer.key)
        self._thumbs = thumbs.Thumbs()

    def match_by(self, edition: int) -> None:
        """Reckon times by an edition of the rules from now on, see `records.EDITION`."""
        self._thumbs.edition = edition

    def check(
        self,
        entry: Entry,
        before: Entry | None,
        by: By,
        voices: Voices,
        weighing: Weighing,
        kind: Kind,
        verdict: Verdict,
        edition: int,
    ) -> None:
        """Check how an entry stands, why, and when it happened.

        Args:
            entry, before: this version and the one before it; None: this is the first.
            by: `verdict` or `exclusive`.
            voices, weighing: what the verdict went by.
            kind: of the action.
            verdict: the policy.
            edition: of the rules of its epoch; see `records.EDITION`.

        Raises:
            Broken: it does not follow.
        """
        known = self._known(entry, voices, weighing, kind, edition)
        standing = _standing(before)
        case = case_of(known, self._reputations, kind.weight, standing)
        judged = verdict.judge(case).standing
        if by == "exclusive":
            if entry.status != "DELETED":
                raise Broken(f"it is {entry.status}, and gives way")
        elif judged != entry.status or judged == standing:
            raise Broken(f"it is {entry.status}; its votes make it {judged or 'no entry'}")
        seen = self._bits(weighing.seen) & ~(known.yes | known.no)
        latency = entry.evidence.latency_ms
        counts = counted(
            case.for_, case.against, case.active, latency, seen.bit_count(), case.together
        )
        if counts != entry.evidence:
            raise Broken("its counts are not those of its votes")
        if entry.status == "DELETED":
            if before is None or (entry.time, entry.spread) != (before.time, before.spread):
                raise Broken("it is taken back with another time")
            return
        time, spread = self._time(voices, weighing, before)
        if (entry.time, entry.spread) != (time, spread):
            raise Broken(f"its time is {entry.time}, that of the reports {time}")
        if entry.status == "CONFIRMED" and standing != "CONFIRMED":
            independent = _independent(voices, weighing)
            if all(_tapped(one) for one in independent):
                self._thumbs.learn(sorted(one.time for one in independent))

    def _known(
        self, entry: Entry, voices: Voices, weighing: Weighing, kind: Kind, edition: int
    ) -> Weighed:
        for one in (*voices.yes, *voices.no):
            if one.title != "answer" or not one.is_about(entry.entry_id):
                raise Broken("an answer is none to a question about it")
        if not all(one.details.get("yes") is True for one in voices.yes) or any(
            one.details.get("yes") is not False for one in voices.no
        ):
            raise Broken("an answer says something else")
        yes, no = self._of(voices.yes), self._of(voices.no)
        own = self._of(_independent(voices, weighing)) & ~(yes | no)
        other = self._of(voices.against) & ~(yes | no)
        unsure = own & other
        apart = self._apart(unsure, voices, kind)
        unsure &= ~apart if edition >= LAST_WORD_SINCE else 0
        first, last = self._changed(unsure, voices)
        own, other = own & ~first, other & ~(apart | last)
        silent, excused = self._bits(weighing.silent), self._bits(weighing.excused)
        said = own | other | yes | no
        if said & (silent | excused) or silent & excused:
            raise Broken("a reporter that spoke is among the silent")
        together = self._bits(weighing.together)
        if together and (own | yes) & ~together:
            raise Broken("a reporter that spoke is not of the burst that is one voice")
        return Weighed(
            own, other, yes, no, silent, excused, said | silent | excused,
            weighing.waiting, weighing.rival, weighing.age, weighing.silence, weighing.asked,
            together,
        )  # fmt: skip

    def _apart(self, unsure: int, voices: Voices, kind: Kind) -> int:
        """Return the bits of those who mean both, since they say them some time apart."""
        reach = int(kind.window * SECOND) // 2
        named = {one.signer.peer: one for one in voices.for_}
        bits = 0
        for one in voices.against:
            bit = self._of([one])
            if not bit & unsure or one.title == "answer":
                continue
            if abs(named[one.signer.peer].time - one.time) > reach:
                bits |= bit
        return bits

    def _changed(self, unsure: int, voices: Voices) -> tuple[int, int]:
        """Return the bits of those who said it first and then what excludes it, and who said it
        last: their last word counts."""
        named = {one.signer.peer: one for one in voices.for_}
        first = last = 0
        for one in voices.against:
            bit = self._of([one])
            if not bit & unsure or one.title == "answer":
                continue
            if named[one.signer.peer].place < one.place:
                first |= bit
            else:
                last |= bit
        return first, last

    def _time(self, voices: Voices, weighing: Weighing, before: Entry | None) -> tuple[int, int]:
        """Return when it happened and the spread of that, microseconds."""
        if not voices.for_ and before is not None:
            return before.time, before.spread  # all votes for it were taken back
        independent = _independent(voices, weighing)
        tapped = sorted(one.time for one in independent if _tapped(one))
        if 2 * len(tapped) > len(independent):
            time = max(thumbs.middle(tapped) - self._thumbs.delay, EARLIEST)
            return time, self._thumbs.spread(tapped)
        times = [one.time for one in independent] or [one.time for one in voices.for_]
        if not times:
            raise Broken("there is no vote for it")
        return median_low(times), 0

    def _of(self, spoken: Iterable[Spoken]) -> int:
        return self._bits(one.signer.peer for one in spoken)

    def _bits(self, peers: Iterable[str]) -> int:
        bits = 0
        for peer in peers:
            if peer not in self._numbers:
                raise Broken(f"{peer!r} is not among the reporters")
            bits |= 1 << self._numbers[peer]
        return bits


def _independent(voices: Voices, weighing: Weighing) -> list[Spoken]:
    seen = set(weighing.seen)
    return [one for one in voices.for_ if one.signer.peer not in seen]


def _tapped(one: Spoken) -> bool:
    """Return whether a report states the time of the tap itself."""
    return one.said.time == one.said.event.time


def _standing(before: Entry | None) -> Standing:
    if before is None:
        return ""
    return "CONFIRMED" if before.status == "UPDATED" else before.status
