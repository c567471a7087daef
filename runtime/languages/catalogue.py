"""Catalogues of texts: gettext's `.po` files beside this one, read when a language is first used.

A language is a file: `xx.po` makes `xx` one (CONTRIBUTING.md says what it takes). The pseudo-locale
is made from the source, and shows what a language written from right to left, with longer words,
does to a layout.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path

from .pseudo import pseudo

FOLDER = Path(__file__).parent

SOURCE = "en"
"""The language of the source."""

PSEUDO = "qps-plocm"
"""Microsoft's name of the mirrored pseudo-locale. It is had by asking for it alone."""

LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "pt": "Português",
    "es": "Español",
    "de": "Deutsch",
}
"""The languages in which everything is there, each under its own name."""

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", PSEUDO})


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language.

    Args:
        language: its tag by BCP 47.
        forms: the texts by what they are in English; of what is counted one for each plural form.
        lookup: gettext's own, which knows which form a number takes; None: as in English.
    """

    language: str
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lookup: gettext.NullTranslations | None = None

    @property
    def direction(self) -> str:
        """The direction of its script, as the attribute `dir` names it."""
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"

    def text(self, text: str, context: str = "") -> str:
        """Return a text in this language, or as it came where it is not known.

        Args:
            text: in English.
            context: in which it means something of its own (gettext's `msgctxt`), if any.
        """
        if self.language == PSEUDO:
            return pseudo(text)
        found = self.forms.get(key(text, context)) or self.forms.get(text)
        return found[0] if found else text

    def plurals(self, one: str, many: str) -> tuple[str, ...]:
        """Return the forms of what is counted, in the order of CLDR's categories."""
        if self.language == PSEUDO:
            return pseudo(one), pseudo(many)
        return self.forms.get(one, (one, many))

    def plural(self, one: str, many: str, number: int) -> str:
        """Return the form that a number takes."""
        if self.lookup is not None:
            return self.lookup.ngettext(one, many, number)
        forms = self.plurals(one, many)
        return forms[0] if number == 1 else forms[-1]


def key(text: str, context: str = "") -> str:
    """Return under what a catalogue has a text, as gettext's own files do."""
    return f"{context}\x04{text}" if context else text


@cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue of a language of `LANGUAGES`, or of the pseudo-locale."""
    if language in {SOURCE, PSEUDO} or language not in LANGUAGES:
        return Catalogue(language if language == PSEUDO else SOURCE)
    # Babel takes 35 ms to import: English needs none.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        found = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, found)
    compiled.seek(0)
    forms: dict[str, tuple[str, ...]] = {}
    for message in found:
        if not message.id or message.fuzzy:
            continue
        plural = isinstance(message.id, tuple)
        string = message.string or ""
        said = (string,) if isinstance(string, str) else tuple(string)
        if all(said):
            one = str(message.id[0] if plural else message.id)
            forms[key(one, message.context or "")] = said
    return Catalogue(language, forms, gettext.GNUTranslations(compiled))
