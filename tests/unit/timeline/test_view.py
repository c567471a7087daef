"""What a follower of an event sees: entries in match order, clock and state."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from touchline.protocol.messages import Alarm, DelayStatus, EntryStatus, Timing
from touchline.protocol.times import SECOND
from touchline.timeline.feed import Notice
from touchline.timeline.texts import entry_text

from ..following import CARD, KICK_OFF, MINUTE, entry, view_of


def test_late_entries_take_their_place() -> None:
    """An entry that comes after something later stands in match order, marked as late."""
    view = view_of(entry(1, 10), entry(2, 3))
    assert [(row.entry.entry_id, row.mark) for row in view.fold.rows] == [("2", "late"), ("1", "")]


def test_entries_of_one_time_stand_by_number() -> None:
    """Entry 9 and 10 of one moment stand in the order of their numbers, not of their letters."""
    view = view_of(entry(10), entry(9))
    assert [row.entry.entry_id for row in view.fold.rows] == ["9", "10"]


@pytest.mark.parametrize("entry_id", ["", "x", "-1", "9" * 60, "²", "١"])
def test_entry_ids_need_not_be_numbers(entry_id: str) -> None:
    """An entry id that is no number is shown like any other; only the running clock is given up."""
    view = view_of(replace(entry(1), entry_id=entry_id))
    assert view.clock(KICK_OFF) == "1'"
    assert len(view.fold.rows) == 1


def test_entries_that_do_not_fit_the_sport_are_shown() -> None:
    """A feed of another version of the sport is shown by what its entries say."""
    view = view_of(entry(1, title="moonwalk"), entry(2, 1))
    assert view.clock(KICK_OFF + 5 * MINUTE) == "2'"


def test_the_clock_runs_between_entries() -> None:
    """The match clock is the sport's, at the event's time now."""
    start = entry(1, title="period_start", details={"period": "first_half"})
    assert view_of(start).clock(KICK_OFF + 30 * MINUTE + 1) == "31'"


def test_the_clock_of_a_replayed_event_runs_at_its_speed() -> None:
    """With a clock of its own, the event's minutes pass at its speed; at none they stand still."""
    start = entry(1, title="period_start", details={"period": "first_half"})
    began = KICK_OFF + 100 * MINUTE
    timing = Timing(starts=KICK_OFF, began=began, speed=60.0)
    view = view_of(start, card=replace(CARD, timing=timing))
    assert view.clock(began + 10 * SECOND + 1) == "11'"
    still = view_of(start, card=replace(CARD, timing=replace(timing, speed=0.0)))
    assert still.clock(began + 10 * SECOND) == "1'"


def test_a_sport_that_is_not_installed() -> None:
    """An event of an unknown sport is followed all the same."""
    view = view_of(entry(1, 3), card=replace(CARD, sport="calvinball"))
    assert view.headline == "A 1–0 B"
    assert view.clock(KICK_OFF) == "4'"


def test_an_alarm_of_a_replayed_event_stands_at_its_own_time() -> None:
    """The alarm's time is of the wall; on an event with its own clock it stands where that was."""
    began = KICK_OFF + 1_000 * MINUTE
    timing = Timing(starts=KICK_OFF, began=began, speed=60.0)
    view = view_of(entry(1, 3), entry(2, 30), card=replace(CARD, timing=timing))
    last = began + 10 * SECOND  # minute 10 of the event
    view.take(
        Alarm(event="a-v-b", epoch=1, seq=0, sent=last, last_received=last), 1.0, last + SECOND
    )
    kinds = [type(row).__name__ for row in view.rows()]
    assert kinds == ["EntryRow", "Remark", "EntryRow"]


def test_a_silence_is_told_from_its_beginning() -> None:
    """What is learnt of the cause of a silence does not make it any younger."""
    view = view_of(entry(1, 3))
    view.take(Notice("stale", "nothing heard"), 1.0, KICK_OFF + MINUTE)
    view.take(Notice("silent", "asking"), 1.0, KICK_OFF + MINUTE)
    view.take(Notice("host_lost", "the broker answers"), 2.0, KICK_OFF + 2 * MINUTE)
    assert (view.state, view.fold.condition.since) == ("host_lost", KICK_OFF + MINUTE)


def test_a_feed_that_is_read_again_begins_anew() -> None:
    """After a divergence nothing of the other feed remains, score and clock included."""
    view = view_of(entry(1, 5), entry(2, 3, headline="A 2–0 B"))
    view.take(Notice("diverged", "another feed"), 3.0, KICK_OFF)
    assert (view.fold.rows, view.headline) == ([], "A 0–0 B")
    assert view.banner(KICK_OFF) == "another feed"
    view.take(entry(1, 1), 4.0, KICK_OFF)
    assert [row.mark for row in view.fold.rows] == [""]


@pytest.mark.parametrize(
    ("delay", "status", "mark"),
    [
        ("DELAYED", "CONFIRMED", "delayed"),
        ("RECONSTRUCTED", "PROVISIONAL", "unconfirmed, reconstructed"),
        ("RECONSTRUCTED", "UPDATED", "amended, reconstructed"),
        ("RECONSTRUCTION_INACCURATE", "UPDATED", "inaccurate"),
        ("RECONSTRUCTION_INACCURATE", "DELETED", "deleted, inaccurate"),
    ],
)
def test_each_delay_status_has_its_mark(delay: DelayStatus, status: EntryStatus, mark: str) -> None:
    """How late an entry is, and how sure, is said in words; that it came late as well is not."""
    late = replace(entry(2, 3, status=status), delay_status=delay, reason="why")
    view = view_of(entry(1, 10), late)
    assert view.fold.rows[0].mark == mark
    assert f"({mark}: why)" in entry_text(view.fold.rows[0])
