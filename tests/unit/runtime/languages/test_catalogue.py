"""The catalogues: whole, in the forms that a language has, with nothing that nobody says."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests import texts
from touchline.runtime.languages import LANGUAGES, PSEUDO, SOURCE, catalogue, speaking, tr, trn
from touchline.runtime.languages.catalogue import FOLDER, key
from touchline.runtime.languages.markup import texts_of_script

TRANSLATED = [language for language in LANGUAGES if language != SOURCE]

PLACEHOLDER = re.compile(r"\{[\w.]*\}")


@pytest.fixture(scope="module")
def template() -> Catalog:
    """All texts of the source."""
    return texts.template()


def read(language: str) -> list[Message]:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


def named(message: Message) -> str:
    one = message.id if isinstance(message.id, str) else message.id[0]
    return key(str(one), message.context or "")


def said(message: Message) -> list[str]:
    string = message.string or ""
    return [string] if isinstance(string, str) else list(string)


def test_every_file_is_a_language() -> None:
    """A catalogue is offered, and what is offered has one."""
    assert sorted(path.stem for path in FOLDER.glob("*.po")) == sorted(TRANSLATED)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_every_text_and_no_other(language: str, template: Catalog) -> None:
    """What the source says is translated, none of it doubtfully, and nothing is dead."""
    wanted = {named(message) for message in template if message.id}
    there = {named(message) for message in read(language)}
    assert wanted - there == set()
    assert there - wanted == set()
    assert [named(one) for one in read(language) if one.fuzzy or not all(said(one))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_counted_has_the_forms_of_the_language(language: str, template: Catalog) -> None:
    """As many forms as CLDR has categories, and what is counted in the source is counted here."""
    counted = {named(one) for one in template if isinstance(one.id, tuple)}
    categories = len(Locale.parse(language).plural_form.tags | {"other"})
    for message in read(language):
        forms = said(message)
        assert (named(message) in counted) == isinstance(message.id, tuple), message.id
        assert len(forms) == (categories if isinstance(message.id, tuple) else 1), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_and_markup_are_those_of_the_source(language: str) -> None:
    """A value goes where one went, and nowhere else; the first form may say "a" for one."""
    for message in read(language):
        source = message.id if isinstance(message.id, tuple) else (message.id,)
        for form in said(message):
            allowed = [sorted(PLACEHOLDER.findall(one)) for one in source]
            assert sorted(PLACEHOLDER.findall(form)) in allowed, form
            assert tags(form) == tags(source[0]), form


def tags(text: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            found.append((tag, attrs))

        def handle_endtag(self, tag: str) -> None:
            found.append((f"/{tag}", None))

    Tags().feed(text)
    return found


@pytest.mark.parametrize("language", TRANSLATED)
def test_space_at_the_ends_stays(language: str) -> None:
    """What is put behind something else begins as it began."""
    for message in read(language):
        source = message.id if isinstance(message.id, str) else message.id[0]
        for form in said(message):
            assert form[:1].isspace() == source[:1].isspace(), form
            assert form[-1:].isspace() == source[-1:].isspace(), form


@pytest.mark.parametrize("language", TRANSLATED)
def test_forms_are_chosen_as_cldr_says(language: str) -> None:
    """Gettext's formula, Babel's rule and the browser's give one number the same form."""
    locale = Locale.parse(language)
    order = [name for name in ("zero", "one", "two", "few", "many", "other")
             if name in locale.plural_form.tags | {"other"}]  # fmt: skip
    with (FOLDER / f"{language}.po").open("rb") as file:
        known = read_po(file, locale=language)
    forms = catalogue(language).plurals("{n} vote", "{n} votes")
    for number in (*range(200), 1_000, 1_000_000, 2_000_000):
        expected = forms[order.index(locale.plural_form(number))].format(n=number)
        with speaking(language):
            assert trn("{n} vote", "{n} votes", number) == expected
    assert known.num_plurals == len(order)
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here, whose rules are those of Chromium")
    code = (
        f'const rules = new Intl.PluralRules("{language}");'
        "const known = rules.resolvedOptions().pluralCategories;"
        "console.log(JSON.stringify({ known, of: [...Array(200).keys(), 1e6].map(n => "
        "rules.select(n)) }))"
    )
    ran = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True)
    browser = json.loads(ran.stdout)
    assert set(browser["known"]) == set(order)
    numbers = (*range(200), 1_000_000)
    assert browser["of"] == [locale.plural_form(number) for number in numbers]


