"""What hosts that keep copies are given, and what counts as acknowledged."""

from __future__ import annotations

from contextlib import closing

import pytest

from touchline.peer.host.admission import HostRequestLimiter
from touchline.peer.host.copies import AWAY_SECONDS, FOLLOWERS, KEEP_SECONDS, Copies
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.journal import CopiedEvent, Journal
from touchline.peer.host.options import Options
from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import BadToken, PeerError, Unreachable
from touchline.protocol.keys import Identity, routing_id
from touchline.protocol.messages import Card, FollowJournal, Grant, Turns

WALL = 1_700_000_000_000_000
NAMED, STRANGER = Identity(b"n" * 32), Identity(b"s" * 32)
FIRST, SECOND, OTHER = (
    routing_id(who.curve_public, number)
    for who, number in ((NAMED, b"1"), (NAMED, b"2"), (STRANGER, b"1"))
)


class Bench:
    """A host with an event and its journal, the broker's answers by hand, and what it sends."""

    def __init__(self, journal, hosts=()):
        self.journal = journal
        self.now = 10.0
        card = Card(
            event="e", title="E", sport="football", origins=["A", "B"],
            owner="owner", hosts=[NAMED.peer, *hosts],
        )  # fmt: skip
        self.events = {"e": HostedEvent(card, Options())}
        self.asked = {}
        self.sent = []
        self.away = set()
        self.admitted = []
        self.copies = Copies(
            self.events,
            journal,
            lambda request, then: self.asked.__setitem__(request.token, then),
            self.admitted.append,
            self.send,
            HostRequestLimiter(),
        )

    def send(self, routing_id, frame):
        self.sent.append(codec.decode_host_reply(frame))
        return routing_id not in self.away

    def commit(self, *blobs):
        self.journal.commit([("e", blob) for blob in blobs])
        self.copies.stored(["e"] * len(blobs), self.now)

    def follow(self, route=FIRST, who=NAMED, token="t", number=1, **fields):
        """Ask; return what comes at once: replies, or the refusal's code."""
        before = len(self.sent)
        request = FollowJournal(id=number, event="e", token=token, **fields)
        try:
            self.copies.follow(route, who.curve_public, request, self.now, WALL)
        except PeerError as error:
            return error.code
        return self.sent[before:]

    def grant(self, token="t", who=NAMED, **fields):
        """Let the broker answer; return what comes upon it."""
        before = len(self.sent)
        usual = {
            "id": 1, "token": token, "peer": who.peer, "name": "n", "role": "host",
            "event": "e", "expires": WALL + 10**9, "key": who.public,
        }  # fmt: skip
        self.asked.pop(token)(Grant(**{**usual, **fields}), self.now)
        return self.sent[before:]

    def begin(self, route=FIRST, **fields):
        """Begin to follow."""
        self.follow(route, **fields)
        return self.grant()


@pytest.fixture
def bench(tmp_path):
    with closing(Journal(f"sqlite:///{tmp_path / 'journal.db'}")) as journal:
        yield Bench(journal)


def test_from_the_first_turn(bench):
    """A follower is given all turns with their checksums and the card, in answers of a bounded
    size; what it names next is acknowledged."""
    blobs = [bytes([n]) * (limits.COPY_BYTES // 3) for n in range(5)]
    bench.commit(*blobs)
    (reply,) = bench.begin()
    assert (reply.first, reply.newest, len(reply.turns), reply.rest) == (1, 5, 3, 0)
    assert reply.card == bench.events["e"].card
    assert bench.admitted == [NAMED.curve_public]
    assert bench.copies.lag("e") == 5
    (more,) = bench.follow(turn=3, checksum=reply.turns[-1].checksum, number=2)
    assert (more.id, more.first, len(more.turns), more.card) == (2, 4, 2, None)
    assert bench.copies.acknowledged == {"e": 3}
    assert not bench.copies.level
    assert bench.follow(turn=5, checksum=more.turns[-1].checksum, number=3) == []
    assert bench.copies.level
    assert [turn.records for turn in (*reply.turns, *more.turns)] == blobs


def test_a_request_waits_for_the_next_turn(bench):
    """Where there is nothing newer, the answer comes with the next commit, or says after a while
    that there is still nothing."""
    assert bench.begin() == []
    bench.commit(b"one", b"two")
    (reply,) = bench.sent
    assert (reply.id, reply.first, [turn.records for turn in reply.turns]) == (
        1,
        1,
        [b"one", b"two"],
    )
    bench.commit(b"three")
    assert len(bench.sent) == 1, "it has no request under way"
    (reply,) = bench.follow(turn=2, checksum=reply.turns[-1].checksum, number=2)
    assert [turn.records for turn in reply.turns] == [b"three"]
    assert bench.follow(turn=3, checksum=reply.turns[-1].checksum, number=3) == []
    assert bench.copies.next_timer() == bench.now + KEEP_SECONDS
    bench.copies.handle_timer(bench.now + KEEP_SECONDS)
    assert (bench.sent[-1].id, bench.sent[-1].turns) == (3, [])
    bench.copies.handle_timer(bench.now + 9 * KEEP_SECONDS)
    assert bench.sent[-1].id == 3, "once"


def test_a_turn_in_pieces(bench):
    """A turn that is larger than an answer comes in pieces."""
    blob = bytes(range(256)) * (limits.COPY_BYTES // 256) * 2 + b"end"
    bench.commit(blob, b"next")
    (first,) = bench.begin()
    assert (len(first.turns), first.rest) == (1, len(blob) - limits.COPY_BYTES)
    got = first.turns[0].records
    for number in (2, 3):
        (more,) = bench.follow(number=number, offset=len(got))
        got += more.turns[0].records
    assert got == blob
    assert (len(more.turns), more.rest) == (1, 0)


def test_where_a_follower_stands(bench):
    """A follower goes on from the turn that it names where the host has that turn; a copy of
    another history is refused, and acknowledges nothing."""
    bench.commit(b"one", b"two")
    _, checksum = bench.journal.at("e", 1)
    (reply,) = bench.begin(turn=1, checksum=checksum)
    assert (reply.first, [turn.records for turn in reply.turns]) == (2, [b"two"])
    for turn, wrong in ((2, checksum), (3, reply.turns[0].checksum), (1, b"")):
        assert bench.follow(turn=turn, checksum=wrong, number=9) == "CONFLICT"
    assert bench.copies.acknowledged == {"e": 1}


def test_turns_that_a_release_before_has_stored(bench):
    """They have no checksum, and are copied all the same."""
    bench.journal._connection.exec_driver_sql(
        "INSERT INTO turns (event, records) VALUES ('e', X'0102')"
    )
    bench.journal._connection.commit()
    bench.commit(b"new")
    (reply,) = bench.begin()
    assert [turn.checksum == b"" for turn in reply.turns] == [True, False]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"role": "reporter"}, "NOT_ALLOWED"),
        ({"event": "f"}, "BAD_TOKEN"),
        ({"key": STRANGER.public}, "BAD_TOKEN"),
        ({"expires": WALL - 1}, ""),
    ],
)
def test_a_token_that_is_none(bench, fields, code):
    """The token has to be one of a host, for this event, of the connection's key."""
    bench.commit(b"one")
    bench.follow()
    (reply,) = bench.grant(**fields)
    if code:
        assert reply.code == code
        assert bench.copies.followers == 0
    else:
        assert bench.follow(number=2) == "BAD_TOKEN"


