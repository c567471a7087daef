"""The buttons of the reporting form: what each key means. Pure.

    letter ─▶ an action of the chosen origin, said at once
    digit, Tab ─▶ the origin      + ─▶ ask for details with the next action
    u ─▶ undo the last report     q ─▶ leave
    = ─▶ the score, after an outage, once the host has asked for it

An action that means nothing without a detail (which period begins) asks for it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...protocol.messages import ActionSpec
from ...protocol.messages import Detail as Value
from ...sports import Detail, Kind
from .keyboard import BACKSPACE, ENTER, ESCAPE, TAB

TAKEN = frozenset("uq")
"""Letters that are no action's."""

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
class Leave:
    """The form is to be closed."""


Wish = Tap | Undo | Leave

SCORE = Kind(
    "confirm",
    "The score",
    (Detail("score", "as you see it, sides in the event's order", required=True),),
    needs_origin=False,
)
"""What is said by typing the score: `tap` has this kind's title."""


@dataclass(slots=True)
class Question:
    """Details that are still asked for before an action is said."""

    kind: Kind
    origin: str
    open: list[Detail]
    known: dict[str, Value] = field(default_factory=dict)
    text: str = ""
    """What has been typed so far."""


class Buttons:
    """What can be reported of one event, and the keys for it.

    Args:
        kinds: its actions, in the order in which they are shown.
        origins: what can have made them.
    """

    def __init__(self, kinds: Sequence[Kind], origins: Sequence[str]) -> None:
        self.origins = list(origins)
        self.origin = 0
        """Index of the chosen origin."""
        self.asking = False
        """The next action asks for all its details."""
        self.wanted = False
        """The host asks for the score."""
        self.question: Question | None = None
        self.letters = assign(kinds)
        """The kinds by their letter, in the order in which they are shown."""
        self.texts = {kind.title: kind.text for kind in kinds}
        """The words on each button, by title."""

    def press(self, key: str) -> Wish | None:
        """Take a key; return what it leads to."""
        if self.question is not None:
            return self._answer(self.question, key)
        if key in {"q", ESCAPE}:
            return Leave()
        if key == "u":
            return Undo()
        if key == "=" and self.wanted:
            self.question = Question(SCORE, "", list(SCORE.details))
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
        self.question = Question(kind, origin, asked)
        return None

    def _answer(self, question: Question, key: str) -> Wish | None:
        detail = question.open[0]
        if key == ESCAPE:
            self.question = None
        elif detail.choices and key.isascii() and key.isdigit():
            if 0 < int(key) <= len(detail.choices):
                return self._next(question, detail.choices[int(key) - 1])
        elif key == ENTER:
            return self._entered(question, detail)
        elif key == BACKSPACE:
            question.text = question.text[:-1]
        elif key.isprintable() and not detail.choices and len(question.text) < TEXT_CHARS:
            question.text += key
        return None

    def _entered(self, question: Question, detail: Detail) -> Wish | None:
        text = question.text.strip()
        if not text:
            return None if detail.required else self._next(question, None)
        if not detail.number:
            return self._next(question, text)
        try:
            return self._next(question, float(text) if "." in text else int(text))
        except ValueError:
            question.text = ""
            return None

    def _next(self, question: Question, value: Value | None) -> Wish | None:
        if value is not None:
            question.known[question.open[0].name] = value
        question.open.pop(0)
        question.text = ""
        if question.open:
            return None
        self.question = None
        return Tap(question.kind.title, question.origin, question.known)


def assign(kinds: Iterable[Kind]) -> dict[str, Kind]:
    """Return the kinds by their letters: one of their own words' where it is free.

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
    """Return the actions that a host offers as kinds, where the sport is not installed here."""
    return tuple(
        Kind(spec.title, spec.text, tuple(Detail(name, name) for name in spec.details))
        for spec in actions
    )
