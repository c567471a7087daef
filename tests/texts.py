"""Every text that people read, gathered from the source, and the catalogues brought up to it.

Texts of Python and JavaScript stand in `tr`, `trn` or `mark`; those of pages in their HTML; those
of a sport are fields of its presentation, actions, statements and phrases.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from itertools import product
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from touchline import sports
from touchline.protocol.errors import TouchlineError
from touchline.runtime.languages import LANGUAGES, SOURCE
from touchline.runtime.languages.catalogue import FOLDER
from touchline.runtime.languages.markup import texts_of_page, texts_of_script
from touchline.sports import statements
from touchline.sports.capabilities import Definable, Translated
from touchline.sports.presentation import with_texts
from touchline.timeline import wording

ROOT = Path(__file__).parents[1]

STATIC = ROOT / "gateway" / "static"

SPOKEN = ("cli", "datagrams", "gateway", "runtime", "sports", "timeline")
"""The packages that speak to people."""

PROGRAMS = frozenset({"api.js"})
"""Scripts of the page for programmers, which is in English as all of the interface is."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that people read.

    Args:
        one: it, or what is said of one.
        many: what is said of any other number; empty where nothing is counted.
        where: the file, from the root.
        context: in which it means something of its own.
    """

    one: str
    many: str
    where: str
    context: str = ""


def of_python(source: str, where: str) -> Iterator[Text]:
    """Yield the texts of a Python file.

    Raises:
        AssertionError: what is said is put together, so that no catalogue can have it.
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == "trn":
            one, many = (_literal(argument, where) for argument in node.args[:2])
            assert one, f"{where}:{node.lineno}: what is counted is no literal"
            assert many, f"{where}:{node.lineno}: what is counted is no literal"
            yield Text(one, many, where)
        elif node.func.id in {"tr", "mark"}:
            text = _literal(node.args[0], where)
            if node.func.id == "mark":
                assert text, f"{where}:{node.lineno}: what is marked is no literal"
            if text:
                yield Text(text, "", where)


def _literal(node: ast.expr, where: str) -> str:
    """Return a literal; empty for a name of one that is marked elsewhere."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert not isinstance(node, ast.JoinedStr | ast.BinOp), f"{where}:{node.lineno}: put together"
    return ""


def of_sports() -> Iterator[Text]:
    """Yield the texts of all sports but those whose events define them."""
    for name in sports.list():
        sport = sports.get(name)
        where = f"sports/{name}/"
        yield from (Text(text, "", where) for text in _of_custom(name, sport))
        if isinstance(sport, Definable):
            continue
        for rules in _rules(sport):
            try:
                found = _of_sport(name, sport, rules)
                yield from (Text(text, "", where) for text in found)
                own = senses()
                yield from (Text(text, "", where, name) for text in found if (name, text) in own)
            except TouchlineError:
                continue  # rules that exclude each other


@cache
def senses() -> frozenset[tuple[str, str]]:
    """Return the sports' words that some catalogue has in the context of the sport (`msgctxt`),
    where a word means in one sport what it means in no other."""
    return frozenset(
        (message.context, str(message.id))
        for path in FOLDER.glob("*.po")
        for message in read_po(BytesIO(path.read_bytes()))
        if message.context
    )


def _rules(sport: sports.Sport) -> Iterator[dict[str, object]]:
    """Yield each combination of what a sport lets one choose by yes or no, with and without what
    its rules leave out at first (laps, heats)."""
    flags = [rule.name for rule in sport.rules if isinstance(rule.default, bool)][:4]
    more: dict[str, object] = {}
    for rule in sport.rules:
        if rule.default == {}:
            more[rule.name] = {"1": ["A"], "2": ["B"]}
        elif rule.default == 0 and not isinstance(rule.default, bool) and not rule.choices:
            more[rule.name] = 1
    for values in product((True, False), repeat=len(flags)):
        chosen = dict(zip(flags, values, strict=True))
        yield chosen
        yield chosen | more


def _of_sport(name: str, sport: sports.Sport, rules: dict[str, object]) -> list[str]:
    found: list[str] = []

    def keep(text: str) -> str:
        found.append(text)
        return text

    with_texts(wording.whole(name, rules), keep)
    details = []
    for kind in sport.kinds(rules):
        found.append(kind.text)
        details += kind.details
    for button in statements.buttons(sport, ()):
        found.append(button.text)
        details += button.details
    phrases = sport.phrases.texts if isinstance(sport, Translated) else ()
    return [*found, *phrases, *(detail.text for detail in details)]


def _of_custom(name: str, sport: sports.Sport) -> list[str]:
    """Return the words of ours around a definition's own."""
    found: list[str] = []

    def keep(text: str) -> str:
        found.append(text)
        return text

    if isinstance(sport, Definable):
        shown = sports.presentation_of(name)
        with_texts((shown.score.columns, shown.score.table, shown.chart, shown.form), keep)
    return found


def texts() -> list[Text]:
    """Return all texts, in the order of the files."""
    found: list[Text] = []
    for package in SPOKEN:
        for path in sorted((ROOT / package).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            found += of_python(path.read_text("utf-8"), where)
    found += of_sports()
    for path in sorted(STATIC.glob("*.html")):
        where = path.relative_to(ROOT).as_posix()
        found += (Text(one.text, "", where) for one in texts_of_page(path.read_text("utf-8")))
    for path in sorted((STATIC / "js").glob("*.js")):
        where = path.relative_to(ROOT).as_posix()
        found += (Text(*one, where) for one in texts_of_script(path.read_text("utf-8")))
    return [text for text in found if any(map(str.isalpha, text.one))]


def template() -> Catalog:
    """Return a catalogue of all texts, without translations."""
    made = Catalog(project="Touchline", charset="utf-8")
    places: dict[tuple[str, str], set[str]] = {}
    plurals: dict[str, str] = {}
    for text in texts():
        places.setdefault((text.one, text.context), set()).add(text.where)
        if text.many:
            plurals[text.one] = text.many
    for one, context in sorted(places):
        id_ = (one, plurals[one]) if one in plurals else one
        where = [(place, 0) for place in sorted(places[one, context])]
        made.add(id_, locations=where, context=context or None)
    return made


def update() -> int:
    """Bring every catalogue up to the source; return how many translations are missing."""
    made = template()
    missing = 0
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        path = FOLDER / f"{language}.po"
        if path.exists():
            with path.open("rb") as file:
                known = read_po(file, locale=language)
        else:
            known = Catalog(locale=language)
        _head(known)
        known.update(made, no_fuzzy_matching=True, update_creation_date=False)
        with path.open("wb") as file:
            write_po(file, known, width=0, ignore_obsolete=True, include_lineno=False,
                     omit_header=False)  # fmt: skip
        left = [message for message in known if message.id and not _whole(message.string)]
        print(f"{path.relative_to(ROOT)}: {len(known)} texts, {len(left)} missing")
        missing += len(left)
    return missing


def _head(known: Catalog) -> None:
    """Let the head of a file say what is true of it, and nothing that changes each time."""
    known.header_comment = f"# Touchline in {known.locale_identifier}. CONTRIBUTING.md says how."
    known.project, known.version, known.msgid_bugs_address = "Touchline", "", ""
    known.last_translator, known.language_team = "", ""
    known.creation_date = known.revision_date = datetime(2026, 11, 28, tzinfo=UTC)
    known.fuzzy = False


def _whole(said: object) -> bool:
    return all(said) if isinstance(said, tuple | list) else bool(said)


if __name__ == "__main__":
    sys.exit(1 if update() else 0)
