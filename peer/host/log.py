"""The lines of a host's log about what its events have come to. Pure."""

from __future__ import annotations

import logging

from ...protocol import codec
from ...protocol.messages import Alarm, Entry, Finished, Receipt, Report, ReportBatch, Restored
from ...runtime.logs import note, report_id
from .event import records
from .event.event import HostedEvent
from .event.intake import said_in
from .event.turn import Output

TEXTS = {
    Alarm: "no reporter is heard; the event is suspended",
    Restored: "an outage was reconstructed",
    Finished: "an event is over, or goes on",
}
"""What is logged of messages that are no entries."""


class HostLog:
    """Writes lines about what is stored and published; call it after the commit.

    Args:
        logger: the host's.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def sent(self, event: HostedEvent, out: Output) -> None:
        """Write what a turn of an event has led to, if that is written."""
        if not self._logger.isEnabledFor(logging.INFO):
            return
        if self._logger.isEnabledFor(logging.DEBUG):
            self._stored(event, out)
        for frame in out.publish:
            self._published(codec.decode_published(codec.split_topic(frame)[1]))

    def _published(self, message: object) -> None:
        match message:
            case Entry():
                note(
                    self._logger,
                    logging.INFO,
                    "an entry was published",
                    event=message.event,
                    entry=message.entry_id,
                    seq=message.seq,
                    status=message.status,
                    delay_status=message.delay_status,
                    title=message.title,
                    origin=message.origin,
                    by=message.by,
                )
            case Alarm() | Restored() | Finished():
                about = {"event": message.event, "seq": message.seq}
                note(self._logger, logging.INFO, TEXTS[type(message)], **about)

    def _stored(self, event: HostedEvent, out: Output) -> None:
        """Write a line for each report that was stored, and for each fate that is told."""
        event_id, peers = event.card.event, {}
        by_token = {}
        for one in event.roster.participants.values():
            peers[one.stored_as] = peers[one.report_token] = by_token[one.token] = one.peer
        for record, _ in records.unpack(out.commit) if out.commit else ():
            if isinstance(record, Report | ReportBatch):
                peer = peers.get(record.token, "")
                for said in said_in(record):
                    self._write(event_id, peer, said.n, "a report was stored")
        for token, frame in out.receipts:
            receipt = codec.decode_host_reply(frame)
            if isinstance(receipt, Receipt):
                for fate in receipt.fates:
                    about = {"outcome": fate.outcome, "entry": fate.entry_id, "code": fate.code}
                    self._write(
                        event_id, by_token.get(token, ""), fate.n, "a fate is told", **about
                    )

    def _write(self, event_id: str, peer: str, n: int, text: str, **about: object) -> None:
        ids = {"event": event_id, "peer": peer, "report": report_id(peer, n), **about}
        note(self._logger, logging.DEBUG, text, **ids)
