"""The votes of a proof: is each the signed report of its reporter, counted once? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from ..protocol import keys, signing
from ..protocol.messages import Count, Detail, Details, Happening, Id, Micros, Name, Said
from .lines import Signed, Signer, Vote

_Blind = tuple[
    Literal["touchline report 1"], Id, int, Micros, Name, Name, Micros, list[tuple[Name, Detail]]
]
_Shown = tuple[
    Literal["touchline report 2"], Id, int, Micros, Name, Name, Micros, list[tuple[Name, Detail]],
    Count,
]  # fmt: skip
_decode = msgspec.msgpack.Decoder(_Blind).decode
_decode_shown = msgspec.msgpack.Decoder(_Shown).decode


class Broken(Exception):
    """Something in a proof does not hold; the sentence says what."""


class Spoken(msgspec.Struct, frozen=True):
    """What a vote says.

    Args:
        signer: its reporter.
        said: the report.
        time: event time by the host's clock, microseconds.
        undoes: of an undo, the report that it takes back.
        recovered, about: see `Vote`.
    """

    signer: Signer
    said: Said
    time: int
    undoes: Said | None = None
    recovered: bool = False
    about: str = ""

    def is_about(self, entry_id: str) -> bool:
        """Return whether it names an entry, or asked about it, a claim of the same number."""
        name = "claim" if self.title == "answer" else "entry"
        return (self.about or str(self.details.get(name))) == entry_id

    @property
    def place(self) -> tuple[bool, int]:
        """Its place among the reports of its reporter: those that were handed over come first, in
        the order in which they were made."""
        return not self.recovered, self.said.time if self.recovered else self.said.n

    @property
    def title(self) -> str:
        """The action."""
        return self.said.event.title

    @property
    def origin(self) -> str:
        """What made it."""
        return self.said.event.origin

    @property
    def details(self) -> Mapping[str, Detail]:
        """What else it says."""
        return self.said.event.details or {}


class Votes:
    """Reads the votes of one proof.

    Args:
        event: its id.
        signers: the reporters.
        allow_unsigned: votes without a signature are counted, not refused.
    """

    def __init__(self, event: str, signers: Iterable[Signer], *, allow_unsigned: bool) -> None:
        self.signed = 0
        """Reports whose signature holds."""
        self.unsigned = 0
        """Reports that bear none."""
        self.clock_offset = 0
        """The largest correction of a reporter's clock, microseconds."""
        self._event = event
        self._allow_unsigned = allow_unsigned
        self._signers: dict[str, Signer] = {}
        # By peer and number, and what it says where that number is of another host's count.
        self._known: dict[tuple[str, int, bytes], Signed] = {}
        self._spent: dict[tuple[str, int, bytes], str] = {}  # what each vote counted for
        # By peer and what a report says: what it counted for first, and whether as handed over.
        self._said_before: dict[tuple[str, bytes], tuple[str, bool]] = {}
        for signer in signers:
            if signer.peer in self._signers:
                raise Broken(f"{signer.peer} is listed twice among the reporters")
            if signer.key and keys.peer_id(signer.key) != signer.peer:
                raise Broken(f"{signer.peer} is not the id of the key that is given for it")
            self._signers[signer.peer] = signer

    def read(
        self, for_: Iterable[Vote], against: Iterable[Vote], cause: str
    ) -> tuple[list[Spoken], list[Spoken]]:
        """Return what the votes for and against something say.

        Args:
            for_, against: the votes.
            cause: what those for it count for; a vote counts for one thing.

        Raises:
            Broken: a vote is not what it should be.
        """
        heard: set[str] = set()
        agree, differ = ([self._read(vote, heard) for vote in votes] for votes in (for_, against))
        for one in agree:
            said, peer = one.said, one.signer.peer
            spent = self._spent.setdefault(_number(peer, said, recovered=one.recovered), cause)
            now = cause, one.recovered
            before = self._said_before.setdefault((peer, _content_of(said)), now)
            if spent == cause and (before[1] or one.recovered):
                spent = before[0]  # it may have come from its reporter and from another host
            if spent != cause:
                raise Broken(f"{_name(one)} counts for {cause}, and for {spent} before")
        return agree, differ

    def _read(self, vote: Vote, heard: set[str]) -> Spoken:
        signer = self._signers.get(vote.peer)
        if signer is None:
            raise Broken(f"there is a vote of {vote.peer!r}, which is not among the reporters")
        if vote.peer in heard:
            raise Broken(f"{signer.name!r} ({vote.peer}) is counted twice")
        heard.add(vote.peer)
        said = self._said(signer, vote)
        undoes = None if vote.undoes is None else self._said(signer, vote.undoes)
        self.clock_offset = max(self.clock_offset, abs(vote.shift))
        self._check_word(vote, said, signer)
        time = said.event.time + vote.shift
        return Spoken(signer, said, time, undoes, vote.recovered, vote.about)

    def _check_word(self, vote: Vote, said: Said, signer: Signer) -> None:
        """Take the host's word for what a vote is about that another host handed over, where it may
        be taken: its reporter has signed the number that the other host gave it."""
        if not vote.about:
            return
        what = f"report {said.n} of {signer.name!r} ({signer.peer})"
        if not vote.recovered:
            raise Broken(f"{what} is about another entry than it says")
        if not self._allow_unsigned:
            raise Broken(
                f"{what} speaks of what another host published (--allow-unsigned takes the host's"
                " word for which entry here that is)"
            )
        self.unsigned += 1

    def _said(self, signer: Signer, one: Signed) -> Said:
        said = _content(self._event, one.report)
        what = f"report {said.n} of {signer.name!r} ({signer.peer})"
        recovered = isinstance(one, Vote) and one.recovered
        known = self._known.setdefault(_number(signer.peer, said, recovered=recovered), one)
        if known is not one:
            if (known.report, known.signature) != (one.report, one.signature):
                raise Broken(f"{what} is there in two forms")
            return said
        if not one.signature:
            if not self._allow_unsigned:
                raise Broken(
                    f"{what} is not signed (--allow-unsigned takes the host's word for it)"
                )
            self.unsigned += 1
        elif keys.verify(signer.key, one.report, one.signature):
            self.signed += 1
        else:
            raise Broken(f"the signature of {what} does not hold")
        return said


def _number(peer: str, said: Said, *, recovered: bool) -> tuple[str, int, bytes]:
    """Return what no other report of a reporter has."""
    return peer, said.n, _content_of(said) if recovered else b""


def _content_of(said: Said) -> bytes:
    """Return what a report says, whatever its number."""
    return signing.content("", replace(said, n=0, seen=0))


def _content(event: str, report: bytes) -> Said:
    """Return the report whose signed bytes these are."""
    try:
        _, of, n, time, title, origin, at, pairs, seen = _parts(report)
        details: Details = dict(pairs)
        happening = Happening(title, origin, at, details or None)
        said = Said(n=n, time=time, event=happening, seen=seen)
        whole = signing.content(event, said) == report
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
        raise Broken(f"there is a vote that is no report: {error}") from None
    if of != event:
        raise Broken(f"report {n} speaks of the event {of!r}")
    if not whole:
        raise Broken(f"report {n} is not written as reports are when they are signed")
    return said


def _parts(report: bytes) -> tuple[Any, ...]:
    try:
        return (*_decode(report), 0)
    except msgspec.ValidationError:
        return (*_decode_shown(report),)


def _name(one: Spoken) -> str:
    return f"report {one.said.n} of {one.signer.name!r} ({one.signer.peer})"
