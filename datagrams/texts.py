"""Actions as sentences, in English or Portuguese. Pure.

The server writes them; a client that is given another language translates those of a datagram.
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

REMARKS: dict[str, tuple[str, str]] = {
    "alarm": ("Contact with the venue is lost", "Contato com o local perdido"),
    "restored": ("Contact with the venue is back", "Contato com o local restabelecido"),
}
"""The sentences about the feed itself in each language, by the type of the datagram."""

MARKS = {
    "DELETED": ("Correction, this does not count", "Correção, não vale"),
    "UPDATED": ("Amended", "Corrigido"),
    "DELAYED": ("late", "com atraso"),
    "RECONSTRUCTED": ("reconstructed", "reconstituído"),
    "RECONSTRUCTION_INACCURATE": ("inaccurate", "impreciso"),
}
"""The marks of an entry that is corrected or late in each language, by its status and its
delay status."""


def phrases_of(sport: str) -> Phrases | None:
    """Return a sport's phrases; None where it has none or is not installed."""
    if sport not in sports.list():
        return None
    found = sports.get(sport)
    return found.phrases if isinstance(found, Translated) else None


def sentence(
    phrases: Phrases | None, language: str, title: str, team: str, details: Mapping[str, object]
) -> str:
    """Return an action as a sentence; empty where the sport has no sentence in the language.

    Args:
        phrases: the sport's.
        language: one of `LANGUAGES`.
        title: the action's.
        team: its origin.
        details: by name, as the sport defines them.
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


def remark(language: str, kind: str) -> str:
    """Return the sentence about the feed for a type of message; empty where there is none."""
    return REMARKS[kind][LANGUAGES.index(language)] if kind in REMARKS else ""


def marked(language: str, said: str, status: str, delay: str) -> str:
    """Return a sentence with the marks of its entry.

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


def translate(
    language: str, title: str, content: str, teams: Sequence[str], players: Sequence[str]
) -> str:
    """Return a datagram's content in a language; as it came where it can't be translated.

    Args:
        language: one of `LANGUAGES`.
        title: the datagram's type.
        content: its sentence, in any language.
        teams: the names of both.
        players: the names of all.
    """
    if title in REMARKS:
        return remark(language, title)
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
    """Return the phrases of the first sport with this action; a datagram names no sport."""
    found = (phrases_of(name) for name in sports.list())
    return next((each for each in found if each is not None and title in each.actions), None)


def _details(
    phrases: Phrases, title: str, content: str, players: Sequence[str]
) -> dict[str, object]:
    """Return the details that a sentence names."""
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
    """Return the names in a text in the order in which they occur; of those that begin at the same
    place, the longest."""
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
