"""Which reports speak of the same action: claims, and their index by action and origin.

A report matches a claim when action and origin are the same, the time is within the kind's window,
and its reporter has not voted in the claim: a second report of the same thing by one reporter is a
second occurrence, unless it is a double tap. Actions that say the same of one happening
(`Kind.same`) are in one index. The nearest claim is taken. Of those that are equally near as far as
people can tell (within a quarter of the window), it is one with the report's own title, and of
these the one with most voters, since the few that a slip leaves beside it would otherwise split the
crowd. Distance is measured to the mean of the claim's times; the entry's time is their median. The
mean stays within a window of the first time, so that no chain of reports drags a claim along. It is
not reckoned for each report: one within half a window of the first time matches where all votes so
far are.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ....protocol import limits
from ....protocol.errors import Overloaded
from ....protocol.messages import Detail, Report, Said
from ....protocol.times import SECOND
from ....sports import Kind
from ....sports.sport import Weight
from .details import DetailRules, Identity
from .thumbs import middle
from .titles import ranked
from .verdict.case import Standing

DOUBLE_TAP_SECONDS = 0.6
"""A reporter that says a thing again so soon has tapped twice; on the event's clock."""


AGAIN_SINCE = 11
"""The edition of the rules, see `records.EDITION`, since which a reporter that says a thing again
with a further detail, in a third of the time in which it can happen twice, says the same again: a
goal, and its scorer some seconds later. The last word counts. Thumbs are uneven, so that it is not
the whole of that time. With another name it may be another goal, as before."""


class Repeat(NamedTuple):
    """A report that is no vote, since its reporter's vote is another of the same thing.

    `time`: its event time, microseconds. `said`: the report, where its signature is not verified.
    """

    n: int
    time: int
    title: str
    details: Mapping[str, Detail] | None
    said: Report | Said | None


