"""What is shown by itself, and a sum that never falls."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from touchline.monitoring.bounded import OTHERS, Selection
from touchline.monitoring.tables import MetricTable, Row

ROWS: tuple[Row[Any], ...] = (
    Row("counter", "seen", "Seen.", lambda one: one.seen),
    Row("gauge", "open", "Open.", lambda one: one.open),
    Row("gauge", "epoch", "Epoch.", lambda one: one.seen, others="none"),
    Row("age", "age", "Age.", lambda one: one.at),
    Row("histogram", "wait", "Wait.", lambda one: ([one.seen, 1], 2.0), bounds=(1,)),
)


def one(seen: int = 1, at: float = 0.0) -> Any:
    return SimpleNamespace(seen=seen, open=2, at=at, over=False)


class Page:
    """A table of what is in `things`."""

    def __init__(self, bound: int, **things: Any) -> None:
        self.things = things
        self.table = MetricTable(
            "x", ROWS, lambda: self.things, "event", live=lambda it: not it.over, bound=bound
        )

    def scrape(self, now: float = 10.0) -> dict[tuple[str, str], float]:
        return {
            (sample.name, sample.labels["event"] + sample.labels.get("le", "")): sample.value
            for family in self.table.families(now)
            for sample in family.samples
        }


def test_the_others_are_summed() -> None:
    """Counters, gauges and histograms are summed, of ages the greatest counts, and what can't be
    summed is left out."""
    found = Page(1, a=one(1), b=one(2, at=3.0), c=one(4)).scrape()
    assert found["x_seen_total", "a"] == 1
    assert found["x_seen_total", OTHERS] == 6
    assert found["x_open", OTHERS] == 4
    assert found["x_age", OTHERS] == 10.0
    assert found["x_wait_bucket", f"{OTHERS}1.0"] == 6
    assert found["x_wait_bucket", f"{OTHERS}+Inf"] == found["x_wait_count", OTHERS] == 8
    assert found["x_wait_sum", OTHERS] == 4.0
    assert ("x_epoch", "a") in found
    assert ("x_epoch", OTHERS) not in found


def test_a_sum_never_falls() -> None:
    """What an event has counted stays in the sum when it is over, is shown by itself, or is
    dropped; Prometheus would take a fall for a restart."""
    page = Page(1, a=one(1), b=one(2), c=one(4))
    sums = [page.scrape()["x_seen_total", OTHERS]]
    page.things["a"].over = True  # b is shown from here on
    page.things["b"].seen += 10
    sums.append(page.scrape()["x_seen_total", OTHERS])
    assert page.scrape()["x_seen_total", "b"] == 12
    del page.things["c"]
    sums.append(page.scrape()["x_seen_total", OTHERS])
    page.things["d"] = one(3)
    sums.append(page.scrape()["x_seen_total", OTHERS])
    page.things["d"] = one(1)  # held again, from 0
    sums.append(page.scrape()["x_seen_total", OTHERS])
    assert sums == [6, 6, 6, 9, 10]


def test_an_event_that_goes_on_is_not_counted_twice() -> None:
    """What it had counted while it was shown is not added to the sum when there is no room."""
    page = Page(1, a=one(100), b=one(2))
    page.scrape()
    page.things["a"].over = True
    assert page.scrape()["x_seen_total", "b"] == 2
    page.things["a"].over = False
    page.things["a"].seen += 5
    assert page.scrape()["x_seen_total", OTHERS] == 2
    page.things["a"].seen += 1
    assert page.scrape()["x_seen_total", OTHERS] == 3


def test_what_is_shown_stays() -> None:
    """An event that began earlier in the order does not take another's place."""
    selection = Selection(1, lambda _: True)
    assert selection.split({"b": 1})[0] == {"b": 1}
    assert selection.split({"a": 1, "b": 1})[0] == {"b": 1}
    assert selection.split({"a": 1})[0] == {"a": 1}
