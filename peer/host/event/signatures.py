"""The signatures of the votes behind a verdict: checked once, just before it counts. Pure.

A check takes some 65 µs, so that not each report is checked as it comes, but those that make up an
entry, or speak against it, when it is about to be accepted. A vote whose signature does not hold is
taken out, and the claim is weighed again without it.
"""

from __future__ import annotations

from ....protocol import codec, signing
from ....protocol.errors import BadSignature
from ....protocol.messages import Card, Fate, Report, Said
from ..options import Options
from . import records
from .claims import Claim
from .reconstruction import Suspension


class Signatures(Suspension):
    """The state of an event, and the proof of its votes; see `EventState` for the arguments."""

    def __init__(self, card: Card, options: Options) -> None:
        super().__init__(card, options)
        self._options = options
        self._demands = False  # every report has to be signed; set by `_begin`
        self._eased: list[Claim] = []  # to be weighed again: what spoke against them is gone

    def _begin(self, epoch: int) -> None:
        """Put a new epoch on record, with the settings that verdicts depend on."""
        options = self._options
        began = records.Began(
            epoch=epoch,
            verdict=options.policy.name,
            alone=options.alone,
            signed=options.require_signatures,
        )
        self._record(codec.encode(began))
        self._restore_began(began)

    def _restore_began(self, began: records.Began) -> None:
        self.epoch = began.epoch
        self._demands = began.signed

    def _demand(self, said: Report | Said) -> None:
        """Refuse a report that is not signed where it has to be.

        Raises:
            BadSignature: it is not.
        """
        if not said.signature:
            raise BadSignature("the report is not signed; this host asks for signatures")

    def _prove(self, claim: Claim) -> bool:
        """Check the signatures of all who speak for and against a claim.

        Those that do not hold are taken out; the claim and its rivals are then weighed again at
        the end of the frame or turn.

        Returns:
            whether all hold.
        """
        whole = True
        for one in (claim, *self._rivals(claim)):
            if not one.unchecked:
                continue
            unchecked, one.unchecked = one.unchecked, {}
            voters = [index for index, said in unchecked.items() if not self._holds(index, said)]
            if voters:
                whole = False
                struck = records.Struck(claim=one.number, voters=voters)
                self._record(codec.encode(struck))
                self._strike(struck)
        if not whole:
            self._eased += [claim, *self._rivals(claim)]
        return whole

    def _holds(self, index: int, said: Report | Said) -> bool:
        return signing.holds(self.roster.reporters[index].key, self.card.event, said)

    def _strike(self, struck: records.Struck) -> None:
        """Take votes out whose signatures do not hold, and tell those who gave them."""
        claim = self.claims.open.get(struck.claim) or self._by_entry[str(struck.claim)]
        for index in struck.voters:
            member = self.roster.reporters[index]
            n = claim.withdraw(index, member.bit)
            member.late = [late for late in member.late if late[0] != n]
            self.counters.refuse(BadSignature.code)
            reason = "the signature is not that of your key over this report"
            self._turn.tell(member, Fate(n, "refused", code=BadSignature.code, reason=reason))
