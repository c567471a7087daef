"""Version 2: leaderboard rows, `ready`, a host, resuming a place, errors that do not close."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client, Clock, Hall

BOARD = {"lobby_id": "L", "prompt_id": "P"}


def wait2(hall: Hall, user: str, **more: Any) -> tuple[Client, dict[str, Any]]:
    """Somebody waits; return the connection and what `joined` said."""
    client = hall.wait(user, version=2, **more)
    joined, *_ = client.take("joined") or [{}]
    return client, joined


def board(hall: Hall) -> Client:
    return hall.client(type="leaderboard", version=2, **BOARD)


def row(client: Client, user: str, score: float, **more: Any) -> list[Any]:
    message = {"type": "leaderboard_update", "version": 2, **BOARD, "user": user, "score": score}
    return client.send(**{**message, **more}).take()


def test_both_versions_in_one_list(hall: Hall) -> None:
    """Those of both versions wait together; each is told in its own."""
    old = hall.wait("ann")
    new, joined = wait2(hall, "ann")
    assert old.users == ["ann", "also ann"]
    new.send(type="ready", ready=True)
    (update,) = new.take("update")
    assert update["users"] == [
        {**update["users"][0], "label": "ann", "ready": False, "connected": True, "host": False},
        {
            "id": joined["id"],
            "user": "ann",
            "label": "also ann",
            "ready": True,
            "connected": True,
            "host": False,
        },
    ]
    assert (update["hosted"], update["shared"]) == (False, False)
    assert old.take() == [], "who is ready is nothing that version 1 knows"


def test_leave(hall: Hall) -> None:
    """`leave`, and a close with 1000, give the place up at once."""
    old = hall.wait("ann")
    bob, _ = wait2(hall, "bob")
    bob.send(type="leave")
    assert (bob.closed, old.users) == (1000, ["ann"])
    cleo, _ = wait2(hall, "cleo")
    cleo.drop(1000)
    assert old.users == ["ann"]


def test_resume(hall: Hall) -> None:
    """The place of a dropped link is kept for a while, and taken up again with its token."""
    old = hall.wait("ann")
    bob, first = wait2(hall, "bob", ready=True)
    old.take()
    bob.drop()
    assert old.take() == [], "the place is still there"
    hall.wait("cleo")
    again, second = wait2(hall, "bob", resume=first["resume"])
    assert (second["resumed"], second["id"], second["label"]) == (True, first["id"], "bob")
    assert old.users == ["ann", "bob", "cleo"]
    again.drop()
    hall.go(29)
    assert old.take() == []
    hall.go(2)
    assert old.users == ["ann", "cleo"]
    _, third = wait2(hall, "bob", resume=first["resume"])
    assert (third["resumed"], third["resume"] != first["resume"]) == (False, True)


def test_resumed_in_time(hall: Hall) -> None:
    """The timer of an earlier drop does not end a place that was taken up since."""
    old = hall.wait("ann")
    bob, joined = wait2(hall, "bob")
    bob.drop()
    hall.go(20)
    again, _ = wait2(hall, "bob", resume=joined["resume"])
    hall.go(1)
    again.drop()
    hall.go(10)  # 31 s after the first drop
    assert "bob" in hall.wait("cleo").users
    hall.go(20)
    assert old.users == ["ann", "cleo"]


def test_taken_up_while_connected(hall: Hall) -> None:
    """Who takes a place up closes the connection that had it: the one that the server still
    believed in."""
    bob, joined = wait2(hall, "bob")
    again, second = wait2(hall, "bob", resume=joined["resume"])
    assert (bob.closed, second["resumed"]) == (4011, True)
    bob.drop()
    assert hall.wait("ann").users == ["bob", "ann"]
    assert again.closed is None


def test_a_strangers_token(hall: Hall) -> None:
    """A token is good for its own prompt only, and none is found out by its hash."""
    bob, joined = wait2(hall, "bob")
    place = next(iter(hall.core.state.index.places[("L", "P")].values()))
    for token in (place.proof, place.id, ""):
        assert not wait2(hall, "eve", resume=token)[1]["resumed"]
    eve = hall.wait("eve", "L", "other", version=2, resume=joined["resume"])
    assert not eve.take("joined")[0]["resumed"]
    assert bob.closed is None


def test_start_while_away(hall: Hall) -> None:
    """A start that came while the link was down is told on return, once; an old one is not."""
    ann, _ = wait2(hall, "ann")
    bob, joined = wait2(hall, "bob")
    bob.drop()
    ann.send(type="start")
    again = hall.wait("bob", version=2, resume=joined["resume"])
    said = again.take()
    (start,) = [one for one in said if one["type"] == "start"]
    assert start["n"] == ann.take("start")[0]["n"]
    assert (start["lobby_id"], start["prompt_id"]) == ("L", "P")
    again.drop()
    assert hall.wait("bob", version=2, resume=joined["resume"]).take("start") == []


def test_errors_do_not_close(hall: Hall) -> None:
    """An error of version 2 leaves the connection open, up to a number of them."""
    ann, _ = wait2(hall, "ann")
    for text in ("{", '{"type":"dance"}', '{"type":"wait_start","user":"x"}', '{"type":"host"}'):
        (error,) = ann.send(text).take()
        assert (error["type"], ann.closed) == ("error", None)
    for _ in range(6):
        ann.send("{")
    assert ann.closed == 4000


def test_a_wrong_start_can_be_corrected(hall: Hall) -> None:
    """A first message of version 2 that lacks a field may be said again rightly."""
    ann = hall.client(type="wait_start", version=2, user="ann", lobby_id="L")
    assert (ann.take()[0]["code"], ann.closed) == ("BAD_MESSAGE", None)
    ann.send(type="wait_start", user="ann", **BOARD)
    assert ann.users == ["ann"]


def test_ping(hall: Hall) -> None:
    """A ping is answered with its own time and the gateway's."""
    (pong,) = hall.client(type="ping", version=2, time=5).take()
    assert pong == {"type": "pong", "time": 5, "server_time": "2023-11-14T22:13:20.000Z"}


