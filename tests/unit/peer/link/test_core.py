from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from touchline.peer.link.core import (
    ANNOUNCE_SECONDS,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LOSS_PAUSE,
    MISMATCHES,
    MOST_PENDING,
    SILENCE,
    WINDOW,
    LinkCore,
)
from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import (
    Conflict,
    NotFound,
    Overloaded,
    PeerError,
    Slow,
    TooLarge,
    Unreachable,
    Untrusted,
    WrongVersion,
)

SEARCH = messages.Search(id=0, text="final")
KEY = bytes(range(32))


class Line:
    """A link's core and the broker's end of the line; the test says what arrives."""

    def __init__(self) -> None:
        self.now = 100.0
        self.core = LinkCore("ann", KEY, ("reporter",), timeout=5.0, address="tcp://b:1")

    def ask(self, timeout: float | None = None) -> int:
        return self.request(SEARCH, timeout)

    def request(self, message: Any, timeout: float | None = None) -> int:
        """Ask, and return the request's number, which stands here for what follows upon it."""
        number = self.core._number + 1
        self.core.request(message, number, self.now, timeout)  # type: ignore[arg-type]  # never called
        return number

    def sent(self) -> list[Any]:
        return [codec.decode_broker_request(frame) for frame in self.core.outgoing()]

    def kinds(self) -> list[str]:
        return [str(message.__struct_config__.tag) for message in self.sent()]

    def reply(self, reply: messages.BrokerReply) -> list[Any]:
        return self.core.receive(codec.encode(reply), self.now)

    def refuse(self, number: int, code: str) -> list[Any]:
        return self.reply(messages.Error(id=number, code=code, reason="because"))

    def welcome(self) -> list[Any]:
        """Answer the hello that has just been sent."""
        hello = self.sent()[-1]
        assert isinstance(hello, messages.Hello)
        return self.reply(
            messages.Welcome(id=hello.id, peer="p", role="host", time=1, heartbeat=10.0)
        )

    def run(self, seconds: float) -> list[tuple[float, str]]:
        """Let time pass timer by timer; return what was sent when, or why something failed."""
        start, seen = self.now, []
        while (timer := self.core.next_timer()) is not None and timer <= start + seconds:
            self.now = timer
            failed = self.core.handle_timer(timer)
            seen += [(self.now - start, type(error).__name__) for _, error in failed]
            seen += [(self.now - start, kind) for kind in self.kinds()]
        self.now = start + seconds
        return seen


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def welcomed() -> Line:
    """A link that is through with its hello and has nothing open."""
    line = Line()
    number = line.ask()
    line.welcome()
    line.sent()
    line.reply(messages.EventList(id=number, events=[]))
    return line


def test_hello_first(line: Line) -> None:
    """Nothing is sent before somebody asks; then hello goes first and the request waits."""
    assert line.core.next_timer() is None
    assert line.core.outgoing() == []
    line.ask()
    line.ask()
    assert line.sent() == [messages.Hello(id=2, name="ann", key=KEY, roles=["reporter"])]
    assert (line.core.peer, line.core.role) == ("", None)


def test_invite() -> None:
    """The code of an invitation goes with every hello."""
    line = Line()
    line.core = LinkCore("ann", KEY, invite="abcd-efgh-ijkm")
    line.ask()
    assert line.sent()[0].invite == "abcd-efgh-ijkm"
    line.core.reconnected(line.now)
    assert line.sent()[0].invite == "abcd-efgh-ijkm"


def test_welcome(line: Line) -> None:
    """The welcome tells the peer's id and lets all that waited go, in order."""
    first, second = line.ask(), line.ask()
    assert line.welcome() == []
    assert [message.id for message in line.sent()] == [first, second]
    assert (line.core.peer, line.core.role, line.core.heartbeat) == ("p", "host", 10.0)


def test_answers_by_number(welcomed: Line) -> None:
    """Replies come in any order and are told apart by their request's number."""
    first, second = welcomed.ask(), welcomed.ask()
    assert welcomed.core.unanswered == 2
    done = messages.Done(id=second)
    assert welcomed.reply(done) == [(second, done)]
    events = messages.EventList(id=first, events=[])
    assert welcomed.reply(events) == [(first, events)]
    assert welcomed.core.unanswered == 0
    assert welcomed.core.next_timer() is None


