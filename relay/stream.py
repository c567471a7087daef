"""What a relay asks of NATS: the stream, its last messages, and one more."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ..peer.stream_link import StreamRecord, last_record, read_card
from ..protocol import codec, relay
from ..protocol.errors import Conflict, PeerError, StorageFault
from ..protocol.messages import Relayed
from .core import Store, StoredMessage, replaces
from .options import Options

if TYPE_CHECKING:
    from nats.aio.client import Client

CARD_TRIES = 5
"""How often a card is tried to be stored while other relays store theirs."""


class RelayStream:
    """The stream, as a relay writes it. Its methods return what `NatsClient.call` takes.

    Args:
        options: name and replicas of the stream.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    def look_up(self, event: str) -> Callable[[Client], Coroutine[Any, Any, StoredMessage | None]]:
        """Find the last message of an event's feed; None: there is none.

        Raises:
            StorageFault: it is no relay's: nothing may be added to it.
        """

        async def find(client: Client) -> StoredMessage | None:
            await self._make(client)
            found = await last_record(
                client, self._options.stream, relay.subject(relay.FEEDS, event)
            )
            if found is None:
                return None
            try:
                return StoredMessage(found.number, relay.place(found.headers))
            except PeerError as error:
                raise StorageFault(f"the stream has, for {event}, {error.sentence}") from None

        return find

    def store(self, event: str, message: Store) -> Callable[[Client], Coroutine[Any, Any, int]]:
        """Store a message; the coroutine returns its sequence in the stream.

        Raises:
            Conflict: another message is the last, or this one is there already.
        """

        async def put(client: Client) -> int:
            answer = await client.jetstream().publish(
                relay.subject(relay.FEEDS, event),
                message.body,
                stream=self._options.stream,
                headers=relay.headers(event, message.place, message.expected),
            )
            if answer.duplicate:
                raise Conflict("the message is in the stream already")
            return answer.seq

        return put

    def put_card(self, card: Relayed, epoch: int) -> Callable[[Client], Coroutine[Any, Any, bool]]:
        """Store a card where it is newer than the last; the coroutine returns whether it was.

        Args:
            card: the event.
            epoch: of the host that has described it so.
        """
        from nats.js.errors import APIError

        from ..runtime.nats_client import WRONG_LAST

        subject = relay.subject(relay.CARDS, card.event)

        async def put(client: Client) -> bool:
            await self._make(client)
            for _ in range(CARD_TRIES):
                found = await last_record(client, self._options.stream, subject)
                if not replaces(card, epoch, *_described(found)):
                    return False
                headers = {
                    relay.EXPECTED: str(found.number if found else 0),
                    relay.EPOCH: str(epoch),
                }
                try:
                    await client.jetstream().publish(
                        subject, codec.encode(card), stream=self._options.stream, headers=headers
                    )
                except APIError as error:
                    if error.err_code != WRONG_LAST:
                        raise
                else:
                    return True
            raise Conflict(f"other relays change the card of {card.event}")

        return put

    async def _make(self, client: Client) -> None:
        """Make the stream where it is not there; one that is there is used as it is."""
        from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
        from nats.js.errors import NotFoundError

        manager = client.jsm()
        try:
            await manager.stream_info(self._options.stream)
        except NotFoundError:
            await manager.add_stream(
                StreamConfig(
                    name=self._options.stream,
                    description="feeds of Touchline, put there by touchline relay",
                    subjects=[f"{relay.FEEDS}.*", f"{relay.CARDS}.*"],
                    retention=RetentionPolicy.LIMITS,
                    # Where it is full it takes nothing more, rather than lose the start of a feed.
                    discard=DiscardPolicy.NEW,
                    storage=StorageType.FILE,
                    num_replicas=self._options.replicas,
                )
            )


def _described(found: StreamRecord | None) -> tuple[Relayed | None, int]:
    """Return the card of a record and the epoch of the host that it is of."""
    if found is None:
        return None, 0
    try:
        return read_card(found.content), int(found.headers.get(relay.EPOCH, "0"))
    except (PeerError, ValueError):
        return None, 0
