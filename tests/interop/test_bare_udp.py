"""A UDP client that does no more than the format says: register, recvfrom(4096), JSON, count.

`Bare` imports nothing of ours, and is what existing clients of the format do.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE

Address = tuple[str, int]


class Bare:
    """One client, from `register` to the end."""

    def __init__(self, server: Address) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.server = server
        self.received = 0
        self.last = 0
        self.out_of_order = 0
        self.lost = 0
        self.longest = 0
        self.actions: list[dict[str, Any]] = []
        self.ended = False
        self.keepers_twice = 0
        self.shown_cards: set[str] = set()
        self.socket.sendto(b"register", server)

    def follow(self, most: int = 10_000) -> Bare:
        """Take what comes until the end, or until so many came."""
        while self.received < most:
            data, _ = self.socket.recvfrom(4_096)
            self.longest = max(self.longest, len(data))
            if data == b"End of transmission":
                self.ended = True
                break
            self.take(json.loads(data))
        return self

    def take(self, action: dict[str, Any]) -> None:
        """Count as existing clients do: what is missing before a datagram is lost."""
        self.received += 1
        self.actions.append(action)
        count = action["message"]["count"]
        # They show both line-ups side by side, and a card once its minute has passed.
        named = [action["goleiroA"]["nome"], action["goleiroB"]["nome"]]
        for pair in zip(action["timeA"], action["timeB"], strict=True):
            for player in pair:
                named.append(player["nome"])
                red = player["cartao_vermelho"]
                if red and player["tempo_cv"] < action["message"]["time_passed"]:
                    self.shown_cards.add(player["nome"])
        shown = [name for name in named if name]
        self.keepers_twice += sum(shown.count(name) > 1 for name in named[:2])
        if count < self.last:
            self.out_of_order += 1
            self.lost -= 1
        else:
            self.lost += count - self.last - 1
            self.last = count

    def leave(self) -> None:
        self.socket.sendto(b"unregister", self.server)


class Proxy:
    """Passes datagrams on between one client and a server; loses some of the server's, by a seed.

    What is no JSON, the end, is always passed on.
    """

    def __init__(self, server: Address, seed: int, loss: float) -> None:
        self.chance = random.Random(seed)
        self.loss = loss
        self.dropped: list[int] = []
        self.passed: list[int] = []
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.address: Address = self.front.getsockname()
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.connect(server)
        self.client: Address | None = None
        self.closing = False
        self.threads = [threading.Thread(target=run) for run in (self.there, self.and_back)]
        for thread in self.threads:
            thread.start()

    def there(self) -> None:
        self.front.settimeout(0.1)
        while not self.closing:
            try:
                data, self.client = self.front.recvfrom(4_096)
                self.back.send(data)
            except OSError:
                continue

    def and_back(self) -> None:
        self.back.settimeout(0.1)
        while not self.closing:
            try:
                data = self.back.recv(65_535)
            except OSError:
                continue
            if data.startswith(b"{"):
                count = json.loads(data)["message"]["count"]
                if self.chance.random() < self.loss:
                    self.dropped.append(count)
                    continue
                self.passed.append(count)
            assert self.client is not None
            self.front.sendto(data, self.client)

    def close(self) -> None:
        self.closing = True
        for thread in self.threads:
            thread.join(PATIENCE)
        self.front.close()
        self.back.close()


class Running:
    """`touchline datagrams` in a process of its own."""

    def __init__(self, stack: ExitStack, home: Path, *flags: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "touchline.cli", "datagrams", "--json", "--port", "0", *flags],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TOUCHLINE_HOME": str(home)},
        )
        stack.callback(self.close)
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.address: Address = (told["host"], told["port"])
        self.told: list[dict[str, Any]] = []

    def wait(self) -> int:
        """Wait for its end, and read what it said."""
        assert self.process.stdout is not None
        self.told += [json.loads(line) for line in self.process.stdout]
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def bare(stack: ExitStack, server: Address) -> Bare:
    made = Bare(server)
    stack.callback(made.socket.close)
    return made


def test_a_whole_match(stack: ExitStack, tmp_path: Path) -> None:
    """A whole simulated match comes to a bare client: nothing lost, in order, the end text."""
    running = Running(stack, tmp_path, "--simulate", "--seed", "3", "--interval", "0.02")
    client = bare(stack, running.address).follow()
    assert client.ended
    assert (client.lost, client.out_of_order, client.keepers_twice) == (0, 0, 0)
    assert client.received == client.last > 40
    assert 1_000 < client.longest < 4_096
    first, last = client.actions[0], client.actions[-1]
    assert first["message"]["time_passed"] == 1
    assert client.shown_cards == {
        player["nome"]
        for side in ("timeA", "timeB")
        for player in last[side]
        if player["cartao_vermelho"]
    }
    assert last["message"]["time_passed"] >= 90
    goals = sum(player["gols"] for side in ("timeA", "timeB") for player in last[side])
    assert goals == sum(int(word) for word in last["message"]["score"].split()[1].split("–"))
    assert running.wait() == 0
    assert running.told[-1] == {"type": "stopped", "sent": client.received, "clients": 1}


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_loss(stack: ExitStack, tmp_path: Path, seed: int) -> None:
    """Under 10 % loss a bare client's own counts are those that were injected."""
    running = Running(stack, tmp_path, "--simulate", "--seed", "5", "--interval", "0.02")
    proxy = Proxy(running.address, seed, 0.1)
    stack.callback(proxy.close)
    client = bare(stack, proxy.address).follow()
    assert running.wait() == 0
    sent = len(proxy.dropped) + len(proxy.passed)
    assert proxy.passed[-1] == sent, f"take another seed than {seed}: it loses the very last"
    assert (client.received, client.lost) == (len(proxy.passed), len(proxy.dropped))
    assert client.lost > 0
    assert client.out_of_order == 0


