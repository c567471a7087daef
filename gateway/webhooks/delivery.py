"""Webhooks: the next delivery, when it is tried again, and how it is signed. Pure.

| status     | means                                                                     |
|------------|---------------------------------------------------------------------------|
| `active`   | messages are delivered in order, each until the receiver takes it         |
| `done`     | the event is over, its reports count no more, and all was delivered       |
| `given_up` | one delivery failed too often, or the receiver answered 410 (Gone)        |

A webhook has a position on the feed: all messages up to it have been delivered or are not wanted.
The digest at the position shows whether the feed is still the same.
"""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from ...protocol.digest import EMPTY
from ...protocol.errors import BadMessage, NotAllowed
from ...protocol.messages import Count, FeedMessage, Id, Text
from ...protocol.times import to_rfc3339
from ..feed.channel import Channel

FIRST_PAUSE = 1.0
"""Seconds from the first failure to the next attempt; doubles each time."""

LONGEST_PAUSE = 300.0
"""The most seconds between two attempts."""

ATTEMPTS = 15
"""Failures of one delivery after which the webhook is given up: about half an hour."""

URL_CHARS = 1_000

FRESH_SECONDS = 300
"""The age up to which a receiver should accept a signature."""

GONE = 410

TYPES = tuple(str(kind.__struct_config__.tag) for kind in get_args(FeedMessage))
"""The types of messages that can be delivered: all that have a place on the feed."""

if TYPE_CHECKING:
    FeedType = str
else:
    FeedType = Literal[TYPES]

_EMBEDS_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Addresses whose last 32 bits are an IPv4 address that a translator reaches (RFC 6052)."""

_SPECIAL = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "::/127", "::ffff:0:0/96",
            "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32",
            "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
            "fec0::/10",
        ),
    )
)  # fmt: skip
"""The special-purpose addresses of IANA's registries (RFC 6890), and what was site-local before
(RFC 3879). The library's own list differs between versions of Python."""


class WebhookRequest(Struct, frozen=True, kw_only=True):
    """A webhook that an operator registers.

    The messages after the position `from` are delivered; `end`: only messages to come.
    """

    url: Annotated[str, Meta(min_length=1, max_length=URL_CHARS)]
    secret: Annotated[str, Meta(min_length=16, max_length=200)] | None = None
    types: Annotated[list[FeedType], Meta(min_length=1, max_length=len(TYPES))] = field(
        default_factory=lambda: list(TYPES)
    )
    from_: Literal["end", "start"] | Count = field(default="end", name="from")


class Webhook(Struct, kw_only=True):
    """One registered webhook.

    Args:
        id: made by the gateway.
        event, url, types: as registered.
        secret: the key of the signatures.
        created: when it was registered, microseconds since 1970 UTC.
        seq, digest: the position; an empty digest: not known yet.
        at_end: whether it begins at the end of the feed, once the feed is known.
        status: see above.
        delivered: messages that the receiver has taken.
        skipped: messages that the gateway no longer kept when they were due.
        attempts: failures of the next delivery so far.
        due: when the next delivery is tried, microseconds since 1970 UTC; 0: now.
        trouble: why the newest attempt failed.
    """

    id: Id
    event: Id
    url: str
    secret: str
    types: list[FeedType]
    created: int
    seq: int = 0
    digest: bytes = b""
    at_end: bool = False
    status: Literal["active", "done", "given_up"] = "active"
    delivered: int = 0
    skipped: int = 0
    attempts: int = 0
    due: int = 0
    trouble: Text = ""


class Delivery(NamedTuple):
    """One message to deliver.

    Args:
        id: of this message alone, the same at each attempt.
        seq: its place on the feed.
        body: JSON.
    """

    id: str
    seq: int
    body: bytes


def following(hook: Webhook, channel: Channel, wall: int) -> Delivery | None:
    """Return the next delivery of a webhook; None where there is none.

    The webhook moves past the messages that it does not want.

    Args:
        hook: an active webhook.
        channel: of its event, whose feed is known.
        wall: microseconds since 1970 UTC.
    """
    _find_place(hook, channel)
    while hook.seq < channel.seq:
        (body,) = channel.feed.payloads(hook.seq, 1)
        seq = hook.seq + 1
        if _type(body) in hook.types:
            mark = channel.digest(seq)[:6].hex()
            return Delivery(f"{hook.id}-{seq}-{mark}", seq, body)
        _move(hook, channel, seq)
    if channel.closed(wall):
        hook.status = "done"
    return None


def _find_place(hook: Webhook, channel: Channel) -> None:
    """Find the position of a webhook on the feed as it is now."""
    if hook.at_end:
        hook.at_end = False
        _move(hook, channel, channel.seq)
    another = hook.digest not in (b"", channel.digest(hook.seq)) if hook.seq else False
    if hook.seq > channel.seq or another:
        _move(hook, channel, 0)  # the host has another feed, of which no message was delivered
    kept_from = channel.feed.first - 1
    if hook.seq < kept_from:
        hook.skipped += kept_from - hook.seq
        _move(hook, channel, kept_from)


