"""Keys as they are pressed, on a terminal."""

from __future__ import annotations

import codecs
import os
import select
import sys
import termios
import tty
from types import TracebackType

ESCAPE = "\x1b"
ENTER = "\r"
BACKSPACE = "\x7f"
TAB = "\t"
UP, DOWN = "\x1b[A", "\x1b[B"
PAGE_UP, PAGE_DOWN = "\x1b[5~", "\x1b[6~"

_SAME = {"\n": ENTER, "\b": BACKSPACE}

_NAMED = {UP: UP, "\x1bOA": UP, DOWN: DOWN, "\x1bOB": DOWN}
_NAMED |= {PAGE_UP: PAGE_UP, PAGE_DOWN: PAGE_DOWN}
"""The keys without a character that mean something here, by what terminals send."""


def parse(text: str) -> list[str]:
    """Return the keys in the text from a terminal; of those that have no character the ones that
    scroll alone."""
    keys = []
    at = 0
    while at < len(text):
        if text[at] == ESCAPE and text[at + 1 : at + 2] in {"[", "O"}:
            begin, at = at, at + 2
            while at < len(text) and not "@" <= text[at] <= "~":
                at += 1
            at += 1
            if text[begin:at] in _NAMED:
                keys.append(_NAMED[text[begin:at]])
            continue
        keys.append(_SAME.get(text[at], text[at]))
        at += 1
    return keys


class Keyboard:
    """Reads standard input key by key, as a context; Ctrl+C stays a signal."""

    def __init__(self) -> None:
        self._file = sys.stdin.fileno()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def __enter__(self) -> Keyboard:
        self._before = termios.tcgetattr(self._file)
        tty.setcbreak(self._file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def read(self, seconds: float) -> list[str] | None:
        """Return the keys that are pressed within some seconds; None at the end of the input."""
        if not select.select([self._file], [], [], seconds)[0]:
            return []
        sent = os.read(self._file, 1_024)
        return parse(self._decode(sent)) if sent else None
