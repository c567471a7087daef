"""For tests of what a follower of an event sees: entries at minutes of a match, and their view."""

from __future__ import annotations

from touchline.protocol.messages import Card, Details, Entry, EntryStatus, Evidence, FeedMessage
from touchline.protocol.times import SECOND
from touchline.timeline.view import LiveView

KICK_OFF = 1_700_000_000 * SECOND
MINUTE = 60 * SECOND
CARD = Card(event="a-v-b", title="A v B", sport="football", origins=["A", "B"])


def entry(
    number: int,
    minute: float = 0.0,
    *,
    title: str = "goal",
    status: EntryStatus = "CONFIRMED",
    text: str = "",
    headline: str = "A 1–0 B",
    details: Details | None = None,
) -> Entry:
    at = KICK_OFF + round(minute * MINUTE)
    return Entry(
        event=CARD.event,
        epoch=1,
        seq=number,
        entry_id=str(number),
        status=status,
        title=title,
        origin="" if title.startswith(("period", "state")) else "A",
        time=at,
        first_reported=at,
        accepted=at,
        sent=at,
        evidence=Evidence(for_=5, against=0, present=12, latency_ms=800.0),
        text=text or f"GOAL for A, number {number}",
        clock=f"{round(minute) + 1}'",
        headline=headline,
        details=details or {},
    )


def view_of(*entries: FeedMessage, card: Card = CARD) -> LiveView:
    view = LiveView(card)
    for now, entry in enumerate(entries):
        view.take(entry, float(now), KICK_OFF)
    return view
