"""The one fold over a feed."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from touchline.protocol.errors import BadMessage, NotFound, SettingError
from touchline.protocol.messages import (
    Alarm,
    Card,
    Entry,
    Evidence,
    Finished,
    Heartbeat,
    Published,
    Recount,
    Restored,
    Timing,
)
from touchline.protocol.times import SECOND
from touchline.timeline.feed import Item, Notice
from touchline.timeline.fold import KINDS, REMARKS, FeedFold
from touchline.timeline.play import Play

from ..conftest import calls

MINUTE = 60 * SECOND
CARD = Card(event="e", title="A v B", sport="football", origins=["A", "B"])


def entry(number: int, at: float = 0.0, title: str = "corner", **fields: Any) -> Entry:
    """Return an entry at a minute of the event."""
    usual: dict[str, Any] = {
        "event": "e",
        "epoch": 1,
        "seq": number,
        "entry_id": str(number),
        "status": "CONFIRMED",
        "title": title,
        "origin": "A",
        "time": round(at * MINUTE),
        "first_reported": 0,
        "accepted": 0,
        "sent": 0,
        "evidence": Evidence(for_=2, present=3),
    }
    return Entry(**(usual | fields))


def alarm(number: int = 1, at: float = 0.0) -> Alarm:
    last = round(at * MINUTE)
    return Alarm(event="e", epoch=1, seq=1, sent=last, last_received=last, number=number)


def stop(number: int, at: float, said: str = "interrupted") -> Entry:
    """Return a statement about play at a minute of the event."""
    return entry(number, at, "state", origin="", details={"play": said})


def restored(at: float = 0.0, **fields: Any) -> Restored:
    time = round(at * MINUTE)
    return Restored(event="e", epoch=1, seq=1, sent=time, since=time, until=time, **fields)


def finished(**fields: Any) -> Finished:
    return Finished(event="e", epoch=2, seq=9, sent=0, **fields)


def fold_of(*items: Item, card: Card = CARD, play: Play | None = None) -> FeedFold:
    fold = FeedFold(card, play)
    for item in items:
        fold.take(item)
    return fold


def ids(rows: Any) -> list[str]:
    return [row.entry.entry_id for row in rows]


def test_every_kind_of_item_is_folded() -> None:
    """The table has a row for each message that a host publishes and for notices, no others."""
    assert set(KINDS) == set(get_args(Item))
    assert set(get_args(Published)) < set(KINDS)


def test_entries_stand_in_match_order() -> None:
    """A late entry takes its place, is marked, and stays so when it is published again."""
    fold = fold_of(entry(1, 10), entry(2, 3), entry(2, 3, status="UPDATED"))
    assert ids(fold.rows) == ids(fold.standing) == ["2", "1"]
    assert [row.late for row in fold.rows] == [True, False]
    assert fold.rows[0].entry.status == "UPDATED"


def test_a_new_version_moves_to_its_time() -> None:
    """An entry whose time was amended stands where the newest version says, once."""
    fold = fold_of(entry(1, 1), entry(2, 2), entry(3, 3))
    change = fold.take(entry(1, 9), 5.0)
    assert ids(fold.rows) == ids(fold.standing) == ["2", "3", "1"]
    assert change.entry is fold.rows[-1]
    assert (change.added, change.entry.changed) == (False, 5.0)


def test_a_deleted_entry_stands_no_longer() -> None:
    """A deleted entry is still shown, and stands again if it is published anew."""
    fold = fold_of(entry(1, 1), entry(2, 2), entry(1, 1, status="DELETED"))
    assert (ids(fold.rows), ids(fold.standing)) == (["1", "2"], ["2"])
    fold.take(entry(1, 1, status="DELETED"))
    fold.take(entry(1, 1))
    assert (ids(fold.rows), ids(fold.standing)) == (["1", "2"], ["1", "2"])


def test_the_score_is_the_newest_that_was_said() -> None:
    """A message that says no score leaves the one that is there."""
    fold = fold_of(entry(1, headline="A 1–0 B", score={"goals": 1}), entry(2))
    assert (fold.headline, fold.score) == ("A 1–0 B", {"goals": 1})
    fold.take(restored(headline="A 2–0 B", score={"goals": 2}))
    assert (fold.headline, fold.score) == ("A 2–0 B", {"goals": 2})
    fold.take(finished(headline="A 3–0 B", score={"goals": 3}))
    assert (fold.headline, fold.score) == ("A 3–0 B", {"goals": 3})
    assert fold.finished
    assert fold.epoch == 2


def test_an_outage_is_one_remark_and_its_end_another() -> None:
    """However often an alarm is repeated it is one line; what ended it is the next one."""
    fold = fold_of(entry(1, 1))
    first = fold.take(alarm(1, 2))
    again = fold.take(alarm(2, 2))
    assert first.remark is again.remark
    assert (first.added, again.added) == (True, False)
    fold.take(restored(5))
    fold.take(alarm(2, 7))  # the first of the next outage was missed
    assert [remark.kind for remark in fold.remarks] == ["alarm", "restored", "alarm"]
    assert [remark.time for remark in fold.remarks] == [2 * MINUTE, 5 * MINUTE, 7 * MINUTE]
    assert fold.remarks[0].text.endswith(", 2 alarms")


def test_remarks_are_bounded() -> None:
    """Of very many outages the newest are kept."""
    fold = fold_of(*[alarm(1, at) for at in range(REMARKS + 5)])
    assert len(fold.remarks) == REMARKS
    assert fold.remarks[0].time == 5 * MINUTE


def test_an_alarm_stands_at_the_events_own_time() -> None:
    """With a clock of its own an alarm stands where that was; where it has none, at the last
    entry, or before the first at the start."""

    def alarm_at(speed: float, *before: Item) -> int:
        timing = Timing(starts=100 * MINUTE, began=0, speed=speed)
        card = Card(event="e", title="", sport="football", origins=[], timing=timing)
        return fold_of(*before, alarm(1, 1 / 6), card=card).remarks[0].time

    assert alarm_at(60.0, entry(1, 103)) == 110 * MINUTE
    assert alarm_at(0.0, entry(1, 103)) == 103 * MINUTE
    assert alarm_at(0.0) == 100 * MINUTE


def test_a_diverged_feed_begins_anew() -> None:
    """Nothing of the other feed remains, the sport's state included."""
    play = Play(CARD)
    fold = fold_of(
        entry(1, 1, "goal", headline="A 1–0 B", score={"goals": 1}), alarm(1, 2), play=play
    )
    fold.take(Notice("diverged", "another feed"))
    assert (fold.rows, fold.standing, fold.remarks) == ([], [], [])
    assert (fold.headline, fold.score) == ("", {})
    assert play.timeline is not None
    assert play.timeline.last is None
    again = fold.take(alarm(2, 2))
    assert again.added


