"""Names as people write them: which mean the same, and whom of a line-up they mean. Pure.

Who types at the touchline has no é, knows a player by the number on the shirt, or writes the
surname. Two forms of a name are told apart as far as they can be: "L. Messi" is "Lionel Messi" and
not "Marcelo Messi"; of a line-up, what fits a single one of them means that one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..protocol.text import invisible
from .presentation import Named
from .sport import Action

KNOWN = 4096
"""Names whose reading is kept."""

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʻʹʾʿ`´′‛＇ꞌ"))

# Letters that no decomposition takes apart, as they are written where the keyboard lacks them.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)

# The same letters, and others, as those write them who care to tell them apart.
_TRANSCRIBED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "đ": "dj"}
    | {"Ä": "ae", "Ö": "oe", "Ü": "ue", "Ø": "oe", "Å": "aa", "Đ": "dj"}
)

_NUMBER_WORDS = frozenset({"n", "no", "nr", "nro", "num", "number", "nummer", "numero"})
"""What is said before the number on a shirt: No. 10, n° 10, № 10."""

_BLANK = "\u2800"  # a symbol, of braille, that looks like a space

_VOICED = {"\u3099", "\u309a"}  # which make other syllables in Japanese, where accents are none


@lru_cache(maxsize=KNOWN)
def canonical(text: str) -> str:
    """Return a text without case, accents, apostrophes, spare blanks and what can't be seen."""
    if text.isascii() and text.isprintable():  # as most are
        return " ".join(text.translate(_APOSTROPHES).lower().split())
    # An acute accent for an apostrophe is a blank and an accent in NFKD.
    whole = unicodedata.normalize("NFD", text).translate(_APOSTROPHES).replace(_BLANK, " ")
    # Folding the case can bring accents to light, and both bring what was translated before.
    whole = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", whole).casefold())
    whole = whole.translate(_APOSTROPHES).translate(_LETTERS)
    return " ".join("".join(filter(_counts, whole)).split())


def _counts(char: str) -> bool:
    if unicodedata.combining(char):
        return char in _VOICED
    return unicodedata.category(char) != "Cf" and not invisible(char)


@lru_cache(maxsize=KNOWN)
def parts(name: str, literal: bool = False) -> tuple[str, ...]:
    """Return the words and numbers that a name consists of, in canonical form.

    Args:
        name: as it was said.
        literal: a word for the number that follows is a word like others, see `read`.
    """
    return _parts(canonical(name), literal)


def _parts(text: str, literal: bool) -> tuple[str, ...]:
    found: list[str] = []
    before = ""
    for char in text:
        sort = unicodedata.category(char)
        sort = "number" if sort == "Nd" else "word" if sort[0] in "LMN" else ""
        if sort and sort == before:
            found[-1] += char
        elif sort:
            while sort == "number" and not literal and found and found[-1] in _NUMBER_WORDS:
                found.pop()
            found.append(char)
        before = sort
    return tuple(_plain_number(part) if part.isdecimal() else part for part in found)


