"""The screen of `touchline watch` with the extra `terminal`: events side by side, each a timeline
that scrolls, with a filter, and the votes and the history of an entry.

It needs Textual, which takes 0.3 s to import: only `watch` imports this file, on a terminal.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import ClassVar, Protocol

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, HorizontalScroll, Vertical, VerticalScroll
from textual.events import DescendantFocus, Resize
from textual.widgets import Footer, Input, Static

from ...protocol.errors import TouchlineError
from ...protocol.text import plain
from ...runtime import clock
from ...runtime.languages import mark, tr
from ...timeline.feed import Item
from ...timeline.fold import Change
from ...timeline.history import History
from ...timeline.rows import EntryRow
from ...timeline.view import LiveView
from .entry_details import entry_details
from .feeds import FeedItem
from .help_screen import HelpScreen
from .screen import above_rows, foot_text, head, row_line
from .statistics import FeedStatistics
from .timeline_list import Row, TimelineList

FRAME_SECONDS = 0.1
"""The shortest time between two drawings, however fast the feed."""

WIDE_CELLS = 100
"""From this width on the details of an entry are beside the timeline, and not below it."""

KEYS = (
    ("↑ ↓ k j", mark("one entry up or down")),
    ("PgUp PgDn Space", mark("a screen up or down")),
    ("Home g, End G", mark("the newest, which is then followed; the oldest")),
    ("Enter, click", mark("votes, times and history of an entry; again: close them")),
    ("/", mark("show only what has all of these words: a name, goal, unconfirmed, deleted …")),
    ("[ ]", mark("scroll the details")),
    ("Esc", mark("close the details, then the filter")),
    ("Tab, Shift+Tab", mark("the next or previous event")),
    ("z", mark("this event alone, and back")),
    ("?", mark("this help")),
    ("q, Ctrl+C", mark("leave, and sum up what was received")),
)

MEANING = mark(
    "An entry says how many of those present saw it, and how long after the first of them it was"
    " accepted. “unconfirmed” is published at once, and confirmed or taken back when the evidence"
    " is complete. Who voted is known to the host alone: touchline export --format proof."
)


class FollowedEvent(Protocol):
    """An event that is followed, as the screen needs it."""

    @property
    def view(self) -> LiveView:
        """What its feed has come to."""

    def take(self, item: Item) -> Change:
        """Take the next item of the feed into the view."""

    def fail(self, error: TouchlineError) -> None:
        """Note why the event can't be followed any longer."""

    def counts(self) -> FeedStatistics:
        """Return what was received, and bring the open claims of the view up to date."""

    def hides(self, row: Row) -> bool:
        """Return whether a row is not to be shown."""


