"""Rooms: who is gathered, what they keep, who is told; no sockets."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.broker.groups import SECONDS, Groups, is_group_request
from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import BadMessage, NotFound, Overloaded, PeerError
from touchline.protocol.messages import GroupRecord


class House:
    """The rooms of a broker, and members by name, each with one connection."""

    def __init__(self) -> None:
        self.rooms = Groups(epoch=100)
        self.now = 10.0
        self.boxes: dict[bytes, list[Any]] = {}

    def __call__(self, name: str, kind: type[messages.GroupRequest], **fields: Any) -> Any:
        """Let somebody ask; return the reply."""
        request = {"id": 7, "room": "r", "instance": f"the secret of {name}", **fields}
        told = self.rooms.receive(name.encode(), codec.encode(kind(**request)), self.now)
        *pushed, (routing_id, reply) = told
        assert routing_id == name.encode()
        self.deliver(pushed)
        answer = codec.decode_broker_reply(reply)
        assert getattr(answer, "id", None) == 7
        return answer

    def gather(self, name: str, **fields: Any) -> messages.GroupJoined:
        gathered = self(name, messages.JoinGroup, **fields)
        assert isinstance(gathered, messages.GroupJoined)
        return gathered

    def put(self, name: str, *, room: str = "r", **records: bytes | None) -> None:
        listed = [GroupRecord(key=key, body=body) for key, body in records.items()]
        assert isinstance(self(name, messages.PutRecords, room=room, records=listed), messages.Done)

    def go(self, seconds: float) -> None:
        self.now += seconds
        self.deliver(self.rooms.handle_timer(self.now))

    def deliver(self, frames: list[tuple[bytes, bytes]]) -> None:
        for routing_id, frame in frames:
            self.boxes.setdefault(routing_id, []).append(codec.decode_broker_reply(frame))

    def take(self, name: str) -> list[Any]:
        """What was pushed to somebody since the last time."""
        return self.boxes.pop(name.encode(), [])


@pytest.fixture
def house() -> House:
    return House()


def kept(gathered: messages.GroupJoined) -> dict[tuple[str, str], bytes | None]:
    return {(record.member, record.key): record.body for record in gathered.records}


def test_records_are_seen(house: House) -> None:
    """What one keeps, all are told of at once, and a newcomer when it gathers."""
    ann, bob = house.gather("ann"), house.gather("bob")
    assert ann.member != bob.member
    house.put("ann", x=b"1", y=b"2")
    (changed,) = house.take("bob")
    assert [(r.member, r.key, r.body) for r in changed.records] == [
        (ann.member, "x", b"1"),
        (ann.member, "y", b"2"),
    ]
    assert (changed.room, changed.epoch, changed.rev) == ("r", bob.epoch, bob.rev + 1)
    house.put("bob", x=b"3")
    house.put("ann", y=None)
    cleo = house.gather("cleo")
    assert cleo.whole
    assert kept(cleo) == {(ann.member, "x"): b"1", (bob.member, "x"): b"3"}


def test_revs_have_no_holes(house: House) -> None:
    """`rev` counts up for every member alike, its own changes included; what changes nothing does
    not count."""
    house.gather("ann"), house.gather("bob")
    for turn in range(3):
        house.put("ann", x=str(turn).encode())
        house.put("bob", x=b"same")
        house.put("bob", unknown=None)
    revs = [message.rev for message in house.take("ann")]
    assert revs == [message.rev for message in house.take("bob")] == [1, 2, 3, 4]


def test_beats(house: House) -> None:
    """Who says so again stays, and is told nothing that it knows; what it missed, all at once."""
    first = house.gather("ann")
    for _ in range(10):
        house.go(SECONDS * 0.9)
        again = house.gather("ann", epoch=first.epoch, rev=first.rev)
        assert (again.whole, again.records) == (False, [])
    house.gather("bob")
    house.put("bob", x=b"1")
    again = house.gather("ann", epoch=first.epoch, rev=first.rev)
    assert (again.whole, len(again.records)) == (True, 1)


def test_missed_beats(house: House) -> None:
    """Who says nothing for long is gone, and what it kept with it; the others are told."""
    ann, _ = house.gather("ann"), house.gather("bob")
    house.put("ann", x=b"1", y=b"2")
    house.take("bob")
    house.go(SECONDS * 0.9)
    house.gather("bob")
    house.go(SECONDS * 0.2)
    (changed,) = house.take("bob")
    assert [(r.member, r.key, r.body) for r in changed.records] == [
        (ann.member, "x", None),
        (ann.member, "y", None),
    ]
    assert house.rooms.members == 1
    with pytest.raises(NotFound):
        house("ann", messages.PublishToGroup, body=b"?")
    house.go(SECONDS)
    assert (house.rooms.members, house.rooms.next_timer()) == (0, None)


def test_any_word_is_a_beat(house: House) -> None:
    """Who puts or posts is there."""
    house.gather("ann")
    for _ in range(5):
        house.go(SECONDS * 0.9)
        house("ann", messages.PublishToGroup, body=b"hello")
    assert house.rooms.members == 1


def test_post(house: House) -> None:
    """A post reaches all others of the room, and is not kept."""
    ann = house.gather("ann")
    house.gather("bob"), house.gather("cleo"), house.gather("dan", room="other")
    assert isinstance(house("ann", messages.PublishToGroup, body=b"hi"), messages.Done)
    expected = [messages.GroupMessage(room="r", member=ann.member, body=b"hi")]
    assert house.take("bob") == house.take("cleo") == expected
    assert house.take("ann") == house.take("dan") == []


def test_depart(house: House) -> None:
    """Who departs is gone at once; a room that empties is another one the next time."""
    first = house.gather("ann")
    house.gather("bob")
    house.put("ann", x=b"1")
    house.take("bob")
    house("ann", messages.LeaveGroup)
    assert [r.body for r in house.take("bob")[0].records] == [None]
    house("bob", messages.LeaveGroup)
    again = house.gather("ann", epoch=first.epoch, rev=first.rev)
    assert (again.whole, again.records, again.epoch > first.epoch) == (True, [], True)


def test_a_new_connection(house: House) -> None:
    """The same instance on another connection is the same member, and is told there."""
    first = house.gather("ann")
    house.put("ann", x=b"1")
    house.take("ann")
    request = messages.JoinGroup(id=1, room="r", instance="the secret of ann")
    ((to, reply),) = house.rooms.receive(b"anew", codec.encode(request), house.now)
    gathered = codec.decode_broker_reply(reply)
    assert isinstance(gathered, messages.GroupJoined)
    assert (to, gathered.member) == (b"anew", first.member)
    assert house.rooms.members == 1
    house.gather("bob")
    house.put("bob", x=b"2")
    assert house.take("ann") == []
    assert len(house.take("anew")) == 1


def test_nobody_speaks_for_another(house: House) -> None:
    """Without the instance one touches no other member's records: the member id is not enough."""
    ann = house.gather("ann")
    house.put("ann", x=b"1")
    house.gather("eve")
    with pytest.raises(NotFound):
        house("eve", messages.PutRecords, instance=ann.member, records=[GroupRecord(key="x")])
    house("eve", messages.PutRecords, records=[GroupRecord(key="x", body=b"9", member=ann.member)])
    assert kept(house.gather("bob"))[ann.member, "x"] == b"1"


