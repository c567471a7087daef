"""Find events by words that may be misspelt: an index of trigrams that follows the registry.

Two words are compared by the trigrams that they share, as in PostgreSQL's pg_trgm (its manual,
F.35). The index is in memory, so that SQLite and PostgreSQL give the same results, and because a
search that read and compared every card would take tenths of a second at 10,000 events.

A search holds up whatever else the broker does, so it looks at a bounded number of events, however
many there are: events are found by the rarer words, and common ones (in more than `COMMON` events)
only rank them. Where every word is common, the newest events with the rarest of them are ranked.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import heappush, heappushpop, nsmallest
from itertools import chain, islice, repeat
from math import inf
from typing import NamedTuple

from ..protocol.errors import NotFound
from ..protocol.messages import Card, EventStatus
from ..sports.names import canonical, transcribed

QUERY_WORDS = 8
"""The most words of a query that the search compares; it ignores the rest."""

WORD_CHARS = 40
"""The most characters of a word that the search compares."""

ALIKE = 0.2
"""The least similarity of two words that match: `spian` and `Spain`, two letters swapped in a short
word, have 0.2."""

NEAR_BEST = 0.5
"""The least share of the best match that an event in the result has."""

COMMON = 2_000
"""The most events that have a word which is not common, and the most that a search of one word or
two ranks; of more words it ranks fewer, so that it takes no longer."""

LOOKED_AT = 20_000
"""The most events that a search tries for their sport, status and competition."""

SPELT = 50_000
"""Words of which the spellings are kept: the same players play many matches."""

MOST_ALIKE = 64
"""The most words of the index that a word of a query finds, the most similar."""

MOST_ASKED = 1_000
"""The most words of queries of which the index keeps what is like them."""

NAMED = 60
"""The most names of an event's line-ups by which it is found."""

_ZEROS = repeat(0.0)

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the words of a text, without case and accents, each once, in order; in all spellings,
    `muller` and `mueller` for `Müller`."""
    return list(dict.fromkeys(chain(*_spellings(text))))


def _spellings(text: str) -> Iterable[list[str]]:
    """Return the spellings of each word of a text, that without accents first."""
    for word in dict.fromkeys(re.split(r"\s", unicodedata.normalize("NFC", text.casefold()))):
        yield from map(list, _spelt(word))


@lru_cache(maxsize=SPELT)
def _spelt(word: str) -> tuple[tuple[str, ...], ...]:
    """Return the words in a text without blanks, each in its spellings."""
    plain, other = _plain_words(word), _plain_words(transcribed(word))
    return tuple(
        (one,) if one == two else (one, two) for one, two in zip(plain, other, strict=True)
    )


def _plain_words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return [(canonical(word) or word)[:WORD_CHARS] for word in _WORD.findall(plain)]


def trigrams(word: str) -> frozenset[str]:
    """Return the trigrams of a word with two blanks before it and one after it.

    The blanks give the first letters of a word more weight.
    """
    padded = f"  {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def _similarity(query: str, grams: int, word: str, others: int, common: int) -> float:
    """Return how well a word matches a word of a query, from 0 (no trigram in common) to 1 (equal).

    The similarity is the number of common trigrams over the number of all trigrams of both. It is
    at least one half if the word begins with the query's, since people stop typing early.

    Args:
        query: a word of the query.
        grams: the number of its trigrams.
        word: a word of the index.
        others: the number of its trigrams.
        common: the number of those in both.
    """
    if query == word:
        return 1.0
    alike = common / (grams + others - common)
    if word.startswith(query):
        alike = max(alike, 0.5 + 0.5 * len(query) / len(word))
    return alike


@dataclass(frozen=True, slots=True)
class _Line:
    """What the index filters, sorts and ranks an event by."""

    sport: str
    status: EventStatus
    created: int
    words: tuple[str, ...]
    competition: str


@dataclass(frozen=True, slots=True)
class _Only:
    """Which events are asked for; empty means any."""

    sport: str = ""
    status: str = ""
    competition: str = ""

    def takes(self, line: _Line) -> bool:
        """Return whether an event is among them."""
        return (
            self.sport in ("", line.sport)
            and self.status in ("", line.status)
            and self.competition in ("", line.competition)
        )


class _Alike(NamedTuple):
    """The words of the index that are like a word of a query."""

    words: list[tuple[float, str]]
    """(similarity, word), the most similar first."""
    of: Callable[[str, float], float]
    """Returns the similarity of a word, or what it is given for one that is not like it."""

    def head(self, place: int) -> tuple[float, str]:
        """Return the similarity and word at a place; 0.0 behind the last."""
        return self.words[place] if place < len(self.words) else (0.0, "")


def _most_similar(one: tuple[float, str]) -> tuple[float, str]:
    return -one[0], one[1]


def _players(card: Card) -> Iterable[str]:
    """Return the words of the names in an event's line-ups, without the numbers on shirts."""
    names = islice(chain(*card.lineups.values()), NAMED)
    return (word for word in words(" ".join(names)) if not word.isdecimal())


