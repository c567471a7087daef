"""Check a proof: does everything that was published follow from the signed reports behind it? Pure.

First the seal, which shows any change made after the file was written. Then what no seal can make
true: the order and digest of the feed, each signature, and for each message that the votes lead to
it. What remains is the host's word: how many were present, how far clocks were off, and that no
vote was left out before it was counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from msgspec.structs import replace

from .. import sports
from ..peer.grades.book import Book
from ..peer.host.event.verdict import Verdict
from ..peer.host.event.verdict import parse as parse_verdict
from ..protocol import codec, digest, keys
from ..protocol.errors import PeerError, SettingError, TouchlineError
from ..protocol.messages import Alarm, Entry, FeedMessage, Finished, Restored, Ruling
from ..timeline.timeline import Timeline
from . import lines
from .lines import ConfirmedScore, Epoch, Header, Published, Seal, Weighing
from .rules import ProvenTimeline
from .votes import Broken, Spoken, Votes
from .weighed import Voices, WeighedVerdicts


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first thing in a proof that does not hold.

    Args:
        line: of the file, from 1.
        seq, entry_id: the published message and its entry; 0 and empty where it is none.
        reason: a sentence.
    """

    line: int
    seq: int
    entry_id: str
    reason: str

    def __str__(self) -> str:
        place = f"line {self.line}"
        if self.seq:
            place += f", seq {self.seq}"
        if self.entry_id:
            place += f", entry {self.entry_id}"
        return f"{place}: {self.reason}"


@dataclass(slots=True)
class Result:
    """What a proof holds; up to the flaw, where there is one.

    Args:
        flaw: None where all of it holds.
        event, title: of the card.
        host, key: peer id and public key of the host that sealed it.
        seq, digest: where the feed ends.
        entries: on the timeline in the end.
        reporters: of whom there are votes.
        signed, unsigned: reports with and without a signature.
        clock_offset: the largest correction of a reporter's clock, microseconds.
        book: the digest of the book by which reporters were weighed; empty: there was none.
        at: the seq at which the feed has the digest that was asked for.
        owner: peer id of the event's owner, as the host had it from the broker; empty: not known.
        former: peer ids of those who ruled as owners and own it no longer, likewise.
        rulings: the owner's, each of which bears the owner's signature.
    """

    flaw: Flaw | None = None
    event: str = ""
    title: str = ""
    host: str = ""
    key: bytes = b""
    seq: int = 0
    digest: bytes = digest.EMPTY
    entries: int = 0
    reporters: int = 0
    signed: int = 0
    unsigned: int = 0
    clock_offset: int = 0
    book: bytes = b""
    at: int = 0
    owner: str = ""
    former: tuple[str, ...] = ()
    rulings: int = 0


def check(
    text: bytes,
    *,
    host: str = "",
    expected: bytes = b"",
    allow_unsigned: bool = False,
    book: Book | None = None,
) -> Result:
    """Return what a proof holds, and the first thing that is wrong with it.

    Args:
        text: the file.
        host: public key (43 characters) or peer id of the host that sealed it; empty: any host.
        expected: a digest that the feed must have had; empty: any.
        allow_unsigned: votes without a signature count.
        book: the book of records by which the reporters were weighed; None: there is none.

    Raises:
        NotFound: the sport is not installed here.
    """
    made = _Check(book or Book(), allow_unsigned=allow_unsigned)
    try:
        made.run(text, host, expected)
    except Broken as flaw:
        made.result.flaw = Flaw(made.line, made.seq, made.entry_id, str(flaw))
    return made.result


