"""Tokens, requests and reports at a host's sockets, without the sockets."""

from __future__ import annotations

import os

import pytest

from touchline.peer.host import desk as module
from touchline.peer.host.core import EventCore
from touchline.peer.host.desk import REFUSAL_SECONDS, Desk
from touchline.peer.host.options import Options
from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import BadToken, NotAllowed, Unreachable
from touchline.protocol.messages import Attach, Card, Grant, Happening, Ping, Report

WALL = 1_700_000_000_000_000


class Bench:
    """A desk with one event, what it asks and sends, and the broker's answers by hand."""

    def __init__(self) -> None:
        self.now = 10.0
        self.wall = WALL
        self.asked: list[str] = []
        self.sent: list[tuple[bytes, object]] = []
        self.touched: list[EventCore] = []
        self.core = EventCore(self.card("e"), Options())
        self.core.start(1, self.now, self.wall)
        self.core.take()
        self.cores = {"e": self.core}
        self.desk = Desk(self.cores, self.touch, self.ask, self.send)
        self.desk.open(self.core)

    @staticmethod
    def card(event: str) -> Card:
        return Card(event=event, title="E", sport="football", origins=["A", "B"])

    def touch(self, core: EventCore) -> None:
        self.touched.append(core)
        core.begin_turn(self.now, self.wall)

    def ask(self, request: messages.Verify) -> int:
        self.asked.append(request.token)
        return len(self.asked)

    def send(self, routing_id: bytes, frame: bytes) -> None:
        self.sent.append((routing_id, codec.decode_host_reply(frame)))

    def hear(self, routing_id: bytes, request: object) -> list[object]:
        frame = request if isinstance(request, bytes) else codec.encode(request)
        before = len(self.sent)
        self.desk.answer(routing_id, frame, self.now, self.wall)
        return [reply for to, reply in self.sent[before:] if to == routing_id]

    def attach(self, routing_id: bytes = b"r", token: str = "t", **fields: object) -> list[object]:
        usual = {"id": 5, "token": token, "time": self.wall}
        return self.hear(routing_id, Attach(**{**usual, **fields}))

    def grant(self, token: str = "t", **fields: object) -> bool:
        """Let the broker vouch for a token."""
        usual = {
            "id": 1,
            "token": token,
            "peer": f"peer of {token}",
            "name": "P",
            "role": "reporter",
            "event": "e",
            "expires": self.wall + 10**9,
        }
        return self.reply(Grant(**{**usual, **fields}), token)

    def reply(self, reply: object, token: str = "t") -> bool:
        number = len(self.asked) - self.asked[::-1].index(token)
        return self.desk.granted(number, reply, self.now, self.wall)

    def report(self, *numbers: int, token: str = "t") -> None:
        frames = [
            codec.encode(Report(token=token, n=n, time=0, event=Happening("goal", "A", self.wall)))
            for n in numbers
        ]
        self.desk.take_reports(frames, self.now, self.wall)


@pytest.fixture
def bench():
    return Bench()


def codes(replies):
    return [reply.code for reply in replies if isinstance(reply, messages.Error)]


def test_unknown_token(bench):
    """The broker is asked about an unknown token, once; on its word the peer is let in."""
    assert bench.attach() == []
    assert bench.attach(id=6) == []
    assert bench.asked == ["t"]
    assert bench.grant()
    assert [(to, reply.id) for to, reply in bench.sent] == [(b"r", 5), (b"r", 6)]
    assert bench.sent[0][1].peer == "peer of t"
    assert bench.desk.routes == {"t": b"r"}
    (again,) = bench.attach(b"other", id=7)
    assert isinstance(again, messages.Setup)
    assert bench.asked == ["t"], "it is remembered"


def test_answers_to_others(bench):
    """An answer that the desk did not ask for is not taken."""
    assert not bench.desk.granted(77, messages.Done(id=77), bench.now, bench.wall)


def test_reports_wait(bench):
    """Reports under a token that is being asked about are kept, and taken in its order."""
    bench.report(1, 2)
    assert bench.core.counters.stored == 0
    bench.grant()
    assert bench.core.counters.stored == 2
    bench.report(3)
    assert bench.core.counters.stored == 3


def test_waiting_is_bounded(bench, monkeypatch):
    """Reports and attaches beyond the bound are refused, counted, and disturb nothing."""
    bench.report(*range(1, limits.WAITING_REPORTS + 3))
    assert bench.desk.refusals == {"OVERLOADED": 2}
    for _ in range(limits.WAITING_REPORTS):
        assert bench.attach() == []
    assert codes(bench.attach()) == ["OVERLOADED"]
    monkeypatch.setattr(limits, "UNKNOWN_TOKENS", 1)
    assert codes(bench.attach(token="u")) == ["OVERLOADED"]
    bench.grant()
    assert bench.core.counters.stored == limits.WAITING_REPORTS
    assert bench.attach(token="u") == []


