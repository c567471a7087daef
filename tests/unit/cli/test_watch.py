"""`touchline watch`: what it prints where no terminal is."""

from __future__ import annotations

import json
from typing import cast

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from touchline.cli import watch
from touchline.cli.ui.statistics import FeedStatistics
from touchline.peer import Subscriber
from touchline.protocol.messages import Alarm, Card, Entry, Evidence, Finished, Heartbeat, Restored
from touchline.timeline.feed import Item, Notice

CARD = Card(event="a-v-b", title="A v B", sport="football", origins=["A", "B"])
ENTRY = Entry(
    event="a-v-b",
    epoch=1,
    seq=3,
    entry_id="1",
    status="CONFIRMED",
    title="goal",
    origin="A",
    time=1_700_000_000_000_000,
    first_reported=1_700_000_000_000_000,
    accepted=1_700_000_000_000_000,
    sent=1_700_000_000_000_000,
    evidence=Evidence(for_=2, present=3),
    text="GOAL for A\x1b[2J",
    clock="7'",
    headline="A 1–0 B",
)
BEAT = Heartbeat(event="a-v-b", epoch=1, seq=3, digest=b"\x01\xff", sent=0)
ALARM = Alarm(event="a-v-b", epoch=1, seq=4, sent=ENTRY.time, last_received=ENTRY.time, number=2)
BACK = Restored(
    event="a-v-b",
    epoch=1,
    seq=5,
    sent=ENTRY.time,
    since=ENTRY.time,
    until=ENTRY.time + 60_000_000,
    entries=2,
    inaccurate=2,
    confirmed=True,
    reason="the score is 2–0\x1b[2J",
    headline="A 2–0 B",
)
END = Finished(event="a-v-b", epoch=1, seq=4, sent=0, headline="A 1–0 B")


class NoFeed:
    """Stands for a subscriber that nothing is asked of."""


def _watched() -> watch.Watched:
    return watch.Watched(CARD, cast(Subscriber, NoFeed()), from_start=True)


def _show(show: watch.Show, *items: Item) -> None:
    watched = _watched()
    for item in items:
        show(watched, watched.view.take(item, 0.0, 0))


def _json(capture: pytest.CaptureFixture[bytes], *, heartbeats: bool) -> list[dict[str, object]]:
    show = watch._json_lines(heartbeats)
    show(_watched(), None)
    _show(show, Notice("stale", "nothing heard"), ENTRY, BEAT, END)
    return [json.loads(line) for line in capture.readouterr().out.splitlines()]


def test_json_lines(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Each entry, notice and the end is one object a line; heartbeats only on request."""
    notice, entry, end = _json(capsysbinary, heartbeats=False)
    assert notice == {"type": "notice", "kind": "stale", "text": "nothing heard"}
    assert (entry["type"], entry["seq"], entry["time"]) == ("entry", 3, "2023-11-14T22:13:20.000Z")
    assert end["type"] == "finished"
    beats = _json(capsysbinary, heartbeats=True)[2]
    assert (beats["type"], beats["digest"]) == ("heartbeat", "01ff")


def test_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A line an entry, with clock, text and evidence, and nothing a terminal would obey."""
    _show(watch._plain_lines, Notice("waiting", "no host\x1b[m"), ENTRY, BEAT, END)
    assert capsys.readouterr().out.splitlines() == [
        "          -- no host�[m",
        "      7'  GOAL for A�[2J  [2 of 3, 0 ms]",
        "          Finished. A 1–0 B",
    ]


def test_an_outage_as_json(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Alarm, restored and the cause of a silence are objects of their own."""
    _show(watch._json_lines(False), ALARM, Notice("venue_lost", "nothing heard"), BACK)
    alarm, notice, back = map(json.loads, capsysbinary.readouterr().out.splitlines())
    assert (alarm["type"], alarm["seq"], alarm["number"]) == ("alarm", 4, 2)
    assert alarm["last_received"] == "2023-11-14T22:13:20.000Z"
    assert notice == {"type": "notice", "kind": "venue_lost", "text": "nothing heard"}
    assert (back["type"], back["entries"], back["inaccurate"]) == ("restored", 2, 2)
    assert (back["confirmed"], back["until"]) == (True, "2023-11-14T22:14:20.000Z")


def test_an_outage_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Contact lost and back are lines between the entries; a doubtful entry says why."""
    doubted = replace(
        ENTRY, seq=6, status="UPDATED", delay_status="RECONSTRUCTION_INACCURATE", reason="why"
    )
    _show(watch._plain_lines, ENTRY, ALARM, BACK, doubted)
    _, alarm, back, again = capsys.readouterr().out.splitlines()
    assert "==" in alarm
    assert "Contact with the venue lost: nothing heard since" in alarm
    assert alarm.endswith(", 2 alarms")
    assert back.endswith(
        "Contact is back: 2 entries reconstructed, 2 inaccurate, the score confirmed:"
        " the score is 2–0�[2J"
    )
    assert "(inaccurate: why)" in again


def test_lines_of_several_events(capsys: pytest.CaptureFixture[str]) -> None:
    """A line of one of several events begins with the event's id."""
    _show(watch._named_lines, ENTRY, BEAT)
    assert capsys.readouterr().out == "a-v-b        7'  GOAL for A�[2J  [2 of 3, 0 ms]\n"


def test_without_the_extra_a_terminal_is_told_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Where Textual is missing, several events are lines, and one line says how to get more."""
    two = [_watched(), _watched()]
    with watch._show(two, False, False, drawn=True) as show:
        assert show is watch._named_lines
    assert capsys.readouterr().err == f"{watch.MORE}\n"
    with watch._show(two, False, False, drawn=False):
        pass
    assert capsys.readouterr().err == ""


def test_what_is_old() -> None:
    """Old is what was published up to the seq at which one joined; the end is always shown."""
    assert watch._is_old(ENTRY, 3)
    assert not watch._is_old(ENTRY, 2)
    assert not watch._is_old(ENTRY, None)
    assert watch._is_old(ALARM, 4)
    assert watch._is_old(BACK, 5)
    assert not watch._is_old(BACK, 4)
    assert not watch._is_old(END, 9)


def test_summary_line(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The last object says what was received, and whether that was all."""
    view = _watched().view
    view.take(ENTRY, 0.0, 0)
    view.take(END, 0.0, 0)
    watch._sum_up(CARD, view, FeedStatistics(received=2), as_json=True)
    told = json.loads(capsysbinary.readouterr().out)
    assert (told["type"], told["finished"], told["entries"]) == ("summary", True, 1)
    assert (told["received"], told["headline"]) == (2, "A 1–0 B")


def test_an_event_is_needed() -> None:
    """Without an event it is a wrong call, exit code 2."""
    assert CliRunner().invoke(watch.command, []).exit_code == 2
