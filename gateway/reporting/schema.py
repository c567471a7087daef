"""The reports of a browser, read and checked, and the fates that it gets. Pure.

A browser keeps its reports on the device until they are stored, and may send each report any number
of times: the browser gives it an id, under which it is kept once.

| outcome    | means                                                                        |
|------------|------------------------------------------------------------------------------|
| `kept`     | it is on the gateway's disk, and not on the host's yet                       |
| `stored`   | it is on the host's disk, undecided                                          |
| `accepted` | it belongs to the entry `entry_id`                                           |
| `expired`  | too few other reporters reported the same in time                            |
| `refused`  | it is not valid: `code` and `reason`                                         |
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Annotated, Literal, NamedTuple

import msgspec

from ...protocol import limits
from ...protocol.errors import BadMessage, BadReport, Contradictory, TooLarge
from ...protocol.messages import Count, Details, Fate, Happening, Id, Micros, Name, Text, Timing
from ...protocol.text import check_texts
from ...protocol.times import EARLIEST, LATEST, SECOND, from_rfc3339, from_unix
from ...sports import Action
from ...sports.contradictions import Check
from ...timeline.event_clock import EventClock
from ..json_input import NOT_VALID

TRAVEL = 2 * SECOND
"""The most microseconds that a body may travel: a clock that is behind by less counts as right."""

Token = Annotated[str, msgspec.Meta(max_length=200)]
"""What identifies the sender of a report, where no cookie does."""

Time = str | Micros | float
"""A time of a program: RFC 3339, or seconds (with fractions), milliseconds or microseconds since
1970."""

DECIDED = frozenset({"accepted", "expired", "refused"})
"""Outcomes that are final."""


class WebHappening(msgspec.Struct, frozen=True, kw_only=True):
    """An action as a browser reports it; `time` is RFC 3339, or microseconds, milliseconds or
    seconds since 1970."""

    type: Literal["event"] = "event"
    title: Name
    origin: Name = ""
    time: Time | None = None
    details: Details = msgspec.field(default_factory=dict)


class WebReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report of a browser: peer JSON of DESIGN section 8, and an `id` that the browser gives.

    `seen` is the number of the newest open claim that the browser had shown before.
    """

    type: Literal["event"] = "event"
    id: Id = ""
    time: Time | None = None
    seen: Count = 0
    event: WebHappening


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """Reports, with the browser's clock when it sent them."""

    reports: Annotated[list[WebReport], msgspec.Meta(max_length=limits.BATCH_REPORTS)]
    sent: Time | None = None


class _Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The same with unread reports, so that a report that is not valid does not harm the others."""

    reports: list[msgspec.Raw]
    sent: Time | None = None


class _Tokened(msgspec.Struct, frozen=True, kw_only=True):
    """The token of a report, or of a bundle."""

    token: Token = ""


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a report, read where the rest is not valid."""

    id: Id = ""


class Asked(NamedTuple):
    """A report as it was read.

    Args:
        id: the browser's; empty without one.
        said: when the browser made it, microseconds by the gateway's clock.
        event: the action; its time is event time.
        mark: a digest of the report, which is the same each time that it is sent.
        seen: the number of the newest open claim that the browser had shown before.
    """

    id: str
    said: int
    event: Happening
    mark: bytes
    seen: int = 0


class Unfit(NamedTuple):
    """A report that is refused, and why."""

    id: str
    code: str
    reason: str


class KeptReport(NamedTuple):
    """A report that is kept.

    Args:
        id: the browser's, or the gateway's where the browser gave none.
        n: its number among the person's reports; 0 where the host that gave it one is gone.
        event: the action.
        fate: the newest fate; None while the host has not stored the report.
        undone: whether the person has asked to take it back.
    """

    id: str
    n: int
    event: Happening
    fate: Fate | None
    undone: bool = False


class ReportFate(msgspec.Struct, frozen=True, kw_only=True, tag="fate"):
    """The fate of a report, as the browser gets it.

    Args:
        id: the browser's.
        n: its number among the person's reports; 0 where it was refused.
        outcome: see above.
        title, origin: what was reported.
        seq, entry_id: of the entry, where it was accepted.
        code, reason: why it was refused.
        undone: whether the person has asked to take it back.
    """

    id: Id
    n: Count = 0
    outcome: Literal["kept", "stored", "accepted", "expired", "refused"]
    title: Name = ""
    origin: Name = ""
    seq: Count = 0
    entry_id: Id = ""
    code: Name = ""
    reason: Text = ""
    undone: bool = False