class _Check:
    """One run over one file."""

    def __init__(self, book: Book, *, allow_unsigned: bool) -> None:
        self.result = Result()
        self.line = 1
        self.seq = 0
        self.entry_id = ""
        self._book = book
        self._allow_unsigned = allow_unsigned
        self._epoch = 0
        self._score_confirmed = False  # since the last message that ended an outage

    def run(self, text: bytes, host: str, expected: bytes) -> None:
        all_lines = text.split(b"\n")
        if all_lines.pop():
            self.line = len(all_lines) + 1
            raise Broken("the line has no end: the file was cut")
        seal = self._seal(all_lines)
        self._begin(all_lines, host)
        met = expected in (b"", self.result.digest)
        for number, line in enumerate(all_lines[1:-1], 2):
            self.line, self.seq, self.entry_id = number, 0, ""
            self._take(line)
            if expected == self.result.digest:
                met, self.result.at = True, self.result.seq
        self.line, self.seq, self.entry_id = len(all_lines), 0, ""
        self._rules.settled()
        if seal.digest != self.result.digest:
            raise Broken("the seal states another digest than that of the messages")
        if not met:
            raise Broken(f"the feed had the digest {expected.hex()} at no time")

    # ── the seal ─────────────────────────────────────────────────────────────────────────────

    def _seal(self, all_lines: list[bytes]) -> Seal:
        """Return the seal if it holds; else find the line that was changed."""
        seal = lines.decode(all_lines[-1]) if all_lines else None
        if not isinstance(seal, Seal) or lines.encode(seal) != all_lines[-1]:
            self._find_no_line(all_lines)
        hashes = lines.digests(all_lines[:-1])
        if hashes != seal.hashes:
            pairs = enumerate(zip(hashes, seal.hashes, strict=False))
            shorter = min(len(hashes), len(seal.hashes))
            changed = next((index for index, (one, other) in pairs if one != other), shorter)
        else:
            changed = -1
        self._blame(all_lines, seal, hashes, changed)
        return seal

    def _find_no_line(self, all_lines: list[bytes]) -> NoReturn:
        for number, line in enumerate(all_lines, 1):
            self.line = number
            found = lines.decode(line)
            if not isinstance(found, Header if number == 1 else Published | ConfirmedScore):
                raise Broken("the line is not one of a proof, or was changed")
        raise Broken("the file ends without a seal")

    def _blame(self, all_lines: list[bytes], seal: Seal, hashes: list[bytes], changed: int) -> None:
        """Find out what was changed, a line or the seal; return where neither was.

        Args:
            changed: index of the first line that is not the one that was sealed; -1: none.
        """
        header = lines.decode(all_lines[0])
        if not isinstance(header, Header):
            raise Broken("the line is no header of a proof, or was changed")
        key = header.host.key
        holds = keys.verify(key, lines.sealed(seal.hashes, seal.digest), seal.signature)
        if holds and changed < 0:
            return
        self.line = len(all_lines)
        if not holds and changed == 0:
            # The header, with the key in it, or what the seal says of the header?
            rest = [hashes[0], *seal.hashes[1:]]
            if not keys.verify(key, lines.sealed(rest, seal.digest), seal.signature):
                self.line = 1
        elif holds:
            self.line = changed + 1
        if self.line == len(all_lines):
            raise Broken("the seal is not that of the host that the header names")
        self._name_line(all_lines[self.line - 1])
        raise Broken("the line is not the one that was sealed")

    def _name_line(self, line: bytes) -> None:
        """Note which message a changed line speaks of, as far as it can be told."""
        found = lines.decode(line)
        if isinstance(found, Published):
            self.seq = found.seq
            try:
                message = codec.decode_published(found.body)
            except PeerError:
                return
            self.entry_id = message.entry_id if isinstance(message, Entry) else ""

    # ── the header ───────────────────────────────────────────────────────────────────────────

    def _begin(self, all_lines: list[bytes], host: str) -> None:
        header = lines.decode(all_lines[0])
        if not isinstance(header, Header):
            raise AssertionError("the seal held, without a header")
        if header.version != lines.VERSION:
            raise Broken(f"a proof of version {header.version}, this reads {lines.VERSION}")
        sealer, card = header.host, header.card
        if keys.peer_id(sealer.key) != sealer.peer:
            raise Broken(f"{sealer.peer} is not the id of the host's key")
        if host not in ("", sealer.peer, keys.to_text(sealer.key)):
            raise Broken(f"sealed by {sealer.peer}, not by {host}")
        self._policies = {epoch.epoch: _policy(epoch) for epoch in header.epochs}
        self._editions = {epoch.epoch: epoch.edition for epoch in header.epochs}
        self._books = {epoch.epoch: epoch.book for epoch in header.epochs}
        self._votes = Votes(card.event, header.signers, allow_unsigned=self._allow_unsigned)
        self._sport = sports.get(card.sport)
        try:
            start = self._sport.start(card.origins, card.rules, card.lineups)
            kinds = {kind.title: kind for kind in self._sport.kinds(card.rules)}
        except SettingError as error:
            raise Broken(error.sentence) from None
        self._timeline = Timeline(self._sport, start, kinds)
        weighed = WeighedVerdicts(header.signers, self._book)
        owned = replace(card, owners=[*card.owners, *header.former])
        self._rules = ProvenTimeline(owned, self._sport, kinds, self._timeline, weighed)
        result = self.result
        result.event, result.title, result.owner = card.event, card.title, card.owner
        result.former = tuple(header.former)
        result.host, result.key = sealer.peer, sealer.key
        result.reporters = len(header.signers)
        result.book = header.epochs[-1].book if header.epochs else b""

    # ── what was published ───────────────────────────────────────────────────────────────────

    def _take(self, line: bytes) -> None:
        found = lines.decode(line)
        try:
            match found:
                case Published():
                    self.seq = found.seq
                    self._published(found)
                case ConfirmedScore():
                    self._confirmed(found)
                case _:
                    raise Broken("the line is neither a published message nor a score")
        except Broken:
            raise
        except (TouchlineError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            # A sport's rules are made for what a host lets in; an invented file may hold anything.
            raise Broken(f"it is not valid: {error!r}") from error
        result, votes = self.result, self._votes
        result.signed, result.unsigned = votes.signed, votes.unsigned
        result.clock_offset = votes.clock_offset
        result.entries = len(self._timeline.standing)

    def _published(self, line: Published) -> None:
        result = self.result
        if line.seq != result.seq + 1:
            raise Broken(f"seq {line.seq} where {result.seq + 1} should be")
        message = self._message(line)
        verdict = self._policies.get(message.epoch)
        if verdict is None:
            raise Broken(f"the header knows no epoch {message.epoch}")
        self._rules.match_by(self._editions[message.epoch])
        if isinstance(message, Entry):
            self.entry_id = message.entry_id
        cause = f"entry {self.entry_id}"
        if not isinstance(message, Entry) or line.by in ("delete", "amend", "review"):
            cause = f"seq {line.seq}"
        if line.weighing is not None:
            self._weighed(line, line.weighing, message, cause, verdict)
            self._advance(line)
            return
        if not isinstance(message, Entry) or line.by == "owner":
            self._rules.settled()
        for_, against = self._read(line, cause)
        if line.by != "owner" and isinstance(message, Entry | Finished):
            self._rules.not_by_owner(message)
        match message:
            case Entry() | Finished() if line.by == "owner":
                self._rules.ruled(message, self._ruling(line), for_, against, line.seen)
                self.result.rulings += 1
            case Entry():
                self._rules.entry(message, line.by, for_, against, verdict, line.present, line.seen)
            case Finished():
                edition = self._editions[message.epoch]
                self._rules.finished(
                    message, line.by, for_, against, line.present, verdict, edition
                )
            case _ if for_ or against or line.by != "host":
                raise Broken("there are votes on it, and it is not voted on")
            case Alarm():
                self._rules.suspended()
            case Restored():
                if message.confirmed != self._score_confirmed:
                    raise Broken("a score was confirmed, or was not, other than it says")
                self._score_confirmed = False
                self._rules.restored(message)
        self._advance(line)

    def _read(self, line: Published, cause: str) -> tuple[list[Spoken], list[Spoken]]:
        if not line.seen:
            return self._votes.read(line.for_, line.against, cause)
        # A reporter that repeats the one may have told the other by itself.
        for_, _ = self._votes.read(line.for_, [], cause)
        _, against = self._votes.read([], line.against, cause)
        twice = {one.peer for one in line.for_} & {one.peer for one in line.against}
        if not twice.issubset(line.seen):
            raise Broken("a reporter is counted for and against")
        return for_, against

    def _ruling(self, line: Published) -> Ruling:
        """Return the ruling of the owner that a line holds; its signature is looked at later."""
        try:
            ruling = codec.decode_host_request(line.ruling)
        except PeerError as error:
            raise Broken(f"the ruling cannot be read: {error.sentence}") from None
        if not isinstance(ruling, Ruling):
            raise Broken("there is no ruling of the owner behind it")
        if (line.for_ or line.against) and not ruling.title:
            raise Broken("there are votes on it, and the owner has ruled")
        return ruling

    def _advance(self, line: Published) -> None:
        self.result.seq = line.seq
        self.result.digest = digest.chain(self.result.digest, line.body)

    def _weighed(
        self,
        line: Published,
        weighing: Weighing,
        message: FeedMessage,
        cause: str,
        verdict: Verdict,
    ) -> None:
        if not isinstance(message, Entry):
            raise Broken("only entries are weighed")
        epoch = message.epoch
        if self._books[epoch] != self._book.digest:
            raise Broken(f"it was weighed by the book {self._books[epoch].hex()}; name it: --book")
        read = self._votes.read
        for_, _ = read(line.for_, [], cause)
        _, against = read([], line.against, cause)
        yes, no = read(weighing.yes, weighing.no, cause)
        voices = Voices(for_, against, yes, no)
        self._rules.weighed(message, line.by, voices, weighing, verdict)

    def _message(self, line: Published) -> FeedMessage:
        try:
            message = codec.decode_published(line.body)
        except PeerError as error:
            raise Broken(f"the published message cannot be read: {error.sentence}") from None
        if not isinstance(message, FeedMessage):
            raise Broken(f"a {type(message).__name__} has no place on the feed")
        if message.event != self.result.event:
            raise Broken(f"the message is of the event {message.event!r}")
        if message.seq != line.seq:
            raise Broken(f"the message says seq {message.seq}")
        if message.epoch < self._epoch:
            raise Broken(f"epoch {message.epoch} after {self._epoch}")
        self._epoch = message.epoch
        return message

    def _confirmed(self, line: ConfirmedScore) -> None:
        verdicts = [self._policies[epoch] for epoch in self._policies if epoch >= self._epoch]
        for_, against = self._votes.read(line.for_, line.against, f"line {self.line}")
        self._rules.confirmed(line, for_, against, verdicts)
        self._score_confirmed = True


def _policy(epoch: Epoch) -> Verdict:
    try:
        return parse_verdict(epoch.verdict, alone=epoch.alone)
    except SettingError:
        raise Broken(
            f"epoch {epoch.epoch} has no policy that is known: {epoch.verdict!r}"
        ) from None
