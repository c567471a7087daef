"""The reporting form of `touchline report EVENT`: buttons, the feed, and the fates of reports."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ...peer import Reporter, Subscriber
from ...protocol.errors import NotFound
from ...protocol.messages import Ask, Card, Fate
from ...protocol.text import plain
from ...runtime import clock
from ...runtime.languages import SOURCE, current, tr
from ...sports import Kind, statements
from ...sports.capabilities import Contradiction
from ...sports.contradictions import check_of
from ...timeline import wording
from ...timeline.view import LiveView
from ...timeline.withheld import OwnStatement, WithheldFeed
from .. import shared
from .buttons import SCORE, AnswerTap, Buttons, CloseForm, OpenTap, Tap, Undo, Wish, kinds_of
from .keyboard import DOWN, PAGE_DOWN, PAGE_UP, UP, Keyboard
from .own_reports import event_time, fate_words, kept_card, score_question, step_words
from .screen import HEAD_LINES, feed_rows, fitted, head

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from ...monitoring.health import Readiness

TURN_SECONDS = 0.05
"""The longest wait for a key before the network is served."""

FRAME_SECONDS = 0.1

STEP_SECONDS = 60.0
"""How long the form says that the clock was set."""

OWN_SHOWN = 4
"""The newest own reports that are shown with their fates, fewer on a small screen."""

FOOT_LINES = 3
"""The lines of the question, the prompt and the keys."""

ORIGIN_WIDTH = 30

COLUMN_WIDTH = 18
"""The width of a button in cells, where the buttons stand in two columns."""

FATES = {"accepted": "green", "refused": "red", "expired": "yellow", "": "dim"}


@dataclass(slots=True)
class OwnReport:
    """A report that was made with this form.

    Args:
        n: its number.
        words: its action, origin and details as text.
        spoken: the same as the view of the feed compares it.
        undone: whether it was taken back.
    """

    n: int
    words: str
    spoken: OwnStatement
    undone: bool = False


def run(event: str, name: str, broker: str, metrics: str = "") -> int:
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
        reporter = stack.enter_context(Reporter(event, reporting, outbox, answers=True))
        feed = stack.enter_context(Subscriber(event, looking, withholds=True))
        form = Form(card, reporter, feed)
        stack.enter_context(shared.metrics_page(metrics, lambda: _monitored(event, reporter, feed)))
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


def _monitored(event: str, reporter: Reporter, feed: Subscriber) -> tuple[Collector, Readiness]:
    from ...monitoring.health import subscriber_readiness
    from ...monitoring.reporter import reporter_table
    from ...monitoring.subscriber import subscriber_table
    from ...monitoring.tables import MetricsCollector

    collector = MetricsCollector(
        subscriber_table({event: feed.core}), reporter_table(lambda: [reporter.core.counters])
    )
    return collector, subscriber_readiness(feed.core)


class Form:
    """The form of one reporter for one event.

    Args:
        card: of the event.
        reporter: reports the tapped actions.
        feed: gives the accepted ones.
    """

    def __init__(self, card: Card, reporter: Reporter, feed: Subscriber) -> None:
        self.view = LiveView(card)
        self.buttons = Buttons(_kinds(card), card.origins, check_of(card), _statements(card))
        self.own: list[OwnReport] = []
        self.left = False
        self._card = card
        self._words = (
            {} if current() == SOURCE else wording.presentation(card.sport, card.rules).words
        )
        self._reporter = reporter
        self._stepped = ("", 0.0)  # that the clock was set, and until when it is shown (monotonic)
        self._feed = feed
        self._withheld = WithheldFeed()
        self._back = 0  # lines of the feed, and own reports, that are newer than what is shown
        self._furthest = 0  # the most that this can be, when it was drawn
        self._page = 1  # lines of the feed that were shown

    def turn(self, keys: list[str]) -> None:
        """Take the pressed keys, and the messages that have come."""
        for key in keys:
            if not self._scroll(key):
                self._wish(self.buttons.press(key))
        self._reporter.pump()
        if self._reporter.stepped:
            self._stepped = step_words(self._reporter.stepped), clock.now() + STEP_SECONDS
            self._reporter.stepped = 0
        asked = self._reporter.asked_about
        self.buttons.wanted = self._reporter.asked is not None
        self.buttons.asked = next(iter(asked.values()), None)
        now = clock.now()
        while (item := self._feed.next(0.0)) is not None:
            self._withheld.put(item, now)
        for item in self._withheld.due(now, self._spoken(), asked):
            self.view.take(item, now, clock.wall())
        if not self.buttons.letters and self._reporter.setup is not None:
            setup = self._reporter.setup
            self.buttons = Buttons(kinds_of(setup.actions), self._card.origins)

    def _scroll(self, key: str) -> bool:
        """Show what is older, or newer, where a key says so; return whether it does."""
        steps = {UP: 1, DOWN: -1, PAGE_UP: self._page, PAGE_DOWN: -self._page}
        if key not in steps:
            return False
        self._back = max(0, min(self._furthest, self._back + steps[key]))
        return True

    def _spoken(self) -> list[OwnStatement]:
        """Return what was reported, each with its entry where that is known."""
        spoken = []
        for own in self.own:
            fate = self.fate(own)
            entry_id = fate.entry_id if fate is not None and fate.entry_id else own.spoken.entry_id
            if not own.undone:
                spoken.append(own.spoken._replace(entry_id=entry_id))
        return spoken

    def fate(self, own: OwnReport) -> Fate | None:
        """Return the fate of a report; None where it is not known."""
        return self._reporter.fate(own.n)

    def farewell(self) -> list[Text]:
        """Return the lines that are printed once the form is closed."""
        pending = sum(self.fate(own) is None for own in self.own)
        lines = [Text(f"{own.n:>4}  {own.words}  {self._became(own)}") for own in self.own]
        if pending:
            again = f"touchline report {self._card.event} --flush"
            said = tr(
                "{n} not sent yet, and kept; send them later: {command}", n=pending, command=again
            )
            lines.append(Text(said))
        return lines

    def _wish(self, wish: Wish | None) -> None:
        match wish:
            case Tap():
                now = event_time(self._card.timing, clock.wall())
                if wish.title == SCORE.title:
                    n = self._reporter.confirm(str(wish.details["score"]), now)
                else:
                    n = self._reporter.say(wish.title, wish.origin, now, wish.details)
                said = " ".join(self._value(name, value) for name, value in wish.details.items())
                title = (self.buttons.texts | {SCORE.title: tr(SCORE.text)}).get(
                    wish.title, wish.title
                )
                words = " ".join(part for part in (title, wish.origin, said) if part)
                self.own.append(
                    OwnReport(n, plain(words), OwnStatement(wish.title, wish.origin, now))
                )
            case AnswerTap():
                self._answer(wish)
            case Undo():
                last = next(filter(_can_be_undone, reversed(self.own)), None)
                if last is not None:
                    self._reporter.say("undo", details={"n": last.n})
                    last.undone = True
            case CloseForm():
                self.left = True

    def _answer(self, answer: AnswerTap) -> None:
        asked = self._reporter.asked_about.get(answer.claim)
        if asked is None:
            return  # its time was over when the key came
        n = self._reporter.answer(answer.claim, answer.yes)
        self.buttons.asked = None
        words = f"{tr('yes') if answer.yes else tr('no')}: {self._question_text(asked)}"
        spoken = OwnStatement("answer", "", asked.time, str(answer.claim))
        self.own.append(OwnReport(n, words, spoken))

    def _became(self, own: OwnReport) -> str:
        fate = self.fate(own)
        if fate is not None and fate.outcome == "stored" and own.spoken.title == "answer":
            return tr("stored, it counts")
        return tr("taken back") if own.undone else fate_words(fate)

    # ── drawing ──────────────────────────────────────────────────────────────────────────────

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        height = options.height or console.size.height
        yield head(self.view, width, clock.wall())
        left = height - HEAD_LINES - FOOT_LINES
        owns = max(1, min(OWN_SHOWN, left // 4))
        room = max(1, left - owns)
        buttons = button_lines(self.buttons, room)
        wide = max((button.cell_len for button in buttons), default=0)
        sides = Table.grid(padding=(0, 1))
        sides.add_column(width=wide)
        sides.add_column()
        lines = feed_rows(console, self.view, width - wide - 2, clock.now(), clock.wall())
        rows = list(islice(lines, self._back + 2 * room))  # a page further than is shown
        self._page, self._furthest = room, max(0, len(rows) - room, len(self.own) - owns)
        self._back = min(self._back, self._furthest)
        rows = rows[min(self._back, max(0, len(rows) - room)) :]
        last = max(min(owns, len(self.own)), len(self.own) - self._back)
        own = [self._own(entry) for entry in self.own[max(0, last - owns) : last]]
        sides.add_row(Group(*fitted(buttons, room)), Group(*fitted(rows, room)))
        yield sides
        yield self._question(width)
        yield Group(*fitted(own or [Text("  " + tr("Tap what you see."), "dim")], owns))
        yield self._prompt(width)
        yield self._keys()

    def _own(self, own: OwnReport) -> Text:
        fate = self.fate(own)
        outcome = fate.outcome if fate is not None else ""
        line = Text(f"{own.n:>4}  {own.words}  ", no_wrap=True, overflow="ellipsis")
        line.append(self._became(own), "dim" if own.undone else FATES.get(outcome, ""))
        return line

    def _question(self, width: int) -> Text:
        """Return the host's question whether something happened; a line where nothing is asked."""
        asked = self.buttons.asked
        if asked is None:
            return Text("─" * width, "dim")
        words = tr("Did you see it?") + f" {self._question_text(asked)}  "
        question = Text(f" {words}{tr('y yes · n no')} ", "bold reverse cyan")
        question.truncate(width, overflow="ellipsis", pad=True)
        return question

    def _prompt(self, width: int) -> Text:
        open_tap = self.buttons.open_tap
        if self.buttons.contradiction is not None:
            prompt = _doubted(self.buttons.contradiction)
        elif open_tap is not None:
            prompt = self._asked(open_tap)
        elif self._reporter.asked is not None:
            words = f" {score_question(self._reporter.asked)} {tr('Press = and type it.')}"
            prompt = Text(words, "bold reverse yellow")
        elif self.buttons.asking:
            prompt = Text(" " + tr("The next action asks for details."), "yellow")
        elif not self._reporter.session.open:
            pending = self._reporter.pending
            said = tr("No host at present: {n} kept, sent when it is back.", n=pending)
            prompt = Text(f" {said}", "yellow")
        else:
            words, until = self._stepped
            prompt = Text(f" {words}." if clock.now() < until else "", "yellow")
        prompt.truncate(width, overflow="ellipsis")
        return prompt

    def _keys(self) -> Text:
        if self.buttons.contradiction is not None:
            return Text(" " + tr("digit answer · Esc cancel"), "dim", no_wrap=True)
        if self.buttons.open_tap is not None:
            return Text(" " + tr("Enter go on · Esc cancel"), "dim", no_wrap=True)
        keys = [
            tr("letter report"),
            tr("1–9 Tab side") if len(self.buttons.origins) > 1 else "",
            tr("= score") if self.buttons.wanted else "",
            tr("y n answer") if self.buttons.asked is not None else "",
            tr("! state") if self.buttons.statements else "",
            tr("+ details"),
            tr("u undo"),
            tr("↑↓ older") if self._furthest else "",
            tr("q leave"),
        ]
        return Text(" " + " · ".join(filter(None, keys)), "dim", no_wrap=True)

    def _value(self, name: str, value: object) -> str:
        """Return a detail's value in words."""
        return self._words.get(name, {}).get(str(value), str(value))

    def _question_text(self, asked: Ask) -> str:
        """Return what the host asks about; its own sentence is in English."""
        title = self.buttons.texts.get(asked.title, asked.title)
        if current() == SOURCE and asked.text:
            return plain(asked.text)
        return plain(f"{title} {asked.origin}?")

    def _asked(self, open_tap: OpenTap) -> Text:
        detail = open_tap.missing[0]
        choices = "  ".join(
            f"{n} {self._value(detail.name, choice)}" for n, choice in enumerate(detail.choices, 1)
        )
        offered = ", ".join(self._value(detail.name, one) for one in detail.suggested)
        suggested = f"  ({offered}, …)" if offered else ""
        optional = "" if detail.required else f" ({tr('or Enter')})"
        about = f"{open_tap.kind.text}, {detail.text}{optional}"
        return Text.assemble((f" {about}: ", "bold"), choices or f"{open_tap.text}▏{suggested}")


