"""The buttons of the reporting form, and the meaning of each key. Pure.

    letter ─▶ an action of the chosen origin, reported at once
    digit, Tab ─▶ the origin      + ─▶ ask for details with the next action
    u ─▶ undo the last report     q ─▶ leave
    space ─▶ the next actions, where the screen is too small for all
    = ─▶ the score, once the host has asked for it
    ! ─▶ a statement: play is interrupted or goes on, a review, the score
    y, n ─▶ yes and no, while the host asks whether something happened

An action that needs a detail (which period begins) asks for it first. One that contradicts itself
by the line-ups asks for what is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...protocol.messages import ActionSpec, Ask
from ...protocol.messages import Detail as Value
from ...protocol.text import visible
from ...runtime.languages import mark, tr
from ...sports import Action, Detail, Kind
from ...sports.capabilities import Contradiction
from ...sports.contradictions import Check, unchecked
from ...sports.statements import ENTRY, TITLE, StatementButton
from .keyboard import BACKSPACE, ENTER, ESCAPE, TAB

TAKEN = frozenset("uqyn")
"""Letters that are not for actions: a question may come while a finger is on its way to a key."""

LETTERS = "abcdefghijklmnoprstvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

TEXT_CHARS = 200
"""The longest text that can be typed."""


@dataclass(frozen=True, slots=True)
class Tap:
    """An action was tapped."""

    title: str
    origin: str
    details: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Undo:
    """The last report is to be taken back."""


@dataclass(frozen=True, slots=True)
class CloseForm:
    """The form is to be closed."""


@dataclass(frozen=True, slots=True)
class AnswerTap:
    """The host's question about a claim is answered."""

    claim: int
    yes: bool


Wish = Tap | Undo | CloseForm | AnswerTap

SCORE = Kind(
    "confirm",
    mark("The score"),
    (Detail("score", mark("as you see it, sides in the event's order"), required=True),),
    needs_origin=False,
)
"""The kind of the `Tap` that confirms a score."""


WHAT = "what"
"""The name under which it is asked which statement is meant."""


@dataclass(slots=True)
class OpenTap:
    """An action that was tapped and is reported once its details are typed."""

    kind: Kind
    origin: str
    missing: list[Detail]
    known: dict[str, Value] = field(default_factory=dict)
    text: str = ""
    """The text typed so far."""


def _in_words(kind: Kind) -> tuple[Kind, str, list[Detail]]:
    """Return a kind of our own in the language of now, without an origin, and what it asks for."""
    details = [replace(detail, text=tr(detail.text)) for detail in kind.details]
    return replace(kind, text=tr(kind.text), details=tuple(details)), "", details