def competition_key(name: str) -> str:
    """Return what all ways to write the name of a competition have in common."""
    return canonical(name)


def _insert(dated: list[tuple[int, str]], one: tuple[int, str]) -> None:
    """Insert an event by its age; the newest, as most are, at once."""
    if dated and one < dated[-1]:
        insort(dated, one)
    else:
        dated.append(one)


class SearchIndex:
    """The events by the words of their titles, origins, competitions, venues and line-ups, and by
    age.

    Not safe for threads: threads that share an index need a lock.
    """

    def __init__(self) -> None:
        self.revision = 0
        """The registry's revision that the index holds."""
        self._lines: dict[str, _Line] = {}
        self._dated: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        """(created, event) by competition, sorted; all of them under the empty one."""
        self._events: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        """(created, event) by word, sorted."""
        self._words: defaultdict[str, list[str]] = defaultdict(list)  # by trigram
        self._grams: dict[str, int] = {}  # by word: how many trigrams it has
        self._asked: dict[tuple[str, ...], _Alike] = {}
        """What is like a word of a query, by the spellings that were asked for of late."""

    def __len__(self) -> int:
        return len(self._lines)

    def follow(self, changes: Iterable[tuple[int, Card]]) -> None:
        """Add new events, and update the status of known events: nothing else of them changes.

        Args:
            changes: (revision, card), oldest first, as `Repository.changes` returns them.
        """
        for revision, card in changes:
            known = self._lines.get(card.event)
            if known is None:
                self._add(card)
            else:
                self._lines[card.event] = replace(known, status=card.status)
            self.revision = revision

    def _add(self, card: Card) -> None:
        said = [card.title, *card.origins, card.competition, card.round, card.venue]
        found = tuple(dict.fromkeys([*words(" ".join(said)), *_players(card)]))
        competition = competition_key(card.competition)
        line = _Line(card.sport, card.status, card.created, found, competition)
        self._lines[card.event] = line
        if card.hidden:
            return
        dated = (card.created, card.event)
        for one in {"", competition}:
            _insert(self._dated[one], dated)
        for word in found:
            if word not in self._events:
                grams = trigrams(word)
                for gram in grams:
                    self._words[gram].append(word)
                self._grams[word] = len(grams)
                self._asked.clear()
            _insert(self._events[word], dated)

    def search(
        self,
        text: str = "",
        *,
        sport: str = "",
        status: str = "",
        limit: int,
        cursor: str = "",
        competition: str = "",
    ) -> list[str]:
        """Return the ids of events, best match first, then newest first.

        Args:
            text: words, perhaps misspelt; an empty text finds every event.
            sport, status, competition: find only events of these; empty means any.
            limit: the most ids to return.
            cursor: the last event of the page before. The search finds its place by its own match,
                so that an event created between two pages does not shift the second page.

        Raises:
            NotFound: the cursor is not an event.
        """
        if cursor and cursor not in self._lines:
            raise NotFound(f"no event {cursor!r} to continue the search from")

        only = _Only(sport, status, competition_key(competition))
        if text.strip():
            return self._by_match(text, cursor, limit, only)
        events = self._by_age(cursor, only.competition)
        return list(islice((one for one in events if only.takes(self._lines[one])), limit))

    def _by_age(self, cursor: str, competition: str) -> Iterator[str]:
        """Yield the events after the cursor, the newest first; of one time by their ids."""
        dated = self._dated.get(competition, [])
        place = len(dated)
        if cursor:
            created = self._lines[cursor].created
            place = bisect_left(dated, (created, ""))
            same = dated[
                bisect_right(dated, (created, cursor)) : bisect_left(dated, (created + 1, ""))
            ]
            yield from (event for _, event in same)
        while place:
            first = bisect_left(dated, (dated[place - 1][0], ""), 0, place)
            yield from (event for _, event in dated[first:place])
            place = first

    def _by_match(self, text: str, cursor: str, limit: int, only: _Only) -> list[str]:
        """Return the best events, by the threshold algorithm of Fagin, Lotem and Naor (2003).

        The index's words are gone through with the most similar ones first. Whatever has not been
        met yet can match no better than the words that are still to come, so that the rest is not
        looked at once the page is full of better ones.
        """
        query = self._query(text)
        after = (-inf, 0, "")
        if cursor:
            after = self._rank(query, cursor)
        seen: set[str] = set()
        found: list[tuple[float, int, str]] = []
        page: list[tuple[float, int]] = []  # the page's matches and ages, a heap: the worst first
        best, looked_at, anything = 0.0, 0, only == _Only()
        places = [0] * len(query)
        most_ranked = 2 * COMMON // max(2, len(query))
        while True:
            heads = [one.head(place) for one, place in zip(query, places, strict=True)]
            most = sum([similar for similar, _ in heads])
            full = len(page) == limit and page[0][0] > most
            if full or not most or most < NEAR_BEST * best:
                break
            which = self._next(heads, found=bool(found))
            if which is None:
                break
            places[which] += 1
            for created, event in reversed(self._events[heads[which][1]]):
                looked_at += 1
                if len(page) == limit and page[0] > (most, created):
                    break  # what comes is no better, and older
                if looked_at > LOOKED_AT or len(seen) >= most_ranked:
                    break
                if event in seen or not (anything or only.takes(self._lines[event])):
                    continue
                seen.add(event)
                rank = self._rank(query, event)
                best = max(best, -rank[0])
                if rank <= after:
                    continue
                found.append(rank)
                (heappush if len(page) < limit else heappushpop)(page, (-rank[0], created))
        least = -NEAR_BEST * best
        return [
            event for _, _, event in nsmallest(limit, [one for one in found if one[0] <= least])
        ]

    def _next(self, heads: list[tuple[float, str]], *, found: bool) -> int | None:
        """Return which word of a query finds events next: of those whose next word is not common
        the most similar; a common one, the rarest, where nothing else finds anything."""
        often = {at: len(self._events[word]) for at, (similar, word) in enumerate(heads) if similar}
        rare = [at for at, events in often.items() if events <= COMMON]
        if rare:
            return max(rare, key=lambda at: (heads[at][0], -often[at]))
        return None if found or not often else min(often, key=often.__getitem__)

    def _rank(self, query: list[_Alike], event: str) -> tuple[float, int, str]:
        """Return what an event is sorted by: its match, negative, then its age and its id.

        The match is the sum over the query's words, each from 0 to 1.
        """
        line = self._lines[event]
        match = sum([max(map(one.of, line.words, _ZEROS)) for one in query])
        return -match, -line.created, event

    def _query(self, text: str) -> list[_Alike]:
        spellings = {one[0]: one for one in _spellings(text)}
        return [self._like_any(one) for one in islice(spellings.values(), QUERY_WORDS)]

    def _like_any(self, spellings: Sequence[str]) -> _Alike:
        """Return the words of the index like a word of a query, in any of its spellings."""
        asked = tuple(spellings)
        known = self._asked.get(asked)
        if known is not None:
            return known
        best = {word: similar for similar, word in sorted(chain(*map(self._alike, asked)))}
        words = sorted(((similar, word) for word, similar in best.items()), key=_most_similar)
        if len(self._asked) >= MOST_ASKED:
            self._asked.clear()
        return self._asked.setdefault(asked, _Alike(words, best.get))

    def _alike(self, asked: str) -> list[tuple[float, str]]:
        """Return (similarity, word) of the words in the index like `asked`, most similar first."""
        grams = trigrams(asked)
        common = Counter(word for gram in grams for word in self._words.get(gram, ()))
        # Two words of similarity a share at least a of each word's trigrams. A word that begins
        # with the query's has all of the query's trigrams but the last.
        least, sizes = ALIKE * len(grams), self._grams
        alike = [
            (_similarity(asked, len(grams), word, sizes[word], count), word)
            for word, count in common.items()
            if count >= least
        ]
        return sorted([one for one in alike if one[0] >= ALIKE], reverse=True)[:MOST_ALIKE]
