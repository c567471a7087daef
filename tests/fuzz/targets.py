"""What is fuzzed: everything that takes bytes or text from others. Each target takes one input and
fails where anything but a documented error comes of it, or where a refused input changed a state.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import get_args

import msgpack
import msgspec
from msgspec.structs import replace

from tests.simulation.registry import MemoryRepository
from tests.simulation.violation import demand
from touchline.broker.core import Core
from touchline.broker.options import Options as BrokerOptions
from touchline.datagrams.core import DatagramCore
from touchline.datagrams.options import Options as DatagramOptions
from touchline.datagrams.receiver import Receiver
from touchline.gateway.reporting import schema
from touchline.gateway.webhooks import delivery
from touchline.lobby import incoming
from touchline.peer.follower.core import EventCopy
from touchline.peer.grades import book, sheet
from touchline.peer.grades.book import Book
from touchline.peer.grades.sheet import GradeCounts, GradeSheet, ReporterGrade, SheetHeader
from touchline.peer.host.admission import HostRequestLimiter
from touchline.peer.host.attached import AttachedPeers
from touchline.peer.host.event import records
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.link.core import Then
from touchline.proof import check
from touchline.protocol import addresses, codec, keys, messages, relay, signing, times
from touchline.protocol.errors import TouchlineError
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Card, FeedMessage, Happening
from touchline.protocol.text import json_line, plain, visible
from touchline.sports import convert, custom, matchfile
from touchline.timeline import archive, recording

WALL = 1_700_000_000_000_000

PEOPLE = [Identity(bytes([number]) * 32) for number in range(1, 5)]
"""An operator, a host, a reporter, and a viewer who is put out again and again."""

OTHER_HOST = Identity(bytes([5]) * 32)
"""Hands over what it took in of the event."""

ROUTES = [keys.routing_id(who.curve_public, b"12345678") for who in (*PEOPLE, OTHER_HOST)]

STRANGER = "a peer that only the other host has met"

GOLDEN = Path(__file__).parents[1] / "unit" / "protocol" / "golden.json"

LIFE = 2_000
"""Inputs after which a state begins anew, so that it stays small."""


JOURNAL = 24
"""The most turns of a true journal that are kept."""

_CARD = Card(event="e", title="A v B", sport="football", origins=["A", "B"])

MATCHES = Path(__file__).parents[1] / "unit" / "sports" / "convert" / "files"

MAPPING = """
sport = "football"
origins = ["A", "B"]
delimiter = ";"
time = "Min"
unit = "minutes"
action = "Was"
origin = "Team"
[actions]
Tor = "goal"
[sides]
H = "A"
G = "B"
"""
"""What is said beside a CSV file."""


def frames() -> list[bytes]:
    """Return a frame of each message."""
    return [bytes.fromhex(one["hex"]) for one in json.loads(GOLDEN.read_text("utf-8"))]


MESSAGES = 8
"""How many of the readers below read messages, not texts."""


class Decoders:
    """Whatever reads what others wrote: the first byte chooses one."""

    def __init__(self) -> None:
        self._readers: list[Callable[[bytes], object]] = [
            codec.decode_broker_request,
            codec.decode_broker_reply,
            codec.decode_host_request,
            codec.decode_host_reply,
            codec.decode_report,
            codec.decode_published,
            codec.split_topic,
            records.unpack,
            lambda data: addresses.broker(_text(data)),
            lambda data: keys.from_text(_text(data)),
            keys.curve_key,
            lambda data: keys.verify(PEOPLE[0].public, data, data[:64]),
            lambda data: matchfile.read(_text(data)),
            lambda data: custom.read(_text(data)),
            check,
            sheet.decode,
            book.decode,
        ]

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with."""
        graded = GradeSheet(
            SheetHeader(
                event="e", title="E", sport="race", time=WALL, grader=PEOPLE[0].public,
                source="proof", feed=bytes(16), record=bytes(32), covers=("finish",),
            ),
            (ReporterGrade(bytes(32), "ann", GradeCounts(hits=1), GradeCounts()),),
        )  # fmt: skip
        whole = sheet.signed(graded, PEOPLE[0])
        kept = [sheet.encode(whole), book.encode(Book([whole]))]
        texts = [
            *kept,
            b"touchline://127.0.0.1:5670?key=" + b"A" * 43,
            b"[[action]]\ntitle = 'x'\n",
        ]
        return [
            bytes([reader]) + one
            for reader in range(len(self._readers))
            for one in (frames() if reader < MESSAGES else texts)
        ]

    def take(self, data: bytes) -> None:
        """Read one input."""
        if not data:
            return
        try:
            self._readers[data[0] % len(self._readers)](data[1:])
        except TouchlineError:
            return


