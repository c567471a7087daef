"""Reports in: each is counted once and matched to its claim. Pure.

Nothing is decided here: what may be decided now is handed back. That goes for a restart as well,
where the decisions are on record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import cast

from msgspec.structs import replace

from .... import sports
from ....protocol import codec, limits, tokens
from ....protocol.errors import (
    BadReport,
    BadSignature,
    Contradictory,
    EventOver,
    PeerError,
    TooLarge,
)
from ....protocol.messages import Fate, Happening, Report, ReportBatch, Said
from ....protocol.times import SECOND
from ....sports import Action
from ....sports.sport import WORDS
from . import plausibility, related
from .claims import AGAIN_SINCE, Claim, ClaimIndex, Repeat
from .clock_steps import offset_of
from .corrections import Corrections
from .details import Identity, origin_meant
from .feed import FULL
from .participant import Participant
from .questions import Questions
from .state import EventState
from .turn import Turn, Unverified

FOLLOWER_SECONDS = 1.0
"""A reporter that follows the feed as well has seen an entry so long after it was published."""

WITHHELD_SECONDS = 6.0
"""A reporter's own view withholds a provisional entry for so long. On the event's clock, both."""

HELD_UP_SINCE = 8
"""The edition of the rules, see `records.EDITION`, since which it matters when a report was made
that waited while the host was away; before, most of a crowd could count as having seen the entry
that was published a moment before the host died."""

FULL_SINCE = 9
"""The edition since which no report is taken in for whose entry the feed has no room."""

LAST_WORDS = frozenset({"end", "confirm"})
"""What counts also where the feed is full, so that the event ends."""

OnStored = Callable[[Participant, Report | Said, int], None]
"""Is told of each report that is stored, of its reporter as it was then, and of the number under
which it counts."""


class Intake:
    """Takes reports in.

    Args:
        state: its claims get votes, its participants' counts grow.
        turn: which reporters are owed a receipt.
        corrections: matches the votes on what is there already.
        questions: takes answers in.
    """

    def __init__(
        self, state: EventState, turn: Turn, corrections: Corrections, questions: Questions
    ) -> None:
        self._state = state
        self._owed = turn.owed
        self._unverified = turn.unverified
        self._tap = turn.taps.append
        # Looked up once: each of these would cost a report some 20 ns.
        self._find_index = state.claims.find_index
        self._start_claim = state.claims.start
        self._match_correction = corrections.match
        # Wall time at which a report was made that another host handed over; None: it is our own.
        self._made: int | None = None
        self._answer = questions.answer
        self._answer_recovered = questions.take_in_recovered

    def take_in(self, reporter: Participant, said: Report | Said) -> bool:
        """Count and match a report; within a turn. A claim that may be decided now is to be judged
        when it ends.

        Args:
            reporter: the sender, by its report token.
            said: the report. What is wrong with it is told by its receipt.

        Returns:
            whether it is new.
        """
        n = said.n
        self._owed[reporter.token] = reporter
        # Nearly every report is the next one; `_count` knows the other cases as well.
        if n == reporter.n + 1 and not reporter.ahead:
            reporter.n = n
        elif not self._count(reporter, n):
            return False
        state = self._state
        state.counters.stored += 1
        self._tap(said.time + reporter.clock_error)
        try:
            if state.signatures_required and not said.signature:
                raise BadSignature("the report is not signed; this host asks for signatures")
            if state.feed.size > FULL:
                self._check_room(said)
            claim = self._match(reporter, said)
        except PeerError as error:
            self._refuse(reporter, n, error)
            return True
        if claim is None:
            return True
        reporter.claim_of[n] = claim.number
        if said.signature:
            claim.unverified[reporter.voter] = said
            if claim.entry_id:
                self._tell_later(reporter, claim, said)
        elif claim.entry_id:
            reporter.late.append((n, claim))
        if len(claim.votes) >= claim.look_at:
            state.to_judge[claim.number] = claim
        return True

    def take_in_recovered(self, reporter: Participant, said: Said, number: int) -> bool:
        """Count and match a report of an action that another host has handed over, whose signature
        was verified; within a turn. Its reporter has the receipt of the other host.

        Args:
            reporter: who made it.
            said: the report.
            number: under which it counts here.

        Returns:
            whether it was not refused.
        """
        state = self._state
        self._made = said.time + reporter.clock_error
        try:
            self._check_room(said)
            claim = self._match(reporter, replace(said, n=number, signature=b"", seen=0))
        except PeerError as error:
            state.counters.refuse(error.code)
            return False
        finally:
            self._made = None
        if claim is None:
            return True
        reporter.claim_of[number] = claim.number
        if len(claim.votes) >= claim.look_at:
            state.to_judge[claim.number] = claim
        return True

    def take_in_recovered_vote(
        self, reporter: Participant, said: Said, number: int, about: Claim | None
    ) -> bool:
        """Count and match a report that is no action and that another host has handed over, as
        `take_in_recovered` does.

        Args:
            reporter, said, number: see there.
            about: the claim here that it is about; None where it names no entry and no claim.

        Returns:
            whether it was not refused.
        """
        state, event = self._state, said.event
        try:
            if event.title == "answer":
                if about is None:
                    return False
                claim = self._answer_recovered(reporter, number, about, said)
            else:
                if about is not None:
                    named = {**(event.details or {}), "entry": about.entry_id}
                    event = replace(event, details=named)
                found = self._match_correction(reporter, number, event)
                if found is None:
                    return False
                claim = found
        except PeerError as error:
            state.counters.refuse(error.code)
            return False
        reporter.claim_of[number] = claim.number
        state.to_judge[claim.number] = claim
        return True

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
            if self.take_in(reporter, one) and on_stored is not None:
                on_stored(reporter, one, one.n)

    def _check_room(self, said: Report | Said) -> None:
        """Check that the feed has room for what a report may lead to.

        Raises:
            TooLarge: it has not.
        """
        size = self._state.feed.size
        if size <= FULL or said.event.title in LAST_WORDS or self._state.edition < FULL_SINCE:
            return
        raise TooLarge(f"the feed is full: it has {size:,} bytes, at most {FULL:,} allowed")

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
        event = said.event
        details = event.details
        if reporter.recovered:
            known = self._recovered(reporter, said)
            if known is not None:
                time = event.time + offset_of(state, reporter, said)
                return self._say_again(reporter, said, known, time)
        index = self._find_index((event.title, event.origin))
        if index is None or details or not index.needs_no_details:
            if event.title == "answer":
                self._hear_answer(reporter, said)
                return None
            if event.title in WORDS:
                return self._match_correction(reporter, said.n, event)
            index = self._check(event)
        if state.finished and state.closed:
            raise EventOver(f"{state.card.title} is finished")
        time = event.time + (
            reporter.clock_offset
            if said.time + reporter.clock_error <= state.said_by
            else offset_of(state, reporter, said)
        )
        if not state.earliest <= time <= state.latest:
            raise state.clock.refusal(time, state.wall, state.earliest)
        identity = () if index.without_identity else index.identity(details)
        bit = reporter.bit
        claim = index.recent
        # Nearly every report is of the claim that was found last; `find` knows the others as well.
        if (
            claim is None
            or claim.voters & bit
            or not claim.near_from <= time <= claim.near_until
            or claim.identity != identity
            or not claim.isolated
        ):
            claim = index.find(time, bit, identity, event.title, details)
            if claim is None:
                known = index.said_before(time, bit, identity, event.title, details)
                if known is not None:
                    return self._say_again(reporter, said, known, time)
                claim = self._begin(reporter, index, time, identity)
            elif identity:
                state.claims.adopt(claim, identity)
        if said.time != event.time:
            claim.exact |= bit
        if (claim.entry_id and self._saw_it(reporter, claim, said)) or said.seen >= claim.number:
            claim.dependent |= bit
        if index.titles:
            claim.titles[reporter.voter] = event.title
        # What `add_vote` does, and `add_late_vote` of an entry, without the call: each report.
        claim.voters |= bit
        claim.votes.append((reporter.voter, said.n))
        claim.times.append(time)
        if details:
            claim.details[reporter.voter] = details
        if claim.entry_id:
            claim.late += 1
            state.voted[claim.number] = claim
            if (details or index.titles) and not self._is_known(claim, event):
                state.to_update[claim.number] = claim
            return claim
        claim.until = state.claims_until
        if len(claim.votes) == 2:
            state.activity.begin(claim, state.wall)
        return claim

    def _recovered(self, reporter: Participant, said: Report | Said) -> Claim | None:
        """Return the claim that has this report's vote already, from another host, or None."""
        number = reporter.recovered.get(key_of(said))
        if number is None or number == said.n:
            return None
        state, of = self._state, reporter.claim_of.get(number, 0)
        claim = state.claims.open.get(of) or state.by_entry.get(str(of))
        return claim if claim is not None and claim.voters & reporter.bit else None

    def _begin(
        self, reporter: Participant, index: ClaimIndex, time: int, identity: Identity
    ) -> Claim:
        """Return a new claim; note when it is to be judged, and what waits for it.

        Raises:
            BadReport, Overloaded, Implausible: too many are open, of all or of this reporter's, or
                no event has as many, or so close together.
        """
        state, kind = self._state, index.kind
        if kind is not None and state.edition >= plausibility.SINCE_EDITION:
            plausibility.count(reporter.begun, kind, index.origin, time)
        until = state.claims_until
        claim = self._start_claim(index, time, identity, state.wall, until, reporter.voter)
        if state.held:
            state.re_evaluate += related.waiting(state, claim)
        claim.look_at = state.needed
        if state.policy.learns:
            claim.look_at = state.policy.needed(0)  # the verdict says what it really takes
            state.looks.begin(claim, state.now)
        if kind is not None and (kind.same == related.DELETE or kind.ends):
            claim.look_at = 1  # with votes to delete the same, or to end, it may be enough
        return claim

    def _say_again(
        self, reporter: Participant, said: Report | Said, claim: Claim, time: int
    ) -> Claim | None:
        """Take in a report of what its reporter has said already; return the claim where its vote
        is another one now.

        Another word for the same thing is what the reporter means now. A double tap is nothing new,
        and shares the fate of the first.
        """
        event, voter = said.event, reporter.voter
        again = Repeat(said.n, time, event.title, event.details, said)
        same = not claim.titles or claim.titles[voter] == event.title
        more = event.details and self._state.edition >= AGAIN_SINCE
        if same and not (more and claim.says_more(voter, event.details or {})):
            claim.add_repeat(voter, again)
            reporter.claim_of[said.n] = claim.number
            if claim.entry_id and said.signature:
                self._tell_later(reporter, claim, said)
            elif claim.entry_id:
                reporter.late.append((said.n, claim))
            return None
        claim.replace_vote(voter, again)
        if claim.entry_id:
            self._state.to_update[claim.number] = claim
        return claim

    def _tell_later(self, reporter: Participant, claim: Claim, said: Report | Said) -> None:
        """Tell the fate of a signed report of an entry when its signature was verified."""
        late = Unverified(reporter, claim, said, claim.seq, claim.entry_id)
        self._unverified.append(late)

    def _saw_it(self, reporter: Participant, claim: Claim, said: Report | Said) -> bool:
        """Return whether a reporter can have seen the entry of a claim before it reported it: one
        that follows the feed as well, unless it withholds what is unconfirmed, or does as if it
        followed, has at once, another some time later."""
        state = self._state
        if self._made is not None:
            return self._made > claim.published
        age = state.clock.elapsed(claim.published, state.wall)
        if claim.published < state.began and state.edition >= HELD_UP_SINCE:
            made = said.time + reporter.clock_error
            # One that states another time, such as none, is as old as it is new here.
            if state.clock.elapsed(claim.received, made) + WITHHELD_SECONDS * SECOND >= 0:
                age = min(age, max(0, state.clock.elapsed(claim.published, made)))
        if age <= FOLLOWER_SECONDS * SECOND:
            return False
        if state.roster.note_followed(reporter) or age > WITHHELD_SECONDS * SECOND:
            return True
        viewer = state.roster.find(reporter.peer, "viewer")
        return viewer is not None and viewer.sees_at_once

    def _hear_answer(self, reporter: Participant, said: Report | Said) -> None:
        claim = self._answer(reporter, said.n, said.event)
        if claim is not None:
            if said.signature:
                claim.unverified_answers[reporter.voter] = said
            self._state.to_judge[claim.number] = claim

    def _is_known(self, claim: Claim, event: Happening) -> bool:
        """Return whether an entry says already what a report of it says."""
        entry = self._state.timeline.versions[claim.entry_id]
        if claim.titles and event.title != entry.title:
            return False
        details, known = event.details or {}, entry.details.items()
        return details.items() <= known or claim.index.rules.merged((details,)).items() <= known

    def _check(self, event: Happening) -> ClaimIndex:
        """Return the index of the action that a report states.

        Raises:
            BadReport: the sport knows no such action, or not with these details.
        """
        state = self._state
        origin = origin_meant(state.names, state.origins, event.origin)
        action = Action(event.title, origin, event.time, event.details or {})
        reason = sports.misfit(state.kinds, state.origins, action, state.edition)
        if reason is not None:
            raise BadReport(reason)
        found = state.contradiction(action) if action.details else None
        if found is not None:
            raise Contradictory(found.sentence)
        return state.claims.index(event.title, origin)

    def _refuse(self, reporter: Participant, n: int, error: PeerError) -> None:
        self._state.counters.refuse(error.code)
        reason = error.sentence[: limits.TEXT_CHARS]
        reporter.fates.append(Fate(n=n, outcome="refused", code=error.code, reason=reason))


