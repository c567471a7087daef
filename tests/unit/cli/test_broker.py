"""`touchline broker`: its flags, what it says, how it ends."""

from __future__ import annotations

import dataclasses
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from touchline.broker.counters import BrokerCounters
from touchline.broker.options import Options
from touchline.cli import brokers
from touchline.cli.broker import command
from touchline.cli.brokers import KnownBroker
from touchline.peer import identity
from touchline.protocol import keys
from touchline.protocol.addresses import BrokerAddress
from touchline.protocol.errors import AddressTaken, SettingError, StorageFault
from touchline.protocol.keys import Identity


class Stub:
    """A broker that listens, answers something, and ends by itself."""

    host, port = "127.0.0.1", 5670
    error: Exception | None = None
    made: Options
    identity: Identity | None

    def __init__(self, options: Options, own: Identity | None) -> None:
        type(self).made = options
        type(self).identity = own
        self.ready = threading.Event()
        self.address = ""
        self.counters = BrokerCounters()

    def census(self) -> None:
        return None

    def stop(self) -> None:
        raise AssertionError("nobody asked it to stop")

    def run(self) -> None:
        if self.error:
            raise self.error
        key = self.identity.public if self.identity else b""
        self.address = str(BrokerAddress(self.host, self.port, key, plain=not key))
        self.counters.requests.update(["hello", "create"])
        self.ready.set()


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> type[Stub]:
    kind = type("Stub", (Stub,), {})
    monkeypatch.setattr("touchline.broker.Broker", kind)
    return kind


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_every_option_is_a_flag() -> None:
    """Each setting of a broker is a flag of the same name, with the same default."""
    flags = command.make_context("broker", []).params
    defaults = dataclasses.asdict(Options())
    assert {name: flags[name] for name in defaults} == defaults


def test_flags_become_options(stub: type[Stub]) -> None:
    """What the flags say is what the broker is made with; whoever starts it is an operator, beside
    those that are named."""
    other = Identity(b"o" * 32).public
    run(
        *("--bind", "127.0.0.1:0", "--workers", "3", "--lease-seconds", "2.5", "--queue", "7"),
        *("--enrolment", "invited", "--open-role", "viewer", "--operator", keys.to_text(other)),
        *("--name", "anna"),
    )
    assert stub.made == Options(
        bind="127.0.0.1:0",
        workers=3,
        lease_seconds=2.5,
        queue=7,
        enrolment="invited",
        open_role="viewer",
        operators=(other, identity.load("anna").public),
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--workers", "0"], "--workers"),
        (["--operator", "k3vq-7m2p-xw9d-4tna"], "--operator.*43 characters"),
        (["--insecure", "--bind", "0.0.0.0:1"], r"--insecure.*0\.0\.0\.0"),
    ],
)
def test_a_bad_value_names_its_flag(stub: type[Stub], flags: list[str], words: str) -> None:
    """A value that can't be stops the start, and makes no key."""
    with pytest.raises(SettingError, match=words):
        run(*flags)
    assert identity.names() == []


class SharedRegistry:
    """A registry in PostgreSQL, which brokers on it share with their key."""

    seed = b""

    def __init__(self, url: str) -> None:
        assert url.startswith("postgresql")

    def identity(self, *, seed: bytes) -> tuple[bytes, bytes]:
        """Return the key and its seed, which are kept where there are none yet."""
        SharedRegistry.seed = SharedRegistry.seed or seed
        return b"", SharedRegistry.seed

    def close(self) -> None:
        """Nothing is open."""