# ── hosts ────────────────────────────────────────────────────────────────────────────────────


def test_host(hall: Hall) -> None:
    """The first to ask hosts a lobby; it starts any prompt there, nobody else does."""
    host = hall.client(type="host", version=2, lobby_id="L")
    (hosting,) = host.take()
    assert (hosting["type"], hosting["lobby_id"]) == ("hosting", "L")
    rival = hall.client(type="host", version=2, lobby_id="L")
    assert rival.take()[0]["code"] == "CONFLICT"
    guess = hall.client(type="host", version=2, lobby_id="L", key="0" * 32)
    assert guess.take()[0]["code"] == "CONFLICT"
    ann, _ = wait2(hall, "ann")
    assert ann.send(type="start").take()[-1]["code"] == "NOT_ALLOWED"
    assert host.send(type="start").take()[0]["code"] == "BAD_MESSAGE"
    host.send(type="start", prompt_id="P")
    assert len(ann.take("start")) == 1


def test_host_who_waits(hall: Hall) -> None:
    """With the key of the host one waits as the host, is marked so, and may start."""
    key = hall.client(type="host", version=2, lobby_id="L").take()[0]["key"]
    ann, joined = wait2(hall, "ann", host_key=key)
    assert joined["host"] is True
    ann.send(type="start")
    assert len(ann.take("start")) == 1
    assert wait2(hall, "eve", host_key="x")[1] == {}


def test_host_comes_back(hall: Hall) -> None:
    """A host whose link was dropped is host again with its key; for a while nobody else may be."""
    host = hall.client(type="host", version=2, lobby_id="L")
    key = host.take()[0]["key"]
    host.drop()
    hall.go(60)
    ann, _ = wait2(hall, "ann")
    assert ann.send(type="start").take()[-1]["code"] == "NOT_ALLOWED"
    again = hall.client(type="host", version=2, lobby_id="L", key=key)
    assert again.take()[0] == {"type": "hosting", "lobby_id": "L", "key": key, "grace": 120.0}
    hall.go(600)
    assert hall.client(type="host", version=2, lobby_id="L").take()[0]["code"] == "CONFLICT"