def key_of(said: Report | Said) -> bytes:
    """Return what stands for all that a report of one reporter says, whatever its number."""
    event = said.event
    details = sorted((event.details or {}).items())
    what = (said.time, event.title, event.origin, event.time, details)
    return blake2b(codec.encode(what), digest_size=16).digest()


_BEFORE_TOKEN = b"\xa4type\xa6report\xa5token\xd9" + bytes([tokens.CHARS])
"""What comes between the first byte of a report and its token, as MessagePack has it."""

_TOKEN_END = 1 + len(_BEFORE_TOKEN) + tokens.CHARS


def as_stored(reporter: Participant, message: Report | ReportBatch, frame: bytes) -> bytes:
    """Return a frame as it goes into the journal: with the digest of its report token.

    Args:
        reporter: its sender.
        message: what it says.
        frame: its bytes.
    """
    shown, stored = reporter.in_frames
    if frame[:_TOKEN_END] == shown:
        return stored + frame[_TOKEN_END:]  # most reports
    before, after = reporter.report_token.encode(), reporter.stored_as.encode()
    if frame[1:_TOKEN_END] == _BEFORE_TOKEN + before:
        head = frame[:1] + _BEFORE_TOKEN
        reporter.in_frames = head + before, head + after
        return head + after + frame[_TOKEN_END:]
    if len(before) == len(after) and frame.count(before) == 1:
        return frame.replace(before, after)  # a fifth of the time that encoding takes
    return codec.encode(replace(message, token=reporter.stored_as))


def said_in(message: Report | ReportBatch) -> Sequence[Report | Said]:
    """Return the reports of a frame: the one that it is, or those of a batch."""
    # The exact type, since it is faster to look at than isinstance; a batch is the other one.
    return (message,) if type(message) is Report else cast(ReportBatch, message).reports
