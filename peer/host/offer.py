"""What a host offers that has lost an event: the reports of its journal, to the host that has it.

It joins the event as a host, attaches there, and sends an offer at a time: the next one when the
last was answered. What is offered twice counts once, so that an offer is simply sent again where no
answer comes.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from ...protocol import codec, limits, messages
from ...protocol.errors import BadMessage, EventOver, NotAllowed, StorageFault, from_wire
from ...protocol.messages import Carried, Said, Voted
from ...runtime.timers import earliest
from ..connection import HostConnection
from ..link import Link
from ..session import Session
from .event.recovery import READ, Gathering, size_of

log = logging.getLogger(__name__)

OFFERED = 100
"""The most reports of one offer: verifying them takes the other host some milliseconds."""

ANSWER_SECONDS = 2.0
"""How long an answer is waited for before the same is offered again."""

GIVE_UP_SECONDS = 30.0
"""How long the other host may leave all offers unanswered. The next start offers them again."""

BUSY_SECONDS = 300.0
"""How long it may put one offer off, since it has enough to do."""


class Offer:
    """The reports of one event, on their way to the host that has it now.

    Args:
        event: its id.
        gathering: of what there is to offer; it is read some at each `pump`.
        link: the link to the broker.
        now: monotonic seconds.
    """

    def __init__(self, event: str, gathering: Gathering, link: Link, now: float) -> None:
        self.done = False
        """Whether nothing is left to do."""
        self._event = event
        self._gathering = gathering
        self._offers: deque[list[Carried]] = deque()
        self._session = Session(event, "host", brief=True)
        self._connection = HostConnection(self._session, link)
        self._asked = 0  # the id of the offer that is under way; 0: there is none
        self._again_at = 0.0  # monotonic; when it is made again
        self._give_up_at = now + GIVE_UP_SECONDS
        self._busy_until = now + BUSY_SECONDS
        self._offered = self._new = 0  # reports

    @property
    def sockets(self) -> list[Any]:
        """The sockets that a poller has to watch."""
        return self._connection.sockets

    def next_timer(self) -> float | None:
        """Return when `pump` wants to be called next (monotonic seconds)."""
        if not self._gathering.done:
            return 0.0  # at once
        again_at = self._again_at if self._session.open else None
        return earliest(self._connection.next_timer(), again_at, self._give_up_at)

    def pump(self, now: float, wall: int) -> None:
        """Send and receive.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
        if not self._gathering.done:
            self._gather(now)
            return
        for reply in self._connection.pump(now, wall):
            match reply:
                case messages.Recovered() if reply.id == self._asked:
                    self._answered(reply, now)
                case messages.Error() if reply.id == self._asked:
                    error = from_wire(reply.code, reply.reason)
                    if isinstance(error, EventOver | NotAllowed | BadMessage):
                        self._end(error.sentence)
                    else:
                        self._again_at = now + ANSWER_SECONDS / 2
                        self._give_up_at = min(now + GIVE_UP_SECONDS, self._busy_until)
                case _:
                    pass
        if self._session.failure is not None:
            self._end(self._session.failure.sentence)
        elif now >= self._give_up_at:
            self._end("the host that has the event does not answer")
        elif not self.done and self._session.open and now >= self._again_at:
            self._send(now)

    def _gather(self, now: float) -> None:
        try:
            self._gathering.read(READ)
        except StorageFault as fault:
            log.error("%s: nothing is offered to the other host: %s", self._event, fault.sentence)
            self.done = True
            return
        if self._gathering.done:
            if self._gathering.rulings:
                log.warning(
                    "%s: %d rulings of its owners are in this journal alone: they are made again at"
                    " the host that has the event", self._event, self._gathering.rulings,
                )  # fmt: skip
            self._offers.extend(_offers(self._gathering.items()))
            self._give_up_at, self._busy_until = now + GIVE_UP_SECONDS, now + BUSY_SECONDS
            self.done = not self._offers

    def _send(self, now: float) -> None:
        self._asked = self._session.request_id()
        self._again_at = now + ANSWER_SECONDS
        offer = messages.Recover(id=self._asked, event=self._event, carried=self._offers[0])
        self._connection.send(codec.encode(offer))

    def _answered(self, reply: messages.Recovered, now: float) -> None:
        self._asked, self._again_at = 0, now
        self._give_up_at, self._busy_until = now + GIVE_UP_SECONDS, now + BUSY_SECONDS
        self._offered += sum(size_of(one) for one in self._offers.popleft())
        self._new += reply.new
        if not self._offers:
            log.warning(
                "%s: the host that has the event was offered %d reports of this journal; it had"
                " not had %d of them", self._event, self._offered, self._new,
            )  # fmt: skip
            self.done = True

    def _end(self, reason: str) -> None:
        if not self.done:
            left = sum(size_of(one) for offer in self._offers for one in offer)
            log.error("%s: %d reports stay in this journal alone: %s", self._event, left, reason)
        self.done = True

    def close(self) -> None:
        """Close the sockets to the other host."""
        self._connection.close()


def _offers(items: Iterable[tuple[Carried, Said | Voted]]) -> Iterable[list[Carried]]:
    """Yield what is offered in offers that keep the bounds of a frame: no votes with what they may
    be about, so that this is decided before."""
    offer: dict[str, Carried] = {}
    count = size = 0
    kind: type = Said
    for reporter, one in items:
        more = len(codec.encode(reporter)) + len(codec.encode(one))
        if count == OFFERED or size + more > limits.FRAME_BYTES // 2 or type(one) is not kind:
            if offer:
                yield list(offer.values())
            offer, count, size, kind = {}, 0, 0, type(one)
        if reporter.peer not in offer:
            offer[reporter.peer] = replace(reporter, reports=[], votes=[])
        known = offer[reporter.peer]
        if isinstance(one, Said):
            known.reports.append(one)
        else:
            known.votes.append(one)
        count, size = count + 1, size + more
    if offer:
        yield list(offer.values())
