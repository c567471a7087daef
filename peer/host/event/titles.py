"""One happening told under several titles: which of them it has. Pure.

A sending-off is told as a second yellow card by some, as a red one by others. What they say is one
claim, and the title is voted on as a detail is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ....protocol.messages import Detail
from ....sports import Kind


def groups(kinds: Iterable[Kind], edition: int) -> dict[str, tuple[str, ...]]:
    """Return the titles of each group of which the reports are votes of one claim, by title, in the
    order in which the sport lists them. A title that is alone with its word is in none.

    Args:
        kinds: the sport's.
        edition: of the rules, see `records.EDITION`.
    """
    by_word: dict[str, list[str]] = {}
    for kind in kinds:
        if kind.same and kind.same_since <= edition:
            by_word.setdefault(kind.same, []).append(kind.title)
    return {
        title: tuple(titles) for titles in by_word.values() if len(titles) > 1 for title in titles
    }


def ranked(said: Iterable[str], titles: Sequence[str]) -> list[str]:
    """Return the titles that votes name, that with most votes first; of equals the one that the
    sport lists last, which is the graver.

    Args:
        said: a title for each vote.
        titles: those of the group, in the sport's order.
    """
    counts = dict.fromkeys(titles, 0)
    for title in said:
        counts[title] += 1
    order = {title: place for place, title in enumerate(titles)}
    named = [title for title in titles if counts[title]]
    return sorted(named, key=lambda title: (-counts[title], -order[title]))


def details_of(kind: Kind, details: Mapping[str, Detail]) -> dict[str, Detail]:
    """Return those details that a kind takes: others of its group may take more."""
    takes = {detail.name for detail in kind.details}
    return {name: value for name, value in details.items() if name in takes}
