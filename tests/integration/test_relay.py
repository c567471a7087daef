"""Feeds by a relay and NATS: what is there is the host's feed, whoever dies in between."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.nats import NatsServer, running
from tests.patience import PATIENCE
from touchline.gateway.app import create_app
from touchline.gateway.options import Options as GatewayOptions
from touchline.gateway.server import GatewayServer
from touchline.peer import Link, Subscriber
from touchline.peer.stream_link import StreamLink
from touchline.protocol import relay as names
from touchline.protocol.errors import NotAllowed, NotFound
from touchline.relay.options import Options
from touchline.relay.service import Relay
from touchline.runtime.nats_client import NatsClient, NatsOptions

from .conftest import WHO, Feed, World
from .talk import connecting
from .test_cli_serving import Process

pytest.importorskip("nats", reason="no package nats-py")

RELAY = (
    WHO
    + """
import sys
from touchline.peer import Link
from touchline.relay.options import Options
from touchline.relay.service import Relay
from touchline.runtime.nats_client import NatsClient
broker, event, nats, name = sys.argv[1:]
client = NatsClient(nats)
client.start()
with Link(broker, name, who(name)) as link:
    relay = Relay(Options(beat=0.3), link, client, [event])
    print("ready", flush=True)
    relay.run()
"""
)


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A NATS server; each event has subjects of its own in its stream."""
    with running(tmp_path_factory.mktemp("nats")) as server:
        yield server


class RelayWorld:
    """A world with relays, and subscribers at NATS.

    Args:
        world: with its broker.
        nats: the server.
    """

    def __init__(self, world: World, nats: NatsServer) -> None:
        self.world = world.with_broker()
        self.nats = nats
        self.said = 0

    def host(self, **options: Any) -> Any:
        """Run a host that takes what one reporter says."""
        return self.world.host(verdict="fixed:1", **options)

    def relay(
        self, name: str = "relay", url: str = "", who: NatsOptions | None = None, replicas: int = 1
    ) -> Relay:
        """Run a relay on a thread."""
        client = NatsClient(url or self.nats.url, who)
        client.start()
        link = Link(self.world.address, name, _identity(name), context=self.world.context)
        made = Relay(Options(beat=0.3, replicas=replicas), link, client, [self.world.event])
        thread = threading.Thread(target=made.run)
        thread.start()
        self.world.stack.callback(link.close)
        self.world.stack.callback(client.close)
        self.world.stack.callback(thread.join, PATIENCE)
        self.world.stack.callback(made.stop)
        return made

    def relay_process(self, name: str = "relay") -> Any:
        """Run a relay as a process."""
        process = self.world.process(
            RELAY, self.world.address, self.world.event, self.nats.url, name
        )
        assert self.world.line(process) == "ready"
        return process

    def link(self, url: str = "", who: NatsOptions | None = None) -> StreamLink:
        """A link to NATS."""
        return self.world.stack.enter_context(StreamLink(url or self.nats.url, who))

    def feed(self, link: StreamLink | None = None) -> Feed:
        """A subscriber at NATS, and what it has got."""
        made = Subscriber(self.world.event, link or self.link())
        return Feed(self.world.stack.enter_context(made))

    def say(self, count: int, reporter: Any) -> None:
        """Have further corners happen, each an entry of its own."""
        for _ in range(count):
            self.said += 1
            reporter.say("corner", "A", time=self.world.at(self.said % 50) + self.said)

    def seqs(self) -> list[int]:
        """The seqs of the event in the stream, in their order there."""
        return [names.place(headers).seq for headers in self.stored()]

    def stored(self) -> list[dict[str, str]]:
        """The headers of the event's messages in the stream."""
        return asyncio.run(_stored(self.nats.url, names.subject(names.FEEDS, self.world.event)))


def _identity(name: str) -> Any:
    from .talk import identity

    return identity(name)


async def _stored(url: str, subject: str) -> list[dict[str, str]]:
    import nats as package
    from nats.js.errors import NotFoundError

    client = await package.connect(url)
    found: list[dict[str, str]] = []
    number = 0
    try:
        while True:
            message = await client.jetstream().get_msg(
                names.STREAM, seq=number + 1, subject=subject, next=True
            )
            number = message.seq or 0
            found.append(dict(message.headers or {}))
    except NotFoundError:
        return found
    finally:
        await client.close()


@pytest.fixture
def scene(world: World, nats: NatsServer) -> RelayWorld:
    return RelayWorld(world, nats)


def same(host: Any, event: str, *feeds: Feed) -> Callable[[], bool]:
    """Tell whether feeds have all that a host has published, with its digest."""

    def equal() -> bool:
        feed = host.events[event].feed
        wanted = feed.seq, feed.digest
        return all((one.tracker.seq, one.tracker.digest) == wanted for one in feeds)

    return equal