def test_bad_token(bench):
    """A token that the broker does not know is refused with its words; it is asked again only
    after some seconds."""
    bench.attach()
    bench.report(1, 2)
    bench.reply(BadToken("the token is unknown"))
    assert [(to, reply.id, reply.code) for to, reply in bench.sent] == [(b"r", 5, "BAD_TOKEN")]
    assert bench.sent[0][1].reason == "the token is unknown"
    assert codes(bench.attach()) == ["BAD_TOKEN"]
    bench.report(3)
    assert bench.asked == ["t"]
    assert bench.desk.refusals == {"BAD_TOKEN": 5}
    bench.now += REFUSAL_SECONDS
    assert bench.attach() == []
    assert bench.asked == ["t", "t"]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Unreachable("away"), "UNREACHABLE"),
        (NotAllowed("only the host"), "NOT_ALLOWED"),
        (messages.Done(id=1), "BAD_TOKEN"),
    ],
)
def test_no_word(bench, reply, code):
    """Without the broker's word nobody is let in; what may be different in a moment is asked again
    at once."""
    bench.attach()
    bench.reply(reply)
    assert codes([sent for _, sent in bench.sent]) == [code]
    bench.attach()
    assert bench.asked == (["t"] if code == "BAD_TOKEN" else ["t", "t"])


def test_event_not_served_yet(bench):
    """A token for an event that is about to be served is refused, and good a moment later."""
    bench.attach()
    bench.grant(event="f")
    assert codes([reply for _, reply in bench.sent]) == ["NOT_FOUND"]
    bench.cores["f"] = core = EventCore(bench.card("f"), Options())
    core.start(1, bench.now, bench.wall)
    bench.attach()
    bench.grant(event="f")
    assert isinstance(bench.sent[-1][1], messages.Setup)


def test_expired_token(bench):
    """An expired token is refused on both sockets, whatever was known of it."""
    bench.attach()
    bench.grant(expires=bench.wall + 10)
    bench.wall += 11
    assert codes(bench.attach()) == ["BAD_TOKEN"]
    bench.report(1)
    assert bench.core.counters.stored == 0


def test_token_that_expires(bench):
    """Who has attached and whose token expires is told at the next ping, and comes back with a new
    token."""
    bench.attach()
    bench.grant(expires=bench.wall + 10)
    ping = Ping(id=7, event="e", time=0)
    assert not codes(bench.hear(b"r", ping))
    bench.wall += 11
    assert codes(bench.hear(b"r", ping)) == ["UNKNOWN_PEER"]
    bench.attach(token="new")
    bench.grant(token="new", peer="peer of t")
    assert not codes(bench.hear(b"r", ping))
    bench.report(1, token="new")
    assert bench.core.counters.stored == 1


def test_wrong_version(bench):
    """Another version of the protocol is refused before anything else."""
    assert codes(bench.attach(version=9)) == ["WRONG_VERSION"]
    assert bench.asked == []


def test_absurd_clock(bench):
    """A peer whose clock can't be is refused, before and after its token is known, and the host
    goes on."""
    bench.cores["e"] = core = EventCore(
        Card(
            event="e",
            title="E",
            sport="football",
            origins=["A", "B"],
            timing=messages.Timing(speed=1e9),
        ),
        Options(),
    )
    core.start(1, bench.now, bench.wall)
    bench.attach(time=-(10**15))
    bench.grant()
    assert codes([reply for _, reply in bench.sent]) == ["BAD_MESSAGE"]


def test_ping(bench):
    """A ping is answered with both clocks and notes presence; from a stranger it is refused."""
    ping = Ping(id=8, event="e", time=77)
    assert codes(bench.hear(b"r", ping)) == ["UNKNOWN_PEER"]
    bench.attach()
    bench.grant()
    (pong,) = bench.hear(b"r", ping)
    assert pong == messages.Pong(id=8, event="e", time=77, host_time=bench.wall)
    assert codes(bench.hear(b"r", Ping(id=8, event="f", time=77))) == ["UNKNOWN_PEER"]


def test_replay(bench):
    """A replay is answered with the blocks of the feed, to those who have attached."""
    replay = messages.Replay(id=8, event="e", first=1)
    assert codes(bench.hear(b"r", replay)) == ["UNKNOWN_PEER"]
    bench.attach()
    bench.grant(role="viewer")
    (block,) = bench.hear(b"r", replay)
    assert (block.id, block.frames, block.more) == (8, [], False)
    assert bench.core.counters.replayed == 1