class EventPane(Vertical, can_focus=False):
    """One event.

    Args:
        event: what is followed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "scroll_details(-1)", "Details up", show=False),
        Binding("right_square_bracket", "scroll_details(1)", "Details down", show=False),
    ]

    def __init__(self, event: FollowedEvent) -> None:
        super().__init__()
        self.view = event.view
        self.history = History()
        self.failure: TouchlineError | None = None
        self._event = event
        self._words: tuple[str, ...] = ()
        self._changed = True
        self._head = Static(classes="head")
        self._above = Static(classes="above")
        self._list = TimelineList(self._draw)
        self._details = Static()
        self._beside = VerticalScroll(self._details, classes="details", can_focus=False)
        self._foot = Static(classes="foot")

    def compose(self) -> ComposeResult:
        """Yield the parts, from the top."""
        yield self._head
        yield self._above
        with Horizontal(classes="body"):
            yield self._list
            yield self._beside
        yield self._foot

    @property
    def details_open(self) -> bool:
        """Whether the details of an entry are shown."""
        return self._beside.display

    def on_mount(self) -> None:
        """Begin without details."""
        self._beside.display = False

    def on_resize(self, event: Resize) -> None:
        """Put the details where there is room."""
        self.set_class(event.size.width < WIDE_CELLS, "-narrow")
        self._draw_head()

    def take(self, item: Item | TouchlineError) -> None:
        """Take what the feed brought, or why it brings nothing more."""
        self._changed = True
        if isinstance(item, TouchlineError):
            self.failure = item
            self._event.fail(item)
        else:
            self.history.take(self._event.take(item))

    def focus_list(self) -> None:
        """Let the keys go to this event."""
        self._list.focus()

    def filter(self, words: str) -> None:
        """Show only rows that have each of the words in their text, mark or origin."""
        self._words = tuple(words.casefold().split())
        self._changed = True
        self.draw()

    def draw(self) -> None:
        """Draw what has changed."""
        self._draw_head()
        if not self._changed:
            return
        self._changed = False
        # Rows between which others are inserted come as a whole: once a frame, for a list of
        # thousands a millisecond or two.
        self._list.show([row for row in self.view.rows() if self._shown(row)])
        self._draw_details()

    def _draw_head(self) -> None:
        width, wall = self.size.width, clock.wall()
        if not width:
            return
        counts = self._event.counts()
        self._head.update(head(self.view, width, wall))
        lines = list(self._lines_above(width, wall))
        self._above.update(Text("\n").join(lines))
        self._above.display = bool(lines)
        self._foot.update(foot_text(self.view, counts))

    def _lines_above(self, width: int, wall: int) -> Iterator[Text]:
        if self.failure is not None:
            yield Text(f"  {plain(self.failure.sentence)}", "red")
        yield from above_rows(self.app.console, self.view, width, wall)
        if self._words:
            shown = len(self._list.rows)
            words = " ".join(self._words)
            said = tr("{shown} with “{words}”; Esc shows all", shown=shown, words=words)
            yield Text(f"  {said}", "cyan")

    def _shown(self, row: Row) -> bool:
        if self._event.hides(row):
            return False
        if not self._words:
            return True
        if isinstance(row, EntryRow):
            entry = row.entry
            said = f"{entry.text} {entry.title} {entry.origin} {row.mark} {entry.clock}"
        else:
            said = f"{row.text} {row.kind}"
        said = said.casefold()
        return all(word in said for word in self._words)

    def _draw(self, row: Row, width: int) -> Text:
        return row_line(row, width, clock.now())

    @on(TimelineList.Chosen)
    def _chosen(self) -> None:
        if self.details_open:
            self.close_details()
        else:
            self._beside.display = True
            self._draw_details()

    @on(TimelineList.Moved)
    def _moved(self) -> None:
        self._draw_details()

    def close_details(self) -> None:
        """Hide the details of an entry."""
        self._beside.display = False
        self._list.focus()

    def action_scroll_details(self, by: int) -> None:
        """Scroll the details by some lines."""
        self._beside.scroll_relative(y=3 * by, animate=False)

    def _draw_details(self) -> None:
        if not self.details_open:
            return
        row = self._list.chosen
        if isinstance(row, EntryRow):
            self._details.update(entry_details(row, self.history.of(row.entry.entry_id)))
        elif row is not None:
            self._details.update(Text(plain(row.text)))


class FollowApp(App[None]):
    """The screen.

    Args:
        events: what is followed, in their order.
        arriving: yields what the feeds bring; a list may be empty.
        ended: returns whether to leave; asked after each of these lists.
    """

    TITLE = "touchline watch"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    HorizontalScroll { height: 1fr; scrollbar-size-horizontal: 1; }
    /* Where not all events have their least width, the screen scrolls sideways. */
    EventPane { width: 1fr; min-width: 38; height: 1fr; }
    EventPane.-alone { min-width: 100%; }
    .head { height: 4; }
    .above { height: auto; max-height: 6; }
    .foot { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    .body { height: 1fr; layout: horizontal; }
    .details { width: 45%; min-width: 36; height: 1fr; border-left: solid $primary;
               padding: 0 1; scrollbar-size-vertical: 1; }
    .-narrow .body { layout: vertical; }
    .-narrow .details { width: 1fr; min-width: 1; height: 55%; border-left: none;
                        border-top: solid $primary; }
    .timeline--cursor { background: $primary 40%; }
    #filter { height: 1; border: none; padding: 0 1; display: none; background: $surface; }
    #filter.-open { display: block; }
    """
    # `watch` imports this once it knows the language.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", tr("Help"), key_display="?"),
        Binding("slash", "filter", tr("Filter"), key_display="/"),
        Binding("tab", "next(1)", tr("Next event"), priority=True),
        Binding("shift+tab", "next(-1)", "Previous event", show=False, priority=True),
        Binding("z", "alone", tr("Alone")),
        Binding("escape", "close_one", "Close", show=False),
        Binding("q", "quit", tr("Leave")),
        Binding("ctrl+c", "quit", "Leave", show=False, priority=True),
    ]

    def __init__(
        self,
        events: Sequence[FollowedEvent],
        arriving: Callable[[], AsyncIterator[list[FeedItem]]],
        ended: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.panes = [EventPane(event) for event in events]
        self._arriving = arriving
        self._ended = ended
        self._at = 0
        self._filter = Input(placeholder=tr("filter"), id="filter", compact=True)

    def compose(self) -> ComposeResult:
        """Yield the events side by side, and the keys below them."""
        yield HorizontalScroll(*self.panes, can_focus=False)
        yield self._filter
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Begin to follow."""
        self.panes[0].focus_list()
        self.run_worker(self._follow(), exit_on_error=True)

    async def _follow(self) -> None:
        drawn = 0.0
        async for items in self._arriving():
            for place, item in items:
                self.panes[place].take(item)
            if self._ended():
                self.exit()
                return
            now = clock.now()
            if now - drawn >= FRAME_SECONDS or not items:
                drawn = now
                self.draw()

    def draw(self) -> None:
        """Draw what has changed."""
        for pane in self.panes:
            pane.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key has a meaning now: keys of several events only where there are."""
        return len(self.panes) > 1 if action in {"next", "alone"} else True

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Remember in which event the keys are."""
        for place, pane in enumerate(self.panes):
            if pane in event.widget.ancestors:
                self._at = place

    def action_help(self) -> None:
        """Show the keys."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen("touchline watch", KEYS, MEANING))

    def action_filter(self) -> None:
        """Ask for words."""
        self._filter.add_class("-open")
        self._filter.focus()

    def action_next(self, by: int) -> None:
        """Go to another event."""
        self._at = (self._at + by) % len(self.panes)
        self.panes[self._at].focus_list()
        self._show_alone()
        self.panes[self._at].scroll_visible(animate=False)

    def action_alone(self) -> None:
        """Show this event alone, or all again."""
        alone = any(pane.has_class("-alone") for pane in self.panes)
        for pane in self.panes:
            pane.remove_class("-alone")
            pane.display = True
        if not alone:
            self.panes[self._at].add_class("-alone")
        self._show_alone()

    def _show_alone(self) -> None:
        if not any(pane.has_class("-alone") for pane in self.panes):
            return
        for place, pane in enumerate(self.panes):
            pane.set_class(place == self._at, "-alone")
            pane.display = place == self._at

    def action_close_one(self) -> None:
        """Close the filter's line, the details, and then the filter."""
        pane = self.panes[self._at]
        if self._filter.has_focus:
            self._close_filter()
        elif pane.details_open:
            pane.close_details()
        else:
            self._filter.value = ""
            self._close_filter()

    def _close_filter(self) -> None:
        self._filter.remove_class("-open")
        self.panes[self._at].focus_list()

    @on(Input.Changed)
    def _words(self, event: Input.Changed) -> None:
        for pane in self.panes:
            pane.filter(event.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._close_filter()