def test_the_stream_has_the_hosts_feed(scene: RelayWorld) -> None:
    """Subscribers at NATS, early and late, have the digest of those at the host; the setup, the
    host's heartbeat and its open claims come as well."""
    world, host = scene.world, scene.host()
    scene.relay()
    early, direct = scene.feed(), world.feed()
    ann = world.reporter("ann")
    scene.say(30, ann)
    equal = same(host, world.event, early, direct)
    world.until(lambda: ann.pending == 0 and equal(), ann, early, direct, what="the same feed")
    late = scene.feed()
    world.until(same(host, world.event, late), late, what="the same feed, late")
    world.until(lambda: late.subscriber.core.present == 1, late, ann, what="a heartbeat")
    assert late.seqs == early.seqs == direct.seqs
    assert scene.seqs() == list(range(1, host.events[world.event].feed.seq + 1))
    setup = late.subscriber.setup
    assert setup is not None
    assert setup.card.origins == ["A", "B"]
    assert "goal" in {action.title for action in setup.actions}
    assert late.tracker.counters.lost == early.tracker.counters.lost == 0
    assert late.tracker.counters.history == late.tracker.seq
    digests = [names.place(headers).digest for headers in scene.stored()]
    assert digests[-1] == direct.tracker.digest


def test_nats_dies_in_the_middle(scene: RelayWorld, tmp_path: Any) -> None:
    """Neither the host nor its subscribers notice; when NATS is back, the stream has all, and who
    reads there goes on."""
    with running(tmp_path / "own nats") as nats:
        scene.nats = nats
        world, host = scene.world, scene.host()
        relay = scene.relay()
        there, direct = scene.feed(), world.feed()
        ann = world.reporter("ann")
        scene.say(10, ann)
        equal = same(host, world.event, there, direct)
        world.until(lambda: ann.pending == 0 and equal(), ann, there, direct, what="the feed")
        nats.stop(signal.SIGKILL)
        scene.say(10, ann)
        level = same(host, world.event, direct)
        world.until(lambda: ann.pending == 0 and level(), ann, direct, what="reports without NATS")
        (one,) = relay.events.values()
        world.until(lambda: one.core.behind >= 10 and one.trouble, ann, what="a lag that is seen")
        world.until(lambda: "waiting" in there.notices, ann, there, what="a notice")
        assert one.core.oldest is not None
        nats.start()
        scene.say(5, ann)
        world.until(lambda: ann.pending == 0 and equal(), ann, there, direct, what="all again")
        assert scene.seqs() == list(range(1, host.events[world.event].feed.seq + 1))
        assert there.tracker.counters.diverged == 0
        assert relay.nats.losses == 1
        assert relay.nats.away_seconds > 0


def test_two_relays(scene: RelayWorld) -> None:
    """Each message is there once, also where one of the relays is stopped for a while and wakes."""
    world, host = scene.world, scene.host()
    scene.relay("one")
    process = scene.relay_process("two")
    there, ann = scene.feed(), world.reporter("ann")
    equal = same(host, world.event, there)
    for step in range(4):
        if step == 1:
            process.send_signal(signal.SIGSTOP)
        if step == 3:
            process.send_signal(signal.SIGCONT)
        scene.say(15, ann)
        world.until(lambda: ann.pending == 0 and equal(), ann, there, what="the feed")
    assert scene.seqs() == list(range(1, host.events[world.event].feed.seq + 1))
    assert there.tracker.counters.diverged == 0


def test_a_relay_is_killed_and_starts_again(scene: RelayWorld) -> None:
    """It goes on where the stream ends; a viewer tells a lost relay from a lost host."""
    world = scene.world
    host = scene.host(heartbeat=0.5)
    process = scene.relay_process()
    there, ann = scene.feed(), world.reporter("ann")
    equal = same(host, world.event, there)
    for _ in range(3):
        scene.say(10, ann)
        world.until(lambda: there.tracker.seq > 0, ann, there, what="the beginning")
        world.kill(process)
        scene.say(10, ann)
        world.until(lambda: ann.pending == 0, ann, there, what="receipts")
        process = scene.relay_process()
        world.until(equal, ann, there, what="the feed again")
    assert scene.seqs() == list(range(1, host.events[world.event].feed.seq + 1))
    world.kill(process)
    cause = lambda: there.subscriber.core.cause.kind  # noqa: E731
    world.until(lambda: cause() == "relay_lost", ann, there, what="a lost relay")
    scene.relay_process()
    world.until(lambda: cause() == "quiet", ann, there, what="a relay again")
    world.end(host)
    world.until(lambda: cause() == "host_lost", there, what="a lost host")


PERMITTED = """
authorization {
  users = [
    { user: relay, password: secret, permissions: { publish: [
        "touchline.feed.>", "touchline.card.>", "touchline.beat.>",
        "$JS.API.STREAM.INFO.TOUCHLINE", "$JS.API.STREAM.CREATE.TOUCHLINE",
        "$JS.API.STREAM.MSG.GET.TOUCHLINE" ], subscribe: "_INBOX.>" } }
    { nkey: %s, permissions: { publish: [
        "$JS.API.CONSUMER.CREATE.TOUCHLINE.*.touchline.feed.>",
        "$JS.API.STREAM.MSG.GET.TOUCHLINE", "$JS.FC.>" ],
      subscribe: [ "_INBOX.>", "touchline.beat.>", "touchline.card.>" ] } }
  ]
}
"""