def button_lines(buttons: Buttons, room: int) -> list[Text]:
    """Return at most `room` lines of origins and actions.

    The actions stand in two columns where one is too long, and on pages where two are.
    """
    lines = []
    most = min(len(buttons.origins), max(1, room // 3))
    first = min(max(0, buttons.origin - most + 1), len(buttons.origins) - most)
    for place, origin in enumerate(buttons.origins[first : first + most], first):
        chosen = place == buttons.origin
        mark = f" {place + 1} {'▸' if chosen else ' '} {plain(origin)} "
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
    size = 2 * left
    more = Text()
    if len(shown) > size:
        size = 2 * max(1, left - 1)
        pages = -(-len(shown) // size)
        page = buttons.page % pages
        shown = shown[page * size : (page + 1) * size]
        said = tr("space: more ({page}/{pages})", page=page + 1, pages=pages)
        more = Text(f" {said}", "dim", no_wrap=True)
    half = -(-len(shown) // 2)
    for place in range(half):
        line = shown[place]
        line.truncate(COLUMN_WIDTH, overflow="ellipsis", pad=True)
        line.append_text(shown[place + half] if place + half < len(shown) else Text())
        line.truncate(2 * COLUMN_WIDTH, overflow="ellipsis")
        lines.append(line)
    return [*lines, more][:room] if more else lines


def _can_be_undone(own: OwnReport) -> bool:
    return not own.undone and own.spoken.title != "answer"


def _doubted(contradiction: Contradiction) -> Text:
    answers = "  ".join(
        f"{n} {plain(text)}" for n, (text, _) in enumerate(contradiction.answers, 1)
    )
    return Text.assemble((f" {plain(contradiction.question)} ", "bold yellow"), answers)


def _kinds(card: Card) -> tuple[Kind, ...]:
    """Return the sport's kinds; none where it is not installed, and the host's setup has them."""
    try:
        return wording.kinds(card.sport, card.rules)
    except NotFound:
        return ()


def _statements(card: Card) -> tuple[statements.StatementButton, ...]:
    """Return what can be stated besides; nothing of a sport that is not installed."""
    try:
        return wording.buttons(card.sport, card.origins)
    except NotFound:
        return ()
