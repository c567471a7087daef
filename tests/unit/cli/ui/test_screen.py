"""The live view and the screen: what a follower of an event is shown."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from touchline.cli.ui.screen import STATES as DRAWN
from touchline.cli.ui.screen import Screen, summary_table
from touchline.cli.ui.statistics import FeedStatistics, summary
from touchline.protocol.messages import (
    Alarm,
    Card,
    DelayStatus,
    Details,
    Entry,
    EntryStatus,
    Evidence,
    Finished,
    Heartbeat,
    Pending,
    Restored,
    Timing,
)
from touchline.protocol.times import SECOND
from touchline.timeline.condition import STATES
from touchline.timeline.feed import Notice
from touchline.timeline.texts import clock_of, entry_text, evidence_of, span
from touchline.timeline.view import LiveView

KICK_OFF = 1_700_000_000 * SECOND
MINUTE = 60 * SECOND
CARD = Card(event="a-v-b", title="A v B", sport="football", origins=["A", "B"])


def _entry(
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
        origin="" if title.startswith("period") else "A",
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


def _view(*entries: Entry, card: Card = CARD) -> LiveView:
    view = LiveView(card)
    for now, entry in enumerate(entries):
        view.take(entry, float(now), KICK_OFF)
    return view


def _drawn(view: LiveView, width: int = 80, height: int = 24, **told: Any) -> list[str]:
    """Return the screen's lines as a terminal of that size shows them."""
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, markup=False, highlight=False)
    now, wall = told.get("now", 1_000.0), told.get("wall", KICK_OFF)
    console.print(Screen(view, told.get("counts", FeedStatistics()), now, wall), height=height)
    return file.getvalue().removesuffix("\n").split("\n")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (200, 60), (30, 8)])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_it_fills_the_terminal_and_no_more(width: int, height: int, count: int) -> None:
    """Whatever there is to show, the screen is as high as the terminal and never wider."""
    view = _view(*(_entry(n, n, text=f"{n} " + "long words " * 12) for n in range(1, count + 1)))
    lines = _drawn(view, width, height)
    assert len(lines) == height
    assert max(map(len, lines)) <= width


def test_score_state_newest_first_and_evidence() -> None:
    """The score is on top, the newest entry right below it, each with its evidence."""
    view = _view(_entry(1, 3, headline="A 1–0 B"), _entry(2, 8, headline="A 2–0 B"))
    lines = _drawn(view)
    assert lines[1].strip("│ ") == "A 2–0 B"
    assert "● live" in lines[2]
    assert " ".join(lines[4].split()) == "9' GOAL for A, number 2 5 of 12 0.8 s"
    assert " ".join(lines[5].split()) == "4' GOAL for A, number 1 5 of 12 0.8 s"


def test_a_narrow_terminal_keeps_the_words() -> None:
    """Where there is no room for the evidence, clock and text are shown without it."""
    lines = _drawn(_view(_entry(1, 3)), 50)
    assert " ".join(lines[4].split()) == "4' GOAL for A, number 1"


def test_a_new_version_changes_the_line() -> None:
    """An amended entry keeps its one line, in its place, and is marked."""
    amended = replace(_entry(1, 3), seq=3, status="UPDATED", text="GOAL for A: Ann")
    view = _view(_entry(1, 3), _entry(2, 8), amended)
    assert [row.entry.text for row in view.fold.rows] == ["GOAL for A: Ann", "GOAL for A, number 2"]
    assert "GOAL for A: Ann  amended" in _drawn(view)[5]


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("PROVISIONAL", "one voice"),
        ("CONFIRMED", ""),
        ("UPDATED", "amended"),
        ("DELETED", "deleted"),
    ],
)
def test_each_status_has_its_mark(status: EntryStatus, mark: str) -> None:
    """A status is said in words, on the screen and in plain lines, without need of colour."""
    view = _view(_entry(1, status=status))
    assert view.fold.rows[0].mark == mark
    assert _drawn(view)[4].split("number 1")[1].split("5 of")[0].strip() == mark
    assert (f"({mark})" in entry_text(view.fold.rows[0])) == bool(mark)


def test_late_entries_take_their_place() -> None:
    """An entry that comes after something later stands in match order, marked as late."""
    view = _view(_entry(1, 10), _entry(2, 3))
    assert [(row.entry.entry_id, row.mark) for row in view.fold.rows] == [("2", "late"), ("1", "")]


def test_entries_of_one_time_stand_by_number() -> None:
    """Entry 9 and 10 of one moment stand in the order of their numbers, not of their letters."""
    view = _view(_entry(10), _entry(9))
    assert [row.entry.entry_id for row in view.fold.rows] == ["9", "10"]


