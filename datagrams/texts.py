"""Actions as sentences, in the languages of the catalogues.

The server writes them; a client that is given another language translates those of a datagram.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from .. import sports
from ..runtime.languages import LANGUAGES as KNOWN
from ..runtime.languages import SOURCE, catalogue, mark, speaking, tr
from ..sports.capabilities import Phrases, Translated

ENGLISH = SOURCE
LANGUAGES = tuple(KNOWN)

END = "End of transmission"
"""The text after the last datagram."""

REMARKS = {
    "alarm": mark("Contact with the venue is lost"),
    "restored": mark("Contact with the venue is back"),
}
"""The sentences about the feed itself, by the type of the datagram."""

MARKS = {
    "DELETED": mark("Correction, this does not count"),
    "UPDATED": mark("Amended"),
    "DELAYED": mark("late"),
    "RECONSTRUCTED": mark("reconstructed"),
    "RECONSTRUCTION_INACCURATE": mark("inaccurate"),
}
"""The marks of an entry that is corrected or late, by its status and its delay status."""


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
    if phrases is None or title not in phrases.actions:
        return ""
    with speaking(language):
        return _sentence(phrases, title, team, details)


def _sentence(phrases: Phrases, title: str, team: str, details: Mapping[str, object]) -> str:
    said = tr(phrases.actions[title], team=team)
    for name, values in phrases.details.items():
        words = values.get(str(details.get(name, "")))
        if words is not None:
            said += f": {tr(words)}"
    exchange, comes, goes = phrases.exchange
    if title == exchange:
        on, off = str(details.get(comes, "")), str(details.get(goes, ""))
        who = f"{on} {tr(phrases.instead)} {off}" if on and off else on or off
    else:
        who = str(details.get(phrases.player, ""))
    notes = [
        tr(phrases.notes[str(value)])
        for value in details.values()
        if isinstance(value, str) and value in phrases.notes
    ]
    if details.get(phrases.helper):
        helper = {phrases.helper: details[phrases.helper]}
        notes.append(tr(phrases.helped).format(**helper))
    who += f" ({', '.join(notes)})" if notes else ""
    return f"{said}: {who.strip()}" if who.strip() else said


def remark(language: str, kind: str) -> str:
    """Return the sentence about the feed for a type of message; empty where there is none."""
    return catalogue(language).text(REMARKS[kind]) if kind in REMARKS else ""


def marked(language: str, said: str, status: str, delay: str) -> str:
    """Return a sentence with the marks of its entry.

    Args:
        language: one of `LANGUAGES`.
        said: the sentence.
        status: the entry's.
        delay: its delay status.
    """
    texts = catalogue(language)
    if status in MARKS:
        said = f"{texts.text(MARKS[status])}: {said}"
    return f"{said} ({texts.text(MARKS[delay])})" if delay in MARKS else said


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
    if phrases is None or ("{team}" in phrases.actions[title] and not team):
        return content
    said = sentence(phrases, language, title, team, _details(phrases, title, content, players))
    if not said:
        return content
    for status, words in MARKS.items():
        if content.startswith(tuple(f"{word}: " for word in _everywhere(words))):
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
        said_of = {word: value for value, words in values.items() for word in _everywhere(words)}
        for word in sorted(said_of, key=len):  # the longest counts: "first half of extra time"
            if word in content:
                details[name] = said_of[word]
    for note, words in phrases.notes.items():
        if any(f"({word}" in content for word in _everywhere(words)):
            details["note"] = note
    return details


@cache
def _everywhere(text: str) -> tuple[str, ...]:
    """Return a text in every language."""
    return tuple(catalogue(language).text(text) for language in LANGUAGES)


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