@pytest.mark.parametrize(
    ("error", "request_"),
    [
        (BadMessage, messages.JoinGroup(id=1, room="r", instance="short")),
        (NotFound, messages.PutRecords(id=1, room="r", instance="i" * 16, records=[])),
        (
            NotFound,
            messages.PublishToGroup(id=1, room="no", instance="the secret of ann", body=b""),
        ),
        (NotFound, messages.LeaveGroup(id=1, room="r", instance="i" * 16)),
    ],
)
def test_refusals(house: House, error: type[PeerError], request_: messages.GroupRequest) -> None:
    """What can't be is refused and changes nothing."""
    house.gather("ann")
    with pytest.raises(error):
        house.rooms.receive(b"eve", codec.encode(request_), house.now)
    assert house.rooms.members == 1


def fill(house: House, body: bytes) -> None:
    """Put records until the room takes no more."""
    full = None
    for number in range(100_000):
        try:
            house.put("ann", **{f"{number:05}": body})
        except Overloaded as error:
            full = error.sentence
            break
    assert full is not None
    assert f"{limits.ROOM_BYTES:,}" in full


def test_bounds(house: House) -> None:
    """Rooms, members and what is kept are bounded; a full room takes less, and beats."""
    house.gather("ann")
    body = b"x" * limits.ROOM_BODY_BYTES
    fill(house, body)
    whole = house.gather("ann")
    assert 150 < len(whole.records) < 192
    assert len(codec.encode(whole)) < limits.BLOCK_BYTES
    house.put("ann", **{"00001": b"small"})
    house.put("ann", **{"00002": None})
    for number in range(limits.ROOM_MEMBERS - 1):
        house.gather(f"member {number}")
    with pytest.raises(Overloaded):
        house.gather("one more")
    for number in range(limits.ROOMS - 1):
        house.gather("ann", room=f"room {number}")
    with pytest.raises(Overloaded):
        house.gather("ann", room="one more")


def test_the_fullest_room_fits_a_frame(house: House) -> None:
    """Many small records of the longest keys are within what a peer reads at once."""
    house.gather("ann")
    fill(house, b"")
    assert len(codec.encode(house.gather("bob"))) < limits.BLOCK_BYTES


def test_timers_do_not_pile_up(house: House) -> None:
    """Who comes and goes all the time leaves no timers behind."""
    for _ in range(5_000):
        house.gather("ann")
        house("ann", messages.LeaveGroup)
    assert len(house.rooms._timers) < 1_100