def test_markup_and_control_characters_are_only_text() -> None:
    """What came from the network can't colour, move or clear anything."""
    evil = "[red]GOAL[/red] [link=x]y[/link]\x1b[2J\x07 :smile:\u202e"
    card = replace(CARD, title=evil)
    view = _view(replace(_entry(1, text=evil, headline=evil), clock="\x1b[1m"), card=card)
    view.take(Notice("waiting", evil), 5.0, KICK_OFF)
    shown = "\n".join(_drawn(view, 120)) + entry_text(view.fold.rows[0])
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert "[red]GOAL[/red] [link=x]y[/link]�[2J� :smile:�" in shown


@pytest.mark.parametrize("entry_id", ["", "x", "-1", "9" * 60, "²", "١"])
def test_entry_ids_need_not_be_numbers(entry_id: str) -> None:
    """An entry id that is no number is shown like any other; only the running clock is given up."""
    view = _view(replace(_entry(1), entry_id=entry_id))
    assert view.clock(KICK_OFF) == "1'"
    assert len(view.fold.rows) == 1


def test_entries_that_do_not_fit_the_sport_are_shown() -> None:
    """A feed of another version of the sport is shown by what its entries say."""
    view = _view(_entry(1, title="moonwalk"), _entry(2, 1))
    assert view.clock(KICK_OFF + 5 * MINUTE) == "2'"


def test_the_clock_runs_between_entries() -> None:
    """The match clock is the sport's, at the event's time now."""
    start = _entry(1, title="period_start", details={"period": "first_half"})
    assert _view(start).clock(KICK_OFF + 30 * MINUTE + 1) == "31'"


def test_the_clock_of_a_replayed_event_runs_at_its_speed() -> None:
    """With a clock of its own, the event's minutes pass at its speed; at none they stand still."""
    start = _entry(1, title="period_start", details={"period": "first_half"})
    began = KICK_OFF + 100 * MINUTE
    timing = Timing(starts=KICK_OFF, began=began, speed=60.0)
    view = _view(start, card=replace(CARD, timing=timing))
    assert view.clock(began + 10 * SECOND + 1) == "11'"
    still = _view(start, card=replace(CARD, timing=replace(timing, speed=0.0)))
    assert still.clock(began + 10 * SECOND) == "1'"


def test_a_sport_that_is_not_installed() -> None:
    """An event of an unknown sport is followed all the same."""
    view = _view(_entry(1, 3), card=replace(CARD, sport="calvinball"))
    assert view.headline == "A 1–0 B"
    assert view.clock(KICK_OFF) == "4'"


