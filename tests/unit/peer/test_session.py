"""Every way of a session between join and open."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.peer.staging import HERE, KEY, SECOND, THERE, Stage, invitation
from touchline.peer.liveness import LEAST_SECONDS
from touchline.peer.session import (
    REJOIN_SECONDS,
    REPLY_SECONDS,
    TRIES,
    AskBroker,
    ConnectToHost,
    Session,
)
from touchline.protocol.errors import (
    BadToken,
    Conflict,
    EventOver,
    NotFound,
    Overloaded,
    Unreachable,
    WrongVersion,
)
from touchline.protocol.messages import Attach, Done, Error, HostPing, Pong, Receipt


@pytest.fixture
def stage():
    return Stage()


def test_the_whole_way(stage):
    """Join, greet, attach, open: each step follows the reply to the one before."""
    ask = stage.tick()[0]
    assert (ask.request.event, ask.request.role) == ("e", "reporter")
    assert stage.session.next_timer() is None, "the link answers in time"
    connect, ping = stage.invited(invitation())
    assert connect == ConnectToHost(HERE, KEY)
    assert (ping.seq, ping.received, ping.lost) == (3, 4, 5)
    (attach,) = stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""), after=0.25)
    assert (attach.token, attach.rtt, attach.time) == ("t", 250_000, stage.wall)
    setup = stage.setup()
    stage.hear(setup)
    assert stage.session.open
    assert stage.session.setup is setup


def test_greeted_by_a_pong(stage):
    """A host that knows the connection answers the greeting with a pong, which measures too."""
    ping = stage.greeted()
    pong = Pong(id=ping.id, event="e", time=ping.time, host_time=ping.time + 7 * SECOND + 100_000)
    (attach,) = stage.hear(pong, after=0.2)
    assert isinstance(attach, Attach)
    assert stage.session.rtt == pytest.approx(0.2)
    assert stage.session.offset == 7 * SECOND


def test_best_round_trip_counts(stage):
    """The clock's offset is that of the quickest round trip."""
    stage.opened()
    for delay, ahead in ((0.4, 1), (0.05, 2), (0.3, 3)):
        (ping,) = stage.tick()
        host_time = ping.time + round(delay / 2 * SECOND) + ahead * SECOND
        stage.hear(Pong(id=ping.id, event="e", time=ping.time, host_time=host_time), after=delay)
    assert stage.session.offset == 2 * SECOND


def test_pings_tell_the_round_trip_of_the_ping_before(stage):
    """The greeting's is told by the first ping; a ping that is not answered before the next one
    has none to tell, nor has the first to another host."""
    stage.opened()
    told = []
    for delay in (0.2, None, 2.5, 0.3):
        (ping,) = stage.tick()
        told.append(ping.rtt)
        if delay is not None:
            pong = Pong(id=ping.id, event="e", time=ping.time, host_time=ping.time)
            assert stage.hear(pong, after=delay) == []
    assert told == [100_000, 200_000, 0, 2_500_000]
    stage.session.rejoin(stage.now)
    assert isinstance(stage.tick()[0], AskBroker)
    (_, ping) = stage.invited(invitation(THERE))
    assert ping.rtt == 0


def test_a_clock_that_is_set(stage):
    """A clock that is set is followed at the next pong, however slow that is; what the round trips
    explain is no step."""
    stage.opened()
    found = []
    for delay, ahead in ((0.05, 0), (1.0, 25), (0.6, 25.4), (1.0, -3)):
        (ping,) = stage.tick()
        host_time = ping.time + round((delay / 2 + ahead) * SECOND)
        stage.hear(Pong(id=ping.id, event="e", time=ping.time, host_time=host_time), after=delay)
        found.append(stage.session.offset / SECOND)
    assert found == [0, 25, 25.4, -3]


def test_no_host_yet(stage):
    """An event without a host is asked for again, and the session knows that there is none."""
    stage.tick()
    assert stage.invited(invitation(None)) == []
    assert stage.session.hosted is False
    assert stage.session.next_timer() == stage.now + REJOIN_SECONDS
    assert isinstance(stage.tick()[0], AskBroker)
    stage.invited(invitation())
    assert stage.session.hosted is True


@pytest.mark.parametrize("error", [Unreachable("away"), Overloaded("busy")])
def test_broker_away_at_first(stage, error):
    """While the broker can't answer and no way is known, it is asked again."""
    stage.tick()
    assert stage.invited(error) == []
    assert stage.session.away is error
    assert stage.session.failure is None
    assert isinstance(stage.tick()[0], AskBroker)
    stage.invited(invitation())
    assert stage.session.away is None


