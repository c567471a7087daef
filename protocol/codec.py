"""The codec: a message is one frame of MessagePack, and decoding checks the types of its fields.

See section 4 of `docs/PROTOCOL.md`. A frame on PUB is the event id, a zero byte, then the body.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from . import limits, messages
from .errors import BadMessage, TooLarge, UnknownType

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
"""encode(message) -> bytes: return a message as one MessagePack map."""


def encode_request(message: messages.Message, within: float) -> bytes:
    """Return a request to the broker as a frame.

    Args:
        message: the request.
        within: seconds for which its answer is waited for.
    """
    fields = msgspec.to_builtins(message, builtin_types=(bytes,))
    return _encoder.encode({**fields, "within": within})


class Decoder(Generic[T]):
    """Decodes the frames of one socket.

    Args:
        union: the message types that the socket takes.
        limit: the most bytes of a frame; a larger frame is refused without decoding it.
    """

    def __init__(self, union: object, limit: int = limits.FRAME_BYTES) -> None:
        self._decode = msgspec.msgpack.Decoder(union, ext_hook=_no_extension).decode
        self._limit = limit

    def __call__(self, frame: bytes) -> T:
        """Return the message in a frame.

        Raises:
            TooLarge, UnknownType, BadMessage: any bytes raise one of these errors or none.
        """
        if len(frame) > self._limit:
            raise TooLarge(f"frame of {len(frame):,} bytes, at most {self._limit:,} allowed")
        try:
            return self._decode(frame)  # type: ignore[no-any-return]  # the union is T
        except msgspec.ValidationError as error:
            raise _refusal(str(error)) from None
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise BadMessage(f"not a MessagePack message: {error}") from None


def _no_extension(code: int, _: memoryview) -> object:
    raise ValueError(f"extension type {code}; no message holds an extension type")


def _refusal(sentence: str) -> BadMessage | UnknownType:
    """Return UnknownType if the message's type is unknown, otherwise BadMessage.

    msgspec raises the same exception for both; only its sentence differs.
    """
    if sentence.startswith("Invalid value") and sentence.endswith("`$.type`"):
        return UnknownType(f"unknown type: {sentence}")
    return BadMessage(f"not a message of this kind: {sentence}")


decode_broker_request: Decoder[messages.BrokerRequest] = Decoder(messages.BrokerRequest)
decode_group_request: Decoder[messages.GroupRequest] = Decoder(messages.GroupRequest)
decode_broker_reply: Decoder[messages.BrokerReply] = Decoder(
    messages.BrokerReply, limits.BLOCK_BYTES
)
decode_host_request: Decoder[messages.HostRequest] = Decoder(messages.HostRequest)
decode_host_reply: Decoder[messages.HostReply] = Decoder(messages.HostReply, limits.BLOCK_BYTES)
decode_report: Decoder[messages.ReportFrame] = Decoder(messages.ReportFrame)
decode_published: Decoder[messages.Published] = Decoder(messages.Published)
decode_relay: Decoder[messages.RelayMessage] = Decoder(messages.RelayMessage)


def topic(event: str) -> bytes:
    """Return the topic of an event: the bytes that each of its published frames begins with."""
    return event.encode() + b"\0"


def split_topic(frame: bytes) -> tuple[str, bytes]:
    """Return (event id, body) of a frame received on SUB.

    Raises:
        BadMessage: the frame has no topic.
    """
    head, zero, body = frame.partition(b"\0")
    if not zero or len(head) > 4 * limits.ID_CHARS:
        raise BadMessage("a published frame begins with the event id and a zero byte")
    try:
        return head.decode(), body
    except UnicodeDecodeError:
        raise BadMessage("the event id of a published frame is not UTF-8") from None
