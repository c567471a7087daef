"""Text as people see it: without what is invisible, and safe to show."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from .errors import BadMessage, BadReport

_BLANK = "\u2800"  # the braille pattern without a dot: a symbol that looks like a space
_JOINERS = frozenset("\u200c\u200d")
_EMOJI_STYLE = "\ufe0f"
_KEYCAP = "\u20e3"
_MIXED = frozenset("‼⁉〰〽")  # punctuation that has an emoji's form as well

_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x16FE4, 0x16FE4),
    (0x1BCA0, 0x1BCA3), (0x1D159, 0x1D159), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""First and last of each range of characters that show nothing: Unicode's
Default_Ignorable_Code_Point, a filler of Khitan and the empty head of a note."""


def invisible(char: str) -> bool:
    """Return whether a character shows nothing by itself, spaces and control characters apart."""
    code = ord(char)
    return code >= 0xAD and any(first <= code <= last for first, last in _IGNORABLE)


@lru_cache(maxsize=4096)
def visible(text: str) -> str:
    """Return a text without what is invisible, with its spaces tidied; it may be empty.

    U+200C and U+200D stay where RFC 5892 allows them: scripts of Persia and India need them. U+FE0F
    stays after an emoji. Control characters stay: a check refuses them, or `plain` replaces them.
    """
    if text.isascii():
        return _tidy(text)
    spaced = "".join(
        " " if char == _BLANK or unicodedata.category(char) == "Zs" else char
        for char in text
        if char in _JOINERS or char == _EMOJI_STYLE or not invisible(char)
    )
    kept = _tidy(spaced)
    # From the left, so that each is seen beside what has stayed.
    at = 0
    while at < len(kept):
        if invisible(kept[at]) and not _belongs(kept, at):
            kept = kept[:at] + kept[at + 1 :]
        else:
            at += 1
    return _tidy(kept)


def _tidy(text: str) -> str:
    return " ".join(part for part in text.split(" ") if part)


def _belongs(text: str, at: int) -> bool:
    """Return whether an invisible character changes how its neighbours look."""
    if text[at] in _JOINERS:
        # Imported late: nearly no text has such a character.
        from precis_i18n.context import context_rule_error
        from precis_i18n.unicode import UnicodeData

        return not context_rule_error(text, at, UnicodeData())
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return bool(before) and (
        unicodedata.category(before) in {"So", "Sm"} or before in _MIXED or after == _KEYCAP
    )


def clean(what: str, text: str) -> str:
    """Return a text as it is kept, see `visible`.

    Raises:
        BadMessage: nothing in it can be seen, or it holds control characters, which a terminal
            would obey; the sentence begins with `what`.
    """
    kept = visible(text)
    if not kept:
        raise BadMessage(f"{what} is empty" + (": nothing in it can be seen" if text else ""))
    if not all(char.isprintable() or char in _JOINERS for char in kept):
        raise BadMessage(f"{what} holds characters that are not printable")
    return kept


def check_texts(texts: Mapping[str, object]) -> None:
    """Check that something can be seen in each text of some details.

    Raises:
        BadReport: nothing can be seen in one, although it is not empty.
    """
    for name, value in texts.items():
        if isinstance(value, str) and value and not visible(value):
            raise BadReport(f"{plain(name)}: nothing in the text can be seen")


def plain(text: str) -> str:
    """Return a text with � in place of each control, format, surrogate and line-end character, and
    of what Unicode says is none.

    A terminal would obey some of these characters instead of showing them, and XML has no place
    for others. The joiners of some scripts stay, U+200C and U+200D.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "�"
        if (unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in _JOINERS)
        or ord(c) & 0xFFFE == 0xFFFE  # the last two of each plane
        or 0xFDD0 <= ord(c) <= 0xFDEF
        else c
        for c in text
    )


def json_line(line: bytes) -> bytes:
    """Return JSON with an escape for each character in it that `plain` would replace.

    JSON escapes the control characters of ASCII itself; others stand within its strings alone.
    """
    if line.isascii() and b"\x7f" not in line:
        return line
    text = line.decode("utf-8", "surrogatepass")
    shown = zip(text, plain(text), strict=True)
    return "".join(
        char if char == kept else json.dumps(char)[1:-1].replace("\x7f", "\\u007f")
        for char, kept in shown
    ).encode()