@pytest.mark.parametrize("error", [Unreachable("away"), Overloaded("busy")])
def test_broker_away_later(stage, error):
    """A peer that has joined goes on without the broker: it greets the host where it was."""
    stage.opened()
    stage.session.rejoin(stage.now)
    assert isinstance(stage.tick()[0], AskBroker)
    (ping,) = stage.invited(error)
    assert isinstance(ping, HostPing)
    (attach,) = stage.hear(Pong(id=ping.id, event="e", time=ping.time, host_time=ping.time))
    assert isinstance(attach, Attach)
    stage.hear(stage.setup())
    assert stage.session.open


@pytest.mark.parametrize("error", [NotFound("no event"), EventOver("over"), Conflict("taken")])
def test_broker_refuses(stage, error):
    """What the broker refuses ends the session, and nothing is due any more."""
    stage.tick()
    stage.invited(error)
    assert stage.session.failure is error
    stage.session.handle_timer(stage.now + 100, 0)
    assert stage.commands() == []


def test_host_does_not_answer(stage):
    """Greetings without an answer are repeated, then the broker is asked where the host is."""
    stage.greeted()
    for _ in range(TRIES - 1):
        before = stage.now
        (ping,) = stage.tick()
        assert isinstance(ping, HostPing)
        assert stage.now == before + REPLY_SECONDS
    stage.tick()
    assert isinstance(stage.tick()[0], AskBroker)


@pytest.mark.parametrize("seconds", [1.9, 2.1, 3.0, 5.0, 7.5])
def test_long_round_trips(stage, seconds):
    """A peer comes in however long its line takes, and says so with its clock: greetings are
    waited for longer once one was answered."""
    stage.greeted()
    under_way: list[tuple[float, object]] = []

    def send(commands: list[object]) -> None:
        for command in commands:
            if isinstance(command, HostPing):
                reply: object = Error(id=command.id, code="UNKNOWN_PEER", reason="who?")
                under_way.append((stage.now + seconds, reply))
            elif isinstance(command, Attach):
                assert command.rtt == pytest.approx(seconds * SECOND)
                under_way.append((stage.now + seconds, stage.setup()))
            elif isinstance(command, AskBroker):
                send(stage.invited(invitation()))

    under_way.append((stage.now + seconds, Error(id=1, code="UNKNOWN_PEER", reason="who?")))
    while not stage.session.open:
        assert stage.now < 100, "it never comes in"
        due = stage.session.next_timer()
        if due is not None and (not under_way or due < under_way[0][0]):
            send(stage.tick())
        else:
            arrives, reply = under_way.pop(0)
            send(stage.hear(reply, arrives - stage.now))


def test_host_moved(stage):
    """An invitation to somewhere else connects anew; one to the same place does not."""
    stage.opened()
    stage.session.rejoin(stage.now)
    assert not stage.session.open
    stage.tick()
    assert not any(isinstance(command, ConnectToHost) for command in stage.invited(invitation()))
    stage.session.rejoin(stage.now)
    stage.tick()
    assert stage.invited(invitation(THERE))[0] == ConnectToHost(THERE, KEY)


def test_setup_does_not_come(stage):
    """An attach without an answer begins again with a greeting."""
    stage.attached()
    (ping,) = stage.tick()
    assert isinstance(ping, HostPing)
    assert not stage.session.open


def test_reconnected(stage):
    """A new connection may be to a new host: it is greeted, and attached to again."""
    stage.opened()
    stage.session.reconnected(stage.now, stage.wall)
    assert not stage.session.open
    (ping,) = stage.commands()
    (attach,) = stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
    assert isinstance(attach, Attach)


def test_reconnected_before_invited(stage):
    """Before there is an invitation a connection says nothing."""
    stage.session.reconnected(stage.now, stage.wall)
    assert stage.commands() == []


def test_forgotten(stage):
    """A host that answers a ping with UNKNOWN_PEER is attached to again at once."""
    stage.opened()
    (ping,) = stage.tick()
    (attach,) = stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
    assert isinstance(attach, Attach)
    stage.hear(stage.setup(epoch=2))
    assert stage.session.setup.epoch == 2


def test_forgotten_at_a_replay(stage):
    """So is one that answers anything else so, without waiting for the next ping."""
    stage.opened()
    (ping,) = stage.hear(Error(id=stage.session.request_id(), code="UNKNOWN_PEER", reason=""))
    assert isinstance(ping, HostPing)
    (attach,) = stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
    assert isinstance(attach, Attach)


def test_pings(stage):
    """An open session pings at half the heartbeat, and stays open as long as it is answered."""
    stage.opened()
    for _ in range(20):
        before = stage.now
        (ping,) = stage.tick()
        assert stage.now == pytest.approx(before + 5.0)
        stage.hear(Pong(id=ping.id, event="e", time=ping.time, host_time=ping.time))
        assert stage.session.open


