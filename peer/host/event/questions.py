"""Questions: the host asks reporters of whom it has heard nothing whether something happened. Pure.

An answer is a report titled `answer`: it is numbered, signed and kept like any other.
"""

from __future__ import annotations

from hashlib import sha256

from ....protocol import codec, limits, messages
from ....protocol.errors import BadReport
from ....protocol.messages import Happening, Said
from ....protocol.times import SECOND
from . import evidence, records
from .claims import Claim
from .participant import Participant
from .state import EventState
from .turn import Turn

ANSWER_SECONDS = 6.0
"""Most answers come within this time, on the event's clock."""

REST_SECONDS = 20.0
"""Of lesser things somebody is not asked again before this time is over."""


class Questions:
    """Asks, and takes the answers in.

    Args:
        state: claims get answers, reporters their counts of questions.
        turn: what is put on record and sent.
    """

    def __init__(self, state: EventState, turn: Turn) -> None:
        self._state = state
        self._turn = turn

    def ask(self, claim: Claim, count: int, active: int) -> None:
        """Ask some reporters whether what a claim says happened.

        Args:
            claim: it is not settled.
            count: how many at the most.
            active: the bits of the reporters that take part.
        """
        state = self._state
        chosen = self._choose(claim, count, active)
        if not chosen:
            return
        claim.asked_round = state.wall
        asked = records.QuestionsAsked(claim=claim.number, voters=[one.voter for one in chosen])
        self._turn.record(codec.encode(asked))
        self._count(claim, chosen)
        time, details = claim.agreed(state.roster.on_probation)
        ask = messages.Ask(
            event=state.card.event,
            claim=claim.number,
            title=claim.title,
            origin=claim.index.origin,
            time=time,
            until=state.wall + round(state.clock.real(ANSWER_SECONDS) * SECOND),
            text=self._text(claim, time),
            details=details,
        )
        frame = codec.encode(ask)
        for one in chosen:
            self._turn.send(one, frame)
        state.counters.questions += len(chosen)

    def answer(self, reporter: Participant, n: int, event: Happening) -> Claim | None:
        """Take an answer in; return the claim that it is about, None where that is gone.

        Raises:
            BadReport: it answers no question to this reporter.
        """
        state = self._state
        details = event.details or {}
        number, yes = details.get("claim"), details.get("yes")
        if type(number) is not int or type(yes) is not bool or len(details) != 2:
            raise BadReport("answer: name the claim with the detail claim, and say yes true or not")
        claim = state.claims.open.get(number) or state.by_entry.get(str(number))
        if claim is None:
            return None  # it was settled before the answer came
        if reporter.voter not in claim.asked:
            raise BadReport(f"answer: you were not asked about claim {number}")
        if not (claim.yes | claim.no) & reporter.bit:
            reporter.unanswered -= 1
            if not reporter.unanswered:
                state.roster.unanswering &= ~reporter.bit
            took = max(0, state.wall - claim.asked[reporter.voter]) / SECOND
            self._turn.answers.append(took)
        state.counters.answers += 1
        return self._count_answer(claim, reporter, n, yes=yes)

    def take_in_recovered(self, reporter: Participant, n: int, claim: Claim, said: Said) -> Claim:
        """Take an answer in that another host has asked for and handed over; return the claim.

        Args:
            reporter: who has not spoken of the claim here.
            n: the number under which it counts.
            claim: that it is about here.
            said: the answer.
        """
        yes = (said.event.details or {}).get("yes") is True
        return self._count_answer(claim, reporter, n, yes=yes)

    @staticmethod
    def _count_answer(claim: Claim, reporter: Participant, n: int, *, yes: bool) -> Claim:
        claim.answers[reporter.voter] = n
        claim.yes &= ~reporter.bit
        claim.no &= ~reporter.bit
        if yes:
            claim.yes |= reporter.bit
        else:
            claim.no |= reporter.bit
        return claim

    def restore(self, record: records.QuestionsAsked, _raw: bytes) -> None:
        """Note that reporters were asked, as the journal says."""
        state = self._state
        claim = state.claims.open.get(record.claim) or state.by_entry[str(record.claim)]
        claim.asked_round = state.wall
        self._count(claim, [state.roster.reporters[voter] for voter in record.voters])

    def _count(self, claim: Claim, chosen: list[Participant]) -> None:
        state = self._state
        for one in chosen:
            claim.asked[one.voter] = state.wall
            one.asked_at = state.wall
            one.questions += 1
            one.unanswered += 1
            state.roster.unanswering |= one.bit

    def _choose(self, claim: Claim, count: int, active: int) -> list[Participant]:
        """Return whom to ask: those who left the fewest questions open, then those who were asked
        the least, then by lot."""
        state = self._state
        spoken = claim.spoken
        for rival in evidence.rivals(state, claim):
            spoken |= rival.spoken
        bits = active & ~spoken
        patient = claim.weight == "action" and count < len(state.roster.reporters)
        found = []
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            one = state.roster.reporters[lowest.bit_length() - 1]
            if not one.answers or one.voter in claim.asked:
                continue
            if patient and one.asked_at:
                rested = state.clock.elapsed(one.asked_at, state.wall)
                if rested < REST_SECONDS * SECOND:
                    continue
            found.append(one)
        found.sort(key=lambda one: (one.unanswered, one.questions, self._lot(claim, one)))
        return found[:count]

    def _lot(self, claim: Claim, one: Participant) -> bytes:
        drawn = f"{self._state.card.event} {claim.number} {one.peer}"
        return sha256(drawn.encode()).digest()

    def _text(self, claim: Claim, time: int) -> str:
        state = self._state
        kind = state.kinds[claim.title]
        clock = state.sport.clock(state.timeline.state, time)
        words = [clock, kind.text, claim.index.origin]
        return " ".join(word for word in words if word)[: limits.TEXT_CHARS - 1] + "?"