@pytest.fixture
def _two_hours_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clocks on the wall are two hours ahead of UTC."""
    monkeypatch.setenv("TZ", "XST-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_two_hours_ahead")
def test_states() -> None:
    """The view says whether it looks for the host, is live, stale since when, or at the end."""
    view = LiveView(CARD)
    assert view.state_text == "connecting"
    assert view.headline == "A 0–0 B"
    view.take(Notice("waiting", "event a-v-b has no host yet"), 1.0, KICK_OFF)
    assert view.state_text == "waiting for the host"
    assert "event a-v-b has no host yet" in _drawn(view)[4]
    beat = Heartbeat(event="a-v-b", epoch=3, seq=0, digest=b"", sent=0, present=7, claims=2)
    view.take(beat, 2.0, KICK_OFF)
    assert (view.state_text, view.banner) == ("live", "")
    assert "epoch 3" in _drawn(view)[2]
    assert _drawn(view)[-1].startswith(" 7 reporters · 2 claims open")
    view.take(Notice("stale", "nothing heard"), 3.0, KICK_OFF)
    assert view.state_text == "stale since 00:13:20"
    view.take(Notice("live", "again"), 4.0, KICK_OFF)
    assert view.state_text == "live"
    view.take(Finished(event="a-v-b", epoch=3, seq=1, sent=0, headline="A 4–0 B"), 5.0, KICK_OFF)
    view.take(Notice("stale", "nothing heard"), 6.0, KICK_OFF)
    assert (view.state_text, view.headline) == ("finished", "A 4–0 B")


def test_what_is_being_decided() -> None:
    """The newest open claims stand above the feed, with how far each has come; not when their host
    is not heard, and not in the end."""
    view = _view(_entry(1, 3))
    claim = Pending(title="corner", origin="A\x1b[2J", time=KICK_OFF, for_=1, needed=3)
    torn = replace(claim, title="odd_one", origin="", for_=2, against=2)
    view.pending = (replace(claim, for_=0), claim, torn, claim, claim)
    rows = [row for row in _drawn(view) if "being decided" in row]
    assert rows[0].strip().startswith("…  Corner kick, A")
    assert rows[0].rstrip().endswith("being decided, 1 of 3")
    assert "\x1b" not in rows[0]
    assert rows[1].rstrip().endswith("odd one  being decided, 2 of 3, 2 against")
    assert len(rows) == 3
    view.take(Notice("stale", "nothing heard"), 2.0, KICK_OFF)
    assert not any("being decided" in row for row in _drawn(view))
    view.take(BEAT, 3.0, KICK_OFF)
    assert any("being decided" in row for row in _drawn(view))
    view.take(Finished(event="a-v-b", epoch=1, seq=2, sent=0), 4.0, KICK_OFF)
    assert not any("being decided" in row for row in _drawn(view))


def _alarm(number: int, minute: float) -> Alarm:
    last = KICK_OFF + round(minute * MINUTE)
    return Alarm(event="a-v-b", epoch=1, seq=0, sent=last, last_received=last, number=number)


def _restored(since: float, until: float, **told: Any) -> Restored:
    return Restored(
        event="a-v-b",
        epoch=1,
        seq=0,
        sent=KICK_OFF,
        since=KICK_OFF + round(since * MINUTE),
        until=KICK_OFF + round(until * MINUTE),
        **told,
    )


BEAT = Heartbeat(event="a-v-b", epoch=1, seq=0, digest=b"", sent=0)


@pytest.mark.usefixtures("_two_hours_ahead")
def test_an_outage_from_alarm_to_restored() -> None:
    """An alarm suspends the event on the screen, since the last thing heard; entries and
    heartbeats do not end that, `restored` does, with its score."""
    view = _view(_entry(1, 3))
    view.take(_alarm(1, 10), 1.0, KICK_OFF + 12 * MINUTE)
    view.take(Notice("venue_lost", "nothing from the venue"), 1.0, KICK_OFF + 12 * MINUTE)
    assert "▲ suspended since 00:23:20" in _drawn(view)[2]
    assert _drawn(view)[4].strip().startswith("Nobody at the venue is heard.")
    view.take(BEAT, 2.0, KICK_OFF + 13 * MINUTE)
    assert view.state_text == "suspended since 00:23:20"
    view.take(Notice("reconstructing", "contact is back"), 3.0, KICK_OFF + 20 * MINUTE)
    view.take(replace(_entry(2, 15), delay_status="RECONSTRUCTED"), 4.0, KICK_OFF + 20 * MINUTE)
    view.take(BEAT, 4.0, KICK_OFF + 20 * MINUTE)
    assert view.state_text == "suspended, reconstructing since 00:33:20"
    assert view.banner == "contact is back"
    view.take(_restored(10, 20, entries=1, headline="A 2–0 B"), 5.0, KICK_OFF + 21 * MINUTE)
    view.take(Notice("quiet", "the feed is live"), 5.0, KICK_OFF + 21 * MINUTE)
    assert (view.state_text, view.banner, view.headline) == ("live", "", "A 2–0 B")


def test_an_outage_stands_where_it_happened() -> None:
    """Contact lost stands between what happened before and in the outage, contact back after it;
    a repeated alarm changes its line."""
    view = _view(_entry(1, 3))
    view.take(_alarm(1, 10), 1.0, KICK_OFF)
    view.take(_alarm(2, 10), 1.0, KICK_OFF)
    view.take(replace(_entry(2, 15), delay_status="RECONSTRUCTED"), 2.0, KICK_OFF)
    view.take(_restored(10, 20, entries=1, inaccurate=1, reason="no"), 3.0, KICK_OFF)
    view.take(_entry(3, 25), 4.0, KICK_OFF)
    lines = [line.strip() for line in _drawn(view, 120) if line.strip()][4:-1]
    assert [line.split(maxsplit=1)[1][:21] for line in lines] == [
        "GOAL for A, number 3 ",
        "✓ Contact is back: 1 ",
        "GOAL for A, number 2 ",
        "▲ Contact with the ve",
        "GOAL for A, number 1 ",
    ]
    assert lines[1].endswith("1 inaccurate, the score not confirmed: no")
    assert lines[2].split("number 2")[1].split()[0] == "reconstructed"
    assert lines[3].endswith("2 alarms")


def test_an_alarm_of_a_replayed_event_stands_at_its_own_time() -> None:
    """The alarm's time is of the wall; on an event with its own clock it stands where that was."""
    began = KICK_OFF + 1_000 * MINUTE
    timing = Timing(starts=KICK_OFF, began=began, speed=60.0)
    view = _view(_entry(1, 3), _entry(2, 30), card=replace(CARD, timing=timing))
    last = began + 10 * SECOND  # minute 10 of the event
    view.take(
        Alarm(event="a-v-b", epoch=1, seq=0, sent=last, last_received=last), 1.0, last + SECOND
    )
    kinds = [type(row).__name__ for row in view.rows()]
    assert kinds == ["EntryRow", "Remark", "EntryRow"]


