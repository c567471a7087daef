"""The language of now: that of a request in the gateway, that of the terminal in a command.

It is a context variable, so that texts are said where they arise, and no language is handed through
everything that leads there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .catalogue import SOURCE, catalogue

_NOW: ContextVar[str] = ContextVar("language", default=SOURCE)


def current() -> str:
    """Return the language of now."""
    return _NOW.get()


def speak(language: str) -> None:
    """Let it be another language from here on, in this context (a task, or the main program)."""
    _NOW.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let it be another language within a `with`."""
    token = _NOW.set(language)
    try:
        yield
    finally:
        _NOW.reset(token)


def mark(text: str) -> str:
    """Return a text as it is. It is one of the catalogue's, which `tr` says where it is used."""
    return text


def tr(text: str, /, context: str = "", **values: object) -> str:
    """Return a text in the language of now.

    Args:
        text: in English, with `{name}` where a value goes.
        context: in which it means something of its own, if any.
        values: by name.
    """
    language = _NOW.get()
    said = text if language == SOURCE else catalogue(language).text(text, context)
    return said.format(**values) if values else said


def trn(one: str, many: str, n: int, /, **values: object) -> str:
    """Return what is counted, in the language of now and the form of the number.

    Args:
        one, many: in English, of one and of any other number, with `{n}` where it goes.
        n: the number.
        values: further ones, by name.
    """
    return catalogue(_NOW.get()).plural(one, many, n).format(n=n, **values)
