"""A hosted event without sockets: a core, the time, and reporters who speak to it."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.event.records import unpack
from touchline.peer.host.event.turn import Output
from touchline.peer.host.options import Options
from touchline.protocol import codec, messages, signing
from touchline.protocol.keys import Identity
from touchline.protocol.messages import (
    Alarm,
    Ask,
    Card,
    Confirm,
    Entry,
    Fate,
    FeedMessage,
    Happening,
    Heartbeat,
    Restored,
)
from touchline.protocol.tokens import digest

SECOND = 1_000_000
BEGIN = 1_700_000_000 * SECOND
"""Wall time at which every ground opens."""

CREW = ("ann", "bob")
"""Who is at the ground where a test names nobody."""


@cache
def identity(name: str) -> Identity:
    """The key of somebody at the ground."""
    return Identity(sha256(name.encode()).digest())


class Ground:
    """One event, its reporters by name, and all that came of it.

    `ground.say("ann", "goal", "A", at=30)` is a turn of its own: at second 30 of the event.

    Args:
        card: the event.
        signs: the reports are signed, and peers have the ids of their keys instead of names.
        options: the host's.
    """

    def __init__(self, card: Card, *, signs: bool = False, **options: Any) -> None:
        self.card = card
        self.signs = signs
        self.options = Options(**{"verdict": "quorum", **options})
        self.now = 100.0
        self.journal: list[bytes] = []
        self.outputs: list[Output] = []
        self.feed: list[FeedMessage] = []
        self.told: list[tuple[float, FeedMessage]] = []  # the same, with the time of each
        self.bodies: list[bytes] = []
        self.beats: list[Heartbeat] = []
        self.fates: dict[str, dict[int, Fate]] = {}
        self.receipts: list[tuple[str, messages.Receipt]] = []
        self.asked: list[tuple[str, Confirm]] = []
        self.questions: list[tuple[str, Ask]] = []
        self.counts: dict[str, int] = {}
        self.core = HostedEvent(card, self.options)
        self.start(1)

    @property
    def wall(self) -> int:
        """The wall clock, which goes with the monotonic one."""
        return BEGIN + round((self.now - 100) * SECOND)

    @property
    def standing(self) -> list[Entry]:
        """The entries that stand, in match order."""
        return self.core.timeline.standing

    @property
    def entries(self) -> list[Entry]:
        """What was published of entries, in order of seq."""
        return [message for message in self.feed if isinstance(message, Entry)]

    @property
    def alarms(self) -> list[tuple[float, Alarm]]:
        """The alarms, each with the monotonic time at which it was raised."""
        return [(at, message) for at, message in self.told if isinstance(message, Alarm)]

    @property
    def restored(self) -> list[Restored]:
        """What was published when outages were closed."""
        return [message for message in self.feed if isinstance(message, Restored)]

    @property
    def kinds(self) -> list[str]:
        """What was published, by the names of the messages."""
        return [type(message).__name__ for message in self.feed]

    @property
    def marks(self) -> list[str]:
        """The delay status of each entry that stands, in match order."""
        return [entry.delay_status for entry in self.standing]

    @property
    def second(self) -> float:
        """What time it is in the event: seconds since the ground opened."""
        return self.now - 100

    @property
    def state(self) -> str:
        """Where the event stands with regard to outages."""
        return self.core.outage.state

    @property
    def headline(self) -> str:
        return self.core.sport.headline(self.core.timeline.state)

    def start(self, epoch: int) -> None:
        self.core.start(epoch, self.now, self.wall)
        self.take()

    def restart(self) -> None:
        """Go on with a new core that knows what the journal holds and nothing else."""
        epoch = self.core.epoch + 1
        self.core = HostedEvent(self.card, self.options)
        self.core.restore(self.journal)
        self.start(epoch)

    def begin(self) -> None:
        self.core.begin_turn(self.now, self.wall)

    def take(self) -> Output:
        """End the turn; note what it led to."""
        output = self.core.take()
        self.outputs.append(output)
        if output.commit:
            self.journal.append(output.commit)
        for frame in output.publish:
            _, body = codec.split_topic(frame)
            message = codec.decode_published(body)
            if isinstance(message, Heartbeat):
                self.beats.append(message)
            else:
                self.feed.append(message)
                self.told.append((self.now, message))
                self.bodies.append(body)
        for token, frame in output.receipts:
            receipt = codec.decode_host_reply(frame)
            name = token.removeprefix("token of ")
            if isinstance(receipt, Confirm):
                self.asked.append((name, receipt))
                continue
            if isinstance(receipt, Ask):
                self.questions.append((name, receipt))
                continue
            assert isinstance(receipt, messages.Receipt)
            self.receipts.append((name, receipt))
            for fate in receipt.fates:
                self.fates.setdefault(name, {})[fate.n] = fate
        return output

    def grant(self, name: str, token: str = "", **fields: Any) -> messages.Grant:
        """What the broker says of somebody's token."""
        usual = {"role": "reporter", "expires": 2**57, "key": identity(name).public}
        return messages.Grant(
            id=0,
            token=token or f"token of {name}",
            peer=self.peer(name),
            name=name,
            event=self.card.event,
            **{**usual, **fields},
        )

    def attach(
        self,
        name: str,
        role: messages.Role = "reporter",
        behind: float = 0.0,
        *,
        brief: bool = False,
        last: int = 0,
        enrolled: float = 0.0,
        invite: str = "",
        network: str = "",
        answers: bool = False,
        withholds: bool = False,
    ) -> Participant:
        """Seat a peer whose clock is `behind` seconds behind the host's, and who enrolled at a
        second of the event."""
        self.begin()
        came = BEGIN + round(enrolled * SECOND)
        grant = self.grant(name, role=role, enrolled=came, invite=invite, network=network)
        time = self.wall - round(behind * SECOND)
        attach = messages.Attach(
            id=0,
            token=grant.token,
            time=time,
            brief=brief,
            last=last,
            answers=answers,
            withholds=withholds,
        )
        member = self.core.attach(grant, attach, f"badge of {name}")
        self.take()
        return member

    def peer(self, name: str) -> str:
        return identity(name).peer if self.signs else name

    def member(self, name: str, role: messages.Role = "reporter") -> Participant:
        known = self.core.roster.participants.get((self.peer(name), role))
        return known or self.attach(name, role)

    def say(
        self,
        name: str,
        title: str,
        origin: str = "",
        at: float = 0.0,
        number: int = 0,
        made: float | None = None,
        **details: Any,
    ) -> int:
        """Let somebody report what happened `at` seconds after the begin, by their own clock; by
        it they made the report at `made`, or long ago."""
        said = self.said(name, title, origin, at, number, made, **details)
        self.push(self.report(name, said))
        return said.n

    @staticmethod
    def report(name: str, said: messages.Said) -> messages.Report:
        return messages.Report(
            token=f"badge of {name}",
            n=said.n,
            time=said.time,
            event=said.event,
            signature=said.signature,
        )

    def said(
        self,
        name: str,
        title: str,
        origin: str = "",
        at: float = 0.0,
        number: int = 0,
        made: float | None = None,
        **details: Any,
    ) -> messages.Said:
        self.member(name)
        n = number
        if not n:
            n = self.counts[name] = self.counts.get(name, 0) + 1
        event = Happening(title, origin, BEGIN + round(at * SECOND), details or None)
        time = 0 if made is None else BEGIN + round(made * SECOND)
        said = messages.Said(n=n, time=time, event=event)
        return self.sign(name, said) if self.signs else said

    def sign(self, name: str, said: messages.Said, event: str = "") -> messages.Said:
        """Sign a report, as it was said or of another event."""
        signature = identity(name).sign(signing.content(event or self.card.event, said))
        return replace(said, signature=signature)

    def batch(self, name: str, *said: messages.Said) -> None:
        self.push(messages.ReportBatch(token=f"badge of {name}", reports=list(said)))

    def push(self, message: messages.Report | messages.ReportBatch) -> Output:
        """Hand a frame over as it comes from the socket, in a turn of its own."""
        frame = codec.encode(message)
        self.begin()
        member = self.core.roster.by_report_token[digest(message.token)]
        self.core.report(member, codec.decode_report(frame), frame)
        return self.take()

    def ping(
        self,
        name: str,
        last: int | None = None,
        behind: float | None = None,
        *,
        rtt: float = 0.0,
        connection: bytes = b"",
    ) -> None:
        """Let a reporter say that it is there, the number of its newest report and, where it is
        given, what its clock shows: so many seconds less than the host's."""
        self.begin()
        member = self.member(name)
        self.core.ping(member, self.counts.get(name, 0) if last is None else last)
        if behind is not None:
            time = self.wall - round(behind * SECOND)
            ping = messages.HostPing(id=1, event="e", time=time, rtt=round(rtt * SECOND))
            self.core.measure_clock(member, ping, connection)
        self.take()

    def stay(self, seconds: float, *names: str) -> None:
        """Let time pass while some ping, as peers do, at half the heartbeat."""
        step = self.options.heartbeat / 2
        end = self.now + seconds
        while self.now + step <= end:
            self.wait(step)
            for name in names:
                self.ping(name)
        self.wait(end - self.now)

    def detach(self, name: str) -> None:
        self.begin()
        self.core.detach(self.member(name))
        self.take()

    def wait(self, seconds: float) -> None:
        """Let time pass, from timer to timer."""
        end = self.now + seconds
        while (due := self.core.next_timer()) <= end:
            self.now = max(self.now, due)
            self.begin()
            self.core.handle_timer(self.now)
            self.take()
        self.now = end

    def begun(self, *names: str, seconds: float = 30.0) -> Ground:
        """Let people come and stay for a while."""
        for name in names or CREW:
            self.attach(name)
        self.stay(seconds, *(names or CREW))
        return self

    def back(self, *names: str, pending: int = 0) -> None:
        """Let people be heard again, each with so many reports that the host does not have yet."""
        for name in names or CREW:
            self.ping(name, last=self.counts.get(name, 0) + pending)

    def both(
        self,
        title: str,
        origin: str = "",
        at: float = 0.0,
        names: tuple[str, ...] = CREW,
        **details: Any,
    ) -> None:
        """Let several people report the same."""
        for name in names:
            self.say(name, title, origin, at=at, **details)

    def confirm(self, score: str, *names: str) -> list[int]:
        """Let people state the score that they see; return the numbers of their reports."""
        return [self.say(name, "confirm", at=self.second, score=score) for name in names or CREW]

    def fate(self, name: str, n: int) -> Fate | None:
        return self.fates.get(name, {}).get(n)

    def outcome(self, name: str, n: int) -> str:
        """What became of a report: of one that was only counted, `stored`."""
        fate = self.fate(name, n)
        if fate is not None:
            return fate.outcome
        counted = [receipt.n for who, receipt in self.receipts if who == name]
        return "stored" if counted and counted[-1] >= n else "unknown"

    def recorded(self) -> list[tuple[Any, bytes]]:
        return [record for blob in self.journal for record in unpack(blob)]


