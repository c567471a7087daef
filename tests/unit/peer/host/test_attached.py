"""Tokens, requests and reports at a host's sockets, without the sockets."""

from __future__ import annotations

import os

import pytest
from msgspec.structs import replace

from touchline.peer.host import admission
from touchline.peer.host import attached as module
from touchline.peer.host.attached import REFUSAL_SECONDS, AttachedPeers
from touchline.peer.host.event import records
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.peer.link.core import Then
from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import BadToken, NotAllowed, Revoked, Unreachable
from touchline.protocol.keys import Identity, routing_id
from touchline.protocol.messages import Attach, Card, Grant, Happening, HostPing, Report
from touchline.protocol.tokens import digest

WALL = 1_700_000_000_000_000

T = digest("t")
HOLDER, THIEF = (Identity(seed * 32) for seed in (b"h", b"t"))
OWN, OTHER, STOLEN = (
    routing_id(who.curve_public, number)
    for who, number in ((HOLDER, b"1"), (HOLDER, b"2"), (THIEF, b"1"))
)
"""Connections of the holder's key, and one of the thief's."""


class Bench:
    """A desk with one event, what it asks and sends, and the broker's answers by hand."""

    def __init__(self) -> None:
        self.now = 10.0
        self.wall = WALL
        self.asked: list[str] = []
        self.thens: dict[str, Then] = {}  # of what was asked last, by token
        self.admitted: list[bytes] = []
        self.sent: list[tuple[bytes, object]] = []
        self.touched: list[HostedEvent] = []
        self.core = HostedEvent(self.card("e"), Options())
        self.core.start(1, self.now, self.wall)
        self.core.take()
        self.cores = {"e": self.core}
        self.curves = {OWN: HOLDER, OTHER: HOLDER, STOLEN: THIEF}
        self.turns: list[bytes] = []  # what the journal has
        self.gate = admission.HostRequestLimiter()
        self.desk = self.made()
        self.desk.open(self.core)

    def made(self, report_rate: float = 1e6) -> AttachedPeers:
        return AttachedPeers(
            self.cores,
            self.touch,
            self.ask,
            self.admitted.append,
            self.send,
            lambda token: f"badge of {token}",
            self.gate,
            report_rate,
            lambda _: self.turns,
        )

    @staticmethod
    def card(event: str) -> Card:
        return Card(event=event, title="E", sport="football", origins=["A", "B"])

    def touch(self, core: HostedEvent) -> None:
        self.touched.append(core)
        core.begin_turn(self.now, self.wall)

    def ask(self, request: messages.Verify, then: Then) -> None:
        self.asked.append(request.token)
        self.thens[request.token] = then

    def send(self, routing_id: bytes, frame: bytes) -> None:
        self.sent.append((routing_id, codec.decode_host_reply(frame)))

    def hear(self, routing_id: bytes, request: object) -> list[object]:
        frame = request if isinstance(request, bytes) else codec.encode(request)
        before = len(self.sent)
        curve = self.curves[routing_id].curve_public if routing_id in self.curves else b""
        self.desk.answer(routing_id, curve, frame, self.now, self.wall)
        return [reply for to, reply in self.sent[before:] if to == routing_id]

    def attach(self, routing_id: bytes = b"r", token: str = "t", **fields: object) -> list[object]:
        usual = {"id": 5, "token": token, "time": self.wall}
        return self.hear(routing_id, Attach(**{**usual, **fields}))

    def grant(self, token: str = "t", **fields: object) -> list[bytes]:
        """Let the broker vouch for a token."""
        usual = {
            "id": 1,
            "token": token,
            "peer": f"peer of {token}",
            "name": "P",
            "role": "reporter",
            "event": "e",
            "expires": self.wall + 10**9,
            "key": HOLDER.public,
        }
        return self.reply(Grant(**{**usual, **fields}), token)

    def reply(self, reply: object, token: str = "t") -> list[bytes]:
        """Answer what was asked about a token; return the keys that are admitted upon it."""
        self.admitted.clear()
        self.thens.pop(token)(reply, self.now)
        return list(self.admitted)

    def badge(self, role: str = "reporter") -> str:
        """The badge of the one who takes part."""
        (member,) = (one for one in self.core.roster.participants.values() if one.role == role)
        return member.report_token

    def report(self, *numbers: int, badge: str = "") -> int:
        badge = badge or self.badge()
        frames = [
            codec.encode(Report(token=badge, n=n, time=0, event=Happening("goal", "A", self.wall)))
            for n in numbers
        ]
        return self.desk.take_reports(frames, self.now, self.wall)


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
    assert bench.grant() == [HOLDER.curve_public]
    assert [(to, reply.id) for to, reply in bench.sent] == [(b"r", 5), (b"r", 6)]
    assert {reply.badge for _, reply in bench.sent} == {"badge of t"}
    assert bench.sent[0][1].peer == "peer of t"
    assert bench.desk.routes == {T: b"r"}
    (again,) = bench.attach(b"other", id=7)
    assert isinstance(again, messages.Setup)
    assert bench.asked == ["t"], "it is remembered"


