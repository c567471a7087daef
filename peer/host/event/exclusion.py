"""Of what excludes each other at most one entry stands: which gives way to which. Pure.

Both stand only where those who tell both, some time apart, outweigh those who tell one of them
alone: then both happened.
"""

from __future__ import annotations

from ....protocol.messages import Entry
from . import cases, evidence
from .claims import Claim
from .publications import revised
from .signatures import Signatures
from .state import EventState
from .verdict.case import Case, Standing


class Exclusion:
    """Finds the entries that give way to another.

    Args:
        state: the event.
        signatures: verifies the votes before they count.
    """

    def __init__(self, state: EventState, signatures: Signatures) -> None:
        self._state = state
        self._signatures = signatures

    def displaced(self, claim: Claim, standing: Standing, case: Case) -> list[Entry] | None:
        """Return the versions that take back what stands and gives way to a claim's entry.

        Args:
            claim: what is about to stand.
            standing: how; only what is confirmed takes the place of what is confirmed.
            case: what is known of it.

        Returns:
            them, to be published before it; None where the claim has to wait, since something that
            excludes it stands and does not give way.
        """
        state, found = self._state, []
        for rival in state.claims.rivals(claim):
            if rival.index is claim.index or rival.standing not in ("PROVISIONAL", "CONFIRMED"):
                continue
            self._signatures.verify(rival)
            other = cases.of(state, rival, state.active_bits())
            if min(_margin(case), _margin(other)) > 0:
                # Both are told by more than oppose them, and neither is taken back for the other.
                if self._both_happened(claim, rival):
                    continue
                self._wait(claim, rival)
                return None
            firm = rival.standing == "CONFIRMED" and standing != "CONFIRMED"
            # What the owner has ruled on is no matter of votes.
            if rival.final or firm or _margin(case) <= _margin(other):
                self._wait(claim, rival)
                return None
            reason = f"entry {claim.number} stands instead: {other.against} against {other.for_}"
            why = evidence.of_case(other, rival, state.wall)
            entry = state.timeline.versions[rival.entry_id]
            found.append(revised(entry, "DELETED", why, reason=reason))
        return found

    def _both_happened(self, claim: Claim, rival: Claim) -> bool:
        """Return whether those who tell both outweigh those who tell one alone, or deny the other.

        Whom other claims count against is no matter here: of three in a row each may be right.
        """
        state = self._state
        active = state.active_bits()
        one = cases.known_of(state, claim, active, claim.left_out)
        other = cases.known_of(state, rival, active)
        here, there = cases.speakers_for(one), cases.speakers_for(other)
        alone = (here & ~there) | other.no, (there & ~here) | one.no
        one_voice = state.reputations.one_voice
        both = one_voice(here & there).bit_count()
        return both > max(one_voice(bits).bit_count() for bits in alone)

    def _wait(self, claim: Claim, rival: Claim) -> None:
        """Let a claim be judged again when anything is said of what it waits for."""
        if claim not in rival.kept_waiting:
            rival.kept_waiting.append(claim)
        rival.look_at = 0


def instead_of(displaced: list[Entry]) -> str:
    """Return in words that an entry takes the place of others."""
    said = (f"entry {one.entry_id}, {_counts(one)}" for one in displaced)
    return "it stands instead of " + " and of ".join(said)


def _counts(entry: Entry) -> str:
    return f"{entry.evidence.against} against {entry.evidence.for_}"


def _margin(case: Case) -> int:
    return case.for_ - case.against
