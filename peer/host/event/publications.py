"""The messages that a host says of an event, put together from its state. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from ....protocol import limits, messages
from ....protocol.messages import Card, Entry, Evidence
from ....sports import Action, Kind, Sport, State
from ....timeline.timeline import Timeline, action_of
from .claims import Claim
from .feed import Feed
from .outage import Outage
from .participant import Participant


def setup(
    request: int,
    participant: Participant,
    *,
    card: Card,
    kinds: Iterable[Kind],
    epoch: int,
    feed: Feed,
    wall: int,
    interval: float,
) -> messages.Setup:
    """Return what a peer needs to take part.

    Args:
        request: the id of its request.
        participant: the peer.
        card, kinds: the event and its actions.
        epoch, feed: where the feed stands.
        wall: microseconds since 1970.
        interval: seconds between heartbeats.
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
    delay_status: messages.DelayStatus,
    relates_to: str,
) -> Entry:
    """Return the first version of a claim's entry, without what follows from the timeline."""
    return Entry(
        event=event,
        epoch=0,
        seq=0,
        entry_id=str(claim.number),
        status="CONFIRMED" if evidence.for_ > 1 else "PROVISIONAL",
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
    )


def with_score(entry: Entry, sport: Sport, timeline: Timeline) -> Entry:
    """Return an entry that is on the timeline (or, deleted, off it) with its text and clock, and
    the score after everything."""
    state = timeline.state
    at = timeline.state_after(entry) if entry.status != "DELETED" else state
    return replace(
        entry,
        place=timeline.place(entry),
        text=sport.phrase(at, action_of(entry))[: limits.TEXT_CHARS],
        clock=sport.clock(at, entry.time)[: limits.NAME_CHARS],
        score=sport.score(state),
        headline=sport.headline(state)[: limits.TEXT_CHARS],
    )


def revised(
    entry: Entry,
    status: messages.EntryStatus,
    evidence: Evidence,
    details: dict[str, messages.Detail] | None = None,
) -> Entry:
    """Return a new version of an entry, its details as they were unless given."""
    return replace(
        entry,
        status=status,
        evidence=evidence,
        details=entry.details if details is None else details,
    )


def doubted(entry: Entry, reason: str) -> Entry:
    """Return a new version of an entry that is known not to be right."""
    return replace(entry, status="UPDATED", delay_status="RECONSTRUCTION_INACCURATE", reason=reason)


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
    event: str, epoch: int, seq: int, wall: int, sport: Sport, state: State
) -> messages.Finished:
    """Return the message that ends a feed, with the score in which the event ended."""
    return messages.Finished(
        event=event,
        epoch=epoch,
        seq=seq,
        sent=wall,
        score=sport.score(state),
        headline=sport.headline(state)[: limits.TEXT_CHARS],
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
    )
