"""A whole host beside a bare loop: it decides reports, commits them and sends receipts.

50 reporters report the same fouls; 17 reports make an entry. The host runs in a process of its own,
with its journal on disk and full sync. The time runs from the first report sent to the receipt of
the last. There are three runs: in plain text, with CURVE, and with CURVE and signed reports. In the
last the host checks as many signatures as an entry takes, which are 17.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import tempfile
import threading
import time
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import zmq
from msgspec.structs import replace

from touchline.broker.options import Options as BrokerOptions
from touchline.broker.service import Broker
from touchline.peer import Host, Journal, Link
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.host.service import spare_collector
from touchline.peer.link.service import lock, own_routing_id
from touchline.protocol import codec, messages, signing
from touchline.protocol.keys import Identity
from touchline.protocol.messages import Endpoints
from touchline.protocol.times import SECOND
from touchline.runtime import clock

REPORTERS = 50

SIGNED_SHARE = 10
"""The run with signatures sends one report for so many of the others: signing takes longest."""

DEADLINE_SECONDS = 120.0


def round_(count: int) -> dict[str, float]:
    """Return one round's figures.

    Args:
        count: the number of reports.
    """
    bare_rate, bare_cpu = _bare(_frames(["0" * 36] * REPORTERS, count))
    plain_rate, plain_cpu = _host(count, secure=False)
    rate, cpu = _host(count)
    signed_rate, signed_cpu = _host(count // SIGNED_SHARE, signed=True)
    return {
        "bare receive and decode, reports/s": bare_rate,
        "decided and committed in plain, reports/s": plain_rate,
        "ratio": plain_rate / bare_rate,
        "with CURVE, reports/s": rate,
        "ratio of CURVE to plain": rate / plain_rate,
        "with CURVE and signed, reports/s": signed_rate,
        "ratio of signed to CURVE": signed_rate / rate,
        "bare, CPU seconds per million": bare_cpu,
        "plain, CPU seconds per million": plain_cpu,
        "CURVE, CPU seconds per million": cpu,
        "signed, CPU seconds per million": signed_cpu,
    }


def _frames(badges: list[str], count: int, event: str = "") -> list[bytes]:
    """Return encoded reports of fouls a minute apart, the last just now; all reporters report each.

    Args:
        badges: the badge of each reporter.
        count: the number of reports.
        event: the event to sign the reports for; they are not signed if it is empty.
    """
    now = clock.wall()
    fouls = count // len(badges)
    keys = [_key(f"r{number}") for number in range(len(badges))]
    frames = []
    for foul in range(fouls):
        at = now - (fouls - foul) * 60 * SECOND
        happening = messages.Happening("foul", ("A", "B")[foul % 2], at)
        for badge, key in zip(badges, keys, strict=True):
            report = messages.Report(token=badge, n=foul + 1, time=at, event=happening)
            if event:
                report = replace(report, signature=key.sign(signing.content(event, report)))
            frames.append(codec.encode(report))
    return frames


def _bare(frames: list[bytes]) -> tuple[float, float]:
    ours, theirs = multiprocessing.Pipe()
    receiver = multiprocessing.get_context("spawn").Process(
        target=_receive, args=(theirs, len(frames))
    )
    receiver.start()
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    push = context.socket(zmq.PUSH)
    push.connect(ours.recv())
    for frame in frames:
        push.send(frame)
    seconds, cpu = ours.recv()
    receiver.join()
    context.destroy()
    return len(frames) / seconds, cpu / len(frames) * 1e6


def _receive(parent: Connection, count: int) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    pull = context.socket(zmq.PULL)
    pull.setsockopt(zmq.RCVHWM, 10_000)
    parent.send(f"tcp://127.0.0.1:{pull.bind_to_random_port('tcp://127.0.0.1')}")
    codec.decode_report(pull.recv())
    started, cpu = time.perf_counter(), _cpu()
    seen = 1
    while seen < count:
        pull.poll()
        try:
            while True:
                codec.decode_report(pull.recv(zmq.NOBLOCK))
                seen += 1
        except zmq.Again:
            pass
    parent.send((time.perf_counter() - started, _cpu() - cpu))
    context.destroy()


def _host(count: int, *, secure: bool = True, signed: bool = False) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        options = BrokerOptions(
            bind="127.0.0.1:0", database=f"sqlite:///{folder}/b.db", insecure=not secure
        )
        broker = Broker(options, _key("broker") if secure else None)
        serving = threading.Thread(target=broker.run)
        serving.start()
        broker.ready.wait()
        try:
            return _with_broker(broker.address, Path(folder), count, signed=signed)
        finally:
            broker.stop()
            serving.join()


def _with_broker(address: str, folder: Path, count: int, *, signed: bool) -> tuple[float, float]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    link = Link(address, "bench", _key("bench"), context=context)
    created = link.ask(
        # It starts in 1970: a minute between fouls, the first of them was weeks ago.
        messages.Create(
            id=0,
            title="Bench",
            sport="football",
            origins=["A", "B"],
            key="bench",
            starts=1,
            hosts=["any"],
        )
    )
    assert isinstance(created, messages.Event)
    ours, theirs = multiprocessing.Pipe()
    host = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, address, str(folder / "h.db"), created.card.event)
    )
    host.start()
    endpoints: Endpoints = ours.recv()
    poller = zmq.Poller()
    badges = []
    pushes = []  # an unsigned report comes over a connection of its reporter's key
    for number in range(REPORTERS):
        name = f"r{number}"
        with Link(address, name, _key(name), context=context) as reporter:
            invitation = reporter.ask(
                messages.Join(id=0, event=created.card.event, role="reporter")
            )
        assert isinstance(invitation, messages.Invitation)
        dealer = context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.LINGER, 0)
        dealer.setsockopt(zmq.ROUTING_ID, own_routing_id(_key(name)))
        if link.secure:
            lock(dealer, _key(name), invitation.key)
        dealer.connect(endpoints.router)
        attach = messages.Attach(id=1, token=invitation.token, time=clock.wall())
        dealer.send(codec.encode(attach))
        setup = codec.decode_host_reply(dealer.recv())
        assert isinstance(setup, messages.Setup)
        badges.append(setup.badge)
        poller.register(dealer, zmq.POLLIN)
        push = context.socket(zmq.PUSH)
        if link.secure:
            lock(push, _key(name), invitation.key)
        push.connect(endpoints.pull)
        pushes.append(push)
    frames = _frames(badges, count, created.card.event if signed else "")
    ours.send("start")
    started = time.perf_counter()
    sender = threading.Thread(target=_send, args=(pushes, frames))
    sender.start()
    _await_receipts(poller, count // REPORTERS)
    seconds = time.perf_counter() - started
    sender.join()
    ours.send("stop")
    cpu, entries = ours.recv()
    if entries != count // REPORTERS:
        raise SystemExit(f"bench: {entries:,} entries for {count // REPORTERS:,} fouls")
    host.join()
    link.close()
    context.destroy(linger=0)
    return len(frames) / seconds, cpu / len(frames) * 1e6


def _send(pushes: list[zmq.Socket[bytes]], frames: list[bytes]) -> None:
    for push, frame in zip(cycle(pushes), frames, strict=False):
        push.send(frame)


def _await_receipts(poller: zmq.Poller, last: int) -> None:
    waiting = {socket for socket, _ in poller.sockets}
    until = clock.now() + DEADLINE_SECONDS
    while waiting:
        if clock.now() > until:
            raise SystemExit(
                f"bench: {len(waiting)} reporters without the last receipt after "
                f"{DEADLINE_SECONDS:g} s"
            )
        for socket, _ in poller.poll(1_000):
            reply = codec.decode_host_reply(_newest(socket))
            if isinstance(reply, messages.Receipt) and reply.n >= last:
                waiting.discard(socket)


def _newest(socket: zmq.Socket[bytes]) -> bytes:
    """Return the last frame that has arrived: a receipt confirms all reports before it."""
    frame = socket.recv()
    while socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:
        frame = socket.recv()
    return frame


def _serve(parent: Connection, broker: str, journal: str, event: str) -> None:
    spare_collector()  # as `touchline host` does
    stored = Journal(f"sqlite:///{journal}")
    host = Host(HostOptions(broker=broker, report_rate=1e9), _key("host"), stored, (event,))
    endpoints = host.endpoints
    serving = threading.Thread(target=host.run)
    serving.start()
    host.ready.wait()
    parent.send(endpoints)
    parent.recv()
    cpu = _cpu()
    parent.recv()
    # Where a turn ends among the reports of a foul, its entry has two versions.
    parent.send((_cpu() - cpu, len(host.events[event].timeline.standing)))
    host.stop()
    serving.join()
    stored.close()


def _key(name: str) -> Identity:
    return Identity(hashlib.sha256(name.encode()).digest())


def _cpu() -> float:
    usage = getrusage(RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