def read(body: bytes, wall: int, timing: Timing | None) -> list[Asked | Unfit]:
    """Return the reports in a body, in order.

    Args:
        body: a JSON array of reports, one report, or `{"sent", "reports"}`, where `sent` is the
            browser's clock when it sent them; times of a clock that is wrong are corrected.
        wall: the gateway's clock, microseconds since 1970 UTC.
        timing: the event's clock, where it has one of its own.

    Raises:
        BadMessage: the body is none of these.
        TooLarge: there are too many reports.
    """
    raws, sent = _parts(body, wall)
    if len(raws) > limits.BATCH_REPORTS:
        raise TooLarge(f"{len(raws):,} reports at once, at most {limits.BATCH_REPORTS:,} allowed")
    shift = 0 if sent is None else skew(sent, wall)
    return [_one(raw, wall, shift, timing) for raw in raws]


def token_of(body: bytes) -> str:
    """Return the token in a body, see `read`; empty where it has none.

    Raises:
        BadMessage: the body is not valid, or its reports have several tokens.
    """
    try:
        found = msgspec.json.decode(body, type=list[_Tokened] | _Tokened)
    except NOT_VALID as error:
        raise BadMessage(f"not a list of reports: {error}") from None
    tokens = {one.token for one in (found if isinstance(found, list) else [found])}
    if len(tokens) > 1:
        raise BadMessage(f"reports of {len(tokens)} senders; send those of each by themselves")
    return tokens.pop() if tokens else ""


def consistent(reports: Iterable[Asked | Unfit], check: Check) -> list[Asked | Unfit]:
    """Return the reports; one that contradicts itself by the line-ups is refused.

    Args:
        reports: as they were read.
        check: the event's.
    """
    return [one if isinstance(one, Unfit) else _checked(one, check) for one in reports]


def _checked(one: Asked, check: Check) -> Asked | Unfit:
    event = one.event
    if not event.details:
        return one
    found = check(Action(event.title, event.origin, event.time, event.details))
    if found is None:
        return one
    return Unfit(one.id, Contradictory.code, found.sentence[: limits.TEXT_CHARS])


def _parts(body: bytes, wall: int) -> tuple[list[msgspec.Raw], int | None]:
    start = body.lstrip()[:1]
    try:
        if start == b"[":
            return msgspec.json.decode(body, type=list[msgspec.Raw]), None
        if start == b"{" and b'"reports"' in body:
            bundle = msgspec.json.decode(body, type=_Bundle)
            return bundle.reports, None if bundle.sent is None else _micros(bundle.sent, wall)
        return [msgspec.json.decode(body, type=msgspec.Raw)], None
    except NOT_VALID as error:
        raise BadMessage(f"not a list of reports: {error}") from None


def skew(sent: int, wall: int) -> int:
    """Return what to add to a browser's times, microseconds.

    Args:
        sent: the browser's clock when it sent them.
        wall: the gateway's clock when they came.
    """
    behind = wall - sent
    return 0 if 0 <= behind <= TRAVEL else behind


def _one(raw: msgspec.Raw, wall: int, shift: int, timing: Timing | None) -> Asked | Unfit:
    name = _name(raw)
    try:
        report = msgspec.json.decode(raw, type=WebReport)
        said = _bounded(_micros(report.time, wall) + shift) if report.time is not None else wall
        happened = _happened(report.event.time, wall, shift, timing)
    except NOT_VALID as error:
        return Unfit(name, BadMessage.code, f"not a report: {error}"[: limits.TEXT_CHARS])
    event = report.event
    try:
        check_texts(event.details)
    except BadReport as error:
        return Unfit(name, error.code, error.sentence[: limits.TEXT_CHARS])
    mark = blake2b(msgspec.json.encode([report.time, event]), digest_size=16).digest()
    happening = Happening(event.title, event.origin, happened, event.details or None)
    return Asked(report.id, said, happening, mark, report.seen)


def _name(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=_Named).id
    except NOT_VALID:
        return ""


def _happened(given: str | float | None, wall: int, shift: int, timing: Timing | None) -> int:
    """Return the event time of an action."""
    timing = timing or Timing()
    now = EventClock(timing).event_time(wall)
    if given is not None:
        near = (timing.starts or wall) if now is None else now
        # The browser computed event time from its own clock, which may be wrong.
        return _bounded(_micros(given, near) + round(shift * timing.speed))
    return wall if now is None else now


def _micros(time: str | float, near: int) -> int:
    return from_rfc3339(time) if isinstance(time, str) else from_unix(time, near)


def _bounded(time: int) -> int:
    if not EARLIEST <= time <= LATEST:
        raise ValueError("a time outside the years 1 to 9999")
    return time


def fate_of(kept: KeptReport | Unfit) -> ReportFate:
    """Return the fate of a report, for the browser."""
    if isinstance(kept, Unfit):
        return ReportFate(id=kept.id, outcome="refused", code=kept.code, reason=kept.reason)
    fate = kept.fate or Fate(n=kept.n, outcome="stored")
    return ReportFate(
        id=kept.id,
        n=kept.n,
        outcome="kept" if kept.fate is None else fate.outcome,
        title=kept.event.title,
        origin=kept.event.origin,
        seq=fate.seq,
        entry_id=fate.entry_id,
        code=fate.code,
        reason=fate.reason,
        undone=kept.undone,
    )
