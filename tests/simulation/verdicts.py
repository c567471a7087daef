"""What must hold of verdicts, judged from outside: by what is on the host's disk.

Which reports make up a claim is taken from the core, since that is matching and judged elsewhere.
What each report says, whether it was taken back, who had been shown what, who was asked and what
the answers were is read from the journal, and the counts of each entry are held against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from touchline.peer.host.event import records
from touchline.peer.host.event.claims import Claim
from touchline.peer.host.event.event import HostedEvent
from touchline.protocol.messages import Ask, Entry, Finished, Report, Said
from touchline.protocol.times import SECOND

from .violation import demand

WITHHELD = 6 * SECOND
"""Microseconds after which a reporter may have seen an entry that it reports."""

SETTLED = 30 * SECOND
"""Microseconds after which silence has had its say on a claim, wherever the host was served."""

ROUND = 29 * SECOND // 10
"""Microseconds between two rounds of questions about one claim, at the least; sooner where those
who were asked have said something: the same of what excludes it, or by themselves."""

STAGES: Mapping[str, frozenset[str]] = {
    "": frozenset({"PROVISIONAL", "CONFIRMED"}),
    "PROVISIONAL": frozenset({"PROVISIONAL", "CONFIRMED", "UPDATED", "DELETED"}),
    "CONFIRMED": frozenset({"UPDATED", "DELETED"}),
    "UPDATED": frozenset({"UPDATED", "DELETED"}),
    "DELETED": frozenset({"CONFIRMED"}),
    "deleted by votes": frozenset(),
}
"""Which version of an entry may follow which."""

Vote = tuple[str, int]
"""A peer, and the number of its report."""


class _Spoken(NamedTuple):
    """A report: when it came, how far its reporter had been shown claims, its place on disk, and
    when the epoch began in which it came."""

    received: int
    seen: int
    place: int
    began: int


class Verdicts:
    """Judges the verdicts of one event.

    Args:
        window: microseconds within which reports speak of one goal.
        forgers: ids of the peers whose signatures do not hold.
    """

    def __init__(self, window: int, forgers: frozenset[str] = frozenset()) -> None:
        self._window = window
        self.asked: dict[int, set[str]] = defaultdict(set)  # peers, by claim
        self._forgers = forgers
        self._verdict = ""
        self._epoch_began = 0  # wall time
        self._began = 0  # wall time at which the host last began to serve, or went on
        self._voters: list[str] = []  # peers by their numbers
        self._answering: dict[str, bool] = {}  # by peer: it said that it answers
        self._spoken: dict[Vote, _Spoken] = {}
        self._answers: dict[int, dict[str, bool]] = defaultdict(dict)  # by claim and peer
        self._withdrawn: set[Vote] = set()
        self._held_by: dict[Vote, int] = {}  # the open claims of votes as the last turn left them
        self._published: dict[str, int] = {}  # wall time of the first version, by entry
        self._stages: dict[str, str] = {}
        self._standing: dict[str, Entry] = {}  # by entry id
        self._counted = True  # the score is that of the goals: none was stated or confirmed
        self._until: int | None = None  # wall time; what is said after it no longer counts
        self._round_at: dict[int, int] = {}  # wall time of the newest questions, by claim
        self._round: dict[int, list[str]] = {}  # who was asked then
        self._said_at: dict[str, int] = {}  # wall time of the newest report, by peer
        self._corrected = False
        self._open: dict[int, Claim] = {}  # the open claims as the last turn left them, by number
        self._expired: list[Claim] = []  # of these, those that ended in this turn
        self._left_out: dict[int, set[str]] = defaultdict(set)  # peers, by claim
        # Versions of this turn that a verdict gave, and whose votes they leave out.
        self._judged: list[tuple[Entry, set[str]]] = []
        self._asked_now: list[tuple[int, str, int]] = []  # claim, peer, place on disk
        self._place = 0

    # ── what is on disk ──────────────────────────────────────────────────────────────────────

    def take(self, record: object, received: int) -> None:
        """Take a record in, but reports, of a turn at a wall time (microseconds)."""
        self._place += 1
        match record:
            case records.Began():
                self._verdict = record.verdict
                self._began = self._epoch_began = received
            case records.MemberAttached() if record.role == "reporter":
                if record.peer not in self._answering:
                    self._voters.append(record.peer)
                self._answering[record.peer] = record.answers
            case records.QuestionsAsked():
                self._take_questions(record, received)
            case records.ScoreConfirmed():
                self._counted = self._counted and not record.adopt
            case Finished():
                self._until = record.until if record.over else None
            case records.Uncounted():
                self._left_out[record.claim] = {self._voters[voter] for voter in record.voters}
            case records.Corrected():
                self._corrected = True
            case records.Expired():
                self._expired += [self._open[n] for n in (record.claim,) if n in self._open]
            case Entry():
                self._take_entry(record, received)

    def take_report(self, peer: str, said: Report | Said, received: int) -> None:
        """Take a report in that is new."""
        self._place += 1
        event, details = said.event, said.event.details or {}
        self._spoken[peer, said.n] = _Spoken(received, said.seen, self._place, self._epoch_began)
        self._said_at[peer] = received
        if event.title == "undo":
            undone = peer, details.get("n")
            if undone in self._held_by:
                self._withdrawn.add(undone)  # type: ignore[arg-type]  # it is a vote that is known
        elif event.title == "answer":
            claim, yes = details.get("claim"), details.get("yes")
            if isinstance(claim, int) and peer in self.asked[claim] and peer not in self._forgers:
                self._answers[claim][peer] = bool(yes)

    def _take_questions(self, record: records.QuestionsAsked, received: int) -> None:
        before = self._round_at.get(record.claim, 0)
        since = received - before
        waited = [
            one for one in self._round.get(record.claim, ()) if self._said_at.get(one, 0) < before
        ]
        again = f"{record.claim} is asked about again after {since / SECOND:.1f} s"
        demand(since >= ROUND or not waited, again)
        self._round_at[record.claim] = received
        self._round[record.claim] = [self._voters[voter] for voter in record.voters]
        for voter in record.voters:
            peer = self._voters[voter]
            demand(peer not in self.asked[record.claim], f"{peer} is asked twice of {record.claim}")
            demand(self._answering[peer], f"{peer} is asked, and never said that it answers")
            self.asked[record.claim].add(peer)
            self._asked_now.append((record.claim, peer, self._place))

    def _take_entry(self, entry: Entry, received: int) -> None:
        self._check_in_time(entry, received)
        self._check_alone(entry)
        self._check_score(entry)
        corrected, self._corrected = self._corrected, False
        before = self._stages.get(entry.entry_id, "")
        demand(
            entry.status in STAGES[before],
            f"entry {entry.entry_id} is {entry.status} after {before or 'nothing'}",
        )
        by_votes = corrected and entry.status == "DELETED"
        self._stages[entry.entry_id] = "deleted by votes" if by_votes else entry.status
        self._published.setdefault(entry.entry_id, received)
        if entry.by:
            return  # the owner has ruled, whatever the votes say
        if not before or (entry.status in ("CONFIRMED", "DELETED") and not corrected):
            self._judged.append((entry, self._left_out[int(entry.entry_id)]))

    def _check_alone(self, entry: Entry) -> None:
        """Of a goal that was for one side or the other one entry stands at most, at every seq."""
        self._standing.pop(entry.entry_id, None)
        if entry.status == "DELETED":
            return
        for other in self._standing.values():
            goals = entry.title == other.title == "goal" and entry.origin != other.origin
            near = abs(other.time - entry.time) <= self._window // 2
            demand(
                not (goals and near),
                f"entries {other.entry_id} and {entry.entry_id} stand beside each other",
            )
        self._standing[entry.entry_id] = entry

    def _check_score(self, entry: Entry) -> None:
        """The score is that of the goals that stand."""
        self._counted = self._counted and entry.title != "state"
        if self._counted:
            goals = [one.origin for one in self._standing.values() if one.title == "goal"]
            score = f"A {goals.count('A')}–{goals.count('B')} B"
            demand(
                entry.headline == score,
                f"seq {entry.seq} says {entry.headline}, the goals that stand make {score}",
            )

    def _check_in_time(self, entry: Entry, received: int) -> None:
        """Nothing that is said too long after the end changes anything."""
        if self._until is not None:
            demand(
                received <= self._until,
                f"seq {entry.seq} comes {(received - self._until) / SECOND:.0f} s too late",
            )

    def yes(self, entry_id: str) -> int:
        """Return how many said yes when they were asked whether an entry happened."""
        return sum(self._answers[int(entry_id)].values())

    # ── when a turn is on disk ───────────────────────────────────────────────────────────────

    def turn_over(self, core: HostedEvent) -> None:
        """Judge what a turn has led to, by the core as the turn has left it."""
        claims = {claim.number: claim for claim in core.by_entry.values()} | core.claims.open
        for entry, left_out in self._judged:
            self._check_counts(core, entry, claims[int(entry.entry_id)], left_out)
            if entry.status == "CONFIRMED":
                self._check_exclusive(core, claims[int(entry.entry_id)])
        for number, peer, place in self._asked_now:
            if number in claims:
                early = [one for one in self._votes(claims[number]) if one[0] == peer]
                spoke = any(
                    self._spoken[one].place < place and self._independent(one, number)
                    for one in early
                )
                demand(not spoke, f"{peer} is asked of {number}, and has spoken of it")
        for claim in claims.values():
            gone = self._withdrawn.intersection(self._votes(claim))
            demand(not gone, f"claim {claim.number} holds what was taken back: {gone}")
        self._held_by = {
            vote: claim.number for claim in core.claims.open.values() for vote in self._votes(claim)
        }
        self._open = dict(core.claims.open)
        self._expired.clear()
        self._judged.clear()
        self._asked_now.clear()

    def _check_counts(
        self, core: HostedEvent, entry: Entry, claim: Claim, left_out: set[str]
    ) -> None:
        """An entry counts the votes and answers that there are: each reporter once, none that only
        repeats what it was shown, and none that is left out, as may be where nothing opposes it."""
        yes, no = self._said(claim.number, yes=True), self._said(claim.number, yes=False)
        own = self._named(claim) - yes - no - left_out
        other = set().union(*map(self._speaking_for, core.rivals(claim))) - yes - no
        late = [claim, *core.rivals(claim)]
        held_up = set().union(*map(self._held_up, late)) - yes - no - left_out
        demand(not left_out or not other | no, f"entry {entry.entry_id} is opposed, and leaves out")
        both = own & other  # these may count for both, or for neither
        # A claim that has spoken against it may be gone since, or have gone before.
        gone = [one for one in self._expired if _exclude(one, claim)]
        # So may the suspicion that it repeats another: with a vote of the same turn for both.
        gone += [one for one in core.by_entry.values() if _repeats(one, claim)]
        perhaps = set().union(*map(self._speaking_for, gone)) - yes - no
        both |= own & perhaps
        for what, counted, least, most in (
            ("for", entry.evidence.for_, (own - both - held_up) | yes, own | held_up | yes),
            (
                "against",
                entry.evidence.against,
                (other - both - held_up) | no,
                other | perhaps | held_up | no,
            ),
        ):
            demand(
                len(least) <= counted <= len(most),
                f"entry {entry.entry_id} ({entry.status}) counts {counted} {what} it, there are"
                f" {sorted(most)}",
            )
        if entry.status == "CONFIRMED" and self._verdict == "evidence":
            voices = entry.evidence.for_
            demand(voices >= 2, f"entry {entry.entry_id} is confirmed by {voices}")

    def _check_exclusive(self, core: HostedEvent, claim: Claim) -> None:
        """What excludes a confirmed entry does not stand, unless the same reporters say both."""
        for rival in core.claims.rivals(claim):
            if self._stages.get(rival.entry_id, "") not in ("CONFIRMED", "UPDATED"):
                continue
            answered = self._answers[rival.number].keys()
            told = self._named(rival) | self._held_up(rival)
            alone = self._speaking_for(claim) - told - answered
            demand(
                not alone,
                f"entries {claim.entry_id} and {rival.entry_id} exclude each other, and both are"
                f" confirmed: {sorted(alone)} said only the former",
            )

    def _speaking_for(self, claim: Claim) -> set[str]:
        return self._named(claim) | self._said(claim.number, yes=True)

    def _said(self, number: int, *, yes: bool) -> set[str]:
        return {peer for peer, said in self._answers[number].items() if said is yes}

    def _named(self, claim: Claim) -> set[str]:
        """Return the peers that named a claim by themselves."""
        return {
            vote[0]
            for vote in self._votes(claim)
            if vote[0] not in self._forgers and self._independent(vote, claim.number)
        }

    def _held_up(self, claim: Claim) -> set[str]:
        """Return the peers whose reports waited while the host was away: they may have seen the
        entry, or not."""
        published = self._published.get(str(claim.number), 1 << 62)
        return {
            vote[0]
            for vote in self._votes(claim)
            if vote[0] not in self._forgers
            and self._spoken[vote].seen < claim.number
            and published < self._spoken[vote].began
        }

    def _votes(self, claim: Claim) -> list[Vote]:
        return [(self._voters[voter], n) for voter, n in claim.votes]

    def _independent(self, vote: Vote, number: int) -> bool:
        """Return whether a reporter could not know of a claim when it reported what it is of."""
        spoken = self._spoken[vote]
        published = self._published.get(str(number), spoken.received)
        return spoken.seen < number and spoken.received - published <= WITHHELD

    # ── what leaves the host, and the end ────────────────────────────────────────────────────

    def replied(self, peer: str, ask: Ask) -> None:
        """Judge a question: it is on disk, and it goes to those who answer."""
        demand(peer in self.asked[ask.claim], f"{peer} is asked of {ask.claim}, not on disk")
        demand(self._answering.get(peer), f"{peer} is asked, and never said that it answers")

    def goes_on(self, wall: int) -> None:
        """Note that the host has its lease again: claims wait for the reporters to come back."""
        self._began = wall

    def check_settled(self, core: HostedEvent, wall: int) -> None:
        """Insist that silence has had its say: of old entries none is provisional but what decides
        a result and is not opposed, and what one says who is alone."""
        if self._verdict != "evidence":
            return
        for claim in core.by_entry.values():
            age = wall - max(claim.received, self._began)
            if claim.standing != "PROVISIONAL" or age < SETTLED:
                continue
            case = core.case(claim)  # what was said against it may have been taken back since
            decides = claim.weight == "decisive" and not case.against
            alone = case.active <= 1
            demand(
                decides or alone or core.finished,
                f"entry {claim.entry_id} is provisional after {age / SECOND:.0f} s",
            )


def _exclude(one: Claim, other: Claim) -> bool:
    """Return whether two claims exclude each other, or the one may repeat the other."""
    kind, against = one.index.kind, other.index.kind
    if kind is None or against is None:
        return False
    reach = max(kind.window, against.window)
    if one.index is other.index:
        reach = kind.least_apart
    same_group = bool(kind.exclusive) and kind.exclusive == against.exclusive
    return same_group and abs(one.mean - other.mean) <= reach * SECOND


def _repeats(one: Claim, other: Claim) -> bool:
    """Return whether two claims are of the same, closer than that can happen twice."""
    kind = other.index.kind
    if kind is None or one is other or one.index is not other.index:
        return False
    return abs(one.mean - other.mean) < kind.least_apart * SECOND