def test_any_is_not_enough(tmp_path):
    """Where any peer may host an event, its journal is for those alone that an owner has named."""
    with closing(Journal(f"sqlite:///{tmp_path / 'journal.db'}")) as journal:
        bench = Bench(journal, hosts=["any"])
        bench.commit(b"one")
        bench.follow(OTHER, STRANGER)
        (reply,) = bench.grant(who=STRANGER)
        assert reply.code == "NOT_ALLOWED"
        (reply,) = bench.begin()
        assert isinstance(reply, Turns)


def test_the_broker_is_away(bench):
    """What the broker could not say is told, and asked again with the next request."""
    bench.follow()
    bench.asked.pop("t")(Unreachable("no"), bench.now)
    assert bench.sent[-1].code == "UNREACHABLE"
    assert bench.follow(number=2) == []
    assert "t" in bench.asked
    bench.asked.pop("t")(BadToken("no"), bench.now)
    assert bench.sent[-1].id == 2


def test_not_here(bench):
    """An event that is not hosted here is not followed; one that goes tells its followers."""
    request = FollowJournal(id=1, event="x", token="t")
    with pytest.raises(PeerError):
        bench.copies.follow(FIRST, NAMED.curve_public, request, bench.now, WALL)
    bench.begin()
    del bench.events["e"]
    bench.copies.close("e")
    assert (bench.sent[-1].code, bench.sent[-1].id) == ("NOT_FOUND", 1)
    assert (bench.copies.followers, bench.copies.level) == (0, True)


def test_as_many_as_are_allowed(bench):
    """An event has a number of followers; one that is away makes room."""
    routes = [routing_id(NAMED.curve_public, bytes([n])) for n in range(FOLLOWERS + 1)]
    for route in routes[:-1]:
        bench.begin(route)
    (reply,) = bench.begin(routes[-1])
    assert reply.code == "OVERLOADED"
    bench.now += AWAY_SECONDS + 1
    bench.begin(routes[-1])
    assert bench.copies.followers == FOLLOWERS
    assert bench.copies.exempts(routes[-1], NAMED.curve_public)
    assert not bench.copies.exempts(routes[-1], STRANGER.curve_public)
    assert not bench.copies.exempts(routes[0], NAMED.curve_public)


def test_one_that_cannot_be_reached(bench):
    """A follower whose connection is gone is forgotten; what it had counts."""
    bench.commit(b"one")
    (reply,) = bench.begin()
    bench.follow(turn=1, checksum=reply.turns[0].checksum, number=2)
    bench.away.add(FIRST)
    bench.commit(b"two")
    assert bench.copies.followers == 0
    assert bench.copies.acknowledged == {"e": 1}
    assert bench.copies.standings() == {"e": (1, 1, bench.now, False)}


def test_one_copy_is_enough(bench):
    """The newest turn that any copy has is acknowledged; one that is behind changes nothing."""
    bench.commit(b"one", b"two")
    (reply,) = bench.begin()
    bench.begin(SECOND)
    bench.follow(turn=2, checksum=reply.turns[1].checksum, number=2)
    bench.follow(SECOND, turn=1, checksum=reply.turns[0].checksum, number=2)
    assert bench.copies.acknowledged == {"e": 2}
    assert bench.copies.standings() == {"e": (2, 0, None, False)}


def test_a_copy_follows_to_the_end(bench, tmp_path):
    """What is given is what a journal takes as a copy."""
    bench.commit(b"one", b"two")
    (reply,) = bench.begin()
    with closing(Journal(f"sqlite:///{tmp_path / 'copy.db'}")) as copy:
        copy.store_copy(
            CopiedEvent("e", "p", reply.epoch, 2, WALL),
            [(turn.records, turn.checksum) for turn in reply.turns],
        )
        assert list(copy.turns("e")) == [b"one", b"two"]
    assert isinstance(reply, messages.Turns)