def test_three_at_once(stack: ExitStack, tmp_path: Path) -> None:
    """Three clients get the same; one that leaves gets nothing more, one that comes later the
    count as it is."""
    running = Running(stack, tmp_path, "--simulate", "--seed", "3", "--interval", "0.02")
    clients = [bare(stack, running.address) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        staying = [pool.submit(client.follow) for client in clients[:2]]
        leaver = clients[2].follow(most=10)
        leaver.leave()
        late = bare(stack, running.address).follow(most=5)
        first, second = (one.result(PATIENCE) for one in staying)
    assert first.actions == second.actions
    assert (first.lost, first.ended) == (0, True)
    assert leaver.actions == first.actions[:10]
    assert 10 <= late.actions[0]["message"]["count"] <= 30
    counts = [action["message"]["count"] for action in late.actions]
    assert counts == list(range(counts[0], counts[0] + 5))
    leaver.socket.settimeout(0.3)
    rest = []
    with contextlib.suppress(TimeoutError):
        while len(rest) < 5:  # what was on its way when it left, and nothing after
            rest.append(leaver.socket.recvfrom(4_096))
    assert len(rest) <= 2
    assert running.wait() == 0


def test_garbage(stack: ExitStack, tmp_path: Path) -> None:
    """Whatever else is sent to the port, the client gets the whole match."""
    running = Running(stack, tmp_path, "--simulate", "--seed", "3", "--interval", "0.02")
    chance = random.Random(7)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as eve:
        eve.bind(("127.0.0.1", 0))
        # First the client: under a flood its one word could be lost, which no server can mend.
        client = bare(stack, running.address).follow(most=1)
        for _ in range(500):
            eve.sendto(chance.randbytes(chance.choice([0, 1, 8, 100, 9_000])), running.address)
        client.follow()
        eve.settimeout(0.1)
        with pytest.raises(TimeoutError):
            eve.recvfrom(100)
    assert (client.lost, client.ended) == (0, True)
    assert running.wait() == 0


def test_our_client(stack: ExitStack, tmp_path: Path) -> None:
    """Our own client under loss counts what was injected, writes its logs, ends with the end."""
    running = Running(stack, tmp_path, "--simulate", "--seed", "5", "--interval", "0.05")
    proxy = Proxy(running.address, 2, 0.1)
    stack.callback(proxy.close)
    logs = tmp_path / "logs"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "touchline.cli", "datagrams-client", "--language", "pt"),
            *("{}:{}".format(*proxy.address), "--logs", str(logs), "--logs-format", "json"),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert running.wait() == 0
    lost = [count for count in proxy.dropped if count > proxy.passed[0]]
    assert lost
    *_, end, summary, where = done.stdout.splitlines()
    assert end == "End of transmission"
    assert summary == (f"datagrams: {len(proxy.passed)} received, {len(lost)} lost, 0 out of order")
    assert where == f"logs in {logs}"
    assert "GOL de " in done.stdout
    assert " *" in done.stdout
    lines = {
        name: [json.loads(line) for line in (logs / f"{name}.log").read_text("utf-8").splitlines()]
        for name in ("received", "statistics", "server")
    }
    assert [json.loads(line["text"])["message"]["count"] for line in lines["received"]] == (
        proxy.passed
    )
    assert lines["statistics"][-1]["lost"] == len(lost)
    assert [line.get("said") or line["text"] for line in lines["server"]] == [
        "register",
        "End of transmission",
        "unregister",
    ]


