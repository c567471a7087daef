"""Actions in a sentence, in English or Portuguese. Pure.

The server tells them so; a client that is given another language makes its own from a datagram.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from .. import sports
from ..sports.capabilities import Phrases, Translated

ENGLISH, PORTUGUESE = "en", "pt"
LANGUAGES = (ENGLISH, PORTUGUESE)

END = "End of transmission"
"""The text after the last datagram."""

SAID: dict[str, tuple[str, str]] = {
    "alarm": ("Contact with the venue is lost", "Contato com o local perdido"),
    "restored": ("Contact with the venue is back", "Contato com o local restabelecido"),
}
"""What is said of the feed itself, by the type of the datagram, in each language."""

MARKS = {
    "DELETED": ("Correction, this does not count", "Correção, não vale"),
    "UPDATED": ("Amended", "Corrigido"),
    "DELAYED": ("late", "com atraso"),
    "RECONSTRUCTED": ("reconstructed", "reconstituído"),
    "RECONSTRUCTION_INACCURATE": ("inaccurate", "impreciso"),
}
"""What is said of an entry that is not as any other."""


def phrases_of(sport: str) -> Phrases | None:
    """Return a sport's phrases; None where it has none or is not installed."""
    if sport not in sports.list():
        return None
    found = sports.get(sport)
    return found.phrases if isinstance(found, Translated) else None


def sentence(
    phrases: Phrases | None, language: str, title: str, team: str, details: Mapping[str, object]
) -> str:
    """Return an action in a sentence; empty where the sport does not say it in the language.

    Args:
        phrases: the sport's.
        language: one of `LANGUAGES`.
        title: the action's.
        team: its origin.
        details: by name, as the sport has them.
    """
    if phrases is None or title not in phrases.actions or language not in phrases.languages:
        return ""
    index = phrases.languages.index(language)
    said = phrases.actions[title][index].format(team=team)
    for name, values in phrases.details.items():
        words = values.get(str(details.get(name, "")))
        if words is not None:
            said += f": {words[index]}"
    exchange, comes, goes = phrases.exchange
    if title == exchange:
        on, off = str(details.get(comes, "")), str(details.get(goes, ""))
        who = f"{on} {phrases.instead[index]} {off}" if on and off else on or off
    else:
        who = str(details.get(phrases.player, ""))
    notes = [
        phrases.notes[str(value)][index]
        for value in details.values()
        if isinstance(value, str) and value in phrases.notes
    ]
    if details.get(phrases.helper):
        notes.append(f"{phrases.helped[index]} {details[phrases.helper]}")
    who += f" ({', '.join(notes)})" if notes else ""
    return f"{said}: {who.strip()}" if who.strip() else said


def told(language: str, kind: str) -> str:
    """Return what is said of the feed itself, by the type of a message; empty where nothing is."""
    return SAID[kind][LANGUAGES.index(language)] if kind in SAID else ""


def marked(language: str, said: str, status: str, delay: str) -> str:
    """Return a sentence with what is to be said about the entry itself.

    Args:
        language: one of `LANGUAGES`.
        said: the sentence.
        status: the entry's.
        delay: its delay status.
    """
    index = LANGUAGES.index(language)
    if status in MARKS:
        said = f"{MARKS[status][index]}: {said}"
    return f"{said} ({MARKS[delay][index]})" if delay in MARKS else said


def retold(
    language: str, title: str, content: str, teams: Sequence[str], players: Sequence[str]
) -> str:
    """Return a datagram's content in a language, as far as it can be told; otherwise as it came.

    Args:
        language: one of `LANGUAGES`.
        title: the datagram's type.
        content: what it says, in whatever language.
        teams: names of both.
        players: names of all.
    """
    if title in SAID:
        return told(language, title)
    phrases = _phrases_with(title)
    team = next(iter(_named(content, teams)), "")
    if phrases is None or ("{team}" in phrases.actions[title][0] and not team):
        return content
    said = sentence(phrases, language, title, team, _details(phrases, title, content, players))
    if not said:
        return content
    for status, words in MARKS.items():
        if content.startswith(tuple(f"{word}: " for word in words)):
            return marked(language, said, status, "")
    return said


@cache
def _phrases_with(title: str) -> Phrases | None:
    """Return the phrases of the first sport that says this action; a datagram names no sport."""
    found = (phrases_of(name) for name in sports.list())
    return next((each for each in found if each is not None and title in each.actions), None)


def _details(
    phrases: Phrases, title: str, content: str, players: Sequence[str]
) -> dict[str, object]:
    """Return the details that can be read off a sentence."""
    named = _named(content, players)
    exchange, comes, goes = phrases.exchange
    names = (comes, goes) if title == exchange else (phrases.player, phrases.helper)
    details: dict[str, object] = dict(zip(names, named, strict=False))
    for name, values in phrases.details.items() if title in phrases.detailed else ():
        said_of = {word: value for value, words in values.items() for word in words}
        for word in sorted(said_of, key=len):  # the longest counts: "first half of extra time"
            if word in content:
                details[name] = said_of[word]
    for note, words in phrases.notes.items():
        if any(f"({word}" in content for word in words):
            details["note"] = note
    return details


def _named(content: str, names: Sequence[str]) -> list[str]:
    """Return the names that occur in a text, in the order in which they do; the longest of those
    that begin at one place."""
    found: dict[int, str] = {}
    for name in sorted(set(names), key=len):
        at = content.find(name) if name else -1
        if at >= 0:
            found[at] = name
    ends = 0
    order = []
    for at, name in sorted(found.items()):
        if at >= ends:
            order.append(name)
            ends = at + len(name)
    return order
