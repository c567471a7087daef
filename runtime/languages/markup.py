"""The texts of a page and of a script, found and said in another language. Pure.

In HTML the text of an element is one text, with the markup in it (`a name a line <code>…</code>`);
`aria-label`, `alt`, `title`, `placeholder` and a description's `content` are texts too. An element
with `translate="no"` has none. In JavaScript a text is the argument of `tr` or `trn`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser

from .catalogue import Catalogue

INLINE = frozenset({"a", "abbr", "b", "br", "code", "em", "i", "kbd", "small", "span", "strong"})
"""Elements that stand within a sentence."""

ATTRIBUTES = frozenset({"aria-label", "alt", "title", "placeholder"})

_SILENT = frozenset({"script", "style", "svg"})
_VOID = frozenset({"br", "img", "input", "link", "meta", "hr"})


@dataclass(frozen=True, slots=True)
class PageText:
    """A text of a page.

    Args:
        begins, ends: where it stands in the source.
        text: what it is, without needless space; of an attribute unescaped.
        attribute: it is the value of one.
    """

    begins: int
    ends: int
    text: str
    attribute: bool = False


@dataclass(slots=True)
class _Element:
    tag: str
    begins: int  # where what is in it begins
    said: bool = False  # it has words of its own
    plain: bool = True  # there is nothing in it but words and what stands within a sentence
    silent: bool = False
    inner: list[PageText] | None = None


class _PageReader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[PageText] = []
        self._html = html
        self._lines = [0]
        for line in html.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._open = [_Element("", 0, inner=[])]
        self.feed(html)
        self.close()
        for element in self._open:
            self.found.extend(element.inner or [])
        self.found.sort(key=lambda one: one.begins)

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = self.get_starttag_text() or ""
        about = dict(attrs)
        above = self._open[-1]
        silent = above.silent or tag in _SILENT or about.get("translate") == "no"
        if tag not in INLINE or silent or "id" in about:
            above.plain = False
        if not silent:
            self._attributes(tag, about, source)
        if tag not in _VOID:
            begins = self._at() + len(source)
            self._open.append(_Element(tag, begins, silent=silent, inner=[]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self._open[-1].plain = False

    def _attributes(self, tag: str, about: dict[str, str | None], source: str) -> None:
        wanted = set(ATTRIBUTES)
        if tag == "meta" and about.get("name") == "description":
            wanted.add("content")
        for name in wanted & set(about):
            value = re.search(rf'\s{name}="([^"]*)"', source)
            if value and _is_text(unescape(value[1])):
                at = self._at()
                text = unescape(value[1])
                self.found.append(PageText(at + value.start(1), at + value.end(1), text, True))

    def handle_data(self, data: str) -> None:
        here = self._open[-1]
        if here.silent or not _is_text(data):
            return
        here.said = True
        assert here.inner is not None
        at = self._at()
        here.inner.append(_trimmed(self._html, at, at + len(data)))

    def handle_entityref(self, name: str) -> None:
        self._open[-1].said = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or len(self._open) == 1:
            return
        element = self._open.pop()
        above = self._open[-1]
        inner = element.inner or []
        if element.said and element.plain and not element.silent:
            inner = [_trimmed(self._html, element.begins, self._at())]
        above.plain &= element.plain or element.silent
        assert above.inner is not None
        above.inner.extend(inner)


def _trimmed(html: str, begins: int, ends: int) -> PageText:
    text = html[begins:ends]
    begins += len(text) - len(text.lstrip())
    ends -= len(text) - len(text.rstrip())
    return PageText(begins, ends, " ".join(html[begins:ends].split()))


def _is_text(text: str) -> bool:
    return any(character.isalpha() for character in text)


def texts_of_page(html: str) -> list[PageText]:
    """Return the texts of a page, in their order."""
    return _PageReader(html).found


def page(html: str, found: Catalogue) -> str:
    """Return a page in a language, with `lang` and `dir` of it."""
    parts = []
    at = 0
    for one in texts_of_page(html):
        said = found.text(one.text)
        if said == one.text:
            continue
        parts += [html[at : one.begins], escape(said) if one.attribute else said]
        at = one.ends
    parts.append(html[at:])
    about = f'<html lang="{found.language}" dir="{found.direction}"'
    return "".join(parts).replace('<html lang="en"', about, 1)


# ── scripts ──────────────────────────────────────────────────────────────────────────────────

_LITERAL = r'"((?:[^"\\\n]|\\.)*)"'
_ONE = re.compile(rf"\btr\(\s*{_LITERAL}(\s*,?\s*\))?")
_MANY = re.compile(rf"\btrn\(\s*{_LITERAL},\s*{_LITERAL}")


def _texts(source: str) -> Iterator[tuple[str, str]]:
    for one in _ONE.finditer(source):
        yield _read(one[1]), ""
    for many in _MANY.finditer(source):
        yield _read(many[1]), _read(many[2])


def texts_of_script(source: str) -> list[tuple[str, str]]:
    """Return the texts of a script, each with its plural; empty where nothing is counted."""
    return list(_texts(source))


def script(source: str, found: Catalogue) -> str:
    """Return a script whose texts are in a language; of what is counted stand all forms."""

    def one(match: re.Match[str]) -> str:
        said = _written(found.text(_read(match[1])))
        return said if match[2] else f"tr({said}"

    def many(match: re.Match[str]) -> str:
        forms = found.plurals(_read(match[1]), _read(match[2]))
        return f"trn([{', '.join(map(_written, forms))}], 0"

    return _MANY.sub(many, _ONE.sub(one, source))


def _read(literal: str) -> str:
    return str(json.loads(f'"{literal}"'))


def _written(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