def test_three_clients_of_one_match(stack: ExitStack, tmp_path: Path) -> None:
    """Three clients of one simulated match: each has a folder and statistics of its own, which say
    what its link lost, and the server's log begins with what it serves."""
    log = tmp_path / "server.log"
    flags = ("--simulate", "--seed", "5", "--interval", "0.01", "--log", str(log))
    running = Running(stack, tmp_path, *flags)
    proxies = [Proxy(running.address, seed, loss) for seed, loss in ((1, 0.0), (2, 0.1), (4, 0.1))]
    for proxy in proxies:
        stack.callback(proxy.close)
    program = (sys.executable, "-m", "touchline.cli", "datagrams-client")
    clients = [
        subprocess.Popen(
            [*program, "{}:{}".format(*proxy.address)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TOUCHLINE_HOME": str(tmp_path)},
        )
        for proxy in proxies
    ]
    folders = set()
    for client, proxy in zip(clients, proxies, strict=True):
        out, _ = client.communicate(timeout=PATIENCE)
        assert client.returncode == 0
        *_, summary, where = out.splitlines()
        lost = sum(proxy.passed[0] < count < proxy.passed[-1] for count in proxy.dropped)
        counted = f"{len(proxy.passed)} received, {lost} lost, 0 out of order"
        assert summary == f"datagrams: {counted}"
        folder = Path(where.removeprefix("logs in "))
        folders.add(folder)
        received = (folder / "received.log").read_text("utf-8").splitlines()
        assert [json.loads(line.partition(" ")[2])["message"]["count"] for line in received] == (
            proxy.passed
        )
        newest = (folder / "statistics.log").read_text("utf-8").splitlines()[-1]
        assert newest.partition(" ")[2] == f"{counted}; the newest is {proxy.passed[-1]}"
        said = [
            line.split(" ", 1)[1]
            for line in (folder / "server.log").read_text("utf-8").splitlines()
        ]
        assert said[0].startswith("sent register to 127.0.0.1:")
        assert said[1:2] == ["received End of transmission"]
    assert len(folders) == 3
    assert running.wait() == 0
    first, second, *rest = (line.split(" ", 1)[1] for line in log.read_text("utf-8").splitlines())
    assert first == "listening UDP {}:{}".format(*running.address)
    assert second.endswith(": one datagram every 0.01 s")
    assert sum(line.startswith("registered ") for line in rest) == 3
