"""The venue is cut off by a firewall while things happen there."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Yard, wall


@pytest.mark.parametrize(
    ("seconds", "actions", "beat"),
    [(10.0, 12, 0.5), pytest.param(30.0, 20, 1.0, marks=pytest.mark.slow)],
)
def test_what_happens_while_cut_off(
    yard: Yard, apart: Callable[[bool], None], seconds: float, actions: int, beat: float
) -> None:
    """What happens while the reporters are cut off is all on the timeline afterwards, marked, in
    match order; the subscriber was told that the venue is lost, and alarmed again and again; the
    confirmed score closes the outage."""
    yard.broker()
    yard.create()
    yard.host("--alarm-every", str(4 * beat), beat=beat)
    _, feed = yard.watch()
    people, told = yard.reporters("ann", "bob", "cid")
    yard.until(lambda: told.last.get("open"))
    yard.say(people, "goal", "A", wall())
    yard.until(lambda: len(feed.of("entry")) == 1)

    cut_wall = wall()
    apart(True)
    happened: list[tuple[str, str, int]] = []
    for number in range(actions):
        time.sleep(seconds / actions)
        happened.append(("goal" if number % 3 else "corner", "AB"[number % 2], wall()))
        yard.say(people, *happened[-1])
    yard.until(lambda: len(feed.of("alarm")) >= 2)
    assert "venue_lost" in feed.kinds
    assert len(feed.of("entry")) == 1
    apart(False)
    yard.until(lambda: feed.of("restored"), what="the end of the outage")

    alarms = feed.of("alarm")
    assert [alarm["number"] for alarm in alarms] == list(range(1, len(alarms) + 1))
    # The newest version of each: texts change as what was before them comes in.
    newest = {entry["entry_id"]: entry for entry in feed.of("entry")}
    entries = list(newest.values())[1:]
    found = sorted(entries, key=lambda entry: entry["time"])
    assert [(entry["title"], entry["origin"]) for entry in found] == [
        (title, origin) for title, origin, _ in happened
    ]
    assert {entry["delay_status"] for entry in entries} == {"RECONSTRUCTED"}
    _check_places(feed.of("entry"))
    (restored,) = feed.of("restored")
    goals = [origin for title, origin, _ in [("goal", "A", cut_wall), *happened] if title == "goal"]
    assert (restored["entries"], restored["inaccurate"], restored["confirmed"]) == (
        actions, 0, True
    )  # fmt: skip
    assert restored["headline"] == f"A {goals.count('A')}–{goals.count('B')} B"
    seqs = [item["seq"] for item in feed.of("entry", "alarm", "restored")]
    assert seqs == list(range(1, len(seqs) + 1))
    yard.until(lambda: feed.kinds[-1] in {"quiet", "live"})
    # Another goal may come so soon after the last one that it can't be told from it.
    yard.say(people, "yellow_card", "B", wall())
    yard.until(lambda: len({entry["entry_id"] for entry in feed.of("entry")}) == actions + 2)
    assert feed.of("entry")[-1]["delay_status"] == ""


def test_a_cut_is_of_no_concern_to_others(yard: Yard, apart: Callable[[bool], None]) -> None:
    """The interfaces of the two sides are in namespaces of their own: where the tests themselves
    run, and browsers beside them, there is none that comes and goes."""
    with socket.socket() as ours, pytest.raises(OSError, match="assign"):
        ours.bind((yard.bind, 0))


def _check_places(entries: list[dict[str, Any]]) -> None:
    """Each has the place that it took among those that were there when it was published."""
    times: dict[str, int] = {}
    for entry in entries:
        times[entry["entry_id"]] = entry["time"]
        before = sum(time < entry["time"] for time in times.values())
        assert entry["place"] == before + 1