class Web:
    """What gateway, lobby, relay and clients read of others: the first byte chooses one."""

    def __init__(self) -> None:
        self._readers: list[Callable[[bytes], object]] = [
            codec.decode_relay,
            lambda data: schema.read(data, WALL, None),
            schema.token_of,
            lambda data: incoming.read(_text(data), 1),
            lambda data: incoming.read(data, incoming.version(data)),
            lambda data: delivery.target(_text(data), plain=True),
            lambda data: _checked(_text(data)),
            lambda data: addresses.reaches(_text(data), ("club.example",)),
            lambda data: addresses.nats_servers("--nats", _text(data)),
            lambda data: relay.place(_headers(_text(data))),
            lambda data: times.from_rfc3339(_text(data)),
            lambda data: plain(visible(_text(data))),
            lambda data: json_line(_text(data).encode()),
        ]
        self._receiver = Receiver()
        self._datagrams = DatagramCore(DatagramOptions())

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with."""
        report = {"id": "1", "title": "goal", "origin": "A", "time": "2026-01-01T00:00:00.5Z"}
        peers = {"type": "event", "time": 1.5e9, "token": "t", "event": {"type": "event", **report}}
        side = [{"nome": "Ann", "time": "A", "posicao": "x", "tempo_gols": [3]}]
        told = {
            "message": {"count": 1, "score": "1", "content": "c", "type": "goal"},
            "timeA": side,
        }
        texts = [
            json.dumps({"sent": 1, "reports": [report]}),
            json.dumps([report, peers]),
            json.dumps({"type": "wait_start", "user": "dan", "lobby_id": 1, "prompt_id": "2"}),
            json.dumps({"type": "start", "version": 2, "lobby_id": "1"}),
            json.dumps(told | {"goleiroA": {"nome": "Bo", "time": "A"}}),
            "https://club.example:8443/hook?x=1",
            "64:ff9b::7f00:1",
            "[::1]:8080",
            "nats://ann:secret@127.0.0.1:4222, tls://b.example",
            "e:1:2\n" + "0" * 32 + "\n3",
            "2026-01-01T12:00:60.123456+01:00",
            "register",
        ]
        relayed = [one for one in frames() if b"relay" in one]
        count = len(self._readers) + 2
        return [
            bytes([reader]) + one
            for reader in range(count)
            for one in (relayed if not reader else [text.encode() for text in texts])
        ]

    def take(self, data: bytes) -> None:
        """Read one input."""
        if not data:
            return
        chosen = data[0] % (len(self._readers) + 2)
        try:
            if chosen < len(self._readers):
                self._readers[chosen](data[1:])
            elif chosen == len(self._readers):
                for line in self._receiver.take(data[1:]).lines:
                    demand(plain(line) == line, "a line for a terminal has control characters")
            else:
                self._datagrams.received(("127.0.0.1", 1 + data[0]), data[1:], 0.0)
        except (TouchlineError, ValueError) as error:
            # What is no time is told by a ValueError, which each caller turns into its own.
            if type(error) is ValueError and chosen != 10:
                raise


class Broker:
    """The broker's core: the first byte chooses who says the rest."""

    def __init__(self) -> None:
        self._inputs = 0
        self._begin()

    def _begin(self) -> None:
        numbers = count(1)
        self._repository = MemoryRepository()
        self._core = Core(
            self._repository,
            BrokerOptions(operators=(PEOPLE[0].public,), request_rate=1e6, request_burst=10**6),
            lambda size: next(numbers).to_bytes(size, "little"),
        )
        for place, name in enumerate(("olga", "hal", "rita", "vic")):
            hello = messages.Hello(id=1, name=name, key=PEOPLE[place].public)
            self._say(place, codec.encode(hello))

    def _say(self, place: int, frame: bytes) -> messages.BrokerReply:
        self._now = 10.0 + self._inputs
        wall = WALL + 1_000_000 * self._inputs
        curve = PEOPLE[place].curve_public
        reply = self._core.receive(ROUTES[place], frame, self._now, wall, curve)
        return codec.decode_broker_reply(reply)

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with."""
        hellos = [messages.Hello(id=1, name="x", key=who.public) for who in PEOPLE]
        said = [
            messages.Create(id=2, title="t", sport="football", origins=["A", "B"], key="k"),
            messages.Invite(id=3, role="reporter", uses=2),
            messages.Revoke(id=4, peer=PEOPLE[3].peer),
            messages.Join(id=5, event="t-bcde", role="host"),
            messages.Members(id=6),
        ]
        own = [codec.encode(one) for one in [*hellos, *said]]
        return [bytes([place]) + one for place in range(4) for one in own + frames()]

    def take(self, data: bytes) -> None:
        """Let somebody say something."""
        if not data:
            return
        self._inputs += 1
        if self._inputs % LIFE == 0:
            self._begin()
        before = _records(self._repository)
        reply = self._say(data[0] % 4, data[1:])
        # A connection may be forgotten, and a token too: time passes with every input.
        if isinstance(reply, messages.Error) and _records(self._repository) != before:
            raise AssertionError(f"{reply.code} changed what is on record")
        if self._core.counters.faults:
            raise AssertionError("a fault of our own")


def _records(repository: MemoryRepository) -> dict[str, object]:
    return {
        name: copy.copy(value) for name, value in vars(repository).items() if name != "_sessions"
    }


class Hosting:
    """A host's attached peers and its event: the first byte chooses the socket and the sender."""

    def __init__(self) -> None:
        self.asked = 0
        """Questions of the event to its reporters."""
        self._inputs = 0
        self._begin()

    def _begin(self) -> None:
        badges = (f"badge-{number}" for number in count(1))
        self._core = HostedEvent(_CARD, HostOptions())
        self._now, self._wall = 10.0, WALL
        self._then: Then | None = None  # of the newest request
        self._core.start(1, self._now, self._wall)
        self.turns = [self._core.take().commit]
        self._attached = AttachedPeers(
            {"e": self._core}, self._touch, self._ask, lambda curve: None,
            lambda to, frame: None, lambda token: next(badges), HostRequestLimiter(), 1e6,
            lambda _: (),
        )  # fmt: skip
        self._attached.open(self._core)
        for place, role in ((1, "viewer"), (2, "reporter"), (3, "reporter"), (0, "reporter")):
            self._seat(place, role)
        self._seat(4, "host")
        self._stranger: str | None = None  # the digest of the newest token that was asked about

    def _seat(self, place: int, role: messages.Role) -> None:
        who = (*PEOPLE, OTHER_HOST)[place]
        attach = messages.Attach(id=1, token=f"token-{place}", time=self._wall, answers=True)
        self._hear(place, codec.encode(attach))
        grant = messages.Grant(
            id=1, token=f"token-{place}", peer=who.peer, name=f"p{place}", role=role, event="e",
            expires=WALL + 10**12, key=who.public,
        )  # fmt: skip
        if self._then is None:
            raise AssertionError("the host let a peer in without asking about its token")
        self._then(grant, self._now)
        self.turns.append(self._core.take().commit)

    def _touch(self, core: HostedEvent) -> None:
        core.begin_turn(self._now, self._wall)

    def _ask(self, request: messages.Verify, then: Then) -> None:
        self._then = then
        self._stranger = request.token if request.hashed else None

    def _introduce(self) -> None:
        """Let the broker know the reporter about whom the host has just asked."""
        token, self._stranger = self._stranger, None
        if token is not None and self._then is not None:
            grant = messages.Grant(
                id=1, token=token, peer=STRANGER, name="s", role="reporter", event="e",
                expires=WALL + 10**12, key=PEOPLE[0].public,
            )  # fmt: skip
            self._then(grant, self._now)

    def _hear(self, place: int, frame: bytes) -> None:
        curve = (*PEOPLE, OTHER_HOST)[place].curve_public
        self._attached.answer(ROUTES[place], curve, frame, self._now, self._wall)

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with: what a reporter says, rightly and not."""
        happenings = [
            Happening("goal", "A", WALL),
            Happening("goal", "A", WALL, {"player": "x", "kind": "penalty"}),
            Happening("undo", "", WALL, {"n": 1}),
            Happening("delete", "", WALL, {"entry_id": "1"}),
            Happening("confirm", "", WALL, {"score": "1-0"}),
            Happening("end", "", WALL),
            Happening("answer", "", WALL, {"claim": 1, "yes": True}),
            Happening("answer", "", WALL, {"claim": 2, "yes": False}),
            Happening("state", "", WALL, {"play": "interrupted", "reason": "rain"}),
            Happening("state", "", WALL, {"minute": 62}),
            Happening("state", "", WALL, {"score": "1-0"}),
        ]
        said = [
            messages.Report(token=f"badge-{badge}", n=n, time=WALL, event=one, seen=n % 3)
            for badge in (1, 2, 3, 4)
            for n, one in enumerate(happenings, 1)
        ]
        asked = [
            messages.HostPing(id=2, event="e", time=WALL, last=3),
            messages.Replay(id=3, event="e", first=1),
            messages.Detach(id=4, event="e"),
            messages.Attach(id=5, token="token-2", time=WALL),
        ]
        offers = [
            messages.Recover(id=6, event="e", carried=[messages.Carried(peer, "d", [one])])
            for peer, key in ((STRANGER, PEOPLE[0]), (PEOPLE[2].peer, PEOPLE[2]))
            for one in _signed(key, happenings)
        ]
        return [
            *(bytes([5]) + codec.encode(one) for one in offers),
            *(bytes([6 * tenths]) + codec.encode(one) for one in said for tenths in (0, 20)),
            *(
                bytes([place]) + one
                for place in range(1, 6)
                for one in [*map(codec.encode, asked), *frames()]
            ),
        ]

    def take(self, data: bytes) -> None:
        """Let a frame come in at one of the sockets."""
        if not data:
            return
        self._inputs += 1
        if self._inputs % LIFE == 0:
            self._begin()
        # Seconds may pass, as they must before the event asks about a claim.
        seconds = 0.01 + data[0] // 6 / 10
        self._now += seconds
        self._wall += round(seconds * 1_000_000)
        before, refused = self._shape(), sum(self._attached.refusals.values())
        if data[0] % 6 == 0:
            self._attached.take_reports([data[1:]], self._now, self._wall)
        else:
            self._hear(data[0] % 6 - 1, data[1:])
        if sum(self._attached.refusals.values()) > refused and self._shape() != before:
            raise AssertionError("what was refused changed the event")
        self._introduce()
        self._core.handle_timer(self._now)
        output = self._core.take()
        self.asked += sum(b"\xa3ask" in frame for _, frame in output.receipts)
        for frame in output.publish:
            codec.decode_published(codec.split_topic(frame)[1])
        if output.commit:
            records.unpack(output.commit)
            self.turns = [*self.turns[: JOURNAL - 1], output.commit]

    def _shape(self) -> tuple[object, ...]:
        core = self._core
        members = [
            (one.n, one.present, one.report_token) for one in core.roster.participants.values()
        ]
        claims = [(one.number, one.voters) for one in core.claims.open.values()]
        return core.feed.seq, core.feed.digest, core.epoch, core.finished, members, claims


class Files:
    """Files that somebody gives to a command: the first byte chooses what reads one."""

    def __init__(self) -> None:
        self.read = 0  # files
        self._readers: list[Callable[[bytes], object]] = [
            lambda data: recording._read(BytesIO(data)),
            lambda data: archive._read(Path("x"), data),
            *(partial(self._convert, name) for name in convert.FORMATS),
            lambda data: self._convert("csv", b"Min;Was;Team\n1;Tor;H\n", _text(data)),
        ]

    @staticmethod
    def _convert(name: str, data: bytes, mapping: str = MAPPING) -> None:
        given = convert.Given(mapping=mapping, starts=WALL, which="Ulm")
        convert.check(convert.convert(name, _text(data), given))

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with."""
        card = Card(event="e", title="A v B", sport="football", origins=["A", "B"])
        header = {"type": "recording", "version": recording.VERSION}
        feed = [msgspec.to_builtins(one, builtin_types=(bytes,)) for one in _published()]
        maps = [
            header | {"card": msgspec.to_builtins(card), "archive": archive.FORM},
            *feed,
            {"type": "restarted"},
            {"type": "proof", "bytes": b"{}", "more": True},
            {"type": "proof", "bytes": b"\n", "more": False},
            {"type": "turn", "checksum": bytes(16), "bytes": b"\x90", "more": False},
        ]
        packed = b"".join(msgpack.packb(one) for one in maps)
        end = {"type": "archived", "turns": 1, "digest": sha256(packed).digest()}
        texts = [
            *((MATCHES / name).read_bytes() for name in ("cup.txt", "events.json", "ma3.json")),
            b"SSSS;RRRR;SRSRSS",
            b"Min;Was;Team\n12;Tor;H\n45+2;Tor;G\n",
            MAPPING.encode(),
        ]
        return [
            *(bytes([reader]) + packed + msgpack.packb(end) for reader in (0, 1)),
            *(bytes([2 + place]) + text for place, text in enumerate(texts)),
        ]

    def take(self, data: bytes) -> None:
        """Read one input."""
        if not data:
            return
        try:
            self._readers[data[0] % len(self._readers)](data[1:])
            self.read += 1
        except TouchlineError:
            return