class Claim:
    """The reports that speak of one action.

    Args:
        number: counts the event's claims from 1; the entry's id if it becomes one.
        index: the claims of the same action and origin.
        time: event time of the first report, microseconds.
        identity: see `Identity`.
        received: wall time at which the first report arrived, microseconds.
    """

    __slots__ = (
        "_mean",
        "_summed",
        "_total",
        "amended",
        "anchor",
        "answers",
        "asked",
        "asked_round",
        "begun_by",
        "dependent",
        "details",
        "entry_id",
        "exact",
        "final",
        "held",
        "high",
        "identity",
        "implied",
        "index",
        "isolated",
        "joined",
        "kept_waiting",
        "late",
        "left_out",
        "look_at",
        "looked",
        "looks",
        "low",
        "near_from",
        "near_until",
        "no",
        "number",
        "ordered",
        "published",
        "quiet_until",
        "quiet_with",
        "received",
        "repeats",
        "seq",
        "standing",
        "times",
        "titles",
        "total",
        "until",
        "unverified",
        "unverified_answers",
        "voters",
        "votes",
        "yes",
    )

    def __init__(
        self, number: int, index: ClaimIndex, time: int, identity: Identity, received: int
    ) -> None:
        self.number = number
        self.index = index
        self.anchor = time
        self.low = time - index.window
        self.high = time + index.window
        # As long as all votes are within these times, each report within them matches, unless its
        # reporter has voted or another claim is near.
        self.near_from = time - index.window // 2
        self.near_until = time + index.window // 2
        self._mean = time
        self._total = 0  # of the first `_summed` times
        self._summed = 0
        self.late = 0  # the votes since it is an entry, the last ones: they move it no more
        self.times: list[int] = []
        self.ordered: list[int] = []  # the times, the earliest first; see `in_order`
        self.identity = identity
        self.received = received
        # Bit i is set when reporter number i has voted; `votes` keeps (number, n) in order, `times`
        # the times in the same order. A bit mask makes "has this reporter voted?" and "how many
        # rivals' voters are not ours?" one machine operation each.
        self.voters = 0
        self.votes: list[tuple[int, int]] = []
        self.details: dict[int, Mapping[str, Detail]] = {}  # by voter, where there are any
        self.titles: dict[int, str] = {}  # by voter, where the index has several
        self.repeats: dict[int, list[Repeat]] = {}  # by voter: further reports, which are no votes
        self.unverified: dict[int, Report | Said] = {}  # by voter: signed, not yet verified
        self.unverified_answers: dict[int, Report | Said] = {}  # likewise
        self.begun_by = -1  # number of the reporter whose report was the first
        self.until = 0.0  # monotonic; when it expires, pushed out by each vote
        self.amended: dict[str, Detail] = {}  # the details of its entry that votes amended
        self.entry_id = ""  # set when it is accepted
        self.seq = 0  # of its entry's first publication
        self.isolated = True  # no other claim of its index can be near a report that is near it
        self.standing: Standing = ""
        self.final = False  # its entry is settled: reporters voted to delete it, or the owner ruled
        self.implied = False  # its entry is there since another one needs it, see `implied`
        self.published = 0  # wall time at which its entry was first published
        self.look_at = 0  # it is judged once it has so many votes
        # Before this age (tenths of a second) time alone changes nothing, as long as these bits are
        # those of the reporters that take part.
        self.quiet_until = 0
        self.quiet_with = 0
        self.looks = 0  # how often it was looked at although nothing was said
        self.looked = 0.0  # monotonic; when it was looked at last
        # Bits, as in `voters`: who spoke after they had been shown that others do; who stated a
        # time other than that of the report; who answered a question.
        self.dependent = 0
        self.exact = 0
        self.yes = 0
        self.no = 0
        self.answers: dict[int, int] = {}  # by voter: the number of the report that answers
        self.asked: dict[int, int] = {}  # by voter: wall time of the question
        self.left_out = 0  # bits: whose votes its entry does not count, see `Signatures`
        self.asked_round = 0  # wall time at which reporters were last asked; 0: not yet
        # Claims that can't stand beside its entry: what is said of it may let them in.
        self.kept_waiting: list[Claim] = []
        self.joined = False  # the operator was told that those who said it are one voice
        self.held = ""  # why the sport's rules forbid it although enough agree

    def add_vote(
        self, voter: int, bit: int, n: int, time: int, details: Mapping[str, Detail] | None
    ) -> None:
        """Add one reporter's vote."""
        self.voters |= bit
        self.votes.append((voter, n))
        self.times.append(time)
        if details:
            self.details[voter] = details

    def add_late_vote(
        self, voter: int, bit: int, n: int, time: int, details: Mapping[str, Detail] | None
    ) -> None:
        """Add a vote to a claim that is an entry already: it moves the claim no more."""
        # As `add_vote`, without the call: most reports of a crowd come this way.
        self.voters |= bit
        self.votes.append((voter, n))
        self.times.append(time)
        if details:
            self.details[voter] = details
        self.late += 1

    def let_go(self) -> list[Claim]:
        """Return the claims that waited for its entry to give way; they are to be decided anew."""
        waiting, self.kept_waiting = self.kept_waiting, []
        return waiting

    @property
    def mean(self) -> int:
        """The mean of the times that move it, within a window of the first one."""
        moving = len(self.times) - self.late
        if self._summed < moving:
            self._total += sum(self.times[self._summed : moving])
            self._summed = moving
            self._mean = max(self.low, min(self._total // moving, self.high))
        return self._mean

    def spread_out(self) -> None:
        """Match reports by the mean from now on: a vote is further from the first one."""
        self.near_until = self.near_from - 1

    def withdraw(self, voter: int, bit: int) -> int:
        """Take a reporter's vote out with all that it said; return the number of the report."""
        self._mean = self.mean  # which stays where none is left
        self.voters &= ~bit
        place = [one for one, _ in self.votes].index(voter)
        _, n = self.votes.pop(place)
        self.titles.pop(voter, None)
        self.details.pop(voter, None)
        self.unverified.pop(voter, None)
        del self.times[place]
        self.ordered = []
        self.dependent &= ~bit
        self.exact &= ~bit
        self.left_out &= ~bit
        if place > len(self.times) - self.late:
            self.late -= 1  # it did not move the claim
        else:
            self._total = self._summed = 0
        return n

    def withdraw_answer(self, voter: int, bit: int) -> int:
        """Take a reporter's answer out; return the number of the report."""
        self.yes &= ~bit
        self.no &= ~bit
        self.unverified_answers.pop(voter, None)
        return self.answers.pop(voter)

    @property
    def time(self) -> int:
        """The median of the reports' event times, the lower of two."""
        return middle(self.in_order(self.voters))

    @property
    def weight(self) -> Weight:
        """What is at stake, see `sports.Kind`."""
        kind = self.index.kind
        if kind is None:
            return "action"
        return self.index.kinds[self.title].weight if self.titles else kind.weight

    @property
    def title(self) -> str:
        """What most votes call it; of a claim that can have one title only, that one."""
        return self.titled(0)[0]

    def titled(self, on_probation: int) -> list[str]:
        """Return the titles that votes give it, that of most votes first.

        Args:
            on_probation: the bits of the reporters whose votes do not count.
        """
        if not self.titles:
            return [self.index.title]
        said = [one for voter, one in self.titles.items() if not on_probation >> voter & 1]
        return ranked(said, self.index.titles) if said else [self.index.title]

    def vote_of(self, voter: int) -> tuple[int, int]:
        """Return the number and the event time of the report that is a reporter's vote."""
        place = [one for one, _ in self.votes].index(voter)
        return self.votes[place][1], self.times[place]

    def add_repeat(self, voter: int, again: Repeat) -> None:
        """Keep a report of a voter that is no vote.

        Raises:
            Overloaded: there are too many.
        """
        of_voter = self.repeats.setdefault(voter, [])
        if len(of_voter) >= limits.ALIKE_CLAIMS:
            raise Overloaded(
                f"you have reported the same {len(of_voter)} times within a moment, at most"
                f" {limits.ALIKE_CLAIMS} allowed"
            )
        of_voter.append(again)

    def says_more(self, voter: int, details: Mapping[str, Detail]) -> bool:
        """Return whether details say what a reporter's vote says, and more."""
        said = self.details.get(voter, {})
        return said.items() <= details.items() and len(said) < len(details)

    def replace_vote(self, voter: int, by: Repeat) -> None:
        """Let another report be the vote of its reporter; the vote becomes a repeat.

        Raises:
            Overloaded: there are too many.
        """
        place = [one for one, _ in self.votes].index(voter)
        before = Repeat(
            self.votes[place][1],
            self.times[place],
            self.titles.get(voter, self.index.title),
            self.details.get(voter),
            self.unverified.get(voter),
        )
        self.add_repeat(voter, before)
        self.details.pop(voter, None)
        self.unverified.pop(voter, None)
        self.votes[place] = voter, by.n
        self.times[place] = by.time
        self.ordered = []
        if self.titles:
            self.titles[voter] = by.title
        if by.details:
            self.details[voter] = by.details
        if by.said is not None and by.said.signature:
            self.unverified[voter] = by.said
        self._total = self._summed = 0
        self.spread_out()

    def undo_repeat(self, voter: int, n: int) -> bool:
        """Take back one of several reports in which a reporter said the same; return whether there
        were several, of which another is the vote now."""
        again = self.repeats.get(voter)
        if not again:
            return False
        if (voter, n) in self.votes:
            self.replace_vote(voter, again.pop())
        self.repeats[voter] = [one for one in self.repeats[voter] if one.n != n]
        return True

    def said_in(self, voter: int, n: int) -> bool:
        """Return whether a reporter's report of this number is the vote, or says the same."""
        again = self.repeats.get(voter, ())
        return (voter, n) in self.votes or any(one.n == n for one in again)

    @property
    def independent(self) -> int:
        """The bits of the reporters that said it before anything showed them that others do."""
        return self.voters & ~self.dependent

    @property
    def spoken(self) -> int:
        """The bits of the reporters that said what they think, by themselves or when asked."""
        return self.independent | self.yes | self.no

    def merged(self) -> dict[str, Detail]:
        """Return what all votes say, see `DetailRules`, and what was amended."""
        said = self.index.rules.merged(self.details.values()) if self.details else {}
        return said | self.amended

    def times_of(self, bits: int) -> list[int]:
        """Return the event times that some reporters stated, in the order of their votes."""
        if self.voters & bits == self.voters:
            return self.times
        votes = zip(self.votes, self.times, strict=True)
        return [time for (voter, _), time in votes if bits >> voter & 1]

    def in_order(self, bits: int) -> list[int]:
        """Return the event times that some reporters stated, the earliest first; not to be changed.

        All that a verdict leads to asks for the times of all voters, which are sorted once.
        """
        if self.voters & ~bits:
            return sorted(self.times_of(bits))
        if len(self.ordered) != len(self.times):
            self.ordered = sorted(self.times)
        return self.ordered

    def agreed(self, on_probation: int) -> tuple[int, dict[str, Detail]]:
        """Return the median of the times, and the merged details, of the votes that count.

        Args:
            on_probation: the bits of the reporters whose votes do not.
        """
        return self.agreed_time(on_probation), self.agreed_details(on_probation)

    def agreed_time(self, on_probation: int) -> int:
        """Return the median of the times (microseconds) of the votes that count; see `agreed`."""
        counting = self.in_order(~(on_probation | self.dependent))
        return middle(counting or self.in_order(self.voters) or [self.mean])

    def agreed_details(self, on_probation: int) -> dict[str, Detail]:
        """Return the merged details of the votes that count; see `agreed`."""
        if not self.voters & on_probation:
            return self.merged()
        details = (said for voter, said in self.details.items() if not on_probation >> voter & 1)
        return self.index.rules.merged(details) | self.amended


class ClaimIndex:
    """The claims of one action and origin, in order of their first report's time.

    Args:
        title, origin: what the claims are of; of several titles the first.
        kind: the sport's kind of this title, or None for votes on an entry or the event (delete,
            amend, end, confirm), of which there is one claim at any time, whatever time they state.
        key: what else tells such votes from others, such as the score that is confirmed.
        rules: how details are compared.
        kinds: where several titles say the same of one happening, the kinds of all of them, in the
            sport's order.
    """

    __slots__ = (
        "_anchors",
        "_claims",
        "detailed",
        "double_tap",
        "equally_near",
        "key",
        "kind",
        "kinds",
        "needs_no_details",
        "origin",
        "recent",
        "rephrased",
        "rules",
        "title",
        "titles",
        "window",
        "without_identity",
    )

    def __init__(
        self,
        title: str,
        origin: str,
        kind: Kind | None,
        key: str = "",
        *,
        rules: DetailRules,
        kinds: Sequence[Kind] = (),
    ) -> None:
        self.rules = rules
        self.kinds = {one.title: one for one in kinds}
        self.titles = tuple(self.kinds)  # empty where there is one title only
        # Microseconds of the event's clock in which a reporter says a thing once, in the same word
        # or in another; 0: as often as it is said, which is the rule of release 0.1.
        self.double_tap = self.rephrased = self.detailed = 0
        self.title = title
        self.origin = origin
        self.kind = kind
        self.key = key
        self.window = int(kind.window * SECOND) if kind else 1 << 62  # microseconds
        self.equally_near = self.window // 4 if kind else 0
        # A report that says nothing but action and origin is right as it is.
        self.needs_no_details = kind is not None and not any(
            detail.required for one in (kinds or (kind,)) for detail in one.details
        )
        self.without_identity = kind is None or not kind.identity  # no detail tells claims apart
        self._anchors: list[tuple[int, int]] = []
        self._claims: dict[int, Claim] = {}
        self.recent: Claim | None = None  # the claim that was found or added last

    def note_repeats(self, edition: int) -> None:
        """Take a double tap for one vote from now on, and another word for the same thing as well,
        in the time in which no second such thing can happen.

        Args:
            edition: of the rules, see `AGAIN_SINCE`.
        """
        if self.kind is not None:
            apart = round(self.kind.least_apart * SECOND)
            self.double_tap = round(DOUBLE_TAP_SECONDS * SECOND)
            if edition >= AGAIN_SINCE and self.without_identity:
                self.detailed = min(apart // 3, self.window)
            self.detailed = max(self.double_tap, self.detailed)
            # What can happen once in a long time can be followed by what has another of its words.
            reach = min(apart, 2 * self.window) if edition >= AGAIN_SINCE else apart
            self.rephrased = max(self.double_tap, reach if self.titles else 0)

    def identity(self, details: Mapping[str, Detail] | None) -> Identity:
        """Return the identity that a report's details give."""
        return () if self.without_identity else self.rules.identity(details or {})

    def add(self, claim: Claim) -> None:
        """Put a new claim in."""
        # From anchor to mean, mean to report, report to mean, mean to anchor: a window each.
        reach = 4 * self.window
        first = bisect_left(self._anchors, (claim.anchor - reach, 0))
        last = bisect_left(self._anchors, (claim.anchor + reach + 1, 0))
        for _, number in self._anchors[first:last]:
            self._claims[number].isolated = claim.isolated = False
        self.recent = claim
        insort(self._anchors, (claim.anchor, claim.number))
        self._claims[claim.number] = claim

    def remove(self, claim: Claim) -> None:
        """Take a claim out, so that no report matches it any more."""
        if self.recent is claim:
            self.recent = None
        del self._anchors[bisect_left(self._anchors, (claim.anchor, claim.number))]
        del self._claims[claim.number]

    def near(self, time: int, reach: int) -> list[Claim]:
        """Return the claims whose mean may lie within `reach` microseconds of a time."""
        # A mean strays at most a window from its anchor.
        first = bisect_left(self._anchors, (time - reach - self.window, 0))
        last = bisect_left(self._anchors, (time + reach + self.window + 1, 0))
        return [self._claims[number] for _, number in self._anchors[first:last]]

    def _nearest(self, time: int) -> Claim | None:
        """Return the claim whose first report is nearest in time."""
        anchors = self._anchors
        place = bisect_left(anchors, (time, 0))
        if place and (
            place == len(anchors) or time - anchors[place - 1][0] <= anchors[place][0] - time
        ):
            place -= 1
        return self._claims[anchors[place][1]] if anchors else None

    def find(
        self,
        time: int,
        bit: int,
        identity: Identity,
        title: str = "",
        details: Mapping[str, Detail] | None = None,
    ) -> Claim | None:
        """Return the nearest claim that a report matches; None where it begins one, or says again
        what its reporter has said: see `said_before`.

        Args:
            time: event time of the report, microseconds.
            bit: its reporter's.
            identity: what its details give.
            title: its own, where the index has several.
            details: that it says.
        """
        alone = self._nearest(time)
        if (
            alone is not None
            and alone.isolated
            and not alone.voters & bit
            and (alone.identity == identity or self.rules.fit(alone.identity, identity))
        ):
            # What the search below finds, without the search.
            if alone.near_from <= time <= alone.near_until:
                self.recent = alone
                return alone
            if -self.window <= time - alone.mean <= self.window:
                self.recent = alone
                alone.spread_out()
                return alone
        near = self.near(time, max(self.window, self.rephrased))
        if self._said_in(near, time, bit, identity, title, details) is not None:
            return None
        fitting = [
            (abs(time - claim.mean), claim)
            for claim in near
            if abs(time - claim.mean) <= self.window
            and not claim.voters & bit
            and (claim.identity == identity or self.rules.fit(claim.identity, identity))
        ]
        if not fitting:
            return None
        reach = min(distance for distance, _ in fitting) + self.equally_near
        best = max(
            (pair for pair in fitting if pair[0] <= reach),
            key=lambda pair: (
                not self.titles or pair[1].title == title,
                len(pair[1].votes),
                -pair[0],
                -pair[1].number,
            ),
        )[1]
        self.recent = best
        if not best.near_from <= time <= best.near_until:
            best.spread_out()
        return best

    def said_before(
        self,
        time: int,
        bit: int,
        identity: Identity,
        title: str = "",
        details: Mapping[str, Detail] | None = None,
    ) -> Claim | None:
        """Return the claim in which a reporter has said what it says now, or None.

        It is a double tap within a moment, and another word for the same within the time in which
        no second such thing can happen. With further details it may be some time later.

        Args:
            time, bit, identity, title, details: see `find`.
        """
        near = self.near(time, max(self.window, self.rephrased))
        return self._said_in(near, time, bit, identity, title, details)

    def _said_in(
        self,
        near: list[Claim],
        time: int,
        bit: int,
        identity: Identity,
        title: str,
        details: Mapping[str, Detail] | None,
    ) -> Claim | None:
        if not self.double_tap:
            return None
        for claim in near:
            if claim.voters & bit and (
                claim.identity == identity or self.rules.fit(claim.identity, identity)
            ):
                voter = bit.bit_length() - 1
                same = claim.titles.get(voter, title) == title
                reach = self.double_tap if same else self.rephrased
                if same and details and claim.says_more(voter, details):
                    reach = self.detailed
                if abs(time - claim.vote_of(voter)[1]) <= reach:
                    return claim
        return None
