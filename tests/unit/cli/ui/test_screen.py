"""The live view and the screen: what a follower of an event is shown."""

from __future__ import annotations

import io
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from touchline.cli.ui.screen import STATES as DRAWN
from touchline.cli.ui.screen import Screen, fitting, summary_table
from touchline.cli.ui.statistics import FeedStatistics, summary
from touchline.protocol.messages import (
    Alarm,
    EntryStatus,
    Finished,
    Heartbeat,
    HowEnded,
    Pending,
    Restored,
)
from touchline.timeline.condition import STATES
from touchline.timeline.feed import Notice
from touchline.timeline.texts import entry_text
from touchline.timeline.view import LiveView

from ...following import CARD, KICK_OFF, MINUTE, entry, view_of


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
    view = view_of(*(entry(n, n, text=f"{n} " + "long words " * 12) for n in range(1, count + 1)))
    lines = _drawn(view, width, height)
    assert len(lines) == height
    assert max(map(len, lines)) <= width


def test_score_state_newest_first_and_evidence() -> None:
    """The score is on top, the newest entry right below it, each with its evidence."""
    view = view_of(entry(1, 3, headline="A 1–0 B"), entry(2, 8, headline="A 2–0 B"))
    lines = _drawn(view)
    assert lines[1].strip("│ ") == "A 2–0 B"
    assert "● live" in lines[2]
    assert " ".join(lines[4].split()) == "9' GOAL for A, number 2 5 of 12 0.8 s"
    assert " ".join(lines[5].split()) == "4' GOAL for A, number 1 5 of 12 0.8 s"


def test_a_narrow_terminal_keeps_the_words() -> None:
    """Where there is no room for the evidence, clock and text are shown without it."""
    lines = _drawn(view_of(entry(1, 3)), 50)
    assert " ".join(lines[4].split()) == "4' GOAL for A, number 1"


def test_a_new_version_changes_the_line() -> None:
    """An amended entry keeps its one line, in its place, and is marked."""
    amended = replace(entry(1, 3), seq=3, status="UPDATED", text="GOAL for A: Ann")
    view = view_of(entry(1, 3), entry(2, 8), amended)
    assert [row.entry.text for row in view.fold.rows] == ["GOAL for A: Ann", "GOAL for A, number 2"]
    assert "GOAL for A: Ann  amended" in _drawn(view)[5]


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("PROVISIONAL", "unconfirmed"),
        ("CONFIRMED", ""),
        ("UPDATED", "amended"),
        ("DELETED", "deleted"),
    ],
)
def test_each_status_has_its_mark(status: EntryStatus, mark: str) -> None:
    """A status is said in words, on the screen and in plain lines, without need of colour."""
    view = view_of(entry(1, status=status))
    assert view.fold.rows[0].mark == mark
    assert _drawn(view)[4].split("number 1")[1].split("5 of")[0].strip() == mark
    assert (f"({mark})" in entry_text(view.fold.rows[0])) == bool(mark)


def test_a_score_that_is_not_confirmed_says_so() -> None:
    """Beside a score that a provisional entry makes stands how sure it is; a corner makes none.
    An entry that is taken back says why."""
    goal = entry(1, 3, headline="A 1–0 B", status="PROVISIONAL")
    corner = replace(entry(2, 5), title="corner", status="PROVISIONAL", headline="A 1–0 B")
    view = view_of(goal, corner)
    assert _drawn(view)[1].strip("│ ") == "A 1–0 B  unconfirmed, 5 of 12"
    gone = replace(goal, seq=3, status="DELETED", reason="only 2 of 8 say so", headline="A 0–0 B")
    view.take(gone, 2.0, KICK_OFF)
    assert _drawn(view)[1].strip("│ ") == "A 0–0 B"
    assert any("deleted: only 2 of 8 say so" in row for row in _drawn(view))


def test_open_claims_of_which_no_more_is_told() -> None:
    """Where the host does not tell of what is claimed, it is said that something is."""
    view = view_of(entry(1, 3))
    view.take(replace(BEAT, claims=1), 2.0, KICK_OFF)
    assert any(row.split("…")[-1].strip() == "1 claim is being decided" for row in _drawn(view))
    view.take(replace(BEAT, claims=2), 2.0, KICK_OFF)
    assert any("2 claims are being decided" in row for row in _drawn(view))
    view.take(Notice("stale", "nothing heard"), 3.0, KICK_OFF)
    assert not any("being decided" in row for row in _drawn(view))