class Journals:
    """The journal of a stranger, and a stranger that is followed: the first byte chooses after
    which turn of a true journal the rest comes as the next one."""

    def __init__(self) -> None:
        hosting = Hosting()
        for seed in hosting.seeds():
            hosting.take(seed)
        self._turns = hosting.turns[:JOURNAL]
        self.restored = self.copied = 0
        self._begin()

    def _begin(self) -> None:
        self._inputs = 0
        self._copy = EventCopy("e")
        self._copy.handle_timer(0.0, WALL)
        ends = messages.Endpoints(router="r", pull="p", pub="s")
        self._copy.invited(
            messages.Invitation(
                id=1,
                card=_CARD,
                token="t",
                expires=WALL,
                endpoints=ends,
                key=OTHER_HOST.curve_public,
            ),
            0.0,
            WALL,
        )

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with."""
        turns = [
            codec.encode(
                messages.Turns(
                    id=number, event="e", epoch=1, newest=9, first=1, rest=rest,
                    turns=[messages.CopiedTurn(one, bytes(16))],
                )
            )
            for number, one in enumerate(self._turns, 1)
            for rest in (0, 5)
        ]  # fmt: skip
        return [
            *(bytes([place]) + turn for place, turn in enumerate(self._turns)),
            *(b"\xff" + one for one in turns),
        ]

    def take(self, data: bytes) -> None:
        """Restore an event, or let a host answer its follower."""
        if not data:
            return
        try:
            if data[0] == 255:
                self._answer(data[1:])
            else:
                place = data[0] % len(self._turns)
                HostedEvent(_CARD, HostOptions()).restore([*self._turns[:place], data[1:]])
                self.restored += 1
        except TouchlineError:
            return

    def _answer(self, frame: bytes) -> None:
        self._inputs += 1
        if self._inputs % 50 == 0:
            self._begin()
        copied = self._copy
        copied.received(codec.decode_host_reply(frame), 1.0, WALL)
        if copied.turns:
            self.copied += 1
            copied.stored(1.0, done=bool(self._inputs % 3))
        copied.commands()
        if copied.next_timer() is not None and self._inputs % 7 == 0:
            copied.handle_timer(1e9, WALL)


def _signed(key: Identity, happenings: list[Happening]) -> list[messages.Said]:
    said = [messages.Said(n, WALL + n, one) for n, one in enumerate(happenings, 1)]
    return [replace(one, signature=key.sign(signing.content("e", one))) for one in said]


def _checked(text: str) -> None:
    try:
        delivery.check_address(text)
    except ValueError:
        return  # no address: it comes from the system


def _headers(text: str) -> dict[str, str]:
    lines = text.split("\n")
    return dict(zip((relay.MESSAGE_ID, relay.DIGEST, relay.EPOCH), lines, strict=False))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _published() -> list[FeedMessage]:
    kinds = set(get_args(FeedMessage))
    found = []
    for frame in frames():
        try:
            message = codec.decode_published(frame)
        except TouchlineError:
            continue
        if type(message) in kinds:
            found.append(message)
    return found


Target = Decoders | Web | Broker | Hosting | Files | Journals

TARGETS: dict[str, type[Target]] = {
    "decoders": Decoders,
    "web": Web,
    "broker": Broker,
    "host": Hosting,
    "files": Files,
    "journals": Journals,
}