@pytest.mark.parametrize("good_order", [True, False])
def test_host_goes(hall: Hall, good_order: bool) -> None:
    """When the host leaves, or does not come back in time, the lobby is everybody's again."""
    host = hall.client(type="host", version=2, lobby_id="L")
    ann, _ = wait2(hall, "ann")
    if good_order:
        host.send(type="leave")
    else:
        host.drop()
        hall.go(121)
    assert ann.take("update")[-1]["hosted"] is False
    ann.send(type="start")
    assert len(ann.take("start")) == 1
    assert hall.client(type="host", version=2, lobby_id="L").take()[0]["type"] == "hosting"


# ── leaderboards ─────────────────────────────────────────────────────────────────────────────


def test_rows(hall: Hall) -> None:
    """Viewers get the rows themselves, best first, with a version that grows at each change; those
    of version 1 are told to fetch them."""
    old = hall.client(type="leaderboard", **BOARD)
    viewer, sender = board(hall), hall.client()
    (empty,) = viewer.take()
    assert empty == {"type": "leaderboard", **BOARD, "version": 0, "rows": []}
    (updated,) = row(sender, "ann", 10)
    (first,) = viewer.take()
    assert (updated["type"], first["version"]) == ("updated", updated["version"])
    hall.clock.go(1)
    row(sender, "bob", 12, text="in 3:05")
    row(sender, "cleo", 10)
    second, third = viewer.take()
    assert 0 < first["version"] < second["version"] < third["version"]
    assert third["rows"] == [
        {"rank": 1, "user": "bob", "score": 12.0, "text": "in 3:05"},
        {"rank": 2, "user": "ann", "score": 10.0, "text": ""},
        {"rank": 2, "user": "cleo", "score": 10.0, "text": ""},
    ]
    assert old.texts == ["refresh"] * 3
    assert sender.closed is None
    assert board(hall).take()[0]["rows"] == third["rows"]


def test_the_same_row_again(hall: Hall) -> None:
    """A row of the same person replaces the one before."""
    sender = hall.client()
    row(sender, "ann", 10)
    row(sender, "ann", 7)
    assert [one["score"] for one in board(hall).take()[0]["rows"]] == [7.0]


def test_refresh_without_rows(hall: Hall) -> None:
    """An update without a row refreshes both versions' viewers; half a row is refused."""
    old, new, sender = hall.client(type="leaderboard", **BOARD), board(hall), hall.client()
    new.take()
    sender.send(type="leaderboard_update", version=2, **BOARD)
    assert (old.texts, new.take()) == (["refresh"], [{"type": "refresh", **BOARD}])
    (error,) = sender.send(type="leaderboard_update", **BOARD, user="ann").take()
    assert error["code"] == "BAD_MESSAGE"
    for score in ("1e999", "NaN", '"7"', "true"):
        text = '{"type":"leaderboard_update","lobby_id":1,"prompt_id":1,"user":"a","score":%s}'
        assert sender.send(text % score).take()[0]["type"] == "error"


def test_prompts(hall: Hall) -> None:
    """Viewers of prompts are told to refresh, each in its version."""
    old = hall.client(type="lobby_prompts", lobby_id="L")
    new = hall.client(type="lobby_prompts", version=2, lobby_id="L")
    new.send(type="lobby_prompts_update")
    assert (old.texts, new.take()) == (["refresh"], [{"type": "refresh", "lobby_id": "L"}])


def test_rows_end() -> None:
    """A row is dropped when it is old, and a full board refuses new people, not new scores."""
    hall = Hall(Clock(), rows=2, keep_seconds=100)
    sender, viewer = hall.client(), board(hall)
    row(sender, "ann", 1)
    hall.go(50)
    row(sender, "bob", 2)
    assert row(sender, "cleo", 3)[0]["code"] == "OVERLOADED"
    assert row(sender, "ann", 3)[0]["type"] == "updated"
    hall.go(51)
    assert [one["user"] for one in viewer.take()[-1]["rows"]] == ["ann", "bob"]
    hall.go(50)
    assert viewer.take()[-1]["rows"] == []
    assert hall.core.state.union.own == 0
    assert not hall.core.state.index.rows