def test_what_each_change_says_in_a_line() -> None:
    """Everything that people are to read has a line; a heartbeat has none."""
    fold = FeedFold(CARD)
    assert "GOAL" in fold.take(entry(1, text="GOAL", clock="7'")).line
    assert "Contact with the venue lost" in fold.take(alarm()).line
    assert "Contact is back" in fold.take(restored()).line
    assert fold.take(finished(headline="A\x1b")).line == "          Finished. A�"
    assert fold.take(Notice("stale", "silence")).line == "          -- silence"
    beat = Heartbeat(event="e", epoch=1, seq=1, digest=b"", sent=0, present=4, claims=2)
    assert fold.take(beat).line == ""
    assert (fold.present, fold.claims) == (4, 2)


def test_a_confirmed_score_is_in_force() -> None:
    """The sport goes on from the score that reporters confirmed, whatever still comes late."""
    play = Play(CARD)
    fold = fold_of(entry(1, 1, "goal"), play=play)
    fold.take(restored(5, confirmed=True, score={"goals": {"A": 3, "B": 1}}))
    fold.take(entry(2, 2, "goal"))
    assert [side.goals for side in play.state.sides] == [3, 1]  # type: ignore[union-attr]
    fold.take(restored(6, confirmed=False, score={"goals": {"A": 9, "B": 9}}))
    assert [side.goals for side in play.state.sides] == [3, 1]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "odd",
    [
        entry(2, 2, "moonwalk"),
        entry(2, 2, origin="C"),
        entry(2, 2, entry_id="x"),
        restored(2, confirmed=True, score={"goals": "many"}),
    ],
)
def test_what_does_not_fit_the_sport_ends_it_quietly(odd: Item) -> None:
    """A feed of another version of the sport is followed, without the sport's own state."""
    play = Play(CARD)
    fold = fold_of(entry(1, 1), odd, entry(3, 3), play=play)
    assert play.state is None
    assert play.clock(MINUTE) == ""
    assert ids(fold.standing)[-1] == "3"


