"""A broker on a thread, and who talks to it: links, and bare sockets for what no link sends."""

from __future__ import annotations

import functools
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zmq

from tests.patience import PATIENCE, PATIENCE_MS, patient
from touchline.broker import Broker, Options
from touchline.gateway.feed.follower import Connect
from touchline.peer.identity import load_file
from touchline.peer.link import Link
from touchline.protocol import addresses, codec, keys, messages
from touchline.protocol.keys import Identity


@functools.cache
def identity(name: str) -> Identity:
    """Return the key of somebody of this name."""
    return Identity(hashlib.sha256(name.encode()).digest())


@contextmanager
def running(options: Options) -> Iterator[Broker]:
    """Run a broker in a thread until the block is left."""
    broker = Broker(options, None if options.insecure else identity("broker"))
    thread = threading.Thread(target=broker.run)
    thread.start()
    try:
        assert broker.ready.wait(PATIENCE), "the broker did not start"
        yield broker
    finally:
        broker.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the broker did not end"


def place(broker: Broker) -> str:
    """Return where a broker listens, for another to bind."""
    found = addresses.broker(broker.address)
    return f"{found.host}:{found.port}"


def link(address: str, name: str, *, invite: str = "", called: str = "") -> Link:
    return patient(Link(address, called or name, identity(name), invite=invite))


def connecting(address: str) -> Connect:
    """Return what gives a gateway its links: people's with keys of their own, kept on disk."""

    def connect(
        name: str = "",
        roles: Sequence[messages.Role] = (),
        folder: Path | None = None,
        context: zmq.Context[Any] | None = None,
        *,
        invite: str = "",
        behind: str = "",
    ) -> Link:
        key = identity("gateway") if folder is None else load_file(folder / "identity")
        return Link(address, name or "gateway", key, roles, context, invite=invite, behind=behind)

    return connect


@contextmanager
def dealer(
    address: str, name: str = "bare", routing_id: bytes = b"", server: bytes = b""
) -> Iterator[zmq.Socket[bytes]]:
    """A bare socket, for what no link would send."""
    context: zmq.Context[Any] = zmq.Context()
    bare: zmq.Socket[bytes] = context.socket(zmq.DEALER)
    bare.linger = 0
    broker, own = addresses.broker(address), identity(name)
    if not broker.plain:
        bare.setsockopt(zmq.CURVE_SERVERKEY, keys.curve_key(server or broker.key))
        bare.setsockopt(zmq.CURVE_PUBLICKEY, own.curve_public)
        bare.setsockopt(zmq.CURVE_SECRETKEY, own.curve_secret)
    bare.routing_id = routing_id or keys.routing_id(own.curve_public, os.urandom(16))
    bare.connect(broker.endpoint)
    try:
        yield bare
    finally:
        bare.close()
        context.term()


def ask(bare: zmq.Socket[bytes], request: object) -> messages.BrokerReply:
    bare.send(codec.encode(request))
    assert bare.poll(PATIENCE_MS), "no reply"
    return codec.decode_broker_reply(bare.recv())


def hello(name: str, **fields: Any) -> messages.Hello:
    return messages.Hello(**{"id": 1, "name": name, "key": identity(name).public, **fields})


def reply_to(bare: zmq.Socket[bytes]) -> messages.Error:
    assert bare.poll(PATIENCE_MS), "no reply"
    reply = codec.decode_broker_reply(bare.recv())
    assert isinstance(reply, messages.Error)
    return reply
