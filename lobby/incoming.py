"""The messages of the lobby's clients: version 1, as existing web clients send it, and version 2.

The first message gives the connection its purpose and its version. In version 1, unknown fields are
ignored: an existing client may send some for its own use. Pure.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ..protocol.errors import BadMessage, TooLarge, UnknownType, WrongVersion
from ..protocol.text import clean
from .connection import Spot

NAME_CHARS = 100
"""The most characters of a user's name, a lobby's id or a prompt's id."""

TEXT_CHARS = 200
"""The most characters of the text beside a score."""

TOKEN_CHARS = 64
"""The most characters of a token or key."""

_Name = (
    Annotated[str, Meta(min_length=1, max_length=NAME_CHARS)]
    | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
)
_Token = Annotated[str, Meta(max_length=TOKEN_CHARS)]


class _Incoming(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A message of a client."""


class WaitStart(_Incoming, tag="wait_start", kw_only=True, frozen=True):
    """Wait for the start of a prompt."""

    user: _Name
    lobby_id: _Name
    prompt_id: _Name


class StartPrompt(_Incoming, tag="start", kw_only=True, frozen=True):
    """Start the prompt for all who wait."""


class Leaderboard(_Incoming, tag="leaderboard", kw_only=True, frozen=True):
    """Watch the leaderboard of a prompt."""

    lobby_id: _Name
    prompt_id: _Name


class LeaderboardUpdate(_Incoming, tag="leaderboard_update", kw_only=True, frozen=True):
    """Announce that the leaderboard has changed."""

    lobby_id: _Name
    prompt_id: _Name


class LobbyPrompts(_Incoming, tag="lobby_prompts", kw_only=True, frozen=True):
    """Watch the prompts of a lobby."""

    lobby_id: _Name


class LobbyPromptsUpdate(_Incoming, tag="lobby_prompts_update", kw_only=True, frozen=True):
    """Announce that the prompts have changed."""


class WaitStart2(WaitStart, tag="wait_start", kw_only=True, frozen=True):
    """Wait for the start. `resume` is the token of a place, `host_key` the host's key."""

    ready: bool = False
    resume: _Token = ""
    host_key: _Token = ""


class StartPrompt2(_Incoming, tag="start", kw_only=True, frozen=True):
    """Start the prompt. A host that does not wait names it."""

    prompt_id: _Name = ""


class Ready(_Incoming, tag="ready", kw_only=True, frozen=True):
    """Set whether the person is ready."""

    ready: bool


class LeavePlace(_Incoming, tag="leave", kw_only=True, frozen=True):
    """Give up the place."""


class BecomeHost(_Incoming, tag="host", kw_only=True, frozen=True):
    """Become the host of a lobby, or become it again with the host's key."""

    lobby_id: _Name
    key: _Token = ""


class LeaderboardUpdate2(LeaderboardUpdate, tag="leaderboard_update", kw_only=True, frozen=True):
    """Put a score on the leaderboard; without a score, announce that it has changed."""

    user: _Name | None = None
    score: Annotated[float, Meta(ge=-1e15, le=1e15)] | None = None
    text: Annotated[str, Meta(max_length=TEXT_CHARS)] = ""


class LobbyPing(_Incoming, tag="ping", kw_only=True, frozen=True):
    """Measure the round trip."""

    time: Annotated[int, Meta(ge=-(2**53), le=2**53)] | float = 0


Version1 = (
    WaitStart | StartPrompt | Leaderboard | LeaderboardUpdate | LobbyPrompts | LobbyPromptsUpdate
)
Version2 = (
    WaitStart2
    | StartPrompt2
    | Ready
    | LeavePlace
    | BecomeHost
    | Leaderboard
    | LeaderboardUpdate2
    | LobbyPrompts
    | LobbyPromptsUpdate
    | LobbyPing
)
LobbyMessage = Version1 | Version2


class _Versioned(Struct):
    """The field of the version; any value but a number means 1."""

    version: object = 1


_version = msgspec.json.Decoder(_Versioned).decode
_decoders = {1: msgspec.json.Decoder(Version1).decode, 2: msgspec.json.Decoder(Version2).decode}


def check_size(text: str | bytes, most: int) -> None:
    """Check the size of a message before it is read.

    Raises:
        TooLarge: the message has more than `most` bytes.
    """
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    if size > most:
        raise TooLarge(f"message of {size:,} bytes, at most {most:,} allowed")


def version(text: str | bytes) -> Literal[1, 2]:
    """Return the version that a connection's first message asks for.

    Raises:
        BadMessage: the message is not a JSON object.
        WrongVersion: there is no such version.
    """
    try:
        asked = _version(text).version
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadMessage(f"not a JSON object: {error}") from None
    if asked == 2:
        return 2
    if isinstance(asked, int) and asked > 2:
        raise WrongVersion(f"version {asked} of the lobby is not known; 1 and 2 are")
    return 1


def read(text: str | bytes, version: Literal[1, 2]) -> LobbyMessage:
    """Return a message.

    Args:
        text: the WebSocket message.
        version: of the connection.

    Raises:
        UnknownType: the type is not known.
        BadMessage: the text is not valid in any other way.
    """
    try:
        return _decoders[version](text)  # type: ignore[no-any-return]  # each is a LobbyMessage
    except msgspec.ValidationError as error:
        sentence = str(error)
        if sentence.startswith("Invalid value") and sentence.endswith("`$.type`"):
            raise UnknownType(f"unknown type: {sentence}") from None
        raise BadMessage(f"not a message of the lobby: {sentence}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadMessage(f"not JSON: {error}") from None


def name_of(user: str | int) -> str:
    """Return a user's name as it is kept, cleaned as names of peers are.

    Raises:
        BadMessage: nothing in the name can be seen, or it holds control characters.
    """
    return clean("user", str(user))


def spot_of(message: WaitStart | Leaderboard | LeaderboardUpdate) -> Spot:
    """Return the lobby and the prompt that a message names."""
    return str(message.lobby_id), str(message.prompt_id)
