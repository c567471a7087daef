"""Names as people write them: which mean the same, and whom of a line-up they mean. Pure.

Who types at the touchline has no é, knows a player by the number on the shirt, or writes the
surname. Two forms of a name are told apart as far as they can be: "L. Messi" is "Lionel Messi" and
not "Marcelo Messi"; of a line-up, what fits a single one of them means that one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
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

# What is typed one for the other in Arabic and Persian; the tatweel only makes words longer.
_ARABIC = str.maketrans({"ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ـ": None})

_SHORT = {"jr": "junior", "jnr": "junior", "sr": "senior", "snr": "senior"}

_DOUBLED = re.compile(r"([a-z])\1+")

_UMLAUT = re.compile(r"(?<![aeiou])([ou])e(?=[^aeiou])")

_MOHAMED = re.compile(r"m[ou]ham[aeiu]d")

_WORD = re.compile(r"[^\W\d_]+")

_DOTTED = re.compile(r"([^\W\d_]{2,4})\.")

_LETTERS_DOUBLED = 5
"""The letters, doubled ones counted once, of a word in which one or two of a letter make no
difference: Lee is not Le."""

_LETTERS_MISTYPED = 5
"""The letters of a name that may be said with one letter more or less, or two exchanged; with one
more it may be said with another letter: Pedro is not Pedri."""

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


class Forms(IntEnum):
    """The forms of a name that are known, each with those before it."""

    LITERAL = 0
    """Its words, its parts and initials: Mueller is another name than Müller, No. is a word."""

    TRANSCRIBED = 1
    """Letters as those write them whose keyboard lacks them; `No. 10`."""

    LOOSE = 2
    """Spellings that are in use side by side: Mohamed and Mohammed, Jr and Júnior, St. and Saint,
    Mueller and Muller, JP and Jean-Paul; names that are cut short with a dot; of a line-up also
    what is its only one that begins so, or is mistyped by one letter."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A name as it is read.

    Args:
        canonical: the whole of it, see `canonical`.
        spellings: its words in order, as they are written where the keyboard lacks a letter: Muller
            or Mueller for Müller; of what holds nothing but numbers, these.
        number: the number on the shirt, where there is one beside the words, or nothing else.
        exact: its words in order with their accents, without case.
        capitals: two or three letters that can be initials, as they are written in capitals; None
            where all can.
        loose: its spellings with what those that are in use side by side have in common; none where
            these are not known.
        shared: all words of these, also run together: names that may be one share such a word.
    """

    canonical: str
    spellings: tuple[Words, ...]
    number: str
    exact: Words
    capitals: frozenset[str] | None
    loose: tuple[Words, ...]
    shared: frozenset[str]

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
def read(name: str, forms: Forms = Forms.LOOSE) -> Reading:
    """Return how a name is read.

    Args:
        name: as it was said.
        forms: those that are known; fewer in older editions of the rules, see `details.names_of`.
    """
    literal = forms == Forms.LITERAL
    whole = unicodedata.normalize("NFC", name)
    texts = [canonical(name)] if literal else [canonical(name), canonical(transcribed(whole))]
    found = [_parts(text, literal) for text in dict.fromkeys(texts)]
    exact = _parts(whole.lower(), literal)
    capitals = _capitals(whole) if forms >= Forms.LOOSE else None
    numbers = [part for part in found[0] if part.isdecimal()]
    number = ""
    if len(numbers) == 1:
        number, exact = numbers[0], _without_numbers(exact)
        found = [_without_numbers(words) for words in found]
    loose = _loose_spellings(found) if forms >= Forms.LOOSE else ()
    return Reading(texts[0], tuple(found), number, exact, capitals, loose, _shared(loose))


def _capitals(name: str) -> frozenset[str]:
    upper = [word for word in _WORD.findall(name) if word.isupper()]
    if any(len(word) > 3 for word in upper):  # all of it is in capitals
        return frozenset()
    return frozenset(canonical(word) for word in upper if len(word) > 1)


def roughly(name: str, forms: Forms = Forms.LOOSE) -> str:
    """Return a text that all spellings of a name have in common, and perhaps other names."""
    text = " ".join(parts(name))
    for two, letter in (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("dj", "d")):
        text = text.replace(two, letter)
    if forms >= Forms.LOOSE:
        text = " ".join(map(_loosely, text.split()))
    return text or canonical(name)


def transcribed(text: str) -> str:
    """Return a text in NFC with letters that keyboards lack as others stand for them: ue for ü."""
    return text if text.isascii() else text.translate(_TRANSCRIBED)


def _without_numbers(found: Words) -> Words:
    return tuple(part for part in found if not part.isdecimal())


def may_be_same(one: str, other: str, forms: Forms = Forms.LOOSE) -> bool:
    """Return whether two names of one side may be those of one person, as far as they say.

    Args:
        one, other: the names.
        forms: those that are known, see `read`.
    """
    a, b = read(one, forms), read(other, forms)
    if _fit_readings(a, b):
        return True
    return forms >= Forms.LOOSE and _fit_loosely(a, b)


def _fit_readings(a: Reading, b: Reading) -> bool:
    if a.canonical == b.canonical:
        return True
    if _numbers_differ(a, b):
        return False
    if not a.words or not b.words:
        return bool(a.number) and a.number == b.number
    capitals = _both(a, b)
    return any(_fit(x, y, capitals) for x in a.spellings for y in b.spellings)


def _numbers_differ(a: Reading, b: Reading) -> bool:
    return bool(a.number and b.number and a.number != b.number)


def _both(a: Reading, b: Reading) -> frozenset[str] | None:
    return None if a.capitals is None or b.capitals is None else a.capitals | b.capitals


def _by_length(one: Words, other: Words) -> tuple[Words, Words]:
    return (other, one) if len(other) < len(one) else (one, other)


def _fit(one: Words, other: Words, capitals: Collection[str] | None) -> bool:
    few, many = _by_length(one, other)
    return _covered(few, many) or _run_together(few, many, capitals)


def _run_together(one: Words, other: Words, capitals: Collection[str] | None) -> bool:
    """Return whether two names differ in blanks alone; the initials N. G. make no Ng."""
    run = "".join(one)
    if run != "".join(other):
        return False
    few, many = _by_length(one, other)
    initials = len(few) == 1 < len(many) and all(map(_is_initial, many))
    return not initials or capitals is None or run in capitals


def _fit_loosely(a: Reading, b: Reading, beginnings: bool = False) -> bool:
    """Return whether two names may be one in spellings that are in use side by side.

    Args:
        a, b: the names.
        beginnings: of the words of the second one, those of the first can be beginnings.
    """
    if a.shared.isdisjoint(b.shared) or _numbers_differ(a, b):
        return False
    short = {*_DOTTED.findall(a.canonical), *_DOTTED.findall(b.canonical)}
    capitals = _both(a, b) or frozenset()

    def abbreviates(one: str, other: str) -> bool:
        few, many = sorted((one, other), key=len)
        return _abbreviates(few, many) or (few in short and many.startswith(few))

    def begins(one: str, other: str) -> bool:
        return abbreviates(one, other) or (len(one) > 1 and other.startswith(one))

    for x in a.loose:
        for y in b.loose:
            one, other = _joined(x, y), _joined(y, x)
            one, other = _without_initials(one, other, capitals)
            other, one = _without_initials(other, one, capitals)
            if beginnings:
                if len(one) <= len(other) and _covered(one, other, begins):
                    return True
            elif _covered(*_by_length(one, other), abbreviates):
                return True
    return False


def _loose_spellings(spellings: Iterable[Words]) -> tuple[Words, ...]:
    found = [tuple(filter(None, map(_loosely, words))) for words in spellings]
    saints = [tuple("saint" if word == "st" else word for word in words) for words in found]
    return tuple(dict.fromkeys(found + saints))


def _shared(spellings: Iterable[Words]) -> frozenset[str]:
    return frozenset(
        "".join(words[first : first + size])
        for words in spellings
        for size in (1, 2, 3)
        for first in range(len(words))
    )


@lru_cache(maxsize=KNOWN)
def _loosely(word: str) -> str:
    """Return a canonical word as the spellings of it that are in use have it in common."""
    word = _SHORT.get(word, word).translate(_ARABIC)
    word = _UMLAUT.sub(r"\1", word)
    single = _DOUBLED.sub(r"\1", word)
    if len(single) >= _LETTERS_DOUBLED:
        word = single
    return "mohamed" if _MOHAMED.fullmatch(word) else word


def _joined(words: Words, others: Collection[str]) -> Words:
    """Return words with those run together that others write so: Heung Min and Heungmin."""
    found: list[str] = []
    rest = list(words)
    while rest:
        runs = (size for size in (3, 2) if "".join(rest[:size]) in others and rest[1:])
        size = next((n for n in runs if not all(map(_is_initial, rest[:n]))), 1)
        found.append("".join(rest[:size]))
        del rest[:size]
    return tuple(found)


def _without_initials(
    words: Words, others: Words, capitals: Collection[str]
) -> tuple[Words, Words]:
    """Return both without what the first gives the initials of: JP of Jean Paul."""
    for word in words:
        size = len(word)
        if word in others or not 1 < size < 4 or not (word in capitals or _is_spelt_out(word)):
            continue
        for first in range(len(others) - size + 1):
            run = others[first : first + size]
            if "".join(one[0] for one in run) == word:
                rest = list(words)
                rest.remove(word)
                return tuple(rest), others[:first] + others[first + size :]
    return words, others


def _is_spelt_out(word: str) -> bool:
    """Return whether letters can be no word, as they have no vowel."""
    return word.isascii() and word.isalpha() and not set("aeiouy") & set(word)


def _is_mistyped(said: str, meant: str) -> bool:
    """Return whether a word differs in one letter from a name, and begins as it does."""
    if said[:1] != meant[:1] or said == meant or abs(len(said) - len(meant)) > 1:
        return False
    few, many = sorted((said, meant), key=len)
    if len(many) < _LETTERS_MISTYPED:
        return False
    at = next((n for n, (a, b) in enumerate(zip(few, many, strict=False)) if a != b), len(few))
    if len(few) < len(many):
        return few[at:] == many[at + 1 :]
    if few[at + 1 :] == many[at + 1 :]:
        return len(many) > _LETTERS_MISTYPED
    return few[at : at + 2] == many[at : at + 2][::-1] and few[at + 2 :] == many[at + 2 :]


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.upper() != word  # a single letter can be a whole name in Chinese


def _abbreviates(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return _is_initial(short) and long.startswith(short)


def _covered(
    few: Sequence[str],
    many: Sequence[str],
    abbreviates: Callable[[str, str], bool] = _abbreviates,
) -> bool:
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
        match = next((one for one in rest if abbreviates(word, one)), None)
        if match is None:
            return False
        rest.remove(match)
    return whole


class NameList:
    """The names of a line-up, or of the origins of an event.

    Args:
        names: as they are written there, perhaps with the number on the shirt: `10 Lionel Messi`,
            `Lionel Messi (10)`.
        forms: those that are known, see `read`.
    """

    def __init__(self, names: Iterable[str], forms: Forms = Forms.LOOSE) -> None:
        self.forms = forms
        self._listed = [_Listed(name, forms) for name in names]
        self.only = lru_cache(maxsize=KNOWN)(self._only)
        """only(said): the name that is meant where it can be but one, else an empty text."""
        self.find = lru_cache(maxsize=KNOWN)(self._find)
        """find(said): the names that a said one is a form or a part of."""
        self.fitting = lru_cache(maxsize=KNOWN)(self._fitting)
        """fitting(said): these, else those of which it says more, else those that it can mean in
        another spelling; of all of them no letter is wrong."""

    def __bool__(self) -> bool:
        return bool(self._listed)

    def _find(self, said: str) -> tuple[str, ...]:
        wanted = read(said, self.forms)
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
        if len(found) > 1 and self.forms:
            found = _spelt_best(wanted, found)
        return tuple(one.name for one in found)

    def has(self, said: str) -> bool:
        """Return whether a whole name is among them."""
        wanted = read(said, self.forms)
        return any(one.is_whole(wanted) for one in self._listed)

    def _only(self, said: str) -> str:
        found = self.fitting(said)
        if not found and self.forms >= Forms.LOOSE:
            wanted = read(said, self.forms)
            found = tuple(one.name for one in self._listed if one.is_mistyped(wanted))
        return found[0] if len(found) == 1 else ""

    def _fitting(self, said: str) -> tuple[str, ...]:
        found = self.find(said)
        if found:
            return found
        wanted = read(said, self.forms)
        # More was said than is listed: the first name, say.
        fits: list[Callable[[Reading], bool]] = [lambda own: _fit_readings(own, wanted)]
        if self.forms >= Forms.LOOSE:
            fits.append(lambda own: _fit_loosely(own, wanted))
            fits.append(lambda own: _fit_loosely(wanted, own, beginnings=True))
        for fit in fits:
            found = tuple(
                one.name for one in self._listed if one.reading.words and fit(one.reading)
            )
            if found:
                break
        return found


class _Listed:
    """A name of a list."""

    def __init__(self, name: str, forms: Forms) -> None:
        self.name = name
        self.reading = read(name, forms)
        self._runs: dict[str, set[Words]] = {}
        for words in self.reading.spellings:
            for last in range(1, len(words) + 1):
                for first in range(last):
                    run = words[first:last]
                    self._runs.setdefault("".join(run), set()).add(run)

    def is_whole(self, said: Reading) -> bool:
        """Return whether a name has all words of this one, in any order or run together."""
        capitals = _both(self.reading, said)
        return bool(said.words) and any(
            sorted(mine) == sorted(words) or _run_together(mine, words, capitals)
            for mine in self.reading.spellings
            for words in said.spellings
        )

    def is_mistyped(self, said: Reading) -> bool:
        """Return whether a name is this one, or a form of it, but for one letter of its surname."""
        mended = (
            ((*words[:at], surname, *words[at + 1 :]), mine)
            for mine in self.reading.spellings
            for surname in mine[1:] or mine
            for words in said.spellings
            for at, word in enumerate(words)
            if _is_mistyped(word, surname)
        )
        return not _numbers_differ(self.reading, said) and any(
            _covered(*_by_length(words, mine)) for words, mine in mended
        )

    def is_meant(self, said: Reading) -> bool:
        """Return whether a name can be this one, or a part or a short form of it."""
        own = self.reading
        if said.canonical == own.canonical:
            return True
        if not said.words:
            return bool(said.number) and said.number == own.number
        if _numbers_differ(said, own):
            return False
        capitals = _both(said, own)
        for words in said.spellings:
            run = "".join(words)
            runs = () if _is_initial(run) else self._runs.get(run, ())
            if any(_run_together(mine, words, capitals) for mine in runs):
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


@dataclass(frozen=True, slots=True)
class Doubled:
    """A detail that names somebody whom another one of the same action names already.

    Args:
        detail: its name.
        first: that of the other one.
        name: as the line-up spells it.
    """

    detail: str
    first: str
    name: str


class EventNames:
    """The names of an event: its origins, and the people of each one's line-up.

    Args:
        origins: the event's.
        lineups: names by origin.
        named: which details name somebody, and of which side, as the sport shows them.
        forms: those that are known, see `read`.
    """

    def __init__(
        self,
        origins: Sequence[str],
        lineups: Mapping[str, Sequence[str]],
        named: Mapping[str, Named],
        forms: Forms = Forms.LOOSE,
    ) -> None:
        self.named = named
        self.forms = forms
        self._origins = NameList(origins, forms)
        self._lists = {origin: NameList(lineups.get(origin, ()), forms) for origin in origins}
        every = [name for origin in origins for name in lineups.get(origin, ())]
        self._everybody = NameList(dict.fromkeys(every), forms)

    def origin(self, said: str) -> str:
        """Return the origin that is meant where it can be but one, else an empty text."""
        found = self._origins.fitting(said)
        return found[0] if len(found) == 1 else ""

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
            if not found or people.find(said) or len(people.fitting(said)) == 1:
                continue
            if people or others.has(said):
                return Misplaced(detail, found[0] if len(found) == 1 else said, other, wanted)
        return None

    def doubled(self, action: Action) -> Doubled | None:
        """Return the first detail that names somebody a second time, or None: who scored did not
        pass, and nobody comes on for himself. Editions of the rules before `Forms.LOOSE` took it
        as it was said."""
        if self.forms < Forms.LOOSE:
            return None
        known: dict[tuple[int, str], str] = {}
        for detail, said in action.details.items():
            people = self.people(action.origin, detail, action.details)
            if people is None or not isinstance(said, str):
                continue
            found = people.find(said)
            if len(found) == 1:
                first = known.setdefault((id(people), found[0]), detail)
                if first != detail:
                    return Doubled(detail, first, found[0])
        return None
