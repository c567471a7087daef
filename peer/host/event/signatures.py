"""The signatures of votes and answers behind a verdict: verified once, before they count. Pure.

To verify one takes some 65 µs, so that not each report is verified as it comes, but those that make
up an entry, or speak against it, when it is about to be accepted. Where nothing speaks against it,
only as many are verified as the verdict takes: further votes that say nothing else are left out of
the entry, and count neither for it nor as silence. A vote whose signature does not hold is taken
out, and the claim is decided again without it.

What is left out, or comes when there is an entry, is verified some moments later, a few reports at
a time: only then is it told that it was accepted, or refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....protocol import codec, signing
from ....protocol.errors import BadSignature
from ....protocol.messages import Fate, Report, Said
from . import allies, evidence, records
from .claims import Claim
from .participant import Participant
from .state import EventState
from .turn import Turn, Unverified

LATER_SECONDS = 0.1
"""So often those are verified that nothing waits for."""

AT_A_TIME = 64
"""So many of them at the least: some 4 ms."""

SHARE = 256
"""And so large a part of those that wait, so that a burst costs little while reports come in, and
however many come, they are kept for half a minute or so."""


class Signatures:
    """Verifies the signatures of votes.

    Args:
        state: claims lose the votes whose signatures do not hold, and are to be re-evaluated.
        turn: what is put on record, and the fates of votes.
    """

    def __init__(self, state: EventState, turn: Turn) -> None:
        self._state = state
        self._turn = turn
        self._due_at: float | None = None  # monotonic; when to verify what nothing waits for

    def next_timer(self) -> float | None:
        """Return when reports are due that nothing waits for (monotonic seconds)."""
        if self._due_at is None and self._turn.unverified:
            self._due_at = self._state.now + LATER_SECONDS
        return self._due_at

    def handle_timer(self, now: float) -> None:
        """Verify some of the reports that nothing waits for, and tell their fates."""
        if self._due_at is None or now < self._due_at:
            return
        self._due_at = None
        waiting = self._turn.unverified
        count = max(AT_A_TIME, len(waiting) // SHARE)
        due = waiting[:count]
        del waiting[:count]
        for one in due:
            self._verify_late(one)

    def _verify_late(self, one: Unverified) -> None:
        reporter, claim, said = one.reporter, one.claim, one.said
        voter, n = reporter.voter, said.n
        if not claim.said_in(voter, n):
            return  # it was taken out, or back, and told so
        is_vote = (voter, n) in claim.votes
        # Another of its reporter's may be the vote; or it was verified since, as it counted.
        verified = is_vote and claim.unverified.get(voter) is not said
        if not verified and self._forged({voter: said}):
            if is_vote and claim.entry_id:
                struck = records.Struck(claim=claim.number, voters=[voter])
                self._turn.record(codec.encode(struck))
                self._strike(struck)
                self._state.re_evaluate += [claim, *evidence.rivals(self._state, claim)]
            else:
                self._refuse(reporter, n)
            return
        if is_vote:
            claim.unverified.pop(voter, None)
        self._turn.add_fate(reporter, Fate(n, "accepted", one.seq, one.entry_id))

    def verify(self, claim: Claim) -> bool:
        """Verify the signatures of all votes and answers for and against a claim.

        Those whose signatures do not hold are taken out; the claim and its rivals are then to be
        re-evaluated.

        Returns:
            whether all hold.
        """
        state = self._state
        whole = True
        for one in (claim, *evidence.rivals(state, claim), *allies.of(state, claim)):
            whole = self._verify(one, []) and whole
        if not whole:
            state.re_evaluate += [claim, *evidence.rivals(state, claim)]
        return whole

    def verify_some(self, claim: Claim, enough: int) -> bool:
        """Verify the signatures of a claim that nothing speaks against, until so many votes count.

        Those that say more than the action itself are verified all. The rest is left out.

        Returns:
            whether all that were verified hold; see `verify`.
        """
        if not claim.unverified and not claim.unverified_answers and not claim.left_out:
            return True
        counting = claim.independent & ~self._state.roster.on_probation
        spare = counting.bit_count() - enough
        plain = (
            []
            if claim.titles or spare <= 0
            else [
                voter
                for voter in claim.unverified
                if counting >> voter & 1 and voter not in claim.details
            ]
        )
        whole = self._verify(claim, plain[-spare:])
        if not whole:
            self._state.re_evaluate.append(claim)
        return whole

    def _verify(self, claim: Claim, left_out: list[int]) -> bool:
        """Verify the votes for a claim, but those that are left out, and its answers."""
        bits = sum(1 << voter for voter in left_out)
        if bits != claim.left_out:
            record = records.Uncounted(claim=claim.number, voters=left_out)
            self._turn.record(codec.encode(record))
            claim.left_out = bits
        if not claim.unverified and not claim.unverified_answers:
            return True
        unverified, claim.unverified = claim.unverified, {}
        for voter in left_out:
            claim.unverified[voter] = unverified.pop(voter)
        answers, claim.unverified_answers = claim.unverified_answers, {}
        struck = records.Struck(
            claim=claim.number, voters=self._forged(unverified), answers=self._forged(answers)
        )
        if not struck.voters and not struck.answers:
            return True
        self._turn.record(codec.encode(struck))
        self._strike(struck)
        return False

    def restore_uncounted(self, record: records.Uncounted, _raw: bytes) -> None:
        """Leave votes out as the journal says."""
        self._claim(record.claim).left_out = sum(1 << voter for voter in record.voters)

    def restore(self, record: records.Struck, _raw: bytes) -> None:
        """Take out the votes and answers that the journal says were taken out."""
        self._strike(record)

    def _forged(self, unverified: Mapping[int, Report | Said]) -> list[int]:
        """Return the reporters, by their numbers, whose signatures do not hold."""
        state = self._state
        return [
            voter
            for voter, said in unverified.items()
            if not signing.holds(state.roster.reporters[voter].key, state.card.event, said)
        ]

    def _strike(self, struck: records.Struck) -> None:
        state = self._state
        claim = self._claim(struck.claim)
        for voter in struck.voters:
            reporter = state.roster.reporters[voter]
            n = claim.withdraw(voter, reporter.bit)
            reporter.late = [late for late in reporter.late if late[0] != n]
            self._refuse(reporter, n)
        for voter in struck.answers:
            reporter = state.roster.reporters[voter]
            self._refuse(reporter, claim.withdraw_answer(voter, reporter.bit))

    def _claim(self, number: int) -> Claim:
        return self._state.claims.open.get(number) or self._state.by_entry[str(number)]

    def _refuse(self, reporter: Participant, n: int) -> None:
        self._state.counters.refuse(BadSignature.code)
        reason = "the signature is not that of your key over this report"
        self._turn.add_fate(reporter, Fate(n, "refused", code=BadSignature.code, reason=reason))
