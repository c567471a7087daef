"""Names of peers: how they are written, and which look alike. Pure.

A name is written by the Nickname profile of RFC 8266 and keeps to one script, as the "highly
restrictive" profile of UTS 39 has it. Two names look alike if their skeletons by UTS 39 are the
same, as they are written or without case.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from ..protocol import text
from ..protocol.errors import BadMessage
from ..protocol.limits import NAME_CHARS

if TYPE_CHECKING:
    from collections.abc import Mapping

ID_LETTERS = 4
"""The letters of a peer's id that a name may end with, in brackets, whatever its script."""

_EVERY_SCRIPT = frozenset({"COMMON", "INHERITED"})

_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that are written together: Japanese, Chinese and Korean, each with Latin letters."""


class _Profile(Protocol):
    def enforce(self, value: str) -> str: ...


def written(name: str, peer: str = "") -> str:
    """Return a name as it is enrolled: what is invisible removed, spaces tidied, in NFKC.

    Args:
        name: as the peer gives it.
        peer: the peer's id; the name may end with its first letters in brackets.

    Raises:
        BadMessage: nothing in the name can be seen, RFC 8266 does not allow a character of it, it
            mixes scripts, or it is too long.
    """
    kept = text.clean("name", name).replace("\ufe0f", "")
    try:
        kept = _profile().enforce(kept)
    except UnicodeEncodeError as error:
        at = error.object[error.start : error.start + 1]
        raise BadMessage(
            f"name holds U+{ord(at):04X}, which a name can't have by RFC 8266"
            if at
            else "name is empty"
        ) from None
    if len(kept) > NAME_CHARS:
        raise BadMessage(f"name of {len(kept)} characters, at most {NAME_CHARS} allowed")
    mark = f" ({peer[:ID_LETTERS]})"
    found = scripts(kept.removesuffix(mark) if peer else kept)
    if len(found) > 1 and not any(found <= together for together in _TOGETHER):
        mixed = " and ".join(sorted(script.replace("_", " ").title() for script in found))
        raise BadMessage(f"name mixes letters of {mixed}; write it in one script")
    return kept


def fold(name: str) -> str:
    """Return the form in which two names are compared by RFC 8266: without case and spare spaces.

    It is total, so that names of before, which `written` would refuse, have one as well.
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def looks(name: str) -> tuple[str, str]:
    """Return the looks of a name: it looks like each name that has one of them in common.

    The first is of the name without case, the second of the name as it is written: `Iris` looks
    like `IRIS` and like `lris`, but `Elia` does not look like `Ella`.
    """
    plain = unicodedata.normalize("NFKC", text.visible(name))
    return "any case: " + skeleton(fold(plain)), "as written: " + skeleton(" ".join(plain.split()))


def look_alike(one: str, other: str) -> bool:
    """Return whether two names have a look in common."""
    return not set(looks(one)).isdisjoint(looks(other))


def skeleton(name: str) -> str:
    """Return a text with each character as the one that stands for all that look like it, in NFD.

    The source is UTS 39, section 4.
    """
    found = _prototypes()
    apart = unicodedata.normalize("NFD", name)
    kept = "".join(found.get(char, char) for char in apart if not text.invisible(char))
    return unicodedata.normalize("NFD", kept)


def scripts(name: str) -> frozenset[str]:
    """Return the scripts of a text's characters, without those that every script uses."""
    from confusable_homoglyphs import categories

    return frozenset(map(categories.alias, name)) - _EVERY_SCRIPT


@cache
def _profile() -> _Profile:
    # Imported late: only enrolment needs it.
    from precis_i18n import get_profile

    return cast(_Profile, get_profile("NicknameCasePreserved"))


@cache
def _prototypes() -> Mapping[str, str]:
    """Return what stands for each character that looks like others.

    The table has both directions, each character with those that it looks like: a star around the
    prototype. Of two characters that look like each other alone either can stand for both.
    """
    from confusable_homoglyphs import confusables

    alike: dict[str, list[str]] = {
        _bare(char): [_bare(other["c"]) for other in others]
        for char, others in confusables.confusables_data.items()
    }
    centres = {char: _centre(char, others, alike) for char, others in alike.items()}
    # A prototype of several characters is put together of such as stand for themselves.
    return {
        char: "".join(centres.get(part, part) if len(centre) > 1 else part for part in centre)
        for char, centre in centres.items()
        if len(char) == 1
    }


def _centre(char: str, others: list[str], alike: Mapping[str, list[str]]) -> str:
    if len(char) > 1 or len(others) > 1:
        return char
    (other,) = others
    return other if len(other) > 1 or len(alike.get(other, ())) > 1 else min(char, other)


def _bare(char: str) -> str:
    """Return a character without the marks by which the table keeps the order of Arabic lines."""
    return unicodedata.normalize("NFD", char.strip("\u200e"))