def test_answered_once(welcomed: Line) -> None:
    """A second reply, one to nothing, and garbage are counted and answer nothing."""
    number = welcomed.ask()
    welcomed.reply(messages.Done(id=number))
    strange = welcomed.core.strange
    assert welcomed.reply(messages.Done(id=number)) == []
    assert welcomed.reply(messages.Error(id=0, code="BAD_MESSAGE", reason="")) == []
    assert welcomed.core.receive(b"\xc1", welcomed.now) == []
    assert welcomed.core.receive(b"", welcomed.now) == []
    assert welcomed.core.receive(b"x" * (limits.BLOCK_BYTES + 1), welcomed.now) == []
    assert welcomed.core.strange == strange + 5


def test_refusals(welcomed: Line) -> None:
    """A refusal is the exception of its code; a code nobody knows is kept in the sentence."""
    for code, kind in (("NOT_FOUND", NotFound), ("CONFLICT", Conflict), ("NEW", PeerError)):
        number = welcomed.ask()
        [(answered, error)] = welcomed.refuse(number, code)
        assert answered == number
        assert type(error) is kind
        assert "because" in error.sentence


def test_asks_again_with_pauses(welcomed: Line) -> None:
    """What is not answered is sent again after pauses that double, the same frame each time."""
    welcomed.ask(timeout=3.0)
    first = welcomed.core.outgoing()
    welcomed.now += FIRST_PAUSE
    welcomed.core.handle_timer(welcomed.now)
    assert welcomed.core.outgoing() == first
    assert welcomed.run(2.0) == [(0.5, "search"), (1.5, "search")]


def test_longest_pause(welcomed: Line) -> None:
    """Pauses grow to 5 seconds and no further."""
    welcomed.ask(timeout=60.0)
    welcomed.sent()
    times = [at for at, _ in welcomed.run(30.0)]
    assert [b - a for a, b in pairwise(times)] == [0.5, 1, 2, 4, 5, 5, 5, 5]


def test_unreachable(line: Line) -> None:
    """Without an answer a request fails at its deadline, and the sentence says what to do."""
    number = line.ask()
    line.now += 5.0
    [(failed, error)] = line.core.handle_timer(line.now)
    assert failed == number
    assert isinstance(error, Unreachable)
    assert error.sentence == (
        "no answer from the broker at tcp://b:1 within 5 s; is it running? touchline broker"
    )


def test_own_deadline(welcomed: Line) -> None:
    """Each request has its own deadline, to the moment."""
    welcomed.ask(timeout=1.0)
    welcomed.ask(timeout=2.0)
    seen = welcomed.run(4.0)
    assert [(at, kind) for at, kind in seen if kind == "Unreachable"] == [
        (1.0, "Unreachable"),
        (2.0, "Unreachable"),
    ]
    assert welcomed.core.next_timer() is None


def test_hello_again_and_again(line: Line) -> None:
    """Hello too is sent again, and no more once nobody waits for it."""
    line.ask(timeout=2.0)
    line.sent()
    seen = line.run(60.0)
    assert [kind for _, kind in seen] == ["hello", "hello", "hello", "Unreachable"]
    assert (line.core.unanswered, line.core.next_timer()) == (0, None)
    line.ask()
    assert line.kinds() == ["hello"]


def test_forgotten_by_the_broker(welcomed: Line) -> None:
    """UNKNOWN_PEER to any number of requests leads to one hello, then they are asked again."""
    numbers = [welcomed.ask(), welcomed.ask()]
    welcomed.sent()
    for number in numbers:
        assert welcomed.refuse(number, "UNKNOWN_PEER") == []
    later = welcomed.ask()
    assert welcomed.welcome() == []
    assert [message.id for message in welcomed.sent()] == [*numbers, later]
    done = messages.Done(id=numbers[0])
    assert welcomed.reply(done) == [(numbers[0], done)]


def test_hello_refused(line: Line) -> None:
    """When hello is refused everything fails with that refusal, and the next one tries again."""
    numbers = [line.ask(), line.ask()]
    hello = line.sent()[0]
    failed = line.refuse(hello.id, "WRONG_VERSION")
    assert [number for number, _ in failed] == numbers
    assert all(isinstance(error, WrongVersion) for _, error in failed)
    assert line.core.next_timer() is None
    line.ask()
    assert line.kinds() == ["hello"]


