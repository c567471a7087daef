"""Reports that another host of the event took in and this one did not: they are counted here. Pure.

A host that has lost the event offers the reports of its journal to the host that has it. Each is
held against its reporter's signature, and counts once, however often and by whomever it is offered,
and whether its reporter sends it here as well. One without a signature is the other host's word,
which is taken where an owner of the event has named that host; so is what entry or claim a vote is
about, since each host counts its own.

A report has the number here that its reporter would have given it by the time at which it was made,
far below all that this host counts: the reporter's own numbers begin anew with each host.

What is here already is read from the journal once, some of it in each turn of the host's loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ....protocol import codec, signing
from ....protocol.errors import BadMessage, EventOver, NotAllowed, Overloaded, StorageFault
from ....protocol.messages import (
    Carried,
    Detail,
    Grant,
    Happening,
    Report,
    ReportBatch,
    Ruling,
    Said,
    Voted,
)
from ....protocol.times import LATEST
from ....protocol.tokens import digest
from ....sports.sport import WORDS
from . import records
from .claims import Claim
from .intake import Intake, OnStored, key_of, said_in
from .participant import Participant
from .presence import Presence
from .state import EventState
from .turn import Turn

BELOW = 2 * LATEST
"""What is taken from the time of a report, microseconds, to give its number."""

READ = 2_000
"""The most records of a journal that are read in a turn: some 10 ms."""

STRANGERS = 10_000
"""The most reporters of offers that are remembered as those whom the broker does not know."""

LATER = 20
"""The most entries that are looked at for whether one stands after a vote that all is over."""

ON_ENTRIES = frozenset({"delete", "amend"})
"""The titles of reports that are about an entry."""


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
        self._own: set[tuple[str, bytes]] | None = None  # by peer; None: not looked at yet
        self._reading: Iterator[bytes] | None = None  # the turns that `_own` is still to be read of
        self._strangers: dict[tuple[str, str], None] = {}  # peer and token, the oldest first
        # By peer and number that was given: the one to try next. A run of numbers is passed in one
        # step, or many reports of one time, or of times side by side, would take a step each.
        self._after: dict[tuple[str, int], int] = {}

    @property
    def begun(self) -> bool:
        """Whether anything was offered that may count. It is asked for each report."""
        return self._own is not None

    @property
    def reading(self) -> bool:
        """Whether `read` has something to do."""
        return self._reading is not None

    def read(self) -> None:
        """Read some of what is here already."""
        try:
            self._read_some()
        except StorageFault:
            self._own = None  # the next offer begins anew, and is told

    def _read_some(self) -> None:
        left = READ
        while self._reading is not None and left > 0:
            turn = next(self._reading, None)
            if turn is None:
                self._reading = None
                return
            unpacked = records.unpack(turn)
            left -= len(unpacked)
            for record, _ in unpacked:
                if isinstance(record, Report | ReportBatch):
                    left -= len(said_in(record))
                    self.add_own(self._state.roster.by_report_token[record.token], record)

    def _look_at_own(self, turns: Callable[[], Iterable[bytes]]) -> None:
        """Know which reports are here already.

        Raises:
            Overloaded: more is to be read than one turn has time for.
            StorageFault: the journal can't be read.
        """
        if self._own is None:
            self._own, self._reading = set(), iter(turns())
            try:
                self._read_some()
            except StorageFault:
                self._own = self._reading = None
                raise
        if self._reading is not None:
            raise Overloaded("this host is still reading what it has; offer it again in a moment")

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
        know it. One that it does not know is asked about once."""
        roster, found = self._state.roster, dict[str, Carried]()
        for one in carried:
            if (
                (one.reports or one.votes)
                and (one.peer, one.token) not in self._strangers
                and roster.find(one.peer, "reporter") is None
            ):
                found.setdefault(one.peer, one)
        return list(found.values())

    def unknown_to_broker(self, carried: Carried) -> None:
        """Note that the broker does not know a reporter by its token."""
        while len(self._strangers) >= STRANGERS:
            del self._strangers[next(iter(self._strangers))]
        self._strangers[carried.peer, carried.token] = None

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
        new = 0
        for reporter, one in self._taking_part(carried):
            for said in one.reports:
                if said.event.title in WORDS or not self._may_count(by, reporter, said, turns):
                    continue
                new += self._add(by, reporter, said, None)
        for reporter, one in self._taking_part(carried):
            for vote in one.votes:
                about = self._found(vote.about) if vote.about is not None else None
                if self._is_possible(by, reporter, vote, about) and self._may_count(
                    by, reporter, vote.said, turns
                ):
                    new += self._add(by, reporter, vote.said, about)
        return new

    def _taking_part(self, carried: Iterable[Carried]) -> Iterator[tuple[Participant, Carried]]:
        """Yield what is of reporters that take part here."""
        for one in carried:
            reporter = self._state.roster.find(one.peer, "reporter")
            if reporter is not None and not reporter.revoked:
                yield reporter, one

    def _may_count(
        self,
        by: Participant,
        reporter: Participant,
        said: Said,
        turns: Callable[[], Iterable[bytes]],
    ) -> bool:
        """Return whether a report is its reporter's, and not here.

        Raises:
            Overloaded, StorageFault: that is not known.
        """
        if self._is_here(reporter, said) or not self._holds(by, reporter, said):
            return False
        if self._own is None or self._reading is not None:
            self._look_at_own(turns)
            return not self._is_here(reporter, said)
        return True

    def _add(self, by: Participant, reporter: Participant, said: Said, about: Claim | None) -> bool:
        on = 0 if about is None else about.number
        record = records.ReportRecovered(peer=reporter.peer, said=said, by=by.peer, on=on)
        self._turn.record(codec.encode(record))
        _, counts = self._take_in(reporter, said, about)
        return counts

    # ── votes ────────────────────────────────────────────────────────────────────────────────

    def _found(self, action: Happening) -> Claim | None:
        """Return the claim here that is of an action of another host; None where there is none."""
        index = self._state.claims.find_index((action.title, action.origin))
        if index is None or index.kind is None:
            return None
        identity = index.identity(action.details)
        near = [
            (abs(one.mean - action.time), one.number, one)
            for one in index.near(action.time, index.window)
            if one.identity == identity or index.rules.fit(one.identity, identity)
        ]
        return min(near)[2] if near and min(near)[0] <= index.window else None

    def _is_possible(
        self, by: Participant, reporter: Participant, vote: Voted, about: Claim | None
    ) -> bool:
        """Return whether a vote can count here: what it is about is here, and what its reporter has
        said here itself, or what has happened since, does not say otherwise."""
        state, event = self._state, vote.said.event
        if event.title not in WORDS or event.title == "undo" or not state.edition:
            return False
        if vote.about is not None:
            if about is None or not self._is_named(by):
                return False
            if event.title == "answer":
                return not (about.spoken | about.voters) & reporter.bit
            entry = state.timeline.versions.get(about.entry_id)
            return entry is not None and entry.status != "DELETED"
        if event.title in ON_ENTRIES or event.title == "answer":
            return False
        if state.outage.state == "reconstructing":
            return False  # it is the score on return that is asked for
        others = state.claims.ends() if event.title == "end" else state.claims.stated()
        if any(one.voters & reporter.bit for one in others):
            return False
        said_at = event.time + reporter.clock_offset
        return event.title != "end" or all(
            entry.status == "DELETED" for entry in state.timeline.since(said_at + 1, LATER)
        )

    def restore(
        self, record: records.ReportRecovered, _raw: bytes, on_stored: OnStored | None = None
    ) -> None:
        """Count a report of another host's as the journal says.

        Args:
            record: the report.
            on_stored: see `OnStored`.
        """
        reporter = self._state.roster.participants[record.peer, "reporter"]
        about = None
        if record.on:
            found = self._state.claims.open.get(record.on)
            about = found or self._state.by_entry[str(record.on)]
        number, _ = self._take_in(reporter, record.said, about)
        if on_stored is not None:
            on_stored(reporter, record.said, number)

    def _take_in(self, reporter: Participant, said: Said, about: Claim | None) -> tuple[int, bool]:
        """Count a report; return its number here, and whether it was not refused."""
        number = self._number(reporter.peer, min(said.time, LATEST) - BELOW)
        reporter.recovered[key_of(said)] = number
        if said.event.title in WORDS:
            counts = self._intake.take_in_recovered_vote(reporter, said, number, about)
        else:
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
        """Return whether a report is known to be here."""
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