def test_who_may_write(world: World, tmp_path: Any) -> None:
    """With the permissions of docs/RELAY.md the relay writes, a viewer with an NKey reads all and
    can write nothing, and others are not let in."""
    import nkeys

    seed, public = _nkey(nkeys)
    (tmp_path / "viewer.nk").write_bytes(seed)
    viewer = NatsOptions(nats_credentials=str(tmp_path / "viewer.nk"))
    with running(tmp_path / "nats", PERMITTED % public) as nats:
        scene = RelayWorld(world, nats)
        host = scene.host()
        scene.relay(url=nats.url.replace("//", "//relay:secret@"))
        ann = world.reporter("ann")
        scene.say(5, ann)
        there = scene.feed(scene.link(who=viewer))
        equal = same(host, world.event, there)
        world.until(lambda: ann.pending == 0 and equal(), ann, there, what="the feed")
        world.until(lambda: there.subscriber.core.present == 1, there, ann, what="a heartbeat")
        forbidden = scene.relay("forger", who=viewer)
        (one,) = forbidden.events.values()
        world.until(lambda: one.core.counters.failed or one.trouble, ann, what="a refusal")
        assert one.core.counters.stored == 0
        stranger = scene.feed(scene.link())
        with pytest.raises(NotAllowed):
            world.until(lambda: False, stranger)
        with pytest.raises(NotAllowed):
            scene.link().card(world.event, PATIENCE)


def _nkey(nkeys: Any) -> tuple[bytes, str]:
    """A new user's seed and public key."""
    import os

    seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    pair = nkeys.from_seed(bytearray(seed))
    return bytes(seed), pair.public_key.decode()


def test_a_gateway_reads_from_nats(scene: RelayWorld) -> None:
    """It shows what the host has published, past and present, and knows the host's heartbeat."""
    world, host = scene.world, scene.host()
    scene.relay()
    ann = world.reporter("ann")
    scene.say(5, ann)
    options = GatewayOptions(port=0, folder=str(world.folder / "gateway"), source=scene.nats.url)
    app = create_app(options, connecting(world.address), stream=StreamLink(options.source))
    server = GatewayServer(app, options, app.state.gateway.leave)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.listening.wait(PATIENCE)
        url = f"{server.url}/api/events/{world.event}/score"

        def shown() -> bool:
            state = httpx.get(url, timeout=PATIENCE).json()
            feed = host.events[world.event].feed
            found = state["seq"], state["digest"], state["present"], state["ready"]
            return found == (feed.seq, feed.digest.hex(), 1, True)

        world.until(lambda: ann.pending == 0 and shown(), ann, what="the feed at the gateway")
        scene.say(5, ann)
        world.until(lambda: ann.pending == 0 and shown(), ann, what="what is new")
        follower = app.state.gateway.hub.follower
        assert app.state.gateway.unready() == {"feeds": "", "source": ""}
        assert follower.cores[world.event].tracker.counters.lost == 0
    finally:
        server.stop()
        thread.join(PATIENCE)


def test_an_event_that_no_relay_knows(scene: RelayWorld) -> None:
    """It is not found; a subscriber says what it waits for, and goes on when a relay comes."""
    host = scene.host()
    with pytest.raises(NotFound, match="touchline relay"):
        scene.link().card("nothing-of-the-kind", PATIENCE)
    there = scene.feed()
    scene.world.until(lambda: "waiting" in there.notices, there, what="a notice")
    scene.relay()
    scene.world.until(
        lambda: there.subscriber.setup is not None and same(host, scene.world.event, there)(),
        there,
        what="the feed",
    )


def test_the_commands_over_tls(world: World, tmp_path: Any) -> None:
    """`touchline relay` and `touchline watch --source` do the same, encrypted; who does not trust
    the certificate is told so."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    make += ["-subj", "/CN=nats", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*make, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True)
    tls = f'tls {{ cert_file: "{cert}", key_file: "{key}" }}'
    with running(tmp_path / "nats", tls) as nats, ExitStack() as stack:
        scene = RelayWorld(world, nats)
        scene.host()
        ann = world.reporter("ann")
        scene.say(3, ann)
        world.until(lambda: ann.pending == 0, ann, what="receipts")
        url = nats.url.replace("nats:", "tls:")

        def start(*arguments: str) -> Process:
            process = Process(tmp_path / "home", *arguments)
            stack.callback(process.close)
            return process

        trusting = ("--nats-ca", str(cert), "--json")
        relay = start(*("relay", world.event, "--broker", world.address, "--nats", url, *trusting))
        relay.object("relayed")
        watch = start("watch", world.event, "--source", url, *trusting)
        assert watch.object("entry")["seq"] == 1
        assert watch.ends(signal.SIGINT) == 0
        assert relay.ends(signal.SIGTERM) == 0
        assert any('"stopped"' in line for line in relay.said)
        doubting = start("watch", world.event, "--source", url)
        assert doubting.ends() == 8
        assert any("not trusted" in line for line in doubting.said)
