"""`touchline watch`: follow an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ..peer import Link, Subscriber
from ..peer.stream_link import StreamLink
from ..protocol.errors import SettingError, TouchlineError
from ..protocol.messages import Card, FeedMessage, Finished, Heartbeat
from ..protocol.text import plain
from ..runtime import clock
from ..timeline import json as timeline_json
from ..timeline.feed import Item
from ..timeline.fold import Change
from ..timeline.rows import EntryRow, Remark
from ..timeline.view import LiveView
from . import completion, shared
from .ui.feeds import Feeds
from .ui.statistics import FeedStatistics, counted, summary
from .ui.tables import on_screen

FRAME_SECONDS = 0.1
"""The shortest time between two drawings of the screen, however fast the feed."""

MORE = (
    "the screen scrolls, filters, shows votes and several events side by side with"
    " pip install 'touchline[terminal]'"
)
"""What a terminal without the extra is told."""

Show = Callable[["Watched", Change | None], None]
"""Shows a change of an event; None: time has passed without one."""


@click.command(
    epilog="Example: touchline watch world-cup-final-7k2m --json | grep goal",
)
@click.argument(
    "events", nargs=-1, required=True, metavar="EVENT...", shell_complete=completion.events
)
@shared.broker_flags
@shared.name_option
@shared.source_options
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
    show_default="until finished; on the screen that scrolls, until you leave",
    help="Stop when the events are finished, or stay for late corrections until Ctrl+C.",
)
@click.option("--plain", "as_lines", is_flag=True, help="Print lines instead of the live screen.")
@shared.language_option
@shared.metrics_option
@shared.log_options("watch")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    events: tuple[str, ...],
    broker: str,
    insecure: bool,
    name: str,
    source: str,
    as_json: bool,
    heartbeats: bool,
    from_start: bool,
    until_finished: bool,
    as_lines: bool,
    language: str | None,
    metrics: str,
    **values: Any,
) -> int:
    """Follow EVENT: the score, what happened, and how sure that is.

    EVENT may also be a file, a recording or an archive: its feed is shown as it was published.

    With --source the feed comes from NATS, and neither broker nor host is asked.

    A terminal shows a live screen; elsewhere each entry is a line. When nothing comes, the command
    says why: the venue, the host or your own connection is lost, or the reporters disagree. At the
    end, and on Ctrl+C, it says what it received, lost and repaired.

    With the extra touchline[terminal] the screen scrolls and filters, shows an entry's votes and
    history, and several events side by side; ? shows its keys.
    """
    shared.speak_as(language, as_json=as_json)
    if all(Path(event).is_file() for event in events):
        for event in events:
            _show_recorded(Path(event), as_json=as_json)
        return 0
    drawn = not as_json and not as_lines and on_screen()
    scrolls = drawn and find_spec("textual") is not None
    with ExitStack() as stack:
        link: Link | StreamLink
        card_of: Callable[[str], Card]
        if source:
            who = shared.nats_options(values)
            link = stream = stack.enter_context(StreamLink(source, who, "touchline watch"))
            card_of = lambda event: stream.card(event).card  # noqa: E731  # one of two
        else:
            address, known = shared.find_broker(broker, insecure=insecure)
            link = to_broker = stack.enter_context(shared.link(address, known or name, ["viewer"]))
            card_of = partial(shared.card_of, to_broker)
        watched = []
        for event in dict.fromkeys(events):
            card = card_of(event)
            feed = stack.enter_context(Subscriber(event, link))
            watched.append(Watched(card, feed, from_start=from_start))
        monitored = {each.card.event: each.feed for each in watched}
        stack.enter_context(shared.metrics_page(metrics, lambda: shared.feeds_monitored(monitored)))
        stopped = stack.enter_context(shared.stop_flag())
        stays = ctx.get_parameter_source("until_finished") is ParameterSource.DEFAULT
        until_finished = until_finished and not (scrolls and stays)

        def ended() -> bool:
            return stopped.is_set() or (until_finished and all(each.ended for each in watched))

        if scrolls:
            _scrolling_screen(watched, ended)
            failures = [each.failure for each in watched if each.failure is not None]
            if len(failures) == len(watched):
                raise failures[0]
        else:
            show = stack.enter_context(_show(watched, as_json, heartbeats, drawn=drawn))
            _follow(watched, show, ended)
        counts = [counted(each.feed) for each in watched]
    for each, received in zip(watched, counts, strict=True):
        _sum_up(each.card, each.view, received, as_json=as_json)
    return 0


def _show_recorded(path: Path, *, as_json: bool) -> None:
    """Show the feed in a recording or an archive, as it was published, and how it ended."""
    from ..timeline import recording

    found = recording.read(path)
    if found is None:
        raise SettingError(f"{path}: cut within its header, which names the event")
    view = LiveView(found.card)
    for message in found.messages:
        change = view.take(message, clock.now(), clock.wall())
        if as_json:
            shared.emit(timeline_json.to_json(message))
        elif change.line:
            click.echo(change.line)
    if as_json:
        about = {"event": found.card.event, "headline": view.headline, "file": str(path)}
        finished = view.fold.ending is not None
        entries = len(view.fold.rows)
        shared.emit({"type": "summary", **about, "finished": finished, "entries": entries})
    else:
        click.secho(f"\n{view.headline or plain(found.card.title)}", bold=True)


class Watched:
    """An event that is watched.

    Args:
        card: the event.
        feed: its subscriber.
        from_start: show also what was published before the subscriber came.
    """

    def __init__(self, card: Card, feed: Subscriber, *, from_start: bool) -> None:
        self.card = card
        self.feed = feed
        self.view = LiveView(card)
        self._from_start = from_start
        self._joined: int | None = None  # the seq of the feed when the subscriber came
        self.failure: TouchlineError | None = None
        """Why the event can't be followed any longer."""

    @property
    def ended(self) -> bool:
        """Whether the event is finished, and nothing of it waits to be shown."""
        return self.failure is not None or (self.feed.core.finished and not self.feed.core.items())

    def take(self, item: Item) -> Change:
        """Take the next item of the feed into the view."""
        return self.view.take(item, clock.now(), clock.wall())

    def fail(self, error: TouchlineError) -> None:
        """Note why the event can't be followed any longer."""
        self.failure = error

    def counts(self) -> FeedStatistics:
        """Return what was received, and bring the open claims of the view up to date."""
        self.view.pending = self.feed.core.pending
        return counted(self.feed)

    def is_old(self, item: Item) -> bool:
        """Return whether an item is not to be shown, since it was there before."""
        if self._joined is None and self.feed.setup is not None:
            self._joined = self.feed.setup.seq
        return not self._from_start and _is_old(item, self._joined)

    def hides(self, row: EntryRow | Remark) -> bool:
        """Return whether a row is not to be shown, since it was there before."""
        return isinstance(row, EntryRow) and self.is_old(row.entry)


