"""What reports say beside action and origin: how it is compared, and voted on. Pure.

Details are voted on one by one: of each the most reported value stands, of equals the first
reported. Names are compared as people write them, and stand as the line-up spells them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Protocol

from ....protocol.messages import Card, Detail
from ....protocol.text import visible
from ....sports import Kind, contradictions
from ....sports.names import (
    EventNames,
    Forms,
    NameList,
    canonical,
    may_be_same,
    parts,
    read,
    roughly,
)

FORMS_SINCE = 6
"""The edition of the rules, see `records.EDITION`, since which Mueller may be Müller, and No. 10 is
10."""

LOOSE_SINCE = 11
"""The edition since which Mohammed may be Mohamed, and Mesi the only Messi of a line-up."""

Identity = tuple[Detail | None, ...]
"""The values of a kind's identity details; None where a report leaves one out."""

Said = Mapping[str, Detail]


class DetailRules(Protocol):
    """How the details of one kind and origin are compared."""

    def identity(self, said: Said) -> Identity:
        """Return the identity that a report's details give."""

    def fit(self, one: Identity, other: Identity) -> bool:
        """Return whether two identities can be those of one action."""

    def joined(self, one: Identity, other: Identity) -> Identity:
        """Return what two identities that fit say together."""

    def merged(self, reports: Iterable[Said]) -> dict[str, Detail]:
        """Return each detail that any report names with the value that stands."""

    def key(self, changes: Said) -> str:
        """Return a text that is the same for changes that mean the same."""

    def spelt(self, name: str, value: Detail, said: Said) -> Detail:
        """Return a value as the line-up spells it, where it has it; `said`: all that is said."""

    def agree(self, name: str, one: Detail, other: Detail) -> bool:
        """Return whether two values of a detail can mean the same."""


RulesOf = Callable[[Kind | None, str], DetailRules]
"""rules(kind, origin): how the details of a kind and origin are compared; for None, of none."""


class AsTyped:
    """Compares texts as they are typed, but for their case, as release 0.1 does.

    Args:
        kind: whose details they are.
    """

    def __init__(self, kind: Kind | None, _origin: str = "") -> None:
        self._identity = kind.identity if kind is not None else ()

    def identity(self, said: Said) -> Identity:
        """Return the identity that a report's details give."""
        return tuple(said.get(name) for name in self._identity)

    def fit(self, one: Identity, other: Identity) -> bool:
        """Return whether no detail that both name differs."""
        return all(
            a is None or b is None or self.agree(name, a, b)
            for name, a, b in zip(self._identity, one, other, strict=True)
        )

    def joined(self, one: Identity, other: Identity) -> Identity:
        """Return the first identity with what the second adds."""
        return tuple(b if a is None else a for a, b in zip(one, other, strict=True))

    def merged(self, reports: Iterable[Said]) -> dict[str, Detail]:
        """Return the most reported value of each detail, of equals the first."""
        return {name: _first_most(values) for name, values in _by_name(reports)}

    def key(self, changes: Said) -> str:
        """Return the changes as they are typed."""
        return repr(sorted(changes.items()))

    def spelt(self, name: str, value: Detail, said: Said) -> Detail:
        """Return the value as it is typed."""
        return value

    def agree(self, name: str, one: Detail, other: Detail) -> bool:
        """Return whether two values differ in nothing but case."""
        return one == other or _folded(one) == _folded(other)