def test_clock_while_the_broker_is_asked(bench):
    """However long the broker takes, a reporter's clock is measured as its request arrives."""
    bench.attach(time=bench.wall - 7_000_000)
    bench.wall += 5_000_000
    bench.grant()
    (reporter,) = bench.core.roster.participants.values()
    assert reporter.clock_offset == 7_000_000


def test_badges(bench):
    """Reports are taken under the badge alone: not under the token, nor under one of nobody's."""
    bench.attach()
    bench.grant()
    assert bench.badge() == "badge of t"
    assert bench.report(1) == 0
    assert bench.report(2, badge="t") == bench.report(2, badge="badge of u") == 1
    assert bench.core.counters.stored == 1
    assert bench.desk.refusals == {"BAD_TOKEN": 2}
    assert bench.asked == ["t"], "the broker is not asked about badges"


def test_badge_stays(bench):
    """Who attaches again has the same badge; under a new token there is a new one, and the old one
    is nobody's."""
    bench.attach()
    bench.grant()
    (setup,) = bench.attach(b"again")
    assert setup.badge == "badge of t"
    bench.attach(token="new")
    bench.grant(token="new", peer="peer of t")
    assert bench.badge() == "badge of new"
    assert bench.report(1, badge="badge of t") == 1
    assert codes(bench.attach(token="t")) == []
    assert bench.asked == ["t", "new", "t"], "the old token is unknown again"


def test_waiting_is_bounded(bench, monkeypatch):
    """Attaches beyond the bound are refused, counted, and disturb nothing."""
    for _ in range(limits.WAITING_ATTACHES):
        assert bench.attach() == []
    assert codes(bench.attach()) == ["OVERLOADED"]
    monkeypatch.setattr(limits, "UNKNOWN_TOKENS", 1)
    assert codes(bench.attach(token="u")) == ["OVERLOADED"]
    bench.grant()
    assert bench.desk.refusals == {"OVERLOADED": 2}
    assert bench.attach(token="u") == []


# ── keys ─────────────────────────────────────────────────────────────────────────────────────


def test_stolen_token(bench):
    """A token in another key's hands is refused and counted, before and after the broker has said
    whose it is, and its holder is served."""
    bench.attach(STOLEN)
    bench.attach(OWN)
    assert bench.grant() == [HOLDER.curve_public]
    assert [(to, getattr(reply, "code", "setup")) for to, reply in bench.sent] == [
        (STOLEN, "WRONG_KEY"),
        (OWN, "setup"),
    ]
    assert codes(bench.attach(STOLEN)) == ["WRONG_KEY"]
    assert bench.desk.routes == {T: OWN}
    assert codes(bench.hear(STOLEN, HostPing(id=1, event="e", time=0))) == ["UNKNOWN_PEER"]
    assert bench.desk.refusals == {"WRONG_KEY": 2, "UNKNOWN_PEER": 1}


def test_thief_alone(bench):
    """Nobody is let in where only the thief has asked; the broker's word is not lost on the next
    one."""
    bench.attach(STOLEN)
    assert bench.grant() == []
    assert bench.core.roster.participants == {}
    bench.attach(OWN)
    assert bench.grant() == [HOLDER.curve_public]