def test_overloaded(welcomed: Line) -> None:
    """OVERLOADED is asked again later, and is what remains when time is up."""
    number = welcomed.ask(timeout=1.0)
    welcomed.sent()
    assert welcomed.refuse(number, "OVERLOADED") == []
    assert [kind for _, kind in welcomed.run(0.9)] == ["search", "search"]
    [(_, error)] = welcomed.core.handle_timer(welcomed.now + 0.1)
    assert isinstance(error, Overloaded)


def test_hello_overloaded(line: Line) -> None:
    """A hello that the broker has no time for is sent again, and nothing fails of it."""
    number = line.ask(timeout=10.0)
    [hello] = line.sent()
    assert line.refuse(hello.id, "OVERLOADED") == []
    assert [kind for _, kind in line.run(FIRST_PAUSE)] == ["hello"]
    welcome = messages.Welcome(id=hello.id, peer="p", role="host", time=1, heartbeat=1.0)
    assert line.reply(welcome) == []
    assert [message.id for message in line.sent()] == [number]


def test_door_is_shut(welcomed: Line) -> None:
    """Where the broker does not let the key in everything fails at once; a new connection is tried
    with the next request, not before."""
    numbers = [welcomed.ask(timeout=60.0), welcomed.ask(timeout=60.0)]
    failed = welcomed.core.refused()
    assert [number for number, _ in failed] == numbers
    assert all(isinstance(error, Untrusted) for _, error in failed)
    assert "at tcp://b:1 does not let this key in" in failed[0][1].sentence
    assert not welcomed.core.wants_new_connection
    assert welcomed.core.next_timer() is None
    number = welcomed.ask()
    assert welcomed.core.wants_new_connection
    welcomed.core.reconnected(welcomed.now)
    assert not welcomed.core.wants_new_connection
    welcomed.core.trusted()
    welcomed.welcome()
    assert [message.id for message in welcomed.sent()] == [number]


def test_wrong_key(line: Line) -> None:
    """Some handshakes in a row that fail without a word are a wrong key; a single one is not, nor
    are those before one that succeeded."""
    number = line.ask(timeout=60.0)
    for _ in range(2):
        for _ in range(MISMATCHES - 1):
            assert line.core.mismatched(final=False) == []
        line.core.trusted()
    for _ in range(MISMATCHES - 1):
        line.core.mismatched(final=False)
    [(failed, error)] = line.core.mismatched(final=False)
    assert failed == number
    assert isinstance(error, Untrusted)
    assert "does not hold the key" in error.sentence
    assert not line.core.wants_new_connection, "ZeroMQ goes on by itself"
    later = line.ask()
    assert [number for number, _ in line.core.mismatched(final=False)] == [later]


def test_plain_broker(line: Line) -> None:
    """One that speaks no encryption is told at once; ZeroMQ gives it up, and it is tried again with
    the next request."""
    number = line.ask()
    [(failed, error)] = line.core.mismatched(final=True)
    assert (failed, type(error)) == (number, Untrusted)
    line.ask()
    assert line.core.wants_new_connection


def test_silence_asks_for_a_new_connection(welcomed: Line) -> None:
    """After some silence a new connection is wanted; on it hello comes first, then the rest."""
    number = welcomed.ask(timeout=30.0)
    welcomed.run(SILENCE - 0.1)
    assert not welcomed.core.wants_new_connection
    welcomed.run(1.0)
    assert welcomed.core.wants_new_connection
    welcomed.core.reconnected(welcomed.now)
    assert not welcomed.core.wants_new_connection
    welcomed.welcome()
    assert [message.id for message in welcomed.sent()] == [number]


def test_reconnected_while_greeting(line: Line) -> None:
    """A hello that was under way is dropped with its connection; its late reply is nothing."""
    number = line.ask(timeout=30.0)
    [old] = line.sent()
    line.core.reconnected(line.now)
    welcome = messages.Welcome(id=old.id, peer="p", role="host", time=1, heartbeat=1.0)
    assert line.reply(welcome) == []
    assert line.core.peer == ""
    line.welcome()
    assert [message.id for message in line.sent()] == [number]


def test_idle_is_not_silence(welcomed: Line) -> None:
    """A link that asks nothing for an hour wants no new connection when it asks again."""
    welcomed.now += 3_600
    welcomed.ask()
    welcomed.run(1.0)
    assert not welcomed.core.wants_new_connection


