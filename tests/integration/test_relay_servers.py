"""A relay at servers of NATS as operators run them: a cluster, one that is full, one with JWTs."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.nats import NatsServer, running
from touchline.protocol import relay as names
from touchline.runtime.nats_client import NatsOptions

from .conftest import World
from .test_relay import RelayWorld, same

pytest.importorskip("nats", reason="no package nats-py")


def ask(url: str, request: Callable[[Any], Awaitable[Any]]) -> Any:
    """Ask JetStream; return its answer."""

    async def answer() -> Any:
        import nats

        client = await nats.connect(url)
        try:
            return await request(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(answer())


# ── a cluster ────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def cluster(folder: Path) -> Iterator[list[NatsServer]]:
    """Give three servers that keep a stream together."""
    with ExitStack() as held:
        free = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        ports = [one.getsockname()[1] for one in free]
    routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
    servers = [
        NatsServer(
            folder / f"n{number}",
            f"server_name: n{number}\n"
            f"cluster {{ name: C, listen: 127.0.0.1:{port}, routes: [{routes}] }}",
        )
        for number, port in enumerate(ports)
    ]
    with ExitStack() as stack:
        for server in servers:
            server.start()
            stack.callback(server.stop)
        yield servers


def test_servers_of_a_cluster_die_in_turn(world: World, tmp_path: Path) -> None:
    """With a stream on three servers each of them is killed once: the relay and its subscribers go
    on at the others, and each message is there once."""
    with cluster(tmp_path) as servers:
        scene = RelayWorld(world, servers[0])
        url = ",".join(server.url for server in servers)
        host = scene.host()
        relay = scene.relay(url=url, replicas=3)
        there, ann = scene.feed(scene.link(url=url)), world.reporter("ann")
        equal = same(host, world.event, there)
        scene.say(10, ann)
        world.until(lambda: ann.pending == 0 and equal(), ann, there, what="the feed")
        info = ask(servers[1].url, lambda stream: stream.stream_info(names.STREAM))
        assert info.config.num_replicas == 3
        for server in servers:
            server.stop(signal.SIGKILL)
            scene.say(5, ann)
            what = "the feed without a server"
            world.until(lambda: ann.pending == 0 and equal(), ann, there, what=what)
            server.start()
            world.until(lambda: _whole(servers[0].url), ann, there, what="all servers again")
        assert scene.seqs() == list(range(1, host.events[world.event].feed.seq + 1))
        assert there.tracker.counters.diverged == 0
        (one,) = relay.events.values()
        assert one.core.behind == 0


def _whole(url: str) -> bool:
    """Return whether all servers have what the stream has."""
    try:
        info = ask(url, lambda stream: stream.stream_info(names.STREAM))
    except Exception:  # there is no leader yet; nats-py raises many kinds
        return False
    others = info.cluster.replicas or [] if info.cluster else []
    return len(others) == 2 and all(one.current and not one.offline for one in others)


# ── a stream that is full ────────────────────────────────────────────────────────────────────────


def test_a_stream_that_is_full(world: World, tmp_path: Path) -> None:
    """It takes nothing more, and nothing is lost from its start; the relay says why it is behind,
    and goes on once there is room. The host and its own subscribers do not notice."""
    with running(tmp_path / "nats") as nats:
        scene = RelayWorld(world, nats)
        _limit(nats.url, 8_000, make=True)
        host = scene.host()
        relay = scene.relay()
        there, direct, ann = scene.feed(), world.feed(), world.reporter("ann")
        scene.say(60, ann)
        level = same(host, world.event, direct)
        world.until(
            lambda: ann.pending == 0 and level(), ann, direct, there, what="the host's feed"
        )
        (one,) = relay.events.values()
        world.until(lambda: "is full" in one.trouble, ann, there, what="why it is behind")
        assert one.core.behind > 0
        assert 0 < len(scene.seqs()) < host.events[world.event].feed.seq
        world.until(lambda: _all_read(scene, there), ann, there, what="what had room")
        _limit(nats.url, 1_000_000)
        equal = same(host, world.event, there)
        world.until(equal, ann, there, what="the feed, once there is room")
        world.until(lambda: one.trouble == "", ann, there, what="no trouble any more")
        assert scene.seqs() == list(range(1, host.events[world.event].feed.seq + 1))


def _all_read(scene: RelayWorld, feed: Any) -> bool:
    """Return whether a subscriber has all that is in the stream, which is its start."""
    return scene.seqs() == list(range(1, feed.tracker.seq + 1))


def _limit(url: str, size: int, *, make: bool = False) -> None:
    """Make the stream with room for some bytes, or change how many these are."""
    from nats.js.api import DiscardPolicy, StreamConfig

    config = StreamConfig(
        name=names.STREAM,
        subjects=[f"{names.FEEDS}.*", f"{names.CARDS}.*"],
        discard=DiscardPolicy.NEW,
        max_bytes=size,
    )
    ask(url, lambda stream: (stream.add_stream if make else stream.update_stream)(config))


# ── credentials of an operator ───────────────────────────────────────────────────────────────────


class Operator:
    """Signs accounts and users, as `nsc` does."""

    def __init__(self, nkeys: Any) -> None:
        self._nkeys = nkeys
        self.pair = self.new(nkeys.PREFIX_BYTE_OPERATOR)[1]
        self.account = self.new(nkeys.PREFIX_BYTE_ACCOUNT)[1]

    def new(self, kind: int) -> tuple[bytes, Any]:
        """Return a new key's seed, and the key."""
        seed = self._nkeys.encode_seed(os.urandom(32), kind)
        return bytes(seed), self._nkeys.from_seed(bytearray(seed))

    @staticmethod
    def signed(by: Any, subject: Any, name: str, claims: dict[str, Any]) -> str:
        """Return a JWT of NATS's."""
        body = {
            "jti": name,
            "iat": int(time.time()),
            "iss": by.public_key.decode(),
            "sub": subject.public_key.decode(),
            "name": name,
            "nats": {**claims, "version": 2},
        }
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        parts = [_text(json.dumps(part).encode()) for part in (head, body)]
        return ".".join([*parts, _text(by.sign(".".join(parts).encode()))])

    @property
    def settings(self) -> str:
        """The server's configuration."""
        free = dict.fromkeys(
            ("subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage",
             "disk_storage", "streams", "consumer"), -1,
        )  # fmt: skip
        limits: dict[str, Any] = {"limits": {**free, "wildcards": True}, "type": "account"}
        own = self.signed(self.pair, self.pair, "operator", {"type": "operator"})
        system = self.new(self._nkeys.PREFIX_BYTE_ACCOUNT)[1]
        bare = {"limits": {**limits["limits"], "mem_storage": 0, "disk_storage": 0}}
        accounts = {
            self.account.public_key.decode(): self.signed(self.pair, self.account, "club", limits),
            system.public_key.decode(): self.signed(
                self.pair, system, "system", {**bare, "type": "account"}
            ),
        }
        preloaded = "\n".join(f"{named}: {account}" for named, account in accounts.items())
        return (
            f"operator: {own}\nsystem_account: {system.public_key.decode()}\n"
            f"resolver: MEMORY\nresolver_preload {{\n{preloaded}\n}}\n"
        )

    def credentials(self, path: Path, name: str, *, may_publish: list[str]) -> NatsOptions:
        """Write the credentials file of a new user."""
        seed, pair = self.new(self._nkeys.PREFIX_BYTE_USER)
        claims = {
            "type": "user",
            "pub": {"allow": may_publish},
            "sub": {},
            **dict.fromkeys(("subs", "data", "payload"), -1),
        }
        token = self.signed(self.account, pair, name, claims)
        path.write_text(
            f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{seed.decode()}\n------END USER NKEY SEED------\n"
        )
        return NatsOptions(nats_credentials=str(path))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def test_credentials_of_an_operator(world: World, tmp_path: Path) -> None:
    """A relay and a viewer come in with credentials files; the viewer's permits no writing."""
    nkeys = pytest.importorskip("nkeys", reason="no package nkeys")
    operator = Operator(nkeys)
    writer = operator.credentials(tmp_path / "relay.creds", "relay", may_publish=[">"])
    reading = ["$JS.API.CONSUMER.CREATE.>", "$JS.API.STREAM.MSG.GET.>", "$JS.FC.>"]
    viewer = operator.credentials(tmp_path / "viewer.creds", "viewer", may_publish=reading)
    with running(tmp_path / "nats", operator.settings) as nats:
        scene = RelayWorld(world, nats)
        host = scene.host()
        relay = scene.relay(who=writer)
        there, ann = scene.feed(scene.link(who=viewer)), world.reporter("ann")
        scene.say(5, ann)
        equal = same(host, world.event, there)
        world.until(lambda: ann.pending == 0 and equal(), ann, there, what="the feed")
        (own,) = relay.events.values()
        assert own.core.counters.stored == there.tracker.seq
        (forged,) = scene.relay("forger", who=viewer).events.values()
        world.until(lambda: forged.core.counters.failed or forged.trouble, ann, what="a refusal")
        assert forged.core.counters.stored == 0
