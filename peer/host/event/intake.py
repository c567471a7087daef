"""Reports in: each is counted once and matched to its claim. Pure.

Nothing is decided here: what may be decided now is handed back. That goes for a restart as well,
where the decisions are on record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from .... import sports
from ....protocol import limits
from ....protocol.errors import BadReport, BadSignature, EventOver, PeerError
from ....protocol.messages import Fate, Happening, Report, ReportBatch, Said
from ....protocol.times import EARLIEST
from ....sports import Action
from .claims import WORDS, Claim, ClaimIndex
from .corrections import Corrections
from .participant import Participant
from .state import EventState
from .turn import Turn

OnStored = Callable[[Participant, Report | Said], None]
"""Is told of each report that is stored, and of its reporter as it was then."""


class Intake:
    """Takes reports in.

    Args:
        state: its claims get votes, its participants' counts grow.
        turn: which reporters are owed a receipt.
        corrections: matches the votes on what is there already.
    """

    def __init__(self, state: EventState, turn: Turn, corrections: Corrections) -> None:
        self._state = state
        self._ttl = state.clock.real(state.options.claim_ttl)
        self._owed = turn.owed
        # Looked up once: each of these would cost a report some 20 ns.
        self._find_index = state.claims.find_index
        self._start_claim = state.claims.start
        self._match_correction = corrections.match

    def take_in(
        self, reporter: Participant, said: Sequence[Report | Said]
    ) -> Sequence[Claim] | None:
        """Count and match the reports of one frame; within a turn.

        Args:
            reporter: the sender, by its report token.
            said: the reports. What is wrong with a single one is told by its receipt.

        Returns:
            the claims that may be decided now; None where no report is new.
        """
        state = self._state
        self._owed[reporter.token] = reporter
        stored = 0
        ready: list[Claim] | tuple[()] = ()
        for one in said:
            n = one.n
            # Nearly every report is the next one; `_count` knows the other cases as well.
            if n == reporter.n + 1 and not reporter.ahead:
                reporter.n = n
            elif not self._count(reporter, n):
                continue
            stored += 1
            try:
                claim = self._match(reporter, one)
            except PeerError as error:
                self._refuse(reporter, n, error)
                continue
            if claim is None:
                continue
            if one.signature:
                claim.unverified[reporter.voter] = one
            if claim.entry_id:
                reporter.late.append((n, claim))
                if not claim.provisional:
                    continue
            elif len(claim.votes) < state.needed:
                continue
            ready = [*ready, claim]
        if not stored:
            return None
        state.counters.stored += stored
        return ready

    def restore(
        self, record: Report | ReportBatch, _raw: bytes, on_stored: OnStored | None = None
    ) -> None:
        """Count and match what the journal holds of a frame.

        Args:
            record: the frame.
            on_stored: see `OnStored`.
        """
        state = self._state
        state.received = state.wall
        reporter = state.roster.by_report_token[record.token]
        for one in said_in(record):
            if self.take_in(reporter, (one,)) is not None and on_stored is not None:
                on_stored(reporter, one)

    def _count(self, reporter: Participant, n: int) -> bool:
        """Count a report that is not the next one; return whether it is new and can be stored."""
        # The missing number itself is always welcome: it makes room.
        if n > reporter.n + 1 and len(reporter.ahead) >= limits.REPORTS_AHEAD:
            self._state.counters.refuse("OVERLOADED")  # not stored: it will be sent again
            return False
        if not reporter.count(n):
            self._state.counters.duplicate += 1
            return False
        return True

    def _match(self, reporter: Participant, said: Report | Said) -> Claim | None:
        """Add a report to the claim that it matches; return None where it is an undo.

        Raises:
            PeerError: it cannot be of this event.
        """
        state = self._state
        if state.signatures_required and not said.signature:
            raise BadSignature("the report is not signed; this host asks for signatures")
        event = said.event
        details = event.details
        index = self._find_index((event.title, event.origin))
        if index is None or details or not index.needs_no_details:
            if event.title in WORDS:
                return self._match_correction(reporter, said.n, event)
            index = self._check(event)
        if state.finished:
            raise EventOver(f"{state.card.title} is finished")
        time = event.time + reporter.clock_offset
        if not EARLIEST <= time <= state.latest:
            raise state.clock.refusal(time, state.wall)
        identity = () if index.without_identity else index.identity(details)
        claim = index.find(time, reporter.bit, identity)
        until = state.now + self._ttl
        if claim is None:
            claim = self._start_claim(index, time, identity, state.wall, until, reporter.voter)
        elif identity:
            state.claims.adopt(claim, identity)
        if claim.entry_id:
            claim.add_late_vote(reporter.voter, reporter.bit, said.n)
            return claim
        claim.add_vote(reporter.voter, reporter.bit, said.n, time, details)
        claim.until = until
        return claim

    def _check(self, event: Happening) -> ClaimIndex:
        """Return the index of the action that a report states.

        Raises:
            BadReport: the sport knows no such action, or not with these details.
        """
        state = self._state
        action = Action(event.title, event.origin, event.time, event.details or {})
        reason = sports.misfit(state.kinds, state.origins, action)
        if reason is not None:
            raise BadReport(reason)
        return state.claims.index(event.title, event.origin)

    def _refuse(self, reporter: Participant, n: int, error: PeerError) -> None:
        self._state.counters.refuse(error.code)
        reason = error.sentence[: limits.TEXT_CHARS]
        reporter.fates.append(Fate(n=n, outcome="refused", code=error.code, reason=reason))


def said_in(message: Report | ReportBatch) -> Sequence[Report | Said]:
    """Return the reports of a frame: the one that it is, or those of a batch."""
    # The exact type, since it is faster to look at than isinstance; a batch is the other one.
    return (message,) if type(message) is Report else cast(ReportBatch, message).reports
