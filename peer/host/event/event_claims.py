"""All claims of an event: which are open, which exclude each other, and when one is over."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from ....protocol import limits
from ....protocol.errors import BadReport, Overloaded
from ....sports import Kind
from .claims import Claim, ClaimIndex
from .details import AsTyped, DetailRules, Identity, RulesOf
from .suspicion import suspect, suspected
from .titles import groups


class Claims:
    """All claims of an event.

    Args:
        kinds: the sport's kinds by title.
        rules: how their details are compared.
    """

    def __init__(self, kinds: Mapping[str, Kind], rules: RulesOf = AsTyped) -> None:
        self._kinds = kinds
        self._joined = 0  # the edition of the rules, see `join_words`
        self._same: dict[str, tuple[str, ...]] = {}  # see `titles.groups`
        self.rules = rules
        """rules(kind, origin): how details are compared."""
        self._indexes: dict[tuple[str, ...], ClaimIndex] = {}
        self._groups: dict[str, list[ClaimIndex]] = {}
        self._due: list[tuple[float, int]] = []
        self._count = 0
        self._begun: dict[int, int] = {}  # open claims by the reporter who began them
        self.open: dict[int, Claim] = {}
        self.find_index = self._indexes.get
        """find_index((title, origin)) -> ClaimIndex or None: the look-up of the hot path."""

    def compare_by(self, rules: RulesOf) -> None:
        """Compare details by other rules from now on."""
        self.rules = rules
        for index in self._indexes.values():
            if index.kind is not None:
                index.rules = rules(index.kind, index.origin)

    def join_words(self, edition: int) -> None:
        """Let votes of titles that say the same, and double taps, be of one claim from now on.

        Claims of before keep their votes, and get further ones of the other titles.

        Args:
            edition: of the rules, see `records.EDITION`; at least 1.
        """
        if edition == self._joined:
            return
        self._joined = edition
        self._same = groups(self._kinds.values(), edition)
        for title, origin, *more in list(self._indexes):
            if title in self._same and not more:
                self._move(self._indexes[title, origin])
        for index in self._indexes.values():
            index.note_repeats(edition)

    def _move(self, old: ClaimIndex) -> None:
        """Put the claims of one title into the index of all titles that say the same."""
        if old.titles:
            return
        del self._indexes[old.title, old.origin]
        if old.kind is not None and old.kind.exclusive:
            self._groups[old.kind.exclusive].remove(old)
        index = self.index(old.title, old.origin)
        for claim in old.near(0, 1 << 62):
            claim.index, claim.isolated = index, True
            claim.titles = dict.fromkeys((voter for voter, _ in claim.votes), old.title)
            index.add(claim)

    def index(self, title: str, origin: str) -> ClaimIndex:
        """Return the index of an action and origin that are known to fit the sport."""
        index = self._indexes.get((title, origin))
        if index is not None:
            return index
        titles = self._same.get(title, (title,))
        known = (self._indexes.get((one, origin)) for one in titles)
        index = next((one for one in known if one is not None and one.titles), None)
        if index is None:
            kinds = [self._kinds[one] for one in titles]
            kind = kinds[0]
            rules = self.rules(kind, origin)
            several = kinds if len(kinds) > 1 else ()
            index = ClaimIndex(kind.title, origin, kind, rules=rules, kinds=several)
            if self._joined:
                index.note_repeats(self._joined)
            if kind.exclusive:
                self._groups.setdefault(kind.exclusive, []).append(index)
        self._indexes[title, origin] = index
        return index

    def correction_index(self, *key: str, rules: DetailRules | None = None) -> ClaimIndex:
        """Return the index of votes on an entry: their word, the entry's id, what they change.

        Args:
            key: these.
            rules: how the details that they change are compared; None where they change none.
        """
        # Three parts, so that no report's (title, origin) can name it.
        full = (*key, "", "")[:3]
        index = self._indexes.get(full)
        if index is None:
            index = self._indexes[full] = ClaimIndex(
                full[0], full[1], None, full[2], rules=rules or self.rules(None, "")
            )
        elif rules is not None:
            index.rules = rules
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

    def stated(self) -> list[Claim]:
        """Return the open claims of statements, scores among them."""
        return [
            claim
            for claim in self.open.values()
            if claim.index.kind is None and claim.index.title in ("confirm", "state")
        ]

    def ends(self) -> list[Claim]:
        """Return the open claims that the event is over, and that it is not."""
        return [
            claim
            for claim in self.open.values()
            if claim.index.kind is None and claim.index.title == "end"
        ]

    def since(self, number: int) -> range:
        """Return the numbers of the claims that were begun after one."""
        return range(number + 1, self._count + 1)

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
            claim.identity = claim.index.rules.joined(claim.identity, identity)

    def close(self, claim: Claim, *, forget: bool) -> None:
        """End a claim; `forget` it where no report may match it any more."""
        if self.open.pop(claim.number, None) is not None:
            self._begun[claim.begun_by] -= 1
        if forget:
            claim.index.remove(claim)

    def rivals(self, claim: Claim) -> list[Claim]:
        """Return the claims that cannot be true together with this one.

        Of what the score hangs on, also the one that it seems to repeat, told late by others.
        """
        kind = claim.index.kind
        if kind is None:
            return []
        found = []
        if suspected(kind.weight, self._joined):
            repeated = suspect(claim)
            found += [repeated] if repeated is not None else []
        if not kind.exclusive:
            return found
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
