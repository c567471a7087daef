"""The signatures of the votes behind a verdict: verified once, just before they count. Pure.

To verify one takes some 65 µs, so that not each report is verified as it comes, but those that make
up an entry, or speak against it, when it is about to be accepted. A vote whose signature does not
hold is taken out, and the claim is decided again without it.
"""

from __future__ import annotations

from ....protocol import codec, signing
from ....protocol.errors import BadSignature
from ....protocol.messages import Fate
from . import evidence, records
from .claims import Claim
from .state import EventState
from .turn import Turn


class Signatures:
    """Verifies the signatures of votes.

    Args:
        state: claims lose the votes whose signatures do not hold, and are to be re-evaluated.
        turn: what is put on record, and the fates of votes.
    """

    def __init__(self, state: EventState, turn: Turn) -> None:
        self._state = state
        self._turn = turn

    def verify(self, claim: Claim) -> bool:
        """Verify the signatures of all votes for and against a claim.

        Votes whose signatures do not hold are taken out; the claim and its rivals are then to be
        re-evaluated.

        Returns:
            whether all hold.
        """
        state = self._state
        whole = True
        for one in (claim, *evidence.rivals(state, claim)):
            if not one.unverified:
                continue
            unverified, one.unverified = one.unverified, {}
            voters = [
                voter
                for voter, said in unverified.items()
                if not signing.holds(state.roster.reporters[voter].key, state.card.event, said)
            ]
            if voters:
                whole = False
                struck = records.Struck(claim=one.number, voters=voters)
                self._turn.record(codec.encode(struck))
                self._strike(struck)
        if not whole:
            state.re_evaluate += [claim, *evidence.rivals(state, claim)]
        return whole

    def restore(self, record: records.Struck, _raw: bytes) -> None:
        """Take out the votes that the journal says were taken out."""
        self._strike(record)

    def _strike(self, struck: records.Struck) -> None:
        state = self._state
        claim = state.claims.open.get(struck.claim) or state.by_entry[str(struck.claim)]
        for voter in struck.voters:
            reporter = state.roster.reporters[voter]
            n = claim.withdraw(voter, reporter.bit)
            reporter.late = [late for late in reporter.late if late[0] != n]
            state.counters.refuse(BadSignature.code)
            reason = "the signature is not that of your key over this report"
            fate = Fate(n, "refused", code=BadSignature.code, reason=reason)
            self._turn.add_fate(reporter, fate)
