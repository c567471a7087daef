"""Put the proof of an event together from its journal. Pure.

The journal's turns are handed to an event as after a restart. It matches the reports to claims as
it did the first time, so that, when a message comes that was published, the votes behind it are
those of the claim that it is about to close.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..peer.host.event import records
from ..peer.host.event.claims import Claim
from ..peer.host.event.details import contradicts
from ..peer.host.event.ending import outcome
from ..peer.host.event.event import HostedEvent
from ..peer.host.event.intake import key_of
from ..peer.host.event.participant import Participant
from ..peer.host.event.publications import IMPLIED
from ..peer.host.event.verdict import Verdict
from ..peer.host.event.verdict import parse as parse_verdict
from ..peer.host.options import Options
from ..protocol import keys, messages, signing
from ..protocol.keys import Identity
from ..protocol.messages import Card, Entry, Report, Said
from . import lines
from .lines import (
    By,
    ConfirmedScore,
    Epoch,
    Header,
    Hosting,
    Published,
    Seal,
    Signed,
    Signer,
    Vote,
    Weighing,
)


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
        former=sorted(found.rulers - {card.owner, *card.owners}),
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
        self.rulers: set[str] = set()
        """Ids of those who ruled; the host carries out the rulings of owners alone."""
        # Of the event's owner, and its bytes; the next message is what it led to.
        self._ruling: tuple[messages.Ruling, bytes] | None = None
        # By the reporter's number and the report's: each report, and what was added to its time.
        self._said: dict[tuple[int, int], tuple[Report | Said, int]] = {}
        # By peer and what it says: the claim here that a vote from another host is about.
        self._about: dict[tuple[str, bytes], str] = {}

    def stored(self, reporter: Participant, said: Report | Said, number: int) -> None:
        """Keep a report that was counted."""
        self._said[reporter.voter, number] = (said, self._event.offset_of(reporter, said))

    def before(self, record: records.Record, raw: bytes) -> None:
        """Note what a record says was published, while the claims behind it are still open."""
        match record:
            case records.Began():
                self._set_policy(record)
            case records.ReportRecovered() if record.on:
                self._about[record.peer, key_of(record.said)] = str(record.on)
            case messages.Ruling():
                self._ruling = (record, raw)
                self.rulers.add(keys.peer_id(record.key))
            case Entry() | messages.Finished() if self._ruling is not None:
                self.lines.append(self._ruled(record, raw, *self._ruling))
                self._ruling = None
            case Entry():
                by, claim = self._behind(record)
                if by == "details" and claim is not None:
                    for_, against = self._divided(claim, record)
                    self.lines.append(Published(record.seq, by, raw, for_, against))
                else:
                    self._add(record.seq, by, raw, claim)
            case messages.Finished():
                claim = self._ending(record)
                self._add(record.seq, "end" if claim else "rules", raw, claim)
            case records.ScoreConfirmed():
                self._add_score(record)
            case _ if isinstance(record, messages.FeedMessage):
                self._add(record.seq, "host", raw, None)

    def _ruled(
        self, message: Entry | messages.Finished, raw: bytes, ruling: messages.Ruling, made: bytes
    ) -> Published:
        """Return the line of a ruling, with the votes for what it upholds."""
        if not isinstance(message, Entry) or not ruling.title:
            return Published(message.seq, "owner", raw, ruling=made)
        claim = self._event.claims.open[int(message.entry_id)]
        for_, against = self._votes(claim)
        seen = [self._signer(voter).peer for voter in self._repeating(claim)]
        return Published(message.seq, "owner", raw, for_, against, seen=seen, ruling=made)

    def _set_policy(self, began: records.Began) -> None:
        self.epochs[began.epoch] = Epoch(
            began.epoch, began.verdict, began.alone, began.signed, began.edition, began.book
        )
        if began.verdict:
            self._policy = parse_verdict(began.verdict, alone=began.alone)

    def _behind(self, entry: Entry) -> tuple[By, Claim | None]:
        """Return why a version of an entry was published, and the claim that led to it."""
        own = self._event.claims.open.get(int(entry.entry_id))
        if own is not None and entry.reason == IMPLIED:
            return "implied", own
        if own is not None and own.index.kind is None:
            return "stated", own
        if own is not None:
            return ("verdict" if self._policy.learns else "reports"), own
        correcting = self._event.correcting
        if correcting is not None and correcting.index.title == "state":
            return "review", correcting
        if self._event.correcting is not None:
            return ("delete" if entry.status == "DELETED" else "amend"), self._event.correcting
        before = self._event.timeline.versions[entry.entry_id]
        own = self._event.by_entry[entry.entry_id]
        if entry.status == "DELETED":
            judged = self._policy.judge(self._event.case(own)).standing
            return ("verdict" if judged == "DELETED" else "exclusive"), own
        if entry.status == "CONFIRMED":
            return ("verdict" if self._policy.learns else "second"), own
        if (entry.title, entry.details) != (before.title, before.details):
            return "details", own
        doubted = before.delay_status != entry.delay_status
        return "doubt" if doubted else "text", None

    def _ending(self, message: messages.Finished) -> Claim | None:
        """Return the claim whose votes ended the event, or let it go on; None: the rules did."""
        on_probation = self._event.roster.on_probation
        for claim in self._event.claims.ends():
            if bool(claim.index.key) == message.over or not self._event.carried(claim):
                continue
            if not message.over:
                return claim
            voters = [voter for voter, _ in claim.votes if not on_probation >> voter & 1]
            said = [claim.details.get(voter, {}) for voter in voters]
            if outcome(said) == (message.how, message.winner, message.reason):
                return claim
        return None

    def _add(self, seq: int, by: By, raw: bytes, claim: Claim | None) -> None:
        if claim is None:
            self.lines.append(Published(seq, by, raw))
            return
        if self._policy.learns and by in ("verdict", "exclusive"):
            self.lines.append(self._weighed(seq, by, raw, claim))
            return
        for_, against = self._votes(claim)
        tells = by in ("end", "review")
        present = self._event.evidence(claim).present if tells else 0
        seen = [self._signer(voter).peer for voter in self._repeating(claim)]
        self.lines.append(Published(seq, by, raw, for_, against, present, seen=seen))

    def _repeating(self, claim: Claim) -> list[int]:
        """Return the reporters whose votes for what a claim says happened count for nothing."""
        if claim.index.kind is None:
            return []
        bits = claim.dependent & ~self._event.roster.on_probation
        return [voter for voter, _ in claim.votes if bits >> voter & 1]

    def _weighed(self, seq: int, by: By, raw: bytes, claim: Claim) -> Published:
        """Return the line of an entry that was weighed."""
        known = self._event.weighed(claim)
        uncounted = self._event.roster.on_probation | claim.left_out
        named = [(voter, n) for voter, n in claim.votes if not uncounted >> voter & 1]
        for_ = [self._vote_of(voter, n) for voter, n in named]
        seen = [voter for voter, _ in named if claim.dependent >> voter & 1]
        weighing = Weighing(
            age=known.age,
            silence=known.silence,
            yes=self._answers(claim, known.yes),
            no=self._answers(claim, known.no),
            seen=[self._signer(voter).peer for voter in seen],
            silent=self._ids(known.silent),
            excused=self._ids(known.excused),
            waiting=known.waiting,
            rival=known.rival,
            asked=known.asked,
            together=self._ids(known.together),
        )
        return Published(seq, by, raw, for_, self._against(claim), weighing=weighing)

    def _against(self, claim: Claim) -> list[Vote]:
        """Return what reporters said that excludes a claim, one vote of each: the one whose time is
        nearest to what the reporter said of the claim itself."""
        on_probation = self._event.roster.on_probation
        own = {voter: time for (voter, _), time in zip(claim.votes, claim.times, strict=True)}
        nearest: dict[int, tuple[int, int]] = {}
        for rival in self._event.claims.rivals(claim):
            spoken = {voter: (0, n) for voter, n in rival.answers.items() if rival.yes >> voter & 1}
            for (voter, n), time in zip(rival.votes, rival.times, strict=True):
                if not rival.dependent >> voter & 1:
                    spoken.setdefault(voter, (abs(time - own.get(voter, time)), n))
            for voter, found in spoken.items():
                if not on_probation >> voter & 1:
                    nearest[voter] = min(nearest.get(voter, found), found)
        return [self._vote_of(voter, n) for voter, (_, n) in nearest.items()]

    def _answers(self, claim: Claim, bits: int) -> list[Vote]:
        return [self._vote_of(voter, n) for voter, n in claim.answers.items() if bits >> voter & 1]

    def _ids(self, bits: int) -> list[str]:
        voters = [voter for voter in range(bits.bit_length()) if bits >> voter & 1]
        return [self._signer(voter).peer for voter in voters]

    def _signer(self, voter: int) -> Signer:
        reporter = self._event.roster.reporters[voter]
        signer = Signer(reporter.peer, reporter.name, reporter.key)
        return self.signers.setdefault(reporter.peer, signer)

    def _add_score(self, record: records.ScoreConfirmed) -> None:
        if self._event.outage.state != "reconstructing":
            return  # a statement that changed nothing
        claim = self._event.claims.open[record.claim]
        for_, against = self._votes(claim)
        present = self._event.evidence(claim).present
        line = ConfirmedScore(record.time, record.score, record.adopt, present, for_, against)
        self.lines.append(line)

    def _votes(self, claim: Claim) -> tuple[list[Vote], list[Vote]]:
        """Return the votes that count for and against a claim, one of each reporter."""
        on_probation = self._event.roster.on_probation
        uncounted = on_probation | claim.left_out
        for_ = [self._vote_of(voter, n) for voter, n in claim.votes if not uncounted >> voter & 1]
        repeating = set(self._repeating(claim))
        seen = {voter for voter, _ in claim.votes if voter not in repeating}
        for ally in self._event.allies(claim):
            for voter, n in ally.votes:
                if voter not in seen and not on_probation >> voter & 1:
                    seen.add(voter)
                    for_.append(self._vote_of(voter, n))
        against = []
        for rival in self._event.rivals(claim):
            for voter, n in rival.votes:
                if voter in self._repeating(rival) and claim.index.kind is not None:
                    continue
                if voter not in seen and not on_probation >> voter & 1:
                    seen.add(voter)
                    against.append(self._vote_of(voter, n))
        return for_, against

    def _divided(self, claim: Claim, entry: Entry) -> tuple[list[Vote], list[Vote]]:
        """Return the votes for an entry that agree with what changed in it, and those that do
        not."""
        before = self._event.timeline.versions[entry.entry_id].details
        changed = [name for name, value in entry.details.items() if before.get(name) != value]
        on_probation = self._event.roster.on_probation
        for_: list[Vote] = []
        against: list[Vote] = []
        for voter, n in claim.votes:
            if not on_probation >> voter & 1:
                said = claim.details.get(voter, {})
                other = contradicts(claim.index.rules, said, entry.details, changed)
                (against if other else for_).append(self._vote_of(voter, n))
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
        return Vote(
            one.report,
            one.signature,
            peer=reporter.peer,
            shift=offset,
            undoes=undoes,
            recovered=n < 0,
            about=self._about.get((reporter.peer, key_of(said)), "") if n < 0 else "",
        )

    def _sign(self, said: Report | Said) -> Signed:
        return Signed(signing.content(self._event.card.event, said), said.signature)