def _plain_number(digits: str) -> str:
    return "".join(str(unicodedata.decimal(digit)) for digit in digits).lstrip("0") or "0"


Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A name as it is read.

    Args:
        canonical: the whole of it, see `canonical`.
        spellings: its words in order, as they are written where the keyboard lacks a letter: Muller
            or Mueller for Müller; of what holds nothing but numbers, these.
        number: the number on the shirt, where there is one beside the words, or nothing else.
        exact: its words in order with their accents, without case.
    """

    canonical: str
    spellings: tuple[Words, ...]
    number: str
    exact: Words

    @property
    def words(self) -> Words:
        """Its words in order, without accents."""
        return self.spellings[0]

    @property
    def size(self) -> tuple[int, int, int]:
        """How much it says: words, spellings, letters."""
        return len(self.words), len(self.spellings), sum(map(len, self.words))

    @property
    def is_accented(self) -> bool:
        """Whether its words have letters that other keyboards lack."""
        return self.exact != self.words


@lru_cache(maxsize=KNOWN)
def read(name: str, literal: bool = False) -> Reading:
    """Return how a name is read.

    Args:
        name: as it was said.
        literal: Mueller is another name than Müller, and "No." a part of the name, as in the
            editions of the rules in which `details.FORMS_SINCE` had not come.
    """
    whole = unicodedata.normalize("NFC", name)
    texts = [canonical(name)] if literal else [canonical(name), canonical(transcribed(whole))]
    found = [_parts(text, literal) for text in dict.fromkeys(texts)]
    exact = _parts(whole.lower(), literal)
    numbers = [part for part in found[0] if part.isdecimal()]
    if len(numbers) != 1:
        return Reading(texts[0], tuple(found), "", exact)
    spellings = tuple(map(_without_numbers, found))
    return Reading(texts[0], spellings, numbers[0], _without_numbers(exact))


def roughly(name: str) -> str:
    """Return a text that all spellings of a name have in common, and perhaps other names."""
    text = " ".join(parts(name))
    for two, letter in (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("dj", "d")):
        text = text.replace(two, letter)
    return text or canonical(name)


def transcribed(text: str) -> str:
    """Return a text in NFC with letters that keyboards lack as others stand for them: ue for ü."""
    return text if text.isascii() else text.translate(_TRANSCRIBED)


def _without_numbers(found: Words) -> Words:
    return tuple(part for part in found if not part.isdecimal())


def may_be_same(one: str, other: str, literal: bool = False) -> bool:
    """Return whether two names of one side may be those of one person, as far as they say.

    Args:
        one, other: the names.
        literal: see `read`.
    """
    a, b = read(one, literal), read(other, literal)
    if a.canonical == b.canonical:
        return True
    if a.number and b.number and a.number != b.number:
        return False
    if not a.words or not b.words:
        return bool(a.number) and a.number == b.number
    return any(_fit(x, y) for x in a.spellings for y in b.spellings)


def _fit(one: Words, other: Words) -> bool:
    few, many = sorted((one, other), key=len)
    return _covered(few, many) or "".join(few) == "".join(many)


def _covered(few: Sequence[str], many: Sequence[str]) -> bool:
    """Return whether each of some words is one of a name's, one of them at least in full."""
    rest = list(many)
    open_words = []
    whole = False
    for word in few:
        if word in rest:
            rest.remove(word)
            whole = whole or not _is_initial(word)
        else:
            open_words.append(word)
    for word in open_words:
        match = next((one for one in rest if _abbreviates(word, one)), None)
        if match is None:
            return False
        rest.remove(match)
    return whole


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.upper() != word  # a single letter can be a whole name in Chinese


