"""The lobby as existing web clients speak it: DESIGN section 8, line by line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.lobby.options import Options, split_address
from touchline.protocol.errors import SettingError

from .conftest import Clock, Hall


def test_waiting_list_grows_and_shrinks(hall: Hall) -> None:
    """Everyone waiting gets the users now, and at each change, leaving included."""
    ann = hall.wait("ann")
    assert ann.take() == [{"type": "update", "users": ["ann"]}]
    bob = hall.wait("bob")
    assert ann.take() == bob.take() == [{"type": "update", "users": ["ann", "bob"]}]
    ann.drop()
    assert bob.take() == [{"type": "update", "users": ["bob"]}]
    assert ann.take() == []


def test_lists_are_apart(hall: Hall) -> None:
    """Each (lobby, prompt) has a list of its own; a number and its digits are the same id."""
    ann, bob = hall.wait("ann", 5, 1), hall.wait("bob", 5, 2)
    hall.wait("cleo", "5", "1")
    assert ann.users == ["ann", "cleo"]
    assert bob.users == ["bob"]


def test_start_reaches_all(hall: Hall) -> None:
    """`start` on a waiting connection, whatever else is in it, reaches all who wait there."""
    ann, bob, other = hall.wait("ann"), hall.wait("bob"), hall.wait("eve", "L", "other")
    for client in (ann, bob, other):
        client.take()
    ann.send(type="start", prompt="x", countdown=3)
    assert ann.take() == bob.take() == [{"type": "start"}]
    assert other.take() == []
    bob.send(type="start")
    assert ann.take() == bob.take() == [{"type": "start"}]


def test_later_comers_are_not_started(hall: Hall) -> None:
    """Who comes after a start waits for the next one."""
    hall.wait("ann").send(type="start")
    assert hall.wait("bob").take("start") == []


def test_two_of_one_name(hall: Hall) -> None:
    """Two people of one name are both kept and told apart, and keep their labels."""
    first, second, third = (hall.wait("bob") for _ in range(3))
    assert third.users == ["bob", "also bob", "also also bob"]
    first.drop()
    assert second.users == ["also bob", "also also bob"]
    assert hall.wait("bob").users == ["also bob", "also also bob", "bob"]
    assert hall.wait("also bob").users[-1] == "also also also bob"


def test_many_of_one_name(hall: Hall) -> None:
    """A label stays short however many have one name, and all labels are different."""
    labels = [hall.wait("bob").users[-1] for _ in range(8)]
    assert labels[3:] == ["also also also bob", *(f"also bob ({n})" for n in range(5, 9))]
    assert len(set(labels)) == 8


def test_names_are_cleaned(hall: Hall) -> None:
    """A name is kept without what is invisible in it, so that no second one looks the same."""
    hall.wait("dan")
    assert hall.wait("d\u200ban ").users == ["dan", "also dan"]
    for name in ("\u3164", "\u200b", "d\x1ban"):
        eve = hall.wait(name)
        assert (eve.take("error")[0]["code"], eve.closed) == ("BAD_MESSAGE", 4000)


def test_what_the_original_ignores(hall: Hall) -> None:
    """Inside a connection, an unknown type and a type of another purpose change nothing: the
    connection stays, as at the original, and the messages are counted."""
    ann = hall.wait("ann")
    prompts = hall.client(type="lobby_prompts", lobby_id="L")
    board = hall.client(type="leaderboard", lobby_id="L", prompt_id="P")
    ann.take()
    for client in (ann, prompts, board):
        client.send(type="dance", lobby_id="L")
        client.send(type="wait_start", user="x", lobby_id="L", prompt_id="P")
        assert (client.take(), client.closed) == ([], None)
    assert hall.core.state.counters == {"ignored": 6}
    ann.send(type="start")
    assert ann.take() == [{"type": "start"}]


def test_leaderboard(hall: Hall) -> None:
    """`leaderboard_update` sends each viewer of the board the text `refresh`, closes the sender."""
    board = {"lobby_id": "L", "prompt_id": "P"}
    viewers = [hall.client(type="leaderboard", **board) for _ in range(2)]
    other = hall.client(type="leaderboard", lobby_id="L", prompt_id="Q")
    sender = hall.client(type="leaderboard_update", **board)
    assert [viewer.texts for viewer in viewers] == [["refresh"], ["refresh"]]
    assert (sender.closed, sender.texts, other.texts) == (1000, [], [])
    assert [viewer.closed for viewer in viewers] == [None, None]


def test_prompts(hall: Hall) -> None:
    """An update of the prompts by one viewer sends all viewers of that lobby `refresh`."""
    ann, bob = (hall.client(type="lobby_prompts", lobby_id="L") for _ in range(2))
    other = hall.client(type="lobby_prompts", lobby_id="M")
    ann.send(type="lobby_prompts_update")
    assert (ann.texts, bob.texts, other.texts) == (["refresh"], ["refresh"], [])
    assert ann.closed is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "BAD_MESSAGE"),
        ("[]", "BAD_MESSAGE"),
        ("null", "BAD_MESSAGE"),
        (b"\xff\xfe", "BAD_MESSAGE"),
        ('"\\ud800"', "BAD_MESSAGE"),
        ("{}", "BAD_MESSAGE"),
        ('{"type":"wait_start","user":"x","lobby_id":1}', "BAD_MESSAGE"),
        ('{"type":"wait_start","user":"","lobby_id":1,"prompt_id":1}', "BAD_MESSAGE"),
        ('{"type":"wait_start","user":[],"lobby_id":1,"prompt_id":1}', "BAD_MESSAGE"),
        ('{"type":"lobby_prompts","lobby_id":"%s"}' % ("x" * 101), "BAD_MESSAGE"),
        ('{"type":"dance"}', "UNKNOWN_TYPE"),
        ('{"type":7}', "BAD_MESSAGE"),
        ('{"type":"start"}', "BAD_MESSAGE"),
        ('{"type":"lobby_prompts_update"}', "BAD_MESSAGE"),
        ("9" * 20_000, "TOO_LARGE"),
        ('{"type":"wait_start","version":3}', "WRONG_VERSION"),
        ("[" * 10_000, "BAD_MESSAGE"),
    ],
)  # fmt: skip
def test_garbage(hall: Hall, text: str | bytes, code: str) -> None:
    """A missing field or bad JSON gets an error and a close code, and harms nobody else."""
    ann = hall.wait("ann")
    ann.take()
    eve = hall.client(text)
    (error,) = eve.take()
    assert (error["type"], error["code"], eve.closed) == ("error", code, 4000)
    assert error["reason"]
    assert ann.take() == []
    assert hall.wait("bob").users == ["ann", "bob"]


def test_garbage_of_one_who_waits(hall: Hall) -> None:
    """Who waits and then sends garbage is closed and leaves the list at once."""
    ann, eve = hall.wait("ann"), hall.wait("eve")
    eve.send("nonsense")
    assert eve.closed == 4000
    assert ann.users == ["ann"]


@given(st.lists(st.one_of(st.text(max_size=60), st.binary(max_size=60)), max_size=8))
def test_anything(frames: list[str | bytes]) -> None:
    """Whatever is sent, nobody but the sender notices."""
    hall = Hall(Clock())
    ann = hall.wait("ann")
    ann.take()
    for frame in frames:
        if frame:
            hall.client(frame).drop()
    assert [text for text in ann.texts if json.loads(text).get("users") != ["ann"]] == []


def test_hosted_lobby(hall: Hall) -> None:
    """Where a lobby has a registered host, only the host may start it; who tries stays."""
    host = hall.client(type="host", version=2, lobby_id="L")
    ann = hall.wait("ann")
    ann.take()
    ann.send(type="start")
    (error,) = ann.take()
    assert (error["code"], ann.closed) == ("NOT_ALLOWED", None)
    host.send(type="start", prompt_id="P")
    assert ann.take() == [{"type": "start"}]


def test_bounds() -> None:
    """Lists, connections and records are bounded; at the bound it is said which."""
    hall = Hall(Clock(), waiting=2, connections=4)
    hall.wait("ann"), hall.wait("bob")
    full = hall.wait("cleo")
    assert (full.take()[-1]["code"], full.closed) == ("OVERLOADED", 4009)
    hall.wait("dan", "other"), hall.wait("eve", "other")
    over = hall.client()
    assert (over.take()[-1]["code"], over.closed) == ("OVERLOADED", 4009)

    hall = Hall(Clock(), records=1)
    hall.wait("ann")
    assert hall.wait("bob", "other").closed == 4009


def test_too_fast(hall: Hall) -> None:
    """Who sends faster than the rate for long is closed."""
    ann, eve = hall.wait("ann"), hall.wait("eve")
    for _ in range(100):
        if eve.closed is None:
            eve.send(type="start")
    assert eve.closed == 4009
    assert ann.users == ["ann"]
    for _ in range(100):
        hall.go(0.06)
        ann.send(type="start")
    assert ann.closed is None


def test_says_nothing(hall: Hall) -> None:
    """A connection that asks for nothing is closed; much later so is one on which all is still."""
    silent, ann = hall.client(), hall.wait("ann")
    hall.go(9.9)
    assert silent.closed is None
    hall.go(0.2)
    assert (silent.take()[-1]["code"], silent.closed) == ("BAD_MESSAGE", 4008)
    hall.go(Options().idle_seconds - 20)
    hall.wait("bob")  # ann is told
    hall.go(30)
    assert ann.closed is None
    hall.go(Options().idle_seconds)
    assert ann.closed == 4010
    assert hall.core.state.connections == {}


def test_timers_do_not_pile_up(hall: Hall) -> None:
    """Connections that come and go leave no timers behind."""
    for _ in range(2_000):
        hall.wait("ann").drop()
    assert len(hall.core.state.timers) < 1_100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0.0.0:8000/ws/x", ("0.0.0.0", 8000, "/ws/x")),
        ("*:8000", ("*", 8000, "/ws/live")),
        ("[::1]:8000/", ("[::1]", 8000, "/")),
    ],
)
def test_addresses(text: str, expected: tuple[str, int, str]) -> None:
    """An address of choice is host, port and path; the path of the gateway where none is given."""
    assert split_address(text) == expected


@pytest.mark.parametrize("text", ["8000", "host", "/ws/live", ":8000/x", "host:99999/x"])
def test_bad_addresses(text: str) -> None:
    """What is no address is refused, and the flag named."""
    with pytest.raises(SettingError, match="--lobby"):
        split_address(text)