@pytest.mark.parametrize(
    ("delay", "status", "mark"),
    [
        ("DELAYED", "CONFIRMED", "delayed"),
        ("RECONSTRUCTED", "PROVISIONAL", "one voice, reconstructed"),
        ("RECONSTRUCTED", "UPDATED", "amended, reconstructed"),
        ("RECONSTRUCTION_INACCURATE", "UPDATED", "inaccurate"),
        ("RECONSTRUCTION_INACCURATE", "DELETED", "deleted, inaccurate"),
    ],
)
def test_each_delay_status_has_its_mark(delay: DelayStatus, status: EntryStatus, mark: str) -> None:
    """How late an entry is, and how sure, is said in words; that it came late as well is not."""
    late = replace(_entry(2, 3, status=status), delay_status=delay, reason="why")
    view = _view(_entry(1, 10), late)
    assert view.fold.rows[0].mark == mark
    assert f"({mark}: why)" in entry_text(view.fold.rows[0])


@pytest.mark.parametrize(
    "kind", ["host_trouble", "disagree", "host_lost", "link_lost", "silent", "reconstructing"]
)
def test_every_cause_is_said_until_it_ends(kind: str) -> None:
    """The cause of a silence is the state, its sentence the banner; what the host says meanwhile
    does not wipe it away, `quiet` does."""
    view = _view(_entry(1, 3))
    view.take(Notice(kind, "this is why"), 1.0, KICK_OFF)
    view.take(BEAT, 2.0, KICK_OFF)
    assert view.state == kind
    lines = _drawn(view)
    assert DRAWN[kind][0] in lines[2]
    assert lines[4].strip() == "this is why"
    view.take(Notice("waiting", "the broker is away"), 2.5, KICK_OFF)
    assert view.state == kind
    view.take(Notice("quiet", "the feed is live"), 3.0, KICK_OFF)
    assert (view.state, view.banner) == ("live", "")


def test_a_silence_is_told_from_its_beginning() -> None:
    """What is learnt of the cause of a silence does not make it any younger."""
    view = _view(_entry(1, 3))
    view.take(Notice("stale", "nothing heard"), 1.0, KICK_OFF + MINUTE)
    view.take(Notice("silent", "asking"), 1.0, KICK_OFF + MINUTE)
    view.take(Notice("host_lost", "the broker answers"), 2.0, KICK_OFF + 2 * MINUTE)
    assert (view.state, view.fold.condition.since) == ("host_lost", KICK_OFF + MINUTE)


def test_every_state_is_drawn() -> None:
    """Each state has its words and its sign."""
    assert STATES.keys() == DRAWN.keys()


def test_a_feed_that_is_read_again_begins_anew() -> None:
    """After a divergence nothing of the other feed remains, score and clock included."""
    view = _view(_entry(1, 5), _entry(2, 3, headline="A 2–0 B"))
    view.take(Notice("diverged", "another feed"), 3.0, KICK_OFF)
    assert (view.fold.rows, view.headline, view.banner) == ([], "A 0–0 B", "another feed")
    view.take(_entry(1, 1), 4.0, KICK_OFF)
    assert [row.mark for row in view.fold.rows] == [""]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0994, "99 ms"),
        (0.1, "0.1 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (100, "2 min"),
        (5_900, "98 min"),
        (7_200, "2 h"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    """A length of time is told with as many digits as help, in six characters."""
    assert span(seconds) == text
    assert len(span(seconds)) <= 6


@pytest.mark.usefixtures("_two_hours_ahead")
def test_evidence_and_clock_words() -> None:
    """Evidence names those against; without a match clock an entry shows the time of day here."""
    entry = _entry(1)
    against = replace(entry.evidence, against=2)
    assert evidence_of(replace(entry, evidence=against)) == "5 of 12, 2 against, 0.8 s"
    assert clock_of(replace(entry, clock="")) == "00:13:20"
    assert clock_of(replace(entry, clock="", time=2**61)) == ""


def test_summary() -> None:
    """The table and the JSON object tell the same, latencies in milliseconds, unknown ones as
    none."""
    counts = FeedStatistics(received=10, lost=2, repaired=1, p50=0.0012)
    told = summary(counts)
    assert (told["received"], told["lost"], told["repaired"]) == (10, 2, 1)
    assert (told["latency_p50_ms"], told["latency_p99_ms"]) == (1.2, None)
    assert summary_table(counts).row_count == len(told)
