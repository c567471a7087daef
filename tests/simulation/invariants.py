"""What must hold whatever happens, judged from outside: by what is on the host's disk.

The ledger reads every commit by itself and knows from it alone what was stored, published and
promised; each frame that leaves the host, and each item that a subscriber shows, is held against
it. The watchman reckons when alarms are due, and which reporters still count as present. Neither
uses the code that it judges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

from msgspec.structs import replace

from touchline.peer.host.event import records
from touchline.peer.host.event.claims import Repeat
from touchline.peer.host.event.event import HostedEvent
from touchline.protocol import codec, messages
from touchline.protocol.errors import StorageFault
from touchline.protocol.messages import Alarm, Entry, Finished, Heartbeat, Restored
from touchline.protocol.times import SECOND

from .verdicts import Verdicts
from .violation import Violation, demand

BEGIN = 1_700_000_000 * SECOND
"""The wall time when everything begins."""

TOLERANCE = 0.1
"""Seconds that a timer may be late."""

MICROSECOND = 1e-6
"""Seconds by which two clocks may differ in a span of time, for rounding."""

ASTRAY = 3 * SECOND
"""Microseconds by which a reporter's times, as the host reckons them, may be wrong at the most.

Its clock is measured by a request that may take 2 s longer to come than half the round trip says:
after that time it asks anew. The reporter itself states a time up to 0.8 s after the action.
"""


class Ledger:
    """What is on the host's disk.

    Args:
        offsets: how far each reporter's clock is ahead, microseconds, by peer id.
        window: microseconds within which reports speak of one action.
        verdicts: judges what the reports lead to.
        tell: takes a line for the trace.
        leased: returns whether no other host can have the event now.
    """

    def __init__(
        self,
        offsets: Mapping[str, int],
        window: int,
        verdicts: Verdicts,
        tell: Callable[[str, str], None],
        leased: Callable[[], bool],
    ) -> None:
        self.epoch = 0
        self.feed: list[Any] = []
        self.rulings: list[str] = []  # the ids of the owner's, in the order of the journal
        self.finished = False  # the event is over
        self.bodies: list[bytes] = []
        self.digests = [bytes(16)]
        self.stored: dict[str, set[int]] = defaultdict(set)
        self.alarms = 0  # of the outage that is open
        self.suspended = False
        self.alarmed_wall = 0
        self._outage_seq = 0  # of its first alarm
        self._since = self._until = 0  # of that outage, wall time
        self._received = 0  # wall time of the turn that is read
        self._offsets = dict(offsets)
        self._window = window
        self._verdicts = verdicts
        self._tell = tell
        self._leased = leased
        self._peers: dict[str, str] = {}
        self._counted: dict[str, int] = defaultdict(int)  # everything up to it is stored
        self._said: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        self._used: dict[tuple[str, str], int] = defaultdict(int)
        self._sent = 0  # seq of the newest message published in this life of the host

    def set_clock(self, peer: str, offset: int) -> None:
        """Note that a reporter's clock is so far ahead from now on, microseconds."""
        self._offsets[peer] = offset

    def counted(self, peer: str) -> int:
        """Return the number up to which all reports of a peer are stored."""
        n = self._counted[peer]
        while n + 1 in self.stored[peer]:
            n += 1
        self._counted[peer] = n
        return n

    # ── what is committed ────────────────────────────────────────────────────────────────────

    def committed(self, blob: bytes) -> list[Any]:
        """Take in one turn; return its records."""
        found = []
        for record, raw in records.unpack(blob):
            found.append(record)
            self._verdicts.take(record, self._received)
            match record:
                case records.Began():
                    demand(
                        record.epoch > self.epoch,
                        f"epoch {record.epoch} begins after epoch {self.epoch}",
                    )
                    self.epoch = record.epoch
                case records.MemberAttached():
                    self._peers[record.badge] = record.peer
                case messages.Report():
                    self._store(record.token, record)
                case messages.ReportBatch():
                    for said in record.reports:
                        self._store(record.token, said)
                case records.TurnBegan():
                    self._received = record.received
                case messages.Ruling():
                    demand(record.ruling not in self.rulings, f"{record.ruling} is made twice")
                    self.rulings.append(record.ruling)
                case records.ContactRegained():
                    self.suspended = False
                    self._until = self._received
                case Entry() | Alarm() | Restored() | Finished():
                    self._append(record, raw)
        return found

    def _store(self, token: str, said: messages.Report | messages.Said) -> None:
        demand(token in self._peers, f"a report is stored that carries no badge: {token}")
        peer = self._peers[token]
        if said.n not in self.stored[peer]:
            self.stored[peer].add(said.n)
            event = said.event
            time = event.time - self._offsets[peer]
            self._said[event.title, event.origin].append((peer, time))
            self._verdicts.take_report(peer, said, self._received)

    def _append(self, message: Any, raw: bytes) -> None:
        demand(
            message.seq == len(self.feed) + 1,
            f"seq {message.seq} follows seq {len(self.feed)}",
        )
        demand(
            message.epoch == self.epoch,
            f"seq {message.seq} has epoch {message.epoch}, the host is in {self.epoch}",
        )
        self.feed.append(message)
        self.bodies.append(raw)
        chained = blake2b(raw, digest_size=16, key=self.digests[-1]).digest()
        self.digests.append(chained)
        match message:
            case Entry():
                self._tell_entry(message)
                self._check_mark(message)
                self._check_votes(message)
            case Alarm():
                self._tell("feed", f"{message.seq} ALARM {message.number}")
                if not self._outage_seq:
                    self._outage_seq, self._since = message.seq, message.last_received
                self.alarms += 1
                demand(
                    message.number == self.alarms,
                    f"alarm {message.number} is the {self.alarms}. of its outage",
                )
                self.suspended = True
                self.alarmed_wall = message.sent
            case Finished():
                self._tell("feed", f"{message.seq} FINISHED {message.how} {message.over}")
                self.finished = message.over
            case Restored():
                marked = f"{message.entries} entries, {message.inaccurate} inaccurate"
                told = f"{message.seq} RESTORED {marked}, {message.headline} {message.reason}"
                self._tell("feed", told)
                self._check_restored(message)
                self.alarms = self._outage_seq = 0

    def _tell_entry(self, entry: Entry) -> None:
        when = f"{entry.text} at {(entry.time - BEGIN) / SECOND:.1f}, {entry.headline}"
        marks = f"{entry.delay_status} {entry.reason}".strip()
        self._tell("feed", f"{entry.seq} {entry.status} {when} {marks}")

    def _check_mark(self, entry: Entry) -> None:
        """What happened in the outage that is being put together says so."""
        putting_together = self._outage_seq and not self.suspended
        if putting_together and self._since <= entry.time <= self._until:
            demand(
                entry.delay_status.startswith("RECONSTRUCT"),
                f"entry {entry.entry_id} of the outage is marked {entry.delay_status!r}",
            )

    def _check_votes(self, entry: Entry) -> None:
        """No report counts twice: neither for one entry nor for two of the same kind. An answer
        counts for one."""
        earlier = any(
            isinstance(one, Entry) and one.entry_id == entry.entry_id for one in self.feed[:-1]
        )
        if earlier or not entry.title:
            return
        if entry.title == "state":
            return  # what is stated is no action: see `Verdicts`
        lane = entry.title, entry.origin
        for_ = max(0, entry.evidence.for_ - self._verdicts.yes(entry.entry_id))
        reach = 2 * self._window + ASTRAY
        near = {peer for peer, time in self._said[lane] if abs(time - entry.time) <= reach}
        demand(
            for_ <= len(near),
            f"entry {entry.entry_id} counts {for_} reporters, {len(near)} spoke of it",
        )
        self._used[lane] += for_
        demand(
            self._used[lane] <= len(self._said[lane]),
            f"entries of {lane} count {self._used[lane]} votes, {len(self._said[lane])} were cast",
        )

    def _check_restored(self, restored: Restored) -> None:
        demand(self.alarms, f"seq {restored.seq} restores what was not suspended")
        demand(not self.suspended, f"seq {restored.seq} restores without contact")
        doubted = {
            entry.entry_id
            for entry in self.feed[self._outage_seq - 1 :]
            if isinstance(entry, Entry) and entry.delay_status == "RECONSTRUCTION_INACCURATE"
        }
        demand(
            restored.inaccurate == (restored.entries if restored.reason else 0),
            f"restored: {restored.inaccurate} of {restored.entries} inaccurate: {restored.reason}",
        )
        demand(
            len(doubted) >= restored.inaccurate,
            f"{restored.inaccurate} entries are said to be inaccurate, {len(doubted)} are marked",
        )

    # ── what leaves the host ─────────────────────────────────────────────────────────────────

    def began(self) -> None:
        """Note that the host has started anew."""
        self._sent = 0

    def published(self, frame: bytes) -> None:
        """Judge a frame on PUB: nothing is published before it is on disk."""
        body = codec.split_topic(frame)[1]
        message = codec.decode_published(body)
        demand(
            message.seq <= len(self.feed), f"seq {message.seq} is published, not on disk: {message}"
        )
        if isinstance(message, Heartbeat) and message.trouble:
            # What began since the last message that was sent, it does not tell.
            demand(message.epoch <= self.epoch, f"published in epoch {message.epoch}: {message}")
        else:
            demand(message.epoch == self.epoch, f"published in epoch {message.epoch}: {message}")
            demand(self._leased(), f"seq {message.seq} is published without a lease")
        if isinstance(message, Heartbeat):
            self._judge_position("heartbeat", message.seq, message.digest)
            demand(message.seq >= self._sent, f"heartbeat {message.seq} after seq {self._sent}")
            return
        demand(body == self.bodies[message.seq - 1], f"seq {message.seq} is not what is on disk")
        demand(
            self._sent in {0, message.seq - 1},
            f"seq {message.seq} is published after seq {self._sent}",
        )
        self._sent = message.seq

    def replied(self, peer: str, frame: bytes) -> None:
        """Judge a frame on ROUTER: nothing is promised that is not on disk."""
        reply = codec.decode_host_reply(frame)
        if isinstance(reply, messages.Receipt | messages.Setup | messages.Ask):
            demand(self._leased(), f"{peer} is told without a lease: {reply}")
        match reply:
            case messages.Receipt() as receipt:
                self._judge_receipt(peer, receipt)
            case messages.Setup() as setup:
                demand(setup.peer == peer, f"{peer} is taken for {setup.peer}")
                self._judge_position("setup", setup.seq, setup.digest)
                if setup.role == "reporter":
                    self._judge_count(peer, setup.n)
            case messages.Ask() as ask:
                self._verdicts.replied(peer, ask)
            case messages.Block() as block:
                there = self.bodies[block.first - 1 : block.first - 1 + len(block.frames)]
                demand(block.frames == there, f"the replay from {block.first} is not the feed's")

    def _judge_receipt(self, peer: str, receipt: messages.Receipt) -> None:
        self._judge_count(peer, receipt.n)
        for fate in receipt.fates:
            demand(
                fate.n in self.stored[peer],
                f"report {fate.n} of {peer} is {fate.outcome}, but not on disk",
            )
            demand(
                fate.seq <= len(self.feed),
                f"report {fate.n} of {peer} is said to be in seq {fate.seq}, not on disk",
            )

    def _judge_count(self, peer: str, n: int) -> None:
        counted = self.counted(peer)
        demand(n <= counted, f"{peer} is told that {n} reports are stored, {counted} are")

    def _judge_position(self, what: str, seq: int, digest: bytes) -> None:
        demand(seq <= len(self.feed), f"{what} of seq {seq}, on disk are {len(self.feed)}")
        demand(digest == self.digests[seq], f"{what}: the digest at seq {seq} is not the feed's")

    def shown(self, name: str, before: int, message: Any) -> int:
        """Judge what a subscriber shows after seq `before`; return the seq it has now."""
        demand(message.seq == before + 1, f"{name} shows seq {message.seq} after {before}")
        demand(
            message.seq <= len(self.feed) and message == self.feed[message.seq - 1],
            f"{name} shows what was never accepted: {message}",
        )
        return int(message.seq)