def test_what_does_not_fit_a_strict_play_is_refused() -> None:
    """A form that needs the sport's state refuses what it can't be had from."""
    with pytest.raises(NotFound):
        Play(Card(event="e", title="", sport="calvinball", origins=[]), strict=True)
    fold = FeedFold(CARD, Play(CARD, strict=True))
    with pytest.raises(BadMessage, match="entry 'x'"):
        fold.take(entry(1, entry_id="x"))
    with pytest.raises(SettingError):
        fold.take(restored(1, confirmed=True, score={"goals": "many"}))


def test_an_entry_costs_the_same_on_a_long_timeline() -> None:
    """Taking one more entry, or a new version of the last, calls as much code after 2,000 entries
    as after 50."""
    fold = FeedFold(CARD, Play(CARD))
    cost = {}
    for number in range(1, 2_001):
        fold.take(entry(number, number / 100))
        if number in (50, 2_000):
            again = entry(number, number / 100, status="UPDATED")
            # The least of three: a collection of garbage in between calls code as well.
            cost[number] = min(calls(lambda again=again: fold.take(again)) for _ in range(3))
    assert cost[50] == cost[2_000]


@pytest.mark.parametrize(
    ("sport", "title"),
    [
        ("football", "goal"),
        ("football", "corner"),
        ("tennis", "point"),
        ("volleyball", "point"),
        ("race", "finish"),
        ("custom", "try"),
    ],
)
@pytest.mark.parametrize("playing", [True, False])
def test_an_action_of_play_ends_an_interruption(sport: str, title: str, playing: bool) -> None:
    """Play is not told to be interrupted any more once something of it is on the timeline, a minute
    later at the least; what is taken back shows nothing."""
    actions = [{"title": "try", "points": 5}]
    rules: dict[str, Any] = {"definition": {"actions": actions}} if sport == "custom" else {}
    card = Card(event="e", title="t", sport=sport, origins=["A", "B"], rules=rules)
    fold = FeedFold(card, Play(card) if playing else None)
    fold.take(stop(1, 10))
    fold.take(entry(2, 10.9, title))
    assert fold.interrupted is not None
    fold.take(entry(3, 11, title))
    assert fold.interrupted is None
    fold.take(entry(3, 11, title, status="DELETED"))
    assert fold.interrupted is not None
    fold.take(entry(4, 12, title))
    fold.take(stop(5, 13))
    assert fold.interrupted is not None


def test_what_is_no_play_ends_no_interruption() -> None:
    """A card and a substitution are shown while the ball rests; of a sport that is not installed
    nothing is known."""
    fold = FeedFold(CARD)
    fold.take(stop(1, 10))
    for number, title in enumerate(("yellow_card", "substitution", "goal_disallowed"), 2):
        fold.take(entry(number, 20, title))
    assert fold.interrupted is not None
    fold = FeedFold(Card(event="e", title="t", sport="curling", origins=["A", "B"]))
    fold.take(stop(1, 10))
    fold.take(entry(2, 20))
    assert fold.interrupted is not None


def test_later_votes_of_the_newest_version_are_counted() -> None:
    """A heartbeat brings the votes of an entry up to date, where they are of the version that is
    here; of another version and of an unknown entry they are passed over."""
    fold = fold_of(entry(1, 10), entry(2, 3))
    now = Evidence(for_=5, present=5)
    counted = [
        Recount(entry_id="1", seq=1, evidence=now),
        Recount(entry_id="2", seq=1, evidence=now),
        Recount(entry_id="3", seq=3, evidence=now),
    ]
    fold.take(Heartbeat(event="e", epoch=1, seq=2, digest=b"", sent=0, recounts=counted))
    assert [row.entry.evidence.for_ for row in fold.rows] == [2, 5]
    assert fold.standing == fold.rows
