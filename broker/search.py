"""Find events by words that may be misspelt: an index of trigrams that follows the registry.

Two words are compared by the trigrams that they share, as in PostgreSQL's pg_trgm (its manual,
F.35). The index is in memory, so that SQLite and PostgreSQL give the same results, and because a
search that read and compared every card would take tenths of a second at 10,000 events.

A search holds up whatever else the broker does, so it looks at a bounded number of events, however
many there are: events are found by the rarer words of a query, and its common words (more than
`COMMON` events) only rank them. Where every word is common, the newest events that have the rarest
of them are ranked.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import merge, nsmallest
from itertools import chain, groupby, islice
from math import inf

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
"""The most events that a word of a query finds by itself; and of the newest with a common word, as
many are ranked."""

LOOKED_AT = 20_000
"""The most events with a common word that a search tries for its sport and status."""

SPELT = 50_000
"""Words of which the spellings are kept: the same players play many matches."""

MOST_ALIKE = 64
"""The most words of the index that a word of a query finds, the most similar."""

MOST_ASKED = 1_000
"""The most words of queries of which the index keeps what is like them."""

NAMED = 60
"""The most names of an event's line-ups by which it is found."""

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


def _players(card: Card) -> Iterable[str]:
    """Return the words of the names in an event's line-ups, without the numbers on shirts."""
    names = islice(chain(*card.lineups.values()), NAMED)
    return (word for word in words(" ".join(names)) if not word.isdecimal())


def competition_key(name: str) -> str:
    """Return what all ways to write the name of a competition have in common."""
    return canonical(name)


class SearchIndex:
    """The events by the words of their titles, origins, competitions, venues and line-ups, and by
    age.

    Not safe for threads: threads that share an index need a lock.
    """

    def __init__(self) -> None:
        self.revision = 0
        """The registry's revision that the index holds."""
        self._lines: dict[str, _Line] = {}
        self._newest: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        """(-created, event) by competition, sorted; all of them under the empty one."""
        self._events: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        """(created, event) by word, sorted."""
        self._words: defaultdict[str, list[str]] = defaultdict(list)  # by trigram
        self._grams: dict[str, int] = {}  # by word: how many trigrams it has
        self._asked: dict[str, list[tuple[float, str]]] = {}
        """What is like a word of a query, by the words that were asked for of late."""

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
        for one in {"", competition}:
            insort(self._newest[one], (-card.created, card.event))
        dated = (card.created, card.event)
        for word in found:
            if word not in self._events:
                grams = trigrams(word)
                for gram in grams:
                    self._words[gram].append(word)
                self._grams[word] = len(grams)
                self._asked.clear()
            postings = self._events[word]
            if postings and dated < postings[-1]:
                insort(postings, dated)
            else:
                postings.append(dated)

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
            events = self._by_match(text, cursor, limit, only)
        else:
            events = (
                event
                for event in self._by_age(cursor, only.competition)
                if only.takes(self._lines[event])
            )
        return list(islice(events, limit))

    def _by_age(self, cursor: str, competition: str) -> Iterator[str]:
        newest = self._newest.get(competition, [])
        start = bisect_right(newest, (-self._lines[cursor].created, cursor)) if cursor else 0
        return (event for _, event in islice(newest, start, None))

    def _by_match(self, text: str, cursor: str, limit: int, only: _Only) -> Iterator[str]:
        matches = self._matches(text, only)
        least = NEAR_BEST * max(matches.values(), default=0.0)
        ranks = {
            event: (-match, -self._lines[event].created, event)
            for event, match in matches.items()
            if match >= least
        }
        after = ranks.get(cursor, (0.0, 0, cursor)) if cursor else (-inf, 0, "")
        ranked = (
            rank for event, rank in ranks.items() if rank > after and only.takes(self._lines[event])
        )
        return (event for _, _, event in nsmallest(limit, ranked))

    def _matches(self, text: str, only: _Only | None = None) -> dict[str, float]:
        """Return the match of each event, from 0 to 1: the mean over the query's words."""
        spellings = {one[0]: one for one in _spellings(text)}
        query = [self._like_any(one) for one in list(spellings.values())[:QUERY_WORDS]]
        rare = [alike for alike in query if self._frequency(alike) <= COMMON]
        common = [alike for alike in query if self._frequency(alike) > COMMON]
        total: dict[str, float] = {}
        for alike in rare:
            best: dict[str, float] = {}
            # The most similar words come first, so an event's first word is its best.
            for word, similar in alike.items():
                for _, event in self._events[word]:
                    if event not in best:
                        best[event] = similar
            for event, similar in best.items():
                total[event] = total.get(event, 0.0) + similar / len(query)
        if common and not any(rare):
            rarest = min(common, key=self._frequency)
            common.remove(rarest)
            total = {
                event: similar / len(query)
                for event, similar in self._newest_of(rarest, only or _Only())
            }
        for alike in common:
            of, lines = alike.get, self._lines
            for event in total:
                similar = max([of(word, 0.0) for word in lines[event].words])
                total[event] += similar / len(query)
        return total

    def _newest_of(self, alike: dict[str, float], only: _Only) -> Iterator[tuple[str, float]]:
        """Yield the newest events that are asked for and have a common word, the most similar words
        first, each with the similarity of its most similar word."""
        seen: set[str] = set()
        looked_at = 0
        anything = only == _Only()
        for similar, same in groupby(alike, key=alike.__getitem__):
            postings = [reversed(self._events[word]) for word in same]
            for _, event in merge(*postings, reverse=True):
                looked_at += 1
                if looked_at > LOOKED_AT or len(seen) >= COMMON:
                    return
                if event not in seen and (anything or only.takes(self._lines[event])):
                    seen.add(event)
                    yield event, similar

    def _frequency(self, alike: dict[str, float]) -> int:
        """Return in how many events words are; one that has two of them counts twice."""
        return sum(len(self._events[word]) for word in alike)

    def _like_any(self, spellings: Iterable[str]) -> dict[str, float]:
        """Return the words of the index like a word of a query, the most similar first."""
        found = sorted(chain(*map(self._alike, spellings)))
        best = {word: similar for similar, word in found}
        return dict(sorted(best.items(), key=lambda item: (-item[1], item[0])))

    def _alike(self, asked: str) -> list[tuple[float, str]]:
        """Return (similarity, word) of the words in the index like `asked`, most similar first."""
        known = self._asked.get(asked)
        if known is not None:
            return known
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
        if len(self._asked) >= MOST_ASKED:
            self._asked.clear()
        found = sorted([one for one in alike if one[0] >= ALIKE], reverse=True)[:MOST_ALIKE]
        return self._asked.setdefault(asked, found)