def _move(hook: Webhook, channel: Channel, seq: int) -> None:
    hook.seq, hook.digest = seq, channel.digest(seq) if seq else EMPTY


def taken(hook: Webhook, channel: Channel, delivery: Delivery) -> None:
    """Record that the receiver has taken a delivery."""
    _move(hook, channel, delivery.seq)
    hook.delivered += 1
    hook.attempts, hook.due, hook.trouble = 0, 0, ""


def failed(hook: Webhook, trouble: str, wall: int, chance: float, *, gone: bool = False) -> None:
    """Record that a delivery has failed, and when it is tried again.

    Args:
        hook: the webhook.
        trouble: the reason, in a sentence.
        wall: microseconds since 1970 UTC.
        chance: random, from 0 to 1, so that not all webhooks of one receiver try at once.
        gone: whether the receiver answered that it takes no more.
    """
    hook.attempts += 1
    hook.trouble = trouble[:1_000]
    if gone or hook.attempts >= ATTEMPTS:
        hook.status = "given_up"
        hook.due = 0
        return
    hook.due = wall + round(pause(hook.attempts, chance) * 1e6)


def pause(attempts: int, chance: float) -> float:
    """Return the pause after some failures, seconds: from half of the full pause to all of it."""
    full = min(FIRST_PAUSE * 2.0 ** min(attempts - 1, 30), LONGEST_PAUSE)
    return full * (1 + chance) / 2


def again(hook: Webhook, seq: int | None) -> None:
    """Deliver again the messages after a position; None: go on at the webhook's position."""
    hook.status = "active"
    hook.attempts, hook.due, hook.trouble = 0, 0, ""
    if seq is not None:
        hook.seq, hook.digest, hook.at_end = seq, b"", False


def sign(secret: str, seconds: int, body: bytes) -> str:
    """Return the signature of a delivery: `t=SECONDS,v1=HEX`.

    HMAC-SHA256 with the webhook's secret over the time, a dot and the body: neither can be changed,
    and a delivery that was intercepted can't be sent again later.

    Args:
        secret: of the webhook.
        seconds: when it is sent, since 1970 UTC.
        body: of the delivery.
    """
    mac = hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256)
    return f"t={seconds},v1={mac.hexdigest()}"


def _type(body: bytes) -> str:
    start = len(b'{"type":"')
    return body[start : body.index(b'"', start)].decode()


class Target(NamedTuple):
    """The parts of a webhook's URL."""

    tls: bool
    host: str
    port: int
    path: str
    authority: str


def target(url: str, *, plain: bool) -> Target:
    """Return the parts of a URL.

    Args:
        url: as it was registered.
        plain: whether `http` is allowed.

    Raises:
        BadMessage: the URL is not valid.
        NotAllowed: the URL is not encrypted.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise BadMessage("url: some characters need percent-encoding, or punycode in the host")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadMessage(f"url: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadMessage("url: write https://HOST/PATH")
    if parts.username is not None or parts.password is not None:
        raise BadMessage("url: a user or password is not allowed; check the signature instead")
    if parts.scheme == "http" and not plain:
        raise NotAllowed("url: http is not encrypted; see --webhook-http")
    if port == 0:
        raise BadMessage("url: port 0")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, parts.hostname, port or (443 if tls else 80), path, parts.netloc)


def check_address(text: str) -> None:
    """Check that an address is on the public Internet.

    A webhook must not reach services that only this machine or its network can reach.

    Raises:
        NotAllowed: the address is private, of this machine, or a multicast address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        embedded = _embedded(address)
        if embedded is not None:
            check_address(str(embedded))
            return
    if (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or any(address in network for network in _SPECIAL)
    ):
        raise NotAllowed(
            f"url: its address {text} is not on the public Internet; see --webhook-private"
        )


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _EMBEDS_IPV4):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


class WebhookSchema(Struct, frozen=True, kw_only=True, tag="webhook"):
    """A webhook without its secret, which only the answer to the registration holds."""

    id: Id
    event: Id
    url: str
    types: list[FeedType]
    status: Literal["active", "done", "given_up"]
    created: str
    position: Count
    delivered: Count
    skipped: Count
    attempts: Count
    next_attempt: str | None
    trouble: Text


class NewWebhookSchema(WebhookSchema, frozen=True, kw_only=True, tag="webhook"):
    """A new webhook, with its secret."""

    secret: str


def shown(hook: Webhook) -> WebhookSchema:
    """Return a webhook without its secret."""
    return WebhookSchema(**_fields(hook))


def registered(hook: Webhook) -> NewWebhookSchema:
    """Return a new webhook with its secret."""
    return NewWebhookSchema(**_fields(hook), secret=hook.secret)


def _fields(hook: Webhook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "event": hook.event,
        "url": hook.url,
        "types": hook.types,
        "status": hook.status,
        "created": to_rfc3339(hook.created),
        "position": hook.seq,
        "delivered": hook.delivered,
        "skipped": hook.skipped,
        "attempts": hook.attempts,
        "next_attempt": to_rfc3339(hook.due) if hook.due else None,
        "trouble": hook.trouble,
    }
