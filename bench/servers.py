"""What people would use instead, started on ports of its own, and spoken to in prepared bytes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from . import raw
from .processes import free_port, program

REDIS = "append-only file, fsync always, tally in Lua"
REDIS_PLAIN = "append-only file, fsync always"
NATS = "core NATS, nothing on disk"
JETSTREAM = "JetStream file store; nats-server before 2.10 syncs every 2 minutes"

TALLY = b"""
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 and redis.call('SCARD', KEYS[1]) == tonumber(ARGV[2])
then
  redis.call('XADD', 'entries', '*', 'entry', ARGV[3])
  redis.call('PUBLISH', 'feed', ARGV[3])
  return 1
end
return 0
"""
"""A vote; the one that makes enough leads to an entry, which is stored and published."""


@dataclass(frozen=True)
class Redis:
    """A server, and the digest of the script that counts votes."""

    port: int
    pid: int
    script: bytes

    def vote(self, foul: int, voter: int, needed: int, entry: bytes) -> bytes:
        """Return the command of a vote."""
        key, number = b"foul%d" % foul, b"%d" % voter
        return resp(b"EVALSHA", self.script, b"1", key, number, b"%d" % needed, entry)

    def ask(self, *words: bytes) -> bytes:
        """Return what the server answers to a command, as it comes, in one read."""
        with raw.tcp(self.port) as made:
            made.sendall(resp(*words))
            return made.recv(raw.READ_BYTES)

    def subscribed(self) -> socket.socket:
        """Return a connection that gets the entries."""
        made = raw.tcp(self.port)
        made.sendall(resp(b"SUBSCRIBE", b"feed"))
        made.recv(raw.READ_BYTES)
        return made


@contextmanager
def redis() -> Iterator[Redis]:
    """Run a server of Redis until the context ends."""
    port = free_port()
    with TemporaryDirectory(prefix="touchline-bench-") as folder:
        command = [
            *("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
            *("--maxclients", "9000", "--auto-aof-rewrite-percentage", "0"),
            *("--client-output-buffer-limit", "pubsub 0 0 0"),
        ]
        with program(command, port) as pid, raw.tcp(port) as made:
            made.sendall(resp(b"SCRIPT", b"LOAD", TALLY))
            digest = made.recv(1_000).split(b"\r\n")[1]
            yield Redis(port, pid, digest)


def resp(*words: bytes) -> bytes:
    """Return a command as Redis reads it."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


@dataclass(frozen=True)
class Nats:
    """A server."""

    port: int
    pid: int

    def connected(self) -> socket.socket:
        """Return a connection that is past its greeting."""
        made = raw.tcp(self.port)
        made.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
        answer = b""
        while b"PONG" not in answer:
            answer += made.recv(raw.READ_BYTES)
        return made

    def subscribed(self, subject: bytes) -> socket.socket:
        """Return a connection that gets a subject."""
        made = self.connected()
        made.sendall(b"SUB %s 1\r\nPING\r\n" % subject)
        while b"PONG" not in made.recv(raw.READ_BYTES):
            pass
        return made

    def ask(self, subject: bytes, body: bytes) -> bytes:
        """Return what is answered to a request, as it comes, in one read."""
        with self.connected() as made:
            made.sendall(b"SUB inbox 1\r\n" + published(subject, body, b"inbox"))
            return made.recv(raw.READ_BYTES)

    def keep(self, stream: bytes, subject: bytes) -> None:
        """Make a stream of JetStream's that keeps a subject in files."""
        config = (
            b'{"name":"%s","subjects":["%s"],"retention":"limits","max_consumers":-1,'
            b'"max_msgs":-1,"max_bytes":-1,"max_age":0,"storage":"file","discard":"old",'
            b'"num_replicas":1,"duplicate_window":0}' % (stream, subject)
        )
        answer = self.ask(b"$JS.API.STREAM.CREATE." + stream, config)
        if b'"error"' in answer:
            raise RuntimeError(f"JetStream: {answer!r}")


@contextmanager
def nats() -> Iterator[Nats]:
    """Run a server of NATS with JetStream until the context ends."""
    port = free_port()
    with TemporaryDirectory(prefix="touchline-bench-") as folder:
        config = Path(folder) / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{port}"\nmax_connections: 9000\nmax_pending: 4GB\n'
            f'write_deadline: "60s"\njetstream {{ store_dir: "{folder}/store" }}\n'
        )
        with program(["nats-server", "-c", str(config)], port) as pid:
            yield Nats(port, pid)


def published(subject: bytes, body: bytes, reply_to: bytes = b"") -> bytes:
    """Return a message as NATS reads it."""
    head = b" ".join(one for one in (b"PUB", subject, reply_to, b"%d" % len(body)) if one)
    return head + b"\r\n" + body + b"\r\n"
