"""The messages that a host says of an event, put together from its state. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from ....protocol import limits, messages
from ....protocol.messages import Card, Entry, Evidence
from ....sports import Action, Kind, Sport, State, statements
from ....timeline.timeline import Timeline, action_of
from .claims import Claim
from .feed import Feed, FeedPosition
from .outage import Outage
from .participant import Participant

IMPLIED = "few reported it, but what came after it needs it"
"""The reason of an entry that is there since another one needs it, see `implied`."""


def setup(
    request: int,
    participant: Participant,
    *,
    card: Card,
    kinds: Iterable[Kind],
    epoch: int,
    feed: Feed | FeedPosition,
    wall: int,
    interval: float,
    journal: str,
) -> messages.Setup:
    """Return what a peer needs to take part.

    Args:
        request: the id of its request.
        participant: the peer.
        card, kinds: the event and its actions.
        epoch, feed: where the feed stands.
        wall: microseconds since 1970.
        interval: seconds between heartbeats.
        journal: the name of the journal that hosts share; empty where it is the host's own.
    """
    return messages.Setup(
        id=request,
        card=card,
        actions=[
            messages.ActionSpec(
                title=kind.title, text=kind.text, details=[detail.name for detail in kind.details]
            )
            for kind in kinds
        ],
        peer=participant.peer,
        role=participant.role,
        journal=journal,
        epoch=epoch,
        seq=feed.seq,
        digest=feed.digest,
        time=wall,
        heartbeat=interval,
        badge=participant.report_token,
        n=participant.n,
    )


def accepted(
    event: str,
    wall: int,
    claim: Claim,
    action: Action,
    evidence: Evidence,
    *,
    standing: messages.EntryStatus,
    spread: int,
    delay_status: messages.DelayStatus,
    relates_to: str,
) -> Entry:
    """Return the first version of a claim's entry, without what follows from the timeline."""
    return Entry(
        event=event,
        epoch=0,
        seq=0,
        entry_id=str(claim.number),
        status=standing,
        title=action.title,
        origin=action.origin,
        details=dict(action.details),
        time=action.time,
        first_reported=claim.received,
        accepted=wall,
        sent=wall,
        delay_status=delay_status,
        evidence=evidence,
        relates_to=relates_to,
        spread=spread,
    )


def with_score(
    entry: Entry, sport: Sport, timeline: Timeline, *, epoch: int, seq: int, sent: int
) -> Entry:
    """Return an entry that is on the timeline (or, deleted, off it) as it is published: with its
    text and clock, and the score after everything.

    Args:
        entry: the version.
        sport, timeline: what the rest follows from.
        epoch, seq: its place on the feed.
        sent: microseconds since 1970 UTC.
    """
    state = timeline.state
    text, clock = words(entry, sport, timeline)
    return replace(
        entry,
        epoch=epoch,
        seq=seq,
        sent=sent,
        place=timeline.place(entry),
        text=text,
        clock=clock,
        score=sport.score(state),
        headline=sport.headline(state)[: limits.TEXT_CHARS],
    )


def words(entry: Entry, sport: Sport, timeline: Timeline) -> tuple[str, str]:
    """Return the text and the clock of an entry, as they follow from the timeline."""
    at = timeline.state_after(entry) if entry.status != "DELETED" else timeline.state
    text, clock = statements.phrase(sport, at, action_of(entry)), sport.clock(at, entry.time)
    if entry.status == "DELETED":
        clock = entry.clock or clock  # what it was when it was told
    if entry.by and entry.stated:
        text = f"The result, amended: {sport.headline(at)}"
    if entry.status != "DELETED" and timeline.shows_resumption(entry):
        text += " (play has gone on)"
    return text[: limits.TEXT_CHARS], clock[: limits.NAME_CHARS]


def revised(
    entry: Entry,
    status: messages.EntryStatus,
    evidence: Evidence,
    details: dict[str, messages.Detail] | None = None,
    *,
    time: int | None = None,
    spread: int | None = None,
    delay_status: messages.DelayStatus | None = None,
    reason: str = "",
) -> Entry:
    """Return a new version of an entry; what is not given stays as it was."""
    return replace(
        entry,
        status=status,
        evidence=evidence,
        details=entry.details if details is None else details,
        time=entry.time if time is None else time,
        spread=entry.spread if spread is None else spread,
        delay_status=entry.delay_status if delay_status is None else delay_status,
        reason=reason or _kept(entry, status),
    )


def _kept(entry: Entry, status: messages.EntryStatus) -> str:
    """Return the reason that a new version keeps: one that more than few report needs no other."""
    return "" if entry.reason == IMPLIED and status == "CONFIRMED" else entry.reason


def doubted(entry: Entry, reason: str) -> Entry:
    """Return a new version of an entry that is known not to be right; what was not confirmed is
    not by that."""
    status: messages.EntryStatus = "PROVISIONAL" if entry.status == "PROVISIONAL" else "UPDATED"
    return replace(entry, status=status, delay_status="RECONSTRUCTION_INACCURATE", reason=reason)


def restored(
    event: str,
    epoch: int,
    seq: int,
    wall: int,
    outage: Outage,
    *,
    entries: int,
    confirmed: bool,
    reason: str,
    sport: Sport,
    state: State,
) -> messages.Restored:
    """Return the message that ends a suspension, with the score with which the event goes on."""
    return messages.Restored(
        event=event,
        epoch=epoch,
        seq=seq,
        sent=wall,
        since=outage.since,
        until=outage.until,
        entries=entries,
        inaccurate=entries if reason else 0,
        confirmed=confirmed,
        reason=reason,
        score=sport.score(state),
        headline=sport.headline(state)[: limits.TEXT_CHARS],
    )


def finished(
    event: str,
    epoch: int,
    seq: int,
    wall: int,
    sport: Sport,
    state: State,
    *,
    how: messages.HowEnded = "",
    winner: str = "",
    reason: str = "",
    over: bool = True,
    until: int = 0,
    by: str = "",
) -> messages.Finished:
    """Return the message that an event is over, with the score in which it ended, and how; or that
    it is not, after all."""
    return messages.Finished(
        event=event,
        epoch=epoch,
        seq=seq,
        sent=wall,
        score=sport.score(state),
        headline=sport.headline(state)[: limits.TEXT_CHARS],
        how=how,
        winner=winner,
        reason=reason,
        over=over,
        until=until,
        by=by,
    )


def heartbeat(
    event: str,
    epoch: int,
    feed: Feed,
    wall: int,
    *,
    present: int,
    claims: int,
    disputed: int,
    interval: float,
    state: messages.FeedState,
    pending: list[messages.Pending],
    recounts: list[messages.Recount],
) -> messages.Heartbeat:
    """Return the message that says where the feed stands, and when to expect the next one."""
    return messages.Heartbeat(
        event=event,
        epoch=epoch,
        seq=feed.seq,
        digest=feed.digest,
        sent=wall,
        present=present,
        claims=claims,
        disputed=disputed,
        interval=interval,
        state=state,
        pending=pending,
        recounts=recounts,
    )
