"""What peers are told while the host can store nothing, without the sockets."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.peer.host.admission import HostRequestLimiter
from touchline.peer.host.attached import AttachedPeers
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.peer.link.core import Then
from touchline.protocol import codec, messages
from touchline.protocol.keys import Identity
from touchline.protocol.messages import (
    Attach,
    Card,
    Detach,
    Grant,
    Heartbeat,
    HostPing,
    Replay,
    Role,
)

WALL = 1_700_000_000_000_000


class Bench:
    """A desk with one event in which Ann takes part, and the time."""

    def __init__(self) -> None:
        self.now = 10.0
        card = Card(event="e", title="E", sport="football", origins=["A", "B"])
        self.core = HostedEvent(card, Options(heartbeat=1.0, alarm_every=5.0))
        self.core.start(1, self.now, WALL)
        self.published: list[bytes] = []
        self.commits: list[bytes] = []
        self.take()
        self.thens: list[Then] = []
        self.desk = AttachedPeers(
            {"e": self.core},
            self.touch,
            lambda _, then: self.thens.append(then),
            lambda _: None,
            lambda *_: None,
            lambda token: "badge",
            HostRequestLimiter(),
            100.0,
            lambda _: (),
        )
        attach = Attach(id=5, token="t", time=WALL)
        self.desk.answer(b"r", b"", codec.encode(attach), self.now, WALL)
        self.touch(self.core)
        self.thens[0](self.grant("t", "ann", "reporter"), self.now)
        self.take()

    @staticmethod
    def grant(token: str, peer: str, role: Role) -> Grant:
        key = Identity(peer.encode().ljust(32)).public
        return Grant(
            id=1,
            token=token,
            peer=peer,
            name=peer.title(),
            role=role,
            event="e",
            expires=1 << 60,
            key=key,
        )

    def touch(self, core: HostedEvent) -> None:
        core.begin_turn(self.now, WALL + round((self.now - 10) * 1_000_000))

    def take(self) -> None:
        out = self.core.take()
        self.published += out.publish
        self.commits.append(out.commit)

    def hear(self, request: Any) -> None:
        self.desk.answer(b"r", b"", codec.encode(request), self.now, WALL)

    def meanwhile(self, request: Any) -> Any:
        body = codec.encode(request)
        position = {"e": self.core.position}
        (frame,) = self.desk.answer_meanwhile(
            b"r", b"", body, self.now, WALL, "disk full", position
        )
        return codec.decode_host_reply(frame)

    def alarms(self) -> int:
        bodies = [codec.split_topic(frame)[1] for frame in self.published]
        found = [codec.decode_published(body) for body in bodies]
        return sum(isinstance(message, messages.Alarm) for message in found)

    def go_on(self, seconds: float) -> None:
        """Let the disk be full for a while, then take the next turn."""
        self.now += seconds
        self.touch(self.core)
        self.desk.recall()
        self.core.handle_timer(self.now)
        self.take()


def test_pings_are_answered_and_nothing_changes() -> None:
    """Who pings is answered at once, and the core does not move."""
    bench = Bench()
    before = (bench.core.position, bench.core.next_timer())
    pong = bench.meanwhile(HostPing(id=7, event="e", time=WALL - 3, last=0))
    assert pong == messages.Pong(id=7, event="e", time=WALL - 3, host_time=WALL)
    assert (bench.core.position, bench.core.next_timer()) == before


def test_pings_of_that_time_measure_no_clock() -> None:
    """The round trip that follows is of a ping that was answered meanwhile, and not of the one that
    was measured last."""
    bench = Bench()
    bench.hear(HostPing(id=6, event="e", time=WALL - 30_000_000, rtt=1))
    bench.meanwhile(HostPing(id=7, event="e", time=WALL))
    bench.go_on(0.0)
    bench.hear(HostPing(id=8, event="e", time=WALL - 20_000_000, rtt=1))
    (reporter,) = bench.core.roster.reporters
    assert reporter.clock_offset == 0


def test_who_was_there_raises_no_alarm_afterwards() -> None:
    """The pings of the time without a disk count as signs of life; without any it is silence."""
    bench = Bench()
    bench.meanwhile(HostPing(id=7, event="e", time=WALL))
    bench.go_on(60.0)
    assert bench.alarms() == 0
    bench.go_on(60.0)
    assert bench.alarms() == 1


def test_who_left_meanwhile_is_not_missed() -> None:
    """A reporter who leaves in good order while nothing can be stored raises no alarm."""
    bench = Bench()
    assert bench.meanwhile(Detach(id=8, event="e")) == messages.Done(id=8)
    bench.go_on(60.0)
    assert (bench.alarms(), bench.core.present) == (0, 0)


@pytest.mark.parametrize(
    "request_", [HostPing(id=7, event="e", time=WALL), Detach(id=8, event="e")]
)
def test_who_was_there_and_is_revoked_stays_out(request_: Any) -> None:
    """Whoever was heard while nothing could be stored, and is put out before that is made up for,
    does not take part again by it."""
    bench = Bench()
    bench.meanwhile(request_)
    bench.touch(bench.core)
    (ann,) = bench.core.revoke(["ann"])
    bench.take()
    bench.go_on(1.0)
    assert (ann.present, ann.stays, bench.core.present) == (False, False, 0)
    assert bench.commits[-1] == b"", "nothing of it is on record"


def test_what_needs_the_disk_is_refused() -> None:
    """To attach is refused with the reason, of a reporter that is known as well; so is what can't
    be read."""
    bench = Bench()
    for token in ("x", "t"):
        told = bench.meanwhile(Attach(id=9, token=token, time=WALL))
        assert (told.id, told.code, told.reason) == (9, "STORAGE", "disk full")
    (frame,) = bench.desk.answer_meanwhile(b"r", b"", b"nonsense", bench.now, WALL, "disk full", {})
    assert codec.decode_host_reply(frame).id == 0
    stranger = codec.encode(HostPing(id=3, event="e", time=WALL))
    (frame,) = bench.desk.answer_meanwhile(
        b"other", b"", stranger, bench.now, WALL, "disk full", {}
    )
    assert codec.decode_host_reply(frame).code == "UNKNOWN_PEER"


def test_a_viewer_reads_what_is_on_the_disk() -> None:
    """One that the journal knows attaches over a new connection and gets what was let out, and
    nothing of what waits for the disk; the core does not move."""
    bench = Bench()
    bench.hear(Attach(id=5, token="v", time=WALL))
    bench.touch(bench.core)
    bench.thens[1](bench.grant("v", "fan", "viewer"), bench.now)
    bench.go_on(0.0)
    stand = bench.core.position
    bench.go_on(60.0)  # an alarm, which waits for the disk
    assert bench.core.position.seq == stand.seq + 1

    def ask(request: Any) -> Any:
        (frame,) = bench.desk.answer_meanwhile(
            b"new", b"", codec.encode(request), bench.now, WALL, "disk full", {"e": stand}
        )
        return codec.decode_host_reply(frame)

    assert ask(Replay(id=1, event="e", first=1)).code == "UNKNOWN_PEER"
    setup = ask(Attach(id=2, token="v", time=WALL))
    assert (setup.epoch, setup.seq, setup.digest) == stand[:3]
    assert (setup.id, setup.peer, setup.time) == (2, "fan", WALL)
    for last in (0, stand.seq + 1):
        block = ask(Replay(id=3, event="e", first=1, last=last))
        assert (len(block.frames), block.more) == (stand.seq, False)


def test_the_heartbeat_of_trouble() -> None:
    """It says why, and stands where the feed was let out last, not where the core is already."""
    bench = Bench()
    stand = bench.core.position
    bench.go_on(60.0)  # an alarm, which waits for the disk
    assert bench.core.position.seq == stand.seq + 1
    _, body = codec.split_topic(bench.core.troubled(stand, "disk full", WALL + 1))
    beat = codec.decode_published(body)
    assert isinstance(beat, Heartbeat)
    assert (beat.event, beat.trouble, beat.sent) == ("e", "disk full", WALL + 1)
    assert (beat.epoch, beat.seq, beat.digest, beat.state) == stand
    assert stand.state == "live"
