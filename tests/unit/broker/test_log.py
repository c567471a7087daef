"""Which requests the broker's log tells of, and how loud."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from touchline.broker.core import AnsweredRequest
from touchline.broker.log import KNOWN, RequestLog
from touchline.protocol import messages
from touchline.protocol.errors import BadInvite, NotFound, StorageFault

LOGGER = logging.getLogger("touchline.test_log")

HELLO = messages.Hello(id=3, name="ann", key=bytes(32), invite="aaaa-bbbb")


def leased(event: str = "e", epoch: int = 1) -> messages.Leased:
    return messages.Leased(id=1, event=event, epoch=epoch, seconds=5.0)


def lease(event: str = "e") -> messages.Lease:
    ends = messages.Endpoints(router="r", pull="p", pub="s")
    return messages.Lease(id=1, event=event, instance="i", endpoints=ends, epoch=1, seq=0)


def told(caplog: pytest.LogCaptureFixture, *answered: AnsweredRequest) -> list[tuple[str, Any]]:
    """Return the level and ids of each line."""
    caplog.set_level(logging.DEBUG, LOGGER.name)
    log = RequestLog(LOGGER)
    for one in answered:
        log(one)
    return [(record.levelname, record.__dict__["ids"]) for record in caplog.records]


def test_decisions_and_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    """A hello is told of at info, without its code; a search at debug."""
    welcome = messages.Welcome(id=3, peer="p", role="host", time=1, heartbeat=1.0)
    found = messages.EventList(id=4, events=[])
    assert told(
        caplog,
        AnsweredRequest(HELLO, "p", welcome),
        AnsweredRequest(messages.Search(id=4, text="final"), "p", found),
    ) == [
        ("INFO", {"type": "hello", "request": 3, "peer": "p", "name": "ann", "role": "host"}),
        ("DEBUG", {"type": "search", "request": 4, "peer": "p"}),
    ]


def test_refusals(caplog: pytest.LogCaptureFixture) -> None:
    """Refused decisions and faults of the environment are told of at info, the others at debug; a
    frame that is no request has no ids but its code."""
    show = messages.Show(id=5, event="e")
    lines = told(
        caplog,
        AnsweredRequest(HELLO, "p", BadInvite("no such code")),
        AnsweredRequest(show, "p", NotFound("no event")),
        AnsweredRequest(show, "p", StorageFault("the disk is full")),
        AnsweredRequest(None, "", NotFound("nothing")),
    )
    assert [level for level, _ in lines] == ["INFO", "DEBUG", "INFO", "DEBUG"]
    assert lines[1][1]["event"] == "e"
    assert lines[3][1] == {"request": 0, "code": "NOT_FOUND"}


def test_a_lease_once(caplog: pytest.LogCaptureFixture) -> None:
    """A new lease is told of at info, its renewals at debug; what is remembered is bounded."""
    many = [AnsweredRequest(lease(f"e{n}"), "p", leased(f"e{n}")) for n in range(KNOWN)]
    first = AnsweredRequest(lease(), "p", leased())
    next_epoch = AnsweredRequest(lease(), "p", leased(epoch=2))
    levels = [level for level, _ in told(caplog, first, first, next_epoch, *many, next_epoch)]
    assert levels[:3] == ["INFO", "DEBUG", "INFO"]
    assert levels[-1] == "INFO"


def test_nothing_is_made_for_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Where only problems are written, nothing is done for a request."""
    caplog.set_level(logging.WARNING, LOGGER.name)
    RequestLog(LOGGER)(AnsweredRequest(None, "", messages.Done(id=1)))
    assert caplog.records == []
