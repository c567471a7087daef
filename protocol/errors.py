"""The tree of errors, told apart by whose fault it is.

    TouchlineError
    ├── PeerError          theirs: what was sent can't be accepted as it is
    │   ├── BadMessage         BAD_MESSAGE      not MessagePack, or a value of the wrong type
    │   ├── UnknownType        UNKNOWN_TYPE     a message that this socket does not take
    │   ├── TooLarge           TOO_LARGE        over a limit of `limits.py`
    │   ├── WrongVersion       WRONG_VERSION    a protocol version that is not spoken here
    │   ├── UnknownPeer        UNKNOWN_PEER     said something before `hello`
    │   ├── UnknownKey         UNKNOWN_KEY      a key that is not enrolled, where one has to be
    │   ├── WrongKey           WRONG_KEY        a token, id or connection that is another key's
    │   ├── Revoked            REVOKED          an operator has put the peer out
    │   ├── NameTaken          NAME_TAKEN       a name that belongs to another key
    │   ├── BadInvite          BAD_INVITE       an invitation code unknown, used up or expired
    │   ├── BadSignature       BAD_SIGNATURE    a signature that is not the reporter's, or missing
    │   ├── NotFound           NOT_FOUND        no such event, sport or match
    │   ├── NotAllowed         NOT_ALLOWED      the role does not permit it
    │   ├── BadToken           BAD_TOKEN        a token unknown, expired or for another event
    │   ├── BadReport          BAD_REPORT       an action, origin, detail or time that can't be
    │   ├── IllegalAction      ILLEGAL_ACTION   the sport's rules forbid it at this point
    │   ├── Conflict           CONFLICT         another host holds the event, or the key was used
    │   ├── EventOver          EVENT_OVER       the event is finished
    │   └── Overloaded         OVERLOADED       a queue or quota is full; try again later
    ├── EnvironmentFault   the world's: an address in use, a disk, nobody there
    │   ├── Unreachable        UNREACHABLE      no answer from a broker or host in time
    │   ├── Untrusted          UNTRUSTED        the other end does not hold the key it should, or
    │   │                                       does not let this one in
    │   ├── AddressTaken       ADDRESS_TAKEN    a socket could not be bound
    │   ├── StorageFault       STORAGE          the disk or database refused
    │   └── Interrupted        INTERRUPTED      asked to stop before the answer came
    └── SettingError       the operator's: a flag, variable or file with a value that can't be
                           BAD_SETTING

On the wire an error is its code and one sentence. A cause stays in the log of the process in
which it happened. What cannot happen raises `AssertionError` instead.
"""

from __future__ import annotations

from typing import ClassVar


class TouchlineError(Exception):
    """Any error that Touchline raises on purpose.

    Args:
        sentence: one sentence for people, naming both numbers where a bound is meant.
    """

    code: ClassVar[str] = "ERROR"
    exit_code: ClassVar[int] = 1

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class PeerError(TouchlineError):
    """What was sent can't be accepted."""

    code = "REFUSED"
    exit_code = 4


class BadMessage(PeerError):
    """The body is not MessagePack, or a field is missing or has a value of the wrong type."""

    code = "BAD_MESSAGE"


class UnknownType(PeerError):
    """The message's `type` is not one that this socket takes."""

    code = "UNKNOWN_TYPE"


class TooLarge(PeerError):
    """The frame, or a part of it, is over a limit."""

    code = "TOO_LARGE"


class WrongVersion(PeerError):
    """The peer speaks another version of the protocol."""

    code = "WRONG_VERSION"


class UnknownPeer(PeerError):
    """The connection has not said `hello`, or the broker has forgotten it: say `hello` again."""

    code = "UNKNOWN_PEER"


class UnknownKey(PeerError):
    """The key is not enrolled, and the broker asks for an invitation."""

    code = "UNKNOWN_KEY"


class WrongKey(PeerError):
    """A token, a routing id or a `hello` in the hands of a key that it does not belong to."""

    code = "WRONG_KEY"


class Revoked(PeerError):
    """An operator has put the peer out."""

    code = "REVOKED"


class NameTaken(PeerError):
    """The name belongs to the first key that enrolled under it."""

    code = "NAME_TAKEN"


class BadInvite(PeerError):
    """The invitation code is unknown, used up or expired."""

    code = "BAD_INVITE"


class BadSignature(PeerError):
    """The signature is not the reporter's over this content, or there is none where one must be."""

    code = "BAD_SIGNATURE"


class NotFound(PeerError):
    """There is no such event, sport or match."""

    code = "NOT_FOUND"
    exit_code = 3


class NotAllowed(PeerError):
    """The peer's role does not permit this."""

    code = "NOT_ALLOWED"


class BadToken(PeerError):
    """The token is unknown, expired, or for another event."""

    code = "BAD_TOKEN"


class BadReport(PeerError):
    """The report names an action, origin, detail or time that can't be."""

    code = "BAD_REPORT"


class IllegalAction(PeerError):
    """The sport's rules forbid the action at this point; the sentence says why."""

    code = "ILLEGAL_ACTION"


class Conflict(PeerError):
    """Somebody else holds what was asked for."""

    code = "CONFLICT"


class EventOver(PeerError):
    """The event is finished."""

    code = "EVENT_OVER"


class Overloaded(PeerError):
    """A queue or quota is full."""

    code = "OVERLOADED"


class EnvironmentFault(TouchlineError):
    """The world does not cooperate."""

    code = "ENVIRONMENT"


class Unreachable(EnvironmentFault):
    """Nobody answered in time."""

    code = "UNREACHABLE"
    exit_code = 5


class Untrusted(EnvironmentFault):
    """The other end does not hold the key that it should, or does not let this one in."""

    code = "UNTRUSTED"
    exit_code = 8


class AddressTaken(EnvironmentFault):
    """A socket could not be bound."""

    code = "ADDRESS_TAKEN"
    exit_code = 6


class StorageFault(EnvironmentFault):
    """The disk or database refused; nothing was confirmed."""

    code = "STORAGE"
    exit_code = 7


class Interrupted(EnvironmentFault):
    """Asked to stop before the answer came."""

    code = "INTERRUPTED"
    exit_code = 130


class SettingError(TouchlineError):
    """A flag, variable or file holds a value that can't be."""

    code = "BAD_SETTING"
    exit_code = 2


def _tree(root: type[TouchlineError]) -> dict[str, type[TouchlineError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        found |= _tree(child)
    return found


_BY_CODE = _tree(TouchlineError)


def from_wire(code: str, reason: str) -> TouchlineError:
    """Return the exception for an error received from another process.

    An unknown code (of a newer peer) becomes a plain `PeerError` whose sentence keeps the code.
    """
    kind = _BY_CODE.get(code)
    return kind(reason) if kind else PeerError(f"{reason} ({code})")
