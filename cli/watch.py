"""`touchline watch`: follow an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click

from ..peer import Subscriber
from ..protocol.messages import Card, FeedMessage, Finished, Heartbeat
from ..protocol.text import plain
from ..runtime import clock
from ..timeline import json as timeline_json
from ..timeline.feed import Item
from ..timeline.fold import Change
from ..timeline.view import LiveView
from . import shared
from .ui.statistics import FeedStatistics, counted, summary
from .ui.tables import on_screen

TURN_SECONDS = 0.25
"""The longest wait for the feed before the screen's clock is drawn and Ctrl+C is looked for."""

FRAME_SECONDS = 0.1
"""The shortest time between two drawings of the screen, however fast the feed."""

Show = Callable[[Change | None], None]
"""Shows a change; None: time has passed without one."""


@click.command(
    epilog="Example: touchline watch world-cup-final-7k2m --json | grep goal",
)
@shared.event_argument
@shared.broker_option
@shared.name_option
@shared.json_option
@click.option("--heartbeats", is_flag=True, help="With --json: print the host's heartbeats, too.")
@click.option(
    "--from-start/--from-now",
    default=True,
    show_default=True,
    help="Begin with what has been published so far, or show only what comes.",
)
@click.option(
    "--until-finished/--stay",
    default=True,
    show_default=True,
    help="Stop when the event is finished, or stay for late corrections until Ctrl+C.",
)
@click.option("--plain", "as_lines", is_flag=True, help="Print lines instead of the live screen.")
@shared.metrics_option
def command(
    event: str,
    broker: str,
    name: str,
    as_json: bool,
    heartbeats: bool,
    from_start: bool,
    until_finished: bool,
    as_lines: bool,
    metrics: str,
) -> int:
    """Follow EVENT: the score, what happened, and how sure that is.

    A terminal shows a live screen; elsewhere each entry is a line. When nothing comes, the command
    says why: the venue, the host or your own connection is lost, or the reporters disagree. At the
    end, and on Ctrl+C, it says what it received, lost and repaired.
    """
    with ExitStack() as stack:
        link = stack.enter_context(shared.link(broker, name, ["viewer"]))
        card = shared.card_of(link, event)
        feed = stack.enter_context(Subscriber(event, link))
        stack.enter_context(
            shared.metrics_page(metrics, lambda: shared.feed_monitored(event, feed))
        )
        view = LiveView(card)
        show: Show
        if as_json:
            show = _json_lines(heartbeats)
        elif as_lines or not on_screen():
            show = _plain_lines
        else:
            show = stack.enter_context(_live_screen(view, feed))
        joined: int | None = None
        for item in _items(stack, feed, until_finished):
            if joined is None and feed.setup is not None:
                joined = feed.setup.seq
            change = None if item is None else view.take(item, clock.now(), clock.wall())
            if from_start or not _is_old(item, joined):
                show(change)
        counts = counted(feed)
    _sum_up(card, view, counts, as_json=as_json)
    return 0


def _items(stack: ExitStack, feed: Subscriber, until_finished: bool) -> Iterator[Item | None]:
    """Yield items until the end or Ctrl+C, and None after some time without an item."""
    stopped = stack.enter_context(shared.stop_flag())
    while not stopped.is_set():
        item = feed.next(TURN_SECONDS)
        yield item
        if until_finished and feed.core.finished and not feed.core.items():
            return


def _is_old(item: Item | None, joined: int | None) -> bool:
    """Return whether an item was published before the subscriber came, at seq `joined`; the end
    of the event is never old."""
    if joined is None or not isinstance(item, FeedMessage) or isinstance(item, Finished):
        return False
    return item.seq <= joined


def _json_lines(heartbeats: bool) -> Show:
    def show(change: Change | None) -> None:
        if change is not None and (heartbeats or not isinstance(change.item, Heartbeat)):
            shared.emit(timeline_json.to_json(change.item))

    return show


def _plain_lines(change: Change | None) -> None:
    if change is not None and change.line:
        click.echo(change.line)


@contextmanager
def _live_screen(view: LiveView, feed: Subscriber) -> Iterator[Show]:
    from rich.console import Console
    from rich.live import Live

    from .ui.screen import Screen

    console = Console(markup=False, highlight=False, emoji=False)
    drawn = 0.0

    with Live(console=console, screen=True, auto_refresh=False) as live:

        def show(change: Change | None) -> None:
            nonlocal drawn
            now = clock.now()
            over = change is not None and isinstance(change.item, Finished)
            if over or now - drawn >= FRAME_SECONDS:
                drawn = now
                view.pending = feed.core.pending
                live.update(Screen(view, counted(feed), now, clock.wall()), refresh=True)

        yield show


def _sum_up(card: Card, view: LiveView, counts: FeedStatistics, *, as_json: bool) -> None:
    if as_json:
        fold = view.fold
        ending = fold.ending
        about = {"event": card.event, "headline": view.headline, "finished": ending is not None}
        if ending is not None:
            about |= {"how": ending.how, "winner": ending.winner, "reason": ending.reason}
        shared.emit({"type": "summary", **about, "entries": len(fold.rows), **summary(counts)})
        return
    from rich.console import Console

    from .ui.screen import summary_table

    console = Console(markup=False, highlight=False, emoji=False)
    console.print(f"\n{view.headline or plain(card.title)}", style="bold")
    console.print(summary_table(counts))