GroundMaker = Callable[..., Ground]


@pytest.fixture
def lost(ground: GroundMaker) -> GroundMaker:
    """Make a ground with two people, contact with whom was lost at second 30; it is second 100."""

    def make(sport: str = "football", **options: Any) -> Ground:
        g = ground(sport, **options).begun()
        g.wait(70)
        assert g.state == "suspended"
        return g

    return make


@pytest.fixture
def ground() -> GroundMaker:
    """Make a ground: `ground("tennis", rules={...}, verdict="fixed:3")`."""

    def make(
        sport: str = "football",
        *,
        origins: tuple[str, ...] = ("A", "B"),
        rules: Mapping[str, object] | None = None,
        lineups: Mapping[str, Sequence[str]] | None = None,
        timing: messages.Timing | None = None,
        starts: int = 0,
        owner: str = "",
        signs: bool = False,
        **options: Any,
    ) -> Ground:
        card = Card(
            event="e",
            title="A v B",
            sport=sport,
            origins=list(origins),
            rules=dict(rules or {}),
            lineups={origin: list(names) for origin, names in (lineups or {}).items()},
            timing=timing,
            starts=starts,
            owner=owner,
        )
        return Ground(card, signs=signs, **options)

    return make


def calls(of: Callable[[], object]) -> int:
    """Return how many Python functions something calls."""
    count = 0

    def profile(_frame: object, event: str, _of: object) -> None:
        nonlocal count
        count += event == "call"

    gc.disable()  # what it finds to end calls functions of its own
    sys.setprofile(profile)
    try:
        of()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.fixture
def two_hours_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clocks on the wall are two hours ahead of UTC."""
    monkeypatch.setenv("TZ", "XST-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
