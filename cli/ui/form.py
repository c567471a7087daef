"""The reporting form of `touchline report EVENT`: buttons, the feed, and what became of each
report."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ... import sports
from ...peer import Reporter, Subscriber
from ...protocol.errors import NotFound
from ...protocol.messages import Card, Fate
from ...protocol.text import plain
from ...runtime import clock
from ...sports import Kind
from ...timeline.view import LiveView
from .. import shared
from .buttons import SCORE, Buttons, CloseForm, OpenTap, Tap, Undo, Wish, kinds_of
from .keyboard import Keyboard
from .own_reports import event_time, fate_words, kept_card
from .screen import HEAD_LINES, feed_rows, fitted, head

TURN_SECONDS = 0.05
"""The longest wait for a key before the network has its turn."""

FRAME_SECONDS = 0.1

OWN_SHOWN = 4
"""Own reports that are shown with their fates."""

ORIGIN_WIDTH = 30

COLUMN_WIDTH = 18
"""Cells of a button where they stand in two columns."""

FATES = {"accepted": "green", "refused": "red", "expired": "yellow", "": "dim"}


@dataclass(slots=True)
class OwnReport:
    """A report that was made with this form.

    Args:
        n: its number.
        words: what was reported.
        undone: whether it was taken back.
    """

    n: int
    words: str
    undone: bool = False


def run(event: str, name: str, broker: str) -> int:
    """Show the form until it is closed; return the exit code.

    Raises:
        TouchlineError: there is no such event, or the reporter is refused.
    """
    outbox = shared.outbox_path(event, name)
    with ExitStack() as stack:
        # A link serves one session: the reporter and the subscriber have one each.
        reporting = stack.enter_context(shared.link(broker, name, ["reporter"]))
        looking = stack.enter_context(shared.link(broker, name, ["viewer"]))
        card = kept_card(outbox) or shared.card_of(looking, event)
        reporter = stack.enter_context(Reporter(event, reporting, outbox))
        feed = stack.enter_context(Subscriber(event, looking))
        form = Form(card, reporter, feed)
        stopped = stack.enter_context(shared.stop_flag())
        keyboard = stack.enter_context(Keyboard())
        console = Console(markup=False, highlight=False, emoji=False)
        live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))
        drawn = 0.0
        while not stopped.is_set() and not form.left:
            keys = keyboard.read(TURN_SECONDS)
            form.turn(keys or [])
            if keys is None:
                break
            now = clock.now()
            if keys or now - drawn >= FRAME_SECONDS:
                drawn = now
                live.update(form, refresh=True)
    for line in form.farewell():
        console.print(line)
    return 0


class Form:
    """The form of one reporter for one event.

    Args:
        card: the event.
        reporter: reports what is tapped.
        feed: brings what is accepted.
    """

    def __init__(self, card: Card, reporter: Reporter, feed: Subscriber) -> None:
        self.view = LiveView(card)
        self.buttons = Buttons(_kinds(card), card.origins)
        self.own: list[OwnReport] = []
        self.left = False
        self._card = card
        self._reporter = reporter
        self._feed = feed

    def turn(self, keys: list[str]) -> None:
        """Take the keys that were pressed, and what the network has brought."""
        for key in keys:
            self._wish(self.buttons.press(key))
        self._reporter.pump()
        self.buttons.wanted = self._reporter.asked is not None
        while (item := self._feed.next(0.0)) is not None:
            self.view.take(item, clock.now(), clock.wall())
        self.view.pending = self._feed.core.pending
        if not self.buttons.letters and self._reporter.setup is not None:
            setup = self._reporter.setup
            self.buttons = Buttons(kinds_of(setup.actions), self._card.origins)

    def fate(self, own: OwnReport) -> Fate | None:
        """Return what became of a report; None where the host has not told it."""
        return self._reporter.fate(own.n)

    def farewell(self) -> list[Text]:
        """Return the lines that are printed once the form is closed."""
        pending = sum(self.fate(own) is None for own in self.own)
        lines = [Text(f"{own.n:>4}  {own.words}  {self._became(own)}") for own in self.own]
        if pending:
            again = f"touchline report {self._card.event} --flush"
            lines.append(Text(f"{pending} not sent yet, and kept; send them later: {again}"))
        return lines

    def _wish(self, wish: Wish | None) -> None:
        match wish:
            case Tap():
                now = event_time(self._card.timing, clock.wall())
                if wish.title == SCORE.title:
                    n = self._reporter.confirm(str(wish.details["score"]), now)
                else:
                    n = self._reporter.say(wish.title, wish.origin, now, wish.details)
                said = " ".join(str(value) for value in wish.details.values())
                title = (self.buttons.texts | {SCORE.title: SCORE.text}).get(wish.title, wish.title)
                words = " ".join(part for part in (title, wish.origin, said) if part)
                self.own.append(OwnReport(n, plain(words)))
            case Undo():
                last = next((own for own in reversed(self.own) if not own.undone), None)
                if last is not None:
                    self._reporter.say("undo", details={"n": last.n})
                    last.undone = True
            case CloseForm():
                self.left = True

    def _became(self, own: OwnReport) -> str:
        return "taken back" if own.undone else fate_words(self.fate(own))

    # ── how it looks ─────────────────────────────────────────────────────────────────────────

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        height = options.height or console.size.height
        yield head(self.view, width, clock.wall())
        own = [self._own(entry) for entry in self.own[-OWN_SHOWN:]]
        room = max(1, height - HEAD_LINES - OWN_SHOWN - 3)
        buttons = self._buttons(room)
        wide = max((button.cell_len for button in buttons), default=0)
        sides = Table.grid(padding=(0, 1))
        sides.add_column(width=wide)
        sides.add_column()
        rows = feed_rows(console, self.view, width - wide - 2, clock.now())
        sides.add_row(Group(*fitted(buttons, room)), Group(*fitted(rows, room)))
        yield sides
        yield Text("─" * width, "dim")
        yield Group(*fitted(own or [Text("  Tap what you see.", "dim")], OWN_SHOWN))
        yield self._prompt(width)
        yield self._keys()

    def _buttons(self, room: int) -> list[Text]:
        """Return origins and actions; the actions in two columns where they would not fit."""
        buttons = self.buttons
        lines = []
        for number, origin in enumerate(buttons.origins[: max(2, room // 3)], 1):
            chosen = number - 1 == buttons.origin
            mark = f" {number} {'▸' if chosen else ' '} {plain(origin)} "
            line = Text(mark, "bold reverse" if chosen else "", no_wrap=True)
            line.truncate(ORIGIN_WIDTH, overflow="ellipsis")
            lines.append(line)
        shown = [
            Text.assemble(" ", (letter, "bold cyan"), f" {plain(kind.text)}", no_wrap=True)
            for letter, kind in buttons.letters.items()
        ]
        left = max(1, room - len(lines))
        if len(shown) <= left:
            return lines + shown
        half = -(-len(shown) // 2)
        for place in range(half):
            line = shown[place]
            line.truncate(COLUMN_WIDTH, overflow="ellipsis", pad=True)
            line.append_text(shown[place + half] if place + half < len(shown) else Text())
            line.truncate(2 * COLUMN_WIDTH, overflow="ellipsis")
            lines.append(line)
        return lines

    def _own(self, own: OwnReport) -> Text:
        fate = self.fate(own)
        outcome = fate.outcome if fate is not None else ""
        line = Text(f"{own.n:>4}  {own.words}  ", no_wrap=True, overflow="ellipsis")
        line.append(self._became(own), "dim" if own.undone else FATES.get(outcome, ""))
        return line

    def _prompt(self, width: int) -> Text:
        open_tap = self.buttons.open_tap
        if open_tap is not None:
            prompt = _asked(open_tap)
        elif self.buttons.wanted:
            prompt = Text(
                " Contact was lost and is back. What is the score? Press = and type it.",
                "bold reverse yellow",
            )
        elif self.buttons.asking:
            prompt = Text(" The next action asks for details.", "yellow")
        elif not self._reporter.session.open:
            pending = self._reporter.pending
            prompt = Text(f" No host at present: {pending} kept, sent when it is back.", "yellow")
        else:
            prompt = Text()
        prompt.truncate(width, overflow="ellipsis")
        return prompt

    def _keys(self) -> Text:
        if self.buttons.open_tap is not None:
            return Text(" Enter go on · Esc cancel", "dim", no_wrap=True)
        origin = "1–9 Tab side · " if len(self.buttons.origins) > 1 else ""
        score = "= score · " if self.buttons.wanted else ""
        keys = f" letter report · {origin}{score}+ details · u undo · q leave"
        return Text(keys, "dim", no_wrap=True)


def _asked(open_tap: OpenTap) -> Text:
    detail = open_tap.missing[0]
    choices = "  ".join(f"{n} {choice}" for n, choice in enumerate(detail.choices, 1))
    optional = "" if detail.required else " (or Enter)"
    return Text.assemble(
        (f" {open_tap.kind.text}, {detail.text}{optional}: ", "bold"),
        choices or f"{open_tap.text}▏",
    )


def _kinds(card: Card) -> tuple[Kind, ...]:
    """Return the sport's kinds; none where it is not installed, until the host tells them."""
    try:
        return sports.get(card.sport).kinds(card.rules)
    except NotFound:
        return ()