def test_detach(bench):
    """Who leaves is no longer present, and has to attach again."""
    bench.attach()
    bench.grant()
    assert bench.core.present == 1
    (done,) = bench.hear(b"r", messages.Detach(id=9, event="e"))
    assert done == messages.Done(id=9)
    assert bench.core.present == 0
    assert codes(bench.hear(b"r", Ping(id=1, event="e", time=0))) == ["UNKNOWN_PEER"]


def test_one_token_on_two_connections(bench):
    """One person's two programs are both served; receipts go to the one that attached last, and to
    the other when that one is gone."""
    bench.attach(b"one")
    bench.grant()
    bench.attach(b"two")
    for routing_id in (b"one", b"two"):
        (pong,) = bench.hear(routing_id, Ping(id=1, event="e", time=0))
        assert isinstance(pong, messages.Pong)
    assert bench.desk.routes == {"t": b"two"}
    del bench.desk.routes["t"]
    bench.hear(b"one", Ping(id=1, event="e", time=0))
    assert bench.desk.routes == {"t": b"one"}


def test_receipts_are_kept(bench, monkeypatch):
    """Receipts for a peer that can't be reached are given to it as it attaches; the newest ones."""
    monkeypatch.setattr(module, "RECEIPTS_KEPT", 2)
    bench.attach()
    bench.grant()
    for n in range(1, 4):
        bench.desk.keep("t", codec.encode(messages.Receipt(event="e", n=n)))
    replies = bench.attach(b"new")
    assert [type(reply) for reply in replies] == [messages.Setup] + [messages.Receipt] * 2
    assert [reply.n for reply in replies[1:]] == [2, 3]
    assert len(bench.attach(b"new")) == 1, "once"


def test_connections_are_bounded(bench, monkeypatch):
    """Of too many connections those least recently heard have to attach again."""
    monkeypatch.setattr(module, "ATTACHED", 2)
    bench.attach(b"a")
    bench.grant()
    bench.attach(b"b")
    bench.hear(b"a", Ping(id=1, event="e", time=0))
    bench.attach(b"c")
    assert codes(bench.hear(b"b", Ping(id=1, event="e", time=0))) == ["UNKNOWN_PEER"]
    assert codes(bench.hear(b"a", Ping(id=1, event="e", time=0))) == []


def test_closed_event(bench):
    """When an event is no longer served here nobody of it is known any more."""
    bench.attach()
    bench.grant()
    del bench.cores["e"]
    bench.desk.close(bench.core)
    assert codes(bench.hear(b"r", Ping(id=1, event="e", time=0))) == ["UNKNOWN_PEER"]
    bench.report(1)
    assert bench.core.counters.stored == 0
    assert bench.asked == ["t", "t"]
    assert bench.desk.routes == {}


def test_tokens_of_the_journal(bench):
    """Tokens that the journal brought back need no word of the broker."""
    bench.attach()
    bench.grant()
    again = EventCore(bench.card("e"), Options())
    again.restore([bench.core.take().commit])
    again.start(2, bench.now, bench.wall)
    bench.cores["e"] = again
    bench.desk = Desk(bench.cores, bench.touch, bench.ask, bench.send)
    bench.desk.open(again)
    (setup,) = bench.attach(b"new")
    assert setup.epoch == 2
    assert bench.asked == ["t"]


def test_viewer_reports(bench):
    """A subscriber's report is refused and counted."""
    bench.attach()
    bench.grant(role="viewer")
    bench.report(1)
    assert bench.desk.refusals == {"NOT_ALLOWED": 1}


def test_garbage(bench):
    """Whatever the bytes, nothing but a counted refusal comes of them, with the request's number
    0, and others are served."""
    bench.attach()
    bench.grant()
    frames = [b"", b"\xc1", os.urandom(50), b"x" * (limits.FRAME_BYTES + 1), b"\x81\xa4type\xa3new"]
    for count, frame in enumerate(frames, 1):
        (error,) = bench.hear(b"s", frame)
        assert error.id == 0
        bench.desk.take_reports([frame], bench.now, bench.wall)
        assert sum(bench.desk.refusals.values()) == 2 * count
    bench.report(1)
    assert bench.core.counters.stored == 1


def test_asking_fails(bench):
    """When the broker can't even be asked, nothing waits for an answer that never comes."""

    def fail(_: object) -> int:
        raise BadToken("too long")

    ask, bench.desk._ask = bench.desk._ask, fail
    assert codes(bench.attach()) == ["BAD_TOKEN"]
    bench.desk._ask = ask
    assert bench.attach() == []
    assert bench.grant()
