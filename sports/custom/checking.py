"""A definition's file checked for its author: where it is wrong, and what a list of actions does.

A list of actions is a text with one on each line, words in quotation marks where they have blanks:

    # title, then the origin, then details
    basket Lindau player="Per Holm"
    period_end
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from ...protocol.errors import SettingError
from ..sport import Action, Kind, Sport, State
from .definition import read, short
from .schema import schema

_WHERE = re.compile(
    r"(?P<path>(?:[a-z_]+(?:\[\d+\])?\.)*[a-z_]+(?:\[\d+\])?): (?:no key '(?P<left>[^']+)';)?"
)
_STEP = re.compile(r"(?P<name>[a-z_]+)(?:\[(?P<number>\d+)\])?")
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_QUOTED = re.compile(r"'([^']+)'")
_TOKEN = re.compile(
    r'#[^\n]*|"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"'
    r"|'''.*?'''|'[^'\n]*'|[\[\]{}]",
    re.DOTALL,
)
"""A comment, a text, or a bracket."""

Part = tuple[int, int]
"""From where to where a part of a text reaches."""


def check(text: str) -> dict[str, object]:
    """Return the definition in a TOML text.

    Raises:
        SettingError: the sentence begins with the line and column.
    """
    try:
        return read(text)
    except SettingError as error:
        sentence = error.sentence
        if _WHERE.match(sentence) is not None and "tables nested more than" not in sentence:
            # What lacks a key has it under a wrong name at times: that is the mistake then.
            raw = tomllib.loads(text.removeprefix("\ufeff"))
            sentence = next(_unknown(raw, schema(), "definition"), sentence)
        line, column = place(text, sentence)
        raise SettingError(f"line {line}, column {column}: {sentence}") from None


def _unknown(raw: object, form: Any, where: str) -> Iterator[str]:
    """Yield the refusals of keys that the format does not have.

    Args:
        raw: a value of the file.
        form: its schema.
        where: it stands.
    """
    properties = form.get("properties", {})
    if isinstance(raw, list) and form.get("type") == "array":
        for number, one in enumerate(raw, start=1):
            yield from _unknown(one, form["items"], f"{where}[{number}]")
    if not isinstance(raw, dict) or not properties:
        return
    for key, value in raw.items():
        if key not in properties:
            yield f"{where}: no key {short(key)}; there are {', '.join(sorted(properties))}"
            continue
        inner = key if where == "definition" else f"{where}.{key}"
        yield from _unknown(value, properties[key], inner)


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
    if where is None:
        return 1, 1
    steps = [_STEP.fullmatch(step) for step in where["path"].split(".")]
    names = [(step["name"], int(step["number"] or 0)) for step in steps if step is not None]
    if names[0][0] == "definition":
        del names[0]
    if where["left"]:
        names.append((where["left"], 0))
    bare = _TOKEN.sub(_blanked, text)
    part: Part = (0, len(text))
    header: tuple[str, ...] = ()
    for place_of, (name, number) in enumerate(names):
        header = (*header, name)
        found = _table(bare, part, header, number) or _value(bare, part, name, number)
        if found is None:
            continue  # it has no header of its own, and its tables may have theirs
        if place_of == len(names) - 1:
            return _position(text, found[0])
        part = found
    return _position(text, _fallback(text, part, sentence, where["left"]))


def _blanked(token: re.Match[str]) -> str:
    """Return blanks for a comment, and for a text that is no key: either may look like one."""
    is_key = re.compile(r"\s*[=.\]]").match(token.string, token.end())
    if token[0] in "[]{}" or (token[0][0] != "#" and is_key):
        return token[0]
    return re.sub(r"[^\n]", " ", token[0])


def _fallback(text: str, part: Part, sentence: str, left: str | None) -> int:
    """Return where what is not there is named, in a part of a text; else where the part begins."""
    quoted = _QUOTED.search(sentence)
    named = -1 if left or quoted is None else text.find(f'"{quoted[1]}"', *part)
    return part[0] if named < 0 else named


def _table(text: str, part: Part, names: Sequence[str], number: int) -> Part | None:
    """Return the table, of an array the one with a number, that has a header of its own."""
    name = r"\s*\.\s*".join(f"[\"']?{re.escape(one)}[\"']?" for one in names)
    header = re.compile(rf"^[ \t]*\[\[?\s*{name}\s*\]", re.MULTILINE)
    found = [match.start() for match in header.finditer(text, *part)]
    if len(found) < max(1, number):
        return None
    start = found[max(0, number - 1)]
    # What belongs to it goes on over its own tables.
    inner = re.compile(rf"^[ \t]*\[(?!\[?\s*{name}\s*\.)", re.MULTILINE)
    following = inner.search(text, text.find("\n", start) if "\n" in text[start:] else part[1])
    return start, min(part[1], following.start() if following is not None else part[1])


def _value(text: str, part: Part, name: str, number: int) -> Part | None:
    """Return what a key of a table has for a value; of an array, the table with a number."""
    start, end = part
    tables = _TABLE.search(
        text, max(start, text.find("\n", start)) if _TABLE.match(text, start) else start
    )
    own = min(end, tables.start()) if tables is not None else end
    key = re.compile(
        rf"(?:^|[\s{{,.])(?P<key>[\"']?{re.escape(name)}[\"']?)\s*[=.]", re.MULTILINE
    ).search(text, start, own)
    if key is None:
        return None
    if not number:
        return key.start("key"), own
    depth, nth, begun = 0, 0, 0
    for token in _TOKEN.finditer(text, key.end(), own):
        if token[0] in "[{":
            depth += 1
            if token[0] == "{" and depth == 2:
                nth, begun = nth + 1, token.start()
        elif token[0] in "]}":
            depth -= 1
            if token[0] == "}" and depth == 1 and nth == number:
                return begun, token.end()
            if depth == 0:
                break
    return key.start("key"), own


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
