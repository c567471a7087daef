"""The hosting peer, and the points at which it dies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from touchline.peer.grades.book import Book
from touchline.peer.host.event import records
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.host.service import RETRY_SECONDS, Host
from touchline.protocol import messages
from touchline.protocol.messages import Card
from touchline.protocol.times import SECOND
from touchline.runtime.timers import seconds_left

from .actors import DemoRunner, identity, peer_id, wall
from .disk import Disk
from .invariants import essence, looked_at, readable, same
from .network import Node
from .sockets import Killed, sleep_amid_a_turn
from .violation import demand


class HostNode(Node):
    """The hosting peer, which may die and come back."""

    def __init__(self, stage: DemoRunner, options: HostOptions) -> None:
        super().__init__(stage.network, "host")
        self.options = options
        self.disk = Disk(self._judge_stored, self._judge_turn)
        self.host: Host | None = None
        self.expected: dict[str, Any] | None = None  # what the journal must lead to
        self._stage = stage
        self._amid = 0  # frames that still leave before the host dies while it tells
        self._retry_at = self._beat_at = 0.0  # while nothing can be stored

    @property
    def core(self) -> HostedEvent | None:
        """The event, while it is served."""
        return None if self.host is None else self.host.events.get(self._stage.card.event)

    def start(self) -> None:
        """Start the process."""
        if self.running:
            return
        self.begin()
        self.disk.doom = ""
        self.network.acting = self
        self._stage.ledger.began()
        journal: Any = self.disk
        self.host = host = Host(
            self.options,
            identity("host"),
            journal,
            (self._stage.card.event,),
            lambda: wall(self.network),
        )
        context: Any = host._context
        watched: Any = host
        fence = host._fence

        def fence_and_tell(event: HostedEvent) -> None:
            self._stage.tell("host", "is without its lease")
            self._stage.watchman.stopped(self.network.now)
            fence(event)

        watched._fence = fence_and_tell
        context.published = self._published
        context.replied = self._replied
        self.ready()

    def turn(self) -> float | None:
        """One turn of the loop in `Host.run`."""
        host = self.host
        if host is None:
            raise AssertionError("a host that is not there has a turn")
        try:
            if host._uncommitted:
                return self._wait_for_room(host)
            host._turn()
        except Killed:
            if self.host is host:
                self.die()
            return None
        demand(not host.lost, f"the host has lost its event: {host.lost}")
        if host._uncommitted:
            self._retry_at = self.network.now + RETRY_SECONDS
            self._beat_at = self.network.now
            return self.network.now
        return self.network.now + seconds_left(self.network.now, host.next_timer())

    def _wait_for_room(self, host: Host) -> float | None:
        """One round of the loop in `Host._wait_for_room`."""
        now = self.network.now
        self._stage.watchman.excuse(now + RETRY_SECONDS)
        if now >= self._beat_at:
            self._beat_at = now + self.options.heartbeat
            host._publish_trouble()
        if now >= self._retry_at:
            self._retry_at = now + RETRY_SECONDS
            host._commit()
        else:
            host._answer_meanwhile(now)
        if not host._uncommitted:
            return now
        return min(self._retry_at, self._beat_at, host.leases.next_timer())

    def _judge_stored(self, turn: bytes) -> None:
        for record in self._stage.ledger.committed(turn):
            self._judge(record)

    def _judge(self, record: Any) -> None:
        network, watchman = self._stage.network, self._stage.watchman
        match record:
            case messages.Alarm():
                # When it was raised; where the disk was full it is told later.
                raised = network.now - (wall(network) - record.sent) / SECOND
                watchman.alarm(raised, record.number)
            case records.PresenceChanged():
                watchman.presence(
                    record.peer, network.now, present=record.present, left=record.left
                )

    def _judge_turn(self) -> None:
        core = self.core
        if core is not None:
            self._stage.verdicts.turn_over(core)

    def doom(self, where: str) -> None:
        """Let the host die soon: `before` a commit, `after` it, or `amid` telling of it."""
        if self.running:
            self.disk.doom = where
            self._amid = self._stage.rng.randint(0, 3)

    @property
    def asking(self) -> bool:
        """Whether a request for the lease is under way."""
        host = self.host
        return host is not None and any(
            held.asked == "lease" for held in host.leases._leases.values()
        )

    def sleep(self, seconds: float) -> None:
        """Let all others go on, in the middle of a turn.

        Raises:
            Killed: the process was killed meanwhile.
        """
        sleep_amid_a_turn(self, lambda: self.host, seconds)

    def die_doomed(self) -> None:
        """End the process where it is still doomed: it had nothing to commit."""
        if self.disk.doom:
            self.disk.doom = ""
            self.die()

    def die(self) -> None:
        """End the process at this point."""
        host, self.host = self.host, None
        if host is None:
            return
        self._stage.tell("host", f"dies {self.disk.doom or 'between turns'}")
        core = host.events.get(self._stage.card.event)
        if core is not None and not host._dirty and not host._uncommitted and not self.disk.doom:
            self.expected = essence(core)
        self.disk.doom = ""
        host._waker.close()  # first: the watchman may have to complain
        self._stage.watchman.stopped(self.network.now)
        self.drop()

    def _published(self, frame: bytes) -> None:
        self._may_die()
        self._stage.ledger.published(frame)

    def _replied(self, node: Node, frame: bytes) -> None:
        self._may_die()
        self._stage.ledger.replied(peer_id(node.name), frame)

    def _may_die(self) -> None:
        if self.disk.doom == "amid":
            self._amid -= 1
            if self._amid < 0:
                raise Killed

    def hosted(self, card: Card, options: HostOptions, book: Book | None) -> HostedEvent:
        """Return an event with an eye on what the host hears.

        It tells the watchman of signs of life, and compares what a journal leads to.
        """
        event = HostedEvent(card, options, book)
        stage, watchman = self._stage, self._stage.watchman
        restore, start, attach, revoke = event.restore, event.start, event.attach, event.revoke
        ping, report, detach, resume = event.ping, event.report, event.detach, event.resume

        def contact(peer: Participant) -> None:
            if peer.role == "reporter":
                watchman.contact(peer.peer, stage.network.now, finished=event.finished)

        def restore_and_compare(blobs: Iterable[bytes]) -> None:
            with readable():
                restore(blobs)
            if self.expected is not None:
                same(self.expected, essence(event))
                self.expected = None

        def watch_anew(now: float, wall: int) -> None:
            silent = event.outage.state == "suspended"
            last = now - (wall - stage.ledger.alarmed_wall) / SECOND if silent else None
            watchman.began(now, last, finished=event.finished)

        def start_and_tell(epoch: int, now: float, wall: int) -> None:
            stage.tell("host", f"serves epoch {epoch} from seq {event.feed.seq}")
            watch_anew(now, wall)
            start(epoch, now, wall)
            looked_at(event)

        def resume_and_tell() -> None:
            stage.tell("host", f"has its lease again, at seq {event.feed.seq}")
            watch_anew(stage.network.now, wall(stage.network))
            stage.verdicts.goes_on(wall(stage.network))
            resume()

        def attach_and_tell(
            grant: messages.Grant, request: messages.Attach, report_token: str, arrived: int
        ) -> Participant:
            if grant.role == "reporter":
                watchman.stays(grant.peer, not request.brief)
            peer = attach(grant, request, report_token, arrived)
            contact(peer)
            return peer

        def revoke_and_tell(peers: Iterable[str]) -> list[Participant]:
            out = revoke(peers)
            for one in out:
                stage.tell("host", f"puts {one.name} out")
                if one.role == "reporter":
                    watchman.leaves(one.peer, stage.network.now)
            return out

        def ping_and_tell(peer: Participant, announced: int | None = None) -> None:
            contact(peer)
            ping(peer, announced)

        def report_and_tell(peer: Participant, message: Any, frame: bytes) -> None:
            contact(peer)
            report(peer, message, frame)

        def detach_and_tell(peer: Participant) -> None:
            contact(peer)
            detach(peer)
            if peer.role == "reporter":
                watchman.leaves(peer.peer, stage.network.now)

        watched: Any = event
        watched.restore, watched.start = restore_and_compare, start_and_tell
        watched.attach, watched.revoke = attach_and_tell, revoke_and_tell
        watched.ping, watched.report = ping_and_tell, report_and_tell
        watched.detach, watched.resume = detach_and_tell, resume_and_tell
        return event
