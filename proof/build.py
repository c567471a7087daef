"""Put the proof of an event together from its journal. Pure.

The journal's turns are handed to an event as after a restart. It matches the reports to claims as
it did the first time, so that, when a message comes that was published, the votes behind it are
those of the claim that it is about to close.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..peer.host.event import records
from ..peer.host.event.claims import Claim
from ..peer.host.event.event import HostedEvent
from ..peer.host.event.participant import Participant
from ..peer.host.event.verdict import Verdict
from ..peer.host.event.verdict import parse as parse_verdict
from ..peer.host.options import Options
from ..protocol import messages, signing
from ..protocol.keys import Identity
from ..protocol.messages import Card, Entry, Report, Said
from . import lines
from .lines import By, ConfirmedScore, Epoch, Header, Hosting, Published, Seal, Signed, Signer, Vote


def build(card: Card, turns: Iterable[bytes], host: Identity) -> list[bytes]:
    """Return the lines of an event's proof, without line ends.

    Args:
        card: the event.
        turns: its turns, oldest first, as the journal gives them.
        host: the host's key, which seals the proof.

    Raises:
        StorageFault: the turns cannot be read.
        NotFound, SettingError: the sport is not installed.
    """
    event = HostedEvent(card, Options())
    found = _Evidence(event)
    event.restore(turns, found)
    header = Header(
        card=card,
        host=Hosting(host.peer, host.public),
        epochs=list(found.epochs.values()),
        signers=list(found.signers.values()),
    )
    made = [lines.encode(line) for line in (header, *found.lines)]
    hashes, digest = lines.digests(made), event.feed.digest
    signature = host.sign(lines.sealed(hashes, digest))
    return [*made, lines.encode(Seal(hashes, digest, signature))]


class _Evidence:
    """What an event published, and the votes behind it, noted while it is restored.

    Args:
        event: it is about to be restored.
    """

    def __init__(self, event: HostedEvent) -> None:
        self.lines: list[Published | ConfirmedScore] = []
        self.epochs: dict[int, Epoch] = {}
        self.signers: dict[str, Signer] = {}
        self._event = event
        self._policy: Verdict = Options().policy
        # By the reporter's number and the report's: each report, and the offset of its clock then.
        self._said: dict[tuple[int, int], tuple[Report | Said, int]] = {}

    def stored(self, reporter: Participant, said: Report | Said) -> None:
        """Keep a report that was counted."""
        self._said[reporter.voter, said.n] = (said, reporter.clock_offset)

    def before(self, record: records.Record, raw: bytes) -> None:
        """Note what a record says was published, while the claims behind it are still open."""
        match record:
            case records.Began():
                self._set_policy(record)
            case Entry():
                by, claim = self._behind(record)
                self._add(record.seq, by, raw, claim)
            case messages.Finished():
                claim = self._ending()
                self._add(record.seq, "end" if claim else "rules", raw, claim)
            case records.ScoreConfirmed():
                self._add_score(record)
            case _ if isinstance(record, messages.FeedMessage):
                self._add(record.seq, "host", raw, None)

    def _set_policy(self, began: records.Began) -> None:
        self.epochs[began.epoch] = Epoch(began.epoch, began.verdict, began.alone, began.signed)
        if began.verdict:
            self._policy = parse_verdict(began.verdict, alone=began.alone)

    def _behind(self, entry: Entry) -> tuple[By, Claim | None]:
        """Return why a version of an entry was published, and the claim that led to it."""
        own = self._event.claims.open.get(int(entry.entry_id))
        if own is not None:
            return "reports", own
        if self._event.correcting is not None:
            return ("delete" if entry.status == "DELETED" else "amend"), self._event.correcting
        if entry.status == "CONFIRMED":
            return "second", self._event.by_entry[entry.entry_id]
        return "doubt", None

    def _ending(self) -> Claim | None:
        """Return the claim by which reporters ended the event; None where the rules did."""
        for claim in self._event.claims.open.values():
            if claim.index.kind is None and claim.index.title == "end":
                evidence = self._event.evidence(claim)
                if self._policy.accept(evidence.for_, evidence.against, evidence.present):
                    return claim
        return None

    def _add(self, seq: int, by: By, raw: bytes, claim: Claim | None) -> None:
        if claim is None:
            self.lines.append(Published(seq, by, raw))
            return
        for_, against = self._votes(claim)
        present = self._event.evidence(claim).present if by == "end" else 0
        self.lines.append(Published(seq, by, raw, for_, against, present))

    def _add_score(self, record: records.ScoreConfirmed) -> None:
        claim = self._event.claims.open[record.claim]
        for_, against = self._votes(claim)
        present = self._event.evidence(claim).present
        line = ConfirmedScore(record.time, record.score, record.adopt, present, for_, against)
        self.lines.append(line)

    def _votes(self, claim: Claim) -> tuple[list[Vote], list[Vote]]:
        """Return the votes that count for and against a claim, one of each reporter."""
        on_probation = self._event.roster.on_probation
        for_ = [
            self._vote_of(voter, n) for voter, n in claim.votes if not on_probation >> voter & 1
        ]
        seen = {voter for voter, _ in claim.votes}
        against = []
        for rival in self._event.rivals(claim):
            for voter, n in rival.votes:
                if voter not in seen and not on_probation >> voter & 1:
                    seen.add(voter)
                    against.append(self._vote_of(voter, n))
        return for_, against

    def _vote_of(self, voter: int, n: int) -> Vote:
        reporter = self._event.roster.reporters[voter]
        self.signers[reporter.peer] = Signer(reporter.peer, reporter.name, reporter.key)
        said, offset = self._said[voter, n]
        undoes = None
        if said.event.title == "undo":
            number = (said.event.details or {}).get("n")
            if isinstance(number, int):
                undoes = self._sign(self._said[voter, number][0])
        one = self._sign(said)
        return Vote(one.report, one.signature, peer=reporter.peer, shift=offset, undoes=undoes)

    def _sign(self, said: Report | Said) -> Signed:
        return Signed(signing.content(self._event.card.event, said), said.signature)