class ByName:
    """Compares names as people write them.

    Args:
        kind: whose details they are.
        origin: what makes the actions.
        names: of the event.
    """

    def __init__(self, kind: Kind, origin: str, names: EventNames) -> None:
        self._identity = kind.identity
        self._origin = origin
        self._names = names
        self._exact = {one.name for one in kind.details if one.choices or one.number}

    def identity(self, said: Said) -> Identity:
        """Return the identity that a report's details give, with the names of the line-up."""
        return tuple(
            self.spelt(name, said[name], said) if name in said else None for name in self._identity
        )

    def fit(self, one: Identity, other: Identity) -> bool:
        """Return whether no detail that both name differs, as far as they say."""
        return all(
            a is None or b is None or self.agree(name, a, b)
            for name, a, b in zip(self._identity, one, other, strict=True)
        )

    def joined(self, one: Identity, other: Identity) -> Identity:
        """Return of each detail the value that says more."""
        return tuple(
            b if a is None or (b is not None and self._fullness(a) < self._fullness(b)) else a
            for a, b in zip(one, other, strict=True)
        )

    def merged(self, reports: Iterable[Said]) -> dict[str, Detail]:
        """Return each detail's most reported value, of equals the first.

        Forms of one name count together; it stands as the line-up spells it, else as most do,
        without what is invisible. A text in which nothing can be seen says nothing.
        """
        found: dict[str, Detail] = {}
        names = []
        for name, values in _by_name(reports):
            if name in self._names.named:
                names.append((name, values))  # whose line-up it is of can depend on the others
            else:
                found[name] = _first_most(_most(_alike_texts(values)))
        for name, values in names:
            people = self._people(name, found)
            found[name] = _first_most(values) if people is None else _elected(values, people)
        seen = {
            name: visible(value) if isinstance(value, str) else value
            for name, value in sorted(found.items())
        }
        return {name: value for name, value in seen.items() if value or not found[name]}

    def key(self, changes: Said) -> str:
        """Return the changes with names as the line-up spells them, and texts in plain form."""
        plain = {}
        for name, said in changes.items():
            value = self.spelt(name, said, changes)
            plain[name] = self._plain(name, value, changes) if isinstance(value, str) else value
        return repr(sorted(plain.items()))

    def _plain(self, name: str, value: str, said: Said) -> str:
        people = self._people(name, said)
        if not self._names.forms or people is None:
            return canonical(value)
        return value if people.only(value) == value else roughly(value, self._names.forms)

    def spelt(self, name: str, value: Detail, said: Said) -> Detail:
        """Return a value as the line-up spells it, where it has it; `said`: all that is said."""
        people = self._people(name, said)
        return value if people is None else people.only(str(value)) or value

    def agree(self, name: str, one: Detail, other: Detail) -> bool:
        """Return whether two values are forms of one, as far as they say."""
        if one == other:
            return True
        if not isinstance(one, str) or not isinstance(other, str) or name in self._exact:
            return False
        people, forms = self._people(name, {}), self._names.forms
        if people is not None and forms:
            listed = people.only(one), people.only(other)
            if all(listed):
                return listed[0] == listed[1]
        if canonical(one) == canonical(other):
            return True
        if people is None or (people.only(one) == one and people.only(other) == other):
            return False  # no names, or two of the line-up
        return may_be_same(one, other, forms)

    def _people(self, name: str, said: Said) -> NameList | None:
        return None if name in self._exact else self._names.people(self._origin, name, said)

    def _fullness(self, value: Detail) -> tuple[object, ...]:
        if not isinstance(value, str):
            return ()
        listed = self._names.list_of(self._origin).only(value) == value
        reading = read(value, self._names.forms)
        return listed, reading.size, bool(reading.number), canonical(value), value


def turned(
    rules: DetailRules, before: Said, votes: Sequence[Said], amended: Container[str]
) -> dict[str, Detail]:
    """Return the details of an entry that votes change, with their new values.

    One that the entry has is replaced by what more votes say; another spelling of the same, where
    more votes spell it so.

    Args:
        rules: how details are compared.
        before: the entry's details.
        votes: the details of each, in the order of the reporters' ids.
        amended: details that were voted on by themselves, which these votes do not change.
    """
    merged = rules.merged(votes)
    context = {**before, **merged}
    changes = {}
    for name, value in merged.items():
        old = before.get(name)
        if name in amended or value == old:
            continue
        said = [rules.spelt(name, vote[name], context) for vote in votes if name in vote]
        if old is None:
            more = True
        elif rules.agree(name, old, value):
            more = said.count(value) > said.count(old)
        else:
            agree = [(rules.agree(name, value, one), rules.agree(name, old, one)) for one in said]
            more = sum(new for new, _ in agree) > sum(held for _, held in agree)
        if more:
            changes[name] = value
    return changes


def contradicts(rules: DetailRules, said: Said, details: Said, changed: Iterable[str]) -> bool:
    """Return whether a vote says otherwise than an entry.

    Args:
        rules: how details are compared.
        said: the vote's details.
        details: the entry's.
        changed: the names of those that are looked at.
    """
    return any(
        name in said
        and not rules.agree(name, rules.spelt(name, said[name], details), details[name])
        for name in changed
    )


def rules_of(names: EventNames | None) -> RulesOf:
    """Return how the details of an event are compared.

    Args:
        names: of the event; None where they are compared as they are typed.
    """
    if names is None:
        return AsTyped
    return lambda kind, origin: AsTyped(None) if kind is None else ByName(kind, origin, names)