def _follow(watched: Sequence[Watched], show: Show, ended: Callable[[], bool]) -> None:
    """Show what comes until the end or Ctrl+C; a feed that fails ends the command."""
    feeds = Feeds([each.feed for each in watched])
    while not ended():
        nothing = True
        for place, item in feeds.next():
            if isinstance(item, TouchlineError):
                raise item
            one = watched[place]
            old = one.is_old(item)
            change = one.take(item)
            if not old:
                nothing = False
                show(one, change)
        if nothing:
            show(watched[0], None)


def _is_old(item: Item | None, joined: int | None) -> bool:
    """Return whether an item was published before the subscriber came, at seq `joined`; the end
    of the event is never old."""
    if joined is None or not isinstance(item, FeedMessage) or isinstance(item, Finished):
        return False
    return item.seq <= joined


@contextmanager
def _show(
    watched: Sequence[Watched], as_json: bool, heartbeats: bool, *, drawn: bool
) -> Iterator[Show]:
    if as_json:
        yield _json_lines(heartbeats)
    elif drawn and len(watched) == 1:
        with _live_screen(watched[0]) as show:
            yield show
    else:
        if drawn:
            click.echo(MORE, err=True)
        yield _plain_lines if len(watched) == 1 else _named_lines


def _json_lines(heartbeats: bool) -> Show:
    def show(_: Watched, change: Change | None) -> None:
        if change is not None and (heartbeats or not isinstance(change.item, Heartbeat)):
            shared.emit(timeline_json.to_json(change.item))

    return show


def _plain_lines(_: Watched, change: Change | None) -> None:
    if change is not None and change.line:
        click.echo(change.line)


def _named_lines(watched: Watched, change: Change | None) -> None:
    """Print a change of one of several events behind the event's id."""
    if change is not None and change.line:
        click.echo(f"{plain(watched.card.event)}  {change.line}")


def _scrolling_screen(watched: Sequence[Watched], ended: Callable[[], bool]) -> None:
    from .ui.follow_app import FollowApp

    feeds = Feeds([each.feed for each in watched])
    FollowApp(watched, feeds.follow, ended).run()


@contextmanager
def _live_screen(watched: Watched) -> Iterator[Show]:
    from rich.console import Console
    from rich.live import Live

    from .ui.screen import Screen

    console = Console(markup=False, highlight=False, emoji=False)
    drawn = 0.0

    with Live(console=console, screen=True, auto_refresh=False) as live:

        def show(_: Watched, change: Change | None) -> None:
            nonlocal drawn
            now = clock.now()
            over = change is not None and isinstance(change.item, Finished)
            if over or now - drawn >= FRAME_SECONDS:
                drawn = now
                counts = watched.counts()
                live.update(Screen(watched.view, counts, now, clock.wall()), refresh=True)

        yield show
    click.echo(MORE, err=True)


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