def test_too_large(welcomed: Line) -> None:
    """A request over the broker's limit is refused here, and nothing is sent."""
    origins = ["x" * 200] * 400
    create = messages.Create(id=0, title="", sport="", key="k", origins=origins)
    with pytest.raises(TooLarge, match="at most 65,536"):
        welcomed.request(create)
    assert (welcomed.sent(), welcomed.core.unanswered) == ([], 0)


def test_window(welcomed: Line) -> None:
    """So many requests are under way and no more; each answer or failure lets the next one go."""
    numbers = [welcomed.ask(timeout=1.0 if n == 1 else 60.0) for n in range(WINDOW + 3)]
    assert [message.id for message in welcomed.sent()] == numbers[:WINDOW]
    welcomed.reply(messages.Done(id=numbers[0]))
    assert [message.id for message in welcomed.sent()] == [numbers[WINDOW]]
    welcomed.refuse(numbers[2], "NOT_FOUND")
    assert [message.id for message in welcomed.sent()] == [numbers[WINDOW + 1]]
    welcomed.now += 1.0
    [(failed, _)] = welcomed.core.handle_timer(welcomed.now)
    assert failed == numbers[1]
    assert welcomed.sent()[-1].id == numbers[WINDOW + 2]


@pytest.mark.parametrize("forgotten", [True, False])
def test_window_after_trouble(welcomed: Line, forgotten: bool) -> None:
    """Nothing of the window is lost when the broker forgets the peer or the line is made anew."""
    for _ in range(3):
        numbers = [welcomed.ask(timeout=1e6) for _ in range(2 * WINDOW)]
        welcomed.sent()
        if forgotten:
            for number in numbers[:WINDOW]:
                welcomed.refuse(number, "UNKNOWN_PEER")
        else:
            welcomed.core.reconnected(welcomed.now)
        welcomed.welcome()
        answered = 0
        while sent := welcomed.sent():
            for message in sent:
                answered += len(welcomed.reply(messages.Done(id=message.id)))
        assert answered == 2 * WINDOW
        assert welcomed.core.unanswered == 0


def test_held_past_its_deadline(welcomed: Line) -> None:
    """A request whose time is up while it is held fails, and is never sent."""
    numbers = [welcomed.ask(timeout=60.0) for _ in range(WINDOW)]
    late = welcomed.ask(timeout=1.0)
    welcomed.now += 1.0
    assert [number for number, _ in welcomed.core.handle_timer(welcomed.now)] == [late]
    welcomed.sent()
    welcomed.reply(messages.Done(id=numbers[0]))
    assert welcomed.sent() == []


def test_most_pending(welcomed: Line) -> None:
    """Requests that nobody answers are bounded."""
    for _ in range(MOST_PENDING):
        welcomed.ask()
    with pytest.raises(Overloaded, match="10,000"):
        welcomed.ask()


def test_every_request(welcomed: Line) -> None:
    """Whatever the request, its id is replaced and nothing else."""
    show = messages.Show(id=0, event="x")
    number = welcomed.request(show)
    assert welcomed.sent() == [msgspec.structs.replace(show, id=number)]


def test_pushes_of_rooms(welcomed: Line) -> None:
    """What comes from rooms without being asked for is kept apart, in order, and is a sign of the
    broker's life; of too much the oldest is forgotten."""
    posted = [
        messages.GroupMessage(room="r", member="m", body=bytes([number % 256]))
        for number in range(1_001)
    ]
    changed = messages.GroupChanged(
        room="r", epoch=1, rev=2, records=[messages.GroupRecord(key="k")]
    )
    assert welcomed.reply(changed) == []
    assert welcomed.core.pushed() == [changed]
    assert welcomed.core.pushed() == []
    for message in posted:
        welcomed.reply(message)
    assert welcomed.core.pushed() == posted[1:]
    assert welcomed.core.strange == 0


def test_rooms_are_asked_like_all_else(welcomed: Line) -> None:
    """A request to a room is numbered, repeated and answered as any other."""
    request = messages.JoinGroup(id=0, room="r", instance="i" * 16)
    number = welcomed.request(request)
    (frame,) = welcomed.core.outgoing()
    assert codec.decode_group_request(frame).id == number
    reply = messages.GroupJoined(id=number, room="r", member="m", epoch=1, rev=0, seconds=15.0)
    assert welcomed.reply(reply) == [(number, reply)]


def announced(line: Line) -> list[tuple[str, str]]:
    return [(hello.process, hello.metrics) for hello in line.sent()]