class Attendance:
    """Which reporters count as present: all but those that are silent while others are heard.

    Args:
        patience: seconds for which a reporter may be silent.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._present: set[str] = set()  # by peer id, as the journal says
        self._heard: dict[str, float] = {}  # when each was, as far as that counts
        self._due: dict[str, float] = {}  # when those that are silent must be out
        self._lost = False  # contact with all of them is

    def heard(self, peer: str, now: float) -> None:
        """Note a sign of life, which shows that others are silent; after an outage all have time to
        be heard again."""
        if self._lost:
            self.begin(now, lost=False)
        self._heard[peer] = now
        self._due.pop(peer, None)
        for other in self._present:
            if now - self._heard[other] > self._patience:
                self._due.setdefault(other, now + self._patience / 4)

    def changed(self, peer: str, now: float, *, present: bool, left: bool) -> None:
        """Judge a change that is on disk: no reporter is counted out early that has not left."""
        if present:
            self._present.add(peer)
            return
        # The host's clock began at another time, so its differences are rounded in another way.
        silent = now - self._heard[peer]
        late = left or silent > self._patience - MICROSECOND
        demand(late, f"{peer} is out after {silent:.3f} s of silence")
        self._present.discard(peer)
        self._due.pop(peer, None)

    def lost(self) -> None:
        """Note that contact with all is lost: then all may still be there."""
        self._lost = True
        self._due.clear()

    def begin(self, now: float, *, lost: bool) -> None:
        """Note that all have time to be heard again."""
        self._lost = lost
        self._due.clear()
        self._heard.update(dict.fromkeys(self._present, now))

    def check(self, now: float, excused: float) -> None:
        """Insist that all are out that must be; none needed to be before `excused`."""
        for peer, due in self._due.items():
            late = now - max(due, excused)
            demand(late <= TOLERANCE, f"{peer} is silent, and {late:.3f} s later still present")


class Watchman:
    """When alarms are due: two intervals after the last sign of life, then every so often.

    Args:
        interval: seconds between heartbeats.
        again: seconds between alarms.
    """

    def __init__(self, interval: float, again: float) -> None:
        self.outages = 0
        self._interval = interval
        self._again = again
        self._due: float | None = None
        self._stopped: tuple[float, float | None] = (0.0, None)  # when, and what was due then
        self._stay: set[str] = set()
        self._left: dict[str, float] = {}  # when
        self._unsure = False  # some left in the very turn in which the host stopped
        self._excused = 0.0  # until then the host could not have raised an alarm
        self._attendance = Attendance(2 * interval)

    def excuse(self, until: float) -> None:
        """Note that the host can raise no alarm before a time, and a moment after."""
        self._excused = max(self._excused, until)

    def stays(self, peer: str, stays: bool) -> None:
        """Note whether a reporter means to stay."""
        if stays:
            self._stay.add(peer)
        else:
            self._stay.discard(peer)

    def leaves(self, peer: str, now: float) -> None:
        """Note that a reporter has left in good order: nobody is missed where nobody is left."""
        self.check(now)
        self._stay.discard(peer)
        self._left[peer] = now
        if not self._stay:
            self._due = None

    def presence(self, peer: str, now: float, *, present: bool, left: bool) -> None:
        """Judge that a reporter counts as present, or no longer."""
        self._attendance.changed(peer, now, present=present, left=left)

    def contact(self, peer: str, now: float, *, finished: bool) -> None:
        """Note a sign of life of a reporter."""
        self.check(now)
        self._attendance.heard(peer, now)
        if finished:
            self._due = None
        elif self._due is not None or self._stay:
            self._due = now + 2 * self._interval

    def began(self, now: float, last: float | None, *, finished: bool) -> None:
        """Note that the host serves; `last`: when the newest alarm was, if there is no contact."""
        self._due = None
        self._attendance.begin(now, lost=last is not None)
        if self._stay and not finished:
            again = None if last is None else max(now, last + self._again)
            self._due = now + 2 * self._interval if again is None else again

    def stopped(self, now: float) -> None:
        """Note that the host serves no more."""
        self.check(now)
        self._stopped = now, self._due
        self._unsure = now in self._left.values()  # it may have stored that, or not
        self._due = None
        self._attendance.begin(now, lost=False)

    def alarm(self, now: float, number: int) -> None:
        """Judge an alarm; one that was raised before the host stopped may be stored after that."""
        if self._due is None and self._unsure:
            self.outages += number == 1
            return
        stopped, before = self._stopped
        if self._due is None and before is not None and now <= stopped:
            demand(now >= before - 1e-5, f"alarm {number} comes {before - now:.3f} s too early")
            self.outages += number == 1
            return
        demand(self._due is not None, f"alarm {number} although nobody is watched over")
        due = self._due or 0.0
        demand(now >= due - 1e-5, f"alarm {number} comes {due - now:.3f} s too early")
        self.check(now)
        self._attendance.lost()
        self._due = due + self._again if due + self._again > now else now + self._again
        self.outages += number == 1

    def check(self, now: float) -> None:
        """Insist that no alarm is overdue, and no reporter present that is silent."""
        self._attendance.check(now, self._excused)
        due = self._due
        if due is None:
            return
        late = now - max(due, self._excused)
        demand(late <= TOLERANCE, f"an alarm is {late:.3f} s overdue")


def _unnamed(repeats: dict[int, list[Repeat]]) -> dict[int, list[Any]]:
    """Return repeats without the report tokens that their reports carry: after a restart these
    carry digests."""
    return {
        voter: [
            one._replace(said=replace(one.said, token=""))
            if isinstance(one.said, messages.Report)
            else one
            for one in of_voter
        ]
        for voter, of_voter in repeats.items()
    }


def essence(core: HostedEvent) -> dict[str, Any]:
    """Return all of a core's state that must survive a restart."""
    claims = {claim.number: claim for claim in core.claims.open.values()}
    claims |= {claim.number: claim for claim in core.by_entry.values()}
    outage = core.outage
    return {
        "epoch": core.epoch,
        "finished": core.finished,
        "feed": (core.feed.seq, core.feed.digest),
        "versions": core.timeline.versions,
        "standing": [entry.entry_id for entry in core.timeline.standing],
        "score": core.sport.score(core.timeline.state),
        "open": sorted(core.claims.open),
        "held": sorted(core.held),
        "claims": {
            number: (claim.votes, claim.voters, claim.times, claim.identity, claim.entry_id,
                     claim.titles, _unnamed(claim.repeats),
                     claim.mean, claim.held, claim.standing, claim.received)
            for number, claim in claims.items()
        },
        "said": {
            number: (claim.yes, claim.no, claim.answers, claim.dependent, claim.exact,
                     claim.details, claim.amended, claim.final, claim.published)
            for number, claim in claims.items()
        },
        "asked": {
            number: (claim.asked, claim.asked_round)
            for number, claim in claims.items()
        },
        "members": [
            (m.peer, m.role, m.token, m.stored_as, m.key, m.expires, m.revoked, m.n,
             sorted(m.ahead), m.present, m.stays, m.clock_offset, m.clock_error,
             m.voter, m.answers, m.questions, m.unanswered, m.asked_at)
            for m in core.roster.participants.values()
        ],
        "taking part": (core.roster.unanswering, core._state.activity.ever(),
                        core._state.thumbs.delay),
        "outage": (outage.state, outage.since, outage.until if outage.alarms else 0,
                   outage.alarms, list(outage.entries), outage.disputed, outage.spans),
    }  # fmt: skip


