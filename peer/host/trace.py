"""The way of one report through an event, from the journal of its host. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...protocol.messages import Card, Entry, Report, Said
from .event import records
from .event.event import HostedEvent
from .event.participant import Participant
from .options import Options


class TraceStep(NamedTuple):
    """One step: `time` in microseconds since 1970, a word, and what there is to say of it."""

    time: int
    step: str
    text: str
    entry: str = ""
    seq: int = 0


def trace(card: Card, turns: Iterable[bytes], peer: str, n: int) -> list[TraceStep]:
    """Return the steps of a report, oldest first; none where the journal does not hold it.

    Args:
        card: of the event.
        turns: of the event, oldest first.
        peer: id or name of the reporter.
        n: the report's number.

    Raises:
        StorageFault: the turns can't be read.
    """
    event = HostedEvent(card, Options())
    found = _Trace(event, peer, n)
    event.restore(turns, found)
    return found.steps


class _Trace:
    """Follows a report while its event is restored."""

    def __init__(self, event: HostedEvent, peer: str, n: int) -> None:
        self.steps: list[TraceStep] = []
        self._event = event
        self._peer = peer
        self._n = n
        self._wall = 0
        self._voter = -1
        self._claim = 0  # the number of the claim that it matched; 0: none yet

    def before(self, record: records.Record, raw: bytes) -> None:
        """Note what a record says of the report's claim."""
        match record:
            case records.TurnBegan():
                self._wall = record.received
            case Entry() if self._claim and record.entry_id == str(self._claim):
                text = f"{record.status}, {record.title} {record.origin}".rstrip()
                place = (record.entry_id, record.seq)
                if record.accepted and not any(one.step == "accepted" for one in self.steps):
                    self.steps.append(TraceStep(record.accepted, "accepted", text, *place))
                self.steps.append(TraceStep(record.sent, "published", text, *place))
            case records.Held() if record.claim == self._claim:
                self._add("held", record.reason)
            case records.Expired() if record.claim == self._claim:
                self._add("expired", record.reason or "too few told the same in time")
            case records.QuestionsAsked() if record.claim == self._claim:
                self._add("asked", f"{len(record.voters)} reporters were asked whether it happened")
            case records.Struck() if record.claim == self._claim and self._voter in record.voters:
                self._add("struck", "its signature does not hold")
            case records.Corrected() if record.claim == self._claim:
                self._add("accepted", "as a correction of an entry")

    def stored(self, reporter: Participant, said: Report | Said, number: int) -> None:
        """Note the report, if it is the one."""
        if self._peer not in (reporter.peer, reporter.name) or self._n != said.n:
            return
        happening = said.event
        happened = f"{happening.title} {happening.origin or ''}".rstrip()
        offset = self._event.offset_of(reporter, said)
        self.steps.append(TraceStep(said.time + offset, "said", happened))
        self._voter = reporter.voter
        self._claim = reporter.claim_of.get(number, 0)
        self._add(
            "stored",
            f"on the host's disk; claim {self._claim}"
            if self._claim
            else "on the host's disk; it is of no claim: refused, or taken as an answer",
        )

    def _add(self, step: str, text: str) -> None:
        self.steps.append(TraceStep(self._wall, step, text))
