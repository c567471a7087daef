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
from ...protocol.errors import BadMessage, EventOver, NotAllowed, from_wire
from ...protocol.messages import Carried, Said
from ...runtime.timers import earliest
from ..connection import HostConnection
from ..link import Link
from ..session import Session

log = logging.getLogger(__name__)

OFFERED = 100
"""The most reports of one offer: verifying them takes the other host some milliseconds."""

ANSWER_SECONDS = 2.0
"""How long an answer is waited for before the same is offered again."""

GIVE_UP_SECONDS = 30.0
"""How long the other host may leave all offers unanswered. The next start offers them again."""


class Offer:
    """The reports of one event, on their way to the host that has it now.

    Args:
        event: its id.
        reports: each with its reporter, in their order; see `recovery.carried_in`.
        link: the link to the broker.
        now: monotonic seconds.
    """

    def __init__(
        self, event: str, reports: Iterable[tuple[Carried, Said]], link: Link, now: float
    ) -> None:
        self.done = False
        """Whether nothing is left to do."""
        self._event = event
        self._offers = deque(_offers(reports))
        self._session = Session(event, "host", brief=True)
        self._connection = HostConnection(self._session, link)
        self._asked = 0  # the id of the offer that is under way; 0: there is none
        self._again_at = 0.0  # monotonic; when it is made again
        self._give_up_at = now + GIVE_UP_SECONDS
        self._offered = self._new = 0  # reports
        if not self._offers:
            self.done = True

    @property
    def sockets(self) -> list[Any]:
        """The sockets that a poller has to watch."""
        return self._connection.sockets

    def next_timer(self) -> float | None:
        """Return when `pump` wants to be called next (monotonic seconds)."""
        again_at = self._again_at if self._session.open else None
        return earliest(self._connection.next_timer(), again_at, self._give_up_at)

    def pump(self, now: float, wall: int) -> None:
        """Send and receive.

        Args:
            now: monotonic seconds.
            wall: microseconds since 1970 UTC.
        """
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
                case _:
                    pass
        if self._session.failure is not None:
            self._end(self._session.failure.sentence)
        elif now >= self._give_up_at:
            self._end("the host that has the event does not answer")
        elif not self.done and self._session.open and now >= self._again_at:
            self._send(now)

    def _send(self, now: float) -> None:
        self._asked = self._session.request_id()
        self._again_at = now + ANSWER_SECONDS
        offer = messages.Recover(id=self._asked, event=self._event, carried=self._offers[0])
        self._connection.send(codec.encode(offer))

    def _answered(self, reply: messages.Recovered, now: float) -> None:
        self._asked, self._again_at = 0, now
        self._give_up_at = now + GIVE_UP_SECONDS
        self._offered += sum(len(one.reports) for one in self._offers.popleft())
        self._new += reply.new
        if not self._offers:
            log.warning(
                "%s: the host that has the event was offered %d reports of this journal; it had"
                " not had %d of them", self._event, self._offered, self._new,
            )  # fmt: skip
            self.done = True

    def _end(self, reason: str) -> None:
        if not self.done:
            left = sum(len(one.reports) for offer in self._offers for one in offer)
            log.error("%s: %d reports stay in this journal alone: %s", self._event, left, reason)
        self.done = True

    def close(self) -> None:
        """Close the sockets to the other host."""
        self._connection.close()


def _offers(reports: Iterable[tuple[Carried, Said]]) -> Iterable[list[Carried]]:
    """Yield the reports in offers that keep the bounds of a frame."""
    offer: dict[str, Carried] = {}
    count = size = 0
    for reporter, said in reports:
        carried = replace(reporter, reports=[said])
        more = len(codec.encode(carried))
        if count == OFFERED or size + more > limits.FRAME_BYTES // 2:
            if offer:
                yield list(offer.values())
            offer, count, size = {}, 0, 0
        known = offer.get(reporter.peer, carried)
        if known is not carried:
            known.reports.append(said)
        offer[reporter.peer] = known
        count, size = count + 1, size + more
    if offer:
        yield list(offer.values())
