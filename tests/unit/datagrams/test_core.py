"""The server's decisions: registering, pacing, the end; no sockets."""

from __future__ import annotations

import json

import pytest

from touchline.datagrams.core import MOST_QUEUED, Address, DatagramCore
from touchline.datagrams.options import Options
from touchline.datagrams.texts import END
from touchline.protocol.errors import SettingError

ANN, BOB, CLEO = ("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.2", 1)


class Server:
    def __init__(self, waits: bool = False, **options: float) -> None:
        self.core = DatagramCore(Options(**options), waits=waits)  # type: ignore[arg-type]
        self.now = 100.0
        self.boxes: dict[Address, list[str]] = {}

    def say(self, address: Address, word: bytes = b"register") -> list[str]:
        """Let a client say something; return what it is told at once."""
        sent = self.core.received(address, word, self.now)
        assert all(to == address for to, _ in sent)
        return [data.decode() for _, data in sent]

    def go(self, seconds: float) -> Server:
        """Let time pass, timer by timer."""
        end = self.now + seconds
        while (due := self.core.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            for address, data in self.core.handle_timer(self.now):
                self.boxes.setdefault(address, []).append(data.decode())
        self.now = end
        return self

    def take(self, address: Address) -> list[str]:
        return self.boxes.pop(address, [])

    def add(self, *texts: str) -> Server:
        for text in texts:
            self.core.add(text.encode())
        return self


def test_one_datagram_an_interval() -> None:
    """Everyone registered gets each datagram, an interval apart, then the end."""
    server = Server(interval=2).add("1", "2", "3")
    server.core.close()
    assert (server.say(ANN), server.say(BOB)) == ([], [])
    assert server.go(1.9).take(ANN) == ["1"]
    assert server.go(2.0).take(ANN) == ["2"]
    assert server.go(2.0).take(ANN) == ["3"]
    assert server.go(1.9).take(ANN) == [END] * 3
    assert server.take(BOB) == ["1", "2", "3", *[END] * 3]
    assert (server.core.over, server.core.next_timer()) == (True, None)


def test_waits_for_the_first() -> None:
    """A server that waits begins an interval after the first client came."""
    server = Server(waits=True, interval=2).add("1")
    assert server.go(1_000).core.next_timer() is None
    server.say(ANN)
    assert server.go(1.9).take(ANN) == []
    assert server.go(0.2).take(ANN) == ["1"]


def test_a_late_one() -> None:
    """Who comes later gets the newest at once, with the count as it is, then what follows."""
    server = Server(interval=2).add("1", "2")
    server.say(ANN)
    server.go(3.0)
    assert server.say(BOB) == ["2"]
    server.add("3").go(2.0)
    assert server.take(BOB) == ["3"]
    server.core.past(b"0")
    assert server.say(CLEO) == ["0"]


def test_after_the_end() -> None:
    """Who comes after the end gets the newest and is told that it was."""
    server = Server(interval=2).add("1")
    server.core.close()
    server.go(10)
    assert server.core.over
    assert server.say(ANN) == ["1", END]
    assert server.core.clients == {}


def test_registering_twice() -> None:
    """Who registers again is one client and gets nothing twice."""
    server = Server(interval=2).add("1", "2")
    for _ in range(3):
        server.say(ANN)
    assert server.go(1).take(ANN) == ["1"]
    assert server.say(ANN, b" register\r\n") == []
    assert len(server.core.clients) == 1


def test_unregister() -> None:
    """Who unregisters gets nothing any more, the others do; who never came may leave as well."""
    server = Server(interval=2).add("1", "2")
    server.say(ANN), server.say(BOB)
    server.go(1)
    assert server.say(ANN, b"unregister") == server.say(CLEO, b"unregister") == []
    server.go(2)
    assert (server.take(ANN), server.take(BOB)) == (["1"], ["1", "2"])


@pytest.mark.parametrize(
    "word", [b"", b"REGISTER", b"register please", b"\xff" * 100, END.encode()]
)
def test_strange_words(word: bytes) -> None:
    """Anything else is counted and not answered."""
    server = Server()
    assert server.say(ANN, word) == []
    assert (server.core.clients, server.core.counters["strange"]) == ({}, 1)


def test_bounds() -> None:
    """Clients are bounded in total and by address; who is refused is told why."""
    server = Server(clients=3, per_address=2)
    server.say(ANN), server.say(BOB)
    (refused,) = server.say(("10.0.0.1", 3))
    assert json.loads(refused)["code"] == "OVERLOADED"
    assert server.say(CLEO) == []
    assert json.loads(server.say(("10.0.0.3", 1))[0])["code"] == "OVERLOADED"
    server.say(ANN, b"unregister")
    assert server.say(("10.0.0.3", 1)) == []
    assert server.core.counters["refused"] == 2


def test_silent_ones() -> None:
    """Who says nothing for longer than any match is thought gone; a word keeps one."""
    server = Server(silent=3_600)
    server.say(ANN), server.say(BOB)
    server.go(3_000)
    server.say(BOB)
    server.go(700)
    assert set(server.core.clients) == {BOB}
    assert [line.what for line in server.core.log][-1] == "silent"
    assert Options().silent > 3 * 3_600


def test_live_ones_come_at_once() -> None:
    """What happens after a pause is sent at once; a burst an interval apart."""
    server = Server(interval=2)
    server.say(ANN)
    server.go(100)
    server.add("1", "2").go(0.0)
    assert server.take(ANN) == ["1"]
    assert server.go(1.9).take(ANN) == []
    assert server.go(0.2).take(ANN) == ["2"]


def test_a_backlog_is_bounded() -> None:
    """Of more than may wait, the oldest are dropped."""
    server = Server(waits=True, interval=1).add(*map(str, range(MOST_QUEUED + 5)))
    server.say(ANN)
    assert server.go(2.0).take(ANN) == ["5", "6"]
    assert server.core.counters["dropped"] == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": " "},
        {"language": "fr"},
    ],
)
def test_bad_options(wrong: dict[str, float]) -> None:
    """A value that is not valid is refused, and its flag is named."""
    with pytest.raises(SettingError, match=f"--{next(iter(wrong))}"):
        Options(**wrong)  # type: ignore[arg-type]