def _abbreviates(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return _is_initial(short) and long.startswith(short)


class NameList:
    """The names of a line-up, or of the origins of an event.

    Args:
        names: as they are written there, perhaps with the number on the shirt: `10 Lionel Messi`,
            `Lionel Messi (10)`.
        literal: see `read`.
    """

    def __init__(self, names: Iterable[str], literal: bool = False) -> None:
        self.literal = literal
        self._listed = [_Listed(name, literal) for name in names]
        self.only = lru_cache(maxsize=KNOWN)(self._only)
        """only(said): the name that is meant where it can be but one, else an empty text."""
        self.find = lru_cache(maxsize=KNOWN)(self._find)
        """find(said): the names that a said one is a form or a part of."""

    def __bool__(self) -> bool:
        return bool(self._listed)

    def _find(self, said: str) -> tuple[str, ...]:
        wanted = read(said, self.literal)
        found = [one for one in self._listed if one.is_meant(wanted)]
        # What fits better is meant: as it is written, then by number, then by all words.
        for better in (
            [one for one in found if one.reading.canonical == wanted.canonical],
            [one for one in found if wanted.number and one.reading.number == wanted.number],
            [one for one in found if one.is_whole(wanted)],
        ):
            if better:
                found = better
                break
        if len(found) > 1 and not self.literal:
            found = _spelt_best(wanted, found)
        return tuple(one.name for one in found)

    def has(self, said: str) -> bool:
        """Return whether a whole name is among them."""
        wanted = read(said, self.literal)
        return any(one.is_whole(wanted) for one in self._listed)

    def _only(self, said: str) -> str:
        found = self.find(said)
        if not found:  # more was said than is listed: the first name, say
            found = tuple(
                one.name
                for one in self._listed
                if one.reading.words and may_be_same(one.name, said, self.literal)
            )
        return found[0] if len(found) == 1 else ""


class _Listed:
    """A name of a list."""

    def __init__(self, name: str, literal: bool) -> None:
        self.name = name
        self.reading = read(name, literal)
        self._whole = [(sorted(words), "".join(words)) for words in self.reading.spellings]
        self._runs = {
            "".join(words[first:last])
            for words in self.reading.spellings
            for last in range(1, len(words) + 1)
            for first in range(last)
        }

    def is_whole(self, said: Reading) -> bool:
        """Return whether a name has all words of this one, in any order or run together."""
        return bool(said.words) and any(
            run == "".join(words) or whole == sorted(words)
            for whole, run in self._whole
            for words in said.spellings
        )

    def is_meant(self, said: Reading) -> bool:
        """Return whether a name can be this one, or a part or a short form of it."""
        own = self.reading
        if said.canonical == own.canonical:
            return True
        if not said.words:
            return bool(said.number) and said.number == own.number
        if said.number and own.number and said.number != own.number:
            return False
        for words in said.spellings:
            run = "".join(words)
            if run in self._runs and not _is_initial(run):
                return True
            if any(len(words) <= len(mine) and _covered(words, mine) for mine in own.spellings):
                return True
        return False


def _spelt_best(said: Reading, found: list[_Listed]) -> list[_Listed]:
    """Return of several names that can be meant those that are spelt as a said one is, where it
    says enough: Baumann is not Bäumann where a line-up has both."""
    alike = [one for one in found if sorted(one.reading.exact) == sorted(said.exact)]
    if alike or not said.is_accented:
        return alike or found
    common = [len({*said.exact} & {*one.reading.exact}) for one in found]
    return [one for one, words in zip(found, common, strict=True) if words == max(common)]


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A detail that names somebody of the wrong side.

    Args:
        detail: its name.
        name: as the line-up spells it, else as it was said.
        side: of which the name is.
        wanted: of which it is said to be.
    """

    detail: str
    name: str
    side: str
    wanted: str


class EventNames:
    """The names of an event: its origins, and the people of each one's line-up.

    Args:
        origins: the event's.
        lineups: names by origin.
        named: which details name somebody, and of which side, as the sport shows them.
        literal: see `read`.
    """

    def __init__(
        self,
        origins: Sequence[str],
        lineups: Mapping[str, Sequence[str]],
        named: Mapping[str, Named],
        literal: bool = False,
    ) -> None:
        self.named = named
        self.literal = literal
        self._origins = NameList(origins, literal)
        self._lists = {origin: NameList(lineups.get(origin, ()), literal) for origin in origins}
        every = [name for origin in origins for name in lineups.get(origin, ())]
        self._everybody = NameList(dict.fromkeys(every), literal)

    def origin(self, said: str) -> str:
        """Return the origin that is meant where it can be but one, else an empty text."""
        return self._origins.only(said)

    def list_of(self, origin: str) -> NameList:
        """Return the line-up of an origin; that of all where it is none of the event's."""
        return self._lists.get(origin, self._everybody)

    def others(self, origin: str) -> list[str]:
        """Return the other origins."""
        return [other for other in self._lists if other != origin]

    def people(self, origin: str, detail: str, details: Mapping[str, object]) -> NameList | None:
        """Return the line-up whose people a detail of an action names; None where it names none.

        Args:
            origin: what made the action.
            detail: its name.
            details: all that is said of the action.
        """
        rule = self.named.get(detail)
        if rule is None:
            return None
        when = rule.other_when
        if not rule.other and (when is None or details.get(when.detail) != when.value):
            return self.list_of(origin)
        others = self.others(origin)
        return self.list_of(others[0] if len(others) == 1 and origin in self._lists else "")

    def misplaced(self, action: Action) -> Misplaced | None:
        """Return the first detail that names somebody of the wrong side, or None.

        A name is of the wrong side where that side's line-up has it, and the other one's does not.
        Where the other one has no line-up, it takes the whole name; numbers are told apart by no
        side.
        """
        if len(self._lists) != 2 or action.origin not in self._lists:
            return None
        for detail, said in action.details.items():
            people = self.people(action.origin, detail, action.details)
            if people is None or not isinstance(said, str) or not read(said).words:
                continue
            wanted, other = self._lists
            if people is self._lists[other]:
                wanted, other = other, wanted
            others = self._lists[other]
            found = others.find(said)
            if not found or people.find(said) or people.only(said):
                continue
            if people or others.has(said):
                return Misplaced(detail, found[0] if len(found) == 1 else said, other, wanted)
        return None
