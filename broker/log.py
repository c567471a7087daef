"""The lines of a broker's log about requests: which are decisions that matter. Pure."""

from __future__ import annotations

import logging

from ..protocol import messages
from ..protocol.errors import EnvironmentFault, TouchlineError
from ..runtime.logs import note
from .core import AnsweredRequest

DECISIONS: dict[type[messages.BrokerRequest], str] = {
    messages.Hello: "a peer has said hello",
    messages.Create: "an event was created",
    messages.Permit: "who owns or hosts an event has changed",
    messages.Finish: "an event was finished, or goes on",
    messages.ReleaseLease: "a lease was given back",
    messages.Invite: "an invitation was made",
    messages.Revoke: "a peer was revoked",
}
"""What is logged at the level info; every other request is at debug."""

KNOWN = 10_000
"""The most leases that are remembered, to tell new ones from renewals."""


class RequestLog:
    """Writes a line for a request; call it with each.

    Args:
        logger: the broker's.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._epochs: dict[str, int] = {}

    def __call__(self, answered: AnsweredRequest) -> None:
        """Write the line of a request, if its level is written."""
        request, peer, result = answered
        if not self._logger.isEnabledFor(logging.INFO):
            return
        kind = "" if request is None else str(request.__struct_config__.tag)
        if isinstance(result, TouchlineError):
            level = logging.INFO if isinstance(result, EnvironmentFault) else logging.DEBUG
            if type(request) in DECISIONS or isinstance(request, messages.Lease):
                level = logging.INFO
            number = 0 if request is None else request.id
            about = {"type": kind, "request": number, "peer": peer, "event": _event(request)}
            note(self._logger, level, "a request was refused", **about, code=result.code)
            return
        if request is None:
            raise AssertionError("what is no request has been answered")
        level, text = logging.DEBUG, "a request was answered"
        if type(request) in DECISIONS:
            level, text = logging.INFO, DECISIONS[type(request)]
        elif isinstance(result, messages.Leased) and self._is_new(result):
            level, text = logging.INFO, "a lease was granted"
        note(
            self._logger,
            level,
            text,
            type=kind,
            request=request.id,
            peer=peer,
            event=_event(request) or _event_of(result),
            name=request.name if isinstance(request, messages.Hello) else "",
            role=getattr(result, "role", "") or getattr(request, "role", ""),
            epoch=getattr(result, "epoch", None),
            invite=result.invite if isinstance(result, messages.Invited) else "",
        )

    def _is_new(self, leased: messages.Leased) -> bool:
        if self._epochs.get(leased.event) == leased.epoch:
            return False
        self._epochs[leased.event] = leased.epoch
        while len(self._epochs) > KNOWN:
            self._epochs.pop(next(iter(self._epochs)), None)
        return True


def _event(request: messages.BrokerRequest | None) -> str:
    return str(getattr(request, "event", ""))


def _event_of(result: messages.BrokerReply) -> str:
    return result.card.event if isinstance(result, messages.Event) else ""
