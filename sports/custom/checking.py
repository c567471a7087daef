"""A definition's file checked for its author: where it is wrong, and what a list of actions does.

A list of actions is a text with one on each line, words in quotation marks where they have blanks:

    # title, then the origin, then details
    basket Lindau player="Per Holm"
    period_end
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from ...protocol.errors import SettingError
from ..sport import Action, Kind, Sport, State
from .definition import read

_WHERE = re.compile(
    r"(?P<action>actions\[(?P<number>\d+)\])?(?P<detail>\.details\[(?P<place>\d+)\])?"
    r"(?P<table>(?P<name>sets\.legs|sets|periods|counters)(?:\[(?P<nth>\d+)\])?(?=[.:]))?"
    r"(?:\.|definition\.?)?(?P<key>\w+)?: (?:no key '(?P<left>[^']+)';)?"
)
_HEADER = re.compile(r"^[ \t]*\[\[\s*actions\s*\]\]", re.MULTILINE)
_DETAIL_HEADER = re.compile(r"^[ \t]*\[\[\s*actions\s*\.\s*details\s*\]\]", re.MULTILINE)
_INLINE = re.compile(r"\{")
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_QUOTED = re.compile(r"'([^']+)'")


def check(text: str) -> dict[str, object]:
    """Return the definition in a TOML text.

    Raises:
        SettingError: the sentence begins with the line and column.
    """
    try:
        return read(text)
    except SettingError as error:
        line, column = place(text, error.sentence)
        raise SettingError(f"line {line}, column {column}: {error.sentence}") from None


def place(text: str, sentence: str) -> tuple[int, int]:
    """Return the line and column, from 1, of what a refusal of a definition names.

    Where the key does not stand in the text, it is the place of the table that lacks it.
    """
    known = re.search(r"\(at line (\d+), column (\d+)\)", sentence)
    if known is not None:
        return int(known[1]), int(known[2])
    if "(at end of document)" in sentence:
        return _position(text, len(text))
    where = _WHERE.match(sentence)
    start, end = 0, len(text)
    if where is None:
        return 1, 1
    if where["action"]:
        start, end = _nth(_HEADER, text, 0, end, int(where["number"]))
    elif where["table"]:
        name = where["name"].replace(".", r"\s*\.\s*")
        header = re.compile(rf"^[ \t]*\[\[?\s*{name}\s*\]", re.MULTILINE)
        start, _ = _nth(header, text, 0, end, int(where["nth"] or 1))
        following = _TABLE.search(text, text.find("\n", start))
        end = following.start() if following is not None else end
    else:
        first = _HEADER.search(text)
        end = first.start() if first is not None else end
    if where["detail"]:
        nth = int(where["place"])
        opened = _key(text, "details", start, end)
        pattern = _DETAIL_HEADER if opened is None else _INLINE
        start, end = _nth(pattern, text, opened or start, end, nth)
    key = where["left"] or where["key"]
    found = _key(text, key, start, end) if key else None
    quoted = _QUOTED.search(sentence)
    if found is None and quoted is not None and not where["left"]:
        # It is said of what is not there, by its name.
        named = text.find(f'"{quoted[1]}"')
        found = named if named >= 0 else None
    return _position(text, start if found is None else found)


def _nth(pattern: re.Pattern[str], text: str, start: int, end: int, number: int) -> tuple[int, int]:
    """Return from where to where the table with a number reaches; all, where it is not found."""
    found = [match.start() for match in pattern.finditer(text, start, end)]
    if number > len(found):
        return start, end
    return found[number - 1], (*found, end)[number]


def _key(text: str, key: str, start: int, end: int) -> int | None:
    match = re.compile(rf"(?:^|[\s{{,])(?P<key>[\"']?{re.escape(key)}[\"']?)\s*=").search(
        text, start, end
    )
    return None if match is None else match.start("key")


def _position(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def play(
    sport: Sport, definition: dict[str, object], text: str, origins: Sequence[str] = ()
) -> Iterator[tuple[int, Action, State]]:
    """Play a list of actions; yield the line of each, the action, and the state after it.

    Args:
        sport: that takes the definition.
        definition: as `read` returns it.
        text: of the list.
        origins: of the event; none: those that the list names, in the order in which it does.

    Raises:
        SettingError: names the line that is not valid, or the action that is not legal there.
    """
    kinds = {kind.title: kind for kind in sport.kinds({"definition": definition})}
    actions = [*_actions(text, kinds)]
    named = tuple(dict.fromkeys(one.origin for _, one in actions if one.origin))
    state = sport.start(origins or named or ("A", "B"), {"definition": definition})
    for line, action in actions:
        refusal = sport.illegal(state, action)
        if refusal is not None:
            raise SettingError(f"line {line}: {refusal}")
        state = sport.apply(state, action)
        yield line, action, state


def _actions(text: str, kinds: dict[str, Kind]) -> Iterator[tuple[int, Action]]:
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise SettingError(f"line {number}: {error}") from None
        if not words:
            continue
        title, *rest = words
        numbers = {one.name for one in kinds[title].details if one.number} if title in kinds else ()
        details: dict[str, str | float] = {}
        origin = ""
        for word in rest:
            name, equals, value = word.partition("=")
            if not equals:
                if origin:
                    raise SettingError(f"line {number}: two origins, {origin!r} and {word!r}")
                origin = word
            else:
                details[name] = _number(value, number) if name in numbers else value
        # A second apart: an order is all that a list says.
        yield number, Action(title, origin, number * 1_000_000, details)


def _number(text: str, line: int) -> float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise SettingError(f"line {line}: {text[:40]!r} is not a number") from None
