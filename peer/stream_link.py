"""The link to NATS, from whose stream subscribers read feeds that relays put there.

with StreamLink("nats://feeds.club.example") as link, Subscriber(event, link) as feed: ...
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, NamedTuple

from ..protocol import codec, relay
from ..protocol.errors import BadMessage, NotFound, PeerError, TouchlineError, Unreachable
from ..protocol.messages import Relayed
from ..runtime import clock
from ..runtime.nats_client import NatsClient, NatsOptions

if TYPE_CHECKING:
    from nats.aio.client import Client


LOOK_SECONDS = 0.1
"""The interval at which who waits for a card looks whether NATS refuses this process."""


class StreamRecord(NamedTuple):
    """A message as it lies in the stream.

    Args:
        number: its sequence there.
        headers: by name.
        content: its bytes.
    """

    number: int
    headers: dict[str, str]
    content: bytes


class StreamLink:
    """A link to NATS.

    Args:
        addresses: of its servers, `nats://HOST:PORT` or `tls://HOST:PORT`, commas between them; a
            user and password may stand before the host.
        options: credentials and certificates.
        name: of this process, for those who look after NATS.
        stream: the name of the stream.

    Raises:
        SettingError: an address or a file is not valid.
    """

    def __init__(
        self,
        addresses: str,
        options: NatsOptions | None = None,
        name: str = "",
        stream: str = relay.STREAM,
    ) -> None:
        self.client = NatsClient(addresses, options, name)
        self.stream = stream

    def __enter__(self) -> StreamLink:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin to connect; `with` does so.

        Raises:
            SettingError: the package for NATS is missing, or a file is not valid.
        """
        self.client.start()

    def close(self) -> None:
        """End the connection; to be called after its subscribers are closed."""
        self.client.close()

    def card(self, event: str, seconds: float = 5.0) -> Relayed:
        """Return an event as its relay describes it.

        Args:
            event: its id.
            seconds: to wait at most, also for the connection.

        Raises:
            NotFound: no relay has put the event there.
            TouchlineError: NATS can't be reached, or refuses this process.
        """
        subject = relay.subject(relay.CARDS, event)
        answers: queue.SimpleQueue[StreamRecord | None] = queue.SimpleQueue()

        async def ask(client: Client) -> None:
            answers.put(await last_record(client, self.stream, subject))

        self.client.attend(ask)
        until = clock.now() + seconds
        try:
            while True:
                try:
                    found = answers.get(timeout=LOOK_SECONDS)
                    break
                except queue.Empty:
                    if self.client.refusal is not None or clock.now() >= until:
                        raise self.fault() from None
        finally:
            self.client.dismiss(ask)
        card = card_of(found, event)
        if card is None:
            raise NotFound(
                f"no event {event!r} in the stream; a relay puts it there: touchline relay {event}"
            )
        return card

    def fault(self) -> TouchlineError:
        """Return why NATS does not answer."""
        trouble = self.client.trouble or f"NATS at {self.client.shown} does not answer"
        return self.client.refusal or Unreachable(trouble)


def read_card(content: bytes) -> Relayed:
    """Return an event as a relay describes it.

    Raises:
        PeerError: it is not valid.
    """
    message = codec.decode_relay(content)
    if not isinstance(message, Relayed):
        raise BadMessage("the stream describes the event by another message")
    return message


def card_of(record: StreamRecord | None, event: str) -> Relayed | None:
    """Return the card in a record; None where there is none of this event."""
    if record is None:
        return None
    try:
        card = read_card(record.content)
    except PeerError:
        return None
    return card if card.card.event == event else None


async def last_record(client: Client, stream: str, subject: str) -> StreamRecord | None:
    """Return the last message of a subject; None where there is none, or no such stream.

    Raises:
        nats.errors.Error, nats.js.errors.Error: NATS refuses, or does not answer.
    """
    from nats.js.errors import NotFoundError

    try:
        found = await client.jetstream().get_last_msg(stream, subject)
    except NotFoundError:
        return None
    return StreamRecord(found.seq or 0, dict(found.headers or {}), found.data or b"")