def test_silence(stage):
    """A host that says nothing for two heartbeats is looked up at the broker."""
    stage.opened()
    began = stage.now
    wants = [stage.tick()[0] for _ in range(3)]
    assert all(isinstance(command, HostPing) for command in wants)
    assert stage.tick() == []
    assert stage.now == pytest.approx(began + 20.0)
    assert isinstance(stage.tick()[0], AskBroker)
    assert not stage.session.open


def test_anything_heard_is_no_silence(stage):
    """A host that answers no ping but gives receipts is there."""
    stage.opened()
    for _ in range(10):
        assert isinstance(stage.tick()[0], HostPing)
        stage.hear(Receipt(event="e", n=1))
    assert stage.session.open


def test_what_a_reporter_tells(stage):
    """Attaching and pinging tell the number of the newest report at that moment, and whether the
    peer is brief."""
    last = [7]
    for brief in (False, True):
        stage.session = Session("e", "reporter", last=lambda: last[0], brief=brief)
        attach = stage.attached()
        assert (attach.last, attach.brief) == (7, brief)
        stage.hear(stage.setup())
        last[0] += 1
        (ping,) = stage.tick()
        assert ping.last == 8
        last[0] = 7


def test_the_broker_told_apart(stage):
    """Whether the broker answers is not known while it is asked, and stays known while the host
    alone is looked for, however long it does not answer."""
    stage.opened()
    assert stage.session.broker is True
    stage.session.rejoin(stage.now)
    assert stage.session.broker is None
    stage.tick()
    stage.invited(invitation())
    for _ in range(3 * TRIES):
        for command in stage.tick():
            assert stage.session.broker is True
            if isinstance(command, AskBroker):
                stage.invited(invitation())
    stage.session.rejoin(stage.now)
    stage.tick()
    stage.invited(Unreachable("away"))
    assert stage.session.broker is False


def test_slept(stage):
    """After a long sleep the host is looked up at once."""
    stage.opened()
    stage.now += 3_600
    assert stage.tick() == []
    assert isinstance(stage.tick()[0], AskBroker)


def test_token_refused(stage):
    """A refused token is replaced by a new one; after three in a row the session gives up."""
    stage.attached()
    for turn in range(TRIES - 1):
        assert stage.hear(Error(id=3, code="BAD_TOKEN", reason="expired")) == []
        assert stage.session.failure is None
        assert isinstance(stage.tick()[0], AskBroker)
        (ping,) = stage.invited(invitation(token=f"t{turn}"))
        (attach,) = stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
        assert attach.token == f"t{turn}"
    stage.hear(Error(id=3, code="BAD_TOKEN", reason="expired"))
    assert isinstance(stage.session.failure, BadToken)
    assert stage.session.next_timer() is None


def test_same_token_refused(stage):
    """A token that the host refuses and the broker gives again is one refusal, however often: the
    host's clock is ahead, and there will be a new one. The third that is refused is the end."""
    stage.attached()
    for token in [*["t"] * 5, *["t2"] * 5, "t3"]:
        stage.hear(Error(id=3, code="BAD_TOKEN", reason="expired"))
        assert stage.session.failure is None
        assert isinstance(stage.tick()[0], AskBroker)
        (ping,) = stage.invited(invitation(token=token))
        stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
    stage.hear(Error(id=3, code="BAD_TOKEN", reason="expired"))
    assert isinstance(stage.session.failure, BadToken)


@pytest.mark.parametrize("code", ["NOT_FOUND", "NOT_ALLOWED", "OVERLOADED", "UNREACHABLE", "NEW"])
def test_host_can_not_yet(stage, code):
    """Other refusals of a host may be over in a moment: the broker is asked again each time."""
    stage.attached()
    for _ in range(TRIES + 3):
        stage.hear(Error(id=3, code=code, reason="not now"))
        assert stage.session.failure is None
        assert isinstance(stage.tick()[0], AskBroker)
        (ping,) = stage.invited(invitation())
        stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))


def test_wrong_version(stage):
    """A host that speaks another version ends the session."""
    stage.attached()
    stage.hear(Error(id=3, code="WRONG_VERSION", reason="2"))
    assert isinstance(stage.session.failure, WrongVersion)


def test_errors_while_open(stage):
    """An error to a request of the caller's own leaves an open session open."""
    stage.opened()
    stage.hear(Error(id=77, code="BAD_MESSAGE", reason=""))
    assert stage.session.open
    assert stage.session.failure is None


