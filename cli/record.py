"""`touchline record`: record an event's feed in a file, as it comes."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click

from ..peer import Notice, Subscriber
from ..protocol.messages import FeedMessage
from ..protocol.text import plain
from ..runtime import clock
from ..timeline.fold import FeedFold
from ..timeline.recording import Recorder
from . import shared

TURN_SECONDS = 0.25
"""The longest wait for the feed before the command looks for Ctrl+C."""


@click.command(epilog="Example: touchline record EVENT -o final.mpk; touchline export final.mpk")
@shared.event_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file; a recording of EVENT that it already holds is continued.",
)
@click.option(
    "--until-finished/--stay",
    default=True,
    show_default=True,
    help="Stop when the event is finished, or stay for late corrections until Ctrl+C.",
)
@shared.broker_option
@shared.name_option
@shared.json_option
@shared.metrics_option
@shared.log_options("record")
def command(
    event: str,
    output: Path,
    until_finished: bool,
    broker: str,
    name: str,
    as_json: bool,
    metrics: str,
) -> int:
    """Record EVENT's feed in a file, from its first message on.

    The file is a MessagePack stream that any MessagePack reader takes; `touchline export` and
    `touchline replay` read it. A recording that was cut short is continued where it ends.
    """
    from rich.console import Console

    # Standard error, since with --json, standard output holds only the objects.
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    with ExitStack() as stack:
        link = stack.enter_context(shared.link(broker, name, ["viewer"]))
        card = shared.card_of(link, event)
        recorder = stack.enter_context(Recorder(output, card))
        feed = stack.enter_context(Subscriber(event, link))
        monitored = partial(shared.feed_monitored, event, feed)
        page = stack.enter_context(shared.metrics_page(metrics, monitored))
        shared.emit_page(page, as_json=as_json)
        stopped = stack.enter_context(shared.stop_flag())
        status = console.status("") if console.is_terminal else None
        if status is not None:
            stack.enter_context(status)
        fold, drawn = FeedFold(card), 0.0
        while not stopped.is_set():
            item = feed.next(TURN_SECONDS)
            if item is not None:
                fold.take(item)
            if isinstance(item, FeedMessage):
                recorder.keep(item)
            elif isinstance(item, Notice) and item.voids:
                recorder.restart()
            if status is not None and clock.now() - drawn > TURN_SECONDS:
                drawn = clock.now()
                status.update(_progress(recorder, feed, fold.headline))
            if until_finished and feed.core.finished and not feed.core.items():
                break
    finished = feed.core.finished
    if as_json:
        about = {"event": event, "file": str(output), "finished": finished}
        shared.emit({"type": "recorded", **about, "seq": recorder.seq, "new": recorder.kept})
    else:
        end = "to its end" if finished else "so far"
        click.echo(
            f"{plain(card.title)} is recorded {end} in {output}:"
            f" {recorder.seq} messages, {recorder.kept} of them new"
        )
    return 0


def _progress(recorder: Recorder, feed: Subscriber, headline: str) -> str:
    state = "stale" if feed.core.stale else "recording"
    return f"{state}: {recorder.seq} messages  {plain(headline)}"