class Gathering:
    """Gathers what a journal has that another host can count: some of it at a time.

    What a reporter has taken back is left out.

    Args:
        turns: of one event, oldest first.
        action_of: returns the action of a claim or entry of this host by its number, None where
            there is none.
    """

    def __init__(
        self, turns: Iterable[bytes], action_of: Callable[[int], Happening | None]
    ) -> None:
        self.done = False
        """Whether all is read."""
        self.rulings = 0
        """Rulings of the event's owners, which are not offered."""
        self._turns = iter(turns)
        self._action_of = action_of
        # By peer and number, or what another host's report says; with the claim that it is on.
        self._found: dict[tuple[str, int | bytes], tuple[Said, int]] = {}
        self._peers: dict[str, str] = {}  # by the digest of each report token
        self._reporters: dict[str, Carried] = {}  # who have no reports here

    def read(self, most: int) -> None:
        """Read some turns, of about so many records.

        Raises:
            StorageFault: the journal can't be read.
        """
        while most > 0:
            turn = next(self._turns, None)
            if turn is None:
                self.done = True
                return
            unpacked = records.unpack(turn)
            most -= len(unpacked)
            for record, _ in unpacked:
                self._take(record)
                if isinstance(record, ReportBatch):
                    most -= len(record.reports)

    def items(self) -> list[tuple[Carried, Said | Voted]]:
        """Return each report with its reporter: those of actions in their order, then the others in
        theirs."""
        actions: list[tuple[Carried, Said | Voted]] = []
        votes: list[tuple[Carried, Said | Voted]] = []
        for (peer, _), (said, on) in self._found.items():
            reporter = self._reporters.get(peer)
            if reporter is None:
                continue
            if said.event.title not in WORDS:
                actions.append((reporter, said))
            elif (vote := self._voted(said, on)) is not None:
                votes.append((reporter, vote))
        return [*actions, *votes]

    def _voted(self, said: Said, on: int) -> Voted | None:
        """Return a report that is no action; None where what it is about is gone."""
        details = said.event.details or {}
        named = details.get("claim" if said.event.title == "answer" else "entry", "")
        if not on and not named:
            return Voted(said)
        number = on or (int(named) if str(named).isdecimal() else 0)
        about = self._action_of(number)
        return None if about is None else Voted(said, about)

    def _take(self, record: records.Record) -> None:
        match record:
            case records.MemberAttached(role="reporter") if record.key:
                token, badge = record.token, record.badge or record.token
                if not record.hashed:
                    self._peers[badge] = record.peer
                    token, badge = digest(token), digest(badge)
                self._peers[badge] = record.peer
                self._reporters[record.peer] = Carried(record.peer, token, [], record.shift)
            case records.ClockSet():
                known = self._reporters[record.peer]
                self._reporters[record.peer] = Carried(known.peer, known.token, [], record.shift)
            case records.ReportRecovered():
                self._found[record.peer, key_of(record.said)] = record.said, record.on
            case Report() | ReportBatch() if record.token in self._peers:
                self._add(self._peers[record.token], record)
            case Ruling():
                self.rulings += 1
            case _:
                pass

    def _add(self, peer: str, message: Report | ReportBatch) -> None:
        for one in said_in(message):
            title, details = one.event.title, one.event.details or {}
            if title == "undo":
                self._found.pop((peer, _number(details)), None)
            else:
                said = Said(one.n, one.time, one.event, one.signature, one.seen)
                self._found.setdefault((peer, one.n), (said, 0))


def carried_in(
    turns: Iterable[bytes], action_of: Callable[[int], Happening | None] = lambda number: None
) -> list[tuple[Carried, Said | Voted]]:
    """Return what a journal has that another host can count; see `Gathering`."""
    gathering = Gathering(turns, action_of)
    while not gathering.done:
        gathering.read(READ)
    return gathering.items()


def _number(details: Mapping[str, Detail]) -> int:
    n = details.get("n")
    return n if isinstance(n, int) else 0


def check_size(carried: Iterable[Carried], most: int) -> None:
    """Refuse an offer of too many reports.

    Raises:
        BadMessage: there are more than `most`.
    """
    if sum(size_of(one) for one in carried) > most:
        raise BadMessage(f"more than {most:,} reports in one offer")


def size_of(carried: Carried) -> int:
    """Return how many reports are of one reporter."""
    return len(carried.reports) + len(carried.votes)