def test_markup_and_control_characters_are_only_text() -> None:
    """What came from the network can't colour, move or clear anything."""
    evil = "[red]GOAL[/red] [link=x]y[/link]\x1b[2J\x07 :smile:\u202e"
    card = replace(CARD, title=evil)
    view = view_of(replace(entry(1, text=evil, headline=evil), clock="\x1b[1m"), card=card)
    view.take(Notice("waiting", evil), 5.0, KICK_OFF)
    shown = "\n".join(_drawn(view, 120)) + entry_text(view.fold.rows[0])
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert "[red]GOAL[/red] [link=x]y[/link]�[2J� :smile:�" in shown


@pytest.mark.usefixtures("two_hours_ahead")
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
    assert (view.state_text, view.banner(KICK_OFF)) == ("live", "")
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
    view = view_of(entry(1, 3))
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


@pytest.mark.usefixtures("two_hours_ahead")
def test_an_outage_from_alarm_to_restored() -> None:
    """An alarm suspends the event on the screen, since the last thing heard; entries and
    heartbeats do not end that, `restored` does, with its score."""
    view = view_of(entry(1, 3))
    view.take(_alarm(1, 10), 1.0, KICK_OFF + 12 * MINUTE)
    view.take(Notice("venue_lost", "nothing from the venue"), 1.0, KICK_OFF + 12 * MINUTE)
    assert "▲ suspended since 00:23:20" in _drawn(view)[2]
    assert _drawn(view)[4].strip().startswith("Nobody at the venue is heard.")
    view.take(BEAT, 2.0, KICK_OFF + 13 * MINUTE)
    assert view.state_text == "suspended since 00:23:20"
    view.take(Notice("reconstructing", "contact is back"), 3.0, KICK_OFF + 20 * MINUTE)
    view.take(replace(entry(2, 15), delay_status="RECONSTRUCTED"), 4.0, KICK_OFF + 20 * MINUTE)
    view.take(BEAT, 4.0, KICK_OFF + 20 * MINUTE)
    assert view.state_text == "suspended, reconstructing since 00:33:20"
    assert view.banner(KICK_OFF) == "contact is back"
    view.take(_restored(10, 20, entries=1, headline="A 2–0 B"), 5.0, KICK_OFF + 21 * MINUTE)
    view.take(Notice("quiet", "the feed is live"), 5.0, KICK_OFF + 21 * MINUTE)
    assert (view.state_text, view.banner(KICK_OFF), view.headline) == ("live", "", "A 2–0 B")


def test_an_outage_stands_where_it_happened() -> None:
    """Contact lost stands between what happened before and in the outage, contact back after it;
    a repeated alarm changes its line."""
    view = view_of(entry(1, 3))
    view.take(_alarm(1, 10), 1.0, KICK_OFF)
    view.take(_alarm(2, 10), 1.0, KICK_OFF)
    view.take(replace(entry(2, 15), delay_status="RECONSTRUCTED"), 2.0, KICK_OFF)
    view.take(_restored(10, 20, entries=1, inaccurate=1, reason="no"), 3.0, KICK_OFF)
    view.take(entry(3, 25), 4.0, KICK_OFF)
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


@pytest.mark.parametrize(
    "kind", ["host_trouble", "disagree", "host_lost", "link_lost", "silent", "reconstructing"]
)
def test_every_cause_is_said_until_it_ends(kind: str) -> None:
    """The cause of a silence is the state, its sentence the banner; what the host says meanwhile
    does not wipe it away, `quiet` does."""
    view = view_of(entry(1, 3))
    view.take(Notice(kind, "this is why"), 1.0, KICK_OFF)
    view.take(BEAT, 2.0, KICK_OFF)
    assert view.state == kind
    lines = _drawn(view)
    assert DRAWN[kind][0] in lines[2]
    assert lines[4].strip() == "this is why"
    view.take(Notice("waiting", "the broker is away"), 2.5, KICK_OFF)
    assert view.state == kind
    view.take(Notice("quiet", "the feed is live"), 3.0, KICK_OFF)
    assert (view.state, view.banner(KICK_OFF)) == ("live", "")


def test_every_state_is_drawn() -> None:
    """Each state has its words and its sign."""
    assert STATES.keys() == DRAWN.keys()


def test_summary() -> None:
    """The table and the JSON object tell the same, latencies in milliseconds, unknown ones as
    none."""
    counts = FeedStatistics(received=10, lost=2, repaired=1, p50=0.0012)
    told = summary(counts)
    assert (told["received"], told["lost"], told["repaired"]) == (10, 2, 1)
    assert (told["latency_p50_ms"], told["latency_p99_ms"]) == (1.2, None)
    assert summary_table(counts).row_count == len(told)


def _over(**told: Any) -> Finished:
    return Finished(event="a-v-b", epoch=1, seq=9, sent=KICK_OFF + 60 * MINUTE, **told)


