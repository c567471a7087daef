"""`touchline trace`: the way of one report, with times, from the journal of its host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..protocol import times
from ..protocol.errors import NotFound, SettingError
from . import completion, shared
from .journals import host_journal, host_name
from .ui.tables import on_terminal, table

if TYPE_CHECKING:
    from ..peer.host.trace import TraceStep


@click.command("trace", epilog="Example: touchline trace uxr2-n79i-da86-7j7e/1 --name hill")
@click.argument("report", metavar="PEER/N")
@click.option("--event", default="", shell_complete=completion.events, help="Look in this event.")
@click.option("--journal", default="", metavar="URL", help="The journal, if not that of --name.")
@shared.name_option
@shared.broker_flags
@shared.json_option
def command(
    report: str,
    event: str,
    journal: str,
    name: str,
    broker: str,
    insecure: bool,
    as_json: bool,
) -> None:
    """Show the way of a report: when it was said, stored, accepted and published.

    PEER is the id or the name of its reporter, N the report's number, as `touchline report` prints
    it and logs have it. The journal is read after its host has stopped; one in PostgreSQL at any
    time. Times are of the host's clock.
    """
    from ..peer.host.trace import trace

    peer, slash, number = report.rpartition("/")
    if not slash or not peer or not number.isdecimal():
        raise SettingError(f"{report!r} is not PEER/N, such as uxr2-n79i-da86-7j7e/1")
    found = False
    with host_journal(host_name(broker, name, insecure=insecure), journal) as opened:
        for each in [event] if event else opened.events():
            card = opened.card(each)
            if card is None:
                raise NotFound(f"the journal holds no event {each!r}")
            steps = trace(card, opened.turns(each), peer, int(number))
            if steps:
                found = True
                _show(each, steps, as_json=as_json)
    if not found:
        raise NotFound(
            f"the journal holds no report {report}; where it is in the reporter's outbox still,"
            " no host has confirmed it"
        )


def _show(event: str, steps: Sequence[TraceStep], *, as_json: bool) -> None:
    first = steps[0].time
    day, drawn = times.to_rfc3339(first)[:10], on_terminal()
    rows = []
    for one in steps:
        after = (one.time - first) / times.SECOND
        if as_json:
            about = {"time": times.to_rfc3339(one.time), "after": round(after, 3)}
            way = {"step": one.step, "text": one.text, "entry": one.entry, "seq": one.seq}
            shared.emit({"type": "step", "event": event, **about, **way})
        time = times.to_rfc3339(one.time)
        if drawn and time.startswith(day):  # so that it fits
            time = time[11:].removesuffix("Z")
        entry = f"entry {one.entry}, seq {one.seq}" if one.entry else ""
        rows.append((one.step, time, f"{after:+.3f} s", one.text, entry))
    if not as_json:
        title = f"{event}, {day} UTC" if drawn else event
        table(("step", "time", "after", "what", "where"), rows, title)