def test_foreign_routing_id(bench):
    """A frame under a routing id of another key's is refused before it is read."""
    bench.curves[OWN] = THIEF
    bench.attach(OWN)
    assert codes([reply for _, reply in bench.sent]) == ["WRONG_KEY"]
    assert bench.asked == []
    assert codes(bench.hear(OWN, b"not even a message")) == ["WRONG_KEY"]


def test_grant_without_a_key(bench):
    """A key that is none lets nobody in."""
    bench.attach(OWN)
    bench.grant(key=bytes(32))
    bench.attach(OWN, token="u")
    bench.grant(token="u", key=b"\xff" * 32)
    assert set(codes([reply for _, reply in bench.sent])) <= {"BAD_TOKEN", "WRONG_KEY"}
    assert len(bench.sent) == 2


def test_revoked(bench):
    """Who is revoked is told so whatever it asks, with its token and with a new one; its reports
    are refused; it is not missed, and what it said stays."""
    bench.attach(OWN)
    bench.grant()
    bench.report(1)
    badge = bench.badge()
    bench.touch(bench.core)
    (out,) = bench.core.revoke(["peer of t", "a stranger"])
    assert (out.peer, bench.core.present, bench.core.roster.staying) == ("peer of t", 0, [])
    assert bench.core.revoke(["peer of t"]) == [], "once"
    assert codes(bench.hear(OWN, HostPing(id=1, event="e", time=0))) == ["REVOKED"]
    assert codes(bench.hear(OWN, messages.Replay(id=1, event="e", first=1))) == ["REVOKED"]
    assert codes(bench.attach(OTHER)) == ["REVOKED"]
    bench.attach(OTHER, token="new")
    bench.grant(token="new", peer="peer of t")
    assert codes([bench.sent[-1][1]]) == ["REVOKED"]
    assert bench.report(2, badge=badge) == 1
    assert bench.core.counters.stored == 1
    assert bench.desk.refusals["REVOKED"] == 5
    assert len(bench.core.claims.open) == 1


def test_revoked_at_the_broker(bench):
    """A token of somebody revoked, who was never here, is refused by the broker; it is not asked
    again at once."""
    bench.attach(OWN)
    bench.reply(Revoked("put out"))
    assert codes([reply for _, reply in bench.sent]) == ["REVOKED"]
    assert codes(bench.attach(OWN)) == ["REVOKED"]
    assert bench.asked == ["t"]


# ── brakes ───────────────────────────────────────────────────────────────────────────────────


def report_frame(badge, n, size=1):
    said = [messages.Said(n + i, 0, Happening("goal", "A", WALL)) for i in range(size)]
    if size > 1:
        return codec.encode(messages.ReportBatch(token=badge, reports=said))
    return codec.encode(Report(token=badge, n=n, time=0, event=said[0].event))


def test_report_rate(bench):
    """A reporter may send what its rate gives in 20 s at once, then its rate; what is over is not
    stored, is counted, and nobody is told. Others are not braked."""
    bench.desk = bench.made(report_rate=50.0)
    bench.attach()
    bench.grant()
    bench.attach(b"s", token="u")
    bench.grant(token="u", key=THIEF.public)
    one, other = (member.report_token for member in bench.core.roster.participants.values())
    sent = len(bench.sent)
    flood = [report_frame(one, n) for n in range(1, 1_501)]
    assert bench.desk.take_reports(flood, bench.now, bench.wall) == 500
    assert bench.core.counters.stored == 1_000
    assert bench.desk.refusals == {"OVERLOADED": 500}
    assert bench.report(1, badge=other) == 0
    bench.now += 2.0
    flood = [report_frame(one, n) for n in range(1_001, 1_501)]
    assert bench.desk.take_reports(flood, bench.now, bench.wall) == 400
    assert len(bench.sent) == sent


