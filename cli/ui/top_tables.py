"""The tables of `touchline top`: what each column shows of an overview, and how it is sorted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from ...monitoring.overview import Overview
from ...protocol.text import plain


@dataclass(frozen=True, slots=True)
class TopColumn:
    """A column.

    Args:
        heading: above it.
        field: of the row.
        number: it holds numbers: on the right, and the greatest first where one sorts by it.
    """

    heading: str
    field: str
    number: bool = False

    def text(self, row: object) -> str:
        """Return the cell of a row."""
        value = getattr(row, self.field)
        if value is None:
            return "–"
        if isinstance(value, float):
            return f"{value:,.1f}"
        return f"{value:,}" if isinstance(value, int) else plain(str(value))

    def order(self, row: object) -> tuple[bool, Any]:
        """Return what a row is sorted by; unknown values are least."""
        value = attrgetter(self.field)(row)
        return (value is not None, value if value is not None else 0)


@dataclass(frozen=True, slots=True)
class TopTable:
    """A table.

    Args:
        title: above it.
        name: in JSON.
        columns: from the left.
        rows: returns its rows.
    """

    title: str
    name: str
    columns: Sequence[TopColumn]
    rows: Callable[[Overview], Sequence[Any]]


EVENTS = TopTable(
    "Events",
    "event",
    (
        TopColumn("event", "event"),
        TopColumn("state", "state"),
        TopColumn("there", "present", number=True),
        TopColumn("votes", "votes", number=True),
        TopColumn("/s", "votes_per_second", number=True),
        TopColumn("entries", "entries", number=True),
        TopColumn("lost", "lost", number=True),
        TopColumn("missing", "missing", number=True),
        TopColumn("repaired", "repaired", number=True),
        TopColumn("claims", "claims", number=True),
        TopColumn("unconfirmed", "unconfirmed", number=True),
        TopColumn("deleted", "deleted", number=True),
        TopColumn("refused", "refused", number=True),
        TopColumn("viewers", "viewers", number=True),
    ),
    Overview.events,
)

PROCESSES = TopTable(
    "Processes",
    "process",
    (
        TopColumn("process", "kind"),
        TopColumn("state", "state"),
        TopColumn("metrics at", "address"),
        TopColumn("name", "name"),
        TopColumn("events", "events", number=True),
        TopColumn("connected", "connections", number=True),
        TopColumn("work/s", "per_second", number=True),
        TopColumn("version", "version"),
    ),
    Overview.processes,
)

ALERTS = TopTable(
    "Alerts",
    "alert",
    (
        TopColumn("severity", "severity"),
        TopColumn("alert", "name"),
        TopColumn("about", "about"),
        TopColumn("what is wrong", "text"),
    ),
    Overview.alerts,
)


def summary_line(overview: Overview) -> str:
    """Return what all of it comes to, on one line."""
    processes, events, alerts = overview.processes(), overview.events(), overview.alerts()
    kinds = ("broker", "host", "gateway")
    rates = [one.votes_per_second for one in events if one.votes_per_second is not None]
    words = [
        ", ".join(_counted(sum(one.kind == kind for one in processes), kind) for kind in kinds),
        _counted(len(events), "event"),
        f"{sum(rates):,.1f} votes/s" if rates else "– votes/s",
        f"{sum(one.missing for one in events):,} missing",
        _counted(len(alerts), "alert"),
    ]
    return " · ".join(words)


def shortened(text: str, cells: int) -> str:
    """Return a text that has at most so many characters: its beginning and its end."""
    if len(text) <= cells:
        return text
    return f"{text[: cells - 7]}…{text[-6:]}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
