"""Which reports speak of the same action: claims, and their index by action and origin.

A report matches a claim when action and origin are the same, the time is within the kind's window,
and its reporter has not voted in the claim: a second report of the same thing by one reporter is a
second occurrence. The nearest claim is taken. Of those that are equally near as far as people can
tell (within a quarter of the window), it is the one with most voters, since the few that a double
tap leaves beside it would otherwise split the crowd. Distance is measured to the mean of the
claim's times, which costs one addition a report; the entry's time is their median. The mean stays
within a window of the first time, so that no chain of reports drags a claim along.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from statistics import median_low

from ....protocol import limits
from ....protocol.errors import BadReport, Overloaded
from ....protocol.messages import Detail, Report, Said
from ....protocol.times import SECOND
from ....sports import Kind

WORDS = frozenset({"delete", "amend", "undo", "end", "confirm"})
"""The titles of votes on what is there already; no action of a sport is called so."""

Identity = tuple[Detail | None, ...]
"""The values of a kind's identity details; None where a report leaves one out."""


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
        "anchor",
        "begun_by",
        "details",
        "entry_id",
        "held",
        "high",
        "identity",
        "index",
        "isolated",
        "low",
        "mean",
        "number",
        "provisional",
        "received",
        "seq",
        "times",
        "total",
        "until",
        "unverified",
        "voters",
        "votes",
    )

    def __init__(
        self, number: int, index: ClaimIndex, time: int, identity: Identity, received: int
    ) -> None:
        self.number = number
        self.index = index
        self.anchor = time
        self.low = time - index.window
        self.high = time + index.window
        self.mean = time
        self.total = 0
        self.times: list[int] = []
        self.identity = identity
        self.received = received
        # Bit i is set when reporter number i has voted; `votes` keeps (number, n) in order, `times`
        # the times in the same order. A bit mask makes "has this reporter voted?" and "how many
        # rivals' voters are not ours?" one machine operation each.
        self.voters = 0
        self.votes: list[tuple[int, int]] = []
        self.details: dict[int, Mapping[str, Detail]] = {}  # by voter, where there are any
        self.unverified: dict[int, Report | Said] = {}  # by voter: signed, not yet verified
        self.begun_by = -1  # number of the reporter whose report was the first
        self.until = 0.0  # monotonic; when it expires, pushed out by each vote
        self.entry_id = ""  # set when it is accepted
        self.seq = 0  # of its entry's first publication
        self.isolated = True  # no other claim of its index can be near a report that is near it
        self.provisional = False  # its entry waits for a second reporter
        self.held = ""  # why the sport's rules forbid it although enough agree

    def add_vote(
        self, voter: int, bit: int, n: int, time: int, details: Mapping[str, Detail] | None
    ) -> None:
        """Add one reporter's vote."""
        self.voters |= bit
        self.votes.append((voter, n))
        self.times.append(time)
        self.total += time
        self.mean = mean = self.total // len(self.times)
        if not self.low <= mean <= self.high:
            self.mean = self.low if mean < self.low else self.high
        if details:
            self.details[voter] = details

    def add_late_vote(self, voter: int, bit: int, n: int) -> None:
        """Add a vote to a claim that is an entry already: its time and details change nothing."""
        self.voters |= bit
        self.votes.append((voter, n))

    def withdraw(self, voter: int, bit: int) -> int:
        """Take a reporter's vote out with all that it said; return the number of the report."""
        self.voters &= ~bit
        place = [one for one, _ in self.votes].index(voter)
        _, n = self.votes.pop(place)
        self.details.pop(voter, None)
        self.unverified.pop(voter, None)
        if place >= len(self.times):  # a late vote, which has no time
            return n
        self.total -= self.times.pop(place)
        if self.times:
            self.mean = max(self.low, min(self.total // len(self.times), self.high))
        return n

    @property
    def time(self) -> int:
        """The median of the reports' event times, the lower of two."""
        return median_low(self.times)

    def merged(self) -> dict[str, Detail]:
        """Return each detail's most reported value; of equals the first reported."""
        return merged(self.details.values())

    def agreed(self, on_probation: int) -> tuple[int, dict[str, Detail]]:
        """Return the median of the times, and the merged details, of the votes that count.

        Args:
            on_probation: the bits of the reporters whose votes do not.
        """
        if not self.voters & on_probation:
            return self.time, self.merged()
        votes = zip(self.votes, self.times, strict=False)  # late votes have no time
        times = [time for (voter, _), time in votes if not on_probation >> voter & 1]
        details = (said for voter, said in self.details.items() if not on_probation >> voter & 1)
        return median_low(times), merged(details)


def merged(reports: Iterable[Mapping[str, Detail]]) -> dict[str, Detail]:
    """Return the most reported value of each detail that any report names, of equals the first."""
    counts: dict[str, dict[Detail, int]] = {}
    for details in reports:
        for name, value in details.items():
            values = counts.setdefault(name, {})
            values[value] = values.get(value, 0) + 1
    return {name: max(values, key=values.__getitem__) for name, values in sorted(counts.items())}


class ClaimIndex:
    """The claims of one action and origin, in order of their first report's time.

    Args:
        title, origin: what the claims are of.
        kind: the sport's kind, or None for votes on an entry or the event (delete, amend, end,
            confirm), of which there is one claim at any time, whatever time they state.
        key: what else tells such votes from others, such as the score that is confirmed.
    """

    __slots__ = (
        "_anchors",
        "_claims",
        "equally_near",
        "key",
        "kind",
        "needs_no_details",
        "origin",
        "recent",
        "title",
        "window",
        "without_identity",
    )

    def __init__(self, title: str, origin: str, kind: Kind | None, key: str = "") -> None:
        self.title = title
        self.origin = origin
        self.kind = kind
        self.key = key
        self.window = int(kind.window * SECOND) if kind else 1 << 62  # microseconds
        self.equally_near = self.window // 4 if kind else 0
        # A report that says nothing but action and origin is right as it is.
        self.needs_no_details = kind is not None and not any(
            detail.required for detail in kind.details
        )
        self.without_identity = kind is None or not kind.identity  # no detail tells claims apart
        self._anchors: list[tuple[int, int]] = []
        self._claims: dict[int, Claim] = {}
        self.recent: Claim | None = None  # the claim that was found or added last

    def identity(self, details: Mapping[str, Detail] | None) -> Identity:
        """Return the identity that a report's details give."""
        if self.without_identity or self.kind is None:
            return ()
        return tuple((details or {}).get(name) for name in self.kind.identity)

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

    def find(self, time: int, bit: int, identity: Identity) -> Claim | None:
        """Return the nearest claim that a report matches, or None.

        Args:
            time: event time of the report, microseconds.
            bit: its reporter's.
            identity: what its details give.
        """
        recent = self.recent
        if (
            recent is not None
            and recent.isolated
            and not recent.voters & bit
            and -self.window <= time - recent.mean <= self.window
            and (recent.identity == identity or _fits(recent.identity, identity))
        ):
            return recent  # what the search below finds, without the search: most reports
        fitting = [
            (abs(time - claim.mean), claim)
            for claim in self.near(time, self.window)
            if abs(time - claim.mean) <= self.window
            and not claim.voters & bit
            and (claim.identity == identity or _fits(claim.identity, identity))
        ]
        if not fitting:
            return None
        reach = min(distance for distance, _ in fitting) + self.equally_near
        best = max(
            (pair for pair in fitting if pair[0] <= reach),
            key=lambda pair: (len(pair[1].votes), -pair[0], -pair[1].number),
        )[1]
        self.recent = best
        return best


def _fits(one: Identity, other: Identity) -> bool:
    return all(a is None or b is None or _same(a, b) for a, b in zip(one, other, strict=True))


def _same(a: Detail, b: Detail) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return a.casefold() == b.casefold()
    return a == b


class Claims:
    """All claims of an event.

    Args:
        kinds: the sport's kinds by title.
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._indexes: dict[tuple[str, ...], ClaimIndex] = {}
        self._groups: dict[str, list[ClaimIndex]] = {}
        self._due: list[tuple[float, int]] = []
        self._count = 0
        self._begun: dict[int, int] = {}  # open claims by the reporter who began them
        self.open: dict[int, Claim] = {}
        self.find_index = self._indexes.get
        """find_index((title, origin)) -> ClaimIndex or None: the look-up of the hot path."""

    def index(self, title: str, origin: str) -> ClaimIndex:
        """Return the index of an action and origin that are known to fit the sport."""
        index = self._indexes.get((title, origin))
        if index is None:
            index = self._indexes[title, origin] = ClaimIndex(title, origin, self._kinds[title])
            if index.kind is not None and index.kind.exclusive:
                self._groups.setdefault(index.kind.exclusive, []).append(index)
        return index

    def correction_index(self, *key: str) -> ClaimIndex:
        """Return the index of votes on an entry: their word, the entry's id, what they change."""
        # Three parts, so that no report's (title, origin) can name it.
        full = (*key, "", "")[:3]
        index = self._indexes.get(full)
        if index is None:
            index = self._indexes[full] = ClaimIndex(full[0], full[1], None, full[2])
        return index

    def amendments(self, entry_id: str) -> list[Claim]:
        """Return the open claims that would amend an entry."""
        return [
            claim
            for claim in self.open.values()
            if claim.index.kind is None
            and claim.index.title == "amend"
            and claim.index.origin == entry_id
        ]

    def confirmations(self) -> list[Claim]:
        """Return the open claims that state a score after an outage."""
        return [
            claim
            for claim in self.open.values()
            if claim.index.kind is None and claim.index.title == "confirm"
        ]

    def start(
        self,
        index: ClaimIndex,
        time: int,
        identity: Identity,
        received: int,
        until: float,
        begun_by: int = -1,
    ) -> Claim:
        """Open a claim that expires at `until` (monotonic seconds) unless votes push it out.

        Args:
            index, time, identity, received: see `Claim`.
            until: monotonic seconds.
            begun_by: the number of the reporter who begins it.

        Raises:
            BadReport, Overloaded: too many are open, of all or of this reporter's.
        """
        if len(self.open) >= limits.OPEN_CLAIMS:
            raise BadReport(f"{limits.OPEN_CLAIMS:,} claims are open, no more are allowed")
        begun = self._begun.get(begun_by, 0)
        if begun >= limits.MEMBER_CLAIMS:
            raise Overloaded(
                f"{begun:,} claims that you began are open, at most "
                f"{limits.MEMBER_CLAIMS:,} allowed"
            )
        if begun >= limits.ALIKE_CLAIMS:
            self._check_alike(index, time, begun_by)
        self._begun[begun_by] = begun + 1
        self._count += 1
        claim = Claim(self._count, index, time, identity, received)
        index.add(claim)
        self.open[claim.number] = claim
        claim.until = until
        claim.begun_by = begun_by
        heappush(self._due, (until, claim.number))
        return claim

    def _check_alike(self, index: ClaimIndex, time: int, begun_by: int) -> None:
        # A report looks at all claims near it: a reporter that says the same thousands of times
        # would make every report slow.
        near = index.near(time, index.window)
        alike = sum(claim.begun_by == begun_by and claim.number in self.open for claim in near)
        if index.kind is not None and alike >= limits.ALIKE_CLAIMS:
            raise Overloaded(
                f"you have reported the same {alike} times, at most {limits.ALIKE_CLAIMS} allowed"
                " before others have"
            )

    def adopt(self, claim: Claim, identity: Identity) -> None:
        """Add to a claim's identity what a matching report says of it."""
        if claim.identity != identity:
            claim.identity = tuple(
                b if a is None else a for a, b in zip(claim.identity, identity, strict=True)
            )

    def close(self, claim: Claim, *, forget: bool) -> None:
        """End a claim; `forget` it where no report may match it any more."""
        if self.open.pop(claim.number, None) is not None:
            self._begun[claim.begun_by] -= 1
        if forget:
            claim.index.remove(claim)

    def rivals(self, claim: Claim) -> list[Claim]:
        """Return the claims that cannot be true together with this one."""
        kind = claim.index.kind
        if kind is None or not kind.exclusive:
            return []
        found = []
        for index in self._groups[kind.exclusive]:
            if index is not claim.index:
                reach = max(index.window, claim.index.window)
                found += [
                    other
                    for other in index.near(claim.mean, reach)
                    if abs(other.mean - claim.mean) <= reach
                ]
        return found

    def postpone(self, until: float) -> None:
        """Let every open claim expire at `until` (monotonic seconds) unless votes push it out."""
        self._due = [(until, number) for number in sorted(self.open)]
        for claim in self.open.values():
            claim.until = until

    def next_due(self) -> float | None:
        """Return when the next claim may expire (monotonic seconds)."""
        while self._due:
            claim = self.open.get(self._due[0][1])
            if claim is not None:
                return self._due[0][0]
            heappop(self._due)
        return None

    def expired(self, now: float) -> list[Claim]:
        """Return the claims whose time is over; the caller ends them."""
        over = []
        while self._due and self._due[0][0] <= now:
            claim = self.open.get(heappop(self._due)[1])
            if claim is None:
                continue
            if claim.until > now:
                heappush(self._due, (claim.until, claim.number))
            else:
                over.append(claim)
        return over