def test_announces_again_and_again(line: Line) -> None:
    """Where a process is scraped goes out by itself, and every ten minutes; in between a hello for
    other reasons says so too."""
    line.core.announce("host", "h:1", line.now)
    assert announced(line) == [("host", "h:1")]
    line.core.announce("host", "h:2", line.now)
    assert announced(line) == [("host", "h:2")]
    number = line.core._greeting
    line.reply(messages.Welcome(id=number, peer="p", role="host", time=1, heartbeat=10.0))
    assert line.core.next_timer() == line.now + ANNOUNCE_SECONDS
    assert line.run(ANNOUNCE_SECONDS - 1) == []
    line.now += 1
    line.core.handle_timer(line.now)
    assert announced(line) == [("host", "h:2")]


def test_announces_until_it_is_heard(line: Line) -> None:
    """A broker that is away hears it once it is back, and is not asked in a busy loop."""
    line.core.announce("host", "h:1", line.now)
    line.sent()
    tries = [at for at, kind in line.run(60.0) if kind == "hello"]
    assert 60 / (LONGEST_PAUSE + 1) - 1 <= len(tries) <= 60 / LONGEST_PAUSE + 1
    assert not line.core.wants_new_connection


def test_announces_on_a_new_connection(welcomed: Line) -> None:
    """A connection that is lost under it is made anew with what was asked, and says it again."""
    welcomed.core.announce("host", "h:1", welcomed.now)
    welcomed.sent()
    welcomed.core.reconnected(welcomed.now)
    welcomed.core.handle_timer(welcomed.now)
    assert announced(welcomed) == [("host", "h:1")]


def test_takes_it_back(welcomed: Line) -> None:
    """An empty address is said once; then nothing more."""
    welcomed.core.announce("host", "h:1", welcomed.now)
    welcomed.welcome()
    welcomed.core.announce("host", "", welcomed.now)
    hello = welcomed.sent()[-1]
    assert (hello.process, hello.metrics) == ("host", "")
    welcomed.reply(messages.Welcome(id=hello.id, peer="p", role="host", time=1, heartbeat=10.0))
    assert (welcomed.core.next_timer(), welcomed.core.unanswered) == (None, 0)


def test_a_broker_that_answers_others_is_slow_and_not_away(welcomed: Line) -> None:
    """Only where it has answered nothing for as long as a request waits it is away."""
    line = welcomed
    line.ask()
    other = line.ask()
    line.now += 4.0
    line.reply(messages.EventList(id=other, events=[]))
    line.now += 1.0
    ((_, error),) = line.core.handle_timer(line.now)
    assert type(error) is Slow
    line.ask()
    line.now += 5.0
    ((_, error),) = line.core.handle_timer(line.now)
    assert type(error) is Unreachable


def test_the_pause_grows_with_the_time_that_answers_take(welcomed: Line) -> None:
    """A request is not sent again before its answer is to be expected."""
    line = welcomed
    for _ in range(20):
        number = line.ask(timeout=60.0)
        line.sent()
        line.now += 1.0
        line.reply(messages.EventList(id=number, events=[]))
    line.ask(timeout=60.0)
    line.sent()
    due = line.core.next_timer()
    assert due is not None
    assert due - line.now == pytest.approx(2.0, abs=0.05)


def test_a_request_says_how_long_it_waits(welcomed: Line) -> None:
    """And is sent again as it was, so that the broker knows it for the same."""
    line = welcomed
    line.ask(timeout=2.5)
    (first,) = line.core.outgoing()
    assert msgspec.msgpack.decode(first)["within"] == 2.5
    line.now += FIRST_PAUSE
    line.core.handle_timer(line.now)
    assert line.core.outgoing() == [first]


def test_lost() -> None:
    """The loss of a connection leads to the next broker, but not that of one made just now: where
    all brokers are away, a link would go from one to the next without a pause."""
    core = LinkCore("ann", b"k" * 32)
    core.lost(100.0)
    assert core.wants_new_connection
    core.reconnected(100.0)
    core.lost(100.0 + LOSS_PAUSE / 2)
    assert not core.wants_new_connection
    core.lost(100.0 + 2 * LOSS_PAUSE)
    assert core.wants_new_connection
    core.reconnected(101.0)
    core.refused()
    core.lost(200.0)  # ZeroMQ itself ends it
    assert not core.wants_new_connection