def test_which_frames_are_for_rooms() -> None:
    """A frame goes to the rooms by its type alone, wherever that stands; garbage does not."""
    gather = codec.encode(messages.JoinGroup(id=1, room="r", instance="i" * 16))
    assert is_group_request(gather)
    assert is_group_request(b"\x82\xa2id\x01\xa4type\xa4post")
    assert not is_group_request(codec.encode(messages.Show(id=1, event="x")))
    for frame in (b"", b"\xc1", b"\x80", b"\x81\xa4type\x01", b"\x91" * 2_000, gather * 3_000):
        assert not is_group_request(frame)


def test_a_timer_of_an_earlier_stay_is_void(house: House) -> None:
    """Who left and came again has one timer, once the earlier ones have rung."""
    for _ in range(50):
        house.gather("ann")
        house("ann", messages.LeaveGroup)
    for _ in range(3):
        house.gather("ann")
        house.go(SECONDS * 0.9)
    assert len(house.rooms._timers) == 1


class Town:
    """Several brokers on one registry, each with its rooms and its own members."""

    def __init__(self, *brokers: str) -> None:
        self.houses = {name: House() for name in brokers}
        for number, house in enumerate(self.houses.values()):
            house.rooms = Groups(epoch=1_000 * number, shared=True)
            house.now = 10.0
        self.go(0.0)

    def __getitem__(self, broker: str) -> House:
        return self.houses[broker]

    def tell(self) -> None:
        """Let each broker take in what the others tell, until they are silent."""
        while told := [
            (name, body) for name, house in self.houses.items() for body in house.rooms.outgoing()
        ]:
            for maker, body in told:
                for name, house in self.houses.items():
                    if name != maker:
                        house.deliver(house.rooms.take(maker, body, house.now))

    def go(self, seconds: float) -> None:
        for house in self.houses.values():
            house.go(seconds)
        self.tell()


def records(gathered: messages.GroupJoined) -> dict[str, bytes | None]:
    return {record.key: record.body for record in gathered.records}


def test_brokers_have_the_same_rooms() -> None:
    """What a member puts or posts at one broker reaches the members at the others, and theirs it;
    a broker that starts later is told everything."""
    town = Town("a", "b")
    town["a"].gather("ann")
    town["b"].gather("bob")
    town["a"].put("ann", key=b"1")
    town["b"]("bob", messages.PublishToGroup, body=b"hi")
    town.tell()
    (changed,), (_, posted) = town["b"].take("bob"), town["a"].take("ann")
    assert [(one.key, one.body) for one in changed.records] == [("key", b"1")]
    assert posted.body == b"hi"
    town.houses["c"] = House()
    town["c"].rooms = Groups(epoch=9_000, shared=True)
    town.go(0.0)
    assert records(town["c"].gather("cid")) == {"key": b"1"}
    town["a"]("ann", messages.LeaveGroup)
    town.tell()
    (changed,) = town["b"].take("bob")
    assert [(one.key, one.body) for one in changed.records] == [("key", None)]


def test_member_that_goes_to_another_broker() -> None:
    """Its records stay without a gap; its old broker serves it no more, until it gathers again, and
    does not remove it when it hears no more of it."""
    town = Town("a", "b")
    town["a"].gather("ann")
    town["b"].gather("bob")
    town["a"].put("ann", key=b"1")
    town.tell()
    town["b"].take("bob")
    town["b"].gather("ann")
    town.tell()
    with pytest.raises(NotFound):
        town["a"].put("ann", key=b"2")
    for _ in range(4):
        town.go(SECONDS / 3)
        town["b"].gather("ann")
        town["b"].gather("bob")
    town.tell()
    assert not town["b"].take("bob")
    town["b"].put("ann", key=b"3")
    town.tell()
    assert records(town["a"].gather("eve")) == {"key": b"3"}


def test_broker_that_is_gone() -> None:
    """Members of a broker that is silent are removed as silent members are, and are there again
    when it is heard again, also where it has heard the others all along."""
    town = Town("a", "b")
    town["a"].gather("ann")
    town["b"].gather("bob")
    town["a"].put("ann", key=b"1")
    town.tell()
    town["b"].take("bob")
    for _ in range(3):  # b hears nothing of a, which hears b
        for name in "ab":
            town[name].go(SECONDS / 3)
            town[name].gather({"a": "ann", "b": "bob"}[name])
        town["a"].rooms.outgoing()
        for body in town["b"].rooms.outgoing():
            town["a"].rooms.take("b", body, town["a"].now)
    (changed,) = town["b"].take("bob")
    assert [(one.key, one.body) for one in changed.records] == [("key", None)]
    town.go(SECONDS / 3)
    assert records(town["b"].gather("bob")) == {"key": b"1"}


def test_one_broker_alone_tells_nothing_of_its_members() -> None:
    """Where nobody listens, nothing of what members say is told; without a shared registry not
    even that the broker is there."""
    town = Town("a")
    town["a"].gather("ann")
    town["a"].put("ann", key=b"1")
    assert town["a"].rooms.outgoing() == []
    assert Groups(epoch=1).next_timer() is None
