"""What is graded: the votes of an event by those who signed them, and what was published. Pure.

A journal holds every report; a proof holds those that the host has put into it. Either way a vote
counts as its reporter signed it; of the host it takes the correction of the reporter's clock, and
whether the reporter was shown the claim before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .. import sports
from ..peer.host.event import records
from ..peer.host.event.claims import Claim
from ..peer.host.event.event import HostedEvent
from ..peer.host.event.intake import said_in
from ..peer.host.event.participant import Participant
from ..peer.host.options import Options
from ..protocol import codec, signing
from ..protocol.errors import PeerError
from ..protocol.messages import Card, Entry, Finished, Report, ReportBatch, Restored, Said
from ..protocol.times import SECOND
from . import lines
from .check import check
from .lines import ConfirmedScore, Header, Published
from .votes import Spoken, Votes

SLIP = 10 * SECOND
"""Microseconds within which a reporter may take a report back as if it had not been said. Taken
back later it stands: else a lie that nobody joins would leave no trace."""


@dataclass(frozen=True, slots=True)
class GradedVote:
    """A report of an action.

    Args:
        key, name: its reporter's public key and name.
        title, origin: the action.
        time: event time by the host's clock, microseconds.
        shown: the reporter was shown the claim before it spoke.
    """

    key: bytes
    name: str
    title: str
    origin: str
    time: int
    shown: bool = False


@dataclass(slots=True)
class GradedEvent:
    """An event of which the votes are known.

    Args:
        card: the event.
        source: where the votes were read.
        votes: of all reporters.
        unsigned: votes left out, since their signatures are missing or do not hold.
        taken_back: votes left out, since their reporters took them back at once.
        entries: the newest version of each entry, deleted ones included, by entry id.
        headline: the score in words, as it was published last.
        feed: the digest of the feed.
    """

    card: Card
    source: Literal["journal", "proof"]
    votes: list[GradedVote] = field(default_factory=list)
    unsigned: int = 0
    taken_back: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    headline: str = ""
    feed: bytes = b""

    def published(self, message: object) -> None:
        """Take a message of the feed in."""
        if isinstance(message, Entry):
            self.entries[message.entry_id] = message
        if isinstance(message, Entry | Restored | Finished) and message.headline:
            self.headline = message.headline


def from_journal(card: Card, turns: Iterable[bytes], *, unsigned: bool = False) -> GradedEvent:
    """Return the votes of an event that a host's journal holds.

    Args:
        card: the event.
        turns: its turns, oldest first, as the journal gives them.
        unsigned: votes without a signature are taken, too.

    Raises:
        StorageFault: the turns cannot be read.
        NotFound, SettingError: the sport is not installed.
    """
    event = HostedEvent(card, Options())
    found = _Testimony(event, GradedEvent(card, "journal"))
    event.restore(turns, found)
    return found.gathered(unsigned=unsigned)


class _Testimony:
    """The reports of an event, noted while it is restored.

    Args:
        event: it is about to be restored.
        graded: what is gathered.
    """

    def __init__(self, event: HostedEvent, graded: GradedEvent) -> None:
        self._event = event
        self._graded = graded
        # By the reporter's number and the report's: the report, and the offset of its clock then.
        self._said: dict[tuple[int, int], tuple[Report | Said, int]] = {}
        # Likewise: the number of the claim in which it was a vote, and whether the host took it
        # for one of somebody who had been shown the claim.
        self._claims: dict[tuple[int, int], tuple[int, bool]] = {}
        self._taken_back: list[tuple[int, int, int]] = []  # reporter, its report, said when

    def stored(self, reporter: Participant, said: Report | Said, number: int) -> None:
        """Keep a report that was counted."""
        self._said[reporter.voter, number] = (said, self._event.offset_of(reporter, said))
        undone = (said.event.details or {}).get("n")
        if said.event.title == "undo" and isinstance(undone, int):
            self._taken_back.append((reporter.voter, undone, said.time))

    def before(self, record: records.Record, _raw: bytes) -> None:
        """Note which claims have which votes, before they are closed or lose one."""
        self._graded.published(record)
        claims = self._event.claims.open
        if isinstance(record, records.Expired) and record.claim in claims:
            self._note(claims[record.claim])
        elif isinstance(record, Report | ReportBatch) and any(
            said.event.title == "undo" for said in said_in(record)
        ):
            for claim in claims.values():
                self._note(claim)

    def gathered(self, *, unsigned: bool) -> GradedEvent:
        """Return all that was noted; call it once, when the event is restored."""
        graded, event = self._graded, self._event
        for claim in (*event.claims.open.values(), *event.by_entry.values()):
            self._note(claim)
        for voter, n, time in self._taken_back:
            said, _ = self._said.get((voter, n), (None, 0))
            if said is not None and _is_slip(said.time, time):
                graded.taken_back += self._claims.pop((voter, n), None) is not None
        for (voter, n), (number, dependent) in self._claims.items():
            said, offset = self._said[voter, n]
            reporter = event.roster.reporters[voter]
            if not unsigned and not signing.holds(reporter.key, event.card.event, said):
                graded.unsigned += 1
                continue
            vote = GradedVote(
                reporter.key,
                reporter.name,
                said.event.title,
                said.event.origin,
                said.event.time + offset,
                shown=dependent or (n > 0 and said.seen >= number),
            )
            graded.votes.append(vote)
        graded.feed = event.feed.digest
        return graded

    def _note(self, claim: Claim) -> None:
        if claim.index.kind is not None:
            for voter, n in claim.votes:
                dependent = bool(claim.dependent >> voter & 1)
                self._claims[voter, n] = (claim.number, dependent)


def from_proof(text: bytes, *, host: str = "") -> GradedEvent:
    """Return the votes of an event that a proof holds, after it was checked.

    Args:
        text: the file.
        host: public key or peer id of the host that sealed it; empty: any host.

    Raises:
        PeerError: the proof does not hold.
        NotFound: the sport is not installed.
    """
    result = check(text, host=host, allow_unsigned=True)
    if result.flaw is not None:
        raise PeerError(f"the proof does not hold: {result.flaw}")
    read = [lines.decode(line) for line in text.splitlines()]
    header = read[0]
    if not isinstance(header, Header):
        raise AssertionError("the proof was checked, and has no header")
    card = header.card
    kinds = {kind.title for kind in sports.get(card.sport).kinds(card.rules)}
    graded = GradedEvent(card, "proof", feed=result.digest)
    votes = Votes(card.event, header.signers, allow_unsigned=True)
    found: dict[tuple[str, bool, int], tuple[Spoken, bytes, int]] = {}
    slips: set[tuple[str, bool, int]] = set()
    for line in read[1:]:
        if not isinstance(line, Published | ConfirmedScore):
            continue
        number = 0
        if isinstance(line, Published):
            message = codec.decode_published(line.body)
            graded.published(message)
            if isinstance(message, Entry) and line.by in ("reports", "second"):
                number = int(message.entry_id)
        for_, against = votes.read(line.for_, line.against, "grading")
        # A vote against has a claim of its own, whose number is not told unless it comes to be.
        sides = ((line.for_, for_, number), (line.against, against, 0))
        for raw, spoken, claim in sides:
            for vote, one in zip(raw, spoken, strict=True):
                place = (vote.peer, *one.place)
                if one.title in kinds and found.get(place, (one, b"", 0))[2] == 0:
                    found[place] = (one, vote.signature, claim)
                undone = one.undoes
                if undone is not None and _is_slip(undone.time, one.said.time):
                    slips.add((vote.peer, True, undone.n))
    for place, (one, signature, number) in found.items():
        if place in slips:
            graded.taken_back += 1
            continue
        if not signature:
            graded.unsigned += 1
            continue
        shown = not one.recovered and (one.said.seen >= number if number else one.said.seen > 0)
        signer = one.signer
        graded.votes.append(
            GradedVote(signer.key, signer.name, one.title, one.origin, one.time, shown)
        )
    return graded


def _is_slip(said: int, undone: int) -> bool:
    """Return whether a report was taken back at once; both times by its reporter's clock."""
    return 0 <= undone - said <= SLIP
