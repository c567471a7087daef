"""The tree of errors, split by whose fault they are.

    TouchlineError
    ├── PeerError          the sender's: its message is not valid, or is refused
    │   ├── BadMessage         BAD_MESSAGE      not MessagePack, or a value of the wrong type
    │   ├── UnknownType        UNKNOWN_TYPE     this socket does not take the message's type
    │   ├── TooLarge           TOO_LARGE        over a limit of `limits.py`
    │   ├── WrongVersion       WRONG_VERSION    the peer speaks another version of the protocol
    │   ├── UnknownPeer        UNKNOWN_PEER     the connection has not said `hello`
    │   ├── UnknownKey         UNKNOWN_KEY      the key is not enrolled, and has to be
    │   ├── WrongKey           WRONG_KEY        a token, id or connection belongs to another key
    │   ├── Revoked            REVOKED          an operator has revoked the peer
    │   ├── NameTaken          NAME_TAKEN       the name belongs to another key
    │   ├── BadInvite          BAD_INVITE       the invitation code is unknown, used up or expired
    │   ├── BadSignature       BAD_SIGNATURE    the signature is missing, or not the reporter's
    │   ├── NotFound           NOT_FOUND        no such event, sport or match
    │   ├── NotAllowed         NOT_ALLOWED      the peer's role does not permit the request
    │   ├── NotGranted         NOT_GRANTED      the event's owner has not let this peer do so
    │   ├── BadToken           BAD_TOKEN        the token is unknown, expired or another event's
    │   ├── BadReport          BAD_REPORT       an action, origin, detail or time is not valid
    │   ├── Contradictory      CONTRADICTION    a report that contradicts itself, by the line-ups
    │   ├── Implausible        IMPLAUSIBLE      more of an action than an event can have
    │   ├── IllegalAction      ILLEGAL_ACTION   the sport's rules forbid the action at this point
    │   ├── Conflict           CONFLICT         another host holds the event, or the key was used
    │   ├── EventOver          EVENT_OVER       the event is finished
    │   └── Overloaded         OVERLOADED       a queue or quota is full; try again later
    ├── EnvironmentFault   the environment's: the network, an address, a disk
    │   ├── Unreachable        UNREACHABLE      no broker or host answered in time
    │   │   └── Slow           SLOW             it answers, and had not come to this request
    │   ├── Untrusted          UNTRUSTED        the other end does not hold the expected key, or
    │   │                                       refuses this peer's key
    │   ├── AddressTaken       ADDRESS_TAKEN    a socket could not be bound
    │   ├── StorageFault       STORAGE          the disk or database refused a read or write
    │   ├── Unleased           NO_LEASE         the host's lease is over, and another may hold it
    │   └── Interrupted        INTERRUPTED      the process was stopped before the answer came
    └── SettingError       the operator's: the value of a flag, variable or file is not valid
                           BAD_SETTING

On the wire an error is its code and one sentence. Its cause stays in the log of the process that
raised it. A state that cannot occur raises `AssertionError` instead.
"""

from __future__ import annotations

from typing import ClassVar


class TouchlineError(Exception):
    """Any error that Touchline raises on purpose.

    Args:
        sentence: one sentence for people; if a bound is exceeded, it names both numbers.
    """

    code: ClassVar[str] = "ERROR"
    exit_code: ClassVar[int] = 1

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class PeerError(TouchlineError):
    """The message is not valid, or is refused."""

    code = "REFUSED"
    exit_code = 4


class BadMessage(PeerError):
    """The body is not MessagePack, or a field is missing or has a value of the wrong type."""

    code = "BAD_MESSAGE"


class UnknownType(PeerError):
    """This socket does not take messages of this `type`."""

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
    """A token, a routing id or a `hello` belongs to another key than the connection's."""

    code = "WRONG_KEY"


class Revoked(PeerError):
    """An operator has revoked the peer."""

    code = "REVOKED"


class NameTaken(PeerError):
    """The name belongs to the first key that enrolled under it."""

    code = "NAME_TAKEN"


class BadInvite(PeerError):
    """The invitation code is unknown, used up or expired."""

    code = "BAD_INVITE"


class BadSignature(PeerError):
    """The signature is not the reporter's over this content, or a required signature is missing."""

    code = "BAD_SIGNATURE"


class NotFound(PeerError):
    """There is no such event, sport or match."""

    code = "NOT_FOUND"
    exit_code = 3


class NotAllowed(PeerError):
    """The peer's role does not permit the request."""

    code = "NOT_ALLOWED"


class NotGranted(PeerError):
    """The peer neither owns the event nor is among those that its owners let host it."""

    code = "NOT_GRANTED"


class BadToken(PeerError):
    """The token is unknown, expired, or for another event."""

    code = "BAD_TOKEN"


class BadReport(PeerError):
    """The report's action, origin, detail or time is not valid."""

    code = "BAD_REPORT"


class Contradictory(PeerError):
    """The report contradicts itself, by the line-ups; the sentence says what to send instead."""

    code = "CONTRADICTION"


class Implausible(PeerError):
    """The reporter has reported more of the action than an event can have."""

    code = "IMPLAUSIBLE"


class IllegalAction(PeerError):
    """The sport's rules forbid the action at this point; the sentence says why."""

    code = "ILLEGAL_ACTION"


class Conflict(PeerError):
    """Another peer holds the event, or the key was used for another request."""

    code = "CONFLICT"


class EventOver(PeerError):
    """The event is finished."""

    code = "EVENT_OVER"


class Overloaded(PeerError):
    """A queue or quota is full."""

    code = "OVERLOADED"


class EnvironmentFault(TouchlineError):
    """The network, a disk or another process failed."""

    code = "ENVIRONMENT"


class Unreachable(EnvironmentFault):
    """No broker or host answered in time."""

    code = "UNREACHABLE"
    exit_code = 5


class Slow(Unreachable):
    """The broker answers other requests, and had not come to this one in time."""

    code = "SLOW"


class Untrusted(EnvironmentFault):
    """The other end does not hold the expected key, or refuses this peer's key."""

    code = "UNTRUSTED"
    exit_code = 8


class AddressTaken(EnvironmentFault):
    """A socket could not be bound."""

    code = "ADDRESS_TAKEN"
    exit_code = 6


class StorageFault(EnvironmentFault):
    """The disk or database refused a read or write; nothing was confirmed."""

    code = "STORAGE"
    exit_code = 7


class Unleased(EnvironmentFault):
    """The host's lease of the event is over, and another host may hold it."""

    code = "NO_LEASE"
    exit_code = 5


class Interrupted(EnvironmentFault):
    """The process was stopped before the answer came."""

    code = "INTERRUPTED"
    exit_code = 130


class SettingError(TouchlineError):
    """The value of a flag, variable or file is not valid."""

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

    An unknown code (from a newer peer) becomes a plain `PeerError` whose sentence keeps the code.
    """
    kind = _BY_CODE.get(code)
    return kind(reason) if kind else PeerError(f"{reason} ({code})")
