"""The buttons of the reporting form: what each key means. Pure.

    letter ─▶ an action of the chosen origin, reported at once
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
"""Letters that no action has."""

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


Wish = Tap | Undo | CloseForm

SCORE = Kind(
    "confirm",
    "The score",
    (Detail("score", "as you see it, sides in the event's order", required=True),),
    needs_origin=False,
)
"""The kind of the `Tap` that confirms a score."""


@dataclass(slots=True)
class OpenTap:
    """An action that was tapped and is reported once its details are typed."""

    kind: Kind
    origin: str
    missing: list[Detail]
    known: dict[str, Value] = field(default_factory=dict)
    text: str = ""
    """What has been typed so far."""


class Buttons:
    """What can be reported of one event, and the keys for it.

    Args:
        kinds: its actions, in the order in which they are shown.
        origins: the teams, players or runners that can have made them.
    """

    def __init__(self, kinds: Sequence[Kind], origins: Sequence[str]) -> None:
        self.origins = list(origins)
        self.origin = 0
        """Index of the chosen origin."""
        self.asking = False
        """Whether the next action asks for all its details."""
        self.wanted = False
        """Whether the host asks for the score."""
        self.open_tap: OpenTap | None = None
        """The action whose details are typed just now."""
        self.letters = assign(kinds)
        """The kinds by letter, in the order in which they are shown."""
        self.texts = {kind.title: kind.text for kind in kinds}
        """The words on each button, by title."""

    def press(self, key: str) -> Wish | None:
        """Take a key; return what it leads to, if anything."""
        if self.open_tap is not None:
            return self._answer(self.open_tap, key)
        if key in {"q", ESCAPE}:
            return CloseForm()
        if key == "u":
            return Undo()
        if key == "=" and self.wanted:
            self.open_tap = OpenTap(SCORE, "", list(SCORE.details))
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
        text = open_tap.text.strip()
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
        if value is not None:
            open_tap.known[open_tap.missing[0].name] = value
        open_tap.missing.pop(0)
        open_tap.text = ""
        if open_tap.missing:
            return None
        self.open_tap = None
        return Tap(open_tap.kind.title, open_tap.origin, open_tap.known)


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
    """Return the actions that a host offers as kinds, where the sport is not installed here."""
    return tuple(
        Kind(spec.title, spec.text, tuple(Detail(name, name) for name in spec.details))
        for spec in actions
    )