def test_an_unknown_text_and_the_source_stay_english() -> None:
    """English needs no catalogue; what a catalogue does not have is said in English."""
    assert tr("Share") == "Share"
    with speaking("de"):
        assert tr("Share") == "Teilen"
        assert tr("nothing that is said") == "nothing that is said"
        assert tr("penalty") != tr("penalty", context="tennis")
    assert trn("{n} vote", "{n} votes", 1) == "1 vote"


def test_the_pseudo_locale_is_longer_and_keeps_what_is_no_word() -> None:
    """Placeholders and markup stand; the words are half as long again, and marked at both ends."""
    made = catalogue(PSEUDO)
    text = made.text("Colours: {theme}. <b>Change</b>")
    assert "{theme}" in text
    assert "<b>" in text
    assert text.startswith("[")
    assert len(text) > 1.2 * len("Colours: {theme}. <b>Change</b>")
    assert made.text("{how}") == "{how}"
    assert (made.direction, catalogue("de").direction) == ("rtl", "ltr")


# ── nothing is said past the catalogue ─────────────────────────────────────────────────────────

QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')

NO_WORDS = frozenset(
    {
        " · Touchline",
        "Enter",  # a key
        "On",  # of a clock, that there are no words for what is played
        "Touchline",
        "nothing heard",  # on the connection, for logs
        "under review",  # what a host says where it gives no reason
        "xMidYMid slice",
    }
)
"""What looks like words in a script and is not read by people."""


def unmarked(source: str) -> list[str]:
    """Return what looks like words in a script, and is no argument of `tr` or `trn`."""
    source = re.sub(r"/\*\*.*?\*/|(?:(?<=\s)|^)//[^\n]*", "", source, flags=re.DOTALL | re.M)
    literal = r'"(?:[^"\\\n]|\\.)*"'
    source = re.sub(rf"\btrn?\(\s*{literal}(?:,\s*{literal})?", "tr(", source)
    found = [re.sub(r"\$\{[^}]*\}", "", one or other) for one, other in QUOTED.findall(source)]
    return [text for text in found if _reads_as_words(text) and text not in NO_WORDS]


def _reads_as_words(text: str) -> bool:
    if re.fullmatch(r"[A-Z][a-z]+", text):
        return True
    words = re.search(r"[a-z]{2,} [a-z]{2,}", text) or re.search(r"\b[A-Z][a-z]+ ", text)
    return bool(words) and not re.search(r"[<>=]|^\.|use strict|-pad of-", text)


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted((texts.STATIC / "js").glob("*.js"))
        if path.name not in texts.PROGRAMS
    ],
    ids=lambda path: path.name,
)
def test_a_script_says_nothing_past_the_catalogue(path: Path) -> None:
    """Every word that a page's script shows stands in `tr` or `trn`, as one literal."""
    source = path.read_text("utf-8")
    assert unmarked(source) == []
    if path.name != "texts.js":
        source = re.sub(r"const tr = .*", "", source)
        assert len(texts_of_script(source)) == len(re.findall(r"\btrn?\(", source))


def test_words_past_the_catalogue_are_found() -> None:
    """The check sees a word, a sentence and a template, and nothing that is a name."""
    source = 'el("p.quiet", {}, "Share", `${n} more of them`); tr("Said"); import "./dom.js";'
    assert unmarked(source) == ["Share", " more of them"]


def test_what_is_put_together_is_refused() -> None:
    """A text that is an f-string, or two that are added, is in no catalogue."""
    for source in ('tr(f"Hello {name}")', 'tr("Hello " + name)', "trn(one, many, 2)"):
        with pytest.raises(AssertionError):
            list(texts.of_python(source, "here"))
    assert ast.parse("tr(name)")
    assert list(texts.of_python("tr(name)", "here")) == []