@pytest.mark.usefixtures("two_hours_ahead")
@pytest.mark.parametrize(
    ("how", "state", "text"),
    [
        ("", "finished", ""),
        ("abandoned", "abandoned", "Abandoned (no light)."),
        ("postponed", "postponed", "Postponed (no light)."),
        ("awarded", "awarded", "Awarded, A wins (no light)."),
        ("walkover", "walkover", "Walkover, A wins (no light)."),
        ("retired", "retired", "Retired, A wins (no light)."),
    ],
)
def test_how_it_ended(how: HowEnded, state: str, text: str) -> None:
    """The head says how an event ended, the banner why, and until when reports of it count; an end
    that was none is a line of its own, and the event is live."""
    told = {"reason": "no light" if how else "", "winner": "A" if text.find("wins") > 0 else ""}
    view = view_of(entry(1, 3), _over(how=how, until=KICK_OFF + 75 * MINUTE, **told))
    count = "Reports still count until 01:28:20."
    lines = _drawn(view, 120)
    assert f"■ {state}" in lines[2]
    assert lines[4].strip() == f"{text} {count}".strip()
    assert ("■" in lines[5]) == bool(how)
    assert count not in "".join(_drawn(view, 120, wall=KICK_OFF + 75 * MINUTE))
    view.take(_over(over=False, reason="reporters say so"), 2.0, KICK_OFF)
    lines = _drawn(view, 120)
    assert "● live" in lines[2]
    assert "■ Not over: reporters say so." in lines[4]
    assert count not in "".join(lines)


def test_play_is_interrupted_until_it_goes_on() -> None:
    """The head and the banner say so, with the reason; a later statement, or the end, ends it."""
    said = entry(2, 8, title="state", details={"play": "interrupted", "reason": "storm"})
    view = view_of(entry(1, 3), said)
    lines = _drawn(view)
    assert "● play interrupted" in lines[2]
    assert lines[4].strip() == "Play is interrupted: storm."
    ended = view_of(entry(1, 3), said, _over())
    assert "interrupted" not in "".join(_drawn(ended)[:5])
    view.take(entry(3, 9, title="state", details={"play": "resumed"}), 1.0, KICK_OFF)
    assert "interrupted" not in "".join(_drawn(view)[:5])
    view.take(replace(view.fold.rows[-1].entry, seq=4, status="DELETED"), 1.0, KICK_OFF)
    assert "● play interrupted" in _drawn(view)[2]


_OUTCOMES = {"upheld": "stands", "overturned": "overturned"}


def test_a_review_and_what_came_of_it() -> None:
    """An entry is marked while it is under review, provisional or not, and with the outcome: it
    stands, is taken back by another entry, or is deleted."""
    goal = entry(1, 3)
    review = replace(goal, seq=2, status="UPDATED", review="offside, by a toe")
    view = view_of(goal, review)
    assert view.fold.rows[0].mark == "under review: offside, by a toe"
    first = replace(review, status="PROVISIONAL", review="under review")
    assert view_of(first).fold.rows[0].mark == "unconfirmed, under review"
    view.take(replace(goal, seq=3, status="UPDATED"), 1.0, KICK_OFF)
    assert view.fold.rows[0].mark == "stands after review"
    view.take(replace(goal, seq=4, status="DELETED"), 1.0, KICK_OFF)
    assert view.fold.rows[0].mark == "deleted"
    # Who comes later has not seen the review, and reads of it in the entry.
    for outcome in ("upheld", "overturned"):
        late = view_of(replace(goal, seq=3, status="UPDATED", reviewed=outcome))
        assert late.fold.rows[0].mark == f"{_OUTCOMES[outcome]} after review"
    taken = view_of(goal, review, replace(entry(3, 5, title="goal_disallowed"), relates_to="1"))
    taken.take(replace(goal, seq=4, status="UPDATED"), 1.0, KICK_OFF)
    assert taken.fold.rows[0].mark == "overturned after review"
    gone = view_of(goal, review, replace(goal, seq=3, status="DELETED"))
    assert gone.fold.rows[0].mark == "deleted, overturned after review"


@pytest.mark.parametrize(
    ("clock", "shown"),
    [
        ("45+2'", "45+2'"),
        ("03:45:03", "03:45:03"),
        ("Overtime", "Overtime"),
        ("4th quarter", "4th q"),
        ("Set 2, Leg 3", "S2 L3"),
        ("Game 12 of many", "G12 o m"),
    ],
)
def test_a_clock_fits_its_column(clock: str, shown: str) -> None:
    """Of words that are too long the first letters stand, and figures as they are."""
    assert fitting(clock) == shown
