"""Reports that another host of the event took in and this one did not: they are counted here. Pure.

A host that has lost the event offers the reports of its journal to the host that has it. Each is
held against its reporter's signature, and counts once, however often and by whomever it is offered,
and whether its reporter sends it here as well. One without a signature is the other host's word,
which is taken where an owner of the event has named that host.

A report has the number here that its reporter would have given it by the time at which it was made,
far below all that this host counts: the reporter's own numbers begin anew with each host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ....protocol import codec, signing
from ....protocol.errors import BadMessage, EventOver, NotAllowed
from ....protocol.messages import Carried, Detail, Grant, Report, ReportBatch, Said
from ....protocol.times import LATEST
from ....protocol.tokens import digest
from . import records
from .claims import WORDS
from .intake import Intake, OnStored, key_of, said_in
from .participant import Participant
from .presence import Presence
from .state import EventState
from .turn import Turn

BELOW = 2 * LATEST
"""What is taken from the time of a report, microseconds, to give its number."""


class Recovery:
    """Takes in what other hosts offer.

    Args:
        state: its participants, and whether the event is over.
        turn: what is put on record.
        intake: counts the reports.
        presence: adds reporters that have not been here.
    """

    def __init__(self, state: EventState, turn: Turn, intake: Intake, presence: Presence) -> None:
        self._state = state
        self._turn = turn
        self._intake = intake
        self._presence = presence
        self._own: set[tuple[str, bytes]] | None = None  # by peer: see `begin`
        # By peer and number that was given: the one to try next. A run of numbers is passed in one
        # step, or many reports of one time, or of times side by side, would take a step each.
        self._after: dict[tuple[str, int], int] = {}

    @property
    def begun(self) -> bool:
        """Whether anything was offered that may count. It is asked for each report."""
        return self._own is not None

    def _begin(self, turns: Iterable[bytes]) -> set[tuple[str, bytes]]:
        """Return which reports are here already."""
        own: set[tuple[str, bytes]] = set()
        for turn in turns:
            for record, _ in records.unpack(turn):
                if isinstance(record, Report | ReportBatch):
                    self._add_to(own, self._state.roster.by_report_token[record.token], record)
        return own

    def add_own(self, reporter: Participant, message: Report | ReportBatch) -> None:
        """Note that a reporter has sent reports itself."""
        if self._own is not None:
            self._add_to(self._own, reporter, message)

    @staticmethod
    def _add_to(
        own: set[tuple[str, bytes]], reporter: Participant, message: Report | ReportBatch
    ) -> None:
        own.update((reporter.peer, key_of(one)) for one in said_in(message))

    def unknown(self, carried: Iterable[Carried]) -> list[Carried]:
        """Return the first of what is of each reporter that has not been here; the broker has to
        know it."""
        roster, found = self._state.roster, dict[str, Carried]()
        for one in carried:
            if one.reports and roster.find(one.peer, "reporter") is None:
                found.setdefault(one.peer, one)
        return list(found.values())

    def introduce(self, by: Participant, grant: Grant, carried: Carried) -> None:
        """Add a reporter that the broker knows by its token; within a turn.

        Args:
            by: the host that offers its reports; what it says of the reporter's clock holds where
                an owner has named it.
            grant: the broker's word.
            carried: the reporter's reports.

        Raises:
            BadMessage: its clock was off by more than times can span.
        """
        if self.unknown([carried]) and grant.peer not in self._state.roster.revoked:
            self._presence.introduce(grant, carried.shift if self._is_named(by) else 0)

    def check(self, by: Participant) -> None:
        """Refuse an offer.

        Args:
            by: the peer that makes it.

        Raises:
            NotAllowed: it is no host of the event.
            EventOver: no report counts any more.
        """
        if by.role != "host":
            raise NotAllowed(f"a {by.role} cannot hand over the reports of others")
        if self._state.finished and self._state.closed:
            raise EventOver(f"{self._state.card.title} is finished")

    def take_in(
        self, by: Participant, carried: Iterable[Carried], turns: Callable[[], Iterable[bytes]]
    ) -> int:
        """Count the reports of an offer that was checked; within a turn.

        Args:
            by: the host that makes it.
            carried: the reports. Those of reporters that are not here are left out.
            turns: returns the turns of this event from the journal; called for the first report
                that may count, so that nobody has it read for nothing.

        Returns:
            how many are new, and count.
        """
        roster, new = self._state.roster, 0
        for one in carried:
            reporter = roster.find(one.peer, "reporter")
            if reporter is None or reporter.revoked:
                continue
            for said in one.reports:
                if self._is_here(reporter, said) or not self._holds(by, reporter, said):
                    continue
                if self._own is None:
                    self._own = self._begin(turns())
                    if self._is_here(reporter, said):
                        continue
                record = records.ReportRecovered(peer=reporter.peer, said=said, by=by.peer)
                self._turn.record(codec.encode(record))
                _, counts = self._take_in(reporter, said)
                new += counts
        return new

    def restore(
        self, record: records.ReportRecovered, _raw: bytes, on_stored: OnStored | None = None
    ) -> None:
        """Count a report of another host's as the journal says.

        Args:
            record: the report.
            on_stored: see `OnStored`.
        """
        reporter = self._state.roster.participants[record.peer, "reporter"]
        number, _ = self._take_in(reporter, record.said)
        if on_stored is not None:
            on_stored(reporter, record.said, number)

    def _take_in(self, reporter: Participant, said: Said) -> tuple[int, bool]:
        """Count a report; return its number here, and whether it was not refused."""
        number = self._number(reporter.peer, min(said.time, LATEST) - BELOW)
        reporter.recovered[key_of(said)] = number
        counts = self._intake.take_in_recovered(reporter, said, number)
        self._state.counters.recovered += counts
        return number, counts

    def _number(self, peer: str, wanted: int) -> int:
        """Return the first number from the one that is wanted on which nothing of a peer has."""
        passed, number = [], wanted
        while (after := self._after.get((peer, number))) is not None:
            passed.append(number)
            number = after
        for one in (*passed, number):
            self._after[peer, one] = number + 1
        return number

    def _is_here(self, reporter: Participant, said: Said) -> bool:
        """Return whether a report is known to be here, or speaks of what the other host published
        and counts nowhere else."""
        if said.event.title in WORDS:
            return True
        key = key_of(said)
        return key in reporter.recovered or (
            self._own is not None and (reporter.peer, key) in self._own
        )

    def _holds(self, by: Participant, reporter: Participant, said: Said) -> bool:
        """Return whether a report is its reporter's: by its signature, or by the word of a host
        that an owner has named."""
        if said.signature:
            return signing.holds(reporter.key, self._state.card.event, said)
        return self._is_named(by) and not self._state.signatures_required

    def _is_named(self, by: Participant) -> bool:
        """Return whether an owner has named a host, or is it: not one that any may be."""
        card = self._state.card
        return by.peer in (card.owner, *card.owners, *card.hosts)


def carried_in(turns: Iterable[bytes]) -> list[tuple[Carried, Said]]:
    """Return the reports of a journal that another host can count, in their order.

    What speaks of this host's claims and entries is left out, and what its reporter has taken back.

    Args:
        turns: of one event, oldest first.

    Returns:
        each report, with its reporter, who has no reports here.
    """
    found: dict[tuple[str, int | bytes], Said] = {}
    peers: dict[str, str] = {}  # by the digest of each report token
    reporters: dict[str, Carried] = {}
    for turn in turns:
        for record, _ in records.unpack(turn):
            match record:
                case records.MemberAttached(role="reporter") if record.key:
                    token, badge = record.token, record.badge or record.token
                    if not record.hashed:
                        peers[badge] = record.peer
                        token, badge = digest(token), digest(badge)
                    peers[badge] = record.peer
                    reporters[record.peer] = Carried(record.peer, token, [], record.shift)
                case records.ClockSet():
                    known = reporters[record.peer]
                    reporters[record.peer] = Carried(known.peer, known.token, [], record.shift)
                case records.ReportRecovered():
                    found[record.peer, key_of(record.said)] = record.said
                case Report() | ReportBatch() if record.token in peers:
                    _add(found, peers[record.token], record)
                case _:
                    pass
    return [(reporters[peer], said) for (peer, _), said in found.items() if peer in reporters]


def _add(
    found: dict[tuple[str, int | bytes], Said], peer: str, message: Report | ReportBatch
) -> None:
    for one in said_in(message):
        title, details = one.event.title, one.event.details or {}
        if title == "undo":
            found.pop((peer, _number(details)), None)
        elif title not in WORDS:
            said = Said(one.n, one.time, one.event, one.signature, one.seen)
            found.setdefault((peer, one.n), said)


def _number(details: Mapping[str, Detail]) -> int:
    n = details.get("n")
    return n if isinstance(n, int) else 0


def check_size(carried: Iterable[Carried], most: int) -> None:
    """Refuse an offer of too many reports.

    Raises:
        BadMessage: there are more than `most`.
    """
    if sum(len(one.reports) for one in carried) > most:
        raise BadMessage(f"more than {most:,} reports in one offer")