@contextmanager
def readable() -> Iterator[None]:
    """Insist that what was committed can be read again."""
    try:
        yield
    except StorageFault as fault:
        raise Violation(f"what was committed can't be read: {fault}") from fault


def same(live: Mapping[str, Any], restored: Mapping[str, Any]) -> None:
    """Insist that a restored core equals the live one."""
    for name, value in live.items():
        demand(
            value == restored[name],
            f"{name}: {value!r} before the restart, {restored[name]!r} after",
        )


def looked_at(core: HostedEvent) -> None:
    """Insist that each claim of an action that is undecided is looked at again, since silence will
    have its say, whoever serves the event."""
    if not core._state.policy.learns:
        return
    due = {claim.number for _, _, claim in core._state.looks._due}
    for claim in (*core.claims.open.values(), *core.by_entry.values()):
        undecided = claim.standing in ("", "PROVISIONAL") and not claim.final
        if undecided and claim.index.kind is not None:
            demand(claim.number in due, f"nobody will look at claim {claim.number} again")


def votes_once(core: HostedEvent) -> None:
    """Insist that each report is at most one vote, and each reporter one in a claim."""
    seen: set[tuple[int, int]] = set()
    claims = {**core.claims.open, **{c.number: c for c in core.by_entry.values()}}
    for claim in claims.values():
        voters = [voter for voter, _ in claim.votes]
        demand(len(voters) == len(set(voters)), f"claim {claim.number}: {claim.votes}")
        demand(seen.isdisjoint(claim.votes), f"claim {claim.number} repeats votes: {claim.votes}")
        seen.update(claim.votes)
