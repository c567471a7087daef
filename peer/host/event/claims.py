"""Which reports speak of the same action: claims, and the lanes in which they lie.

A claim is joined when action and origin are the same, the time is within the kind's window, and
this reporter has not spoken in it: a second report of the same thing by one reporter is a second
occurrence. The nearest claim is taken; of those that are equally near as far as people can tell
(within a quarter of the window), the one with most voters, since the few that a double tap leaves
beside it would otherwise split the crowd. Distance is measured to the mean of the claim's times,
which costs one addition a report; the entry's time is their median. The mean never strays more
than a window from the first time, so that no chain of reports drags a claim along.
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

Identity = tuple[Detail | None, ...]
"""The values of a kind's identity details; None where a report leaves one out."""


class Claim:
    """The reports that speak of one action.

    Args:
        number: counts the event's claims from 1; the entry's id if it becomes one.
        lane: where it lies.
        time: event time of the first report, microseconds.
        identity: see `Identity`.
        received: wall time at which the first report arrived, microseconds.
    """

    __slots__ = (
        "anchor",
        "details",
        "entry_id",
        "held",
        "high",
        "identity",
        "lane",
        "lonely",
        "low",
        "mean",
        "number",
        "opener",
        "provisional",
        "received",
        "seq",
        "times",
        "total",
        "unchecked",
        "until",
        "voters",
        "votes",
    )

    def __init__(
        self, number: int, lane: ClaimIndex, time: int, identity: Identity, received: int
    ) -> None:
        self.number = number
        self.lane = lane
        self.anchor = time
        self.low = time - lane.window
        self.high = time + lane.window
        self.mean = time
        self.total = 0
        self.times: list[int] = []
        self.identity = identity
        self.received = received
        # Bit i is set when the member of index i has voted; `votes` keeps (index, n) in order,
        # `times` the times in the same order.
        self.voters = 0
        self.votes: list[tuple[int, int]] = []
        self.details: dict[int, Mapping[str, Detail]] = {}  # by index, where there are any
        self.unchecked: dict[int, Report | Said] = {}  # by index: signed, not yet looked at
        self.opener = -1  # index of the reporter who began it
        self.until = 0.0  # monotonic; when it expires, pushed out by each vote
        self.entry_id = ""  # set when it is accepted
        self.seq = 0  # of its entry's first publication
        self.lonely = True  # no other claim of its lane can be near a report that is near it
        self.provisional = False  # its entry waits for a second reporter
        self.held = ""  # why the sport's rules forbid it although enough agree

    def join(
        self, index: int, bit: int, n: int, time: int, details: Mapping[str, Detail] | None
    ) -> None:
        """Add one member's vote."""
        self.voters |= bit
        self.votes.append((index, n))
        self.times.append(time)
        self.total += time
        self.mean = mean = self.total // len(self.times)
        if not self.low <= mean <= self.high:
            self.mean = self.low if mean < self.low else self.high
        if details:
            self.details[index] = details

    def join_late(self, index: int, bit: int, n: int) -> None:
        """Add a vote to a claim that is an entry already: only who gave it still matters."""
        self.voters |= bit
        self.votes.append((index, n))

    def withdraw(self, index: int, bit: int) -> int:
        """Take a member's vote out again, with all that it said; return its number."""
        self.voters &= ~bit
        place = [voter for voter, _ in self.votes].index(index)
        _, n = self.votes.pop(place)
        self.details.pop(index, None)
        self.unchecked.pop(index, None)
        if place >= len(self.times):  # it joined an entry: its time was of no matter
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

    def agreed(self, unripe: int) -> tuple[int, dict[str, Detail]]:
        """Return the median of the times, and the merged details, of those whose votes count.

        Args:
            unripe: the bits of those whose votes do not.
        """
        if not self.voters & unripe:
            return self.time, self.merged()
        votes = zip(self.votes, self.times, strict=False)  # late votes have no time
        times = [time for (index, _), time in votes if not unripe >> index & 1]
        details = (said for index, said in self.details.items() if not unripe >> index & 1)
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
        kind: the sport's kind, or None for a vote on an entry (delete, amend, finish), of which
            there is one claim at any time, whenever it is said.
        key: what else tells such a vote from others, such as the score that is confirmed.
    """

    __slots__ = (
        "_anchors",
        "_claims",
        "alike",
        "bare",
        "grain",
        "key",
        "kind",
        "origin",
        "recent",
        "title",
        "window",
    )

    def __init__(self, title: str, origin: str, kind: Kind | None, key: str = "") -> None:
        self.title = title
        self.origin = origin
        self.kind = kind
        self.key = key
        self.window = int(kind.window * SECOND) if kind else 1 << 62
        self.grain = self.window // 4 if kind else 0
        # A report that says nothing but action and origin needs no further look.
        self.bare = kind is not None and not any(detail.required for detail in kind.details)
        self.alike = kind is None or not kind.identity  # no detail tells its claims apart
        self._anchors: list[tuple[int, int]] = []
        self._claims: dict[int, Claim] = {}
        self.recent: Claim | None = None  # the one that was found or added last

    def identity(self, details: Mapping[str, Detail] | None) -> Identity:
        """Return the identity that a report's details give."""
        if self.alike or self.kind is None:
            return ()
        return tuple((details or {}).get(name) for name in self.kind.identity)

    def add(self, claim: Claim) -> None:
        """Put a new claim in."""
        # A report and a claim's mean, a mean and its anchor: each pair at most a window apart.
        reach = 4 * self.window
        first = bisect_left(self._anchors, (claim.anchor - reach, 0))
        last = bisect_left(self._anchors, (claim.anchor + reach + 1, 0))
        for _, number in self._anchors[first:last]:
            self._claims[number].lonely = claim.lonely = False
        self.recent = claim
        insort(self._anchors, (claim.anchor, claim.number))
        self._claims[claim.number] = claim

    def remove(self, claim: Claim) -> None:
        """Take a claim out, so that nothing joins it any more."""
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
        """Return the nearest claim that a member's report joins, or None."""
        recent = self.recent
        if (
            recent is not None
            and recent.lonely
            and not recent.voters & bit
            and -self.window <= time - recent.mean <= self.window
            and (recent.identity == identity or _fits(recent.identity, identity))
        ):
            return recent  # what the search below would find, without the search
        fitting = [
            (abs(time - claim.mean), claim)
            for claim in self.near(time, self.window)
            if abs(time - claim.mean) <= self.window
            and not claim.voters & bit
            and (claim.identity == identity or _fits(claim.identity, identity))
        ]
        if not fitting:
            return None
        reach = min(distance for distance, _ in fitting) + self.grain
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
        self._lanes: dict[tuple[str, ...], ClaimIndex] = {}
        self._groups: dict[str, list[ClaimIndex]] = {}
        self._due: list[tuple[float, int]] = []
        self._count = 0
        self._begun: dict[int, int] = {}  # of those that are open, by the index of who began them
        self.open: dict[int, Claim] = {}
        self.lane = self._lanes.get
        """lane((title, origin)) -> Lane or None: the hot path's look-up."""

    def open_lane(self, title: str, origin: str) -> ClaimIndex:
        """Return the lane of an action and origin that are known to fit."""
        lane = self._lanes.get((title, origin))
        if lane is None:
            lane = self._lanes[title, origin] = ClaimIndex(title, origin, self._kinds[title])
            if lane.kind is not None and lane.kind.exclusive:
                self._groups.setdefault(lane.kind.exclusive, []).append(lane)
        return lane

    def correction_lane(self, *key: str) -> ClaimIndex:
        """Return the lane of a vote on an entry: its word, the entry's id, what it changes."""
        # Three parts, so that no report's (title, origin) can name it.
        full = (*key, "", "")[:3]
        lane = self._lanes.get(full)
        if lane is None:
            lane = self._lanes[full] = ClaimIndex(full[0], full[1], None, full[2])
        return lane

    def amendments(self, entry_id: str) -> list[Claim]:
        """Return the open claims that would amend an entry."""
        return [
            claim
            for claim in self.open.values()
            if claim.lane.kind is None
            and claim.lane.title == "amend"
            and claim.lane.origin == entry_id
        ]

    def start(
        self,
        lane: ClaimIndex,
        time: int,
        identity: Identity,
        received: int,
        until: float,
        opener: int = -1,
    ) -> Claim:
        """Open a claim that expires at `until` (monotonic seconds) unless votes push it out.

        Args:
            lane, time, identity, received: see `Claim`.
            until: monotonic seconds.
            opener: the index of the reporter who begins it.

        Raises:
            BadReport, Overloaded: too many are open, of all or of this reporter's.
        """
        if len(self.open) >= limits.OPEN_CLAIMS:
            raise BadReport(f"{limits.OPEN_CLAIMS:,} claims are open, no more are allowed")
        begun = self._begun.get(opener, 0)
        if begun >= limits.MEMBER_CLAIMS:
            raise Overloaded(
                f"{begun:,} claims that you began are open, at most "
                f"{limits.MEMBER_CLAIMS:,} allowed"
            )
        if begun >= limits.ALIKE_CLAIMS:
            self._check_alike(lane, time, opener)
        self._begun[opener] = begun + 1
        self._count += 1
        claim = Claim(self._count, lane, time, identity, received)
        lane.add(claim)
        self.open[claim.number] = claim
        claim.until = until
        claim.opener = opener
        heappush(self._due, (until, claim.number))
        return claim

    def _check_alike(self, lane: ClaimIndex, time: int, opener: int) -> None:
        # Each report looks at all that are near: one who says the same thousands of times would
        # make everybody's reports slow.
        near = lane.near(time, lane.window)
        alike = sum(claim.opener == opener and claim.number in self.open for claim in near)
        if lane.kind is not None and alike >= limits.ALIKE_CLAIMS:
            raise Overloaded(
                f"you have reported the same {alike} times, at most {limits.ALIKE_CLAIMS} allowed"
                " before others have"
            )

    def adopt(self, claim: Claim, identity: Identity) -> None:
        """Let a claim know the identity that a joining report brought."""
        if claim.identity != identity:
            claim.identity = tuple(
                b if a is None else a for a, b in zip(claim.identity, identity, strict=True)
            )

    def close(self, claim: Claim, *, forget: bool) -> None:
        """End a claim's being open; `forget` it where nothing may join it any more."""
        if self.open.pop(claim.number, None) is not None:
            self._begun[claim.opener] -= 1
        if forget:
            claim.lane.remove(claim)

    def rivals(self, claim: Claim) -> list[Claim]:
        """Return the claims that can't be true together with this one."""
        kind = claim.lane.kind
        if kind is None or not kind.exclusive:
            return []
        found = []
        for lane in self._groups[kind.exclusive]:
            if lane is not claim.lane:
                reach = max(lane.window, claim.lane.window)
                found += [
                    other
                    for other in lane.near(claim.mean, reach)
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
        """Return the claims whose time is over; the caller closes them."""
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
