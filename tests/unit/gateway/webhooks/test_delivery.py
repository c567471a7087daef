"""Webhooks: what comes next, when it is tried again, what is signed, where it may go."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from touchline.gateway.feed.channel import Channel, FeedTurn, Standing
from touchline.gateway.webhooks import delivery as deliveries
from touchline.gateway.webhooks.delivery import ATTEMPTS, Delivery, Webhook
from touchline.protocol import codec
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.errors import BadMessage, NotAllowed
from touchline.protocol.messages import Alarm, Card, Entry, Evidence, FeedMessage, Finished

WALL = 1_700_000_000_000_000

CARD = Card(event="e", title="A v B", sport="football", origins=["A", "B"])


def entry(seq: int, title: str = "goal") -> Entry:
    return Entry(
        event="e", epoch=1, seq=seq, entry_id=str(seq), status="CONFIRMED", title=title,
        origin="A", time=seq, first_reported=seq, accepted=seq, sent=seq,
        evidence=Evidence(for_=2),
    )  # fmt: skip


def alarm(seq: int) -> Alarm:
    return Alarm(event="e", epoch=1, seq=seq, sent=seq, last_received=1)


class Feed:
    """A channel, and what was published on it."""

    def __init__(self, history: int = 1 << 20) -> None:
        self.channel = Channel(CARD, history)
        self._digest = EMPTY
        self._seq = 0

    def publish(self, *messages: FeedMessage, restarted: bool = False) -> Feed:
        if restarted:
            self._digest, self._seq = EMPTY, 0
        trail = b""
        for message in messages:
            self._digest = chain(self._digest, codec.encode(message))
            trail += self._digest
            self._seq = message.seq
        stand = Standing(epoch=1, seq=self._seq, digest=self._digest, whole=True)
        self.channel.take(FeedTurn(stand, messages, trail, restarted))
        return self


def hook(**fields: object) -> Webhook:
    usual: dict[str, object] = {
        "id": "h", "event": "e", "url": "https://x/", "secret": "s" * 16, "created": 1,
        "types": list(deliveries.TYPES),
    }  # fmt: skip
    return Webhook(**{**usual, **fields})  # type: ignore[arg-type]  # a test's own


def deliver(one: Webhook, channel: Channel) -> list[int]:
    """Take everything that comes."""
    seqs: list[int] = []
    while (delivery := deliveries.following(one, channel, WALL)) is not None:
        assert len(seqs) < 2_000
        seqs.append(delivery.seq)
        deliveries.taken(one, channel, delivery)
    return seqs


def test_in_order():
    """What follows the position is delivered in order, each once."""
    feed = Feed().publish(entry(1), entry(2))
    one = hook()
    assert deliver(one, feed.channel) == [1, 2]
    assert deliver(one, feed.publish(alarm(3)).channel) == [3]
    assert (one.seq, one.delivered) == (3, 3)


def test_the_same_until_taken():
    """What is not taken is the next one again, under the same id and with the same bytes."""
    feed = Feed().publish(entry(1), entry(2))
    one = hook()
    first = deliveries.following(one, feed.channel, WALL)
    assert first == deliveries.following(one, feed.channel, WALL)
    deliveries.taken(one, feed.channel, first)
    assert deliveries.following(one, feed.channel, WALL) != first


def test_types():
    """What is not wanted is passed over, and the position with it."""
    feed = Feed().publish(entry(1), alarm(2), entry(3), alarm(4))
    one = hook(types=["alarm"])
    assert deliver(one, feed.channel) == [2, 4]
    two = hook(types=["finished"])
    assert deliver(two, feed.channel) == []
    assert two.seq == 4


def test_from_the_end():
    """One that begins at the end is told what is published after it was first looked at."""
    feed = Feed().publish(entry(1))
    one = hook(at_end=True)
    assert deliver(one, feed.channel) == []
    assert deliver(one, feed.publish(entry(2)).channel) == [2]


def test_the_end():
    """With the end of the event, all of it delivered, the hook is done."""
    feed = Feed().publish(entry(1), Finished(event="e", epoch=1, seq=2, sent=2))
    one = hook()
    assert deliver(one, feed.channel) == [1, 2]
    assert one.status == "done"
    deliveries.again(one, 1)
    assert (one.status, deliver(one, feed.channel)) == ("active", [2])


def test_after_the_end():
    """While reports still count after the end, the hook waits for what comes of them."""
    end = Finished(event="e", epoch=1, seq=1, sent=2, until=WALL)
    feed = Feed().publish(end)
    one = hook()
    assert deliver(one, feed.channel) == [1]
    assert one.status == "active"
    assert deliver(one, feed.publish(entry(2)).channel) == [2]
    assert deliveries.following(one, feed.channel, WALL + 1) is None
    assert one.status == "done"


def test_another_feed():
    """Where the host has another feed all of it is delivered, under other ids, whether it is
    shorter, or as long."""
    for news in ([entry(1, "corner")], [entry(1, "corner"), entry(2)]):
        feed = Feed().publish(entry(1), entry(2))
        one = hook()
        before = deliveries.following(one, feed.channel, WALL)
        deliver(one, feed.channel)
        feed.publish(*news, restarted=True)
        after = deliveries.following(one, feed.channel, WALL)
        assert (before.seq, after.seq) == (1, 1)
        assert before.id != after.id
        assert deliver(one, feed.channel) == [each.seq for each in news]


def test_what_is_no_longer_kept():
    """What the gateway no longer has is counted as skipped; the rest is delivered."""
    feed = Feed(history=1)
    feed.publish(*(entry(seq) for seq in range(1, 1_500)))
    first = feed.channel.feed.first
    assert first > 1
    one = hook()
    assert deliver(one, feed.channel)[0] == first
    assert one.skipped == first - 1


def test_pauses():
    """Pauses double from a second up to five minutes; chance takes at most half of one away."""
    assert [deliveries.pause(n, 1.0) for n in (1, 2, 3, 9, 10, 1_000)] == [1, 2, 4, 256, 300, 300]
    assert deliveries.pause(4, 0.0) == 4.0
    one = hook()
    deliveries.failed(one, "no", 1_000_000, 1.0)
    assert (one.attempts, one.due, one.trouble) == (1, 2_000_000, "no")


def test_given_up():
    """After so many failures in a row, or at once where the receiver has gone, it is given up; a
    success begins to count anew."""
    feed = Feed().publish(entry(1))
    one = hook()
    for _ in range(ATTEMPTS - 1):
        deliveries.failed(one, "no", 1, 0.5)
    assert one.status == "active"
    deliveries.taken(one, feed.channel, Delivery("x", 1, b""))
    assert (one.attempts, one.due, one.trouble) == (0, 0, "")
    for _ in range(ATTEMPTS):
        assert one.status == "active"
        deliveries.failed(one, "no", 1, 0.5)
    assert one.status == "given_up"
    two = hook()
    deliveries.failed(two, "gone", 1, 0.5, gone=True)
    assert two.status == "given_up"
    deliveries.again(two, None)
    assert (two.status, two.attempts, two.seq) == ("active", 0, 0)


def test_sign():
    """The signature is HMAC-SHA256 over the time, a dot, and the body."""
    mac = hmac.new(b"secret", b"1700000000.{}", hashlib.sha256).hexdigest()
    assert deliveries.sign("secret", 1_700_000_000, b"{}") == f"t=1700000000,v1={mac}"


def test_target():
    """A URL is taken apart as a request needs it."""
    assert deliveries.target("https://x.example:8443/a/b?c=d#e", plain=False) == (
        True, "x.example", 8443, "/a/b?c=d", "x.example:8443",
    )  # fmt: skip
    assert deliveries.target("http://[::1]", plain=True) == (False, "::1", 80, "/", "[::1]")


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "//x", "https://", "ftp://x/", "file:///etc/passwd", "https://u:p@x/",
        "https://u@x/", "https://x:99999/", "https://x:0/", "https://x:y/", "https://x/ y",
        "https://x/\r\nHost: y", "https://ü.example/", "https://[::1/",
    ],
)  # fmt: skip
def test_no_target(url):
    """A URL that is not valid is refused."""
    with pytest.raises(BadMessage):
        deliveries.target(url, plain=True)


def test_plain_http():
    """Unencrypted only where it is allowed."""
    with pytest.raises(NotAllowed):
        deliveries.target("http://x/", plain=False)
    assert not deliveries.target("http://x/", plain=True).tls


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::",
        "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "fec0::1", "192.0.0.8",
        "192.88.99.1", "192.31.196.1", "192.175.48.1", "64:ff9b:1::1", "2001:1::1", "3fff::1",
        "5f00::1", "100:0:0:1::1", "2620:4f:8000::1", "::ffff:192.0.0.8", "64:ff9b::7f00:1",
        "64:ff9b::a00:1", "2002:7f00:1::", "2002:0a00:0001::1", "::7f00:1",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(address):
    """Nothing goes to this machine, this network, or in disguise to either."""
    with pytest.raises(NotAllowed):
        deliveries.check_address(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_addresses_that_are_allowed(address):
    """Addresses of the public Internet are allowed."""
    deliveries.check_address(address)


def test_the_secret_is_told_once():
    """Only a new registration shows it."""
    assert deliveries.registered(hook()).secret == "s" * 16
    assert not hasattr(deliveries.shown(hook()), "secret")