def test_its_key_lies_beside_its_database(
    stub: type[Stub], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker has a key of its own, the same at each start, beside its database and not among
    those of people."""
    run()
    own = stub.identity
    assert own is not None
    assert identity.read(home / "broker.sqlite3.key").seed == own.seed
    run()
    assert stub.identity is not None
    assert stub.identity.seed == own.seed
    assert own.peer not in {identity.load(name).peer for name in identity.names()}
    run("--database", f"sqlite:///{tmp_path / 'club.db'}?timeout=3")
    assert stub.identity.seed == identity.read(tmp_path / "club.db.key").seed != own.seed
    known = ("ann", identity.load("ann"))
    monkeypatch.setattr("touchline.cli.broker.operator", lambda *_: known)  # no such database
    monkeypatch.setattr("touchline.broker.database.SqlRegistry", SharedRegistry)
    for _ in range(2):
        run("--database", "postgresql+psycopg://club@db/touchline")
        assert stub.identity.seed == SharedRegistry.seed
    assert not (home / "broker.key").exists()
    run("--identity", str(tmp_path / "mine"))
    assert stub.identity.seed == identity.read(tmp_path / "mine").seed


def test_a_key_that_others_can_read(stub: type[Stub], home: Path) -> None:
    """A broker does not start with a key that is no secret."""
    run()
    (home / "broker.sqlite3.key").chmod(0o644)
    with pytest.raises(StorageFault, match="chmod 600"):
        run()


def test_it_says_where_and_what_next(stub: type[Stub]) -> None:
    """It prints its whole address and who is its operator; the next commands need no --broker."""
    out = run("--name", "anna").stdout
    assert stub.identity is not None
    key = keys.to_text(stub.identity.public)
    assert "broker listening on 127.0.0.1:5670\n" in out
    assert f"address for others: touchline://127.0.0.1:5670?key={key}\n" in out
    assert f"operator: anna ({identity.load('anna').peer})\n" in out
    assert "  touchline events create TITLE" in out
    assert "  touchline host EVENT\n" in out
    assert out.endswith("broker stopped: 2 requests, 0 refusals\n")


def test_it_is_kept_for_its_user(stub: type[Stub]) -> None:
    """Commands of whoever started it find it as `local`, which is the default where there is no
    other; else the next commands are shown with its name."""
    run()
    assert stub.identity is not None
    assert brokers.find("").address == str(BrokerAddress("127.0.0.1", 5670, stub.identity.public))
    brokers.keep("local", KnownBroker(brokers.find("").address, "anna"), default=True)
    run()
    assert brokers.find("").who == "anna"  # as whom one logged in there is not forgotten
    club = KnownBroker(str(BrokerAddress("club.example", 5670, stub.identity.public)))
    brokers.keep("club", club, default=True)
    stub.port = 7000
    assert "touchline host --broker local EVENT" in run().stdout
    assert brokers.find("") == club
    assert brokers.find("local").address.startswith("touchline://127.0.0.1:7000?key=")


@pytest.mark.parametrize(
    ("host", "here"), [("0.0.0.0", "127.0.0.1"), ("*", "127.0.0.1"), ("[::]", "[::1]")]
)
def test_on_every_interface(stub: type[Stub], host: str, here: str) -> None:
    """An address that nobody can connect to is neither kept nor told to others."""
    stub.host = host
    out = run().stdout
    assert "touchline://THIS-MACHINE:5670?key=" in out
    assert "--advertise" in out
    assert brokers.find("local").address.startswith(f"touchline://{here}:5670?key=")
    out = run("--advertise", "club.example").stdout
    assert "touchline://club.example:5670?key=" in out
    assert "THIS-MACHINE" not in out
    assert brokers.find("local").address.startswith(f"touchline://{here}:5670?key=")


def test_insecure(stub: type[Stub]) -> None:
    """A broker that encrypts nothing says so, has no key, is kept under no name, and tells the
    next commands what they have to say."""
    result = run("--insecure")
    assert result.stderr.startswith("INSECURE: nothing is encrypted")
    assert stub.made.insecure
    assert stub.identity is None
    assert "address for others: touchline://127.0.0.1:5670?insecure\n" in result.stdout
    assert "touchline host --insecure EVENT" in result.stdout
    assert brokers.load().brokers == {}
    stub.port = 7000
    assert "host --insecure --broker 127.0.0.1:7000 EVENT" in run("--insecure").stdout


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), ("open: everybody who reaches this address", "create and host their own")),
        (("--open-role", "viewer"), ("open: everybody", "may come in, and follow events;")),
        (("--enrolment", "invited"), ("invited: only who brings an invitation",)),
        (("--insecure",), ("open: no peer proves its key",)),
    ],
)
def test_who_may_do_what(stub: type[Stub], flags: tuple[str, ...], words: tuple[str, ...]) -> None:
    """At its start it says who may come in and do what, and what that means."""
    out = run(*flags).stdout
    for said in (*words, "hosted, finished and ruled on by the key that created it"):
        assert said in out


def test_json(stub: type[Stub]) -> None:
    """With --json every line is an object, the last one the sum."""
    lines = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert stub.identity is not None
    assert lines == [
        {
            "type": "listening",
            "address": str(BrokerAddress("127.0.0.1", 5670, stub.identity.public)),
            "metrics": None,
        },
        {"type": "stopped", "requests": 2, "refusals": 0},
    ]


def test_metrics_page_is_told(stub: type[Stub]) -> None:
    """With --metrics it says where the page is."""
    for flags in ((), ("--json",)):
        told = run("--metrics", "127.0.0.1:0", *flags)
        assert "metrics at http://127.0.0.1:" in told.stderr
        assert "metrics at" not in told.stdout


def test_a_broker_that_does_not_start(stub: type[Stub]) -> None:
    """Its error comes out, and nothing says that it listens."""
    stub.error = AddressTaken("tcp://127.0.0.1:5670 is in use")
    result = CliRunner().invoke(command, [])
    assert isinstance(result.exception, AddressTaken)
    assert "listening" not in result.stdout
