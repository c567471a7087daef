"""What clients of the lobby say: version 1 as existing web clients say it, and version 2.

The first message tells what the connection is for, and in which version it is spoken. Of version 1
only the fields that it has are looked at: whatever else an existing client sends is its own affair.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ..protocol.errors import BadMessage, TooLarge, UnknownType, WrongVersion

NAME_CHARS = 100
"""A user, a lobby's or a prompt's id."""

TEXT_CHARS = 200
"""What stands beside a score."""

TOKEN_CHARS = 64

_Name = (
    Annotated[str, Meta(min_length=1, max_length=NAME_CHARS)]
    | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
)
_Token = Annotated[str, Meta(max_length=TOKEN_CHARS)]


class _Said(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A message of a client."""


class WaitStart(_Said, tag="wait_start", kw_only=True, frozen=True):
    """Wait for the start of a prompt."""

    user: _Name
    lobby_id: _Name
    prompt_id: _Name


class Start(_Said, tag="start", kw_only=True, frozen=True):
    """Let it begin, for everyone who waits."""


class Leaderboard(_Said, tag="leaderboard", kw_only=True, frozen=True):
    """Watch the leaderboard of a prompt."""

    lobby_id: _Name
    prompt_id: _Name


class LeaderboardUpdate(_Said, tag="leaderboard_update", kw_only=True, frozen=True):
    """Say that the leaderboard has changed."""

    lobby_id: _Name
    prompt_id: _Name


class LobbyPrompts(_Said, tag="lobby_prompts", kw_only=True, frozen=True):
    """Watch the prompts of a lobby."""

    lobby_id: _Name


class LobbyPromptsUpdate(_Said, tag="lobby_prompts_update", kw_only=True, frozen=True):
    """Say that the prompts have changed."""


class WaitStart2(WaitStart, tag="wait_start", kw_only=True, frozen=True):
    """Wait for the start. `resume` is the token of a place held before, `host_key` a host's."""

    ready: bool = False
    resume: _Token = ""
    host_key: _Token = ""


class Start2(_Said, tag="start", kw_only=True, frozen=True):
    """Let it begin. A host who does not wait names the prompt."""

    prompt_id: _Name = ""


class Ready(_Said, tag="ready", kw_only=True, frozen=True):
    """Say whether one is ready."""

    ready: bool


class Leave(_Said, tag="leave", kw_only=True, frozen=True):
    """Give up one's place."""


class Host(_Said, tag="host", kw_only=True, frozen=True):
    """Become the host of a lobby, or, with the key got then, be it again."""

    lobby_id: _Name
    key: _Token = ""


class LeaderboardUpdate2(LeaderboardUpdate, tag="leaderboard_update", kw_only=True, frozen=True):
    """Put somebody's score on the leaderboard; without one, say that it has changed."""

    user: _Name | None = None
    score: Annotated[float, Meta(ge=-1e15, le=1e15)] | None = None
    text: Annotated[str, Meta(max_length=TEXT_CHARS)] = ""


class Ping(_Said, tag="ping", kw_only=True, frozen=True):
    """Measure the way there and back."""

    time: Annotated[int, Meta(ge=-(2**53), le=2**53)] | float = 0


Version1 = WaitStart | Start | Leaderboard | LeaderboardUpdate | LobbyPrompts | LobbyPromptsUpdate
Version2 = (
    WaitStart2
    | Start2
    | Ready
    | Leave
    | Host
    | Leaderboard
    | LeaderboardUpdate2
    | LobbyPrompts
    | LobbyPromptsUpdate
    | Ping
)
Said = Version1 | Version2


class _Versioned(Struct):
    """The one field that tells the version; whatever stands there means 1 unless it is a number."""

    version: object = 1


_version = msgspec.json.Decoder(_Versioned).decode
_decoders = {1: msgspec.json.Decoder(Version1).decode, 2: msgspec.json.Decoder(Version2).decode}


def check_size(text: str | bytes, most: int) -> None:
    """Refuse a message that is too large, unread.

    Raises:
        TooLarge: it has more than `most` bytes.
    """
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    if size > most:
        raise TooLarge(f"message of {size:,} bytes, at most {most:,} allowed")


def version(text: str | bytes) -> Literal[1, 2]:
    """Return the version that a connection's first message asks for.

    Raises:
        BadMessage: it is no JSON object.
        WrongVersion: it asks for one that is not spoken here.
    """
    try:
        asked = _version(text).version
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadMessage(f"not a JSON object: {error}") from None
    if asked == 2:
        return 2
    if isinstance(asked, int) and asked > 2:
        raise WrongVersion(f"version {asked} of the lobby; 1 and 2 are spoken here")
    return 1


def read(text: str | bytes, spoken: Literal[1, 2]) -> Said:
    """Return what a message says.

    Args:
        text: the WebSocket message.
        spoken: the connection's version.

    Raises:
        UnknownType, BadMessage: nothing but these, whatever the text.
    """
    try:
        return _decoders[spoken](text)  # type: ignore[no-any-return]  # each of them is Said
    except msgspec.ValidationError as error:
        sentence = str(error)
        if sentence.startswith("Invalid value") and sentence.endswith("`$.type`"):
            raise UnknownType(f"unknown type: {sentence}") from None
        raise BadMessage(f"not a message of the lobby: {sentence}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadMessage(f"not JSON: {error}") from None


def encode(**message: object) -> str:
    """Return a message to clients as JSON text."""
    return msgspec.json.encode(message).decode()
