"""Put the proof of an event together from its journal. Pure.

The journal's turns are handed to a core as after a restart. It joins the reports to claims as it
did the first time, so that, when a message comes that was published, the votes behind it are those
of the claim that it is about to close.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..peer.host.event import records
from ..peer.host.event.claims import Claim
from ..peer.host.event.event import EventCore
from ..peer.host.event.member import Member
from ..peer.host.event.verdict import parse as parse_verdict
from ..peer.host.options import Options
from ..protocol import messages, signing
from ..protocol.keys import Identity
from ..protocol.messages import Card, Entry, Report, Said
from . import lines
from .lines import By, Confirmed, Epoch, Header, Hosting, Published, Seal, Signed, Signer, Vote


def build(card: Card, turns: Iterable[bytes], host: Identity) -> list[bytes]:
    """Return the lines of an event's proof, without line ends.

    Args:
        card: the event.
        turns: its turns, oldest first, as the journal gives them.
        host: the host's key, which seals the proof.

    Raises:
        StorageFault: the turns can't be read.
        NotFound, SettingError: the sport is not installed.
    """
    replay = _Replay(card)
    replay.restore(turns)
    header = Header(
        card=card,
        host=Hosting(host.peer, host.public),
        epochs=list(replay.epochs.values()),
        signers=list(replay.signers.values()),
    )
    made = [lines.encode(line) for line in (header, *replay.lines)]
    hashes, digest = lines.digests(made), replay.feed.digest
    signature = host.sign(lines.sealed(hashes, digest))
    return [*made, lines.encode(Seal(hashes, digest, signature))]


class _Replay(EventCore):
    """An event that is read from its journal once more, and what it published."""

    def __init__(self, card: Card) -> None:
        super().__init__(card, Options())
        self.lines: list[Published | Confirmed] = []
        self.epochs: dict[int, Epoch] = {}
        self.signers: dict[str, Signer] = {}
        # By the reporter's index and its number: each report, and the shift of its clock then.
        self._said: dict[tuple[int, int], tuple[Report | Said, int]] = {}

    def _join(self, member: Member, said: Report | Said) -> Claim | None:
        self._said[member.index, said.n] = (said, member.shift)
        return super()._join(member, said)

    def _restore(self, record: records.Record, raw: bytes) -> None:
        match record:
            case records.Began():
                self._set_policy(record)
            case Entry():
                by, claim = self._behind(record)
                self._add(record.seq, by, raw, claim)
            case messages.Finished():
                claim = self._ending()
                self._add(record.seq, "end" if claim else "rules", raw, claim)
            case messages.Alarm() | messages.Restored():
                self._add(record.seq, "host", raw, None)
            case records.Confirmed():
                self._add_score(record)
        super()._restore(record, raw)

    def _set_policy(self, began: records.Began) -> None:
        self.epochs[began.epoch] = Epoch(began.epoch, began.verdict, began.alone, began.signed)
        if began.verdict:
            self._verdict = parse_verdict(began.verdict, alone=began.alone)

    def _behind(self, entry: Entry) -> tuple[By, Claim | None]:
        """Return why a version of an entry was published, and the claim that led to it."""
        own = self.claims.open.get(int(entry.entry_id))
        if own is not None:
            return "reports", own
        if self._correcting is not None:
            return ("delete" if entry.status == "DELETED" else "amend"), self._correcting
        if entry.status == "CONFIRMED":
            return "second", self._by_entry[entry.entry_id]
        return "doubt", None

    def _ending(self) -> Claim | None:
        """Return the claim by which reporters ended the event; None where the rules did."""
        for claim in self.claims.open.values():
            if claim.lane.kind is None and claim.lane.title == "end":
                evidence = self._evidence(claim)
                if self._verdict.accept(evidence.for_, evidence.against, evidence.present):
                    return claim
        return None

    def _add(self, seq: int, by: By, raw: bytes, claim: Claim | None) -> None:
        if claim is None:
            self.lines.append(Published(seq, by, raw))
            return
        for_, against = self._votes(claim)
        present = self._evidence(claim).present if by == "end" else 0
        self.lines.append(Published(seq, by, raw, for_, against, present))

    def _add_score(self, record: records.Confirmed) -> None:
        claim = self.claims.open[record.claim]
        for_, against = self._votes(claim)
        present = self._evidence(claim).present
        line = Confirmed(record.time, record.score, record.adopt, present, for_, against)
        self.lines.append(line)

    def _votes(self, claim: Claim) -> tuple[list[Vote], list[Vote]]:
        """Return the votes that count for and against a claim, one of each reporter."""
        unripe = self.roster.unripe
        for_ = [self._vote_of(index, n) for index, n in claim.votes if not unripe >> index & 1]
        seen = {index for index, _ in claim.votes}
        against = []
        for rival in self._rivals(claim):
            for index, n in rival.votes:
                if index not in seen and not unripe >> index & 1:
                    seen.add(index)
                    against.append(self._vote_of(index, n))
        return for_, against

    def _vote_of(self, index: int, n: int) -> Vote:
        member = self.roster.reporters[index]
        self.signers[member.peer] = Signer(member.peer, member.name, member.key)
        said, shift = self._said[index, n]
        undoes = None
        if said.event.title == "undo":
            number = (said.event.details or {}).get("n")
            if isinstance(number, int):
                undoes = self._sign(self._said[index, number][0])
        one = self._sign(said)
        return Vote(one.report, one.signature, peer=member.peer, shift=shift, undoes=undoes)

    def _sign(self, said: Report | Said) -> Signed:
        return Signed(signing.content(self.card.event, said), said.signature)