def test_what_is_over_the_measure_of_a_turn_waits(bench, monkeypatch):
    """An event that has enough to do gets the rest in the next turn, in the order of its coming."""
    bench.attach()
    bench.grant()
    asked = []
    monkeypatch.setattr(
        HostedEvent, "laden", property(lambda core: asked.append(1) or core.counters.stored >= 40)
    )
    frames = [report_frame(bench.badge(), n) for n in range(1, 101)]
    assert bench.desk.take_reports(frames, bench.now, bench.wall) == 0
    assert bench.core.counters.stored == 3 * module.LOADED_EVERY
    assert bench.desk.waiting == frames[3 * module.LOADED_EVERY :]
    bench.core.counters.stored = 0
    assert bench.desk.take_reports(bench.desk.waiting, bench.now, bench.wall) == 0
    assert len(bench.desk.waiting) == 100 - 6 * module.LOADED_EVERY
    bench.core.counters.stored = 0
    assert bench.desk.take_reports(bench.desk.waiting, bench.now, bench.wall) == 0
    assert bench.desk.waiting == []
    assert len(asked) == 6  # it is not looked at for each report
    (reporter,) = bench.core.roster.participants.values()
    assert (reporter.n, reporter.ahead) == (100, set())


def test_batches_count(bench):
    """A batch counts for as many as are in it, and the largest always fits."""
    bench.desk = bench.made(report_rate=1.0)
    bench.attach()
    bench.grant()
    badge, size = bench.badge(), limits.BATCH_REPORTS
    take = bench.desk.take_reports
    assert take([report_frame(badge, 1, size)], bench.now, bench.wall) == 0
    assert take([report_frame(badge, size + 1)], bench.now, bench.wall) == 1
    bench.now += size
    assert take([report_frame(badge, size + 1, size)], bench.now, bench.wall) == 0
    assert bench.core.counters.stored == 2 * size


def test_request_rate(bench):
    """Requests of a key over its rate are refused, some of them without a word; another key is
    heard."""
    bench.attach(OWN)
    bench.grant()
    ping = HostPing(id=1, event="e", time=0)
    for _ in range(admission.REQUEST_BURST - 1):
        assert not codes(bench.hear(OWN, ping))
    replies = [codes(bench.hear(OTHER, ping)) for _ in range(2 * admission.REPLY_BURST)]
    assert replies == [["OVERLOADED"]] * admission.REPLY_BURST + [[]] * admission.REPLY_BURST
    assert bench.desk.refusals["OVERLOADED"] == 2 * admission.REPLY_BURST
    assert codes(bench.hear(STOLEN, ping)) == ["UNKNOWN_PEER"]
    bench.now += 1.0
    assert not codes(bench.hear(OWN, ping))


def test_replays_cost_more(bench):
    """A replay counts for several requests."""
    bench.attach(OWN)
    bench.grant()
    replay = messages.Replay(id=1, event="e", first=1)
    count = admission.REQUEST_BURST // admission.REPLAY_COST
    outcomes = [codes(bench.hear(OWN, replay)) for _ in range(count + 1)]
    assert outcomes[:-2] == [[]] * (count - 1)
    assert outcomes[-1] == ["OVERLOADED"]


def test_guessing(bench):
    """Who presents one unknown token after the other does not make the host ask the broker for
    ever."""
    for number in range(admission.UNKNOWN_BURST + 10):
        bench.attach(STOLEN, token=f"guess {number}")
    assert len(bench.asked) == admission.UNKNOWN_BURST
    bench.attach(OWN)
    assert bench.asked[-1] == "t"


def test_bad_token(bench):
    """A token that the broker does not know is refused with its words; it is asked again only
    after some seconds."""
    bench.attach()
    bench.reply(BadToken("the token is unknown"))
    assert [(to, reply.id, reply.code) for to, reply in bench.sent] == [(b"r", 5, "BAD_TOKEN")]
    assert bench.sent[0][1].reason == "the token is unknown"
    assert codes(bench.attach()) == ["BAD_TOKEN"]
    assert bench.asked == ["t"]
    assert bench.desk.refusals == {"BAD_TOKEN": 2}
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
    bench.cores["f"] = core = HostedEvent(bench.card("f"), Options())
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
    ping = HostPing(id=7, event="e", time=0)
    assert not codes(bench.hear(b"r", ping))
    bench.wall += 11
    assert codes(bench.hear(b"r", ping)) == ["UNKNOWN_PEER"]
    bench.attach(token="new")
    bench.grant(token="new", peer="peer of t")
    assert not codes(bench.hear(b"r", ping))
    bench.report(1)
    assert bench.core.counters.stored == 1