def test_old_replies(stage):
    """Replies to greetings of before are not taken for that of the newest."""
    first = stage.greeted()
    (second,) = stage.tick()
    assert stage.hear(Pong(id=first.id, event="e", time=0, host_time=0)) == []
    (attach,) = stage.hear(Pong(id=second.id, event="e", time=second.time, host_time=0))
    assert isinstance(attach, Attach)


def test_impossible_answer(stage):
    """A broker that answers a join with something else is a fault that is not passed over."""
    stage.tick()
    with pytest.raises(AssertionError, match="Done"):
        stage.invited(Done(id=1))
    with pytest.raises(AssertionError, match="nowhere"):
        stage.session.invite(invitation(None), stage.now, stage.wall)


def test_kept_invitation(stage):
    """With an invitation from an earlier run the broker is not needed: its slow or missing answer
    does not disturb what is open, and a good one is followed."""
    stage.tick()
    stage.session.invite(invitation(), stage.now, stage.wall)
    connect, ping = stage.commands()
    assert connect == ConnectToHost(HERE, KEY)
    stage.hear(Pong(id=ping.id, event="e", time=ping.time, host_time=ping.time))
    stage.hear(stage.setup())
    for answer in (Unreachable("away"), invitation(None)):
        assert stage.invited(answer) == []
        assert stage.session.open
    assert stage.session.away is None
    assert stage.invited(invitation(THERE))[0] == ConnectToHost(THERE, KEY)


def test_greeting_that_waited(stage):
    """A greeting that waited for a connection measures nobody's clock: it is said again, and the
    token is presented with the round trip of the new one."""
    ping = stage.greeted()
    for _ in range(TRIES - 1):
        (ping,) = stage.tick()
    assert stage.tick() == []
    assert isinstance(stage.tick()[0], AskBroker)
    assert stage.invited(invitation(None)) == []
    unknown = Error(id=ping.id, code="UNKNOWN_PEER", reason="")
    (again,) = stage.hear(unknown, after=40.0)
    assert isinstance(again, HostPing)
    (attach,) = stage.hear(Error(id=again.id, code="UNKNOWN_PEER", reason=""), after=0.1)
    assert (attach.rtt, attach.time) == (100_000, stage.wall)


def test_setup_that_waited(stage):
    """An answer to `attach` that took too long opens nothing: the clock that was stated is of the
    past, and is stated again."""
    stage.attached()
    (ping,) = stage.tick()
    assert isinstance(ping, HostPing)
    assert stage.hear(stage.setup(), after=0.1) == []
    assert not stage.session.open
    (attach,) = stage.hear(Pong(id=ping.id, event="e", time=ping.time, host_time=ping.time))
    assert attach.time == stage.wall
    stage.hear(stage.setup())
    assert stage.session.open


def test_refused_thrice_at_once(stage):
    """A token that was presented several times before the host could ask about it is refused once,
    however many answers come."""
    stage.attached()
    for _ in range(TRIES + 1):
        stage.hear(Error(id=3, code="BAD_TOKEN", reason="expired"))
    assert stage.session.failure is None


def test_refused_while_the_broker_is_away(stage):
    """While the broker can give no new token, the old one's refusal is not the end."""
    stage.attached()
    for _ in range(2 * TRIES):
        stage.hear(Error(id=3, code="BAD_TOKEN", reason="expired"))
        assert isinstance(stage.tick()[0], AskBroker)
        (ping,) = stage.invited(Unreachable("away"))
        stage.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason=""))
    assert stage.session.failure is None


def test_what_was_there_when_asked(stage):
    """The session knows how far the feed was here when the token was presented first."""
    assert stage.session.asked_seq is None
    stage.attached()
    assert stage.session.asked_seq == 3


def test_the_setup_of_another_event(stage):
    """A host that answers with the card of another event has not answered."""
    stage.tick()
    _, ping = stage.invited(invitation())
    stage.hear(Pong(id=ping.id, event="e", time=ping.time, host_time=ping.time))
    setup = stage.setup()
    stage.hear(replace(setup, card=replace(setup.card, event="final")))
    assert not stage.session.open
    stage.hear(setup)
    assert stage.session.open


def test_a_host_without_a_pause(stage):
    """A host that says that it beats all the time is pinged no more often than one may set."""
    stage.tick()
    _, ping = stage.invited(invitation())
    stage.hear(Pong(id=ping.id, event="e", time=ping.time, host_time=ping.time))
    stage.hear(replace(stage.setup(), heartbeat=1e-9))
    assert stage.session.open
    assert stage.session.next_timer() >= stage.now + LEAST_SECONDS / 2
    stage.tick()
    assert stage.session.next_timer() >= stage.now + LEAST_SECONDS / 2