def names_of(card: Card, edition: int) -> EventNames | None:
    """Return the names of an event; None where they are compared as they are typed.

    Args:
        card: the event.
        edition: of the rules by which reports are matched, see `records.EDITION`.
    """
    if edition < 1:
        return None
    if edition < FORMS_SINCE:
        forms = Forms.LITERAL
    else:
        forms = Forms.LOOSE if edition >= LOOSE_SINCE else Forms.TRANSCRIBED
    return contradictions.names_of(card, forms)


def origin_meant(names: EventNames | None, origins: Container[str], said: str) -> str:
    """Return the origin that a report means; what it says where that is none of the event's.

    Args:
        names: of the event; None where origins are compared as they are typed.
        origins: the event's (a set or dict: looked up, not searched).
        said: what the report says.
    """
    if names is None or not said or said in origins:
        return said
    return names.origin(said) or said.strip()


def _folded(value: Detail) -> Detail:
    return value.casefold() if isinstance(value, str) else value


def _by_name(reports: Iterable[Said]) -> Iterable[tuple[str, dict[Detail, int]]]:
    """Return, by detail, how often each value is reported, the first reported first."""
    counts: dict[str, dict[Detail, int]] = {}
    for said in reports:
        for name, value in said.items():
            values = counts.setdefault(name, {})
            values[value] = values.get(value, 0) + 1
    return sorted(counts.items())


def _first_most(values: Mapping[Detail, int]) -> Detail:
    return max(values, key=values.__getitem__)


def _most(groups: Iterable[dict[Detail, int]]) -> dict[Detail, int]:
    return max(groups, key=lambda group: sum(group.values()))


def _alike_texts(values: Mapping[Detail, int]) -> Iterable[dict[Detail, int]]:
    groups: dict[Detail, dict[Detail, int]] = {}
    for value, count in values.items():
        key = canonical(value) if isinstance(value, str) else value
        groups.setdefault(key, {})[value] = count
    return groups.values()


class _Form:
    """A form of a name, and how often it was spelt how."""

    def __init__(self, name: str, listed: str, forms: Forms) -> None:
        self.name = name
        self._forms = forms
        self.listed = listed  # as the line-up spells it; empty where it may be of several, or none
        self.spelt: dict[Detail, int] = {}

    @property
    def size(self) -> tuple[bool, tuple[int, int, int]]:
        """How much it says."""
        return bool(self.listed), read(self.name, self._forms).size

    def says_less(self, other: _Form) -> bool:
        """Return whether this is a shorter form of what may be the same name."""
        return (
            not self.listed
            and self.size < other.size
            and may_be_same(self.name, other.full_name, self._forms)
        )

    @property
    def full_name(self) -> str:
        """The name as the line-up spells it, else as it was said."""
        return self.listed or self.name


def _elected(values: Mapping[Detail, int], people: NameList) -> Detail:
    """Return the most reported name.

    A short form counts for the one fuller form that it can stand for; where it can stand for
    several, which differ, it stands for itself.
    """
    forms: dict[object, _Form] = {}
    for value, count in values.items():
        text = str(value)
        listed = people.only(text)
        key = listed or _words_of(text, people.forms) or text
        form = forms.setdefault(key, _Form(text, listed, people.forms))
        form.spelt[value] = count
    counted: dict[int, dict[Detail, int]] = {id(form): dict(form.spelt) for form in forms.values()}
    for form in sorted(forms.values(), key=lambda form: form.size):  # the shortest first
        fuller = [other for other in forms.values() if form.says_less(other)]
        fullest = [one for one in fuller if not any(one.says_less(other) for other in fuller)]
        if len(fullest) == 1:
            into, spelt = counted[id(fullest[0])], counted.pop(id(form))
            for value, count in spelt.items():
                into[value] = into.get(value, 0) + count
    best = max(
        (form for form in forms.values() if id(form) in counted),
        key=lambda form: sum(counted[id(form)].values()),
    )
    return best.listed or _first_most(counted[id(best)])


def _words_of(name: str, forms: Forms) -> object:
    """Return what two forms of a name have in common that say the same in another order."""
    if forms == Forms.LITERAL:
        return tuple(sorted(parts(name, literal=True)))
    reading = read(name, forms)
    words = frozenset(tuple(sorted(spelling)) for spelling in reading.loose or reading.spellings)
    size = reading.size if reading.loose else None  # of two that differ, one says more
    return (words, size, reading.number) if reading.words or reading.number else None