class Buttons:
    """The actions that can be reported of one event, and their keys.

    Args:
        kinds: the actions, in the order in which they are shown.
        origins: the teams, players or runners that they may come from.
        check: finds what contradicts itself.
        statements: what can be stated besides, nine at the most.
    """

    def __init__(
        self,
        kinds: Sequence[Kind],
        origins: Sequence[str],
        check: Check = unchecked,
        statements: Sequence[StatementButton] = (),
    ) -> None:
        self._check = check
        self.statements = statements
        self.origins = list(origins)
        self.origin = 0
        """Index of the chosen origin."""
        self.page = 0
        """How often the next actions were asked for, where the screen is too small for all."""
        self.asking = False
        """Whether the next action asks for all its details."""
        self.wanted = False
        """Whether the host asks for the score."""
        self.asked: Ask | None = None
        """The host's question whether something happened; None where nothing is asked."""
        self.open_tap: OpenTap | None = None
        """The action whose details are being typed; None without one."""
        self.contradiction: Contradiction | None = None
        """The question that must be answered before an action is reported; None without one."""
        self.letters = assign(kinds)
        """The kinds by letter, in the order in which they are shown."""
        self.texts = {kind.title: kind.text for kind in kinds}
        """The text on each button, by title."""

    def press(self, key: str) -> Wish | None:
        """Take a key; return the wish that it completes, if any."""
        if self.contradiction is not None:
            return self._resolve(self.contradiction, key)
        if self.open_tap is not None:
            return self._answer(self.open_tap, key)
        if key in {"q", ESCAPE}:
            return CloseForm()
        if key == "u":
            return Undo()
        if key in {"y", "n"}:
            return None if self.asked is None else AnswerTap(self.asked.claim, key == "y")
        if key == "=" and self.wanted:
            self.open_tap = OpenTap(*_in_words(SCORE))
        elif key == "!" and self.statements:
            texts = tuple(one.text for one in self.statements)
            what = Detail(WHAT, tr("what you see"), choices=texts, required=True)
            self.open_tap = OpenTap(
                Kind(TITLE, tr("State"), (what,), needs_origin=False), "", [what]
            )
        elif key == " ":
            self.page += 1
        elif key == "+":
            self.asking = not self.asking
        elif key == TAB and self.origins:
            self.origin = (self.origin + 1) % len(self.origins)
        elif key.isascii() and key.isdigit() and 0 < int(key) <= len(self.origins):
            self.origin = int(key) - 1
        elif key in self.letters:
            return self._tap(self.letters[key])
        return None

    def _tap(self, kind: Kind) -> Wish | None:
        asked = [detail for detail in kind.details if detail.required or self.asking]
        self.asking = False
        origin = self.origins[self.origin] if kind.needs_origin and self.origins else ""
        if not asked:
            return Tap(kind.title, origin, {})
        self.open_tap = OpenTap(kind, origin, asked)
        return None

    def _answer(self, open_tap: OpenTap, key: str) -> Wish | None:
        detail = open_tap.missing[0]
        if key == ESCAPE:
            self.open_tap = None
        elif detail.choices and key.isascii() and key.isdigit():
            if 0 < int(key) <= len(detail.choices):
                return self._next(open_tap, detail.choices[int(key) - 1])
        elif key == ENTER:
            return self._entered(open_tap, detail)
        elif key == BACKSPACE:
            open_tap.text = open_tap.text[:-1]
        elif key.isprintable() and not detail.choices and len(open_tap.text) < TEXT_CHARS:
            open_tap.text += key
        return None

    def _entered(self, open_tap: OpenTap, detail: Detail) -> Wish | None:
        text = visible(open_tap.text)
        if not text:
            return None if detail.required else self._next(open_tap, None)
        if not detail.number:
            return self._next(open_tap, text)
        try:
            return self._next(open_tap, float(text) if "." in text else int(text))
        except ValueError:
            open_tap.text = ""
            return None

    def _next(self, open_tap: OpenTap, value: Value | None) -> Wish | None:
        if open_tap.missing[0].name == WHAT and open_tap.kind.title == TITLE:
            meant = next(one for one in self.statements if one.text == value)
            open_tap.known |= meant.says
            # Without an entry the host takes the newest that it can be about.
            open_tap.missing += [one for one in meant.details if one.name != ENTRY.name]
        elif value is not None:
            open_tap.known[open_tap.missing[0].name] = value
        open_tap.missing.pop(0)
        open_tap.text = ""
        if open_tap.missing:
            return None
        self.open_tap = None
        title, origin, known = open_tap.kind.title, open_tap.origin, open_tap.known
        self.contradiction = self._check(Action(title, origin, 0, known))
        return None if self.contradiction is not None else Tap(title, origin, known)

    def _resolve(self, contradiction: Contradiction, key: str) -> Wish | None:
        answers = contradiction.answers
        if key == ESCAPE:
            self.contradiction = None
        elif key.isascii() and key.isdigit() and 0 < int(key) <= len(answers):
            self.contradiction = None
            _, action = answers[int(key) - 1]
            return Tap(action.title, action.origin, action.details)
        return None


def assign(kinds: Iterable[Kind]) -> dict[str, Kind]:
    """Return the kinds by letter: a letter of the kind's own words where one is free.

    Kinds beyond the number of letters have no button.
    """
    letters: dict[str, Kind] = {}
    for kind in kinds:
        words = kind.text.lower().replace("_", " ").split()
        wanted = "".join(word[:1] for word in words) + "".join(words) + LETTERS
        free = (c for c in wanted if c in LETTERS and c not in TAKEN and c not in letters)
        letter = next(free, None)
        if letter is not None:
            letters[letter] = kind
    return letters


def kinds_of(actions: Iterable[ActionSpec]) -> tuple[Kind, ...]:
    """Return the actions that a host offers as kinds, for a sport that is not installed here."""
    return tuple(
        Kind(spec.title, spec.text, tuple(Detail(name, name) for name in spec.details))
        for spec in actions
    )