def test_wrong_version(bench):
    """Another version of the protocol is refused before anything else."""
    assert codes(bench.attach(version=9)) == ["WRONG_VERSION"]
    assert bench.asked == []


def test_absurd_clock(bench):
    """A peer whose clock can't be is refused, before and after its token is known, and the host
    goes on."""
    bench.cores["e"] = core = HostedEvent(
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
    ping = HostPing(id=8, event="e", time=77)
    assert codes(bench.hear(b"r", ping)) == ["UNKNOWN_PEER"]
    bench.attach()
    bench.grant()
    (pong,) = bench.hear(b"r", ping)
    assert pong == messages.Pong(id=8, event="e", time=77, host_time=bench.wall)
    assert codes(bench.hear(b"r", HostPing(id=8, event="f", time=77))) == ["UNKNOWN_PEER"]


def test_a_clock_that_is_set(bench):
    """Pings measure a reporter's clock, each connection's by itself; the reporter is told."""
    bench.attach(time=bench.wall)
    bench.grant()
    (reporter,) = bench.core.roster.reporters

    def ping(connection: bytes, behind: int, rtt: int) -> None:
        time = bench.wall - behind * 1_000_000
        bench.hear(connection, HostPing(id=8, event="e", time=time, rtt=rtt))

    ping(b"r", 0, 1)
    bench.attach(b"other", time=bench.wall)
    ping(b"other", 30, 1)
    ping(b"r", 20, 1)
    assert reporter.clock_offset == 0
    ping(b"r", -25, 1)
    assert reporter.clock_offset == -25_000_000
    assert reporter.stepped == 25_000_000


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
    assert codes(bench.hear(b"r", HostPing(id=1, event="e", time=0))) == ["UNKNOWN_PEER"]


def test_one_token_on_two_connections(bench):
    """One person's two programs are both served; receipts go to the one that attached last, and to
    the other when that one is gone."""
    bench.attach(b"one")
    bench.grant()
    bench.attach(b"two")
    for connection in (b"one", b"two"):
        (pong,) = bench.hear(connection, HostPing(id=1, event="e", time=0))
        assert isinstance(pong, messages.Pong)
    assert bench.desk.routes == {T: b"two"}
    bench.desk.keep(T, codec.encode(messages.Receipt(event="e", n=1)))
    receipt, _ = bench.hear(b"one", HostPing(id=1, event="e", time=0))
    assert bench.desk.routes == {T: b"one"}
    assert isinstance(receipt, messages.Receipt), "what the other one could not get any more"


def test_a_single_report_beside_a_form(bench):
    """A brief connection gets what the one that stays gets, and takes nothing away from it; alone,
    it is the one that is reached."""
    bench.attach(b"form")
    bench.grant()
    bench.attach(b"brief", brief=True)
    assert (bench.desk.routes, bench.desk.beside) == ({T: b"form"}, {T: b"brief"})
    bench.attach(b"form again")
    assert (bench.desk.routes, bench.desk.beside) == ({T: b"form again"}, {})
    bench.hear(b"form again", messages.Detach(id=9, event="e"))
    bench.attach(b"brief", brief=True)
    assert (bench.desk.routes, bench.desk.beside) == ({T: b"brief"}, {})


def test_receipts_are_kept(bench, monkeypatch):
    """Receipts for a peer that can't be reached are given to it as it attaches; the newest ones."""
    monkeypatch.setattr(module, "RECEIPTS_KEPT", 2)
    bench.attach()
    bench.grant()
    for n in range(1, 4):
        bench.desk.keep(T, codec.encode(messages.Receipt(event="e", n=n)))
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
    bench.hear(b"a", HostPing(id=1, event="e", time=0))
    bench.attach(b"c")
    assert codes(bench.hear(b"b", HostPing(id=1, event="e", time=0))) == ["UNKNOWN_PEER"]
    assert codes(bench.hear(b"a", HostPing(id=1, event="e", time=0))) == []


def test_closed_event(bench):
    """When an event is no longer served here nobody of it is known any more."""
    bench.attach()
    bench.grant()
    del bench.cores["e"]
    bench.desk.close(bench.core)
    assert codes(bench.hear(b"r", HostPing(id=1, event="e", time=0))) == ["UNKNOWN_PEER"]
    bench.report(1)
    assert bench.core.counters.stored == 0
    assert bench.desk.routes == {}
    bench.attach()
    assert bench.asked == ["t", "t"]


def test_tokens_of_the_journal(bench):
    """Tokens, keys and badges that the journal brought back need no word of the broker."""
    bench.attach(OWN)
    bench.grant()
    badge = bench.badge()
    again = HostedEvent(bench.card("e"), Options())
    again.restore([bench.core.take().commit])
    again.start(2, bench.now, bench.wall)
    bench.cores["e"] = again
    bench.desk = bench.made()
    bench.desk.open(again)
    assert bench.report(1, badge=badge) == 0, "it was under way"
    assert codes(bench.attach(STOLEN)) == ["WRONG_KEY"]
    (setup,) = bench.attach(OTHER)
    assert (setup.epoch, setup.badge) == (2, badge)
    assert bench.asked == ["t"]


def test_a_journal_names_digests_alone(bench):
    """Neither a token nor a badge is in it, that of a report in one frame or a batch included, and
    one that a reporter puts into its details."""
    bench.attach()
    bench.grant()
    badge = bench.badge()
    bench.report(1)
    said = messages.Said(2, 0, Happening("goal", "A", bench.wall, {"player": badge}))
    frames = [
        codec.encode(messages.ReportBatch(token=badge, reports=[said])),
        codec.encode(Report(token=badge, n=3, time=0, event=said.event)),
    ]
    assert bench.desk.take_reports(frames, bench.now, bench.wall) == 0
    commit = bench.core.take().commit
    stored = [record for record, _ in records.unpack(commit)]
    reports = [one for one in stored if isinstance(one, Report | messages.ReportBatch)]
    assert [one.token for one in reports] == [digest(badge)] * 3
    assert reports[1].reports == [said]
    (member,) = [one for one in stored if isinstance(one, records.MemberAttached)]
    assert (member.token, member.badge, member.hashed) == (T, digest(badge), True)


@pytest.mark.parametrize("badge", ["0b7f7b0e-6f39-4f0c-8c9a-8f2b1a3c5d7e", "badge of release"])
def test_a_journal_of_a_release_with_tokens(bench, badge):
    """What its journal holds as it is holds on: the reports in it, those under way, the token, and
    the badge until there is a new token. From here on nothing is stored as it is."""
    bench.attach()
    bench.grant()
    record = next(
        one
        for one, _ in records.unpack(bench.core.take().commit)
        if isinstance(one, records.MemberAttached)
    )
    record = replace(record, token="t", badge=badge, hashed=False)
    said = [
        Report(token=badge, n=n, time=0, event=Happening("goal", "A", bench.wall)) for n in (1, 2)
    ]
    began = records.Began(epoch=1)
    old = records.pack([codec.encode(one) for one in (began, record, said[0])])
    again = bench.core = bench.cores["e"] = HostedEvent(bench.card("e"), Options())
    again.restore([old])
    again.start(2, bench.now, bench.wall)
    bench.desk = bench.made()
    bench.desk.open(again)
    (reporter,) = again.roster.participants.values()
    assert reporter.n == 1
    assert bench.desk.take_reports([codec.encode(said[1])], bench.now, bench.wall) == 0
    (setup,) = bench.attach()
    assert (setup.badge, setup.n) == (badge, 2)
    assert bench.asked == ["t"], "the broker is not asked again"
    bench.report(3)
    assert badge.encode() not in again.take().commit


def test_a_badge_is_bound_to_its_key_unless_reports_are_signed(bench):
    """An unsigned report over a connection of another key is refused and counted; a signed one
    speaks for itself, a batch only if all of it is signed."""
    bench.attach(OWN)
    bench.grant()
    own, other = (one.curve_public.hex() for one in (HOLDER, THIEF))
    event = Happening("goal", "A", bench.wall)

    def take(curve: str, *signatures: bytes) -> int:
        said = [messages.Said(n, 0, event, s) for n, s in enumerate(signatures, 1)]
        frame = codec.encode(messages.ReportBatch(token=bench.badge(), reports=said))
        return bench.desk.take_reports([frame], bench.now, bench.wall, [curve])

    def single(curve: str) -> int:
        frame = codec.encode(Report(token=bench.badge(), n=1, time=0, event=event))
        return bench.desk.take_reports([frame], bench.now, bench.wall, [curve])

    signed = bytes(64)
    assert single(other) == take(other, b"") == take(other, signed, b"") == 1
    assert bench.desk.refusals == {"WRONG_KEY": 3}
    assert take(other, signed) == take(own, b"") == single(own) == single("") == 0
    assert single(other) == take(other, b"") == 1, "its own key was shown before"


def test_overtaken_attach(bench):
    """A request that waited for the broker changes nothing of what a newer one has said, which the
    journal let in meanwhile."""
    bench.attach(OWN)
    bench.grant()
    journal = [bench.core.take().commit]
    again = bench.core = bench.cores["e"] = HostedEvent(bench.card("e"), Options())
    again.restore(journal)
    again.start(2, bench.now, bench.wall)
    bench.desk = bench.made()
    bench.attach(OWN, last=1)
    bench.desk.open(again)
    bench.wall += 3_000_000
    bench.attach(OWN, time=bench.wall - 7_000_000, last=5, id=6)
    bench.grant()
    (reporter,) = again.roster.participants.values()
    assert (reporter.announced, reporter.clock_offset) == (5, 7_000_000)
    assert [reply.id for _, reply in bench.sent] == [5, 6, 5], "each is answered"


def test_viewer_reports(bench):
    """A subscriber's report is refused and counted."""
    bench.attach()
    bench.grant(role="viewer")
    bench.report(1, badge=bench.badge("viewer"))
    assert bench.desk.refusals == {"NOT_ALLOWED": 1}


def test_garbage(bench):
    """Whatever the bytes, nothing but a counted refusal comes of them, with the request's number
    0, and others are served."""
    bench.attach()
    bench.grant()
    frames = [b"", b"\xc1", os.urandom(50), b"x" * (limits.FRAME_BYTES + 1), b"\x81\xa4type\xa3new"]
    for number, frame in enumerate(frames, 1):
        (error,) = bench.hear(b"s", frame)
        assert error.id == 0
        bench.desk.take_reports([frame], bench.now, bench.wall)
        assert sum(bench.desk.refusals.values()) == 2 * number
    bench.report(1)
    assert bench.core.counters.stored == 1


def test_asking_fails(bench):
    """When the broker can't even be asked, nothing waits for an answer that never comes."""

    def fail(*_: object) -> None:
        raise BadToken("too long")

    ask, bench.desk._ask = bench.desk._ask, fail
    assert codes(bench.attach()) == ["BAD_TOKEN"]
    bench.desk._ask = ask
    assert bench.attach() == []
    assert bench.grant() == [HOLDER.curve_public]


class TestRecovery:
    """Another host of the event hands over what it took in."""

    SAID = messages.Said(n=3, time=WALL, event=Happening("goal", "A", WALL))

    @pytest.fixture
    def bench(self) -> Bench:
        """The other host is attached; an owner has named it."""
        bench = Bench()
        bench.attach(token="h")
        bench.grant("h", role="host")
        bench.touch(bench.core)
        bench.core.permit([], ["peer of h"])
        bench.sent.clear()
        return bench

    def offer(self, bench: Bench, *names: str, routing_id: bytes = b"r") -> None:
        carried = [
            messages.Carried(peer=f"peer of {name}", token=digest(name), reports=[self.SAID])
            for name in names
        ]
        bench.hear(routing_id, messages.Recover(id=9, event="e", carried=carried))

    def grant(self, bench: Bench, name: str, **fields: object) -> None:
        token = digest(name)
        bench.grant(token, **{"peer": f"peer of {name}", **fields})

    def test_the_broker_is_asked_about_strangers(self, bench: Bench) -> None:
        """The offer is taken when the broker has answered about all of its reporters; what is of a
        token that it does not know, or that is another peer's, is left out."""
        self.offer(bench, "ann", "bob", "cid")
        assert bench.asked[-3:] == [digest(name) for name in ("ann", "bob", "cid")]
        self.grant(bench, "ann")
        bench.reply(BadToken("unknown"), digest("bob"))
        assert bench.sent == []
        self.grant(bench, "cid", peer="peer of ann")
        assert bench.sent == [(b"r", messages.Recovered(id=9, event="e", new=1))]
        bench.sent.clear()
        self.offer(bench, "ann")
        assert bench.sent == [(b"r", messages.Recovered(id=9, event="e", new=0))]

    def test_the_broker_is_away(self, bench: Bench) -> None:
        """The offer is refused for the moment: nothing of it is lost."""
        self.offer(bench, "ann", "bob")
        self.grant(bench, "ann")
        bench.reply(Unreachable("away"), digest("bob"))
        assert [reply.code for _, reply in bench.sent] == ["OVERLOADED"]
        self.offer(bench, "ann", "bob")
        self.grant(bench, "bob")
        assert bench.sent[-1] == (b"r", messages.Recovered(id=9, event="e", new=2))

    def test_who_came_in_that_way_attaches(self, bench: Bench) -> None:
        """A reporter that was introduced gets its own report token with its token."""
        self.offer(bench, "ann")
        self.grant(bench, "ann")
        bench.attach(b"q", token="ann")
        bench.grant("ann")
        assert isinstance(bench.sent[-1][1], messages.Setup)
        assert bench.badge() == "badge of ann"

    def test_a_clock_that_no_time_fits(self, bench: Bench) -> None:
        """What is of a reporter whose clock was off by more than times can span is left out; the
        rest counts, and the offer has one answer."""
        ann, bob = (
            messages.Carried(peer=f"peer of {name}", token=digest(name), reports=[self.SAID])
            for name in ("ann", "bob")
        )
        carried = [replace(ann, shift=2**62), bob]
        bench.hear(b"r", messages.Recover(id=9, event="e", carried=carried))
        self.grant(bench, "ann")
        self.grant(bench, "bob")
        assert bench.sent == [(b"r", messages.Recovered(id=9, event="e", new=1))]

    def test_each_reporter_is_asked_about_once(self, bench: Bench) -> None:
        """However often a reporter stands in an offer; without a report it is not asked about."""
        before = len(bench.asked)
        self.offer(bench, "ann", "ann", "bob")
        assert bench.asked[before:] == [digest("ann"), digest("bob")]

    def test_a_hundred_strangers_at_once(self, bench: Bench) -> None:
        """A host's offer of a hundred reporters that never came here is taken, however much each of
        them costs; the next one a few seconds later."""
        for hundred in range(3):
            bench.sent.clear()
            self.offer(bench, *(f"{hundred} {one}" for one in range(100)))
            assert bench.sent == []
            bench.now += 11.0

    def test_an_offer_costs_what_it_holds(self, bench: Bench) -> None:
        """A host's key that offers strangers without end is refused, before the broker is asked
        about them: others can still ask."""
        for number in range(120):
            bench.sent.clear()
            self.offer(bench, *(f"{number} of {one}" for one in range(10)))
            if bench.sent:
                break
        assert [reply.code for _, reply in bench.sent] == ["OVERLOADED"]
        assert number < 12

    def test_no_other_peer_hands_over(self, bench: Bench) -> None:
        """A reporter cannot hand over the reports of others, nor a peer that is not attached."""
        bench.attach(b"q", token="ann")
        bench.grant("ann")
        bench.sent.clear()
        self.offer(bench, "bob", routing_id=b"q")
        self.offer(bench, "bob", routing_id=b"z")
        assert [reply.code for _, reply in bench.sent] == ["NOT_ALLOWED", "UNKNOWN_PEER"]
